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


def rows_with(column: str, *cells: str) -> list[tuple[str, ...]]:
    """Return a sound row for each cell, which holds that cell in one column."""
    rows = [dict(zip(HEADINGS, SOUND[0], strict=True)) for _ in cells]
    return [
        tuple((row | {"Project ID": f"{column[0]}-9{i}", column: cell}).values())
        for i, (row, cell) in enumerate(zip(rows, cells, strict=True))
    ]


def clean(folder, kind: str, rows: list[tuple[str, ...]], write=None):
    """Write rows below as many sound ones, in one kind of file, and clean it."""
    sound = [(f"QI-{i}", *SOUND[0][1:]) for i in range(len(rows))]
    file = folder / f"register.{kind}"
    file.write_bytes((write or KINDS[kind])([HEADINGS, *sound, *rows]))
    return qi.clean_register(qi.read_register(file))


@pytest.fixture(params=KINDS)
def read(request, tmp_path):
    """Return a function that cleans one kind of file, with a row for each cell of a column."""
    return lambda column, *cells: clean(tmp_path, request.param, rows_with(column, *cells))


ERRORS = (
    "#ERROR!", "#BLOCKED!", "Loading...", "Loading…", "#N/A N/A", "#CONNECT!", "#BUSY!", "#WERT!",
    "#¿NOMBRE?", "#NV", "#Error", "#Deleted", "########", "Err:508", "#N/A Requesting Data...",
)  # fmt: skip


@pytest.mark.parametrize("column", ["Group", "Level of Involvement"])
def test_what_a_spreadsheet_could_not_work_out_sets_its_row_aside(tmp_path, column):
    cleaned = clean(tmp_path, "csv", rows_with(column, *ERRORS))
    reasons = cleaned.quarantine["reason"].tolist()
    for error in ERRORS:
        assert reasons.count(f"The cell under '{column}' holds the error {error}.") == 1
    assert len(cleaned.register) == len(ERRORS)


def test_an_error_is_no_directorate_in_any_kind_of_file(read):
    cleaned = read("Group", "#ERROR!", "Loading…", "########")
    assert cleaned.register["directorate"].unique().tolist() == ["Jameson"]
    assert cleaned.counts["quarantined"] == 3


def test_a_title_with_a_hash_is_a_title(read):
    titles = ["#hellomynameis in clinics", "Loading dose audit", "#1 priority: sleep", "C#"]
    assert read("Project Title", *titles).register["title"].tolist()[-4:] == titles


