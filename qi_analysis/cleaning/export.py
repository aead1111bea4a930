"""An export's headings to the register's columns, cells as they were written but for white space.

What is personal goes here, before anything else sees it: columns of personal data whole, single
NHS numbers, email addresses and phone numbers out of the cells that hold them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.errors import RegisterError
from ..core.schema import EXAMPLE_ID, PROVENANCE, REQUIRED, column_label
from ..core.text import match_key, nearest
from ..profile import MARK, Profile, known_headings, match_headings, read_columns, register_columns
from ..reading.raw import SourceNotes, first_of_each
from .encoding import Cells, encode, map_columns, pc, text_series
from .personal import PERSONAL, mask_cells, mask_columns, mask_personal


@dataclass(frozen=True)
class Export:
    """An export under the register's column names.

    Attributes
    ----------
    name : str
        The file's name, for messages.
    columns : dict of str to Cells
        The columns that the export has, in its own order.
    headings : dict of str to str
        The heading of each, as the export has it.
    source : DataFrame
        ``source_file``, ``source_row`` and ``source_fault`` of each row.
    derived : dict of str to Cells
        Of a clean register: what it derived from cells that it no longer has (``directorate``,
        ``approach`` and ``start_precision``); of any other export, nothing.
    personal_ids : ndarray of bool
        Rows whose identifier was personal data.
    privacy_warnings, notes : list of str
        What was removed as personal; what else was left out.
    """

    name: str
    columns: dict[str, Cells]
    headings: dict[str, str]
    source: pd.DataFrame
    derived: dict[str, Cells]
    personal_ids: np.ndarray
    privacy_warnings: list[str]
    notes: list[str]

    @property
    def is_clean(self) -> bool:
        """Whether it has every column of a clean register, so that it was written by us."""
        return bool(self.derived)

    def select(self, rows: np.ndarray) -> Export:
        """Return the rows of a mask."""
        if rows.all():
            return self
        return replace(
            self,
            columns={name: column.select(rows) for name, column in self.columns.items()},
            source=self.source[rows].reset_index(drop=True),
            derived={name: column.select(rows) for name, column in self.derived.items()},
            personal_ids=self.personal_ids[rows],
        )


_DERIVED = ("directorate", "approach", "start_precision")


def read_headings(raw: pd.DataFrame, profile: Profile) -> Export:
    """Return the register's columns of a raw table, masked, and warnings of what was left out.

    Raises
    ------
    RegisterError
        If a required column is missing or holds only personal data, one heading stands twice with
        different values, or no column tells of involvement.
    """
    name = SourceNotes.of(raw).file or _file_name(raw)
    raw = _without_left_out(raw, profile)
    headings = own_headings(raw)
    used = match_headings(headings, profile)
    _check_required(used, headings, name, profile)
    cells = {i: raw.iloc[:, i] for i, h in enumerate(raw) if h not in PROVENANCE}
    texts = map_columns(lambda _, column: encode(column), cells, len(raw))
    places, _ = first_of_each(
        headings,
        known_headings(profile),
        name,
        are_alike=lambda i, j: texts[i].text().equals(texts[j].text()),
    )
    derived = _derived(headings, texts, profile)
    named = {column: headings[i] for column, i in sorted(used.items(), key=lambda item: item[1])}
    masked = mask_columns({c: texts[used[c]] for c in named}, named, bool(derived), name)
    _check_involvement(masked.columns, headings, name, profile)
    ours = {c.name for c in register_columns(profile) if derived or c.is_read}
    left = [i for i in places if i not in used.values() and headings[i] not in ours]
    unknown, personal = _part_personal({headings[i]: texts[i] for i in left})
    unnamed = [column for i, column in texts.items() if not headings[i]]
    return Export(
        name=name,
        columns=masked.columns,
        headings=named,
        source=_source(raw),
        derived=derived,
        personal_ids=masked.ids,
        privacy_warnings=_privacy_warnings([*masked.dropped, *personal], masked.counts),
        notes=[*_left_out(unknown), *_without_heading(unnamed)],
    )


def _without_left_out(raw: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Drop what the profile leaves out on purpose; a clean register keeps columns of its own."""
    keys = {match_key(heading) for heading in profile.leave_out}
    ours = {column.name for column in register_columns(profile)}
    left_out = [heading not in ours and match_key(str(heading)) in keys for heading in raw.columns]
    return raw.loc[:, ~np.array(left_out, bool)] if any(left_out) else raw


def own_headings(raw: pd.DataFrame) -> list[str]:
    """Return a raw table's headings; "" where a column has none, or tells where a row comes from.

    A program may have named a column for want of a heading: such a name is none.
    """
    headings = ["" if heading in PROVENANCE else str(heading) for heading in raw.columns]
    return [heading if _has_words(match_key(heading)) else "" for heading in headings]


