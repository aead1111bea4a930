"""Differences between groups and periods: how large, by more than chance, and made of what.

A difference of two rates is given in points (46% to 82% is 36 points) and in relative terms (78%
more), each by its name, for the two are often taken for each other.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .profile import OptionError
from .rates import MOST_NAMED, are_over, period_months, wilson_interval
from .words import count_of, format_period, k_of_n, listed, percent

COUNTS = ["numerator", "denominator"]
FALSE_ALARMS = 0.05  # the expected share of false ones among the groups said to differ
ROUNDING = 1e-7  # relative: chances that differ by less are equal, as R's fisher.test takes them
REST = "the rest"
MORE_THAN_CHANCE = "That is more than chance explains."
COULD_BE_CHANCE = "Chance alone could give this difference, so the two cannot be told apart."
TOO_FEW = "There are too few projects to tell this difference from chance."
ONE_OF_MANY = "Among so many groups compared, chance alone could give one such difference."


def newcombe_interval(k1, n1, k2, n2, confidence: float = 0.95):
    """Give Newcombe's interval for the difference of two independent proportions, k1/n1 - k2/n2.

    Joined from the two Wilson intervals, so that it holds for few projects and at 0% and 100%, and
    never leaves -1 to 1.

    Parameters
    ----------
    k1, n1, k2, n2 : array-like of int
        Counts of the two groups, 0 ≤ k ≤ n; no project in both.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    tuple of ndarray
        Lower and upper limits, -1 to 1; NaN where a group has no projects.

    Notes
    -----
    Newcombe (1998), Statistics in Medicine 17:873, method 10.

    Examples
    --------
    >>> lower, upper = newcombe_interval([56, 10], [70, 10], [48, 0], [80, 10])
    >>> lower.round(4).tolist(), upper.round(4).tolist()
    ([0.0524, 0.6075], [0.3339, 1.0])
    """
    k1, n1, k2, n2 = np.broadcast_arrays(*(np.asarray(x, float) for x in (k1, n1, k2, n2)))
    k, n = np.stack([k1, k2]), np.stack([n1, n2])
    limits = wilson_interval(k, n, confidence)
    rates = k / np.where(n > 0, n, np.nan)
    return _weighted_limits(np.reshape([1.0, -1.0], (2, *[1] * k1.ndim)), rates, *limits)


def compare_rates(counts: pd.DataFrame, by: str, against: str) -> pd.DataFrame:
    """Compare each group with one of them.

    Parameters
    ----------
    counts : DataFrame
        A row a group, with ``numerator, denominator``; no project in two groups.
    by : str
        The column that names the groups.
    against : str
        The group that the others are compared with.

    Returns
    -------
    DataFrame
        A row for each other group:

        ``group``, ``against``
            What is compared with what.
        ``numerator``, ``denominator``, ``rate``
            Of the group (rate 0-1; NaN without projects).
        ``numerator_against``, ``denominator_against``, ``rate_against``
            Of what it is compared with.
        ``points``, ``points_lower``, ``points_upper``
            The difference in percentage points, positive where the group's rate is higher, and its
            95% limits (see :func:`newcombe_interval`).
        ``relative``
            The difference as a share of the other rate: 0.78 is 78% more. NaN where that is 0.
        ``verdict``
            ``more`` or ``fewer`` if the interval leaves out 0 and Fisher's exact test gives at
            most 1 in 20, as the interval of few projects is too short; else ``cannot_tell``.

    Examples
    --------
    >>> counts = pd.DataFrame({"year": ["2022", "2023"], "numerator": [92, 164],
    ...                        "denominator": [200, 200]})
    >>> compare_rates(counts, "year", "2022")[["points", "relative", "verdict"]].round(2)
       points  relative verdict
    0    36.0      0.78    more
    """
    chosen = counts[by] == against
    if chosen.sum() != 1:
        raise OptionError(f"`against` must name one group of `{by}`; not '{against}'.")
    others = counts[~chosen]
    return _differences(others[by], others, against, counts[chosen])


def compare_periods(counts: pd.DataFrame, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """Compare each period with the one before it.

    The periods' projects must differ, as they do where projects are counted by their start. Live
    projects counted on two days are mostly the same ones, and no such interval holds for them.

    Parameters
    ----------
    counts : DataFrame
        A row a period, with ``period`` (first days), ``numerator``, ``denominator``.
    as_of : Timestamp, optional
        The day the register describes: a period that is not over by then is left out.

    Returns
    -------
    DataFrame
        A row for each period but the first, with the columns of :func:`compare_rates`.

    Examples
    --------
    >>> counts = pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01", "2021-04-01"]),
    ...                        "numerator": [20, 45, 1], "denominator": [100, 100, 3]})
    >>> compare_periods(counts, pd.Timestamp("2021-05-04"))[["group", "against", "points"]]
         group  against  points
    0  2020/21  2019/20    25.0
    """
    counts = counts.sort_values("period", ignore_index=True)
    step = period_months(counts["period"]) or 12
    counts = counts[are_over(counts["period"], step, as_of)]
    names = np.array([format_period(day, step) for day in counts["period"]], dtype=object)
    return _differences(names[1:], counts[1:], names[:-1], counts[:-1])


def compare_to_rest(counts: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Compare each group with all the others together, and tell which differ by more than chance.

    Where twenty groups are tested, one is expected to stand out by chance alone; so the p-values
    are adjusted, and of the groups said to differ no more than 1 in 20 is expected to be a false
    alarm. For the rate of a small group itself, see :func:`shrunken_rates`.

    Parameters
    ----------
    counts : DataFrame
        A row a group, with ``numerator, denominator``; no project in two groups.
    by : str
        The column that names the groups.

    Returns
    -------
    DataFrame
        A row a group, with the columns of :func:`compare_rates` and

        ``p_value``
            Fisher's exact test of the group against the rest, two-sided; NaN where either has no
            projects.
        ``p_adjusted``
            By Benjamini and Hochberg's method, over the groups that were tested.
        ``differs``
            ``p_adjusted`` is at most 0.05.

    Notes
    -----
    Exact, so that three projects raise no more false alarms than three hundred. The interval is of
    one comparison and is not adjusted: it may leave out 0 where ``differs`` is False.
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57:289.

    Examples
    --------
    >>> counts = pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [12, 20, 1],
    ...                        "denominator": [12, 50, 1]})
    >>> compare_to_rest(counts)[["group", "points", "p_value", "p_adjusted", "differs"]].round(4)
      group   points  p_value  p_adjusted  differs
    0     A  58.8235   0.0002      0.0002     True
    1     B -60.0000   0.0001      0.0002     True
    2     C  48.3871   1.0000      1.0000    False
    """
    rest = counts[COUNTS].sum() - counts[COUNTS]
    compared = _differences(counts[by], counts, REST, rest)
    p = pd.Series(_exact_tests(compared), compared.index)
    adjusted = _adjusted(p)
    return compared.assign(p_value=p, p_adjusted=adjusted, differs=adjusted <= FALSE_ALARMS)


