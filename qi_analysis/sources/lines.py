"""A text's rows to columns: at pyarrow's speed where they are regular, else one by one."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute

from .cells import as_frame, text_column

BLOCK = 1 << 20  # bytes, of a text's beginning or of what is searched at once


def is_utf8(data: bytes) -> bool:
    """Tell whether bytes are UTF-8, ten times as fast as decoding them."""
    whole = [None, pa.py_buffer(np.array([0, len(data)])), pa.py_buffer(data)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, whole).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def read_regular(
    data: bytes, offset: int, delimiter: str, headings: Sequence[str]
) -> pd.DataFrame | None:
    """Read rows that are regular throughout, at pyarrow's speed; None if any is not.

    Regular means that both readers must agree: UTF-8, as many cells in every row as in the
    headings, and quotation marks only where strict CSV has them.
    """
    if len(headings) < 2 or not delimiter.isascii() or b"\0" in data or not is_utf8(data):
        return None
    text = np.frombuffer(data, np.uint8)[offset:]
    marks = _positions(text, '"')
    if not _well_quoted(text, marks, delimiter):
        return None
    broken = len(marks) > 0 and _breaks_cells(text, marks)
    try:
        table = _arrow_table(pa.py_buffer(data).slice(offset), delimiter, len(headings), broken)
    except pa.ArrowInvalid:
        return None
    return table.to_pandas() if _longest_cell(table) <= csv.field_size_limit() else None


def _arrow_table(below: pa.Buffer, delimiter: str, width: int, broken: bool) -> pa.Table:
    from pyarrow import csv as arrow

    names = [str(i) for i in range(width)]
    return arrow.read_csv(
        pa.BufferReader(below),
        arrow.ReadOptions(column_names=names),
        arrow.ParseOptions(
            delimiter=delimiter, newlines_in_values=broken, ignore_empty_lines=False
        ),
        arrow.ConvertOptions(
            column_types=dict.fromkeys(names, pa.large_string()),
            null_values=[""],
            strings_can_be_null=True,
            check_utf8=False,  # seen before, for the whole text at once
        ),
    )


def _longest_cell(table: pa.Table) -> int:
    """Give the bytes of the longest cell, or 0 where no block of cells is as long as the limit."""
    limit = csv.field_size_limit()
    long = [chunk for c in table.columns for chunk in c.chunks if chunk.nbytes > limit]
    return max((compute.max(compute.binary_length(c)).as_py() or 0 for c in long), default=0)


def _positions(text: np.ndarray, mark: str) -> np.ndarray:
    def within(start: int) -> np.ndarray:
        return np.flatnonzero(text[start : start + BLOCK] == ord(mark)) + start

    blocks = range(0, len(text), BLOCK)  # a block at a time stays in the processor's cache
    with ThreadPoolExecutor() as pool:
        return np.concatenate([np.array([], int), *pool.map(within, blocks)])


def _well_quoted(text: np.ndarray, marks: np.ndarray, delimiter: str) -> bool:
    """Tell whether each quotation mark opens a cell, closes one, or is one of two inside one."""
    if len(marks) % 2 or np.any(text[np.maximum(marks - 1, 0)] == ord("=")):
        return False  # ="0012" means 0012
    beside = np.isin(np.arange(256), list(f'{delimiter}\r\n"'.encode()))
    before = text[np.maximum(marks[0::2] - 1, 0)]
    after = text[np.minimum(marks[1::2] + 1, len(text) - 1)]
    return bool(beside[before].all() and beside[after].all())


def _breaks_cells(text: np.ndarray, marks: np.ndarray) -> bool:
    """Tell whether a line ends between quotation marks, all of which are well placed."""
    ends = (_positions(text, end) for end in "\n\r")
    return any((np.searchsorted(marks, at) % 2 == 1).any() for at in ends)


# --- one by one ----------------------------------------------------------------------------------

_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_TOTAL = re.compile(r"(?i)\s*(grand |sub)?-?total\b")


def read_irregular(
    text: str, delimiter: str, headings: Sequence[str]
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Read rows one by one, and say what is wrong with those that cannot be read whole."""
    rows, faults = [], {}
    width = len(headings)
    needed = max(i for i, heading in enumerate(headings, 1) if heading.strip())
    damaged, formulas = bool(_NO_CHARACTER.search(text)), '="' in text
    for cells, fault in _records(text, delimiter):
        fault = fault or _row_fault(cells, needed, width, delimiter)
        if damaged and _NO_CHARACTER.search("".join(cells)):
            fault = "The row holds bytes that are no characters. Export the register again."
            cells = [cell.replace("\0", "") for cell in cells]
            cells = [_NO_CHARACTER.sub("\ufffd", cell) for cell in cells]
        if formulas:  # ="0012" is how some systems keep Excel from changing a text
            cells = [re.sub(r'(?s)^="(.*)"$', r"\1", cell) for cell in cells]
        if fault:
            faults[len(rows)] = fault
        rows.append(cells[:width] + [""] * (width - len(cells)))
    return as_frame(text_column([row[i] for row in rows]) for i in range(width)), faults


def _records(text: str, delimiter: str) -> Iterator[tuple[list[str], str | None]]:
    """Give each record as (cells, fault); one that strict CSV refuses is split line by line."""
    spanned: list[str] = []

    def lines() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            spanned.append(line)
            yield line

    reader = csv.reader(lines(), delimiter=delimiter, strict=True)
    while True:
        spanned.clear()
        try:
            cells = next(reader, None)
        except csv.Error:
            yield from ((line.rstrip("\r\n").split(delimiter), _MISQUOTED) for line in spanned)
            continue
        if cells is None:
            return
        yield cells, None


_MISQUOTED = (
    "A quotation mark stands inside a cell or is not closed, or a cell is too long. "
    "Write a quotation mark that belongs to the text twice."
)


def _row_fault(cells: Sequence[str], needed: int, width: int, delimiter: str) -> str | None:
    if any(cells[width:]):
        return (
            f"The row has more cells ({len(cells)}) than there are headings ({width}). "
            f"Put quotation marks around a cell that holds '{delimiter}'."
        )
    first, *rest = [*filter(str.strip, cells), ""]
    note = len(rest) == 1 and " " in first.strip()  # several words alone, no identifier
    # a total or a note is known for no project where the columns are
    if len(cells) < needed and any(cells) and not (note or _TOTAL.match(first)):
        return (
            f"The row has fewer cells ({len(cells)}) than there are headings ({needed}): it is cut "
            "short, or holds a line break. Export the register again, as a workbook (.xlsx)."
        )
    return None
