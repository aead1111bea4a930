"""The aim ahead: what new projects must bring, and when the rate gets there at the present pace."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd

from .involvement import LIVE, is_active, meaningful
from .profile import Event, OptionError, Profile, load_profile
from .rates import (
    FEWEST,
    VERDICTS,
    add_aim,
    add_rates,
    digits_near,
    parse_aim,
    projects_to_aim,
)
from .words import count_of, format_date, format_period, format_share, k_of_n, percent

RANGE = (0.1, 0.9)  # the quantiles between which 8 futures in 10 lie
AGES = 4  # years of age that have their own pace of ending; the last holds all beyond
PRIOR = 12  # project-months at the common pace by which each age's own pace is steadied
HIGHEST_RISK = 0.99  # of ending in a month
FEWEST_MONTHS = 6  # of the past, to know a pace by
DAYS = 365.25 / 12  # in a month
BLOCK = 5_000_000  # numbers drawn at once, at most
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
    counts = zip(rates["numerator"], rates["denominator"] + int(starts), strict=True)
    needed = np.array([projects_to_aim(k, n, aim) for k, n in counts], dtype="int64")
    of_new = np.minimum(needed, int(starts))
    return rates.assign(starts=int(starts), of_new=of_new, of_existing=needed - of_new)


def describe_starts(
    rates: pd.DataFrame, aim: Fraction | str | None, starts: int, which: str = ""
) -> str:
    """Say what it takes to reach the aim now, and with so many new projects.

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


def count_outlook(
    register: pd.DataFrame,
    *,
    as_of: pd.Timestamp,
    definition: str | None = None,
    months: int = 24,
    years: int = 5,
    pauses: Iterable[Event] = (),
    simulations: int = 2000,
    seed: int = 1,
    profile: Profile | None = None,
) -> pd.DataFrame:
    """Count live projects in simulated futures, if projects start and end as they lately did.

    From the projects live on a day, month by month: each project ends as often as projects of its
    age (in years) lately did; as many start as in a month drawn from the last ones; a new one
    involves people as often as those that lately started. That these paces are known only from so
    many projects is simulated too: in each future the months are themselves drawn from a redrawn
    past (a double bootstrap), the share is drawn from Beta(k + ½, n - k + ½), and the pace of
    ending from a gamma distribution around the one seen.

    Assumes that a project keeps the involvement it has (or starts with), that involved and other
    projects last alike, and that nothing changes the paces: no new programme, no drive. So it
    answers "at this pace", and is no forecast. A blank is not counted as involvement, as in the
    headline. Planned ends are not used.

    Parameters
    ----------
    register : DataFrame
        A clean register, or some of its projects.
    as_of : Timestamp
        The day the register describes.
    definition : str, optional
        One of the profile's definitions; its headline one by default.
    months : int
        How far back the pace is taken from: months that end on the day, at least 6. Fewer where the
        first project began later; the last 12 alone where none has started in them.
    years : int
        How far ahead to go.
    pauses : iterable of Event
        Times in which the programme rested: months of which at least half lies in one are left out
        of the pace, such as ``profile.events``.
    simulations : int
        Futures.
    seed : int
        The same seed, register and options give the same numbers, whatever the order of rows.
    profile : Profile, optional
        The shipped one by default.

    Returns
    -------
    DataFrame
        A row a future and month, the day itself first:

        ``simulation``, ``period``
            The future's number from 1, and a day so many months after ``as_of``.
        ``numerator``, ``denominator``
            Live projects that involve people meaningfully, and live projects; on the first day
            those that ``count_involvement`` counts with ``basis="active"``.
        ``new_numerator``, ``new_denominator``
            Those of them that started after ``as_of``.
        ``started``
            Projects started after ``as_of``, ended ones too.
        ``past_from``, ``past_months``, ``past_started``, ``past_involved``, ``past_ended``
            What the pace was taken from, the same in every row: the day it begins, the months that
            count, projects started in them, those of these that involve people, and projects ended.

    Examples
    --------
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of=pd.Timestamp("2022-01-31"), simulations=10)
    >>> futures.loc[[0, 60], ["simulation", "period", "numerator", "denominator"]]
        simulation     period  numerator  denominator
    0            1 2022-01-31         24           36
    60           1 2027-01-31         80           94
    """
    _check_numbers(months=(months, FEWEST_MONTHS), years=(years, 1), simulations=(simulations, 1))
    projects = _own_dates(register, as_of, definition, load_profile(profile))
    pace = _past_pace(projects, as_of, months, tuple(pauses))
    horizon = 12 * years
    counts = _simulate(projects[projects["live"]], pace, as_of, horizon, simulations, seed)
    days = pd.DatetimeIndex([as_of + pd.DateOffset(months=m) for m in range(horizon + 1)])
    return pd.DataFrame(
        {
            "simulation": np.repeat(np.arange(1, simulations + 1), horizon + 1),
            "period": np.tile(days.astype("datetime64[us]"), simulations),
            **{name: values.ravel() for name, values in counts.items()},
            "past_from": pace.since,
            "past_months": len(pace.starts),
            "past_started": int(pace.starts.sum()),
            "past_involved": pace.involved,
            "past_ended": pace.ended,
        }
    )


