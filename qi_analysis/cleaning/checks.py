"""Whether the rows agree: with each other, with the calendar, on the order of day and month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.errors import RegisterError
from ..core.schema import DATES, DAY_FIRST, JOINT, MONTH_FIRST, OPTIONAL, UNRECOGNISED
from ..core.text import count_of
from ..profile import Profile
from .encoding import Cells, pc
from .export import Export
from .parsers import EXCEL_EPOCH, EXCEL_SERIALS
from .personal import mask_personal
from .values import complaints, join_complaints

# What tells nothing of the project itself, or only how exactly a cell was written.
_ASIDE = ["source_row", "source_file", "directorate_as_read", "start_precision"]
DIFFERENT = "Several rows with this identifier say different things."


def find_duplicates(
    values: pd.DataFrame, found: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame, list[str]]:
    """Find the rows that repeat another, and those that only share its identifier.

    Parameters
    ----------
    values : DataFrame
        What was read of each row.
    found : DataFrame
        The cells that could not be read: two rows with the same faults may be repeats still.

    Returns
    -------
    same_as : Series
        For each repeat (a position), the position of the row that it repeats.
    differing : DataFrame
        A complaint for each row that shares its identifier with one that says something else.
    warnings : list of str
        How many such rows there are; identifiers that differ in capitals only.
    """
    ids = values["project_id"]
    codes, _ = pd.factorize(ids.str.lower())
    counts = np.bincount(codes + 1)
    counts[0] = 0
    alike = np.flatnonzero(counts[codes + 1] > 1)
    if not len(alike):
        return pd.Series(dtype="int64"), complaints(alike, "project_id", None, DIFFERENT), []
    alike_ids = ids.iloc[alike]
    repeated = alike[alike_ids.duplicated(keep=False).to_numpy()]
    content = _content(values, found, repeated)
    first = content.groupby(content).transform("idxmin")
    same_as = first[first != first.index]
    unrepeated = ids.loc[first.index.difference(same_as.index)]
    differing = unrepeated.index[unrepeated.duplicated(keep=False)].to_numpy()
    found_ids = ids.loc[differing].to_numpy(object)
    warnings = [*_conflicts(ids.loc[differing]), *_capitals(alike_ids)]
    return same_as, complaints(differing, "project_id", found_ids, DIFFERENT), warnings


def _content(values: pd.DataFrame, found: pd.DataFrame, rows: np.ndarray) -> pd.Series:
    """Return a number to each row, the same for rows that say the same."""
    content = values.iloc[rows].drop(columns=_ASIDE)
    several = content["directorate"].isin([UNRECOGNISED, JOINT])  # these stand for many names
    as_read = values["directorate_as_read"].iloc[rows].astype("str")
    named = content["directorate"].astype("str").mask(several, as_read)
    codes = [_numbered(texts) for _, texts in content.assign(directorate=named).items()]
    for _, faulty in found[found["row"].isin(rows)].groupby("column"):
        unread = np.full(len(rows), -1)
        at = np.searchsorted(rows, faulty["row"].to_numpy(np.int64))
        unread[at] = _numbered(faulty["found"].astype("str"))
        codes.append(unread)
    numbers = np.zeros(len(rows), np.int64)
    for column in codes:  # numbered anew after each column, so that the products stay small
        numbers = pd.factorize(numbers * (column.max(initial=-1) + 2) + column + 1)[0]
    return pd.Series(numbers, index=rows)


def _numbered(texts: pd.Series) -> np.ndarray:
    """Return a number to each cell, alike for those that differ in capitals only; -1 if blank."""
    if isinstance(texts.dtype, pd.CategoricalDtype):  # each word is looked at once
        words = pd.Series([*texts.cat.categories, None], dtype="str")
        return _numbered(words)[texts.cat.codes]
    if texts.dtype.kind in "Mf":
        return pd.factorize(texts)[0]
    return pd.factorize(texts.str.lower())[0]


def _conflicts(differing: pd.Series) -> list[str]:
    n = differing.nunique()
    if not n:
        return []
    rows = "both" if len(differing) == 2 else f"all {len(differing):,}"
    return [
        f"{n:,} {'identifier stands' if n == 1 else 'identifiers stand'} on rows that say "
        f"different things; {rows} of these rows were set aside."
    ]


def _capitals(alike: pd.Series) -> list[str]:
    ids = alike.drop_duplicates().sort_values()
    lower = ids.str.lower()
    ids = ids[lower.duplicated(keep=False)]
    pairs = list(ids.map("'{}'".format).groupby(lower).agg(" and ".join))
    if not pairs:
        return []
    listed = "; ".join(pairs[:3]) + ("; …" if len(pairs) > 3 else "")
    return [f"Identifiers that differ only in capitals count as different projects: {listed}."]


FAR_AHEAD = pd.Timedelta(days=366)


def date_conflicts(values: pd.DataFrame, is_clean: bool) -> pd.DataFrame:
    """Find ends before starts, and days that had not come when the export was made.

    That day is the row's snapshot date, or else the latest update in the register. A planned start
    may lie ahead of it, but for a project that has begun by no more than a year. A clean register
    has passed this test, against rows that it may no longer hold.
    """
    start, end, updated = (values[c] for c in ("start_date", "end_date", "updated_date"))
    made = values["snapshot_date"]
    latest = updated.max()
    limit = (made.fillna(latest) if made.notna().any() else latest) + FAR_AHEAD
    tests = [("end_date", end < start, "The project ends before it starts.")]
    if not is_clean:
        tests += [
            ("updated_date", updated > made, "The record was updated after the export was made."),
            ("start_date", (start > limit) & (values["status"] != "proposed"),
             "The project has begun, yet its start is over a year ahead."),
        ]  # fmt: skip
    return join_complaints(
        complaints(np.flatnonzero(wrong), column, _as_text(values.loc[wrong, column]), reason)
        for column, wrong, reason in tests
        if wrong.any()
    )


def _as_text(days: pd.Series) -> np.ndarray:
    return days.dt.strftime("%d/%m/%Y").to_numpy(object)


_PERSONAL_ID = (
    "This identifier looks like an NHS number, an email address or a phone number; give the "
    "project another."
)


def row_faults(values: pd.DataFrame, export: Export) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find rows that could not be read whole, and identifiers that are personal data."""
    faulty = np.flatnonzero(export.source["source_fault"].notna())
    reasons = export.source["source_fault"].iloc[faulty].map(lambda r: mask_personal(str(r)))
    personal = np.flatnonzero(export.personal_ids)
    ids = values["project_id"]
    found = [
        complaints(faulty, "row", None, reasons.to_numpy(object)),
        complaints(personal, "project_id", ids.iloc[personal].to_numpy(object), _PERSONAL_ID),
    ]
    if len(personal):  # what is masked is no longer an identifier
        values = values.assign(project_id=ids.mask(export.personal_ids))
    return values, join_complaints(found)


