"""Shares of a whole: areas of work, approaches, and what has been recorded."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..core.frames import check_frame
from ..core.schema import (
    ALL_APPROACHES,
    APPROACH_LABELS,
    APPROACH_WORDS,
    COUNTS,
    COUNTS_AND_BLANKS,
)
from ..core.text import percent
from ..counts.areas import describe_areas, describe_areas_by_approach, describe_areas_per_project
from ..counts.people import describe_approaches
from ..counts.timing import describe_time_to_involvement
from ..register import describe_completeness
from .annotations import label_lines
from .style import (
    APPROACH_COLOURS,
    APPROACH_HATCHES,
    BLUE,
    GREY,
    INK,
    ROW,
    SMALL,
    draw_message,
    heat_colours,
    ink_on,
    make_axes,
    names_last,
    percent_axis,
    set_alt_text,
    shorten_names,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEAST_LABELLED = 0.07  # of a bar: the least that holds a percentage


def plot_areas(areas: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw for each area of work the share of projects that say yes, say no, and do not say.

    Parameters
    ----------
    areas : DataFrame
        From ``count_areas`` over one group: ``label, numerator, denominator, not_recorded``.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> areas = pd.DataFrame({"label": ["Setting the aim"], "numerator": 6, "denominator": 20,
    ...                       "not_recorded": 4})
    >>> [text.get_text() for text in plot_areas(areas).texts]
    ['30%', '50%', '20%']
    """
    areas = check_frame(
        areas, "label", *COUNTS_AND_BLANKS, known=True, filled="label", step="count_areas"
    )
    if not (areas["denominator"] > areas["not_recorded"]).any():
        return draw_message(ax, describe_areas(areas))
    ax = make_axes(ax, max(2.2, ROW * len(areas) + 1.3))
    yes = areas["numerator"] / areas["denominator"]
    blank = areas["not_recorded"] / areas["denominator"]
    parts = {
        "Took part": (yes, BLUE, ""),
        "Did not": (1 - yes - blank, "#BFBFBF", ""),
        "Not recorded": (blank, "#FFFFFF", "////"),
    }
    _stack(ax, parts, shorten_names(areas["label"]))
    return set_alt_text(ax, describe_areas(areas))


