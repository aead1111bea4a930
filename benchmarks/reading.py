"""Time `read_register` against the fastest readers there are: python benchmarks/reading.py.

Prints the median seconds of each, and their ratio, in one run on one machine; the baseline and
`read_register` take turns, so that a busy machine slows both. The files are made of the example
register's rows, every identifier different.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import xlsxwriter
from python_calamine import CalamineWorkbook

import qi_analysis as qi

COLUMNS = 25
TURNS = 5


def register(rows: int) -> pd.DataFrame:
    """Repeat the example register to so many rows, all text as in an export."""
    example = qi.read_register("example").iloc[:-1, :COLUMNS].fillna("")
    many = pd.concat([example] * (rows // len(example) + 1), ignore_index=True).iloc[:rows]
    return many.assign(**{"Project ID": [f"QI-{i:07}" for i in range(rows)]})


def write_workbook(path: Path, rows: int, formulas: bool) -> None:
    """Write a register as a workbook, with formulas and percentages if it is to be parsed."""
    table = register(rows)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Projects")
        for i, row in enumerate((table.columns, *table.itertuples(index=False))):
            sheet.write_row(i, 0, row)
        for i in range(1, rows + 1) if formulas else ():
            sheet.write_formula(i, COLUMNS, f"=A{i + 1}", None, f"QI-{i:07}")
            sheet.write_number(i, COLUMNS + 1, 0.5, book.add_format({"num_format": "0%"}))


def seconds(read: Callable[[], object]) -> float:
    """Time one reading, in seconds; what was read is freed before the next begins."""
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


def read_first(path: Path) -> list:
    """Read the first sheet by python-calamine alone."""
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def compare(name: str, path: Path, baseline: Callable[[], object]) -> None:
    """Print how long the baseline takes and how much longer `read_register` does."""
    turns = [(seconds(baseline), seconds(lambda: qi.read_register(path))) for _ in range(TURNS)]
    base, ours = (statistics.median(times) for times in zip(*turns, strict=True))
    print(f"{name:<44} {base:7.3f} s {ours:7.3f} s {ours / base:6.2f}x")


def main() -> None:
    """Write the files, and compare the readers on each."""
    print(f"{'file':<44} {'baseline':>9} {'ours':>9} {'ratio':>7}")
    with tempfile.TemporaryDirectory() as folder:
        for rows in (10_000, 100_000, 1_000_000):
            path = Path(folder, f"{rows}.csv")
            register(rows).to_csv(path, index=False)
            compare(
                f"{rows:,} x {COLUMNS} CSV, pandas with pyarrow",
                path,
                lambda path=path: pd.read_csv(path, dtype=str, engine="pyarrow"),
            )
        for what, formulas in (("plain", False), ("with formulas", True)):
            path = Path(folder, f"{what}.xlsx")
            write_workbook(path, 50_000, formulas)
            compare(
                f"50,000 x {COLUMNS} XLSX, {what}, python-calamine",
                path,
                lambda path=path: (
                    CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
                ),
            )


if __name__ == "__main__":
    main()