# --- the order of day and month -------------------------------------------------------------------

FEW = 0.1  # of a column's cells are set aside where their order is in doubt; for more, all are
SURE = 5  # dates of one order to each of the other, which is a slip then
LEAST_SWAPPED = 3  # real dates, and as many texts, that may have been of one order
_OPTIONAL = tuple(name for name in OPTIONAL if name in DATES)  # left out where in doubt
_FIGURES = (
    r"^(?i:[a-z]+[.,]? )?(?P<first>\d{1,2})[/.\- ](?P<second>\d{1,2})[/.\- ](?:\d{4}|\d{2})"
    r"(?:,?[ Tt]\d.*)?$"
)
_REAL = (
    r"^\d{4}(?:-\d\d-|/\d{1,2}/|\.\d\d\.)(?P<day>\d{1,2})(?:[ Tt].*)?$"
    r"|^(?P<serial>\d{5})(?:\.\d+)?$"
    r"|^(?P<named>\d{1,2})-(?i:[a-z]{3,9})-(?:\d{4}|\d{2})(?: \d.*)?$"
)  # as spreadsheets show them: 2020-05-04, 2020/5/4, 43955, 04-May-20
_YEAR_FIRST = r"^\d{4}[-/.](?P<second>\d{1,2})[-/.](?P<third>\d{1,2})(?:[ Tt].*)?$"
_SHORT_YEARS = r"^(?P<first>\d\d)[-/.]\d\d[-/.](?P<third>\d\d)$"
_LAST_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


