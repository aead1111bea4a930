"""The index of a trust's reports: a row a directorate, and in words what the rows come to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import pandas as pd

from ..cleaning.result import CleaningResult, describe_cleaning
from ..core.schema import NO_DIRECTORATES
from ..core.text import count_of, format_date, format_share, k_of_n, percent
from ..counts.involvement import describe_bounds
from ..register import Register
from ..snapshots import describe_changes, find_changes
from ..stats.findings import ANSWERS, TRUST, describe_next, format_change, list_icons
from ..stats.rates import describe_rate, format_met
from .content import Block, read_figure
from .output import read_build_stamp
from .page import TEMPLATES, page_template, style
from .plan import Outcome, slug
from .svg import draw_bar

TITLE = "Involvement in quality improvement"
MANY = 12  # rows, above which there is a box to search them
MOST_NAMED = 6  # directorates in a sentence
PLACES = {  # by what a column of words is sorted
    "rise": 3, "none": 2, "too_early": 1, "fall": 1,
    "met_now_yes": 3, "met_now_blanks_decide": 2, "met_now_no": 1,
    "sustained_yes": 3, "sustained_cannot_tell": 2, "sustained_no": 1,
}  # fmt: skip

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
    findings: pd.DataFrame  # of summarise_findings

    @property
    def trust(self) -> pd.DataFrame:
        """The trust's row."""
        return self.findings[self.findings["level"] == TRUST]

    @property
    def groups(self) -> pd.DataFrame:
        """A row a directorate, those last that are none."""
        return self.findings[self.findings["level"] != TRUST].reset_index(drop=True)


def render_index(page: dict, data: IndexData, outcomes: list[Outcome], out: Path) -> str:
    """Render the index of the reports in a folder, whole and standing alone.

    Parameters
    ----------
    page : dict
        What stands at the head of every page.
    data : IndexData
        The register, and what was found in it.
    outcomes : list of Outcome
        What became of each report of this run, the trust's among them.
    out : Path
        The folder, in which the reports stand already.
    """
    register, groups = data.register, data.groups
    earlier, changes = register.earlier, find_changes(register)
    made = {outcome.job.directorate: outcome for outcome in outcomes}
    links = {name: report_link(name, made.get(name), out, page) for name in groups["group"]}
    since = count_changes(changes, groups["group"])
    rows = groups.to_dict("records")
    return page_template("index.html.j2").render(
        page=index_head(page),
        **_describe_trust(data, page["meaning"]),
        trust=report_link("", made[""], out, page),
        picture=trust_picture(made[""], out),
        answers=answer_questions(data, links),
        changes=describe_changes(changes, register),
        cleaning=describe_cleaning(cast(CleaningResult, register.cleaning)),
        since=format_date(earlier[-1].as_of) if earlier else "",
        rows=[
            {**links[row["group"]], **index_row(i, row, register.aim, since.loc[row["group"]])}
            for i, row in enumerate(rows)
        ],
        total=index_row(len(rows), data.trust.to_dict("records")[0], register.aim, since.sum()),
        words=ANSWERS,
        search=len(groups) > MANY,
    )


def _describe_trust(data: IndexData, meaning: str) -> dict:
    """Describe the trust's rate, which projects are counted, and the aim."""
    which, aim = data.register.scope, data.register.aim
    return {
        "sentence": describe_rate(data.trust, meaning, aim, which),
        "icons": list_icons(data.trust).to_dict("records"),
        "which": which,
        "aim": "" if aim is None else format_share(aim),
        "half": "" if aim is None else format_share(aim / 2),
    }


def index_head(page: dict) -> dict:
    """Return what an index page has at its head, its style and script with it."""
    look = "".join([str(style()), (TEMPLATES / "index.css").read_text("utf-8")])
    script = (TEMPLATES / "index.js").read_text("utf-8")
    return {**page, "title": TITLE, "style": look, "script": script}


