"""Differences: of two rates, of many groups, at the same mix, and split into rate and mix."""

import math
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.stats.proportions import fisher_p_values

PAIR = st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SOME = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
STRATA = st.lists(PAIR, min_size=1, max_size=8)


def groups(by: str = "directorate", **pairs: tuple) -> pd.DataFrame:
    """Return counts of groups by their names."""
    counts = pd.DataFrame(list(pairs.values()), columns=["numerator", "denominator"])
    return counts.assign(**{by: list(pairs)})


def strata(*pairs: tuple) -> pd.DataFrame:
    """Return counts of strata S0, S1, …; those of None are absent."""
    named = {f"S{i}": pair for i, pair in enumerate(pairs) if pair is not None}
    return groups("kind", **named)


# --- Newcombe -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "lower", "upper"),
    [  # Newcombe (1998), table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0000),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(counts, lower, upper):
    low, high = qi.stats.newcombe_interval(*counts)
    assert (round(float(low), 4), round(float(high), 4)) == (lower, upper)


@given(SOME, SOME)
def test_the_difference_lies_between_its_limits_and_they_within_minus_1_and_1(a, b):
    lower, upper = qi.stats.newcombe_interval(*a, *b)
    difference = a[0] / a[1] - b[0] / b[1]
    assert -1 <= lower <= difference + 1e-12
    assert difference - 1e-12 <= upper <= 1


@given(SOME, SOME)
def test_exchanging_the_groups_exchanges_the_limits_and_their_signs(a, b):
    lower, upper = qi.stats.newcombe_interval(*a, *b)
    np.testing.assert_allclose(qi.stats.newcombe_interval(*b, *a), (-upper, -lower), atol=1e-12)


def test_a_group_without_projects_has_no_difference():
    lower, upper = qi.stats.newcombe_interval([1, 0, 0], [2, 0, 0], [0, 1, 0], [0, 2, 0])
    assert np.isnan(lower).all()
    assert np.isnan(upper).all()


@pytest.mark.parametrize("pair", [(3, 2), (-1, 2), (1, 0)])
def test_counts_that_cannot_be_are_refused_by_all_that_take_them(pair):
    sentence = "has -1 in `|more than the|`numerator` must lie between 0 and the denominator: "
    frame = groups(A=pair, B=(1, 2)).assign(period=pd.to_datetime(["2020-01-01", "2020-02-01"]))
    for refuse in (
        lambda: qi.stats.newcombe_interval(*pair, 1, 2),
        lambda: qi.add_rates(frame),
        lambda: qi.stats.compare_rates(frame, "directorate", "B"),
        lambda: qi.stats.standardise_rates(frame, "directorate", "period"),
        lambda: qi.add_funnel(frame),
        lambda: qi.shrunken_rates(frame),
        lambda: qi.spc.add_spc(frame),
    ):
        with pytest.raises(ValueError, match=sentence):
            refuse()


# --- two groups, two periods ----------------------------------------------------------------------


def test_a_78_percent_increase_to_82_percent_was_36_points_from_46_percent():
    years = groups("year", y2022=(46, 100), y2023=(82, 100))  # published by CNWL for 2023
    row = qi.stats.compare_rates(years, "year", "y2022").iloc[0]
    assert (row["rate"], row["rate_against"]) == (0.82, 0.46)
    assert (round(row["points"]), round(100 * row["relative"])) == (36, 78)
    assert (row["verdict"], row["group"], row["against"]) == ("more", "y2023", "y2022")
    assert "36 points higher, which in relative terms is 78% more" in qi.stats.describe_difference(
        qi.stats.compare_rates(years, "year", "y2022")
    )


def test_the_same_two_groups_the_other_way_round_have_fewer_points_and_another_relative_change():
    years = groups("year", y2022=(46, 100), y2023=(82, 100))
    row = qi.stats.compare_rates(years, "year", "y2023").iloc[0]
    assert (round(row["points"]), round(100 * row["relative"])) == (-36, -44)  # 36/82
    assert row["verdict"] == "fewer"


def test_three_of_three_and_one_of_three_cannot_be_told_apart():
    row = qi.stats.compare_rates(groups(A=(3, 3), B=(1, 3)), "directorate", "B").iloc[0]
    assert row["verdict"] == "cannot_tell"
    assert row["points_lower"] < 0 < row["points_upper"]


def test_nothing_to_start_from_gives_points_and_no_relative_change():
    compared = qi.stats.compare_rates(groups(A=(5, 10), B=(0, 10)), "directorate", "B")
    assert compared["points"].item() == 50
    assert np.isnan(compared["relative"].item())
    sentence = qi.stats.describe_difference(compared)
    assert "50 points higher. The" in sentence
    assert "relative" not in sentence


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        ((0, 0), (1, 2), "There are no projects for A, so there is no difference to show."),
        ((1, 2), (0, 0), "There are no projects for B, so there is no difference to show."),
    ],
)
def test_a_side_without_projects_is_named(a, b, sentence):
    compared = qi.stats.compare_rates(groups(A=a, B=b), "directorate", "B")
    assert compared["verdict"].tolist() == ["cannot_tell"]
    assert qi.stats.describe_difference(compared) == sentence