@dataclass(frozen=True)
class DateOrders:
    """How many cells of a column show whether its dates are day first or month first.

    Attributes
    ----------
    day_first, month_first, either : int
        Dates in figures that can only be day first (25/04/2020), only month first (04/25/2020), or
        either (04/05/2020).
    early, late : int
        Dates as a spreadsheet holds or shows them, with the year first or the month's name, up to
        the 12th of their month and later.
    early_days : int
        Different days of the month among ``early``.
    filled : int
        Cells that are not blank.
    day_second : int
        Dates with the year first that can only have the day second (2020-25-04).
    example : dict of str to str
        The first cell that can only be of each order.
    """

    day_first: int = 0
    month_first: int = 0
    either: int = 0
    early: int = 0
    late: int = 0
    early_days: int = 0
    filled: int = 0
    day_second: int = 0
    example: dict[str, str] = field(default_factory=dict)

    def of(self, order: str) -> int:
        """Count the cells that can only be of an order."""
        return self.day_first if order == DAY_FIRST else self.month_first

    def contradicts(self, order: str) -> bool:
        """Whether too many dates can only be of the other order for these to be slips.

        >>> DateOrders(day_first=9, month_first=1, either=4, filled=14).contradicts("day first")
        False
        >>> DateOrders(day_first=1, month_first=9, either=4, filled=14).contradicts("day first")
        True
        """
        against = self.of(_other(order))
        return against * SURE > self.of(order) if self.either else against > self.filled / 2

    @property
    def are_few(self) -> bool:
        """Whether the only doubtful cells are dates in figures, and these are few."""
        return not self.look_swapped and 0 < self.figures <= FEW * self.filled

    @property
    def figures(self) -> int:
        """Count the dates in figures."""
        return self.day_first + self.month_first + self.either

    @property
    def look_swapped(self) -> bool:
        """Whether a spreadsheet seems to have read dates of the other order than its own.

        It takes those that it can read for dates, with day and month swapped, and leaves the others
        as text: no text could be either, and hardly a real date lies after the 12th of its month.
        """
        if self.either or not self.early:
            return False
        if self.month_first:
            return self.late < SURE * self.month_first
        several = min(self.day_first, self.early) >= LEAST_SWAPPED and self.early_days > 1
        return several and not self.late


def _other(order: str) -> str:
    return MONTH_FIRST if order == DAY_FIRST else DAY_FIRST


def count_orders(texts: Cells) -> DateOrders:
    """Count what a column's cells tell of the order of its dates.

    >>> from qi_analysis.cleaning.encoding import encode
    >>> found = count_orders(encode(pd.Series(["04/25/2020", "04/05/2020", "2020-04-05"])))
    >>> found.day_first, found.month_first, found.either, found.early
    (0, 1, 1, 1)
    """
    words = texts.different
    n = (
        np.ones(len(words), int)
        if texts.codes is None
        else np.bincount(texts.codes, minlength=len(words))
    )
    first, second = _numbers(words, _FIGURES)
    both = (first > 0) & (second > 0) & (first <= 12) & (second <= 12)
    only = {
        DAY_FIRST: (first > 12) & (first <= _LAST_DAYS[np.clip(second, 0, 12)] * (second <= 12)),
        MONTH_FIRST: (second > 12) & (second <= _LAST_DAYS[np.clip(first, 0, 12)] * (first <= 12)),
    }
    day, serial, named = _numbers(words, _REAL)
    is_serial = (serial >= EXCEL_SERIALS.start) & (serial < EXCEL_SERIALS.stop)
    day = np.where(is_serial, _days_of_month(serial), day + named)
    second, third = _numbers(words, _YEAR_FIRST)
    day_second = (second > 12) & (second <= _LAST_DAYS[np.clip(third, 0, 12)] * (third <= 12))
    early = (day > 0) & (day <= 12) & ~day_second
    return DateOrders(
        *(int(n[rows].sum()) for rows in (*only.values(), both, early, day > 12)),
        early_days=len(np.unique(day[early & (n > 0)])),
        filled=int(texts.filled.sum()),
        day_second=int(n[day_second].sum()),
        example={order: _first(words, rows & (n > 0)) for order, rows in only.items()},
    )


