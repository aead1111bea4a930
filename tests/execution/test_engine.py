"""The engine: what papermill would give, no failure called a success, and nothing left running.

Real processes throughout: kernels, forks, signals, and cells that misbehave.
"""

import json
import os
import py_compile
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import nbformat
import papermill
import pytest
from click.testing import CliRunner
from conftest import ROOT, SOAK, some
from processes import (
    OTHER,
    Runs,
    bearing,
    below,
    file_hashes,
    linux,
    using,
    wait_until,
    write_notebook,
)

import qi_analysis as qi
from qi_analysis import cli
from qi_analysis.core.files import lock_folder
from qi_analysis.execution import engine as engine_module
from qi_analysis.execution.engine import KernelPool, cores, run_notebook, start_engine
from qi_analysis.execution.notebook import (
    WARNINGS,
    check_parameters,
    normalise_notebook,
    read_notebook,
    read_warnings,
    type_parameters,
)
from qi_analysis.execution.tasks import Limits, Task
from qi_analysis.reports.output import read_build_stamp

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LONGEST = ROOT / "notebooks" / "trust_report.ipynb"
SHORT = Limits(cell_seconds=4, notebook_seconds=20, run_seconds=60, memory_mb=300, output_mb=2)
SHORTER = replace(SHORT, cell_seconds=1)  # for cells that are to be stopped by it


def task(template: Path, folder: Path, **parameters) -> Task:
    return Task(str(template), str(folder / "made.ipynb"), str(folder), parameters)


def through(engine, template: Path, folder: Path, **parameters):
    """Return what an engine made of a notebook; and why, where it failed."""
    (done,) = engine.run([task(template, folder, **parameters)])
    made = folder / "made.ipynb"
    assert made.exists() is not bool(done.reason)
    return done.reason or read_notebook(made)


def by_papermill(template: Path, folder: Path, **parameters):
    """Return what ordinary papermill makes of a notebook, in the form that is written."""
    executed = papermill.execute_notebook(
        str(template), None, parameters, cwd=str(folder), kernel_name="python3", language="python",
        progress_bar=False, extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )  # fmt: skip
    return normalise_notebook(executed)


@pytest.fixture
def forks(engine, monkeypatch):
    """Return the engine of all tests, with short limits."""
    monkeypatch.setattr(engine, "limits", SHORT)
    return engine


# --- the same as papermill ---------------------------------------------------------------------


@linux
@pytest.mark.soak
@pytest.mark.parametrize("path", some(NOTEBOOKS, LONGEST), ids=lambda p: p.stem)
def test_a_committed_notebook_comes_out_as_papermill_makes_it(path, engine, tmp_path):
    """In `make test` the committed one stands for papermill's, which nbval holds it to be."""
    expected = by_papermill(path, tmp_path) if SOAK else read_notebook(path)
    assert through(engine, path, tmp_path) == expected


AWKWARD = [
    "import sys, os, time, threading, subprocess, warnings, logging, asyncio\n"
    "print('out 1'); print('err 1', file=sys.stderr); print('out 2'); print('err 2',"
    " file=sys.stderr)",
    "from IPython.display import display, update_display, clear_output, HTML, Markdown, JSON, Image"
    "\nhandle = display('first', display_id='a')\nhandle.update('second')",
    "update_display(HTML('<b>third</b>'), display_id='a'); display('b', display_id='a')",
    "print('gone'); display('gone'); clear_output(); print('kept')",
    "print('gone'); clear_output(wait=True); print('kept'); display(Markdown('*a*'))",
    "clear_output(wait=True)",
    "print('shown'); display(1); print('between', end=''); sys.stderr.write('e\\n')",
    "!echo from a shell; echo and its error >&2",
    "names = !printf 'a\\nb\\n'\nnames",
    "!exit 3",
    "_exit_code",
    "print('before'); subprocess.run(['echo', 'from a program']); time.sleep(0.3); print('after')",
    "os.system('echo from system; echo its error >&2'); os.write(1, b'bytes\\n'); time.sleep(0.3)",
    "%%bash\necho from bash\necho its error >&2",
    "%%capture held\nprint('held')",
    "print(held.stdout.upper())",
    "%precision 3\n3.14159265",
    "%%writefile written.txt\nsome text",
    "%cat written.txt",
    "%who_ls str",
    "%env QI_AWKWARD=1",
    "%%python\nprint('another python')",
    "def say(n):\n    time.sleep(n / 50); print('thread', n)\n"
    "threads = [threading.Thread(target=say, args=(n,)) for n in range(4)]\n"
    "[t.start() for t in threads]; [t.join() for t in threads];",
    "try:\n    input('Your name? ')\nexcept Exception as fault:\n    print(type(fault), fault)",
    "import getpass\ntry:\n    getpass.getpass()\nexcept Exception as fault:\n    print(fault)",
    "sys.stdin.read()",
    "print('x' * 300_000)",
    "for i in range(5_000): print(i, 'of many lines')",
    "JSON({'a': [1, None, (2, 3)], 1: True})",
    "class Rich:\n    def _repr_mimebundle_(self, include, exclude):\n"
    "        return {'text/plain': 'rich', 'text/latex': '$r$', 'application/q+json': {'a': 1}}, "
    "{'text/latex': {'wide': True}}\nRich()",
    "import pandas as pd, numpy as np\n"
    "pd.DataFrame(np.arange(60).reshape(3, 20)).add_prefix('a long column ')",
    "pd.Series(range(100))",
    "print(pd.DataFrame({'a': ['x' * 90], 'b': ['y' * 90]}))",
    "pd.DataFrame({'a': [1.5, None]}).style.format('{:.1f}', na_rep='none').set_uuid('u')",
    "warnings.warn('take care'); logging.warning('logged')",
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]); plt.show(); print('after the figure')",
    "fig, ax = plt.subplots(); ax.bar(['a'], [1])\nfig2, ax2 = plt.subplots()\nax2.plot([1])",
    "fig",
    "fig.savefig('saved.png'); plt.close('all'); Image('saved.png')",
    "%matplotlib inline\n%config InlineBackend.figure_formats = ['retina']\nplt.plot([1, 2]);",
    "plt.get_backend(), plt.isinteractive()",
    "await asyncio.sleep(0.01)\nprint('awaited')\nasyncio.get_running_loop().is_running()",
    "async def later():\n    await asyncio.sleep(0.01); return 7\n"
    "pending = asyncio.create_task(later())",
    "await pending",
    "asyncio.get_running_loop() is not None",
    "try:\n    asyncio.run(later())\nexcept RuntimeError as fault:\n    print(fault)",
    "1 + 1",
    "_ + 1, Out[max(Out)]",
    "In[-1], len(Out), __name__, '__file__' in globals()",
    "3; ",
    "None",
    "sys.stdout.write('some\\n')",
    "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as caught:\n"
    "    print('caught')\ncaught.getvalue()",
    "import traceback\ntry:\n    1 / 0\nexcept ZeroDivisionError:\n    traceback.print_exc()",
    "import pickle, dataclasses\n@dataclasses.dataclass\nclass Pair:\n    a: int\n    b: int\n"
    "pickle.loads(pickle.dumps(Pair(1, 2)))",
    "from multiprocessing import get_context\n"
    "with get_context('fork').Pool(2) as pool: print(pool.map(abs, [-1, -2]))",
    "np.random.seed(1); np.random.rand(2).round(3)",
    "print?",
    "get_ipython().set_next_input('x'); type(get_ipython()).__name__",
    "type(get_ipython().kernel).__name__, hasattr(sys, 'ps1'), sys.stdout.isatty()",
    "# a comment only",
    "breakpoint()\nprint('nobody is there to be asked')",
    "",
    "print('\\x1b[31mred\\x1b[0m é 日本 \\r carriage')",
    "exec('print(1)'); eval('2')",
    "%history -l 2",
    "%%html\n<i>html</i>",
    "%%latex\n$x$",
    "%reset -f",
    "'names' in globals()",
]


