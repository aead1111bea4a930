"""Funnels: exact limits, overdispersion, shrinkage, and where others err."""

import re
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta, betabinom, binom

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
    edges = qi.add_funnel(groups((0, 3), (3, 3)), target=p)
    assert edges[["lower_2s", "upper_2s"]].to_numpy().tolist() == [[0, 1], [0, 1]]


def test_small_groups_at_the_end_are_not_flagged_by_wrapped_limits():
    spread = [(3, 40), (30, 40), (10, 40), (35, 40), (2, 40), (38, 40), (1, 1), (5, 5), (60, 80)]
    funnel = qi.add_funnel(groups(*spread), overdispersion=True)
    assert funnel.loc[[6, 7], "position"].tolist() == ["too_few", "within"]
    assert (funnel["numerator"] / funnel["denominator"]).le(funnel["upper_2s"])[[6, 7]].all()
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
    assert published["lower_2s"][0] > 0  # though chance alone gives 0 of 3 in 1 of 5 cases
    ours = qi.add_funnel(frame)
    assert ours["lower_2s"][0] == 0
    line = qi.stats.funnel_limits(ours["denominator"], ours["baseline"][0], ours["tau2"][0])
    assert line["lower_2s"].tolist() == ours["lower_2s"].tolist()
    with pytest.raises(
        ValueError, match=r"^Row 1 has -3 in `denominator`: a count is a whole number"
    ):
        qi.stats.funnel_limits([3, -3], 0.5)


@given(COUNTS, st.sampled_from(["auto", True, False]))
def test_limits_lie_within_0_and_1_around_the_baseline(pairs, overdispersion):
    funnel = qi.add_funnel(groups(*pairs), overdispersion=overdispersion).query("denominator > 0")
    for name in ("2s", "3s"):
        low, high = funnel[f"lower_{name}"], funnel[f"upper_{name}"]
        assert ((low >= 0) & (high <= 1) & (low <= high)).all()
    assert (funnel["lower_3s"] <= funnel["lower_2s"] + 1e-12).all()
    assert (funnel["upper_2s"] <= funnel["upper_3s"] + 1e-12).all()


@pytest.mark.parametrize(("pairs", "positions"), [
    ([(0, 0)], [""]),
    ([(0, 5), (0, 3)], ["within", "too_few"]),
    ([(5, 5), (3, 3)], ["within", "too_few"]),
    ([(2, 4)], ["too_few"]),
])  # fmt: skip
def test_none_all_one_group_or_no_project_has_a_defined_answer(pairs, positions):
    funnel = qi.add_funnel(groups(*pairs))
    assert funnel["position"].tolist() == positions
    assert isinstance(qi.describe_funnel(funnel), str)


def test_a_missing_count_is_no_group_and_leaves_the_others_as_they_are():
    some = qi.add_funnel(groups((5, 20), (np.nan, 25), (28, 30)), overdispersion=False)
    assert some["position"].tolist() == ["lower", "", "higher"]  # round 33 of 50
    assert some["baseline"].eq(33 / 50).all()


def test_the_limits_of_the_test_are_those_that_one_group_in_500_leaves_by_chance():
    n, p = 40, 0.4
    k = np.arange(n + 1)
    frame = groups(*[(each, n) for each in k])
    position = qi.add_funnel(frame, target=p)["position"]
    assert binom.pmf(k[position == "lower"], n, p).sum() <= 0.001
    assert binom.pmf(k[position == "higher"], n, p).sum() <= 0.001
    assert position[n] == "higher"
    assert position[0] == "lower"


def test_limits_round_a_target_are_never_widened():
    # each group is far below 80%, and together they look like a usual spread round it
    short = groups((50, 100), (46, 100), (55, 100), (49, 100), (60, 100))
    funnel = qi.add_funnel(short, target="80%")
    assert (funnel["position"] == "lower").all()
    assert funnel["tau2"].eq(0).all()
    assert qi.describe_funnel(funnel) == (
        "Of 5 groups, 5 are lower than the target of 80% (G00, 50 of 100; G01, 46 of 100; G02, 55 "
        "of 100; G03, 49 of 100; G04, 60 of 100), and none is higher. That is by more than chance."
    )
    one = qi.add_funnel(short.head(1), target=0.8)
    assert qi.describe_funnel(one).startswith("Of 1 group, 1 is lower than the target of 80%")
    assert qi.add_funnel(short, target=np.nan)["target"].isna().all()


