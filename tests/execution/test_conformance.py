"""What Papermill runs, this runs: the same outputs, the same files beside them, the same end.

What plain Papermill makes of each notebook is recorded in ``conformance.json``; ``make soak`` makes
it again, and ``QI_RECORD=1`` writes it.
"""

# ruff: noqa: E501 (cells stand here as they do in a notebook)
import hashlib
import json
import os
import re
from pathlib import Path

import nbformat
import papermill
import pytest
from conftest import SOAK
from papermill.exceptions import PapermillExecutionError
from processes import linux, write_notebook

from qi_analysis.execution.notebook import (
    WARNINGS,
    normalise_notebook,
    read_notebook,
    read_warnings,
)
from qi_analysis.execution.tasks import Task

RECORDED = Path(__file__).parent / "conformance.json"
HELPER = {
    "helper.py": "LOG = open('helper.log', 'w')\nLOG.write('loaded')\ndef double(n): return 2 * n\n"
}
WARD = {"ward.py": "beds = 12\n", "lists/__init__.py": "names = ['a', 'b']\n"}
DATA = {"data.csv": "a,b\n1,2\n"}
PARAMETERS = "# its parameters"  # begins a cell that is tagged so

# Each: cells; or cells, parameters; or cells, parameters, files beside it.
NOTEBOOKS = {
    # what is open at the end
    "a file left open": ["import csv\ncsv.writer(open('side.csv', 'w')).writerow(['a', 1])"],
    "a file kept in a name": ["f = open('kept.txt', 'w'); f.write('some text')", "f.write(' and more')"],
    "bytes unflushed": ["f = open('kept.bin', 'wb'); f.write(bytes(10))", "f.tell()"],
    "a compressed file": [
        "import gzip, bz2, lzma\nfiles = [m.open(f'{m.__name__}.z', 'wt') for m in (gzip, bz2, lzma)]\n"
        "for f in files: f.write('text ' * 50)",
    ],
    "an archive": [
        "import zipfile\nz = zipfile.ZipFile('a.zip', 'w')\n"
        "z.writestr(zipfile.ZipInfo('inside.txt'), 'text')",
    ],
    "an archive as a result": [
        "import zipfile\nz = zipfile.ZipFile('a.zip', 'w')\n"
        "z.writestr(zipfile.ZipInfo('inside.txt'), 'text')\nz;",
    ],
    "a database in a result": [
        "import sqlite3\nclass Base(sqlite3.Connection):\n    def __repr__(self): return 'a base'\n"
        "Base('a.db', isolation_level=None)",
        "_1.execute('PRAGMA journal_mode = WAL')\n_.execute('CREATE TABLE t (a)')\nprint(Out)",
    ],
    "a file in a cycle": [
        "class Writer:\n    def __init__(self):\n        self.me, self.file = self, open('cycle.txt', 'w')\n"
        "    def __del__(self): self.file.write('at the end')\nwriter = Writer(); del writer",
    ],
    "text over bytes": [
        "import io\nraw = open('over.txt', 'wb')\nover = io.TextIOWrapper(raw, 'utf-8')\nover.write('é' * 20)",
    ],
    "a log": [
        "import logging, logging.handlers\nto = logging.FileHandler('run.txt')\n"
        "held = logging.handlers.MemoryHandler(100, target=to)\n"
        "log = logging.getLogger('mine'); log.propagate = False\nlog.addHandler(held); log.warning('noted')",
    ],
    "a database": [
        "import sqlite3\nbase = sqlite3.connect('a.db', isolation_level=None)\n"
        "base.execute('PRAGMA journal_mode = WAL')\nbase.execute('CREATE TABLE t (a)');",
        "base.execute('INSERT INTO t VALUES (1)');",
    ],
    "a database in the middle of a change": [
        "import sqlite3\nbase = sqlite3.connect('a.db')\nbase.execute('CREATE TABLE t (a)')\n"
        "base.execute('INSERT INTO t VALUES (1)');",
    ],
    "a database in a cycle": [
        "import sqlite3\nclass Base: pass\nbase = Base(); base.me = base\n"
        "base.to = sqlite3.connect('a.db')\nbase.to.execute('CREATE TABLE t (a)')\n"
        "base.to.execute('INSERT INTO t VALUES (1)');",
    ],
    "a task that waits": [
        "import asyncio\nasync def wait():\n    try: await asyncio.sleep(1e6)\n"
        "    finally: open('at_last.txt', 'w').write('done')\n"
        "task = asyncio.create_task(wait()); await asyncio.sleep(0)",
    ],
    "an open generator": [
        "def lines():\n    with open('lines.txt', 'w') as f:\n        while True:\n            f.write((yield))\n"
        "to = lines(); next(to); to.send('one')",
    ],
    # what runs at the end
    "atexit": ["import atexit\natexit.register(lambda: open('bye.txt', 'w').write('bye'))"],
    "atexit in order": [
        "import atexit\ndef note(n):\n    with open('order.txt', 'a') as f: f.write(n)\n"
        "for n in 'abc': atexit.register(note, n)",
    ],
    "a thread still running": [
        "import threading, time\ndef late():\n    time.sleep(0.3)\n    open('late.txt', 'w').write('late')\n"
        "threading.Thread(target=late).start()",
    ],
    "an executor left open": [
        "import time\nfrom concurrent.futures import ThreadPoolExecutor\n"
        "def late(n):\n    time.sleep(0.1)\n    open(f'{n}.txt', 'w').write('late')\n"
        "pool = ThreadPoolExecutor(1)\nfor n in range(3): pool.submit(late, n)",
    ],
    "a temporary folder": [
        "import os, tempfile\nfolder = tempfile.TemporaryDirectory(dir='.')\n"
        "file = tempfile.NamedTemporaryFile(dir='.')\nlen(os.listdir(folder.name))",
    ],
    "a finalizer": [
        "import weakref\nclass Thing: pass\nthing = Thing()\n"
        "weakref.finalize(thing, lambda: open('gone.txt', 'w').write('gone'));",
    ],
    "a process of its own": [
        "import multiprocessing\n"
        "def work(): open('worked.txt', 'w').write('done')\n"
        "multiprocessing.get_context('fork').Process(target=work).start()",
    ],
    "a fork that runs on": [
        "import os, time\nfork = os.fork()\nif not fork:\n    open('forked.txt', 'w').write('done')\n    print('its own')\n"
        "while not os.path.exists('forked.txt'): time.sleep(0.01)\ntime.sleep(0.3); fork > 0",
        "with open('once.txt', 'a') as f: f.write('once')\ntime.sleep(0.3); print('later')",
        "open('once.txt').read()",
    ],
    "a fork that fails": [
        "import os, time\nif not os.fork(): 1 / 0\ntime.sleep(0.2)", "print('later')",
    ],
    "a failing cell, and a file": [
        "import atexit\nf = open('before.txt', 'w'); f.write('before')\n"
        "atexit.register(lambda: open('bye.txt', 'w').write('bye'))", "1 / 0", "f.write('after')",
    ],
    # parameters
    "magics among parameters": [
        [f"{PARAMETERS}\n%matplotlib inline\nif True:\n    %precision 2\nx = 1", "x, 3.14159"], {"x": 2},
    ],
    "a shell among parameters": [
        [f"{PARAMETERS}\nnames = !echo a\nx = 60 * 60\n!true", "x, list(names)"], {"x": 5},
    ],
    "computed defaults": [
        [f"{PARAMETERS}\nfrom datetime import date\nday = date.today()\nseconds = 60 * 60\nshare = 1 / 2",
         "type(day).__name__, seconds, share"], {"seconds": 7},
    ],
    "a magic cell of parameters": [
        [f"%%capture\n{PARAMETERS}\nprint('quiet')\nx = 1", "x"], {"x": 3},
    ],
    "annotated parameters": [
        [f"{PARAMETERS}\nfrom typing import Optional\nx: int | None = None\ny: Optional[float] = None\n"
         "names: list[str] = []\nwhere: 'dict[str, int]' = {}", "x, y, names, where"],
        {"x": 5, "y": 0.5, "names": ["a"], "where": {"a": 1}},
    ],
    "two cells of parameters": [
        [f"{PARAMETERS}\nx = 1", f"{PARAMETERS}\ny = 2", "x, y"], {"x": 5},
    ],
    "parameters declared together": [
        [f"{PARAMETERS}\na, b = 1, 2\nc = d = 3\nif a:\n    e = 4", "a, b, c, d, e"],
        {"a": 5, "d": 6, "e": 7},
    ],
    "parameters that begin a function": [
        [f"{PARAMETERS}\nimport os\nn: int = 2\ndef twice(v): return 2 * v", "twice(n)"], {"n": 4},
    ],
    # tags
    "a skipped cell": ["x = 1", "# skip\nx = 2\nopen('no.txt', 'w')", "x"],
    "skipped cells at both ends": ["# skip\n1 / 0", "'between'", "# skip\n1 / 0"],
    "a skipped cell of parameters": [[f"{PARAMETERS}\n# skip\nx = 1", "x"], {"x": 4}],
    "nothing but a skipped cell": ["# skip\nprint('no')"],
    # modules and files beside it
    "a module beside it": [["from helper import double\ndouble(4)"], {}, HELPER],
    "a package and a star": [["from ward import *\nimport lists\nbeds, lists.names"], {}, WARD],
    "a module that a cell writes": ["%%writefile made.py\nn = 3", "import made\nmade.n"],
    "a module loaded again": [
        ["import ward, importlib\nopen('ward.py', 'w').write('beds = 130\\n')\n"
         "importlib.reload(ward).beds"], {}, WARD,
    ],
    "%run and %load_ext": [
        ["%run ward.py\nbeds", "%load_ext autoreload\n%autoreload 2\nimport lists\nlists.names"], {}, WARD,
    ],
    "%store": [
        "x = [1]\n%store x\ndel x\n%store -r\nx", "%store -d x\nsorted(get_ipython().extension_manager.loaded)",
    ],
    "a file beside it": [["import pandas as pd\npd.read_csv('data.csv')"], {}, DATA],
    # widgets and comms
    "an output widget": [
        "import ipywidgets as w\nout = w.Output()\nwith out:\n    print('within'); display(1)\nprint('without')",
        "out.outputs", "out",
    ],
    "interact": [
        "from ipywidgets import interact, interactive\ninteract(lambda n: n * 2, n=3);",
        "i = interactive(lambda n: print(n), n=(0, 4)); i.children[0].value = 4; i.result",
        "@interact(word=['a', 'b'])\ndef say(word='b'): print(word)",
    ],
    "a bar that has moved": [
        "import ipywidgets as w\nbar = w.IntProgress(max=3)\ndisplay(bar)\nfor i in range(4): bar.value = i",
        "w.interact(print, n=3);",
    ],
    "widgets that are linked": [
        "import ipywidgets as w\na, b = w.IntSlider(3), w.IntText()\nw.jslink((a, 'value'), (b, 'value'))\n"
        "c = w.dlink((a, 'value'), (b, 'value'))\na.value = 9\nb.value",
        "seen = []\na.observe(lambda change: seen.append(change.new), 'value')\na.value = 2\nseen",
        "w.VBox([a, w.HTML('<b>x</b>')])",
    ],
    "a comm": [
        "from comm import create_comm, get_comm_manager\ncomm = create_comm(target_name='t', data={'a': 1})\n"
        "comm.on_msg(print); comm.send({'b': 2})", "comm.close()\ncomm.comm_id in get_comm_manager().comms",
    ],
    "what JSON has no word for": [  # a kernel warns of it, with the path of its library
        "import warnings\nfrom IPython.display import JSON\nwarnings.simplefilter('ignore')\n"
        "display(JSON([{'rate': float('nan'), 'n': 3}]), metadata={'limit': float('-inf')})",
        "display({'application/json': {('a', 1): True}}, raw=True)\nJSON({'limit': float('inf')})",
    ],
    "a decorated output": [
        "import ipywidgets as w\nout = w.Output()\n@out.capture()\ndef f(): print('caught'); return 3\nf()",
        "out.outputs[0]['text'], len(out.outputs)",
    ],
}  # fmt: skip


