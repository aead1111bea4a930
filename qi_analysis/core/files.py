"""Files and folders: the shipped ones, locked ones, and writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

from .errors import FolderFull, FolderLocked, RegisterError

PACKAGE = Path(str(resources.files("qi_analysis")))
SHIPPED = PACKAGE / "profiles"
# A wheel carries the notebooks and examples inside the package; in a checkout they stand beside it.
BESIDE = next(filter(Path.is_dir, [PACKAGE / "shipped", PACKAGE.parent]))
NOTEBOOKS = BESIDE / "notebooks"
EXAMPLE = BESIDE / "data" / "raw" / "example_register.csv"
EXAMPLE_RELEASE = EXAMPLE.with_name("example_public_counts.csv")
EXAMPLES = {"example": EXAMPLE, "other_example": EXAMPLE.with_name("other_example.csv")}

LOCK, HOLDER = ".lock", ".holder"
PART = ".making-"  # begins the name of what is not whole yet
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)


@contextlib.contextmanager
def lock_folder(folder: Path) -> Iterator[Path]:
    """Lock a folder for this run alone, and yield a private folder in it to prepare files in.

    It is made if it is absent, and removed again if it is left empty. What a run that was killed
    left half made is removed first: as the folder is locked, it belongs to nobody.

    Raises
    ------
    FolderLocked
        If another run has locked it.
    FolderFull
        If the disk is full, the folder has gone or become read-only, or something else stands where
        a file of the run belongs.
    RegisterError
        If nothing can be written to the folder from the start.
    """
    from filelock import FileLock, Timeout

    absent = not os.path.exists(folder)
    _make_folder(folder)
    try:
        with FileLock(folder / LOCK, timeout=0), _name_holder(folder):
            _remove_parts(folder)
            with tempfile.TemporaryDirectory(dir=folder, prefix=PART) as private:
                yield Path(private)
    except Timeout:
        raise FolderLocked(_describe_holder(folder)) from None
    except OSError as fault:
        if not _is_within(folder, fault):
            raise
        raise FolderFull(_describe_fault(folder, fault)) from fault
    finally:
        if absent:
            with contextlib.suppress(OSError):
                folder.rmdir()


def _make_folder(folder: Path) -> None:
    """Make a folder to write in; refuse one that cannot be used."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as fault:
        raise RegisterError(
            f"Nothing can be written to '{folder}': {fault.strerror}. Give another folder with "
            "--out."
        ) from None


def _remove_parts(folder: Path) -> None:
    for part in folder.glob(f"{PART}*"):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)


@contextlib.contextmanager
def _name_holder(folder: Path) -> Iterator[None]:
    """Write who has locked a folder; that file and the lock's go before the lock is released."""
    holder = folder / HOLDER
    try:
        holder.write_text(f"{os.getpid()} {time.strftime('%H:%M:%S on %d %B %Y')}", "utf-8")
        yield
    finally:
        for path in (holder, folder / LOCK):
            with contextlib.suppress(OSError):  # Windows deletes no locked file
                path.unlink()


def _is_within(folder: Path, fault: OSError) -> bool:
    """Whether what failed was a file of the folder; one that is being written has no name."""
    name = fault.filename2 or fault.filename
    if not isinstance(name, str):
        return fault.errno in FULL
    return Path(os.path.abspath(name)).is_relative_to(os.path.abspath(folder))


def _describe_fault(folder: Path, fault: OSError) -> str:
    name = Path(str(fault.filename2 or fault.filename or "")).name
    what = os.strerror(fault.errno or errno.EIO)
    where = f" ('{name}')" if name and os.path.lexists(folder) else ""
    return (
        f"'{folder}' cannot be written to any more: {what}{where}. The reports "
        "that were published stay; mend this, and run again to make the others."
    )


def _describe_holder(folder: Path) -> str:
    try:
        process, since = (folder / HOLDER).read_text("utf-8").split(" ", 1)
        who = f"Another run, process {process}, has held '{folder}' since {since}."
    except (OSError, ValueError):  # it began, or ended, this moment
        who = f"Another run holds '{folder}'."
    return f"{who} Wait until it has ended, or give another folder with --out."


def write_whole(path: Path, content: str | bytes, private: Path | None = None) -> None:
    """Write a file under another name and move it into its place whole.

    Parameters
    ----------
    path : Path
        The file; what stood there before stays until the new one is whole.
    content : str or bytes
        Text is written as UTF-8, its line ends as they are.
    private : Path, optional
        A private folder of the same disk to write it in; else it is written beside its place.
    """
    beside = path.with_name(f"{PART}{path.name}-{os.getpid()}")
    part = private / path.name if private else beside
    try:
        part.write_bytes(content.encode() if isinstance(content, str) else content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder, except what Python keeps for itself."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def sha256(content: bytes | memoryview) -> str:
    """Return a content's hash."""
    return hashlib.sha256(content).hexdigest()
