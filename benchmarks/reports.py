"""How long the reports take, against the loop that people write: papermill, then nbconvert, each.

    python benchmarks/reports.py [--quick]

Both make the trust's report and one a directorate, notebook and page, of the same register with the
same templates, everything compiled to bytecode; they take turns, so that a busy machine slows both.
Prints medians and their ratio; what Papermill's own part is of a report; what a report costs in
processor time against its cells alone, in a process that has run them before; how both grow with
the number of reports; and how long a run takes that finds them all up to date. ``--quick``
takes few directorates and one turn: a few minutes, in which starting up weighs more. Nothing here
is a test: times differ between machines, ratios less.
"""

from __future__ import annotations

import compileall
import logging
import os
import re
import resource
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

import nbformat
import papermill
from papermill.engines import Engine, papermill_engines

import qi_analysis as qi
from qi_analysis.core.files import NOTEBOOKS

PROJECTS = 30  # a directorate
DIRECTORATES, GROWTH, TURNS = 20, (20, 100, 300), 3
QUICK = 4, (4, 16), 1
TRUST, ONE = NOTEBOOKS / "trust_report.ipynb", NOTEBOOKS / "directorate_report.ipynb"


def compile_everything() -> None:
    """Compile the package and the libraries to bytecode, where that is not done."""
    for folder in (Path(qi.__file__).parent, sysconfig.get_path("purelib")):
        compileall.compile_dir(folder, quiet=2, workers=0)


def write_inputs(folder: Path, directorates: int) -> None:
    """Write a register of so many directorates, of 30 projects each, and a profile to read it."""
    import pandas as pd

    few = qi.read_register("example").iloc[:-1].dropna(how="all")
    rows = PROJECTS * directorates
    many = pd.concat([few] * (rows // len(few) + 1), ignore_index=True).iloc[:rows]
    names = [f"Directorate {i % directorates + 1:03}" for i in range(rows)]
    many = many.assign(
        **{"Project ID": [f"QI-{i:06}" for i in range(rows)], "Directorate / Group": names}
    )
    many.to_csv(folder / "register.csv", index=False)
    shipped = qi.load_profile().text.decode()
    text = re.sub(r"(?ms)^\[directorates\].*?(?=^\[)", "", shipped)
    (folder / "profile.toml").write_text(text, "utf-8")


def run(*command: str | Path, cwd: Path) -> None:
    """Run a command, and show its output only if it fails."""
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)


def loop(folder: Path, directorates: int) -> None:
    """Make the reports as people do: one after another, two programs each."""
    python, given = sys.executable, ["-p", "register", "register.csv", "-p", "profile"]
    jobs = [(TRUST, "trust.ipynb", [])]
    for i in range(directorates):
        name = f"Directorate {i + 1:03}"
        jobs.append((ONE, f"{i}.ipynb", ["-p", "directorate", name]))
    for template, out, more in jobs:
        words = ["--no-progress-bar", *given, "profile.toml", *more]
        run(python, "-m", "papermill", template, out, *words, cwd=folder)
        run(python, "-m", "jupyter", "nbconvert", "--to", "html", out, cwd=folder)


def ours(folder: Path, *more: str) -> None:
    """Make the reports with `qi-analysis report`."""
    words = ["report", "register.csv", "--profile", "profile.toml", "--out", "out", "--quiet"]
    words += ["--snapshots", "snapshots"]
    run(sys.executable, "-m", "qi_analysis.cli", *words, *more, cwd=folder)


def cost(function, *arguments) -> tuple[float, float]:
    """Time a call in seconds, by the clock and of the processors."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    function(*arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, spent


def compare(folder: Path, directorates: int, turns: int) -> None:
    """Print how long both ways take, and their ratio."""
    pairs = [
        (cost(loop, folder, directorates), cost(ours, folder, "--force")) for _ in range(turns)
    ]
    (theirs, their_cpu), (our, our_cpu) = (
        [statistics.median(column) for column in zip(*way, strict=True)]
        for way in zip(*pairs, strict=True)
    )
    print(
        f"{directorates + 1} reports: papermill and nbconvert {theirs:.1f} s (processor "
        f"{their_cpu:.1f} s), qi-analysis {our:.1f} s (processor {our_cpu:.1f} s): "
        f"{theirs / our:.1f} times as fast, {their_cpu / our_cpu:.1f} times less processor"
    )


def cells_alone(folder: Path) -> float:
    """Time a report's cells in a kernel that has run them twice, in processor seconds."""
    notebook = nbformat.read(ONE, 4)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    given = 'register, profile, directorate = "out.parquet", "profile.toml", "Directorate 001"'
    code = ["import time; began = time.process_time()", code[0], given, *code[1:]]
    code.append("print(time.process_time() - began)")
    cells = [nbformat.v4.new_code_cell(source) for source in code * 3]
    made = papermill.execute_notebook(
        nbformat.v4.new_notebook(cells=cells), None, cwd=str(folder), kernel_name="python3",
        language="python", progress_bar=False, shutdown_kernel="immediate",
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )  # fmt: skip
    return float(made.cells[-1].outputs[0].text)


class RunsNothing(Engine):
    """An engine for Papermill that runs no cell."""

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **options) -> None:
        """Leave the notebook as it is."""


