"""Execute many notebooks at once, each in a process of its own: forked on Linux, fresh elsewhere.

Both engines take the same tasks and write the same notebooks; the first is several times as fast.
At the end, a folder's notebooks as they stand, and any notebook by hand.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from typing import IO, Self, cast

from ..core.errors import NotebookFailed, RegisterError
from ..core.files import (
    PART,
    check_target,
    describe_search,
    find_path,
    temporary_folder,
    undisturbed,
    write_whole,
)
from .environment import isolated_settings, plain_environment, quick_nbformat
from .notebook import execute_task, read_notebook, read_warnings, type_parameters
from .papermill_engine import NAME, CheckedEngine
from .tasks import Done, Limits, Task, describe_error, describe_fault, one_line

FORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")
ENDED = "The process that makes the notebooks ended."
SLOWER = "The notebooks ran in ordinary kernels, which takes longer"
NOT_STARTED = f"{SLOWER}: the quick way did not start"
LATE_SECONDS = 60  # seconds after a run's time in which all that it started must have been ended
CLOSE_SECONDS = 2.0  # seconds in which the fork server must have ended everything below it

BOOTSTRAP = """import gc, json, sys
gc.disable()  # what is imported stays: to look for garbage in it takes a quarter of the time
sys.path[:] = json.loads(sys.argv[1])[0]
from qi_analysis.execution.forkserver import main
main()"""
START = [sys.executable, "-P", "-X", "frozen_modules=off", "-X", "utf8", "-c", BOOTSTRAP]

# Before its first import: a process that forks may have one thread only.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


def start_engine(
    workers: int | None = None, limits: Limits | None = None, *, warm_up: str = ""
) -> ForkServer | KernelPool:
    """Return an engine: a context manager whose ``run`` executes notebooks.

    Parameters
    ----------
    workers : int, optional
        How many notebooks are executed at once; as many as there are cores by default.
    limits : Limits, optional
        What a cell, a notebook and a run may use.
    warm_up : str
        A function, as ``module:function``, that imports what the notebooks will use, before their
        processes are forked. It runs while the caller does something else.
    """
    workers, limits = workers or cores(), limits or Limits()
    if FORKS:
        return ForkServer(workers, limits, warm_up)
    engine = KernelPool(workers, limits)
    engine.warning = f"{SLOWER}: the quick way is for Linux."
    return engine


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Engine(ABC):
    """Executes notebooks, so many at once; a context manager, with which all it starts ends."""

    warning = ""  # of what a run should know, once it has begun

    def __init__(self, workers: int, limits: Limits):
        self.workers, self.limits = workers, limits
        self.late = False  # something did not end in its time, and is not waited for

    @abstractmethod
    def submit(self, task: Task, limits: Limits, deadline: float) -> Future[tuple[str, float]]:
        """Start a notebook, unless it is after a deadline on the monotonic clock.

        The future's result is the reason if it failed, and the seconds that it took.
        """

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Execute notebooks, and yield the outcome of each as it ends."""
        deadline = time.monotonic() + self.limits.run_seconds
        pending = {self.submit(task, self.limits, deadline): task for task in tasks}
        while pending:
            left = deadline + LATE_SECONDS - time.monotonic()
            ended = wait(pending, max(0, left), return_when=FIRST_COMPLETED).done
            if not ended:  # whoever is to stop what is late hangs itself, as if it were stopped
                self.late = True
                yield from (
                    Done(task, self.limits.run_too_long(), 0.0) for task in pending.values()
                )
                return
            for future in ended:
                try:
                    reason, seconds = future.result()
                except BrokenExecutor:
                    reason, seconds = ENDED, 0.0
                except Exception as fault:
                    reason, seconds = describe_fault(fault), 0.0
                yield Done(pending.pop(future), reason, seconds)


