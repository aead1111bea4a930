"""The tables of an executed notebook, from their data: read, put in words, given as CSV.

Where pandas' option ``display.html.table_schema`` is on, a notebook keeps each frame that it shows
as data too (a Frictionless data resource). Pages and workbooks are made from that; the HTML beside
it is never trusted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from ..words import format_date, percent
from ..workbook import guard_cells
from .shown import show_text

RESOURCE = "application/vnd.dataresource+json"
HEADINGS = {
    "numerator": "Meaningful",
    "denominator": "Projects",
    "not_recorded": "Not recorded",
    "lower_cl": "95% interval from",
    "upper_cl": "95% interval to",
    "lpl": "Lower limit",
    "upl": "Upper limit",
    "point_type": "What the point shows",
    "label": "What",
    "median": "Median",
    "point": "Rate",
    "lower_3s": "Lower limit",
    "upper_3s": "Upper limit",
    "position": "Where it lies",
    "n": "Points",
    "variation": "Change",
    "assurance": "Aim",
    "readable": "Enough to tell",
    "at_risk": "Projects followed",
    "months": "Months since start",
    "share_involved": "Have involved people",
    "period": "From",
    "date": "Date",
}
SHARES = {
    "rate", "point", "lower_cl", "upper_cl", "mean", "lpl", "upl", "median", "lower_3s", "upper_3s",
    "share_involved",
}  # fmt: skip
SAID = {
    "common_cause": "Chance",
    "special_cause_improvement": "Improvement, not chance",
    "special_cause_concern": "Concern, not chance",
    "special_cause_neutral": "Change, not chance",
    "improvement_high": "Better, not chance",
    "concern_low": "Worse, not chance",
    "consistent_pass": "Met every time",
    "consistent_fail": "Not met",
    "inconsistent": "Met or missed by chance",
    "within": "Within chance",
    "high_2s": "Higher than most",
    "low_2s": "Lower than most",
    "high_3s": "Higher than chance gives",
    "low_3s": "Lower than chance gives",
    True: "yes",
    False: "no",
}
LONGEST = 300  # characters of a cell on a page; the CSV has all of them
NUMBER = re.compile(r"none|(under |over )?[-+]?[\d,.]+%?( (to|of) [\d,.]+%?)?( \(.*\))?|\[\w+\]")


@dataclass(frozen=True)
class Table:
    """A table to show: its caption, its columns (name and type) and its rows, as they were."""

    caption: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[Mapping, ...]

    @property
    def headings(self) -> list[str]:
        """Each column's name in words."""
        return [_heading(name) for name, _ in self.columns]

    @cached_property
    def cells(self) -> list[list[str]]:
        """Each row's cells as readers write them."""
        return [[_say(row[name], name, kind) for name, kind in self.columns] for row in self.rows]

    @cached_property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers, to be set to the right."""
        down = list(zip(*self.cells, strict=True)) or [()] * len(self.columns)
        return [
            kind in ("integer", "number") or (bool(texts) and all(map(NUMBER.fullmatch, texts)))
            for (_, kind), texts in zip(self.columns, down, strict=True)
        ]

    @property
    def csv(self) -> str:
        """The data as CSV that no spreadsheet takes for formulas."""
        names = [name for name, _ in self.columns]
        frame = pd.DataFrame(list(self.rows), columns=names)
        frame = frame.assign(**{c: frame[c].str[:10] for c in self._dates})
        return guard_cells(frame).to_csv(index=False, lineterminator="\n")

    @property
    def _dates(self) -> list[str]:
        return [name for name, kind in self.columns if kind == "datetime"]


def read_table(resource: Mapping, caption: str) -> Table:
    """Give the table that a notebook's output holds as data; a plain count of rows is left out."""
    fields = [(field["name"], field["type"]) for field in resource["schema"]["fields"]]
    if fields[0] == ("index", "integer"):
        fields = fields[1:]
    return Table(caption, tuple(fields), tuple(resource["data"]))


def _heading(name: str) -> str:
    if name in HEADINGS:
        return HEADINGS[name]
    if name == "index":
        return "Group"
    return name.replace("_", " ").capitalize() if name == name.lower() else name


def _say(value, name: str, kind: str) -> str:
    if name in SHARES and kind in ("number", "integer"):
        return percent(float("nan") if value is None else value)
    if value is None:
        return ""
    if kind == "datetime":
        return format_date(date.fromisoformat(value[:10]))
    if kind == "integer":
        return f"{value:,}"
    if kind == "number":
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return SAID.get(value, show_text(str(value), LONGEST))
