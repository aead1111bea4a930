"""Intervals and tests of proportions: arrays in, arrays out."""

from __future__ import annotations

from fractions import Fraction
from statistics import NormalDist

import numpy as np

from ..core.errors import OptionError
from ..core.frames import MOST, read_counts

COUNTED = 60  # the most of which chances are added up one by one
LEAST_LOG = -600  # of the chance of none, from which others can be counted up in a double
HALVINGS = 60  # of an interval of 1, which leave less than a double's last digit
WIDEST = 20  # square roots of the smallest total that a count may lie from the mean
ROUNDING = 1e-7  # relative: chances that differ by less are equal, as R's fisher.test takes them


def check_counts(numerator, denominator) -> tuple[np.ndarray, np.ndarray]:
    """Return counts as numbers, a denominator of 0 as NaN; raise where one cannot be right.

    >>> check_counts([2, 0], [4, 0])
    (array([2., 0.]), array([ 4., nan]))
    """
    k, n = read_counts(numerator, "numerator"), read_counts(denominator, "denominator")
    if np.any(k > n):
        least, most = (each[k > n][0] for each in np.broadcast_arrays(k, n))
        raise OptionError(
            f"`numerator` must lie between 0 and the denominator: {least:.0f} of {most:.0f} cannot "
            "be."
        )
    return k, np.where(n > 0, n, np.nan)


def mantel_haenszel_difference(k1, n1, k0, n0) -> tuple[float, float, float]:
    """Return the difference of two proportions within groups, and its 95% limits.

    Parameters
    ----------
    k1, n1, k0, n0 : array-like of int
        For each group: the first kind's numerator and denominator, and the second's.

    Returns
    -------
    tuple of float
        The difference, and Sato's limits; NaN as :func:`compare_finishing` says.

    Examples
    --------
    >>> [round(x, 3) for x in mantel_haenszel_difference([6, 8], [10, 10], [4, 6], [10, 10])]
    [0.2, -0.091, 0.491]
    """
    k1, n1 = (np.nan_to_num(each) for each in check_counts(k1, n1))
    k0, n0 = (np.nan_to_num(each) for each in check_counts(k0, n0))
    n = np.maximum(n1 + n0, 1)
    weight = (n1 * n0 / n).sum()
    if not weight:
        return np.nan, np.nan, np.nan
    difference = ((k1 * n0 - k0 * n1) / n).sum() / weight
    p = ((n1**2 * k0 - n0**2 * k1 + n1 * n0 * (n0 - n1) / 2) / n**2).sum()
    q = ((k1 * (n0 - k0) + k0 * (n1 - k1)) / (2 * n)).sum()
    variance = (difference * p + q) / weight**2
    if variance <= 1e-12:  # nothing varies, but for rounding
        return float(difference), np.nan, np.nan
    spread = NormalDist().inv_cdf(0.975) * variance**0.5
    return (
        float(difference),
        float(max(-1, difference - spread)),
        float(min(1, difference + spread)),
    )


def wilson_interval(numerator, denominator, confidence: float = 0.95):
    """Return Wilson's score interval for proportions.

    It holds at 0% and 100% and for few projects, where the Wald interval leaves 0-100%.

    Parameters
    ----------
    numerator, denominator : array-like of int
        Counts, 0 ≤ numerator ≤ denominator.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits, 0-1; NaN where the denominator is 0.

    Raises
    ------
    ValueError
        If a count is not a whole number from 0, or more than its denominator.

    Notes
    -----
    Wilson (1927), Journal of the American Statistical Association 22:209. The same method is used
    for proportions by the Office for Health Improvement and Disparities.

    Examples
    --------
    >>> lower, upper = wilson_interval([28, 3], [30, 3])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.787, 0.439], [0.982, 1.0])
    """
    x, n = check_counts(numerator, denominator)
    z = NormalDist().inv_cdf((1 + _check_confidence(confidence)) / 2)
    spread = z * np.sqrt(z**2 + 4 * x * (1 - x / n))
    lower = (2 * x + z**2 - spread) / (2 * (n + z**2))
    upper = (2 * x + z**2 + spread) / (2 * (n + z**2))
    return np.where(x == 0, 0 * n, lower), np.where(x == n, 1 + 0 * n, upper)


