"""The committed notebooks, executed on the example register, and any notebook run by hand."""

from __future__ import annotations

import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..profile import RegisterError
from .plan import NOTEBOOKS
from .run import execute, type_parameters


def run_notebook(source: Path, out: Path, parameters: dict[str, str]) -> None:
    """Execute any notebook with checked parameters; the result is moved into place whole.

    Raises
    ------
    RegisterError
        If there is no such notebook, or a parameter is unknown or ill-typed.
    NotebookFailed
        If a cell raised an error or did not run; nothing is written then.
    """
    if not source.is_file():
        raise RegisterError(f"There is no notebook '{source}'. Check its name and folder.")
    typed = type_parameters(source, parameters)
    if not out.parent.is_dir():
        raise RegisterError(f"There is no folder '{out.parent}' to write {out.name} in.")
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".run-") as private:
        made = Path(private) / out.name
        execute(source, typed, made)
        os.replace(made, out)


def refresh_notebooks() -> list[str]:
    """Execute the committed notebooks anew, in place; give the names of those that changed."""
    return _differing(write=True)


def check_notebooks() -> list[str]:
    """Execute the committed notebooks; give the names of those that come out otherwise."""
    return _differing(write=False)


def _differing(write: bool) -> list[str]:
    committed = sorted(NOTEBOOKS.glob("*.ipynb"))
    with tempfile.TemporaryDirectory() as private, ThreadPoolExecutor(os.cpu_count()) as pool:
        made = {path: Path(private) / path.name for path in committed}
        list(pool.map(lambda path: execute(path, {}, made[path], path.parent), committed))
        changed = [path for path in committed if made[path].read_bytes() != path.read_bytes()]
        if write:
            for path in changed:
                path.write_bytes(made[path].read_bytes())
    return [path.name for path in changed]
