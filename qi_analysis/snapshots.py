"""The register's history: cleaned registers kept whole by date, and what changed between two."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from .cleaning.result import CleaningResult
from .core.errors import RegisterError, lacks_threads
from .core.files import check_target, find_path, make_folder, other_kind, write_whole
from .core.frames import check_frame
from .core.schema import (
    ENDED,
    FEWEST,
    NO_DIRECTORATE,
    NO_DIRECTORATES,
    NOT_RECORDED,
    PROVENANCE,
    UNRECOGNISED,
)
from .core.text import count_of, format_date, listed, match_key, percent
from .counts.history import name_as_now
from .counts.involvement import columns_lacking, meaningful
from .profile import Profile, load_profile, parse_profile, register_columns
from .reading.locate import describe_missing
from .reading.tables import SNAPSHOT_KEY
from .register import Register

FORMAT = 3  # of what a snapshot holds
READABLE = (2, FORMAT)  # format 2 has no profile, definition or basis, nor which columns were asked
A_MONTH = 28  # days, in which something changes in a register of so many projects as these
FEWEST_LIVE, OTHER_LIVE = 20, Fraction(1, 3)  # projects live then; how far others may be now
FEWER = Fraction(1, 5)  # of the rows, lost since the last snapshot: from here on every report warns

CHANGES = {
    "new": "New on the register",
    "closed": "Completed or closed",
    "gone": "No longer on the register",
    "became_involved": "Now recorded as involving people meaningfully",
    "lost_involvement": "No longer recorded as involving people meaningfully",
    "changed_owner": "Moved to another directorate",
}
MOVES = {  # of one directorate, in place of the last
    "moved_here": "Moved here from another directorate",
    "moved_away": "Moved to another directorate",
}
_KEY = SNAPSHOT_KEY
_NAME = re.compile(r"\d{4}-\d\d-\d\d\.parquet")
_WAY_OUT = "Have it made readable, or give another folder: --snapshots FOLDER."
_PARQUET = b"PAR1"  # begins every Parquet file
_COLUMNS = ("project_id", "title", "directorate", "change", "before", "after")


def write_snapshot(register: Register, path: str | Path) -> None:
    """Write a register whole, with its profile and all that became of its rows, to a Parquet file.

    Parameters
    ----------
    register : Register
        Any; of another folder's it holds no trace.
    path : str or Path
        The file.
    """
    write_whole(Path(path), _encode(register))


def read_snapshot(
    path: str | Path,
    profile: Profile | str | Path | None = None,
    *,
    as_of: str = "",
    definition: str = "",
    earlier: str | Path = "",
) -> Register:
    """Read what :func:`write_snapshot` wrote.

    Parameters
    ----------
    path : str or Path
        The snapshot.
    profile, as_of, definition
        What to count it by, where not by what was written with it.
    earlier : str or Path, optional
        A snapshot of an earlier day, or a folder of them.

    Raises
    ------
    RegisterError
        If there is no such file, it is no snapshot, or one of another version's format.
    """
    projects, stored = _read(Path(path))
    with _damage_as_sentence(Path(path)):
        own = _own_profile(stored) if profile is None else None
    chosen = own or load_profile(profile)
    with _damage_as_sentence(Path(path)):
        register = _as_stored(projects, stored, chosen)
    return register.override(
        as_of=as_of,
        definition=definition,
        basis=None if own else chosen.basis,
        earlier=KeptRegisters(earlier, chosen),
    )


def _as_stored(projects: pd.DataFrame, stored: Mapping, profile: Profile) -> Register:
    """Return the register that a snapshot holds, by a profile that may be another."""
    defined = stored.get("definition") if stored.get("definition") in profile.definitions else None
    return Register(
        projects,
        profile=profile,
        as_of=stored["as_of"],
        definition=defined,
        basis=stored.get("basis"),
        asked=stored.get("asked"),
        cleaning=_cleaning(projects, stored),
    )


def _own_profile(stored: Mapping) -> Profile | None:
    """Return the profile that a snapshot holds; one of format 2 holds none."""
    if "profile" not in stored:
        return None
    return parse_profile(stored["profile"].encode(), stored["profile_name"])


class KeptRegisters(Sequence):
    """The registers of earlier days, read once, when asked for.

    Each has the profile of its own day; those of format 2 keep none, and have the one given.

    Parameters
    ----------
    source : str, Path or sequence of Path
        A snapshot, a folder of them, or some files of it, the earliest first; empty for none.
    profile : Profile, str or Path, optional
        Today's, or whatever :func:`load_profile` reads it from.
    """

    def __init__(
        self, source: str | Path | Sequence[Path], profile: Profile | str | Path | None = None
    ):
        self.files = _snapshot_files(source)
        self.profile, self._read = profile, {}

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number):
        if isinstance(number, slice):
            return [self[i] for i in range(*number.indices(len(self)))]
        file = self.files[number]
        if file not in self._read:
            self._read[file] = _read_kept(file, self.profile)
        return self._read[file]


def _snapshot_files(source: str | Path | Sequence[Path]) -> list[Path]:
    if not isinstance(source, str | Path):
        return list(source)
    path = find_path(source)
    if str(source) and path.is_dir():
        return [path / name for name in list_snapshots(path)["name"]]
    return [path] if str(source) else []


def _read_kept(file: Path, profile: Profile | str | Path | None) -> Register:
    """Read a register of an earlier day by its own profile; today's is not parsed again."""
    projects, stored = _read(file)
    today = load_profile(profile)
    with _damage_as_sentence(file):
        same = stored["profile_sha256"] in (None, today.sha256)
        own = None if same else _own_profile(stored)
        return _as_stored(projects, stored, own or today)


