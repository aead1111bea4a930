"""Registers in databases, read through SQLAlchemy: one SELECT, nothing written, no secret shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..core.errors import RegisterError
from ..core.text import nearest
from .locate import damaged
from .raw import Found, as_frame, first_line, quoted, text_column

_READ_ONLY = {
    "sqlite": "PRAGMA query_only = ON",
    "postgresql": "SET TRANSACTION READ ONLY",
    "oracle": "SET TRANSACTION READ ONLY",
}


def is_database(source: str | Path) -> bool:
    """Whether a register's name is the URL of a database."""
    return bool(re.match(r"[A-Za-z][\w+]*://", str(source)))


def read_database(url: str, query: str | None, table: str | None) -> tuple[str, Found]:
    """Return what a query or a table holds, and the name of the database with it."""
    sa = _sqlalchemy()
    if bool(query) == bool(table):
        raise RegisterError(
            "A database needs one of a query and a table. Give --query or --table"
            f"{', not both' if query else ''}."
        )
    if query:
        _check_reads(query)
    engine, where = _engine(sa, url)
    try:
        found = _fetch(sa, engine, where, query, table)
    except sa.exc.SQLAlchemyError as fault:
        reason = first_line(getattr(fault, "orig", None) or "it does not answer")
        raise RegisterError(
            f"{where} gave no rows: {_hide(sa, url, reason)}. Check the URL, the query and your "
            "right to read."
        ) from None
    finally:
        engine.dispose()
    return f"{where}, {table or 'query'}", found


def _sqlalchemy() -> Any:
    try:
        import sqlalchemy
    except ImportError:
        raise RegisterError(
            "Reading a database needs SQLAlchemy. Install it: pip install 'qi-analysis[database]'."
        ) from None
    return sqlalchemy


def _fetch(sa, engine, where: str, query: str | None, table: str | None) -> Found:
    with engine.connect() as connection:
        connection.exec_driver_sql(_READ_ONLY.get(engine.dialect.name, "SELECT 1"))
        chosen = _as_it_stands(sa, query) if query else _select(sa, connection, table or "", where)
        result = connection.execute(chosen)
        headings, rows = list(result.keys()), result.fetchall()
    return as_found(headings, list(zip(*rows, strict=True)) or [()] * len(headings))


def _check_reads(query: str) -> None:
    """Raise for a query that is not one SELECT, of which the database is to be read only too."""
    bare = re.sub(r"(?s)'(?:[^']|'')*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", " ", query).strip()
    if not re.match(r"(?i)(select|with)\b", bare) or ";" in bare.rstrip("; \n\t"):
        raise RegisterError("The query must be one SELECT: a register is only read.")


def _as_it_stands(sa, query: str):
    """Escape a colon in a query, such as a time's, which would be taken for a parameter."""
    return sa.text(re.sub(r"(?<![:\w\\]):(?=\w)", r"\:", query))


def _engine(sa, url: str):
    """Return an engine that has not connected yet, and the database's name without any secret."""
    try:
        parsed = sa.make_url(url)
        where = f"The {parsed.get_backend_name()} database '{Path(parsed.database or '').name}'"
        engine = sa.create_engine(parsed)
    except (sa.exc.NoSuchModuleError, ImportError):
        kind = url.partition("://")[0]
        raise RegisterError(
            f"There is no driver for '{kind}' databases here. Install it: for PostgreSQL, "
            "pip install 'qi-analysis[database]'."
        ) from None
    except (sa.exc.ArgumentError, ValueError, TypeError):
        raise RegisterError(
            "The database's URL cannot be understood. Write it like "
            "postgresql+psycopg://user:password@host:5432/name."
        ) from None
    file = parsed.database if parsed.get_backend_name() == "sqlite" else None
    if file and file != ":memory:" and not Path(file).is_file():
        raise RegisterError(f"There is no SQLite file '{Path(file).name}'. Check its path.")
    return engine, where


def _select(sa, connection, table: str, where: str):
    """Return a SELECT of a whole table or view, which may be named with its schema."""
    inspector = sa.inspect(connection)
    schema, _, short = table.rpartition(".")
    for name, within in ((table, None), (short, schema or None)):
        if inspector.has_table(name, within):
            return sa.select(sa.text("*")).select_from(sa.table(name, schema=within))
    near = nearest(table, [*inspector.get_table_names(), *inspector.get_view_names()])
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise RegisterError(f"{where} has no table '{table}'.{hint}")


def _hide(sa, url: str, text: str) -> str:
    """Remove every secret of a URL from a text."""
    parsed = sa.make_url(url)
    for secret in filter(None, [parsed.password, *map(str, parsed.query.values())]):
        text = text.replace(str(secret), "***")
    return text


SNAPSHOT_KEY = b"qi_analysis.cleaned"  # in the metadata of a Parquet file made by the package


def read_parquet(data: bytes, name: str) -> Found:
    """Read a Parquet file; a snapshot made by the package is refused, as it is clean already."""
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError):
        raise damaged(name) from None
    if SNAPSHOT_KEY in (table.schema.metadata or {}):
        raise RegisterError(
            f"{name} is a snapshot made by this package, clean already. Read it with load_register."
        )
    return as_found(table.column_names, [column.to_pylist() for column in table.columns])


def as_found(headings: Sequence[str], columns: Sequence[Sequence]) -> Found:
    """Write typed values as text; what has no text, such as a picture, is left out."""
    plain = [
        not any(isinstance(v, (bytes, bytearray, memoryview, list, dict)) for v in column)
        for column in columns
    ]
    left = [heading for heading, is_plain in zip(headings, plain, strict=True) if not is_plain]
    warnings = [f"Columns that hold no plain values were left out: {quoted(left)}."] if left else []
    places = [i for i, is_plain in enumerate(plain) if is_plain]
    cells = as_frame(text_column(columns[i]) for i in places)
    return Found(cells, [str(headings[i]) for i in places], 2, warnings=warnings)
