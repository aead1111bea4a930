"""Bytes to a raw text table: exports and databases, every cell as it was written.

folder (which file) ─► kinds (what it is, by its content) ─► text (through lines), workbooks
(through xlsx), tables or database (the cells) ─► headings (cells under their headings, beside
where they come from; the day of the export from the `titles` above them), and corrections (rows
that come back). `unknown` reads an export whose
headings no profile knows yet. `cells` writes any value as text; `release` reads what a public
report published.

A file that cannot be read whole is refused by the name of its fault; a row that cannot is marked
``source_fault``, and set aside by :func:`clean_register`.
"""

from .corrections import ALLOWED, README, ROW, WRONG
from .database import is_database
from .folder import EXAMPLE, EXAMPLES, find_source, list_exports, warn_of_undated
from .reading import read_register
from .release import read_release
from .tables import SNAPSHOT_KEY
from .unknown import read_export

__all__ = [
    "ALLOWED",
    "EXAMPLE",
    "EXAMPLES",
    "README",
    "ROW",
    "SNAPSHOT_KEY",
    "WRONG",
    "find_source",
    "is_database",
    "list_exports",
    "read_export",
    "read_register",
    "read_release",
    "warn_of_undated",
]
