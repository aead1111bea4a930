"""The output folder: files moved into place whole, and what an earlier run left taken away."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pandas as pd

from ..profile import RegisterError
from ..workbook import guard_cells
from .plan import Job, slug
from .run import Outcome
from .seals import read_seal, sha256


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


def replace_file(path: Path, text: str, folder: Path) -> None:
    """Write a file elsewhere and move it into place whole."""
    part = folder / path.name
    part.write_text(text, "utf-8", newline="\n")
    os.replace(part, path)


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


def report_record(outcome: Outcome, out: Path) -> dict:
    """Give what ``run.json`` says of one report."""
    page = out / outcome.job.page
    published = outcome.status in ("published", "unchanged")
    return {
        "directorate": outcome.job.directorate,
        "slug": outcome.job.slug,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        "sha256": sha256(page.read_bytes()) if published else "",
    }


def drop_former(out: Path, jobs: list[Job]) -> None:
    """Remove the pages that the last run made here and this one does not, such as an old name's."""
    try:
        last = last_record(out)["reports"]
        slugs = {report["slug"] for report in last if report["directorate"]}
    except (KeyError, TypeError):
        return
    for former in slugs - {job.slug for job in jobs if job.directorate}:
        for kind in ("html", "ipynb", "xlsx", "pdf"):
            (out / "directorates" / f"{Path(former).name}.{kind}").unlink(missing_ok=True)


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
    if audience == "public" and not record:
        there = "internal" if _holds_anything(out) else "public"
    elif not record:
        return
    if there != audience:
        what = "public reports" if there == "public" else "files that are not public"
        raise RegisterError(
            f"'{out}' holds {what}, and {audience} reports do not go beside them. Give another "
            "folder with --out."
        )


def _holds_anything(out: Path) -> bool:
    return out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir())
