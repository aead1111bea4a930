"""The README and the pages of docs show what the package gives, and their commands are real."""

import ast
import base64
import re
import shlex
import subprocess
import sys

import click
import nbformat
import pytest
from click.testing import CliRunner
from conftest import ROOT

import qi_analysis as qi
from qi_analysis import cli
from qi_analysis.cli import app
from qi_analysis.reports import Limits
from qi_analysis.reports.parameters import default_parameters

README = (ROOT / "README.md").read_text("utf-8")
RUNNING = (ROOT / "docs" / "running.md").read_text("utf-8")
COMMANDS = re.findall(r"^\.venv/bin/qi-analysis (.*)$", README + RUNNING, re.M)


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


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_is_shown_is_one_that_there_is(command):
    name, *words = shlex.split(command)
    assert app.commands[name].make_context(name, words)  # it refuses what it does not know


def test_the_schedules_that_are_shown_are_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "our_trust.toml").write_bytes(cli.load_profile().text)
    shown = [command for command in COMMANDS if command.startswith("schedule ")]
    assert len(shown) == 5
    for command in shown[1:]:
        ran = CliRunner().invoke(app, shlex.split(command))
        assert ran.exit_code == 0, ran.stderr
        assert str(tmp_path / "our_trust.toml") in ran.stdout


def test_the_operator_that_is_shown_gives_a_template_parameters_that_it_has():
    (code,) = re.findall(r"```python\n(.*?)```", RUNNING, re.S)
    (call,) = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    template = ROOT / "notebooks" / given["input_nb"].rpartition("/")[2]
    assert set(given["parameters"]) <= set(default_parameters(template))


def test_the_limits_and_exit_codes_that_are_shown_are_those_that_there_are():
    shown = re.findall(r"^\| `--(\S+)` \| .* \| (\d+) \|$", RUNNING, re.M)
    assert {name.replace("-", "_"): int(n) for name, n in shown} == vars(Limits())
    codes = re.findall(r"^\| (\d+) \|", RUNNING, re.M)
    assert list(map(int, codes)) == [0, cli.FAILED, cli.UNUSABLE, cli.HELD]
