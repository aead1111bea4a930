"""What calamine does not tell of a workbook: errors, formulas never worked out, formats, merges.

The XML of .xlsx and .ods is read by expat, its names by their namespaces; .xls by xlrd. Bytes are
searched only to find out whether a sheet need be parsed, or written anew for calamine, at all: such
a search may say yes too often, and never no wrongly.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Any
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from ..core.errors import RegisterError
from .delimited import BLOCK
from .locate import damaged, oversized
from .raw import first_line

MOST_CELLS = 60_000_000  # of one sheet, from its first cell to the last; a million rows of 60
EPOCH = date(1899, 12, 30)  # from which most workbooks count their days
FROM_1904 = date(1904, 1, 1)
_YEARS = range(2000, 2100)  # a number that falls into others is no date

# --- what is found -------------------------------------------------------------------------------


@dataclass(frozen=True)
class NumberFormat:
    """How a number is displayed: as a percentage, or so many digits at least, between words."""

    before: str
    digits: int
    after: str
    gaps: tuple[tuple[int, str], ...] = ()  # so many digits from the right stand words between them

    def write(self, number: float) -> str | float:
        """Write a whole number, or a percentage, as it is displayed; leave any other.

        >>> NumberFormat("QI-", 4, "").write(12.0), PERCENT.write(0.5)
        ('QI-0012', '50%')
        """
        if not isinstance(number, (int, float)):
            return number
        if self == PERCENT:
            return f"{number * 100:.10g}%"
        whole = number >= 0 and number == int(number)
        return f"{self.before}{self._parted(int(number))}{self.after}" if whole else number

    def _parted(self, number: int) -> str:
        digits = f"{number:0{self.digits}}"
        for place, words in self.gaps:  # from the left, so that those to the right stay in place
            digits = f"{digits[:-place]}{words}{digits[-place:]}"
        return digits


PERCENT = NumberFormat("", 0, "%")


def _gaps(picture: str) -> tuple[tuple[int, str], ...]:
    """Return what stands between digits, and how many of these follow it.

    >>> _gaps("000-00/0"), _gaps("0000")
    (((3, '-'), (1, '/')), ())
    """
    found = re.finditer(r"(?<=\d)\D+(?=\d)", picture)
    return tuple((len(re.sub(r"\D", "", picture[m.end() :])), m[0]) for m in found)


def _fault(row: int, column: int, error: str) -> str:
    """Say what is wrong with a cell: that it holds an error, or a formula without its result."""
    cell = f"{_letters(column)}{row + 1}"
    if error:
        return f"The cell {cell} holds the error {error}."
    return f"The formula in cell {cell} was never worked out. Save the workbook in Excel."


@dataclass
class Beside:
    """What was found on one sheet; its rows and columns are counted from 0."""

    errors: list[tuple[range, range, str]] = field(default_factory=list)
    formats: dict[int, dict[int, NumberFormat]] = field(default_factory=dict)
    merged: list[tuple[int, int]] = field(default_factory=list)
    rows: int = 0
    columns: int = 0

    @property
    def lost_cells(self) -> Iterator[tuple[int, int, str]]:
        """The cells that calamine gives as blank, or as 0, and a spreadsheet does not."""
        for rows, columns, error in self.errors:
            yield from ((r, c, _fault(r, c, error)) for r in rows for c in columns)

    def add_error(self, row: int, column: int, error: str) -> None:
        """Note a cell that holds an error, or "" for a formula never worked out."""
        self.errors.append((range(row, row + 1), range(column, column + 1), error))

    def add_format(self, row: int, column: int, how: NumberFormat) -> None:
        """Note a number that is displayed as no plain one."""
        self.formats.setdefault(column, {})[row] = how

    def reaches(self, row: int, column: int) -> None:
        """Note how far the cells reach."""
        self.rows, self.columns = max(self.rows, row + 1), max(self.columns, column + 1)


@dataclass(frozen=True)
class Parts:
    """What calamine does not tell of a workbook.

    ``look_at`` takes a sheet's name; ``is_plain`` tells whether calamine reads the workbook right
    as it is, and ``rewrite`` writes it anew so that it does.
    """

    look_at: Callable[[str], Beside]
    epoch: date = EPOCH
    is_plain: Callable[[], bool] = lambda: True
    rewrite: Callable[[], bytes] | None = None

    def day(self, text: str | None) -> str | None:
        """Read a number in a column of dates as the day that it counts in this workbook.

        >>> Parts(None, FROM_1904).day("42494")
        '2020-05-05'
        """
        if self.epoch == EPOCH or not text or not re.fullmatch(r"\d{5}(\.\d+)?", text):
            return text
        day = self.epoch + timedelta(days=int(text[:5]))
        return day.isoformat() if day.year in _YEARS else text


def read_parts(data: bytes, kind: str, name: str) -> Parts:
    """Read what calamine does not tell; a workbook whose cells lie too far apart is refused."""
    return {"xlsx": _read_xlsx, "ods": _read_ods, "xls": _read_xls}[kind](data, name)


def _letters(column: int) -> str:
    """Return a column's letters, the first being 0.

    >>> [_letters(i) for i in (0, 26, 701, 702)]
    ['A', 'AA', 'ZZ', 'AAA']
    """
    column += 1
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return letters


@cache
def _column(letters: str) -> int:
    position = 0
    for letter in letters.upper():
        position = position * 26 + ord(letter) - 64
    return position - 1


# --- XML -----------------------------------------------------------------------------------------


class _Trap(Exception):
    """Raised at a document type declaration."""


def _make_parser(begin: Callable) -> Any:
    """Return a parser that calls `begin` with each element's name, ``uri}local``, and values."""

    def refuse(*_: object) -> None:
        raise _Trap

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = begin
    return parser


