"""All series of a frame end to end, as arrays: their order, their phases, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from ..cleaning.parsers import parse_day
from ..core.errors import OptionError
from ..core.frames import refuse_twice, show_value
from ..core.periods import count_absent
from ..core.schema import COUNTS, NO_DIRECTORATE
from ..core.text import (
    MOST_DIGITS,
    format_date,
    format_share,
    percent,
    percents,
    write_exact,
)
from ..profile import Rebase

SMALLEST = 5  # median denominator, below which a chart cannot be read
FEWEST_POINTS = 2  # below which a chart cannot be read
FEWEST_TO_TELL = 5  # of fewer, none can lie beyond limits that rest on them
RATE = "rate"  # what the points of a chart are, unless they are values in a unit of their own
GAP = 1.5  # ordinary steps between neighbours, above which periods are missing between them


@dataclass(frozen=True)
class Series:
    """The series of all groups, one after the other, each in its order."""

    rows: np.ndarray  # positions of the frame's rows, group by group and in order
    group: np.ndarray  # 0, 1, … along those rows
    when: pd.Series  # the order column, sorted likewise
    labels: pd.DataFrame  # each group's name, in one column or several
    point: np.ndarray
    numerator: np.ndarray
    denominator: np.ndarray

    @classmethod
    def of(cls, frame: pd.DataFrame, numbers: tuple, by, order: str) -> Series:
        """Sort a frame's points, numerators and denominators by group and by order."""
        keys = group_keys(by)
        code = group_codes(frame, keys)
        when = frame[order]
        ranked = when.rank(method="dense").to_numpy()
        rows = np.lexsort((ranked, code))
        group, when = code[rows], when.iloc[rows].reset_index(drop=True)
        again = (np.diff(group) == 0) & (np.diff(ranked[rows]) == 0)
        if again.any():
            refuse_twice(frame.iloc[int(rows[np.argmax(again)])], [*keys, order])
        labels = frame[keys].iloc[rows[np.diff(group, prepend=-1) != 0]]
        return cls(rows, group, when, labels, *(column[rows] for column in numbers))

    def put_back(self, frame: pd.DataFrame, added: dict) -> pd.DataFrame:
        """Add columns to the frame that the series came from, in its own order of rows."""
        back = np.argsort(self.rows, kind="stable")
        return frame.assign(**{name: values[back] for name, values in added.items()})

    def stretches(self, phase: np.ndarray) -> np.ndarray:
        """Number what runs and moving ranges stay within: phases, parted by absent periods."""
        return phase + np.cumsum(count_absent(self.when, self.group) > 0)

    def rebased(self, phase: np.ndarray) -> pd.Series:
        """Return the first period of each point's phase; missing in the first phase of a group."""
        first = np.flatnonzero(np.diff(phase, prepend=-1))
        begins = self.when.iloc[first[phase]].reset_index(drop=True)
        return begins.mask(self._group_starts[first][phase])

    def by_group(self, given: Mapping, what: str, missing: object) -> list:
        """Return what is given for each row's group; refuse a group that the data lack."""
        self._check_names(given, what)
        each = [given.get(name, missing) for name in self._names]
        return [each[number] for number in self.group]

    def phases(self, rebase: Iterable | Mapping) -> tuple[np.ndarray, np.ndarray]:
        """Number the phases of all groups together, 0, 1, …; return why each row's began, too."""
        begins, why = self._group_starts, np.full(len(self.group), "", dtype=object)
        for group, date in self._rebase_dates(rebase):
            accepted = isinstance(date, Rebase)
            chosen = self._divides(date.starts, begins) if accepted else self._contains(date)
            chosen = chosen if group is None else chosen & (self.group == group)
            if not accepted and not chosen.any():
                raise OptionError(self._describe_unknown(date))
            why[chosen] = date.reason if accepted else ""
            begins = begins | chosen
        return np.cumsum(begins) - 1, why[np.flatnonzero(begins)[np.cumsum(begins) - 1]]

    def numbers(self, phase: np.ndarray) -> np.ndarray:
        """Number the phases within each group, 1, 2, …"""
        first = np.flatnonzero(self._group_starts)
        return phase - phase[first][self.group] + 1 if len(phase) else phase

    def _check_names(self, given: Iterable, what: str) -> None:
        for name in given:
            if name not in self._names:
                raise OptionError(f"`{what}` names the group '{name}', which the data lack.")

    @cached_property
    def _names(self) -> list:
        """Return each group's name; a tuple where there are several columns."""
        names = list(self.labels.itertuples(index=False, name=None))
        return [name[0] for name in names] if self.labels.shape[1] == 1 else names

    @cached_property
    def _group_starts(self) -> np.ndarray:
        return np.not_equal(np.diff(self.group, prepend=-1), 0)

    def _rebase_dates(self, rebase) -> list[tuple]:
        """Return (group, date) in the order of the dates; the group None stands for all."""
        if not isinstance(rebase, Mapping):
            rebase = {None: rebase}
        self._check_names((name for name in rebase if name is not None), "rebase")
        pairs = [
            (None if name is None else self._names.index(name), date)
            for name, dates in rebase.items()
            for date in ([dates] if isinstance(dates, str) else dates)
        ]
        return sorted(pairs, key=lambda pair: self.parse(getattr(pair[1], "starts", pair[1])))

    def _first_since(self, date) -> np.ndarray:
        """Find each group's first period that holds a date, or comes after it."""
        reached = self.parse(date) < self.period_ends
        return reached & ~(np.append(False, reached[:-1]) & ~self._group_starts)

    def _contains(self, date) -> np.ndarray:
        """Find which periods hold a date."""
        when, date = self.when.to_numpy(), self.parse(date)
        return (when == date) | (self._first_since(date) & (when <= date))

    @cached_property
    def period_ends(self) -> np.ndarray:
        """Return where each period ends: at the next, or after an ordinary step before a gap."""
        when = self.when.to_numpy()
        steps = np.diff(when)[np.diff(self.group) == 0]
        if not len(steps):
            return when
        step = steps[steps <= GAP * steps.min()].max()
        following = np.append(when[1:], when[-1:] + step)
        last = np.append(np.diff(self.group) != 0, True)
        return np.where(last, when + step, np.minimum(following, when + step))

    def _divides(self, date, begins: np.ndarray) -> np.ndarray:
        """Find where a date begins a phase: only with enough points on either side of it."""
        phase, valid = np.cumsum(begins) - 1, ~np.isnan(self.point)
        after = valid & (self.parse(date) < self.period_ends)
        before, rest = (np.bincount(phase, part) for part in (valid & ~after, after))
        return self._first_since(date) & (np.minimum(before, rest) >= FEWEST_POINTS)[phase]

    def parse(self, date) -> Any:
        """Return a date in the type of the order column, which may be plain numbers."""
        if self.when.dtype.kind == "M":
            return np.datetime64(parse_day(date))
        if isinstance(date, Real) and not isinstance(date, bool):
            return date
        raise OptionError(f"Points are in the order of numbers here, so {date!r} is no date.")

    def _describe_unknown(self, date) -> str:
        known, day = np.sort(self.when.unique()), self.parse(date)
        at = np.searchsorted(known, day)
        near = " and ".join(format_day(d) for d in known[max(0, at - 1) : at + 1])
        return f"The rebase date {format_day(day)} is in no group's data. The nearest are {near}."


