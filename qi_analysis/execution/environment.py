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

FONT_FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts",
    "/Library/Fonts", "/System/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
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
    """Import nbformat without what reads internet addresses and durations: nothing here does.

    ``jsonschema`` imports all of them wherever they are installed, as JupyterLab does, and builds
    their grammars, which takes 0.7 s; it goes without them where they are not.
    """
    with without("rfc3986_validator", "rfc3987_syntax", "isoduration", "uri_template"):
        import nbformat
    return nbformat


@contextmanager
def without(*libraries: str) -> Iterator[None]:
    """Import as if some libraries were not installed; later they can be imported still.

    >>> with without("wave"):
    ...     import wave
    Traceback (most recent call last):
    ModuleNotFoundError: import of wave halted; None in sys.modules
    >>> import wave
    """
    absent = [name for name in libraries if name not in sys.modules]
    for name in absent:
        sys.modules[name] = cast(Any, None)  # as Python writes that it cannot be imported
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


# Of Python's own variables, those that say where it and its libraries lie; the others change how it
# works: which warnings it shows or raises, whether it heeds assertions, in which order sets come.
PLACES = {"PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONPLATLIBDIR",
          "PYTHONEXECUTABLE", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE"}  # fmt: skip


# Where these hold no number, libraries cannot be imported; with one, a chart says another day.
NUMBERS = {"SOURCE_DATE_EPOCH", "JPY_PARENT_PID", "JPY_INTERRUPT_EVENT"}


def plain_environment() -> dict[str, str]:
    """Return the environment without what changes how Python and its libraries work."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in NUMBERS and (not name.startswith("PYTHON") or name in PLACES)
    }


INLINE = "module://matplotlib_inline.backend_inline"  # what a kernel makes matplotlib's default


@contextmanager
def isolated_settings(empty: str = "") -> Iterator[None]:
    """Run notebooks alike in every account, without the settings kept there for other work.

    Those of matplotlib could change a chart, or show none; those of IPython run what they like; and
    a page would not tell. IPython's folder is an empty one, removed at the end; so is one that
    is given by whoever may have to kill this process before, and removes it then. Matplotlib's list
    of fonts, which takes seconds to make, stays in the account; where it cannot, it is in there.
    """
    matplotlib = find_spec("matplotlib")
    if not (matplotlib and matplotlib.origin):
        raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")
    os.environ["MATPLOTLIBRC"] = str(Path(matplotlib.origin).with_name("mpl-data") / "matplotlibrc")
    for name in os.environ.keys() - plain_environment():
        del os.environ[name]
    os.environ.update(MPLBACKEND=INLINE, PYTHONUTF8="1")
    before = os.environ.pop("IPYTHONDIR", None)
    made = nullcontext(empty) if empty else tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    with made as folder:
        os.environ["IPYTHONDIR"] = folder
        own = os.environ.get("MPLCONFIGDIR")
        if lost := not _keeps_fonts():
            os.environ["MPLCONFIGDIR"] = os.path.join(folder, "matplotlib")
        try:
            yield
        finally:
            del os.environ["IPYTHONDIR"]
            shutil.rmtree(folder, ignore_errors=True)
            if before:
                os.environ["IPYTHONDIR"] = before
            if lost and not empty:  # else charts are still to come, and another removes it
                del os.environ["MPLCONFIGDIR"]
                if own:
                    os.environ["MPLCONFIGDIR"] = own


def _keeps_fonts() -> bool:
    """Whether matplotlib may write where it keeps its settings and list of fonts on Linux.

    Where it may not, it makes a temporary folder, which stays if its process is killed.
    """
    if sys.platform != "linux":
        return True
    env, own = os.environ, os.environ.get("MPLCONFIGDIR")
    try:
        folders = [Path(own)] if own else [
            Path(env.get(f"XDG_{kind.upper()}_HOME") or Path.home() / f".{kind}") / "matplotlib"
            for kind in ("config", "cache")
        ]  # fmt: skip
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # the last: there is no home
        return False
    return all(os.access(folder, os.W_OK) for folder in folders)


def fonts() -> list[str]:
    """List the files of the fonts that charts may take letters from, where systems keep them."""
    folders = map(os.path.expanduser, FONT_FOLDERS)  # pathlib's raises an error without a home
    kinds = {".ttf", ".otf", ".ttc"}
    return sorted(
        name
        for folder in folders
        for _, _, names in os.walk(folder)
        for name in names
        if os.path.splitext(name)[1].lower() in kinds
    )


def libraries() -> list[str]:
    """List every installed library with its version, as its folder of metadata is named."""
    folders = [Path(folder) for folder in sys.path if os.path.isdir(folder)]
    return sorted({each.name for folder in folders for each in folder.glob("*.dist-info")})