def mid_p_interval(numerator, denominator, confidence: float = 0.95):
    """Return the exact mid-P interval for proportions.

    The limits are the rates of which a count as far out has, with half of the chance of the count
    itself, just (1 - confidence) / 2: P(X > k) + P(X = k) / 2 at the lower limit, P(X < k) +
    P(X = k) / 2 at the upper. Where a verdict hangs on a limit, few projects then mislead less
    often than by Wilson's.

    Parameters
    ----------
    numerator, denominator : array-like of int
        Counts, 0 ≤ numerator ≤ denominator.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits, 0-1: a lower limit of 0 for none, an upper one of 1 for all; NaN
        where the denominator is 0.

    Raises
    ------
    ValueError
        If a count is not a whole number from 0, or more than its denominator.

    Notes
    -----
    Agresti and Coull (1998), The American Statistician 52:119.

    Examples
    --------
    >>> lower, upper = mid_p_interval([5, 41, 0], [5, 95, 12])
    >>> lower.round(3).tolist(), upper.round(3).tolist()
    ([0.549, 0.335, 0.0], [1.0, 0.533, 0.221])
    """
    k, n = np.broadcast_arrays(*check_counts(numerator, denominator))
    chance = (1 - _check_confidence(confidence)) / 2
    return _mid_p_lower(k, n, chance), 1 - _mid_p_lower(n - k, n, chance)


def _mid_p_lower(k: np.ndarray, n: np.ndarray, chance: float) -> np.ndarray:
    """Return the rate at which P(X > k) + P(X = k) / 2 is a chance, by halving where it lies."""
    from scipy.special import betainc

    low, high = np.zeros(k.shape), k / n
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        more, as_many = betainc(k + 1, n - k, middle), betainc(k, n - k + 1, middle)
        beyond = (more + as_many) / 2 > chance
        low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
    return np.where(k == 0, 0 * n, high)


def binomial_quantiles(share: float, n, rate) -> np.ndarray:
    """Return the fewest of n that chance does not exceed in a share of cases; NaN without a rate.

    They are ``scipy.stats.binom.ppf``'s; to import that module takes a short run as long as all
    else that it imports. Those of few are found by counting up, of many by halving.

    >>> binomial_quantiles(0.05, [0, 11, 23], 0.5)
    array([0., 3., 8.])
    """
    n, rate = np.broadcast_arrays(np.asarray(n, float), np.asarray(rate, float))
    with np.errstate(divide="ignore", invalid="ignore"):
        few = (n <= COUNTED) & (n * np.log1p(-rate) > LEAST_LOG)
    found = np.empty(n.shape)
    found[few] = _count_up(share, n[few], rate[few])
    found[~few] = _halve(share, n[~few], rate[~few])
    return found


