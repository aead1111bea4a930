"""Percentages in a sentence, or a row of a table, have the digits that their comparison needs."""

import re
from datetime import date
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.core.text import format_points, format_range, percents, points_apart
from qi_analysis.disclosure import release as public
from qi_analysis.profile import Aim
from qi_analysis.spc.rebase import format_rebase_suggestions

YEARS = pd.to_datetime(["2019-04-01", "2020-04-01"])
HALF = 10_000  # projects of which 4,995 are 49.95%, and 5,005 are 50.05%
RECENT = {"recent_numerator": 796, "recent_denominator": 1000}


def rates(*pairs: tuple[int, int], **columns) -> pd.DataFrame:
    k, n = zip(*pairs, strict=True)
    return qi.add_rates(pd.DataFrame({"numerator": k, "denominator": n, **columns}))


def counts(label: str, *pairs: tuple[int, int], blank: int = 0, **columns) -> pd.DataFrame:
    names = [f"{label} {i}" for i in range(len(pairs))]
    return rates(*pairs, label=names, not_recorded=blank, **columns)


def compared(first: tuple, second: tuple) -> pd.DataFrame:
    return qi.stats.compare_rates(rates(first, second, year=["2023", "2022"]), "year", "2022")


def spc(k: list[int], n: int) -> tuple:
    months = pd.date_range("2019-01-01", periods=len(k), freq="MS")
    frame = qi.spc.add_spc(pd.DataFrame({"period": months, "numerator": k, "denominator": n}),
                           chart="p")  # fmt: skip
    return qi.spc.summarise_spc(frame), frame


def published(*pairs: tuple[int, int], rule: str = "none") -> pd.DataFrame:
    k, n = zip(*pairs, strict=True)
    frame = pd.DataFrame({"period": YEARS[: len(k)], "directorate": "A", "numerator": k,
                          "denominator": n, "not_recorded": None, "rule": rule})  # fmt: skip
    return public.select_published(frame, "A")


def finding(k: int, n: int, **columns) -> pd.DataFrame:
    row = rates((k, n), position="within", not_recorded=0, **columns)
    return qi.stats.add_aim(row, "80%")


def curve(share: float, low: float, high: float, ended: float, highest: float) -> pd.DataFrame:
    return pd.DataFrame({
        "days": [0, 400], "share_involved": [0.0, share], "lower_cl": [0.0, low],
        "upper_cl": [0.0, high], "share_ended": ended, "highest": highest, "projects": 900,
        "undated": 6, "left_out": 0,
    }).set_index("days", drop=False).replace({"days": {400: 300}})  # fmt: skip


def progress(*pairs: tuple[int, int]) -> pd.DataFrame:
    k, n = zip(*pairs, (0, 0), strict=True)
    return pd.DataFrame({
        "involvement": ["yes", "no", "not_recorded"], "median": 3.0, "reached": 4.0, "numerator": k,
        "denominator": n, "not_recorded": 0, "old": 0, "undated": 0,
    })  # fmt: skip


def futures(**row) -> pd.DataFrame:
    day = pd.Timestamp("2024-04-01")
    return pd.DataFrame([{
        "as_of": day, "numerator": 400, "denominator": 1000, "past_months": 24, "past_started": 9,
        "past_ended": 9, "changed_at": pd.NaT, "ended": 9, "ended_undated": 0, "recent_from": day,
        "outcome": "not_at_this_pace", "earliest": pd.NaT, "median": pd.NaT, "latest": pd.NaT,
        "share_reached": 0.1, "share_at_end": 0.1, "end": day, "rate_lower": 0.7964,
        "rate_at_end": 0.7981, "rate_upper": 0.7991, "simulations": 2000, **RECENT, **row,
    }])  # fmt: skip


def needed(**row) -> pd.DataFrame:
    return pd.DataFrame([{
        "period": YEARS[1], "outcome": "reachable", "started": 9, "started_lower": 8,
        "started_upper": 10, "new": 9, "share_needed": 0.7999, "share_reachable": 1.0,
        "simulations": 2000, **RECENT, **row,
    }])  # fmt: skip


