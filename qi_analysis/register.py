"""A raw table to a clean register, and a quarantine of the rows that could not be read.

Nothing is guessed and nothing is lost: each row is accepted, set aside with its reasons, or dropped
as an identical duplicate. The steps stand in their own modules: ``headings`` and ``personal`` (the
export's columns, what is personal taken out), ``footers`` (rows that are no projects), ``values``
(cells read), ``directorates``, ``duplicates`` and ``fates`` (accepted, set aside or dropped).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd

from .cleaning.columns import (
    COLUMNS,
    JOINT,
    NO_DIRECTORATE,
    NOT_RECORDED,
    UNRECOGNISED,
    Column,
    area_columns,
    data_dictionary,
)
from .cleaning.directorates import add_directorate
from .cleaning.duplicates import find_duplicates
from .cleaning.fates import Cleaned, row_faults, split
from .cleaning.footers import is_project
from .cleaning.headings import read_headings, removed_warning
from .cleaning.personal import mask_personal
from .cleaning.summary import describe_blanks, describe_counts, summarise_quarantine
from .cleaning.values import (
    add_approach,
    date_conflicts,
    fill_areas,
    read_precision_back,
    read_values,
    with_snapshot_date,
)
from .profile import OptionError, Profile, RegisterError, load_profile
from .words import count_of, format_date, percent

__all__ = [
    "COLUMNS", "JOINT", "NOT_RECORDED", "NO_DIRECTORATE", "UNRECOGNISED", "Cleaned", "Column",
    "RegisterUnreadable", "area_columns", "as_of_date", "clean_register", "data_dictionary",
    "describe_cleaning", "describe_completeness", "summarise_completeness", "summarise_quarantine",
]  # fmt: skip
MOST_QUARANTINED = 0.10  # above this share a warning stands at the top of every report
MOST_WORDS = 4  # of those not known, named where a register is refused
TOO_MANY_QUARANTINED = 0.50  # above this share nothing can be said of the rest


class RegisterUnreadable(RegisterError):
    """More than half of a register's rows cannot be read; ``cleaned`` holds what became of each."""

    def __init__(self, sentence: str, cleaned: Cleaned):
        super().__init__(sentence)
        self.cleaned = cleaned


