"""Make many notebooks at once, each in a process of its own: forked on Linux, fresh elsewhere.

Both ways take the same tasks and give the same notebooks; the first is several times as fast.
"""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import multiprocessing
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import asdict

from ..core.errors import NotebookFailed
from .environment import isolated_settings, quick_nbformat
from .notebook import make_notebook
from .tasks import Done, Limits, Task, describe_error, describe_fault, one_line

FORKS = sys.platform == "linux" and hasattr(os, "pidfd_open")
ENDED = "The process that makes the notebooks ended."
GOODBYE = 2.0  # seconds in which the fork server must have ended everything below it

BOOTSTRAP = """import gc, json, sys
gc.disable()  # what is imported stays: to look for garbage in it takes a quarter of the time
sys.path[:] = json.loads(sys.argv[1])[0]
from qi_analysis.execution.forkserver import main
main()"""
START = [sys.executable, "-P", "-X", "frozen_modules=off", "-X", "utf8", "-c", BOOTSTRAP]

# Before its first import: a process that forks may have one thread only.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


def start_engine(
    workers: int | None = None,
    limits: Limits | None = None,
    *,
    warm_up: str = "",
    forks: bool = FORKS,
):
    """Return an engine, a context manager whose ``run`` makes notebooks; it warms up meanwhile.

    Parameters
    ----------
    workers : int, optional
        How many notebooks are made at once; one a core without it.
    limits : Limits, optional
        What a cell, a notebook and a run may use.
    forks : bool
        Whether to fork each notebook's process from a warm one, which only Linux can.
    warm_up : str
        A function, as ``module:function``, that imports what the notebooks will use, before they
        are forked.
    """
    workers, limits = workers or cores(), limits or Limits()
    return ForkServer(workers, limits, warm_up) if forks else KernelPool(workers, limits)


def cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class ForkServer:
    """Starts ``forkserver`` as a process of its own, and speaks with it."""

    def __init__(self, workers: int, limits: Limits, warm_up: str = ""):
        self.workers, self.limits, self.warm_up = workers, limits, warm_up
        self.asked, self.ended = False, ENDED

    def __enter__(self) -> ForkServer:
        paths = [os.path.abspath(path) for path in sys.path]
        said = json.dumps([paths, self.workers, self.warm_up])
        self.server = subprocess.Popen(
            [*START, said],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD}, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, *fault) -> None:
        """End the server and, by it, all below it; what it cannot end, end here."""
        with contextlib.suppress(BrokenPipeError):
            self.server.stdin.close()
        if self.asked:  # else it may be warming up still, and has nobody below it
            self._wait_for_end()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()
        self.server.stdout.close()

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Make notebooks, and give what became of each as it ends."""
        until = time.monotonic() + self.limits.run_seconds
        waiting, asked = iter(tasks), {}
        answers = self.answers()
        while True:
            for task in waiting:
                asked[key := id(task)] = task
                self.ask(key, task, self.limits, until)
                if len(asked) >= 2 * self.workers:
                    break
            if not asked:
                return
            said = next(answers, None)
            if said is None:
                break
            yield Done(asked.pop(said["key"]), said["reason"], said["seconds"])
        yield from (Done(task, self.ended, 0.0) for task in [*asked.values(), *waiting])

    def ask(self, key: int, task: Task, limits: Limits, until: float) -> None:
        """Have a notebook made, by a time on the monotonic clock; the answer will bear the key."""
        told = {"key": key, "task": asdict(task), "limits": asdict(limits), "until": until}
        self._tell(told)

    def stop(self, key: int) -> None:
        """End the process that makes a notebook; the answer will say that it was killed."""
        self._tell({"stop": key})

    def answers(self) -> Iterator[dict]:
        """Return what became of each notebook as it ends: ``key``, ``reason`` and ``seconds``."""
        for said in map(json.loads, self.server.stdout):
            if "ended" in said:
                self.ended = one_line(f"{ENDED[:-1]}: {said['ended']}")
            else:
                yield said

    def _tell(self, question: dict) -> None:
        self.asked = True
        with contextlib.suppress(BrokenPipeError):
            self.server.stdin.write(json.dumps(question).encode() + b"\n")
            self.server.stdin.flush()

    def _wait_for_end(self) -> None:
        """Wait until the server's output ends; what it still said of notebooks is let go."""
        output, until = self.server.stdout, time.monotonic() + GOODBYE
        while select.select([output], [], [], max(0, until - time.monotonic()))[0]:
            if not os.read(output.fileno(), 1 << 16):
                return


