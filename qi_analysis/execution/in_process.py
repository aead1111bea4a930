"""Run a notebook's cells in this very process, as a Jupyter kernel does, without its sockets.

The cells run in ipykernel's own kernel and shell, so magics, displays, errors, ``input()`` and
top-level ``await`` are what a kernel makes of them. Its messages are not sent but given at once to
nbclient, which turns them into outputs as it does for Papermill. A kernel sends what is printed
every fifth of a second, so that its order is a matter of chance; here it is sent when something
else is shown or the cell ends, and so always comes out alike. What a task that an earlier cell left
running prints is shown in the cell that then runs; Papermill loses it.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import mmap
import os
import select
import sys
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable
from types import SimpleNamespace

from ipykernel.ipkernel import IPythonKernel
from jupyter_client.jsonutil import json_default
from jupyter_client.session import Session
from nbclient import NotebookClient

from ..core.errors import NotebookFailed
from .tasks import Limits, describe_error

SPARE = 16 << 20  # bytes
STREAMS = {"stdout": 1, "stderr": 2}  # and the descriptors where other programs write them


class Shell:
    """The process's kernel, as ``first`` made it; for one notebook, in a child forked from it."""

    def __init__(self):
        self.messages = _Messages()
        self.kernel = IPythonKernel.instance()
        shell = self.kernel.shell
        for sender in (self.kernel, shell.displayhook, shell.display_pub):
            sender.session = self.messages

    def run(self, notebook, pictures: str, limits: Limits, began: Callable, give_up) -> None:
        """Run every code cell in order, its outputs put in their places in the notebook.

        Parameters
        ----------
        notebook : NotebookNode
            Changed in place.
        pictures : str
            The format of its figures, as IPython names it.
        limits : Limits
            Of these only the size of the outputs is held here.
        began : callable
            Told the number of each cell, from 1, when it begins.
        give_up : callable
            Told why when the outputs are too large or memory has run out; ends the process, so
            that no cell can prevent it, and nothing more is tried without memory.

        Raises
        ------
        NotebookFailed
            At the first cell that raises an error or leaves the notebook.
        """
        self.kernel.shell.config.InlineBackend.figure_formats = {pictures}
        self.messages.left = limits.output_bytes
        self.messages.give_up = lambda: give_up(limits.too_large())
        streams = [_Stream(name, file, self.messages) for name, file in STREAMS.items()]
        sys.stdout, sys.stderr = streams
        threading.Thread(target=_read_programs, args=(streams,), daemon=True).start()
        self._remember()
        self._give_up_without_memory(give_up, limits)
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(self._run_cells(notebook, limits, began))

    def _give_up_without_memory(self, give_up, limits: Limits) -> None:
        """Set memory aside in which to say that there is no more; a traceback would need much."""
        show = self.kernel.shell.showtraceback
        spare = mmap.mmap(-1, SPARE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # counted, not filled

        def showtraceback(*args, **kwargs):
            kind, fault, _ = sys.exc_info()
            if kind and issubclass(kind, MemoryError):
                spare.close()
                give_up(describe_error(self.number, kind.__name__, str(fault), limits))
            show(*args, **kwargs)

        self.kernel.shell.showtraceback = showtraceback

    def _remember(self) -> None:
        """Keep a history of the cells, in memory; it has a thread, and so waits for the fork."""
        shell = self.kernel.shell
        shell.config.HistoryManager.update(enabled=True, hist_file=":memory:")
        shell.configurables.remove(shell.history_manager)
        shell.init_history()
        shell.init_user_ns()

    async def _run_cells(self, notebook, limits: Limits, began) -> None:
        client = NotebookClient(notebook, record_timing=False)
        client.reset_execution_trackers()
        code = [(i, c) for i, c in enumerate(notebook.cells) if c.cell_type == "code"]
        code = [each for each in code if each[1].source.strip()]
        for self.number, (i, cell) in enumerate(code, 1):
            began(self.number)
            cell.outputs, client.clear_before_next_output = [], False
            self.messages.hear = lambda said, at=(cell, i): client.process_message(said, *at)
            self.kernel.set_parent([], _request(i, cell.source), "shell")
            reply = await self.kernel.do_execute(cell.source, silent=False, allow_stdin=False)
            sys.stdout.flush()
            sys.stderr.flush()
            cell.execution_count = reply["execution_count"]
            _check_reply(reply, cell, self.number, limits)


def _request(i: int, code: str) -> dict:
    header = {"msg_id": str(i), "msg_type": "execute_request"}
    return {"header": header, **header, "metadata": {}, "content": {"code": code}}


def _check_reply(reply: dict, cell, number: int, limits: Limits) -> None:
    if reply["status"] != "ok":
        errors = [output for output in cell.outputs if output.output_type == "error"]
        fault = errors[0] if errors else reply  # it knows nothing of an error in a display
        raise NotebookFailed(describe_error(number, fault["ename"], fault["evalue"], limits))
    if any(payload.get("source") == "ask_exit" for payload in reply["payload"]):
        raise NotebookFailed(f"Cell {number} ended the notebook with exit().")


class _Messages(Session):
    """Gives a kernel's messages to a listener, in the form in which they would arrive."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.lock = threading.RLock()
        self.hear: Callable[[dict], object] = lambda message: None
        self.give_up: Callable[[], None] = lambda: None
        self.left = 0  # bytes that may still be shown

    def send(self, stream, msg_or_type, content=None, parent=None, *args, buffers=None, **kwargs):
        message = msg_or_type
        if not isinstance(message, dict):
            message = self.msg(msg_or_type, content=content, parent=parent)
        with self.lock:
            text = json.dumps(message["content"], default=json_default)
            self.spend(len(text))
            self.hear({**message, "content": json.loads(text), "buffers": buffers or []})
        return message

    def spend(self, size: int) -> None:
        """Count what is shown, and give up if it is too much."""
        self.left -= size
        if self.left < 0:
            self.give_up()


class _Stream(io.TextIOBase):
    """A standard stream of a notebook: what Python prints, and what other programs write to it."""

    encoding, errors = "UTF-8", "strict"

    def __init__(self, name: str, file: int, messages: _Messages):
        self.name, self.file, self.messages = name, file, messages
        self.pid, self.lock, self.waiting = os.getpid(), threading.RLock(), []
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
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self.pid:  # a process that a cell forked
            os.write(self.file, text.encode(errors="replace"))
            return len(text)
        with self.lock:
            self.read_programs()
            self._keep(text)
        return len(text)

    def flush(self) -> None:
        if self.closed or os.getpid() != self.pid:
            return
        with self.lock:
            self.read_programs()
            text, self.waiting = "".join(self.waiting), []
        if text:
            self.messages.left += len(text)  # it was counted as it came
            content = {"name": self.name, "text": text}
            self.messages.send(None, "stream", content, IPythonKernel.instance().get_parent())

    def read_programs(self) -> None:
        """Take in what other programs have written since, in its place among what is printed."""
        with self.lock:
            try:
                while data := os.read(self.outlet, 1 << 20):
                    self._keep(self.decode(data))
            except BlockingIOError:
                return

    def _keep(self, text: str) -> None:
        self.waiting.append(text)
        self.messages.spend(len(text))


def _read_programs(streams: list[_Stream]) -> None:
    """Read while a cell waits for a program, which would wait in its turn for a full pipe."""
    while True:
        for ready in select.select([stream.outlet for stream in streams], [], [])[0]:
            next(stream for stream in streams if stream.outlet == ready).read_programs()


def make_kernel():
    """Make the one kernel that there is to a process, and its shell; it hears and sends nothing."""
    from ipykernel.ipkernel import IPythonKernel
    from ipykernel.kernelapp import IPKernelApp
    from jupyter_client.session import Session
    from traitlets.config import Config

    settings = Config()
    settings.HistoryManager.enabled = False  # else it has a database, and a thread to write it
    program = IPKernelApp.instance(config=settings)
    program.kernel = IPythonKernel.instance(
        parent=program,
        session=Session(),
        iopub_socket=object(),
        log=logging.getLogger("kernel"),
        shell_channel_thread=SimpleNamespace(parent_thread=threading.main_thread()),
    )
    return program.kernel
