"""Run charts: points around their median, and whether chance alone would have them so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame
from ..stats.proportions import binomial_quantiles
from ..stats.rates import NO_STARTS
from .describe import say_gaps, say_too_small
from .rules import above, run_lengths
from .series import (
    FEWEST_POINTS,
    Series,
    absent_before,
    format_day,
    format_point,
    group_codes,
    group_keys,
    name_points,
    order_series,
    single_values,
    used_points,
)


def add_run(
    frame: pd.DataFrame,
    *,
    value: str = "rate",
    by: str | list[str] | None = None,
    order: str = "period",
    rebase: Iterable | Mapping = (),
    baseline: int | None = None,
) -> pd.DataFrame:
    """Add a run chart's median to a series, or to many.

    A run chart asks less of its points than a process chart: it has no limits that rest on their
    being independent. It fits what is counted again each period, such as live projects.

    Parameters
    ----------
    frame : DataFrame
        A row a group and period.
    value : str
        The column drawn, such as ``rate`` or ``live_projects``; missing values are left out.
        Sentences and charts call its points by that name, in its own unit.
    by, order, rebase, baseline
        As in :func:`add_spc`.

    Returns
    -------
    DataFrame
        The same rows in the same order, and ``point``, ``median`` (of the phase), ``phase``,
        ``rebased`` (the first period of the phase, missing in the first one), ``useful`` (the
        point is not missing and not on the median), and ``point_is`` (``rate``, or the name of the
        values).

    Raises
    ------
    ValueError
        If a value cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> add_run(pd.DataFrame({"period": [1, 2, 3], "rate": [0.2, 0.4, 0.9]}))["median"].tolist()
    [0.4, 0.4, 0.4]
    """
    frame = check_frame(frame, by=by, order=order, number=value)
    series = Series.of(frame, single_values(frame[value]), by, order)
    phase, _ = series.phases(rebase)
    used = used_points(series.point, phase, baseline)
    points = pd.Series(np.where(used, series.point, np.nan))
    median = points.groupby(phase).transform("median").to_numpy()
    added = {
        order: series.when.array,
        "point": series.point,
        "median": median,
        "phase": series.numbers(phase),
        "rebased": series.rebased(phase).array,
        "useful": _side(series.point, median) != 0,
    }
    return series.put_back(frame, added).assign(point_is=name_points(frame, value))


def summarise_run(
    run: pd.DataFrame,
    *,
    by: str | list[str] | None = None,
    order: str = "period",
    centre: str = "median",
) -> pd.DataFrame:
    """Find whether a run chart's points move by more than chance, by Anhøj's two rules.

    Points on the centre are dropped. Runs end with the phase, and the latest phase of each group
    is looked at. The longest run on one side is unusual above
    round(log2(n)) + 3, and the number of crossings below the 5% quantile of a binomial distribution
    with n - 1 trials of a half.

    Parameters
    ----------
    run : DataFrame
        From :func:`add_run`; or from :func:`add_spc`, with ``centre="mean"``.
    by, order
        As in :func:`add_run`; add ``"phase"`` to ``by`` for a row a phase.
    centre : str
        The column of the centre.

    Returns
    -------
    DataFrame
        A row a group: the group, ``n`` (points of its latest phase), ``n_useful``, ``centre``,
        ``longest_run``, ``longest_run_max``, ``crossings``, ``crossings_min``, ``signal`` (either
        rule is broken), ``rebased`` (the first period of the phase, missing where it is the first),
        ``absent`` and ``missing`` (of the group's periods in all phases, those between its first
        and its last that have no row, as a regular series lacks them, and those without a point),
        and ``point_is``. Without a useful point there is no run and no signal.

    Examples
    --------
    >>> run = add_run(pd.DataFrame({"period": range(20), "rate": [0.2] * 10 + [0.6] * 10}))
    >>> summarise_run(run).iloc[0].to_dict()
    {'n': 20, 'n_useful': 20, 'centre': 0.4, 'longest_run': 10, 'longest_run_max': 7,
     'crossings': 1, 'crossings_min': 6, 'signal': True, 'rebased': nan, 'absent': 0,
     'missing': 0, 'point_is': 'rate'}
    """
    run = check_frame(
        run, "point phase rebased point_is", by=by, order=order, number=centre, step="add_run"
    )
    keys = group_keys(by)
    run = run if keys else order_series(run, order)
    gaps = _count_gaps(run, keys, order)
    latest = (
        run.groupby(keys, dropna=False)["phase"].transform("max") if keys else run["phase"].max()
    )
    rows = run[run["phase"] == latest].sort_values([*keys, order], kind="stable", ignore_index=True)
    code = group_codes(rows, keys)
    point, middle = rows["point"].to_numpy(float), rows[centre].to_numpy(float)
    last = rows.drop_duplicates(keys, keep="last") if keys else rows.tail(1)
    table = (
        last[[*keys, centre, "rebased", "point_is"]]
        .rename(columns={centre: "centre"})
        .reset_index(drop=True)
    )
    counts = _count_runs(_side(point, middle), code, len(table))
    longest, crossings = anhoej_limits(counts["n_useful"])
    broken = (counts["longest_run"] > longest) | (counts["crossings"] < crossings)
    return table.assign(
        **counts,
        **gaps,
        n=np.bincount(code, ~np.isnan(point), len(table)).astype(int),
        longest_run_max=longest,
        crossings_min=crossings,
        signal=broken & (counts["n_useful"] > 0),
    )[[*keys, "n", "n_useful", "centre", *_RUN_COLUMNS]]


_RUN_COLUMNS = [
    "longest_run", "longest_run_max", "crossings", "crossings_min", "signal", "rebased", "absent",
    "missing", "point_is",
]  # fmt: skip


def _count_gaps(run: pd.DataFrame, keys: list[str], order: str) -> dict:
    """Count each group's periods that have no row between others, and those without a point."""
    missing = np.bincount(group_codes(run, keys), run["point"].isna()).astype(int)
    return {"absent": np.bincount(*absent_before(run, keys, order)).astype(int), "missing": missing}


