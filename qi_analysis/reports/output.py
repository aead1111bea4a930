"""The last line of a page, a comment: what it was made from, and that it is whole.

It holds the report's build id, the day it describes, and the hashes of the page above and of the
notebook and the workbook beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pandas as pd

from ..core.errors import RegisterError
from ..core.files import sha256
from ..core.text import STARTS_FORMULA
from .plan import Job, Outcome

SEAL = b"\n<!-- qi-analysis "
LONGEST = 1000  # bytes of a seal
BESIDE = {"notebook": ".ipynb", "workbook": ".xlsx"}  # what stands beside a page, made with it


def find_current(page: Path, build: str) -> str:
    """Return the hash of a page that is a build's, it and what stands beside it as they were made.

    It is empty if they are not, or are absent.
    """
    seal, page_hash = _read(page)
    try:
        return page_hash if seal == {**seal, "build": build, **_beside(page)} else ""
    except OSError:
        return ""


def _beside(page: Path) -> dict[str, str]:
    """Return the hash of each file that stands beside a page."""
    return {name: sha256(page.with_suffix(kind).read_bytes()) for name, kind in BESIDE.items()}


def read_seal(page: Path) -> dict:
    """Return what a page says of its making; nothing if it is absent, damaged or was changed."""
    return _read(page)[0]


def _read(page: Path) -> tuple[dict, str]:
    """Return a page's seal and the hash of the whole file, both empty if it is not whole."""
    try:
        content = page.read_bytes()
        at = content.index(SEAL, max(0, len(content) - LONGEST))
        seal = json.loads(content[at:].removeprefix(SEAL).removesuffix(b" -->\n"))
    except (OSError, ValueError):
        return {}, ""
    hashed = hashlib.sha256(memoryview(content)[:at])
    if not isinstance(seal, dict) or seal.get("page") != hashed.hexdigest():
        return {}, ""
    hashed.update(memoryview(content)[at:])
    return seal, hashed.hexdigest()


def is_sealed(page: Path) -> bool:
    """Whether a page was made by a run, be it whole or damaged since."""
    try:
        with page.open("rb") as file:
            file.seek(max(0, os.path.getsize(page) - LONGEST))
            return SEAL in file.read()
    except OSError:
        return False


def write_seal(page: Path, build: str, as_of: str) -> str:
    """Put a build id into a new page and its notebook; give the hash of the page."""
    notebook = page.with_suffix(".ipynb")
    cells = json.loads(notebook.read_bytes())
    cells["metadata"]["qi_analysis"] = {"build": build}
    text = json.dumps(
        cells, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")
    ).encode()
    notebook.write_bytes(text + b"\n")
    above = page.read_bytes()
    seal = {"build": build, "as_of": as_of, "page": sha256(above), **_beside(page)}
    content = above + SEAL + json.dumps(seal).encode() + b" -->\n"
    page.write_bytes(content)
    return sha256(content)


PUBLISHED = Path("data") / "public_counts.csv"  # the counts that public reports are made from


def json_text(record: dict) -> str:
    """Return a record as JSON to read, its letters as they are."""
    return json.dumps(record, indent=2, ensure_ascii=False) + "\n"


def guard_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """Keep a spreadsheet from running text as a formula: what could start one gets a quote.

    For files without types of their own, such as CSV.

    >>> guard_cells(pd.DataFrame({"found": ["=1+1", "plain"]}))["found"].tolist()
    ["'=1+1", 'plain']
    """
    text = frame.select_dtypes("str").columns
    return frame.assign(
        **{c: frame[c].str.replace(STARTS_FORMULA, r"'\1", regex=True) for c in text}
    )


def csv_text(frame: pd.DataFrame) -> str:
    """Return a frame as CSV that no spreadsheet takes for formulas."""
    return guard_cells(frame).to_csv(index=False, lineterminator="\n")


def report_record(outcome: Outcome) -> dict:
    """Return what ``run.json`` says of one report."""
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
    """Return the record of the last run in a folder; an empty one without it."""
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
