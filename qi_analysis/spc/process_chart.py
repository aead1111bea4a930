"""Process charts: the mean, limits and signals of a series, or of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.schema import COUNTS, check_frame
from ..stats.proportions import binomial_quantiles, check_counts
from ..stats.rates import parse_target
from .rules import RULES, apply_rules, assurance, point_types
from .series import (
    FEWEST_TO_TELL,
    SMALLEST,
    Series,
    are_settled,
    group_keys,
    single_values,
    used_points,
)

_CHART = "point mean lpl upl phase rebase_reason direction point_type target assurance trial_limits"
CHARTS = ("p_exact", "p_prime", "p", "xmr")
IMPROVEMENTS = ("increase", "decrease", "neutral")
TRIAL = 13  # points below which limits are provisional
TAIL = 0.00135  # beyond three standard deviations on one side, where values are normal


def add_spc(
    frame: pd.DataFrame,
    *,
    chart: str = "p_exact",
    by: str | list[str] | None = None,
    order: str = "period",
    improvement: str = "increase",
    target: float | str | Mapping | None = None,
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
        points that are not are kept, and neither tested nor used for limits.
    chart : {"p_exact", "p", "p_prime", "xmr"}
        Rates, exact: a point is outside if a count so low, or so high, has a chance below 0.135%
        at the mean of its phase; the limits are the outermost rates that have not; there is no
        other rule. Rates by Making Data Count's rules: p, or Laney's p′, which allows for more
        spread between periods than chance, or for less. Single values: XmR, by the same rules.
    by : str or list of str, optional
        Columns that name the groups.
    order : str
        The column that orders the points, such as ``period``; no group has one value twice.
    improvement : {"increase", "decrease", "neutral"}
        The good direction.
    target : float, str or mapping, optional
        In the units of the points, for rates 0-1 or text such as ``"80%"``; or the name of a column
        of the frame; or a target for each group. NaN is none.
    rebase : list of dates, or {group: list of dates}
        The first period of each new phase, for all groups or for those named; a date means the
        period that holds it. The recalculations that a profile accepts (``rebases_for``,
        ``rebases_by``) are dates too, with their reasons. They stand for charts of all sizes: one
        in a gap takes effect at the next period, and one without two points on either side, none.
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
        ``rebase_reason``
            On the first row of a phase: why a profile has it begin; else empty.
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

    Raises
    ------
    ValueError
        For an unknown option, more in a numerator than in its denominator, a period twice in a
        group, a rebase date in no group's data, or a rate's target that is no share.

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
    read = ["value"] if chart == "xmr" else COUNTS
    check_frame(frame, *read, by=[*group_keys(by), order])
    point, numerator, denominator = _points_and_counts(frame, chart)
    targets = _targets(frame, target, group_keys(by), chart)
    tested = np.where(are_settled(frame), point, np.nan)
    series = Series.of(frame, (tested, numerator, denominator), by, order)
    phase, why = series.phases(rebase)
    used = used_points(series.point, phase, baseline)
    limits = process_limits(
        series, phase, used, chart, chart == "xmr" if screen is None else screen
    )
    rules, ways = apply_rules(series.point, limits, phase)
    if chart == "p_exact":
        rules = {name: flags & (name == "outside_limits") for name, flags in rules.items()}
    aimed = targets[series.rows]
    added = {
        "point": point[series.rows],
        **{name: limits[name] for name in ("mean", "lpl", "upl")},
        "phase": series.numbers(phase),
        "rebase_reason": pd.array(why, dtype="str"),
        **rules,
        **point_types(rules, ways, improvement),
        "target": aimed,
        "assurance": assurance(limits, aimed, improvement),
        "trial_limits": limits["points"] < TRIAL,
    }
    return series.put_back(frame, added)


def _targets(frame: pd.DataFrame, target, keys: list[str], chart: str) -> np.ndarray:
    """Return each row's target: one for all, a column's, or its group's; NaN for none."""
    parse = _parse_value if chart == "xmr" else parse_target
    if isinstance(target, str) and target in frame:
        return frame[target].map(parse).to_numpy(float)
    if isinstance(target, Mapping):
        if len(keys) != 1:
            raise OptionError("A `target` for each group needs one column in `by`.")
        return (
            frame[keys[0]]
            .map({name: parse(value) for name, value in target.items()})
            .to_numpy(float)
        )
    return np.full(len(frame), parse(target))


