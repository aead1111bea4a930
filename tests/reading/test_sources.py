"""Bytes to a raw text table: every cell as it was written, every row with its number."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis import snapshots
from qi_analysis.core.text import match_key
from qi_analysis.profile import known_headings, match_headings, read_columns
from qi_analysis.reading.delimited import DELIMITERS, read_irregular, read_regular
from qi_analysis.reading.locate import date_in, find_source, list_exports
from qi_analysis.reading.raw import SourceNotes
from qi_analysis.reading.tables import SNAPSHOT_KEY

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
    ],
    ids=["plain", "title above", "blank and title above", "title of two lines", "heading of two "
         "lines", "cell of two lines", "blank line", "commas at the ends"],
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


FULL = ["Project ID", "Project Title", "Group", "Carers involved"]


def write_table(path, *rows) -> Path:
    """Write rows as a text or a workbook, as the file's name ends."""
    if path.suffix == ".csv":
        path.write_text("".join(",".join(row) + "\n" for row in rows), "utf-8")
        return path
    with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy"}) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)
    return path


@pytest.mark.parametrize("name", ["register.csv", "register.xlsx"])
def test_a_heading_may_stand_twice_over_the_same_values_which_is_said(tmp_path, name):
    rows = [*FULL, "GROUP"], ["1", "Falls", "CAMHS", "yes", "CAMHS"], ["2", "Meals", "", "no", ""]
    raw = qi.read_register(write_table(tmp_path / name, *rows))
    assert list(raw) == [*FULL, "source_file", "source_row"]
    cleaned = qi.clean_register(raw)
    assert cleaned.register["directorate_as_read"].fillna("").tolist() == ["CAMHS", ""]
    assert cleaned.warnings == (
        f"{name} has the heading 'GROUP' twice, with the same values; it was read once.",
    )


@pytest.mark.parametrize("name", ["register.csv", "register.xlsx"])
def test_a_heading_twice_over_different_values_is_refused(tmp_path, name):
    rows = [*FULL, "group"], ["1", "Falls", "CAMHS", "yes", "CAMHS"], ["2", "Meals", "", "no", "x"]
    with pytest.raises(qi.RegisterError, match=rf"{name} has the heading 'Group' twice, once as"):
        qi.load_register(write_table(tmp_path / name, *rows))


@pytest.mark.parametrize("name", ["register.csv", "register.xlsx"])
@pytest.mark.parametrize("blank", ["", "  ", "\u200b", "-", "Unnamed: 4"])
def test_values_under_no_heading_are_left_out_which_is_said(tmp_path, name, blank):
    rows = [*FULL, blank], ["1", "Falls", "CAMHS", "yes", "note"], ["2", "Meals", "", "no", ""]
    (said,) = qi.load_register(write_table(tmp_path / name, *rows)).cleaning.warnings
    assert re.search(r"without a heading(; they are| holds values, and was) left out\.", said)


@pytest.mark.parametrize("name", ["register.csv", "register.xlsx"])
def test_a_blank_column_without_a_heading_is_nothing_to_speak_of(tmp_path, name):
    rows = [*FULL, ""], ["1", "Falls", "CAMHS", "yes", ""]
    assert qi.load_register(write_table(tmp_path / name, *rows)).cleaning.warnings == ()


def test_headings_in_two_spellings_on_two_sheets_are_one_column(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        for name, heading, number in (("Live", "Group", "1"), ("Closed", "Division", "2")):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["ID", "Title", heading, "Carers involved"])
            sheet.write_row(1, 0, [number, "Falls", "CAMHS", "yes"])
    raw = qi.read_register(tmp_path / "register.xlsx")
    assert raw["Group"].tolist() == ["CAMHS", "CAMHS"]
    assert "Division" not in raw
    assert raw["source_file"].tolist() == [
        f"register.xlsx, sheet '{s}'" for s in ("Live", "Closed")
    ]
    assert raw["source_row"].tolist() == [2, 4]
    assert len(qi.clean_register(raw).register) == 2


