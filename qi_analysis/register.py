"""A clean register: which projects it holds, of which day, and what can be asked of it."""

from __future__ import annotations

from datetime import date

import pandas as pd

from .core.errors import OptionError, RegisterError
from .core.periods import PERIODS
from .core.schema import NO_DIRECTORATE, NOT_RECORDED, UNRECOGNISED
from .core.text import count_of, format_date, nearest, percent


def as_of_date(register: pd.DataFrame, given: str = "") -> pd.Timestamp:
    """Return the day that a register describes, from the register itself and never from the clock.

    The export's snapshot date if it has one; else its latest start or update date, proposed
    projects' planned starts left out; else its latest end date, planned ends left out. A day that
    is ``given`` as text, such as ``"2021-05-04"``, goes before all of these.

    >>> from qi_analysis.cleaning.pipeline import clean_register
    >>> cleaned = clean_register(pd.DataFrame({"ID": ["1"], "Title": ["Fewer falls"], "Group": [""],
    ...     "Start": ["Apr-20"], "Last updated": ["04/05/2021"], "Carers involved": ["Y"]}))
    >>> as_of_date(cleaned.register)
    Timestamp('2021-05-04 00:00:00')
    """
    if given:
        try:
            return pd.Timestamp(date.fromisoformat(given))
        except ValueError:
            raise OptionError(
                f"`as_of` must be a date such as '2021-05-04'; not '{given}'."
            ) from None
    return _own_day(register)[0]


def _own_day(register: pd.DataFrame) -> tuple[pd.Timestamp, str]:
    """Return the day that a register describes, and what it is; empty if the export's own."""
    proposed = register["status"] == "proposed"
    planned = register["status"].isin(["proposed", "active", "paused"])
    starts = register["start_date"].mask(proposed)
    for dates, what in (
        ([register["snapshot_date"]], ""),
        ([starts, register["updated_date"]], "its latest start or update"),
        ([register["end_date"].mask(planned)], "its latest end"),
    ):
        latest = pd.concat(dates).max()
        if pd.notna(latest):
            return latest.normalize(), what
    raise RegisterError(
        "The register has no date to tell which day it describes. Give one: --as-of 2021-05-04."
    )


def note_day(register: pd.DataFrame, given: str = "") -> list[str]:
    """Say how the day was found that a register describes, where neither it nor anybody says so."""
    day, what = (None, "") if given else _own_day(register)
    if not what:
        return []
    return [
        "No column, row above the headings or file name says when the register was exported. It is "
        f"taken to describe {format_date(day)}, {what}. If that is not the day, give it: "
        "`qi-analysis report --as-of DATE`."
    ]


def warn_of_day(register: pd.DataFrame, day: pd.Timestamp, given: str = "") -> list[str]:
    """Warn of projects that have finished, yet end after the day that the register describes."""
    n = int((_is_finished(register) & (register["end_date"] > day)).sum())
    if not n:
        return []
    describes, or_give = "describes", ""
    if note_day(register, given):
        describes = "is taken to describe"
        or_give = ", or give the day of the export (--as-of DATE)"
    return [
        f"{count_of(n, 'finished project')} {'ends' if n == 1 else 'end'} after "
        f"{format_date(day)}, the day that the register {describes}, and "
        f"{'counts' if n == 1 else 'count'} as live on it. Mend the end dates{or_give}."
    ]


