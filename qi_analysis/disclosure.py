"""Counts that may be published: small ones suppressed, others rounded, and an audit that tries.

Counts are suppressed before any rate, chart or sentence is made of them, so nothing made of them
can give one away. A group's counts are published whole or not at all.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd

from .profile import Aim, OptionError
from .rates import add_rates
from .words import format_period, listed, percent

TOTAL = "Total"
TRUST = "The whole trust"
SUPPRESSED, NOT_AVAILABLE, NOT_APPLICABLE, LOW = "[c]", "[x]", "[z]", "[low]"
COUNTS = ["numerator", "denominator", "not_recorded"]
INFEASIBLE = 2  # what the solver says where no counts agree


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
    """Give a rule by its name.

    >>> find_rule("hes")
    Rule(lowest=1, highest=7, base=5)
    """
    if isinstance(rule, Rule):
        return rule
    if rule not in RULES:
        raise OptionError(f"`rule` must be 'none', 'hes', 'mhsds' or 'lt10'; not '{rule}'.")
    return RULES[rule]


def is_small(counts, rule: str | Rule) -> np.ndarray:
    """Tell which counts a rule suppresses.

    >>> is_small([0, 1, 7, 8], "hes").tolist()
    [False, True, True, False]
    """
    rule, counts = find_rule(rule), np.asarray(counts)
    return (counts >= rule.lowest) & (counts <= rule.highest)


def round_counts(counts, rule: str | Rule) -> np.ndarray:
    """Round counts as a rule says.

    >>> round_counts([0, 8, 12, 13], "hes").tolist()
    [0, 10, 10, 15]
    """
    base = find_rule(rule).base
    return (np.asarray(counts) + base // 2) // base * base


def suppress_table(
    table: pd.DataFrame,
    rule: str | Rule = "hes",
    *,
    total: Sequence[int] | None = None,
    complementary: bool = True,
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
    complementary : bool
        Whether to hide more than the small counts. Without it they can be worked out; it is there
        so that the audit can be seen to find them.

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
    if not complementary:
        return _suppress_small(table, rule)
    known = _round_total(cells, rule) if total is None else np.asarray(total)
    shown = pd.DataFrame(round_counts(cells, rule), table.index, table.columns).astype("Int64")
    if known is None:
        shown[:] = pd.NA
        shown.loc[TOTAL], shown[TOTAL] = pd.NA, pd.NA
        return shown.astype("Int64")
    hidden = hide_groups(cells, known, rule)
    shown[hidden] = pd.NA
    shown.loc[hidden, (known == 0) & ~is_small(0, rule)] = 0
    shown.loc[TOTAL] = known
    return shown.assign(**{TOTAL: shown.sum(axis=1, skipna=False)}).astype("Int64")


def _suppress_small(table: pd.DataFrame, rule: Rule) -> pd.DataFrame:
    """Suppress a table's small counts and totals, and nothing else."""
    whole = table.assign(**{TOTAL: table.sum(axis=1)})
    whole.loc[TOTAL] = whole.sum()
    small = is_small(whole, rule)
    return (whole * 0 + round_counts(whole, rule)).astype("Int64").mask(small)


def _round_total(cells: np.ndarray, rule: Rule) -> np.ndarray | None:
    """Give the column totals as published; None if one of them is small."""
    total = cells.sum(axis=0)
    return None if is_small(total, rule).any() else round_counts(total, rule)


def hide_groups(cells: np.ndarray, total: np.ndarray, rule: Rule) -> np.ndarray:
    """Tell which rows of counts are hidden, beside column totals as they are published."""
    hidden = is_small(cells, rule).any(axis=1)
    rounded = round_counts(cells, rule)
    while hidden.any() and not hidden.all():
        together = total - rounded[~hidden].sum(axis=0)
        if _is_loose(together, total, int(hidden.sum()), rule):
            break
        hidden[np.argmin(hidden)] = True  # the first that is not
    return hidden


def _is_loose(together: np.ndarray, total: np.ndarray, groups: int, rule: Rule) -> bool:
    """Tell from what is published whether so many hidden groups can share it in several ways."""
    enough = (together[total > 0] > rule.highest).all()
    return groups > 1 and bool(enough) and int((together >= groups).sum()) > 1


# --- annual counts -------------------------------------------------------------------------------


