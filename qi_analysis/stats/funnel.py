"""Funnels: which groups differ from the whole by more than chance and usual spread?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.text import percent
from .proportions import check_counts, wilson_interval
from .rates import format_counts

LEVELS = {"2s": 0.95, "3s": 0.998}  # two-sided shares inside the inner and outer limits
SHARES = {  # of groups below each limit
    f"{end}_{name}": (1 + way * level) / 2
    for name, level in LEVELS.items()
    for end, way in (("lower", -1), ("upper", 1))
}
MOST_ALIKE = 1e6  # the prior's size where groups do not differ by more than chance
TRIM = 0.1  # share of z scores pulled in at each end
OVERDISPERSION = ("auto", True, False)


def add_funnel(
    rates: pd.DataFrame,
    *,
    target: float | None = None,
    overdispersion: str | bool = "auto",
) -> pd.DataFrame:
    """Add funnel limits around the overall rate, and where each group lies.

    Parameters
    ----------
    rates : DataFrame
        A row a group, with ``numerator, denominator``.
    target : float, optional
        The baseline (0-1) instead of the overall rate.
    overdispersion : {"auto", True, False}
        Whether the limits allow for groups that differ by more than chance for reasons that no
        register knows (Spiegelhalter 2005): ``"auto"`` where τ² > 0, and then never so little
        that they lie within the exact ones; True as published.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``baseline``
            Overall rate or target (0-1).
        ``lower_2s``, ``upper_2s``, ``lower_3s``, ``upper_3s``
            Limits (0-1) that hold 95% and 99.8% of groups that do not differ: exact binomial, or
            overdispersed. Missing where the denominator is 0.
        ``position``
            ``within``, ``high_2s``, ``low_2s``, ``high_3s`` or ``low_3s``: strictly beyond which.
        ``z``
            Standardised difference from the baseline on the arcsine scale, with τ² where used.
        ``phi``, ``tau2``
            Overdispersion of all groups together: φ (1 is chance alone), and the τ² that the limits
            allow for.

    Notes
    -----
    Exact limits, never the arcsine approximation, which at 3 projects gives 28% false alarms. In
    overdispersed limits the angle is held within 0 and a right angle; else the limits of small
    groups wrap round (as FunnelPlotR 0.6.0's do) and 1 of 1 and 5 of 5 are flagged.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24:1185 and Quality and Safety in Health Care
    14:347.

    Examples
    --------
    >>> rates = pd.DataFrame({"numerator": [3, 38, 95], "denominator": [3, 40, 200]})
    >>> add_funnel(rates, overdispersion=False)[["lower_3s", "upper_3s", "position"]].round(3)
       lower_3s  upper_3s position
    0     0.000     1.000   within
    1     0.325     0.800  high_3s
    2     0.450     0.665   low_2s
    """
    if overdispersion not in OVERDISPERSION:
        raise OptionError(
            f"`overdispersion` must be 'auto', True or False; not '{overdispersion}'."
        )
    if target is not None and not 0 <= target <= 1:
        raise OptionError(f"`target` must lie between 0 and 1; not {target}.")
    k, n = check_counts(rates["numerator"], rates["denominator"])
    counted = ~np.isnan(n)
    overall = k[counted].sum() / n[counted].sum() if counted.any() else np.nan
    baseline = float(overall if target is None else target)
    z, phi, tau2 = _overdispersion(k, n, baseline)
    adjusted = overdispersion is True or (overdispersion == "auto" and tau2 > 0)
    used = tau2 if adjusted else 0.0
    limits_of = _adjusted_limits if overdispersion is True else _limits
    limits = limits_of(n, baseline, used)
    z = z / np.sqrt(1 + 4 * n * used)
    with np.errstate(invalid="ignore"):
        position = _positions(k / n, limits)
    return rates.assign(baseline=baseline, **limits, position=position, z=z, phi=phi, tau2=used)


def shrunken_rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Add each group's rate drawn towards the whole, the more so the fewer its projects.

    A beta-binomial model whose two parameters are fitted to all groups (empirical Bayes, maximum
    likelihood): the best guess of each group's own rate, where 3 of 3 is not yet 100%.

    Parameters
    ----------
    counts : DataFrame
        A row a group, with ``numerator, denominator``.

    Returns
    -------
    DataFrame
        The same rows and columns, and ``shrunken_rate``, ``shrunken_lower``, ``shrunken_upper``
        (0-1; 95% interval). Where groups do not differ by more than chance, all are given the
        overall rate. A group without projects gets the whole's.

    Notes
    -----
    The interval is the model's own for a group, joined with the Wilson interval of the overall rate
    by the weight that the group's guess gives to it: the rate that groups are drawn towards is
    itself known only from so many projects.

    Examples
    --------
    >>> counts = pd.DataFrame({"numerator": [3, 20, 60, 5], "denominator": [3, 100, 80, 50]})
    >>> shrunken_rates(counts)["shrunken_rate"].round(2).tolist()
    [0.8, 0.21, 0.74, 0.11]
    """
    from scipy.stats import beta

    k, n = check_counts(counts["numerator"], counts["denominator"])
    n = np.nan_to_num(n)
    overall = k.sum() / n.sum() if n.sum() else np.nan
    if not 0 < overall < 1 or (n > 0).sum() < 2:
        return counts.assign(shrunken_rate=overall, shrunken_lower=overall, shrunken_upper=overall)
    centre, size = _fit_prior(k, n, overall)
    a, b = k + centre * size, n - k + (1 - centre) * size
    rate, weight = a / (a + b), size / (a + b)
    low, high = (weight * abs(overall - limit) for limit in wilson_interval(k.sum(), n.sum()))
    lower = rate - np.hypot(rate - beta.ppf(0.025, a, b), low)
    upper = rate + np.hypot(beta.ppf(0.975, a, b) - rate, high)
    return counts.assign(
        shrunken_rate=rate, shrunken_lower=lower.clip(0, 1), shrunken_upper=upper.clip(0, 1)
    )


def _fit_prior(k: np.ndarray, n: np.ndarray, overall: float) -> tuple[float, float]:
    """Return the centre and size of the beta distribution that fits the groups best."""
    from scipy.optimize import minimize
    from scipy.special import betaln

    def natural(parameters):  # the centre is fitted on the logit scale, the size on the log scale
        return 1 / (1 + np.exp(-parameters[0])), np.exp(parameters[1])

    def minus_log_likelihood(parameters):
        centre, size = natural(parameters)
        a, b = centre * size, (1 - centre) * size
        return -np.sum(betaln(k + a, n - k + b) - betaln(a, b))

    start = [np.log(overall / (1 - overall)), np.log(10.0)]
    bounds = [(-15, 15), (np.log(0.01), np.log(MOST_ALIKE))]
    return natural(minimize(minus_log_likelihood, start, method="L-BFGS-B", bounds=bounds).x)


def format_shrunken(shrunken: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return a table for readers of each group's rate as counted, and the best guess of its own.

    No interval is given where there is one group alone, or the overall rate is 0% or 100%: there is
    then nothing to fit the model to, and its interval would have no width.

    Parameters
    ----------
    shrunken : DataFrame
        From :func:`shrunken_rates`.
    by : str
        The column that names the groups.

    Examples
    --------
    >>> counts = pd.DataFrame({"group": ["A", "B", "C"], "numerator": [3, 20, 60],
    ...                        "denominator": [3, 100, 80]})
    >>> format_shrunken(shrunken_rates(counts), "group")
       Meaningful  Projects  Rate Best guess  95% interval
    A           3         3  100%        83%  44% to 99.9%
    B          20       100   20%        21%    14% to 29%
    C          60        80   75%        75%    65% to 83%
    """
    limits = zip(shrunken["shrunken_lower"], shrunken["shrunken_upper"], strict=True)
    table = {
        "Meaningful": shrunken["numerator"].tolist(),
        "Projects": shrunken["denominator"].tolist(),
        "Rate": (shrunken["numerator"] / shrunken["denominator"]).map(percent).tolist(),
        "Best guess": shrunken["shrunken_rate"].map(percent).tolist(),
        "95% interval": [f"{percent(a)} to {percent(b)}" if a < b else "none" for a, b in limits],
    }
    return pd.DataFrame(table, index=shrunken[by].tolist())


def describe_funnel(funnel: pd.DataFrame, by: str = "directorate") -> str:
    """Describe which groups lie outside the funnel, and which lie far out but not beyond doubt.

    Parameters
    ----------
    funnel : DataFrame
        From :func:`add_funnel`.
    by : str
        The column that names the groups.

    Examples
    --------
    >>> funnel = add_funnel(pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [3, 38, 95],
    ...     "denominator": [3, 40, 200]}), overdispersion=False)
    >>> print(describe_funnel(funnel))
    Of 3 groups, 1 lies above what chance explains around the overall 56% (B, 38 of 40) and none
    below. Further out than most, but not beyond doubt: C (95 of 200).
    """
    counted = funnel[funnel["denominator"] > 0]
    if counted.empty:
        return "There are no projects to compare."
    if len(counted) == 1:
        return "There is one group only, so there is nothing to compare it with."
    high, low = (_named(counted, position, by, "{}, {}") for position in ("high_3s", "low_3s"))
    near = [*_named(counted, "high_2s", by, "{} ({})"), *_named(counted, "low_2s", by, "{} ({})")]
    overall = percent(counted["baseline"].iloc[0])
    sentence = (
        f"Of {len(counted)} groups, {len(high) or 'none'} {'lies' if len(high) < 2 else 'lie'} "
        f"above what chance explains around the overall {overall}{_in_brackets(high)} "
        f"and {len(low) or 'none'} below{_in_brackets(low)}."
    )
    if not near:
        return sentence
    return f"{sentence} Further out than most, but not beyond doubt: {', '.join(near)}."


def _named(counted: pd.DataFrame, position: str, by: str, written: str) -> list[str]:
    return [
        written.format(row[by], format_counts(row))
        for _, row in counted[counted["position"] == position].iterrows()
    ]


def _in_brackets(names: list[str]) -> str:
    return f" ({'; '.join(names)})" if names else ""


def _overdispersion(k: np.ndarray, n: np.ndarray, baseline: float) -> tuple:
    """Return z scores on the arcsine scale, φ and τ² (additive random effects, winsorised z)."""
    with np.errstate(invalid="ignore"):
        z = 2 * np.sqrt(n) * (np.arcsin(np.sqrt(k / n)) - np.arcsin(np.sqrt(baseline)))
    known = z[~np.isnan(z)]
    groups = len(known)
    if groups < 2:
        return z, np.nan, 0.0
    low, high = np.quantile(known, [TRIM, 1 - TRIM])
    phi = float(np.mean(np.clip(known, low, high) ** 2))
    weight = 4 * n[~np.isnan(z)]
    spread = weight.sum() - (weight**2).sum() / weight.sum()
    tau2 = (groups * phi - (groups - 1)) / spread if groups * phi >= groups - 1 else 0.0
    return z, phi, max(0.0, float(tau2))


def funnel_limits(denominator, baseline: float, tau2: float = 0.0) -> pd.DataFrame:
    """Return a funnel's limits at any denominators, to draw its lines.

    Parameters
    ----------
    denominator : array-like
        Projects.
    baseline : float
        0-1.
    tau2 : float
        Of an overdispersed funnel, whose limits are never within the exact binomial ones.

    Returns
    -------
    DataFrame
        A row a denominator: ``lower_2s``, ``upper_2s``, ``lower_3s``, ``upper_3s`` (0-1).

    Examples
    --------
    >>> funnel_limits([10], 0.5)
       lower_2s  upper_2s  lower_3s  upper_3s
    0       0.2       0.8       0.1       0.9
    """
    return pd.DataFrame(_limits(np.asarray(denominator, float), baseline, tau2))


def _limits(n: np.ndarray, baseline: float, tau2: float) -> dict:
    """Return exact limits, or overdispersed ones where these are wider."""
    exact = _exact_limits(n, baseline)
    if tau2 == 0:
        return exact
    adjusted = _adjusted_limits(n, baseline, tau2)
    wider = {"lower": np.minimum, "upper": np.maximum}
    return {
        name: wider[name.partition("_")[0]](limit, adjusted[name]) for name, limit in exact.items()
    }


def _adjusted_limits(n: np.ndarray, baseline: float, tau2: float) -> dict:
    from scipy.stats import norm

    centre, spread = np.arcsin(np.sqrt(baseline)), np.sqrt(1 / (4 * n) + tau2)
    angles = {name: centre + norm.ppf(share) * spread for name, share in SHARES.items()}
    return {name: np.sin(np.clip(angle, 0, np.pi / 2)) ** 2 for name, angle in angles.items()}


def _exact_limits(n: np.ndarray, baseline: float) -> dict:
    """Return the shares that a group of n from the baseline leaves, at most, so often."""
    from scipy.stats import binom

    return {name: binom.ppf(share, n, baseline) / n for name, share in SHARES.items()}


def _positions(rate: np.ndarray, limits: dict) -> np.ndarray:
    far, near = (
        (rate < limits[f"lower_{name}"], rate > limits[f"upper_{name}"]) for name in ("3s", "2s")
    )
    words = ["low_3s", "high_3s", "low_2s", "high_2s"]
    return np.select([*far, *near], words, "within")
