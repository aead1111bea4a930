"""The last line of a page, a comment: what it was made from, and that it is whole.

It holds the report's build id, the day it describes, and the hashes of the page above and of the
notebook and the workbook beside it.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

SEAL = b"\n<!-- qi-analysis "
LONGEST = 1000  # bytes of a seal
BESIDE = {"notebook": ".ipynb", "workbook": ".xlsx"}  # what stands beside a page, made with it


def sha256(content: bytes | memoryview) -> str:
    """Give a content's hash."""
    return hashlib.sha256(content).hexdigest()


def find_current(page: Path, build: str) -> str:
    """Give the hash of a page that is a build's, it and what stands beside it as they were made.

    It is empty if they are not, or are absent.
    """
    seal, page_hash = _read(page)
    try:
        return page_hash if seal == {**seal, "build": build, **_beside(page)} else ""
    except OSError:
        return ""


def _beside(page: Path) -> dict[str, str]:
    """Give the hash of each file that stands beside a page."""
    return {name: sha256(page.with_suffix(kind).read_bytes()) for name, kind in BESIDE.items()}


def read_seal(page: Path) -> dict:
    """Give what a page says of its making; nothing if it is absent, damaged or was changed."""
    return _read(page)[0]


def _read(page: Path) -> tuple[dict, str]:
    """Give a page's seal and the hash of the whole file, both empty if it is not whole."""
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
    """Tell whether a page was made by a run, be it whole or damaged since."""
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
