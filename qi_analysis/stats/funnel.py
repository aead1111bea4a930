"""Funnels: which groups differ from the whole by more than chance and usual spread?"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame, format_interval, format_percents, pair_counts, read_counts
from ..core.schema import COUNTS, FEWEST, NO_DIRECTORATES
from ..core.text import count_of, format_share, percent
from .proportions import binomial_quantiles, check_counts
from .rates import format_counts, list_names, parse_aim, parse_target

LEVELS = {"2s": 0.95, "3s": 0.998}  # two-sided shares inside the inner and outer limits
SHARES = {  # of groups below each limit
    f"{end}_{name}": (1 + way * level) / 2
    for name, level in LEVELS.items()
    for end, way in (("lower", -1), ("upper", 1))
}
GRID, ROUNDS = 24, 4  # points of a prior's mean and of its spread; how often they are drawn closer
LIKELY = 10  # natural logarithm of how much less likely than the best a prior may be
BINS = 1000  # of a rate, from 0 to 1
TRIM = 0.1  # share of z scores pulled in at each end
OVERDISPERSION = ("auto", True, False)


def add_funnel(
    rates: pd.DataFrame,
    *,
    by: str = "directorate",
    target: float | str | None = None,
    overdispersion: str | bool = "auto",
) -> pd.DataFrame:
    """Add funnel limits around the overall rate, and which groups differ from it.

    Parameters
    ----------
    rates : DataFrame
        A row a group, with ``numerator, denominator``.
    by : str
        The column that names the groups. Rows that are no directorate ("Not recorded",
        "Unrecognised", "Joint") count in the overall rate and are not tested; without the column,
        all are.
    target : float or str, optional
        An external baseline (0-1, or text such as ``"80%"``) instead of the overall rate. Limits
        round it are exact: a miss by all groups is a miss, and no usual spread.
    overdispersion : {"auto", True, False}
        Whether the limits allow for groups that differ by more than chance for reasons that no
        register knows (Spiegelhalter 2005): ``"auto"`` where τ² > 0, and then never so little
        that they lie within the exact ones; True as published.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``baseline``, ``target``
            Overall rate or target (0-1); the target, missing where none is given.
        ``lower_2s``, ``upper_2s``, ``lower_3s``, ``upper_3s``
            Limits (0-1) that hold 95% and 99.8% of groups that do not differ: exact binomial, or
            overdispersed. Missing where the denominator is 0.
        ``position``
            ``higher`` or ``lower``: strictly beyond the 99.8% limits; ``within``; ``too_few``: of
            fewer than 5 projects; empty for rows that are no directorate.
        ``z``
            Standardised difference from the baseline on the arcsine scale, with τ² where used.
        ``phi``, ``tau2``
            Overdispersion of all groups together: φ (1 is chance alone), and the τ² that the limits
            allow for.

    Raises
    ------
    ValueError
        For an unknown option, a target that is no share, or one with ``overdispersion=True``.

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
    0     0.000     1.000  too_few
    1     0.325     0.800   higher
    2     0.450     0.665   within
    """
    rates = check_frame(rates, *COUNTS)
    if overdispersion not in OVERDISPERSION:
        raise OptionError(
            f"`overdispersion` must be 'auto', True or False; not '{overdispersion}'."
        )
    aimed = parse_target(target)
    if overdispersion is True and aimed == aimed:
        raise OptionError("Limits round a `target` are never widened; leave out `overdispersion`.")
    k, n = check_counts(rates["numerator"], rates["denominator"])
    tested = _are_tested(rates, by, k / n)
    overall = k[~np.isnan(k)].sum() / np.nansum(n[~np.isnan(k)]) if tested.any() else np.nan
    baseline = overall if np.isnan(aimed) else aimed
    z, phi, tau2 = _overdispersion(k, n, baseline, tested)
    adjusted = np.isnan(aimed) and (overdispersion is True or (overdispersion and tau2 > 0))
    used = tau2 if adjusted else 0.0
    limits_of = _adjusted_limits if overdispersion is True else _limits
    limits = limits_of(n, baseline, used)
    return rates.assign(
        baseline=baseline,
        target=aimed,
        **limits,
        position=_positions(k, n, limits, tested),
        z=z / np.sqrt(1 + 4 * n * used),
        phi=phi,
        tau2=used,
    )


def _are_tested(counts: pd.DataFrame, by: str, rate: np.ndarray) -> np.ndarray:
    """Find the groups that have a rate, and are directorates, or whatever ``by`` names."""
    named = ~counts[by].isin(NO_DIRECTORATES).to_numpy() if by in counts else True
    return ~np.isnan(rate) & named


def _positions(k: np.ndarray, n: np.ndarray, limits: dict, tested: np.ndarray):
    with np.errstate(invalid="ignore"):
        kinds = [~tested, n < FEWEST, k / n < limits["lower_3s"], k / n > limits["upper_3s"]]
    return pd.array(np.select(kinds, ["", "too_few", "lower", "higher"], "within"), dtype="str")


# --- shrunken rates -------------------------------------------------------------------------------


def shrunken_rates(counts: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Add each group's rate drawn towards the whole, the more so the fewer its projects.

    The best guess of each group's own rate, where 3 of 3 is not yet 100%. Groups' rates are taken
    as drawn from a beta distribution whose mean and spread are not known either: every pair of
    these counts by how well it explains all groups (full Bayes), uniform beforehand on the mean
    and on the intra-group correlation. Limits that take the best pair for known (empirical Bayes)
    are too narrow, and hold the true rate of 80% of groups instead of 95%.

    Parameters
    ----------
    counts : DataFrame
        A row a group, with ``numerator, denominator``.
    by : str
        The column that names the groups. "Not recorded", "Unrecognised" and "Joint" are none.

    Returns
    -------
    DataFrame
        The same rows and columns, and ``shrunken``, ``shrunken_lower``, ``shrunken_upper`` (0-1;
        the mean and the 95% limits of what the rate may be, to about a tenth of a point). Missing
        where there is no project, and for rows that are no directorate.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> counts = pd.DataFrame({"numerator": [3, 20, 60, 5], "denominator": [3, 100, 80, 50]})
    >>> shrunken_rates(counts).filter(like="shrunken").round(2)
       shrunken  shrunken_lower  shrunken_upper
    0      0.83            0.38            1.00
    1      0.20            0.13            0.29
    2      0.74            0.64            0.83
    3      0.11            0.04            0.21
    """
    counts = check_frame(counts, *COUNTS)
    k, n = check_counts(counts["numerator"], counts["denominator"])
    tested = _are_tested(counts, by, k / n)
    added = np.full((3, len(counts)), np.nan)
    if tested.any():
        pairs, which = np.unique(np.stack([k, n])[:, tested], axis=1, return_inverse=True)
        times = tuple(np.bincount(which.ravel()).tolist())
        added[:, tested] = _posterior(tuple(map(tuple, pairs.tolist())), times)[:, which.ravel()]
    columns = ("shrunken", "shrunken_lower", "shrunken_upper")
    return counts.assign(**dict(zip(columns, added, strict=True)))


