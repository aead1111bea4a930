"""The index of a trust's reports: a row a directorate, and in words what the rows come to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import pandas as pd

from ..cleaning.result import CleaningResult, describe_cleaning
from ..core.periods import PERIODS, are_over
from ..core.schema import FEWEST, NO_DIRECTORATES
from ..core.text import count_of, format_date, format_share, k_of_n, percent
from ..counts.involvement import count_involvement, describe_bounds
from ..register import Register
from ..snapshots import describe_changes, find_changes
from ..spc.process_chart import add_spc, summarise_spc
from ..stats.compare import compare_to_rest
from ..stats.proportions import wilson_interval
from ..stats.rates import describe_rate, format_met
from .content import Block, read_figure
from .output import read_build_stamp
from .page import TEMPLATES, page_template, style
from .plan import Outcome, slug
from .svg import draw_bar, draw_lines

TITLE = "Involvement in quality improvement"
MOST_NAMED = 3  # groups in a sentence
MANY = 12  # rows, above which there is a box to search them

ICONS = {  # a group's variation or assurance: its icon, what it means, its place in sorting
    "concern": ("worse", "Real worsening: more than chance", 1),
    "common": ("same", "No change beyond chance", 2),
    "improvement": ("better", "Real improvement: more than chance", 3),
    "consistent_fail": ("fail", "As things are, the aim will not be met", 1),
    "inconsistent": ("chance", "As things are, the aim will be met or missed by chance", 2),
    "consistent_pass": ("pass", "As things are, the aim will be met every time", 3),
}

CHANGES = {  # of a directorate, since last time: for one project, and for several
    "became_involved": ("now involves people meaningfully", "now involve people meaningfully"),
    "lost_involvement": (
        "no longer involves people meaningfully",
        "no longer involve people meaningfully",
    ),
    "new": ("new", "new"),
    "moved_here": ("moved here", "moved here"),
    "closed": ("completed or closed", "completed or closed"),
    "gone": ("left the register", "left the register"),
    "moved_away": ("moved away", "moved away"),
}


@dataclass(frozen=True)
class IndexData:
    """What the index is made from, beside the reports themselves."""

    register: Register
    counted: dict  # of frames: `trust` and `directorates`, with rates, bounds, and gaps to the aim

    @cached_property
    def years(self) -> pd.DataFrame:
        """Count each directorate's projects by the year they started in, of years that are over."""
        yearly = count_involvement(self.register, by="directorate", period="year", basis="started")
        finished = yearly[are_over(yearly["period"], PERIODS["year"], self.register.as_of)]
        some = finished["denominator"].where(finished["denominator"] > 0)
        return finished.assign(rate=finished["numerator"] / some)


def render_index(page: dict, data: IndexData, outcomes: list[Outcome], out: Path) -> str:
    """Render the index of the reports in a folder, whole and standing alone.

    Parameters
    ----------
    page : dict
        What stands at the head of every page.
    data : IndexData
        The register, and what was counted in it.
    outcomes : list of Outcome
        What became of each report of this run, the trust's among them.
    out : Path
        The folder, in which the reports stand already.
    """
    earlier, changes = data.register.earlier, find_changes(data.register)
    facts = gather_facts(data, changes)
    made = {outcome.job.directorate: outcome for outcome in outcomes}
    links = {name: report_link(name, made.get(name), out, page) for name in facts["directorate"]}
    lines = draw_lines(data.years)
    records = facts.to_dict("records")
    return page_template("index.html.j2").render(
        page=index_head(page),
        **_describe_trust(data, page["meaning"]),
        trust=report_link("", made[""], out, page),
        picture=trust_picture(made[""], out),
        answers=answer_questions(facts, data.counted["trust"].iloc[0], links, data.register.aim),
        changes=describe_changes(changes, data.register),
        cleaning=describe_cleaning(cast(CleaningResult, data.register.cleaning)),
        since=format_date(earlier[-1].as_of) if earlier else "",
        rows=[index_row(i, fact, lines, links, data) for i, fact in enumerate(records)],
        trial=bool((facts["readable"] & facts["trial_limits"]).any()),
        search=len(facts) > MANY,
    )


