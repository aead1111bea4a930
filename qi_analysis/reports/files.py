"""The output folder: files moved into place whole, and what an earlier run left taken away."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd

from ..profile import RegisterError
from ..workbook import guard_cells
from .plan import Job, slug
from .run import Outcome
from .seals import BESIDE, is_sealed, read_seal


def replace_file(path: Path, text: str, folder: Path) -> None:
    """Write a file elsewhere and move it into place whole."""
    part = folder / path.name
    part.write_text(text, "utf-8", newline="\n")
    os.replace(part, path)


PUBLISHED = Path("data") / "public_counts.csv"  # the counts that public reports are made from


def json_text(record: dict) -> str:
    """Give a record as JSON to read, its letters as they are."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def csv_text(frame: pd.DataFrame) -> str:
    """Give a frame as CSV that no spreadsheet takes for formulas."""
    return guard_cells(frame).to_csv(index=False, lineterminator="\n")


def index_link(name: str, outcome: Outcome | None, out: Path) -> dict:
    """Give the link to a directorate's page, where there is one, and a note if this run failed."""
    page = outcome.job.page if outcome else f"directorates/{slug(name)}.html"
    failed = outcome is not None and outcome.status == "failed"
    return {
        "href": page if (out / page).is_file() else "",
        "failed": _failed(out / page) if failed else "",
    }


def _failed(page: Path) -> str:
    """Say of a report that failed whether there is one to read still, and of which day."""
    if not page.is_file():
        return "this report failed; there is none yet"
    day = read_seal(page).get("as_of")
    return f"this report failed; the one {f'of {day}' if day else 'before'} is kept"


def report_record(outcome: Outcome) -> dict:
    """Give what ``run.json`` says of one report."""
    return {
        "directorate": outcome.job.directorate,
        "slug": outcome.job.slug,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        "sha256": outcome.sha256,
    }


def drop_former(out: Path, jobs: list[Job]) -> None:
    """Remove the pages that earlier runs made here and this one does not, such as an old name's.

    Whatever bears no seal was not made by a run, and stays. A page goes last, so that the next run
    finds by it what this one did not come to remove.
    """
    made = {out / job.page for job in jobs}
    for page in set(out.glob("directorates/*.html")) - made:
        if is_sealed(page):
            for kind in (*BESIDE.values(), ".pdf", ".html"):
                page.with_suffix(kind).unlink(missing_ok=True)


def last_record(out: Path) -> dict:
    """Give the record of the last run in a folder; an empty one without it."""
    try:
        record = json.loads((out / "run.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def refuse_mixture(out: Path, audience: str) -> None:
    """Refuse a folder with reports for another audience, or a public one with anything else."""
    record = last_record(out)
    there = record.get("audience", "internal")
    if not record:  # or none that can be read
        there = "public" if (out / PUBLISHED).exists() else "internal"
        there = there if _holds_anything(out) else audience
    if there != audience:
        what = "public reports" if there == "public" else "files that are not public"
        raise RegisterError(
            f"'{out}' holds {what}, and {audience} reports do not go beside them. Give another "
            "folder with --out."
        )


def _holds_anything(out: Path) -> bool:
    return out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir())
