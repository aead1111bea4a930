"""Counts to rates with Wilson limits; whether the aim is met today, and whether it would last."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite
from numbers import Real

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import (
    check_frame,
    format_interval,
    format_percents,
    is_missing,
    pair_counts,
)
from ..core.periods import UNITS, are_over, format_row_period, period_months, period_unit
from ..core.schema import COUNTS, FEWEST, NO_DIRECTORATE, NO_DIRECTORATES
from ..core.text import count_of, format_date, format_share, k_of_n, percent, percents, points_apart
from ..profile import Aim
from .proportions import check_counts, mid_p_interval, projects_to_aim, wilson_interval

NO_STARTS = "No project has a start date, so there is nothing to show over time."
MOST_NAMED = 6  # groups in a sentence
MET = {
    "yes": "Met",
    "no": "Not met",
    "blanks_decide": "Blanks decide",
    "": "No projects",
}


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

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> add_rates(pd.DataFrame({"numerator": [2, 0], "denominator": [4, 0]})).round(3)
       numerator  denominator  rate  lower_cl  upper_cl
    0          2            4   0.5      0.15      0.85
    1          0            0   NaN       NaN       NaN
    """
    counts = check_frame(counts, *COUNTS)
    denominator = counts["denominator"].where(counts["denominator"] > 0)
    lower, upper = wilson_interval(counts["numerator"], counts["denominator"])
    return counts.assign(rate=counts["numerator"] / denominator, lower_cl=lower, upper_cl=upper)


def add_aim(rates: pd.DataFrame, aim: Fraction | str | float) -> pd.DataFrame:
    """Add whether the aim is met today, and how many more projects it takes.

    A fact of the count, without an interval: the register holds every project, and 15 of 15 has met
    80%. Whether it would last is another question; see :func:`add_sustained`.

    Parameters
    ----------
    rates : DataFrame
        With ``numerator, denominator``; ``not_recorded`` where blanks are counted.
    aim : Fraction, str or float
        The share of projects aimed for: ``Fraction(4, 5)``, ``"80%"`` or 0.8, which is taken as the
        decimal that it prints as.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``aim``
            The aim (0-1).
        ``needed``
            How many more of these projects must involve people to reach the aim; never below 0.
        ``met_now``
            ``yes``; ``no``, even if every blank were a yes; ``blanks_decide``; or empty where there
            is no project.

    Raises
    ------
    ValueError
        For an aim that is no share above 0 and up to 1.

    Examples
    --------
    >>> rates = pd.DataFrame({"numerator": [15, 4, 7], "denominator": [15, 10, 10],
    ...                       "not_recorded": [0, 2, 2]})
    >>> add_aim(rates, "80%")[["numerator", "denominator", "needed", "met_now"]]
       numerator  denominator  needed        met_now
    0         15           15       0            yes
    1          4           10       4             no
    2          7           10       1  blanks_decide
    """
    rates = check_frame(rates, *COUNTS)
    k, n = check_counts(rates["numerator"], rates["denominator"])
    needed = projects_to_aim(np.nan_to_num(k), np.nan_to_num(n), parse_aim(aim))
    met_now = np.select(
        [np.isnan(k / n), needed == 0, needed <= rates.get("not_recorded", 0)],
        ["", "yes", "blanks_decide"],
        "no",
    )
    missing = rates["numerator"].isna() | rates["denominator"].isna()
    return rates.assign(
        aim=float(parse_aim(aim)),
        needed=pd.Series(needed, rates.index).mask(missing),
        met_now=pd.array(met_now, dtype="str"),
    )


