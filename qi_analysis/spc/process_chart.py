"""Process charts: the mean, limits and signals of a series, or of many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame
from ..core.schema import COUNTS
from ..profile import Aim
from ..stats.proportions import binomial_quantiles, check_counts
from ..stats.rates import parse_target, read_share
from .rules import ROUNDING, RULES, apply_rules, assurance, point_types
from .series import (
    FEWEST_TO_TELL,
    RATE,
    SMALLEST,
    Series,
    are_settled,
    group_keys,
    name_points,
    order_series,
    single_values,
    used_points,
)

_ALWAYS = f"phase point_type trial_limits {' '.join(RULES)}"  # what no point lacks
_CHART = (
    "point mean lpl upl phase rebased rebase_reason direction point_type target assurance "
    "trial_limits point_is"
)
CHARTS = ("p_exact", "p_prime", "p", "xmr")
IMPROVEMENTS = ("increase", "decrease", "neutral")
TRIAL = 13  # points below which limits are provisional
TAIL = 0.00135  # beyond three standard deviations on one side, where values are normal


def add_spc(
    frame: pd.DataFrame,
    *,
    chart: str = "p_exact",
    value: str = "value",
    by: str | list[str] | None = None,
    order: str = "period",
    improvement: str = "increase",
    target: float | str | Mapping | tuple[Aim, ...] | None = None,
    rebase: Iterable | Mapping = (),
    baseline: int | None = None,
    screen: bool | None = None,
) -> pd.DataFrame:
    """Add a process chart's mean, limits and signals to a series, or to many.

    Parameters
    ----------
    frame : DataFrame
        A row a group and period: ``value`` for an XmR chart; ``numerator, denominator`` for
        rates, in which a denominator of 0 is a missing point. Where there is a column ``settled``,
        points that are not are kept, and neither tested nor used for limits. A period that is
        absent inside a regular series is a gap: runs, trends and moving ranges end there.
    chart : {"p_exact", "p", "p_prime", "xmr"}
        Rates, exact: a point is outside if a count so low, or so high, has a chance below 0.135%
        at the mean of its phase; the limits are the outermost rates that have not; there is no
        other rule. Rates by Making Data Count's rules: p, or Laney's p′, which allows for more
        spread between periods than chance, or for less. Single values: XmR, by the same rules.
    value : str
        The column of an XmR chart, such as ``days_waited``. Sentences and charts call its points by
        that name, in its own unit; as percentages if it is ``rate``, or is numerator/denominator.
    by : str or list of str, optional
        Columns that name the groups.
    order : str
        The column that orders the points, such as ``period``; no group has one value twice. It
        holds numbers, or days, which are given back as dates: dates, pandas periods, ISO text, or
        the local days of a time zone.
    improvement : {"increase", "decrease", "neutral"}
        The good direction.
    target : float, str, mapping or tuple of Aim, optional
        In the units of the points, for rates 0-1 or text such as ``"80%"``; or the name of a column
        of the frame; or a target for each group; or by date, each from the period that holds its
        day: a profile's aims, or ``{"2020-04-01": "60%"}`` where there is no ``by``. NaN is none.
    rebase : list of dates, or {group: list of dates}
        The first period of each new phase, for all groups or for those named; a date means the
        period that holds it, and is ISO or day first where it is text. The recalculations that a
        profile accepts (``rebases_for``, ``rebases_by``) are dates too, with their reasons. They
        stand for charts of all sizes: one in a gap takes effect at the next period, and one without
        two points on either side, none.
    baseline : int, optional
        Take each phase's limits from its first so many points.
    screen : bool, optional
        Leave moving ranges out of the mean range where they are 3.267 times that or more, once; on
        for XmR, off for rates unless given.

    Returns
    -------
    DataFrame
        The same rows in the same order, and

        ``point``
            The value or rate drawn; missing where there is none.
        ``mean``, ``lpl``, ``upl``
            Centre, lower and upper process limit of the phase (within 0-1 for rates), exact ones
            at each point's own denominator; limits are missing on an XmR chart whose phase has no
            two neighbouring points.
        ``phase``
            1, 2, … from each recalculation.
        ``rebased``, ``rebase_reason``
            The first period of the phase, missing in the first phase; and why a profile has it
            begin, else empty.
        ``outside_limits``, ``trend``, ``two_in_three``, ``shift``
            Booleans: the rules that flag the point; on an exact chart only the first.
        ``direction``
            ``high``, ``low`` or empty: which way the first of those rules points.
        ``mixed``
            Rules point both ways.
        ``point_type``
            ``common_cause``, ``special_cause_improvement``, ``special_cause_concern`` or
            ``special_cause_neutral``.
        ``target``, ``assurance``
            The target, and whether the limits lie beyond it: ``consistent_pass``,
            ``consistent_fail``, ``inconsistent`` or ``none``. A target on a limit lies beyond it;
            but one that a point on the limit would meet is never failed: an upper limit of 100%
            does not fail a target of 100%.
        ``trial_limits``
            The limits rest on fewer than 13 points.
        ``point_is``
            What a point is: ``rate``, or the name of the values, such as ``days waited``.

    Raises
    ------
    ValueError
        For an unknown option, more in a numerator than in its denominator, a period twice in a
        group or missing, a rebase date in no group's data, a group that the data lack, or a rate's
        target that is no share.

    Examples
    --------
    >>> periods = pd.date_range("2020-01-01", periods=10, freq="MS")
    >>> frame = pd.DataFrame({"period": periods, "value": [3, 5, 4, 4, 3, 5, 4, 4, 5, 19]})
    >>> spc = add_spc(frame, chart="xmr", baseline=9)
    >>> spc[["mean", "lpl", "upl", "outside_limits", "point_type"]].tail(1).round(2)
       mean   lpl   upl  outside_limits                 point_type
    9  4.11  1.45  6.77            True  special_cause_improvement
    """
    _check_options(chart, improvement)
    read = [] if chart == "xmr" else COUNTS
    frame = check_frame(frame, *read, by=by, order=order, number="" if read else value)
    point, numerator, denominator = _points_and_counts(frame, chart, value)
    tested = np.where(are_settled(frame), point, np.nan)
    series = Series.of(frame, (tested, numerator, denominator), by, order)
    aimed = _targets(frame, series, target, parse_value if chart == "xmr" else parse_target)
    phase, why = series.phases(rebase)
    stretch = series.stretches(phase)
    used = used_points(series.point, phase, baseline)
    screened = chart == "xmr" if screen is None else screen
    limits = process_limits(series, phase, stretch, used, chart, screened)
    rules, ways = apply_rules(series.point, limits, stretch)
    if chart == "p_exact":
        rules = {name: flags & (name == "outside_limits") for name, flags in rules.items()}
    added = {
        order: series.when.array,
        "point": point[series.rows],
        **{name: limits[name] for name in ("mean", "lpl", "upl")},
        "phase": series.numbers(phase),
        "rebased": series.rebased(phase).array,
        "rebase_reason": pd.array(why, dtype="str"),
        **rules,
        **point_types(rules, ways, improvement),
        "target": aimed,
        "assurance": assurance(limits, aimed, improvement),
        "trial_limits": limits["points"] < TRIAL,
    }
    named = RATE if read else name_points(frame, value)
    return series.put_back(frame, added).assign(point_is=named)


def _targets(frame: pd.DataFrame, series: Series, target, parse: Callable) -> np.ndarray:
    """Return each point's target: one for all, a column's, its group's or its date's, or NaN."""
    if isinstance(target, str) and target in frame:
        return np.array([parse(each) for each in frame[target].iloc[series.rows]], float)
    if isinstance(target, Mapping) and not series.labels.columns.empty:
        known = {name: parse(each) for name, each in target.items()}
        return np.array(series.by_group(known, "target", np.nan), float)
    if isinstance(target, (Mapping, tuple)):
        return _dated_targets(series, target, parse)
    return np.full(len(frame), parse(target))


def _dated_targets(series: Series, target: Mapping | tuple, parse: Callable) -> np.ndarray:
    """Return the target that is in force in each period: the latest that had begun by its end."""
    pairs = target.items() if isinstance(target, Mapping) else [(a.starts, a.rate) for a in target]
    targets, when = np.full(len(series.when), np.nan), series.when.to_numpy()
    for starts, each in sorted((_parse_start(series, day), parse(each)) for day, each in pairs):
        targets[(series.period_ends > starts) | (when >= starts)] = each
    return targets


def _parse_start(series: Series, day):
    try:
        return series.parse(day)
    except OptionError:
        raise OptionError(
            f"A `target` for each group needs `by`; without it, it is by date, and {day!r} is none."
        ) from None


def parse_value(target: object, option: str = "target") -> float:
    """Read a target in the unit of the points: a number, or a share as text with %."""
    if target is None or target is pd.NA or (isinstance(target, str) and not target.strip()):
        return np.nan
    share = read_share(target)
    try:
        number = float(target if share is None else share)  # pyright: ignore[reportArgumentType]
    except (TypeError, ValueError):
        number = np.inf
    if np.isinf(number):
        raise OptionError(f"`{option}` must be a number; not {target!r}.")
    return number


def summarise_spc(
    spc: pd.DataFrame, *, by: str | list[str] | None = None, order: str = "period"
) -> pd.DataFrame:
    """Return how each series stands, from its latest point and its latest limits.

    Parameters
    ----------
    spc : DataFrame
        From :func:`add_spc`, with the same ``by`` and ``order``.

    Returns
    -------
    DataFrame
        A row a group:

        the columns of ``by``
            The group.
        ``n``
            Points of the latest phase, without those that are not settled.
        ``mean``, ``lpl``, ``upl``, ``target``
            Of the latest phase; the target is missing where there is none.
        ``variation``
            Of the latest point: ``common_cause``, or ``improvement_high``, ``improvement_low``,
            ``concern_high``, ``concern_low``, ``neutral_high``, ``neutral_low``.
        ``assurance``
            ``consistent_pass``, ``consistent_fail``, ``inconsistent``; ``none`` without a target,
            and where the latest phase has fewer than 13 points.
        ``trial_limits``
            The limits rest on fewer than 13 points.
        ``rules``
            The rules that flag the latest point, in the order of their priority, by commas.
        ``readable``
            Whether there are enough points, and enough projects in each, to tell a real change from
            chance: at least 5 in the latest phase, their median denominator at least 5. Of fewer
            points none can lie beyond XmR or p′ limits that rest on them.
        ``rebased``, ``rebase_reason``
            The period from which the latest phase was recalculated, missing where none was; and
            why, where a profile says so.
        ``point_is``
            What a point is, as :func:`add_spc` has it.

    Examples
    --------
    >>> quarters = pd.date_range("2018-01-01", periods=16, freq="QS")
    >>> counts = pd.DataFrame({"period": quarters, "numerator": [5, 7] * 8, "denominator": 20})
    >>> summarise_spc(add_spc(counts, target="80%"))[["n", "mean", "variation", "assurance"]]
        n  mean     variation        assurance
    0  16   0.3  common_cause  consistent_fail
    """
    spc = check_frame(spc, _CHART, *RULES, by=by, order=order, filled=_ALWAYS, step="add_spc")
    keys = group_keys(by)
    spc = spc if keys else order_series(spc, order)
    ranked = spc.assign(_valid=are_tested(spc)).sort_values([*keys, "_valid", order])
    latest = ranked[~ranked.duplicated(keys, keep="last")] if keys else ranked.tail(1)
    n = ranked.groupby([*keys, "phase"], dropna=False)["_valid"].sum().rename("n").reset_index()
    rows = latest.merge(n, on=[*keys, "phase"], how="left")
    columns = [
        *("mean", "lpl", "upl", "target", "variation", "assurance", "trial_limits", "rules"),
        "readable",
    ]
    rows = rows.assign(variation=_variation, rules=_rules_fired)
    rows["assurance"] = rows["assurance"].where(rows["n"] >= TRIAL, "none")
    rows = rows.assign(readable=(rows["n"] >= FEWEST_TO_TELL) & _many_enough(spc, rows, keys))
    return rows[[*keys, "n", *columns, "rebased", "rebase_reason", "point_is"]]


def are_tested(spc: pd.DataFrame) -> np.ndarray:
    """Find the points that a chart's limits and rules are about: settled ones, of some projects."""
    return spc["point"].notna().to_numpy() & are_settled(spc)


