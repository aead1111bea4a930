"""Bytes to a raw text table: every cell as it was written, every row with its number."""

from datetime import date, datetime

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.sources import DELIMITERS, find_source

PLAIN = "Project ID,Project Title,Group\n0012,Carers’ views – a café,Goodall\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("cp1252"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode("utf-16"),
        PLAIN.replace(",", "|").encode(),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.rstrip().encode(),
    ],
    ids=["utf-8", "with BOM", "cp1252", "utf-16", "utf-16 big-endian", "semicolons",
         "Excel's Unicode text", "bars", "Windows lines", "old Mac lines", "no last line end"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["register.csv", "register.txt", "REGISTER.TSV"])
def test_a_text_file_is_read_whatever_its_encoding_delimiter_and_line_ends(tmp_path, name, data):
    file = tmp_path / name
    file.write_bytes(data)
    assert qi.read_register(file).to_dict("records") == [
        {
            "Project ID": "0012",
            "Project Title": "Carers’ views – a café",
            "Group": "Goodall",
            "source_file": name,
            "source_row": 2,
        }
    ]


@pytest.mark.parametrize(
    ("text", "ids", "rows"),
    [
        ("Project ID,Project Title,Group\n1,a,b\n2,a,b\n", ["1", "2"], [2, 3]),
        ("QI register\n\nProject ID,Project Title,Group\n1,a,b\n2,a,b\n", ["1", "2"], [4, 5]),
        (",,\nQI,,\nProject ID,Project Title,Group\n1,a,b\n", ["1"], [4]),
        ('"QI\nregister"\nProject ID,Project Title,Group\n1,a,b\n2,a,b\n', ["1", "2"], [3, 4]),
        ('Project ID,"Project\nTitle",Group\n1,a,b\n2,a,b\n', ["1", "2"], [2, 3]),
        ('Project ID,Project Title,Group\n1,"a\na",b\n2,a,b\n', ["1", "2"], [2, 3]),
        ("Project ID,Project Title,Group\n1,a,b\n\n2,a,b\n", ["1", None, "2"], [2, 3, 4]),
        ("Project ID,Project Title,Group\n1,a,b,,\n2,a,b\n3,a,b,\n", ["1", "2", "3"], [2, 3, 4]),
        ("Project ID,Project Title,Group\n1\n2,a\n", ["1", "2"], [2, 3]),
    ],
    ids=["plain", "title above", "blank and title above", "title of two lines", "heading of two "
         "lines", "cell of two lines", "blank line", "commas at the ends", "short rows"],
)  # fmt: skip
def test_rows_are_numbered_as_a_spreadsheet_shows_them(tmp_path, text, ids, rows):
    file = tmp_path / "register.csv"
    file.write_text(text)
    raw = qi.read_register(file)
    assert raw["Project ID"].astype(object).where(raw["Project ID"].notna(), None).tolist() == ids
    assert raw["source_row"].tolist() == rows
    assert list(raw) == ["Project ID", "Project Title", "Group", "source_file", "source_row"]


def test_every_cell_is_text_as_it_was_written_and_blank_ones_are_missing(tmp_path):
    file = tmp_path / "register.csv"
    file.write_text('Project ID,Project Title,Group\n007, NA ,\n1e5,"say ""a, b""",null\n')
    raw = qi.read_register(file)
    assert raw["Project ID"].tolist() == ["007", "1e5"]
    assert raw["Project Title"].tolist() == [" NA ", 'say "a, b"']
    assert raw["Group"].isna().tolist() == [True, False]


CELLS = st.text("ab ,;|\t\"'\n", max_size=6)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1), st.sampled_from(DELIMITERS))
def test_what_is_written_as_csv_comes_back(tmp_path_factory, rows, delimiter):
    def quoted(cells):
        return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    file = tmp_path_factory.mktemp("csv") / "register.csv"
    file.write_text("".join(map(quoted, [("Project ID", "Project Title"), *rows])), newline="")
    raw = qi.read_register(file).fillna("")
    assert list(zip(raw["Project ID"], raw["Project Title"], strict=True)) == rows
    assert raw["source_row"].tolist() == list(range(2, len(rows) + 2))


