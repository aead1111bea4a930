"""Which column of the register each heading of an export stands for, sure or not, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import pandas as pd

from ..core.schema import DAY_FIRST
from ..core.text import count_of, k_of_n, match_key, percent
from ..profile import Profile, load_profile, read_columns
from .evidence import (
    ENOUGH,
    FEW,
    HALF,
    HEADINGS,
    HINTS,
    MOST_NAMES,
    SHIPPED_PROFILES,
    ColumnEvidence,
    area_name,
    inspect_columns,
    kind_of,
)

NEARLY = 0.85  # of difflib's ratio: `strat date` for `start date`
LEAST_AREAS = 3  # columns of yes and no that are left over
UNTESTED = ("service", "borough", "outcome", "no_involvement_reason", "programme")

# A column of these kinds whose heading is clear is that column, even if its few words are new.
_OWN_WORDS = ("level", "status")
CELLS_READ = ("start", "yes_no", "level", "status", "score", "areas")  # and not kept as they are


def propose_headings(raw: pd.DataFrame) -> pd.DataFrame:
    """Propose which column of the register each heading of an export stands for.

    Parameters
    ----------
    raw : DataFrame
        What :func:`read_export` returns; its first 20,000 rows are inspected.

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
      heading      column   sure                                        why
    0  QI Ref  project_id   True         the heading says so, 2 of 2 differ
    1   Began  start_date   True      the heading says so, 2 of 2 cells fit
    2   Stage      status  False  the heading hints at it, 2 of 2 cells fit
    """
    columns = inspect_columns(raw)
    ranked = sorted(_candidates(columns), key=lambda c: c.rank)
    best = _match(ranked)
    rows = _with_areas([_row(each, best.get(each.place), ranked) for each in columns], columns)
    return pd.DataFrame(rows, columns=["heading", "column", "sure", "why"]).astype({"sure": bool})


@dataclass(frozen=True)
class _Candidate:
    """A column that a heading may stand for: how clearly it says so, and whether its values fit."""

    evidence: ColumnEvidence
    column: str
    clear: int  # 3: its words can mean nothing else; 2: they are nearly those; 1: they hint; 0: no
    fits: bool | None  # None: its values do not tell

    @property
    def is_sure(self) -> bool:
        return self.clear == 3 and self.fits is not False and not self.evidence.may_name_people

    @property
    def rank(self) -> tuple:
        """Sort the surest first; among equals, those whose values fit."""
        return (self.fits is False, -self.clear, self.fits is not True, self.evidence.place)


def _candidates(columns: list[ColumnEvidence]) -> Iterator[_Candidate]:
    exact = _exact_headings(load_profile("cnwl"))
    for each in columns:
        if not each.filled or each.personal:
            continue
        for column in exact:
            clear = _clear(each.key, column, exact)
            if not clear and not (kind_of(column) == "level" and each.different <= MOST_NAMES):
                continue  # to look at all the values takes long
            fits = _fits(column, each)
            is_near = clear and (fits is not False or _is_to_be_decided(column, each))
            if clear == 3 or is_near or (fits and not clear):
                yield _Candidate(each, column, clear, fits)


def _is_to_be_decided(column: str, evidence: ColumnEvidence) -> bool:
    """Whether values that do not fit could, once a person has said what they mean."""
    kind = kind_of(column)
    return (kind == "level" and evidence.are_levels) or (
        kind == "start" and evidence.are_month_first
    )


def _exact_headings(profile: Profile) -> dict[str, set[str]]:
    """Return each column's folded headings: its own name, the shipped profiles' and more."""
    profiles = [load_profile(name) for name in SHIPPED_PROFILES]
    return {
        column.name: {match_key(word) for word in HEADINGS.get(column.name, ())}
        | {match_key(word) for each in profiles for word in each.headings_of(column.name)}
        for column in read_columns(profile)
    }


def _clear(key: str, column: str, exact: Mapping[str, set[str]]) -> int:
    if key in exact[column]:
        return 3
    if any(key in keys for keys in exact.values()):
        return 0
    hinted = {name for name, words in HINTS.items() if re.search(words, key)}
    is_near = not column.startswith("area_") and get_close_matches(key, exact[column], 1, NEARLY)
    if is_near and (column in hinted or not hinted):  # `date opened` is near `date ended`
        return 2
    return int(column in hinted)


def _fits(column: str, evidence: ColumnEvidence) -> bool | None:
    """Whether the values under a heading can be a column's; None if they do not tell."""
    kind = kind_of(column)
    if column in _SHAPES:
        return _SHAPES[column](evidence)
    if kind == "start":
        return evidence.are_dates and not evidence.orders.contradicts(DAY_FIRST)
    if column in UNTESTED:
        return None if not (evidence.are_dates or evidence.are_numbers) else False
    if kind == "level" and evidence.readable("yes_no") >= ENOUGH:
        return False
    share = evidence.readable(kind)
    if share >= (HALF if kind in ("level", "status") else ENOUGH):
        return True
    return None if kind in _OWN_WORDS and _few_words(evidence) else False


def _few_words(evidence: ColumnEvidence) -> bool:
    return 2 <= evidence.different <= FEW and not evidence.are_dates and not evidence.are_numbers


