"""Rows of an export that are no projects: blank ones, totals, and notes below the table."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from .headings import Export

_TOTAL = re.compile(
    r"(grand |overall |sub)?[ -]?totals?"
    r"( (number|no|count)?( of)? ?(projects?|rows?|records?)| count)?[\s:=\d.,]*"
    r"|.*\b(sub[ -]?)?totals?[\s:=\d.,]*",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"(.*\bcount|(number|no\.?) of (projects|rows|records)|(projects|rows|records))[\s:=]*"
    r"(?P<n>[\d.,]*)",
    re.IGNORECASE,
)
_WORDS = "(?i)total|count|number of|^records|^projects"
_NUMBER = re.compile(r"[\d.,\s%£()+-]*")
_IDENTIFIER = re.compile(r"\S*|[A-Za-z]{1,8} ?[\d/-]+")  # one word, or "QI 0012"
_NOTE = re.compile(
    r"(source|notes?|filters?|report|generated|exported|printed)\s*:.*"
    r"|(exported|extracted|generated|produced|printed|downloaded|run) (by|on|at|from) .*"
    r"|page \d+.*|[©*].*",
    re.IGNORECASE,
)


def is_project(export: Export) -> np.ndarray:
    """Tell which rows are projects, however faulty.

    Not projects are blank rows; totals (a row whose first filled cell is a word for a total, with
    nothing but numbers behind it); and notes (a row with one filled cell, which is neither a title
    nor looks like an identifier).
    """
    cells = {name: c for name, c in export.cells.items() if name not in _READ_BACK}
    title, project_id = cells["title"].filled, cells["project_id"].filled
    filled = title | project_id
    bare = np.flatnonzero(~filled)  # usually few: the other columns are looked at there only
    filled[bare] = np.any([column.keep(bare).filled for column in cells.values()], axis=0)
    faulty = export.source["source_fault"].notna().to_numpy()
    doubtful = filled & ~faulty & (~title | ~project_id | _begins_as_total(export))
    project = filled | faulty
    if doubtful.any():
        rows = pd.DataFrame({name: c.keep(doubtful).text() for name, c in cells.items()})
        project[doubtful] = ~_is_footer(rows).to_numpy()
    return project


_READ_BACK = ("group", "approach", "start_precision")


def _begins_as_total(export: Export) -> np.ndarray:
    """Tell which rows have a word for a total in their first column."""
    first = next(c for name, c in export.cells.items() if name not in _READ_BACK)
    found = pc.match_substring_regex(first.different, _WORDS).fill_null(False)
    return first.spread(found.to_numpy(zero_copy_only=False))


def _is_footer(rows: pd.DataFrame) -> pd.Series:
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return pd.Series([_is_total(record) or _is_note(record) for record in records], dtype=bool)


def _is_total(record: dict[str, str | None]) -> bool:
    first, *rest = [cell for cell in record.values() if cell]
    if not all(_NUMBER.fullmatch(cell) for cell in rest):
        return False
    counted = _COUNT.fullmatch(first)
    return bool(_TOTAL.fullmatch(first) or (counted and (rest or counted["n"])))


def _is_note(record: dict[str, str | None]) -> bool:
    (column, cell), *rest = [item for item in record.items() if item[1]]
    if rest:
        return False
    if column == "title":
        return bool(_NOTE.fullmatch(cell))
    return column != "project_id" or not _IDENTIFIER.fullmatch(cell)