@lru_cache(8)  # half of the time of all findings, which are asked for again at each choice
def _posterior(known: tuple, times: tuple) -> np.ndarray:
    """Return the mean and limits of the rate behind each pair of counts, seen so many times."""
    from scipy.special import betainc, logsumexp, xlog1py, xlogy

    pairs = np.array(known)
    k, n = pairs[:, :, None]
    a, b, log_weight = _weigh_priors(pairs, np.array(times))
    mean = np.exp(log_weight) @ ((k + a) / (n + a + b)).T
    # of each pair the others' weights, times the prior's share of each bin, times its own chance
    others = log_weight - _log_chances(k, n, a, b)
    others = np.exp(others - logsumexp(others, axis=1, keepdims=True))
    edges = np.sin(np.linspace(0, np.pi / 2, BINS + 1)) ** 2
    share = np.diff(betainc(a[:, None], b[:, None], edges), axis=1)
    rate = (edges[1:] + edges[:-1]) / 2
    own = xlogy(k, rate) + xlog1py(n - k, -rate)
    mass = (others @ share) * np.exp(own - own.max(axis=1, keepdims=True))
    below = np.insert(np.cumsum(mass, axis=1), 0, 0, axis=1)
    limits = [[np.interp(end * row[-1], row, edges) for row in below] for end in (0.025, 0.975)]
    return np.array([mean, *limits])