def _first(words: pa.Array, rows: np.ndarray) -> str:
    return words[int(rows.argmax())].as_py() if rows.any() else ""


def _numbers(words: pa.Array, pattern: str) -> list[np.ndarray]:
    """Return the numbers that a pattern's groups find in each word; 0 where there is none."""
    found = pc.extract_regex(words, pattern)
    return [
        pc.if_else(pc.equal(group, ""), "0", group).cast("int64").fill_null(0).to_numpy()
        for group in found.flatten()
    ]


def _days_of_month(serials: np.ndarray) -> np.ndarray:
    days = np.datetime64(EXCEL_EPOCH) + serials
    return (days - days.astype("datetime64[M]")).astype(int) + 1


def _count_all_orders(
    export: Export, columns: Mapping[str, Cells], orders: Mapping[str, str]
) -> dict[str, DateOrders]:
    """Count what each column tells of its order; where that is in doubt, each project once.

    A row that is repeated often enough would make slips of all dates of the other order.
    """
    found = {name: count_orders(texts) for name, texts in columns.items()}
    slips = (each.of(_other(orders[name])) for name, each in found.items())
    mixed = (each.early and each.figures and not each.either for each in found.values())
    if not any(slips) and not any(mixed):
        return found
    ids = export.columns["project_id"].text().str.lower()
    once = (~ids.duplicated() | ids.isna()).to_numpy()
    return {name: count_orders(texts.select(once)) for name, texts in columns.items()}


def check_date_orders(
    export: Export, profile: Profile, corrections: bool = False
) -> tuple[Export, dict[str, str]]:
    """Return an export whose dates can be read, and in which order those of each column are.

    Where they contradict the order that the profile gives, it is refused; but where few cells are
    dates in figures these have no order (``""``), and a column that no count rests on is left out.
    Rows that come back corrected are part of a register, and show nothing.

    Raises
    ------
    RegisterError
        If it is refused: the counts that show it, and how to say the order.
    """
    orders = {name: profile.date_order(name) for name in DATES}
    columns = {name: texts for name, texts in export.columns.items() if name in DATES}
    if corrections or export.is_clean or not columns:
        return export, orders
    found = _count_all_orders(export, columns, orders)
    doubts = {name: doubt for name in found if (doubt := _doubt(name, found, export, profile))}
    few = {name for name in doubts if found[name].are_few}
    left = {name: doubt for name, doubt in doubts.items() if name not in few}
    for doubt in (doubt for name, doubt in left.items() if name not in _OPTIONAL):
        raise RegisterError(f"{export.name} cannot be used: {doubt}")
    notes = [f"A column was left out: {doubt}" for doubt in left.values()]
    notes += [
        _say_slips(_heading(name, export), each, orders[name])
        for name, each in found.items()
        if name not in doubts and each.either and each.of(_other(orders[name]))
    ]
    notes += [_say_short_years(_heading(n, export)) for n in columns if _may_begin(columns[n])]
    kept = {name: texts for name, texts in export.columns.items() if name not in left}
    export = replace(export, columns=kept, notes=[*export.notes, *notes])
    return export, {**orders, **dict.fromkeys(few, "")}


def _may_begin(texts: Cells) -> bool:
    """Whether dates with short years may begin with the year, which varies less than a day does."""
    if len(texts.different) < SURE:
        return False
    first, third = _numbers(texts.different, _SHORT_YEARS)
    few, many = (numbers[first > 0] for numbers in (first, third))
    return len(few) >= SURE and few.min() >= SURE and np.ptp(few) < 12 <= np.ptp(many)


def _say_short_years(heading: str) -> str:
    return (
        f"Dates under {heading} look as if the year came first, in two figures, and were read with "
        "the year last. Write years in four figures, such as 2020-04-25."
    )


def _heading(name: str, export: Export) -> str:
    return f"'{mask_personal(export.headings[name])}'"


