"""The aim ahead: what new projects must bring, and when the rate gets there."""

import math
import runpy
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SOAK, some
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
        ((104, 260), 50, "With 50 new projects and none ended, the aim of 80% takes all of these "
         "and 94 of the 156 live today that do not involve people meaningfully yet."),
        ((78, 100), 100, "With 100 new projects and none ended, the aim of 80% takes 82 of these."),
        ((15, 15), 3, "With 3 new projects and none ended, the aim of 80% is met even if none of "
         "these involve people."),
        ((1, 1), 1, "With 1 new project and none ended, the aim of 80% takes it."),
        ((190, 200), 0, ""),
        ((9, 10), 1, "With 1 new project and none ended, the aim of 80% is met even if it does not "
         "involve people."),
        ((0, 10), 1, "With 1 new project and none ended, the aim of 80% takes it and 8 of the 10 "
         "live today that do not involve people meaningfully yet."),
        ((0, 1), 1, "With 1 new project and none ended, the aim of 80% takes it and the one live "
         "today that does not involve people meaningfully yet."),
        ((0, 0), 10, "With 10 new projects and none ended, the aim of 80% takes 8 of these."),
    ],
)  # fmt: skip
def test_the_sentence_says_what_it_takes_now_and_with_new_projects(pair, starts, sentence):
    assert qi.describe_starts(counts(pair), "80%", starts, "live today") == sentence


def test_blanks_that_could_change_the_answer_are_not_taken_for_noes():
    sentence = qi.describe_starts(counts((10, 40)).assign(not_recorded=22), "80%", 5)
    assert sentence == (
        "If all blanks are noes, with 5 new projects and none ended, the aim of 80% takes all of "
        "these and 21 of the 30 that do not involve people meaningfully yet."
    )


@pytest.mark.parametrize(
    ("status", "start", "started"),
    [
        ("active", "2020-05-04", 0),
        ("active", "2020-05-05", 1),
        ("completed", "2021-05-04", 1),
        ("unknown", "2021-05-04", 1),
        ("active", "2021-05-05", 0),
        ("proposed", "2021-05-04", 0),
        ("active", None, 0),
    ],
)
def test_a_start_counts_in_the_year_up_to_the_day_and_none_to_come(status, start, started):
    found = qi.counts.count_starts(projects([start], status=status), profile="cnwl", as_of=AS_OF)
    assert found.to_dict("records") == [{"since": pd.Timestamp("2020-05-04"), "started": started}]


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
    begun = example.projects[example.projects["status"] != "proposed"]
    lately = begun[begun["start_date"].between(day - pd.DateOffset(months=24), day, "right")]
    assert past["past_from"] == day - pd.DateOffset(months=24)
    assert (past["past_months"], past["past_started"]) == (24, len(lately))
    first, last = day - pd.DateOffset(months=18), day - pd.DateOffset(months=6)
    recent = begun[begun["start_date"].between(first, last, "right")]
    counted = qi.count_involvement(recent, profile="cnwl", basis="started").iloc[0]
    assert (past["recent_from"], past["recent_numerator"], past["recent_denominator"]) == (
        first, counted["numerator"], counted["denominator"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("start", "recent"),
    [("2019-11-04", 0), ("2019-11-05", 1), ("2020-11-04", 1), ("2020-11-05", 0)],
)
def test_recent_projects_have_had_half_a_year_to_involve_people(start, recent):
    past = ahead(projects([start]), simulations=1).iloc[0]
    assert past["recent_denominator"] == recent


def test_new_projects_are_as_recent_ones_and_not_as_older_or_newer_ones():
    words = ["none"] * 6 + ["doing_with"] * 12 + ["none"] * 30  # the latest month first
    end = last(ahead(monthly(48, each=4, approach=np.repeat(words, 4)), years=5))
    assert end["new_numerator"].sum() / end["new_denominator"].sum() > 0.95


def changed(kind: str, day: str | None) -> pd.DataFrame:
    """Return a row of find_change."""
    return pd.DataFrame({"change": [kind], "changed_at": pd.to_datetime([day])})


def test_recent_projects_from_before_the_last_change_are_left_out():
    words = ["none"] * 6 + ["doing_with"] * 6 + ["none"] * 36
    register = monthly(48, each=4, approach=np.repeat(words, 4))
    rise = changed("rise", "2020-05-20")
    past = ahead(register, change=rise, simulations=1).iloc[0]
    assert (past["recent_numerator"], past["recent_denominator"]) == (24, 24)
    assert past["recent_from"] == pd.Timestamp("2020-05-19")
    assert past["changed_at"] == pd.Timestamp("2020-05-20")
    assert "as often as the 24 recent ones since the change of 20 May 2020 did (100%)" in future_of(
        register, change=rise
    )


@pytest.mark.parametrize(
    "change",
    [
        None,
        changed("none", None),
        changed("fall", "2019-01-01"),
        changed("too_early", "2020-05-20"),
        changed("too_few", None),
    ],
)
def test_without_a_change_in_their_time_all_recent_projects_count(change):
    words = ["none"] * 6 + ["doing_with"] * 6 + ["none"] * 36
    register = monthly(48, each=4, approach=np.repeat(words, 4))
    past = ahead(register, change=change, simulations=1).iloc[0]
    assert (past["recent_numerator"], past["recent_denominator"]) == (24, 48)
    assert past["changed_at"] is pd.NaT
    assert "as often as the 48 recent ones did (50%)" in future_of(register, change=change)


def test_projects_that_involve_people_end_at_a_pace_of_their_own():
    """4 start a month of each kind. Those that involve people all run on; others last 9 months."""
    days = [AS_OF - pd.DateOffset(months=m, days=9) for m in range(48)]
    over = [day + pd.DateOffset(months=9) for day in days]
    ended = [day <= AS_OF for day in over]
    others = projects(
        np.repeat(days, 4),
        status=np.repeat(np.where(ended, "completed", "active"), 4),
        end=np.repeat([day if e else pd.NaT for day, e in zip(over, ended, strict=True)], 4),
    )
    end = last(ahead(pd.concat([others, projects(np.repeat(days, 4), "doing_with")]), years=2))
    assert end["numerator"].median() > 4 * (48 + 24) * 0.85
    assert (end["denominator"] - end["numerator"]).median() < 4 * 20


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
    assert found == [[91, 239, 477], [106, 239, 494], [93, 243, 482]]


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
    assert "in the last 24 months (42 started, 0 ended, 3 months of pause left out)." in future_of(
        paused, pauses=[PAUSE]
    )


def test_a_one_day_event_is_no_pause():
    event = Event(date(2020, 4, 20), date(2020, 4, 20), "Conference")
    assert ahead(monthly(24), pauses=[event], simulations=1)["past_months"].iloc[0] == 24


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"years": 0}, "`years` must be a whole number, 1 or more; not 0"),
        ({"simulations": 1.5}, "`simulations` must be a whole number, 1 or more; not 1.5"),
    ],
)
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        ahead(monthly(24), **options)


