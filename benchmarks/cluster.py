"""How fast a Dask cluster on this machine makes the reports, against this machine without it.

    python benchmarks/cluster.py [--quick]

Both make the trust's report and one a directorate, notebook and page, of the same register: here
with two workers, there with two of Dask's of a thread each. Both have made reports before, and they
take turns, so that a busy machine slows both. Prints the medians of reports a second, and their
ratio. ``--quick`` makes fewer reports, in one turn.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from reports import compile_everything, write_inputs

import qi_analysis as qi
from qi_analysis.execution.cluster import start_cluster
from qi_analysis.execution.engine import start_engine
from qi_analysis.reports.internal import write_reports

WORKERS = 2
DIRECTORATES, TURNS = 20, 3
QUICK = 4, 1


class Warm:
    """An engine that runs already; it times the notebooks that it runs, and is not ended."""

    def __init__(self, engine):
        self.engine, self.seconds = engine, 0.0

    def __enter__(self):
        return self

    def __exit__(self, *fault):
        pass

    def run(self, tasks):
        """Run notebooks, and time them."""
        began = time.perf_counter()
        yield from self.engine.run(tasks)
        self.seconds = time.perf_counter() - began


@contextmanager
def dask(folder: Path) -> Iterator[str]:
    """Start a scheduler and its workers, and yield its address."""
    file = folder / "scheduler.json"
    words = [["scheduler", "--host", "127.0.0.1", "--port", "0"]]
    words += [["worker", "--no-nanny", "--nthreads", "1", "--local-directory", folder]] * WORKERS
    with ExitStack() as stack:
        for each in words:
            command = [sys.executable, "-m", "dask", *each, "--scheduler-file", file]
            process = stack.enter_context(
                subprocess.Popen([*map(str, command), "--no-dashboard"], stderr=subprocess.DEVNULL)
            )
            stack.callback(process.kill)
        while not file.exists() or not file.read_text():
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]


def rate(folder: Path, engine) -> float:
    """Compute how many reports an engine makes a second."""
    warm, profile = Warm(engine), qi.load_profile(folder / "profile.toml")
    record = write_reports(
        folder / "register.csv", folder / "out", profile, engine=warm, force=True
    )
    failed = [each for each in record["reports"] if each["status"] != "published"]
    if failed:
        raise SystemExit(f"{failed[0]['slug']} {failed[0]['status']}: {failed[0]['reason']}")
    return len(record["reports"]) / warm.seconds


def main() -> None:
    """Print how fast a cluster makes reports, against this machine without it."""
    directorates, turns = QUICK if "--quick" in sys.argv[1:] else (DIRECTORATES, TURNS)
    compile_everything()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        write_inputs(folder, directorates)
        address = stack.enter_context(dask(folder))
        engines = [start_engine(WORKERS), start_cluster(address)]
        running = [stack.enter_context(engine) for engine in engines]
        for engine in running:
            rate(folder, engine)  # to warm it up
        rates = [[rate(folder, engine) for engine in running] for _ in range(turns)]
    here, there = map(statistics.median, zip(*rates, strict=True))
    print(
        f"{directorates + 1} reports, {WORKERS} at once: {here:.2f} a second here, {there:.2f} a "
        f"second on the cluster: {there / here:.2f} of it"
    )


if __name__ == "__main__":
    main()