def summarise_outlook(outlook: pd.DataFrame, aim: Fraction | str | None) -> pd.DataFrame:
    """Give when the live rate first reaches the aim in the simulated futures, and in how many.

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

        ``as_of``, ``numerator``, ``denominator``, ``verdict``
            The day, the projects live on it, and where they stand to the aim (see :func:`add_aim`).
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
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of=pd.Timestamp("2022-01-31"))
    >>> found = summarise_outlook(futures, "80%").iloc[0]
    >>> found["outcome"], found["median"].date().isoformat(), float(found["share_reached"].round(2))
    ('reached', '2024-01-31', 0.99)
    """
    known, first = aim is not None, _today(outlook)
    aim = parse_aim(aim if known else Fraction(1))
    row = add_aim(add_rates(first[["numerator", "denominator"]]), aim)
    past = [name for name in first if name.startswith("past_")]
    row = row[["numerator", "denominator", "verdict"]].join(first[past])
    row.insert(0, "as_of", first["period"])
    found = _reaching(outlook, aim) | {"simulations": int(outlook["simulation"].max())}
    outcome = _lacking(row.iloc[0], known) or _outcome(row.iloc[0], aim, found["share_reached"])
    if outcome in NO_ANSWER:
        found = {name: pd.NaT if name in DATES else np.nan for name in found}
    return row.assign(outcome=outcome, **found)


def summarise_needed(
    outlook: pd.DataFrame, aim: Fraction | str | None, day: pd.Timestamp
) -> pd.DataFrame:
    """Give how many projects will start by a day, and what share of them reaching the aim needs.

    In each simulated future, of the new projects that are live by then, how many must involve
    people for the live rate to be at the aim (exact, in whole projects); the existing ones count
    as they are. A future in which not even all of them suffice does not reach it.

    Parameters
    ----------
    outlook : DataFrame
        From :func:`count_outlook`.
    aim : Fraction or str
        The share of projects aimed for, exact.
    day : Timestamp
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
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of=pd.Timestamp("2022-01-31"))
    >>> needed = summarise_needed(futures, "80%", "2024-01-31")  # 24 of 36 involve people now
    >>> needed[["outcome", "started", "new", "share_needed"]].round(2)
         outcome  started  new  share_needed
    0  reachable       24   24           1.0
    """
    known, then = aim is not None, _month_by(outlook, pd.Timestamp(day))
    aim = parse_aim(aim if known else Fraction(1))
    needed, new = _needed_of_new(then, aim), then["new_denominator"].to_numpy()
    share = np.where(needed <= new, needed / np.maximum(new, 1), np.inf)
    middle, first = float(_quantiles(share)[1]), _today(outlook).iloc[0]
    low, started, high = (int(number) for number in _quantiles(then["started"]))
    reachable = "not_reachable" if middle > 1 else "reachable" if middle else "none_needed"
    answer = {
        "period": then["period"].iloc[0],
        "outcome": _lacking(first, known) or reachable,
        "started": started,
        "started_lower": low,
        "started_upper": high,
        "new": int(_quantiles(new)[1]),
        "share_needed": middle if middle <= 1 else np.nan,
        "share_reachable": float((needed <= new).mean()),
    }
    return pd.DataFrame([answer | first[["past_started", "past_involved"]].to_dict()])


