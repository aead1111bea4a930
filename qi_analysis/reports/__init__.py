"""Directorates to executed notebooks to published pages: plan, run, publish.

Each name is fetched when it is first used, so that the engine can be started, and warm up, before
what reads registers is imported.
"""

from importlib import import_module

_NAMES = {
    "faults": ("Limits", "NotebookFailed"),
    "engine": ("start_engine",),
    "cluster": ("start_cluster",),
    "hold": ("FolderFull", "FolderHeld"),
    "plan": ("Job", "plan_jobs"),
    "intake": ("Intake", "notes_on", "own_day", "take_in", "warnings_on"),
    "run": ("Outcome",),
    "publish": ("write_cleaned", "write_reports"),
    "public": ("write_public_reports",),
    "notebooks": ("check_notebooks", "refresh_notebooks", "run_notebook"),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}
__all__ = [*_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
