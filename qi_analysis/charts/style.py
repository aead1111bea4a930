"""What all charts share: the palette, the axes, names, and alternative text."""

from __future__ import annotations

import base64
import contextlib
import io
import logging
import re
import warnings
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from ..core.text import SENTENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

# the Government Analysis Function's palette
BLUE, TEAL, PURPLE, ORANGE, INK = "#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D"
GREY, PALE = "#707070", "#D0D0D0"
AIM = "#de1b1b"  # the target line of Making Data Count

APPROACH_COLOURS = {
    "doing_with": BLUE,
    "doing_for": TEAL,
    "doing_to": ORANGE,
    "none": "#BFBFBF",
    "not_recorded": "#FFFFFF",
    "not_applicable": "#FFFFFF",
}
APPROACH_HATCHES = {
    "doing_to": "\\\\\\",
    "not_recorded": "////",
    "not_applicable": "....",
}  # where colours print as grey
MESSAGE_ONLY = "message only"  # the label of a figure without a chart: pages show no picture
WIDTH, ROW = 8.0, 0.32  # inches: a chart's width and a row's height
TEXT, SMALL = 10.0, 9.0  # points: the axes' words, and those within a chart
SCREEN = 1.45  # times as large are the words of a chart that is to be read on a telephone
LONGEST, CUT = 40, " … "  # letters of a name, and what stands in place of words of it

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
AROUND = 0.06  # of what is drawn: the room that an axis of values leaves above and below
LARGE = 10_000  # from which numbers on an axis are written as 10k
SHORT_AXES = (0.2, 0.4)  # ends of an axis of low rates
NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))  # left out of an SVG

# text as text, in what is like the font it was measured in; the same picture each time
SVG: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "qi-analysis",
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
}  # fmt: skip
LATIN = 0x24F  # the last letter of those that our font has all of
SIGNS = "…–—‘’“”•·≥≤−×→"  # which it has too
NO_FONT = (
    "No installed font has some letters of a chart's names: boxes stand in their place. Install a "
    "font that has them, such as one of Noto Sans."
)
NOT_DIRECTORATES = ("Joint", "Not recorded", "Unrecognised", "none", "unknown")


def names_last(names: pd.Index | pd.Series) -> pd.Index | pd.Series:
    """Return keys that sort groups by name, those that are not directorates at the end."""
    return names.map(lambda name: (name in NOT_DIRECTORATES, str(name)))


def make_axes(ax: Axes | None, height: float, scale: float = 1) -> Axes:
    """Return the axes to draw in, on a new figure of so many inches unless there are some.

    Their words are ``scale`` times as large as usual.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(WIDTH, height), layout=_layout_class()())
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(color=GREY, labelcolor=INK, labelsize=TEXT * scale)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(size=TEXT * scale, color=INK)
    place_below(ax)
    place_beside(ax)
    return ax


@cache
def _layout_class() -> type:
    """Return the layout of our figures; made late, as matplotlib is imported late."""
    from matplotlib.layout_engine import TightLayoutEngine

    class Layout(TightLayoutEngine):
        """Fill the figure, and once more if some words found room only above the chart."""

        def __init__(self):
            super().__init__(pad=0.4, rect=cast("Any", None))  # a rectangle would measure twice

        def execute(self, fig):
            with warnings.catch_warnings(action="ignore"):  # of letters that get a font below
                super().execute(fig)
            if add_fonts(fig):
                super().execute(fig)
            settle = [getattr(each, "settle", None) for ax in fig.axes for each in ax.artists]
            if sum(place() for place in settle if place):  # all of them, and not to the first
                super().execute(fig)

    return Layout


def add_fonts(figure: Figure) -> bool:
    """Give words with letters that our font lacks fonts that have them; whether any got one.

    Where no installed font has a letter, a box stands in its place, and a sentence says so.
    """
    from matplotlib.text import Text

    found = False
    for text in cast("list[Text]", figure.findobj(Text)):
        foreign = {c for c in text.get_text() if ord(c) > LATIN and c not in SIGNS}
        missing = sorted(c for c in foreign if not _is_in_our_font(c))
        families = [_font_with(letter) for letter in missing]
        if None in families:
            _say_that_boxes_stand()
        new = [f for f in dict.fromkeys(families) if f and f not in text.get_fontfamily()]
        if new:
            text.set_fontfamily([*text.get_fontfamily(), *new])
            found = True
    return found


@cache
def _is_in_our_font(letter: str) -> bool:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return ord(letter) in get_font(findfont(FontProperties())).get_charmap()


@cache
def _font_with(letter: str) -> str | None:
    """Return the family of an installed font that has a letter: a plain one, if there is one."""
    from matplotlib.font_manager import findSystemFonts, fontManager, get_font

    def is_special(path: str) -> tuple[bool, bool, str]:
        name = path.rpartition("/")[2].lower()
        return "sans" not in name, "regular" not in name, name

    for path in sorted(findSystemFonts(), key=is_special):
        with contextlib.suppress(Exception):  # one of another kind, such as of coloured pictures
            font = get_font(path)
            if ord(letter) in font.get_charmap():
                font.load_char(ord(letter))
                fontManager.addfont(path)
                return font.family_name
    return None


def _say_that_boxes_stand() -> None:
    """Say so once, in place of matplotlib's warnings, which name places on this machine."""
    warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from")
    _say(NO_FONT)


