"""Make only what changed: a page bears what its report was made from, and is kept if that is so.

A page's seal (``seals``) holds its build id: a hash of everything that the report is made from.
That is every file in the run's private folder (the register as it was cleaned, the profile and the
earlier snapshot; or the published counts), the parameters, the template, what the page says at its
head, this package's files, and the version of Python and of every installed library. The same
rows saved in another way, such as with another delimiter, change nothing; another name of the file
does, for the register's rows bear it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from .engine import start_engine
from .folders import private_folder
from .hold import hold_folder
from .pdf import print_page
from .plan import Job
from .run import Outcome, run_jobs
from .seals import BESIDE, find_current, sha256, write_seal

PACKAGE = Path(__file__).parent.parent


def make_reports(
    jobs: list[Job],
    folder: Path,
    out: Path,
    page: dict,
    *,
    engine: Callable,
    force: bool,
    browser: str,
    start: Callable[[int], None],
    seen: Callable[[Outcome], None],
) -> list[Outcome]:
    """Make the reports that are not up to date, each moved into place as soon as it is made.

    ``engine`` gives a running one, and is asked only if there is something to make; ``start`` is
    told how many, and ``seen`` what became of each. ``browser`` prints every page as PDF too.
    """
    builds = build_ids(jobs, folder, page)
    with ThreadPoolExecutor() as threads:  # reading and hashing wait for no interpreter
        current = threads.map(
            lambda job: "" if force else _find_current(out / job.page, builds[job.page], browser),
            jobs,
        )
        outcomes = {
            job.page: Outcome(job, "unchanged", "", 0.0, page_hash)
            for job, page_hash in zip(jobs, current, strict=True)
            if page_hash
        }
    if changed := [job for job in jobs if job.page not in outcomes]:
        start(len(changed))
        for outcome in run_jobs(changed, folder, page, engine()):
            if outcome.status == "published":
                build = builds[outcome.job.page]
                outcome = _publish(outcome, folder, out, build, page["as_of"], browser)
            outcomes[outcome.job.page] = outcome
            seen(outcome)
    return [outcomes[job.page] for job in jobs]


@contextmanager
def run_in(out: Path, engine) -> Iterator[tuple[Path, Callable]]:
    """Hold a run's output folder; give a private folder in it, and what starts the engine.

    ``engine`` is one that ``start_engine`` gives, not yet running; one for the run without it.
    """
    with hold_folder(out), private_folder(out) as folder, ExitStack() as stack:
        yield folder, lambda: stack.enter_context(engine or start_engine())


def build_ids(jobs: list[Job], folder: Path, page: dict) -> dict[str, str]:
    """Give each report's build id, by its page: a hash of all that it is to be made from."""
    made_by = [sys.version, libraries(), tree(PACKAGE), tree(folder), page]
    templates = {job.template: sha256(job.template.read_bytes()) for job in jobs}
    return {
        job.page: sha256(
            json.dumps(
                [made_by, templates[job.template], job.parameters, job.title, job.page],
                sort_keys=True,
            ).encode()
        )
        for job in jobs
    }


def libraries() -> list[str]:
    """Name every installed library with its version, as its folder of metadata does."""
    places = [Path(place) for place in sys.path if os.path.isdir(place)]
    return sorted({each.name for place in places for each in place.glob("*.dist-info")})


def tree(folder: Path) -> dict[str, str]:
    """Give the hash of every file below a folder, except what Python keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _find_current(page: Path, build: str, browser: str) -> str:
    """Give the hash of a page that is a build's, and printed if it is to be; else nothing."""
    printed = not browser or page.with_suffix(".pdf").is_file()
    return find_current(page, build) if printed else ""


def _publish(
    outcome: Outcome, folder: Path, out: Path, build: str, as_of: str, browser: str
) -> Outcome:
    """Move a report's files into place, its page last; notebook and page bear the build id.

    Where no PDF is asked for, that of an earlier page goes.
    """
    made, page = folder / outcome.job.page, out / outcome.job.page
    try:
        page_hash = write_seal(made, build, as_of)
        page.parent.mkdir(exist_ok=True)
        if browser:
            print_page(browser, made)
            os.replace(made.with_suffix(".pdf"), page.with_suffix(".pdf"))
        else:
            page.with_suffix(".pdf").unlink(missing_ok=True)
        for kind in (*BESIDE.values(), ".html"):
            os.replace(made.with_suffix(kind), page.with_suffix(kind))
    except OSError as fault:
        reason = f"It could not be published: {fault.strerror}."
        return replace(outcome, status="failed", reason=reason)
    return replace(outcome, sha256=page_hash)