class ForkServer(Engine):
    """Starts ``forkserver`` as a process of its own; a thread reads its replies."""

    def __init__(self, workers: int, limits: Limits, warm_up: str = ""):
        super().__init__(workers, limits)
        self.warm_up, self.used, self.ended = warm_up, False, ""
        self.ready: Future[bool] = Future()  # whether notebooks can be forked from it
        self.pending: dict[int, Future] = {}
        self.lock = threading.Lock()  # so that no task is added once the server has ended

    def __enter__(self) -> Self:
        try:
            with undisturbed():
                self._start()
        except SystemExit:  # as it was told to end just then
            self.__exit__()
            raise
        return self

    def _start(self) -> None:
        paths = [os.path.abspath(path) for path in sys.path]
        self.empty = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # for its settings
        self.process = subprocess.Popen(
            [*START, json.dumps([paths, self.workers, self.warm_up, self.empty.name])],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**plain_environment(), **ONE_THREAD}, start_new_session=True,
        )  # fmt: skip
        self.requests = cast(IO[bytes], self.process.stdin)
        self.replies = cast(IO[bytes], self.process.stdout)
        self.reader = threading.Thread(target=self._read_replies, daemon=True)
        self.reader.start()

    def __exit__(self, *fault) -> None:
        """End the server and, through it, all below it; kill what it cannot end."""
        with contextlib.suppress(BrokenPipeError):
            self.requests.close()
        if self.used:  # else it may be warming up still, and has no process below it
            self.reader.join(CLOSE_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.reader.join()
        self.replies.close()
        self.empty.cleanup()

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Execute notebooks; in ordinary kernels, with a warning, where none can be forked."""
        if self.ready.result():
            yield from super().run(tasks)
            return
        self.warning = self.ended.replace(ENDED[:-1], NOT_STARTED)
        with KernelPool(self.workers, self.limits) as pool:
            yield from pool.run(tasks)

    def submit(self, task: Task, limits: Limits, deadline: float) -> Future[tuple[str, float]]:
        """Start a notebook, as ``Engine.submit`` describes."""
        future = Future()
        with self.lock:
            if self.ended:
                future.set_result((self.ended, 0.0))
                return future
            self.pending[id(future)] = future
        self._send({"key": id(future), "task": asdict(task), "limits": asdict(limits),
                    "deadline": deadline})  # fmt: skip
        return future

    def cancel(self, future: Future) -> None:
        """Kill the process that executes a notebook; its future's result will say so."""
        self._send({"cancel": id(future)})

    def _send(self, request: dict) -> None:
        self.used = True
        with contextlib.suppress(BrokenPipeError):
            self.requests.write(json.dumps(request).encode() + b"\n")
            self.requests.flush()

    def _read_replies(self) -> None:
        """Set the result of each future as its reply comes; fail those without when they end."""
        ended = ENDED
        with contextlib.suppress(ValueError):  # it was killed within a line
            for reply in map(json.loads, self.replies):
                if "ready" in reply:
                    self.ready.set_result(True)
                elif "ended" in reply:
                    ended = one_line(f"{ENDED[:-1]}: {reply['ended']}")
                else:
                    result = reply["reason"], reply["seconds"]
                    self.pending.pop(reply["key"]).set_result(result)
        with self.lock:
            self.ended = ended
        if not self.ready.done():
            self.ready.set_result(False)
        for future in self.pending.values():
            future.set_result((ended, 0.0))


class KernelPool(Engine):
    """Executes each notebook in an ordinary kernel, which a process of a pool starts."""

    def __enter__(self) -> Self:
        self.others = multiprocessing.active_children()
        context = multiprocessing.get_context("spawn")
        self.private = temporary_folder(ignore_cleanup_errors=True)
        self.pool = ProcessPoolExecutor(self.workers, context, _use_temporary, (self.private.name,))
        return self

    def __exit__(self, kind, *fault) -> None:
        if kind or self.late:
            for process in multiprocessing.active_children():
                if process not in self.others:
                    process.terminate()
        self.pool.shutdown(cancel_futures=True)
        self.private.cleanup()

    def submit(self, task: Task, limits: Limits, deadline: float) -> Future[tuple[str, float]]:
        """Start a notebook, as ``Engine.submit`` describes."""
        return self.pool.submit(execute_in_kernel, task, limits, deadline)


def _use_temporary(folder: str) -> None:
    """Put temporary files there, whence another removes them if this process is ended.

    To find a folder itself, each process would write a file in the one of all.
    """
    tempfile.tempdir = folder


def execute_in_kernel(task: Task, limits: Limits, deadline: float) -> tuple[str, float]:
    """Execute a notebook in an ordinary kernel; return the reason if it failed, and the seconds."""
    began, reason = time.monotonic(), ""
    if began > deadline:
        return limits.run_too_long(), 0.0
    try:
        _execute_in_kernel(task, limits)
    except Exception as fault:
        reason = describe_fault(fault)
    return reason, time.monotonic() - began


NEVER_UP = ("before replying to kernel_info", "Kernel didn't respond")  # no cell has run
# Else each notes that it listens on loopback, and at its end that it was interrupted.
QUIET_KERNEL = ["--IPKernelApp.log_level=CRITICAL"]


def _execute_in_kernel(task: Task, limits: Limits) -> None:
    quick_nbformat()
    from papermill.engines import papermill_engines
    from papermill.exceptions import PapermillExecutionError

    papermill_engines.register(NAME, CheckedEngine)  # it may run from a folder, not installed
    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # the reason tells what went wrong
    run = functools.partial(
        execute_task,
        task,
        NAME,
        limits=limits,
        stderr=subprocess.DEVNULL,
        extra_arguments=[*QUIET_KERNEL, f"--InlineBackend.figure_formats={task.figures}"],
    )
    try:
        with isolated_settings():
            _run_again_without_port(run)
    except PapermillExecutionError as fault:
        reason = describe_error(fault.exec_count or 0, fault.ename, fault.evalue, limits)
        raise NotebookFailed(reason) from None


def _run_again_without_port(run: Callable[[], None]) -> None:
    """Run a notebook again if its kernel never came up: another took its port in that moment."""
    try:
        run()
    except RuntimeError as fault:
        if not any(words in str(fault) for words in NEVER_UP):
            raise
        import_module("ipykernel.kernelapp")  # what it needs is there
        run()


# --- notebooks by hand ----------------------------------------------------------------------------


def run_notebook(
    source: Path,
    out: Path,
    parameters: dict[str, str],
    limits: Limits | None = None,
    warm_up: str = "",
) -> list[str]:
    """Execute any notebook with checked parameters, and write the result whole.

    Returns
    -------
    list of str
        What to warn of: processes that still ran at its end, and asyncio tasks that were lost.

    Raises
    ------
    RegisterError
        If there is no such notebook, it is in another language, a parameter is unknown, missing or
        ill-typed, no plain file can be written at ``out``, or what stands there is neither the
        notebook itself nor the result of a run.
    NotebookFailed
        If a cell raised an error, ran too long or did not run, or the result could not be written;
        what stood at ``out`` stays then.
    """
    given, source = source, find_path(source)
    if not os.path.isfile(source):
        raise RegisterError(
            f"There is no notebook '{given}'. Check its name and folder.{describe_search(given)}"
        )
    typed = type_parameters(source, parameters)
    if not os.path.isdir(out.parent):
        raise RegisterError(f"There is no folder '{out.parent}' to write {out.name} in.")
    check_target(out)
    in_place = os.path.exists(out) and os.path.samefile(out, source)
    _check_writable(out, source, in_place)  # better refused now than after hours
    before = _content(out)
    with (
        temporary_folder() as private,
        start_engine(1, limits, warm_up=warm_up) as engine,
    ):
        made = Path(private) / "made.ipynb"
        task = replace(_task(source, made, typed), widgets=True, noted=not in_place)
        (done,) = engine.run([task])
        if done.reason:
            raise NotebookFailed(done.reason)
        if _content(out) != before:
            raise NotebookFailed(
                f"Every cell ran, but '{out}' was changed meanwhile, and was left so. Run again."
            )
        try:
            write_whole(out, made.read_bytes())
        except OSError as fault:
            raise NotebookFailed(
                f"Every cell ran, but '{out}' could not be written: {fault.strerror}."
            ) from None
        return read_warnings(task.out)


def _content(file: Path) -> bytes:
    """Return what a file holds; nothing where it is absent."""
    return file.read_bytes() if os.path.lexists(file) else b""


def _check_writable(out: Path, source: Path, in_place: bool) -> None:
    if _content(out) and not in_place and not _is_result(out, source):
        raise RegisterError(
            f"'{out}' is no result of a run, and one would replace it; it was left as it is. "
            "Remove it, or give another name."
        )
    try:
        tempfile.TemporaryFile(dir=out.parent, prefix=PART).close()
    except OSError as fault:
        raise RegisterError(
            f"Nothing can be written to '{out.parent}': {fault.strerror}. Give another folder."
        ) from None


def _is_result(out: Path, source: Path) -> bool:
    """Return whether a run made a notebook: it notes its parameters, or says what this one does."""
    try:
        there = read_notebook(out, outputs=False)
    except RegisterError:
        return False
    tags = {tag for cell in there.cells for tag in cell.metadata.get("tags", [])}
    if "papermill" in there.metadata or "injected-parameters" in tags:
        return True
    cells = read_notebook(source, outputs=False).cells
    return [cell.source for cell in cells] == [cell.source for cell in there.cells]


def _task(source: Path, made: Path, parameters: dict) -> Task:
    folder = source.resolve().parent
    return Task(str(source.resolve()), str(made.resolve()), str(folder), parameters)


def refresh_notebooks(folder: Path, warm_up: str = "") -> list[str]:
    """Execute a folder's notebooks in place; return the names of those that changed."""
    return _find_changed(folder, warm_up, write=True)


def check_notebooks(folder: Path, warm_up: str = "") -> list[str]:
    """Execute a folder's notebooks; return the names of those that come out otherwise."""
    return _find_changed(folder, warm_up, write=False)


def _find_changed(folder: Path, warm_up: str, write: bool) -> list[str]:
    committed = {path: path.read_bytes() for path in sorted(folder.glob("*.ipynb"))}
    with temporary_folder() as private, start_engine(warm_up=warm_up) as engine:
        made = {path: Path(private) / path.name for path in committed}
        for done in engine.run(_task(path, made[path], {}) for path in committed):
            if done.reason:
                name = Path(done.task.template).name
                named = done.reason if done.reason.startswith(name) else f"{name}: {done.reason}"
                raise NotebookFailed(named)
        changed = [path for path, was in committed.items() if made[path].read_bytes() != was]
        if write:
            for path in changed:
                if _content(path) != committed[path]:
                    raise NotebookFailed(
                        f"{path.name} was changed while it ran, and was left so. Run again."
                    )
                write_whole(path, made[path].read_bytes())
    return [path.name for path in changed]
