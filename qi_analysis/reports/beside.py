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
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path

from .. import __version__
from .builds import PACKAGE, libraries, tree
from .engine import ENDED, FORKS, ForkServer, make_in_kernel
from .execute import Task
from .faults import Limits
from .seals import sha256

TICK = 0.5  # seconds between looks whether a notebook is still wanted
MANY = 1_000  # notebooks at once; fewer come, for each is asked for by one of the worker's threads
OPTIONAL = {"bottleneck", "numexpr"}  # pandas calculates with these only where they are installed
ALONE = """import json, sys
sys.path[:] = json.loads(sys.argv[1])
from qi_analysis.reports.beside import answer
answer()"""


def describe_environment() -> dict[str, str]:
    """Give the version of everything on which it depends what a report's files are."""
    files = sha256(json.dumps(tree(PACKAGE), sort_keys=True).encode())
    named = (each.removesuffix(".dist-info").rpartition("-") for each in libraries())
    return {
        **{name.lower(): version for name, _, version in named},
        "qi_analysis": f"{__version__} (files {files[:8]})",
        "Python": platform.python_version(),
        "the system": f"{platform.system()} {platform.machine()}",
    }


def compare_environments(here: dict[str, str], there: dict[str, str]) -> str:
    """Say what could make other files there; nothing if all that matters is the same.

    A library that only one of the two has is let pass: reports are made without it.

    >>> compare_environments({"pandas": "3.1.1", "ruff": "1"}, {"pandas": "3.0.0"})
    'differs: pandas is 3.0.0 there and 3.1.1 here. Install the same on both, and start it again.'
    """
    both = (here.keys() & there.keys()) | (OPTIONAL & (here.keys() | there.keys()))
    differing = [
        f"{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
        for name in sorted(both)
        if here.get(name) != there.get(name)
    ]
    if not differing:
        return ""
    shown = differing[:3] + ([f"and {len(differing) - 3} more"] if len(differing) > 3 else [])
    return f"differs: {', '.join(shown)}. Install the same on both, and start it again."


class Beside:
    """Has the notebooks made that a worker's threads ask for."""

    def __init__(self):
        self.starting, self.server, self.environment = threading.Lock(), None, {}
        self.asked: dict[int, Future] = {}

    def start(self, forks: bool) -> None:
        """Start a fork server, unless it is there, or notebooks are made otherwise."""
        with self.starting:
            if self.server and self.server.server.poll() is None:
                return
            self.environment = describe_environment()
            if forks:
                self.server = ForkServer(MANY, Limits()).__enter__()
                threading.Thread(target=self._listen, args=[self.server], daemon=True).start()

    def _listen(self, server: ForkServer) -> None:
        for said in server.answers():
            self.asked.pop(said["key"]).set_result((said["reason"], said["seconds"]))

    def make(self, task: Task, limits: Limits, wanted: Callable[[], bool]) -> tuple[str, float]:
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


def greet(forks: bool, dask_worker) -> dict[str, str]:
    """Have a worker start what makes notebooks, and describe what they will be made with."""
    return beside(dask_worker, forks and FORKS).environment


def beside(worker, forks: bool) -> Beside:
    """Give what makes notebooks beside a worker; it is kept with the worker, and ends with it."""
    kept = worker.extensions.setdefault("qi-analysis", Beside())
    kept.start(forks)
    return kept


def keep(content: bytes) -> bytes:
    """Be a task whose result is what a run's notebooks read, so that Dask brings it to workers."""
    return content


def make(content: bytes, task: Task, limits: Limits, forks: bool) -> tuple[str, float, dict]:
    """Make a notebook on a worker: give the reason if it failed, the seconds, and its files."""
    from distributed import Status, get_worker

    worker, (inputs, notebooks, here) = get_worker(), pickle.loads(content)
    key, tasks, forks = worker.get_current_task(), worker.state.tasks, forks and FORKS
    ending = {Status.closing, Status.closed, Status.failed}

    def wanted() -> bool:
        going_on = key in tasks and tasks[key].state == "executing"
        return going_on and worker.status not in ending

    kept = beside(worker, forks)
    if differences := compare_environments(here, kept.environment):
        return f"A worker of the cluster {differences}", 0.0, {}
    with tempfile.TemporaryDirectory(
        dir=worker.local_directory, prefix="qi-analysis-", ignore_cleanup_errors=True
    ) as folder:
        there = _unpack(inputs, notebooks[task.template], task, Path(folder))
        reason, seconds = (kept.make if forks else make_alone)(there, limits, wanted)
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
    """Give the files that were made of a notebook, by their suffix."""
    return {each.suffix: each.read_bytes() for each in out.parent.glob(f"{out.stem}.*")}


def make_alone(task: Task, limits: Limits, wanted: Callable[[], bool]) -> tuple[str, float]:
    """Make a notebook as ``Beside.make`` does, in an ordinary kernel below a process of its own."""
    paths = json.dumps([os.path.abspath(path) for path in sys.path])
    question = json.dumps([asdict(task), asdict(limits)]).encode()
    with subprocess.Popen(
        [sys.executable, "-P", "-c", ALONE, paths], stdin=subprocess.PIPE, stdout=subprocess.PIPE
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


def answer() -> None:
    """Make the one notebook that standard input asks for, and say what became of it."""
    task, limits = json.load(sys.stdin)
    limits = Limits(**limits)
    said = make_in_kernel(Task(**task), limits, time.monotonic() + limits.run_seconds)
    sys.stdout.write(json.dumps(said))
