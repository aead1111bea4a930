"""Values of any type as text, columns of them as Arrow keeps text, and words for a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import pandas as pd
import pyarrow as pa
from pyarrow import compute

from ..words import listed


def as_text(cell) -> str | None:
    """Write a value as text: 12.0 as 12, dates as ISO, a tick as TRUE; nothing for a blank."""
    if cell is None or cell == "" or cell is pd.NaT or cell != cell:
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def text_column(cells: Sequence) -> pa.Array:
    """Write a column's values as text; one that is text throughout goes to Arrow as it is."""
    try:
        text = pa.array(cells, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers, dates or ticks among them
        text = pa.array([c if type(c) is str else as_text(c) for c in cells], pa.large_string())
    return compute.if_else(compute.equal(text, ""), pa.scalar(None, text.type), text)


def as_frame(columns: Iterable[pa.Array]) -> pd.DataFrame:
    """Put columns of text beside each other, numbered."""
    columns = list(columns)
    return pa.table(columns, [str(i) for i in range(len(columns))]).to_pandas()


def first_line(fault) -> str:
    """Give the first line of what an error says, without its full stop."""
    return str(fault).strip().split("\n")[0].rstrip(".")


def quoted(names: Iterable[str]) -> str:
    """Write names as a list, each in quotation marks.

    >>> quoted(["a", "b", "c"])
    "'a', 'b' and 'c'"
    """
    return listed([f"'{name}'" for name in names])
