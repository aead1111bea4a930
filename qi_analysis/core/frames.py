"""The check of every function that takes a frame: its columns, counts, rates and periods.

A frame of counts may come from anywhere. What a function reads is refused here if it cannot be
right, with the row and the way out, and handed on in one form: counts and rates as numbers, missing
ones as NaN, periods as days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, NoReturn

import numpy as np
import pandas as pd

from .errors import OptionError
from .periods import read_days
from .schema import COUNTS, COUNTS_AND_BLANKS, NO_DIRECTORATE
from .text import format_date, k_of_n, listed, percents

STEPS = {  # the function that gives a column, where most frames have it from one
    **dict.fromkeys(COUNTS_AND_BLANKS, "count_involvement"),
    "period": "count_involvement(..., period=...)",
    **dict.fromkeys(("rate", "lower_cl", "upper_cl"), "add_rates"),
    **dict.fromkeys(("needed", "met_now"), "add_aim"),
}
MOST = 10**15  # of a count: up to there a float holds every whole number
SLACK = 0.006  # by how much a rate may lie beside its counts: it may have been rounded
ROUNDING = 1e-9  # by how much a sum of shares may pass 1
BESIDE = (*COUNTS_AND_BLANKS, "numerator_highest", "settled", "early")  # read with any counts
RATES = ("rate", "lower_cl", "upper_cl")
TALLIES = (  # whole numbers from 0 on, of projects, periods, points or simulations
    "absent", "areas", "at_least", "compared", "crossings", "crossings_min", "days", "empty",
    "falls", "involve_nobody", "left_out", "longest_run", "longest_run_max", "missing", "n",
    "n_useful", "needed", "new", "not_applicable", "not_recorded_actions", "old", "past_ended",
    "past_months", "past_started", "periods", "phase", "possibly", "projects", "rises",
    "simulation", "simulations", "started", "started_lower", "started_upper", "undated", "unplaced",
    "within", "work_to_or_for",
)  # fmt: skip
SHARES = (
    "aim", "highest", "involvement", "rate_against", "rate_at_end", "rate_highest", "rate_lower",
    "rate_lowest", "rate_upper", "share_ended", "share_involved", "share_needed", "share_reached",
    "share_used", "standardised_rate",
)  # fmt: skip
NUMBERS = (
    "value", "point", "mean", "lpl", "upl", "median", "target", "baseline", "tau2", "centre",
    "shrunken", "shrunken_lower", "shrunken_upper", "sustained_lower", "sustained_upper",
    "difference", "mix_part", "months", "p_adjusted", "p_value", "points", "points_lower",
    "points_upper", "rate_part", "reached", "relative",
)  # fmt: skip
FLAGS = (
    "settled", "early", "mixed", "one_sided", "outside_limits", "readable", "shift", "signal",
    "trend", "trial_limits", "two_in_three",
)  # fmt: skip
DAYS = (  # the first of something, where it is known
    "changed_at", "date", "earlier_day", "end", "first_changed_at", "last_empty", "lower_since",
    "rebase",
)  # fmt: skip
TEXTS = (
    "against", "approach", "direction", "doubt", "label", "lacking", "level", "other_label",
    "outcome", "people", "point_is", "reason", "rebase_reason",
)  # fmt: skip
WORDS = {  # what a text may be, where what is done depends on it; several are apart by commas
    "assurance": ("none", "consistent_pass", "consistent_fail", "inconsistent"),
    "change": ("rise", "fall", "none", "too_early", "too_few"),
    "doubt": ("blanks_fell", "blanks_rose", "recorded", "days"),
    "involvement": ("yes", "no", "not_recorded"),
    "met_now": ("yes", "no", "blanks_decide"),
    "point_type": (
        "common_cause", "special_cause_improvement", "special_cause_concern",
        "special_cause_neutral",
    ),
    "position": ("higher", "lower", "within", "too_few"),
    "rule": ("none", "hes", "mhsds", "lt10"),
    "rules": ("outside_limits", "trend", "two_in_three", "shift"),
    "sustained": ("yes", "no", "cannot_tell", "too_few"),
    "variation": (
        "common_cause", "improvement_high", "improvement_low", "concern_high", "concern_low",
        "neutral_high", "neutral_low",
    ),
    "verdict": ("more", "fewer", "cannot_tell"),
}  # fmt: skip
GROUPS = ("directorate", "group", "label", "phase", "period")  # what tells a person which row it is
KINDS = {  # what a column's values are, by its name
    **dict.fromkeys((*TEXTS, *WORDS), "text"), **dict.fromkeys((*BESIDE, *TALLIES), "count"),
    **dict.fromkeys(RATES, "rate"),
    **dict.fromkeys(SHARES, "share"), **dict.fromkeys(NUMBERS, "number"), "period": "day",
    **dict.fromkeys(DAYS, "date"), "rebased": "place", **dict.fromkeys(FLAGS, "flag"),
}  # fmt: skip


def check_frame(
    frame: pd.DataFrame,
    *columns: str,
    by: str | Iterable[str] | None = (),
    order: str = "",
    number: str = "",
    alone: bool = False,
    known: bool = False,
    named: bool = False,
    whole: bool = True,
    filled: str = "",
    some: bool = False,
    kinds: Mapping[str, str] | None = None,
    step: str = "",
) -> pd.DataFrame:
    """Return a frame with the columns that a function reads as they ought to be, or refuse it.

    Parameters
    ----------
    frame : DataFrame
        As it was given to a public function.
    *columns : str
        The columns that the function reads; in one text, several apart by spaces.
    by : str or iterable of str, optional
        The columns that it was told to group by.
    order : str
        The column that it was told to order by: days, or plain numbers.
    number : str
        A column of numbers, whatever its name.
    alone : bool
        No two rows may have the same ``by`` and ``period``.
    known : bool
        No count may be missing.
    named : bool
        The groups are written out: one without a name is "Not recorded".
    whole : bool
        Counts are whole numbers; those worked out from published rates need not be.
    filled : str
        The columns, besides counts, in which no value may be missing; several apart by spaces.
    some : bool
        There must be a row.
    kinds : mapping, optional
        What is in a column whose name stands for something else elsewhere, such as ``"flag"``.
    step : str
        The function that makes the frame, or adds columns to the counts that it is of.

    Returns
    -------
    DataFrame
        The same rows and columns. Counts (``numerator``, ``denominator`` and ``not_recorded``,
        under whatever prefix), rates and other numbers are numbers, missing ones NaN, and periods
        are days (``datetime64[us]``).

    Raises
    ------
    ValueError
        If it is no frame, or lacks a column; if a count is not a whole number from 0, a rate not
        within 0-1, a number not finite, a period not a date, or missing, a text none of those that
        its column may have; or if they contradict each other. The sentence names the row by its
        label, with its group and period.

    Examples
    --------
    >>> check_frame(pd.DataFrame({"numerator": [4]}), "numerator rate")
    Traceback (most recent call last):
    qi_analysis.core.errors.OptionError: The frame has no column 'rate': add it with `add_rates`
    first.
    >>> counts = pd.DataFrame({"ward": ["A", "B"], "numerator": [4, 5], "denominator": [9, 3]})
    >>> check_frame(counts, "numerator denominator", by="ward")
    Traceback (most recent call last):
    qi_analysis.core.errors.OptionError: Row 1 (B) has 5 in `numerator`, more than the 3 in
    `denominator`. Correct one of them.
    """
    read, chosen = " ".join(columns).split(), [by] if isinstance(by, str) else [*(by or ())]
    others = [name for name in (*chosen, number, order) if name]
    _check_columns(frame, [*read, *others], read, step)
    beside = [name for name in BESIDE if name in frame]
    rows, kinds = _Rows(frame, chosen), _find_kinds(read, beside, whole) | {**(kinds or {})}
    for name in chosen:
        _check_names(rows, name)
    values = {name: READERS[kind](rows, name) for name, kind in kinds.items()}
    if number:
        values[number] = _read_number(rows, number)
    if order:
        values[order] = _read_order(rows, order)
    parted = not step or "not_recorded" in read  # of reasons and scores it means something else
    rows.check_counts(values, kinds, known, parted)
    for name in filled.split():
        rows.refuse(rows[name].isna().to_numpy(), name, _FILLED)
    changed = {name: column for name, column in values.items() if column is not rows[name]}
    if named:
        changed |= {name: _name_blanks(frame[name]) for name in chosen if name not in values}
    frame = frame.assign(**changed) if changed else frame
    if some and frame.empty:
        raise OptionError(f"The frame has no row. Give one of `{step or STEPS[COUNTS[0]]}`.")
    if alone:
        _check_alone(frame, [*chosen, "period"])
    return frame


def check_table(table: pd.DataFrame, *, step: str = "", known: bool = True) -> pd.DataFrame:
    """Return a table of nothing but counts as numbers; none may be missing where all are known."""
    _check_columns(table, [], [], step)
    for names in (table.index, table.columns):
        if names.nlevels > 1:
            raise OptionError(
                "A table to publish has one name for each row and column: make one of several."
            )
        if not names.is_unique:
            raise OptionError(f"A table to publish has '{names[names.duplicated()][0]}' twice.")
    columns: list[Any] = list(table)
    rows = _Rows(table, [])
    counts = {name: _read_count(rows, name).astype("float64") for name in columns}
    for name, column in counts.items():
        if known:
            rows.refuse(column.isna().to_numpy(), name, _KNOWN)
    return pd.DataFrame(counts, table.index, table.columns)


def pair_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts in which both are missing where either is: a missing point is no number.

    >>> pair_counts(pd.DataFrame({"numerator": [4, None], "denominator": [9, 9]}))
       numerator  denominator
    0        4.0          9.0
    1        NaN          NaN
    """
    missing = counts[COUNTS].isna().any(axis=1)
    return (
        counts.assign(**{c: counts[c].mask(missing) for c in COUNTS}) if missing.any() else counts
    )


