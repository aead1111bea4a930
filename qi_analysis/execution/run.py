"""Execute a folder's notebooks as they stand, and any notebook by hand."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..core.errors import NotebookFailed, RegisterError
from ..core.files import check_target, describe_search, find_path, write_whole
from .engine import start_engine
from .notebook import type_parameters
from .tasks import Limits, Task


def run_notebook(
    source: Path,
    out: Path,
    parameters: dict[str, str],
    limits: Limits | None = None,
    warm_up: str = "",
) -> None:
    """Execute any notebook with checked parameters, and write the result whole.

    Raises
    ------
    RegisterError
        If there is no such notebook, it is in another language, a parameter is unknown, missing or
        ill-typed, or no plain file can be written at ``out``.
    NotebookFailed
        If a cell raised an error, ran too long or did not run, or the result could not be written;
        what stood at ``out`` stays then.
    """
    given, source = source, find_path(source)
    if not os.path.isfile(source):
        raise RegisterError(
            f"There is no notebook '{given}'. Check its name and folder.{describe_search(given)}"
        )
    typed = type_parameters(source, parameters)
    if not os.path.isdir(out.parent):
        raise RegisterError(f"There is no folder '{out.parent}' to write {out.name} in.")
    _check_writable(out)  # better refused now than after hours
    with (
        tempfile.TemporaryDirectory() as private,
        start_engine(1, limits, warm_up=warm_up) as engine,
    ):
        made = Path(private) / "made.ipynb"
        (done,) = engine.run([_task(source, made, typed)])
        if done.reason:
            raise NotebookFailed(done.reason)
        try:
            write_whole(out, made.read_bytes())
        except OSError as fault:
            raise NotebookFailed(
                f"Every cell ran, but '{out}' could not be written: {fault.strerror}."
            ) from None


def _check_writable(out: Path) -> None:
    check_target(out)
    try:
        tempfile.TemporaryFile(dir=out.parent).close()
    except OSError as fault:
        raise RegisterError(
            f"Nothing can be written to '{out.parent}': {fault.strerror}. Give another folder."
        ) from None


def _task(source: Path, made: Path, parameters: dict) -> Task:
    folder = source.resolve().parent
    return Task(str(source.resolve()), str(made.resolve()), str(folder), parameters)


def refresh_notebooks(folder: Path, warm_up: str = "") -> list[str]:
    """Execute a folder's notebooks in place; return the names of those that changed."""
    return _find_changed(folder, warm_up, write=True)


def check_notebooks(folder: Path, warm_up: str = "") -> list[str]:
    """Execute a folder's notebooks; return the names of those that come out otherwise."""
    return _find_changed(folder, warm_up, write=False)


def _find_changed(folder: Path, warm_up: str, write: bool) -> list[str]:
    committed = sorted(folder.glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as private, start_engine(warm_up=warm_up) as engine:
        made = {path: Path(private) / path.name for path in committed}
        for done in engine.run(_task(path, made[path], {}) for path in committed):
            if done.reason:
                raise NotebookFailed(f"{Path(done.task.template).name}: {done.reason}")
        changed = [path for path in committed if made[path].read_bytes() != path.read_bytes()]
        if write:
            for path in changed:
                write_whole(path, made[path].read_bytes())
    return [path.name for path in changed]
