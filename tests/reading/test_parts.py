"""What calamine does not tell of a workbook is read from its parts, however they are written."""

import re
import struct

import hostile
import pytest
from hostile import (
    HEADINGS,
    PLAIN,
    ROWS,
    SHEET,
    A,
    B,
    C,
    ods,
    record,
    unzipped,
    xls,
    zipped,
)
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.reading import parts

BOOK, LINKS, TEXTS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DTD = '<!DOCTYPE a [<!ENTITY a "0">]>'


@pytest.fixture
def read(tmp_path):
    """Return a function that reads bytes as a register in a file of a kind."""

    def of(data: bytes, kind: str):
        file = tmp_path / f"r.{kind}"
        file.write_bytes(data)
        return qi.read_register(file)

    return of


def cells(raw):
    """Return an export's own cells, row by row."""
    own = raw.drop(columns=[c for c in raw if c.startswith("source_")])
    return [tuple(None if cell != cell else cell for cell in row) for row in own.to_numpy()]


def with_cell(place: str, xml: str, data: bytes = PLAIN) -> bytes:
    """Write another element for one cell of a workbook."""
    sheet = unzipped(data)[SHEET]
    changed, n = re.subn(rb'<c r="%b".*?</c>' % place.encode(), lambda _: xml.encode(), sheet)
    assert n == 1
    return zipped(unzipped(data) | {SHEET: changed})


def changed(member: str, pattern: bytes, new: bytes, data: bytes = PLAIN) -> bytes:
    """Change a part of a workbook wherever a pattern stands in it."""
    xml, n = re.subn(pattern, new, unzipped(data)[member])
    assert n
    return zipped(unzipped(data) | {member: xml})


def prefixed(member: str, data: bytes) -> bytes:
    """Give each element of a part a prefix."""
    data = changed(member, rb"<(/?)(\w)", rb"<\1x:\2", data)
    return changed(member, rb"xmlns=", b"xmlns:x=", data)


def moved(old: str, new: str) -> bytes:
    """Give a part another name, wherever it is named."""
    return zipped(
        {k.replace(old, new): v.replace(old.encode(), new.encode())
         for k, v in unzipped(PLAIN).items()}
    )  # fmt: skip


# --- errors, and formulas never worked out --------------------------------------------------------


XLSX_ERRORS = [
    '<c r="C3" t="e"><v>#N/A</v></c>', '<c t="e" r="C3"><v>#REF!</v></c>',
    "<c r='C3' t='e'><v>#NAME?</v></c>", '<c r = "C3"\n t = "e" ><f>A1</f>\n<v>\n#DIV/0!\n</v></c>',
    '<c r="C3" s="0" t="e"><f t="shared" si="0"/><v>#VALUE!</v></c>',
    '<c r="C3" t="&#101;"><v>#N/A</v></c>', '<c r="C3" t="e"><v>#BUSY!</v></c>',
    '<c r="C3" t="e"><v><![CDATA[#N/A]]></v></c>',
    '<y:c xmlns:y="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="C3" t="e">'
    "<y:v>#N/A</y:v></y:c>",
]  # fmt: skip
XLSX_UNWORKED = [
    '<c r="C3"><f>A1</f><v /></c>', '<c r="C3"><f>A1</f></c>', '<c r="C3"><f/><v></v></c>',
    '<c r="C3"><f\nt="shared" si="1"/></c>', '<c r="C3" t="str"><f>A1</f></c>',
    '<c r="C3" t="e"><f>A1</f></c>', '<c r="C3"><f>A1</f><v> </v></c>',
]  # fmt: skip


@pytest.mark.parametrize("xml", [*XLSX_ERRORS, *XLSX_UNWORKED])
def test_an_error_or_an_unworked_formula_of_xlsx_sets_its_row_aside(read, xml):
    faults = read(with_cell("C3", xml), "xlsx")["source_fault"]
    assert faults.isna().tolist() == [True, False]
    wanted = r"The cell C3 holds the error #[A-Z0/]+[!?A]\."
    if xml in XLSX_UNWORKED:
        wanted = r"The formula in cell C3 was never worked out\. Save the workbook in Excel\."
    assert re.fullmatch(wanted, faults[1])