def finishing(*pairs: tuple[int, int], difference: float, low: float, high: float) -> pd.DataFrame:
    (k, n), (j, m) = pairs
    return pd.DataFrame([{
        "involved_numerator": k, "involved_denominator": n, "others_numerator": j,
        "others_denominator": m, "difference": difference, "lower_cl": low, "upper_cl": high,
        "compared": n + m, "undated": 0, "unplaced": 0,
    }])  # fmt: skip


def suggestion(*pairs: tuple[int, int]) -> str:
    (k, n), (j, m) = pairs
    row = {"rebase": YEARS[:1], "change": "rise", "before_numerator": k, "before_denominator": n,
           "after_numerator": j, "after_denominator": m}  # fmt: skip
    table = format_rebase_suggestions(pd.DataFrame(row))
    assert table is not None
    return " to ".join(table[["Before", "After"]].iloc[0])


def row_of(table: pd.DataFrame) -> str:
    return " | ".join(map(str, table.iloc[0]))


def standardised(*pairs: tuple[int, int]) -> str:
    frame = rates(*pairs, programme=["P", "Q"], kind="K")
    table = qi.stats.standardise_rates(frame, "programme", "kind")
    return qi.stats.describe_standardised(table, "programme", "kind")


def since(then: tuple[int, int], now: tuple[int, int]) -> str:
    register = qi.Register(
        pd.DataFrame({"approach": ["none"], "status": ["active"], "end_date": pd.NaT,
                      "start_date": YEARS[:1]}),
        profile="cnwl", as_of="2021-06-30",
    )  # fmt: skip
    row = rates(now, earlier_numerator=then[0], earlier_denominator=then[1],
                earlier_not_recorded=0, not_recorded=0,
                earlier_day=pd.Timestamp("2020-06-30"))  # fmt: skip
    return qi.counts.describe_since(row, register)


def steps(*pairs: tuple[int, int]) -> str:
    (k, n), (j, m) = pairs
    quarters = pd.date_range("2016-01-01", periods=24, freq="QS")
    frame = pd.DataFrame({"period": quarters, "numerator": [k] * 12 + [j] * 12,
                          "denominator": [n] * 12 + [m] * 12})  # fmt: skip
    return qi.stats.describe_steps(qi.find_change(frame))


def refusal(frame: pd.DataFrame) -> str:
    with pytest.raises(ValueError, match="has a rate of") as refused:
        qi.describe_rate(frame, PLAIN)
    return str(refused.value)


