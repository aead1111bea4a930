"""Process charts: limits, Making Data Count's rules and icons, run charts, and where others err."""

import time
from datetime import date
from fractions import Fraction

import check_reference
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SOAK
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

import qi_analysis as qi
from qi_analysis.profile import Aim, Rebase

REFERENCE = ROOT / "tests" / "reference"
FLAGS = ["outside_limits", "trend", "two_in_three", "shift"]
SERIES = st.lists(st.integers(0, 50), min_size=1, max_size=40)
COUNTS = st.lists(
    st.integers(0, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=40,
)


def months(count: int) -> pd.DatetimeIndex:
    """Return the first days of so many months from January 2020."""
    return pd.date_range("2020-01-01", periods=count, freq="MS")


def values(*numbers) -> pd.DataFrame:
    """Return a monthly series of single values."""
    return pd.DataFrame({"period": months(len(numbers)), "value": np.array(numbers, float)})


def counts(*pairs) -> pd.DataFrame:
    """Return a monthly series of numerators and denominators."""
    frame = pd.DataFrame(list(pairs), columns=["numerator", "denominator"])
    return frame.assign(period=months(len(pairs)))


def xmr(*numbers, **options) -> pd.DataFrame:
    """Draw an XmR chart of a monthly series."""
    return qi.spc.add_spc(values(*numbers), chart="xmr", **options)


def flagged(spc: pd.DataFrame, rule: str) -> list[int]:
    """Return the positions of the points that a rule flags."""
    return np.flatnonzero(spc[rule]).tolist()


# --- what other programs computed -----------------------------------------------------------------


@pytest.mark.parametrize("check", check_reference.CHECKS, ids=lambda check: check.__name__)
def test_the_selected_reference_values_agree(check):
    assert check(REFERENCE) == []


@pytest.mark.soak
def test_every_reference_value_agrees(shared, monkeypatch, tmp_path):
    """In `make test` a third of the cases, and of XmR charts the selected ones alone."""
    few = [check for check in check_reference.CHECKS if check is not check_reference.check_xmr]
    monkeypatch.setattr(check_reference, "CHECKS", check_reference.CHECKS if SOAK else few)
    for path in (shared / "reference").glob("*.csv"):
        (tmp_path / path.name).symlink_to(path)
    for path in () if SOAK else tmp_path.glob("*_cases.csv"):
        cases = pd.read_csv(path)
        path.unlink()
        cases[::3].to_csv(path, index=False)
    check_reference.main([str(tmp_path)])  # which leaves with what differs


def test_the_selection_holds_every_rule_in_every_direction_and_every_icon():
    cases = pd.read_csv(REFERENCE / "xmr_ptd_cases.csv")
    points = pd.read_csv(REFERENCE / "xmr_ptd_expected_points.csv").merge(cases, on="case_id")
    types = points.groupby("improvement_direction")["special_cause_type_mdc2023"].agg(set)
    assert {way: labels - {"Common Cause"} for way, labels in types.items()} == dict.fromkeys(
        ("increase", "decrease", "neutral"), set(check_reference.LABELS) - {"Common Cause"}
    )
    icons = pd.read_csv(REFERENCE / "xmr_ptd_expected_summary.csv")
    assert set(icons["variation_icon"].dropna()) == {
        "common_cause", "improvement_high", "improvement_low", "concern_high", "concern_low",
        "neutral_high", "neutral_low",
    }  # fmt: skip
    assert set(icons["assurance_icon"].dropna()) == {"pass", "fail", "inconsistent", "none"}
    assert cases["rebase"].notna().sum() >= 5
    assert (~cases["screen_outliers"]).any()


def test_a_reference_value_that_differs_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(check_reference, "CHECKS", [check_reference.check_qic])
    for path in REFERENCE.glob("qic_*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    wrong = pd.read_csv(tmp_path / "qic_expected_points.csv")
    cases = pd.read_csv(tmp_path / "qic_cases.csv")
    few = cases[cases["case_id"].isin(wrong["case_id"].unique()[:3])]
    few.to_csv(tmp_path / "qic_cases.csv", index=False)
    wrong.loc[0, "cl"] += 1e-6
    wrong.to_csv(tmp_path / "qic_expected_points.csv", index=False)
    with pytest.raises(SystemExit, match=rf"{wrong['case_id'][0]}: \w+ differs at 1 places"):
        check_reference.main([str(tmp_path)])


# --- the rules, by hand ---------------------------------------------------------------------------


def test_limits_are_the_mean_and_2_66_mean_moving_ranges():
    spc = xmr(3, 5, 4, 4, screen=False)  # ranges 2, 1, 0: mean 1
    assert spc[["mean", "lpl", "upl"]].iloc[0].round(10).tolist() == [4, 1.34, 6.66]


def test_a_wild_range_is_screened_out_once():
    spc = xmr(*[4, 5] * 10, 40, 4, 5)
    ranges = [1] * 20 + [35, 36, 1]  # the two wild ones exceed 3.267 times their mean
    kept = [r for r in ranges if r < 3.267 * np.mean(ranges)]
    assert spc["upl"][0] - spc["mean"][0] == pytest.approx(2.66 * np.mean(kept))


@pytest.mark.parametrize("length", [6, 7, 8])
def test_a_shift_is_seven_points_on_one_side(length):
    spc = xmr(*[5, 5.5, 4.5, 5] * 5, *[5.2] * length, baseline=20)
    assert flagged(spc, "shift") == (list(range(20, 20 + length)) if length >= 7 else [])


def test_a_point_on_the_mean_breaks_a_shift():
    assert not xmr(*[4, 6] * 10, 5.2, 5.2, 5.2, 5, 5.2, 5.2, 5.2, 5.2, baseline=20)["shift"].any()


@pytest.mark.parametrize(("numbers", "found"), [
    ([1, 2, 3, 4, 5, 6, 7], range(7)), ([1, 2, 3, 4, 5, 6], []), ([1, 2, 3, 4, 4, 5, 6, 7], []),
    ([7, 6, 5, 4, 3, 2, 1], range(7)),
])  # fmt: skip
def test_a_trend_is_seven_points_strictly_rising_or_falling(numbers, found):
    assert flagged(xmr(*numbers), "trend") == list(found)


def test_a_point_that_two_trends_share_takes_the_later():
    up = [4.1, 4.2, 4.3, 4.4, 4.5, 4.6]
    spc = xmr(*[4, 6] * 10, *up, 4.7, *reversed(up), baseline=20).tail(13)
    assert spc["trend"].all()
    assert spc["direction"].tolist() == ["high"] * 6 + ["low"] * 7


def test_two_of_three_near_a_limit_flags_those_and_points_beyond_it_count_too():
    steady = [4, 6] * 10  # mean 5, ranges 2: limits 5 ± 5.32, two thirds at 5 ± 3.55
    spc = xmr(*steady, 9, 5.5, 9, baseline=20)
    assert flagged(spc, "two_in_three") == [20, 22]
    spc = xmr(*steady, 11, 9, 5.5, baseline=20)
    assert flagged(spc, "two_in_three") == [20, 21]
    assert not xmr(*steady, 9, 4.9, 9, baseline=20)["two_in_three"].any()  # not all on one side


def test_rules_that_point_both_ways_are_marked_as_mixed():
    spc = xmr(*[5, 4, 6] * 6, 20, 18, 16, 14, 12, 10, 9, baseline=18)
    assert spc.loc[spc["trend"] & spc["outside_limits"], "mixed"].all()
    assert spc["point_type"].iloc[18] == "special_cause_improvement"  # outside comes first


@pytest.mark.parametrize(("improvement", "kind"), [
    ("increase", "improvement"), ("decrease", "concern"), ("neutral", "neutral"),
])  # fmt: skip
def test_the_good_direction_decides_what_a_signal_is_called(improvement, kind):
    spc = xmr(*[4, 6] * 10, 20, baseline=20, improvement=improvement)
    assert spc["point_type"].iloc[-1] == f"special_cause_{kind}"
    assert qi.spc.summarise_spc(spc)["variation"].item() == f"{kind}_high"


def test_limits_are_on_trial_below_13_points():
    trial = [
        qi.spc.summarise_spc(xmr(*[4, 6] * 6, *extra))["trial_limits"].item()
        for extra in ((), (5,))
    ]
    assert trial == [True, False]


# --- rates ----------------------------------------------------------------------------------------


def test_a_p_chart_has_binomial_limits_that_widen_with_fewer_projects():
    spc = qi.spc.add_spc(counts((4, 10), (10, 25), (2, 5)), chart="p")
    assert (spc["mean"] == 0.4).all()  # 16 of 40
    half = 3 * np.sqrt(0.4 * 0.6 / np.array([10, 25, 5]))
    np.testing.assert_allclose(spc["upl"], np.minimum(0.4 + half, 1))
    np.testing.assert_allclose(spc["lpl"], np.maximum(0.4 - half, 0))


def test_constant_100_percent_has_limits_of_100_and_passes():
    spc = qi.spc.add_spc(counts(*[(5, 5)] * 24), target=0.8)
    assert spc[["mean", "lpl", "upl"]].eq(1).all(axis=None)
    assert not spc[FLAGS].any(axis=None)
    assert qi.spc.summarise_spc(spc)["assurance"].item() == "consistent_pass"
    assert "The rate is 100% throughout" in qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)


@pytest.mark.parametrize("chart", ["xmr", "p", "p_prime"])
def test_one_dip_in_24_points_at_100_percent_is_outside_and_named_first(chart):
    frame = counts(*[(5, 5)] * 11, (1, 5), *[(5, 5)] * 12)
    frame = frame.assign(value=frame["numerator"] / 5)
    spc = qi.spc.add_spc(frame, chart=chart, target=0.8)
    assert flagged(spc, "outside_limits") == [11]
    assert (spc["upl"] > spc["lpl"]).all()
    assert flagged(spc, "shift") == [*range(11), *range(12, 24)]
    assert "One point lies outside the limits: 1 December 2020 (20%)." in qi.spc.describe_spc(
        qi.spc.summarise_spc(spc), spc
    )


def test_xmr_limits_of_a_rate_leave_0_to_100_percent_and_those_of_p_prime_do_not():
    frame = counts((9, 10), (10, 10), (6, 10), (10, 10), (9, 10), (7, 10))
    rate = frame.assign(value=frame["numerator"] / 10)
    assert qi.spc.add_spc(rate, chart="xmr")["upl"].max() > 1
    assert qi.spc.add_spc(rate)["upl"].max() <= 1


@pytest.mark.parametrize("jump", range(1, 5))
def test_no_jump_can_be_told_from_chance_with_fewer_than_5_points(jump):
    four = qi.spc.add_spc(counts(*[(0, 99)] * jump, *[(99, 99)] * (4 - jump)), chart="p_prime")
    assert not four[FLAGS].any(axis=None)
    assert not qi.spc.summarise_spc(four)["readable"].any()
    five = qi.spc.add_spc(counts(*[(0, 99)] * 4, (99, 99)), chart="p_prime")
    assert flagged(five, "outside_limits") == [4]
    assert qi.spc.summarise_spc(five)["readable"].all()


# --- exact limits ---------------------------------------------------------------------------------


@given(COUNTS)
def test_an_exact_chart_flags_what_has_a_chance_below_the_tail_and_nothing_else(pairs):
    spc = qi.spc.add_spc(counts(*pairs)).dropna(subset="point")
    k, n, p = spc["numerator"], spc["denominator"], spc["mean"]
    rare = np.minimum(binom.cdf(k, n, p), binom.sf(k - 1, n, p)) < 0.00135
    assert spc["outside_limits"].tolist() == rare.tolist()
    assert not spc[["trend", "two_in_three", "shift"]].any(axis=None)


@given(COUNTS)
def test_exact_limits_are_the_outermost_rates_that_are_not_flagged(pairs):
    spc = qi.spc.add_spc(counts(*pairs)).dropna(subset="point")
    n, p = spc["denominator"], spc["mean"]
    low, high = ((spc[name] * n).round() for name in ("lpl", "upl"))
    np.testing.assert_allclose(low / n, spc["lpl"])
    np.testing.assert_allclose(high / n, spc["upl"])
    assert (binom.cdf(low, n, p) >= 0.00135).all()
    assert (binom.cdf(low - 1, n, p) < 0.00135).all()
    assert (binom.sf(high - 1, n, p) >= 0.00135).all()
    assert (binom.sf(high, n, p) < 0.00135).all()


@pytest.mark.parametrize("share", [0, 1])
def test_exact_limits_of_none_and_all_lie_on_the_mean_and_one_that_differs_is_outside(share):
    spc = qi.spc.add_spc(counts(*[(5 * share, 5)] * 12, (5 - 5 * share, 5)), baseline=12)
    assert spc[["mean", "lpl", "upl"]].eq(share).all(axis=None)
    assert flagged(spc, "outside_limits") == [12]


def test_few_projects_at_either_end_are_within_exact_limits():
    # round 40%, 1 of 1, 3 of 3 and 0 of 5 have chances of 40%, 6.4% and 7.8%
    spc = qi.spc.add_spc(counts(*[(4, 10)] * 10, (1, 1), (3, 3), (0, 5)), baseline=10)
    assert not spc["outside_limits"].any()
    assert spc["lpl"].tail(3).tolist() == [0, 0, 0]
    assert spc["upl"].tail(3).tolist() == [1, 1, 1]


def test_exact_limits_step_where_a_phase_begins_also_with_one_point():
    spc = qi.spc.add_spc(
        counts(*[(2, 10)] * 6, *[(8, 10)] * 5, (0, 10)), rebase=["2020-07-01", "2020-12-01"]
    )
    assert spc["mean"].unique().tolist() == [0.2, 0.8, 0.0]
    assert not spc["outside_limits"].any()


def test_points_that_are_not_settled_are_kept_and_not_tested():
    settled = [True] * 14 + [False] * 2
    frame = counts(*[(4, 10)] * 14, (0, 30), (0, 30)).assign(
        settled=pd.array(settled, dtype="boolean")
    )
    spc = qi.spc.add_spc(frame)
    assert spc["mean"].eq(0.4).all()
    assert spc["point"].tail(2).tolist() == [0, 0]
    assert not spc[FLAGS].any(axis=None)
    summary = qi.spc.summarise_spc(spc)
    assert summary["n"].item() == 14
    sentence = qi.spc.describe_spc(summary, spc)
    assert "The rate is 40% throughout." not in sentence  # the limits leave room for chance
    assert sentence.count("2 periods are drawn hollow and not tested. Their projects") == 1
    told = qi.spc.add_spc(frame.assign(settled=pd.NA))  # not known, or not asked
    assert told["outside_limits"].tolist() == [False] * 14 + [True] * 2


@pytest.mark.parametrize("chart", ["p_exact", "p", "p_prime"])
def test_an_upper_limit_of_all_does_not_fail_an_aim_of_all(chart):
    most = [20, 20, 19, 20, 20, 20, 18, 20, 20, 20, 20, 19, 20, 20, 20]
    spc = qi.spc.add_spc(counts(*[(k, 20) for k in most]), chart=chart, target="100%")
    assert qi.spc.summarise_spc(spc)["assurance"].item() == "inconsistent"
    none = qi.spc.add_spc(
        counts(*[(20 - k, 20) for k in most]), chart=chart, target=0, improvement="decrease"
    )
    assert qi.spc.summarise_spc(none)["assurance"].item() == "inconsistent"


def test_no_verdict_on_a_target_rests_on_fewer_than_13_points_of_the_latest_phase():
    pairs = [(10, 20), (11, 20), (9, 20)] * 5
    spc = qi.spc.add_spc(counts(*pairs, (20, 20)), rebase=["2021-04-01"], target=0.8)
    summary = qi.spc.summarise_spc(spc)
    assert summary["assurance"].item() == "none"
    sentence = qi.spc.describe_spc(summary, spc)
    assert "every time" not in sentence
    assert "throughout" not in sentence


def test_a_target_is_one_for_all_a_column_or_one_for_each_group():
    frame = pd.concat([counts(*[(5, 10)] * 13).assign(group=name) for name in "AB"])
    frame = frame.assign(goal=np.where(frame["group"] == "A", 0.05, np.nan))
    by_column = qi.spc.add_spc(frame, by="group", target="goal")
    by_group = qi.spc.add_spc(frame, by="group", target={"A": "5%"})
    pd.testing.assert_series_equal(by_column["target"], by_group["target"])
    found = qi.spc.summarise_spc(by_group, by="group")["assurance"]
    assert found.tolist() == ["consistent_pass", "none"]
    blank = qi.spc.add_spc(frame, by="group", target=np.nan)
    assert blank["assurance"].eq("none").all()
    with pytest.raises(ValueError, match="A `target` for each group needs `by`; without it, it is"):
        qi.spc.add_spc(counts((1, 2)), target={"A": 0.5})
    with pytest.raises(ValueError, match="`target` names the group 'C', which the data lack"):
        qi.spc.add_spc(frame, by="group", target={"A": 0.5, "C": 0.5})


def test_a_target_of_groups_named_by_two_columns_has_their_names():
    frame = pd.concat([counts(*[(5, 10)] * 3).assign(group=g, site=1) for g in "AB"])
    spc = qi.spc.add_spc(frame, by=["group", "site"], target={("B", 1): "80%"})
    assert spc.groupby("group")["target"].max().fillna(0).to_dict() == {"A": 0, "B": 0.8}


@pytest.mark.parametrize("blank", [None, np.nan, pd.NA, "", "  "])
def test_a_blank_target_is_no_target_wherever_it_stands(blank):
    frame = counts(*[(9, 10)] * 14).assign(goal=[blank] * 13 + [0.5])
    for target in (blank, "goal"):
        spc = qi.spc.add_spc(frame, target=target)
        assert spc["target"].head(13).isna().all()
        assert spc["assurance"].head(13).eq("none").all()
    value = values(*[9] * 14).assign(goal=pd.array([blank] * 14, dtype=object))
    assert qi.spc.add_spc(value, chart="xmr", target="goal")["assurance"].eq("none").all()


@pytest.mark.parametrize("target", [
    {"2020-04-20": "60%", "01/07/2020": 0.8},
    (Aim(date(2020, 4, 20), Fraction(3, 5)), Aim(date(2020, 7, 1), Fraction(4, 5))),
])  # fmt: skip
def test_a_target_by_date_is_in_force_from_the_period_that_holds_its_day(target):
    spc = qi.spc.add_spc(counts(*[(5, 10)] * 9), target=target)
    assert spc["target"].fillna(0).tolist() == [0, 0, 0, 0.6, 0.6, 0.6, 0.8, 0.8, 0.8]
    before = qi.spc.add_spc(counts((5, 10)), target=target)
    assert before["target"].isna().all()


@pytest.mark.parametrize("target", ["soon", np.inf, [3], "8O"])
def test_a_target_of_values_is_a_number(target):
    with pytest.raises(ValueError, match="`target` must be a number; not"):
        xmr(1, 2, target=target)


def test_a_rates_target_is_a_share_and_a_values_target_is_in_its_own_unit():
    with pytest.raises(ValueError, match="`target` must be a share from 0 to 1"):
        qi.spc.add_spc(counts((1, 2)), target=80)
    assert xmr(70, 90, target=80)["target"].eq(80).all()


def test_months_without_projects_do_not_make_a_chart_too_small_to_read():
    spc = qi.spc.add_spc(counts(*[(6, 20), (4, 20)] * 6, *[(0, 0)] * 14))
    summary = qi.spc.summarise_spc(spc)
    assert summary["readable"].item()
    assert not qi.spc.describe_spc(summary, spc).startswith("There are too few")
    both = pd.concat([spc.assign(group="A"), spc.assign(group="B")])
    assert qi.spc.summarise_spc(both, by="group")["readable"].all()


def test_more_than_all_is_refused():
    with pytest.raises(
        ValueError, match=r"^Row 0 \(1 January 2020\) has 7 in `numerator`, more than the 5 in"
    ):
        qi.spc.add_spc(counts((7, 5)))


def test_a_month_without_projects_is_a_gap_where_runs_and_trends_start_again():
    spc = qi.spc.add_spc(counts(*[(2, 8)] * 8, *[(6, 8)] * 4, (0, 0), *[(6, 8)] * 4), chart="p")
    assert np.isnan(spc["point"][12])
    assert not spc.loc[8:, "shift"].any()  # 4 and 4 points, not 8
    assert spc["point_type"][12] == "common_cause"
    runs = qi.spc.summarise_run(spc, centre="mean")  # Anhøj's counts pass over it
    assert (runs["n"].item(), runs["longest_run"].item()) == (16, 8)


# --- periods: absent ones, weeks, and how they are given ------------------------------------------


def absent(frame: pd.DataFrame, *rows: int) -> pd.DataFrame:
    """Return a series without some of its periods."""
    return frame.drop(index=[*rows])


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS", "W-MON", "W-SUN", "14D", "D"])
def test_an_absent_period_is_a_gap_as_a_missing_one_is(freq):
    frame = values(*[5] * 8, *[7] * 11).assign(
        period=pd.date_range("2019-12-30", periods=19, freq=freq)
    )
    missing = frame.assign(value=frame["value"].mask(frame.index == 14))
    whole, gap = (
        qi.spc.add_spc(each, chart="xmr", baseline=8) for each in (missing, absent(frame, 14))
    )
    pd.testing.assert_frame_equal(gap, absent(whole, 14))
    assert not gap.loc[8:, "shift"].any()  # 6 and 4 points, not 10
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(gap), gap)
    assert "1 period between the first and the last is absent: it is a gap." in sentence


