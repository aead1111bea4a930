"""Hostile files, made by a script: what an export can be, and what must come of each.

Every file is a variation of one small register. What must come out is said row by row: accepted
with exactly these cells, set aside by its number in the file, or the file refused in a sentence.
"""

import io
import struct
import zipfile
from dataclasses import dataclass
from datetime import date, datetime
from xml.sax.saxutils import escape

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

HEADINGS = ("Project ID", "Project Title", "Group", "Status", "Start Date", "Level of Involvement")
A = ("0012", "Carers’ views – a café", "Goodall", "Live", "01/04/2020", "Big I")
B = ("QI-2", "Fewer falls", "Jameson", "Paused", "2020-05-04", "Consulted")
C = ("3", "Meals, snacks", "Diggory", "Live", "4.5.2020", "No involvement")
READ = {
    A: ("0012", "Carers’ views – a café", "Goodall", "2020-04-01", "doing_with"),
    B: ("QI-2", "Fewer falls", "Jameson", "2020-05-04", "doing_for"),
    C: ("3", "Meals, snacks", "Diggory", "2020-05-04", "none"),
}


@dataclass(frozen=True)
class Hostile:
    """One file; `accepted` are rows as cleaned, `aside` are rows' numbers, `refused` a pattern."""

    name: str
    file: str
    data: bytes
    accepted: tuple = (A, B)
    aside: tuple[int, ...] = ()
    refused: str = ""
    warned: str = ""


# --- texts ---------------------------------------------------------------------------------------


def line(cells, mark=",", always=False) -> str:
    """Write one line of a text as strict CSV."""
    special = {mark, '"', "\n", "\r"}
    return mark.join(
        '"' + cell.replace('"', '""') + '"' if always or set(cell) & special else cell
        for cell in cells
    )


def text(*rows, mark=",", end="\n", above="", below="", always=False) -> str:
    """Write rows under the headings."""
    return above + "".join(line(r, mark, always) + end for r in (HEADINGS, *rows)) + below


def with_title(row, title):
    return (row[0], title, *row[2:])


def encodings():
    plain = text(A, B)
    warned = "was read as UTF-16"
    yield Hostile("utf-8", "r.csv", plain.encode())
    yield Hostile("utf-8 with BOM", "r.csv", plain.encode("utf-8-sig"))
    yield Hostile("utf-16 with mark", "r.csv", plain.encode("utf-16"), warned=warned)
    yield Hostile(
        "utf-16 big-endian with mark",
        "r.csv",
        b"\xfe\xff" + plain.encode("utf-16-be"),
        warned=warned,
    )
    yield Hostile("utf-16 no mark", "r.csv", plain.encode("utf-16-le"), warned=warned + "-LE")
    yield Hostile("utf-16 big-endian no mark", "r.csv", plain.encode("utf-16-be"), warned="-BE")
    yield Hostile(
        "Excel's Unicode text", "r.txt", text(A, B, mark="\t", end="\r\n").encode("utf-16")
    )
    yield Hostile("utf-32", "r.csv", plain.encode("utf-32"), warned="was read as UTF-32")
    yield Hostile("cp1252", "r.csv", plain.encode("cp1252"), warned="read as Windows-1252")
    yield Hostile(
        "utf-16 cut in a character",
        "r.csv",
        plain.encode("utf-16")[:-1],
        refused=r"r\.csv is cut short or damaged \(it begins as utf-16 and does not go",
    )
    mixed = text(A).encode() + line(with_title(B, "Café")).encode("cp1252") + b"\n"
    yield Hostile(
        "two encodings in one file", "r.csv", mixed, (A,), (3,), warned="in some rows only"
    )
    undefined = text(A).encode("cp1252") + line(B).encode().replace(b"Fewer", b"F\x81wer") + b"\n"
    yield Hostile("byte that is nothing in cp1252", "r.csv", undefined, (A,), (3,))
    emoji = with_title(B, "Falls 🙂 日本")
    yield Hostile("characters beyond the first plane", "r.csv", text(A, emoji).encode(), (A, emoji))
    ids = tuple((f"X{i}", *B[1:]) for i in range(300))
    late = text(*ids, A).encode("cp1252")
    yield Hostile("first odd byte far down", "r.csv", late, (*ids, A), warned="Windows-1252")


def delimiters():
    for name, mark in {
        "semicolon": ";",
        "tab": "\t",
        "bar": "|",
        "caret": "^",
        "tilde": "~",
        "colon": ":",
        "hash": "#",
        "section sign": "§",
        "broken bar": "¦",
        "unit separator": "\x1f",
    }.items():
        yield Hostile(f"{name} as delimiter", "r.csv", text(A, B, C, mark=mark).encode(), (A, B, C))
    semicolon = with_title(B, "a,b,c,d,e,f,g,h,i,j")
    yield Hostile(
        "more commas than semicolons",
        "r.csv",
        text(A, semicolon, mark=";").encode(),
        (A, semicolon),
    )
    for end in ("\n", "\r\n"):
        yield Hostile(
            f"sep= line {end!r}",
            "r.csv",
            ("sep=;" + end + text(A, B, C, mark=";", end=end)).encode(),
            (A, B, C),
        )
    yield Hostile("sep= in quotes", "r.csv", ('"sep=|"\n' + text(A, B, mark="|")).encode())
    yield Hostile("SEP= of a tab", "r.csv", ("SEP=\t\n" + text(A, B, mark="\t")).encode())
    yield Hostile("sep= that lies", "r.csv", ("sep=;\n" + text(A, B)).encode())
    yield Hostile("sep= of an unusual mark", "r.csv", ("sep=%\n" + text(A, B, mark="%")).encode())
    yield Hostile(
        "sep= with a BOM", "r.csv", ("sep=;\n" + text(A, B, mark=";")).encode("utf-8-sig")
    )
    yield Hostile("two marks between cells", "r.csv", text(A, B).replace(",", "||").encode())
    yield Hostile("tsv that is comma-separated", "r.tsv", text(A, B).encode())


