"""Make every report's notebook and page, with the engine that executes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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


def run_jobs(jobs: list[Job], folder: Path, page: dict, engine) -> Iterator[Outcome]:
    """Make every report's notebook and page in a private folder, and give each one as it ends.

    Each report is made in a process of its own, so that none can touch another; one that fails
    leaves the others be. ``page`` holds what every page says at its head; ``engine`` is a running
    one, as ``start_engine`` gives it.
    """
    planned = {(task := _task(job, folder, page)).out: (task, job) for job in jobs}
    (folder / "directorates").mkdir(exist_ok=True)
    for done in engine.run(task for task, _ in planned.values()):
        status = "failed" if done.reason else "published"
        job = planned[done.task.out][1]
        yield Outcome(job, status, done.reason, round(done.seconds, 2))


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
