"""Exploring: a choice gives the reports' own sentences; the boxes only pass choices on."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT, table
from papermill.cli import papermill

import qi_analysis as qi
from qi_analysis import explore
from qi_analysis.execution.notebook import check_parameters
from qi_analysis.execution.tasks import Task
from qi_analysis.explore import WHOLE, Choice, Explorer, explore_register, write_parameters

EXPORT = """
ID | Title         | Group  | Status | Start Date | Last Updated | Level of Involvement
1  | Fewer falls   | Rehab  | Live   | 01/04/2020 | 01/05/2021   | Big I
2  | Shorter waits | Rehab  | Live   | 01/07/2020 | 01/05/2021   | No involvement
3  | Warmer wards  | <b>X   | Live   | 01/10/2020 | 01/05/2021   |
"""


@pytest.fixture
def export(tmp_path):
    """Return the path of a register of three projects, one of a directorate that is markup."""
    path = tmp_path / "Café export.csv"
    table(EXPORT).to_csv(path, index=False)
    return path


@pytest.fixture
def explorer(export) -> Explorer:
    """Return an explorer of that register's whole trust."""
    return qi.show_explorer(str(export))


@pytest.fixture(scope="module")
def untouched() -> Explorer:
    """Return an explorer of the example for tests that leave it as they found it."""
    return qi.show_explorer()


def sentences_of(notebook: str) -> str:
    """Return all that a committed notebook says."""
    cells = nbformat.read(ROOT / "notebooks" / f"{notebook}.ipynb", 4).cells
    outputs = [o for cell in cells if cell.cell_type == "code" for o in cell.outputs]
    return "".join(o.get("data", {}).get("text/plain", "") for o in outputs)


def view_of(register, **chosen):
    """Look at a register with the shipped profile."""
    return explore_register(register, Choice(**chosen))


def test_the_sentences_are_those_of_the_directorates_report(example):
    said = view_of(example, directorate="Addictions", period="year").sentences
    report = sentences_of("directorate_report")
    deeper = {"Where are we?", "Is that more than chance?"}  # notebooks 02 and 03
    assert {heading for heading, sentence in said.items() if sentence not in report} == deeper


def test_the_whole_trusts_sentences_are_those_of_its_report_and_notebook(untouched):
    view, said = untouched.view, sentences_of("02_involvement_over_time")
    for heading in ("Where are we?", "Do recent projects reach it?", "Is it changing?"):
        assert view.sentences[heading] in said
    report = sentences_of("trust_report")
    for heading in ("Do recent projects reach it?", "Is it changing?", "Is that more than chance?"):
        assert view.sentences[heading] in report


def test_another_definition_counts_otherwise_and_the_comparison_of_definitions_stays(
    example, untouched
):
    headline, wider = untouched.view, view_of(example, definition="any")
    assert headline.sentences["Where are we?"].startswith("In 104 of 266 projects")
    assert wider.sentences["Where are we?"].startswith("In 157 of 266 projects")
    assert headline.definitions.equals(wider.definitions)


def test_a_point_of_the_process_chart_lasts_as_long_as_is_chosen(export, untouched):
    register = qi.load_register(export)
    for view, months in ((view_of(register, period="month"), 1), (untouched.view, 3),
                         (view_of(register, period="year"), 12)):  # fmt: skip
        starts = view.spc["period"]
        assert starts.iloc[1] == starts.iloc[0] + pd.DateOffset(months=months)


def test_looking_changes_neither_the_register_nor_what_comes_of_it_next(example, untouched):
    before = example.projects.copy()
    assert str(view_of(example)) == str(untouched.view)
    assert example.projects.equals(before)


def test_what_the_boxes_begin_with_is_what_is_shown(untouched):
    assert untouched.choice == Choice()
    assert untouched.boxes["directorate"].label == WHOLE
    assert untouched.boxes["definition"].value == "doing_with"
    assert untouched.view.sentences["Where are we?"] in untouched.shown.value
    assert untouched.shown.value.count("<img ") == 2


def test_the_registers_to_pick_from_are_registers(untouched):
    offered = untouched.boxes["register"].options
    assert offered[:2] == ("example", "other_example")
    assert not any("public_counts" in name for name in offered)


