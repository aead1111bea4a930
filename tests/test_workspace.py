"""A trust's own folder: what is put there, what is found there, and what stays as it is."""

import json
import os
import re
import shlex
import shutil
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT
from processes import REGISTER

import qi_analysis as qi
from qi_analysis import cli, workspace
from qi_analysis.core.files import NOTEBOOKS, TEMPLATES, find_workspace
from qi_analysis.core.schema import EXAMPLE_ID
from qi_analysis.profile import read_columns
from qi_analysis.workspace import (
    find_template,
    own_templates,
    start_workspace,
    update_notebooks,
)

PROFILE = qi.load_profile("cnwl").text.decode()


def run(*words) -> tuple[int, str]:
    """Run the command in this process; return its code and what it prints, in one line."""
    ran = CliRunner().invoke(cli.app, list(map(str, words)), catch_exceptions=False)
    return ran.exit_code, " ".join(ran.output.split())


@pytest.fixture(scope="module")
def new(tmp_path_factory) -> Path:
    """Return a new workspace, to be copied."""
    start_workspace(folder := tmp_path_factory.mktemp("new") / "ours")
    return folder


@pytest.fixture
def started(new, tmp_path, monkeypatch) -> Path:
    """Return a new workspace, and be in it."""
    shutil.copytree(new, tmp_path / "ours")
    (tmp_path / "ours" / "small.csv").write_text(REGISTER, "utf-8")
    monkeypatch.chdir(tmp_path / "ours")
    return tmp_path / "ours"


def edit(notebook: Path) -> bytes:
    """Add a sentence to a notebook, as a person does; return the file."""
    cells = nbformat.read(notebook, 4)
    cells.cells[0].source += "\n\nOur own sentence."
    nbformat.write(cells, notebook)
    return notebook.read_bytes()


# --- start ----------------------------------------------------------------------------------------


