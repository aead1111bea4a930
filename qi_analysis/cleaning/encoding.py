"""A column of text with each different cell held once, so that work is done a spelling, not a row.

A register of a million rows has a few thousand different dates and a handful of yeses. Where nearly
every cell differs, as among identifiers, the cells are held as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute  # its functions are made on import, unseen by type checkers
SAMPLE = 10_000  # cells looked at to tell whether most of a column's cells differ

# Anything but printable ASCII with single spaces inside: it alone needs a closer look.
_ODD = r"[^\x20-\x7e]|^ | $|  |^$"
_INVISIBLE = r"[\x{ad}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}\x{feff}]+"

_SPACES = (
    r"[\x00-\x20\x7f-\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+"
)
_NULLS = pa.array(["\\N", "\\\\N"], pa.large_string())  # of MySQL and others, escaped
_TEXT: Any = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True)
class Cells:
    """A column's cells: the different ones, and for each row which of them it has.

    Attributes
    ----------
    different : pyarrow.Array
        The different cells, blank ones null.
    codes : ndarray or None
        Each row's position in ``different``; None where ``different`` holds every row's own cell.
    """

    different: pa.Array
    codes: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.different if self.codes is None else self.codes)

    @property
    def filled(self) -> np.ndarray:
        """Which rows are not blank."""
        return self.spread(self.different.is_valid().to_numpy(zero_copy_only=False))

    def spread(self, each: np.ndarray) -> np.ndarray:
        """Return, for every row, what stands for its cell in an array as long as ``different``."""
        return each if self.codes is None else each[self.codes]

    def change(self, function: Callable[[pa.Array], pa.Array]) -> Cells:
        """Change each different cell."""
        return Cells(function(self.different), self.codes)

    def select(self, rows: np.ndarray) -> Cells:
        """Return the rows of a mask, or those at the positions given."""
        if self.codes is not None:
            return Cells(self.different, self.codes[rows])
        return Cells(self.different.take(pa.array(np.arange(len(self))[rows])))

    def text(self) -> pd.Series:
        """Return every row's cell as text, blank ones missing."""
        texts = self.different if self.codes is None else self.different.take(pa.array(self.codes))
        return text_series(texts)


def text_series(texts: pa.Array) -> pd.Series:
    """Wrap an Arrow array of text as a column of pandas' text, without a copy."""
    return pd.Series(text_cells(texts), copy=False)


def text_cells(texts: pa.Array) -> Any:
    """Wrap an Arrow array of text as the cells of such a column."""
    return _TEXT.__from_arrow__(texts)


def encode(column: pd.Series) -> Cells:
    """Return a column with each different cell once, white space folded, blank cells null."""
    if not isinstance(column.dtype, pd.StringDtype):
        column = column.astype(str).where(column.notna()).astype("str")
    texts = pa.array(column, pa.large_string())
    texts = texts if isinstance(texts, pa.ChunkedArray) else pa.chunked_array([texts])
    sample = texts.slice(0, SAMPLE)
    if len(texts) > SAMPLE and len(sample.unique()) > SAMPLE / 2:
        return Cells(squeeze(texts.combine_chunks()))
    coded = texts.dictionary_encode().combine_chunks()  # joining codes costs less than joining text
    blank = len(coded.dictionary)
    different = pa.concat_arrays([coded.dictionary, pa.nulls(1, pa.large_string())])
    return Cells(squeeze(different), coded.indices.fill_null(blank).to_numpy())


K = TypeVar("K")
V = TypeVar("V")
W = TypeVar("W")


def map_columns(function: Callable[[K, V], W], columns: Mapping[K, V], rows: int) -> dict[K, W]:
    """Call a function of each column's name and cells; of a long table, for several at once.

    To start threads for a short one takes longer than its columns do.
    """
    if rows <= SAMPLE:
        return {name: function(name, column) for name, column in columns.items()}
    with ThreadPoolExecutor() as pool:
        return dict(zip(columns, pool.map(function, columns, columns.values()), strict=True))


def squeeze(texts: pa.Array) -> pa.Array:
    """Trim cells and fold runs of white space (non-breaking ones too); blank cells become null.

    Characters that take no room (zero-width spaces, soft hyphens, direction marks) go. So does a
    database's NULL, as it is written to a text.
    """
    texts = change_where(texts, pc.match_substring_regex(texts, _ODD), _squeeze)
    null = pc.is_in(texts, _NULLS)
    return change_where(texts, null, lambda some: pa.nulls(len(some), some.type))


def _squeeze(texts: pa.Array) -> pa.Array:
    visible = pc.replace_substring_regex(texts, _INVISIBLE, "")
    folded = pc.utf8_trim(pc.replace_substring_regex(visible, _SPACES, " "), " ")
    return pc.if_else(pc.equal(folded, ""), pa.scalar(None, folded.type), folded)


def change_where(
    texts: pa.Array, where: pa.Array, function: Callable[[pa.Array], pa.Array]
) -> pa.Array:
    """Change the cells that a test picked out, usually few."""
    where = where.fill_null(False)
    if not pc.any(where).as_py():
        return texts
    return pc.replace_with_mask(texts, where, function(texts.filter(where)))
