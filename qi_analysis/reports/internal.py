"""The main job: a register in; a report a directorate, an index, tidy data and a record out."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from .. import __version__
from ..cleaning.result import CleaningResult
from ..core.files import sha256, write_whole
from ..core.text import count_of, format_date
from ..counts.areas import count_areas
from ..counts.involvement import bound_rates, compare_definitions, count_involvement
from ..profile import Profile
from ..register import as_of_date, select_projects
from ..snapshots import write_snapshot
from ..stats.rates import add_aim, add_rates
from .build import find_browser, make_reports, run_in
from .index import Stand, render_index
from .inputs import (
    History,
    Intake,
    keep_register,
    looks_back,
    notes_on,
    own_day,
    take_in_whole,
    warnings_on,
)
from .output import csv_text, drop_former, json_text, refuse_mixture, report_record
from .plan import Job, Outcome, plan_jobs

EARLIER = "earlier.parquet"  # the snapshot to compare with, beside the register in a run's folder


def write_reports(
    source: str | Path,
    out: Path,
    profile: Profile,
    *,
    query: str | None = None,
    table: str | None = None,
    snapshots: Path | None = None,
    today: date | None = None,
    as_of: str = "",
    directorates: Iterable[str] = (),
    definition: str | None = None,
    engine=None,
    force: bool = False,
    pdf: bool = False,
    start: Callable[[int], None] = lambda total: None,
    seen: Callable[[Outcome], None] = lambda outcome: None,
) -> dict:
    """Read, clean and analyse a register, and publish its reports in a folder.

    Everything that can be refused is refused before anything is published. Reports are made in a
    private folder, those only that are not up to date, or all by ``force``. Each is moved into
    place as soon as it is made, every file whole, its page after its notebook; the index and
    ``run.json`` follow all reports. A report that fails leaves the earlier one in place.

    The cleaned register is kept in the folder ``snapshots`` by the day it describes, the example in
    one of its own below it, and compared with the latest snapshot before that day. A run that looks
    back, ``as_of`` being earlier than what the register itself says, keeps and compares nothing.
    ``engine`` is one that ``start_engine`` gives, not yet running: it is started only if a report
    is to be made. ``pdf`` prints each page too, by a browser. ``today`` serves only to record that
    an export is old; no page depends on it.

    Returns
    -------
    dict
        The run's record, as in ``run.json``.
    """
    began = time.perf_counter()
    browser = find_browser() if pdf else ""
    with run_in(out, engine) as (folder, running):
        intake = take_in_whole(source, profile, query, table)
        day = as_of_date(intake.cleaned.register, as_of)
        wanted = profile.definition(definition)
        parameters = {"register": "register.parquet", "profile": "profile.toml", "earlier": "",
                      "as_of": f"{day:%Y-%m-%d}", "definition": wanted.name}  # fmt: skip
        jobs = plan_jobs(intake.cleaned.register, parameters, directorates)
        refuse_mixture(out, "internal")
        history = _keep(intake, snapshots, day, profile)
        warnings = (*history.warnings, *warnings_on(intake, as_of))
        cleaned = replace(intake.cleaned, warnings=warnings)
        jobs = [_since(job, history) for job in jobs]
        page = _page_head(intake, cleaned, profile, day, wanted)
        _write_inputs(cleaned, history, profile, day, folder)
        page["register_sha256"] = sha256((folder / "register.parquet").read_bytes())
        outcomes = make_reports(
            jobs, folder, out, page, engine=running, force=force, browser=browser, start=start,
            seen=seen,
        )  # fmt: skip
        counted = _count(cleaned, profile, day, wanted.name)
        _write_data(counted, out / "data", folder)
        if not directorates:
            drop_former(out, jobs)
        stand = Stand(cleaned, counted, profile, day, wanted.name, history.earlier)
        write_whole(out / "index.html", render_index(page, stand, outcomes, out), folder)
        notes = notes_on(intake, today, as_of)
        record = _record(intake, profile, day, cleaned, history, notes, outcomes)
        _write_log(out, record, time.perf_counter() - began)
        write_whole(out / "run.json", json_text(record), folder)
    return record


def _keep(intake: Intake, snapshots: Path | None, day: pd.Timestamp, profile: Profile) -> History:
    own = own_day(intake.cleaned)
    if looks_back(day, own):
        return History()
    return keep_register(intake, snapshots, day, profile)


def _write_inputs(
    cleaned: CleaningResult, history: History, profile: Profile, day, folder: Path
) -> None:
    """Write what the notebooks read, where they run."""
    write_snapshot(cleaned, folder / "register.parquet", as_of=day, profile=profile)
    (folder / "profile.toml").write_bytes(profile.text)
    if history.earlier:
        shutil.copyfile(history.earlier, folder / EARLIER)


def _since(job: Job, history: History) -> Job:
    if history.earlier is None:
        return job
    return replace(job, parameters={**job.parameters, "earlier": EARLIER})


def _page_head(intake, cleaned, profile: Profile, day: pd.Timestamp, definition) -> dict:
    """Return what every page says at its head."""
    return {
        "trust": profile.trust,
        "as_of": format_date(day),
        "period": _period(cleaned, day),
        "register": intake.name,
        "profile": profile.file_name,
        "definition": definition.label,
        "meaning": definition.meaning,
        "example": intake.example,
        "warnings": list(cleaned.warnings),
        "version": __version__,
    }


def _period(cleaned: CleaningResult, day: pd.Timestamp) -> str:
    """Say between which days the register's projects started."""
    starts = cleaned.register["start_date"]
    starts = starts[starts <= day]
    return f"{format_date(starts.min())} to {format_date(starts.max())}" if len(starts) else ""


