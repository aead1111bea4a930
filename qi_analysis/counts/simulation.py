"""Live projects in the months ahead, simulated from the starts and ends there have been."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame
from ..core.schema import COUNTS, ENDED, FEWEST
from ..profile import Event
from ..register import LIVE, Overrides, Register, as_register
from .involvement import count_recent, meaningful

MONTHS = 24  # of the past, from which the paces of starting and ending are taken
FEWEST_LIVE = 20  # projects; of fewer, nothing is simulated
MOST_UNDATED = 0.25  # of ended projects; if more have no end date, how long they last is not known
AGES = 4  # years of age that have their own pace of ending; the last holds all beyond
PRIOR = 12  # project-months at the common pace by which each age's own pace is steadied
HIGHEST_RISK = 0.99  # of ending in a month
DAYS = 365.25 / 12  # in a month
BLOCK = 5_000_000  # numbers drawn at once, at most


def count_starts(register: Register | pd.DataFrame, **overrides: Unpack[Overrides]) -> pd.DataFrame:
    """Count the projects that started in the 12 months up to the register's day.

    Proposed projects and those that start later have not started.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=`` and ``as_of=``.
    **overrides
        ``profile`` or ``as_of``, where not the register's own.

    Returns
    -------
    DataFrame
        One row: ``since``, the day after which they started, and ``started``, how many.

    Examples
    --------
    >>> days = ["2020-05-04", "2020-05-05", "2021-05-04", "2021-05-05"]
    >>> frame = pd.DataFrame({"status": "active", "start_date": pd.to_datetime(days)})
    >>> count_starts(frame, as_of="2021-05-04", profile="cnwl")
           since  started
    0 2020-05-04        2
    """
    register = as_register(register, **overrides)
    since = register.as_of - pd.DateOffset(months=12)
    started = _started_between(register, since, register.as_of)
    return pd.DataFrame({"since": [since], "started": int(started.sum())})


def count_outlook(
    register: Register | pd.DataFrame,
    *,
    change: pd.DataFrame | None = None,
    years: int = 5,
    pauses: Iterable[Event] | None = None,
    simulations: int = 2000,
    seed: int = 1,
    **overrides: Unpack[Overrides],
) -> pd.DataFrame:
    """Count live projects in simulated futures, if new ones involve people as recent ones did.

    From the projects live on a day, month by month: each ends as often as projects of its age (in
    years) lately did, those that involve people and the others each at their own pace; as many
    start as in a month drawn from the last 24; a new one involves people as often as recent ones
    that have had time to (:func:`count_recent`). That these paces are known only from so many
    projects is simulated too: in each future the months are themselves drawn from a redrawn past (a
    double bootstrap), the share is drawn from Beta(k + ½, n - k + ½), and each pace of ending from
    a gamma distribution around the one seen.

    Assumes that a project keeps the involvement it has or starts with, and that nothing changes the
    paces: no new programme, no drive. So it answers "at this pace", and is no forecast. A blank is
    not counted as involvement, as in the headline. Planned ends are not used. Live projects without
    a start date are taken to be as old as the middle one of the others.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    change : DataFrame, optional
        The row of :func:`find_change`: of the recent projects, those that started before a rise or
        fall are left out. A fall that it is too early to call is none.
    years : int
        How far ahead to go.
    pauses : iterable of Event, optional
        Times in which the programme rested: months of which at least half lies in one are left out
        of the pace; the profile's events by default.
    simulations : int
        Futures.
    seed : int
        The same seed, register and options give the same numbers, whatever the order of rows.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a future and month, the day itself first; only the day itself, in one future, where
        there is too little to simulate from:

        ``simulation``, ``period``
            The future's number from 1, and a day so many months after the register's.
        ``numerator``, ``denominator``
            Live projects that involve people meaningfully, and live projects; on the first day
            those that ``count_involvement`` counts with ``basis="active"``.
        ``new_numerator``, ``new_denominator``
            Those of them that started after the register's day.
        ``started``
            Projects started after that day, ended ones too.

        and, the same in every row, what the futures are simulated from:

        ``lacking``
            Empty; or why nothing is simulated: ``no_projects``: none is live; ``too_few``: fewer
            than 20 are; ``too_short``: the first project started less than 24 months ago;
            ``no_end_dates``: more than a quarter of ended projects have no end date; ``no_starts``:
            none has started in the last 12 months; ``few_recent``: fewer than 5 are recent.
        ``past_from``, ``past_months``, ``past_started``, ``past_ended``
            The day on which the months begin that the paces of starting and ending come from, how
            many months count, and projects started and ended in them.
        ``changed_at``
            The day of the change, where recent projects are left out by it; else missing.
        ``recent_from``, ``recent_numerator``, ``recent_denominator``
            The day after which recent projects started, those of them that involve people, and
            recent projects.
        ``ended``, ``ended_undated``
            Projects that have ended by their status, and those of them without an end date.

    Examples
    --------
    >>> register = pd.DataFrame({"approach": ["none"] * 12 + ["doing_with"] * 24,
    ...     "start_date": pd.date_range("2019-01-05", periods=36, freq="MS"), "end_date": pd.NaT,
    ...     "status": "active"})
    >>> futures = count_outlook(
    ...     register, as_of="2022-01-31", profile="cnwl", pauses=(), simulations=10)
    >>> futures.loc[[0, 60], ["simulation", "period", "numerator", "denominator"]]
        simulation     period  numerator  denominator
    0            1 2022-01-31         24           36
    60           1 2027-01-31         76           96
    """
    _check_numbers(years=(years, 1), simulations=(simulations, 1))
    register = as_register(register, **overrides)
    as_of, projects = register.as_of, _own_dates(register)
    pace = _past_pace(projects, as_of, tuple(register.events if pauses is None else pauses))
    known = _known(register, projects, pace, _last_change(change))
    if known["lacking"]:
        simulations, horizon = 1, 0
    else:
        horizon = 12 * years
    live = projects[projects["live"]]
    live = live.assign(start=live["start"].fillna(live["start"].median()).fillna(as_of))
    counts = _simulate(live, pace, known, as_of, horizon, simulations, seed)
    days = pd.DatetimeIndex([as_of + pd.DateOffset(months=m) for m in range(horizon + 1)])
    return pd.DataFrame(
        {
            "simulation": np.repeat(np.arange(1, simulations + 1), horizon + 1),
            "period": np.tile(days.astype("datetime64[us]"), simulations),
            **{name: values.ravel() for name, values in counts.items()},
            **known,
        }
    )


# --- the past -------------------------------------------------------------------------------------


class _Pace(NamedTuple):
    """What lately happened: starts by month; of others and involved, how many ended, and how."""

    since: pd.Timestamp
    history: int
    starts: np.ndarray
    ended: np.ndarray
    risk: np.ndarray


def _check_numbers(**numbers: tuple[int, int]) -> None:
    for name, (value, least) in numbers.items():
        if value != int(value) or value < least:
            raise OptionError(f"`{name}` must be a whole number, {least} or more; not {value}.")


def _started_between(register: Register, after: pd.Timestamp, until: pd.Timestamp) -> pd.Series:
    """Return which projects started after a day, up to and with another."""
    check_frame(register.projects, "status start_date", step="clean_register")
    start = register.projects["start_date"]
    return register.projects["status"].isin(LIVE) & (start > after) & (start <= until)


def _last_change(change: pd.DataFrame | None) -> pd.Timestamp | None:
    """Return the day of the last change that is called one."""
    if change is None:
        return None
    change = check_frame(change, "change changed_at", some=True, step="find_change")
    row = change.iloc[0]
    return row["changed_at"] if row["change"] in ("rise", "fall") else None


def _count_recent(register: Register, since: pd.Timestamp | None) -> dict:
    """Count the recent projects, and from when: of those, that started since the last change."""
    first = register.as_of - pd.DateOffset(months=register.profile.settle_months + 12)
    changed = pd.NaT
    if since is not None and since > first:
        chosen = register.projects["start_date"] >= since
        register = register.override(projects=register.projects[chosen])
        changed, first = since, since - pd.Timedelta(days=1)
    counts = count_recent(register).iloc[0]
    recent = {f"recent_{name}": int(counts[name]) for name in COUNTS}
    return {"changed_at": changed, "recent_from": first, **recent}


def _known(register: Register, projects: pd.DataFrame, pace: _Pace, since) -> dict:
    """Return what the futures rest on, and what there is too little of, if anything."""
    recent = _count_recent(register, since)
    ended = register.projects["status"].isin(ENDED)
    undated = ended & register.projects["end_date"].isna()
    live = int(projects["live"].sum())
    lacking = {
        "no_projects": live == 0,
        "too_few": live < FEWEST_LIVE,
        "too_short": pace.history < MONTHS,
        "no_end_dates": undated.sum() > MOST_UNDATED * ended.sum(),
        "no_starts": not pace.starts[-12:].any(),
        "few_recent": recent["recent_denominator"] < FEWEST,
    }
    return {
        "lacking": next((name for name, lacks in lacking.items() if lacks), ""),
        "past_from": pace.since,
        "past_months": len(pace.starts),
        "past_started": int(pace.starts.sum()),
        "past_ended": int(pace.ended.sum()),
        **recent,
        "ended": int(ended.sum()),
        "ended_undated": int(undated.sum()),
    }


def _own_dates(register: Register) -> pd.DataFrame:
    """Return the projects begun by a day: start, end if over by then, live, involving people."""
    projects, as_of = register.projects, register.as_of
    live = register.live
    met = meaningful(register).fillna(False).astype(bool)
    dated = pd.DataFrame(
        {
            "start": projects["start_date"],
            "end": projects["end_date"].where(~live),
            "live": live,
            "met": met,
        }
    )
    begun = projects["status"].isin(LIVE) & (projects["start_date"] <= as_of)
    return dated[begun | live].sort_values(["start", "end", "met"], ignore_index=True)


def _past_pace(projects: pd.DataFrame, as_of, pauses: tuple[Event, ...]) -> _Pace:
    """Return the pace of the months before a day, pauses left out."""
    history = _past_spans(projects["start"].min(), as_of)
    spans = [(day, last) for day, last in history if _share_at_rest(day, last, pauses) < 0.5]
    start = projects["start"].to_numpy()
    starts = np.array([((start > day) & (start <= last)).sum() for day, last in spans], int)
    ended, risk = _ends_in(spans, projects[projects["live"] | projects["end"].notna()])
    since = history[0][0] if history else as_of
    return _Pace(since, len(history), starts, ended, risk)


def _past_spans(begin, as_of: pd.Timestamp) -> list[tuple]:
    """Return the months up to a day, the earliest first: each as the day before it and its last."""
    ends = [as_of - pd.DateOffset(months=m) for m in range(MONTHS + 1)]
    begun = [end for end in ends[:-1] if begin <= end]  # NaT, where nothing has started, is not
    return list(zip(ends[1:], begun, strict=False))[::-1]


def _share_at_rest(before, last, pauses: tuple[Event, ...]) -> float:
    rest = 0
    for pause in pauses:
        begin = max(before, pd.Timestamp(pause.starts) - pd.Timedelta(days=1))
        rest += max(0, (min(last, pd.Timestamp(pause.ends)) - begin).days)
    return rest / (last - before).days


def _ends_in(spans: list[tuple], projects: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Count the projects that ended, others and involved, and the risk of ending in a month.

    Each year of age has its own risk, steadied by that of its kind, and this by that of all.
    """
    at_risk, ended = np.zeros((2, AGES)), np.zeros((2, AGES))
    start, end = projects["start"].to_numpy(), projects["end"].to_numpy()
    met = projects["met"].to_numpy(int)
    for before, last in spans:
        live = (start <= before) & ~(end <= before)  # NaT, where it has not ended, is before no day
        age = np.minimum(_age_in_months(projects["start"][live], before) // 12, AGES - 1)
        np.add.at(at_risk, (met[live], age), 1)
        over = end[live] <= last
        np.add.at(ended, (met[live][over], age[over]), 1)
    all_ = (ended.sum() + 0.5) / max(at_risk.sum(), 1)
    kind = (ended.sum(axis=1) + PRIOR * all_) / (at_risk.sum(axis=1) + PRIOR)
    risk = (ended + PRIOR * kind[:, None]) / (at_risk + PRIOR)
    return ended.sum(axis=1).astype(int), np.minimum(risk, HIGHEST_RISK)


def _age_in_months(start: pd.Series, day: pd.Timestamp) -> np.ndarray:
    return ((day - start).dt.days // DAYS).to_numpy(int)


# --- the futures ----------------------------------------------------------------------------------


def _simulate(live: pd.DataFrame, pace, known: dict, as_of, horizon: int, futures: int, seed: int):
    """Return each count as an array with a row a future and a column a month, the day itself first.

    Only uniform numbers are drawn, and turned by inverse functions: the same on every machine.
    """
    random = np.random.Generator(np.random.PCG64(seed)).random
    starts, share, speed = _draw_paces(pace, known, horizon, futures, random)
    age, met = _age_in_months(live["start"], as_of), live["met"].to_numpy()
    years = np.minimum(np.arange(age.max(initial=0) + horizon) // 12, AGES - 1)
    hazard = np.cumsum(-np.log1p(-pace.risk[:, years]), axis=1)
    hazard = np.concatenate([np.zeros((2, 1)), hazard], axis=1)
    old = [_live_on(age[met == k], hazard[k], speed[k], horizon, random) for k in (0, 1)]
    new = _new_on(starts, share, hazard, speed, random)
    return {
        "numerator": old[1] + new[1],
        "denominator": sum(old) + sum(new),
        "new_numerator": new[1],
        "new_denominator": sum(new),
        "started": np.cumsum(starts, axis=1),
    }


def _draw_paces(pace: _Pace, known: dict, horizon: int, futures: int, random) -> tuple:
    """Draw each future's starts by month (none on the day), share involved and speeds of ending."""
    from scipy.special import betaincinv, gammaincinv

    months, k, n = len(pace.starts), known["recent_numerator"], known["recent_denominator"]
    starts = np.zeros((futures, horizon + 1), int)
    if months:
        redrawn = pace.starts[(random((futures, months)) * months).astype(int)]
        chosen = (random((futures, horizon)) * months).astype(int)
        starts[:, 1:] = np.take_along_axis(redrawn, chosen, axis=1)
    share = betaincinv(k + 0.5, n - k + 0.5, random(futures))
    shape = pace.ended[:, None] + 0.5
    speed = gammaincinv(shape, random((2, futures))) / shape
    return starts, share, np.maximum(speed, 1e-12)


def _live_on(age, hazard, speed, horizon: int, random) -> np.ndarray:
    """Count those projects of today, all of one kind, that are still live."""
    futures = len(speed)
    left = np.zeros((futures, horizon + 2), int)
    for part in np.array_split(age, max(1, len(age) * futures // BLOCK)):
        month = _ends_after(part, hazard, random((futures, len(part))), speed[:, None])
        month = np.minimum(month, horizon + 1)
        left += _tally(np.arange(futures)[:, None], month, horizon + 2, futures)
    return (len(age) - np.cumsum(left, axis=1))[:, : horizon + 1]


def _new_on(starts, share, hazard, speed, random) -> list[np.ndarray]:
    """Count the live projects that started since: those that do not involve people, and those."""
    futures, columns = starts.shape
    change = np.zeros((2, futures, columns + 1), int)
    for month in range(1, columns):
        who = np.repeat(np.arange(futures), starts[:, month])
        met, uniform = random(len(who)) < share[who], random(len(who))
        for kind in (0, 1):
            of_kind = who[met == kind]
            lasts = _ends_after(0, hazard[kind], uniform[met == kind], speed[kind][of_kind])
            change[kind, :, month] += np.bincount(of_kind, minlength=futures)
            change[kind] -= _tally(
                of_kind, np.minimum(month + lasts, columns), columns + 1, futures
            )
    return list(np.cumsum(change, axis=2)[:, :, :columns])


def _ends_after(age, hazard, uniform, speed) -> np.ndarray:
    """Return the month in which a project of an age ends, from 1."""
    until = hazard[age] - np.log1p(-uniform) / speed
    return np.maximum(np.searchsorted(hazard, until) - age, 1)


def _tally(future, month, columns: int, futures: int) -> np.ndarray:
    at = (future * columns + month).ravel()
    return np.bincount(at, minlength=futures * columns).reshape(futures, columns)
