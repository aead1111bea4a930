"""What follows from other cells: the directorate, the areas of work, the approach."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..core.schema import (
    APPROACHES,
    JOINT,
    NO_DIRECTORATE,
    NOT_APPLICABLE,
    NOT_RECORDED,
    PRECISIONS,
    UNRECOGNISED,
)
from ..core.text import count_of, listed, lookup_table, match_key, nearest
from ..profile import Profile, area_columns
from .export import Export
from .parsers import blank_words, not_applicable_words
from .personal import mask_personal
from .values import NO_COMPLAINTS, complaints, join_complaints, read_words


def add_directorate(
    values: pd.DataFrame, export: Export, profile: Profile
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Add the directorate under which each project is reported, beside the name as read.

    A name that the profile does not know keeps the group that a clean register gave it. With the
    values comes the group of each name.
    """
    as_read = values["directorate"]
    counts = as_read.value_counts()
    counts = counts[counts > 0]
    table = lookup_table(profile.directorates)
    said_blank = blank_words(profile) | not_applicable_words(profile)
    blanks = dict.fromkeys(said_blank, NO_DIRECTORATE)
    group = {
        name: _owner(name, table, profile.two_owners) or blanks.get(match_key(name), "")
        for name in map(str, counts.index)
    }
    unknown = sorted(name for name, owner in group.items() if not owner)
    if unknown and table:
        counts = _count_projects(values).reindex(counts.index, fill_value=0)
    own_names = not table or counts[unknown].sum() > counts.sum() / 2
    group |= _one_spelling(counts, unknown) if own_names else dict.fromkeys(unknown, UNRECOGNISED)
    if stored := _stored_groups(as_read, export):
        group |= {name: stored[name] for name in unknown if name in stored}
    values = values.assign(directorate=_mapped(as_read, group), directorate_as_read=as_read)
    return values, group


def warn_of_directorates(
    register: pd.DataFrame, group: Mapping[str, str], profile: Profile
) -> list[str]:
    """Describe what the accepted projects' names of directorates were taken for, if in doubt."""
    counts = register["directorate_as_read"].value_counts()
    table = lookup_table(profile.directorates)
    blank = [name for name in counts.index if group[name] == NO_DIRECTORATE]
    unknown = sorted(
        name
        for name in {*counts.index}.difference(blank)
        if not _owner(name, table, profile.two_owners)
    )
    notes = _read_as_blank(counts[blank]) if blank else []
    notes += _doubtful_names(counts[unknown]) if unknown else []
    own_names = not table or UNRECOGNISED not in group.values()
    joined = _describe_joined(unknown, group) if own_names else []
    if not unknown or not table:
        return [*notes, *joined]
    projects, named = int(counts[unknown].sum()), int(counts.sum())
    return [
        *notes,
        f"{'Most' if projects > named / 2 else 'Many'} projects bear directorates that the profile "
        f"does not know ({projects} of {named}), so each name stands for itself. Copy the profile, "
        "put your directorates in it, and give it with --profile."
        if own_names
        else _unrecognised(unknown, projects, profile),
        *joined,
    ]


def _count_projects(values: pd.DataFrame) -> pd.Series:
    """Count the projects that bear each name: rows of one identifier are one."""
    ids, names = values["project_id"].str.lower(), values["directorate"]
    return names[~ids.duplicated() | ids.isna()].value_counts()


SHORT = 4  # letters, of a word that may stand for a name
_SURE = ("tbc", "tbd", "tba")


def _read_as_blank(words: pd.Series) -> list[str]:
    """Describe how many rows have a word for nothing that may be short for a directorate's name."""
    words = words[[len(key := match_key(w)) <= SHORT and key not in _SURE for w in words.index]]
    n = int(words.sum())
    if not n:
        return []
    which = listed([f"'{word}' ({k:,})" for word, k in words.sort_index().items()])
    return [
        f"{count_of(n, 'row has', 'rows have')} {which} for a directorate, read as not recorded. "
        "If one of these is a name, add it to [directorates] in the profile."
    ]


# What a lookup gives of a blank cell or a box, marks alone, and a text read in another's encoding.
_NO_NAME = re.compile(
    r"0+(?:\.0+)?|-\d+|[\W_]+|true|false|none|.*(?:â€|[ÃÂ][\x80-\xbf]|\ufffd|"
    r"&(?:#\d+|amp|quot|apos|nbsp|lt|gt);).*",
    re.IGNORECASE,
)


