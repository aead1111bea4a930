"""How early people are involved: who is followed, for how long, and what is said of it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import clean_projects, register, rows, some
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


def test_a_project_that_ends_with_nobody_involved_never_involves_anybody():
    """1/5 by day 0; the next ends; then 1 of 3 still followed of the 3/5 that are left, on day 31,
    and 1 of 2 of the 2/5 on day 59: were the ended one still followed, it would be more."""
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
    np.testing.assert_allclose(curve["share_involved"], [1 / 5, 2 / 5, 3 / 5, 3 / 5])
    np.testing.assert_allclose(curve["share_ended"], [0, 1 / 5, 1 / 5, 1 / 5])
    np.testing.assert_allclose(curve["months"], curve["days"] * 12 / 365.25)


def seen(days, event, as_of=AS_OF) -> pd.DataFrame:
    """Follow projects for some days each: 1 involves people, 2 ends without, 0 runs on."""
    days, event = np.asarray(days), np.asarray(event)
    starts = (as_of - pd.to_timedelta(days, unit="D")).astype("datetime64[us]")
    projects = clean_projects("approach\n" + "none\n" * len(days)).assign(
        start_date=starts,
        status=np.where(event == 2, "closed_unfinished", "active"),
        end_date=pd.Series(pd.NaT, range(len(days)), "datetime64[us]").mask(event == 2, as_of),
        approach=np.where(event == 1, "doing_with", "none"),
        first_involved_date=pd.Series(pd.NaT, range(len(days)), "datetime64[us]").mask(
            event == 1, as_of
        ),
    )
    return qi.time_to_involvement(register(projects), as_of=as_of)


def limits(share, variance):
    """Return 95% limits of a share, on the complementary log-log scale."""
    wide = 1.959963984540054 * np.sqrt(variance) / ((1 - share) * np.log(1 - share))
    return 1 - (1 - share) ** np.exp(wide), 1 - (1 - share) ** np.exp(-wide)


REFERENCE = pd.read_csv(Path(__file__).parents[1] / "reference" / "aalen_johansen.csv")
SETS = REFERENCE["set"].unique().tolist()


@pytest.mark.parametrize("number", some(SETS, *SETS[::3]))
def test_the_share_and_its_limits_are_those_of_lifelines(number):
    """30 sets of days without ties, drawn by numpy's default_rng(set) (5 to 40 of the days 1 to
    365, and what happened on each); the share and its variance by lifelines 0.30.0,
    AalenJohansenFitter().fit(days, event, event_of_interest=1), which would move ties by chance."""
    theirs = REFERENCE[REFERENCE["set"] == number]
    curve = seen(theirs["days"], theirs["event"])
    both = curve.merge(theirs, on="days", suffixes=("", "_theirs"))
    assert len(both) >= both["involved"].sum() > 0
    np.testing.assert_allclose(both["share_involved"], both["share"], rtol=0, atol=1e-9)
    inside = both[(both["share"] > 0) & (both["share"] < 1 - 1e-9)]
    lower, upper = limits(inside["share"], inside["variance"])
    np.testing.assert_allclose(inside["lower_cl"], lower, rtol=0, atol=1e-9)
    np.testing.assert_allclose(inside["upper_cl"], upper, rtol=0, atol=1e-9)


def test_an_end_and_involvement_on_the_same_day_are_both_of_all_still_followed():
    """Day 10: 2 of 8 involve people, 2 end, 1 is followed no longer. Day 20: of the 3 left, which
    stand for a half, 1 involves people and 1 ends: 1/4 + 1/2 x 1/3."""
    curve = seen([10] * 5 + [20] * 2 + [30], [1, 1, 2, 2, 0, 1, 2, 0])
    assert rows(curve, "days", "at_risk", "involved") == [
        [0, 8, 0],
        [10, 8, 2],
        [20, 3, 1],
        [30, 1, 0],
    ]
    np.testing.assert_allclose(curve["share_involved"], [0, 1 / 4, 5 / 12, 5 / 12])
    np.testing.assert_allclose(curve["share_ended"], [0, 1 / 4, 5 / 12, 5 / 12])


def test_of_ten_of_which_four_end_at_once_and_three_involve_people_three_have_involved_them():
    """Taken for projects that may still involve people, the four would make it a half."""
    curve = seen([30] * 4 + [50] * 3 + [120] * 3, [2] * 4 + [1] * 3 + [0] * 3)
    assert curve["share_involved"].iloc[-1] == pytest.approx(0.3)
    assert qi.describe_time_to_involvement(curve).startswith(
        "Fewer than half of 10 projects are known to have involved people, however long they are "
        "followed: 30% within 4 months of starting (95% interval: 11% to 67%); 40% had ended by "
        "then without."
    )


def test_the_share_within_a_year_is_that_of_a_year_though_nothing_happened_on_its_last_day():
    curve = seen([40, 200, 300, 500, 500, 500], [1, 2, 2, 0, 0, 2])
    assert rows(curve, "days", "at_risk")[2] == [365, 3]
    assert "17% within 12 months of starting" in qi.describe_time_to_involvement(curve)
    assert "; 33% had ended by then without." in qi.describe_time_to_involvement(curve)


FOLLOWED = st.lists(st.tuples(st.integers(0, 400), st.sampled_from([1, 2])), min_size=1)


@given(FOLLOWED)
def test_where_every_project_is_followed_to_its_end_the_share_is_a_plain_proportion(drawn):
    """And its variance the binomial one."""
    days, event = map(np.array, zip(*drawn, strict=True))
    curve = seen(days, event)
    plain = np.array([((event == 1) & (days <= day)).mean() for day in curve["days"]])
    np.testing.assert_allclose(curve["share_involved"], plain, atol=1e-12)
    ended = [((event == 2) & (days <= day)).mean() for day in curve["days"]]
    np.testing.assert_allclose(curve["share_ended"], ended, atol=1e-12)
    inside = (plain > 0) & (plain < 1)
    share = plain[inside]
    lower, upper = limits(share, share * (1 - share) / len(days))
    np.testing.assert_allclose(curve.loc[inside, "lower_cl"], lower, atol=1e-9)
    np.testing.assert_allclose(curve.loc[inside, "upper_cl"], upper, atol=1e-9)
    assert curve.loc[~inside, ["lower_cl", "upper_cl"]].isna().all(axis=None)


def test_where_nothing_ends_the_limits_are_greenwoods_on_the_log_log_scale():
    """By hand: S = 3/4, Greenwood's sum 1 / (4 x 3), so the standard error of ln(-ln S) is
    sqrt(1/12) / ln(3/4), and the limits are S to the power of exp(-+1.96 x that)."""
    curve = follow("approach | first_involved_date\ndoing_to | 2021-02-01\n" + "none | blank\n" * 3)
    spread = 1.959964 * np.sqrt(1 / 12) / np.log(3 / 4)
    expected = sorted(1 - 0.75 ** np.exp([spread, -spread]))
    found = curve[["lower_cl", "upper_cl"]].iloc[1].tolist()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_published_remission_times_are_reproduced_where_nothing_ends():
    """6-mercaptopurine in leukaemia: Freireich and others (1963), Blood 21:699, 21 patients; the
    estimates are those of Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data
    (1980). Weeks stand as days."""
    events = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    curve = seen(events + censored, [1] * 9 + [0] * 12).set_index("days")
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
    assert curve["share_involved"].tolist() == [0, 0, 0]
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
    shares = ["share_involved", "lower_cl", "upper_cl", "share_ended", "highest"]
    assert curve[shares].isna().all(axis=None)


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
    assert (curve["share_involved"] <= curve["highest"] + 1e-9).all()
    assert (curve["share_involved"] + curve["share_ended"] <= 1 + 1e-9).all()
    assert curve["involved"].sum() == sum(did for _, did in drawn)
    known = curve.dropna()
    assert (known["lower_cl"] <= known["share_involved"]).all()
    assert (known["share_involved"] <= known["upper_cl"]).all()
