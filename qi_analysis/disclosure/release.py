"""What is published: annual counts, suppressed once and then kept as they are."""

from __future__ import annotations

import io
import os
from datetime import date
from fractions import Fraction
from pathlib import Path

import pandas as pd

from ..core.errors import OptionError, RegisterError
from ..core.files import EXAMPLE_RELEASE
from ..core.periods import format_period
from ..core.schema import COUNTS, COUNTS_AND_BLANKS
from ..core.text import listed, percent
from ..profile import Aim
from ..reading.locate import read_bytes
from ..stats.rates import add_rates
from .suppress import (
    LOW,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    SUPPRESSED,
    TOTAL,
    TRUST,
    Rule,
    find_rule,
    is_small,
    round_counts,
    suppress_table,
)


def publish_counts(counts: pd.DataFrame, rule: str | Rule = "hes") -> pd.DataFrame:
    """Return annual counts as they may be published: the whole trust's, and each directorate's.

    Parameters
    ----------
    counts : DataFrame
        ``period, directorate, numerator, denominator, not_recorded``: from
        :func:`count_involvement` by directorate and year. Where more groups must be hidden, they
        are in the order in which they stand, see :func:`suppress_table`.
    rule : {"none", "hes", "mhsds", "lt10"}
        Which counts are suppressed, and how the others are rounded.

    Returns
    -------
    DataFrame
        A row a period and group, ``"The whole trust"`` first, every group in every period:

        ``period``, ``directorate``
            As given.
        ``numerator``, ``denominator``
            Projects that involve people meaningfully, and all; Int64, missing where suppressed.
            The denominator is the sum of the published counts it is parted into.
        ``not_recorded``
            Projects that do not say; only for the whole trust. A group's few blanks would
            hide all its other counts.

    Notes
    -----
    Each period's projects are parted into meaningful and not, and in the whole trust the latter
    into those that say so and those that do not say. If one of these two is small, both are
    hidden: their sum is known, and either could be the small one.

    No count over several periods is given: less the periods that are published, it would give away
    the one that is not.

    Examples
    --------
    >>> counts = pd.DataFrame({"period": pd.Timestamp("2020-04-01"), "directorate": ["A", "B", "C"],
    ...                        "numerator": [3, 20, 40], "denominator": [33, 42, 100],
    ...                        "not_recorded": [1, 9, 12]})
    >>> publish_counts(counts).drop(columns="period")
           directorate  numerator  denominator  not_recorded
    0  The whole trust         65          175            20
    1                A       <NA>         <NA>          <NA>
    2                B       <NA>         <NA>          <NA>
    3                C         40          100          <NA>
    """
    rule = find_rule(rule)
    groups = counts["directorate"].unique().tolist()
    years = [
        _publish_year(year, groups, rule).assign(period=period)
        for period, year in counts.groupby("period")
    ]
    columns = ["period", "directorate", *COUNTS_AND_BLANKS]
    return pd.concat(years, ignore_index=True)[columns] if years else counts[columns].iloc[:0]


def _publish_year(year: pd.DataFrame, groups: list[str], rule: Rule) -> pd.DataFrame:
    """Publish one period's counts, the whole trust first."""
    year = year.set_index("directorate")[COUNTS_AND_BLANKS].reindex(groups, fill_value=0)
    k, n, blanks = year.sum()
    parts, total = [k, n - k - blanks, blanks], None
    blanks = pd.NA
    if not is_small(parts, rule).any():
        k, others, blanks = (int(count) for count in round_counts(parts, rule))
        total = [k, others + blanks]
    table = pd.DataFrame({"yes": year["numerator"], "no": year["denominator"] - year["numerator"]})
    published = suppress_table(table, rule, total=total).drop(columns="no")
    published = published.set_axis(["numerator", "denominator"], axis="columns")
    published = published.assign(not_recorded=pd.Series(blanks, [TOTAL], dtype="Int64"))
    whole_first = published.loc[[TOTAL, *groups]].rename({TOTAL: TRUST})
    return whole_first.rename_axis("directorate").reset_index()


def select_published(release: pd.DataFrame, group: str = "") -> pd.DataFrame:
    """Return one group's published years with their rates; the whole trust's without a group.

    Returns
    -------
    DataFrame
        A row a period that was published with the group: ``period, numerator, denominator,
        not_recorded`` and what :func:`add_rates` adds; missing where suppressed.
    """
    group = group or TRUST
    if group not in set(release["directorate"]):
        raise OptionError(f"No figures of '{group}' are published.")
    own = release[release["directorate"] == group].set_index("period")[COUNTS_AND_BLANKS]
    return add_rates(own.sort_index().astype("float64").reset_index())


