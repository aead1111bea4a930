"""What is published: annual counts, kept as they were, and what may be said of them.

Counts are rounded, so a sentence says only what holds for every count that the rounding allows.
"""

from __future__ import annotations

import io
import math
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd

from ..core.errors import OptionError, RegisterError
from ..core.files import EXAMPLE_RELEASE, find_path
from ..core.frames import check_frame, format_interval, format_percents
from ..core.periods import format_period
from ..core.schema import COUNTS, COUNTS_AND_BLANKS
from ..core.text import (
    count_of,
    format_date,
    format_share,
    k_of_n,
    listed,
    percent,
    percents,
    points_apart,
)
from ..profile import Aim
from ..reading.locate import describe_missing, read_bytes
from ..stats.rates import add_rates, parse_aim
from .suppress import (
    LOW,
    NOT_APPLICABLE,
    NOT_AVAILABLE,
    SUPPRESSED,
    TRUST,
    Rule,
    check_release,
    count_range,
    find_rule,
)


def select_published(release: pd.DataFrame, group: str = "") -> pd.DataFrame:
    """Return one group's published years with their rates; the whole trust's without a group.

    Returns
    -------
    DataFrame
        A row a period that was published with the group: ``period, numerator, denominator,
        not_recorded, rule``, what :func:`add_rates` adds, and what :func:`add_rate_range` adds;
        missing where suppressed.
    """
    release = check_release(release)
    group = group or TRUST
    _check_group(release, group)
    own = release[release["directorate"] == group].set_index("period")
    own = own[[*COUNTS_AND_BLANKS, "rule"]].sort_index().reset_index()
    return add_rate_range(add_rates(own.astype(dict.fromkeys(COUNTS_AND_BLANKS, "float64"))))


def _check_group(release: pd.DataFrame, group: str) -> None:
    if group and group not in set(release["directorate"]):
        raise OptionError(f"No figures of '{group}' are published.")


def _check_published(rates: pd.DataFrame) -> pd.DataFrame:
    """Check the published years of one group."""
    needs = "rule rate lower_cl upper_cl rate_lowest rate_highest"
    rates = check_frame(
        rates, "period", *COUNTS_AND_BLANKS, needs, alone=True, filled="rule", some=True,
        step="select_published",
    )  # fmt: skip
    ends = "numerator rate_lowest rate_highest"
    check_frame(rates[rates["denominator"] > 0], ends, filled=ends, step="select_published")
    return rates


def add_rate_range(rates: pd.DataFrame) -> pd.DataFrame:
    """Add the lowest and the highest rate that published counts allow.

    Parameters
    ----------
    rates : DataFrame
        ``numerator, denominator, not_recorded`` as published, and the ``rule`` of each row. The
        projects that are not in the numerator were rounded by themselves, and where
        ``not_recorded`` is given in two parts.

    Returns
    -------
    DataFrame
        The same rows and columns, and ``rate_lowest`` and ``rate_highest`` (0-1; missing where
        the counts are suppressed or there is no project).

    Examples
    --------
    >>> add_rate_range(pd.DataFrame({"numerator": [40.0], "denominator": [50.0],
    ...                              "not_recorded": [None], "rule": "mhsds"}))
       numerator  denominator  not_recorded   rule  rate_lowest  rate_highest
    0         40           50           NaN  mhsds         0.76          0.84
    """
    rates = check_frame(rates, *COUNTS_AND_BLANKS, "rule", filled="rule", step="publish_counts")
    if rates.empty:
        return rates.assign(rate_lowest=math.nan, rate_highest=math.nan)
    rule = find_rule(rates["rule"].iloc[-1])
    fewest, most = count_range(rates["numerator"], rule)
    blanks = rates["not_recorded"].astype("float64")
    others = rates["denominator"] - rates["numerator"]
    least, greatest = (
        np.where(blanks.isna(), whole, said + blank)
        for whole, said, blank in zip(
            count_range(others, rule), count_range(others - blanks, rule),
            count_range(blanks, rule), strict=True,
        )
    )  # fmt: skip
    with np.errstate(invalid="ignore"):  # no project
        return rates.assign(
            rate_lowest=fewest / (fewest + greatest), rate_highest=most / (most + least)
        )


def release_aims(release: pd.DataFrame) -> tuple[Aim, ...]:
    """Return the aims that a release names, each from the day it was set."""
    kinds = {"aim": "text", "aim_from": "text"}
    release = check_frame(release, "aim aim_from", kinds=kinds, step="read_release")
    named = release.loc[release["aim"] != "", ["aim_from", "aim"]]
    named = check_frame(named, kinds={"aim_from": "date"}, filled="aim_from").drop_duplicates()
    return tuple(
        Aim(starts.date(), parse_aim(aim))
        for starts, aim in sorted(named.itertuples(index=False, name=None))
    )