def read_counts(counts: object, name: str) -> np.ndarray:
    """Return counts that were given as an array, as floats in its shape; a missing one is NaN.

    >>> read_counts([4, None], "numerator")
    array([ 4., nan])
    >>> read_counts([4, -1], "numerator")
    Traceback (most recent call last):
    qi_analysis.core.errors.OptionError: Row 1 has -1 in `numerator`: a count is a whole number from
    0 on. Correct it, or leave it empty if it is not known.
    """
    array = np.asarray(counts)
    if array.dtype.kind in "iuf" and not _are_no_counts(array).any():
        return array.astype(float)
    column = pd.Series(array.ravel(), dtype=object).to_frame(name)
    return _read_count(_Rows(column, []), name).to_numpy(float).reshape(array.shape)


# --- columns --------------------------------------------------------------------------------------


def _check_columns(frame: object, names: list[str], read: list[str], step: str) -> None:
    """Refuse what is no frame, and one that lacks a column or has it twice."""
    has = getattr(frame, "columns", None)
    if has is None:
        example, what = step or STEPS["numerator"], type(frame).__name__
        raise OptionError(f"This takes a frame, such as `{example}` gives; not a {what}.")
    there = list(has)
    for name in names:
        if name not in there:
            raise OptionError(_say_missing(name, step if name in read else "", there))
    twice = [name for name in [*names, *BESIDE] if there.count(name) > 1]
    if twice:
        raise OptionError(f"The frame has two columns '{twice[0]}'. Leave one of them out.")


