"""The engine ``qi-analysis`` for Papermill: parameters checked, limits kept, no failure missed.

``papermill --engine qi-analysis in.ipynb out.ipynb`` runs a notebook in an ordinary kernel, and
ends with exit code 1 and a reason where Papermill alone would not: for a parameter that the
notebook does not have or of another type, a kernel that died, ``sys.exit(0)``, a cell that hangs, a
cell that did not run, outputs that are too large, and a process that does not end. An error in a
cell stays Papermill's own. Papermill imports this module whenever it is imported itself, so nothing
is imported here but what that costs nothing.
"""

from __future__ import annotations

import inspect
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ..core.errors import NotebookFailed
from .tasks import Limits, check_cell, is_run

NAME = "qi-analysis"
POOLS = 15  # multiprocessing's priority, among what it ends, of its pools


class CheckedEngine:
    """Papermill's own engine, and what it overlooks; Papermill calls its class methods."""

    @classmethod
    def execute_notebook(
        cls,
        nb,
        kernel_name,
        *,
        input_path=None,
        output_path=None,
        limits: Limits | None = None,
        execution_timeout=None,
        stderr=None,
        **options,
    ):
        """Execute a notebook in an ordinary kernel, under limits of time and of its outputs' size.

        Parameters
        ----------
        nb : NotebookNode
            With Papermill's parameters put in; changed in place.
        kernel_name : str
            The kernel's name.
        input_path, output_path : str, optional
            The notebook's own path, and where it is saved from cell to cell.
        limits : Limits, optional
            Those of memory are not kept.
        execution_timeout : int, optional
            The seconds that a cell may run, where Papermill was told; else the limits say it.
        stderr : int, optional
            Where a kernel that does not start complains, as ``subprocess.Popen`` has it.
        **options
            Passed to Papermill's engine.

        Returns
        -------
        NotebookNode
            The notebook, every cell run; or one whose error Papermill will raise.

        Raises
        ------
        RegisterError
            If a parameter is unknown, missing or of another type than its default.
        NotebookFailed
            If a cell ran too long, showed too much, ended its kernel or left the notebook, or the
            kernel did not end after the last one.
        """
        # Not above: Papermill imports this module while it is being imported.
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from papermill.engines import NBClientEngine
        from traitlets.config import Config

        from .notebook import check_given, verify_execution

        check_given(nb, input_path)
        limits = limits or Limits(cell_seconds=execution_timeout or Limits.cell_seconds)
        watch = _Watch(limits)
        manager = {"shutdown_wait_time": 2 * limits.ending_seconds}  # half of it before a signal
        options.setdefault("config", Config(KernelManager=manager))
        options.setdefault("kernel_manager_class", _polite_manager(watch, stderr))
        try:
            executed = NBClientEngine.execute_notebook(
                nb,
                kernel_name,
                output_path=output_path,
                timeout_func=watch.seconds_left,
                on_notebook_start=lambda notebook: watch.on_start(),
                on_cell_start=watch.start_cell,
                on_cell_executed=watch.check_cell,
                **options,
            )
            if not watch.raised:  # else the cell's own error says more
                watch.check_end()
                verify_execution(executed)
        except CellTimeoutError:
            fault = NotebookFailed(watch.too_long())
        except DeadKernelError:
            fault = NotebookFailed(f"Cell {watch.number} ended its kernel.")
        except NotebookFailed as failed:
            fault = failed
        else:
            return executed
        _record_failure(nb, output_path, watch.index)
        raise fault

    @classmethod
    def nb_kernel_name(cls, nb, name=None):
        """Return the name of a notebook's kernel, as Papermill does."""
        from papermill.utils import nb_kernel_name

        return nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb, language=None):
        """Return the language of a notebook, as Papermill does."""
        from papermill.utils import nb_language

        return nb_language(nb, language)


def _polite_manager(watch: _Watch, stderr: int | None) -> type:
    """Return a manager of kernels that asks one whose cells are done to end, and does no more.

    Jupyter's own interrupts it first, as if a cell were running. Where that comes while the kernel
    takes leave of its last request, its loop ends with threads left, for which it then waits.
    """
    from jupyter_client.manager import AsyncKernelManager

    class Manager(AsyncKernelManager):
        def client(self, **options):
            client = super().client(**options)
            if self.kernel_spec and self.kernel_spec.language == "python":
                watch.on_start = lambda: client.execute(_preparation(), silent=True)
            return client

        async def start_kernel(self, **options) -> None:
            await super().start_kernel(stderr=stderr, **options)

        async def shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
            if now or not watch.idle:
                return await super().shutdown_kernel(now, restart)
            await self.request_shutdown()
            await self.finish_shutdown()
            await self.cleanup_resources()

    return Manager


