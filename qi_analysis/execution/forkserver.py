"""The process on Linux from which every notebook's process is forked, warm: ``serve`` is its life.

It imports what notebooks and pages need, once; then it is given tasks as lines of JSON on standard
input, forks a child for each, watches the children's time, and answers with a line when one ends.
It has one thread, as a process that forks must, and waits for whatever comes next: a task, a line
from a child, a child's end, or a limit. When its input ends, because the process that started it
has closed it or has died, it ends every process below it, then itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import json
import logging
import os
import random
import resource
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module

from .environment import isolated_settings, quick_nbformat
from .notebook import load_function, make_notebook
from .tasks import Limits, Task, describe_end, describe_fault

TICK = 0.5  # seconds between looks at the limits and for processes left behind
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # from <linux/prctl.h>
_prctl = ctypes.CDLL(None, use_errno=True).prctl


@dataclass
class _Child:
    """A notebook's process: ``news`` is the pipe on which it says where it is and how it ended."""

    key: int
    pid: int
    ended: int  # a descriptor that is readable once the process has ended
    news: int
    limits: Limits
    until: float  # when the whole run must be over
    began: float = field(default_factory=time.monotonic)
    cell: int = 0
    cell_began: float = field(default_factory=time.monotonic)
    reason: str | None = None  # None until it is known; empty if all went well
    heard: bytes = b""
    silent: bool = False  # its end of the pipe is closed

    def hear(self) -> None:
        """Take in what the child has said so far."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.news, 1 << 16):
                self.heard += data
            self.silent = True
        *lines, self.heard = self.heard.split(b"\n")
        for said in map(json.loads, lines):
            if "cell" in said:
                self.cell, self.cell_began = said["cell"], time.monotonic()
            elif self.reason is None:
                self.reason = said["reason"]

    def over_time(self) -> str:
        """Say which limit of time has passed; nothing if none has."""
        now, limits = time.monotonic(), self.limits
        if now > self.until:
            return limits.run_too_long()
        if now - self.began > limits.notebook_seconds:
            return limits.notebook_too_long(self.cell)
        if self.cell and now - self.cell_began > limits.cell_seconds:
            return limits.cell_too_long(self.cell)
        return ""


def serve(workers: int, answers: int, warm_up: str) -> None:
    """Make the notebooks that standard input asks for, until it ends."""
    asks = os.dup(0)
    os.set_blocking(asks, False)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    shell = _warm_up(warm_up)
    gc.freeze()  # else each child's first collection copies the parent's memory
    gc.enable()
    try:
        with contextlib.suppress(BrokenPipeError):  # nobody is there any more
            _Server(shell, workers, asks, answers).run()
    finally:
        _end_all(set())


class _Server:
    def __init__(self, shell, workers: int, asks: int, answers: int):
        self.shell, self.workers = shell, workers
        self.asks, self.answers, self.asked = asks, answers, b""
        self.waiting: deque[dict] = deque()
        self.children: dict[int, _Child] = {}  # by process

    def run(self) -> None:
        while True:
            while self.waiting and len(self.children) < self.workers:
                self.start(self.waiting.popleft())
            if self.wait() is None:
                return
            for child in list(self.children.values()):
                self.look_at(child)
            _end_all(set(self.children))

    def wait(self) -> bool | None:
        """Wait for something to happen, and take in new tasks; None when there will be no more."""
        children = self.children.values()
        files = [self.asks, *(child.ended for child in children)]
        files += [child.news for child in children if not child.silent]
        if self.asks not in select.select(files, [], [], TICK)[0]:
            return True
        data = os.read(self.asks, 1 << 16)
        if not data:
            return None
        *lines, self.asked = (self.asked + data).split(b"\n")
        for asked in map(json.loads, lines):
            if "stop" in asked:
                self.stop(asked["stop"])
            else:
                self.waiting.append(asked)
        return True

    def stop(self, key: int) -> None:
        for child in self.children.values():
            if child.key == key:
                os.kill(child.pid, signal.SIGKILL)

    def look_at(self, child: _Child) -> None:
        """Answer for a child that has ended; end one that has run too long."""
        child.hear()
        late = child.over_time()
        if late:
            os.kill(child.pid, signal.SIGKILL)
        elif not select.select([child.ended], [], [], 0)[0]:
            return
        status = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        child.hear()
        del self.children[child.pid]
        os.close(child.ended)
        os.close(child.news)
        told = child.reason is not None and status == 0
        reason = child.reason if told else late or describe_end(child.cell, status)
        self.answer(child.key, reason, time.monotonic() - child.began)

    def answer(self, key: int, reason: str, seconds: float) -> None:
        line = json.dumps({"key": key, "reason": reason, "seconds": seconds})
        os.write(self.answers, line.encode() + b"\n")

    def start(self, asked: dict) -> None:
        task, key, until = Task(**asked["task"]), asked["key"], asked["until"]
        limits = Limits(**asked["limits"])
        if time.monotonic() > until:
            self.answer(key, limits.run_too_long(), 0.0)
            return
        outlet, inlet = os.pipe()
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            os.close(outlet)
            self.become_child(parent)
            _run_child(self.shell, task, limits, inlet)
        os.close(inlet)
        os.set_blocking(outlet, False)
        self.children[pid] = _Child(key, pid, os.pidfd_open(pid), outlet, limits, until)

    def become_child(self, parent: int) -> None:
        """Let go of what is the server's alone, and end when it does."""
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for child in self.children.values():
            os.close(child.ended)
            os.close(child.news)
        os.close(self.asks)
        os.close(self.answers)


