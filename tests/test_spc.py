"""Process charts: limits, Making Data Count's rules and icons, run charts, and where others err."""

import subprocess
import sys
from pathlib import Path

import check_reference
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qi_analysis as qi

REFERENCE = Path(__file__).parent / "reference"
FLAGS = ["outside_limits", "trend", "two_in_three", "shift"]
SERIES = st.lists(st.integers(0, 50), min_size=1, max_size=40)
COUNTS = st.lists(
    st.integers(0, 12).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=40,
)


def months(count: int) -> pd.DatetimeIndex:
    """Give the first days of so many months from January 2020."""
    return pd.date_range("2020-01-01", periods=count, freq="MS")


def values(*numbers) -> pd.DataFrame:
    """Give a monthly series of single values."""
    return pd.DataFrame({"period": months(len(numbers)), "value": np.array(numbers, float)})


def counts(*pairs) -> pd.DataFrame:
    """Give a monthly series of numerators and denominators."""
    frame = pd.DataFrame(list(pairs), columns=["numerator", "denominator"])
    return frame.assign(period=months(len(pairs)))


def xmr(*numbers, **options) -> pd.DataFrame:
    """Draw an XmR chart of a monthly series."""
    return qi.add_spc(values(*numbers), chart="xmr", **options)


def flagged(spc: pd.DataFrame, rule: str) -> list[int]:
    """Give the positions of the points that a rule flags."""
    return np.flatnonzero(spc[rule]).tolist()


# --- what other programs computed -----------------------------------------------------------------


@pytest.mark.parametrize("check", check_reference.CHECKS, ids=lambda check: check.__name__)
def test_the_selected_reference_values_agree(check):
    assert check(REFERENCE) == []