NULLS = [r"\N", r"\\N", r" \N "]
BLANKS = {
    "Carers involved": ("carer_involved", "not_recorded"),
    "Level of Involvement": ("involvement_level", "not_recorded"),
    "Group": ("directorate", "Not recorded"),
    "Status": ("status", "unknown"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_databases_null_is_a_blank_wherever_blanks_are_read(tmp_path, kind):
    rows = [row for column in BLANKS for row in rows_with(column, *NULLS)]
    register = clean(tmp_path, kind, rows).register.set_index("project_id")
    for column, (name, blank) in BLANKS.items():
        ids = [f"{column[0]}-9{i}" for i in range(len(NULLS))]
        assert register.loc[ids, name].tolist() == [blank] * len(NULLS)


def test_an_identifier_that_a_spreadsheet_has_shortened_is_set_aside(read):
    cells = ["1.2E+11", "4,56E+08", "7E+10", "########"]
    cleaned = read("Project ID", *cells)
    reason = (
        "A spreadsheet has shortened this identifier. Write it in full, in cells that are text."
    )
    said = cleaned.quarantine.query("column == 'project_id'")
    assert said[["found", "reason"]].to_numpy().tolist() == [[cell, reason] for cell in cells]
    assert len(cleaned.register) == 4


def test_a_word_for_nothing_is_no_identifier(read):
    cleaned = read("Project ID", "NULL", "null", "(null)", "<NA>", "NaN", "N/A", "TBC", r"\N")
    assert cleaned.quarantine["reason"].tolist() == ["The project_id is missing."] * 8
    assert len(cleaned.register) == 8


def test_identifiers_that_became_dates_are_told(read):
    cleaned = read("Project ID", "2021-03-01", "01/03/2021", "01-Mar", "SEP-20", "1-Mar-21")
    assert len(cleaned.register) == 10
    assert cleaned.warnings == (
        "5 identifiers are dates, such as '2021-03-01': a spreadsheet makes these of identifiers "
        "such as 1-3 or SEP-20. Compare them with the register.",
    )


def test_one_identifier_that_became_a_date_is_told(tmp_path):
    assert clean(tmp_path, "csv", rows_with("Project ID", "01-Mar", "QI-8")).warnings == (
        "1 identifier is a date, such as '01-Mar': a spreadsheet makes these of identifiers such "
        "as 1-3 or SEP-20. Compare them with the register.",
    )


def test_other_identifiers_are_left_as_they_are(read):
    ids = ["QI-2021-03-01", "2020-12", "12E4", "MAR-014", "0301-21", "#7"]
    cleaned = read("Project ID", *ids)
    assert cleaned.warnings == ()
    assert cleaned.register["project_id"].tolist()[-6:] == ids


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
    cleaned = read("Group", "NA")
    assert cleaned.register["directorate"].tolist() == ["Jameson", "Not recorded"]
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
    assert "2 rows have 'N/A' (1) and 'NA' (1)" in cleaned("na_directorate.csv").warnings[0]
    kept = cleaned("percent_progress.xlsx")
    assert len(kept.register) == 4
    assert pd.isna(kept.register["progress_score"]).sum() == len(kept.faulty_cells) > 0


def test_a_databases_null_is_no_title_and_no_service(tmp_path):
    file = tmp_path / "register.csv"
    heads = (*HEADINGS, "Service")
    cells = ["NULL", "<NA>", "NaN", r"\N"]
    rows = [(*row, "Wards") for row in SOUND]
    no_title = [(f"QI-8{i}", cell, *SOUND[0][2:], "Wards") for i, cell in enumerate(cells)]
    no_service = [(f"QI-9{i}", *SOUND[0][1:], cell) for i, cell in enumerate(cells)]
    file.write_bytes(KINDS["csv"]([heads, *rows, *no_title, *no_service]))
    cleaned = qi.clean_register(qi.read_register(file))
    assert cleaned.quarantine[["project_id", "reason"]].to_numpy().tolist() == [
        [f"QI-8{i}", "The title is missing."] for i in range(4)
    ]
    services = cleaned.register["service"].fillna("blank").tolist()
    assert services == ["Wards"] * 4 + ["blank"] * 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_formula_that_stands_as_text_sets_its_row_aside(tmp_path, kind):
    cells = ["=VLOOKUP(A2,Lists!A:B,2,0)", "=A2", "='Sheet 1'!$B$2", '=@IF(A2=1,"x","y")']
    columns = ["Level of Involvement", "Start Date"]
    plain = {"strings_to_formulas": False}
    write = (lambda rows: hostile.xlsx(("P", rows), options=plain)) if kind == "xlsx" else None
    rows = [row for column in columns for row in rows_with(column, *cells)]
    cleaned = clean(tmp_path, kind, rows, write)
    assert len(cleaned.register) == 8
    reasons = cleaned.quarantine["reason"].tolist()
    for column in columns:
        for cell in cells:
            assert f"The cell under '{column}' holds the formula {cell}." in reasons


def test_a_title_that_begins_as_a_formula_is_a_title(tmp_path):
    titles = ["=cmd()", '=HYPERLINK("http://example.org","x")', "=A2"]
    cleaned = clean(tmp_path, "csv", rows_with("Project Title", *titles))
    assert cleaned.register["title"].tolist()[-3:] == titles


def test_errors_are_known_in_any_capitals(read):
    errors = ["#n/a", "# N/A", "#error!", "#null!", "#REF !"]
    reasons = set(read("Group", *errors).quarantine["reason"])
    assert reasons >= {f"The cell under 'Group' holds the error {error}." for error in errors}


def test_what_programs_and_forms_write_for_nothing_is_no_directorate(read):
    words = ["undefined", "[object Object]", "<Null>", "(blank)", "Choose an item.", "--Select--"]
    directorates = read("Group", *words).register["directorate"].tolist()
    assert directorates == ["Jameson"] * 6 + ["Not recorded"] * 6


def test_a_directorate_that_hardly_is_a_name_is_warned_of(read):
    names = ["0", "-1", "???", "—", "TRUE", "None", "Women\u00e2\u20ac\u2122s", "Women&#39;s"]
    warned = next(w for w in read("Group", *names).warnings if "hardly is a name" in w)
    assert warned.startswith("8 rows have ")
    for name in names:
        assert f"'{name}' (1)" in warned


def test_identifiers_that_programs_have_spoilt_are_set_aside(read):
    cells = ["1.23456789E11", "3.40E-03", "undefined", "None", "<Null>"]
    cleaned = read("Project ID", *cells)
    assert cleaned.quarantine["column"].tolist() == ["project_id"] * 5
    assert len(cleaned.register) == 5


def test_a_number_of_more_digits_than_a_spreadsheet_keeps_is_no_identifier(tmp_path):
    number = b'<table:table-cell office:value-type="float" office:value="1234567890123456789"/>'
    for kind, cell in (("xlsx", 1234567890123456789), ("ods", number)):
        file = tmp_path / f"register.{kind}"
        file.write_bytes(KINDS[kind]([HEADINGS, *SOUND, (cell, *SOUND[0][1:])]))
        cleaned = qi.clean_register(qi.read_register(file))
        assert cleaned.quarantine["found"].tolist() == ["1.23456789012346E+18"]
        assert "A spreadsheet has shortened this identifier." in cleaned.quarantine["reason"][0]
