"""Make every report's notebook and page, with the engine that executes them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

from .engine import start_engine
from .execute import Task
from .plan import Job


@dataclass(frozen=True)
class Outcome:
    """What became of one report, why, how long it took, and the hash of its page.

    ``status`` is ``published`` if it was made, ``unchanged`` if it was up to date, or ``failed``.
    """

    job: Job
    status: str
    reason: str
    seconds: float
    sha256: str = ""


def run_jobs(
    jobs: list[Job], folder: Path, page: dict, engine, seen: Callable[[Outcome], None]
) -> list[Outcome]:
    """Make every report's notebook and page in a private folder, some at once.

    Each report is made in a process of its own, so that none can touch another; one that fails
    leaves the others be. ``page`` holds what every page says at its head; ``engine`` is a running
    one, as ``start_engine`` gives it, or else one is started for these reports.
    """
    planned = {(task := _task(job, folder, page)).out: (task, job) for job in jobs}
    (folder / "directorates").mkdir(exist_ok=True)
    outcomes = {}
    with nullcontext(engine) if engine else start_engine() as running:
        for done in running.run(task for task, _ in planned.values()):
            job = planned[done.task.out][1]
            status = "failed" if done.reason else "published"
            outcomes[job.page] = Outcome(job, status, done.reason, round(done.seconds, 2))
            seen(outcomes[job.page])
    return [outcomes[job.page] for job in jobs]


def _task(job: Job, folder: Path, page: dict) -> Task:
    folder = folder.resolve()
    home = "../index.html" if job.directorate else "index.html"
    return Task(
        template=str(job.template.resolve()),
        out=str((folder / job.page).with_suffix(".ipynb")),
        folder=str(folder),
        parameters=job.parameters,
        page={"title": job.title, "home": home, **page},
    )
