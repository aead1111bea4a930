"""Rates, their Wilson limits, and the aim; in numbers and in words."""

import math
import re
from datetime import date
from fractions import Fraction

import check_reference
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

import qi_analysis as qi
from qi_analysis.core.text import format_date, percent, points_apart
from qi_analysis.profile import Aim
from qi_analysis.spc.process_chart import TAIL
from qi_analysis.stats.proportions import binomial_quantiles
from qi_analysis.stats.rates import format_met, parse_aim

REFERENCE = ROOT / "tests" / "reference"
COUNTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CONFIDENCES = st.floats(0.5, 0.999)


def rates(*counts: tuple[int, int], **columns) -> pd.DataFrame:
    """Return rates for numerators and denominators, beside further columns."""
    frame = pd.DataFrame(list(counts), columns=["numerator", "denominator"], dtype="int64")
    return qi.add_rates(frame.assign(**columns))


# --- Wilson ---------------------------------------------------------------------------------------


def test_wilson_limits_are_those_that_another_program_computed():
    assert check_reference.check_wilson(REFERENCE) == []


@pytest.mark.parametrize(
    ("file", "numerator", "denominator", "half_a_digit"),
    [
        ("published_proportions.csv", "k", "n", 0.005),
        ("lang2022_bmjopen_ppi_by_group.csv", "n_with_ppi_recovered", "n_papers", 0.05),
    ],
)
def test_wilson_limits_agree_with_published_ones_to_their_rounding(
    shared, file, numerator, denominator, half_a_digit
):
    papers = pd.read_csv(shared / "real" / file)
    limits = qi.stats.wilson_interval(papers[numerator], papers[denominator])
    for found, column in zip(limits, ("wilson_lo", "wilson_hi"), strict=True):
        assert np.abs(100 * found - papers[column]).max() <= half_a_digit + 1e-9


@given(COUNTS, CONFIDENCES)
def test_the_rate_lies_between_its_limits_and_they_within_0_and_1(counts, confidence):
    lower, upper = qi.stats.wilson_interval(*counts, confidence)
    assert 0 <= lower <= counts[0] / counts[1] <= upper <= 1


@given(COUNTS, CONFIDENCES)
def test_the_limits_of_noes_mirror_those_of_yeses(counts, confidence):
    k, n = counts
    lower, upper = qi.stats.wilson_interval(k, n, confidence)
    mirrored = qi.stats.wilson_interval(n - k, n, confidence)
    assert np.allclose((1 - upper, 1 - lower), mirrored, rtol=0, atol=1e-12)


@given(COUNTS, CONFIDENCES)
def test_an_interval_widens_with_confidence_and_narrows_with_projects(counts, confidence):
    k, n = counts
    lower, upper = qi.stats.wilson_interval(k, n, confidence)
    surer = qi.stats.wilson_interval(k, n, (1 + confidence) / 2)
    more = qi.stats.wilson_interval(4 * k, 4 * n, confidence)
    assert surer[1] - surer[0] > upper - lower > more[1] - more[0]


def test_small_and_one_sided_counts_have_known_limits():
    assert rates((3, 3), (28, 30), (15, 15), (0, 1))[["lower_cl", "upper_cl"]].round(
        3
    ).to_numpy().tolist() == [[0.439, 1.0], [0.787, 0.982], [0.796, 1.0], [0.0, 0.793]]


def test_without_projects_there_is_no_rate_and_the_row_stays():
    empty = rates((2, 4), (0, 0))
    assert empty[["rate", "lower_cl", "upper_cl"]].isna().all(axis=1).tolist() == [False, True]


def test_rates_are_added_to_counts_that_stay_as_they_were():
    counts = pd.DataFrame({"numerator": [1], "denominator": [4], "note": "kept"}, index=[7])
    before = counts.copy()
    added = qi.add_rates(counts)
    pd.testing.assert_frame_equal(counts, before)
    assert list(added) == [*counts, "rate", "lower_cl", "upper_cl"]
    assert added.loc[7, "rate"] == 0.25
    assert added["lower_cl"].item() == rates((1, 4))["lower_cl"].item()


