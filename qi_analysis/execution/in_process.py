"""Run a notebook's cells in this very process, as a Jupyter kernel does, without its sockets.

The cells run in ipykernel's own kernel and shell, so magics, displays, errors, ``input()`` and
top-level ``await`` are what a kernel makes of them. Its messages are not sent but passed at once to
nbclient, which turns them into outputs as it does for Papermill; what nbclient replies, as widgets
make it do, reaches the kernel after the cell. A kernel sends what is printed
every fifth of a second, so that its order is a matter of chance; here it is sent when something
else is shown or the cell ends, and so always comes out alike. What a task that an earlier cell left
running prints is shown in the cell that then runs; Papermill loses it.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import errno
import gc
import io
import json
import logging
import mmap
import os
import select
import sys
import threading
import time
import weakref
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, cast

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.jsonutil import json_clean, json_default
from jupyter_client.session import Session
from nbclient import NotebookClient
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

from ..core.errors import NotebookFailed
from ..core.text import count_of, listed
from .papermill_engine import find_trackers
from .tasks import TRACKER_SECONDS, Limits, check_cell, describe_error, is_run, one_line

SPARE_MEMORY = 16 << 20  # bytes
TURNS = 10  # of the event loop after a cell: what its tasks wait for may have come
_UNHEARD = logging.getLogger("qi_analysis.unheard")  # nbclient's remarks, else in the notebook
_UNHEARD.setLevel(logging.CRITICAL)
CODE = (ModuleType, FunctionType, type)
WRITERS = (io.BufferedWriter, io.BufferedRandom)
STREAMS = {"stdout": 1, "stderr": 2}  # and the descriptors where other programs write them


class InProcessKernel:
    """The one kernel of this process; it runs one notebook, in a child forked from the process."""

    engine = "in-process"  # the name under which Papermill knows it

    def __init__(self):
        settings = Config()
        settings.HistoryManager.enabled = False  # else it has a database, and a thread to write it
        self.messages = _Messages()
        self.modules: set[str] | None = None  # those that were there before the first cell
        self.unfinished: list[
            str
        ] = []  # what of asyncio was not done at the end, or failed unheard
        program: Any = IPKernelApp.instance(config=settings)
        self.kernel: Any = IPythonKernel.instance(
            parent=program,
            session=self.messages,
            iopub_socket=object(),
            log=logging.getLogger("kernel"),
            shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
        )
        program.kernel, program.shell = self.kernel, self.kernel.shell
        program.init_extensions()  # such as `%store`
        self.shell = self.kernel.shell
        self.db: Any = self.shell.db  # of `%store`; it makes its folder as it is first asked for
        InProcessEngine.kernel = self
        papermill_engines.register(self.engine, InProcessEngine)

    def run(
        self,
        notebook,
        figures: str,
        limits: Limits,
        on_cell_start: Callable[[int], None],
        give_up: Callable[[str], None],
    ) -> None:
        """Run every code cell in order, its outputs put in their places in the notebook.

        Parameters
        ----------
        notebook : NotebookNode
            Changed in place.
        figures : str
            The format of its figures, as IPython names it.
        limits : Limits
            Only the limit of the outputs' size is enforced here.
        on_cell_start : callable
            Takes the number of each cell, from 1, when it begins.
        give_up : callable
            Takes the reason when the outputs are too large or memory has run out; ends the process,
            so that no cell can prevent it, and nothing more is tried without memory.

        Raises
        ------
        NotebookFailed
            At the first cell that raises an error or leaves the notebook.
        """
        self.modules = set(sys.modules)
        self.pid = os.getpid()
        folder = Path(self.shell.profile_dir.location)  # the run removes it
        self.db.root = folder / f"stored-{self.pid}"  # what another notebook stored is its own
        self._start_exit_functions()
        if "" not in sys.path:
            sys.path.insert(0, "")  # as a kernel does: modules lie beside the notebook
        self.shell.config.InlineBackend.figure_formats = {figures}
        self.messages.bytes_left = limits.output_bytes
        self.messages.give_up = lambda: give_up(limits.too_large())
        self.streams = [_Stream(name, file, self.messages) for name, file in STREAMS.items()]
        sys.stdout, sys.stderr = self.streams
        threading.Thread(target=_read_programs, args=(self.streams,), daemon=True).start()
        self._start_history()
        self._give_up_without_memory(give_up, limits)
        self.loop = loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        gc.freeze()  # what is here now is not the cells', and stays open
        loop.run_until_complete(self._run_cells(notebook, limits, on_cell_start))

    def _start_exit_functions(self) -> None:
        """Have exit functions of this process alone: others' would remove the parent's files."""
        atexit._clear()
        finalize: Any = weakref.finalize
        finalize._registry.clear()
        finalize._registered_with_atexit = False  # so that the next one is registered again
        atexit.register(logging.shutdown)
        if util := sys.modules.get("multiprocessing.util"):
            atexit.register(util._exit_function)

    def end(self) -> str:
        """End what the cells began, as Python does at its end: threads, exit functions and files.

        Threads are waited for, but not those that are daemons. What is shown now, nobody sees: so
        the first error of a thread, an exit function or a file's last write is returned, in words.
        """
        if self.modules is None:  # no cell was come to
            return ""
        self.messages.receive = lambda message: None
        self._hear_tasks()
        faults = _hear_faults()
        cast(Any, threading)._shutdown()
        atexit._run_exitfuncs()
        sys.unraisablehook = lambda given: None
        faults += _flush_files()
        _end_trackers()
        self.shell.last_execution_result = None
        new = {name for name in {*sys.modules} - self.modules if sys.modules[name]}
        results = self.shell.user_ns_hidden, self.shell.history_manager.output_hist
        for names in (*results, self.shell.user_ns, *(vars(sys.modules[name]) for name in new)):
            _empty(names)
        asyncio.set_event_loop(None)  # else what waits in it never comes to its `finally`
        self.shell.displayhook.flush()  # the last results; it collects cycles too
        _close(_find_files())
        return next(iter(faults), "")

    def _hear_tasks(self) -> None:
        """Note the tasks that wait and so are never done, and those that failed and are let go."""
        names = sorted(
            getattr(t.get_coro(), "__qualname__", "") for t in asyncio.all_tasks(self.loop)
        )
        if names:
            n, were = count_of(len(names), "asyncio task"), "was" if len(names) == 1 else "were"
            self.unfinished.append(f"{n} {were} not done at its end: {listed(names)}.")

        def hear(loop, context) -> None:
            fault = context.get("exception")
            if fault is not None:
                what = "An asyncio task that no cell awaited"
                self.unfinished.append(f"{what} failed with {_name_fault(fault)}")

        self.loop.set_exception_handler(hear)

    def _give_up_without_memory(self, give_up: Callable[[str], None], limits: Limits) -> None:
        """Reserve memory in which to report that there is no more; a traceback would need much."""
        show = self.shell.showtraceback
        spare = mmap.mmap(
            -1, SPARE_MEMORY, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        )  # counted, not filled

        def showtraceback(*args, **kwargs):
            kind, fault, _ = sys.exc_info()
            if kind and issubclass(kind, MemoryError):
                spare.close()
                give_up(describe_error(self.number, kind.__name__, str(fault), limits))
            show(*args, **kwargs)

        self.shell.showtraceback = showtraceback

    def _start_history(self) -> None:
        """Keep a history of the cells, in memory; it has a thread, and so waits for the fork."""
        self.shell.config.HistoryManager.update(enabled=True, hist_file=":memory:")
        self.shell.configurables.remove(self.shell.history_manager)
        self.shell.init_history()
        self.shell.init_user_ns()

    async def _run_cells(self, notebook, limits: Limits, on_cell_start) -> None:
        client: Any = NotebookClient(notebook, record_timing=False, log=_UNHEARD)
        client.reset_execution_trackers()
        replies: list[dict] = []  # of widgets that stand in for those of a browser
        channel = SimpleNamespace(send=replies.append)
        client.kc = SimpleNamespace(session=self.messages, shell_channel=channel)
        code = [(i, c) for i, c in enumerate(notebook.cells) if is_run(c)]
        for self.number, (i, cell) in enumerate(code, 1):
            on_cell_start(self.number)
            cell.outputs, client.clear_before_next_output = [], False
            self.messages.receive = lambda message, at=(cell, i): client.process_message(
                message, *at
            )
            self.kernel.set_parent([], _request(i, cell.source), "shell")
            try:
                with self._left_by_forks():
                    reply = await self.kernel.do_execute(
                        cell.source, silent=False, allow_stdin=False
                    )
                self._flush()
            except Exception as fault:  # not the cell's own, but of what it did to its kernel
                name = type(fault).__name__
                raise NotebookFailed(
                    describe_error(self.number, name, str(fault), limits)
                ) from None
            cell.execution_count = reply["execution_count"]
            check_cell(self.number, cell.outputs, reply, limits)
            with self._left_by_forks():
                self._hear(replies)
                for _ in range(TURNS):
                    await asyncio.sleep(0)
        client.set_widgets_metadata()

    @contextlib.contextmanager
    def _left_by_forks(self) -> Iterator[None]:
        """End what was forked in here: no other cell is its own, as a kernel's fork gets none."""
        try:
            yield
        finally:
            if os.getpid() != self.pid:
                os._exit(0)

    def _hear(self, replies: list[dict]) -> None:
        """Pass what a browser would send to the kernel; what that shows, Papermill does not."""
        self.messages.receive = lambda message: None
        for reply in replies:
            message = {"buffers": [], **json.loads(json.dumps(reply, default=json_default))}
            self.kernel.set_parent([], message, "shell")
            self.kernel.comm_manager.comm_msg(None, None, message)
        self._flush()
        replies.clear()

    def _flush(self) -> None:
        """Show what was printed, also by a stream of Python's or one that a cell put in place."""
        others = {sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__} - {*self.streams}
        for stream in others:
            with contextlib.suppress(Exception):  # it may be anything
                stream.flush()
        for stream in self.streams:
            stream.flush()


