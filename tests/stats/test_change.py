"""Whether a rate has changed: steps, blanks, days, newest periods, groups; and the sentences."""

import numpy as np
import pandas as pd
import pytest
from conftest import rows
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

import qi_analysis as qi
from qi_analysis.stats import describe_steps
from qi_analysis.stats.change import _adjust

COLUMNS = [
    "change", "changed_at", "p_value", "p_adjusted", "before_numerator", "before_denominator",
    "after_numerator", "after_denominator",
]  # fmt: skip


def series(numerator, denominator, months=3, first="2014-01-01", **more) -> pd.DataFrame:
    """Return counts of periods that begin on a day."""
    periods = pd.date_range(first, periods=len(numerator), freq=pd.DateOffset(months=months))
    return pd.DataFrame(
        {"period": periods, "numerator": numerator, "denominator": denominator, **more}
    )


def years(numerator, denominator) -> pd.DataFrame:
    """Return counts of financial years."""
    return series(numerator, denominator, 12, "2014-04-01")


def found(counts, **options) -> list:
    """Return what is found in one series: the change, and the counts on either side."""
    change = qi.find_change(counts, **options)
    names = ["change", "before_numerator", "before_denominator", *COLUMNS[-2:]]
    return rows(change, *names)[0]


@given(st.lists(st.sampled_from([0.0, 0.01, 0.04, 1.0]) | st.floats(0, 1), max_size=30))
def test_p_values_are_adjusted_for_their_number_as_scipy_does(p):
    expected = false_discovery_control(p) if p else []
    np.testing.assert_allclose(_adjust(np.array(p)), expected, rtol=1e-14)


# --- what is found --------------------------------------------------------------------------------


def test_the_example_rose_once(example):
    counts = qi.counts.count_started(example)
    change = qi.find_change(counts)
    assert rows(change, "change", "changed_at", *COLUMNS[4:]) == [
        ["rise", "2019-01-01", 67, 300, 90, 204]
    ]
    assert 0.0005 <= change["p_value"].iloc[0] <= 0.003
    assert describe_steps(change) == (
        "The rate has risen by more than chance does: from 22% (67 of 300) before January 2019 to "
        "44% (90 of 204) since."
    )


def test_a_rise_shows_though_the_first_year_has_one_project():
    """Of 1, 0; then 20, 35, 50, 65, 80 of 100: by years, each takes its own way up."""
    steps = qi.find_steps(years([0, 30, 45, 60, 75], [1, 100, 100, 100, 100]))
    assert set(steps["change"]) == {"", "rise"}
    assert found(years([0, 30, 45, 60, 75], [1, 100, 100, 100, 100]))[0] == "rise"


def test_a_rise_and_a_fall_are_both_found():
    """A quarter, then three quarters for four years, then three in ten of 80."""
    counts = years([20, 60, 60, 60, 60, 24], 80)
    steps = qi.find_steps(counts)
    assert rows(steps, "part", "begins", "ends", "numerator", "denominator", "change") == [
        [1, "2014-04-01", "2014-04-01", 20, 80, ""],
        [2, "2015-04-01", "2018-04-01", 240, 320, "rise"],
        [3, "2019-04-01", "2019-04-01", 24, 80, "fall"],
    ]
    change = qi.find_change(counts)
    assert rows(change, "change", "rises", "falls") == [["fall", 1, 1]]
    assert rows(change, *COLUMNS[4:]) == [[240, 320, 24, 80]]


def test_p_is_the_share_of_orders_that_are_as_extreme():
    """Of 12 periods, 2 with all and 10 with none: of 66 orders, 2 part them, one at each end."""
    counts = series([0] * 10 + [9, 9], 9)
    change = qi.find_change(counts, draws=19999)
    assert change["p_value"].iloc[0] == pytest.approx(2 / 66, abs=0.004)


def test_below_12_periods_p_is_the_share_of_ways_to_deal_projects_out():
    """Of 4 and 4 projects in two halves, C(8, 4) = 70 ways, 2 as extreme as all in one half.

    Cutting anywhere: 1, 1, 1, 1 of 1 after 0, 0, 0, 0 is one of 70 orders of single projects.
    """
    counts = series([0, 0, 0, 0, 1, 1, 1, 1], 1)
    change = qi.find_change(counts, draws=19999)
    assert change["p_value"].iloc[0] == pytest.approx(2 / 70, abs=0.004)


@pytest.mark.parametrize("k", [0, 20])
def test_a_rate_that_is_always_0_or_100_percent_has_not_changed(k):
    change = qi.find_change(series([k] * 20, 20))
    assert rows(change, "change", "p_value") == [["none", 1.0]]


