"""A register by its name, file, folder, database or snapshot: read, cleaned and ready to count."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from .cleaning.pipeline import clean_register
from .cleaning.result import CleaningResult
from .core.errors import OptionError
from .core.files import source_path
from .profile import Profile
from .reading.locate import list_exports, profile_for
from .reading.reader import read_register
from .reading.tables import is_database
from .register import Register
from .snapshots import KeptRegisters, is_snapshot, read_snapshot
from .stats.findings import COLUMNS, summarise_findings


def load_register(
    source: str | Path,
    profile: Profile | str | Path | None = None,
    *,
    as_of: str = "",
    definition: str = "",
    earlier: str | Path = "",
    query: str | None = None,
    table: str | None = None,
) -> Register:
    """Read a register and clean it; or read a snapshot, which is clean already.

    While a large export is read, a bar moves, in JupyterLab and on a terminal.

    Parameters
    ----------
    source : str or Path
        An export, ``"example"``, a ``.parquet`` snapshot written by :func:`write_snapshot`, a
        folder of dated exports or snapshots (the latest is read), or a database's URL. A relative
        path is looked for where you are, then in the workspace.
    profile : Profile, str or Path, optional
        The trust's words, or whatever :func:`load_profile` reads them from. By default a snapshot's
        own, an example's own, and for all else the workspace's, or the shipped one.
    as_of : str, optional
        The day that it describes, such as ``"2021-05-04"``; its own by default.
    definition : str, optional
        What counts as meaningful: one of the profile's; its headline one by default.
    earlier : str or Path, optional
        A snapshot of an earlier day to compare with, or a folder of them.
    query, table : str, optional
        What to read from a database.

    Raises
    ------
    RegisterError
        If it cannot be used: what was found, and what to do.

    Examples
    --------
    >>> register = load_register("example")
    >>> register.as_of, len(register.projects), len(register.counted)
    (Timestamp('2021-05-04 00:00:00'), 591, 266)
    >>> register.cleaning.counts["rows_in"]
    625
    """
    if isinstance(source, pd.DataFrame):
        raise OptionError(
            "A frame is loaded already: clean it with qi.clean_register(raw, profile), or wrap "
            "clean projects: qi.Register(frame, profile=...)."
        )
    if not is_database(source):
        file = source_path(source)
        file = list_exports(file)[-1][1] if os.path.isdir(file) else file
        if is_snapshot(file):
            return read_snapshot(file, profile, as_of=as_of, definition=definition, earlier=earlier)
    profile = profile_for(source, profile)
    options = {name: value for name, value in (("query", query), ("table", table)) if value}
    with show_waiting(source):
        cleaned = clean_register(read_register(source, profile, **options), profile)
    past = KeptRegisters(earlier, profile)
    return from_cleaning(cleaned, profile, as_of=as_of, definition=definition, earlier=past)


def from_cleaning(cleaned: CleaningResult, profile: Profile | str, **options) -> Register:
    """Return what :func:`clean_register` returned as a register; options as for ``Register``."""
    return Register(
        cleaned.register, profile=profile, asked=cleaned.asked, cleaning=cleaned, **options
    )


def load_findings(source: str | Path, register: Register) -> pd.DataFrame:
    """Read the findings that a run of reports has written; without them, work them out.

    Parameters
    ----------
    source : str or Path
        A ``.parquet`` file of :func:`summarise_findings`, of the same register; or empty text.
    register : Register
        The whole register.

    Returns
    -------
    DataFrame
        What :func:`summarise_findings` returns.

    Examples
    --------
    >>> load_findings("", load_register("example"))[["level", "met_now", "change"]].head(1)
       level met_now change
    0  trust      no   rise
    """
    return pd.read_parquet(source).astype(COLUMNS) if str(source) else summarise_findings(register)


LARGE = 5_000_000  # bytes: what is smaller is read in a second or so, in which nobody wonders


@contextmanager
def show_waiting(source: str | Path, *, large: int = LARGE) -> Iterator[None]:
    """Show that a large export is being read, and for how long; it is gone when that is done.

    Nothing is shown of a small file or of a database, nor beside another bar, nor where nobody
    watches: where what is written goes to a file or to another program.

    Parameters
    ----------
    source : str or Path
        The export that is read meanwhile.
    large : int
        The size in bytes from which a file is large.

    Examples
    --------
    >>> with show_waiting("example"):
    ...     print("small, so nothing is shown")
    small, so nothing is shown
    """
    if not _is_large(source, large):
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    watched = console.is_terminal or console.is_jupyter
    if not watched or hasattr(sys.stderr, "rich_proxied_file"):  # as long as another bar is shown
        yield
        return
    columns = TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as bar:
        bar.add_task(f"Reading {Path(source).name}", total=None)
        yield


def _is_large(source: str | Path, large: int) -> bool:
    try:
        return source_path(source).stat().st_size >= large
    except (OSError, ValueError):  # it is no file, or a name that no file can have
        return False
