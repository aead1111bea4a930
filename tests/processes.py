"""What tests of runs share: a small register, a notebook to run, processes that live, and files."""

import contextlib
import hashlib
import sys
import time
from pathlib import Path

import nbformat
import pytest

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
REGISTER = """Project ID,Project Title,Group,Status,Start Date,Level of Involvement
1,Fewer falls,Addictions,Live,01/04/2020,Big I
2,Shorter waits,Rehab,Live,03/04/2020,
"""
PARAMETERS = """register = "example"
profile = "cnwl"
as_of = ""
definition = ""
earlier = ""
findings = ""
"""
READ = """import time
import qi_analysis as qi
titles = qi.load_register(register).projects["title"]
print(*titles)
"""


def write_notebook(path: Path, *cells: str, **metadata) -> Path:
    """Write a notebook of code cells, none of them run."""
    code = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=metadata), path)
    return path


def write_template(path: Path, *lines: str) -> None:
    """Write a template whose report says the title of every project."""
    cells = [nbformat.v4.new_code_cell(text, id=f"c{i}")
             for i, text in enumerate((lines[0], READ + "\n".join(lines[1:])))]  # fmt: skip
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def write_templates(folder: Path, line: str = "") -> None:
    """Write small templates; directorates' reports do something more at their end."""
    folder.mkdir(exist_ok=True)
    write_template(folder / "trust_report.ipynb", PARAMETERS)
    own = PARAMETERS + 'directorate = ""\n'
    for name in ("directorate_report", "small_directorate_report"):
        write_template(folder / f"{name}.ipynb", own, line)


def below(process: int) -> list[tuple[int, str]]:
    """Return the number and command of each living process below one."""
    found = []
    for listed in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = listed.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == process and state != "Z":
                number = int(listed.parent.name)
                found += [(number, (listed.parent / "cmdline").read_text()), *below(number)]
    return found


def bearing(mark: str) -> list[str]:
    """Return the commands of the living processes whose environment holds a mark."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environment.read_text():
                found.append((environment.parent / "cmdline").read_text())
    return [command for command in found if "resource_tracker" not in command]  # pytest's own


def wait_until(true, seconds: float) -> bool:
    """Wait for something to become true, and say whether it did in time."""
    until = time.monotonic() + seconds
    while not (now := true()) and time.monotonic() < until:
        time.sleep(0.05)
    return bool(now)


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
