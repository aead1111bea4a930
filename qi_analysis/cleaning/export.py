"""An export's headings to the register's columns, cells as they were written but for white space.

What is personal goes here, before anything else sees it: columns of personal data whole, single
NHS numbers, email addresses and phone numbers out of the cells that hold them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ..core.errors import RegisterError
from ..core.schema import PROVENANCE
from ..core.text import match_key, nearest
from ..profile import Profile, area_columns, read_columns, register_columns
from .encoding import Cells, encode, encode_all, text_series
from .personal import KINDS, _mask_columns, mask_cells, mask_personal


@dataclass(frozen=True)
class Export:
    """An export under the register's column names.

    Attributes
    ----------
    name : str
        The file's name, for messages.
    cells : dict of str to Cells
        The columns that the export has, in its own order.
    source : DataFrame
        ``source_file``, ``source_row`` and ``source_fault`` of each row.
    loud, warnings : list of str
        What was removed as personal; what else was left out.
    personal_ids : ndarray of bool
        Rows whose identifier was personal data.
    is_clean : bool
        It has every column of a clean register, so it is one that was written by us.
    """

    name: str
    cells: dict[str, Cells]
    source: pd.DataFrame
    loud: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    personal_ids: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    is_clean: bool = False

    def keep(self, rows: np.ndarray) -> Export:
        """Keep the rows of a mask."""
        if rows.all():
            return self
        cells = {name: column.keep(rows) for name, column in self.cells.items()}
        source = self.source[rows].reset_index(drop=True)
        ids = self.personal_ids[rows]
        return Export(self.name, cells, source, self.loud, self.warnings, ids, self.is_clean)


def read_headings(raw: pd.DataFrame, profile: Profile) -> Export:
    """Return the register's columns of a raw table, masked, and warnings of what was left out.

    Raises
    ------
    RegisterError
        If a required column is missing or holds only personal data, one heading stands twice with
        different values, or no column tells of involvement.
    """
    headings = [(i, str(h)) for i, h in enumerate(raw.columns) if h not in PROVENANCE and _words(h)]
    name = _file_name(raw)
    used = _used(headings, profile)
    _check_required(used, headings, name, profile)
    columns = encode_all({c: raw.iloc[:, i] for c, (i, _) in sorted(used.items(), key=_at)})
    _check_twice(raw, columns, used, headings, name)
    is_clean = {c.name for c in register_columns(profile)} <= {*PROVENANCE, *raw.columns}
    masked = _mask_columns(columns, used, is_clean, name)
    _check_involvement(masked.cells, headings, name, profile)
    unknown, personal = _unknown(raw, used, headings, profile, is_clean)
    return Export(
        name=name,
        cells=masked.cells | (_read_back(raw) if is_clean else {}),
        source=_source(raw),
        loud=_loud([*masked.dropped, *personal], masked.counts),
        warnings=[*_left_out(unknown), *_without_heading(raw)],
        personal_ids=masked.ids,
        is_clean=is_clean,
    )


def _read_back(raw: pd.DataFrame) -> dict[str, Cells]:
    """Return what a clean register derived from cells that it no longer has."""
    return {
        "group": encode(raw["directorate"]),
        "approach": encode(raw["approach"]),
        "start_precision": encode(raw["start_precision"]),
    }


def _words(heading) -> str:
    """Return a heading's words; none where it is blank, or named by a program for want of one."""
    key = match_key(heading)
    return "" if not re.search(r"\w", key) or re.fullmatch(r"unnamed \d+|column\d+", key) else key


def _at(item: tuple[str, tuple[int, str]]) -> int:
    return item[1][0]


def _file_name(raw: pd.DataFrame) -> str:
    if "file" in raw.attrs:  # of which several sheets were read
        return str(raw.attrs["file"])
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


