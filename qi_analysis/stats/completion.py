"""Projects that involve people early against the others: which are completed more often."""

from __future__ import annotations

from typing import Unpack

import pandas as pd

from ..core.errors import OptionError
from ..core.periods import period_start
from ..core.schema import ENDED
from ..core.text import count_of, percent
from ..counts.involvement import involves_anybody
from ..register import Overrides, Register, as_register
from .proportions import mantel_haenszel_difference

LANDMARK = 6  # months; involvement after that day does not count, nor do projects that ended by it
COMPARABLE = 20  # projects; of fewer, the interval, which leans on many, is not given

IMMORTAL = (
    "This does not show that involvement makes the difference: a project that runs longer has more "
    "time both to involve people and to finish (immortal-time bias)"
)


def compare_finishing(
    register: Register | pd.DataFrame,
    *,
    outcome: str | None = None,
    landmark: int = LANDMARK,
    **overrides: Unpack[Overrides],
) -> pd.DataFrame:
    """Compare projects that involved people early with the others: how many were completed.

    Among projects that have ended (by their status; without a landmark the end date may be
    blank), those still running ``landmark`` months after their start are
    parted by whether people had been involved by that day; what came later does not count. Without
    it, projects that ran longer would have had more time to involve people, and would also be the
    ones that finished (immortal-time bias). The difference is Mantel and Haenszel's, within the
    same directorate and financial year of starting.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
        All its projects are compared, live or not.
    outcome : str, optional
        An outcome in the register's words, such as ``"Aim met"``: then projects with that outcome
        are counted, among those that ended and record one. Without it, those completed, among those
        completed or closed unfinished.
    landmark : int
        Months from the start, 1 or more. Where no project has a day of first involvement, there is
        none, and projects are parted by whether they ever involved people.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        One row:

        ``outcome``, ``landmark``
            As given; ``"completed"`` without an outcome, and 0 without a landmark.
        ``involved_numerator``, ``involved_denominator``
            Projects that were completed, and projects, where people had been involved.
        ``others_numerator``, ``others_denominator``
            The same where they had not.
        ``difference``, ``lower_cl``, ``upper_cl``
            The first rate less the second (-1 to 1), within directorate and year, and its 95%
            limits (Sato's); missing where no two projects can be compared, and the limits also
            where the data show no spread.
        ``compared``
            Projects in a directorate and year that has both kinds.
        ``undated``
            Projects left out, as the day on which people were first involved is not recorded.
        ``unplaced``
            Projects that have ended and are left out, as the day on which they started, or with a
            landmark that on which they ended, is not recorded.

    Notes
    -----
    Mantel and Haenszel (1959), Journal of the National Cancer Institute 22:719; the variance from
    Sato (1989), Biometrics 45:1323, which holds for many small groups as for few large ones.
    """
    if landmark < 1:
        raise OptionError(f"`landmark` must be 1 month or more; not {landmark}.")
    register = as_register(register, **overrides)
    projects = register.projects
    at = projects["start_date"] + pd.DateOffset(months=landmark)
    if projects["first_involved_date"].isna().all():
        landmark, at = 0, projects["start_date"]
    involved = _involved_by(register, at if landmark else None)
    column, met = ("status", "completed") if outcome is None else ("outcome", outcome)
    over = _ended(projects, register.as_of) & projects[column].notna()
    placed = at.notna() & (projects["end_date"].notna() | (not landmark))
    reached = over & placed & ~((projects["end_date"] <= at) & bool(landmark))
    rows = projects[["directorate"]].assign(
        year=period_start(projects["start_date"], "year", register.profile.first_month),
        involved=involved,
        done=projects[column] == met,
    )[reached]
    return _difference(rows[rows["involved"].notna()]).assign(
        outcome=outcome or "completed",
        landmark=landmark,
        undated=int(rows["involved"].isna().sum()),
        unplaced=int((over & ~placed).sum()),
    )


def _ended(register: pd.DataFrame, as_of: pd.Timestamp) -> pd.Series:
    """Find which projects have ended by a day; of one without an end date, the status says so."""
    later = (register[["start_date", "end_date"]] > as_of).any(axis=1)
    return register["status"].isin(ENDED) & ~later


def _involved_by(register: Register, day: pd.Series | None) -> pd.Series:
    """Find whether people had been involved by a day, or ever: yes, no, or not known."""
    anybody = involves_anybody(register)
    if day is None:
        return anybody
    first = register.projects["first_involved_date"]
    by_then = (first <= day).astype("boolean").mask(first.isna())
    return by_then.mask((anybody == False).fillna(False), False)  # noqa: E712


