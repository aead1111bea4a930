"""Months, quarters and financial years: where a day falls, and which periods are over."""

from __future__ import annotations

import re
from collections.abc import Hashable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from .errors import OptionError
from .text import format_date


def format_period(day, months: int) -> str:
    """Format the period of so many months that begins on a day; years as 2020/21.

    >>> from datetime import date
    >>> format_period(date(2020, 4, 1), 12), format_period(date(2020, 1, 1), 12)
    ('2020/21', '2020')
    >>> format_period(date(2020, 4, 1), 3), format_period(date(2020, 4, 1), 1)
    ('the quarter from 1 April 2020', 'April 2020')
    """
    if months == 12:
        return f"{day.year}" if day.month == 1 else f"{day.year}/{(day.year + 1) % 100:02}"
    return f"the quarter from {format_date(day)}" if months == 3 else f"{day:%B %Y}"


PERIODS = {"month": 1, "quarter": 3, "year": 12}


def period_start(dates: pd.Series, period: str, first_month: int) -> pd.Series:
    """Return the first day of each date's month, financial quarter or financial year."""
    months = dates.to_numpy("datetime64[M]")
    since = months.astype("int64") - (first_month - 1)  # since January 1970
    starts = months - (since % PERIODS[period]).astype("timedelta64[M]")
    return pd.Series(starts.astype("datetime64[us]"), dates.index)


def period_days(begin, as_of, period: str, first_month: int) -> list[tuple]:
    """Return the first and last day of every period from a day to the as-of date."""
    if pd.isna(begin):
        return []
    ends = pd.Series([begin, as_of])
    start, stop = period_start(ends, period, first_month)
    starts = pd.date_range(start, stop, freq=pd.DateOffset(months=PERIODS[period]))
    step = pd.DateOffset(months=PERIODS[period], days=-1)
    return [(start, start + step) for start in starts]


YEARS = range(1900, 2101)  # whole numbers that are taken as years
_ISO = re.compile(  # and its day, apart from what a time zone adds
    r"(\d{4}(?:-\d\d(?:-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?)?)?)(?:Z|[+-]\d\d:?\d\d)?"
)


def read_days(periods: pd.Series) -> pd.Series:
    """Read the first days of periods: dates, pandas Periods, ISO text, years.

    Of a time zone it is the local day. NaT where one is missing, or is none of these: other text
    would be put in the order of the alphabet.

    Examples
    --------
    >>> read_days(pd.Series(["2020-04-01", "2020-07", "Apr 2020"])).dt.month.tolist()
    [4.0, 7.0, nan]
    >>> read_days(pd.Series(pd.period_range("2020Q2", periods=2, freq="Q"))).dt.month.tolist()
    [4, 7]
    """
    if isinstance(periods.dtype, pd.CategoricalDtype):
        periods = periods.astype(periods.cat.categories.dtype)
    if isinstance(periods.dtype, pd.PeriodDtype):
        days = periods.dt.to_timestamp()
    elif isinstance(periods.dtype, pd.DatetimeTZDtype):
        days = periods.dt.tz_localize(None).dt.normalize()
    elif periods.dtype.kind == "M":
        days = periods
    else:
        known: dict = {}
        days = pd.Series([_read_once(each, known) for each in periods], periods.index, dtype=_DAYS)
    return days.astype(_DAYS)


_DAYS = "datetime64[us]"


def _read_once(value: object, known: dict) -> object:
    """Read a day, or remember it: the same periods stand in the rows of many groups."""
    if not isinstance(value, Hashable):
        return pd.NaT
    if value not in known:
        known[value] = _read_one(value)
    return known[value]


def _read_one(value: Any) -> Any:
    """Return a date, Period, ISO text or year as a day without a time zone; else NaT."""
    if isinstance(value, pd.Period):
        value = value.start_time
    elif isinstance(value, str):
        iso = _ISO.fullmatch(value.strip())
        value = iso[1] if iso else None
    elif isinstance(value, (int, float, np.number)) and not isinstance(value, bool):
        value = f"{value:.0f}" if value in YEARS else None
    elif not isinstance(value, (date, np.datetime64)):
        value = None
    try:
        day = pd.Timestamp(value)
    except ValueError:  # such as 2020-13-01
        return pd.NaT
    return day.tz_localize(None).normalize() if day is not pd.NaT and day.tz else day


