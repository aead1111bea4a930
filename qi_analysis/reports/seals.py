"""The last line of a page, a comment: what it was made from, and that it is whole.

It holds the report's build id, the day it describes, and the hashes of the page above and of the
notebook and the workbook beside it.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

SEAL = b"\n<!-- qi-analysis "
LONGEST = 1000  # bytes of a seal
BESIDE = {"notebook": ".ipynb", "workbook": ".xlsx"}  # what stands beside a page, made with it


def sha256(content: bytes | memoryview) -> str:
    """Give a content's hash."""
    return hashlib.sha256(content).hexdigest()


def is_current(page: Path, build: str) -> bool:
    """Tell whether a page and its notebook are those of a build, whole and as they were made."""
    seal = read_seal(page)
    try:
        beside = {
            name: sha256(page.with_suffix(kind).read_bytes()) for name, kind in BESIDE.items()
        }
    except OSError:
        return False
    return seal.get("build") == build and all(seal.get(name) == beside[name] for name in beside)


def read_seal(page: Path) -> dict:
    """Give what a page says of its making; nothing if it is absent, damaged or was changed."""
    try:
        content = page.read_bytes()
        at = content.index(SEAL, max(0, len(content) - LONGEST))
        seal = json.loads(content[at:].removeprefix(SEAL).removesuffix(b" -->\n"))
    except (OSError, ValueError):
        return {}
    whole = isinstance(seal, dict) and seal.get("page") == sha256(memoryview(content)[:at])
    return seal if whole else {}


def write_seal(page: Path, build: str, as_of: str) -> None:
    """Put a build id into a new page and its notebook."""
    notebook = page.with_suffix(".ipynb")
    cells = json.loads(notebook.read_bytes())
    cells["metadata"]["qi_analysis"] = {"build": build}
    text = json.dumps(
        cells, indent=1, sort_keys=True, ensure_ascii=False, separators=(",", ": ")
    ).encode()
    notebook.write_bytes(text + b"\n")
    above = page.read_bytes()
    beside = {name: sha256(page.with_suffix(kind).read_bytes()) for name, kind in BESIDE.items()}
    seal = {"build": build, "as_of": as_of, "page": sha256(above), **beside}
    page.write_bytes(above + SEAL + json.dumps(seal).encode() + b" -->\n")