def test_absent_periods_have_no_moving_range_and_are_counted():
    spc = qi.spc.add_spc(absent(values(*[4, 6] * 4, *[20, 22] * 5), 8, 9, 10), chart="xmr")
    assert spc["upl"].iloc[0] - spc["mean"].iloc[0] == pytest.approx(2.66 * 2)
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    assert "3 periods between the first and the last are absent: they are gaps." in sentence


@pytest.mark.parametrize("freq", ["MS", "ME", "QS", "YS", "W-MON", "14D", "D"])
def test_run_and_process_charts_count_and_say_absent_and_missing_periods(freq):
    frame = values(*[4, 6] * 9).assign(period=pd.date_range("2019-12-30", periods=18, freq=freq))
    frame.loc[16, "value"] = np.nan
    run, spc = (
        add(absent(frame, 5, 6), **options)
        for add, options in (
            (qi.spc.add_run, {"value": "value"}),
            (qi.spc.add_spc, {"chart": "xmr"}),
        )
    )
    summary = qi.spc.summarise_run(run)
    assert summary[["n", "absent", "missing"]].to_numpy().tolist() == [[15, 2, 1]]
    said = (
        "2 periods between the first and the last are absent: they are gaps. "
        "1 period has nothing to count and is left out."
    )
    assert qi.spc.describe_run(summary).endswith(f"The median is 6. {said}")
    assert said in qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)


