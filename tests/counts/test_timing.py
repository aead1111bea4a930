"""How early people are involved: who is followed, for how long, and what is said of it."""

import numpy as np
import pandas as pd
import pytest
from conftest import clean_projects, register, rows
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi

AS_OF = pd.Timestamp("2021-05-04")
NOBODY = register(clean_projects("approach\nnone").iloc[:0])
LAST = {"days": 0, "at_risk": 0, "involved": 0, "projects": 0, "undated": 0, "left_out": 0}


def follow(text: str) -> pd.DataFrame:
    """Follow the projects of a text table; all start on 1 January 2021 unless it says otherwise."""
    projects = clean_projects(text)
    if "start_date" not in text:
        projects = projects.assign(start_date=pd.Timestamp("2021-01-01"))
    return qi.time_to_involvement(register(projects), as_of=AS_OF)


def test_the_share_is_kaplan_and_meiers_of_projects_still_followed():
    """1/5 by day 0; then 1 of 3 still followed on day 31; then 1 of the last 2 on day 59."""
    curve = follow("""
        approach   | status    | end_date   | first_involved_date
        doing_with | active    | blank      | 2020-11-30
        none       | completed | 2021-01-11 | blank
        doing_to   | active    | blank      | 2021-02-01
        doing_with | active    | blank      | 2021-03-01
        none       | active    | 2021-04-01 | blank
    """)
    assert rows(curve, "days", "at_risk", "involved") == [
        [0, 5, 1],
        [31, 3, 1],
        [59, 2, 1],
        [123, 1, 0],
    ]
    left = np.array([4 / 5, 4 / 5 * 2 / 3, 4 / 5 * 2 / 3 * 1 / 2, 4 / 5 * 2 / 3 * 1 / 2])
    np.testing.assert_allclose(curve["share_involved"], 1 - left)
    np.testing.assert_allclose(curve["months"], curve["days"] * 12 / 365.25)


def test_the_limits_are_greenwoods_on_the_log_log_scale():
    """By hand: S = 3/4, Greenwood's sum 1 / (4 x 3), so the standard error of ln(-ln S) is
    sqrt(1/12) / ln(3/4), and the limits are S to the power of exp(-+1.96 x that)."""
    curve = follow("approach | first_involved_date\ndoing_to | 2021-02-01\n" + "none | blank\n" * 3)
    spread = 1.959964 * np.sqrt(1 / 12) / np.log(3 / 4)
    limits = sorted(1 - 0.75 ** np.exp([spread, -spread]))
    found = curve[["lower_cl", "upper_cl"]].iloc[1].tolist()
    np.testing.assert_allclose(found, limits, rtol=1e-6)


def test_the_published_remission_times_are_reproduced():
    """6-mercaptopurine in leukaemia: Freireich and others (1963), Blood 21:699, 21 patients; the
    estimates are those of Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data
    (1980). Weeks stand as days."""
    events = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    lines = [f"2021-01-01 | active | blank | {day(n)} | doing_to" for n in events]
    lines += [f"2021-01-01 | completed | {day(n)} | blank | none" for n in censored]
    head = "start_date | status | end_date | first_involved_date | approach"
    curve = follow("\n".join([head, *lines])).set_index("days")
    survivors = 1 - curve.loc[[6, 7, 10, 13, 16, 22, 23], "share_involved"]
    assert survivors.round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    assert qi.describe_time_to_involvement(curve.reset_index()).startswith(
        "Half of 21 projects had involved people within 1 month of starting (95% interval: 1 month "
        "or more)."
    )


def day(n: int) -> str:
    """Return the day that lies some days after 1 January 2021."""
    return str((pd.Timestamp("2021-01-01") + pd.Timedelta(days=n)).date())


@pytest.mark.parametrize(
    ("project", "days", "involved"),
    [
        ("doing_to | active    | blank      | 2020-12-01", 0, 1),
        ("doing_to | active    | blank      | 2021-01-01", 0, 1),
        ("doing_to | active    | blank      | 2021-01-02", 1, 1),
        ("doing_to | active    | blank      | 2021-05-04", 123, 1),
        ("doing_to | active    | blank      | 2021-05-05", 123, 0),
        ("none     | active    | 2021-02-01 | blank", 123, 0),
        ("none     | paused    | 2021-02-01 | blank", 123, 0),
        ("none     | completed | 2021-02-01 | blank", 31, 0),
        ("none     | completed | 2021-06-01 | blank", 123, 0),
        ("none     | unknown   | 2021-02-01 | blank", 31, 0),
        ("none     | completed | 2021-01-01 | blank", 0, 0),
        ("doing_to | completed | 2021-02-01 | 2021-03-01", 59, 1),
        ("none     | active    | blank      | 2021-02-01", 123, 0),
    ],
)
def test_a_project_is_followed_to_its_involvement_its_end_or_the_day_of_the_register(
    project, days, involved
):
    curve = follow(f"approach | status | end_date | first_involved_date\n{project}")
    last = curve.iloc[-1]
    assert [last["days"], last["involved"], last["undated"]] == [days, involved, 0]
    assert curve["at_risk"].iloc[0] == 1


