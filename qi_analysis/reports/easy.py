"""The easy-read summary, for those who took part: short sentences, a picture beside each, one side.

It says what the trust's row of the findings says, in fewer and plainer words, and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from ..core.schema import COUNTS_AND_BLANKS
from ..core.text import count_of
from ..profile import Definition
from ..register import Register
from ..stats.rates import parse_aim
from .page import TEMPLATES, page_template

MOST_DRAWN = 10  # circles: one a project, or one a tenth of them
PEOPLE = "Service users and carers should"
MEANINGS = {  # by a definition's approach
    "doing_with": f"{PEOPLE} be partners in them.",
    "doing_for": f"{PEOPLE} be asked, or be partners.",
    "doing_to": f"{PEOPLE} be involved in some way.",
}


@dataclass(frozen=True)
class Point:
    """One picture, and the sentences beside it; of circles each one's filling."""

    picture: str
    sentences: list[str]
    circles: tuple[str, ...] = ()


def render_easy(page: dict, trust: pd.DataFrame, register: Register) -> str:
    """Render the easy-read summary of the trust, whole and standing alone.

    Parameters
    ----------
    page : dict
        What stands at the head of every page.
    trust : DataFrame
        The trust's row of :func:`summarise_findings`.
    register : Register
        The register that it is of.
    """
    look = (TEMPLATES / "easy.css").read_text("utf-8")
    return page_template("easy.html.j2").render(
        page={**page, "style": look},
        points=list_points(trust.iloc[0], register.definition, page["as_of"]),
    )


def list_points(row: pd.Series, definition: Definition, day: str) -> list[Point]:
    """List what is said of a row of the findings, each point with its picture."""
    points = [
        Point("people", ["We run projects to make care better.", tell_meaning(definition)]),
        Point("calendar", _looked_at(row, day)),
    ]
    if row["denominator"]:
        points += [
            Point("circles", _today(row), fill_circles(row["numerator"], row["denominator"])),
            Point("flag", _aim(row)),
            Point(_arrow(row), _change(row)),
            Point("clock", _recent(row)),
            Point("bubble", _next(row)),
        ]
    return [point for point in points if point.sentences]


def tell_meaning(definition: Definition) -> str:
    """Tell what projects should do, by what a definition asks for.

    >>> tell_meaning(Definition("any", "Any", "people were involved", approach="doing_to"))
    'Service users and carers should be involved in some way.'
    >>> tell_meaning(Definition("areas", "Areas", "people took part in three areas", areas=3))
    'Service users and carers should help with 3 or more parts.'
    """
    if not definition.areas:
        return MEANINGS[definition.approach or "doing_to"]
    partners = "be partners in" if definition.approach == "doing_with" else "help with"
    return f"{PEOPLE} {partners} {definition.areas} or more parts."


# --- a share, in words and circles ----------------------------------------------------------------


def tell_share(k: int, n: int, aim: Fraction | None = None, of: int = 10) -> str:
    """Tell a count as so many in every ten, and say where that is rounded.

    A rounded share that would stand on the aim says on which side of it the count lies.

    >>> tell_share(104, 266), tell_share(4, 10), tell_share(1, 300)
    ('about 4 in every 10', '4 in every 10', 'fewer than 1 in every 10')
    >>> tell_share(207, 260, Fraction(4, 5)), tell_share(209, 260, Fraction(4, 5))
    ('nearly 8 in every 10', 'just over 8 in every 10')
    """
    if k in (0, n):
        return "all" if k else "none"
    near = _nearest(k, n, of)
    if near in (0, of):
        return f"more than {of - 1} in every {of}" if near else f"fewer than 1 in every {of}"
    share, shown = Fraction(int(k), int(n)), Fraction(near, of)
    word = "" if share == shown else "about "
    if word and shown == aim:
        word = "nearly " if share < shown else "just over "
    return f"{word}{near} in every {of}"


def _nearest(k: int, n: int, of: int) -> int:
    """Return the nearest whole number of so many; a half goes up."""
    return (2 * int(k) * of + int(n)) // (2 * int(n))


def fill_circles(k: int, n: int) -> tuple[str, ...]:
    """Return circles to draw: one a project where they are ten or fewer, else one a tenth.

    Where some projects but not a tenth do, or all but less than a tenth, a circle is half full.

    >>> fill_circles(2, 3), fill_circles(1, 300)[:2]
    (('full', 'full', 'empty'), ('half', 'empty'))
    """
    drawn = min(int(n), MOST_DRAWN)
    full = _nearest(k, n, drawn)
    half = full == 0 < k or (full == drawn and k < n)
    circles = [*["full"] * (full - 1 if half and full else full), *(["half"] if half else [])]
    return (*circles, *["empty"] * (drawn - len(circles)))


def _every(aim: Fraction | None) -> int:
    """Return of how many shares are told: ten, or a hundred where the aim is no whole tenth."""
    return 10 if aim is None or (aim * 10).denominator == 1 else 100


# --- the points -----------------------------------------------------------------------------------


