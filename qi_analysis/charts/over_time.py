"""Rates over time: with intervals, as process and run charts, and as far as they may get."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame, pair_counts
from ..core.periods import are_over, period_months
from ..core.schema import COUNTS, FEWEST_PERIODS
from ..core.text import percents
from ..counts.history import SAID, describe_live
from ..spc.describe import describe_spc, too_small
from ..spc.process_chart import are_tested, list_rebases, parse_value, summarise_spc
from ..spc.run_chart import describe_run, summarise_run
from ..spc.series import (
    FEWEST_TO_TELL,
    RATE,
    are_settled,
    format_goal,
    format_values,
    group_keys,
    name_groups,
    order_series,
)
from ..stats.outlook import NO_ANSWER, describe_outlook, summarise_outlook
from ..stats.rates import describe_change
from .annotations import (
    AIM_DASHES,
    ALONG,
    aim_rates,
    broken,
    date_axis,
    draw_aims,
    draw_events,
    label_lines,
    label_near,
    percent_label,
    white_box,
)
from .style import (
    AIM,
    BLUE,
    GREY,
    INK,
    PALE,
    SCREEN,
    SMALL,
    SPC_COLOURS,
    SPC_LABELS,
    SPC_SHAPES,
    TEXT,
    WIDTH,
    draw_message,
    make_axes,
    names_last,
    percent_axis,
    set_alt_text,
    shorten_names,
    tick_letters,
    value_axis,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from seaborn import FacetGrid

    from ..profile import Aim, Event

MOST_PANELS = 100  # small charts in a grid
PANELS_WIDE = {1: 1, 2: 4, 3: 12, 4: MOST_PANELS}  # side by side, by how many there are at most
PANEL, PANEL_TICKS = 1.3, 4  # inches: a small chart's height; dates along it
LEGEND_WIDE = 3  # names side by side in the legend of a grid
GRID_LEFT, GRID_RIGHT = 0.95, 0.15  # inches, beside a grid
LETTERS, LINE_LETTERS = 14, 30  # of names in an inch; of other words, in a line
MOST_TRIED = 6  # points of one kind beside which its name is tried
TITLES = {1: "Month", 3: "Quarter", 12: "Year"}  # of the axis, by how many months a period lasts
LEAST_DOT, DOT, MOST_DOT = 14, 48, 200  # areas of points: the least, the usual, and the most


def plot_rates_over_time(
    rates: pd.DataFrame,
    *,
    aim: Fraction | str | tuple[Aim, ...] | None = None,
    events: tuple[Event, ...] = (),
    as_of: pd.Timestamp | None = None,
    sentence: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a rate period by period with its interval, against the aim.

    A period that is absent, or without a project, breaks the line.

    Parameters
    ----------
    rates : DataFrame
        A row a period, from ``add_rates``: ``period`` (its first day), ``numerator, denominator``,
        and ``rate, lower_cl, upper_cl`` (0-1).
    aim : Fraction or str, or tuple of Aim, optional
        Drawn as a labelled line; a profile's aims (``aims_until``) each from its own start.
    events : tuple of Event
        Shaded and labelled.
    as_of : Timestamp, optional
        The day the register describes: a last period that is not over by then is drawn hollow, and
        so are periods that are not ``settled``.
    sentence : str
        What the chart shows, its alternative text; :func:`describe_change` of it without one.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> from qi_analysis.stats import add_rates
    >>> years = pd.to_datetime(["2019-04-01", "2020-04-01"])
    >>> counts = pd.DataFrame({"period": years, "numerator": [20, 45], "denominator": 100})
    >>> ax = plot_rates_over_time(add_rates(counts), aim="80%")
    >>> [text.get_text() for text in ax.texts]
    ['Aim 80%', '45%']
    """
    rates = check_frame(rates, "period", *COUNTS, "rate lower_cl upper_cl", alone=True)
    rates = pair_counts(rates)
    sentence = sentence or describe_change(rates, aim, as_of)
    if not (rates["denominator"] > 0).any():
        return draw_message(ax, sentence)
    ax, rates = make_axes(ax, 3.8), rates.sort_values("period")
    x = rates["period"]
    through, rate, lower, upper = broken(x, *(rates[n] for n in ("rate", "lower_cl", "upper_cl")))
    ax.fill_between(through, lower, upper, color=BLUE, alpha=0.15, lw=0)
    ax.vlines(x, rates["lower_cl"], rates["upper_cl"], color=BLUE, lw=1, alpha=0.5)
    ax.plot(through, rate, color=BLUE, marker="o", ms=4, lw=1.8, clip_on=False)
    percent_axis(ax, "y", "Share of projects", rates["upper_cl"], aim_rates(aim, x))
    hollow = rates[~are_over(x, period_months(x), as_of) | ~are_settled(rates)]
    if len(hollow):
        ax.plot(hollow["period"], hollow["rate"], "o", ms=4, c=BLUE, mfc="white", clip_on=False)
    _style_time_axes(ax, x, events)
    ax.grid(axis="y", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    label_lines(ax, draw_aims(ax, aim, x))
    _label_latest(ax, rates[rates["denominator"] > 0].iloc[-1], aim_rates(aim, x))
    return set_alt_text(ax, sentence)


def _label_latest(ax: Axes, last: pd.Series, aims: list[float]) -> None:
    """Write the latest rate beside its point."""
    label_near(
        ax, percents(last["rate"], aims=aims)[0], [(last["period"], last["rate"])],
        fontsize=TEXT, fontweight="bold", color=BLUE, bbox=white_box(),
    )  # fmt: skip


def plot_spc(
    spc: pd.DataFrame,
    *,
    by: str | list[str] | None = None,
    order: str = "period",
    aim: Fraction | float | str | tuple[Aim, ...] | None = None,
    events: tuple[Event, ...] = (),
    sentence: str = "",
    ax: Axes | None = None,
) -> Any:
    """Draw one series' process chart in Making Data Count's colours, with a shape for each.

    Each kind of signal is named once, beside its points, or above the chart if there is no room;
    so is each recalculation of the limits where it begins. Points that are not ``settled`` are
    hollow, and absent periods break the line. Values that are no rates have an axis of their own
    unit. With a ``sentence`` of its own the chart is a plain one, to be read on a telephone too.

    Parameters
    ----------
    spc : DataFrame
        One series from ``add_spc``; of several with ``by``.
    by : str or list of str, optional
        The columns that name the groups, at most 100: each has a small chart of its own, in
        alphabetical order. Rates share one axis; values have axes of their own.
    order : str
        The column that orders the points.
    aim : Fraction, float or str, or tuple of Aim, optional
        Drawn as a labelled line instead of the targets; a profile's aims (``aims_until``) each from
        its own start. Of values it is a number in their unit.
    events : tuple of Event
        Shaded and labelled.
    sentence : str
        What the chart shows, such as a test of change found, in place of ``describe_spc``: it
        speaks for the chart. Each part's mean is then a step with its counts, no kind of point is
        named, and rates of more projects are larger points. It is drawn from 4 periods with
        projects on, and its limits where there are enough projects in each. With ``by`` it is the
        alternative text alone.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Returns
    -------
    Axes or FacetGrid
        Seaborn's grid of charts with ``by``.

    Raises
    ------
    ValueError
        If a value cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> from qi_analysis.spc import add_spc
    >>> quarters = pd.date_range("2018-01-01", periods=16, freq="QS")
    >>> counts = pd.DataFrame({"period": quarters, "numerator": [5, 7] * 8, "denominator": 20})
    >>> ax = plot_spc(add_spc(counts, target="80%"))
    >>> [text.get_text() for text in ax.texts][-2:]
    ['Upper limit', 'Lower limit']
    """
    spc = check_frame(spc, _DRAWN, by=by, order=order, filled="phase", step="add_spc")
    if by and len(spc):
        return _plot_grid(spc, group_keys(by), order, aim, events, sentence, ax)
    spc, named = order_series(spc, order), not sentence
    if sentence and "denominator" in spc and (spc["denominator"] > 0).sum() >= FEWEST_PERIODS:
        return set_alt_text(_draw_trend(ax, spc, order, aim, events), sentence)
    sentence = sentence or describe_spc(summarise_spc(spc, order=order), spc, order=order)
    if too_small(spc):
        return draw_message(ax, sentence)
    ax, x, last = make_axes(ax, 3.8), spc[order], spc.dropna(subset="mean").iloc[-1]
    ax.plot(*broken(x, spc["point"]), color=SPC_COLOURS["common_cause"], lw=1.2, zorder=2)
    _draw_phases(ax, spc, order, MEAN_AND_LIMITS)
    _scale(ax, spc, [*MEAN_AND_LIMITS], _goals(spc, order, aim))
    _style_time_axes(ax, x, events, _mark_rebases(spc, "New limits"))
    means = _mean_labels(spc, _goals(spc, order, aim))
    label_lines(ax, [*_draw_goals(ax, spc, order, aim), *_limit_labels(spc, last, means)])
    _draw_points(ax, spc, order, named=named)
    _label_parts(ax, spc[spc["phase"] < spc["phase"].max()], order, means)
    return set_alt_text(ax, sentence)


_DRAWN = "point mean lpl upl phase rebased rebase_reason target point_is"
MEAN_AND_LIMITS = {"mean": (INK, "-"), "lpl": (GREY, "--"), "upl": (GREY, "--")}


def _scale(ax: Axes, chart: pd.DataFrame, lines: list[str], goals: list[float]) -> None:
    """Scale the axis of a chart's points: of rates in percent, of values in their own unit."""
    drawn, what = chart[["point", *lines]], chart["point_is"].iloc[0]
    if what == RATE:
        percent_axis(ax, "y", "Share of projects", drawn, goals)
    else:
        value_axis(ax, what, drawn, goals)


def _mark_rebases(chart: pd.DataFrame, label: str) -> pd.DataFrame:
    """Return where a chart's mean or median begins anew, and what is written there."""
    starts = list_rebases(chart)
    why = starts["rebase_reason"].mask(
        starts["rebase_reason"] != "", ": " + starts["rebase_reason"]
    )
    return starts.assign(label=label + why)


def _goals(chart: pd.DataFrame, order: str, aim) -> list[float]:
    """Return the heights at which :func:`_draw_goals` draws."""
    if aim is None:
        return chart["target"].dropna().unique().tolist() if "target" in chart else []
    if chart["point_is"].iloc[0] == RATE:
        return aim_rates(aim, chart[order])
    return [parse_value(aim, "aim")]


def _draw_goals(ax: Axes, chart: pd.DataFrame, order: str, aim, size: float = TEXT) -> list[tuple]:
    """Draw the aim, or else the target that is in force in each period; return the last's label."""
    what, x = chart["point_is"].iloc[0], chart[order]
    if aim is not None and what == RATE:
        return draw_aims(ax, aim, x, size)
    goals = chart["target"] if aim is None and "target" in chart else None
    if goals is None:
        goals = pd.Series(np.nan if aim is None else parse_value(aim, "aim"), chart.index)
    first = goals.ne(goals.shift()) & ~(goals.isna() & goals.shift().isna())
    first.iloc[:1] = True
    ends, (left, right) = [*x[first].iloc[1:], None], ax.get_xlim()
    for start, end, goal in zip(x[first], ends, goals[first], strict=True):
        if goal == goal:
            begins = left if start == x.iloc[0] else ax.convert_xunits(start)
            until = right if end is None else ax.convert_xunits(end)
            ax.plot([begins, until], [goal] * 2, color=AIM, lw=1.5, ls=AIM_DASHES, scalex=False)
    return _goal_label(goals.iloc[-1], what)


def _goal_label(goal: float, what: str) -> list[tuple]:
    """Return the label of a target's line, if there is one."""
    if goal != goal:
        return []
    return [(f"{'Aim' if what == RATE else 'Target'} {format_goal(goal, what)}", goal, AIM)]


# --- many small charts ----------------------------------------------------------------------------


def _plot_grid(
    spc: pd.DataFrame, keys: list[str], order: str, aim, events: tuple, sentence: str, ax
) -> FacetGrid:
    """Draw a small chart for each group, in a grid, with one legend for all."""
    names = name_groups(spc, keys)
    if ax is not None or names.nunique() > MOST_PANELS:
        raise OptionError(
            f"A grid has a figure of its own and at most {MOST_PANELS} charts: leave out `ax`, and "
            f"choose some of the {names.nunique():,} groups."
        )
    twice = names[~spc.duplicated(keys)].value_counts()
    if (twice > 1).any():
        raise OptionError(f"Two groups would be called '{twice.index[0]}': rename one of them.")
    sentence = sentence or describe_spc(summarise_spc(spc, by=keys, order=order), spc, order=order)
    spc = spc.assign(_panel=names).sort_values(["_panel", order])
    what, goals = spc["point_is"].iloc[0], _goals(spc, order, aim)
    grid = _make_grid(spc, order, goals)
    titles = dict(zip(grid.axes_dict, shorten_names(grid.axes_dict), strict=True))
    few = {name: too_small(part) for name, part in spc.groupby("_panel")}
    for name, part in spc.groupby("_panel"):
        _draw_panel(grid.axes_dict[name], part, order, aim, events, few[name])
    letters = 0 if what == RATE else max(tick_letters(ax) for ax in grid.axes.flat)
    for name, ax in grid.axes_dict.items():
        _title_panel(ax, titles[name], _panel_widths(len(few), letters)[0], few[name])
    shown = spc[~spc["_panel"].map(few).to_numpy(bool)]
    _finish_grid(grid, what, letters, _legend(shown, what, goals, events))
    set_alt_text(grid.axes.flat[0], sentence)
    return grid


def _panels_wide(groups: int) -> int:
    return next(wide for wide, most in PANELS_WIDE.items() if groups <= most)


def _panel_widths(groups: int, letters: int) -> tuple[float, float]:
    """Return how wide a small chart is, and how far from the next with so many on its axis."""
    wide, aside = _panels_wide(groups), max(0.3, 0.2 + letters / LETTERS)
    return (WIDTH - GRID_LEFT - GRID_RIGHT - (wide - 1) * aside) / wide, aside


def _make_grid(spc: pd.DataFrame, order: str, goals: list[float]) -> FacetGrid:
    """Return a grid of axes for groups by name, those that are no directorate at the end.

    Dates are common to all, and so are rates; values have an axis for each group.
    """
    import seaborn as sns

    what = spc["point_is"].iloc[0]
    names = pd.Series(spc["_panel"].unique()).sort_values(key=names_last).tolist()
    wide = _panels_wide(len(names))
    grid = sns.FacetGrid(spc, col="_panel", col_order=names, col_wrap=wide, sharey=what == RATE)
    for ax in grid.axes.flat:
        make_axes(ax, 0, SMALL / TEXT)
        ax.autoscale(enable=False)  # else all axes in common are measured with each line
    first = grid.axes.flat[0]
    _panel_dates(first, spc[order])
    if what == RATE:
        percent_axis(first, "y", "Share of projects", spc[["point", "upl"]], goals)
    return grid


def _draw_panel(ax: Axes, part: pd.DataFrame, order: str, aim, events: tuple, few: bool) -> None:
    """Draw a group's points, mean, limits and target without words; of few points these alone."""
    if part["point_is"].iloc[0] != RATE:
        value_axis(ax, "", part[["point", *MEAN_AND_LIMITS]], _goals(part, order, aim))
    ax.plot(*broken(part[order], part["point"]), color=SPC_COLOURS["common_cause"], lw=1, zorder=2)
    if not few:
        _draw_phases(ax, part, order, MEAN_AND_LIMITS)
    _draw_points(ax, part, order, named=not few, size=0.5)
    unnamed = tuple(replace(event, label="") for event in events)
    draw_events(ax, unnamed, None if few else _mark_rebases(part, "").assign(label=""))
    _draw_goals(ax, part, order, aim)


def _title_panel(ax: Axes, name: str, width: float, few: bool) -> None:
    """Write a group's name above its chart, in as many lines as it needs there."""
    words = textwrap.fill(name, int(width * LETTERS))
    words += "\ntoo few to tell" if few else ""
    ax.set_title(words, fontsize=SMALL, color=INK)


def _panel_dates(ax: Axes, order: pd.Series) -> None:
    """Label a small chart's first days by the calendar, at a few of them."""
    import matplotlib.dates as mdates

    date_axis(ax, order)
    ax.set_xlabel("")
    if order.dtype.kind != "M":
        ax.locator_params(axis="x", nbins=PANEL_TICKS)
        return
    locator = mdates.AutoDateLocator(minticks=1, maxticks=PANEL_TICKS)
    ax.xaxis.set_major_locator(locator)
    formatter = mdates.AutoDateFormatter(locator)
    formatter.scaled.update({365.0: "%Y", 30.0: "%b\n%Y", 1.0: "%d %b\n%Y"})
    ax.xaxis.set_major_formatter(formatter)


def _finish_grid(grid: FacetGrid, what: str, letters: int, marks: list) -> None:
    """Give a grid's charts their places, in inches, with room for titles, ticks and the legend.

    The legend is above, and what the points are beside the first rows: a grid of many is long. Left
    to matplotlib, to measure 40 charts takes longer than to draw them.
    """
    first, groups = grid.axes.flat[0], len(grid.axes.flat)
    high = -(-groups // _panels_wide(groups))
    lines = max(ax.get_title().count("\n") + 1 for ax in grid.axes.flat)
    (width, aside), between, bottom = _panel_widths(groups, letters), 0.16 * lines + 0.4, 0.5
    rows = -(-len(marks) // LEGEND_WIDE) + sum(mark.get_label().count("\n") for mark in marks)
    top = 0.16 * lines + 0.21 * rows + 0.3
    height = top + high * PANEL + (high - 1) * between + bottom
    grid.figure.set_size_inches(WIDTH, height)
    grid.figure.subplots_adjust(
        left=GRID_LEFT / WIDTH, right=1 - GRID_RIGHT / WIDTH, bottom=bottom / height,
        top=1 - top / height, wspace=aside / width, hspace=between / PANEL,
    )  # fmt: skip
    grid.figure.legend(
        handles=marks, loc="upper center", ncols=LEGEND_WIDE, frameon=False, fontsize=SMALL
    )
    title = first.get_ylabel() or textwrap.fill(what[:1].upper() + what[1:], LINE_LETTERS)
    middle = top + (min(high, 3) * (PANEL + between) - between) / 2
    grid.figure.supylabel(
        title, fontsize=TEXT, color=INK, x=0.01, y=1 - middle / height, ha="left", va="center"
    )
    first.set_ylabel("")


def _legend(spc: pd.DataFrame, what: str, goals: list[float], events: tuple) -> list:
    """Return a mark and its name for all that is drawn in a grid's charts that can be read."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    def line(label: str, **style) -> Line2D:
        return Line2D([], [], label=label, **style)

    tested = spc[are_tested(spc)]
    kinds = [kind for kind in SPC_COLOURS if tested["point_type"].eq(kind).any()]
    shown = [
        line(SPC_LABELS[kind], c=SPC_COLOURS[kind], marker=SPC_SHAPES[kind], ls="")
        for kind in kinds
    ]
    if len(tested) < spc["point"].notna().sum():
        shown.append(line("Too early to tell", c=GREY, marker="o", mfc="white", ls=""))
    if len(tested):
        shown += [line("Mean", c=INK, lw=1), line("Limits of chance", c=GREY, lw=1, ls="--")]
    if goals:
        words = _goal_label(goals[0], what)[0][0] if len(goals) == 1 else "Aim or target"
        shown.append(line(words, c=AIM, lw=1.5, ls=AIM_DASHES))
    if spc["phase"].max() > 1:
        shown.append(line("New limits", c=GREY, lw=1, ls=":"))
    labels = textwrap.fill(", ".join(filter(None, (e.label for e in events))), LINE_LETTERS)
    return [*shown, *([Patch(color=INK, alpha=0.12, lw=0, label=labels)] if labels else [])]


def _draw_trend(ax: Axes | None, spc: pd.DataFrame, order: str, aim, events: tuple) -> Axes:
    """Draw the parts of a series as steps of their means, over points as large as their counts."""
    ax, x, tested = make_axes(ax, 3.5, SCREEN), spc[order], spc[are_tested(spc)]
    few = too_small(spc) or len(tested) < FEWEST_TO_TELL
    limits = {} if few else {name: MEAN_AND_LIMITS[name] for name in ("lpl", "upl")}
    _draw_phases(ax, tested, order, limits)
    _draw_dots(ax, spc, order)
    percent_axis(ax, "y", "Share of projects", spc[["point", *limits]], aim_rates(aim, x))
    _style_time_axes(ax, x, events, size=SMALL * SCREEN, title=_axis_title(spc, order))
    label_lines(ax, draw_aims(ax, aim, x, TEXT * SCREEN), SMALL * SCREEN)
    _draw_means(ax, tested, order)
    means = _mean_labels(tested, aim_rates(aim, x))
    _label_parts(ax, tested, order, means, fontsize=SMALL * SCREEN, fontweight="bold", color=INK)
    _label_hollow_and_limits(ax, spc, order, [*limits])
    return ax


def _label_hollow_and_limits(ax: Axes, spc: pd.DataFrame, order: str, limits: list[str]) -> None:
    """Say what hollow points are, and name limits at their end unless no rate can lie beyond."""
    tested, new = spc[are_tested(spc)], spc[~are_tested(spc)].dropna(subset="point")
    ends = [("Too early to tell", new, "point", BLUE)] if len(new) else []
    for column in limits:
        some = tested[tested[column].between(0, 1, inclusive="neither")].tail(3)
        if len(some):
            ends.append((_LIMITS[column], some, column, GREY))
    for words, rows, column, colour in ends:
        points = list(zip(rows[order], rows[column], strict=True))[::-1]
        label_near(ax, words, points, color=colour, fontsize=SMALL * SCREEN)


_LIMITS = {"lpl": "Lower limit", "upl": "Upper limit"}


def _axis_title(spc: pd.DataFrame, order: str) -> str:
    """Say what a point is, as far as that is known, and what its size means."""
    months = period_months(spc[order])
    if "within" not in spc or months not in TITLES:
        return "First day of each period (larger dot: more projects)"
    return f"{TITLES[months]} in which projects started (larger dot: more projects)"


def _draw_dots(ax: Axes, spc: pd.DataFrame, order: str) -> None:
    """Draw each rate as a point whose area follows its number of projects, hollow if unsettled."""
    some = spc.dropna(subset="point")
    usual = max(some["denominator"].median(), 2)
    area = (DOT * some["denominator"].astype(float) / usual).clip(LEAST_DOT, MOST_DOT)
    filled = np.where(are_tested(some), BLUE, "white")
    ax.scatter(
        some[order], some["point"], s=area, c=filled, edgecolors=BLUE, linewidths=1.2, zorder=3,
        clip_on=False, label=SPC_LABELS["common_cause"],
    )  # fmt: skip


def _draw_means(ax: Axes, tested: pd.DataFrame, order: str) -> None:
    """Draw the mean of each part as a line that reaches half-way to the next."""
    half = _half_step(tested[order])
    for _, part in tested.groupby("phase"):
        ends = [part[order].min() - half, part[order].max() + half]
        ax.plot(ends, [part["mean"].iloc[0]] * 2, color=INK, lw=2.5, zorder=2.5, scalex=False)


def _half_step(order: pd.Series) -> Any:
    """Return half the distance of one point to the next: months as 30 days, others as they are."""
    months = period_months(order) if order.dtype.kind == "M" else 0
    shortest = order.drop_duplicates().sort_values().diff().min()
    if months or shortest != shortest:
        return pd.Timedelta(days=15 * max(months, 1)) if order.dtype.kind == "M" else 0.5
    return shortest / 2


def _label_parts(ax: Axes, spc: pd.DataFrame, order: str, means: dict, **font) -> None:
    """Write the rate and counts of each part at its mean: "22%, 67 of 300"."""
    for phase, part in spc[are_tested(spc)].groupby("phase"):
        first, span, mean = part[order].min(), np.ptp(part[order]), part["mean"].iloc[0]
        points = [(first + span * share, mean) for share in ALONG]
        label_near(ax, means[phase], points, otherwise="above", along=True, **font)


def _mean_labels(spc: pd.DataFrame, aims: list[float]) -> dict:
    """Write each part's mean, told apart from the others and from the aims, with its counts."""
    parts = spc[are_tested(spc)].groupby("phase")
    if not len(parts):  # all are too recent
        return {}
    means = format_values(parts["mean"].first(), spc["point_is"].iloc[0], aims)
    shown = zip(parts, means, strict=True)
    return {phase: mean + _part_counts(part) for (phase, part), mean in shown}


def _part_counts(part: pd.DataFrame) -> str:
    """Write the counts that a part's mean rests on, unless it rests on a few of its points."""
    k, n = (part.get(name, pd.Series(dtype=float)).sum() for name in ("numerator", "denominator"))
    rests = n and abs(k / n - part["mean"].iloc[0]) < 1e-9
    return f", {k:,.0f} of {n:,.0f}" if rests else ""


def _limit_labels(spc: pd.DataFrame, last: pd.Series, means: dict) -> list[tuple]:
    """Return the labels of the latest mean and limits; limits on the mean are named with it.

    Limits are given no figure: those of rates differ from point to point.
    """
    mean = means[last["phase"]].replace(", ", "\n")
    if last["upl"] - last["lpl"] < 1e-9:
        return [(f"Mean and limits {mean}", last["mean"], INK)]
    limits = [("Upper limit", last["upl"], INK), ("Lower limit", last["lpl"], INK)]
    return [(f"Mean {mean}", last["mean"], INK), *limits]


def _draw_phases(ax: Axes, chart: pd.DataFrame, order: str, styles: dict[str, tuple]) -> None:
    """Draw a chart's centre and limits, each phase apart; limits step half-way between points."""
    for _, phase in chart.groupby("phase"):
        for column, (colour, style) in styles.items():
            steps = "steps-mid" if style == "--" else "default"
            ax.plot(phase[order], phase[column], color=colour, lw=1, ls=style, drawstyle=steps)


def _draw_points(ax: Axes, spc: pd.DataFrame, order: str, *, named: bool, size: float = 1) -> None:
    """Draw points by their kind of signal, unless none is to be named; small ones have no names."""
    tested = are_tested(spc)
    kinds = spc["point_type"] if named else pd.Series("common_cause", spc.index)
    for name, points in spc[tested].groupby(kinds[tested]):
        kind = str(name)
        ax.scatter(
            points[order], points["point"], color=SPC_COLOURS[kind], marker=SPC_SHAPES[kind],
            s=size * (42 if kind != "common_cause" else 22), zorder=3, clip_on=False,
            edgecolors="white", linewidths=0.5, label=SPC_LABELS[kind],
        )  # fmt: skip
        if kind != "common_cause" and size == 1:
            _label_signal(ax, points, order, SPC_LABELS[kind])
    hollow = spc[~tested].dropna(subset="point")
    ax.plot(hollow[order], hollow["point"], "o", ms=4 * size**0.5, mfc="white", zorder=3,
            clip_on=False, c=SPC_COLOURS["common_cause"])  # fmt: skip


def _label_signal(ax: Axes, points: pd.DataFrame, order: str, label: str) -> None:
    """Label a kind of signal once, by the furthest of its points beside which there is room."""
    to_low = points["direction"].iloc[-1] == "low"
    furthest = points.sort_values("point", ascending=to_low, kind="stable").head(MOST_TRIED)
    tried = list(zip(furthest[order], furthest["point"], strict=True))
    label_near(ax, label, tried, otherwise="above")


def plot_run(
    run: pd.DataFrame,
    *,
    order: str = "period",
    aim: Fraction | str | tuple[Aim, ...] | None = None,
    events: tuple[Event, ...] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw one series' run chart: its points and their median, in their own unit.

    Parameters
    ----------
    run : DataFrame
        One series from ``add_run``.
    order : str
        The column that orders the points.
    aim : Fraction or str, or tuple of Aim, optional
        Drawn as a labelled line; a profile's aims (``aims_until``) each from its own start.
    events : tuple of Event
        Shaded and labelled.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a value cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> from qi_analysis.spc import add_run
    >>> months = pd.date_range("2020-01-01", periods=12, freq="MS")
    >>> run = add_run(pd.DataFrame({"period": months, "live": [210, 229, 250] * 4}), value="live")
    >>> [text.get_text() for text in plot_run(run).texts]
    ['Median 229']
    """
    run = check_frame(run, "point median phase rebased point_is", order=order, step="add_run")
    sentence = describe_run(summarise_run(run, order=order))
    if run["point"].notna().sum() < 2:
        return draw_message(ax, sentence)
    ax, run = make_axes(ax, 3.6), order_series(run, order)
    x, last = run[order], run.iloc[-1]
    ax.plot(*broken(x, run["point"]), color=BLUE, marker="o", ms=4, lw=1.5, clip_on=False)
    _scale(ax, run, ["median"], _goals(run, order, aim))
    _draw_phases(ax, run, order, {"median": (INK, "-")})
    _style_time_axes(ax, x, events, _mark_rebases(run.assign(rebase_reason=""), "New median"))
    middle = format_values([last["median"]], last["point_is"], _goals(run, order, aim))
    median = f"Median {middle[0]}", last["median"], INK
    label_lines(ax, [*_draw_goals(ax, run, order, aim), median])
    return set_alt_text(ax, sentence)


def _style_time_axes(
    ax: Axes,
    x: pd.Series,
    events: tuple[Event, ...],
    rebases: pd.DataFrame | None = None,
    **words: Any,
) -> None:
    """Style the axis of time, and draw what happened meanwhile; ``words``: a ``title``, a size."""
    date_axis(ax, x, **({"title": words.pop("title")} if "title" in words else {}))
    draw_events(ax, events, rebases, **words)


FAN = ((0.1, 0.9, 0.15), (0.25, 0.75, 0.3))  # quantiles of a band, and how dense it is


def plot_outlook(
    outlook: pd.DataFrame, aim: Fraction | str | None, *, ax: Axes | None = None
) -> Axes:
    """Draw the live rate in the simulated futures: their middle, and where 5 and 8 in 10 lie.

    Parameters
    ----------
    outlook : DataFrame
        From ``count_outlook``.
    aim : Fraction or str
        Drawn as a labelled line.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    summary = summarise_outlook(outlook, aim)
    sentence = describe_outlook(summary, aim)
    if summary["outcome"].item() in NO_ANSWER:
        return draw_message(ax, sentence)
    ax = make_axes(ax, 3.8)
    fan = outlook.assign(rate=outlook["numerator"] / outlook["denominator"].replace(0, np.nan))
    shares = np.array([*np.ravel([f[:2] for f in FAN]), 0.5])
    # each is one of the rates, as in the sentence: the mean of two would read as another number
    fan = fan.groupby("period")["rate"].quantile(shares, interpolation="lower").unstack()
    for low, high, dense in FAN:
        ax.fill_between(fan.index, fan[low], fan[high], color=BLUE, alpha=dense, lw=0)
    ax.plot(fan.index, fan[0.5], color=BLUE, lw=1.8)
    ax.scatter(fan.index[:1], fan[0.5].iloc[:1], color=INK, zorder=3, clip_on=False)
    percent_axis(ax, "y", "Share of live projects", fan, aim_rates(aim))
    ax.grid(axis="y", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    date_axis(ax, fan.index.to_series(), "First day of each month")
    label_lines(ax, [*draw_aims(ax, aim), *_fan_labels(fan.iloc[-1], aim_rates(aim))])
    return set_alt_text(ax, sentence)


def _fan_labels(last: pd.Series, aims: list[float]) -> list[tuple]:
    """Return the labels of the middle and the bands."""
    return [
        percent_label("Middle", last[0.5], aims),
        ("8 in 10", last[0.1], INK),
        ("5 in 10", last[0.75], INK),
    ]


def plot_live(
    live: pd.DataFrame,
    *,
    aim: Fraction | str | tuple[Aim, ...] | None = None,
    events: tuple[Event, ...] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw the live rate over time: as registers said it on the day, and today's record apart.

    What the register of a day said of that day is a dot. Where none is kept, today's record stands
    for the past, as a thin line of its own.

    Parameters
    ----------
    live : DataFrame
        From ``count_live``, of one series.
    aim : Fraction or str, or tuple of Aim, optional
        Drawn as a labelled line; a profile's aims (``aims_until``) each from its own start.
    events : tuple of Event
        Shaded and labelled.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> years = pd.to_datetime(["2020-03-31", "2021-03-31"])
    >>> live = pd.DataFrame({"period": years, "numerator": [20, 45], "denominator": 100,
    ...                      "source": "today's record"})
    >>> [text.get_text() for text in plot_live(live, aim="80%").texts]
    ['Aim 80%', '45%']
    """
    live = check_frame(live, "period", *COUNTS, "source", step="count_live").pipe(pair_counts)
    sentence = describe_live(live)
    some = live[live["denominator"] > 0].sort_values("period")
    if len(some) < 2:
        return draw_message(ax, sentence)
    ax, some = make_axes(ax, 3.6), some.assign(rate=some["numerator"] / some["denominator"])
    said, x = some[some["source"] == SAID], some["period"]
    ax.plot(*broken(x, some["rate"]), color=GREY, lw=0.8, zorder=2)
    ax.plot(said["period"], said["rate"], "o", ms=6, c=BLUE, zorder=3, clip_on=False)
    percent_axis(ax, "y", "Share of live projects", some["rate"], aim_rates(aim, x))
    unit = TITLES.get(period_months(x), "Period")
    _style_time_axes(ax, x, events, title=f"{unit}, counted on its last day")
    label_lines(ax, draw_aims(ax, aim, x))
    _label_latest(ax, some.iloc[-1], aim_rates(aim, x))
    return set_alt_text(ax, sentence)
