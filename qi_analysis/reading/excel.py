"""Workbooks through calamine, and what it does not tell through their own parts."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat
from typing import TYPE_CHECKING

import pyarrow as pa

from ..core.errors import RegisterError
from ..core.schema import COLUMNS, REQUIRED, column_label
from ..core.text import count_of, listed, match_key
from ..profile import Known
from .locate import BROKEN_ZIP, damaged, locked_by_password
from .parts import EPOCH, PERCENT, Beside, Parts, read_parts
from .raw import (
    ALLOWED,
    HEADER_ROWS,
    README,
    Found,
    are_corrections,
    as_frame,
    as_text,
    find_headings,
    first_line,
    no_headings,
    quoted,
    text_column,
)

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

DATES = {column.name for column in COLUMNS if column.kind in ("start", "end")}


def read_workbook(
    data: bytes, kind: str, name: str, known: Known, first_sheet: bool = False
) -> list[Found]:
    """Read the sheet, or the sheets, that hold the register."""
    return _with_parts(data, kind, name, partial(_read, name=name, known=known, first=first_sheet))


def first_sheets(data: bytes, kind: str, name: str) -> list[list[list]]:
    """Return the first rows of each worksheet."""
    return _with_parts(data, kind, name, lambda book, *_: _first_rows(book))


def _with_parts(data: bytes, kind: str, name: str, read: Callable[..., list]) -> list:
    """Read with calamine, and what it does not tell in the time that it takes.

    A workbook that calamine does not read, or not rightly, is written anew and read again.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    def opened(data: bytes) -> list:
        return read(CalamineWorkbook.from_filelike(io.BytesIO(data)), parts, pool)

    with _damage_refused(name), ThreadPoolExecutor(1) as pool:
        parts = read_parts(data, kind, name)
        plain = pool.submit(parts.is_plain)
        try:
            found = opened(data)
            if plain.result():
                return found
        except (CalamineError, RegisterError) as fault:
            if not parts.rewrite or (plain.result() and isinstance(fault, RegisterError)):
                raise
        return opened(parts.rewrite()) if parts.rewrite else []


def _first_rows(book: CalamineWorkbook) -> list[list[list]]:
    return [
        book.get_sheet_by_name(sheet).to_python(skip_empty_area=False, nrows=HEADER_ROWS)
        for sheet in _names(book)
    ]


def _names(book: CalamineWorkbook) -> list[str]:
    from python_calamine import SheetTypeEnum

    return [s.name for s in book.sheets_metadata if s.typ == SheetTypeEnum.WorkSheet]


def _read(
    book: CalamineWorkbook, parts: Parts, pool: Executor, name: str, known: Known, first: bool
) -> list[Found]:
    beside = {sheet: pool.submit(parts.look_at, sheet) for sheet in _names(book)}
    sheets, warnings, urgent = choose_sheets(book, name, known, first)
    found = [_read_sheet(each, parts, beside[each.name].result(), known) for each in sheets]
    found[0].warnings[:0] = [*warnings, *urgent]
    found[0].urgent += urgent
    return found


@contextmanager
def _damage_refused(name: str) -> Iterator[None]:
    """Raise as a damaged file what calamine, or the parts, cannot be read from."""
    from python_calamine import CalamineError, PasswordError

    try:
        yield
    except PasswordError:
        raise locked_by_password(name) from None
    except (*BROKEN_ZIP, CalamineError, KeyError) as fault:
        raise damaged(name, first_line(fault)) from None


def _read_sheet(sheet: Sheet, parts: Parts, beside: Beside, known: Known) -> Found:
    below = sheet.position + 1
    used = {i for i, heading in enumerate(sheet.headings) if match_key(heading) in known}
    faults = {
        row - below: fault
        for row, column, fault in beside.lost_cells
        if row >= below and column in used
    }
    columns = as_frame(_as_displayed(sheet, parts, beside))
    warnings = _merged_down(beside.merged, sheet.position)
    heads = list(sheet.headings)
    return Found(columns, heads, below + 1, faults, True, warnings, sheet.name, sheet.above)


def _as_displayed(sheet: Sheet, parts: Parts, beside: Beside) -> Iterator[pa.Array]:
    """Return a sheet's columns as text, a number as it is displayed where that is its meaning.

    An identifier 12 may be displayed as 0012, any number as a percentage; and a number in a column
    of dates counts days, in some workbooks from 1904 on.
    """
    below = sheet.position + 1
    for i, (name, cells) in enumerate(zip(sheet.columns, sheet.values, strict=True)):
        formats = beside.formats.get(i, {}) if name else {}
        if name != "project_id":
            formats = {row: how for row, how in formats.items() if how == PERCENT}
        if formats:
            cells = [formats[r].write(c) if r in formats else c for r, c in enumerate(cells, below)]
        if name in DATES and parts.epoch != EPOCH:
            cells = [parts.day(as_text(cell)) for cell in cells]
        yield text_column(cells)


