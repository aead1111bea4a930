"""Recalculations: where limits could begin anew, for a person to accept or not."""

from __future__ import annotations

import pandas as pd

from ..core.frames import check_frame
from ..core.text import k_of_n, listed, percents
from ..stats.change import find_steps
from .series import format_day, group_keys

_COUNTS = ["numerator", "denominator"]
_SIDES = [f"{side}_{c}" for side in ("before", "after") for c in _COUNTS]


def suggest_rebase(counts: pd.DataFrame, *, by: str | list[str] | None = None) -> pd.DataFrame:
    """Find where limits could be calculated anew; a person decides, nothing is done.

    A date is proposed where :func:`find_steps` finds a change, within each phase that the chart has
    already. Accept one, where a cause is known, by putting the date in the profile.

    Parameters
    ----------
    counts : DataFrame
        A chart of rates, from :func:`add_spc`, with the same ``by``; or counts by period.
    by : str or list of str, optional
        The columns that name the groups.

    Returns
    -------
    DataFrame
        A row a proposal: the group, ``rebase`` (first period of the new phase), ``change``
        (``rise`` or ``fall``), and the counts of the part before and of the part from then on:
        ``before_numerator, before_denominator, after_numerator, after_denominator``.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> quarters = pd.date_range("2017-01-01", periods=16, freq="QS")
    >>> counts = pd.DataFrame({"period": quarters, "numerator": [4] * 8 + [9] * 8,
    ...                        "denominator": 20})
    >>> suggest_rebase(counts)[["rebase", "change", "before_numerator", "after_numerator"]]
          rebase change  before_numerator  after_numerator
    0 2019-01-01   rise                32               72
    """
    keys = group_keys(by)
    counts = check_frame(counts, "period", *_COUNTS, by=keys)
    phases = [*keys, *(["phase"] if "phase" in counts else [])]
    steps = find_steps(counts, phases)
    before = steps.groupby(phases, dropna=False)[_COUNTS] if phases else steps[_COUNTS]
    steps = steps.join(before.shift().add_prefix("before_"))
    steps = steps.rename(columns={"begins": "rebase"} | {c: f"after_{c}" for c in _COUNTS})
    found = steps[steps["change"].isin(["rise", "fall"])].astype(dict.fromkeys(_SIDES, "int64"))
    return found[[*keys, "rebase", "change", *_SIDES]].reset_index(drop=True)


def describe_rebase_suggestions(suggestions: pd.DataFrame, directorate: str = "") -> str:
    """Describe whether limits could begin anew, and how a person accepts that; nothing is done.

    Parameters
    ----------
    suggestions : DataFrame
        From :func:`suggest_rebase`.
    directorate : str
        The directorate whose chart it is; the whole trust if empty.

    Examples
    --------
    >>> frame = pd.DataFrame({"rebase": pd.to_datetime(["2020-06-01"])})
    >>> print(describe_rebase_suggestions(frame, "Rehab"))
    The limits could be calculated anew from 1 June 2020. Do so only if you know what changed then,
    and that it lasts: put the date and the reason in the profile, under [[rebases]], with
    directorates = ["Rehab"]. Until then nothing is recalculated.
    """
    suggestions = check_frame(suggestions, "rebase", filled="rebase", step="suggest_rebase")
    if suggestions.empty:
        return "No change of the rate asks for new limits, so no recalculation is suggested."
    days = [format_day(day) for day in suggestions["rebase"].drop_duplicates().sort_values()]
    what = "date and the reason" if len(days) == 1 else "dates and reasons"
    whose = f', with directorates = ["{directorate}"]' if directorate else ""
    return (
        f"The limits could be calculated anew from {listed(days)}. Do so only if you know what "
        f"changed then, and that it lasts: put the {what} in the profile, under [[rebases]]{whose}."
        " Until then nothing is recalculated."
    )


def format_rebase_suggestions(
    suggestions: pd.DataFrame, by: str | None = None
) -> pd.DataFrame | None:
    """Return suggested recalculations of rates as a table for readers; None if there are none.

    Parameters
    ----------
    suggestions : DataFrame
        From :func:`suggest_rebase`.
    by : str, optional
        The column that names the groups, if there are many.

    Returns
    -------
    DataFrame
        A row a suggestion: the group; ``Date``; ``Change``; ``Before`` and ``After``, the rates
        with their counts; and ``To accept``, the line to put in the profile.

    Examples
    --------
    >>> quarters = pd.date_range("2018-01-01", periods=16, freq="QS")
    >>> counts = pd.DataFrame({"period": quarters, "numerator": [4] * 8 + [12] * 8,
    ...                        "denominator": 20})
    >>> format_rebase_suggestions(suggest_rebase(counts))[["Date", "Change", "Before", "After"]]
                Date Change           Before            After
      1 January 2020   rise  20% (32 of 160)  60% (96 of 160)
    """
    suggestions = check_frame(
        suggestions, "rebase change", *_SIDES, by=by, known=True, named=True,
        filled="rebase change", step="suggest_rebase",
    )  # fmt: skip
    if suggestions.empty:
        return None
    before, after = _rates(suggestions)
    table = pd.DataFrame({
        "Date": suggestions["rebase"].map(format_day),
        "Change": suggestions["change"],
        "Before": before,
        "After": after,
        "To accept": suggestions["rebase"].dt.strftime("[[rebases]] from = %Y-%m-%d"),
    })  # fmt: skip
    names = suggestions[by] if by else [""] * len(table)
    return table.set_axis(pd.Index(names, name=None), axis="index")


def _rates(suggestions: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Write the rates before and after each suggestion, told apart, with their counts."""
    before, after = [], []
    for k, n, j, m in suggestions[list(_SIDES)].itertuples(index=False, name=None):
        rates = percents(k / n, j / m)
        before.append(f"{rates[0]} ({k_of_n(k, n)})")
        after.append(f"{rates[1]} ({k_of_n(j, m)})")
    return before, after
