"""The errors whose message is a sentence for the user: what was found, and what to do."""

from __future__ import annotations


class RegisterError(Exception):
    """Raised when a file cannot be used: what was found, and what to do about it."""


class RegisterEmpty(RegisterError):
    """Raised when a register to fill in holds its example row and nothing else."""


class OptionError(ValueError):
    """Raised when an option has a value it cannot have: which values it can have."""


class FolderLocked(Exception):
    """Raised when another run has locked the output folder: which run, and since when."""


class FolderFull(Exception):
    """Raised when nothing more can be written to the output folder: why."""


class NotebookFailed(Exception):
    """Raised when a notebook did not run to its end: in a line, where and why."""


NO_PROCESSES = (
    "The machine allows no more processes or threads, or has too little memory for one. Allow more "
    "(ulimit -u, TasksMax), and run again."
)

NO_MEMORY = "There is too little memory for this. Allow more, and run again."


def lacks_memory(fault: BaseException) -> bool:
    """Whether an error says that memory was refused, also where a library could not be loaded.

    >>> lacks_memory(ImportError("libx.so: failed to map segment from shared object"))
    True
    """
    words = ("failed to map", "allocate memory")
    return isinstance(fault, MemoryError) or any(each in str(fault) for each in words)


def lacks_threads(message: str) -> bool:
    """Whether an error of Python's or Arrow's says that no more threads can be started.

    >>> lacks_threads("can't start new thread")
    True
    """
    return "start new thread" in message or "launch worker thread" in message
