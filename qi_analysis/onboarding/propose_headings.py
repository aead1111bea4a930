"""Which column of the register each heading of an export stands for, sure or not, and why."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from ..core.text import count_of, k_of_n, match_key, percent
from ..profile import Profile, load_profile, read_columns
from .evidence import (
    ENOUGH,
    FEW,
    HALF,
    HEADINGS,
    HINTS,
    MOST_NAMES,
    SHIPPED,
    Seen,
    area_name,
    kind_of,
    look,
)

NEARLY = 0.85  # of difflib's ratio: `strat date` for `start date`
SLIPS = 0.02  # of dates with the month first are slips; more, and the export may write all so
LEAST_AREAS = 3  # columns of yes and no that are left over
UNTESTED = ("service", "borough", "outcome", "no_involvement_reason", "programme")

# A column of these kinds whose heading is clear is that column, even if its few words are new.
_OWN_WORDS = ("level", "status")


def propose_headings(raw: pd.DataFrame) -> pd.DataFrame:
    """Propose which column of the register each heading of an export stands for.

    Parameters
    ----------
    raw : DataFrame
        What :func:`read_export` gives; its first 20,000 rows are looked at.

    Returns
    -------
    DataFrame
        A row a heading, in the export's order:

        ``heading``
            As the export has it; personal data in it masked.
        ``column``
            The register's column that it may stand for; empty where none seems to fit. Several
            headings may be proposed for one column, and are unsure then.
        ``sure``
            True only where the heading's words can mean no other column, and at least 80% of its
            filled cells (half, of levels and statuses) can be read as what it says, or its few
            words are new.
        ``why``
            The reason, in a few words.

    Examples
    --------
    >>> raw = pd.DataFrame({"QI Ref": ["1", "2"], "Began": ["3/4/2020", "5 May 20"],
    ...                     "Stage": ["Live", "Done"]})
    >>> propose_headings(raw)
      heading      column   sure                                          why
    0  QI Ref  project_id   True           the heading says so, 2 of 2 differ
    1   Began  start_date   True            the heading says so, 2 of 2 cells fit
    2   Stage      status  False  the heading hints at it, and its values fit
    """
    seen = look(raw)
    rivals = sorted(_candidates(seen), key=lambda c: c.rank)
    taken = _take(rivals)
    rows = [_row(each, taken.get(each.place), rivals) for each in seen]
    rows = _with_areas(rows, seen)
    return pd.DataFrame(rows, columns=["heading", "column", "sure", "why"]).astype({"sure": bool})


@dataclass(frozen=True)
class _Candidate:
    """A column that a heading may stand for: how clearly it says so, and whether its values fit."""

    seen: Seen
    column: str
    clear: int  # 3: its words can mean nothing else; 2: they are nearly those; 1: they hint; 0: no
    fits: bool | None  # None: its values do not tell

    @property
    def is_sure(self) -> bool:
        return self.clear == 3 and self.fits is not False and not self.seen.may_name_people

    @property
    def rank(self) -> tuple:
        """Sort the surest first; among equals, those whose values fit."""
        return (self.fits is False, -self.clear, self.fits is not True, self.seen.place)


def _candidates(seen: list[Seen]) -> Iterator[_Candidate]:
    exact = _exact_headings(load_profile())
    kinds = {column.name: column.kind for column in read_columns(load_profile())}
    for each in seen:
        if not each.filled or each.personal:
            continue
        for column, kind in kinds.items():
            clear = _clear(each.key, column, exact)
            fits = _fits(column, kind, each)
            is_level = kind == "level" and fits
            if clear == 3 or (clear and fits is not False) or is_level:
                yield _Candidate(each, column, clear, fits)


def _exact_headings(profile: Profile) -> dict[str, set[str]]:
    """Return each column's folded headings: its own name, the shipped profiles' and more."""
    shipped = [load_profile(name).headings for name in SHIPPED]
    exact = {
        column.name: {
            match_key(word)
            for words in (
                *(h.get(column.name, ()) for h in shipped),
                HEADINGS.get(column.name, ()),
            )
            for word in (column.name, *words)
        }
        for column in read_columns(profile)
    }
    for name, area in profile.areas.items():
        exact[f"area_{name}"] |= {match_key(word) for word in (area.label, *area.headings)}
    return exact


def _clear(key: str, column: str, exact: Mapping[str, set[str]]) -> int:
    if key in exact[column]:
        return 3
    if any(key in keys for keys in exact.values()):
        return 0
    if not column.startswith("area_") and _is_near(key, exact[column]):
        return 2
    return int(column in HINTS and bool(re.search(HINTS[column], key)))


def _is_near(key: str, keys: set[str]) -> bool:
    return bool(difflib.get_close_matches(key, keys, 1, NEARLY))


def _fits(column: str, kind: str, seen: Seen) -> bool | None:
    """Whether the values under a heading can be a column's; None if they do not tell."""
    if column in _SHAPES:
        return _SHAPES[column](seen)
    if kind in ("start", "end"):
        return seen.are_dates and seen.month_first <= SLIPS * seen.filled
    if column in UNTESTED:
        return None if not (seen.are_dates or seen.are_numbers) else False
    share = seen.readable[kind]
    if kind == "level" and seen.readable["yes_no"] >= ENOUGH:
        return False
    if share >= (HALF if kind in ("level", "status") else ENOUGH):
        return True
    return None if kind in _OWN_WORDS and _few_words(seen) else False


