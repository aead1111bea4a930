"""What the command line prints: sentences, tables, progress, and how a run that is stopped ends."""

from __future__ import annotations

import atexit
import errno
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from enum import IntEnum
from io import TextIOWrapper

from rich.console import Console

from .core.errors import (
    NO_MEMORY,
    NO_PROCESSES,
    FolderFull,
    FolderLocked,
    NotebookFailed,
    OptionError,
    RegisterError,
    lacks_memory,
    lacks_threads,
)  # fmt: skip
from .core.files import SIGNALS, TOO_FEW_FILES, TOO_MANY, undisturbed
from .core.text import count_of, without_lone_bytes


class ExitCode(IntEnum):
    """What a command exits with if it did not do all it was asked; README lists them."""

    FAILED = 1  # some reports failed, or a notebook
    UNUSABLE = 2  # the register or an option cannot be used
    LOCKED = 75  # another run has the folder; sysexits' "try again later"


STOPPED = b"Stopped. What was finished stays; the same command does the rest.\n"
GRACE_SECONDS = 4  # in which a stopped run must have cleared up after itself


SAY_ELSEWHERE = (
    "Send it elsewhere, such as to a file on another disk, and run again: what was made stays."
)


class Unheard(OSError):
    """What was to be printed could not be, as where it goes is full or closed."""


class _Console(Console):
    """Prints a register's words as they are: `[b]` is no markup, `:warning:` no picture."""

    def __init__(self, *, soft_wrap: bool = False, stderr: bool = False):
        super().__init__(
            soft_wrap=soft_wrap, stderr=stderr, highlight=False, markup=False, emoji=False
        )

    def on_broken_pipe(self) -> None:
        """Leave it to the caller, who may have more to do than to print."""
        raise

    def __exit__(self, *fault) -> None:
        """End a piece of output: here it is written."""
        try:
            super().__exit__(*fault)
        except OSError as error:
            raise Unheard(error.errno, error.strerror) from None


class _Complaints(_Console):
    def __exit__(self, *fault) -> None:
        """End a complaint: the exit code says it too, and stays what it is where nobody hears."""
        try:
            super().__exit__(*fault)
        except Unheard:
            silence(sys.stderr)


console = _Console(soft_wrap=True)
wrapped_console = _Console()
error_console = _Complaints(soft_wrap=True, stderr=True)


def silence(stream) -> None:
    """Let nothing more come of a stream that cannot be written to, at Python's own end neither."""
    with suppress(OSError, AttributeError):  # without a stream there is nothing to redirect
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def need_output() -> None:
    """Refuse a command that does nothing but print where there is nothing to print to.

    Raises
    ------
    Unheard
        If standard output was closed before the command began.
    """
    if sys.stdout is None:
        raise Unheard(errno.EBADF, "its output is closed")


@contextmanager
def heard() -> Iterator[None]:
    """Let what fails of another's printing, such as of Click's own, be known for that."""
    try:
        yield
    except OSError as fault:
        raise Unheard(fault.errno, fault.strerror) from None


@contextmanager
def end_on_signals() -> Iterator[None]:
    """End this process in order on Ctrl-C and SIGTERM, nothing half done, with code 128 + n.

    One that was ignored already, as ``nohup`` has it, stays ignored. What the end is turned into on
    its way, as Python does where a class is being made, is not shown.
    """
    ended: list[int] = []

    def end(number: int, frame) -> None:
        ended.append(number)
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        with suppress(OSError):  # not by a console, which may be in the middle of a line
            os.write(2, STOPPED)
        _end_later(number)
        raise SystemExit(128 + number)

    if hasattr(signal, "SIGALRM"):  # once Python itself ends, the alarm below would kill it
        atexit.register(signal.alarm, 0)
    before = {each: signal.getsignal(each) for each in SIGNALS}
    heeded = {each for each, handler in before.items() if handler is not signal.SIG_IGN}
    for each in heeded:
        signal.signal(each, end)
    try:
        # To find its temporary folder, once in each process, Python writes a file there and removes
        # it again; whoever is stopped between the two would leave it.
        with undisturbed(_end_later), suppress(OSError):  # without one, whoever needs it says so
            tempfile.gettempdir()
        yield
    except BaseException:
        if not ended:
            raise
        raise SystemExit(128 + ended[0]) from None
    finally:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            for each in heeded:
                signal.signal(each, before[each])


def _end_later(number: int) -> None:
    """End this process in a while, if it has not ended before: what hangs is not waited for.

    First in order once more, at once where Python tells that it ignored an end, as it does while an
    object is deleted.
    """
    if not hasattr(signal, "SIGALRM"):
        return

    def end(*_) -> None:
        sys.unraisablehook = sys.__unraisablehook__
        signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + number))
        signal.alarm(GRACE_SECONDS)
        raise SystemExit(128 + number)

    def ignored(what) -> None:
        if what.exc_type is SystemExit:
            signal.setitimer(signal.ITIMER_REAL, 0.01)
        else:
            sys.__unraisablehook__(what)

    signal.signal(signal.SIGALRM, end)
    signal.alarm(GRACE_SECONDS)
    sys.unraisablehook = ignored


