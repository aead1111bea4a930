"""A raw table to a clean register: every row accepted, set aside with its reasons, or a repeat."""

import importlib.util
import io
from dataclasses import replace

import pandas as pd
import pytest
from conftest import ROOT, table
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.cleaning.result import CleaningResult
from qi_analysis.core.schema import COLUMNS
from qi_analysis.profile import area_columns
from qi_analysis.register import as_of_date, note_day, warn_of_day

PROFILE = qi.load_profile()
PROVENANCE = ["source_file", "source_row"]


def clean(text: str, **rules) -> CleaningResult:
    return qi.clean_register(table(text), replace(PROFILE, **rules))


def clean_among(text: str, **rules) -> CleaningResult:
    """Clean a table among as many sound rows again, which are left out of the result."""
    raw = table(text)
    sound = pd.DataFrame({"ID": [f"sound {i}" for i in range(len(raw) + 1)]})
    sound = sound.assign(Title="a", Group="Goodall")
    cleaned = qi.clean_register(
        pd.concat([raw, sound], ignore_index=True), replace(PROFILE, **rules)
    )
    register = cleaned.register
    return replace(cleaned, register=register[~register["project_id"].str.startswith("sound")])


def complaints(cleaned: CleaningResult) -> list[tuple]:
    return list(cleaned.quarantine.fillna("").itertuples(index=False, name=None))


# --- headings -------------------------------------------------------------------------------------


def test_the_clean_register_has_the_columns_of_the_data_dictionary():
    register = clean("ID|Title|Group|Carers involved\n1|a|b|Y").register
    assert list(register) == qi.data_dictionary()["column"].tolist()
    assert [c for c in register if c.startswith("area_")] == area_columns()
    dates = [column.name for column in COLUMNS if column.kind in ("start", "end")]
    assert (register[dates].dtypes == "datetime64[us]").all()
    blank = register.drop(columns=[*dates, "progress_score"]).iloc[0].fillna("").to_dict()
    assert blank == dict.fromkeys(register.columns.drop([*dates, "progress_score"]), "") | {
        "project_id": "1",
        "title": "a",
        "directorate": "b",
        "directorate_as_read": "b",
        "programme": "unknown",
        "status": "unknown",
        "service_user_involved": "not_recorded",
        "carer_involved": "yes",
        "involvement_level": "not_recorded",
        "approach": "not_recorded",
        "exemption_agreed": "not_recorded",
        "source_row": 2,
    } | dict.fromkeys(area_columns(), "not_recorded")


def test_headings_are_known_in_any_of_the_profiles_spellings():
    register = clean("""
        project ref | PROJECT_NAME | Groups  | service  users involved | Area 9 | sharing
        1           | a            | Goodall | Y                       | Y      | N
    """).register
    row = register.iloc[0]
    assert (row["project_id"], row["title"], row["directorate"]) == ("1", "a", "Goodall")
    assert (row["service_user_involved"], row["area_sharing"]) == ("yes", "yes")


def test_of_two_headings_for_one_column_the_surest_is_taken_and_the_other_named():
    cleaned = clean("ID|Title|Owner|Directorate / Group|Carers involved\n1|a|Ann|Goodall|Y")
    assert cleaned.register["directorate"].tolist() == ["Goodall"]
    assert cleaned.warnings == ("Columns that the profile does not know were left out: 'Owner'.",)


def test_columns_that_the_profile_does_not_know_are_named():
    cleaned = clean("ID|Title|Group|Carers involved|Sponsor|Cost\n1|a|Goodall|Y|b|c")
    assert cleaned.warnings == (
        "Columns that the profile does not know were left out: 'Sponsor', 'Cost'.",
    )


@pytest.mark.parametrize(
    ("headings", "message"),
    [
        (
            "ID|Title|Directrate|Carers involved",
            r"The register has no column 'Directorate'. It has 'ID', 'Title', 'Directrate', "
            r"'Carers involved'. Add 'Directrate' to directorate's headings in the profile.",
        ),
        ("ID|Titel|Group|Carers involved", "no column 'Title'. .* Add 'Titel' to title's headings"),
        ("Nr|Title|Group|Carers involved", "no column 'Project id'. .* Add the export's heading "),
        ("ID|Title|Group|Start", "no column that tells of involvement. It has 'ID', 'Title', "),
        ("|".join(map(str, range(13))), "It has '0', .*, '11', …. Add"),
    ],
)
def test_a_register_without_a_column_that_it_must_have_is_refused(headings, message):
    with pytest.raises(qi.RegisterError, match=message):
        clean(f"{headings}\n{headings}")


@pytest.mark.parametrize(
    "heading",
    ["SU involved", "Carers involved", "Involvement level", "Area 1", "Involvement areas"],
)
def test_one_column_that_tells_of_involvement_is_enough(heading):
    assert len(clean(f"ID|Title|Group|{heading}\n1|a|Goodall|").register) == 1


@pytest.mark.parametrize("rows", ["", "\n|||", "\nTotal|2||"])
def test_headings_without_projects_are_refused(rows):
    with pytest.raises(qi.RegisterError, match=r"The register has headings but no projects under"):
        clean(f"ID|Title|Group|Carers involved{rows}")


def test_a_refusal_names_the_file(tmp_path):
    file = tmp_path / "export.csv"
    file.write_text("ID,Title,Group\n1,a,b\n")
    with pytest.raises(
        qi.RegisterError, match=r"export.csv has no column that tells of involvemen"
    ):
        qi.load_register(file)


# --- rows -----------------------------------------------------------------------------------------


def test_blank_rows_and_totals_are_not_projects():
    cleaned = clean("""
        ID             | Title                | Group   | Carers involved
        1              | Total hip operations | Goodall | Y
        total          | Waiting well         | Goodall | Y
                       |                      |         |
        Total projects | 2                    |         |
        Grand total    |                      |         |
        Sub-total: 2   |                      |         |
    """)
    assert cleaned.register["project_id"].tolist() == ["1", "total"]
    assert cleaned.counts == {
        "rows_in": 2,
        "accepted": 2,
        "quarantined": 0,
        "identical_duplicates": 0,
        "not_data_rows": 4,
    }


