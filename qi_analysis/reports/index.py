"""The index of a trust's reports: where the trust stands, and a row a directorate."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import pandas as pd

from ..cleaning.result import CleaningResult, describe_cleaning
from ..core.schema import NO_DIRECTORATES
from ..core.text import count_of, format_date, format_share, k_of_n, percent, percents
from ..register import Register
from ..stats.findings import ANSWERS, TRUST, describe_findings, format_change, list_icons
from ..stats.rates import format_met
from .content import Block, read_figure
from .output import read_build_stamp
from .page import TEMPLATES, page_template, style
from .plan import Outcome, slug

TITLE = "Involvement in quality improvement"
MANY = 12  # rows, above which there is a box to search them
MOST_NAMED = 6  # directorates in a sentence
PLACES = {  # by what a column of words is sorted
    "rise": 3, "none": 2, "too_early": 1, "fall": 1,
    "met_now_yes": 3, "met_now_blanks_decide": 2, "met_now_no": 1,
    "sustained_yes": 3, "sustained_cannot_tell": 2, "sustained_no": 1,
}  # fmt: skip


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
    made = {outcome.job.directorate: outcome for outcome in outcomes}
    links = {name: report_link(name, made.get(name), out, page) for name in groups["group"]}
    rows = groups.to_dict("records")
    return page_template("index.html.j2").render(
        page=index_head(page),
        **_describe_trust(data),
        trust=report_link("", made[""], out, page),
        picture=trust_picture(made[""], out),
        statements=read_off(groups, data.trust, links, register.aim),
        cleaning=describe_cleaning(cast(CleaningResult, register.cleaning)),
        rows=[
            {**links[row["group"]], **index_row(i, row, register.aim)} for i, row in enumerate(rows)
        ],
        total=index_row(len(rows), data.trust.to_dict("records")[0], register.aim),
        words=ANSWERS,
        search=len(groups) > MANY,
    )


def _describe_trust(data: IndexData) -> dict:
    """Describe where the trust stands, which projects are counted, the aim and the day before."""
    register, aim = data.register, data.register.aim
    before = data.trust["earlier_day"].iloc[0]
    return {
        "sentence": describe_findings(data.trust, register).partition("\n\n")[0],
        "icons": list_icons(data.trust).to_dict("records"),
        "which": register.scope,
        "aim": "" if aim is None else format_share(aim),
        "before": "" if pd.isna(before) else format_date(before),
    }


def index_head(page: dict) -> dict:
    """Return what an index page has at its head, its style and script with it."""
    look = "".join([str(style()), (TEMPLATES / "index.css").read_text("utf-8")])
    script = (TEMPLATES / "index.js").read_text("utf-8")
    return {**page, "title": TITLE, "style": look, "script": script}


# --- a row ----------------------------------------------------------------------------------------


def index_row(i: int, row: dict, aim: Fraction | None) -> dict:
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
    }
    goals = [] if aim is None else [aim]
    rate, *limits = percents(row["rate"], row["lower_cl"], row["upper_cl"], aims=goals)
    likely = percents(
        row["shrunken_lower"], row["shrunken_upper"], aims=[*goals, *(goal / 2 for goal in goals)]
    )
    shown = {
        "projects": k_of_n(row["numerator"], n),
        "before": _before(row),
        "rate": rate,
        "interval": " to ".join(limits) if n else "",
        "bar": draw_bar(
            row["rate"], row["lower_cl"], row["upper_cl"], None if aim is None else float(aim)
        ),
        "met": met,
        "met_words": format_met(pd.DataFrame([row])).iloc[0],
        "more": f"{row['needed']:,} more" if n and aim is not None and row["needed"] else "",
        "lasts": lasts,
        "recent": _recent(row["recent_numerator"], row["recent_denominator"]),
        "change": format_change(pd.Series(row)),
        "likely": "" if "none" in likely else " to ".join(likely),
        "position": row["position"],
        "recorded": percent(row["recorded"]) if n else "",
    }
    return {"keys": keys, **shown}


def _recent(k: int, n: int) -> str:
    """Write how many recent projects count, of how many."""
    return k_of_n(k, n) if n else "none recent"


def _before(row: dict) -> str:
    """Write what the last kept register counted; empty where none is, or by other words."""
    if pd.isna(row["earlier_day"]):
        return ""
    return f"was {k_of_n(row['earlier_numerator'], row['earlier_denominator'])}"


def _key(number: float) -> str:
    """Return a number to sort by, empty for none."""
    return "" if number != number else f"{number:.4f}"


def draw_bar(rate: float, lower: float, upper: float, aim: float | None = None) -> dict | None:
    """Return the places of a rate, its interval and the aim on a bar from 0 to 100, or None.

    >>> draw_bar(4 / 15, 0.109, 0.52, 0.8)
    {'lower': '10.9', 'upper': '52', 'rate': '26.7', 'aim': '80'}
    """
    if rate != rate:
        return None
    places = {"lower": lower, "upper": upper, "rate": rate, "aim": aim}
    return {
        name: "" if share is None else f"{100 * share:.1f}".removesuffix(".0")
        for name, share in places.items()
    }


# --- what can be read off the rows ----------------------------------------------------------------


def read_off(
    groups: pd.DataFrame, trust: pd.DataFrame, links: dict, aim: Fraction | None
) -> list[list]:
    """Return at most three sentences that can be read off the table, each a list of parts.

    A part is text, or a link to a report. Each sentence prints the rule by which it counts, and
    names all that the rule fits, or none where they are many; groups that are no directorate never.
    """
    rows = groups[~groups["group"].isin(NO_DIRECTORATES)]
    if len(rows) < 2:  # one row says it all
        return []
    parts = [
        _read_aim(rows, links, aim),
        _read_likely(rows, links, aim),
        _read_change(rows, links, trust),
    ]
    return [sentence for sentence in parts if sentence]


def _read_aim(rows: pd.DataFrame, links: dict, aim: Fraction | None) -> list:
    """Say which directorates meet the aim today, and for which the blanks decide."""
    if aim is None:
        return []
    met, decided = (rows[rows["met_now"] == answer] for answer in ("yes", "blanks_decide"))
    verb = "meet" if len(met) > 1 else "meets"
    said: list = [f"{_number(met)} of {count_of(len(rows), 'directorate')} {verb} the aim today"]
    said += _in_brackets(met, links)
    if len(decided):
        said += [f"; for {len(decided):,} the blanks decide", *_in_brackets(decided, links)]
    return [*said, "."]


def _read_likely(rows: pd.DataFrame, links: dict, aim: Fraction | None) -> list:
    """Say whose likely rate lies wholly below half of the aim, and who differs from the trust."""
    said: list = []
    if aim is not None and rows["shrunken_upper"].notna().any():
        below = rows[rows["shrunken_upper"] < float(aim / 2)]
        has = "have all of their" if len(below) > 1 else "has all of its"
        those = count_of(len(below), "directorate") if len(below) else "No directorate"
        half = f"likely rate below {format_share(aim / 2)}, half of the aim"
        said = [f"{those} {has} {half}", *_in_brackets(below, links), ". "]
    if rows["position"].isin(["higher", "lower", "within"]).sum() > 1:
        said += _read_position(rows, links)
    return said


def _read_position(rows: pd.DataFrame, links: dict) -> list:
    """Say how many differ from the trust, by the funnel's answer."""
    higher, lower = (rows[rows["position"] == word] for word in ("higher", "lower"))
    those = count_of(len(higher), "directorate is", "directorates are")
    those = those if len(higher) else "No directorate is"
    said: list = [f"{those} higher than the trust by more than chance and the usual spread"]
    below = count_of(len(lower), "is", "are") if len(lower) else "none is"
    return [
        *said,
        *_in_brackets(higher, links),
        f"; {below} lower",
        *_in_brackets(lower, links),
        ".",
    ]


