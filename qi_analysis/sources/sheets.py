"""Which sheets of a workbook hold the register: one, or several that share no project."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from ..profile import RegisterError, match_key
from .cells import as_text, quoted
from .corrections import ALLOWED, README, are_corrections
from .headings import HEADER_ROWS, Known, find_headings, no_headings


@dataclass(frozen=True, eq=False)
class Sheet:
    """A worksheet: its first row that has most known headings, and what stands under it."""

    name: str
    cells: object  # calamine's
    visible: bool
    position: int
    headings: tuple[str, ...]
    columns: tuple[str, ...]  # the register's, or "" under a heading that is not known
    above: Sequence[Sequence] = ()  # the rows above the headings

    @property
    def has_rows(self) -> bool:
        """Tell whether anything stands under the headings."""
        return (self.cells.end or (0, 0))[0] > self.position

    @cached_property
    def known(self) -> set[str]:
        """The headings that are known, folded."""
        return {match_key(h) for h, c in zip(self.headings, self.columns, strict=True) if c}

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Say how likely it is the register; nothing is, without a heading that is known."""
        return self.visible, self.has_rows, len(self.known)

    @property
    def is_register(self) -> bool:
        """Tell whether it could be read by itself."""
        needed = {"project_id", "title", "directorate"} <= {*self.columns}
        return self.visible and self.has_rows and needed

    def fits(self, other: Sheet) -> bool:
        """Tell whether it is plain which columns of two sheets are the same."""
        twice = any(len(sheet.known) > len({*sheet.columns} - {""}) for sheet in (self, other))
        return self.known == other.known or not twice

    @property
    def are_corrections(self) -> bool:
        """Tell whether its rows were set aside, and come back."""
        return are_corrections(self.headings)

    @cached_property
    def values(self) -> list[tuple]:
        """The cells under the headings, column by column."""
        with _no_collection():
            return self._turned() or [()] * len(self.headings)

    def _turned(self) -> list[tuple]:
        """Turn rows to columns; the rows are let go before anybody looks for cycles in them."""
        below = self.cells.to_python(skip_empty_area=False)[self.position + 1 :]
        return list(zip(*below, strict=True))  # every row is as wide as the headings'

    @property
    def ids(self) -> set[str]:
        """The identifiers on it, folded, 0012 and 12 to the same."""
        column = self.values[self.columns.index("project_id")]
        return {match_key(as_text(cell) or "").lstrip("0") for cell in column} - {""}


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from looking for cycles among a million new cells: there are none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def choose_sheets(book, name: str, known: Known) -> tuple[list[Sheet], list[str]]:
    """Give the sheets to read, and what to warn of.

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
        raise RegisterError(f"{name} has the headings on a hidden sheet, '{best.name}'. Unhide it.")
    chosen = _together(best, sheets)
    equal = [sheet for sheet in sheets if sheet.rank == best.rank]
    if not {*equal} <= {*chosen}:
        raise RegisterError(
            f"{name} has the headings on several sheets, {quoted(sheet.name for sheet in equal)}. "
            "Keep the register on one, and hide or delete the others."
        )
    return chosen, _warn(name, chosen, _passed_over(chosen, every))


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
        yield Sheet(about.name, cells, visible, position, headings, columns, rows[:position])


def _together(best: Sheet, sheets: Sequence[Sheet]) -> list[Sheet]:
    """Give the sheets to be read as one register with the best of them."""
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
    """Give the sheets that may hold more rows: beside corrected ones, any but the two of ours."""
    left = [sheet for sheet in every if sheet not in chosen]
    if all(sheet.are_corrections for sheet in chosen):
        return [sheet for sheet in left if sheet.headings and sheet.name not in (README, ALLOWED)]
    return [sheet for sheet in left if sheet.known]


def _warn(name: str, chosen: Sequence[Sheet], left: Sequence[Sheet]) -> list[str]:
    """Say which sheets were read, where one was read of several or several together."""
    several = len(chosen) > 1
    passed = ", ".join(f"'{sheet.name}'{'' if sheet.visible else ' (hidden)'}" for sheet in left)
    if not several and not left:
        return []
    said = f"{name} was read from the sheet{'s' * several} {quoted(s.name for s in chosen)}"
    said += f"; {passed} passed over." if left else "."
    if several and not all(sheet.are_corrections for sheet in chosen):
        said += " They have no project in common; hide a sheet that is no part of the register."
    return [said]