def comparable(notebook) -> list:
    """Return each cell's source, count and outputs; process numbers and addresses made plain."""
    text = json.dumps([[c.source, c.execution_count, c.outputs] for c in notebook.cells])
    text = re.sub(r"ipykernel_\d+", "ipykernel_0", text)
    return json.loads(re.sub(r" at 0x[0-9a-f]+", " at 0x0", text))


@linux
def test_awkward_cells_come_out_as_papermill_makes_them(engine, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it a kernel does not listen to programs
    template = write_notebook(tmp_path / "awkward.ipynb", *AWKWARD)
    for name in "abcd":
        (tmp_path / name).mkdir()
    ours = through(engine, template, tmp_path / "a")
    assert not isinstance(ours, str), ours
    for name in "bcd":  # when a kernel hears what a program writes is a matter of chance
        theirs = by_papermill(template, tmp_path / name)
        if comparable(theirs) == comparable(ours):
            break
    assert [c for c in comparable(ours) if c not in comparable(theirs)] == []
    assert comparable(ours) == comparable(theirs)
    pictures = [o for c in ours.cells for o in c.outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 6


VALUES = {
    "text": "say \"it's\" \\ café 日本\n{x} %s", "number": -3, "share": 0.1, "huge": float("inf"),
    "flag": False, "nothing": None, "many": [1, "a", None], "named": {"a": {"b": 1.5}},
}  # fmt: skip


@linux
def test_parameters_are_put_in_where_and_as_papermill_does(engine, tmp_path):
    template = tmp_path / "p.ipynb"
    write_notebook(template, "before = 1", "\n".join(f"{n} = 0" for n in VALUES), "text, huge")
    notebook = read_notebook(template)
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, template)
    ours = through(engine, template, tmp_path, **VALUES)
    assert ours == by_papermill(template, tmp_path, **VALUES)
    assert ours.cells[2].source.startswith("# Parameters\ntext = ")
    assert [c.execution_count for c in ours.cells] == [1, 2, 3, 4]


@linux
def test_a_cell_may_change_where_modules_are_looked_for(engine, tmp_path):
    cell = "import os, sys\ndel os.environ['PYTHONPATH']\nsys.path[:] = sys.path[-3:]\n1"
    made = through(engine, write_notebook(tmp_path / "p.ipynb", cell), tmp_path)
    assert not isinstance(made, str), made
    assert made.cells[0].outputs[0].data["text/plain"] == "1"


def test_how_printed_lines_arrive_in_pieces_does_not_matter():
    printed = [("stderr", "e1"), ("stdout", "o1"), ("stderr", "e2"), ("stdout", "o2")]
    cell = nbformat.v4.new_code_cell("x", id="a")
    cell.outputs = [nbformat.v4.new_output("stream", name=n, text=t) for n, t in printed]
    cell.outputs.append(nbformat.v4.new_output("display_data", {"text/plain": "d"}))
    cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text="e3"))
    outputs = normalise_notebook(nbformat.v4.new_notebook(cells=[cell])).cells[0].outputs
    assert [o.get("text") for o in outputs] == ["o1o2", "e1e2", None, "e3"]


@pytest.mark.parametrize(
    "metadata",
    [{"kernelspec": {"name": "ir", "language": "R", "display_name": "R"}},
     {"language_info": {"name": "R"}}],
)  # fmt: skip
def test_a_notebook_in_another_language_is_refused(metadata, tmp_path):
    template = write_notebook(tmp_path / "r.ipynb", "x <- 1", **metadata)
    with pytest.raises(
        qi.RegisterError, match=r"^r\.ipynb is written in R\. Only notebooks in Python can be run"
    ):
        run_notebook(template, tmp_path / "o.ipynb", {})


def test_a_parameter_without_a_value_is_needed_and_typed_by_its_annotation(tmp_path):
    template = write_notebook(tmp_path / "n.ipynb", "year: int\nname: str\nshare: float = 1.0")
    notebook = read_notebook(template)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, template)
    given = {"year": "2021", "name": "007", "share": "2"}
    assert type_parameters(template, given) == {"year": 2021, "name": "007", "share": 2.0}
    with pytest.raises(
        qi.RegisterError, match=r"n\.ipynb needs the parameter 'name'\. Give it with -p name VALUE"
    ):
        type_parameters(template, {"year": "2021"})
    with pytest.raises(qi.RegisterError, match=r"'year' must be of type int; 'last' is not"):
        type_parameters(template, {"year": "last", "name": "x"})
    with pytest.raises(qi.RegisterError, match="needs the parameter 'year'"):
        check_parameters(template, {"name": "x"})


ANNOTATED = "import datetime as dt\nfrom typing import Literal, Optional\n" + "\n".join([
    "year: int | None = None", "names: list[str] = []", "share: 'float' = 1",
    "pair: tuple = (1, 2)",
    "kind: Literal['a', 'b'] = 'a'", "day: dt.date = dt.date.today()", "any = None",
    "word: str = ''",
    "limits: dict[str, int] = {}", "most: Optional[float] = None", "flag: bool = False",
    "numbers: list[int] | int = 0",
])  # fmt: skip
TYPED = {
    "year": ("5", 5), "names": ("['a', 'b']", ["a", "b"]), "share": ("2", 2.0), "kind": ("b", "b"),
    "any": ("5", 5), "word": ("'007'", "'007'"), "limits": ("{'a': 1}", {"a": 1}),
    "most": ("inf", float("inf")), "flag": ("True", True), "numbers": ("[1]", [1]),
}  # fmt: skip
UNTYPED = {
    "year": ("five", r"'year' must be of type int \| None; 'five' is not\.$"),
    "names": ("['a', 1]", r"'names' must be like its default, \[\]; '\['a', 1\]' is not\.$"),
    "pair": ("(3, 4)", r"'pair' would be \(3, 4\)\. Only text, numbers, True, False"),
    "any": ("{1: 2}", r"'any' would be \{1: 2\}\. Only text, numbers"),
    "kind": ("c", r"'kind' must be like its default, 'a'; 'c' is not\.$"),
    "day": ("2021-05-04", r"'day' must be of type dt\.date; '2021-05-04' is not\.$"),
    "flag": ("1", r"'flag' must be like its default, False; '1' is not\.$"),
    "limits": ("{'a': True}", r"'limits' must be like its default, \{\}; '\{'a': True\}' is not"),
}  # fmt: skip


