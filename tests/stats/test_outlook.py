"""The aim ahead: what new projects must bring, and when the rate gets there."""

import math
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.profile import Event
from qi_analysis.register import as_of_date

AS_OF = pd.Timestamp("2021-05-04")
COUNTS = st.integers(0, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
AIMS = st.fractions(Fraction(1, 100), 1, max_denominator=100)


def counts(*pairs: tuple[int, int]) -> pd.DataFrame:
    """Return counts, a row a pair of numerator and denominator."""
    return pd.DataFrame(list(pairs), columns=["numerator", "denominator"])


def projects(starts, approach="none", status="active", end=None) -> pd.DataFrame:
    """Return a register of projects that started on some days."""
    return pd.DataFrame(
        {
            "start_date": pd.DatetimeIndex(starts).astype("datetime64[us]"),
            "approach": approach,
            "status": status,
            "end_date": pd.to_datetime(end).astype("datetime64[us]") if end is not None else pd.NaT,
        }
    ).astype({"end_date": "datetime64[us]"})


def monthly(months: int, each: int = 1, **columns) -> pd.DataFrame:
    """Return some projects a month, started on the 20th of the last so many months."""
    days = [pd.Timestamp("2021-04-20") - pd.DateOffset(months=m) for m in range(months)]
    return projects(np.repeat(days, each), **columns)


def ahead(register: pd.DataFrame, **options) -> pd.DataFrame:
    """Look ahead from 4 May 2021, in 400 futures."""
    given = {"profile": "cnwl", "pauses": (), "simulations": 400, **options}
    return qi.count_outlook(register, as_of=AS_OF, **given)


def last(outlook: pd.DataFrame) -> pd.DataFrame:
    """Return the last month of each future."""
    return outlook[outlook["period"] == outlook["period"].max()]


# --- new starts -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "aim", "starts", "of_new", "of_existing"),
    [
        (104, 260, "80%", 0, 0, 104),
        (104, 260, "80%", 100, 100, 84),  # 288 of 360
        (78, 100, "80%", 100, 82, 0),  # 160 of 200
        (9, 10, "80%", 1, 0, 0),  # 9 of 11 are 82%
        (8, 10, "80%", 1, 1, 0),  # 8 of 11 are 73%
        (0, 0, "80%", 3, 3, 0),  # 2 of 3 are 67%
        (0, 10, "100%", 5, 5, 10),
    ],
)
def test_new_projects_carry_what_they_can_and_the_existing_ones_the_rest(
    k, n, aim, starts, of_new, of_existing
):
    row = qi.stats.add_starts(counts((k, n)), aim, starts).iloc[0]
    assert (row["of_new"], row["of_existing"]) == (of_new, of_existing)


