"""Execute notebooks on a Dask worker: as here, in processes beside the worker's own.

Beside each worker on Linux stands a fork server, warm from a first run until the worker ends, and a
thread of the worker has it execute one notebook at a time; elsewhere each has an ordinary kernel.
The files lie in a folder that is there no longer than the notebook takes. The thread checks all the
while whether its notebook is still wanted: once the run has ended, in whatever way, it is not, and
its process is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from .engine import ENDED, FORKS, ForkServer, execute_in_kernel
from .environment import compare_environments, describe_environment
from .tasks import Limits, Task

POLL_SECONDS = 0.5  # seconds between looks whether a notebook is still wanted
MANY = 1_000  # notebooks at once; fewer come, for each is requested by one of the worker's threads

RUN_FROM_STDIN = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from qi_analysis.execution.cluster_worker import run_from_stdin
run_from_stdin()"""


class NotebookWorker:
    """Executes the notebooks that a Dask worker's threads request."""

    def __init__(self):
        self.starting, self.environment = threading.Lock(), {}
        self.server: ForkServer | None = None

    def start(self, warm_up: str) -> None:
        """Start a fork server, unless it is running, or nothing can be forked here."""
        with self.starting:
            if self.server and (self.server.process.poll() is None or not self.forks()):
                return
            self.environment = describe_environment()
            if FORKS:
                self.server = ForkServer(MANY, Limits(), warm_up).__enter__()

    def forks(self) -> bool:
        """Whether notebooks can be forked here; waits until it is known."""
        return self.server is not None and self.server.ready.result()

    def run(self, task: Task, limits: Limits, wanted: Callable[[], bool]) -> tuple[str, float]:
        """Execute a notebook; return the reason if it failed, and the seconds."""
        if not self.server or not self.forks():
            return run_in_own_process(task, limits, wanted)
        future = self.server.submit(task, limits, time.monotonic() + limits.run_seconds)
        while True:
            with contextlib.suppress(TimeoutError):
                return future.result(POLL_SECONDS)
            if not wanted():
                self.server.cancel(future)


def handshake(warm_up: str, dask_worker) -> dict[str, str]:
    """Start what executes notebooks on a worker, and describe what they will be executed with."""
    return start_notebook_worker(dask_worker, warm_up).environment


def start_notebook_worker(worker, warm_up: str) -> NotebookWorker:
    """Return what executes notebooks beside a worker, and ends with it; start it if need be."""
    notebook_worker = worker.extensions.setdefault("qi-analysis", NotebookWorker())
    notebook_worker.start(warm_up)
    return notebook_worker


def payload(content: bytes) -> bytes:
    """Return what a run's notebooks read: as a task's result, Dask brings it to the workers."""
    return content


def run_task(
    content: bytes, task: Task, limits: Limits, warm_up: str
) -> tuple[str, float, dict[str, bytes]]:
    """Execute a notebook on a worker; return why it failed, the seconds, and its files."""
    from distributed import Status, get_worker

    worker, (inputs, notebooks, here) = get_worker(), pickle.loads(content)
    key, tasks = worker.get_current_task(), worker.state.tasks
    ending = {Status.closing, Status.closed, Status.failed}

    def wanted() -> bool:
        going_on = key in tasks and tasks[key].state == "executing"
        return going_on and worker.status not in ending

    notebook_worker = start_notebook_worker(worker, warm_up)
    if differences := compare_environments(here, notebook_worker.environment):
        return f"A worker of the cluster {differences}", 0.0, {}
    with tempfile.TemporaryDirectory(
        dir=worker.local_directory, prefix="qi-analysis-", ignore_cleanup_errors=True
    ) as folder:
        there = _unpack(inputs, notebooks[task.template], task, Path(folder))
        reason, seconds = notebook_worker.run(there, limits, wanted)
        return reason, seconds, {} if reason else _read_outputs(Path(there.out))


def _unpack(inputs: dict[str, bytes], notebook: dict[str, bytes], task: Task, folder: Path) -> Task:
    """Write a notebook with its modules, and what it reads; return the task as it is there."""
    run, beside = folder / "run", folder / "notebooks"
    template, out = beside / Path(task.template).name, run / Path(task.out).relative_to(task.folder)
    for place, files in ((beside, notebook), (run, inputs)):
        for name, content in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(content)
    out.parent.mkdir(parents=True, exist_ok=True)
    return replace(task, template=str(template), out=str(out), folder=str(run))


def _read_outputs(out: Path) -> dict[str, bytes]:
    """Read the files that were made of a notebook, by their suffix."""
    return {each.suffix: each.read_bytes() for each in out.parent.glob(f"{out.stem}.*")}


def run_in_own_process(task: Task, limits: Limits, wanted: Callable[[], bool]) -> tuple[str, float]:
    """Execute a notebook as ``NotebookWorker.run`` does, in an ordinary kernel below a process."""
    paths = json.dumps([os.path.abspath(path) for path in sys.path])
    request: bytes | None = json.dumps([asdict(task), asdict(limits)]).encode()
    with subprocess.Popen(
        [sys.executable, "-P", "-c", RUN_FROM_STDIN, paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        while True:
            try:
                output, _ = process.communicate(request, timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                request = None
                if not wanted():
                    process.kill()
                    return ENDED, 0.0
            else:
                reason, seconds = json.loads(output.splitlines()[-1]) if output else (ENDED, 0.0)
                return reason, seconds


def run_from_stdin() -> None:
    """Execute the one notebook that standard input requests, and write its outcome."""
    task, limits = json.load(sys.stdin)
    limits = Limits(**limits)
    result = execute_in_kernel(Task(**task), limits, time.monotonic() + limits.run_seconds)
    sys.stdout.write(json.dumps(result))