def test_gaps_are_counted_in_each_group_and_said_of_many_charts():
    whole = values(*[4, 6] * 8).assign(period=pd.date_range("2020-01-06", periods=16, freq="W-MON"))
    weeks = pd.concat([absent(whole, 3, 9, 10).assign(ward="A"), whole.assign(ward="B")])
    summary = qi.spc.summarise_run(qi.spc.add_run(weeks, value="value", by="ward"), by="ward")
    assert summary[["ward", "absent", "missing"]].to_numpy().tolist() == [["A", 3, 0], ["B", 0, 0]]
    spc = qi.spc.add_spc(weeks, chart="xmr", by="ward")
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc, by="ward"), spc)
    assert sentence.endswith("In 1 chart periods are absent: they are gaps.")


def test_a_series_without_regular_steps_has_no_absent_periods():
    days = pd.to_datetime(["2020-01-03", "2020-01-21", "2020-03-02", "2020-03-09", "2020-06-30"])
    spc = qi.spc.add_spc(values(3, 5, 4, 4, 3).assign(period=days), chart="xmr")
    assert "absent" not in qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    workdays = values(*[3, 4] * 8).assign(period=pd.date_range("2020-01-01", periods=16, freq="B"))
    spc = qi.spc.add_spc(workdays, chart="xmr")
    assert "absent" not in qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    twice_a_year = values(*[3, 4] * 4).assign(
        period=pd.date_range("2020-01-01", periods=8, freq="6MS")
    )
    both = pd.concat([values(*[3, 4] * 4).assign(group="a"), twice_a_year.assign(group="b")])
    spc = qi.spc.add_spc(both, chart="xmr", by="group")
    assert spc["lpl"].notna().all()  # each group has steps of its own