def line_ends():
    for name, end in (("Windows", "\r\n"), ("old Mac", "\r"), ("doubled", "\r\r\n")):
        yield Hostile(f"{name} line ends", "r.csv", text(A, B, end=end).encode())
    mixed = text(A).encode() + line(B).encode() + b"\r\n" + line(C).encode() + b"\r"
    yield Hostile("line ends of three kinds", "r.csv", mixed, (A, B, C))
    yield Hostile("no last line end", "r.csv", text(A, B).rstrip().encode())
    yield Hostile("empty lines between", "r.csv", text(A).encode() + b"\n\n" + line(B).encode())
    yield Hostile("empty lines at the end", "r.csv", text(A, B, below="\n\n\n").encode())
    yield Hostile("lines of delimiters only", "r.csv", text(A, B, below=",,,,,\n,,,,,\n").encode())
    yield Hostile("Ctrl-Z at the end", "r.csv", text(A, B, below="\x1a").encode(), (A, B), (4,))
    for name, end in (("", "\n"), (" and Windows ends", "\r\n")):
        row = with_title(A, f"Carers{end}and\n\n“users”, too")
        read = with_title(A, "Carers and “users”, too")
        yield Hostile(
            f"line breaks in a cell{name}", "r.csv", text(row, B, end=end).encode(), (read, B)
        )
    yield Hostile(
        "line break in a heading",
        "r.csv",
        text(A, B).replace("Project Title", '"Project\nTitle"').encode(),
    )
    many = [(f"M{i}", f"Line\n{i}", *B[2:]) for i in range(50)]
    read = tuple((r[0], r[1].replace("\n", " "), *r[2:]) for r in many)
    yield Hostile("line breaks in every row", "r.csv", text(*many).encode(), read)


def quotes():
    said = with_title(A, 'She said "no, thanks" twice')
    yield Hostile("doubled quotation marks", "r.csv", text(said, B).encode(), (said, B))
    yield Hostile(
        "quotes round everything", "r.csv", text(A, B, C, always=True).encode(), (A, B, C)
    )
    inch = with_title(A, '5" tubes')
    yield Hostile(
        "inch mark in a bare cell",
        "r.csv",
        text(A, B).replace(A[1], '5" tubes').encode(),
        (inch, B),
    )
    inches = with_title(A, '5" and 6" tubes')
    yield Hostile(
        "two inch marks in a bare cell",
        "r.csv",
        text(A, B).replace(A[1], '5" and 6" tubes').encode(),
        (inches, B),
    )
    bad = text(A, B, C).replace(B[1], '"Say "hello" again"').encode()
    yield Hostile("quotes not doubled in a quoted cell", "r.csv", bad, (A, C), (3,))
    after = text(A, B, C).replace(B[1], '"Fewer" falls').encode()
    yield Hostile("text after a closing quote", "r.csv", after, (A, C), (3,))
    space = text(A, B, C).replace(B[1], '"Fewer falls" ').encode()
    yield Hostile("space after a closing quote", "r.csv", space, (A, C), (3,))
    before = text(A, B, C).replace('"Meals, snacks"', ' "Meals, snacks"').encode()
    yield Hostile("space before an opening quote", "r.csv", before, (A, B), (4,))
    open_last = text(A, B).encode() + b'3,"Meals,Diggory,Live,4.5.2020,Big I\n'
    yield Hostile("quote never closed in the last row", "r.csv", open_last, (A, B), (4,))
    rows = [(f"M{i}", *B[1:]) for i in range(4)]
    opened = text(A, *rows).replace("M2,", 'M2,"').encode()
    yield Hostile("quote never closed in the middle", "r.csv", opened, (A, *rows[:2]), (5, 6))
    swallowing = text(A, B, C).replace(A[1], '"Carers').encode()
    yield Hostile(
        "open quote closed by the next row's", "r.csv", swallowing, refused="3 of its 3 rows cannot"
    )
    yield Hostile('="0012"', "r.csv", text(A, B).replace("0012", '="0012"').encode())
    yield Hostile('"=""0012"""', "r.csv", text(A, B).replace("0012", '"=""0012"""').encode())
    long = with_title(A, "a" * 140_000)
    yield Hostile("a cell of 140,000 characters", "r.csv", text(long, B).encode(), (B,), (2,))


