"""What all charts share: the palette, the axes, names, and the sentence that each one carries."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


BLUE, TEAL, PURPLE, ORANGE, INK, LILAC = (  # Government Analysis Function's palette
    "#12436D",
    "#28A197",
    "#801650",
    "#F46A25",
    "#3D3D3D",
    "#A285D1",
)
GREY, PALE = "#707070", "#D0D0D0"
AIM = "#de1b1b"  # the target line of Making Data Count

APPROACH_COLOURS = {
    "doing_with": BLUE,
    "doing_for": TEAL,
    "doing_to": ORANGE,
    "none": "#BFBFBF",
    "not_recorded": "#FFFFFF",
}
APPROACH_HATCHES = {"doing_to": "\\\\\\", "not_recorded": "////"}  # to tell them in grey
NOTHING_DRAWN = "nothing drawn"  # a figure that holds its sentence only: pages show no picture
WIDTH, ROW = 8.0, 0.32  # inches: a chart's width and a row's height
LONGEST, KEPT_END = 40, 15  # letters of a name; those of its end that a cut keeps

SPC_COLOURS = {  # Making Data Count
    "common_cause": "#a6a6a6", "special_cause_improvement": "#00b0f0",
    "special_cause_concern": "#e46c0a", "special_cause_neutral": "#490092",
}  # fmt: skip

SPC_SHAPES = {
    "common_cause": "o", "special_cause_improvement": "D", "special_cause_concern": "s",
    "special_cause_neutral": "^",
}  # fmt: skip

SPC_LABELS = {
    "common_cause": "Chance", "special_cause_improvement": "Improvement, not chance",
    "special_cause_concern": "Concern, not chance", "special_cause_neutral": "Change, not chance",
}  # fmt: skip
NOBODY = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # left out of an SVG

SVG = {  # text as text, in what is like the font it was measured in; the same picture each time
    "svg.fonttype": "none", "svg.hashsalt": "qi-analysis",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
}  # fmt: skip
NOT_DIRECTORATES = ("Joint", "Not recorded", "Unrecognised", "none", "unknown")


def names_last(names: pd.Index | pd.Series) -> pd.Index | pd.Series:
    """Sort by name, with the groups that are not directorates at the end."""
    return names.map(lambda name: (name in NOT_DIRECTORATES, str(name)))


def make_axes(ax: Axes | None, height: float) -> Axes:
    """Return the axes to draw in, on a new figure of so many inches unless there are some."""
    if ax is None:
        import matplotlib.pyplot as plt
        from matplotlib.layout_engine import TightLayoutEngine

        layout = TightLayoutEngine(pad=0.4, rect=None)  # a rectangle would have it measure twice
        _, ax = plt.subplots(figsize=(WIDTH, height), layout=layout)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(color=GREY, labelcolor=INK)
    place_labels(ax)
    return ax


def place_labels(ax: Axes, lines: int = 1) -> None:
    """Place what names the axes beside ticks of at most 5 letters and so many lines.

    Left to itself, matplotlib measures all ticks twice more, each time that it draws or lays out.
    """
    from matplotlib.transforms import ScaledTranslation

    inches = ax.get_figure(root=True).dpi_scale_trans
    ax.xaxis.set_label_coords(
        0.5, 0, ax.transAxes + ScaledTranslation(0, -0.14 - 0.17 * lines, inches)
    )
    ax.yaxis.set_label_coords(0, 0.5, ax.transAxes + ScaledTranslation(-0.58, 0, inches))


def shorten(name: object, end: int = KEPT_END) -> str:
    """Cut a long name, but for its end, and keep matplotlib from reading it as mathematics.

    >>> shorten("Services for Older People with Memory Problems, North")
    'Services for Older Peopl…Problems, North'
    """
    text = str(name)
    if len(text) > LONGEST:
        text = f"{text[: LONGEST - end - 1].rstrip()}…{text[len(text) - end :]}"
    return text.replace("$", r"\$")


def percent_axis(ax: Axes, which: str) -> None:
    """Let an axis run from 0% to 100%."""
    from matplotlib.ticker import PercentFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    getattr(ax, f"set_{which}lim")(0, 1.01)
    getattr(ax, f"set_{which}ticks")(np.arange(0, 1.01, 0.2))
    axis.set_major_formatter(PercentFormatter(1, decimals=0))


def ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on a colour."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return "white" if np.dot([0.2126, 0.7152, 0.0722], linear) < 0.18 else "black"


def draw_message(ax: Axes | None, sentence: str) -> Axes:
    """Write the sentence where there is nothing to draw."""
    ax = make_axes(ax, 0.8)
    ax.axis("off")
    text = ax.text(0, 0.5, sentence, transform=ax.transAxes, va="center", wrap=True)
    text.set_in_layout(False)  # it fills the figure; making room for it leaves no axes
    figure = ax.get_figure(root=True)
    if len(figure.axes) == 1:
        figure.set_label(NOTHING_DRAWN)
    return set_alt_text(ax, sentence)


def set_alt_text(ax: Axes, sentence: str) -> Axes:
    """Let the figure carry its charts' sentences, as its alternative text in a notebook."""
    ax.set_gid(sentence)
    figure = ax.get_figure(root=True)
    figure.set_gid(" ".join(filter(None, (each.get_gid() for each in figure.axes))))
    if _shown_by_notebook():
        figure.stale = False  # else pyplot draws it at the end of the cell, before it is shown
    return ax


