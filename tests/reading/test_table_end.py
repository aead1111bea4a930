"""A table ends where its projects end: what stands below is no project, or says that some lack."""

import functools

import hostile
import numpy as np
import pandas as pd
import pytest
from conftest import some
from hostile import HEADINGS, A, B, C, ods, xls, xlsx
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.reading.raw import SIZES, Found, find_end, says_left_out

BLANK = ("",) * 6
KINDS = ("csv", "xlsx", "ods", "xls")
KNOWN = {"id": "project_id", "title": "title", "group": "directorate", "start": "start_date"}


def written(folder, kind: str, rows):
    """Write rows under the headings as a file of a kind."""
    rows = [tuple(row) + ("",) * (6 - len(row)) for row in rows]
    made = {
        "csv": lambda: hostile.text(*rows).encode(),
        "xlsx": lambda: xlsx(("P", (HEADINGS, *rows))),
        "ods": lambda: ods((HEADINGS, *rows)),
        "xls": lambda: xls((HEADINGS, *rows)),
    }
    file = folder / f"r.{kind}"
    file.write_bytes(made[kind]())
    return file


def titles(raw) -> list[str]:
    return raw["Project Title"].dropna().tolist()


BELOW = {
    "a summary": [("Directorate", "Projects"), ("Goodall", "2"), ("Jameson", "1")],
    "a summary without headings": [("Goodall", "2"), ("Jameson", "1"), ("Diggory", "3")],
    "a summary under a title": [("By status",), ("Group", "Live", "Paused"), ("Goodall", "1", "0")],
    "a summary as wide as the table": [
        ("Group", "Live", "Paused", "Ended", "Started", "All"),
        ("Goodall", "2", "1", "0", "4", "7"),
        ("Jameson", "1", "1", "3", "12", "17"),
    ],
    "a summary by year": [("Year", "Projects"), ("2020", "2"), ("2021", "4")],
    "a key under its column": [
        ("", "", "", "", "", "Level of Involvement"), ("", "", "", "", "Partners", "Big I"),
        ("", "", "", "", "Asked", "Consulted"),
    ],
    "a key in words": [("Status", "Meaning"), ("Live", "Work goes on"), ("Paused", "It does not")],
    "a key of one column": [("Key",), ("Goodall",), ("Jameson",)],
    "two little tables": [("Goodall", "2"), BLANK, ("Status", "Projects"), ("Live", "3")],
}  # fmt: skip


EACH = [(name, kind) for name in BELOW for kind in KINDS]


@pytest.mark.parametrize(("name", "kind"), some(EACH, *EACH[1::4], *EACH[::10], *EACH[15::20]))
def test_what_stands_below_a_blank_row_and_has_nothing_of_a_project_is_none(tmp_path, kind, name):
    """In `make test` each in a workbook, and in another kind of file by turns."""
    below = BELOW[name]
    raw = qi.read_register(written(tmp_path, kind, [A, B, BLANK, *below]))
    cleaned = qi.clean_register(raw)
    assert cleaned.register["title"].tolist() == [A[1], B[1]]
    assert cleaned.quarantine.empty
    assert f"Below the table of r.{kind}, " in " ".join(cleaned.warnings)


def test_the_rows_left_out_below_a_table_are_counted(tmp_path):
    below = [("Goodall", "2"), ("Jameson", "1")]
    warned = qi.read_register(written(tmp_path, "csv", [A, B, BLANK, *below])).attrs["warnings"]
    assert warned == (
        "Below the table of r.csv, 2 rows, from row 5 on, were left out: a summary, a key or "
        "notes, with no date or answer of a project. If projects are among them, remove the blank "
        "row above them.",
    )
    (tmp_path / "one").mkdir()
    raw = qi.read_register(written(tmp_path / "one", "csv", [A, B, BLANK, below[0]]))
    assert "Below the table of r.csv, row 5 was left out" in raw.attrs["warnings"][0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "row", [C, (C[0], "A new one", "", "", "05/05/2020"), ("7", "A new one", "Goodall"),
            ("8", "Unknown words", "Elsewhere", "Live", "", "")],
)  # fmt: skip
def test_a_project_below_a_blank_row_is_one(tmp_path, kind, row):
    numbered = ("4", *A[1:])
    raw = qi.read_register(written(tmp_path, kind, [numbered, B, C, BLANK, row]))
    assert titles(raw)[-1] == row[1]
    assert raw["source_row"].iloc[-1] == 6
    assert "Below the table" not in " ".join(raw.attrs["warnings"])


