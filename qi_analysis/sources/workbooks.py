"""Workbooks through calamine, and what it does not tell through their own parts."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from xml.etree import ElementTree

from ..profile import match_key
from ..words import listed
from .cells import as_frame, first_line, text_column
from .headings import HEADER_ROWS, Found, Known
from .kinds import BROKEN_ZIP, damaged, locked_by_password
from .sheets import Sheet, choose_sheets
from .xlsx import Parts, read_parts


def read_workbook(data: bytes, kind: str, name: str, known: Known) -> list[Found]:
    """Read the sheet, or the sheets, that hold the register."""
    from python_calamine import CalamineWorkbook

    with _damage_refused(name), ThreadPoolExecutor(1) as pool:
        parts = read_parts(data, name) if kind == "xlsx" else Parts({}, {})
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        # in the time that calamine, which does not hold Python up, takes to read the sheets
        lost = {sheet: pool.submit(parts.lost_cells, sheet) for sheet in parts.sheets}
        sheets, warnings = choose_sheets(book, name, known)
        found = [_read_sheet(sheet, parts, lost, known) for sheet in sheets]
    found[0].warnings[:0] = warnings
    found[-1].warnings += _lost_in_xls(data) if kind == "xls" else []
    return found


def first_tables(data: bytes, name: str) -> list[list[list]]:
    """Give the first rows of each worksheet."""
    from python_calamine import CalamineWorkbook, SheetTypeEnum

    with _damage_refused(name):
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [s.name for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]
        return [
            book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=HEADER_ROWS)
            for sheet in sheets
        ]


@contextmanager
def _damage_refused(name: str) -> Iterator[None]:
    """Refuse what calamine, or the parts, cannot be read from."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError:
        raise locked_by_password(name) from None
    except (*BROKEN_ZIP, CalamineError, ElementTree.ParseError, KeyError) as fault:
        raise damaged(name, first_line(fault)) from None


def _read_sheet(sheet: Sheet, parts: Parts, lost: dict, known: Known) -> Found:
    below = sheet.position + 1
    used = {i for i, heading in enumerate(sheet.headings) if match_key(heading) in known}
    cells = lost[sheet.name].result() if sheet.name in lost else ()
    faults = {row - below: fault for row, column, fault in cells if row >= below and column in used}
    columns = as_frame(map(text_column, _as_shown(sheet, parts)))
    warnings = _merged_down(sheet.cells.merged_cell_ranges or [], sheet.position)
    heads = list(sheet.headings)
    return Found(columns, heads, below + 1, faults, True, warnings, sheet.name, sheet.above)


def _as_shown(sheet: Sheet, parts: Parts) -> list:
    """Give a sheet's columns, a number that is an identifier as it is shown: 12 as 0012, say."""
    columns = list(sheet.values)
    if "project_id" not in sheet.columns:
        return columns
    i, below = sheet.columns.index("project_id"), sheet.position + 1
    shown = {row: how for row, how in parts.shown(sheet.name, i).items() if row >= below}
    if shown:
        cells = enumerate(columns[i], below)
        columns[i] = [shown[row].write(c) if row in shown else c for row, c in cells]
    return columns


def _lost_in_xls(data: bytes) -> list[str]:
    """Count the errors in an old workbook, which calamine gives as blank."""
    code = rb"[\x00\x07\x0f\x17\x1d\x24\x2a]"
    cells = re.findall(rb"(?s)\x05\x02\x08\x00.{6}" + code + rb"\x01", data)
    formulas = re.findall(rb"(?s)\x06\x00.{8}\x02." + code + rb".{3}\xff\xff", data)
    n = len(cells) + len(formulas)
    found = "A cell holds an error" if n == 1 else f"{n} cells hold errors"
    return [f"{found} such as #N/A, and counts as blank. Mend it in Excel."] if n else []


def _merged_down(ranges: Iterable, position: int) -> list[str]:
    rows = sorted({top + 1 for (top, _), (bottom, _) in ranges if position < top < bottom})
    if not rows:
        return []
    return [
        f"Merged cells run down several rows, from {listed([f'row {row}' for row in rows[:5]])}: "
        "their value counts for the first row only. Unmerge them, and fill each row."
    ]
