"""Small counts suppressed, and the further ones from which they could be worked out.

Also the way back: which counts a published figure allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core.errors import OptionError
from ..core.frames import check_frame, check_table
from ..core.schema import COUNTS_AND_BLANKS

TOTAL = "Total"
TRUST = "The whole trust"
SUPPRESSED, NOT_AVAILABLE, NOT_APPLICABLE, LOW = "[c]", "[x]", "[z]", "[low]"


@dataclass(frozen=True)
class Rule:
    """Which counts are small, lowest to highest, and to which multiple the others are rounded."""

    lowest: int
    highest: int
    base: int


RULES = {
    "none": Rule(0, -1, 1),
    "hes": Rule(1, 7, 5),  # NHS England, Hospital Episode Statistics: 0 stays
    "mhsds": Rule(0, 4, 5),  # NHS England, Mental Health Services Data Set
    "lt10": Rule(0, 9, 1),  # 0 is hidden too: it says of everybody in a group what they did not do
}
DEFAULT = "mhsds"  # with "hes" a public 0% says of every project that it involved nobody


def find_rule(rule: str | Rule) -> Rule:
    """Return a rule by its name.

    >>> find_rule("hes")
    Rule(lowest=1, highest=7, base=5)
    """
    if isinstance(rule, Rule):
        return rule
    if rule not in RULES:
        raise OptionError(f"`rule` must be 'none', 'hes', 'mhsds' or 'lt10'; not '{rule}'.")
    return RULES[rule]


def is_small(counts: ArrayLike, rule: str | Rule) -> np.ndarray:
    """Find which counts a rule suppresses.

    >>> is_small([0, 1, 7, 8], "hes").tolist()
    [False, True, True, False]
    """
    rule, numbers = find_rule(rule), np.asarray(counts)
    return (numbers >= rule.lowest) & (numbers <= rule.highest)


def round_counts(counts: ArrayLike, rule: str | Rule) -> np.ndarray:
    """Round counts as a rule says.

    >>> round_counts([0, 8, 12, 13], "hes").tolist()
    [0, 10, 10, 15]
    """
    base = find_rule(rule).base
    return (np.asarray(counts) + base // 2) // base * base


def count_range(
    published: ArrayLike, rule: str | Rule = DEFAULT, *, parts: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and the highest count that each published figure allows.

    Parameters
    ----------
    published : array of float
        Counts as published, missing where suppressed.
    rule : {"none", "hes", "mhsds", "lt10"}
        The rule by which they were rounded.
    parts : int
        Of how many counts, each rounded by itself, a figure is the sum.

    Returns
    -------
    tuple of array
        The lowest and the highest; both missing where the figure is.

    Examples
    --------
    >>> [ends.tolist() for ends in count_range([5, 40], "mhsds")]  # 4 would be suppressed
    [[5.0, 38.0], [7.0, 42.0]]
    >>> [ends.tolist() for ends in count_range([0, 10], "hes")]  # 0 is shown, and 7 would not be
    [[0.0, 8.0], [0.0, 12.0]]
    """
    rule, figures = find_rule(rule), np.asarray(published, float)
    half = rule.base // 2 * parts
    least = (rule.highest + 1) * (parts if rule.lowest == 0 else 1)
    exact = figures < rule.lowest
    return (
        np.where(exact, figures, np.maximum(figures - half, least)),
        np.where(exact, figures, figures + half),
    )


