"""What a run reads: a register from a file, a folder or a database, its day and its history."""

from __future__ import annotations

import json
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pandas as pd

from ..cleaning.pipeline import RegisterUnreadable, clean_register
from ..cleaning.result import CleaningResult
from ..core.errors import OptionError, RegisterError
from ..core.files import (
    example_name,
    lock_folder,
    read_plain,
    sha256,
    source_path,
    write_whole,
)
from ..core.schema import column_label
from ..core.text import format_date, listed, lower_first, without_lone_bytes
from ..counts.involvement import columns_blank, columns_lacking
from ..load import from_cleaning, load_register
from ..onboarding.draft import describe_questions
from ..profile import Profile
from ..quarantine import write_workbook
from ..reading.locate import list_exports, warn_of_undated, warn_of_unread
from ..reading.raw import README
from ..reading.reader import read_register
from ..reading.tables import is_database
from ..register import Register, note_day, warn_of_day
from ..snapshots import (
    KeptRegisters,
    check_owner,
    check_place,
    find_earlier,
    is_readable,
    is_replaceable,
    is_snapshot,
    keep_snapshot,
    list_snapshots,
    warn_of_history,
    write_snapshot,
)  # fmt: skip
from .output import csv_text, json_text, last_record, refuse_unreadable

FOLDERS = ("directorates", "data")  # of reports, in the folder for them
KEPT = ("kept", "replaced", "unchanged", "left")  # what may become of a snapshot that is there
OLDEST = 45  # days; of an older export the terminal and run.json say that it is old
OVERDUE = 100  # days; of an older one a quiet run says it too: a quarter's export has not come


@dataclass(frozen=True)
class History:
    """The snapshots of earlier days, what became of this register's own, and what to warn of.

    ``urgent`` is what of the warnings a run that nobody watches must say, and ``notes`` is for the
    terminal and the record only.
    """

    earlier: Sequence[Path] = ()
    status: str = "not kept"
    warnings: tuple[str, ...] = ()
    urgent: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inputs:
    """A register, under a name that gives no path, user or password away.

    ``own_day`` is the day that it gives itself, None if it has no date; ``given`` is another that
    was asked for, as text. ``older`` holds the day and path of each earlier export, where the
    source is a folder, ``file_notes`` which of them was read, and ``unread`` what is later still.
    """

    register: Register
    cleaned: CleaningResult
    name: str
    sha256: str
    own_day: pd.Timestamp | None
    given: str = ""
    example: bool = False
    older: Sequence[tuple[date, Path]] = ()
    file_notes: Sequence[str] = ()
    unread: Sequence[str] = ()
    history: History = field(default_factory=History)

    @property
    def is_retrospective(self) -> bool:
        """Whether the day is before the register's own, which then has more than is asked of it."""
        return self.own_day is not None and self.register.as_of < self.own_day

    @property
    def day_notes(self) -> list[str]:
        """How the register's day was found, if it has one and neither it nor anybody says so."""
        known = self.example or self.own_day is None
        return [] if known else note_day(self.register.projects, self.given)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to warn of: its history, projects that end after its day, and what cleaning found.

        A day before the register's own goes back to when they were live: no contradiction.
        """
        late = []
        if self.own_day is not None and not self.is_retrospective:
            late = warn_of_day(self.register.projects, self.register.as_of, self.given)
        return (*self.history.warnings, *late, *self.cleaned.warnings)

    def notes(self, today: date | None) -> list[str]:
        """Return what is for the terminal and the record only: which file was read, of which day.

        And what the profile leaves open.

        The example is always old, which is no news: the note is that it is the example.
        """
        questions = describe_questions(self.register.profile)
        if self.example:
            return ["This is the example register: its projects are invented.", *questions]
        age = warn_of_age(self._told_day, today) or warn_of_future(self._told_day, today)
        files = (*self.file_notes, *self.unread)
        return [*files, *self.history.notes, *self.day_notes, *age, *questions]

    def urgent(self, today: date | None) -> list[str]:
        """Return the warnings that a run must give though it is told to give none.

        Much has gone since the last snapshot or this cannot be read, the file is cut off, a later
        register is known or is not read, the day is to come, so that no folder's next export would
        be taken for the latest, or it is so long ago that exports seem to have stopped.
        """
        day = None if self.example else self._told_day
        wrong = warn_of_future(day, today) or warn_of_age(day, today, OVERDUE)
        return [*self.history.urgent, *self.cleaned.urgent, *self.unread, *wrong]

    @property
    def _told_day(self) -> pd.Timestamp | None:
        return self.own_day if self.is_retrospective else self.register.day


def read_input(
    source: str | Path,
    profile: Profile,
    *,
    query: str | None = None,
    table: str | None = None,
    as_of: str = "",
    definition: str | None = None,
) -> Inputs:
    """Read and clean a register from a file, a folder of dated exports, or a database's URL."""
    given = path = source_path(source)
    older: list[tuple[date, Path]] = []
    if is_database(source):
        cleaned, content_hash = _read_database(str(source), profile, query, table)
    elif query or table:
        raise OptionError("`--query` and `--table` go with a database's URL; not with a file.")
    else:
        if os.path.isdir(path):
            *older, (_, path) = list_exports(path)
        cleaned, content_hash = _read_whole(path, profile)
    own = from_cleaning(cleaned, profile, definition=definition)
    register = own.override(as_of=as_of)
    if as_of:
        _check_day(register.as_of.date(), profile)
    inputs = Inputs(register, cleaned, without_lone_bytes(path.name), content_hash, own.day, as_of)
    if is_database(source):
        return replace(inputs, name=database_name(str(source), table))
    notes, unread = warn_of_undated(given, path), warn_of_unread(given, path)
    example = bool(example_name(path))
    return replace(inputs, example=example, older=older, file_notes=notes, unread=unread)


