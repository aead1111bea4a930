"""Change: has the rate moved by more than chance does, and since when?

One test for all that is said of change. Periods are cut in two where that explains the counts best,
and the same is done to the periods in shuffled order, many times. Spread between periods beyond
chance does no harm, as whole periods are shuffled. Where a change is found, the part on either side
is searched in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame
from ..core.periods import UNITS
from ..core.schema import COUNTS, FEWEST_PERIODS
from ..core.text import count_of, format_date, k_of_n, percents

FEWEST_TO_SHUFFLE = 12  # periods; fewer have too few orders, and their projects are shuffled
LEVEL = 0.05  # p values below this are called a change
DRAWS_EACH = 40  # draws a group at least, so that p values adjusted together can fall below LEVEL
FIRST_DRAWS = 100  # before it is first asked whether a p value is plainly large
ENOUGH_REACHED = 25  # shuffled series, by which a small p value is known to a fifth of itself
CELLS = 50_000  # shuffled periods held at one time, so that they stay in the processor's memory
LARGEST_TABLES = 10_000_000  # counts of which x log x is looked up
MOST_PROJECTS = 10**9  # of a series, above which numpy draws no hypergeometric counts

Shuffle = Callable[[int], Callable]  # draws so many orders, for series that are chosen then


@dataclass(frozen=True)
class _Series:
    """The periods of one group that have projects and are settled, in their order."""

    label: tuple
    periods: np.ndarray
    counts: dict[str, np.ndarray]  # as recorded; and in other ways that have to agree
    denominators: dict[str, np.ndarray]
    early: np.ndarray
    empty: np.ndarray  # periods without a project, before the last settled one

    def part(self, start: int, stop: int, way: str = "recorded") -> tuple[np.ndarray, np.ndarray]:
        """Return numerators and denominators of a part."""
        return self.counts[way][start:stop], self.denominators[way][start:stop]

    def sums(self, start: int, stop: int, way: str = "recorded") -> tuple[int, int]:
        """Return the numerator and denominator of a part."""
        k, n = self.part(start, stop, way)
        return int(k.sum()), int(n.sum())

    @property
    def margin(self) -> int:
        """The periods on each side of a cut: 1 where there are too few orders of periods."""
        return 1 if len(self.periods) < FEWEST_TO_SHUFFLE else 2


@dataclass(frozen=True)
class _Cut:
    """A place at which a series divides, and what was found there."""

    at: int
    p: float
    doubt: str = ""
    early: bool = False  # a fall that may only mean that less time has passed


@dataclass(frozen=True)
class _Search:
    """What a search of one series found: its first test, and the cuts that were found."""

    first: _Cut | None = None
    adjusted: float = np.nan
    cuts: tuple[_Cut, ...] = field(default=())


@dataclass(frozen=True)
class _Options:
    """How series are shuffled.

    In a part of one that was divided already, projects are shuffled too, and the larger p value
    holds: its periods were chosen to be alike, and any order of periods more alike than chance
    makes them would seem to be more than chance.
    """

    draws: int
    most: int  # draws where many p values are adjusted together
    seed: int
    part: bool = False


def find_change(
    counts: pd.DataFrame,
    by: str | list[str] | None = None,
    *,
    draws: int = 1999,
    seed: int = 1,
) -> pd.DataFrame:
    """Find whether each group's rate has changed by more than chance does, and since when.

    The statistic is the largest binomial likelihood ratio over all places to cut the series in two,
    with at least 2 periods that have projects on either side. Its p value comes from the same
    periods in shuffled order. Where p is below 0.05, each part is searched again. Series of fewer
    than 12 periods have too few orders: there projects are shuffled among the periods, which takes
    the periods as alike but for chance, and 1 period on a side is enough.

    A change is called only if the test also finds it, in the same direction, with blanks left out
    (``not_recorded``) and with projects whose day of involvement is not known
    (``numerator_highest``).

    Parameters
    ----------
    counts : DataFrame
        A row a period, or a group and period: ``period`` (first days), ``numerator``,
        ``denominator``; and, where they are, ``not_recorded``, ``numerator_highest``, ``settled``
        (others are left out) and ``early`` (no fall rests on them). From
        :func:`count_started`, which gives all of these, or others' counts. A missing count is a
        missing period.
    by : str or list of str, optional
        The columns that name the groups. Their p values are adjusted together (Benjamini and
        Hochberg 1995).
    draws : int
        Shuffled series at most; with many groups, at least 40 a group. Fewer are drawn where p is
        plainly large (Besag and Clifford 1991).
    seed : int
        Where each group's draws begin, so that its answer does not depend on the other groups.

    Returns
    -------
    DataFrame
        A row a group:

        the columns of ``by``
            The group.
        ``change``
            ``rise``, ``fall`` or ``none``. ``too_early``: a fall that begins in ``early`` periods,
            or is not found in the others alone, so that less time may be all there is to it.
            ``too_few``: fewer than 4 periods have projects. Of several changes, the latest.
        ``changed_at``
            The first period with the new rate.
        ``p_value``, ``p_adjusted``
            Of that change, or of the test that found none; the largest of the ways that have to
            agree. Adjusted for the number of groups. Missing where there are too few periods.
        ``before_numerator``, ``before_denominator``, ``after_numerator``, ``after_denominator``
            Counts of the part before, and from then on; missing without a change.
        ``rises``, ``falls``
            How many changes of each kind were called in all.
        ``first_changed_at``, ``first_numerator``, ``first_denominator``
            When the first of them began, and the counts before it; of all periods without any.
        ``lower_since``
            From when the rate is lower, but too early to call it a fall.
        ``doubt``
            Why a change is not called that the counts as recorded show: ``blanks_fell`` or
            ``blanks_rose``, which alone could give it; ``recorded``, as it is not found where
            involvement is recorded; ``days``, as too many days of involvement are not known.
        ``periods``, ``empty``, ``last_empty``
            Periods tested; periods up to the last settled one in which no project started, and the
            latest of these.
        ``begins``
            The first period of each part in order, such as ``2014-01-01 2019-01-01``, as
            :func:`find_steps` gives them.

    Raises
    ------
    ValueError
        If a column is missing, counts are not whole numbers or contradict each other, two rows are
        of one group and period, or it is not known which periods are settled.

    References
    ----------
    Besag and Clifford (1991), Biometrika 78:301. Benjamini and Hochberg (1995), JRSS B 57:289.

    Examples
    --------
    >>> quarters = pd.date_range("2017-01-01", periods=16, freq="QS")
    >>> counts = pd.DataFrame({"period": quarters, "numerator": [4] * 8 + [9] * 8,
    ...                        "denominator": 20})
    >>> change = find_change(counts)
    >>> change[["change", "changed_at", "p_value"]]
      change changed_at  p_value
    0   rise 2019-01-01   0.0005
    >>> print(describe_steps(change))
    The rate has risen by more than chance does: from 20% (32 of 160) before January 2019 to 45%
    (72 of 160) since.
    """
    series, keys = _read_series(counts, by)
    searches = _search(series, draws, seed, adjust=bool(keys))
    rows = [_change_row(each, found) for each, found in zip(series, searches, strict=True)]
    labels = pd.DataFrame([each.label for each in series], columns=keys, index=range(len(series)))
    return pd.concat([labels, _typed(pd.DataFrame(rows, columns=list(_TYPES)))], axis=1)


def find_steps(
    counts: pd.DataFrame,
    by: str | list[str] | None = None,
    *,
    draws: int = 1999,
    seed: int = 1,
) -> pd.DataFrame:
    """Find the parts of each series between which its rate has changed by more than chance does.

    Parameters
    ----------
    counts, by, draws, seed
        As :func:`find_change` takes them, whose changes divide the parts.

    Returns
    -------
    DataFrame
        A row a part, in order; one of the whole series where no change is found:

        the columns of ``by``
            The group.
        ``part``
            1, 2, …
        ``begins``, ``ends``
            Its first and last period with projects.
        ``numerator``, ``denominator``
            Its counts.
        ``change``
            How it differs from the part before: ``rise``, ``fall`` or ``too_early``; empty for the
            first.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> years = pd.to_datetime([f"{year}-04-01" for year in range(2014, 2020)])
    >>> counts = pd.DataFrame({"period": years, "numerator": [20, 60, 60, 60, 60, 24],
    ...                        "denominator": 80})
    >>> find_steps(counts)[["part", "begins", "numerator", "denominator", "change"]]
       part     begins  numerator  denominator change
    0     1 2014-04-01         20           80
    1     2 2015-04-01        240          320   rise
    2     3 2019-04-01         24           80   fall
    """
    series, keys = _read_series(counts, by)
    searches = _search(series, draws, seed, adjust=bool(keys))
    rows = [
        {**dict(zip(keys, each.label, strict=True)), "part": number, **part}
        for each, found in zip(series, searches, strict=True)
        for number, part in enumerate(_parts(each, found.cuts), 1)
    ]
    columns = [*keys, "part", "begins", "ends", "numerator", "denominator", "change"]
    return pd.DataFrame(rows, columns=columns)


# --- the series -----------------------------------------------------------------------------------


def _read_series(counts: pd.DataFrame, by) -> tuple[list[_Series], list[str]]:
    """Divide a frame of counts into the series of its groups."""
    keys: list[str] = [by] if isinstance(by, str) else [*(by or ())]
    rows = _read_counts(counts, keys).sort_values([*keys, "period"], ignore_index=True)
    groups = rows.groupby(keys, dropna=False, sort=False) if keys else [((), rows)]
    return [_series(label, group) for label, group in groups], keys


def _read_counts(counts: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Return the counts as numbers and their periods as days, or refuse what cannot be right."""
    read = check_frame(counts, "period", *COUNTS, by=keys, alone=True)
    if "settled" in read and read["settled"].isna().any():
        raise OptionError(
            "It is not known which periods are settled: give the register's day, as_of=..."
        )
    if read["denominator"].sum() >= MOST_PROJECTS:
        raise OptionError(f"A test of change takes fewer than {MOST_PROJECTS:,} projects.")
    return read


