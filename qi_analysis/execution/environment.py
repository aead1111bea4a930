"""What a notebook runs in: no personal settings, quick imports, and the versions of libraries."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from .. import __version__
from ..core.files import PACKAGE, file_hashes, sha256

OPTIONAL = {"bottleneck", "numexpr"}  # pandas calculates with these only where they are installed


def describe_environment() -> dict[str, str]:
    """Return the version of everything on which it depends what a report's files are."""
    files = sha256(json.dumps(file_hashes(PACKAGE), sort_keys=True).encode())
    named = (each.removesuffix(".dist-info").rpartition("-") for each in libraries())
    return {
        **{name.lower(): version for name, _, version in named},
        "qi_analysis": f"{__version__} (files {files[:8]})",
        "Python": platform.python_version(),
        "the system": f"{platform.system()} {platform.machine()}",
    }


def compare_environments(here: dict[str, str], there: dict[str, str]) -> str:
    """Describe what could make other files there; empty if all that matters is the same.

    A library that only one of the two has does not matter: reports are made without it.

    >>> compare_environments({"pandas": "3.1.1", "ruff": "1"}, {"pandas": "3.0.0"})
    'differs: pandas is 3.0.0 there and 3.1.1 here. Install the same on both, and start it again.'
    """
    both = (here.keys() & there.keys()) | (OPTIONAL & (here.keys() | there.keys()))
    differing = [
        f"{name} is {there.get(name, 'absent')} there and {here.get(name, 'absent')} here"
        for name in sorted(both)
        if here.get(name) != there.get(name)
    ]
    if not differing:
        return ""
    first = differing[:3] + ([f"and {len(differing) - 3} more"] if len(differing) > 3 else [])
    return f"differs: {', '.join(first)}. Install the same on both, and start it again."


def quick_nbformat():
    """Import nbformat without a grammar of internet addresses, 0.7 s, that nothing here reads.

    ``jsonschema`` builds it on import wherever ``rfc3987_syntax`` is installed, as JupyterLab does,
    and goes without it where it is not. A notebook that wants the module can import it still.
    """
    name = "rfc3987_syntax"
    absent = name not in sys.modules
    if absent:
        sys.modules[name] = cast(Any, None)  # as Python writes that a module cannot be imported
    try:
        import nbformat
    finally:
        if absent:
            del sys.modules[name]
    return nbformat


INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel makes matplotlib's default


@contextmanager
def isolated_settings(empty: str = "") -> Iterator[None]:
    """Run notebooks alike in every account, without the settings kept there for other work.

    Those of matplotlib could change a chart, or show none; those of IPython run what they like; and
    a page would not tell. IPython's folder is an empty one, removed at the end; so is one that
    is given by whoever may have to kill this process before, and removes it then.
    """
    (matplotlib,) = cast(Any, find_spec("matplotlib")).submodule_search_locations
    os.environ["MATPLOTLIBRC"] = str(Path(matplotlib) / "mpl-data" / "matplotlibrc")
    os.environ.update(MPLBACKEND=INLINE, PYTHONUTF8="1")
    os.environ.pop("PYTHONSTARTUP", None)
    before = os.environ.pop("IPYTHONDIR", None)
    made = nullcontext(empty) if empty else tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with made as folder:
        os.environ["IPYTHONDIR"] = folder
        try:
            yield
        finally:
            del os.environ["IPYTHONDIR"]
            shutil.rmtree(folder, ignore_errors=True)
            if before:
                os.environ["IPYTHONDIR"] = before


def libraries() -> list[str]:
    """List every installed library with its version, as its folder of metadata is named."""
    folders = [Path(folder) for folder in sys.path if os.path.isdir(folder)]
    return sorted({each.name for folder in folders for each in folder.glob("*.dist-info")})
