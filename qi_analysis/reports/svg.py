"""Small pictures for a table's rows, as figures for inline SVG: cheap, for hundreds of rows."""

from __future__ import annotations

import pandas as pd

from ..core.periods import format_period
from ..core.text import count_of, percent

WIDTH, HEIGHT, EDGE = 100, 24, 3  # a line over time, in units of the drawing


def draw_lines(rates: pd.DataFrame) -> dict[str, dict]:
    """Draw each directorate's rate over the years; a year without a rate is a gap.

    Parameters
    ----------
    rates : DataFrame
        A row a ``directorate`` and year, no gaps inside its span: ``period`` (first days) and
        ``rate`` (0-1, missing where there is none).

    Returns
    -------
    dict
        For each directorate with a rate: ``path`` and ``end``, the line and its latest point in a
        drawing of 100 by 24; ``words``, what it shows; and ``latest``, the latest rate.

    Examples
    --------
    >>> years = pd.to_datetime(["2018-04-01", "2019-04-01", "2020-04-01"])
    >>> rates = pd.DataFrame({"directorate": "Rehab", "period": years, "rate": [0.3, None, 0.45]})
    >>> draw_lines(rates)["Rehab"]["words"]
    'From 30% in 2018/19 to 45% in 2020/21; 1 year between them without a rate'
    >>> draw_lines(rates)["Rehab"]["path"]
    'M3 15.6h0M97 12.9h0'
    """
    ordered = rates.sort_values(["directorate", "period"])
    names, days = ordered["directorate"].tolist(), ordered["period"].tolist()
    groups: dict = {}
    for name, day, rate in zip(names, days, ordered["rate"].tolist(), strict=True):
        groups.setdefault(name, []).append((day, rate))
    lines = {name: _draw_line(points) for name, points in groups.items()}
    return {name: line for name, line in lines.items() if line}


def _draw_line(points: list[tuple]) -> dict | None:
    known = [i for i, (_, rate) in enumerate(points) if rate == rate]
    if not known:
        return None
    first, last = known[0], known[-1]
    span = points[first : last + 1]
    step = (WIDTH - 2 * EDGE) / (len(span) - 1) if len(span) > 1 else 0
    start = EDGE if len(span) > 1 else WIDTH / 2
    places = [
        (round(start + i * step, 1), round(HEIGHT - EDGE - rate * (HEIGHT - 2 * EDGE), 1))
        if rate == rate else None
        for i, (_, rate) in enumerate(span)
    ]  # fmt: skip
    return {
        "path": _path(places),
        "end": places[-1],
        "words": _describe_line(span),
        "latest": span[-1][1],
    }


def _path(places: list[tuple | None]) -> str:
    """Join neighbouring places; one that stands alone is a dot, as a round end of no length is."""
    path = ""
    for before, place, after in zip([None, *places], places, [*places[1:], None], strict=False):
        if place is not None:
            path += f"{'M' if before is None else 'L'}{place[0]:g} {place[1]:g}"
            path += "h0" if before is None and after is None else ""
    return path


def _describe_line(span: list[tuple]) -> str:
    (day, was), (latest, rate) = span[0], span[-1]
    first, last = format_period(day, 12), format_period(latest, 12)
    if len(span) == 1:
        return f"{percent(rate)} in {last}, the only one with a rate"
    missing = sum(rate != rate for _, rate in span)
    gap = f"; {count_of(missing, 'year')} between them without a rate" if missing else ""
    return f"From {percent(was)} in {first} to {percent(rate)} in {last}{gap}"


def draw_bar(rate: float, lower: float, upper: float, aim: float | None = None) -> dict | None:
    """Return the places of a rate, its interval and the aim on a bar from 0 to 100, or None.

    >>> draw_bar(4 / 15, 0.109, 0.52, 0.8)
    {'lower': '10.9', 'upper': '52', 'rate': '26.7', 'aim': '80'}
    """
    if rate != rate:
        return None
    places = {"lower": lower, "upper": upper, "rate": rate, "aim": aim}
    return {
        name: "" if share is None else f"{100 * share:.1f}".removesuffix(".0")
        for name, share in places.items()
    }