def release_aims(release: pd.DataFrame) -> tuple[Aim, ...]:
    """Return the aims that a release names, each from the day it was set."""
    named = release.loc[release["aim"] != "", ["aim_from", "aim"]].drop_duplicates()
    return tuple(
        Aim(date.fromisoformat(starts), Fraction(aim.rstrip("%")) / 100)
        for starts, aim in sorted(named.itertuples(index=False, name=None))
    )


def format_published(rates: pd.DataFrame) -> pd.DataFrame:
    """Return one group's years as a table for readers, with a mark where there is no number.

    ``[c]`` stands for a suppressed count, ``[z]`` for the rate of no projects.

    >>> rates = add_rates(pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01"]),
    ...                                 "numerator": [40, None], "denominator": [100, None]}))
    >>> format_published(rates)
            Meaningful Projects Rate 95% interval
    2019/20         40      100  40%   31% to 50%
    2020/21        [c]      [c]  [c]          [c]
    """
    limits = zip(rates["lower_cl"], rates["upper_cl"], strict=True)
    text = {
        "Meaningful": rates["numerator"].map(_whole),
        "Projects": rates["denominator"].map(_whole),
        "Rate": rates["rate"].map(percent),
        "95% interval": [f"{percent(a)} to {percent(b)}" for a, b in limits],
    }
    table = pd.DataFrame(text)
    for column in ("Rate", "95% interval"):
        table[column] = table[column].mask(rates["denominator"] == 0, NOT_APPLICABLE)
    table = table.mask(rates["denominator"].isna(), SUPPRESSED)
    if "not_recorded" in rates and rates["not_recorded"].notna().any():
        table["Not recorded"] = rates["not_recorded"].map(_whole)
    return table.set_axis(rates["period"].map(_year).tolist(), axis="index")


def format_published_groups(release: pd.DataFrame, group: str = "") -> pd.DataFrame:
    """Return the published rates of every group, or of one beside the whole trust's, year by year.

    Returns
    -------
    DataFrame of str
        A row a group, a column a year: the rate; ``[c]`` where it is suppressed, ``[z]`` where
        there was no project, ``[x]`` where the year was published without this group.
    """
    groups = sorted({*release["directorate"]} - {TRUST})
    rows = [group, TRUST] if group else [TRUST, *groups]
    k, n, found = (
        release.assign(found=1.0).pivot(index="directorate", columns="period", values=column)
        .astype("float64").loc[rows]
        for column in ("numerator", "denominator", "found")
    )  # fmt: skip
    text = (k / n.where(n > 0)).map(percent).mask(n.isna() | k.isna(), SUPPRESSED)
    text = text.mask(n == 0, NOT_APPLICABLE).mask(found.isna(), NOT_AVAILABLE)
    text.columns = [_year(period) for period in text.columns]
    return text.rename_axis(index=None)


def release_table(release: pd.DataFrame) -> pd.DataFrame:
    """Return a release as text for a file: its counts, rates and limits, with marks for the rest.

    Rates are rounded to three decimals; ``[low]`` marks one above 0 that rounds to 0. Blanks of
    single groups are not available, ``[x]``.
    """
    rates = add_rates(release.astype(dict.fromkeys(COUNTS_AND_BLANKS, "float64")))
    hidden, none = rates[COUNTS].isna().any(axis=1), rates["denominator"] == 0
    text = {
        c: release[c].astype("str").where(release[c].notna(), SUPPRESSED) for c in COUNTS_AND_BLANKS
    }
    of_trust = release["directorate"] == TRUST
    text["not_recorded"] = text["not_recorded"].where(of_trust, NOT_AVAILABLE)
    for column in ("rate", "lower_cl", "upper_cl"):
        share = rates[column].map("{:.3f}".format)
        share = share.mask((rates[column] > 0) & (share == "0.000"), LOW)
        text[column] = share.mask(none, NOT_APPLICABLE).mask(hidden, SUPPRESSED)
    for column in ("aim", "aim_from"):
        if column in release:
            text[column] = release[column].mask(release[column] == "", NOT_APPLICABLE)
    marked = release.assign(period=release["period"].dt.strftime("%Y-%m-%d"), **text)
    marked.insert(1, "year", release["period"].map(_year))
    return marked


