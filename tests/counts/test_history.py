"""What registers of past days said of live projects stands, and today's record does not replace it.

A count is taken from a kept register by hand: so many live, so many of them partners.
"""

import dataclasses

import pandas as pd
import pytest
from conftest import clean_projects, register, rows

import qi_analysis as qi
from qi_analysis.core.schema import COUNTS_AND_BLANKS as COUNTS

SAID, RECORD = "that day's register", "today's record"
THEN, NOW = "2024-03-31", "2025-03-31"


def projects(partners: int, others: int, start: str = "2023-05-01") -> pd.DataFrame:
    """Return live projects, so many of them partners; all but their names alike."""
    frame = clean_projects(f"approach | start_date\ndoing_with | {start}\nnone | {start}")
    frame = frame.loc[[0] * partners + [1] * others].reset_index(drop=True)
    return frame.assign(project_id=[f"P{i}" for i in range(len(frame))])


def live(frame: pd.DataFrame, day: str = NOW, **options) -> qi.Register:
    return register(frame, basis="active", as_of=day, **options)


@pytest.fixture
def published() -> qi.Register:
    """Return a register of whose projects 45 of 108 were partners a year ago, and 61 of 111 are."""
    then = live(projects(45, 63), THEN)
    now = pd.concat([projects(55, 51), projects(6, 0, "2024-06-01")], ignore_index=True)
    return live(now.drop(range(55, 56)), earlier=[then])


def test_a_past_point_is_what_the_register_of_that_day_said(published):
    """Today's record has 55 of 105 projects running on that day."""
    today = qi.count_involvement(published, period="quarter").set_index("period")
    assert today.loc[THEN[:4] + "-01-01", COUNTS[:2]].tolist() == [55, 105]
    series = qi.counts.count_live(published)
    assert rows(series, "period", "numerator", "denominator", "source") == [
        ["2023-04-01", 55, 105, RECORD],
        ["2023-07-01", 55, 105, RECORD],
        ["2023-10-01", 55, 105, RECORD],
        ["2024-01-01", 45, 108, SAID],
        ["2024-04-01", 61, 111, RECORD],
        ["2024-07-01", 61, 111, RECORD],
        ["2024-10-01", 61, 111, RECORD],
        ["2025-01-01", 61, 111, SAID],
    ]
    assert qi.counts.describe_live(series) == (
        "Of 7 past quarters, the register of the last day is kept for 1, and its own count is "
        "shown. For the other 6, today's record stands for the past."
    )
    years = qi.counts.count_live(published, period="year")
    assert qi.counts.describe_live(years) == (
        "Each past year's count is what the register of its last day said."
    )
    today = qi.counts.count_live(published.override(earlier=[]), period="month")
    assert qi.counts.describe_live(today) == (
        "No register of a past month's last day is kept: today's record stands for the past."
    )
    assert qi.counts.describe_live(years.tail(1)) == ""


def test_the_change_since_the_last_register_is_said_with_both_counts(published):
    counts = qi.count_involvement(published).pipe(qi.counts.add_earlier, published)
    assert rows(counts, "earlier_day", "earlier_numerator", "earlier_denominator") == [
        [THEN, 45, 108]
    ]
    assert qi.counts.describe_since(counts, published) == (
        "On 31 March 2024 the register said 45 of 108 (42%); a year on it is 61 of 111 (55%)."
    )


@pytest.mark.parametrize(
    ("then", "now", "words"),
    [
        ("2024-02-29", "2024-03-31", "a month on"),
        ("2024-03-31", "2024-09-30", "6 months on"),
        ("2022-03-15", "2024-03-15", "2 years on"),
        ("2024-03-31", "2024-04-01", "a day on"),
        ("2024-03-31", "2024-04-30", "a month on"),
        ("2024-03-30", "2024-05-14", "45 days on"),
    ],
)
def test_the_time_between_two_registers_is_said_in_whole_units(then, now, words):
    before = live(projects(1, 1, "2020-01-01"), then)
    own = live(projects(2, 0, "2020-01-01"), now, earlier=[before])
    said = qi.counts.describe_since(qi.count_involvement(own).pipe(qi.counts.add_earlier, own), own)
    assert f"1 of 2 (50%); {words} it is 2 of 2 (100%)." in said


def test_a_register_between_two_ends_of_quarters_stands_for_neither(published):
    kept = live(projects(1, 1), "2024-03-30")
    own = published.override(earlier=[kept])
    series = qi.counts.count_live(own)
    assert series["source"].tolist() == [RECORD] * 7 + [SAID]
    later = published.override(earlier=[live(projects(1, 1), "2025-06-30")])
    assert qi.counts.count_live(later)["source"].tolist() == [RECORD] * 7 + [SAID]
    counts = qi.count_involvement(later).pipe(qi.counts.add_earlier, later)
    assert counts["earlier_day"].isna().all()
    assert qi.counts.describe_since(counts, later) == ""