def test_white_space_around_and_within_cells_is_folded():
    raw = pd.DataFrame(
        {"ID": [" QI-0012\u00a0"], "Title": ["Sharing\nletters \t well"],
         "Group": ["\ufeffHealth \u00a0& Justice"], "Carers involved": [" y "]}
    )  # fmt: skip
    row = qi.clean_register(raw).register.iloc[0]
    assert (row["project_id"], row["title"]) == ("QI-0012", "Sharing letters well")
    assert (row["directorate"], row["carer_involved"]) == ("Health and Justice", "yes")


def test_a_row_with_any_complaint_is_set_aside_whole_with_all_of_them():
    cleaned = clean_among("""
        ID | Title | Group   | Start      | End        | Carers involved | State   | Progress
           | a     | Goodall |            |            | Y               |         |
        2  | blank | Goodall |            |            | Y               |         |
        3  | a     | Goodall | 31/06/2020 | 2020-13-01 | x               | Limbo   | 7
        4  | a     | Goodall | 01/04/2020 | 31/03/2020 | Y               |         |
        5  | a     | Goodall | 01/04/2020 | 01/04/2020 | Y               | Live    | 2.5
    """)
    assert cleaned.register["project_id"].tolist() == ["5"]
    assert complaints(cleaned) == [
        (2, "", "project_id", "", "The project_id is missing."),
        (3, "2", "title", "", "The title is missing."),
        (4, "3", "carer_involved", "x",
         "This does not say yes, no or blank in words that are known."),
        (4, "3", "end_date", "2020-13-01", "There is no such month; dates are read day first."),
        (4, "3", "progress_score", "7",
         "A progress score lies between 0.5 and 5.0 in steps of 0.5."),
        (4, "3", "start_date", "31/06/2020", "There is no such day in that month."),
        (4, "3", "status", "Limbo", "This does not say a status in words that are known."),
        (5, "4", "end_date", "31/03/2020", "The project ends before it starts."),
    ]  # fmt: skip
    assert cleaned.counts["quarantined"] == 4


def test_an_unclear_mark_is_not_recorded_where_the_profile_says_so():
    cleaned = clean("ID|Title|Group|Carers involved\n1|a|Goodall|x", unclear="not_recorded")
    assert cleaned.register["carer_involved"].tolist() == ["not_recorded"]


def test_identical_rows_are_kept_once_in_whatever_style_they_are_written():
    cleaned = clean("""
        ID   | Title | Group                  | Start      | Carer involved? | State | Progress
        0012 | Meals | CAMHS                  | 01/04/2020 | Y               | tbc   | 2.5
        0013 | Meals | CAMHS                  | 01/04/2020 | Y               | tbc   | 2.5
        0012 | Meals | camhs                  | Apr-20     | tick            |       | 2,5
        0012 | MEALS | Child & Adolescent  MH | 43922      | TRUE            | N/A   | 2.5 (Begun)
    """)
    assert cleaned.register["project_id"].tolist() == ["0012", "0013"]
    assert cleaned.identical_duplicates.to_dict("list") == {
        "source_row": [4, 5],
        "project_id": ["0012", "0012"],
        "same_as_row": [2, 2],
    }


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Meals | Goodall | Y | Area 2", "Snacks | Goodall | Y | Area 2"),
        ("Meals | Goodall | Y | Area 2", "Meals | Jameson | Y | Area 2"),
        ("Meals | Goodall | Y | Area 2", "Meals | Goodall | N | Area 2"),
        ("Meals | Goodall | Y | Area 2", "Meals | Goodall |   | Area 2"),
        ("Meals | Goodall | Y | Area 2", "Meals | Goodall | x | Area 2"),
        ("Meals | Goodall | Y | Area 2", "Meals | Goodall | Y | all"),
        ("Meals | Goodall | Y | Tea", "Meals | Goodall | Y |"),
        ("Meals | Here    | Y |", "Meals | There   | Y |"),
    ],
)
def test_rows_of_one_project_that_differ_are_set_aside_together(one, other):
    cleaned = clean_among(f"""
        ID | Title     | Group   | Carers involved | Involvement areas
        1  | {one}
        1  | {other}
        2  | Joy       | Goodall | Y |
        3  | Meals     | Goodall | Y |
        4  | Letters   | Goodall | Y |
    """)
    assert cleaned.register["project_id"].tolist() == ["2", "3", "4"]
    reason = "Several rows with this identifier say different things."
    assert [row for row in complaints(cleaned) if row[2] == "project_id"] == [
        (2, "1", "project_id", "1", reason),
        (3, "1", "project_id", "1", reason),
    ]


def test_a_repeat_of_a_row_that_is_set_aside_is_a_repeat_still():
    cleaned = clean_among("""
        ID | Title | Group   | Carers involved
        1  | a     | Goodall | x
        1  | a     | goodall | X
        1  | b     | Goodall | Y
    """)
    assert cleaned.quarantine["source_row"].tolist() == [2, 2, 4]
    assert cleaned.identical_duplicates["source_row"].tolist() == [3]
    assert cleaned.counts["rows_in"] == 3


def test_rows_without_an_identifier_are_not_repeats_of_one_another():
    cleaned = clean_among(
        "ID|Title|Group|Carers involved\n|a|Goodall|Y\n|a|Goodall|Y\n1|a|Goodall|Y"
    )
    assert (cleaned.counts["quarantined"], cleaned.counts["identical_duplicates"]) == (2, 0)


def test_many_rows_set_aside_are_warned_of():
    rows = "\n".join(f"{i}|a|Goodall|Y" for i in range(9))
    two, one = (f"ID|Title|Group|Carers involved\n{rows}\n{faulty}" for faulty in (
        "10|a|Goodall|x\n11|a|Goodall|x", "10|a|Goodall|x"))  # fmt: skip
    assert clean(two).warnings == ("18% of the rows were set aside: the figures may mislead.",)
    assert clean(one).warnings == ()


