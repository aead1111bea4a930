"""What becomes of each row: accepted, set aside to be corrected by its owner, or dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from ..core.frames import check_frame
from ..core.schema import NOT_RECORDED, OPEN, OPTIONAL, column_label
from ..core.text import count_of, describe_blanks, listed
from ..profile import Profile, area_columns, read_columns, register_columns
from .encoding import map_columns, text_cells
from .export import Export
from .parsers import cell_readers
from .personal import mask_personal
from .values import COMPLAINTS

_NO_ROWS = pd.DataFrame({"source_row": [], "directorate": []}).astype(
    {"source_row": "int64", "directorate": "str"}
)
_NO_COMPLAINTS = _NO_ROWS[["source_row"]].assign(
    **dict.fromkeys(("project_id", "column", "found", "reason"), _NO_ROWS["directorate"])
)
_NO_REPEATS = _NO_COMPLAINTS[["source_row", "project_id"]].assign(
    same_as_row=_NO_ROWS["source_row"]
)
KEPT = "The project is counted without this cell."


@dataclass(frozen=True, repr=False)
class CleaningResult:
    """What became of every row of an export.

    Attributes
    ----------
    register : DataFrame
        One row a project, with the columns of :func:`data_dictionary`.
    quarantine : DataFrame
        One row a complaint about a row set aside: ``source_row``, ``project_id``, ``column``,
        ``found``, ``reason``.
    identical_duplicates : DataFrame
        One row a dropped row: ``source_row``, ``project_id``, ``same_as_row``.
    warnings : tuple of str
        Sentences for whoever reads a result.
    urgent : tuple of str
        Those of them that nobody may miss: projects, or cells that a rate needs, may be missing.
    not_data_rows : int
        Blank rows, totals and notes, which are not projects.
    faulty_cells : DataFrame
        One row a cell that could not be read and is blank in the register, as no rate needs it; its
        project was accepted. Columns as in ``quarantine``.
    set_aside : DataFrame
        One row a row set aside, with what could be read of its involvement: ``source_row``,
        ``directorate``, ``approach``, and each column that tells of involvement.
    rows_to_correct : DataFrame
        One row a row set aside or with a faulty cell, to be corrected by its owner: ``source_row``,
        ``directorate`` (the group it is reported under), and the export's columns under the
        register's names (the owner under ``directorate_as_read``), as text, as they came, but for
        white space, and for personal data, which is masked.
    asked : tuple of str
        The columns that the export has; the register has all, those not asked for blank.
    corrections : bool
        The rows were set aside before and came back corrected: they are no whole register.
    """

    register: pd.DataFrame
    quarantine: pd.DataFrame
    identical_duplicates: pd.DataFrame
    warnings: tuple[str, ...] = ()
    urgent: tuple[str, ...] = ()
    not_data_rows: int = 0
    faulty_cells: pd.DataFrame = field(default_factory=_NO_COMPLAINTS.copy)
    set_aside: pd.DataFrame = field(default_factory=_NO_ROWS.copy)
    rows_to_correct: pd.DataFrame = field(default_factory=_NO_ROWS.copy)
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

    @property
    def different_rows(self) -> int:
        """Rows in, without exact repeats: of how many it can be asked what became of them."""
        return self.counts["rows_in"] - len(self.identical_duplicates)

    @property
    def complaints(self) -> pd.DataFrame:
        """Every complaint, as in ``quarantine``; one about a project that is kept says so."""
        reasons = self.faulty_cells["reason"] + f" {KEPT}"
        every = [self.quarantine, self.faulty_cells.assign(reason=reasons)]
        return pd.concat(every[: 2 if len(reasons) else 1], ignore_index=True)

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
) -> tuple[CleaningResult, np.ndarray]:
    """Split the rows: a complaint sets a row aside, a repeat is dropped, others are accepted.

    Where the profile says so, one about a cell that no rate needs only leaves that cell blank. With
    the result come the rows (positions) set aside.
    """
    dropped = same_as.index.to_numpy(dtype=np.int64)
    if len(found):
        found = found[~found["row"].isin(dropped)].sort_values(["row", "column"], kind="stable")
    spared = _is_spared(values, found, profile)
    faulty, found = found[spared], found[~spared]
    values = _without(values, faulty) if len(faulty) else values
    aside = _rows(found)
    accepted = np.ones(len(values), bool)
    accepted[aside] = accepted[dropped] = False
    columns = register_columns(profile)
    involvement = [column.name for column in columns if column.involvement]
    told = ["source_row", "directorate", "approach", *involvement]
    register = _written(values[[column.name for column in columns]], accepted)
    cleaned = CleaningResult(
        register=register,
        quarantine=_quarantine(values, found),
        identical_duplicates=_repeats(values, same_as, dropped),
        faulty_cells=_quarantine(values, faulty),
        set_aside=_written(values[told], aside) if len(aside) else register[told].head(0),
        rows_to_correct=_rows_to_correct(values, export, np.union1d(aside, _rows(faulty))),
        asked=_asked(export, profile),
    )
    return cleaned, aside


def _rows(found: pd.DataFrame) -> np.ndarray:
    """Return the rows (positions) that complaints are about, each once."""
    return np.unique(found["row"].to_numpy(dtype=np.int64))


def _is_spared(values: pd.DataFrame, found: pd.DataFrame, profile: Profile) -> np.ndarray:
    """Return which complaints cost no project: their cell is not needed, nor has the row others."""
    rows = found["row"].to_numpy(dtype=np.int64)
    if profile.optional != "blank" or not len(rows):
        return np.zeros(len(rows), bool)
    planned = values["status"].isin(OPEN) & values["end_date"].isna()
    ends = (found["column"] == "end_date").to_numpy() & planned.to_numpy()[rows]
    not_needed = found["column"].isin(OPTIONAL).to_numpy() | ends
    return not_needed & ~np.isin(rows, rows[~not_needed])


def _without(values: pd.DataFrame, faulty: pd.DataFrame) -> pd.DataFrame:
    """Return values with the faulty cells blank."""
    return values.assign(
        **{
            str(name): values[name].mask(np.isin(np.arange(len(values)), own["row"]))
            for name, own in faulty.groupby("column")
        }
    )


def _asked(export: Export, profile: Profile) -> tuple[str, ...]:
    """Return the register's columns that the export has; one cell may hold every area of work."""
    areas = set(area_columns(profile)) if "areas" in export.columns else set()
    columns = (column.name for column in register_columns(profile))
    return tuple(name for name in columns if name in export.columns or name in areas)