def _has_words(key: str) -> bool:
    return bool(re.search(r"\w", key)) and not re.fullmatch(r"unnamed \d+|column\d+", key)


def _derived(
    headings: Sequence[str], texts: Mapping[int, Cells], profile: Profile
) -> dict[str, Cells]:
    """Return what a clean register derived; nothing for a table that lacks any of its columns."""
    ours = {column.name for column in register_columns(profile)} - {*PROVENANCE}
    return {c: texts[headings.index(c)] for c in _DERIVED} if ours <= {*headings} else {}


def _file_name(raw: pd.DataFrame) -> str:
    return str(raw["source_file"].iloc[0]) if "source_file" in raw and len(raw) else "The register"


def _source(raw: pd.DataFrame) -> pd.DataFrame:
    rows = raw.get("source_row", pd.Series(range(2, len(raw) + 2)))
    sound = text_series(pa.nulls(len(raw), pa.large_string()))
    columns = {
        "source_file": raw.get("source_file", pd.Series("", raw.index, dtype="str")),
        "source_row": pd.to_numeric(rows),
        "source_fault": raw.get("source_fault", sound),
    }
    return pd.DataFrame({name: column.array for name, column in columns.items()}, copy=False)


def _has(headings: Sequence[str]) -> str:
    names = [f"'{mask_personal(heading)}'" for heading in headings if heading]
    return f"It has {', '.join(names[:12])}{', …' if len(names) > 12 else ''}."


def _check_required(
    used: Mapping[str, int], headings: Sequence[str], name: str, profile: Profile
) -> None:
    left = [mask_personal(h) for i, h in enumerate(headings) if h and i not in used.values()]
    for column in REQUIRED:
        if column not in used:
            raise RegisterError(
                f"{name} has no column '{column_label(column)}'. {_has(headings)} "
                f"{_proposed(column, profile) or _advise(column, left, profile)}"
            )


def _proposed(column: str, profile: Profile) -> str:
    """Describe which line of the profile proposes a heading for a column; empty if none does."""
    for question in profile.questions:
        if question.words.startswith(f"{column} = "):
            return (
                f"Line {question.line} of {profile.file_name} proposes one: take '{MARK} ' off its "
                "beginning if it is right, or mend it."
            )
    return ""


def _advise(column: str, left: list[str], profile: Profile) -> str:
    """Describe which heading of the export to give a column in the profile."""
    near = _nearest(profile.headings_of(column), left)
    add = f"'{near}'" if near else "the export's heading for it"
    return f"Add {add} to {column}'s headings in the profile."


def _nearest(spellings: Iterable[str], headings: list[str]) -> str:
    """Return the heading most like any of a column's spellings, or none."""
    plain = {_without_common(heading): heading for heading in reversed(headings)}
    words = {_without_common(word) for word in spellings}
    near = [(word, heading) for word in words for heading in nearest(word, plain)]

    def likeness(pair: tuple[str, str]) -> float:
        return difflib.SequenceMatcher(None, *pair).ratio()

    return plain[max(near, key=likeness)[1]] if near else ""


def _without_common(heading: str) -> str:
    """Fold a heading, without words that make any two alike: "Project Lead" is no "Project ID"."""
    key = match_key(heading)
    return re.sub(r"\b(project|qi)\b", "", key).strip() or key


def _check_involvement(
    texts: Mapping[str, Cells], headings: Sequence[str], name: str, profile: Profile
) -> None:
    wanted = [column.name for column in read_columns(profile) if column.involvement]
    if not any(column in texts for column in wanted):
        advice = (
            "Add the export's heading to service_user_involved's, carer_involved's or "
            "involvement_level's in the profile."
        )
        proposed = next(filter(None, (_proposed(column, profile) for column in wanted)), advice)
        raise RegisterError(
            f"{name} has no column that tells of involvement. {_has(headings)} {proposed}"
        )


def _part_personal(columns: Mapping[str, Cells]) -> tuple[list[str], list[str]]:
    """Return the headings of columns that the profile does not know, and of personal data."""
    unknown, personal = [], []
    for heading, texts in columns.items():
        rows = mask_cells(texts)[1]
        is_personal = rows.any() and rows.sum() > texts.filled.sum() / 2
        (personal if is_personal else unknown).append(heading)
    return unknown, personal


# --- warnings -------------------------------------------------------------------------------------


def _quoted(headings: Iterable[str]) -> str:
    return ", ".join(f"'{mask_personal(heading)}'" for heading in headings)


def _privacy_warnings(dropped: list[str], counts: Mapping[str, int]) -> list[str]:
    columns = f"Columns of personal data ({PERSONAL}) were left out: {_quoted(dropped)}."
    return [*([columns] if dropped else []), *warn_of_removed(counts)]


