"""The README and the pages of docs show what the package gives, and their commands are real."""

import ast
import base64
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from contextlib import nullcontext
from importlib import import_module
from operator import attrgetter
from pathlib import Path
from pkgutil import resolve_name

import click
import nbformat
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner
from conftest import ROOT
from packaging.specifiers import SpecifierSet
from papermill.cli import papermill

import qi_analysis as qi
from qi_analysis import terminal
from qi_analysis.cli import app
from qi_analysis.execution import engine as execution
from qi_analysis.execution.notebook import declared_parameters
from qi_analysis.execution.tasks import Limits

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
TEXTS = {page.stem: page.read_text("utf-8") for page in PAGES}
README, RUNNING, CLUSTER = TEXTS["README"], TEXTS["running"], TEXTS["cluster"]
COUNTS = ["numerator", "denominator", "not_recorded"]
COMMANDS = re.findall(r"^(?:\.venv/bin/)?qi-analysis ([^#\n]*)", "".join(TEXTS.values()), re.M)


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


def test_the_readmes_python_runs_as_it_stands_and_gives_the_reports_numbers(
    example_reports, tmp_path
):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\nrates.to_csv('rates.csv', index=False)"],
        cwd=tmp_path, env={**os.environ, "MPLBACKEND": "agg"}, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    rates = pd.read_csv(tmp_path / "rates.csv").set_index(["definition", "directorate"])
    of_reports = pd.read_csv(example_reports / "data" / "directorates.csv").set_index(
        ["definition", "directorate"]
    )
    pd.testing.assert_frame_equal(rates[COUNTS], of_reports[COUNTS], check_like=True)
    ours = rates.loc[("doing_with", "Community Nursing")]
    assert (ours["numerator"], ours["denominator"]) == (1, 10)
    assert run.stdout.startswith("Of 20 groups, ")  # and two that are no directorate


def test_every_notebook_has_its_line_in_the_readme_and_every_library_in_contributing():
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert re.search(rf"^\| .*`{path.stem}`.* \|", README, re.M), path.stem
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for library in re.findall(r'^    "([a-z0-9-]+)[\[>=]', project, re.M):
        assert library in TEXTS["CONTRIBUTING"].lower(), library


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 95
    assert len(README.encode()) <= 7_500


def test_files_that_the_readme_names_exist():
    for name in re.findall(r"\]\(([\w/.]+)\)|`((?:qi_analysis|docs|notebooks)/[\w/.]+)`", README):
        assert (ROOT / (name[0] or name[1])).exists(), name


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_a_pages_links_lead_somewhere(page):
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8")):
        assert (page.parent / link).exists(), link


def test_every_page_is_named_in_the_readme():
    for page in PAGES[1:]:
        assert f"]({page.relative_to(ROOT).as_posix()})" in README


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


@pytest.mark.usefixtures("one_engine")
def test_the_commands_that_are_shown_run_in_their_order_as_they_stand(
    engine, tmp_path, monkeypatch
):
    # Schedules and a cluster's commands run in tests of their own, and Papermill's in
    # test_notebooks. `qi-analysis notebooks` would write the project's. The export here is of one
    # directorate, so that reports are few.
    text = README + TEXTS["registers"] + TEXTS["reports"] + RUNNING
    commands = re.findall(r"^\.venv/bin/qi-analysis (?!notebooks|schedule)(.*)$", text, re.M)
    assert len(commands) == 7
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (tmp_path / "data" / "processed").mkdir()
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    export = pd.read_csv(ROOT / "data" / "raw" / "example_register.csv", dtype=str)
    export[export["Directorate / Group"] == "Goodall"].to_csv(raw / "our_export.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(execution, "start_engine", lambda *_, **__: nullcontext(engine))
    for command in commands:
        words = shlex.split(command)
        run = CliRunner().invoke(app, words)
        assert run.exit_code == 0, (command, run.output)
        if words[:2] == ["profile", "new"]:  # a report needs what only a person can decide
            own = tmp_path / "our_trust.toml"
            text = own.read_text("utf-8").replace("Our trust", "Valley Trust")
            own.write_text(re.sub("^# To decide: is this what.*$", "", text, flags=re.M), "utf-8")
    for made in ("reports/index.html", "quarantine.xlsx", "corrected/register.parquet"):
        assert (tmp_path / "data" / "processed" / made).exists()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=lambda p: p.name)