@pytest.mark.parametrize("kind", KINDS)
def test_headings_that_come_again_below_a_blank_row_are_followed_by_projects(tmp_path, kind):
    raw = qi.read_register(written(tmp_path, kind, [A, BLANK, ("Closed",), HEADINGS, B, C]))
    assert {B[1], C[1]} <= {*titles(raw)}
    faulty = raw["source_fault"].dropna()
    assert faulty.tolist() == ["The row repeats the headings."]
    said = " ".join(qi.clean_register(raw).warnings)
    assert "directorate that the profile does not know" not in said  # set aside, and no project


@pytest.mark.parametrize("total", ["Total", "Totals", "Overall total", "Sub-totals", "Grand total"])
def test_a_note_or_a_total_is_counted_as_before_and_a_cut_row_is_set_aside(tmp_path, total):
    file = tmp_path / "r.csv"
    below = f"\n{total},2\nPrinted on 4 May 2021\n"
    file.write_text(hostile.text(A, B, below=below))
    cleaned = qi.clean_register(qi.read_register(file))
    assert cleaned.not_data_rows == 3
    assert "Below the table" not in " ".join(cleaned.warnings)
    file.write_text(hostile.text(A, B, below="\nQI-3,Mea"))
    assert qi.clean_register(qi.read_register(file)).quarantine["source_row"].tolist() == [5]


@pytest.mark.parametrize("line", ["   ", " , , , , , ", "\t", "  ,,", " , , , , , , , ", '" "'])
def test_a_line_of_spaces_and_delimiters_is_a_blank_one(tmp_path, line):
    file = tmp_path / "r.csv"
    file.write_text(hostile.text(A).rstrip("\n") + f"\n{line}\n" + hostile.line(B) + f"\n{line}\n")
    cleaned = qi.clean_register(qi.read_register(file))
    assert cleaned.register["title"].tolist() == [A[1], B[1]]
    assert cleaned.quarantine.empty


CUT = [
    "Exported data exceeded the allowed volume. Some data may have been omitted.",
    "Results truncated to 10,000 rows", "The list was truncated.", "TRUNCATED",
    "Only the first 1,000 rows are shown", "Showing the first 2000 records",
    "Report results were limited to 2,000 rows", "Row limit reached", "Export limit exceeded.",
    "Displaying 1000 of 2355 issues", "Showing 1-50 of 312 items", "1,000 of 4,312 rows exported",
    "The query exceeds the list view threshold", "This view has reached the maximum number of rows",
    "and 1,234 more rows", "Not all records could be exported", "Further rows were left out",
    "12 rows not exported", "Some records may not be displayed",
]  # fmt: skip
WHOLE = [
    "Printed on 4 May 2021", "Showing 4 of 4 rows", "Page 1 of 2", "12 of 40 carers were asked",
    "3 of 4 projects involve service users", "Projects that ended before 2019 are not included",
    "The first 10 projects were pilots", "Not all projects have started", "4 rows",
    "Some data may be missing for early years", "Filters: Status is Live", "Limited to 2020",
    "Source: Life QI", "Showing records 1 to 4 of 4",
]  # fmt: skip


@pytest.mark.parametrize("note", CUT)
def test_a_note_that_rows_were_left_out_is_known(note):
    assert says_left_out(note)
    assert says_left_out(note.upper())


@pytest.mark.parametrize("note", WHOLE)
def test_any_other_note_says_nothing_of_the_kind(note):
    assert not says_left_out(note)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rows", [(BLANK, (CUT[0],)), ((CUT[4],),), (BLANK, ("", CUT[9]), BLANK)])