def set_apart(counts: pd.DataFrame, by: str, group: str) -> pd.DataFrame:
    """Name every group but one "the rest", to compare the one with all the others.

    Parameters
    ----------
    counts : DataFrame
        A row a group, or a group and stratum.
    by : str
        The column that names the groups.
    group : str
        The one to set apart; where no row has it, all are the rest.

    Returns
    -------
    DataFrame
        The same rows and columns; several rows may now bear one name.

    Examples
    --------
    >>> counts = pd.DataFrame({"programme": ["practicum", "coaching", "none"]})
    >>> set_apart(counts, "programme", "practicum")["programme"].tolist()
    ['practicum', 'the rest', 'the rest']
    """
    return counts.assign(**{by: counts[by].where(counts[by] == group, REST)})


def standardise_rates(
    counts: pd.DataFrame,
    by: str,
    strata: str,
    *,
    standard: pd.DataFrame | None = None,
    common: bool = False,
) -> pd.DataFrame:
    """Give each group the rate it would have if its projects were mixed as the whole's are.

    Direct standardisation: a group's rate in each stratum, weighted by the stratum's share of the
    standard's projects. A stratum in which a group has no project has no rate there; it is left
    out for that group, the other weights sum to 1 without it, and the row says so.

    Parameters
    ----------
    counts : DataFrame
        A row a group and stratum, with ``numerator, denominator``.
    by, strata : str
        The columns that name the groups and the strata.
    standard : DataFrame, optional
        A row a stratum, with ``denominator``: the mix to weight by. All groups together without it.
    common : bool
        Leave out for every group what is left out for one, so that groups can be compared.

    Returns
    -------
    DataFrame
        A row a group:

        the column of ``by``, ``numerator``, ``denominator``, ``rate``
            As counted, all strata.
        ``standardised_rate``, ``lower_cl``, ``upper_cl``
            0-1, and its 95% limits; NaN where no stratum is left.
        ``share_used``
            Share (0-1) of the standard's projects in the strata that were used.
        ``left_out``
            The names of the strata that were not, apart by "; "; empty if none.

    Notes
    -----
    The limits join the strata's Wilson intervals by their squared weights (Zou, Huang and Zhang
    2009, Computational Statistics and Data Analysis 53:1080), as Newcombe's interval joins two: for
    one stratum it is Wilson's, and at 0% and 100% it has a width and stays within 0-100%.

    Examples
    --------
    >>> counts = pd.DataFrame({"programme": ["practicum"] * 2 + ["the rest"] * 2,
    ...     "kind": ["clinical", "corporate"] * 2, "numerator": [18, 1, 20, 4],
    ...     "denominator": [20, 2, 40, 40]})
    >>> standardise_rates(counts, "programme", "kind").iloc[:, [0, 3, 4, 5, 6]].round(3)
       programme   rate  standardised_rate  lower_cl  upper_cl
    0  practicum  0.864              0.735     0.531     0.908
    1   the rest  0.300              0.335     0.245     0.438
    """
    cells = counts.groupby([by, strata], dropna=False)[COUNTS].sum()
    tables = [cells[name].unstack(strata, fill_value=0) for name in COUNTS]
    names, (k, n) = tables[1].columns, (table.to_numpy(float).T for table in tables)
    mix = n.sum(axis=1) if standard is None else _mix(standard, strata, names)
    used = (n > 0).all(axis=1, keepdims=True) & (n > 0) if common else n > 0
    weights = np.where(used, mix[:, None], 0.0)
    with np.errstate(invalid="ignore"):
        weights = weights / weights.sum(axis=0)
        share_used = np.where(used, mix[:, None], 0.0).sum(axis=0) / mix.sum()
    rates, limits = np.where(used, k, 0) / np.where(used, n, 1), wilson_interval(k, n)
    lower, upper = _weighted_limits(weights, rates, *(np.where(used, x, 0) for x in limits))
    total = counts.groupby(by, dropna=False)[COUNTS].sum().reset_index()
    return total.assign(
        rate=total["numerator"] / total["denominator"].where(total["denominator"] > 0),
        standardised_rate=(weights * rates).sum(axis=0),
        lower_cl=lower,
        upper_cl=upper,
        share_used=share_used,
        left_out=["; ".join(map(str, names[~column & (mix > 0)])) for column in used.T],
    )


