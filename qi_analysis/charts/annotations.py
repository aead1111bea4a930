"""What a chart holds besides its points: aims, events, dates, and words that find room."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..core.periods import count_absent, period_months
from ..core.text import format_share, percents
from ..profile import Aim
from ..stats.rates import parse_aim
from .style import AIM, GREY, INK, SMALL, TEXT, figure_of, place_below, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..profile import Event

WAYS = (  # where words are tried, round what they name and in turn; 1 is beside it, 0 in line
    (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0),
    (0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1),
)  # fmt: skip
AIM_DASHES = (0, (5, 3))
MOST_TICKS, MOST_WIDE_TICKS = 8, 5  # dates along an axis; of days with two figures, as of weeks
ALONG = (0.5, 0.3, 0.7, 0.15, 0.85, 0.02, 0.98)  # of a line: where its name is tried, in turn
CLEAR = 2.0  # points: what stays free round words, and between them and what they name
MARK = 7.0  # points: from what is named to its name, if that is beside it
NEARBY = 5  # of these distances, the ones for words that may be left out
BESIDE = 0.25  # of a line's name: how much of it is over the line at least
NAMED = 0.3  # of a chart's width: the room for a name above it
RISE = 5.0  # points: from the top of a chart to the words above it, which leaves room for points
AWAY = (0, 0.5, 1, 1.5, 2, 3, 4, 5.5, 7)  # heights of itself by which words move away, in turn
LED = 1.0  # heights, from which a thin line leads to what they name
NARROWED = 0.8  # of a chart's width: what its names may leave it, when rows above are counted


def label_lines(ax: Axes, named: list[tuple[str, float, str]], size: float = SMALL) -> None:
    """Label lines at the right end of a chart: each one's words, height and colour.

    Labels that would stand on one another are moved apart.
    """
    for words, y, colour in named:
        if y == y:
            text = ax.annotate(
                words, (1, y), xycoords=("axes fraction", "data"), xytext=(4, 0), va="center",
                textcoords="offset points", color=colour, annotation_clip=False, linespacing=1.0,
                fontsize=size * TEXT / SMALL if colour == AIM else size,
            )  # fmt: skip
            labels_of(ax).beside.append(text)


def percent_label(name: str, y: float, aims: Iterable = ()) -> tuple[str, float, str]:
    """Return a line's label, its name and height, as :func:`label_lines` takes it."""
    return f"{name} {percents(y, aims=aims)[0]}", y, INK


def broken(order: pd.Series, *columns: pd.Series) -> list[np.ndarray]:
    """Return what a line is drawn through, with breaks where periods are absent."""
    at = np.flatnonzero(count_absent(order))
    through = np.insert(order.to_numpy(), at, order.to_numpy()[at])
    return [through, *(np.insert(column.to_numpy(float), at, np.nan) for column in columns)]


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
    ax: Axes,
    aim: Fraction | str | tuple[Aim, ...] | None,
    periods: pd.Series | None = None,
    size: float = TEXT,
) -> list[tuple[str, float, str]]:
    """Draw an aim across a chart, or dated aims each from its start; return the latest to label.

    Dated aims need the chart's periods; those set after the last one are left out.
    """
    if isinstance(aim, tuple) and periods is not None:
        return _draw_steps(ax, aim, periods, size)
    if aim is None:
        return []
    aim = parse_aim(aim)
    ax.axhline(float(aim), color=AIM, lw=1.5, ls=AIM_DASHES)
    return [(_aim_label(aim), float(aim), AIM)]


def aim_rates(
    aim: Fraction | str | tuple[Aim, ...] | None, periods: pd.Series | None = None
) -> list[float]:
    """Return the heights at which :func:`draw_aims` draws."""
    if isinstance(aim, tuple) and periods is not None:
        return [float(each.rate) for each in _set_by_then(aim, periods)]
    return [] if aim is None else [float(parse_aim(aim))]


def _draw_steps(ax: Axes, aims: tuple[Aim, ...], periods: pd.Series, size: float) -> list[tuple]:
    import matplotlib.dates as mdates

    (left, right), last, known = ax.get_xlim(), periods.max(), _set_by_then(aims, periods)
    starts = [*(mdates.date2num(min(pd.Timestamp(aim.starts), last)) for aim in known), right]
    for aim, start, end in zip(known, starts, starts[1:], strict=False):
        if end <= left:
            continue
        start, rate = max(start, left), float(aim.rate)
        ax.plot([start, end], [rate, rate], color=AIM, lw=1.5, ls=AIM_DASHES, scalex=False)
        if aim is not known[-1]:  # the latest is labelled at its end
            spots = [(start + (end - start) * part, rate) for part in ALONG]
            label_near(ax, _aim_label(aim.rate), spots, along=True, color=AIM, fontsize=size)
    return [(_aim_label(aim.rate), float(aim.rate), AIM) for aim in known[-1:]]


