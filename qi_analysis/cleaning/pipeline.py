"""A raw table to a clean register, and a quarantine of the rows that could not be read.

Nothing is guessed and nothing is lost: each row is accepted, set aside with its reasons, or dropped
as an identical duplicate. The steps stand in their own modules: `export` (which column is which,
which rows are projects), `personal` (what identifies people, taken out), `values` (cells read, by
`parsers`), `derived` (directorate, areas, approach), `checks` (the order of day and
month, duplicates, contradictions) and `result` (accepted, set aside or dropped).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from ..core.errors import RegisterEmpty, RegisterError
from ..core.frames import check_frame
from ..core.schema import ENDED
from ..core.text import count_of, percent
from ..profile import Profile, load_profile
from ..reading.raw import SourceNotes
from .checks import check_date_orders, date_conflicts, find_duplicates, row_faults
from .derived import (
    add_approach,
    add_directorate,
    add_snapshot_date,
    fill_areas,
    read_precision_back,
    warn_of_directorates,
)
from .export import Export, is_example, is_project, read_headings, warn_of_removed
from .personal import mask_personal
from .result import CleaningResult, split, summarise_quarantine
from .values import join_complaints, read_values, warn_of_words

MOST_QUARANTINED = 0.10  # above this share a warning stands at the top of every report
MOST_WORDS = 4  # of those not known, named where a register is refused
TOO_MANY_QUARANTINED = 0.50  # above this share nothing can be said of the rest


class RegisterUnreadable(RegisterError):
    """More than half of a register's rows cannot be read; ``cleaned`` holds what became of each."""

    def __init__(self, sentence: str, cleaned: CleaningResult):
        super().__init__(sentence)
        self.cleaned = cleaned


def clean_register(
    raw: pd.DataFrame, profile: Profile | str | Path | None = None
) -> CleaningResult:
    """Read every cell of a raw register, and set aside the rows that cannot be read.

    A row with a complaint goes to the quarantine whole; where all that is wrong with it are cells
    that no rate needs, it is accepted with these blank, unless ``rules.optional`` says otherwise.
    Rows of one project that agree in every column once read are identical duplicates, of which the
    first is kept; rows of one project that differ are quarantined together, as nobody can tell
    which is right.

    NHS numbers, email addresses and UK phone numbers are taken out wherever they stand. Names of
    people cannot be told from other words: free text may hold them still.

    Parameters
    ----------
    raw : DataFrame
        What :func:`read_register` gives: text under the export's own headings. A column
        ``source_fault`` holds a sentence for a row that could not be read whole; ``attrs`` may hold
        ``warnings``, ``snapshot_date``, the day the export was made, and ``corrections``, true of
        rows that come back corrected.
    profile : Profile, str or Path, optional
        The trust's words, or whatever :func:`load_profile` reads them from; the shipped profile by
        default.

    Returns
    -------
    CleaningResult
        ``accepted + quarantined + identical duplicates = rows in``.

    Raises
    ------
    RegisterError
        If a required column is missing, nothing tells of involvement, there are no rows, or more
        than half of them cannot be read; of rows that come back corrected, any number may not be.

    Examples
    --------
    >>> raw = pd.DataFrame({"ID": ["7", "8"], "Title": ["Fewer falls", "Shorter waits"],
    ...                     "Division": ["CAMHS", "Rehab"], "Start": ["01/04/2020", "31/06/2020"],
    ...                     "Level of involvement": ["Big I", "Consulted"]})
    >>> cleaned = clean_register(raw)
    >>> cleaned.register[["project_id", "directorate", "start_date", "approach"]]
      project_id                         directorate start_date    approach
    0          7  Child and Adolescent Mental Health 2020-04-01  doing_with
    >>> cleaned.quarantine[["project_id", "column", "found", "reason"]]
      project_id      column       found                              reason
    0          8  start_date  31/06/2020  There is no such day in that month.
    """
    check_frame(raw, step="read_register")
    profile = load_profile(profile)
    source = SourceNotes.of(raw)
    export = read_headings(raw, profile)
    projects = is_project(export)
    if not projects.any():
        raise _without_projects(export)
    export, orders = check_date_orders(export.select(projects), profile, source.corrections)
    values, found, removed, taken, doubts = read_values(export, profile, orders)
    values = read_precision_back(values, export)
    values = add_snapshot_date(values, export, source.snapshot_date)
    values, groups = add_directorate(values, export, profile)
    values, areas = fill_areas(values, profile)
    values, approach = add_approach(values, export, profile)
    dates = date_conflicts(values, export.is_clean)
    values, rows = row_faults(values, export)
    found = join_complaints([found, areas, approach, dates, rows])
    same_as, differing, repeats = find_duplicates(values, found)
    found = join_complaints([found, differing])
    cleaned, aside = split(values, found, same_as, export, profile)
    cleaned = replace(cleaned, not_data_rows=int((~projects).sum()), corrections=source.corrections)
    warnings = [
        *_set_aside(cleaned, export.name), *map(mask_personal, source.warnings),
        *export.privacy_warnings, *warn_of_removed(removed), *repeats, *export.notes, *doubts,
        *warn_of_words(taken, aside), *warn_of_directorates(cleaned.register, groups, profile),
        *_unended(cleaned), *_without_status(cleaned),
    ]  # fmt: skip
    return replace(
        cleaned, warnings=tuple(warnings), urgent=tuple(map(mask_personal, source.urgent))
    )


