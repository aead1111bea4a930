"""The main job: a register in; a report a directorate, an index, tidy data and a record out."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import jinja2
import pandas as pd

from .. import __version__
from ..involvement import (
    bound_rates,
    compare_definitions,
    count_areas,
    count_involvement,
    describe_basis,
    select_projects,
)
from ..profile import Profile, RegisterError
from ..rates import add_aim, add_rates, describe_rate, label_verdicts
from ..register import Cleaned, RegisterUnreadable, as_of_date
from ..snapshots import write_snapshot
from ..words import format_date, format_share, percent
from ..workbook import guard_cells, write_workbook
from .engine import start_engine
from .folders import private_folder
from .intake import History, Intake, keep_register, own_day, take_in, warn_of_age
from .pages import TEMPLATES, style
from .plan import Job, plan_jobs, slug
from .run import Outcome, run_jobs

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
    start: Callable[[int], None] = lambda total: None,
    seen: Callable[[Outcome], None] = lambda outcome: None,
) -> dict:
    """Read, clean and analyse a register, and publish its reports in a folder.

    Everything that can be refused is refused before anything is written. Reports are made in a
    private folder; each file is moved into place whole, a report's page after its notebook, the
    index and ``run.json`` after all reports. A report that fails leaves the earlier one in place.

    The cleaned register is kept in the folder ``snapshots`` by the day it describes, the example in
    one of its own below it, and compared with the latest snapshot before that day. A run that looks
    back, ``as_of`` being earlier than what the register itself says, keeps and compares nothing.
    ``engine`` is a running one, as ``start_engine`` gives it, or else one is started for the run;
    ``today`` serves only to record that an export is old; no page depends on it.

    Returns
    -------
    dict
        The run's record, as in ``run.json``.
    """
    intake = take_in(source, profile, query, table)
    day = as_of_date(intake.cleaned.register, as_of)
    own = own_day(intake.cleaned)
    wanted = profile.definition(definition)
    parameters = {"register": "register.parquet", "profile": "profile.toml", "earlier": "",
                  "as_of": f"{day:%Y-%m-%d}", "definition": wanted.name}  # fmt: skip
    jobs = plan_jobs(intake.cleaned.register, parameters, directorates)
    make_folder(out)
    looks_back = own is not None and day < own
    history = History() if looks_back else keep_register(intake, snapshots, day, profile)
    cleaned = replace(intake.cleaned, warnings=(*history.warnings, *intake.cleaned.warnings))
    jobs = [_since(job, history) for job in jobs]
    page = _page_head(intake, cleaned, profile, day, wanted)
    with private_folder(out) as folder:
        write_snapshot(cleaned, folder / "register.parquet", as_of=day, profile=profile)
        if history.earlier:
            shutil.copyfile(history.earlier, folder / EARLIER)
        (folder / "profile.toml").write_bytes(profile.text)
        start(len(jobs))
        began = time.perf_counter()
        with nullcontext(engine) if engine else start_engine() as started:
            outcomes = run_jobs(jobs, folder, page, started, seen)
        for outcome in outcomes:
            if outcome.status == "published":
                _move_report(outcome.job, folder, out)
        counted = _count(cleaned, profile, day, wanted.name)
        _write_data(counted, out / "data", folder)
        if not directorates:
            _drop_former(out, jobs)
        rows = _index_rows(outcomes, counted["directorates"], out)
        _replace(out / "index.html", _index(page, counted, rows, profile, day), folder)
        old = [] if intake.example else warn_of_age(own, today)
        record = _record(intake, profile, day, cleaned, history, old, outcomes, out)
        _write_log(out, record, time.perf_counter() - began)
        _replace(out / "run.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n", folder)
    return record


def _since(job: Job, history: History) -> Job:
    if history.earlier is None:
        return job
    return replace(job, parameters={**job.parameters, "earlier": EARLIER})


def _page_head(intake, cleaned, profile: Profile, day: pd.Timestamp, definition) -> dict:
    """Give what every page says at its head."""
    return {
        "trust": profile.trust,
        "as_of": format_date(day),
        "definition": definition.label,
        "meaning": definition.meaning,
        "example": intake.example,
        "warnings": list(cleaned.warnings),
        "version": __version__,
    }


def _move_report(job: Job, folder: Path, out: Path) -> None:
    page = out / job.page
    page.parent.mkdir(exist_ok=True)
    for path in (page.with_suffix(".ipynb"), page):
        os.replace(folder / path.relative_to(out), path)


def _replace(path: Path, text: str, folder: Path) -> None:
    """Write a file elsewhere and move it into place whole."""
    part = folder / path.name
    part.write_text(text, "utf-8", newline="\n")
    os.replace(part, path)


def _count(cleaned: Cleaned, profile: Profile, day: pd.Timestamp, definition: str) -> dict:
    """Give the frames that the index shows and that are published as data."""
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
        _replace(folder / f"{name}.csv", _csv(frame), private)


def _csv(frame: pd.DataFrame) -> str:
    return guard_cells(frame).to_csv(index=False, lineterminator="\n")


def make_folder(folder: Path) -> None:
    """Make a folder to write in; one that cannot be had is refused in a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as fault:
        raise RegisterError(
            f"Nothing can be written to '{folder}': {fault.strerror}. Give another folder with "
            "--out."
        ) from None