def test_finished_projects_without_an_end_are_warned_of():
    text = (
        "ID|Title|Group|Carers involved|State|End\n1|a|Goodall|Y|Done|\n2|a|Goodall|Y|Done|Apr-20"
    )
    assert clean(text).warnings == (
        "1 finished project has no end date and is left out wherever live projects are counted.",
    )
    assert clean(f"{text}\n3|a|Goodall|Y|Abandoned|TBC").warnings == (
        "2 finished projects have no end date and are left out wherever live projects are counted.",
    )


def test_finished_projects_of_an_export_without_ends_are_said_to_be_of_no_past_day():
    text = "ID|Title|Group|Carers involved|State\n1|a|Goodall|Y|Done\n2|a|Goodall|Y|Done"
    assert clean(text).warnings == (
        "The export does not say when projects end, so the 2 that have finished count as live on "
        "no past day.",
    )


def test_projects_without_a_status_are_warned_of_as_they_count_as_live_until_they_end():
    text = "ID|Title|Group|Carers involved|State|Start|End\n1|a|Goodall|Y|?|Apr-20|"
    assert clean(text).warnings == (
        "1 project does not say its status, and counts as live until it ends; it has no end date.",
    )
    assert clean(f"{text}\n2|a|Goodall|Y||May-20|Jun-20\n3|a|Goodall|Y|||").warnings == (
        "2 projects do not say their status, and count as live until they end; 1 of them has no "
        "end date.",
    )
    assert clean(f"{text}\n2|a|Goodall|Y||May-20|").warnings == (
        "2 projects do not say their status, and count as live until they end; none of them has an "
        "end date.",
    )
    assert clean(f"{text}Jun-20").warnings == (
        "1 project does not say its status, and counts as live until it ends.",
    )
    assert clean("ID|Title|Group|Carers involved|State\n1|a|Goodall|Y|").warnings == ()


# --- directorates ---------------------------------------------------------------------------------


def directorates(*cells: str | None, **rules) -> CleaningResult:
    known = ["Goodall"] * 20
    raw = pd.DataFrame({"Group": [*cells, *known], "Title": "a", "Carers involved": "Y"})
    return qi.clean_register(raw.assign(ID=range(len(raw))), replace(PROFILE, **rules))


@pytest.mark.parametrize(
    ("cell", "directorate"),
    [
        ("Learning Disability and Autism", "Learning Disability and Autism"),
        ("LD & Autism", "Learning Disability and Autism"),
        ("learning disability & AUTISM", "Learning Disability and Autism"),
        ("Learning  Disability\u00a0and Autism", "Learning Disability and Autism"),
        ("Children’s Community Health", "Children's Community Health"),
        ("Jamieson", "Jameson"),
        ("CAMHS", "Child and Adolescent Mental Health"),
        ("", "Not recorded"),
        (" ", "Not recorded"),
        (None, "Not recorded"),
        ("TBC", "Not recorded"),
        ("N/A", "Not recorded"),
        ("Not recorded", "Not recorded"),
        ("Jameson; Diggory", "Jameson"),
        ("Digory / JAMIESON", "Diggory"),
        ("Jameson; Jameson Division", "Jameson"),
        ("Brent Wellbeing Hub", "Unrecognised"),
        ("Jameson; Brent Wellbeing Hub", "Unrecognised"),
    ],
)
def test_a_directorate_is_known_by_its_names_and_kept_as_read(cell, directorate):
    row = directorates(cell).register.iloc[0]
    assert row["directorate"] == directorate
    assert (row["directorate_as_read"] if (cell or "").strip() else "") == " ".join(
        (cell or "").split()
    )


def test_accents_may_be_written_in_either_form():
    cleaned = directorates("Cafe\u0301", "CAFÉ", directorates={"Café": (), "Goodall": ()})
    assert cleaned.register["directorate"].tolist()[:2] == ["Café", "Café"]


def test_two_owners_may_be_counted_for_a_joint_group():
    cleaned = directorates("Jameson; Diggory", "Jameson; Jamieson", "Jameson", two_owners="joint")
    assert cleaned.register["directorate"].tolist()[:3] == ["Joint", "Jameson", "Jameson"]


def test_a_few_unknown_directorates_are_grouped_and_their_nearest_names_given():
    cleaned = directorates("Addictons", "Addictons", "Brent Wellbeing Hub", "")
    assert cleaned.register["directorate"].tolist()[:4] == ["Unrecognised"] * 3 + ["Not recorded"]
    assert cleaned.warnings == (
        "3 projects bear a directorate that the profile does not know, and are reported as "
        "'Unrecognised': 'Addictons' (perhaps Addictions), 'Brent Wellbeing Hub'. Add each to its "
        "directorate's names in the profile.",
    )
    assert (
        directorates("Goodhal")
        .warnings[0]
        .startswith(
            "1 project bears a directorate that the profile does not know, and is reported as "
            "'Unrecognised': 'Goodhal' (perhaps Goodall)."
        )
    )


def test_where_most_directorates_are_unknown_each_name_stands_for_itself():
    cleaned = directorates(*["Surgery"] * 19, "surgery", " SURGERY ", "Theatres", None)
    assert cleaned.register["directorate"].value_counts().to_dict() == {
        "Surgery": 21,
        "Goodall": 20,
        "Theatres": 1,
        "Not recorded": 1,
    }
    assert cleaned.warnings == (
        "Most projects bear directorates that the profile does not know (22 of 42), so each name "
        "stands for itself. Copy the profile, put your directorates in it, and give it with "
        "--profile.",
    )