def format_published(rates: pd.DataFrame) -> pd.DataFrame:
    """Return one group's years as a table for readers, with a mark where there is no number.

    ``[c]`` stands for a suppressed count, ``[z]`` for the rate of no projects. Where counts are
    rounded, ``Before rounding`` holds the rates that they allow.

    >>> release = pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01"]),
    ...                         "directorate": "A", "numerator": [40, None],
    ...                         "denominator": [100, None], "not_recorded": None, "rule": "mhsds"})
    >>> format_published(select_published(release, "A"))
            Meaningful Projects Rate Before rounding 95% interval
    2019/20         40      100  40%      38% to 42%   31% to 50%
    2020/21        [c]      [c]  [c]             [c]          [c]
    """
    rates = _check_published(rates)
    shown = format_percents(rates[["rate", "lower_cl", "upper_cl"]])
    text = {
        "Meaningful": rates["numerator"].map(_whole),
        "Projects": rates["denominator"].map(_whole),
        "Rate": shown["rate"],
        "Before rounding": [
            f"{math.floor(a)}% to {math.ceil(b)}%" if a == a else "" for a, b in _points(rates)
        ],
        "95% interval": format_interval(shown["lower_cl"], shown["upper_cl"]),
    }
    table = pd.DataFrame(text)
    for column in ("Rate", "Before rounding", "95% interval"):
        table[column] = table[column].mask(rates["denominator"] == 0, NOT_APPLICABLE)
    table = table.mask(rates["denominator"].isna(), SUPPRESSED)
    if not _are_rounded(rates):
        table = table.drop(columns="Before rounding")
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
    release = check_release(release)
    _check_group(release, group or TRUST)
    groups = sorted({*release["directorate"]} - {TRUST})
    rows = [group, TRUST] if group else [TRUST, *groups]
    k, n, found = (
        release.assign(found=1.0).pivot(index="directorate", columns="period", values=column)
        .astype("float64").loc[rows]
        for column in ("numerator", "denominator", "found")
    )  # fmt: skip
    text = format_percents(k / n.where(n > 0)).mask(n.isna() | k.isna(), SUPPRESSED)
    text = text.mask(n == 0, NOT_APPLICABLE).mask(found.isna(), NOT_AVAILABLE)
    text.columns = [_year(period) for period in text.columns]
    return text.rename_axis(index=None)


def release_table(release: pd.DataFrame) -> pd.DataFrame:
    """Return a release as text for a file: its counts, rates and limits, with marks for the rest.

    Rates, and the lowest and highest that the rounding of counts allows, are rounded to three
    decimals; ``[low]`` marks one above 0 that rounds to 0. Blanks of single groups are not
    available, ``[x]``.
    """
    release = check_release(release).astype(dict.fromkeys(COUNTS_AND_BLANKS, "Int64"))
    rates = release.astype(dict.fromkeys(COUNTS_AND_BLANKS, "float64"))
    rates = add_rate_range(add_rates(rates))
    hidden, none = rates[COUNTS].isna().any(axis=1), rates["denominator"] == 0
    text = {
        c: release[c].astype("str").where(release[c].notna(), SUPPRESSED) for c in COUNTS_AND_BLANKS
    }
    of_trust = release["directorate"] == TRUST
    text["not_recorded"] = text["not_recorded"].where(of_trust, NOT_AVAILABLE)
    for column in ("rate", "lower_cl", "upper_cl", "rate_lowest", "rate_highest"):
        share = rates[column].map("{:.3f}".format)
        share = share.mask((rates[column] > 0) & (share == "0.000"), LOW)
        text[column] = share.mask(none, NOT_APPLICABLE).mask(hidden, SUPPRESSED)
    for column in ("aim", "aim_from"):
        if column in release:
            text[column] = release[column].mask(release[column] == "", NOT_APPLICABLE)
    marked = release.assign(period=release["period"].dt.strftime("%Y-%m-%d"), **text)
    marked.insert(1, "year", release["period"].map(_year))
    return marked


def describe_published(rates: pd.DataFrame, meaning: str) -> str:
    """Describe the latest rate that is published, and name the years of which none is.

    Parameters
    ----------
    rates : DataFrame
        From :func:`select_published`.
    meaning : str
        What a project in the numerator did, such as a definition's ``meaning``.

    Examples
    --------
    >>> release = pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01"]),
    ...                         "directorate": "A", "numerator": [None, 40],
    ...                         "denominator": [None, 100], "not_recorded": None, "rule": "mhsds"})
    >>> print(describe_published(select_published(release, "A"), "people were partners"))
    Of about 100 projects that started in 2020/21, in about 40 (about 40%) people were partners. The
    counts of 2019/20 are too small to be published.
    """
    rates = _check_published(rates)
    years = [_year(period) for period in rates.loc[rates["denominator"].isna(), "period"]]
    some = rates[rates["denominator"] > 0]
    if some.empty:
        return _describe_none(rates)
    too_small = f" The counts of {listed(years)} are too small to be published." if years else ""
    row, about = some.iloc[-1], "about " if _are_rounded(rates) else ""
    many = "project" if row["denominator"] == 1 else "projects"
    k = f"{about}{_whole(row['numerator'])} ({about}{percent(row['rate'])})"
    return (
        f"Of {about}{_whole(row['denominator'])} {many} that started in {_year(row['period'])}, in "
        f"{k if row['numerator'] else 'none (0%)'} {meaning}.{too_small}"
    )


