"""Files and folders: the shipped ones, locked ones, and writing a file whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
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

PROFILE = "profile.toml"  # a workspace's own profile
TEMPLATES = tuple(f"{name}_report.ipynb" for name in ("trust", "directorate", "public"))

LOCK, HOLDER = ".lock", ".holder"
PART = ".making-"  # begins the name of what is not whole yet
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)  # of drives without locks
TOO_MANY = (errno.EMFILE, errno.ENFILE)  # files are open at once
TOO_FEW_FILES = (
    "Too few files may be open at once here. Allow more, such as with `ulimit -n 1024`, and run "
    "again."
)
SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
NEEDED, SPARE = 24, 8  # descriptors: for a run, and of these to clear up with
_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFLNK: "a link", stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


def find_workspace() -> Path | None:
    """Return the workspace: the nearest folder, from where the user is upward, that is one.

    It has a ``profile.toml``, or a template of a report in its ``notebooks``.

    Raises
    ------
    RegisterError
        If it is a place for everybody's files (:func:`check_private`).
    """
    try:
        here = Path.cwd()
    except OSError:  # it was deleted
        return None
    if root := next(filter(_is_workspace, (here, *here.parents)), None):
        check_private(root)
    return root


def _is_workspace(folder: Path) -> bool:
    marks = [folder / PROFILE, *(folder / "notebooks" / name for name in TEMPLATES)]
    return any(map(os.path.isfile, marks))


def check_private(folder: Path) -> None:
    """Refuse as a workspace a place for everybody's files: a stranger's template would be run.

    To pass it over would be no better: reports would be made by another trust's profile. A folder
    of one's own may be open to everybody, as all are on some drives and to some programs of CI.

    Raises
    ------
    RegisterError
        If everybody may write to the folder, or its ``notebooks``, and it is another's or a
        temporary one (with the sticky bit); Windows does not tell.
    """
    for each in (folder, folder / "notebooks") if os.name == "posix" else ():
        if os.path.isdir(each) and _is_everybodys(os.stat(each)):
            raise RegisterError(
                f"'{folder}' can be no workspace, as everybody may write to '{each}': a profile or "
                "a template there may be anybody's. Use a folder that only you and your colleagues "
                "may write to."
            )


def _is_everybodys(found: os.stat_result) -> bool:
    is_open, sticky = found.st_mode & stat.S_IWOTH, found.st_mode & stat.S_ISVTX
    return bool(is_open and (sticky or found.st_uid != os.geteuid()))


def find_path(name: str | Path) -> Path:
    """Return the path that a name stands for: from where the user is, else in the workspace."""
    path, root = Path(name), find_workspace()
    if root and not os.path.exists(path) and os.path.exists(root / path):
        return root / path
    return path


def source_path(source: str | Path) -> Path:
    """Return the path of a register's file or folder.

    ``"example"`` and ``"other_example"`` are found from any folder; any other relative path is
    looked for where the user is, then in the workspace.
    """
    return EXAMPLES.get(str(source)) or find_path(source)


def example_name(source: str | Path) -> str:
    """Return which of the examples a register's name stands for; nothing if it is another.

    >>> example_name("example"), example_name("our_export.csv")
    ('example', '')
    """
    path = source_path(source)
    if not os.path.isfile(path):
        return ""
    return next((name for name, file in EXAMPLES.items() if os.path.samefile(path, file)), "")


def describe_search(name: str | Path) -> str:
    """Describe where a relative path was looked for; nothing of one that is whole."""
    if os.path.isabs(name):
        return ""
    root, here = find_workspace(), os.path.abspath("")
    workspace = f" and in the workspace, '{root}'" if root and str(root) != here else ""
    return f" It was looked for in '{here}'{workspace}."


def other_kind(path: str | Path, *, follow: bool = True) -> str:
    """Return what stands at a path where it is no plain file, such as "a pipe"; else nothing.

    To open one could wait for ever. What is written is never followed through a link.

    >>> other_kind("/"), other_kind("no such file")
    ('a folder', '')
    """
    try:
        mode = os.stat(path, follow_symlinks=follow).st_mode
    except (OSError, ValueError):
        return ""
    return _KINDS.get(stat.S_IFMT(mode), "")


def check_target(path: Path) -> None:
    """Refuse to write where something else than a plain file stands, or none can be made.

    Raises
    ------
    RegisterError
        If it is a link, a folder, a device or the like, or its name or folder cannot be used.
    """
    _refuse_other(path)
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):  # the folder's own fault is told elsewhere
        pass
    except OSError as fault:
        raise RegisterError(
            f"'{path}' cannot be written: {fault.strerror}. Give another name."
        ) from None


def check_folders(root: Path, names: Iterable[str]) -> None:
    """Refuse to write in folders that are links, files or other than folders.

    Raises
    ------
    RegisterError
        If one is.
    """
    for folder in (root / name for name in names):
        what = other_kind(folder, follow=False) or "a file"
        if what != "a folder" and os.path.lexists(folder):
            raise RegisterError(
                f"'{folder}' is {what}, and a folder of the reports belongs there; nothing was "
                "written. Move it elsewhere, or give another folder with --out."
            )


def read_plain(path: Path) -> bytes:
    """Return a plain file's content; to read from a pipe or a device could wait for ever.

    Raises
    ------
    OSError
        If there is none, it cannot be read, or it is no plain file.
    """
    if what := other_kind(path):
        raise OSError(errno.EINVAL, f"it is {what}", str(path))
    return path.read_bytes()


def _refuse_other(path: Path) -> None:
    if what := other_kind(path, follow=False):
        raise RegisterError(
            f"'{path}' is {what}, and only a plain file is written there; it was left as it is. "
            "Remove it, or give another name or folder."
        )


@contextlib.contextmanager
def undisturbed(on_signal: Callable[[int], object] = lambda number: None) -> Iterator[None]:
    """Hold back for a moment the signals that end a run, until what is made can be removed again.

    It is for what is quick and leaves something behind, such as to make a temporary folder.
    ``on_signal`` is called at once with the number of one that comes.
    """
    waiting: list[int] = []

    def wait(number: int, frame) -> None:
        waiting.append(number)
        on_signal(number)

    ours = threading.current_thread() is threading.main_thread()
    before = {each: signal.getsignal(each) for each in SIGNALS if ours}
    before = {each: handler for each, handler in before.items() if callable(handler)}
    for each in before:
        signal.signal(each, wait)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in waiting[:1]:
            signal.raise_signal(number)


def temporary_folder(**options) -> tempfile.TemporaryDirectory:
    """Make a temporary folder, of which nothing is left whenever this process is told to end."""
    with undisturbed():
        return tempfile.TemporaryDirectory(**options)


def check_open_files() -> None:
    """Refuse to begin where so few files may be open at once that something would fail midway.

    Raises
    ------
    RegisterError
        If there are too few.
    """
    with _spare_descriptors(NEEDED):
        pass


def check_memory(needed: int) -> None:
    """Refuse to begin where this process may take less memory than a command's libraries do.

    OpenBLAS, for one, tries again for ever. Where memory is limited at all, libraries are told to
    reserve little before they use it: else they take 80 MB more a core, and 1 GB.

    Parameters
    ----------
    needed : int
        How many MB of addresses; of data, half as many.

    Raises
    ------
    RegisterError
        If it may take less.
    """
    try:
        import resource
    except ImportError:  # Windows limits no process so
        return
    for kind, flag, least in (
        (resource.RLIMIT_AS, "v", needed << 20), (resource.RLIMIT_DATA, "d", needed << 19)
    ):  # fmt: skip
        most = resource.getrlimit(kind)[0]
        if most == resource.RLIM_INFINITY:
            continue
        os.environ.update(OPENBLAS_NUM_THREADS="1", ARROW_DEFAULT_MEMORY_POOL="system")
        if most < least:
            raise RegisterError(
                f"A process may take {most >> 10:,} kB of memory here (ulimit -{flag}), and this "
                f"command needs {least >> 10:,}. Allow more, such as with "
                f"`ulimit -{flag} {least >> 10}`, and run again."
            )


@contextlib.contextmanager
def _spare_descriptors(n: int) -> Iterator[None]:
    """Hold descriptors for whoever clears up after what ran out of them."""
    held: list[int] = []
    try:
        try:
            while len(held) < n:
                held.append(os.open(os.devnull, os.O_RDONLY))
        except OSError as fault:
            if fault.errno not in TOO_MANY:
                raise
            raise RegisterError(TOO_FEW_FILES) from None
        yield
    finally:
        for each in held:
            os.close(each)


@contextlib.contextmanager
def lock_folder(folder: Path, files: Iterable[str] = ()) -> Iterator[Path]:
    """Lock a folder for this run alone, and yield a private folder in it to prepare files in.

    It is made, with those above it, if it is absent; what is left empty of them is removed again.
    The private folder that a killed run left is removed first: that run wrote down its name before
    it was made.

    Parameters
    ----------
    folder : Path
        The folder; it may be a link to one.
    files : iterable of str
        What the run will write in it: each must be a plain file, or absent.

    Raises
    ------
    FolderLocked
        If another run has locked it.
    FolderFull
        If the disk is full, the folder has gone or become read-only, or something else stands where
        a file of the run belongs.
    RegisterError
        If nothing can be written to the folder from the start, its drive has no locks, or a file of
        another program stands where the lock belongs.
    """
    from filelock import FileLock, Timeout

    check_open_files()
    with contextlib.ExitStack() as made:
        place = _make_writable(folder, made)
        try:
            for name in (LOCK, HOLDER, *files):
                _refuse_other(folder / name)
            _check_lock(folder)
            with (
                _acquired(FileLock(folder / LOCK, timeout=0)),
                _name_holder(folder, place) as prefix,
                temporary_folder(dir=folder, prefix=prefix) as private,
                _spare_descriptors(SPARE),
            ):
                yield Path(private)
        except Timeout:
            raise FolderLocked(_describe_holder(folder)) from None
        except OSError as fault:
            if not _is_within(folder, fault):
                raise
            raise FolderFull(_describe_fault(folder, fault)) from fault


@contextlib.contextmanager
def _acquired(lock) -> Iterator[None]:
    """Hold a lock; refuse a drive that has none, and leave no file of it there."""
    there = os.path.lexists(lock.lock_file)
    try:
        lock.acquire()
    except OSError as fault:
        if fault.errno not in NO_LOCKS:
            raise
        if not there:
            Path(lock.lock_file).unlink(missing_ok=True)
        folder = os.path.dirname(lock.lock_file)
        raise RegisterError(
            f"'{folder}' cannot be locked for one run: {fault.strerror}. Its drive, perhaps one of "
            "the network, has no locks. Give a folder on another with --out, and copy it there."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _check_lock(folder: Path) -> None:
    """Refuse to replace another program's lock: ours is empty, its holder begins with digits."""
    for name, ours in ((LOCK, rb""), (HOLDER, rb"(\d+ .*)?")):
        path = folder / name
        try:
            content = read_plain(path)
        except OSError:  # there is none, or Windows has it locked
            continue
        if not re.fullmatch(ours, content, re.DOTALL):
            raise RegisterError(
                f"'{path}' is of another program, and a run's own would replace it; it was left as "
                "it is. Move it elsewhere, or give another folder with --out."
            )


