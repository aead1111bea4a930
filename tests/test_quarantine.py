"""The workbook that goes back: what it says, that nothing in it runs, and that it reads again."""

import csv
import re
import zipfile
from dataclasses import replace
from xml.sax.saxutils import escape

import pandas as pd
import pytest
import xlsxwriter
from click.testing import CliRunner
from conftest import table
from processes import file_hashes
from python_calamine import CalamineWorkbook

import qi_analysis as qi
from qi_analysis import cli
from qi_analysis.cleaning.result import CleaningResult
from qi_analysis.core.files import SHIPPED
from qi_analysis.quarantine import allowed_values, column_headings, sheet_names, write_workbook
from qi_analysis.reports.inputs import write_cleaned
from qi_analysis.reports.internal import write_reports
from qi_analysis.reports.output import guard_cells
from qi_analysis.reports.public import write_public_reports

EXPORT = """
ID    | Title         | Group   | Status | Start      | End        | Carers involved | Progress
0001  | Fewer falls   | CAMHS   | Live   | 31/06/2020 |            | x               | 2.5
0002  | Shorter waits | CAMHS   | Live   | 01/04/2020 |            | yes             | 3
0003  | Joy in work   | Nowhere | Sort of| 02/04/2020 |            | no              |
0004  |               | Rehab   | Closed | 02/04/2020 | 01/01/2020 | no              | 9
0005  | =1+1          | Rehab   | Closed | 02/04/2020 | 01/01/2021 | perhaps         |
0006  | Better meals  | Rehab   | Live   | 01/04/2020 |            | yes             |
0007  | Less noise    | Rehab   | Live   | 01/04/2020 |            | yes             |
0008  | More sleep    | Rehab   | Live   | 01/04/2020 |            | yes             |
"""


def book(cleaned: CleaningResult, tmp_path, profile=None) -> dict[str, list[list]]:
    """Write the workbook, and read it."""
    write_workbook(cleaned, tmp_path / "quarantine.xlsx", profile)
    return read_book(tmp_path / "quarantine.xlsx")


def read_book(path) -> dict[str, list[list]]:
    """Read each sheet's cells as a spreadsheet program would show them."""
    read = CalamineWorkbook.from_path(path)
    return {name: read.get_sheet_by_name(name).to_python() for name in read.sheet_names}


def parts(tmp_path) -> dict[str, str]:
    """Return the workbook's parts as XML."""
    with zipfile.ZipFile(tmp_path / "quarantine.xlsx") as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}


def rows(sheet: list[list]) -> pd.DataFrame:
    """Return a sheet as a frame under its headings."""
    return pd.DataFrame(sheet[1:], columns=sheet[0])


@pytest.fixture(scope="module")
def cleaned() -> CleaningResult:
    """Return a small register of which four of eight rows were set aside."""
    return qi.clean_register(table(EXPORT))


def test_a_directorate_finds_its_rows_on_its_own_sheet_after_the_one_that_says_what_to_do(
    cleaned, tmp_path
):
    sheets = book(cleaned, tmp_path)
    assert list(sheets) == [
        "Read me", "Child and Adolescent Mental Hea", "Rehabilitation", "Unrecognised",
        "Allowed values",
    ]  # fmt: skip
    text = "\n".join(row[0] for row in sheets["Read me"])
    assert text.startswith("Rows of the project register to be corrected")
    assert "a blank is honest, a guess is not" in text
    assert "Rehabilitation: 2 rows" in text
    assert "Unrecognised: 1 row" in text


def test_a_sheet_gives_the_rows_as_they_came_and_says_what_is_wrong_in_words(cleaned, tmp_path):
    sheet = rows(book(cleaned, tmp_path)["Child and Adolescent Mental Hea"])
    assert sheet["Project ID"].tolist() == ["0001"]
    assert sheet["Directorate / Group"].tolist() == ["CAMHS"]
    assert sheet["Start Date"].tolist() == ["31/06/2020"]
    text = sheet["What is wrong"][0]
    assert "Start Date is “31/06/2020”. There is no such day in that month." in text
    assert "Carer Involved? is “x”." in text
    assert sheet["Row in the export"].tolist() == ["2"]


