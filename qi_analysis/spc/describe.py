"""Process charts in words: one series, or many side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..core.frames import check_frame
from ..core.periods import count_absent
from ..core.text import count_of, listed
from ..stats.rates import NO_STARTS, list_names
from .process_chart import TRIAL, are_tested, counts_projects, list_rebases, median_size
from .series import (
    FEWEST_POINTS,
    FEWEST_TO_TELL,
    RATE,
    SMALLEST,
    absent_before,
    format_day,
    format_values,
    name_groups,
    order_series,
)

MOST_NAMED = 3  # points outside the limits
_STANDS = (  # of a summary, what is said
    "n variation rules mean lpl upl target assurance trial_limits readable rebased point_is"
)
ALWAYS = "phase outside_limits point_type mixed"  # of a chart, what no point lacks
_DRAWN = "point outside_limits point_type mixed phase rebased rebase_reason point_is"  # of a chart


def describe_spc(summary: pd.DataFrame, spc: pd.DataFrame, *, order: str = "period") -> str:
    """Describe what a process chart of one series shows, and how far it can be trusted.

    Parameters
    ----------
    summary : DataFrame
        One row of :func:`summarise_spc`; of several, one for each group, it is said how many
        groups show what.
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
    summary = check_frame(
        summary, _STANDS, known=True, filled="variation readable trial_limits", step="summarise_spc"
    )
    spc = check_frame(spc, _DRAWN, order=order, filled=ALWAYS, step="add_spc")
    if summary.empty:
        return NO_STARTS
    if len(summary) > 1:
        return _describe_groups(summary, spc, order)
    row, spc = summary.iloc[0], order_series(spc, order)
    if too_small(spc):
        return say_too_small(row["point_is"])
    out = _outside_limits(spc).tail(MOST_NAMED)["point"]
    aims = [] if pd.isna(row["target"]) else [row["target"]]
    shown = format_values([row["mean"], row["lpl"], row["upl"], *out], row["point_is"], aims)
    parts = [
        _describe_latest(row),
        *_describe_points(spc, order, shown[3:]),
        *_describe_rebases(list_rebases(spc)),
        _describe_limits(row, _is_flat(spc), shown[:3]),
    ]
    if row["assurance"] in _ASSURANCE:
        parts.append(_ASSURANCE[row["assurance"]])
    if row["trial_limits"]:
        parts.append(f"The limits rest on fewer than {TRIAL} points and will still move.")
    return " ".join(parts)


def _describe_groups(summary: pd.DataFrame, spc: pd.DataFrame, order: str) -> str:
    """Describe how many groups show a change, or reach their target, with the names of a few."""
    keys = list(summary.columns[: summary.columns.get_loc("n")])
    names = name_groups(summary, keys)
    way = summary["variation"].str.partition("_")[0].where(summary["readable"], "few")
    found = [
        f"{count_of(len(some), one, many)}{list_names(some)}"
        for kind, (one, many) in _GROUP_WORDS.items()
        if (some := names[way == kind].tolist())
    ]
    text = f"Of {len(summary):,} charts, {listed(found)}."
    verdicts = summary["assurance"].where(summary["readable"], "none").value_counts()
    said = [
        f"{verdicts[kind]} {words}" for kind, words in _GROUP_TARGETS.items() if kind in verdicts
    ]
    text += f" As things are, of those with a target {listed(said)}." if said else ""
    return " ".join([text, *_describe_absent(spc, keys, order)])


def _describe_absent(spc: pd.DataFrame, keys: list[str], order: str) -> list[str]:
    """Describe in how many charts periods are gaps, as they have no row."""
    group, absent = absent_before(check_frame(spc, by=keys), keys, order)
    charts = len(np.unique(group[absent > 0]))
    return [f"In {count_of(charts, 'chart')} periods are absent: they are gaps."] * bool(charts)


_GROUP_WORDS = {
    "improvement": ("shows a real improvement", "show a real improvement"),
    "concern": ("shows a real worsening", "show a real worsening"),
    "neutral": ("shows a real change", "show a real change"),
    "common": ("shows at its latest point what chance alone does",
               "show at their latest points what chance alone does"),
    "few": ("has too few points, or projects in each, to tell",
            "have too few points, or projects in each, to tell"),
}  # fmt: skip
_GROUP_TARGETS = {
    "consistent_pass": "will meet it every time",
    "consistent_fail": "will not meet it",
    "inconsistent": "will meet or miss it by chance",
}