def test_numbers_order_points_and_years_can_be_absent():
    frame = values(*[4, 6] * 5).assign(year=range(2010, 2020))
    spc = qi.spc.add_spc(absent(frame, 4), chart="xmr", order="year", rebase=[2015])
    assert spc["phase"].tolist() == [1] * 4 + [2] * 5
    summary = qi.spc.summarise_spc(spc, order="year")
    assert "calculated anew from 2015. " in qi.spc.describe_spc(summary, spc, order="year")
    with pytest.raises(ValueError, match="the order of numbers here, so '2015-01-01' is no date"):
        qi.spc.add_spc(frame, chart="xmr", order="year", rebase=["2015-01-01"])


@pytest.mark.parametrize("given", [
    lambda days: days.strftime("%Y-%m-%d"), lambda days: days.to_period("M"),
    lambda days: days.tz_localize("Europe/London"), lambda days: days.astype("datetime64[s]"),
    lambda days: days.date,
])  # fmt: skip
def test_periods_give_the_same_chart_however_they_are_given(given):
    frame, goal = counts(*RISE), {"2020-10-01": 0.8}
    other = frame.assign(period=given(pd.DatetimeIndex(frame["period"])))
    options = {"rebase": ["2021-01-01"], "target": goal}
    plain, spc = (qi.spc.add_spc(each, **options) for each in (frame, other))
    pd.testing.assert_frame_equal(plain, spc, check_dtype=False)
    said = [qi.spc.describe_spc(qi.spc.summarise_spc(each), each) for each in (plain, spc)]
    assert said[0] == said[1]
    assert (qi.spc.add_run(qi.add_rates(other))["phase"] == 1).all()