def _series(label, rows: pd.DataFrame) -> _Series:
    if "settled" in rows:
        rows = rows[rows["settled"].astype(bool)]
    some = rows[(rows["denominator"] > 0) & rows["numerator"].notna()]
    empty = rows.loc[rows["denominator"] == 0, "period"]
    zero = pd.Series(0, some.index)
    k, n, blank = (
        some.get(c, zero).fillna(0).to_numpy("int64")
        for c in ("numerator", "denominator", "not_recorded")
    )
    highest = some.get("numerator_highest", some["numerator"]).fillna(0).to_numpy("int64")
    counts, denominators = {"recorded": k}, {"recorded": n}
    if blank.any():
        counts["blanks"], denominators["blanks"] = k, n - blank
    if (highest != k).any():
        counts["days"], denominators["days"] = highest, n
    early = some["early"].to_numpy(bool) if "early" in some else np.zeros(len(some), bool)
    counts["grown"], denominators["grown"] = k * ~early, n * ~early
    return _Series(label, some["period"].to_numpy(), counts, denominators, early, empty.to_numpy())


# --- the test -------------------------------------------------------------------------------------


def _search(series: list[_Series], draws: int, seed: int, adjust: bool) -> list[_Search]:
    """Search every series, and each part of those in which a change is found."""
    if draws < 1 / LEVEL - 1:
        raise OptionError(f"`draws` must be at least {1 / LEVEL - 1:.0f}; not {draws}.")
    enough = [i for i, each in enumerate(series) if len(each.periods) >= FEWEST_PERIODS]
    options = _Options(draws, max(draws, DRAWS_EACH * len(enough) if adjust else 0), seed)
    found = [_Search() for _ in series]
    whole = [(i, 0, len(series[i].periods)) for i in enough]
    firsts = _test_parts(series, whole, options, adjust)
    options = replace(options, most=draws, part=True)
    for i, (cut, adjusted) in zip(enough, firsts, strict=True):
        found[i] = _Search(cut, adjusted)
    tested = [(part, cut) for part, (cut, p) in zip(whole, firsts, strict=True) if p < LEVEL]
    while tested:
        parts = []
        for (i, start, stop_at), cut in tested:
            found[i] = replace(found[i], cuts=(*found[i].cuts, cut))
            parts += [(i, start, cut.at), (i, cut.at, stop_at)]
        parts = [part for part in parts if part[2] - part[1] >= 2 * series[part[0]].margin]
        results = _test_parts(series, parts, options, adjust=False)
        tested = [(part, cut) for part, (cut, p) in zip(parts, results, strict=True) if p < LEVEL]
    return found