def _is_id(evidence: ColumnEvidence) -> bool:
    different = evidence.different >= 0.95 * evidence.filled
    return different and evidence.mean_length <= 25 and not evidence.are_dates


def _is_title(evidence: ColumnEvidence) -> bool:
    different = evidence.different >= HALF * evidence.filled
    return (
        different and evidence.mean_length >= 8 and not (evidence.are_dates or evidence.are_numbers)
    )


def _is_directorate(evidence: ColumnEvidence) -> bool:
    names = len({match_key(word) for word in evidence.values.index})
    few = names <= min(MOST_NAMES, max(HALF * evidence.filled, min(FEW, evidence.filled - 1)))
    if not few or evidence.are_numbers:
        return False
    return max(map(evidence.readable, ("start", "yes_no", "level", "status"))) < HALF


_SHAPES = {"project_id": _is_id, "title": _is_title, "directorate": _is_directorate}


def _match(ranked: list[_Candidate]) -> dict[int, _Candidate]:
    """Return each heading's best column, by its place; no column twice."""
    best: dict[int, _Candidate] = {}
    for each in ranked:
        if each.column not in {candidate.column for candidate in best.values()}:
            best.setdefault(each.evidence.place, each)
    return best


def _row(evidence: ColumnEvidence, best: _Candidate | None, ranked: list[_Candidate]) -> tuple:
    rival = next((c for c in ranked if c.evidence is evidence and _has_rival(c, ranked)), None)
    if best is None and rival:
        return evidence.heading, rival.column, False, _SAME
    if best is None:
        return evidence.heading, "", False, _left_out(evidence)
    if evidence.may_name_people:
        why = "it may hold the names of people; none of its values is written here"
        return evidence.heading, best.column, False, why
    if _has_rival(best, ranked):
        return evidence.heading, best.column, False, _SAME
    by_name = not best.is_sure and match_key(evidence.heading) == match_key(best.column)
    why = f"{_why(best)}; {_BY_NAME}" if by_name else _why(best)
    return evidence.heading, best.column, best.is_sure, why


def _with_areas(rows: list[tuple], columns: list[ColumnEvidence]) -> list[tuple]:
    """Propose the headings left over that hold yes and no as areas of work, if there are some."""
    flags = {
        each.place: f"area_{slug}"
        for each, row in zip(columns, rows, strict=True)
        if not row[1] and not each.personal and each.readable("yes_no") >= ENOUGH
        and (slug := area_name(each.heading))
    }  # fmt: skip
    if len(flags) < LEAST_AREAS or len({*flags.values()}) < len(flags):
        return rows
    why = "it holds yes and no; perhaps an area of the work"
    return [
        (row[0], flags[each.place], False, why) if each.place in flags else row
        for each, row in zip(columns, rows, strict=True)
    ]


def _has_rival(one: _Candidate, ranked: list[_Candidate]) -> bool:
    """Whether another heading could be the same column as clearly."""
    return one.is_sure and any(
        c.is_sure and c.column == one.column and c.evidence is not one.evidence for c in ranked
    )


PERSONAL_REASONS = ("it holds personal data", "it may hold the names of people")


def _left_out(evidence: ColumnEvidence) -> str:
    if evidence.personal:
        return PERSONAL_REASONS[0]
    if evidence.may_name_people:
        return PERSONAL_REASONS[1]
    if evidence.are_month_first:
        return "its dates are month first"
    return "no column seems to fit" if evidence.filled else "it is empty"


_SAME = "another heading says the same"
_BY_NAME = "it is read by its name until another heading is given: rename it if that is wrong"

_CLEAR = (
    "its values are levels of involvement",
    "the heading hints at it",
    "the heading is nearly one that is known",
    "the heading says so",
)


def _why(one: _Candidate) -> str:
    heading = _CLEAR[one.clear]
    return f"{heading}, but {_against(one)}" if one.fits is False else f"{heading}, {_found(one)}"


def _found(one: _Candidate) -> str:
    evidence, kind = one.evidence, kind_of(one.column)
    if one.column == "project_id":
        return f"{k_of_n(evidence.different, evidence.filled)} differ"
    if kind in CELLS_READ and one.fits:
        return f"{_count_readable(evidence, kind)} cells fit"
    if kind == "status" and evidence.readable("yes_no") >= ENOUGH:
        return f"{_count_readable(evidence, 'yes_no')} cells hold yes or no"
    return f"with {count_of(evidence.different, 'different value')}"


def _count_readable(evidence: ColumnEvidence, kind: str) -> str:
    return k_of_n(round(evidence.readable(kind) * evidence.filled), evidence.filled)


def _against(one: _Candidate) -> str:
    evidence, kind = one.evidence, kind_of(one.column)
    if kind == "level" and evidence.are_levels:
        return "its levels are figures, of which a person has to say what they mean"
    if kind == "start" and evidence.are_month_first:
        sure = k_of_n(evidence.orders.month_first, evidence.filled)
        return f"it is left out because its dates are month first ({sure} can be nothing else)"
    if kind in CELLS_READ and evidence.readable(kind) < HALF:
        return "fewer than half of its cells can be read as it"
    if kind in CELLS_READ:
        return f"only {percent(evidence.readable(kind))} of its cells can be read as it"
    return f"its values ({count_of(evidence.different, 'different one')}) do not look like it"