def test_spread_between_periods_beyond_chance_is_no_change():
    """Every other quarter 2 of 40 or 38 of 40: by projects, any half would differ."""
    counts = series([2, 38] * 12, 40)
    assert qi.find_change(counts)["change"].iloc[0] == "none"


@pytest.mark.parametrize("filled", [0, 1, 3])
def test_fewer_than_4_periods_with_projects_are_too_few(filled):
    n = np.array([5] * filled + [0] * (8 - filled))
    change = qi.find_change(series(n // 2, n))
    assert rows(change, "change", "periods") == [["too_few", filled]]
    assert change[["p_value", "p_adjusted"]].isna().all(axis=None)
    assert change["after_numerator"].isna().all()


def test_no_rows_give_no_change_and_no_group():
    empty = series([], []).astype({"numerator": int, "denominator": int})
    assert qi.find_change(empty)["change"].tolist() == ["too_few"]
    assert qi.find_change(empty.assign(g=""), by="g").empty
    assert list(qi.find_change(empty))[:8] == COLUMNS


def test_unsettled_periods_are_not_tested_and_empty_or_missing_ones_are_passed_over():
    counts = series([4] * 10 + [16] * 10, 20)
    assert found(counts) == ["rise", 40, 200, 160, 200]
    assert found(counts.assign(settled=[True] * 10 + [False] * 10))[0] == "none"
    gaps = counts.astype("Int64", errors="ignore").astype({"numerator": "Int64"})
    gaps.loc[3, ["numerator", "denominator"]] = 0
    gaps.loc[15, "numerator"] = pd.NA
    assert found(gaps) == ["rise", 36, 180, 144, 180]
    assert rows(qi.find_change(gaps), "periods", "empty", "last_empty") == [[18, 1, "2014-10-01"]]


# --- blanks, days and the newest ------------------------------------------------------------------


def test_a_rise_is_not_called_where_fewer_blanks_could_give_it():
    """Half of those recorded, always; blanks fall from 16 to 0 of 20."""
    blanks = np.repeat([16, 0], 10)
    counts = series((20 - blanks) // 2, 20, not_recorded=blanks)
    change = qi.find_change(counts)
    assert rows(change, "change", "doubt") == [["none", "blanks_fell"]]
    assert "blanks fell meanwhile, which alone could give this" in describe_steps(change)
    back = qi.find_change(counts.assign(numerator=counts["numerator"][::-1].to_numpy(),
                                        not_recorded=blanks[::-1]))  # fmt: skip
    assert back["doubt"].tolist() == ["blanks_rose"]
    assert "blanks rose meanwhile" in describe_steps(back)


def test_a_rise_among_those_recorded_is_called_too():
    counts = series([4] * 10 + [16] * 10, 20, not_recorded=[2, 3] * 10)
    assert found(counts) == ["rise", 40, 200, 160, 200]


def test_a_rise_that_too_few_records_show_is_not_called():
    """Blanks stay at 15 of 20 throughout: 1 and 3 of 5 recorded, in six quarters each."""
    counts = series([1, 2] * 3 + [3, 3] * 3, 20, not_recorded=[16, 12] * 3 + [12, 16] * 3)
    change = qi.find_change(counts)
    assert change["change"].tolist() == ["none"]


def test_a_rise_is_not_called_where_unknown_days_could_give_it():
    counts = series([4] * 10 + [16] * 10, 20, numerator_highest=[16] * 20)
    change = qi.find_change(counts)
    assert rows(change, "change", "doubt") == [["none", "days"]]
    assert "the day of first involvement is not recorded" in describe_steps(change)


def test_a_fall_of_the_newest_is_too_early_to_call_and_a_rise_is_not():
    early = [False] * 14 + [True] * 6
    falls = series([16] * 14 + [4] * 6, 20, early=early)
    assert found(falls) == ["too_early", 224, 280, 24, 120]
    assert qi.find_steps(falls)["change"].tolist() == ["", "too_early"]
    assert found(falls.drop(columns="early"))[0] == "fall"
    assert found(series([4] * 14 + [16] * 6, 20, early=early))[0] == "rise"
    assert describe_steps(qi.find_change(falls)) == (
        "The rate is lower so far for projects that started since July 2017: 20% (24 of 120), "
        "against 80% (224 of 280) before. Newer projects have had less time to involve people, so "
        "this is not called a fall."
    )


def test_a_fall_that_only_the_newest_show_is_too_early_where_ever_it_seems_to_begin():
    """A slow fall: what begins before the newest periods is not found without them."""
    k = [16] * 13 + [15] + [14, 12, 11, 9, 7, 5]
    counts = series(k, 20, early=[False] * 14 + [True] * 6)
    assert found(counts)[0] == "too_early"
    old = series([16] * 6 + [4] * 14, 20, early=[False] * 14 + [True] * 6)
    assert found(old) == ["fall", 96, 120, 56, 280]


def test_a_rise_stands_though_the_newest_are_lower_so_far():
    counts = series([4] * 10 + [16] * 10 + [6] * 6, 20, early=[False] * 20 + [True] * 6)
    change = qi.find_change(counts)
    assert rows(change, "change", "lower_since", *COLUMNS[4:]) == [
        ["rise", "2019-01-01", 40, 200, 160, 200]
    ]
    assert "It is lower so far since January 2019" in describe_steps(change)


# --- groups ---------------------------------------------------------------------------------------


def chance(groups: int, periods: int, rate: float, seed: int = 5) -> pd.DataFrame:
    """Return unchanged groups of 3 to 10 projects a quarter."""
    rng = np.random.default_rng(seed)
    n = rng.integers(3, 11, (groups, periods))
    quarters = pd.date_range("2012-04-01", periods=periods, freq="QS")
    return pd.DataFrame({
        "directorate": np.repeat([f"D{i:04}" for i in range(groups)], periods),
        "period": np.tile(quarters, groups),
        "numerator": rng.binomial(n, rate).ravel(), "denominator": n.ravel(),
    })  # fmt: skip


def test_a_groups_p_value_does_not_depend_on_the_others_nor_on_the_order_of_rows():
    counts = chance(12, 16, 0.5)
    together = qi.find_change(counts, by="directorate")
    shuffled = counts.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(qi.find_change(shuffled, by="directorate"), together)
    alone = [qi.find_change(c)["p_value"].iloc[0] for _, c in counts.groupby("directorate")]
    assert together["p_value"].tolist() == alone


def test_p_values_of_groups_are_adjusted_together():
    counts = chance(12, 16, 0.5)
    step = series([1] * 8 + [9] * 8, 10).assign(directorate="Step", period=counts["period"][:16])
    change = qi.find_change(pd.concat([counts, step]), by="directorate")
    by_name = change.set_index("directorate")
    assert by_name.loc["Step", "change"] == "rise"
    assert by_name.loc["Step", "p_adjusted"] == pytest.approx(13 * by_name.loc["Step", "p_value"])
    assert (change["p_adjusted"] >= change["p_value"]).all()


def test_a_group_without_a_name_is_a_group():
    counts = pd.concat([
        series([1] * 8 + [9] * 8, 10, g=None), series([5] * 16, 10, g="A")
    ])  # fmt: skip
    change = qi.find_change(counts, by="g")
    assert change["change"].tolist() == ["none", "rise"]


def test_of_hundreds_of_unchanged_groups_hardly_one_seems_to_have_changed():
    change = qi.find_change(chance(300, 36, 0.5), by="directorate")
    assert (change["change"] == "none").mean() >= 0.99


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (lambda f: f.drop(columns="period"), "The frame has no column 'period': make it with `c"),
        (lambda f: f.assign(numerator=30), "Row 0 .+ has 30 in `numerator`, more than the 20 in"),
        (lambda f: f.assign(numerator_highest=30), "30 in `numerator_highest`, more than the 20"),
        (lambda f: f.assign(numerator=2.5), "Row 0 .+ has 2.5 in `numerator`: a count is a whole"),
        (lambda f: f.assign(denominator=np.inf), "Row 0 .+ has inf in `denominator`: a count is"),
        (lambda f: f.assign(numerator="few"), "Row 0 .+ has 'few' in `numerator`: a count is a"),
        (lambda f: f.assign(numerator=-1), "Row 0 .+ has -1 in `numerator`: a count is a whole"),
        (lambda f: f.assign(not_recorded=17), "more in `numerator` .4. and `not_recorded` .17. t"),
        (lambda f: f.assign(period="Apr 2020"), "Row 0 .+ has 'Apr 2020' in `period`: periods are"),
        (lambda f: f.assign(period=pd.NaT), "Row 0 has no `period`. Give its first day, or"),
        (lambda f: pd.concat([f, f]), "Two rows of one group have the same 'period', 1 Janua"),
        (lambda f: f.assign(denominator=10**9), "A test of change takes fewer than 1,000,000,000"),
    ],
)  # fmt: skip
def test_counts_that_cannot_be_tested_are_refused(broken, sentence):
    with pytest.raises(ValueError, match=sentence):
        qi.find_change(broken(series([4] * 6, 20)))


def test_too_few_draws_to_call_anything_are_refused():
    with pytest.raises(ValueError, match=r"^`draws` must be at least 19; not 10\.$"):
        qi.find_change(series([4] * 6, 20), draws=10)


@pytest.mark.parametrize(
    "written",
    [
        lambda days: days.dt.to_period("Q"),
        lambda days: days.dt.strftime("%Y-%m-%d"),
        lambda days: days.dt.date,
        lambda days: days.dt.tz_localize("Europe/London"),
    ],
)
def test_periods_and_counts_are_read_however_they_are_written(written):
    counts = series([4] * 10 + [16] * 10, 20)
    given_ = counts.assign(
        period=written(counts["period"]), numerator=counts["numerator"].astype(str)
    )
    pd.testing.assert_frame_equal(qi.find_change(given_), qi.find_change(counts))


# --- properties -----------------------------------------------------------------------------------

COUNTS = st.lists(
    st.integers(0, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=26,
)


@given(COUNTS)
def test_parts_add_up_to_the_whole_and_the_sentence_names_their_counts(counts):
    k, n = zip(*counts, strict=True)
    frame = series(k, n)
    steps, change = qi.find_steps(frame, draws=99), qi.find_change(frame, draws=99)
    assert steps["numerator"].sum() == sum(k)
    assert steps["denominator"].sum() == sum(n)
    assert bool(len(steps)) == bool(sum(n))
    row = change.iloc[0]
    assert int(row["rises"] + row["falls"]) == max(len(steps) - 1, 0)
    text = describe_steps(change)
    if row["change"] in ("rise", "fall"):
        assert f"{row['after_numerator']} of {row['after_denominator']}" in text
        assert row["p_value"] < 0.05
        first = steps.iloc[0]
        assert f"{first['numerator']} of {first['denominator']}" in text


@given(COUNTS)
def test_a_series_and_its_complement_change_together(counts):
    """What fewer projects do, more do not do."""
    k, n = (np.array(each) for each in zip(*counts, strict=True))
    one, other = (qi.find_change(series(x, n), draws=99) for x in (k, n - k))
    swapped = {"rise": "fall", "fall": "rise"}
    if len(n) >= 12 and (n > 0).sum() >= 12:
        assert one["change"].map(lambda c: swapped.get(c, c)).tolist() == other["change"].tolist()


# --- sentences ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            series([4] * 8 + [12] * 8 + [19] * 8, 20),
            "The rate has risen step by step, each time by more than chance does: from 20% (32 of "
            "160) before January 2016 to 95% (152 of 160) since January 2018.",
        ),
        (
            series([2] * 10 + [10] * 10 + [19] * 10 + [8] * 4, 20),
            "The rate has changed 3 times by more than chance does. It was 10% (20 of 200) before "
            "July 2016; the latest time, in July 2021, it fell from 95% (190 of 200) to 40% (32 of "
            "80).",
        ),
        (
            series([10] * 16, 20),
            "The rate has not changed by more than chance does: it is 50% (160 of 320) over 16 "
            "quarters.",
        ),
        (
            series([10, 0], [20, 0]),
            "Projects started in only 1 quarter: too few to tell whether the rate has changed.",
        ),
        (
            series([0, 0], 0),
            "No quarter with projects is old enough to tell whether the rate has changed.",
        ),
        (
            series([4] * 5 + [0, 0] + [16] * 5, [20] * 5 + [0, 0] + [20] * 5),
            "The rate has risen by more than chance does: from 20% (20 of 100) before October 2015 "
            "to 80% (80 of 100) since. There are only 10 quarters with projects, so this takes "
            "quarters as alike but for chance. In 2 of 12 quarters, the latest from July 2015, no "
            "project started.",
        ),
        (
            series([30_000] * 12 + [30_250] * 12, 100_000),
            "The rate has risen by more than chance does: from 30.0% (360,000 of 1,200,000) before "
            "January 2017 to 30.2% (363,000 of 1,200,000) since.",
        ),
    ],
)  # fmt: skip
def test_the_sentence_says_what_was_found(counts, sentence):
    assert describe_steps(qi.find_change(counts)) == sentence


def test_a_change_of_weeks_is_named_by_its_day():
    weeks = pd.date_range("2020-01-06", periods=17, freq="W-MON")
    counts = pd.DataFrame({"period": weeks, "numerator": 5, "denominator": 20})
    counts.loc[9:, "numerator"] = 17
    counts.loc[[3, 4], ["numerator", "denominator"]] = 0
    assert describe_steps(qi.find_change(counts), "week") == (
        "The rate has risen by more than chance does: from 25% (35 of 140) before the week of 9 "
        "March 2020 to 85% (136 of 160) since. In 2 of 17 weeks, the latest from the week of 3 "
        "February 2020, no project started."
    )


def test_of_many_groups_one_that_looks_changed_is_told_to_be_one_of_many():
    found = qi.find_change(series([10] * 16, 20)).assign(p_value=0.01, p_adjusted=0.14)
    assert describe_steps(found) == (
        "The rate has not changed by more than chance does: of so many directorates, some look "
        "changed by chance alone. It is 50% (160 of 320) over 16 quarters."
    )