def _make_writable(folder: Path, made: contextlib.ExitStack) -> os.stat_result:
    """Make a folder to write in, or refuse it; return what tells it from another."""
    try:
        make_folder(folder, made)
        tempfile.TemporaryFile(dir=folder, prefix=PART).close()
        return os.stat(folder)
    except OSError as fault:
        raise RegisterError(
            f"Nothing can be written to '{folder}': {fault.strerror}. Give another folder with "
            "--out."
        ) from None


def make_folder(folder: Path, made: contextlib.ExitStack, mode: int = 0o777) -> None:
    """Make a folder, and those above it, unless they are there.

    Parameters
    ----------
    folder : Path
        The folder.
    made : ExitStack
        At its end, what was made is removed again as far as it is empty.
    mode : int
        Who may do what in them.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as there:
    ...     with contextlib.ExitStack() as made:
    ...         make_folder(Path(there, "a", "b"), made)
    ...         write_whole(Path(there, "a", "text"), "kept")
    ...     os.listdir(there), os.listdir(Path(there, "a"))
    (['a'], ['text'])
    """
    with undisturbed():
        for each in reversed((folder, *folder.parents)):
            if not os.path.exists(each):
                each.mkdir(mode)
                made.callback(_remove_empty, each, os.stat(each))
    folder.mkdir(exist_ok=True)  # refuses a file


