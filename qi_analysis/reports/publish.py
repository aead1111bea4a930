"""The main job: a register in; a report a directorate, an index, tidy data and a record out."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
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
from ..profile import SHIPPED, Profile
from ..rates import add_aim, add_rates, describe_rate, label_verdicts
from ..register import Cleaned, as_of_date, clean_register
from ..snapshots import write_snapshot
from ..sources import EXAMPLE, find_source, read_register
from ..words import format_date, percent
from .plan import Job, plan_jobs
from .run import TEMPLATES, Outcome, run_jobs, style


def write_reports(
    source: str | Path,
    out: Path,
    profile: Profile,
    *,
    profile_path: Path | None = None,
    as_of: str = "",
    directorates: Iterable[str] = (),
    definition: str | None = None,
    workers: int | None = None,
    start: Callable[[int], None] = lambda total: None,
    seen: Callable[[Outcome], None] = lambda outcome: None,
) -> dict:
    """Read, clean and analyse a register, and publish its reports in a folder.

    Everything that can be refused is refused before anything is written. Reports are made in a
    private folder; each file is moved into place whole, a report's page after its notebook, the
    index and ``run.json`` after all reports. A report that fails leaves the earlier one in place.

    Returns
    -------
    dict
        The run's record, as in ``run.json``.
    """
    source = find_source(source)
    raw = read_register(source, profile)
    cleaned = clean_register(raw, profile)
    day = as_of_date(cleaned.register, as_of)
    wanted = profile.definition(definition)
    parameters = {"register": "register.parquet", "profile": "profile.toml",
                  "as_of": f"{day:%Y-%m-%d}", "definition": wanted.name}  # fmt: skip
    jobs = plan_jobs(cleaned.register, parameters, directorates)
    page = _page_head(source, profile, day, wanted)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".making-") as private:
        folder = Path(private)
        write_snapshot(cleaned, folder / "register.parquet")
        shutil.copyfile(profile_path or SHIPPED / profile.file_name, folder / "profile.toml")
        start(len(jobs))
        began = time.perf_counter()
        outcomes = run_jobs(jobs, folder, page, workers or os.cpu_count() or 1, seen)
        for outcome in outcomes:
            if outcome.status == "published":
                _move_report(outcome.job, folder, out)
        counted = _count(cleaned, profile, day, wanted.name)
        _write_data(counted, out / "data", folder)
        rows = _index_rows(outcomes, counted["directorates"], out)
        _replace(out / "index.html", _index(page, counted, rows, cleaned, profile), folder)
        record = _record(source, profile, day, cleaned, outcomes, out)
        _write_log(out, record, time.perf_counter() - began)
        _replace(out / "run.json", json.dumps(record, indent=2, ensure_ascii=False) + "\n", folder)
    return record


def _page_head(source: Path, profile: Profile, day: pd.Timestamp, definition) -> dict:
    """Give what every page says at its head."""
    return {
        "trust": profile.trust,
        "as_of": format_date(day),
        "definition": definition.label,
        "meaning": definition.meaning,
        "example": source.resolve() == EXAMPLE.resolve(),
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
            count_involvement(register, **named, period="quarter", basis="started"), None
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
        _replace(folder / f"{name}.csv", guard_cells(frame).to_csv(index=False), private)


def guard_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep a spreadsheet from running text as a formula: what could start one gets a quote.

    >>> guard_cells(pd.DataFrame({"found": ["=1+1", "plain"]}))["found"].tolist()
    ["'=1+1", 'plain']
    """
    text = frame.select_dtypes("str").columns
    return frame.assign(
        **{c: frame[c].str.replace(r"^([=+\-@\t\r])", r"'\1", regex=True) for c in text}
    )


def _index_rows(outcomes: list[Outcome], rates: pd.DataFrame, out: Path) -> list[dict]:
    if "verdict" in rates:
        rates = rates.assign(label=label_verdicts(rates))
    by_name = rates.set_index("directorate")
    return [
        {
            "name": outcome.job.title,
            "href": outcome.job.page if (out / outcome.job.page).is_file() else "",
            "failed": outcome.status == "failed",
            **_index_numbers(by_name.loc[outcome.job.directorate]),
        }
        for outcome in outcomes
        if outcome.job.directorate
    ]


def _index_numbers(row: pd.Series) -> dict:
    some = row["denominator"] > 0
    return {
        "numerator": f"{row['numerator']:,}",
        "denominator": f"{row['denominator']:,}",
        "rate": percent(row["rate"]),
        "interval": f"{row['lower_cl']:.0%} to {row['upper_cl']:.0%}" if some else "none",
        "recorded": percent(row["share_recorded"]),
        "more": f"{row['shortfall']:,}" if "shortfall" in row else "",
        "verdict": row.get("label", ""),
    }


def _index(page: dict, counted: dict, rows: list[dict], cleaned: Cleaned, profile: Profile) -> str:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "pages"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    trust = counted["trust"]
    aim = profile.aim_on(pd.Timestamp(page["as_of"]))
    which = describe_basis(profile.basis, pd.Timestamp(page["as_of"]))
    return environment.get_template("index.html.j2").render(
        page={**page, "title": "Involvement in quality improvement", "style": style()},
        sentence=describe_rate(trust, page["meaning"], aim, which),
        aim=f"{float(aim):.0%}" if aim is not None else "",
        warnings=cleaned.warnings,
        rows=rows,
    )


def _record(source, profile, day, cleaned, outcomes, out) -> dict:
    return {
        "version": __version__,
        "profile": profile.file_name,
        "profile_sha256": profile.sha256,
        "register": source.name,
        "register_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
        "as_of": f"{day:%Y-%m-%d}",
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


def write_cleaned(cleaned: Cleaned, folder: Path) -> None:
    """Write a cleaned register for people and programs, each file whole.

    ``register.parquet`` (a snapshot), ``quarantine.csv``, ``quarantine.xlsx`` and
    ``cleaning.json``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    quarantine = guard_cells(cleaned.quarantine)
    summary = {**cleaned.counts, "warnings": list(cleaned.warnings)}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as private:
        part = Path(private)
        write_snapshot(cleaned, folder / "register.parquet")
        _replace(folder / "quarantine.csv", quarantine.to_csv(index=False), part)
        _write_workbook(quarantine, part / "quarantine.xlsx")
        os.replace(part / "quarantine.xlsx", folder / "quarantine.xlsx")
        text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
        _replace(folder / "cleaning.json", text, part)


def _write_workbook(frame: pd.DataFrame, path: Path) -> None:
    """Write a sheet with a frozen heading and a filter, every text as text."""
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": options}) as writer:
        frame.to_excel(writer, sheet_name="Quarantine", index=False, freeze_panes=(1, 0))
        sheet = writer.sheets["Quarantine"]
        sheet.autofilter(0, 0, max(len(frame), 1), len(frame.columns) - 1)
        sheet.autofit()
