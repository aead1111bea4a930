"""What a page shows of an executed notebook: its sections, each with what was said, drawn, counted.

A section begins at a heading. Of a cell's outputs only these are shown: what was printed, pictures
with their sentences, tables from their data, and else plain text. A cell tagged ``numbers`` gives
the table that opens under the chart above it, one tagged ``icons`` the indicator icons; one tagged
``not-in-report`` is shown among the code only.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from .tables import RESOURCE, Table, read_table

PICTURES = ("image/svg+xml", "image/png")
HEADING = re.compile(r"(#{1,6}) +(.+)\n*")


@dataclass
class Block:
    """One thing that a page shows: a heading, prose, said, plain, figure, table or icons."""

    kind: str
    text: str = ""
    source: str = ""
    table: Table | None = None


@dataclass
class Section:
    """A question, and what answers it."""

    title: str
    blocks: list[Block] = field(default_factory=list)

    @property
    def id(self) -> str:
        """Where links to the section lead."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


@dataclass
class Outline:
    """A notebook's sections, and its code under the headings where it stands."""

    sections: list[Section] = field(default_factory=list)
    code: list[tuple[str, str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that the page says in sentences."""
        return "\n".join(block.text for each in self.sections for block in each.blocks)

    @property
    def tables(self) -> list[Table]:
        """Every table of the page, in its order."""
        blocks = [block for each in self.sections for block in each.blocks]
        return [block.table for block in blocks if block.table and block.kind != "icons"]


def outline_notebook(executed) -> Outline:
    """Give what a page shows of an executed notebook."""
    outline, here = Outline(), "Before the first section"
    for cell in executed.cells:
        hidden = "not-in-report" in cell.metadata.get("tags", [])
        if cell.cell_type == "code":
            outline.code.append((here, cell.source))
        if hidden:
            continue
        if cell.cell_type == "markdown":
            here = _add_prose(outline, cell.source) or here
        elif cell.cell_type == "code":
            outline.sections = outline.sections or [Section("The report")]
            _add_outputs(outline, cell, here)
    outline.sections = [section for section in outline.sections if section.blocks]
    return outline


def _add_prose(outline: Outline, source: str) -> str:
    """Add a cell of Markdown, and give its heading."""
    found = HEADING.match(source)
    level, title = (len(found[1]), found[2].strip()) if found else (0, "")
    if level in (1, 2) or not outline.sections:
        outline.sections.append(Section(title))
    blocks = outline.sections[-1].blocks
    if level > 2:
        blocks.append(Block("heading", title))
    if rest := source[found.end() :] if found else source:
        blocks.append(Block("prose", rest))
    return title


def _add_outputs(outline: Outline, cell, title: str) -> None:
    blocks, tags = outline.sections[-1].blocks, cell.metadata.get("tags", [])
    said = "".join(o["text"] for o in cell.outputs if o["output_type"] == "stream")
    pictures = [found for o in cell.outputs if (found := read_picture(o))]
    shown: list[Block] = []
    for picture in pictures:
        picture.text = picture.text or title
        before, _, said = said.rpartition(picture.text)
        shown += [*_paragraphs(before), picture if picture.source else Block("said", picture.text)]
    blocks += _once([*shown, *_paragraphs(said)])
    for output in cell.outputs:
        data = output.get("data", {})
        if RESOURCE in data and data[RESOURCE]["data"]:
            _add_table(outline, data[RESOURCE], title, tags)
        elif RESOURCE not in data and not pictures and "text/plain" in data:
            blocks.append(Block("plain", data["text/plain"]))


def _add_table(outline: Outline, resource, title: str, tags: list[str]) -> None:
    """Add a table; one of a chart's numbers to the chart, if there is one above it."""
    blocks = outline.sections[-1].blocks
    figure = next((b for b in reversed(blocks) if b.kind in ("figure", "heading")), None)
    if "numbers" in tags and (figure is None or figure.kind != "figure"):
        return
    caption = f"The numbers in the chart: {title}" if "numbers" in tags else title
    taken = [table.caption for table in outline.tables]
    if caption in taken:
        caption = f"{caption} ({taken.count(caption) + 1})"
    table = read_table(resource, caption)
    if "numbers" in tags:
        figure.table = table
    else:
        blocks.append(Block("icons" if "icons" in tags else "table", table=table))


def read_picture(output) -> Block | None:
    """Give a chart with its sentence; without a picture where there was too little to draw."""
    for kind in PICTURES:
        if kind in output.get("data", {}):
            content = "".join(output["data"][kind])  # in a file they may stand line by line
            says = output.get("metadata", {}).get(kind, {})
            if kind == "image/svg+xml":
                content = base64.b64encode(content.encode()).decode()
            drawn = says.get("drawn", True)
            source = f"data:{kind};base64,{''.join(content.split())}" if drawn else ""
            return Block("figure", says.get("alt", ""), source)
    return None


def _once(blocks: list[Block]) -> list[Block]:
    """Leave out what is said again in the same cell; a chart's sentence stands with its chart."""
    under = {block.text for block in blocks if block.kind == "figure"}
    first: dict[str, Block] = {}
    for block in blocks:
        first.setdefault(block.text, block)
    return [
        block
        for block in blocks
        if block.kind == "figure" or (block.text not in under and first[block.text] is block)
    ]


def _paragraphs(text: str) -> list[Block]:
    return [Block("said", part.strip()) for part in text.split("\n\n") if part.strip()]