def _check_day(day: date, profile: Profile) -> None:
    """Refuse a day that the profile takes as a mistake in any date."""
    earliest, latest = profile.earliest_date, profile.latest_date
    if not earliest <= day <= latest:
        raise OptionError(
            f"`as_of` must lie between {format_date(earliest)} and {format_date(latest)}, as the "
            f"profile has it of every date; not {format_date(day)}."
        )


def _read_database(
    url: str, profile: Profile, query: str | None, table: str | None
) -> tuple[CleaningResult, str]:
    given = {name: value for name, value in (("query", query), ("table", table)) if value}
    raw = read_register(url, profile, **given)
    return clean_register(raw, profile), sha256(raw.to_csv(index=False).encode())


def _read_whole(path: Path, profile: Profile) -> tuple[CleaningResult, str]:
    """Read a register, and hash it; one that is replaced meanwhile is refused."""
    before = _fingerprint(path)
    try:
        cleaned = cast(CleaningResult, load_register(path, profile).cleaning)
    except (RegisterError, OSError):
        if _fingerprint(path) == before:
            raise
    else:
        if before and _fingerprint(path) == before:
            return cleaned, before[0]
    raise RegisterError(
        f"{path.name} was changed while it was read. Run again when it is complete."
    )


def _fingerprint(path: Path) -> tuple:
    """Return a file's hash and what tells it from another of the same content; empty if unreadable.

    A file that is replaced and then put back has the hash it had, and was another in between.
    """
    try:
        found = path.stat()
        content = read_plain(path)
    except OSError:
        return ()
    return sha256(content), found.st_ino, found.st_size, found.st_mtime_ns


def read_whole_input(source: str | Path, profile: Profile, **options) -> Inputs:
    """Read a register to report on; rows that come back corrected are none, and refused.

    So is one that lacks the column which tells what counts as meaningful, or in which it is blank
    for all of five projects or more: its rate would be 0%.
    """
    inputs = read_input(source, profile, **options)
    if inputs.cleaned.corrections:
        raise RegisterError(
            f"{inputs.name} holds corrected rows and is no whole register. Put them back into the "
            "export, and report on that."
        )
    if lacking := columns_lacking(inputs.register):
        names = listed([f"'{column_label(column)}'" for column in lacking])
        raise RegisterError(
            f"{inputs.name} has no column {names}, so nobody can tell which projects count as "
            f"meaningful ({lower_first(inputs.register.definition.label)}). Add the export's "
            f"heading to {listed(lacking)}'s in the profile, or choose another --definition."
        )
    if blank := columns_blank(inputs.register):
        names = listed([f"'{column_label(column)}'" for column in blank])
        raise RegisterError(
            f"{inputs.name} has nothing under {names}, so nobody can tell which projects count as "
            f"meaningful ({lower_first(inputs.register.definition.label)}). Export it whole, or "
            "choose another --definition."
        )
    return inputs