def test_an_error_is_found_under_a_prefix_and_in_the_strict_namespace(read):
    data = with_cell("C3", XLSX_ERRORS[0])
    assert read(prefixed(SHEET, data), "xlsx")["source_fault"].notna().tolist() == [False, True]
    strict = changed(SHEET, MAIN, b"http://purl.oclc.org/ooxml/spreadsheetml/main", data)
    assert read(strict, "xlsx")["source_fault"].notna().tolist() == [False, True]


@pytest.mark.parametrize("rows", [True, False])
def test_an_error_is_found_where_cells_have_no_reference(read, rows):
    data = changed(SHEET, rb'<c r="\w+"', b"<c", with_cell("C3", XLSX_ERRORS[0]))
    data = changed(SHEET, rb'<row r="\d+"', b"<row", data) if rows else data
    raw = read(data, "xlsx")
    assert raw["source_fault"].tolist()[1] == "The cell C3 holds the error #N/A."
    assert cells(raw) == [A, (*B[:2], None, *B[3:])]


@pytest.mark.parametrize("xml", ['<c r="C3" t="str"><f>""</f><v></v></c>', '<c r="C3"/>',
                                 '<c r="C3" t="str"><f>A1</f><v>Jameson</v></c>'])  # fmt: skip
def test_a_blank_cell_and_a_formulas_value_are_no_fault(read, xml):
    assert "source_fault" not in read(with_cell("C3", xml), "xlsx")


ODS_ERRORS = [
    '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="" '
    'calcext:value-type="error"><text:p>#N/A</text:p></table:table-cell>',
    "<table:table-cell calcext:value-type='error' office:value-type='string' "
    "office:string-value = ''><text:p>#NV</text:p></table:table-cell>",
    '<table:table-cell office:value-type="error"><text:p>Err:508</text:p></table:table-cell>',
    '<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0">'
    "<text:p>#DIV/0!</text:p></table:table-cell>",
    '<table:table-cell office:value="0" office:value-type="float"><text:p>Err:502</text:p>'
    "</table:table-cell>",
    '<table:table-cell table:formula="of:=A1" office:value-type="string" '
    'office:string-value=""><text:p>#REF!</text:p></table:table-cell>',
]
ODS_UNWORKED = [
    '<table:table-cell table:formula="of:=[.A1]"/>',
    '<table:table-cell table:style-name="ce1" table:formula="of:=IF(1>2;3)"></table:table-cell>',
    "<table:table-cell table:formula = 'of:=[.A1]'><text:p/></table:table-cell>",
]


@pytest.mark.parametrize("xml", [*ODS_ERRORS, *ODS_UNWORKED])
def test_an_error_or_an_unworked_formula_of_ods_sets_its_row_aside(read, xml):
    faults = read(ods((HEADINGS, A, (*B[:2], xml.encode(), *B[3:]))), "ods")["source_fault"]
    assert faults.isna().tolist() == [True, False]
    assert ("never worked out" if xml in ODS_UNWORKED else "C3 holds the error") in faults[1]


def test_repeated_cells_and_rows_of_ods_are_counted_where_they_stand(read):
    error = ODS_ERRORS[0].replace("<table:table-cell", '<table:table-cell {0}-columns-repeated="2"')
    twice = error.replace("{0}", "table:number").encode()
    blank = b'<table:table-cell table:number-columns-repeated="2"/>'
    raw = read(ods((HEADINGS, (A[0], A[1], twice, *A[4:]), (blank, *B[2:]), B)), "ods")
    assert raw["source_fault"].notna().tolist() == [True, False, False]
    assert cells(raw)[1] == (None, None, *B[2:])
    document = ods((HEADINGS, (*A[:2], ODS_ERRORS[0].encode(), *A[3:]), B, C))
    content = unzipped(document)["content.xml"].replace(
        b"<table:table-row>", b'<table:table-row table:number-rows-repeated="3">'
    )
    raw = read(with_content(content), "ods")
    assert raw["source_row"][raw["source_fault"].notna()].tolist()[-3:] == [4, 5, 6]


def with_content(content: bytes) -> bytes:
    """Write an OpenDocument spreadsheet of a content."""
    members = unzipped(ods(ROWS)) | {"content.xml": content}
    return zipped({"mimetype": members.pop("mimetype"), **members})


ERROR_CODES = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
               0x24: "#NUM!", 0x2A: "#N/A"}  # fmt: skip