def suppress_table(
    table: pd.DataFrame, rule: str | Rule = DEFAULT, *, total: Sequence[int] | None = None
) -> pd.DataFrame:
    """Suppress a table of counts with its totals, so that no reader can work out what is hidden.

    Parameters
    ----------
    table : DataFrame of int
        A row a group, a column a category. The categories part the group's projects completely
        (such as meaningful or not), so that a row's sum is the group's denominator.
    rule : {"none", "hes", "mhsds", "lt10"}
        Which counts are small, and how the others are rounded: ``"hes"`` hides 1 to 7 and rounds
        to 5 (0 stays), ``"mhsds"`` hides 0 to 4 and rounds to 5, ``"lt10"`` hides 0 to 9.
    total : sequence of int, optional
        The column totals as they are published elsewhere; else the true ones are rounded.

    Returns
    -------
    DataFrame of Int64
        The rows and columns given, with a row and a column ``Total``; missing where suppressed. A
        row's total is the sum of its published counts. If a column's total is small, or under a
        rule that does not round would tell a group of another, no part of the table is published.

    Notes
    -----
    1. A group with a small count is hidden whole, with its total. Of the whole row nothing is then
       known, and 9 of 10 cannot give the 1 away.
    2. What a reader can still work out is the hidden groups together: published totals less
       published groups. Further groups are hidden, in the order of the table, until there are two
       at least, each category that the total has comes to more than a small count among them, and
       two categories to at least the number of hidden groups; or until all are hidden.
    3. Whoever belongs to a hidden group knows its counts too. Where counts are not rounded, further
       groups are hidden until three of them have projects, and every category that the total has
       lies in two of them: of two groups either knows the other, and a group that has all of a
       category knows that the others have none. If hiding all does not do, the totals go too.
    4. A category whose total is 0 is 0 in every group, and is shown so where 0 may be shown.

    Safe against a reader who knows all this. The test in step 2 reads only numbers that are
    published. So a table in which *every* hidden group were small, with the same sums, would be
    published in the same way; and there are always several. Let h groups be hidden, and take a
    hidden count in category j. Another category l comes to at least h: put 1 of it into each hidden
    group but one, and the rest into that one, r, so that all but r are small by l, and step 3 is
    met in l. Make r small by giving it any small count in j. The rest of j may go anywhere, so into
    two groups: taking our group for r, or another, our count takes different values. If all groups
    are hidden because step 2 cannot be met, only totals are known, and a few groups may hold nearly
    all. Where counts are rounded, which groups are hidden depends on hidden counts only by which
    groups have a small one: a small count that changes to another small one, the totals as
    published held, changes nothing.

    Examples
    --------
    >>> table = pd.DataFrame({"yes": [3, 20, 40], "no": [30, 22, 60]}, index=["A", "B", "C"])
    >>> suppress_table(table)
            yes    no  Total
    A      <NA>  <NA>   <NA>
    B      <NA>  <NA>   <NA>
    C        40    60    100
    Total    65   110    175
    """
    rule, cells = find_rule(rule), _read_table(table)
    known = _round_total(cells, rule) if total is None else np.asarray(total)
    hidden = np.ones(len(cells), bool) if known is None else hide_groups(cells, known, rule)
    if known is None or is_told_within(cells[hidden], rule):
        known = None
    published = pd.DataFrame(round_counts(cells, rule), table.index, table.columns).astype("Int64")
    published = published.mask(np.broadcast_to(hidden[:, None], cells.shape))
    if known is not None:
        nobody = (known == 0) & ~is_small(0, rule)
        published = published.mask(hidden[:, None] & nobody, 0)
    published.loc[TOTAL] = pd.NA if known is None else known
    return published.assign(**{TOTAL: published.sum(axis=1, skipna=False)}).astype("Int64")


def _read_table(table: pd.DataFrame) -> np.ndarray:
    """Return a table's counts; refuse one with a count that is missing, or with totals already."""
    counts = check_table(table, step="pd.crosstab")
    if TOTAL in (*table.index, *table.columns):
        raise OptionError(f"A table to publish is given its '{TOTAL}': name that group otherwise.")
    return counts.to_numpy("int64")


def _round_total(counts: np.ndarray, rule: Rule) -> np.ndarray | None:
    """Return the column totals as published; None if one of them is small."""
    total = counts.sum(axis=0)
    return None if is_small(total, rule).any() else round_counts(total, rule)


def hide_groups(counts: np.ndarray, total: np.ndarray, rule: Rule) -> np.ndarray:
    """Find which rows of counts to hide, given the column totals as they are published."""
    hidden = np.asarray(is_small(counts, rule).any(axis=1))
    rounded = round_counts(counts, rule)
    while hidden.any() and not hidden.all():
        together = total - rounded[~hidden].sum(axis=0)
        loose = _is_loose(together, total, int(hidden.sum()), rule)
        if loose and not is_told_within(counts[hidden], rule):
            break
        hidden[np.argmin(hidden)] = True  # the first that is not
    return hidden


def _is_loose(together: np.ndarray, total: np.ndarray, groups: int, rule: Rule) -> bool:
    """Whether so many hidden groups can share what is published in several ways."""
    enough = (together[total > 0] > rule.highest).all()
    return groups > 1 and bool(enough) and int((together >= groups).sum()) > 1