@pytest.fixture(scope="module")
def chosen(tmp_path_factory) -> tuple[Explorer, str]:
    """Return an explorer of twelve projects in which a directorate was chosen, and what it was."""
    rows = [f"{i} | P | {('Rehab', 'Eating')[i % 3 == 0]} | Live | 01/{i:02}/2020 | 01/05/2021 | "
            f"{('Big I', 'None')[i % 2]}\n" for i in range(1, 13)]  # fmt: skip
    path = tmp_path_factory.mktemp("twelve") / "r.csv"
    table(EXPORT.partition("1  |")[0] + "".join(rows)).to_csv(path, index=False)
    explorer = qi.show_explorer(str(path))
    before = explorer.shown.value
    explorer.boxes["directorate"].value = "Rehabilitation"
    return explorer, before


def test_a_choice_in_a_box_changes_the_view_and_the_charts_and_leaves_none_open(chosen):
    from matplotlib import pyplot

    explorer, before = chosen
    assert explorer.choice.directorate == "Rehabilitation"
    assert "In 4 of 8 projects live on 1 May 2021 (50%)" in explorer.shown.value
    assert before.split("<img ")[1] != explorer.shown.value.split("<img ")[1]
    assert before.split("<img ")[2] != explorer.shown.value.split("<img ")[2]
    assert pyplot.get_fignums() == []  # which a cell would show


@pytest.mark.parametrize(
    ("box", "typed", "sentence"),
    [
        ("register", "nowhere.csv", "There is no file 'nowhere.csv'. Check its name and folder."),
        ("register", "", "`register` must be an export's path or 'example'; it is empty."),
        ("profile", "nobody", "There is no profile 'nobody'."),
        ("as_of", "yesterday", "`as_of` must be a date such as '2021-05-04'; not 'yesterday'."),
        ("register", "<b>.csv", "There is no file '<b>.csv'."),
    ],
)
def test_what_cannot_be_shown_is_explained_and_nothing_is_lost(untouched, box, typed, sentence):
    explorer = untouched
    before = (explorer.choice, str(explorer.view), explorer.shown.value)
    explorer.boxes[box].value = typed
    said = explorer.fault.value.replace("&#x27;", "'").replace("&lt;", "<").replace("&gt;", ">")
    assert sentence in said
    assert "<b>.csv" not in explorer.fault.value
    assert (explorer.choice, str(explorer.view), explorer.shown.value) == before
    assert explorer.boxes[box].value == typed
    explorer.boxes[box].value = getattr(Choice(), box)
    assert explorer.fault.value == ""


