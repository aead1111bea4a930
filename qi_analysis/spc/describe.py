"""Process charts in words: one series, or many side by side."""

from __future__ import annotations

import pandas as pd

from ..core.schema import check_frame
from ..core.text import count_of, listed, percent
from ..stats.rates import NO_STARTS
from .process_chart import TRIAL, are_tested, list_rebases, median_size
from .series import FEWEST_POINTS, SMALLEST, format_day

MOST_NAMED = 3  # points outside the limits
_STANDS = "variation rules mean lpl upl assurance trial_limits"  # of a summary, what is said
_DRAWN = "point outside_limits point_type mixed phase rebase_reason"  # and of the chart


def describe_spc(summary: pd.DataFrame, spc: pd.DataFrame, *, order: str = "period") -> str:
    """Describe what a process chart of one series shows, and how far it can be trusted.

    Parameters
    ----------
    summary : DataFrame
        One row of :func:`summarise_spc`.
    spc : DataFrame
        The same series from :func:`add_spc`.
    order : str
        The column that orders the points.

    Examples
    --------
    >>> from qi_analysis.spc import add_spc, summarise_spc
    >>> months = pd.date_range("2019-01-01", periods=24, freq="MS")
    >>> counts = pd.DataFrame({"period": months, "numerator": [30, 34] * 8 + [42] * 8,
    ...                        "denominator": 100})
    >>> spc = add_spc(counts, chart="p", target=0.8)
    >>> print(describe_spc(summarise_spc(spc), spc))
    The latest point shows a real improvement, not chance: 7 or more points in a row on one side of
    the mean. Of 24 points, 16 signal concern and 8 signal improvement. The mean of the rate is 35%;
    by chance alone it would move between 21% and 50%. As things are, the target will not be met.
    """
    check_frame(summary, _STANDS, step="summarise_spc")
    check_frame(spc, _DRAWN, by=order, step="add_spc")
    if summary.empty:
        return NO_STARTS
    if too_small(spc):
        return TOO_SMALL
    row = summary.iloc[0]
    finding = _VARIATION[row["variation"].partition("_")[0]]
    why = f": {'; '.join(_RULE_WORDS[rule] for rule in row['rules'].split(', ') if rule)}"
    parts = [
        finding + (why if row["rules"] else "") + ".",
        *_describe_points(spc, order),
        *_describe_rebases(list_rebases(spc, order=order)),
        _describe_limits(row, _is_flat(spc)),
    ]
    if row["assurance"] in _ASSURANCE:
        parts.append(_ASSURANCE[row["assurance"]])
    if row["trial_limits"]:
        parts.append(f"The limits rest on fewer than {TRIAL} points and will still move.")
    return " ".join(parts)


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
    """Return whether a series has too few points, or projects in each, to be read."""
    few = are_tested(spc).sum() < FEWEST_POINTS
    return few or ("denominator" in spc and median_size(spc) < SMALLEST)


def _is_flat(spc: pd.DataFrame) -> bool:
    """Return whether all points that are tested are the same."""
    return spc.loc[are_tested(spc), "point"].nunique() < 2


def _describe_limits(row: pd.Series, flat: bool) -> str:
    if row["lpl"] != row["lpl"]:
        return f"The mean of the rate is {percent(row['mean'])}; there are no limits yet."
    if row["upl"] - row["lpl"] < 1e-9:
        if flat:
            return f"The rate is {percent(row['mean'])} throughout."
        return f"Every point that the limits rest on is {percent(row['mean'])}."
    return (
        f"The mean of the rate is {percent(row['mean'])}; by chance alone it would move between "
        f"{percent(row['lpl'])} and {percent(row['upl'])}."
    )


def _describe_points(spc: pd.DataFrame, order: str) -> list[str]:
    """Describe points outside the limits, signals, rules that disagree, and missing points."""
    valid = spc[are_tested(spc)].sort_values(order)
    out, missing = valid[valid["outside_limits"]], int(spc["point"].isna().sum())
    sentences = [_describe_outside(out, order)] if len(out) else []
    sentences += _count_signals(valid)
    if valid["mixed"].any():
        at = valid[valid["mixed"]].iloc[-1]
        sentences.append(f"At {format_day(at[order])} the rules point both ways.")
    if missing:
        those = f"{count_of(missing, 'period')} {'has' if missing == 1 else 'have'}"
        sentences.append(
            f"{those} nothing to count and {'is' if missing == 1 else 'are'} left out."
        )
    return sentences + _describe_unsettled(len(spc) - missing - len(valid))


def _describe_unsettled(new: int) -> list[str]:
    if not new:
        return []
    is_, its = ("is", "Its") if new == 1 else ("are", "Their")
    return [
        f"{count_of(new, 'period')} {is_} drawn hollow and not tested. {its} projects have had too "
        "little time yet."
    ]


def _describe_outside(out: pd.DataFrame, order: str) -> str:
    latest = out.tail(MOST_NAMED)
    points = zip(latest[order], latest["point"], strict=True)
    named = ", ".join(f"{format_day(day)} ({percent(point)})" for day, point in points)
    count = "One point lies" if len(out) == 1 else f"{len(out)} points lie"
    rest = "" if len(out) <= MOST_NAMED else ", the latest of them"
    return f"{count} outside the limits{rest}: {named}."


def _count_signals(valid: pd.DataFrame) -> list[str]:
    """Count the points that signal each kind of change, in a sentence if there are any."""
    counts = valid["point_type"].value_counts()
    signals = [
        f"{counts[kind]} {'signals' if counts[kind] == 1 else 'signal'} {word}"
        for kind, word in _SIGNALS.items()
        if kind in counts
    ]
    return [f"Of {len(valid)} points, {listed(signals)}."] if signals else []


_SIGNALS = {
    "special_cause_concern": "concern",
    "special_cause_improvement": "improvement",
    "special_cause_neutral": "change",
}


def _describe_rebases(rebases: pd.DataFrame) -> list[str]:
    """Describe from when limits were calculated anew, and why, where that is known."""
    if rebases.empty:
        return []
    return [f"The mean and limits were calculated anew from {listed(format_rebases(rebases))}."]


def format_rebases(rebases: pd.DataFrame) -> list[str]:
    """Write each recalculation's day, with its reason in brackets.

    >>> format_rebases(pd.DataFrame({"rebased": pd.to_datetime(["2020-06-01"]),
    ...                             "rebase_reason": ["the pause ended"]}))
    ['1 June 2020 (the pause ended)']
    """
    return [
        format_day(row["rebased"]) + (f" ({row['rebase_reason']})" if row["rebase_reason"] else "")
        for _, row in rebases.iterrows()
    ]
