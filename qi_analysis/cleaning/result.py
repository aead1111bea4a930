"""What becomes of each row: accepted, set aside to be corrected by its owner, or dropped."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.schema import NOT_RECORDED
from ..core.text import count_of, describe_blanks
from ..profile import Profile, area_columns, register_columns
from .encoding import text_series
from .export import Export
from .personal import mask_personal
from .values import COMPLAINTS

_NO_ROWS_TO_CORRECT = pd.DataFrame({"source_row": [], "directorate": []}).astype(
    {"source_row": "int64", "directorate": "str"}
)


@dataclass(frozen=True, repr=False)
class CleaningResult:
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
    rows_to_correct : DataFrame
        One row a quarantined row, to be corrected by its owner: ``source_row``, ``directorate``
        (the group it is reported under), and the export's columns under the register's names (the
        owner under ``directorate_as_read``), as text, as they came, but for white space, and for
        personal data, which is masked.
    asked : tuple of str
        The columns that the export has; the register has all, those not asked for blank.
    corrections : bool
        The rows were set aside before and came back corrected: they are no whole register.
    """

    register: pd.DataFrame
    quarantine: pd.DataFrame
    identical_duplicates: pd.DataFrame
    warnings: tuple[str, ...] = ()
    not_data_rows: int = 0
    rows_to_correct: pd.DataFrame = field(default_factory=lambda: _NO_ROWS_TO_CORRECT.copy())
    asked: tuple[str, ...] = ()
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
        return summarise_as_text(self)

    def _repr_html_(self) -> str:
        return summarise_as_html(self)


def split(
    values: pd.DataFrame,
    found: pd.DataFrame,
    same_as: pd.Series,
    export: Export,
    profile: Profile,
) -> CleaningResult:
    """Split the rows: any complaint sets a row aside, a repeat is dropped, others are accepted."""
    dropped = same_as.index.to_numpy(dtype=np.int64)
    found = found[~found["row"].isin(dropped)].sort_values(["row", "column"], kind="stable")
    rows = found["row"].to_numpy(dtype=np.int64)
    aside = np.unique(rows)
    accepted = np.ones(len(values), bool)
    accepted[rows] = accepted[dropped] = False
    names = [column.name for column in register_columns(profile)]
    register = _written(values[names], accepted)
    return CleaningResult(
        register=register,
        quarantine=_quarantine(values, found, rows),
        identical_duplicates=_repeats(values, same_as, dropped),
        rows_to_correct=_rows_to_correct(values, export, aside),
        asked=_asked(export, profile),
    )


def _asked(export: Export, profile: Profile) -> tuple[str, ...]:
    """Return the register's columns that the export has; one cell may hold every area of work."""
    areas = set(area_columns(profile)) if "areas" in export.columns else set()
    columns = (column.name for column in register_columns(profile))
    return tuple(name for name in columns if name in export.columns or name in areas)