def _say_missing(name: str, step: str, there: list) -> str:
    """Describe which column a frame lacks: who gives it, else which there are."""
    common = STEPS.get(name, "")
    gives = (common or step) if step.startswith("add_") else (step or common)
    lacks = f"The frame has no column '{name}'"
    if gives:
        return f"{lacks}: {'add' if gives.startswith('add_') else 'make'} it with `{gives}` first."
    columns = listed([f"'{column}'" for column in there]) or "none"
    return f"{lacks}; it has {columns}."


def _find_kinds(read: list[str], beside: list[str], whole: bool) -> dict[str, str]:
    """Return what is in each column that is read, where its name tells; others are left as are.

    What stands beside counts is read with them. Limits are those of a rate where it is read.
    """
    counted = {"numerator", "denominator"} & {*read}
    names = [*read, *(beside if counted else [])]
    kinds = {name: _kind(name, whole) for name in names if counted or name not in BESIDE}
    if "rate" not in read:
        kinds |= {name: "number" for name in RATES if name in kinds}
    return {name: kind for name, kind in kinds.items() if kind}


def _kind(name: str, whole: bool) -> str:
    parts = name.split("_")
    counted = "numerator" in parts or "denominator" in parts or KINDS.get(name) == "count"
    return ("count" if whole else "amount") if counted else KINDS.get(name, "")


def _check_alone(frame: pd.DataFrame, keys: list[str]) -> None:
    """Refuse two rows of one group and period."""
    again = frame.duplicated(keys).to_numpy()
    if again.any():
        refuse_twice(frame.iloc[int(np.argmax(again))], keys)


def refuse_twice(row: pd.Series, keys: list[str]) -> NoReturn:
    """Refuse a row whose group and period another row has already."""
    *groups, order = keys
    group = f", {', '.join(str(row[name]) for name in groups)}," if groups else ""
    raise OptionError(
        f"Two rows of one group{group} have the same '{order}', {show_value(row[order])}. Name the "
        "columns that tell the groups apart with `by`, or give one group's rows."
    )


