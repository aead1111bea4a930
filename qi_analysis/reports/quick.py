"""What a process that executes notebooks must do before, and while, it imports Jupyter's parts."""

from __future__ import annotations

import sys


def quick_nbformat():
    """Import nbformat without a grammar of internet addresses, 0.7 s, that nothing here reads.

    ``jsonschema`` builds it on import wherever ``rfc3987_syntax`` is installed, as JupyterLab does,
    and goes without it where it is not. A notebook that wants the module can import it still.
    """
    name = "rfc3987_syntax"
    absent = name not in sys.modules
    if absent:
        sys.modules[name] = None  # as Python writes that a module cannot be imported
    try:
        import nbformat
    finally:
        if absent:
            del sys.modules[name]
    return nbformat