def _parse(parser: Any, xml: bytes, name: str) -> None:
    """Parse XML.

    Raises
    ------
    RegisterError
        If it is not well formed, or declares a document type, which may hold an entity bomb.
    """
    try:
        parser.Parse(xml, True)
    except _Trap:
        raise RegisterError(
            f"{name} declares entities (a DTD), which no spreadsheet does and a trap may. "
            "Open it in Excel and save it anew as .xlsx."
        ) from None
    except (expat.ExpatError, LookupError) as fault:
        raise damaged(name, first_line(fault)) from None
    except ValueError:  # a reference or a number that is none
        raise damaged(name) from None


def _elements(xml: bytes, name: str) -> list[tuple[str, dict[str, str]]]:
    """Return every element of a small part, in order, its name without its namespace."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = _make_parser(lambda tag, its: found.append((tag.rpartition("}")[2], its)))
    _parse(parser, xml, name)
    return found


def _is_utf8(xml: bytes) -> bool:
    """Whether XML begins, and says that it goes on, in the encoding in which marks are sought."""
    head = re.match(rb"<\?xml[^>]*>", xml)
    encoding = head and re.search(rb"encoding\s*=\s*.([\w-]+)", head[0])
    return xml.startswith(b"<") and (not encoding or encoding[1].lower() == b"utf-8")


def _is_odd(xml: bytes) -> bool:
    """Whether XML may be in another encoding, or hold comments, CDATA or a document type."""
    return not _is_utf8(xml) or b"<!" in xml or xml.find(b"?>", 60) > 0


_MAIN = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main",
         "http://purl.oclc.org/ooxml/spreadsheetml/main")  # fmt: skip
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_PREFIXES = {
    **dict.fromkeys(_MAIN, ""), "http://www.w3.org/XML/1998/namespace": "xml:",
    **{f"{_OASIS}{name}:1.0": f"{name}:" for name in ("office", "table", "text", "style")},
}  # fmt: skip


def rewritten(xml: bytes, name: str) -> bytes:
    """Write XML anew as UTF-8, with usual prefixes, plain text, and known errors only."""
    made: list[str] = []
    text: list[str] = []
    is_error = False

    def named(tag: str) -> str:
        uri, _, local = tag.rpartition("}")
        return (_PREFIXES.get(uri, "other:") if uri else "") + local

    drawn = 0  # how many elements deep in a drawing, whose text is none of a cell's

    def flush(tag: str = "") -> None:
        written = "" if drawn else "".join(text)
        text.clear()
        if tag == "v":
            written = "#N/A" if is_error else written.strip()
        made.append(escape(written))

    def begin(tag: str, its: Mapping[str, str]) -> None:
        nonlocal is_error, drawn
        flush()
        if drawn or tag.startswith(_DRAWING):
            drawn += 1
            return
        tag = named(tag)
        if tag in ("text:line-break", "text:tab"):  # which calamine passes over
            text.append("\n")
        is_error = its.get("t") == "e" if tag == "c" else is_error
        made.append(f"<{tag}{''.join(f' {named(k)}={quoteattr(v)}' for k, v in its.items())}>")

    def end(tag: str) -> None:
        nonlocal drawn
        flush(named(tag))
        if drawn:
            drawn -= 1
            return
        made.append(f"</{named(tag)}>")

    parser = _make_parser(begin)
    parser.EndElementHandler, parser.CharacterDataHandler = end, text.append
    _parse(parser, xml, name)
    return "".join(made).encode()


def _zipped(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for path, data in members.items():
            file.writestr(path, data)
    return packed.getvalue()


# --- .xlsx ---------------------------------------------------------------------------------------

_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


_BLANK_VALUE = re.compile(rb"v(?:\s[^<>]*)?>(?:\s+[^<\s]|[^<]*(?:\s|&#\w+;)</)")


def _has_blank_values(xml: bytes) -> bool:
    """Whether white space, or a number for it, may stand round a value, which calamine misreads."""
    return (b"&#" in xml or _has_blanks(xml)) and bool(_BLANK_VALUE.search(xml))


def _has_blanks(xml: bytes) -> bool:
    """Whether white space stands anywhere between a tag and a text, seen as numbers: faster."""
    text = np.frombuffer(xml, np.uint8)[60:]  # below the declaration
    for start in range(0, len(text), BLOCK):
        block = text[start : start + BLOCK + 1]
        blank, begins, ends = block <= ord(" "), block == ord("<"), block == ord(">")
        if np.any(blank[1:] & ends[:-1]) or np.any(blank[:-1] & begins[1:]):
            return True
    return False


@dataclass(frozen=True)
class _Xlsx:
    """The parts of an .xlsx, wherever its relationships say that they are."""

    name: str
    members: Mapping[str, bytes]

    @cached_property
    def workbook(self) -> str:
        """The path of the part that lists the sheets."""
        found = [path for kind, path in self._links("").values() if kind == "officeDocument"]
        return next((path for path in found if path in self.members), "xl/workbook.xml")

    def _links(self, part: str) -> dict[str, tuple[str, str]]:
        """Return what a part refers to, by its number: its kind, and its path."""
        folder, file = posixpath.split(part)
        xml = self.members.get(posixpath.join(folder, "_rels", f"{file}.rels"))
        found = _elements(xml, self.name) if xml else []
        return {
            its.get("Id", ""): (its.get("Type", "").rpartition("/")[2], self._path(folder, its))
            for tag, its in found
            if tag == "Relationship"
        }

    def _path(self, folder: str, its: Mapping[str, str]) -> str:
        target = its.get("Target", "").replace("\\", "/")
        path = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
        return self._by_lower_case.get(path.lower(), path)

    @cached_property
    def _by_lower_case(self) -> dict[str, str]:
        return {path.lower(): path for path in self.members}

    @cached_property
    def links(self) -> dict[str, tuple[str, str]]:
        """What the workbook's part refers to."""
        return self._links(self.workbook)

    @cached_property
    def book(self) -> list[tuple[str, dict[str, str]]]:
        """The elements of the part that lists the sheets."""
        return _elements(self.members[self.workbook], self.name)

    @cached_property
    def sheets(self) -> dict[str, tuple[str, str]]:
        """Each worksheet's path, and whether it is hidden, by its name."""
        found = {}
        for tag, its in self.book:
            if tag == "sheet":
                link = next((v for k, v in its.items() if k.endswith("elationships}id")), "")
                kind, path = self.links.get(link, ("", ""))
                if kind == "worksheet" and path not in self.members:
                    raise damaged(self.name, f"it has no {path}")
                if kind == "worksheet":
                    found[its.get("name", "")] = (path, its.get("state", "visible"))
        return found

    @property
    def epoch(self) -> date:
        """The day from which it counts its days."""
        kinds = [its.get("date1904", "0") for tag, its in self.book if tag == "workbookPr"]
        return FROM_1904 if {*kinds} & {"1", "true", "on"} else EPOCH

    def the_only(self, kind: str) -> str:
        """Return the path of the one part of a kind, such as ``styles``; "" if there is none."""
        found = (path for each, path in self.links.values() if each == kind)
        return next((path for path in found if path in self.members), "")

    @cached_property
    def styles(self) -> dict[str, NumberFormat]:
        """The styles that display a number as no plain one, by their number."""
        return _styles(self.members.get(self.the_only("styles"), b"<none/>"), self.name)

    def is_plain(self) -> bool:
        """Whether calamine finds every part where it looks for it, and reads it right."""
        usual = {"": "xl/workbook.xml", "styles": "xl/styles.xml",
                 "sharedStrings": "xl/sharedStrings.xml"}  # fmt: skip
        paths = {kind: self.the_only(kind) if kind else self.workbook for kind in usual}
        if any(path not in ("", usual[kind]) for kind, path in paths.items()):
            return False
        links = self.members.get("xl/_rels/workbook.xml.rels", b"")
        if b"./" in links or b"\\" in links:
            return False
        sheets = [self.members[path] for path, _ in self.sheets.values()]
        read = [*sheets, *(self.members[path] for path in paths.values() if path)]
        return not any(map(_is_odd, read)) and not any(map(_has_blank_values, sheets))

    def rewrite(self) -> bytes:
        """Write the workbook anew: its sheets, its styles and its texts, at their usual places."""
        sheets = [*self.sheets.items()]
        links = [("worksheet", f"worksheets/sheet{i}.xml", path)
                 for i, (_, (path, _)) in enumerate(sheets, 1)]  # fmt: skip
        beside = ((kind, self.the_only(kind)) for kind in ("styles", "sharedStrings"))
        links += [(kind, f"{kind}.xml", path) for kind, path in beside if path]
        relations = "".join(
            f'<Relationship Id="rId{i}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
            for i, (kind, target, _) in enumerate(links, 1)
        )
        listed = "".join(
            f'<sheet name={quoteattr(name)} sheetId="{i}" state="{state}" r:id="rId{i}"/>'
            for i, (name, (_, state)) in enumerate(sheets, 1)
        )
        book = f'<workbook xmlns="{_MAIN[0]}" xmlns:r="{_RELATIONS}"><workbookPr date1904='
        book += f'"{int(self.epoch != EPOCH)}"/><sheets>{listed}</sheets></workbook>'
        parts = {f"xl/{target}": rewritten(self.members[p], self.name) for _, target, p in links}
        top = (
            f'<Relationship Id="rId1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
        )
        made = {
            "_rels/.rels": f"<Relationships>{top}</Relationships>",
            "xl/workbook.xml": book,
            "xl/_rels/workbook.xml.rels": f"<Relationships>{relations}</Relationships>",
        }
        return _zipped({path: text.encode() for path, text in made.items()} | parts)