class KernelPool:
    """Makes each notebook in an ordinary kernel, some at once."""

    def __init__(self, workers: int, limits: Limits):
        self.workers, self.limits = workers, limits

    def __enter__(self) -> KernelPool:
        self.others = multiprocessing.active_children()
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(self.workers, mp_context=context)
        return self

    def __exit__(self, kind, *fault) -> None:
        if kind:
            for process in multiprocessing.active_children():
                if process not in self.others:
                    process.terminate()
        self.pool.shutdown(cancel_futures=True)

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Make notebooks, and give what became of each as it ends."""
        until = time.monotonic() + self.limits.run_seconds
        asked = {self.pool.submit(make_in_kernel, task, self.limits, until): task for task in tasks}
        while asked:
            for done in wait(asked, return_when=FIRST_COMPLETED).done:
                task = asked.pop(done)
                try:
                    yield Done(task, *done.result())
                except Exception as fault:  # its process died
                    yield Done(task, describe_fault(fault), 0.0)


def make_in_kernel(task: Task, limits: Limits, until: float) -> tuple[str, float]:
    """Make a notebook in an ordinary kernel; give the reason if it failed, and the seconds."""
    began = time.monotonic()
    if began > until:
        return limits.run_too_long(), 0.0
    try:
        make_notebook(task, lambda *notebook: run_in_kernel(*notebook, limits))
        reason = ""
    except Exception as fault:
        reason = describe_fault(fault)
    return reason, time.monotonic() - began


QUIET_KERNEL = ["--IPKernelApp.log_level=ERROR"]  # else each notes that it listens on loopback


def run_in_kernel(notebook, pictures: str, limits: Limits) -> None:
    """Run a notebook's cells in an ordinary kernel of its own, under the limits of time and output.

    ``pictures`` is the format of its figures, as IPython names it.

    Raises
    ------
    NotebookFailed
        If a cell raised an error, ran too long, showed too much, or ended its kernel.
    """
    quick_nbformat()
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what went wrong, the reason says
    watch = _Watch(limits)
    start = functools.partial(
        papermill.execute_notebook,
        notebook,
        None,
        kernel_name="python3",
        progress_bar=False,
        timeout_func=watch.seconds_left,
        on_cell_executed=watch.cell_done,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        extra_arguments=[*QUIET_KERNEL, f"--InlineBackend.figure_formats={pictures}"],
        shutdown_kernel="immediate",
    )
    try:
        with isolated_settings():
            executed = _twice(start)
    except papermill.PapermillExecutionError as fault:
        raise NotebookFailed(
            describe_error(fault.exec_count, fault.ename, fault.evalue, limits)
        ) from None
    except CellTimeoutError:
        raise NotebookFailed(watch.too_long()) from None
    except DeadKernelError:
        raise NotebookFailed(f"Cell {watch.number} ended its kernel.") from None
    notebook.cells = executed.cells


class _Watch:
    """Sees an ordinary kernel's cells begin and end."""

    def __init__(self, limits: Limits):
        self.limits, self.number, self.size = limits, 0, 0
        self.until = time.monotonic() + limits.notebook_seconds

    def seconds_left(self, cell) -> int:
        self.number += 1
        self.left = self.until - time.monotonic()
        return max(1, int(min(self.left, self.limits.cell_seconds)))

    def too_long(self) -> str:
        if self.left < self.limits.cell_seconds:
            return self.limits.notebook_too_long(self.number)
        return self.limits.cell_too_long(self.number)

    def cell_done(self, cell, cell_index: int, execute_reply: dict) -> None:
        self.size += len(str(cell.outputs))
        if self.size > self.limits.output_bytes:
            raise NotebookFailed(self.limits.too_large())
        payloads = execute_reply["content"].get("payload", [])
        if any(payload.get("source") == "ask_exit" for payload in payloads):
            raise NotebookFailed(f"Cell {self.number} ended the notebook with exit().")


def _twice(start: Callable):
    """Start a notebook again if its kernel never came up: another took its port in that moment."""
    try:
        return start()
    except RuntimeError as fault:
        if "before replying to kernel_info" not in str(fault):
            raise
        return start()