def describe_outlook(summary: pd.DataFrame, aim: Fraction | str | None) -> str:
    """Say when the live rate gets to the aim at the present pace, and on what that rests.

    Parameters
    ----------
    summary : DataFrame
        From :func:`summarise_outlook`.
    aim : Fraction or str
        The aim that was given to it.

    Examples
    --------
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of=pd.Timestamp("2022-01-31"))
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
    said = {"at_aim": _describe_at_aim, "reached": _describe_reached}.get(outcome, _describe_missed)
    return f"{_describe_pace(row)} {said(row, share)}"


def describe_needed(needed: pd.DataFrame, aim: Fraction | str | None) -> str:
    """Say what share of the projects that start by a day must involve people to reach the aim.

    Parameters
    ----------
    needed : DataFrame
        From :func:`summarise_needed`.
    aim : Fraction or str
        The aim that was given to it.

    Examples
    --------
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(register, as_of=pd.Timestamp("2022-01-31"))
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


# --- the past -------------------------------------------------------------------------------------


class _Pace(NamedTuple):
    """What lately happened: starts by month, how many of them involve people, and how ends come."""

    since: pd.Timestamp
    starts: np.ndarray
    involved: int
    ended: int
    risk: np.ndarray


def _check_numbers(**numbers: tuple[int, int]) -> None:
    for name, (value, least) in numbers.items():
        if value != int(value) or value < least:
            raise OptionError(f"`{name}` must be a whole number, {least} or more; not {value}.")


def _own_dates(register, as_of, definition, profile) -> pd.DataFrame:
    """Give the projects started by a day: start, end if over by then, live, involving people."""
    live = is_active(register, as_of)
    met = meaningful(register, definition=definition, profile=profile).fillna(False).astype(bool)
    if "first_involved_date" in register:
        met &= ~(register["first_involved_date"] > as_of)
    projects = pd.DataFrame(
        {
            "start": register["start_date"],
            "end": register["end_date"].where(~live),
            "live": live,
            "met": met,
        }
    )
    begun = register["status"].isin(LIVE) & (register["start_date"] <= as_of)
    return projects[begun].sort_values(["start", "end", "met"], ignore_index=True)


def _past_pace(projects: pd.DataFrame, as_of, months: int, pauses: tuple[Event, ...]) -> _Pace:
    """Take the pace from the months before a day; from 12 alone if none has started in them."""
    spans = _past_spans(projects["start"].min(), as_of, months)
    spans = [span for span in spans if _share_at_rest(*span, pauses) < 0.5]
    starts, involved = _starts_in(spans, projects)
    if not starts[-12:].any():
        spans, starts, involved = spans[-12:], starts[-12:], 0
    ended, risk = _ends_in(spans, projects[projects["live"] | projects["end"].notna()])
    return _Pace(spans[0][0] if spans else as_of, starts, involved, ended, risk)


def _past_spans(first, as_of: pd.Timestamp, months: int) -> list[tuple]:
    """Give the months up to a day, the earliest first: each as the day before it and its last."""
    ends = [as_of - pd.DateOffset(months=m) for m in range(months + 1)]
    seen = [end for end in ends[:-1] if first <= end]  # NaT, where nothing has started, is not
    return list(zip(ends[1:], seen, strict=False))[::-1]


def _share_at_rest(before, last, pauses: tuple[Event, ...]) -> float:
    rest = 0
    for pause in pauses:
        begin = max(before, pd.Timestamp(pause.starts) - pd.Timedelta(days=1))
        rest += max(0, (min(last, pd.Timestamp(pause.ends)) - begin).days)
    return rest / (last - before).days


def _starts_in(spans: list[tuple], projects: pd.DataFrame) -> tuple[np.ndarray, int]:
    start, met = projects["start"].to_numpy(), projects["met"].to_numpy()
    inside = [(start > before) & (start <= last) for before, last in spans]
    return np.array([i.sum() for i in inside], int), int(sum((i & met).sum() for i in inside))


