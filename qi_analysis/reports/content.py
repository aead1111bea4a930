"""What a page shows of an executed notebook: its sections, each with sentences, charts and tables.

A section begins at a heading. Of a cell's outputs only these are shown: sentences, by
:func:`.show` or printed, pictures with their sentences, tables from their data, and else plain
text. A heading under which nothing came of the code is left out. Cells are tagged: ``numbers``
gives the table that opens under the chart above it, ``icons`` the indicator icons; what follows a
heading tagged ``folded`` opens under it, up to the next Markdown; ``not-in-report`` is shown among
the code only.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import dropwhile

import pandas as pd

from ..core.text import SENTENCE, format_date, percents, show_text
from ..spc.series import RATE
from .output import csv_text

PICTURES = ("image/svg+xml", "image/png")
SIZE = re.compile(r'\b(width|height)="([\d.]+)pt"')
HEADING = re.compile(r"(#{1,6}) +(.+)\n*")


@dataclass
class Block:
    """One thing that a page shows: a heading, prose, sentence, plain, figure, table, icons or fold.

    A fold's title is its text, and what opens under it stands ``inside``. A figure has its sentence
    as a ``caption`` too, unless its section has said it before.
    """

    kind: str
    text: str = ""
    source: str = ""
    table: Table | None = None
    caption: str = ""
    inside: list[Block] = field(default_factory=list)
    is_tall: bool = False


@dataclass
class Section:
    """A question, and what answers it."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    has_code: bool = False

    @property
    def id(self) -> str:
        """Where links to the section lead."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")

    @property
    def all_blocks(self) -> Iterator[Block]:
        """Every block, those inside a fold after it."""
        for block in self.blocks:
            yield from (block, *block.inside)

    @property
    def here(self) -> list[Block]:
        """The blocks to which the next is added: those of the fold that stands last, or all."""
        return (
            self.blocks[-1].inside
            if self.blocks and self.blocks[-1].kind == "fold"
            else self.blocks
        )


@dataclass
class Outline:
    """A notebook's sections, and its code under the headings where it stands."""

    sections: list[Section] = field(default_factory=list)
    code: list[tuple[str, str]] = field(default_factory=list)

    @property
    def blocks(self) -> list[Block]:
        """Every block of every section."""
        return [block for section in self.sections for block in section.all_blocks]

    @property
    def text(self) -> str:
        """All that the page says in sentences."""
        return "\n".join(block.text for block in self.blocks)

    @property
    def tables(self) -> list[Table]:
        """Every table of the page, in its order; of the icons their questions and answers."""
        return [
            replace(block.table, columns=tuple(c for c in block.table.columns if c[0] != "icon"))
            for block in self.blocks
            if block.table
        ]


def outline_notebook(executed) -> Outline:
    """Return what a page shows of an executed notebook."""
    outline, here = Outline(), "Before the first section"
    for cell in executed.cells:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "code":
            outline.code.append((here, cell.source))
        if "not-in-report" in tags:
            continue
        if cell.cell_type == "markdown":
            here = _add_prose(outline, cell.source, "folded" in tags) or here
        elif cell.cell_type == "code":
            outline.sections = outline.sections or [Section("The report")]
            outline.sections[-1].has_code = True
            _add_outputs(outline, cell, here)
    for section in outline.sections:
        section.blocks = _drop_unanswered(section.blocks)
    outline.sections = [section for section in outline.sections if _is_answered(section)]
    return outline


def _is_answered(section: Section) -> bool:
    return any(block.kind != "prose" for block in section.blocks) or (
        bool(section.blocks) and not section.has_code
    )


def _drop_unanswered(blocks: list[Block]) -> list[Block]:
    """Return the blocks without folds that hold nothing, and headings with nothing but prose."""
    kept: list[Block] = []
    for block in reversed(blocks):
        follows = next((each.kind for each in kept if each.kind != "prose"), "heading")
        if block.kind == "heading" and follows == "heading":
            kept = list(dropwhile(lambda each: each.kind == "prose", kept))
        elif not (block.kind == "fold" and all(each.kind == "prose" for each in block.inside)):
            kept.insert(0, block)
    return kept


