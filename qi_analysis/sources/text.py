"""Texts: their encoding, the mark between their cells, and where their headings stand."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from .headings import HEADER_ROWS, Found, Known, find_headings, no_headings
from .kinds import damaged
from .lines import BLOCK, is_utf8, read_irregular, read_regular

DELIMITERS = (",", ";", "\t", "|")  # tried first; any other mark only if none of these will do
_ENCODINGS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
              (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip


def read_text(data: bytes, name: str, known: Known) -> Found:
    """Read a text of any encoding and delimiter: fast if it is regular, else row by row."""
    data, warnings = _utf8(data, name)
    head = _head(data)
    said = re.match(r'"?sep=(.)"?\r?\n', head, re.IGNORECASE)
    start = len(said[0]) if said else 0
    delimiter, rows = _find_delimiter(head[start:], said and said[1], known)
    count, position = find_headings([cells for cells, _ in rows], known)
    if not count:
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
    titles = [cells for cells, _ in rows[:-position]]
    return Found(cells, headings, 2 - position, faults, errors.result(), warnings, above=titles)


def first_tables(data: bytes, name: str) -> list[list[list[str]]]:
    """Give the first rows of a text as each usual delimiter parts them."""
    head = _head(_utf8(data, name)[0])
    said = re.match(r'"?sep=(.)"?\r?\n', head, re.IGNORECASE)
    marks = dict.fromkeys([*([said[1]] if said else []), *DELIMITERS])
    return [[cells for cells, _ in _first_records(head, mark)] for mark in marks]


def _may_hold_errors(data: bytes) -> bool:
    """Tell whether a spreadsheet's error, such as #N/A, may stand anywhere in a text."""
    if b"#" in data and re.search(rb"#[A-Z]+[!?/_]", data):
        return True
    blocks = range(0, len(data), BLOCK)  # between two of which other threads get their turn
    return any(data.find(b"Err:5", i, i + BLOCK + 4) >= 0 for i in blocks)


def _utf8(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """Give a text as UTF-8, bytes that stand for nothing as lone surrogates; say what it was."""
    encoding = _evident_encoding(data)
    if encoding:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            raise damaged(name, f"it begins as {encoding} and does not go on so") from None
        return text.removeprefix("\ufeff").encode(), [f"{name} was read as {encoding.upper()}."]
    data = data.removeprefix(b"\xef\xbb\xbf")
    if is_utf8(data):
        return data, []
    text = data.decode("utf-8", "surrogateescape")
    if re.search(r"[\u0080-\ud7ff\ue000-\U0010ffff]", text):
        said = f"{name} is UTF-8 in some rows only; rows with other bytes are set aside."
    else:
        text = data.decode("cp1252", "surrogateescape")
        said = f"{name} is not UTF-8, and was read as Windows-1252: check its accents and dashes."
    return text.encode("utf-8", "surrogatepass"), [said]


def _evident_encoding(data: bytes) -> str | None:
    """Know UTF-16 and UTF-32 by their marks, or UTF-16 by zeros in every other byte."""
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            return encoding
    even, odd = (data[i:4096:2] for i in (0, 1))
    if odd.count(0) > 0.7 * len(odd) and even.count(0) < 0.1 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.7 * len(even) and odd.count(0) < 0.1 * len(odd):
        return "utf-16-be"
    return None


def _head(data: bytes) -> str:
    """Give the lines that begin a text."""
    head = data[:BLOCK]
    if len(data) > len(head):
        head = head[: 1 + max(head.rfind(b"\n"), head.rfind(b"\r"))]
    return head.decode("utf-8", "surrogatepass")


def _find_delimiter(
    head: str, said: str | None, known: Known
) -> tuple[str, list[tuple[list[str], int]]]:
    """Give the delimiter that yields most known headings, and the first records it makes."""

    def best(marks: Iterable[str]) -> tuple[int, str]:
        made = {mark: [cells for cells, _ in _first_records(head, mark)] for mark in marks}
        found = {mark: find_headings(rows, known) for mark, rows in made.items()}
        mark = max(found, key=found.get)
        return found[mark][0], mark

    count, delimiter = best(dict.fromkeys([*filter(None, [said]), *DELIMITERS]))
    others = dict.fromkeys(re.findall(r"[^\w\s\"\ud800-\udfff]|\x1f", head[:20_000]))
    if count < 2 and others:
        more, other = best(others)
        delimiter = other if more > max(count, 1) else delimiter
    return delimiter, _first_records(head, delimiter)


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
