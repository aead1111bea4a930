"""Process charts: the mean, limits and signals of a series, or of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.schema import COUNTS
from ..stats.proportions import check_counts
from .rules import RULES, apply_rules, assurance, point_types
from .series import FEWEST_TO_TELL, SMALLEST, Series, group_keys, single_values, used_points

CHARTS = ("p_wider", "p_prime", "p", "xmr")
IMPROVEMENTS = ("increase", "decrease", "neutral")
TRIAL = 13  # points below which limits are provisional


def add_spc(
    frame: pd.DataFrame,
    *,
    chart: str = "p_wider",
    by: str | list[str] | None = None,
    order: str = "period",
    improvement: str = "increase",
    target: float | None = None,
    rebase: Iterable | Mapping = (),
    baseline: int | None = None,
    screen: bool | None = None,
) -> pd.DataFrame:
    """Add a process chart's mean, limits and signals to a series, or to many.

    Parameters
    ----------
    frame : DataFrame
        A row a group and period: ``value`` for an XmR chart; ``numerator, denominator`` for
        rates, in which a denominator of 0 is a missing point.
    chart : {"p_wider", "p_prime", "p", "xmr"}
        Rates: p, whose limits hold what chance alone does; p′, which allows for more spread between
        periods than that, or for less; or the wider of these two at each point. Single values: XmR.
    by : str or list of str, optional
        Columns that name the groups.
    order : str
        The column that orders the points, such as ``period``; no group has one value twice.
    improvement : {"increase", "decrease", "neutral"}
        The good direction.
    target : float, optional
        In the units of the points.
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
            Centre, lower and upper process limit of the phase (within 0-1 for rates); limits
            are missing on an XmR chart whose phase has no two neighbouring points.
        ``phase``
            1, 2, … from each recalculation.
        ``rebase_reason``
            On the first row of a phase: why a profile has it begin; else empty.
        ``outside_limits``, ``trend``, ``two_in_three``, ``shift``
            Booleans: the rules that flag the point.
        ``direction``
            ``high``, ``low`` or empty: which way the first of those rules points.
        ``mixed``
            Rules point both ways.
        ``point_type``
            ``common_cause``, ``special_cause_improvement``, ``special_cause_concern`` or
            ``special_cause_neutral``.
        ``target``, ``assurance``
            The target, and whether the limits lie beyond it: ``consistent_pass``,
            ``consistent_fail``, ``inconsistent`` or ``none``.
        ``trial_limits``
            The limits rest on fewer than 13 points.

    Raises
    ------
    ValueError
        For an unknown option, more in a numerator than in its denominator, a period twice in a
        group, or a rebase date in no group's data.

    Examples
    --------
    >>> periods = pd.date_range("2020-01-01", periods=10, freq="MS")
    >>> frame = pd.DataFrame({"period": periods, "value": [3, 5, 4, 4, 3, 5, 4, 4, 5, 19]})
    >>> spc = add_spc(frame, chart="xmr", baseline=9)
    >>> spc[["mean", "lpl", "upl", "outside_limits", "point_type"]].tail(1).round(2)
       mean   lpl   upl  outside_limits                 point_type
    9  4.11  1.45  6.77            True  special_cause_improvement
    """
    _check_options(frame, chart, improvement)
    target = None if target is None else float(target)
    series = Series.of(frame, _points_and_counts(frame, chart), by, order)
    phase, why = series.phases(rebase)
    used = used_points(series.point, phase, baseline)
    limits = process_limits(
        series, phase, used, chart, chart == "xmr" if screen is None else screen
    )
    rules, ways = apply_rules(series.point, limits, phase)
    added = {
        "point": series.point,
        **{name: limits[name] for name in ("mean", "lpl", "upl")},
        "phase": series.numbers(phase),
        "rebase_reason": pd.array(why, dtype="str"),
        **rules,
        **point_types(rules, ways, improvement),
        "target": np.full(len(frame), np.nan if target is None else target),
        "assurance": assurance(limits, target, improvement),
        "trial_limits": limits["points"] < TRIAL,
    }
    return series.put_back(frame, added)


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
            Points of the latest phase.
        ``mean``, ``lpl``, ``upl``
            Of the latest phase.
        ``variation``
            Of the latest point: ``common_cause``, or ``improvement_high``, ``improvement_low``,
            ``concern_high``, ``concern_low``, ``neutral_high``, ``neutral_low``.
        ``assurance``
            ``consistent_pass``, ``consistent_fail``, ``inconsistent``; ``none`` without a target.
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
    keys = group_keys(by)
    ranked = spc.assign(_valid=spc["point"].notna()).sort_values([*keys, "_valid", order])
    latest = ranked[~ranked.duplicated(keys, keep="last")] if keys else ranked.tail(1)
    n = ranked.groupby([*keys, "phase"], dropna=False)["_valid"].sum().rename("n").reset_index()
    rows = latest.merge(n, on=[*keys, "phase"], how="left")
    columns = ["mean", "lpl", "upl", "variation", "assurance", "trial_limits", "rules", "readable"]
    rows = rows.drop(columns="rebase_reason").assign(variation=_variation, rules=_rules_fired)
    rows = rows.assign(readable=(rows["n"] >= FEWEST_TO_TELL) & _many_enough(spc, rows, keys))
    rows = rows.merge(list_rebases(spc, by=by, order=order), on=[*keys, "phase"], how="left")
    rows["rebase_reason"] = rows["rebase_reason"].fillna("")
    return rows[[*keys, "n", *columns, "rebased", "rebase_reason"]]


def _many_enough(spc: pd.DataFrame, rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Find for each group whether its points rest on enough projects; values always do."""
    if "denominator" not in spc:
        return pd.Series(True, rows.index)
    if not keys:
        return pd.Series(spc["denominator"].median() >= SMALLEST, rows.index)
    middle = spc.groupby(keys, dropna=False)["denominator"].median().rename("_middle").reset_index()
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


def _check_options(frame: pd.DataFrame, chart: str, improvement: str) -> None:
    for name, value, known in (
        ("chart", chart, CHARTS),
        ("improvement", improvement, IMPROVEMENTS),
    ):
        if value not in known:
            words = ", ".join(f"'{word}'" for word in known)
            raise OptionError(f"`{name}` must be one of {words}; not '{value}'.")
    wanted = ["value"] if chart == "xmr" else ["numerator", "denominator"]
    missing = [column for column in wanted if column not in frame]
    if missing:
        raise OptionError(f"A chart '{chart}' needs the column '{missing[0]}'.")


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

    ``used`` marks the points that the limits rest on; ``points`` counts them.
    """
    size = phase[-1] + 1 if len(phase) else 0
    numerator, denominator, points = (
        np.bincount(phase[used], column[used], size)
        for column in (series.numerator, series.denominator, np.ones(len(phase)))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (numerator / denominator)[phase]
        spread = _SPREADS[chart](series, mean, lambda v: _mean_range(v, used, phase, size, screen))
    free = mean - 3 * spread, mean + 3 * spread
    lower, upper = free if chart == "xmr" else (np.clip(limit, 0, 1) for limit in free)
    return {
        "mean": mean, "lpl": lower, "upl": upper, "points": points[phase],
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


def _p_wider_spread(series: Series, mean, mean_range) -> np.ndarray:
    return np.fmax(_p_spread(series, mean, mean_range), _p_prime_spread(series, mean, mean_range))


_SPREADS = {
    "p_wider": _p_wider_spread, "p_prime": _p_prime_spread, "p": _p_spread, "xmr": _xmr_spread
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