def _written(values: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Write the rows of a mask out, categories as text: the form in which a register is kept."""
    with ThreadPoolExecutor() as pool:
        plain = pool.map(lambda name: _plain(values[name], rows), values)
        return pd.DataFrame(dict(zip(values, plain, strict=True)), copy=False)


def _plain(column: pd.Series, rows: np.ndarray) -> pd.Series:
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return pd.Series(column.array[rows], copy=False)
    words = pa.array(column.cat.categories, pa.large_string())
    codes = column.cat.codes.to_numpy()[rows]
    return text_series(words.take(pa.array(codes, mask=codes < 0)))


def _quarantine(values: pd.DataFrame, found: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    text = dict.fromkeys(("project_id", "column", "found", "reason"), "str")
    return pd.DataFrame(
        {
            "source_row": values["source_row"].to_numpy()[rows],
            "project_id": values["project_id"].iloc[rows].to_numpy(object),
            **{name: found[name].to_numpy(object) for name in COMPLAINTS[1:]},
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


def _rows_to_correct(values: pd.DataFrame, export: Export, rows: np.ndarray) -> pd.DataFrame:
    """Return the rows set aside as they came, in the export's order of columns."""
    columns = {
        "source_row": values["source_row"].to_numpy()[rows],
        "directorate": pd.Series(values["directorate"].iloc[rows].to_numpy(object), dtype="str"),
    }
    for name, texts in export.columns.items():
        column = "directorate_as_read" if name == "directorate" else name
        columns[column] = _as_came(texts.select(rows).text(), values, name, rows)
    return pd.DataFrame(columns)


def _as_came(text: pd.Series, values: pd.DataFrame, name: str, rows: np.ndarray) -> pd.Series:
    """Mask the cells of a column of dates that were not read as one; others are masked already."""
    if name not in values or values[name].dtype.kind != "M":
        return text
    unread = values[name].iloc[rows].isna().to_numpy() & text.notna().to_numpy()
    return text.where(~unread, text[unread].map(mask_personal).reindex(text.index))


MOST_REASONS = 5  # on one screen


def summarise_quarantine(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Count the rows set aside for each ``column`` and ``reason``; the commonest first."""
    rows = quarantine.groupby(["column", "reason"])["source_row"].nunique().rename("rows")
    return rows.reset_index().sort_values(
        ["rows", "column", "reason"], ascending=[False, True, True], ignore_index=True
    )


def describe_cleaning(cleaned: CleaningResult) -> str:
    """Describe in a sentence or two what became of an export's rows."""
    counts = cleaned.counts
    accepted = count_of(counts["accepted"], "was accepted", "were accepted")
    dropped = count_of(
        counts["identical_duplicates"], "dropped as an exact repeat", "dropped as exact repeats"
    )
    others = count_of(
        counts["not_data_rows"],
        "further row (blank, a total or a note) is no project",
        "further rows (blank, totals or notes) are not projects",
    )
    return (
        f"Of {count_of(counts['rows_in'], 'row')} in the export, {accepted}, "
        f"{counts['quarantined']:,} set aside to be corrected, and {dropped}. {others}."
    )


def summarise_as_text(
    cleaned: CleaningResult, projects: str = "cleaned.register", name: str = "cleaned"
) -> str:
    """Return a summary as text; ``projects`` and ``name`` are what the reader calls the two."""
    reasons = [f"  {rows:>6,}  {what}" for what, rows in _reasons(cleaned.quarantine)]
    head = ["Set aside, the commonest reasons (rows):"] if reasons else []
    parts = [describe_cleaning(cleaned), *head, *reasons, *_sentences(cleaned, projects, name)]
    return "\n".join(parts)


def summarise_as_html(
    cleaned: CleaningResult, projects: str = "cleaned.register", name: str = "cleaned"
) -> str:
    """Return a cleaned register's summary as HTML, every word of the export escaped."""
    counts = cleaned.counts
    rows = [
        ("Rows in the export", counts["rows_in"]),
        ("Accepted", counts["accepted"]),
        ("Set aside to be corrected", counts["quarantined"]),
        ("Dropped as exact repeats", counts["identical_duplicates"]),
        ("Blank rows, totals and notes, no projects", counts["not_data_rows"]),
    ]
    tables = _table("What became of the rows", ("", "Rows"), rows)
    reasons = _reasons(cleaned.quarantine)
    tables += _table("Set aside: the commonest reasons", ("Why", "Rows"), reasons)
    words = "".join(
        f"<p>{escape(sentence)}</p>" for sentence in _sentences(cleaned, projects, name)
    )
    return f"<div>{tables}{words}</div>"


def _reasons(quarantine: pd.DataFrame) -> list[tuple[str, int]]:
    every = summarise_quarantine(quarantine)
    names = every["column"].str.replace("_", " ") + ": " + every["reason"]
    most = [*zip(names, every["rows"], strict=True)][:MOST_REASONS]
    left = every["rows"].iloc[MOST_REASONS:]
    more = [(count_of(len(left), "further reason"), int(left.sum()))]
    return [*most, *(more if len(left) else [])]


def _sentences(cleaned: CleaningResult, projects: str, name: str) -> list[str]:
    """Return what is blank among the projects, and what to do with the result."""
    register, warnings = cleaned.register, len(cleaned.warnings)
    blanks = sum(register["approach"] == NOT_RECORDED) if len(register) else 0
    print_them = f"print(*{name}.warnings, sep='\\n')"
    complaints = f"; {name}.quarantine has one row per complaint" if len(cleaned.quarantine) else ""
    return [
        *([describe_blanks(blanks, len(register))] if len(register) else []),
        *([f"{count_of(warnings, 'warning')}: {print_them}."] if warnings else []),
        f"Next: {projects} has one row per project{complaints}.",
    ]


def _table(caption: str, heads: tuple[str, str], rows: Iterable[tuple[str, int]]) -> str:
    texts = [
        f'<tr><th scope="row">{escape(name)}</th><td>{number:,}</td></tr>' for name, number in rows
    ]
    if not texts:
        return ""
    first = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads if head)
    corner = "" if heads[0] else "<td></td>"
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{corner}{first}</tr></thead>"
        f"<tbody>{''.join(texts)}</tbody></table>"
    )
