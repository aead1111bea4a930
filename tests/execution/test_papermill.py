"""Anybody's Papermill with the engine `qi-analysis`: nothing hung or killed is a success.

That its command runs a report is tests/test_installed.py's part.
"""

import nbformat
import papermill
import pytest
from click.testing import CliRunner
from conftest import ROOT, some
from papermill.cli import papermill as command
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from processes import write_notebook

import qi_analysis as qi
from qi_analysis.core.errors import NotebookFailed
from qi_analysis.execution.notebook import normalise_notebook
from qi_analysis.execution.papermill_engine import NAME, CheckedEngine
from qi_analysis.execution.tasks import Limits

PARAMETERS = (
    "%matplotlib inline\nname = 'Ward'\nyear: int = 2021\nshare = 0.5\nwhole = False\n"
    "seconds = 60 * 60\nchoice = None"
)
QUIET = {"progress_bar": False, "extra_arguments": ["--IPKernelApp.log_level=ERROR"]}


@pytest.fixture
def template(tmp_path):
    """Return a notebook with parameters that shows them."""
    path = write_notebook(tmp_path / "in.ipynb", PARAMETERS, "name, year, share, whole, seconds")
    notebook = nbformat.read(path, 4)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python",
                                       "display_name": "Python 3"}  # fmt: skip
    nbformat.write(notebook, path)
    return path


def execute(path, out=None, parameters=None, **options):
    """Execute a notebook by the call that a scheduler makes."""
    return papermill.execute_notebook(
        str(path), out and str(out), parameters, engine_name=NAME, **{**QUIET, **options}
    )


def test_papermill_knows_the_engine_by_its_entry_point():
    assert papermill_engines.get_engine("qi-analysis") is CheckedEngine


def test_the_command_refuses_a_parameter_that_a_report_does_not_have(tmp_path):
    words = [str(ROOT / "notebooks" / "directorate_report.ipynb"), str(tmp_path / "out.ipynb")]
    words += ["--engine", "qi-analysis", "-p", "directorat", "Jameson", "--no-progress-bar"]
    ran = CliRunner().invoke(command, words)
    assert ran.exit_code == 1
    assert str(ran.exception) == (
        "directorate_report.ipynb has no parameter 'directorat'. Did you mean 'directorate'?"
    )


def test_a_good_notebook_gives_the_same_outputs_as_without_the_engine_even_by_an_operator(
    template, tmp_path
):
    """One that names no engine can be given this one: the call is Airflow's PapermillOperator's."""
    given = {"name": "Rehab", "year": 2022, "share": 1, "whole": True, "seconds": 1, "choice": [1]}
    call = {"progress_bar": False, "report_mode": True, "log_output": False,
            "kernel_name": None, "language": None, "engine_name": None}  # fmt: skip
    theirs = papermill.execute_notebook(str(template), None, given, **call)
    out = tmp_path / "out.ipynb"
    papermill_engines.register(None, papermill_engines.get_engine("qi-analysis"))
    try:
        ours = papermill.execute_notebook(str(template), str(out), parameters=given, **call)
        with pytest.raises(qi.RegisterError, match="has no parameter 'yaer'"):
            papermill.execute_notebook(str(template), str(out), parameters={"yaer": 1}, **call)
        injected = {"PAPERMILL_INPUT_PATH": str(template), "PAPERMILL_OUTPUT_PATH": str(out)}
        papermill.execute_notebook(str(template), None, parameters=injected, **call)
    finally:
        papermill_engines.register(None, NBClientEngine)
    assert normalise_notebook(ours) == normalise_notebook(theirs)
    assert ours.cells[2].outputs[0].data["text/plain"] == "('Rehab', 2022, 1, True, 1)"
    assert {cell.metadata.papermill["status"] for cell in ours.cells} == {"completed"}


