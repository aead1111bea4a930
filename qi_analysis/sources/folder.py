"""Which file a register's name stands for: a file itself, the example, or a folder's latest."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

from ..profile import RegisterError
from .cells import quoted
from .kinds import SUFFIXES

EXAMPLE = Path(__file__).parents[2] / "data" / "raw" / "example_register.csv"
EXAMPLES = {"example": EXAMPLE, "other_example": EXAMPLE.with_name("other_example.csv")}


def find_source(source: str | Path) -> Path:
    """Give the file that a register's name stands for.

    ``"example"`` and ``"other_example"`` are found from any folder; a folder stands for
    its latest export.
    """
    path = EXAMPLES.get(str(source), Path(source))
    try:
        if path.is_dir():
            return list_exports(path)[-1][1]
        if not path.is_file():
            raise RegisterError(f"There is no file '{source}'. Check its name and folder.")
    except OSError as fault:
        raise _unreadable(path, fault) from None
    if path.suffix.lower() not in SUFFIXES:
        raise RegisterError(
            f"{path.name} is not a kind of file that is read. "
            "Export the register as CSV or as an Excel workbook (.xlsx)."
        )
    return path


def list_exports(folder: str | Path) -> list[tuple[date, Path]]:
    """List a folder's exports by the date in each name, the earliest first.

    A date is written ``2021-05-04``, ``04-05-2021`` or ``20210504``; a file without one is passed
    over. A folder with no dated export, or with two of one date, is refused.
    """
    folder = Path(folder)
    dated = sorted((d, p) for p in _exports(folder) if (d := date_in(p.name)))
    if not dated:
        raise RegisterError(
            f"The folder '{folder.name}' has no register with a date in its name. Name each export "
            "like register_2021-05-04.csv, or give the register's file."
        )
    for (day, path), (next_day, other) in pairwise(dated):
        if day == next_day:
            raise RegisterError(
                f"The folder '{folder.name}' has two registers of {day.isoformat()}: {path.name} "
                f"and {other.name}. Keep one of them."
            )
    return dated


def read_bytes(path: Path) -> bytes:
    """Give a file's content."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise _unreadable(path, fault) from None


def date_in(name: str) -> date | None:
    """Give the one date in a file's name, if there is just one.

    >>> date_in("register 04-05-2021.csv")
    datetime.date(2021, 5, 4)
    """
    year_first = re.findall(r"(?<!\d)(20\d\d)([-_. ]?)(\d\d)\2(\d\d)(?!\d)", name)
    day_first = re.findall(r"(?<!\d)(\d\d)([-_. ])(\d\d)\2(20\d\d)(?!\d)", name)
    days = set()
    for year, month, day in [(y, m, d) for y, _, m, d in year_first] + [
        (y, m, d) for d, _, m, y in day_first
    ]:
        try:
            days.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue  # digits that are no date
    return days.pop() if len(days) == 1 else None


def warn_of_undated(source: Path, path: Path) -> list[str]:
    """Say which file of a folder was read, and which have no date."""
    if source == path or not source.is_dir():
        return []
    passed = [p.name for p in _exports(source) if not date_in(p.name)]
    without = f" {quoted(passed)} without a date passed over." if passed else ""
    return [f"Of the folder '{source.name}', {path.name}, the latest, was read.{without}"]


def _exports(folder: Path) -> list[Path]:
    """Give the files of a kind that is read, Excel's lock files and hidden ones left out."""
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as fault:
        raise _unreadable(folder, fault) from None
    return [p for p in files if p.suffix.lower() in SUFFIXES and not p.name.startswith((".", "~"))]


def _unreadable(path: Path, fault: OSError) -> RegisterError:
    if isinstance(fault, PermissionError):
        return RegisterError(
            f"You have no permission to read '{path.name}'. Ask its owner, or copy it elsewhere."
        )
    return RegisterError(f"'{path.name}' cannot be read: {fault.strerror}. Copy it elsewhere.")