def say_too_small(what: str) -> str:
    """Say that a chart of rates, or of values, cannot be read."""
    if what == RATE:
        return (
            "There are too few points, or too few projects in each, to read a chart: take a longer "
            "period."
        )
    return f"There are too few points of {what} to read a chart."


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
    return bool(few or (counts_projects(spc) and median_size(spc) < SMALLEST))


def _is_flat(spc: pd.DataFrame) -> bool:
    """Return whether all points that are tested are the same."""
    return spc.loc[are_tested(spc), "point"].nunique() < 2


def _describe_latest(row: pd.Series) -> str:
    """Describe the latest point; of few points that show nothing, nothing can be told."""
    way, few = row["variation"].partition("_")[0], row["n"] < FEWEST_TO_TELL
    if way == "common" and few:
        since = "" if pd.isna(row["rebased"]) else f" since {format_day(row['rebased'])}"
        points = count_of(row["n"], "point")
        return f"Nothing can be told from {points}{since}."
    why = f": {'; '.join(_RULE_WORDS[rule] for rule in row['rules'].split(', ') if rule)}"
    return _VARIATION[way] + (why if row["rules"] else "") + "."


def _describe_limits(row: pd.Series, flat: bool, shown: list[str]) -> str:
    what, (mean, lower, upper) = row["point_is"], shown
    named = {RATE: "The mean of the rate", "value": "The mean"}.get(what, f"The mean of {what}")
    if row["lpl"] != row["lpl"]:
        return f"{named} is {mean}; there are no limits yet."
    if row["upl"] - row["lpl"] < 1e-9:
        if flat and what == RATE:
            return f"The rate is {mean} throughout."
        if flat:
            return f"Every point is {mean}."
        return f"Every point that the limits rest on is {mean}."
    return f"{named} is {mean}; by chance alone it would move between {lower} and {upper}."


def _outside_limits(spc: pd.DataFrame) -> pd.DataFrame:
    return spc[are_tested(spc) & spc["outside_limits"].to_numpy(bool)]


def _describe_points(spc: pd.DataFrame, order: str, shown: list[str]) -> list[str]:
    """Describe points outside the limits, signals, rules that disagree, and missing points."""
    valid, absent = spc[are_tested(spc)], int(count_absent(spc[order]).sum())
    out, missing = _outside_limits(spc), int(spc["point"].isna().sum())
    sentences = [_describe_outside(out[order], shown)] if len(out) else []
    sentences += _count_signals(valid)
    if valid["mixed"].any():
        at = valid[valid["mixed"]].iloc[-1]
        sentences.append(f"At {format_day(at[order])} the rules point both ways.")
    new = len(spc) - missing - len(valid)
    return [*sentences, *say_gaps(absent, missing), *_describe_unsettled(new)]


def _describe_unsettled(new: int) -> list[str]:
    if not new:
        return []
    is_, its = ("is", "Its") if new == 1 else ("are", "Their")
    return [
        f"{count_of(new, 'period')} {is_} drawn hollow and not tested. {its} projects have had too "
        "little time yet."
    ]


def say_gaps(absent: int, missing: int) -> list[str]:
    """Say how many periods of a series are gaps, as they have no row, or no point."""
    one, sentences = missing == 1, []
    if absent:
        sentences.append(
            f"{count_of(absent, 'period')} between the first and the last "
            f"{'is absent: it is a gap' if absent == 1 else 'are absent: they are gaps'}."
        )
    if missing:
        sentences.append(
            f"{count_of(missing, 'period')} {'has' if one else 'have'} nothing to count and "
            f"{'is' if one else 'are'} left out."
        )
    return sentences


def _describe_outside(out: pd.Series, shown: list[str]) -> str:
    """Name the latest periods outside the limits, with their points as they are shown."""
    named = ", ".join(
        f"{format_day(day)} ({point})"
        for day, point in zip(out.tail(MOST_NAMED), shown, strict=True)
    )
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
