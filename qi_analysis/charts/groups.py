"""Groups side by side: rates with their intervals, the funnel, and a table of what was found."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..core.frames import check_frame, pair_counts
from ..core.schema import COUNTS
from ..core.text import format_share, percents
from ..stats.findings import TRUST, describe_icons, format_change
from ..stats.funnel import check_funnel, describe_funnel, funnel_limits
from ..stats.rates import describe_groups
from .annotations import aim_rates, draw_aim_down, draw_aims, label_lines, label_near, percent_label
from .style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    ROW,
    SMALL,
    SPC_COLOURS,
    draw_message,
    format_numbers,
    make_axes,
    names_last,
    percent_axis,
    set_alt_text,
    shorten_names,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIZES = 400  # of groups, at which a funnel's limits are drawn
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
        A row a group, from ``add_rates``: ``numerator, denominator``, and ``rate, lower_cl,
        upper_cl`` (0-1).
    by : str
        The column that names the groups.
    aim : Fraction or str, optional
        Drawn as a labelled line.
    highlight : str, optional
        A group to stand out. Of more than 60 groups, those nearest to it in the alphabet are drawn,
        and the chart says so.
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
    >>> counts = pd.DataFrame({"directorate": ["A", "B"], "numerator": [12, 5], "denominator": 20})
    >>> ax = plot_rates(add_rates(counts), aim="80%")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['A  12/20', 'B  5/20']
    """
    rates = check_frame(rates, *COUNTS, "rate lower_cl upper_cl", by=by, named=True).pipe(
        pair_counts
    )
    rates = rates[rates["denominator"] > 0].sort_values(by, key=names_last, ignore_index=True)
    if rates.empty:
        return draw_message(ax, describe_groups(rates, by))
    sentence, groups = describe_groups(rates, by, aim), len(rates)
    rates = _nearest(rates, rates[by] == highlight)
    ax = make_axes(ax, max(2.2, ROW * len(rates) + 1.1))
    _draw_intervals(ax, rates, rates[by] == highlight)
    ax.set_yticks(np.arange(len(rates)), _row_labels(rates, by))
    for tick, name in zip(ax.get_yticklabels(), rates[by], strict=True):
        tick.set_fontweight("bold" if name == highlight else "normal")
    ax.set_ylim(len(rates) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, pad=9)
    ax.spines["left"].set_visible(False)
    some = f"; {len(rates)} of {groups:,} groups, the nearest in the alphabet"
    title = f"Share of projects, with 95% interval{some if len(rates) < groups else ''}"
    percent_axis(ax, "x", title, rates["upper_cl"], aim_rates(aim))
    ax.grid(axis="x", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    draw_aim_down(ax, aim)
    return set_alt_text(ax, sentence)


def _nearest(rates: pd.DataFrame, chosen: pd.Series) -> pd.DataFrame:
    """Return as many groups as can be read in one chart, in their order, around the chosen one."""
    if len(rates) <= MOST_DRAWN or not chosen.any():
        return rates
    first = min(max(int(np.argmax(chosen)) - MOST_DRAWN // 2, 0), len(rates) - MOST_DRAWN)
    return rates.iloc[first : first + MOST_DRAWN].reset_index(drop=True)


def _draw_intervals(ax: Axes, rates: pd.DataFrame, chosen: pd.Series) -> None:
    """Draw each rate on its interval; the chosen one differs in shape as well as colour."""
    y, colours = np.arange(len(rates)), np.where(chosen, PURPLE, BLUE)
    ax.hlines(y, rates["lower_cl"], rates["upper_cl"], colors=list(colours), lw=2)
    for marker, which in (("o", ~chosen), ("D", chosen)):
        ax.scatter(
            rates["rate"][which], y[which], c=colours[which], marker=marker, zorder=3,
            clip_on=False, s=OURS if marker == "D" else None,
        )  # fmt: skip


def _row_labels(rates: pd.DataFrame, by: str) -> list[str]:
    named = zip(shorten_names(rates[by]), rates["numerator"], rates["denominator"], strict=True)
    return [f"{name}  {k:,.0f}/{n:,.0f}" for name, k, n in named]


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
        The column that names the groups. The highlighted one is named, and of those that differ as
        many as there is room for; the sentence names them all.
    aim : Fraction or str, optional
        Drawn as a labelled line.
    highlight : str, optional
        A group to stand out.
    ax : Axes, optional
        Where to draw; a new figure without it.

    Raises
    ------
    ValueError
        If a count cannot be right, or a column is not there; the sentence names its row, or the
        function that gives the column.

    Examples
    --------
    >>> from qi_analysis.stats import add_funnel
    >>> counts = pd.DataFrame({"directorate": list("ABC"), "numerator": [60, 5, 30],
    ...                        "denominator": [100, 60, 80]})
    >>> ax = plot_funnel(add_funnel(counts, overdispersion=False))
    >>> [text.get_text() for text in ax.texts]
    ['Overall 40%', '99.8% limit', '95% limit', 'A', 'B']
    """
    sentence = describe_funnel(funnel, by)
    funnel = check_funnel(funnel, by)
    counted = funnel[funnel["denominator"] > 0]
    if len(counted) < 2 and funnel["target"].isna().all():
        return draw_message(ax, sentence)
    ax = make_axes(ax, 4.4)
    percent_axis(ax, "y")
    label_lines(ax, [*_draw_limits(ax, counted, aim_rates(aim)), *draw_aims(ax, aim)])
    _draw_groups(ax, counted, by, highlight)
    ax.set_xlabel("Projects")
    format_numbers(ax.xaxis, counted["denominator"].max())
    return set_alt_text(ax, sentence)


def _draw_limits(ax: Axes, counted: pd.DataFrame, aims: list[float]) -> list[tuple]:
    """Draw the funnel round the overall rate or target; return the labels of its lines."""
    first = counted.iloc[0]
    overall = first["baseline"]
    n = np.unique(np.linspace(1, counted["denominator"].max() * 1.08 + 1, SIZES).round())
    limits = funnel_limits(n, overall, first["tau2"])
    named = [percent_label("Overall", overall, aims)]
    if first["target"] == first["target"]:
        named = [(f"Target {format_share(overall)}", overall, INK)]
    for name, style, label in (("3s", "-", "99.8% limit"), ("2s", "--", "95% limit")):
        for end in ("lower", "upper"):
            ax.plot(n, limits[f"{end}_{name}"], color=GREY, lw=1, ls=style)
        if 0 < overall < 1:
            named.append((label, limits[f"upper_{name}"].iloc[-1], INK))
    ax.axhline(overall, color=INK, lw=1)
    ax.set_xlim(0, n[-1])
    return named


def _draw_groups(ax: Axes, counted: pd.DataFrame, by: str, highlight: str | None) -> None:
    """Draw each group, ours last; label it, and as many of those that differ as have room."""
    named = counted.assign(rate=counted["numerator"] / counted["denominator"])
    named["mark"] = named["position"].map({"higher": "^", "lower": "v"}).fillna("o")
    named["mark"] = named["mark"].mask(named[by] == highlight, "D")
    named["name"] = shorten_names(named[by])
    for mark, (colour, size, above) in _FUNNEL_MARKS.items():
        some = named[named["mark"] == mark]
        ax.scatter(
            some["denominator"], some["rate"], c=colour, marker=mark, s=size, zorder=above,
            edgecolors="white", linewidths=0.8, clip_on=False,
        )  # fmt: skip
    named = named[named["mark"] != "o"]
    for _, row in named.sort_values(["mark", by], key=_ours_first).iterrows():
        ours = row["mark"] == "D"
        label_near(
            ax, row["name"], [(row["denominator"], row["rate"])],
            otherwise="cover" if ours else "hide", fontweight="bold" if ours else "normal",
            color=PURPLE if ours else INK,
        )  # fmt: skip


def _ours_first(column: pd.Series) -> pd.Series:
    return column != "D" if column.name == "mark" else column


OURS = 70  # the area of the highlighted group's diamond
_FUNNEL_MARKS = {  # colour, area, and what lies above what
    "o": (BLUE, 40, 3), "^": (ORANGE, 60, 3.1), "v": (ORANGE, 60, 3.1), "D": (PURPLE, OURS, 4),
}  # fmt: skip


NOTE = 0.2  # inches: a note's height


def plot_icons(findings: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw what was found of each group: an icon for each question, its change, rate and counts.

    The first icon says whether the aim is met today, a fact of the count; the second whether it
    would last, by recent projects. The notes under the table say what they mean.

    Parameters
    ----------
    findings : DataFrame
        From ``summarise_findings``; the trust's own row is not drawn.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    sentence = describe_icons(findings)
    findings = check_frame(
        findings, "level group aim met_now sustained change denominator rate", by="group",
        named=True, step="summarise_findings",
    )  # fmt: skip
    rows = findings[findings["level"] != TRUST]
    if rows.empty:
        return draw_message(ax, sentence)
    has_aim = bool(rows["aim"].notna().any())
    notes = [*_NOTES] if has_aim else []
    ax = make_axes(ax, ROW * (len(rows) + 1) + 0.3 + NOTE * len(notes))
    ax.axis("off")
    ax.set_xlim(0, 1)
    ax.set_ylim(len(rows) - 0.5 + (NOTE * len(notes) + 0.1) / ROW, -1.2)
    for x, heading, place in _COLUMNS:
        if has_aim or heading not in _OF_AIM:
            ax.text(x, -0.85, heading, ha=place, va="center", fontsize=SMALL, fontweight="bold")
    for y, (_, row) in enumerate(rows.assign(group=shorten_names(rows["group"])).iterrows()):
        _draw_row(ax, y, row)
    for i, note in enumerate(notes):
        ax.text(0, len(rows) - 0.15 + i * NOTE / ROW, note, fontsize=SMALL, va="center")
    return set_alt_text(ax, sentence)


_COLUMNS = (
    (0.0, "Group", "left"), (0.42, "Met today", "center"), (0.52, "Would last", "center"),
    (0.59, "Change", "left"), (0.92, "Rate", "right"), (1.0, "Projects", "right"),
)  # fmt: skip
_OF_AIM = ("Met today", "Would last")
_NOTES = (
    "Met today: Y yes, N no, ? the blanks decide. No icon: no projects.",
    "Would last: P recent projects reach the aim, F they fall short, ? nobody can tell.",
)
_MARKS = {
    "met_now": {"yes": ("Y", "special_cause_improvement"), "no": ("N", "special_cause_concern"),
                "blanks_decide": ("?", "common_cause")},
    "sustained": {"yes": ("P", "special_cause_improvement"), "no": ("F", "special_cause_concern"),
                  "cannot_tell": ("?", "common_cause"), "too_few": ("?", "common_cause")},
}  # fmt: skip


def _draw_row(ax: Axes, y: int, row: pd.Series) -> None:
    ax.text(0, y, row["group"], va="center")
    for x, name in ((0.42, "met_now"), (0.52, "sustained")):
        if row[name]:
            mark, kind = _MARKS[name][row[name]]
            _badge(ax, x, y, mark, SPC_COLOURS[kind])
    ax.text(0.59, y, format_change(row).partition(":")[0], va="center", fontsize=SMALL)
    goals = [row["aim"]] if row["aim"] == row["aim"] else []
    ax.text(0.92, y, percents(row["rate"], aims=goals)[0], va="center", ha="right")
    n = row["denominator"]
    ax.text(1.0, y, f"{n:,.0f}" if n == n else "none", va="center", ha="right")


def _badge(ax: Axes, x: float, y: float, sign: str, colour: str) -> None:
    ax.scatter([x], [y], s=170, facecolors="white", edgecolors=colour, linewidths=2.2, zorder=2)
    ax.text(x, y, sign, ha="center", va="center_baseline", fontsize=8, fontweight="bold",
            color=INK, zorder=3)  # fmt: skip
