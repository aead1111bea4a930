"""Process charts: is a change real, or what chance does?

The rules and words are those of NHS England's Making Data Count (MDC). Each rule that fired is a
column of its own. Everything is computed for all groups at once.

Where this departs from MDC's own tool (NHSRplotthedots 0.2.2) and from qicharts2:

=========================  =========================================  ==========================
what                       here                                       switch
=========================  =========================================  ==========================
rates                      p′ charts (Laney 2002), limits in 0-1;     ``chart="xmr"`` on
                           XmR limits pass 100%                       ``value=rate``
two in three               points beyond the limit count too (MDC,    none
                           November 2023)
equal points               limits equal to the mean; the tool gives   none
                           none, and calls 100% "inconsistent"
screening that would       not done: the unscreened limits stand      ``screen=False``
leave no range, or only 0
target on a limit          counts as beyond it (MDC's text: ≥)        none
rules that point both      ``mixed``; the tool shows improvement      none
ways
missing period             no moving range; runs and trends start     leave the period out
                           again after it
rebase date                means the period that holds it; one in no  none
                           group's data is refused
=========================  =========================================  ==========================

Sources: NHS England, Making Data Count; Provost and Murray, The Health Care Data Guide; Laney
(2002), Quality Engineering 14:531; Anhøj and Olesen (2014), PLoS ONE 9:e113825.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from .profile import OptionError
from .words import format_date, percent

CHARTS = ("xmr", "p", "p_prime")
IMPROVEMENTS = ("increase", "decrease", "neutral")
XMR_FACTOR = 2.66  # 3 / 1.128, MDC's rounding
D2 = 1.128  # mean range of two points, in standard deviations
SCREEN_FACTOR = 3.267  # upper limit of a moving range, in mean ranges
SHIFT, TREND = 7, 7  # points
TRIAL = 13  # points below which limits are provisional
FEWEST_POINTS, SMALLEST = 2, 5  # points, and median denominator, below which a chart is unreadable
STABLE_SHIFT, STABLE_AFTER = 8, 12  # points that suggest a recalculation, and that must follow
ROUNDING = 1e-13  # relative: differences below it are arithmetic's, not the data's
RULES = ("outside_limits", "trend", "two_in_three", "shift")  # by priority of the label


def add_spc(
    frame: pd.DataFrame,
    *,
    chart: str = "p_prime",
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
        A row a group and period: ``value`` for an XmR chart; ``numerator, denominator`` for p and
        p′, in which a denominator of 0 is a missing point.
    chart : {"p_prime", "p", "xmr"}
        Rates: p′, which allows for more spread between periods than chance alone gives, or p;
        single values: XmR.
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
        period that holds it.
    baseline : int, optional
        Take each phase's limits from its first so many points.
    screen : bool, optional
        Leave moving ranges out of the mean range where they are 3.267 times that or more, once; on
        for XmR, off for p and p′ unless given.

    Returns
    -------
    DataFrame
        The same rows in the same order, and

        ``point``
            The value or rate drawn; missing where there is none.
        ``mean``, ``lpl``, ``upl``
            Centre, lower and upper process limit of the phase (within 0-1 for p and p′); limits
            are missing on an XmR chart whose phase has no two neighbouring points.
        ``phase``
            1, 2, … from each accepted recalculation.
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
    _check_options(frame, chart, improvement, baseline)
    target = None if target is None else float(target)
    series = _Series.of(frame, chart, by, order)
    phase = series.phases(rebase)
    limits = _limits(series, phase, chart, baseline, chart == "xmr" if screen is None else screen)
    rules, ways = _rules(series.point, limits, phase)
    added = {
        "point": series.point,
        **{name: limits[name] for name in ("mean", "lpl", "upl")},
        "phase": series.numbers(phase),
        **rules,
        **_point_types(rules, ways, improvement),
        "target": np.full(len(frame), np.nan if target is None else target),
        "assurance": _assurance(limits, target, improvement),
        "trial_limits": limits["points"] < TRIAL,
    }
    back = np.argsort(series.sorted_rows, kind="stable")
    return frame.assign(**{name: values[back] for name, values in added.items()})


def summarise_spc(
    spc: pd.DataFrame, *, by: str | list[str] | None = None, order: str = "period"
) -> pd.DataFrame:
    """Say how each series stands, from its latest point and its latest limits.

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
    """
    keys = _keys(by)
    ranked = spc.assign(_valid=spc["point"].notna()).sort_values([*keys, "_valid", order])
    latest = ranked[~ranked.duplicated(keys, keep="last")] if keys else ranked.tail(1)
    n = ranked.groupby([*keys, "phase"])["_valid"].sum().rename("n").reset_index()
    rows = latest.merge(n, on=[*keys, "phase"], how="left")
    way = rows["point_type"].str.removeprefix("special_cause_")
    variation = way.where(way == "common_cause", way + "_" + rows["direction"])
    fired = np.array(RULES, dtype=object)
    rules = [", ".join(fired[flags]) for flags in rows[list(RULES)].to_numpy(bool)]
    columns = [*keys, "n", "mean", "lpl", "upl", "variation", "assurance", "trial_limits", "rules"]
    return rows.assign(variation=variation, rules=pd.Series(rules, rows.index, dtype="str"))[
        columns
    ]


def describe_spc(
    summary: pd.DataFrame,
    spc: pd.DataFrame | None = None,
    *,
    noun: str = "the rate",
    order: str = "period",
) -> str:
    """Say what a process chart of one series shows, and how far it can be trusted.

    Parameters
    ----------
    summary : DataFrame
        One row of :func:`summarise_spc`.
    spc : DataFrame, optional
        The same series from :func:`add_spc`; names the points that stand out, if any, and says
        whether the chart is too small to read.
    noun : str
        What is drawn.
    order : str
        The column that orders the points.

    Examples
    --------
    >>> summary = pd.DataFrame({"n": [24], "mean": [0.4], "lpl": [0.1], "upl": [0.7],
    ...     "variation": ["improvement_high"], "assurance": ["consistent_fail"],
    ...     "trial_limits": [False], "rules": ["shift"]})
    >>> print(describe_spc(summary))
    The latest point shows a real improvement, not chance: 7 or more points in a row on one side of
    the mean. The mean of the rate is 40%; by chance alone it would move between 10% and 70%. As
    things are, the target will not be met.
    """
    if summary.empty:
        return NOTHING
    if spc is not None and too_small(spc):
        return TOO_SMALL
    row = summary.iloc[0]
    finding = _VARIATION[row["variation"].partition("_")[0]]
    why = f": {'; '.join(_RULE_WORDS[rule] for rule in row['rules'].split(', ') if rule)}"
    parts = [finding + (why if row["rules"] else "") + "."]
    if spc is not None:
        parts += _describe_points(spc, order)
    parts.append(_describe_limits(row, noun))
    if row["assurance"] in _ASSURANCE:
        parts.append(_ASSURANCE[row["assurance"]])
    if row["trial_limits"]:
        parts.append(f"The limits rest on fewer than {TRIAL} points and will still move.")
    return " ".join(parts)


NOTHING = "No project has a start date, so there is nothing to show over time."
TOO_SMALL = (
    "There are too few points, or too few projects in each, to read a chart: take a longer period."
)
_VARIATION = {
    "common": "The latest point lies within what chance alone does",
    "improvement": "The latest point shows a real improvement, not chance",
    "concern": "The latest point shows a real worsening, not chance",
    "neutral": "The latest point shows a real change, not chance",
}
_RULE_WORDS = {
    "outside_limits": "it lies outside the limits",
    "trend": "7 or more points in a row rise or fall",
    "two_in_three": "2 of 3 points in a row lie close to the same limit",
    "shift": "7 or more points in a row on one side of the mean",
}
_ASSURANCE = {
    "consistent_pass": "As things are, the target will be met every time.",
    "consistent_fail": "As things are, the target will not be met.",
    "inconsistent": "As things are, the target will be met or missed by chance.",
}


def too_small(spc: pd.DataFrame) -> bool:
    """Tell whether a series has too few points, or too few projects in each, to be read."""
    few = spc["point"].notna().sum() < FEWEST_POINTS
    return few or ("denominator" in spc and spc["denominator"].median() < SMALLEST)


def _describe_limits(row: pd.Series, noun: str) -> str:
    if row["lpl"] != row["lpl"]:
        return f"The mean of {noun} is {percent(row['mean'])}; there are no limits yet."
    if row["upl"] - row["lpl"] < 1e-9:
        return f"{noun.capitalize()} is {percent(row['mean'])} throughout."
    return (
        f"The mean of {noun} is {percent(row['mean'])}; by chance alone it would move between "
        f"{percent(row['lpl'])} and {percent(row['upl'])}."
    )


def _describe_points(spc: pd.DataFrame, order: str) -> list[str]:
    """Name the points outside the limits, and say where rules disagree."""
    valid = spc.dropna(subset="point").sort_values(order)
    out = valid[valid["outside_limits"]]
    said = []
    if len(out):
        named = ", ".join(
            f"{_shown(r[order])} ({percent(r['point'])})" for _, r in out.tail(3).iterrows()
        )
        count = "One point lies" if len(out) == 1 else f"{len(out)} points lie"
        latest = "" if len(out) <= 3 else ", the latest of them"
        said.append(f"{count} outside the limits{latest}: {named}.")
    if valid["mixed"].any():
        at = valid[valid["mixed"]].iloc[-1]
        said.append(f"At {_shown(at[order])} the rules point both ways.")
    return said


def describe_run(summary: pd.DataFrame) -> str:
    """Say what a run chart of one series shows, from one row of :func:`summarise_run`.

    >>> run = add_run(pd.DataFrame({"period": range(20), "rate": [0.2] * 10 + [0.6] * 10}))
    >>> print(describe_run(summarise_run(run)))
    The points move by more than chance: the longest run on one side of the median is 10 (chance
    alone gives at most 7), and the line crosses it 1 time (at least 6). The median is 40%.
    """
    if summary.empty:
        return NOTHING
    row = summary.iloc[0]
    if row["n"] < FEWEST_POINTS:
        return TOO_SMALL
    if row["n_useful"] == 0:
        return f"Every point lies on the median, {percent(row['centre'])}."
    times = "1 time" if row["crossings"] == 1 else f"{row['crossings']} times"
    how = "by more than chance" if row["signal"] else "no more than chance moves them"
    return (
        f"The points move {how}: the longest run on one side of the median is "
        f"{row['longest_run']} (chance alone gives at most {row['longest_run_max']}), and the line "
        f"crosses it {times} (at least {row['crossings_min']}). "
        f"The median is {percent(row['centre'])}."
    )


def describe_indicators(summary: pd.DataFrame, by: str = "directorate") -> str:
    """Say which of many series improve, worsen, or do what chance does.

    Parameters
    ----------
    summary : DataFrame
        A row a group, from :func:`summarise_spc`.
    by : str
        The column that names the groups.

    Examples
    --------
    >>> summary = pd.DataFrame({"directorate": ["A", "B"], "n": [24, 24],
    ...                         "variation": ["improvement_high", "common_cause"]})
    >>> describe_indicators(summary)
    'Of 2 groups with enough points, 1 shows a real improvement (A), none a real worsening, and 1
    no more than chance.'
    """
    enough = summary[summary["n"] >= FEWEST_POINTS]
    if enough.empty:
        return "No group has enough points to tell a real change from chance."
    kinds = enough["variation"].str.partition("_")[0]
    better, worse = (
        enough.loc[kinds == kind, by].astype(str).tolist() for kind in ("improvement", "concern")
    )
    rest = int(kinds.isin(["common", "neutral"]).sum())
    shows = "show" if len(better) > 1 else "shows"
    return (
        f"Of {len(enough)} {'group' if len(enough) == 1 else 'groups'} with enough points, "
        f"{len(better) or 'none'} {shows} a real improvement{_bracketed(better)}, "
        f"{len(worse) or 'none'} a real worsening{_bracketed(worse)}, and {rest or 'none'} no more "
        "than chance."
    )


def _bracketed(names: list[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


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
        The column drawn, such as ``rate``; missing values are left out.
    by, order, rebase, baseline
        As in :func:`add_spc`.

    Returns
    -------
    DataFrame
        The same rows in the same order, and ``point``, ``median`` (of the phase), ``phase``, and
        ``useful`` (the point is not missing and not on the median).

    Examples
    --------
    >>> add_run(pd.DataFrame({"period": [1, 2, 3], "rate": [0.2, 0.4, 0.9]}))["median"].tolist()
    [0.4, 0.4, 0.4]
    """
    _check_baseline(baseline)
    if value not in frame:
        raise OptionError(f"A run chart of '{value}' needs that column.")
    series = _Series.of(frame.assign(value=frame[value]), "xmr", by, order)
    phase = series.phases(rebase)
    used = ~np.isnan(series.point)
    if baseline is not None:
        used &= _count_within(used, phase) <= baseline
    points = pd.Series(np.where(used, series.point, np.nan))
    median = points.groupby(phase).transform("median").to_numpy()
    added = {
        "point": series.point,
        "median": median,
        "phase": series.numbers(phase),
        "useful": _above(series.point, median) | _above(median, series.point),
    }
    back = np.argsort(series.sorted_rows, kind="stable")
    return frame.assign(**{name: values[back] for name, values in added.items()})


