"""What became of an export's rows, in words: a sentence, a table of reasons, a screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

import pandas as pd

from ..words import count_of, percent
from .columns import NOT_RECORDED

MOST_REASONS = 5  # on one screen


def summarise_quarantine(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Count the rows set aside for each ``column`` and ``reason``; the commonest first."""
    rows = quarantine.groupby(["column", "reason"])["source_row"].nunique().rename("rows")
    return rows.reset_index().sort_values(
        ["rows", "column", "reason"], ascending=[False, True, True], ignore_index=True
    )


def describe_counts(counts: Mapping[str, int]) -> str:
    """Say in a sentence or two what became of an export's rows."""
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


def describe_blanks(blank: int, n: int) -> str:
    """Say of how many projects it is not recorded how people were involved."""
    if not blank:
        return "Every project has its level of involvement recorded."
    return (
        f"{blank:,} of {count_of(n, 'project')} ({percent(blank / n)}) "
        f"{'does' if blank == 1 else 'do'} not say how, or whether, people were involved."
    )


def show_text(cleaned) -> str:
    """Give a cleaned register's summary as text."""
    reasons = [f"  {rows:>6,}  {what}" for rows, what in _reasons(cleaned.quarantine)]
    head = ["Set aside, the commonest reasons (rows):"] if reasons else []
    parts = [describe_counts(cleaned.counts), *head, *reasons, *_sentences(cleaned)]
    return "\n".join(parts)


def show_html(cleaned) -> str:
    """Give a cleaned register's summary as HTML, every word of the export escaped."""
    counts = cleaned.counts
    said = [
        ("Rows in the export", counts["rows_in"]),
        ("Accepted", counts["accepted"]),
        ("Set aside to be corrected", counts["quarantined"]),
        ("Dropped as exact repeats", counts["identical_duplicates"]),
        ("Blank rows, totals and notes, no projects", counts["not_data_rows"]),
    ]
    reasons = [(what, rows) for rows, what in _reasons(cleaned.quarantine)]
    tables = _table("What became of the rows", ("", "Rows"), said)
    tables += _table("Set aside: the commonest reasons", ("Why", "Rows"), reasons)
    words = "".join(f"<p>{escape(sentence)}</p>" for sentence in _sentences(cleaned))
    return f"<div>{tables}{words}</div>"


def _reasons(quarantine: pd.DataFrame) -> list[tuple[int, str]]:
    every = summarise_quarantine(quarantine)
    shown = [
        (row.rows, f"{row.column.replace('_', ' ')}: {row.reason}")
        for row in every.head(MOST_REASONS).itertuples()
    ]
    left = every.iloc[MOST_REASONS:]
    more = [(int(left["rows"].sum()), f"{count_of(len(left), 'further reason')}")]
    return [*shown, *(more if len(left) else [])]


def _sentences(cleaned) -> list[str]:
    return [sentence for sentence in (_blanks(cleaned.register), *_next(cleaned)) if sentence]


def _blanks(register: pd.DataFrame) -> str:
    n = len(register)
    if not n or "approach" not in register:
        return ""
    return describe_blanks(int((register["approach"] == NOT_RECORDED).sum()), n)


def _next(cleaned) -> list[str]:
    """Say what to do with it."""
    warnings = len(cleaned.warnings)
    return [
        f"{count_of(warnings, 'warning')}: print(*cleaned.warnings, sep='\\n')."
        if warnings
        else "",
        "Next: cleaned.register is a row a project; cleaned.quarantine a row a complaint."
        if cleaned.counts["quarantined"]
        else "Next: cleaned.register is a row a project.",
    ]


def _table(caption: str, heads: tuple[str, str], rows: Iterable[tuple[str, int]]) -> str:
    rows = [
        f'<tr><th scope="row">{escape(name)}</th><td>{number:,}</td></tr>' for name, number in rows
    ]
    if not rows:
        return ""
    first = "".join(f'<th scope="col">{escape(head)}</th>' for head in heads if head)
    corner = "" if heads[0] else "<td></td>"
    return (
        f"<table><caption>{escape(caption)}</caption><thead><tr>{corner}{first}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
