"""Cells that say nothing for certain, and cells that say it for certain, in every kind of file."""

import hostile
import pandas as pd
import pytest

import qi_analysis as qi

HEADINGS = ("Project ID", "Project Title", "Group", "Status", "Start Date", "Carers involved",
            "Level of Involvement")  # fmt: skip
SOUND = [
    (f"QI-{i}", f"Fewer waits {i}", "Jameson", "Live", "2020-05-04", "yes", "Big I")
    for i in range(1, 5)
]
KINDS = {
    "csv": lambda rows: "\n".join(map(hostile.line, rows)).encode(),
    "xlsx": lambda rows: hostile.xlsx(("P", rows)),
    "ods": hostile.ods,
    "xls": hostile.xls,
}


@pytest.fixture(params=KINDS)
def read(request, tmp_path):
    """Return a function that writes a row among sound ones, in one kind of file, and cleans it."""

    def cleaned(**cells: str):
        row = dict(zip(HEADINGS, SOUND[0], strict=True))
        row |= {"Project ID": "QI-9", **{name.replace("_", " "): c for name, c in cells.items()}}
        file = tmp_path / f"register.{request.param}"
        file.write_bytes(KINDS[request.param]([HEADINGS, *SOUND, tuple(row.values())]))
        return qi.clean_register(qi.read_register(file))

    return cleaned


ERRORS = (
    "#ERROR!", "#BLOCKED!", "Loading...", "Loading…", "#N/A N/A", "#CONNECT!", "#BUSY!", "#WERT!",
    "#¿NOMBRE?", "#NV", "#Error", "#Deleted", "########", "Err:508", "#N/A Requesting Data...",
)  # fmt: skip


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("column", ["Group", "Level of Involvement"])
def test_what_a_spreadsheet_could_not_work_out_sets_its_row_aside(tmp_path, error, column):
    row = dict(zip(HEADINGS, SOUND[0], strict=True)) | {"Project ID": "QI-9", column: error}
    file = tmp_path / "register.csv"
    file.write_bytes(KINDS["csv"]([HEADINGS, *SOUND, tuple(row.values())]))
    cleaned = qi.clean_register(qi.read_register(file))
    reason = f"The cell under '{column}' holds the error {error}."
    assert cleaned.quarantine["reason"].tolist().count(reason) == 1
    assert len(cleaned.register) == 4


@pytest.mark.parametrize("error", ["#ERROR!", "Loading…", "########"])
def test_an_error_is_no_directorate_in_any_kind_of_file(read, error):
    cleaned = read(Group=error)
    assert cleaned.register["directorate"].unique().tolist() == ["Jameson"]
    assert cleaned.counts["quarantined"] == 1


@pytest.mark.parametrize(
    "title", ["#hellomynameis in clinics", "Loading dose audit", "#1 priority: sleep", "C#"]
)
def test_a_title_with_a_hash_is_a_title(read, title):
    assert title in read(Project_Title=title).register["title"].tolist()


@pytest.mark.parametrize("cell", [r"\N", r"\\N", r" \N "])
@pytest.mark.parametrize("column", ["Carers_involved", "Level_of_Involvement", "Group", "Status"])
def test_a_databases_null_is_a_blank_wherever_blanks_are_read(read, cell, column):
    row = read(**{column: cell}).register.iloc[-1]
    name = {"Carers_involved": "carer_involved", "Level_of_Involvement": "involvement_level",
            "Group": "directorate", "Status": "status"}[column]  # fmt: skip
    blank = {"directorate": "Not recorded", "status": "unknown"}.get(name, "not_recorded")
    assert row[["project_id", name]].tolist() == ["QI-9", blank]


@pytest.mark.parametrize("cell", ["1.2E+11", "4,56E+08", "7E+10", "########"])
def test_an_identifier_that_a_spreadsheet_has_shortened_is_set_aside(read, cell):
    cleaned = read(Project_ID=cell)
    reason = (
        "A spreadsheet has shortened this identifier. Write it in full, in cells that are text."
    )
    said = cleaned.quarantine.query("column == 'project_id'")
    assert said[["found", "reason"]].to_numpy().tolist() == [[cell, reason]]
    assert len(cleaned.register) == 4


