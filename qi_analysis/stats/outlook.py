"""The aim ahead: what new projects must bring, and when the present pace gets the rate there."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.periods import format_period
from ..core.schema import COUNTS, FEWEST, FEWEST_MONTHS
from ..core.text import count_of, format_date, format_share, k_of_n, percent
from .proportions import projects_to_aim
from .rates import add_aim, add_rates, digits_near, parse_aim

QUANTILES = (0.1, 0.5, 0.9)  # 8 futures in 10 lie between the outer ones
DATES = ("median", "earliest", "latest", "end")
NO_AIM = "No aim is set, so there is nothing to look ahead to."

NO_ANSWER = {
    "no_aim": NO_AIM,
    "no_projects": "No project is live, so there is no rate to look ahead from.",
    "no_starts": "No project has started {since}, so there is no pace to look ahead by.",
    "too_few": "There are too few projects to look ahead: {denominator:,} live, and "
    "{past_started:,} started {since}.",
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

    Examples
    --------
    >>> rates = pd.DataFrame({"numerator": [104, 78], "denominator": [260, 100]})
    >>> add_starts(rates, "80%", 100)[["of_new", "of_existing"]]
       of_new  of_existing
    0     100           84
    1      82            0
    """
    aim = parse_aim(aim)
    if starts < 0 or starts != int(starts):
        raise OptionError(f"`starts` must be a whole number, 0 or more; not {starts}.")
    needed = projects_to_aim(rates["numerator"], rates["denominator"] + int(starts), aim)
    of_new = np.minimum(needed, int(starts))
    return rates.assign(starts=int(starts), of_new=of_new, of_existing=needed - of_new)