def database_name(url: str, table: str | None = None) -> str:
    """Name what was read from a database: its table, or else the database; nothing else of its URL.

    >>> database_name("postgresql://reader:secret@server:5432/quality?sslmode=require")
    'quality'
    """
    last = re.split(r"[/\\\\]", urlsplit(url).path)[-1]
    return table or (last if last and "@" not in last else "database")


def warn_of_future(day: pd.Timestamp | None, today: date | None) -> list[str]:
    """Warn of a day that is still to come: not all that is counted by it has happened.

    >>> warn_of_future(pd.Timestamp("2021-05-04"), date(2021, 5, 3))
    ['The register is taken to describe 4 May 2021, which is to come.']
    """
    if day is None or today is None or day.date() <= today:
        return []
    return [f"The register is taken to describe {format_date(day)}, which is to come."]


def warn_of_age(day: pd.Timestamp | None, today: date | None, oldest: int = OLDEST) -> list[str]:
    """Warn of an export that is older than some days, if it is known how old it is.

    >>> warn_of_age(pd.Timestamp("2021-05-04"), date(2021, 8, 1))
    ['The register is 89 days old: it describes 4 May 2021. Export it again if you can.']
    """
    if day is None or today is None or (days := (today - day.date()).days) <= oldest:
        return []
    return [
        f"The register is {days:,} days old: it describes {format_date(day)}. Export it again "
        "if you can."
    ]


def add_history(
    inputs: Inputs, folder: Path | None, profile: Profile, last: Mapping | None = None
) -> Inputs:
    """Keep a register in the folder of snapshots, and find the one before it.

    ``last`` is the record of the last run, if it is known, whose snapshot is to be there.
    Nothing is kept without a folder, without the day that the register describes, of a day before
    its own, nor of rows that come back corrected, which are no register.
    """
    inputs = replace(inputs, history=_update_history(inputs, folder, profile, last or {}))
    register = inputs.register.override(
        cleaning=replace(inputs.cleaned, warnings=inputs.warnings),
        earlier=KeptRegisters(inputs.history.earlier, profile),
    )
    return replace(inputs, register=register)


def check_apart(source: str | Path, snapshots: Path | None, out: Path | None = None) -> None:
    """Refuse a folder of snapshots that is of another use already, and reports in one of snapshots.

    Beside a folder's reports, a whole register would go wherever these go; among exports, it would
    be a second one of its day.
    """
    listable = out is not None and os.path.isdir(out) and os.access(out, os.R_OK)
    if out is not None and listable and _holds_snapshots(out):
        raise RegisterError(
            f"'{out}' holds snapshots of a register, and reports go into a folder of their own; "
            "nothing was written. Give another with --out, or move the snapshots elsewhere."
        )
    if snapshots is None:
        return
    taken = (
        []
        if out is None
        else [(folder, "reports") for folder in (out, *(out / n for n in FOLDERS))]
    )
    if last_record(snapshots):
        taken.append((snapshots, "reports"))
    path = source_path(source)
    if not is_database(source) and os.path.isdir(path) and _holds_exports(path):
        taken.append((path, "exports"))
    for folder, what in taken:
        if os.path.realpath(folder) == os.path.realpath(snapshots):
            raise RegisterError(
                f"'{snapshots}' is the folder of the {what}, and snapshots go into one of their "
                "own; nothing was written. Give another: --snapshots FOLDER."
            )


def _holds_snapshots(folder: Path) -> bool:
    return any(is_snapshot(folder / name) for name in list_snapshots(folder)["name"])