def ragged():
    extra = text(A, B, C).replace('"Meals, snacks"', "Meals, snacks").encode()
    yield Hostile("a comma that is not quoted", "r.csv", extra, (A, B), (4,))
    short = text(A, B).encode() + b"3,Meals\n"
    yield Hostile("a row cut short", "r.csv", short, (A, B), (4,))
    yield Hostile("a file cut short", "r.csv", text(A, B, C).encode()[:-18], (A, B), (4,))
    broken = text(A, B, C).replace("Fewer falls", "Fewer\nfalls").encode()
    yield Hostile("a line break that is not quoted", "r.csv", broken, (A, C), (3, 4))
    yield Hostile(
        "delimiters at the end of some rows",
        "r.csv",
        text(A, B).replace("Big I\n", "Big I,,,\n").encode(),
    )
    yield Hostile(
        "delimiters at the end of every row", "r.csv", text(A, B).replace("\n", ",,\n").encode()
    )
    yield Hostile(
        "headings with a blank one last",
        "r.csv",
        text(A, B).replace("Involvement\n", "Involvement,\n").encode(),
    )
    unnamed = text(A, B).replace("Involvement\n", "Involvement,\n").replace("Big I", "Big I,note")
    yield Hostile("cells under no heading", "r.csv", unnamed.encode(), warned="without a heading")
    footer = text(A, B, below="Total,2\n").encode()
    yield Hostile("a footer shorter than the rows", "r.csv", footer)
    yield Hostile("an identifier cut short", "r.csv", text(A, B).encode() + b"QI-3\n", aside=(4,))
    named = text(A, B).encode() + b"QI 3\n"
    yield Hostile("an identifier of two words cut short", "r.csv", named, aside=(4,))
    note = text(A, B, below="Printed on 4 May 2021\n").encode()
    yield Hostile("a note below", "r.csv", note)
    repeated = (text(A) + text(B)).encode()
    yield Hostile("headings again at each page", "r.csv", repeated, (A, B), (3,))
    error = text(A, (*B[:2], "#REF!", *B[3:]), (*C[:5], "#N/A")).encode()
    yield Hostile(
        "a spreadsheet's errors as text", "r.csv", error, refused="2 of its 3 rows cannot be read"
    )


def nuls():
    data = text(A, B, C).encode()
    yield Hostile("NUL in a cell", "r.csv", data.replace(b"Fewer", b"Fe\0er"), (A, C), (3,))
    yield Hostile("NULs after the end", "r.csv", data + b"\0" * 100, (A, B, C), (5,))
    yield Hostile("NULs only", "r.csv", b"\0" * 5000, refused="no heading that the profile knows")


def titles():
    yield Hostile("a title above", "r.csv", text(A, B, above="QI register\n").encode())
    yield Hostile("blank lines above", "r.csv", text(A, B, above="\n\n").encode())
    yield Hostile(
        "a logo row and a note",
        "r.csv",
        text(A, B, above=",,,,,\n,QI register,,,,\nPrinted,4 May 2021\n\n").encode(),
    )
    yield Hostile(
        "a title that names a heading", "r.csv", text(A, B, above="Group,Status\n").encode()
    )
    yield Hostile(
        "a title with a quotation mark", "r.csv", text(A, B, above='The 5" list\n').encode()
    )
    yield Hostile("a title of two lines", "r.csv", text(A, B, above='"QI\nregister"\n').encode())
    yield Hostile("39 lines above", "r.csv", text(A, B, above="note\n" * 39).encode())
    yield Hostile(
        "too many lines above",
        "r.csv",
        text(A, B, above="note\n" * 40).encode(),
        refused="no heading that the profile knows. Its first row has 'note'",
    )
    for name, old, new in (
        ("capitals", "Project Title", "PROJECT TITLE"),
        ("spaces", "Project Title", "  Project   Title "),
        ("a non-breaking space", "Project Title", "Project\u00a0Title"),
        ("a zero-width space", "Project ID", "\u200bProject\u200b ID\ufeff"),
        ("punctuation", "Project Title", "Project - Title:"),
        ("underscores", "Project Title", "project_title"),
        ("a synonym", "Group", "Division"),
    ):
        yield Hostile(f"heading with {name}", "r.csv", text(A, B).replace(old, new).encode())
    yield Hostile(
        "one heading twice, same values",
        "r.csv",
        "".join(row + "," + row.split(",")[0] + "\n" for row in text(A, B).splitlines()).encode(),
    )
    twice = "".join(
        f"{r},{x}\n" for r, x in zip(text(A, B).splitlines(), ("group", "1", "2"), strict=True)
    )
    yield Hostile(
        "one heading twice, other values",
        "r.csv",
        twice.encode(),
        refused="has the heading 'Group' twice, once as 'group', with different values. Rename or",
    )
    notes = "".join(
        f"{r},Note,{x}\n" for r, x in zip(text(A, B).splitlines(), ("Note", "1", "2"), strict=True)
    )
    yield Hostile("an unknown heading twice", "r.csv", notes.encode())


# --- what is no register -------------------------------------------------------------------------


def zipped(members: dict) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return packed.getvalue()


