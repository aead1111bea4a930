"""Which file a register's name stands for: a file itself, the example, or a folder's latest."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from ..core.errors import RegisterError
from ..core.files import (
    EXAMPLES,
    describe_search,
    example_name,
    other_kind,
    read_plain,
    source_path,
)
from ..core.schema import DAY_FIRST, MONTHS
from ..core.text import listed, nearest, without_lone_bytes
from ..profile import Profile, load_profile
from .raw import as_text, quoted


def find_source(source: str | Path) -> Path:
    """Return the file that a register's name stands for; a folder stands for its latest export."""
    path = source_path(source)
    try:
        if path.is_dir():
            return list_exports(path)[-1][1]
        if not path.is_file():
            raise RegisterError(describe_missing(source))
    except OSError as fault:
        raise _unreadable(path, fault) from None
    if path.suffix.lower() not in SUFFIXES:
        raise RegisterError(
            f"{path.name} is not a kind of file that is read. "
            "Export the register as CSV or as an Excel workbook (.xlsx)."
        )
    return path


def profile_for(source: str | Path, profile: Profile | str | Path | None = None) -> Profile:
    """Return the profile to read a register by: that given, an example's own, or the default."""
    return load_profile(profile or default_profile(source))


def default_profile(source: str | Path) -> str | None:
    """Return the included profile's name for an example, which is read by it; else nothing."""
    return "cnwl" if example_name(source) else None


def describe_missing(source: str | Path) -> str:
    """Describe that there is no such file, where it was looked for, and what may have been meant.

    >>> describe_missing("exampel").split(" It was")[0]
    "There is no file 'exampel'. Did you mean 'example'?"
    """
    if what := other_kind(source_path(source)):
        return f"'{source}' is {what}, and only a file is read. Save it as a file, and give that."
    if _is_broken(source_path(source)):
        return f"'{source}' is a link that leads to no file. Mend it, or remove it."
    near = nearest(str(source), EXAMPLES)
    advice = f"Did you mean '{near[0]}'?" if near else "Check its name and folder."
    return f"There is no file '{source}'. {advice}{describe_search(source)}"


def list_exports(folder: str | Path) -> list[tuple[date, Path]]:
    """List a folder's exports by the date in each name, the earliest first.

    A date is written ``2021-05-04``, ``4-5-2021``, ``20210504`` or ``4 May 2021``; a file without
    one is passed over. A folder with no dated export, or with several of one date, is refused.
    """
    folder = Path(folder)
    dated = sorted((d, p) for p in _exports(folder) if (d := date_in(p.name)))
    if not dated:
        raise RegisterError(
            f"The folder '{folder.name}' has no register with a date in its name. Name each export "
            "like register_2021-05-04.csv, or give the register's file."
        )
    for day, n in Counter(day for day, _ in dated).items():
        if n > 1:
            names = listed([path.name for its_day, path in dated if its_day == day])
            raise RegisterError(
                f"The folder '{folder.name}' has {'two' if n == 2 else f'{n:,}'} registers of "
                f"{day.isoformat()}: {names}. Keep one of them."
            )
    return dated


def read_bytes(path: Path) -> bytes:
    """Return a file's content."""
    try:
        return read_plain(path)
    except OSError as fault:
        raise _unreadable(path, fault) from None


def date_in(name: str) -> date | None:
    """Return the one date in a file's name, if there is just one.

    In figures the year stands first or last and the month in the middle. Dates with the month in
    words, or a day or month of one figure, count where there is no other.

    >>> date_in("register 04-05-2021.csv")
    datetime.date(2021, 5, 4)
    >>> date_in("register 4 May 2021.csv") == date_in("register_2021-5-4.csv") == _
    True
    """
    name = name.casefold()
    days = _in_figures(name, r"\d\d", "?") or _in_figures(name, r"\d\d?") | _in_words(name)
    return days.pop() if len(days) == 1 else None