def summarise_run(
    run: pd.DataFrame,
    *,
    by: str | list[str] | None = None,
    order: str = "period",
    centre: str = "median",
) -> pd.DataFrame:
    """Tell whether a run chart's points move by more than chance, by Anhøj's two rules.

    Points on the centre are dropped. The longest run on one side is unusual above
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
        A row a group: the group, ``n`` (points), ``n_useful``, ``centre`` (the latest),
        ``longest_run``, ``longest_run_max``, ``crossings``, ``crossings_min``, and ``signal``
        (either rule is broken). Without a useful point there is no run and no signal.

    Examples
    --------
    >>> run = add_run(pd.DataFrame({"period": range(20), "rate": [0.2] * 10 + [0.6] * 10}))
    >>> summarise_run(run).iloc[0].to_dict()
    {'n': 20, 'n_useful': 20, 'centre': 0.4, 'longest_run': 10, 'longest_run_max': 7,
     'crossings': 1, 'crossings_min': 6, 'signal': True}
    """
    keys = _keys(by)
    rows = run.sort_values([*keys, order], kind="stable", ignore_index=True)
    code = _codes(rows, keys)
    point, middle = rows["point"].to_numpy(float), rows[centre].to_numpy(float)
    side = _above(point, middle).astype(int) - _above(middle, point)
    group, side = code[side != 0], side[side != 0]
    lengths = pd.Series(_run_lengths(side, group)).groupby(group).max()
    crossed = np.flatnonzero((np.diff(side) != 0) & (np.diff(group) == 0))
    first = ~pd.Series(code).duplicated().to_numpy()
    last = ~pd.Series(code).duplicated(keep="last").to_numpy()
    groups = code[first]
    table = rows.loc[first, keys].reset_index(drop=True)
    n = np.bincount(group, minlength=groups.size)
    table["n"] = np.bincount(code, ~np.isnan(point), groups.size).astype(int)
    table["n_useful"] = n
    table["centre"] = rows.loc[last, centre].to_numpy()
    table["longest_run"] = lengths.reindex(groups, fill_value=0).to_numpy(int)
    table["longest_run_max"], table["crossings_min"] = anhoej_limits(n)
    table["crossings"] = np.bincount(group[crossed], minlength=groups.size)
    broken = table["longest_run"] > table["longest_run_max"]
    table["signal"] = (broken | (table["crossings"] < table["crossings_min"])) & (n > 0)
    order = ["longest_run", "longest_run_max", "crossings", "crossings_min", "signal"]
    return table[[*keys, "n", "n_useful", "centre", *order]]