def warn_of_removed(counts: Mapping[str, int]) -> list[str]:
    """Describe how many cells lost personal data, and under which headings."""
    n = sum(counts.values())
    if not n:
        return []
    where = ", ".join(f"'{mask_personal(h)}' ({count})" for h, count in counts.items())
    return [
        f"Personal data ({PERSONAL}) {'was' if n == 1 else 'were'} removed from {n:,} "
        f"{'cell' if n == 1 else 'cells'}: {where}. Take them out of the register itself."
    ]


def _left_out(unknown: list[str]) -> list[str]:
    if not unknown:
        return []
    return [f"Columns that the profile does not know were left out: {_quoted(unknown)}."]


def _without_heading(columns: Iterable[Cells]) -> list[str]:
    n = sum(bool(texts.filled.any()) for texts in columns)
    if not n:
        return []
    return [
        f"{n} {'column' if n == 1 else 'columns'} without a heading "
        f"{'holds' if n == 1 else 'hold'} values, and {'was' if n == 1 else 'were'} left out."
    ]


_TOTAL = re.compile(
    r"(grand |overall |sub)?[ -]?totals?"
    r"( (number|no|count)?( of)? ?(projects?|rows?|records?)| count)?[\s:=\d.,]*"
    r"|.*\b(sub[ -]?)?totals?[\s:=\d.,]*",
    re.IGNORECASE,
)

_COUNT = re.compile(
    r"(.*\bcount|(number|no\.?) of (projects|rows|records)|(projects|rows|records))[\s:=]*"
    r"(?P<n>[\d.,]*)",
    re.IGNORECASE,
)
_TOTAL_WORDS = "(?i)total|count|number of|^records|^projects"
_NUMBER = re.compile(r"[\d.,\s%£()+-]*")
_IDENTIFIER = re.compile(r"\S*|[A-Za-z]{1,8} ?[\d/-]+")  # one word, or "QI 0012"

_NOTE = re.compile(
    r"(source|notes?|filters?|report|generated|exported|printed)\s*:.*"
    r"|(exported|extracted|generated|produced|printed|downloaded|run) (by|on|at|from) .*"
    r"|page \d+.*|[©*].*",
    re.IGNORECASE,
)


def is_project(export: Export) -> np.ndarray:
    """Return which rows are projects, however faulty.

    Not projects are the example of a register to fill in; blank rows; totals (a row whose first
    filled cell is a word for a total, with nothing but numbers behind it); and notes (a row with
    one filled cell, which is neither a title nor looks like an identifier).
    """
    texts = export.columns
    title, project_id = texts["title"].filled, texts["project_id"].filled
    filled = title | project_id
    bare = np.flatnonzero(~filled)  # usually few: the other columns are looked at there only
    filled[bare] = np.any([column.select(bare).filled for column in texts.values()], axis=0)
    faulty = export.source["source_fault"].notna().to_numpy()
    doubtful = filled & ~faulty & (~title | ~project_id | _begins_as_total(export))
    project = filled | faulty
    if doubtful.any():
        rows = pd.DataFrame({name: c.select(doubtful).text() for name, c in texts.items()})
        project[doubtful] = ~_is_footer(rows).to_numpy()
    return project & ~is_example(export)


def is_example(export: Export) -> np.ndarray:
    """Return which rows are the example of a register to fill in."""
    ids = export.columns["project_id"]
    found = pc.equal(pc.utf8_trim_whitespace(ids.different), EXAMPLE_ID).fill_null(False)
    return ids.spread(found.to_numpy(zero_copy_only=False))


def _begins_as_total(export: Export) -> np.ndarray:
    """Return which rows have a word for a total in their first column."""
    first = next(iter(export.columns.values()))
    found = pc.match_substring_regex(first.different, _TOTAL_WORDS).fill_null(False)
    return first.spread(found.to_numpy(zero_copy_only=False))


def _is_footer(rows: pd.DataFrame) -> pd.Series:
    records: list[Any] = rows.astype(object).where(rows.notna(), None).to_dict("records")
    filled = [{c: cell for c, cell in record.items() if cell} for record in records]
    return pd.Series([_is_total(record) or _is_note(record) for record in filled], dtype=bool)


def _is_total(record: dict[str, str]) -> bool:
    first, *rest = record.values()
    if not all(_NUMBER.fullmatch(cell) for cell in rest):
        return False
    counted = _COUNT.fullmatch(first)
    return bool(_TOTAL.fullmatch(first) or (counted and (rest or counted["n"])))


def _is_note(record: dict[str, str]) -> bool:
    (column, cell), *rest = record.items()
    if rest:
        return False
    if column == "title":
        return bool(_NOTE.fullmatch(cell))
    return column != "project_id" or not _IDENTIFIER.fullmatch(cell)