# --- worlds of which the truth is known -----------------------------------------------------------

METHODS = runpy.run_path(str(ROOT / "benchmarks" / "methods.py"))


@pytest.mark.parametrize("longer", some([1, 1.5, 2], 1.5))
def test_the_band_of_8_futures_in_10_holds_what_comes_in_steady_worlds(longer):
    """Also where projects that involve people last longer; as docs/methods.md says of more."""
    worlds = 300 if SOAK else 40
    assert 0.7 <= METHODS["outlook_coverage"](worlds, longer=longer) <= 0.9


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


def ends(months: int, undated: int) -> pd.DataFrame:
    """Return a live project a month, and 40 that have ended, some on a day nobody wrote down."""
    end = ["2020-12-31"] * (40 - undated) + [None] * undated
    return pd.concat([monthly(months), projects(["2019-01-01"] * 40, status="completed", end=end)])


@pytest.mark.parametrize(
    ("register", "lacking", "sentence"),
    [
        (monthly(48)[:0], "no_projects",
         "No project is live, so there is no rate to look ahead from."),
        (monthly(24, status="completed", end=["2021-04-30"] * 24), "no_projects",
         "No project is live, so there is no rate to look ahead from."),
        (monthly(1), "too_few", "It takes 20 live projects to look ahead; 1 is live."),
        (monthly(19), "too_few", "It takes 20 live projects to look ahead; 19 are live."),
        (monthly(23, each=9), "too_short", "It takes 24 months of projects to look ahead; the "
         "first one here started less than 24 months ago."),
        (ends(24, 11), "no_end_dates", "Nothing is simulated, as it is not known how long projects "
         "last: 11 of 40 that have ended have no end date."),
        (projects(["2019-04-01"] * 20), "no_starts", "No project has started in the last 12 "
         "months, so there is no pace to look ahead by."),
        (pd.concat([monthly(4), projects(["2019-04-01"] * 20)]), "few_recent", "There are too few "
         "new projects to look ahead by: 0 started after 4 November 2019 and have had time to "
         "involve people."),
    ],
)  # fmt: skip
def test_where_too_little_is_known_nothing_is_simulated_and_the_sentence_says_why(
    register, lacking, sentence
):
    futures = ahead(register)
    assert (len(futures), futures["lacking"].item()) == (1, lacking)
    row = qi.summarise_outlook(futures, "80%").iloc[0]
    assert row["outcome"] == lacking
    assert row["median"] is pd.NaT
    assert np.isnan(row["share_reached"])
    assert qi.describe_outlook(row.to_frame().T, "80%") == sentence
    needs = qi.summarise_needed(futures, "80%", "2022-05-04")
    assert needs["outcome"].item() == lacking
    assert qi.describe_needed(needs, "80%") == (
        "Nothing is simulated, so it is not said what the aim would take of new projects."
    )
    ax = qi.plot_outlook(futures, "80%")
    assert not ax.lines
    assert ax.figure.get_gid() == sentence