def _without_projects(export: Export) -> RegisterError:
    if is_example(export).any():
        return RegisterEmpty(
            f"{export.name} can be read, and holds no project yet: its one row is the example. "
            "Write the first project over it."
        )
    return RegisterError(f"{export.name} has headings but no projects under them.")


# --- warnings ------------------------------------------------------------------------------------


def _set_aside(cleaned: CleaningResult, name: str) -> list[str]:
    """Warn of many rows set aside, first of all; refuse a register of which more than half are.

    Rows that say the same count once, whether they can be read or not.
    """
    if cleaned.corrections:
        return []
    n, different = _count_different(cleaned)
    rows = cleaned.counts["rows_in"]
    if n > TOO_MANY_QUARANTINED * different:
        which = "rows" if different == rows else "different rows"
        raise RegisterUnreadable(
            f"{name} cannot be used: {n:,} of its {different:,} {which} cannot be read. Most "
            f"often: {_commonest(cleaned.quarantine)} Correct the export, or the words in the "
            "profile.",
            cleaned,
        )
    if n > MOST_QUARANTINED * different:
        return [f"{percent(n / different)} of the rows were set aside: the figures may mislead."]
    return []


def _count_different(cleaned: CleaningResult) -> tuple[int, int]:
    """Count the different rows that were set aside, and all; repeats without an identifier too."""
    if not len(cleaned.set_aside):
        return 0, len(cleaned.register)
    rows = cleaned.rows_to_correct
    aside = rows[rows["source_row"].isin(cleaned.set_aside["source_row"])]
    n = len(aside.drop(columns="source_row").drop_duplicates())
    return n, n + len(cleaned.register)


def _commonest(quarantine: pd.DataFrame) -> str:
    most = summarise_quarantine(quarantine).head(2)
    return " ".join(
        f"{column}: {str(reason).rstrip('.')} ({count_of(rows, 'row')}"
        f"{_found_words(quarantine, column, reason)})."
        for column, reason, rows in zip(most["column"], most["reason"], most["rows"], strict=True)
    )


def _found_words(quarantine: pd.DataFrame, column: str, reason: str) -> str:
    """Return the commonest values that were found, so that they can be put into the profile."""
    same = (quarantine["column"] == column) & (quarantine["reason"] == reason)
    counts = quarantine.loc[same, "found"].dropna().sort_values().value_counts(sort=False)
    most = counts.sort_values(ascending=False, kind="stable").head(MOST_WORDS)
    if len(most) == 1:
        return f": {most.index[0]!r}"
    words = ", ".join(f"{word!r}{f' ({n:,})' if n > 1 else ''}" for word, n in most.items())
    return f": {words}" if words else ""


def _unended(cleaned: CleaningResult) -> list[str]:
    """Warn of finished projects that no past day can be told to have had."""
    register = cleaned.register
    n = int((register["status"].isin(ENDED) & register["end_date"].isna()).sum())
    if not n:
        return []
    if "end_date" not in cleaned.asked:
        which = "the one that has" if n == 1 else f"the {n:,} that have"
        return [
            f"The export does not say when projects end, so {which} finished "
            f"{'counts' if n == 1 else 'count'} as live on no past day."
        ]
    return [
        f"{n} finished {'project has' if n == 1 else 'projects have'} no end date and "
        f"{'is' if n == 1 else 'are'} left out wherever live projects are counted."
    ]


def _without_status(cleaned: CleaningResult) -> list[str]:
    """Warn of projects that have started and count as live, though nothing says that they are."""
    register = cleaned.register
    unknown = (register["status"] == "unknown") & register["start_date"].notna()
    n, unended = int(unknown.sum()), int((unknown & register["end_date"].isna()).sum())
    unended = unended if "end_date" in cleaned.asked else 0
    if not n:
        return []
    one = n == 1
    who = f"{count_of(n, 'project')} {'does' if one else 'do'} not say {'its' if one else 'their'}"
    until = f"{'counts' if one else 'count'} as live until {'it ends' if one else 'they end'}"
    some = f"{unended:,} of them {'has' if unended == 1 else 'have'} no end date"
    none = "it has no end date" if one else "none of them has an end date"
    last = f"; {none if unended == n else some}" if unended else ""
    return [f"{who} status, and {until}{last}."]