def is_readable(file: Path) -> bool:
    """Whether a file is a whole snapshot, of a format that this version reads."""
    return _stored(file)[0].get("format", 1) in READABLE


def is_snapshot(path: str | Path) -> bool:
    """Whether a file is a snapshot, or a damaged ``.parquet`` that may have been one."""
    file = Path(path)
    if file.suffix.lower() != ".parquet" or not os.path.isfile(file):
        return file.suffix.lower() == ".parquet"
    return _bears_our_key(file)


def _bears_our_key(file: Path) -> bool:
    """Whether a Parquet file says that it is a snapshot, or is too damaged to say anything."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with file.open("rb") as opened:  # by its name, Arrow opens only what is UTF-8
            return _KEY in (pq.read_schema(opened).metadata or {})
    except (pa.ArrowException, OSError):
        return True


def is_replaceable(file: Path) -> bool:
    """Whether a snapshot may take a file's place: another's, be it damaged, or that of no file.

    A Parquet file of another program is no snapshot, nor is a file of another kind.
    """
    if other_kind(file, follow=False):
        return False
    try:
        with file.open("rb") as opened:
            begins = opened.read(len(_PARQUET))
    except PermissionError:
        return False
    except OSError:
        return not os.path.lexists(file)
    return not begins.strip(b"\0") or (begins == _PARQUET and _bears_our_key(file))


def why_unreadable(path: Path) -> str:
    """Return why what stands at a path cannot be read, such as for want of permission; or nothing.

    Of what is damaged or of another kind it says nothing, nor of what is not there.
    """
    try:
        if os.path.isdir(path):
            os.listdir(path)
        elif not other_kind(path):
            with path.open("rb") as opened:
                opened.read(1)
    except PermissionError:
        return "this user has no permission"
    except (OSError, ValueError) as fault:
        return str(getattr(fault, "strerror", "")) if os.path.isfile(path) else ""
    return ""


def _stored(file: Path) -> tuple[dict, int | None]:
    """Return what is stored in a snapshot, and its projects; of what is none, nothing."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        if not other_kind(file):
            with file.open("rb") as opened:
                found = pq.read_metadata(opened)
            stored = json.loads((found.metadata or {})[_KEY])
            return (stored, found.num_rows) if isinstance(stored, dict) else ({}, None)
    except (pa.ArrowException, KeyError, ValueError, RecursionError, OSError):
        pass
    return {}, None


def keep_snapshot(register: Register, folder: str | Path) -> tuple[Path, str]:
    """Keep a register in a folder of snapshots, by the day it describes.

    Returns
    -------
    tuple of Path and str
        The file, and ``"kept"``, ``"replaced"`` where that day's snapshot was another, or
        ``"unchanged"`` where it was the same; it is not touched then, nor for what a profile says
        in other comments.
    """
    folder = Path(folder)
    target = check_place(register, folder)
    content, before = _encode(register, _profile_there(target, register.profile)), None
    try:
        with ExitStack() as made:
            make_folder(folder, made)
            before = target.read_bytes() if target.exists() else None
            if content != before:
                write_whole(target, content)
    except OSError as fault:
        raise RegisterError(
            f"A snapshot cannot be written in '{folder}': {fault.strerror}. "
            "Give another folder: --snapshots FOLDER."
        ) from None
    if before is None:
        return target, "kept"
    return target, "unchanged" if content == before else "replaced"


