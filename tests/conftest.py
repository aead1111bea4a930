"""Fixtures that more than one file of tests uses."""

import contextlib
import gc
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from browser import (  # noqa: F401 (fixtures)
    browser,
    example_reports,
    hostile_reports,
    open_page,
    other_reports,
    public_reports,
    westmere_reports,
)
from changed import LONG
from hypothesis import settings
from processes import using

import qi_analysis as qi
from qi_analysis.execution.engine import start_engine
from qi_analysis.reports import WARM_UP

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("QI_SHARED", ROOT.parent / "shared"))

AREAS = [f"area_{name}" for name in qi.load_profile().areas]

gc.disable()  # what is imported and collected stays
matplotlib.use("agg")
# `make soak` runs whole what marks itself `soak`, and tries many more examples of each property.
SOAK = "QI_SOAK" in os.environ
# A busy machine is no fault; and what CI tries is the same each time.
settings.register_profile(
    "qi", deadline=None, derandomize="CI" in os.environ, max_examples=200 if SOAK else 10
)
settings.load_profile("qi")


def pytest_collection_modifyitems(items):
    """Sort the files that take longest to the front, so that workers end at about one time."""
    order = {name: place for place, name in enumerate(LONG)}
    items.sort(key=lambda item: order.get(item.path.stem, len(LONG)))


def pytest_collection_finish():
    """Look for garbage again, but seldom, and not in what stays: it took a tenth of the time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()


def some(every: Iterable, *chosen) -> list:
    """Return the chosen ones of what a test is tried with; in `make soak` every one."""
    soaked = [pytest.param(*each, marks=pytest.mark.soak) for each in map(_as_tuple, every)]
    return soaked if SOAK else [*chosen]


def _as_tuple(value: object) -> tuple:
    return value if isinstance(value, tuple) else (value,)


def third(values: Sequence, turn: int) -> Sequence:
    """Return a third of what a test tries, by turns; in `make soak` all of it."""
    return values if SOAK else values[turn % 3 :: 3]


@pytest.fixture(autouse=True)
def _closed_figures():
    """Close the figures that a test drew."""
    yield
    matplotlib.pyplot.close("all") if hasattr(matplotlib, "pyplot") else None


@pytest.fixture(scope="session")
def example() -> qi.Register:
    """Return the example register."""
    return qi.load_register("example")


@pytest.fixture(scope="session")
def findings(example) -> pd.DataFrame:
    """Return what is found of the example."""
    return qi.summarise_findings(example)


@pytest.fixture(scope="session")
def engine():
    """Return one engine for many runs: to warm one takes longer than a few reports."""
    with start_engine(2, warm_up=WARM_UP) as engine:
        yield engine


@pytest.fixture(scope="module")
def one_engine(engine):
    """Make the reports of this process by that engine."""
    with using(engine):
        yield


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real and reference data; tests that need it skip where it is absent."""
    if not (SHARED / "real").is_dir():
        pytest.skip(f"no folder {SHARED.name} with real data beside the project")
    return SHARED


def table(text: str) -> pd.DataFrame:
    """Read a small text table, its columns apart by |, as a raw register of text.

    A cell written `blank` is missing.
    """
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    frame = pd.DataFrame(lines[1:], columns=lines[0], dtype=str)
    return frame.where(~frame.isin(["", "blank"]))


def register(given: str | pd.DataFrame, **options) -> qi.Register:
    """Return clean projects, or a text table of them, as a register that counts them all."""
    frame = clean_projects(given) if isinstance(given, str) else given
    return qi.Register(frame, **{"profile": "cnwl", "basis": "started", **options})


def clean_projects(text: str) -> pd.DataFrame:
    """Read a text table as clean projects; `areas` holds a letter an area: y, n, or - for blank.

    What the table leaves out is not recorded, the project active and without dates.
    """
    given = table(text)
    answers = {"y": "yes", "n": "no", "-": "not_recorded"}
    letters = given.pop("areas") if "areas" in given else ["-" * 9] * len(given)
    areas = zip(*([answers[letter] for letter in word] for word in letters), strict=True)
    dates = ["start_date", "end_date", "updated_date", "first_involved_date"]
    flags = ["service_user_involved", "carer_involved", "exemption_agreed", "approach"]
    words = ["no_involvement_reason", "outcome", "service", "title"]
    known = {
        **dict.fromkeys([*flags, *AREAS], "not_recorded"),
        **dict(zip(AREAS, areas, strict=False)),
        "status": "active", "directorate": "Rehab",
        "project_id": [f"P{i}" for i in range(len(given))], "progress_score": None,
        **dict.fromkeys(dates, pd.NaT),
        **dict.fromkeys(words, pd.Series(None, given.index, dtype="str")),
    } | {**given}  # fmt: skip
    for name in dates:
        days = pd.to_datetime(pd.Series(known[name], given.index))
        known[name] = days.astype("datetime64[us]")
    return pd.DataFrame(known, given.index).astype({"progress_score": "float64"})


def rows(counts: pd.DataFrame, *columns: str) -> list[list]:
    """Return some columns row by row, dates as 2020-04-01."""
    chosen = counts[list(columns)].copy()
    for name in chosen.select_dtypes("datetime"):
        chosen[name] = chosen[name].dt.strftime("%Y-%m-%d")
    return chosen.to_numpy(dtype=object).tolist()


def on_terminal(start) -> tuple[str, int]:
    """Return what a process shows on a terminal, without colours, and its exit code.

    `start` is given the terminal's file number, to which its output is to go.
    """
    import pty

    ours, theirs = pty.openpty()
    process = start(theirs)
    os.close(theirs)
    said = b""
    with contextlib.suppress(OSError):  # as the other end closes
        while part := os.read(ours, 4096):
            said += part
    os.close(ours)
    process.communicate(timeout=60)
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", said.decode()), process.returncode
