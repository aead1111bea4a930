"""A notebook to execute, the limits it runs under, and each way to fail described in a line."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass, field

from ..core.errors import (
    NO_MEMORY,
    NO_PROCESSES,
    NotebookFailed,
    RegisterError,
    lacks_memory,
    lacks_threads,
)

ENDING_SECONDS = 30.0  # seconds in which a process must have ended, once its last cell has run
TRACKER_SECONDS = 2.0  # seconds in which what a notebook shared and left must have been removed
LONGEST_REASON = 1_000  # characters; a reason travels, and is read, as one line


@dataclass(frozen=True)
class Limits:
    """How much a notebook may use: ample for a report, and so little that nobody waits a night.

    Attributes
    ----------
    cell_seconds, notebook_seconds, run_seconds : float
        For one cell, for one notebook, for all notebooks of a run.
    memory_mb : int
        Megabytes (of 1,024 kB) that a notebook's process may take; enforced on Linux.
    output_mb : int
        Megabytes that the outputs of a notebook may come to.
    """

    cell_seconds: float = 600
    notebook_seconds: float = 1_800
    run_seconds: float = 14_400
    memory_mb: int = 4_096
    output_mb: int = 64

    @property
    def output_bytes(self) -> int:
        """Return the limit of the outputs in bytes."""
        return self.output_mb << 20

    def too_large(self) -> str:
        """Describe that a notebook showed too much."""
        return f"Its outputs came to more than {self.output_mb:,} MB (--output-mb)."

    def cell_too_long(self, number: int) -> str:
        """Describe which cell ran too long."""
        return f"Cell {number} ran for more than {_seconds(self.cell_seconds)} (--cell-seconds)."

    def notebook_too_long(self, number: int) -> str:
        """Describe that a notebook ran too long, and how far it came."""
        seconds = f"{_seconds(self.notebook_seconds)} (--notebook-seconds)"
        return f"The notebook ran for more than {seconds}; it was in cell {number}."

    @property
    def ending_seconds(self) -> float:
        """Return how many seconds a notebook's process may take to end after its last cell."""
        return min(self.cell_seconds, ENDING_SECONDS)

    def ending_too_long(self) -> str:
        """Describe that a notebook's process did not end."""
        return (
            f"The notebook's process did not end within {_seconds(self.ending_seconds)} of its "
            "last cell: a thread or an `atexit` function was still running."
        )

    def run_too_long(self) -> str:
        """Describe that a whole run took too long."""
        return f"The run took more than {_seconds(self.run_seconds)} (--run-seconds)."


def _seconds(number: float) -> str:
    return "1 second" if number == 1 else f"{number:,g} seconds"


def describe_error(number: int, name: str, message: str, limits: Limits) -> str:
    """Describe which cell raised what.

    >>> describe_error(3, "ValueError", "no such day", Limits())
    'Cell 3 failed with ValueError: no such day'
    >>> describe_error(3, "SystemExit", "0", Limits())
    'Cell 3 ended the notebook with sys.exit(0).'
    >>> describe_error(3, "OSError", "Cannot allocate memory", Limits()).partition("; ")[2]
    'a notebook may take 4,096 MB (--memory-mb)'
    """
    message = re.sub(r"\x1b\[[0-9;]*m", "", message)
    if name == "SystemExit":
        message = "" if message == "None" else message
        return f"Cell {number} ended the notebook with sys.exit({message})."
    text = f"Cell {number} failed with {name}: {message}".rstrip(": ")
    if "MemoryError" in name or lacks_memory(Exception(message)) or lacks_threads(message):
        text = f"{text}; a notebook may take {limits.memory_mb:,} MB (--memory-mb)"
    if lacks_threads(message):
        text = f"{text}, and all of its user's as many threads as the machine allows (ulimit -u)"
    return one_line(text)


def is_run(cell) -> bool:
    """Whether a cell is one to be run: it has code, and no tag that says to skip it."""
    skipped = "skip-execution" in cell.metadata.get("tags", [])
    return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped


