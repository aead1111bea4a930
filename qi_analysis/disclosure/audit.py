"""An attempt to work suppressed counts out from what is published."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.schema import COUNTS_AND_BLANKS
from .suppress import TOTAL, TRUST, Rule, find_rule

INFEASIBLE = 2  # what the solver says where no counts agree


# --- the audit -----------------------------------------------------------------------------------


def audit_disclosure(*published: pd.DataFrame, rule: str | Rule = "hes") -> pd.DataFrame:
    """Try to work out every suppressed count from all that is published, as a reader could.

    The reader knows the rule: how counts are rounded, that a published one is not small, and that
    where groups are hidden one of their counts is. For each suppressed count the least and the most
    that agree with everything published are sought, in whole numbers (integer programming, HiGHS).

    Parameters
    ----------
    *published : DataFrame
        Tables as :func:`suppress_table` gives them. Several are later and later releases of one
        table: projects recorded late were added in between, and none were taken away.
    rule : {"none", "hes", "mhsds", "lt10"}
        The rule by which they were suppressed.

    Returns
    -------
    DataFrame
        A row a suppressed count: ``release`` (from 0), ``group``, ``category``, ``lowest``,
        ``highest`` (infinite where nothing bounds it) and ``recovered``: whether the two are equal.

    Examples
    --------
    >>> from qi_analysis.disclosure.suppress import suppress_table
    >>> table = pd.DataFrame({"yes": [3, 20, 40], "no": [30, 22, 60]}, index=["A", "B", "C"])
    >>> audit_disclosure(suppress_table(table, "lt10"), rule="lt10").query("group == 'A'")
       release group category  lowest  highest  recovered
    0        0     A      yes       0       23      False
    1        0     A       no       0       52      False
    >>> bare = suppress_table(table, "lt10", complementary=False)
    >>> audit_disclosure(bare, rule="lt10")
       release group category  lowest  highest  recovered
    0        0     A      yes       3        3       True
    """
    return _audit(published, find_rule(rule), {})


def audit_releases(
    *releases: pd.DataFrame, rule: str | Rule = "hes", by: str = "directorate"
) -> pd.DataFrame:
    """Try to work out every suppressed count of annual releases, all of them taken together.

    Parameters
    ----------
    *releases : DataFrame
        From :func:`publish_counts`, the earliest first.
    rule : {"none", "hes", "mhsds", "lt10"}
        The rule by which they were suppressed.
    by : str
        The column that names the groups.

    Returns
    -------
    DataFrame
        ``period`` and the columns of :func:`audit_disclosure`. A year that later releases repeat as
        it was published is one table, not two.
    """
    periods = sorted({period for release in releases for period in release["period"]})
    found = [
        _audit(tables, find_rule(rule), parts).assign(period=period)
        for period in periods
        for tables, parts in _tables_of(releases, period, by)
    ]
    return pd.concat(found, ignore_index=True)


def _tables_of(releases: Sequence[pd.DataFrame], period, by: str) -> list[tuple[list, dict]]:
    """Return a period's tables by group, and of the whole trust's blanks, each as often as changed.

    With each goes of how many rounded counts the total of a category is the sum.
    """
    years = [
        release[release["period"] == period].set_index(by)[COUNTS_AND_BLANKS]
        for release in releases
    ]
    years = [year for year in years if len(year)]
    several = any(pd.notna(year.loc[TRUST, "not_recorded"]) for year in years)
    return [
        (_changed([_by_group(year) for year in years]), {"no": 2 if several else 1}),
        (_changed([_by_blanks(year.loc[TRUST]) for year in years]), {}),
    ]


def _changed(tables: list[pd.DataFrame]) -> list[pd.DataFrame]:
    return [t for i, t in enumerate(tables) if i == 0 or not t.equals(tables[i - 1])]


def _by_group(year: pd.DataFrame) -> pd.DataFrame:
    k, n = year["numerator"], year["denominator"]
    table = pd.DataFrame({"yes": k, "no": n - k, TOTAL: n})
    return pd.concat([table.drop(TRUST), table.loc[[TRUST]].rename({TRUST: TOTAL})])


def _by_blanks(whole: pd.Series) -> pd.DataFrame:
    others, blank = whole["denominator"] - whole["numerator"], whole["not_recorded"]
    parts = {"no": [others - blank, pd.NA], "not_recorded": [blank, pd.NA], TOTAL: [others, pd.NA]}
    return pd.DataFrame(parts, [TRUST, TOTAL], dtype="Int64")


def _audit(tables: Sequence[pd.DataFrame], rule: Rule, parts: dict) -> pd.DataFrame:
    reader = _Reader(rule, parts)
    counts = [reader.see(table) for table in tables]
    for table, later, before, after in zip(tables, tables[1:], counts, counts[1:], strict=False):
        reader.see_growth(table, later, before, after)
    rows = [
        (release, group, category, *reader.bound(counts[release][i, j]))
        for release, table in enumerate(tables)
        for i, group in enumerate(table.index[:-1])
        for j, category in enumerate(table.columns[:-1])
        if pd.isna(table.iat[i, j])
    ]
    found = pd.DataFrame(rows, columns=["release", "group", "category", "lowest", "highest"])
    return found.assign(recovered=found["lowest"] == found["highest"])


class _Reader:
    """What a reader knows, as an integer programme over the counts behind what is published."""

    def __init__(self, rule: Rule, parts: dict):
        self.rule, self.parts = rule, parts
        self.bounds: list[tuple[float, float]] = []
        self.sums: list[tuple[list[int], list[float], float, float]] = [([0], [1.0], 0, np.inf)]

    def see(self, table: pd.DataFrame) -> np.ndarray:
        """Take in a table; give its counts' places in the programme."""
        cells = table.iloc[:-1, :-1]
        counts = np.array([[self._count(value) for value in row] for row in cells.to_numpy()])
        total = table.iloc[-1, :-1]
        for j, (category, known) in enumerate(total.items()):
            self._sum(counts[:, j], known, self.parts.get(category, 1))
        for i, known in enumerate(table.iloc[:-1, -1]):
            if cells.iloc[i].isna().any():
                self._sum(counts[i], known)
        if total.notna().all() and cells.isna().any(axis=None):
            most = int(total.max()) + self.rule.base
            self._one_is_small(counts[cells.isna().to_numpy()], most)
        return counts

    def see_growth(self, table, later, before: np.ndarray, after: np.ndarray) -> None:
        """Take in that a later table holds every project of the one before."""
        places = {
            (group, category): after[i, j]
            for i, group in enumerate(later.index[:-1])
            for j, category in enumerate(later.columns[:-1])
        }
        for i, group in enumerate(table.index[:-1]):
            for j, category in enumerate(table.columns[:-1]):
                if (group, category) in places:
                    new = places[group, category]
                    self.sums.append(([new, before[i, j]], [1, -1], 0, np.inf))

    def bound(self, count: int) -> tuple[float, float]:
        """Return the least and the most that a count can be."""
        from scipy.optimize import milp

        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(self.bounds))
            aim[count] = sign
            found = milp(aim, integrality=1, **self._known)
            if found.status == INFEASIBLE:
                raise OptionError(
                    "`published` holds tables that no counts agree with: projects were taken away "
                    "between releases, or the rule is another."
                )
            ends.append(round(found.x[count]) if found.status == 0 else np.inf)
        return tuple(ends)

    @functools.cached_property
    def _known(self) -> dict:
        """Return everything taken in, as the solver wants it."""
        from scipy.optimize import Bounds, LinearConstraint
        from scipy.sparse import coo_array

        row = np.repeat(np.arange(len(self.sums)), [len(counts) for counts, *_ in self.sums])
        column, weight = (np.concatenate([each[k] for each in self.sums]) for k in (0, 1))
        matrix = coo_array((weight, (row, column)), (len(self.sums), len(self.bounds)))
        low, high = ([each[k] for each in self.sums] for k in (2, 3))
        bounds = Bounds(*np.array(self.bounds, float).T)
        return {"bounds": bounds, "constraints": LinearConstraint(matrix.tocsr(), low, high)}

    def _count(self, published) -> int:
        self.bounds.append(self._interval(published))
        return len(self.bounds) - 1

    def _interval(self, published, parts: int = 1) -> tuple[float, float]:
        """Return the counts that are published as a number: rounded, and none of them small."""
        if pd.isna(published):
            return 0, np.inf
        if published < self.rule.lowest:
            return published, published
        half = self.rule.base // 2 * parts
        return max(published - half, self.rule.highest + 1), published + half

    def _sum(self, counts: np.ndarray, published, parts: int = 1) -> None:
        if pd.notna(published):
            low, high = self._interval(published, parts)
            self.sums.append((list(counts), [1.0] * len(counts), low, high))

    def _one_is_small(self, counts: np.ndarray, most: float) -> None:
        """Take in that one at least of these counts is small; none of them is above ``most``."""
        small = []
        for count in counts:
            self.bounds.append((0, 1))
            flag = len(self.bounds) - 1
            self.sums.append(([count, flag], [1, most], -np.inf, most + self.rule.highest))
            self.sums.append(([count, flag], [1, -self.rule.lowest], 0, np.inf))
            small.append(flag)
        self.sums.append((small, [1.0] * len(small), 1, np.inf))