@pytest.mark.parametrize(
    ("k", "n", "confidence", "message"),
    [
        (5, 4, 0.95, "`numerator` must lie between 0 and the denominator."),
        (-1, 4, 0.95, "Row 0 has -1 in `numerator`: a count is a whole number from 0 on."),
        (1, 4, 95, "`confidence` must lie between 0 and 1; not 95."),
        (1, 4, 0, "`confidence` must lie between 0 and 1; not 0."),
    ],
)
def test_impossible_counts_and_confidences_are_refused(k, n, confidence, message):
    with pytest.raises(ValueError, match=message):
        qi.stats.wilson_interval(k, n, confidence)


# --- the aim --------------------------------------------------------------------------------------


def test_what_the_aim_needs_is_exact_where_floating_point_asks_for_one_project_too_many():
    assert math.ceil(0.55 * 100) == 56  # 0.55 x 100 is 55.00000000000001
    assert qi.stats.projects_to_aim(0, 100, Fraction(55, 100)) == 55
    with pytest.raises(
        ValueError, match=r"^`aim` must be exact, such as Fraction\(4, 5\); not 0\.55"
    ):
        qi.stats.projects_to_aim(0, 100, 0.55)


@given(COUNTS, st.fractions(Fraction(1, 100), 1, max_denominator=100))
def test_what_the_aim_needs_is_the_least_that_reaches_the_aim(counts, aim):
    k, n = counts
    more = qi.stats.projects_to_aim(k, n, aim)
    assert more >= 0
    assert Fraction(k + more, n) >= aim
    assert more == 0 or Fraction(k + more - 1, n) < aim


@pytest.mark.parametrize(
    ("k", "n", "blank", "needed", "met_now"),
    [
        (4, 10, 0, 4, "no"),
        (12, 15, 0, 0, "yes"),  # exactly 80%
        (11, 15, 0, 1, "no"),
        (11, 15, 1, 1, "blanks_decide"),  # 12 of 15, if the blank is a yes
        (10, 15, 1, 2, "no"),  # 11 of 15 at most
        (3, 3, 0, 0, "yes"),
        (0, 1, 0, 1, "no"),
        (15, 15, 0, 0, "yes"),  # though 15 of 15 is compatible with 79.6%
        (0, 0, 0, 0, ""),
    ],
)
def test_whether_the_aim_is_met_today_is_a_fact_of_the_count(k, n, blank, needed, met_now):
    judged = qi.add_aim(rates((k, n), not_recorded=blank), "80%")
    assert judged[["needed", "met_now"]].to_numpy().tolist() == [[needed, met_now]]
    assert judged["needed"].dtype == "int64"


def test_without_a_count_of_blanks_none_decides():
    assert qi.add_aim(rates((11, 15)), "80%")["met_now"].tolist() == ["no"]


def test_a_missing_count_meets_and_needs_nothing():
    counts = pd.DataFrame({"numerator": [4, np.nan], "denominator": [5, np.nan]})
    judged = qi.add_aim(counts, "80%")
    assert judged["met_now"].tolist() == ["yes", ""]
    assert judged["needed"].isna().tolist() == [False, True]


@given(COUNTS, st.integers(0, 50), st.fractions(Fraction(1, 100), 1, max_denominator=100))
def test_the_aim_is_met_in_exact_arithmetic(counts, blank, aim):
    k, n = counts
    blank = min(blank, n - k)
    (met_now,) = qi.add_aim(rates((k, n), not_recorded=blank), aim)["met_now"]
    met, could = Fraction(k, n) >= aim, Fraction(k + blank, n) >= aim
    assert met_now == ("yes" if met else "blanks_decide" if could else "no")


