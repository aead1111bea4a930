"""A report's first screen in plain words: where projects stand, whether it changes, what to do."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd

from ..core.periods import are_over, format_period, period_months
from ..core.text import count_of, format_share, k_of_n, percent
from .compare import compare_periods, compare_rates
from .rates import add_aim, digits_near, format_counts, parse_aim


def compare_ends(counts: pd.DataFrame, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """Compare the latest full period with the first, of those that have projects.

    Parameters
    ----------
    counts : DataFrame
        A row a period, with ``period`` (first days), ``numerator``, ``denominator``.
    as_of : Timestamp, optional
        The day the register describes: a period that is not over by then is left out.

    Returns
    -------
    DataFrame
        One row with the columns of :func:`compare_rates`; none with fewer than two periods.

    Examples
    --------
    >>> counts = pd.DataFrame({"period": pd.to_datetime(["2018-04-01", "2019-04-01", "2020-04-01"]),
    ...                        "numerator": [20, 0, 45], "denominator": [100, 0, 100]})
    >>> compare_ends(counts)[["group", "against", "points", "verdict"]]
         group  against  points verdict
    0  2020/21  2018/19    25.0    more
    """
    months = period_months(counts["period"]) or 12
    some = counts[are_over(counts["period"], months, as_of) & (counts["denominator"] > 0)]
    ends = some.sort_values("period").iloc[[0, -1]] if len(some) > 1 else some.iloc[:0]
    names = [format_period(day, months) for day in ends["period"]]
    named = ends.assign(name=names)
    if named.empty:
        return compare_periods(ends)
    return compare_rates(named, "name", names[0])


def describe_changing(counts: pd.DataFrame, as_of: pd.Timestamp | None = None) -> str:
    """Describe whether the rate is changing, over the years and in the last of them: yes or no.

    Yes only where the 95% interval of the difference leaves out 0 (see :func:`compare_rates`).

    Parameters
    ----------
    counts, as_of
        As in :func:`compare_ends`.

    Examples
    --------
    >>> counts = pd.DataFrame({"period": pd.to_datetime(["2018-04-01", "2019-04-01", "2020-04-01"]),
    ...                        "numerator": [20, 43, 45], "denominator": [100, 100, 100]})
    >>> print(describe_changing(counts))
    Yes. It has got better since 2018/19: from 20% then (20 of 100) to 45% in 2020/21 (45 of 100).
    That is more than chance would give. There is no clear change in the last year.
    """
    ends, last = compare_ends(counts, as_of), _last_step(counts, as_of)
    if ends.empty:
        return "We cannot tell yet: fewer than two full years have projects."
    row = ends.iloc[0]
    then = f"{percent(row['rate_against'])} then ({format_counts(row, '_against')})"
    now = f"{percent(row['rate'])} in {row['group']} ({format_counts(row)})"
    if row["verdict"] == "cannot_tell":
        change = (
            f"No clear change since {row['against']}: {then} and {now}. Chance alone could give "
            "that."
        )
    else:
        better = "better" if row["verdict"] == "more" else "worse"
        change = (
            f"Yes. It has got {better} since {row['against']}: from {then} to {now}. That is more "
            "than chance would give."
        )
    return f"{change} {_describe_last(last, row['verdict'])}".strip()


def describe_summary(
    rates: pd.DataFrame,
    aim: Fraction | str | None,
    years: pd.DataFrame,
    as_of: pd.Timestamp,
    actions: pd.DataFrame,
    which: str = "",
) -> str:
    """Describe where projects stand in three or four plain sentences, a paragraph each.

    Parameters
    ----------
    rates : DataFrame
        One row of :func:`add_rates`.
    aim : Fraction or str, optional
        The share of projects aimed for.
    years : DataFrame
        Counts by the year in which projects started.
    as_of : Timestamp
        The day the register describes.
    actions : DataFrame
        From :func:`list_actions`.
    which : str, optional
        Which projects are counted, to follow the word, such as ``"live on 4 May 2021"``.

    Examples
    --------
    >>> rates = pd.DataFrame({"numerator": [4], "denominator": [10], "rate": [0.4],
    ...                       "lower_cl": [0.17], "upper_cl": [0.69]})
    >>> years = pd.DataFrame({"period": pd.to_datetime(["2018-04-01", "2019-04-01"]),
    ...                       "numerator": [20, 45], "denominator": [100, 100]})
    >>> actions = pd.DataFrame({"action": ["involve_nobody", "not_recorded", "involve_nobody"]})
    >>> print(describe_summary(rates, "80%", years, pd.Timestamp("2020-05-04"), actions))
    4 of 10 projects (40%) involve people in a way that counts.
    <BLANKLINE>
    Our aim is 80%. We are not there yet: it would take 4 more of these projects.
    <BLANKLINE>
    It has got better since 2018/19.
    <BLANKLINE>
    What to do next: 2 live projects involve nobody, with no agreed reason, and 1 does not say.
    """
    row = rates.iloc[0]
    n = int(row["denominator"])
    projects = f"{'project' if n == 1 else 'projects'} {which}".strip()
    parts = [f"There are no {projects}, so there is no rate to show."]
    if n:
        aimed = None if aim is None else parse_aim(aim)
        digits = 0 if aimed is None else digits_near(row, ["rate"], aimed)
        parts = [
            f"{_many(row, projects, percent(row['rate'], digits))} people in a way that counts."
        ]
        if aimed is not None:
            parts.append(_describe_aim(add_aim(rates.iloc[[0]], aimed).iloc[0], aimed))
    parts += [_describe_years(years, as_of), _describe_next(actions)]
    return "\n\n".join(filter(None, parts))


def _many(row: pd.Series, projects: str, rate: str) -> str:
    k, n = int(row["numerator"]), int(row["denominator"])
    if n == 1:
        return f"The one {projects} {'involves' if k else 'does not involve'}"
    many = {0: f"None of {n:,} {projects}", n: f"All {n:,} {projects}"}
    return (
        f"{many.get(k, f'{k_of_n(k, n)} {projects} ({rate})')} {'involves' if k < 2 else 'involve'}"
    )


def _describe_aim(row: pd.Series, aim: Fraction) -> str:
    aimed = f"Our aim is {format_share(aim)}."
    if row["met_now"] == "yes":
        return f"{aimed} We have reached it."
    if row["met_now"] == "blanks_decide":
        return f"{aimed} Too much is left blank to say if we are there."
    more = int(row["needed"])
    these = "this one" if row["denominator"] == 1 else f"{more:,} more of these projects"
    return f"{aimed} We are not there yet: it would take {these}."


def _describe_years(years: pd.DataFrame, as_of: pd.Timestamp) -> str:
    ends, last = compare_ends(years, as_of), _last_step(years, as_of)
    if ends.empty:
        return "It is too soon to say if this is changing."
    row = ends.iloc[0]
    words = {"more": "It has got better", "fewer": "It has got worse"}
    change = f"{words.get(row['verdict'], 'It has not clearly changed')} since {row['against']}."
    return f"{change} {_describe_last(last, row['verdict'])}".strip()


def _last_step(counts: pd.DataFrame, as_of: pd.Timestamp | None) -> pd.DataFrame:
    """Compare the last full year with the one before, unless these two are all there are."""
    steps = compare_periods(counts, as_of)
    return steps.tail(1) if len(steps) > 1 else steps.iloc[:0]


def _describe_last(last: pd.DataFrame, verdict: str) -> str:
    if last.empty or not last.iloc[0][["denominator", "denominator_against"]].all():
        return ""
    now = last.iloc[0]["verdict"]
    if now == "cannot_tell":
        start = "Nor is there a" if verdict == "cannot_tell" else "There is no"
        return f"{start} clear change in the last year."
    start = "In" if now == verdict else "But in"
    return f"{start} the last year it got {'better' if now == 'more' else 'worse'}."


def _describe_next(actions: pd.DataFrame) -> str:
    nobody, blank = (
        int((actions["action"] == a).sum()) for a in ("involve_nobody", "not_recorded")
    )
    many, do = "involves" if nobody == 1 else "involve", "does" if blank == 1 else "do"
    without = f"{count_of(nobody, 'live project')} {many} nobody, with no agreed reason"
    parts = [without] if nobody else []
    if blank:
        whole = f"{count_of(blank, 'live project')} {do} not say if people are involved"
        parts.append(f"{blank:,} {do} not say" if nobody else whole)
    return f"What to do next: {', and '.join(parts)}." if parts else ""