def _profile_there(file: Path, profile: Profile) -> Profile:
    """Return the profile that a snapshot holds where it says the same as another; else that one."""
    with suppress(RegisterError), _damage_as_sentence(file):
        own = _own_profile(_stored(file)[0])
        return own if own and own.means(profile) else profile
    return profile


def check_place(register: Register, folder: str | Path) -> Path:
    """Return where a register's snapshot belongs; refuse to replace there what is none.

    Raises
    ------
    RegisterError
        If something else stands there, or what may not be read.
    """
    target = Path(folder) / f"{register.as_of:%Y-%m-%d}.parquet"
    check_target(target)
    if why := why_unreadable(target):
        raise RegisterError(
            f"A snapshot would replace '{target}', which cannot be read: {why}. It was left as it "
            f"is. {_WAY_OUT}"
        )
    if not is_replaceable(target):
        raise RegisterError(
            f"'{target}' is no snapshot of a register, and one would replace it; it was left as it "
            "is. Move it elsewhere, or give another folder: --snapshots FOLDER."
        )
    return target


def check_owner(register: Register, folder: str | Path) -> None:
    """Refuse a folder that holds the snapshots of another trust, or of another register.

    Another register is one that shares no project, by identifier and title, with the snapshot whose
    day is nearest.

    Raises
    ------
    RegisterError
        If the register does not belong there, or nobody can tell as none may be read.
    """
    way_out = "Keep each one's snapshots in a folder of its own: --snapshots FOLDER."
    listed = list_snapshots(folder)
    if trust := find_other_trust(listed, register.profile):
        raise RegisterError(
            f"'{folder}' holds snapshots of {trust}, and this register is of "
            f"{register.profile.trust}. {way_out}"
        )
    files = [Path(folder) / name for name in listed.loc[listed["projects"].isna(), "name"]]
    listed = listed[listed["projects"].fillna(0) > 0]
    for file in files if listed.empty else ():
        if why := why_unreadable(file):
            raise RegisterError(
                f"Whose snapshots '{folder}' holds is not known, as '{file.name}' cannot be read: "
                f"{why}. {_WAY_OUT}"
            )
    if listed.empty or register.projects.empty:
        return
    nearest = listed.iloc[(listed["as_of"] - register.as_of).abs().argmin()]
    day, (projects, _) = nearest["as_of"], _read(Path(folder) / nearest["name"])
    if {*hash_projects(projects)}.isdisjoint(hash_projects(register.projects)):
        raise RegisterError(
            f"The snapshot of {format_date(day)} in '{folder}' is of another register: "
            f"no project has the same identifier and title in both. {way_out}"
        )


def find_other_trust(listed: pd.DataFrame, profile: Profile) -> str:
    """Return a trust other than the profile's of which there are snapshots; empty if none."""
    names = sorted({*listed["trust"]} - {""})
    return next((each for each in names if match_key(each) != match_key(profile.trust)), "")


def hash_projects(projects: pd.DataFrame) -> list[int]:
    """Return a hash of each project's identifier and title, in any letters; the smallest first."""
    texts = projects["project_id"].astype("str") + "\n" + projects["title"].astype("str")
    return sorted(pd.util.hash_array(texts.str.casefold().to_numpy(object)).tolist())


def list_snapshots(folder: str | Path) -> pd.DataFrame:
    """List the snapshots in a folder, the earliest first.

    Returns
    -------
    DataFrame
        A row a snapshot: ``name`` (the file's), ``as_of``, ``projects`` (missing if the file
        cannot be read) and ``trust`` (empty if it does not say).

    Raises
    ------
    RegisterError
        If what the folder holds may not be read.
    """
    if os.path.isdir(folder) and (why := why_unreadable(Path(folder))):
        raise RegisterError(f"The folder '{folder}' cannot be listed: {why}. {_WAY_OUT}")
    rows = []
    for file in sorted(Path(folder).glob("*.parquet")):
        if day := _day_of(file):
            stored, projects = _stored(file)
            rows.append((file.name, pd.Timestamp(day), projects, str(stored.get("trust") or "")))
    listed = pd.DataFrame(rows, columns=["name", "as_of", "projects", "trust"])
    return listed.astype({"as_of": "datetime64[us]", "projects": "Int64"})


def _day_of(file: Path) -> date | None:
    """Return the day that a snapshot's name gives; None of a name that gives none."""
    try:
        return date.fromisoformat(file.stem) if _NAME.fullmatch(file.name) else None
    except ValueError:  # the 30th of February
        return None