def test_a_file_that_says_it_is_not_whole_is_refused(tmp_path, kind, rows):
    with pytest.raises(qi.RegisterError, match=rf"r\.{kind} is not whole: it says '.*'\. Export a"):
        qi.read_register(written(tmp_path, kind, [A, B, *rows]))


def test_such_a_note_is_found_unquoted_and_above_the_headings_and_not_in_a_title(tmp_path):
    file = tmp_path / "r.csv"
    file.write_text(hostile.text(A, B, below="Only the first 1,000 rows are shown\n"))
    with pytest.raises(qi.RegisterError, match=r"it says 'Only the first 1,000 rows are shown'"):
        qi.read_register(file)
    file.write_text(hostile.text(A, B, above="Results truncated to 10 rows\n\n"))
    with pytest.raises(qi.RegisterError, match=r"it says 'Results truncated to 10 rows'"):
        qi.read_register(file)
    long = (A[0], "Only the first 10 records are read in handover", *A[2:])
    file.write_text(hostile.text(long, B))
    assert len(qi.read_register(file)) == 2


def table_of(n: int, blank: int = 0) -> Found:
    """Make a table of so many rows, with blank ones below."""
    cells = longest_table().head(n)
    return Found(cells.reindex(range(n + blank)) if blank else cells, [*KNOWN], 2)


@functools.cache
def longest_table() -> pd.DataFrame:
    """Make the longest table, of which the others are the beginnings."""
    ids = pd.Series([f"QI-{i}" for i in range(max(SIZES))], dtype="str")
    return pd.DataFrame({"0": ids, "1": ids, "2": ids, "3": "01/04/2020"}).astype("str")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("blank", [0, 3])
@pytest.mark.parametrize("headings", [0, 1])
def test_a_table_that_ends_where_a_sheet_does_is_warned_of(size, blank, headings):
    found = table_of(size - headings, blank)
    assert len(find_end(found, "r.csv", KNOWN)) == 0
    wanted = f"r.csv has {size - headings if size - headings in SIZES else size:,} rows, just as ma"
    assert found.warnings[0].startswith(wanted)


@given(st.integers(1, 70_000).filter(lambda n: n not in SIZES and n + 1 not in SIZES))
def test_a_table_of_any_other_size_is_not(n):
    found = table_of(1)
    found.table = pd.DataFrame(np.full((n, 4), "QI 1", object), columns=list("0123")).astype("str")
    find_end(found, "r.csv", KNOWN)
    assert found.warnings == []


def test_headings_on_two_rows_are_said_to_be_so(tmp_path):
    top = ["Project ID", "Project Title", "Group", "Status", "Dates", "Involvement"]
    for i, (above, below) in enumerate((
        (top, ["", "", "", "", "Start Date", "Level of Involvement"]),
        ([*HEADINGS[:3], "", "", ""], ["", "", "", *HEADINGS[3:]]),
        (["Project ID", "", "Group", "", "", ""], ["", "Project Title", "", *HEADINGS[3:]]),
    )):  # fmt: skip
        rows = [["QI register"], above, below, A, B]
        (tmp_path / f"{i}.csv").write_text("".join(",".join(row) + "\n" for row in rows))
        (tmp_path / f"{i}.xlsx").write_bytes(xlsx(("P", rows)))
        (tmp_path / f"{i}.ods").write_bytes(ods(rows))
        for kind in ("csv", "xlsx", "ods"):
            with pytest.raises(qi.RegisterError, match=r"headings stand on two rows, 2 and 3\. W"):
                qi.read_register(tmp_path / f"{i}.{kind}")


@pytest.mark.parametrize(
    "note",
    ["Rows 1-4 / 57", "+53 more", "…and 53 more", "Top 4 shown", "Results limited to 500",
     "Only the first 1,000 are shown", "More rows than can be displayed", "Partial results"],
)  # fmt: skip
def test_shorter_notes_say_that_rows_were_left_out(note):
    assert says_left_out(note)


@pytest.mark.parametrize("note", ["Rows 1-4 / 4", "Nothing more", "Partial", "See page 1 / 2"])
def test_notes_that_say_nothing_of_rows_left_out(note):
    assert not says_left_out(note)