def test_rows_that_are_no_directorate_count_in_the_whole_and_are_not_tested():
    frame = groups((20, 40), (22, 40), (0, 40)).assign(directorate=["A", "B", "Not recorded"])
    funnel = qi.add_funnel(frame)
    assert funnel["position"].tolist() == ["within", "within", ""]
    assert funnel["baseline"].eq(42 / 120).all()
    assert qi.shrunken_rates(frame)["shrunken"].isna().tolist() == [False, False, True]
    as_groups = frame.rename(columns={"directorate": "programme"})
    assert qi.add_funnel(as_groups, overdispersion=False)["position"][2] == "lower"


@pytest.mark.parametrize(("options", "message"), [
    ({"overdispersion": "maybe"}, "`overdispersion` must be 'auto', True or False; not 'maybe'."),
    ({"target": 80}, "`target` must be a share from 0 to 1, such as 0.8 or '80%'; not 80."),
    ({"target": 0.8, "overdispersion": True}, "Limits round a `target` are never widened; leave "
     "out `overdispersion`."),
])  # fmt: skip
def test_a_bad_option_is_refused_by_name(options, message):
    with pytest.raises(ValueError, match=message):
        qi.add_funnel(groups((1, 2)), **options)


@pytest.mark.parametrize(("counts", "overdispersion", "sentence"), [
    ([(3, 3), (38, 40), (95, 200)], False, "Of 2 groups with at least 5 projects, 1 is higher than "
     "the overall 56% (G01, 38 of 40), and none is lower. That is by more than chance."),
    ([(9, 20), (8, 20)], False, "None of 2 groups differs from the overall 42% by more than "
     "chance."),
    ([(2, 20), (18, 20), (10, 20)] * 3, "auto", "None of 9 groups differs from the overall 50% by "
     "more than chance and the usual spread between groups."),
    ([(0, 40), (40, 40)], False, "Of 2 groups, 1 is higher than the overall 50% (G01, 40 of "
     "40), and 1 is lower (G00, 0 of 40). That is by more than chance."),
    ([(1, 2), (2, 4)], "auto", "No group has the 5 projects that it takes to compare it."),
    ([(1, 9)], "auto", "There is one group only, so there is nothing to compare it with."),
    ([(0, 0)], "auto", "There are no projects to compare."),
])  # fmt: skip
def test_the_sentence_names_who_differs_and_nobody_else(counts, overdispersion, sentence):
    funnel = qi.add_funnel(groups(*counts), overdispersion=overdispersion)
    assert qi.describe_funnel(funnel) == sentence


def test_a_comma_in_a_name_stays_where_it_is():
    named = groups((3, 3), (38, 40), (95, 200)).replace("G01", "Older People, North")
    sentence = qi.describe_funnel(qi.add_funnel(named, overdispersion=False))
    assert "(Older People, North, 38 of 40)" in sentence


# --- shrunken rates -------------------------------------------------------------------------------


def test_shrinkage_draws_small_groups_further_and_keeps_the_order_of_the_sure_ones():
    table = qi.shrunken_rates(groups((3, 3), (60, 80), (20, 100), (5, 50)))
    rate, drawn = table["numerator"] / table["denominator"], table["shrunken"]
    moved = np.abs(drawn - rate)
    assert moved.idxmax() == 0
    assert drawn.sort_values().index.tolist() == rate.sort_values().index.tolist()
    assert (table["shrunken_lower"] < drawn).all()
    assert (drawn < table["shrunken_upper"]).all()


