"""How projects go: who finishes and gets how far, with people involved and without.

Both compare projects as they are. Neither can tell whether involvement makes the difference.
"""

from __future__ import annotations

from typing import Unpack

import pandas as pd

from ..core.text import count_of, percent
from ..register import STALE_DAYS, Overrides, Register, as_register
from .involvement import meaningful

REACHED = 4.0  # "significant improvement", on the scale of 0.5 to 5.0
SCORES = tuple(half / 2 for half in range(1, 11))
GROUPS = {"yes": "Meaningful", "no": "Not meaningful", "not_recorded": "Not recorded"}


# --- progress -------------------------------------------------------------------------------------


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
        A row a group, all three of ``involvement`` (``yes``, ``no``, ``not_recorded``):

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
    return table[["involvement", "label", "median", "reached", *flags]]


def _by_involvement(register: Register) -> pd.DataFrame:
    projects = register.counted
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
    rows = summary.set_index("involvement")
    n, old, undated = (int(rows[c].sum()) for c in ("denominator", "old", "undated"))
    if n == 0:
        return "No project has a progress score."
    groups = (("yes", "involves", "involve"), ("no", "does not involve", "do not involve"))
    by_group = rows.to_dict("index")
    sentences = [_describe_scores(by_group[group], one, many) for group, one, many in groups]
    if open_ := int(by_group["not_recorded"]["denominator"]):
        they = "it does" if open_ == 1 else "they do"
        sentences.append(f"For {open_:,} more with a score it is not recorded whether {they}.")
    stale = (
        f"{old:,} of {count_of(n, 'score')} {'stands' if 1 in (old, n) else 'stand'} on a record"
    )
    stale += f" not updated for {STALE_DAYS} days or more"
    stale += f", and of {undated:,} the age is not known." if undated else "."
    return " ".join([*sentences, stale, "This does not show that involvement brings progress."])


def _describe_scores(row: dict, one: str, many: str) -> str:
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
        f"stands at {row['median']:g}, and {k:,} ({percent(k / n)}) at {row['reached']:g} or above."
    )