@cache
def _say(sentence: str) -> None:
    logging.getLogger("qi_analysis").warning(sentence)


def figure_of(ax: Axes) -> Figure:
    """Return the figure that axes stand in, however deep."""
    return cast("Figure", ax.get_figure(root=True))


def place_below(ax: Axes, rows: int = 1) -> None:
    """Place the title of the axis along below ticks of so many rows.

    Left to itself, matplotlib measures all ticks twice more, each time that it draws or lays out.
    """
    scale = float(ax.xaxis.label.get_fontsize()) / TEXT
    ax.xaxis.set_label_coords(0.5, 0, _moved(ax, 0, -0.14 - 0.17 * rows * scale))


def place_beside(ax: Axes, letters: int = 5) -> None:
    """Place the title of the axis upwards beside ticks of so many letters."""
    scale = float(ax.xaxis.label.get_fontsize()) / TEXT
    ax.yaxis.set_label_coords(0, 0.5, _moved(ax, -0.08 - 0.1 * letters * scale, 0))


def _moved(ax: Axes, right: float, up: float) -> Any:
    from matplotlib.transforms import ScaledTranslation

    return ax.transAxes + ScaledTranslation(right, up, figure_of(ax).dpi_scale_trans)


def shorten(words: object) -> str:
    """Cut long words at their end, and keep matplotlib from reading them as mathematics.

    >>> shorten("Another lead, and other forms to be filled in by each team")
    'Another lead, and other forms to be fil…'
    """
    text = str(words)
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
    return text.replace("$", r"\$")


def shorten_names(names: Iterable) -> list[str]:
    """Cut long names between words; if that makes some alike, all keep the words that differ.

    >>> team = "Community Mental Health Team for Older People, {} of the Borough, Day Service"
    >>> shorten_names([team.format("North"), team.format("South"), "Team"])
    ['Community Mental … North … Day Service', 'Community Mental … South … Day Service', 'Team']
    """
    full = [str(name) for name in names]
    short = {name: _keep_words(name, ()) for name in full}
    for keep in (full, None):
        if len({*short.values()}) < len(short):
            short = {name: _keep_words(name, keep) for name in short}
    return [short[name].replace("$", r"\$") for name in full]


