"""Numerators and denominators to rates with Wilson limits, and the gap to the aim."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.periods import UNITS, are_over, format_row_period, period_months, period_unit
from ..core.schema import FEWEST
from ..core.text import count_of, format_date, format_share, k_of_n, percent
from ..profile import Aim
from .proportions import projects_to_aim, wilson_interval

VERDICTS = {
    "met": "the aim is met",
    "not_met": "the aim is not met",
    "cannot_tell": "there are too few projects to tell whether the aim is met",
}
NO_STARTS = "No project has a start date, so there is nothing to show over time."
MOST_NAMED = 6  # groups in a sentence
VERDICT_LABELS = {"met": "Aim met", "not_met": "Aim not met", "cannot_tell": "Cannot tell yet"}
NOT_MET_AS_RECORDED = "Not met as recorded"


def add_rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Add the rate and its 95% Wilson limits to counts.

    Parameters
    ----------
    counts : DataFrame
        ``numerator, denominator``.

    Returns
    -------
    DataFrame
        The same rows and columns, and ``rate``, ``lower_cl``, ``upper_cl`` (0-1, not rounded; NaN
        where the denominator is 0).

    Examples
    --------
    >>> add_rates(pd.DataFrame({"numerator": [2, 0], "denominator": [4, 0]})).round(3)
       numerator  denominator  rate  lower_cl  upper_cl
    0          2            4   0.5      0.15      0.85
    1          0            0   NaN       NaN       NaN
    """
    denominator = counts["denominator"].where(counts["denominator"] > 0)
    lower, upper = wilson_interval(counts["numerator"], counts["denominator"])
    return counts.assign(rate=counts["numerator"] / denominator, lower_cl=lower, upper_cl=upper)


def add_aim(rates: pd.DataFrame, aim: Fraction | str) -> pd.DataFrame:
    """Add the gap to the aim, and whether it is met, is not, or is uncertain.

    Parameters
    ----------
    rates : DataFrame
        With ``numerator, denominator, lower_cl, upper_cl``.
    aim : Fraction or str
        The share of projects aimed for, exact: ``Fraction(4, 5)`` or ``"80%"``.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``shortfall``
            How many more projects must involve people to reach the aim; never below 0.
        ``verdict``
            ``met`` if the lower limit reaches the aim, ``not_met`` if the upper one stays below it,
            else ``cannot_tell``; on unrounded numbers.
        ``blanks_decide``
            The aim is not met as recorded, but could be if every blank were a yes; False where
            there is no column ``not_recorded``.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"numerator": [15, 4], "denominator": [15, 10]}))
    >>> add_aim(rates, "80%")[["numerator", "denominator", "shortfall", "verdict"]]
       numerator  denominator  shortfall      verdict
    0         15           15          0  cannot_tell
    1          4           10          4      not_met
    """
    aim = parse_aim(aim)
    verdict = np.select(
        [rates["lower_cl"] >= float(aim), rates["upper_cl"] < float(aim)],
        ["met", "not_met"],
        "cannot_tell",
    )
    blanks = rates.get("not_recorded", 0)
    _, highest = wilson_interval(rates["numerator"] + blanks, rates["denominator"])
    return rates.assign(
        shortfall=projects_to_aim(rates["numerator"], rates["denominator"], aim),
        verdict=verdict,
        blanks_decide=(verdict == "not_met") & (highest >= float(aim)),
    )


def format_verdicts(rates: pd.DataFrame) -> pd.Series:
    """Write each row's verdict from :func:`add_aim` in a word or two for readers."""
    labels = rates["verdict"].map(VERDICT_LABELS).mask(rates["blanks_decide"], NOT_MET_AS_RECORDED)
    return labels.mask(rates["denominator"] == 0, "No projects")


def parse_aim(aim: object) -> Fraction:
    """Read an aim as an exact fraction between 0 and 1; a float is refused.

    >>> parse_aim("80%")
    Fraction(4, 5)
    """
    percent = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%\s*", aim) if isinstance(aim, str) else None
    share = Fraction(percent[1]) / 100 if percent else aim
    if not isinstance(share, Fraction) or not 0 < share <= 1:
        raise OptionError(
            f"`aim` must be an exact share such as '80%' or Fraction(4, 5); not {aim!r}."
        )
    return share


