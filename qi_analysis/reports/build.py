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
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from ..core.errors import RegisterError
from ..core.files import PACKAGE, file_hashes, lock_folder, sha256
from ..execution.engine import start_engine
from ..execution.environment import libraries
from ..execution.tasks import Task
from . import WARM_UP
from .output import BESIDE, find_current, write_seal
from .plan import Job, Outcome


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
    """Lock a run's output folder; yield a private folder in it, and what starts the engine.

    ``engine`` is one that ``start_engine`` gives, not yet running; one for the run without it.
    """
    with lock_folder(out) as folder, ExitStack() as stack:
        yield folder, lambda: stack.enter_context(engine or start_engine(warm_up=WARM_UP))


def build_ids(jobs: list[Job], folder: Path, page: dict) -> dict[str, str]:
    """Return each report's build id, by its page: a hash of all that it is to be made from."""
    made_by = [sys.version, libraries(), file_hashes(PACKAGE), file_hashes(folder), page]
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


def _find_current(page: Path, build: str, browser: str) -> str:
    """Return the hash of a page that is a build's, and printed if it is to be; else nothing."""
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


RENDER = "qi_analysis.reports.page:write_page"


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
        render=RENDER,
        page={"title": job.title, "home": home, **page},
    )


NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "msedge",
)  # fmt: skip

PLACES = (  # where Windows and macOS keep them, below the folders that hold programs
    "Microsoft/Edge/Application/msedge.exe",
    "Google/Chrome/Application/chrome.exe",
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)
ROOTS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
LONGEST = 120  # seconds to print a page


def find_browser() -> str:
    """Find a browser that prints pages.

    Raises
    ------
    RegisterError
        If there is none.
    """
    folders = [*filter(None, map(os.environ.get, ROOTS)), "/Applications"]
    places = [str(Path(folder, place)) for folder in folders for place in PLACES]
    for name in (*NAMES, *places):
        if found := shutil.which(name):
            return found
    raise RegisterError(
        "`--pdf` needs Chromium, Chrome or Edge to print the pages, and none is installed here. "
        "Install one, or leave `--pdf` out: the pages themselves need nothing."
    )


def print_page(browser: str, page: Path) -> None:
    """Print a page as PDF beside it.

    Raises
    ------
    OSError
        If no PDF came of it.
    """
    pdf = page.with_suffix(".pdf")
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
        command = [
            browser, "--headless", *root, "--disable-gpu", "--no-first-run",
            "--disable-background-networking", f"--user-data-dir={own}", "--no-pdf-header-footer",
            f"--print-to-pdf={pdf.resolve()}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            subprocess.run(command, capture_output=True, timeout=LONGEST, check=True)
        except subprocess.SubprocessError:
            pdf.unlink(missing_ok=True)
    if not pdf.is_file():
        raise OSError(None, "the browser did not print it")