def split_difference(first: pd.DataFrame, second: pd.DataFrame, by: str) -> pd.DataFrame:
    """Split the difference of two rates into what rates within strata and what their mix explain.

    Kitagawa's split in its symmetric form: a stratum's change of rate is weighted by the mean of
    its two shares of the projects, its change of share by how far the mean of its two rates lies
    above or below the mean of the two overall rates. ``rate_part`` and ``mix_part`` together sum
    to the second overall rate less the first.

    Parameters
    ----------
    first, second : DataFrame
        A row a stratum, with ``numerator, denominator``: two years, or the rest and a programme.
    by : str
        The column that names the strata.

    Returns
    -------
    DataFrame
        A row a stratum:

        the column of ``by``
        ``numerator_first``, ``denominator_first``, ``numerator_second``, ``denominator_second``
            0 where a side has none.
        ``share_first``, ``share_second``
            The stratum's share (0-1) of its side's projects.
        ``rate_first``, ``rate_second``
            0-1; NaN without projects.
        ``rate_part``, ``mix_part``
            Shares (0.05 is 5 points) of the difference.
        ``one_sided``
            The stratum has projects on one side only: its rate on the other is not known and is
            taken as the same, so that all it adds counts as mix.

    Notes
    -----
    A description and not a cause. Kitagawa (1955), Journal of the American Statistical Association
    50:1168.

    Examples
    --------
    >>> first = pd.DataFrame({"kind": ["clinical", "corporate"], "numerator": [20, 5],
    ...                       "denominator": [50, 50]})
    >>> second = first.assign(numerator=[50, 2], denominator=[80, 20])
    >>> split = split_difference(first, second, "kind")  # 25% to 52%
    >>> split[["kind", "rate_part", "mix_part"]].round(4)
            kind  rate_part  mix_part
    0   clinical     0.1462    0.0382
    1  corporate     0.0000    0.0855
    >>> round(float(split[["rate_part", "mix_part"]].sum().sum()), 12)
    0.27
    """
    sides = [
        side.groupby(by, dropna=False)[COUNTS].sum().add_suffix(name)
        for side, name in ((first, "_first"), (second, "_second"))
    ]
    types = sides[0].dtypes.to_dict() | sides[1].dtypes.to_dict()
    split = sides[0].join(sides[1], how="outer").fillna(0).astype(types).reset_index()
    k, n = (np.stack([split[f"{name}_{side}"].to_numpy(float) for side in ("first", "second")])
            for name in COUNTS)  # fmt: skip
    total = np.where(n.sum(axis=1) > 0, n.sum(axis=1), np.nan)
    share, rate = n / total[:, None], k / np.where(n > 0, n, np.nan)
    known = np.where(np.isnan(rate), rate[::-1], rate)
    known = np.where(n.sum(axis=0) > 0, known, 0)  # a stratum without projects adds nothing
    level = known.mean(axis=0) - (k.sum(axis=1) / total).mean()
    return split.assign(
        share_first=share[0],
        share_second=share[1],
        rate_first=rate[0],
        rate_second=rate[1],
        rate_part=share.mean(axis=0) * (known[1] - known[0]),
        mix_part=level * (share[1] - share[0]),
        one_sided=np.logical_xor(*np.isnan(rate)),
    )


