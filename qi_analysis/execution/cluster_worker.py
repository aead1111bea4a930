"""What a Dask worker does to make a notebook: as it is made here, in processes beside the worker's.

Beside each worker on Linux stands a fork server, warm from a first run until the worker ends, and a
thread of the worker has it make one notebook at a time; elsewhere each has an ordinary kernel. The
files lie in a folder that is there no longer than the notebook takes. The thread asks all the while
whether its notebook is still wanted: once the run has ended, in whatever way, it is not, and its
process is killed.
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
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path

from .engine import ENDED, FORKS, ForkServer, make_in_kernel
from .environment import compare_environments, describe_environment
from .tasks import Limits, Task

TICK = 0.5  # seconds between looks whether a notebook is still wanted
MANY = 1_000  # notebooks at once; fewer come, for each is asked for by one of the worker's threads

IN_A_PROCESS = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from qi_analysis.execution.cluster_worker import run_from_stdin
run_from_stdin()"""


class NotebookWorker:
    """Runs the notebooks that a Dask worker's threads ask for."""

    def __init__(self):
        self.starting, self.server, self.environment = threading.Lock(), None, {}
        self.asked: dict[int, Future] = {}

    def start(self, forks: bool, warm_up: str) -> None:
        """Start a fork server, unless it is there, or notebooks are made otherwise."""
        with self.starting:
            if self.server and self.server.server.poll() is None:
                return
            self.environment = describe_environment()
            if forks:
                self.server = ForkServer(MANY, Limits(), warm_up).__enter__()
                threading.Thread(target=self._listen, args=[self.server], daemon=True).start()

    def _listen(self, server: ForkServer) -> None:
        for said in server.answers():
            self.asked.pop(said["key"]).set_result((said["reason"], said["seconds"]))

    def run(self, task: Task, limits: Limits, wanted: Callable[[], bool]) -> tuple[str, float]:
        """Make a notebook, and give the reason if it failed, and the seconds."""
        server, answer = self.server, Future()
        self.asked[key := id(answer)] = answer
        server.ask(key, task, limits, time.monotonic() + limits.run_seconds)
        while True:
            with contextlib.suppress(TimeoutError):
                return answer.result(TICK)
            if server.server.poll() is not None:
                return server.ended, 0.0
            if not wanted():
                server.stop(key)


def handshake(forks: bool, warm_up: str, dask_worker) -> dict[str, str]:
    """Start what runs notebooks on a worker, and describe what they will be run with."""
    return notebook_worker(dask_worker, forks and FORKS, warm_up).environment


def notebook_worker(worker, forks: bool, warm_up: str) -> NotebookWorker:
    """Return what runs notebooks beside a worker; it is kept with the worker, and ends with it."""
    kept = worker.extensions.setdefault("qi-analysis", NotebookWorker())
    kept.start(forks, warm_up)
    return kept


def payload(content: bytes) -> bytes:
    """Return what a run's notebooks read: as a task's result, Dask brings it to the workers."""
    return content


def run_task(
    content: bytes, task: Task, limits: Limits, forks: bool, warm_up: str
) -> tuple[str, float, dict]:
    """Run a notebook on a worker; return the reason if it failed, the seconds, and its files."""
    from distributed import Status, get_worker

    worker, (inputs, notebooks, here) = get_worker(), pickle.loads(content)
    key, tasks, forks = worker.get_current_task(), worker.state.tasks, forks and FORKS
    ending = {Status.closing, Status.closed, Status.failed}

    def wanted() -> bool:
        going_on = key in tasks and tasks[key].state == "executing"
        return going_on and worker.status not in ending

    kept = notebook_worker(worker, forks, warm_up)
    if differences := compare_environments(here, kept.environment):
        return f"A worker of the cluster {differences}", 0.0, {}
    with tempfile.TemporaryDirectory(
        dir=worker.local_directory, prefix="qi-analysis-", ignore_cleanup_errors=True
    ) as folder:
        there = _unpack(inputs, notebooks[task.template], task, Path(folder))
        reason, seconds = (kept.run if forks else run_in_process)(there, limits, wanted)
        return reason, seconds, {} if reason else _made(Path(there.out))


def _unpack(inputs: dict[str, bytes], notebook: bytes, task: Task, folder: Path) -> Task:
    """Write what a notebook reads, and itself, into a folder; give the task as it is there."""
    run, template = folder / "run", folder / Path(task.template).name
    out = run / Path(task.out).relative_to(task.folder)
    for path, content in {template: notebook, **{run / n: c for n, c in inputs.items()}}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    out.parent.mkdir(parents=True, exist_ok=True)
    return replace(task, template=str(template), out=str(out), folder=str(run))


def _made(out: Path) -> dict[str, bytes]:
    """Return the files that were made of a notebook, by their suffix."""
    return {each.suffix: each.read_bytes() for each in out.parent.glob(f"{out.stem}.*")}


def run_in_process(task: Task, limits: Limits, wanted: Callable[[], bool]) -> tuple[str, float]:
    """Run a notebook as ``NotebookWorker.run`` does, in an ordinary kernel below a process."""
    paths = json.dumps([os.path.abspath(path) for path in sys.path])
    question = json.dumps([asdict(task), asdict(limits)]).encode()
    with subprocess.Popen(
        [sys.executable, "-P", "-c", IN_A_PROCESS, paths],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        while True:
            try:
                said, _ = process.communicate(question, timeout=TICK)
                return tuple(json.loads(said.splitlines()[-1])) if said else (ENDED, 0.0)
            except subprocess.TimeoutExpired:
                question = None
                if not wanted():
                    process.kill()
                    return ENDED, 0.0


def run_from_stdin() -> None:
    """Make the one notebook that standard input asks for, and say what became of it."""
    task, limits = json.load(sys.stdin)
    limits = Limits(**limits)
    said = make_in_kernel(Task(**task), limits, time.monotonic() + limits.run_seconds)
    sys.stdout.write(json.dumps(said))