@pytest.mark.parametrize(
    ("a", "b", "sentence"),
    [
        ((50, 100), (50, 100), ": the same. The 95% interval of the difference is 14 points "
         "lower to 14 points higher. Chance alone could"),
        ((431, 1000), (430, 1000), "43.1% for A (431 of 1,000) and 43.0% for B"),
        ((10, 100), (50, 100), ": 40 points lower, which in relative terms is 80% less. The 95% "
         "interval of the difference is 28 to 51 points lower. That is more than chance explains."),
        ((1, 1), (1, 1), ": the same. The 95% interval of the difference is 79 points lower "
         "to 79 points higher."),
    ],
)  # fmt: skip
def test_the_sentence_names_points_and_relative_terms_apart(a, b, sentence):
    compared = qi.stats.compare_rates(groups(A=a, B=b), "directorate", "B")
    assert sentence in qi.stats.describe_difference(compared)


def test_a_group_to_compare_with_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="`against` must name one group of `directorate`; not 'C'"):
        qi.stats.compare_rates(groups(A=(1, 2)), "directorate", "C")


def test_where_there_is_nothing_to_compare_it_is_said():
    compared = qi.stats.compare_rates(groups(A=(1, 2)), "directorate", "A")
    assert qi.stats.describe_difference(compared) == "There is nothing to compare."


def test_the_exact_test_is_fishers():
    # the table 8 1 / 2 5 by hand: (324+45+9+36)/11440
    cells = {x: math.comb(10, x) * math.comb(6, 9 - x) for x in range(3, 10)}
    extreme = sum(ways for ways in cells.values() if ways <= cells[8])
    p = fisher_p_values([8], [9], [2], [7])
    np.testing.assert_allclose(p, extreme / sum(cells.values()))


@given(PAIR, PAIR)
def test_every_exact_p_value_is_scipys(a, b):
    from scipy.stats import fisher_exact

    (k1, n1), (k2, n2) = a, b
    expected = fisher_exact([[k1, n1 - k1], [k2, n2 - k2]]).pvalue if n1 and n2 else np.nan
    np.testing.assert_allclose(fisher_p_values([k1], [n1], [k2], [n2]), [expected], rtol=1e-6)


@pytest.mark.parametrize(("a", "b"), [
    ((5_003_000, 10_000_000), (5_000_000, 10_000_000)), ((900, 9_000_000), (990, 9_100_000)),
    ((7_999_100, 8_000_000), (999_900, 1_000_000)), ((12, 4_000_000), (3, 20)),
])  # fmt: skip
def test_millions_are_compared_exactly_in_little_memory(a, b):
    from scipy.stats import fisher_exact

    tracemalloc.start()
    (p,) = fisher_p_values([a[0]], [a[1]], [b[0]], [b[1]])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2e7  # bytes; all counts that are possible took 800 million
    expected = fisher_exact([[a[0], a[1] - a[0]], [b[0], b[1] - b[0]]]).pvalue
    assert p == pytest.approx(expected, rel=1e-5, abs=1e-300)


