"""The chart of the aim ahead; to stand among the charts."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .charts import (
    APART,
    BLUE,
    INK,
    PALE,
    _axes,
    _beside,
    _date_axis,
    _draw_aim,
    _named_lines,
    _nothing,
    _percent_axis,
    _said,
)
from .outlook import NO_ANSWER, describe_outlook, summarise_outlook
from .rates import parse_aim

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FAN = ((0.1, 0.9, 0.15), (0.25, 0.75, 0.3))  # quantiles of a band, and how dense it is


def plot_outlook(outlook: pd.DataFrame, aim: Fraction | str, *, ax: Axes | None = None) -> Axes:
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
        return _nothing(ax, sentence)
    ax = _axes(ax, 3.8)
    fan = outlook.assign(rate=outlook["numerator"] / outlook["denominator"].replace(0, np.nan))
    fan = fan.groupby("period")["rate"].quantile([*np.ravel([f[:2] for f in FAN]), 0.5]).unstack()
    for low, high, dense in FAN:
        ax.fill_between(fan.index, fan[low], fan[high], color=BLUE, alpha=dense, lw=0)
    ax.plot(fan.index, fan[0.5], color=BLUE, lw=1.8)
    ax.scatter(fan.index[:1], fan[0.5].iloc[:1], color=INK, zorder=3, clip_on=False)
    _percent_axis(ax, "y")
    ax.grid(axis="y", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    _date_axis(ax, fan.index.to_series())
    _draw_aim(ax, aim, "y")
    _beside(ax, _fan_labels(fan.iloc[-1], float(parse_aim(aim))))
    ax.set_xlabel("")
    ax.set_ylabel("Share of live projects")
    return _said(ax, sentence)


def _fan_labels(last: pd.Series, aim: float) -> dict[str, float]:
    """Name the middle and the bands at their ends, but for what would stand on another name."""
    labels, taken = {}, [aim]
    for name, y in ({**_named_lines({"Middle": last[0.5]}), "8 in 10": last[0.1],
                     "5 in 10": last[0.75]}).items():  # fmt: skip
        if all(abs(y - other) >= APART for other in taken):
            labels[name] = y
            taken.append(y)
    return labels