def anhoej_limits(n_useful) -> tuple[np.ndarray, np.ndarray]:
    """Give the longest run and the fewest crossings that chance leaves, for so many points.

    >>> longest, crossings = anhoej_limits([0, 1, 12, 24])
    >>> longest.tolist(), crossings.tolist()
    ([0, 3, 7, 8], [0, 0, 3, 8])
    """
    from scipy.stats import binom

    n = np.asarray(n_useful)
    longest = np.where(n > 0, np.round(np.log2(np.maximum(n, 1))) + 3, 0)
    crossings = np.where(n > 1, binom.ppf(0.05, np.maximum(n - 1, 1), 0.5), 0)
    return longest.astype(int), crossings.astype(int)


def suggest_rebase(
    spc: pd.DataFrame, *, by: str | list[str] | None = None, order: str = "period"
) -> pd.DataFrame:
    """Propose where limits could be calculated anew; a person decides, nothing is done.

    A date is proposed where a shift of 8 or more points begins, at least 12 points stand from its
    start on, no later shift of 8 lies on the other side, and the points after the shift lie nearer
    to its mean than to the one before. The first such shift of each group's latest phase is given.
    Accept one, where a cause is known, by putting the date in ``rebase``.

    Parameters
    ----------
    spc : DataFrame
        From :func:`add_spc`, with the same ``by`` and ``order``.

    Returns
    -------
    DataFrame
        A row a proposal: the group, ``rebase`` (first period of the new phase), ``points`` (from
        there on), ``mean_before``, ``mean_after`` (plain means of the points on either side),
        ``rule`` (always ``shift``) and ``reason``, a sentence.

    Examples
    --------
    >>> periods = pd.date_range("2020-01-01", periods=26, freq="MS")
    >>> frame = pd.DataFrame({"period": periods, "value": [6, 5, 4] * 4 + [9, 8] * 7})
    >>> suggest_rebase(add_spc(frame, chart="xmr", baseline=12))[["rebase", "points", "rule"]]
          rebase  points   rule
    0 2021-01-01      14  shift
    """
    keys = _keys(by)
    rows = spc.dropna(subset="point").sort_values([*keys, order], kind="stable", ignore_index=True)
    code = _codes(rows, keys)
    rows = rows[rows["phase"] == rows.groupby(code)["phase"].transform("max")]
    code = _codes(rows, keys)
    side = _above(rows["point"], rows["mean"]).astype(int) - _above(rows["mean"], rows["point"])
    side = side.to_numpy()
    run = _runs(side, code)
    long = (side != 0) & (_run_lengths(side, code) >= STABLE_SHIFT)
    table = rows.assign(code=code, run=run, side=side, long=long, at=np.arange(len(rows)))
    starts = table[table["long"]].drop_duplicates("run")
    opposed = starts["side"] != starts.groupby("code")["side"].transform("last")
    undone = opposed[::-1].groupby(starts["code"][::-1]).cummax()  # by a shift back, later
    starts = starts[~undone.reindex(starts.index)]
    proposals = [_proposal(table, start, keys, order) for _, start in starts.iterrows()]
    columns = [*keys, "rebase", "points", "mean_before", "mean_after", "rule", "reason"]
    found = pd.DataFrame([p for p in proposals if p], columns=columns)
    return found.drop_duplicates(keys) if keys else found.head(1)


