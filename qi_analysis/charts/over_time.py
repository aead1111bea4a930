"""Rates over time: with intervals, as process and run charts, and as far as they may get."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..core.periods import are_over, period_months
from ..core.text import percent
from ..counts.history import SAID, describe_live
from ..spc.describe import describe_spc, too_small
from ..spc.process_chart import are_tested, list_rebases, summarise_spc
from ..spc.run_chart import describe_run, summarise_run
from ..spc.series import are_settled
from ..stats.outlook import NO_ANSWER, describe_outlook, summarise_outlook
from ..stats.rates import describe_change
from .annotations import (
    GAP,
    date_axis,
    draw_aims,
    draw_events,
    label_lines,
    percent_label,
    white_box,
)
from .style import (
    BLUE,
    GREY,
    INK,
    PALE,
    SPC_COLOURS,
    SPC_LABELS,
    SPC_SHAPES,
    draw_message,
    make_axes,
    percent_axis,
    set_alt_text,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..profile import Aim, Event

ROOM = 0.1  # of a chart's height: what a name needs between a point and what bounds it


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

    A period without a project breaks the line.

    Parameters
    ----------
    rates : DataFrame
        A row a period, with ``period, numerator, denominator, rate, lower_cl, upper_cl``.
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
    """
    sentence = sentence or describe_change(rates, aim, as_of)
    if not (rates["denominator"] > 0).any():
        return draw_message(ax, sentence)
    ax, rates = make_axes(ax, 3.8), rates.sort_values("period")
    x = rates["period"]
    ax.fill_between(x, rates["lower_cl"], rates["upper_cl"], color=BLUE, alpha=0.15, lw=0)
    ax.vlines(x, rates["lower_cl"], rates["upper_cl"], color=BLUE, lw=1, alpha=0.5)
    ax.plot(x, rates["rate"], color=BLUE, marker="o", ms=4, lw=1.8, clip_on=False)
    hollow = rates[~are_over(x, period_months(x), as_of) | ~are_settled(rates)]
    if len(hollow):
        ax.plot(hollow["period"], hollow["rate"], "o", ms=4, c=BLUE, mfc="white", clip_on=False)
    _style_time_axes(ax, x, events)
    ax.grid(axis="y", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    aims = draw_aims(ax, aim, x)
    label_lines(ax, aims)
    _label_latest(ax, rates[rates["denominator"] > 0].iloc[-1], [at for _, at, _ in aims])
    return set_alt_text(ax, sentence)


def _label_latest(ax: Axes, last: pd.Series, aims: list[float]) -> None:
    """Write the latest rate beside its point: above it, but for an aim that lies close above."""
    up = not any(-ROOM / 2 < at - last["rate"] < ROOM for at in aims)
    ax.annotate(
        percent(last["rate"]), (last["period"], last["rate"]), xytext=(6, 1 if up else -2),
        va="bottom" if up else "top", textcoords="offset points", fontweight="bold", color=BLUE,
        bbox=white_box(),
    )  # fmt: skip


def plot_spc(
    spc: pd.DataFrame,
    *,
    order: str = "period",
    aim: Fraction | str | tuple[Aim, ...] | None = None,
    events: tuple[Event, ...] = (),
    sentence: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw one series' process chart in Making Data Count's colours, with a shape for each.

    Each kind of signal is named once, beside its points, and so is each recalculation of the limits
    where it begins. Points that are not ``settled`` are hollow.

    Parameters
    ----------
    spc : DataFrame
        One series from ``add_spc``.
    order : str
        The column that orders the points.
    aim : Fraction or str, or tuple of Aim, optional
        Drawn as a labelled line instead of the target; a profile's aims (``aims_until``) each from
        its own start.
    events : tuple of Event
        Shaded and labelled.
    sentence : str
        What the chart shows, such as a test of change found, in place of ``describe_spc``. No point
        is then coloured or named: the sentence speaks for the chart.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    found = describe_spc(summarise_spc(spc, order=order), spc, order=order)
    if too_small(spc):
        return draw_message(ax, sentence or found)
    if sentence:
        spc = spc.assign(point_type="common_cause")
    ax, spc = make_axes(ax, 3.8), spc.sort_values(order)
    x, last = spc[order], spc.dropna(subset="mean").iloc[-1]
    ax.plot(x, spc["point"], color=SPC_COLOURS["common_cause"], lw=1.2, zorder=2)
    _draw_phases(ax, spc, order, {"mean": (INK, "-"), "lpl": (GREY, "--"), "upl": (GREY, "--")})
    _style_time_axes(ax, x, events, list_rebases(spc, order=order))
    label_lines(ax, [
        *draw_aims(ax, _exact(last["target"]) if aim is None else aim, x),
        *_limit_labels(last),
    ])  # fmt: skip
    _draw_points(ax, spc, order)
    return set_alt_text(ax, sentence or found)


def _limit_labels(last: pd.Series) -> list[tuple]:
    """Return the labels of the latest mean and limits; limits on the mean are named with it.

    Limits are given no figure: those of rates differ from point to point.
    """
    if last["upl"] - last["lpl"] < 1e-9:
        return [percent_label("Mean and limits", last["mean"])]
    limits = [("Upper limit", last["upl"], INK), ("Lower limit", last["lpl"], INK)]
    return [percent_label("Mean", last["mean"]), *limits]


def _exact(target: float) -> Fraction | None:
    return Fraction(target).limit_denominator(1000) if target == target else None


def _draw_phases(ax: Axes, chart: pd.DataFrame, order: str, styles: dict[str, tuple]) -> None:
    """Draw a chart's centre and limits, each phase apart; limits step half-way between points."""
    for _, phase in chart.groupby("phase"):
        for column, (colour, style) in styles.items():
            steps = "steps-mid" if style == "--" else "default"
            ax.plot(phase[order], phase[column], color=colour, lw=1, ls=style, drawstyle=steps)


def _draw_points(ax: Axes, spc: pd.DataFrame, order: str) -> None:
    tested = are_tested(spc)
    for name, points in spc[tested].groupby("point_type"):
        kind = str(name)
        ax.scatter(
            points[order], points["point"], color=SPC_COLOURS[kind], marker=SPC_SHAPES[kind],
            s=42 if kind != "common_cause" else 22, zorder=3, clip_on=False, edgecolors="white",
            linewidths=0.5, label=SPC_LABELS[kind],
        )  # fmt: skip
        if kind != "common_cause":
            _label_signal(ax, points, order, SPC_LABELS[kind])
    hollow = spc[~tested].dropna(subset="point")
    ax.plot(hollow[order], hollow["point"], "o", ms=4, mfc="white", zorder=3, clip_on=False,
            c=SPC_COLOURS["common_cause"])  # fmt: skip


def _label_signal(ax: Axes, points: pd.DataFrame, order: str, label: str) -> None:
    """Label a kind of signal once, by the furthest of its points, or the nearest, as it fits."""
    low, high = points["point"].min(), points["point"].max()
    to_high = points["direction"].iloc[-1] == "high"
    up = high < 1 - ROOM if to_high else low < ROOM
    chosen = points[points["point"] == (high if up else low)]
    at = chosen.iloc[len(chosen) // 2]
    ax.annotate(
        label, (at[order], at["point"]), xytext=(0, 7 if up else -7), ha="center",
        textcoords="offset points", va="bottom" if up else "top", fontsize=9, bbox=white_box(),
        zorder=2.9,  # below every point
    )  # fmt: skip


def plot_run(
    run: pd.DataFrame,
    *,
    order: str = "period",
    aim: Fraction | str | tuple[Aim, ...] | None = None,
    events: tuple[Event, ...] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw one series' run chart: its points and their median.

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
    """
    sentence = describe_run(summarise_run(run, order=order))
    if run["point"].notna().sum() < 2:
        return draw_message(ax, sentence)
    ax, run = make_axes(ax, 3.6), run.sort_values(order)
    x = run[order]
    ax.plot(x, run["point"], color=BLUE, marker="o", ms=4, lw=1.5, clip_on=False)
    _draw_phases(ax, run, order, {"median": (INK, "-")})
    _style_time_axes(ax, x, events)
    median = percent_label("Median", run["median"].iloc[-1])
    label_lines(ax, [*draw_aims(ax, aim, x), median])
    return set_alt_text(ax, sentence)


def _style_time_axes(
    ax: Axes, x: pd.Series, events: tuple[Event, ...], rebases: pd.DataFrame | None = None
) -> None:
    """Style the axes of a chart over time, and draw what happened meanwhile."""
    percent_axis(ax, "y")
    date_axis(ax, x)
    draw_events(ax, events, rebases)
    ax.set_ylabel("Share of projects")


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
    percent_axis(ax, "y")
    ax.grid(axis="y", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    date_axis(ax, fan.index.to_series())
    aims = draw_aims(ax, aim)
    label_lines(ax, [*aims, *_fan_labels(fan.iloc[-1], aims[0][1])])
    ax.set_xlabel("")
    ax.set_ylabel("Share of live projects")
    return set_alt_text(ax, sentence)


def _fan_labels(last: pd.Series, aim: float) -> list[tuple]:
    """Return the labels of the middle and the bands, but for those that would cover another."""
    names: list[tuple] = []
    bands = [("8 in 10", last[0.1], INK), ("5 in 10", last[0.75], INK)]
    for line in (percent_label("Middle", last[0.5]), *bands):
        if all(abs(line[1] - y) >= GAP for y in (aim, *(name[1] for name in names))):
            names.append(line)
    return names


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
    """
    sentence = describe_live(live)
    some = live[live["denominator"] > 0].sort_values("period")
    if len(some) < 2:
        return draw_message(ax, sentence)
    ax, some = make_axes(ax, 3.6), some.assign(rate=some["numerator"] / some["denominator"])
    said, x = some[some["source"] == SAID], some["period"]
    ax.plot(x, some["rate"], color=GREY, lw=0.8, zorder=2)
    ax.plot(said["period"], said["rate"], "o", ms=6, c=BLUE, zorder=3, clip_on=False)
    _style_time_axes(ax, x, events)
    aims = draw_aims(ax, aim, x)
    label_lines(ax, aims)
    _label_latest(ax, some.iloc[-1], [at for _, at, _ in aims])
    return set_alt_text(ax, sentence)
