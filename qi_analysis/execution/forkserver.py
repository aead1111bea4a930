"""The process on Linux from which every notebook's process is forked, warm: ``serve`` is its life.

It imports what notebooks and pages need, once; then it reads tasks as lines of JSON from standard
input, forks a child for each, watches the children's time, and writes a line when one ends. It has
one thread, as a process that forks must, and waits for whatever comes next: a task, a line from a
child, a child's end, or a limit. When its input ends, because the process that started it has
closed it or has died, it ends every process below it, then itself.
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
import re
import resource
import select
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from ..core.text import count_of, listed
from .environment import isolated_settings, quick_nbformat
from .notebook import execute_task, load_function, note_warning, verify_execution
from .tasks import TRACKER_SECONDS, Limits, Task, describe_end, describe_fault

POLL_SECONDS = 0.5  # seconds between looks at the limits
TRY_SECONDS = 30  # seconds in which a small notebook must have run
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # from <linux/prctl.h>
_prctl = ctypes.CDLL(None, use_errno=True).prctl


@dataclass
class _Child:
    """A notebook's process, and what it has sent of its cells and its end."""

    key: int
    pid: int
    pidfd: int  # a descriptor that is readable once the process has ended
    pipe: int  # on which it sends messages
    limits: Limits
    deadline: float  # of the whole run
    began: float = field(default_factory=time.monotonic)
    cell: int = 0
    cell_began: float = field(default_factory=time.monotonic)
    reason: str | None = None  # None until its cells have run; empty if all went well
    unread: bytes = b""  # the beginning of a line
    closed: bool = False  # its end of the pipe is closed

    def read_messages(self) -> None:
        """Read what the child has sent so far."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.pipe, 1 << 16):
                self.unread += data
            self.closed = True
        *lines, self.unread = self.unread.split(b"\n")
        for message in map(json.loads, lines):
            if "cell" in message:
                self.cell, self.cell_began = message["cell"], time.monotonic()
            elif not self.reason:
                self.cell_began = time.monotonic() if self.reason is None else self.cell_began
                self.reason = message["reason"]

    def exceeded_limit(self) -> str:
        """Describe which limit of time has passed; empty if none has."""
        now, limits = time.monotonic(), self.limits
        if now > self.deadline:
            return limits.run_too_long()
        if now - self.began > limits.notebook_seconds:
            return limits.notebook_too_long(self.cell)
        if self.reason is not None:
            late = now - self.cell_began > limits.ending_seconds
            return limits.ending_too_long() if late else ""
        if self.cell and now - self.cell_began > limits.cell_seconds:
            return limits.cell_too_long(self.cell)
        return ""


def serve(kernel, workers: int, replies: int, warm_up: str) -> None:
    """Execute the notebooks that standard input requests, until it ends."""
    requests = os.dup(0)
    os.set_blocking(requests, False)
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        _children()
    except OSError:  # as in a bare container: what a notebook leaves could not be ended
        raise RuntimeError("/proc is not mounted, or does not list processes.") from None
    _try_out(kernel)
    _warm_up(warm_up)
    gc.freeze()  # else each child's first collection copies the parent's memory
    gc.enable()
    try:
        with contextlib.suppress(BrokenPipeError):  # nobody reads the replies any more
            _write_line(replies, ready=True)
            _Server(kernel, workers, requests, replies).run()
    finally:
        _kill_all_but(set())


class _Server:
    def __init__(self, kernel, workers: int, requests: int, replies: int):
        self.kernel, self.workers = kernel, workers
        self.requests, self.replies, self.unread = requests, replies, b""
        self.queue: deque[dict] = deque()
        self.children: dict[int, _Child] = {}  # by process

    def run(self) -> None:
        while True:
            while self.queue and len(self.children) < self.workers:
                self.start(self.queue.popleft())
            if not self.wait():
                return
            for child in list(self.children.values()):
                self.check(child)

    def wait(self) -> bool:
        """Wait for something to happen, and read new requests; whether there may be more."""
        children = self.children.values()
        files = [self.requests, *(child.pidfd for child in children)]
        files += [child.pipe for child in children if not child.closed]
        if self.requests not in select.select(files, [], [], POLL_SECONDS)[0]:
            return True
        data = os.read(self.requests, 1 << 16)
        *lines, self.unread = (self.unread + data).split(b"\n")
        for request in map(json.loads, lines):
            if "cancel" in request:
                self.cancel(request["cancel"])
            else:
                self.queue.append(request)
        return bool(data)

    def cancel(self, key: int) -> None:
        for child in self.children.values():
            if child.key == key:
                os.kill(child.pid, signal.SIGKILL)

    def check(self, child: _Child) -> None:
        """Reply for a child that has ended, and end what it left; kill one that ran too long."""
        child.read_messages()
        exceeded = child.exceeded_limit()
        if exceeded:
            os.kill(child.pid, signal.SIGKILL)
        elif not select.select([child.pidfd], [], [], 0)[0]:
            return
        status = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        child.read_messages()
        del self.children[child.pid]
        _kill_all_but(set(self.children))
        os.close(child.pidfd)
        os.close(child.pipe)
        reason = child.reason
        if reason is None or (status != 0 and not reason):
            reason = exceeded or describe_end(child.cell, status, done=reason is not None)
        self.reply(child.key, reason, time.monotonic() - child.began)

    def reply(self, key: int, reason: str, seconds: float) -> None:
        _write_line(self.replies, key=key, reason=reason, seconds=seconds)

    def start(self, request: dict) -> None:
        task, limits = Task(**request["task"]), Limits(**request["limits"])
        key, deadline = request["key"], request["deadline"]
        if time.monotonic() > deadline:
            self.reply(key, limits.run_too_long(), 0.0)
            return
        outlet, inlet = os.pipe()
        parent, pid = os.getpid(), os.fork()
        if pid == 0:
            os.close(outlet)
            self.become_child(parent)
            _run_child(self.kernel, task, limits, inlet)
        os.close(inlet)
        os.set_blocking(outlet, False)
        self.children[pid] = _Child(key, pid, os.pidfd_open(pid), outlet, limits, deadline)

    def become_child(self, parent: int) -> None:
        """Close what is the server's alone, and end when it does."""
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        for child in self.children.values():
            os.close(child.pidfd)
            os.close(child.pipe)
        os.close(self.requests)
        os.close(self.replies)