def describe_published_years(rates: pd.DataFrame, aims: tuple[Aim, ...] = ()) -> str:
    """Describe how the published rate differs between the first and the latest year.

    Says that one is higher, and in how many years the aim was reached, only where this holds for
    every count that the rounding allows; else says that the rounding does not tell.

    Parameters
    ----------
    rates : DataFrame
        From :func:`select_published`.
    aims : tuple of Aim
        Of them the latest is compared with, and with it the years that began since it was set.

    Examples
    --------
    >>> from datetime import date
    >>> from fractions import Fraction
    >>> release = pd.DataFrame({"period": pd.to_datetime(["2019-04-01", "2020-04-01"]),
    ...                         "directorate": "A", "numerator": [20, 40], "denominator": 50,
    ...                         "not_recorded": None, "rule": "mhsds"})
    >>> aims = (Aim(date(2020, 1, 1), Fraction(4, 5)),)
    >>> print(describe_published_years(select_published(release, "A"), aims))
    By rounded counts the rate was 40% in 2019/20 (20 of 50) and 80% in 2020/21 (40 of 50); by the
    exact ones it was 32 to 48 points higher. The rounding does not tell whether the aim of 80% was
    reached in the one year that began since it was set on 1 January 2020.
    """
    rates = _check_published(rates)
    some = rates[rates["denominator"] > 0].sort_values("period")
    if some.empty:
        return _describe_none(rates)
    goals = [aim.rate for aim in aims[-1:]]
    one = len(some) == 1
    sentences = [_describe_only(rates, some.iloc[0], goals) if one else _describe_ends(some, goals)]
    if aims:
        sentences.append(_describe_reached(rates, aims[-1]))
    hidden = int(rates["denominator"].isna().sum())
    if hidden:
        many = f"{hidden} of {count_of(len(rates), 'year')}"
        sentences.append(f"For {many} the counts are too small to be published.")
    return " ".join(sentences)


def _describe_none(rates: pd.DataFrame) -> str:
    if rates["denominator"].isna().all():
        return "The counts of every year are too small to be published."
    years = [_year(period) for period in rates.loc[rates["denominator"].isna(), "period"]]
    too_small = f" The counts of {listed(years)} are too small to be published." if years else ""
    return f"No project started in the years that are published.{too_small}"


def _describe_only(rates: pd.DataFrame, row: pd.Series, aims: list[Fraction]) -> str:
    rounded = ", rounded" if _are_rounded(rates) else ""
    counts = k_of_n(row["numerator"], row["denominator"])
    verb = "is published" if rates["denominator"].isna().any() else "has projects"
    (rate,) = percents(row["rate"], aims=aims)
    return f"Only {_year(row['period'])} {verb}: {rate} ({counts}{rounded})."


def _describe_ends(some: pd.DataFrame, aims: list[Fraction]) -> str:
    """Describe the rates of the first and the latest year, and how far they surely differ."""
    first, last = some.iloc[0], some.iloc[-1]
    *shown, apart = points_apart(first["rate"], last["rate"], aims=aims)
    was, now = (
        f"{rate} in {_year(row['period'])} ({k_of_n(row['numerator'], row['denominator'])})"
        for rate, row in zip(shown, (first, last), strict=True)
    )
    if not _are_rounded(some):
        less_time = LESS_TIME if last["rate"] < first["rate"] else ""
        return f"The rate was {was} and {now}: {apart}.{less_time}"
    return f"By rounded counts the rate was {was} and {now}; {_describe_range(first, last)}"


LESS_TIME = " Projects that started later have had less time to involve people."


def _describe_range(first: pd.Series, last: pd.Series) -> str:
    """Describe the difference of two rates that counts before rounding allow."""
    (was_low, was_high), (low, high) = _points(pd.DataFrame([first, last]))
    if was_low == was_high == low == high:
        return "by the exact ones it was the same."
    if low <= was_high and was_low <= high:
        return "the rounding does not tell which was higher."
    up = low > was_high
    least, most = (low - was_high, high - was_low) if up else (was_low - high, was_high - low)
    side, less_time = ("higher", "") if up else ("lower", LESS_TIME)
    least, most = math.floor(round(least, 6)), math.ceil(round(most, 6))
    far = f"{least} to {most} points" if least else f"up to {count_of(most, 'point')}"
    far = far if least < most else count_of(most, "point")
    return f"by the exact ones it was {far} {side}.{less_time}"


