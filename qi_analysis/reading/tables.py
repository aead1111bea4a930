"""Registers in databases, read through SQLAlchemy: one SELECT, nothing written, no secret shown."""

from __future__ import annotations

import functools
import hashlib
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..core.errors import RegisterError, lacks_threads
from ..core.files import other_kind
from ..core.text import count_of, nearest
from .locate import damaged
from .raw import Found, as_frame, first_line, quoted, text_column

DATABASE_SECONDS = 600  # in which a database must have given its rows
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
    parsed, where = _parse(sa, url)

    def read() -> Found:
        with _connected(sa, parsed, where) as connection:
            return _fetch(sa, connection, where, query, table)

    try:
        found = _in_time(read, where)
    except sa.exc.SQLAlchemyError as fault:
        reason = first_line(getattr(fault, "orig", None) or "it does not answer")
        raise RegisterError(
            f"{where} gave no rows: {_hide(sa, url, reason)}. Check the URL, the query and your "
            "right to read."
        ) from None
    except OSError as fault:
        raise RegisterError(f"{where} cannot be read: {fault.strerror}.") from None
    return f"{where}, {table or 'query'}", found


def _in_time(read: Callable[[], Found], where: str) -> Found:
    """Read in a thread, as no driver can be told how long to wait; a late one is left behind."""
    answer: Future[Found] = Future()

    def run() -> None:
        try:
            answer.set_result(read())
        except BaseException as fault:  # of whoever waits
            answer.set_exception(fault)

    threading.Thread(target=run, daemon=True).start()
    if not wait([answer], DATABASE_SECONDS).done:
        raise RegisterError(
            f"{where} gave no rows within {count_of(DATABASE_SECONDS, 'second')}. See whether its "
            "server answers, a table is locked, or the query takes long, and run again."
        )
    return answer.result()


def _sqlalchemy() -> Any:
    try:
        import sqlalchemy
    except ImportError:
        raise RegisterError(
            "Reading a database needs SQLAlchemy. Install it: pip install 'qi-analysis[database]'."
        ) from None
    return sqlalchemy


def _fetch(sa, connection, where: str, query: str | None, table: str | None) -> Found:
    connection.exec_driver_sql(_READ_ONLY.get(connection.dialect.name, "SELECT 1"))
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


def _parse(sa, url: str):
    """Return a URL in its parts, and the database's name without any secret."""
    try:
        parsed = sa.make_url(url)
        where = f"The {parsed.get_backend_name()} database '{Path(parsed.database or '').name}'"
        sa.create_engine(parsed)  # it connects later; whether there is a driver, it says now
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
    if (file := _sqlite_file(parsed)) and not file.is_file():
        what = other_kind(file)
        raise RegisterError(
            f"'{file.name}' is {what}, and no SQLite file. Check its path." if what
            else f"There is no SQLite file '{file.name}'. Check its path."
        )  # fmt: skip
    return parsed, where


def _sqlite_file(parsed) -> Path | None:
    """Return the file of an SQLite database, if it has one."""
    name = parsed.database if parsed.get_backend_name() == "sqlite" else None
    return Path(name) if name and name != ":memory:" else None


@contextmanager
def _connected(sa, parsed, where: str) -> Iterator[Any]:
    """Connect to a database; to an SQLite file so that nothing of it, or beside it, is touched."""
    file = _sqlite_file(parsed)
    engine = sa.create_engine(parsed)
    with _untouched(file, where) if file else nullcontext() as uri:
        if uri:
            sa.event.listen(engine, "do_connect", functools.partial(_open_uri, uri))
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()


def _open_uri(uri: str, dialect, record, words: list, options: dict) -> None:
    """Have an SQLite file opened by a URI, which says how; the options of the URL stay."""
    words[:1] = [uri]
    options["uri"] = True


@contextmanager
def _untouched(file: Path, where: str) -> Iterator[str]:
    """Yield the URI by which an SQLite file is read and left as it is, byte for byte.

    In the mode "WAL", SQLite would write to the files ``-wal`` and ``-shm`` beside a database even
    to read it. Without such a log nobody is writing, and the file is read as one that does not
    change; where there is one, both are copied, and the copy is read.
    """
    uri = file.absolute().as_uri()
    with file.open("rb") as opened:
        is_wal = opened.read(20)[18:] == b"\x02\x02"
    if not is_wal:
        yield f"{uri}?mode=ro"
        return
    before = _hash_with_log(file)
    with tempfile.TemporaryDirectory() as private:
        if before[1]:
            copy = Path(private, "copy.db")
            shutil.copyfile(file, copy)
            shutil.copyfile(_log(file), _log(copy))
            yield copy.as_uri()
        else:
            yield f"{uri}?mode=ro&immutable=1"
    if _hash_with_log(file) != before:
        raise RegisterError(f"{where} was changed while it was read. Run again.")


def _hash_with_log(file: Path) -> tuple[str, str]:
    """Return the hashes of an SQLite file and of its log, empty if that holds nothing."""
    log = _log(file)
    return _hash_file(file), _hash_file(log) if log.is_file() and log.stat().st_size else ""


def _hash_file(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _log(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


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
    except (pa.ArrowException, OSError) as fault:
        if lacks_threads(str(fault)):
            raise
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