def _proposal(table: pd.DataFrame, start: pd.Series, keys: list[str], order: str) -> dict | None:
    """Give the proposal that a shift makes; None if it begins its phase, or did not last."""
    group = table[table["code"] == start["code"]]
    before, after = group[group["at"] < start["at"]], group[group["at"] >= start["at"]]
    shifted, rest = after[after["run"] == start["run"]], after[after["run"] != start["run"]]
    if before.empty or len(after) < STABLE_AFTER:
        return None
    old, new = before["point"].mean(), shifted["point"].mean()
    if len(rest) and abs(rest["point"].mean() - old) < abs(rest["point"].mean() - new):
        return None
    way = "above" if start["side"] > 0 else "below"
    return {
        **{key: start[key] for key in keys},
        "rebase": start[order],
        "points": len(after),
        "mean_before": old,
        "mean_after": after["point"].mean(),
        "rule": "shift",
        "reason": (
            f"From {_shown(start[order])}, {len(shifted)} points in a row lie {way} the mean, and "
            "the points since then do not take it back. Accept it only if you know the cause."
        ),
    }


def _codes(rows: pd.DataFrame, keys: list[str]) -> np.ndarray:
    if not keys:
        return np.zeros(len(rows), int)
    return rows.groupby(keys, sort=True, dropna=False).ngroup().to_numpy()


