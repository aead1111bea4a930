"""Columns of text to columns of values, and a complaint for each cell that cannot be read.

A column of words is held as a pandas category until the end, so that a comparison or a choice of
rows costs next to nothing in a long register.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.schema import DATE, DAY_FIRST, KINDS, NOT_RECORDED, Column
from ..core.text import count_of, match_key
from ..profile import Profile, read_columns
from .encoding import Cells, change_where, pc
from .export import Export
from .parsers import Read, Reader, cell_readers, unclear_words
from .personal import MASK, mask_personal

MANY_DAYS = (
    20  # different ones: of so many by chance, one in 100 million times all lie before the 13th
)
COMPLAINTS = ["row", "column", "found", "reason"]
NO_COMPLAINTS = pd.DataFrame(columns=COMPLAINTS)


def complaints(rows: np.ndarray, column: str, found, reason) -> pd.DataFrame:
    """Return a complaint for each row (a position): what was found in which column, and why not."""
    if not len(rows):
        return NO_COMPLAINTS
    return pd.DataFrame({"row": rows, "column": column, "found": found, "reason": reason})


def join_complaints(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return complaints below each other; most checks have none."""
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else NO_COMPLAINTS


def read_values(
    export: Export, profile: Profile, orders: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int], pd.DataFrame, list[str]]:
    """Read each column by its kind, those of dates in their ``orders``.

    Returns
    -------
    values : DataFrame
        The register's columns, ``areas`` and ``start_precision`` among them.
    complaints : DataFrame
        ``row, column, found, reason`` of each cell that cannot be read.
    removed : dict of str to int
        Cells that held personal data where a date should stand, by column.
    taken : DataFrame
        ``row, word`` of each unknown word that was taken as not recorded.
    warnings : list of str
        Identifiers that are dates; columns whose dates may have been swapped.
    """
    readers = {order: cell_readers(profile, order) for order in {DAY_FIRST, *orders.values()}}
    reading = _Reading(profile, len(export.source), export.headings)
    values = {
        column.name: reading.column(
            column,
            export.columns.get(column.name),
            readers[orders.get(column.name, DAY_FIRST)],
        )
        for column in read_columns(profile)
    }
    start = export.columns.get("start_date", reading.blank)
    precision = readers[orders["start_date"]]["precision"]
    values["start_precision"] = read_words(start, lambda cell: precision(cell)[0])
    source = {
        "source_file": pd.Categorical(export.source["source_file"]),
        "source_row": export.source["source_row"].array,
    }
    frame = pd.DataFrame({**values, **source}, copy=False)
    frame["start_precision"] = frame["start_precision"].where(frame["start_date"].notna())
    found = join_complaints(reading.complaints)
    return frame, found, reading.removed, pd.concat(reading.taken), reading.warnings()