def _remove_empty(folder: Path, place: os.stat_result) -> None:
    if _is_still(folder, place):
        with contextlib.suppress(OSError):
            folder.rmdir()


def _is_still(folder: Path, place: os.stat_result) -> bool:
    """Whether a folder is the one that it was, and not another in the place of one moved away."""
    try:
        return os.path.samestat(place, os.stat(folder))
    except OSError:
        return False


def _remove_left(folder: Path) -> None:
    """Remove the private folder that a killed run wrote down, and nothing of anybody else's."""
    try:
        left = re.findall(rf"\n({re.escape(PART)}[0-9a-f]{{8}}-)$", _read_holder(folder))
    except (OSError, ValueError):  # there is none, or nothing can be told from it
        return
    for part in (part for prefix in left for part in folder.glob(f"{prefix}*")):
        if other_kind(part, follow=False) == "a folder":
            shutil.rmtree(part, ignore_errors=True)


def _read_holder(folder: Path) -> str:
    return read_plain(folder / HOLDER).decode()


@contextlib.contextmanager
def _name_holder(folder: Path, place: os.stat_result) -> Iterator[str]:
    """Write who has locked a folder, and with what its private folder's name is to begin.

    That file and the lock's go before the lock is released.
    """
    _remove_left(folder)
    prefix = f"{PART}{secrets.token_hex(4)}-"
    since = time.strftime("%H:%M:%S on %d %B %Y")
    try:
        (folder / HOLDER).write_bytes(f"{os.getpid()} {since}\n{prefix}".encode())
        yield prefix
    finally:
        for path in (folder / HOLDER, folder / LOCK):
            with contextlib.suppress(OSError):  # Windows deletes no locked file
                if _is_still(folder, place):
                    path.unlink()