def is_told_within(counts: np.ndarray, rule: Rule) -> bool:
    """Whether one hidden group, by its own exact counts, could work another's out of their sum.

    Only asked of rules that do not round. Those hide 0 too, so every published total is large.
    """
    if rule.base > 1 or rule.lowest > 0 or not len(counts):
        return False
    groups = (counts > 0).sum(axis=0)
    return int(counts.any(axis=1).sum()) < 3 or bool((groups[counts.any(axis=0)] < 2).any())


def publish_counts(counts: pd.DataFrame, rule: str = DEFAULT) -> pd.DataFrame:
    """Return annual counts as they may be published: the whole trust's, and each directorate's.

    Parameters
    ----------
    counts : DataFrame
        ``period, directorate, numerator, denominator, not_recorded``: from
        :func:`count_involvement` by directorate and year. Where more groups must be hidden, they
        are in the order in which they stand, see :func:`suppress_table`.
    rule : {"none", "hes", "mhsds", "lt10"}
        Which counts are suppressed, and how the others are rounded.

    Returns
    -------
    DataFrame
        A row a period and group, ``"The whole trust"`` first, every group in every period:

        ``period``, ``directorate``
            As given.
        ``numerator``, ``denominator``
            Projects that involve people meaningfully, and all; Int64, missing where suppressed.
            The denominator is the sum of the published counts it is parted into.
        ``not_recorded``
            Projects that do not say; only for the whole trust. A group's few blanks would
            hide all its other counts.
        ``rule``
            As given.

    Notes
    -----
    Each period's projects are parted into meaningful and not, and in the whole trust the latter
    into those that say so and those that do not say. If one of these two is small, both are
    hidden: their sum is known, and either could be the small one.

    No count over several periods is given: less the periods that are published, it would give away
    the one that is not.

    Examples
    --------
    >>> counts = pd.DataFrame({"period": pd.Timestamp("2020-04-01"), "directorate": ["A", "B", "C"],
    ...                        "numerator": [3, 20, 40], "denominator": [33, 42, 100],
    ...                        "not_recorded": [1, 9, 12]})
    >>> publish_counts(counts).drop(columns=["period", "rule"])
           directorate  numerator  denominator  not_recorded
    0  The whole trust         65          175            20
    1                A       <NA>         <NA>          <NA>
    2                B       <NA>         <NA>          <NA>
    3                C         40          100          <NA>
    """
    counts = check_frame(
        counts, "period", *COUNTS_AND_BLANKS, by="directorate", alone=True, known=True, named=True
    )
    if TRUST in set(counts["directorate"]):
        raise OptionError(f"'{TRUST}' is added here: give its directorates alone.")
    groups = counts["directorate"].unique().tolist()
    years = [
        _publish_year(year, groups, find_rule(rule)).assign(period=period)
        for period, year in counts.groupby("period")
    ]
    columns = ["period", "directorate", *COUNTS_AND_BLANKS]
    release = pd.concat(years, ignore_index=True) if years else counts.iloc[:0]
    return release[columns].assign(rule=rule)


def check_release(release: pd.DataFrame) -> pd.DataFrame:
    """Check a frame of published counts, in which a suppressed count is missing."""
    return check_frame(
        release, "period", *COUNTS_AND_BLANKS, "rule", by="directorate", alone=True,
        kinds={"directorate": "text"}, filled="directorate rule", step="publish_counts",
    )  # fmt: skip


def _publish_year(year: pd.DataFrame, groups: list[str], rule: Rule) -> pd.DataFrame:
    """Publish one period's counts, the whole trust first."""
    year = year.set_index("directorate")[COUNTS_AND_BLANKS].reindex(groups, fill_value=0)
    k, n, blanks = year.sum()
    parts, total = [k, n - k - blanks, blanks], None
    blanks = pd.NA
    if not is_small(parts, rule).any():
        k, others, blanks = (int(count) for count in round_counts(parts, rule))
        total = [k, others + blanks]
    table = pd.DataFrame({"yes": year["numerator"], "no": year["denominator"] - year["numerator"]})
    published = suppress_table(table, rule, total=total).drop(columns="no")
    published = published.set_axis(["numerator", "denominator"], axis="columns")
    published = published.assign(not_recorded=pd.Series(blanks, [TOTAL], dtype="Int64"))
    published.loc[published["numerator"].isna(), "not_recorded"] = pd.NA
    whole_first = published.loc[[TOTAL, *groups]].rename({TOTAL: TRUST})
    return whole_first.rename_axis("directorate").reset_index()