def _weigh_priors(pairs: np.ndarray, times: np.ndarray) -> tuple:
    """Return beta distributions on a grid, and the logarithm of how likely the counts make each.

    The grid is even in the angle of the mean and in the cube root of the intra-group correlation,
    and is drawn closer round what is likely, time and again.
    """
    k, n = pairs[:, :, None]
    ends = np.array([[0.0, 1.0], [0.0, 1.0]])
    for _ in range(ROUNDS):
        step = (ends[:, 1] - ends[:, 0]) / GRID
        at = ends[:, :1] + (np.arange(GRID) + 0.5) * step[:, None]
        angle, root = (axis.ravel() for axis in np.meshgrid(*at, indexing="ij"))
        mean, alike = np.sin(angle * np.pi / 2) ** 2, root**3
        a, b = (share * (1 - alike) / alike for share in (mean, 1 - mean))
        log_weight = times @ _log_chances(k, n, a, b)
        log_weight += np.log(np.sin(angle * np.pi) * root**2)  # so that both are uniform
        likely = log_weight > log_weight.max() - LIKELY
        near = np.stack([angle, root])[:, likely]
        ends = np.stack([near.min(axis=1) - 1.5 * step, near.max(axis=1) + 1.5 * step], axis=1)
        ends = ends.clip(0, 1)
    chosen = log_weight[likely]
    return a[likely], b[likely], chosen - np.log(np.exp(chosen - chosen.max()).sum()) - chosen.max()


def _log_chances(k, n, a, b) -> np.ndarray:
    """Return the logarithm of a beta-binomial's chance, but for the ways to choose."""
    from scipy.special import betaln

    return betaln(k + a, n - k + b) - betaln(a, b)


