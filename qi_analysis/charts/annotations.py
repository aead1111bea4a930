"""What a chart holds besides its points: aims, events, dates, and labels."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..core.text import format_share, percent
from ..profile import Aim
from ..stats.rates import parse_aim
from .style import AIM, GREY, INK, figure_of, place_labels, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..profile import Event

AIM_DASHES = (0, (5, 3))
GAP = 0.05  # share of a chart's height that two names beside it need
MOST_TICKS = 8  # dates along an axis
LETTER, LINE = 5.2, 11  # points: a letter's width and a line's height in a chart's small print
DOT_RADIUS = 3.5  # points: half the width of a group's mark


def label_lines(ax: Axes, named: list[tuple[str, float, str]]) -> None:
    """Label lines at the right end of a chart: each one's words, height and colour.

    Labels that would stand on one another are moved apart.
    """
    named = sorted((each for each in named if each[1] == each[1]), key=lambda each: each[1])
    for (label, y, colour), at in zip(named, _space_out([y for _, y, _ in named]), strict=True):
        ax.annotate(
            label, (1, y), xycoords=("axes fraction", "data"), xytext=(1.008, at),
            textcoords=("axes fraction", "data"), va="center", color=colour,
            fontsize=10 if colour == AIM else 8.5,
        )  # fmt: skip


def _space_out(heights: list[float]) -> list[float]:
    """Move ascending heights up from one another, and all of them down to 100%."""
    placed = []
    for y in heights:
        placed.append(max(y, placed[-1] + GAP) if placed else y)
    return [min(y, 1 - GAP * i) for i, y in zip(range(len(placed))[::-1], placed, strict=True)]


def percent_label(name: str, y: float) -> tuple[str, float, str]:
    """Return a line's label, its name and height, as :func:`label_lines` takes it."""
    return f"{name} {percent(y)}", y, INK


