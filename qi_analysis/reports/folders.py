"""A run's private folder: nobody reads half a file, and what a killed run left is cleared away."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

MAKING = ".making-"
ABANDONED = 86_400  # seconds after which a folder that cannot be asked is taken for abandoned


@contextlib.contextmanager
def private_folder(parent: Path) -> Iterator[Path]:
    """Make a folder in ``parent`` until the run is over, and clear away those that others left.

    The folder is locked while its process lives, however that ends, so that one of a run that goes
    on is never mistaken for one left behind.
    """
    with contextlib.ExitStack() as stack:
        with _lock(parent):
            for left in parent.glob(f"{MAKING}*"):
                _clear(left)
            made = stack.enter_context(tempfile.TemporaryDirectory(dir=parent, prefix=MAKING))
            stack.enter_context(_lock(Path(made)))
        yield Path(made)


def _clear(left: Path) -> None:
    with _lock(left, wait=False) as ours:
        if ours:
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _lock(folder: Path, wait: bool = True) -> Iterator[bool]:
    """Lock a folder, and say whether it could be had; where none can be, its age decides."""
    if fcntl is None:
        yield not folder.exists() or time.time() - folder.stat().st_mtime > ABANDONED
        return
    try:
        held = os.open(folder, os.O_RDONLY)
    except OSError:  # gone meanwhile
        yield False
        return
    try:
        yield _locked(held, wait)
    finally:
        os.close(held)


def _locked(held: int, wait: bool) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:  # taken; or the file system has no locks
        return False
    return True
