"""Differences between two rates: of two groups, of two periods, of one group and the rest."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.periods import are_over, format_period, period_months
from ..core.schema import COUNTS
from ..core.text import percent
from .proportions import check_counts, fisher_p_values, newcombe_interval
from .rates import MOST_NAMED, format_counts

FALSE_ALARMS = 0.05  # the expected share of false ones among the groups that are said to differ
REST = "the rest"
MORE_THAN_CHANCE = "That is more than chance explains."
COULD_BE_CHANCE = "Chance alone could give this difference, so the two cannot be told apart."
TOO_FEW = "There are too few projects to tell this difference from chance."
ONE_OF_MANY = "Among so many groups compared, chance alone could give one such difference."


def compare_rates(counts: pd.DataFrame, by: str, against: str) -> pd.DataFrame:
    """Compare each group with one of them.

    Parameters
    ----------
    counts : DataFrame
        A row a group, with ``numerator, denominator``; no project in two groups.
    by : str
        The column that names the groups.
    against : str
        The group that the others are compared with.

    Returns
    -------
    DataFrame
        A row for each other group:

        ``group``, ``against``
            What is compared with what.
        ``numerator``, ``denominator``, ``rate``
            Of the group (rate 0-1; NaN without projects).
        ``numerator_against``, ``denominator_against``, ``rate_against``
            Of what it is compared with.
        ``points``, ``points_lower``, ``points_upper``
            The difference in percentage points, positive where the group's rate is higher, and its
            95% limits (see :func:`newcombe_interval`).
        ``relative``
            The difference as a share of the other rate: 0.78 is 78% more. NaN where that is 0.
        ``verdict``
            ``more`` or ``fewer`` if the interval leaves out 0 and Fisher's exact test gives at
            most 1 in 20, as the interval of few projects is too short; else ``cannot_tell``.

    Examples
    --------
    >>> counts = pd.DataFrame({"year": ["2022", "2023"], "numerator": [92, 164],
    ...                        "denominator": [200, 200]})
    >>> compare_rates(counts, "year", "2022")[["points", "relative", "verdict"]].round(2)
       points  relative verdict
    0    36.0      0.78    more
    """
    chosen = counts[by] == against
    if chosen.sum() != 1:
        raise OptionError(f"`against` must name one group of `{by}`; not '{against}'.")
    others = counts[~chosen]
    return _differences(others[by], others, against, counts[chosen])


def compare_periods(counts: pd.DataFrame, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """Compare each period with the one before it.

    The periods' projects must differ, as they do where projects are counted by their start. Live
    projects counted on two days are mostly the same ones, and no such interval holds for them.

    Parameters
    ----------
    counts : DataFrame
        A row a period, with ``period`` (first days), ``numerator``, ``denominator``.
    as_of : Timestamp, optional
        The day the register describes: a period that is not over by then is left out.

    Returns
    -------
    DataFrame
        A row for each period but the first, with the columns of :func:`compare_rates`.

    Examples
    --------
    >>> counts = pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01", "2021-04-01"]),
    ...                        "numerator": [20, 45, 1], "denominator": [100, 100, 3]})
    >>> compare_periods(counts, pd.Timestamp("2021-05-04"))[["group", "against", "points"]]
         group  against  points
    0  2020/21  2019/20    25.0
    """
    counts = counts.sort_values("period", ignore_index=True)
    step = period_months(counts["period"]) or 12
    counts = counts[are_over(counts["period"], step, as_of)]
    names = np.array([format_period(day, step) for day in counts["period"]], dtype=object)
    return _differences(names[1:], counts[1:], names[:-1], counts[:-1])


def compare_to_rest(counts: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Compare each group with all the others together, and find which differ by more than chance.

    Where twenty groups are tested, one is expected to stand out by chance alone; so the p-values
    are adjusted, and of the groups said to differ no more than 1 in 20 is expected to be a false
    alarm. For the rate of a small group itself, see :func:`shrunken_rates`.

    Parameters
    ----------
    counts : DataFrame
        A row a group, with ``numerator, denominator``; no project in two groups.
    by : str
        The column that names the groups.

    Returns
    -------
    DataFrame
        A row a group, with the columns of :func:`compare_rates` and

        ``p_value``
            Fisher's exact test of the group against the rest, two-sided; NaN where either has no
            projects.
        ``p_adjusted``
            By Benjamini and Hochberg's method, over the groups that were tested.
        ``differs``
            ``p_adjusted`` is at most 0.05.

    Notes
    -----
    Exact, so that three projects raise no more false alarms than three hundred. The interval is of
    one comparison and is not adjusted: it may leave out 0 where ``differs`` is False.
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57:289.

    Examples
    --------
    >>> counts = pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [12, 20, 1],
    ...                        "denominator": [12, 50, 1]})
    >>> compare_to_rest(counts)[["group", "points", "p_value", "p_adjusted", "differs"]].round(4)
      group   points  p_value  p_adjusted  differs
    0     A  58.8235   0.0002      0.0002     True
    1     B -60.0000   0.0001      0.0002     True
    2     C  48.3871   1.0000      1.0000    False
    """
    from scipy.stats import false_discovery_control

    rest = counts[COUNTS].sum() - counts[COUNTS]
    compared = _differences(counts[by], counts, REST, rest)
    p = pd.Series(_fisher(compared), compared.index, dtype=float)
    adjusted, tested = p.copy(), p.notna()
    adjusted[tested] = false_discovery_control(p[tested])
    return compared.assign(p_value=p, p_adjusted=adjusted, differs=adjusted <= FALSE_ALARMS)