def _shown_by_notebook() -> bool:
    """Have IPython, if it shows figures as pictures, show those that carry a sentence our way."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    shown = False
    if shell is not None:
        from matplotlib.figure import Figure

        for kind, draw in PICTURES.items():
            formatter = shell.display_formatter.formatters[kind]
            usual = formatter.type_printers.get(Figure)
            shown = shown or usual is not None
            if usual is not None and not getattr(usual, "says", False):
                formatter.for_type(Figure, _saying(draw, usual))
    return shown


def _saying(draw: Callable, usual: Callable) -> Callable:
    """Draw a figure that carries a sentence once, with that as its text; another as usual.

    IPython has a figure drawn three times, to lay it out and to cut its edges to what is drawn,
    which is most of a report's time; ours are laid out to fill their figure. One that somebody made
    without a layout is drawn as usual: else what stands beside its axes would be cut off.
    """

    def picture(figure: Figure):
        sentence = figure.get_gid()
        if not sentence:
            return usual(figure)
        nothing = {"drawn": False} if figure.get_label() == NOTHING_DRAWN else {}
        drawn = draw(figure) if figure.get_layout_engine() else usual(figure)
        data, metadata = drawn if isinstance(drawn, tuple) else (drawn, {})
        return data, {**metadata, "alt": sentence, **nothing}

    picture.says = True
    return picture


def draw_png(figure: Figure) -> str:
    """Draw a figure as a PNG picture, in base64."""
    picture = io.BytesIO()
    figure.canvas.print_png(picture)
    return base64.b64encode(picture.getvalue()).decode()


def _svg(figure: Figure) -> str:
    """Draw by one renderer, which remembers how large each text is from laying it out."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG

    picture, usual, dpi = io.StringIO(), figure.canvas, figure.dpi
    named = {"Title": figure.get_gid(), **NOBODY}
    try:
        with rc_context(SVG):
            figure.set_dpi(72)  # points, which an SVG is measured in
            size = figure.get_size_inches() * 72
            renderer = RendererSVG(*size, picture, image_dpi=dpi, metadata=named)
            FigureCanvasSVG(figure).get_renderer = lambda: renderer
            figure.draw(renderer)
            renderer.finalize()
    finally:
        figure.set_canvas(usual)
        figure.set_dpi(dpi)
    return re.sub(r' id="[^"]*\s[^"]*"', "", picture.getvalue())  # sentences are no names


PICTURES = {"image/png": draw_png, "image/svg+xml": _svg}