def _name_blanks(column: pd.Series) -> pd.Series:
    """Return the groups' names, "Not recorded" for a group without one."""
    blank = column.isna()
    return column.astype(object).mask(blank, NO_DIRECTORATE) if blank.any() else column


# --- values ---------------------------------------------------------------------------------------


class _Rows:
    """A frame's rows, as a person finds them: by label, group and period."""

    def __init__(self, frame: pd.DataFrame, by: Sequence[str]):
        self.frame, self.by = frame, by
        self.columns: dict[str, pd.Series] = {}

    def __getitem__(self, name: str) -> pd.Series:
        """Return a column, the same object each time; a frame makes a new one."""
        if name not in self.columns:
            self.columns[name] = self.frame[name]
        return self.columns[name]

    def name(self, at: int) -> str:
        """Name a row: "Row 3 (Rehab, 1 April 2020)"."""
        columns = [*self.frame.columns]
        known = [n for n in dict.fromkeys([*self.by, *GROUPS]) if columns.count(n) == 1]
        values = [self.frame[n].iloc[at] for n in known]
        parts = filter(None, (_show_name(value) for value in values if not is_missing(value)))
        label = self.frame.index[at]
        label = ", ".join(map(str, label)) if isinstance(label, tuple) else label
        where = ", ".join(parts)
        return f"Row {label} ({where})" if where else f"Row {label}"

    def refuse(self, wrong: np.ndarray, name: str, why: str) -> None:
        """Refuse the first row of those that are wrong, with what it has."""
        if wrong.any():
            at = int(np.argmax(wrong))
            self.say(at, f"has {show_value(self.frame[name].iloc[at])} in `{name}`{why}")

    def say(self, at: int, what: str) -> NoReturn:
        raise OptionError(f"{self.name(at)} {what}")

    def check_counts(
        self, values: dict[str, pd.Series], kinds: dict, known: bool, parted: bool
    ) -> None:
        """Refuse counts that contradict each other, and rates that are not their counts'."""
        numbers = {
            name: column.to_numpy(float)
            for name, column in values.items()
            if kinds.get(name) in ("count", "amount", "rate")
        }
        for name in numbers:
            if known and kinds[name] != "rate":
                self.refuse(np.isnan(numbers[name]), name, _KNOWN)
        for name, k in numbers.items():
            whole = _whole_of(name)
            if whole in numbers:
                self._refuse_more(k > numbers[whole], name, whole)
        k, n = (numbers.get(name) for name in ("numerator", "denominator"))
        if k is None or n is None:
            return
        blank, most = numbers.get("not_recorded"), numbers.get("numerator_highest")
        if blank is not None and parted:
            self._refuse_together(k + blank > n, (k, blank, n))
        if most is not None:
            self._refuse_more(k > most, "numerator", "numerator_highest")
        self._check_rates(numbers, k, n)

    def _refuse_more(self, wrong: np.ndarray, part: str, whole: str) -> None:
        if wrong.any():
            at = int(np.argmax(wrong))
            more, less = (show_value(self.frame[name].iloc[at]) for name in (part, whole))
            self.say(at, f"has {more} in `{part}`, more than the {less} in `{whole}`. Correct one "
                     "of them.")  # fmt: skip

    def _refuse_together(self, wrong: np.ndarray, counts: tuple) -> None:
        if wrong.any():
            at = int(np.argmax(wrong))
            k, blank, n = (f"{column[at]:.0f}" for column in counts)
            self.say(at, f"has more in `numerator` ({k}) and `not_recorded` ({blank}) together than"
                     f" in `denominator` ({n}). Correct one of them.")  # fmt: skip

    def _check_rates(self, numbers: dict, k: np.ndarray, n: np.ndarray) -> None:
        """Refuse a rate that is missing where there are counts, or is not that of the counts."""
        some = (n > 0) & ~np.isnan(k)
        again = "Add it anew with `add_rates`."
        for name in RATES:
            if name in numbers:
                self.refuse(some & np.isnan(numbers[name]), name, f", but has counts. {again}")
        if "rate" not in numbers:
            return
        with np.errstate(invalid="ignore", divide="ignore"):
            apart = some & (np.abs(numbers["rate"] - k / n) > SLACK)
        if apart.any():
            at = int(np.argmax(apart))
            rate, right = percents(numbers["rate"][at], k[at] / n[at])
            self.say(at, f"has a rate of {rate}, but {k_of_n(k[at], n[at])} is {right}. {again}")