def write_sheets(path: Path, **sheets: list[list[str]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                sheet.write_row(i, 0, row)
            if name == "Hidden":
                sheet.hide()
    return path


def test_what_a_sheet_lacks_that_others_have_is_said_and_urgent_where_a_rate_needs_it(tmp_path):
    live = [["ID", "Title", "Group", "Carers involved", "Level of involvement", "Outcome"],
            ["1", "Falls", "CAMHS", "yes", "Big I", "Fewer"]]  # fmt: skip
    closed = [["ID", "Title", "Group", "Carers involved", "Lvl", "Outcome"],
              ["2", "Meals", "Rehab", "yes", "Big I", "Warmer"]]  # fmt: skip
    path = write_sheets(tmp_path / "register.xlsx", Live=live, Closed=closed)
    cleaned = qi.load_register(path).cleaning
    said = (
        "The sheet 'Closed' has no column 'Involvement level', as another has: it is blank in 1 "
        "row. Add it there, or the heading to the profile."
    )
    assert said in cleaned.warnings
    assert cleaned.urgent == (said,)
    del live[0][5], live[1][5]
    closed[0][4] = "Level of involvement"
    cleaned = qi.load_register(write_sheets(path, Live=live, Closed=closed)).cleaning
    assert any("'Live' has no column 'Outcome', as an" in warning for warning in cleaned.warnings)
    assert cleaned.urgent == ()
    del closed[0][3], closed[1][3]
    live[0][4:], live[1][4:] = ["Status"], ["Live"]
    cleaned = qi.load_register(write_sheets(path, Live=live, Closed=closed)).cleaning
    assert cleaned.urgent[1] == (
        "The sheet 'Closed' has no columns 'Carer involved' and 'Status', as another has: they are "
        "blank in 1 row. Add them there, or the headings to the profile."
    )


@pytest.mark.parametrize(
    ("heading", "rows", "sentence"),
    [
        ("Name of it", ["2", "3"], "as it has no heading for 'Title': 2 projects of it stand on no "
         "other with this identifier. Give it one, or add its own to the profile"),
        ("Name of it", ["2", "1"], "as it has no heading for 'Title': 1 project of it stands on no "
         "other with this identifier. Give it one, or add its own to the profile"),
        ("Title", ["1", "2"], "as it shares an identifier with another: 2 projects of it stand on "
         "no other with this identifier and title. Give each project an identifier of its own"),
    ],
)  # fmt: skip
def test_a_sheet_that_is_passed_over_and_has_projects_of_its_own_is_urgent(
    heading, rows, sentence, tmp_path
):
    first = [["ID", "Title", "Group", "Carers involved", "Status"],
             ["1", "Falls", "CAMHS", "yes", "Live"]]  # fmt: skip
    second = [["ID", heading, "Group", "Start date"]]
    second += [[each, "Meals", "Rehab", "01/04/2020"] for each in rows]
    path = write_sheets(tmp_path / "register.xlsx", A=first, B=second)
    said = (
        f"The sheet 'B' was not read, {sentence}, or hide the sheet if it is no part of the "
        "register."
    )
    cleaned = qi.load_register(path).cleaning
    assert (cleaned.warnings[1], cleaned.urgent) == (said, (said,))
    copy = [["ID", "Title", "Group"], ["01", "FALLS", "CAMHS"]]
    lists = [["ID", "Name of it"], ["7", "Meals"]]
    path = write_sheets(path, A=first, Copy=copy, Lists=lists, Hidden=second)
    assert qi.load_register(path).cleaning.urgent == ()


def test_a_sheet_whose_columns_may_be_taken_for_others_is_not_read_with_the_rest(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        live, closed = book.add_worksheet("Live"), book.add_worksheet("Closed")
        live.write_row(0, 0, ["ID", "Title", "Group", "Division", "Carers involved"])
        live.write_row(1, 0, ["1", "Falls", "CAMHS", "Goodall", "yes"])
        closed.write_row(0, 0, ["ID", "Title", "Division", "Carers involved"])
        closed.write_row(1, 0, ["2", "Falls", "Rehab", "yes"])
    raw = qi.read_register(tmp_path / "register.xlsx")
    assert raw["ID"].tolist() == ["1"]
    assert raw.attrs["warnings"] == (
        "register.xlsx was read from the sheet 'Live'; 'Closed' passed over.",
        "The sheet 'Closed' was not read, as it is not plain which of its columns are those of "
        "'Live': 1 project of it stands on no other with this identifier and title. Give it the "
        "same headings, or hide the sheet if it is no part of the register.",
    )


def test_a_message_on_several_sheets_names_the_file(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        for name, number in (("Live", "1"), ("Closed", "2")):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["ID", "Title", "Group"])
            sheet.write_row(1, 0, [number, "Falls", "CAMHS"])
    with pytest.raises(qi.RegisterError, match=r"^register.xlsx has no column that tells of"):
        qi.load_register(tmp_path / "register.xlsx")


# --- identifiers as they are shown ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "value", "read"),
    [
        ("0000", 12, "0012"),
        ("00000;-00000", 12, "00012"),
        ('"QI-"0000', 12, "QI-0012"),
        ('"QI "0', 12, "QI 12"),
        (r"\Q\I-000", 12, "QI-012"),
        ('000"/20"', 12, "012/20"),
        ("0000", 123456, "123456"),
        ("0000", "12", "12"),
        ("0000", 12.5, "12.5"),
        ("0000", -12, "-12"),
        ("0", 12, "12"),
        ("0.00", 12, "12"),
        ("#,##0", 1200, "1200"),
        ("General", 12, "12"),
    ],
)
def test_an_identifier_that_is_a_number_is_read_as_the_workbook_shows_it(
    tmp_path, code, value, read
):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        sheet = book.add_worksheet()
        shown = book.add_format({"num_format": code})
        sheet.write_row(0, 0, ["A title of numbers", 7, 7], shown)
        sheet.write_row(1, 0, ["Progress score", "Project ID", "Group"])
        sheet.write_row(2, 0, [2, value, "Goodall"], shown)
        sheet.write_row(3, 0, [2, 15, "Goodall"])
    raw = qi.read_register(tmp_path / "register.xlsx")
    assert raw["Project ID"].tolist() == [read, "15"]
    assert raw["Progress score"].tolist() == ["2", "2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "register.csv is empty: it has no content at all. Export it again."),
        ("\n\n", "no heading that the profile knows. It is empty. Add the export's headings to"),
        ("a,b\n1,2\n", "register.csv has no heading .* Its first row has 'a', 'b'. Add the "),
        ("ID,Group,Group\n1,a,b\n", "the heading 'Group' twice, with different values. Rename or"),
    ],
)
def test_a_text_file_that_is_no_register_is_refused(tmp_path, text, message):
    file = tmp_path / "register.csv"
    file.write_text(text)
    with pytest.raises(qi.RegisterError, match=message):
        qi.read_register(file)


def test_a_workbook_without_headings_is_refused(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "register.xlsx") as book:
        book.add_worksheet()
    with pytest.raises(qi.RegisterError, match=r"register.xlsx has no heading .* It is empty."):
        qi.read_register(tmp_path / "register.xlsx")


def test_a_source_that_is_no_file_of_a_kind_that_is_read_is_refused(tmp_path):
    with pytest.raises(qi.RegisterError, match=r"no file 'none.csv'. Check its name and folder."):
        qi.read_register("none.csv")
    file = tmp_path / "register.pdf"
    file.touch()
    with pytest.raises(qi.RegisterError, match=r"register.pdf is not a kind of file that is read."):
        qi.read_register(file)


def test_the_example_register_is_found_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_source("example").is_file()


# --- both readers of text ------------------------------------------------------------------------


LINES = st.lists(st.text('ab,;"= \n\r', max_size=12), max_size=6).map("\n".join)


@given(LINES)
def test_the_fast_reader_gives_what_the_exact_one_gives_or_nothing(below):
    headings = ["ID", "Title"]
    fast = read_regular(below.encode(), 0, ",", headings)
    if fast is not None:
        exact, faults = read_irregular(below, ",", headings)
        assert not faults
        pd.testing.assert_frame_equal(fast, exact)


def test_line_breaks_in_cells_across_the_fast_readers_blocks_are_read_alike():
    rows = [f'{i},"{"line" * (i % 40)}\r\n{i}",x' for i in range(60_000)]
    below = "\r\n".join(rows)
    fast = read_regular(below.encode(), 0, ",", ["ID", "Title", "Group"])
    exact, faults = read_irregular(below, ",", ["ID", "Title", "Group"])
    assert len(below) > 4 << 20
    assert not faults
    pd.testing.assert_frame_equal(fast, exact)


def test_a_row_that_cannot_be_read_whole_says_why(tmp_path):
    file = tmp_path / "register.csv"
    file.write_text('ID;Group\n1;a\n2;b;c\n3\n4;"b"c\nID;Group\n5;#REF!\n')
    raw = qi.read_register(file).set_index("source_row")
    reasons = raw["source_fault"].fillna("").tolist()
    for reason, wanted in zip(
        reasons,
        ["", "more cells (3) than there are headings (2).", "fewer cells (1) than there are",
         "A quotation mark stands inside a cell", "The row repeats the headings.",
         "The cell under 'Group' holds the error #REF!."],
        strict=True,
    ):  # fmt: skip
        assert wanted in reason


def test_a_regular_register_has_no_column_of_faults_and_no_warnings():
    raw = qi.read_register("example")
    assert "source_fault" not in raw
    assert raw.attrs == asdict(SourceNotes())


def test_what_a_reader_tells_beside_the_cells_outlives_a_parquet_file(tmp_path):
    raw = qi.read_register("other_example")
    raw.attrs["warnings"] = ("The file is not UTF-8; it was read as Windows-1252.",)
    raw.attrs["snapshot_date"] = "2021-05-04"
    raw.to_parquet(tmp_path / "raw.parquet")
    notes = SourceNotes.of(pd.read_parquet(tmp_path / "raw.parquet"))
    assert notes.snapshot_date == "2021-05-04"
    assert list(notes.warnings) == list(raw.attrs["warnings"])


@pytest.mark.parametrize("name", ["cnwl", "elft"])
def test_every_heading_of_a_column_is_known_to_the_reading_and_matched_by_the_cleaning(name):
    profile = qi.load_profile(name)
    known = known_headings(profile)
    for column in read_columns(profile):
        for heading in profile.headings_of(column.name):
            assert match_key(heading) in known
            assert match_headings([heading], profile)[column.name] == 0


def test_an_error_in_a_column_known_by_its_own_name_sets_the_row_aside(tmp_path):
    file = tmp_path / "register.csv"
    file.write_text("ID,Title,Group,Big I / little i,Outcome\n1,a,Newham,Big I,#N/A\n")
    raw = qi.read_register(file, "elft")  # whose profile gives the outcome no heading
    assert raw["source_fault"].tolist() == ["The cell under 'Outcome' holds the error #N/A."]


def test_the_mark_of_a_snapshot_is_the_one_that_snapshots_bear():
    assert SNAPSHOT_KEY == snapshots._KEY


# --- real files ----------------------------------------------------------------------------------


def small_profile(**headings):
    return replace(qi.load_profile(), headings=headings, areas={})


def test_a_real_csv_with_three_lines_above_its_headings_is_read(shared):
    profile = small_profile(start_date=("date",), project_id=("org code",), title=("org_name",))
    raw = qi.read_register(shared / "real" / "beds_data.csv", profile)
    headings = ["date", "org_code", "org_name", "beds_av", "occ_av"]
    assert list(raw)[:5] == headings
    lines = (shared / "real" / "beds_data.csv").read_text().splitlines()
    assert len(raw) == len(lines) - 4
    assert raw.loc[0, headings].tolist() == lines[4].split(",")
    assert raw["source_row"].iloc[[0, -1]].tolist() == [5, len(lines)]


def test_a_real_workbooks_headings_are_found(shared):
    profile = small_profile(
        project_id=("ODS STP code",), title=("STP name",), directorate=("NHS England region",)
    )
    raw = qi.read_register(shared / "real" / "stps_2017_08.xlsx", profile)
    first = raw.iloc[0]
    headings = ["ODS STP Code", "STP Name", "NHS England Region", "STP Footprint no"]
    assert first[headings].tolist() == [
        "QHM", "Cumbria and North East STP", "North East and Yorkshire (Y63)", "1",
    ]  # fmt: skip
    assert first["source_row"] == 6
    warnings = " ".join(raw.attrs["warnings"])
    assert "was read from the sheet 'Current STPs'; 'Change Log', 'Closed STP codes'" in warnings
    assert "Merged cells run down several rows" in warnings


# --- folders and permissions ---------------------------------------------------------------------


def test_a_folders_exports_are_listed_by_the_dates_in_their_names(tmp_path):
    names = ["register 20210504.csv", "04-05-2020 export.csv", "qi_2019-12-17.tsv",
             "2021-13-45.csv",
             "notes.txt", "~$qi_2021-05-05.xlsx", "2021-05-06.pdf"]  # fmt: skip
    for name in names:
        (tmp_path / name).write_text(PLAIN, "utf-8")
    assert [(d.isoformat(), p.name) for d, p in list_exports(tmp_path)] == [
        ("2019-12-17", names[2]), ("2020-05-04", names[1]), ("2021-05-04", names[0]),
    ]  # fmt: skip
    raw = qi.read_register(tmp_path)
    assert raw["source_file"].tolist() == [names[0]]
    assert raw.attrs["snapshot_date"] == "2021-05-04"
    assert raw.attrs["warnings"] == (
        f"Of the folder '{tmp_path.name}', register 20210504.csv, the latest, was read. "
        "'2021-13-45.csv' and 'notes.txt' without a date passed over.",
    )
    assert find_source(tmp_path).name == names[0]


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("register_2021-8-2.csv", "2021-08-02"),
        ("register 2.8.2021.csv", "2021-08-02"),
        ("register_2_Aug_2021.xlsx", "2021-08-02"),
        ("02SEPT2021.csv", "2021-09-02"),
        ("register 2nd September 2021.csv", "2021-09-02"),
        ("v1.2 of 1 May 2021, 2021-05-04.csv", "2021-05-04"),  # two figures go first
        ("1 May 2021 to 4 May 2021.csv", None),
        ("May 2021.csv", None),
        ("register 2 Augusta 2021.csv", None),
        ("register 202182.csv", None),
        ("31-2-2021.csv", None),
        ("register_20210504113000.csv", "2021-05-04"),
        ("register_202105041130.csv", "2021-05-04"),
        ("register_2021050411.csv", None),
        ("register_1620086400.csv", None),
        ("register_v1.2.2021.csv", None),
        ("Q1_2_2021.csv", None),
        ("Week 2 Dec 2021.csv", None),
        ("register04-05-2021.csv", "2021-05-04"),
    ],
)
def test_a_date_in_a_name_may_have_its_month_in_words_or_one_figure_alone(name, day):
    found = date_in(name)
    assert (found and found.isoformat()) == day