@pytest.mark.parametrize(
    ("text", "aim"),
    [
        ("80%", Fraction(4, 5)),
        (" 80 % ", Fraction(4, 5)),
        ("66.6%", Fraction(333, 500)),
        ("100%", Fraction(1)),
        (Fraction(2, 3), Fraction(2, 3)),
        (0.8, Fraction(4, 5)),  # as it prints; the double lies above
        (np.float64(0.55), Fraction(11, 20)),
        (1, Fraction(1)),
    ],
)
def test_an_aim_is_an_exact_share(text, aim):
    assert parse_aim(text) == aim


@pytest.mark.parametrize(
    "aim",
    [
        80,
        80.0,
        0,
        -0.1,
        1.01,
        math.nan,
        math.inf,
        True,
        None,
        "0.8",
        "80",
        "%",
        "most%",
        "80%%",
        "1/0%",
        "-5%",
        "0%",
        "101%",
    ],
)
def test_an_aim_that_is_no_share_is_refused_as_it_was_given(aim):
    message = (
        "`aim` must be a share above 0 and up to 1, such as '80%', 0.8 or Fraction(4, 5); not "
        f"{aim!r}."
    )
    with pytest.raises(ValueError) as refusal:  # noqa: PT011
        parse_aim(aim)
    assert str(refusal.value) == message


# --- words and tables -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "aim", "sentence"),
    [
        (0, 0, "80%", "There are no projects, so there is no rate."),
        (0, 1, None, "In 0 of 1 project (0%), people were partners. Such a count is compatible "
                     "with rates from 0% to 79% (95% interval)."),
        (0, 1, "80%", "In 0 of 1 project (0%), people were partners. The aim of 80% is not met: it "
                      "would take 1 more of these projects. Such a count is compatible with rates "
                      "from 0% to 79% (95% interval)."),
        (15, 15, "80%", "In 15 of 15 projects (100%), people were partners. The aim of 80% is met. "
                        "Such a count is compatible with rates from 79.6% to 100% (95% "
                        "interval)."),
        (167, 209, 0.8, "In 167 of 209 projects (79.9%), people were partners. The aim of 80% is "
                        "not met: it would take 1 more of these projects. Such a count is "
                        "compatible with rates from 74% to 85% (95% interval)."),
        (1040, 2600, "80%", "In 1,040 of 2,600 projects (40%), people were partners. The aim of "
                            "80% is not met: it would take 1,040 more of these projects. Such a "
                            "count is compatible with rates from 38% to 42% (95% interval)."),
    ],
)  # fmt: skip
def test_a_sentence_gives_the_rate_its_counts_and_where_it_stands(k, n, aim, sentence):
    assert qi.describe_rate(rates((k, n)), "people were partners", aim) == sentence


def test_a_sentence_says_which_projects_are_meant():
    sentences = [
        qi.describe_rate(rates(counts), "people took part", which="live on 4 May 2021")
        for counts in ((0, 0), (1, 2))
    ]
    assert sentences == [
        "There are no projects live on 4 May 2021, so there is no rate.",
        "In 1 of 2 projects live on 4 May 2021 (50%), people took part. Such a count is compatible "
        "with rates from 9% to 91% (95% interval).",
    ]


@pytest.mark.parametrize("meaning", ["80%", "0.8", 0.8, Fraction(4, 5), None, ""])
def test_an_aim_in_the_place_of_a_meaning_is_refused(meaning):
    with pytest.raises(ValueError, match="An aim is given as `aim=`") as refusal:
        qi.describe_rate(rates((4, 10)), meaning)
    assert f"such as 'people were partners'; not {meaning!r}." in str(refusal.value)