def _few_words(seen: Seen) -> bool:
    return 2 <= seen.different <= FEW and not seen.are_dates and not seen.are_numbers


def _is_id(seen: Seen) -> bool:
    different = seen.different >= 0.95 * seen.filled
    return different and seen.mean_length <= 25 and not seen.are_dates


def _is_title(seen: Seen) -> bool:
    different = seen.different >= HALF * seen.filled
    return different and seen.mean_length >= 8 and not (seen.are_dates or seen.are_numbers)


def _is_directorate(seen: Seen) -> bool:
    names = len({match_key(word) for word in seen.values.index})
    few = names <= min(MOST_NAMES, max(HALF * seen.filled, min(FEW, seen.filled - 1)))
    plain = max(seen.readable[kind] for kind in ("start", "yes_no", "level", "status"))
    return few and plain < HALF and not seen.are_numbers


_SHAPES = {"project_id": _is_id, "title": _is_title, "directorate": _is_directorate}


def _take(ranked: list[_Candidate]) -> dict[int, _Candidate]:
    """Return each heading its best column, and each column its best heading."""
    taken: dict[int, _Candidate] = {}
    columns: set[str] = set()
    for each in ranked:
        if each.seen.place not in taken and each.column not in columns:
            taken[each.seen.place] = each
            columns.add(each.column)
    return taken


def _row(seen: Seen, taken: _Candidate | None, ranked: list[_Candidate]) -> tuple:
    rival = next((c for c in ranked if c.seen is seen and _is_rival(c, ranked)), None)
    if taken is None and rival:
        return seen.heading, rival.column, False, "another heading says the same"
    if taken is None:
        return seen.heading, "", False, _left_out(seen)
    if seen.may_name_people:
        why = "it may hold the names of people; none of its values is written here"
        return seen.heading, taken.column, False, why
    if taken.is_sure and _is_rival(taken, ranked):
        return seen.heading, taken.column, False, "another heading says the same"
    by_name = not taken.is_sure and seen.key == match_key(taken.column)
    why = f"{_why(taken)}; {_BY_NAME}" if by_name else _why(taken)
    return seen.heading, taken.column, taken.is_sure, why


def _with_areas(rows: list[tuple], seen: list[Seen]) -> list[tuple]:
    """Propose the headings left over that hold yes and no as areas of work, if there are some."""
    flags = {
        each.place: f"area_{slug}"
        for each, row in zip(seen, rows, strict=True)
        if not row[1] and not each.personal and each.readable["yes_no"] >= ENOUGH
        and (slug := area_name(each.heading))
    }  # fmt: skip
    if len(flags) < LEAST_AREAS or len({*flags.values()}) < len(flags):
        return rows
    why = "it holds yes and no; perhaps an area of the work"
    return [
        (row[0], flags[each.place], False, why) if each.place in flags else row
        for each, row in zip(seen, rows, strict=True)
    ]


def _is_rival(one: _Candidate, ranked: list[_Candidate]) -> bool:
    """Whether another heading could be the same column as clearly."""
    return one.is_sure and any(
        c.is_sure and c.column == one.column and c.seen is not one.seen for c in ranked
    )


def _left_out(seen: Seen) -> str:
    if seen.personal:
        return "it holds personal data"
    if seen.may_name_people:
        return "it may hold the names of people"
    return "no column seems to fit" if seen.filled else "it is empty"


_BY_NAME = "it is read by its name until another heading is given: rename it if that is wrong"

_CLEAR = (
    "its values are levels of involvement",
    "the heading hints at it",
    "the heading is nearly one that is known",
    "the heading says so",
)


def _why(one: _Candidate) -> str:
    said = _CLEAR[one.clear]
    if one.fits is False:
        return f"{said}, but {_against(one)}"
    return f"{said}, {_found(one)}" if one.clear == 3 else f"{said}, and {_agree(one)}"


def _agree(one: _Candidate) -> str:
    return "its values fit" if one.fits else "its values do not tell"


def _found(one: _Candidate) -> str:
    seen, kind = one.seen, kind_of(one.column)
    if one.column == "project_id":
        return f"{k_of_n(seen.different, seen.filled)} differ"
    if kind in seen.readable and one.fits:
        read = round(seen.readable[kind] * seen.filled)
        return f"{k_of_n(read, seen.filled)} cells fit"
    return f"with {count_of(seen.different, 'different value')}"


def _against(one: _Candidate) -> str:
    seen, kind = one.seen, kind_of(one.column)
    if kind == "start" and seen.month_first:
        return f"{count_of(seen.month_first, 'date')} can only be read with the month first"
    if kind in seen.readable:
        return f"only {percent(seen.readable[kind])} of its cells can be read as it"
    return f"its values ({count_of(seen.different, 'different one')}) do not look like it"