def ole(streams: dict[str, bytes]) -> bytes:
    """Write an OLE compound file, the box of old Office files and of encrypted new ones."""
    end, free, sectors, entries = 0xFFFFFFFE, 0xFFFFFFFF, [], []
    fat = [0xFFFFFFFD, end]  # sector 0 is the table itself, sector 1 the directory
    for name, data in streams.items():
        data = data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0")
        first, n = len(fat), len(data) // 512
        fat += [*range(first + 1, first + n), end]
        sectors.append(data)
        entries.append((name, 2, first, len(data)))
    directory = b""
    for i, (name, kind, first, size) in enumerate([("Root Entry", 5, end, 0), *entries]):
        wide = (name + "\0").encode("utf-16-le")
        right = i + 1 if 0 < i < len(entries) else free
        child = 1 if i == 0 else free
        directory += wide.ljust(64, b"\0") + struct.pack(
            "<HBBIII16sI8s8sIQ",
            len(wide),
            kind,
            1,
            free,
            right,
            child,
            b"",
            0,
            b"",
            b"",
            first,
            size,
        )
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack(
        "<16sHHHHH6sIIIIIIIIII",
        b"",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        b"",
        0,
        1,
        1,
        0,
        4096,
        end,
        0,
        end,
        0,
        0,
    )
    header = header.ljust(512, b"\xff")
    table = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    return header + table + directory.ljust(512, b"\0") + b"".join(sectors)


def foreign():
    no_register = "by its content, not a register"
    for name, file, data, what in (
        ("PDF named csv", "r.csv", b"%PDF-1.7\n1 0 obj", "a PDF"),
        ("PDF named xlsx", "r.xlsx", b"%PDF-1.7\n1 0 obj", "a PDF"),
        ("web page named csv", "r.csv", b"\n<!DOCTYPE html><html><body>Sign in", "a web page"),
        ("web page named xls", "r.xls", b"<html><table><tr><td>ID</td></tr></table>", "a web page"),
        ("XML spreadsheet named xls", "r.xls", b'<?xml version="1.0"?><Workbook/>', "a web page"),
        ("MHTML named xls", "r.xls", b"MIME-Version: 1.0\nX: y", "MHTML"),
        ("RTF named txt", "r.txt", b"{\\rtf1 Project ID", "a Word document"),
        ("gzip named csv", "r.csv", b"\x1f\x8b\x08\0", "a packed archive"),
        ("picture named csv", "r.csv", b"\x89PNG\r\n\x1a\n", "a picture"),
        (
            "SQLite file named csv",
            "r.csv",
            b"SQLite format 3\0" + b"\0" * 100,
            "an SQLite database",
        ),
        ("zip named csv", "r.csv", zipped({"r.csv": text(A)}), "a zip archive"),
        ("Word named xlsx", "r.xlsx", zipped({"word/document.xml": "<a/>"}), "a Word document"),
        ("PowerPoint named ods", "r.ods", zipped({"ppt/a.xml": "<a/>"}), "a PowerPoint"),
        ("binary workbook", "r.xlsx", zipped({"xl/workbook.bin": "a"}), "binary Excel workbook"),
        ("old Word named xls", "r.xls", ole({"WordDocument": b""}), "a Word document"),
        ("another old Office file", "r.xls", ole({"VisioDocument": b""}), "an old Office file"),
    ):
        yield Hostile(name, file, data, refused=f"{file} is .*{what}.* {no_register}")
    for file in ("r.csv", "r.xlsx", "r.xls", "r.ods", "r.parquet"):
        yield Hostile(
            f"no bytes at all, {file}", file, b"", refused=f"{file} is empty: it has no co"
        )
    yield Hostile("blank lines only", "r.csv", b"\n \n", refused="It is empty")
    yield Hostile("headings only", "r.csv", text().encode(), refused="headings but no projects")
    yield Hostile(
        "headings and blank lines",
        "r.csv",
        text(below="\n,,\n").encode(),
        refused="headings but no projects",
    )
    yield Hostile(
        "no headings", "r.csv", (line(A) + "\n" + line(B)).encode(), refused="no heading th"
    )
    yield Hostile(
        "words", "r.txt", b"Dear all,\nplease find\n", refused="no heading that the profil"
    )
    yield Hostile("JSON", "r.txt", b'[{"Project_ID": 1, "x": 2}]', refused="no (heading|column)")
    yield Hostile("one long line", "r.csv", b"a" * (3 << 20), refused="no heading that the profile")
    yield Hostile(
        "bytes of chance", "r.csv", bytes(range(256)) * 40, refused="no text in a known en"
    )
    yield Hostile("a kind that is not read", "r.docx", b"", refused="r.docx is not a kind of file")


# --- workbooks -----------------------------------------------------------------------------------


def xlsx(*sheets, options=None, change=lambda book, sheet: None) -> bytes:
    """Write sheets of rows, each (name, rows) or (name, rows, hidden); then change the first."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"in_memory": True, **(options or {})}) as book:
        for name, rows, *hidden in sheets:
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
            if hidden:
                getattr(sheet, hidden[0])()
        change(book, book.worksheets()[0])
    return made.getvalue()


def retold(data: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """Return a zip with one member's bytes changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    assert old in members[member]
    return zipped(members | {member: members[member].replace(old, new)})


SHEET = "xl/worksheets/sheet1.xml"
ROWS = (HEADINGS, A, B)
PLAIN = xlsx(("Projects", ROWS))