def _test_parts(series, parts: list[tuple], options: _Options, adjust: bool) -> list[tuple]:
    """Return the best cut of each part of a series, with the largest p value of all ways."""
    cuts, p = _test_way(series, parts, "recorded", options)
    alone = _adjust(p) if adjust else p
    called = [j for j in range(len(parts)) if alone[j] < LEVEL]
    rises = {j: _direction(series, parts[j], cuts[j], "recorded") for j in called}
    doubts = dict.fromkeys(called, "")
    early = {j: _is_early(series, parts[j], cuts[j], options) for j in called if not rises[j]}
    for way in ("blanks", "days"):
        these = [j for j in called if way in series[parts[j][0]].counts]
        other_cuts, other_p = _test_way(series, [parts[j] for j in these], way, options)
        for j, at, q in zip(these, other_cuts, other_p, strict=True):
            agrees = at > 0 and _direction(series, parts[j], at, way) == rises[j]
            p[j] = max(p[j], q if agrees else 1.0)
            if p[j] >= LEVEL and not doubts[j]:
                doubts[j] = way
    adjusted = _adjust(p) if adjust else p
    for j in called:
        if adjusted[j] < LEVEL:
            doubts[j] = ""
        elif doubts[j] == "blanks":
            doubts[j] = _doubt_blanks(series[parts[j][0]], parts[j], cuts[j], rises[j])
    return [
        (_Cut(int(cuts[j]), p[j], doubts.get(j, ""), early.get(j, False)), adjusted[j])
        for j in range(len(parts))
    ]


