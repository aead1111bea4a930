"""An oracle of process charts in exact fractions: limits and all four rules.

Nothing here is shared with what it checks, and nothing is rounded: rates are fractions, and a
limit's square root is never taken, as a distance is compared with its square.
"""

from fractions import Fraction
from itertools import pairwise
from math import comb

import numpy as np
import pandas as pd
import pytest
from conftest import SOAK

import qi_analysis as qi

SERIES = 20_000 if SOAK else 1_000
TAIL = Fraction(135, 100_000)
FLAGS = ("outside_limits", "trend", "two_in_three", "shift")


def draw_series(number: int) -> list[tuple[int, int]]:
    """Draw a series of counts: of one rate, with a step or a slope, and with empty periods."""
    draw = np.random.default_rng(number)
    length, most = int(draw.integers(1, 31)), int(draw.choice([3, 8, 20, 60]))
    first = draw.choice([0, 0.02, 0.3, 0.5, 0.9, 1], p=[0.05, 0.15, 0.3, 0.2, 0.25, 0.05])
    last = draw.choice([first, 0.6, 0.95])
    rates = np.linspace(first, last, length)
    rates = rates if draw.random() < 0.5 else np.where(rates < rates.mean(), first, last)
    n = np.where(draw.random(length) < 0.1, 0, draw.integers(1, most + 1, length))
    return [*zip(draw.binomial(n, rates).tolist(), n.tolist(), strict=True)]


def mean_of(series: list) -> Fraction | None:
    """Return the pooled mean; None where nothing is counted."""
    n = sum(n for _, n in series)
    return Fraction(sum(k for k, _ in series), n) if n else None


def lowest(n: int, mean: Fraction) -> int:
    """Return the fewest of n of which so few or fewer have at least the chance of the tail."""
    chance, top, bottom = 0, mean.numerator, mean.denominator
    for k in range(n + 1):
        chance += comb(n, k) * top**k * (bottom - top) ** (n - k)
        if chance * TAIL.denominator >= TAIL.numerator * bottom**n:
            return k
    return n


def exact_limits(n: int, mean: Fraction) -> tuple[Fraction, Fraction]:
    """Return the outermost rates of n that lie within both tails."""
    return Fraction(lowest(n, mean), n), Fraction(n - lowest(n, 1 - mean), n)


def is_beyond(point: Fraction, mean: Fraction, times: int, variance: Fraction) -> bool:
    """Return whether a point lies further from the mean than so many standard deviations."""
    return (point - mean) ** 2 > times**2 * variance


def runs(keys: list) -> list[int]:
    """Return the length of each point's run of equal neighbours; None breaks a run."""
    lengths, start = [0] * len(keys), 0
    for at in range(len(keys) + 1):
        if at == len(keys) or at == start or keys[at] != keys[start] or keys[at] is None:
            if at > start:
                lengths[start:at] = [at - start] * (at - start)
            start = at
    return lengths


def rules(series: list) -> dict[str, list[bool]]:
    """Return each rule's flags for a p chart of one series, by their words."""
    mean = mean_of(series)
    points = [Fraction(k, n) if n else None for k, n in series]
    spread = [mean * (1 - mean) / n if n else None for _, n in series]
    side = [None if p is None else (p > mean) - (p < mean) for p in points]
    shift = [bool(way) and length >= 7 for way, length in zip(side, runs(side), strict=True)]
    outside = [
        p is not None and is_beyond(p, mean, 3, v) for p, v in zip(points, spread, strict=True)
    ]
    outer = [
        p is not None and is_beyond(p, mean, 2, v) for p, v in zip(points, spread, strict=True)
    ]
    close = [False] * len(points)
    for at in range(len(points) - 2):
        window = range(at, at + 3)
        if side[at] and len({side[i] for i in window}) == 1 and sum(outer[i] for i in window) > 1:
            for i in window:
                close[i] |= outer[i]
    steps = [None if a is None or b is None or a == b else b > a for a, b in pairwise(points)]
    long = [length >= 6 for length in runs(steps)]
    trend = [any(long[max(0, i - 1) : i + 1]) for i in range(len(points))]
    return dict(zip(FLAGS, (outside, trend, close, shift), strict=True))


def frame_of(all_series: list[list]) -> pd.DataFrame:
    """Return all series in one frame, each a group."""
    rows = [(g, at, k, n) for g, one in enumerate(all_series) for at, (k, n) in enumerate(one)]
    frame = pd.DataFrame(rows, columns=["group", "at", "numerator", "denominator"])
    months = pd.date_range("2020-01-01", periods=31, freq="MS")
    return frame.assign(period=months[frame["at"]])


@pytest.fixture(scope="module")
def drawn() -> list[list]:
    """Return random series that have something to count."""
    found = (draw_series(number) for number in range(SERIES))
    return [series for series in found if mean_of(series) is not None]


def test_exact_limits_and_what_lies_outside_them_agree_with_fractions(drawn):
    spc = qi.spc.add_spc(frame_of(drawn), by="group")
    right = []
    for series in drawn:
        mean = mean_of(series)
        for k, n in series:
            low, high = exact_limits(n, mean) if n else (None, None)
            out = bool(n) and not low <= Fraction(k, n) <= high
            right.append((mean, low, high, out))
    right = pd.DataFrame(right, columns=["mean", "lpl", "upl", "outside_limits"])
    for name in ("mean", "lpl", "upl"):
        expected = right[name].map(float, na_action="ignore").astype(float)
        np.testing.assert_allclose(spc[name], expected, rtol=1e-12, err_msg=name)
    assert (spc["outside_limits"].to_numpy() == right["outside_limits"].to_numpy()).all()
    assert not spc[[*FLAGS[1:]]].any(axis=None)


def test_all_four_rules_of_a_p_chart_agree_with_fractions(drawn):
    spc = qi.spc.add_spc(frame_of(drawn), chart="p", by="group")
    expected = pd.concat([pd.DataFrame(rules(series)) for series in drawn], ignore_index=True)
    for name in FLAGS:
        differs = spc[name].to_numpy(bool) != expected[name].to_numpy(bool)
        assert not differs.any(), (name, spc[differs].head())
    assert (expected.sum() > 10).all()  # each rule has something to find