def workbooks():
    yield Hostile("plain workbook", "r.xlsx", PLAIN)
    typed = (A[0], *A[1:4], None, A[5]), (12, *C[1:4], None, C[5])

    def dates(book, sheet):
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_datetime(1, 4, datetime(2020, 4, 1), day)
        sheet.write_datetime(2, 4, datetime(2020, 5, 4), day)

    number = ("12", *C[1:])
    READ[number] = ("12", *READ[C][1:])
    data = [("Projects", (HEADINGS, *typed))]
    yield Hostile("dates and numbers of Excel", "r.xlsx", xlsx(*data, change=dates), (A, number))
    yield Hostile(
        "dates counted from 1904",
        "r.xlsx",
        xlsx(*data, change=dates, options={"date_1904": True}),
        (A, number),
    )
    notes = ("Notes", [["What this is"], ["Group"], ["Status"]])
    yield Hostile(
        "a sheet of notes first",
        "r.xlsx",
        xlsx(notes, ("Projects", ROWS)),
        warned="from the sheet 'Projects'; 'Notes' passed over",
    )
    yield Hostile("an empty sheet first", "r.xlsx", xlsx(("Empty", []), ("Projects", ROWS)))
    for how in ("hide", "very_hidden"):
        hidden = ("Old", (HEADINGS, C), how)
        yield Hostile(
            f"a register on a sheet ({how})",
            "r.xlsx",
            xlsx(("Now", ROWS), hidden),
            warned=r"from the sheet 'Now'; 'Old' \(hidden\) passed over",
        )
    front = ("Front", [["Welcome"]])
    yield Hostile(
        "hidden sheet only",
        "r.xlsx",
        xlsx(front, ("Old", ROWS, "hide")),
        refused="has the headings on a hidden sheet, 'Old'. Unhide it",
    )
    yield Hostile(
        "two registers that share a project",
        "r.xlsx",
        xlsx(("2020", ROWS), ("2021", (HEADINGS, C, ("12", *A[1:]), ("qi-2 ", *C[1:])))),
        refused="headings on several sheets, '2020' and '2021'. Keep the register on one",
    )
    yield Hostile(
        "a copy of the register's sheet",
        "r.xlsx",
        xlsx(("P", ROWS), ("P (2)", ROWS)),
        refused=r"headings on several sheets, 'P' and 'P \(2\)'. Keep the register on one",
    )
    yield Hostile(
        "a sheet a directorate",
        "r.xlsx",
        xlsx(("Goodall", (HEADINGS, A)), ("Jameson", (HEADINGS, B)), ("Diggory", (HEADINGS, C))),
        (A, B, C),
        warned="r.xlsx was read from the sheets 'Goodall', 'Jameson' and 'Diggory'. They have no "
        "project in common; hide a sheet that is no part of the register. Rows are numbered on "
        "from sheet to sheet: row 1 of 'Jameson' counts as row 3 and row 1 of 'Diggory' counts as",
    )
    turned = [[row[i] for i in (5, 4, 2, 1, 0, 3)] for row in (HEADINGS, C)]
    yield Hostile(
        "sheets with their columns in another order",
        "r.xlsx",
        xlsx(("Live", [["Live projects"], *ROWS]), ("Closed", turned)),
        (A, B, C),
        warned="row 1 of 'Closed' counts as row 5",
    )
    more = [("Closed", ((*HEADINGS, "End Date"), (*C, "01/01/2021")))]
    yield Hostile(
        "a sheet with a column more than the others",
        "r.xlsx",
        xlsx(("Live", ROWS), *more),
        (A, B, C),
        warned="read from the sheets 'Live' and 'Closed'",
    )
    excerpt = ("Excerpt", [row[:5] for row in (HEADINGS, B)])
    yield Hostile(
        "an excerpt of the register on another sheet",
        "r.xlsx",
        xlsx(("Live", ROWS), excerpt, *more),
        (A, B, C),
        warned="from the sheets 'Live' and 'Closed'; 'Excerpt' passed over",
    )
    yield Hostile("an empty form beside", "r.xlsx", xlsx(("Form", [HEADINGS]), ("Projects", ROWS)))
    above = [["QI register"], [], ["", "May 2021"]]
    yield Hostile("title rows above", "r.xlsx", xlsx(("Projects", [*above, *ROWS])))
    yield Hostile(
        "table that begins in column C", "r.xlsx", xlsx(("P", [(None, None, *row) for row in ROWS]))
    )

    def merge_title(book, sheet):
        sheet.merge_range(0, 0, 1, 5, "QI register")

    yield Hostile("a merged title", "r.xlsx", xlsx(("P", [[], [], *ROWS]), change=merge_title))

    def merge_down(book, sheet):
        sheet.merge_range(1, 2, 2, 2, "Goodall")

    second = (*B[:2], "", *B[3:])
    READ[second] = (*READ[B][:2], "Not recorded", *READ[B][3:])
    yield Hostile(
        "a directorate merged down two rows",
        "r.xlsx",
        xlsx(("P", (HEADINGS, A, second)), change=merge_down),
        (A, second),
        warned="Merged cells run down several rows, from row 2: their value counts",
    )
    footer = [*ROWS, [], ["Total", 2], ["Printed on 4 May 2021"]]
    yield Hostile("a subtotal and a note below", "r.xlsx", xlsx(("P", footer)), (A, B))

    def formulas(book, sheet):
        sheet.write_formula(1, 1, '="Carers"', None, A[1])
        sheet.write_formula(2, 5, '=IF(1,"Consulted")', None, "Consulted")

    yield Hostile("formulas' values", "r.xlsx", xlsx(("P", ROWS), change=formulas))

    def errors(book, sheet):
        sheet.write_formula(2, 2, "=VLOOKUP(1,A1,1)", None, "#N/A")
        sheet.write_formula(3, 5, "=#REF!", None, "#REF!")

    wrong = xlsx(("P", (*ROWS, C)), change=errors)
    yield Hostile("error cells", "r.xlsx", wrong, refused="2 of its 3 rows cannot be read")

    def elsewhere(book, sheet):
        sheet.write_formula(1, 6, "=1/0", None, "#DIV/0!")

    yield Hostile(
        "an error in a column not used",
        "r.xlsx",
        xlsx(("P", ((*HEADINGS, "Sum"), A, B)), change=elsewhere),
    )
    unworked = xlsx(
        ("P", (*ROWS, C)), change=lambda book, sheet: sheet.write_formula("F4", "=F3", None, 77)
    )
    unworked = retold(unworked, SHEET, b"<v>77</v>", b"")
    yield Hostile("a formula never worked out", "r.xlsx", unworked, (A, B), (4,))
    yield Hostile(
        "errors written as text",
        "r.xlsx",
        xlsx(("P", (*ROWS, (*C[:2], "#REF!", *C[3:])))),
        (A, B),
        (4,),
    )
    breaks = ("Project ID", "Project\nTitle", *HEADINGS[2:])
    yield Hostile("line break in a heading, xlsx", "r.xlsx", xlsx(("P", (breaks, A, B))))
    filtered = xlsx(
        ("P", ROWS), change=lambda book, sheet: sheet.set_row(2, None, None, {"hidden": 1})
    )
    yield Hostile("hidden rows", "r.xlsx", filtered)
    yield Hostile("a chart sheet", "r.xlsx", xlsx(("P", ROWS), change=chart_sheet))
    yield Hostile(
        "no headings, xlsx", "r.xlsx", xlsx(("P", (A, B))), refused="no heading that the pr"
    )
    yield Hostile(
        "an empty workbook", "r.xlsx", xlsx(("P", [])), refused="no heading .* It is empty"
    )
    yield Hostile(
        "headings only, xlsx", "r.xlsx", xlsx(("P", [HEADINGS])), refused="but no projects"
    )