@pytest.fixture
def annotated(tmp_path):
    """Return a notebook whose parameters have annotations."""
    template = write_notebook(tmp_path / "n.ipynb", ANNOTATED)
    notebook = read_notebook(template)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, template)
    return template


@pytest.mark.parametrize("name", TYPED)
def test_a_typed_parameter_has_the_type_of_its_annotation(name, annotated):
    text, value = TYPED[name]
    typed = type_parameters(annotated, {name: text})[name]
    assert (typed, type(typed)) == (value, type(value))


@pytest.mark.parametrize("name", UNTYPED)
def test_what_does_not_fit_an_annotation_or_cannot_be_passed_is_refused(name, annotated):
    text, message = UNTYPED[name]
    with pytest.raises(qi.RegisterError, match=message):
        type_parameters(annotated, {name: text})


# --- a page says only what was shown on purpose -------------------------------------------------

WARNS = [
    "import sys, warnings, logging\nwarnings.warn('take care'); print('shown')",
    "print('\\n/opt/some lib/code.py:3: FutureWarning: will change\\n  code()', file=sys.stderr)",
    "logging.getLogger('x').error('no /srv/exports/a.csv'); warnings.warn('take care')",
]
OTHER_PYTHON = {"PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "1", "PYTHONDEVMODE": "1",
                "PYTHONINSPECT": "1", "PYTHONVERBOSE": "1"}  # fmt: skip


@linux
def test_warnings_are_kept_by_cell_and_leave_a_page_and_a_server_that_stops_is_not_waited_for(
    tmp_path, monkeypatch, capfd
):
    """Without paths, under any settings of Python; and who stops what is late may hang itself."""
    for name, value in OTHER_PYTHON.items():
        monkeypatch.setenv(name, value)
    template = write_notebook(tmp_path / "in.ipynb", *WARNS, "assert not sys.flags.optimize")
    page = replace(task(template, tmp_path), render="builtins:slice")
    with start_engine(1) as engine:
        (done,) = engine.run([page])
        assert (done.reason, engine.warning) == ("", "")
        made = read_notebook(tmp_path / "made.ipynb")
        assert [o.text for cell in made.cells for o in cell.outputs] == ["shown\n"]
        assert (tmp_path / "made.warnings").read_text("utf-8").splitlines() == [
            "Cell 1: UserWarning: take care", "Cell 2: FutureWarning: will change",
            "Cell 3: no …/a.csv", "Cell 3: UserWarning: take care",
        ]  # fmt: skip
        monkeypatch.setattr(engine_module, "LATE_SECONDS", 0)
        engine.limits = replace(SHORT, run_seconds=1)
        cell = "import os, signal; os.kill(os.getppid(), signal.SIGSTOP)"
        (done,) = engine.run([task(write_notebook(template, cell), tmp_path)])
    assert done.reason == "The run took more than 1 second (--run-seconds)."
    assert engine.process.returncode == -signal.SIGKILL


# --- nothing that went wrong is called done ----------------------------------------------------

FAULTS = {
    "an error": ("raise ValueError('no\\nmore')", "Cell 2 failed with ValueError: no"),
    "a killed process": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "Cell 2 was killed by signal 9 (SIGKILL), as happens when the machine runs out of memory."),
    "a crash": ("import ctypes; ctypes.string_at(0)",
        "Cell 2 was killed by signal 11 (SIGSEGV)."),
    "an aborted process": ("import os; os.abort()", "Cell 2 was killed by signal 6 (SIGABRT)."),
    "a process that ends": ("import os; os._exit(0)",
        "Cell 2 ended the process (exit code 0) before the notebook was done."),
    "sys.exit(0)": ("import sys; sys.exit(0)", "Cell 2 ended the notebook with sys.exit(0)."),
    "sys.exit()": ("import sys; sys.exit()", "Cell 2 ended the notebook with sys.exit()."),
    "exit()": ("exit()", "Cell 2 ended the notebook with exit()."),
    "quit": ("quit", "Cell 2 ended the notebook with exit()."),
    "too much memory": ("x = bytearray(1 << 30)",
        "Cell 2 failed with MemoryError; a notebook may take 300 MB (--memory-mb)"),
    "memory bit by bit": ("x = []\nwhile True: x.append(bytearray(1 << 20))",
        "Cell 2 failed with MemoryError; a notebook may take 300 MB (--memory-mb)"),
    "too much memory for numpy": ("import numpy\nx = numpy.ones(1 << 30)",
        "Cell 2 failed with MemoryError: Unable to allocate 8.00 GiB"),
    "a sleeping cell": ("import time; time.sleep(1e6)",
        "Cell 2 ran for more than 1 second (--cell-seconds)."),
    "a cell that holds the interpreter": ("sum(range(10 ** 15))",
        "Cell 2 ran for more than 1 second (--cell-seconds)."),
    "a cell that heeds no signal": (
        "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\n"
        "while True:\n    try: time.sleep(1e6)\n    except BaseException: pass",
        "Cell 2 ran for more than 1 second (--cell-seconds)."),
    "a program that does not end": ("!sleep 98765",
        "Cell 2 ran for more than 1 second (--cell-seconds)."),
    "too much printed": ("while True: print('x' * 10_000)",
        "Its outputs came to more than 2 MB (--output-mb)."),
    "too much printed, whatever it raises": (
        "while True:\n    try: print('x' * 10_000)\n    except BaseException: pass",
        "Its outputs came to more than 2 MB (--output-mb)."),
    "too much printed by a program": ("import subprocess; subprocess.run(['yes'])",
        "Its outputs came to more than 2 MB (--output-mb)."),
    "too much shown": ("from IPython.display import display, HTML\n"
        "for i in range(300): display(HTML('x' * 10_000))",
        "Its outputs came to more than 2 MB (--output-mb)."),
    "a question": ("input('Go on?')", "Cell 2 failed with StdinNotImplementedError: raw_input was"),
    "an error only shown": ("try: 1 / 0\nexcept Exception: get_ipython().showtraceback()",
        "Cell 2 failed with ZeroDivisionError: division by zero"),
    "an error in a repr": ("class R:\n    def __repr__(self): raise KeyError('r')\nR()",
        "Cell 2 failed with KeyError: 'r'"),
    "an error in a figure": (
        "import matplotlib.pyplot as plt\nplt.figure().text(0, 0, '$\\\\nonsense$');",
        "Cell 2 failed with ValueError"),
    "a syntax error": ("for", "Cell 2 failed with SyntaxError: invalid syntax"),
    "a magic that there is not": ("%nothing", "Cell 2 failed with UsageError: Line magic"),
}  # fmt: skip


