"""Bytes to a raw text table: exports and databases, every cell as it was written.

What a file is follows from its content; its name only decides whether a warning is due. A file that
cannot be read whole is refused by the name of its fault; a row that cannot is marked
``source_fault``, and set aside by :func:`clean_register`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from .profile import Profile, RegisterError, load_profile, lookup_table, match_key, nearest

EXAMPLE = Path(__file__).parent.parent / "data" / "raw" / "example_register.csv"
EXAMPLE_RELEASE = EXAMPLE.with_name("example_public_counts.csv")
DELIMITERS = (",", ";", "\t", "|")  # tried first; any other mark only if none of these will do
HEADER_ROWS = 40  # how far down titles, logos and notes may push the headings
HEAD_BYTES = 1 << 20  # of a text, in which its headings are looked for
MOST_UNPACKED = 2 << 30  # bytes; a million rows of 25 columns unpack to about 1.5 GB
MOST_CELLS = 60_000_000  # of one sheet, from its first cell to the last; a million rows of 60
SNAPSHOT_KEY = b"qi_analysis.cleaned"  # in the metadata of a Parquet file made by the package
ERRORS = {"#N/A", "#REF!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#VALUE!", "#SPILL!", "#CALC!",
          "#GETTING_DATA", "#FIELD!", *(f"Err:{n}" for n in range(501, 541))}  # fmt: skip

KINDS = {
    "text": "a text file",
    "xlsx": "an Excel workbook (.xlsx)",
    "xls": "an old Excel workbook (.xls)",
    "ods": "an OpenDocument spreadsheet (.ods)",
    "parquet": "a Parquet file",
}
SUFFIXES = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv", ".txt"), "text"),
    **{f".{kind}": kind for kind in ("xlsx", "xls", "ods", "parquet")},
    ".xlsm": "xlsx",
}
FOREIGN = (
    (rb"%PDF", "a PDF"),
    (rb"\{\\rtf", "a Word document (RTF)"),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh", "a packed archive"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"SQLite format 3\0", "an SQLite database (give it as sqlite:///its/path, with a table)"),
    (rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype|html|head|meta|table|body|\?xml)", "a web page (HTML)"),
    (rb"(?i)MIME-Version:", "a web page (MHTML)"),
)


PACKED = {
    "word": "a Word document",
    "ppt": "a PowerPoint presentation",
    "xl": "a binary Excel workbook (.xlsb)",
    "content.xml": "a document",
}


@dataclass
class _Found:
    """What a reader found: cells as text under headings, and what to say of them."""

    cells: pd.DataFrame
    headings: list[str]
    first_row: int
    faults: dict[int, str] = field(default_factory=dict)
    may_hold_errors: bool = True
    warnings: list[str] = field(default_factory=list)


def read_register(
    source: str | Path,
    profile: Profile | None = None,
    *,
    query: str | None = None,
    table: str | None = None,
) -> pd.DataFrame:
    """Read an export of a register as text, nothing interpreted.

    Title rows above the headings are skipped: the headings are taken to be the row, among the first
    40, with the most headings that the profile knows; in a text, at whatever delimiter yields most
    of them; in a workbook, on the visible sheet that has it.

    Parameters
    ----------
    source : str or Path
        A text file with any delimiter (``.csv``, ``.tsv``, ``.txt``), a workbook (``.xlsx``,
        ``.xls``, ``.ods``), a ``.parquet`` table, a folder of exports with dates in their names (of
        which the latest is read), a database's URL (``"sqlite:///qi.db"``,
        ``"postgresql+psycopg://user:password@host/name"``), or ``"example"``.
    profile : Profile, optional
        Whose headings to look for; the shipped one by default.
    query, table : str, optional
        Of a database: a ``SELECT``, or the name of a table or view. One of the two.

    Returns
    -------
    DataFrame
        The export's columns under its own headings, all text, blank cells missing; and

        ``source_file``
            The file's name.
        ``source_row``
            The row's number as a spreadsheet shows it, the first row being 1.
        ``source_fault``
            Only if some row could not be read whole: the reason in a sentence, else missing.

        ``attrs["warnings"]`` holds sentences about the reading; ``attrs["snapshot_date"]``, only
        where the file's name has one date, that date as ISO text.

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
    known = _known_headings(profile or load_profile())
    if is_database(source):
        name, found = _read_database(str(source), query, table)
        return _raw(name, found, known)
    if query or table:
        raise RegisterError(
            f"A query or a table goes with a database's URL, and '{source}' is none. Leave it out."
        )
    path = find_source(source)
    found = _read_file(path, known)
    found.warnings += _undated(Path(source), path)
    raw = _raw(path.name, found, known)
    day = _date_in(path.name)
    raw.attrs |= {"snapshot_date": day.isoformat()} if day else {}
    return raw