def chart_sheet(book, sheet):
    chart = book.add_chart({"type": "line"})
    chart.add_series({"values": "=P!$A$2:$A$3"})
    book.add_chartsheet("Chart").set_chart(chart)


def damaged():
    cut = "is cut short or damaged"
    yield Hostile(
        "workbook named csv", "r.csv", PLAIN, warned="is an Excel workbook .* by its content"
    )
    yield Hostile(
        "csv named xlsx", "r.xlsx", text(A, B).encode(), warned="is a text file by its cont"
    )
    yield Hostile(
        "tab-separated text named xls",
        "r.xls",
        text(A, B, mark="\t").encode(),
        warned="is a text file by its content, and was read as one",
    )
    yield Hostile("xlsx named xls", "r.xls", PLAIN, warned="is an Excel workbook")
    yield Hostile("xls named xlsx", "r.xlsx", xls(), warned="is an old Excel workbook")
    yield Hostile("ods named xlsx", "r.xlsx", ods(ROWS), warned="is an OpenDocument spreadsheet")
    yield Hostile("xlsx without macros named xlsm", "r.xlsm", PLAIN)
    for share in (0.2, 0.5, 0.9, 0.99):
        yield Hostile(
            f"workbook cut at {share:.0%}",
            "r.xlsx",
            PLAIN[: int(len(PLAIN) * share)],
            refused=f"r.xlsx {cut}",
        )
    at = PLAIN.index(SHEET.encode()) + 80
    spoilt = PLAIN[:at] + bytes(b ^ 0x5A for b in PLAIN[at : at + 40]) + PLAIN[at + 40 :]
    yield Hostile("workbook with spoilt bytes", "r.xlsx", spoilt, refused=f"r.xlsx {cut}")
    broken = retold(PLAIN, SHEET, b"</sheetData>", b"<row")
    yield Hostile("workbook with broken XML", "r.xlsx", broken, refused=f"r.xlsx {cut}")
    rels = "xl/_rels/workbook.xml.rels"
    yield Hostile(
        "workbook without a sheet's file",
        "r.xlsx",
        retold(PLAIN, rels, b"sheet1.xml", b"sheet9.xml"),
        refused=f"r.xlsx {cut}",
    )
    far = retold(
        PLAIN,
        SHEET,
        b"</sheetData>",
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>',
    )
    yield Hostile(
        "a stray cell in the last corner", "r.xlsx", far, refused="too large when unpacked"
    )
    yield Hostile("a zip bomb", "r.xlsx", bomb(), refused="is too large when unpacked")
    macros = retold(PLAIN, SHEET, b"<", b"<")
    macros = zipped({**unzipped(macros), "xl/vbaProject.bin": b"a"})
    for file in ("r.xlsm", "r.xlsx"):
        yield Hostile(
            f"macros in {file}", file, macros, refused=f"{file} holds macros, which are nev"
        )
    yield Hostile(
        "macros in an xls",
        "r.xls",
        ole({"Workbook": b"", "_VBA_PROJECT_CUR": b""}),
        refused="r.xls holds macros",
    )
    locked = ole({"EncryptedPackage": b"", "EncryptionInfo": b""})
    for file in ("r.xlsx", "r.csv", "r.xls"):
        yield Hostile(
            f"a password on {file}", file, locked, refused=f"{file} is protected by a passw"
        )
    yield Hostile(
        "a password on an old workbook",
        "r.xls",
        xls(before=record(0x2F, b"\0\0" + b"x" * 4)),
        refused="r.xls is protected by a password",
    )
    yield Hostile(
        "a password on an ods",
        "r.ods",
        ods(ROWS, manifest="<manifest:encryption-data/>"),
        refused="r.ods is protected by a",
    )
    yield Hostile("an xls cut short", "r.xls", xls()[:1800], refused=f"r.xls {cut}")


