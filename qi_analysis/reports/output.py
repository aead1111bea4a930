"""What a run leaves in its folder: pages that bear a build stamp, tidy data and its record.

A page's build stamp is its last line, a comment: what it was made from, and that it is whole. It
holds the report's build, the day it describes, and the hashes of the page above and of its
siblings: the notebook and the workbook of the same name.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from html import unescape
from pathlib import Path

import pandas as pd

from ..core.errors import RegisterError
from ..core.files import check_target, other_kind, read_plain, sha256
from ..core.text import STARTS_FORMULA, match_key
from ..register import Register
from ..snapshots import hash_projects, why_unreadable
from .plan import Job, Outcome, page_name

STAMP = b"\n<!-- qi-analysis "
LONGEST = 1000  # bytes of a build stamp
SIBLINGS = {"notebook": ".ipynb", "workbook": ".xlsx"}  # made with a page, under the same name
PRINTED = ".pdf"  # the page as printed, of which the stamp says nothing
MADE_BY = b"<footer><p>Made by qi-analysis "  # stands on an index
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

    What no run made stays. A page goes last, so that the next run finds by it what this one did not
    come to remove.
    """
    made, listed = {out / job.page for job in jobs}, _listed_pages(out)
    for page in set(out.glob("directorates/*.html")) - made:
        if _is_plain(page) and (page in listed or has_build_stamp(page)):
            for kind in (*SIBLINGS.values(), PRINTED, ".html"):
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
    """Return the record of the last run in a folder; an empty one without it.

    Raises
    ------
    RegisterError
        If there is one that cannot be read: nobody can tell then whose reports these are.
    """
    file = out / "run.json"
    try:
        record = json.loads(read_plain(file))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return {}
    except OSError as fault:
        raise RegisterError(
            f"Whose reports '{out}' holds is not known, as '{file.name}' cannot be read: "
            f"{why_unreadable(file) or fault.strerror}. Have it made readable, or give another "
            "folder: --out FOLDER."
        ) from None
    ours = isinstance(record, dict) and {"version", "as_of", "reports"} <= record.keys()
    return record if ours and isinstance(record["reports"], list) else {}


SAMPLE = 64  # projects, by which a register is known again


def sample_projects(projects: pd.DataFrame) -> str:
    """Return hashes of some projects' identifiers and titles, which do not give them away."""
    return " ".join(f"{each:016x}" for each in hash_projects(projects)[:SAMPLE])


def check_owner_of_reports(out: Path, register: Register) -> None:
    """Refuse a folder with the reports of another trust, or of another register.

    Another register is one that has none of the projects, by identifier and title, that the last
    run noted. Where its record is damaged or gone, the index tells whose reports they are.
    """
    record, trust = last_record(out), register.profile.trust
    theirs, noted = str(record.get("trust", trust)), str(record.get("sample", "")).split()
    way_out = "Give another folder: --out FOLDER."
    index = b"" if record else _own_index(out)
    if index and match_key(trust) not in match_key(unescape(index.decode(errors="replace"))):
        raise RegisterError(
            f"Whose reports '{out}' holds is not known, as 'run.json' is damaged or gone, and "
            f"'index.html' is not of {trust}. {way_out}"
        )
    if match_key(theirs) != match_key(trust):
        raise RegisterError(
            f"'{out}' holds the reports of {theirs}, and this register is of {trust}. {way_out}"
        )
    ours = {f"{each:016x}" for each in hash_projects(register.projects)}
    if noted and ours and ours.isdisjoint(noted):
        raise RegisterError(
            f"'{out}' holds the reports of another register, {record.get('register', '')}: none "
            f"of its projects that were noted has the same identifier and title here. {way_out}"
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


def check_foreign(out: Path, jobs: list[Job], names: Iterable[str]) -> None:
    """Refuse to replace what no run made, before anything is written.

    A page is a run's if ``run.json`` lists it or it bears a build stamp, and so are the files of
    its name; where a run that was killed left these without their page, its notebook bears the
    build. ``names``, what stands beside the reports, is a run's where a folder holds its record, or
    a page, notebook or index of one. A link is none: whoever writes there refuses it.
    """
    listed = _listed_pages(out)
    for page in (out / job.page for job in jobs):
        if page not in listed and not has_build_stamp(page):
            siblings = () if _has_build(page) else (*SIBLINGS.values(), PRINTED)
            for kind in (".html", *siblings):
                _refuse_plain(out, page.with_suffix(kind))
    for name in names:
        check_target(out / name)
    if not _holds_reports(out):
        for name in names:
            _refuse_plain(out, out / name)


def refuse_unreadable(path: Path) -> None:
    """Refuse to replace a file of which nobody can tell whose it is, as it cannot be read."""
    if why := why_unreadable(path):
        raise RegisterError(
            f"'{path}' would be replaced, and cannot be read: {why}. Nothing was written. Have it "
            "made readable, or give another folder with --out."
        )


def _refuse_plain(out: Path, path: Path) -> None:
    refuse_unreadable(path)
    if _is_plain(path):
        raise RegisterError(
            f"'{out}' holds '{path.relative_to(out).as_posix()}', which no run made and this one "
            "would replace; nothing was written. Move it elsewhere, or give another folder with "
            "--out."
        )


def _is_plain(path: Path) -> bool:
    return os.path.lexists(path) and not other_kind(path, follow=False)


def _listed_pages(out: Path) -> set[Path]:
    """Return the pages that the record of the last run lists; of what was suppressed is none."""
    reports = [each for each in last_record(out).get("reports", []) if isinstance(each, dict)]
    return {
        out / page_name(str(each.get("slug")), str(each.get("directorate")))
        for each in reports
        if each.get("status") != "suppressed"
    }


def _has_build(page: Path) -> bool:
    """Whether a page's notebook was made by a run: it is moved into place before its page."""
    try:
        notebook = json.loads(read_plain(page.with_suffix(SIBLINGS["notebook"])))
        return bool(notebook["metadata"]["qi_analysis"]["build"])
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return False


def _holds_reports(out: Path) -> bool:
    """Whether runs have made reports in a folder, be the last one unfinished."""
    pages = [*out.glob("*.html"), *out.glob("directorates/*.html")]
    notebooks = [*out.glob("*.ipynb"), *out.glob("directorates/*.ipynb")]
    return (
        bool(_own_index(out))
        or bool(last_record(out))
        or any(map(has_build_stamp, pages))
        or any(map(_has_build, notebooks))
    )


def _own_index(out: Path) -> bytes:
    """Return a folder's index if a run made it; empty if none did, or it cannot be read."""
    try:
        content = read_plain(out / "index.html")
    except OSError:
        return b""
    return content if MADE_BY in content else b""


def _holds_anything(out: Path) -> bool:
    return out.is_dir() and any(not path.name.startswith(".") for path in out.iterdir())
