"""Bytes to a raw text table: CSV and Excel exports of a register, every cell as it was written."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import Path

import pandas as pd

from .profile import Profile, RegisterError, load_profile, lookup_table, match_key

EXAMPLE = Path(__file__).parent.parent / "data" / "raw" / "example_register.csv"
DELIMITERS = (",", ";", "\t", "|")
HEADER_ROWS = 40  # how far down titles, logos and notes may push the headings


def read_register(source: str | Path, profile: Profile | None = None) -> pd.DataFrame:
    """Read an export of a register as text, nothing interpreted.

    Title rows above the headings are skipped: the headings are taken to be the row, among the first
    40, with the most headings that the profile knows; in a workbook, on the sheet that has it.

    Parameters
    ----------
    source : str or Path
        A ``.csv``, ``.tsv``, ``.txt`` or ``.xlsx`` file, or ``"example"`` for the example register.
    profile : Profile, optional
        Whose headings to look for; the shipped one by default.

    Returns
    -------
    DataFrame
        The export's columns under its own headings, all text, blank cells missing; and

        ``source_file``
            The file's name.
        ``source_row``
            The row's number as a spreadsheet shows it, the first row being 1.

    Raises
    ------
    RegisterError
        If there is no such file, it is of another kind, it has no heading the profile knows, or
        no rows under them.

    Examples
    --------
    >>> raw = read_register("example")
    >>> raw[["Project ID", "source_file", "source_row"]].head(1)
      Project ID           source_file  source_row
    0    QI-0001  example_register.csv           2
    """
    profile = profile or load_profile()
    path = find_source(source)
    known = _known_headings(profile)
    if path.suffix.lower() == ".xlsx":
        table, first_row = _read_workbook(path, known)
    else:
        table, first_row = _read_delimited(path, known)
    if table.empty:
        raise RegisterError(f"{path.name} has headings but no projects under them.")
    return table.assign(source_file=path.name, source_row=range(first_row, first_row + len(table)))


def find_source(source: str | Path) -> Path:
    """Give the file that a register's name stands for; ``"example"`` is found from any folder."""
    path = EXAMPLE if str(source) == "example" else Path(source)
    if path.is_dir():
        raise RegisterError(f"'{source}' is a folder. Give the register's file.")
    if not path.is_file():
        raise RegisterError(f"There is no file '{source}'. Check its name and folder.")
    if path.suffix.lower() not in {".csv", ".tsv", ".txt", ".xlsx"}:
        raise RegisterError(
            f"{path.name} is not a kind of file that is read. "
            "Export the register as CSV or as an Excel workbook (.xlsx)."
        )
    return path


def _known_headings(profile: Profile) -> set[str]:
    areas = [word for area in profile.areas.values() for word in (area.label, *area.headings)]
    return set(lookup_table(profile.headings)) | {match_key(word) for word in areas}


def _count_known(cells: Iterable, known: set[str]) -> int:
    return len({match_key(_text(cell) or "") for cell in cells} & known)


def _find_headings(rows: Sequence[Sequence], known: set[str]) -> tuple[int, int]:
    """Give (how many headings are known, the row's position) of the best row; 0 known if none."""
    return max(
        ((_count_known(row, known), -i) for i, row in enumerate(rows[:HEADER_ROWS])),
        default=(0, 0),
    )


def _no_headings(path: Path, first: Iterable) -> RegisterError:
    found = [cell for cell in map(_text, first) if cell][:8]
    has = f"Its first row has {', '.join(map(repr, found))}." if found else "It is empty."
    return RegisterError(
        f"{path.name} has no heading that the profile knows. {has} "
        "Add the export's headings to [headings] in the profile."
    )


def _decode(data: bytes) -> str:
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _read_delimited(path: Path, known: set[str]) -> tuple[pd.DataFrame, int]:
    text = _decode(path.read_bytes())
    best, rows, delimiter = (0, 0), [], ","
    for candidate in DELIMITERS:
        records = _first_records(text, candidate)
        found = _find_headings([cells for cells, _ in records], known)
        if not rows or found > best:
            best, rows, delimiter = found, records, candidate
    if best[0] == 0:
        raise _no_headings(path, rows[0][0] if rows else [])
    position = -best[1]
    headings, lines_to_skip = rows[position]
    below = "".join(islice(io.StringIO(text, newline=""), lines_to_skip, None))
    return _parse(below, path, delimiter, headings, position + 2), position + 2


def _first_records(text: str, delimiter: str) -> list[tuple[list[str], int]]:
    """Give the first records as (cells, number of the line they end on)."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records = []
    try:
        for cells in reader:
            records.append((cells, reader.line_num))
            if len(records) == HEADER_ROWS:
                break
    except csv.Error:
        pass  # a field longer than the reader takes: what came before it is enough
    return records


def _parse(text: str, path: Path, delimiter: str, headings: list[str], row: int) -> pd.DataFrame:
    """Read the rows under the headings, the first of which a spreadsheet would number `row`."""
    try:
        records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        widest = max(map(len, records), default=0)
        table = pd.read_csv(
            io.StringIO(text, newline=""),
            sep=delimiter,
            header=None,
            names=range(max(widest, len(headings))),
            index_col=False,
            dtype=str,
            keep_default_na=False,
            na_values=[""],
            skip_blank_lines=False,
        )
    except pd.errors.EmptyDataError:
        table = pd.DataFrame(columns=range(len(headings)), dtype=str)
    except (csv.Error, pd.errors.ParserError):
        raise RegisterError(
            f"{path.name} cannot be read as a table: a cell begins with a quotation mark that is "
            "never closed. Close it, or export the register as an Excel workbook (.xlsx)."
        ) from None
    beyond = table.iloc[:, len(headings) :].notna().any(axis=1)
    if beyond.any():
        raise RegisterError(
            f"{path.name} has more cells in row {row + beyond.idxmax()} than there are headings. "
            f"Put quotation marks around a cell that holds '{delimiter}'."
        )
    return _with_headings(table.iloc[:, : len(headings)], headings, path)


def _read_workbook(path: Path, known: set[str]) -> tuple[pd.DataFrame, int]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(path)
        sheets = [
            book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        ]
    except (CalamineError, OSError) as fault:
        raise RegisterError(
            f"{path.name} cannot be read as an Excel workbook: {fault}. "
            "Open it in Excel and save it again as .xlsx, without a password."
        ) from None
    rows = max(sheets, key=lambda rows: _find_headings(rows, known)[0], default=[])
    count, position = _find_headings(rows, known)
    if count == 0:
        raise _no_headings(path, rows[0] if rows else [])
    headings = [_text(cell) or "" for cell in rows[-position]]
    cells = [[_text(cell) for cell in row] for row in rows[1 - position :]]
    table = pd.DataFrame(cells, columns=range(len(headings)), dtype=str)
    return _with_headings(table, headings, path), 2 - position


def _with_headings(table: pd.DataFrame, headings: list[str], path: Path) -> pd.DataFrame:
    names = [" ".join(heading.split()) for heading in headings]
    table = table.loc[:, [bool(name) for name in names]]
    names = [name for name in names if name]
    for i, name in enumerate(names):
        first = names.index(name)
        if first != i and not table.iloc[:, first].equals(table.iloc[:, i]):
            raise RegisterError(
                f"{path.name} has the heading '{name}' twice, with different values. "
                "Rename or remove one of the two columns."
            )
    table.columns = names
    return table.loc[:, ~table.columns.duplicated()]


def _text(cell) -> str | None:
    """Write a spreadsheet's cell as text: 12.0 as 12, dates as ISO, a tick as TRUE."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (datetime, date)):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)