def xls_error(row: int, column: int, code: int, formula: bool) -> bytes:
    """Write an error of an old workbook: as itself, or as the result of a formula."""
    if not formula:
        return record(0x205, struct.pack("<HHHBB", row, column, 0, code, 1))
    result = struct.pack("<BBB3xH", 2, 0, code, 0xFFFF)
    return record(6, struct.pack("<HHH8sHIH2s", row, column, 0, result, 0, 0, 2, b"\x1c\x2a"))


@pytest.mark.parametrize("code", ERROR_CODES)
@pytest.mark.parametrize("formula", [True, False])
def test_an_error_of_xls_sets_its_row_aside(read, code, formula):
    rows = (HEADINGS, A, (*B[:2], "", *B[3:]))
    raw = read(xls(rows, extra=xls_error(2, 2, code, formula)), "xls")
    said = f"The cell C3 holds the error {ERROR_CODES[code]}."
    assert raw["source_fault"].tolist()[1] == said


@given(row=st.integers(1, 3), column=st.integers(0, 5), which=st.integers(0, 5))
def test_no_cell_that_holds_an_error_is_ever_read_as_blank(tmp_path_factory, row, column, which):
    folder = tmp_path_factory.mktemp("errors")
    rows = [list(each) for each in (HEADINGS, A, B, C)]
    rows[row][column] = ""
    written = hostile.xlsx(("P", (HEADINGS, A, B, C)))
    place = f"{'ABCDEF'[column]}{row + 1}"
    error = XLSX_ERRORS[which].replace("C3", place)
    (folder / "r.xlsx").write_bytes(with_cell(place, error, written))
    old = xls(rows, extra=xls_error(row, column, [*ERROR_CODES][which], bool(which % 2)))
    (folder / "r.xls").write_bytes(old)
    rows[row][column] = ODS_ERRORS[which].encode()
    (folder / "r.ods").write_bytes(ods(rows))
    for kind in ("xlsx", "xls", "ods"):
        raw = qi.read_register(folder / f"r.{kind}")
        faults = raw["source_fault"].dropna()
        assert faults.index.tolist() == [row - 1]
        assert f" {place} holds the error " in faults.iloc[0]


# --- formats --------------------------------------------------------------------------------------


SCORED = ("Project ID", "Project Title", "Group", "Start Date", "Level of Involvement", "Progress")


def shown(ident, progress, start="01/04/2020"):
    return (ident, "Fewer falls", "Goodall", start, "Big I", progress)


def xlsx_as(ident: str, progress: str, **options) -> bytes:
    """Write numbers under formats of Excel."""

    def change(book, sheet):
        sheet.write_number(1, 0, 12, book.add_format({"num_format": ident}))
        sheet.write_number(1, 5, 0.5, book.add_format({"num_format": progress}))

    return hostile.xlsx(("P", (SCORED, shown(None, None))), change=change, options=options)


FORMATS = [("0000", "0%", "0012", "50%"), ('"QI-"0000', "0.00%", "QI-0012", "50%"),
           ("General", "0.0 %", "12", "50%"), (r"\Q000", '0" %"', "Q012", "0.5"),
           ("0", "0.0", "12", "0.5"), ("000;-0", "[Red]0%;-0%", "012", "50%")]  # fmt: skip


@pytest.mark.parametrize(("ident", "progress", "is_id", "is_progress"), FORMATS)
def test_a_format_decides_what_a_number_of_xlsx_says(read, ident, progress, is_id, is_progress):
    data = xlsx_as(ident, progress)
    for each in (data, prefixed(SHEET, data), changed(SHEET, b'"', b"'", data)):
        assert cells(read(each, "xlsx")) == [shown(is_id, is_progress)]


def xls_as(ident: str, progress: str) -> bytes:
    """Write numbers under formats of an old workbook."""
    formats = b"".join(
        record(0x41E, struct.pack("<HHB", 164 + i, len(code), 0) + code.encode())
        for i, code in enumerate((ident, progress))
    )
    styles = b"".join(record(0xE0, struct.pack("<HHH14x", 0, n, 0)) for n in (0, 164, 165))
    numbers = b"".join(
        record(0x203, struct.pack("<HHHd", 1, column, style, number))
        for column, style, number in ((0, 1, 12), (5, 2, 0.5))
    )
    return xls((SCORED, shown("", "")), before=formats + styles, extra=numbers)