def _run_child(kernel, task: Task, limits: Limits, inlet: int) -> None:
    """Execute one notebook in this forked process, send how it went, and end; never returns.

    It ends as a kernel does, but for taking apart all that was imported.
    """
    own = os.getpid()

    def send(**message) -> None:
        if os.getpid() == own:  # and not a process that a cell forked
            _write_line(inlet, **message)

    def end() -> None:
        os._exit(0 if os.getpid() == own else 1)

    def give_up(reason: str) -> None:
        send(reason=reason)
        end()

    options = {
        "figures": task.figures,
        "limits": limits,
        "on_cell_start": lambda number: send(cell=number),
        "give_up": give_up,
    }
    reason = ""
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _prctl(PR_SET_CHILD_SUBREAPER, 1)  # a job in the background lives as long as the notebook
        _limit_memory(limits.memory_mb << 20)
        _reseed()
        execute_task(task, kernel.engine, **options)
    except BaseException as fault:
        reason = describe_fault(fault) or type(fault).__name__
    send(reason=reason)
    try:
        if os.getpid() == own:
            reason = kernel.end()
            with contextlib.suppress(Exception):  # a cell may have replaced what this needs
                for line in (*kernel.unfinished, *_describe_running(_find_running())):
                    note_warning(task.out, line)
            send(reason=reason)
        end()
    finally:  # nothing may come back to the server's own code
        os._exit(1)


def _try_out(kernel) -> None:
    """Run a small notebook in a child, as every notebook is run.

    Raises
    ------
    RuntimeError
        If it does not come out right, as with another release of what the kernel is made of.
    """
    outlet, inlet = os.pipe()
    if (pid := os.fork()) == 0:
        signal.alarm(TRY_SECONDS)
        gc.freeze()
        os.write(inlet, _run_small(kernel).encode())
        os._exit(0)
    os.close(inlet)
    with open(outlet, "rb") as answer:
        reason = answer.read().decode()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status or reason:
        raise RuntimeError(reason or describe_end(1, status))


def _run_small(kernel) -> str:
    """Return why a small notebook does not come out right; nothing if it does."""
    from nbformat.v4 import new_code_cell, new_notebook

    notebook = new_notebook(cells=[new_code_cell("print('printed')\n1 + 1")])
    try:
        kernel.run(notebook, "png", Limits(), lambda number: None, lambda reason: os._exit(1))
        verify_execution(notebook)
        late = kernel.end()
        outputs = [
            each.get("text") or each.data["text/plain"] for each in notebook.cells[0].outputs
        ]
    except BaseException as fault:
        return describe_fault(fault) or type(fault).__name__
    return late if outputs == ["printed\n", "2"] else "A small notebook did not come out right."


def _limit_memory(most: int) -> None:
    """Limit this process to so many more bytes of memory; more is refused, a MemoryError."""
    with open("/proc/self/status") as status:
        now = next(int(line.split()[1]) << 10 for line in status if line.startswith("VmData"))
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]  # the user's own, which cannot be raised
    most = now + most if hard == resource.RLIM_INFINITY else min(now + most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _reseed() -> None:
    """Seed this process's random numbers anew; all children would draw the parent's."""
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def _kill_all_but(children: set[int]) -> None:
    """Kill every process below this one but these: such as a cell started and left behind.

    What a dead process leaves comes to this one (it is their "subreaper"), so that each look may
    find more, until there are none. Those that libraries keep, to remove what was shared and left,
    may do so: they end by themselves once all others have.
    """
    until = time.monotonic() + TRACKER_SECONDS
    while others := [pid for pid in _children() if pid not in children]:
        late = time.monotonic() > until
        kept = {pid for pid in others if not late and _ends_by_itself(pid)}
        for pid in {*others} - kept:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in others:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG if pid in kept else 0)
        if kept:
            time.sleep(0.01)