def format_shrunken(shrunken: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return a table for readers of each group's rate as counted, and the best guess of its own.

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
    >>> format_shrunken(shrunken_rates(counts, "group"), "group")
       Meaningful  Projects   Rate Best guess       95% interval
    A           3         3   100%        85%  42% to over 99.9%
    B          20       100    20%        21%         13% to 29%
    C          60        80  75.0%      74.6%     64.6% to 83.4%
    """
    shrunken = check_frame(
        shrunken,
        *COUNTS,
        "shrunken shrunken_lower shrunken_upper",
        by=by,
        named=True,
        step="shrunken_rates",
    )
    rates = shrunken[["shrunken", "shrunken_lower", "shrunken_upper"]]
    shown = format_percents(rates.assign(rate=shrunken["numerator"] / shrunken["denominator"]))
    interval = format_interval(shown["shrunken_lower"], shown["shrunken_upper"])
    table = {
        "Meaningful": shrunken["numerator"].tolist(),
        "Projects": shrunken["denominator"].tolist(),
        "Rate": shown["rate"].tolist(),
        "Best guess": shown["shrunken"].tolist(),
        "95% interval": interval.tolist(),
    }
    return pd.DataFrame(table, index=shrunken[by].tolist())


def describe_shrunken(
    shrunken: pd.DataFrame, level: float | str | Fraction, by: str = "directorate"
) -> str:
    """Describe how many groups are likely below a rate: a group of groups, and no furthest one.

    The lowest of many rates is the lowest by bad luck too, and stands elsewhere a year later.

    Parameters
    ----------
    shrunken : DataFrame
        From :func:`shrunken_rates`.
    level : float, str or Fraction
        The rate, such as ``"40%"``. Groups whose upper limit lies below it are likely below.
    by : str
        The column that names the groups, and what a group is.

    Examples
    --------
    >>> counts = pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [3, 20, 60],
    ...                        "denominator": [3, 100, 80]})
    >>> describe_shrunken(shrunken_rates(counts), "40%")
    '1 directorate is likely below 40% (B).'
    """
    shrunken = check_frame(shrunken, "shrunken_upper", by=by, named=True, step="shrunken_rates")
    goal = parse_aim(level)
    below = shrunken.loc[shrunken["shrunken_upper"] < float(goal), by].astype(str).tolist()
    noun = by.replace("_", " ")
    if not below:
        return f"No {noun} is likely below {format_share(goal)}."
    those = count_of(len(below), f"{noun} is", f"{noun}s are")
    return f"{those} likely below {format_share(goal)}{list_names(below)}."


def describe_funnel(funnel: pd.DataFrame, by: str = "directorate") -> str:
    """Describe which groups differ from the whole, or from a target, by more than chance.

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
    Of 2 groups with at least 5 projects, 1 is higher than the overall 56% (B, 38 of 40), and none
    is lower. That is by more than chance.
    """
    funnel = check_funnel(funnel, by)
    counted = funnel[(funnel["denominator"] > 0) & (funnel["position"] != "")]
    tested = counted[counted["position"] != "too_few"]
    aimed = funnel["target"].notna().any()
    if counted.empty:
        return "There are no projects to compare."
    if len(counted) == 1 and not aimed:
        return "There is one group only, so there is nothing to compare it with."
    if tested.empty:
        return f"No group has the {FEWEST} projects that it takes to compare it."
    groups = count_of(len(tested), "group")
    if len(tested) < len(counted):
        groups = f"{groups} with at least {FEWEST} projects"
    round_what, first = "the target of" if aimed else "the overall", tested.iloc[0]
    usual = " and the usual spread between groups" if first["tau2"] > 0 else ""
    level = (format_share if aimed else percent)(first["baseline"])
    than, chance = f"{round_what} {level}", f"more than chance{usual}"
    return _describe_positions(tested, groups, than, chance, by)


def check_funnel(funnel: pd.DataFrame, by: str) -> pd.DataFrame:
    """Return a funnel as it ought to be, or refuse it; each row with projects has a centre."""
    read = (*COUNTS, "baseline target position tau2")
    funnel = check_frame(funnel, *read, by=by, named=True, step="add_funnel").pipe(pair_counts)
    check_frame(funnel[funnel["denominator"] > 0], "baseline tau2", filled="baseline tau2")
    return funnel


def _describe_positions(tested: pd.DataFrame, groups: str, than: str, chance: str, by: str) -> str:
    """Describe how many groups lie above and below, each with its counts."""
    found = {
        position: [
            f"{row[by]}, {format_counts(row)}"
            for _, row in tested[tested["position"] == position].iterrows()
        ]
        for position in ("higher", "lower")
    }
    if not any(found.values()):
        return f"None of {groups} differs from {than} by {chance}."
    (first, firsts), (second, seconds) = sorted(found.items(), key=lambda each: not each[1])
    others = f" ({'; '.join(seconds)})" if seconds else ""
    return (
        f"Of {groups}, {_are(firsts)} {first} than {than} ({'; '.join(firsts)}), and "
        f"{_are(seconds)} {second}{others}. That is by {chance}."
    )


def _are(names: list[str]) -> str:
    return f"{len(names) or 'none'} {'are' if len(names) > 1 else 'is'}"


def _overdispersion(k: np.ndarray, n: np.ndarray, baseline: float, tested: np.ndarray) -> tuple:
    """Return z scores on the arcsine scale, φ and τ² (additive random effects, winsorised z)."""
    with np.errstate(invalid="ignore"):
        z = 2 * np.sqrt(n) * (np.arcsin(np.sqrt(k / n)) - np.arcsin(np.sqrt(baseline)))
    known = z[tested]
    groups = len(known)
    if groups < 2:
        return z, np.nan, 0.0
    low, high = np.quantile(known, [TRIM, 1 - TRIM])
    phi = float(np.mean(np.clip(known, low, high) ** 2))
    weight = 4 * n[tested]
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

    Raises
    ------
    ValueError
        If a denominator is not a whole number from 0.

    Examples
    --------
    >>> funnel_limits([10], 0.5)
       lower_2s  upper_2s  lower_3s  upper_3s
    0       0.2       0.8       0.1       0.9
    """
    return pd.DataFrame(_limits(read_counts(denominator, "denominator"), baseline, tau2))


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
    from scipy.special import ndtri

    centre, spread = np.arcsin(np.sqrt(baseline)), np.sqrt(1 / (4 * n) + tau2)
    angles = {name: centre + ndtri(share) * spread for name, share in SHARES.items()}
    return {name: np.sin(np.clip(angle, 0, np.pi / 2)) ** 2 for name, angle in angles.items()}


def _exact_limits(n: np.ndarray, baseline: float) -> dict:
    """Return the shares that a group of n from the baseline leaves, at most, so often."""
    return {name: binomial_quantiles(share, n, baseline) / n for name, share in SHARES.items()}