@pytest.mark.parametrize(
    "cells",
    [
        ("A/B", "A-B", "A B", "A_B", "a.b", "A:B"),
        ("Adult–Acute", "Adult Acute", "Adult (Acute)"),
        ("Women's", "Womens"),
        ("Ward 1, North", "Ward 1; North", "Ward 1 North"),
    ],
)
def test_names_that_punctuation_alone_tells_apart_are_one_directorate_and_that_is_said(cells):
    cleaned = directorates(*cells, cells[0], directorates={})
    assert cleaned.register["directorate"].nunique() == 2
    written = [f"'{name}'" for name in sorted(cells)]
    assert cleaned.warnings == (
        f"{len(cells)} spellings that differ only in punctuation were joined as one directorate, "
        f"'{cells[0]}': {', '.join(written[:-1])} and {written[-1]}. If they are several, change a "
        "letter or a figure in their names.",
    )


def test_where_most_directorates_are_unknown_it_is_said_too_which_of_them_were_joined():
    cleaned = directorates(*["Ward-1"] * 15, *["Ward 1"] * 10, "Ward 2", "ward  2")
    assert set(cleaned.register["directorate"]) == {"Ward-1", "Ward 2", "Goodall"}
    assert cleaned.warnings[0].startswith("Most projects bear directorates that the profile does")
    assert cleaned.warnings[1].startswith("2 spellings that differ only in punctuation were joined")


def test_half_of_the_directorates_unknown_is_not_most():
    assert "Unrecognised" in set(directorates(*["Surgery"] * 20).register["directorate"])


def test_without_directorates_in_the_profile_each_name_stands_for_itself():
    cleaned = directorates("Surgery", "SURGERY", "surgery", "surgery", "TBC", directorates={})
    assert cleaned.register["directorate"].tolist()[:5] == ["surgery"] * 4 + ["Not recorded"]
    assert cleaned.warnings == ()


# --- involvement ----------------------------------------------------------------------------------

NOBODY = "Somebody is recorded as involved, yet the rest says nobody is."
SOMEBODY = "A level of involvement is given, yet the flags say nobody is involved."


def involved(users: str, carers: str, level: str, aim: str) -> CleaningResult:
    return clean_among(f"""
        ID | Title | Group   | SU involved | Carers involved | Involvement level | Setting the aim
        1  | a     | Goodall | {users}     | {carers}        | {level}           | {aim}
    """)


@pytest.mark.parametrize(
    ("users", "carers", "level", "aim", "approach"),
    [
        ("", "", "Big I", "", "doing_with"),
        ("", "", "Yes - member of team", "", "doing_with"),
        ("Y", "N", "Co-produced", "Y", "doing_with"),
        ("", "N", "Big I", "N", "doing_with"),
        ("", "", "little i", "", "doing_for"),
        ("Y", "", "Consulted", "", "doing_for"),
        ("", "", "Educating", "", "doing_to"),
        ("", "", "No involvement", "", "none"),
        ("", "", "Planned", "", "none"),
        ("N", "N", "Not yet", "N", "none"),
        ("N", "", "none", "", "none"),
        ("N", "N", "", "", "none"),
        ("N", "N", "TBC", "N", "none"),
        ("N", "", "", "", "not_recorded"),
        ("", "N", "", "", "not_recorded"),
        ("Y", "", "", "", "not_recorded"),
        ("Y", "N", "", "Y", "not_recorded"),
        ("", "", "", "Y", "not_recorded"),
        ("", "", "", "N", "not_recorded"),
        ("", "", "", "", "not_recorded"),
    ],
)
def test_the_approach_follows_from_the_level_or_else_from_two_noes(
    users, carers, level, aim, approach
):
    cleaned = involved(users, carers, level, aim)
    assert cleaned.register["approach"].tolist() == [approach]


@pytest.mark.parametrize(
    ("users", "carers", "level", "aim", "reason"),
    [
        ("Y", "", "No involvement", "", NOBODY),
        ("N", "Y", "Planned", "", NOBODY),
        ("", "", "No involvement", "Y", NOBODY),
        ("N", "N", "", "Y", NOBODY),
        ("N", "N", "Big I", "", SOMEBODY),
        ("N", "N", "Consulted", "Y", SOMEBODY),
        ("N", "N", "Educating", "", SOMEBODY),
    ],
)
def test_a_level_and_flags_that_contradict_each_other_are_set_aside(
    users, carers, level, aim, reason
):
    cleaned = involved(users, carers, level, aim)
    assert complaints(cleaned) == [
        (2, "1", "involvement_level", level or "not_recorded", reason),
    ]


def test_where_an_export_asks_of_service_users_alone_a_no_means_that_nobody_is_involved():
    cleaned = clean("""
        ID | Title | Group   | SU involved | Involvement level
        1  | a     | Goodall | N           |
        2  | a     | Goodall | N           | Big I
        3  | a     | Goodall |             |
    """)
    assert cleaned.register["approach"].tolist() == ["none", "not_recorded"]
    assert complaints(cleaned) == [(3, "2", "involvement_level", "Big I", SOMEBODY)]


def test_where_an_export_asks_of_carers_alone_a_no_leaves_open_whether_service_users_are_involved():
    cleaned = clean("""
        ID | Title | Group   | Carers involved | Involvement level | Setting the aim
        1  | a     | Goodall | N               |                   |
        2  | a     | Goodall | N               | Big I             |
        3  | a     | Goodall | N               |                   | Y
        4  | a     | Goodall | N               | No involvement    |
    """)
    assert cleaned.register["approach"].tolist() == [
        "not_recorded", "doing_with", "not_recorded", "none",
    ]  # fmt: skip
    assert complaints(cleaned) == []


def test_one_cell_that_lists_areas_fills_those_that_have_no_column_or_are_blank():
    register = clean("""
        ID | Title | Group   | Involvement areas             | Sharing and spreading
        1  | a     | Goodall | Setting the aim, Area 6       |
        2  | a     | Goodall | all                           |
        3  | a     | Goodall | none                          |
        4  | a     | Goodall | TBC                           | Y
        5  | a     | Goodall |                               | N
        6  | a     | Goodall | Area 2                        | Y
    """).register
    areas = register[area_columns()].set_axis(register["project_id"]).T.rename(lambda a: a[5:])
    assert areas["1"].pipe(lambda a: a.index[a == "yes"].tolist()) == [
        "setting_aim",
        "collecting_data",
    ]
    assert areas.apply(lambda a: a.value_counts().to_dict()).to_dict() == {
        "1": {"no": 7, "yes": 2},
        "2": {"yes": 9},
        "3": {"no": 9},
        "4": {"not_recorded": 8, "yes": 1},
        "5": {"not_recorded": 8, "no": 1},
        "6": {"no": 7, "yes": 2},
    }