def clean_register(raw: pd.DataFrame, profile: Profile | str | Path | None = None) -> Cleaned:
    """Read every cell of a raw register, and set aside the rows that cannot be read.

    A row with any complaint goes to the quarantine whole. Rows of one project that agree in every
    column once read are identical duplicates, of which the first is kept; rows of one project that
    differ are quarantined together, as nobody can tell which is right.

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
    Cleaned
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
    profile = load_profile(profile)
    export = read_headings(raw, profile)
    projects = is_project(export)
    export = export.keep(projects)
    if not projects.any():
        raise RegisterError(f"{export.name} has headings but no projects under them.")
    values, found, removed, unknown = read_values(export, profile)
    values = read_precision_back(values, export)
    values = with_snapshot_date(values, export, raw.attrs.get("snapshot_date"))
    values, groups = add_directorate(values, export, profile)
    values, areas = fill_areas(values, profile)
    values, approach = add_approach(values, export, profile)
    dates = date_conflicts(values, export.is_clean)
    values, rows = row_faults(values, export)
    found = pd.concat([found, areas, approach, dates, rows], ignore_index=True)
    same_as, differing, repeats = find_duplicates(values, found)
    found = pd.concat([found, differing], ignore_index=True)
    cleaned = split(values, found, same_as, export, profile)
    loud = [*map(mask_personal, raw.attrs.get("warnings", ())), *export.loud,
            *removed_warning(removed), *repeats]  # fmt: skip
    quiet = [*export.warnings, *unknown, *groups, *_unended(cleaned.register),
             *_without_status(cleaned.register)]  # fmt: skip
    corrections = bool(raw.attrs.get("corrections"))
    cleaned = replace(cleaned, corrections=corrections)
    return replace(
        cleaned,
        warnings=(*_set_aside(cleaned, export.name), *loud, *quiet),
        not_data_rows=int((~projects).sum()),
    )


def as_of_date(register: pd.DataFrame, given: str = "") -> pd.Timestamp:
    """Give the day that a register describes, from the register itself and never from the clock.

    The export's snapshot date if it has one; else its latest start or update date, proposed
    projects' planned starts left out; else its latest end date, planned ends left out. A day that
    is ``given`` as text, such as ``"2021-05-04"``, goes before all of these.

    >>> cleaned = clean_register(pd.DataFrame({"ID": ["1"], "Title": ["Fewer falls"], "Group": [""],
    ...     "Start": ["Apr-20"], "Last updated": ["04/05/2021"], "Carers involved": ["Y"]}))
    >>> as_of_date(cleaned.register)
    Timestamp('2021-05-04 00:00:00')
    """
    if given:
        try:
            return pd.Timestamp(date.fromisoformat(given))
        except ValueError:
            raise OptionError(
                f"`as_of` must be a date such as '2021-05-04'; not '{given}'."
            ) from None
    return _own_day(register)[0]


def _own_day(register: pd.DataFrame) -> tuple[pd.Timestamp, str]:
    """Give the day that a register describes, and what it is; nothing if it is the export's own."""
    proposed = register["status"] == "proposed"
    planned = register["status"].isin(["proposed", "active", "paused"])
    starts = register["start_date"].mask(proposed)
    for dates, what in (
        ([register["snapshot_date"]], ""),
        ([starts, register["updated_date"]], "its latest start or update"),
        ([register["end_date"].mask(planned)], "its latest end"),
    ):
        latest = pd.concat(dates).max()
        if pd.notna(latest):
            return latest.normalize(), what
    raise RegisterError(
        "The register has no date to tell which day it describes. Give one: --as-of 2021-05-04."
    )


def note_day(register: pd.DataFrame, given: str = "") -> list[str]:
    """Say how the day was found that a register describes, where neither it nor anybody says so."""
    day, what = (None, "") if given else _own_day(register)
    if not what:
        return []
    return [
        "No column and no file name says when the register was exported. It is taken to describe "
        f"{format_date(day)}, {what}. If that is not the day, give it: `qi-analysis report --as-of "
        "DATE`."
    ]


def warn_of_day(register: pd.DataFrame, day: pd.Timestamp) -> list[str]:
    """Warn of projects that have finished, yet end after the day that the register describes."""
    n = int((_is_finished(register) & (register["end_date"] > day)).sum())
    if not n:
        return []
    return [
        f"{count_of(n, 'finished project')} {'ends' if n == 1 else 'end'} after "
        f"{format_date(day)}, the day that the register is taken to describe, and "
        f"{'counts' if n == 1 else 'count'} as live on it. Mend the end dates, or give the day of "
        "the export (--as-of DATE)."
    ]


