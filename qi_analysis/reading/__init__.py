"""Bytes to a raw text table: exports and databases, every cell as it was written.

locate (which file, of which kind) ─► delimited, excel (through parts) or tables (the cells) ─►
raw (cells under their headings, beside where they come from); reader puts them together.

A file that cannot be read whole is refused by the name of its fault; a row that cannot is marked
``source_fault``, and set aside by :func:`clean_register`.
"""
