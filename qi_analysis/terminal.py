"""What the command line prints: sentences, tables, progress, and how a run that is stopped ends."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from rich.console import Console

from .core.errors import OptionError, RegisterError
from .core.text import count_of

FAILED, UNUSABLE, HELD = 1, 2, 75
STOPPED = b"Stopped. What was finished stays; the same command does the rest.\n"
SIGNALS = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
HURRY = 4  # seconds in which a stopped run must have cleared up after itself


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the caller, who may have more to do than to speak."""
        raise


say = _Console(soft_wrap=True, highlight=False, markup=False)
wrapped = _Console(highlight=False, markup=False)
complain = _Console(stderr=True, soft_wrap=True, highlight=False, markup=False)


@contextmanager
def ending_on_signals() -> Iterator[None]:
    """Have Ctrl-C and SIGTERM end this process in order, nothing half done, with code 128 + n.

    One that was ignored already, as ``nohup`` has it, stays ignored.
    """

    def end(number: int, frame) -> None:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        with suppress(OSError):  # not by a console, which may be in the middle of a line
            os.write(2, STOPPED)
        if hasattr(signal, "SIGALRM"):  # whatever hangs is not waited for
            signal.signal(signal.SIGALRM, lambda *_: os._exit(128 + number))
            signal.alarm(HURRY)
        raise SystemExit(128 + number)

    before = {each: signal.getsignal(each) for each in SIGNALS}
    heeded = {each for each, handler in before.items() if handler is not signal.SIG_IGN}
    for each in heeded:
        signal.signal(each, end)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            for each in heeded:
                signal.signal(each, before[each])


def ready_streams() -> None:
    """Have no stream closed, whose number the next file would get, and no letter refused.

    A scheduler may start a command without streams, and in a locale of few letters.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


class _Progress:
    """A bar on a terminal, a plain dated line a report elsewhere."""

    def __init__(self, show: bool):
        from rich.progress import (
            BarColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self.show, self.bar, self.failed = show, None, 0
        if show and say.is_terminal:
            self.bar = Progress(
                TextColumn("{task.description}", markup=False), BarColumn(),
                TextColumn("{task.fields[counts]}"), TimeRemainingColumn(), console=say,
                transient=True,
            )  # fmt: skip

    def __enter__(self):
        if self.bar:
            self.bar.start()
            self.bar.add_task("Reading the register", total=None, counts="")
        return self

    def __exit__(self, *fault):
        if self.bar:
            self.bar.stop()

    def start(self, total: int) -> None:
        if self.bar:
            self._move(0, total=total, description="Making reports")
        elif self.show:
            self._line(f"Making {count_of(total, 'report')}.")

    def seen(self, outcome) -> None:
        if self.bar:
            self.failed += outcome.status == "failed"
            self._move(1, description=_short(outcome.job.title, 40))
        elif self.show:
            self._line(f"{outcome.status}: {outcome.job.title} ({outcome.seconds:.1f} s)")

    def _move(self, reports: int, **changes) -> None:
        """Count so many reports as made, and say so in words beside the bar."""
        (task,) = self.bar.tasks
        self.bar.update(task.id, advance=reports, **changes)
        counts = f"{task.completed} done, {self.failed} failed, {task.remaining} to go"
        self.bar.update(task.id, counts=counts, refresh=True)

    def _line(self, text: str) -> None:
        with suppress(OSError):  # that nobody hears it is no reason to end a run
            say.print(f"{datetime.now():%Y-%m-%d %H:%M:%S} {text}")


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _and_more(more: int, what: str) -> None:
    if more > 0:
        wrapped.print(f"… and {more:,} more {what}.")


def _table(heads: tuple[str, ...], lines: list[tuple[str, ...]], words: int = 1) -> None:
    """Print a table whose first columns hold words, and the others numbers."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i < words else "right", no_wrap=True)
    for line in lines:
        table.add_row(*map(Text, line))
    wrapped.print("", table)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Say what is wrong in a sentence, without a traceback, and exit with its code."""
    from .core.errors import FolderFull, FolderLocked, NotebookFailed

    try:
        yield
    except (RegisterError, OptionError) as fault:
        complain.print(str(fault))
        raise SystemExit(UNUSABLE) from None
    except FolderLocked as fault:
        complain.print(str(fault))
        raise SystemExit(HELD) from None
    except (NotebookFailed, FolderFull) as fault:
        complain.print(str(fault))
        raise SystemExit(FAILED) from None


@contextmanager
def _heard() -> Iterator[None]:
    """End if what is to be said cannot be; what was done stays, and the record tells."""
    try:
        yield
    except OSError as fault:
        with suppress(OSError, AttributeError):  # without a stream there is nothing to redirect
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        with suppress(OSError):
            complain.print(f"Not all that came of it could be said: {fault.strerror}.")
        raise SystemExit(FAILED) from None