def is_database(source: str | Path) -> bool:
    """Tell whether a register's name is the URL of a database."""
    return bool(re.match(r"[A-Za-z][\w+]*://", str(source)))


def find_source(source: str | Path) -> Path:
    """Give the file that a register's name stands for.

    ``"example"`` is found from any folder; a folder stands for its latest export.
    """
    path = EXAMPLE if str(source) == "example" else Path(source)
    try:
        if path.is_dir():
            return list_exports(path)[-1][1]
        if not path.is_file():
            raise RegisterError(f"There is no file '{source}'. Check its name and folder.")
    except OSError as fault:
        raise _unreadable(path, fault) from None
    if path.suffix.lower() not in SUFFIXES:
        raise RegisterError(
            f"{path.name} is not a kind of file that is read. "
            "Export the register as CSV or as an Excel workbook (.xlsx)."
        )
    return path


def list_exports(folder: str | Path) -> list[tuple[date, Path]]:
    """List a folder's exports by the date in each name, the earliest first.

    A date is written ``2021-05-04``, ``04-05-2021`` or ``20210504``; a file without one is passed
    over. A folder with no dated export, or with two of one date, is refused.
    """
    folder = Path(folder)
    dated = sorted((d, p) for p in _exports(folder) if (d := _date_in(p.name)))
    if not dated:
        raise RegisterError(
            f"The folder '{folder.name}' has no register with a date in its name. Name each export "
            "like register_2021-05-04.csv, or give the register's file."
        )
    for (day, path), (next_day, other) in pairwise(dated):
        if day == next_day:
            raise RegisterError(
                f"The folder '{folder.name}' has two registers of {day.isoformat()}: {path.name} "
                f"and {other.name}. Keep one of them."
            )
    return dated


def _exports(folder: Path) -> list[Path]:
    """Give the files of a kind that is read, Excel's lock files and hidden ones left out."""
    try:
        files = sorted(p for p in folder.iterdir() if p.is_file())
    except OSError as fault:
        raise _unreadable(folder, fault) from None
    return [p for p in files if p.suffix.lower() in SUFFIXES and not p.name.startswith((".", "~"))]


def _date_in(name: str) -> date | None:
    """Give the one date in a file's name, if there is just one."""
    year_first = re.findall(r"(?<!\d)(20\d\d)([-_. ]?)(\d\d)\2(\d\d)(?!\d)", name)
    day_first = re.findall(r"(?<!\d)(\d\d)([-_. ])(\d\d)\2(20\d\d)(?!\d)", name)
    days = set()
    for year, month, day in [(y, m, d) for y, _, m, d in year_first] + [
        (y, m, d) for d, _, m, y in day_first
    ]:
        try:
            days.add(date(int(year), int(month), int(day)))
        except ValueError:
            continue  # digits that are no date
    return days.pop() if len(days) == 1 else None


def _undated(source: Path, path: Path) -> list[str]:
    """Say which files of a folder have no date, and which file was read."""
    if source == path or not source.is_dir():
        return []
    passed = [p.name for p in _exports(source) if not _date_in(p.name)]
    without = f" {_listed(passed)} without a date passed over." if passed else ""
    return [f"Of the folder '{source.name}', {path.name}, the latest, was read.{without}"]


# --- what a file is -----------------------------------------------------------------------------


def _read_file(path: Path, known: set[str]) -> _Found:
    try:
        data = path.read_bytes()
    except OSError as fault:
        raise _unreadable(path, fault) from None
    kind = _kind(data, path.name)
    if kind == "text":
        found = _read_text(data, path.name, known)
    elif kind == "parquet":
        found = _read_parquet(data, path.name)
    else:
        found = _read_workbook(data, kind, path.name, known)
    if kind != SUFFIXES[path.suffix.lower()]:
        found.warnings.insert(
            0, f"{path.name} is {KINDS[kind]} by its content, and was read as one."
        )
    return found


def _unreadable(path: Path, fault: OSError) -> RegisterError:
    if isinstance(fault, PermissionError):
        return RegisterError(
            f"You have no permission to read '{path.name}'. Ask its owner, or copy it elsewhere."
        )
    return RegisterError(f"'{path.name}' cannot be read: {fault.strerror}. Copy it elsewhere.")


def _kind(data: bytes, name: str) -> str:
    """Give a key of ``KINDS``, or refuse by name what is of no such kind."""
    if not data:
        raise RegisterError(f"{name} is empty: it has no content at all. Export it again.")
    if data.startswith(b"PK"):
        return _zip_kind(data, name)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(data, name)
    if data.startswith(b"PAR1"):
        return "parquet"
    for mark, what in FOREIGN:
        if re.match(mark, data):
            raise _foreign(name, what)
    return "text"


