"""A run of reports, for whichever audience: read, make what changed, publish it, and record it.

Each page bears its report's build (see :mod:`.output`): a hash of everything that the report is
made from, and the page is kept if that is still so. That is every file in the run's private folder
(the register as it was cleaned, the profile and the earlier snapshot; or the published counts), the
parameters, the template and the modules in its folder, what stands at the page's head, this
package's files, and the version of Python, of every installed library and the names of fonts. The
same rows saved in another way, such as with another delimiter, change nothing; another name of the
file does, for the register's rows bear it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from .. import __version__
from ..core.errors import RegisterError
from ..core.files import (
    PACKAGE,
    check_folders,
    file_hashes,
    lock_folder,
    make_folder,
    other_kind,
    sha256,
    write_whole,
)
from ..core.text import count_of, format_date
from ..execution.engine import start_engine
from ..execution.environment import fonts, libraries
from ..execution.notebook import read_modules, read_warnings
from ..execution.tasks import Task
from ..onboarding.draft import check_decided
from ..profile import Profile
from ..register import select_rows
from . import WARM_UP
from .inputs import FOLDERS, Inputs, read_whole_input
from .output import (
    PRINTED,
    SIBLINGS,
    check_audience,
    csv_text,
    hash_if_current,
    json_text,
    remove_stale,
    report_record,
    write_build_stamp,
)
from .plan import Job, Outcome

RENDER = "qi_analysis.reports.page:write_page"
FILES = ("index.html", "easy.html", "run.json", "run.log")  # beside the reports


@dataclass(frozen=True)
class Run:
    """What a run of reports is asked to do.

    Attributes
    ----------
    source : str or Path
        An export, a folder of dated ones, a database's URL, or ``"example"``.
    out : Path
        The folder for the reports.
    profile : Profile
        The trust's words.
    query, table : str, optional
        What to read, where the source is a database's URL.
    as_of : str
        The day to report of, such as ``"2021-05-04"``; the register's own without it.
    directorates : collection of str
        Only these; every one without it.
    definition : str, optional
        What counts as meaningful; the profile's headline definition by default.
    engine : optional
        One that ``start_engine`` gives, not yet running: it is started only if a report is to be
        made. One for this run by default.
    force : bool
        Make the reports that are up to date too.
    pdf : bool
        Print each page too, by a browser.
    on_start, on_outcome : callable
        Called with the number of reports that are to be made, and with the :class:`Outcome` of
        each as it ends.
    """

    source: str | Path
    out: Path
    profile: Profile
    query: str | None = None
    table: str | None = None
    as_of: str = ""
    directorates: Collection[str] = ()
    definition: str | None = None
    engine: AbstractContextManager | None = None
    force: bool = False
    pdf: bool = False
    on_start: Callable[[int], None] = lambda total: None
    on_outcome: Callable[[Outcome], None] = lambda outcome: None


@dataclass(frozen=True)
class Edition:
    """The reports for one audience: which to make, and what is published around them.

    Attributes
    ----------
    jobs : list of Job
        The trust's report and the directorates'.
    page : dict
        What stands at the head of every page.
    render_index : callable
        Returns the index page, when it is given the outcomes.
    record : dict
        What only this audience's ``run.json`` holds.
    pages : dict of str
        Other pages beside the index, by name.
    tables : dict of DataFrame
        What is published as ``data/*.csv``, by name.
    suppressed : list of dict
        The records of reports that are not made, as their counts are too small.
    """

    jobs: list[Job]
    page: dict
    render_index: Callable[[list[Outcome]], str]
    record: dict
    pages: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    suppressed: list[dict] = field(default_factory=list)


def publish_reports(run: Run, audience: str, prepare: Callable[[Inputs, Path], Edition]) -> dict:
    """Read a register, make its reports for an audience, and publish them in a folder.

    Everything that can be refused is refused before anything is published. Reports are made in a
    private folder, those only that are not up to date. Each is moved into place as soon as it is
    made, every file whole, its page after its notebook; the index, the pages beside it and
    ``run.json`` follow all reports. A report that fails leaves the earlier one in place.

    Parameters
    ----------
    run : Run
        What is asked for.
    audience : {"internal", "public"}
        Who the reports are for.
    prepare : callable
        Refuses a folder in which it would replace what no run made, writes what the notebooks read
        into the private folder, and returns the edition.

    Returns
    -------
    dict
        The run's record, as in ``run.json``.
    """
    began = time.perf_counter()
    check_decided(run.profile)
    browser = find_browser() if run.pdf else ""
    with lock_folder(run.out, FILES) as folder:
        check_folders(run.out, FOLDERS)
        inputs = read_whole_input(
            run.source, run.profile, query=run.query, table=run.table, as_of=run.as_of,
            definition=run.definition,
        )  # fmt: skip
        for name in run.directorates:
            select_rows(inputs.register.projects, "directorate", name)
        check_audience(run.out, audience)
        edition = prepare(inputs, folder)
        outcomes, warning = make_reports(run, edition, folder, browser)
        if not run.directorates:
            remove_stale(run.out, edition.jobs)
        write_whole(run.out / "index.html", edition.render_index(outcomes), folder)
        for name, text in edition.pages.items():
            write_whole(run.out / name, text, folder)
        _write_tables(edition.tables, run.out / "data", folder)
        record = _record(run, inputs, edition, outcomes, warning)
        if audience == "internal":  # a log names the register
            _write_log(run.out, folder, record, outcomes, time.perf_counter() - began)
        write_whole(run.out / "run.json", json_text(record), folder)
    return record


def page_head(run: Run, inputs: Inputs) -> dict:
    """Return what stands at the head of the pages, whoever they are for."""
    return {
        "trust": run.profile.trust,
        "as_of": format_date(inputs.register.as_of),
        "definition": inputs.register.definition.label,
        "meaning": inputs.register.definition.meaning,
        "example": inputs.example,
        "warnings": [],
        "version": __version__,
    }


def _record(
    run: Run, inputs: Inputs, edition: Edition, outcomes: list[Outcome], warning: str
) -> dict:
    return {
        "version": __version__,
        "profile": run.profile.file_name,
        "profile_sha256": run.profile.sha256,
        "as_of": f"{inputs.register.as_of:%Y-%m-%d}",
        **edition.record,
        "execution_warning": warning,
        "reports": [*map(report_record, outcomes), *edition.suppressed],
    }


def _write_tables(tables: Mapping[str, pd.DataFrame], folder: Path, private: Path) -> None:
    with ExitStack() as made:
        make_folder(folder, made)
        for name, frame in tables.items():
            write_whole(folder / f"{name}.csv", csv_text(frame), private)


def _write_log(
    out: Path, private: Path, record: dict, outcomes: list[Outcome], seconds: float
) -> None:
    """Add the run to ``run.log``: a line a report, and one for each thing that cells warned of.

    It is replaced whole, as every other file: a backup that is linked to it stays as it was.
    """
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    lines = [
        f"{now} {report['status']} {report['slug']} {report['seconds']:.2f} s {report['reason']}"
        for report in record["reports"]
    ]
    reports = count_of(len(lines), "report")
    lines += [f"{now} warning {line}" for line in _warnings(outcomes)]
    lines.append(f"{now} {reports} of {record['register']} in {seconds:.1f} s")
    log = out / "run.log"
    before = log.read_bytes() if log.exists() else b""
    if before[-1:] not in (b"", b"\n"):  # an earlier version's, cut short as it was killed
        before += b"\n"
    text = "\n".join(line.strip() for line in lines) + "\n"
    write_whole(log, before + text.encode(), private)


def _warnings(outcomes: list[Outcome]) -> list[str]:
    """Return each warning once, with the reports that it comes from."""
    pages: dict[str, list[str]] = {}
    for outcome in outcomes:
        for line in outcome.warnings:
            pages.setdefault(line, []).append(outcome.job.page.removesuffix(".html"))
    others = {
        line: f" and {count_of(len(p) - 1, 'other')}" * (len(p) > 1) for line, p in pages.items()
    }
    return [f"{first}{others[line]}: {line}" for line, (first, *_) in pages.items()]


# --- making ---------------------------------------------------------------------------------------


def make_reports(
    run: Run, edition: Edition, folder: Path, browser: str
) -> tuple[list[Outcome], str]:
    """Make the reports that are not up to date, each moved into place as soon as it is made.

    The engine is started only if there is something to make; what it warns of is returned with the
    outcomes. ``browser`` prints every page as PDF.
    """
    jobs, page = edition.jobs, edition.page
    templates = _hash_templates(jobs)
    builds = build_ids(jobs, folder, page)
    outcomes = {} if run.force else _find_unchanged(jobs, run.out, builds, browser)
    changed = [job for job in jobs if job.page not in outcomes]
    warning = ""
    if changed:
        run.on_start(len(changed))
        with run.engine or start_engine(warm_up=WARM_UP) as engine:
            for outcome in run_jobs(changed, folder, page, engine):
                outcome = _check_template(outcome, templates)
                if outcome.status == "published":
                    build = builds[outcome.job.page]
                    outcome = _publish(outcome, folder, run.out, build, page["as_of"], browser)
                outcomes[outcome.job.page] = outcome
                run.on_outcome(outcome)
            warning = engine.warning
    return [outcomes[job.page] for job in jobs], warning


def build_ids(jobs: list[Job], folder: Path, page: dict) -> dict[str, str]:
    """Return each report's build id, by its page: a hash of all that it is to be made from."""
    made_by = [sys.version, libraries(), fonts(), file_hashes(PACKAGE), file_hashes(folder), page]
    templates = _hash_templates(jobs)
    return {
        job.page: sha256(
            json.dumps(
                [made_by, templates[job.template], job.parameters, job.title, job.page],
                sort_keys=True,
            ).encode()
        )
        for job in jobs
    }


def _check_template(outcome: Outcome, before: Mapping[Path, str]) -> Outcome:
    """Return an outcome, failed if the template, or a module beside it, is another by now."""
    template = outcome.job.template
    with suppress(OSError):
        if _hash_template(template) == before[template]:
            return outcome
    reason = f"{template.name}, or a module beside it, was changed meanwhile. Run again."
    return replace(outcome, status="failed", reason=outcome.reason or reason)


def _hash_templates(jobs: list[Job]) -> dict[Path, str]:
    return {template: _hash_template(template) for template in {job.template for job in jobs}}


def _hash_template(template: Path) -> str:
    """Return a hash of a notebook and of the modules that it may import from its folder."""
    modules = {name: sha256(content) for name, content in read_modules(template).items()}
    return sha256(json.dumps([sha256(template.read_bytes()), modules]).encode())


def _find_unchanged(
    jobs: list[Job], out: Path, build_ids_by_page: dict[str, str], browser: str
) -> dict[str, Outcome]:
    """Return an outcome for each page that is up to date, and printed if it is to be."""

    def find(job: Job) -> str:
        page = out / job.page
        printed = not browser or page.with_suffix(".pdf").is_file()
        return hash_if_current(page, build_ids_by_page[job.page]) if printed else ""

    with ThreadPoolExecutor() as threads:  # reading and hashing wait for no interpreter
        hashes = zip(jobs, threads.map(find, jobs), strict=True)
        return {
            job.page: Outcome(job, "unchanged", "", 0.0, found) for job, found in hashes if found
        }


def _publish(
    outcome: Outcome, folder: Path, out: Path, build: str, as_of: str, browser: str
) -> Outcome:
    """Move a report's files into place, notebook first and page last; both bear the build id.

    Where no PDF is asked for, that of an earlier page goes.
    """
    made, page = folder / outcome.job.page, out / outcome.job.page
    for kind in (*SIBLINGS.values(), PRINTED, ".html"):
        what = other_kind(page.with_suffix(kind), follow=False)
        if what not in ("", "a folder"):  # no file could replace a folder
            reason = f"It could not be published: {page.with_suffix(kind).name} is {what}."
            return replace(outcome, status="failed", reason=reason)
    try:
        page_hash = write_build_stamp(made, build, as_of)
        with ExitStack() as new:
            make_folder(page.parent, new)
            if browser:
                print_page(browser, made)
            else:
                page.with_suffix(PRINTED).unlink(missing_ok=True)
            for kind in (*SIBLINGS.values(), *([PRINTED] if browser else []), ".html"):
                os.replace(made.with_suffix(kind), page.with_suffix(kind))
    except OSError as fault:
        reason = f"It could not be published: {fault.strerror}."
        return replace(outcome, status="failed", reason=reason)
    return replace(outcome, sha256=page_hash)


def run_jobs(jobs: list[Job], folder: Path, page: dict, engine) -> Iterator[Outcome]:
    """Make every report's notebook and page in a private folder, and give each one as it ends.

    Each report is made in a process of its own, so that none can touch another; one that fails
    leaves the others be. ``page`` holds the head of every page; ``engine`` is a running
    one, as ``start_engine`` gives it.
    """
    planned = {(task := _task(job, folder, page)).out: (task, job) for job in jobs}
    (folder / "directorates").mkdir(exist_ok=True)
    for done in engine.run(task for task, _ in planned.values()):
        status = "failed" if done.reason else "published"
        job = planned[done.task.out][1]
        lines = tuple(read_warnings(done.task.out))
        yield Outcome(job, status, done.reason, round(done.seconds, 2), warnings=lines)


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
    if not _is_whole_pdf(pdf):
        raise OSError(None, "the browser printed no whole PDF")


def _is_whole_pdf(path: Path) -> bool:
    """Whether a file is a PDF to its end; a browser may leave an empty one, or a page of HTML."""
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-1024:]