def _request(i: int, code: str) -> dict:
    header = {"msg_id": str(i), "msg_type": "execute_request"}
    return {"header": header, **header, "metadata": {}, "content": {"code": code}}


def _empty(names: dict[Any, Any]) -> None:
    """Let go of all that has a name, first of what is no code, whose end may call the code."""
    for name in [n for n, each in names.items() if not isinstance(each, CODE)]:
        names.pop(name, None)
    names.clear()


def _end_trackers() -> None:
    """Have what was shared and left removed; what can still share is not waited for longer."""
    for tracker in find_trackers():
        os.close(tracker._fd)
        until = time.monotonic() + TRACKER_SECONDS
        with contextlib.suppress(ChildProcessError):
            while not os.waitpid(tracker._pid, os.WNOHANG)[0] and time.monotonic() < until:
                time.sleep(0.01)
        tracker._fd = tracker._pid = None


def _hear_faults() -> list[str]:
    """Return a list to which threads and exit functions add that they failed, from now on."""
    faults: list[str] = []

    def hear_thread(given) -> None:
        if not issubclass(given.exc_type, SystemExit):
            faults.append(_describe_late("a thread", given.exc_value))

    def hear_function(given) -> None:
        if "atexit" in f"{given.err_msg}":
            faults.append(_describe_late("an `atexit` function", given.exc_value))

    def hear_finalizer(kind, fault, trace) -> None:
        faults.append(_describe_late("a finalizer", fault))

    threading.excepthook, sys.unraisablehook = hear_thread, hear_function
    sys.excepthook = hear_finalizer
    return faults