def group_rest(counts: pd.DataFrame, by: str, group: str) -> pd.DataFrame:
    """Return counts with every group but one named "the rest", to compare that one with all others.

    Parameters
    ----------
    counts : DataFrame
        A row a group, or a group and stratum.
    by : str
        The column that names the groups.
    group : str
        The one that keeps its name; where no row has it, all are the rest.

    Returns
    -------
    DataFrame
        The same rows and columns; several rows may now bear one name.

    Examples
    --------
    >>> counts = pd.DataFrame({"programme": ["practicum", "coaching", "none"]})
    >>> group_rest(counts, "programme", "practicum")["programme"].tolist()
    ['practicum', 'the rest', 'the rest']
    """
    return counts.assign(**{by: counts[by].where(counts[by] == group, REST)})


def describe_difference(compared: pd.DataFrame) -> str:
    """Describe one difference in points and in relative terms, and whether it is more than chance.

    Parameters
    ----------
    compared : DataFrame
        One row of :func:`compare_rates`, :func:`compare_periods` or :func:`compare_to_rest`.

    Examples
    --------
    >>> counts = pd.DataFrame({"year": ["2022", "2023"], "numerator": [92, 164],
    ...                        "denominator": [200, 200]})
    >>> print(describe_difference(compare_rates(counts, "year", "2022")))
    The rate is 82% for 2023 (164 of 200) and 46% for 2022 (92 of 200): 36 points higher, which in
    relative terms is 78% more. The 95% interval of the difference is 27 to 44 points higher. That
    is more than chance explains.
    """
    if compared.empty:
        return "There is nothing to compare."
    row = compared.iloc[0]
    for side, name in (("", row["group"]), ("_against", row["against"])):
        if row[f"denominator{side}"] == 0:
            return f"There are no projects for {name}, so there is no difference to show."
    return (
        f"The rate is {percent(row['rate'])} for {row['group']} ({format_counts(row)}) and "
        f"{percent(row['rate_against'])} for {row['against']} ({format_counts(row, '_against')}): "
        f"{_describe_size(row)}. The 95% interval of the difference is "
        f"{_range(row['points_lower'], row['points_upper'])}. {_describe_chance(row)}"
    )