LATE = (
    "The notebook's process did not end within 1 second of its last cell: a thread or an `atexit`"
)
ENDS = {
    "a thread that goes on": ("import threading, time\n"
        "threading.Thread(target=time.sleep, args=(1e6,)).start()", LATE),
    "an exit function that hangs": ("import atexit, time\natexit.register(time.sleep, 1e6)", LATE),
    "a thing whose end hangs": (
        "import time\nclass A:\n    def __del__(self): time.sleep(1e6)\na = A()", LATE),
    "an exit function with a code": ("import atexit, os\natexit.register(os._exit, 3)",
        "After its last cell the notebook's process ended with exit code 3."),
    "a crash at the end": ("import atexit, ctypes\natexit.register(ctypes.string_at, 0)",
        "After its last cell the notebook's process was killed by signal 11 (SIGSEGV)."),
}  # fmt: skip


@linux
@pytest.mark.parametrize("end", ENDS)
def test_a_process_that_does_not_end_by_itself_is_no_success(end, forks, tmp_path, monkeypatch):
    cell, message = ENDS[end]
    monkeypatch.setattr(forks, "limits", SHORTER)
    template = write_notebook(tmp_path / "in.ipynb", "x = 1", cell)
    (done,) = forks.run([task(template, tmp_path)])
    assert done.reason.startswith(message)
    assert wait_until(lambda: not below(forks.process.pid), 6), below(forks.process.pid)


FAILED_LATE = {
    "import atexit\natexit.register(lambda: open('gone/late.txt', 'w'))":
        "an `atexit` function failed with FileNotFoundError: [Errno 2] No such file or directory",
    "import threading, time\ndef late(): time.sleep(0.2); int('x')\n"
    "threading.Thread(target=late).start()":
        "a thread failed with ValueError: invalid literal for int() with base 10: 'x'",
    "f = open('/dev/full', 'w')\nf.write('the results');":
        "a file's last write failed with OSError: [Errno 28] No space left on device",
    "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, lambda: 1 / 0);":
        "a finalizer failed with ZeroDivisionError: division by zero",
}  # fmt: skip


@linux
def test_what_fails_after_the_last_cell_is_no_success(forks, tmp_path):
    late = [write_notebook(tmp_path / f"{i}.ipynb", cell) for i, cell in enumerate(FAILED_LATE)]
    program = "import subprocess\np = subprocess.Popen('true', stdin=-1, text=True)\n"
    good = write_notebook(tmp_path / "good.ipynb", f"{program}p.wait(); p.stdin.write('unheard');")
    done = forks.run([task(each, tmp_path) for each in (*late, good)])
    reasons = {Path(each.task.template): each.reason for each in done}
    for notebook, message in zip(late, FAILED_LATE.values(), strict=True):
        assert reasons[notebook].startswith(f"After the last cell {message}")
    assert reasons[good] == ""


@linux
def test_a_notebook_that_failed_and_does_not_end_failed_for_its_cell(forks, tmp_path, monkeypatch):
    monkeypatch.setattr(forks, "limits", SHORTER)
    cell = ENDS["an exit function that hangs"][0] + "\n1 / 0"
    reason = through(forks, write_notebook(tmp_path / "in.ipynb", cell), tmp_path)
    assert reason == "Cell 1 failed with ZeroDivisionError: division by zero"


@linux
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_stops_a_notebook_is_said_in_a_line_and_leaves_nothing_running(
    fault, forks, tmp_path, monkeypatch
):
    cell, message = FAULTS[fault]
    monkeypatch.setattr(forks, "limits", SHORTER if "1 second" in message else SHORT)
    template = write_notebook(tmp_path / "in.ipynb", "x = 1", cell, "x = 2")
    reason = through(forks, template, tmp_path)
    assert isinstance(reason, str), "called done"
    assert reason.startswith(message)
    assert "\n" not in reason
    assert wait_until(lambda: not below(forks.process.pid), 6), below(forks.process.pid)


@linux
@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (
            Limits(notebook_seconds=1),
            "The notebook ran for more than 1 second (--notebook-seconds",
        ),
        (Limits(run_seconds=1), "The run took more than 1 second (--run-seconds)."),
    ],
)
def test_a_notebook_and_a_run_end_when_their_time_is_over(
    limits, message, forks, tmp_path, monkeypatch
):
    template = write_notebook(tmp_path / "in.ipynb", "import time", "time.sleep(1e6)")
    monkeypatch.setattr(forks, "limits", limits)
    assert through(forks, template, tmp_path).startswith(message)


@linux
def test_what_a_cell_left_running_lives_as_long_as_its_notebook_and_is_told_of(forks, tmp_path):
    leaves = [
        "import os, time\nos.system('(sleep 0.8; touch later; sleep 98765) & true &')",
        "time.sleep(1.2)\nassert os.path.exists('later')",
        "import subprocess\nsubprocess.Popen(['sleep', '98765'], start_new_session=True)",
    ]
    waits = ["import time; time.sleep(2.5); print('done')"]
    for name, cells in {"a": leaves, "b": waits}.items():
        (tmp_path / name).mkdir()
        write_notebook(tmp_path / name / "in.ipynb", *cells)
    tasks = [task(tmp_path / name / "in.ipynb", tmp_path / name) for name in "ab"]
    assert [done.reason for done in forks.run(tasks)] == ["", ""]
    assert not below(forks.process.pid)
    assert [*tmp_path.rglob(f"*{WARNINGS}")] == [tmp_path / "a" / f"made{WARNINGS}"]
    assert (tmp_path / "a" / f"made{WARNINGS}").read_text("utf-8") == (
        "2 processes that the notebook started still ran at its end and were stopped: sleep.\n"
    )


@linux
def test_a_module_that_changed_is_never_taken_for_the_one_before_of_its_length_and_time(
    forks, kernels, tmp_path
):
    """As one that is copied with its time; what somebody's own Python compiled is not heeded."""
    package = tmp_path / "lists"
    package.mkdir()
    template = write_notebook(tmp_path / "in.ipynb", "import helper, lists.aims\nhelper.AIM")
    for value in (70, 90, 80):
        for module in (tmp_path / "helper.py", package / "aims.py"):
            module.write_text(f"AIM = {value}\n", "utf-8")
            os.utime(module, (1, 1))
        (package / "__init__.py").touch()
        if value == 70:  # as a kernel does that nobody told not to
            for module in (tmp_path / "helper.py", package / "aims.py"):
                py_compile.compile(str(module))
        shown = through(forks, template, tmp_path).cells[0].outputs[0].data
        assert shown == {"text/plain": f"{value}"}
    shutil.rmtree(tmp_path / "__pycache__")
    through(kernels, template, tmp_path)
    assert not (tmp_path / "__pycache__").exists()


