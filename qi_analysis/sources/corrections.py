"""Rows that were set aside and come back corrected: known by the two columns put before them.

A sheet keeps its headings when it is edited, copied, or saved as another kind of file, where a mark
in the file's properties would be lost.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from ..profile import match_key

WRONG, ROW = "What is wrong", "Row in the export"
README, ALLOWED = "Read me", "Allowed values"  # sheets beside them, which hold no rows
MOST_ROWS = 1_000_000_000  # what is more is no row's number


def are_corrections(headings: Iterable[str]) -> bool:
    """Tell whether headings are those of rows that were set aside to be corrected."""
    return {match_key(WRONG), match_key(ROW)} <= {match_key(heading) for heading in headings}


def without_marks(raw: pd.DataFrame) -> pd.DataFrame:
    """Take off the two columns that such rows have before the register's own."""
    marks = {match_key(WRONG), match_key(ROW)}
    return raw.loc[:, [match_key(heading) not in marks for heading in raw.columns]]


def number_as_exported(raw: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Give each row the number it had in the export, and tell how many rows have no such number.

    These, which were added or bear another row's number, are numbered on from the last.
    """
    given = next(raw[heading] for heading in raw.columns if match_key(heading) == match_key(ROW))
    numbers = pd.to_numeric(given, errors="coerce")
    sound = numbers.between(1, MOST_ROWS) & (numbers % 1 == 0) & ~numbers.duplicated()
    last = int(numbers[sound].max()) if sound.any() else 1
    numbers = numbers.where(sound, last + (~sound).cumsum()).astype("int64")
    own = without_marks(raw).drop(columns=["source_file", "source_row"])
    return raw.assign(source_row=numbers), int((~sound & own.notna().any(axis=1)).sum())


def describe_corrections(name: str, unnumbered: int) -> list[str]:
    """Say that a file is no whole register, and how its rows are numbered."""
    said = [
        f"{name} holds rows that were set aside, sent back corrected; it is no whole register. "
        "Put them into the register before a report is made. They are numbered as in the export."
    ]
    if unnumbered == 1:
        said.append(f"1 row has no number of its own under '{ROW}', and counts after the last.")
    elif unnumbered:
        said.append(
            f"{unnumbered:,} rows have no number of their own under '{ROW}', and count after the "
            "last."
        )
    return said