def test_a_folder_without_one_export_a_date_is_refused(tmp_path):
    with pytest.raises(qi.RegisterError, match=r"has no register with a date in its name. Name ea"):
        qi.read_register(tmp_path)
    for name in ("a 2021-05-04.csv", "b 04.05.2021.csv"):
        (tmp_path / name).write_text(PLAIN, "utf-8")
    with pytest.raises(qi.RegisterError, match=r"two registers of 2021-05-04: a .* and b .*. Keep"):
        qi.read_register(tmp_path)
    (tmp_path / "c 20210504.csv").write_text(PLAIN, "utf-8")
    with pytest.raises(qi.RegisterError, match=r"has 3 registers of 2021-05-04: a .*, b .* and c "):
        qi.read_register(tmp_path)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_register_that_may_not_be_read_is_refused(tmp_path, what):
    file = tmp_path / "register.csv"
    file.write_text(PLAIN, "utf-8")
    target = file if what == "file" else tmp_path
    target.chmod(0)
    root = os.geteuid() == 0
    try:
        os.seteuid(65534) if root else None
        with pytest.raises(qi.RegisterError, match=r"You have no permission to read '.*'. Ask its"):
            qi.read_register(target)
    finally:
        os.seteuid(0) if root else None
        target.chmod(0o700)