def _merged_down(ranges: Iterable[tuple[int, int]], position: int) -> list[str]:
    rows = sorted({top + 1 for top, bottom in ranges if position < top < bottom})
    if not rows:
        return []
    return [
        f"Merged cells run down several rows, from {listed([f'row {row}' for row in rows[:5]])}: "
        "their value counts for the first row only. Unmerge them, and fill each row."
    ]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A worksheet: its first row that has most known headings, and what stands under it."""

    name: str
    worksheet: CalamineSheet
    visible: bool
    position: int
    headings: tuple[str, ...]
    columns: tuple[str, ...]  # the register's, or "" under a heading that is not known
    above: Sequence[Sequence] = ()  # the rows above the headings
    very_hidden: bool = False

    @property
    def has_rows(self) -> bool:
        """Whether anything stands under the headings."""
        return (self.worksheet.end or (0, 0))[0] > self.position

    @cached_property
    def known(self) -> set[str]:
        """The headings that are known, folded."""
        return {match_key(h) for h, c in zip(self.headings, self.columns, strict=True) if c}

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """How likely it is the register; nothing is, without a heading that is known."""
        return self.visible, self.has_rows, len(self.known)

    @property
    def is_register(self) -> bool:
        """Whether it could be read by itself."""
        return self.visible and self.has_rows and {*REQUIRED} <= {*self.columns}

    @property
    def may_have_projects(self) -> bool:
        """Whether it is like a register, as far as its headings go."""
        columns = {*self.columns} - {""}
        few = len(columns) < len(REQUIRED) or "project_id" not in columns
        return self.visible and self.has_rows and not few

    def fits(self, other: Sheet) -> bool:
        """Whether it is plain which columns of two sheets are the same."""
        twice = any(len(sheet.known) > len({*sheet.columns} - {""}) for sheet in (self, other))
        return self.known == other.known or not twice

    @property
    def are_corrections(self) -> bool:
        """Whether its rows were set aside, and come back."""
        return are_corrections(self.headings)

    @cached_property
    def values(self) -> list[tuple]:
        """The cells under the headings, column by column."""
        with _no_collection():
            return self._turned() or [()] * len(self.headings)

    def _turned(self) -> list[tuple]:
        """Turn rows to columns; the rows are let go before anybody looks for cycles in them."""
        below = self.worksheet.to_python(skip_empty_area=False)[self.position + 1 :]
        return list(zip(*below, strict=True))  # every row is as wide as the headings'

    @property
    def ids(self) -> set[str]:
        """The identifiers on it, folded, 0012 and 12 to the same."""
        return {identifier for identifier, _ in self.projects}

    @cached_property
    def projects(self) -> set[tuple[str, str]]:
        """The identifiers and titles on it, folded; titles are blank where it has none."""
        ids, titles = self._folded("project_id"), self._folded("title")
        pairs = zip((each.lstrip("0") for each in ids), titles or repeat(""), strict=False)
        return {pair for pair in pairs if pair[0]}

    def _folded(self, column: str) -> list[str]:
        if column not in self.columns:
            return []
        cells = self.values[self.columns.index(column)]
        return [match_key(as_text(cell) or "") for cell in cells]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Stop Python from looking for cycles among a million new cells: there are none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def choose_sheets(
    book, name: str, known: Known, first_sheet: bool = False
) -> tuple[list[Sheet], list[str], list[str]]:
    """Return the sheets to read, what to warn of, and which projects seem to be on others.

    The visible sheet with most known headings and rows under them is the register. Other sheets
    that could be registers are read with it unless they share an identifier, as a copy, an excerpt
    or last year's list would.
    """
    every = list(_worksheets(book, known))
    sheets = [sheet for sheet in every if sheet.known]
    if not sheets:
        raise no_headings(name, next((sheet.headings for sheet in every if sheet.headings), ()))
    best = max(sheets, key=lambda sheet: sheet.rank)
    if not best.visible:
        raise _hidden(name, best)
    chosen = _together(best, sheets)
    equal = [sheet for sheet in sheets if sheet.rank == best.rank]
    if {*equal} <= {*chosen}:
        left = _passed_over(chosen, every)
        return chosen, _warn(name, chosen, left), _warn_of_more(chosen, left)
    several = (
        f"{name} has the headings on several sheets, {quoted(sheet.name for sheet in equal)}. "
        "Keep the register on one, and hide or delete the others"
    )
    if not first_sheet:
        raise RegisterError(f"{several}.")
    return [best], [f"{several}, before it is read; '{best.name}' alone was looked at here."], []


def _hidden(name: str, sheet: Sheet) -> RegisterError:
    """Return the error for a register on a hidden sheet, which may be very hidden."""
    way_out = "Unhide it."
    if sheet.very_hidden:
        way_out = (
            "It is very hidden: Excel's Unhide does not list it. Make it visible in the Visual "
            "Basic editor (Alt+F11, its property Visible), or export the register again."
        )
    return RegisterError(f"{name} has the headings on a hidden sheet, '{sheet.name}'. {way_out}")


def _worksheets(book, known: Known) -> Iterator[Sheet]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        cells = book.get_sheet_by_name(about.name)
        rows = cells.to_python(skip_empty_area=False, nrows=HEADER_ROWS)
        position = -find_headings(rows, known)[1]
        headings = tuple(as_text(cell) or "" for cell in rows[position]) if rows else ()
        columns = tuple(known.get(match_key(heading), "") for heading in headings)
        visible = about.visible == SheetVisibleEnum.Visible
        deeply = about.visible == SheetVisibleEnum.VeryHidden
        above = rows[:position]
        yield Sheet(about.name, cells, visible, position, headings, columns, above, deeply)


def _together(best: Sheet, sheets: Sequence[Sheet]) -> list[Sheet]:
    """Return the sheets to be read as one register with the best of them."""
    registers = [sheet for sheet in sheets if sheet.is_register and sheet.fits(best)]
    if len(registers) < 2 or best not in registers:
        return [best]
    if all(sheet.are_corrections for sheet in registers):
        return registers
    chosen, ids = [best], best.ids
    for sheet in registers:
        if sheet is not best and ids.isdisjoint(own := sheet.ids):
            chosen.append(sheet)
            ids |= own
    return [sheet for sheet in sheets if sheet in chosen]


def _passed_over(chosen: Sequence[Sheet], every: Sequence[Sheet]) -> list[Sheet]:
    """Return the sheets that may hold more rows: beside corrected ones, any but the two of ours."""
    left = [sheet for sheet in every if sheet not in chosen]
    if all(sheet.are_corrections for sheet in chosen):
        return [sheet for sheet in left if sheet.headings and sheet.name not in (README, ALLOWED)]
    return [sheet for sheet in left if sheet.known]


def _warn_of_more(chosen: Sequence[Sheet], left: Sequence[Sheet]) -> list[str]:
    """Warn of visible sheets that were passed over and seem to have projects of their own."""
    warnings = []
    likely = [sheet for sheet in left if sheet.may_have_projects]
    read = set().union(*(sheet.projects for sheet in chosen)) if likely else set()
    for sheet in likely:
        more, alike = sheet.projects - read, "identifier and title"
        if "title" not in sheet.columns:
            more, alike = sheet.ids - {identifier for identifier, _ in read}, "identifier"
        if more:
            why, way_out = _why_not(sheet, chosen[0])
            projects = count_of(len(more), "project")
            stand = "stands" if len(more) == 1 else "stand"
            warnings.append(
                f"The sheet '{sheet.name}' was not read, as {why}: {projects} of it {stand} on no "
                f"other with this {alike}. {way_out}, or hide the sheet if it is no part of the "
                "register."
            )
    return warnings


def _why_not(sheet: Sheet, best: Sheet) -> tuple[str, str]:
    """Return why a sheet that may have projects is not read with the register, and a way out."""
    if lacks := [column_label(column) for column in REQUIRED if column not in sheet.columns]:
        what = quoted(lacks)
        return f"it has no heading for {what}", "Give it one, or add its own to the profile"
    if not sheet.fits(best):
        why = f"it is not plain which of its columns are those of '{best.name}'"
        return why, "Give it the same headings"
    return "it shares an identifier with another", "Give each project an identifier of its own"


def _warn(name: str, chosen: Sequence[Sheet], left: Sequence[Sheet]) -> list[str]:
    """Describe which sheets were read, where one was read of several or several together."""
    several = len(chosen) > 1
    passed = ", ".join(f"'{sheet.name}'{'' if sheet.visible else ' (hidden)'}" for sheet in left)
    if not several and not left:
        return []
    warning = f"{name} was read from the sheet{'s' * several} {quoted(s.name for s in chosen)}"
    warning += f"; {passed} passed over." if left else "."
    if several and not all(sheet.are_corrections for sheet in chosen):
        warning += " They have no project in common; hide a sheet that is no part of the register."
    return [warning]