# --- series, phases and limits --------------------------------------------------------------------


def _check_options(frame: pd.DataFrame, chart: str, improvement: str, baseline) -> None:
    for name, value, known in (
        ("chart", chart, CHARTS),
        ("improvement", improvement, IMPROVEMENTS),
    ):
        if value not in known:
            words = ", ".join(f"'{word}'" for word in known)
            raise OptionError(f"`{name}` must be one of {words}; not '{value}'.")
    _check_baseline(baseline)
    wanted = ["value"] if chart == "xmr" else ["numerator", "denominator"]
    missing = [column for column in wanted if column not in frame]
    if missing:
        raise OptionError(f"A chart '{chart}' needs the column '{missing[0]}'.")


def _check_baseline(baseline: int | None) -> None:
    if baseline is not None and baseline < 2:
        raise OptionError(f"`baseline` must be at least 2 points; not {baseline}.")


def _keys(by: str | list[str] | None) -> list[str]:
    return [by] if isinstance(by, str) else list(by or ())


@dataclass(frozen=True)
class _Series:
    """All series of a frame end to end, each in its order, as arrays."""

    sorted_rows: np.ndarray  # positions of the frame's rows, group by group and in order
    group: np.ndarray  # 0, 1, … along the sorted rows
    when: pd.Series  # the order column, sorted likewise
    names: list  # each group's name
    point: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray

    @classmethod
    def of(cls, frame: pd.DataFrame, chart: str, by, order: str) -> _Series:
        keys = _keys(by)
        if keys:
            groups = frame.groupby(keys[0] if len(keys) == 1 else keys, sort=True, dropna=False)
            code, names = groups.ngroup().to_numpy(), list(groups.groups)
        else:
            code, names = np.zeros(len(frame), int), [None]
        ranked = frame[order].rank(method="dense").to_numpy()
        rows = np.lexsort((ranked, code))
        group, when = code[rows], frame[order].iloc[rows].reset_index(drop=True)
        again = (np.diff(group) == 0) & (np.diff(ranked[rows]) == 0)
        if again.any():
            at = when[np.flatnonzero(again)[0]]
            raise OptionError(
                f"Two rows of one group have the same '{order}', {_shown(at)}. "
                "Name the columns that tell the groups apart with `by`."
            )
        return cls(rows, group, when, names, *_points(frame, chart, rows))

    def phases(self, rebase) -> np.ndarray:
        """Number the phases of all groups together, 0, 1, …"""
        starts = np.zeros(len(self.group), bool)
        for group, date in self._rebase_dates(rebase):
            held = self._holds(date) & (True if group is None else self.group == group)
            if not held.any():
                raise OptionError(self._nowhere(date))
            starts |= held
        first = np.diff(self.group, prepend=-1) != 0
        return np.cumsum(starts | first) - 1

    def numbers(self, phase: np.ndarray) -> np.ndarray:
        """Number the phases within each group, 1, 2, …"""
        first = np.flatnonzero(np.diff(self.group, prepend=-1) != 0)
        return phase - phase[first][self.group] + 1 if len(phase) else phase

    def _rebase_dates(self, rebase):
        if not isinstance(rebase, Mapping):
            return [(None, date) for date in rebase]
        unknown = [name for name in rebase if name not in self.names]
        if unknown:
            raise OptionError(f"`rebase` names the group '{unknown[0]}', which the data lack.")
        return [(self.names.index(name), d) for name, dates in rebase.items() for d in dates]

    def _holds(self, date) -> np.ndarray:
        """Tell which periods hold a date: begun by then, and the next one not."""
        when = self.when.to_numpy()
        date = _like(when, date)
        if len(when) < 2:
            return when == date
        steps = np.diff(when)
        inside = np.diff(self.group) == 0
        step = steps[inside].min() if inside.any() else when[0] - when[0]
        ends = np.append(np.where(inside, when[1:], when[:-1] + step), when[-1] + step)
        return (when <= date) & ((date < ends) | (when == date))

    def _nowhere(self, date) -> str:
        known = np.sort(self.when.unique())
        at = np.searchsorted(known, _like(known, date))
        near = " and ".join(_shown(d) for d in known[max(0, at - 1) : at + 1])
        return f"The rebase date {_shown(date)} is in no group's data. The nearest are {near}."