def papermills_part() -> None:
    """Print what Papermill itself costs a report: its work around the cells."""
    papermill_engines.register("nothing", RunsNothing)
    logging.getLogger("papermill").setLevel(logging.ERROR)
    given = {"register": "out.parquet", "profile": "profile.toml", "directorate": "Directorate 001"}
    times = []
    for _ in range(21):
        began = time.perf_counter()
        papermill.execute_notebook(
            nbformat.read(ONE, 4), None, given, engine_name="nothing", kernel_name="python3",
            language="python", progress_bar=False, request_save_on_cell_execute=False,
            autosave_cell_every=0,
        )  # fmt: skip
        times.append(time.perf_counter() - began)
    print(f"Papermill's own part of a report: {statistics.median(times):.3f} s")


def grow(folder: Path, numbers: tuple[int, ...]) -> None:
    """Print what a report costs as their number grows, against its cells alone."""
    for number in numbers:
        write_inputs(folder, number)
        register = qi.load_register(folder / "register.csv", folder / "profile.toml")
        qi.snapshots.write_snapshot(register, folder / "out.parquet")
        alone = statistics.median(cells_alone(folder) for _ in range(3))
        clock, spent = cost(ours, folder, "--force")
        again, _ = cost(ours, folder)
        print(
            f"{number + 1:>4} reports of {number} directorates: {clock:6.1f} s, "
            f"{clock / (number + 1):.2f} s a report; processor {spent / (number + 1):.2f} s a "
            f"report, {spent / (number + 1) / alone:.2f} times its cells alone ({alone:.2f} s); "
            f"again, all up to date: {again:.2f} s"
        )
    for number in numbers[:-1]:
        chosen = [f"--directorate=Directorate {i + 1:03}" for i in range(number)]
        clock, spent = cost(ours, folder, "--force", *chosen)
        print(
            f"{number + 1:>4} reports of {numbers[-1]} directorates: {clock:6.1f} s, "
            f"{clock / (number + 1):.2f} s a report; processor {spent / (number + 1):.2f} s"
        )


def main() -> None:
    """Print how both ways compare, then how the cost grows with the number of reports."""
    quick = "--quick" in sys.argv[1:]
    directorates, growth, turns = QUICK if quick else (DIRECTORATES, GROWTH, TURNS)
    compile_everything()
    print(f"{os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder, directorates)
        compare(folder, directorates, turns)
        papermills_part()
        grow(folder, growth)


if __name__ == "__main__":
    main()
