"""Fixtures that more than one file of tests uses."""

import os
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
from hypothesis import settings

import qi_analysis as qi

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("QI_SHARED", ROOT.parent / "shared"))

matplotlib.use("agg")
# A busy machine is no fault; and what CI tries is the same each time.
settings.register_profile("qi", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("qi")


@pytest.fixture(autouse=True)
def _closed_figures():
    """Close the figures that a test drew."""
    yield
    matplotlib.pyplot.close("all") if hasattr(matplotlib, "pyplot") else None


@pytest.fixture(scope="session")
def example() -> qi.Cleaned:
    """Give the example register, cleaned."""
    return qi.load_cleaned("example")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Give the folder of real and reference data; tests that need it skip where it is absent."""
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