def _read_xlsx(data: bytes, name: str) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = {path: packed.read(path) for path in packed.namelist() if "media/" not in path}
    book = _Xlsx(name, members)
    if book.workbook not in members:
        raise damaged(name, f"it has no {book.workbook}")
    sheets = {sheet: members[path] for sheet, (path, _) in book.sheets.items()}
    if any(_is_too_far(xml, name) for xml in sheets.values()):
        raise oversized(name)

    def look_at(sheet: str) -> Beside:
        return _look_at_xlsx(sheets.get(sheet, b""), book.styles, name)

    return Parts(look_at, book.epoch, book.is_plain, book.rewrite)


_WORDS = r'(?:"[^"]*"|\\.|[-/ ])*'
_GROUPED = r'0+(?:(?:"[^"0-9]+"|\\[^0-9]|[-/ ])0+)*'  # such as 000\-000
_DIGITS = re.compile(f"({_WORDS})({_GROUPED}|General|[#@])({_WORDS})", re.IGNORECASE)
_BUILT_IN = {"9": "0%", "10": "0.00%"}


def number_format(code: str) -> NumberFormat | None:
    """Read a format's code; None for one that displays a number as a plain one.

    >>> number_format('"QI-"0000')
    NumberFormat(before='QI-', digits=4, after='', gaps=())
    >>> number_format("[Red]0.0 %") == PERCENT, number_format("General")
    (True, None)
    """
    first = code.split(";")[0]
    if "%" in re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", first):
        return PERCENT
    found = _DIGITS.fullmatch(re.sub(r"\[[^\]]*\]|_.|\*.", "", first))
    if not found or found[0] == "0":
        return None
    before, places, after = (re.sub(r'"([^"]*)"|\\(.)', r"\1\2", part) for part in found.groups())
    if not before and not after and places.casefold() in ("0", "#", "@", "general"):
        return None
    return NumberFormat(before, max(places.count("0"), 1), after, _gaps(places))