def plot_approaches(
    approaches: pd.DataFrame, *, by: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the shares of doing with, for and to, nobody involved and not recorded, as bars.

    Each that some project has is drawn and named.

    Parameters
    ----------
    approaches : DataFrame
        From ``count_approaches``: ``approach, numerator, denominator`` and the group.
    by : str, optional
        The column that names the groups; one bar without it.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> counts = pd.DataFrame({"approach": ["doing_with", "none"], "numerator": [6, 14],
    ...                        "denominator": 20})
    >>> [text.get_text() for text in plot_approaches(counts).texts]
    ['30%', '70%']
    """
    approaches = check_frame(
        approaches, "approach", *COUNTS, by=by, known=True, named=True, step="count_approaches"
    )
    frame = approaches.assign(group=approaches[by] if by else "All projects")
    frame = frame[frame["denominator"] > 0]
    sentence = describe_approaches(approaches)
    if frame.empty:
        return draw_message(ax, sentence)
    counts = frame.pivot(index="group", columns="approach", values="numerator")
    names = [name for name in ALL_APPROACHES if name in counts and counts[name].any()]
    counts = counts[names].sort_index(key=names_last)
    totals = counts.sum(axis=1)
    ax = make_axes(ax, max(1.8, ROW * len(counts) + 1.3))
    shares = counts.div(totals, axis=0)
    parts = {
        ALL_APPROACHES[name]: (shares[name], APPROACH_COLOURS[name], APPROACH_HATCHES.get(name, ""))
        for name in names
    }
    _stack(ax, parts, _with_totals(counts.index, totals))
    return set_alt_text(ax, sentence)


def _with_totals(names: Iterable, totals: Iterable[int]) -> list[str]:
    """Return names short enough for a chart, each with its number of projects."""
    return [f"{name} ({n:,})" for name, n in zip(shorten_names(names), totals, strict=True)]


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
    sentence = describe_completeness(completeness, by)
    completeness = check_frame(completeness, "projects", by=by, named=True)
    if completeness.empty:
        return draw_message(ax, sentence)
    shares = completeness.drop(columns=[by, "projects"])
    shares.columns = [str(name).replace("_", "\n").capitalize() for name in shares]
    shares.index = _with_totals(completeness[by], completeness["projects"])
    return set_alt_text(_draw_heat_map(ax, shares, True, ".0%"), sentence)


def _draw_heat_map(ax: Axes | None, shares: pd.DataFrame, annot, fmt: str) -> Axes:
    """Draw shares (0-1) as a heat map, the darker the more, with its columns named above."""
    import seaborn as sns

    ax = make_axes(ax, ROW * len(shares) + 1.1)
    sns.heatmap(
        shares, vmin=0, vmax=1, cmap=heat_colours(), annot=annot, fmt=fmt, cbar=False,
        linewidths=1, linecolor="white", annot_kws={"size": SMALL}, ax=ax,
    )  # fmt: skip
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    ax.tick_params(axis="y", rotation=0)
    return ax


def _stack(ax: Axes, parts: dict[str, tuple], labels: list[str]) -> None:
    """Draw rows of stacked shares; the parts are named above, in the order in which they stand."""
    y, left = np.arange(len(labels)), np.zeros(len(labels))
    for name, (share, colour, hatch) in parts.items():
        share = np.asarray(share, float)
        ax.barh(
            y, share, left=left, color=colour, hatch=hatch, edgecolor=GREY, lw=0.6, height=0.72,
            label=name,
        )  # fmt: skip
        _write_shares(ax, share, left, colour, hatched=bool(hatch))
        left = left + share
    ax.set_yticks(y, labels)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    percent_axis(ax, "x")
    ax.set_xlim(0, 1)
    ax.spines["left"].set_visible(False)
    ax.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=len(parts), frameon=False, fontsize=SMALL,
        handlelength=1.2, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip


def _write_shares(
    ax: Axes, shares: np.ndarray, left: np.ndarray, colour: str, *, hatched: bool
) -> None:
    """Write each share in its part of the bar, where there is room, and clear of hatching."""
    plain = {"bbox": {"facecolor": colour, "edgecolor": "none", "pad": 1.0}} if hatched else {}
    for row, (share, start) in enumerate(zip(shares, left, strict=True)):
        if share >= LEAST_LABELLED:
            ax.text(
                start + share / 2, row, percent(share), ha="center", va="center", fontsize=SMALL,
                color=ink_on(colour), **plain,
            )  # fmt: skip


def plot_areas_by_approach(areas: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the share of projects that say people took part, by area and approach, as a heat map.

    Parameters
    ----------
    areas : DataFrame
        From ``count_areas`` with ``by="approach"``: ``approach, label, numerator, denominator,
        not_recorded``. Projects that involve nobody, or do not say how, are left out.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> areas = pd.DataFrame({"approach": ["doing_with", "doing_to"], "label": "Setting the aim",
    ...                       "numerator": [6, 1], "denominator": [12, 10], "not_recorded": 0})
    >>> [text.get_text() for text in plot_areas_by_approach(areas).texts]
    ['50%', '10%']
    """
    areas = check_frame(
        areas, "approach label", *COUNTS_AND_BLANKS, known=True, filled="label", step="count_areas"
    )
    sentence = describe_areas_by_approach(areas)
    areas = areas[areas["approach"].isin(list(APPROACH_WORDS))]
    recorded = areas["denominator"] - areas["not_recorded"]
    if not (recorded > 0).any():
        return draw_message(ax, sentence)
    shares = areas.assign(share=areas["numerator"] / recorded.where(recorded > 0))
    shares = shares.pivot(index="label", columns="approach", values="share")
    known = [approach for approach in APPROACH_WORDS if approach in shares]
    shares = shares.loc[areas["label"].unique(), known]
    shares.index = shorten_names(shares.index)
    totals = areas.groupby("approach")["denominator"].first()
    shares.columns = [f"{APPROACH_LABELS[name]} ({totals[name]:,})" for name in known]
    ax = _draw_heat_map(ax, shares, shares.map(percent), "")
    ax.set(xlabel="", ylabel="")
    return set_alt_text(ax, sentence)


def plot_areas_per_project(numbers: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw how many projects involve people in none, one, two and more areas, blanks left out.

    Parameters
    ----------
    numbers : DataFrame
        From ``count_areas_per_project``.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> numbers = pd.DataFrame({"areas": [0, 1, 2], "numerator": [4, 10, 6], "denominator": 20,
    ...                         "at_least": [20, 16, 6], "possibly": 20, "not_recorded": 0})
    >>> [text.get_text() for text in plot_areas_per_project(numbers).texts]
    ['4', '10', '6']
    """
    sentence = describe_areas_per_project(numbers)
    numbers = check_frame(numbers, "areas numerator", step="count_areas_per_project")
    if not (sentence and numbers["numerator"].any()):
        return draw_message(ax, sentence)
    ax = make_axes(ax, 3.2)
    bars = ax.bar(numbers["areas"], numbers["numerator"], color=BLUE)
    ax.bar_label(bars, [f"{n:,}" for n in numbers["numerator"]], padding=2, fontsize=SMALL)
    ax.set_xticks(numbers["areas"])
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("Areas of work in which people took part, where known")
    ax.set_ylabel("Projects")
    return set_alt_text(ax, sentence)


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
    curve = check_frame(
        curve, "months share_involved lower_cl upper_cl highest", filled="months",
        step="time_to_involvement",
    )  # fmt: skip
    sentence = describe_time_to_involvement(curve)
    if not (curve["share_involved"] > 0).any():  # nobody knows when, and 0% would say never
        return draw_message(ax, sentence)
    ax = make_axes(ax, 3.6)
    months = curve["months"]
    ax.fill_between(
        months, curve["lower_cl"], curve["upper_cl"], step="post", color=BLUE, alpha=0.15, lw=0
    )
    ax.step(months, curve["share_involved"], where="post", color=BLUE, lw=1.8)
    curves = {"As recorded": curve["share_involved"]}
    if curve["undated"].iloc[0]:
        ax.step(months, curve["highest"], where="post", color=GREY, lw=1.4, ls="--")
        curves["If unrecorded days\nwere the first"] = curve["highest"]
    percent_axis(ax, "y", "Share of projects", curve[["upper_cl", "highest"]])
    label_lines(ax, [(label, line.iloc[-1], INK) for label, line in curves.items()])
    ax.set_xlim(0, max(np.ceil(months.iloc[-1]), 1))
    ax.set_xlabel("Months since the start")
    return set_alt_text(ax, sentence)