@pytest.mark.parametrize("cell", ["NULL", "null", "(null)", "<NA>", "NaN", "N/A", "TBC", r"\N"])
def test_a_word_for_nothing_is_no_identifier(read, cell):
    cleaned = read(Project_ID=cell)
    assert cleaned.quarantine["reason"].tolist() == ["The project_id is missing."]
    assert len(cleaned.register) == 4


@pytest.mark.parametrize("cell", ["2021-03-01", "01/03/2021", "01-Mar", "SEP-20", "1-Mar-21"])
def test_identifiers_that_became_dates_are_told(read, cell):
    cleaned = read(Project_ID=cell)
    assert len(cleaned.register) == 5
    assert cleaned.warnings == (
        f"1 identifier is a date, such as '{cell}': a spreadsheet makes these of identifiers such "
        "as 1-3 or SEP-20. Compare them with the register.",
    )


@pytest.mark.parametrize("cell", ["QI-2021-03-01", "2020-12", "12E4", "MAR-014", "0301-21", "#7"])
def test_other_identifiers_are_left_as_they_are(read, cell):
    cleaned = read(Project_ID=cell)
    assert cleaned.warnings == ()
    assert cleaned.register["project_id"].iloc[-1] == cell


@pytest.mark.parametrize(
    "blank", ["   ", "\t \t", " , , ", ",,,,,,,", ", ,\u00a0,,,,,, ,", '" ", ', "\u200b", "\ufeff"]
)
def test_a_line_of_blanks_is_no_project_cut_short(tmp_path, blank):
    file = tmp_path / "register.csv"
    lines = [
        *map(hostile.line, (HEADINGS, *SOUND[:2])),
        blank,
        *map(hostile.line, SOUND[2:]),
        blank,
    ]
    file.write_text("\n".join(lines), "utf-8")
    cleaned = qi.clean_register(qi.read_register(file))
    assert cleaned.counts["accepted"] == 4
    assert cleaned.counts["quarantined"] == 0
    assert cleaned.counts["not_data_rows"] == 2


def test_a_row_cut_short_is_set_aside_still(tmp_path):
    file = tmp_path / "register.csv"
    file.write_bytes(KINDS["csv"]([HEADINGS, *SOUND, ("QI-9", " ", "")]))
    cleaned = qi.clean_register(qi.read_register(file))
    assert cleaned.quarantine["reason"].str.startswith("The row has fewer cells (3)").any()


def test_names_such_as_na_are_told_when_they_are_read_as_not_recorded(read):
    cleaned = read(Group="NA")
    assert cleaned.register["directorate"].iloc[-1] == "Not recorded"
    assert cleaned.warnings == (
        "1 row has 'NA' (1) for a directorate, read as not recorded. If one of these is a name, "
        "add it to [directorates] in the profile.",
    )


def test_the_shared_cases_are_read_as_they_should_be(shared):
    folder = shared / "cases" / "reading"
    if not folder.is_dir():
        pytest.skip("the shared cases are absent")

    def cleaned(name):
        return qi.clean_register(qi.read_register(folder / name, profile), profile)

    profile = qi.load_profile(folder / "prof.toml")
    answers = cleaned("null_backslash_n.csv").register["service_user_involved"].tolist()
    assert answers == ["yes", "not_recorded", "not_recorded", "no"]
    for name in ("yes_question.csv", "other_errors_directorate.csv"):
        with pytest.raises(qi.RegisterError, match="4 of its 4 rows cannot be read"):
            cleaned(name)
    with pytest.raises(qi.RegisterError, match="9 of its 10 different rows cannot be read"):
        cleaned("repeats_hide.csv")
    assert "4 identifiers are dates" in cleaned("id_dates.xlsx").warnings[0]
    assert "2 rows have 'NA' (1) and 'N/A' (1)" in cleaned("na_directorate.csv").warnings[0]
    kept = cleaned("percent_progress.xlsx")
    assert len(kept.register) == 4
    assert pd.isna(kept.register["progress_score"]).sum() == len(kept.faulty_cells) > 0


