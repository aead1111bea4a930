"""Texts: their encoding, the mark between their cells, and where their headings stand."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.errors import RegisterError
from ..profile import Known
from .locate import damaged
from .raw import (
    BEGINS_AS_TOTAL,
    HEADER_ROWS,
    Found,
    as_frame,
    compute,
    find_headings,
    no_headings,
    text_column,
)

DELIMITERS = (",", ";", "\t", "|")  # tried first; any other mark only if none of these will do

# Of a file that is not whole; before each stands its name.
CUT_OFF = (
    "ends in the middle of a row, as does a file that is not written whole: more rows may be "
    "missing. Export it again."
)
HAS_A_GAP = (
    "holds zeros in place of text, as does a file that is not copied whole: rows are missing. Copy "
    "it again."
)
ZEROS = bytes(64)  # a drive's smallest block has 512; an encoding of wide letters has 3

_ENCODINGS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
              (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip


def read_text(data: bytes, name: str, known: Known) -> Found:
    """Read a text of any encoding and delimiter: fast if it is regular, else row by row."""
    data, warnings = _utf8(data, name)
    urgent = [f"{name} {HAS_A_GAP}"] if ZEROS in data else []
    head = _head(data)
    start, named = _named_delimiter(head)
    delimiter, rows = _find_delimiter(head[start:], named, known)
    count, position = find_headings([cells for cells, _ in rows], known)
    if not count:
        _refuse_quoted_lines([cells for cells, _ in rows], name)
        raise no_headings(name, rows[0][0] if rows else [])
    headings, lines = rows[-position]
    above = io.StringIO(head[start:], newline="").readlines()[:lines]
    offset = len((head[:start] + "".join(above)).encode("utf-8", "surrogatepass"))
    with ThreadPoolExecutor(1) as pool:  # pyarrow's own threads leave time for it as they read
        errors = pool.submit(_may_hold_errors, data)
        cells, faults = read_regular(data, offset, delimiter, headings), {}
    if cells is None:
        below = data[offset:].decode("utf-8", "surrogatepass")
        cells, faults = read_irregular(below, delimiter, headings)
        if len(cells) - 1 in faults and not below.endswith(("\n", "\r")):
            urgent.append(f"{name} {CUT_OFF}")
    titles = [cells for cells, _ in rows[:-position]]
    return Found(
        cells, headings, 2 - position, faults, errors.result(), [*warnings, *urgent],
        above=titles, urgent=urgent,
    )  # fmt: skip


def first_text_rows(data: bytes, name: str) -> list[list[str]]:
    """Return the first rows of a text, parted by the delimiter that makes the most even table."""
    head = _head(_utf8(data, name)[0])
    start, named = _named_delimiter(head)
    head = head[start:]

    def most_even(marks: Iterable[str]) -> list[list[str]]:
        made = [[cells for cells, _ in _first_records(head, mark)] for mark in marks]
        return max(made, key=_evenness, default=[])

    rows = most_even(dict.fromkeys([*named, *DELIMITERS]))
    if _evenness(rows) == UNEVEN:
        rows = most_even([DELIMITERS[0], *_other_marks(head)])
    _refuse_quoted_lines(rows, name)
    return rows


LEAST_CELLS = 3  # a register has an identifier, a title and a directorate
UNEVEN = (False, 0, 0.0, 0)


def _evenness(rows: Sequence[Sequence[str]]) -> tuple[bool, int, float, int]:
    """Return how well rows make a table; the greatest is best.

    First, whether most have as many cells as its headings, or fewer; then how far above the
    headings stand, as marks inside the cells below them part no headings; how many rows are as wide
    as they are; and how wide.
    """
    widths = [len(row) for row in rows if any(map(str.strip, row))]
    start = next((i for i, width in enumerate(widths) if width >= LEAST_CELLS), None)
    if start is None:
        return UNEVEN
    width, below = widths[start], widths[start:]
    fitting = sum(1 < each <= width for each in below) / len(below)
    return fitting >= 0.5, -start, below.count(width) / len(below), width


def _refuse_quoted_lines(rows: Iterable[Sequence[str]], name: str) -> None:
    """Refuse a text of which each line is one cell, quoted whole with the marks that part it."""
    lines = [[cell for cell in row if cell.strip()] for row in rows]
    lines = [cells for cells in lines if cells]
    whole = sum(not rest and _marks_in(line) >= LEAST_CELLS - 1 for line, *rest in lines)
    if whole > len(lines) / 2:
        raise RegisterError(
            f"{name} cannot be parted into columns: each line is one quoted cell. Export it again "
            "without quotation marks around whole lines, or as a workbook (.xlsx)."
        )


def _marks_in(line: str) -> int:
    """Count the mark that stands most often in a line, of those that usually part cells."""
    return max(map(line.count, DELIMITERS))


def _named_delimiter(head: str) -> tuple[int, str]:
    """Return how long a first line such as ``sep=;`` is, and what it names; else 0 and ""."""
    line = re.match(r'"?sep=(.)"?\r?\n', head, re.IGNORECASE)
    return (len(line[0]), line[1]) if line else (0, "")


def _may_hold_errors(data: bytes) -> bool:
    """Whether a spreadsheet's error, such as #N/A, may stand anywhere in a text."""
    if b"#" in data and re.search(rb"# ?(?:[A-Za-z]|##|\xc2|\xc3)", data):
        return True
    if b"=" in data and re.search(rb"=[^\n\"]*[\d)]", data):  # a formula
        return True
    blocks = range(0, len(data), BLOCK)  # between two of which other threads get their turn
    return any(
        data.find(sign, i, i + BLOCK + len(sign)) >= 0
        for i in blocks
        for sign in (b"Err:5", b"ing..", b"ing\xe2\x80\xa6", b" data")
    )