SHARED = "from multiprocessing import shared_memory\nshared_memory.SharedMemory('{}', True, 9)"


@linux
@pytest.mark.parametrize("fault", ["", "a killed process"])
def test_memory_that_cells_shared_and_left_is_removed_however_they_end(fault, forks, tmp_path):
    name = f"qi_{uuid.uuid4().hex[:8]}"
    last, message = FAULTS.get(fault, ("", ""))
    is_there = f"import os\nassert '{name}' in os.listdir('/dev/shm')\n"
    template = write_notebook(tmp_path / "in.ipynb", SHARED.format(name), is_there + last)
    (done,) = forks.run([task(template, tmp_path)])
    assert done.reason == message
    assert wait_until(lambda: name not in os.listdir("/dev/shm"), 6)


@linux
def test_tasks_go_on_between_cells_as_in_a_kernel(forks, tmp_path):
    begins = (
        "import asyncio, time\nasync def late():\n    await asyncio.sleep(0.1)\n    return 7\n"
        "task = asyncio.ensure_future(late())"
    )
    template = write_notebook(tmp_path / "in.ipynb", begins, "time.sleep(0.3)", "task.result()")
    made = through(forks, template, tmp_path)
    assert made.cells[2].outputs[0].data == {"text/plain": "7"}


@linux
def test_tasks_that_are_never_done_or_fail_unheard_are_told_of(forks, tmp_path):
    cell = (
        "import asyncio\nasync def late(): await asyncio.sleep(60)\n"
        "async def fails(): open('no/file')\n"
        "tasks = [asyncio.ensure_future(each()) for each in (late, late, fails)]\n"
        "await asyncio.sleep(0)"
    )
    through(forks, write_notebook(tmp_path / "in.ipynb", cell), tmp_path)
    assert read_warnings(str(tmp_path / "made.ipynb")) == [
        "2 asyncio tasks were not done at its end: late and late.",
        "An asyncio task that no cell awaited failed with FileNotFoundError: [Errno 2] No such "
        "file or directory: 'no/file'",
    ]


@linux
def test_a_closed_stream_is_an_error_as_in_a_kernel(forks, tmp_path):
    closes = "import sys; sys.stdout.close()"
    template = write_notebook(tmp_path / "in.ipynb", closes, "print(1)", "2")
    reason = through(forks, template, tmp_path)
    assert reason == "Cell 2 failed with ValueError: I/O operation on closed file."


@linux
def test_what_goes_to_pythons_own_streams_is_shown_in_its_cell(forks, tmp_path):
    prints = "import sys\nprint('{}', file=sys.__stdout__)"
    template = write_notebook(tmp_path / "in.ipynb", prints.format("A"), prints.format("B"))
    outputs = [[o.text for o in cell.outputs] for cell in through(forks, template, tmp_path).cells]
    assert outputs == [["A\n"], ["B\n"]]


@linux
def test_what_a_task_of_an_earlier_cell_prints_is_not_lost(forks, tmp_path):
    template = write_notebook(
        tmp_path / "in.ipynb", "import asyncio\nasync def late(): print('late')",
        "task = asyncio.create_task(late())", "await asyncio.sleep(0.1)",
    )  # fmt: skip
    outputs = [o.text for cell in through(forks, template, tmp_path).cells for o in cell.outputs]
    assert outputs == ["late\n"]


@linux
def test_notebooks_draw_random_numbers_of_their_own_and_the_server_has_one_thread(forks, tmp_path):
    cells = [
        "import os, random, numpy\nprint(random.random(), numpy.random.rand(), os.urandom(4))",
        "print(len(os.listdir(f'/proc/{os.getppid()}/task')))",
    ]
    template = write_notebook(tmp_path / "in.ipynb", *cells)
    outputs = [
        [cell.outputs[0].text for cell in through(forks, template, tmp_path).cells]
        for _ in range(2)
    ]
    assert not set(outputs[0][0].split()) & set(outputs[1][0].split())
    assert outputs[0][1] == "1\n"


@linux
def test_a_report_takes_little_memory_of_its_own_and_finds_what_it_imports_imported_already(
    engine, tmp_path
):
    """No more memory than a small kernel."""
    notebook = read_notebook(ROOT / "notebooks" / "directorate_report.ipynb")
    before, after = "import sys; before = set(sys.modules)", "print(*set(sys.modules) - before)"
    peak = "print(open('/proc/self/smaps_rollup').read())"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
    notebook.cells += map(nbformat.v4.new_code_cell, (peak, after))
    nbformat.write(notebook, tmp_path / "in.ipynb")
    cells = through(engine, tmp_path / "in.ipynb", tmp_path).cells
    status, modules = (cell.outputs[0].text for cell in cells[-2:])
    own = sum(int(kb) for kb in re.findall(r"Private_\w+: +(\d+)", status))
    assert 0 < own < 150 << 10
    assert len(modules.split()) < 30, modules


SABOTAGE = [
    "os.kill(os.getpid(), 9)", "os._exit(0)", "os.abort()", "sys.exit(0)", "exit()", "1 / 0",
    "x = bytearray(1 << 30)", "while True: print('x' * 10_000)", "time.sleep(1e6)",
    "subprocess.Popen(['setsid', 'sleep', '98765'])\nos.fork() or time.sleep(1e6)\nos._exit(0)",
]  # fmt: skip


@linux
@pytest.mark.soak
def test_of_many_notebooks_those_that_are_saboteurs_fail_and_each_other_is_right(
    forks, tmp_path, monkeypatch
):
    sabotage = dict(enumerate(SABOTAGE * (3 if SOAK else 1)))
    number = 300 if SOAK else 20
    order = random.Random(6).sample(range(number), number)
    template = write_notebook(
        tmp_path / "in.ipynb", "n = 0\ndo = ''", "import os, subprocess, sys, time\nexec(do)",
        "print(f'the square of {n} is {n * n}')",
    )  # fmt: skip
    notebook = read_notebook(template)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, template)
    tasks = [
        Task(str(template), str(tmp_path / f"{n}.ipynb"), str(tmp_path),
             {"n": n, "do": sabotage.get(n, "")})
        for n in order
    ]  # fmt: skip
    monkeypatch.setattr(forks, "limits", SHORTER)
    done = list(forks.run(tasks))
    assert wait_until(lambda: not below(forks.process.pid), 6), below(forks.process.pid)
    assert len(done) == number
    failed = {int(Path(each.task.out).stem): each.reason for each in done if each.reason}
    assert set(failed) == set(sabotage)
    assert all(reason.startswith("Cell 3 ") or "outputs" in reason for reason in failed.values())
    for n in set(order) - set(sabotage):
        (output,) = read_notebook(tmp_path / f"{n}.ipynb").cells[-1].outputs
        assert output.text == f"the square of {n} is {n * n}\n"
    assert len(list(tmp_path.glob("*.ipynb"))) == number - len(sabotage) + 1


