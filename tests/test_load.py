"""A bar while a large export is read: on a terminal and in a kernel, and nowhere else."""

import subprocess
import sys

import pandas as pd
import pytest
from conftest import ROOT, on_terminal
from nbclient import NotebookClient
from nbformat import v4
from processes import REGISTER

import qi_analysis as qi
from qi_analysis.load import LARGE

COUNT = "import qi_analysis as qi; print(len(qi.load_register({!r}).cleaning.register), 'projects')"
terminals = pytest.mark.skipif(sys.platform == "win32", reason="it has terminals of another kind")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Return a large export: the example, with as many spaces behind its titles."""
    file = tmp_path_factory.mktemp("large") / "many.csv"
    raw = qi.read_register("example")
    spaces = " " * (LARGE // len(raw))
    raw.assign(**{"Project Title": raw["Project Title"] + spaces}).to_csv(file, index=False)
    assert file.stat().st_size > LARGE
    return file


@terminals
def test_a_terminal_shows_that_a_large_export_is_being_read(many):
    words = [sys.executable, "-m", "qi_analysis.cli", "check", many]
    shown, code = on_terminal(lambda terminal: subprocess.Popen(words, stdout=terminal,
                                                                stderr=terminal))  # fmt: skip
    assert code == 0
    assert "Reading many.csv" in shown
    assert "591 projects" in shown.partition("Reading many.csv")[2]
    assert shown.partition("Of 625 rows")[0].count("\n") == 1  # of one bar


@terminals
def test_where_a_bar_is_shown_already_there_is_no_other_and_none_of_a_small_export(many):
    code = f"""
from rich.progress import Progress
from qi_analysis.load import show_waiting
with show_waiting("example"):
    pass
with Progress() as bar:
    bar.add_task("Working")
    with show_waiting({str(many)!r}):
        pass
"""
    words = [sys.executable, "-c", code]
    shown, code = on_terminal(lambda terminal: subprocess.Popen(words, stdout=terminal, cwd=ROOT,
                                                                stderr=terminal))  # fmt: skip
    assert code == 0
    assert "Working" in shown
    assert "Reading" not in shown


def test_a_file_that_output_goes_to_gets_no_bar(many):
    done = subprocess.run(
        [sys.executable, "-c", COUNT.format(str(many))],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("591 projects\n", "")


def test_a_notebook_shows_it_and_takes_it_away_when_the_export_is_read(many):
    seen = []
    notebook = v4.new_notebook(cells=[v4.new_code_cell(COUNT.format(str(many)))])
    client = NotebookClient(notebook, resources={"metadata": {"path": str(ROOT)}})
    process = client.process_message
    client.process_message = lambda *given: (seen.append(given[0]), process(*given))[1]
    client.execute()
    kinds = [message["msg_type"] for message in seen]
    assert any("Reading many.csv" in str(message["content"]) for message in seen)
    assert "comm_close" in kinds[kinds.index("comm_open") :]
    (printed,) = [out for out in notebook.cells[0].outputs if out.output_type == "stream"]
    assert printed.text == "591 projects\n"


def test_a_register_shows_itself_on_one_screen_by_the_names_of_its_parts(example):
    lines = repr(example).splitlines()
    trust = "Register of Central and North West London NHS Foundation Trust"
    assert lines[0] == f"{trust}: 591 projects, 266 of them live on 4 May 2021."
    assert lines[-1] == (
        "Next: register.projects has one row per project; register.cleaning.quarantine has one row "
        "per complaint."
    )
    assert example._repr_html_().startswith(f"<p>{lines[0]}</p><div>")
    undated = qi.Register(example.projects.iloc[:0], profile="cnwl")
    assert repr(undated) == f"{trust}, no date known: 0 projects."


def test_a_directorates_register_shows_its_own_numbers(example):
    assert repr(example.select(directorate="Jameson")) == (
        "Jameson, in the register of Central and North West London NHS Foundation Trust: 64 "
        "projects, 30 of them live on 4 May 2021."
    )


def test_what_cannot_be_loaded_or_selected_is_refused_with_what_to_do(example):
    with pytest.raises(ValueError, match=r"^A frame is loaded already: clean it with qi.clean_reg"):
        qi.load_register(example.projects)
    with pytest.raises(ValueError, match=r"it has no 'directorat'\. Did you mean 'directorate'\?$"):
        example.select(directorat="Jameson")
    with pytest.raises(ValueError, match=r"^`select` takes one word for a column, such as directo"):
        example.select(directorate=["Jameson", "Goodall"])


@pytest.fixture
def small(tmp_path):
    """Return an export of two projects."""
    (tmp_path / "small.csv").write_text(REGISTER)
    return tmp_path / "small.csv"


@pytest.mark.parametrize(
    "text", ["2021-03-31", "31/03/2021", "31.3.2021", " 31-03-2021 ", "31 March 2021"]
)
def test_a_day_is_written_day_first_or_as_iso(small, text):
    assert qi.load_register(small, as_of=text).as_of == pd.Timestamp("2021-03-31")


@pytest.mark.parametrize("text", ["31/02/2021", "03/31/2021", "31/03/21", "1 Mar 21"])
def test_a_day_that_is_none_or_could_be_another_is_refused(small, text):
    with pytest.raises(ValueError, match=rf"^`as_of` must be a date .*; not '{text}'\.$"):
        qi.load_register(small, as_of=text)