def test_limits_are_those_of_all_priors_by_how_likely_each_is():
    # by brute force: every mean and intra-group correlation on an even grid of 300 by 300
    table = groups((3, 6), (2, 15), (9, 12))
    k, n = table["numerator"].to_numpy(), table["denominator"].to_numpy()
    even = (np.arange(300) + 0.5) / 300
    mean, alike = (axis.ravel() for axis in np.meshgrid(even, even))
    a, b = mean * (1 - alike) / alike, (1 - mean) * (1 - alike) / alike
    weight = np.prod([betabinom.pmf(*each, a, b) for each in zip(k, n, strict=True)], axis=0)
    weight /= weight.sum()
    found = qi.shrunken_rates(table)
    for i, row in enumerate(found.itertuples()):
        assert row.shrunken == pytest.approx(weight @ ((k[i] + a) / (n[i] + a + b)), abs=1e-3)
        for limit, share in ((row.shrunken_lower, 0.025), (row.shrunken_upper, 0.975)):
            below = weight @ beta.cdf(limit, k[i] + a, n[i] - k[i] + b)
            assert below == pytest.approx(share, abs=2e-3)


@given(COUNTS)
@settings(max_examples=8)
def test_a_best_guess_lies_within_its_limits_and_they_within_0_and_1(pairs):
    table = qi.shrunken_rates(groups(*pairs))
    assert len(table) == len(pairs)
    assert table["shrunken"].isna().tolist() == [n == 0 for _, n in pairs]
    some = table.dropna()
    assert some["shrunken"].between(some["shrunken_lower"], some["shrunken_upper"]).all()
    assert some[["shrunken_lower", "shrunken_upper"]].stack().between(0, 1).all()


def test_as_many_yeses_as_noes_give_limits_that_mirror_each_other():
    yes, no = (
        qi.shrunken_rates(groups(*pairs)) for pairs in ([(2, 9), (1, 30)], [(7, 9), (29, 30)])
    )
    np.testing.assert_allclose(yes["shrunken"], 1 - no["shrunken"], atol=1e-9)
    np.testing.assert_allclose(yes["shrunken_lower"], 1 - no["shrunken_upper"], atol=1e-9)


def test_many_groups_and_many_projects_take_no_longer_than_a_page_can_wait():
    rng = np.random.default_rng(1)
    many = groups(*((rng.integers(0, n + 1), n) for n in rng.integers(1, 90, 300)))
    start = time.process_time()
    qi.shrunken_rates(many)
    qi.shrunken_rates(groups((500_000, 1_000_000), (3, 900_000)))
    assert time.process_time() - start < 2


def test_the_sentence_counts_those_likely_below_a_rate_and_names_no_furthest():
    # of 0 of 30 and 1 of 30 each upper limit lies below 40%; 1 of 3 may be anything
    table = qi.shrunken_rates(groups((0, 30), (1, 30), (1, 3), (25, 40), (30, 40)))
    assert qi.stats.describe_shrunken(table, "40%") == (
        "2 directorates are likely below 40% (G00, G01)."
    )
    assert qi.stats.describe_shrunken(table, 0.01) == "No directorate is likely below 1%."
    wards = table.rename(columns={"directorate": "ward"}).head(1)
    assert qi.stats.describe_shrunken(wards, "40%", "ward") == "1 ward is likely below 40% (G00)."


def test_the_table_gives_each_groups_best_guess_and_none_without_projects():
    table = qi.format_shrunken(qi.shrunken_rates(groups((3, 4), (0, 0))), "directorate")
    assert table.loc["G01", ["Rate", "Best guess", "95% interval"]].tolist() == ["none"] * 3
    assert re.fullmatch(r"\d+% to \d+%", table.loc["G00", "95% interval"])


def test_groups_of_ten_million_have_exact_limits_at_once():
    n = 10_000_000
    start = time.process_time()
    funnel = qi.add_funnel(
        groups((n // 2, n), (n // 4 + 900, n // 2), (3, 7)), overdispersion=False
    )
    assert time.process_time() - start < 1
    p = funnel["baseline"].iloc[0]
    low = (funnel["lower_3s"] * funnel["denominator"]).round()
    assert (binom.cdf(low - 1, funnel["denominator"], p) < 0.001).all()
    assert (binom.cdf(low, funnel["denominator"], p) >= 0.001).all()