def _doubt(name: str, found: Mapping[str, DateOrders], export: Export, profile: Profile) -> str:
    """Describe why a column's dates cannot be read in the order that holds for it, if so.

    Dates of which none shows their order are judged by the other columns', unless the profile gives
    the order of this very column.
    """
    own, order = found[name], profile.date_order(name)
    heading = _heading(name, export)
    if own.early and own.day_second * SURE > own.late:
        return _say_day_second(heading, own)
    if own.look_swapped:
        return _say_swapped(heading, own)
    if own.early and not own.late and not own.figures:
        swapped = (other for other, each in found.items() if each.look_swapped)
        if other := next(swapped, ""):
            return _say_swapped_too(heading, own, _heading(other, export))
    if own.contradicts(order):
        return _say_contradiction(heading, name, own, order)
    shown = own.day_first or own.month_first or name in profile.date_orders
    every = _total(found)
    if own.either and not shown and every.contradicts(order):
        return _say_elsewhere(heading, name, own, every, order)
    return ""


def _total(found: Mapping[str, DateOrders]) -> DateOrders:
    day_first, month_first, either = (
        sum(getattr(each, name) for each in found.values())
        for name in ("day_first", "month_first", "either")
    )
    examples = {o: text for each in found.values() for o, text in each.example.items() if text}
    return DateOrders(day_first, month_first, either, example=examples)


def _say_contradiction(heading: str, name: str, own: DateOrders, order: str) -> str:
    other = _other(order)
    n = own.of(other)
    counts = (
        f"under {heading}, where dates are read {order}, {_say_only(own, other)}, "
        f"{own.of(order) or 'none'} only {order}, and {own.either or 'none'} could be either."
    )
    if own.contradicts(other):
        return f"{counts} Write them all one way in the export, such as 2020-04-25."
    which = "it" if n == 1 else f"the {n:,}"
    return f"{counts} {_say_how(name, other)} If not, correct {which} in the export."


def _say_only(found: DateOrders, order: str) -> str:
    n = found.of(order)
    return f"{count_of(n, 'date')} can only be {order} (such as '{found.example[order]}')"


def _say_how(name: str, order: str) -> str:
    return (
        f'If all are written {order}, say so in the profile: dates = "{order}" under [rules], or '
        f'dates.{name} = "{order}" for this column alone.'
    )


def _say_elsewhere(heading: str, name: str, own: DateOrders, every: DateOrders, order: str) -> str:
    other = _other(order)
    return (
        f"no date under {heading} shows whether it is day first ({own.either:,} could be either), "
        f"and under other headings {_say_only(every, other)} and {every.of(order) or 'none'} only "
        f"{order}. {_say_how(name, other)} If not, give this column "
        f'dates.{name} = "{order}" there.'
    )


def _say_day_second(heading: str, own: DateOrders) -> str:
    n = count_of(own.day_second, "date has", "dates have")
    return (
        f"under {heading} {n} the year first and then a day, as 2020-25-04, and {own.early:,} "
        "could have either order. Write them as 2020-04-25 in the export."
    )


def _say_swapped(heading: str, own: DateOrders) -> str:
    order = MONTH_FIRST if own.month_first else DAY_FIRST
    real = count_of(own.early + own.late, "is a real date", "are real dates")
    early = "none" if not own.late else f"only {own.late:,}"
    return (
        f"under {heading} {_say_only(own, order)} and {real}, {early} of them after the 12th of a "
        "month: a spreadsheet of another country seems to have read those with day and month "
        f"swapped. {_AS_IT_WAS}"
    )


_AS_IT_WAS = (
    "Give the export as it was before a spreadsheet opened it, or have it write dates like "
    "2020-04-25."
)


def _say_swapped_too(heading: str, own: DateOrders, other: str) -> str:
    real = count_of(own.early, "date is", "dates are")
    return (
        f"under {heading} {real} real and none lies after the 12th of a month, while a spreadsheet "
        f"of another country seems to have swapped day and month under {other}. {_AS_IT_WAS}"
    )


def _say_slips(heading: str, own: DateOrders, order: str) -> str:
    other = _other(order)
    were, read = ("was" if n == 1 else "were" for n in (own.of(other), own.either))
    return (
        f"Under {heading} {_say_only(own, other)} and {were} set aside. As {own.of(order):,} can "
        f"only be {order}, {own.either:,} that could be either {read} read so."
    )
