"""One cell to a value, or to the reason why it has none: the messy forms of a real export."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.cleaning.parsers import EXCEL_EPOCH, cell_readers

PROFILE = qi.load_profile()
READERS = cell_readers(PROFILE)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("QI-0012", "QI-0012"),
        ("0012", "0012"),
        ("123.0", "123"),
        ("0012.00", "0012"),
        ("123.5", "123.5"),
        ("QI-1.0", "QI-1.0"),
    ],
)
def test_an_identifier_keeps_its_zeros_and_loses_a_spreadsheets_decimals(cell, value):
    row = {"ID": [cell], "Title": ["Falls"], "Group": ["Rehab"], "Carers involved": ["yes"]}
    assert qi.clean_register(pd.DataFrame(row)).register["project_id"].tolist() == [value]


@pytest.mark.parametrize(
    "cell",
    [
        "01/04/2020", "1/4/2020", "01/04/20", "1.4.2020", "1.4.20", "01-04-2020", "1 4 2020",
        "1 April 2020", "1st April 2020", "01-Apr-20", "1 apr 2020", "1 April, 2020",
        "Wed 1 April 2020", "Wednesday, 1/4/2020", "2020-04-01", "2020/4/1", "2020-04-01 00:00:00",
        "2020-04-01 09:30:00.123", "2020-04-01T09:30:00", "2020-04-01T09:30:00Z",
        "2020-04-01T09:30:00+01:00", "01/04/2020 09:30", "01/04/2020 9:30 PM", "43922", "43922.0",
        "43922.75", "April 1, 2020", "Apr 1 2020", "APR 1st, 2020", "Apr. 1, 20", "Apr-01-2020",
        "Apr 1 2020 12:00AM", "1st of April 2020", "1. April 2020", "01.Apr.2020", "1 Apr. 2020",
        "1 April 2020 09:30", "Wed 1st of April, 2020", "Wed. 1 April 2020",
        "Wednesday, April 1, 2020",
        "20200401", "20200401.0", "2020.04.01", "2020.4.1", "2020 04 01", "2020-Apr-01",
        "2020 April 1", "01/04/2020, 09:30:00", "2020-04-01T09:30:00,123+0100",
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["start", "end"])
def test_a_day_in_any_style_is_read_day_first(kind, cell):
    assert READERS[kind](cell) == (date(2020, 4, 1), None)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2020-04-01 00:00:00.0000000 +01:00", 1), ("2020-04-01T00:00:00Z", 1),
        ("2020-03-31T23:30:00Z", 1), ("2020-03-31T23:30:00+00:00", 1), ("2020-04-01T23:30Z", 2),
        ("2020-04-01 23:30:00 UTC", 2), ("2020-04-01 23:30:00 BST", 1),
        ("01/04/2020 11:30 PM Z", 2),
        ("01/04/2020 12:30 AM +02", 31), ("2020-04-01T02:00:00+0900", 31),
        ("2020-03-31T20:30:00-05:00", 1), ("Wed, 01 Apr 2020 00:00:00 +0100", 1),
        ("Wed Apr 01 2020 00:00:00 GMT+0100 (British Summer Time)", 1),
    ],
)  # fmt: skip
def test_a_time_with_a_zone_falls_on_its_day_in_london(cell, day):
    found = date(2020, 3, 31) if day == 31 else date(2020, 4, day)
    assert READERS["start"](cell) == READERS["end"](cell) == (found, None)


def test_in_winter_london_has_the_day_of_universal_time():
    assert READERS["start"]("2020-12-01T23:30:00Z") == (date(2020, 12, 1), None)


MONTH_FIRST = cell_readers(PROFILE, "month first")


@pytest.mark.parametrize(
    "cell",
    ["04/01/2020", "4/1/20", "4.1.2020", "04-01-2020 09:30", "Wed 4/1/2020", "4/1/2020, 9:30 AM"],
)  # fmt: skip
def test_a_day_in_figures_is_read_month_first_where_the_profile_says_so(cell):
    assert MONTH_FIRST["start"](cell) == MONTH_FIRST["end"](cell) == (date(2020, 4, 1), None)


@pytest.mark.parametrize("cell", ["2020-04-01", "1 April 2020", "43922", "20200401", "Q1 2020/21"])
def test_what_is_certain_is_read_alike_in_either_order(cell):
    assert MONTH_FIRST["start"](cell) == READERS["start"](cell) == (date(2020, 4, 1), None)


def test_a_month_that_does_not_exist_is_said_with_the_order():
    reason = "There is no such month; dates are read month first."
    assert MONTH_FIRST["start"]("25/04/2020") == (None, reason)


def test_without_an_order_only_what_is_certain_is_read():
    read = cell_readers(PROFILE, "")["start"]
    assert read("1 April 2020") == (date(2020, 4, 1), None)
    for cell in ("01/04/2020", "25/04/2020", "04/25/2020"):
        assert read(cell) == (
            None,
            "Nothing shows which is the day and which the month; write it as 2020-04-01.",
        )
    assert read("2020-13-01") == (None, "There is no such month.")
    assert read("soon") == (None, "This is not a date that can be read; write it as 2020-04-01.")


@pytest.mark.parametrize(
    ("cell", "first", "last"),
    [
        ("Apr-20", date(2020, 4, 1), date(2020, 4, 30)),
        ("apr 2020", date(2020, 4, 1), date(2020, 4, 30)),
        ("April 2020", date(2020, 4, 1), date(2020, 4, 30)),
        ("April '20", date(2020, 4, 1), date(2020, 4, 30)),
        ("Sept 2020", date(2020, 9, 1), date(2020, 9, 30)),
        ("02/2020", date(2020, 2, 1), date(2020, 2, 29)),
        ("Feb-19", date(2019, 2, 1), date(2019, 2, 28)),
        ("Sept. 2020", date(2020, 9, 1), date(2020, 9, 30)),
        ("2020-04", date(2020, 4, 1), date(2020, 4, 30)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2021/11", date(2021, 11, 1), date(2021, 11, 30)),
        ("Q1 2020/21", date(2020, 4, 1), date(2020, 6, 30)),
        ("Q2 2020-21", date(2020, 7, 1), date(2020, 9, 30)),
        ("q3 2020/2021", date(2020, 10, 1), date(2020, 12, 31)),
        ("2020/21 Q4", date(2021, 1, 1), date(2021, 3, 31)),
    ],
)
def test_a_month_or_quarter_begins_a_project_on_its_first_day_and_ends_it_on_its_last(
    cell, first, last
):
    assert READERS["start"](cell) == (first, None)
    assert READERS["end"](cell) == (last, None)


def test_quarters_follow_the_trusts_financial_year():
    readers = cell_readers(replace(PROFILE, first_month=10))
    assert readers["start"]("Q1 2020/21") == (date(2020, 10, 1), None)
    assert readers["end"]("Q2 2020/21") == (date(2021, 3, 31), None)


@pytest.mark.parametrize(
    "cell", ["TBC", "tbc", "N/A", "n/k", "ongoing", "Open", "Not yet", "-", "?", "To be confirmed"]
)
def test_words_for_no_date_leave_it_blank(cell):
    assert READERS["start"](cell) == READERS["end"](cell) == (None, None)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("31/06/2020", "There is no such day in that month."),
        ("29/02/2019", "There is no such day in that month."),
        ("0/4/2020", "There is no such day in that month."),
        ("2020-06-31", "There is no such day in that month."),
        ("31 June 2020", "There is no such day in that month."),
        ("01/13/2020", "There is no such month; dates are read day first."),
        ("04/23/2020", "There is no such month; dates are read day first."),
        ("2020-13-01", "There is no such month; dates are read day first."),
        ("13/2020", "There is no such month; dates are read day first."),
        ("20200431", "There is no such day in that month."),
        ("Feb 30, 2020", "There is no such day in that month."),
        ("2010-11", "This may be a month or a financial year; write the day too."),
        ("2008/09", "This may be a month or a financial year; write the day too."),
        ("2020-04-01T25:00:00Z", "There is no such time of day."),
        ("Q1 2020/22", "A financial year is written as 2020/21."),
        ("01/04/1920", "The date lies outside 2005 to 2039."),
        ("01/04/2202", "The date lies outside 2005 to 2039."),
        ("Apr-99", "The date lies outside 2005 to 2039."),
        ("36526", "The date lies outside 2005 to 2039."),
        *(
            (cell, "This is not a date that can be read; write it as 01/04/2020.")
            for cell in (
                "Q5 2020/21", "2020/21", "2020-21", "2020", "12", "20042020", "20201301",
                "36525", "73051", "20-May",
                "soon", "April 1", "1 of 2020", "01/04/2020 (est)",
                "01/04/2020 to 30/06/2020", "01/04/2020 09/06/2020",
                "2020-04-01 2021", "01/04", "1 Foo 2020",
            )
        ),
    ],
)  # fmt: skip
def test_a_date_that_cannot_be_read_is_not_guessed(cell, reason):
    assert READERS["start"](cell) == READERS["end"](cell) == (None, reason)


STYLES = (
    "%d/%m/%Y",
    "%d.%m.%y",
    "%d %B %Y",
    "%d-%b-%y",
    "%Y-%m-%d",
    "%Y-%m-%d %H:%M:%S",
    "%A %d %b %Y",
    "%B %d, %Y",
    "%Y%m%d",
    "%Y.%m.%d",
    "%Y-%m-%dT12:00:00Z",
)


@given(st.dates(date(2005, 1, 1), date(2039, 12, 31)), st.sampled_from(STYLES))
def test_every_day_comes_back_from_every_style(day, style):
    assert READERS["start"](datetime(day.year, day.month, day.day).strftime(style)) == (day, None)


@given(st.integers(38353, 51134))
def test_excels_serial_numbers_count_days(serial):
    assert READERS["end"](str(serial)) == (EXCEL_EPOCH + timedelta(days=serial), None)


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        ("yes", "Yes Y yes TRUE t 1 tick Ticked ✓ ✔ ☑"),
        ("no", "No N no FALSE f 0 none ✗ ✘ ☐"),
        ("not_recorded", "tbc TBA N/A na unknown NULL - -- . ? not_recorded"),
    ],
)
def test_words_for_yes_no_and_neither(value, cells):
    assert {READERS["yes_no"](cell) for cell in cells.split()} == {(value, None)}


@pytest.mark.parametrize(
    ("cell", "value"),
    [("Not yet", "no"), ("No involvement", "no"), ("Yes - see notes", "yes"),
     ("To be confirmed", "not_recorded"), ("Not  known", "not_recorded")],
)  # fmt: skip
def test_phrases_for_yes_no_and_neither(cell, value):
    assert READERS["yes_no"](cell) == (value, None)


@pytest.mark.parametrize("cell", ["x", "X", "xx", "maybe", "2", "Sometimes"])
def test_a_mark_that_may_mean_either_is_not_guessed(cell):
    reason = "This does not say yes, no or blank in words that are known."
    assert READERS["yes_no"](cell) == (None, reason)


def test_a_profile_may_take_an_unclear_mark_as_not_recorded():
    read = cell_readers(replace(PROFILE, unclear="not_recorded"))["yes_no"]
    assert read("x") == read("XX") == ("not_recorded", None)
    assert read("maybe")[0] is None


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Proposed", "proposed"), ("Idea", "proposed"), ("Not started", "proposed"),
        ("Live", "active"), ("In progress", "active"), ("ONGOING", "active"),
        ("On hold", "paused"), ("Paused – Covid", "paused"),
        ("Archived", "completed"), ("Closed", "completed"), ("Done", "completed"),
        ("Abandoned", "closed_unfinished"), ("Closed - not completed", "closed_unfinished"),
        ("unknown", "unknown"), ("N/A", "unknown"),
    ],
)  # fmt: skip
def test_words_for_a_status(cell, value):
    assert READERS["status"](cell) == (value, None)


def test_an_unknown_status_is_not_guessed():
    reason = "This does not say a status in words that are known."
    assert READERS["status"]("Parked in limbo") == (None, reason)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("QI Practicum 2019-20", "practicum"), ("practicum", "practicum"),
        ("Wave 2", "collaborative"), ("QI Collaborative", "collaborative"),
        ("Improvement Coach Programme", "coaching"), ("Team-led", "bespoke"),
        ("No programme", "none"), ("No", "none"), ("none", "none"),
        ("unknown", "unknown"), ("TBC", "unknown"), ("Waverley", "unknown"),
        ("Nowhere", "unknown"),
    ],
)  # fmt: skip
def test_a_programme_is_known_by_how_it_begins(cell, value):
    assert READERS["programme"](cell) == (value, None)


def test_of_two_programmes_that_a_cell_begins_with_the_longer_is_meant():
    read = cell_readers(replace(PROFILE, programmes={"a": ["QI Coach"], "b": ["QI"]}))["programme"]
    assert (read("QI Coach 2020"), read("QI 2020")) == (("a", None), ("b", None))


def test_a_level_is_kept_in_the_registers_words():
    for cell in (
        "Big I",
        "little i",
        "Consulted",
        "Co-produced",
        "Yes - member of team",
        "planned",
    ):
        assert READERS["level"](cell) == (cell, None)
    assert READERS["level"]("TBC") == READERS["level"]("not_recorded") == ("not_recorded", None)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("Big 1", "in the profile. The nearest known is 'big i'."),
        ("Platinum", "This level of involvement is not in the profile."),
        ("Yes", "This level of involvement is not in the profile."),
    ],
)
def test_a_level_that_is_not_in_the_profile_is_not_guessed(cell, reason):
    value, found = READERS["level"](cell)
    assert value is None
    assert found.endswith(reason)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("staff-facing only", "staff_only"), ("No time", "no_time"), ("staff_only", "staff_only"),
        ("Team moved building", "other"), ("N/A", None),
    ],
)  # fmt: skip
def test_a_reason_in_other_words_is_other(cell, value):
    assert READERS["reason"](cell) == (value, None)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("Setting the aim; Collecting data", ("setting_aim", "collecting_data")),
        ("Area 2, area 9", ("setting_aim", "sharing")),
        ("setting_aim|sharing", ("setting_aim", "sharing")),
        ("Driver diagram & change ideas;", ("change_ideas",)),
        ("all", tuple(PROFILE.areas)),
        ("All nine", tuple(PROFILE.areas)),
        ("None", ()),
        ("No", ()),
        ("TBC", None),
        (";", None),
    ],
)
def test_one_cell_may_list_areas(cell, value):
    assert READERS["areas"](cell) == (value, None)


@pytest.mark.parametrize("cell", ["Setting the aim; Tea", "Area 10", "yes"])
def test_a_list_with_an_unknown_area_is_not_guessed(cell):
    assert READERS["areas"](cell) == (None, "This list holds an area that is not in the profile.")


@pytest.mark.parametrize(
    ("cell", "value"),
    [("2.5", 2.5), ("2,5", 2.5), ("5", 5.0), ("0.5", 0.5), ("2.5 - Changes tested", 2.5),
     ("3: Improvement", 3.0), ("4.0 (Sustained)", 4.0), ("TBC", None)],
)  # fmt: skip
def test_a_progress_score_may_bring_its_words(cell, value):
    assert READERS["score"](cell) == (value, None)


@pytest.mark.parametrize("cell", ["0", "5.5", "7", "10", "2.25", "3-4", "2.5/5", "Team formed"])
def test_a_progress_score_off_its_scale_is_not_guessed(cell):
    reason = "A progress score lies between 0.5 and 5.0 in steps of 0.5."
    assert READERS["score"](cell) == (None, reason)


@given(
    st.sampled_from(sorted(READERS)), st.text() | st.text("0123456789/.-: QTZq;aprx", max_size=12)
)
@example("end", "q4 9999/00")
@example("start", "00/0000")
def test_a_cell_gives_a_value_or_a_reason_and_never_fails(kind, cell):
    value, reason = READERS[kind](cell)
    assert value is None or reason is None


# --- answers --------------------------------------------------------------------------------------

BARE = replace(
    PROFILE,
    words={"yes": ("1",), "no": ("0",), "not_recorded": ("tbc",), "unclear": ("x",)},
    unclear="quarantine",
)
UNREAD = "This does not say yes, no or blank in words that are known."


@pytest.mark.parametrize(
    ("value", "cells"),
    [
        ("yes", "Yes YES. 1 1.0 1.00 1,00 '1 TRUE True Checked ticked Selected On ✓ ✔ ✔️ ☑️ ✅ 👍🏽"),
        ("no", "No NO 0 0.0 .00 0,0 FALSE Unchecked Unticked Unselected off ☐ ❌ 👎"),
        ("not_recorded", "TBC tbd TBA NaT nan NaN <NA> NULL (null) . TBC? tbd?"),
    ],
)  # fmt: skip
def test_what_programs_and_phones_write_for_yes_no_and_nothing_is_read(value, cells):
    read = cell_readers(BARE)["yes_no"]
    assert {cell: read(cell) for cell in cells.split(" ")} == dict.fromkeys(
        cells.split(" "), (value, None)
    )
    assert read("Not checked") == read("not selected") == ("no", None)


@pytest.mark.parametrize(
    "cell",
    ["-1", "−1", "(1)", "1%", "#1", "1/2", "2", "1.5", "10", "1,000", "Yes?", "No?", "Y*", "n (?)",
     "?yes", "yes (?)", "No ??", "yes*", "¿No?", "Yes？", "x", "☒", "❎", "Yes/No", "0?", "✅?"],
)  # fmt: skip
@pytest.mark.parametrize("profile", [PROFILE, BARE], ids=["shipped", "bare"])
def test_an_answer_that_says_nothing_for_certain_is_not_read(profile, cell):
    assert cell_readers(profile)["yes_no"](cell) == (None, UNREAD)


@given(st.sampled_from([w for name in ("yes", "no") for w in (name, *PROFILE.words[name])]),
       st.sampled_from(["?", " ?", "*", " (?)", "??"]), st.booleans())  # fmt: skip
def test_a_mark_of_doubt_always_takes_an_answers_certainty(word, doubt, before):
    cell = f"{doubt}{word}" if before else f"{word}{doubt}"
    assert READERS["yes_no"](cell) == (None, UNREAD)


@pytest.mark.parametrize(
    ("kind", "cell"),
    [("level", "Big I?"), ("level", "Consulted*"), ("level", "? Co-produced"), ("status", "Live?"),
     ("status", "Completed (?)"), ("areas", "Setting the aim?"), ("areas", "No?"),
     ("areas", "all?"), ("score", "2.5?"), ("start", "01/04/2020?")],
)  # fmt: skip
def test_doubt_is_doubt_in_every_column(kind, cell):
    value, reason = READERS[kind](cell)
    assert value is None
    assert re.search(r"^(This|A progress)", reason)


@pytest.mark.parametrize("cell", ["TBD", "NaT", "nan", "<NA>", "null", "tba"])
def test_words_that_every_program_writes_for_nothing_are_blanks(cell):
    readers = cell_readers(BARE)
    assert readers["level"](cell) == ("not_recorded", None)
    assert readers["status"](cell) == ("unknown", None)
    for kind in ("start", "end", "score", "areas", "reason"):
        assert readers[kind](cell) == (None, None)


def test_a_profiles_own_words_come_first():
    words = {"yes": ("2", "Yes?", "-1"), "no": ("1", "on", "TBD"), "unclear": ("✅", "✔"),
             "not_recorded": ("0", "checked"), "not_applicable": ("off",)}  # fmt: skip
    read = cell_readers(replace(PROFILE, words=words, levels={"none": ("tbc?",)}))["yes_no"]
    said = {cell: read(cell)[0] for cell in ("2.0", "YES?", "-1", "1", "On", "tbd", "0.0", "Off",
                                             "checked", "✅", "✔️", "ticked")}  # fmt: skip
    assert said == {
        "2.0": "yes", "YES?": "yes", "-1": "yes", "1": "no", "On": "no", "tbd": "no",
        "0.0": "not_recorded", "Off": "not_applicable", "checked": "not_recorded", "✅": None,
        "✔️": None, "ticked": "yes",
    }  # fmt: skip


def test_a_mark_that_the_profile_counts_as_not_recorded_is_so_with_its_variants():
    words = {"unclear": ("✅", "x")}
    read = cell_readers(replace(PROFILE, words=words, unclear="not_recorded"))["yes_no"]
    assert read("✅") == read("X") == read("✅\ufe0f") == ("not_recorded", None)