def _foreign(name: str, what: str) -> RegisterError:
    return RegisterError(
        f"{name} is {what} by its content, not a register. "
        "Export the register as CSV or as an Excel workbook (.xlsx)."
    )


_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError)


def _zip_kind(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            names = {member.filename for member in members}
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                raise _oversized(name)
            manifest = "META-INF/manifest.xml"
            locked = any(member.flag_bits & 1 for member in members) or (
                manifest in names and b"encryption-data" in packed.read(manifest)
            )
    except _BROKEN_ZIP:
        raise _damaged(name) from None
    if locked:
        raise _password(name)
    if any("vbaproject" in member.lower() for member in names):
        raise _macros(name)
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names and _is_spreadsheet(data):
        return "ods"
    raise _foreign(name, _packed_as(names))


def _is_spreadsheet(data: bytes) -> bool:
    return b"opendocument.spreadsheet" in data[:200]


def _packed_as(names: set[str]) -> str:
    tops = {name.split("/")[0] for name in names}
    return next((what for top, what in PACKED.items() if top in tops), "a zip archive")


def _ole_kind(data: bytes, name: str) -> str:
    """Tell the old Office files apart by the names of the streams in them."""

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    begins_locked = rb"(?s)\x09\x08\x10\x00\x00\x06\x05\x00.{12}(?:\x86\x00\x00\x00)?\x2f\x00"
    if has("EncryptedPackage") or re.search(begins_locked, data):
        raise _password(name)
    if has("_VBA_PROJECT"):
        raise _macros(name)
    if has("Workbook\0") or has("Book\0"):
        return "xls"
    raise _foreign(name, "a Word document" if has("WordDocument") else "an old Office file")


def _password(name: str) -> RegisterError:
    return RegisterError(
        f"{name} is protected by a password. Open it in Excel and save it without one."
    )


def _macros(name: str) -> RegisterError:
    return RegisterError(
        f"{name} holds macros, which are never opened. Save it as a workbook without them (.xlsx)."
    )


def _oversized(name: str) -> RegisterError:
    return RegisterError(
        f"{name} is too large when unpacked (a zip bomb, or a stray cell far from the table). "
        "Copy the register's rows into a new workbook, or export it as CSV."
    )


def _damaged(name: str, why: str = "") -> RegisterError:
    return RegisterError(
        f"{name} is cut short or damaged{why and f' ({why})'}. Copy or export it again, or open it "
        "in Excel and save it anew as .xlsx."
    )


# --- headings -----------------------------------------------------------------------------------


def read_release(path: str | Path = "example") -> pd.DataFrame:
    """Read the counts that a public report published.

    Parameters
    ----------
    path : str or Path
        ``data/public_counts.csv`` of a public report, or ``"example"``.

    Returns
    -------
    DataFrame
        A row a financial year and group: ``period`` (its first day), ``directorate``,
        ``numerator, denominator, not_recorded`` (Int64, missing where suppressed or not
        available), and, as text, ``definition``, ``meaning``, ``rule`` and ``aim`` (empty where
        there was none).

    Examples
    --------
    >>> read_release().query("directorate == 'The whole trust'").iloc[:2, :4]
           period      directorate  numerator  denominator
    0  2015-04-01  The whole trust       <NA>         <NA>
    23 2016-04-01  The whole trust         15           70
    """
    file = EXAMPLE_RELEASE if str(path) == "example" else Path(path)
    counts, words = ["numerator", "denominator", "not_recorded"], _RELEASE_WORDS
    try:
        text = pd.read_csv(file, dtype="str", keep_default_na=False)
        missing = [c for c in ("period", *counts, *words) if c not in text]
    except FileNotFoundError:
        raise RegisterError(f"There is no file '{path}'. Check its name and folder.") from None
    except (ValueError, OSError):
        missing = ["period"]
    if missing:
        raise RegisterError(
            f"{file.name} holds no published counts: it has no column '{missing[0]}'. Give the "
            "data/public_counts.csv of a public report."
        )
    numbers = {c: pd.to_numeric(text[c], errors="coerce").astype("Int64") for c in counts}
    period = pd.to_datetime(text["period"])
    plain = text[words].mask(text[words].isin(["[z]"]), "")
    return plain.assign(period=period, **numbers)[["period", "directorate", *counts, *words[1:]]]


_RELEASE_WORDS = ["directorate", "definition", "meaning", "rule", "aim"]


def _known_headings(profile: Profile) -> set[str]:
    areas = [word for area in profile.areas.values() for word in (area.label, *area.headings)]
    return set(lookup_table(profile.headings)) | {match_key(word) for word in areas}


def _count_known(cells: Iterable, known: set[str]) -> int:
    return len({match_key(_text(cell) or "") for cell in cells} & known)


def _find_headings(rows: Sequence[Sequence], known: set[str]) -> tuple[int, int]:
    """Give (how many headings are known, minus the row's position) of the best row."""
    return max(
        ((_count_known(row, known), -i) for i, row in enumerate(rows[:HEADER_ROWS])),
        default=(0, 0),
    )


def _no_headings(name: str, first: Iterable) -> RegisterError:
    found = [cell for cell in map(_text, first) if cell][:8]
    has = f"Its first row has {', '.join(map(repr, found))}." if found else "It is empty."
    return RegisterError(
        f"{name} has no heading that the profile knows. {has} "
        "Add the export's headings to [headings] in the profile."
    )


def _raw(name: str, found: _Found, known: set[str]) -> pd.DataFrame:
    """Put cells under their headings, and beside each row where it comes from."""
    if not _count_known(found.headings, known):
        raise _no_headings(name, found.headings)
    if found.cells.empty:
        raise RegisterError(f"{name} has headings but no projects under them.")
    faults = _cell_faults(found, known) | found.faults
    table = _with_headings(found, name, known)
    rows = range(found.first_row, found.first_row + len(table))
    table = table.assign(source_file=name, source_row=rows)
    if faults:
        table["source_fault"] = pd.Series(faults, dtype="str").reindex(table.index)
    table.attrs["warnings"] = tuple(found.warnings)
    return table


def _cell_faults(found: _Found, known: set[str]) -> dict[int, str]:
    """Find the rows that repeat the headings, or have a spreadsheet's error where data belongs."""
    faults = {}
    used = [i for i, heading in enumerate(found.headings) if match_key(heading) in known]
    for i in used if found.may_hold_errors else ():
        wrong = found.cells.iloc[:, i]
        for row, error in wrong[wrong.isin(ERRORS)].items():
            faults[row] = f"The cell under '{_clean(found.headings[i])}' holds the error {error}."
    repeats = found.cells.iloc[:, used[0]] == found.headings[used[0]]
    wanted = [heading or None for heading in found.headings]
    for row in found.cells.index[repeats]:
        cells = found.cells.loc[row]
        if cells.astype(object).where(cells.notna(), None).tolist() == wanted:
            faults[row] = "The row repeats the headings."
    return faults


def _with_headings(found: _Found, name: str, known: set[str]) -> pd.DataFrame:
    """Name the columns; drop those without a heading, and second ones that say the same."""
    names = [_clean(heading) for heading in found.headings]
    unnamed = [i for i, heading in enumerate(names) if not heading]
    if found.cells.iloc[:, unnamed].notna().any(axis=None):
        found.warnings.append(f"{name} has cells in columns without a heading; they are left out.")
    kept: dict[str, int] = {}
    for i, heading in enumerate(names):
        first = kept.setdefault(match_key(heading), i) if heading else i
        same = first == i or found.cells.iloc[:, first].equals(found.cells.iloc[:, i])
        if not same and match_key(heading) in known:
            raise RegisterError(
                f"{name} has the heading '{heading}' twice, with different values. "
                "Rename or remove one of the two columns."
            )
    table = found.cells.iloc[:, list(kept.values())]
    return table.set_axis([names[i] for i in kept.values()], axis=1)


def _clean(heading: str) -> str:
    return " ".join(heading.split())


# --- text ---------------------------------------------------------------------------------------


def _read_text(data: bytes, name: str, known: set[str]) -> _Found:
    data, warnings = _utf8(data, name)
    head = _head(data)
    said = re.match(r'"?sep=(.)"?\r?\n', head, re.IGNORECASE)
    start = len(said[0]) if said else 0
    delimiter, rows = _find_delimiter(head[start:], said and said[1], known)
    count, position = _find_headings([cells for cells, _ in rows], known)
    if not count:
        raise _no_headings(name, rows[0][0] if rows else [])
    headings, lines = rows[-position]
    above = io.StringIO(head[start:], newline="").readlines()[:lines]
    offset = len((head[:start] + "".join(above)).encode("utf-8", "surrogatepass"))
    with ThreadPoolExecutor(1) as pool:  # pyarrow's own threads leave time for it as they read
        errors = pool.submit(_may_hold_errors, data)
        cells, faults = _read_regular(data, offset, delimiter, headings), {}
    if cells is None:
        below = data[offset:].decode("utf-8", "surrogatepass")
        cells, faults = _read_irregular(below, delimiter, headings)
    return _Found(cells, headings, 2 - position, faults, errors.result(), warnings)


def _may_hold_errors(data: bytes) -> bool:
    """Tell whether a spreadsheet's error, such as #N/A, may stand anywhere in a text."""
    if b"#" in data and re.search(rb"#[A-Z]+[!?/_]", data):
        return True
    blocks = range(0, len(data), HEAD_BYTES)  # between two of which other threads get their turn
    return any(data.find(b"Err:5", i, i + HEAD_BYTES + 4) >= 0 for i in blocks)


def _utf8(data: bytes, name: str) -> tuple[bytes, list[str]]:
    """Give a text as UTF-8, bytes that stand for nothing as lone surrogates; say what it was."""
    encoding = _evident_encoding(data)
    if encoding:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            raise _damaged(name, f"it begins as {encoding} and does not go on so") from None
        return text.removeprefix("\ufeff").encode(), [f"{name} was read as {encoding.upper()}."]
    data = data.removeprefix(b"\xef\xbb\xbf")
    if _is_utf8(data):
        return data, []
    text = data.decode("utf-8", "surrogateescape")
    if re.search(r"[\u0080-\ud7ff\ue000-\U0010ffff]", text):
        said = f"{name} is UTF-8 in some rows only; rows with other bytes are set aside."
    else:
        text = data.decode("cp1252", "surrogateescape")
        said = f"{name} is not UTF-8, and was read as Windows-1252: check its accents and dashes."
    return text.encode("utf-8", "surrogatepass"), [said]


def _is_utf8(data: bytes) -> bool:
    """Tell whether bytes are UTF-8, ten times as fast as decoding them."""
    import pyarrow as pa

    whole = [None, pa.py_buffer(np.array([0, len(data)])), pa.py_buffer(data)]
    try:
        pa.Array.from_buffers(pa.large_string(), 1, whole).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _evident_encoding(data: bytes) -> str | None:
    """Know UTF-16 and UTF-32 by their marks, or UTF-16 by zeros in every other byte."""
    for mark, encoding in ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"),
                           (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):  # fmt: skip
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
    head = data[:HEAD_BYTES]
    if len(data) > len(head):
        head = head[: 1 + max(head.rfind(b"\n"), head.rfind(b"\r"))]
    return head.decode("utf-8", "surrogatepass")


def _find_delimiter(
    head: str, said: str | None, known: set[str]
) -> tuple[str, list[tuple[list[str], int]]]:
    """Give the delimiter that yields most known headings, and the first records it makes."""

    def best(marks: Iterable[str]) -> tuple[int, str]:
        made = {mark: [cells for cells, _ in _first_records(head, mark)] for mark in marks}
        found = {mark: _find_headings(rows, known) for mark, rows in made.items()}
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


def _read_regular(
    data: bytes, offset: int, delimiter: str, headings: Sequence[str]
) -> pd.DataFrame | None:
    """Read rows that are regular throughout, at pyarrow's speed; None if any is not.

    Regular means that both readers must agree: UTF-8, as many cells in every row as in the
    headings, and quotation marks only where strict CSV has them.
    """
    import pyarrow as pa
    from pyarrow import compute
    from pyarrow import csv as arrow

    if len(headings) < 2 or not delimiter.isascii() or b"\0" in data or not _is_utf8(data):
        return None
    text = np.frombuffer(data, np.uint8)[offset:]
    marks = _positions(text, '"')
    if not _well_quoted(text, marks, delimiter):
        return None
    broken = len(marks) > 0 and _breaks_cells(text, marks)
    names = [str(i) for i in range(len(headings))]
    types = dict.fromkeys(names, pa.large_string())
    try:
        table = arrow.read_csv(
            pa.BufferReader(pa.py_buffer(data).slice(offset)),
            arrow.ReadOptions(column_names=names),
            arrow.ParseOptions(
                delimiter=delimiter, newlines_in_values=broken, ignore_empty_lines=False
            ),
            arrow.ConvertOptions(
                column_types=types,
                null_values=[""],
                strings_can_be_null=True,
                check_utf8=False,  # seen above, for the whole text at once
            ),
        )
    except pa.ArrowInvalid:
        return None
    limit = csv.field_size_limit()
    long = [chunk for c in table.columns for chunk in c.chunks if chunk.nbytes > limit]
    longest = max((compute.max(compute.binary_length(c)).as_py() or 0 for c in long), default=0)
    return table.to_pandas() if longest <= limit else None


def _positions(text: np.ndarray, mark: str) -> np.ndarray:
    def within(start: int) -> np.ndarray:
        return np.flatnonzero(text[start : start + HEAD_BYTES] == ord(mark)) + start

    blocks = range(0, len(text), HEAD_BYTES)  # a block at a time stays in the processor's cache
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


def _read_irregular(
    text: str, delimiter: str, headings: Sequence[str]
) -> tuple[pd.DataFrame, dict[int, str]]:
    """Read rows one by one, and say what is wrong with those that cannot be read whole."""
    rows, faults = [], {}
    width = len(headings)
    needed = max(i for i, heading in enumerate(headings, 1) if heading.strip())
    damaged = re.compile("[\0\ud800-\udfff]") if re.search("[\0\ud800-\udfff]", text) else None
    formulas = '="' in text
    for cells, fault in _records(text, delimiter):
        fault = fault or _row_fault(cells, needed, width, delimiter)
        if damaged and damaged.search("".join(cells)):
            fault = "The row holds bytes that are no characters. Export the register again."
            cells = [damaged.sub(lambda m: "" if m[0] == "\0" else "\ufffd", c) for c in cells]
        if formulas:  # ="0012" is how some systems keep Excel from changing a text
            cells = [re.sub(r'(?s)^="(.*)"$', r"\1", cell) for cell in cells]
        if fault:
            faults[len(rows)] = fault
        rows.append(cells[:width] + [""] * (width - len(cells)))
    return _frame(rows, width), faults


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
            fault = (
                "A quotation mark stands inside a cell or is not closed, or a cell is too long. "
                "Write a quotation mark that belongs to the text twice."
            )
            for line in spanned:
                yield line.rstrip("\r\n").split(delimiter), fault
            continue
        if cells is None:
            return
        yield cells, None


_TOTAL = re.compile(r"(?i)\s*(grand |sub)?-?total\b")


def _row_fault(cells: Sequence[str], needed: int, width: int, delimiter: str) -> str | None:
    if any(cells[width:]):
        return (
            f"The row has more cells ({len(cells)}) than there are headings ({width}). "
            f"Put quotation marks around a cell that holds '{delimiter}'."
        )
    total = _TOTAL.match(next(filter(None, cells), ""))  # which the register knows for no project
    if len(cells) < needed and any(cells) and not total:
        return (
            f"The row has fewer cells ({len(cells)}) than there are headings ({needed}): it is cut "
            "short, or holds a line break. Export the register again, as a workbook (.xlsx)."
        )
    return None


def _frame(rows: Sequence[Sequence[str | None]], width: int) -> pd.DataFrame:
    """Make a frame of text of rows that are all so wide; blank cells go missing."""
    import pyarrow as pa

    return _table(
        [pa.array([row[i] or None for row in rows], pa.large_string()) for i in range(width)]
    )


def _table(columns: list) -> pd.DataFrame:
    import pyarrow as pa

    return pa.table(columns, [str(i) for i in range(len(columns))]).to_pandas()


# --- workbooks ----------------------------------------------------------------------------------


def _read_workbook(data: bytes, kind: str, name: str, known: set[str]) -> _Found:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        xml = _sheets_xml(data, name) if kind == "xlsx" else {}
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet, position, warnings = _choose_sheet(book, name, known)
        rows = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except PasswordError:
        raise _password(name) from None
    except (*_BROKEN_ZIP, CalamineError, ElementTree.ParseError, KeyError) as fault:
        raise _damaged(name, _first_line(fault)) from None
    headings = [_text(cell) or "" for cell in rows[position]]
    below = rows[position + 1 :]
    # every row of a sheet is as wide as its headings' row
    columns = [
        _text_column(cells)
        for cells in (zip(*below, strict=True) if below else [()] * len(headings))
    ]
    used = {i for i, heading in enumerate(headings) if match_key(heading) in known}
    faults = {
        row - position - 1: fault
        for row, column, fault in _lost_cells(xml.get(sheet.name, b""))
        if row > position and column in used
    }
    warnings += _merged_down(merged, position) + (_lost_in_xls(data) if kind == "xls" else [])
    return _Found(_table(columns), headings, position + 2, faults, warnings=warnings)


def _text_column(cells: Sequence):
    """Write a column's cells as text; one that is text throughout goes to Arrow as it is."""
    import pyarrow as pa
    from pyarrow import compute

    try:
        text = pa.array(cells, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers, dates or ticks among them
        text = pa.array([c if type(c) is str else _text(c) for c in cells], pa.large_string())
    return compute.if_else(compute.equal(text, ""), pa.scalar(None, text.type), text)


def _choose_sheet(book, name: str, known: set[str]):
    """Give the visible sheet with most known headings and rows under them, and what to warn of."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    ranks, sheets, first = {}, {}, []
    for about in book.sheets_metadata:
        if about.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = sheets[about.name] = book.get_sheet_by_name(about.name)
        rows = sheet.to_python(skip_empty_area=False, nrows=HEADER_ROWS)
        first = first or (rows[0] if rows else [])
        count, position = _find_headings(rows, known)
        below = (sheet.end or (0, 0))[0] > -position
        if count:
            seen = about.visible == SheetVisibleEnum.Visible
            ranks[about.name] = (seen, below, count), -position
    if not ranks:
        raise _no_headings(name, first)
    best = max(rank for rank, _ in ranks.values())
    chosen, *equal = [sheet for sheet, (rank, _) in ranks.items() if rank == best]
    if not best[0]:
        raise RegisterError(f"{name} has the headings on a hidden sheet, '{chosen}'. Unhide it.")
    if equal:
        raise RegisterError(
            f"{name} has the headings on several sheets, {_listed([chosen, *equal])}. "
            "Keep the register on one, and hide or delete the others."
        )
    others = [_hidden(sheet, rank[0]) for sheet, (rank, _) in ranks.items() if sheet != chosen]
    said = f"{name} was read from the sheet '{chosen}'; {', '.join(others)} passed over."
    return sheets[chosen], ranks[chosen][1], [said] if others else []


def _hidden(sheet: str, visible: bool) -> str:
    return f"'{sheet}'" if visible else f"'{sheet}' (hidden)"


def _sheets_xml(data: bytes, name: str) -> dict[str, bytes]:
    """Give the XML of each sheet of an .xlsx, unless its cells lie too far apart to be held."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        links = ElementTree.fromstring(packed.read("xl/_rels/workbook.xml.rels"))
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        sheets = {}
        for node in ElementTree.fromstring(packed.read("xl/workbook.xml")).iter():
            if node.tag.endswith("}sheet"):
                link = next((v for k, v in node.items() if k.endswith("}id")), "")
                target = targets.get(link, "")
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if path in packed.namelist():
                    sheets[node.get("name")] = packed.read(path)
    for xml in sheets.values():
        row = re.compile(_tag(b"row", xml) + rb'[^>]*?\br="(\d+)"')
        rows = max(map(int, row.findall(xml)), default=1)
        letters = 3 if 702 * rows <= MOST_CELLS else 1  # ZZ, the last of two, is the 702nd column
        # r=" comes first, then that it begins a word: what begins a pattern is sought fastest
        far = set(re.findall(rb'r="(?<!\wr=")([A-Z]{%d,})\d' % letters, xml))
        if max(map(_column, far), default=0) * rows > MOST_CELLS:
            raise _oversized(name)
    return sheets


def _column(letters: bytes) -> int:
    """Give a column's position, the first being 0: A is 0, AA is 26.

    >>> _column(b"AA")
    26
    """
    position = 0
    for letter in letters:
        position = position * 26 + letter - 64
    return position - 1


def _tag(name: bytes, xml: bytes) -> bytes:
    """Give the pattern of an opening tag: without a prefix, which few files have, a fast one."""
    return (rb"<(?:\w+:)?" if b":%s " % name in xml else b"<") + name + b" "


_CELL = rb'r="([A-Z]+)(\d+)"'
_ERROR = _CELL + rb'[^>]*\bt="e"[^>]*>(?:<f[^>]*(?:/>|>[^<]*</f>))?<v>([^<]*)'
_UNWORKED = _CELL + rb'(?![^>]*\bt="str")[^>]*><f[^>]*(?:/>|>[^<]*</f>)(?:<v/>|<v></v>)?</c>'


def _lost_cells(xml: bytes) -> Iterator[tuple[int, int, str]]:
    """Find the cells that calamine gives as blank and Excel does not, as (row, column, fault)."""
    tag = _tag(b"c", xml)
    for letters, row, what in re.findall(tag + _ERROR, xml) if b't="e"' in xml else ():
        cell = (letters + row).decode()
        yield int(row) - 1, _column(letters), f"The cell {cell} holds the error {what.decode()}."
    for letters, row in re.findall(tag + _UNWORKED, xml) if b"<f" in xml else ():
        cell = (letters + row).decode()
        fault = f"The formula in cell {cell} was never worked out. Save the workbook in Excel."
        yield int(row) - 1, _column(letters), fault


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
        f"Merged cells run down several rows, from {_listed(map(str, rows[:5]), 'row ')}: their "
        "value counts for the first row only. Unmerge them, and fill each row."
    ]


# --- Parquet and databases ----------------------------------------------------------------------


def _read_parquet(data: bytes, name: str) -> _Found:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError):
        raise _damaged(name) from None
    if SNAPSHOT_KEY in (table.schema.metadata or {}):
        raise RegisterError(
            f"{name} is a snapshot made by this package, clean already. Read it with load_cleaned."
        )
    columns = [column.to_pylist() for column in table.columns]
    return _found(table.column_names, list(zip(*columns, strict=True)))


