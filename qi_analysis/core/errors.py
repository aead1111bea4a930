"""The errors that carry a sentence for the user: what was found, and what to do."""

from __future__ import annotations


class RegisterError(Exception):
    """A file cannot be used: says what was found and what to do about it."""


class OptionError(ValueError):
    """An option has a value it cannot have: says which values it can have."""


class FolderLocked(Exception):
    """Another run has locked the output folder: says which, and since when."""


class FolderFull(Exception):
    """Nothing more can be written to the output folder: says why."""


class NotebookFailed(Exception):
    """A notebook did not run to its end: says in a line where and why."""