def test_a_command_or_option_that_a_sentence_names_is_one_that_there_is(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.M | re.S)
    for of_ours, words in re.findall(r"`(?:\.venv/bin/)?(qi-analysis )?([^`]+)`", text):
        if of_ours or words.split()[0] in app.commands:
            command, others = find_command(words.split())
            assert options_in(" ".join(others)) <= options_of(command), words
        elif words.startswith("--"):
            assert options_in(words) <= options_of(app, *app.commands.values()), words


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
    (words,) = re.findall(r"^\.venv/bin/papermill (.*)$", RUNNING, re.M)
    given = papermill.make_context("papermill", shlex.split(words)).params
    names = {name for name, _ in given["parameters"]}
    assert names
    assert names <= set(declared_parameters(ROOT / given["notebook_path"]))


@pytest.mark.parametrize("kind", ["scheduler", "worker"])
def test_dask_is_shown_with_options_that_it_has(kind):
    (words,) = re.findall(rf"^dask {kind} (.*)$", CLUSTER, re.M)
    command = import_module(f"distributed.cli.dask_{kind}").main
    assert options_in(words) <= options_of(command)


def test_a_database_is_shown_to_be_read_with_arguments_that_there_are():
    (code,) = re.findall(r"^qi\.read_register\(.*\)$", TEXTS["registers"], re.M)
    call = ast.parse(code, mode="eval").body
    named = {word.arg: word.value for word in call.keywords}
    assert inspect.signature(qi.read_register).bind(*call.args, **named)


def test_the_schedules_that_are_shown_are_printed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data" / "raw").mkdir(parents=True)
    (tmp_path / "our_trust.toml").write_bytes(qi.load_profile().text)
    schedules = [command for command in COMMANDS if command.startswith("schedule ")]
    assert len(schedules) == 4
    for command in schedules:
        run = CliRunner().invoke(app, shlex.split(command))
        assert run.exit_code == 0, run.stderr
        assert str(tmp_path / "our_trust.toml") in run.stdout


def test_the_operator_that_is_shown_gives_a_template_parameters_that_it_has():
    (code,) = re.findall(r"```python\n(.*?)```", RUNNING, re.S)
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    (call,) = [node for node in calls if ast.unparse(node.func) == "PapermillOperator"]
    given = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    template = ROOT / "notebooks" / given["input_nb"].rpartition("/")[2]
    assert set(given["parameters"]) <= set(declared_parameters(template))


def test_the_limits_and_exit_codes_that_are_shown_are_those_that_there_are():
    shown = re.findall(r"^\| `--(\S+)` \| .* \| (\d+) \|$", RUNNING, re.M)
    assert {name.replace("-", "_"): int(n) for name, n in shown} == vars(Limits())
    codes = re.findall(r"^\| (\d+) \|", RUNNING, re.M)
    assert list(map(int, codes)) == [0, *terminal.ExitCode]


def find_hook(name: str) -> list[str]:
    """Return the words of a hook's command in .pre-commit-config.yaml."""
    settings = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = {hook["id"]: hook for repo in settings["repos"] for hook in repo["hooks"]}
    assert all(hook["language"] == "system" for hook in hooks.values())  # nothing is downloaded
    return shlex.split(hooks[name]["entry"])