@pytest.mark.parametrize(("ident", "progress", "is_id", "is_progress"), FORMATS)
def test_a_format_decides_what_a_number_of_xls_says(read, ident, progress, is_id, is_progress):
    assert cells(read(xls_as(ident, progress), "xls")) == [shown(is_id, is_progress)]


def ods_number(value, text, kind="float") -> bytes:
    return (
        f'<table:table-cell office:value-type="{kind}" office:value="{value}"><text:p>{text}'
        "</text:p></table:table-cell>"
    ).encode()


@pytest.mark.parametrize(
    ("ident", "progress", "read_as"),
    [
        (ods_number(12, "0012"), ods_number("0.5", "50%", "percentage"), ("0012", "50%")),
        (ods_number(12, "QI-0012"), ods_number("0.5", "50.00 %", "percentage"), ("QI-0012", "50%")),
        (ods_number("12.0", "012"), ods_number("0.5", "50%"), ("012", "50%")),
        (ods_number(1200, "1,200"), ods_number("0.5", "0.5"), ("1200", "0.5")),
        (ods_number(12, "12"), ods_number("0.5", "1/2"), ("12", "0.5")),
    ],
)
def test_a_format_decides_what_a_number_of_ods_says(read, ident, progress, read_as):
    raw = read(ods((SCORED, shown(ident, progress))), "ods")
    assert cells(raw) == [shown(*read_as)]


def test_a_percentage_is_no_progress_score(tmp_path):
    file = tmp_path / "r.xlsx"
    file.write_bytes(xlsx_as("0000", "0%"))
    raw = qi.read_register(file)
    assert raw["Progress"].tolist() == ["50%"]


@pytest.mark.parametrize("start", ["42495", "42495.75"])
def test_a_number_under_a_date_counts_from_1904_where_the_workbook_does(read, start):
    row = shown("QI-1", "", start=float(start))
    book = hostile.xlsx(("P", (SCORED, row)), options={"date_1904": True})
    number = record(0x203, struct.pack("<HHHd", 1, 3, 0, float(start)))
    old = xls((SCORED, (*row[:3], "", *row[4:])), record(0x22, b"\1\0"), number)
    free = ods((SCORED, (*row[:3], ods_number(start, start), *row[4:])))
    settings = b'<table:calculation-settings><table:null-date table:date-value="1904-01-01"/>'
    free = with_content(
        unzipped(free)["content.xml"].replace(
            b"<office:spreadsheet>",
            b"<office:spreadsheet>" + settings + b"</table:calculation-settings>",
        )
    )
    for data, kind in ((book, "xlsx"), (old, "xls"), (free, "ods")):
        assert read(data, kind)["Start Date"].tolist() == ["2020-05-06"]
    plain = hostile.xlsx(("P", (SCORED, row)))
    assert read(plain, "xlsx")["Start Date"].tolist() == [start]


# --- merged cells, hidden sheets, other names and spellings ---------------------------------------


MERGED = "Merged cells run down several rows, from row 2: their value counts for the first row only"


def test_cells_merged_down_are_warned_of_in_every_kind_of_workbook(read):
    rows = (HEADINGS, A, (*B[:2], "", *B[3:]))
    book = hostile.xlsx(("P", rows), change=lambda b, s: s.merge_range("C2:C3", "Goodall"))
    old = xls(rows, extra=record(0xE5, struct.pack("<5H", 1, 1, 2, 2, 2)))
    span = b'<table:table-cell table:number-rows-spanned="2" office:value-type="string"><text:p>'
    span += b"Goodall</text:p></table:table-cell>"
    free = ods((HEADINGS, (*A[:2], span, *A[3:]), (*B[:2], b"<table:covered-table-cell/>", *B[3:])))
    files = [(book, "xlsx"), (prefixed(SHEET, book), "xlsx"), (old, "xls"), (free, "ods")]
    for data, kind in files:
        assert MERGED in " ".join(read(data, kind).attrs["warnings"])


