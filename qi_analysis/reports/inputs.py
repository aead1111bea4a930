"""What a run takes in: a register from a file, a folder or a database, its name and its hash."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from ..cleaning.pipeline import RegisterUnreadable, clean_register
from ..cleaning.result import CleaningResult
from ..core.errors import OptionError, RegisterError
from ..core.files import EXAMPLES, lock_folder, sha256, write_whole
from ..core.text import format_date
from ..load import load_cleaned
from ..profile import Profile
from ..quarantine import write_workbook
from ..reading.locate import list_exports, warn_of_undated
from ..reading.reader import read_register
from ..reading.tables import is_database
from ..register import as_of_date, note_day, warn_of_day
from ..snapshots import find_earlier, keep_snapshot, list_snapshots, warn_of_history, write_snapshot
from .output import csv_text, json_text

OLDEST = 45  # days; an export older than this is said to be old, on the terminal and in run.json


@dataclass(frozen=True)
class Intake:
    """A cleaned register, under a name that gives no path, user or password away.

    ``older`` holds the day and path of each earlier export, where the register is a folder, and
    ``notes`` says which of them was read.
    """

    cleaned: CleaningResult
    name: str
    sha256: str
    example: bool = False
    older: Sequence[tuple[date, Path]] = ()
    notes: Sequence[str] = ()


def take_in(
    register: str | Path, profile: Profile, query: str | None = None, table: str | None = None
) -> Intake:
    """Read and clean a register from a file, a folder of dated exports, or a database's URL."""
    if is_database(register):
        asked = {name: said for name, said in (("query", query), ("table", table)) if said}
        raw = read_register(register, profile, **asked)
        content = raw.to_csv(index=False).encode()
        name = database_name(str(register), table)
        return Intake(clean_register(raw, profile), name, sha256(content))
    if query or table:
        raise OptionError("`--query` and `--table` go with a database's URL; not with a file.")
    given = path = EXAMPLES.get(str(register), Path(register))
    older: list[tuple[date, Path]] = []
    if os.path.isdir(path):
        *older, (_, path) = list_exports(path)
    cleaned, content_hash = _read_whole(path, profile)
    is_example = path.resolve() in map(Path.resolve, EXAMPLES.values())
    notes = warn_of_undated(given, path)
    return Intake(cleaned, path.name, content_hash, is_example, older, notes)


def _read_whole(path: Path, profile: Profile) -> tuple[CleaningResult, str]:
    """Read a register and give its hash; one that is replaced meanwhile is refused."""
    before = _mark(path)
    try:
        cleaned = load_cleaned(path, profile)
    except (RegisterError, OSError):
        if _mark(path) == before:
            raise
    else:
        if before and _mark(path) == before:
            return cleaned, before[0]
    raise RegisterError(
        f"{path.name} was changed while it was read. Run again when it is complete."
    )


def _mark(path: Path) -> tuple:
    """Return a file's hash and what tells it from another of the same content; empty if unreadable.

    A file that is replaced and then put back has the hash it had, and was another in between.
    """
    try:
        found = path.stat()
        content = path.read_bytes()
    except OSError:
        return ()
    return sha256(content), found.st_ino, found.st_size, found.st_mtime_ns


def take_in_whole(
    register: str | Path, profile: Profile, query: str | None = None, table: str | None = None
) -> Intake:
    """Take in a register to report on; rows that come back corrected are none, and refused."""
    intake = take_in(register, profile, query, table)
    if intake.cleaned.corrections:
        raise RegisterError(
            f"{intake.name} holds corrected rows and is no whole register. Put them back into the "
            "export, and report on that."
        )
    return intake


def database_name(url: str, table: str | None = None) -> str:
    """Name what was read from a database: its table, or else the database; nothing else of its URL.

    >>> database_name("postgresql://reader:secret@server:5432/quality?sslmode=require")
    'quality'
    """
    last = re.split(r"[/\\\\]", urlsplit(url).path)[-1]
    return table or (last if last and "@" not in last else "database")


def own_day(cleaned: CleaningResult) -> pd.Timestamp | None:
    """Return the day that a register says it describes; None if it has no date."""
    try:
        return as_of_date(cleaned.register)
    except RegisterError:
        return None


def notes_on(intake: Intake, today: date | None, as_of: str = "") -> list[str]:
    """Say what is for the terminal and the record only: which file was read, and of which day.

    The example is always old; of that nothing is said, but that it is the example.
    """
    if intake.example:
        return ["This is the example register: its projects are invented."]
    own = own_day(intake.cleaned)
    given = as_of_date(intake.cleaned.register, as_of) if as_of else own
    day = own if looks_back(given, own) else given
    return [*intake.notes, *note_own_day(intake, as_of), *warn_of_age(day, today)]


def note_own_day(intake: Intake, as_of: str = "") -> list[str]:
    """Say how the register's day was found, if it has one and neither it nor anybody says so."""
    known = intake.example or own_day(intake.cleaned) is None
    return [] if known else note_day(intake.cleaned.register, as_of)