def describe_difference(compared: pd.DataFrame) -> str:
    """Say one difference in points and in relative terms, and whether it is more than chance.

    Parameters
    ----------
    compared : DataFrame
        One row of :func:`compare_rates`, :func:`compare_periods` or :func:`compare_to_rest`.

    Examples
    --------
    >>> counts = pd.DataFrame({"year": ["2022", "2023"], "numerator": [92, 164],
    ...                        "denominator": [200, 200]})
    >>> print(describe_difference(compare_rates(counts, "year", "2022")))
    The rate is 82% for 2023 (164 of 200) and 46% for 2022 (92 of 200): 36 points higher, which in
    relative terms is 78% more. The 95% interval of the difference is 27 to 44 points higher. That
    is more than chance explains.
    """
    if compared.empty:
        return "There is nothing to compare."
    row = compared.iloc[0]
    for side, name in (("", row["group"]), ("_against", row["against"])):
        if row[f"denominator{side}"] == 0:
            return f"There are no projects for {name}, so there is no difference to show."
    return (
        f"The rate is {percent(row['rate'])} for {row['group']} ({_k_of_n(row)}) and "
        f"{percent(row['rate_against'])} for {row['against']} ({_k_of_n(row, '_against')}): "
        f"{_describe_size(row)}. The 95% interval of the difference is "
        f"{_range(row['points_lower'], row['points_upper'])}. {_describe_chance(row)}"
    )


