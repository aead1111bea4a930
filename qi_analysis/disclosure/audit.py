"""An attempt to work suppressed counts out from what is published."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_table
from ..core.schema import COUNTS_AND_BLANKS
from ..core.text import format_date, listed
from .suppress import DEFAULT, TOTAL, TRUST, Rule, check_release, count_range, find_rule

INFEASIBLE = 2  # the solver's status where no counts agree


def audit_disclosure(
    *published: pd.DataFrame, rule: str | Rule = DEFAULT, known: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Try to work out every suppressed count from all that is published, as a reader could.

    The reader knows the rule: how counts are rounded, that a published one is not small, and that
    where groups are hidden one of their counts is. For each suppressed count the least and the most
    that agree with everything published are sought, in whole numbers (integer programming, HiGHS).

    Parameters
    ----------
    *published : DataFrame
        Tables as :func:`suppress_table` returns them. Several are later and later releases of one
        table: projects recorded late were added in between, and none were taken away.
    rule : {"none", "hes", "mhsds", "lt10"}
        The rule by which they were suppressed.
    known : DataFrame, optional
        True counts that this reader knows besides, such as a directorate's manager its own: rows
        and columns as in the tables.

    Returns
    -------
    DataFrame
        A row a suppressed count that is not known: ``release`` (from 0), ``group``, ``category``,
        ``lowest``, ``highest`` (infinite where nothing bounds it) and ``recovered``: whether the
        two are equal.

    Examples
    --------
    >>> from qi_analysis.disclosure.suppress import suppress_table
    >>> table = pd.DataFrame({"yes": [3, 20, 40], "no": [30, 22, 60]}, index=["A", "B", "C"])
    >>> audit_disclosure(suppress_table(table, "lt10"), rule="lt10").query("group == 'A'")
       release group category  lowest  highest  recovered
    0        0     A      yes       0       63      False
    1        0     A       no       0      112      False
    >>> exact = suppress_table(table, "none").astype("Int64")
    >>> audit_disclosure(exact.mask(exact < 10), rule="lt10")  # the small count alone is hidden
       release group category  lowest  highest  recovered
    0        0     A      yes       3        3       True
    >>> own = table.loc[["B"]]  # whoever belongs to B knows what A and C have together
    >>> audit_disclosure(suppress_table(table, "lt10"), rule="lt10", known=own)
       release group category  lowest  highest  recovered
    0        0     A      yes       0       43      False
    1        0     A       no       0       90      False
    2        0     C      yes       0       43      False
    3        0     C       no       0       90      False
    """
    rule, tables = find_rule(rule), [_read_published(table) for table in published]
    return _audit(tables, rule, {}, None if known is None else check_table(known, known=False))


def _read_published(table: pd.DataFrame) -> pd.DataFrame:
    """Return a published table's counts, missing where suppressed; refuse one without totals."""
    counts = check_table(table, step="suppress_table", known=False)
    if not all(len(names) and names[-1] == TOTAL for names in (table.index, table.columns)):
        raise OptionError(
            f"A published table has '{TOTAL}' as its last row and column: make it with "
            "`suppress_table` first."
        )
    return counts


def audit_releases(*releases: pd.DataFrame) -> pd.DataFrame:
    """Try to work out every suppressed count of annual releases, all of them taken together.

    Parameters
    ----------
    *releases : DataFrame
        From :func:`publish_counts`, the earliest first, all by one rule.

    Returns
    -------
    DataFrame
        ``period`` and the columns of :func:`audit_disclosure`. A year that later releases repeat as
        it was published is one table, not two.
    """
    releases = tuple(check_release(release) for release in releases)
    for release in releases:
        without = {*release["period"]} - {*release.loc[release["directorate"] == TRUST, "period"]}
        if without:
            day = format_date(min(without))
            raise OptionError(f"The release has no row of '{TRUST}' for the year from {day}.")
    rules = [*dict.fromkeys(rule for release in releases for rule in release["rule"])]
    if len(rules) != 1:
        found = listed([f"'{rule}'" for rule in rules]) or "none"
        raise OptionError(f"`releases` must all be by one rule; they are by {found}.")
    rule = find_rule(rules[0])
    periods = sorted({period for release in releases for period in release["period"]})
    found = [
        _audit(tables, rule, parts).assign(period=period)
        for period in periods
        for tables, parts in _tables_of(releases, period)
    ]
    return pd.concat(found, ignore_index=True)


def _tables_of(releases: Sequence[pd.DataFrame], period) -> list[tuple[list, dict]]:
    """Return a period's tables by group, and of the whole trust's blanks, each as often as changed.

    With each goes of how many rounded counts the total of a category is the sum.
    """
    years = [
        release[release["period"] == period].set_index("directorate")[COUNTS_AND_BLANKS]
        for release in releases
        if period in set(release["period"])
    ]
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