def _found(headings: Sequence[str], rows: Sequence[Sequence]) -> _Found:
    """Write typed values as text; what has no text, such as a picture, is left out."""

    def plain(value):
        return not isinstance(value, (bytes, bytearray, memoryview, list, dict))

    kept = [i for i in range(len(headings)) if all(plain(row[i]) for row in rows)]
    left = [headings[i] for i in range(len(headings)) if i not in kept]
    cells = [[_text(row[i]) for i in kept] for row in rows]
    said = [f"Columns that hold no plain values were left out: {_listed(left)}."] if left else []
    names = [str(headings[i]) for i in kept]
    return _Found(_frame(cells, len(kept)), names, 2, warnings=said)


def _read_database(url: str, query: str | None, table: str | None) -> tuple[str, _Found]:
    try:
        import sqlalchemy as sa
    except ImportError:
        raise RegisterError(
            "Reading a database needs SQLAlchemy. Install it: pip install 'qi-analysis[database]'."
        ) from None
    if bool(query) == bool(table):
        raise RegisterError(
            "A database needs one of a query and a table. Give --query or --table"
            f"{', not both' if query else ''}."
        )
    if query:
        _check_reads(query)
    engine, where = _engine(sa, url)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(_READ_ONLY.get(engine.dialect.name, "SELECT 1"))
            chosen = _as_it_stands(sa, query) if query else _select(sa, connection, table, where)
            result = connection.execute(chosen)
            found = _found(list(result.keys()), result.fetchall())
    except sa.exc.SQLAlchemyError as fault:
        reason = _first_line(getattr(fault, "orig", None) or "it does not answer")
        raise RegisterError(
            f"{where} gave no rows: {_hide(sa, url, reason)}. Check the URL, the query and your "
            "right to read."
        ) from None
    finally:
        engine.dispose()
    return f"{where}, {table or 'query'}", found


