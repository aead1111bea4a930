"""Groups side by side: rates with their intervals, and the funnel."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..funnel import describe_funnel, funnel_limits
from ..rates import describe_groups
from .canvas import (
    BLUE,
    GREY,
    INK,
    PALE,
    PURPLE,
    ROW,
    carry,
    make_axes,
    names_last,
    percent_axis,
    say_only,
    shorten,
)
from .lines import draw_aim_down, draw_aims, name_lines, name_points, named_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_DRAWN = 60  # groups beside the highlighted one; more are no chart that can be read


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
        A group to stand out. Of more than 60 groups, those nearest to it in the alphabet are drawn,
        and the chart says so.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    rates = rates[rates["denominator"] > 0].sort_values(by, key=names_last, ignore_index=True)
    if rates.empty:
        return say_only(ax, describe_groups(rates, by))
    sentence, groups = describe_groups(rates, by, aim), len(rates)
    rates = _nearest(rates, rates[by] == highlight)
    ax = make_axes(ax, max(2.2, ROW * len(rates) + 1.1))
    _draw_intervals(ax, rates, rates[by] == highlight)
    ax.set_yticks(np.arange(len(rates)), [_row_label(row, by) for _, row in rates.iterrows()])
    for tick, name in zip(ax.get_yticklabels(), rates[by], strict=True):
        tick.set_fontweight("bold" if name == highlight else "normal")
    ax.set_ylim(len(rates) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, pad=9)
    ax.spines["left"].set_visible(False)
    percent_axis(ax, "x")
    ax.grid(axis="x", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    draw_aim_down(ax, aim)
    some = f"; {len(rates)} of {groups:,} groups, the nearest in the alphabet"
    ax.set_xlabel(f"Share of projects, with 95% interval{some if len(rates) < groups else ''}")
    return carry(ax, sentence)


def _nearest(rates: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Give as many groups as can be read in one chart, in their order, around the chosen one."""
    if len(rates) <= MOST_DRAWN or not chosen.any():
        return rates
    first = min(max(chosen.idxmax() - MOST_DRAWN // 2, 0), len(rates) - MOST_DRAWN)
    return rates.iloc[first : first + MOST_DRAWN].reset_index(drop=True)


def _draw_intervals(ax: Axes, rates: pd.DataFrame, chosen: pd.Series) -> None:
    """Draw each rate on its interval; the chosen one differs in shape as well as colour."""
    y, colours = np.arange(len(rates)), np.where(chosen, PURPLE, BLUE)
    ax.hlines(y, rates["lower_cl"], rates["upper_cl"], colors=colours, lw=2)
    for marker, which in (("o", ~chosen), ("D", chosen)):
        ax.scatter(
            rates["rate"][which], y[which], c=colours[which], marker=marker, zorder=3,
            clip_on=False,
        )  # fmt: skip


def _row_label(row: pd.Series, by: str) -> str:
    return f"{shorten(row[by])}  {row['numerator']:,}/{row['denominator']:,}"


def plot_funnel(
    funnel: pd.DataFrame,
    *,
    by: str = "directorate",
    aim: Fraction | str | None = None,
    highlight: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw groups by their number of projects, within the funnel that chance leaves.

    Parameters
    ----------
    funnel : DataFrame
        From ``add_funnel``.
    by : str
        The column that names the groups. The highlighted one is named, and of those beyond a limit
        as many as there is room for; the sentence names them all.
    aim : Fraction or str, optional
        Drawn as a labelled line.
    highlight : str, optional
        A group to stand out.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    sentence = describe_funnel(funnel, by)
    counted = funnel[funnel["denominator"] > 0]
    if len(counted) < 2:
        return say_only(ax, sentence)
    ax = make_axes(ax, 4.4)
    percent_axis(ax, "y")
    name_lines(ax, [*_draw_limits(ax, counted), *draw_aims(ax, aim)])
    _draw_groups(ax, counted, by, highlight)
    ax.set_xlabel("Projects")
    ax.set_ylabel("Share of projects")
    return carry(ax, sentence)


def _draw_limits(ax: Axes, counted: pd.DataFrame) -> list[tuple]:
    """Draw the funnel round the overall rate; give the lines to name, limits where there are."""
    first = counted.iloc[0]
    overall = first["baseline"]
    n = np.arange(1, counted["denominator"].max() * 1.08 + 1)
    limits = funnel_limits(n, overall, first["tau2"])
    named = [named_percent("Overall", overall)]
    for name, style, label in (("3s", "-", "99.8% limit"), ("2s", "--", "95% limit")):
        for end in ("lower", "upper"):
            ax.plot(n, limits[f"{end}_{name}"], color=GREY, lw=1, ls=style)
        if 0 < overall < 1:
            named.append((label, limits[f"upper_{name}"].iloc[-1], INK))
    ax.axhline(overall, color=INK, lw=1)
    ax.set_xlim(0, n[-1])
    return named


def _draw_groups(ax: Axes, counted: pd.DataFrame, by: str, highlight: str | None) -> None:
    """Draw each group; name the highlighted one, and those beyond a limit, the furthest first."""
    rate = counted["numerator"] / counted["denominator"]
    beyond = counted["position"].str.endswith("3s")
    for marker, chosen, colour in (("o", ~beyond, BLUE), ("D", beyond, PURPLE)):
        ax.scatter(
            counted["denominator"][chosen], rate[chosen], c=colour, marker=marker, zorder=3,
            clip_on=False,
        )  # fmt: skip
    ours = counted[by] == highlight
    named = counted.assign(rate=rate, ours=ours, beyond=beyond)
    named = named[ours | (named["position"] != "within")]
    named = named.sort_values(["ours", "beyond", by], ascending=[False, False, True])
    columns = zip(named["denominator"], named["rate"], named[by], named["ours"], strict=True)
    dots = np.column_stack([counted["denominator"], rate])
    name_points(ax, [(n, r, shorten(name), bold) for n, r, name, bold in columns], dots)
