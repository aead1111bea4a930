"""Making Data Count's rules: points that chance alone does not explain."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionArray

SHIFT, TREND = 7, 7  # points
ROUNDING = 1e-13  # relative: differences below it are arithmetic's, not the data's
RULES = ("outside_limits", "trend", "two_in_three", "shift")  # by priority of the label


def apply_rules(point, limits: dict, phase) -> tuple[dict, dict]:
    """Return each rule's flags, and which way (+1, -1) each one points."""
    side = above(point, limits["mean"]).astype(int) - above(limits["mean"], point)
    low, high = limits["two_thirds"]
    outside = above(point, limits["upl"]) | above(limits["lpl"], point)
    trend = _trends(point, phase)
    flags = {
        "outside_limits": outside,
        "trend": trend != 0,
        "two_in_three": _two_in_three(side, above(point, high) | above(low, point), phase),
        "shift": (side != 0) & (run_lengths(side, phase) >= SHIFT),
    }
    return flags, {"outside_limits": side, "trend": trend, "two_in_three": side, "shift": side}


def above(one, other) -> np.ndarray:
    """Find where one number lies above another by more than arithmetic leaves behind."""
    return one - other > ROUNDING * np.maximum(np.abs(one), np.abs(other))


def number_runs(key: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Number the runs of equal neighbours within a phase."""
    return np.cumsum(
        (np.diff(key, prepend=key[:1]) != 0) | (np.diff(phase, prepend=phase[:1]) != 0)
    )


def run_lengths(key: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Return the length of each point's run of equal neighbours within a phase."""
    run = number_runs(key, phase)
    return np.bincount(run)[run] if len(run) else run


def _trends(point: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Find the points of strict rises (+1) and falls (-1); one of two takes the later's."""
    trend = np.zeros(len(point), int)
    if len(point) < TREND:
        return trend
    step = np.nan_to_num(np.sign(np.diff(point))).astype(int) * (np.diff(phase) == 0)
    lengths = run_lengths(step, phase[1:])
    ways = np.where(lengths >= TREND - 1, step, 0)
    trend[1:] = ways
    trend[:-1] = np.where(ways != 0, ways, trend[:-1])
    return trend


def _two_in_three(side: np.ndarray, beyond: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Find the points beyond two thirds that lie in three on one side, two of them beyond."""
    flagged = np.zeros(len(side), bool)
    if len(side) < 3:
        return flagged
    window = [slice(i, len(side) - 2 + i) for i in range(3)]
    same = (phase[window[0]] == phase[window[2]]) & (side[window[0]] != 0)
    same &= (side[window[0]] == side[window[1]]) & (side[window[1]] == side[window[2]])
    two = same & (sum(beyond[w].astype(int) for w in window) >= 2)
    for w in window:
        flagged[w] |= two & beyond[w]
    return flagged


def point_types(rules: dict, ways: dict, improvement: str) -> dict:
    """Return each point's direction, whether rules point both ways, and its kind."""
    pointing = [np.where(rules[name], ways[name], 0) for name in RULES]
    way = np.select([rules[name] for name in RULES], pointing, 0)
    mixed = (np.max(pointing, axis=0) > 0) & (np.min(pointing, axis=0) < 0)
    good = {"increase": 1, "decrease": -1, "neutral": 0}[improvement]
    kinds = ["common_cause", *(f"special_cause_{k}" for k in ("neutral", "improvement", "concern"))]
    kind = 1 if good == 0 else np.where(way == good, 2, 3)
    return {
        "direction": _words(["low", "", "high"], way + 1),
        "mixed": mixed,
        "point_type": _words(kinds, np.where(way == 0, 0, kind)),
    }


def _words(words: list[str], places: np.ndarray) -> ExtensionArray:
    """Return the word at each place, as text; to read each anew would take as long as limits do."""
    return pd.array(words, dtype="str").take(places)


def assurance(limits: dict, target: np.ndarray, improvement: str) -> ExtensionArray:
    """Return whether each point's limits lie beyond its target; a target on a limit does.

    Unless a point can lie on that limit: it would meet the target there, so none is failed.
    """
    if improvement == "neutral":
        return _words(["none"], np.zeros(len(target), int))
    over, under = ~above(target, limits["lpl"]), ~above(limits["upl"], target)
    on_lower, on_upper = (
        on & ~above(limits[name], target) & ~above(target, limits[name])
        for on, name in zip(limits["attained"], ("lpl", "upl"), strict=True)
    )
    good, bad = (
        (over, under & ~on_upper) if improvement == "increase" else (under, over & ~on_lower)
    )
    known = ~np.isnan(limits["lpl"]) & ~np.isnan(target)
    words = ["none", "consistent_pass", "consistent_fail", "inconsistent"]
    return _words(words, np.select([good & known, bad & known, known], [1, 2, 3], 0))