def _written(values: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """Write rows (a mask, or positions) out, categories as text, as a register is kept."""
    columns = {str(name): column for name, column in values.items()}
    plain = map_columns(lambda _, column: _plain(column, rows), columns, len(values))
    return pd.DataFrame(plain, copy=False)


def _plain(column: pd.Series, rows: np.ndarray) -> Any:
    cells = column.array
    if not isinstance(cells, pd.Categorical):
        return cells[rows]
    words, codes = pa.array(cells.categories, pa.large_string()), cells.codes[rows]
    return text_cells(words.take(pa.array(codes, mask=codes < 0)))


def _quarantine(values: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    if not len(found):
        return _NO_COMPLAINTS.copy()
    rows = found["row"].to_numpy(dtype=np.int64)
    text = dict.fromkeys(("project_id", "column", "found", "reason"), "str")
    return pd.DataFrame(
        {
            "source_row": values["source_row"].to_numpy()[rows],
            "project_id": values["project_id"].iloc[rows].to_numpy(object),
            **{name: found[name].to_numpy(object) for name in COMPLAINTS[1:]},
        }
    ).astype(text)


def _repeats(values: pd.DataFrame, same_as: pd.Series, dropped: np.ndarray) -> pd.DataFrame:
    if not len(dropped):
        return _NO_REPEATS.copy()
    source_row = values["source_row"].to_numpy()
    return pd.DataFrame(
        {
            "source_row": source_row[dropped],
            "project_id": values["project_id"].iloc[dropped].to_numpy(object),
            "same_as_row": source_row[same_as.to_numpy(dtype=np.int64)],
        }
    ).astype({"project_id": "str"})


def _rows_to_correct(values: pd.DataFrame, export: Export, rows: np.ndarray) -> pd.DataFrame:
    """Return rows as they came, in the export's order of columns."""
    columns = {
        "source_row": values["source_row"].to_numpy()[rows],
        "directorate": pd.Series(values["directorate"].iloc[rows].to_numpy(object), dtype="str"),
    }
    for name, texts in export.columns.items():
        column = "directorate_as_read" if name == "directorate" else name
        if len(rows):
            columns[column] = _as_came(texts.select(rows).text(), values, name, rows)
        else:  # as it is mostly
            columns[column] = _NO_ROWS["directorate"]
    return pd.DataFrame(columns)


def _as_came(text: pd.Series, values: pd.DataFrame, name: str, rows: np.ndarray) -> pd.Series:
    """Mask the cells of a column of dates that were not read as one; others are masked already."""
    if name not in values or values[name].dtype.kind != "M":
        return text
    unread = values[name].iloc[rows].isna().to_numpy() & text.notna().to_numpy()
    if not unread.any():
        return text
    return text.where(~unread, text[unread].map(mask_personal).reindex(text.index))


MOST_REASONS = 5  # on one screen


def summarise_quarantine(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Count the rows set aside for each ``column`` and ``reason``; the commonest first."""
    quarantine = check_frame(
        quarantine, "source_row column reason", kinds={"source_row": "count"}, by="column",
        filled="source_row column reason", step="clean_register",
    )  # fmt: skip
    rows = quarantine.groupby(["column", "reason"])["source_row"].nunique().rename("rows")
    return rows.reset_index().sort_values(
        ["rows", "column", "reason"], ascending=[False, True, True], ignore_index=True
    )


def summarise_unknown(quarantine: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Count the rows set aside for each word that a profile does not know; the commonest first.

    Returns
    -------
    DataFrame
        ``column``, ``word`` as it was found, and ``rows``; of yes-or-no questions, levels, statuses
        and areas of work.

    Examples
    --------
    >>> from qi_analysis import load_profile
    >>> summarise_unknown(pd.DataFrame({"source_row": [2, 3, 4], "column": "involvement_level",
    ...                                 "found": ["Rung 3", "Rung 2", "Rung 3"]}), load_profile())
                  column    word  rows
    0  involvement_level  Rung 3     2
    1  involvement_level  Rung 2     1
    """
    readers = cell_readers(profile)
    kinds = {c.name: c.kind for c in read_columns(profile) if c.kind in WORDS}
    found = quarantine[quarantine["column"].isin([*kinds])].dropna(subset="found")
    rows = found.groupby(["column", "found"])["source_row"].nunique().rename("rows")
    rows = rows.rename_axis(["column", "word"]).reset_index()
    known = [readers[kinds[c]](word)[1] is None for c, word in rows[["column", "word"]].to_numpy()]
    return rows[~np.array(known, bool)].sort_values(
        ["rows", "column", "word"], ascending=[False, True, True], ignore_index=True
    )


WORDS = ("yes_no", "level", "status", "areas")  # kinds of columns whose words a profile lists


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
    return " ".join(
        [
            f"Of {count_of(counts['rows_in'], 'row')} in the export, {accepted}, "
            f"{counts['quarantined']:,} set aside to be corrected, and {dropped}. {others}.",
            *_describe_faulty(cleaned.faulty_cells),
        ]
    )


def _describe_faulty(faulty: pd.DataFrame) -> list[str]:
    """Describe how many cells are blank as they could not be read, and in which columns."""
    n, columns = len(faulty), faulty["column"].value_counts()
    if not n:
        return []
    which = listed([f"{column_label(str(name))} ({k:,})" for name, k in columns.items()])
    one = n == 1
    return [
        f"{count_of(n, 'cell')} that no rate needs could not be read and "
        f"{'counts' if one else 'count'} as blank, to be corrected: {which}."
    ]


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
        f"<p>{escape(sentence)}</p>"
        for sentence in (
            *_describe_faulty(cleaned.faulty_cells), *_sentences(cleaned, projects, name)
        )
    )  # fmt: skip
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