# --- databases -----------------------------------------------------------------------------------


COLUMNS = "id text, title text, division text, started {date}, score {number}, live {flag}"
ROW = ("0012", "Carers’ views – a café: 100% %s", "Goodall", "2020-04-01", 2.5, True)
TYPES = {"date": "date", "number": "numeric(3,1)", "flag": "boolean"}


@pytest.fixture
def sqlite(tmp_path):
    """Return the URL of an SQLite database with a register."""
    with closing(sqlite3.connect(tmp_path / "qi.db")) as database, database:
        database.execute(f"CREATE TABLE projects ({COLUMNS.format(**TYPES)})")
        database.execute("INSERT INTO projects VALUES (?, ?, ?, ?, ?, ?)", ROW)
        database.execute("CREATE TABLE blank AS SELECT * FROM projects WHERE 0")
        database.execute("CREATE VIEW live AS SELECT * FROM projects WHERE live")
    database.close()
    return f"sqlite:///{tmp_path}/qi.db"


@pytest.mark.parametrize(
    "chosen",
    [{"table": "projects"}, {"table": "live"}, {"query": "SELECT * FROM projects"},
     {"query": "-- all; of them\nWITH p AS (SELECT * FROM projects) SELECT * FROM p WHERE 1=1 ;\n"},
     {"query": "select * from projects where title like '%;%' or title like '%:%'"}],
)  # fmt: skip
def test_a_register_is_read_from_sqlite(sqlite, chosen):
    raw = qi.read_register(sqlite, **chosen)
    assert raw[["id", "title", "division", "started", "score"]].to_numpy().tolist() == [
        ["0012", ROW[1], "Goodall", "2020-04-01", "2.5"]
    ]
    assert raw["source_row"].tolist() == [2]
    assert "'qi.db'" in raw["source_file"].iloc[0]


