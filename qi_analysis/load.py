"""A register by its name, file, folder, database or snapshot: read, cleaned and ready to count."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .cleaning.pipeline import clean_register
from .cleaning.result import CleaningResult
from .profile import Profile
from .reading.locate import list_exports
from .reading.reader import read_register
from .reading.tables import is_database
from .snapshots import is_snapshot, read_snapshot


def load_cleaned(
    register: str | Path, profile: Profile | str | Path | None = None, **database: str | None
) -> CleaningResult:
    """Read a register and clean it; or read a snapshot, which is clean already.

    Parameters
    ----------
    register : str or Path
        An export, ``"example"``, a ``.parquet`` snapshot written by :func:`write_snapshot`, a
        folder of dated exports or snapshots (the latest is read), or a database's URL.
    profile : Profile, str or Path, optional
        The trust's words, or whatever :func:`load_profile` reads them from; the shipped one by
        default; not needed for a snapshot.
    **database
        ``query`` or ``table``: what to read from a database.

    While a large export is read, a bar moves, in JupyterLab and on a terminal.

    Examples
    --------
    >>> cleaned = load_cleaned("example")
    >>> cleaned.counts["rows_in"] == sum(list(cleaned.counts.values())[1:4])
    True
    """
    if not is_database(register):
        file = list_exports(register)[-1][1] if os.path.isdir(register) else register
        if is_snapshot(file):
            return read_snapshot(file)
    asked = {name: value for name, value in database.items() if value}
    with show_waiting(register):
        return clean_register(read_register(register, profile, **asked), profile)


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
        return Path(source).stat().st_size >= large
    except (OSError, ValueError):  # it is no file, or a name that no file can have
        return False