def _drop_former(out: Path, jobs: list[Job]) -> None:
    """Remove the pages that the last run made here and this one does not, such as an old name's."""
    try:
        last = json.loads((out / "run.json").read_text("utf-8"))["reports"]
        slugs = {report["slug"] for report in last if report["directorate"]}
    except (OSError, ValueError, KeyError, TypeError):
        return
    for former in slugs - {job.slug for job in jobs if job.directorate}:
        for kind in ("html", "ipynb"):
            (out / "directorates" / f"{Path(former).name}.{kind}").unlink(missing_ok=True)


def _index_rows(outcomes: list[Outcome], rates: pd.DataFrame, out: Path) -> list[dict]:
    """Give a row a directorate, of this run or an earlier one, with a link where it has a page."""
    if "verdict" in rates:
        rates = rates.assign(label=label_verdicts(rates))
    made = {outcome.job.directorate: outcome for outcome in outcomes}
    return [
        {
            "name": row["directorate"],
            **_index_link(row["directorate"], made.get(row["directorate"]), out),
            **_index_numbers(row),
        }
        for _, row in rates.iterrows()
    ]


def _index_link(name: str, outcome: Outcome | None, out: Path) -> dict:
    page = outcome.job.page if outcome else f"directorates/{slug(name)}.html"
    return {
        "href": page if (out / page).is_file() else "",
        "failed": outcome is not None and outcome.status == "failed",
    }


def _index_numbers(row: pd.Series) -> dict:
    some = row["denominator"] > 0
    return {
        "numerator": f"{row['numerator']:,}",
        "denominator": f"{row['denominator']:,}",
        "rate": percent(row["rate"]),
        "interval": f"{percent(row['lower_cl'])} to {percent(row['upper_cl'])}" if some else "none",
        "recorded": percent(row["share_recorded"]),
        "more": f"{row['shortfall']:,}" if "shortfall" in row else "",
        "verdict": row.get("label", ""),
    }


def _index(page: dict, counted: dict, rows: list[dict], profile: Profile, day) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "pages"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    trust = counted["trust"]
    aim = profile.aim_on(day)
    which = describe_basis(profile.basis, day)
    return environment.get_template("index.html.j2").render(
        page={**page, "title": "Involvement in quality improvement", "style": style()},
        sentence=describe_rate(trust, page["meaning"], aim, which),
        aim=format_share(aim) if aim is not None else "",
        rows=rows,
    )


def _record(intake, profile, day, cleaned, history, old, outcomes, out) -> dict:
    return {
        "version": __version__,
        "profile": profile.file_name,
        "profile_sha256": profile.sha256,
        "register": intake.name,
        "register_sha256": intake.sha256,
        "as_of": f"{day:%Y-%m-%d}",
        "snapshot": history.status,
        "earlier": history.earlier.stem if history.earlier else "",
        "warnings": old,
        "cleaning": {**cleaned.counts, "warnings": list(cleaned.warnings)},
        "reports": [
            {
                "directorate": outcome.job.directorate,
                "slug": outcome.job.slug,
                "status": outcome.status,
                "reason": outcome.reason,
                "seconds": outcome.seconds,
                "sha256": _hash(out / outcome.job.page) if outcome.status == "published" else "",
            }
            for outcome in outcomes
        ],
    }


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_log(out: Path, record: dict, seconds: float) -> None:
    """Add the run to ``run.log``, a line a report."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    lines = [
        f"{now} {report['status']} {report['slug']} {report['seconds']:.2f} s {report['reason']}"
        for report in record["reports"]
    ]
    lines.append(f"{now} {len(lines)} reports of {record['register']} in {seconds:.1f} s")
    with (out / "run.log").open("a", encoding="utf-8") as log:
        log.write("\n".join(line.strip() for line in lines) + "\n")


def write_cleaned(
    source: str | Path,
    folder: Path,
    profile: Profile,
    *,
    query: str | None = None,
    table: str | None = None,
    snapshots: Path | None = None,
) -> tuple[Intake, History]:
    """Read and clean a register, keep its snapshot, and write it for people and programs.

    ``register.parquet`` (a snapshot), ``quarantine.csv``, ``quarantine.xlsx`` and
    ``cleaning.json``, each whole. Of a register that is refused because more than half of its rows
    cannot be read, the quarantine is written still, so that it can be corrected.
    """
    try:
        intake = take_in(source, profile, query, table)
    except RegisterUnreadable as refused:
        _write_quarantine(refused.cleaned, folder, profile)
        raise RegisterError(f"{refused} The rows are in {folder / 'quarantine.xlsx'}.") from None
    make_folder(folder)
    history = keep_register(intake, snapshots, own_day(intake.cleaned), profile)
    warnings = (*history.warnings, *intake.cleaned.warnings)
    _write_register(replace(intake.cleaned, warnings=warnings), folder, profile)
    return intake, history


def _write_register(cleaned: Cleaned, folder: Path, profile: Profile) -> None:
    _write_quarantine(cleaned, folder, profile)
    write_snapshot(cleaned, folder / "register.parquet", profile=profile)
    summary = {**cleaned.counts, "warnings": list(cleaned.warnings)}
    with private_folder(folder) as private:
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        _replace(folder / "cleaning.json", text, private)


def _write_quarantine(cleaned: Cleaned, folder: Path, profile: Profile) -> None:
    make_folder(folder)
    with private_folder(folder) as part:
        _replace(folder / "quarantine.csv", _csv(cleaned.quarantine), part)
        write_workbook(cleaned, part / "quarantine.xlsx", profile)
        os.replace(part / "quarantine.xlsx", folder / "quarantine.xlsx")
