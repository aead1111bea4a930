"""Months, quarters and financial years: where a day falls, and which periods are over."""

from __future__ import annotations

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
    months = dates.dt.year * 12 + dates.dt.month - first_month
    months = months - months % PERIODS[period] + first_month - 1
    parts = {"year": months // 12, "month": months % 12 + 1, "day": 1}
    return pd.to_datetime(pd.DataFrame(parts)).astype("datetime64[us]")


def period_days(begin, as_of, period: str, first_month: int) -> list[tuple]:
    """Return the first and last day of every period from a day to the as-of date."""
    if pd.isna(begin):
        return []
    ends = pd.Series([begin, as_of])
    start, stop = period_start(ends, period, first_month)
    starts = pd.date_range(start, stop, freq=pd.DateOffset(months=PERIODS[period]))
    step = pd.DateOffset(months=PERIODS[period], days=-1)
    return [(start, start + step) for start in starts]


def read_days(periods: pd.Series) -> pd.Series:
    """Read the first days of periods: dates, pandas periods, ISO text; local days of a time zone.

    Raises
    ------
    ValueError
        If one is missing, or other text, which would be put in the order of the alphabet.

    Examples
    --------
    >>> read_days(pd.Series(["2020-04-01", "2020-07-01"])).dt.month.tolist()
    [4, 7]
    >>> read_days(pd.Series(pd.period_range("2020Q2", periods=2, freq="Q"))).dt.month.tolist()
    [4, 7]
    """
    if periods.isna().any():
        raise OptionError(f"Row {periods.index[periods.isna()][0]} has no period.")
    if isinstance(periods.dtype, pd.PeriodDtype):
        periods = periods.dt.to_timestamp()
    elif isinstance(periods.dtype, pd.DatetimeTZDtype):
        periods = periods.dt.tz_localize(None)
    elif periods.dtype.kind != "M":
        try:
            periods = pd.to_datetime(periods.astype("str"), format="ISO8601")
        except ValueError:
            raise OptionError(
                f"Periods must be dates, such as 2020-04-01; not '{periods.iloc[0]}'."
            ) from None
    return periods.astype("datetime64[us]")


UNITS = {1: "month", 3: "quarter", 12: "year"}  # of periods, by their months


def period_months(periods: pd.Series) -> int:
    """Return how many months a period lasts: the shortest step between first days; 0 for one alone.

    >>> period_months(pd.Series(pd.to_datetime(["2020-01-01", "2020-07-01", "2020-04-01"])))
    3
    """
    months = (periods.dt.year * 12 + periods.dt.month).drop_duplicates().sort_values()
    return int(months.diff().min()) if len(months) > 1 else 0


def are_over(periods: pd.Series, months: int, as_of: pd.Timestamp | None) -> pd.Series:
    """Whether each period of so many months is over by the end of a day; all are without a day.

    >>> quarters = pd.Series(pd.to_datetime(["2020-01-01", "2020-04-01"]))
    >>> are_over(quarters, 3, pd.Timestamp("2020-03-31")).tolist()
    [True, False]
    """
    if as_of is None or not months:
        return pd.Series(True, periods.index)
    return periods + pd.DateOffset(months=months) <= as_of + pd.Timedelta(days=1)


def period_unit(rates: pd.DataFrame) -> str:
    """Return what one period of a table is: a month, a quarter, a year, or else a period."""
    return UNITS.get(period_months(rates["period"]), "period")


def format_row_period(row: pd.Series, months: int) -> str:
    """Format the ``period`` of a row, whatever the periods' length."""
    if months in UNITS:
        return format_period(row["period"], months)
    return f"the period from {format_date(row['period'])}"