# --- elsewhere than on Linux -------------------------------------------------------------------


@pytest.fixture(scope="module")
def kernels():
    """Return one engine of ordinary kernels, as there is where nothing can be forked."""
    with KernelPool(2, SHORT) as engine:
        yield engine


# Of the first with both engines; sys.exit(0) is in test_papermill.py.
EITHER_WAY = ["exit()", "a sleeping cell", "too much printed by a loop", "an error only shown",
              "a question", "an error", "sys.exit(0)", "a syntax error"]  # fmt: skip
FAULTS["too much printed by a loop"] = (
    "for i in range(300): print('x' * 10_000)", "Its outputs came to more than 2 MB (--output-mb)."
)  # fmt: skip


@pytest.mark.parametrize("fault", some(EITHER_WAY, *EITHER_WAY[:4]))
def test_ordinary_kernels_fail_for_the_same_reasons(fault, kernels, tmp_path, monkeypatch):
    cell, message = FAULTS[fault]
    monkeypatch.setattr(kernels, "limits", SHORTER if "1 second" in message else SHORT)
    template = write_notebook(tmp_path / "in.ipynb", "x = 1", cell, "x = 2")
    assert through(kernels, template, tmp_path).startswith(message)


def test_an_ordinary_kernel_ends_as_one_does_with_what_its_cells_left(kernels, tmp_path):
    name = f"qi_{uuid.uuid4().hex[:8]}"
    cells = ["import atexit\natexit.register(lambda: open('bye.txt', 'w').write('bye'))",
             "open('side.txt', 'w').write('text')", SHARED.format(name),
             "import multiprocessing\npool = multiprocessing.Pool(1)\npool.map(abs, [1])",
             "import subprocess, sys, time\np = subprocess.Popen([sys.executable, '-c', ''])",
             "late = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1e6)'])",
             "time.sleep(0.1)\n{*globals()} & {'find_trackers', 'threading'}"]  # fmt: skip
    template = write_notebook(tmp_path / "in.ipynb", *cells)
    made = through(kernels, template, tmp_path)
    assert made.cells[-1].outputs[0].data["text/plain"] == "set()"
    assert {p.name for p in tmp_path.glob("*.txt") if p.read_text()} == {"bye.txt", "side.txt"}
    assert wait_until(lambda: not list(Path("/dev/shm").glob(name)), 6)


@pytest.mark.parametrize(
    "end", some(["a thread that goes on", "an exit function that hangs"], "a thread that goes on")
)
def test_an_ordinary_kernel_that_does_not_end_is_no_success(end, kernels, tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "limits", SHORTER)
    template = write_notebook(tmp_path / "in.ipynb", "x = 1", ENDS[end][0])
    assert through(kernels, template, tmp_path).startswith(LATE)


def test_an_ordinary_kernel_that_ends_itself_is_no_success(kernels, tmp_path):
    """One that is killed: test_papermill.py."""
    template = write_notebook(tmp_path / "in.ipynb", "x = 1", "import os; os._exit(0)", "x = 2")
    assert through(kernels, template, tmp_path) == "Cell 2 ended its kernel."


def test_an_ordinary_kernel_gives_the_committed_outputs_whatever_settings_a_user_keeps(
    tmp_path, monkeypatch
):
    """Those are for other work."""
    profile = tmp_path / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "00.py").write_text("started = True", "utf-8")
    (profile / "ipython_config.py").write_text("1 / 0", "utf-8")
    settings = "c = get_config()\nc.InteractiveShellApp.exec_lines = ['configured = True']"
    (profile / "ipython_kernel_config.py").write_text(settings, "utf-8")
    (tmp_path / "matplotlibrc").write_text("figure.dpi: 10", "utf-8")
    (tmp_path / "python.py").write_text("told = True", "utf-8")
    surroundings = {"IPYTHONDIR": tmp_path, "MATPLOTLIBRC": tmp_path / "matplotlibrc",
                    "PYTHONSTARTUP": tmp_path / "python.py", "MPLBACKEND": "agg"}  # fmt: skip
    for name, value in surroundings.items():
        monkeypatch.setenv(name, str(value))
    (tmp_path / "here").mkdir()
    committed = read_notebook(ROOT / "notebooks" / "public_report.ipynb")
    asked = (
        "{'started', 'configured', 'told'} & set(globals())",
        "import matplotlib as m\nm.rcParams['figure.dpi'], 'inline' in m.get_backend()",
    )
    more = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(asked)]
    template = tmp_path / "in.ipynb"
    longer = read_notebook(ROOT / "notebooks" / "public_report.ipynb")
    longer.cells += more
    nbformat.write(longer, template)
    with KernelPool(1, Limits()) as engine:
        made = through(engine, template, tmp_path / "here")
    results = [cell.outputs[0].data["text/plain"] for cell in made.cells[-2:]]
    assert results == ["set()", "(100.0, True)"]
    assert made.cells[:-2] == committed.cells


@linux
def test_ordinary_kernels_end_too_when_their_run_is_stopped(tmp_path, monkeypatch):
    def stop(number, frame):
        raise SystemExit(128 + number)

    begun, temporary = tmp_path / "begun", tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    cell = f"import pathlib, time; pathlib.Path({str(begun)!r}).touch(); time.sleep(1e6)"
    template = write_notebook(tmp_path / "in.ipynb", cell)
    mark = f"QI_TEST_{uuid.uuid4().hex}"
    monkeypatch.setenv(mark, "1")
    before = signal.signal(signal.SIGALRM, stop)
    ours = os.getpid()
    stopping = threading.Thread(
        target=lambda: wait_until(begun.exists, 60) and os.kill(ours, signal.SIGALRM)
    )
    stopping.start()
    with pytest.raises(SystemExit), KernelPool(1, Limits()) as engine:
        through(engine, template, tmp_path)
    stopping.join()
    signal.signal(signal.SIGALRM, before)
    monkeypatch.delenv(mark)
    assert wait_until(lambda: not bearing(mark), 6), bearing(mark)
    assert os.listdir(temporary) == []


# --- stopped and killed ------------------------------------------------------------------------


def is_whole(out: Path, before: dict[str, str], after: int) -> bool:
    """Whether every page is whole, and all is as before but for some reports made since."""
    pages = [out / "trust.html", *out.glob("directorates/*.html")]
    now = {name: text for name, text in file_hashes(out).items() if not name.startswith(".")}
    changed = {Path(name).stem for name in {*now, *before} if now.get(name) != before.get(name)}
    return all(map(read_build_stamp, pages)) and after <= len(changed) <= 8 * after