def format_rates(rates: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Return a table for readers, its numbers as text.

    Parameters
    ----------
    rates : DataFrame
        From :func:`add_rates` or :func:`add_aim`.
    by : str, optional
        The column that names the rows, such as ``"period"``; "All projects" without it.

    Returns
    -------
    DataFrame
        Indexed by the rows' names: ``Meaningful``; ``Projects``; ``Rate``; ``95% interval``;
        ``Not recorded``, where that is counted; and after :func:`add_aim` ``More to the aim`` and
        ``Verdict``.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"numerator": [4], "denominator": [10]}))
    >>> format_rates(rates)
                  Meaningful  Projects Rate 95% interval
    All projects           4        10  40%   17% to 69%
    """
    table = pd.DataFrame(
        {
            "Meaningful": rates["numerator"],
            "Projects": rates["denominator"],
            "Rate": rates["rate"].map(percent),
            "95% interval": [
                f"{percent(a)} to {percent(b)}" if a == a else "none"
                for a, b in zip(rates["lower_cl"], rates["upper_cl"], strict=True)
            ],
        }
    )
    if "not_recorded" in rates:
        table["Not recorded"] = rates["not_recorded"]
    if "shortfall" in rates:
        table["More to the aim"] = rates["shortfall"]
        table["Verdict"] = format_verdicts(rates)
    return table.set_axis(_row_names(rates, by), axis="index")


def _row_names(rates: pd.DataFrame, by: str | None) -> list[str]:
    if by is None:
        return ["All projects"] * len(rates)
    if by != "period":
        return rates[by].tolist()
    months = period_months(rates["period"])
    return [format_row_period(row, months) for _, row in rates.iterrows()]


def describe_rate(
    rates: pd.DataFrame, meaning: str, aim: Fraction | str | None = None, which: str = ""
) -> str:
    """Describe one rate: numerator, denominator, interval, and where it stands to the aim.

    Parameters
    ----------
    rates : DataFrame
        One row of :func:`add_rates`.
    meaning : str
        What a project in the numerator did, such as a definition's ``meaning``.
    aim : Fraction or str, optional
        The share of projects aimed for.
    which : str, optional
        Which projects are counted, to follow the word, such as ``"live on 4 May 2021"``.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"numerator": [4], "denominator": [10]}))
    >>> print(describe_rate(rates, "people were partners", "80%"))
    In 4 of 10 projects (40%), people were partners. The 95% interval is 17% to 69%. The aim is
    80%: the aim is not met; it would take 4 more of these projects.
    """
    row = rates.iloc[0]
    k, n = int(row["numerator"]), int(row["denominator"])
    projects = f"{'project' if n == 1 else 'projects'} {which}".strip()
    if n == 0:
        return f"There are no {projects}, so there is no rate."
    digits = 0 if aim is None else digits_near(row, ["rate"], parse_aim(aim))
    sentence = f"In {k:,} of {n:,} {projects} ({percent(row['rate'], digits)}), {meaning}. "
    if aim is None:
        return (
            sentence
            + f"The 95% interval is {percent(row['lower_cl'])} to {percent(row['upper_cl'])}."
        )
    aim = parse_aim(aim)
    row = add_aim(rates.iloc[[0]], aim).iloc[0]
    digits = digits_near(row, ["lower_cl", "upper_cl"], aim)
    return (
        f"{sentence}The 95% interval is {percent(row['lower_cl'], digits)} to "
        f"{percent(row['upper_cl'], digits)}. {_describe_verdict(row, aim)}"
    )


def digits_near(row: pd.Series, columns: list[str], aim: Fraction) -> int:
    """Return 1 decimal where a whole percentage would put on the aim what is not on it."""
    at = float(aim)
    return int(any(row[c] != at and round(100 * row[c]) == round(100 * at) for c in columns))


def _describe_verdict(row: pd.Series, aim: Fraction) -> str:
    start = f"The aim is {format_share(aim)}: {VERDICTS[row['verdict']]}"
    more = int(row["shortfall"])
    if aim == 1 and not more:
        return "The aim is 100%: every project that is counted reaches it."
    if row["blanks_decide"]:
        blank = int(row["not_recorded"])
        record = "1 project records" if blank == 1 else f"{blank:,} projects record"
        return (
            f"The aim is {format_share(aim)}: as recorded it is not met, but {record} nothing that "
            "would settle it, and that could change the answer."
        )
    if more:
        return f"{start}; it would take {more:,} more of these projects."
    return (
        f"{start}." if row["verdict"] == "met" else f"{start}, though the rate itself reaches it."
    )


def describe_groups(rates: pd.DataFrame, by: str, aim: Fraction | str | None = None) -> str:
    """Describe how groups compare, without a league table: who meets the aim, and where it is open.

    Only groups of at least 5 projects are named for their rate: a group of 1 is always at an end.

    Parameters
    ----------
    rates : DataFrame
        A row a group, from :func:`add_rates`.
    by : str
        The column that names the groups.
    aim : Fraction or str, optional
        The share of projects aimed for.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [95, 10, 1],
    ...                                 "denominator": [100, 100, 1]}))
    >>> print(describe_groups(rates, "directorate", "80%"))
    Of 3 groups, 1 meets the aim of 80% (A), 1 does not, and for 1 there are too few projects to
    tell (C). Among the 2 with at least 5 projects, rates run from 10% (B, 10 of 100) to 95% (A,
    95 of 100).
    """
    rates = rates[rates["denominator"] > 0]
    if rates.empty:
        return "There are no projects to compare."
    if len(rates) == 1:
        row = rates.iloc[0]
        return f"Only {row[by]} has projects: {format_counts(row)} ({percent(row['rate'])})."
    against = "" if aim is None else _describe_verdicts(rates, by, parse_aim(aim))
    return f"{against} {_describe_range(rates, by)}".strip()


def _describe_verdicts(rates: pd.DataFrame, by: str, aim: Fraction) -> str:
    judged = add_aim(rates, aim)
    names = judged.groupby("verdict")[by].agg(list).reindex(list(VERDICTS))
    met, missed, open_ = (names[v] if isinstance(names[v], list) else [] for v in VERDICTS)
    parts = [
        f"{len(met) or 'none'} {'meet' if len(met) > 1 else 'meets'} the aim of {format_share(aim)}"
        + _named(met)
    ]
    if missed:
        parts.append(
            f"{len(missed)} {'do' if len(missed) > 1 else 'does'} not{_describe_open(judged)}"
        )
    if open_:
        parts.append(f"for {len(open_)} there are too few projects to tell{_named(open_)}")
    if len(parts) > 1:
        parts[-1] = f"and {parts[-1]}"
    return f"Of {len(rates)} groups, {', '.join(parts)}."


def _describe_open(judged: pd.DataFrame) -> str:
    open_ = int(judged["blanks_decide"].sum())
    whose = "its" if open_ == 1 else "their"
    return f" ({open_} of them only if {whose} blanks are noes)" if open_ else ""


def _named(names: list[str]) -> str:
    return f" ({', '.join(map(str, names))})" if 0 < len(names) <= MOST_NAMED else ""


def _describe_range(rates: pd.DataFrame, by: str) -> str:
    enough = rates[rates["denominator"] >= FEWEST]
    if len(enough) < 2:
        return f"Fewer than 2 groups have the {FEWEST} projects it takes to compare rates."
    least, most = (enough.iloc[at(enough["rate"])] for at in (np.argmin, np.argmax))
    whole = len(enough) == len(rates)
    start = "Rates" if whole else f"Among the {len(enough)} with at least {FEWEST} projects, rates"
    if least["rate"] == most["rate"]:
        return f"{start} are all {percent(most['rate'])}."
    ends = " to ".join(
        f"{percent(row['rate'])} ({_describe_group(enough, row, by)})" for row in (least, most)
    )
    return f"{start} run from {ends}."


def _describe_group(rates: pd.DataFrame, row: pd.Series, by: str) -> str:
    """Return the one group that has a rate by its name; of several, only their number."""
    same = int((rates["rate"] == row["rate"]).sum())
    return f"{row[by]}, {format_counts(row)}" if same == 1 else f"{same} groups"


def describe_change(
    rates: pd.DataFrame,
    aim: Fraction | str | tuple[Aim, ...] | None = None,
    as_of: pd.Timestamp | None = None,
) -> str:
    """Describe how a rate moved over periods: the first and the latest, with their counts.

    Parameters
    ----------
    rates : DataFrame
        A row a period, from :func:`add_rates`, with ``period`` (first days). Counts are missing
        where they may not be published, and it is said of how many periods.
    aim : Fraction or str, or tuple of Aim, optional
        The share of projects aimed for; of a profile's aims (``aims_until``), the latest, and only
        for periods that began since it was set.
    as_of : Timestamp, optional
        The day the register describes: a last period that is not over by then is described apart.

    Examples
    --------
    >>> years = pd.to_datetime(["2019-04-01", "2020-04-01", "2021-04-01"])
    >>> rates = add_rates(pd.DataFrame({"period": years, "numerator": [20, 45, 4],
    ...                                 "denominator": [100, 100, 7]}))
    >>> print(describe_change(rates, "80%", pd.Timestamp("2021-05-04")))
    The rate was 20% in 2019/20 (20 of 100) and 45% in 2020/21 (45 of 100): 25 points higher. The
    aim of 80% was reached in none of 2 years. In 2021/22 so far it is 57% (4 of 7).
    """
    sentences = _describe_periods(rates, aim, as_of)
    withheld = int(rates["denominator"].isna().sum())
    if not withheld:
        return sentences
    if withheld == len(rates):
        return "The counts are too small to be published."
    many = f"{withheld} of {len(rates)} {period_unit(rates)}s"
    return f"{sentences} For {many} the counts are too small to be published."


def _describe_periods(rates: pd.DataFrame, aim, as_of: pd.Timestamp | None) -> str:
    some = rates[rates["denominator"] > 0].sort_values("period")
    withheld = rates["denominator"].isna().any()
    if some.empty:
        if withheld:
            return "The years that are published have no projects."
        return NO_STARTS
    months = period_months(rates["period"])
    over, last = are_over(some["period"], months, as_of), some.iloc[-1]
    named, so_far = format_row_period(last, months), "" if over.all() else " so far"
    if len(some) == 1 or not over.any():
        has = "is published" if withheld else "has projects"
        return f"Only {named} {has}{so_far}: {format_counts(last)} ({percent(last['rate'])})."
    sentence = _describe_ends(some[over], aim, months)
    if over.all():
        return sentence
    return f"{sentence} In {named} so far it is {percent(last['rate'])} ({format_counts(last)})."


def _describe_ends(some: pd.DataFrame, aim, months: int) -> str:
    first, last = some.iloc[0], some.iloc[-1]
    if len(some) == 1:
        return f"The rate was {_describe_point(last, months)}."
    points = round(100 * (last["rate"] - first["rate"]))
    change = f"{count_of(abs(points), 'point')} {'higher' if points > 0 else 'lower'}"
    if points == 0:
        change = "the same" if first["rate"] == last["rate"] else "less than a point apart"
    sentence = (
        f"The rate was {_describe_point(first, months)} and {_describe_point(last, months)}: "
        f"{change}."
    )
    if aim is None or aim == ():
        return sentence
    return f"{sentence} {_describe_reached(some, aim, UNITS.get(months, 'period'))}"


def _describe_point(row: pd.Series, months: int) -> str:
    return f"{percent(row['rate'])} in {format_row_period(row, months)} ({format_counts(row)})"


def _describe_reached(rates: pd.DataFrame, aim, unit: str) -> str:
    """Describe in how many periods an aim was reached: of a dated one, of those begun since."""
    since = ""
    if isinstance(aim, tuple):
        aim, starts = aim[-1].rate, aim[-1].starts
        rates = rates[rates["period"] >= pd.Timestamp(starts)]
        since = f" that began since it was set on {format_date(starts)}"
        if rates.empty:
            return f"The aim of {format_share(aim)} was set later, on {format_date(starts)}."
    aim = parse_aim(aim)
    reached = int((rates["rate"] >= float(aim)).sum())
    where = f"in {reached or 'none'} of {len(rates)} {unit}s"
    if len(rates) == 1:
        where = f"in the one {unit}"
    how = "not reached" if len(rates) == 1 and not reached else "reached"
    return f"The aim of {format_share(aim)} was {how} {where}{since}."


def format_counts(row: pd.Series, side: str = "") -> str:
    """Write a row's numerator and denominator, or those that it is compared with."""
    return k_of_n(row[f"numerator{side}"], row[f"denominator{side}"])