def _add_prose(outline: Outline, source: str, folded: bool = False) -> str:
    """Add a cell of Markdown, and return its heading."""
    found = HEADING.match(source)
    level, title = (len(found[1]), found[2].strip()) if found else (0, "")
    if level in (1, 2) or not outline.sections:
        outline.sections.append(Section(title))
    section = outline.sections[-1]
    blocks = section.blocks
    if level > 2:
        blocks.append(Block("fold" if folded else "heading", title))
        blocks = section.here
    if rest := source[found.end() :] if found else source:
        blocks.append(Block("prose", rest))
    return title


def _add_outputs(outline: Outline, cell, title: str) -> None:
    section, tags = outline.sections[-1], cell.metadata.get("tags", [])
    figures = [figure for o in cell.outputs if (figure := read_figure(o, title))]
    for block in _merge(_read_paragraphs(cell.outputs), figures):
        said = any(each.kind == "sentence" and each.text == block.text for each in section.blocks)
        block.caption = "" if said else block.text
        if not (said and block.kind == "sentence" and figures):
            section.here.append(block)
    for output in cell.outputs:
        data = output.get("data", {})
        if RESOURCE in data and data[RESOURCE]["data"]:
            _add_table(outline, data[RESOURCE], title, tags)
        elif not {RESOURCE, SENTENCE} & {*data} and not figures and "text/plain" in data:
            section.here.append(Block("plain", data["text/plain"]))


def _read_paragraphs(outputs) -> list[str]:
    """Return the paragraphs that a cell shows or prints, in their order."""
    texts = []
    for output in outputs:
        data = output.get("data", {})
        if output.get("name") == "stdout":
            texts.append(output["text"])
        elif SENTENCE in data and not any(kind in data for kind in PICTURES):
            texts.append("".join(data[SENTENCE]) + "\n\n")
    return [part.strip() for part in "".join(texts).split("\n\n")]


def _merge(paragraphs: list[str], figures: list[Block]) -> list[Block]:
    """Return what a cell said and drew in one order, each sentence once.

    A chart stands where its sentence was said last, and below the text if it was not; where
    nothing was drawn, the sentence stands alone.
    """
    drawn = {figure.text for figure in figures if figure.source}
    merged: dict[str, list[Block]] = {}
    for i, text in enumerate(paragraphs):
        if text and not (text in drawn and text in paragraphs[i + 1 :]):
            merged.setdefault(text, [])
    for figure in figures:
        merged.setdefault(figure.text, []).extend([figure] if figure.source else [])
    return [
        block for text, charts in merged.items() for block in charts or [Block("sentence", text)]
    ]


def _add_table(outline: Outline, resource, title: str, tags: list[str]) -> None:
    """Add a table; one of a chart's numbers to the chart, if there is one above it."""
    section, is_numbers = outline.sections[-1], "numbers" in tags
    above = (block for block in reversed(section.here) if block.kind in ("figure", "heading"))
    figure = next(above, Block("heading"))
    if is_numbers and figure.kind != "figure":
        return
    caption = f"The numbers in the chart: {title}" if is_numbers else title
    taken = [table.caption for table in outline.tables]
    if caption in taken:
        caption = f"{caption} ({taken.count(caption) + 1})"
    table = read_table(resource, caption)
    if is_numbers:
        figure.table = table
    else:
        section.here.append(Block("icons" if "icons" in tags else "table", table=table))


def read_figure(output, title: str = "") -> Block | None:
    """Return a chart with its sentence; without a picture where there was too little to draw.

    A chart that somebody drew without a sentence has the title in its place.
    """
    data = output.get("data", {})
    for kind in PICTURES:
        if kind in data:
            content = "".join(data[kind])  # in a file they may stand line by line
            is_tall = kind == "image/svg+xml" and _is_tall(content)
            if kind == "image/svg+xml":
                content = base64.b64encode(content.encode()).decode()
            drawn = output.get("metadata", {}).get(kind, {}).get("drawn", True)
            source = f"data:{kind};base64,{''.join(content.split())}" if drawn else ""
            text = "".join(data.get(SENTENCE, title))
            return Block("figure", text, source, is_tall=is_tall)
    return None


def _is_tall(svg: str) -> bool:
    """Whether a chart is nearly as high as it is wide, as one of many rows is.

    >>> _is_tall('<svg height="532pt" version="1.1" width="576pt">')
    True
    """
    size = {name: float(value) for name, value in SIZE.findall(svg[:2_000])}
    return size.get("height", 0) > 0.6 * size.get("width", 0)


RESOURCE = "application/vnd.dataresource+json"