def test_one_chart_is_of_one_series():
    spc = qi.spc.add_spc(
        pd.concat([counts(*RISE).assign(group=g) for g in "ab"], ignore_index=True), by="group"
    )
    for function in (qi.spc.summarise_spc, qi.plot_spc):
        with pytest.raises(ValueError, match="Two rows of one group have the same 'period'"):
            function(spc)


# --- values in their own unit ---------------------------------------------------------------------


def waits(*days, **options) -> pd.DataFrame:
    """Draw an XmR chart of days waited."""
    frame = values(*days).rename(columns={"value": "days_waited"})
    return qi.spc.add_spc(frame, chart="xmr", value="days_waited", **options)


def test_values_are_said_in_their_own_unit():
    spc = waits(*[32, 35, 30] * 5, 90, improvement="decrease", baseline=15)
    assert qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc) == (
        "The latest point shows a real worsening, not chance: it lies outside the limits. One "
        "point lies outside the limits: 1 April 2021 (90). Of 16 points, 1 signals concern. The "
        "mean of days waited is 32.3; by chance alone it would move between 23.2 and 41.5."
    )
    flat = waits(*[7] * 14)
    assert "Every point is 7." in qi.spc.describe_spc(qi.spc.summarise_spc(flat), flat)
    assert "%" not in qi.spc.describe_spc(qi.spc.summarise_spc(flat), flat)
    one = waits(7)
    assert qi.spc.describe_spc(qi.spc.summarise_spc(one), one) == (
        "There are too few points of days waited to read a chart."
    )


@pytest.mark.parametrize(("numbers", "median"), [
    ([210, 214, 220, 229, 233, 240, 238], "229"), ([12_000, 22_900, 31_000], "22,900"),
    ([0.0312, 0.05, 0.001], "0.0312"), ([-4.5, -3, -6], "-4.5"), ([0, 0, 1], "0"),
])  # fmt: skip
def test_a_run_chart_of_a_count_is_in_that_count(numbers, median):
    run = qi.spc.add_run(values(*numbers).rename(columns={"value": "live"}), value="live")
    assert run["point_is"].eq("live").all()
    assert f" {median}." in qi.spc.describe_run(qi.spc.summarise_run(run))


def test_values_that_are_the_rates_of_their_counts_are_percentages():
    frame = counts(*[(2, 5), (3, 5)] * 7).assign(value=[0.4, 0.6] * 7)
    spc = qi.spc.add_spc(frame, chart="xmr", target="50%")
    assert "The mean of the rate is 50%" in qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    counted = frame.assign(value=frame["numerator"])
    spc = qi.spc.add_spc(counted.assign(denominator=4), chart="xmr")
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    assert "The mean is 2.5;" in sentence  # and few projects do not matter to a count


# --- many charts in one sentence ------------------------------------------------------------------


def test_of_many_charts_it_is_said_how_many_show_what():
    frames = {
        "up": [(2, 10)] * 13 + [(10, 10)], "down": [(8, 10)] * 13 + [(0, 10)],
        "usual": [(4, 10), (5, 10)] * 7, "few": [(1, 10)] * 3, "steady": [(10, 10)] * 14,
    }  # fmt: skip
    frame = pd.concat([counts(*pairs).assign(group=name) for name, pairs in frames.items()])
    spc = qi.spc.add_spc(frame, by="group", target={"steady": 0.8, "usual": 0.5})
    assert qi.spc.describe_spc(qi.spc.summarise_spc(spc, by="group"), spc) == (
        "Of 5 charts, 1 shows a real improvement (up), 1 shows a real worsening (down), 2 show at "
        "their latest points what chance alone does (steady, usual) and 1 has too few points, or "
        "projects in each, to tell (few). As things are, of those with a target 1 will meet it "
        "every time and 1 will meet or miss it by chance."
    )


# --- targets, phases, groups ----------------------------------------------------------------------


@pytest.mark.parametrize(("target", "increase", "decrease"), [
    (1, "consistent_pass", "consistent_fail"), (9, "consistent_fail", "consistent_pass"),
    (4, "inconsistent", "inconsistent"), (6.66, "consistent_fail", "consistent_pass"),
    (1.34, "consistent_pass", "consistent_fail"), (None, "none", "none"),
])  # fmt: skip
def test_assurance_sets_the_limits_against_the_target_and_a_tie_counts_as_beyond(
    target, increase, decrease
):
    for improvement, expected in (("increase", increase), ("decrease", decrease)):
        spc = xmr(*[3, 5, 4, 4] * 4, screen=False, target=target, improvement=improvement)
        assert qi.spc.summarise_spc(spc)["assurance"].item() == expected


def test_a_rebase_date_begins_a_phase_in_the_period_that_holds_it():
    spc = xmr(*[4, 6] * 6, *[14, 16] * 6, rebase=["2021-01-20"])
    assert spc["phase"].tolist() == [1] * 12 + [2] * 12
    assert spc["mean"].unique().tolist() == [5, 15]
    assert not spc[FLAGS].any(axis=None)


def test_a_rebase_date_in_no_groups_data_is_refused_with_the_nearest():
    with pytest.raises(
        ValueError, match=r"1 July 2023 is in no group's data. The nearest are 1 June"
    ):
        xmr(*[4, 6] * 3, rebase=["2023-07-01"])


def test_a_group_can_have_phases_of_its_own():
    frame = pd.concat([values(*[4, 6] * 6).assign(group=g) for g in "ab"], ignore_index=True)
    spc = qi.spc.add_spc(frame, chart="xmr", by="group", rebase={"b": ["2020-07-01"]})
    assert spc.groupby("group")["phase"].max().to_dict() == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="`rebase` names the group 'c', which the data lack"):
        qi.spc.add_spc(frame, chart="xmr", by="group", rebase={"c": ["2020-07-01"]})


# --- recalculations that a profile accepts --------------------------------------------------------

RESTART = Rebase(date(2020, 7, 15), "the programme began again")