def summarise_completeness(register: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Count what each group has recorded.

    Returns
    -------
    DataFrame
        A row a group, the emptiest first: the group, ``projects``, and the share (0-1) of them
        that have ``involvement`` (approach known), ``service_user`` and ``carer`` (flag known),
        ``start_date`` and ``updated_date`` recorded.
    """
    known = pd.DataFrame(
        {
            by: register[by],
            "involvement": register["approach"] != NOT_RECORDED,
            "service_user": register["service_user_involved"] != NOT_RECORDED,
            "carer": register["carer_involved"] != NOT_RECORDED,
            "start_date": register["start_date"].notna(),
            "updated_date": register["updated_date"].notna(),
        }
    )
    groups = known.groupby(by)
    shares = groups.mean().assign(projects=groups.size())
    columns = ["projects", *known.columns[1:]]
    return shares[columns].sort_values(["involvement", by]).reset_index()


def describe_cleaning(cleaned: Cleaned) -> str:
    """Say in a sentence or two what became of the export's rows."""
    return describe_counts(cleaned.counts)


def describe_completeness(completeness: pd.DataFrame, by: str = "directorate") -> str:
    """Say how many projects have nothing recorded about involvement, and who records least.

    Parameters
    ----------
    completeness : DataFrame
        From :func:`summarise_completeness`.
    by : str
        The column that names the groups.
    """
    projects = completeness["projects"]
    n, known = int(projects.sum()), round((projects * completeness["involvement"]).sum())
    if not n:
        return "There are no projects."
    sentence = describe_blanks(n - known, n)
    named = completeness[~completeness[by].isin([NO_DIRECTORATE, UNRECOGNISED])]
    worst = named.query("projects >= 5 and involvement < 1").head(1)
    if worst.empty:
        return sentence
    row = worst.iloc[0]
    return (
        f"{sentence} Among directorates with at least 5, {row[by]} records least: "
        f"{percent(row['involvement'])} of its {row['projects']:,} projects have it."
    )


# --- warnings ------------------------------------------------------------------------------------


def _set_aside(cleaned: Cleaned, name: str) -> list[str]:
    """Warn of many rows set aside, first of all; refuse a register of which more than half are."""
    counts = cleaned.counts
    n, rows = counts["quarantined"], counts["rows_in"]
    if cleaned.corrections:
        return []
    if n > TOO_MANY_QUARANTINED * rows:
        raise RegisterUnreadable(
            f"{name} cannot be used: {n:,} of its {rows:,} rows cannot be read. Most often: "
            f"{_commonest(cleaned.quarantine)} Correct the export, or the words in the profile.",
            cleaned,
        )
    if n > MOST_QUARANTINED * rows:
        return [f"{n / rows:.0%} of the rows were set aside: the figures may mislead."]
    return []


def _commonest(quarantine: pd.DataFrame) -> str:
    first = summarise_quarantine(quarantine).head(2)
    return " ".join(
        f"{row.column}: {row.reason.rstrip('.')} ({count_of(row.rows, 'row')}"
        f"{_found_words(quarantine, row)})."
        for row in first.itertuples()
    )


def _found_words(quarantine: pd.DataFrame, row) -> str:
    """Name the commonest values that were found, so that they can be put into the profile."""
    same = (quarantine["column"] == row.column) & (quarantine["reason"] == row.reason)
    words = quarantine.loc[same, "found"].dropna().value_counts(sort=True).head(MOST_WORDS).index
    return f": {', '.join(map(repr, sorted(words)))}" if len(words) else ""


def _unended(register: pd.DataFrame) -> list[str]:
    n = int((_is_finished(register) & register["end_date"].isna()).sum())
    if not n:
        return []
    return [
        f"{n} finished {'project has' if n == 1 else 'projects have'} no end date and "
        f"{'is' if n == 1 else 'are'} left out wherever live projects are counted."
    ]


def _without_status(register: pd.DataFrame) -> list[str]:
    """Warn of projects that have started and count as live, though nothing says that they are."""
    unknown = (register["status"] == "unknown") & register["start_date"].notna()
    n, unended = int(unknown.sum()), int((unknown & register["end_date"].isna()).sum())
    if not n:
        return []
    one = n == 1
    said = f"{count_of(n, 'project')} {'does' if one else 'do'} not say {'its' if one else 'their'}"
    until = f"{'counts' if one else 'count'} as live until {'it ends' if one else 'they end'}"
    some = f"{unended:,} of them {'has' if unended == 1 else 'have'} no end date"
    none = "it has no end date" if one else "none of them has an end date"
    last = f"; {none if unended == n else some}" if unended else ""
    return [f"{said} status, and {until}{last}."]


def _is_finished(register: pd.DataFrame) -> pd.Series:
    return register["status"].isin(["completed", "closed_unfinished"])