def _count(cleaned: CleaningResult, profile: Profile, day: pd.Timestamp, definition: str) -> dict:
    """Return the frames that the index shows and that are published as data."""
    register = cleaned.register
    options = {"basis": profile.basis, "as_of": day, "profile": profile}
    named = {"definition": definition, "profile": profile}
    trust = count_involvement(register, **named, basis=profile.basis, as_of=day)
    groups = pd.Series(sorted(register["directorate"].unique()), name="directorate", dtype="str")
    counts = count_involvement(register, **named, by="directorate", basis=profile.basis, as_of=day)
    # a directorate with no live project stays in the table, with a denominator of 0
    counts = counts.merge(groups, how="right").fillna({"definition": definition}).fillna(0)
    counts = counts.astype(dict.fromkeys(["numerator", "denominator", "not_recorded"], "int64"))
    aim = profile.aim_on(day)
    return {
        "trust": _measured(trust, aim),
        "directorates": _measured(counts, aim),
        "definitions": _measured(compare_definitions(register, **options), None),
        "quarters_started": _measured(
            count_involvement(register, **named, period="quarter", as_of=day), None
        ),
        "quarters_active": _measured(
            count_involvement(register, **named, period="quarter", basis="active", as_of=day), None
        ),
        "areas": count_areas(
            select_projects(register, basis=profile.basis, as_of=day), profile=profile
        ),
    }


def _measured(counts: pd.DataFrame, aim) -> pd.DataFrame:
    rates = counts.pipe(add_rates).pipe(bound_rates)
    return rates.pipe(add_aim, aim) if aim is not None else rates


def _write_data(frames: dict, folder: Path, private: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name, frame in frames.items():
        write_whole(folder / f"{name}.csv", csv_text(frame), private)


def _record(intake, profile, day, cleaned, history, notes, outcomes) -> dict:
    return {
        "version": __version__,
        "profile": profile.file_name,
        "profile_sha256": profile.sha256,
        "register": intake.name,
        "register_sha256": intake.sha256,
        "example": intake.example,
        "as_of": f"{day:%Y-%m-%d}",
        "snapshot": history.status,
        "earlier": history.earlier.stem if history.earlier else "",
        "warnings": notes,
        "cleaning": {**cleaned.counts, "warnings": list(cleaned.warnings)},
        "reports": [report_record(outcome) for outcome in outcomes],
    }


def _write_log(out: Path, record: dict, seconds: float) -> None:
    """Add the run to ``run.log``, a line a report."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    lines = [
        f"{now} {report['status']} {report['slug']} {report['seconds']:.2f} s {report['reason']}"
        for report in record["reports"]
    ]
    reports = count_of(len(lines), "report")
    lines.append(f"{now} {reports} of {record['register']} in {seconds:.1f} s")
    log = out / "run.log"
    torn = log.exists() and log.read_bytes()[-1:] not in (b"", b"\n")  # by a run that was killed
    text = "\n".join(line.strip() for line in lines) + "\n"
    with log.open("a", encoding="utf-8", newline="\n") as file:
        file.write("\n" + text if torn else text)