def run_hook(name: str, *paths: Path) -> subprocess.CompletedProcess:
    """Run a hook as pre-commit does, in the project's folder, by the Python of these tests."""
    bin_ = Path(sys.executable).parent
    return subprocess.run(
        [*find_hook(name), *map(str, paths)], cwd=ROOT, capture_output=True, text=True,
        check=False, env={**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip


FAULTS = {
    "a cell that was not run": (
        lambda notebook: code_of(notebook)[-1].update(execution_count=None),
        "Not every cell ran",
    ),
    "cells run out of order": (
        lambda notebook: code_of(notebook)[0].update(execution_count=7),
        "Not every cell ran",
    ),
    "an error": (
        lambda notebook: code_of(notebook)[0].outputs.append(
            nbformat.v4.new_output("error", ename="KeyError", evalue="'day'", traceback=[])
        ),
        "Cell 1 failed with KeyError: 'day'",
    ),
    "no outputs": (
        lambda notebook: [cell.update(outputs=[]) for cell in code_of(notebook)],
        "It has no outputs.",
    ),
    "the state of widgets": (
        lambda notebook: notebook.metadata.update(widgets={}),
        "It has metadata that is not committed",
    ),
    "times": (
        lambda notebook: code_of(notebook)[0].metadata.update(execution={"busy": "2026-01-01"}),
        "It has metadata that is not committed",
    ),
}


def code_of(notebook) -> list:
    """Return a notebook's code cells."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_the_hook_passes_the_committed_notebooks():
    run = run_hook("notebooks", *sorted((ROOT / "notebooks").glob("*.ipynb")))
    assert (run.returncode, run.stderr) == (0, "")


def test_the_hook_refuses_each_notebook_that_is_not_as_it_should_be_and_says_why(tmp_path):
    right = ROOT / "notebooks" / "03_comparing_directorates.ipynb"
    spoilt = {tmp_path / f"{fault}.ipynb": given for fault, given in FAULTS.items()}
    for path, (spoil, _) in spoilt.items():
        notebook = nbformat.read(right, 4)
        spoil(notebook)
        nbformat.write(notebook, path)
    run = run_hook("notebooks", right, *spoilt)
    assert run.returncode == 1
    for line, (path, (_, reason)) in zip(run.stderr.splitlines(), spoilt.items(), strict=True):
        assert line.startswith(f"{path}: {reason}")
        assert line.endswith(" Run `qi-analysis notebooks`, then add it again.")


def test_the_hooks_of_ruff_take_and_refuse_files(tmp_path):
    (tmp_path / "right.py").write_text('"""A module."""\n', "utf-8")
    (tmp_path / "wrong.py").write_text('"""A module."""\nimport os\n', "utf-8")
    assert run_hook("ruff-check", tmp_path / "right.py").returncode == 0
    assert run_hook("ruff-check", tmp_path / "wrong.py").returncode == 1
    assert run_hook("ruff-format", tmp_path / "wrong.py").returncode == 0


def workflow() -> dict:
    """Return the jobs of the workflow that GitHub runs."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    return yaml.safe_load(text)["jobs"]


def test_ci_runs_on_each_python_that_the_project_supports():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    supported = SpecifierSet(project["requires-python"])
    versions = [f"3.{minor}" for minor in range(30) if f"3.{minor}" in supported]
    assert workflow()["test"]["strategy"]["matrix"]["python"] == versions
    classifiers = {f"Programming Language :: Python :: {version}" for version in versions}
    assert {c for c in project["classifiers"] if re.search(r":: 3\.\d+$", c)} == classifiers
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert str((3, int(versions[0][2:]))) in makefile
    assert str((3, int(versions[-1][2:]))) in makefile
    ends = [job["python"] for job in workflow()["versions"]["strategy"]["matrix"]["include"]]
    assert ends == [versions[0], versions[-1]]  # the oldest libraries, the newest


def test_ci_runs_what_the_readme_says_and_files_that_there_are():
    assert {"run": ".ci/run"} in workflow()["test"]["steps"]
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")
    commands = " ".join(s.get("run", "") for job in workflow().values() for s in job["steps"])
    for name in re.findall(r"(?:tests|qi_analysis|notebooks)/[\w./]+", commands):
        assert (ROOT / name).exists(), name


def test_the_example_that_contributing_walks_through_names_modules_that_there_are():
    text = TEXTS["CONTRIBUTING"]
    names = re.findall(r"`([\w./]+\.(?:py|css|toml|md))`", text)
    for name in names:
        assert (ROOT / name).exists() or (ROOT / "qi_analysis" / name).exists(), name
    for package in (ROOT / "qi_analysis").glob("*/__init__.py"):
        assert f"{package.parent.name}/" in text


def test_the_names_that_the_changes_list_have_left_the_top_and_are_where_it_says():
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    table = changes.partition("| 0.1.0 | 0.2.0 |\n|---|---|\n")[2].partition("\n\n")[0]
    for before, after in re.findall(r"^\| (.*) \| (.*) \|$", table, re.M):
        names = re.findall(r"`(\w+)`", before.partition(", and `")[0])
        assert not {*names} & {*qi.__all__}
        for home, dotted in re.findall(r"`(qi|qi_analysis)\.([\w.]+)`", after):
            found = attrgetter(dotted)(qi) if home == "qi" else resolve_name(f"{home}.{dotted}")
            assert not after.startswith("the same") or all(hasattr(found, name) for name in names)
