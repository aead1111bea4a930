"""Render executed notebooks as pages: each stands alone, and fetches nothing.

It runs one script, its own, which saves a chart as a picture; the page's policy knows it by its
hash. What a page holds comes from :mod:`.content`; the template sets it. Every text is data: it is
escaped, and characters that would turn or hide text are named.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from urllib.parse import quote

import qi_analysis

from ..core.text import lower_first, show_text
from ..execution.environment import quick_nbformat
from .content import Outline, link_terms, outline_notebook, term_id, used_words
from .workbook import write_tables

TEMPLATES = Path(__file__).parent / "templates"
MARK = "\ufeff"  # by which a spreadsheet knows that a CSV file is UTF-8


def warm_up() -> None:
    """Import, and use once, what the reports' notebooks and pages use."""
    for name in dir(qi_analysis):
        getattr(qi_analysis, name)
    nbformat = quick_nbformat()
    output = nbformat.v4.new_output("display_data", {"text/html": "<b>a</b>", "text/plain": "a"})
    cells = [
        nbformat.v4.new_markdown_cell("# A\n\n*b*"),
        nbformat.v4.new_code_cell(outputs=[output]),
    ]
    page = dict.fromkeys(("trust", "as_of", "definition", "meaning", "version"), "")
    outline = outline_notebook(nbformat.v4.new_notebook(cells=cells))
    render_page(outline, title="", home="", example=False, warnings=[], **page)


def write_page(executed, notebook: Path, page: dict) -> None:
    """Write a notebook's page beside it, as ``.html``, and the page's tables, as ``.xlsx``."""
    outline, workbook = outline_notebook(executed), notebook.with_suffix(".xlsx")
    write_tables(outline, workbook, title=page["title"], page=page)
    html = render_page(outline, stem=notebook.stem, **page)
    notebook.with_suffix(".html").write_text(html, "utf-8", newline="\n")


def render_page(outline: Outline, *, title: str, home: str, stem: str = "", **page) -> str:
    """Render an executed notebook as one self-contained page, fetching nothing from outside.

    Parameters
    ----------
    outline : Outline
        What the page shows of the notebook, from ``outline_notebook``.
    title : str
        The page's own, such as the directorate.
    home : str
        The link to the index.
    stem : str
        The file name, without ending, of the notebook and the workbook beside the page.
    """
    page = {
        "title": title, "home": home, "stem": stem, "style": style(), "script": _script(),
        "paper": _paper(page["trust"], title, page["as_of"]),
        "period": "", "addresses": {}, "help": "", **page,
        "linked": set(), "facts": _facts(page), "glossary": used_words(outline.text),
        "outline": outline,
    }  # fmt: skip
    return page_template("report.html.j2").render(page=page)


def _facts(page: dict) -> list[tuple[str, str]]:
    """Return what a page was made from, as far as its readers may know it."""
    facts = {
        "The register as it stood on": "as_of", "Projects that started from": "period",
        "Register": "register",
        "SHA-256 of the cleaned register": "register_sha256", "Profile": "profile",
        "Meaningful means": "definition", "Made by qi-analysis": "version",
    }  # fmt: skip
    return [(what, page[key]) for what, key in facts.items() if page.get(key)]


def page_template(name: str):
    """Return the Jinja template of a page; what it is given shows as text, unless marked safe."""
    return _environment().get_template(name)


@functools.cache
def _environment():
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "pages"), autoescape=True, finalize=_visible,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "prose": _prose, "hashed": _hashed, "csv_link": _csv_link, "terms": link_terms,
        "trusted": _trusted, "term_id": term_id, "lower_first": lower_first,
    }  # fmt: skip
    return environment


def _visible(value):
    """Return a value as a page shows it, before it is escaped; what is markup already stays so."""
    plain = isinstance(value, str) and not hasattr(value, "__html__")
    return show_text(value) if plain else value


@functools.cache
def style():
    """Return the pages' style sheet."""
    return _trusted((TEMPLATES / "style.css").read_text("utf-8"))


@functools.cache
def _script():
    return _trusted((TEMPLATES / "report.js").read_text("utf-8"))


def _paper(trust: str, title: str, as_of: str):
    """Return the style of a printed page: its running title, and its number.

    >>> print(_paper("A", "}", "").split(";")[0])
    @page { @top-left { content: "\\00007d  \\0000b7  A  \\0000b7  "
    """
    names = "  ·  ".join((title, trust, as_of))
    running = "".join(
        c if c.isascii() and (c.isalnum() or c == " ") else f"\\{ord(c):06x}" for c in names
    )
    return _trusted(
        f'@page {{ @top-left {{ content: "{running}"; }} '
        '@bottom-right { content: counter(page) " of " counter(pages); } }'
    )


@functools.cache
def _prose(markdown: str):
    """Return a template's own Markdown as HTML."""
    return _trusted(str(_markdown()(markdown)))


@functools.cache
def _markdown():
    import mistune

    plugins = ["strikethrough", "table", "url", "task_lists", "def_list"]
    return mistune.create_markdown(escape=False, plugins=plugins)


def _hashed(text: str) -> str:
    """Return a style's or a script's hash, by which the page's policy knows it."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _csv_link(text: str):
    return _trusted(f"data:text/csv;charset=utf-8,{quote(MARK + text)}")


def _trusted(text: str):
    """Return what we made ourselves, such as a picture in base64, as it is."""
    from markupsafe import Markup

    return Markup(text)