def _is_early(series: list[_Series], part: tuple, at: int, options: _Options) -> bool:
    """Whether a fall begins in early periods, or is not found in the others alone."""
    i, start, stop = part
    if not series[i].early[start:stop].any():
        return False
    cuts, p = _test_way(series, [part], "grown", options)
    falls = p[0] < LEVEL and not _direction(series, part, cuts[0], "grown")
    return bool(series[i].early[at] or not falls)


def _adjust(p: np.ndarray) -> np.ndarray:
    """Return p values as Benjamini and Hochberg (1995) adjust them for their number."""
    order = np.argsort(p)[::-1]  # the largest first
    raised = p[order] * len(p) / np.arange(len(p), 0, -1)
    return np.minimum.accumulate(raised)[np.argsort(order)].clip(max=1)


def _direction(series: list[_Series], part: tuple, at: int, way: str) -> bool:
    """Whether the rate is higher after a cut than before it."""
    i, start, stop = part
    (k, n), (j, m) = series[i].sums(start, at, way), series[i].sums(at, stop, way)
    return j * n > k * m


def _doubt_blanks(series: _Series, part: tuple, at: int, rises: bool) -> str:
    """Return what blanks did where a change is not found once they are left out."""
    (known, n), (known_after, m) = (
        (series.denominators["blanks"][a:b].sum(), series.denominators["recorded"][a:b].sum())
        for a, b in ((part[1], at), (at, part[2]))
    )
    before, after = 1 - known / n, 1 - known_after / m
    if rises:
        return "blanks_fell" if after < before else "recorded"
    return "blanks_rose" if after > before else "recorded"