def prepare_streams() -> None:
    """Open each stream that is closed, as the next file would get its number, and refuse no letter.

    A scheduler may start a command without streams, and in a locale of few letters.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class ReportProgress:
    """A bar on a terminal, a plain dated line a report elsewhere."""

    def __init__(self, show: bool):
        self.show, self.failed = show, 0
        self.bar = _make_bar() if show and console.is_terminal else None

    def __enter__(self):
        if self.bar:
            self.bar.start()
            self.bar.add_task("Reading the register", total=None, counts="")
        return self

    def __exit__(self, *fault):
        if self.bar:
            self.bar.stop()

    def start(self, total: int) -> None:
        """Begin to count so many reports."""
        if self.bar:
            self._move(0, total=total, description="Making reports")
        else:
            self._print(f"Making {count_of(total, 'report')}.")

    def add_outcome(self, outcome) -> None:
        """Count a report as made, or as failed."""
        if self.bar:
            self.failed += outcome.status == "failed"
            self._move(1, description=shorten(outcome.job.title, 40))
        else:
            self._print(f"{outcome.status}: {outcome.job.title} ({outcome.seconds:.1f} s)")

    def _move(self, reports: int, **changes) -> None:
        """Move the bar by so many reports, and describe in words beside it how many there are."""
        if self.bar:
            (task,) = self.bar.tasks
            self.bar.update(task.id, advance=reports, **changes)
            counts = f"{task.completed} done, {self.failed} failed, {task.remaining} to go"
            self.bar.update(task.id, counts=counts, refresh=True)

    def _print(self, text: str) -> None:
        if self.show:
            with suppress(OSError):  # that nobody reads it is no reason to end a run
                console.print(dated(text))


def dated(text: str) -> str:
    """Begin a line with the day and time, as one of a log does."""
    return f"{datetime.now():%Y-%m-%d %H:%M:%S} {text}"


def _make_bar():
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}", markup=False), BarColumn(),
        TextColumn("{task.fields[counts]}"), TimeRemainingColumn(), console=console, transient=True,
    )  # fmt: skip


def shorten(text: str, longest: int) -> str:
    """Return a text cut to so many letters.

    >>> shorten("Older people's services", 15)
    "Older people's…"
    """
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def print_table(heads: tuple[str, ...], rows: list[tuple[str, ...]], words: int = 1) -> None:
    """Print a table whose first columns hold words, and the others numbers."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i < words else "right", no_wrap=True)
    for line in rows:
        table.add_row(*map(Text, line))
    wrapped_console.print("", table)


def print_more(more: int, one: str, many: str) -> None:
    """Print how many rows a table left out, if it did."""
    if more > 0:
        wrapped_console.print(f"… and {more:,} more {one if more == 1 else many}.")


@contextmanager
def errors_as_sentences() -> Iterator[None]:
    """Print what is wrong as a sentence, without a traceback, and exit with its code."""
    codes = {
        RegisterError: ExitCode.UNUSABLE, OptionError: ExitCode.UNUSABLE,
        FolderLocked: ExitCode.LOCKED, NotebookFailed: ExitCode.FAILED, FolderFull: ExitCode.FAILED,
    }  # fmt: skip
    try:
        yield
    except UnicodeEncodeError as fault:  # of a file, folder or directorate as it was typed
        error_console.print(
            f"The name '{without_lone_bytes(fault.object)}' holds bytes that are no characters. "
            "Rename it, and run again."
        )
        raise SystemExit(ExitCode.UNUSABLE) from None
    except tuple(codes) as fault:
        error_console.print(str(fault))
        code = next(code for kind, code in codes.items() if isinstance(fault, kind))
        raise SystemExit(code) from None
    except Exception as fault:
        if isinstance(fault, Unheard) or not (said := _describe_machine(fault)):
            raise
        error_console.print(said[0])
        raise SystemExit(said[1]) from None


def _describe_machine(fault: Exception) -> tuple[str, ExitCode] | None:
    """Describe what the machine did not grant, with the exit code; nothing if it is no such fault.

    Each place that knows better what it was for says so itself, before it comes to this.
    """
    if lacks_memory(fault):
        return NO_MEMORY, ExitCode.FAILED
    if lacks_threads(str(fault)):
        return NO_PROCESSES, ExitCode.FAILED
    if not isinstance(fault, OSError):
        return None
    if fault.errno == errno.EAGAIN and not fault.filename:  # as a process is started
        return NO_PROCESSES, ExitCode.FAILED
    if fault.errno in TOO_MANY:
        return TOO_FEW_FILES, ExitCode.FAILED
    if "No usable temporary directory" in str(fault):  # tempfile's own
        why = "No folder for temporary files can be written to. Set TMPDIR to one that can."
        return why, ExitCode.UNUSABLE
    if isinstance(fault, FileNotFoundError) and not _is_somewhere():
        why = "The folder where you are was deleted. Go to another, and run again."
        return why, ExitCode.UNUSABLE
    name = fault.filename2 or fault.filename
    what = f" '{without_lone_bytes(str(name))}'" if isinstance(name, str | os.PathLike) else ""
    why = fault.strerror or str(fault)
    return f"The machine refused{what or ' it'}: {why}. Mend this, and run again.", ExitCode.FAILED


def _is_somewhere() -> bool:
    """Whether the folder where the user is still exists."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


@contextmanager
def checked_output() -> Iterator[None]:
    """Exit as failed if the results cannot be printed; what was done stays, and in the record."""
    try:
        yield
    except Unheard as fault:
        silence(sys.stdout)
        error_console.print(f"Not all that came of it could be said: {fault.strerror}.")
        error_console.print(SAY_ELSEWHERE)
        raise SystemExit(ExitCode.FAILED) from None
