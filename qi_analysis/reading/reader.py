"""A register's name to its raw table, whatever kind of file or database holds it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from ..core.errors import RegisterError
from ..core.files import source_path
from ..core.schema import DAY_FIRST
from ..core.text import match_key, without_lone_bytes
from ..profile import Known, Profile, known_headings, load_profile
from .delimited import first_text_rows, read_text
from .excel import first_sheets, read_workbook
from .locate import (
    KINDS,
    SUFFIXES,
    date_in,
    day_above,
    find_source,
    kind_of,
    profile_for,
    read_bytes,
    warn_of_undated,
    warn_of_unread,
)
from .raw import Found, as_raw, as_text
from .tables import is_database, read_database, read_parquet


def read_register(
    source: str | Path,
    profile: Profile | str | Path | None = None,
    *,
    query: str | None = None,
    table: str | None = None,
) -> pd.DataFrame:
    """Read an export of a register as text, nothing interpreted.

    Title rows above the headings are skipped: the headings are taken to be the row, among the first
    40, with the most headings that the profile knows; in a text, at whatever delimiter yields most
    of them; in a workbook, on the visible sheet that has it. Other visible sheets that hold
    projects of their own, no identifier in common, are read with it as one register; so are all
    sheets of a workbook of rows set aside (:func:`write_workbook`) that comes back corrected.

    Parameters
    ----------
    source : str or Path
        A text file with any delimiter (``.csv``, ``.tsv``, ``.txt``), a workbook (``.xlsx``,
        ``.xls``, ``.ods``), a ``.parquet`` table, a folder of exports with dates in their names (of
        which the latest is read), a database's URL (``"sqlite:///qi.db"``,
        ``"postgresql+psycopg://user:password@host/name"``), or ``"example"``; notebook 05 reads
        ``"other_example"``.
    profile : Profile, str or Path, optional
        Whose headings to look for, or whatever :func:`load_profile` reads it from; by default an
        example's own, else the workspace's or the shipped one.
    query, table : str, optional
        Of a database: a ``SELECT``, or the name of a table or view. One of the two.

    Returns
    -------
    DataFrame
        The export's columns under its own headings, all text, blank cells missing; and

        ``source_file``
            The file's name; with the sheet's, where several were read.
        ``source_row``
            The row's number as a spreadsheet shows it, the first row being 1; counted on from sheet
            to sheet; of rows that come back corrected, their number in the export.
        ``source_fault``
            Only if some row could not be read whole: the reason in a sentence, else missing.

        Its ``attrs`` are those of ``SourceNotes``: ``warnings``, sentences about the reading;
        ``snapshot_date``, the day the export was made as ISO text, where the file's name has one
        date or a row above the headings says so ("Extracted 30/06/2024"), else blank;
        ``corrections``, whether these are rows that come back corrected; and ``file``, its name,
        where several sheets were read.

    Raises
    ------
    RegisterError
        If there is no such file, it cannot be read, it has no heading the profile knows, or no
        rows under them.

    Examples
    --------
    >>> raw = read_register("example")
    >>> raw[["Project ID", "source_file", "source_row"]].head(1)
      Project ID           source_file  source_row
    0    QI-0001  example_register.csv           2
    """
    profile = profile_for(source, profile)
    known = known_headings(profile)
    if is_database(source):
        name, found = read_database(str(source), query, table)
        return as_raw(name, [found], known, None)
    if query or table:
        raise RegisterError(
            f"A query or a table goes with a database's URL, and '{source}' is none. Leave it out."
        )
    return read_known(source, known, profile.date_order("snapshot_date"))


def read_known(
    source: str | Path, known: Known, order: str = DAY_FIRST, *, first_sheet: bool = False
) -> pd.DataFrame:
    """Read a file, or a folder's latest, under the headings that are known.

    A day above the headings, in figures, has the ``order`` of the register's dates. Of several
    sheets that could be the register, the first is read if that is asked for.
    """
    path = find_source(source)
    name = without_lone_bytes(path.name)
    sheets = _read_file(path, name, known, first_sheet)
    given = source_path(source)
    sheets[-1].warnings += [*warn_of_undated(given, path), *warn_of_unread(given, path)]
    day = date_in(path.name) or day_above((row for s in sheets for row in s.above), order)
    return as_raw(name, sheets, known, day)


def _read_file(path: Path, name: str, known: Known, first_sheet: bool) -> list[Found]:
    data = read_bytes(path)
    kind = kind_of(data, name)
    if kind == "text":
        sheets = [read_text(data, name, known)]
    elif kind == "parquet":
        sheets = [read_parquet(data, name)]
    else:
        sheets = read_workbook(data, kind, name, known, first_sheet)
    if kind != SUFFIXES[path.suffix.lower()]:
        warning = f"{name} is {KINDS[kind]} by its content, and was read as one."
        sheets[0].warnings.insert(0, warning)
    return sheets


LEAST_HEADINGS = 3  # a register has an identifier, a title and a directorate
LONGEST_HEADING = 120
NEARLY = 0.6


def read_export(
    source: str | Path, *, query: str | None = None, table: str | None = None
) -> pd.DataFrame:
    """Read an export as it stands, whatever its headings are, to begin a profile from it.

    The headings are taken to be the first row, among the first 40, with three fifths at least of
    the most different words that any has (cells that hold a letter and are not long; those that the
    shipped profile knows count three times). The sheet of a workbook is that which has the best
    row, the first of several with the same headings; the delimiter of a text is that which parts
    most of its rows into as many cells as the headings, from the first row on.

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
        known = {key: key for key in map(match_key, found.headings)}
        return as_raw(name, [found], known, None)
    path = find_source(source)
    known = known_headings(load_profile("cnwl"))
    best = _best_row(_first_tables(path), known)
    if len(best) < LEAST_HEADINGS:
        raise RegisterError(
            f"{path.name} has no row that looks like headings. Export the register as a table "
            "with a heading above each column."
        )
    return read_known(source, {**{key: key for key in best}, **known}, first_sheet=True)


def _first_tables(path: Path) -> Iterable[Sequence[Sequence]]:
    data = read_bytes(path)
    kind = kind_of(data, path.name)
    if kind == "text":
        return [first_text_rows(data, path.name)]
    if kind == "parquet":
        return [[read_parquet(data, path.name).headings]]
    return first_sheets(data, kind, path.name)


def _best_row(tables: Iterable[Sequence[Sequence]], known: Iterable[str]) -> set[str]:
    """Return the folded words of the row that looks most like headings.

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