def test_a_blank_that_should_not_be_one_is_called_blank(cleaned, tmp_path):
    text = rows(book(cleaned, tmp_path)["Rehabilitation"])["What is wrong"][0]
    assert "Project Title is blank. The title is missing." in text
    assert "End Date is “01/01/2020”. The project ends before it starts." in text


def test_the_cells_that_could_not_be_read_are_coloured_and_carry_the_reason(cleaned, tmp_path):
    book(cleaned, tmp_path)
    xml = parts(tmp_path)
    notes = re.findall(
        r'<comment ref="(\w+)".*?<t(?: [^>]*)?>(.*?)</t>', xml["xl/comments1.xml"], re.S
    )
    assert ("G2", "There is no such day in that month.") in notes
    assert {ref for ref, _ in notes} == {"G2", "I2"}
    fills = re.findall(r'<fgColor rgb="(\w+)"', xml["xl/styles.xml"])
    assert "FFFFD9B3" in fills
    cells = dict(re.findall(r'<c r="(\w+)" s="(\d+)"', xml["xl/worksheets/sheet2.xml"]))
    assert cells["G2"] == cells["I2"] != cells["C2"]


def test_cells_with_allowed_values_offer_them_and_take_other_spellings_too(cleaned, tmp_path):
    sheets = book(cleaned, tmp_path)
    xml = parts(tmp_path)["xl/worksheets/sheet2.xml"]
    offers = re.findall(
        r'<dataValidation type="list" errorStyle="warning" allowBlank="1".*?sqref="(\w+):\w+">'
        r"<formula1>(.*?)</formula1>",
        xml,
    )
    source = dict(offers)
    assert set(source) == {"E2", "F2", "I2", "J2"}  # group, status, carers, progress
    allowed = sheets["Allowed values"]
    flags = [row[0] for row in allowed[1:] if row[0]]
    assert source["I2"] == "'Allowed values'!$A$2:$A$3"
    assert flags == ["yes", "no"]
    assert [row[1] for row in allowed[1:6]] == list(allowed_values(qi.load_profile())["status"])


def test_every_allowed_value_is_one_that_the_cleaning_accepts():
    for column, values in allowed_values(qi.load_profile()).items():
        heading = column_headings([column], qi.load_profile())[column]
        base = {"ID": [str(n) for n in range(len(values))], "Title": "Fewer falls",
                "Group": "Rehab", "Carers involved": ""}  # fmt: skip
        known = {"directorate_as_read": "Group", "carer_involved": "Carers involved"}
        frame = pd.DataFrame({**base, known.get(column, heading): list(values)}, dtype="str")
        cleaned = qi.clean_register(frame)
        assert cleaned.quarantine.empty, (column, cleaned.quarantine)
        assert not any("does not know" in warning for warning in cleaned.warnings)


def test_every_cell_is_text_so_that_no_date_or_identifier_is_reinterpreted(cleaned, tmp_path):
    book(cleaned, tmp_path)
    for name, xml in parts(tmp_path).items():
        if name.startswith("xl/worksheets/sheet"):
            assert set(re.findall(r'<c [^>]*? t="(\w+)"', xml)) <= {"s"}, name
            assert "<f>" not in xml
            assert 'state="frozen"' in xml or name.endswith("sheet1.xml")
    assert 'numFmtId="49"' in parts(tmp_path)["xl/styles.xml"]


HOSTILE = ["=1+1", "+44 20", "-5", "@SUM(A1)", "\t=1+1", "\r=1+1", "=HYPERLINK(\"x\")", "＝1+1",
           "http://example.org", "internal:Sheet1!A1", "{=1+1}"]  # fmt: skip


