"""Centre and limits of each phase: XmR, p and Laney's p′ charts, and the wider of these two."""

from __future__ import annotations

import numpy as np

from .series import Series

XMR_FACTOR = 2.66  # 3 / 1.128, MDC's rounding
D2 = 1.128  # mean range of two points, in standard deviations
SCREEN_FACTOR = 3.267  # upper limit of a moving range, in mean ranges


def process_limits(series: Series, phase, used, chart: str, screen: bool) -> dict:
    """Give each point the mean, limits and two-thirds lines of its phase.

    ``used`` tells the points that the limits rest on; ``points`` counts them.
    """
    size = phase[-1] + 1 if len(phase) else 0
    numerator, denominator, points = (
        np.bincount(phase[used], column[used], size)
        for column in (series.numerator, series.denominator, np.ones(len(phase)))
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (numerator / denominator)[phase]
        spread = _SPREADS[chart](series, mean, lambda v: _mean_range(v, used, phase, size, screen))
    free = mean - 3 * spread, mean + 3 * spread
    lower, upper = free if chart == "xmr" else (np.clip(limit, 0, 1) for limit in free)
    return {
        "mean": mean, "lpl": lower, "upl": upper, "points": points[phase],
        "two_thirds": (mean - 2 * spread, mean + 2 * spread),
    }  # fmt: skip


def _xmr_spread(series: Series, mean, mean_range) -> np.ndarray:
    return mean_range(series.point) * XMR_FACTOR / 3


def _p_spread(series: Series, mean, mean_range) -> np.ndarray:
    return np.sqrt(mean * (1 - mean) / series.denominator)


def _p_prime_spread(series: Series, mean, mean_range) -> np.ndarray:
    """Widen or narrow a p chart's spread by that of its points' z scores, where there are two."""
    spread = _p_spread(series, mean, mean_range)
    sigma = mean_range(np.where(spread > 0, (series.point - mean) / spread, 0.0)) / D2
    return spread * np.where(np.isnan(sigma), 1.0, sigma)


def _p_wider_spread(series: Series, mean, mean_range) -> np.ndarray:
    return np.fmax(_p_spread(series, mean, mean_range), _p_prime_spread(series, mean, mean_range))


_SPREADS = {
    "p_wider": _p_wider_spread, "p_prime": _p_prime_spread, "p": _p_spread, "xmr": _xmr_spread
}  # fmt: skip


def _mean_range(values, used, phase, size: int, screen: bool) -> np.ndarray:
    """Give each point the mean moving range of its phase, screened where asked and possible."""
    together = (np.diff(phase) == 0) & used[1:] & used[:-1]
    ranges, at = np.abs(np.diff(values))[together], phase[1:][together]

    def mean_of(keep):
        return np.bincount(at[keep], ranges[keep], size) / np.bincount(at[keep], minlength=size)

    mean = mean_of(slice(None))
    if screen:
        screened = mean_of(ranges < SCREEN_FACTOR * mean[at])
        mean = np.where(screened > 0, screened, mean)
    return mean[phase]