def summarise_completeness(register: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Count what each group has recorded.

    Returns
    -------
    DataFrame
        A row a group, the emptiest first: the group, ``projects``, and the share (0-1) of them
        that have ``involvement`` (approach known), ``service_user`` and ``carer`` (flag known),
        ``start_date`` and ``updated_date`` recorded.
    """
    known = pd.DataFrame(
        {
            by: register[by],
            "involvement": register["approach"] != NOT_RECORDED,
            "service_user": register["service_user_involved"] != NOT_RECORDED,
            "carer": register["carer_involved"] != NOT_RECORDED,
            "start_date": register["start_date"].notna(),
            "updated_date": register["updated_date"].notna(),
        }
    )
    groups = known.groupby(by)
    shares = groups.mean().assign(projects=groups.size())
    columns = ["projects", *known.columns[1:]]
    return shares[columns].sort_values(["involvement", by]).reset_index()


def describe_completeness(completeness: pd.DataFrame, by: str = "directorate") -> str:
    """Say how many projects have nothing recorded about involvement, and who records least.

    Parameters
    ----------
    completeness : DataFrame
        From :func:`summarise_completeness`.
    by : str
        The column that names the groups.
    """
    projects = completeness["projects"]
    n, known = int(projects.sum()), round((projects * completeness["involvement"]).sum())
    if not n:
        return "There are no projects."
    sentence = describe_blanks(n - known, n)
    named = completeness[~completeness[by].isin([NO_DIRECTORATE, UNRECOGNISED])]
    worst = named.query("projects >= 5 and involvement < 1").head(1)
    if worst.empty:
        return sentence
    row = worst.iloc[0]
    return (
        f"{sentence} Among directorates with at least 5, {row[by]} records least: "
        f"{percent(row['involvement'])} of its {row['projects']:,} projects have it."
    )


def _is_finished(register: pd.DataFrame) -> pd.Series:
    return register["status"].isin(["completed", "closed_unfinished"])


def describe_blanks(blank: int, n: int) -> str:
    """Say of how many projects it is not recorded how people were involved."""
    if not blank:
        return "Every project has its level of involvement recorded."
    return (
        f"{blank:,} of {count_of(n, 'project')} ({percent(blank / n)}) "
        f"{'does' if blank == 1 else 'do'} not say how, or whether, people were involved."
    )


BASES = ("started", "active")
EXEMPT = ("in", "out")
LIVE = ("active", "paused", "completed", "closed_unfinished", "unknown")
ENDED = ("completed", "closed_unfinished")
STALE_DAYS = 90  # days without an update, from which a record is out of date

AGES = ("under 6 months", "6 to 12 months", "1 to 2 years", "over 2 years", "not started",
        "no start date")  # fmt: skip


def describe_basis(basis: str, as_of: pd.Timestamp) -> str:
    """Say which projects a count without a period counts, to follow the word "projects".

    >>> describe_basis("active", pd.Timestamp("2021-05-04"))
    'live on 4 May 2021'
    """
    return f"live on {format_date(as_of)}" if basis == "active" else "on the register"


def select_directorate(register: pd.DataFrame, directorate: str) -> pd.DataFrame:
    """Return one directorate's projects; a name the register does not have is refused.

    >>> register = pd.DataFrame({"directorate": ["Rehab"]})
    >>> select_directorate(register, "CMHT")
    Traceback (most recent call last):
    qi_analysis.profile.OptionError: The register has no directorate 'CMHT'. It has 'Rehab'.
    """
    found = register[register["directorate"] == directorate]
    if len(found):
        return found
    known = sorted(register["directorate"].unique())
    near, names = nearest(directorate, known), ", ".join(f"'{name}'" for name in known)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise OptionError(f"The register has no directorate '{directorate}'.{hint} It has {names}.")


def select_projects(
    register: pd.DataFrame, *, basis: str = "started", as_of: pd.Timestamp | None = None
) -> pd.DataFrame:
    """Return the projects that a count without a period counts: all, or those live on a day."""
    _check_options(register, None, basis, "in", as_of)
    return register if basis == "started" else register[is_active(register, as_of)]


def is_active(register: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Tell which projects are live on a day: started by then, and not ended by then.

    Examples
    --------
    >>> register = pd.DataFrame({"status": ["active", "completed", "completed", "proposed"],
    ...     "start_date": pd.to_datetime(["2020-01-01"] * 4),
    ...     "end_date": pd.to_datetime([None, "2020-06-30", None, None])})
    >>> is_active(register, pd.Timestamp("2020-06-29")).tolist()
    [True, True, False, False]
    """
    end, live = register["end_date"], register["status"].isin(("active", "paused"))
    ended = ~live & (end <= day)  # a planned end that has passed does not end a live project
    unended = register["status"].isin(ENDED) & end.isna()
    return register["status"].isin(LIVE) & (register["start_date"] <= day) & ~ended & ~unended


def add_age(register: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    """Add each project's age on a day, from its start, in bands.

    Parameters
    ----------
    register : DataFrame
        A clean register.
    as_of : Timestamp
        The day the register describes (see :func:`as_of_date`).

    Returns
    -------
    DataFrame
        The same rows, and ``age``: one of :data:`AGES`, an ordered category. A project exactly six
        months old is in the second band; one that starts after the day has not started.

    Examples
    --------
    >>> starts = ["2020-11-05", "2020-11-04", "2019-05-04", "2021-06-01", None]
    >>> register = pd.DataFrame({"start_date": pd.to_datetime(starts)})
    >>> add_age(register, pd.Timestamp("2021-05-04"))["age"].tolist()
    ['under 6 months', '6 to 12 months', 'over 2 years', 'not started', 'no start date']
    """
    start = register["start_date"]
    bands = [
        start.isna(),
        start > as_of,
        *(start > as_of - pd.DateOffset(months=months) for months in (6, 12, 24)),
        pd.Series(True, register.index),
    ]
    names = [AGES[-1], AGES[-2], *AGES[:4]]
    age = pd.Series(None, register.index, dtype="str")
    for band, name in zip(reversed(bands), reversed(names), strict=True):
        age = age.mask(band, name)
    return register.assign(age=pd.Categorical(age, AGES, ordered=True))


# --- periods --------------------------------------------------------------------------------------


def _check_options(register, period, basis, exempt, as_of) -> None:
    for name, value, known in (
        ("basis", basis, BASES),
        ("exempt", exempt, EXEMPT),
        ("period", period, (*PERIODS, None)),
    ):
        if value not in known:
            words = " or ".join(f"'{word}'" for word in known if word)
            raise OptionError(f"`{name}` must be {words}; not '{value}'.")
    if basis == "active" and as_of is None:
        raise OptionError(
            "`as_of` must be given with basis 'active': the day the register describes."
        )


def group_columns(register: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """Return the columns to group by, blanks in text named, so that no project is lost."""
    unknown = [name for name in groups if name not in register]
    if unknown:
        raise OptionError(f"`by` must name columns of the register; it has no '{unknown[0]}'.")
    columns = register[groups]
    text = columns.select_dtypes(exclude=["number", "datetime"])
    return columns.assign(**text.fillna("Not recorded"))


def format_completeness(completeness: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Return a table for readers of what each group has recorded, its shares as percentages.

    >>> format_completeness(pd.DataFrame({"directorate": ["Rehab"], "projects": [3],
    ...                                   "involvement": [2 / 3], "start_date": [1.0]}))
           Projects Involvement Start date
    Rehab         3         67%       100%
    """
    shares = completeness.drop(columns=[by, "projects"])
    table = pd.DataFrame({"Projects": completeness["projects"]}).assign(
        **{name.replace("_", " ").capitalize(): shares[name].map(percent) for name in shares}
    )
    return table.set_axis(completeness[by].tolist(), axis="index")