def parts(case: str) -> tuple[list[str], dict, dict]:
    """Return a notebook's cells, its parameters, and the files beside it."""
    cells, *rest = NOTEBOOKS[case] if isinstance(NOTEBOOKS[case][0], list) else [NOTEBOOKS[case]]
    return cells, *rest, *[{}, {}][len(rest) :]


def prepare(case: str, folder: Path) -> Path:
    """Write a notebook, its cells tagged, and what lies beside it."""
    cells, _, beside = parts(case)
    for name, text in beside.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    path = write_notebook(folder / "in.ipynb", *cells)
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        words = {PARAMETERS: "parameters", "# skip": "skip-execution"}
        tags = [tag for word, tag in words.items() if word in cell.source]
        cell.metadata.update({"tags": tags} if tags else {})
    nbformat.write(notebook, path)
    return path


def describe(notebook, reason: str, folder: Path) -> dict:
    """Return what came of a notebook: outputs, widgets, why it failed, and the files beside it."""
    cells, models = [], []
    if not reason:
        cells = [[c.execution_count, c.outputs] for c in notebook.cells if "outputs" in c]
        kept = notebook.metadata.get("widgets", {}).values()
        models = [model for each in kept for model in each["state"].values()]
    files = {
        path.relative_to(folder).as_posix(): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in (".ipynb", ".pyc")
    }
    found = {
        "cells": json.loads(without_names(cells)), "failed": reason.split(":")[0], "files": files
    }  # fmt: skip
    states = sorted(
        without_names([model["model_name"], dict(sorted(model["state"].items()))])
        for model in models
    )
    return found | ({"widgets": [json.loads(state) for state in states]} if states else {})


