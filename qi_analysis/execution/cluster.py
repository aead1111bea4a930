"""Execute many notebooks at once on a Dask cluster: the same tasks as here, and the same files.

What a run's notebooks read, and the notebooks themselves, travel once to each worker that executes
some; only the results come back. What a worker does is in ``cluster_worker``. A lost worker's
notebooks are executed by another; without any, or without the scheduler, what is left of a run
fails with a sentence.
"""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import logging
import pickle
import time
import warnings
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..core.errors import OptionError, RegisterError
from ..core.files import sha256
from .cluster_worker import handshake, payload, run_task
from .environment import compare_environments, describe_environment
from .notebook import read_modules
from .tasks import Done, Limits, Task, describe_fault

POLL_SECONDS, CLOSE_SECONDS = (
    0.5,
    2.0,
)  # seconds: between looks at the cluster; to close the connection
ENCRYPTED = ("tls", "wss")
LOST = "The cluster's scheduler ended, or could not be reached any more."


def start_cluster(
    address: str,
    limits: Limits | None = None,
    *,
    without_tls: bool = False,
    warm_up: str = "",
) -> Cluster:
    """Return an engine, as ``start_engine`` does, that has a Dask cluster execute the notebooks.

    Parameters
    ----------
    address : str
        The scheduler's, such as ``tls://name:8786``; Dask's own settings hold the certificates.
    limits : Limits, optional
        What a cell, a notebook and a run may use, wherever they run.
    without_tls : bool
        Whether the scheduler may be on another machine and yet have no TLS.
    warm_up : str
        As for ``start_engine``.

    Raises
    ------
    OptionError
        If the address has no TLS and is not this machine's.
    RegisterError
        If Dask is not installed.
    """
    if not (without_tls or is_safe(address)):
        raise OptionError(
            f"'{address}' is without TLS: whoever can reach such a scheduler can run any program "
            "there and read what is sent. Give a tls:// address; or add --cluster-without-tls if "
            "nobody else can reach its network."
        )
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise RegisterError(
            "A cluster needs Dask. Install it: pip install 'qi-analysis[cluster]'."
        ) from None
    return Cluster(address, limits or Limits(), warm_up)


def is_safe(address: str) -> bool:
    """Whether a scheduler's address is encrypted, or of this very machine.

    >>> is_safe("tls://dask.trust.nhs.uk:8786"), is_safe("127.0.0.1:8786")
    (True, True)
    >>> is_safe("tcp://dask.trust.nhs.uk:8786"), is_safe("10.0.0.5:8786")
    (False, False)
    """
    scheme, _, rest = address.rpartition("://")
    host = ""
    with contextlib.suppress(ValueError):  # a name, or nothing that can be understood
        host = urlsplit(f"//{rest}").hostname or ""
        host = "localhost" if ipaddress.ip_address(host).is_loopback else host
    return scheme in ENCRYPTED or host == "localhost"