@pytest.fixture(scope="module")
def few(tmp_path_factory, engine) -> Runs:
    """Return a folder in which small reports were made."""
    first = Runs(tmp_path_factory.mktemp("few"))
    with using(engine):
        done = first.run()
    assert done.returncode == 0, done.stderr
    return first


@pytest.fixture
def runs(few, tmp_path) -> Runs:
    """Return such a folder, whose register is another since; a directorate's report takes long."""
    copy = Runs(tmp_path)
    for name in ("out", "snapshots"):
        shutil.copytree(few.home / name, tmp_path / name)
    copy.register.write_text(OTHER, "utf-8")
    copy.write("time.sleep(60)")
    return copy


def start(runs: Runs, after: int) -> tuple[subprocess.Popen, dict[str, str]]:
    """Start to make more reports until so many are made; return that run, and what was before."""
    before = file_hashes(runs.out)
    run = runs.start()
    assert run.stdout.readline().endswith(" Making 3 reports.\n")
    for _ in range(after):
        assert " published: " in run.stdout.readline()
    return run, before


moments = {"at once": 0, "with a report made": 1}


@linux
@pytest.mark.parametrize(
    ("number", "moment"),
    some([(number, moment) for number in (signal.SIGINT, signal.SIGTERM) for moment in moments],
         (signal.SIGINT, "at once")),
)  # fmt: skip
def test_a_run_that_is_stopped_ends_soon_and_leaves_no_process_and_nothing_half_written(
    number, moment, runs
):
    """By the other signal, with a report made: tests/reports/test_faults.py."""
    run, before = start(runs, after=moments[moment])
    run.send_signal(number)
    began = time.monotonic()
    _, error = run.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert run.returncode == 128 + number
    assert "Traceback" not in error
    assert not bearing(runs.mark)
    assert is_whole(runs.out, before, moments[moment])
    assert not list(runs.out.glob(".*"))


@linux
@pytest.mark.parametrize("moment", some(moments, "with a report made"))
def test_a_run_that_is_killed_leaves_the_reports_before_it_and_no_process(moment, runs):
    """At any moment: tests/reports/test_faults.py."""
    run, before = start(runs, after=moments[moment])
    run.kill()
    run.communicate()
    assert wait_until(lambda: not bearing(runs.mark), 6), bearing(runs.mark)
    assert is_whole(runs.out, before, moments[moment])
    assert len(list(runs.out.glob(".making-*"))) == 1
    with lock_folder(runs.out) as folder:
        assert list(runs.out.glob(".making-*")) == [folder]
    assert not list(runs.out.glob(".making-*"))


@linux
def test_a_killed_server_takes_its_notebooks_with_it_and_each_is_said_to_have_failed(
    tmp_path, monkeypatch
):
    """What the server itself would do at its end, no notebook does for it.

    It would remove that process's own temporary folders.
    """
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text(
        f"import atexit, tempfile\natexit.register(lambda: open({str(other / 'ran')!r}, 'w'))\n"
        f"kept = tempfile.TemporaryDirectory(dir={str(other)!r}, prefix='kept')", "utf-8",
    )  # fmt: skip
    cell = "import subprocess; subprocess.run(['sleep', '98765'])"
    sleeping = write_notebook(tmp_path / "sleeping.ipynb", cell)
    mark = f"QI_TEST_{uuid.uuid4().hex}"
    monkeypatch.setenv("PYTHONPATH", str(other))
    monkeypatch.setenv(mark, "1")
    with start_engine(1) as engine:
        monkeypatch.undo()
        made = through(engine, write_notebook(tmp_path / "in.ipynb", "1 + 1"), tmp_path)
        assert not isinstance(made, str), made
        assert not (other / "ran").exists()
        (kept,) = other.glob("kept*")
        (tmp_path / "made.ipynb").unlink()
        killer = threading.Thread(target=lambda: kill_with_sleep(engine.process.pid))
        killer.start()
        assert through(engine, sleeping, tmp_path) == "The process that makes the notebooks ended."
        killer.join()
    assert wait_until(lambda: not bearing(mark), 6), bearing(mark)
    assert kept.exists()
    assert not (other / "ran").exists()