class _Reading:
    """One pass over an export's columns, and what it met on the way."""

    def __init__(self, profile: Profile, n: int, headings: Mapping[str, str]):
        self.headings = headings
        self.blank = Cells(pa.nulls(1, pa.large_string()), np.zeros(n, np.int32))
        self.complaints: list[pd.DataFrame] = []
        self.removed: dict[str, int] = {}
        self.lenient = profile.unknown == "not_recorded"
        self.unclear = unclear_words(profile)
        self.taken = [pd.DataFrame(columns=["row", "word"], dtype=object)]
        self.early: dict[str, int] = {}
        self.notes: list[str] = []
        self.no_ids = (*_NULL, "none", "undefined", *profile.words.get(NOT_RECORDED, ()))

    def column(self, column: Column, texts: Cells | None, readers: Mapping[str, Reader]):
        kind = KINDS[column.kind]
        texts = texts or self.blank
        if kind.dtype == "str":
            return self._as_written(column, texts)
        words, read = texts.different.to_pylist(), readers[column.kind]
        results = [(kind.blank, None) if word is None else read(word) for word in words]
        if self.lenient and kind.lenient:
            results = self._pardon(texts, words, results, kind.blank)
        self._complain(column, texts, results)
        values = [value for value, _ in results]
        if kind.dtype == DATE:
            self._note_early(column, values)
        return _spread(kind.dtype, texts, values)

    def _note_early(self, column: Column, values: list) -> None:
        """Note a column of many dates that all lie early in a month, though not on one day."""
        days = {day for day in values if day}
        of_month = {day.day for day in days}
        if len(days) >= MANY_DAYS and len(of_month) > 1 and max(of_month) <= 12:
            self.early[column.name] = len(days)

    def _as_written(self, column: Column, texts: Cells):
        if column.kind == "id":
            ids = self._without_nothing(column, texts.change(_whole_numbers))
            return self._without_spoilt(ids).text()
        if column.name != "directorate":  # of which a word for nothing is told
            texts = self._without_nothing(column, texts)
        return texts.text() if texts.codes is None else read_words(texts, str)

    def _without_nothing(self, column: Column, texts: Cells) -> Cells:
        """Blank a database's words for nothing; complain of blanks in a column that is required."""
        nothing = _is_one_of(texts, self.no_ids if column.kind == "id" else _NULL)
        if not column.required:
            return texts.change(lambda t: _blank_where(t, nothing))
        missing = pc.or_(nothing, pc.is_null(texts.different))
        return self._refuse(texts, missing, column.name, f"The {column.name} is missing.")

    def _without_spoilt(self, ids: Cells) -> Cells:
        """Refuse identifiers that a spreadsheet has shortened, and note those it took for dates."""
        if not pc.any(_like(ids, f"{_SPOILT}|{_DATE_ID}")).as_py():
            return ids
        self._doubt_dates(ids)
        reason = (
            "A spreadsheet has shortened this identifier. Write it in full, in cells that are text."
        )
        return self._refuse(ids, _like(ids, _SPOILT), "project_id", reason)

    def _refuse(self, texts: Cells, which: pa.Array, column: str, reason: str) -> Cells:
        """Complain of the cells of a mask, which are blank from then on."""
        rows = np.flatnonzero(texts.spread(which.to_numpy(zero_copy_only=False)))
        found = texts.select(rows).text().to_numpy(object)
        self.complaints.append(complaints(rows, column, found, reason))
        return texts.change(lambda t: _blank_where(t, which))

    def _doubt_dates(self, ids: Cells) -> None:
        """Note identifiers that are dates, as a spreadsheet makes of such as 1-3-21 or SEP-20."""
        dates = _like(ids, _DATE_ID)
        n = int(ids.spread(dates.to_numpy(zero_copy_only=False)).sum())
        if n:
            example = ids.different.filter(dates)[0].as_py()
            self.notes.append(
                f"{count_of(n, 'identifier is a date', 'identifiers are dates')}, such as "
                f"'{mask_personal(example)}': a spreadsheet makes these of identifiers such as 1-3 "
                "or SEP-20. Compare them with the register."
            )

    def _pardon(self, texts: Cells, words: list, results: list[Read], blank) -> list[Read]:
        """Count words that nobody knows, and read them as blank; an `x` stays unclear."""
        pardoned = [
            bool(reason) and match_key(word) not in self.unclear
            for word, (_, reason) in zip(words, results, strict=True)
        ]
        if any(pardoned):
            rows = np.flatnonzero(texts.spread(np.array(pardoned)))
            taken = texts.select(rows).text().map(mask_personal).to_numpy(object)
            self.taken.append(pd.DataFrame({"row": rows, "word": taken}))
        return [(blank, None) if p else r for p, r in zip(pardoned, results, strict=True)]

    def _complain(self, column: Column, texts: Cells, results: list[Read]) -> None:
        if not any(reason is not None for _, reason in results):
            return
        reasons = np.array([reason for _, reason in results], dtype=object)
        bad = np.array([reason is not None for reason in reasons], dtype=bool)
        rows = np.flatnonzero(texts.spread(bad))
        if not len(rows):
            return
        words = texts.different.to_pylist()
        masked = np.array(
            [mask_personal(w) if b else None for w, b in zip(words, bad, strict=True)]
        )
        few = texts.select(rows)
        found = few.spread(masked)
        self.complaints.append(complaints(rows, column.name, found, few.spread(reasons)))
        if KINDS[column.kind].dtype == DATE and (n := sum(MASK in word for word in found)):
            self.removed[column.name] = n

    def warnings(self) -> list[str]:
        early = (_say_early(self.headings[name], n) for name, n in self.early.items())
        return [*self.notes, *early]