def _set_by_then(aims: tuple[Aim, ...], periods: pd.Series) -> list[Aim]:
    """Return the aims set before the last period ended, as far as its length is known."""
    step = periods.drop_duplicates().sort_values().diff().min()
    end = periods.max() + (step if step == step else pd.Timedelta(1))
    return [aim for aim in aims if pd.Timestamp(aim.starts) < end]


def _aim_label(aim: Fraction) -> str:
    return f"Aim {format_share(aim)}"


def draw_events(
    ax: Axes,
    events: tuple[Event, ...],
    rebases: pd.DataFrame | None = None,
    size: float = SMALL,
) -> None:
    """Shade events, mark where limits begin anew, and label them above the chart.

    Recalculations have a row each: ``rebased`` and ``label``.
    """
    import matplotlib.dates as mdates

    marks = [
        (mdates.date2num(event.starts), mdates.date2num(event.ends), event.label)
        for event in events
    ]
    for _, row in (pd.DataFrame() if rebases is None else rebases).iterrows():
        at: Any = row["rebased"]
        at = at if isinstance(at, Real) else mdates.date2num(at)
        marks.append((at, at, row["label"]))
    first, last = ax.get_xlim()
    for start, end, label in sorted(marks):
        if end >= first and start <= last:
            _draw_event(ax, max(start, first), min(end, last), shorten(label), size)


def _draw_event(ax: Axes, start: float, end: float, label: str, size: float) -> None:
    if start == end:
        ax.axvline(start, color=GREY, lw=1, ls=":")
    else:
        ax.axvspan(start, end, color=INK, alpha=0.12, lw=0)
    if label:
        label_above(ax, label, start, end, size)


def white_box() -> dict:
    """Return the white box behind words that stand on lines; an edge would cut into these."""
    return {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.8}


