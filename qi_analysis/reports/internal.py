"""The main job: a register in; a report a directorate, an index, tidy data and a record out."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pandas as pd

from ..core.files import sha256
from ..core.schema import COUNTS_AND_BLANKS
from ..core.text import format_date
from ..counts.areas import count_areas
from ..counts.history import count_live
from ..counts.involvement import bound_rates, compare_definitions, count_involvement
from ..profile import Profile
from ..register import Register
from ..snapshots import write_snapshot
from ..stats.findings import TRUST, summarise_findings
from ..stats.rates import add_aim, add_rates
from .build import Edition, Run, page_head, publish_reports
from .easy import render_easy
from .index import IndexData, render_index
from .inputs import Inputs, add_history, check_apart
from .output import check_foreign, check_owner_of_reports, last_record, sample_projects
from .plan import plan_jobs

EARLIER = "earlier"  # the folder of earlier snapshots, beside the register in a run's folder
FINDINGS = "findings.parquet"  # what all the reports conclude, worked out once
TABLES = ("findings", "trust", "directorates", "definitions", "quarters_started",
          "quarters_active", "areas")  # fmt: skip
NAMES = ("index.html", "easy.html", "run.json", "run.log", *(f"data/{name}.csv" for name in TABLES))


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

    The cleaned register is kept in the folder ``snapshots`` by the day it describes, and compared
    with the latest snapshot before that day. A run of a day
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
    check_apart(source, snapshots, out)
    run = Run(source, out, profile, **options)

    def prepare(inputs: Inputs, folder: Path) -> Edition:
        check_owner_of_reports(out, inputs.register)
        check_foreign(out, plan_jobs(inputs.register, {}, run.directorates), NAMES)
        inputs = add_history(inputs, snapshots, profile, last_record(out))
        return _prepare(run, inputs, folder, today)

    return publish_reports(run, "internal", prepare)


def _prepare(run: Run, inputs: Inputs, folder: Path, today: date | None) -> Edition:
    register, earlier = inputs.register, inputs.history.earlier
    findings = summarise_findings(register)
    _write_inputs(register, earlier, folder)
    (folder / FINDINGS).write_bytes(findings.to_parquet())  # by its name, Arrow opens only UTF-8
    parameters = {"register": "register.parquet", "profile": "profile.toml",
                  "earlier": EARLIER if earlier else "", "as_of": f"{register.as_of:%Y-%m-%d}",
                  "definition": register.definition.name, "findings": FINDINGS}  # fmt: skip
    page = _page_head(run, inputs, folder)
    data = IndexData(register, findings)
    return Edition(
        jobs=plan_jobs(register, parameters, run.directorates),
        page=page,
        render_index=lambda outcomes: render_index(page, data, outcomes, run.out),
        record=_record(inputs, today),
        pages={"easy.html": render_easy(page, data.trust, register)},
        tables=_count(register, findings),
    )


def _write_inputs(register: Register, earlier: Sequence[Path], folder: Path) -> None:
    """Write what the notebooks read, where they run."""
    write_snapshot(register, folder / "register.parquet")
    (folder / "profile.toml").write_bytes(register.profile.text)
    for file in earlier:
        (folder / EARLIER).mkdir(exist_ok=True)
        shutil.copyfile(file, folder / EARLIER / file.name)


def _page_head(run: Run, inputs: Inputs, folder: Path) -> dict:
    """Return what stands at the head of every page."""
    return {
        **page_head(run, inputs),
        "period": _period(inputs.register),
        "register": inputs.name,
        "register_sha256": sha256((folder / "register.parquet").read_bytes()),
        "profile": run.profile.file_name,
        "warnings": list(inputs.warnings),
        "addresses": dict(run.profile.help.links),
    }


def _record(inputs: Inputs, today: date | None) -> dict:
    cleaned, history = inputs.cleaned, inputs.history
    return {
        "register": inputs.name,
        "register_sha256": inputs.sha256,
        "trust": inputs.register.profile.trust,
        "sample": sample_projects(inputs.register.projects),
        "example": inputs.example,
        "snapshot": history.status,
        "earlier": history.earlier[-1].stem if history.earlier else "",
        "warnings": inputs.notes(today),
        "urgent": inputs.urgent(today),
        "cleaning": {**cleaned.counts, "warnings": list(inputs.warnings)},
    }


def _period(register: Register) -> str:
    """Describe between which days the register's projects started."""
    starts = register.projects["start_date"]
    starts = starts[starts <= register.as_of]
    return f"{format_date(starts.min())} to {format_date(starts.max())}" if len(starts) else ""


def _count(register: Register, findings: pd.DataFrame) -> dict:
    """Return the frames that are published as data."""
    counts = findings[["level", "group", *COUNTS_AND_BLANKS]]
    counts = counts.assign(definition=register.definition.name)
    is_trust = counts["level"] == TRUST
    groups = counts[~is_trust].rename(columns={"group": "directorate"})
    quarters = count_involvement(register, period="quarter", basis="started")
    columns = ["definition", *COUNTS_AND_BLANKS]
    return {
        "findings": findings,
        "trust": _measured(counts.loc[is_trust, columns], register.aim),
        "directorates": _measured(
            groups[["definition", "directorate", *columns[1:]]], register.aim
        ),
        "definitions": _measured(compare_definitions(register)),
        "quarters_started": _measured(quarters),
        "quarters_active": _measured(count_live(register)),
        "areas": count_areas(register),
    }


def _measured(counts: pd.DataFrame, aim=None) -> pd.DataFrame:
    rates = counts.pipe(add_rates).pipe(bound_rates)
    return rates if aim is None else add_aim(rates, aim).drop(columns="aim")