def test_an_unknown_area_or_level_is_set_aside_with_the_nearest_known():
    cleaned = clean_among("""
        ID | Title | Group   | Involvement areas | Involvement level
        1  | a     | Goodall | Tea               |
        2  | a     | Goodall |                   | Consultd
    """)
    assert complaints(cleaned) == [
        (2, "1", "areas", "Tea", "This list holds an area that is not in the profile."),
        (3, "2", "involvement_level", "Consultd",
         "This level of involvement is not in the profile. The nearest known is 'consulted'."),
    ]  # fmt: skip


# --- rows that are no projects, headings that stand twice, and thresholds -------------------------


@pytest.mark.parametrize(
    "row",
    [
        "Total | | | ", "Grand total | 591 | | 12", "Goodall total: 25 | | | ", " | Totals | 5 | ",
        " | | Sub-total | 7", "Goodall Count | 25 | | ", "Number of projects: 591 | | | ",
        "Source: Life QI | | | ", "Exported by the QI team on 04/05/2021 | | | ",
        " | Source: Life QI | | ", " | | Page 1 of 3 | ", " | | Goodall | ", " | | | 12",
    ],
)  # fmt: skip
def test_totals_and_notes_are_counted_as_no_data(row):
    cleaned = clean(f"ID|Title|Group|Carers involved\n1|a|Goodall|Y\n{row}\n2|b|Goodall|Y")
    assert cleaned.register["project_id"].tolist() == ["1", "2"]
    assert (cleaned.counts["rows_in"], cleaned.not_data_rows) == (2, 1)


@pytest.mark.parametrize(
    "row",
    [
        "Total | Waiting well | Goodall | Y", "QI-9 | | | ", "QI 0012 | | | ", " | Meals | | ",
        " | Total hip operations | | ", " | Pill count | | ", "Total | 3 | Goodall | ",
    ],
)  # fmt: skip
def test_a_project_with_much_missing_is_a_project_still(row):
    cleaned = clean(f"ID|Title|Group|Carers involved\n1|a|Goodall|Y\n{row}\n2|b|Goodall|Y")
    assert (cleaned.counts["rows_in"], cleaned.not_data_rows) == (3, 0)


def test_a_row_that_could_not_be_read_whole_is_set_aside_with_the_readers_sentence():
    raw = table("ID|Title|Group|Carers involved\n1|a|Goodall|Y\n2|b|Goodall|Y")
    raw = raw.assign(source_fault=[None, "The row has more cells than there are headings."])
    raw.attrs["warnings"] = ("The file is not UTF-8; it was read as Windows-1252.",)
    cleaned = qi.clean_register(raw)
    assert complaints(cleaned) == [
        (3, "2", "row", "", "The row has more cells than there are headings.")
    ]
    assert cleaned.warnings == (
        "50% of the rows were set aside: the figures may mislead.",
        "The file is not UTF-8; it was read as Windows-1252.",
    )


def test_the_day_of_the_export_may_be_known_from_the_reading():
    raw = table("ID|Title|Group|Carers involved\n1|a|Goodall|Y")
    raw.attrs["snapshot_date"] = "2021-05-04"
    assert qi.clean_register(raw).register["snapshot_date"].tolist() == [pd.Timestamp("2021-05-04")]


def test_one_heading_twice_is_used_where_it_agrees_and_refused_where_it_does_not():
    agreeing = "ID|Title|Group|group |Carers involved\n1|a|Goodall|Goodall|Y"
    assert clean(agreeing).register["directorate"].tolist() == ["Goodall"]
    assert clean(agreeing).warnings == ()
    with pytest.raises(
        qi.RegisterError,
        match=r"The register has the heading 'Group' twice, once as 'GROUP:', with different "
        r"values. Rename or remove one of the two columns.",
    ):
        clean("ID|Title|Group|GROUP:|Carers involved\n1|a|Goodall|Jameson|Y")


def test_headings_may_hold_breaks_and_characters_that_take_no_room():
    raw = pd.DataFrame({"\ufeffProject\nID": ["1"], "Ti\u200btle": ["a"],
                        "Group\u00a0": ["Goodall"], "Carers\u00a0 involved?": ["Y"], "": ["9"],
                        "Unnamed: 5": [None],
                        "\u200b": ["8"]})  # fmt: skip
    cleaned = qi.clean_register(raw)
    assert cleaned.register[["project_id", "title", "directorate", "carer_involved"]].iloc[
        0
    ].tolist() == ["1", "a", "Goodall", "yes"]
    assert cleaned.warnings == ("2 columns without a heading hold values, and were left out.",)


def test_a_missing_heading_is_matched_with_the_nearest_of_any_spelling():
    with pytest.raises(qi.RegisterError, match=r"Add 'Divsion' to directorate's headings"):
        clean("ID|Title|Divsion|Carers involved\n1|a|Goodall|Y")


def test_a_file_of_which_most_is_set_aside_is_refused_with_the_commonest_reasons():
    rows = "1|a|G|x|\n2|a|G|x|\n3|a|G||31/06/2020\n4|a|G|Y|\n5|a|G|x|7"
    with pytest.raises(
        qi.RegisterError,
        match=r"The register cannot be used: 4 of its 5 rows cannot be read. Most often: "
        r"carer_involved: This does not say yes, no or blank in words that are known "
        r"\(3 rows: 'x'\). start_date: There is no such day in that month "
        r"\(1 row: '31/06/2020'\). Correct the export, or",
    ):
        clean(f"ID|Title|Group|Carers involved|Start\n{rows}")


