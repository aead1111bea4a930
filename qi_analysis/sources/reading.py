"""A register's name to its raw table, whatever kind of file or database holds it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..profile import Profile, RegisterError, load_profile
from .database import is_database, read_database
from .folder import date_in, find_source, read_bytes, warn_of_undated
from .headings import Found, Known, as_raw, known_headings
from .kinds import KINDS, SUFFIXES, kind_of
from .tables import read_parquet
from .text import read_text
from .workbooks import read_workbook


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
        Whose headings to look for, or whatever :func:`load_profile` reads it from; the shipped one
        by default.
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

        ``attrs["warnings"]`` holds sentences about the reading; ``attrs["snapshot_date"]``, only
        where the file's name has one date, that date as ISO text; ``attrs["corrections"]``, only
        where these are rows that come back corrected, is true.

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
    known = known_headings(load_profile(profile))
    if is_database(source):
        name, found = read_database(str(source), query, table)
        return as_raw(name, [found], known)
    if query or table:
        raise RegisterError(
            f"A query or a table goes with a database's URL, and '{source}' is none. Leave it out."
        )
    return read_known(source, known)


def read_known(source: str | Path, known: Known) -> pd.DataFrame:
    """Read a file, or a folder's latest, under the headings that are known."""
    path = find_source(source)
    sheets = _read_file(path, known)
    sheets[-1].warnings += warn_of_undated(Path(source), path)
    raw = as_raw(path.name, sheets, known)
    day = date_in(path.name)
    raw.attrs |= {"snapshot_date": day.isoformat()} if day else {}
    return raw


def _read_file(path: Path, known: Known) -> list[Found]:
    data = read_bytes(path)
    kind = kind_of(data, path.name)
    if kind == "text":
        sheets = [read_text(data, path.name, known)]
    elif kind == "parquet":
        sheets = [read_parquet(data, path.name)]
    else:
        sheets = read_workbook(data, kind, path.name, known)
    if kind != SUFFIXES[path.suffix.lower()]:
        said = f"{path.name} is {KINDS[kind]} by its content, and was read as one."
        sheets[0].warnings.insert(0, said)
    return sheets