def _doubtful_names(words: pd.Series) -> list[str]:
    """Describe how many rows have for a directorate's name what hardly is one."""
    words = words[[bool(_NO_NAME.fullmatch(str(word))) for word in words.index]]
    n = int(words.sum())
    if not n:
        return []
    counted = words.sort_index().items()
    which = listed([f"'{mask_personal(str(word))}' ({k:,})" for word, k in counted])
    return [
        f"{count_of(n, 'row has', 'rows have')} {which} for a directorate, which hardly is a name. "
        "Correct the export, or list it in [directorates] in the profile as what it stands for."
    ]


def _owner(name: str, table: Mapping[str, str], two_owners: str) -> str | None:
    if match_key(name) in table:
        return table[match_key(name)]
    owners = [table.get(match_key(part)) for part in re.split(r"[;|/\n]", name) if part.strip()]
    if len(owners) < 2 or None in owners:
        return None
    return owners[0] if two_owners == "first" or len(set(owners)) == 1 else JOINT


def _stored_groups(as_read: pd.Series, export: Export) -> dict[str, str]:
    """Return the group of each name in a clean register; nothing for another export."""
    if not export.is_clean:
        return {}
    pairs = pd.DataFrame({"name": as_read, "group": export.derived["directorate"].text()})
    pairs = pairs.dropna().drop_duplicates("name")
    return dict(zip(pairs["name"], pairs["group"], strict=True))


def _mapped(as_read: pd.Series, group: dict[str, str]):
    names = as_read.astype("category") if as_read.dtype != "category" else as_read
    groups = [group.get(name, NO_DIRECTORATE) for name in names.cat.categories]
    codes, different = pd.factorize(np.array([*groups, NO_DIRECTORATE], dtype=object))
    return pd.Categorical.from_codes(codes[names.cat.codes], pd.Index(different))


def _one_spelling(counts: pd.Series, names: list[str]) -> dict[str, str]:
    """Return names that differ only in case, spaces or punctuation their commonest spelling."""
    ordered = sorted(names, key=lambda name: (-counts[name], name))
    spelling: dict[str, str] = {}
    return {name: spelling.setdefault(match_key(name), name) for name in ordered}


def _describe_joined(names: list[str], group: Mapping[str, str]) -> list[str]:
    """Describe which names were taken for one directorate though they are punctuated otherwise."""
    spellings: dict[str, dict[str, str]] = {}
    for name in names:
        plain = " ".join(name.casefold().split())
        spellings.setdefault(group[name], {}).setdefault(plain, name)
    written = {
        owner: [f"'{name}'" for name in sorted(found.values())]
        for owner, found in spellings.items()
    }
    return [
        f"{len(found)} spellings that differ only in punctuation were joined as one directorate, "
        f"'{owner}': {listed(found)}. If they are several, change a letter or a figure in their "
        "names."
        for owner, found in written.items()
        if len(found) > 1
    ]


def _unrecognised(unknown: list[str], projects: int, profile: Profile) -> str:
    table = lookup_table(profile.directorates)

    def hint(name: str) -> str:
        near = nearest(name, table)
        return f"'{name}' (perhaps {table[near[0]]})" if near else f"'{name}'"

    noun = "project bears" if projects == 1 else "projects bear"
    return (
        f"{projects} {noun} a directorate that the profile does not know, and "
        f"{'is' if projects == 1 else 'are'} reported as '{UNRECOGNISED}': "
        f"{', '.join(map(hint, unknown))}. Add each to its directorate's names in the profile."
    )


# --- what follows from several cells --------------------------------------------------------------