def publish_counts(
    counts: pd.DataFrame, rule: str | Rule = "hes", *, by: str = "directorate"
) -> pd.DataFrame:
    """Give annual counts as they may be published: the whole trust's, and each directorate's.

    Parameters
    ----------
    counts : DataFrame
        ``period``, the group, ``numerator, denominator, not_recorded``: from
        :func:`count_involvement` by group and year. Groups stand in the order in which more of
        them are hidden where that is needed, see :func:`suppress_table`.
    rule : {"none", "hes", "mhsds", "lt10"}
        Which counts are suppressed, and how the others are rounded.
    by : str
        The column that names the groups.

    Returns
    -------
    DataFrame
        A row a period and group, ``"The whole trust"`` first, every group in every period:

        ``period``, the group
            As given.
        ``numerator``, ``denominator``
            Projects that involve people meaningfully, and all; Int64, missing where suppressed.
            The denominator is the sum of the published counts it is parted into.
        ``not_recorded``
            Projects that do not say; only for the whole trust. A group's few blanks would
            hide all its other counts.

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
    >>> publish_counts(counts).drop(columns="period")
           directorate  numerator  denominator  not_recorded
    0  The whole trust         65          175            20
    1                A       <NA>         <NA>          <NA>
    2                B       <NA>         <NA>          <NA>
    3                C         40          100          <NA>
    """
    rule = find_rule(rule)
    groups = pd.Index(counts[by].unique(), name=by)
    years = [
        _publish_year(year.set_index(by)[COUNTS].reindex(groups, fill_value=0), rule, period)
        for period, year in counts.groupby("period")
    ]
    columns = ["period", by, *COUNTS]
    return pd.concat(years, ignore_index=True)[columns] if years else counts[columns].iloc[:0]


def _publish_year(year: pd.DataFrame, rule: Rule, period) -> pd.DataFrame:
    """Publish one period's counts, the whole trust first."""
    whole = year.sum()
    parts = [whole["numerator"], whole["denominator"] - whole["numerator"], whole["not_recorded"]]
    parts[1] -= parts[2]
    blanks = pd.NA
    total = None
    if not is_small(parts, rule).any():
        k, others, blanks = (int(n) for n in round_counts(parts, rule))
        total = [k, others + blanks]
    table = pd.DataFrame({"yes": year["numerator"], "no": year["denominator"] - year["numerator"]})
    shown = suppress_table(table, rule, total=total).drop(columns="no")
    shown = shown.set_axis(["numerator", "denominator"], axis="columns")
    shown = shown.assign(not_recorded=pd.Series(blanks, [TOTAL], dtype="Int64"), period=period)
    whole_first = [TOTAL, *year.index]
    return shown.loc[whole_first].rename({TOTAL: TRUST}).rename_axis(year.index.name).reset_index()


def select_published(
    release: pd.DataFrame, group: str = "", *, by: str = "directorate"
) -> pd.DataFrame:
    """Give one group's published years with their rates; the whole trust's without a group.

    Returns
    -------
    DataFrame
        A row a period that was published with the group: ``period, numerator, denominator,
        not_recorded`` and what :func:`add_rates` adds; missing where suppressed.
    """
    group = group or TRUST
    if group not in set(release[by]):
        raise OptionError(f"No figures of '{group}' are published.")
    own = release[release[by] == group].set_index("period")[COUNTS]
    return add_rates(own.sort_index().astype("float64").reset_index())


def release_aims(release: pd.DataFrame) -> tuple[Aim, ...]:
    """Give the aims that a release names, each from the day it was set."""
    named = release.loc[release["aim"] != "", ["aim_from", "aim"]].drop_duplicates()
    return tuple(
        Aim(date.fromisoformat(starts), Fraction(aim.rstrip("%")) / 100)
        for starts, aim in sorted(named.itertuples(index=False, name=None))
    )


def format_published(rates: pd.DataFrame) -> pd.DataFrame:
    """Give one group's years as a table for readers, with a mark where there is no number.

    ``[c]`` stands for a suppressed count, ``[z]`` for the rate of no projects.

    >>> rates = add_rates(pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01"]),
    ...                                 "numerator": [40, None], "denominator": [100, None]}))
    >>> format_published(rates)
            Meaningful Projects Rate 95% interval
    2019/20         40      100  40%   31% to 50%
    2020/21        [c]      [c]  [c]          [c]
    """
    limits = zip(rates["lower_cl"], rates["upper_cl"], strict=True)
    text = {
        "Meaningful": rates["numerator"].map(_whole),
        "Projects": rates["denominator"].map(_whole),
        "Rate": rates["rate"].map(percent),
        "95% interval": [f"{percent(a)} to {percent(b)}" for a, b in limits],
    }
    table = pd.DataFrame(text)
    for column in ("Rate", "95% interval"):
        table[column] = table[column].mask(rates["denominator"] == 0, NOT_APPLICABLE)
    table = table.mask(rates["denominator"].isna(), SUPPRESSED)
    if "not_recorded" in rates and rates["not_recorded"].notna().any():
        table["Not recorded"] = rates["not_recorded"].map(_whole)
    return table.set_axis(rates["period"].map(_year).tolist(), axis="index")


def format_published_groups(
    release: pd.DataFrame, group: str = "", *, by: str = "directorate"
) -> pd.DataFrame:
    """Give the published rates of every group, or of one beside the whole trust's, year by year.

    Returns
    -------
    DataFrame of str
        A row a group, a column a year: the rate; ``[c]`` where it is suppressed, ``[z]`` where
        there was no project, ``[x]`` where the year was published without this group.
    """
    known = [name for name in sorted(release[by].unique()) if name != TRUST]
    rows = [group, TRUST] if group else [TRUST, *known]
    k, n = (release.pivot(index=by, columns="period", values=c) for c in COUNTS[:2])
    k, n = (each.astype("float64").loc[rows] for each in (k, n))
    text = (k / n.where(n > 0)).map(percent).mask(n.isna() | k.isna(), SUPPRESSED)
    text = text.mask(n == 0, NOT_APPLICABLE)
    there = release.assign(there=1).pivot(index=by, columns="period", values="there")
    text = text.mask(there.loc[rows].isna(), NOT_AVAILABLE)
    text.columns = [_year(period) for period in text.columns]
    return text.rename_axis(index=None)


