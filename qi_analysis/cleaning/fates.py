"""What becomes of each row: accepted, set aside to be corrected by its owner, or dropped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from ..profile import Profile
from .columnar import text_series
from .columns import register_columns
from .headings import Export
from .personal import mask_personal
from .summary import show_html, show_text
from .values import FAULTS, faults

_PERSONAL_ID = (
    "This identifier looks like an NHS number, an email address or a phone number; give the "
    "project another."
)


_NOTHING_RETURNED = pd.DataFrame({"source_row": [], "directorate": []}).astype(
    {"source_row": "int64", "directorate": "str"}
)


@dataclass(frozen=True, repr=False)
class Cleaned:
    """What became of every row of an export.

    Attributes
    ----------
    register : DataFrame
        One row a project, with the columns of :func:`data_dictionary`.
    quarantine : DataFrame
        One row a complaint: ``source_row``, ``project_id``, ``column``, ``found``, ``reason``.
    identical_duplicates : DataFrame
        One row a dropped row: ``source_row``, ``project_id``, ``same_as_row``.
    warnings : tuple of str
        Sentences for whoever reads a result.
    not_data_rows : int
        Blank rows, totals and notes, which are not projects.
    returned : DataFrame
        One row a quarantined row, to be corrected by its owner: ``source_row``, ``directorate``
        (the group it is reported under), and the export's columns under the register's names (the
        owner under ``directorate_as_read``), as text, as they came, but for white space, and for
        personal data, which is masked.
    corrections : bool
        The rows were set aside before and came back corrected: they are no whole register.
    """

    register: pd.DataFrame
    quarantine: pd.DataFrame
    identical_duplicates: pd.DataFrame
    warnings: tuple[str, ...] = ()
    not_data_rows: int = 0
    returned: pd.DataFrame = field(default_factory=lambda: _NOTHING_RETURNED.copy())
    corrections: bool = False

    @property
    def counts(self) -> dict[str, int]:
        """Rows in, and what became of them; the three that follow ``rows_in`` add up to it."""
        accepted, dropped = len(self.register), len(self.identical_duplicates)
        quarantined = int(self.quarantine["source_row"].nunique())
        return {
            "rows_in": accepted + quarantined + dropped,
            "accepted": accepted,
            "quarantined": quarantined,
            "identical_duplicates": dropped,
            "not_data_rows": self.not_data_rows,
        }

    def __repr__(self) -> str:
        return show_text(self)

    def _repr_html_(self) -> str:
        return show_html(self)


def row_faults(values: pd.DataFrame, export: Export) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Complain of rows that could not be read whole, and of identifiers that are personal data."""
    faulty = np.flatnonzero(export.source["source_fault"].notna())
    reasons = export.source["source_fault"].iloc[faulty].map(lambda r: mask_personal(str(r)))
    personal = np.flatnonzero(export.personal_ids)
    ids = values["project_id"]
    found = [
        faults(faulty, "row", None, reasons.to_numpy(object)),
        faults(personal, "project_id", ids.iloc[personal].to_numpy(object), _PERSONAL_ID),
    ]
    if len(personal):  # what is masked is no longer an identifier
        values = values.assign(project_id=ids.mask(export.personal_ids))
    return values, pd.concat(found, ignore_index=True)


def split(
    values: pd.DataFrame,
    found: pd.DataFrame,
    same_as: pd.Series,
    export: Export,
    profile: Profile,
) -> Cleaned:
    """Part the rows by their fate: any complaint sets a row aside, but a repeat is dropped."""
    dropped = same_as.index.to_numpy(dtype=np.int64)
    found = found[~found["row"].isin(dropped)].sort_values(["row", "column"], kind="stable")
    rows = found["row"].to_numpy(dtype=np.int64)
    aside = np.unique(rows)
    kept = np.ones(len(values), bool)
    kept[rows] = kept[dropped] = False
    names = [column.name for column in register_columns(profile)]
    register = _written(values[names], kept)
    return Cleaned(
        register=register,
        quarantine=_quarantine(values, found, rows),
        identical_duplicates=_repeats(values, same_as, dropped),
        returned=_returned(values, export, aside),
    )


def _written(values: pd.DataFrame, kept: np.ndarray) -> pd.DataFrame:
    """Write the rows of a mask out, categories as text: the form in which a register is kept."""
    with ThreadPoolExecutor() as pool:
        plain = pool.map(lambda name: _plain(values[name], kept), values)
        return pd.DataFrame(dict(zip(values, plain, strict=True)), copy=False)


def _plain(column: pd.Series, kept: np.ndarray) -> pd.Series:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(column.array[kept], copy=False)
    words = pa.array(column.cat.categories, pa.large_string())
    codes = column.cat.codes.to_numpy()[kept]
    return text_series(words.take(pa.array(codes, mask=codes < 0)))


def _quarantine(values: pd.DataFrame, found: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    text = dict.fromkeys(("project_id", "column", "found", "reason"), "str")
    return pd.DataFrame(
        {
            "source_row": values["source_row"].to_numpy()[rows],
            "project_id": values["project_id"].iloc[rows].to_numpy(object),
            **{name: found[name].to_numpy(object) for name in FAULTS[1:]},
        }
    ).astype(text)


def _repeats(values: pd.DataFrame, same_as: pd.Series, dropped: np.ndarray) -> pd.DataFrame:
    source_row = values["source_row"].to_numpy()
    return pd.DataFrame(
        {
            "source_row": source_row[dropped],
            "project_id": values["project_id"].iloc[dropped].to_numpy(object),
            "same_as_row": source_row[same_as.to_numpy(dtype=np.int64)],
        }
    ).astype({"project_id": "str"})


def _returned(values: pd.DataFrame, export: Export, rows: np.ndarray) -> pd.DataFrame:
    """Give the rows set aside as they came, in the export's order of columns."""
    columns = {
        "source_row": values["source_row"].to_numpy()[rows],
        "directorate": pd.Series(values["directorate"].iloc[rows].to_numpy(object), dtype="str"),
    }
    for name, cells in export.cells.items():
        if name not in ("group", "approach", "start_precision"):
            shown = "directorate_as_read" if name == "directorate" else name
            columns[shown] = _as_came(cells.keep(rows).text(), values, name, rows)
    return pd.DataFrame(columns)


def _as_came(text: pd.Series, values: pd.DataFrame, name: str, rows: np.ndarray) -> pd.Series:
    """Mask the cells of a column of dates that were not read as one; others are masked already."""
    if name not in values or values[name].dtype.kind != "M":
        return text
    unread = values[name].iloc[rows].isna().to_numpy() & text.notna().to_numpy()
    return text.where(~unread, text[unread].map(mask_personal).reindex(text.index))
