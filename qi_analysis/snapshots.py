"""Cleaned registers kept whole, so that a notebook reads an export and a snapshot alike."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pandas as pd

from .profile import Profile, RegisterError
from .register import Cleaned, clean_register
from .sources import read_register

_KEY = b"qi_analysis.cleaned"


def load_cleaned(register: str | Path, profile: Profile | None = None) -> Cleaned:
    """Read a register and clean it; or read a snapshot, which is clean already.

    Parameters
    ----------
    register : str or Path
        An export, ``"example"``, or a ``.parquet`` snapshot written by :func:`write_snapshot`.
    profile : Profile, optional
        The shipped one by default; not needed for a snapshot.

    Examples
    --------
    >>> cleaned = load_cleaned("example")
    >>> cleaned.counts["rows_in"] == sum(list(cleaned.counts.values())[1:4])
    True
    """
    if Path(register).suffix == ".parquet":
        return read_snapshot(register)
    return clean_register(read_register(register, profile), profile)


def write_snapshot(cleaned: Cleaned, path: str | Path) -> None:
    """Write a cleaned register, with its quarantine and warnings, to one Parquet file, whole."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rest = {
        "quarantine": cleaned.quarantine.to_dict("list"),
        "identical_duplicates": cleaned.identical_duplicates.to_dict("list"),
        "warnings": list(cleaned.warnings),
        "not_data_rows": cleaned.not_data_rows,
    }
    table = pa.Table.from_pandas(cleaned.register, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(rest, default=_plain).encode()}
    target = Path(path)
    handle, part = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    os.close(handle)
    try:
        pq.write_table(table.replace_schema_metadata(metadata), part)
        os.chmod(part, 0o644)
        os.replace(part, target)
    finally:
        Path(part).unlink(missing_ok=True)


def read_snapshot(path: str | Path) -> Cleaned:
    """Read what :func:`write_snapshot` wrote."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = Path(path)
    if not file.is_file():
        raise RegisterError(f"There is no file '{path}'. Check its name and folder.")
    try:
        table = pq.read_table(file)
    except (pa.ArrowInvalid, OSError):
        raise RegisterError(
            f"{file.name} cannot be read as Parquet: it is damaged, or of another kind. "
            "Make it again with `qi-analysis clean`."
        ) from None
    if _KEY not in (table.schema.metadata or {}):
        raise RegisterError(f"{file.name} is not a snapshot made by `qi-analysis clean`.")
    rest = json.loads(table.schema.metadata[_KEY])
    return Cleaned(
        register=table.to_pandas(),
        quarantine=_frame(rest["quarantine"], text=("project_id", "column", "found", "reason")),
        identical_duplicates=_frame(rest["identical_duplicates"], text=("project_id",)),
        warnings=tuple(rest["warnings"]),
        not_data_rows=rest["not_data_rows"],
    )


def _plain(value):
    return None if pd.isna(value) else value.item()


def _frame(columns: dict, text: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    numbers = [c for c in frame if c not in text]
    return frame.astype(dict.fromkeys(numbers, "int64") | dict.fromkeys(text, "str"))