def test_text_that_could_start_a_formula_stays_text_in_the_workbook(cleaned, tmp_path):
    row = cleaned.rows_to_correct.head(1).drop(columns=["title", "directorate"])
    texts = pd.DataFrame({"title": HOSTILE, "directorate": HOSTILE})
    faults = cleaned.quarantine.head(1).drop(columns="found")
    sheets = book(replace(
        cleaned,
        rows_to_correct=row.merge(texts, how="cross")[[*cleaned.rows_to_correct]],
        quarantine=faults.merge(pd.DataFrame({"found": HOSTILE}), how="cross"),
    ), tmp_path)  # fmt: skip
    given = sheet_names(sorted(HOSTILE))
    assert {*given.values()} == {*sheets} - {"Read me", "Allowed values"}
    xml = parts(tmp_path)
    styles = re.findall(r"<xf [^>]*?/?>", xml["xl/styles.xml"].partition("<cellXfs")[2])
    strings = re.findall(r"<si>.*?</si>", xml["xl/sharedStrings.xml"], re.S)
    for text in HOSTILE:
        sheet = rows(sheets[given[text]])
        assert [cell.strip() for cell in sheet["Project Title"]] == [text.strip()]
        part = xml[f"xl/worksheets/sheet{[*sheets].index(given[text]) + 1}.xml"]
        assert "<f>" not in part
        cells = re.findall(r'<c r="(\w+)" s="(\d+)" t="s"><v>(\d+)</v>', part)
        (style,) = {int(s) for cell, s, v in cells if cell == "D2" and escape(text.strip())
                    in strings[int(v)]}  # fmt: skip
        assert ('quotePrefix="1"' in styles[style]) >= bool(re.match(r"[=+@＝-]", text))


@pytest.mark.parametrize("text", HOSTILE[:8])
def test_text_that_could_start_a_formula_gets_a_quote_in_csv(text):
    assert guard_cells(pd.DataFrame({"a": [text]}, dtype="str"))["a"].tolist() == [f"'{text}"]


def test_plain_text_blanks_and_numbers_are_left_as_they_are():
    frame = pd.DataFrame({"a": ["plain", None], "n": [-1, 2]}).astype({"a": "str"})
    pd.testing.assert_frame_equal(guard_cells(frame), frame)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_corrected_rows_are_read_again_and_accepted(cleaned, tmp_path, ending):
    sheets = book(cleaned, tmp_path)
    frames = [rows(sheet) for name, sheet in sheets.items()
              if name not in ("Read me", "Allowed values")]  # fmt: skip
    back = pd.concat(frames, ignore_index=True).set_index("Project ID")
    assert back.index.tolist() == ["0001", "0004", "0005", "0003"]
    back.loc["0001", ["Start Date", "Carer Involved?"]] = ["30/06/2020", "yes"]
    back.loc["0003", "Project Status"] = "active"
    back.loc["0004", ["Project Title", "End Date", "Progress Score"]] = ["Meals", "", "4.5"]
    back.loc["0005", "Carer Involved?"] = ""
    file = tmp_path / f"corrected.{ending}"
    frame = back.reset_index()
    if ending == "csv":
        frame.to_csv(file, index=False)
    else:
        frame.to_excel(file, index=False, engine="xlsxwriter",
                       engine_kwargs={"options": {"strings_to_formulas": False}})  # fmt: skip
    again = qi.clean_register(qi.read_register(file))
    assert again.quarantine.empty
    register = again.register.set_index("project_id").sort_index()
    assert register.index.tolist() == ["0001", "0003", "0004", "0005"]
    assert register["carer_involved"].tolist() == ["yes", "no", "no", "not_recorded"]
    assert register["directorate_as_read"].tolist() == ["CAMHS", "Nowhere", "Rehab", "Rehab"]
    assert register.loc["0001", "start_date"] == pd.Timestamp("2020-06-30")
    assert register.loc["0004", "progress_score"] == 4.5


@pytest.fixture(scope="module")
def examples(example, tmp_path_factory):
    """Return the path of the workbook of the example's rows, as it is sent."""
    write_workbook(example.cleaning, file := tmp_path_factory.mktemp("example") / "quarantine.xlsx")
    return file


def test_the_examples_workbook_reads_back_to_the_same_complaints(example, examples, tmp_path):
    sheets = read_book(examples)
    frames = [rows(sheet) for name, sheet in sheets.items()
              if name not in ("Read me", "Allowed values")]  # fmt: skip
    raw = qi.read_register("example").drop(columns=["source_file", "source_row"])
    good = raw[raw["Project ID"].isin(example.projects["project_id"][:100])]
    pd.concat([*frames, good]).to_csv(tmp_path / "back.csv", index=False)
    again = qi.load_register(tmp_path / "back.csv").cleaning
    assert again.counts["quarantined"] == example.cleaning.counts["quarantined"]
    columns = ["project_id", "column", "reason"]
    complaints = [c.quarantine[columns].fillna("").sort_values(columns).to_numpy().tolist()
                  for c in (example.cleaning, again)]  # fmt: skip
    assert complaints[0] == complaints[1]