def _holds_exports(folder: Path) -> bool:
    """Whether the dated files of a folder are not all snapshots."""
    try:
        return not all(is_snapshot(path) for _, path in list_exports(folder))
    except RegisterError:  # of what is wrong with it, whoever reads it tells
        return False


def _update_history(
    inputs: Inputs, folder: Path | None, profile: Profile, last: Mapping
) -> History:
    day = inputs.register.day
    if inputs.cleaned.corrections:
        return History(status="corrections")
    if folder is None or day is None or inputs.is_retrospective:
        return History()
    register = from_cleaning(inputs.cleaned, profile, as_of=day)
    check_owner(register, folder)
    there = check_place(register, folder)
    passed = _keep_older(inputs.older, folder, profile)
    status, lost = _keep(register, folder, there)
    earlier, since, doubts = _compare(register, find_earlier(folder, day, profile))
    notes = [*_warn_of_later(folder, day, profile), *_warn_of_gone(folder, day, last)]
    return History(
        earlier=earlier,
        status=status,
        warnings=(*lost, *since, *passed, *doubts),
        urgent=(*lost, *since, *notes),
        notes=tuple(notes),
    )


def _compare(
    register: Register, earlier: Sequence[Path]
) -> tuple[list[Path], list[str], list[str]]:
    """Return the earlier snapshots up to the latest that can be read, and what it warns of."""
    damaged = []
    for i in range(len(earlier), 0, -1):
        file = earlier[i - 1]
        try:
            lost, doubts = warn_of_history(register, file)
        except RegisterError as fault:
            day = format_date(pd.Timestamp(file.stem))
            damaged.append(f"Changes since the snapshot of {day} are not told. {fault}")
        else:
            return [file for file in earlier[:i] if is_readable(file)], [*damaged, *lost], doubts
    return [], damaged, []


def _keep(register: Register, folder: Path, there: Path) -> tuple[str, list[str]]:
    """Keep a register's snapshot, but not in place of that day's if much of that would be lost.

    What became of it is returned, and what the register has lost.
    """
    try:
        lost = warn_of_history(register, there)[0] if is_readable(there) else []
    except RegisterError:  # damaged: it is replaced
        lost = []
    return ("left", lost) if lost else (keep_snapshot(register, folder)[1], [])


def _warn_of_later(folder: Path, day: pd.Timestamp, profile: Profile) -> list[str]:
    """Warn of a register of an earlier day than one that was read before."""
    listed = list_snapshots(folder)
    later = listed[(listed["as_of"] > day) & listed["trust"].isin(["", profile.trust])]
    if later.empty:
        return []
    last = format_date(later["as_of"].max())
    return [
        f"This register describes {format_date(day)}, and one of {last} was read before. Check "
        "that it is the latest."
    ]


def _warn_of_gone(folder: Path, day: pd.Timestamp, last: Mapping) -> list[str]:
    """Warn where the snapshot that the last run kept of an earlier day is not there any more."""
    then = str(last.get("as_of"))
    kept = last.get("snapshot") in KEPT and then < f"{day:%Y-%m-%d}"
    if not kept or os.path.lexists(folder / f"{then}.parquet"):
        return []
    return [
        f"The snapshot of {then}, which the last run kept, is not in the folder of snapshots any "
        "more: nothing can be said of what has changed since. Put it back if you can."
    ]


def _keep_older(older: Sequence[tuple[date, Path]], folder: Path, profile: Profile) -> list[str]:
    """Keep a snapshot of each earlier export whose day has none; return which could not be read."""
    days = {day.date() for day in list_snapshots(folder)["as_of"]}
    warnings = []
    for day, path in older:
        if day in days:
            continue
        try:
            register = load_register(path, profile, as_of=f"{day}")
            check_owner(register, folder)
            keep_snapshot(register, folder)
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
    as_of: str = "",
    snapshots: Path | None = None,
) -> Inputs:
    """Read and clean a register, keep its snapshot, and write it for people and programs.

    ``register.parquet`` (a snapshot), ``quarantine.csv``, ``quarantine.xlsx`` and
    ``cleaning.json``, each whole. Of a register that is refused because more than half of its rows
    cannot be read, the quarantine is written still, so that it can be corrected; over a file that
    is being read, or that may have been corrected, nothing is.
    """
    if source_path(source).resolve() == (folder / "quarantine.xlsx").resolve():
        raise RegisterError(
            "What is still wrong in quarantine.xlsx would be written over it. Give another folder: "
            "--out FOLDER."
        )
    check_apart(source, snapshots)
    with lock_folder(folder, (*CLEANED, WRITTEN)) as private:
        _check_cleaned(folder)
        try:
            inputs = read_input(source, profile, query=query, table=table, as_of=as_of)
        except RegisterUnreadable as refused:
            _write_quarantine(refused.cleaned, folder, private, profile)
            where = folder / "quarantine.xlsx"
            raise RegisterError(f"{refused} The rows are in {where}.") from None
        inputs = add_history(inputs, snapshots, profile)
        _write_register(inputs, folder, private, profile)
    return inputs


