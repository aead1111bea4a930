"""What an index comes to, in words: who improved, who needs help, how sure we are, what next."""

from __future__ import annotations

import pandas as pd

from ..core.schema import FEWEST
from ..core.text import count_of, format_share, k_of_n, percent
from ..counts.involvement import describe_bounds
from ..stats.proportions import wilson_interval

MOST_NAMED = 3


def answer_questions(facts: pd.DataFrame, trust: pd.Series, links: dict, aim) -> list[dict]:
    """Answer four questions from the rows: each a ``question`` and ``sentences``, lists of parts.

    A part is text, or a link to a report. Groups that are no directorate are never named, and no
    group of fewer than 5 projects for its rate.

    Parameters
    ----------
    facts : DataFrame
        A row a directorate, from ``index.gather_facts``.
    trust : Series
        The trust's counts, rate, bounds and, with an aim, its gap to that.
    links : dict
        For each directorate its ``name`` and ``href``.
    aim : Fraction or None
        The share of projects aimed for.
    """
    named = facts[facts["named"]]
    answers = {
        "Who has really improved?": _describe_changes(named, links),
        "Who needs help?": _describe_needs(named, links, aim),
        "How sure are we?": _describe_certainty(named, trust, aim),
        "What next?": _describe_next_steps(named, trust, links, aim),
    }
    return [{"question": question, "sentences": found} for question, found in answers.items()]


def _describe_changes(facts: pd.DataFrame, links: dict) -> list[list]:
    readable = facts[facts["readable"]]
    if readable.empty:
        return [
            ["No directorate has enough years and projects yet to tell a real change from chance."]
        ]
    kind = readable["variation"].str.partition("_")[0]
    better, worse = readable[kind == "improvement"], readable[kind == "concern"]
    if better.empty and worse.empty:
        those = count_of(len(readable), "directorate has", "directorates have")
        return [[f"No directorate's change can be told from chance yet: {those} enough years and "
                 "projects to try."]]  # fmt: skip
    changed = ((better, "improvement"), (worse, "worsening"))
    sentences = [_describe_rows(rows, links, f"a real {word}, more than chance explains.")
            for rows, word in changed if len(rows)]  # fmt: skip
    return sentences if len(better) else [["No directorate shows a real improvement."], *sentences]


def _describe_rows(rows: pd.DataFrame, links: dict, what: str) -> list:
    return [*_names(rows, links), f" {'shows' if len(rows) == 1 else 'show'} {what}"]


def _names(rows: pd.DataFrame, links: dict, detail=lambda row: "") -> list:
    """Name the first few rows, each a link with its detail after it, and count the others."""
    named = rows.head(MOST_NAMED) if len(rows) > MOST_NAMED + 1 else rows
    parts = [[links[row["directorate"]], detail(row)] for _, row in named.iterrows()]
    if len(named) < len(rows):
        parts.append([f"{len(rows) - len(named)} others"])
    between = [", "] * (len(parts) - 2) + [" and "] * (len(parts) > 1)
    joined = [[*part, comma] for part, comma in zip(parts, [*between, ""], strict=True)]
    return [piece for part in joined for piece in part if piece]


def _describe_needs(facts: pd.DataFrame, links: dict, aim) -> list[list]:
    enough = facts[facts["denominator"] >= FEWEST]
    below = facts[facts["below"]].sort_values("rate")
    sentences = []
    if len(below):
        many = "involves" if len(below) == 1 else "involve"
        who = _names(below, links, _of_its_projects)
        sentences.append([*who, f" {many} people less often than the rest, by more than chance."])
    elif len(facts) > 1:
        sentences.append(["No directorate is below the rest by more than chance."])
    if aim is not None:
        sentences += _describe_furthest(enough, links, aim)
    blank = enough[enough["share_recorded"] < 1]
    if len(blank):
        least = blank[blank["share_recorded"] == blank["share_recorded"].min()]
        who = _names(least, links, _recorded)
        sentences.append([*who, f" {'records' if len(least) == 1 else 'record'} least."])
    return sentences or [["Nothing stands out: there is too little to compare."]]


def _describe_furthest(facts: pd.DataFrame, links: dict, aim) -> list[list]:
    """Name those that would be furthest below the aim if every blank were a yes."""
    could_be = facts["numerator"] + facts["not_recorded"]
    _, at_most = wilson_interval(could_be, facts["denominator"])
    if not (at_most < float(aim)).any():
        return []
    who = _names(facts[at_most == at_most.min()], links, _of_its_projects)
    start = "Furthest below the aim, even allowing for chance and blanks: "
    return [[start, *who, f", {percent(at_most.min())} at most."]]


def _of_its_projects(row: pd.Series) -> str:
    return f" ({k_of_n(row['numerator'], row['denominator'])}, {percent(row['rate'])})"


def _recorded(row: pd.Series) -> str:
    known = row["denominator"] - row["not_recorded"]
    return f" ({k_of_n(known, row['denominator'])} projects)"


def _describe_certainty(facts: pd.DataFrame, trust: pd.Series, aim) -> list[list]:
    if not trust["denominator"]:
        return [["There are no projects to count."]]
    ends = f"{percent(trust['lower_cl'])} and {percent(trust['upper_cl'])}"
    sentences = [[f"Allowing for chance, the trust's rate lies between {ends}."]]
    if aim is not None and len(facts) > 1:
        open_ = (facts["met_now"] == "blanks_decide").sum()
        of = f"{open_ or 'none'} of {count_of(len(facts), 'directorate')}"
        sentences.append([f"For {of} the blanks decide whether the aim is met."])
    sentences.append([describe_bounds(trust.to_frame().T)])
    return sentences


def _describe_next_steps(facts: pd.DataFrame, trust: pd.Series, links: dict, aim) -> list[list]:
    whose = {0: "The trust's", 1: "The directorate's"}.get(len(facts), "Each directorate's")
    where = [[f"{whose} report lists what to do, under “Projects to act on”."]]
    if aim is None or not trust["denominator"]:
        return where
    more, goal = int(trust["needed"]), format_share(aim)
    if not more:
        return [[f"The rate reaches the aim of {goal}: keep it there."], *where]
    if trust["met_now"] == "blanks_decide":
        blanks = f"Fill in the blanks first: they decide whether the aim of {goal} is reached."
        return [[blanks], *where]
    most = facts[facts["needed"] > 0].sort_values("needed", ascending=False, kind="stable")
    step = f"{count_of(more, 'more project')} must involve people to reach the aim of {goal}"
    if len(most) < 2:
        return [[f"{step}."], *where]
    who = _names(most.head(MOST_NAMED), links, lambda row: f" ({row['needed']:,} more)")
    return [[f"{step}. Furthest from it by themselves: ", *who, "."], *where]