def test_a_workspace_holds_what_a_trust_needs_and_says_what_to_do_next(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, printed = run("start", "our folder")
    root = tmp_path / "our folder"
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    notebooks = {f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert files == {
        *notebooks, "notebooks/.versions.json", "profile.toml", "data/raw/register_template.xlsx",
        ".gitignore", "data/.gitignore", "README.md",
    }  # fmt: skip
    assert (root / "data" / "processed").is_dir()
    assert code == 0
    assert printed == (
        f"The workspace is our folder; {len(files) - 1} files were written. Its README.md says "
        "what is where. Next: cd 'our folder' qi-analysis report"
    )
    for name in ("profile.toml", *notebooks):
        source = NOTEBOOKS.parent if "/" in name else ROOT / "qi_analysis" / "profiles"
        given = source / (name if "/" in name else "cnwl.toml")
        assert (root / name).read_bytes() == given.read_bytes()


def test_a_file_that_is_there_is_never_overwritten_and_that_is_said(started, tmp_path):
    for name in ("profile.toml", "README.md", "notebooks/explore.ipynb"):
        (started / name).write_text(PROFILE + "# ours\n" if "toml" in name else "ours", "utf-8")
    (started / ".gitignore").unlink()
    before = {path: path.read_bytes() for path in started.rglob("*") if path.is_file()}
    code, printed = run("start", ".")
    assert code == 0
    assert (
        "The workspace is .; 1 file was written. There already, and left as they were: " in printed
    )
    assert "README.md" in printed
    assert {path: path.read_bytes() for path in before} == before


def test_a_workspace_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").touch()
    assert run("start", tmp_path / "file" / "ours") == (
        2,
        f"No workspace can be made in '{tmp_path / 'file' / 'ours'}': Not a directory. "
        "Give another folder.",
    )


def test_every_command_of_its_readme_is_one_of_ours(started):
    text = (started / "README.md").read_text("utf-8")
    commands = re.findall(r"qi-analysis ([\w-]+)", text)
    assert commands == ["report", "profile", "check", "report", "notebooks"]
    assert set(commands) <= set(cli.app.commands)


def test_the_first_profile_gives_way_to_the_trusts_own_and_no_other_does(started):
    shutil.copy(ROOT / "data" / "raw" / "other_example.csv", started / "data" / "raw" / "ours.csv")
    code, printed = run("profile", "new", "data/raw/ours.csv", "profile.toml")
    assert code == 0
    assert "Written to profile.toml." in printed
    assert "qi-analysis profile check profile.toml data/raw/ours.csv qi-analysis check" in printed
    own = (started / "profile.toml").read_bytes()
    code, printed = run("profile", "new", "data/raw/ours.csv", "profile.toml")
    assert (code, (started / "profile.toml").read_bytes()) == (2, own)
    assert "profile.toml is there already, and was left as it is." in printed


# --- what is found --------------------------------------------------------------------------------


def test_the_workspace_is_the_nearest_folder_upward_with_a_profile_or_a_template(
    tmp_path, monkeypatch
):
    inner = tmp_path / "outer" / "inner" / "below"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert find_workspace() is None
    (tmp_path / "outer" / "profile.toml").touch()
    assert find_workspace() == tmp_path / "outer"
    (tmp_path / "outer" / "inner" / "notebooks").mkdir()
    (tmp_path / "outer" / "inner" / "notebooks" / "mine.ipynb").touch()
    assert find_workspace() == tmp_path / "outer"
    (tmp_path / "outer" / "inner" / "notebooks" / "trust_report.ipynb").touch()
    assert find_workspace() == tmp_path / "outer" / "inner"


@pytest.mark.skipif(os.name != "posix", reason="Windows does not tell who may write")
@pytest.mark.parametrize("another", [False, True])
@pytest.mark.parametrize("part", ["", "notebooks"])
def test_a_folder_for_everybodys_files_is_refused_and_never_passed_over(
    part, another, started, monkeypatch
):
    (open_to_all := started / part).chmod(0o777)
    assert find_workspace() == started  # one's own
    if not another:
        open_to_all.chmod(0o1777)
    elif os.geteuid():
        pytest.skip("only root can give a folder away")
    else:
        os.chown(open_to_all, 65534, -1)
    refused = (
        2,
        f"'{started}' can be no workspace, as everybody may write to '{open_to_all}': a profile or "
        "a template there may be anybody's. Use a folder that only you and your colleagues may "
        "write to.",
    )
    (started / "ours.csv").write_text("Project ID\n", "utf-8")
    for words in ("report", "check ours.csv", "notebooks --update", "schedule cron example"):
        assert run(*words.split()) == refused
    assert run("start", started) == run("--workspace", started, "report") == refused
    (started / "data" / "profile.toml").touch()
    monkeypatch.chdir(started / "data")
    assert find_workspace() == started / "data"  # the nearest is what counts


@pytest.mark.skipif(os.name != "posix", reason="Windows does not tell who may write")
def test_no_workspace_is_made_for_everybody_nor_an_entry_for_such_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = os.umask(0)
    try:
        assert run("start", "ours")[0] == 0
    finally:
        os.umask(before)
    assert run("--workspace", "ours", "schedule", "cron", "example")[0] == 0
    monkeypatch.chdir(tmp_path)
    tmp_path.chmod(0o1777)
    code, printed = run("start", ".")
    assert (code, printed) == run("--workspace", ".", "schedule", "cron", "example")
    assert (code, printed[:28]) == (2, "'.' can be no workspace, as ")
    assert "--workspace" not in run("schedule", "cron", "example")[1]  # it is in none
    (tmp_path / "profile.toml").touch()
    assert run("schedule", "cron", "example") == (2, printed.replace("'.'", f"'{tmp_path}'"))


def test_an_entry_names_the_workspaces_profile_and_makes_nothing_once_that_is_gone(
    started, monkeypatch
):
    profile = started / "profile.toml"
    monkeypatch.chdir(started / "notebooks")
    words = shlex.split(run("schedule", "systemd", "../small.csv")[1].split("ExecStart=")[1])
    at = words.index("--profile")
    assert words[at - 4 : at + 2] == [
        "--workspace", str(started), "report", str(started / "small.csv"), "--profile",
        str(profile),
    ]  # fmt: skip
    assert '"--profile" "cnwl"' in run("schedule", "systemd", "example")[1]
    report = words[words.index("--workspace") : words.index("--quiet")]
    shutil.rmtree(started / "notebooks")
    profile.unlink()
    assert run(*report) == (
        2,
        f"'{started}' is no workspace, and in none: there is no profile.toml and no template of a "
        "report. `qi-analysis start FOLDER` makes one.",
    )
    assert run(*report[2:])[0] == 2  # nor by another profile, where the folder is named otherwise
    assert run(*report[2:])[1].startswith(f"There is no profile '{profile}'. Give the path of a ")
    assert not (started / "data/processed/reports").exists()


def test_nobody_is_in_a_workspace_whose_folder_is_gone(tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert find_workspace() is None


def test_the_repository_is_a_workspace(monkeypatch):
    monkeypatch.chdir(ROOT / "docs")
    assert find_workspace() == ROOT
    assert find_template("trust_report.ipynb") == ROOT / "notebooks" / "trust_report.ipynb"
    assert run("notebooks", "--update") == (
        0, "The notebooks are this version's; there is nothing to update."
    )  # fmt: skip


def test_the_workspaces_profile_is_the_default_and_the_example_keeps_its_own(started, monkeypatch):
    ours = PROFILE.replace("Central and North West London", "Westmere").replace(
        '"Rehabilitation" = ', '"Mere" = '
    )
    (started / "profile.toml").write_text(ours, "utf-8")
    monkeypatch.chdir(started / "notebooks")
    assert qi.load_profile().trust == "Westmere NHS Foundation Trust"
    assert qi.load_profile("").trust == qi.load_profile("../profile.toml").trust
    assert qi.load_profile("cnwl").short_name == "CNWL"
    assert qi.load_register("example").profile.trust.startswith("Central")
    register = qi.load_register("small.csv")
    assert register.profile.trust == "Westmere NHS Foundation Trust"
    assert "Mere" in set(register.projects["directorate"])


def test_a_relative_path_is_looked_for_here_then_in_the_workspace(started, monkeypatch):
    shutil.move(started / "small.csv", started / "data/raw/ours.csv")
    (started / "words.toml").write_text(PROFILE, "utf-8")
    monkeypatch.chdir(started / "notebooks")
    register = qi.load_register("data/raw/ours.csv", "words.toml")
    assert len(register.projects) == 2
    (started / "notebooks" / "words.toml").write_text(PROFILE.replace("CNWL", "HERE"), "utf-8")
    assert qi.load_profile("words.toml").short_name == "HERE"
    here = "It was looked for in '{}' and in the workspace, '{}'."
    where = re.escape(here.format(started / "notebooks", started))
    with pytest.raises(qi.RegisterError, match=rf"^There is no file 'data/x.csv'\. .* {where}"):
        qi.load_register("data/x.csv")
    with pytest.raises(qi.RegisterError, match=rf"^There is no profile 'x.toml'\. .* {where}"):
        qi.load_profile("x.toml")
    assert run("run-notebook", "x.ipynb", "out.ipynb") == (
        2,
        "There is no notebook 'x.ipynb'. Check its name and folder. "
        + here.format(started / "notebooks", started),
    )


def test_a_misspelt_example_is_recognised(started):
    with pytest.raises(
        qi.RegisterError,
        match=r"^There is no file 'exampel'. Did you mean 'example'\? It was looked for in '",
    ):
        qi.load_register("exampel")
    with pytest.raises(qi.RegisterError, match=r"Check its name and folder\.$"):
        qi.load_register(str(started / "nowhere.csv"))  # a whole path was looked for where it says


def test_results_go_to_the_workspace_from_any_folder_in_it(started, monkeypatch):
    assert cli._folder(None, "ours.csv", "reports") == Path("data/processed/reports")
    monkeypatch.chdir(started / "notebooks")
    assert cli._folder(None, "ours.csv", "reports") == Path("../data/processed/reports")
    assert cli._folder(None, "other_example", "public") == Path(
        "../data/processed/other_example/public"
    )
    assert cli._folder(Path("mine"), "example", "reports") == Path("mine")


def test_the_command_works_as_if_from_a_workspace(started, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, printed = run("--workspace", started, "check", "data/raw/register_template.xlsx")
    assert (code, "can be read, and holds no project yet" in printed) == (0, True)


@pytest.mark.parametrize("command", ["check", "clean", "report"])
def test_a_day_that_no_register_can_describe_is_refused(command, started):
    assert run(command, "small.csv", "--as-of", "2041-12-31") == (
        2,
        "`as_of` must lie between 1 January 2005 and 31 December 2039, as the profile has it of "
        "every date; not 31 December 2041.",
    )


@pytest.mark.parametrize("command", ["check", "clean"])
def test_what_is_read_can_be_of_another_day_and_one_to_come_is_warned_of(command, started):
    code, printed = run(command, "small.csv", "--as-of", "30/06/2039")
    assert code == 0
    assert "The register is taken to describe 30 June 2039, which is to come." in printed
    if command == "clean":
        written = qi.load_register(started / "data" / "processed" / "register.parquet")
        assert written.as_of == pd.Timestamp("2039-06-30")


# --- notebooks ------------------------------------------------------------------------------------


def test_a_template_is_used_once_it_was_changed_until_it_is_deleted(started):
    name = "trust_report.ipynb"
    own = started / "notebooks" / name
    assert find_template(name) == NOTEBOOKS / name
    executed = nbformat.read(own, 4)
    executed.cells[2].outputs = []
    nbformat.write(executed, own)
    assert find_template(name) == NOTEBOOKS / name  # run or cleared: it says the same
    edit(own)
    assert find_template(name) == own
    own.write_text("no notebook any more", "utf-8")
    assert find_template(name) == own
    own.unlink()
    assert find_template(name) == NOTEBOOKS / name


def test_a_template_without_a_record_of_what_it_was_is_used_if_it_is_not_this_versions(started):
    (started / "notebooks" / ".versions.json").write_text("{", "utf-8")
    name = "public_report.ipynb"
    assert find_template(name) == NOTEBOOKS / name
    assert not any(update_notebooks(started).values())
    (started / "notebooks" / ".versions.json").unlink()
    edit(started / "notebooks" / name)
    assert own_templates(TEMPLATES) == [name]
    assert find_template(name) == started / "notebooks" / name


@pytest.fixture
def newer(tmp_path, monkeypatch) -> Path:
    """Let the package have newer notebooks: `explore` has changed, and there is a new one."""
    folder = shutil.copytree(NOTEBOOKS, tmp_path / "package")
    edit(folder / "explore.ipynb")
    shutil.copy(folder / "explore.ipynb", folder / "06_new.ipynb")
    monkeypatch.setattr(workspace, "NOTEBOOKS", folder)
    monkeypatch.setattr(workspace, "__version__", "9.0")
    return folder


def test_an_update_brings_what_is_new_and_what_nobody_changed(started, newer):
    (started / "notebooks" / "01_data_quality.ipynb").unlink()
    assert update_notebooks(started) == {
        "updated": ["06_new.ipynb", "explore.ipynb"], "beside": [], "blocked": [], "kept": []
    }  # fmt: skip
    for name in ("06_new.ipynb", "explore.ipynb"):
        assert (started / "notebooks" / name).read_bytes() == (newer / name).read_bytes()
    assert not (started / "notebooks" / "01_data_quality.ipynb").exists()  # deleted, and stays so
    assert not any(update_notebooks(started).values())


def test_an_update_does_not_bring_back_what_was_deleted_though_there_is_a_newer_one(started, newer):
    (started / "notebooks" / "explore.ipynb").unlink()
    assert update_notebooks(started)["updated"] == ["06_new.ipynb"]
    assert not (started / "notebooks" / "explore.ipynb").exists()


def test_an_update_leaves_what_was_changed_and_puts_the_new_version_beside_it(started, newer):
    ours = edit(started / "notebooks" / "trust_report.ipynb")
    cells = nbformat.read(started / "notebooks" / "explore.ipynb", 4)
    cells.cells[0].source += "\n\nAnother sentence of ours."
    nbformat.write(cells, started / "notebooks" / "explore.ipynb")
    own = (started / "notebooks" / "explore.ipynb").read_bytes()
    beside = started / "notebooks" / "explore_9.0.ipynb"
    beside.write_text("another file", "utf-8")
    for brought in ("Brought to this version: 06_new.ipynb. ", ""):
        assert run("notebooks", "--update")[1] == (
            f"{brought}Changed here, and this version's not put beside, as another file has its "
            "name (move it, and run again): explore_9.0.ipynb. Changed here, and left as they are: "
            "trust_report.ipynb."
        )
    assert beside.read_text("utf-8") == "another file"
    beside.unlink()
    code, printed = run("notebooks", "--update")
    assert (code, printed) == (
        0,
        "Beside those that were changed here, this "
        "version's: explore_9.0.ipynb. Changed here, and left as they are: trust_report.ipynb.",
    )
    assert (started / "notebooks" / "trust_report.ipynb").read_bytes() == ours
    assert (started / "notebooks" / "explore.ipynb").read_bytes() == own
    assert beside.read_bytes() == (newer / "explore.ipynb").read_bytes()
    shutil.move(beside, started / "notebooks" / "explore.ipynb")  # the person takes it
    assert update_notebooks(started) == {
        "updated": [], "beside": [], "blocked": [], "kept": ["trust_report.ipynb"]
    }  # fmt: skip


def test_notebooks_outside_a_workspace_are_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, printed = run("notebooks", "--check")
    assert code == 2
    assert printed.startswith(
        f"'{tmp_path}' is no workspace, and in none: there is no profile.toml"
    )
    assert run("notebooks", "--check", "--update")[0] == 2


# --- a register to fill in ------------------------------------------------------------------------


def fill(template: Path, path: Path, rows: list[list[str]]) -> Path:
    """Write rows of text below the example of a workbook, as a spreadsheet program does."""
    xml = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + at)}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
            for at, cell in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, 3)
    )
    with zipfile.ZipFile(template) as given, zipfile.ZipFile(path, "w") as filled:
        for name in given.namelist():
            content = given.read(name)
            if name == "xl/worksheets/sheet1.xml":
                content = content.replace(b"</sheetData>", f"{xml}</sheetData>".encode())
            filled.writestr(name, content)
    return path


