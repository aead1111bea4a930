"""Check that notebooks were committed as executed, with their outputs and no other metadata.

`python tests/check_notebooks.py NOTEBOOK ...` runs nothing and takes a second; pre-commit calls it.
"""

import sys
from pathlib import Path

from qi_analysis.core.errors import NotebookFailed, RegisterError
from qi_analysis.execution.notebook import normalise_notebook, read_notebook, verify_execution


def find_fault(path: Path) -> str:
    """Return what is wrong with a committed notebook, or nothing if it is as it should be."""
    try:
        notebook = read_notebook(path)
        verify_execution(notebook)
    except (NotebookFailed, RegisterError) as error:
        return str(error)
    if not any(cell.get("outputs") for cell in notebook.cells):
        return "It has no outputs."
    if normalise_notebook(notebook) != notebook:
        return "It has metadata that is not committed, such as times or the state of widgets."
    return ""


def main(paths: list[str]) -> int:
    """Print the fault of each notebook that has one, and return the exit code."""
    faults = {path: fault for path in paths if (fault := find_fault(Path(path)))}
    for path, fault in faults.items():
        print(f"{path}: {fault} Run `qi-analysis notebooks`, then add it again.", file=sys.stderr)  # noqa: T201
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