@pytest.mark.parametrize(
    ("url", "chosen", "message"),
    [
        ("{}", {}, "A database needs one of a query and a table. Give --query or --table."),
        ("{}", {"query": "SELECT 1", "table": "a"}, "Give --query or --table, not both."),
        ("{}", {"table": "project"}, "'qi.db' has no table 'project'. Did you mean 'projects'?"),
        ("{}", {"table": "zzz"}, "'qi.db' has no table 'zzz'.$"),
        ("{}", {"table": "blank"}, "has headings but no projects under them."),
        ("{}", {"query": "SELECT 1 AS a"}, "no heading that the profile knows. .* has 'a'."),
        ("{}", {"query": "SELECT x FROM y"}, "gave no rows: no such table: y. Check the URL"),
        ("{}", {"query": "DELETE FROM projects"}, "must be one SELECT: a register is only read."),
        ("{}", {"query": "SELECT 1; DROP TABLE projects"}, "must be one SELECT"),
        ("{}", {"query": "PRAGMA user_version"}, "must be one SELECT"),
        ("{}", {"query": "WITH a AS (SELECT 1) DELETE FROM projects"}, "gave no rows: .*readonly"),
        ("{}x", {"table": "projects"}, "There is no SQLite file 'qi.dbx'. Check its path."),
        ("nodb://u:s3cret@h/n", {"table": "a"}, "There is no driver for 'nodb' databases here."),
        ("oracle://u:s3cret@h/n", {"table": "a"}, "There is no driver for 'oracle' databases here"),
        ("a://u:s3cret@h:port/n", {"table": "a"}, "The database's URL cannot be understood. Write"),
        ("postgresql+psycopg://u:s3cret@127.0.0.1:1/n", {"table": "a"},
         "database 'n' gave no rows: .*127.0.0.1.*. Check the URL, the query and your right"),
        ("postgresql+psycopg://127.0.0.1:1/n?password=s3cret&options=s3cret", {"table": "a"},
         "database 'n' gave no rows"),
    ],
)  # fmt: skip
def test_a_database_that_gives_no_register_is_refused_without_its_password(
    sqlite, url, chosen, message
):
    with pytest.raises(qi.RegisterError, match=message) as refusal:
        qi.read_register(url.format(sqlite), **chosen)
    assert "s3cret" not in str(refusal.value)
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None
    assert len(qi.read_register(sqlite, table="projects")) == 1