def _like(when: np.ndarray, date):
    """Give a date in the kind of an order column, which may hold plain numbers."""
    return np.datetime64(pd.Timestamp(date)) if when.dtype.kind == "M" else date


def _shown(date) -> str:
    stamp = pd.Timestamp(date) if isinstance(date, (np.datetime64, str)) else date
    return format_date(stamp) if hasattr(stamp, "strftime") else str(stamp)


def _points(frame: pd.DataFrame, chart: str, rows: np.ndarray) -> tuple:
    if chart == "xmr":
        value = frame["value"].to_numpy(float, na_value=np.nan)[rows]
        return value, value, np.ones(len(rows))
    k, n = (frame[c].to_numpy(float, na_value=np.nan)[rows] for c in ("numerator", "denominator"))
    n = np.where(n > 0, n, np.nan)
    if np.any((k > n) | (k < 0)):
        raise OptionError("`numerator` must lie between 0 and the denominator.")
    k = np.where(np.isnan(n), np.nan, k)
    return k / n, k, np.where(np.isnan(k), np.nan, n)


def _limits(series: _Series, phase, chart: str, baseline, screen: bool) -> dict:
    """Give each point the mean, limits and two-thirds lines of its phase."""
    size = phase[-1] + 1 if len(phase) else 0
    valid = ~np.isnan(series.point)
    used = valid if baseline is None else valid & (_count_within(valid, phase) <= baseline)

    def total(values, where):
        return np.bincount(phase[where], values[where], size)

    points = total(np.ones(len(phase)), used)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = total(series.numerator, used) / total(series.denominator, used)
        mean = centre[phase]
        if chart == "xmr":
            spread = _mean_range(series.point, used, phase, size, screen) * XMR_FACTOR / 3
        else:
            spread = np.sqrt(mean * (1 - mean) / series.denominator)
        if chart == "p_prime":
            z = np.where(spread > 0, (series.point - mean) / spread, 0.0)
            sigma = _mean_range(z, used, phase, size, screen) / D2
            spread = spread * np.where(np.isnan(sigma), 1.0, sigma)
    free = mean - 3 * spread, mean + 3 * spread
    lower, upper = free if chart == "xmr" else (np.clip(limit, 0, 1) for limit in free)
    return {
        "mean": mean, "lpl": lower, "upl": upper, "points": points[phase],
        "two_thirds": (mean - 2 * spread, mean + 2 * spread),
    }  # fmt: skip