def group_keys(by: str | list[str] | None) -> list[str]:
    """Return the columns that name the groups as a list, empty without any."""
    return [by] if isinstance(by, str) else list(by or ())


def name_groups(rows: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return the name of each row's group in one text; a group without one is not recorded."""
    named = rows[keys].astype(object)
    named = named.where(named.notna(), NO_DIRECTORATE).astype(str)
    return named.apply(", ".join, axis=1)


def group_codes(rows: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """Number the groups of rows, 0, 1, …, in the order of their names."""
    if not keys:
        return np.zeros(len(rows), int)
    return rows.groupby(keys, sort=True, dropna=False).ngroup().to_numpy()


def absent_before(rows: pd.DataFrame, keys: list[str], order: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each row's group, and how many periods are absent just before it.

    They are in the order of the groups and, within each, of its periods.
    """
    code = group_codes(rows, keys)
    at = np.lexsort((rows[order].to_numpy(), code))
    return code[at], count_absent(rows[order].iloc[at], code[at])


def used_points(point: np.ndarray, phase: np.ndarray, baseline: int | None) -> np.ndarray:
    """Find the points that limits rest on: all, or the first so many of each phase."""
    if baseline is not None and baseline < 2:
        raise OptionError(f"`baseline` must be at least 2 points; not {baseline}.")
    valid = ~np.isnan(point)
    if baseline is None or not len(phase):
        return valid
    so_far = np.cumsum(valid)
    first = np.flatnonzero(np.diff(phase, prepend=-1) != 0)
    return valid & (so_far - (so_far - valid)[first][phase] <= baseline)


def are_settled(frame: pd.DataFrame) -> np.ndarray:
    """Find the points that are not marked as unsettled: whose projects have had time enough."""
    if "settled" not in frame:
        return np.ones(len(frame), bool)
    return frame["settled"].fillna(True).to_numpy(bool)


def single_values(values: pd.Series) -> tuple:
    """Return single values as points, each of the same weight in their mean."""
    point = values.to_numpy(float, na_value=np.nan)
    return point, point, np.ones(len(point))


def name_points(frame: pd.DataFrame, value: str) -> str:
    """Return what single values are: rates, or what their column is called."""
    if value == RATE:
        return RATE
    if all(name in frame for name in COUNTS):
        point, (k, n) = (
            frame[value],
            (frame[name].to_numpy(float, na_value=np.nan) for name in COUNTS),
        )
        with np.errstate(invalid="ignore", divide="ignore"):
            if np.allclose(point.to_numpy(float, na_value=np.nan), k / n, equal_nan=True):
                return RATE
    return value.replace("_", " ")


def format_point(point: float, what: str) -> str:
    """Write a rate as a percentage, and any other value with three digits or all before its point.

    >>> format_point(0.296, "rate"), format_point(32.333, "days"), format_point(22900, "days")
    ('30%', '32.3', '22,900')
    """
    if what == RATE or point != point:
        return percent(point)
    return _write_value(point, 0)


def format_goal(goal: float, what: str) -> str:
    """Write a target as it was set, but for decimals without an end.

    >>> format_goal(0.7996, "rate"), format_goal(22900.25, "days"), format_goal(100 / 3, "days")
    ('79.96%', '22,900.25', '33.3')
    """
    return format_share(goal) if what == RATE else write_exact(goal) or format_point(goal, what)


def format_values(points: Iterable[float], what: str, aims: Iterable[float] = ()) -> list[str]:
    """Write points as :func:`format_point` does, different ones apart, and from aims beside them.

    >>> format_values([22900.1, 22900.4, 22900.1], "days"), format_values([0.4995, 0.5005], "rate")
    (['22,900.1', '22,900.4', '22,900.1'], ['49.95%', '50.05%'])
    """
    if what == RATE:
        return percents(*points, aims=aims)
    points, goals = ([float(f"{each:.12g}") for each in some] for some in (points, aims))
    known, more = {point for point in points if point == point}, 0
    while more < MOST_DIGITS and len({_write_value(point, more) for point in known}) < len(known):
        more += 1
    return [_write_beside(point, goals, more) for point in points]


def _write_beside(point: float, goals: list[float], more: int) -> str:
    """Write a value with the decimals that show it above each target, on it or below, as it is."""
    if point != point:
        return "none"
    for decimals in range(more, MOST_DIGITS + 1):
        text = _write_value(point, decimals)
        shown = float(text.replace(",", ""))
        if all(np.sign(shown - goal) == np.sign(point - goal) for goal in goals):
            return text
    return format_goal(point, "value")


def _write_value(point: float, more: int) -> str:
    """Write a value with three digits, and more decimals where different ones need them."""
    size = abs(point)
    decimals = int(np.clip(2 - np.floor(np.log10(size)), 0, 6)) + more if size else 0
    text = f"{point:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if decimals else text
    return text if float(text.replace(",", "")) else "0"


def order_series(frame: pd.DataFrame, order: str) -> pd.DataFrame:
    """Put one series in its order; refuse a frame of many groups."""
    again = frame[order].duplicated().to_numpy()
    if again.any():
        refuse_twice(frame.iloc[int(np.argmax(again))], [order])
    return frame.sort_values(order)


def format_day(date) -> str:
    """Write a value of an order column: a date in words, anything else as it is."""
    stamp = pd.Timestamp(date) if isinstance(date, (np.datetime64, str)) else date
    return format_date(stamp) if hasattr(stamp, "strftime") else show_value(stamp)
