"""Write the tests of what has changed since main, for `make check`: python tests/changed.py.

A module's tests are those of its room and the examples in its docstrings, and the rules that hold
for every module. Where nothing that has tests has changed, they are the quick ones of every room.
All is to take less than a minute on two slow cores: a file of tests that grows long joins a list.
"""

import subprocess
import sys
from pathlib import Path

# Files that start many processes, kernels or browsers, or try very many cases, the longest first.
# Pytest begins with them, so that its workers end together; `make check` runs one only if it has
# changed itself.
LONG = (
    "test_docs", "test_faults", "test_soak", "test_engine", "test_papermill", "test_cluster",
    "test_reports", "test_one_truth", "test_browser", "test_seeded", "test_lab", "test_notebooks",
    "test_pages", "test_public", "test_index",
    "test_installed", "test_explore", "test_elft", "test_charts", "test_disclosure",
    "test_proposals",
)  # fmt: skip
# Files that take some seconds: they run where their room has changed.
LONGER = (
    "test_frames", "test_places", "test_overlaps", "test_easy", "test_methods", "test_spc",
    "test_register", "test_load", "test_outlook", "test_hostile", "test_spc_charts",
    "test_table_end", "test_quarantine", "test_conformance", "test_sources", "test_findings",
    "test_workspace", "test_dates", "test_involvement",
)  # fmt: skip


def find_changed() -> list[Path]:
    """Return the files that differ from main's, and the new ones."""
    commands = (
        ["git", "diff", "--name-only", "--diff-filter=d", "main"],
        ["git", "ls-files", "--others", "--exclude-standard"],
    )
    runs = [subprocess.run(words, capture_output=True, text=True) for words in commands]
    return [Path(line) for run in runs for line in run.stdout.splitlines()]


def find_quick(folder: Path, without: tuple[str, ...] = LONG) -> list[Path]:
    """Return a folder's files of tests, but for the long ones."""
    return [path for path in sorted(folder.rglob("test_*.py")) if path.stem not in without]


def find_tests(changed: Path) -> list[Path]:
    """Return the files that test a changed file."""
    if changed.match("notebooks/*.ipynb") or changed.match("test_*.py"):
        return [changed]
    if changed.suffix != ".py" or changed.parts[0] != "qi_analysis":
        return []
    room = Path("tests", changed.parts[1])
    alone = room.with_name(f"test_{room.stem}.py")
    always = Path("tests", "test_layout.py")
    return [changed, always, *find_quick(room), *([alone] if alone.exists() else [])]


if __name__ == "__main__":
    tests = {str(test) for changed in find_changed() for test in find_tests(changed)}
    quick = map(str, find_quick(Path("tests"), LONG + LONGER))
    sys.stdout.write(" ".join(sorted(tests or quick)))