def test_the_register_to_fill_in_has_every_column_and_explains_it(started):
    file = started / "data" / "raw" / "register_template.xlsx"
    sheet = pd.read_excel(file, sheet_name=None, header=None, engine="calamine", dtype=str)
    assert list(sheet) == ["Projects", "Read me", "Allowed values"]
    headings = sheet["Projects"].iloc[0].tolist()
    profile = qi.load_profile("cnwl")
    wanted = {c.name for c in read_columns(profile)} - {"areas", "snapshot_date"}
    assert len(headings) == len(set(headings)) == len(wanted)
    assert sheet["Projects"].iloc[1, 0] == EXAMPLE_ID
    explained = sheet["Read me"][0].tolist()
    assert [heading for heading in headings if heading not in explained] == []
    with zipfile.ZipFile(file) as book:
        lists = book.read("xl/worksheets/sheet1.xml").decode().count("<dataValidation ")
    assert lists == 6 + 3 + 9  # choices, yes or no, and the areas


def test_the_register_to_fill_in_is_read_as_it_stands(started):
    template = "data/raw/register_template.xlsx"
    assert run("check", template) == (
        0,
        "register_template.xlsx can be read, and holds no project yet: its one row is the example. "
        "Write the first project over it.",
    )
    code, printed = run("report", template)
    assert (code, printed.startswith("register_template.xlsx can be read, and holds no")) == (2, 1)


