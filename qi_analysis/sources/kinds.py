"""What a file is, by its content alone, and the refusals of what it must not be."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from ..profile import RegisterError

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
    """Give a key of ``KINDS``, or refuse by name what is of no such kind."""
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


def _zip_kind(data: bytes, name: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            members = packed.infolist()
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                raise oversized(name)
            locked = any(member.flag_bits & 1 for member in members) or _is_encrypted(packed)
    except BROKEN_ZIP:
        raise damaged(name) from None
    names = {member.filename for member in members}
    if locked:
        raise locked_by_password(name)
    if any("vbaproject" in member.lower() for member in names):
        raise _macros(name)
    if "xl/workbook.xml" in names:
        return "xlsx"
    if "content.xml" in names and b"opendocument.spreadsheet" in data[:200]:
        return "ods"
    tops = {member.split("/")[0] for member in names}
    what = next((what for top, what in _PACKED.items() if top in tops), "a zip archive")
    raise _foreign(name, what)


def _is_encrypted(packed: zipfile.ZipFile) -> bool:
    """Tell whether an OpenDocument's list of its parts says that they are encrypted."""
    manifest = "META-INF/manifest.xml"
    return manifest in packed.namelist() and b"encryption-data" in packed.read(manifest)


def _ole_kind(data: bytes, name: str) -> str:
    """Tell the old Office files apart by the names of the streams in them."""

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
    """Refuse a file that asks for a password."""
    return RegisterError(
        f"{name} is protected by a password. Open it in Excel and save it without one."
    )


def oversized(name: str) -> RegisterError:
    """Refuse a file that cannot be held in memory."""
    return RegisterError(
        f"{name} is too large when unpacked (a zip bomb, or a stray cell far from the table). "
        "Copy the register's rows into a new workbook, or export it as CSV."
    )


def damaged(name: str, why: str = "") -> RegisterError:
    """Refuse a file that is not whole."""
    return RegisterError(
        f"{name} is cut short or damaged{why and f' ({why})'}. Copy or export it again, or open it "
        "in Excel and save it anew as .xlsx."
    )