def _spellings(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Return the headings that stand for each column, the surest first.

    These are the first that the profile gives, the column's own name, and the profile's others.
    """
    spellings = {}
    for column in read_columns(profile):
        words = profile.headings.get(column.name, ())
        if column.name.startswith("area_"):
            area = profile.areas[column.name.removeprefix("area_")]
            words = (area.label, *area.headings)
        spellings[column.name] = (*words[:1], column.name, *words[1:])
    spellings["directorate"] = ("directorate_as_read", *spellings["directorate"])
    return spellings


def _used(headings: list[tuple[int, str]], profile: Profile) -> dict[str, tuple[int, str]]:
    """Return the place and heading of each column that the export has."""
    found = {match_key(heading): (i, heading) for i, heading in reversed(headings)}
    used = {}
    for column, spellings in _spellings(profile).items():
        place = next((found[k] for k in map(match_key, spellings) if k in found), None)
        if place is not None:
            used[column] = place
    return used


def match_headings(raw: pd.DataFrame, profile: Profile) -> dict[str, str]:
    """Return each of the register's columns that a raw table has, with its heading there."""
    headings = [(i, str(h)) for i, h in enumerate(raw.columns) if h not in PROVENANCE and _words(h)]
    used = _used(headings, profile)
    return {column: mask_personal(heading) for column, (_, heading) in used.items()}


def _has(headings: list[tuple[int, str]]) -> str:
    names = [f"'{mask_personal(heading)}'" for _, heading in headings]
    return f"It has {', '.join(names[:12])}{', …' if len(names) > 12 else ''}."


def _check_required(
    used: dict, headings: list[tuple[int, str]], name: str, profile: Profile
) -> None:
    taken = {heading for _, heading in used.values()}
    left = [mask_personal(heading) for _, heading in headings if heading not in taken]
    for column in ("project_id", "title", "directorate"):
        if column not in used:
            near = _nearest(_spellings(profile)[column], left)
            add = f"'{near}'" if near else "the export's heading for it"
            raise RegisterError(
                f"{name} has no column '{column.replace('_', ' ').capitalize()}'. "
                f"{_has(headings)} Add {add} to {column}'s headings in the profile."
            )


def _nearest(spellings: Iterable[str], headings: list[str]) -> str:
    """Return the heading most like any of a column's spellings, or none."""
    near = [(word, heading) for word in spellings for heading in nearest(word, headings)]

    def likeness(pair: tuple[str, str]) -> float:
        return difflib.SequenceMatcher(None, *map(match_key, pair)).ratio()

    return max(near, key=likeness)[1] if near else ""


def _check_involvement(
    cells: dict, headings: list[tuple[int, str]], name: str, profile: Profile
) -> None:
    tells = {"service_user_involved", "carer_involved", "involvement_level", "areas"}
    if not tells.union(area_columns(profile)).intersection(cells):
        raise RegisterError(
            f"{name} has no column that tells of involvement. {_has(headings)} Add the export's "
            "heading to service_user_involved's, carer_involved's or involvement_level's in the "
            "profile."
        )


def _check_twice(
    raw: pd.DataFrame,
    columns: dict[str, Cells],
    used: dict[str, tuple[int, str]],
    headings: list[tuple[int, str]],
    name: str,
) -> None:
    """Refuse a heading that stands twice, but for case and the like, with different values."""
    for column, (place, heading) in used.items():
        for i, other in headings:
            if i == place or match_key(other) != match_key(heading):
                continue
            if not encode(raw.iloc[:, i]).text().equals(columns[column].text()):
                raise RegisterError(
                    f"{name} has the heading '{heading}' twice"
                    f"{f', once as {other!r}' if other != heading else ''}, with different "
                    "values. Rename or remove one of the two columns."
                )


def _unknown(
    raw: pd.DataFrame,
    used: dict[str, tuple[int, str]],
    headings: list[tuple[int, str]],
    profile: Profile,
    is_clean: bool,
) -> tuple[list[str], list[str]]:
    """Return the headings that no column stands under: those of personal data apart."""
    places = {i for i, _ in used.values()}
    keys = {match_key(heading) for _, heading in used.values()}
    ours = {c.name for c in register_columns(profile) if is_clean or c.kind != "derived"}
    unknown, personal = [], []
    for i, heading in headings:
        if i in places or match_key(heading) in keys or heading in ours:
            continue
        cells = encode(raw.iloc[:, i])
        rows = mask_cells(cells)[1]
        is_personal = rows.any() and rows.sum() > cells.filled.sum() / 2
        (personal if is_personal else unknown).append(heading)
    return unknown, personal


# --- what is told of it ---------------------------------------------------------------------------


def _quoted(headings: Iterable[str]) -> str:
    return ", ".join(f"'{mask_personal(heading)}'" for heading in headings)


def _loud(dropped: list[str], counts: dict[str, int]) -> list[str]:
    loud = []
    if dropped:
        loud.append(f"Columns of personal data ({KINDS}) were left out: {_quoted(dropped)}.")
    return [*loud, *removed_warning(counts)]


def removed_warning(counts: dict[str, int]) -> list[str]:
    """Say how many cells lost personal data, and under which headings."""
    n = sum(counts.values())
    if not n:
        return []
    where = ", ".join(f"'{mask_personal(h)}' ({count})" for h, count in counts.items())
    return [
        f"Personal data ({KINDS}) {'was' if n == 1 else 'were'} removed from {n:,} "
        f"{'cell' if n == 1 else 'cells'}: {where}. Take them out of the register itself."
    ]


def _left_out(unknown: list[str]) -> list[str]:
    if not unknown:
        return []
    return [f"Columns that the profile does not know were left out: {_quoted(unknown)}."]


def _without_heading(raw: pd.DataFrame) -> list[str]:
    places = [i for i, heading in enumerate(raw.columns) if not _words(heading)]
    n = sum(bool(encode(raw.iloc[:, i]).filled.any()) for i in places)
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
_WORDS = "(?i)total|count|number of|^records|^projects"
_NUMBER = re.compile(r"[\d.,\s%£()+-]*")
_IDENTIFIER = re.compile(r"\S*|[A-Za-z]{1,8} ?[\d/-]+")  # one word, or "QI 0012"

_NOTE = re.compile(
    r"(source|notes?|filters?|report|generated|exported|printed)\s*:.*"
    r"|(exported|extracted|generated|produced|printed|downloaded|run) (by|on|at|from) .*"
    r"|page \d+.*|[©*].*",
    re.IGNORECASE,
)


def is_project(export: Export) -> np.ndarray:
    """Tell which rows are projects, however faulty.

    Not projects are blank rows; totals (a row whose first filled cell is a word for a total, with
    nothing but numbers behind it); and notes (a row with one filled cell, which is neither a title
    nor looks like an identifier).
    """
    cells = {name: c for name, c in export.cells.items() if name not in _READ_BACK}
    title, project_id = cells["title"].filled, cells["project_id"].filled
    filled = title | project_id
    bare = np.flatnonzero(~filled)  # usually few: the other columns are looked at there only
    filled[bare] = np.any([column.keep(bare).filled for column in cells.values()], axis=0)
    faulty = export.source["source_fault"].notna().to_numpy()
    doubtful = filled & ~faulty & (~title | ~project_id | _begins_as_total(export))
    project = filled | faulty
    if doubtful.any():
        rows = pd.DataFrame({name: c.keep(doubtful).text() for name, c in cells.items()})
        project[doubtful] = ~_is_footer(rows).to_numpy()
    return project


_READ_BACK = ("group", "approach", "start_precision")


def _begins_as_total(export: Export) -> np.ndarray:
    """Tell which rows have a word for a total in their first column."""
    first = next(c for name, c in export.cells.items() if name not in _READ_BACK)
    found = pc.match_substring_regex(first.different, _WORDS).fill_null(False)
    return first.spread(found.to_numpy(zero_copy_only=False))


def _is_footer(rows: pd.DataFrame) -> pd.Series:
    records = rows.astype(object).where(rows.notna(), None).to_dict("records")
    return pd.Series([_is_total(record) or _is_note(record) for record in records], dtype=bool)


def _is_total(record: dict[str, str | None]) -> bool:
    first, *rest = [cell for cell in record.values() if cell]
    if not all(_NUMBER.fullmatch(cell) for cell in rest):
        return False
    counted = _COUNT.fullmatch(first)
    return bool(_TOTAL.fullmatch(first) or (counted and (rest or counted["n"])))


def _is_note(record: dict[str, str | None]) -> bool:
    (column, cell), *rest = [item for item in record.items() if item[1]]
    if rest:
        return False
    if column == "title":
        return bool(_NOTE.fullmatch(cell))
    return column != "project_id" or not _IDENTIFIER.fullmatch(cell)