def warnings_on(intake: Intake, as_of: str = "") -> list[str]:
    """Warn of projects that end after the register's day, and of what cleaning warns of.

    A day before the register's own looks back to when they were live, which contradicts nothing.
    """
    register, own = intake.cleaned.register, own_day(intake.cleaned)
    day = as_of_date(register, as_of) if as_of else own
    quiet = own is None or looks_back(day, own)
    return [*([] if quiet else warn_of_day(register, day, as_of)), *intake.cleaned.warnings]


def looks_back(day: pd.Timestamp, own: pd.Timestamp | None) -> bool:
    """Whether a day is before the register's own, which then has more than is asked of it."""
    return own is not None and day < own


def warn_of_age(day: pd.Timestamp | None, today: date | None) -> list[str]:
    """Warn of an export that is older than 45 days, if it is known how old it is.

    >>> warn_of_age(pd.Timestamp("2021-05-04"), date(2021, 8, 1))
    ['The register is 89 days old: it describes 4 May 2021. Export it again if you can.']
    """
    if day is None or today is None or (days := (today - day.date()).days) <= OLDEST:
        return []
    return [
        f"The register is {days:,} days old: it describes {format_date(day)}. Export it again "
        "if you can."
    ]


@dataclass(frozen=True)
class History:
    """The snapshot to compare with, what became of this register's own, and what to warn of."""

    earlier: Path | None = None
    status: str = "not kept"
    warnings: tuple[str, ...] = ()


def keep_register(
    intake: Intake, folder: Path | None, day: pd.Timestamp | None, profile: Profile
) -> History:
    """Keep a register in the folder of snapshots, and find the one before it.

    Nothing is kept without a folder, without the day that the register describes, nor of rows that
    come back corrected, which are no register.
    """
    if intake.cleaned.corrections:
        return History(status="corrections")
    if folder is None or day is None:
        return History()
    if intake.example:
        folder = folder / "example"
    warnings = keep_history(intake.older, folder, profile)
    _, status = keep_snapshot(intake.cleaned, folder, day, profile)
    earlier = find_earlier(folder, day, profile)
    if earlier is None:
        return History(None, status, tuple(warnings))
    try:
        warnings += warn_of_history(intake.cleaned, earlier, profile)
    except RegisterError as fault:
        return History(None, status, (*warnings, f"Nothing is said of changes since. {fault}"))
    return History(earlier, status, tuple(warnings))


def keep_history(older: Sequence[tuple[date, Path]], folder: Path, profile: Profile) -> list[str]:
    """Keep a snapshot of each earlier export whose day has none; say which could not be read."""
    kept = {day.date() for day in list_snapshots(folder)["as_of"]}
    warnings = []
    for day, path in older:
        if day in kept:
            continue
        try:
            keep_snapshot(load_cleaned(path, profile), folder, pd.Timestamp(day), profile)
        except RegisterError as fault:
            warnings.append(f"The earlier export {path.name} was passed over. {fault}")
    return warnings


def write_cleaned(
    source: str | Path,
    folder: Path,
    profile: Profile,
    *,
    query: str | None = None,
    table: str | None = None,
    snapshots: Path | None = None,
) -> tuple[Intake, History]:
    """Read and clean a register, keep its snapshot, and write it for people and programs.

    ``register.parquet`` (a snapshot), ``quarantine.csv``, ``quarantine.xlsx`` and
    ``cleaning.json``, each whole. Of a register that is refused because more than half of its rows
    cannot be read, the quarantine is written still, so that it can be corrected; over a file that
    is being read, nothing is.
    """
    if Path(source).resolve() == (folder / "quarantine.xlsx").resolve():
        raise RegisterError(
            "What is still wrong in quarantine.xlsx would be written over it. Give another folder: "
            "--out FOLDER."
        )
    with lock_folder(folder) as private:
        try:
            intake = take_in(source, profile, query, table)
        except RegisterUnreadable as refused:
            _write_quarantine(refused.cleaned, folder, private, profile)
            where = folder / "quarantine.xlsx"
            raise RegisterError(f"{refused} The rows are in {where}.") from None
        history = keep_register(intake, snapshots, own_day(intake.cleaned), profile)
        warnings = (*history.warnings, *warnings_on(intake))
        _write_register(replace(intake.cleaned, warnings=warnings), folder, private, profile)
    return intake, history


def _write_register(cleaned: CleaningResult, folder: Path, private: Path, profile: Profile) -> None:
    _write_quarantine(cleaned, folder, private, profile)
    write_snapshot(cleaned, folder / "register.parquet", profile=profile)
    summary = {**cleaned.counts, "warnings": list(cleaned.warnings)}
    write_whole(folder / "cleaning.json", json_text(summary), private)


def _write_quarantine(
    cleaned: CleaningResult, folder: Path, private: Path, profile: Profile
) -> None:
    write_whole(folder / "quarantine.csv", csv_text(cleaned.quarantine), private)
    write_workbook(cleaned, folder / "quarantine.xlsx", profile)
