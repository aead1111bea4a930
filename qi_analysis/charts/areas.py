"""Charts of the areas of work and of the time until people are involved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..areas import describe_areas_by_approach, describe_areas_per_project
from ..involvement import APPROACH_LABELS, APPROACH_WORDS
from ..timing import describe_time_to_involvement
from ..words import percent
from .canvas import BLUE, GREY, ROW, carry, make_axes, percent_axis, say_only, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_areas_by_approach(areas: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of projects that say people took part, by area and approach, as a heat map.

    Parameters
    ----------
    areas : DataFrame
        From ``count_areas`` with ``by="approach"``: ``approach, label, numerator, denominator,
        not_recorded``. Projects that involve nobody, or do not say how, are left out.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    import seaborn as sns

    sentence = describe_areas_by_approach(areas)
    shown = areas[areas["approach"].isin(list(APPROACH_WORDS))]
    recorded = shown["denominator"] - shown["not_recorded"]
    if not (recorded > 0).any():
        return say_only(ax, sentence)
    shares = shown.assign(share=shown["numerator"] / recorded.where(recorded > 0))
    grid = shares.pivot(index="label", columns="approach", values="share")
    grid = grid.loc[shown["label"].unique(), [a for a in APPROACH_WORDS if a in grid]]
    totals = shown.groupby("approach")["denominator"].first()
    ax = make_axes(ax, ROW * len(grid) + 1.1)
    sns.heatmap(
        grid, vmin=0, vmax=1, cmap="Blues", annot=grid.map(percent), fmt="", cbar=False,
        linewidths=1, linecolor="white", annot_kws={"size": 8.5}, ax=ax,
    )  # fmt: skip
    ax.set_xticklabels([f"{APPROACH_LABELS[a]} ({totals[a]:,})" for a in grid])
    ax.set_yticklabels([shorten(label) for label in grid.index], rotation=0)
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.set(xlabel="", ylabel="")
    return carry(ax, sentence)


def plot_areas_per_project(numbers: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many projects involve people in none, one, two and more areas, blanks left out.

    Parameters
    ----------
    numbers : DataFrame
        From ``count_areas_per_project``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    sentence = describe_areas_per_project(numbers)
    if not numbers["numerator"].any():
        return say_only(ax, sentence)
    ax = make_axes(ax, 3.2)
    bars = ax.bar(numbers["areas"], numbers["numerator"], color=BLUE)
    ax.bar_label(bars, [f"{n:,}" for n in numbers["numerator"]], padding=2, fontsize=9)
    ax.set_xticks(numbers["areas"])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Areas of work in which people took part, where known")
    ax.set_ylabel("Projects")
    return carry(ax, sentence)


def plot_time_to_involvement(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of projects that have involved people by each month after their start.

    The band is the 95% interval; the dashed line counts projects whose day is not recorded as
    involved from the start. Where no day is recorded of any project, there is nothing to draw.

    Parameters
    ----------
    curve : DataFrame
        From ``time_to_involvement``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    sentence = describe_time_to_involvement(curve)
    if not (curve["share_involved"] > 0).any():  # nobody knows when, and 0% would say never
        return say_only(ax, sentence)
    ax = make_axes(ax, 3.6)
    months = curve["months"]
    ax.fill_between(
        months, curve["lower_cl"], curve["upper_cl"], step="post", color=BLUE, alpha=0.15, lw=0
    )
    ax.step(months, curve["share_involved"], where="post", color=BLUE, lw=1.8)
    lines = {"As recorded": curve["share_involved"]}
    if curve["undated"].iloc[0]:
        ax.step(months, curve["highest"], where="post", color=GREY, lw=1.4, ls="--")
        lines["If unrecorded days\nwere the first"] = curve["highest"]
    for label, line in lines.items():
        ax.annotate(label, (months.iloc[-1], line.iloc[-1]), xytext=(4, 0), va="center",
                    textcoords="offset points", fontsize=8.5)  # fmt: skip
    percent_axis(ax, "y")
    ax.set_xlim(0, max(np.ceil(months.iloc[-1]), 1))
    ax.set_xlabel("Months since the start")
    ax.set_ylabel("Share of projects")
    return carry(ax, sentence)
