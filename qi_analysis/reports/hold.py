"""One run at a time in an output folder, by a lock that ends with its process however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..profile import RegisterError

LOCK, HOLDER = ".lock", ".holder"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


class FolderHeld(Exception):
    """Another run holds the output folder: says which, and since when."""


class FolderFull(Exception):
    """Nothing more can be written to the output folder: says why."""


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Hold a folder for this run alone; it is made if it is absent, and goes again if left empty.

    Raises
    ------
    FolderHeld
        If another run holds it.
    FolderFull
        If the disk is full, the folder has gone or become read-only, or something else stands where
        a file of the run belongs.
    RegisterError
        If nothing can be written to the folder from the start.
    """
    from filelock import FileLock, Timeout

    absent = not os.path.exists(folder)
    _make(folder)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        with lock:
            yield from _held(folder)
    except Timeout:
        raise FolderHeld(_describe_holder(folder)) from None
    except OSError as fault:
        if not _is_of(folder, fault):
            raise
        raise FolderFull(_describe_fault(folder, fault)) from fault
    finally:
        if absent:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _make(folder: Path) -> None:
    """Make a folder to write in; one that cannot be had is refused in a sentence."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as fault:
        raise RegisterError(
            f"Nothing can be written to '{folder}': {fault.strerror}. Give another folder with "
            "--out."
        ) from None


def _held(folder: Path) -> Iterator[None]:
    """Say who holds a folder while it is held; both files go before the lock does."""
    holder = folder / HOLDER
    try:
        holder.write_text(f"{os.getpid()} {time.strftime('%H:%M:%S on %d %B %Y')}", "utf-8")
        yield
    finally:
        for path in (holder, folder / LOCK):
            with contextlib.suppress(OSError):  # Windows deletes no locked file
                path.unlink()


def _is_of(folder: Path, fault: OSError) -> bool:
    """Tell whether what failed was a file of the folder; one that is being written has no name."""
    name = fault.filename2 or fault.filename
    if not isinstance(name, str):
        return fault.errno in FULL
    return Path(os.path.abspath(name)).is_relative_to(os.path.abspath(folder))


def _describe_fault(folder: Path, fault: OSError) -> str:
    name = Path(str(fault.filename2 or fault.filename or "")).name
    where = f" ('{name}')" if name and os.path.lexists(folder) else ""
    return (
        f"'{folder}' cannot be written to any more: {os.strerror(fault.errno)}{where}. The reports "
        "that were published stay; mend this, and run again to make the others."
    )


def _describe_holder(folder: Path) -> str:
    try:
        process, since = (folder / HOLDER).read_text("utf-8").split(" ", 1)
        who = f"Another run, process {process}, has held '{folder}' since {since}."
    except (OSError, ValueError):  # it began, or ended, this moment
        who = f"Another run holds '{folder}'."
    return f"{who} Wait until it has ended, or give another folder with --out."