def format_percents(rates: pd.DataFrame, aims: Iterable | None = None) -> pd.DataFrame:
    """Format rates (0-1) as percentages that tell those of a row apart, and each from its aim.

    >>> format_percents(pd.DataFrame({"rate": [0.5, 0.5, None], "upper_cl": [0.504, 0.6, None]}))
        rate upper_cl
    0  50.0%    50.4%
    1    50%      60%
    2   none     none
    """
    goals = [()] * len(rates) if aims is None else [(aim,) for aim in aims]
    rows = zip(rates.itertuples(index=False, name=None), goals, strict=True)
    shown = [percents(*row, aims=goal) for row, goal in rows]
    return pd.DataFrame(shown, rates.index, rates.columns, dtype="str")


def format_interval(low: pd.Series, high: pd.Series) -> pd.Series:
    """Join two limits that are formatted already; there is none where one is missing."""
    return (low + " to " + high).mask(low == "none", "none")


def _show_name(value: object) -> str:
    return value.strip() if isinstance(value, str) else show_value(value)


def show_value(value: object) -> str:
    """Write a cell's value: text in quotes, a day in words, and what is missing as nothing.

    >>> show_value("x"), show_value(2.0), show_value(None), show_value(pd.Timestamp("2020-04-01"))
    ("'x'", '2', 'nothing', '1 April 2020')
    """
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, pd.Period):
        return str(value)
    if is_missing(value):
        return "nothing"
    if isinstance(value, float) and value == np.floor(value) and abs(value) < MOST:
        return f"{value:.0f}"
    return format_date(value) if hasattr(value, "strftime") else str(value)


def _whole_of(name: str) -> str:
    """Return the column that a count is of: ``recent_numerator`` of ``recent_denominator``."""
    return name.replace("numerator", "denominator").replace("_highest", "") * ("numerator" in name)


def _read_count(rows: _Rows, name: str) -> pd.Series:
    numbers, wrong = _read_numbers(rows[name])
    rows.refuse(
        wrong | _are_no_counts(numbers), name,
        ": a count is a whole number from 0 on. Correct it, or leave it empty if it is not known.",
    )  # fmt: skip
    return _put_back(rows[name], numbers, counts=True)


def _read_amount(rows: _Rows, name: str) -> pd.Series:
    numbers, wrong = _read_numbers(rows[name])
    wrong |= (numbers < 0) | (numbers > MOST)
    rows.refuse(wrong, name, ": it is a number from 0 on. Correct it, or leave it empty.")
    return _put_back(rows[name], numbers)


def _are_no_counts(numbers: np.ndarray) -> np.ndarray:
    fractional = (numbers != np.floor(numbers)) & ~np.isnan(numbers)
    return (numbers < 0) | (numbers > MOST) | fractional


def _read_rate(rows: _Rows, name: str) -> pd.Series:
    numbers, wrong = _read_numbers(rows[name])
    rows.refuse(
        wrong | (numbers < 0) | (numbers > 1), name,
        ": a rate lies between 0 and 1. Add it anew with `add_rates`.",
    )  # fmt: skip
    return _put_back(rows[name], numbers)


def _read_share(rows: _Rows, name: str) -> pd.Series:
    numbers, wrong = _read_numbers(rows[name])
    wrong |= (numbers < -ROUNDING) | (numbers > 1 + ROUNDING)
    rows.refuse(wrong, name, ": it is a share, and lies between 0 and 1.")
    return _put_back(rows[name], numbers)


def _read_number(rows: _Rows, name: str) -> pd.Series:
    numbers, wrong = _read_numbers(rows[name])
    rows.refuse(
        wrong | np.isinf(numbers), name,
        ", which is no number. Correct it, or leave it empty if it is not known.",
    )  # fmt: skip
    return _put_back(rows[name], numbers)


