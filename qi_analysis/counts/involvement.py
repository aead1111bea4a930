"""A clean register to a numerator and a denominator, under each definition of meaningful.

Counts of parts add up to the counts of the whole: each directorate, trust or partition can be
counted where it lies, and only counts travel.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Unpack

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame, format_percents
from ..core.periods import PERIODS, period_days, period_start
from ..core.schema import (
    APPROACHES,
    COUNTS,
    COUNTS_AND_BLANKS,
    ENDED,
    FEWEST,
    FEWEST_PERIODS,
    NOT_APPLICABLE,
    NOT_RECORDED,
)
from ..core.text import count_of, format_date, k_of_n, listed, lower_first, percent, percents
from ..profile import Definition, Profile
from ..register import (
    EXEMPT,
    Overrides,
    Register,
    as_register,
    check_choice,
    group_columns,
    is_active,
    is_exempt,
)  # fmt: skip

DAYS_KNOWN = Fraction(4, 5)  # of the involved, from which days of first involvement are used
EARLY_MONTHS = 24  # in which a fall of today's involvement may only mean less time
SUMMED = (*COUNTS_AND_BLANKS, "numerator_highest", NOT_APPLICABLE)


def meaningful(register: Register | pd.DataFrame, **overrides: Unpack[Overrides]) -> pd.Series:
    """Return for each project whether its involvement is meaningful: yes, no, or not known.

    Three-valued: a project is only a yes or a no if what is recorded settles it. A yes in a flag or
    an area of work settles "any involvement" without a level; a level settles its approach; an
    approach of none, or one that does not apply, settles every definition.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    Series of boolean
        True, False, or missing where it is not known.

    Examples
    --------
    >>> register = pd.DataFrame({"approach": ["doing_with", "none", "not_recorded"],
    ...                          "service_user_involved": ["yes", "no", "yes"],
    ...                          "carer_involved": ["no", "no", "not_recorded"]})
    >>> meaningful(register, definition="any", profile="cnwl").tolist()
    [True, False, True]
    >>> meaningful(register, definition="doing_with", profile="cnwl").tolist()
    [True, False, <NA>]
    """
    register = as_register(register, **overrides)
    projects, wanted = register.projects, register.definition
    areas = _area_names(projects, register.profile)
    result = pd.Series(True, projects.index, dtype="boolean")
    if wanted.approach:
        result &= _reaches(projects, wanted.approach, areas)
    if wanted.areas:
        result &= _areas_reach(projects, wanted, areas)
    return result


def columns_lacking(register: Register, definition: Definition | None = None) -> list[str]:
    """Return the columns that a register lacks without which no project can meet a definition.

    A rate by it would be 0% whatever people do. Without another, the register's own is meant.

    >>> asked = {"service_user_involved", "area_choosing_problem"}
    >>> register = Register(pd.DataFrame(), profile="cnwl", asked=asked)
    >>> columns_lacking(register), columns_lacking(register.override(definition="any"))
    (['involvement_level'], [])
    """
    wanted, asked = definition or register.definition, register.asked
    areas = sum(f"area_{name}" in asked for name in register.profile.areas)
    level = _needs_level(wanted) and asked.isdisjoint(("involvement_level", "approach"))
    return [*["involvement_level"] * level, *["areas"] * (wanted.areas > areas)]


def columns_blank(register: Register) -> list[str]:
    """Return the columns without which no project can meet the definition, if they say nothing.

    That is, of none, while five projects or more may involve people.

    >>> columns = ["approach", "involvement_level", "area_choosing_problem"]
    >>> frame = pd.DataFrame(NOT_RECORDED, index=range(5), columns=columns)
    >>> register = Register(frame, profile="cnwl")
    >>> columns_blank(register), columns_blank(register.override(definition="several_areas"))
    (['involvement_level'], ['areas'])
    >>> columns_blank(register.override(definition="any"))
    []
    """
    projects, wanted = register.projects, register.definition
    areas = [name for name in projects if str(name).startswith("area_")]
    level = _needs_level(wanted) and "involvement_level" in projects
    may_involve = (projects["approach"] != APPROACHES[0]).sum() if "approach" in projects else 0
    blank = {
        "involvement_level": level and _is_blank(projects[["involvement_level"]]),
        "areas": wanted.areas > 0 and bool(areas) and _is_blank(projects[areas]),
    }
    return [name for name, is_blank in blank.items() if is_blank and may_involve >= FEWEST]


def _needs_level(definition: Definition) -> bool:
    """Whether a definition asks for more than that people are involved in any way."""
    return definition.approach not in (None, *APPROACHES[:2])


def _is_blank(columns: pd.DataFrame) -> bool:
    return bool((columns.isna() | (columns == NOT_RECORDED)).all(axis=None))


def describe_set_aside(register: Register) -> str:
    """Describe how many of the rows set aside say yes, as far as they can be read.

    Each is missing from every number.

    Parameters
    ----------
    register : Register
        A whole register, with what became of each of its rows; of any other, and where no row was
        set aside, nothing is said.

    Examples
    --------
    >>> import qi_analysis as qi
    >>> raw = pd.DataFrame({"ID": ["7", "8"], "Title": ["Falls", "Waits"], "Group": "Jameson",
    ...                     "Start": ["31/06/2020", "01/07/2020"], "Involvement level": "Big I"})
    >>> cleaned = qi.clean_register(raw, "cnwl")
    >>> describe_set_aside(qi.Register(cleaned.register, profile="cnwl", cleaning=cleaned))
    'Of 1 row set aside, 1 says yes (doing with), counted nowhere.'
    """
    rows = register.cleaning.set_aside if register.cleaning and not register.directorate else None
    if rows is None or rows.empty:
        return ""
    n = int(meaningful(register.override(projects=rows)).fillna(False).sum())
    says = count_of(n, "says", "say") if n else "none is known to say"
    label, nowhere = lower_first(register.definition.label), ", counted nowhere" * bool(n)
    return f"Of {count_of(len(rows), 'row')} set aside, {says} yes ({label}){nowhere}."


def involves_anybody(
    register: Register | pd.DataFrame, **overrides: Unpack[Overrides]
) -> pd.Series:
    """Return for each project whether people are involved in any way: yes, no, or not known.

    >>> register = pd.DataFrame({"approach": ["doing_to", "none", "not_recorded"],
    ...                          "service_user_involved": "not_recorded",
    ...                          "carer_involved": "not_recorded"})
    >>> involves_anybody(register, profile="cnwl").tolist()
    [True, False, <NA>]
    """
    register = as_register(register, **overrides)
    areas = _area_names(register.projects, register.profile)
    return _reaches(register.projects, APPROACHES[1], areas)


def involved_within(
    register: Register | pd.DataFrame, months: int, **overrides: Unpack[Overrides]
) -> pd.Series:
    """Return for each project whether people were first involved so soon after its start.

    The day is the one recorded. Where none is, the kept registers of earlier days
    (``register.earlier``) settle it if one shows nobody involved and a later one somebody, and both
    days lie on one side of the time that is given. Involvement that the oldest already shows may
    have begun at any time.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    months : int
        How long after the start; the last day counts.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    Series of boolean
        True, False, or missing where the day, or the start, is not known; whoever has involved
        nobody is missing too.

    Examples
    --------
    >>> register = pd.DataFrame({"start_date": pd.to_datetime(["2020-01-01"] * 3),
    ...     "first_involved_date": pd.to_datetime(["2020-07-01", "2020-07-02", None])})
    >>> involved_within(register, 6, profile="cnwl").tolist()
    [True, False, <NA>]
    """
    register = as_register(register, **overrides)
    projects = register.projects
    check_frame(projects, "start_date", step="clean_register")
    due = projects["start_date"] + pd.DateOffset(months=months)
    first = projects.get("first_involved_date", pd.Series(pd.NaT, projects.index))
    recorded = (first <= due).astype("boolean").mask(first.isna() | due.isna())
    return recorded.fillna(_seen_within(register, due)) if register.earlier else recorded


def _seen_within(register: Register, due: pd.Series) -> pd.Series:
    """Return what the kept registers show of involvement by a day, missing where they do not."""
    without = pd.Series(pd.NaT, due.index, dtype="datetime64[us]")
    seen = without.copy()
    ids = register.projects["project_id"]
    days = [kept for kept in register.earlier if kept.as_of < register.as_of]
    for kept in (*sorted(days, key=lambda kept: kept.as_of), register):
        involved = involves_anybody(kept).set_axis(kept.projects["project_id"]).reindex(ids)
        involved = involved.set_axis(due.index)
        unseen = seen.isna()
        without = without.mask(unseen & (~involved).fillna(False), kept.as_of)
        seen = seen.mask(unseen & involved.fillna(False), kept.as_of)
    both = without.notna() & seen.notna()
    by_then, later = both & (seen <= due), both & (without >= due)
    return by_then.astype("boolean").mask(~by_then & ~later)


def _area_names(register: pd.DataFrame, profile: Profile) -> list[str]:
    return [c for c in (f"area_{name}" for name in profile.areas) if c in register]


def _reaches(register: pd.DataFrame, least: str, areas: list[str]) -> pd.Series:
    check_frame(register, "approach", step="clean_register")
    rank = register["approach"].map({n: i for i, n in enumerate(APPROACHES)} | {NOT_APPLICABLE: -1})
    known = (rank >= APPROACHES.index(least)).astype("boolean").mask(rank.isna())
    if least != APPROACHES[1]:
        return known
    flags = ["service_user_involved", "carer_involved", *areas]
    check_frame(register, *flags, step="clean_register")
    return known.mask(rank.isna() & (register[flags] == "yes").any(axis=1), True)


def _areas_reach(register: pd.DataFrame, wanted: Definition, areas: list[str]) -> pd.Series:
    check_frame(register, "approach", step="clean_register")
    yes = (register[areas] == "yes").sum(axis=1)
    open_ = (register[areas] == "not_recorded").sum(axis=1) if areas else wanted.areas
    result = (yes >= wanted.areas).astype("boolean")
    result = result.mask((yes < wanted.areas) & (yes + open_ >= wanted.areas))
    return result.mask(register["approach"].isin(["none", NOT_APPLICABLE]), False)


def count_involvement(
    register: Register | pd.DataFrame,
    *,
    by: str | list[str] | None = None,
    period: str | None = None,
    exempt: str = "in",
    within: int | None = None,
    **overrides: Unpack[Overrides],
) -> pd.DataFrame:
    """Count projects, and those that involve people meaningfully.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    by : str or list of str, optional
        Columns to group by, such as ``"directorate"``.
    period : {"month", "quarter", "year"}, optional
        Financial quarters and years. Without it, one count over all time.
    exempt : {"in", "out"}
        Whether projects with an agreed exemption are counted, and those to which involvement does
        not apply (:func:`.is_exempt`).
    within : int, optional
        With basis ``"started"``: count only those that first involved people, in any way, within
        so many months of their start, so that each project is given the same time.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.
        Basis ``"started"`` counts each project once, in the period in which it starts; proposed
        ones have not (without a period, every project, dated or not). ``"active"`` counts the
        projects live on the last day of each period, or on the register's day: started on or before
        it, and not ended by it; paused ones count, proposed ones do not, and finished ones without
        an end date are left out. Open projects without a start date are live on the register's day,
        and on no day before it. Projects that started after the register's day are left out of
        ``"started"``'s periods, and involvement that began after the day is not yet involvement;
        where no day of first involvement is recorded, today's involvement stands for the past.

    Returns
    -------
    DataFrame
        A row a group and period:

        ``definition``
            The definition's name.
        the columns of ``by``
            The group; projects with a blank there stand under "Not recorded".
        ``period``
            Only with ``period``: its first day. No gaps inside a group's span: a period without a
            project has a denominator of 0.
        ``numerator``, ``denominator``
            Projects that meet the definition; projects.
        ``not_recorded``
            Projects in the denominator of which it is not known whether they meet it.
        ``numerator_highest``
            Only with ``within``: the numerator and those that meet the definition, but of which it
            is not known when people were first involved (:func:`involved_within`).
        ``not_applicable``
            Only where the profile has words for it: projects in the denominator to which
            involvement does not apply. They are neither blanks nor in the numerator.
        ``settled``
            Only with basis ``"started"`` and ``period``: the period's last day lies at least the
            profile's ``settle_months`` before the register's day, so that its projects have had
            time to involve people. Missing where that day is not known.
        ``early``
            Beside ``settled``: the period reaches into the last 24 months and is counted by today's
            involvement, so that a lower rate may only mean that less time has passed.

    Raises
    ------
    ValueError
        If an option is none of those named, or ``within`` is given for live projects.

    Examples
    --------
    >>> frame = pd.DataFrame({"approach": ["doing_with", "none", "not_recorded"],
    ...                       "start_date": pd.to_datetime(["2020-04-01", "2020-05-01", None]),
    ...                       "status": "active",
    ...                       "exemption_agreed": ["no", "yes", "no"]})
    >>> register = Register(frame, profile="cnwl", basis="started")
    >>> count_involvement(register)
       definition  numerator  denominator  not_recorded
    0  doing_with          1            3             1
    >>> count_involvement(register, period="quarter", exempt="out", as_of="2021-05-04").iloc[0]
    definition               doing_with
    period          2020-04-01 00:00:00
    numerator                         1
    denominator                       1
    not_recorded                      0
    settled                        True
    early                          True
    Name: 0, dtype: object
    """
    register = as_register(register, **overrides)
    check_choice("exempt", exempt, EXEMPT)
    check_choice("period", period, (*PERIODS, None))
    _check_within(within, register.basis)
    groups = [by] if isinstance(by, str) else list(by or ())
    rows = group_columns(register.projects, groups).assign(**_count_each(register, within))
    if exempt == "out":
        kept = ~is_exempt(register.projects)
        register, rows = register.override(projects=register.projects[kept]), rows[kept]
    counts = _sum_groups(_place_in_periods(register, rows, period), groups, period)
    counts.insert(0, "definition", register.definition.name)
    if period and register.basis == "started":
        return _mark_settled(counts, register, period, dated=within is not None)
    return counts


def _check_within(within: int | None, basis: str) -> None:
    if within is None:
        return
    if not isinstance(within, int) or within < 1:
        raise OptionError(f"`within` must be a whole number of months from 1 on; not {within!r}.")
    if basis != "started":
        raise OptionError(
            "`within` counts from each project's start: give it with basis='started'."
        )


def _count_each(register: Register, within: int | None) -> dict[str, pd.Series | int]:
    """Return what each project adds to the counts."""
    met = meaningful(register)
    each = {"numerator": met.fillna(False), "denominator": 1, "not_recorded": met.isna()}
    if register.profile.has_not_applicable:
        each[NOT_APPLICABLE] = register.projects["approach"] == NOT_APPLICABLE
    if within is not None:
        soon = involved_within(register, within)
        each["numerator"] = (met & soon).fillna(False)
        each["numerator_highest"] = (met & soon.fillna(True)).fillna(False)
    return {
        name: value if name == "denominator" else value.astype(int) for name, value in each.items()
    }


def _mark_settled(
    counts: pd.DataFrame, register: Register, period: str, dated: bool
) -> pd.DataFrame:
    """Add which periods are settled, and which are too early to call a fall in."""
    if register.day is None:
        return counts.assign(settled=pd.Series(pd.NA, counts.index, "boolean"), early=not dated)
    last = counts["period"] + pd.DateOffset(months=PERIODS[period], days=-1)
    settled, grown = (
        register.day - pd.DateOffset(months=months)
        for months in (register.profile.settle_months, EARLY_MONTHS)
    )
    return counts.assign(
        settled=(last <= settled).astype("boolean"), early=(last > grown) & (not dated)
    )


def count_started(
    register: Register | pd.DataFrame,
    *,
    by: str | list[str] | None = None,
    period: str = "quarter",
    whole: Register | None = None,
    **overrides: Unpack[Overrides],
) -> pd.DataFrame:
    """Count projects by the period in which they started, as change is tested on them.

    Each project counts once. Where a day of first involvement is known for at least 80% of the
    projects that meet the definition, those are counted that involved people within the profile's
    ``settle_months`` of their start; else those that meet the definition today. A test leaves out
    the periods that are not ``settled``, and a chart draws them apart.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=`` and ``as_of=``.
    by : str or list of str, optional
        Columns to group by, such as ``"directorate"``.
    period : {"month", "quarter", "year"}
        Financial quarters and years.
    whole : Register, optional
        The register that this is a part of: its days decide, so that all parts are counted in one
        way.
    **overrides
        ``profile``, ``as_of`` or ``definition``, where not the register's own.

    Returns
    -------
    DataFrame
        The columns of :func:`count_involvement`, a row a group and period, to the register's day
        without gaps; and ``within``, the months, or missing where today's involvement is counted.

    Examples
    --------
    >>> frame = pd.DataFrame({"approach": ["doing_with", "none", "doing_with"], "status": "active",
    ...     "start_date": pd.to_datetime(["2019-04-01", "2019-05-01", "2020-02-03"]),
    ...     "first_involved_date": pd.to_datetime(["2019-05-01", None, "2021-02-01"])})
    >>> counts = count_started(frame, period="year", profile="cnwl", as_of="2021-05-04")
    >>> counts[["period", "numerator", "numerator_highest", "denominator", "settled", "within"]]
          period  numerator  numerator_highest  denominator  settled  within
    0 2019-04-01          1                  1            3     True       6
    1 2020-04-01          0                  0            0    False       6
    2 2021-04-01          0                  0            0    False       6
    """
    register = as_register(register, **overrides).override(basis="started")
    within = register.profile.settle_months if _days_are_known(whole or register) else None
    counts = count_involvement(register, by=by, period=period, within=within)
    groups = [by] if isinstance(by, str) else list(by or ())
    now = period_start(pd.Series([register.as_of]), period, register.profile.first_month)[0]
    filled = _fill_gaps(counts, groups, PERIODS[period], now)
    filled["definition"] = register.definition.name
    marked = _mark_settled(filled[[*counts]], register, period, dated=within is not None)
    return marked.assign(within=pd.Series(within, marked.index, "Int64"))


def _days_are_known(register: Register) -> bool:
    """Whether a day of first involvement is known for most projects that meet the definition."""
    met = (meaningful(register) & _has_started(register)).fillna(False)
    known = involved_within(register, register.profile.settle_months)[met].notna()
    return bool(met.any()) and bool(known.sum() >= DAYS_KNOWN * met.sum())


def describe_started(counts: pd.DataFrame) -> str:
    """Describe what a chart of :func:`count_started` counts, and which of its periods are tested.

    Empty where fewer than 4 periods have projects: there is no chart of these.

    >>> describe_started(pd.DataFrame({"within": pd.Series([6] * 4, dtype="Int64"),
    ...     "period": pd.date_range("2019-10-01", periods=4, freq="QS"), "denominator": 9,
    ...     "settled": [True, True, True, False]}))
    'Each dot is the share of projects that involve people meaningfully, and first did so within 6
    months of their start. Hollow dots, from 1 July 2020 on, have had less time, and are left out
    when change is tested.'
    """
    counts = check_frame(counts, "period denominator settled within", step="count_started")
    if (counts["denominator"] > 0).sum() < FEWEST_PERIODS:
        return ""
    months = counts["within"].dropna()
    when = " today"
    if len(months):
        when = f", and first did so within {int(months.iloc[0])} months of their start"
    dots = f"Each dot is the share of projects that involve people meaningfully{when}."
    unsettled = counts.loc[~counts["settled"].fillna(False).astype(bool), "period"]
    if unsettled.empty:
        return dots
    return (
        f"{dots} Hollow dots, from {format_date(unsettled.min())} on, have had less time, and are "
        "left out when change is tested."
    )


def count_recent(
    register: Register | pd.DataFrame,
    *,
    by: str | list[str] | None = None,
    **overrides: Unpack[Overrides],
) -> pd.DataFrame:
    """Count the newest projects that have had time to involve people, by today's involvement.

    They started in the 12 months that end the profile's ``settle_months`` before the register's
    day: with 6, after the day 18 months before it, up to and with the day 6 months before it.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=`` and ``as_of=``.
    by : str or list of str, optional
        Columns to group by; a group without such projects has no row.
    **overrides
        ``profile``, ``as_of`` or ``definition``, where not the register's own.

    Returns
    -------
    DataFrame
        ``definition``, the columns of ``by``, ``numerator, denominator, not_recorded``.

    Examples
    --------
    >>> frame = pd.DataFrame({"approach": "doing_with", "status": "active",
    ...     "start_date": pd.to_datetime(["2019-11-04", "2019-11-05", "2020-11-04", "2020-11-05"])})
    >>> count_recent(frame, profile="cnwl", as_of="2021-05-04")
       definition  numerator  denominator  not_recorded
    0  doing_with          2            2             0
    """
    register = as_register(register, **overrides).override(basis="started")
    started, months = _has_started(register), register.profile.settle_months
    start = register.projects["start_date"]
    first, last = (register.as_of - pd.DateOffset(months=m) for m in (months + 12, months))
    chosen = started & (start > first) & (start <= last)
    return count_involvement(register.override(projects=register.projects[chosen]), by=by)


def _has_started(register: Register) -> pd.Series:
    """Return which projects have started by the register's day, on a day that is recorded."""
    check_frame(register.projects, "status start_date", step="clean_register")
    start = register.projects["start_date"]
    dated = start.notna() & (register.projects["status"] != "proposed")
    return dated if register.day is None else dated & (start <= register.day)


