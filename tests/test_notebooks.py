"""The committed notebooks: short, executed, synthetic, and run by plain Papermill from anywhere.

That their outputs are what the package gives today is nbval's part, in the same run of pytest.
"""

import ast
import re

import nbformat
import pytest
from click.testing import CliRunner
from conftest import ROOT, some
from papermill.cli import papermill
from processes import linux

import qi_analysis as qi
from qi_analysis.charts.style import SENTENCE
from qi_analysis.execution.notebook import declared_parameters, normalise_notebook
from qi_analysis.execution.tasks import Task

FOLDER = ROOT / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)


def read(path):
    """Read a notebook."""
    return nbformat.read(path, as_version=4)


def code_cells(path) -> list:
    """Return a notebook's code cells."""
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def said_in(cell) -> str:
    """Return the sentences that a cell shows, and what else it shows as text."""
    shown = [o for o in cell.outputs if "image/png" not in o.get("data", {})]
    return "\n\n".join(o.get("data", {}).get("text/plain", "") for o in shown)


@each_notebook
def test_sentences_are_shown_as_markdown_and_nothing_is_printed(path):
    for cell in code_cells(path):
        assert not [output for output in cell.outputs if output.output_type == "stream"]
        for output in cell.outputs:
            if SENTENCE in output.get("data", {}) and "image/png" not in output.data:
                assert "text/markdown" in output.data


@each_notebook
def test_a_notebook_is_committed_executed_from_top_to_bottom(path):
    counts = [cell.execution_count for cell in code_cells(path)]
    assert counts == list(range(1, len(counts) + 1))


@each_notebook
def test_a_notebook_is_kept_in_the_form_that_the_refresh_command_writes(path):
    assert read(path) == normalise_notebook(read(path))
    nbformat.validate(read(path))


@each_notebook
def test_a_notebook_runs_on_the_kernel_that_every_installation_has(path):
    assert read(path).metadata.kernelspec.name == "python3"


@each_notebook
def test_a_notebook_begins_with_its_question_and_ends_with_its_limits(path):
    cells = read(path).cells
    assert cells[0].source.startswith("# ")
    assert "parameters" in cells[1].metadata.tags
    assert cells[-1].source.startswith("## Limits of this analysis")


@each_notebook
def test_a_cell_is_a_few_calls_and_no_program(path):
    for cell in code_cells(path):
        assert len(cell.source.splitlines()) <= 8, cell.source
        banned = (ast.If, ast.For, ast.While, ast.FunctionDef, ast.ClassDef, ast.Try, ast.Lambda)
        assert not [n for n in ast.walk(ast.parse(cell.source)) if isinstance(n, banned)]


@each_notebook
def test_every_parameter_is_explained_and_the_example_is_the_default(path):
    for line in read(path).cells[1].source.splitlines():
        assert re.fullmatch(r'\w+ = "[^"]*"  # .+', line)
    assert next(iter(declared_parameters(path).values())).default in ("example", "other_example")


@each_notebook
def test_every_chart_is_shown_and_says_its_sentence(path):
    for cell in code_cells(path):
        charts = [o for o in cell.outputs if "image/png" in o.get("data", {})]
        assert len(charts) == len(re.findall(r"qi\.(?:charts\.)?plot_", cell.source))
        for chart in charts:
            assert chart.data[SENTENCE] == chart.metadata["image/png"]["alt"]
            assert chart.data[SENTENCE] in said_in(cell)


@each_notebook
def test_outputs_hold_no_path_person_or_error(path):
    text = path.read_text("utf-8").replace(qi.load_profile().help.contact, "")
    assert not re.search(r"/(home|root|tmp|Users|work)/|[A-Z]:\\\\|[\w.]+@[\w.]+\.\w+", text)
    assert '"output_type": "error"' not in text
    assert '"stderr"' not in text


@pytest.fixture(scope="module")
def other_profile(tmp_path_factory):
    """Return the path of a profile begun from the other example, without an aim, as notebook 05 is.

    Every proposal is taken.
    """
    raw = qi.read_export("other_example")
    headings = qi.onboarding.propose_headings(raw)
    words = qi.onboarding.propose_words(raw, headings)
    headings["sure"], words["sure"] = headings["column"] != "", words["name"].str.len() > 0
    path = tmp_path_factory.mktemp("other") / "other.toml"
    words.loc[words["name"] == "unclear", "sure"] = False
    path.write_text(qi.onboarding.draft_profile(headings, words), "utf-8")
    return path


OTHERS = {
    "01_data_quality": "This register does not ask about carers, areas of work, reasons,",
    "02_involvement_over_time": "and first did so within 6 months of their start",
    "03_comparing_directorates": "None of 4 groups differs from the overall 41% by more than",
    "04_what_explains_the_rate": "This register does not ask about carers, areas of work, reasons,",
    "05_your_own_register": "of them live on 4 May 2021",
    "explore": "In 17 of 41 projects live on 30 September 2025 (41%)",
}


@linux
@pytest.mark.parametrize("stem", some(OTHERS, "03_comparing_directorates", "explore"))
def test_a_notebook_to_read_runs_on_the_other_example_too(stem, other_profile, engine, tmp_path):
    """The first has today's involvement alone, the other the days of it, and asks about less."""
    template = FOLDER / f"{stem}.ipynb"
    parameters = {"register": "other_example", "profile": str(other_profile)}
    if stem.startswith("05"):
        parameters = {"register": "example"}
    made = tmp_path / "made.ipynb"
    (done,) = engine.run([Task(str(template), str(made), str(tmp_path), parameters)])
    assert done.reason == ""
    assert OTHERS[stem] in "".join(map(said_in, code_cells(made)))


def test_plain_papermill_makes_a_directorates_report_where_the_notebooks_stand(
    tmp_path, monkeypatch
):
    """With the engine: tests/test_installed.py."""
    out = tmp_path / "out.ipynb"
    words = ["directorate_report.ipynb", str(out), "-p", "directorate", "Community Nursing"]
    monkeypatch.chdir(FOLDER)
    ran = CliRunner().invoke(papermill, [*words, "--no-progress-bar"], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    said = "".join(map(said_in, code_cells(out)))
    assert "1 of 10 projects live on 4 May 2021 (10%)" in said


@linux
def test_a_directorate_that_the_register_does_not_have_is_refused_by_name(engine, tmp_path):
    """In a folder where no notebooks stand."""
    template, out = FOLDER / "directorate_report.ipynb", tmp_path / "out.ipynb"
    (done,) = engine.run([Task(str(template), str(out), str(ROOT), {"directorate": "Nowhere"})])
    assert re.match(
        r"Cell \d failed with OptionError: The register has no directorate 'Nowhere'\. It has "
        "'Addictions',", done.reason,
    )  # fmt: skip
    assert not out.exists()