def _describe_late(what: str, fault: BaseException | None) -> str:
    return one_line(f"After the last cell {what} failed with {_name_fault(fault)}")


def _name_fault(fault: BaseException | None) -> str:
    return f"{type(fault).__name__}: {fault}".removesuffix(": ")


def _find_files() -> list[io.IOBase]:
    kinds = set(map(type, gc.get_objects()))
    files = {kind for kind in kinds if issubclass(kind, io.IOBase)}
    return [each for each in gc.get_objects() if type(each) in files]


def _flush_files() -> Iterator[str]:
    """Write what waits to be written, as Python does where it lets go of a file, and tell faults.

    Those of programs that no longer listen, and of what else took a file's number, are none.
    """
    for file in _find_files():
        with contextlib.suppress(ValueError):  # it is closed
            inner = file.buffer if type(file) is io.TextIOWrapper else file
            if type(inner) in WRITERS:  # others, such as gzip's, would write more than waits
                try:
                    file.flush()
                except OSError as fault:
                    if fault.errno not in (errno.EBADF, errno.EPIPE):
                        yield _describe_late("a file's last write", fault)


def _close(files: list) -> None:
    """Close files that a cell left open, the outer before the inner: text before its bytes."""
    inner = (io.BufferedWriter, io.BufferedRandom, io.RawIOBase)
    text = [each for each in files if isinstance(each, io.TextIOBase)]
    rest = sorted(set(files) - set(text), key=lambda each: isinstance(each, inner))
    for file in (*text, *rest):
        with contextlib.suppress(Exception):  # what Python would write of it, nobody sees
            file.close()