def test_a_workbook_is_read_as_text(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        moment = book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.write_row(0, 0, ["Project ID", "Start", "Updated", "Carers involved", "Progress"])
        sheet.write_row(1, 0, [123, date(2020, 4, 1), datetime(2020, 4, 1, 9, 30), True, 2.5])
        sheet.write_row(2, 0, ["0123", 43922, "01/04/20", False])
        sheet.write_formula("E3", "=1+1", None, 2)
        sheet.write_datetime("B2", datetime(2020, 4, 1), day)
        sheet.write_datetime("C2", datetime(2020, 4, 1, 9, 30), moment)
    raw = qi.read_register(tmp_path / "register.xlsx")
    assert raw.drop(columns=["source_file", "source_row"]).to_numpy().tolist() == [
        ["123", "2020-04-01", "2020-04-01 09:30:00", "TRUE", "2.5"],
        ["0123", "43922", "01/04/20", "FALSE", "2"],
    ]


def test_a_workbooks_headings_are_found_on_whatever_sheet_and_row_they_stand(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        book.add_worksheet("Notes").write_column(0, 0, ["What this is", "Group", "Start"])
        sheet = book.add_worksheet("Projects")
        sheet.write("B3", "QI register, May 2021")
        sheet.write_row("B5", ["Project ID", "Project\nTitle", "Group"])
        sheet.write_row("B6", ["1", "Fewer falls", "Goodall"])
        sheet.write_row("B8", ["2", "Shorter waits", "Jameson"])
        book.add_worksheet("Empty")
    raw = qi.read_register(tmp_path / "register.xlsx")
    assert list(raw) == ["Project ID", "Project Title", "Group", "source_file", "source_row"]
    assert raw["Project ID"].fillna("").tolist() == ["1", "", "2"]
    assert raw["source_row"].tolist() == [6, 7, 8]


def test_a_heading_may_stand_twice_over_the_same_values(tmp_path):
    file = tmp_path / "register.csv"
    file.write_text("Project ID,Group,Group\n1,a,a\n2,,\n")
    assert list(qi.read_register(file)) == ["Project ID", "Group", "source_file", "source_row"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no heading that the profile knows. It is empty. Add the export's headings to"),
        ("\n\n", "no heading that the profile knows. It is empty."),
        ("a,b\n1,2\n", "register.csv has no heading .* Its first row has 'a', 'b'. Add the "),
        ("ID,Group,Group\n1,a,b\n", "the heading 'Group' twice, with different values. Rename or"),
        (
            "ID,Title,Group\n1,Meals, snacks,Goodall\n",
            "more cells in row 2 than there are headings. Put quotation marks around .* holds ','",
        ),
        ("Note\nID;Group\n1;a\n2;b;c\n", "more cells in row 4 than there are headings. .* ';'"),
        ('ID,Group\n1,"a\n2,b\n', "cannot be read as a table: a cell begins with a quotation mark"),
        (f'ID,Group\n1,"{"a" * 140_000}"\n', "cannot be read as a table: a cell begins with a qu"),
    ],
)
def test_a_text_file_that_is_no_register_is_refused(tmp_path, text, message):
    file = tmp_path / "register.csv"
    file.write_text(text)
    with pytest.raises(qi.RegisterError, match=message):
        qi.read_register(file)


@pytest.mark.parametrize("data", [b"", b"not a workbook", b"PK\x03\x04 cut short"])
def test_a_damaged_workbook_is_refused(tmp_path, data):
    file = tmp_path / "register.xlsx"
    file.write_bytes(data)
    with pytest.raises(qi.RegisterError, match=r"register.xlsx cannot be read as an Excel workboo"):
        qi.read_register(file)


def test_a_workbook_without_headings_is_refused(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        book.add_worksheet()
    with pytest.raises(qi.RegisterError, match=r"register.xlsx has no heading .* It is empty."):
        qi.read_register(tmp_path / "register.xlsx")


def test_a_source_that_is_no_file_of_a_kind_that_is_read_is_refused(tmp_path):
    with pytest.raises(qi.RegisterError, match=r"no file 'none.csv'. Check its name and folder."):
        qi.read_register("none.csv")
    with pytest.raises(qi.RegisterError, match=r"is a folder. Give the register's file."):
        qi.read_register(tmp_path)
    file = tmp_path / "register.pdf"
    file.touch()
    with pytest.raises(qi.RegisterError, match=r"register.pdf is not a kind of file that is read."):
        qi.read_register(file)


def test_the_example_register_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_source("example").is_file()