def unzipped(data: bytes) -> dict:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def bomb() -> bytes:
    """Return a workbook whose sheet says that it unpacks to 3 GB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in unzipped(PLAIN).items():
            file.writestr(name, data)
        file.getinfo(SHEET).file_size = 3 << 30
    return packed.getvalue()


def record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def label(row: int, column: int, cell: str) -> bytes:
    wide = cell.encode("utf-16-le")
    return record(0x204, struct.pack("<HHHHB", row, column, 0, len(wide) // 2, 1) + wide)


def xls(rows=ROWS, before=b"", extra=b"", hidden=0) -> bytes:
    """Write an Excel 97 workbook of one sheet, or two if one is hidden."""
    begin = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + before
    name = record(0x85, struct.pack("<IBBBB", 0, hidden, 0, 1, 0) + b"P")
    offset = len(begin + name) + 4
    name = record(0x85, struct.pack("<IBBBB", offset, hidden, 0, 1, 0) + b"P")
    cells = b"".join(label(i, j, c) for i, row in enumerate(rows) for j, c in enumerate(row) if c)
    sheet = record(0x809, struct.pack("<HHHHII", 0x600, 16, 0, 0, 0, 0)) + cells + extra
    return ole({"Workbook": begin + name + record(10, b"") + sheet + record(10, b"")})


def old_workbooks():
    yield Hostile("old workbook", "r.xls", xls())
    yield Hostile("old workbook, title above", "r.xls", xls([["QI register"], [], *ROWS]))
    yield Hostile(
        "old workbook, hidden sheet", "r.xls", xls(hidden=1), refused="a hidden sheet, 'P'"
    )
    error = record(0x205, struct.pack("<HHHBB", 3, 5, 0, 0x2A, 1))
    wrong = xls((*ROWS, (*C[:5], "")), extra=error)
    yield Hostile("old workbook, error cell", "r.xls", wrong, (A, B), (4,))


def ods(rows, manifest="", sheets=("P",)) -> bytes:
    """Write an OpenDocument spreadsheet."""

    def cell(value):
        if isinstance(value, bytes):  # as it is to stand there
            return value.decode()
        if isinstance(value, date):
            return f'<table:table-cell office:value-type="date" office:date-value="{value}"/>'
        kind = "string" if value else ""
        typed = f' office:value-type="{kind}"' if kind else ""
        return f"<table:table-cell{typed}><text:p>{escape(value or '')}</text:p></table:table-cell>"

    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    tables = "".join(f'<table:table table:name="{s}">{body}</table:table>' for s in sheets)
    names = "".join(
        f' xmlns:{n}="urn:oasis:names:tc:opendocument:xmlns:{n}:1.0"'
        for n in ("office", "table", "text")
    )
    names += ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    content = (
        f'<?xml version="1.0"?><office:document-content{names} office:version="1.2"><office:body>'
        f"<office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr("META-INF/manifest.xml", f"<manifest:manifest>{manifest}</manifest:manifest>")
        file.writestr("content.xml", content)
    return packed.getvalue()


def open_documents():
    yield Hostile("OpenDocument", "r.ods", ods(ROWS))
    dated = (*A[:4], date(2020, 4, 1), A[5])
    yield Hostile("OpenDocument with a date", "r.ods", ods((HEADINGS, dated, B)))
    yield Hostile("OpenDocument, title above", "r.ods", ods([["QI register"], [""], *ROWS]))
    yield Hostile(
        "OpenDocument, two registers",
        "r.ods",
        ods(ROWS, sheets=("X", "Y")),
        refused="several sheets, 'X' and 'Y'",
    )
    wrong = (*C[:2], "#REF!", *C[3:])
    yield Hostile("OpenDocument, error cell", "r.ods", ods((*ROWS, wrong)), (A, B), (4,))
    yield Hostile("OpenDocument cut short", "r.ods", ods(ROWS)[:400], refused="r.ods is cut short")


# --- Parquet -------------------------------------------------------------------------------------


def parquet(columns: dict, metadata=None) -> bytes:
    made = io.BytesIO()
    pq.write_table(pa.table(columns).replace_schema_metadata(metadata), made)
    return made.getvalue()


def parquets():
    columns = {heading: [a, b] for heading, a, b in zip(HEADINGS, A, B, strict=True)}
    yield Hostile("Parquet of text", "r.parquet", parquet(columns))
    number = ("12", *C[1:])
    typed = {h: [c] for h, c in zip(HEADINGS, number, strict=True)}
    for name, ident in (("whole", 12), ("decimal", 12.0)):
        for what, day in (("dates", date(2020, 5, 4)), ("times", datetime(2020, 5, 4))):
            yield Hostile(
                f"Parquet of {name} numbers and {what}",
                "r.parquet",
                parquet(typed | {"Project ID": [ident], "Start Date": [day]}),
                (number,),
            )
    categories = columns | {"Group": pa.array(columns["Group"]).dictionary_encode()}
    yield Hostile("Parquet of categories", "r.parquet", parquet(categories))
    pictures = columns | {"Logo": [b"\x89", None], "Tags": [["a"], []]}
    yield Hostile(
        "Parquet with pictures and lists",
        "r.parquet",
        parquet(pictures),
        warned="hold no plain values were left out: 'Logo' and 'Tags'",
    )
    yield Hostile(
        "Parquet named csv", "r.csv", parquet(columns), warned="is a Parquet file by its c"
    )
    yield Hostile(
        "Parquet cut short", "r.parquet", parquet(columns)[:500], refused="is cut short or"
    )
    yield Hostile("csv named Parquet", "r.parquet", text(A, B).encode(), warned="is a text file")
    yield Hostile(
        "Parquet of something else",
        "r.parquet",
        parquet({"a": [1]}),
        refused="no heading that the profile knows. Its first row has 'a'",
    )
    yield Hostile(
        "a snapshot",
        "r.parquet",
        parquet(columns, {"qi_analysis.cleaned": "{}"}),
        refused="is a snapshot made by this package, clean already. Read it with load_re",
    )


def two_rows(blank=""):
    """Write headings of which some stand under another that spans them."""
    upper = [*HEADINGS[:3], "Where it stands", blank, "People"]
    return [upper, [blank] * 3 + [*HEADINGS[3:]], A, B]


def laid_out_otherwise():
    said = r"the headings stand on two rows, {} and {}\."
    lines = [line(row) for row in two_rows()]
    yield Hostile(
        "two rows of headings", "r.csv", "\n".join(lines).encode(), refused=said.format(1, 2)
    )
    below = "\n".join(["QI register", "", *lines]).encode()
    yield Hostile("two rows of headings, titled", "t.csv", below, refused=said.format(3, 4))
    book = {"xlsx": xlsx(("P", two_rows())), "ods": ods(two_rows()), "xls": xls(two_rows())}
    for kind, data in book.items():
        yield Hostile(f"two rows of headings, {kind}", f"r.{kind}", data, refused=said.format(1, 2))
    for name, mark in (("comma", ","), ("semicolon", ";"), ("tab", "\t")):
        rows = text(A, B, mark=mark).splitlines()
        each = "\n".join(f'"{row}"' for row in rows).encode()
        yield Hostile(f"lines quoted whole, {name}", "r.csv", each, refused="one quoted cell")
    rows = text(A, B, C).splitlines()
    some = "\n".join([*rows[:3], '"3,Meals,Diggory,Live,4.5.2020,Big I"']).encode()
    yield Hostile("one line quoted whole", "r.csv", some, (A, B), (4,))
    most = "\n".join([rows[0], *(f'"{row}"' for row in rows[1:3])]).encode()
    yield Hostile("rows quoted whole", "r.csv", most, refused="The whole row is one quoted cell")


def unknown_encodings():
    plain = text(A, B).replace("’", "'").replace("–", "-")
    refused = "holds no text in a known encoding"
    for code in ("cp037", "cp500", "cp1140"):
        yield Hostile(f"EBCDIC, {code}", "r.csv", plain.encode(code), refused=refused)
    greek = "Έργο,Τίτλος,Διεύθυνση\nΑ1,Λιγότερες πτώσεις,Βορράς\n".encode("cp1253")
    yield Hostile("another alphabet in one byte", "r.csv", greek, refused=refused)
    yield Hostile(
        "a program", "r.csv", b"\x7fELF\x02\x01\x01" + bytes(range(64)) * 9, refused=refused
    )
    for code in ("utf-32-le", "utf-32-be"):
        data = text(A, B).encode(code)
        yield Hostile(f"{code} no mark", "r.csv", data, warned=f"was read as {code.upper()}")


def all_files() -> list[Hostile]:
    """Make every hostile file."""
    makers = (
        encodings,
        delimiters,
        line_ends,
        quotes,
        ragged,
        nuls,
        titles,
        foreign,
        workbooks,
        damaged,
        old_workbooks,
        open_documents,
        parquets,
        laid_out_otherwise,
        unknown_encodings,
    )
    return [file for maker in makers for file in maker()]


def as_read(row: tuple) -> tuple:
    """Return what cleaning must make of a row: identifier, title, directorate, start, approach."""
    if row in READ:
        return READ[row]
    base = next(known for known in (A, B, C) if known[2:] == row[2:])
    return (row[0], row[1], *READ[base][2:])
