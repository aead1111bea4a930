"""What was proposed, in a few lines."""

from __future__ import annotations

import pandas as pd

from ..words import count_of, k_of_n, listed

CARERS_ALONE = "Only carers are asked about: a no leaves open whether service users were involved."


def describe_proposals(headings: pd.DataFrame, words: pd.DataFrame) -> str:
    """Say in a few lines what was mapped, what is unsure, and what is missing.

    Parameters
    ----------
    headings, words : DataFrame
        From :func:`propose_headings` and :func:`propose_words`.
    """
    sure = headings[headings["sure"]]
    were = "was" if len(sure) == 1 else "were"
    lines = [f"{k_of_n(len(sure), len(headings))} headings {were} mapped for sure"
             f"{': ' if len(sure) else '.'}{_pairs(sure)}"]  # fmt: skip
    unsure = headings[~headings["sure"] & (headings["column"] != "")]
    lines += [f"Unsure: '{r.heading}' as {r.column}: {r.why}." for r in unsure.itertuples()]
    open_ = words[~words["sure"] & (words["word"] != "")]
    for column, group in open_.groupby("column", sort=False):
        shown = ", ".join(f"'{r.word}' ({count_of(r.rows, 'row')})" for r in group.itertuples())
        lines.append(f"Words of {column} to be decided: {shown}.")
    missing = _missing(headings)
    lines += [f"Nothing seems to be {missing}: a register needs it."] if missing else []
    lines += [CARERS_ALONE] if _telling(headings) == {"carer_involved"} else []
    left = headings.loc[headings["column"] == "", "heading"]
    lines += [f"Left out: {', '.join(f'{h!r}' for h in left)}."] if len(left) else []
    return "\n".join(lines)


def _pairs(sure: pd.DataFrame) -> str:
    said = [f"'{r.heading}' as {r.column}" for r in sure.itertuples()]
    return f"{', '.join(said)}." if said else ""


def _missing(headings: pd.DataFrame) -> str:
    needed = ["the project's identifier", "its title", "its directorate"]
    columns = ["project_id", "title", "directorate"]
    found = {*headings["column"]}
    missing = [n for n, c in zip(needed, columns, strict=True) if c not in found]
    return listed([*missing, *([] if _telling(headings) else ["what tells of involvement"])])


def _telling(headings: pd.DataFrame) -> set[str]:
    """Give the columns found that tell of involvement."""
    names = {"service_user_involved", "carer_involved", "involvement_level", "areas"}
    return {c for c in headings["column"] if c in names or c.startswith("area_")}