def check_cell(number: int, outputs: list, reply: dict, limits: Limits) -> None:
    """Check that a cell ran, by its outputs and its kernel's reply.

    Raises
    ------
    NotebookFailed
        If it raised an error, or showed one, or called ``exit()``.

    Examples
    --------
    >>> check_cell(2, [], {"status": "ok", "payload": [{"source": "ask_exit"}]}, Limits())
    Traceback (most recent call last):
    qi_analysis.core.errors.NotebookFailed: Cell 2 ended the notebook with exit().
    """
    errors = [output for output in outputs if output["output_type"] == "error"]
    if errors or reply["status"] != "ok":
        fault = errors[0] if errors else reply  # there is no output of an error in a display
        raise NotebookFailed(describe_error(number, fault["ename"], fault["evalue"], limits))
    if any(payload.get("source") == "ask_exit" for payload in reply.get("payload", [])):
        raise NotebookFailed(f"Cell {number} ended the notebook with exit().")


def describe_end(number: int, status: int, done: bool = False) -> str:
    """Describe how a notebook's process ended, if it did not itself; ``status`` is Python's.

    ``done`` says that its cells had run, and that it was about to end.

    >>> describe_end(2, 0)
    'Cell 2 ended the process (exit code 0) before the notebook was done.'
    >>> describe_end(2, -9)
    'Cell 2 was killed by signal 9 (SIGKILL), as happens when the machine runs out of memory.'
    >>> describe_end(2, 3, done=True)
    "After its last cell the notebook's process ended with exit code 3."
    """
    if done and status >= 0:
        return f"After its last cell the notebook's process ended with exit code {status}."
    where = f"Cell {number}" if number else "Before its first cell the notebook"
    if status >= 0:
        return f"{where} ended the process (exit code {status}) before the notebook was done."
    try:
        name = f" ({signal.Signals(-status).name})"
    except ValueError:
        name = ""
    if done:
        where = "After its last cell the notebook's process"
    why = ", as happens when the machine runs out of memory" if status == -9 else ""
    return f"{where} was killed by signal {-status}{name}{why}."


def describe_fault(fault: BaseException) -> str:
    """Describe in a line what failed, with no folder of this machine in it.

    >>> describe_fault(ModuleNotFoundError("No module named 'papermill'"))
    "qi-analysis is not installed whole (ModuleNotFoundError: No module named 'papermill'). Install
    it in a new environment."
    >>> describe_fault(ImportError("libx.so: failed to map segment from shared object"))
    'There is too little memory for this. Allow more, and run again.'
    >>> describe_fault(RuntimeError("can't start new thread")).partition(", or")[0]
    'The machine allows no more processes or threads'
    """
    known = isinstance(fault, (NotebookFailed, RegisterError))
    text = str(fault) if known else f"{type(fault).__name__}: {fault}"
    if isinstance(fault, ImportError) and lacks_memory(fault):
        text = NO_MEMORY
    elif isinstance(fault, ImportError):
        text = f"qi-analysis is not installed whole ({text}). Install it in a new environment."
    if not known and lacks_threads(text):
        text = NO_PROCESSES
    return one_line(text)


def one_line(text: str) -> str:
    """Return a text's first line, short, its folders cut to ``…``."""
    text = (text.strip().splitlines() or [""])[0].encode(errors="replace").decode()
    text = re.sub(r"(?<![\w.])(?:[A-Za-z]:)?(?:[/\\][^/\\\s'\":]+)+(?=[/\\])", "…", text)
    return text[:LONGEST_REASON]


@dataclass(frozen=True)
class Task:
    """One notebook to execute, in plain values, so that it can be sent to any process.

    Attributes
    ----------
    template, out, folder : str
        Whole paths: of the notebook, of the executed one, of the folder that its cells run in.
    parameters : dict
        Their values, by name.
    render : str
        A function, as ``module:function``, that takes the executed notebook, its path and
        ``page``, and writes a page beside it; none if empty.
    page : dict
        That function's third argument.
    widgets : bool
        Whether the result keeps its widgets, which have names at random.
    noted : bool
        Whether it notes its parameters, as Papermill's does: it tells that a run made it.
    """

    template: str
    out: str
    folder: str
    parameters: dict = field(default_factory=dict)
    render: str = ""
    page: dict = field(default_factory=dict)
    widgets: bool = False
    noted: bool = False

    @property
    def figures(self) -> str:
        """Return the format of charts, as IPython names it: SVG for a page, otherwise PNG."""
        return "svg" if self.render else "png"


@dataclass(frozen=True)
class Done:
    """The outcome of a task: ``reason`` is why it failed, empty if every cell ran."""

    task: Task
    reason: str
    seconds: float