def _side(point: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Return 1 for a point above the centre, -1 below, 0 on it."""
    return above(point, centre).astype(int) - above(centre, point)


def _count_runs(side: np.ndarray, code: np.ndarray, groups: int) -> dict:
    """Count each group's points off the centre, its longest run of them, and its crossings."""
    group, side = code[side != 0], side[side != 0]
    lengths = pd.Series(run_lengths(side, group)).groupby(group).max()
    crossed = (np.diff(side) != 0) & (np.diff(group) == 0)
    return {
        "n_useful": np.bincount(group, minlength=groups),
        "longest_run": lengths.reindex(range(groups), fill_value=0).to_numpy(int),
        "crossings": np.bincount(group[1:][crossed], minlength=groups),
    }


def anhoej_limits(n_useful) -> tuple[np.ndarray, np.ndarray]:
    """Return the longest run and the fewest crossings that chance leaves, for so many points.

    >>> longest, crossings = anhoej_limits([0, 1, 12, 24])
    >>> longest.tolist(), crossings.tolist()
    ([0, 3, 7, 8], [0, 0, 3, 8])
    """
    n = np.asarray(n_useful)
    longest = np.where(n > 0, np.round(np.log2(np.maximum(n, 1))) + 3, 0)
    crossings = np.where(n > 1, binomial_quantiles(0.05, np.maximum(n - 1, 1), 0.5), 0)
    return longest.astype(int), crossings.astype(int)


def describe_run(summary: pd.DataFrame) -> str:
    """Describe what a run chart of one series shows, from one row of :func:`summarise_run`.

    >>> run = add_run(pd.DataFrame({"period": range(20), "rate": [0.2] * 10 + [0.6] * 10}))
    >>> print(describe_run(summarise_run(run)))
    The points move by more than chance: the longest run on one side of the median is 10 (chance
    alone gives at most 7), and the line crosses it 1 time (at least 6). The median is 40%.
    """
    summary = check_frame(
        summary, "n n_useful centre", *_RUN_COLUMNS, known=True, filled="signal",
        step="summarise_run",
    )  # fmt: skip
    if summary.empty:
        return NO_STARTS
    if len(summary) > 1:
        raise OptionError("This describes one series: choose one row of the summary.")
    row = summary.iloc[0]
    median = format_point(row["centre"], row["point_is"])
    since = "" if pd.isna(row["rebased"]) else f" since {format_day(row['rebased'])}"
    if row["n"] < FEWEST_POINTS:
        return say_too_small(row["point_is"])
    gaps = say_gaps(row["absent"], row["missing"])
    if row["n_useful"] == 0:
        return " ".join([f"Every point{since} lies on the median, {median}.", *gaps])
    times = "1 time" if row["crossings"] == 1 else f"{row['crossings']} times"
    how = "by more than chance" if row["signal"] else "no more than chance moves them"
    text = (
        f"The points{since} move {how}: the longest run on one side of the median is "
        f"{row['longest_run']} (chance alone gives at most {row['longest_run_max']}), and the line "
        f"crosses it {times} (at least {row['crossings_min']}). "
        f"The median is {median}."
    )
    return " ".join([text, *gaps])