def add_sustained(counts: pd.DataFrame, aim: Fraction | str | float) -> pd.DataFrame:
    """Add whether the rate behind the recent projects is at the aim, so that it would last.

    Recent projects are those that had time to involve people. They are taken as drawn from a
    process, whose rate their exact mid-P limits bound. A process exactly at 80% is called short of
    it in at most 4% of cases, by Wilson's limits in up to 20%.

    Parameters
    ----------
    counts : DataFrame
        A row a group, with ``recent_numerator, recent_denominator``.
    aim : Fraction, str or float
        As in :func:`add_aim`.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``sustained_lower``, ``sustained_upper``
            Exact mid-P 95% limits of the recent rate (0-1); missing where no project is recent.
        ``sustained``
            ``yes`` if the lower limit reaches the aim; ``no`` if the upper one stays below it; else
            ``cannot_tell``; or ``too_few`` of fewer than 5. Never ``yes`` for an aim of 100%, which
            no count can show to last.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> counts = pd.DataFrame({"recent_numerator": [5, 57, 41, 3],
    ...                        "recent_denominator": [5, 60, 95, 3]})
    >>> added = add_sustained(counts, "80%")[["sustained_lower", "sustained_upper", "sustained"]]
    >>> added.round(2)
       sustained_lower  sustained_upper    sustained
    0             0.55             1.00  cannot_tell
    1             0.87             0.99          yes
    2             0.33             0.53           no
    3             0.37             1.00      too_few
    """
    counts = check_frame(counts, "recent_numerator recent_denominator", step="summarise_findings")
    n, goal = counts["recent_denominator"], float(parse_aim(aim))
    lower, upper = mid_p_interval(counts["recent_numerator"], n)
    sustained = np.select(
        [~(n >= FEWEST), lower >= goal, upper < goal], ["too_few", "yes", "no"], "cannot_tell"
    )
    return counts.assign(
        sustained_lower=lower,
        sustained_upper=upper,
        sustained=pd.array(sustained, dtype="str"),
    )


def describe_sustained(
    counts: pd.DataFrame, aim: Fraction | str | float, in_a_row: int | None = None
) -> str:
    """Describe whether the aim would last, with the recent projects that this rests on.

    Parameters
    ----------
    counts : DataFrame
        One row of :func:`add_sustained`.
    aim : Fraction, str or float
        The aim that was given to it.
    in_a_row : int, optional
        How many of the latest in a row involve people, where their order is known; said for an aim
        of 100%.

    Examples
    --------
    >>> counts = pd.DataFrame({"recent_numerator": [5], "recent_denominator": [5]})
    >>> print(describe_sustained(add_sustained(counts, "80%"), "80%"))
    Nobody can tell yet if recent projects reach the aim of 80%. Of 5 recent projects, 5 involve
    people meaningfully (100%). Allowing for chance, that is anything from 55% to 100%.
    """
    counts = check_frame(
        counts, "sustained sustained_lower sustained_upper recent_numerator recent_denominator",
        known=True, some=True, step="add_sustained",
    )  # fmt: skip
    limits = "sustained_lower sustained_upper"
    tested = counts[counts["recent_denominator"] > 0]
    check_frame(tested, limits, filled=limits, step="add_sustained")
    row, goal = counts.iloc[0], f"the aim of {format_share(parse_aim(aim))}"
    k, n = row["recent_numerator"], row["recent_denominator"]
    if row["sustained"] == "too_few":
        if not n:
            return f"No project is recent, so nobody can tell if recent ones reach {goal}."
        few = count_of(int(n), "project is", "projects are")
        return f"Only {few} recent: too few to tell if they reach {goal}."
    involve = "involves" if k == 1 else "involve"
    of = f"Of {int(n):,} recent projects, {int(k):,} {involve} people meaningfully"
    if parse_aim(aim) == 1:
        return _describe_all(k, n, f"{of} ({percent(k / n)})", in_a_row)
    limits = row[["sustained_lower", "sustained_upper"]].astype(float)
    rate, *ends = percents(k / n, *limits, aims=[parse_aim(aim)])
    of, ends = f"{of} ({rate})", " to ".join(ends)
    if row["sustained"] == "yes":
        return f"Recent projects reach {goal}. {of}. Allowing for chance, that is {ends}."
    if row["sustained"] == "no":
        return f"Recent projects fall short of {goal}. {of}. Allowing for chance, that is {ends}."
    return (
        f"Nobody can tell yet if recent projects reach {goal}. {of}. Allowing for chance, that is "
        f"anything from {ends}."
    )