@pytest.mark.parametrize(
    ("counts", "aim", "sentence"),
    [
        ([], "80%", "There are no projects to compare."),
        ([(0, 0)], "80%", "There are no projects to compare."),
        ([(1, 1), (0, 0)], "80%", "A stands alone: 1 of 1 (100%)."),
        ([(1, 1), (0, 2)], None,
         "Fewer than 2 groups have the 5 projects it takes to compare rates."),
        ([(5, 5), (0, 6)], None, "Rates run from 0% to 100%."),
        ([(2, 5), (4, 10), (1, 1)], None,
         "Among the 2 with at least 5 projects, rates are all 40%."),
        ([(30, 30), (40, 40)], "80%",
         "All 2 groups meet the aim of 80%. Rates are all 100%."),
        ([(0, 30), (4, 40)], "80%",
         "None of 2 groups meets the aim of 80%. Rates run from 0% to 10%."),
        ([(95, 100), (10, 100), (0, 1)], "80%",
         "Of 3 groups, 1 meets the aim of 80% (A), and 2 do not. Among the 2 with at least 5 "
         "projects, rates run from 10% to 95%."),
        ([(1, 1)] * 7, "80%",
         "All 7 groups meet the aim of 80%. "
         "Fewer than 2 groups have the 5 projects it takes to compare rates."),
    ],
)  # fmt: skip
def test_a_sentence_compares_groups_without_a_league_table(counts, aim, sentence):
    groups = rates(*counts, directorate=list("ABCDEFG"[: len(counts)]))
    assert qi.describe_groups(groups, "directorate", aim) == sentence


def test_of_25_groups_only_a_few_are_named():
    groups = rates(*[(n, 2 * n) for n in range(1, 26)], ward=range(1, 26))
    assert qi.describe_groups(groups, "ward", Fraction(4, 5)) == (
        "None of 25 groups meets the aim of 80%. Among the 23 with at least 5 "
        "projects, rates are all 50%."
    )


@pytest.mark.parametrize(
    ("months", "counts", "aim", "sentence"),
    [
        ([], [], None, "No project has a start date, so there is nothing to show over time."),
        (["2020-04"], [(0, 0)], "80%",
         "No project has a start date, so there is nothing to show over time."),
        (["2020-04"], [(1, 2)], "80%", "Only the period from 1 April 2020 has projects: 1 of 2 "
         "(50%)."),
        (["2020-04", "2020-05"], [(0, 0), (1, 2)], "80%",
         "Only May 2020 has projects: 1 of 2 (50%)."),
        (["2020-04", "2020-05"], [(1, 100), (2, 100)], None,
         "The rate was 1% in April 2020 (1 of 100) and 2% in May 2020 (2 of 100): 1 point higher."),
        (["2020-01", "2020-04", "2020-07"], [(4, 5), (0, 0), (2, 10)], "80%",
         "The rate was 80% in the quarter from 1 January 2020 (4 of 5) and 20% in the quarter from "
         "1 July 2020 (2 of 10): 60 points lower. The aim of 80% was reached in 1 of 2 quarters."),
        (["2019-04", "2020-04"], [(4, 10), (2, 5)], "80%",
         "The rate was 40% in 2019/20 (4 of 10) and 40% in 2020/21 (2 of 5): the same. The aim of "
         "80% was reached in none of 2 years."),
        (["2019-04", "2020-04"], [(400, 1000), (404, 1000)], None,
         "The rate was 40.0% in 2019/20 (400 of 1,000) and 40.4% in 2020/21 "
         "(404 of 1,000): 0.4 points higher."),
    ],
)  # fmt: skip
def test_a_sentence_gives_a_change_in_points_not_as_a_relative_change(
    months, counts, aim, sentence
):
    frame = rates(*counts, period=pd.to_datetime(months, format="%Y-%m"))
    assert qi.describe_change(frame, aim) == sentence
    assert qi.describe_change(frame.iloc[::-1], aim) == sentence


def test_a_rise_since_last_month_is_not_one_since_the_month_a_year_ago():
    months = pd.date_range("2018-03-01", periods=14, freq="MS")
    frame = rates(*[(45, 80)] * 2, *[(15, 80)] * 11, (45, 80), period=months)
    assert qi.describe_change(frame) == (
        "The rate was 56% in March 2018 (45 of 80) and 56% in April 2019 (45 of 80): the same."
    )
    assert qi.describe_change(frame.iloc[-2:]) == (
        "The rate was 19% in March 2019 (15 of 80) and 56% in April 2019 (45 of 80): 37 points "
        "higher."
    )