PLAIN = "people were partners"
SAID = {
    "describe_rate": (lambda: qi.describe_rate(rates((1599, 2000)), PLAIN, "80%"),
        "(79.95%), people were partners. The aim of 80% is not met"),
    "describe_rate, an aim between": (  # 82.56%, which is 83% in whole ones
        lambda: qi.describe_rate(rates((2064, 2500)), PLAIN, "82.6%"),
        "(82.56%), people were partners. The aim of 82.6% is not met"),
    "describe_rate, interval": (lambda: qi.describe_rate(rates((500_000, 1_000_000)), PLAIN),
        "(50.0%), people were partners. Such a count is compatible with rates from 49.9% to 50.1%"),
    "describe_rate, all but one": (lambda: qi.describe_rate(rates((299, 300)), PLAIN),
        "In 299 of 300 projects (99.7%)"),
    "describe_rate, one of many": (lambda: qi.describe_rate(rates((1, 3000)), PLAIN),
        "In 1 of 3,000 projects (0.03%), people were partners. Such a count is compatible with "
        "rates "
        "from 0.01% to 0.19%"),
    "format_rates": (lambda: row_of(qi.format_rates(rates((500_000, 1_000_000)))),
        "| 50.0% | 49.9% to 50.1%"),
    "format_rates, aim": (lambda: row_of(qi.format_rates(finding(796, 1000))),
        "| 79.6% | 77% to 82% | 0 | 4 | Not met"),
    "describe_groups": (
        lambda: qi.describe_groups(rates((4995, HALF), (5005, HALF), ward=["A", "B"]), "ward"),
        "Rates run from 49.95% to 50.05%."),
    "describe_groups, aim": (
        lambda: qi.describe_groups(rates((20, 100), (796, 1000), ward=["A", "B"]), "ward", "80%"),
        "None of 2 groups meets the aim of 80%. Rates run from 20% to 79.6%."),
    "describe_change": (
        lambda: qi.describe_change(rates((4995, HALF), (5005, HALF), period=YEARS)),
        "49.95% in 2019/20 (4,995 of 10,000) and 50.05% in 2020/21 (5,005 of 10,000): 0.10 points "
        "higher"),
    "describe_change, aim": (
        lambda: qi.describe_change(rates((20, 100), (796, 1000), period=YEARS), "80%"),
        "20.0% in 2019/20 (20 of 100) and 79.6% in 2020/21 (796 of 1,000): 59.6 points higher. The "
        "aim of 80% was reached in none of 2 years."),
    "describe_change, so far": (
        lambda: qi.describe_change(
            rates((402, 1000), (398, 1000), (403, 1000),
                  period=[pd.Timestamp("2018-04-01"), *YEARS]), None, pd.Timestamp("2020-06-30")),
        "40.2% in 2018/19 (402 of 1,000) and 39.8% in 2019/20 (398 of 1,000): 0.4 points lower. In "
        "2020/21 so far it is 40.3% (403 of 1,000)."),
    "describe_sustained": (
        lambda: qi.stats.describe_sustained(
            qi.stats.add_sustained(pd.DataFrame([RECENT]).astype(int) * 1000, "79.7%"), "79.7%"),
        "(79.6%). Allowing for chance, that is 79.5% to 79.68%."),
    "describe_position": (lambda: qi.stats.describe_position(finding(796, 1000)),
        "Our rate of 79.6% (796 of 1,000)"),
    "describe_since": (lambda: since((4995, HALF), (5005, HALF)),
        "4,995 of 10,000 (49.95%); a year on it is 5,005 of 10,000 (50.05%)"),
    "describe_since, aim": (lambda: since((104, 260), (797, 1000)),
        "104 of 260 (40%); a year on it is 797 of 1,000 (79.7%)"),
    "describe_steps": (lambda: steps((249_000, 500_000), (251_000, 500_000)),
        "from 49.8% (2,988,000 of 6,000,000) before January 2019 to 50.2%"),
    "describe_difference": (
        lambda: qi.stats.describe_difference(compared((50_050_000, 10**8), (49_950_000, 10**8))),
        "50.05% for 2023 (50,050,000 of 100,000,000) and 49.95% for 2022 (49,950,000 of "
        "100,000,000): 0.10 points higher. The 95% interval of the difference is 0.09 to 0.11 "
        "points "
        "higher. That is more than chance explains."),
    "describe_difference, rounded apart": (  # 43.4% less 39.6% is 3.8, between 3.7 and 3.9
        lambda: qi.stats.describe_difference(compared((4_340_000, 10**7), (3_960_000, 10**7))),
        "43.40% for 2023 (4,340,000 of 10,000,000) and 39.60% for 2022 (3,960,000 of 10,000,000): "
        "3.80 points higher, which in relative terms is 10% more. The 95% interval of the "
        "difference "
        "is 3.76 to 3.84 points higher."),
    "describe_standardised": (lambda: standardised((4995, HALF), (5005, HALF)),
        "49.95% for P (49.95% as counted) and 50.05% for Q (50.05% as counted). For P it would be "
        "0.10 points lower (95% interval 1.49 points lower to 1.29 points higher)."),
    "describe_split": (
        lambda: qi.stats.describe_split(
            qi.stats.split_difference(rates((4995, HALF), kind="K"), rates((5005, HALF), kind="K"),
                                      "kind"), "kind", "2019", "2020"),
        "49.95% for 2019 and 50.05% for 2020, 0.10 points higher: +0.10 points come from different "
        "rates within the same kinds, and 0.00 from"),
    "describe_finishing": (
        lambda: qi.stats.describe_finishing(
            finishing((4995, HALF), (5005, HALF), difference=0.004, low=0.0012, high=0.0068)),
        "4,995 (49.95%) were completed within 24 months; of 10,000 that had not, 5,005 (50.05%)."),
    "describe_finishing, interval": (
        lambda: qi.stats.describe_finishing(
            finishing((4995, HALF), (5005, HALF), difference=0.004, low=0.0012, high=0.0068)),
        "the rate is 0.4 points higher (95% interval: 0.1 to 0.7 points higher), more than chance"),
    "format_rebase_suggestions": (lambda: suggestion((4995, HALF), (5005, HALF)),
        "49.95% (4,995 of 10,000) to 50.05% (5,005 of 10,000)"),
    "describe_funnel, target": (
        lambda: qi.describe_funnel(
            qi.add_funnel(rates((10, 100), (90, 100), ward=["A", "B"]), by="ward", target="82.5%"),
            "ward"),
        "lower than the target of 82.5% (A, 10 of 100)"),
    "format_shrunken": (
        lambda: row_of(qi.stats.format_shrunken(pd.DataFrame({
            "ward": ["A"], "numerator": [750], "denominator": [1000], "shrunken": [0.7476],
            "shrunken_lower": [0.7], "shrunken_upper": [0.8]}), "ward")),
        "| 75.0% | 74.8% | 70.0% to 80.0%"),
    "describe_areas": (
        lambda: qi.counts.describe_areas(counts("Aim", (5005, HALF), (4995, HALF))),
        "50.05% involved people in aim 0 (5,005 of 10,000), and only 49.95% in aim 1"),
    "describe_area_stages": (
        lambda: qi.counts.describe_area_stages(
            counts("Early: aim", (5005, HALF), (4995, HALF), (1, HALF))),
        "5,005 (50.05%) are known to have involved people early (aim 0), 4,995 (49.95%) early (aim "
        "1) and 1 (0.01%) early (aim 2)."),
    "describe_bounds": (
        lambda: qi.describe_bounds(counts("A", (4000, HALF), blank=8)),
        "the rate is 40.00%; if in all of them, it is 40.08%. Among the 9,992 where it is "
        "recorded, "
        "the rate is 40.03%"),
    "format_bounds": (lambda: row_of(qi.counts.format_bounds(counts("A", (4000, HALF), blank=8))),
        "4,000 of 9,992 (40.03%) | 40.00% | 40.08%"),
    "describe_definitions": (
        lambda: qi.counts.describe_definitions(counts("Any", (4995, HALF), (5005, HALF))),
        "from 49.95% (any 0: 4,995 of 10,000) to 50.05%"),
    "describe_exemptions": (
        lambda: qi.counts.describe_exemptions(rates((4000, HALF)), rates((4000, 9990))),
        "the rate is 40.00% (4,000 of 10,000); without them, it would be 40.04%"),
    "describe_time_to_involvement": (
        lambda: qi.counts.describe_time_to_involvement(curve(0.4967, 0.4, 0.5, 0.0004, 0.498)),
        "49.7% within 10 months of starting (95% interval: 40.0% to 50.0%); under 0.1% had "
        "ended by "
        "then without. In 6 of them"),
    "describe_time_to_involvement, undated": (
        lambda: qi.counts.describe_time_to_involvement(curve(0.4967, 0.4, 0.49, 0.0, 0.498)),
        "the share within 10 months would be 49.8%."),
    "describe_progress": (lambda: qi.counts.describe_progress(progress((4995, HALF), (5005, HALF))),
        "4,995 (49.95%) at 4 or above. Of 10,000 projects with a progress score that do not "
        "involve "
        "people meaningfully, the middle one stands at 3, and 5,005 (50.05%)"),
    "describe_outlook": (lambda: qi.stats.describe_outlook(futures(), "80%"),
        "In that month it is 79.8% in the middle one (8 of 10 futures: 79.6% to 79.9%)."),
    "describe_outlook, recent": (lambda: qi.stats.describe_outlook(futures(), "80%"),
        "as the 1,000 recent ones did (79.6%)"),
    "describe_needed": (lambda: qi.stats.describe_needed(needed(), "80%"),
        "To be at the aim of 80% then in half of these futures, 79.99% of these projects must "
        "involve people; of the 1,000 recent ones 79.6% did."),
    "describe_spc": (lambda: qi.spc.describe_spc(*spc([300_000, 300_400] * 12, 1_000_000)),
        "The mean of the rate is 30.0%; by chance alone it would move between 29.9% and 30.2%."),
    "describe_spc, outside": (lambda: qi.spc.describe_spc(*spc([3000, 3010] * 12 + [3170], 10_000)),
        "One point lies outside the limits: 1 January 2021 (32%). "),
    "describe_run": (lambda: qi.spc.describe_run(qi.spc.summarise_run(qi.spc.add_run(
        rates((299, 300), (299, 300), period=YEARS)))), "lies on the median, 99.7%."),
    "describe_published_years": (
        lambda: public.describe_published_years(published((20, 100), (796, 1000)),
                                                (Aim(date(2019, 1, 1), Fraction(4, 5)),)),
        "20.0% in 2019/20 (20 of 100) and 79.6% in 2020/21 (796 of 1,000): 59.6 points higher."),
    "format_published": (lambda: row_of(public.format_published(published((500_000, 10**6)))),
        "| 50.0% | 49.9% to 50.1%"),
    "check_frame": (lambda: refusal(rates((410, 1000)).assign(rate=0.4034)),
        "has a rate of 40%, but 410 of 1,000 is 41%"),
}  # fmt: skip