@pytest.mark.parametrize("cell", ["NULL", "<NA>", "NaN", r"\N"])
def test_a_databases_null_is_no_title_and_no_service(tmp_path, cell):
    file = tmp_path / "register.csv"
    heads = (*HEADINGS, "Service")
    rows = [(*row, "Wards") for row in SOUND]
    no_title = ("QI-8", cell, *SOUND[0][2:], "Wards")
    no_service = ("QI-9", *SOUND[0][1:], cell)
    file.write_bytes(KINDS["csv"]([heads, *rows, no_title, no_service]))
    cleaned = qi.clean_register(qi.read_register(file))
    assert cleaned.quarantine[["project_id", "reason"]].to_numpy().tolist() == [
        ["QI-8", "The title is missing."]
    ]
    assert cleaned.register["service"].fillna("blank").tolist() == ["Wards"] * 4 + ["blank"]


@pytest.mark.parametrize(
    "cell", ["=VLOOKUP(A2,Lists!A:B,2,0)", "=A2", "='Sheet 1'!$B$2", '=@IF(A2=1,"x","y")']
)
@pytest.mark.parametrize("column", ["Level of Involvement", "Start Date"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_formula_that_stands_as_text_sets_its_row_aside(tmp_path, cell, column, kind):
    row = dict(zip(HEADINGS, SOUND[0], strict=True)) | {"Project ID": "QI-9", column: cell}
    rows = [HEADINGS, *SOUND, tuple(row.values())]
    plain = {"strings_to_formulas": False}
    file = tmp_path / f"register.{kind}"
    file.write_bytes(
        hostile.xlsx(("P", rows), options=plain) if kind == "xlsx" else KINDS[kind](rows)
    )
    cleaned = qi.clean_register(qi.read_register(file))
    assert len(cleaned.register) == 4
    reasons = cleaned.quarantine["reason"].tolist()
    assert f"The cell under '{column}' holds the formula {cell}." in reasons


@pytest.mark.parametrize("title", ["=cmd()", '=HYPERLINK("http://example.org","x")', "=A2"])
def test_a_title_that_begins_as_a_formula_is_a_title(tmp_path, title):
    row = dict(zip(HEADINGS, SOUND[0], strict=True)) | {
        "Project ID": "QI-9",
        "Project Title": title,
    }
    file = tmp_path / "register.csv"
    file.write_bytes(KINDS["csv"]([HEADINGS, *SOUND, tuple(row.values())]))
    assert title in [*qi.clean_register(qi.read_register(file)).register["title"]]


@pytest.mark.parametrize("cell", ["#n/a", "# N/A", "#error!", "#null!", "#REF !"])
def test_errors_are_known_in_any_capitals(read, cell):
    cleaned = read(Group=cell)
    assert f"The cell under 'Group' holds the error {cell}." in set(cleaned.quarantine["reason"])


@pytest.mark.parametrize(
    "cell", ["undefined", "[object Object]", "<Null>", "(blank)", "Choose an item.", "--Select--"]
)
def test_what_programs_and_forms_write_for_nothing_is_no_directorate(read, cell):
    cleaned = read(Group=cell)
    assert cleaned.register["directorate"].iloc[-1] == "Not recorded"


@pytest.mark.parametrize(
    "cell", ["0", "-1", "???", "—", "TRUE", "None", "Women\u00e2\u20ac\u2122s", "Women&#39;s"]
)
def test_a_directorate_that_hardly_is_a_name_is_warned_of(read, cell):
    warning = f"1 row has '{cell}' (1) for a directorate, which hardly is a name."
    assert any(w.startswith(warning) for w in read(Group=cell).warnings)


@pytest.mark.parametrize("cell", ["1.23456789E11", "3.40E-03", "undefined", "None", "<Null>"])
def test_identifiers_that_programs_have_spoilt_are_set_aside(read, cell):
    assert set(read(Project_ID=cell).quarantine["column"]) == {"project_id"}


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_no_identifier(tmp_path):
    number = b'<table:table-cell office:value-type="float" office:value="1234567890123456789"/>'
    for kind, cell in (("xlsx", 1234567890123456789), ("ods", number)):
        file = tmp_path / f"register.{kind}"
        file.write_bytes(KINDS[kind]([HEADINGS, *SOUND, (cell, *SOUND[0][1:])]))
        cleaned = qi.clean_register(qi.read_register(file))
        assert cleaned.quarantine["found"].tolist() == ["1.23456789012346E+18"]
        assert "A spreadsheet has shortened this identifier." in cleaned.quarantine["reason"][0]