def _describe_reached(rates: pd.DataFrame, aim: Aim) -> str:
    """Describe in how many published years since an aim was set it was reached, for certain."""
    name, day = f"aim of {format_share(aim.rate)}", format_date(aim.starts)
    since = rates[rates["period"] >= pd.Timestamp(aim.starts)]
    if since.empty:
        return f"The {name} was set later, on {day}."
    known = since[since["denominator"] > 0]
    if known.empty:
        return f"No year that began since the {name} was set on {day} is published with projects."
    n, share = len(known), float(aim.rate)
    reached = int((known["rate_lowest"] >= share).sum())
    missed = int((known["rate_highest"] < share).sum())
    began = f"that began since it was set on {day}"
    one, many = f"in the one year {began}", f"of {n} years {began}"
    if not reached + missed:
        where = one if n == 1 else f"in any {many}"
        return f"The rounding does not tell whether the {name} was reached {where}."
    if n == 1:
        return f"The {name} was {'' if reached else 'not '}reached {one}."
    if reached + missed == n:
        return f"The {name} was reached in {reached or 'none'} {many}."
    parts = [f"it was reached in {reached}"] if reached else []
    parts += [f"it was missed in {missed}"] if missed else []
    parts.append(f"for {n - reached - missed} the rounding does not tell")
    return f"Of the {n} years that began since the {name} was set on {day}, {listed(parts)}."


def _points(rates: pd.DataFrame) -> list[tuple[float, float]]:
    """Return each row's lowest and highest possible rate in points of a hundred."""
    ends = (100 * rates[["rate_lowest", "rate_highest"]].astype("float64")).round(6)
    return list(ends.itertuples(index=False, name=None))


def _are_rounded(rates: pd.DataFrame) -> bool:
    return find_rule(rates["rule"].iloc[-1]).base > 1


def describe_rule(rule: str | Rule) -> str:
    """Describe which counts are suppressed, and how the others are rounded.

    >>> print(describe_rule("mhsds"))
    Counts from 0 to 4 are suppressed, and with them all figures of their directorate in that year
    and those from which they could be worked out: they are marked [c]. Other counts are rounded to
    the nearest 5, and every percentage is worked out from rounded counts. So a rate stands for all
    that the rounding allows, and what is said of it here holds for every one of them.
    """
    rule = find_rule(rule)
    if rule.highest < 0:
        return "Every count is shown as it is."
    others = (
        f"Other counts are rounded to the nearest {rule.base}, and every percentage is worked out "
        "from rounded counts. So a rate stands for all that the rounding allows, and what is said "
        "of it here holds for every one of them."
        if rule.base > 1
        else "Other counts are exact. So that no directorate can work out another's by its own, at "
        "least three are suppressed where one is, or the trust's figures too."
    )
    return (
        f"Counts from {rule.lowest} to {rule.highest} are suppressed, and with them all figures of "
        "their directorate in that year and those from which they could be worked out: they are "
        f"marked {SUPPRESSED}. {others}"
    )


def _year(day) -> str:
    return format_period(day, 12)


def _whole(count: float) -> str:
    return SUPPRESSED if count != count else f"{int(count):,}"


# How each cell of a published file is written, and its columns of text.
PATTERNS = {"period": r"\d{4}-\d\d-\d\d", **dict.fromkeys(COUNTS_AND_BLANKS, r"\d+|\[[cx]\]")}
TEXT = ["directorate", "definition", "meaning", "rule", "aim", "aim_from"]
COLUMNS = ["period", "directorate", *COUNTS_AND_BLANKS, *TEXT[1:]]  # of a release


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
    file = EXAMPLE_RELEASE if str(path) == "example" else find_path(path)
    if not os.path.exists(file):
        raise RegisterError(describe_missing(path))
    text = _read_text(file)
    numbers = {
        c: pd.to_numeric(text[c], errors="coerce").astype("Int64") for c in COUNTS_AND_BLANKS
    }
    plain = text[TEXT].mask(text[TEXT] == NOT_APPLICABLE, "")
    release = plain.assign(period=pd.to_datetime(text["period"]), **numbers)
    return release[COLUMNS]


def _read_text(file: Path) -> pd.DataFrame:
    """Read the file's cells as text; one that is not as it was published is refused."""
    try:
        text = pd.read_csv(io.BytesIO(read_bytes(file)), dtype="str", keep_default_na=False)
    except UnicodeDecodeError:
        raise RegisterError(
            f"{file.name} is not in UTF-8, as no public report writes it: a spreadsheet may have "
            "changed it. Put back the file that was published."
        ) from None
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