def test_a_very_hidden_sheet_is_not_to_be_looked_for_among_excels_hidden_ones(read):
    deep = changed(BOOK, b"<sheet ", b'<sheet state="veryHidden" ')
    for data, kind in ((deep, "xlsx"), (xls(hidden=2), "xls")):
        with pytest.raises(qi.RegisterError, match=r"very hidden: Excel's Unhide does not list"):
            read(data, kind)
    style = b'<office:automatic-styles><st:style st:family="table" st:name="ta1" xmlns:st='
    style += b'"urn:oasis:names:tc:opendocument:xmlns:style:1.0"><st:table-properties '
    style += b"table:display = 'false'/></st:style></office:automatic-styles><office:body>"
    content = unzipped(ods(ROWS))["content.xml"].replace(b"<office:body>", style)
    content = content.replace(b"<table:table ", b'<table:table table:style-name="ta1" ')
    with pytest.raises(qi.RegisterError, match=r"on a hidden sheet, 'P'\. Unhide it\.$"):
        read(with_content(content), "ods")


@pytest.mark.parametrize(
    "data",
    [
        moved("workbook.xml", "workbook2.xml"), moved("xl/", "book/"),
        moved("sharedStrings.xml", "texts.xml"), moved("styles.xml", "styles1.xml"),
        moved("worksheets/sheet1.xml", "tables/one.xml"),
        changed(LINKS, b'"worksheets', b'"../xl/worksheets'),
        changed(LINKS, b'"worksheets', b'"./worksheets'),
        changed(LINKS, b'"worksheets', b'"/xl/worksheets'),
        changed(BOOK, b"r:id", b"q:id", changed(BOOK, b"xmlns:r=", b"xmlns:q=")),
        prefixed(BOOK, PLAIN), prefixed(LINKS, PLAIN), prefixed(TEXTS, PLAIN),
        changed(SHEET, rb"<v>(\d+)</v>", rb"<v> \n\1 </v>"),
        changed(SHEET, rb"<v>(\d+)</v>", rb"<v><![CDATA[\1]]></v>"),
        changed(SHEET, b"<v>", b"<v><!-- a remark -->"),
        changed(SHEET, rb"<v>(\d)(\d*)</v>", rb"<v>&#x3\1;\2</v>"),
        changed(SHEET, rb"(\w+)=", rb"\1 = "), changed(SHEET, b"<v>", b"\n<v>"),
        zipped(unzipped(PLAIN) | {
            part: unzipped(PLAIN)[part].decode().replace("UTF-8", "UTF-16").encode("utf-16")
            for part in (SHEET, TEXTS)}),
    ],
    ids=range(19),
)  # fmt: skip
def test_a_valid_workbook_is_read_wherever_its_parts_are_and_however_they_are_written(read, data):
    assert cells(read(data, "xlsx")) == [A, B]


def test_a_valid_document_is_read_whatever_its_prefixes_and_encoding(read):
    content = unzipped(ods(ROWS))["content.xml"]
    other = re.sub(rb"(<|</| | xmlns:)(table|office|text)(:|=)", rb"\1my\2\3", content)
    wide = content.decode().replace('"1.0"?', '"1.0" encoding="UTF-16"?').encode("utf-16")
    marked = content.replace(b"Fewer falls", b"Fewer<![CDATA[ f]]>alls")
    broken = content.replace(b"Fewer falls", b"Fewer<text:line-break/>falls")
    for each in (other, wide, marked):
        assert cells(read(with_content(each), "ods")) == [A, B]
    assert cells(read(with_content(broken), "ods"))[1][1] == "Fewer\nfalls"


@pytest.mark.parametrize("member", [SHEET, BOOK, LINKS, TEXTS, "xl/styles.xml"])
def test_a_part_that_declares_entities_is_refused(read, member):
    data = changed(member, rb"\?>", f"?>{DTD}".encode())
    with pytest.raises(qi.RegisterError, match=r"r\.xlsx declares entities \(a DTD\), which no sp"):
        read(data, "xlsx")
    content = unzipped(ods(ROWS))["content.xml"].replace(b"?>", f"?>{DTD}".encode())
    with pytest.raises(qi.RegisterError, match=r"r\.ods declares entities .* Open it in Excel"):
        read(with_content(content), "ods")


