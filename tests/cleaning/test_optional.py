"""A cell that no rate needs costs no project; rows set aside are told; repeats hide none."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from conftest import table
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.cleaning.result import KEPT, CleaningResult
from qi_analysis.core.schema import OPTIONAL
from qi_analysis.counts import describe_set_aside
from qi_analysis.quarantine import write_workbook
from qi_analysis.snapshots import warn_of_history, write_snapshot

PROFILE = qi.load_profile()
HEADINGS = {
    "updated_date": "Last Updated", "first_involved_date": "First Involved",
    "progress_score": "Progress", "end_date": "End Date", "start_date": "Start Date",
    "status": "State", "carer_involved": "Carers Involved", "exemption_agreed": "Exempt",
    "snapshot_date": "Export Date", "involvement_level": "Level of Involvement",
}  # fmt: skip


def clean(rows: list[dict], **rules) -> CleaningResult:
    """Clean rows of which each lacks only what it gives, by the register's names."""
    usual = {"Title": "a", "Group": "Goodall", "State": "Live", "Start Date": "01/04/2020",
             "Level of Involvement": "Big I"}  # fmt: skip
    raw = pd.DataFrame(
        [
            {"ID": str(i)} | usual | {HEADINGS.get(name, name): cell for name, cell in row.items()}
            for i, row in enumerate(rows, 1)
        ]
    )
    return qi.clean_register(raw, replace(PROFILE, **rules))


FAULTY = {"updated_date": "31/06/2020", "first_involved_date": "soon", "progress_score": "50%",
          "end_date": "30/02/2022"}  # fmt: skip


@pytest.mark.parametrize(("column", "cell"), FAULTY.items())
def test_a_cell_that_no_rate_needs_costs_no_project(column, cell):
    cleaned = clean([{column: cell}, {}])
    assert len(cleaned.register) == 2
    assert cleaned.register[column].isna().all()
    assert cleaned.quarantine.empty
    assert cleaned.faulty_cells[
        ["source_row", "project_id", "column", "found"]
    ].to_numpy().tolist() == [[2, "1", column, cell]]
    assert cleaned.rows_to_correct[["source_row", column]].to_numpy().tolist() == [[2, cell]]
    assert cleaned.counts == {
        "rows_in": 2, "accepted": 2, "quarantined": 0, "identical_duplicates": 0,
        "not_data_rows": 0,
    }  # fmt: skip


@pytest.mark.parametrize(("column", "cell"), FAULTY.items())
def test_where_the_profile_says_so_it_sets_the_row_aside(column, cell):
    cleaned = clean([{column: cell}, {}], optional="quarantine")
    assert cleaned.quarantine["column"].tolist() == [column]
    assert cleaned.faulty_cells.empty


@pytest.mark.parametrize(
    ("column", "cell"),
    [("start_date", "31/06/2020"), ("status", "Parked"), ("carer_involved", "Yes?"),
     ("exemption_agreed", "perhaps"), ("snapshot_date", "31/06/2021"),
     ("involvement_level", "Sort of"), ("Area 1", "x")],
)  # fmt: skip
def test_a_cell_that_decides_what_is_counted_sets_its_row_aside_with_all_its_faults(column, cell):
    cleaned = clean([{column: cell, "progress_score": "7"}, {}])
    assert cleaned.quarantine["source_row"].tolist() == [2, 2]
    assert cleaned.faulty_cells.empty
    assert cleaned.register["project_id"].tolist() == ["2"]


@pytest.mark.parametrize("status", ["Live", "On hold", "Idea"])
def test_a_planned_end_is_not_needed(status):
    cleaned = clean([{"status": status, "end_date": "soon"}, {}])
    assert cleaned.faulty_cells["column"].tolist() == ["end_date"]
    assert len(cleaned.register) == 2


@pytest.mark.parametrize("status", ["Completed", "Abandoned", ""])
def test_an_end_that_decides_whether_a_project_is_live_is_needed(status):
    cleaned = clean([{"status": status, "end_date": "31/06/2021"}, {}])
    assert cleaned.quarantine["column"].tolist() == ["end_date"]


@pytest.mark.parametrize("status", ["Live", "Completed"])
def test_an_end_before_its_start_sets_the_row_aside(status):
    cleaned = clean([{"status": status, "end_date": "31/03/2020"}, {}])
    assert cleaned.quarantine["reason"].tolist() == ["The project ends before it starts."]