def _check_cleaned(folder: Path) -> None:
    """Refuse to replace what `clean` did not write, or what may be corrected; nothing is empty."""
    written = _hashes_written(folder)
    for name, is_ours in CLEANED.items():
        file = folder / name
        if not os.path.lexists(file) or not os.path.getsize(file):
            continue
        refuse_unreadable(file)
        if not is_ours(file):
            raise RegisterError(
                f"'{folder}' holds '{name}', which `qi-analysis clean` did not make and would "
                "replace; nothing was written. Move it elsewhere, or give another folder with "
                "--out."
            )
        if name in TO_CORRECT and sha256(read_plain(file)) not in written:
            raise RegisterError(
                f"'{folder}' holds a '{name}' that may have been corrected since it was written, "
                "and another would replace it; nothing was written. Delete it if all of it is in "
                "the register now; else move it elsewhere, or give another folder with --out."
            )


def _hashes_written(folder: Path) -> list[str]:
    """Return the hashes of the files to correct that `clean` has put into a folder."""
    try:
        return read_plain(folder / WRITTEN).decode("ascii").split()
    except (OSError, ValueError):
        return []


def _has_complaints(file: Path) -> bool:
    return {b"source_row", b"reason"} <= {
        *re.findall(rb"\w+", file.read_bytes().partition(b"\n")[0])
    }


def _has_readme(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as book:
            return f'name="{README}"'.encode() in book.read("xl/workbook.xml")
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        return False


def _has_counts(file: Path) -> bool:
    try:
        return {"rows_in", "accepted"} <= json.loads(file.read_bytes()).keys()
    except (ValueError, AttributeError, RecursionError):
        return False


TO_CORRECT = ("quarantine.csv", "quarantine.xlsx")  # somebody may do so where they stand
WRITTEN = ".written"  # the hashes of these, by which it is known that nobody has
# What `clean` writes, and how it is known again.
CLEANED: dict[str, Callable[[Path], bool]] = {
    "register.parquet": is_replaceable,
    "quarantine.csv": _has_complaints,
    "quarantine.xlsx": _has_readme,
    "cleaning.json": _has_counts,
}


def _write_register(inputs: Inputs, folder: Path, private: Path, profile: Profile) -> None:
    _write_quarantine(inputs.cleaned, folder, private, profile)
    write_snapshot(inputs.register, private / "register.parquet")
    os.replace(private / "register.parquet", folder / "register.parquet")
    summary = {**inputs.cleaned.counts, "warnings": list(inputs.warnings)}
    write_whole(folder / "cleaning.json", json_text(summary), private)


def _write_quarantine(
    cleaned: CleaningResult, folder: Path, private: Path, profile: Profile
) -> None:
    """Write the files to correct; first their hashes, and those of the ones that they replace."""
    (private / "quarantine.csv").write_bytes(csv_text(cleaned.complaints).encode())
    write_workbook(cleaned, private / "quarantine.xlsx", profile)
    files = [where / name for where in (folder, private) for name in TO_CORRECT]
    hashes = [sha256(read_plain(file)) for file in files if file.is_file()]
    write_whole(folder / WRITTEN, "\n".join(hashes) + "\n", private)
    for name in TO_CORRECT:
        os.replace(private / name, folder / name)