def find_earlier(
    folder: str | Path, before: pd.Timestamp, profile: Profile | None = None
) -> list[Path]:
    """Return the snapshots of days before another, of the profile's trust, the earliest first."""
    listed = list_snapshots(folder)
    listed = listed[listed["as_of"] < before]
    if profile:
        listed = listed[listed["trust"].isin(["", load_profile(profile).trust])]
    return [Path(folder) / name for name in listed["name"]]


def oldest_kept(today: date, months: int | None) -> pd.Timestamp:
    """Return the earliest day whose snapshot is to be kept, by a profile's number of months.

    >>> oldest_kept(date(2026, 11, 23), 60)
    Timestamp('2021-11-23 00:00:00')
    """
    return pd.Timestamp(today) - pd.DateOffset(months=months) if months else pd.Timestamp.min


def delete_snapshots(folder: str | Path, older_than: pd.Timestamp) -> list[str]:
    """Delete the snapshots of days before a day, for good; give their names.

    A file that is no snapshot stays.
    """
    listed = list_snapshots(folder)
    old = listed.loc[listed["as_of"] < older_than, "name"].tolist()
    old = [name for name in old if is_replaceable(Path(folder) / name)]
    for name in old:
        (Path(folder) / name).unlink()
    return old


# --- what changed ---------------------------------------------------------------------------------


def compare_snapshots(earlier: Register, later: Register, directorate: str = "") -> pd.DataFrame:
    """List what changed between two registers, project by project.

    A project that either register set aside is not compared: it is neither new nor gone, its record
    only could not be read. Nor is involvement, where one of them does not ask what tells of it.

    Parameters
    ----------
    earlier, later : Register
        Two snapshots, or an export that has been cleaned; both are counted by the later one's
        profile and definition.
    directorate : str, optional
        Only what concerns this one: its projects, and those that it gave away.

    Returns
    -------
    DataFrame
        A row a change, so that a project may have several, ordered by kind and project:

        ``project_id, title, directorate``
            As in the later register; of a project that is gone, as in the earlier.
        ``change``
            ``new`` and ``gone``: on one register only. ``closed``: now completed or closed, and not
            before. ``became_involved``, ``lost_involvement``: involvement is meaningful now and was
            not, or was not known to be; or the reverse. ``changed_owner``: another directorate; of
            one directorate's changes ``moved_here`` or ``moved_away``.
        ``before``, ``after``
            The status; of involvement ``yes``, ``no`` or ``not recorded``; or the directorate.
            Empty where there was no project.

    Examples
    --------
    >>> from qi_analysis.cleaning.pipeline import clean_register
    >>> titles = {"ID": ["1", "2"], "Title": ["Falls", "Waits"], "Group": ["Goodall", "Jameson"]}
    >>> before, after = (clean_register(pd.DataFrame({**titles, "Level of involvement": levels}))
    ...                  for levels in (["Big I", None], ["Big I", "Co-designed"]))
    >>> compare_snapshots(*(Register(each.register, profile="cnwl") for each in (before, after)))
      project_id  title directorate           change        before after
    0          2  Waits     Jameson  became_involved  not recorded   yes
    """
    then = earlier.override(
        projects=name_as_now(earlier.recorded, later), profile=later.profile,
        definition=later.definition.name,
    )  # fmt: skip
    both = _side_by_side(then, later)
    told = not (columns_lacking(then) or columns_lacking(later))
    parts = [
        both.assign(change=change, before=before, after=after)[happened]
        for change, (happened, before, after) in _changes(both).items()
        if told or "involve" not in change
    ]
    changes = pd.concat(parts, ignore_index=True)[list(_COLUMNS)]
    if directorate:
        moved = changes["change"] == "changed_owner"
        here = moved & (changes["after"] == directorate)
        away = moved & (changes["before"] == directorate)
        words = changes["change"].mask(here, "moved_here").mask(away, "moved_away")
        ours = (changes["directorate"] == directorate) | away
        changes = changes.assign(change=words)[ours]
    return changes.astype("str").reset_index(drop=True)


def _side_by_side(earlier: Register, later: Register) -> pd.DataFrame:
    """Return a row a project of either register, what both record of it side by side."""
    before, after = (_facts(register) for register in (earlier, later))
    both = before.merge(
        after, how="outer", on="project_id", suffixes=("_before", "_after"), indicator="where"
    )
    both = both[~both["project_id"].isin(_unread(earlier) | _unread(later))]
    both = both.sort_values("project_id", ignore_index=True)
    return both.assign(
        title=both["title_after"].fillna(both["title_before"]),
        directorate=both["directorate_after"].fillna(both["directorate_before"]),
    )


def _unread(register: Register) -> set:
    return set(register.cleaning.quarantine["project_id"].dropna()) if register.cleaning else set()