def _keep_words(name: str, others: Iterable[str] | None) -> str:
    """Cut a long name, but for the words where it first differs from each of some others.

    As many of those at its ends are kept as there is room for. Without ``others`` nothing is cut.
    """
    if len(name) <= LONGEST or others is None:
        return name
    words = _split(name)
    kept = {_first_apart(words, _split(other)) for other in others} - {len(words)}
    inwards = [
        at for both in zip(range(len(words)), range(len(words))[::-1], strict=True) for at in both
    ]
    for at in inwards:
        if sum(len(words[i]) for i in kept | {at}) > LONGEST - len(CUT) * (len(kept) > 2):
            break
        kept.add(at)
    left = "".join(word if at in kept else "\0" for at, word in enumerate(words))
    return re.sub(r"\s*\0+\s*", CUT, left).strip()


def _split(name: str) -> list[str]:
    """Return a name's words, each with the space after it; a word of many letters is several."""
    return re.findall(r"\s*\S{1,15}\s*", name)


def _first_apart(words: list[str], others: list[str]) -> int:
    pairs = enumerate(zip(words, others, strict=False))
    shorter = min(len(words), len(others))
    return next((at for at, (word, other) in pairs if word != other), shorter)


def percent_axis(ax: Axes, which: str, title: str = "Share of projects", *drawn: Any) -> None:
    """Scale an axis from 0% to 100%; or to 20% or 40% where nothing drawn lies above, and say so.

    Without what is ``drawn`` it is to 100%.
    """
    from matplotlib.ticker import PercentFormatter

    highest = max((np.nanmax(each) for each in map(_numbers, drawn) if each.size), default=1)
    end = next((end for end in SHORT_AXES if highest < end), 1)
    getattr(ax, f"set_{which}lim")(0, 1.01 * end)
    getattr(ax, f"set_{which}ticks")(np.linspace(0, end, 5 if end < 1 else 6))
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_major_formatter(PercentFormatter(1, decimals=0))
    apart = "\n" if which == "y" else " "
    axis.set_label_text(title + (f"{apart}(axis ends at {end:.0%})" if end < 1 else ""))


def value_axis(ax: Axes, title: str, *drawn: Any) -> None:
    """Scale the axis of values, which are no rates, to what is drawn, in their own unit."""
    numbers = np.concatenate([*map(_numbers, drawn), np.zeros(0)])
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (0, 1)
    room = AROUND * (high - low) or AROUND * abs(high) or 1
    ax.set_ylim(low - room if low < 0 or low > room else 0, high + room)
    format_numbers(ax.yaxis, max(abs(low), abs(high)), high - low)
    ax.set_ylabel(title[:1].upper() + title[1:])
    place_beside(ax, max(5, tick_letters(ax)))


def tick_letters(ax: Axes) -> int:
    """Return how many letters the longest number upwards has."""
    return max(map(len, ax.yaxis.get_major_formatter().format_ticks([*ax.get_yticks()])), default=0)


def format_numbers(axis: Any, largest: float, apart: float = np.inf) -> None:
    """Write an axis's numbers out, or as 10k where they are large and far apart.

    They are never powers of ten.
    """
    from matplotlib.ticker import EngFormatter, StrMethodFormatter

    short = largest >= LARGE and (apart >= largest / 100 or not apart)
    axis.set_major_formatter(EngFormatter(sep="") if short else StrMethodFormatter("{x:,.12g}"))


def _numbers(values: Any) -> np.ndarray:
    """Return the numbers among values."""
    values = np.atleast_1d(np.asarray(values, float))
    return values[~np.isnan(values)]


@cache
def heat_colours() -> Any:
    """Return the colours of a heat map, from white to our blue."""
    import seaborn as sns

    return sns.light_palette(BLUE, as_cmap=True)