REFUSED = {
    "no such name": ({"nam": "x"}, r"^in\.ipynb has no parameter 'nam'\. Did you mean 'name'\?$"),
    "a number for text": ({"name": 7}, r"like its default, 'Ward'; 7 is not\. With -r it is"),
    "text for a number": ({"year": "last"}, r"like its default, 2021; 'last' is not\.$"),
    "a share for a number": ({"year": 2.5}, r"'year' must be like its default, 2021; 2\.5 is not"),
    "a yes for a share": ({"share": True}, r"'share' must be like its default, 0\.5; True is not"),
    "a number for a yes": ({"whole": 1}, r"'whole' must be like its default, False; 1 is not"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_an_unlike_parameter_is_refused_before_a_cell_runs(case, template, tmp_path):
    given, message = REFUSED[case]
    with pytest.raises(qi.RegisterError, match=message):
        execute(template, tmp_path / "out.ipynb", given)
    made = nbformat.read(tmp_path / "out.ipynb", 4) if (tmp_path / "out.ipynb").exists() else None
    assert not made or not any(cell.get("outputs") for cell in made.cells)


FAULTS = {  # exit() and others: test_engine.py
    "sys.exit(0)": ("import sys; sys.exit(0)", "Cell 2 ended the notebook with sys.exit(0)."),
    "a killed kernel": ("import os; os.kill(os.getpid(), 9)", "Cell 2 ended its kernel."),
    "a hung cell": ("import time; time.sleep(1e6)", "Cell 2 ran for more than 1 second "),
    "too much shown": ("print('x' * (2 << 20))", "Its outputs came to more than 1 MB"),
    "more shown than it may unasked": (
        "print('x' * (65 << 20))", "Its outputs came to more than 64 MB"),
}  # fmt: skip


@pytest.mark.parametrize("fault", some(FAULTS, *list(FAULTS)[:-1]))
def test_what_papermill_calls_done_is_a_failure_with_its_reason(fault, tmp_path):
    cell, message = FAULTS[fault]
    path, out = write_notebook(tmp_path / "in.ipynb", "1", cell, "2"), tmp_path / "out.ipynb"
    words = ["--engine", NAME, "--no-progress-bar", "--kernel", "python3"]
    seconds = "60" if fault.startswith("more shown") else "1"  # it takes some to show so much
    words += ["--execution-timeout", seconds, str(path), str(out)]
    if fault == "too much shown":
        with pytest.raises(NotebookFailed, match=f"^{message}"):
            execute(path, out, kernel_name="python3", limits=Limits(output_mb=1))
    else:
        ran = CliRunner().invoke(command, words)
        assert ran.exit_code == 1
        assert isinstance(ran.exception, NotebookFailed)
        assert str(ran.exception).startswith(message)
    made = nbformat.read(out, 4)
    assert made.metadata.papermill["exception"] is True
    assert [cell.metadata.papermill["status"] for cell in made.cells] == [
        "completed", "failed", "pending"
    ]  # fmt: skip


def test_a_cell_that_papermill_skips_in_silence_is_missed(tmp_path):
    """A reply that only says "error" shows nothing, and Papermill calls the run a success."""
    cell = (
        "kernel = get_ipython().kernel\nrun = kernel.do_execute\n"
        "async def fail(*args, **options):\n"
        "    return {**await run(*args, **options), 'status': 'error', 'ename': 'Lost', "
        "'evalue': 'quietly', 'traceback': []}\n"
        "kernel.do_execute = fail"
    )
    path = write_notebook(tmp_path / "in.ipynb", cell, "1", "2")
    with pytest.raises(NotebookFailed, match=r"^Cell 2 failed with Lost: quietly$"):
        execute(path, kernel_name="python3")


def test_an_error_in_a_cell_stays_papermills_own(tmp_path):
    path = write_notebook(tmp_path / "in.ipynb", "1", "1 / 0", "2")
    with pytest.raises(PapermillExecutionError, match="ZeroDivisionError"):
        execute(path, tmp_path / "out.ipynb", kernel_name="python3")
    assert "An Exception was encountered" in (tmp_path / "out.ipynb").read_text("utf-8")


def test_a_notebook_in_another_language_is_refused(tmp_path):
    path = write_notebook(tmp_path / "in.ipynb", "x <- 1", language_info={"name": "R"})
    with pytest.raises(qi.RegisterError, match=r"^in\.ipynb is written in R\. Only notebooks in"):
        execute(path, kernel_name="python3")


INTERRUPTIBLE = """import signal
kernel = get_ipython().kernel
leave = kernel.post_handler_hook
def leave_interruptible():
    leave()
    signal.signal(signal.SIGINT, signal.default_int_handler)
kernel.post_handler_hook = leave_interruptible
"""


def test_a_notebook_can_run_another_by_it(template, tmp_path):
    """And ends: its kernel is not interrupted as it takes leave of a request, or it would hang."""
    inner = f"papermill.execute_notebook({str(template)!r}, None, engine_name='qi-analysis', "
    cells = [
        f"{INTERRUPTIBLE}import papermill",
        inner + "progress_bar=False).cells[-1].outputs[0].data['text/plain']",
        f"try:\n    {inner}parameters={{'nam': 1}})\nexcept Exception as fault:\n    print(fault)",
    ]
    path = write_notebook(tmp_path / "outer.ipynb", *cells)
    made = execute(path, kernel_name="python3")
    assert "('Ward', 2021, 0.5, False, 3600)" in made.cells[1].outputs[0].data["text/plain"]
    assert any("Did you mean 'name'?" in o.get("text", "") for o in made.cells[2].outputs)