def test_conflicting_rows_and_identifiers_alike_are_warned_of():
    cleaned = clean_among("""
        ID   | Title | Group   | Carers involved
        1    | a     | Goodall | Y
        1    | b     | Goodall | Y
        QI-1 | a     | Goodall | Y
        qi-1 | a     | Goodall | Y
        0012 | a     | Goodall | Y
        12   | a     | Goodall | Y
    """)
    assert set(cleaned.register["project_id"]) == {"QI-1", "qi-1", "0012", "12"}
    assert cleaned.warnings[1:] == (
        "1 identifier stands on rows that say different things; both of these rows were set aside.",
        "Identifiers that differ only in capitals count as different projects: 'QI-1' and 'qi-1'.",
    )


# --- values ---------------------------------------------------------------------------------------


def test_how_exactly_a_start_is_known_is_kept():
    register = clean("""
        ID | Title | Group   | Carers involved | Start
        1  | a     | Goodall | Y               | 01/04/2020
        2  | a     | Goodall | Y               | Apr-20
        3  | a     | Goodall | Y               | Q1 2020/21
        4  | a     | Goodall | Y               | TBC
    """).register
    assert register["start_precision"].fillna("").tolist() == ["day", "month", "quarter", ""]


def test_days_that_had_not_come_when_the_export_was_made_are_not_believed():
    cleaned = clean_among("""
        ID | Title | Group   | Carers involved | State    | Start      | Updated    | Snapshot date
        1  | a     | Goodall | Y               | Live     | 01/04/2020 | 05/05/2021 | 04/05/2021
        2  | a     | Goodall | Y               | Live     | 01/04/2023 | 04/05/2021 | 04/05/2021
        3  | a     | Goodall | Y               | Proposed | 01/04/2023 | 04/05/2021 | 04/05/2021
        4  | a     | Goodall | Y               | Live     | 01/04/2022 | 04/05/2021 | 04/05/2021
        5  | a     | Goodall | Y               | Live     | 01/04/2020 | 04/05/2021 |
    """)
    assert complaints(cleaned) == [
        (3, "2", "start_date", "01/04/2023",
         "The project has begun, yet its start is over a year ahead."),
    ]  # fmt: skip
    assert cleaned.faulty_cells.iloc[0].tolist() == [
        2, "1", "updated_date", "05/05/2021", "The record was updated after the export was made.",
    ]  # fmt: skip


def test_a_profile_may_take_unknown_words_as_not_recorded_but_not_an_unclear_mark():
    text = """
        ID | Title | Group   | Carers involved | State  | Involvement level
        1  | a     | Goodall | maybe           | Limbo  | Platinum
        2  | a     | Goodall | maybe           | Live   |
        3  | a     | Nowhere | x               | Often  | seldom
    """
    cleaned = clean(text, unknown="not_recorded")
    row = cleaned.register.iloc[0]
    assert (row["carer_involved"], row["status"], row["involvement_level"]) == (
        "not_recorded", "unknown", "not_recorded")  # fmt: skip
    assert complaints(cleaned) == [
        (4, "3", "carer_involved", "x",
         "This does not say yes, no or blank in words that are known."),
    ]  # fmt: skip
    assert cleaned.warnings[-1] == (
        "4 cells hold words that the profile does not know, taken as not recorded: 'maybe' (2), "
        "'Limbo' (1), 'Platinum' (1)."
    )


@pytest.mark.parametrize(("listed", "own"), [("all", "N"), ("Area 9", "N"), ("none", "Y")])
def test_a_list_of_areas_against_an_areas_own_column_is_set_aside(listed, own):
    cleaned = clean_among(f"""
        ID | Title | Group   | Involvement areas | Sharing and spreading
        1  | a     | Goodall | {listed}          | {own}
    """)
    assert [row[:3] + row[4:] for row in complaints(cleaned)] == [
        (2, "1", "areas", "The list of areas and the areas' own columns contradict each other."),
    ]


def again(register: pd.DataFrame) -> pd.DataFrame:
    """Clean a clean register, as it would be read from a CSV file."""
    text = register.drop(columns=PROVENANCE).to_csv(index=False)
    raw = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    return qi.clean_register(raw).register.drop(columns=PROVENANCE)


def test_a_clean_register_keeps_what_its_cells_no_longer_tell():
    one_flag = clean("ID|Title|Group|SU involved|Start\n1|a|G|N|Apr-20\n2|a|G|Y|Q1 2020/21")
    half = directorates(*["Surgery"] * 21, "surgery", *["Ward"] * 2)
    half_less = replace(half, register=half.register.iloc[5:].reset_index(drop=True))
    for register in (one_flag.register, half_less.register):
        pd.testing.assert_frame_equal(again(register), register.drop(columns=PROVENANCE))


def test_what_was_set_aside_goes_back_as_it_came():
    cleaned = clean_among("""
        ID   | Title    | Group  | Carers involved | Start
        0012 | Big  one | camhs  | x               | Apr-20
    """)
    assert cleaned.rows_to_correct.to_dict("list") == {
        "source_row": [2],
        "directorate": ["Child and Adolescent Mental Health"],
        "project_id": ["0012"],
        "title": ["Big one"],
        "directorate_as_read": ["camhs"],
        "carer_involved": ["x"],
        "start_date": ["Apr-20"],
    }
    nothing = clean("ID|Title|Group|Carers involved\n1|a|Goodall|Y").rows_to_correct
    assert list(nothing)[:2] == ["source_row", "directorate"]
    assert len(nothing) == 0


# --- what holds for any register ------------------------------------------------------------------

