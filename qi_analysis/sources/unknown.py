"""Exports whose headings no profile knows yet: the row they stand in is told by its shape."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from ..profile import RegisterError, load_profile, match_key
from .cells import as_text
from .database import is_database, read_database
from .folder import find_source, read_bytes
from .headings import as_raw, known_headings
from .kinds import kind_of
from .reading import read_known
from .tables import read_parquet
from .text import first_tables as first_of_text
from .workbooks import first_tables as first_of_workbook

LEAST_HEADINGS = 3  # a register has an identifier, a title and a directorate
LONGEST_HEADING = 120
NEARLY = 0.6


def read_export(
    source: str | Path, *, query: str | None = None, table: str | None = None
) -> pd.DataFrame:
    """Read an export as it stands, whatever its headings are, to begin a profile from it.

    The headings are taken to be the first row, among the first 40, with three fifths at least of
    the most different words that any has (cells that hold a letter and are not long; those that the
    shipped profile knows count three times). The sheet of a workbook, and the delimiter of a text,
    are those that have the best row.

    Parameters
    ----------
    source, query, table
        As for :func:`read_register`.

    Returns
    -------
    DataFrame
        As from :func:`read_register`.

    Raises
    ------
    RegisterError
        If it cannot be read, or no row looks like headings.

    Examples
    --------
    >>> read_export("example").columns[:3].tolist()
    ['Project ID', 'Project Title', 'Directorate / Group']
    """
    if is_database(source):
        name, found = read_database(str(source), query, table)
        return as_raw(name, [found], {key: key for key in map(match_key, found.headings)})
    path = find_source(source)
    known = known_headings(load_profile())
    best = _best_row(_first_tables(path), known)
    if len(best) < LEAST_HEADINGS:
        raise RegisterError(
            f"{path.name} has no row that looks like headings. Export the register as a table "
            "with a heading above each column."
        )
    return read_known(source, {key: key for key in best} | known)


def _first_tables(path: Path) -> Iterable[Sequence[Sequence]]:
    data = read_bytes(path)
    kind = kind_of(data, path.name)
    if kind == "text":
        return first_of_text(data, path.name)
    if kind == "parquet":
        return [[read_parquet(data, path.name).headings]]
    return first_of_workbook(data, path.name)


def _best_row(tables: Iterable[Sequence[Sequence]], known: Iterable[str]) -> set[str]:
    """Give the folded words of the row that looks most like headings.

    Headings stand above their data, so the first row that is nearly as good as the best is taken.
    """
    best: set[str] = set()
    most = 0
    for rows in tables:
        words = [_words(row) for row in rows]
        scores = [len(each) + 2 * len(each & {*known}) for each in words]
        if max(scores, default=0) > most:
            most = max(scores)
            pairs = zip(words, scores, strict=True)
            likely = [w for w, s in pairs if s >= NEARLY * most and len(w) >= LEAST_HEADINGS]
            best = likely[0] if likely else set()
    return best


def _words(row: Iterable) -> set[str]:
    cells = (as_text(cell) or "" for cell in row)
    return {
        match_key(cell) for cell in cells
        if len(cell) <= LONGEST_HEADING and re.search(r"[^\W\d_]", cell)
    }  # fmt: skip