def count_absent(order: pd.Series, group: np.ndarray | None = None) -> np.ndarray:
    """Count the periods that are absent just before each point of regular series.

    A series is regular if at least half of the steps between its points are equal to the shortest,
    and all are a multiple of it. Months are counted by the calendar, and weekends are none of a
    series that has working days alone.

    Parameters
    ----------
    order : Series
        Days or numbers, in ascending order.
    group : ndarray, optional
        The number of each point's series, 0, 1, …, in ascending order; one series without it.

    Examples
    --------
    >>> days = ["2019-12-01", "2020-01-01", "2020-02-01", "2020-05-01"]
    >>> count_absent(pd.Series(pd.to_datetime(days)))
    array([0, 0, 0, 2])
    """
    group = np.zeros(len(order), int) if group is None else group
    if len(order) < 2:
        return np.zeros(len(order), int)
    at, inside = _positions(order.to_numpy()), np.diff(group, prepend=-1) == 0
    steps, of = np.diff(at, prepend=at[:1])[inside], group[inside]
    shortest = np.full(group[-1] + 1, np.inf)
    np.minimum.at(shortest, of, steps)
    times = steps / shortest[of]
    some, usual, odd = (np.bincount(of[w], minlength=len(shortest)) for w in (
        slice(None), times == 1, times % 1 != 0))  # fmt: skip
    absent = np.zeros(len(order), int)
    absent[inside] = np.where(((odd == 0) & (2 * usual >= some))[of], times - 1, 0)
    return absent


def _positions(when: np.ndarray) -> np.ndarray:
    """Return days as numbers that regular series have the same steps between.

    They count months if all are on one day of theirs, such as the last; else working days, if all
    are such; else days.
    """
    if when.dtype.kind != "M":
        return when
    days = when.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    in_month = days - months
    if (in_month == in_month[0]).all() or ((days + 1).astype("datetime64[M]") > months).all():
        return months.astype(int)
    worked = np.is_busday(days).all()
    return np.busday_count("1970-01-01", days) if worked else days.astype(int)


UNITS = {1: "month", 3: "quarter", 12: "year"}  # of periods, by their months


def period_months(periods: pd.Series) -> int:
    """Return how many months a period lasts: the shortest step between first days.

    It is 0 for a period alone, and for weeks and others that are shorter than a month.

    >>> period_months(pd.Series(pd.to_datetime(["2020-01-01", "2020-07-01", "2020-04-01"])))
    3
    >>> period_months(pd.Series(pd.to_datetime(["2020-01-27", "2020-02-03", "2020-02-10"])))
    0
    """
    days = periods.drop_duplicates().sort_values()
    months = (days.dt.year * 12 + days.dt.month).diff()
    if len(days) < 2 or days.diff().min() < pd.Timedelta(days=28):
        return 0
    return int(months.min())


def are_over(periods: pd.Series, months: int, as_of: Any) -> pd.Series:
    """Whether each period of so many months is over by the end of a day; all are without a day.

    >>> quarters = pd.Series(pd.to_datetime(["2020-01-01", "2020-04-01"]))
    >>> are_over(quarters, 3, pd.Timestamp("2020-03-31")).tolist()
    [True, False]
    """
    if as_of is None:
        return pd.Series(True, periods.index)
    day: Any = _read_once(as_of, {})
    if day is pd.NaT:
        raise OptionError(f"`as_of` must be a date, such as 2021-05-04; not {as_of!r}.")
    over = periods + pd.DateOffset(months=months) <= day + pd.Timedelta(days=1)
    return over if months else pd.Series(True, periods.index)


def period_unit(rates: pd.DataFrame) -> str:
    """Return what one period of a table is: a month, a quarter, a year, or else a period."""
    return UNITS.get(period_months(rates["period"]), "period")


def format_row_period(row: pd.Series, months: int) -> str:
    """Format the ``period`` of a row, whatever the periods' length."""
    if months in UNITS:
        return format_period(row["period"], months)
    return f"the period from {format_date(row['period'])}"