def test_an_accepted_date_begins_a_phase_and_gives_its_reason():
    spc = xmr(*[4, 6] * 3, *[14, 16] * 3, rebase=[RESTART])
    assert spc["phase"].tolist() == [1] * 6 + [2] * 6
    assert spc["rebase_reason"].tolist() == [""] * 6 + [RESTART.reason] * 6
    assert spc["rebased"].tail(6).eq(pd.Timestamp("2020-07-01")).all()
    assert spc["rebased"].head(6).isna().all()
    row = qi.spc.summarise_spc(spc).iloc[0]
    assert (row["rebased"], row["rebase_reason"]) == (pd.Timestamp("2020-07-01"), RESTART.reason)


def test_the_sentence_says_from_when_limits_were_calculated_anew_and_why():
    spc = qi.spc.add_spc(counts(*[(2, 10)] * 6, *[(7, 10), (8, 10)] * 6), rebase=[RESTART])
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    assert (
        "The mean and limits were calculated anew from 1 July 2020 (the programme began again)."
    ) in sentence
    plain = qi.spc.add_spc(
        spc.filter(["period", "numerator", "denominator"]), rebase=["2020-07-01"]
    )
    assert "calculated anew from 1 July 2020. " in qi.spc.describe_spc(
        qi.spc.summarise_spc(plain), plain
    )
    assert "anew" not in qi.spc.describe_spc(qi.spc.summarise_spc(plain[:6]), plain[:6])


def test_a_chart_of_the_latest_points_says_when_its_limits_began():
    spc = qi.spc.add_spc(counts(*[(2, 10)] * 6, *[(7, 10), (8, 10)] * 6), rebase=[RESTART])
    for shown in (spc, spc.tail(12), spc.tail(6)):
        summary = qi.spc.summarise_spc(shown)
        assert summary["rebased"].item() == pd.Timestamp("2020-07-01")
        assert (
            "calculated anew from 1 July 2020 (the programme began again)."
            in qi.spc.describe_spc(summary, shown)
        )
    run = qi.spc.add_run(values(*[4] * 6, *[7, 8] * 6), value="value", rebase=["2020-07-01"])
    assert qi.spc.summarise_run(run.tail(4))["rebased"].item() == pd.Timestamp("2020-07-01")


@pytest.mark.parametrize("after", [1, 2, 4])
def test_few_points_after_a_recalculation_tell_nothing(after):
    day = months(13 + after)[13]
    pairs = [(10, 20), (11, 20), (9, 20)] * 4 + [(10, 20)] + [(20, 20)] * after
    spc = qi.spc.add_spc(counts(*pairs), rebase=[day], target=0.8)
    summary = qi.spc.summarise_spc(spc)
    sentence = qi.spc.describe_spc(summary, spc)
    points = "1 point" if after == 1 else f"{after} points"
    assert sentence.startswith(f"Nothing can be told from {points} since 1 February 2021.")
    assert not summary["readable"].item()
    assert summary["assurance"].item() == "none"


@pytest.mark.parametrize("text", ["04/05/2020", "4 May 2020", "2020-05-04", "04.05.2020"])
def test_a_date_as_text_is_read_day_first_or_year_first(text):
    spc = xmr(*[4, 6] * 6, rebase=[text])
    assert spc.loc[spc["phase"] == 2, "period"].iloc[0] == pd.Timestamp("2020-05-01")
    assert xmr(*[4, 6] * 6, rebase=text).equals(spc)


@pytest.mark.parametrize("given", ["05/13/2020", "May", None, pd.NaT, 20200504])
def test_what_is_no_date_is_no_recalculation(given):
    with pytest.raises(ValueError, match=r"is no date; write it as 2020-04-01 or 01/04/2020\.$"):
        xmr(*[4, 6] * 6, rebase=[given])


@pytest.mark.parametrize("day", [date(2012, 1, 1), date(2020, 1, 5), date(2021, 1, 1)])
def test_an_accepted_date_without_points_on_both_sides_changes_nothing_and_is_no_error(day):
    spc = xmr(*[4, 6] * 6, rebase=[Rebase(day, "elsewhere")])
    pd.testing.assert_frame_equal(spc, xmr(*[4, 6] * 6))


@pytest.mark.parametrize(("before", "after", "phases"), [
    (1, 5, 1), (5, 1, 1), (2, 2, 2), (5, 2, 2),
])  # fmt: skip
def test_an_accepted_date_needs_two_points_on_either_side(before, after, phases):
    start = months(before + 1)[-1].date()
    spc = xmr(*[4] * before, *[9] * after, rebase=[Rebase(start, "known")])
    assert spc["phase"].max() == phases


def test_an_accepted_date_in_a_gap_takes_effect_at_the_next_period():
    empty = counts(*[(2, 8)] * 4, (0, 0), (0, 0), *[(6, 8)] * 4)
    dated = Rebase(date(2020, 5, 20), "known")
    assert qi.spc.add_spc(empty, rebase=[dated])["phase"].tolist() == [1] * 4 + [2] * 6
    absent = empty[empty["denominator"] > 0]
    assert qi.spc.add_spc(absent, rebase=[dated])["phase"].tolist() == [1] * 4 + [2] * 4
    with pytest.raises(ValueError, match=r"20 May 2020 is in no group's data. The nearest are 1"):
        qi.spc.add_spc(absent, rebase=["2020-05-20"])