def test_a_few_projects_are_not_told_from_chance_by_an_interval_that_is_too_short_for_them():
    # 6 of 6 after 0 of 1: of 7 projects 6 involve people, and in 1 of 7 cases the one that does not
    # is the first
    row = qi.stats.compare_rates(groups(before=(0, 1), after=(6, 6)), "directorate", "before")
    assert row["points_lower"].item() > 0
    assert row["verdict"].tolist() == ["cannot_tell"]
    assert qi.stats.describe_difference(row).endswith(
        "There are too few projects to tell this difference from chance."
    )


# --- standardisation ------------------------------------------------------------------------------


def two(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return the strata of two groups, A and B."""
    return pd.concat([first.assign(group="A"), second.assign(group="B")], ignore_index=True)


def test_each_rate_is_weighted_by_the_wholes_mix():
    counts = two(strata((18, 20), (1, 2)), strata((20, 40), (4, 40)))
    table = qi.stats.standardise_rates(counts, "group", "kind")  # 60 and 42 of 102 projects
    expected = [(60 * 0.9 + 42 * 0.5) / 102, (60 * 0.5 + 42 * 0.1) / 102]
    np.testing.assert_allclose(table["standardised_rate"], expected)
    assert table[["numerator", "denominator"]].to_numpy().tolist() == [[19, 22], [24, 80]]
    assert table["share_used"].tolist() == [1, 1]
    assert table["left_out"].tolist() == ["", ""]


@given(SOME)
def test_with_one_stratum_the_rate_and_its_limits_stay_as_they_are(pair):
    table = qi.stats.standardise_rates(strata(pair).assign(group="A"), "group", "kind")
    lower, upper = qi.stats.wilson_interval(*pair)
    found = table[["standardised_rate", "lower_cl", "upper_cl"]].iloc[0]
    np.testing.assert_allclose(found, [pair[0] / pair[1], lower, upper], atol=1e-12)


def test_at_0_and_100_percent_the_interval_keeps_a_width_and_its_bounds():
    counts = two(strata((5, 5), (10, 10)), strata((0, 5), (0, 10)))
    table = qi.stats.standardise_rates(counts, "group", "kind")
    assert table["upper_cl"].tolist()[0] == 1
    assert table["lower_cl"].tolist()[1] == 0
    assert 0.6 < table["lower_cl"].iloc[0] < 1
    np.testing.assert_allclose(table["upper_cl"].iloc[1], 1 - table["lower_cl"].iloc[0])


@given(STRATA, STRATA)
def test_a_standardised_rate_lies_within_its_limits_and_they_within_0_and_1(first, second):
    table = qi.stats.standardise_rates(two(strata(*first), strata(*second)), "group", "kind")
    some = table[table["share_used"] > 0]
    assert ((some["lower_cl"] >= 0) & (some["upper_cl"] <= 1)).all()
    assert (some["lower_cl"] <= some["standardised_rate"] + 1e-12).all()
    assert (some["standardised_rate"] <= some["upper_cl"] + 1e-12).all()


def test_a_stratum_in_which_a_group_has_no_project_is_left_out_for_it_and_named():
    counts = two(strata((1, 2), None, (3, 4)), strata((2, 4), (9, 10), None))
    table = qi.stats.standardise_rates(counts, "group", "kind")
    assert table["left_out"].tolist() == ["S1", "S2"]
    np.testing.assert_allclose(table["share_used"], [10 / 20, 16 / 20])
    np.testing.assert_allclose(table["standardised_rate"].iloc[0], (6 * 0.5 + 4 * 0.75) / 10)
    same = qi.stats.standardise_rates(counts, "group", "kind", common=True)
    assert same["left_out"].tolist() == ["S1; S2"] * 2
    assert same["standardised_rate"].tolist() == [0.5, 0.5]
    assert qi.stats.describe_standardised(same, "group", "kind") == (
        "If each had the mix of kinds of all projects, the rate would be 50% for A (67% as "
        "counted) and 50% for B (79% as counted). For A it would be the same (95% interval 54 "
        "points lower to 54 points higher). 2 kinds (S1, S2; 70% of all projects) are left out: "
        "not every group has projects there."
    )
    assert qi.stats.describe_standardised(table, "group", "kind").endswith(
        "1 kind (S1; 50% of all projects) is left out for A: it has no projects there. 1 kind (S2; "
        "20% of all projects) is left out for B: it has no projects there."
    )


def test_groups_without_a_stratum_in_common_cannot_be_adjusted():
    counts = two(strata((1, 2), None), strata(None, (9, 10)))
    table = qi.stats.standardise_rates(counts, "group", "kind", common=True)
    assert table["standardised_rate"].isna().all()
    assert qi.stats.describe_standardised(table, "group", "kind") == (
        "No kind has projects in every group, so the rates cannot be adjusted."
    )


def test_without_projects_there_is_nothing_to_adjust():
    nothing = strata((0, 0)).assign(group="A")
    for counts, rows in ((nothing, 1), (nothing[:0], 0)):
        table = qi.stats.standardise_rates(counts, "group", "kind")
        assert table["standardised_rate"].isna().sum() == len(table) == rows
        assert qi.stats.describe_standardised(table, "group", "kind") == (
            "Fewer than two groups have projects: there is nothing to compare."
        )


def test_a_group_without_projects_takes_no_strata_from_the_others():
    counts = pd.DataFrame({"area": list("XXYYZZ"), "kind": [1, 2] * 3,
                           "numerator": [5, 8, 4, 2, 0, 0],
                           "denominator": [20, 20, 10, 10, 0, 0]})  # fmt: skip
    table = qi.stats.standardise_rates(counts, "area", "kind", common=True)
    np.testing.assert_allclose(table["standardised_rate"], [0.325, 0.3, np.nan])


def test_a_group_that_has_no_project_leaves_only_the_rest():
    counts = qi.stats.group_rest(two(strata((1, 2)), strata((3, 4))), "group", "C")
    assert counts["group"].tolist() == ["the rest", "the rest"]
    table = qi.stats.standardise_rates(counts, "group", "kind", common=True)
    assert qi.stats.describe_standardised(table, "group", "kind") == (
        "Fewer than two groups have projects: there is nothing to compare."
    )


def test_a_group_without_a_project_is_not_compared_with_the_one_that_has_some():
    table = qi.stats.standardise_rates(two(strata((1, 2)), strata((0, 0))), "group", "kind")
    assert qi.stats.describe_standardised(table, "group", "kind") == (
        "Fewer than two groups have projects: there is nothing to compare."
    )


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (((51, 100), (50, 100)), "be 51% for A (51% as counted) and 50% for B (50% as counted). "
         "For A it would be 1 point higher (95% interval 13 points lower to 15 points higher)."),
        (((498, 1000), (500, 1000)), "be 49.8% for A (49.8% as counted) and 50.0% for B (50.0% as "
         "counted). For A it would be 0.2 points lower (95% interval 4.6 points lower to 4.2 "
         "points higher)."),
    ],
)  # fmt: skip
def test_what_remains_of_a_difference_is_that_of_the_rates_beside_it(pairs, sentence):
    table = qi.stats.standardise_rates(two(*map(strata, pairs)), "group", "kind")
    assert sentence in qi.stats.describe_standardised(table, "group", "kind")


# --- the split ------------------------------------------------------------------------------------


@given(STRATA, STRATA)
def test_the_two_parts_sum_to_the_difference(first, second):
    (k1, n1), (k2, n2) = (np.sum(side, axis=0) for side in (first, second))
    split = qi.stats.split_difference(strata(*first), strata(*second), "kind")
    if n1 and n2:
        parts = split[["rate_part", "mix_part"]].sum().sum()
        assert parts == pytest.approx(k2 / n2 - k1 / n1, abs=1e-12)


@given(STRATA, STRATA)
def test_exchanging_the_sides_exchanges_the_signs(first, second):
    there = qi.stats.split_difference(strata(*first), strata(*second), "kind")
    back = qi.stats.split_difference(strata(*second), strata(*first), "kind")
    for part in ("rate_part", "mix_part"):
        np.testing.assert_allclose(there[part], -back[part], atol=1e-12)


def test_a_change_of_rates_at_the_same_mix_is_all_rate_and_the_reverse_all_mix():
    before = strata((10, 50), (40, 50))
    rates = qi.stats.split_difference(before, strata((15, 50), (45, 50)), "kind")
    assert rates[["rate_part", "mix_part"]].sum().round(9).tolist() == [0.1, 0]
    mix = qi.stats.split_difference(before, strata((4, 20), (64, 80)), "kind")
    assert mix[["rate_part", "mix_part"]].sum().round(9).tolist() == [0, 0.18]


def test_a_stratum_on_one_side_only_counts_as_mix():
    split = qi.stats.split_difference(strata((20, 40), None), strata((20, 40), (10, 10)), "kind")
    new = split[split["kind"] == "S1"].iloc[0]
    assert new["one_sided"]
    assert np.isnan(new["rate_first"])
    assert (new["denominator_first"], new["denominator_second"]) == (0, 10)
    assert new["rate_part"] == 0
    assert split["mix_part"].sum() == pytest.approx(0.1)  # 50% to 60%
    assert qi.stats.describe_split(split, "kind", "2019/20", "2020/21") == (
        "The rate is 50.0% for 2019/20 and 60.0% for 2020/21, 10.0 points higher: 0.0 points come "
        "from different rates within the same kinds, and +10.0 from a different mix of kinds. 1 "
        "kind has projects on one side only, and so no rate to compare: +9.0 of the mix's points "
        "come from there."
    )


def test_a_side_without_projects_cannot_be_split():
    split = qi.stats.split_difference(strata((1, 2)), strata((0, 0)), "kind")
    assert split["rate_part"].isna().all()
    sentence = qi.stats.describe_split(split, "kind", "2019/20", "2020/21")
    assert sentence == "There are no projects for 2020/21, so nothing can be split."


def by_sponsor(overall: float, commercial: float, other: float, n: int) -> pd.DataFrame:
    """Return counts by sponsor from percentages, the shares solved from the overall one."""
    share = (other - overall) / (other - commercial)
    projects = np.array([share, 1 - share]) * n
    return pd.DataFrame(
        {
            "sponsor": ["commercial", "non-commercial"],
            "numerator": projects * [commercial, other],
            "denominator": projects,
        }
    )


def test_the_rise_at_the_health_research_authority_is_half_rate_and_half_mix():
    # Health Research Authority, public involvement in 2023 and 2024, by sponsor: 296 of 398 and
    # 84% of 400; 53% and 64% of commercial, 89% and 91% of non-commercial. Rounded percentages
    # leave about half a point of doubt in each part.
    split = qi.stats.split_difference(
        by_sponsor(296 / 398, 0.53, 0.89, 398), by_sponsor(0.84, 0.64, 0.91, 400), "sponsor"
    )
    rate, mix = 100 * split[["rate_part", "mix_part"]].sum()
    assert (round(rate, 1), round(mix, 1)) == (5.0, 4.6)


def test_the_published_file_gives_the_same_split(shared):
    published = pd.read_csv(shared / "real" / "hra_public_involvement_2023_2024.csv")
    pct = published.set_index(["year", "group"])["pct"] / 100
    n = published.set_index(["year", "group"])["n_sample"]
    sides = [
        by_sponsor(pct[year, "all"], pct[year, "commercial"], pct[year, "non-commercial"],
                   n[year, "all"])
        for year in (2023, 2024)
    ]  # fmt: skip
    parts = qi.stats.split_difference(*sides, "sponsor")[["rate_part", "mix_part"]].sum()
    assert parts.sum() == pytest.approx(0.10)
    assert (100 * parts).tolist() == pytest.approx([5.0, 4.6], abs=0.5)


def test_the_practicum_on_the_example_register_is_not_explained_by_its_mix(example):
    projects = example.projects.assign(
        programme=lambda register: register["programme"].where(
            register["programme"] == "practicum", "the rest"
        )
    )
    counts = qi.count_involvement(
        projects, by=["programme", "directorate"], profile="cnwl", basis="started"
    )
    assert counts.groupby("programme")["denominator"].sum().to_dict() == {
        "practicum": 30, "the rest": 561,
    }  # fmt: skip
    adjusted = qi.stats.standardise_rates(counts, "programme", "directorate", common=True)
    assert adjusted["left_out"].nunique() == 1
    practicum, rest = adjusted["standardised_rate"]
    assert practicum - rest > 0.5
