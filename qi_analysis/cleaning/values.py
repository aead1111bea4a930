"""Columns of text to columns of values, and a complaint for each cell that cannot be read.

A column of words is held as a pandas category until the end, so that a comparison or a choice of
rows costs next to nothing in a long register.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..profile import APPROACHES, Profile, lookup_table, match_key
from .cells import Read, cell_readers, unclear_words
from .columnar import Cells, change_where
from .columns import BLANK, PRECISIONS, Column, area_columns, read_columns
from .headings import DATES, Export
from .personal import MASK, mask_personal

AS_WRITTEN = ("id", "text", "directorate")  # kinds of column that keep the export's words
LENIENT = ("yes_no", "level", "status")  # kinds that `rules.unknown` speaks of
_PRECISION = pd.CategoricalDtype(PRECISIONS)
FAULTS = ["row", "column", "found", "reason"]
FAR_AHEAD = pd.Timedelta(days=366)


def faults(rows: np.ndarray, column: str, found, reason) -> pd.DataFrame:
    """Give a complaint for each row (a position): what was found in which column, and why not."""
    return pd.DataFrame({"row": rows, "column": column, "found": found, "reason": reason})


def read_values(
    export: Export, profile: Profile
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, int], list[str]]:
    """Read each column by its kind.

    Returns
    -------
    values : DataFrame
        The register's columns, ``areas`` and ``start_precision`` among them.
    faults : DataFrame
        ``row, column, found, reason`` of each cell that cannot be read.
    removed : dict of str to int
        Cells that held personal data where a date should stand, by column.
    warnings : list of str
        Unknown words that were taken as not recorded.
    """
    readers = cell_readers(profile)
    reading = _Reading(profile, len(export.source))
    values = {
        column.name: reading.column(column, export.cells.get(column.name), readers[column.kind])
        for column in read_columns(profile)
    }
    start = export.cells.get("start_date")
    values["start_precision"] = reading.precision(start, readers["precision"])
    frame = pd.DataFrame(values, copy=False).assign(
        source_file=pd.Categorical(export.source["source_file"]),
        source_row=export.source["source_row"],
    )
    frame["start_precision"] = frame["start_precision"].where(frame["start_date"].notna())
    found = pd.concat([pd.DataFrame(columns=FAULTS), *reading.faults], ignore_index=True)
    return frame, found, reading.removed, reading.warnings()


class _Reading:
    """One pass over an export's columns, and what it met on the way."""

    def __init__(self, profile: Profile, n: int):
        self.n, self.faults, self.removed = n, [], {}
        self.lenient = profile.unknown == "not_recorded"
        self.unclear = unclear_words(profile)
        self.taken: Counter = Counter()

    def column(self, column: Column, cells: Cells | None, read: Callable[[str], Read]):
        blank = BLANK.get(column.kind)
        if cells is None:
            cells = Cells(pa.nulls(1, pa.large_string()), np.zeros(self.n, np.int32))
        if column.kind in AS_WRITTEN:
            return self._as_written(column, cells)
        words = cells.different.to_pylist()
        results = [(blank, None) if word is None else read(word) for word in words]
        if self.lenient and column.kind in LENIENT:
            results = self._pardon(cells, words, results, blank)
        self._complain(column, cells, results)
        return _spread(column.kind, cells, [value for value, _ in results])

    def precision(self, cells: Cells | None, read: Callable[[str], Read]) -> pd.Categorical:
        if cells is None:
            return pd.Categorical.from_codes(np.full(self.n, -1), PRECISIONS)
        words = cells.different.to_pylist()
        return _spread("word", cells, [None if w is None else read(w)[0] for w in words])

    def _as_written(self, column: Column, cells: Cells):
        if column.kind == "id":
            cells = cells.change(_whole_numbers)
        if column.required and column.name != "directorate":
            rows = np.flatnonzero(~cells.filled)
            self.faults.append(faults(rows, column.name, None, f"The {column.name} is missing."))
        if cells.codes is None or column.name == "project_id":
            return cells.text()
        return _spread("word", cells, cells.different.to_pylist())

    def _pardon(self, cells: Cells, words: list, results: list[Read], blank) -> list[Read]:
        """Take words that nobody knows as not recorded, and count them; an `x` stays unclear."""
        pardoned = [
            bool(reason) and match_key(word) not in self.unclear
            for word, (_, reason) in zip(words, results, strict=True)
        ]
        counts = np.bincount(cells.spread(np.arange(len(words))), minlength=len(words))
        for i in np.flatnonzero(pardoned):
            self.taken[mask_personal(words[i])] += int(counts[i])
        return [(blank, None) if p else r for p, r in zip(pardoned, results, strict=True)]

    def _complain(self, column: Column, cells: Cells, results: list[Read]) -> None:
        reasons = np.array([reason for _, reason in results], dtype=object)
        bad = np.array([reason is not None for reason in reasons], dtype=bool)
        if not bad.any():
            return
        rows = np.flatnonzero(cells.spread(bad))
        if not len(rows):
            return
        words = cells.different.to_pylist()
        masked = np.array(
            [mask_personal(w) if b else None for w, b in zip(words, bad, strict=True)]
        )
        few = cells.keep(rows)
        found = few.spread(masked)
        self.faults.append(faults(rows, column.name, found, few.spread(reasons)))
        if column.kind in DATES and (n := sum(MASK in word for word in found)):
            self.removed[column.name] = n

    def warnings(self) -> list[str]:
        if not self.taken:
            return []
        n = sum(self.taken.values())
        most = sorted(self.taken.items(), key=lambda item: (-item[1], item[0]))[:5]
        words = ", ".join(f"'{word}' ({count:,})" for word, count in most)
        more = ", …" if len(self.taken) > len(most) else ""
        return [
            f"{n:,} {'cell holds a word' if n == 1 else 'cells hold words'} that the profile does "
            f"not know, taken as not recorded: {words}{more}."
        ]


