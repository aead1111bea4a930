"""Import once what every notebook and page will want, in the process that they are forked from."""

from __future__ import annotations

import contextlib
import io
import logging
from importlib import import_module

from .outline import outline_notebook
from .pages import render_page
from .quick import quick_nbformat

# What notebooks, and the functions they call, import when they first use it.
LIBRARIES = (
    "IPython.core.logger", "IPython.core.pylabtools", "PIL.Image", "matplotlib.dates",
    "matplotlib.pyplot", "mistune.plugins.def_list", "mistune.plugins.task_lists",
    "mistune.plugins.url", "pandas.core.reshape.reshape", "pandas.io.formats.csvs",
    "papermill.parameterize", "pyarrow.csv", "pyarrow.dataset", "pyarrow.json", "pyarrow.parquet",
    "scipy.optimize", "scipy.sparse", "scipy.special", "scipy.stats", "seaborn", "sqlite3",
    "xlsxwriter",
)  # fmt: skip


def warm_up():
    """Import and use each library once, and give the shell that a child's notebook will run in.

    Nothing here may start a thread, or leave anything behind that a notebook could see: drawing
    goes to a figure that pyplot does not know, and nothing is read with Arrow.
    """
    nbformat = quick_nbformat()
    from .shell import Shell

    shell = Shell()
    for library in LIBRARIES:
        import_module(library)
    _fetch_names()
    logging.getLogger("papermill").setLevel(logging.ERROR)
    with contextlib.suppress(Exception):  # if a font is missing, let each chart say so
        _draw()
    output = nbformat.v4.new_output("display_data", {"text/html": "<b>a</b>", "text/plain": "a"})
    cells = [
        nbformat.v4.new_markdown_cell("# A\n\n*b*"),
        nbformat.v4.new_code_cell(outputs=[output]),
    ]
    page = dict.fromkeys(("trust", "as_of", "definition", "meaning", "version"), "")
    outline = outline_notebook(nbformat.v4.new_notebook(cells=cells))
    render_page(outline, title="", home="", example=False, warnings=[], **page)
    return shell


def _fetch_names() -> None:
    """Fetch each public name of the package, which waits in its module until it is used."""
    import qi_analysis

    for name in qi_analysis.__all__:
        getattr(qi_analysis, name)


def _draw() -> None:
    """Draw what pages show: a table, a chart with fonts, dates and a layout, its picture."""
    import matplotlib.dates as mdates
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    axes = Figure(figsize=(6, 4), layout="tight").subplots()
    days = pd.date_range("2020-01-01", periods=12, freq="MS")
    axes.plot(days, np.linspace(0, 1, 12), marker="o", label="rate")
    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.annotate("aim", (days[3], 0.5), weight="bold", style="italic")
    axes.legend(title="a")
    frame = pd.DataFrame({"name": ["a", "b"], "rate": [0.2, 0.4]})
    frame._repr_html_(), repr(frame)
    axes.figure.savefig(io.BytesIO(), format="svg")