def _facts(register: Register) -> pd.DataFrame:
    met = meaningful(register)
    involved = met.map({True: "yes", False: "no"}).astype("str").where(met.notna(), "not recorded")
    columns = ["project_id", "title", "directorate", "status"]
    return register.projects[columns].assign(involved=involved)


def _changes(both: pd.DataFrame) -> dict[str, tuple]:
    """Return for each kind of change the rows it happened to, and what was and is."""
    stays = both["where"] == "both"
    closed = both["status_after"].isin(ENDED) & ~both["status_before"].isin(ENDED)
    was, is_now = both["involved_before"], both["involved_after"]
    statuses = both["status_before"], both["status_after"]
    owners = both["directorate_before"], both["directorate_after"]
    return {
        "new": (both["where"] == "right_only", "", statuses[1]),
        "closed": (stays & closed, *statuses),
        "gone": (both["where"] == "left_only", statuses[0], ""),
        "became_involved": (stays & (was != "yes") & (is_now == "yes"), was, is_now),
        "lost_involvement": (stays & (was == "yes") & (is_now != "yes"), was, is_now),
        "changed_owner": (stays & (owners[0] != owners[1]), *owners),
    }


def find_changes(register: Register, directorate: str = "") -> pd.DataFrame:
    """Compare a register with the latest of the earlier ones, as :func:`compare_snapshots` does.

    Returns
    -------
    DataFrame
        A row a change; none where no earlier register is kept.
    """
    if not register.earlier:
        return pd.DataFrame({name: [] for name in _COLUMNS}, dtype="str")
    return compare_snapshots(register.earlier[-1], register, directorate)


