"""Frames to charts. Each takes a frame and an optional ``ax`` and gives the Axes.

Shapes and positions carry the message as well as colour, labels stand beside what they name, and
each chart carries its sentence: in a notebook it becomes the picture's alternative text.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .involvement import APPROACH_LABELS, describe_approaches, describe_areas
from .rates import describe_change, describe_groups, parse_aim
from .register import describe_completeness
from .words import format_share, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .profile import Event

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
WIDTH, ROW = 8.0, 0.32  # inches: a chart's width and a row's height
LONGEST, MOST_TICKS = 40, 8  # letters of a name; dates along an axis
NOT_DIRECTORATES = ("Joint", "Not recorded", "Unrecognised", "none", "unknown")


def plot_rates(
    rates: pd.DataFrame,
    *,
    by: str = "directorate",
    aim: Fraction | str | None = None,
    highlight: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw groups side by side: each rate as a dot with its interval, against the aim.

    Groups stand in alphabetical order, so that the chart is no league table.

    Parameters
    ----------
    rates : DataFrame
        A row a group, with ``numerator, denominator, rate, lower_cl, upper_cl``.
    by : str
        The column that names the groups.
    aim : Fraction or str, optional
        Drawn as a labelled line.
    highlight : str, optional
        A group to stand out.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    rates = rates[rates["denominator"] > 0].sort_values(by, key=_names_last, ignore_index=True)
    if rates.empty:
        return _nothing(ax, describe_groups(rates, by))
    ax = _axes(ax, max(2.2, ROW * len(rates) + 1.1))
    y = np.arange(len(rates))
    colours = np.where(rates[by] == highlight, PURPLE, BLUE)
    ax.hlines(y, rates["lower_cl"], rates["upper_cl"], colors=colours, lw=2)
    for marker, chosen in (("o", rates[by] != highlight), ("D", rates[by] == highlight)):
        ax.scatter(
            rates["rate"][chosen],
            y[chosen],
            c=colours[chosen],
            marker=marker,
            zorder=3,
            clip_on=False,
        )
    ax.set_yticks(y, [_row_label(row, by) for _, row in rates.iterrows()])
    for tick, name in zip(ax.get_yticklabels(), rates[by], strict=True):
        tick.set_fontweight("bold" if name == highlight else "normal")
    ax.set_ylim(len(rates) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, pad=9)
    ax.spines["left"].set_visible(False)
    _percent_axis(ax, "x")
    ax.grid(axis="x", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    _draw_aim(ax, aim, "x")
    ax.set_xlabel("Share of projects, with 95% interval")
    return _said(ax, describe_groups(rates, by, aim))


def plot_rates_over_time(
    rates: pd.DataFrame,
    *,
    aim: Fraction | str | None = None,
    events: tuple[Event, ...] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a rate period by period with its interval, against the aim.

    A period without a project breaks the line.

    Parameters
    ----------
    rates : DataFrame
        A row a period, with ``period, numerator, denominator, rate, lower_cl, upper_cl``.
    aim : Fraction or str, optional
        Drawn as a labelled line.
    events : tuple of Event
        Shaded and labelled.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    if not (rates["denominator"] > 0).any():
        return _nothing(ax, describe_change(rates))
    ax = _axes(ax, 3.8)
    rates = rates.sort_values("period")
    x = rates["period"]
    ax.fill_between(x, rates["lower_cl"], rates["upper_cl"], color=BLUE, alpha=0.15, lw=0)
    ax.vlines(x, rates["lower_cl"], rates["upper_cl"], color=BLUE, lw=1, alpha=0.5)
    ax.plot(x, rates["rate"], color=BLUE, marker="o", ms=4, lw=1.8, clip_on=False)
    _percent_axis(ax, "y")
    ax.grid(axis="y", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    _date_axis(ax, x)
    _draw_events(ax, events)
    _draw_aim(ax, aim, "y")
    last = rates[rates["denominator"] > 0].iloc[-1]
    ax.annotate(
        f"{percent(last['rate'])}",
        (last["period"], last["rate"]),
        xytext=(6, 1),
        textcoords="offset points",
        va="bottom",
        fontweight="bold",
        color=BLUE,
    )
    ax.set_ylabel("Share of projects")
    return _said(ax, describe_change(rates, aim))


def plot_areas(areas: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw for each area of work the share of projects that say yes, say no, and do not say.

    Parameters
    ----------
    areas : DataFrame
        From ``count_areas`` over one group: ``label, numerator, denominator, not_recorded``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    if not (areas["denominator"] > areas["not_recorded"]).any():
        return _nothing(ax, describe_areas(areas))
    ax = _axes(ax, max(2.2, ROW * len(areas) + 1.3))
    yes = areas["numerator"] / areas["denominator"]
    blank = areas["not_recorded"] / areas["denominator"]
    parts = {
        "Took part": (yes, BLUE, ""),
        "Did not": (1 - yes - blank, "#BFBFBF", ""),
        "Not recorded": (blank, "#FFFFFF", "////"),
    }
    _stack(ax, parts, areas["label"].map(_short).tolist())
    ax.set_xlabel("Share of projects")
    return _said(ax, describe_areas(areas))


def plot_approaches(
    approaches: pd.DataFrame, *, by: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the shares of doing with, for and to, nobody involved and not recorded, as bars.

    Parameters
    ----------
    approaches : DataFrame
        From ``count_approaches``: ``approach, numerator, denominator`` and the group.
    by : str, optional
        The column that names the groups; one bar without it.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    frame = approaches.assign(group=approaches[by] if by else "All projects")
    frame = frame[frame["denominator"] > 0]
    sentence = describe_approaches(approaches)
    if frame.empty:
        return _nothing(ax, sentence)
    counts = frame.pivot(index="group", columns="approach", values="numerator")
    counts = counts[list(APPROACH_LABELS)].sort_index(key=_names_last)
    totals = counts.sum(axis=1)
    ax = _axes(ax, max(1.8, ROW * len(counts) + 1.3))
    shares = counts.div(totals, axis=0)
    parts = {
        APPROACH_LABELS[name]: (
            shares[name],
            APPROACH_COLOURS[name],
            "////" if name == "not_recorded" else "",
        )
        for name in APPROACH_LABELS
    }
    _stack(ax, parts, [f"{_short(name)} ({totals[name]:,})" for name in counts.index])
    ax.set_xlabel("Share of projects")
    return _said(ax, sentence)


def plot_completeness(
    completeness: pd.DataFrame, *, by: str = "directorate", ax: Axes | None = None
) -> Axes:
    """Draw what each group has recorded as a heat map: the darker, the more is there.

    Parameters
    ----------
    completeness : DataFrame
        From ``summarise_completeness``: the group, ``projects``, and shares (0-1).
    by : str
        The column that names the groups.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    import seaborn as sns

    sentence = describe_completeness(completeness, by)
    if completeness.empty:
        return _nothing(ax, sentence)
    shares = completeness.drop(columns=[by, "projects"])
    shares.columns = [name.replace("_", " ").capitalize() for name in shares]
    shares.index = [
        f"{_short(name)} ({projects:,})"
        for name, projects in zip(completeness[by], completeness["projects"], strict=True)
    ]
    ax = _axes(ax, ROW * len(shares) + 1.1)
    sns.heatmap(
        shares, vmin=0, vmax=1, cmap="Blues", annot=True, fmt=".0%", cbar=False,
        linewidths=1, linecolor="white", annot_kws={"size": 8.5}, ax=ax,
    )  # fmt: skip
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    return _said(ax, sentence)