def _difference(rows: pd.DataFrame) -> pd.DataFrame:
    """Count two kinds of project in each directorate and year, and compare them."""
    keys = [rows["year"], rows["directorate"]]
    kinds = {"involved": rows["involved"].astype(bool), "others": ~rows["involved"].astype(bool)}
    counts = pd.DataFrame(
        {
            f"{kind}_{name}": values.groupby(keys, dropna=False).sum().astype("int64")
            for kind, which in kinds.items()
            for name, values in (("numerator", which & rows["done"]), ("denominator", which))
        }
    )
    difference, lower, upper = mantel_haenszel_difference(*(counts[c] for c in counts))
    sizes = counts[["involved_denominator", "others_denominator"]]
    table = counts.sum().astype("int64").to_frame().T
    return table.assign(
        difference=difference, lower_cl=lower, upper_cl=upper,
        compared=int(sizes[(sizes > 0).all(axis=1)].to_numpy().sum()),
    )  # fmt: skip


def describe_finishing(comparison: pd.DataFrame) -> str:
    """Describe how projects that involved people finished, from :func:`compare_finishing`.

    >>> print(describe_finishing(pd.DataFrame({
    ...     "outcome": ["completed"], "landmark": 6, "involved_numerator": 15,
    ...     "involved_denominator": 20, "others_numerator": 30, "others_denominator": 60,
    ...     "difference": 0.2, "lower_cl": -0.05, "upper_cl": 0.45, "compared": 40, "undated": 7,
    ...     "unplaced": 3})))
    Of 20 ended projects that had involved people within 6 months of starting, 15 (75%) were
    completed; of 60 that had not, 30 (50%). Within the same directorate and year of starting, which
    compares 40 of them, the rate is 20 points higher (95% interval: 5 points lower to 45 points
    higher), which chance alone could give. 7 more are left out, as it is not recorded whether or
    when people were involved. 3 more are left out, as it is not recorded when they started or
    ended. This does not show that involvement makes the difference: a project that runs longer has
    more time both to involve people and to finish (immortal-time bias). Counting only what came in
    the first 6 months, in projects that ran for longer, lessens this bias; other differences
    between projects remain.
    """
    row = comparison.iloc[0]
    kinds = [(int(row[f"{c}_numerator"]), int(row[f"{c}_denominator"]))
             for c in ("involved", "others")]  # fmt: skip
    if not all(n for _, n in kinds):
        cannot = (
            "Projects that involved people cannot be compared with others: of those that have "
            f"ended and can be placed, {kinds[0][1]:,} had involved people and {kinds[1][1]:,} had "
            "not."
        )
        return " ".join(filter(None, [cannot, _describe_left_out(row)]))
    (k, n), (j, m) = kinds
    by = f" within {count_of(int(row['landmark']), 'month')} of starting" if row["landmark"] else ""
    parts = [
        f"Of {count_of(n, 'ended project')} that had involved people{by}, {k:,} "
        f"({percent(k / n)}) {_describe_outcome(row['outcome'], k)}; of {m:,} that had not, {j:,} "
        f"({percent(j / m)}).",
        _describe_difference(row),
        _describe_left_out(row),
        _describe_bias(int(row["landmark"])),
    ]
    return " ".join(filter(None, parts))


def _describe_outcome(outcome: str, count: int) -> str:
    if outcome == "completed":
        return "was completed" if count == 1 else "were completed"
    return f"{'has' if count == 1 else 'have'} the outcome “{outcome}”"


def _describe_difference(row: pd.Series) -> str:
    compared = int(row["compared"])
    if compared < COMPARABLE:
        few = f"{compared:,}" if compared else "None"
        return (
            f"{few} of them began in the same directorate and year as one of the other kind: too "
            "few to compare like with like."
        )
    low, high = row["lower_cl"], row["upper_cl"]
    sentence = (
        "Within the same directorate and year of starting, which compares "
        f"{compared:,} of them, the rate is {_describe_size(row['difference'])}"
    )
    if low != low:
        return f"{sentence}; as nothing varies within either kind, there is no interval."
    chance = "which chance alone could give"
    if not low <= 0 <= high:
        chance = "more than chance alone would give"
    return f"{sentence} (95% interval: {_points(low)} to {_points(high)}), {chance}."


def _describe_size(difference: float) -> str:
    if round(100 * abs(difference)):
        return _points(difference)
    return "the same" if abs(difference) < 1e-9 else "the same to within a point"


def _points(difference: float) -> str:
    points = count_of(round(100 * abs(difference)), "point")
    way = "higher" if difference > 0 else "lower"
    return points if points == "0 points" else f"{points} {way}"


def _describe_left_out(row: pd.Series) -> str:
    landmark, they = row["landmark"] > 0, "it" if row["unplaced"] == 1 else "they"
    missing = {
        f"{'whether or when' if landmark else 'whether'} people were involved": row["undated"],
        f"when {they} {'started or ended' if landmark else 'started'}": row["unplaced"],
    }
    return " ".join(
        f"{n:,} more {'is' if n == 1 else 'are'} left out, as it is not recorded {what}."
        for what, n in missing.items()
        if n
    )


def _describe_bias(landmark: int) -> str:
    if not landmark:
        return f"{IMMORTAL}. No day of first involvement is recorded by which to lessen this bias."
    first = "month" if landmark == 1 else f"{landmark} months"
    return (
        f"{IMMORTAL}. Counting only what came in the first {first}, in projects that ran for "
        "longer, lessens this bias; other differences between projects remain."
    )