def describe_differences(compared: pd.DataFrame) -> str:
    """Say which groups differ from the rest by more than chance, and how many were compared.

    Parameters
    ----------
    compared : DataFrame
        From :func:`compare_to_rest`.

    Examples
    --------
    >>> counts = pd.DataFrame({"directorate": ["A", "B", "C"], "numerator": [12, 20, 21],
    ...                        "denominator": [12, 50, 50]})
    >>> print(describe_differences(compare_to_rest(counts)))
    Each of 3 groups was compared with all the others together. Allowing for 3 comparisons, 1
    differs by more than chance: A, 12 of 12 (100%, against 41% elsewhere).
    """
    tested = compared[compared["p_value"].notna()]
    if len(tested) < 2:
        return "There are fewer than two groups with projects, so there is nothing to compare."
    differ = tested[tested["differs"]].sort_values("points", ascending=False)
    named = "; ".join(
        f"{row['group']}, {_k_of_n(row)} ({percent(row['rate'])}, against "
        f"{percent(row['rate_against'])} elsewhere)"
        for _, row in differ.iterrows()
    )
    said = f"{len(differ) or 'none'} {'differ' if len(differ) > 1 else 'differs'}"
    return (
        f"Each of {len(tested)} groups was compared with all the others together. Allowing for "
        f"{len(tested)} comparisons, {said} by more than chance"
        f"{f': {named}' if 0 < len(differ) <= MOST_NAMED else ''}."
    )


def describe_standardised(standardised: pd.DataFrame, by: str, strata: str) -> str:
    """Say what each group's rate would be at the whole's mix, and what remains of a difference.

    Parameters
    ----------
    standardised : DataFrame
        From :func:`standardise_rates`; of two groups with the same strata left out the difference
        is given too.
    by, strata : str
        The columns that named the groups and the strata; an "s" makes the word for many strata.

    Examples
    --------
    >>> counts = pd.DataFrame({"programme": ["practicum"] * 2 + ["the rest"] * 2,
    ...     "kind": ["clinical", "corporate"] * 2, "numerator": [18, 1, 20, 4],
    ...     "denominator": [20, 2, 40, 40]})
    >>> print(describe_standardised(standardise_rates(counts, "programme", "kind"), "programme",
    ...                             "kind"))
    If each had the mix of kinds of all projects, the rate would be 74% for practicum (86% as
    counted) and 34% for the rest (30% as counted). The difference would be 40 points (95%
    interval 17 to 59).
    """
    if (standardised["denominator"] > 0).sum() < 2:
        return f"Fewer than two {by.replace('_', ' ')}s have projects: there is nothing to compare."
    rows = standardised[standardised["share_used"] > 0]
    many = f"{strata.replace('_', ' ')}s"
    if rows.empty:
        return f"No {many[:-1]} has projects in every group, so the rates cannot be adjusted."
    said = [
        f"{percent(row['standardised_rate'])} for {row[by]} ({percent(row['rate'])} as counted)"
        for _, row in rows.iterrows()
    ]
    text = f"If each had the mix of {many} of all projects, the rate would be {listed(said)}."
    return " ".join(
        filter(None, [text, _describe_remaining(rows), _describe_left_out(rows, many, by)])
    )


def describe_split(split: pd.DataFrame, by: str, first: str, second: str) -> str:
    """Say how much of a difference comes from rates within strata, and how much from their mix.

    Parameters
    ----------
    split : DataFrame
        From :func:`split_difference`.
    by : str
        The column that named the strata; an "s" makes the word for many.
    first, second : str
        What the two sides are, such as ``"2019/20"`` and ``"2020/21"``; empty where nothing is
        named to be compared.

    Examples
    --------
    >>> first = pd.DataFrame({"kind": ["clinical", "corporate"], "numerator": [20, 5],
    ...                       "denominator": [50, 50]})
    >>> second = first.assign(numerator=[50, 2], denominator=[80, 20])
    >>> print(describe_split(split_difference(first, second, "kind"), "kind", "2019", "2020"))
    The rate is 25% for 2019 and 52% for 2020, 27 points higher: +14.6 points come from
    different rates within the same kinds, and +12.4 from a different mix of kinds.
    """
    if not (first and second):
        return "Nothing is named to be compared with the rest."
    totals = split[[f"{c}_{side}" for side in ("first", "second") for c in COUNTS]].sum()
    k1, n1, k2, n2 = totals
    if n1 == 0 or n2 == 0:
        return f"There are no projects for {first if n1 == 0 else second}, so nothing can be split."
    one = by.replace("_", " ")
    many = f"{one}s"
    rate, mix = (_signed(100 * split[part].sum()) for part in ("rate_part", "mix_part"))
    text = (
        f"The rate is {percent(k1 / n1)} for {first} and {percent(k2 / n2)} for {second}, "
        f"{_higher(100 * (k2 / n2 - k1 / n1))}: {rate} points come from different rates within "
        f"the same {many}, and {mix} from a different mix of {many}."
    )
    alone = split[split["one_sided"]]
    if alone.empty:
        return text
    those = count_of(len(alone), f"{one} has", f"{many} have")
    return (
        f"{text} {those} projects on one side only, and so no rate to compare: "
        f"{_signed(100 * alone['mix_part'].sum())} of the mix's points come from there."
    )