def test_with_nothing_set_aside_the_workbook_says_so(tmp_path):
    clean = qi.clean_register(table("ID|Title|Group|Carers involved\n1|Falls|Rehab|yes"))
    sheets = book(clean, tmp_path)
    assert list(sheets) == ["Read me"]
    text = "\n".join(row[0] for row in sheets["Read me"])
    assert "No row was set aside: there is nothing to correct." in text


def test_sheets_get_names_that_excel_takes_whatever_a_directorate_is_called():
    names = ["A/B", "a:b", "History", "Read me", "'quoted'", "", "x" * 40, "x" * 50, "日本" * 30,
             "😀" * 30, "[1]", "\x00\x1f", "=cmd()", "Allowed values", "\u202eabc"]  # fmt: skip
    given = sheet_names(names)
    assert list(given) == names
    assert len({name.casefold() for name in given.values()}) == len(names)
    for name in given.values():
        assert 0 < len(name.encode("utf-16-le")) // 2 <= 31
        assert not re.search(r"[\[\]:*?/\\]", name)
        assert name.strip("' ") == name
        assert name.casefold() not in ("history", "read me", "allowed values")


def test_directorates_of_any_name_each_get_a_sheet_that_opens(cleaned, tmp_path):
    odd = ["A/B", "a:b", "😀" * 30, "O'Brien's"]
    returned = cleaned.rows_to_correct.assign(directorate=odd)
    sheets = book(replace(cleaned, rows_to_correct=returned), tmp_path)
    assert len(sheets) == 6
    assert {rows(sheet)["Project ID"][0] for sheet in list(sheets.values())[1:-1]} == {
        "0001", "0003", "0004", "0005"
    }  # fmt: skip


def test_a_heading_that_feeds_two_columns_is_not_used_for_either(tmp_path):
    text = (SHIPPED / "cnwl.toml").read_text("utf-8")
    text = text.replace('outcome = ["Outcome"]', 'outcome = ["Borough", "Result"]')
    text = text.replace('borough = ["Borough", "Locality"]', 'borough = ["Borough"]')
    (tmp_path / "own.toml").write_text(text, "utf-8")
    own = qi.load_profile(tmp_path / "own.toml")
    headings = column_headings(["borough", "outcome", "title"], own)
    assert headings == {"borough": "Borough", "outcome": "Result", "title": "Project Title"}


# --- sent back -----------------------------------------------------------------------------------


RIGHT = {
    "Child and Adolescent Mental Hea": {"G2": "30/06/2020", "I2": "yes"},
    "Rehabilitation": {"D2": "Better meals", "H2": "", "J2": "4.5", "I3": ""},
    "Unrecognised": {"F2": "Live"},
}


def correct(path, cells: dict[str, dict[str, str]]) -> None:
    """Type values into cells of a workbook, sheet by sheet, all else as it was."""
    names = CalamineWorkbook.from_path(path).sheet_names
    with zipfile.ZipFile(path) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    for sheet, values in cells.items():
        part = f"xl/worksheets/sheet{names.index(sheet) + 1}.xml"
        for cell, value in values.items():
            old = rf'<c r="{cell}"( s="\d+")[^>]*?(?:/>|>.*?</c>)'
            new = rf'<c r="{cell}"\1 t="inlineStr"><is><t>{escape(value)}</t></is></c>'
            text, n = re.subn(old, new, members[part].decode())
            assert n == 1, cell
            members[part] = text.encode()
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in members.items():
            packed.writestr(name, data)


@pytest.fixture
def sent(cleaned, tmp_path):
    """Return the workbook of the rows set aside, as it is sent."""
    write_workbook(cleaned, tmp_path / "quarantine.xlsx")
    return tmp_path / "quarantine.xlsx"


