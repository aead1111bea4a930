"""Counts of live projects as the registers of past days said them, beside today's.

A figure that was published stays what it was: where the register of a past day is kept, its own
count stands for that day, and today's record only where none is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

import numpy as np
import pandas as pd

from ..core.frames import check_frame
from ..core.periods import PERIODS, period_months
from ..core.schema import COUNTS, COUNTS_AND_BLANKS
from ..core.text import count_of, format_date, k_of_n, lookup_table, match_key, percents
from ..profile import Profile
from ..register import Overrides, Register, as_register, check_choice
from .involvement import columns_lacking, count_involvement

SAID, RECORD = "that day's register", "today's record"
_COUNTS = ["earlier_numerator", "earlier_denominator"]


def count_live(
    register: Register | pd.DataFrame,
    *,
    by: str | list[str] | None = None,
    period: str = "quarter",
    **overrides: Unpack[Overrides],
) -> pd.DataFrame:
    """Count the projects live on the last day of each period, as the register of that day said.

    A kept register counts for its own day only, and only if the profile's words for the definition
    are the same now as then. The same projects count again in every period, so no test is made of
    such a series.

    Parameters
    ----------
    register : Register or DataFrame
        A register, with the kept ones of earlier days; or a clean frame, with ``profile=``.
    by : str or list of str, optional
        Columns to group by.
    period : {"quarter", "month", "year"}
        Of the financial year.
    **overrides
        ``profile``, ``as_of`` or ``definition``, where not the register's own.

    Returns
    -------
    DataFrame
        The columns of :func:`count_involvement` with ``basis="active"`` by period, and

        ``source``
            ``that day's register``: as the register of the period's last day said, or of the
            register's own day, the last one counted. ``today's record``: as far as the present
            register tells of that day; whoever had no start date then or has lost it is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"approach": ["doing_with", "none"], "status": "active",
    ...     "start_date": pd.to_datetime(["2020-01-01", "2020-02-01"]), "end_date": pd.NaT})
    >>> then = Register(frame.assign(approach="none"), profile="cnwl", as_of="2020-06-30")
    >>> register = Register(frame, profile="cnwl", as_of="2020-08-01", earlier=[then])
    >>> count_live(register)[["period", "numerator", "denominator", "source"]]
          period  numerator  denominator               source
    0 2020-01-01          1            2       today's record
    1 2020-04-01          0            2  that day's register
    2 2020-07-01          1            2  that day's register
    """
    register = as_register(register, **overrides).override(basis="active")
    check_choice("period", period, tuple(PERIODS))
    counts = count_involvement(register, by=by, period=period).assign(source=RECORD)
    ends = counts["period"] + pd.DateOffset(months=PERIODS[period], days=-1)
    counts["source"] = counts["source"].mask(ends >= register.as_of, SAID)
    groups = [by] if isinstance(by, str) else list(by or ())
    for kept in _find_comparable(register):
        at = ends == kept.as_of
        if at.any():
            said = count_involvement(kept, by=by).assign(period=counts.loc[at, "period"].iloc[0])
            said = _with_all_groups(said, counts[at], groups).assign(source=SAID)
            counts = pd.concat([counts[~at], said], ignore_index=True)
            ends = counts["period"] + pd.DateOffset(months=PERIODS[period], days=-1)
    order = [*groups, "period"]
    return counts.sort_values(order, ignore_index=True)[
        ["definition", *order, *COUNTS_AND_BLANKS, "source"]
    ]


def _with_all_groups(said: pd.DataFrame, today: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """Return what a register said, with a count of 0 for the groups that it did not know."""
    if not groups:
        return said
    absent = today.merge(said[groups], how="left", on=groups, indicator="where")
    absent = absent.loc[(absent["where"] == "left_only").to_numpy()].drop(columns="where")
    nothing = absent.assign(**dict.fromkeys(COUNTS_AND_BLANKS, 0))
    return pd.concat([said, nothing], ignore_index=True)


def _find_comparable(register: Register, last: int = 0) -> Iterator[Register]:
    """Find the kept registers, or the last so many, whose counts mean what today's do.

    Each is narrowed as this one is.
    """
    for kept in register.earlier[-last:]:
        if kept.as_of < register.as_of and _means_the_same(kept.profile, register):
            same = _narrow(kept, register)
            if not columns_lacking(same):
                yield same


def name_as_now(projects: pd.DataFrame, register: Register) -> pd.DataFrame:
    """Return a kept register's projects, each directorate under the name that it bears today.

    One that is written in other letters today, or that today's profile knows as another's name, has
    not become another.

    >>> then = pd.DataFrame({"directorate": ["CAMHS", "quiet ward", "Closed since"]})
    >>> now = Register(pd.DataFrame({"directorate": ["Quiet Ward"]}), profile="cnwl")
    >>> name_as_now(then, now)["directorate"].tolist()
    ['Child and Adolescent Mental Health', 'Quiet Ward', 'Closed since']
    """
    if "directorate" not in projects:
        return projects
    names = lookup_table(register.profile.directorates)
    names |= {match_key(name): name for name in register.recorded["directorate"].unique()}
    then = projects["directorate"].unique()
    now = {name: names.get(match_key(name), name) for name in then}
    return projects.assign(directorate=projects["directorate"].map(now))


def _narrow(kept: Register, register: Register) -> Register:
    projects = name_as_now(kept.recorded, register)
    for column, word in register.selection.items():
        projects = projects[projects.get(column, pd.Series("", projects.index)) == word]
    return kept.override(
        projects=projects, profile=register.profile, basis=register.basis,
        definition=register.definition.name,
    )  # fmt: skip


def _means_the_same(then: Profile, register: Register) -> bool:
    """Whether a profile then meant the same by the register's definition; new words may be added.

    A word that it did not know then set its row aside, or left it blank.
    """
    now, wanted = register.profile, register.definition
    if now.sha256 == then.sha256:
        return True
    was = then.definitions.get(wanted.name)
    if was is None or (was.approach, was.areas) != (wanted.approach, wanted.areas):
        return False
    if wanted.areas and {*then.areas} != {*now.areas}:
        return False
    words = [(then.levels, now.levels), (then.words, now.words)]
    return all(
        {*spellings} <= {*after.get(name, ())}
        for before, after in words
        for name, spellings in before.items()
    )


def describe_live(live: pd.DataFrame) -> str:
    """Describe where the past counts of a series come from, from :func:`count_live`.

    >>> quarters = pd.to_datetime(["2020-01-01", "2020-04-01", "2020-07-01"])
    >>> print(describe_live(pd.DataFrame({"period": quarters, "source": [RECORD, SAID, SAID]})))
    Of 2 past quarters, the register of the last day is kept for 1, and its own count is shown.
    For the other, today's record stands for the past.
    """
    live = check_frame(live, "period source", step="count_live")
    if live.empty:
        return "No project has a start date, so there is nothing to show over time."
    past = live.drop_duplicates("period").sort_values("period").iloc[:-1]
    said, n = int((past["source"] == SAID).sum()), len(past)
    unit = {1: "month", 12: "year"}.get(period_months(live["period"]), "quarter")
    if not n:
        return ""
    if not said:
        return (
            f"No register of a past {unit}'s last day is kept: today's record stands for the past."
        )
    if said == n:
        return f"Each past {unit}'s count is what the register of its last day said."
    rest = "the other" if n - said == 1 else f"the other {n - said:,}"
    return (
        f"Of {count_of(n, f'past {unit}')}, the register of the last day is kept for {said:,}, and "
        f"its own count is shown. For {rest}, today's record stands for the past."
    )


def add_earlier(counts: pd.DataFrame, register: Register, *, by: str | None = None) -> pd.DataFrame:
    """Add what the latest of the earlier registers said of its own day.

    Parameters
    ----------
    counts : DataFrame
        A row a group from :func:`count_involvement`.
    register : Register
        The register that they are of, with the kept ones of earlier days.
    by : str, optional
        The column that names the groups.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``earlier_day``
            The day of the latest earlier register; missing if none is kept, or if the profile's
            words for the definition have changed since.
        ``earlier_numerator``, ``earlier_denominator``
            Projects that were live on that day and met the definition; projects that were live. 0
            for a group that it did not know; missing without a day.
    """
    counts = check_frame(counts, by=by)
    same = next(_find_comparable(register, last=1), None)
    if same is None:
        missing = pd.Series(pd.NA, counts.index, dtype="Int64")
        no_day = pd.Series(pd.NaT, counts.index, dtype="datetime64[us]")
        return counts.assign(**dict.fromkeys(_COUNTS, missing), earlier_day=no_day)
    groups = [by] if by else []
    said = count_involvement(same, by=by)
    said = said.rename(columns={name: f"earlier_{name}" for name in COUNTS_AND_BLANKS})
    said, key = said[[*groups, *_COUNTS]].assign(all=0), [*groups, "all"]
    both = counts.assign(all=0).merge(said, how="left", on=key).set_index(counts.index)
    both = both.fillna(dict.fromkeys(_COUNTS, 0)).astype(dict.fromkeys(_COUNTS, "Int64"))
    return both.drop(columns="all").assign(earlier_day=same.as_of)


def describe_since(counts: pd.DataFrame, register: Register) -> str:
    """Describe how a count has moved since the latest of the earlier registers.

    Parameters
    ----------
    counts : DataFrame
        One row of :func:`add_earlier`.
    register : Register
        The register that it is of.

    Returns
    -------
    str
        A sentence; empty where no earlier register is kept.

    Examples
    --------
    >>> frame = pd.DataFrame({"approach": ["doing_with", "none"], "status": "active",
    ...     "start_date": pd.to_datetime(["2020-01-01", "2020-02-01"]), "end_date": pd.NaT})
    >>> then = Register(frame.assign(approach="none"), profile="cnwl", as_of="2020-06-30")
    >>> register = Register(frame, profile="cnwl", as_of="2021-06-30", earlier=[then])
    >>> print(describe_since(count_involvement(register).pipe(add_earlier, register), register))
    On 30 June 2020 the register said 0 of 2 (0%); a year on it is 1 of 2 (50%).
    """
    counts = check_frame(counts, *COUNTS, *_COUNTS, "earlier_day", some=True, step="add_earlier")
    row = counts.iloc[0]
    if pd.isna(row["earlier_day"]):
        return _describe_changed_words(register)
    check_frame(counts.iloc[[0]], *COUNTS, *_COUNTS, known=True)
    pairs = [(row[f"{when}numerator"], row[f"{when}denominator"]) for when in ("earlier_", "")]
    aims = [] if register.aim is None else [register.aim]
    rates = percents(*(k / n if n else np.nan for k, n in pairs), aims=aims)
    then, now = (
        f"{k_of_n(k, n)} ({rate})" if n else "no live projects"
        for (k, n), rate in zip(pairs, rates, strict=True)
    )
    passed = _describe_time(row["earlier_day"], register.as_of)
    return (
        f"On {format_date(row['earlier_day'])} the register said {then}; {passed} on it is {now}."
    )


def _describe_changed_words(register: Register) -> str:
    before = [kept for kept in register.earlier[-1:] if kept.as_of < register.as_of]
    if not before:
        return ""
    return (
        "The profile's words for meaningful involvement have changed since the register of "
        f"{format_date(before[0].as_of)}, so its count is not compared with today's."
    )


def _describe_time(then: pd.Timestamp, now: pd.Timestamp) -> str:
    """Return the time between two days in words: whole years or months, else days."""
    end = pd.offsets.MonthEnd(0)
    months = (now.year - then.year) * 12 + now.month - then.month
    ends = then == then + end and now == now + end
    if months and (then.day == now.day or ends):
        years, rest = divmod(months, 12)
        number, unit = (months, "month") if rest else (years, "year")
        return f"a {unit}" if number == 1 else count_of(number, unit)
    days = (now - then).days
    return "a day" if days == 1 else count_of(days, "day")
