"""Funnels: exact limits, overdispersion, shrinkage, and where others err."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

import qi_analysis as qi

COUNTS = st.lists(
    st.integers(0, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    min_size=1,
    max_size=25,
)


def groups(*pairs) -> pd.DataFrame:
    """Return numerators and denominators of groups named A, B, …"""
    frame = pd.DataFrame(list(pairs), columns=["numerator", "denominator"])
    return frame.assign(directorate=[f"G{i:02}" for i in range(len(pairs))])


def test_exact_limits_hold_the_shares_they_are_named_for():
    funnel = qi.add_funnel(groups((1, 3), (7, 20), (80, 200)), overdispersion=False)
    p = 88 / 223
    for row in funnel.itertuples():
        for name, level in (("2s", 0.95), ("3s", 0.998)):
            low = round(getattr(row, f"lower_{name}") * row.denominator)
            high = round(getattr(row, f"upper_{name}") * row.denominator)
            assert binom.cdf(low - 1, row.denominator, p) <= (1 - level) / 2
            assert binom.sf(high, row.denominator, p) <= (1 - level) / 2


def test_three_projects_raise_no_false_alarm_where_the_arcsine_raises_28_percent():
    p = 0.4  # of 3 projects, the arcsine's 95% limits flag 0 of 3 and 3 of 3
    assert binom.pmf([0, 3], 3, p).sum() == pytest.approx(0.28)
    edges = groups((0, 3), (3, 3))
    assert (qi.add_funnel(edges, target=p)["position"] == "within").all()


def test_small_groups_at_the_end_are_not_flagged_by_wrapped_limits():
    spread = [(3, 40), (30, 40), (10, 40), (35, 40), (2, 40), (38, 40), (1, 1), (5, 5), (60, 80)]
    funnel = qi.add_funnel(groups(*spread), overdispersion=True)
    assert funnel.loc[[6, 7], "position"].tolist() == ["within", "within"]
    assert (funnel["upper_3s"] >= funnel["baseline"]).all()
    assert funnel.loc[8, "position"] == "within"  # the largest too


def test_limits_allow_for_overdispersion_only_where_there_is_some():
    alike = qi.add_funnel(groups(*[(8, 20), (9, 20), (7, 20)] * 3))
    assert alike["tau2"].eq(0).all()
    exact = qi.add_funnel(alike[["numerator", "denominator"]], overdispersion=False)
    pd.testing.assert_series_equal(alike["upper_3s"], exact["upper_3s"])
    apart = qi.add_funnel(groups(*[(2, 20), (18, 20), (10, 20)] * 3))
    assert apart["tau2"].gt(0).all()
    assert (apart["position"] == "within").all()


def test_three_projects_raise_no_false_alarm_among_groups_that_differ_either():
    frame = groups((0, 3), *[(4, 20), (12, 20), (8, 20)] * 3)
    published = qi.add_funnel(frame, overdispersion=True)
    assert published["tau2"].gt(0).all()
    assert published["position"][0] == "low_2s"  # though chance alone gives 0 of 3 in 1 of 5 cases
    ours = qi.add_funnel(frame)
    assert ours["position"][0] == "within"
    line = qi.stats.funnel_limits(ours["denominator"], ours["baseline"][0], ours["tau2"][0])
    assert line["lower_2s"].tolist() == ours["lower_2s"].tolist()


@given(COUNTS, st.sampled_from(["auto", True, False]))
def test_limits_lie_within_0_and_1_around_the_baseline(pairs, overdispersion):
    funnel = qi.add_funnel(groups(*pairs), overdispersion=overdispersion).query("denominator > 0")
    for name in ("2s", "3s"):
        low, high = funnel[f"lower_{name}"], funnel[f"upper_{name}"]
        assert ((low >= 0) & (high <= 1) & (low <= high)).all()
    assert (funnel["lower_3s"] <= funnel["lower_2s"] + 1e-12).all()
    assert (funnel["upper_2s"] <= funnel["upper_3s"] + 1e-12).all()


@pytest.mark.parametrize("pairs", [[(0, 0)], [(0, 5), (0, 3)], [(5, 5), (3, 3)], [(2, 4)]])
def test_none_all_one_group_or_no_project_has_a_defined_answer(pairs):
    funnel = qi.add_funnel(groups(*pairs))
    assert (funnel["position"] == "within").all()
    assert isinstance(qi.describe_funnel(funnel), str)
    assert len(qi.shrunken_rates(groups(*pairs))) == len(pairs)


@pytest.mark.parametrize(("options", "message"), [
    ({"overdispersion": "maybe"}, "`overdispersion` must be 'auto', True or False; not 'maybe'."),
    ({"target": 80}, "`target` must lie between 0 and 1; not 80."),
])  # fmt: skip
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        qi.add_funnel(groups((1, 2)), **options)


def test_shrinkage_draws_small_groups_further_and_keeps_the_order_of_the_sure_ones():
    table = qi.shrunken_rates(groups((3, 3), (60, 80), (20, 100), (5, 50)))
    rate, drawn = table["numerator"] / table["denominator"], table["shrunken_rate"]
    overall = table["numerator"].sum() / table["denominator"].sum()
    moved = np.abs(drawn - rate)
    assert ((drawn - overall).abs() <= (rate - overall).abs() + 1e-9).all()
    assert moved.idxmax() == 0
    assert (table["shrunken_lower"] < drawn).all() & (drawn < table["shrunken_upper"]).all()


def test_groups_that_differ_by_chance_alone_get_the_overall_rate():
    table = qi.shrunken_rates(groups(*[(8, 20), (8, 20), (8, 20)]))
    np.testing.assert_allclose(table["shrunken_rate"], 0.4, atol=1e-4)


def test_the_sentence_names_who_lies_outside_and_who_only_far_out():
    sentence = qi.describe_funnel(
        qi.add_funnel(groups((3, 3), (38, 40), (95, 200)), overdispersion=False)
    )
    assert sentence == (
        "Of 3 groups, 1 lies above what chance explains around the overall 56% (G01, 38 of 40) and "
        "none below. Further out than most, but not beyond doubt: G02 (95 of 200)."
    )


def test_a_comma_in_a_name_stays_where_it_is():
    named = groups((3, 3), (38, 40), (95, 200)).replace("G02", "Older People, North")
    sentence = qi.describe_funnel(qi.add_funnel(named, overdispersion=False))
    assert sentence.endswith("not beyond doubt: Older People, North (95 of 200).")


@pytest.mark.parametrize("pairs", [[(3, 4)], [(0, 9), (0, 3)], [(0, 0)], []])
def test_no_interval_is_given_where_there_is_nothing_to_fit_the_model_to(pairs):
    table = qi.format_shrunken(qi.shrunken_rates(groups(*pairs)), "directorate")
    assert table["95% interval"].tolist() == ["none"] * len(pairs)


def test_where_groups_are_alike_the_best_guess_is_no_surer_than_all_their_projects_together():
    alike = qi.shrunken_rates(pd.DataFrame({"numerator": [8] * 3, "denominator": [20] * 3}))
    lower, upper = qi.stats.wilson_interval(24, 60)
    np.testing.assert_allclose(alike["shrunken_rate"], 0.4, atol=0.005)
    np.testing.assert_allclose(alike["shrunken_lower"], lower, atol=0.02)
    np.testing.assert_allclose(alike["shrunken_upper"], upper, atol=0.02)