# --- differences ----------------------------------------------------------------------------------


def _weighted_limits(weights, rates, lower, upper):
    """Give the limits of the weighted sum over the first axis, from each rate's own limits."""
    down = np.where(weights >= 0, rates - lower, upper - rates)
    up = np.where(weights >= 0, upper - rates, rates - lower)
    centre = (weights * rates).sum(axis=0)
    ends = (np.sqrt((weights**2 * arm**2).sum(axis=0)) for arm in (down, up))
    low, high = (centre + sign * end for sign, end in zip((-1, 1), ends, strict=True))
    floor = -1.0 if np.any(weights < 0) else 0.0
    return np.clip(low, floor, 1), np.clip(high, floor, 1)


def _differences(group, counts: pd.DataFrame, against, other: pd.DataFrame) -> pd.DataFrame:
    """Give the frame of :func:`compare_rates`; names and counts that are one stand for all rows."""
    rows = len(counts)
    (k1, n1), (k2, n2) = (
        np.broadcast_to(frame[COUNTS].to_numpy().T, (2, rows)) for frame in (counts, other)
    )
    rate, rate_against = (k / np.where(n > 0, n, np.nan) for k, n in ((k1, n1), (k2, n2)))
    lower, upper = newcombe_interval(k1, n1, k2, n2)
    compared = pd.DataFrame(
        {
            "group": pd.Series(np.asarray(group), dtype="str"),
            "against": pd.Series(np.broadcast_to(np.asarray(against), rows), dtype="str"),
            "numerator": k1,
            "denominator": n1,
            "rate": rate,
            "numerator_against": k2,
            "denominator_against": n2,
            "rate_against": rate_against,
            "points": 100 * (rate - rate_against),
            "points_lower": 100 * lower,
            "points_upper": 100 * upper,
            "relative": rate / np.where(rate_against > 0, rate_against, np.nan) - 1,
        }
    )
    apart, likely = (lower > 0) | (upper < 0), np.ones(rows)
    likely[apart] = _exact_tests(compared[apart])
    verdict = np.where(likely > 0.05, "cannot_tell", np.where(lower > 0, "more", "fewer"))
    return compared.assign(verdict=pd.Series(verdict, compared.index, dtype="str"))


def _exact_tests(compared: pd.DataFrame) -> list[float]:
    """Give Fisher's p-values: scipy's take a millisecond each, and half a second to import."""
    columns = [*COUNTS, *(f"{name}_against" for name in COUNTS)]
    tables = compared[columns].to_numpy("int64", na_value=0)
    largest = tables[:, [1, 3]].sum(axis=1).max(initial=0)
    log_factorial = np.append(0, np.log(np.arange(1, largest + 1)).cumsum())
    return [
        _exact_test(k1, n1, k1 + k2, n1 + n2, log_factorial) if n1 and n2 else np.nan
        for k1, n1, k2, n2 in tables
    ]


def _exact_test(k: int, n: int, total_k: int, total_n: int, log_factorial) -> float:
    """Give how often chance gives a count as unlikely as k of n, with the totals as they are."""

    def ways(among, chosen):
        return log_factorial[among] - log_factorial[chosen] - log_factorial[among - chosen]

    least = max(0, n - (total_n - total_k))
    counts = np.arange(least, min(n, total_k) + 1)
    others = ways(total_n - total_k, n - counts)
    chances = np.exp(ways(total_k, counts) + others - ways(total_n, n))
    as_unlikely = chances <= chances[k - least] * (1 + ROUNDING)
    return min(1.0, float(chances[as_unlikely].sum()))