MESSY = {
    "ID": ["1", "1", "2", "3", "QI-4 ", "", None, "Total"],
    "Title": ["a", "A", "b", "", None],
    "Group": ["Goodall", "GOODALL", "Jameson; Diggory", "Nowhere", "TBC", "", None],
    "Start": ["01/04/2020", "Apr-20", "43922", "31/06/2020", "TBC", None],
    "End": ["Apr-20", "01/01/2020", "30/04/2020", "Q5 2020/21", None],
    "State": ["Live", "Done", "Limbo", None],
    "SU involved": ["Y", "No", "x", "tbc", None],
    "Carers involved": ["tick", "0", None],
    "Involvement level": ["Big I", "big i", "Planned", "Sort of", None],
    "Involvement areas": ["all", "none", "Area 2; sharing", "Tea", None],
    "Setting the aim": ["Y", "N", None],
    "Progress": ["2.5", "2,5 - Changes tested", "7", None],
}
registers = st.lists(st.tuples(*map(st.sampled_from, MESSY.values())), min_size=1, max_size=8).map(
    lambda rows: pd.DataFrame(
        [*([f"sound {i}", "a", "Goodall", *[None] * 9] for i in range(9)), *rows],
        columns=list(MESSY),
    )
)


@given(registers, st.randoms())
def test_each_row_has_one_result_which_the_order_of_rows_does_not_change(raw, random):
    cleaned = qi.clean_register(raw)
    parts = [cleaned.register, cleaned.identical_duplicates, cleaned.quarantine]
    rows = [row for part in parts for row in part["source_row"].unique()]
    assert len(rows) == len(set(rows)) == cleaned.counts["rows_in"]
    assert cleaned.counts["rows_in"] + cleaned.not_data_rows == len(raw)
    assert cleaned.register["project_id"].is_unique
    assert set(cleaned.identical_duplicates["same_as_row"]) <= {
        row for part in (cleaned.register, cleaned.quarantine) for row in part["source_row"]
    }
    order = random.sample(range(len(raw)), len(raw))
    again = qi.clean_register(raw.iloc[order])
    assert again.counts == cleaned.counts
    assert set(again.register["project_id"]) == set(cleaned.register["project_id"])
    assert set(again.quarantine["reason"]) == set(cleaned.quarantine["reason"])


@given(registers.map(lambda raw: raw.replace({"Group": {"Nowhere": "Rehab"}})))
def test_cleaning_a_clean_register_changes_nothing(raw):
    register = qi.clean_register(raw).register
    text = register.drop(columns=PROVENANCE).to_csv(index=False)
    again = qi.clean_register(pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False))
    pd.testing.assert_frame_equal(
        again.register.drop(columns=PROVENANCE), register.drop(columns=PROVENANCE)
    )


# --- the day a register describes -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "day"),
    [
        ("Live|01/04/2020|30/06/2022|04/05/2021|07/05/2021", "2021-05-07"),
        ("Live|01/04/2020|30/06/2022|04/05/2021|", "2021-05-04"),
        ("Live|05/05/2021||04/05/2021|", "2021-05-05"),
        ("Proposed|05/05/2021||04/05/2021|\nLive|01/04/2020|||", "2021-05-04"),
        ("Done|01/04/2020|30/06/2021||", "2020-04-01"),
        ("Done||30/06/2020||\nAbandoned||01/07/2020||", "2020-07-01"),
        ("||30/06/2020||", "2020-06-30"),
        ("Done||30/06/2020||\nLive||30/06/2022||\nOn hold||30/06/2022||\nIdea||01/07/2022||",
         "2020-06-30"),
    ],
    ids=["its snapshot date", "its latest update", "its latest start", "a proposed start left out",
         "starts first", "its latest end", "an end without a status", "planned ends left out"],
)  # fmt: skip
def test_a_register_tells_which_day_it_describes(rows, day):
    numbered = "\n".join(f"{i}|a|Goodall|Y|{row}" for i, row in enumerate(rows.splitlines()))
    head = "ID|Title|Group|Carers involved|State|Start|End|Updated|Snapshot date"
    register = clean(f"{head}\n{numbered}").register
    assert as_of_date(register) == pd.Timestamp(day)
    assert as_of_date(register, "2021-01-31") == pd.Timestamp("2021-01-31")


STOOD = "ID|Title|Group|Carers involved|State|Start|End"


@pytest.mark.parametrize(
    ("row", "said"),
    [("Live|06/05/2024|", "6 May 2024, its latest start or update."),
     ("Done||06/05/2024", "6 May 2024, its latest end.")],
)  # fmt: skip
def test_how_the_registers_day_was_found_is_said_unless_it_is_the_exports_or_given(row, said):
    register = clean(f"{STOOD}\n1|a|Goodall|Y|{row}").register
    (note,) = note_day(register)
    assert f"It is taken to describe {said} If that is not the day, give it: " in note
    assert note.endswith("`qi-analysis report --as-of DATE`.")
    assert note_day(register, "2024-06-30") == []
    of_a_day = register.assign(snapshot_date=pd.Timestamp("2024-06-30"))
    assert note_day(of_a_day) == []


def test_a_finished_project_that_ends_after_the_registers_day_is_warned_of():
    text = f"{STOOD}\n1|a|Goodall|Y|Live|06/05/2024|\n2|a|Goodall|Y|Done|01/05/2024|30/06/2024"
    one = clean(f"{text}\n3|a|Goodall|Y|Live|01/05/2024|31/12/2024").register
    two = clean(f"{text}\n3|a|Goodall|Y|Abandoned|01/05/2024|07/05/2024").register
    assert warn_of_day(one, as_of_date(one)) == [
        "1 finished project ends after 6 May 2024, the day that the register is taken to describe, "
        "and counts as live on it. Mend the end dates, or give the day of the export "
        "(--as-of DATE)."
    ]
    assert "2 finished projects end after" in warn_of_day(two, as_of_date(two))[0]
    assert warn_of_day(two, pd.Timestamp("2024-06-30")) == []
    assert warn_of_day(one, pd.Timestamp("2024-06-29"), "2024-06-29") == [
        "1 finished project ends after 29 June 2024, the day that the register describes, and "
        "counts as live on it. Mend the end dates."
    ]


@pytest.mark.parametrize("rows", ["Live|", "Live|30/06/2022", "Idea|30/06/2022"])
def test_a_register_that_does_not_tell_its_day_must_be_given_one(rows):
    register = clean(f"ID|Title|Group|Carers involved|State|End\n1|a|Goodall|Y|{rows}").register
    with pytest.raises(
        qi.RegisterError, match=r"not known which day .* Give one: --as-of 2021-05-04"
    ):
        as_of_date(register)