def test_accepted_dates_of_many_groups_go_to_those_they_name(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text(
        "[trust]\nname='A'\nshort_name='A'\n[definitions.any]\napproach='doing_to'\n"
        "[[rebases]]\nfrom=2020-07-01\nreason='all'\n"
        "[[rebases]]\nfrom=2021-01-01\nreason='b alone'\ndirectorates=['b']\n"
    )
    frame = pd.concat([values(*[4, 6] * 12).assign(directorate=g) for g in "abc"])
    frame = pd.concat([frame, values(4, 6, 4).assign(directorate="new")], ignore_index=True)
    trust = qi.load_profile(file)
    spc = qi.spc.add_spc(
        frame, chart="xmr", by="directorate", rebase=trust.rebases_by(frame["directorate"])
    )
    phases = spc.groupby("directorate")["phase"].max()
    assert phases.to_dict() == {"a": 2, "b": 3, "c": 2, "new": 1}
    summary = qi.spc.summarise_spc(spc, by="directorate").set_index("directorate")
    assert summary["rebase_reason"].to_dict() == {"a": "all", "b": "b alone", "c": "all", "new": ""}
    assert summary["rebased"].dropna().dt.strftime("%Y-%m-%d").tolist() == [
        "2020-07-01", "2021-01-01", "2020-07-01",
    ]  # fmt: skip
    whole = qi.spc.add_spc(values(*[4, 6] * 12), chart="xmr", rebase=trust.rebases_for())
    assert whole["phase"].max() == 2


@given(st.integers(0, 30), st.lists(st.integers(0, 40), max_size=3))
def test_accepted_dates_never_fail_and_leave_two_points_in_every_phase(points, after):
    dates = [Rebase(date(2019, 10, 1) + pd.Timedelta(days=31 * n), "known") for n in after]
    spc = qi.spc.add_spc(counts(*[(1, 4)] * points), rebase=dates)
    assert (spc.groupby("phase").size() >= min(2, points)).all()
    assert spc["phase"].nunique() <= 1 + len(dates)


@pytest.mark.parametrize(("options", "message"), [
    ({"chart": "c"}, "`chart` must be one of 'p_exact', 'p_prime', 'p', 'xmr'; not 'c'."),
    ({"improvement": "up"}, "`improvement` must be one of 'increase', 'decrease', 'neutral'"),
    ({"baseline": 1}, "`baseline` must be at least 2 points; not 1."),
    ({"chart": "p"}, "The frame has no column 'numerator': make it with `count_involvement` f"),
])  # fmt: skip
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        qi.spc.add_spc(values(1, 2), **{"chart": "xmr"} | options)


def test_two_rows_of_one_period_ask_for_the_groups():
    twice = pd.concat([values(1, 2), values(1, 2)])
    with pytest.raises(ValueError, match=r"the same 'period', 1 January 2020. Name the columns"):
        qi.spc.add_spc(twice, chart="xmr")


def test_one_point_has_a_mean_and_no_xmr_limits():
    spc = xmr(5)
    assert spc["mean"].item() == 5
    assert spc[["lpl", "upl"]].isna().all(axis=None)
    assert qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc).startswith(
        "There are too few points"
    )
    assert len(qi.spc.add_spc(values().astype({"value": float}), chart="xmr")) == 0


# --- where other programs err, further ----------------------------------------------------------


def test_two_thirds_lines_rest_on_limits_that_are_not_cut_at_0_and_100_percent():
    frame = counts(*[(7, 10), (9, 10)] * 10, (10, 10), (10, 10))
    spc = qi.spc.add_spc(frame, chart="p", baseline=20)
    half = 3 * np.sqrt(0.8 * 0.2 / 10)
    assert spc["upl"].iloc[-1] == 1 < 0.8 + half
    assert 0.8 + 2 * half / 3 > 1  # so 100% is not beyond two thirds, though it is on the limit
    assert not spc["two_in_three"].any()


def test_a_value_missing_in_mid_series_is_a_gap_and_no_crash():
    spc = xmr(*[4, 6] * 5, np.nan, *[4, 6] * 5)
    assert np.isnan(spc["point"][10])
    assert not spc.loc[10, FLAGS].any()
    ranges = 2.66 * 2  # between neighbours only: none across the gap
    assert spc["upl"][0] - spc["mean"][0] == pytest.approx(ranges)


def test_a_series_without_a_target_beside_one_with_a_target_has_no_assurance():
    both = pd.concat([
        xmr(*[4, 6] * 10, target=-1).assign(group="aimed"), xmr(*[4, 6] * 10).assign(group="not"),
    ])  # fmt: skip
    found = qi.spc.summarise_spc(both, by="group").set_index("group")["assurance"]
    assert found.to_dict() == {"aimed": "consistent_pass", "not": "none"}


def test_a_thousand_p_charts_of_36_months_take_no_minute():
    random = np.random.default_rng(1)
    denominator = random.integers(0, 15, 36_000)
    frame = pd.DataFrame({
        "group": np.repeat(np.arange(1000), 36), "period": np.tile(months(36), 1000),
        "numerator": random.binomial(denominator, 0.4), "denominator": denominator,
    })  # fmt: skip
    start = time.perf_counter()
    qi.spc.summarise_spc(qi.spc.add_spc(frame, chart="p", by="group"), by="group")
    assert time.perf_counter() - start < 5  # another program takes 71 s; this one about 0.1 s


# --- properties -----------------------------------------------------------------------------------


@given(COUNTS, st.sampled_from(["p", "p_prime", "p_exact"]), st.booleans())
def test_limits_of_rates_lie_within_0_and_1_and_around_the_mean(pairs, chart, screen):
    spc = qi.spc.add_spc(counts(*pairs), chart=chart, screen=screen).dropna(subset="point")
    assert ((spc["lpl"] >= 0) & (spc["lpl"] <= spc["mean"] + 1e-12)).all()
    assert ((spc["mean"] <= spc["upl"] + 1e-12) & (spc["upl"] <= 1)).all()


@given(SERIES, st.sampled_from([0.5, 2, 10]), st.integers(-100, 100))
def test_shifting_and_scaling_a_series_changes_no_flag(numbers, scale, shift):
    plain, moved = xmr(*numbers), xmr(*[scale * number + shift for number in numbers])
    pd.testing.assert_frame_equal(plain[[*FLAGS, "direction"]], moved[[*FLAGS, "direction"]])


@given(SERIES)
def test_negating_a_series_swaps_improvement_and_concern(numbers):
    plain, negated = xmr(*numbers), xmr(*[-number for number in numbers])
    swap = {"special_cause_improvement": "special_cause_concern",
            "special_cause_concern": "special_cause_improvement"}  # fmt: skip
    assert plain["point_type"].replace(swap).tolist() == negated["point_type"].tolist()