def _names_last(names: pd.Index | pd.Series) -> pd.Index | pd.Series:
    """Sort by name, with the groups that are not directorates at the end."""
    return names.map(lambda name: (name in NOT_DIRECTORATES, str(name)))


def _axes(ax: Axes | None, height: float) -> Axes:
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(WIDTH, height), layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(color=GREY, labelcolor=INK)
    return ax


def _row_label(row: pd.Series, by: str) -> str:
    return f"{_short(row[by])}  {row['numerator']:,}/{row['denominator']:,}"


def _short(name: object) -> str:
    """Cut a long name, and keep matplotlib from reading it as mathematics."""
    text = str(name)
    return (text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…").replace("$", r"\$")


def _percent_axis(ax: Axes, which: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    getattr(ax, f"set_{which}lim")(0, 1.01)
    getattr(ax, f"set_{which}ticks")(np.arange(0, 1.01, 0.2))
    axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _draw_aim(ax: Axes, aim: Fraction | str | None, which: str) -> None:
    if aim is None:
        return
    aim = parse_aim(aim)
    at, label = float(aim), f"Aim {format_share(aim)}"
    if which == "x":
        ax.axvline(at, color=AIM, lw=1.5, ls=(0, (5, 3)))
        ax.annotate(
            label,
            (at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=AIM,
        )
    else:
        ax.axhline(at, color=AIM, lw=1.5, ls=(0, (5, 3)))
        ax.annotate(
            label,
            (1, at),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            color=AIM,
        )


def _draw_events(ax: Axes, events: tuple[Event, ...]) -> None:
    """Shade and label the events, as much of them as lies within the chart."""
    import matplotlib.dates as mdates

    first, last = ax.get_xlim()
    for event in events:
        start, end = mdates.date2num(event.starts), mdates.date2num(event.ends)
        if end < first or start > last:
            continue
        start, end = max(start, first), min(end, last)
        if start == end:
            ax.axvline(start, color=GREY, lw=1, ls=":")
        else:
            ax.axvspan(start, end, color=INK, alpha=0.12, lw=0)
        left = start > (first + last) / 2
        label = ax.annotate(
            _short(event.label),
            (start if left else end, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if left else 4, -4),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            fontsize=9,
        )
        label.set_in_layout(False)


def _date_axis(ax: Axes, periods: pd.Series) -> None:
    """Name each period by its first day where there is room, else by the calendar."""
    import matplotlib.dates as mdates

    span = max((periods.max() - periods.min()).days, 1)
    pad = pd.Timedelta(days=max(span * 0.06, 20))
    ax.set_xlim(periods.min() - pad / 2, periods.max() + pad)
    ax.set_xlabel("First day of each period")
    if len(periods) <= MOST_TICKS:
        ax.set_xticks(periods, [f"{day.day} {day:%b}\n{day.year}" for day in periods])
        return
    locator = mdates.AutoDateLocator(minticks=3, maxticks=MOST_TICKS)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def _stack(ax: Axes, parts: dict[str, tuple], labels: list[str]) -> None:
    """Draw rows of stacked shares; each part is named above the chart in its own colour."""
    y, left = np.arange(len(labels)), np.zeros(len(labels))
    for name, (share, colour, hatch) in parts.items():
        share = np.asarray(share, float)
        ax.barh(
            y,
            share,
            left=left,
            color=colour,
            hatch=hatch,
            edgecolor=GREY,
            lw=0.6,
            height=0.72,
            label=name,
        )
        for at, width, start in zip(y, share, left, strict=True):
            if width >= 0.07:
                ax.text(
                    start + width / 2,
                    at,
                    f"{percent(width)}",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color=_ink_on(colour),
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.0},
                )
        left = left + share
    ax.set_yticks(y, labels)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    _percent_axis(ax, "x")
    ax.set_xlim(0, 1)
    ax.spines["left"].set_visible(False)
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=len(parts),
        frameon=False,
        fontsize=9,
        handlelength=1.2,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def _ink_on(colour: str) -> str:
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return "white" if np.dot([0.2126, 0.7152, 0.0722], linear) < 0.18 else "black"


def _nothing(ax: Axes | None, sentence: str) -> Axes:
    ax = _axes(ax, 0.8)
    ax.axis("off")
    text = ax.text(0, 0.5, sentence, transform=ax.transAxes, va="center", wrap=True)
    text.set_in_layout(False)  # it fills the figure; making room for it leaves no axes
    return _said(ax, sentence)


def _said(ax: Axes, sentence: str) -> Axes:
    """Let the figure carry its charts' sentences, as its alternative text in a notebook."""
    ax.set_gid(sentence)
    figure = ax.get_figure(root=True)
    figure.set_gid(" ".join(filter(None, (each.get_gid() for each in figure.axes))))
    _register_alt_text()
    return ax


def _register_alt_text() -> None:
    """Have IPython, where it runs, give a figure's sentence as its picture's alternative text."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None:
        return
    from matplotlib.figure import Figure

    formatter = shell.display_formatter.formatters["image/png"]
    try:
        draw = formatter.lookup_by_type(Figure)
    except KeyError:
        return
    if not getattr(draw, "says", False):
        formatter.for_type(Figure, _saying(draw))


def _saying(draw):
    def picture(figure):
        drawn = draw(figure)
        sentence = figure.get_gid()
        if drawn is None or not sentence:
            return drawn
        data, metadata = drawn if isinstance(drawn, tuple) else (drawn, {})
        return data, {**metadata, "alt": sentence}

    picture.says = True
    return picture