def test_a_query_goes_with_a_database_only():
    with pytest.raises(
        qi.RegisterError, match=r"goes with a database's URL, and 'example' is none"
    ):
        qi.read_register("example", query="SELECT 1")


def test_a_database_that_never_answers_is_refused_in_time_and_the_command_ends():
    """A server that accepts and says nothing, as one that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://u:s3cret@127.0.0.1:{silent.getsockname()[1]}/n"
        code = (
            "import sys; from qi_analysis.cli import app; from qi_analysis.reading import tables\n"
            "tables.DATABASE_SECONDS = 1\napp(sys.argv[1:])"
        )
        words = [sys.executable, "-c", code, "check", url, "--table", "projects"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "The postgresql database 'n' gave no rows within 1 second. See whether its server "
        "answers, a table is locked, or the query takes long, and run again.\n"
    )


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory):
    """Start a PostgreSQL of the test's own on a free local port, and give its URL."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr/local/bin").glob("initdb")]
    tools = next((p if p.is_dir() else p.parent for p in found), None)
    if tools is None and not os.environ.get("QI_NEEDS_POSTGRESQL"):
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    folder = tmp_path_factory.mktemp("postgresql")
    run_as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if run_as:
        folder = Path("/tmp") / f"qi-{folder.parent.parent.name}-{os.getpid()}"
        folder.mkdir()
        shutil.chown(folder, "postgres")
    (folder / "password").write_text("s3cret@1")
    (folder / "password").chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(*command):
        subprocess.run([*run_as, *map(str, command)], check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip

    try:
        run(tools / "initdb", "-D", folder / "data", "-U", "qi", "-A", "scram-sha-256",
            "-E", "UTF8",
            "--no-sync", f"--pwfile={folder / 'password'}")  # fmt: skip
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -F"
        run(tools / "pg_ctl", "-D", folder / "data", "-w", "-o", options, "start")
        yield f"postgresql+psycopg://qi:s3cret%401@127.0.0.1:{port}/postgres"
        run(tools / "pg_ctl", "-D", folder / "data", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def projects(postgresql):
    """Write a register into PostgreSQL, and return the URL."""
    import psycopg

    with psycopg.connect(postgresql.replace("+psycopg", "")) as database:
        database.execute("CREATE SCHEMA qi")
        database.execute(f"CREATE TABLE qi.projects ({COLUMNS.format(**TYPES)})")
        database.execute("INSERT INTO qi.projects VALUES (%s, %s, %s, %s, %s, %s)", ROW)
    return postgresql


@pytest.mark.parametrize(
    "chosen",
    [
        {"table": "qi.projects"},
        {
            "query": "SELECT * FROM qi.projects "
            "WHERE title LIKE '%é: 100%' AND '1:a' < started::text"
        },
    ],
)
def test_a_register_is_read_from_a_real_postgresql(projects, chosen):
    raw = qi.read_register(projects, **chosen)
    assert raw.drop(columns=["source_file", "source_row"]).to_numpy().tolist() == [
        ["0012", ROW[1], "Goodall", "2020-04-01", "2.5", "TRUE"]
    ]
    assert raw["source_file"].iloc[0].startswith("The postgresql database 'postgres', ")


@pytest.mark.parametrize(
    ("old", "new", "chosen", "message"),
    [
        ("s3cret%401", "s3cretly", {"table": "qi.projects"}, "gave no rows: .*authentication"),
        ("/postgres", "/none", {"table": "qi.projects"}, 'gave no rows: .*"none" does not exist'),
        ("", "", {"table": "project"}, "has no table 'project'."),
        ("", "", {"query": "SELECT nothing FROM qi.projects"}, 'column "nothing" does not exist'),
        ("", "", {"query": "WITH a AS (DELETE FROM qi.projects RETURNING *) SELECT * FROM a"},
         "in a read-only transaction"),
        ("", "", {"query": "SELECT * INTO copied FROM qi.projects"}, "in a read-only transaction"),
    ],
)  # fmt: skip
def test_a_real_postgresql_that_gives_no_register_is_refused(projects, old, new, chosen, message):
    with pytest.raises(qi.RegisterError, match=message) as refusal:
        qi.read_register(projects.replace(old, new), **chosen)
    assert "s3cret" not in str(refusal.value)
    assert len(qi.read_register(projects, table="qi.projects")) == 1


# --- the day of the export, above the headings ----------------------------------------------------


@pytest.mark.parametrize(
    "title",
    [
        "Extracted 30/06/2024", "Anytown QI register, exported on 30-06-2024 10:32",
        "as at 30.6.2024",
        "Export date: 2024-06-30", "Data as of Sunday, 30th June 2024", "Printed on 30 Jun 2024.",
        "Exported by the QI team on 30/06/2024", "Downloaded from Life QI on 30/06/2024 at 9.15 am",
        "Snapshot - 30 June, 2024", "Report run: 30/06/2024",
    ],
)  # fmt: skip
@pytest.mark.parametrize("file", ["register.csv", "register.xlsx"])
def test_a_row_above_the_headings_says_on_which_day_the_export_was_made(tmp_path, file, title):
    path = write_table(tmp_path / file, [title], [], ["ID", "Group"], ["1", "a"])
    assert qi.read_register(path).attrs["snapshot_date"] == "2024-06-30"


@pytest.mark.parametrize(
    "titles",
    [
        ["Projects from 01/04/2020 to 30/06/2024"], ["Export of projects started since 01/04/2020"],
        ["Exported from 01/04/2020 to 30/06/2024"], ["Projects run between 01/04/2020"],
        ["30/06/2024"],
        ["Extracted 31/06/2024"], ["Extracted 30/13/2024"], ["Extracted 30 Juni 2024"],
        ["Extracted 30/06/2024", "Printed 01/07/2024"], ["Extracted 30/06"],
        ["Exported projects: 202"],
    ],
)  # fmt: skip
def test_any_other_day_above_the_headings_is_not_taken_for_that_of_the_export(tmp_path, titles):
    rows = [*([title] for title in titles), ["ID", "Group"], ["1", "a"]]
    raw = qi.read_register(write_table(tmp_path / "register.csv", *rows))
    assert raw.attrs["snapshot_date"] == ""


def test_the_day_in_the_files_name_goes_before_the_day_above_its_headings(tmp_path):
    rows = [["Extracted 30/06/2024"], ["ID", "Group"], ["1", "a"]]
    raw = qi.read_register(write_table(tmp_path / "register_2024-07-01.csv", *rows))
    assert raw.attrs["snapshot_date"] == "2024-07-01"


def test_a_day_above_the_headings_may_stand_in_a_cell_of_its_own(tmp_path):
    rows = [["Extracted on", datetime(2024, 6, 30, 10, 32)], ["ID", "Group"], ["1", "a"]]
    raw = qi.read_register(write_table(tmp_path / "register.xlsx", *rows))
    assert raw.attrs["snapshot_date"] == "2024-06-30"


@pytest.mark.parametrize(
    ("heading", "read"),
    [(b"Carer\x92s view", "Carer’s view"), (b"Carer\x81s view", "Carer\ufffds view"),
     (b"\x92", "’")],
)  # fmt: skip
def test_a_heading_in_another_encoding_than_the_rows_is_read(tmp_path, heading, read):
    head = b"Project ID,Project Title,Directorate,Level of Involvement," + heading
    rows = ["QI-1,Café visits,Goodall,Big I,x", "QI-2,Fewer falls,Goodall,Big I,y"]
    export = tmp_path / "export.csv"
    export.write_bytes(b"\n".join([head, *(row.encode() for row in rows)]))
    raw = qi.read_export(export)
    assert raw.columns[4] == read
    assert raw["Project Title"].tolist() == ["Café visits", "Fewer falls"]
    register = qi.load_register(export, "cnwl", as_of="2021-05-04")
    assert len(register.projects) == 2
    assert "export.csv is UTF-8 in some rows only" in " ".join(register.cleaning.warnings)