def describe_starts(
    rates: pd.DataFrame, aim: Fraction | str | None, starts: int, which: str = ""
) -> str:
    """Describe what it takes to reach the aim now, and with so many new projects.

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
    >>> print(describe_starts(rates, "80%", 50))
    In 104 of 260 projects (40%) people are involved meaningfully: the aim of 80% is not met. It
    would take 104 more of these projects. With 50 new projects, all of these would have to
    involve people, and 94 of the existing ones that do not yet.
    """
    if aim is None:
        return NO_AIM
    aim = parse_aim(aim)
    row = add_starts(add_aim(add_rates(rates.iloc[[0]]), aim), aim, starts).iloc[0]
    k, n = int(row["numerator"]), int(row["denominator"])
    projects = f"{'project' if n == 1 else 'projects'} {which}".strip()
    if n == 0:
        return f"There are no {projects}. {_describe_new(row)}".strip()
    rate = percent(row["rate"], digits_near(row, ["rate"], aim))
    return (
        f"In {k_of_n(k, n)} {projects} ({rate}) people are involved meaningfully: "
        f"{_describe_standing(row, aim)} {_describe_new(row)}"
    ).strip()


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

        ``as_of``, ``numerator``, ``denominator``, ``met_now``
            The day, the projects live on it, and whether they meet the aim (see :func:`add_aim`).
        ``past_from``, ``past_months``, ``past_started``, ``past_involved``,
        ``past_ended``
            What the pace was taken from.
        ``outcome``
            ``no_aim``: none is set; ``no_projects``: none is live; ``no_starts``: none has started
            in the last year, so there is no pace; ``too_few``: fewer than 5 live, fewer than 5
            started, or under 6 months, and no answer is given; ``at_aim``: the rate is at the aim
            already;
            ``reached``: at least half the futures reach it; ``not_at_this_pace``: fewer do.
        ``earliest``, ``median``, ``latest``
            The months in which 10%, half and 90% of the futures have reached the aim; missing where
            so many do not within the horizon. Missing with the first four outcomes, as is all that
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
    ('reached', '2024-01-31', 0.99)
    """
    goal, first = Fraction(1) if aim is None else parse_aim(aim), _today(outlook)
    row = add_aim(first[COUNTS], goal)[[*COUNTS, "met_now"]]
    row = row.join(first.filter(regex="^past_"))
    row.insert(0, "as_of", first["period"])
    found = _reaching(outlook, goal) | {"simulations": int(outlook["simulation"].max())}
    outcome = _lacking(row.iloc[0], aim) or _outcome(row.iloc[0], goal, found["share_reached"])
    if outcome in NO_ANSWER:
        found |= dict.fromkeys(found, np.nan) | dict.fromkeys(DATES, pd.NaT)
    return row.assign(outcome=outcome, **found)


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
            ``no_aim``, ``no_projects``, ``no_starts`` or ``too_few`` as in
            :func:`summarise_outlook`;
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
        ``past_started``, ``past_involved``
            Projects that lately started, and those of them that involve people.

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
    goal, then = Fraction(1) if aim is None else parse_aim(aim), _month_by(outlook, day)
    old, new = then["numerator"] - then["new_numerator"], then["new_denominator"].to_numpy()
    needed = projects_to_aim(old, then["denominator"], goal)
    share = np.where(needed <= new, needed / np.maximum(new, 1), np.inf)
    middle, first = float(_quantiles(share)[1]), _today(outlook).iloc[0]
    low, started, high = (int(number) for number in _quantiles(then["started"]))
    reachable = "not_reachable" if middle > 1 else "reachable" if middle else "none_needed"
    answer = {
        "period": then["period"].iloc[0],
        "outcome": _lacking(first, aim) or reachable,
        "started": started,
        "started_lower": low,
        "started_upper": high,
        "new": int(_quantiles(new)[1]),
        "share_needed": middle if middle <= 1 else np.nan,
        "share_reachable": float((needed <= new).mean()),
    }
    return pd.DataFrame([answer | first[["past_started", "past_involved"]].to_dict()])


def describe_outlook(summary: pd.DataFrame, aim: Fraction | str | None) -> str:
    """Describe when the live rate gets to the aim at the present pace, and on what that rests.

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
    Since 31 January 2020, 24 projects have started, 24 of them involving people meaningfully, and
    none have ended. If it goes on like this, the rate among live projects first reaches the aim of
    80% in January 2024; 8 of 10 simulated futures get there between October 2023 and November 2024.
    In January 2027, 98% of 2,000 simulated futures are at it.
    """
    row = summary.iloc[0]
    outcome = row["outcome"]
    if outcome in NO_ANSWER:
        return _describe_lack(row)
    share = format_share(parse_aim(aim))
    describe = {"at_aim": _describe_at_aim, "reached": _describe_reached}
    return f"{_describe_pace(row)} {describe.get(outcome, _describe_missed)(row, share)}"


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
    futures: 24 to 24), of which 24 will still be live. To be at the aim of 75% then, 88% of these
    must involve people meaningfully; of those that lately started, 100% do.
    """
    row = needed.iloc[0]
    if row["outcome"] == "no_aim":
        return NO_AIM
    if row["outcome"] in NO_ANSWER:
        return "There is no pace to tell by how many projects will have started."
    about = count_of(row["started"], "new project")
    return (
        f"By {format_date(row['period'])} about {about} will have started at this pace (8 of 10 "
        f"simulated futures: {row['started_lower']:,} to {row['started_upper']:,}), of which "
        f"{row['new']:,} will still be live. {_describe_share(row, format_share(parse_aim(aim)))}"
    )


# --- the answers ----------------------------------------------------------------------------------


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
    return outlook.loc[[outlook["period"].idxmin()]].reset_index(drop=True)


def _month_by(outlook: pd.DataFrame, day: pd.Timestamp | str) -> pd.DataFrame:
    """Return the last month that comes by a day, in every future."""
    day, first, last = pd.Timestamp(day), outlook["period"].min(), outlook["period"].max()
    if not first <= day <= last:
        raise OptionError(
            f"`day` must lie between {format_date(first)} and {format_date(last)}; "
            f"not on {format_date(day)}."
        )
    periods = outlook["period"]
    return outlook[periods == periods[periods <= day].max()]


def _lacking(row: pd.Series, aim: object) -> str | None:
    """Return what there is too little of to look ahead, if anything."""
    if aim is None:
        return "no_aim"
    if row["denominator"] == 0:
        return "no_projects"
    if row["past_started"] == 0:
        return "no_starts"
    few = min(row["denominator"], row["past_started"]) < FEWEST
    return "too_few" if few or row["past_months"] < FEWEST_MONTHS else None


def _outcome(row: pd.Series, aim: Fraction, share_reached: float) -> str:
    if projects_to_aim(row["numerator"], row["denominator"], aim) == 0:
        return "at_aim"
    return "reached" if share_reached >= 0.5 else "not_at_this_pace"


# --- words ----------------------------------------------------------------------------------------