def describe_published(rates: pd.DataFrame, meaning: str, rule: str | Rule = "hes") -> str:
    """Describe the latest rate that is published, and name the years of which none is.

    Parameters
    ----------
    rates : DataFrame
        From :func:`select_published`.
    meaning : str
        What a project in the numerator did, such as a definition's ``meaning``.
    rule : {"none", "hes", "mhsds", "lt10"}
        The rule by which the counts were rounded.

    Examples
    --------
    >>> rates = add_rates(pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01"]),
    ...                                 "numerator": [None, 40], "denominator": [None, 100]}))
    >>> print(describe_published(rates, "people were partners"))
    Of about 100 projects that started in 2020/21, in about 40 (40%) people were partners. The
    counts of 2019/20 are too small to be published.
    """
    hidden = rates["denominator"].isna()
    if hidden.all():
        return "The counts of every year are too small to be published."
    years = [_year(period) for period in rates.loc[hidden, "period"]]
    too_small = f" The counts of {listed(years)} are too small to be published." if years else ""
    some = rates[rates["denominator"] > 0]
    if some.empty:
        return f"No project started in the years that are published.{too_small}"
    row = some.iloc[-1]
    k, n = (_about(row[column], find_rule(rule)) for column in COUNTS)
    many = "project" if row["denominator"] == 1 else "projects"
    return (
        f"Of {n} {many} that started in {_year(row['period'])}, in {k} "
        f"({percent(row['rate'])}) {meaning}.{too_small}"
    )


def _about(count: float, rule: Rule) -> str:
    if count == 0:
        return "none"
    return f"about {_whole(count)}" if rule.base > 1 else _whole(count)


def describe_rule(rule: str | Rule) -> str:
    """Describe which counts are suppressed, and how the others are rounded.

    >>> print(describe_rule("hes"))
    Counts from 1 to 7 are suppressed, and with them all figures of their directorate in that year
    and those from which they could be worked out: they are marked [c]. Other counts are rounded to
    the nearest 5, and every percentage is worked out from rounded counts.
    """
    rule = find_rule(rule)
    if rule.highest < 0:
        return "Every count is shown as it is."
    rounded = (
        f"Other counts are rounded to the nearest {rule.base}, and every percentage is worked out "
        "from rounded counts."
        if rule.base > 1
        else "Other counts are exact."
    )
    return (
        f"Counts from {rule.lowest} to {rule.highest} are suppressed, and with them all figures of "
        "their directorate in that year and those from which they could be worked out: they are "
        f"marked {SUPPRESSED}. {rounded}"
    )


def _year(day) -> str:
    return format_period(day, 12)


def _whole(count: float) -> str:
    return SUPPRESSED if count != count else f"{int(count):,}"


# How each cell of a published file is written, and its columns of text.
PATTERNS = {"period": r"\d{4}-\d\d-\d\d", **dict.fromkeys(COUNTS_AND_BLANKS, r"\d+|\[[cx]\]")}
TEXT = ["directorate", "definition", "meaning", "rule", "aim", "aim_from"]


def read_release(path: str | Path = "example") -> pd.DataFrame:
    """Read the counts that a public report published.

    Parameters
    ----------
    path : str or Path
        ``data/public_counts.csv`` of a public report, or ``"example"``.

    Returns
    -------
    DataFrame
        A row a financial year and group: ``period`` (its first day), ``directorate``,
        ``numerator, denominator, not_recorded`` (Int64, missing where suppressed or not
        available), and, as text, ``definition``, ``meaning``, ``rule``, ``aim`` and
        ``aim_from`` (empty where there was none).

    Examples
    --------
    >>> read_release().query("directorate == 'The whole trust'").iloc[:2, :4]
           period      directorate  numerator  denominator
    0  2015-04-01  The whole trust       <NA>         <NA>
    23 2016-04-01  The whole trust         15           70
    """
    file = EXAMPLE_RELEASE if str(path) == "example" else Path(path)
    if not os.path.exists(file):
        raise RegisterError(f"There is no file '{path}'. Check its name and folder.")
    text = _read_text(file)
    numbers = {
        c: pd.to_numeric(text[c], errors="coerce").astype("Int64") for c in COUNTS_AND_BLANKS
    }
    plain = text[TEXT].mask(text[TEXT] == NOT_APPLICABLE, "")
    release = plain.assign(period=pd.to_datetime(text["period"]), **numbers)
    return release[["period", "directorate", *COUNTS_AND_BLANKS, *TEXT[1:]]]


def _read_text(file: Path) -> pd.DataFrame:
    """Read the file's cells as text; one that is not as it was published is refused."""
    try:
        text = pd.read_csv(io.BytesIO(read_bytes(file)), dtype="str", keep_default_na=False)
    except ValueError:
        text = pd.DataFrame()
    missing = [c for c in (*PATTERNS, *TEXT) if c not in text]
    if missing:
        raise RegisterError(
            f"{file.name} holds no published counts: it has no column '{missing[0]}'. Give the "
            "data/public_counts.csv of a public report."
        )
    for column, pattern in PATTERNS.items():
        strange = text.loc[~text[column].str.fullmatch(pattern), column]
        if len(strange):
            raise RegisterError(
                f"{file.name} has '{strange.iloc[0]}' under '{column}', which no public report "
                "writes: a spreadsheet may have changed it. Put back the file that was published."
            )
    return text
