"""The name of a project's owner to the directorate that it is reported under."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..profile import Profile, lookup_table, match_key, nearest
from .columns import JOINT, NO_DIRECTORATE, NOT_RECORDED, UNRECOGNISED
from .headings import Export


def add_directorate(
    values: pd.DataFrame, export: Export, profile: Profile
) -> tuple[pd.DataFrame, list[str]]:
    """Give each project the directorate it is reported under; keep the name as read.

    A name that the profile does not know keeps the group that a clean register gave it.
    """
    as_read = values["directorate"]
    stored = _stored_groups(as_read, export)
    nothing = lookup_table({NO_DIRECTORATE: profile.words.get(NOT_RECORDED, ())})
    table = lookup_table(profile.directorates)
    counts = as_read.value_counts()
    counts = counts[counts > 0]
    group = {
        name: _owner(name, table, profile.two_owners) or nothing.get(match_key(name))
        for name in counts.index
    }
    unknown = sorted(name for name, owner in group.items() if owner is None)
    projects, named = int(counts[unknown].sum()), int(counts.sum())
    own_names = not table or projects > named / 2
    group |= _one_spelling(counts, unknown) if own_names else dict.fromkeys(unknown, UNRECOGNISED)
    group |= {name: stored[name] for name in unknown if name in stored}
    own_names = own_names if not stored else UNRECOGNISED not in stored.values()
    values = values.assign(
        directorate=_mapped(as_read, group),
        directorate_as_read=as_read,
    )
    if not unknown or not table:
        return values, []
    if own_names:
        return values, [
            f"Most projects bear directorates that the profile does not know ({projects} of "
            f"{named}), so each name stands for itself. Copy the profile, put your "
            "directorates in it, and give it with --profile."
        ]
    return values, [_unrecognised(unknown, projects, profile)]


def _owner(name: str, table: Mapping[str, str], two_owners: str) -> str | None:
    if match_key(name) in table:
        return table[match_key(name)]
    owners = [table.get(match_key(part)) for part in re.split(r"[;|/\n]", name) if part.strip()]
    if len(owners) < 2 or None in owners:
        return None
    return owners[0] if two_owners == "first" or len(set(owners)) == 1 else JOINT


def _stored_groups(as_read: pd.Series, export: Export) -> dict[str, str]:
    """Give the group of each name in a clean register; nothing for another export."""
    if "group" not in export.cells:
        return {}
    pairs = pd.DataFrame({"name": as_read, "group": export.cells["group"].text()})
    return dict(pairs.dropna().drop_duplicates("name").itertuples(index=False, name=None))


def _mapped(as_read: pd.Series, group: dict[str, str]) -> np.ndarray:
    names = as_read.astype("category") if as_read.dtype != "category" else as_read
    groups = [group.get(name, NO_DIRECTORATE) for name in names.cat.categories]
    codes, different = pd.factorize(np.array([*groups, NO_DIRECTORATE], dtype=object))
    return pd.Categorical.from_codes(codes[names.cat.codes], different)


def _one_spelling(counts: pd.Series, names: list[str]) -> dict[str, str]:
    """Give names that differ only in case, spaces or punctuation their commonest spelling."""
    ordered = sorted(names, key=lambda name: (-counts[name], name))
    first: dict[str, str] = {}
    return {name: first.setdefault(match_key(name), name) for name in ordered}


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
