"""What a run leaves in its folder: pages that bear a build stamp, tidy data and its record.

A page's build stamp is its last line, a comment: what it was made from, and that it is whole. It
holds the report's build, the day it describes, and the hashes of the page above and of its
siblings: the notebook and the workbook of the same name.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pandas as pd

from ..core.errors import RegisterError
from ..core.files import read_plain, sha256
from ..core.text import STARTS_FORMULA, match_key
from ..register import Register
from ..snapshots import hash_projects
from .plan import Job, Outcome

STAMP = b"\n<!-- qi-analysis "
LONGEST = 1000  # bytes of a build stamp
SIBLINGS = {"notebook": ".ipynb", "workbook": ".xlsx"}  # made with a page, under the same name
PUBLISHED = Path("data") / "public_counts.csv"  # the counts that public reports are made from


def hash_if_current(page: Path, build: str) -> str:
    """Return the hash of a page that is of a build, it and its siblings as they were made.

    It is empty if they are not, or are absent.
    """
    stamp, page_hash = _read(page)
    try:
        return page_hash if stamp == {**stamp, "build": build, **_hash_siblings(page)} else ""
    except OSError:
        return ""


def _hash_siblings(page: Path) -> dict[str, str]:
    return {name: sha256(read_plain(page.with_suffix(kind))) for name, kind in SIBLINGS.items()}


def read_build_stamp(page: Path) -> dict:
    """Return what a page bears of its making; nothing if it is absent, damaged or was changed."""
    return _read(page)[0]


def _read(page: Path) -> tuple[dict, str]:
    """Return a page's build stamp and the hash of the whole file, both empty if it is not whole."""
    try:
        content = read_plain(page)
        at = content.index(STAMP, max(0, len(content) - LONGEST))
        stamp = json.loads(content[at:].removeprefix(STAMP).removesuffix(b" -->\n"))
    except (OSError, ValueError):
        return {}, ""
    hashed = hashlib.sha256(memoryview(content)[:at])
    if not isinstance(stamp, dict) or stamp.get("page") != hashed.hexdigest():
        return {}, ""
    hashed.update(memoryview(content)[at:])
    return stamp, hashed.hexdigest()


def has_build_stamp(page: Path) -> bool:
    """Whether a page was made by a run, be it whole or damaged since."""
    try:
        return STAMP in read_plain(page)[-LONGEST:]
    except OSError:
        return False


def write_build_stamp(page: Path, build: str, as_of: str) -> str:
    """Write a build into a new page and its notebook; return the hash of the page."""
    notebook = page.with_suffix(".ipynb")
    cells = json.loads(notebook.read_bytes())
    cells["metadata"]["qi_analysis"] = {"build": build}
    text = json.dumps(
        cells, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")
    ).encode()
    notebook.write_bytes(text + b"\n")
    above = page.read_bytes()
    stamp = {"build": build, "as_of": as_of, "page": sha256(above), **_hash_siblings(page)}
    content = above + STAMP + json.dumps(stamp).encode() + b" -->\n"
    page.write_bytes(content)
    return sha256(content)


def remove_stale(out: Path, jobs: list[Job]) -> None:
    """Remove the pages that earlier runs made here and this one does not, such as an old name's.

    Whatever bears no build stamp was not made by a run, and stays. A page goes last, so that the
    next run finds by it what this one did not come to remove.
    """
    made = {out / job.page for job in jobs}
    for page in set(out.glob("directorates/*.html")) - made:
        if has_build_stamp(page):
            for kind in (*SIBLINGS.values(), ".pdf", ".html"):
                page.with_suffix(kind).unlink(missing_ok=True)


# --- text -----------------------------------------------------------------------------------------


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


# --- the record -----------------------------------------------------------------------------------


def report_record(outcome: Outcome) -> dict:
    """Return what ``run.json`` holds of one report."""
    return {
        "directorate": outcome.job.directorate,
        "slug": outcome.job.slug,
        "status": outcome.status,
        "reason": outcome.reason,
        "seconds": outcome.seconds,
        "sha256": outcome.sha256,
    }


def last_record(out: Path) -> dict:
    """Return the record of the last run in a folder; an empty one without it."""
    try:
        record = json.loads(read_plain(out / "run.json"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


SAMPLE = 64  # projects, by which a register is known again


def sample_projects(projects: pd.DataFrame) -> str:
    """Return hashes of some projects' identifiers and titles, which do not give them away."""
    return " ".join(f"{each:016x}" for each in hash_projects(projects)[:SAMPLE])


def check_owner_of_reports(out: Path, register: Register) -> None:
    """Refuse a folder with the reports of another trust, or of another register.

    Another register is one that has none of the projects, by identifier and title, that the last
    run noted.
    """
    record, trust = last_record(out), register.profile.trust
    theirs, noted = record.get("trust", trust), record.get("sample", "").split()
    way_out = "Give another folder: --out FOLDER."
    if match_key(theirs) != match_key(trust):
        raise RegisterError(
            f"'{out}' holds the reports of {theirs}, and this register is of {trust}. {way_out}"
        )
    ours = {f"{each:016x}" for each in hash_projects(register.projects)}
    if noted and ours and ours.isdisjoint(noted):
        raise RegisterError(
            f"'{out}' holds the reports of another register, {record.get('register', '')}: no "
            f"project has the same identifier and title in both. {way_out}"
        )


def check_audience(out: Path, audience: str) -> None:
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


def check_foreign(out: Path, jobs: list[Job]) -> None:
    """Refuse a folder without any report of a run, in which another's pages would be replaced.

    Where there is one, a page without a build stamp is a damaged one of ours. A link is no page:
    whoever publishes refuses it, for that report alone.
    """
    if last_record(out) or any(map(has_build_stamp, [*out.glob("*.html"), *out.glob("*/*.html")])):
        return
    for name in ("index.html", "easy.html", *(job.page for job in jobs)):
        if (out / name).is_file() and not (out / name).is_symlink():
            raise RegisterError(
                f"'{out}' holds '{name}', which no run made and this one would replace; nothing "
                "was written. Remove it, or give another folder with --out."
            )


def _holds_anything(out: Path) -> bool:
    return out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir())