def _is_within(folder: Path, fault: OSError) -> bool:
    """Whether what failed was a file of the folder; one that is being written has no name."""
    name = fault.filename2 or fault.filename
    if not isinstance(name, str):
        return fault.errno in FULL
    return Path(os.path.abspath(name)).is_relative_to(os.path.abspath(folder))


def _describe_fault(folder: Path, fault: OSError) -> str:
    if fault.errno in TOO_MANY:
        return f"{TOO_FEW_FILES} What was written before stays."
    name = Path(str(fault.filename2 or fault.filename or "")).name
    what = os.strerror(fault.errno or errno.EIO)
    where = f" ('{name}')" if name and os.path.lexists(folder) else ""
    return (
        f"'{folder}' cannot be written to any more: {what}{where}. What was written before stays; "
        "mend this, and run again for the rest."
    )


def _describe_holder(folder: Path) -> str:
    try:
        process, since = _read_holder(folder).partition("\n")[0].split(" ", 1)
        who = f"Another run, process {process}, has held '{folder}' since {since}."
    except (OSError, ValueError):  # it began, or ended, this moment
        who = f"Another run holds '{folder}'."
    return f"{who} Wait until it has ended, or give another folder with --out."


def write_whole(path: Path, content: str | bytes, private: Path | None = None) -> None:
    """Write a file under another name and move it into its place whole.

    Parameters
    ----------
    path : Path
        The file; what stood there before stays until the new one is whole. A link, a device or
        the like is refused with a ``RegisterError``: it is not followed, nor replaced.
    content : str or bytes
        Text is written as UTF-8, its line ends as they are.
    private : Path, optional
        A private folder of the same disk to write it in; else it is written beside its place.
    """
    if not os.path.isdir(path) or os.path.islink(path):  # a folder cannot be replaced by a file
        _refuse_other(path)
    beside = path.with_name(f"{PART}{sha256(os.fsencode(path.name))[:16]}-{os.getpid()}")
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