def _ends_in(spans: list[tuple], projects: pd.DataFrame) -> tuple[int, np.ndarray]:
    """Count the projects that ended, and give each year of age its risk of ending in a month."""
    at_risk, ended = np.zeros(AGES), np.zeros(AGES)
    end = projects["end"].to_numpy()  # NaT, where a project is live, lies before no day
    for before, last in spans:
        live = (projects["start"].to_numpy() <= before) & ~(end <= before)
        age = np.minimum(_age_in_months(projects["start"][live], before) // 12, AGES - 1)
        at_risk += np.bincount(age, minlength=AGES)
        ended += np.bincount(age[end[live] <= last], minlength=AGES)
    common = (ended.sum() + 0.5) / max(at_risk.sum(), 1)
    risk = (ended + PRIOR * common) / (at_risk + PRIOR)
    return int(ended.sum()), np.minimum(risk, HIGHEST_RISK)


def _age_in_months(start: pd.Series, day: pd.Timestamp) -> np.ndarray:
    return ((day - start).dt.days // DAYS).to_numpy(int)


# --- the futures ----------------------------------------------------------------------------------


def _simulate(live: pd.DataFrame, pace: _Pace, as_of, horizon: int, futures: int, seed: int):
    """Give each count as an array with a row a future and a column a month, the day itself first.

    Only uniform numbers are drawn, and turned by inverse functions: the same on every machine.
    """
    random = np.random.Generator(np.random.PCG64(seed)).random
    starts, share, speed = _draw_paces(pace, horizon, futures, random)
    age = _age_in_months(live["start"], as_of)
    hazard = -np.log1p(-pace.risk)[
        np.minimum(np.arange(age.max(initial=0) + horizon) // 12, AGES - 1)
    ]
    hazard = np.concatenate([[0.0], np.cumsum(hazard)])
    old = _live_on(age, live["met"].to_numpy(), hazard, speed, horizon, random)
    new = _new_on(starts, share, hazard, speed, random)
    return {
        "numerator": old[1] + new[1],
        "denominator": old[0] + new[0],
        "new_numerator": new[1],
        "new_denominator": new[0],
        "started": np.cumsum(starts, axis=1),
    }


def _draw_paces(pace: _Pace, horizon: int, futures: int, random) -> tuple:
    """Draw each future's starts by month (none on the day), share involved and speed of ending."""
    from scipy.special import betaincinv, gammaincinv

    months, started = len(pace.starts), int(pace.starts.sum())
    starts = np.zeros((futures, horizon + 1), int)
    if started:
        redrawn = pace.starts[(random((futures, months)) * months).astype(int)]
        chosen = (random((futures, horizon)) * months).astype(int)
        starts[:, 1:] = np.take_along_axis(redrawn, chosen, axis=1)
    share = betaincinv(pace.involved + 0.5, started - pace.involved + 0.5, random(futures))
    speed = gammaincinv(pace.ended + 0.5, random(futures)) / (pace.ended + 0.5)
    return starts, share, np.maximum(speed, 1e-12)


def _live_on(age, met, hazard, speed, horizon: int, random) -> np.ndarray:
    """Count the projects of today that are still live, all and those that involve people."""
    futures = len(speed)
    left = np.zeros((2, futures, horizon + 2), int)
    for part in np.array_split(np.arange(len(age)), max(1, len(age) * futures // BLOCK)):
        month = _ends_after(age[part], hazard, random((futures, len(part))), speed[:, None])
        month = np.minimum(month, horizon + 1)
        for row, chosen in enumerate((slice(None), met[part])):
            left[row] += _tally(np.arange(futures)[:, None], month[:, chosen], horizon + 2, futures)
    all_ = np.array([len(age), met.sum()])[:, None, None]
    return (all_ - np.cumsum(left, axis=2))[:, :, : horizon + 1]


def _new_on(starts, share, hazard, speed, random) -> np.ndarray:
    """Count the live projects that started since, all and those that involve people."""
    futures, columns = starts.shape
    change = np.zeros((2, futures, columns + 1), int)
    for month in range(1, columns):
        who = np.repeat(np.arange(futures), starts[:, month])
        met = random(len(who)) < share[who]
        end = month + _ends_after(0, hazard, random(len(who)), speed[who])
        end = np.minimum(end, columns)
        for row, chosen in enumerate((slice(None), met)):
            change[row, :, month] += np.bincount(who[chosen], minlength=futures)
            change[row] -= _tally(who[chosen], end[chosen], columns + 1, futures)
    return np.cumsum(change, axis=2)[:, :, :columns]


def _ends_after(age, hazard, uniform, speed) -> np.ndarray:
    """Give the month in which a project of an age ends, from 1."""
    until = hazard[age] - np.log1p(-uniform) / speed
    return np.maximum(np.searchsorted(hazard, until) - age, 1)


def _tally(future, month, columns: int, futures: int) -> np.ndarray:
    at = (future * columns + month).ravel()
    return np.bincount(at, minlength=futures * columns).reshape(futures, columns)


# --- the answers ----------------------------------------------------------------------------------


def _reaching(outlook: pd.DataFrame, aim: Fraction) -> dict:
    """Give when and in how many futures the rate reaches the aim, and where it ends."""
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
    """Give the 10% quantile, the median and the 90% quantile, each one of the values."""
    return np.quantile(np.asarray(values), [RANGE[0], 0.5, RANGE[1]], method="inverted_cdf")


def _today(outlook: pd.DataFrame) -> pd.DataFrame:
    return outlook.loc[[outlook["period"].idxmin()]].reset_index(drop=True)


def _month_by(outlook: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Give the last month that comes by a day, in every future."""
    first, last = outlook["period"].min(), outlook["period"].max()
    if not first <= day <= last:
        raise OptionError(
            f"`day` must lie between {format_date(first)} and {format_date(last)}; "
            f"not on {format_date(day)}."
        )
    periods = outlook["period"]
    return outlook[periods == periods[periods <= day].max()]


def _lacking(row: pd.Series, aim_is_known: bool) -> str | None:
    """Say what there is too little of to look ahead."""
    if not aim_is_known:
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


def _needed_of_new(then: pd.DataFrame, aim: Fraction) -> np.ndarray:
    """Give how many of the new projects must involve people, in whole projects."""
    old = (then["numerator"] - then["new_numerator"]).to_numpy()
    needed = -(-aim.numerator * then["denominator"].to_numpy() // aim.denominator)
    return np.maximum(needed - old, 0)


# --- words ----------------------------------------------------------------------------------------


def _describe_standing(row: pd.Series, aim: Fraction) -> str:
    """Say where projects stand to the aim, and how many more it takes."""
    share, more = f"the aim of {format_share(aim)}", int(row["shortfall"])
    if aim == 1 and not more:
        return f"every project that is counted reaches {share}."
    says = VERDICTS[row["verdict"]].replace("the aim", share)
    if row["blanks_decide"]:
        says = f"as recorded {share} is not met, but what is not recorded could change that"
    take = f"It would take {more:,} more of these projects." if more else "The rate reaches it."
    return f"{says}. {take}"


def _describe_lack(row: pd.Series) -> str:
    """Say what there is too little of to look ahead: projects, or else months."""
    since = _since(row)
    if row["outcome"] == "too_few" and min(row["denominator"], row["past_started"]) >= FEWEST:
        months = count_of(int(row["past_months"]), "month")
        return f"There are too few months to look ahead: {months} {since}."
    return NO_ANSWER[row["outcome"]].format(**row, since=since)


def _describe_new(row: pd.Series) -> str:
    """Say how many of the new projects must involve people, and of the existing ones."""
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
    """Say what share of the new projects must involve people, and what share lately does."""
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
    """Name the time that the pace was taken from."""
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
        f"{_month(row['median'])}; {wide}. In {end}, {_of_futures(row['share_at_end'], row)} are "
        "at it."
    )


def _describe_missed(row: pd.Series, aim: str) -> str:
    return (
        f"At this pace the rate among live projects does not reach the aim of {aim} by "
        f"{_month(row['end'])}: it does so in {_of_futures(row['share_reached'], row)}. The rate "
        f"would then be about {percent(row['rate_at_end'])} (8 of 10 futures: "
        f"{percent(row['rate_lower'])} to {percent(row['rate_upper'])})."
    )


def _describe_at_aim(row: pd.Series, aim: str) -> str:
    all_of_them = row["numerator"] == row["denominator"] and aim == format_share(1)
    known = all_of_them or row["verdict"] == "met"
    sure = "" if known else ", though there are too few projects to be sure"
    return (
        f"The rate among live projects is at the aim of {aim} now "
        f"({k_of_n(row['numerator'], row['denominator'])}){sure}. If it goes on like this, it is "
        f"at the aim in {_month(row['end'])} in {_of_futures(row['share_at_end'], row)}."
    )


def _of_futures(share: float, row: pd.Series) -> str:
    many = f"{int(row['simulations']):,} simulated futures"
    if share in (0, 1):
        return f"{'all' if share else 'none'} of {many}"
    return f"{percent(share)} of {many}"


def _month(day: pd.Timestamp) -> str:
    return format_period(day, 1)