def _styles(xml: bytes, name: str) -> dict[str, NumberFormat]:
    codes, used, within = dict(_BUILT_IN), [], ""
    for tag, its in _elements(xml, name):
        if tag == "numFmt" and within == "numFmts":
            codes[its.get("numFmtId", "")] = its.get("formatCode", "")
        elif tag == "xf" and within == "cellXfs":
            used.append(its.get("numFmtId", "0"))
        elif tag in ("numFmts", "cellStyleXfs", "cellXfs", "dxfs", "cellStyles"):
            within = tag
    found = {str(i): number_format(codes.get(n, "0")) for i, n in enumerate(used)}
    return {i: how for i, how in found.items() if how}


_THREE_LETTERS = re.compile(rb"""r\s*=\s*["'][A-Za-z]{3,}\d""")
_TWO_LETTERS = re.compile(rb"""r\s*=\s*["'][A-Za-z]{2,}\d""")
_SIX_DIGITS = re.compile(rb"""r\s*=\s*["'][A-Za-z]*\d{6}""")


def _is_too_far(xml: bytes, name: str) -> bool:
    """Whether a sheet has too many cells from its first to its last; ZZ is the 702nd column."""
    near = not _THREE_LETTERS.search(xml)
    if near and not (_SIX_DIGITS.search(xml) and _TWO_LETTERS.search(xml)):
        return False
    found = _look_at_xlsx(xml, {}, name, wholly=True)
    return found.rows * found.columns > MOST_CELLS


