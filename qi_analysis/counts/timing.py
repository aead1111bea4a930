"""How early people are involved, from a project's start on, and how far projects get with them.

Both compare projects as they are. Neither can tell whether involvement makes the difference.
"""

from __future__ import annotations

from math import ceil
from statistics import NormalDist
from typing import Unpack

import numpy as np
import pandas as pd

from ..core.frames import check_frame
from ..core.schema import COUNTS, ENDED, FEWEST
from ..core.text import count_of, percents
from ..register import STALE_DAYS, Overrides, Register, as_register
from .involvement import involves_anybody, meaningful

MONTH = 365.25 / 12  # days
YEAR = 365  # days; where fewer than half involve people, the share by then is said
Z = NormalDist().inv_cdf(0.975)
REACHED = 4.0  # "significant improvement", on the scale of 0.5 to 5.0
SCORES = tuple(half / 2 for half in range(1, 11))
GROUPS = {"yes": "Meaningful", "no": "Not meaningful", "not_recorded": "Not recorded"}


def time_to_involvement(
    register: Register | pd.DataFrame, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Follow projects from their start to the day on which people were first involved.

    The share involved by each day is the cumulative incidence, Aalen and Johansen's. A project
    that ends with nobody involved can no longer involve anybody: it stays among those that the
    share is of, and never counts as involved. One that is still running on the register's day is
    followed until then (a planned end ends nothing). Involvement on or before the first day is at
    day 0, and comes before an end on the same day. Where people were or may have been involved but
    the day is not recorded, the project counts as not involved, as a blank counts in the headline
    rate; ``highest`` is the share had it been the first day.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
        All its projects are followed: proposed ones have not started; those without a start date,
        or ended on a day that is not recorded, are left out.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a day on which people were first involved, and day 0, a year (where a project has
        been followed for one) and the last day followed; none where the register does not ask for
        such a day:

        ``days``, ``months``
            Since the start; a month is a twelfth of 365.25 days.
        ``at_risk``
            Projects still followed on that day, and not involved before it.
        ``involved``
            Projects that first involved people on it.
        ``share_involved``, ``lower_cl``, ``upper_cl``
            The share (0-1) by then, and its 95% limits (Greenwood-type variance, on the
            complementary log-log scale); missing without projects, and the limits also at 0% and
            100%, for which the method has none.
        ``share_ended``
            The share (0-1) that had ended by then with no day of involvement.
        ``highest``
            The share involved had every project whose day is not recorded involved people on its
            first day.
        ``projects``, ``undated``, ``left_out``
            Projects followed; those of them whose day is not recorded; and projects left out. The
            same in each row.

    Notes
    -----
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5:141. Kaplan and Meier's estimate
    would take the projects that ended for ones that might still have involved people: of ten that
    involve three, four having ended before, it makes a half. The variance is the one that Allignol,
    Schumacher and Beyersmann (2010), Biometrical Journal 52:126, recommend; where every project is
    followed to its involvement or end it is the binomial one. It assumes that projects followed for
    long are like the others.

    Examples
    --------
    >>> register = pd.DataFrame({"status": ["completed"] * 4 + ["active"] * 6,
    ...     "start_date": pd.Timestamp("2021-01-01"),
    ...     "end_date": pd.to_datetime(["2021-01-31"] * 4 + [None] * 6),
    ...     "approach": ["none"] * 4 + ["doing_with"] * 3 + ["none"] * 3,
    ...     "service_user_involved": "not_recorded", "carer_involved": "not_recorded",
    ...     "first_involved_date": pd.to_datetime([None] * 4 + ["2021-02-20"] * 3 + [None] * 3)})
    >>> curve = time_to_involvement(register, as_of="2021-05-01", profile="cnwl")
    >>> curve[["days", "at_risk", "involved", "share_involved", "share_ended"]]
       days  at_risk  involved  share_involved  share_ended
    0     0       10         0             0.0          0.0
    1    50        6         3             0.3          0.4
    2   120        3         0             0.3          0.4
    """
    register = as_register(register, **overrides)
    followed, left_out = _follow(register)
    curve = _cumulative_incidence(followed["days"], followed["dated"], followed["ended"])
    early = _cumulative_incidence(
        followed["days"].mask(followed["undated"], 0),
        followed["dated"] | followed["undated"],
        followed["ended"] & ~followed["undated"],
    )
    highest = early.set_index("days")["share_involved"].reindex(curve["days"], method="ffill")
    curve = curve.assign(
        highest=highest.to_numpy(),
        projects=len(followed),
        undated=int(followed["undated"].sum()),
        left_out=left_out,
    )
    return curve if "first_involved_date" in register.asked else curve.iloc[:0]


def _follow(register: Register) -> tuple[pd.DataFrame, int]:
    """Return how long each project was followed and what ended that, and how many are left out."""
    projects, as_of = register.projects, register.as_of
    check_frame(projects, "status start_date end_date first_involved_date", step="clean_register")
    start, end, first = (projects[f"{c}_date"] for c in ("start", "end", "first_involved"))
    proposed = projects["status"] == "proposed"
    unknown = start.isna() | (projects["status"].isin(ENDED) & end.isna())
    over = ~projects["status"].isin(("active", "paused")) & (end <= as_of)
    last = end.where(over, as_of)
    maybe = involves_anybody(register).fillna(True).astype(bool)
    dated = (first <= as_of) & maybe
    rows = pd.DataFrame(
        {
            "days": (first.where(dated, last) - start).dt.days.clip(lower=0),
            "dated": dated,
            "ended": over & ~dated,
            "undated": first.isna() & maybe,
        }
    )
    kept = rows[~proposed & ~unknown & (start <= as_of)].astype({"days": "int64"})
    return kept, int((~proposed & unknown).sum())


def _cumulative_incidence(days: pd.Series, dated: pd.Series, ended: pd.Series) -> pd.DataFrame:
    """Return Aalen and Johansen's estimate: day 0, each day of involvement, a year and the last."""
    if days.empty:
        curve = pd.DataFrame({"days": [0], "months": 0.0, "at_risk": 0, "involved": 0})
        return curve.assign(
            share_involved=np.nan, lower_cl=np.nan, upper_cl=np.nan, share_ended=np.nan
        )
    last = days.max()
    at = np.union1d([0, min(YEAR, last)], days)
    at_risk = len(days) - np.searchsorted(np.sort(days), at)
    d, e = (np.bincount(np.searchsorted(at, days[w]), minlength=len(at)) for w in (dated, ended))
    running = np.cumprod(1 - (d + e) / at_risk)
    before = np.concatenate([[1.0], running[:-1]])
    share = np.minimum(np.cumsum(before * d / at_risk), 1)
    lower, upper = _share_limits(share, _share_variance(share, before, d, e, at_risk))
    curve = pd.DataFrame(
        {
            "days": at,
            "months": at / MONTH,
            "at_risk": at_risk,
            "involved": d,
            "share_involved": share,
            "lower_cl": lower,
            "upper_cl": upper,
            "share_ended": np.cumsum(before * e / at_risk),
        }
    )
    return curve[(d > 0) | np.isin(at, [0, YEAR, last])].reset_index(drop=True)


def _share_variance(share, before, d, e, at_risk) -> np.ndarray:
    """Return the Greenwood-type variance: a sum over days s up to t, of squares of F(t) - F(s)."""
    left = at_risk - d - e
    square = np.divide(d + e, at_risk * left, where=left > 0, out=np.zeros(len(share)))
    cross = before * d / at_risk**2
    alone = before**2 * d * (at_risk - d) / at_risk**3
    terms = (square, square * share + cross, square * share**2 + 2 * cross * share + alone)
    squares, crosses, rest = (np.cumsum(term) for term in terms)
    return np.maximum(share**2 * squares - 2 * share * crosses + rest, 0)


def _share_limits(share, variance) -> tuple[np.ndarray, np.ndarray]:
    """Return 95% limits on the complementary log-log scale; none at 0% and 100%."""
    inside = (share > 0) & (share < 1 - 1e-9)
    left = np.where(inside, 1 - share, 0.5)
    wide = Z * np.sqrt(variance) / (left * np.log(left))  # below 0
    lower, upper = (1 - left ** np.exp(sign * wide) for sign in (1, -1))
    return np.where(inside, lower, np.nan), np.where(inside, upper, np.nan)


def describe_time_to_involvement(curve: pd.DataFrame) -> str:
    """Describe how early people are involved, from :func:`time_to_involvement`; empty if not asked.

    >>> print(describe_time_to_involvement(pd.DataFrame({
    ...     "days": [0, 40, 90, 400], "share_involved": [0.2, 0.45, 0.6, 0.6],
    ...     "lower_cl": [0.1, 0.3, 0.45, 0.45], "upper_cl": [0.3, 0.55, 0.7, 0.7],
    ...     "share_ended": 0.1, "highest": [0.3, 0.5, 0.7, 0.7], "projects": 50,
    ...     "undated": 6, "left_out": 1})))
    Half of 50 projects had involved people within 3 months of starting (95% interval: 2 months or
    more). In 6 of them people were, or may have been, involved on a day that is not recorded,
    which is not counted. Had that been the first day, half of projects would have involved people
    within 2 months. 1 project is left out: its first or last day is not recorded.
    """
    curve = check_frame(
        curve, "days share_involved lower_cl upper_cl share_ended highest projects undated",
        "left_out", filled="days projects undated left_out", step="time_to_involvement",
    )  # fmt: skip
    if curve.empty:
        return ""
    first = curve.iloc[0]
    n, undated, left_out = (int(first[c]) for c in ("projects", "undated", "left_out"))
    early, would = _by_then(curve, undated)
    parts = [_say_time(curve, n, early)]
    none_dated = not (curve["share_involved"] > 0).any()
    if undated and none_dated and n >= FEWEST:
        return f"{parts[0]} How early people come in cannot be told."
    if undated and n >= FEWEST:
        parts.append(_say_undated(curve, undated, would))
    if left_out:
        whose = "its" if left_out == 1 else "their"
        parts.append(
            f"{count_of(left_out, 'project')} {'is' if left_out == 1 else 'are'} left out: {whose} "
            "first or last day is not recorded."
        )
    return " ".join(parts)


def _by_then(curve: pd.DataFrame, undated: int) -> tuple[str, str]:
    """Return in words what share involved people in a year, and would have with the undated."""
    row, when = _by_a_year(curve)
    rates = row[["share_involved", "lower_cl", "upper_cl", "share_ended"]].tolist()
    rates += [row["highest"]] if undated else []
    share, low, high, ended, *highest = percents(*rates, aims=[0.5])
    limits = f" (95% interval: {low} to {high})" if row["lower_cl"] == row["lower_cl"] else ""
    rest = f"; {ended} had ended by then without" if row["share_ended"] else ""
    would = "".join(f"the share within {when} would be {rate}" for rate in highest)
    return f"{share} within {when} of starting{limits}{rest}", would


def _say_time(curve: pd.DataFrame, n: int, early: str) -> str:
    if n == 0:
        return "No project has begun on a day that is recorded, so no time can be told."
    if n < FEWEST:
        return f"{count_of(n, 'project')} can be followed: too few to say how early people come in."
    half = _first_day(curve, "share_involved")
    if half is None:
        if curve["share_involved"].iloc[-1] == 0:
            return (
                f"For none of {n:,} projects is a day recorded on which people were first involved."
            )
        return (
            f"Fewer than half of {n:,} projects are known to have involved people, however long "
            f"they are followed: {early}."
        )
    when = f"within {_months(half)} of starting" if half else "by the day they started"
    return f"Half of {n:,} projects had involved people {when}{_say_limits(curve)}."


def _say_limits(curve: pd.DataFrame) -> str:
    """Return the days on which the limits of the share reach a half."""
    early, late = (_first_day(curve, c) for c in ("upper_cl", "lower_cl"))
    if early is None:
        return ""
    if late is None:
        return f" (95% interval: {_months(early)} or more)"
    return f" (95% interval: {ceil(early / MONTH)} to {_months(late)})"


def _say_undated(curve: pd.DataFrame, undated: int, would: str) -> str:
    half = _first_day(curve, "highest")
    if half is not None:
        when = f"within {_months(half)}" if half else "from the start"
        would = f"half of projects would have involved people {when}"
    return (
        f"In {undated:,} of them people were, or may have been, involved on a day that is not "
        f"recorded, which is not counted. Had that been the first day, {would}."
    )


def _by_a_year(curve: pd.DataFrame) -> tuple[pd.Series, str]:
    """Return the row that holds after a year, or on the last day followed, and that time."""
    last = int(curve["days"].iloc[-1])
    return curve[curve["days"] <= YEAR].iloc[-1], _months(min(last, YEAR))


def _first_day(curve: pd.DataFrame, column: str) -> int | None:
    reached = curve.loc[curve[column] >= 0.5 - 1e-9, "days"]  # a half, but for rounding
    return int(reached.iloc[0]) if len(reached) else None


def _months(days: int) -> str:
    return count_of(ceil(days / MONTH), "month")


# --- how far they get ---------------------------------------------------------------------------


def summarise_progress(
    register: Register | pd.DataFrame,
    *,
    reached: float = REACHED,
    **overrides: Unpack[Overrides],
) -> pd.DataFrame:
    """Return the middle score, who stands high, and how old the scores are, by involvement.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    reached : float
        A score; projects at or above it are counted.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a group, all three of ``involvement`` (``yes``, ``no``, ``not_recorded``); none where
        the register does not ask for progress:

        ``label``
            Its words for readers.
        ``median``
            The middle score, one of the scale's: of an even number, the lower of the two.
        ``reached``, ``numerator``, ``denominator``
            The score asked for; projects at or above it; projects with a score.
        ``not_recorded``
            Projects without a score.
        ``old``, ``undated``
            Projects with a score whose record has not been updated for 90 days or more, and those
            whose day of update is not recorded. The score may be older than the record.
    """
    register = as_register(register, **overrides)
    rows = _by_involvement(register)
    age = (register.as_of - rows["updated_date"]).dt.days
    scored = rows["progress_score"].notna()
    flags = {
        "numerator": rows["progress_score"] >= reached,
        "denominator": scored,
        "not_recorded": ~scored,
        "old": scored & (age >= STALE_DAYS),
        "undated": scored & age.isna(),
    }
    groups = rows.assign(**flags).groupby("involvement")
    counts = groups[list(flags)].sum().reindex(list(GROUPS), fill_value=0).astype("int64")
    middle = groups["progress_score"].quantile(0.5, interpolation="lower")
    table = counts.assign(median=middle.astype(float), reached=float(reached)).reset_index()
    table.insert(1, "label", table["involvement"].map(GROUPS).astype("str"))
    table = table[["involvement", "label", "median", "reached", *flags]]
    return table if "progress_score" in register.asked else table.iloc[:0]


def _by_involvement(register: Register) -> pd.DataFrame:
    projects = register.counted
    check_frame(projects, "progress_score updated_date", step="clean_register")
    met = meaningful(register.override(projects=projects))
    words = met.map({True: "yes", False: "no"}).astype("str").fillna("not_recorded")
    return projects[["progress_score", "updated_date"]].assign(involvement=words)


def describe_progress(summary: pd.DataFrame) -> str:
    """Describe how far projects have come, by involvement, from :func:`summarise_progress`.

    >>> print(describe_progress(pd.DataFrame({
    ...     "involvement": ["yes", "no", "not_recorded"], "median": [3.5, 2.5, 1.0], "reached": 4.0,
    ...     "numerator": [30, 20, 0], "denominator": [100, 140, 9], "not_recorded": [5, 7, 1],
    ...     "old": [40, 56, 4], "undated": 0})))
    Of 100 projects with a progress score that involve people meaningfully, the middle one stands at
    3.5, and 30 (30%) at 4 or above. Of 140 projects with a progress score that do not involve
    people meaningfully, the middle one stands at 2.5, and 20 (14%) at 4 or above. For 9 more with a
    score it is not recorded whether they do. 100 of 249 scores stand on a record not updated for 90
    days or more. This does not show that involvement brings progress.
    """
    summary = check_frame(
        summary, "involvement median reached numerator denominator old undated", known=True,
        kinds={"involvement": "text"}, filled="involvement reached", step="summarise_progress",
    )  # fmt: skip
    if summary.empty:
        return ""
    check_frame(summary[summary["denominator"] > 0], filled="median")
    numbers = ["median", "reached", *COUNTS, "old", "undated"]
    rows = summary.groupby("involvement")[numbers].first().reindex(list(GROUPS), fill_value=0)
    n, old, undated = (int(rows[c].sum()) for c in ("denominator", "old", "undated"))
    if n == 0:
        return "No project has a progress score."
    groups = (("yes", "involves", "involve"), ("no", "does not involve", "do not involve"))
    by_group = rows.to_dict("index")
    some = [by_group[group] for group, *_ in groups]
    shares = percents(*(row["numerator"] / max(row["denominator"], 1) for row in some))
    sentences = [
        _describe_scores(row, share, one, many)
        for row, share, (_, one, many) in zip(some, shares, groups, strict=True)
    ]
    if open_ := int(by_group["not_recorded"]["denominator"]):
        they = "it does" if open_ == 1 else "they do"
        sentences.append(f"For {open_:,} more with a score it is not recorded whether {they}.")
    sentences.append(_describe_stale(old, undated, n))
    return " ".join([*sentences, "This does not show that involvement brings progress."])


def _describe_stale(old: int, undated: int, n: int) -> str:
    """Describe how many scores are old, as far as that is known."""
    if undated == n:
        return "How old the scores are is not recorded."
    which = (
        f"{old:,} of {n:,} scores {'stands' if old == 1 else 'stand'}" if old else "No score stands"
    )
    which = "The one score stands" if old == n == 1 else which
    also = f", and of {undated:,} the age is not known" if undated else ""
    return f"{which} on a record not updated for {STALE_DAYS} days or more{also}."


def _describe_scores(row: dict, share: str, one: str, many: str) -> str:
    n, k = int(row["denominator"]), int(row["numerator"])
    if n == 0:
        return f"No project that {one} people meaningfully has a progress score."
    if n == 1:
        return (
            f"The one project with a progress score that {one} people meaningfully stands at "
            f"{row['median']:g}."
        )
    return (
        f"Of {n:,} projects with a progress score that {many} people meaningfully, the middle one "
        f"stands at {row['median']:g}, and {k:,} ({share}) at {row['reached']:g} or above."
    )