def _count_within(valid: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Count the points up to each one within its phase."""
    so_far = np.cumsum(valid)
    first = np.flatnonzero(np.diff(phase, prepend=-1) != 0)
    return so_far - (so_far - valid)[first][phase] if len(phase) else so_far


def _mean_range(values, used, phase, size: int, screen: bool) -> np.ndarray:
    """Give each point the mean moving range of its phase, screened where asked and possible."""
    together = (np.diff(phase) == 0) & used[1:] & used[:-1]
    ranges, at = np.abs(np.diff(values))[together], phase[1:][together]

    def mean_of(keep):
        return np.bincount(at[keep], ranges[keep], size) / np.bincount(at[keep], minlength=size)

    mean = mean_of(slice(None))
    if screen:
        screened = mean_of(ranges < SCREEN_FACTOR * mean[at])
        mean = np.where(screened > 0, screened, mean)
    return mean[phase]


# --- rules ----------------------------------------------------------------------------------------


def _rules(point, limits: dict, phase) -> tuple[dict, dict]:
    """Give each rule's flags, and which way (+1, -1) each one points."""
    side = _above(point, limits["mean"]).astype(int) - _above(limits["mean"], point)
    low, high = limits["two_thirds"]
    outside = _above(point, limits["upl"]) | _above(limits["lpl"], point)
    trend = _trends(point, phase)
    flags = {
        "outside_limits": outside,
        "trend": trend != 0,
        "two_in_three": _two_in_three(side, _above(point, high) | _above(low, point), phase),
        "shift": (side != 0) & (_run_lengths(side, phase) >= SHIFT),
    }
    return flags, {"outside_limits": side, "trend": trend, "two_in_three": side, "shift": side}


def _above(first, second) -> np.ndarray:
    """Tell where one number lies above another by more than arithmetic leaves behind."""
    return first - second > ROUNDING * np.maximum(np.abs(first), np.abs(second))


def _runs(key: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Number the runs of equal neighbours within a phase."""
    return np.cumsum(
        (np.diff(key, prepend=key[:1]) != 0) | (np.diff(phase, prepend=phase[:1]) != 0)
    )


def _run_lengths(key: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Give each point the length of its run of equal neighbours within a phase."""
    run = _runs(key, phase)
    return np.bincount(run)[run] if len(run) else run


def _trends(point: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Tell the points of strict rises (+1) and falls (-1); one of two takes the later's."""
    trend = np.zeros(len(point), int)
    if len(point) < TREND:
        return trend
    step = np.nan_to_num(np.sign(np.diff(point))).astype(int) * (np.diff(phase) == 0)
    lengths = _run_lengths(step, phase[1:])
    ways = np.where(lengths >= TREND - 1, step, 0)
    trend[1:] = ways
    trend[:-1] = np.where(ways != 0, ways, trend[:-1])
    return trend


def _two_in_three(side: np.ndarray, beyond: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Tell the points beyond two thirds that lie in three on one side, two of them beyond."""
    flagged = np.zeros(len(side), bool)
    if len(side) < 3:
        return flagged
    window = [slice(i, len(side) - 2 + i) for i in range(3)]
    same = (phase[window[0]] == phase[window[2]]) & (side[window[0]] != 0)
    same &= (side[window[0]] == side[window[1]]) & (side[window[1]] == side[window[2]])
    two = same & (sum(beyond[w].astype(int) for w in window) >= 2)
    for w in window:
        flagged[w] |= two & beyond[w]
    return flagged


def _point_types(rules: dict, ways: dict, improvement: str) -> dict:
    pointing = [np.where(rules[name], ways[name], 0) for name in RULES]
    way = np.select([rules[name] for name in RULES], pointing, 0)
    mixed = (np.max(pointing, axis=0) > 0) & (np.min(pointing, axis=0) < 0)
    good = {"increase": 1, "decrease": -1, "neutral": 0}[improvement]
    kind = np.where(
        good == 0,
        "special_cause_neutral",
        np.where(way == good, "special_cause_improvement", "special_cause_concern"),
    )
    text = np.array(["low", "", "high"], dtype=object)
    return {
        "direction": _text(text[way + 1]),
        "mixed": mixed,
        "point_type": _text(np.where(way == 0, "common_cause", kind)),
    }


def _text(values: np.ndarray):
    return pd.array(values, dtype="str")


def _assurance(limits: dict, target: float | None, improvement: str):
    if target is None or improvement == "neutral":
        return _text(np.full(len(limits["mean"]), "none", dtype=object))
    above, below = ~_above(target, limits["lpl"]), ~_above(limits["upl"], target)
    good, bad = (above, below) if improvement == "increase" else (below, above)
    known = ~np.isnan(limits["lpl"])
    words = ["consistent_pass", "consistent_fail", "inconsistent"]
    return _text(np.select([good & known, bad & known, known], words, "none"))