def test_the_workbook_sent_back_is_read_whole_its_rows_numbered_as_in_the_export(sent):
    correct(sent, RIGHT)
    raw = qi.read_register(sent)
    assert raw[["Project ID", "source_row"]].to_numpy().tolist() == [
        ["0001", 2], ["0004", 5], ["0005", 6], ["0003", 4],
    ]  # fmt: skip
    assert raw["source_file"].tolist() == [
        "quarantine.xlsx, sheet 'Child and Adolescent Mental Hea'",
        *["quarantine.xlsx, sheet 'Rehabilitation'"] * 2,
        "quarantine.xlsx, sheet 'Unrecognised'",
    ]
    assert not {"What is wrong", "Row in the export"} & {*raw}
    again = qi.clean_register(raw)
    assert again.quarantine.empty
    assert again.corrections
    assert again.register.set_index("project_id")["title"].sort_index().tolist() == [
        "Fewer falls", "Joy in work", "Better meals", "=1+1",
    ]  # fmt: skip
    text = " ".join(again.warnings)
    assert "sheets 'Child and Adolescent Mental Hea', 'Rehabilitation' and 'Unrecognised'." in text
    assert "it is no whole register. Put them into the register before a report is made." in text
    assert "were left out" not in text


@pytest.mark.parametrize("write", [write_reports, write_public_reports])
def test_corrected_rows_are_no_register_to_report_on(sent, tmp_path, write):
    correct(sent, RIGHT)
    with pytest.raises(
        qi.RegisterError,
        match=r"^quarantine.xlsx holds corrected rows and is no whole register. Put them back into "
        r"the export, and report on that\.$",
    ):
        write(sent, tmp_path / "out", qi.load_profile())
    assert not (tmp_path / "out").exists()


def test_what_is_still_wrong_when_sent_back_is_set_aside_again_however_much_it_is(sent, tmp_path):
    correct(sent, {"Unrecognised": RIGHT["Unrecognised"]})
    again = qi.load_register(sent).cleaning
    assert again.counts["rows_in"] == 4
    assert again.counts["quarantined"] == 3
    assert again.register["project_id"].tolist() == ["0003"]
    assert "may mislead" not in " ".join(again.warnings)
    assert set(again.quarantine["source_row"]) == {2, 5, 6}
    sheets = book(again, tmp_path)
    assert [row[1] for row in sheets["Rehabilitation"]] == ["Row in the export", "5", "6"]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_corrected_rows_put_over_the_old_ones_in_the_export_leave_nothing_set_aside(
    tmp_path, ending
):
    export = [[cell.strip() for cell in line.split("|")] for line in EXPORT.strip().splitlines()]
    write_export(tmp_path / f"export.{ending}", export)
    before = qi.load_register(tmp_path / f"export.{ending}").cleaning
    assert before.counts["quarantined"] == 4
    write_workbook(before, tmp_path / "quarantine.xlsx")
    correct(tmp_path / "quarantine.xlsx", RIGHT)
    back = CalamineWorkbook.from_path(tmp_path / "quarantine.xlsx")
    for name in RIGHT:
        for _, row, *cells in back.get_sheet_by_name(name).to_python()[1:]:
            export[int(row) - 1] = cells
    write_export(tmp_path / f"export.{ending}", export)
    after = qi.load_register(tmp_path / f"export.{ending}").cleaning
    assert after.quarantine.empty
    assert after.register["project_id"].tolist() == [f"000{n}" for n in range(1, 9)]
    corrected = qi.load_register(tmp_path / "quarantine.xlsx").cleaning.register
    shown = ["project_id", "title", "directorate", "start_date", "carer_involved", "source_row"]
    put_back = after.register[after.register["source_row"].isin([2, 4, 5, 6])][shown]
    assert corrected.sort_values("project_id")[shown].to_dict("list") == put_back.to_dict("list")


def write_export(path, rows) -> None:
    """Write rows of text as an export."""
    if path.suffix == ".csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
        return
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate(rows):
            sheet.write_row(i, 0, row)


def test_one_sheet_saved_as_a_text_is_known_for_what_it_is(cleaned, tmp_path):
    sheet = book(cleaned, tmp_path)["Rehabilitation"]
    write_export(tmp_path / "rehab.csv", sheet)
    again = qi.load_register(tmp_path / "rehab.csv").cleaning
    assert again.corrections
    assert again.counts["quarantined"] == 2
    assert set(again.quarantine["source_row"]) == {5, 6}


