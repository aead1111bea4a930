"""An export's headings to the register's columns, cells as they were written but for white space.

What is personal goes here, before anything else sees it: columns of personal data whole, single
NHS numbers, email addresses and phone numbers out of the cells that hold them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from ..profile import Profile, RegisterError, match_key, nearest
from .columnar import Cells, encode, encode_all, text_series
from .columns import COLUMNS, area_columns, read_columns, register_columns
from .personal import KINDS, is_wholly_personal, mask_cells, mask_ids, mask_personal

PROVENANCE = ("source_file", "source_row", "source_fault")
DATES = ("start", "end")  # kinds of column


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
    """Give the register's columns of a raw table, masked, and warnings of what was left out.

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
    masked = _mask(columns, used, is_clean, name)
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
    """Give what a clean register derived from cells that it no longer has."""
    return {
        "group": encode(raw["directorate"]),
        "approach": encode(raw["approach"]),
        "start_precision": encode(raw["start_precision"]),
    }


def _words(heading) -> str:
    """Give a heading's words; none where it is blank, or was named by a program for want of one."""
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
    """Give the headings that stand for each column, the surest first.

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
    """Give the place and heading of each column that the export has."""
    found = {match_key(heading): (i, heading) for i, heading in reversed(headings)}
    used = {}
    for column, spellings in _spellings(profile).items():
        place = next((found[k] for k in map(match_key, spellings) if k in found), None)
        if place is not None:
            used[column] = place
    return used


def match_headings(raw: pd.DataFrame, profile: Profile) -> dict[str, str]:
    """Give each of the register's columns that a raw table has, with its heading there."""
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
    """Give the heading most like any of a column's spellings, or none."""
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


# --- personal data --------------------------------------------------------------------------------


@dataclass
class _Masked:
    """What is left of the columns, and what was taken out of them."""

    cells: dict[str, Cells] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    ids: np.ndarray | None = None


def _mask(
    columns: dict[str, Cells], used: dict[str, tuple[int, str]], is_clean: bool, name: str
) -> _Masked:
    """Take personal data out of every column; a clean register's identifiers passed before."""
    kinds = {column.name: column.kind for column in COLUMNS}
    result = _Masked()
    with ThreadPoolExecutor() as pool:
        searched = list(pool.map(_search, columns, columns.values()))
    for (column, cells), (masked, rows) in zip(columns.items(), searched, strict=True):
        n = int(rows.sum())
        most = n > 0 and n > cells.filled.sum() / 2
        if column == "project_id":
            result.ids = rows & (not is_clean)
            masked = cells if is_clean else masked
        elif most and column in ("title", "directorate"):
            _check_not_all_personal(masked, rows, column, used[column][1], name)
        elif most:
            result.dropped.append(used[column][1])
            continue
        elif kinds.get(column) in DATES:
            masked, n = cells, 0  # a day with its time may look like a number: see values.py
        result.cells[column] = masked
        if n and not (is_clean and column == "project_id"):
            result.counts[used[column][1]] = n
    return result


def _search(column: str, cells: Cells) -> tuple[Cells, np.ndarray]:
    """Mask a column, and tell which rows held anything personal."""
    return mask_ids(cells) if column == "project_id" else mask_cells(cells)


def _check_not_all_personal(
    masked: Cells, rows: np.ndarray, column: str, heading: str, name: str
) -> None:
    wholly = masked.keep(rows).text().map(is_wholly_personal, na_action="ignore")
    if wholly.sum() > masked.filled.sum() / 2:
        raise RegisterError(
            f"{name} has {KINDS} in most rows of '{mask_personal(heading)}', which is read as the "
            f"{column}. Take that column out, or give the {column}'s own heading in the profile."
        )


def _unknown(
    raw: pd.DataFrame,
    used: dict[str, tuple[int, str]],
    headings: list[tuple[int, str]],
    profile: Profile,
    is_clean: bool,
) -> tuple[list[str], list[str]]:
    """Give the headings that no column stands under: those of personal data apart."""
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
