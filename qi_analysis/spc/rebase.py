"""Recalculations: where limits could begin anew, for a person to accept or not."""

from __future__ import annotations

import pandas as pd

from ..core.text import listed, percent
from .rules import above, number_runs, run_lengths
from .series import format_day, group_codes, group_keys

STABLE_SHIFT, STABLE_AFTER = 8, 12  # points that suggest a recalculation, and that must follow


def suggest_rebase(
    spc: pd.DataFrame, *, by: str | list[str] | None = None, order: str = "period"
) -> pd.DataFrame:
    """Find where limits could be calculated anew; a person decides, nothing is done.

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
        ``rule`` (always ``shift``) and ``reason``, in words.

    Examples
    --------
    >>> from qi_analysis.spc import add_spc
    >>> periods = pd.date_range("2020-01-01", periods=26, freq="MS")
    >>> frame = pd.DataFrame({"period": periods, "value": [6, 5, 4] * 4 + [9, 8] * 7})
    >>> suggest_rebase(add_spc(frame, chart="xmr", baseline=12))[["rebase", "points", "rule"]]
          rebase  points   rule
    0 2021-01-01      14  shift
    """
    keys = group_keys(by)
    rows = _latest_phases(spc, keys, order)
    proposals = [_proposal(rows, start) for _, start in _lasting_shifts(rows).iterrows()]
    columns = [*keys, order, "points", "mean_before", "mean_after", "rule", "reason"]
    found = pd.DataFrame([p for p in proposals if p], columns=columns)
    found = found.rename(columns={order: "rebase"})
    return found.drop_duplicates(keys) if keys else found.head(1)


def _latest_phases(spc: pd.DataFrame, keys: list[str], order: str) -> pd.DataFrame:
    """Return each group's latest phase, and each point's side of the mean and run on that side."""
    rows = spc.sort_values([*keys, order], kind="stable", ignore_index=True)
    rows = rows.assign(code=group_codes(rows, keys))
    latest = rows["phase"] == rows.groupby("code")["phase"].transform("max")
    rows = rows[latest].reset_index(drop=True)
    point, mean, code = (rows[name].to_numpy() for name in ("point", "mean", "code"))
    side = above(point, mean).astype(int) - above(mean, point)  # 0 for a missing point too
    long = (side != 0) & (run_lengths(side, code) >= STABLE_SHIFT)
    return rows.assign(side=side, run=number_runs(side, code), long=long)


def _lasting_shifts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the first point of each long run that no later one, on the other side, undoes."""
    starts = rows[rows["long"]].drop_duplicates("run")
    opposed = starts["side"] != starts.groupby("code")["side"].transform("last")
    undone = opposed[::-1].groupby(starts["code"][::-1]).cummax()
    return starts[~undone.reindex(starts.index)]


def _proposal(rows: pd.DataFrame, start: pd.Series) -> dict | None:
    """Return the proposal that a shift makes; None if it begins its phase, or did not last."""
    group = rows[(rows["code"] == start["code"]) & rows["point"].notna()]
    before, after = group[group.index < start.name], group[group.index >= start.name]
    shifted, rest = after[after["run"] == start["run"]], after[after["run"] != start["run"]]
    if before.empty or len(after) < STABLE_AFTER:
        return None
    old, new = before["point"].mean(), shifted["point"].mean()
    if len(rest) and abs(rest["point"].mean() - old) < abs(rest["point"].mean() - new):
        return None
    way = "above" if start["side"] > 0 else "below"
    return {
        **start,
        "points": len(after),
        "mean_before": old,
        "mean_after": after["point"].mean(),
        "rule": "shift",
        "reason": f"{len(shifted)} points in a row {way} the mean, not undone",
    }


def describe_rebase_suggestions(suggestions: pd.DataFrame, directorate: str = "") -> str:
    """Describe whether limits could begin anew, and how a person accepts that; nothing is done.

    Parameters
    ----------
    suggestions : DataFrame
        From :func:`suggest_rebase`.
    directorate : str
        The directorate whose chart it is; the whole trust if empty.

    Examples
    --------
    >>> frame = pd.DataFrame({"rebase": pd.to_datetime(["2020-06-01"])})
    >>> print(describe_rebase_suggestions(frame, "Rehab"))
    The limits could be calculated anew from 1 June 2020. Do so only if you know what changed then,
    and that it lasts: put the date and the reason in the profile, under [[rebases]], with
    directorates = ["Rehab"]. Until then nothing is recalculated.
    """
    if suggestions.empty:
        return "No lasting shift asks for new limits, so no recalculation is suggested."
    days = listed([format_day(day) for day in suggestions["rebase"]])
    one = len(suggestions) == 1
    whose = f', with directorates = ["{directorate}"]' if directorate else ""
    return (
        f"The limits could be calculated anew from {days}. Do so only if you know what changed "
        f"then, and that it lasts: put the {'date and the reason' if one else 'dates and reasons'} "
        f"in the profile, under [[rebases]]{whose}. Until then nothing is recalculated."
    )


def format_rebase_suggestions(
    suggestions: pd.DataFrame, by: str | None = None
) -> pd.DataFrame | None:
    """Return suggested recalculations of rates as a table for readers; None if there are none.

    Parameters
    ----------
    suggestions : DataFrame
        From :func:`suggest_rebase`.
    by : str, optional
        The column that names the groups, if there are many.

    Returns
    -------
    DataFrame
        A row a suggestion: the group; ``Date``; ``Reason``; ``Rule``; ``Mean before`` and ``Mean
        after``; and ``To accept``, the line to put in the profile.
    """
    if suggestions.empty:
        return None
    rule = f"shift of {STABLE_SHIFT} or more, {STABLE_AFTER} points since"
    table = pd.DataFrame({
        "Date": suggestions["rebase"].map(format_day),
        "Reason": suggestions["reason"],
        "Rule": rule,
        "Mean before": suggestions["mean_before"].map(percent),
        "Mean after": suggestions["mean_after"].map(percent),
        "To accept": suggestions["rebase"].dt.strftime("[[rebases]] from = %Y-%m-%d"),
    })  # fmt: skip
    names = suggestions[by] if by else [""] * len(table)
    return table.set_axis(pd.Index(names, name=None), axis="index")