@pytest.mark.parametrize("weeks", [2, 3, 5])
def test_weeks_are_named_by_their_day_also_where_a_month_ends_between_them(weeks):
    weeks = pd.date_range("2020-02-24", periods=weeks, freq="W-MON")
    counts = [(9, 60), (33, 60), (12, 60), (3, 60), (21, 60)][: len(weeks)]
    sentence = qi.describe_change(rates(*counts, period=weeks), "50%")
    assert sentence.startswith("The rate was 15% in the period from 24 February 2020 (9 of 60) and")
    assert f"in the period from {weeks[-1].day} March 2020 ({counts[-1][0]} of 60): " in sentence
    assert sentence.endswith(f" The aim of 50% was reached in 1 of {len(weeks)} periods.")


@given(COUNTS, COUNTS)
def test_a_difference_is_that_of_the_percentages_beside_it(first, second):
    before, after, words = points_apart(first[0] / first[1], second[0] / second[1])
    size = re.match(r"[\d.]+(?= points? (higher|lower))", words)
    if size is None:
        assert words in ("the same", "less than a point apart")
        assert before == after
        return
    low, high = (Fraction(re.search(r"[\d.]+", text)[0]) for text in (before, after))
    assert abs(high - low) == Fraction(size[0])
    assert words.endswith("higher" if high > low else "lower")


def test_rates_that_round_apart_are_not_said_to_lie_further_apart():
    # 39.6% and 43.4% lie 3.8 points apart, and are shown as 40% and 43%
    years = pd.to_datetime(["2019-04-01", "2020-04-01"])
    sentence = qi.describe_change(rates((198, 500), (217, 500), period=years))
    assert sentence.startswith("The rate was 40% in 2019/20 (198 of 500) and 43% in 2020/21")
    assert sentence.endswith(": 3 points higher.")


@pytest.mark.parametrize(
    ("counts", "as_of", "sentence"),
    [
        ([(1, 4), (2, 4), (1, 1)], "2021-03-31", "The rate was 25% in 2018/19 (1 of 4) and 100% in "
         "2020/21 (1 of 1): 75 points higher."),
        ([(1, 4), (2, 4), (1, 1)], "2021-03-30", "The rate was 25% in 2018/19 (1 of 4) and 50% in "
         "2019/20 (2 of 4): 25 points higher. In 2020/21 so far it is 100% (1 of 1)."),
        ([(0, 0), (2, 4), (1, 1)], "2020-05-04", "The rate was 50% in 2019/20 (2 of 4). In 2020/21 "
         "so far it is 100% (1 of 1)."),
        ([(0, 0), (0, 0), (1, 1)], "2020-05-04", "Only 2020/21 has projects so far: 1 of 1 "
         "(100%)."),
    ],
)  # fmt: skip
def test_a_year_that_is_not_over_is_not_held_against_whole_ones(counts, as_of, sentence):
    years = pd.to_datetime(["2018-04-01", "2019-04-01", "2020-04-01"])
    assert qi.describe_change(rates(*counts, period=years), None, pd.Timestamp(as_of)) == sentence


@pytest.mark.parametrize(
    ("since", "sentence"),
    [
        (
            date(2019, 1, 1),
            "The aim of 80% was reached in 1 of 2 years that began since it was set on 1 January "
            "2019.",
        ),
        (
            date(2019, 4, 2),
            "The aim of 80% was not reached in the one year that began since it was set on 2 April "
            "2019.",
        ),
        (date(2020, 4, 2), "The aim of 80% was set later, on 2 April 2020."),
    ],
)
def test_a_dated_aim_is_held_against_periods_that_began_since_it_was_set(since, sentence):
    years = pd.to_datetime(["2018-04-01", "2019-04-01", "2020-04-01"])
    frame = rates((9, 10), (8, 10), (7, 10), period=years)
    aims = (Aim(date(2017, 1, 1), Fraction(1, 2)), Aim(since, Fraction(4, 5)))
    assert qi.describe_change(frame, aims).endswith(f" {sentence}")
    assert qi.describe_change(frame, ()) == qi.describe_change(frame)


