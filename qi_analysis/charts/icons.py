"""The indicator table: how each of many series stands, at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..spc import describe_indicators, label_rebases, summarise_spc
from ..words import percent
from .canvas import BLUE, INK, ROW, SPC_COLOURS, carry, make_axes, names_last, say_only, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOTE = 0.2  # inches: a note's height


def plot_icons(
    spc: pd.DataFrame, *, by: str = "directorate", order: str = "period", ax: Axes | None = None
) -> Axes:
    """Draw an indicator table: a row a group, with icons, a sparkline, the latest rate and counts.

    The first icon says whether the latest point is a real change, the second whether the limits
    lie beyond the target: P is passed every time, F is failed every time, ? is by chance. Icons
    are pale where the limits rest on fewer than 13 points, and left out where there are too few
    points or projects to tell; the picture says so. A month or year without projects is a gap in
    the line over time.

    Parameters
    ----------
    spc : DataFrame
        Many series from ``add_spc``, with ``by``.
    by : str
        The column that names the groups.
    order : str
        The column that orders the points.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    summary = summarise_spc(spc, by=by, order=order).sort_values(by, key=names_last)
    sentence = describe_indicators(summary, by)
    if summary.empty:
        return say_only(ax, sentence)
    notes = _notes(summary)
    ax = make_axes(ax, ROW * (len(summary) + 1) + 0.3 + NOTE * len(notes))
    ax.axis("off")
    ax.set_xlim(0, 1)
    ax.set_ylim(len(summary) - 0.5 + (NOTE * len(notes) + 0.1) / ROW, -1.2)
    for x, heading, place in _COLUMNS:
        ax.text(x, -0.85, heading, ha=place, va="center", fontsize=9, fontweight="bold")
    series = dict(list(spc.sort_values(order).groupby(by)))
    for y, (_, row) in enumerate(summary.iterrows()):
        _draw_row(ax, y, row, series[row[by]]["point"], by)
    for i, note in enumerate(notes):
        ax.text(0, len(summary) - 0.15 + i * NOTE / ROW, note, fontsize=8.5, va="center")
    return carry(ax, sentence)


_COLUMNS = (
    (0.0, "Group", "left"), (0.47, "Change", "center"), (0.56, "Target", "center"),
    (0.72, "Over time", "center"), (0.9, "Latest", "right"), (1.0, "Points", "right"),
)  # fmt: skip
_KEY = {
    "Change": "▲ a real rise, ▼ a real fall, ~ no more than chance",
    "Target": "P met every time, F missed every time, ? met or missed by chance",
}
_NO_ICON = "No icon: too few points, or too few projects in each, to tell."
_SIGNS = {"high": "▲", "low": "▼", "": "~"}
_MARKS = {"consistent_pass": ("P", "special_cause_improvement"),
          "consistent_fail": ("F", "special_cause_concern"),
          "inconsistent": ("?", "common_cause")}  # fmt: skip


def _notes(summary: pd.DataFrame) -> list[str]:
    """Say beneath the table what its icons mean, and how far they can be trusted."""
    drawn = summary[summary["readable"]]
    if drawn.empty:
        return [_NO_ICON]
    notes = [f"{column}: {meaning}." for column, meaning in _KEY.items()
             if column == "Change" or (drawn["assurance"] != "none").any()]  # fmt: skip
    if drawn["trial_limits"].any():
        which = "All icons are pale: they" if drawn["trial_limits"].all() else "Pale icons"
        notes.append(f"{which} rest on fewer than 13 points, and may still change.")
    if len(drawn) < len(summary):
        notes.append(_NO_ICON)
    for day in label_rebases(drawn[drawn["rebased"].notna()].drop_duplicates(_REBASE)):
        notes.append(f"Limits were calculated anew from {day}.")
    return notes


_REBASE = ["rebased", "rebase_reason"]


def _draw_row(ax: Axes, y: int, row: pd.Series, points: pd.Series, by: str) -> None:
    ax.text(0, y, shorten(row[by]), va="center")
    kind, _, way = row["variation"].partition("_")
    pale = 0.4 if row["trial_limits"] else 1.0
    if row["readable"]:
        colour = SPC_COLOURS.get(f"special_cause_{kind}", SPC_COLOURS["common_cause"])
        _badge(ax, 0.47, y, _SIGNS.get(way, "~"), colour, pale)
        if row["assurance"] in _MARKS:
            mark, kind = _MARKS[row["assurance"]]
            _badge(ax, 0.56, y, mark, SPC_COLOURS[kind], pale)
    _draw_numbers(ax, y, row["n"], points)


def _draw_numbers(ax: Axes, y: int, n: int, points: pd.Series) -> None:
    """Draw a row's line over time, and write its latest rate and its number of points."""
    if points.notna().any():
        x = np.linspace(0.63, 0.81, len(points)) if len(points) > 1 else [0.72]
        ax.plot(x, y + 0.32 - 0.64 * points, color=BLUE, lw=1.2, marker=".", ms=3)
        ax.text(0.9, y, percent(points.dropna().iloc[-1]), va="center", ha="right")
    ax.text(1.0, y, f"{n:,}", va="center", ha="right")


def _badge(ax: Axes, x: float, y: float, sign: str, colour: str, alpha: float) -> None:
    ax.scatter([x], [y], s=170, facecolors="white", edgecolors=colour, linewidths=2.2, zorder=2,
               alpha=alpha)  # fmt: skip
    ax.text(x, y, sign, ha="center", va="center_baseline", fontsize=8, fontweight="bold",
            color=INK, zorder=3)  # fmt: skip