def _describe_all(k: float, n: float, of: str, in_a_row: int | None) -> str:
    """Describe how far an aim of 100% holds: how many in a row, and never that it would last."""
    if k == n:
        return (
            f"All {int(n):,} recent projects in a row involve people. No count can show that every "
            "project will."
        )
    row = "" if in_a_row is None else f" The latest {in_a_row:,} in a row do."
    return f"Recent projects fall short of the aim of 100%. {of}.{row}"


def format_met(rates: pd.DataFrame) -> pd.Series:
    """Write each row's ``met_now`` from :func:`add_aim` in a word or two for readers."""
    return rates["met_now"].map(MET)


def parse_aim(aim: object) -> Fraction:
    """Read an aim as an exact fraction above 0 and up to 1.

    A number is taken as the decimal that it prints as: 0.8 is four fifths, not the binary number
    closest to it.

    >>> parse_aim("80%"), parse_aim(0.8)
    (Fraction(4, 5), Fraction(4, 5))
    """
    share = read_share(aim)
    if share is None or not 0 < share <= 1:
        raise OptionError(
            "`aim` must be a share above 0 and up to 1, such as '80%', 0.8 or Fraction(4, 5); not "
            f"{aim!r}."
        )
    return share


def parse_target(target: object) -> float:
    """Read the target of a rate, a share from 0 to 1; NaN where there is none, or a blank.

    >>> parse_target("80%"), parse_target(None), parse_target(" ")
    (0.8, nan, nan)
    """
    if is_missing(target) or (isinstance(target, str) and not target.strip()):
        return np.nan
    share = read_share(target)
    if share is None or not 0 <= share <= 1:
        raise OptionError(
            f"`target` must be a share from 0 to 1, such as 0.8 or '80%'; not {target!r}."
        )
    return float(share)


def read_share(share: object) -> Fraction | None:
    """Read a number, or text with %, as an exact fraction; None if it is neither."""
    percent = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", share) if isinstance(share, str) else None
    if percent:
        return Fraction(percent[1]) / 100
    if not isinstance(share, Real) or isinstance(share, bool) or not isfinite(share):
        return None
    return share if isinstance(share, Fraction) else Fraction(str(share))


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
        ``Aim``: met, not met, or the blanks decide. No row where the only one is "Not recorded", as
        of a register that does not ask for the column.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"numerator": [4], "denominator": [10]}))
    >>> format_rates(rates)
                  Meaningful  Projects Rate 95% interval
    All projects           4        10  40%   17% to 69%
    """
    rates = check_frame(rates, *COUNTS, "rate lower_cl upper_cl", by=by, named=True)
    judged = {"needed", "met_now"} <= {*rates}
    aims = rates["aim"].map(parse_aim) if judged and "aim" in rates else None
    shown = format_percents(rates[["rate", "lower_cl", "upper_cl"]], aims)
    table = pd.DataFrame(
        {
            "Meaningful": rates["numerator"],
            "Projects": rates["denominator"],
            "Rate": shown["rate"],
            "95% interval": format_interval(shown["lower_cl"], shown["upper_cl"]),
        }
    )
    if "not_recorded" in rates:
        table["Not recorded"] = rates["not_recorded"]
    if judged:
        table["More to the aim"] = rates["needed"]
        table["Aim"] = format_met(rates)
    table = table.set_axis(_row_names(rates, by), axis="index")
    return table.iloc[:0] if by and [*table.index] == [NO_DIRECTORATE] else table


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

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"numerator": [4], "denominator": [10]}))
    >>> print(describe_rate(rates, "people were partners", "80%"))
    In 4 of 10 projects (40%), people were partners. The aim of 80% is not met: it would take 4 more
    of these projects. Such a count is compatible with rates from 17% to 69% (95% interval).
    """
    rates = check_frame(rates, *COUNTS, "rate lower_cl upper_cl", known=True, some=True)
    _check_meaning(meaning)
    row = rates.iloc[0]
    k, n = int(row["numerator"]), int(row["denominator"])
    projects = f"{'project' if n == 1 else 'projects'} {which}".strip()
    if n == 0:
        return f"There are no {projects}, so there is no rate."
    goal = [] if aim is None else [parse_aim(aim)]
    rate, low, high = percents(k / n, row["lower_cl"], row["upper_cl"], aims=goal)
    sentences = [
        f"In {k:,} of {n:,} {projects} ({rate}), {meaning}.",
        "" if aim is None else _describe_met(add_aim(rates.iloc[[0]], aim).iloc[0], parse_aim(aim)),
        f"Such a count is compatible with rates from {low} to {high} (95% interval).",
    ]
    return " ".join(filter(None, sentences))