HEADINGS = {
    "numerator": "Meaningful",
    "denominator": "Projects",
    "not_recorded": "Not recorded",
    "lower_cl": "95% interval from",
    "upper_cl": "95% interval to",
    "lpl": "Lower limit",
    "upl": "Upper limit",
    "point_type": "What the point shows",
    "label": "What",
    "median": "Median",
    "point": "Rate",
    "lower_3s": "Lower limit",
    "upper_3s": "Upper limit",
    "position": "Where it lies",
    "met_now": "Aim met today",
    "sustained": "Would it last",
    "settled": "Long enough ago",
    "source": "As said by",
    "at_risk": "Projects followed",
    "months": "Months since start",
    "share_involved": "Have involved people",
    "period": "From",
    "date": "Date",
}

NUMERIC = ("number", "integer")
SHARES = {
    "rate", "point", "lower_cl", "upper_cl", "mean", "lpl", "upl", "median", "lower_3s", "upper_3s",
    "share_involved",
}  # fmt: skip

WORDS = {
    "common_cause": "Chance",
    "special_cause_improvement": "Improvement, not chance",
    "special_cause_concern": "Concern, not chance",
    "special_cause_neutral": "Change, not chance",
    "rise": "Rise, not chance",
    "fall": "Fall, not chance",
    "too_early": "Too early to tell",
    "cannot_tell": "Nobody can tell yet",
    "blanks_decide": "The blanks decide",
    "within": "Within chance",
    "too_few": "Too few to tell",
    "higher": "Higher than chance gives",
    "lower": "Lower than chance gives",
    True: "yes",
    False: "no",
}
LONGEST = 300  # characters of a cell on a page; the CSV has all of them
NUMBER = re.compile(r"none|(under |over )?[-+]?[\d,.]+%?( (to|of) [\d,.]+%?)?( \(.*\))?|\[\w+\]")


@dataclass(frozen=True)
class Table:
    """A table to show: its caption, its columns (name and type) and its rows, as they were."""

    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Mapping, ...]

    @property
    def headings(self) -> list[str]:
        """Each column's name in words."""
        return [_heading(name) for name, _ in self.columns]

    @property
    def lists_projects(self) -> bool:
        """Whether it has a row a project, of which paper has room for some."""
        return bool(self.columns) and self.columns[0][0] == "Project"

    @cached_property
    def text_rows(self) -> list[list[str]]:
        """Each row's cells as readers write them."""
        return [
            [_format_cell(row[name], name, kind, shares) for name, kind in self.columns]
            for row in self.rows
            for shares in [self._shares_of(row)]
        ]

    def _shares_of(self, row: Mapping) -> dict[str, str]:
        """Return the shares of a row as percentages that tell them apart."""
        if row.get("point_is", RATE) != RATE:
            return {}
        names = [name for name, kind in self.columns if name in SHARES and kind in NUMERIC]
        shares = (float("nan") if row[name] is None else row[name] for name in names)
        return dict(zip(names, percents(*shares), strict=True))

    @cached_property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers, to be set to the right."""
        down = list(zip(*self.text_rows, strict=True)) or [()] * len(self.columns)
        return [
            kind in ("integer", "number") or (bool(texts) and all(map(NUMBER.fullmatch, texts)))
            for (_, kind), texts in zip(self.columns, down, strict=True)
        ]

    @property
    def csv(self) -> str:
        """The data as CSV that no spreadsheet takes for formulas."""
        names = [name for name, _ in self.columns]
        frame = pd.DataFrame(list(self.rows), columns=names)
        frame = frame.assign(**{c: frame[c].str[:10] for c in self._dates})
        return csv_text(frame)

    @property
    def _dates(self) -> list[str]:
        return [name for name, kind in self.columns if kind == "datetime"]


def read_table(resource: Mapping, caption: str) -> Table:
    """Return the table that a notebook's output holds as data; a plain count of rows is omitted."""
    fields = [(field["name"], field["type"]) for field in resource["schema"]["fields"]]
    if fields[0] == ("index", "integer"):
        fields = fields[1:]
    return Table(caption, tuple(fields), tuple(resource["data"]))


def _heading(name: str) -> str:
    if name in HEADINGS:
        return HEADINGS[name]
    if name == "index":
        return "Group"
    return name.replace("_", " ").capitalize() if name == name.lower() else name