def _whole_numbers(cells: pa.Array) -> pa.Array:
    """Take off the decimals that a spreadsheet puts to an identifier's number."""

    def whole(some: pa.Array) -> pa.Array:
        return pc.replace_substring_regex(some, r"^([0-9]+)\.0+$", r"\1")

    return change_where(cells, pc.match_substring(cells, ".0"), whole)


def _spread(kind: str, cells: Cells, values: list):
    """Give every row the value of its cell, in the form in which its kind is held."""
    if kind in DATES:
        return cells.spread(np.array(values, dtype="datetime64[us]"))
    if kind == "score":
        return cells.spread(np.array(values, dtype=float))
    positions: dict = {}
    codes = [-1 if v is None else positions.setdefault(v, len(positions)) for v in values]
    spread = cells.spread(np.array(codes, dtype=np.int32))
    categories = pd.Index(list(positions), dtype=object, tupleize_cols=False)
    return pd.Categorical.from_codes(spread, categories, validate=False)


# --- what follows from several cells --------------------------------------------------------------


def fill_areas(values: pd.DataFrame, profile: Profile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spread the one cell that lists areas over the areas' columns, where those are blank.

    A list that names an area whose own column says no, or names none while a column says yes,
    contradicts itself.
    """
    listed = values["areas"]
    lists = [*listed.cat.categories, None]
    codes = listed.cat.codes.to_numpy()
    said = codes >= 0
    empty = np.array([v == () for v in lists])[codes]
    clash = np.zeros(len(values), bool)
    filled = {}
    for name, column in (
        zip(profile.areas, area_columns(profile), strict=True) if said.any() else ()
    ):
        named = np.array([v is not None and name in v for v in lists])[codes]
        own = values[column]
        clash |= (named & (own == "no")) | (empty & (own == "yes"))
        own = own.cat.set_categories(["yes", "no", BLANK["yes_no"]])
        new = np.where(said & (own == BLANK["yes_no"]), np.where(named, 0, 1), own.cat.codes)
        filled[column] = pd.Categorical.from_codes(new, own.cat.categories)
    rows = np.flatnonzero(clash)
    found = [", ".join(profile.areas[a].label for a in v) or "none" for v in listed[rows]]
    reason = "The list of areas and the areas' own columns contradict each other."
    return values.drop(columns="areas").assign(**filled), faults(rows, "areas", found, reason)


def add_approach(
    values: pd.DataFrame, export: Export, profile: Profile
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add `approach`, from the level or else the flags; complain where they contradict each other.

    A flag for service users stands for everybody where there is none for carers: a no in it means
    that nobody is involved. One for carers alone does not. A clean register's own approach stands
    where its level tells none.
    """
    flags = [c for c in ("service_user_involved", "carer_involved") if c in export.cells]
    table = lookup_table(profile.levels)
    names = [*APPROACHES, BLANK["level"]]
    unknown = names.index(BLANK["level"])
    level = values["involvement_level"]
    each = [names.index(table.get(match_key(word), names[-1])) for word in level.cat.categories]
    approach = np.array([*each, unknown])[level.cat.codes]
    tells = "service_user_involved" in flags
    all_no = _all(values, flags, "no") if tells else np.zeros(len(values), bool)
    some_yes = _any(values, [*flags, *area_columns(profile)], "yes")
    approach[(approach == unknown) & (all_no | _said_none(export))] = 0
    clash_none = (approach == 0) & some_yes
    clash_level = (approach > 0) & (approach < unknown) & all_no
    conflicts = [
        (clash_none, "Somebody is recorded as involved, yet the rest says nobody is."),
        (clash_level, "A level of involvement is given, yet the flags say nobody is involved."),
    ]
    rows = [
        faults(np.flatnonzero(clash), "involvement_level", level[clash].to_numpy(object), reason)
        for clash, reason in conflicts
    ]
    column = pd.Categorical.from_codes(approach, names)
    return values.assign(approach=column), pd.concat(rows, ignore_index=True)


def _all(values: pd.DataFrame, columns: list[str], word: str) -> np.ndarray:
    return np.logical_and.reduce([(values[c] == word).to_numpy() for c in columns])


def _any(values: pd.DataFrame, columns: list[str], word: str) -> np.ndarray:
    return np.logical_or.reduce(
        [np.zeros(len(values), bool), *((values[c] == word).to_numpy() for c in columns)]
    )


def _said_none(export: Export) -> np.ndarray:
    stored = export.cells.get("approach")
    if stored is None:
        return np.zeros(len(export.source), bool)
    return stored.spread(np.array([word == "none" for word in stored.different.to_pylist()]))


def read_precision_back(values: pd.DataFrame, export: Export) -> pd.DataFrame:
    """Take a clean register's own word for how exactly a start is known."""
    stored = export.cells.get("start_precision")
    if stored is None:
        return values
    words = [word if word in PRECISIONS else None for word in stored.different.to_pylist()]
    known = pd.Series(_spread("word", stored, words)).astype(_PRECISION)
    read = values["start_precision"].astype(_PRECISION)
    kept = known.where(known.notna(), read).where(values["start_date"].notna())
    return values.assign(start_precision=kept)


def date_conflicts(values: pd.DataFrame, is_clean: bool) -> pd.DataFrame:
    """Complain of an end before the start, and of days that had not come when the export was made.

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
    return pd.concat(
        [
            faults(np.flatnonzero(wrong), column, _shown(values.loc[wrong, column]), reason)
            for column, wrong, reason in tests
        ],
        ignore_index=True,
    )


def _shown(days: pd.Series) -> np.ndarray:
    return days.dt.strftime("%d/%m/%Y").to_numpy(object)


def with_snapshot_date(values: pd.DataFrame, export: Export, given: str | None) -> pd.DataFrame:
    """Give every row the day that the reader knows the export was made, where no column says so."""
    if not given or "snapshot_date" in export.cells:
        return values
    return values.assign(snapshot_date=pd.Timestamp(given).normalize().as_unit("us"))