def date_axis(ax: Axes, periods: pd.Series, title: str = "First day of each period") -> None:
    """Label each period by its first day where there is room, else by the calendar.

    Numbers that order points, such as years, are labelled as they are.
    """
    import matplotlib.dates as mdates

    if periods.dtype.kind != "M":
        _number_axis(ax, periods)
        return
    span = max((periods.max() - periods.min()).days, 1)
    pad = pd.Timedelta(days=max(span * 0.06, 20))
    ax.set_xlim(periods.min() - pad / 2, periods.max() + pad)
    ax.set_xlabel(title)
    most = MOST_TICKS if (periods.dt.day < 10).all() else MOST_WIDE_TICKS
    if periods.min().year == periods.max().year or not period_months(periods):
        periods = periods.iloc[:: -(-len(periods) // most)]  # the calendar's have no year
    if len(periods) <= most:
        ax.set_xticks(periods, [f"{day.day} {day:%b}\n{day.year}" for day in periods])
        place_below(ax, rows=2)
        return
    locator = mdates.AutoDateLocator(minticks=3, maxticks=MOST_TICKS)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def _number_axis(ax: Axes, order: pd.Series) -> None:
    from matplotlib.ticker import MaxNLocator

    span = max(np.ptp(order), 1)
    ax.set_xlim(order.min() - 0.03 * span, order.max() + 0.06 * span)
    ax.set_xlabel(str(order.name).replace("_", " ").capitalize())
    whole = order.dtype.kind in "iu"
    ax.xaxis.set_major_locator(MaxNLocator(MOST_TICKS, integer=whole))


def label_near(
    ax: Axes,
    words: str,
    points: list[tuple],
    *,
    otherwise: str = "hide",
    along: bool = False,
    **font: Any,
) -> None:
    """Write words by the first of some points where they stand on nothing, when it is drawn.

    ``along``: the points are of one line, and words stand above or below it. Where there is no
    room, ``otherwise``: they are left out (``"hide"``), stand above the chart (``"above"``), or
    where they cover least (``"cover"``). What is named first has its place first.
    """
    text = ax.annotate(
        words, points[0], xytext=(0, 0), textcoords="offset points", ha="left", va="bottom",
        annotation_clip=False, zorder=2.9 if otherwise != "cover" else 5,
        arrowprops={"arrowstyle": "-", "color": GREY, "lw": 0.8, "shrinkA": 0, "shrinkB": 3},
        **{"fontsize": SMALL, **font},
    )  # fmt: skip
    text.set_in_layout(False)  # it is placed within what the layout leaves
    labels_of(ax).near.append((text, points, otherwise, along))


def label_above(ax: Axes, words: str, start: float, end: float, size: float = SMALL) -> None:
    """Name what lies from one day to another above a chart, beside it on the side of the middle.

    The name of what reaches almost to the end stands over it, or before it.
    """
    first, last = ax.get_xlim()
    left, room = start > (first + last) / 2, NAMED * (last - first)
    if not left and last - end < room:
        left, end = start - first > room, start
    text = ax.annotate(
        words, (start if left else end, 1), xycoords=("data", "axes fraction"), xytext=(0, RISE),
        textcoords="offset points", ha="right" if left else "left", va="bottom", fontsize=size,
        annotation_clip=False,
    )  # fmt: skip
    text.set_in_layout(False)  # the rows above are
    labels_of(ax).above.append(text)


def labels_of(ax: Axes) -> Any:
    """Return what places a chart's words each time that it is drawn, at the size it has then."""
    known = [each for each in ax.artists if isinstance(each, _labels_class())]
    return known[0] if known else ax.add_artist(_labels_class()(ax))


@cache
def _labels_class() -> type:
    """Return the artist that places words; made late, as matplotlib is imported late."""
    from matplotlib.artist import Artist
    from matplotlib.transforms import Bbox

    class Labels(Artist):
        """Words without a place yet: beside a chart, above it, and near its points."""

        def __init__(self, chart: Any):
            super().__init__()
            self.chart = chart
            self.beside, self.above, self.near, self.lifted = [], [], [], []
            self.renderer: Any = None
            self.placed: tuple | None = None
            self.set_clip_on(False)  # it counts in the layout
            self.set_zorder(-1e9)  # drawn before all else of the axes, which have their size by now

        def get_tightbbox(self, renderer=None):
            """Return the rows that words need above the chart, which the layout leaves for them."""
            self.renderer, texts = renderer, self.lifted + self.above
            rows = _rows(self.chart, texts, renderer, NARROWED)
            if not rows:
                return Bbox.null()
            x, y = self.chart.bbox.x0, self.chart.bbox.y1
            row = max(_size(text, renderer)[1] for text in texts) + CLEAR * _point(self.chart)
            return Bbox([[x, y], [x + 1, y + row * (1 + max(rows)) + RISE * _point(self.chart)]])

        def settle(self) -> bool:
            """Give all words their places; return whether more of them than before go above."""
            _place_beside(self.chart, self.beside, self.renderer)
            more = _place_near(self.chart, self.near, self.lifted, self.renderer)
            _place_above(self.chart, self.lifted + self.above, self.renderer)
            self.lifted += more
            self.placed = None if more else (*self.chart.bbox.extents, _point(self.chart))
            return bool(more)

        def draw(self, renderer):
            """Give all words their places, unless the layout did just before."""
            if self.placed != (*self.chart.bbox.extents, _point(self.chart)):
                self.renderer = renderer
                if self.settle():
                    self.settle()
            self.placed = None

    return Labels


def _point(ax: Axes) -> float:
    """Return how many pixels a point is."""
    return figure_of(ax).dpi / 72


def _size(text, renderer) -> np.ndarray:
    """Return the width and height of words in pixels, without the line that leads from them."""
    from matplotlib.text import Text

    box = Text.get_window_extent(text, renderer)
    return np.array([box.width, box.height])


def _place_beside(ax: Axes, texts: list, renderer) -> None:
    """Move names of lines up and down until none stands on another, and all beside the chart."""
    heights = [ax.transData.transform((0, text.xy[1]))[1] for text in texts]
    ranked = sorted(zip(heights, texts, strict=True), key=lambda each: each[0])
    sizes = [_size(text, renderer)[1] + CLEAR for _, text in ranked]
    placed = _space_out([y for y, _ in ranked], sizes, ax.bbox.y1)
    for (y, text), at in zip(ranked, placed, strict=True):
        text.xyann = (4, (at - y) / _point(ax))


def _space_out(heights: list[float], sizes: list[float], top: float) -> list[float]:
    """Move ascending middles up from one another, and all of them down below the top.

    >>> _space_out([10, 12, 99], [10, 10, 10], 100)
    [10, 20.0, 99]
    >>> _space_out([98, 99], [10, 10], 100)
    [90.0, 100]
    """
    placed: list[float] = []
    for i, y in enumerate(heights):
        lowest = placed[-1] + (sizes[i - 1] + sizes[i]) / 2 if placed else y
        placed.append(max(y, lowest))
    highest = top
    for i in range(len(placed))[::-1]:
        placed[i] = min(placed[i], highest)
        highest = placed[i] - (sizes[i - 1] + sizes[i]) / 2
    return placed


def _rows(ax: Axes, texts: list, renderer, narrowed: float = 1.0) -> list[int]:
    """Return for each of the words above a chart the first row in which they stand on no other."""
    taken: list[tuple[float, float, int]] = []
    for text in texts:
        middle = ax.transData.transform((ax.convert_xunits(text.xy[0]), 0))[0]
        x, width = narrowed * (middle - ax.bbox.x0), _size(text, renderer)[0]
        low = x - width if text.get_ha() == "right" else x
        low, high = low - 4 * CLEAR, low + width + 4 * CLEAR
        row = 0
        while any(row == r and low < b and a < high for a, b, r in taken):
            row += 1
        taken.append((low, high, row))
    return [row for _, _, row in taken]


def _stand_above(ax: Axes, text, x):
    """Have words stand above a chart, towards its middle from what they name."""
    text.xycoords, text.xy = ("data", "axes fraction"), (x, 1)
    text.set_ha("right" if ax.convert_xunits(x) > sum(ax.get_xlim()) / 2 else "left")
    return text


def _place_above(ax: Axes, texts: list, renderer) -> None:
    """Write words in rows above a chart."""
    for text, row in zip(texts, _rows(ax, texts, renderer), strict=True):
        text.xyann = (0, RISE + row * (_size(text, renderer)[1] / _point(ax) + CLEAR))


def _place_near(ax: Axes, near: list, lifted: list, renderer) -> list:
    """Place words near what they name where they cover nothing; return those to write above."""
    taken, boxes, more = _obstacles(ax), np.empty((0, 4)), []
    for text, points, otherwise, along in near:
        text.arrow_patch.set_visible(False)
        text.set_visible(True)  # else it has no size
        if text in lifted:
            _stand_above(ax, text, points[0][0])
            continue
        at = ax.transData.transform([(ax.convert_xunits(x), y) for x, y in points])
        place = _choose(ax, at, _size(text, renderer), (taken, boxes), otherwise, along=along)
        text.set_visible(place is not None or otherwise == "above")
        if place is not None:
            box, way = place
            _put(ax, text, points, at, place)
            boxes = np.vstack([boxes, box])
            taken = np.vstack([taken, _as_segment(box), way])
        elif otherwise == "above":
            more.append(_stand_above(ax, text, points[0][0]))
    return more


def _choose(ax: Axes, at, size, taken: tuple, otherwise: str, *, along: bool) -> tuple | None:
    """Return the first box in which words cover nothing, and the line that leads from it.

    A line leads from words that stand far from what they name, and crosses no others.
    """
    drawn, written = taken
    tried = []
    rings = AWAY[:NEARBY] if otherwise == "hide" else AWAY
    for away in rings:  # one by one, as most words find room in the first
        boxes = _candidates(ax, at, size, away, along=along)
        hits = _hits(boxes, drawn)
        for box in boxes[hits == 0]:
            way = _way(box, at, LED * size[1], _point(ax))
            if not _hits(written, way).any():
                return box, way
        tried += [*zip(hits, boxes, strict=True)]
    if otherwise == "cover" and tried:
        return min(tried, key=lambda each: each[0])[1], np.empty((0, 6))
    return None


def _way(box: np.ndarray, at: np.ndarray, far: float, width: float) -> np.ndarray:
    """Return the line from a box to the nearest of some points as a segment, if that is far."""
    edge = np.clip(at, box[:2], box[2:])
    apart = np.hypot(*(edge - at).T)
    nearest = int(np.argmin(apart))
    way = np.array([[*edge[nearest], *at[nearest], width, width]])
    return way if apart[nearest] > far else way[:0]


# --- where words cover nothing: all that is drawn is segments, each with half its width and height


def _obstacles(ax: Axes) -> np.ndarray:
    """Return what is drawn in a chart, in pixels: lines piece by piece, and each mark as a point.

    Bands, bars and the grid are no obstacles: words may stand on them.
    """
    from matplotlib.collections import LineCollection, PathCollection

    parts = [part for line in ax.lines if line.get_visible() for part in _line_parts(ax, line)]
    for each in ax.collections:
        if isinstance(each, LineCollection):
            paths = [each.get_transform().transform(path) for path in each.get_segments()]
            parts += [_segments(path, _point(ax)) for path in paths if len(path) > 1]
        elif isinstance(each, PathCollection):
            at = each.get_offset_transform().transform(np.ma.filled(each.get_offsets(), np.nan))
            radius = np.sqrt(each.get_sizes()) / 2 * _point(ax)
            parts.append(_as_points(at, np.resize(radius, len(at))))
    found = np.vstack([*parts, np.empty((0, 6))])
    return found[~np.isnan(found).any(axis=1)]


def _line_parts(ax: Axes, line) -> list[np.ndarray]:
    from matplotlib.cbook import STEP_LOOKUP_MAP

    x, y = (np.asarray(each, float) for each in line.get_data(orig=False))
    marks = line.get_transform().transform(np.column_stack([x, y]))
    stepped = np.column_stack(STEP_LOOKUP_MAP[line.get_drawstyle()](x, y))
    path = line.get_transform().transform(stepped)
    drawn = line.get_ls() != "None" and len(path)
    parts = [_segments(path, line.get_linewidth() * _point(ax))] if drawn else []
    if line.get_marker() not in ("None", None, ""):
        parts.append(_as_points(marks, np.full(len(marks), line.get_ms() / 2 * _point(ax))))
    return parts


def _segments(path: np.ndarray, width: float) -> np.ndarray:
    return np.column_stack([path[:-1], path[1:], np.full((len(path) - 1, 2), width / 2)])


def _as_points(at: np.ndarray, radius: np.ndarray) -> np.ndarray:
    return np.column_stack([at, at, radius, radius])


def _as_segment(box: np.ndarray) -> np.ndarray:
    """Return a box (left, bottom, right, top) as a segment through its middle."""
    x0, y0, x1, y1 = box
    half = np.array([x1 - x0, y1 - y0]) / 2
    return np.array([[x0 + half[0], y0 + half[1]] * 2 + [*half]])


def _candidates(ax: Axes, at: np.ndarray, size: np.ndarray, away: float, *, along: bool):
    """Return the boxes in which words of a size may stand, the best first, all within the chart."""
    gap = size / 2 + MARK * _point(ax) + away * size[1]
    middles = (at[:, None] + np.array(WAYS) * gap).reshape(-1, 2)
    left, bottom, right, top = ax.bbox.extents + np.array([3, 0, 0, 0]) * _point(ax)
    if along:
        ends, reach = (at[:, 0].min(), at[:, 0].max()), size[0] * (0.5 - BESIDE)
        middles = middles[(middles[:, 0] >= ends[0] - reach) & (middles[:, 0] <= ends[1] + reach)]
    if right - left > size[0]:
        middles[:, 0] = middles[:, 0].clip(left + size[0] / 2, right - size[0] / 2)
    boxes = np.hstack([middles - size / 2, middles + size / 2])
    low, high = np.array([left, bottom]) - 0.1, np.array([right, top]) + 0.1
    inside = (boxes[:, :2] >= low).all(1) & (boxes[:, 2:] <= high).all(1)
    return boxes[inside]


def _hits(boxes: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Count the segments that each box stands on, by the axes that could part the two."""
    if not (len(boxes) and len(taken)):
        return np.zeros(len(boxes), int)
    low, high = boxes[:, :2].min(0), boxes[:, 2:].max(0)
    ends = np.stack([taken[:, :2], taken[:, 2:4]])
    reach = taken[:, 4:] + CLEAR
    near = (ends.max(0) + reach >= low).all(1) & (ends.min(0) - reach <= high).all(1)
    start, end, reach = ends[0][near], ends[1][near], reach[near]
    half = (boxes[:, None, 2:] - boxes[:, None, :2]) / 2 + reach
    apart = (start + end) / 2 - (boxes[:, None, 2:] + boxes[:, None, :2]) / 2
    run = np.abs(end - start) / 2
    on = (np.abs(apart) <= half + run).all(2)
    turned = apart[..., 0] * (end - start)[:, 1] / 2 - apart[..., 1] * (end - start)[:, 0] / 2
    return (on & (np.abs(turned) <= (half * run[:, ::-1]).sum(2))).sum(1)


def _put(ax: Axes, text, points: list[tuple], at: np.ndarray, place: tuple) -> None:
    """Write words in a box, with the line that leads from it if there is one."""
    box, way = place
    nearest = int(np.argmin(((np.clip(at, box[:2], box[2:]) - at) ** 2).sum(1)))
    text.xycoords, text.xy = "data", points[nearest]
    text.set_ha("left")
    text.xyann = tuple((box[:2] - at[nearest]) / _point(ax))
    text.arrow_patch.set_visible(bool(len(way)))
