"""The engine: what papermill would give, no failure called a success, and nothing left running.

Real processes throughout: kernels, forks, signals, and cells that misbehave.
"""

import contextlib
import json
import re
import sys
import time
from pathlib import Path

import nbformat
import papermill
import pytest
from conftest import ROOT

import qi_analysis as qi
from qi_analysis.reports import Limits, run_notebook, start_engine
from qi_analysis.reports.execute import Task, fill_in, keep_form
from qi_analysis.reports.parameters import read_notebook, type_parameters

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SHORT = Limits(cell_seconds=4, notebook_seconds=6, run_seconds=60, memory_mb=300, output_mb=2)


def write_notebook(path: Path, *cells: str, **metadata) -> Path:
    """Write a notebook of code cells, none of them run."""
    code = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=metadata), path)
    return path


def task(template: Path, folder: Path, **parameters) -> Task:
    return Task(str(template), str(folder / "made.ipynb"), str(folder), parameters)


def through(engine, template: Path, folder: Path, **parameters):
    """Give what an engine made of a notebook; and why, where it failed."""
    (done,) = engine.run([task(template, folder, **parameters)])
    made = folder / "made.ipynb"
    assert made.exists() is not bool(done.reason)
    return done.reason or read_notebook(made)


def by_papermill(template: Path, folder: Path, **parameters):
    """Give what ordinary papermill makes of a notebook, in the form that is kept."""
    executed = papermill.execute_notebook(
        str(template), None, parameters, cwd=str(folder), kernel_name="python3", language="python",
        progress_bar=False, extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )  # fmt: skip
    return keep_form(executed)


def below(process: int) -> list[str]:
    """Give the commands of the living processes below one."""
    found = []
    for listed in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = listed.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == process and state != "Z":
                found += [(listed.parent / "cmdline").read_text(), *below(int(listed.parent.name))]
    return found


def bearing(mark: str) -> list[str]:
    """Give the commands of the living processes whose environment holds a mark."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environment.read_text():
                found.append((environment.parent / "cmdline").read_text())
    return found


def wait_until(true, seconds: float) -> bool:
    """Wait for something to become true, and say whether it did in time."""
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return bool(true())


@pytest.fixture(scope="module")
def forks():
    """Give one engine that forks, for many notebooks; its limits are short."""
    with start_engine(2, SHORT) as engine:
        yield engine


@pytest.fixture(scope="module")
def ample():
    """Give one engine with the limits that users have."""
    with start_engine(2) as engine:
        yield engine


# --- the same as papermill ---------------------------------------------------------------------


@linux
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_committed_notebook_comes_out_as_papermill_makes_it(path, ample, tmp_path):
    assert through(ample, path, tmp_path) == by_papermill(path, tmp_path)


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
    "print('before'); subprocess.run(['echo', 'from a program']); print('after')",
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
    "        return {'text/plain': 'rich', 'text/latex': '$r$', 'a/b+json': {'a': 1}}, "
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


def told(notebook) -> list:
    """Give each cell's source, count and outputs; numbers of processes and addresses made plain."""
    text = json.dumps([[c.source, c.execution_count, c.outputs] for c in notebook.cells])
    text = re.sub(r"ipykernel_\d+", "ipykernel_0", text)
    return json.loads(re.sub(r" at 0x[0-9a-f]+", " at 0x0", text))


@linux
def test_awkward_cells_come_out_as_papermill_makes_them(ample, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # with it a kernel does not listen to programs
    template = write_notebook(tmp_path / "awkward.ipynb", *AWKWARD)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    ours, theirs = through(ample, template, tmp_path / "a"), by_papermill(template, tmp_path / "b")
    assert not isinstance(ours, str), ours
    assert [c for c in told(ours) if c not in told(theirs)] == []
    assert told(ours) == told(theirs)
    pictures = [o for c in ours.cells for o in c.outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 6


VALUES = {
    "text": "say \"it's\" \\ café 日本\n{x} %s", "number": -3, "share": 0.1, "huge": float("inf"),
    "flag": False, "nothing": None, "many": [1, "a", None], "named": {"a": {"b": 1.5}},
}  # fmt: skip


@linux
def test_parameters_are_put_in_where_and_as_papermill_does(ample, tmp_path):
    template = tmp_path / "p.ipynb"
    write_notebook(template, "before = 1", "\n".join(f"{n} = 0" for n in VALUES), "text, huge")
    notebook = read_notebook(template)
    notebook.cells[1].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, template)
    ours = through(ample, template, tmp_path, **VALUES)
    assert ours == by_papermill(template, tmp_path, **VALUES)
    assert ours.cells[2].source.startswith("# Parameters\ntext = ")
    assert [c.execution_count for c in ours.cells] == [1, 2, 3, 4]


def test_how_printed_lines_arrive_in_pieces_does_not_matter():
    said = [("stderr", "e1"), ("stdout", "o1"), ("stderr", "e2"), ("stdout", "o2")]
    cell = nbformat.v4.new_code_cell("x", id="a")
    cell.outputs = [nbformat.v4.new_output("stream", name=n, text=t) for n, t in said]
    cell.outputs.append(nbformat.v4.new_output("display_data", {"text/plain": "d"}))
    cell.outputs.append(nbformat.v4.new_output("stream", name="stderr", text="e3"))
    kept = keep_form(nbformat.v4.new_notebook(cells=[cell])).cells[0].outputs
    assert [o.get("text") for o in kept] == ["o1o2", "e1e2", None, "e3"]


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
        fill_in(template, {"name": "x"})


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
        "Cell 2 ran for more than 4 seconds (--cell-seconds)."),
    "a cell that holds the interpreter": ("sum(range(10 ** 15))",
        "Cell 2 ran for more than 4 seconds (--cell-seconds)."),
    "a cell that heeds no signal": (
        "import signal, time\nfor n in (2, 15): signal.signal(n, signal.SIG_IGN)\n"
        "while True:\n    try: time.sleep(1e6)\n    except BaseException: pass",
        "Cell 2 ran for more than 4 seconds (--cell-seconds)."),
    "a program that does not end": ("!sleep 98765", "Cell 2 ran for more than 4 seconds"),
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


@linux
@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_stops_a_notebook_is_said_in_a_line_and_leaves_nothing_running(
    fault, forks, tmp_path
):
    cell, says = FAULTS[fault]
    template = write_notebook(tmp_path / "in.ipynb", "x = 1", cell, "x = 2")
    reason = through(forks, template, tmp_path)
    assert isinstance(reason, str), "called done"
    assert reason.startswith(says)
    assert "\n" not in reason
    assert wait_until(lambda: not below(forks.server.pid), 6), below(forks.server.pid)