def _read_change(rows: pd.DataFrame, links: dict, trust: pd.DataFrame) -> list:
    """Say whose rate has changed, of how many that were tested, and if only the whole's has."""
    tested = rows[rows["change"] != "too_few"]
    if tested.empty:
        return ["In no directorate have enough projects started to tell a change."]
    rise, fall, early = (tested[tested["change"] == kind] for kind in ("rise", "fall", "too_early"))
    few = count_of(len(tested), "directorate")
    said: list = [f"Of {few} with enough projects to tell, {_number(rise).lower()} {_has(rise)} "]
    said += ["risen", *_in_brackets(rise, links), f" and {_number(fall).lower()} {_has(fall)} "]
    said += ["fallen", *_in_brackets(fall, links), " by more than chance does"]
    if len(early):
        so_far = count_of(len(early), "is lower so far", "are lower so far")
        said += [f"; {so_far}", *_in_brackets(early, links), ", too early to tell"]
    change = trust["change"].item()
    if change in ("rise", "fall") and (tested["change"] != change).all():
        said.append(f". The trust's {change} can be told only from all their projects together")
    return [*said, "."]


def _has(rows: pd.DataFrame) -> str:
    return "have" if len(rows) > 1 else "has"


def _number(rows: pd.DataFrame) -> str:
    return f"{len(rows):,}" if len(rows) else "None"


def _in_brackets(rows: pd.DataFrame, links: dict) -> list:
    """Name directorates in brackets, each a link; where they are none or many, none of them."""
    if not 0 < len(rows) <= MOST_NAMED:
        return []
    between = [piece for name in rows["group"] for piece in (", ", links[name])][1:]
    return [" (", *between, ")"]


# --- links and the chart --------------------------------------------------------------------------


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