_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def _check_reads(query: str) -> None:
    """Refuse a query that is not one SELECT; the database's own read-only mode stands behind it."""
    bare = re.sub(r"(?s)'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", " ", query).strip()
    if not re.match(r"(?i)(select|with)\b", bare) or ";" in bare.rstrip("; \n\t"):
        raise RegisterError("The query must be one SELECT: a register is only read.")


def _as_it_stands(sa, query: str):
    """Keep a colon in a query, such as a time's, from being taken for a parameter."""
    return sa.text(re.sub(r"(?<![:\w\\]):(?=\w)", r"\:", query))


def _engine(sa, url: str):
    """Give an engine that has not connected yet, and the database's name without any secret."""
    try:
        parsed = sa.make_url(url)
        where = f"The {parsed.get_backend_name()} database '{Path(parsed.database or '').name}'"
        engine = sa.create_engine(parsed)
    except (sa.exc.NoSuchModuleError, ImportError):
        kind = re.match(r"[\w+]+", url)[0]
        raise RegisterError(
            f"There is no driver for '{kind}' databases here. Install it: for PostgreSQL, "
            "pip install 'qi-analysis[database]'."
        ) from None
    except (sa.exc.ArgumentError, ValueError, TypeError):
        raise RegisterError(
            "The database's URL cannot be understood. Write it like "
            "postgresql+psycopg://user:password@host:5432/name."
        ) from None
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    if file and file != ":memory:" and not Path(file).is_file():
        raise RegisterError(f"There is no SQLite file '{Path(file).name}'. Check its path.")
    return engine, where