@pytest.mark.parametrize("register", [monthly(24), ends(24, 10)])
def test_twenty_live_projects_two_years_and_three_quarters_of_the_end_dates_are_enough(register):
    futures = ahead(register, simulations=1, years=1)
    assert (len(futures), futures["lacking"].iloc[0]) == (13, "")


def test_an_aim_that_is_met_already_is_said_to_be_and_in_how_many_futures_it_stays():
    register = monthly(24, each=5, approach="doing_with")
    row = found(register)
    assert (row["outcome"], row["share_at_end"]) == ("at_aim", 1)
    assert future_of(register) == (
        "The rate among live projects is at the aim of 80% now (120 of 120). Suppose new "
        "projects involve people as often as the 60 recent ones did (100%), and projects start and "
        "end as in the last 24 months (120 started, 0 ended). It is then at the aim in May 2026 in "
        "all of 400 simulated futures."
    )


def test_a_pace_that_does_not_get_there_says_in_how_many_futures_and_where_it_ends():
    register = monthly(24, each=4)
    row = found(register)
    assert (row["outcome"], row["share_reached"], row["median"]) == ("not_at_this_pace", 0, pd.NaT)
    assert future_of(register).startswith(
        "Suppose new projects involve people as often as the 48 recent ones did (0%), and projects "
        "start and end as in the last 24 months (96 started, 0 ended). The rate among live "
        "projects then reaches the aim of 80% by May 2026 in none of 400 simulated futures. In "
        "that month it is"
    )


def told(share: float) -> str:
    """Return the sentence where so many futures reach the aim."""
    summary = qi.summarise_outlook(ahead(monthly(24, each=4), simulations=2), "80%")
    return qi.describe_outlook(summary.assign(share_reached=share, simulations=2000), "80%")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0, "in none of 2,000 simulated futures"),
        (0.001, "in 0.1% of 2,000 simulated futures"),
        (0.3, "in 30% of 2,000 simulated futures"),
        (0.999, "in 99.9% of 2,000 simulated futures"),
        (1, "in all of 2,000 simulated futures"),
    ],
)
def test_none_and_all_of_the_futures_are_said_only_where_it_is_none_and_all(share, words):
    assert words in told(share)


def test_why_live_projects_lie_across_the_aim_from_new_ones_is_said():
    """Of 48 new ones 36 are 75%, and 40 are 83%; of the live ones it is 85% or 75%."""
    summary = qi.summarise_outlook(
        ahead(monthly(24, each=4, approach=["doing_with", "none"] * 48), simulations=2), "80%"
    )
    above, below = (
        qi.describe_outlook(summary.assign(rate_at_end=r, recent_numerator=k), "80%")
        for r, k in ((0.85, 36), (0.75, 40))
    )
    because = "New projects are on the other side of the aim: live ones involve people"
    assert above.endswith(f" {because} more often, as those that do last longer.")
    assert below.endswith(f" {because} less often, as those that do last less long.")
    same = qi.describe_outlook(summary.assign(rate_at_end=0.75, recent_numerator=36), "80%")
    assert because not in same


def test_the_aim_is_reached_in_whole_projects_and_not_in_floating_point():
    # 11 of 20 are 55% exactly, and 0.55 x 20 is 11.000000000000002
    outlook = pd.DataFrame({
        "simulation": 1, "period": pd.to_datetime(["2021-05-04", "2021-06-04"]),
        "numerator": [10, 11], "denominator": 20, "new_numerator": 0, "new_denominator": 0,
        "started": 0, "lacking": "",
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
    assert "in the middle one of 1,000 simulated futures (1 in 10 by " in text
    assert "not by May 2026)" in text


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
        "Even if all of these projects involve people, the aim of 80% is met then in none of 400 "
        "simulated futures."
    )
    row, text = needed(monthly(24, each=2), "20%", "2022-05-31")
    assert row["outcome"] == "reachable"
    assert text.startswith("By 4 May 2022 about 24 new projects will have started at this pace")
    assert text.endswith("must involve people; of the 24 recent ones 0% did.")


def test_an_aim_that_needs_no_new_project_says_so():
    row, text = needed(monthly(24, each=2, approach="doing_with"), "20%", "2021-06-30")
    assert (row["outcome"], row["share_needed"]) == ("none_needed", 0)
    assert text.endswith(
        "In at least half of these futures the rate is at the aim of 20% then even if none of "
        "these projects involve people."
    )


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
