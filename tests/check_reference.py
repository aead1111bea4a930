"""Check every reference value in a folder: python tests/check_reference.py FOLDER.

The folder's README says which program computed each value. The tests hold a selection of them.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import qi_analysis as qi

CONFIDENCES = {"90": 0.9, "95": 0.95, "998": 0.998}
TOLERANCE = 1e-9  # relative


def differ(found, expected) -> np.ndarray:
    """Tell which values lie further from the expected ones than the tolerance."""
    return ~np.isclose(found, expected, rtol=TOLERANCE, atol=0)


def check_wilson(folder: Path) -> list[str]:
    """Compare Wilson's limits at three confidences; give a line for each that differs."""
    cases = pd.read_csv(folder / "wilson_expected.csv")
    faults = []
    for name, confidence in CONFIDENCES.items():
        limits = qi.wilson_interval(cases["x"], cases["n"], confidence)
        for end, found in zip(("lower", "upper"), limits, strict=True):
            expected = cases[end + name]
            faults += [
                f"wilson_expected.csv row {case.row}, {case.x} of {case.n}: {end}{name} is "
                f"{found[case.Index]!r}; expected {expected[case.Index]!r}"
                for case in cases[differ(found, expected)].itertuples()
            ]
    return faults


def main(folder: str) -> None:
    """Check all; leave with what differs, if anything does."""
    faults = check_wilson(Path(folder))
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main(sys.argv[1])