def test_another_register_brings_its_own_directorates(export, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(export.read_text("utf-8").replace("Rehab", "Addictions"), "utf-8")
    explorer = qi.show_explorer(str(other), directorate="Addictions")
    explorer.boxes["register"].value = str(export)
    names = [name for name, _ in explorer.boxes["directorate"].options]
    assert names == [WHOLE, "Rehabilitation", "Unrecognised"]
    assert explorer.choice == Choice(register=str(export), definition="doing_with")
    assert "In 1 of 3 projects live on 1 May 2021" in explorer.shown.value


def test_a_profile_without_the_chosen_definition_falls_back_to_its_headline(explorer):
    assert explorer.boxes["definition"].value == "doing_with"
    explorer.boxes["profile"].value = "elft"
    assert explorer.boxes["definition"].value == qi.load_profile("elft").headline == "big_i"


def test_names_that_are_markup_are_shown_as_they_are_written(tmp_path):
    raw = table(EXPORT.replace("Rehab ", "<i>hm ").replace("No involvement", "Big I"))
    profile = tmp_path / "own.toml"
    shipped = qi.load_profile().text.decode()
    profile.write_text(shipped.replace("[directorates]", '[directorates]\n"<i>hm" = []'), "utf-8")
    raw.to_csv(tmp_path / "export.csv", index=False)
    shown = qi.show_explorer(str(tmp_path / "export.csv"), str(profile), directorate="<i>hm")
    assert "<i>" not in shown.shown.value
    assert "&lt;i&gt;hm" in shown.shown.value


def test_a_parameter_that_cannot_be_used_is_refused_at_once(export):
    with pytest.raises(qi.RegisterError, match=r"^There is no file 'nowhere.csv'"):
        qi.show_explorer("nowhere.csv")
    with pytest.raises(ValueError, match=r"^The register has no directorate 'Nowhere'"):
        qi.show_explorer(str(export), directorate="Nowhere")
    with pytest.raises(ValueError, match=r"^`period` must be 'month' or 'quarter' or 'year'; not"):
        qi.show_explorer(str(export), period="week")


@pytest.mark.parametrize("directorate", ["", "Rehabilitation"])
def test_papermill_takes_what_the_button_writes(export, tmp_path, engine, directorate, monkeypatch):
    chosen = Choice(register=str(export), directorate=directorate, definition="any")
    path, out = tmp_path / "new" / "explore.json", tmp_path / "out.ipynb"
    command = write_parameters(chosen, path).split()
    assert Path(command[0]).name == "papermill"
    assert (ROOT / command[0]).exists()
    written = json.loads(path.read_text("utf-8"))
    assert written["register"] == str(export)
    assert command[1:3] == ["--engine", "qi-analysis"]
    del command[1:3]
    check_parameters(ROOT / command[1], written)
    if directorate:  # one from the command line, one as `qi-analysis report` does
        monkeypatch.chdir(ROOT)
        words = ["--engine", "qi-analysis", command[1], str(out), *command[3:]]
        ran = CliRunner().invoke(papermill, [*words, "--no-progress-bar"])
        assert ran.exit_code == 0, ran.output
    else:
        task = Task(str(ROOT / command[1]), str(out), str(tmp_path), written)
        assert [done.reason for done in engine.run([task])] == [""]
    view = explore_register(qi.load_register(export), chosen)
    outputs = [o for c in nbformat.read(out, 4).cells for o in c.get("outputs", [])]
    said = "".join(o.get("data", {}).get("text/plain", "") for o in outputs)
    assert view.sentences["Do recent projects reach it?"] in said


def test_the_button_writes_what_is_shown_and_says_the_command(chosen, tmp_path, monkeypatch):
    (tmp_path / "profile.toml").write_bytes(qi.load_profile("cnwl").text)
    monkeypatch.chdir(tmp_path)
    explorer, _ = chosen
    explorer.button.click()
    written = json.loads((tmp_path / "data/processed/explore.json").read_text("utf-8"))
    assert Choice(**written) == replace(explorer.choice, period="quarter")
    said = explorer.command.value
    assert "papermill --engine qi-analysis notebooks/directorate_report.ipynb" in said
    assert "-f data/processed/explore.json</code>" in explorer.command.value


def test_a_register_is_found_in_the_workspace_and_a_day_is_read_day_first(
    explorer, export, tmp_path, monkeypatch
):
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "profile.toml").write_bytes(qi.load_profile("cnwl").text)
    export.rename(raw / "x.csv")
    monkeypatch.chdir(tmp_path / "notebooks")  # where a notebook runs
    explorer.boxes["register"].value = "data/raw/x.csv"
    assert explorer.fault.value == ""
    explorer.boxes["as_of"].value = "31/03/2024"
    assert explorer.fault.value == ""
    assert "live on 31 March 2024" in explorer.shown.value
    explorer.boxes["register"].value = "data/raw/y.csv"
    searched = f"It was looked for in &#x27;{tmp_path / 'notebooks'}&#x27; and in the workspace"
    assert searched in explorer.fault.value


def test_a_relative_path_is_written_whole_and_a_shipped_name_as_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_parameters(Choice(register="export.csv"), "out.json")
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert written["register"] == str(tmp_path / "export.csv")
    assert written["profile"] == ""
    assert set(written) == set(asdict(Choice())) - {"period", "directorate"}


def test_what_the_button_cannot_write_is_said_in_its_place_and_leaves_no_folder(
    explorer, monkeypatch, tmp_path
):
    monkeypatch.setattr(explore, "PARAMETERS", f"{tmp_path}/new/{'x' * 300}.json")
    explorer.button.click()
    assert "cannot be written: File name too long. Give another name or" in explorer.command.value
    assert not list(tmp_path.glob("*new"))


def test_where_there_are_no_boxes_the_sentences_are_shown(untouched):
    assert untouched._repr_mimebundle_()["text/plain"] == str(untouched.view)
