"""Whether the rows agree: with each other, with the calendar, with themselves."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..core.schema import JOINT, UNRECOGNISED
from .export import Export
from .personal import mask_personal
from .values import complaints

# What tells nothing of the project itself, or only how exactly a cell was written.
_ASIDE = ["source_row", "source_file", "directorate_as_read", "start_precision"]
DIFFERENT = "Several rows with this identifier say different things."


def find_duplicates(
    values: pd.DataFrame, found: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame, list[str]]:
    """Find the rows that repeat another, and those that only share its identifier.

    Parameters
    ----------
    values : DataFrame
        What was read of each row.
    found : DataFrame
        The cells that could not be read: two rows with the same faults may be repeats still.

    Returns
    -------
    same_as : Series
        For each repeat (a position), the position of the row that it repeats.
    differing : DataFrame
        A complaint for each row that shares its identifier with one that says something else.
    warnings : list of str
        How many such rows there are; identifiers that differ in capitals only.
    """
    ids = values["project_id"]
    codes, _ = pd.factorize(ids.str.lower())
    counts = np.bincount(codes + 1)
    counts[0] = 0
    alike = np.flatnonzero(counts[codes + 1] > 1)
    if not len(alike):
        return pd.Series(dtype="int64"), complaints(alike, "project_id", None, DIFFERENT), []
    alike_ids = ids.iloc[alike]
    repeated = alike[alike_ids.duplicated(keep=False).to_numpy()]
    content = _content(values, found, repeated)
    first = content.groupby(content).transform("idxmin")
    same_as = first[first != first.index]
    unrepeated = ids.loc[first.index.difference(same_as.index)]
    differing = unrepeated.index[unrepeated.duplicated(keep=False)].to_numpy()
    found_ids = ids.loc[differing].to_numpy(object)
    warnings = [*_conflicts(ids.loc[differing]), *_capitals(alike_ids)]
    return same_as, complaints(differing, "project_id", found_ids, DIFFERENT), warnings


def _content(values: pd.DataFrame, found: pd.DataFrame, rows: np.ndarray) -> pd.Series:
    """Return a number to each row, the same for rows that say the same."""
    content = values.iloc[rows].drop(columns=_ASIDE)
    several = content["directorate"].isin([UNRECOGNISED, JOINT])  # these stand for many names
    as_read = values["directorate_as_read"].iloc[rows].astype("str")
    named = content["directorate"].astype("str").mask(several, as_read)
    codes = [_numbered(texts) for _, texts in content.assign(directorate=named).items()]
    for _, faulty in found[found["row"].isin(rows)].groupby("column"):
        unread = np.full(len(rows), -1)
        at = np.searchsorted(rows, faulty["row"].to_numpy(np.int64))
        unread[at] = _numbered(faulty["found"].astype("str"))
        codes.append(unread)
    numbers = np.zeros(len(rows), np.int64)
    for column in codes:  # numbered anew after each column, so that the products stay small
        numbers = pd.factorize(numbers * (column.max(initial=-1) + 2) + column + 1)[0]
    return pd.Series(numbers, index=rows)


def _numbered(texts: pd.Series) -> np.ndarray:
    """Return a number to each cell, alike for those that differ in capitals only; -1 if blank."""
    if isinstance(texts.dtype, pd.CategoricalDtype):  # each word is looked at once
        words = pd.Series([*texts.cat.categories, None], dtype="str")
        return _numbered(words)[texts.cat.codes]
    if texts.dtype.kind in "Mf":
        return pd.factorize(texts)[0]
    return pd.factorize(texts.str.lower())[0]


def _conflicts(differing: pd.Series) -> list[str]:
    n = differing.nunique()
    if not n:
        return []
    rows = "both" if len(differing) == 2 else f"all {len(differing):,}"
    return [
        f"{n:,} {'identifier stands' if n == 1 else 'identifiers stand'} on rows that say "
        f"different things; {rows} of these rows were set aside."
    ]


def _capitals(alike: pd.Series) -> list[str]:
    ids = alike.drop_duplicates().sort_values()
    lower = ids.str.lower()
    ids = ids[lower.duplicated(keep=False)]
    pairs = list(ids.map("'{}'".format).groupby(lower).agg(" and ".join))
    if not pairs:
        return []
    listed = "; ".join(pairs[:3]) + ("; …" if len(pairs) > 3 else "")
    return [f"Identifiers that differ only in capitals count as different projects: {listed}."]


FAR_AHEAD = pd.Timedelta(days=366)


def date_conflicts(values: pd.DataFrame, is_clean: bool) -> pd.DataFrame:
    """Find ends before starts, and days that had not come when the export was made.

    That day is the row's snapshot date, or else the latest update in the register. A planned start
    may lie ahead of it, but for a project that has begun by no more than a year. A clean register
    has passed this test, against rows that it may no longer hold.
    """
    start, end, updated = (values[c] for c in ("start_date", "end_date", "updated_date"))
    made = values["snapshot_date"]
    latest = updated.max()
    limit = (made.fillna(latest) if made.notna().any() else latest) + FAR_AHEAD
    tests = [("end_date", end < start, "The project ends before it starts.")]
    if not is_clean:
        tests += [
            ("updated_date", updated > made, "The record was updated after the export was made."),
            ("start_date", (start > limit) & (values["status"] != "proposed"),
             "The project has begun, yet its start is over a year ahead."),
        ]  # fmt: skip
    return pd.concat(
        [
            complaints(np.flatnonzero(wrong), column, _as_text(values.loc[wrong, column]), reason)
            for column, wrong, reason in tests
        ],
        ignore_index=True,
    )


def _as_text(days: pd.Series) -> np.ndarray:
    return days.dt.strftime("%d/%m/%Y").to_numpy(object)


_PERSONAL_ID = (
    "This identifier looks like an NHS number, an email address or a phone number; give the "
    "project another."
)


def row_faults(values: pd.DataFrame, export: Export) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find rows that could not be read whole, and identifiers that are personal data."""
    faulty = np.flatnonzero(export.source["source_fault"].notna())
    reasons = export.source["source_fault"].iloc[faulty].map(lambda r: mask_personal(str(r)))
    personal = np.flatnonzero(export.personal_ids)
    ids = values["project_id"]
    found = [
        complaints(faulty, "row", None, reasons.to_numpy(object)),
        complaints(personal, "project_id", ids.iloc[personal].to_numpy(object), _PERSONAL_ID),
    ]
    if len(personal):  # what is masked is no longer an identifier
        values = values.assign(project_id=ids.mask(export.personal_ids))
    return values, pd.concat(found, ignore_index=True)