@pytest.mark.parametrize("given", ["31/06/2021", "today", "2021-06-31"])
def test_a_day_given_must_be_a_date(example, given):
    with pytest.raises(
        ValueError, match=f"`as_of` must be a date such as '2021-05-04'; not '{given}"
    ):
        as_of_date(example.projects, given)


# --- what is told of the cleaning -----------------------------------------------------------------


def test_completeness_is_counted_by_directorate_the_emptiest_first():
    register = clean("""
        ID | Title | Group   | Start  | Updated    | SU involved | Carer involved | SU/C involvement
        1  | a     | Goodall | Apr-20 | 04/05/2021 | Y           |                 | Big I
        2  | a     | Goodall |        | 04/05/2021 | N           | N               |
        3  | a     | Jameson | Apr-20 |            | Y           |                 |
        4  | a     |         | TBC    |            | tbc         | Y               | Planed
        5  | a     | Jameson | Apr-20 | 04/05/2021 | Y           | Y               | Told
    """).register
    assert qi.summarise_completeness(
        register, profile="cnwl", basis="started"
    ).to_numpy().tolist() == [
        ["Jameson", 2, 0.5, 1.0, 0.5, 1.0, 0.5],
        ["Goodall", 2, 1.0, 1.0, 0.5, 0.5, 1.0],
    ]
    assert "status" in qi.summarise_completeness(
        register, by="status", profile="cnwl", basis="started"
    )
    assert qi.describe_completeness(
        qi.summarise_completeness(register, profile="cnwl", basis="started")
    ) == ("1 of 4 projects (25%) does not say how, or whether, people were involved.")


def test_the_directorate_that_records_least_is_named_if_it_is_not_small():
    few = "\n".join(
        f"{i}|a|{'Goodall' if i < 5 else 'Jameson'}|{'Told' * (i > 0)}" for i in range(6)
    )
    register = clean(f"ID|Title|Group|Involvement level\n{few}\n7|a|Diggory|").register
    assert qi.describe_completeness(
        qi.summarise_completeness(register, profile="cnwl", basis="started")
    ) == (
        "2 of 7 projects (29%) do not say how, or whether, people were involved. Among "
        "directorates with at least 5, Goodall records least: 80% of its 5 projects have it."
    )
    assert qi.describe_completeness(
        qi.summarise_completeness(
            register[register["approach"] != "not_recorded"], profile="cnwl", basis="started"
        )
    ) == ("Every project has its level of involvement recorded.")


def test_the_cleaning_is_told_in_a_sentence_and_a_table():
    cleaned = clean("""
        ID | Title | Group   | Carers involved | Start
        1  | a     | Goodall | Y               |
        1  | a     | Goodall | yes             |
        2  | a     | Goodall | x               | 31/06/2020
        3  | a     | Goodall | x               |
        4  | a     | Goodall | no              |
        Total | 5  |         |                 |
    """)
    assert qi.describe_cleaning(cleaned) == (
        "Of 5 rows in the export, 2 were accepted, 2 set aside to be corrected, and 1 dropped as "
        "an exact repeat. 1 further row (blank, a total or a note) is no project."
    )
    assert qi.summarise_quarantine(cleaned.quarantine).to_numpy().tolist() == [
        ["carer_involved", "This does not say yes, no or blank in words that are known.", 2],
        ["start_date", "There is no such day in that month.", 1],
    ]


# --- the example register -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def script():
    path = ROOT / "data" / "raw" / "make_example_register.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_register_is_what_its_script_writes(script, tmp_path):
    script.write_register(tmp_path / "register.csv")
    committed = ROOT / "data" / "raw" / "example_register.csv"
    assert (tmp_path / "register.csv").read_bytes() == committed.read_bytes()


def test_each_row_of_the_example_register_has_the_result_it_was_made_for(script, example):
    assert {
        "accepted": set(example.projects["project_id"]),
        "quarantined": set(example.cleaning.quarantine["project_id"].fillna("")),
        "identical_duplicate": set(example.cleaning.identical_duplicates["project_id"]),
    } == script.ids_by_result(script.make_rows(script.make_projects()))
    assert example.cleaning.counts == {
        "rows_in": 625,
        "accepted": 591,
        "quarantined": 26,
        "identical_duplicates": 8,
        "not_data_rows": 3,
    }


def test_the_example_register_is_read_as_it_was_meant(script, example):
    projects = pd.DataFrame(script.make_projects()).rename(columns=lambda c: {
        f"area_{c}": c}.get(c, f"area_{c}" if c in PROFILE.areas else c))  # fmt: skip
    unknown = dict.fromkeys(("Brent Wellbeing Hub", "Addictons"), "Unrecognised")
    truth = projects.assign(
        title=projects["title"].str.replace("\n", " "),
        directorate=projects["directorate"].replace({"": "Not recorded"} | unknown),
        involvement_level=projects["involvement_level"].replace("", "not_recorded").str.casefold(),
    ).replace("", None).set_index("project_id").sort_index()  # fmt: skip
    register = example.projects.assign(
        involvement_level=example.projects["involvement_level"].str.casefold()
    ).set_index("project_id").sort_index()  # fmt: skip
    assert set(truth) == set(register) - {
        *PROVENANCE,
        "directorate_as_read",
        "snapshot_date",
        "start_precision",
    }
    pd.testing.assert_frame_equal(
        truth.astype(register[truth.columns].dtypes), register[truth.columns]
    )


def test_the_example_register_cleaned_twice_is_cleaned_once(example, tmp_path):
    file = tmp_path / "clean.csv"
    example.projects.to_csv(file, index=False)
    again = qi.load_register(file).cleaning
    pd.testing.assert_frame_equal(
        again.register.drop(columns=PROVENANCE), example.projects.drop(columns=PROVENANCE)
    )
    assert again.counts["rows_in"] == again.counts["accepted"] == 591