def test_cells_repeated_beyond_all_measure_are_refused(read):
    many = b'<table:table-cell table:number-columns-repeated="16000" office:value-type="string">'
    row = (*B[:5], many + b"<text:p>Big I</text:p></table:table-cell>")
    content = unzipped(ods((HEADINGS, A, row)))["content.xml"]
    at = content.rindex(b"<table:table-row>")
    again = b'<table:table-row table:number-rows-repeated="1000000">'
    content = content[:at] + again + content[at + 17 :]
    with pytest.raises(qi.RegisterError, match=r"r\.ods is too large when unpacked"):
        read(with_content(content), "ods")
    blank = b'<table:table-row table:number-rows-repeated="1000000"><table:table-cell '
    blank += b'table:number-columns-repeated="16000"/></table:table-row></table:table>'
    content = unzipped(ods(ROWS))["content.xml"].replace(b"</table:table>", blank)
    assert cells(read(with_content(content), "ods")) == [A, B]


def test_a_cell_that_holds_a_table_of_its_own_is_refused(read):
    inner = b'<table:table-cell><table:table table:is-sub-table="true"/></table:table-cell>'
    with pytest.raises(qi.RegisterError, match=r"damaged \(a cell holds a table of its own\)"):
        read(ods((HEADINGS, (*A[:5], inner))), "ods")


def test_a_plain_workbook_is_not_parsed_and_a_suspicious_one_is():
    plain = unzipped(PLAIN)[SHEET]
    assert parts._look_at_xlsx(plain.replace(b"</row>", b"<broken"), {}, "r.xlsx") == parts.Beside()
    content = unzipped(ods(ROWS))["content.xml"]
    assert not parts._is_suspicious(content)
    for cell in (*ODS_ERRORS, *ODS_UNWORKED, ods_number(1, "0001").decode()):
        assert parts._is_suspicious(unzipped(ods((cell.encode(),) for _ in "1"))["content.xml"])


@pytest.mark.parametrize(
    ("code", "shown"),
    [('"QI-"General', "QI-12"), ('"QI-"#', "QI-12"), ('"QI-"@', "QI-12"), ("000\\-000", "000-012"),
     ("00-00-00", "00-00-12"), ("General", 12.0), ("0", 12.0), ("#,##0", 12.0), ("0.00", 12.0)],
)  # fmt: skip
def test_a_number_is_written_as_its_format_displays_it(code, shown):
    how = parts.number_format(code)
    assert (how.write(12.0) if how else 12.0) == shown


def test_an_identifier_parted_in_an_open_document_stays_so(read):
    cell = (
        b'<table:table-cell office:value-type="float" office:value="12345">'
        b"<text:p>012-345</text:p></table:table-cell>"
    )
    raw = read(ods([HEADINGS, (cell, *A[1:])]), "ods")
    assert raw["Project ID"].tolist() == ["012-345"]


@pytest.mark.parametrize("shape", ["custom-shape", "rect", "frame"])
@pytest.mark.parametrize("prefix", ["draw", "d"])
def test_what_is_drawn_over_a_cell_is_none_of_its_text(read, shape, prefix):
    uri = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"
    cell = (
        f'<table:table-cell office:value-type="string"><{prefix}:{shape}><text:p>a note</text:p>'
        f"</{prefix}:{shape}><text:p>{A[1]}</text:p></table:table-cell>"
    )
    data = ods([HEADINGS, (A[0], cell.encode(), *A[2:])])
    members = unzipped(data)
    xml = members["content.xml"].replace(
        b"xmlns:table", f'xmlns:{prefix}="{uri}" xmlns:table'.encode(), 1
    )
    assert cells(read(zipped(members | {"content.xml": xml}), "ods"))[0][1] == A[1]


@pytest.mark.parametrize("above", [True, False])
def test_headings_that_two_rows_make_together_are_told(tmp_path, above):
    both = ("Project ID", "Project Title", "Group", "Status")
    upper, lower = (*both, "Carers", "Level of"), ("", "", "", "", "involved", "Involvement")
    if above:
        upper, lower = (*lower[:4], *upper[4:]), (*both, *lower[4:])
    file = tmp_path / "r.csv"
    row = ("QI-1", "Fewer falls", "Goodall", "Live", "Yes", "Big I")
    file.write_text("".join(",".join(each) + "\n" for each in (upper, lower, row)))
    with pytest.raises(qi.RegisterError, match="the headings stand on two rows, 1 and 2"):
        qi.read_register(file)
