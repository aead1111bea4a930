"""How long a register takes to read and clean, against pandas reading the same file as text.

    python benchmarks/cleaning.py [ROWS ...]

Makes its own registers of 27 columns, every title and identifier different, in a temporary folder;
prints medians of 5 runs and their ratios, all from one run of the machine, then the peak memory,
and what importing the package costs against importing pandas. Nothing here is a test: times differ
between machines, ratios less so.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
RUNS = 5
EXAMPLE = Path(__file__).parent.parent / "data" / "raw" / "example_register.csv"


def write_register(path: Path, rows: int) -> None:
    """Repeat the example register's projects under new identifiers and titles."""
    import pandas as pd

    few = pd.read_csv(EXAMPLE, dtype=str, keep_default_na=False, na_values=[""])
    few = few.dropna(how="all").iloc[:-1]
    copies = [
        few.assign(
            **{"Project ID": few["Project ID"] + f"-{i}",
               "Project Title": few["Project Title"] + f" ({i})"}
        )
        for i in range(rows // len(few) + 1)
    ]  # fmt: skip
    pd.concat(copies, ignore_index=True).head(rows).to_csv(path, index=False)


def timed(function: Callable[[], T], runs: int = RUNS) -> tuple[float, T]:
    """Time some runs of a function, and return their median in seconds and the last result."""
    seconds, results = [], []
    for _ in range(runs):
        results.clear()  # so that no two results are in memory at once
        began = time.perf_counter()
        results.append(function())
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), results[0]


def measure(path: Path, rows: int) -> None:
    """Print how long a register of so many rows takes to read and clean."""
    import pandas as pd

    import qi_analysis as qi

    pandas, _ = timed(lambda: pd.read_csv(path, dtype=str, engine="pyarrow"))
    read, raw = timed(lambda: qi.read_register(path))
    clean, cleaned = timed(lambda: qi.clean_register(raw))
    print(
        f"{rows:>9,} rows: pandas {pandas:7.3f} s; read {read:7.3f} s ({read / pandas:4.1f}x); "
        f"clean {clean:7.3f} s ({clean / pandas:4.1f}x); both {(read + clean) / pandas:4.1f}x; "
        f"{clean / rows * 1e6:.2f} s to clean a million rows; "
        f"{cleaned.counts['accepted']:,} accepted"
    )


def import_seconds(module: str) -> float:
    """Time the import of a module in a fresh interpreter, in seconds."""
    code = f"import time; t = time.perf_counter(); import {module}; print(time.perf_counter() - t)"
    return float(subprocess.check_output([sys.executable, "-c", code]))


def measure_import() -> None:
    """Print what importing the package costs against pandas, the two alternating."""
    pairs = [(import_seconds("pandas"), import_seconds("qi_analysis")) for _ in range(7)]
    pandas, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"import: pandas {pandas:.3f} s, qi_analysis {ours:.3f} s ({ours / pandas:.2f}x)")


if __name__ == "__main__":
    for rows in [int(word) for word in sys.argv[1:]] or [10_000, 100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            write_register(Path(folder) / "register.csv", rows)
            measure(Path(folder) / "register.csv", rows)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"peak memory, the making of the registers and pandas' own reading in it: {peak:.1f} GB")
    measure_import()