def _utf8(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """Return a text as UTF-8, bytes that stand for nothing as lone surrogates; and warnings."""
    encoding = _evident_encoding(data)
    if encoding:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            raise damaged(name, f"it begins as {encoding} and does not go on so") from None
        return text.removeprefix("\ufeff").encode(), [f"{name} was read as {encoding.upper()}."]
    data = data.removeprefix(b"\xef\xbb\xbf")
    _refuse_unknown_encoding(data, name)
    if is_utf8(data):
        return data, []
    text = data.decode("utf-8", "surrogateescape")
    if re.search(r"[\u0080-\ud7ff\ue000-\U0010ffff]", text):
        warning = f"{name} is UTF-8 in some rows only; rows with other bytes are set aside."
    else:
        text = data.decode("cp1252", "surrogateescape")
        warning = (
            f"{name} is not UTF-8, and was read as Windows-1252: check its accents and dashes."
        )
    return text.encode("utf-8", "surrogatepass"), [warning]


MOST_UNPRINTED = 0.1  # of what begins a text
_UNPRINTED = re.compile("[\0-\x08\x0e-\x1e\x7f]")
_LONE_BYTES = re.compile("[\udc80-\udcff]")


def _refuse_unknown_encoding(data: bytes, name: str) -> None:
    """Refuse bytes that are no text in an encoding that is read, such as EBCDIC's or a program's.

    Windows-1252 has a byte beyond ASCII here and there; where most are, they are something else.
    """
    head = data[:4096].rstrip(b"\0").decode("utf-8", "surrogateescape")
    unprinted, lone = (len(marks.findall(head)) for marks in (_UNPRINTED, _LONE_BYTES))
    if unprinted > MOST_UNPRINTED * len(head) or lone > len(head) / 2:
        raise RegisterError(
            f"{name} holds no text in a known encoding. Export the register as CSV in UTF-8, or as "
            "an Excel workbook (.xlsx)."
        )


def _evident_encoding(data: bytes) -> str | None:
    """Recognise UTF-16 and UTF-32 by their marks, or UTF-16 by zeros in every other byte."""
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            return encoding
    zeros = [data[i:4096:4].count(0) > 0.9 * len(data[i:4096:4]) for i in range(4)]
    if sum(zeros) == 3 and len(data) > 3:  # every letter in four bytes
        return "utf-32-be" if zeros[0] else "utf-32-le"
    even, odd = (data[i:4096:2] for i in (0, 1))
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _head(data: bytes) -> str:
    """Return the lines that begin a text."""
    head = data[:BLOCK]
    if len(data) > len(head):
        head = head[: 1 + max(head.rfind(b"\n"), head.rfind(b"\r"))]
    return head.decode("utf-8", "surrogatepass")


def _find_delimiter(head: str, named: str, known: Known) -> tuple[str, list[tuple[list[str], int]]]:
    """Return the delimiter that yields most known headings, and the first records it makes."""

    def best(marks: Iterable[str]) -> tuple[int, str]:
        made = {mark: [cells for cells, _ in _first_records(head, mark)] for mark in marks}
        found = {mark: find_headings(rows, known) for mark, rows in made.items()}
        mark = max(found, key=lambda mark: found[mark])
        return found[mark][0], mark

    count, delimiter = best(dict.fromkeys([*named, *DELIMITERS]))
    others = _other_marks(head)
    if count < 2 and others:
        more, other = best(others)
        delimiter = other if more > max(count, 1) else delimiter
    return delimiter, _first_records(head, delimiter)


def _other_marks(head: str) -> dict[str, None]:
    """Return the marks in a text that may part its cells, beside the usual ones."""
    return dict.fromkeys(re.findall(r"[^\w\s\"\ud800-\udfff]|\x1f", head[:20_000]))


def _first_records(text: str, delimiter: str) -> list[tuple[list[str], int]]:
    """Return the first records as (cells, number of the line they end on), fit to be headings."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    records = []
    try:
        for cells in reader:
            records.append(([_without_lone_bytes(cell) for cell in cells], reader.line_num))
            if len(records) == HEADER_ROWS:
                break
    except csv.Error:
        pass  # a field longer than the reader takes: what came before it is enough
    return records


def _without_lone_bytes(heading: str) -> str:
    """Read a byte that is no UTF-8 as Windows has it: a heading has no row to be set aside."""
    return _LONE_BYTES.sub(
        lambda found: bytes([ord(found[0]) - 0xDC00]).decode("cp1252", "replace"), heading
    )


BLOCK = 1 << 20  # bytes, of a text's beginning or of what is searched at once


def is_utf8(data: bytes) -> bool:
    """Whether bytes are UTF-8, ten times as fast as decoding them."""
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
    """Return the bytes of the longest cell, or 0 if no block of cells is as long as the limit."""
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
    """Whether each quotation mark opens a cell, closes one, or is one of two inside one."""
    if len(marks) % 2 or np.any(text[np.maximum(marks - 1, 0)] == ord("=")):
        return False  # ="0012" means 0012
    beside = np.isin(np.arange(256), list(f'{delimiter}\r\n"'.encode()))
    before = text[np.maximum(marks[0::2] - 1, 0)]
    after = text[np.minimum(marks[1::2] + 1, len(text) - 1)]
    return bool(beside[before].all() and beside[after].all())


def _breaks_cells(text: np.ndarray, marks: np.ndarray) -> bool:
    """Whether a line ends between quotation marks, all of which are well placed."""
    ends = (_positions(text, end) for end in "\n\r")
    return any((np.searchsorted(marks, at) % 2 == 1).any() for at in ends)


# --- one by one ----------------------------------------------------------------------------------

_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_UNSEEN = re.compile("[\\s\xad\u200b-\u200f\u2060\ufeff]*")


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
    """Return each record as (cells, fault); one that strict CSV refuses is split line by line."""
    spanned: list[str] = []

    def each_line() -> Iterator[str]:
        for line in io.StringIO(text, newline=""):
            spanned.append(line)
            yield line

    reader = csv.reader(each_line(), delimiter=delimiter, strict=True)
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


def _is_blank(cell: str) -> bool:
    """Whether nothing can be seen in a cell: spaces of any kind, and what takes no room."""
    return not cell or bool(_UNSEEN.fullmatch(cell))


def _row_fault(texts: Sequence[str], needed: int, width: int, delimiter: str) -> str | None:
    if not all(map(_is_blank, texts[width:])):
        return (
            f"The row has more cells ({len(texts)}) than there are headings ({width}). "
            f"Put quotation marks around a cell that holds '{delimiter}'."
        )
    if len(texts) >= needed or all(map(_is_blank, texts)):
        return None
    first, *rest = [*itertools.filterfalse(_is_blank, texts), ""]
    if not any(rest) and first.count(delimiter) >= needed - 1:
        return (
            "The whole row is one quoted cell. Take the quotation marks around it away, or export "
            "the register as a workbook (.xlsx)."
        )
    note = len(rest) == 1 and " " in first.strip()  # several words alone, no identifier
    # a total or a note is known for no project where the columns are
    if note or BEGINS_AS_TOTAL.match(first):
        return None
    return (
        f"The row has fewer cells ({len(texts)}) than there are headings ({needed}): it is cut "
        "short, or holds a line break. Export the register again, as a workbook (.xlsx)."
    )