def _describe_standing(row: pd.Series, aim: Fraction) -> str:
    """Describe whether projects meet the aim, and how many more it takes."""
    share, more = f"the aim of {format_share(aim)}", int(row["needed"])
    if row["met_now"] == "yes":
        return f"{share} is met."
    take = f"It would take {more:,} more of these projects."
    if row["met_now"] == "blanks_decide":
        return f"what is not recorded decides whether {share} is met. {take}"
    return f"{share} is not met. {take}"


def _describe_lack(row: pd.Series) -> str:
    """Describe what there is too little of to look ahead: projects, or else months."""
    since = _since(row)
    if row["outcome"] == "too_few" and min(row["denominator"], row["past_started"]) >= FEWEST:
        months = count_of(int(row["past_months"]), "month")
        return f"There are too few months to look ahead: {months} {since}."
    return NO_ANSWER[row["outcome"]].format(**row, since=since)


def _describe_new(row: pd.Series) -> str:
    """Describe how many of the new projects must involve people, and of the existing ones."""
    starts, new, old = (int(row[name]) for name in ("starts", "of_new", "of_existing"))
    if starts == 0:
        return ""
    which = "all" if new == starts else f"{new:,}" if new else "none"
    would = f"{which} of these would"
    if starts == 1:
        would = "it would" if new else "it would not"
    rest = f", and {old:,} of the existing ones that do not yet" if old else ""
    return f"With {count_of(starts, 'new project')}, {would} have to involve people{rest}."


def _describe_share(row: pd.Series, aim: str) -> str:
    """Describe what share of the new projects must involve people, and what share lately does."""
    if row["outcome"] == "none_needed":
        return f"The rate would be at the aim of {aim} even if none of these involved people."
    if row["outcome"] == "not_reachable":
        return f"The aim of {aim} cannot be reached by then even if all of these involve people."
    lately = percent(row["past_involved"] / row["past_started"])
    return (
        f"To be at the aim of {aim} then, {percent(row['share_needed'])} of these must involve "
        f"people meaningfully; of those that lately started, {lately} do."
    )


def _since(row: pd.Series) -> str:
    """Write the time that the pace was taken from."""
    since, until = row["past_from"], row["as_of"]
    rest = 12 * (until.year - since.year) + until.month - since.month - int(row["past_months"])
    left_out = f" ({count_of(rest, 'month')} of pause left out)" if rest else ""
    return f"since {format_date(since)}{left_out}"


def _describe_pace(row: pd.Series) -> str:
    since, started, ended = _since(row), int(row["past_started"]), int(row["past_ended"])
    return (
        f"S{since[1:]}, {count_of(started, 'project has', 'projects have')} started, "
        f"{row['past_involved']:,} of them involving people meaningfully, and "
        f"{f'{ended:,}' if ended else 'none'} {'has' if ended == 1 else 'have'} ended."
    )


def _describe_reached(row: pd.Series, aim: str) -> str:
    early, end = _month(row["earliest"]), _month(row["end"])
    if row["latest"] == row["latest"]:
        wide = f"8 of 10 simulated futures get there between {early} and {_month(row['latest'])}"
    else:
        never = percent(1 - row["share_reached"])
        wide = f"1 in 10 simulated futures gets there by {early}, {never} not by {end}"
    return (
        f"If it goes on like this, the rate among live projects first reaches the aim of {aim} in "
        f"{_month(row['median'])}; {wide}. In {end}, {_futures(row['share_at_end'], row)} are "
        "at it."
    )


def _describe_missed(row: pd.Series, aim: str) -> str:
    return (
        f"At this pace the rate among live projects does not reach the aim of {aim} by "
        f"{_month(row['end'])}: it does so in {_futures(row['share_reached'], row)}. The rate "
        f"would then be about {percent(row['rate_at_end'])} (8 of 10 futures: "
        f"{percent(row['rate_lower'])} to {percent(row['rate_upper'])})."
    )


def _describe_at_aim(row: pd.Series, aim: str) -> str:
    return (
        f"The rate among live projects is at the aim of {aim} now "
        f"({k_of_n(row['numerator'], row['denominator'])}). If it goes on like this, it is "
        f"at the aim in {_month(row['end'])} in {_futures(row['share_at_end'], row)}."
    )


def _futures(share: float, row: pd.Series) -> str:
    many = f"{int(row['simulations']):,} simulated futures"
    if share in (0, 1):
        return f"{'all' if share else 'none'} of {many}"
    return f"{percent(share)} of {many}"


def _month(day: pd.Timestamp) -> str:
    return format_period(day, 1)