def test_thirty_projects_are_read_from_it_and_the_example_is_none_of_them(started):
    template = started / "data" / "raw" / "register_template.xlsx"
    row = ["", "Shorter waits", "Jameson", "Ward 1", "Brent", "none", "active", "01/04/2024"]
    rows = [[f"Q{i:03}", *row[1:]] for i in range(30)]
    filled = fill(template, started / "data" / "raw" / "ours.xlsx", rows)
    code, printed = run("check", filled)
    assert code == 0
    assert "30 rows" in printed
    register = qi.load_register(filled)
    assert register.projects["project_id"].tolist() == [f"Q{i:03}" for i in range(30)]
    assert set(register.projects["start_date"]) == {pd.Timestamp("2024-04-01")}
    assert register.cleaning.counts == {
        "rows_in": 30, "accepted": 30, "quarantined": 0, "identical_duplicates": 0,
        "not_data_rows": 1,
    }  # fmt: skip
    assert json.dumps(register.cleaning.warnings).count("left out") == 0


def test_the_lists_are_those_of_the_workspaces_profile(started):
    own = PROFILE.replace('"Jameson" = [', '"Mere Lane" = ["Jameson", ')
    (started / "profile.toml").write_text(own, "utf-8")
    template = started / "data" / "raw" / "register_template.xlsx"
    template.unlink()
    start_workspace(started)
    lists = pd.read_excel(template, sheet_name="Allowed values", engine="calamine", dtype=str)
    assert "Mere Lane" in lists["Allowed: directorate"].tolist()