def _in_figures(name: str, part: str, maybe: str = "") -> set[date]:
    # One figure after a letter is a version's or a quarter's, as in v1.2.2021 and Q1_2_2021.
    after = r"(?<!\d)" if maybe else r"(?<![\da-z])"
    time = r"(?:\d{4}|\d{6})?" if maybe else ""  # of day, as in 202105041130
    year_first = rf"(?<!\d)(20\d\d)([-_. ]{maybe})({part})\2({part}){time}(?!\d)"
    day_first = rf"{after}({part})([-_. ])({part})\2(20\d\d)(?!\d)"
    found = [(y, m, d) for y, _, m, d in re.findall(year_first, name)]
    found += [(y, m, d) for d, _, m, y in re.findall(day_first, name)]
    return {day for each in found if (day := _date(*each))}


def _in_words(name: str) -> set[date]:
    after, between = r"(?<!\d)(?<!week[-_. ])(?<!wk[-_. ])", "[-_. ]?"
    pattern = rf"{after}(\d\d?)(?:{_ORDINALS})?{between}([a-z]+){between}(20\d\d)(?!\d)"
    found = re.findall(pattern, name)
    return {day for d, m, y in found if (day := _date(y, _MONTH.get(m, 0), d))}


_ORDINALS = "st|nd|rd|th"


def _date(year: str, month: str | int, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None  # digits that are no date


def warn_of_undated(source: Path, path: Path) -> list[str]:
    """Describe which file of a folder was read, and which have no date."""
    if source == path or not source.is_dir():
        return []
    passed = [p.name for p in _exports(source) if not date_in(p.name)]
    without = f" {quoted(passed)} without a date passed over." if passed else ""
    sentence = f"Of the folder '{source.name}', {path.name}, the latest, was read.{without}"
    return [without_lone_bytes(sentence)]


def warn_of_unread(source: Path, path: Path) -> list[str]:
    """Warn of what in a folder is named as the file that was read, may be later, and is not read.

    It has every word of that file's name, and a later date or one that is not read as such.
    """
    read, words = date_in(path.name), _words(path.name)
    if source == path or not source.is_dir() or not read:
        return []
    others = {p.name: _words(p.name) for p in _entries(source) if p != path}
    alike = [name for name, own in others.items() if words <= own and bool(words) == bool(own)]
    later = [name for name in alike if (day := date_in(name)) and day > read]
    undated = [name for name in alike if not date_in(name) and _may_be_later(name, read.year)]
    said, sentences = f"Of the folder '{source.name}', {path.name} was read: ", []
    if later:
        what = "bears a later date and is" if len(later) == 1 else "bear a later date and are"
        sentences.append(
            f"{said}{quoted(later)} {what} of no kind that is read. Unpack it, or export the "
            "register as CSV or as an Excel workbook (.xlsx)."
        )
    if undated:
        sentences.append(
            f"{said}{quoted(undated)} may be later, and no day can be read in the name. Name each "
            f"export like register_2021-05-04.csv, or move what is none elsewhere."
        )
    return [without_lone_bytes(sentence) for sentence in sentences]


def _words(name: str) -> set[str]:
    """Return the words of a file's name without its suffixes, but for those of a date.

    >>> sorted(_words("QI_register 2nd Sept 2021.csv.gz"))
    ['qi', 'register']
    """
    stem = re.sub(r"(\.[a-z]\w*)+$", "", name.casefold())
    stem = re.sub(rf"(?<=\d)({_ORDINALS})(?![a-z])", "", stem)
    return {*re.findall(r"[^\W\d_]+", stem)} - _MONTH.keys()


def _may_be_later(name: str, year: int) -> bool:
    """Return whether a name that holds no date seems to give a time, and not one of earlier years.

    >>> [_may_be_later(f"register {x}.csv", 2021) for x in ("Sept 2021", "2.8.21", "v2", "2020")]
    [True, True, False, False]
    """
    if years := re.findall(r"(?<!\d)20\d\d(?!\d)", name):
        return max(map(int, years)) >= year
    figures = re.search(r"(?<!\d)(\d\d?[-_. ]\d\d?[-_. ]\d\d|\d{6,})(?!\d)", name)
    return bool(figures or _MONTH.keys() & re.findall("[a-z]+", name.casefold()))


def _exports(folder: Path) -> list[Path]:
    """Return the files of a kind that is read.

    A link that leads nowhere is one: whoever comes to read it says so.
    """
    files = [p for p in _entries(folder) if p.is_file() or _is_broken(p)]
    return [p for p in files if p.suffix.lower() in SUFFIXES]


def _entries(folder: Path) -> list[Path]:
    """Return what is in a folder, Excel's lock files and hidden ones left out."""
    try:
        return sorted(p for p in folder.iterdir() if not p.name.startswith((".", "~")))
    except OSError as fault:
        raise _unreadable(folder, fault) from None


def _is_broken(path: Path) -> bool:
    return path.is_symlink() and not path.exists()


def _unreadable(path: Path, fault: OSError) -> RegisterError:
    if isinstance(fault, PermissionError):
        return RegisterError(
            f"You have no permission to read '{path.name}'. Ask its owner, or copy it elsewhere."
        )
    return RegisterError(f"'{path.name}' cannot be read: {fault.strerror}. Copy it elsewhere.")


MOST_UNPACKED = 2 << 30  # bytes; a million rows of 25 columns unpack to about 1.5 GB
BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError)

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