def _test_way(series, parts: list[tuple], way: str, options: _Options) -> tuple:
    """Return the best cut (0 where there is none) and the p value of each part, counted one way."""
    cuts, p = np.zeros(len(parts), int), np.ones(len(parts))
    batches: dict[tuple, list] = {}
    for j, (i, start, stop) in enumerate(parts):
        k, n = series[i].part(start, stop, way)
        some = np.flatnonzero(n)
        if len(some) >= 2 * series[i].margin and 0 < k.sum() < n.sum():
            key = (len(some), series[i].margin)
            batches.setdefault(key, []).append((j, start + some, k[some], n[some]))
    for (_, margin), batch in batches.items():
        which, places = (np.stack([each[f] for each in batch]) for f in (0, 1))
        k, n = (np.stack([each[f] for each in batch]) for f in (2, 3))
        at, found = _test_counts(k, n, margin, options)
        cuts[which], p[which] = np.take_along_axis(places, at[:, None], axis=1)[:, 0], found
    return cuts, p


def _test_counts(k: np.ndarray, n: np.ndarray, margin: int, options: _Options) -> tuple:
    """Return the best cut and the p value of series of as many periods each."""
    at = _Fit(k, n, margin).best(k[:, None], n[:, None])[1][:, 0] + margin
    p = np.zeros(len(k))
    if margin > 1:
        p = _p_values(k, n, margin, _shuffle_periods, options)
    if margin == 1 or options.part:
        for j in np.flatnonzero(p < LEVEL):
            one = slice(j, j + 1)
            p[j] = max(p[j], _p_values(k[one], n[one], margin, _shuffle_projects, options)[0])
    return at, p


class _Fit:
    """The log likelihood of series cut in two, each side at its own rate.

    What no order of the periods changes is left out. For each series, x log x of both sides is
    looked up by the counts of the first.
    """

    def __init__(self, k: np.ndarray, n: np.ndarray, margin: int):
        self.sides = slice(margin - 1, k.shape[-1] - margin)
        self.totals = k.sum(axis=1), (n - k).sum(axis=1), n.sum(axis=1)
        widths = [int(total.max()) + 1 for total in self.totals]
        self.tables = None
        if len(k) * sum(widths) <= LARGEST_TABLES:
            self.tables = [
                (np.arange(len(k)) * width, _both_sides(np.arange(width), total[:, None]).ravel())
                for width, total in zip(widths, self.totals, strict=True)
            ]

    def best(self, k: np.ndarray, n: np.ndarray, which: np.ndarray | slice = slice(None)) -> tuple:
        """Return the best fit of each order of the chosen series, and its cut."""
        before, all_ = k.cumsum(axis=-1)[..., self.sides], n.cumsum(axis=-1)[..., self.sides]
        yes, no, every = (
            self._sides(i, counts, which) for i, counts in enumerate((before, all_ - before, all_))
        )
        fit = yes + no - every
        return fit.max(axis=-1), fit.argmax(axis=-1)

    def _sides(self, i: int, counts: np.ndarray, which) -> np.ndarray:
        if self.tables is None:
            return _both_sides(counts, self.totals[i][which, None, None])
        begins, table = self.tables[i]
        return table.take(counts + begins[which, None, None])


