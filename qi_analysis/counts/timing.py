"""How early people are involved: from a project's start to the first day they took part."""

from __future__ import annotations

import warnings
from math import ceil
from typing import Unpack

import numpy as np
import pandas as pd

from ..core.schema import ENDED, FEWEST
from ..core.text import count_of, percent
from ..register import Overrides, Register, as_register
from .involvement import involves_anybody

MONTH = 365.25 / 12  # days
YEAR = 365  # days; where fewer than half involve people, the share by then is said


def time_to_involvement(
    register: Register | pd.DataFrame, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Follow projects from their start to the day on which people were first involved.

    The share involved by each day is Kaplan and Meier's: a project that has involved nobody is
    followed to its end, or to the register's day if it is live (a planned end ends nothing), and
    then tells no more. Involvement on or before the first day is at day 0. Where people were or may
    have been involved but the day is not recorded, the project counts as not yet involved, as a
    blank counts in the headline rate; ``highest`` is the share had it been the first day.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
        All its projects are followed: proposed ones have not started; those without a start date,
        or ended on a day that is not recorded, are left out.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a day on which people were first involved, and day 0 and the last day followed:

        ``days``, ``months``
            Since the start; a month is a twelfth of 365.25 days.
        ``at_risk``
            Projects still followed on that day, and not involved before it.
        ``involved``
            Projects that first involved people on it.
        ``share_involved``, ``lower_cl``, ``upper_cl``
            The share (0-1) by then, and its 95% limits (Greenwood's, on the log-log scale); missing
            without projects, and the limits also at 0% and 100%, for which the method has none.
        ``highest``
            The share had every project whose day is not recorded involved people on its first day.
        ``projects``, ``undated``, ``left_out``
            Projects followed; those of them whose day is not recorded; and projects left out. The
            same in each row.

    Notes
    -----
    Kaplan and Meier (1958), Journal of the American Statistical Association 53:457; by scipy.
    It assumes that projects followed for long are like the others.

    Examples
    --------
    >>> register = pd.DataFrame({"status": "active", "start_date": pd.Timestamp("2021-01-01"),
    ...     "end_date": pd.NaT, "approach": ["doing_with", "doing_with", "none", "none"],
    ...     "service_user_involved": "not_recorded", "carer_involved": "not_recorded",
    ...     "first_involved_date": pd.to_datetime(["2020-12-01", "2021-02-01", None, None])})
    >>> curve = time_to_involvement(register, as_of="2021-05-01", profile="cnwl")
    >>> curve[["days", "at_risk", "involved", "share_involved"]]
       days  at_risk  involved  share_involved
    0     0        4         1            0.25
    1    31        3         1            0.50
    2   120        2         0            0.50
    """
    followed, left_out = _follow(as_register(register, **overrides))
    curve = _share_involved(followed["days"], followed["dated"])
    early = _share_involved(
        followed["days"].mask(followed["undated"], 0), followed["dated"] | followed["undated"]
    )
    highest = early.set_index("days")["share_involved"].reindex(curve["days"], method="ffill")
    return curve.assign(
        highest=highest.to_numpy(),
        projects=len(followed),
        undated=int(followed["undated"].sum()),
        left_out=left_out,
    )


def _follow(register: Register) -> tuple[pd.DataFrame, int]:
    """Return each project's days until people were involved or it was last seen, and who is not."""
    projects, as_of = register.projects, register.as_of
    start, end, first = (projects[f"{c}_date"] for c in ("start", "end", "first_involved"))
    proposed = projects["status"] == "proposed"
    unknown = start.isna() | (projects["status"].isin(ENDED) & end.isna())
    over = ~projects["status"].isin(("active", "paused")) & (end <= as_of)
    last = end.where(over, as_of)
    maybe = involves_anybody(register).fillna(True).astype(bool)
    dated = (first <= as_of) & maybe
    days = (first.where(dated, last) - start).dt.days.clip(lower=0)
    rows = pd.DataFrame({"days": days, "dated": dated, "undated": first.isna() & maybe})
    kept = rows[~proposed & ~unknown & (start <= as_of)].astype({"days": "int64"})
    return kept, int((~proposed & unknown).sum())


def _share_involved(days: pd.Series, dated: pd.Series) -> pd.DataFrame:
    """Return Kaplan and Meier's estimate: day 0, each day of involvement, and the last."""
    if days.empty:
        curve = pd.DataFrame({"days": [0], "months": 0.0, "at_risk": 0, "involved": 0})
        return curve.assign(share_involved=np.nan, lower_cl=np.nan, upper_cl=np.nan)
    from scipy.stats import CensoredData, ecdf

    days, dated = days.to_numpy(), dated.to_numpy(bool)
    not_involved = ecdf(CensoredData.right_censored(days, ~dated)).sf
    at = np.union1d([0, days.max()], days[dated])
    with warnings.catch_warnings(action="ignore", category=RuntimeWarning):  # none at 0% and 100%
        limits = not_involved.confidence_interval(method="log-log")
    share = 1 - not_involved.evaluate(at)
    inside = (share > 0) & (share < 1)
    return pd.DataFrame(
        {
            "days": at,
            "months": at / MONTH,
            "at_risk": len(days) - np.searchsorted(np.sort(days), at),
            "involved": np.diff(np.searchsorted(np.sort(days[dated]), [*at, np.inf])),
            "share_involved": share,
            "lower_cl": np.where(inside, 1 - limits.high.evaluate(at), np.nan),
            "upper_cl": np.where(inside, 1 - limits.low.evaluate(at), np.nan),
        }
    )


def describe_time_to_involvement(curve: pd.DataFrame) -> str:
    """Describe how early people are involved, from :func:`time_to_involvement`.

    >>> print(describe_time_to_involvement(pd.DataFrame({
    ...     "days": [0, 40, 90, 400], "share_involved": [0.2, 0.45, 0.6, 0.6],
    ...     "lower_cl": [0.1, 0.3, 0.45, 0.45], "upper_cl": [0.3, 0.55, 0.7, 0.7],
    ...     "highest": [0.3, 0.5, 0.7, 0.7], "projects": 50, "undated": 6, "left_out": 1})))
    Half of 50 projects had involved people within 3 months of starting (95% interval: 2 months or
    more). In 6 of them people were, or may have been, involved on a day that is not recorded,
    which is not counted. Had that been the first day, half of projects would have involved people
    within 2 months. 1 project is left out: its first or last day is not recorded.
    """
    first = curve.iloc[0]
    n, undated, left_out = (int(first[c]) for c in ("projects", "undated", "left_out"))
    parts = [_say_time(curve, n)]
    none_dated = not (curve["share_involved"] > 0).any()
    if undated and none_dated and n >= FEWEST:
        return f"{parts[0]} How early people come in cannot be told."
    if undated and n >= FEWEST:
        parts.append(_say_undated(curve, undated))
    if left_out:
        whose = "its" if left_out == 1 else "their"
        parts.append(
            f"{count_of(left_out, 'project')} {'is' if left_out == 1 else 'are'} left out: {whose} "
            "first or last day is not recorded."
        )
    return " ".join(parts)


def _say_time(curve: pd.DataFrame, n: int) -> str:
    if n == 0:
        return "No project has begun on a day that is recorded, so no time can be told."
    if n < FEWEST:
        return f"{count_of(n, 'project')} can be followed: too few to say how early people come in."
    half = _first_day(curve, "share_involved")
    if half is None:
        return _say_fewer_than_half(curve, n)
    when = f"within {_months(half)} of starting" if half else "by the day they started"
    return f"Half of {n:,} projects had involved people {when}{_say_limits(curve)}."


def _say_limits(curve: pd.DataFrame) -> str:
    """Return the days on which the limits of the share reach a half."""
    early, late = (_first_day(curve, c) for c in ("upper_cl", "lower_cl"))
    if early is None:
        return ""
    if late is None:
        return f" (95% interval: {_months(early)} or more)"
    return f" (95% interval: {ceil(early / MONTH)} to {_months(late)})"


def _say_fewer_than_half(curve: pd.DataFrame, n: int) -> str:
    if curve["share_involved"].iloc[-1] == 0:
        return f"For none of {n:,} projects is a day recorded on which people were first involved."
    row, when = _by_a_year(curve)
    limits = ""
    if row["lower_cl"] == row["lower_cl"]:
        limits = f" (95% interval: {percent(row['lower_cl'])} to {percent(row['upper_cl'])})"
    return (
        f"Fewer than half of {n:,} projects are known to have involved people, however long they "
        f"are followed: {percent(row['share_involved'])} within {when} of starting{limits}."
    )


def _say_undated(curve: pd.DataFrame, undated: int) -> str:
    half = _first_day(curve, "highest")
    row, when = _by_a_year(curve)
    would = f"the share within {when} would be {percent(row['highest'])}"
    if half is not None:
        when = f"within {_months(half)}" if half else "from the start"
        would = f"half of projects would have involved people {when}"
    return (
        f"In {undated:,} of them people were, or may have been, involved on a day that is not "
        f"recorded, which is not counted. Had that been the first day, {would}."
    )


def _by_a_year(curve: pd.DataFrame) -> tuple[pd.Series, str]:
    """Return the row that holds after a year, or on the last day followed, and that time."""
    last = int(curve["days"].iloc[-1])
    return curve[curve["days"] <= YEAR].iloc[-1], _months(min(last, YEAR))


def _first_day(curve: pd.DataFrame, column: str) -> int | None:
    reached = curve.loc[curve[column] >= 0.5 - 1e-9, "days"]  # a half, but for rounding
    return int(reached.iloc[0]) if len(reached) else None


def _months(days: int) -> str:
    return count_of(ceil(days / MONTH), "month")