class _Watch:
    """Counts a kernel's cells, their time and their outputs."""

    def __init__(self, limits: Limits):
        self.limits, self.number, self.index, self.size = limits, 0, 0, 0
        self.last = 0.0  # when the last cell that ran was done
        self.raised = False  # an error that Papermill raises itself
        self.idle = False  # no cell runs, be it before the next or for good
        self.on_start: Callable[[], object] = lambda: None
        self.deadline = time.monotonic() + limits.notebook_seconds

    def start_cell(self, cell, cell_index: int) -> None:
        self.number, self.index = self.number + is_run(cell), cell_index
        self.idle = not is_run(cell)

    def seconds_left(self, cell) -> int:
        self.left = self.deadline - time.monotonic()
        return max(1, int(min(self.left, self.limits.cell_seconds)))

    def too_long(self) -> str:
        if self.left < self.limits.cell_seconds:
            return self.limits.notebook_too_long(self.number)
        return self.limits.cell_too_long(self.number)

    def check_end(self) -> None:
        if self.last and time.monotonic() - self.last > self.limits.ending_seconds:
            raise NotebookFailed(self.limits.ending_too_long())

    def check_cell(self, cell, cell_index: int, execute_reply: dict) -> None:
        self.idle = True
        self.size += len(str(cell.outputs))
        if self.size > self.limits.output_bytes:
            raise NotebookFailed(self.limits.too_large())
        self.last = time.monotonic()
        reply = execute_reply["content"]
        shown = {output.ename for output in cell.outputs if output.output_type == "error"}
        self.raised = reply["status"] == "error" and bool(shown - {"SystemExit"})
        if not self.raised:
            check_cell(self.number, cell.outputs, reply, self.limits)


def _record_failure(nb, output_path, index: int) -> None:
    """Record which cell failed and which never ran; Papermill calls them all completed."""
    from papermill.iorw import write_ipynb

    nb.metadata.papermill["exception"] = True
    for cell in nb.cells[index:]:
        cell.metadata.papermill.update(status="pending")
    nb.cells[index].metadata.papermill.update(status="failed", exception=True)
    if output_path:
        write_ipynb(nb, output_path)


# --- what a process leaves to others as it ends ---------------------------------------------------


def find_trackers() -> list[Any]:
    """Return what knows the processes that multiprocessing, and joblib, keep to clear up after.

    Each removes what was shared and left, such as memory, once nobody can send it more.
    """
    modules = [each for name, each in [*sys.modules.items()] if name.endswith("resource_tracker")]
    trackers = [getattr(module, "_resource_tracker", None) for module in modules]
    return [each for each in trackers if getattr(each, "_fd", None) and getattr(each, "_pid", None)]


def _end_in_order(kernel: Any, pools: int) -> None:
    """Have a kernel end what its cells started as Python would, where its own way is another.

    Before it ends, it kills its children, and kills them again while there are any. So it would
    wait for those that have ended and that nobody asked after, and for pools, which replace theirs;
    and the trackers would remove nothing. Then it flushes what it printed by way of a thread that
    may have ended by now, and waits ten seconds for each stream: that is done before.
    """
    find, end = kernel._process_children, kernel._at_shutdown

    def is_left(child: Any) -> bool:
        try:
            return child.status() != "zombie"
        except Exception:  # it is gone
            return False

    def children() -> list[Any]:
        trackers = {tracker._pid for tracker in find_trackers()}
        return [each for each in find() if each.pid not in trackers and is_left(each)]

    async def at_shutdown() -> None:
        if util := sys.modules.get("multiprocessing.util"):
            ending = threading.Thread(target=util._run_finalizers, args=(pools,), daemon=True)
            ending.start()
            ending.join(2)
        await end()
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
                stream.flush = lambda: None
            except Exception:  # a cell's own
                continue

    kernel._process_children, kernel._at_shutdown = children, at_shutdown


def _preparation() -> str:
    """Return code for a kernel, whose Python may be another without this package.

    It leaves no name, and does nothing to a kernel of another kind.
    """
    imports = "from __future__ import annotations\nimport sys, threading\n"
    functions = inspect.getsource(find_trackers) + inspect.getsource(_end_in_order)
    source = f"{imports}{functions}_end_in_order(get_ipython().kernel, {POOLS})"
    return f"try: exec({source!r}, {{'get_ipython': get_ipython}})\nexcept Exception: pass"