def summarise_changes(changes: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Count the changes of each kind, the kinds that did not happen too.

    Parameters
    ----------
    changes : DataFrame
        From :func:`compare_snapshots`.
    by : str, optional
        A column to group by, such as ``"directorate"``.

    Returns
    -------
    DataFrame
        A row a group and kind: the group, ``change``, ``label`` and ``projects``.
    """
    check_frame(changes, by=[*([by] if by else []), "change"])
    kinds = CHANGES
    if changes["change"].isin([*MOVES]).any():
        kinds = {kind: CHANGES[kind] for kind in CHANGES if kind != "changed_owner"} | MOVES
    groups = changes.groupby(by) if by else [(None, changes)]
    rows = [
        {**({by: group} if by else {}), "change": change, "label": label,
         "projects": int((rows["change"] == change).sum())}
        for group, rows in groups
        for change, label in kinds.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*([by] if by else []), "change", "label", "projects"])


def format_changes(changes: pd.DataFrame) -> pd.DataFrame | None:
    """Return a small table for readers: how many projects changed in each way; None if none did."""
    if changes.empty:
        return None
    counts = summarise_changes(changes)
    return pd.DataFrame({"Projects": counts["projects"].tolist()}, index=counts["label"].tolist())


def describe_changes(changes: pd.DataFrame, register: Register) -> str:
    """Describe in a sentence what changed since the latest of the earlier registers; empty if none.

    >>> changes = pd.DataFrame({"change": ["new", "new", "closed"]})
    >>> frame = pd.DataFrame()
    >>> before = Register(frame, profile="cnwl", as_of="2021-04-01")
    >>> now = Register(frame, profile="cnwl", as_of="2021-05-04", earlier=[before])
    >>> describe_changes(changes, now)
    'Between 1 April 2021 and 4 May 2021, 2 projects came onto the register and 1 was completed or
    closed.'
    """
    if not register.earlier:
        return ""
    check_frame(changes, by="change")
    then = register.earlier[-1].as_of
    days = f"Between {format_date(then)} and {format_date(register.as_of)}"
    counts = changes["change"].value_counts()
    parts = [
        f"{counts[kind]:,} {one if counts[kind] == 1 else many}"
        for kind, (one, many) in _SAID.items()
        if kind in counts
    ]
    if not parts:
        return (
            f"{days}, no project came, closed, left or changed directorate, and none began or "
            "ceased to involve people meaningfully."
        )
    number, _, rest = parts[0].partition(" ")
    parts[0] = f"{number} {'project' if number == '1' else 'projects'} {rest}"
    listed = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
    return f"{days}, {listed}."


_SAID = {
    "new": ("came onto the register", "came onto the register"),
    "closed": ("was completed or closed", "were completed or closed"),
    "gone": ("left the register", "left the register"),
    "became_involved": ("is now recorded as involving people meaningfully",
                        "are now recorded as involving people meaningfully"),
    "lost_involvement": ("is no longer recorded as involving people meaningfully",
                         "are no longer recorded as involving people meaningfully"),
    "changed_owner": ("moved to another directorate", "moved to another directorate"),
    "moved_here": ("came from another directorate", "came from another directorate"),
    "moved_away": ("moved to another directorate", "moved to another directorate"),
}  # fmt: skip


def warn_of_history(later: Register, earlier: str | Path) -> tuple[list[str], list[str]]:
    """Return the warnings that comparing a register with an earlier snapshot calls for.

    Returns
    -------
    tuple of list of str
        What it has lost: far fewer rows than then, columns that said something, directorates. And
        what makes changes doubtful: another profile, or identifiers that name other projects.

    Raises
    ------
    RegisterError
        If the snapshot cannot be read.
    """
    file = Path(earlier)
    projects, stored = _read(file)
    with _damage_as_sentence(file):
        own = _own_profile(stored) or later.profile
        before = _as_stored(projects, stored, own)
        same = stored["profile_sha256"] in (None, later.profile.sha256)
    day = f"the snapshot of {format_date(pd.Timestamp(file.stem))}"
    if same or (own is not later.profile and own.means(later.profile)):
        lost = _fewer_rows(before, later, day) or _other_live(before, later, day)
        lost += [*_lost_columns(before, later, day), *_nothing_new(before, later, day)]
        return [*lost, *_lost_directorates(before, later, day)], _renamed(before, later, day)
    changed = (
        f"The profile has changed since {day}: a change since then may come from the profile's "
        "words and not from the projects."
    )
    return _fewer_rows(before, later, day), [changed, *_renamed(before, later, day)]


def _fewer_rows(before: Register, later: Register, day: str) -> list[str]:
    """Describe that far fewer rows came than before, or that far fewer of them can be read."""
    n, m = (r.cleaning.different_rows if r.cleaning else len(r.projects) for r in (later, before))
    if _is_far_fewer(n, m):
        return [
            f"The export has {n:,} rows and {day} had {m:,}: {percent((m - n) / m)} fewer. Check "
            "that the whole register was exported."
        ]
    n, m = len(later.projects), len(before.projects)
    if _is_far_fewer(n, m):
        return [
            f"Of the export {count_of(n, 'project')} can be read, and {day} had {m:,}: "
            f"{percent((m - n) / m)} fewer. Check why the others were set aside."
        ]
    return []


def _is_far_fewer(n: int, m: int) -> bool:
    return m > 0 and m - n >= FEWER * m


def _lost_columns(before: Register, later: Register, day: str) -> list[str]:
    """Describe the columns that said something of projects and say nothing of any, or of many."""
    said = _said_before(before)
    lost = [name for name in said if not _is_filled(later, name).any()]
    cells = _lost_cells(before, later, day, [name for name in said if name not in lost])
    if not lost:
        return cells
    names = listed([f"'{before.profile.headings_of(name)[0]}'" for name in lost])
    return [
        f"The export says nothing any more under {names}, and {day} did. Check whether "
        f"{'its heading has' if len(lost) == 1 else 'their headings have'} changed: nothing can be "
        "said of that now.",
        *cells,
    ]


def _other_live(before: Register, later: Register, day: str) -> list[str]:
    """Describe that far fewer projects are live than before, or far more than on another day."""
    n, m = int(later.live.sum()), int(before.live.sum())
    if m < FEWEST_LIVE or abs(n - m) < OTHER_LIVE * m:
        return []
    if n > m and before.as_of == later.as_of:  # it may have been mended
        return []
    more = "more" if n > m else "fewer"
    return [
        f"{count_of(n, 'project is', 'projects are')} live, and in {day} {m:,} were: "
        f"{percent(abs(n - m) / m)} {more}. Check that status and dates were exported as they are."
    ]


def _nothing_new(before: Register, later: Register, day: str) -> list[str]:
    """Describe that a register of many projects is that of a month ago or more."""
    days = (later.as_of - before.as_of).days
    columns = [*later.projects.columns.difference([*PROVENANCE, "snapshot_date"])]
    if days < A_MONTH or len(later.projects) < FEWEST_LIVE or not {*columns} <= {*before.projects}:
        return []
    now, then = (
        each.projects[columns].sort_values("project_id", ignore_index=True)
        for each in (later, before)
    )
    if not now.equals(then):
        return []
    return [
        f"No project differs from {day}, {days:,} days before. Check that the export is a new one."
    ]


def _lost_cells(before: Register, later: Register, day: str, columns: list[str]) -> list[str]:
    """Describe which columns say nothing any more of many of the projects they spoke of."""
    ids, there = (pd.Index(each.projects["project_id"]) for each in (before, later))
    places = there.get_indexer(ids)
    still, names = places >= 0, []
    for column in columns:
        if column == "no_involvement_reason":  # it goes when people are involved
            continue
        then = _is_filled(before, column)[still]
        lost = int((then & ~_is_filled(later, column)[places[still]]).sum())
        if lost >= max(FEWEST, FEWER * int(then.sum())):
            heading = before.profile.headings_of(column)[0]
            names.append(f"'{heading}' ({lost:,} of {then.sum():,})")
    if not names:
        return []
    return [
        f"The export says nothing any more under {listed(names)}, of projects that {day} did. "
        "Check that all cells were exported."
    ]


def _said_before(before: Register) -> list[str]:
    """Return the columns that were read and said something of five projects or more."""
    return [
        column.name
        for column in register_columns(before.profile)
        if column.is_read and column.name in before.asked and column.name != "snapshot_date"
        and _is_filled(before, column.name).sum() >= FEWEST
    ]  # fmt: skip


def _is_filled(register: Register, column: str) -> np.ndarray:
    """Return of which projects a column says something."""
    if column not in register.projects:
        return np.zeros(len(register.projects), dtype=bool)
    said = register.projects[column]
    return (said.notna() & ~said.isin([NOT_RECORDED, "unknown"])).to_numpy(bool)


def _lost_directorates(before: Register, later: Register, day: str) -> list[str]:
    """Describe the directorates of which no project is left, or none in one that is known."""
    now = later.projects[["project_id", "title", "directorate", "directorate_as_read"]]
    now = now.astype(object)
    lost, unknown = [], []
    for name, then in before.projects.groupby(before.projects["directorate"].astype("str")):
        if name in NO_DIRECTORATES or len(then) < FEWEST:
            continue
        by_id = now[now["project_id"].isin(then["project_id"])]
        others = then[~then["project_id"].isin(by_id["project_id"])]
        found = pd.concat([by_id, now[now["title"].isin(others["title"])]])
        if found.empty:
            lost.append(f"{name} ({count_of(len(then), 'project')})")
        elif set(found["directorate"]) <= {UNRECOGNISED, NO_DIRECTORATE}:
            unknown += _unknown_directorate(str(name), found)
    return [
        *([f"No project of {listed(lost)} is left of {day}. Check that they were exported."]
          if lost else []),
        *unknown,
    ]  # fmt: skip


def _unknown_directorate(name: str, found: pd.DataFrame) -> list[str]:
    """Describe that what is left of a directorate bears names that the profile does not know."""
    n = found["project_id"].nunique()
    which = f"All {n:,} projects of {name} bear" if n > 1 else f"The last project of {name} bears"
    unknown = found.loc[found["directorate"] == UNRECOGNISED, "directorate_as_read"]
    if unknown.empty:
        return [f"{which} no directorate now. Check that the column was exported whole."]
    words = sorted(set(unknown.astype(str)))
    names = listed([f"'{word}'" for word in words])
    none = ", or none" if len(unknown) < len(found) else ""
    each = "it" if len(words) == 1 else "each"
    return [
        f"{which} a directorate now that the profile does not know ({names}){none}. Add "
        f"{each} to {name}'s names in the profile, if it is the same."
    ]


def _renamed(before: Register, later: Register, day: str) -> list[str]:
    """Describe that identifiers seem to name other projects, or projects to bear others."""
    names = ["project_id", "title"]
    both = before.projects[names].merge(later.projects[names], how="outer", on="project_id")
    met = int(both[["title_x", "title_y"]].notna().all(axis=1).sum())
    titles = both.loc[both["title_x"] != both["title_y"], ["title_x", "title_y"]]
    titles = titles.map(match_key, na_action="ignore")
    gone, new = titles["title_y"].isna(), titles["title_x"].isna()
    others = int((titles["title_x"] != titles["title_y"])[~gone & ~new].sum())
    moved = int(titles.loc[gone, "title_x"].isin(titles.loc[new, "title_y"]).sum())
    unknown = "what has changed since then is not known."
    warnings = []
    if others >= FEWEST and others >= FEWER * met:
        warnings.append(
            f"Of {met:,} identifiers that {day} has too, {others:,} have another title: if "
            f"they were given to other projects, {unknown}"
        )
    if moved >= FEWEST and moved >= FEWER * len(before.projects):
        warnings.append(
            f"Of {len(before.projects):,} projects of {day}, {moved:,} bear another identifier "
            f"now, as their titles show: {unknown}"
        )
    return warnings


# --- the file -------------------------------------------------------------------------------------


def _encode(register: Register, profile: Profile | None = None) -> bytes:
    """Return the content of a snapshot's file; the register's profile may be another's text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    profile = profile or register.profile
    rest = {
        "format": FORMAT,
        "as_of": f"{register.day:%Y-%m-%d}" if register.day is not None else "",
        "trust": profile.trust,
        "profile": profile.text.decode("utf-8-sig"),
        "profile_name": profile.file_name,
        "profile_sha256": profile.sha256,
        "definition": register.definition.name,
        "basis": register.basis,
        "asked": sorted(register.asked),
        **_cleaning_facts(register.cleaning),
    }
    table = pa.Table.from_pandas(register.recorded, preserve_index=False)
    metadata = {**(table.schema.metadata or {}), _KEY: json.dumps(rest, default=_plain).encode()}
    content = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(metadata), content)
    return content.getvalue().to_pybytes()