@pytest.mark.parametrize("name", SAID)
def test_a_sentence_or_row_tells_apart_what_is_different(name):
    say, words = SAID[name]
    assert words in say()


SHARES = st.integers(1, 10**5).flatmap(lambda n: st.integers(0, n).map(lambda k: (k, n)))


def number(text: str) -> Fraction:
    return Fraction(re.search(r"[\d.]+", text)[0])


@given(SHARES, SHARES, SHARES)
def test_two_rates_and_an_aim_are_shown_as_they_stand_to_each_other(one, other, aim):
    first, second, aim = (Fraction(*each) for each in (one, other, aim))
    shown = percents(float(first), float(second))
    assert (shown[0] == shown[1]) == (first == second)
    assert (shown[0] == "0%", shown[0] == "100%") == (first == 0, first == 1) or first == second
    goal = Fraction(round(aim * 100, 1)) / 100  # 33.3%, as it is written
    (beside,) = percents(float(first), aims=[goal])
    assert (number(beside) > 100 * goal, number(beside) < 100 * goal) == (
        first > goal, first < goal)  # fmt: skip


@given(SHARES, SHARES, st.floats(1e-6, 0.3), st.floats(1e-6, 0.3))  # an interval has a width
def test_a_difference_lies_within_its_limits_as_both_are_shown(one, other, below, above):
    before, after = (k / n for k, n in (one, other))
    low, high = after - before - below, after - before + above
    *_, apart, ends = points_apart(before, after, limits=(low, high))
    assert (apart == "the same") == (Fraction(*one) == Fraction(*other))
    ends = sorted(signed(text, ends) for text in ends.split(" to "))
    assert ends[0] <= signed(apart, apart) <= ends[1]
    assert (ends[0] < ends[1]) == (high - low > 1e-9)


def signed(text: str, said: str) -> Fraction:
    """Read points, whose direction is said once where it is the same: 27 to 44 points lower."""
    lower = "lower" in (text if "point" in text else said)
    return Fraction(0) if not re.search(r"\d", text) else number(text) * (-1 if lower else 1)


def test_points_are_told_apart_and_none_is_said_to_be_none():
    assert format_points(0.004) == "0.4 points higher"
    assert format_points(-0.00004) == "0.004 points lower"
    assert format_range(0.0361, 0.0364) == "3.61 to 3.64 points higher"
    assert format_range(-0.0001, 0.0001) == "0.01 points lower to 0.01 points higher"