def test_such_cells_are_counted_by_column_in_one_sentence():
    cleaned = clean([{"updated_date": "soon"}, {"updated_date": "x", "progress_score": "7"}, {}])
    sentence = (
        "3 cells that no rate needs could not be read and count as blank, to be corrected: Updated "
        "date (2) and Progress score (1)."
    )
    assert qi.describe_cleaning(cleaned).endswith(sentence)
    assert sentence in repr(cleaned)
    assert sentence in cleaned._repr_html_()
    one = qi.describe_cleaning(clean([{"updated_date": "soon"}, {}]))
    assert one.endswith(
        "1 cell that no rate needs could not be read and counts as blank, to be corrected: Updated "
        "date (1)."
    )


def test_the_workbook_and_the_snapshot_keep_them(tmp_path):
    cleaned = clean([{"updated_date": "soon"}, {"start_date": "31/06/2020"}, {}])
    register = qi.Register(cleaned.register, profile=PROFILE, as_of="2021-05-04", cleaning=cleaned)
    kept = qi.load_register(
        write_snapshot(register, tmp_path / "a.parquet") or tmp_path / "a.parquet"
    )
    for frame in ("faulty_cells", "set_aside", "rows_to_correct"):
        pd.testing.assert_frame_equal(getattr(kept.cleaning, frame), getattr(cleaned, frame))
    write_workbook(cleaned, tmp_path / "q.xlsx")
    sheet = pd.read_excel(tmp_path / "q.xlsx", "Goodall", dtype=str, engine="calamine")
    assert sheet["Row in the export"].tolist() == ["2", "3"]
    assert sheet["What is wrong"].str.contains(KEPT).tolist() == [True, False]
    assert describe_set_aside(kept) == describe_set_aside(register)


def test_of_the_rows_set_aside_it_is_said_how_many_say_yes():
    rows = [{"start_date": "soon"}, {"start_date": "soon", "involvement_level": "Consulted"},
            {"involvement_level": "Sort of"}, {}, {"carer_involved": "no"}, {}]  # fmt: skip
    cleaned = clean(rows)
    register = qi.Register(cleaned.register, profile=PROFILE, as_of="2021-05-04", cleaning=cleaned)
    end = "counted nowhere."
    assert describe_set_aside(register) == f"Of 3 rows set aside, 1 says yes (doing with), {end}"
    other = register.override(definition="any")
    assert describe_set_aside(other) == f"Of 3 rows set aside, 2 say yes (any involvement), {end}"
    several = register.override(definition="several_areas")
    assert describe_set_aside(several).startswith("Of 3 rows set aside, none is known to say yes (")
    assert describe_set_aside(register.select(directorate="Goodall")) == ""
    assert describe_set_aside(qi.Register(cleaned.register, profile=PROFILE)) == ""
    whole = clean([{}])
    assert describe_set_aside(qi.Register(whole.register, profile=PROFILE, cleaning=whole)) == ""


CELLS = {column: st.sampled_from(["", "?!", cell]) for column, cell in FAULTY.items()}


@given(st.lists(st.fixed_dictionaries({}, optional=CELLS), min_size=1, max_size=4))
def test_no_fault_in_a_cell_that_is_not_needed_ever_moves_the_headline(rows):
    cleaned = clean(rows)
    assert len(cleaned.register) == len(rows)
    faulty = {(str(i), c) for i, row in enumerate(rows, 1) for c, cell in row.items() if cell}
    assert {*cleaned.faulty_cells[["project_id", "column"]].itertuples(index=False)} == faulty
    counts = qi.count_involvement(cleaned.register, profile=PROFILE, basis="started")
    assert counts["numerator"].tolist() == [len(rows)]


def test_the_columns_that_are_not_needed_are_declared_once():
    assert OPTIONAL == ("updated_date", "progress_score", "first_involved_date")


# --- thresholds -----------------------------------------------------------------------------------


def refused(raw: pd.DataFrame) -> str:
    with pytest.raises(qi.RegisterError, match="cannot be used") as refusal:
        qi.clean_register(raw)
    return str(refusal.value)


