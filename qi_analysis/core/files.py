"""Files and folders: the shipped ones, private ones, and writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from .errors import FolderFull, FolderHeld, RegisterError

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


NOTEBOOKS = Path(__file__).parent.parent.parent / "notebooks"
SHIPPED = Path(__file__).parent.parent / "profiles"
LOCK, HOLDER = ".lock", ".holder"
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


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
    """Whether what failed was a file of the folder; one that is being written has no name."""
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


EXAMPLE = Path(__file__).parents[2] / "data" / "raw" / "example_register.csv"
EXAMPLE_RELEASE = EXAMPLE.with_name("example_public_counts.csv")
EXAMPLES = {"example": EXAMPLE, "other_example": EXAMPLE.with_name("other_example.csv")}
PACKAGE = Path(__file__).parent.parent


def tree(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, except what Python keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def sha256(content: bytes | memoryview) -> str:
    """Return a content's hash."""
    return hashlib.sha256(content).hexdigest()


def replace_file(path: Path, text: str, folder: Path) -> None:
    """Write a file elsewhere and move it into place whole."""
    part = folder / path.name
    part.write_text(text, "utf-8", newline="\n")
    os.replace(part, path)