def test_every_reference_value_agrees(shared):
    command = [sys.executable, check_reference.__file__, str(shared / "reference")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_selection_holds_every_rule_in_every_direction_and_every_icon():
    cases = pd.read_csv(REFERENCE / "xmr_ptd_cases.csv")
    points = pd.read_csv(REFERENCE / "xmr_ptd_expected_points.csv").merge(cases, on="case_id")
    seen = points.groupby("improvement_direction")["special_cause_type_mdc2023"].agg(set)
    assert {way: labels - {"Common Cause"} for way, labels in seen.items()} == dict.fromkeys(
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


def test_a_reference_value_that_differs_is_named(tmp_path):
    for path in REFERENCE.glob("*.csv"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    wrong = pd.read_csv(tmp_path / "qic_expected_points.csv")
    wrong.loc[0, "cl"] += 1e-6
    wrong.to_csv(tmp_path / "qic_expected_points.csv", index=False)
    with pytest.raises(SystemExit, match=rf"{wrong['case_id'][0]}: \w+ differs at 1 places"):
        check_reference.main(str(tmp_path))


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
    assert qi.summarise_spc(spc)["variation"].item() == f"{kind}_high"


def test_limits_are_on_trial_below_13_points():
    trial = [
        qi.summarise_spc(xmr(*[4, 6] * 6, *extra))["trial_limits"].item() for extra in ((), (5,))
    ]
    assert trial == [True, False]


# --- rates ----------------------------------------------------------------------------------------


def test_a_p_chart_has_binomial_limits_that_widen_with_fewer_projects():
    spc = qi.add_spc(counts((4, 10), (10, 25), (2, 5)), chart="p")
    assert (spc["mean"] == 0.4).all()  # 16 of 40
    half = 3 * np.sqrt(0.4 * 0.6 / np.array([10, 25, 5]))
    np.testing.assert_allclose(spc["upl"], np.minimum(0.4 + half, 1))
    np.testing.assert_allclose(spc["lpl"], np.maximum(0.4 - half, 0))


def test_constant_100_percent_has_limits_of_100_and_passes():
    spc = qi.add_spc(counts(*[(5, 5)] * 24), target=0.8)
    assert spc[["mean", "lpl", "upl"]].eq(1).all(axis=None)
    assert not spc[FLAGS].any(axis=None)
    assert qi.summarise_spc(spc)["assurance"].item() == "consistent_pass"
    assert "The rate is 100% throughout" in qi.describe_spc(qi.summarise_spc(spc), spc)


@pytest.mark.parametrize("chart", ["xmr", "p", "p_prime"])
def test_one_dip_in_24_points_at_100_percent_is_outside_and_named_first(chart):
    frame = counts(*[(5, 5)] * 11, (1, 5), *[(5, 5)] * 12)
    frame = frame.assign(value=frame["numerator"] / 5)
    spc = qi.add_spc(frame, chart=chart, target=0.8)
    assert flagged(spc, "outside_limits") == [11]
    assert (spc["upl"] > spc["lpl"]).all()
    assert flagged(spc, "shift") == [*range(11), *range(12, 24)]
    assert "One point lies outside the limits: 1 December 2020 (20%)." in qi.describe_spc(
        qi.summarise_spc(spc), spc
    )


def test_xmr_limits_of_a_rate_leave_0_to_100_percent_and_those_of_p_prime_do_not():
    frame = counts((9, 10), (10, 10), (6, 10), (10, 10), (9, 10), (7, 10))
    rate = frame.assign(value=frame["numerator"] / 10)
    assert qi.add_spc(rate, chart="xmr")["upl"].max() > 1
    assert qi.add_spc(rate)["upl"].max() <= 1


def test_more_than_all_is_refused():
    with pytest.raises(ValueError, match="`numerator` must lie between 0 and the denominator"):
        qi.add_spc(counts((7, 5)))


def test_a_month_without_projects_is_a_gap_where_runs_and_trends_start_again():
    spc = qi.add_spc(counts(*[(2, 8)] * 8, *[(6, 8)] * 4, (0, 0), *[(6, 8)] * 4), chart="p")
    assert np.isnan(spc["point"][12])
    assert not spc.loc[8:, "shift"].any()  # 4 and 4 points, not 8
    assert spc["point_type"][12] == "common_cause"
    runs = qi.summarise_run(spc, centre="mean")  # Anhøj's counts pass over it
    assert (runs["n"].item(), runs["longest_run"].item()) == (16, 8)


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
        spc = xmr(3, 5, 4, 4, screen=False, target=target, improvement=improvement)
        assert qi.summarise_spc(spc)["assurance"].item() == expected


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
    spc = qi.add_spc(frame, chart="xmr", by="group", rebase={"b": ["2020-07-01"]})
    assert spc.groupby("group")["phase"].max().to_dict() == {"a": 1, "b": 2}
    with pytest.raises(ValueError, match="`rebase` names the group 'c', which the data lack"):
        qi.add_spc(frame, chart="xmr", by="group", rebase={"c": ["2020-07-01"]})


@pytest.mark.parametrize(("options", "message"), [
    ({"chart": "c"}, "`chart` must be one of 'xmr', 'p', 'p_prime'; not 'c'."),
    ({"improvement": "up"}, "`improvement` must be one of 'increase', 'decrease', 'neutral'"),
    ({"baseline": 1}, "`baseline` must be at least 2 points; not 1."),
    ({"chart": "p"}, "A chart 'p' needs the column 'numerator'."),
])  # fmt: skip
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        qi.add_spc(values(1, 2), **{"chart": "xmr"} | options)


def test_two_rows_of_one_period_ask_for_the_groups():
    twice = pd.concat([values(1, 2), values(1, 2)])
    with pytest.raises(ValueError, match=r"the same 'period', 1 January 2020. Name the columns"):
        qi.add_spc(twice, chart="xmr")


def test_one_point_has_a_mean_and_no_xmr_limits():
    spc = xmr(5)
    assert spc["mean"].item() == 5
    assert spc[["lpl", "upl"]].isna().all(axis=None)
    assert qi.describe_spc(qi.summarise_spc(spc), spc).startswith("There are too few points")
    assert len(qi.add_spc(values().astype({"value": float}), chart="xmr")) == 0


# --- properties -----------------------------------------------------------------------------------


@given(COUNTS, st.sampled_from(["p", "p_prime"]), st.booleans())
def test_limits_of_rates_lie_within_0_and_1_and_around_the_mean(pairs, chart, screen):
    spc = qi.add_spc(counts(*pairs), chart=chart, screen=screen).dropna(subset="point")
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


@settings(max_examples=30)
@given(st.lists(COUNTS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_groups_apart_or_together_in_any_order_of_rows_give_the_same(groups, random):
    frames = [counts(*pairs).assign(group=i) for i, pairs in enumerate(groups)]
    together = pd.concat(frames, ignore_index=True)
    apart = pd.concat([qi.add_spc(frame) for frame in frames], ignore_index=True)
    order = list(range(len(together)))
    random.shuffle(order)
    mixed = qi.add_spc(together.iloc[order], by="group").sort_index()
    pd.testing.assert_frame_equal(mixed, apart)


# --- run charts and recalculation -----------------------------------------------------------------


def test_a_run_chart_drops_points_on_the_median():
    run = qi.add_run(values(1, 3, 2, 3, 1).rename(columns={"value": "rate"}))
    assert run["useful"].tolist() == [True, True, False, True, True]
    row = qi.summarise_run(run).iloc[0]
    assert (row["n"], row["n_useful"], row["longest_run"], row["crossings"]) == (5, 4, 2, 2)


def test_a_run_chart_of_equal_points_has_no_signal():
    row = qi.summarise_run(qi.add_run(values(*[4] * 20).rename(columns={"value": "rate"})))
    assert not row["signal"].item()
    assert qi.describe_run(row.assign(centre=0.4)) == "Every point lies on the median, 40%."


def test_a_lasting_shift_is_proposed_for_recalculation_and_nothing_is_done():
    spc = xmr(*[5, 4, 6] * 4, *[10, 9] * 8, baseline=12)
    row = qi.suggest_rebase(spc).iloc[0]
    assert (row["rebase"], row["points"]) == (pd.Timestamp("2020-12-01"), 17)
    assert row["reason"] == "17 points in a row above the mean, not undone"
    assert (spc["phase"] == 1).all()


@pytest.mark.parametrize(
    "after", [[10, 9] * 5, [10] * 8 + [0] * 8, [10] * 8 + [5, 4, 6, 4, 6, 5] * 4]
)
def test_a_shift_that_is_young_or_taken_back_is_not_proposed(after):
    assert qi.suggest_rebase(xmr(*[5, 6, 4] * 4, *after, baseline=12)).empty


# --- words ----------------------------------------------------------------------------------------


def test_the_sentence_says_what_the_chart_shows_in_plain_words():
    spc = qi.add_spc(
        counts(*[(4, 10), (5, 10), (3, 10)] * 5, *[(9, 10)] * 7), target=0.8, baseline=15
    )
    said = qi.describe_spc(qi.summarise_spc(spc), spc)
    assert said.startswith("The latest point shows a real improvement, not chance: it lies outside")
    assert "7 points lie outside the limits, the latest of them: 1 August 2021 (90%)" in said
    assert said.endswith("As things are, the target will not be met.")
    small = qi.add_spc(counts(*[(1, 2)] * 20))
    assert qi.describe_spc(qi.summarise_spc(small), small) == (
        "There are too few points, or too few projects in each, to read a chart: take a longer "
        "period."
    )