_FORMULAS = re.compile(rb"<f[\s/>]"), re.compile(rb":f[\s/>]")


def _look_at_xlsx(
    xml: bytes, styles: Mapping[str, NumberFormat], name: str, wholly: bool = False
) -> Beside:
    """Find what calamine does not tell of a sheet, if anything on it may be so."""
    marks = [b'"e"', b"'e'", b"mergeCell", b"&#"]
    marks += [b"%b%b%b" % (q, style.encode(), q) for style in styles for q in (b'"', b"'")]
    found = Beside()
    found_formula = any(formula.search(xml) for formula in _FORMULAS)
    if wholly or found_formula or any(mark in xml for mark in marks) or (xml and not _is_utf8(xml)):
        _read_sheet(xml, name, styles, found, wholly)
    return found


_CELL, _ROW, _FORMULA, _MERGED = (
    frozenset(f"{uri}}}{local}" for uri in _MAIN) for local in ("c", "row", "f", "mergeCell")
)
_VALUE = frozenset(f"{uri}}}{local}" for uri in _MAIN for local in ("v", "is"))


def _read_sheet(
    xml: bytes, name: str, styles: Mapping[str, NumberFormat], found: Beside, wholly: bool
) -> None:
    """Read a sheet cell by cell; what stands in a cell is listened to only where need be."""
    place, after = "0", 0  # the last reference of a row or a cell, and the cells since without one
    kind = value = None
    formula, text = False, []

    def where() -> tuple[int, int]:
        letters = place.rstrip("0123456789")
        row = int(place[len(letters) :]) - 1
        return row, (_column(letters) if letters else -1) + after

    def begin(tag: str, its: Mapping[str, str]) -> None:
        nonlocal place, after, kind, value, formula
        if tag in _CELL:
            if "r" in its:
                place, after = its["r"], 0
            else:
                after += 1
            kind, value, formula = its.get("t", "n"), None, False
            if kind == "e":
                listen()
            elif kind == "n" and its.get("s") in styles:
                found.add_format(*where(), styles[its["s"]])
            if wholly:
                found.reaches(*where())
        elif tag in _VALUE:
            text.clear()
        elif tag in _FORMULA:
            formula = True
            listen()
        elif tag in _ROW:
            place, after = its.get("r") or str(where()[0] + 2), 0
        elif tag in _MERGED:
            ends = [int(end.lstrip("$ABCDEFGHIJKLMNOPQRSTUVWXYZ")) for end in its["ref"].split(":")]
            found.merged.append((ends[0] - 1, ends[-1] - 1))

    def end(tag: str) -> None:
        nonlocal value
        if tag in _VALUE:
            value = "".join(text).strip()
        elif tag in _CELL:
            if kind == "e" or (formula and not value and (kind != "str" or value is None)):
                found.add_error(*where(), value or "")
            parser.EndElementHandler = parser.CharacterDataHandler = None

    def listen() -> None:
        parser.EndElementHandler, parser.CharacterDataHandler = end, text.append

    parser = _make_parser(begin)
    _parse(parser, xml, name)