def with_repeats(unread: int, sound: int, repeats: int) -> pd.DataFrame:
    """Return different rows that cannot be read, and sound ones of which the last is repeated."""
    rows = [(f"{i}", "31/31/2020") for i in range(unread)]
    rows += [(f"S{i}", "01/04/2020") for i in range(sound)]
    rows += [rows[-1]] * repeats
    frame = pd.DataFrame(rows, columns=["ID", "Start Date"])
    return frame.assign(Title="a", Group="Goodall", Level="Big I").rename(
        columns={"Level": "Level of Involvement"}
    )


@pytest.mark.parametrize(("unread", "sound", "repeats"), [(6, 5, 40), (9, 1, 10), (2, 1, 1)])
def test_repeats_of_a_sound_row_hide_no_rows_that_cannot_be_read(unread, sound, repeats):
    which = f"{unread} of its {unread + sound} different rows cannot be read"
    assert which in refused(with_repeats(unread, sound, repeats))


def test_half_of_the_different_rows_is_not_more_than_half():
    cleaned = qi.clean_register(with_repeats(5, 5, 3))
    assert cleaned.warnings[0] == "50% of the rows were set aside: the figures may mislead."


def test_repeats_hide_no_warning_of_many_rows_set_aside():
    assert "20% of the rows" in qi.clean_register(with_repeats(1, 4, 30)).warnings[0]


def test_one_row_without_an_identifier_written_many_times_is_one_row_that_cannot_be_read():
    raw = with_repeats(0, 5, 0)
    blank = raw.tail(1).assign(ID="")
    cleaned = qi.clean_register(pd.concat([raw, *[blank] * 20], ignore_index=True))
    assert cleaned.counts["quarantined"] == 20
    assert cleaned.warnings[0] == "17% of the rows were set aside: the figures may mislead."


def test_blank_rows_count_as_nothing():
    raw = with_repeats(3, 1, 0)
    blank = pd.DataFrame("", index=range(50), columns=raw.columns)
    assert "3 of its 4 rows cannot be read" in refused(pd.concat([raw, blank], ignore_index=True))


def test_repeats_hide_no_directorates_that_the_profile_does_not_know():
    raw = with_repeats(0, 6, 30)
    raw["Group"] = ["North", "South", "East", "West", "Hill", *["Goodall"] * 31]
    cleaned = qi.clean_register(raw)
    most = "Most projects bear directorates that the profile does not know (5 of 6)"
    assert most in " ".join(cleaned.warnings)


def test_repeats_hide_no_rows_that_are_gone_since_the_last_snapshot(tmp_path):
    def register(n, repeats):
        cleaned = qi.clean_register(with_repeats(0, n, repeats))
        return qi.Register(cleaned.register, profile=PROFILE, as_of="2020-05-01", cleaning=cleaned)

    write_snapshot(register(20, 0), tmp_path / "2020-04-01.parquet")
    (warned, *_), _ = warn_of_history(register(5, 15), tmp_path / "2020-04-01.parquet")
    assert warned.startswith("The export has 5 rows and the snapshot of 1 April 2020 had 20")


def test_a_repeat_with_a_faulty_cell_is_a_repeat():
    cleaned = qi.clean_register(
        table("""
        ID | Title | Group   | Level of Involvement | Last Updated
        1  | a     | Goodall | Big I                | soon
        1  | a     | Goodall | Big I                | soon
        2  | a     | Goodall | Big I                |
    """)
    )
    assert cleaned.counts["identical_duplicates"] == 1
    assert cleaned.faulty_cells["source_row"].tolist() == [2]


@pytest.mark.parametrize("repeated", ["25/04/2020", "30/06/2020"])
def test_repeats_of_one_date_do_not_make_slips_of_a_columns_order(repeated):
    days = ["04/01/2020", "05/02/2020", "06/03/2020", "04/17/2020", "05/23/2020", repeated]
    raw = pd.DataFrame({"ID": [f"{i}" for i in range(6)], "Start Date": days}).assign(
        Title="a", Group="Goodall", **{"Level of Involvement": "Big I"}
    )
    with pytest.raises(qi.RegisterError) as once:
        qi.clean_register(raw)
    with pytest.raises(qi.RegisterError) as often:
        qi.clean_register(pd.concat([raw, *[raw.tail(1)] * 40], ignore_index=True))
    assert str(once.value) == str(often.value)
    assert re.search(r"month first", str(once.value))