def compare_definitions(
    register: Register | pd.DataFrame, *, exempt: str = "in", **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count under every definition of the profile, the headline one first.

    One of which nothing is asked, so that no project could meet it, is left out.

    Returns
    -------
    DataFrame
        A row a definition: ``definition, label, numerator, denominator, not_recorded``.
    """
    register = as_register(register, **overrides)
    profile = register.profile
    names = [
        name
        for name in sorted(profile.definitions, key=lambda name: name != profile.headline)
        if name == register.definition.name
        or not columns_lacking(register, profile.definitions[name])
    ]
    counts = [count_involvement(register, definition=name, exempt=exempt) for name in names]
    table = pd.concat(counts, ignore_index=True)
    table.insert(1, "label", [profile.definitions[name].label for name in names])
    return table


def bound_rates(counts: pd.DataFrame) -> pd.DataFrame:
    """Bound the rate by what the blanks could be: all noes, or all yeses.

    Parameters
    ----------
    counts : DataFrame
        ``numerator, denominator, not_recorded``.

    Returns
    -------
    DataFrame
        The same rows and columns, and

        ``share_recorded``
            Share (0-1) of projects of which it is known.
        ``rate_recorded``
            The rate among those.
        ``lowest``, ``highest``
            The rate if every blank is a no, and if every blank is a yes.

    Examples
    --------
    >>> counts = pd.DataFrame({"numerator": [4], "denominator": [10], "not_recorded": [2]})
    >>> bound_rates(counts).iloc[0, 3:].tolist()
    [0.8, 0.5, 0.4, 0.6]
    """
    counts = check_frame(counts, *COUNTS_AND_BLANKS)
    k, n, blank = (counts[c].astype(float) for c in ("numerator", "denominator", "not_recorded"))
    return counts.assign(
        share_recorded=(n - blank) / n.where(n > 0),
        rate_recorded=k / (n - blank).where(n > blank),
        lowest=k / n.where(n > 0),
        highest=(k + blank) / n.where(n > 0),
    )


def describe_bounds(counts: pd.DataFrame) -> str:
    """Describe what the blanks could do to one rate, from ``numerator, denominator, not_recorded``.

    >>> describe_bounds(pd.DataFrame({"numerator": [4], "denominator": [10], "not_recorded": [2]}))
    'For 2 of 10 projects it is not recorded whether people were involved meaningfully. If they were
    in none of those 2, the rate is 40%; if in all of them, it is 60%. Among the 8 where it is
    recorded, the rate is 50%.'
    """
    counts = check_frame(counts, *COUNTS_AND_BLANKS, known=True, some=True)
    row = bound_rates(counts).iloc[0]
    blank, n = int(row["not_recorded"]), int(row["denominator"])
    if n == 0:
        return "There are no projects, so there are no blanks to weigh."
    if blank == 0:
        return "Involvement is recorded for every project, so blanks cannot change the rate."
    if blank == n:
        return "Involvement is recorded for no project: the rate could be anything from 0% to 100%."
    these = "they were not" if blank == 1 else f"they were in none of those {blank:,}"
    those = "they were" if blank == 1 else "in all of them"
    known = "the one" if n - blank == 1 else f"the {n - blank:,}"
    lowest, highest, recorded = percents(row["lowest"], row["highest"], row["rate_recorded"])
    return (
        f"For {blank:,} of {n:,} projects it is not recorded whether people were involved "
        f"meaningfully. If {these}, the rate is {lowest}; if {those}, it is "
        f"{highest}. Among {known} where it is recorded, the rate is "
        f"{recorded}."
    )


def format_bounds(counts: pd.DataFrame, by: str = "label") -> pd.DataFrame:
    """Return a table for readers of what the blanks could do to each rate.

    Parameters
    ----------
    counts : DataFrame
        ``numerator, denominator, not_recorded``, such as :func:`compare_definitions` gives.
    by : str
        The column that names the rows.

    Returns
    -------
    DataFrame
        Indexed by the rows' names: ``Recorded``, for how many projects;
        ``Rate among recorded``; ``If blanks are noes`` and ``If blanks are yeses``.

    Examples
    --------
    >>> format_bounds(pd.DataFrame({"label": ["Doing with"], "numerator": [4], "denominator": [10],
    ...                             "not_recorded": [2]})).T
                        Doing with
    Recorded              8 of 10 (80%)
    Rate among recorded    4 of 8 (50%)
    If blanks are noes     40%
    If blanks are yeses    60%
    """
    counts = check_frame(counts, *COUNTS_AND_BLANKS, by=by, known=True, named=True)
    rows = bound_rates(counts)
    known = rows["denominator"] - rows["not_recorded"]
    shown = format_percents(rows[["rate_recorded", "lowest", "highest"]])
    table = {
        "Recorded": _shares(known, rows["denominator"], rows["share_recorded"].map(percent)),
        "Rate among recorded": _shares(rows["numerator"], known, shown["rate_recorded"]),
        "If blanks are noes": shown["lowest"],
        "If blanks are yeses": shown["highest"],
    }
    return pd.DataFrame(table).set_axis(rows[by].tolist(), axis="index")


def _shares(counts: pd.Series, totals: pd.Series, shares: pd.Series) -> list[str]:
    return [
        f"{k_of_n(k, n)} ({share})" if n else "none"
        for k, n, share in zip(counts, totals, shares, strict=True)
    ]


def describe_definitions(counts: pd.DataFrame) -> str:
    """Describe how much the definition moves the rate, from :func:`compare_definitions`.

    Nothing is said where there is one definition only.

    >>> describe_definitions(pd.DataFrame({"label": ["Doing with", "Any involvement"],
    ...                                    "numerator": [2, 5], "denominator": [10, 10]}))
    'The definition moves the rate from 20% (doing with: 2 of 10) to 50% (any involvement: 5 of
    10).'
    """
    counts = check_frame(counts, "label", *COUNTS, known=True, step="compare_definitions")
    if len(counts) == 1:
        return ""
    counts = counts[counts["denominator"] > 0]
    if counts.empty:
        return "There are no projects, so the definitions cannot be compared."
    if "not_recorded" in counts:
        unknown = counts["not_recorded"] * 2 > counts["denominator"]
        if unknown.any():
            return _describe_uncounted(counts, unknown)
    rates = counts["numerator"] / counts["denominator"]
    if rates.min() == rates.max():
        return f"The rate is {percent(rates.min())} whichever definition is used."
    low, high = (counts.iloc[int(at)] for at in (rates.argmin(), rates.argmax()))
    shown = percents(rates.min(), rates.max())
    ends = " to ".join(
        f"{rate} ({lower_first(row['label'])}: {k_of_n(row['numerator'], row['denominator'])})"
        for rate, row in zip(shown, (low, high), strict=True)
    )
    return f"The definition moves the rate from {ends}."


def _describe_uncounted(counts: pd.DataFrame, unknown: pd.Series) -> str:
    """Leave out the definitions by which most projects cannot be counted, and say so."""
    names = listed([f"“{lower_first(label)}”" for label in counts.loc[unknown, "label"]])
    rest = counts[~unknown]
    text = "" if len(rest) < 2 else f"{describe_definitions(rest)} "
    return f"{text}Too little is recorded to count {names}."


def describe_exemptions(counts: pd.DataFrame, without: pd.DataFrame) -> str:
    """Describe what leaving out projects with an agreed exemption does to the rate.

    Parameters
    ----------
    counts, without : DataFrame
        One row each of :func:`count_involvement` with ``exempt="in"`` and ``exempt="out"``. Those
        to which involvement does not apply are named where ``counts`` has some.

    Returns
    -------
    str
        Empty where none is left out, as of a register that does not ask about exemptions.

    Examples
    --------
    >>> describe_exemptions(pd.DataFrame({"numerator": [4], "denominator": [10]}),
    ...                     pd.DataFrame({"numerator": [4], "denominator": [8]}))
    '2 of 10 projects have an agreed exemption. With them the rate is 40% (4 of 10); without them,
    it would be 50% (4 of 8).'
    """
    counts, without = (
        check_frame(frame, *COUNTS, known=True, some=True) for frame in (counts, without)
    )
    (k, n), (j, m) = (
        (int(frame["numerator"].iloc[0]), int(frame["denominator"].iloc[0]))
        for frame in (counts, without)
    )
    if n == m:
        return ""
    out, one = n - m, n - m == 1
    have = f"{'has' if one else 'have'} an agreed exemption"
    if NOT_APPLICABLE in counts and counts[NOT_APPLICABLE].iloc[0]:
        have += f", or {'says' if one else 'say'} that involvement does not apply"
    if m == 0:
        return f"{'The one project' if one else f'All {n:,} projects'} {have}."
    them = "it" if one else "them"
    with_, without_them = percents(k / n, j / m)
    return (
        f"{out:,} of {n:,} projects {have}. With {them} the rate is {with_} ({k:,} of "
        f"{n:,}); without {them}, it would be {without_them} ({j:,} of {m:,})."
    )


def describe_undated(register: Register | pd.DataFrame, **overrides: Unpack[Overrides]) -> str:
    """Describe how many projects lack the days that live projects are counted by; empty if none.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    **overrides
        ``profile`` or ``as_of``, where not the register's own.

    Examples
    --------
    >>> frame = pd.DataFrame({"status": ["active", "active", "completed"], "end_date": pd.NaT,
    ...                       "start_date": pd.to_datetime(["2020-04-01", None, "2020-04-01"])})
    >>> print(describe_undated(Register(frame, profile="cnwl", as_of="2021-05-04")))
    1 of 2 live projects has no start date: it counts as live on 4 May 2021, and is on no chart by
    period. 1 project has ended on a day that is not recorded, and is left out of the live ones.
    """
    register = as_register(register, **overrides)
    projects, day = register.projects, format_date(register.as_of)
    open_ = is_active(projects, register.as_of, undated=True) & projects["start_date"].isna()
    n, live = int(open_.sum()), int(register.live.sum())
    ended = projects["status"].isin(ENDED) & projects["end_date"].isna()
    unended = int(ended.sum()) if "end_date" in register.asked else 0
    one, sentences = n == 1, []
    if n and register.is_retrospective:
        sentences.append(
            f"{count_of(n, 'open project')} {'has' if one else 'have'} no start date: whether "
            f"{'it' if one else 'they'} had begun by {day} is not known, and "
            f"{'it is' if one else 'they are'} left out."
        )
    elif n:
        sentences.append(
            f"{_part_of(n, live)} {'has' if one else 'have'} no start date: "
            f"{'it counts' if one else 'they count'} as live on {day}, and "
            f"{'is' if one else 'are'} on no chart by period."
        )
    if unended:
        one = unended == 1
        sentences.append(
            f"{count_of(unended, 'project')} {'has' if one else 'have'} ended on a day that is not "
            f"recorded, and {'is' if one else 'are'} left out of the live ones."
        )
    return " ".join(sentences)


def _part_of(n: int, live: int) -> str:
    if n < live:
        return f"{n:,} of {live:,} live projects"
    return "The one live project" if n == 1 else f"All {n:,} live projects"


def _place_in_periods(register: Register, rows: pd.DataFrame, period: str | None) -> pd.DataFrame:
    """Return the rows to be summed, each in its period; a live project once for every period."""
    if register.basis == "active":
        return _live_rows(register, rows, period)
    if period is None:
        return rows
    dated = _has_started(register)
    starts = register.projects.loc[dated, "start_date"]
    return rows[dated].assign(period=period_start(starts, period, register.profile.first_month))


def _live_rows(register: Register, rows: pd.DataFrame, period: str | None) -> pd.DataFrame:
    """Return the rows of the projects live on the register's day, or at the end of each period."""
    as_of = register.as_of
    if period is None:
        return rows[register.live]
    check_frame(register.projects, "start_date", step="clean_register")
    first_month = register.profile.first_month
    first_day = register.projects["start_date"].fillna(as_of).min()
    days = period_days(min(first_day, as_of), as_of, period, first_month)
    parts = [
        _live_on(register, rows, min(last, as_of)).assign(period=first) for first, last in days
    ]
    nothing = rows.iloc[:0].assign(period=pd.Series(dtype="datetime64[us]"))
    return pd.concat(parts) if parts else nothing


