"""A moving bar while a large export is read, in JupyterLab and on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