def _check_meaning(meaning: object) -> None:
    """Refuse an aim given in the place of a meaning."""
    if not isinstance(meaning, str) or not re.search("[^\\W\\d]", meaning):
        raise OptionError(
            "`meaning` says what a project in the numerator did, such as 'people were partners'; "
            f"not {meaning!r}. An aim is given as `aim=`."
        )


def _describe_met(row: pd.Series, aim: Fraction) -> str:
    """Describe whether the aim is met today, as a fact of the count."""
    goal, more = f"the aim of {format_share(aim)}", int(row["needed"])
    if row["met_now"] == "yes":
        return f"T{goal[1:]} is met."
    if row["met_now"] == "blanks_decide":
        blank = int(row["not_recorded"])
        says = "1 records" if blank == 1 else f"{blank:,} record"
        return (
            f"Whether {goal} is met is open: it would take {more:,} more of these projects, and "
            f"{says} nothing that would settle it."
        )
    return f"T{goal[1:]} is not met: it would take {more:,} more of these projects."


def describe_groups(rates: pd.DataFrame, by: str, aim: Fraction | str | None = None) -> str:
    """Describe how groups compare, without a league table: who meets the aim, and who does not.

    None is named for its rate: the lowest of many is the lowest by bad luck too. The range is of
    those with at least 5 projects, and of rows that are no directorate nothing is said.

    Parameters
    ----------
    rates : DataFrame
        A row a group, from :func:`add_rates`.
    by : str
        The column that names the groups.
    aim : Fraction or str, optional
        The share of projects aimed for.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [95, 10, 1],
    ...                                 "denominator": [100, 100, 1]}))
    >>> print(describe_groups(rates, "directorate", "80%"))
    Of 3 groups, 2 meet the aim of 80% (A, C), and 1 does not. Among the 2 with at least 5 projects,
    rates run from 10% to 95%.
    """
    rates = check_frame(rates, *COUNTS, "rate", by=by, named=True).pipe(pair_counts)
    rates = rates[(rates["denominator"] > 0) & ~rates[by].isin(NO_DIRECTORATES)]
    if rates.empty:
        return "There are no projects to compare."
    if len(rates) == 1:
        row = rates.iloc[0]
        return f"{row[by]} stands alone: {format_counts(row)} ({percent(row['rate'])})."
    against = "" if aim is None else _count_met(rates, by, parse_aim(aim))
    return f"{against} {_describe_range(rates, [] if aim is None else [parse_aim(aim)])}".strip()


def _count_met(rates: pd.DataFrame, by: str, aim: Fraction) -> str:
    """Count the groups that meet the aim, that do not, and whose blanks decide."""
    met_now = add_aim(rates, aim)["met_now"]
    met, missed, open_ = (
        rates.loc[met_now == answer, by].tolist() for answer in ("yes", "no", "blanks_decide")
    )
    aimed = f"the aim of {format_share(aim)}"
    if len(met) == len(rates):
        return f"All {len(rates)} groups meet {aimed}."
    if len(missed) == len(rates):
        return f"None of {len(rates)} groups meets {aimed}."
    parts = [
        f"{len(met) or 'none'} {'meet' if len(met) > 1 else 'meets'} {aimed}" + list_names(met)
    ]
    if missed:
        parts.append(f"{len(missed)} {'do' if len(missed) > 1 else 'does'} not")
    if open_:
        parts.append(f"for {len(open_)} the blanks decide{list_names(open_)}")
    if len(parts) > 1:
        parts[-1] = f"and {parts[-1]}"
    return f"Of {len(rates)} groups, {', '.join(parts)}."