def test_a_row_added_to_those_sent_back_is_numbered_after_them(cleaned, tmp_path):
    first, *rest = book(cleaned, tmp_path)["Rehabilitation"]
    added = [["", "", *rest[1][2:]], ["", "6", *rest[1][2:]], ["", "six", *rest[1][2:]]]
    write_export(tmp_path / "rehab.csv", [first, *rest, *added, [""] * len(first)])
    raw = qi.read_register(tmp_path / "rehab.csv")
    assert raw["source_row"].tolist() == [5, 6, 7, 8, 9, 10]
    assert raw.attrs["warnings"][-1] == (
        "3 rows have no number of their own under 'Row in the export', and count after the last."
    )


def test_a_sheet_sent_back_without_its_headings_is_not_lost_silently(sent):
    correct(sent, {"Unrecognised": dict.fromkeys([f"{c}1" for c in "ABCDEFGHIJ"], "")})
    raw = qi.read_register(sent)
    assert len(raw) == 3
    assert "'Rehabilitation'; 'Unrecognised' passed over." in raw.attrs["warnings"][0]


def test_of_rows_sent_back_no_snapshot_is_kept_and_their_workbook_is_not_written_over(sent):
    folder, profile = sent.parent, qi.load_profile()
    with pytest.raises(qi.RegisterError, match=r"be written over it. Give another folder: --out"):
        write_cleaned(sent, folder, profile)
    written = write_cleaned(sent, folder / "out", profile, snapshots=folder / "snapshots")
    assert written.history.status == "corrections"
    assert not (folder / "snapshots").exists()
    assert "no whole register" in (folder / "out" / "cleaning.json").read_text("utf-8")
    words = ["clean", str(sent), "--out", str(folder / "out"), "--snapshots", str(folder / "kept")]
    text = CliRunner().invoke(cli.app, words).stdout.splitlines()
    assert "No snapshot was kept: these are corrected rows, not a whole register." in text
    assert text[-1].startswith("register.parquet there holds the corrected rows alone: ")
    assert "Put the corrected values into the register itself, or into its export" in text[-1]


def test_rows_that_may_have_been_corrected_are_never_written_over(tmp_path):
    register, out, profile = tmp_path / "register.csv", tmp_path / "out", qi.load_profile("cnwl")
    register.write_text(
        "ID,Title,Group,Status,Involvement level\n1,Falls,Rehab,Lvie,Big I\n"
        "2,Waits,Rehab,Live,Big I\n", "utf-8"
    )  # fmt: skip
    for _ in range(2):
        write_cleaned(register, out, profile)
    for name in ("quarantine.xlsx", "quarantine.csv"):
        ours = (out / name).read_bytes()
        if name.endswith("csv"):
            (out / name).write_bytes(ours + b"9,9,status,x,corrected\n")
        else:
            correct(out / name, {"Rehabilitation": {"E2": "Active"}})
        before = file_hashes(out)
        with pytest.raises(
            qi.RegisterError,
            match=rf"^'{out}' holds a '{name}' that may have been corrected since it was written, "
            r"and another would replace it; nothing was written\. Delete it if all of it is in the "
            r"register now; else move it elsewhere, or give another folder with --out\.$",
        ):
            write_cleaned(register, out, profile)
        assert file_hashes(out) == before
        (out / name).write_bytes(ours)
    (out / ".written").unlink()  # of an earlier version: nobody knows
    with pytest.raises(qi.RegisterError, match=r"'quarantine\.csv' that may have been corrected"):
        write_cleaned(register, out, profile)


def test_the_examples_workbook_is_read_whole_with_the_same_complaints(example, examples):
    again = qi.load_register(examples).cleaning
    assert again.counts["rows_in"] == example.cleaning.counts["quarantined"]
    columns = ["source_row", "project_id", "column", "reason"]
    complaints = [c.quarantine[columns].fillna("").sort_values(columns).to_numpy().tolist()
                  for c in (example.cleaning, again)]  # fmt: skip
    assert complaints[0] == complaints[1]