def _both_sides(counts: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return x log x of counts, and of what is left of their total."""
    from scipy.special import xlogy

    rest = np.maximum(total - counts, 0)
    return xlogy(counts, counts) + xlogy(rest, rest)


def _shuffle_periods(k: np.ndarray, n: np.ndarray, seed: int) -> Shuffle:
    """Return what puts the periods of series in other orders, the same orders for all."""
    rng, ordered = np.random.default_rng(seed), np.arange(k.shape[1])

    def shuffle(size: int) -> Callable:
        order = rng.permuted(np.tile(ordered, (size, 1)), axis=1)
        return lambda which: (k[which].take(order, axis=1), n[which].take(order, axis=1))

    return shuffle


def _shuffle_projects(k: np.ndarray, n: np.ndarray, seed: int) -> Shuffle:
    """Return what deals the projects of one series out to its periods anew."""
    rng = np.random.default_rng(seed)

    def shuffle(size: int) -> Callable:
        dealt = rng.multivariate_hypergeometric(n[0], int(k.sum()), size=size, method="marginals")
        return lambda which: (dealt[None], n[None])

    return shuffle


def _p_values(k, n, margin: int, shuffled: Callable[..., Shuffle], options: _Options) -> np.ndarray:
    """Return the share of shuffled series that are at least as extreme as each one observed.

    A series that is reached so often as to be plainly usual is shuffled no further.
    """
    draws = options.most
    fit, shuffle = _Fit(k, n, margin), shuffled(k, n, options.seed)
    observed = fit.best(k[:, None], n[:, None])[0][:, 0]
    least = observed - 1e-9 * np.maximum(1, np.abs(observed))  # the same but for rounding
    reached, p = np.zeros(len(k), int), np.full(len(k), np.nan)
    done = 0
    while done < draws and len(active := np.flatnonzero(np.isnan(p))):
        size = min(max(done, FIRST_DRAWS), draws - done)
        orders = shuffle(size)
        for which in np.array_split(active, -(-len(active) * size * k.shape[1] // CELLS)):
            yes, projects = orders(which)
            ratios, _ = fit.best(yes, projects, which)
            reached[which] += (ratios >= least[which, None]).sum(axis=1)
        done += size
        usual = np.isnan(p) & (reached >= _plainly_large(done, options.draws))
        p[usual] = (reached[usual] + 1) / (done + 1)
    return np.where(np.isnan(p), (reached + 1) / (draws + 1), p)


def _plainly_large(done: int, accurate: int) -> float:
    """Return how many shuffled series reach one whose p value is certain enough.

    Up to the draws that were asked for, one that lies four standard errors above 0.05; from there
    on, which only the adjustment for many groups needs, one that is known to a fifth of itself.
    """
    if done >= accurate:
        return ENOUGH_REACHED
    return LEVEL * done + 4 * np.sqrt(LEVEL * (1 - LEVEL) * done)


# --- what was found -------------------------------------------------------------------------------


def _parts(series: _Series, cuts: tuple[_Cut, ...]) -> list[dict]:
    """Return each part between cuts, and how it differs from the one before."""
    bounds = [0, *sorted(cut.at for cut in cuts), len(series.periods)]
    early = {cut.at: cut.early for cut in cuts}
    p = {cut.at: cut.p for cut in cuts}
    parts: list[dict] = []
    for start, stop in pairwise(bounds if bounds[-1] else []):
        k, n = series.sums(start, stop)
        parts.append({
            "begins": series.periods[start], "ends": series.periods[stop - 1],
            "numerator": k, "denominator": n,
            "change": _change_from(parts[-1], k, n, early[start]) if parts else "",
            "p": p.get(start, np.nan),
        })  # fmt: skip
    return parts


def _change_from(before: dict, k: int, n: int, early: bool) -> str:
    if k * before["denominator"] > n * before["numerator"]:
        return "rise"
    return "too_early" if early else "fall"


_TYPES = {
    "change": "str", "changed_at": "datetime64[us]", "p_value": "float64", "p_adjusted": "float64",
    "before_numerator": "Int64", "before_denominator": "Int64",
    "after_numerator": "Int64", "after_denominator": "Int64",
    "rises": "int64", "falls": "int64", "first_changed_at": "datetime64[us]",
    "first_numerator": "int64", "first_denominator": "int64",
    "lower_since": "datetime64[us]", "doubt": "str",
    "periods": "int64", "empty": "int64", "last_empty": "datetime64[us]", "begins": "str",
}  # fmt: skip


def _typed(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.astype(_TYPES)


def _change_row(series: _Series, found: _Search) -> dict:
    """Return what :func:`find_change` gives of one group."""
    parts = _parts(series, found.cuts)
    called = [i for i, part in enumerate(parts) if part["change"] in ("rise", "fall")]
    latest = called[-1] if called else 0
    early = [i for i in range(latest + 1, len(parts)) if parts[i]["change"] == "too_early"]
    row = _empty_row(series, found) | {
        "rises": sum(parts[i]["change"] == "rise" for i in called),
        "falls": sum(parts[i]["change"] == "fall" for i in called),
        "lower_since": parts[early[0]]["begins"] if early else pd.NaT,
        "begins": " ".join(f"{pd.Timestamp(part['begins']):%Y-%m-%d}" for part in parts),
    }
    first = parts[: called[0]] if called else parts
    row |= _sums(first, "first")
    if called:
        row["first_changed_at"] = parts[called[0]]["begins"]
    at = latest if called else early[0] if early else None
    if at is None:
        return row
    begun = called[-2] if len(called) > 1 else 0
    ends = early[0] if called and early else len(parts)
    p = parts[at]["p"]
    return row | {
        "change": parts[at]["change"],
        "changed_at": parts[at]["begins"],
        "p_value": p,
        "p_adjusted": max(p, found.adjusted),
        **_sums(parts[begun:at], "before"),
        **_sums(parts[at:ends], "after"),
    }


def _empty_row(series: _Series, found: _Search) -> dict:
    """Return the row of a group in which nothing is called."""
    first = found.first
    row = dict.fromkeys(_TYPES, None) | {
        "change": "none" if first else "too_few",
        "p_value": first.p if first else np.nan,
        "p_adjusted": found.adjusted,
        "doubt": first.doubt if first else "",
        "periods": len(series.periods),
        "empty": len(series.empty),
    }
    return row | {"last_empty": series.empty[-1] if len(series.empty) else pd.NaT}


def _sums(parts: list[dict], name: str) -> dict:
    return {f"{name}_{c}": sum(part[c] for part in parts) for c in ("numerator", "denominator")}


_FOUND = (  # what a sentence is made of
    "change changed_at before_numerator before_denominator after_numerator after_denominator rises "
    "falls first_changed_at lower_since periods empty"
)
_BOTH = "before_numerator before_denominator after_numerator after_denominator changed_at"
_TOLD = {  # what it needs besides, by what was found
    "rise": f"{_BOTH} first_changed_at", "fall": f"{_BOTH} first_changed_at", "too_early": _BOTH,
    "none": "first_numerator first_denominator doubt p_value p_adjusted",
}  # fmt: skip


def describe_steps(change: pd.DataFrame, unit: str = "quarter") -> str:
    """Describe whether a rate has changed by more than chance does, from :func:`find_change`.

    Parameters
    ----------
    change : DataFrame
        One row.
    unit : str
        What one of its periods is.

    Examples
    --------
    >>> years = pd.to_datetime([f"{year}-04-01" for year in range(2014, 2020)])
    >>> counts = pd.DataFrame({"period": years, "numerator": [20, 60, 60, 60, 60, 24],
    ...                        "denominator": 80})
    >>> print(describe_steps(find_change(counts), "year"))
    The rate rose from 25% (20 of 80) to 75% (240 of 320) in April 2015 and fell to 30% (24 of 80)
    in April 2019, each time by more than chance does. There are only 6 years with projects, so this
    takes years as alike but for chance.
    """
    row = _check_found(change).iloc[0]
    periods, empty = int(row["periods"]), int(row["empty"])
    sentences = [_describe_found(row, unit)]
    if pd.notna(row["lower_since"]) and row["change"] != "too_early":
        sentences.append(
            f"It is lower so far since {_name(row['lower_since'], unit)}: newer projects have had "
            "less time to involve people."
        )
    if FEWEST_PERIODS <= periods < FEWEST_TO_SHUFFLE:
        sentences.append(
            f"There are only {periods} {unit}s with projects, so this takes {unit}s as alike but "
            "for chance."
        )
    if empty and row["change"] != "too_few":
        day = _name(row["last_empty"], unit)
        which = f", the latest from {day}," if empty > 1 else f" (from {day})"
        sentences.append(
            f"In {empty:,} of {count_of(periods + empty, unit)}{which} no project started."
        )
    return " ".join(sentences)


def _check_found(change: pd.DataFrame) -> pd.DataFrame:
    """Check one row of what was found, and all that is said of it."""
    change = check_frame(
        change, _FOUND, filled="change rises falls periods empty", some=True, step="find_change"
    ).head(1)
    told = _TOLD.get(change["change"].iloc[0], "")
    if change["empty"].iloc[0]:
        told += " last_empty"
    return check_frame(change, told, filled=told, step="find_change")


_DOUBTS = {
    "blanks_fell": "As recorded the rate rose, but the register's blanks fell meanwhile, which "
    "alone could give this, so it is not called a change.",
    "blanks_rose": "As recorded the rate fell, but the register's blanks rose meanwhile, which "
    "alone could give this, so it is not called a change.",
    "recorded": "As recorded the rate has changed, but not by more than chance does among the "
    "projects where involvement is recorded, so it is not called a change.",
    "days": "The rate seems to have changed, but for too many projects the day of first "
    "involvement is not recorded to call it a change.",
}


def _describe_found(row: pd.Series, unit: str) -> str:
    """Describe what was found in one row, without what limits it."""
    change, periods = row["change"], int(row["periods"])
    if change == "too_few":
        if not periods:
            return f"No {unit} with projects is old enough to tell whether the rate has changed."
        only = count_of(periods, unit)
        return f"Projects started in only {only}: too few to tell whether the rate has changed."
    if change == "none":
        if row["doubt"]:
            return _DOUBTS[row["doubt"]]
        level = f"{_rate(row, 'first')} over {count_of(periods, unit)}."
        if row["p_value"] < LEVEL <= row["p_adjusted"]:
            return (
                "The rate has not changed by more than chance does: of so many directorates, some "
                f"look changed by chance alone. It is {level}"
            )
        return f"The rate has not changed by more than chance does: it is {level}"
    if change == "too_early":
        return (
            "The rate is lower so far for projects that started since "
            f"{_name(row['changed_at'], unit)}: {_rates(row)[1]}, against {_rates(row)[0]} before. "
            "Newer projects have had less time to involve people, so this is not called a fall."
        )
    return _describe_called(row, unit)


def _describe_called(row: pd.Series, unit: str) -> str:
    rises, falls = int(row["rises"]), int(row["falls"])
    since, first = _name(row["changed_at"], unit), _name(row["first_changed_at"], unit)
    verb = "risen" if row["change"] == "rise" else "fallen"
    if rises + falls == 1:
        return (
            f"The rate has {verb} by more than chance does: from {_rates(row)[0]} before {since} "
            f"to {_rates(row)[1]} since."
        )
    if not (rises and falls):
        first_rate, last_rate = _write_rates(row, "first", "after")
        return (
            f"The rate has {verb} step by step, each time by more than chance does: from "
            f"{first_rate} before {first} to {last_rate} since {since}."
        )
    latest = "rose" if row["change"] == "rise" else "fell"
    earlier = "fell" if row["change"] == "rise" else "rose"
    began, before, after = _write_rates(row, "first", "before", "after")
    if rises + falls == 2:
        return (
            f"The rate {earlier} from {began} to {before} in {first} "
            f"and {latest} to {after} in {since}, each time by more than chance does."
        )
    return (
        f"The rate has changed {rises + falls} times by more than chance does. It was "
        f"{began} before {first}; the latest time, in {since}, it {latest} from "
        f"{before} to {after}."
    )


def _rates(row: pd.Series) -> tuple[str, str]:
    """Return both rates of a change, with the digits that tell them apart."""
    before, after = _write_rates(row, "before", "after")
    return before, after


def _rate(row: pd.Series, side: str) -> str:
    return _write_rates(row, side)[0]


def _write_rates(row: pd.Series, *sides: str) -> list[str]:
    """Write the rates of parts that are compared, each with its counts."""
    counts = [[int(row[f"{side}_{name}"]) for name in COUNTS] for side in sides]
    shown = percents(*(k / n for k, n in counts))
    return [f"{rate} ({k_of_n(k, n)})" for rate, (k, n) in zip(shown, counts, strict=True)]


def _name(day: pd.Timestamp, unit: str) -> str:
    """Name a period by its month, or by its day where it is a week or another part of one."""
    return f"{day:%B %Y}" if unit in UNITS.values() else f"the {unit} of {format_date(day)}"
