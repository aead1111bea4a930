"""The main job: a register in; a report a directorate, an index, tidy data and a record out."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from ..cleaning.result import CleaningResult
from ..core.files import sha256
from ..core.text import format_date
from ..counts.areas import count_areas
from ..counts.involvement import bound_rates, compare_definitions, count_involvement
from ..profile import Profile
from ..register import select_projects
from ..snapshots import write_snapshot
from ..stats.rates import add_aim, add_rates
from .build import Edition, Run, page_head, publish_reports
from .index import IndexData, render_index
from .inputs import Inputs, add_history
from .plan import plan_jobs

EARLIER = "earlier.parquet"  # the snapshot to compare with, beside the register in a run's folder


def write_reports(
    source: str | Path,
    out: Path,
    profile: Profile,
    *,
    snapshots: Path | None = None,
    today: date | None = None,
    **options,
) -> dict:
    """Read, clean and analyse a register, and publish its reports in a folder.

    The cleaned register is kept in the folder ``snapshots`` by the day it describes, the example in
    one of its own below it, and compared with the latest snapshot before that day. A run of a day
    before the one that the register itself gives keeps and compares nothing.

    Parameters
    ----------
    source, out, profile
        As in :class:`.build.Run`.
    snapshots : Path, optional
        The folder of the register's history.
    today : date, optional
        Serves only to record that an export is old; no page depends on it.
    **options
        As in :class:`.build.Run`.

    Returns
    -------
    dict
        The run's record, as in ``run.json``.
    """
    run = Run(source, out, profile, **options)

    def prepare(inputs: Inputs, folder: Path) -> Edition:
        return _prepare(run, add_history(inputs, snapshots, profile), folder, today)

    return publish_reports(run, "internal", prepare)


def _prepare(run: Run, inputs: Inputs, folder: Path, today: date | None) -> Edition:
    profile, definition, day = run.profile, run.meaningful.name, inputs.as_of
    cleaned, earlier = replace(inputs.cleaned, warnings=inputs.warnings), inputs.history.earlier
    _write_inputs(cleaned, earlier, profile, day, folder)
    parameters = {"register": "register.parquet", "profile": "profile.toml",
                  "earlier": EARLIER if earlier else "", "as_of": f"{day:%Y-%m-%d}",
                  "definition": definition}  # fmt: skip
    page = _page_head(run, inputs, folder)
    counted = _count(cleaned, profile, day, definition)
    data = IndexData(cleaned, counted, profile, day, definition, earlier)
    return Edition(
        jobs=plan_jobs(cleaned.register, parameters, run.directorates),
        page=page,
        render_index=lambda outcomes: render_index(page, data, outcomes, run.out),
        record=_record(inputs, today),
        tables=counted,
    )


def _write_inputs(
    cleaned: CleaningResult, earlier: Path | None, profile: Profile, day: pd.Timestamp, folder: Path
) -> None:
    """Write what the notebooks read, where they run."""
    write_snapshot(cleaned, folder / "register.parquet", as_of=day, profile=profile)
    (folder / "profile.toml").write_bytes(profile.text)
    if earlier:
        shutil.copyfile(earlier, folder / EARLIER)


def _page_head(run: Run, inputs: Inputs, folder: Path) -> dict:
    """Return what every page says at its head."""
    return {
        **page_head(run, inputs),
        "period": _period(inputs.cleaned, inputs.as_of),
        "register": inputs.name,
        "register_sha256": sha256((folder / "register.parquet").read_bytes()),
        "profile": run.profile.file_name,
        "warnings": list(inputs.warnings),
    }


def _record(inputs: Inputs, today: date | None) -> dict:
    cleaned, history = inputs.cleaned, inputs.history
    return {
        "register": inputs.name,
        "register_sha256": inputs.sha256,
        "example": inputs.example,
        "snapshot": history.status,
        "earlier": history.earlier.stem if history.earlier else "",
        "warnings": inputs.notes(today),
        "cleaning": {**cleaned.counts, "warnings": list(inputs.warnings)},
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