def test_a_table_for_readers_holds_text():
    judged = qi.add_aim(
        rates((15, 15), (0, 0), period=pd.to_datetime(["2020-04", "2020-05"])), "80%"
    )
    assert qi.format_rates(judged, by="period").reset_index().to_numpy().tolist() == [
        ["April 2020", 15, 15, "100%", "79.6% to 100%", 0, "Met"],
        ["May 2020", 0, 0, "none", "none", 0, "No projects"],
    ]
    assert qi.format_rates(judged).index.tolist() == ["All projects"] * 2
    plain = qi.format_rates(rates((1, 2), label="Big I"), by="label")
    assert plain.index.tolist() == ["Big I"]
    assert list(plain) == ["Meaningful", "Projects", "Rate", "95% interval"]


def test_dates_and_percentages_are_written_in_plain_words():
    assert format_date(pd.Timestamp("2020-04-01")) == "1 April 2020"
    assert percent(0.796, 1) == "79.6%"
    assert percent(float("nan")) == "none"


def test_where_blanks_could_reach_the_aim_they_decide():
    counts = {"directorate": ["A", "B"], "numerator": [0, 1], "denominator": [2, 10]}
    judged = qi.add_aim(qi.add_rates(pd.DataFrame(counts | {"not_recorded": [2, 1]})), "80%")
    assert format_met(judged).tolist() == ["Blanks decide", "Not met"]
    assert (
        " Whether the aim of 80% is met is open: it would take 2 more of these projects, and 2 "
        "record nothing that would settle it. "
    ) in qi.describe_rate(judged.head(1), "people were partners", "80%")
    assert (
        "none meets the aim of 80%, 1 does not, and for 1 the blanks decide (A)."
    ) in qi.describe_groups(judged, "directorate", "80%")


@pytest.mark.parametrize(("k", "met"), [(209, "is met."), (208, "is not met: it would take 1 ")])
def test_an_aim_of_all_is_met_by_all(k, met):
    sentence = qi.describe_rate(rates((k, 209)), "people were partners", "100%")
    assert f" The aim of 100% {met}" in sentence


# --- would it last? -------------------------------------------------------------------------------


@given(COUNTS, CONFIDENCES)
def test_mid_p_limits_solve_their_equation(counts, confidence):
    k, n = counts
    lower, upper = qi.stats.mid_p_interval(k, n, confidence)
    chance = (1 - confidence) / 2
    above = binom.sf(k, n, lower) + binom.pmf(k, n, lower) / 2
    below = binom.cdf(k, n, upper) - binom.pmf(k, n, upper) / 2
    assert lower == 0 if k == 0 else math.isclose(above, chance, rel_tol=1e-9)
    assert upper == 1 if k == n else math.isclose(below, chance, rel_tol=1e-9)


def test_exact_quantiles_are_scipys():
    rates = np.concatenate([np.linspace(0, 1, 101), np.random.default_rng(1).random(50), [np.nan]])
    n = np.r_[0:101, 500, 5000][:, np.newaxis]
    for share in (0.001, TAIL, 0.025, 0.05, 0.975, 0.999):
        np.testing.assert_array_equal(
            binomial_quantiles(share, n, rates), binom.ppf(share, n, rates)
        )


def test_mid_p_limits_of_none_and_all_are_known_in_closed_form():
    n = np.array([1, 5, 30])  # half of the chance of none, (1 - p)^n / 2, is 2.5%
    lower, upper = qi.stats.mid_p_interval([0, 0, 0], n)
    np.testing.assert_allclose(upper, 1 - 0.05 ** (1 / n))
    np.testing.assert_allclose(qi.stats.mid_p_interval(n, n)[0], 0.05 ** (1 / n))
    assert lower.tolist() == [0, 0, 0]


def test_mid_p_limits_are_missing_without_projects_and_refused_for_impossible_counts():
    assert np.isnan(qi.stats.mid_p_interval([0], [0])).all()
    with pytest.raises(ValueError, match="`numerator` must lie between 0 and the denominator"):
        qi.stats.mid_p_interval(5, 4)
    with pytest.raises(ValueError, match="`confidence` must lie between 0 and 1; not 95"):
        qi.stats.mid_p_interval(1, 4, 95)