def test_projects_that_cannot_be_placed_are_left_out_and_counted():
    curve = follow("""
        approach | status            | start_date | end_date
        none     | proposed          | 2021-01-01 | blank
        none     | proposed          | blank      | blank
        none     | active            | 2021-05-05 | blank
        none     | active            | blank      | blank
        none     | completed         | 2021-01-01 | blank
        doing_to | closed_unfinished | 2021-01-01 | blank
        none     | active            | 2021-05-04 | blank
    """)
    assert rows(curve, "days", "at_risk", "projects", "left_out") == [[0, 1, 1, 3]]


def test_an_unrecorded_day_counts_as_not_yet_and_at_best_as_the_first():
    curve = follow("""
        approach     | first_involved_date
        doing_with   | 2021-02-01
        doing_with   | blank
        not_recorded | blank
        none         | blank
    """)
    shares = curve[["days", "share_involved", "highest", "undated"]]
    expected = [[0, 0, 0.5, 2], [31, 0.25, 0.75, 2], [123, 0.25, 0.75, 2]]
    np.testing.assert_allclose(shares, expected)


def test_three_of_six_is_a_half_though_the_computer_puts_it_a_hair_below():
    days = ["2021-01-10", "2021-02-10", "2021-03-10"]
    lines = [f"doing_to | {day}" for day in days] + ["none | blank"] * 3
    curve = follow("\n".join(["approach | first_involved_date", *lines]))
    assert qi.describe_time_to_involvement(curve).startswith(
        "Half of 6 projects had involved people within 3 months of starting"
    )


def test_where_no_day_is_recorded_at_all_nothing_is_known_of_the_time(example):
    blank = example.projects.assign(first_involved_date=pd.NaT)
    curve = qi.time_to_involvement(register(blank), as_of=AS_OF)
    assert curve["share_involved"].tolist() == [0, 0]
    assert curve[["lower_cl", "upper_cl"]].isna().all(axis=None)
    assert qi.describe_time_to_involvement(curve).startswith(
        "For none of 553 projects is a day recorded on which people were first involved. How early "
        "people come in cannot be told."
    )
    ax = qi.plot_time_to_involvement(curve)
    assert ax.figure.get_label() == "message only"  # a chart, and its numbers, would say 0%


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("approach | status\nnone | proposed",
         "No project has begun on a day that is recorded, so no time can be told."),
        ("approach | first_involved_date\n" + "doing_with | 2021-01-01\n" * 4,
         "4 projects can be followed: too few to say how early people come in."),
        ("approach | first_involved_date\ndoing_with | blank",
         "1 project can be followed: too few to say how early people come in."),
        ("approach | first_involved_date\n" + "doing_with | 2020-01-01\n" * 5,
         "Half of 5 projects had involved people by the day they started."),
        ("approach | first_involved_date\n" + "doing_with | 2021-03-31\n" * 5,
         "Half of 5 projects had involved people within 3 months of starting."),
        ("approach\n" + "none\n" * 5,
         "For none of 5 projects is a day recorded on which people were first involved."),
        ("approach | first_involved_date\ndoing_with | 2021-01-31\n" + "none | blank\n" * 4,
         "Fewer than half of 5 projects are known to have involved people, however long they are "
         "followed: 20% within 5 months of starting (95% interval: 3% to 80%)."),
        ("approach | start_date\n" + "none | 2021-01-01\n" * 5 + "none | blank",
         "For none of 5 projects is a day recorded on which people were first involved. 1 project "
         "is left out: its first or last day is not recorded."),
    ],
)  # fmt: skip
def test_a_sentence_says_how_early_and_refuses_to_where_too_little_is_known(text, sentence):
    curve = follow(text)
    assert qi.describe_time_to_involvement(curve) == sentence
    assert qi.plot_time_to_involvement(curve).figure.get_gid() == sentence


def test_a_register_without_projects_gives_one_row_and_no_share():
    curve = qi.time_to_involvement(NOBODY, as_of=AS_OF)
    assert curve[list(LAST)].to_dict("records") == [LAST]
    assert curve[["share_involved", "lower_cl", "upper_cl", "highest"]].isna().all(axis=None)


def test_the_chart_draws_both_readings_where_days_are_missing():
    curve = follow(
        "approach | first_involved_date\n" + "doing_with | 2021-01-31\n" * 3
        + "doing_with | blank\nnone | blank\nnone | blank"
    )  # fmt: skip
    ax = qi.plot_time_to_involvement(curve)
    assert [list(line.get_ydata()) for line in ax.lines] == [
        curve["share_involved"].tolist(),
        curve["highest"].tolist(),
    ]
    assert [t.get_text() for t in ax.texts] == ["As recorded", "If unrecorded days\nwere the first"]


DAYS = st.integers(0, 120)


@given(st.lists(st.tuples(DAYS, st.booleans()), min_size=1, max_size=15))
def test_the_share_rises_within_its_limits_and_no_project_is_lost(drawn):
    head = "approach | status | end_date | first_involved_date"
    lines = [
        f"doing_to | active | blank | {day(n)}" if did else f"none | completed | {day(n)} | blank"
        for n, did in drawn
    ]
    curve = follow("\n".join([head, *lines]))
    assert curve["share_involved"].between(0, 1).all()
    assert curve["share_involved"].is_monotonic_increasing
    assert curve["involved"].sum() == sum(did for _, did in drawn)
    known = curve.dropna()
    assert (known["lower_cl"] <= known["share_involved"]).all()
    assert (known["share_involved"] <= known["upper_cl"]).all()