@given(st.lists(COUNTS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_groups_apart_or_together_in_any_order_of_rows_give_the_same(groups, random):
    frames = [counts(*pairs).assign(group=i) for i, pairs in enumerate(groups)]
    together = pd.concat(frames, ignore_index=True)
    apart = pd.concat([qi.spc.add_spc(frame) for frame in frames], ignore_index=True)
    order = list(range(len(together)))
    random.shuffle(order)
    mixed = qi.spc.add_spc(together.iloc[order], by="group").sort_index()
    pd.testing.assert_frame_equal(mixed, apart)


# --- run charts and recalculation -----------------------------------------------------------------


def test_a_run_chart_drops_points_on_the_median():
    run = qi.spc.add_run(values(1, 3, 2, 3, 1).rename(columns={"value": "rate"}))
    assert run["useful"].tolist() == [True, True, False, True, True]
    row = qi.spc.summarise_run(run).iloc[0]
    assert (row["n"], row["n_useful"], row["longest_run"], row["crossings"]) == (5, 4, 2, 2)


def test_runs_end_with_the_phase():
    first, second = [0.4, 0.6] * 6, [0.6, 0.4] * 3 + [0.4] * 7
    frame = pd.DataFrame({"period": months(25), "rate": [*first, *[x + 0.3 for x in second]]})
    run = qi.spc.add_run(frame.assign(rate=frame["rate"].round(2)), rebase=["2021-01-01"])
    summary = qi.spc.summarise_run(run)
    assert summary["rebased"].item() == pd.Timestamp("2021-01-01")
    each = qi.spc.summarise_run(run, by="phase")
    columns = ["n", "longest_run", "crossings", "signal"]
    assert summary[columns].iloc[0].tolist() == each[columns].iloc[1].tolist()
    assert qi.spc.describe_run(summary).startswith("The points since 1 January 2021 move")
    with pytest.raises(ValueError, match="This describes one series: choose one row"):
        qi.spc.describe_run(each)


def test_a_run_chart_of_equal_points_has_no_signal():
    row = qi.spc.summarise_run(qi.spc.add_run(values(*[4] * 20).rename(columns={"value": "rate"})))
    assert not row["signal"].item()
    assert qi.spc.describe_run(row.assign(centre=0.4)) == "Every point lies on the median, 40%."


RISE = [(3, 10), (2, 10)] * 6 + [(7, 10), (6, 10)] * 7


def test_a_change_is_proposed_for_recalculation_and_nothing_is_done():
    spc = qi.spc.add_spc(counts(*RISE))
    (row,) = qi.spc.suggest_rebase(spc).to_dict("records")
    assert row == {
        "rebase": pd.Timestamp("2021-01-01"), "change": "rise",
        "before_numerator": 30, "before_denominator": 120,
        "after_numerator": 91, "after_denominator": 140,
    }  # fmt: skip
    assert (spc["phase"] == 1).all()


def test_values_that_are_no_rates_have_no_such_change():
    with pytest.raises(ValueError, match=r"^The frame has no column 'numerator': make it"):
        qi.spc.suggest_rebase(xmr(*[5, 6, 4] * 4))


# --- words ----------------------------------------------------------------------------------------


def test_the_sentence_says_what_the_chart_shows_in_plain_words():
    spc = qi.spc.add_spc(
        counts(*[(4, 10), (5, 10), (3, 10)] * 5, *[(9, 10)] * 7),
        chart="p_prime", target=0.8, baseline=15,
    )  # fmt: skip
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    assert sentence.startswith(
        "The latest point shows a real improvement, not chance: it lies outside"
    )
    assert "7 points lie outside the limits, the latest of them: 1 August 2021 (90%)" in sentence
    assert sentence.endswith("As things are, the target will not be met.")
    small = qi.spc.add_spc(counts(*[(1, 2)] * 20))
    assert qi.spc.describe_spc(qi.spc.summarise_spc(small), small) == (
        "There are too few points, or too few projects in each, to read a chart: take a longer "
        "period."
    )


def test_the_sentence_counts_signals_and_missing_points():
    low, high = [(1, 10), (2, 10)] * 4, [(8, 10), (9, 10)] * 4
    spc = qi.spc.add_spc(counts(*low, (0, 0), *high), chart="p")
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    assert "Of 16 points, 8 signal concern and 8 signal improvement." in sentence
    assert "1 period has nothing to count and is left out." in sentence
    spc = qi.spc.add_spc(counts(*[(4, 10), (5, 10)] * 8, (10, 10)), chart="p")
    assert "Of 17 points, 1 signals improvement." in qi.spc.describe_spc(
        qi.spc.summarise_spc(spc), spc
    )


def test_points_off_limits_without_width_are_not_said_to_be_the_same_throughout():
    frame = counts(*[(2, 10)] * 13, *[(7, 10)] * 3)
    spc = qi.spc.add_spc(frame, chart="p_prime", baseline=13)
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    assert "Every point that the limits rest on is 20%." in sentence
    assert "throughout" not in sentence


def test_a_real_change_of_a_neutral_measure_is_not_called_chance():
    frame = values(*[4, 6] * 10, 20).assign(directorate="A")
    spc = qi.spc.add_spc(frame, chart="xmr", by="directorate", improvement="neutral", baseline=20)
    sentence = qi.spc.describe_spc(qi.spc.summarise_spc(spc, by="directorate"), spc)
    assert sentence.startswith("The latest point shows a real change, not chance")


def test_suggestions_are_a_table_with_how_to_accept_each_and_none_is_one_line():
    suggestions = qi.spc.suggest_rebase(qi.spc.add_spc(counts(*RISE)))
    (row,) = qi.spc.format_rebase_suggestions(suggestions).to_dict("records")
    assert row == {
        "Date": "1 January 2021", "Change": "rise", "Before": "25% (30 of 120)",
        "After": "65% (91 of 140)", "To accept": "[[rebases]] from = 2021-01-01",
    }  # fmt: skip
    sentence = qi.spc.describe_rebase_suggestions(suggestions)
    assert sentence.startswith(
        "The limits could be calculated anew from 1 January 2021. Do so only if"
    )
    assert "directorates" not in sentence
    assert 'directorates = ["Rehab"]' in qi.spc.describe_rebase_suggestions(suggestions, "Rehab")
    none = qi.spc.suggest_rebase(qi.spc.add_spc(counts(*RISE[:12])))
    assert qi.spc.format_rebase_suggestions(none) is None
    assert qi.spc.describe_rebase_suggestions(none) == (
        "No change of the rate asks for new limits, so no recalculation is suggested."
    )


def test_suggestions_of_many_groups_bear_their_names():
    rise = counts(*RISE)
    frame = pd.concat([rise.assign(group="a"), rise.assign(group="b", numerator=2)])
    for rates in (frame, qi.spc.add_spc(frame, by="group")):
        suggestions = qi.spc.suggest_rebase(rates, by="group")
        assert qi.spc.format_rebase_suggestions(suggestions, by="group").index.tolist() == ["a"]


@pytest.mark.parametrize("later", [0, 1])
def test_an_accepted_suggestion_is_not_suggested_again(later):
    """Nor where the cause is known to have come a month after the rate began to rise."""
    day = qi.spc.suggest_rebase(counts(*RISE))["rebase"].item() + pd.DateOffset(months=later)
    accepted = qi.spc.add_spc(counts(*RISE), rebase=[Rebase(day.date(), "known")])
    assert accepted["phase"].max() == 2
    assert qi.spc.suggest_rebase(accepted).empty