def _adjusted(p: pd.Series) -> pd.Series:
    """Adjust p-values by Benjamini and Hochberg's method; those that are missing stay so."""
    ranked = p.dropna().sort_values(ascending=False)
    tested = len(ranked)
    return (ranked * tested / np.arange(tested, 0, -1)).cummin().reindex(p.index)


def _mix(standard: pd.DataFrame, strata: str, names: pd.Index) -> np.ndarray:
    """Give the standard's projects in each stratum; one that no group has is refused."""
    mix = standard.groupby(strata, dropna=False)["denominator"].sum()
    strange = mix.index[(mix > 0) & ~mix.index.isin(names)]
    if len(strange):
        raise OptionError(f"`standard` has '{strange[0]}', in which no group has a project.")
    return mix.reindex(names, fill_value=0).to_numpy(float)


# --- words ----------------------------------------------------------------------------------------


def _k_of_n(row: pd.Series, side: str = "") -> str:
    return k_of_n(row[f"numerator{side}"], row[f"denominator{side}"])


def _size(points: float) -> str:
    """Write points without their sign: whole ones, and one decimal below 1."""
    size = abs(points)
    number = f"{size:.0f}" if size >= 0.95 else f"{size:.1f}"
    return f"{number} {'point' if number == '1' else 'points'}"


def _higher(points: float) -> str:
    if abs(points) < 0.05:
        return "no difference"
    return f"{_size(points)} {'higher' if points > 0 else 'lower'}"


def _range(low: float, high: float) -> str:
    """Write two limits in points, the word for their direction once where it is the same."""
    if low * high <= 0:
        return f"{_higher(low)} to {_higher(high)}"
    near, far = sorted((low, high), key=abs)
    return f"{_size(near).split()[0]} to {_higher(far)}"


def _describe_size(row: pd.Series) -> str:
    if abs(row["points"]) < 0.5:
        return "no difference" if row["points"] == 0 else "less than a point apart"
    if not row["rate_against"]:
        return _higher(row["points"])
    more = "more" if row["points"] > 0 else "less"
    relative = f"which in relative terms is {percent(abs(row['relative']))} {more}"
    return f"{_higher(row['points'])}, {relative}"


def _describe_chance(row: pd.Series) -> str:
    """Tell a difference from chance; among many that were tested, by the adjusted test."""
    if row.get("differs", row["verdict"] != "cannot_tell"):
        return MORE_THAN_CHANCE
    if row["verdict"] != "cannot_tell":
        return ONE_OF_MANY
    return TOO_FEW if row["points_lower"] * row["points_upper"] > 0 else COULD_BE_CHANCE


def _signed(points: float) -> str:
    return f"{points:+.1f}" if abs(points) >= 0.05 else "0.0"


def _describe_remaining(rows: pd.DataFrame) -> str:
    """Give what remains of the difference of two groups that are adjusted over the same strata."""
    if len(rows) != 2 or rows["left_out"].nunique() > 1:
        return ""
    rates, lower, upper = (
        rows[name].to_numpy() for name in ("standardised_rate", "lower_cl", "upper_cl")
    )
    low, high = _weighted_limits(np.array([1.0, -1.0]), rates, lower, upper)
    points, low, high = (round(100 * each) for each in (rates[0] - rates[1], low, high))
    many = "point" if abs(points) == 1 else "points"
    return f"The difference would be {points} {many} (95% interval {low} to {high})."


def _describe_left_out(rows: pd.DataFrame, many: str, by: str) -> str:
    if rows["left_out"].nunique() == 1:
        return _left_out(rows.iloc[0], many, "", "not every group has")
    said = (_left_out(row, many, f" for {row[by]}", "it has no") for _, row in rows.iterrows())
    return " ".join(filter(None, said))


def _left_out(row: pd.Series, many: str, whom: str, lacks: str) -> str:
    if not row["left_out"]:
        return ""
    names = row["left_out"].split("; ")
    which = f"{', '.join(names)}; " if len(names) <= MOST_NAMED else ""
    share = percent(1 - row["share_used"])
    are = "are" if len(names) > 1 else "is"
    return (
        f"{count_of(len(names), many[:-1])} ({which}{share} of all projects) {are} left out{whom}: "
        f"{lacks} projects there."
    )