def counts_projects(spc: pd.DataFrame) -> bool:
    """Return whether the points are rates of projects, which are too few or not."""
    return "denominator" in spc and bool(spc["point_is"].head(1).eq(RATE).all())


def median_size(spc: pd.DataFrame) -> float:
    """Return the median denominator of the points that are tested."""
    return spc.loc[are_tested(spc), "denominator"].median()


def _many_enough(spc: pd.DataFrame, rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Find for each group whether its points rest on enough projects; values always do."""
    if not counts_projects(spc):
        return pd.Series(True, rows.index)
    if not keys:
        return pd.Series(median_size(spc) >= SMALLEST, rows.index)
    middle = spc[are_tested(spc)].groupby(keys, dropna=False)["denominator"].median()
    middle = middle.rename("_middle").reset_index()
    return rows.merge(middle, on=keys, how="left").set_axis(rows.index)["_middle"] >= SMALLEST


def list_rebases(spc: pd.DataFrame) -> pd.DataFrame:
    """Return a row a recalculation of one series: ``phase``, ``rebased`` (its first period), why.

    A chart of its latest points alone still says when their phase began.
    """
    later = spc[spc["phase"] > 1].drop_duplicates("phase").sort_values("phase")
    return later[["phase", "rebased", "rebase_reason"]].reset_index(drop=True)


def _variation(rows: pd.DataFrame) -> pd.Series:
    way = rows["point_type"].str.removeprefix("special_cause_")
    return way.where(way == "common_cause", way + "_" + rows["direction"])


def _rules_fired(rows: pd.DataFrame) -> pd.Series:
    fired = np.array(RULES, dtype=object)
    named = [", ".join(fired[flags]) for flags in rows[list(RULES)].to_numpy(bool)]
    return pd.Series(named, rows.index, dtype="str")


def _check_options(chart: str, improvement: str) -> None:
    for name, value, known in (
        ("chart", chart, CHARTS),
        ("improvement", improvement, IMPROVEMENTS),
    ):
        if value not in known:
            words = ", ".join(f"'{word}'" for word in known)
            raise OptionError(f"`{name}` must be one of {words}; not '{value}'.")


def _points_and_counts(frame: pd.DataFrame, chart: str, value: str) -> tuple:
    """Return the points drawn, and the numerators and denominators that their mean rests on."""
    if chart == "xmr":
        return single_values(frame[value])
    k, n = check_counts(*(frame[name].to_numpy(float, na_value=np.nan) for name in COUNTS))
    k = np.where(np.isnan(n), np.nan, k)
    return k / n, k, np.where(np.isnan(k), np.nan, n)


XMR_FACTOR = 2.66  # 3 / 1.128, MDC's rounding
D2 = 1.128  # mean range of two points, in standard deviations
SCREEN_FACTOR = 3.267  # upper limit of a moving range, in mean ranges


def process_limits(series: Series, phase, stretch, used, chart: str, screen: bool) -> dict:
    """Return the mean, limits and two-thirds lines of each point's phase.

    Moving ranges are those of neighbours in a ``stretch``. ``used`` marks the points that the
    limits rest on; ``points`` counts them. ``attained`` marks the lower and upper limits that a
    point can lie on, as they end where rates do.
    """
    size = phase[-1] + 1 if len(phase) else 0
    numerator, denominator, points = (
        np.bincount(phase[used], column[used], size)
        for column in (series.numerator, series.denominator, np.ones(len(phase)))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (numerator / denominator)[phase]
        if chart == "p_exact":
            return _exact_limits(series.denominator, mean) | {"points": points[phase]}
        spread = _SPREADS[chart](
            series, mean, lambda v: _mean_range(v, used, phase, stretch, size, screen)
        )
    free = _around(mean, -3 * spread), _around(mean, 3 * spread)
    lower, upper = free if chart == "xmr" else (np.clip(limit, 0, 1) for limit in free)
    return {
        "mean": mean, "lpl": lower, "upl": upper, "points": points[phase],
        "attained": (lower > free[0], upper < free[1]),
        "two_thirds": (_around(mean, -2 * spread), _around(mean, 2 * spread)),
    }  # fmt: skip


def _around(mean: np.ndarray, way: np.ndarray) -> np.ndarray:
    """Return what lies so far from the mean: 0 where it is but what arithmetic leaves behind."""
    limit = mean + way
    return np.where(np.abs(limit) <= ROUNDING * np.abs(mean), 0.0, limit)


def _xmr_spread(series: Series, mean, mean_range) -> np.ndarray:
    return mean_range(series.point) * XMR_FACTOR / 3


def _p_spread(series: Series, mean, mean_range) -> np.ndarray:
    return np.sqrt(mean * (1 - mean) / series.denominator)


def _p_prime_spread(series: Series, mean, mean_range) -> np.ndarray:
    """Widen or narrow a p chart's spread by that of its points' z scores, where there are two."""
    spread = _p_spread(series, mean, mean_range)
    sigma = mean_range(np.where(spread > 0, (series.point - mean) / spread, 0.0)) / D2
    return spread * np.where(np.isnan(sigma), 1.0, sigma)


_SPREADS = {"p_prime": _p_prime_spread, "p": _p_spread, "xmr": _xmr_spread}


def _exact_limits(n: np.ndarray, mean: np.ndarray) -> dict:
    """Return the outermost rates of which neither tail's chance lies below :data:`TAIL`."""
    lower = binomial_quantiles(TAIL, n, mean) / n
    upper = (n - binomial_quantiles(TAIL, n, 1 - mean)) / n
    everywhere = np.ones(len(n), bool)
    return {
        "mean": mean, "lpl": lower, "upl": upper,
        "attained": (everywhere, everywhere), "two_thirds": (lower, upper),
    }  # fmt: skip


def _mean_range(values, used, phase, stretch, size: int, screen: bool) -> np.ndarray:
    """Return the mean moving range of each point's phase, screened where chosen and possible."""
    together = (np.diff(stretch) == 0) & used[1:] & used[:-1]
    ranges, at = np.abs(np.diff(values))[together], phase[1:][together]

    def mean_of(rows):
        return np.bincount(at[rows], ranges[rows], size) / np.bincount(at[rows], minlength=size)

    mean = mean_of(slice(None))
    if screen:
        screened = mean_of(ranges < SCREEN_FACTOR * mean[at])
        mean = np.where(screened > 0, screened, mean)
    return mean[phase]
