"""Frames to charts. Each takes a frame and an optional ``ax`` and gives the Axes.

Shapes and positions carry the message as well as colour, labels stand beside what they name, and
each chart carries its sentence: in a notebook it becomes the picture's alternative text.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .areas import describe_areas
from .funnel import describe_funnel, funnel_limits
from .involvement import APPROACH_LABELS, describe_approaches
from .rates import describe_change, describe_groups, parse_aim
from .register import describe_completeness
from .spc import (
    describe_indicators,
    describe_run,
    describe_spc,
    summarise_run,
    summarise_spc,
    too_small,
)
from .words import format_share, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .profile import Event

BLUE, TEAL, PURPLE, ORANGE, INK, LILAC = (  # Government Analysis Function's palette
    "#12436D",
    "#28A197",
    "#801650",
    "#F46A25",
    "#3D3D3D",
    "#A285D1",
)
GREY, PALE = "#707070", "#D0D0D0"
AIM = "#de1b1b"  # the target line of Making Data Count
APPROACH_COLOURS = {
    "doing_with": BLUE,
    "doing_for": TEAL,
    "doing_to": ORANGE,
    "none": "#BFBFBF",
    "not_recorded": "#FFFFFF",
}
WIDTH, ROW = 8.0, 0.32  # inches: a chart's width and a row's height
APART = 0.05  # share of a chart's height that two names beside it need
LONGEST, MOST_TICKS = 40, 8  # letters of a name; dates along an axis
SPC_COLOURS = {  # Making Data Count
    "common_cause": "#a6a6a6", "special_cause_improvement": "#00b0f0",
    "special_cause_concern": "#e46c0a", "special_cause_neutral": "#490092",
}  # fmt: skip
SPC_SHAPES = {
    "common_cause": "o", "special_cause_improvement": "D", "special_cause_concern": "s",
    "special_cause_neutral": "^",
}  # fmt: skip
SPC_LABELS = {
    "common_cause": "Chance", "special_cause_improvement": "Improvement, not chance",
    "special_cause_concern": "Concern, not chance", "special_cause_neutral": "Change, not chance",
}  # fmt: skip
NOT_DIRECTORATES = ("Joint", "Not recorded", "Unrecognised", "none", "unknown")


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
        A group to stand out.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    rates = rates[rates["denominator"] > 0].sort_values(by, key=_names_last, ignore_index=True)
    if rates.empty:
        return _nothing(ax, describe_groups(rates, by))
    ax = _axes(ax, max(2.2, ROW * len(rates) + 1.1))
    y = np.arange(len(rates))
    colours = np.where(rates[by] == highlight, PURPLE, BLUE)
    ax.hlines(y, rates["lower_cl"], rates["upper_cl"], colors=colours, lw=2)
    for marker, chosen in (("o", rates[by] != highlight), ("D", rates[by] == highlight)):
        ax.scatter(
            rates["rate"][chosen],
            y[chosen],
            c=colours[chosen],
            marker=marker,
            zorder=3,
            clip_on=False,
        )
    ax.set_yticks(y, [_row_label(row, by) for _, row in rates.iterrows()])
    for tick, name in zip(ax.get_yticklabels(), rates[by], strict=True):
        tick.set_fontweight("bold" if name == highlight else "normal")
    ax.set_ylim(len(rates) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, pad=9)
    ax.spines["left"].set_visible(False)
    _percent_axis(ax, "x")
    ax.grid(axis="x", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    _draw_aim(ax, aim, "x")
    ax.set_xlabel("Share of projects, with 95% interval")
    return _said(ax, describe_groups(rates, by, aim))


def plot_rates_over_time(
    rates: pd.DataFrame,
    *,
    aim: Fraction | str | None = None,
    events: tuple[Event, ...] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw a rate period by period with its interval, against the aim.

    A period without a project breaks the line.

    Parameters
    ----------
    rates : DataFrame
        A row a period, with ``period, numerator, denominator, rate, lower_cl, upper_cl``.
    aim : Fraction or str, optional
        Drawn as a labelled line.
    events : tuple of Event
        Shaded and labelled.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    if not (rates["denominator"] > 0).any():
        return _nothing(ax, describe_change(rates))
    ax = _axes(ax, 3.8)
    rates = rates.sort_values("period")
    x = rates["period"]
    ax.fill_between(x, rates["lower_cl"], rates["upper_cl"], color=BLUE, alpha=0.15, lw=0)
    ax.vlines(x, rates["lower_cl"], rates["upper_cl"], color=BLUE, lw=1, alpha=0.5)
    ax.plot(x, rates["rate"], color=BLUE, marker="o", ms=4, lw=1.8, clip_on=False)
    _percent_axis(ax, "y")
    ax.grid(axis="y", color=PALE, lw=0.6)
    ax.set_axisbelow(True)
    _date_axis(ax, x)
    _draw_events(ax, events)
    _draw_aim(ax, aim, "y")
    last = rates[rates["denominator"] > 0].iloc[-1]
    ax.annotate(
        f"{percent(last['rate'])}",
        (last["period"], last["rate"]),
        xytext=(6, 1),
        textcoords="offset points",
        va="bottom",
        fontweight="bold",
        color=BLUE,
    )
    ax.set_ylabel("Share of projects")
    return _said(ax, describe_change(rates, aim))


def plot_spc(
    spc: pd.DataFrame,
    *,
    order: str = "period",
    events: tuple[Event, ...] = (),
    ax: Axes | None = None,
) -> Axes:
    """Draw one series' process chart in Making Data Count's colours, with a shape for each.

    Parameters
    ----------
    spc : DataFrame
        One series from ``add_spc``.
    order : str
        The column that orders the points.
    events : tuple of Event
        Shaded and labelled.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    summary = summarise_spc(spc, order=order)
    sentence = describe_spc(summary, spc, order=order)
    if too_small(spc):
        return _nothing(ax, sentence)
    ax, spc = _axes(ax, 3.8), spc.sort_values(order)
    x = spc[order]
    ax.plot(x, spc["point"], color=SPC_COLOURS["common_cause"], lw=1.2, zorder=2)
    for _, phase in spc.groupby("phase"):
        ax.plot(phase[order], phase["mean"], color=INK, lw=1)
        for limit in ("lpl", "upl"):
            ax.plot(phase[order], phase[limit], color=GREY, lw=1, ls="--", drawstyle="steps-mid")
    for kind, points in spc.dropna(subset="point").groupby("point_type"):
        ax.scatter(
            points[order], points["point"], color=SPC_COLOURS[kind], marker=SPC_SHAPES[kind],
            s=42 if kind != "common_cause" else 22, zorder=3, clip_on=False, edgecolors="white",
            linewidths=0.5, label=SPC_LABELS[kind],
        )  # fmt: skip
    _percent_axis(ax, "y")
    _date_axis(ax, x)
    _draw_events(ax, events)
    _draw_aim_line(ax, spc["target"].iloc[-1])
    _beside(ax, _limit_labels(spc))
    ax.set_ylabel("Share of projects")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=9)
    return _said(ax, sentence)


