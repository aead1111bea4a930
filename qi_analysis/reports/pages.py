"""Render executed notebooks as pages: each stands alone, without code, fetching nothing."""

from __future__ import annotations

import functools
from pathlib import Path

from .quick import quick_nbformat

TEMPLATES = Path(__file__).parent / "template"


def render_page(executed, *, title: str, home: str, **page) -> str:
    """Render an executed notebook as one self-contained page: no code, nothing from outside."""
    resources = {"page": {"title": title, "home": home, "style": style(), **page}}
    return _exporter().from_notebook_node(executed, resources=resources)[0]


def page_template(name: str):
    """Give the Jinja template of an index page; what it is given shows as text."""
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES / "pages"), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    ).get_template(name)  # fmt: skip


def style() -> str:
    """Give the pages' style sheet."""
    return (TEMPLATES / "style.css").read_text("utf-8")


@functools.cache
def _exporter():
    quick_nbformat()
    from nbconvert import HTMLExporter
    from nbconvert.preprocessors import TagRemovePreprocessor
    from traitlets.config import Config

    settings = Config()
    settings.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
    settings.HTMLExporter.template_name = "report"
    settings.HTMLExporter.exclude_input = True
    settings.HTMLExporter.exclude_input_prompt = True
    settings.HTMLExporter.exclude_output_prompt = True
    settings.HTMLExporter.exclude_anchor_links = True
    settings.TagRemovePreprocessor.remove_cell_tags = {"not-in-report"}
    settings.HTMLExporter.preprocessors = [TagRemovePreprocessor]
    return HTMLExporter(config=settings)