def draw_aim_down(ax: Axes, aim: Fraction | str | None) -> None:
    """Draw an aim as a line from top to bottom, named above the chart."""
    if aim is None:
        return
    aim = parse_aim(aim)
    ax.axvline(float(aim), color=AIM, lw=1.5, ls=AIM_DASHES)
    ax.annotate(
        _aim_label(aim), (float(aim), 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
        textcoords="offset points", ha="center", va="bottom", color=AIM,
    )  # fmt: skip


def draw_aims(
    ax: Axes, aim: Fraction | str | tuple[Aim, ...] | None, periods: pd.Series | None = None
) -> list[tuple[str, float, str]]:
    """Draw an aim across a chart, or dated aims each from its start; return the latest to label.

    Dated aims need the chart's periods; those set after the last one are left out.
    """
    if isinstance(aim, tuple) and periods is not None:
        return _draw_steps(ax, aim, periods)
    if aim is None:
        return []
    aim = parse_aim(aim)
    ax.axhline(float(aim), color=AIM, lw=1.5, ls=AIM_DASHES)
    return [(_aim_label(aim), float(aim), AIM)]


def _draw_steps(ax: Axes, aims: tuple[Aim, ...], periods: pd.Series) -> list[tuple]:
    import matplotlib.dates as mdates

    (left, right), last, known = ax.get_xlim(), periods.max(), _set_by_then(aims, periods)
    starts = [*(mdates.date2num(min(pd.Timestamp(aim.starts), last)) for aim in known), right]
    for aim, start, end in zip(known, starts, starts[1:], strict=False):
        if end <= left:
            continue
        start, rate = max(start, left), float(aim.rate)
        ax.plot([start, end], [rate, rate], color=AIM, lw=1.5, ls=AIM_DASHES, scalex=False)
        if aim is not known[-1]:  # the latest is labelled at its end
            ax.annotate(_aim_label(aim.rate), (start, rate), xytext=(2, 3), color=AIM,
                        textcoords="offset points", va="bottom")  # fmt: skip
    return [(_aim_label(aim.rate), float(aim.rate), AIM) for aim in known[-1:]]


def _set_by_then(aims: tuple[Aim, ...], periods: pd.Series) -> list[Aim]:
    """Return the aims set before the last period ended, as far as its length is known."""
    step = periods.drop_duplicates().sort_values().diff().min()
    end = periods.max() + (step if step == step else pd.Timedelta(1))
    return [aim for aim in aims if pd.Timestamp(aim.starts) < end]


def _aim_label(aim: Fraction) -> str:
    return f"Aim {format_share(aim)}"


def draw_events(ax: Axes, events: tuple[Event, ...], rebases: pd.DataFrame | None = None) -> None:
    """Shade events, mark where limits begin anew, and label them above the chart."""
    import matplotlib.dates as mdates

    marks = [
        (mdates.date2num(event.starts), mdates.date2num(event.ends), event.label)
        for event in events
    ]
    for _, row in (pd.DataFrame() if rebases is None else rebases).iterrows():
        why = f": {row['rebase_reason']}" if row["rebase_reason"] else ""
        marks.append((mdates.date2num(row["rebased"]),) * 2 + (f"New limits{why}",))
    first, last = ax.get_xlim()
    taken: list[tuple] = []
    for start, end, label in sorted(marks):
        if end >= first and start <= last:
            _draw_event(ax, max(start, first), min(end, last), shorten(label, end=0), taken)


def _draw_event(ax: Axes, start: float, end: float, label: str, taken: list[tuple]) -> None:
    if start == end:
        ax.axvline(start, color=GREY, lw=1, ls=":")
    else:
        ax.axvspan(start, end, color=INK, alpha=0.12, lw=0)
    left = start > sum(ax.get_xlim()) / 2
    row = _free_row(ax, start if left else end, -1 if left else 1, label, taken)
    ax.annotate(
        label, (start if left else end, 1), xycoords=("data", "axes fraction"),
        xytext=(0, 3 + LINE * row), textcoords="offset points", ha="right" if left else "left",
        va="bottom", fontsize=9,
    )  # fmt: skip


def _free_row(ax: Axes, at: float, way: int, label: str, taken: list[tuple]) -> int:
    """Return the first row above a chart in which a label stands on no other."""
    first, last = ax.get_xlim()
    points = 72 * ax.get_position().width * figure_of(ax).get_figwidth()
    ends = sorted((at, at + way * (len(label) + 2) * LETTER * (last - first) / points))
    row = 0
    while any(row == r and ends[0] < high and low < ends[1] for low, high, r in taken):
        row += 1
    taken.append((*ends, row))
    return row


def white_box() -> dict:
    """Return the white box behind words that stand on lines; an edge would cut into these."""
    return {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


def date_axis(ax: Axes, periods: pd.Series) -> None:
    """Label each period by its first day where there is room, else by the calendar."""
    import matplotlib.dates as mdates

    span = max((periods.max() - periods.min()).days, 1)
    pad = pd.Timedelta(days=max(span * 0.06, 20))
    ax.set_xlim(periods.min() - pad / 2, periods.max() + pad)
    ax.set_xlabel("First day of each period")
    if len(periods) <= MOST_TICKS:
        ax.set_xticks(periods, [f"{day.day} {day:%b}\n{day.year}" for day in periods])
        place_labels(ax, rows=2)
        return
    locator = mdates.AutoDateLocator(minticks=3, maxticks=MOST_TICKS)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def label_points(
    ax: Axes, points: list[tuple[float, float, str, bool]], all_points: np.ndarray
) -> None:
    """Label points (x, y, words, bold), the first ones first, where no label or point is covered.

    A bold one is labelled in any case; of the others those for which there is room.
    """
    figure = figure_of(ax)
    if layout := figure.get_layout_engine():
        layout.execute(figure)  # so that the axes' size is known
    size = 72 / figure.dpi * np.array([ax.bbox.width, ax.bbox.height])
    corner, scale = _corner(ax), size / np.ptp([ax.get_xlim(), ax.get_ylim()], axis=1)
    taken = [(*(at - DOT_RADIUS), *(at + DOT_RADIUS)) for at in scale * (all_points - corner)]
    for x, y, label, bold in points:
        words = np.array([len(label) * LETTER * (1.15 if bold else 1), LINE])
        place = _free_place(scale * ((x, y) - corner), words, size[0], taken)
        if place or bold:
            taken += [place[1]] if place else []
            _label_point(ax, (x, y), label, place[0] if place else (1, 1), bold)


def _corner(ax: Axes) -> np.ndarray:
    return np.array([ax.get_xlim()[0], ax.get_ylim()[0]])


def _label_point(ax: Axes, at: tuple, label: str, way: tuple[int, int], bold: bool) -> None:
    ax.annotate(
        label, at, xytext=(6 * way[0], 5 * way[1]), textcoords="offset points",
        ha="left" if way[0] > 0 else "right", va="bottom" if way[1] > 0 else "top",
        fontsize=9, fontweight="bold" if bold else "normal", bbox=white_box(),
        zorder=2.9,  # below every dot
    )  # fmt: skip


def _free_place(at, size, width: float, taken: list[tuple]) -> tuple | None:
    """Return the first side of a point on which its name is free, and the box it fills there."""
    for way in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        near = at + np.array([6, 5]) * way
        far = near + size * way
        x0, y0, x1, y1 = (*np.minimum(near, far), *np.maximum(near, far))
        on_another = any(x0 < c and a < x1 and y0 < d and b < y1 for a, b, c, d in taken)
        if x0 >= 0 and x1 <= width and y0 >= 0 and not on_another:
            return way, (x0, y0, x1, y1)
    return None