def _cleaning_facts(cleaned: CleaningResult | None) -> dict:
    if cleaned is None:
        return {}
    return {
        "quarantine": cleaned.quarantine.to_dict("list"),
        "identical_duplicates": cleaned.identical_duplicates.to_dict("list"),
        "faulty_cells": cleaned.faulty_cells.to_dict("list"),
        "set_aside": cleaned.set_aside.to_dict("list"),
        "returned": cleaned.rows_to_correct.to_dict("list"),
        "warnings": list(cleaned.warnings),
        "not_data_rows": cleaned.not_data_rows,
    }


def _read(file: Path) -> tuple[pd.DataFrame, dict]:
    """Read a snapshot's projects, and what is stored beside them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = find_path(file)
    if not os.path.isdir(file) and (why := why_unreadable(file)):
        raise RegisterError(
            f"{file.name} cannot be read: {why}. Have it made readable, or run as a user who may."
        )
    if not os.path.isfile(file):
        raise RegisterError(describe_missing(file))
    try:
        table = pq.read_table(pa.BufferReader(file.read_bytes()))
    except (pa.ArrowException, OSError) as fault:
        if lacks_threads(str(fault)):
            raise
        raise RegisterError(
            f"{file.name} cannot be read as Parquet: it is damaged, or of another kind. "
            "Make it again with `qi-analysis clean`."
        ) from None
    if _KEY not in (table.schema.metadata or {}):
        raise RegisterError(f"{file.name} is not a snapshot made by `qi-analysis clean`.")
    with _damage_as_sentence(file):
        rest = json.loads(table.schema.metadata[_KEY])
        form = rest.get("format", 1)
    if form not in READABLE:
        raise RegisterError(
            f"{file.name} is a snapshot of format {form}, and this version of "
            f"qi-analysis reads format {FORMAT}. Make it again from its export with "
            "`qi-analysis clean`, or read it with the version that wrote it."
        )
    with _damage_as_sentence(file):
        return table.to_pandas(), rest


@contextmanager
def _damage_as_sentence(file: Path) -> Iterator[None]:
    """Refuse a snapshot of which what is stored beside its projects is not as it was written."""
    import pyarrow as pa

    try:
        yield
    except RegisterError:
        raise
    except (pa.ArrowException, LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise RegisterError(
            f"{file.name} is a damaged snapshot: what it holds beside its projects cannot be read. "
            "Make it again with `qi-analysis clean`."
        ) from None


def _cleaning(projects: pd.DataFrame, stored: Mapping) -> CleaningResult | None:
    if "quarantine" not in stored:
        return None
    cleaned = CleaningResult(
        register=projects,
        quarantine=_frame(stored["quarantine"], numbers=("source_row",)),
        identical_duplicates=_frame(
            stored["identical_duplicates"], numbers=("source_row", "same_as_row")
        ),
        rows_to_correct=_frame(stored["returned"], numbers=("source_row",)),
        warnings=tuple(stored["warnings"]),
        not_data_rows=stored["not_data_rows"],
        asked=tuple(stored.get("asked", ())),
    )
    if "set_aside" not in stored:  # by an earlier version
        return cleaned
    faulty, aside = (_frame(stored[n], ("source_row",)) for n in ("faulty_cells", "set_aside"))
    return replace(cleaned, faulty_cells=faulty, set_aside=aside)


def _plain(value):
    return None if pd.isna(value) else value.item()


def _frame(columns: dict, numbers: tuple[str, ...]) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    kinds = {name: "int64" if name in numbers else "str" for name in frame}
    return frame.astype({name: kind for name, kind in kinds.items() if frame[name].dtype != kind})