def count_changes(changes: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Count each directorate's changes by kind; a project that moves counts where it was, too.

    >>> changes = pd.DataFrame({"directorate": ["B", "B"], "change": ["new", "changed_owner"],
    ...                         "before": ["", "A"]})
    >>> count_changes(changes, pd.Series(["A", "B"]))[["new", "moved_here", "moved_away"]]
       new  moved_here  moved_away
    A    0           0           1
    B    1           1           0
    """
    moved = changes[changes["change"] == "changed_owner"]
    left = pd.DataFrame({"directorate": moved["before"], "change": "moved_away"})
    here = changes[["directorate", "change"]].replace({"change": {"changed_owner": "moved_here"}})
    every = pd.concat([here, left], ignore_index=True).astype("str")
    counts = pd.crosstab(every["directorate"], every["change"])
    counts = counts.reindex(index=names.tolist(), columns=list(CHANGES), fill_value=0)
    return counts.rename_axis(index=None, columns=None)


# --- a row ----------------------------------------------------------------------------------------


def index_row(i: int, row: dict, aim: Fraction | None, since: pd.Series) -> dict:
    """Return what a row shows, and by what it is sorted: ``keys``, empty for none."""
    n = row["denominator"]
    met, lasts = (f"{name}_{row[name]}" if row[name] else "" for name in ("met_now", "sustained"))
    keys = {
        "name": i,
        "projects": n,
        "rate": _key(row["rate"]),
        "met": PLACES.get(met, ""),
        "lasts": PLACES.get(lasts, ""),
        "change": PLACES.get(row["change"], ""),
        "likely": _key(row["shrunken"]),
        "recorded": _key(row["recorded"]),
        "since": int(since["became_involved"] - since["lost_involvement"]),
    }
    shown = {
        "projects": k_of_n(row["numerator"], n),
        "rate": percent(row["rate"]),
        "interval": _range(row["lower_cl"], row["upper_cl"]) if n else "",
        "bar": draw_bar(
            row["rate"], row["lower_cl"], row["upper_cl"], None if aim is None else float(aim)
        ),
        "met": met,
        "met_words": format_met(pd.DataFrame([row])).iloc[0],
        "more": f"{row['needed']:,} more" if n and aim is not None and row["needed"] else "",
        "lasts": lasts,
        "recent": k_of_n(row["recent_numerator"], row["recent_denominator"]),
        "change": format_change(pd.Series(row)),
        "likely": _range(row["shrunken_lower"], row["shrunken_upper"]),
        "position": row["position"],
        "recorded": percent(row["recorded"]) if n else "",
        "since": describe_row_changes(since.to_dict()),
    }
    return {"keys": keys, **shown}


def _key(number: float) -> str:
    """Return a number to sort by, empty for none."""
    return "" if number != number else f"{number:.4f}"


def _range(low: float, high: float) -> str:
    return "" if low != low else f"{percent(low)} to {percent(high)}"


def describe_row_changes(counts: dict) -> str:
    """Describe in a few words what changed in a directorate.

    >>> describe_row_changes({"new": 2, "became_involved": 1})
    '1 now involves people meaningfully; 2 new'
    """
    parts = [
        count_of(counts[kind], one, many)
        for kind, (one, many) in CHANGES.items()
        if counts.get(kind)
    ]
    return "; ".join(parts) or "No change"


# --- what the rows come to ------------------------------------------------------------------------


def answer_questions(data: IndexData, links: dict) -> list[dict]:
    """Answer four questions from the rows: each a ``question`` and ``sentences``, lists of parts.

    A part is text, or a link to a report. Directorates are named by a rule that the sentence gives,
    and all of them that it fits, or none; groups that are no directorate never.
    """
    named = data.groups[~data.groups["group"].isin(NO_DIRECTORATES)]
    answers = {
        "What has changed?": _describe_changes(named, links),
        "Who needs help?": _describe_needs(named, links, data.register.aim),
        "How sure are we?": _describe_certainty(named, data.trust, data.register.aim),
        "What next?": _describe_next_steps(named, data.trust),
    }
    return [{"question": question, "sentences": found} for question, found in answers.items()]


def _describe_changes(rows: pd.DataFrame, links: dict) -> list[list]:
    """Describe which directorates' rates have changed, by the column of the table."""
    tested = rows[rows["change"] != "too_few"]
    few = len(rows) - len(tested)
    rest = [[f"In {count_of(few, 'directorate')} too few projects started to tell."]] if few else []
    if tested.empty:
        return rest or [["There are no directorates to compare."]]
    of = f"Of {count_of(len(tested), 'directorate')} with enough projects to tell, "
    words = {
        "rise": ("has risen", "have risen"),
        "fall": ("has fallen", "have fallen"),
        "too_early": ("is lower so far", "are lower so far"),
    }
    found = [
        [f"{count_of(len(these), *words[kind])}", *_in_brackets(these, links)]
        for kind in words
        if len(these := tested[tested["change"] == kind])
    ]
    if not found:
        return [[f"{of}none has changed by more than chance does."], *rest]
    changed = [piece for part in found for piece in (*part, "; ")][:-1]
    early = " Newer projects have had less time." if (tested["change"] == "too_early").any() else ""
    return [[of, *changed, f", by more than chance does.{early}"], *rest]


def _in_brackets(rows: pd.DataFrame, links: dict) -> list:
    """Name directorates in brackets, each a link; where they are many, none of them."""
    if len(rows) > MOST_NAMED:
        return []
    between = [piece for name in rows["group"] for piece in (", ", links[name])][1:]
    return [" (", *between, ")"]


def _describe_needs(rows: pd.DataFrame, links: dict, aim: Fraction | None) -> list[list]:
    """Describe who is likely far below the aim, as a group; and who differs from the trust."""
    known = rows[rows["shrunken_upper"].notna()]
    sentences = []
    if aim is not None and len(known):
        below = known[known["shrunken_upper"] < float(aim / 2)]
        those = count_of(len(below), "directorate is", "directorates are")
        those = those if len(below) else "No directorate is"
        far = f"{those} likely below {format_share(aim / 2)}, half of the aim"
        sentences.append([far, *(_in_brackets(below, links) if len(below) else []), "."])
    compared = rows[rows["position"].isin(["higher", "lower", "within"])]
    if len(compared) > 1:
        for position in ("lower", "higher"):
            these = compared[compared["position"] == position]
            those = count_of(len(these), "directorate is", "directorates are")
            who = _in_brackets(these, links) if len(these) else []
            those = those if len(these) else "No directorate is"
            sentences.append(
                [f"{those} {position} than the trust by more than chance and the usual spread",
                 *who, "."]
            )  # fmt: skip
    return sentences or [["There is too little to compare."]]


def _describe_certainty(rows: pd.DataFrame, trust: pd.DataFrame, aim) -> list[list]:
    """Describe what chance and blanks could do, and in how many directorates the aim would last."""
    row = trust.iloc[0]
    if not row["denominator"]:
        return [["There are no projects to count."]]
    ends = _range(row["lower_cl"], row["upper_cl"])
    sentences = [[f"The trust's count is compatible with rates from {ends} (95% interval)."]]
    if aim is not None and len(rows) > 1:
        counts = rows["sustained"].value_counts()
        yes, no = (int(counts.get(word, 0)) for word in ("yes", "no"))
        sentences.append([
            f"By recent projects the aim would last in {yes or 'none'} of "
            f"{count_of(len(rows), 'directorate')}; {no or 'none'} {'falls' if no < 2 else 'fall'} "
            f"short of it, and of {len(rows) - yes - no or 'none'} nobody can tell."
        ])  # fmt: skip
        open_ = int((rows["met_now"] == "blanks_decide").sum())
        of = f"{open_ or 'none'} of {count_of(len(rows), 'directorate')}"
        sentences.append([f"For {of} the blanks decide whether the aim is met today."])
    return [*sentences, [describe_bounds(trust)]]


def _describe_next_steps(rows: pd.DataFrame, trust: pd.DataFrame) -> list[list]:
    whose = {0: "The trust's", 1: "The directorate's"}.get(len(rows), "Each directorate's")
    where = [f"{whose} report lists what to do, under “Projects to act on”."]
    return [[sentence] for sentence in (describe_next(trust), *where) if sentence]


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