def mark_release(release: pd.DataFrame, *, by: str = "directorate") -> pd.DataFrame:
    """Give a release as text for a file: its counts, rates and limits, with marks for the rest.

    Rates are rounded to three decimals; ``[low]`` marks one above 0 that rounds to 0. Blanks of
    single groups are not available, ``[x]``.
    """
    rates = add_rates(release.astype(dict.fromkeys(COUNTS, "float64")))
    hidden, none = (
        rates["denominator"].isna() | rates["numerator"].isna(),
        rates["denominator"] == 0,
    )
    text = {c: release[c].astype("str").where(release[c].notna(), SUPPRESSED) for c in COUNTS}
    text["not_recorded"] = text["not_recorded"].where(release[by] == TRUST, NOT_AVAILABLE)
    for column in ("rate", "lower_cl", "upper_cl"):
        share = rates[column].map("{:.3f}".format)
        share = share.mask((rates[column] > 0) & (share == "0.000"), LOW)
        text[column] = share.mask(none, NOT_APPLICABLE).mask(hidden, SUPPRESSED)
    for column in ("aim", "aim_from"):
        if column in release:
            text[column] = release[column].mask(release[column] == "", NOT_APPLICABLE)
    marked = release.assign(period=release["period"].dt.strftime("%Y-%m-%d"), **text)
    marked.insert(1, "year", release["period"].map(_year))
    return marked


def describe_published(rates: pd.DataFrame, meaning: str, rule: str | Rule = "hes") -> str:
    """Say the latest rate that is published, and of which years none is.

    Parameters
    ----------
    rates : DataFrame
        From :func:`select_published`.
    meaning : str
        What a project in the numerator did, such as a definition's ``meaning``.
    rule : {"none", "hes", "mhsds", "lt10"}
        The rule by which the counts were rounded.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01"]),
    ...                                 "numerator": [None, 40], "denominator": [None, 100]}))
    >>> print(describe_published(rates, "people were partners"))
    Of about 100 projects that started in 2020/21, in about 40 (40%) people were partners. The
    counts of 2019/20 are too small to be published.
    """
    hidden = rates["denominator"].isna()
    if hidden.all():
        return "The counts of every year are too small to be published."
    years = [_year(period) for period in rates.loc[hidden, "period"]]
    too_small = f" The counts of {listed(years)} are too small to be published." if years else ""
    some = rates[rates["denominator"] > 0]
    if some.empty:
        return f"No project started in the years that are published.{too_small}"
    row = some.iloc[-1]
    k, n = (_about(row[column], find_rule(rule)) for column in COUNTS[:2])
    many = "project" if row["denominator"] == 1 else "projects"
    return (
        f"Of {n} {many} that started in {_year(row['period'])}, in {k} "
        f"({percent(row['rate'])}) {meaning}.{too_small}"
    )


def _about(count: float, rule: Rule) -> str:
    if count == 0:
        return "none"
    return f"about {_whole(count)}" if rule.base > 1 else _whole(count)


def describe_rule(rule: str | Rule) -> str:
    """Say for readers which counts are suppressed, and how the others are rounded.

    >>> print(describe_rule("hes"))
    Counts from 1 to 7 are suppressed, and with them all figures of their directorate in that year
    and those from which they could be worked out: they are marked [c]. Other counts are rounded to
    the nearest 5, and every percentage is worked out from rounded counts.
    """
    rule = find_rule(rule)
    if rule.highest < 0:
        return "Every count is shown as it is."
    rounded = (
        f"Other counts are rounded to the nearest {rule.base}, and every percentage is worked out "
        "from rounded counts."
        if rule.base > 1
        else "Other counts are exact."
    )
    return (
        f"Counts from {rule.lowest} to {rule.highest} are suppressed, and with them all figures of "
        "their directorate in that year and those from which they could be worked out: they are "
        f"marked {SUPPRESSED}. {rounded}"
    )


def _year(day) -> str:
    return format_period(day, 12)


def _whole(count: float) -> str:
    return SUPPRESSED if count != count else f"{int(count):,}"


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
    """Give a period's tables by group, and of the whole trust's blanks, each as often as changed.

    With each goes of how many rounded counts the total of a category is the sum.
    """
    years = [release[release["period"] == period].set_index(by)[COUNTS] for release in releases]
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
        """Give the least and the most that a count can be."""
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
        """Give everything taken in, as the solver wants it."""
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
        """Give the counts that are published as a number: rounded, and none of them small."""
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
