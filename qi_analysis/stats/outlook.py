"""The aim ahead: what new projects must bring, and when the present pace gets the rate there."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from ..cleaning.parsers import parse_day
from ..core.errors import OptionError
from ..core.frames import check_frame
from ..core.periods import format_period
from ..core.schema import COUNTS
from ..core.text import count_of, format_date, format_share, k_of_n, percent, percents
from ..counts.simulation import FEWEST_LIVE, MONTHS
from .proportions import projects_to_aim
from .rates import add_aim, parse_aim

QUANTILES = (0.1, 0.5, 0.9)  # 8 futures in 10 lie between the outer ones
DATES = ("earliest", "median", "latest", "end")
_OUTLOOK = "simulation numerator denominator lacking"
_RECENT = "recent_numerator recent_denominator"
_PACE = "past_months past_started past_ended changed_at"
_FUTURE = "share_reached end rate_lower rate_at_end rate_upper simulations"
NEEDED = ("started", "started_lower", "started_upper", "new", "share_needed", "share_reachable")
SHARES = ("share_reached", "share_at_end", "rate_lower", "rate_at_end", "rate_upper")
NO_AIM = "No aim is set, so there is nothing to look ahead to."

NO_ANSWER = {  # why there is none, by what is lacking
    "no_aim": NO_AIM,
    "no_projects": "No project is live, so there is no rate to look ahead from.",
    "too_few": f"It takes {FEWEST_LIVE} live projects to look ahead; {{denominator:,}} {{are}} "
    "live.",
    "too_short": f"It takes {MONTHS} months of projects to look ahead; the first one here started "
    f"less than {MONTHS} months ago.",
    "no_end_dates": "Nothing is simulated, as it is not known how long projects last: {undated:,} "
    "of {ended:,} that have ended have no end date.",
    "no_starts": "No project has started in the last 12 months, so there is no pace to look ahead "
    "by.",
    "few_recent": "There are too few new projects to look ahead by: {recent_denominator:,} started "
    "after {from_} and have had time to involve people.",
}


def add_starts(rates: pd.DataFrame, aim: Fraction | str, starts: int) -> pd.DataFrame:
    """Add how many of so many new projects must involve people to reach the aim.

    As if the new ones joined those that are counted and none of these ended.

    Parameters
    ----------
    rates : DataFrame
        With ``numerator, denominator``.
    aim : Fraction or str
        The share of projects aimed for, exact: ``Fraction(4, 5)`` or ``"80%"``.
    starts : int
        New projects, at least 0.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``starts``
            The new projects.
        ``of_new``
            How many of them must involve people; all where that is not enough.
        ``of_existing``
            How many of the existing projects besides, that do not yet; 0 where the new are enough.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> rates = pd.DataFrame({"numerator": [104, 78], "denominator": [260, 100]})
    >>> add_starts(rates, "80%", 100)[["of_new", "of_existing"]]
       of_new  of_existing
    0     100           84
    1      82            0
    """
    rates = check_frame(rates, *COUNTS)
    aim = parse_aim(aim)
    if starts < 0 or starts != int(starts):
        raise OptionError(f"`starts` must be a whole number, 0 or more; not {starts}.")
    needed = projects_to_aim(rates["numerator"], rates["denominator"] + int(starts), aim)
    of_new = np.minimum(needed, int(starts))
    return rates.assign(starts=int(starts), of_new=of_new, of_existing=needed - of_new)


def describe_starts(
    rates: pd.DataFrame, aim: Fraction | str | None, starts: int, which: str = ""
) -> str:
    """Describe what it takes to reach the aim with so many new projects; empty with none.

    Parameters
    ----------
    rates : DataFrame
        One row of counts or rates.
    aim, starts
        As in :func:`add_starts`; None where no aim is set.
    which : str
        Which projects are counted, to follow the word, such as ``"live on 4 May 2021"``.

    Examples
    --------
    >>> rates = pd.DataFrame({"numerator": [104], "denominator": [260]})
    >>> print(describe_starts(rates, "80%", 50, "live on 4 May 2021"))
    With 50 new projects and none ended, the aim of 80% takes all of these and 94 of the 156 live on
    4 May 2021 that do not involve people meaningfully yet.
    """
    rates = check_frame(rates, *COUNTS, known=True, some=True)
    if aim is None:
        return NO_AIM
    aim = parse_aim(aim)
    row = add_starts(add_aim(rates.iloc[[0]], aim), aim, starts).iloc[0]
    return _describe_new(row, format_share(aim), which)


def summarise_outlook(outlook: pd.DataFrame, aim: Fraction | str | None) -> pd.DataFrame:
    """Return when the live rate first reaches the aim in the simulated futures, and in how many.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`count_outlook`.
    aim : Fraction or str
        The share of projects aimed for, exact.

    Returns
    -------
    DataFrame
        One row:

        ``as_of``, ``numerator``, ``denominator``
            The day, and the projects live on it.
        ``past_…``, ``changed_at``, ``recent_…``, ``ended``, ``ended_undated``
            What the futures are simulated from, as in :func:`count_outlook`.
        ``outcome``
            ``no_aim``: none is set; or what was ``lacking`` to simulate any future; ``at_aim``: the
            rate is at the aim already; ``reached``: at least half the futures reach it;
            ``not_at_this_pace``: fewer do.
        ``earliest``, ``median``, ``latest``
            The months in which 10%, half and 90% of the futures have reached the aim; missing where
            so many do not within the horizon. Missing where nothing is simulated, as is all that
            follows.
        ``share_reached``, ``share_at_end``
            Share (0-1) of futures that reach the aim at any time, and that are at it at the end.
        ``end``, ``rate_lower``, ``rate_at_end``, ``rate_upper``
            The last month, and the 10% quantile, the median and the 90% quantile of the rate in it.
        ``simulations``
            How many futures.

    Examples
    --------
    >>> from qi_analysis.counts.simulation import count_outlook
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of="2022-01-31", profile="cnwl", pauses=())
    >>> found = summarise_outlook(futures, "80%").iloc[0]
    >>> found["outcome"], found["median"].date().isoformat(), float(found["share_reached"].round(2))
    ('reached', '2024-01-31', 0.93)
    """
    outlook = _read_outlook(outlook)
    today = _today(outlook)
    outcome = _lacking(today, aim)
    found: dict[str, Any] = {**dict.fromkeys(DATES, pd.NaT), **dict.fromkeys(SHARES, np.nan)}
    if not outcome:
        found = _reaching(outlook, parse_aim(aim))
        more = projects_to_aim(today["numerator"], today["denominator"], parse_aim(aim)).item()
        reached = "reached" if found["share_reached"] >= 0.5 else "not_at_this_pace"
        outcome = reached if more else "at_aim"
    row = today.rename(columns={"period": "as_of"})[["as_of", *COUNTS]]
    row = row.join(today.filter(regex="^past_|^changed|^recent_|^ended"))
    simulations = int(outlook["simulation"].max())
    return row.assign(outcome=outcome, **found, simulations=simulations)


def summarise_needed(
    outlook: pd.DataFrame, aim: Fraction | str | None, day: pd.Timestamp | str
) -> pd.DataFrame:
    """Return how many projects will start by a day, and what share of them reaching the aim needs.

    In each simulated future, of the new projects that are live by then, how many must involve
    people for the live rate to be at the aim (exact, in whole projects); the existing ones count
    as they are. A future in which not even all of them suffice does not reach it.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`count_outlook`.
    aim : Fraction or str
        The share of projects aimed for, exact.
    day : Timestamp or str
        Within the outlook's years; the last month that it reaches by then is used.

    Returns
    -------
    DataFrame
        One row:

        ``period``
            The month used.
        ``outcome``
            ``no_aim``, or what was ``lacking`` to simulate any future, and the rest is missing;
            ``none_needed``: at least half the futures are at the aim without any new one;
            ``reachable``: at least half can be; ``not_reachable``: fewer can.
        ``started``, ``started_lower``, ``started_upper``
            New projects by then: median, 10% and 90% quantiles.
        ``new``
            The median number of these still live.
        ``share_needed``
            The share (0-1) of these that must involve people for half the futures to be at the aim;
            missing where they cannot be.
        ``share_reachable``
            Share of futures in which the aim can be reached by then.
        ``simulations``
            How many futures.
        ``recent_numerator``, ``recent_denominator``
            As in :func:`count_outlook`.

    Examples
    --------
    >>> from qi_analysis.counts.simulation import count_outlook
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of="2022-01-31", profile="cnwl", pauses=())
    >>> needed = summarise_needed(futures, "80%", "2024-01-31")  # 24 of 36 involve people now
    >>> needed[["outcome", "started", "new", "share_needed"]].round(2)
         outcome  started  new  share_needed
    0  reachable       24   24           1.0
    """
    outlook = _read_outlook(outlook, "new_numerator new_denominator started")
    today = _today(outlook)
    recent = today.filter(regex="^recent_n|^recent_d").iloc[0].to_dict()
    simulations = int(outlook["simulation"].max())
    outcome = _lacking(today, aim)
    if outcome:
        missing = {"period": pd.NaT, "outcome": outcome} | dict.fromkeys(NEEDED, np.nan)
        return pd.DataFrame([missing | {"simulations": simulations} | recent])
    then = _month_by(outlook, day)
    old, new = then["numerator"] - then["new_numerator"], then["new_denominator"].to_numpy()
    needed = projects_to_aim(old, then["denominator"], parse_aim(aim))
    share = np.where(needed <= new, needed / np.maximum(new, 1), np.inf)
    middle = float(_quantiles(share)[1])
    low, started, high = (int(number) for number in _quantiles(then["started"]))
    answer = {
        "period": then["period"].iloc[0],
        "outcome": "not_reachable" if middle > 1 else "reachable" if middle else "none_needed",
        "started": started,
        "started_lower": low,
        "started_upper": high,
        "new": int(_quantiles(new)[1]),
        "share_needed": middle if middle <= 1 else np.nan,
        "share_reachable": float((needed <= new).mean()),
    }
    return pd.DataFrame([answer | {"simulations": simulations} | recent])


def describe_outlook(summary: pd.DataFrame, aim: Fraction | str | None) -> str:
    """Describe when the live rate gets to the aim in the simulated futures, and what these assume.

    Parameters
    ----------
    summary : DataFrame
        From :func:`summarise_outlook`.
    aim : Fraction or str
        The aim that was given to it.

    Examples
    --------
    >>> from qi_analysis.counts.simulation import count_outlook
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of="2022-01-31", profile="cnwl", pauses=())
    >>> print(describe_outlook(summarise_outlook(futures, "80%"), "80%"))
    Suppose new projects involve people as often as the 12 recent ones did (100%), and projects
    start and end as in the last 24 months (24 started, 0 ended). The rate among live projects then
    first reaches the aim of 80% in January 2024 in the middle one of 2,000 simulated futures (8 of
    10 futures: between January 2024 and July 2026). In January 2027, 92% of these futures are at
    it.
    """
    summary = check_frame(
        summary, "outcome", _FUTURE, _PACE, _RECENT, some=True, filled="outcome",
        step="summarise_outlook",
    )  # fmt: skip
    row = summary.iloc[0]
    outcome = row["outcome"]
    if outcome in NO_ANSWER:
        return _describe_lack(row)
    check_frame(summary.head(1), _FUTURE, _PACE, _RECENT, known=True, filled=_FUTURE)
    describe = {"at_aim": _describe_at_aim, "reached": _describe_reached}
    told = describe.get(outcome, _describe_missed)(row, parse_aim(aim))
    return f"{told} {_describe_turn(row, parse_aim(aim))}".strip()


def describe_needed(needed: pd.DataFrame, aim: Fraction | str | None) -> str:
    """Describe what share of the projects that start by a day reaching the aim needs.

    Parameters
    ----------
    needed : DataFrame
        From :func:`summarise_needed`.
    aim : Fraction or str
        The aim that was given to it.

    Examples
    --------
    >>> from qi_analysis.counts.simulation import count_outlook
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of="2022-01-31", profile="cnwl", pauses=())
    >>> print(describe_needed(summarise_needed(futures, "75%", "2024-01-31"), "75%"))
    By 31 January 2024 about 24 new projects will have started at this pace (8 of 10 simulated
    futures: 24 to 24), of which 24 will still be live. To be at the aim of 75% then in half of
    these futures, 88% of these projects must involve people; of the 12 recent ones 100% did.
    """
    needed = check_frame(
        needed, "period outcome started started_lower started_upper new share_needed", _RECENT,
        kinds={"period": "date"}, filled="outcome", some=True, step="summarise_needed",
    )  # fmt: skip
    row = needed.iloc[0]
    if row["outcome"] == "no_aim":
        return NO_AIM
    if row["outcome"] in NO_ANSWER:
        return "Nothing is simulated, so it is not said what the aim would take of new projects."
    check_frame(
        needed.head(1), _RECENT, known=True, filled="period started started_lower started_upper new"
    )
    about = count_of(row["started"], "new project")
    return (
        f"By {format_date(row['period'])} about {about} will have started at this pace (8 of 10 "
        f"simulated futures: {row['started_lower']:,} to {row['started_upper']:,}), of which "
        f"{row['new']:,} will still be live. {_describe_share(row, parse_aim(aim))}"
    )


# --- the answers ----------------------------------------------------------------------------------


def _read_outlook(outlook: pd.DataFrame, *more: str) -> pd.DataFrame:
    """Return simulated futures checked; without any, there is no month to check."""
    outlook = check_frame(
        outlook, _OUTLOOK, *more, by="period", filled="simulation", some=True, step="count_outlook"
    )
    past = [name for name in f"{_PACE} {_RECENT}".split() if name in outlook]
    outlook = check_frame(outlook, *past)
    if (outlook["lacking"] != "").any():
        return outlook
    return check_frame(outlook, "period", *COUNTS, known=True, step="count_outlook")


def _reaching(outlook: pd.DataFrame, aim: Fraction) -> dict[str, Any]:
    """Return when and in how many futures the rate reaches the aim, and where it ends."""
    outlook = outlook.sort_values(["simulation", "period"])
    days = outlook["period"].unique()
    k, n = (outlook[c].to_numpy().reshape(-1, len(days)) for c in ("numerator", "denominator"))
    at = (k * aim.denominator >= aim.numerator * n) & (n > 0)
    first = _quantiles(np.where(at.any(axis=1), at.argmax(axis=1), len(days)))
    months = [days[int(month)] if month < len(days) else pd.NaT for month in first]
    live = n[:, -1] > 0
    rates = _quantiles(k[live, -1] / n[live, -1]) if live.any() else [np.nan] * 3
    return {
        **dict(zip(("earliest", "median", "latest"), months, strict=True)),
        "share_reached": float(at.any(axis=1).mean()),
        "share_at_end": float(at[:, -1].mean()),
        "end": days[-1],
        **dict(zip(("rate_lower", "rate_at_end", "rate_upper"), rates, strict=True)),
    }


def _quantiles(values) -> np.ndarray:
    """Return the 10% quantile, the median and the 90% quantile, each one of the values."""
    return np.quantile(np.asarray(values), QUANTILES, method="inverted_cdf")


def _today(outlook: pd.DataFrame) -> pd.DataFrame:
    return outlook.iloc[[int(outlook["period"].argmin())]].reset_index(drop=True)


def _lacking(today: pd.DataFrame, aim: object) -> str:
    """Return what there is too little of to look ahead; empty if nothing is lacking."""
    return "no_aim" if aim is None else today["lacking"].item()


def _month_by(outlook: pd.DataFrame, day: pd.Timestamp | str) -> pd.DataFrame:
    """Return the last month that comes by a day, in every future."""
    day, first, last = parse_day(day), outlook["period"].min(), outlook["period"].max()
    if not first <= day <= last:
        raise OptionError(
            f"`day` must lie between {format_date(first)} and {format_date(last)}; "
            f"not on {format_date(day)}."
        )
    periods = outlook["period"]
    return outlook[periods == periods[periods <= day].max()]


# --- words ----------------------------------------------------------------------------------------


def _describe_lack(row: pd.Series) -> str:
    words = {
        "are": "is" if row["denominator"] == 1 else "are",
        "undated": row["ended_undated"],
        "from_": format_date(row["recent_from"]),
    }
    return NO_ANSWER[row["outcome"]].format(**row, **words)


def _describe_new(row: pd.Series, aim: str, which: str) -> str:
    """Describe how many of the new projects must involve people, and of the existing ones."""
    starts, new, old = (int(row[name]) for name in ("starts", "of_new", "of_existing"))
    if starts == 0:
        return ""
    blanks = "If all blanks are noes, w" if row["met_now"] == "blanks_decide" else "W"
    some = f"{blanks}ith {count_of(starts, 'new project')} and none ended, the aim of {aim}"
    if not new:
        who = "it does not" if starts == 1 else "none of these"
        return f"{some} is met even if {who} involve people."
    of_new = "it" if starts == 1 else f"{'all' if new == starts else f'{new:,}'} of these"
    if not old:
        return f"{some} takes {of_new}."
    rest = int(row["denominator"] - row["numerator"])
    do = "does" if rest == 1 else "do"
    of_old = "the one" if rest == 1 else f"{old:,} of the {rest:,}"
    who = " ".join(filter(None, [of_old, which, "that", do, "not involve people meaningfully yet"]))
    return f"{some} takes {of_new} and {who}."


def _describe_share(row: pd.Series, aim: Fraction) -> str:
    """Describe what share of the new projects must involve people, and what share of recent do."""
    goal = f"the aim of {format_share(aim)}"
    if row["outcome"] == "none_needed":
        return (
            f"In at least half of these futures the rate is at {goal} then even if none "
            "of these projects involve people."
        )
    if row["outcome"] == "not_reachable":
        reachable = _futures(row["share_reachable"], row)
        return f"Even if all of these projects involve people, {goal} is met then in {reachable}."
    needed, recent = percents(row["share_needed"], _recent(row), aims=[aim])
    return (
        f"To be at {goal} then in half of these futures, {needed} of these projects must involve "
        f"people; of the {row['recent_denominator']:,} recent ones {recent} did."
    )


def _recent(row: pd.Series) -> float:
    return row["recent_numerator"] / row["recent_denominator"]


def _describe_pace(row: pd.Series, aim: Fraction) -> str:
    """Describe what the futures assume."""
    n, (recent,) = row["recent_denominator"], percents(_recent(row), aims=[aim])
    rest = MONTHS - row["past_months"]
    paused = f", {count_of(rest, 'month')} of pause left out" if rest else ""
    change = ""
    if row["changed_at"] == row["changed_at"]:
        change = f" since the change of {format_date(row['changed_at'])}"
    return (
        f"Suppose new projects involve people as often as the {n:,} recent ones{change} did "
        f"({recent}), and projects start and end as in the last {MONTHS} months "
        f"({row['past_started']:,} started, {row['past_ended']:,} ended{paused})."
    )


def _describe_turn(row: pd.Series, aim: Fraction) -> str:
    """Say why live projects end on the other side of the aim than new ones, where they do."""
    new, live = _recent(row), row["rate_at_end"]
    if (new >= float(aim)) == (live >= float(aim)):
        return ""
    often = "more" if live > new else "less"
    return (
        f"New projects are on the other side of the aim: live ones involve people {often} often, "
        f"as those that do last {'longer' if live > new else 'less long'}."
    )


def _describe_reached(row: pd.Series, aim: Fraction) -> str:
    early, end = _month(row["earliest"]), _month(row["end"])
    if row["latest"] == row["latest"]:
        wide = f"8 of 10 futures: between {early} and {_month(row['latest'])}"
    else:
        wide = f"1 in 10 by {early}, {percent(1 - row['share_reached'])} not by {end}"
    return (
        f"{_describe_pace(row, aim)} The rate among live projects then first reaches the aim of "
        f"{format_share(aim)} in {_month(row['median'])} in the middle one of "
        f"{row['simulations']:,} simulated futures ({wide}). In {end}, "
        f"{_futures(row['share_at_end'], row, 'these')} are at it."
    )


def _describe_missed(row: pd.Series, aim: Fraction) -> str:
    ends = row[["rate_lower", "rate_at_end", "rate_upper"]]
    low, middle, high = percents(*ends, aims=[aim])
    return (
        f"{_describe_pace(row, aim)} The rate among live projects then reaches the aim of "
        f"{format_share(aim)} by {_month(row['end'])} in {_futures(row['share_reached'], row)}. In "
        f"that month it is {middle} in the middle one (8 of 10 futures: {low} to {high})."
    )


def _describe_at_aim(row: pd.Series, aim: Fraction) -> str:
    return (
        f"The rate among live projects is at the aim of {format_share(aim)} now "
        f"({k_of_n(row['numerator'], row['denominator'])}). {_describe_pace(row, aim)} It is "
        f"then at the aim in {_month(row['end'])} in {_futures(row['share_at_end'], row)}."
    )


def _futures(share: float, row: pd.Series, which: str = "") -> str:
    """Write a share of the futures; none and all only where it is."""
    many = f"{which or format(int(row['simulations']), ',') + ' simulated'} futures"
    if share in (0, 1):
        return f"{'all' if share else 'none'} of {many}"
    return f"{percent(share)} of {many}"


def _month(day: pd.Timestamp) -> str:
    return format_period(day, 1)