def _find_running() -> list[str]:
    """Return the names of this process's children that still run, but for those of libraries."""
    names = []
    for pid in _children():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", errors="replace") as status:
            name, _, rest = status.read().partition("(")[2].rpartition(")")
            if rest.split()[0] not in "ZX" and not _ends_by_itself(pid):
                names.append(name)
    return names


def _describe_running(names: list[str]) -> list[str]:
    if not names:
        return []
    n = count_of(len(names), "process", "processes")
    were = "was" if len(names) == 1 else "were"
    which = listed([*dict.fromkeys(names)])
    return [f"{n} that the notebook started still ran at its end and {were} stopped: {which}."]


def _ends_by_itself(pid: int) -> bool:
    """Whether a process is one that multiprocessing, or joblib, keeps and ends by itself."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as words:
            return bool(re.search(rb"(resource_tracker|forkserver) import main", words.read()))
    except OSError:
        return False


def _children() -> list[int]:
    """Return the processes that a thread of this one started, or that came to it."""
    found = []
    for thread in os.listdir("/proc/self/task"):
        try:
            with open(f"/proc/self/task/{thread}/children") as numbers:
                found += map(int, numbers.read().split())
        except OSError:
            if thread == str(os.getpid()):  # others may have ended meanwhile
                raise
    return found


@contextmanager
def report_crash(replies: int) -> Iterator[None]:
    """Write what ends this process, if it is an error, where its replies are read, if they are."""
    try:
        yield
    except Exception as fault:
        with contextlib.suppress(BrokenPipeError):
            _write_line(replies, ended=f"{type(fault).__name__}: {fault}")


def _write_line(file: int, **message) -> None:
    os.write(file, json.dumps(message).encode() + b"\n")


def main() -> None:
    """Run the fork server: the first thing that its process does.

    Some libraries ask on their import whether they are in a notebook (pandas does, to choose how
    wide a printed table is), so the kernel is there before they are.
    """
    sys.path[:], workers, warm_up, empty = json.loads(sys.argv[1])
    # As it was found there: to find it, a process writes a file in it, which it leaves if it is
    # killed just then. What is forked from here does not look again.
    tempfile.tempdir = os.path.dirname(empty) or None
    os.chdir("/")  # where there is no file of settings
    with report_crash(replies := os.dup(1)):
        with isolated_settings(empty):
            quick_nbformat()
            from .in_process import InProcessKernel

            kernel = InProcessKernel()
        with kernel.shell.builtin_trap:  # as in a cell: there is a `get_ipython`
            serve(kernel, workers, replies, warm_up)
    os._exit(0)  # to take apart all that was imported would be waited for


# What reports, and the functions they call, import when they first use it. Seaborn, for heat maps,
# brings statistics that no report uses: it would take as long as all the others.
LIBRARIES = (
    "IPython.core.logger", "IPython.core.pylabtools", "PIL.Image", "matplotlib.dates",
    "matplotlib.pyplot", "pandas.core.reshape.reshape", "pandas.io.formats.csvs",
    "pyarrow.csv", "pyarrow.dataset", "pyarrow.json", "pyarrow.parquet",
    "scipy.special", "sqlite3", "xlsxwriter",
)  # fmt: skip


def _warm_up(function: str) -> None:
    """Import and use each library once.

    Nothing here may start a thread, or leave anything behind that a notebook could see: drawing
    goes to a figure that pyplot does not know, and nothing is read with Arrow. ``function`` is one
    of whoever starts the server, as ``module:function``: it imports what notebooks use.
    """
    for library in LIBRARIES:
        import_module(library)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with contextlib.suppress(Exception):  # if a font is missing, each chart will fail by itself
        _draw()
    if function:
        load_function(function)()


def _draw() -> None:
    """Draw what pages show: a table, a chart with fonts, dates and a layout, its picture."""
    import matplotlib.dates as mdates
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="tight")
    axes = figure.subplots()
    days = pd.date_range("2020-01-01", periods=12, freq="MS")
    axes.plot(days, np.linspace(0, 1, 12), marker="o", label="rate")
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.annotate("aim", (days[3], 0.5), weight="bold", style="italic")
    axes.legend(title="a")
    frame: Any = pd.DataFrame({"name": ["a", "b"], "rate": [0.2, 0.4]})
    _ = repr(frame), frame._repr_html_()
    figure.savefig(io.BytesIO(), format="svg")
