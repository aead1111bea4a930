"""The README and the pages of docs show what the package gives, and their commands are real."""

import ast
import base64
import inspect
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import click
import nbformat
import pytest
import yaml
from click.testing import CliRunner
from conftest import ROOT
from papermill.cli import papermill

import qi_analysis as qi
from qi_analysis import terminal
from qi_analysis.cli import app
from qi_analysis.execution.notebook import default_parameters
from qi_analysis.execution.tasks import Limits

README = (ROOT / "README.md").read_text("utf-8")
RUNNING = (ROOT / "docs" / "running.md").read_text("utf-8")
CLUSTER = (ROOT / "docs" / "cluster.md").read_text("utf-8")
COMMANDS = re.findall(r"^(?:\.venv/bin/)?qi-analysis (.*)$", README + RUNNING + CLUSTER, re.M)


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


def test_every_page_is_named_in_the_readme():
    for page in PAGES[1:]:
        assert f"](docs/{page.name})" in README


def test_the_names_of_functions_on_a_page_are_public():
    for page in PAGES:
        for name in re.findall(r"\bqi\.(\w+)\(", page.read_text("utf-8")):
            assert name in qi.__all__, (page.name, name)


def find_command(words: list[str]) -> tuple[click.Command, list[str]]:
    """Follow a command's words to the one that takes the others."""
    command = app
    while words and isinstance(command, click.Group):
        command, words = command.commands[words[0]], words[1:]
    return command, words


def options_of(*commands: click.Command) -> set[str]:
    """Return every option that commands have."""
    named = {o for c in commands for param in c.params for o in param.opts + param.secondary_opts}
    return named | {"--help"}


def options_in(words: str) -> set[str]:
    """Return the options that stand in words."""
    return set(re.findall(r"(?<!\S)--[a-z-]+", words))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_that_is_shown_whole_is_one_that_can_be_given(words):
    command, others = find_command(shlex.split(words))
    assert command.make_context(command.name, others)  # it refuses what it does not know


@pytest.mark.skipif(sys.platform == "win32", reason="the pages show commands of another shell")
def test_the_commands_that_are_shown_run_in_their_order_as_they_stand(tmp_path):
    # those of a cluster run in test_cluster; `notebooks`, which writes the project's, elsewhere too
    shown = re.findall(r"^\.venv/bin/(?!qi-analysis notebooks$).*$", README + RUNNING, re.M)
    assert len(shown) > 10
    raw, bin_ = tmp_path / "data" / "raw", tmp_path / ".venv" / "bin"
    for folder in (raw / "exports", tmp_path / "data" / "processed", bin_.parent):
        folder.mkdir(parents=True)
    bin_.symlink_to(Path(sys.executable).parent)
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    for name in ("our_export.csv", "exports/register_2021-05-04.csv"):
        shutil.copy(ROOT / "data" / "raw" / "example_register.csv", raw / name)
    for command in shown:
        ran = subprocess.run(
            shlex.split(command), cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, (command, ran.stderr)
    assert (tmp_path / "data" / "processed" / "reports" / "index.html").exists()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda p: p.name)
def test_a_command_or_option_that_a_sentence_names_is_one_that_there_is(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    for of_ours, words in re.findall(r"`(?:\.venv/bin/)?(qi-analysis )?([^`]+)`", text):
        if of_ours or words.split()[0] in app.commands:
            command, others = find_command(words.split())
            assert options_in(" ".join(others)) <= options_of(command), words
        elif words.startswith("--"):
            assert options_in(words) <= options_of(*app.commands.values()), words


def test_what_is_shown_of_make_conda_and_pip_is_there():
    pages = "".join(page.read_text("utf-8") for page in PAGES)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert set(re.findall(r"(?:^|`)make (\w+)", pages, re.M)) <= set(targets)
    (environment,) = re.findall(r"^conda env create -f (\S+)$", pages, re.M)
    named = yaml.safe_load((ROOT / environment).read_text("utf-8"))["name"]
    assert re.findall(r"^conda activate (\S+)$", pages, re.M) == [named]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert set(re.findall(r"qi-analysis\[(\w+)\]", pages)) <= set(project["optional-dependencies"])


def test_papermill_is_shown_with_a_notebook_and_parameters_that_it_has():
    (words,) = re.findall(r"^\.venv/bin/papermill (.*)$", README, re.M)
    given = papermill.make_context("papermill", shlex.split(words)).params
    names = {name for name, _ in given["parameters"]}
    assert names
    assert names <= set(default_parameters(ROOT / given["notebook_path"]))


@pytest.mark.parametrize("kind", ["scheduler", "worker"])
def test_dask_is_shown_with_options_that_it_has(kind):
    (words,) = re.findall(rf"^dask {kind} (.*)$", CLUSTER, re.M)
    command = import_module(f"distributed.cli.dask_{kind}").main
    assert options_in(words) <= options_of(command)


def test_a_database_is_shown_to_be_read_with_arguments_that_there_are():
    (code,) = re.findall(r"^qi\.read_register\(.*\)$", README, re.M)
    call = ast.parse(code, mode="eval").body
    named = {word.arg: word.value for word in call.keywords}
    assert inspect.signature(qi.read_register).bind(*call.args, **named)


def test_the_schedules_that_are_shown_are_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "our_trust.toml").write_bytes(qi.load_profile().text)
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
    assert list(map(int, codes)) == [0, terminal.FAILED, terminal.UNUSABLE, terminal.HELD]