def test_an_open_project_without_a_start_is_live_in_the_register_of_its_day():
    frame = projects(2, 2)
    undated = frame.assign(start_date=frame["start_date"].where(frame.index > 0))
    own = live(undated, "2024-06-30", earlier=[live(undated, THEN)])
    series = qi.counts.count_live(own)
    assert rows(series.tail(3), "numerator", "denominator", "source") == [
        [1, 3, RECORD],
        [2, 4, SAID],
        [2, 4, SAID],
    ]


def test_each_directorate_has_its_own_past_and_a_new_one_none():
    then = projects(2, 2).assign(directorate=["Rehab", "CMHT", "Rehab", "Gone"])
    now = projects(3, 1).assign(directorate=["Rehab", "CMHT", "Rehab", "New"])
    own = live(now, "2024-06-30", earlier=[live(then, THEN)])
    counts = qi.count_involvement(own, by="directorate")
    counts = qi.counts.add_earlier(counts, own, by="directorate")
    columns = "numerator", "denominator", "earlier_numerator", "earlier_denominator"
    assert rows(counts, "directorate", *columns) == [
        ["CMHT", 1, 1, 1, 1],
        ["New", 0, 1, 0, 0],
        ["Rehab", 2, 2, 1, 2],
    ]
    series = qi.counts.count_live(own, by="directorate")
    series = series[series["period"] == "2024-01-01"]
    assert rows(series, "directorate", "numerator", "denominator", "source") == [
        ["CMHT", 1, 1, SAID],
        ["Gone", 0, 1, SAID],
        ["New", 0, 0, SAID],
        ["Rehab", 1, 2, SAID],
    ]
    for name, before in {"Rehab": "1 of 2 (50%)", "New": "no live projects"}.items():
        ours = own.select(directorate=name)
        said = qi.count_involvement(ours).pipe(qi.counts.add_earlier, ours)
        assert before in qi.counts.describe_since(said, ours)


def test_a_past_count_of_other_words_is_not_set_beside_todays(published):
    """A level that meant partnership then and does not now; or another least of areas."""
    profile = qi.load_profile()
    definitions = dict(profile.definitions)
    definitions["doing_with"] = dataclasses.replace(definitions["doing_with"], approach="doing_for")
    levels = {**profile.levels, "doing_with": (*profile.levels["doing_with"], "Fifth rung")}
    more_then = dataclasses.replace(profile, levels=levels, sha256="other levels")
    for then in (dataclasses.replace(profile, definitions=definitions, sha256="other"), more_then):
        kept = published.earlier[0].override(profile=then)
        own = published.override(earlier=[kept])
        assert qi.counts.count_live(own)["source"].eq(RECORD).sum() == 7
        counts = qi.count_involvement(own).pipe(qi.counts.add_earlier, own)
        assert counts["earlier_numerator"].isna().all()
        assert qi.counts.describe_since(counts, own) == (
            "The profile's words for meaningful involvement have changed since the register of 31 "
            "March 2024, so its count is not compared with today's."
        )
    own = published.override(profile=more_then)  # a word that is new since: nothing has changed
    assert qi.counts.count_live(own)["source"].eq(SAID).sum() == 2


def test_a_kept_register_is_read_with_the_profile_of_its_day(published, tmp_path):
    profile = qi.load_profile()
    text = profile.text.replace(b"Big I", b"Big Eye")
    other = tmp_path / "other.toml"
    other.write_bytes(text)
    then = published.earlier[0].override(profile=qi.load_profile(other))
    qi.snapshots.keep_snapshot(then, tmp_path)
    (kept,) = qi.snapshots.KeptRegisters(tmp_path, profile)
    assert kept.profile.sha256 == then.profile.sha256 != profile.sha256
    assert qi.count_involvement(kept)["denominator"].item() == 108


def test_the_series_has_the_columns_of_a_count_and_its_source(published):
    counts = qi.count_involvement(published, by="directorate", period="year")
    series = qi.counts.count_live(published, by="directorate", period="year")
    assert list(series) == [*counts, "source"]
    pd.testing.assert_series_equal(series.dtypes[list(counts)], counts.dtypes)
    nothing = published.override(
        projects=published.projects.iloc[:0], earlier=[live(projects(1, 0), THEN)]
    )
    assert list(qi.counts.count_live(nothing)) == list(qi.counts.count_live(published))
    assert qi.counts.describe_live(qi.counts.count_live(nothing)) == (
        "No project has a start date, so there is nothing to show over time."
    )
    with pytest.raises(ValueError, match=r"^`period` must be 'month' or 'quarter' or 'year'; not"):
        qi.counts.count_live(published, period="week")
