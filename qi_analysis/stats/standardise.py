"""Standardised rates, at one mix of projects; and a difference split into rate and mix."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..core.frames import check_frame, pair_counts
from ..core.schema import COUNTS
from ..core.text import count_of, listed, percent, percents, points_apart
from .proportions import weighted_limits, wilson_interval
from .rates import MOST_NAMED


def standardise_rates(
    counts: pd.DataFrame,
    by: str,
    strata: str,
    *,
    common: bool = False,
) -> pd.DataFrame:
    """Return the rate that each group would have if its projects were mixed as the whole's are.

    Direct standardisation: a group's rate in each stratum, weighted by the stratum's share of the
    whole's projects. A stratum in which a group has no project has no rate there; it is left
    out for that group, the other weights sum to 1 without it, and the row says so.

    Parameters
    ----------
    counts : DataFrame
        A row a group and stratum, with ``numerator, denominator``.
    by, strata : str
        The columns that name the groups and the strata.
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
            Share (0-1) of all projects in the strata that were used.
        ``left_out``
            The names of the strata that were not, apart by "; "; empty if none.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

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
    counts = check_frame(counts, *COUNTS, by=[by, strata], named=True).pipe(pair_counts)
    cells = counts.groupby([by, strata], dropna=False)[COUNTS].sum()
    tables = [cells[name].unstack(strata, fill_value=0) for name in COUNTS]
    names, (k, n) = tables[1].columns, (table.to_numpy(float).T for table in tables)
    mix = n.sum(axis=1)
    anybody = n.sum(axis=0) > 0  # a group without any project leaves nothing out for the others
    used = n > 0
    if common:
        used &= (used | ~anybody).all(axis=1, keepdims=True)
    weights = np.where(used, mix[:, None], 0.0)
    with np.errstate(invalid="ignore"):
        weights = weights / weights.sum(axis=0)
        share_used = np.where(used, mix[:, None], 0.0).sum(axis=0) / mix.sum()
    rates, limits = np.where(used, k, 0) / np.where(used, n, 1), wilson_interval(k, n)
    lower, upper = weighted_limits(weights, rates, *(np.where(used, x, 0) for x in limits))
    total = counts.groupby(by, dropna=False)[COUNTS].sum().reset_index()
    return total.assign(
        rate=total["numerator"] / total["denominator"].where(total["denominator"] > 0),
        standardised_rate=(weights * rates).sum(axis=0),
        lower_cl=lower,
        upper_cl=upper,
        share_used=share_used,
        left_out=["; ".join(map(str, names[~column & (mix > 0)])) for column in used.T],
    )