def _read_numbers(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return a column as floats, what is missing as NaN; and which values are no numbers."""
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind in "iuf" and kind:
        return column.to_numpy(float), np.zeros(len(column), bool)
    values = column.astype(object).to_numpy()
    numbers = np.array([_as_number(value) for value in values], float)
    missing = np.array([is_missing(value) for value in values], bool)
    return numbers, np.isnan(numbers) & ~missing


def _as_number(value: object) -> float:
    """Return a number, or text that is a whole number, as a float; NaN if it is neither."""
    if isinstance(value, str):
        return float(value) if value.strip().isascii() and value.strip().isdigit() else np.nan
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (Real, Decimal)):
        return np.nan
    return float(value)


def is_missing(value: Any) -> bool:
    """Whether a value is one that stands for none: None, NaN, NA or NaT."""
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _put_back(column: pd.Series, numbers: np.ndarray, *, counts: bool = False) -> pd.Series:
    """Return the column itself if it holds plain numbers, else these.

    Counts that are all known are integers: those of a file with gaps would be written 12.0.
    """
    whole = not np.isnan(numbers).any() and (numbers == np.floor(numbers)).all()
    kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else ""
    if kind in ("i", "u") or (kind == "f" and not (counts and whole)):
        return column
    kept = numbers.astype("int64") if whole and len(numbers) else numbers
    return pd.Series(kept, column.index, name=column.name)


def _read_day(rows: _Rows, name: str) -> pd.Series:
    column = rows[name]
    missing = column.isna().to_numpy()
    if missing.any():
        rows.say(int(np.argmax(missing)), f"has no `{name}`. Give its first day, or leave the row "
                 "out.")  # fmt: skip
    days = read_days(column)
    rows.refuse(
        days.isna().to_numpy(), name,
        ": periods are dates, such as 2020-04-01, or pandas Periods. Turn other text into dates "
        "with `pd.to_datetime`, or it would stand in alphabetical order.",
    )  # fmt: skip
    return column if days.equals(column) else days


def _read_date(rows: _Rows, name: str) -> pd.Series:
    """Return days, NaT where there is none."""
    column = rows[name]
    days = read_days(column)
    wrong = days.isna().to_numpy() & ~column.isna().to_numpy()
    rows.refuse(wrong, name, ": it is a date, such as 2020-04-01, or empty.")
    return column if days.equals(column) else days


def _read_place(rows: _Rows, name: str) -> pd.Series:
    """Return what is one of the values that order the points, or missing: numbers, or days."""
    is_number = pd.api.types.is_numeric_dtype(rows[name].dtype)
    return (_read_number if is_number else _read_date)(rows, name)


def _read_text(rows: _Rows, name: str) -> pd.Series:
    """Return text, empty where it is missing; of some columns only the words that are known."""
    column, known = rows[name], WORDS.get(name)
    if not isinstance(column.dtype, pd.StringDtype):
        wrong = [not (isinstance(value, str) or is_missing(value)) for value in column]
        rows.refuse(np.array(wrong, bool), name, ", which is no text.")
    words = column.unique() if known else []
    odd = [w for w in words if not is_missing(w) and not {*w.split(", ")} <= {*(known or ()), ""}]
    if odd:
        one_of = listed([f"'{word}'" for word in known or ()])
        rows.refuse(column.isin(odd).to_numpy(bool), name, f": it is one of {one_of}, or empty.")
    return column.astype("str").fillna("") if column.hasnans else column


def _check_names(rows: _Rows, name: str) -> None:
    """Refuse a group's name that cannot be one, such as a list."""
    if rows[name].dtype != object:
        return
    try:
        rows[name].unique()
    except TypeError:
        wrong = [not pd.api.types.is_hashable(value) for value in rows[name]]
        rows.refuse(np.array(wrong, bool), name, ", which is no name of a group.")


def _read_order(rows: _Rows, name: str) -> pd.Series:
    """Return what orders the points: plain numbers as they are, all else as days."""
    column = rows[name]
    if not pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return _read_day(rows, name)
    numbers, wrong = _read_numbers(column)
    rows.refuse(
        wrong | ~np.isfinite(numbers), name, ", by which it has no place. Give a number or a date."
    )
    return _put_back(column, numbers)


def _read_flag(rows: _Rows, name: str) -> pd.Series:
    column = rows[name]
    if pd.api.types.is_bool_dtype(column.dtype):
        return column
    missing = column.isna().to_numpy()
    wrong = [not isinstance(value, (bool, np.bool_)) for value in column.astype(object)]
    rows.refuse(np.array(wrong, bool) & ~missing, name, ": it says True or False, or nothing.")
    return column.astype(object).mask(missing, pd.NA).astype("boolean")


_KNOWN = ". Here each count has to be known: leave the row out, or give it."
_FILLED = ". Here it has to be known: leave the row out, or give it."
READERS = {
    "count": _read_count, "amount": _read_amount, "rate": _read_rate, "share": _read_share,
    "number": _read_number, "day": _read_day, "date": _read_date, "place": _read_place,
    "flag": _read_flag, "text": _read_text,
}  # fmt: skip