def _select(sa, connection, table: str, where: str):
    """Give a SELECT of a whole table or view, which may be named with its schema."""
    inspector = sa.inspect(connection)
    schema, _, short = table.rpartition(".")
    for name, within in ((table, None), (short, schema or None)):
        if inspector.has_table(name, within):
            return sa.select(sa.text("*")).select_from(sa.table(name, schema=within))
    near = nearest(table, [*inspector.get_table_names(), *inspector.get_view_names()])
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise RegisterError(f"{where} has no table '{table}'.{hint}")


def _hide(sa, url: str, text: str) -> str:
    """Take every secret of a URL out of a text."""
    parsed = sa.make_url(url)
    secrets = [parsed.password, *map(str, parsed.query.values())]
    for secret in filter(None, secrets):
        text = text.replace(str(secret), "***")
    return text


# --- words --------------------------------------------------------------------------------------


def _first_line(fault) -> str:
    return str(fault).strip().split("\n")[0].rstrip(".")


def _listed(names: Iterable[str], before: str = "") -> str:
    quoted = [f"{before}{name}" if before else f"'{name}'" for name in names]
    return " and ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


def _text(cell) -> str | None:
    """Write a value as text: 12.0 as 12, dates as ISO, a tick as TRUE."""
    if cell is None or cell == "" or cell is pd.NaT or cell != cell:
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, (datetime, date)):
        return cell.isoformat(" ") if isinstance(cell, datetime) else cell.isoformat()
    return str(cell)
