"""Worlds of which the truth is known: how often a change is called in each.

A small part, with fixed seeds, of what benchmarks/methods.py prints; docs/methods.md has the whole.
The shares that are allowed are those of docs/methods.md and two standard errors.
"""

import runpy

import numpy as np
import pytest
from conftest import ROOT, some

METHODS = runpy.run_path(str(ROOT / "benchmarks" / "methods.py"))


def at_most(share: float, of: int) -> float:
    """Return what a share may come to among so many."""
    return share + 2 * (share * (1 - share) / of) ** 0.5


@pytest.mark.parametrize("spread", [0, 0.05])
def test_unchanged_series_seldom_seem_to_change(spread):
    worlds = [("3-10", 0.95), ("20-60", 0.5), ("3-10", 0.05), ("20-60", 0.95)]
    shares = [
        METHODS["calls_in_series"](20, size, np.full(24, rate), spread=spread, seed=seed)
        for seed, (size, rate) in enumerate(worlds)
    ]
    assert np.mean(shares) <= at_most(0.05, 80)


def test_a_trust_of_20_unchanged_directorates_is_seldom_told_of_a_change():
    of_any, _ = METHODS["calls_in_trusts"](15)
    assert of_any <= at_most(0.05, 15)


@pytest.mark.parametrize(("size", "least"), [("3-10", 0.35), ("5-15", 0.6), ("20-60", 0.95)])
def test_a_rise_from_40_to_60_percent_is_found(size, least):
    found = METHODS["calls_in_series"](30, size, np.repeat([0.4, 0.6], 12))
    assert 1 - found <= at_most(1 - least, 30)


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("months", some([3, 9], 9))
def test_involvement_that_takes_its_time_is_seldom_taken_for_a_change(months, dated):
    calls = METHODS["calls_with_delays"]
    assert calls(12, months, dated=dated, size="20-60") <= at_most(0.06, 12)


@pytest.mark.parametrize("size", ["3-10", "20-60"])
def test_blanks_that_fall_are_seldom_taken_for_a_change(size):
    assert METHODS["calls_with_fewer_blanks"](20, size) <= at_most(0.05, 20)


def test_rules_of_runs_raise_alarms_where_nothing_changes_and_exact_limits_do_not():
    """Which is why no report uses them."""
    shares = {chart: METHODS["alarms"](300, "3-10", 0.95, chart) for chart in ("p", "p_exact")}
    assert 0.55 <= shares["p"] <= 0.67
    assert shares["p_exact"] <= 0.01


@pytest.mark.parametrize(("mean", "alike"), some(METHODS["SPREADS"], *METHODS["SPREADS"][::2]))
def test_shrunken_limits_hold_the_true_rate_of_about_95_of_100_directorates(mean, alike):
    assert 0.89 <= METHODS["held_by_limits"](4, mean, alike) <= 0.99