def split_difference(left: pd.DataFrame, right: pd.DataFrame, by: str) -> pd.DataFrame:
    """Split the difference of two rates into what rates within strata and what their mix explain.

    Kitagawa's split in its symmetric form: a stratum's change of rate is weighted by the mean of
    its two shares of the projects, its change of share by how far the mean of its two rates lies
    above or below the mean of the two overall rates. ``rate_part`` and ``mix_part`` together sum
    to the right overall rate less the left.

    Parameters
    ----------
    left, right : DataFrame
        A row a stratum, with ``numerator, denominator``: two years, or the rest and a programme.
        Numerators worked out from published rates need not be whole. A row without one is left out.
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

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

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
        check_frame(side, *COUNTS, by=by, whole=False)
        .pipe(pair_counts)
        .groupby(by, dropna=False)[COUNTS]
        .sum()
        .add_suffix(name)
        for side, name in ((left, "_first"), (right, "_second"))
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


def describe_standardised(standardised: pd.DataFrame, by: str, strata: str) -> str:
    """Describe each group's rate at the whole's mix, and what remains of a difference.

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
    counted) and 34% for the rest (30% as counted). For practicum it would be 40 points
    higher (95% interval 17 to 59 points higher).
    """
    standardised = check_frame(
        standardised, "denominator rate standardised_rate share_used left_out", by=by,
        kinds={"left_out": "text"}, named=True, step="standardise_rates",
    )  # fmt: skip
    if (standardised["denominator"] > 0).sum() < 2:
        return f"Fewer than two {by.replace('_', ' ')}s have projects: there is nothing to compare."
    rows = standardised[standardised["share_used"] > 0]
    many = f"{strata.replace('_', ' ')}s"
    if rows.empty:
        return f"No {many[:-1]} has projects in every group, so the rates cannot be adjusted."
    shown, remains = _write_rates(rows, by)
    each = [
        f"{rate} for {name} ({counted} as counted)"
        for name, rate, counted in zip(rows[by], shown, shown[len(rows) :], strict=False)
    ]
    text = f"If each had the mix of {many} of all projects, the rate would be {listed(each)}."
    return " ".join(filter(None, [text, remains, _describe_left_out(rows, many, by)]))


def describe_split(split: pd.DataFrame, by: str, left: str, right: str) -> str:
    """Describe how much of a difference comes from rates within strata, how much from their mix.

    Parameters
    ----------
    split : DataFrame
        From :func:`split_difference`.
    by : str
        The column that named the strata; an "s" makes the word for many.
    left, right : str
        What the two sides are, such as ``"2019/20"`` and ``"2020/21"``. Nothing is said where one
        is not named.

    Examples
    --------
    >>> first = pd.DataFrame({"kind": ["clinical", "corporate"], "numerator": [20, 5],
    ...                       "denominator": [50, 50]})
    >>> second = first.assign(numerator=[50, 2], denominator=[80, 20])
    >>> print(describe_split(split_difference(first, second, "kind"), "kind", "2019", "2020"))
    The rate is 25.0% for 2019 and 52.0% for 2020, 27.0 points higher: +14.6 points come from
    different rates within the same kinds, and +12.4 from a different mix of kinds.
    """
    split = check_frame(
        split, "numerator_first denominator_first numerator_second denominator_second",
        "rate_part mix_part one_sided", step="split_difference",
    )  # fmt: skip
    if not (left and right):
        return ""
    totals = split[[f"{c}_{side}" for side in ("first", "second") for c in COUNTS]].sum()
    k1, n1, k2, n2 = totals
    if n1 == 0 or n2 == 0:
        return f"There are no projects for {left if n1 == 0 else right}, so nothing can be split."
    one = by.replace("_", " ")
    many = f"{one}s"
    before, after, apart = points_apart(k1 / n1, k2 / n2, digits=1)
    digits = len(before.partition(".")[2]) - 1
    rate = round(100 * split["rate_part"].sum(), digits)
    mix = float(after[:-1]) - float(before[:-1]) - rate  # so that the two add up
    text = (
        f"The rate is {before} for {left} and {after} for {right}, {apart}: "
        f"{_signed(rate, digits)} points come from different rates within the same {many}, and "
        f"{_signed(mix, digits)} from a different mix of {many}."
    )
    alone = split[split["one_sided"]]
    if alone.empty:
        return text
    those = count_of(len(alone), f"{one} has", f"{many} have")
    return (
        f"{text} {those} projects on one side only, and so no rate to compare: "
        f"{_signed(100 * alone['mix_part'].sum(), digits)} of the mix's points come from there."
    )


def _signed(points: float, digits: int) -> str:
    text = f"{points:+.{digits}f}"
    return text if float(text) else text[1:]


def _write_rates(rows: pd.DataFrame, by: str) -> tuple[list[str], str]:
    """Write all rates, adjusted and then as counted; say what remains of two groups' difference.

    That is said only of groups adjusted over the same strata.
    """
    rates, counted = rows["standardised_rate"].tolist(), rows["rate"].tolist()
    if len(rows) != 2 or rows["left_out"].nunique() > 1:
        return percents(*rates, *counted), ""
    lower, upper = (rows[name].to_numpy() for name in ("lower_cl", "upper_cl"))
    limits = weighted_limits(np.array([1.0, -1.0]), np.array(rates), lower, upper)
    second, first, *shown, apart, ends = points_apart(*rates[::-1], *counted, limits=limits)
    remains = f"For {rows[by].iloc[0]} it would be {apart} (95% interval {ends})."
    return [first, second, *shown], remains


def _describe_left_out(rows: pd.DataFrame, many: str, by: str) -> str:
    if rows["left_out"].nunique() == 1:
        return _left_out(rows.iloc[0], many, "", "not every group has")
    sentences = (_left_out(row, many, f" for {row[by]}", "it has no") for _, row in rows.iterrows())
    return " ".join(filter(None, sentences))


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