def _looked_at(row: pd.Series, day: str) -> list[str]:
    n, blank = int(row["denominator"]), int(row["not_recorded"])
    if not n:
        return [f"We had no projects on {day}.", "So there is nothing to count yet."]
    looked = f"We looked at {count_of(n, 'project')} on {day}."
    if not blank:
        return [looked]
    if n == 1:
        return [looked, "It does not say. We count that as no."]
    does = count_of(blank, "project does not say", "projects do not say")
    return [looked, f"{does}. We count {'that' if blank == 1 else 'those'} as no."]


def _today(row: pd.Series) -> list[str]:
    k, n, blank = (int(row[name]) for name in COUNTS_AND_BLANKS)
    if n == 1:
        return [
            "It does this." if k else "We do not know if it does." if blank else "It does not yet."
        ]
    if k == 0:
        return ["We know of none that do this." if blank else "None of them do this yet."]
    if k == n:
        return ["All of them do this."]
    if n <= MOST_DRAWN:
        return [f"{k} of these {n} do{'es' if k == 1 else ''} this."]
    aim = _read_aim(row)
    do = count_of(k, f"of the {n:,} projects does this", f"of the {n:,} projects do this")
    return [f"{do}.", f"That is {tell_share(k, n, aim, _every(aim))} projects."]


def _read_aim(row: pd.Series) -> Fraction | None:
    return None if pd.isna(row["aim"]) else parse_aim(row["aim"])


def _aim(row: pd.Series) -> list[str]:
    """Tell whether the aim is met today; nothing without one."""
    aim = _read_aim(row)
    if aim is None:
        return []
    share, of = aim * _every(aim), _every(aim)
    wanted = "all" if aim == 1 else f"{float(share):.10g} in every {of}"
    said = [f"We want {wanted} projects to do this."]
    if row["met_now"] == "yes":
        return [*said, "We have reached that today."]
    if row["met_now"] == "blanks_decide":
        return [*said, "We cannot say if we are there.", "Too many projects do not say."]
    more = count_of(int(row["needed"]), "more project needs", "more projects need")
    needs = [f"{more} to do this."] if row["denominator"] > 1 else []
    return [*said, "We are not there yet.", *needs]


def _arrow(row: pd.Series) -> str:
    if row["change"] == "none" and not row["doubt"]:
        return "level"
    return {"rise": "up", "fall": "down"}.get(row["change"], "question")


def _change(row: pd.Series) -> list[str]:
    """Tell whether the share has changed, and what it was and is."""
    early = "It looks lower lately. It is too early to tell."
    unchanged = {
        "too_early": early,
        "too_few": "We cannot tell yet if this has changed.",
        "none": "We cannot be sure if this has changed."
        if row["doubt"]
        else "We see no clear change over time.",
    }
    if row["change"] in unchanged:
        said = [unchanged[row["change"]]]
    else:
        way = "more" if row["change"] == "rise" else "less"
        said = [f"Newer projects do this {way} often.", *_before_and_after(row)]
    lately = pd.notna(row["lower_since"]) and row["change"] != "too_early"
    return [*said, early] if lately else said


def _before_and_after(row: pd.Series) -> list[str]:
    """Tell both shares of a change; of a hundred where in tenths they would be alike."""
    for of in (10, 100):
        before, after = (
            tell_share(row[f"{side}_numerator"], row[f"{side}_denominator"], of=of)
            for side in ("before", "after")
        )
        if before.rpartition("about ")[2] != after.rpartition("about ")[2]:
            return [
                f"Projects started before {row['changed_at']:%B %Y}: {before}.",
                f"Projects started since then: {after}.",
            ]
    return []


def _recent(row: pd.Series) -> list[str]:
    """Tell whether the aim would last, by recent projects; nothing without an aim."""
    if not row["sustained"]:
        return []
    k, n = int(row["recent_numerator"]), int(row["recent_denominator"])
    if not n:
        return ["No project is recent enough to tell what lasts."]
    does = "does" if k == 1 or n == 1 else "do"
    projects = "project" if n == 1 else "projects"
    return [f"{k:,} of {n:,} recent {projects} {does} this.", LASTS[row["sustained"]]]


LASTS = {
    "yes": "That is enough for our aim to last.",
    "no": "That is too few for our aim.",
    "cannot_tell": "We cannot tell yet if our aim would last.",
    "too_few": "We need more recent projects to tell what lasts.",
}


def _next(row: pd.Series) -> list[str]:
    """Tell which projects to act on, by reason; nothing where there are none."""
    words = {
        "work_to_or_for": ("involves people, but not enough", "involve people, but not enough"),
        "involve_nobody": ("involves nobody yet", "involve nobody yet"),
        "not_recorded_actions": ("needs to tell us", "need to tell us"),
    }
    said = [
        f"{count_of(int(row[name]), f'project {one}', f'projects {many}')}."
        for name, (one, many) in words.items()
        if row[name]
    ]
    return ["What can change next?", *said] if said else []