def _format_cell(value, name: str, kind: str, shares: dict[str, str]) -> str:
    if name in shares:
        return shares[name]
    if value is None:
        return ""
    if kind == "datetime":
        return format_date(date.fromisoformat(value[:10]))
    if kind == "integer":
        return f"{value:,}"
    if kind == "number":
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return WORDS.get(value, show_text(str(value), LONGEST))


GLOSSARY = {
    "Service users and carers (SU/C)": "people who use the trust's services, and those who care "
    "for them",
    "QI project": "a quality-improvement project: a team tests changes to make care better",
    "Doing with, for, to": "people are partners in the work; are asked or told; have it done to "
    "them",
    "Big I, little i": "two trusts' words for doing with, and for being consulted or informed",
    "Co-production": "people and staff plan, decide and work together from start to end",
    "Numerator, denominator, rate": "projects that involve people meaningfully; all projects "
    "counted; the first divided by the second",
    "95% interval": "the range of true rates that such a count is compatible with; wide when "
    "projects are few",
    "Points": "the plain difference of two percentages: 40% to 46% is 6 points",
    "Chance": "what moves a number up and down though nothing real has changed",
    "Process chart": "points over time, with limits that hold nearly all that chance alone does; "
    "one test, and not a single point, says whether the rate has changed",
    "Settled": "of projects and periods: so long ago that projects have had time to involve "
    "people, 6 months by default",
    "Exemption": "an agreed reason why a project need not involve people",
    "As-of date": "the day that a register describes",
    "Live project": "one that has not ended; a paused one counts, and so does one without a start "
    "date, but not a proposed one",
    "Recent project": "one that started in the 12 months that ended 6 months before the register's "
    "day, or as long before it as the profile says",
    "Quarantine": "the rows of an export that could not be read, kept apart with the reason",
    "Snapshot": "the cleaned register as it was on a day, kept to see what has changed since",
    "Suppressed, [c]": "a small count, or one from which a small count could be worked out, that "
    "is not published",
    "Profile": "the file with a trust's own words",
}

# What stands in a report's sentences, and the entry that explains it.
_TERMS = {
    "95% interval": "95% interval",
    "rate": "Numerator, denominator, rate",
    "chance": "Chance",
    "process chart": "Process chart",
    "exemption": "Exemption",
    "live projects": "Live project",
    "recent projects": "Recent project",
    "snapshot": "Snapshot",
    "points higher": "Points",
    "points lower": "Points",
    "suppressed": "Suppressed, [c]",
}
_FOUND = re.compile(rf"\b({'|'.join(map(re.escape, _TERMS))})\b", re.IGNORECASE)


def term_id(word: str) -> str:
    """Return where a link to an entry leads.

    >>> term_id("95% interval")
    'word-95-interval'
    """
    return "word-" + re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def used_words(text: str) -> list[tuple[str, str]]:
    """Return the entries whose word stands in a text.

    >>> used_words("How sure are we? The 95% interval says.")[0][0]
    '95% interval'
    """
    lowered = text.lower()
    forms = {word: [word.lower().split(",")[0].split(" (")[0]] for word in GLOSSARY}
    for form, word in _TERMS.items():
        forms[word].append(form)
    return [(word, GLOSSARY[word]) for word in GLOSSARY if any(f in lowered for f in forms[word])]


def link_terms(text: str, linked: set[str], addresses: Mapping[str, str] | None = None):
    """Return a sentence, each word not yet ``linked`` leading to its entry where it first stands.

    Words that have one of the profile's ``addresses`` lead there.

    >>> print(link_terms("The <95% interval> is wide. A 95% interval", set()))
    The &lt;<a class="term" href="#word-95-interval">95% interval</a>&gt; is wide. A 95% interval
    """
    from markupsafe import Markup, escape

    from ..core.text import show_text

    def link(found: re.Match) -> str:
        word = _TERMS[found[0].lower()]
        if word in linked:
            return found[0]
        linked.add(word)
        return f'<a class="term" href="#{term_id(word)}">{found[0]}</a>'

    known = {str(escape(words)): escape(url) for words, url in (addresses or {}).items()}
    parts = re.split(f"({'|'.join(map(re.escape, known)) or '(?!)'})", str(escape(show_text(text))))
    return Markup(
        "".join(
            f'<a href="{known[part]}">{part}</a>' if part in known else _FOUND.sub(link, part)
            for part in parts
        )
    )