# --- .ods ----------------------------------------------------------------------------------------

_TABLE, _OFFICE, _TEXT = (f"{_OASIS}{name}:1.0}}" for name in ("table", "office", "text"))
_CELLS = frozenset((f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"))
_KIND, _MADE_BY = f"{_OFFICE}value-type", f"{_TABLE}formula"
_COLUMNS, _ROWS = f"{_TABLE}number-columns-repeated", f"{_TABLE}number-rows-repeated"
_SPAN, _NOTE = f"{_TABLE}number-rows-spanned", f"{_OFFICE}annotation"
_DRAWING = f"{_OASIS}drawing:1.0}}"
_PARAGRAPH = f"{_TEXT}p"
_NUMBERS = ("float", "currency", "percentage")
_SHOWN = re.compile(r"(\D*)(\d+(?:[-/]\d+)*)(\D*)")
_IS_ERROR = re.compile(r"#[A-Z0-9/_]+[!?/A-Z]|Err:\d+")


def _read_ods(data: bytes, name: str) -> Parts:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        xml = packed.read("content.xml")
    if any(b"value" in _repeated(xml, found.start()) for found in _REPEATED.finditer(xml)):
        _look_at_ods(xml, name)  # which refuses what reaches too far
    epoch = _look_at_ods(xml, name)[1] if b"null-date" in xml else EPOCH

    @cache
    def sheets() -> dict[str, Beside]:
        return _look_at_ods(xml, name)[0] if _is_suspicious(xml) else {}

    def rewrite() -> bytes:
        kind = "application/vnd.oasis.opendocument.spreadsheet"
        manifest = f'<m:manifest><m:file-entry m:media-type="{kind}"/></m:manifest>'.encode()
        return _zipped(
            {"mimetype": kind.encode(), "content.xml": rewritten(xml, name),
             "META-INF/manifest.xml": manifest}
        )  # fmt: skip

    def is_plain() -> bool:
        odd = _is_odd(xml) or b"line-break" in xml or _has_drawings(xml)
        return not odd and _has_usual_prefixes(xml)

    return Parts(lambda sheet: sheets().get(sheet, Beside()), epoch, is_plain, rewrite)


def _has_drawings(xml: bytes) -> bool:
    """Whether there may be a drawing, whose text calamine takes for that of its cell."""
    prefixes = re.findall(rb"xmlns:([^\s=]+)\s*=\s*.%b" % _DRAWING[:-1].encode(), xml[:20_000])
    return any(b"<%b:" % prefix in xml for prefix in prefixes)


def _has_usual_prefixes(xml: bytes) -> bool:
    """Whether the first element has all namespaces, under the prefixes that calamine knows."""
    root = xml[: xml.find(b">", xml.find(b"document-content"))]
    usual = all(
        b"xmlns:%b=%b%b" % (prefix[:-1].encode(), quote, uri.encode()) in root
        for uri, prefix in _PREFIXES.items()
        if uri.startswith(_OASIS) and uri.encode() in root
        for quote in [b"'" if b"'" + uri.encode() in root else b'"']
    )
    return usual and xml.find(b"xmlns", len(root)) < 0


_REPEATED = re.compile(rb"-repeated\s*=\s*.\d\d")


def _repeated(xml: bytes, at: int) -> bytes:
    """Return the tag that a place is in; if it has content, with its row's rest."""
    begin, end = xml.rfind(b"<", 0, at), xml.find(b">", at)
    return xml[begin : end if xml[end - 1 : end] == b"/" else xml.find(b"row>", end)]


_MARKS = (b"error", b"sub-table", b"rows-spanned", b"null-date", b"percentage", b"&#")
_NO_PLAIN_NUMBER = [re.compile(kind + rb"[^<]*<[^>]*>(?!-?(?:[1-9][\d,.]*|0)<)")
                    for kind in (b"float", b"currency")]  # fmt: skip
_UNWORKED = re.compile(rb":formula(?![^<>]*value-type)")
_NO_TEXT = re.compile(rb"string-value\s*=\s*(?:\"\"|'')")


def _is_suspicious(xml: bytes) -> bool:
    """Whether a document may hold what calamine does not tell, or many cells in a few bytes."""
    if any(mark in xml for mark in _MARKS) or not _is_utf8(xml):
        return True
    return any(each.search(xml) for each in (*_NO_PLAIN_NUMBER, _UNWORKED, _NO_TEXT))


def _look_at_ods(xml: bytes, name: str) -> tuple[dict[str, Beside], date]:
    """Find what calamine does not tell of each sheet, and from which day on days are counted."""
    sheets: dict[str, Beside] = {}
    found, epoch, text = Beside(), EPOCH, []
    row = column = 0
    rows = columns = 1
    last = -1  # column of the row that holds a value
    its_own: Mapping[str, str] | None = None

    def begin(tag: str, its: Mapping[str, str]) -> None:
        nonlocal found, epoch, row, rows, column, columns, last, its_own
        if tag == _PARAGRAPH:
            return
        if tag in _CELLS:
            column += columns
            columns = int(its.get(_COLUMNS, 1))
            if _KIND in its:
                last = column + columns - 1
            if len(its) > 1 and int(its.get(_SPAN, 1)) > 1:
                found.merged.append((row, row + int(its[_SPAN]) - 1))
            if its and (len(its) > 1 or _KIND not in its or its[_KIND] != "string"):
                its_own = its
                text.clear()
                parser.EndElementHandler, parser.CharacterDataHandler = end, text.append
        elif tag == f"{_TABLE}table-row":
            next_row()
            row, rows, column, columns = row + rows, int(its.get(_ROWS, 1)), 0, 0
        elif tag == f"{_TABLE}table":
            if f"{_TABLE}is-sub-table" in its:
                raise damaged(name, "a cell holds a table of its own")
            next_row()
            row, rows = 0, 0
            found = sheets.setdefault(its.get(f"{_TABLE}name", ""), Beside())
        elif tag == f"{_TABLE}null-date":
            epoch = date.fromisoformat(its.get(f"{_TABLE}date-value", str(EPOCH)))

    def end(tag: str) -> None:
        if tag == _NOTE:
            text.clear()
        elif tag in _CELLS and its_own is not None:
            parser.EndElementHandler = parser.CharacterDataHandler = None
            if (row + rows) * (column + columns) > MOST_CELLS and last >= column:
                raise oversized(name)
            _look_at_cell(found, its_own, "".join(text).strip(), row, rows, column, columns)

    def next_row() -> None:
        nonlocal last
        if last >= 0:
            found.reaches(row + rows - 1, last)
            last = -1
        if found.rows * found.columns > MOST_CELLS:
            raise oversized(name)

    parser = _make_parser(begin)
    _parse(parser, xml, name)
    next_row()
    return sheets, epoch


def _look_at_cell(
    found: Beside, its: Mapping[str, str], text: str, row: int, rows: int, column: int, columns: int
) -> None:
    """Note an error, a formula never worked out, or a number that is displayed as no plain one."""
    kind = its.get(_KIND, "")
    place = range(row, row + rows), range(column, column + columns)
    is_error = "error" in (v for k, v in its.items() if k.endswith("}value-type"))
    if is_error or (text and (kind != "string" or _MADE_BY in its) and _IS_ERROR.fullmatch(text)):
        found.errors.append((*place, text or "#N/A"))
    elif _MADE_BY in its and not kind:
        found.errors.append((*place, ""))
    elif kind in _NUMBERS and (how := _as_shown(kind, its.get(f"{_OFFICE}value", ""), text)):
        for r in place[0]:
            for c in place[1]:
                found.add_format(r, c, how)


def _as_shown(kind: str, value: str, text: str) -> NumberFormat | None:
    """Return how a number is displayed, known by its text; None for a plain one."""
    if kind == "percentage" or text.endswith("%"):
        return PERCENT
    shown = _SHOWN.fullmatch(text)
    whole = re.fullmatch(r"(\d+)(?:\.0*)?", value)
    digits = re.sub("[-/]", "", shown[2]) if shown else ""
    if not shown or not whole or int(digits) != int(whole[1]) or kind == "currency":
        return None
    how = NumberFormat(shown[1], len(digits), shown[3], _gaps(shown[2]))
    return how if text != str(int(whole[1])) else None


# --- .xls ----------------------------------------------------------------------------------------


def _read_xls(data: bytes, name: str) -> Parts:
    import xlrd

    try:
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, on_demand=True, logfile=io.StringIO(),
            ignore_workbook_corruption=True,
        )  # fmt: skip
    except Exception as fault:
        raise damaged(name, first_line(fault)) from None
    return Parts(lambda sheet: _look_at_xls(book, sheet), FROM_1904 if book.datemode else EPOCH)


def _look_at_xls(book: Any, name: str) -> Beside:
    """Find what calamine does not tell of a sheet; a formula never worked out has a value here."""
    import xlrd

    found, sheet = Beside(), book.sheet_by_name(name)
    codes = [book.format_map.get(xf.format_key) for xf in book.xf_list]
    shown = [number_format(code.format_str) if code else None for code in codes]
    styles = {i: how for i, how in enumerate(shown) if how}
    errors, numbers = xlrd.XL_CELL_ERROR, xlrd.XL_CELL_NUMBER
    for row in range(sheet.nrows):
        kinds = sheet.row_types(row)
        for column in (i for i, kind in enumerate(kinds) if kind == errors):
            code = sheet.cell_value(row, column)
            found.add_error(row, column, xlrd.error_text_from_code.get(code, "#N/A"))
        for column in (i for i, kind in enumerate(kinds) if kind == numbers) if styles else ():
            if how := styles.get(sheet.cell_xf_index(row, column)):
                found.add_format(row, column, how)
    found.merged = [(top, bottom - 1) for top, bottom, _, _ in sheet.merged_cells]
    return found