def _count_up(share: float, n: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Return binomial quantiles by adding up the chances of 0, of 1, and so on."""
    odds, chance, found = rate / (1 - rate), (1 - rate) ** n, np.zeros(n.shape)
    reached = chance.copy()
    for k in range(int(n.max(initial=0))):
        short = (reached < share) & (k < n)
        if not short.any():
            break
        found += short
        chance = chance * odds * ((n - k) / (k + 1))
        reached += np.where(short, chance, 0)
    return found


def _halve(share: float, n: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Return binomial quantiles by halving where they lie."""
    from scipy.special import betaincc

    low, high = np.full(n.shape, -1.0), n
    while np.any(high - low > 1):
        middle = (low + high + 1) // 2
        reached = betaincc(middle + 1, n - middle, rate) >= share
        low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.where(np.isnan(rate), np.nan, high)


def _check_confidence(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise OptionError(f"`confidence` must lie between 0 and 1; not {confidence}.")
    return confidence


def projects_to_aim(numerator, denominator, aim: Fraction):
    """Return how many more of these projects must involve people to reach the aim, at least 0.

    Exact: in floating point an aim times n lies above the true value for some (0.55 x 100 above
    55), and one project too many is asked for.

    Parameters
    ----------
    numerator, denominator : array-like of int
        Counts of projects.
    aim : Fraction
        The share of projects aimed for, 0-1.

    Returns
    -------
    ndarray
        Projects; NaN where a count is missing.

    Raises
    ------
    ValueError
        If a count is not a whole number from 0, or the aim no fraction.

    Examples
    --------
    >>> projects_to_aim([4, 9], [10, 10], Fraction(4, 5)).tolist()
    [4, 0]
    """
    if not isinstance(aim, Fraction):
        raise OptionError(f"`aim` must be exact, such as Fraction(4, 5); not {aim!r}.")
    k, n = read_counts(numerator, "numerator"), read_counts(denominator, "denominator")
    missing = np.isnan(k) | np.isnan(n)
    k, n = (np.where(missing, 0, each).astype("int64") for each in (k, n))
    large = aim.denominator * int(n.max(initial=0)) > MOST
    exact = n.astype(object) if large else n  # Python's integers, which have no end
    needed = np.asarray(-(-aim.numerator * exact // aim.denominator), "int64")  # the ceiling
    needed = np.maximum(needed - k, 0)
    return np.where(missing, np.nan, needed) if missing.any() else needed


def newcombe_interval(k1, n1, k2, n2):
    """Return Newcombe's 95% interval for k1/n1 - k2/n2, two independent proportions.

    Joined from the two Wilson intervals, so that it holds for few projects and at 0% and 100%, and
    never leaves -1 to 1.

    Parameters
    ----------
    k1, n1, k2, n2 : array-like of int
        Counts of the two groups, 0 ≤ k ≤ n; no project in both.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits, -1 to 1; NaN where a group has no projects.

    Raises
    ------
    ValueError
        If a count is not a whole number from 0, or more than its denominator.

    Notes
    -----
    Newcombe (1998), Statistics in Medicine 17:873, method 10.

    Examples
    --------
    >>> lower, upper = newcombe_interval([56, 10], [70, 10], [48, 0], [80, 10])
    >>> lower.round(4).tolist(), upper.round(4).tolist()
    ([0.0524, 0.6075], [0.3339, 1.0])
    """
    k1, n1, k2, n2 = np.broadcast_arrays(
        *(read_counts(x, name) for name, x in {"k1": k1, "n1": n1, "k2": k2, "n2": n2}.items())
    )
    k, n = check_counts([k1, k2], [n1, n2])
    return weighted_limits(
        np.reshape([1.0, -1.0], (2, *[1] * k1.ndim)), k / n, *wilson_interval(k, n)
    )


def weighted_limits(weights, rates, lower, upper):
    """Return the limits of the weighted sum over the first axis, from each rate's own limits."""
    down = np.where(weights >= 0, rates - lower, upper - rates)
    up = np.where(weights >= 0, upper - rates, rates - lower)
    centre = (weights * rates).sum(axis=0)
    ends = (np.sqrt((weights**2 * arm**2).sum(axis=0)) for arm in (down, up))
    low, high = (centre + sign * end for sign, end in zip((-1, 1), ends, strict=True))
    floor = -1.0 if np.any(weights < 0) else 0.0
    return np.clip(low, floor, 1), np.clip(high, floor, 1)


def fisher_p_values(k1, n1, k2, n2) -> list[float]:
    """Return Fisher's exact p-value for each pair of groups, two-sided; NaN without projects.

    They are ``scipy.stats.fisher_exact``'s, which takes twenty times as long: a page compares each
    of all directorates with the rest.

    >>> [round(p, 4) for p in fisher_p_values([8, 3], [9, 3], [2, 0], [7, 0])]
    [0.035, nan]
    """
    tables = np.column_stack([k1, n1, k2, n2]).astype("int64")
    return [_fisher_p_value(*table) if table[1] and table[3] else np.nan for table in tables]


def _fisher_p_value(k1: int, n1: int, k2: int, n2: int) -> float:
    """Return how often chance gives a count as unlikely as k1 of n1, at the same totals."""
    from scipy.special import betaln

    def log_ways(among, chosen):
        return -np.log(among + 1) - betaln(chosen + 1, among - chosen + 1)

    total = k1 + k2
    least, most = max(0, total - n2), min(n1, total)
    # further from the mean no count has a chance that a double can hold (Hoeffding 1963)
    reach = int(WIDEST * min(n1, n2, total, n1 + n2 - total) ** 0.5) + 1
    mean = total * n1 // (n1 + n2)
    counts = np.arange(max(least, mean - reach), min(most, mean + reach + 1) + 1)
    chances = np.exp(log_ways(n1, counts) + log_ways(n2, total - counts) - log_ways(n1 + n2, total))
    own = chances[counts == k1].sum()  # 0 if it lies further out
    return min(1.0, float(chances[chances <= own * (1 + ROUNDING)].sum()))
