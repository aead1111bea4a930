"""Small counts suppressed, and the further ones from which they could be worked out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..core.errors import OptionError

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


def suppress_table(
    table: pd.DataFrame, rule: str | Rule = "hes", *, total: Sequence[int] | None = None
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
        row's total is the sum of its published counts. If a column's total is small, no part of
        the table is published.

    Notes
    -----
    1. A group with a small count is hidden whole, with its total. Of the whole row nothing is then
       known, and 9 of 10 cannot give the 1 away.
    2. What a reader can still work out is the hidden groups together: published totals less
       published groups. Further groups are hidden, in the order of the table, until there are two
       at least, each category that the total has comes to more than a small count among them, and
       two categories to at least the number of hidden groups; or until all are hidden.
    3. A category whose total is 0 is 0 in every group, and is shown so where 0 may be shown.

    Safe against a reader who knows all this. The test in step 2 reads only numbers that are
    published. So a table in which *every* hidden group were small, with the same sums, would be
    published in the same way; and there are always several. Let h groups be hidden, and take a
    hidden count in category j. Another category l comes to at least h: put 1 (or 0, where the rule
    hides 0) of it into each hidden group but one, and the rest into that one, r, so that all but r
    are small by l. Make r small by giving it any small count in j. The rest of j may go anywhere:
    taking our group for r, or another, our count takes different values. If all groups are hidden
    because step 2 cannot be met, only totals are known, and a few groups may hold nearly all.
    Which groups are hidden depends on hidden counts only by which groups have a small one: a small
    count that changes to another small one, the totals as published held, changes nothing.

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
    rule, cells = find_rule(rule), table.to_numpy(int)
    known = _round_total(cells, rule) if total is None else np.asarray(total)
    published = pd.DataFrame(round_counts(cells, rule), table.index, table.columns).astype("Int64")
    if known is None:
        published[:] = pd.NA
    else:
        hidden = hide_groups(cells, known, rule)
        published[hidden] = pd.NA
        published.loc[hidden, (known == 0) & ~is_small(0, rule)] = 0
    published.loc[TOTAL] = pd.NA if known is None else known
    return published.assign(**{TOTAL: published.sum(axis=1, skipna=False)}).astype("Int64")


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
        if _is_loose(together, total, int(hidden.sum()), rule):
            break
        hidden[np.argmin(hidden)] = True  # the first that is not
    return hidden


def _is_loose(together: np.ndarray, total: np.ndarray, groups: int, rule: Rule) -> bool:
    """Whether so many hidden groups can share what is published in several ways."""
    enough = (together[total > 0] > rule.highest).all()
    return groups > 1 and bool(enough) and int((together >= groups).sum()) > 1