def _live_on(register: Register, rows: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows live on a day, those first involved after it with nobody involved yet."""
    projects = register.projects
    if day == register.as_of:
        return rows[register.live]
    if "first_involved_date" in projects:
        later = projects["first_involved_date"] > day
        yet = {name: rows[name].mask(later, 0) for name in ("numerator", "not_recorded")}
        rows = rows.assign(**yet)
    return rows[is_active(projects, day)]


def _sum_groups(rows: pd.DataFrame, groups: list[str], period: str | None) -> pd.DataFrame:
    counts = [name for name in SUMMED if name in rows]
    keys = [*groups, *(["period"] if period else [])]
    if not keys:
        return rows[counts].sum().to_frame().T
    sums = rows.groupby(keys, dropna=False)[counts].sum().reset_index()
    return _fill_gaps(sums, groups, PERIODS[period])[[*keys, *counts]] if period else sums


def _fill_gaps(
    sums: pd.DataFrame, groups: list[str], months: int, until: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Add rows of 0 for periods without a project, inside each group's span or to a later one."""
    if sums.empty:
        return sums
    spans = (
        sums.groupby(groups, dropna=False)["period"].agg(["min", "max"]).reset_index()
        if groups
        else sums["period"].agg(["min", "max"]).to_frame().T
    )
    last = spans["max"].max() if until is None else until
    first, last = pd.Series([spans["min"].min(), last]).to_numpy("datetime64[M]")
    days = np.arange(first, last + 1, months).astype("datetime64[us]")
    spine = spans.merge(pd.DataFrame({"period": days}), how="cross")
    inside = spine["period"] >= spine["min"]
    if until is None:
        inside &= spine["period"] <= spine["max"]
    spine = spine.loc[inside, [*groups, "period"]]
    filled = spine.merge(sums, how="left", on=[*groups, "period"])
    numbers = {name: "int64" for name in SUMMED if name in sums}
    return filled.fillna(dict.fromkeys(numbers, 0)).astype(numbers)
