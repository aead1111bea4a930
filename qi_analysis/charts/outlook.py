"""The chart of the aim ahead."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..outlook import NO_ANSWER, describe_outlook, summarise_outlook
from .canvas import BLUE, INK, PALE, carry, make_axes, percent_axis, say_only
from .lines import APART, date_axis, draw_aims, name_lines, named_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
        return say_only(ax, sentence)
    ax = make_axes(ax, 3.8)
    fan = outlook.assign(rate=outlook["numerator"] / outlook["denominator"].replace(0, np.nan))
    shares = [*np.ravel([f[:2] for f in FAN]), 0.5]
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
    name_lines(ax, [*aims, *_fan_names(fan.iloc[-1], aims[0][1])])
    ax.set_xlabel("")
    ax.set_ylabel("Share of live projects")
    return carry(ax, sentence)


def _fan_names(last: pd.Series, aim: float) -> list[tuple]:
    """Name the middle and the bands at their ends, but for what would stand on another name."""
    names: list[tuple] = []
    bands = [("8 in 10", last[0.1], INK), ("5 in 10", last[0.75], INK)]
    for line in (named_percent("Middle", last[0.5]), *bands):
        if all(abs(line[1] - y) >= APART for y in (aim, *(name[1] for name in names))):
            names.append(line)
    return names
