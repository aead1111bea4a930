"""Tables whose values have types of their own: Parquet files, and what a database answers."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ..profile import RegisterError
from .cells import as_frame, quoted, text_column
from .headings import Found
from .kinds import damaged

SNAPSHOT_KEY = b"qi_analysis.cleaned"  # in the metadata of a Parquet file made by the package


def read_parquet(data: bytes, name: str) -> Found:
    """Read a Parquet file; a snapshot made by the package is refused, as it is clean already."""
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError):
        raise damaged(name) from None
    if SNAPSHOT_KEY in (table.schema.metadata or {}):
        raise RegisterError(
            f"{name} is a snapshot made by this package, clean already. Read it with load_cleaned."
        )
    return as_found(table.column_names, [column.to_pylist() for column in table.columns])


def as_found(headings: Sequence[str], columns: Sequence[Sequence]) -> Found:
    """Write typed values as text; what has no text, such as a picture, is left out."""
    plain = [
        not any(isinstance(v, (bytes, bytearray, memoryview, list, dict)) for v in column)
        for column in columns
    ]
    left = [heading for heading, is_plain in zip(headings, plain, strict=True) if not is_plain]
    said = [f"Columns that hold no plain values were left out: {quoted(left)}."] if left else []
    kept = [i for i, is_plain in enumerate(plain) if is_plain]
    cells = as_frame(text_column(columns[i]) for i in kept)
    return Found(cells, [str(headings[i]) for i in kept], 2, warnings=said)