def plot_run(
    run: pd.DataFrame,
    *,
    order: str = "period",
    aim: Fraction | str | None = None,
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
    aim : Fraction or str, optional
        Drawn as a labelled line.
    events : tuple of Event
        Shaded and labelled.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    sentence = describe_run(summarise_run(run, order=order))
    if run["point"].notna().sum() < 2:
        return _nothing(ax, sentence)
    ax, run = _axes(ax, 3.6), run.sort_values(order)
    x = run[order]
    ax.plot(x, run["point"], color=BLUE, marker="o", ms=4, lw=1.5, clip_on=False)
    for _, phase in run.groupby("phase"):
        ax.plot(phase[order], phase["median"], color=INK, lw=1)
    _percent_axis(ax, "y")
    _date_axis(ax, x)
    _draw_events(ax, events)
    _draw_aim(ax, aim, "y")
    _beside(ax, _named_lines({"Median": run["median"].iloc[-1]}))
    ax.set_ylabel("Share of projects")
    return _said(ax, sentence)


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
        The column that names the groups; those beyond a limit, and the highlighted one, are named.
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
        return _nothing(ax, sentence)
    ax = _axes(ax, 4.4)
    first = counted.iloc[0]
    n = np.arange(1, counted["denominator"].max() * 1.08 + 1)
    limits = funnel_limits(n, first["baseline"], first["tau2"])
    for name, style, label in (("3s", "-", "99.8%"), ("2s", "--", "95%")):
        for end in ("lower", "upper"):
            ax.plot(n, limits[f"{end}_{name}"], color=GREY, lw=1, ls=style)
        _beside(ax, {f"{label} limit": limits[f"upper_{name}"].iloc[-1]})
    ax.axhline(first["baseline"], color=INK, lw=1)
    _beside(ax, _named_lines({"Overall": first["baseline"]}))
    rate = counted["numerator"] / counted["denominator"]
    beyond = counted["position"].str.endswith("3s")
    for marker, chosen, colour in (("o", ~beyond, BLUE), ("D", beyond, ORANGE)):
        ax.scatter(
            counted["denominator"][chosen], rate[chosen], c=colour, marker=marker, zorder=3,
            clip_on=False,
        )  # fmt: skip
    for at in counted.index[(counted["position"] != "within") | (counted[by] == highlight)]:
        ax.annotate(
            _short(counted.loc[at, by]), (counted.loc[at, "denominator"], rate[at]),
            xytext=(6, 5), textcoords="offset points", fontsize=9,
            fontweight="bold" if counted.loc[at, by] == highlight else "normal",
        )  # fmt: skip
    _percent_axis(ax, "y")
    ax.set_xlim(0, n[-1])
    _draw_aim(ax, aim, "y")
    ax.set_xlabel("Projects")
    ax.set_ylabel("Share of projects")
    return _said(ax, sentence)


def plot_icons(
    spc: pd.DataFrame, *, by: str = "directorate", order: str = "period", ax: Axes | None = None
) -> Axes:
    """Draw an indicator table: a row a group, with icons, a sparkline, the latest rate and counts.

    The first icon says whether the latest point is a real change, the second whether the limits
    lie beyond the target: P is passed every time, F is failed every time, ? is by chance. Icons
    are pale where the limits rest on fewer than 13 points, and left out for a single point.

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
    summary = summarise_spc(spc, by=by, order=order).sort_values(by, key=_names_last)
    sentence = describe_indicators(summary, by)
    if summary.empty:
        return _nothing(ax, sentence)
    ax = _axes(ax, ROW * (len(summary) + 1) + 0.5)
    ax.axis("off")
    ax.set_xlim(0, 1)
    ax.set_ylim(len(summary) - 0.4, -1.2)
    for x, heading, place in _ICON_COLUMNS:
        ax.text(x, -0.85, heading, ha=place, va="center", fontsize=9, fontweight="bold")
    series = dict(list(spc.dropna(subset="point").sort_values(order).groupby(by)))
    for y, (_, row) in enumerate(summary.iterrows()):
        _icon_row(ax, y, row, series.get(row[by]), by)
    if summary["trial_limits"].any():
        ax.text(0, len(summary) - 0.1, "Pale icons rest on fewer than 13 points.", fontsize=8.5)
        ax.set_ylim(len(summary) + 0.2, -1.2)
    return _said(ax, sentence)


_ICON_COLUMNS = (
    (0.0, "Group", "left"), (0.47, "Change", "center"), (0.56, "Target", "center"),
    (0.72, "Over time", "center"), (0.9, "Latest", "right"), (1.0, "Points", "right"),
)  # fmt: skip


def _icon_row(ax: Axes, y: int, row: pd.Series, points: pd.DataFrame | None, by: str) -> None:
    ax.text(0, y, _short(row[by]), va="center")
    kind, _, way = row["variation"].partition("_")
    sign = {"high": "▲", "low": "▼"}.get(way, "~")
    colour = SPC_COLOURS.get(f"special_cause_{kind}", SPC_COLOURS["common_cause"])
    pale = 0.4 if row["trial_limits"] else 1.0
    if row["n"] < 2:
        return _icon_numbers(ax, y, row, points)
    _badge(ax, 0.47, y, sign, colour, pale)
    letter = {"consistent_pass": "P", "consistent_fail": "F", "inconsistent": "?"}
    good = {"P": "special_cause_improvement", "F": "special_cause_concern"}
    mark = letter.get(row["assurance"], "")
    if mark:
        _badge(ax, 0.56, y, mark, SPC_COLOURS[good.get(mark, "common_cause")], pale)
    return _icon_numbers(ax, y, row, points)


def _icon_numbers(ax: Axes, y: int, row: pd.Series, points: pd.DataFrame | None) -> None:
    if points is None:
        return
    x = np.linspace(0.63, 0.81, len(points)) if len(points) > 1 else [0.72]
    ax.plot(x, y + 0.32 - 0.64 * points["point"], color=BLUE, lw=1.2, marker=".", ms=3)
    ax.text(0.9, y, percent(points["point"].iloc[-1]), va="center", ha="right")
    ax.text(1.0, y, f"{row['n']:,}", va="center", ha="right")


def _badge(ax: Axes, x: float, y: float, sign: str, colour: str, alpha: float) -> None:
    ax.scatter([x], [y], s=170, facecolors="white", edgecolors=colour, linewidths=2.2, zorder=2,
               alpha=alpha)  # fmt: skip
    ax.text(x, y, sign, ha="center", va="center_baseline", fontsize=8, fontweight="bold",
            color=INK, zorder=3)  # fmt: skip


def _draw_aim_line(ax: Axes, target: float) -> None:
    if target == target:
        _draw_aim(ax, Fraction(target).limit_denominator(1000), "y")


def _limit_labels(spc: pd.DataFrame) -> dict[str, float]:
    """Name the latest mean and limits, but for those that would stand on another name."""
    last = spc.dropna(subset="mean").iloc[-1]
    taken = [last["target"], last["mean"]]
    lines = {"Mean": last["mean"]}
    for name, column in (("Upper limit", "upl"), ("Lower limit", "lpl")):
        if not any(abs(last[column] - y) < APART for y in taken):
            lines[name] = last[column]
    return _named_lines({name: y for name, y in lines.items() if y == y})


def _named_lines(lines: dict[str, float]) -> dict[str, float]:
    return {f"{name} {percent(y)}": y for name, y in lines.items()}


def _beside(ax: Axes, labels: dict[str, float]) -> None:
    """Name lines at the right end of a chart, where they stand clear of the aim's name."""
    for label, y in labels.items():
        ax.annotate(
            label,
            (1, y),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
        )


def plot_areas(areas: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw for each area of work the share of projects that say yes, say no, and do not say.

    Parameters
    ----------
    areas : DataFrame
        From ``count_areas`` over one group: ``label, numerator, denominator, not_recorded``.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    if not (areas["denominator"] > areas["not_recorded"]).any():
        return _nothing(ax, describe_areas(areas))
    ax = _axes(ax, max(2.2, ROW * len(areas) + 1.3))
    yes = areas["numerator"] / areas["denominator"]
    blank = areas["not_recorded"] / areas["denominator"]
    parts = {
        "Took part": (yes, BLUE, ""),
        "Did not": (1 - yes - blank, "#BFBFBF", ""),
        "Not recorded": (blank, "#FFFFFF", "////"),
    }
    _stack(ax, parts, areas["label"].map(_short).tolist())
    ax.set_xlabel("Share of projects")
    return _said(ax, describe_areas(areas))


def plot_approaches(
    approaches: pd.DataFrame, *, by: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the shares of doing with, for and to, nobody involved and not recorded, as bars.

    Parameters
    ----------
    approaches : DataFrame
        From ``count_approaches``: ``approach, numerator, denominator`` and the group.
    by : str, optional
        The column that names the groups; one bar without it.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    frame = approaches.assign(group=approaches[by] if by else "All projects")
    frame = frame[frame["denominator"] > 0]
    sentence = describe_approaches(approaches)
    if frame.empty:
        return _nothing(ax, sentence)
    counts = frame.pivot(index="group", columns="approach", values="numerator")
    counts = counts[list(APPROACH_LABELS)].sort_index(key=_names_last)
    totals = counts.sum(axis=1)
    ax = _axes(ax, max(1.8, ROW * len(counts) + 1.3))
    shares = counts.div(totals, axis=0)
    parts = {
        APPROACH_LABELS[name]: (
            shares[name],
            APPROACH_COLOURS[name],
            "////" if name == "not_recorded" else "",
        )
        for name in APPROACH_LABELS
    }
    _stack(ax, parts, [f"{_short(name)} ({totals[name]:,})" for name in counts.index])
    ax.set_xlabel("Share of projects")
    return _said(ax, sentence)


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
    import seaborn as sns

    sentence = describe_completeness(completeness, by)
    if completeness.empty:
        return _nothing(ax, sentence)
    shares = completeness.drop(columns=[by, "projects"])
    shares.columns = [name.replace("_", " ").capitalize() for name in shares]
    shares.index = [
        f"{_short(name)} ({projects:,})"
        for name, projects in zip(completeness[by], completeness["projects"], strict=True)
    ]
    ax = _axes(ax, ROW * len(shares) + 1.1)
    sns.heatmap(
        shares, vmin=0, vmax=1, cmap="Blues", annot=True, fmt=".0%", cbar=False,
        linewidths=1, linecolor="white", annot_kws={"size": 8.5}, ax=ax,
    )  # fmt: skip
    ax.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    return _said(ax, sentence)


def _names_last(names: pd.Index | pd.Series) -> pd.Index | pd.Series:
    """Sort by name, with the groups that are not directorates at the end."""
    return names.map(lambda name: (name in NOT_DIRECTORATES, str(name)))


def _axes(ax: Axes | None, height: float) -> Axes:
    if ax is None:
        import matplotlib.pyplot as plt

        _, ax = plt.subplots(figsize=(WIDTH, height), layout="constrained")
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(GREY)
    ax.tick_params(color=GREY, labelcolor=INK)
    return ax


def _row_label(row: pd.Series, by: str) -> str:
    return f"{_short(row[by])}  {row['numerator']:,}/{row['denominator']:,}"


def _short(name: object) -> str:
    """Cut a long name, and keep matplotlib from reading it as mathematics."""
    text = str(name)
    return (text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…").replace("$", r"\$")


def _percent_axis(ax: Axes, which: str) -> None:
    from matplotlib.ticker import PercentFormatter

    axis = ax.xaxis if which == "x" else ax.yaxis
    getattr(ax, f"set_{which}lim")(0, 1.01)
    getattr(ax, f"set_{which}ticks")(np.arange(0, 1.01, 0.2))
    axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _draw_aim(ax: Axes, aim: Fraction | str | None, which: str) -> None:
    if aim is None:
        return
    aim = parse_aim(aim)
    at, label = float(aim), f"Aim {format_share(aim)}"
    if which == "x":
        ax.axvline(at, color=AIM, lw=1.5, ls=(0, (5, 3)))
        ax.annotate(
            label,
            (at, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=AIM,
        )
    else:
        ax.axhline(at, color=AIM, lw=1.5, ls=(0, (5, 3)))
        ax.annotate(
            label,
            (1, at),
            xycoords=("axes fraction", "data"),
            xytext=(4, 0),
            textcoords="offset points",
            ha="left",
            va="center",
            color=AIM,
        )


def _draw_events(ax: Axes, events: tuple[Event, ...]) -> None:
    """Shade and label the events, as much of them as lies within the chart."""
    import matplotlib.dates as mdates

    first, last = ax.get_xlim()
    for event in events:
        start, end = mdates.date2num(event.starts), mdates.date2num(event.ends)
        if end < first or start > last:
            continue
        start, end = max(start, first), min(end, last)
        if start == end:
            ax.axvline(start, color=GREY, lw=1, ls=":")
        else:
            ax.axvspan(start, end, color=INK, alpha=0.12, lw=0)
        left = start > (first + last) / 2
        label = ax.annotate(
            _short(event.label),
            (start if left else end, 1),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if left else 4, -4),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            fontsize=9,
        )
        label.set_in_layout(False)


def _date_axis(ax: Axes, periods: pd.Series) -> None:
    """Name each period by its first day where there is room, else by the calendar."""
    import matplotlib.dates as mdates

    span = max((periods.max() - periods.min()).days, 1)
    pad = pd.Timedelta(days=max(span * 0.06, 20))
    ax.set_xlim(periods.min() - pad / 2, periods.max() + pad)
    ax.set_xlabel("First day of each period")
    if len(periods) <= MOST_TICKS:
        ax.set_xticks(periods, [f"{day.day} {day:%b}\n{day.year}" for day in periods])
        return
    locator = mdates.AutoDateLocator(minticks=3, maxticks=MOST_TICKS)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(locator))


def _stack(ax: Axes, parts: dict[str, tuple], labels: list[str]) -> None:
    """Draw rows of stacked shares; each part is named above the chart in its own colour."""
    y, left = np.arange(len(labels)), np.zeros(len(labels))
    for name, (share, colour, hatch) in parts.items():
        share = np.asarray(share, float)
        ax.barh(
            y,
            share,
            left=left,
            color=colour,
            hatch=hatch,
            edgecolor=GREY,
            lw=0.6,
            height=0.72,
            label=name,
        )
        for at, width, start in zip(y, share, left, strict=True):
            if width >= 0.07:
                ax.text(
                    start + width / 2,
                    at,
                    f"{percent(width)}",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color=_ink_on(colour),
                    bbox={"facecolor": colour, "edgecolor": "none", "pad": 1.0},
                )
        left = left + share
    ax.set_yticks(y, labels)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    _percent_axis(ax, "x")
    ax.set_xlim(0, 1)
    ax.spines["left"].set_visible(False)
    ax.legend(
        loc="lower right",
        bbox_to_anchor=(1, 1),
        ncols=len(parts),
        frameon=False,
        fontsize=9,
        handlelength=1.2,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def _ink_on(colour: str) -> str:
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return "white" if np.dot([0.2126, 0.7152, 0.0722], linear) < 0.18 else "black"


def _nothing(ax: Axes | None, sentence: str) -> Axes:
    ax = _axes(ax, 0.8)
    ax.axis("off")
    text = ax.text(0, 0.5, sentence, transform=ax.transAxes, va="center", wrap=True)
    text.set_in_layout(False)  # it fills the figure; making room for it leaves no axes
    return _said(ax, sentence)


def _said(ax: Axes, sentence: str) -> Axes:
    """Let the figure carry its charts' sentences, as its alternative text in a notebook."""
    ax.set_gid(sentence)
    figure = ax.get_figure(root=True)
    figure.set_gid(" ".join(filter(None, (each.get_gid() for each in figure.axes))))
    _register_alt_text()
    return ax


def _register_alt_text() -> None:
    """Have IPython, where it runs, give a figure's sentence as its picture's alternative text."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is None:
        return
    from matplotlib.figure import Figure

    formatter = shell.display_formatter.formatters["image/png"]
    try:
        draw = formatter.lookup_by_type(Figure)
    except KeyError:
        return
    if not getattr(draw, "says", False):
        formatter.for_type(Figure, _saying(draw))


def _saying(draw):
    def picture(figure):
        drawn = draw(figure)
        sentence = figure.get_gid()
        if drawn is None or not sentence:
            return drawn
        data, metadata = drawn if isinstance(drawn, tuple) else (drawn, {})
        return data, {**metadata, "alt": sentence}

    picture.says = True
    return picture