def _parse_value(target: object) -> float:
    return np.nan if target is None else float(target)  # pyright: ignore[reportArgumentType]


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
    """
    check_frame(spc, _CHART, *RULES, by=[*group_keys(by), order], step="add_spc")
    keys = group_keys(by)
    ranked = spc.assign(_valid=are_tested(spc)).sort_values([*keys, "_valid", order])
    latest = ranked[~ranked.duplicated(keys, keep="last")] if keys else ranked.tail(1)
    n = ranked.groupby([*keys, "phase"], dropna=False)["_valid"].sum().rename("n").reset_index()
    rows = latest.merge(n, on=[*keys, "phase"], how="left")
    columns = [
        *("mean", "lpl", "upl", "target", "variation", "assurance", "trial_limits", "rules"),
        "readable",
    ]
    rows = rows.drop(columns="rebase_reason").assign(variation=_variation, rules=_rules_fired)
    rows["assurance"] = rows["assurance"].where(rows["n"] >= TRIAL, "none")
    rows = rows.assign(readable=(rows["n"] >= FEWEST_TO_TELL) & _many_enough(spc, rows, keys))
    rows = rows.merge(list_rebases(spc, by=by, order=order), on=[*keys, "phase"], how="left")
    rows["rebase_reason"] = rows["rebase_reason"].fillna("")
    return rows[[*keys, "n", *columns, "rebased", "rebase_reason"]]


def are_tested(spc: pd.DataFrame) -> np.ndarray:
    """Find the points that a chart's limits and rules are about: settled ones, of some projects."""
    return spc["point"].notna().to_numpy() & are_settled(spc)


def median_size(spc: pd.DataFrame) -> float:
    """Return the median denominator of the points that are tested."""
    return spc.loc[are_tested(spc), "denominator"].median()


def _many_enough(spc: pd.DataFrame, rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Find for each group whether its points rest on enough projects; values always do."""
    if "denominator" not in spc:
        return pd.Series(True, rows.index)
    if not keys:
        return pd.Series(median_size(spc) >= SMALLEST, rows.index)
    middle = spc[are_tested(spc)].groupby(keys, dropna=False)["denominator"].median()
    middle = middle.rename("_middle").reset_index()
    return rows.merge(middle, on=keys, how="left").set_axis(rows.index)["_middle"] >= SMALLEST


def list_rebases(
    spc: pd.DataFrame, *, by: str | list[str] | None = None, order: str = "period"
) -> pd.DataFrame:
    """Return a row a recalculation: the group, ``phase``, ``rebased`` (its first period), why."""
    keys = group_keys(by)
    later = spc[spc["phase"] > 1].sort_values([*keys, order])
    starts = later[~later.duplicated([*keys, "phase"])].rename(columns={order: "rebased"})
    return starts[[*keys, "phase", "rebased", "rebase_reason"]].reset_index(drop=True)


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


def _points_and_counts(frame: pd.DataFrame, chart: str) -> tuple:
    """Return the points drawn, and the numerators and denominators that their mean rests on."""
    if chart == "xmr":
        return single_values(frame["value"])
    k, n = check_counts(*(frame[name].to_numpy(float, na_value=np.nan) for name in COUNTS))
    k = np.where(np.isnan(n), np.nan, k)
    return k / n, k, np.where(np.isnan(k), np.nan, n)


XMR_FACTOR = 2.66  # 3 / 1.128, MDC's rounding
D2 = 1.128  # mean range of two points, in standard deviations
SCREEN_FACTOR = 3.267  # upper limit of a moving range, in mean ranges


def process_limits(series: Series, phase, used, chart: str, screen: bool) -> dict:
    """Return the mean, limits and two-thirds lines of each point's phase.

    ``used`` marks the points that the limits rest on; ``points`` counts them. ``attained`` marks
    the lower and upper limits that a point can lie on, as they end where rates do.
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
        spread = _SPREADS[chart](series, mean, lambda v: _mean_range(v, used, phase, size, screen))
    free = mean - 3 * spread, mean + 3 * spread
    lower, upper = free if chart == "xmr" else (np.clip(limit, 0, 1) for limit in free)
    return {
        "mean": mean, "lpl": lower, "upl": upper, "points": points[phase],
        "attained": (lower > free[0], upper < free[1]),
        "two_thirds": (mean - 2 * spread, mean + 2 * spread),
    }  # fmt: skip


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


def _mean_range(values, used, phase, size: int, screen: bool) -> np.ndarray:
    """Return the mean moving range of each point's phase, screened where chosen and possible."""
    together = (np.diff(phase) == 0) & used[1:] & used[:-1]
    ranges, at = np.abs(np.diff(values))[together], phase[1:][together]

    def mean_of(rows):
        return np.bincount(at[rows], ranges[rows], size) / np.bincount(at[rows], minlength=size)

    mean = mean_of(slice(None))
    if screen:
        screened = mean_of(ranges < SCREEN_FACTOR * mean[at])
        mean = np.where(screened > 0, screened, mean)
    return mean[phase]