def warn_of_words(taken: pd.DataFrame, aside: np.ndarray) -> list[str]:
    """Describe the unknown words that were taken as not recorded, but for those of rows set aside.

    >>> warn_of_words(pd.DataFrame({"row": [3, 5], "word": ["Often", "Status"]}), np.array([5]))[0]
    "1 cell holds a word that the profile does not know, taken as not recorded: 'Often' (1)."
    """
    words = taken["word"][~taken["row"].isin(aside)]
    if words.empty:
        return []
    counts = Counter(words)
    n = len(words)
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
    named = ", ".join(f"'{word}' ({count:,})" for word, count in most)
    more = ", …" if len(counts) > len(most) else ""
    return [
        f"{n:,} {'cell holds a word' if n == 1 else 'cells hold words'} that the profile does "
        f"not know, taken as not recorded: {named}{more}.",
    ]


def _say_early(heading: str, n: int) -> str:
    return (
        f"None of the {n:,} days under '{mask_personal(heading)}' lies after the 12th of a month, "
        "as if day and month had been swapped. Compare some with the register itself."
    )


_NULL = ("null", "(null)", "[null]", "<null>", "<na>", "nan", "nat")
_SPOILT = r"^(?:\d+(?:[.,]\d+)?[Ee]\+\d+|\d+[.,]\d+[Ee]-?\d+|#+)$"  # 1.2E+11, 1.2E11, ########
_MONTH = "(?i:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)"
_DATE_ID = (
    r"^(?:\d{4}-\d\d-\d\d|[0-3]?\d/[0-3]?\d/(?:\d{4}|\d\d))(?:[ T]0?0:00(?::00)?)?$"
    rf"|^\d{{1,2}}-{_MONTH}(?:-\d\d(?:\d\d)?)?$|^{_MONTH}-\d\d$"
)


def _blank_where(texts: pa.Array, which: pa.Array) -> pa.Array:
    return change_where(texts, which, lambda some: pa.nulls(len(some), some.type))


def _like(texts: Cells, pattern: str) -> pa.Array:
    """Return which of the different cells are like a pattern; blank ones are not."""
    return pc.match_substring_regex(texts.different, pattern).fill_null(False)


def _is_one_of(texts: Cells, words: Iterable[str]) -> pa.Array:
    """Return which of the different cells are one of some words, in usual capitals."""
    written = {way(w) for w in words for way in (str, str.upper, str.lower, str.capitalize)}
    return pc.is_in(
        texts.different, pa.array([*written, "NaN", "NaT", "<Null>"], pa.large_string())
    )


def _whole_numbers(texts: pa.Array) -> pa.Array:
    """Remove the decimals that a spreadsheet puts to an identifier's number."""

    def whole(some: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(some, r"^([0-9]+)\.0+$", r"\1")

    return change_where(texts, pc.match_substring(texts, ".0"), whole)


def read_words(texts: Cells, read: Callable[[str], object]) -> pd.Categorical:
    """Return every row the word that its cell is read as; a blank cell has none."""
    words = texts.different.to_pylist()
    return _categories(texts, [None if word is None else read(word) for word in words])


def _spread(dtype: str, texts: Cells, values: list):
    """Return, for every row, the value of its cell, in the form in which its kind is held."""
    if dtype == "category":
        return _categories(texts, values)
    return texts.spread(np.array(values, dtype=dtype))


def _categories(texts: Cells, values: list) -> pd.Categorical:
    positions: dict = {}
    codes = [-1 if v is None else positions.setdefault(v, len(positions)) for v in values]
    spread = texts.spread(np.array(codes, dtype=np.int32))
    categories = pd.Index(list(positions), dtype=object, tupleize_cols=False)
    return pd.Categorical.from_codes(spread, categories, validate=False)