def ink_on(colour: str) -> str:
    """Return black or white, whichever reads better on a colour."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return "white" if np.dot([0.2126, 0.7152, 0.0722], linear) < 0.18 else "black"


def draw_message(ax: Axes | None, sentence: str) -> Axes:
    """Write a sentence in place of a chart, where there is nothing to draw; no picture without."""
    alone = ax is None
    ax = make_axes(ax, 0.8)
    if alone and not sentence:
        import matplotlib.pyplot as plt

        plt.close(figure_of(ax))
    ax.axis("off")
    text = ax.text(0, 0.5, sentence, transform=ax.transAxes, va="center", wrap=True)
    text.set_in_layout(False)  # it fills the figure; making room for it leaves no axes
    figure = figure_of(ax)
    if len(figure.axes) == 1:
        figure.set_label(MESSAGE_ONLY)
    return set_alt_text(ax, sentence)


def set_alt_text(ax: Axes, sentence: str) -> Axes:
    """Add a chart's sentence to its figure's alternative text in a notebook."""
    ax.set_gid(sentence)
    figure = figure_of(ax)
    figure.set_gid(" ".join(filter(None, (each.get_gid() for each in figure.axes))))
    if _set_formatters():
        figure.stale = False  # else pyplot draws it at the end of the cell, before it is shown
    return ax


def _set_formatters() -> bool:
    """Make IPython draw figures with alternative text our way, if it shows figures as pictures."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    ipython: Any = get_ipython()
    if ipython is None:
        return False
    from matplotlib.figure import Figure

    has_pictures = False
    for kind, draw in PICTURES.items():
        formatter = ipython.display_formatter.formatters[kind]
        usual = formatter.type_printers.get(Figure)
        has_pictures = has_pictures or usual is not None
        if usual is not None and getattr(usual, "func", None) is not _draw_picture:
            formatter.for_type(Figure, partial(_draw_picture, draw, usual))
    if has_pictures:
        ipython.display_formatter.mimebundle_formatter.for_type(Figure, _sentence_output)
    return has_pictures


def _sentence_output(figure: Figure) -> tuple[dict, dict]:
    """Return a figure's sentence as an output of its own kind, beside its pictures."""
    sentence = figure.get_gid()
    return {SENTENCE: sentence} if sentence else {}, {}


def _draw_picture(draw: Callable, usual: Callable, figure: Figure):
    """Draw a figure that has alternative text once, and give it that; another as usual.

    IPython has a figure drawn three times, to lay it out and to cut its edges to what is drawn,
    which is most of a report's time; ours are laid out to fill their figure. One that somebody made
    without a layout is drawn as usual: else what stands beside its axes would be cut off.
    """
    sentence = figure.get_gid()
    if not sentence:
        return usual(figure)
    message_only = {"drawn": False} if figure.get_label() == MESSAGE_ONLY else {}
    drawn = draw(figure) if figure.get_layout_engine() else usual(figure)
    data, metadata = drawn if isinstance(drawn, tuple) else (drawn, {})
    return data, {**metadata, "alt": sentence, **message_only}


def draw_png(figure: Figure) -> str:
    """Draw a figure as a PNG picture, in base64."""
    picture = io.BytesIO()
    cast("FigureCanvasAgg", figure.canvas).print_png(picture)
    return base64.b64encode(picture.getvalue()).decode()


def draw_svg(figure: Figure) -> str:
    """Draw a figure as an SVG picture, by one renderer: it remembers how large each text is."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG

    picture, usual = io.StringIO(), figure.canvas
    dpi: Any = figure.dpi
    named = {"Title": figure.get_gid(), **NO_METADATA}
    try:
        with rc_context(SVG):
            figure.set_dpi(72)  # points, which an SVG is measured in
            width, height = figure.get_size_inches() * 72
            renderer = RendererSVG(width, height, picture, image_dpi=dpi, metadata=named)
            svg_canvas: Any = FigureCanvasSVG(figure)
            svg_canvas.get_renderer = lambda: renderer
            figure.draw(renderer)
            renderer.finalize()
    finally:
        figure.set_canvas(usual)
        figure.set_dpi(dpi)
    return re.sub(r' id="[^"]*\s[^"]*"', "", picture.getvalue())  # sentences are no names


PICTURES = {"image/png": draw_png, "image/svg+xml": draw_svg}
