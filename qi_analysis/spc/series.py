"""All series of a frame end to end, as arrays: their order, their phases, and the way back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.text import format_date
from ..profile import Rebase

SMALLEST = 5  # median denominator, below which a chart cannot be read
FEWEST_POINTS = 2  # below which a chart cannot be read
FEWEST_TO_TELL = 5  # of fewer, none can lie beyond limits that rest on them
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
        ranked = frame[order].rank(method="dense").to_numpy()
        rows = np.lexsort((ranked, code))
        group, when = code[rows], frame[order].iloc[rows].reset_index(drop=True)
        again = (np.diff(group) == 0) & (np.diff(ranked[rows]) == 0)
        if again.any():
            at = when[np.flatnonzero(again)[0]]
            raise OptionError(
                f"Two rows of one group have the same '{order}', {format_day(at)}. "
                "Name the columns that tell the groups apart with `by`."
            )
        labels = frame[keys].iloc[rows[np.diff(group, prepend=-1) != 0]]
        return cls(rows, group, when, labels, *(column[rows] for column in numbers))

    def put_back(self, frame: pd.DataFrame, added: dict) -> pd.DataFrame:
        """Add columns to the frame that the series came from, in its own order of rows."""
        back = np.argsort(self.rows, kind="stable")
        return frame.assign(**{name: values[back] for name, values in added.items()})

    def phases(self, rebase: Iterable | Mapping) -> tuple[np.ndarray, np.ndarray]:
        """Number the phases of all groups together, 0, 1, …; return why each begins, too."""
        begins, why = self._group_starts, np.full(len(self.group), "", dtype=object)
        for group, date in self._rebase_dates(rebase):
            accepted = isinstance(date, Rebase)
            chosen = self._divides(date.starts, begins) if accepted else self._contains(date)
            chosen = chosen if group is None else chosen & (self.group == group)
            if not accepted and not chosen.any():
                raise OptionError(self._describe_unknown(date))
            why[chosen] = date.reason if accepted else ""
            begins = begins | chosen
        return np.cumsum(begins) - 1, why

    def numbers(self, phase: np.ndarray) -> np.ndarray:
        """Number the phases within each group, 1, 2, …"""
        first = np.flatnonzero(self._group_starts)
        return phase - phase[first][self.group] + 1 if len(phase) else phase

    @cached_property
    def _names(self) -> list:
        """Return each group's name; a tuple where there are several columns."""
        names = list(self.labels.itertuples(index=False, name=None))
        return [name[0] for name in names] if self.labels.shape[1] == 1 else names

    @cached_property
    def _group_starts(self) -> np.ndarray:
        return np.diff(self.group, prepend=-1) != 0

    def _rebase_dates(self, rebase) -> list[tuple]:
        """Return (group, date) in the order of the dates; the group None stands for all."""
        if not isinstance(rebase, Mapping):
            rebase = {None: rebase}
        unknown = [name for name in rebase if name is not None and name not in self._names]
        if unknown:
            raise OptionError(f"`rebase` names the group '{unknown[0]}', which the data lack.")
        pairs = [
            (None if name is None else self._names.index(name), date)
            for name, dates in rebase.items()
            for date in dates
        ]
        return sorted(pairs, key=lambda pair: self._parse(getattr(pair[1], "starts", pair[1])))

    def _first_since(self, date) -> np.ndarray:
        """Find each group's first period that holds a date, or comes after it."""
        reached = self._parse(date) < self._period_ends
        return reached & ~(np.append(False, reached[:-1]) & ~self._group_starts)

    def _contains(self, date) -> np.ndarray:
        """Find which periods hold a date."""
        when, date = self.when.to_numpy(), self._parse(date)
        return (when == date) | (self._first_since(date) & (when <= date))

    @cached_property
    def _period_ends(self) -> np.ndarray:
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
        after = valid & (self._parse(date) < self._period_ends)
        before, rest = (np.bincount(phase, part) for part in (valid & ~after, after))
        return self._first_since(date) & (np.minimum(before, rest) >= FEWEST_POINTS)[phase]

    def _parse(self, date):
        """Return a date in the type of the order column, which may be plain numbers."""
        return np.datetime64(pd.Timestamp(date)) if self.when.dtype.kind == "M" else date

    def _describe_unknown(self, date) -> str:
        known = np.sort(self.when.unique())
        at = np.searchsorted(known, self._parse(date))
        near = " and ".join(format_day(d) for d in known[max(0, at - 1) : at + 1])
        return f"The rebase date {format_day(date)} is in no group's data. The nearest are {near}."


def group_keys(by: str | list[str] | None) -> list[str]:
    """Return the columns that name the groups as a list, empty without any."""
    return [by] if isinstance(by, str) else list(by or ())


def group_codes(rows: pd.DataFrame, keys: list[str]) -> np.ndarray:
    """Number the groups of rows, 0, 1, …, in the order of their names."""
    if not keys:
        return np.zeros(len(rows), int)
    return rows.groupby(keys, sort=True, dropna=False).ngroup().to_numpy()


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


def format_day(date) -> str:
    """Write a value of an order column: a date in words, anything else as it is."""
    stamp = pd.Timestamp(date) if isinstance(date, (np.datetime64, str)) else date
    return format_date(stamp) if hasattr(stamp, "strftime") else str(stamp)