class InProcessEngine(Engine):
    """Papermill's way to this process's kernel."""

    kernel: InProcessKernel

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options) -> None:
        """Run the cells of the notebook that Papermill has prepared.

        Parameters
        ----------
        nb_man : NotebookExecutionManager
            Holds the notebook.
        kernel_name : str
            Of no account: the kernel is this process's.
        **options
            Papermill's own, and those of :meth:`InProcessKernel.run`.
        """
        names = ("figures", "limits", "on_cell_start", "give_up")
        cls.kernel.run(nb_man.nb, **{name: options[name] for name in names})


class _Messages(Session):
    """Passes a kernel's messages to a receiver, in the form in which they would arrive."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lock = threading.RLock()
        self.receive: Callable[[dict], object] = lambda message: None
        self.give_up: Callable[[], None] = lambda: None
        self.bytes_left = 0  # that may still be shown

    def send(self, stream, msg_or_type, content=None, parent=None, *args, buffers=None, **kwargs):
        message = msg_or_type
        if not isinstance(message, dict):
            message = self.msg(msg_or_type, content=content, parent=parent)
        with self.lock:
            text = _pack(message["content"])
            self.count(len(text))
            self.receive({**message, "content": json.loads(text), "buffers": buffers or []})
        return message

    def count(self, size: int) -> None:
        """Count what is shown, and give up if it is too much."""
        self.bytes_left -= size
        if self.bytes_left < 0:
            self.give_up()


def _pack(content: dict) -> str:
    """Return a message's JSON as a kernel sends it: what JSON has none of, such as NaN, as text."""
    try:
        return json.dumps(content, default=json_default, allow_nan=False)
    except (TypeError, ValueError):
        return json.dumps(json_clean(content), default=json_default, allow_nan=False)


class _Stream(io.TextIOBase):
    """A standard stream of a notebook: what Python prints, and what other programs write to it."""

    encoding, errors = "UTF-8", "strict"

    def __init__(self, name: str, file: int, messages: _Messages):
        self.name, self.file, self.messages = name, file, messages
        self.pid, self.lock, self.parts = os.getpid(), threading.RLock(), []
        self.decode = getincrementaldecoder("utf-8")("replace").decode
        self.outlet, inlet = os.pipe()
        os.set_blocking(self.outlet, False)
        os.dup2(inlet, file)
        os.close(inlet)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.file

    def write(self, text: str) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed file.")
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self.pid:  # a process that a cell forked
            os.write(self.file, text.encode(errors="replace"))
            return len(text)
        with self.lock:
            self.read_programs()
            self._append(text)
        return len(text)

    def flush(self) -> None:
        if self.closed or os.getpid() != self.pid:
            return
        with self.lock:
            self.read_programs()
            text, self.parts = "".join(self.parts), []
        if text:
            self.messages.bytes_left += len(text)  # it was counted as it came
            content = {"name": self.name, "text": text}
            self.messages.send(None, "stream", content, IPythonKernel.instance().get_parent())

    def read_programs(self) -> None:
        """Read what other programs have written since, into its place among what is printed."""
        with self.lock:
            try:
                while data := os.read(self.outlet, 1 << 20):
                    self._append(self.decode(data))
            except BlockingIOError:
                return

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self.messages.count(len(text))


def _read_programs(streams: list[_Stream]) -> None:
    """Read while a cell waits for a program, which would wait in its turn for a full pipe."""
    while True:
        for ready in select.select([stream.outlet for stream in streams], [], [])[0]:
            next(stream for stream in streams if stream.outlet == ready).read_programs()