def list_names(names: list[str]) -> str:
    """Write a few names in brackets after a count; of many, none."""
    return f" ({', '.join(map(str, names))})" if 0 < len(names) <= MOST_NAMED else ""


def _describe_range(rates: pd.DataFrame, aims: list[Fraction]) -> str:
    enough = rates[rates["denominator"] >= FEWEST]
    if len(enough) < 2:
        return f"Fewer than 2 groups have the {FEWEST} projects it takes to compare rates."
    whole, (least, most) = len(enough) == len(rates), enough["rate"].agg(["min", "max"])
    start = "Rates" if whole else f"Among the {len(enough)} with at least {FEWEST} projects, rates"
    ends = percents(least, most, aims=aims)
    return (
        f"{start} are all {ends[0]}." if least == most else f"{start} run from {' to '.join(ends)}."
    )


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

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> years = pd.to_datetime(["2019-04-01", "2020-04-01", "2021-04-01"])
    >>> rates = add_rates(pd.DataFrame({"period": years, "numerator": [20, 45, 4],
    ...                                 "denominator": [100, 100, 7]}))
    >>> print(describe_change(rates, "80%", pd.Timestamp("2021-05-04")))
    The rate was 20% in 2019/20 (20 of 100) and 45% in 2020/21 (45 of 100): 25 points higher. The
    aim of 80% was reached in none of 2 years. In 2021/22 so far it is 57% (4 of 7).
    """
    rates = check_frame(rates, "period", *COUNTS, "rate", alone=True).pipe(pair_counts)
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
    newest = [] if over.all() else [last["rate"]]
    sentence, *shown = _describe_ends(some[over], newest, aim, months)
    if over.all():
        return sentence
    return f"{sentence} In {named} so far it is {shown[0]} ({format_counts(last)})."


def _describe_ends(some: pd.DataFrame, newest: list[float], aim, months: int) -> list[str]:
    """Describe the first and the latest period that are over; write the newest rate like them."""
    first, last = some.iloc[0], some.iloc[-1]
    if len(some) == 1:
        rate, *others = percents(last["rate"], *newest)
        return [f"The rate was {_describe_point(last, months, rate)}.", *others]
    reached = "" if aim is None or aim == () else _describe_reached(some, aim, months)
    aims = [aim[-1].rate if isinstance(aim, tuple) else parse_aim(aim)] if reached else []
    before, after, *others, apart = points_apart(first["rate"], last["rate"], *newest, aims=aims)
    sentence = (
        f"The rate was {_describe_point(first, months, before)} and "
        f"{_describe_point(last, months, after)}: {apart}. {reached}"
    )
    return [sentence.strip(), *others]


def _describe_point(row: pd.Series, months: int, rate: str) -> str:
    return f"{rate} in {format_row_period(row, months)} ({format_counts(row)})"


def _describe_reached(rates: pd.DataFrame, aim, months: int) -> str:
    """Describe in how many periods an aim was reached: of a dated one, of those begun since."""
    since = ""
    if isinstance(aim, tuple):
        aim, starts = aim[-1].rate, aim[-1].starts
        rates = rates[rates["period"] >= pd.Timestamp(starts)]
        since = f" that began since it was set on {format_date(starts)}"
        if rates.empty:
            return f"The aim of {format_share(aim)} was set later, on {format_date(starts)}."
    aim = parse_aim(aim)
    reached = int((add_aim(rates[COUNTS], aim)["met_now"] == "yes").sum())
    unit = UNITS.get(months, "period")
    where = f"in {reached or 'none'} of {len(rates)} {unit}s"
    if len(rates) == 1:
        where = f"in the one {unit}"
    how = "not reached" if len(rates) == 1 and not reached else "reached"
    return f"The aim of {format_share(aim)} was {how} {where}{since}."


def format_counts(row: pd.Series, side: str = "") -> str:
    """Write a row's numerator and denominator, or those that it is compared with."""
    return k_of_n(row[f"numerator{side}"], row[f"denominator{side}"])
