"""The README shows what the package gives, and its Python runs."""

import base64
import re
import subprocess
import sys

import click
import nbformat
import pytest
from conftest import ROOT

import qi_analysis as qi
from qi_analysis.cli import app

README = (ROOT / "README.md").read_text("utf-8")


def test_the_readmes_chart_is_the_one_that_the_notebook_draws():
    cells = nbformat.read(ROOT / "notebooks" / "02_involvement_over_time.ipynb", 4).cells
    charts = [
        output.data["image/png"]
        for cell in cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    picture = (ROOT / "docs" / "involvement_over_time.png").read_bytes()
    assert picture == base64.b64decode(charts[0]), "copy the first chart of notebook 02 to docs/"


def test_the_readmes_python_runs_as_it_stands():
    for code in re.findall(r"```python\n(.*?)```", README, re.S):
        ran = subprocess.run(
            [sys.executable, "-c", f"import matplotlib; matplotlib.use('agg')\n{code}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert ran.stdout.startswith("Of 22 groups, ")


def test_every_notebook_and_package_has_its_line_in_the_readme():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert f"| `{path.stem}` |" in README
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for package in re.findall(r'^    "([a-z0-9-]+)[>=]', project, re.M):
        assert package in README.lower(), package


def test_files_that_the_readme_names_exist():
    for name in re.findall(r"\]\(([\w/.]+)\)|`((?:qi_analysis|docs|notebooks)/[\w/.]+)`", README):
        assert (ROOT / (name[0] or name[1])).exists(), name


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_pages_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_pages_commands_and_their_options_exist(page):
    said = re.findall(r"qi-analysis((?: (?!…)[\w./{}<>=-]+| '[^']*')+)", page.read_text("utf-8"))
    for words in said:
        command, names = app, words.split()
        while names and isinstance(command, click.Group):
            assert names[0] in command.commands or names[0].startswith("--"), words
            command = command.commands.get(names.pop(0), click.Command("none"))
        known = {option for each in command.params for option in each.opts} | {"--help"}
        assert {name for name in names if name.startswith("--")} <= known, words


def test_every_page_is_named_in_the_readme():
    for page in PAGES[1:]:
        assert f"](docs/{page.name})" in README


def test_the_names_of_functions_on_a_page_are_public():
    for page in PAGES:
        for name in re.findall(r"\bqi\.(\w+)\(", page.read_text("utf-8")):
            assert name in qi.__all__, (page.name, name)