def test_no_project_too_many_is_asked_for_where_floating_point_would():
    assert math.ceil(0.55 * 100) == 56  # 0.55 x 100 is 55.00000000000001
    assert qi.stats.add_starts(counts((0, 40)), "55%", 60)["of_new"].item() == 55
    traps = [n for n in range(1, 1000) if math.ceil(0.07 * n) != -(-7 * n // 100)]
    assert traps  # 0.07 x 100 is 7.000000000000001
    rows = qi.stats.add_starts(counts(*[(0, 0)]), "7%", traps[0])
    assert rows["of_new"].item() == -(-7 * traps[0] // 100)


@given(COUNTS, AIMS, st.integers(0, 500))
def test_what_is_asked_for_is_the_least_that_reaches_the_aim(pair, aim, starts):
    (k, n), row = pair, qi.stats.add_starts(counts(pair), aim, starts).iloc[0]
    more = row["of_new"] + row["of_existing"]
    assert 0 <= row["of_new"] <= starts
    assert 0 <= row["of_existing"] <= n - k
    assert row["of_existing"] == 0 or row["of_new"] == starts
    if n + starts:
        assert Fraction(int(k + more), n + starts) >= aim
        assert more == 0 or Fraction(int(k + more - 1), n + starts) < aim


@pytest.mark.parametrize("starts", [-1, 2.5])
def test_starts_that_cannot_be_are_refused(starts):
    with pytest.raises(ValueError, match="`starts` must be a whole number, 0 or more; not"):
        qi.stats.add_starts(counts((1, 2)), "80%", starts)


@pytest.mark.parametrize(
    ("pair", "starts", "sentence"),
    [
        ((104, 260), 50, "In 104 of 260 projects live today (40%) people are involved "
         "meaningfully: the aim of 80% is not met. It would take 104 more of these projects. With "
         "50 new projects, all of these would have to involve people, and 94 of the existing ones "
         "that do not yet."),
        ((78, 100), 100, "In 78 of 100 projects live today (78%) people are involved meaningfully: "
         "the aim of 80% is not met. It would take 2 more "
         "of these projects. With 100 new projects, 82 of these would have to involve people."),
        ((15, 15), 3, "In 15 of 15 projects live today (100%) people are involved meaningfully: "
         "the aim of 80% is met. "
         "With 3 new projects, none of these would have to involve people."),
        ((1, 1), 1, "In 1 of 1 project live today (100%) people are involved meaningfully: the "
         "aim of 80% is met. With 1 "
         "new project, it would have to involve people."),
        ((190, 200), 0, "In 190 of 200 projects live today (95%) people are involved meaningfully: "
         "the aim of 80% is met."),
        ((9, 10), 1, "In 9 of 10 projects live today (90%) people are involved meaningfully: the "
         "aim of 80% is met. With 1 "
         "new project, it would not have to involve people."),
        ((799, 1000), 0, "In 799 of 1,000 projects live today (79.9%) people are involved "
         "meaningfully: the aim of 80% is not met. It would "
         "take 1 more of these projects."),
        ((0, 0), 10, "There are no projects live today. With 10 new projects, 8 of these would "
         "have to involve people."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_it_takes_now_and_with_new_projects(pair, starts, sentence):
    assert qi.describe_starts(counts(pair), "80%", starts, "live today") == sentence


def test_blanks_that_could_change_the_answer_are_not_taken_for_noes():
    sentence = qi.describe_starts(counts((10, 40)).assign(not_recorded=22), "80%", 0)
    assert sentence == (
        "In 10 of 40 projects (25%) people are involved meaningfully: what is not recorded decides "
        "whether the aim of 80% is met. It would take 22 more of these projects."
    )


def test_an_aim_of_all_projects_is_reached_by_all_of_them_and_there_are_not_too_few():
    assert qi.describe_starts(counts((15, 15)), "100%", 0) == (
        "In 15 of 15 projects (100%) people are involved meaningfully: the aim of 100% is met."
    )
    everybody = future_of(monthly(24, each=5, approach="doing_with"), "100%")
    assert "is at the aim of 100% now (120 of 120). If it goes on" in everybody


# --- the futures ----------------------------------------------------------------------------------


@pytest.mark.parametrize("definition", ["doing_with", "any", "several_areas"])
def test_each_future_begins_with_what_the_headline_counts(example, definition):
    day = as_of_date(example.projects)
    now = qi.count_involvement(example, definition=definition).iloc[0]
    outlook = qi.count_outlook(example, as_of=day, definition=definition, simulations=5)
    first = outlook[outlook["period"] == day]
    assert len(first) == 5
    assert first[["numerator", "denominator"]].drop_duplicates().to_numpy().tolist() == [
        [now["numerator"], now["denominator"]]
    ]
    assert first[["started", "new_numerator", "new_denominator"]].to_numpy().sum() == 0


def test_the_pace_is_that_of_the_projects_that_started_and_ended_lately(example):
    day = as_of_date(example.projects)
    past = qi.count_outlook(example, pauses=(), simulations=1).iloc[0]
    lately = example.projects[
        (example.projects["start_date"] > day - pd.DateOffset(months=24))
        & (example.projects["start_date"] <= day)
        & (example.projects["status"] != "proposed")
    ]
    counted = qi.count_involvement(lately, profile="cnwl", basis="started").iloc[0]
    assert past["past_from"] == day - pd.DateOffset(months=24)
    assert (past["past_months"], past["past_started"], past["past_involved"]) == (
        24, counted["denominator"], counted["numerator"],
    )  # fmt: skip


def test_the_same_seed_gives_the_same_numbers_in_any_order_of_rows(example):
    day = as_of_date(example.projects)
    shuffled = example.projects.sample(frac=1, random_state=7)
    first, second = (
        qi.count_outlook(rows, as_of=day, profile="cnwl", simulations=20)
        for rows in (example.projects, shuffled)
    )
    pd.testing.assert_frame_equal(first, second)
    other = qi.count_outlook(example, as_of=day, simulations=20, seed=2)
    assert not first["numerator"].equals(other["numerator"])


def test_the_numbers_of_a_seed_are_the_same_on_every_machine(example):
    end = last(qi.count_outlook(example, pauses=(), simulations=3))
    found = end[["numerator", "denominator", "started"]].to_numpy().tolist()
    assert found == [[94, 234, 477], [103, 230, 494], [103, 248, 482]]


def test_as_many_start_each_month_as_lately_did():
    outlook = ahead(monthly(24, each=3), years=2)
    assert outlook["past_started"].iloc[0] == 72
    assert (last(outlook)["started"] == 72).all()  # 3 in each of 24 months: no chance in it


def test_uneven_months_give_the_same_pace_and_a_spread():
    waves = monthly(27)[lambda p: p["start_date"].dt.month.isin([1, 4, 7, 10])]
    register = pd.concat([waves] * 6, ignore_index=True)  # 6 a quarter: 2 a month
    started = last(ahead(register, years=2, simulations=2000))["started"]
    assert started.mean() == pytest.approx(48, rel=0.05)
    assert started.std() > 10


def test_without_ends_and_starts_of_noes_the_rate_becomes_that_of_all_projects():
    register = pd.concat(
        [projects(["2018-01-01"] * 30), monthly(24, each=1, approach="doing_with")]
    )
    end = last(ahead(register, years=5))
    assert end["denominator"].median() == pytest.approx(30 + 24 + 60, abs=4)
    assert end["new_numerator"].median() / end["new_denominator"].median() > 0.95


def test_projects_end_as_often_as_those_of_their_age_lately_did():
    # 40 start a month; of each month's, half end after about half a year and none after that
    days = np.repeat(pd.date_range("2017-05-20", "2021-04-20", freq=pd.DateOffset(months=1)), 40)
    half = np.arange(len(days)) % 2 == 0
    ends = days + pd.DateOffset(days=183)
    over = half & (ends <= AS_OF)
    register = projects(
        days, status=np.where(over, "completed", "active"), end=pd.Series(ends).where(over)
    )
    outlook = ahead(register, years=2, simulations=50)
    old = last(outlook)["denominator"] - last(outlook)["new_denominator"]
    live = outlook["denominator"].iloc[0]
    # Of the 11 months under a year old, about a further 5 months' halves end; the rest stay.
    assert live == 48 * 20 + 6 * 20
    assert old.mean() / live == pytest.approx((live - 6 * 20) / live, abs=0.06)


def test_live_counts_never_exceed_what_has_been_and_only_new_ones_grow():
    outlook = ahead(monthly(36, each=2, approach=["doing_with", "none"] * 36))
    assert (outlook["numerator"] <= outlook["denominator"]).all()
    assert (outlook["new_numerator"] <= outlook["numerator"]).all()
    assert (outlook["new_denominator"] <= outlook["started"]).all()
    old = (outlook["denominator"] - outlook["new_denominator"]).groupby(outlook["simulation"])
    assert (old.diff().dropna() <= 0).all()
    assert outlook.groupby("simulation")["started"].is_monotonic_increasing.all()


def test_a_blank_counts_as_it_does_in_the_headline():
    blank, no = (
        ahead(monthly(24, approach=word), simulations=5) for word in ("not_recorded", "none")
    )
    pd.testing.assert_frame_equal(blank, no)


def test_proposed_projects_and_those_without_a_day_take_no_part_in_the_pace():
    odd = pd.concat([
        monthly(24),
        projects(["2020-06-01"], status="proposed"),
        projects(["2022-06-01"], status="active"),
    ], ignore_index=True)  # fmt: skip
    pd.testing.assert_frame_equal(ahead(odd, simulations=5), ahead(monthly(24), simulations=5))
    undated = ahead(pd.concat([monthly(24), projects([None])]), simulations=5).iloc[0]
    assert (undated["denominator"], undated["past_started"], undated["past_ended"]) == (25, 24, 0)
    unended = pd.concat([monthly(24), projects(["2020-06-01"], status="completed")])
    past = ahead(unended, simulations=5).iloc[0]
    assert (past["denominator"], past["past_started"], past["past_ended"]) == (24, 25, 0)


def test_involvement_that_begins_after_the_day_is_not_yet_counted():
    register = monthly(24, approach="doing_with").assign(
        first_involved_date=pd.Timestamp("2021-06-01")
    )
    assert ahead(register, simulations=1)["numerator"].iloc[0] == 0


PAUSE = Event(date(2020, 3, 1), date(2020, 5, 31), "QI programme paused")


def test_a_pause_can_be_left_out_of_the_pace():
    register = monthly(24, each=2)
    paused = register[~register["start_date"].between("2020-03-01", "2020-05-31")]
    with_it, without = (last(ahead(paused, years=2, pauses=p)) for p in ((), (PAUSE,)))
    assert without["past_months"].iloc[0] == 21
    assert (without["started"] == 48).all()
    assert with_it["started"].mean() == pytest.approx(42, rel=0.05)
    sentence = future_of(paused, pauses=[PAUSE])
    assert sentence.startswith("Since 4 May 2019 (3 months of pause left out), 42 projects have st")


def test_a_one_day_event_is_no_pause():
    event = Event(date(2020, 4, 20), date(2020, 4, 20), "Conference")
    assert ahead(monthly(24), pauses=[event], simulations=1)["past_months"].iloc[0] == 24


def test_a_pace_begins_no_earlier_than_the_first_project():
    past = ahead(monthly(8), simulations=1).iloc[0]
    assert (past["past_months"], past["past_from"]) == (8, pd.Timestamp("2020-09-04"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"months": 5}, "`months` must be a whole number, 6 or more; not 5"),
        ({"years": 0}, "`years` must be a whole number, 1 or more; not 0"),
        ({"simulations": 1.5}, "`simulations` must be a whole number, 1 or more; not 1.5"),
    ],
)
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        ahead(monthly(24), **options)


# --- when -----------------------------------------------------------------------------------------


def found(register: pd.DataFrame, aim: str = "80%", **options) -> pd.Series:
    """Return the one row of the summary."""
    return qi.summarise_outlook(ahead(register, **options), aim).iloc[0]


def future_of(register: pd.DataFrame, aim: str = "80%", **options) -> str:
    """Return the sentence."""
    return qi.describe_outlook(qi.summarise_outlook(ahead(register, **options), aim), aim)


def test_more_futures_reach_a_lower_aim_and_sooner():
    outlook = ahead(monthly(24, each=4, approach=["doing_with", "none", "none", "none"] * 24))
    rows = [qi.summarise_outlook(outlook, f"{aim}%").iloc[0] for aim in (26, 30, 35, 50, 90)]
    shares = [row["share_reached"] for row in rows]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.5
    assert shares[-1] == 0
    assert rows[0]["outcome"] == "reached"
    assert rows[-1]["outcome"] == "not_at_this_pace"
    assert rows[0]["earliest"] <= rows[0]["median"]


def test_without_starts_in_the_last_year_there_is_no_pace():
    old = projects(["2019-06-01"] * 20)
    row = found(old)
    assert (row["outcome"], row["past_months"], row["past_started"]) == ("no_starts", 12, 0)
    assert row["median"] is pd.NaT
    assert np.isnan(row["share_reached"])
    assert future_of(old) == (
        "No project has started since 4 May 2020, so there is no pace to look ahead by."
    )


def test_without_projects_there_is_nothing_to_look_ahead_from():
    for none in (monthly(24)[:0], monthly(24, status="completed", end=["2021-04-30"] * 24)):
        assert found(none)["outcome"] == "no_projects"
        assert future_of(none) == "No project is live, so there is no rate to look ahead from."


@pytest.mark.parametrize("register", [monthly(4), monthly(24)[8:12]])
def test_a_tiny_directorate_gets_no_answer(register):
    assert found(register)["outcome"] == "too_few"
    assert future_of(register).startswith("There are too few projects to look ahead")


def test_a_large_directorate_that_has_just_begun_has_too_few_months_and_not_too_few_projects():
    begun = monthly(5, each=30)
    assert found(begun)["outcome"] == "too_few"
    assert future_of(begun) == (
        "There are too few months to look ahead: 5 months since 4 December 2020."
    )


def test_an_aim_that_is_met_already_is_said_to_be_and_whether_it_stays():
    register = monthly(24, each=5, approach="doing_with")
    row = found(register)
    assert (row["outcome"], row["met_now"], row["share_at_end"]) == ("at_aim", "yes", 1)
    assert future_of(register).endswith(
        "The rate among live projects is at the aim of 80% now (120 of 120). If it goes on like "
        "this, it is at the aim in May 2026 in all of 400 simulated futures."
    )


def test_a_pace_that_does_not_get_there_says_so_with_where_it_ends():
    register = monthly(24, each=4)
    row = found(register)
    assert (row["outcome"], row["share_reached"], row["median"]) == ("not_at_this_pace", 0, pd.NaT)
    assert future_of(register).startswith(
        "Since 4 May 2019, 96 projects have started, 0 of them involving people meaningfully, and "
        "none have ended. At this pace the rate among live projects does not reach the aim of 80% "
        "by May 2026: it does so in none of 400 simulated futures. The rate would then be about"
    )


def test_the_aim_is_reached_in_whole_projects_and_not_in_floating_point():
    # 11 of 20 are 55% exactly, and 0.55 x 20 is 11.000000000000002
    outlook = pd.DataFrame({
        "simulation": 1, "period": pd.to_datetime(["2021-05-04", "2021-06-04"]),
        "numerator": [10, 11], "denominator": 20, "new_numerator": 0, "new_denominator": 0,
        "started": 0, "past_from": AS_OF, "past_months": 24, "past_started": 9,
        "past_involved": 9, "past_ended": 0,
    })  # fmt: skip
    row = qi.summarise_outlook(outlook, "55%").iloc[0]
    assert (row["outcome"], row["median"]) == ("reached", pd.Timestamp("2021-06-04"))


def test_a_range_that_is_open_at_its_end_says_how_many_do_not_get_there():
    register = monthly(24, each=4, approach=["doing_with", "none", "none", "none"] * 24)
    outlook = ahead(register, simulations=1000)
    for aim in (26, 27, 28, 29, 30):
        summary = qi.summarise_outlook(outlook, f"{aim}%")
        if 0.5 < summary["share_reached"].item() < 0.9:
            break
    assert summary["latest"].item() is pd.NaT
    text = qi.describe_outlook(summary, f"{aim}%")
    assert "1 in 10 simulated futures gets there by" in text
    assert "not by May 2026" in text


# --- by a day -------------------------------------------------------------------------------------


def needed(register: pd.DataFrame, aim: str, day: str) -> tuple[pd.Series, str]:
    """Return the one row of what is needed, and its sentence."""
    frame = qi.summarise_needed(ahead(register), aim, pd.Timestamp(day))
    return frame.iloc[0], qi.describe_needed(frame, aim)


def test_the_share_needed_is_exact_where_nothing_is_by_chance():
    # 48 live of which 24 involve people, 2 more a month: after a year 24 of 72; none ends
    register = monthly(24, each=2, approach=["doing_with", "none"] * 24)
    outlook = ahead(register).assign(
        denominator=lambda o: 48 + o["started"], new_denominator=lambda o: o["started"],
        numerator=24, new_numerator=0,
    )  # fmt: skip
    row = qi.summarise_needed(outlook, "55%", pd.Timestamp("2022-05-04")).iloc[0]
    assert (row["started"], row["new"]) == (24, 24)
    assert row["share_needed"] == 16 / 24  # 55% of 72 is 39.6: 40 less 24
    row = qi.summarise_needed(outlook, "50%", pd.Timestamp("2022-05-04")).iloc[0]
    assert row["share_needed"] == 0.5
    row = qi.summarise_needed(outlook, "67%", pd.Timestamp("2022-05-04")).iloc[0]
    assert row["outcome"] == "not_reachable"  # 49 less 24 is 25 of 24
    assert np.isnan(row["share_needed"])


def test_an_aim_beyond_the_new_projects_is_not_reachable_even_if_all_involve_people():
    row, text = needed(monthly(24, each=2), "80%", "2022-05-04")
    assert (row["outcome"], row["share_reachable"]) == ("not_reachable", 0)
    assert text.endswith(
        "The aim of 80% cannot be reached by then even if all of these involve people."
    )
    row, text = needed(monthly(24, each=2), "20%", "2022-05-31")
    assert row["outcome"] == "reachable"
    assert text.startswith("By 4 May 2022 about 24 new projects will have started at this pace")
    assert text.endswith("must involve people meaningfully; of those that lately started, 0% do.")


def test_an_aim_that_needs_no_new_project_says_so():
    row, text = needed(monthly(24, each=2, approach="doing_with"), "20%", "2021-06-30")
    assert (row["outcome"], row["share_needed"]) == ("none_needed", 0)
    assert text.endswith("at the aim of 20% even if none of these involved people.")


def test_without_a_pace_nothing_is_said_of_new_projects():
    row, text = needed(projects(["2019-06-01"] * 20), "80%", "2022-05-04")
    assert row["outcome"] == "no_starts"
    assert text == "There is no pace to tell by how many projects will have started."


def test_a_day_outside_the_horizon_is_refused():
    for day in ("2021-05-03", "2030-01-01"):
        with pytest.raises(
            ValueError, match="`day` must lie between 4 May 2021 and 4 May 2026; not"
        ):
            needed(monthly(24), "80%", day)


# --- the chart ------------------------------------------------------------------------------------


def test_the_chart_names_the_aim_and_the_middle_and_carries_its_sentence():
    outlook = ahead(monthly(24, each=4, approach=["doing_with", "none", "none", "none"] * 24))
    ax = qi.plot_outlook(outlook, "80%")
    words = {text.get_text() for text in ax.texts}
    assert "Aim 80%" in words
    assert any(word.startswith("Middle 2") for word in words)
    (line,) = [line for line in ax.lines if len(line.get_xdata()) == 61]
    assert line.get_ydata()[0] == 0.25
    assert len(ax.collections) >= 2


def test_the_chart_ends_at_the_rate_that_the_sentence_names():
    outlook = ahead(monthly(24), years=1, simulations=2)  # in one future none do, in the other all
    outlook = outlook.assign(numerator=outlook["denominator"] * (outlook["simulation"] == 2))
    (line,) = [line for line in qi.plot_outlook(outlook, "80%").lines if len(line.get_xdata()) > 9]
    assert line.get_ydata()[-1] == qi.summarise_outlook(outlook, "80%")["rate_at_end"].item()


def test_too_few_projects_draw_no_fan():
    ax = qi.plot_outlook(ahead(monthly(3)), "80%")
    assert not ax.lines
    assert "too few projects" in ax.texts[0].get_text().replace("\n", " ")


def test_without_an_aim_there_is_nothing_to_look_ahead_to(example):
    futures = qi.count_outlook(example, as_of=AS_OF, simulations=20)
    summary = qi.summarise_outlook(futures, None)
    needed = qi.summarise_needed(futures, None, pd.Timestamp("2022-05-04"))
    rates = pd.DataFrame({"numerator": [1], "denominator": [2]})
    assert summary["outcome"].item() == needed["outcome"].item() == "no_aim"
    assert pd.isna(summary["median"].item())
    assert {
        qi.describe_starts(rates, None, 10),
        qi.describe_outlook(summary, None),
        qi.describe_needed(needed, None),
        qi.plot_outlook(futures, None).figure.get_gid(),
    } == {"No aim is set, so there is nothing to look ahead to."}