_FOREIGN = (
    (rb"%PDF", "a PDF"),
    (rb"\{\\rtf", "a Word document (RTF)"),
    (rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh", "a packed archive"),
    (rb"\x89PNG|\xff\xd8\xff|GIF8", "a picture"),
    (rb"SQLite format 3\0", "an SQLite database (give it as sqlite:///its/path, with a table)"),
    (rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype|html|head|meta|table|body|\?xml)", "a web page (HTML)"),
    (rb"(?i)MIME-Version:", "a web page (MHTML)"),
)

_PACKED = {
    "word": "a Word document",
    "ppt": "a PowerPoint presentation",
    "xl": "a binary Excel workbook (.xlsb)",
    "content.xml": "a document",
}


def kind_of(data: bytes, name: str) -> str:
    """Return a key of ``KINDS``, or refuse by name what is of no such kind."""
    if not data:
        raise RegisterError(f"{name} is empty: it has no content at all. Export it again.")
    if data.startswith(b"PK"):
        return _zip_kind(data, name)
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _ole_kind(data, name)
    if data.startswith(b"PAR1"):
        return "parquet"
    for mark, what in _FOREIGN:
        if re.match(mark, data):
            raise _foreign(name, what)
    return "text"


_TYPES = {"[Content_Types].xml", "mimetype", "META-INF/manifest.xml"}  # parts that tell the kind


def _zip_kind(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                raise oversized(name)
            locked = any(member.flag_bits & 1 for member in members) or _is_encrypted(packed)
            types = b"" if locked else b"".join(map(packed.read, _TYPES & {*packed.namelist()}))
    except BROKEN_ZIP:
        raise damaged(name) from None
    names = {member.filename for member in members}
    if locked:
        raise locked_by_password(name)
    if any("vbaproject" in member.lower() for member in names):
        raise _macros(name)
    if "xl/workbook.xml" in names or b"spreadsheetml.sheet.main+xml" in types:
        return "xlsx"
    if "content.xml" in names and b"opendocument.spreadsheet" in types:
        return "ods"
    tops = {member.split("/")[0] for member in names}
    what = next((what for top, what in _PACKED.items() if top in tops), "a zip archive")
    raise _foreign(name, what)


def _is_encrypted(packed: zipfile.ZipFile) -> bool:
    """Whether an OpenDocument's list of its parts says that they are encrypted."""
    manifest = "META-INF/manifest.xml"
    return manifest in packed.namelist() and b"encryption-data" in packed.read(manifest)


def _ole_kind(data: bytes, name: str) -> str:
    """Recognise the old Office files by the names of the streams in them."""

    def has(stream: str) -> bool:
        return stream.encode("utf-16-le") in data

    begins_locked = rb"(?s)\x09\x08\x10\x00\x00\x06\x05\x00.{12}(?:\x86\x00\x00\x00)?\x2f\x00"
    if has("EncryptedPackage") or re.search(begins_locked, data):
        raise locked_by_password(name)
    if has("_VBA_PROJECT"):
        raise _macros(name)
    if has("Workbook\0") or has("Book\0"):
        return "xls"
    raise _foreign(name, "a Word document" if has("WordDocument") else "an old Office file")


def _foreign(name: str, what: str) -> RegisterError:
    return RegisterError(
        f"{name} is {what} by its content, not a register. "
        "Export the register as CSV or as an Excel workbook (.xlsx)."
    )


def _macros(name: str) -> RegisterError:
    return RegisterError(
        f"{name} holds macros, which are never opened. Save it as a workbook without them (.xlsx)."
    )


def locked_by_password(name: str) -> RegisterError:
    """Return the error for a file that asks for a password."""
    return RegisterError(
        f"{name} is protected by a password. Open it in Excel and save it without one."
    )


def oversized(name: str) -> RegisterError:
    """Return the error for a file that cannot be held in memory."""
    return RegisterError(
        f"{name} is too large when unpacked (a zip bomb, or a stray cell far from the table). "
        "Copy the register's rows into a new workbook, or export it as CSV."
    )


def damaged(name: str, why: str = "") -> RegisterError:
    """Return the error for a file that is not whole."""
    return RegisterError(
        f"{name} is cut short or damaged{why and f' ({why})'}. Copy or export it again, or open it "
        "in Excel and save it anew as .xlsx."
    )


_MONTH = {name[:n].casefold(): i for i, name in enumerate(MONTHS, 1) for n in (3, len(name))}
_MONTH["sept"] = 9

_MADE = re.compile(
    r"""(?:\D*\W)?
    (?:(?:extract|export|download)(?:ed)?|printed|generated|produced|(?:report|data)\ run|snapshot
       |as\ (?:at|of))
    (?:\ date)?(?:\ (?:by|from)\ \D{1,40})?(?:\ (?:on|at))?\s*[:–-]?\s*
    (?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\ )?
    (?:(?P<d>\d{1,2})(?P<mark>[/.-])(?P<m>\d{1,2})(?P=mark)(?P<y>20\d\d)
       |(?P<y2>20\d\d)-(?P<m2>\d\d)-(?P<d2>\d\d)
       |(?P<d3>\d{1,2})(?:st|nd|rd|th)?\ (?P<m3>[a-z]+),?\ (?P<y3>20\d\d))
    (?:,?[ t](?:at\ )?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\ ?[ap]m)?)?\W*""",
    re.VERBOSE,
)


def day_above(rows: Iterable[Sequence], order: str = DAY_FIRST) -> date | None:
    """Return the day on which an export was made, if its title rows say so, and name one day alone.

    In figures it has the order of the register's dates. A day that is not said to be that of the
    export, such as a filter's, is none.

    >>> day_above([["Anytown QI register"], ["Extracted on 30/06/2024", ""]])
    datetime.date(2024, 6, 30)
    >>> day_above([["Extracted on 06/30/2024"]], "month first")
    datetime.date(2024, 6, 30)
    >>> day_above([["Projects from 01/04/2020 to 30/06/2024"], ["Export of starts since 1/4/2020"]])
    """
    lines = (" ".join(" ".join(filter(None, map(as_text, row))).split()) for row in rows)
    found = filter(None, (_MADE.fullmatch(line.casefold()) for line in lines))
    days = {_day(match, order) for match in found}
    return days.pop() if len(days) == 1 else None


def _day(found: re.Match, order: str) -> date | None:
    if found["y"]:
        day, month = found.group("d", "m") if order == DAY_FIRST else found.group("m", "d")
        return _date(found["y"], month, day)
    if found["y2"]:
        return _date(found["y2"], found["m2"], found["d2"])
    return _date(found["y3"], _MONTH.get(found["m3"], 0), found["d3"])