def _audit(
    tables: Sequence[pd.DataFrame], rule: Rule, parts: dict, known: pd.DataFrame | None = None
) -> pd.DataFrame:
    reader = _Reader(rule, parts)
    known = pd.DataFrame() if known is None else known
    counts = [reader.add_table(table) for table in tables]
    for places in counts:
        reader.add_known(places, known)
    for before, after in pairwise(counts):
        reader.add_growth(before, after)
    rows = []
    for release, (table, places) in enumerate(zip(tables, counts, strict=True)):
        hidden = table.iloc[:-1, :-1].isna()
        hidden[hidden.index.isin(known.index)] = False
        for i, j in np.argwhere(hidden):
            low, high = reader.find_bounds(int(places.to_numpy()[i, j]))
            rows.append((release, places.index[i], places.columns[j], low, high))
    found = pd.DataFrame(rows, columns=["release", "group", "category", "lowest", "highest"])
    return found.assign(recovered=found["lowest"] == found["highest"])


class _Reader:
    """What a reader knows, as an integer programme over the counts behind what is published."""

    def __init__(self, rule: Rule, parts: dict):
        self.rule, self.parts = rule, parts
        self.bounds: list[tuple[float, float]] = []
        self.sums: list[tuple[list[int], list[float], float, float]] = [([0], [1.0], 0, np.inf)]

    def add_table(self, table: pd.DataFrame) -> pd.DataFrame:
        """Add a published table, and return its counts' places in the programme."""
        cells = table.iloc[:-1, :-1]
        places = [self._add(*self._interval(value)) for value in cells.to_numpy().ravel()]
        counts = np.array(places, int).reshape(cells.shape)
        total = table.iloc[-1, :-1]
        for j, (category, known) in enumerate(total.items()):
            self._add_sum(counts[:, j], known, self.parts.get(category, 1))
        for i, known in enumerate(table.iloc[:-1, -1]):
            if cells.iloc[i].isna().any():
                self._add_sum(counts[i], known)
        if total.notna().all() and cells.isna().any(axis=None):
            most = int(total.max()) + self.rule.base
            self._add_a_small_one(counts[cells.isna().to_numpy()], most)
        return pd.DataFrame(counts, cells.index, cells.columns)

    def add_known(self, places: pd.DataFrame, known: pd.DataFrame) -> None:
        """Add true counts of groups, given the places of a table's counts."""
        counts = known.reindex(index=places.index, columns=places.columns).to_numpy(float)
        for place, count in zip(places.to_numpy().ravel(), counts.ravel(), strict=True):
            if count == count:
                self.bounds[place] = (count, count)

    def add_growth(self, before: pd.DataFrame, after: pd.DataFrame) -> None:
        """Add that a later table holds every project of the one before."""
        old, new = before.align(after, join="inner")
        for pair in zip(new.to_numpy().ravel(), old.to_numpy().ravel(), strict=True):
            self.sums.append(([*pair], [1, -1], 0, np.inf))

    def find_bounds(self, count: int) -> tuple[float, float]:
        """Return the least and the most that a count can be."""
        from scipy.optimize import milp

        ends = []
        for sign in (1, -1):
            objective = np.zeros(len(self.bounds))
            objective[count] = sign
            found = milp(objective, integrality=1, **self._known)
            if found.status == INFEASIBLE:
                raise OptionError(
                    "`published` holds tables that no counts agree with: projects were taken away "
                    "between releases, or the rule is another."
                )
            ends.append(round(found.x[count]) if found.status == 0 else np.inf)
        return ends[0], ends[1]

    @functools.cached_property
    def _known(self) -> dict:
        """Return all bounds and sums, as the solver wants them."""
        from scipy.optimize import Bounds, LinearConstraint
        from scipy.sparse import coo_array

        counts, weights, low, high = zip(*self.sums, strict=True)
        row = np.repeat(np.arange(len(counts)), [len(each) for each in counts])
        places = row, np.concatenate(counts)
        matrix = coo_array((np.concatenate(weights), places), (len(counts), len(self.bounds)))
        sums = LinearConstraint(matrix.tocsr(), *np.array([low, high], float))
        return {"bounds": Bounds(*np.array(self.bounds, float).T), "constraints": sums}

    def _add(self, low: float, high: float) -> int:
        """Add a variable between bounds, and return its place."""
        self.bounds.append((low, high))
        return len(self.bounds) - 1

    def _interval(self, published, parts: int = 1) -> tuple[float, float]:
        """Return the counts that are published as a number: rounded, and none of them small."""
        if pd.isna(published):
            return 0, np.inf
        low, high = count_range(float(published), self.rule, parts=parts)
        return float(low), float(high)

    def _add_sum(self, counts: np.ndarray, published, parts: int = 1) -> None:
        if pd.notna(published):
            low, high = self._interval(published, parts)
            self.sums.append((list(counts), [1.0] * len(counts), low, high))

    def _add_a_small_one(self, counts: np.ndarray, most: float) -> None:
        """Add that one at least of these counts is small; none of them is above ``most``."""
        small = [self._add(0, 1) for _ in counts]
        for count, flag in zip(counts, small, strict=True):
            self.sums.append(([count, flag], [1, most], -np.inf, most + self.rule.highest))
            self.sums.append(([count, flag], [1, -self.rule.lowest], 0, np.inf))
        self.sums.append((small, [1.0] * len(small), 1, np.inf))