@linux
def test_where_the_quick_way_does_not_start_ordinary_kernels_do_it_and_it_is_said(
    tmp_path, monkeypatch, capfd
):
    """With a library that fails to import."""
    (tmp_path / "PIL.py").write_text("raise RuntimeError('no colours left')", "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    template = write_notebook(tmp_path / "in.ipynb", "1 + 1")
    with start_engine(1) as engine:
        monkeypatch.undo()
        made = through(engine, template, tmp_path)
    assert made.cells[0].outputs[0].data["text/plain"] == "2"
    assert engine.warning == (
        "The notebooks ran in ordinary kernels, which takes longer: the quick way did not start: "
        "RuntimeError: no colours left"
    )


OTHER_KERNEL = {
    "of another shape": ("del k.IPythonKernel", "ImportError: cannot import name 'IPythonKernel'"),
    "that gives other outputs": (
        "def other(self, code, **options): return run(self, 'print(0)', **options)\n"
        "run, k.IPythonKernel.do_execute = k.IPythonKernel.do_execute, other",
        "RuntimeError: A small notebook did not come out right."),
}  # fmt: skip


@linux
@pytest.mark.parametrize("case", OTHER_KERNEL)
def test_a_kernel_of_another_release_is_found_out_before_a_notebook_runs(
    case, tmp_path, monkeypatch, capfd
):
    code, reason = OTHER_KERNEL[case]
    (tmp_path / "sitecustomize.py").write_text(
        f"import ipykernel.ipkernel as k\n{code}", "utf-8"
    )  # fmt: skip
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with start_engine(1) as engine:
        assert not engine.ready.result()
    assert engine.ended.startswith(f"The process that makes the notebooks ended: {reason}")


@linux
def test_where_processes_are_not_listed_the_quick_way_does_not_start():
    without = "mount -t tmpfs none /proc && exec {} -c '{}'"
    code = (
        "from qi_analysis.execution.engine import start_engine\n"
        "with start_engine(1) as engine: print(engine.ready.result(), engine.ended)"
    )
    words = ["unshare", "-m", "sh", "-c", without.format(sys.executable, code)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "mount" in done.stderr or "unshare" in done.stderr:
        pytest.skip("nothing can be mounted here")
    assert done.stdout == (
        "False The process that makes the notebooks ended: RuntimeError: /proc is not mounted, or "
        "does not list processes.\n"
    )


def kill_with_sleep(pid: int) -> None:
    """Kill a process once there is a sleeping program below it."""
    assert wait_until(lambda: any("98765" in command for _, command in below(pid)), 30)
    os.kill(pid, signal.SIGKILL)


# --- as users see it ---------------------------------------------------------------------------


@pytest.fixture
def by_one(engine, monkeypatch):
    """Run notebooks of this process by the engine of all tests."""
    monkeypatch.setattr(engine_module, "start_engine", lambda *_, **__: nullcontext(engine))


def test_run_notebook_writes_a_result_only_if_every_cell_ran(tmp_path, request):
    leaves = "import subprocess, sys, time; subprocess.Popen(['sleep', '98765']); time.sleep(1.1)"
    template = write_notebook(tmp_path / "in.ipynb", "1 + 1", leaves)
    out = tmp_path / "out.ipynb"
    words = ["run-notebook", str(template), str(out)]
    late = CliRunner().invoke(cli.app, [*words, "--cell-seconds", "1"])
    assert (late.exit_code, late.stdout) == (1, "")
    assert late.stderr == "Cell 2 ran for more than 1 second (--cell-seconds).\n"
    assert not out.exists()
    request.getfixturevalue("by_one")
    done = CliRunner().invoke(cli.app, words)
    assert (done.exit_code, done.stdout) == (0, f"Every cell ran. Written to {out}\n")
    assert done.stderr == (
        "Warning: 1 process that the notebook started still ran at its end and was stopped: "
        "sleep.\n"
    )
    assert read_notebook(out).cells[0].outputs[0].data == {"text/plain": "2"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.ipynb", "out.ipynb"]


@pytest.mark.parametrize("command", ["report", "run-notebook"])
def test_every_limit_is_an_option_whose_help_says_what_it_is_without_it(command):
    help_text = " ".join(CliRunner().invoke(cli.app, [command, "--help"]).stdout.split())
    for name, number in vars(Limits()).items():
        assert re.search(
            rf"--{name.replace('_', '-')} N [^-]*; {number} without it\.", help_text
        ), name


@pytest.mark.usefixtures("by_one")
def test_a_committed_notebook_that_fails_is_named_and_nothing_is_changed(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "profile.toml").touch()  # which makes it a workspace
    right = write_notebook(tmp_path / "notebooks" / "a_right.ipynb", "1 + 1")
    write_notebook(tmp_path / "notebooks" / "b_wrong.ipynb", "1 / 0")
    monkeypatch.chdir(tmp_path)
    before = right.read_bytes()
    done = CliRunner().invoke(cli.app, ["notebooks"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "b_wrong.ipynb: Cell 1 failed with ZeroDivisionError: division by zero\n"
    )
    assert right.read_bytes() == before


STARTED = """
import os, sys
def end(name, args):
    if name == "subprocess.Popen":
        os._exit(4 if "pandas" in sys.modules else 3)
sys.addaudithook(end)
from qi_analysis.cli import app
app()
"""


@linux
def test_the_engine_is_started_before_what_reads_registers_is_imported(tmp_path):
    command = [sys.executable, "-c", STARTED, "report", "--out", tmp_path / "out"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 3


def test_a_worker_a_core_without_being_told():
    assert start_engine().workers == cores() >= 1


def test_signals_are_as_they_were_once_a_command_is_done():
    before = signal.getsignal(signal.SIGTERM)
    assert CliRunner().invoke(cli.app, ["snapshots"]).exit_code == 0
    assert signal.getsignal(signal.SIGTERM) is before


# --- notebooks of others -----------------------------------------------------------------------

OLD = {
    "nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": [
        {"cell_type": "code", "collapsed": False, "input": "1 + 1", "language": "python",
         "metadata": {}, "outputs": []}]}],
}  # fmt: skip


@linux
def test_a_notebook_of_an_older_format_runs(forks, tmp_path):
    (tmp_path / "old.ipynb").write_text(json.dumps(OLD), "utf-8")
    made = through(forks, tmp_path / "old.ipynb", tmp_path)
    assert made.cells[0].outputs[0].data == {"text/plain": "2"}


def test_a_cells_name_that_stands_twice_is_mended_without_a_word(tmp_path, capfd):
    template = write_notebook(tmp_path / "in.ipynb", "1", "2")
    template.write_text(template.read_text("utf-8").replace('"c1"', '"c0"'), "utf-8")
    assert len({cell.id for cell in read_notebook(template).cells}) == 2
    assert capfd.readouterr() == ("", "")


@linux
def test_half_a_letter_is_written_as_a_question_mark(forks, tmp_path):
    from_cells = "print('a\\ud800b')", "from IPython.display import HTML\nHTML('\\udfff!')"
    made = through(forks, write_notebook(tmp_path / "in.ipynb", *from_cells), tmp_path)
    assert made.cells[0].outputs[0].text == "a?b\n"
    assert made.cells[1].outputs[0].data["text/html"] == "?!"
    failing = write_notebook(tmp_path / "in.ipynb", "raise ValueError('\\ud800')")
    (tmp_path / "made.ipynb").unlink()
    assert through(forks, failing, tmp_path) == "Cell 1 failed with ValueError: ?"


@linux
def test_a_stream_that_a_cell_replaced_is_flushed_or_the_cell_that_cannot_print_fails(
    forks, tmp_path
):
    cells = (
        "import sys\nprint('before')",
        "sys.stdout = open('other.txt', 'w')",
        "print('x')\n1 + 1",
    )
    made = through(forks, write_notebook(tmp_path / "in.ipynb", *cells), tmp_path)
    assert made.cells[0].outputs[0].text == "before\n"
    assert made.cells[2].outputs[0].data == {"text/plain": "2"}
    assert (tmp_path / "other.txt").read_text() == "x\n"
    (tmp_path / "made.ipynb").unlink()
    template = write_notebook(tmp_path / "in.ipynb", "import sys", "sys.stdout = None", "1 + 1")
    assert re.match(
        r"Cell [23] failed with AttributeError: 'NoneType' object has no attribute '(write|flush)'",
        through(forks, template, tmp_path),
    )


@linux
def test_a_thread_that_memory_does_not_suffice_for_is_said_to_lack_it(forks, tmp_path, monkeypatch):
    monkeypatch.setattr(forks, "limits", replace(SHORT, memory_mb=64))
    cell = (
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,)).start()"
    )
    reason = through(forks, write_notebook(tmp_path / "in.ipynb", "1 + 1", cell), tmp_path)
    assert reason == (
        "Cell 2 failed with RuntimeError: can't start new thread; a notebook may take 64 MB "
        "(--memory-mb), and all of its user's as many threads as the machine allows (ulimit -u)"
    )


@linux
def test_a_result_that_cannot_be_written_is_told_of_after_the_cells(forks, tmp_path):
    cell = "import os\nos.rename('../run', '../gone')"
    (tmp_path / "run").mkdir()
    template = write_notebook(tmp_path / "in.ipynb", cell)
    assert through(forks, template, tmp_path / "run") == (
        "Every cell ran, but the result could not be written in the temporary folder: No such file "
        "or directory."
    )