class Cluster:
    """Connects to a Dask scheduler, and waits no longer than Dask's own time to connect."""

    warning = ""  # what a run should know

    def __init__(self, address: str, limits: Limits, warm_up: str):
        self.address, self.limits, self.warm_up = address, limits, warm_up
        self.client: Any = None

    def __enter__(self) -> Cluster:
        import dask.config
        import dask.utils

        connecting = dask.config.get("distributed.comm.timeouts.connect")
        self.timeout = dask.utils.parse_timedelta(connecting)
        try:
            self.client = self._connect()
            self._handshake()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *fault) -> None:
        """Disconnect; the cluster then stops whatever it still does for this run."""
        if self.client:
            with contextlib.suppress(Exception):
                self.client.close(timeout=CLOSE_SECONDS)

    def _connect(self):
        import distributed

        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # our own errors tell
        try:
            with warnings.catch_warnings(action="ignore"):  # other versions are refused below
                return distributed.Client(self.address, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as fault:
            reason = _first_line(fault)
        gc.collect()  # the client that failed ends now: while another starts, both would hang
        raise RegisterError(f"There is no Dask scheduler at '{self.address}': {reason}.")

    def _handshake(self) -> None:
        """Wait until workers reply, and refuse those that would make other files."""
        deadline = time.monotonic() + self.timeout
        while not (environments := self._start_workers()):
            if time.monotonic() > deadline:
                raise RegisterError(
                    f"No worker of the cluster at '{self.address}' has answered within "
                    f"{self.timeout:g} seconds."
                )
        here = describe_environment()
        for worker, there in environments.items():
            if isinstance(there, Exception):
                raise RegisterError(
                    f"The cluster's worker {worker} cannot make reports: {_first_line(there)}. "
                    "Install qi-analysis there as it is installed here."
                )
            if differences := compare_environments(here, there):
                raise RegisterError(f"The cluster's worker {worker} {differences}")

    def _start_workers(self) -> dict:
        """Start what executes notebooks on each worker; return their environments, or errors."""
        try:
            self.client.wait_for_workers(1, timeout=self.timeout)
            replies = self.client.run(
                handshake, self.warm_up, on_error="return", callback_timeout=self.timeout
            )
        except (OSError, TimeoutError):
            return {}
        return {  # but of those that are lost
            worker: reply for worker, reply in replies.items() if not isinstance(reply, OSError)
        }

    def run(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Execute notebooks, and yield the outcome of each as it ends."""
        self.last_seen = time.monotonic()
        deadline, reason = self.last_seen + self.limits.run_seconds, ""
        tasks, executor = list(tasks), self.client.get_executor(pure=False)
        inputs = {folder: self._send(folder, tasks) for folder in {task.folder for task in tasks}}
        pending = {
            executor.submit(run_task, inputs[task.folder], task, self.limits, self.warm_up): task
            for task in tasks
        }
        while pending and not reason:
            for future in wait(pending, POLL_SECONDS, FIRST_COMPLETED).done:
                yield _receive(pending.pop(future), future)
            late = time.monotonic() > deadline
            reason = self.limits.run_too_long() if late else self._check_workers()
        yield from (Done(task, reason, 0.0) for task in pending.values())

    def _send(self, folder: str, tasks: list[Task]):
        """Send all that a folder's tasks read; its name is its hash, so that it travels once."""
        import dask.config

        templates = {task.template for task in tasks if task.folder == folder}
        files = [path for path in sorted(Path(folder).rglob("*")) if path.is_file()]
        inputs = {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
        notebooks = {name: _with_modules(Path(name)) for name in sorted(templates)}
        content = pickle.dumps((inputs, notebooks, describe_environment()))
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):
            return self.client.submit(payload, content, key=f"qi-analysis-{sha256(content)}")

    def _check_workers(self) -> str:
        """Describe that there has been no worker for long; empty if there has."""
        with contextlib.suppress(Exception):  # without a scheduler all futures are cancelled
            count = self.client.scheduler.ncores
            if self.client.sync(count, callback_timeout=self.timeout):
                self.last_seen = time.monotonic()
        if time.monotonic() - self.last_seen < self.timeout:
            return ""
        return f"The cluster has had no worker for {self.timeout:g} seconds."


def _with_modules(template: Path) -> dict[str, bytes]:
    return {**read_modules(template), template.name: template.read_bytes()}


def _receive(task: Task, future: Future) -> Done:
    """Write what was made of a notebook; return that, or the reason why there is nothing."""
    from distributed import KilledWorker

    try:
        reason, seconds, files = future.result()
        for suffix, content in files.items():
            Path(task.out).with_suffix(suffix).write_bytes(content)
        return Done(task, reason, seconds)
    except CancelledError:
        reason = LOST
    except KilledWorker as fault:
        reason = (
            f"Every worker that made it was lost, {fault.allowed_failures + 1} in turn, as happens "
            "when a machine runs out of memory."
        )
    except Exception as fault:
        reason = describe_fault(fault)
    return Done(task, reason, 0.0)


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or [type(fault).__name__])[0].rstrip(".")