def _describe_trust(data: IndexData, meaning: str) -> dict:
    """Describe the trust's rate, which projects are counted, and the aim."""
    which = data.register.scope
    return {
        "sentence": describe_rate(data.counted["trust"], meaning, data.register.aim, which),
        "which": which,
        "aim": format_share(data.register.aim) if data.register.aim is not None else "",
    }


def index_head(page: dict) -> dict:
    """Return what an index page has at its head, its style and script with it."""
    look = "".join([str(style()), (TEMPLATES / "index.css").read_text("utf-8")])
    script = (TEMPLATES / "index.js").read_text("utf-8")
    return {**page, "title": TITLE, "style": look, "script": script}


# --- facts ----------------------------------------------------------------------------------------


def gather_facts(data: IndexData, changes: pd.DataFrame) -> pd.DataFrame:
    """Return a row a directorate with all that the index shows; groups that are none come last.

    Returns
    -------
    DataFrame
        The counts as they are published, and ``label`` (if the aim is met), ``variation``,
        ``assurance``, ``readable`` and ``trial_limits`` (by the years in which projects started),
        ``below`` (a lower rate than the rest by more than chance), ``named`` (it is a directorate),
        and a count for each of :data:`CHANGES`.
    """
    rates = data.counted["directorates"]
    rest = compare_to_rest(rates).set_axis(rates.index)
    facts = rates.assign(
        label="" if data.register.aim is None else format_met(rates),
        below=rest["differs"] & (rest["points"] < 0),
        named=~rates["directorate"].isin(NO_DIRECTORATES),
    )
    facts = facts.merge(summarise_years(data), how="left", on="directorate")
    facts = facts.merge(count_changes(changes), how="left", on="directorate")
    facts["readable"] = facts["readable"].eq(True)
    facts["trial_limits"] = facts["trial_limits"].eq(True)
    facts[list(CHANGES)] = facts[list(CHANGES)].fillna(0).astype("int64")
    return facts.sort_values(["named", "directorate"], ascending=[False, True], ignore_index=True)


def summarise_years(data: IndexData) -> pd.DataFrame:
    """Summarise how each directorate's rate has changed, as its own report does."""
    accepted = data.register.profile.rebases_by(data.years["directorate"])
    target = None if data.register.aim is None else float(data.register.aim)
    spc = add_spc(data.years, chart="p", by="directorate", target=target, rebase=accepted)
    summary = summarise_spc(spc, by="directorate")
    return summary[["directorate", "variation", "assurance", "readable", "trial_limits"]]


def count_changes(changes: pd.DataFrame) -> pd.DataFrame:
    """Count each directorate's changes by kind; a project that moves counts where it was, too.

    >>> changes = pd.DataFrame({"directorate": ["B", "B"], "change": ["new", "changed_owner"],
    ...                         "before": ["", "A"]})
    >>> count_changes(changes)[["directorate", "new", "moved_here", "moved_away"]]
      directorate  new  moved_here  moved_away
    0           A    0           0           1
    1           B    1           1           0
    """
    moved = changes[changes["change"] == "changed_owner"]
    left = pd.DataFrame({"directorate": moved["before"], "change": "moved_away"})
    here = changes[["directorate", "change"]].replace({"change": {"changed_owner": "moved_here"}})
    every = pd.concat([here, left], ignore_index=True).astype("str")
    counts = pd.crosstab(every["directorate"], every["change"])
    counts = counts.reindex(columns=list(CHANGES), fill_value=0).rename_axis(columns=None)
    return counts.rename_axis("directorate").reset_index().astype({"directorate": "str"})


# --- a row ----------------------------------------------------------------------------------------