def test_of_a_process_exactly_at_the_aim_few_are_called_short_of_it():
    def called_short(interval, n):
        k = np.arange(n + 1)
        return binom.pmf(k[interval(k, np.full(n + 1, n))[1] < 0.8], n, 0.8).sum()

    mid_p = [called_short(qi.stats.mid_p_interval, n) for n in range(5, 101)]
    wilson = [called_short(qi.stats.wilson_interval, n) for n in range(1, 101)]
    assert max(mid_p) < 0.04
    assert max(wilson) == pytest.approx(0.2)  # 0 of 1


@pytest.mark.parametrize(
    ("k", "n", "aim", "in_a_row", "sustained", "sentence"),
    [
        (0, 0, "80%", None, "too_few", "No project is recent, so nobody can tell if recent ones "
         "reach the aim of 80%."),
        (1, 1, "80%", None, "too_few", "Only 1 project is recent: too few to tell if they reach "
         "the aim of 80%."),
        (4, 4, "80%", None, "too_few", "Only 4 projects are recent: too few to tell if they reach "
         "the aim of 80%."),
        (5, 5, "80%", None, "cannot_tell", "Nobody can tell yet if recent projects reach the aim "
         "of 80%. Of 5 recent projects, 5 involve people meaningfully (100%). Allowing for chance, "
         "that is anything from 55% to 100%."),
        (14, 14, 0.8, None, "yes", "Recent projects reach the aim of 80%. Of 14 recent projects, "
         "14 involve people meaningfully (100%). Allowing for chance, that is 81% to 100%."),
        (1, 20, "80%", None, "no", "Recent projects fall short of the aim of 80%. Of 20 recent "
         "projects, 1 involves people meaningfully (5%). Allowing for chance, that is 0.3% to "
         "22%."),
        (19, 19, "100%", None, "cannot_tell", "All 19 recent projects in a row involve people. No "
         "count can show that every project will."),
        (18, 19, "100%", None, "no", "Recent projects fall short of the aim of 100%. Of 19 "
         "recent projects, 18 involve people meaningfully (95%)."),
        (18, 19, "100%", 7, "no", "Recent projects fall short of the aim of 100%. Of 19 recent "
         "projects, 18 involve people meaningfully (95%). The latest 7 in a row do."),
    ],
)  # fmt: skip
def test_whether_the_aim_would_last_is_told_from_recent_projects(
    k, n, aim, in_a_row, sustained, sentence
):
    recent = pd.DataFrame({"recent_numerator": [k], "recent_denominator": [n]})
    added = qi.stats.add_sustained(recent, aim)
    assert added["sustained"].tolist() == [sustained]
    assert qi.stats.describe_sustained(added, aim, in_a_row) == sentence


@given(COUNTS)
def test_no_count_shows_that_an_aim_of_all_would_last(counts):
    recent = pd.DataFrame([counts], columns=["recent_numerator", "recent_denominator"])
    assert qi.stats.add_sustained(recent, 1)["sustained"].item() != "yes"


def test_of_groups_that_tie_for_the_lowest_rate_none_is_singled_out():
    tied = rates((0, 9), (0, 9), (9, 9)).assign(directorate=["A", "B", "C"])
    assert qi.describe_groups(tied, "directorate") == "Rates run from 0% to 100%."


def test_nothing_is_said_of_groups_that_are_no_directorate():
    some = rates((9, 9), (8, 9), (0, 9)).assign(directorate=["A", "B", "Unrecognised"])
    assert qi.describe_groups(some, "directorate", "80%") == (
        "All 2 groups meet the aim of 80%. Rates run from 89% to 100%."
    )


def test_all_but_one_project_is_not_written_as_all():
    assert "299 of 300 projects (99.7%)" in qi.describe_rate(rates((299, 300)), "it was so")