def fill_areas(values: pd.DataFrame, profile: Profile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fill the areas' own columns, where they are blank, from the one cell that lists areas.

    A list that names an area whose own column says no, or names none while a column says yes,
    contradicts itself. One that says "not applicable" says so of every area.
    """
    listed = values["areas"]
    lists = [*listed.cat.categories, None]
    codes = listed.cat.codes.to_numpy()
    given = codes >= 0
    if not given.any():
        return values.drop(columns="areas"), NO_COMPLAINTS
    apart = np.array([v == (NOT_APPLICABLE,) for v in lists])[codes]
    empty = np.array([v == () for v in lists])[codes] | apart
    clash = np.zeros(len(values), bool)
    filled = {}
    for name, column in zip(profile.areas, area_columns(profile), strict=True):
        named = np.array([v is not None and name in v for v in lists])[codes]
        own = values[column]
        clash |= (named & _are(own, "no")) | (empty & _are(own, "yes"))
        own = own.cat.set_categories(["yes", "no", NOT_RECORDED, NOT_APPLICABLE])
        said = np.where(apart, 3, np.where(named, 0, 1))
        new = np.where(given & (own == NOT_RECORDED), said, own.cat.codes)
        filled[column] = pd.Categorical.from_codes(new, own.cat.categories)
    rows = np.flatnonzero(clash)
    labels = {name: area.label for name, area in profile.areas.items()}
    labels[NOT_APPLICABLE] = "not applicable"
    found = [", ".join(labels[name] for name in v) or "none" for v in listed[rows]]
    reason = "The list of areas and the areas' own columns contradict each other."
    return values.drop(columns="areas").assign(**filled), complaints(rows, "areas", found, reason)


def add_approach(
    values: pd.DataFrame, export: Export, profile: Profile
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add `approach`, from the level or else the flags; complain where they contradict each other.

    A flag for service users stands for everybody where there is none for carers: a no in it means
    that nobody is involved. One for carers alone does not. Where a level does not apply and the
    flags say no, nobody is involved; where all that is said is that it does not apply, the approach
    is "not applicable". A clean register's own approach stands where its level tells none.
    """
    flags = [c for c in ("service_user_involved", "carer_involved") if c in export.columns]
    table = lookup_table(profile.levels)
    table |= dict.fromkeys(not_applicable_words(profile), NOT_APPLICABLE)
    names = [*APPROACHES, NOT_RECORDED, NOT_APPLICABLE]
    unknown, apart = names.index(NOT_RECORDED), names.index(NOT_APPLICABLE)
    level = values["involvement_level"]
    each = [names.index(table.get(match_key(word), NOT_RECORDED)) for word in level.cat.categories]
    approach = np.array([*each, unknown])[level.cat.codes]
    tells = "service_user_involved" in flags
    closed, all_apart = _closed(values, flags if tells else [])
    all_no = closed & ~all_apart
    some_yes = _any(values, [*flags, *area_columns(profile)], "yes")
    approach[(approach == unknown) & (all_apart | _stored(export, NOT_APPLICABLE))] = apart
    approach[(approach >= unknown) & (all_no | _stored(export, "none"))] = 0
    is_level = (approach > 0) & (approach < unknown)
    rest, flags_say = "Somebody is recorded as involved, yet the rest says", (
        "A level of involvement is given, yet the flags say"
    )  # fmt: skip
    conflicts = [
        ((approach == 0) & some_yes, f"{rest} nobody is."),
        ((approach == apart) & some_yes, f"{rest} that the question does not apply."),
        (is_level & all_no, f"{flags_say} nobody is involved."),
        (is_level & all_apart, f"{flags_say} that the question does not apply."),
    ]
    rows = [
        complaints(
            np.flatnonzero(clash), "involvement_level", level[clash].to_numpy(object), reason
        )
        for clash, reason in conflicts
        if clash.any()
    ]
    column = pd.Categorical.from_codes(approach, pd.Index(names))
    return values.assign(approach=column), join_complaints(rows)


def _closed(values: pd.DataFrame, columns: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return where each answer is no or "not applicable", and where each is the latter."""
    if not columns:
        return np.zeros(len(values), bool), np.zeros(len(values), bool)
    apart = [_are(values[c], NOT_APPLICABLE) for c in columns]
    closed = [_are(values[c], "no") | a for c, a in zip(columns, apart, strict=True)]
    return np.logical_and.reduce(closed), np.logical_and.reduce(apart)


def _any(values: pd.DataFrame, columns: list[str], word: str) -> np.ndarray:
    return np.logical_or.reduce(
        [np.zeros(len(values), bool), *(_are(values[c], word) for c in columns)]
    )


def _are(answers: pd.Series, word: str) -> np.ndarray:
    """Return which rows of a column of categories have a word."""
    cells: Any = answers.array
    words = [*cells.categories]
    return cells.codes == words.index(word) if word in words else np.zeros(len(cells), bool)


def _stored(export: Export, approach: str) -> np.ndarray:
    """Which rows of a clean register have this approach."""
    if not export.is_clean:
        return np.zeros(len(export.source), bool)
    return (export.derived["approach"].text() == approach).to_numpy()


def read_precision_back(values: pd.DataFrame, export: Export) -> pd.DataFrame:
    """Return values with a clean register's own word for how exactly a start is known."""
    if not export.is_clean:
        return values
    stored = read_words(
        export.derived["start_precision"], lambda word: word if word in PRECISIONS else None
    )
    precision = pd.CategoricalDtype([*PRECISIONS])
    known, read = (pd.Series(c).astype(precision) for c in (stored, values["start_precision"]))
    known = known.where(known.notna(), read).where(values["start_date"].notna())
    return values.assign(start_precision=known)


def add_snapshot_date(values: pd.DataFrame, export: Export, given: str) -> pd.DataFrame:
    """Add the day that the reader knows the export was made, where no column says so."""
    if not given or "snapshot_date" in export.columns:
        return values
    return values.assign(snapshot_date=pd.Timestamp(given).normalize().as_unit("us"))