def without_names(value: list) -> str:
    """Return a value as JSON, without the names that widgets draw at random."""
    return re.sub(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", "NAME", json.dumps(value))


def digest(path: Path) -> str:
    """Return what a file holds; but for when it was compressed."""
    content = path.read_bytes()
    if path.suffix == ".z":
        import bz2
        import gzip
        import lzma

        unpack = {"gzip": gzip, "bz2": bz2, "lzma": lzma}[path.stem].decompress
        content = unpack(content)
    return hashlib.sha256(content).hexdigest()[:16]


def by_papermill(case: str, folder: Path) -> dict:
    """Return what comes of a notebook by plain Papermill."""
    path, (_, given, _), made, reason = prepare(case, folder), parts(case), None, ""
    try:
        made = papermill.execute_notebook(
            str(path), None, given, cwd=str(folder), kernel_name="python3", language="python",
            progress_bar=False, execution_timeout=20, extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
        )  # fmt: skip
    except PapermillExecutionError as fault:
        reason = fault.ename
    return describe(made and normalise_notebook(made, widgets=True), reason, folder)


TOLD = {"a task that waits": "1 asyncio task was not done at its end: wait."}


def by_us(case: str, folder: Path, engine) -> dict:
    """Return what comes of a notebook by our engine."""
    path, (_, given, _) = prepare(case, folder), parts(case)
    out = str(folder / "made.ipynb")
    (done,) = engine.run([Task(str(path), out, str(folder), given, widgets=True)])
    failed = re.match(r"Cell \d+ failed with (\w+)", done.reason)
    made = None if done.reason else read_notebook(folder / "made.ipynb")
    if told := TOLD.get(case):  # beside what Papermill makes
        assert read_warnings(out) == [told]
        (folder / f"made{WARNINGS}").unlink()
    return describe(made, failed[1] if failed else done.reason, folder)


def test_there_are_forty_notebooks_and_what_papermill_makes_of_each_is_recorded():
    assert len(NOTEBOOKS) >= 40
    assert set(json.loads(RECORDED.read_text("utf-8"))) == set(NOTEBOOKS)


@linux
@pytest.mark.parametrize("case", NOTEBOOKS)
def test_a_notebook_comes_out_as_papermill_makes_it(case, engine, tmp_path):
    assert by_us(case, tmp_path, engine) == json.loads(RECORDED.read_text("utf-8"))[case]


if SOAK or "QI_RECORD" in os.environ:  # a kernel each

    @linux
    def test_what_is_recorded_is_what_papermill_makes(tmp_path):
        made = {}
        for i, case in enumerate(NOTEBOOKS):
            (tmp_path / str(i)).mkdir()
            made[case] = by_papermill(case, tmp_path / str(i))
        if "QI_RECORD" in os.environ:
            RECORDED.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", "utf-8")
        assert made == json.loads(RECORDED.read_text("utf-8"))