def describe_differences(compared: pd.DataFrame) -> str:
    """Describe which groups differ from the rest by more than chance, of how many.

    Parameters
    ----------
    compared : DataFrame
        From :func:`compare_to_rest`.

    Examples
    --------
    >>> counts = pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [12, 20, 21],
    ...                        "denominator": [12, 50, 50]})
    >>> print(describe_differences(compare_to_rest(counts)))
    Each of 3 groups was compared with all the others together. Allowing for 3 comparisons, 1
    differs by more than chance: A, 12 of 12 (100%, against 41% elsewhere).
    """
    tested = compared[compared["p_value"].notna()]
    if len(tested) < 2:
        return "There are fewer than two groups with projects, so there is nothing to compare."
    differ = tested[tested["differs"]].sort_values("points", ascending=False)
    named = "; ".join(
        f"{row['group']}, {format_counts(row)} ({percent(row['rate'])}, against "
        f"{percent(row['rate_against'])} elsewhere)"
        for _, row in differ.iterrows()
    )
    count = f"{len(differ) or 'none'} {'differ' if len(differ) > 1 else 'differs'}"
    return (
        f"Each of {len(tested)} groups was compared with all the others together. Allowing for "
        f"{len(tested)} comparisons, {count} by more than chance"
        f"{f': {named}' if 0 < len(differ) <= MOST_NAMED else ''}."
    )


def _differences(group, counts: pd.DataFrame, against, other: pd.DataFrame) -> pd.DataFrame:
    """Return the frame of :func:`compare_rates`; single names and counts stand for all rows."""
    rows = len(counts)
    (k1, n1), (k2, n2) = (
        np.broadcast_to(frame[COUNTS].to_numpy().T, (2, rows)) for frame in (counts, other)
    )
    rate, rate_against = (np.divide(*check_counts(*side)) for side in ((k1, n1), (k2, n2)))
    lower, upper = newcombe_interval(k1, n1, k2, n2)
    compared = pd.DataFrame(
        {
            "group": pd.Series(np.asarray(group), dtype="str"),
            "against": pd.Series(np.broadcast_to(np.asarray(against), rows), dtype="str"),
            "numerator": k1,
            "denominator": n1,
            "rate": rate,
            "numerator_against": k2,
            "denominator_against": n2,
            "rate_against": rate_against,
            "points": 100 * (rate - rate_against),
            "points_lower": 100 * lower,
            "points_upper": 100 * upper,
            "relative": rate / np.where(rate_against > 0, rate_against, np.nan) - 1,
        }
    )
    apart, likely = (lower > 0) | (upper < 0), np.ones(rows)
    likely[apart] = _fisher(compared[apart])
    verdict = np.where(likely > 0.05, "cannot_tell", np.where(lower > 0, "more", "fewer"))
    return compared.assign(verdict=verdict)


def _fisher(compared: pd.DataFrame) -> list[float]:
    columns = [*COUNTS, *(f"{name}_against" for name in COUNTS)]
    return fisher_p_values(*(compared[column] for column in columns))


# --- words ----------------------------------------------------------------------------------------


def _size(points: float) -> str:
    """Write points without their sign: whole ones, and one decimal below 1."""
    size = abs(points)
    number = f"{size:.0f}" if size >= 0.95 else f"{size:.1f}"
    return f"{number} {'point' if number == '1' else 'points'}"


def format_points(points: float) -> str:
    """Write a difference in points, and which way it goes."""
    if abs(points) < 0.05:
        return "no difference"
    return f"{_size(points)} {'higher' if points > 0 else 'lower'}"


def _range(low: float, high: float) -> str:
    """Write two limits in points, the word for their direction once where it is the same."""
    if low * high <= 0:
        return f"{format_points(low)} to {format_points(high)}"
    near, far = sorted((low, high), key=abs)
    return f"{_size(near).split()[0]} to {format_points(far)}"


def _describe_size(row: pd.Series) -> str:
    if abs(row["points"]) < 0.5:
        return "no difference" if row["points"] == 0 else "less than a point apart"
    if not row["rate_against"]:
        return format_points(row["points"])
    more = "more" if row["points"] > 0 else "less"
    relative = f"which in relative terms is {percent(abs(row['relative']))} {more}"
    return f"{format_points(row['points'])}, {relative}"


def _describe_chance(row: pd.Series) -> str:
    """Describe whether chance gives a difference; among many tested, by the adjusted test."""
    if row.get("differs", row["verdict"] != "cannot_tell"):
        return MORE_THAN_CHANCE
    if row["verdict"] != "cannot_tell":
        return ONE_OF_MANY
    return TOO_FEW if row["points_lower"] * row["points_upper"] > 0 else COULD_BE_CHANCE