def _run_child(shell, task: Task, limits: Limits, inlet: int) -> None:
    """Make one notebook in this forked process, say how it went, and end; never returns."""
    own = os.getpid()

    def tell(**said) -> None:
        if os.getpid() == own:  # and not a process that a cell forked
            os.write(inlet, json.dumps(said).encode() + b"\n")

    def end(reason: str) -> None:
        tell(reason=reason)
        os._exit(0 if os.getpid() == own else 1)

    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _limit_memory(limits.memory_mb << 20)
        _reseed()
        make_notebook(
            task,
            lambda *notebook: shell.run(*notebook, limits, lambda n: tell(cell=n), end),
        )
        end("")
    except BaseException as fault:
        end(describe_fault(fault) or type(fault).__name__)


def _limit_memory(most: int) -> None:
    """Let this process take so many bytes of memory; more is refused it, which is a MemoryError."""
    with open("/proc/self/status") as status:
        now = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
    resource.setrlimit(resource.RLIMIT_DATA, (now + most, now + most))


def _reseed() -> None:
    """Return this process random numbers of its own; all children would draw the parent's."""
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _end_all(kept: set[int]) -> None:
    """End every process below this one but those kept: such as a cell started and left behind.

    What a dead process leaves comes to this one (it is their "subreaper"), so that each look may
    find more, until there are none.
    """
    while others := [pid for pid in _children() if pid not in kept]:
        for pid in others:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in others:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children() -> list[int]:
    pid = os.getpid()
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return [int(word) for word in listed.read().split()]


@contextmanager
def report_crash(answers: int) -> Iterator[None]:
    """Write what ends this process, if it is an error, where its answers are read."""
    try:
        yield
    except Exception as fault:
        why = f"{type(fault).__name__}: {fault}"
        os.write(answers, json.dumps({"ended": why}).encode() + b"\n")
        raise


def main() -> None:
    """Be the fork server: the first thing that its process does.

    Some libraries ask on their import whether they are in a notebook (pandas does, to choose how
    wide a printed table is), so the kernel is there before they are.
    """
    sys.path[:], workers, warm_up = json.loads(sys.argv[1])
    os.chdir("/")  # where there is no file of settings
    with report_crash(answers := os.dup(1)):
        with isolated_settings():
            quick_nbformat()
            from .in_process import make_kernel

            kernel = make_kernel()
        with kernel.shell.builtin_trap:  # as in a cell: there is a `get_ipython`
            serve(workers, answers, warm_up)
    os._exit(0)  # to take apart all that was imported would be waited for


# What notebooks, and the functions they call, import when they first use it.
LIBRARIES = (
    "IPython.core.logger", "IPython.core.pylabtools", "PIL.Image", "matplotlib.dates",
    "matplotlib.pyplot", "mistune.plugins.def_list", "mistune.plugins.task_lists",
    "mistune.plugins.url", "pandas.core.reshape.reshape", "pandas.io.formats.csvs",
    "papermill.parameterize", "pyarrow.csv", "pyarrow.dataset", "pyarrow.json", "pyarrow.parquet",
    "scipy.optimize", "scipy.sparse", "scipy.special", "scipy.stats", "seaborn", "sqlite3",
    "xlsxwriter",
)  # fmt: skip


def _warm_up(also: str):
    """Import and use each library once, and give the shell that a child's notebook will run in.

    Nothing here may start a thread, or leave anything behind that a notebook could see: drawing
    goes to a figure that pyplot does not know, and nothing is read with Arrow. ``also`` is a
    function of whoever starts the server, as ``module:function``: it imports what notebooks use.
    """
    from .in_process import Shell

    shell = Shell()
    for library in LIBRARIES:
        import_module(library)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with contextlib.suppress(Exception):  # if a font is missing, let each chart say so
        _draw()
    if also:
        load_function(also)()
    return shell


def _draw() -> None:
    """Draw what pages show: a table, a chart with fonts, dates and a layout, its picture."""
    import matplotlib.dates as mdates
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    axes = Figure(figsize=(6, 4), layout="tight").subplots()
    days = pd.date_range("2020-01-01", periods=12, freq="MS")
    axes.plot(days, np.linspace(0, 1, 12), marker="o", label="rate")
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.annotate("aim", (days[3], 0.5), weight="bold", style="italic")
    axes.legend(title="a")
    frame = pd.DataFrame({"name": ["a", "b"], "rate": [0.2, 0.4]})
    frame._repr_html_(), repr(frame)
    axes.figure.savefig(io.BytesIO(), format="svg")
