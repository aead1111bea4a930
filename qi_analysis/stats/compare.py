"""Differences between two rates: of groups, of periods, of projects by how early they involve."""

from __future__ import annotations

from typing import Unpack

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame
from ..core.periods import period_start
from ..core.schema import COUNTS, ENDED
from ..core.text import count_of, format_points, format_range, percent, percents, points_apart
from ..counts.involvement import involves_anybody
from ..register import Overrides, Register, as_register
from .proportions import (
    check_counts,
    fisher_p_values,
    mantel_haenszel_difference,
    newcombe_interval,
)
from .rates import format_counts

REST = "the rest"
MORE_THAN_CHANCE = "That is more than chance explains."
COULD_BE_CHANCE = "Chance alone could give this difference, so the two cannot be told apart."
TOO_FEW = "There are too few projects to tell this difference from chance."
EARLY = 6  # months; involvement after that day does not count, nor do projects that ended by it
FINISHED = 24  # months by which projects are looked at: each has had as long
COMPARABLE = 20  # projects; of fewer, the interval, which leans on many, is not given


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

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> counts = pd.DataFrame({"year": ["2022", "2023"], "numerator": [92, 164],
    ...                        "denominator": [200, 200]})
    >>> compare_rates(counts, "year", "2022")[["points", "relative", "verdict"]].round(2)
       points  relative verdict
    0    36.0      0.78    more
    """
    counts = check_frame(counts, *COUNTS, by=by, named=True)
    chosen = counts[by] == against
    if chosen.sum() != 1:
        raise OptionError(f"`against` must name one group of `{by}`; not '{against}'.")
    others = counts[~chosen]
    return _differences(others[by], others, against, counts[chosen])


def group_rest(counts: pd.DataFrame, by: str, group: str) -> pd.DataFrame:
    """Return counts with every group but one named "the rest", to compare that one with all others.

    Parameters
    ----------
    counts : DataFrame
        A row a group, or a group and stratum, with any columns besides.
    by : str
        The column that names the groups.
    group : str
        The one that keeps its name; where no row has it, all are the rest.

    Returns
    -------
    DataFrame
        The same rows and columns; several rows may now bear one name.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> counts = pd.DataFrame({"programme": ["practicum", "coaching", "none"]})
    >>> group_rest(counts, "programme", "practicum")["programme"].tolist()
    ['practicum', 'the rest', 'the rest']
    """
    counts = check_frame(counts, by=by)
    return counts.assign(**{by: counts[by].where(counts[by] == group, REST)})


def describe_difference(compared: pd.DataFrame) -> str:
    """Describe one difference in points and in relative terms, and whether it is more than chance.

    Parameters
    ----------
    compared : DataFrame
        One row of :func:`compare_rates`.

    Examples
    --------
    >>> counts = pd.DataFrame({"year": ["2022", "2023"], "numerator": [92, 164],
    ...                        "denominator": [200, 200]})
    >>> print(describe_difference(compare_rates(counts, "year", "2022")))
    The rate is 82% for 2023 (164 of 200) and 46% for 2022 (92 of 200): 36 points higher, which in
    relative terms is 78% more. The 95% interval of the difference is 27 to 44 points higher. That
    is more than chance explains.
    """
    compared = check_frame(
        compared, "group against numerator denominator rate numerator_against denominator_against",
        "rate_against points points_lower points_upper relative verdict", known=True,
        kinds={"group": "text"}, filled="group against", step="compare_rates",
    )  # fmt: skip
    if compared.empty:
        return "There is nothing to compare."
    both = compared[(compared["denominator"] > 0) & (compared["denominator_against"] > 0)]
    check_frame(both, filled="rate rate_against points_lower points_upper", step="compare_rates")
    row = compared.iloc[0]
    for side, name in (("", row["group"]), ("_against", row["against"])):
        if row[f"denominator{side}"] == 0:
            return f"There are no projects for {name}, so there is no difference to show."
    limits = row["points_lower"] / 100, row["points_upper"] / 100
    against, rate, apart, ends = points_apart(row["rate_against"], row["rate"], limits=limits)
    return (
        f"The rate is {rate} for {row['group']} ({format_counts(row)}) and "
        f"{against} for {row['against']} ({format_counts(row, '_against')}): "
        f"{apart}{_describe_relative(row)}. The 95% interval of the difference is "
        f"{ends}. {_describe_chance(row)}"
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


def _describe_relative(row: pd.Series) -> str:
    """Describe a difference of a point or more in relative terms, where there is a rate to."""
    if abs(row["points"]) < 0.5 or not row["rate_against"]:
        return ""
    more = "more" if row["points"] > 0 else "less"
    return f", which in relative terms is {percent(abs(row['relative']))} {more}"


def _describe_chance(row: pd.Series) -> str:
    """Describe whether chance gives a difference."""
    if row["verdict"] != "cannot_tell":
        return MORE_THAN_CHANCE
    return TOO_FEW if row["points_lower"] * row["points_upper"] > 0 else COULD_BE_CHANCE


# --- who finishes ---------------------------------------------------------------------------------


def compare_finishing(
    register: Register | pd.DataFrame, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Compare projects that involved people early with the others: how many were completed by then.

    Of the projects that started at least 24 months ago, those still running 6 months after their
    start are parted by whether people had been involved by that day; what came later does not
    count. The share completed within 24 months is of all of them, also those that were closed
    unfinished or run on, so that every project has had as long. Without the first day, projects
    that ran longer would have had more time to involve people (immortal-time bias); of ended
    projects alone, those that take long would be left out. The difference is Mantel and Haenszel's,
    within the same directorate and financial year of starting.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
        All its projects are compared, live or not; proposed ones have not started.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        One row:

        ``involved_numerator``, ``involved_denominator``
            Projects completed within 24 months, and projects, where people had been involved.
        ``others_numerator``, ``others_denominator``
            The same where they had not.
        ``difference``, ``lower_cl``, ``upper_cl``
            The first rate less the second (-1 to 1), within directorate and year, and its 95%
            limits (Sato's); missing where no two projects can be compared, and the limits also
            where the data show no spread.
        ``compared``
            Projects in a directorate and year that has both kinds.
        ``undated``
            Projects left out, as the day on which people were first involved is not recorded.
        ``unplaced``
            Projects left out, as the day on which they started or ended is not recorded.

    Notes
    -----
    Mantel and Haenszel (1959), Journal of the National Cancer Institute 22:719; the variance from
    Sato (1989), Biometrics 45:1323, which holds for many small groups as for few large ones.
    """
    register = as_register(register, **overrides)
    projects, as_of = register.projects, register.as_of
    days = "start_date end_date first_involved_date"
    check_frame(projects, "directorate status", days, step="clean_register")
    start, end, status = projects["start_date"], projects["end_date"], projects["status"]
    early, late = (start + pd.DateOffset(months=months) for months in (EARLY, FINISHED))
    over = ~status.isin(("active", "paused")) & (end <= as_of)  # a planned end ends nothing
    begun = (status != "proposed") & ~(late > as_of)
    unknown = start.isna() | (status.isin(ENDED) & end.isna())
    rows = projects[["directorate"]].assign(
        year=period_start(start, "year", register.profile.first_month),
        involved=_involved_by(register, early),
        done=(status == "completed") & over & (end <= late),
    )[begun & ~unknown & ~(over & (end <= early))]
    return _within_groups(rows[rows["involved"].notna()]).assign(
        undated=int(rows["involved"].isna().sum()), unplaced=int((begun & unknown).sum())
    )


