"""What stands under each heading of an export: its different values, and what they can be."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ..cleaning.cells import cell_readers
from ..cleaning.columnar import encode
from ..cleaning.columns import NOT_RECORDED, read_columns
from ..cleaning.headings import PROVENANCE
from ..cleaning.personal import mask_cells, mask_ids, mask_personal
from ..profile import Profile, load_profile, match_key
from .vocabulary import HINTS, NAMED, PEOPLE, TITLED

ROWS = 20_000  # of an export are looked at
ENOUGH = 0.8  # of a column's cells can be read as what its heading says
HALF = 0.5
FEW = 12  # different words at most in a column of a trust's own few words
MOST_NAMES = 80  # directorates or programmes
LEAST_SEEN = 2  # a word seen once may be a person's, and is not written down
LONGEST = 60  # letters of a word that is
MANY_NAMED = 0.25  # of the different values
_MONTH_FIRST = re.compile(r"(0?\d|1[0-2])/(1[3-9]|2\d|3[01])/(\d\d|\d{4})\b.*")


@dataclass(frozen=True)
class Seen:
    """A heading, its place, and the different values under it with how often each stands there."""

    place: int
    heading: str
    values: pd.Series
    personal: bool
    profile: Profile

    @property
    def key(self) -> str:
        """The heading, folded."""
        return match_key(self.heading)

    @property
    def filled(self) -> int:
        """How many cells are not blank."""
        return int(self.values.sum())

    @property
    def different(self) -> int:
        """How many different values there are."""
        return len(self.values)

    @cached_property
    def readable(self) -> dict[str, float]:
        """The share (0-1) of filled cells that each kind's reader reads as a value."""
        readers = cell_readers(self.profile)
        kinds = ("start", "yes_no", "level", "status", "score", "areas")
        return {kind: self._share(readers[kind]) for kind in kinds}

    def _share(self, read) -> float:
        results = [read(word) for word in self.values.index]
        said = [reason is None for _, reason in results]
        tells = any(value not in (None, NOT_RECORDED, "unknown", ()) for value, _ in results)
        return float(self.values[said].sum() / self.filled) if tells else 0.0

    @property
    def are_numbers(self) -> bool:
        """Most cells hold figures alone."""
        return self._matching(r"[\d.,\s%£-]+") > HALF

    @property
    def are_dates(self) -> bool:
        """Most cells can be read as a date, day first."""
        return self.readable["start"] >= ENOUGH

    @property
    def month_first(self) -> int:
        """How many cells can only be dates with the month first."""
        return int(self.values[[bool(_MONTH_FIRST.fullmatch(v)) for v in self.values.index]].sum())

    @property
    def may_name_people(self) -> bool:
        """Tell whether its heading, or its values, speak of people."""
        plain = max(self.readable[k] for k in ("start", "yes_no", "score")) >= ENOUGH
        named = sum(bool(NAMED.fullmatch(word)) for word in self.values.index)
        many = named >= LEAST_SEEN and named >= MANY_NAMED * self.different
        return self.personal or many or (bool(PEOPLE.search(self.key)) and not plain)

    @property
    def mean_length(self) -> float:
        """Letters in a cell, on average."""
        return float((self.values * self.values.index.str.len()).sum() / max(self.filled, 1))

    def _matching(self, pattern: str) -> float:
        matching = self.values.index.str.fullmatch(pattern)
        return float(self.values[matching].sum() / max(self.filled, 1))


def look(raw: pd.DataFrame) -> list[Seen]:
    """Look at each heading's values; rows that are blank but for one cell, such as notes, apart."""
    profile = load_profile()
    places = [i for i, h in enumerate(raw.columns) if h not in PROVENANCE and match_key(str(h))]
    rows = raw.iloc[:ROWS, places]
    rows = rows[rows.notna().sum(axis=1) > min(1, len(places) - 1)]
    return [_seen(i, rows.iloc[:, at], profile) for at, i in enumerate(places)]


def _seen(place: int, column: pd.Series, profile: Profile) -> Seen:
    cells = encode(column)
    is_id = re.search(HINTS["project_id"], match_key(str(column.name)))
    masked, personal = mask_ids(cells) if is_id else mask_cells(cells)
    heading = mask_personal(str(column.name))
    most = bool(personal.sum() > cells.filled.sum() / 2) or heading != str(column.name)
    text = masked.text().dropna()
    values = text.groupby(text).size().sort_values(ascending=False, kind="stable")
    return Seen(place, heading, values, most, profile)


@functools.cache
def kind_of(column: str) -> str:
    """Give the kind of a column of the register: how its cells are read."""
    kinds = (c.kind for c in read_columns(load_profile()) if c.name == column)
    kind = next(kinds, "yes_no")  # of an area of the trust's own
    return "start" if kind == "end" else kind


def is_personal(word: str) -> bool:
    """Tell whether a word holds personal data, or looks like somebody's name."""
    said = TITLED.search(word) or NAMED.fullmatch(word)
    return bool(said) or mask_personal(word) != word or "[removed]" in word


def area_name(label: str) -> str:
    """Name an area of work as a profile does, in small letters, digits and underscores.

    >>> area_name("Setting the aim?")
    'setting_the_aim'
    """
    return re.sub(r"\W+", "_", match_key(label), flags=re.ASCII).strip("_0123456789")
