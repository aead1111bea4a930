"""Live projects in the months ahead, simulated from the starts and ends there have been."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, Unpack

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.schema import FEWEST_MONTHS
from ..profile import Event
from ..register import LIVE, Overrides, Register, as_register
from .involvement import meaningful

AGES = 4  # years of age that have their own pace of ending; the last holds all beyond
PRIOR = 12  # project-months at the common pace by which each age's own pace is steadied
HIGHEST_RISK = 0.99  # of ending in a month
DAYS = 365.25 / 12  # in a month
BLOCK = 5_000_000  # numbers drawn at once, at most


def count_outlook(
    register: Register | pd.DataFrame,
    *,
    months: int = 24,
    years: int = 5,
    pauses: Iterable[Event] | None = None,
    simulations: int = 2000,
    seed: int = 1,
    **overrides: Unpack[Overrides],
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
    headline. Planned ends are not used. Live projects without a start date are taken to be as old
    as the middle one of the others.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    months : int
        How far back the pace is taken from: months that end on the day, at least 6. Fewer where the
        first project began later; the last 12 alone where none has started in them.
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
        A row a future and month, the day itself first:

        ``simulation``, ``period``
            The future's number from 1, and a day so many months after the register's.
        ``numerator``, ``denominator``
            Live projects that involve people meaningfully, and live projects; on the first day
            those that ``count_involvement`` counts with ``basis="active"``.
        ``new_numerator``, ``new_denominator``
            Those of them that started after the register's day.
        ``started``
            Projects started after that day, ended ones too.
        ``past_from``, ``past_months``, ``past_started``, ``past_involved``, ``past_ended``
            What the pace was taken from, the same in every row: the day it begins, the months that
            count, projects started in them, those of these that involve people, and projects ended.

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
    60           1 2027-01-31         80           94
    """
    _check_numbers(months=(months, FEWEST_MONTHS), years=(years, 1), simulations=(simulations, 1))
    register = as_register(register, **overrides)
    as_of, projects = register.as_of, _own_dates(register)
    pace = _past_pace(projects, as_of, months, tuple(register.events if pauses is None else pauses))
    horizon = 12 * years
    live = projects[projects["live"]]
    live = live.assign(start=live["start"].fillna(live["start"].median()).fillna(as_of))
    counts = _simulate(live, pace, as_of, horizon, simulations, seed)
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


def _past_pace(projects: pd.DataFrame, as_of, months: int, pauses: tuple[Event, ...]) -> _Pace:
    """Return the pace of the months before a day; from 12 alone if none has started in them."""
    spans = _past_spans(projects["start"].min(), as_of, months)
    spans = [span for span in spans if _share_at_rest(*span, pauses) < 0.5]
    starts, involved = _starts_in(spans, projects)
    if not starts[-12:].any():
        spans, starts, involved = spans[-12:], starts[-12:], 0
    ended, risk = _ends_in(spans, projects[projects["live"] | projects["end"].notna()])
    return _Pace(spans[0][0] if spans else as_of, starts, involved, ended, risk)


def _past_spans(begin, as_of: pd.Timestamp, months: int) -> list[tuple]:
    """Return the months up to a day, the earliest first: each as the day before it and its last."""
    ends = [as_of - pd.DateOffset(months=m) for m in range(months + 1)]
    begun = [end for end in ends[:-1] if begin <= end]  # NaT, where nothing has started, is not
    return list(zip(ends[1:], begun, strict=False))[::-1]


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
    """Return each count as an array with a row a future and a column a month, the day itself first.

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
    """Return the month in which a project of an age ends, from 1."""
    until = hazard[age] - np.log1p(-uniform) / speed
    return np.maximum(np.searchsorted(hazard, until) - age, 1)


def _tally(future, month, columns: int, futures: int) -> np.ndarray:
    at = (future * columns + month).ravel()
    return np.bincount(at, minlength=futures * columns).reshape(futures, columns)