def _involved_by(register: Register, day: pd.Series) -> pd.Series:
    """Return for each project whether people had been involved by a day: yes, no, or not known."""
    first = register.projects["first_involved_date"]
    by_then = (first <= day).astype("boolean").mask(first.isna())
    return by_then.mask((involves_anybody(register) == False).fillna(False), False)  # noqa: E712


def _within_groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Count two kinds of project in each directorate and year, and compare them."""
    keys = [rows["year"], rows["directorate"]]
    kinds = {"involved": rows["involved"].astype(bool), "others": ~rows["involved"].astype(bool)}
    counts = pd.DataFrame(
        {
            f"{kind}_{name}": values.groupby(keys, dropna=False).sum().astype("int64")
            for kind, which in kinds.items()
            for name, values in (("numerator", which & rows["done"]), ("denominator", which))
        }
    )
    difference, lower, upper = mantel_haenszel_difference(*(counts[c] for c in counts))
    sizes = counts[["involved_denominator", "others_denominator"]]
    table = counts.sum().astype("int64").to_frame().T
    return table.assign(
        difference=difference, lower_cl=lower, upper_cl=upper,
        compared=int(sizes[(sizes > 0).all(axis=1)].to_numpy().sum()),
    )  # fmt: skip


def describe_finishing(comparison: pd.DataFrame) -> str:
    """Describe how projects that involved people finished, from :func:`compare_finishing`.

    >>> print(describe_finishing(pd.DataFrame({
    ...     "involved_numerator": [15], "involved_denominator": 20, "others_numerator": 30,
    ...     "others_denominator": 60, "difference": 0.2, "lower_cl": -0.05, "upper_cl": 0.45,
    ...     "compared": 40, "undated": 7, "unplaced": 3})))
    Of 20 projects that had involved people within 6 months of starting, and ran for longer, 15
    (75%) were completed within 24 months; of 60 that had not, 30 (50%). Within the same directorate
    and year of starting, which compares 40 of them, the rate is 20 points higher (95% interval: 5
    points lower to 45 points higher), which chance alone could give. 7 more are left out, as it is
    not recorded whether or when people were involved. 3 more are left out, as it is not recorded
    when they started or ended. This does not show that involvement makes the difference: teams that
    involve people early may differ from others in more than that.
    """
    comparison = check_frame(
        comparison, "involved_numerator involved_denominator others_numerator others_denominator",
        "difference lower_cl upper_cl compared undated unplaced", known=True, some=True,
        step="compare_finishing",
    )  # fmt: skip
    row = comparison.iloc[0]
    k, n, j, m = (int(row[f"{kind}_{name}"]) for kind in ("involved", "others")
                  for name in ("numerator", "denominator"))  # fmt: skip
    if not (n and m):
        cannot = (
            "Projects that involved people early cannot be compared with others: of those that "
            f"started at least {FINISHED} months ago and can be placed, {n:,} had involved people "
            f"within {EARLY} months and {m:,} had not."
        )
        return f"{cannot} {_describe_left_out(row)}".strip()
    if row["compared"] >= COMPARABLE:
        check_frame(comparison.head(1), filled="difference", step="compare_finishing")
    early, late = percents(k / n, j / m)
    parts = [
        f"Of {count_of(n, 'project')} that had involved people within {EARLY} months of starting, "
        f"and ran for longer, {k:,} ({early}) {'was' if k == 1 else 'were'} completed "
        f"within {FINISHED} months; of {m:,} that had not, {j:,} ({late}).",
        _describe_finishing(row),
        _describe_left_out(row),
        "This does not show that involvement makes the difference: teams that involve people early "
        "may differ from others in more than that.",
    ]
    return " ".join(filter(None, parts))


def _describe_finishing(row: pd.Series) -> str:
    compared = int(row["compared"])
    if compared < COMPARABLE:
        few = f"{compared:,}" if compared else "None"
        return (
            f"{few} of them began in the same directorate and year as one of the other kind: too "
            "few to compare like with like."
        )
    low, high = row["lower_cl"], row["upper_cl"]
    apart = format_points(row["difference"]).replace("no difference", "the same")
    sentence = (
        "Within the same directorate and year of starting, which compares "
        f"{compared:,} of them, the rate is {apart}"
    )
    if low != low or high != high:
        return f"{sentence}; as nothing varies within either kind, there is no interval."
    chance = "which chance alone could give"
    if not low <= 0 <= high:
        chance = "more than chance alone would give"
    return f"{sentence} (95% interval: {format_range(low, high)}), {chance}."


def _describe_left_out(row: pd.Series) -> str:
    undated, unplaced = int(row["undated"]), int(row["unplaced"])
    missing = {
        "whether or when people were involved": undated,
        f"when {'it' if unplaced == 1 else 'they'} started or ended": unplaced,
    }
    return " ".join(
        f"{n:,} more {'is' if n == 1 else 'are'} left out, as it is not recorded {what}."
        for what, n in missing.items()
        if n
    )