def index_row(i: int, fact: dict, sparklines: dict, links: dict, data: IndexData) -> dict:
    """Return what a directorate's row shows, and by what it is sorted: ``keys``, empty for none."""
    name, n, line = fact["directorate"], fact["denominator"], sparklines.get(fact["directorate"])
    icons = _icons(fact)
    keys = {
        "name": i,
        "change": icons[0]["key"] if icons else "",
        "target": icons[1]["key"] if len(icons) > 1 else "",
        "line": f"{line['latest']:.4f}" if line else "",
        "projects": n,
        "rate": f"{fact['rate']:.4f}" if n else "",
        "more": fact["needed"] if n and "needed" in fact else "",
        "recorded": f"{fact['share_recorded']:.4f}" if n else "",
        "since": fact["became_involved"] - fact["lost_involvement"],
    }
    return {
        **links[name],
        "keys": keys,
        "icons": icons,
        "line": line,
        "bar": _bar(fact, data.register.aim),
        "projects": k_of_n(fact["numerator"], n),
        "rate": percent(fact["rate"]),
        "interval": f"{percent(fact['lower_cl'])} to {percent(fact['upper_cl'])}" if n else "",
        "more": f"{fact['needed']:,}" if "needed" in fact else "",
        "verdict": fact["label"],
        "recorded": percent(fact["share_recorded"]),
        "since": describe_row_changes(fact),
    }


def _icons(fact: dict) -> list[dict]:
    """Return the icons of change and of the aim; none where there is too little to tell."""
    if not fact["readable"]:
        return []
    kinds = [fact["variation"].partition("_")[0], fact["assurance"]]
    trial = "; still provisional" if fact["trial_limits"] else ""
    found = [ICONS[kind] for kind in kinds if kind in ICONS]
    return [
        {"icon": icon, "words": words + trial, "key": key, "trial": bool(trial)}
        for icon, words, key in found
    ]


def _bar(fact: dict, aim) -> dict | None:
    share = float(aim) if aim is not None else None
    return draw_bar(fact["rate"], fact["lower_cl"], fact["upper_cl"], share)


def describe_row_changes(counts: dict) -> str:
    """Describe in a few words what changed in a directorate.

    >>> describe_row_changes({"new": 2, "became_involved": 1})
    '1 now involves people; 2 new'
    """
    parts = [
        count_of(counts[kind], one, many)
        for kind, (one, many) in CHANGES.items()
        if counts.get(kind)
    ]
    return "; ".join(parts) or "No change"


def report_link(name: str, outcome: Outcome | None, out: Path, page: dict) -> dict:
    """Return a report's name and link, and a note if it is not of this day."""
    link = index_link(name, outcome, out)
    why = outcome.reason if outcome is not None and outcome.status == "failed" else ""
    day = ""
    if outcome is None and link["href"]:  # not asked for in this run
        day = read_build_stamp(out / link["href"]).get("as_of", "")
    older = f"this report is of {day}" if day not in ("", page["as_of"]) else ""
    return {"name": name, **link, "why": why, "older": older}


def trust_picture(outcome: Outcome, out: Path) -> Block | None:
    """Return the first chart of the trust's report, as it was drawn there, with its sentence.

    None if there was too little to draw, or the report is not of this day: a chart of another would
    belie the figures beside it.
    """
    if outcome.status == "failed":
        return None
    notebook = json.loads((out / outcome.job.page).with_suffix(".ipynb").read_bytes())
    outputs = (output for cell in notebook["cells"] for output in cell.get("outputs", []))
    figure = next(filter(None, map(read_figure, outputs)), None)
    return figure if figure and figure.source else None


def index_link(name: str, outcome: Outcome | None, out: Path) -> dict:
    """Return the link to a directorate's page, where there is one, noting if this run failed."""
    page = outcome.job.page if outcome else f"directorates/{slug(name)}.html"
    failed = outcome is not None and outcome.status == "failed"
    return {
        "href": page if (out / page).is_file() else "",
        "failed": _describe_failure(out / page) if failed else "",
    }


def _describe_failure(page: Path) -> str:
    """Describe what there is to read of a report that failed: none, or that of an earlier day."""
    if not page.is_file():
        return "this report failed; there is none yet"
    day = read_build_stamp(page).get("as_of")
    return f"this report failed; the one {f'of {day}' if day else 'before'} is kept"


# --- answers -------------------------------------------------------------------------------------


def answer_questions(facts: pd.DataFrame, trust: pd.Series, links: dict, aim) -> list[dict]:
    """Answer four questions from the rows: each a ``question`` and ``sentences``, lists of parts.

    A part is text, or a link to a report. Groups that are no directorate are never named, and no
    group of fewer than 5 projects for its rate.

    Parameters
    ----------
    facts : DataFrame
        A row a directorate, from :func:`gather_facts`.
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
