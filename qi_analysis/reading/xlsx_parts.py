"""What calamine does not tell of an .xlsx: errors, formulas never worked out, numbers as shown."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

from .locate import oversized

MOST_CELLS = 60_000_000  # of one sheet, from its first cell to the last; a million rows of 60
_CELL = rb'r="([A-Z]+)(\d+)"'
_ERROR = _CELL + rb'[^>]*\bt="e"[^>]*>(?:<f[^>]*(?:/>|>[^<]*</f>))?<v>([^<]*)'
_UNWORKED = _CELL + rb'(?![^>]*\bt="str")[^>]*><f[^>]*(?:/>|>[^<]*</f>)(?:<v/>|<v></v>)?</c>'
_WORDS = r'(?:"[^"]*"|\\.|[-/ ])*'
_DIGITS = re.compile(f"({_WORDS})(0+)({_WORDS})")  # such as 0000, or "QI-"0000


@dataclass(frozen=True)
class NumberFormat:
    """How Excel displays a whole number: so many digits at least, between words."""

    before: str
    digits: int
    after: str

    def write(self, number: float) -> str | float:
        """Write a whole number as it is displayed; leave any other.

        >>> NumberFormat("QI-", 4, "").write(12.0)
        'QI-0012'
        """
        whole = isinstance(number, (int, float)) and number >= 0 and number == int(number)
        return f"{self.before}{int(number):0{self.digits}}{self.after}" if whole else number


@dataclass(frozen=True)
class Parts:
    """An .xlsx's own parts: the XML of each sheet, and the styles that display numbers as text."""

    sheets: dict[str, bytes]
    styles: dict[str, NumberFormat]

    def lost_cells(self, sheet: str) -> list[tuple[int, int, str]]:
        """Find the cells that calamine gives as blank and Excel does not: row, column, fault."""
        return list(_lost_cells(self.sheets.get(sheet, b"")))

    def formats(self, sheet: str, column: int) -> dict[int, NumberFormat]:
        """Return the formats of a column's numbers that are not displayed as plain ones, by row."""
        xml = self.sheets.get(sheet, b"")
        if not self.styles or not xml:
            return {}
        styles = "|".join(self.styles).encode()
        cell = (
            rb'(?=[^>]*?\br="([A-Z]+)(\d+)")(?=[^>]*?\bs="(%b)")' % styles
        ) + rb'(?![^>]*?\bt="[^n])'
        return {
            int(row) - 1: self.styles[style.decode()]
            for letters, row, style in re.findall(_tag(b"c", xml) + cell, xml)
            if _column(letters) == column
        }


def read_parts(data: bytes, name: str) -> Parts:
    """Read a workbook's XML; one whose cells lie too far apart to be held is refused."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = set(packed.namelist())
        paths = {sheet: path for sheet, path in _sheet_paths(packed) if path in members}
        sheets = {sheet: packed.read(path) for sheet, path in paths.items()}
        styles = _styles(packed.read("xl/styles.xml")) if "xl/styles.xml" in members else {}
    if any(map(_is_too_far, sheets.values())):
        raise oversized(name)
    return Parts(sheets, styles)


def _sheet_paths(packed: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    links = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for node in ElementTree.fromstring(packed.read("xl/workbook.xml")).iter():
        if node.tag.endswith("}sheet"):
            link = next((v for k, v in node.items() if k.endswith("}id")), "")
            target = targets.get(link, "")
            yield node.get("name", ""), target.lstrip("/") if target[:1] == "/" else f"xl/{target}"


def _styles(xml: bytes) -> dict[str, NumberFormat]:
    """Return, by number, each style that displays a whole number with more than its own digits.

    >>> _styles(b'<s xmlns="x"><numFmts><numFmt numFmtId="164" formatCode="0000"/></numFmts>'
    ...         b'<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></s>')
    {'1': NumberFormat(before='', digits=4, after='')}
    """
    root = ElementTree.fromstring(xml)
    codes = {
        node.get("numFmtId"): node.get("formatCode", "").split(";")[0]
        for node in root.iter()
        if node.tag.endswith("}numFmt")
    }
    cells = next((node for node in root.iter() if node.tag.endswith("}cellXfs")), ())
    found = {
        str(i): _DIGITS.fullmatch(codes.get(x.get("numFmtId"), "")) for i, x in enumerate(cells)
    }
    return {i: _number_format(each) for i, each in found.items() if each and each[0] != "0"}


def _number_format(found: re.Match) -> NumberFormat:
    before, after = (re.sub(r'"([^"]*)"|\\(.)', r"\1\2", found[i]) for i in (1, 3))
    return NumberFormat(before, len(found[2]), after)


def _is_too_far(xml: bytes) -> bool:
    row = re.compile(_tag(b"row", xml) + rb'[^>]*?\br="(\d+)"')
    rows = max(map(int, row.findall(xml)), default=1)
    letters = 3 if 702 * rows <= MOST_CELLS else 1  # ZZ, the last of two, is the 702nd column
    # r=" comes first, then that it begins a word: what begins a pattern is sought fastest
    far = set(re.findall(rb'r="(?<!\wr=")([A-Z]{%d,})\d' % letters, xml))
    return max(map(_column, far), default=0) * rows > MOST_CELLS


def _column(letters: bytes) -> int:
    """Return a column's position, the first being 0: A is 0, AA is 26.

    >>> _column(b"AA")
    26
    """
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1


def _tag(name: bytes, xml: bytes) -> bytes:
    """Return the pattern of an opening tag: without a prefix, which few files have, a fast one."""
    return (rb"<(?:\w+:)?" if b":%s " % name in xml else b"<") + name + b" "


def _lost_cells(xml: bytes) -> Iterator[tuple[int, int, str]]:
    tag = _tag(b"c", xml)
    for letters, row, what in re.findall(tag + _ERROR, xml) if b't="e"' in xml else ():
        cell = (letters + row).decode()
        yield int(row) - 1, _column(letters), f"The cell {cell} holds the error {what.decode()}."
    for letters, row in re.findall(tag + _UNWORKED, xml) if b"<f" in xml else ():
        cell = (letters + row).decode()
        fault = f"The formula in cell {cell} was never worked out. Save the workbook in Excel."
        yield int(row) - 1, _column(letters), fault
