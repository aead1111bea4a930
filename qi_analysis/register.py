"""A clean register: which projects it holds, of which day, and what can be asked of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any, TypedDict, Unpack, cast

import pandas as pd

from .cleaning.parsers import read_day
from .cleaning.result import CleaningResult, summarise_as_html, summarise_as_text
from .core.errors import OptionError, RegisterError
from .core.frames import check_frame
from .core.schema import (
    DAY_FIRST,
    ENDED,
    NO_DIRECTORATE,
    NOT_APPLICABLE,
    NOT_RECORDED,
    UNRECOGNISED,
)
from .core.text import count_of, describe_blanks, format_date, nearest, percent
from .profile import Aim, Definition, Event, Profile, Rebase, load_profile

BASES = ("started", "active")
YEARS = 1900, 2199  # in which a register's day may lie
EXEMPT = ("in", "out")
LIVE = ("active", "paused", "completed", "closed_unfinished", "unknown")
RECORDED = {  # columns of a table of completeness, and those of the register that they are of
    "service_user": "service_user_involved", "carer": "carer_involved", "start_date": "start_date",
    "updated_date": "updated_date",
}  # fmt: skip
STALE_DAYS = 90  # days without an update, from which a record is out of date
UNKNOWN = cast(pd.Timestamp, pd.NaT)  # a day, as far as types can say
NAMES = ("register.projects", "register.cleaning")  # by which its summary calls its parts
NO_DAY = (
    "It is not known which day the register describes. Give one: --as-of 2021-05-04, or "
    "`as_of=` in Python."
)
AGES = ("under 6 months", "6 to 12 months", "1 to 2 years", "over 2 years", "not started",
        "no start date")  # fmt: skip


class Overrides(TypedDict, total=False):
    """What a function that counts takes instead of the register's own, if it is given."""

    profile: Profile | str | Path | None
    as_of: pd.Timestamp | str | None
    definition: str | None
    basis: str | None


@dataclass(frozen=True, init=False, eq=False, repr=False)
class Register:
    """A clean register, and all that counting it needs to know.

    Every function that counts takes it first, so that profile, day, definition and basis are given
    once. :func:`load_register` makes one of an export; to wrap a frame that is clean already, give
    the frame and its profile.

    Parameters
    ----------
    projects : DataFrame
        A row a project, with the columns of :func:`data_dictionary`.
    profile : Profile, str or Path
        The trust's words, or whatever :func:`load_profile` reads them from.
    as_of : Timestamp or str, optional
        The day that the register describes, such as ``"2021-05-04"``; else its own snapshot date,
        or latest start or update, or latest end, and never today.
    definition : str, optional
        The name of one of the profile's definitions of meaningful; its headline one by default.
    basis : {"active", "started"}, optional
        Which projects a rate counts: those live on the day, or all; the profile's by default.
    asked : iterable of str, optional
        The columns that the export has; all of the frame's by default.
    cleaning : CleaningResult, optional
        What became of every row: quarantine, duplicates, warnings.
    earlier : sequence of Register, optional
        The kept registers of earlier days, the earliest first; read when they are asked for.
    directorate : str, optional
        The one directorate whose projects these are; :meth:`select` gives it.
    known_until : Timestamp, optional
        The last day that the register tells of: its latest snapshot date or update by default.
    selection : mapping, optional
        The words by which its projects were chosen, each under its column, as :meth:`select` did.

    Attributes
    ----------
    projects
        As given; of projects that first involved people after the register's day, with nobody
        involved yet.
    recorded
        As given.
    profile, asked, cleaning, earlier, directorate, known_until, selection
        As given.
    definition : Definition
        Its ``name``, ``label`` and ``meaning``.
    basis : str
        ``"active"`` or ``"started"``.

    Raises
    ------
    RegisterError
        By ``as_of``, if the register has no date and none was given.
    ValueError
        If the definition, the basis or the day is none.

    Examples
    --------
    >>> frame = pd.DataFrame({"directorate": ["Rehab", "CMHT"], "status": "active",
    ...                       "start_date": pd.to_datetime(["2020-04-01", "2021-05-04"])})
    >>> register = Register(frame, profile="cnwl")
    >>> register.as_of, register.aim, register.scope
    (Timestamp('2021-05-04 00:00:00'), Fraction(4, 5), 'live on 4 May 2021')
    >>> len(register.select(directorate="Rehab").projects)
    1
    """

    projects: pd.DataFrame
    profile: Profile
    day: pd.Timestamp | None
    definition: Definition
    basis: str
    asked: frozenset[str]
    cleaning: CleaningResult | None
    earlier: Sequence[Register]
    directorate: str
    known_until: pd.Timestamp
    selection: Mapping[str, str]
    recorded: pd.DataFrame

    def __init__(
        self,
        projects: pd.DataFrame,
        *,
        profile: Profile | str | Path | None,
        as_of: pd.Timestamp | str | None = None,
        definition: str | None = None,
        basis: str | None = None,
        asked: Iterable[str] | None = None,
        cleaning: CleaningResult | None = None,
        earlier: Sequence[Register] = (),
        directorate: str = "",
        known_until: pd.Timestamp | None = None,
        selection: Mapping[str, str] | None = None,
    ):
        profile = load_profile(profile)
        day = _find_day(projects, as_of, profile.dates)
        fields: dict[str, Any] = {
            "projects": _as_it_stood(projects, day), "profile": profile, "day": day,
            "definition": profile.definition(definition), "basis": basis or profile.basis,
            "asked": frozenset(projects.columns if asked is None else asked),
            "cleaning": cleaning, "earlier": earlier, "directorate": directorate,
            "known_until": _latest_record(projects) if known_until is None else known_until,
            "recorded": projects, "selection": dict(selection or {}),
        }  # fmt: skip
        check_choice("basis", fields["basis"], BASES)
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def as_of(self) -> pd.Timestamp:
        """The day that the register describes."""
        if self.day is None:
            raise RegisterError(NO_DAY)
        return self.day

    @property
    def aim(self) -> Fraction | None:
        """The share of projects aimed for on the register's day; None before the first aim."""
        return self.profile.aim_on(self.as_of)

    @property
    def aims(self) -> tuple[Aim, ...]:
        """The aims set by the register's day, to draw each from its own start."""
        return self.profile.aims_until(self.as_of)

    @property
    def events(self) -> tuple[Event, ...]:
        """The profile's events, to mark on charts over time."""
        return self.profile.events

    @property
    def rebases(self) -> tuple[Rebase, ...]:
        """The accepted recalculations of its one directorate's process chart, or of the whole's."""
        return self.profile.rebases_for(self.directorate)

    @property
    def scope(self) -> str:
        """Which projects a rate counts, to follow the word "projects"."""
        return f"live on {format_date(self.as_of)}" if self.basis == "active" else "on the register"

    @property
    def is_retrospective(self) -> bool:
        """Whether the register tells of days after its own, so that it was made later."""
        return bool(self.known_until > self.as_of)

    @cached_property
    def live(self) -> pd.Series:
        """Whether each project is live on the register's day, as :func:`is_active` says.

        Open projects without a start date are, unless the register was made later than that day.
        """
        return is_active(self.projects, self.as_of, undated=not self.is_retrospective)

    @property
    def counted(self) -> pd.DataFrame:
        """The projects that a rate counts: all, or those live on the register's day."""
        return self.projects if self.basis == "started" else self.projects[self.live]

    def select(self, **columns: str) -> Register:
        """Return the register of the projects with a word in a column, such as one directorate's.

        Parameters
        ----------
        **columns
            Such as ``directorate="Jameson"``; an empty word leaves all projects in.

        Raises
        ------
        ValueError
            If the register has no such column, or no project with such a word.
        """
        projects = self.recorded
        for column, word in columns.items():
            projects = select_rows(projects, column, word) if word else projects
        chosen = {column: word for column, word in columns.items() if word}
        return self.override(
            projects=projects,
            directorate=columns.get("directorate"),
            selection={**self.selection, **chosen} if chosen else None,
        )

    def override(self, **changes: Any) -> Register:
        """Return this register with other fields: ``as_of``, ``definition``, ``basis`` and so on.

        Those that are None or empty text stay as they are.
        """
        given = {name: new for name, new in changes.items() if not _is_empty(new)}
        if not given:
            return self
        own: dict[str, Any] = {
            "projects": self.recorded, "profile": self.profile, "as_of": _or_unknown(self.day),
            "definition": self.definition.name, "basis": self.basis, "asked": self.asked,
            "cleaning": self.cleaning, "earlier": self.earlier, "directorate": self.directorate,
            "known_until": self.known_until, "selection": self.selection,
        }  # fmt: skip
        return Register(**{**own, **given})

    def __repr__(self) -> str:
        whole = self.cleaning if not self.directorate else None
        details = summarise_as_text(whole, *NAMES) if whole else ""
        return f"{_headline(self)}\n{details}".rstrip()

    def _repr_html_(self) -> str:
        whole = self.cleaning if not self.directorate else None
        details = summarise_as_html(whole, *NAMES) if whole else ""
        return f"<p>{escape(_headline(self))}</p>{details}"


def as_register(register: Register | pd.DataFrame, **overrides: Unpack[Overrides]) -> Register:
    """Return a register with the exceptions that are given; a plain frame needs ``profile=``.

    The day of a plain frame is not taken from it, as it may be a part of a register.

    >>> as_register(pd.DataFrame({"status": []}))
    Traceback (most recent call last):
    qi_analysis.core.errors.OptionError: A plain frame needs `profile=`, so that it is counted by
    its own trust's words. Or wrap it: qi.Register(frame, profile=...).
    """
    if isinstance(register, Register):
        return register.override(**overrides)
    if overrides.get("profile") is None:
        raise OptionError(
            "A plain frame needs `profile=`, so that it is counted by its own trust's words. Or "
            "wrap it: qi.Register(frame, profile=...)."
        )
    day = overrides.get("as_of")
    day = pd.NaT if _is_empty(day) else day
    return Register(register, **{**overrides, "as_of": day}, known_until=UNKNOWN)


def _is_empty(value) -> bool:
    return value is None or (isinstance(value, str) and not value)


def _or_unknown(day: pd.Timestamp | None):
    return pd.NaT if day is None else day


def _find_day(projects: pd.DataFrame, given, order: str) -> pd.Timestamp | None:
    """Return the day given, else the register's own; None if it has none, or NaT is given."""
    if given is pd.NaT:
        return None
    if not _is_empty(given):
        day = _read_day(given, order) if isinstance(given, str) else pd.Timestamp(given)
        return _check_year(day)
    found = _own_day(projects)
    return found[0] if found else None


def _latest_record(projects: pd.DataFrame):
    """Return the latest day on which the register is known to have been made or updated, or NaT."""
    known = [name for name in ("snapshot_date", "updated_date") if name in projects]
    dates = [projects[name].dropna() for name in known]
    return max((pd.to_datetime(days).max() for days in dates if len(days)), default=pd.NaT)


def _as_it_stood(projects: pd.DataFrame, day: pd.Timestamp | None) -> pd.DataFrame:
    """Return projects as they stood on a day: until people are first involved, nobody is."""
    if day is None or "first_involved_date" not in projects:
        return projects
    later = projects["first_involved_date"] > day
    if not later.any():
        return projects
    answers = projects.filter(regex="^(service_user_involved|carer_involved|area_.*)$")
    nobody = answers.mask(later, "no").assign(approach=projects["approach"].mask(later, "none"))
    return projects.assign(**{f"{name}": nobody[name] for name in nobody})


def select_rows(projects: pd.DataFrame, column: str, word: str) -> pd.DataFrame:
    """Return the projects with a word in a column; one that no project has is refused."""
    if column not in projects:
        near = nearest(column, projects.columns)
        hint = f" Did you mean '{near[0]}'?" if near else ""
        raise OptionError(f"`select` takes columns of the register; it has no '{column}'.{hint}")
    if not isinstance(word, str):
        raise OptionError(
            f"`select` takes one word for a column, such as {column}='...'; not {word}."
        )
    found = projects[projects[column] == word]
    if len(found):
        return found
    known = sorted(projects[column].dropna().unique())
    near, names = nearest(word, known), ", ".join(f"'{name}'" for name in known)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise OptionError(f"The register has no {column} '{word}'.{hint} It has {names}.")


def _headline(register: Register) -> str:
    """Describe in a line whose register it is, of which day, and how many projects it has."""
    n = count_of(len(register.projects), "project")
    whose = f"{register.directorate}, in the register" if register.directorate else "Register"
    whose = f"{whose} of {register.profile.trust}"
    if register.day is None or not {"status", "start_date", "end_date"} <= {*register.projects}:
        return f"{whose}, no date known: {n}."
    live = register.override(basis="active").counted
    return f"{whose}: {n}, {len(live):,} of them live on {format_date(register.day)}."


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
        return _read_day(given)
    found = _own_day(register)
    if found is None:
        raise RegisterError(NO_DAY)
    return found[0]


def _read_day(text: str, order: str = DAY_FIRST) -> pd.Timestamp:
    """Read a day that is certain, or 04/05/2021 in a register that does not put the month first."""
    day, _ = read_day(text, order if order == DAY_FIRST else "") or (None, None)
    if day is None or not re.search(r"\d{4}", text):
        raise OptionError(f"`as_of` must be a date such as '2021-05-04'; not '{text}'.")
    return pd.Timestamp(day)


def _check_year(day: pd.Timestamp) -> pd.Timestamp:
    """Refuse a day out of reason, around which no periods can be counted."""
    first, last = YEARS
    if not first <= day.year <= last:
        raise OptionError(
            f"`as_of` must lie in the years {first} to {last}; not on {format_date(day)}."
        )
    return day


def _own_day(register: pd.DataFrame) -> tuple[pd.Timestamp, str] | None:
    """Return the day that a register describes, and what it is; empty if the export's own."""
    none = pd.Series(pd.NaT, register.index)
    names = ("snapshot_date", "start_date", "updated_date", "end_date")
    dates = {name: pd.to_datetime(register.get(name, none)) for name in names}
    status = register["status"] if "status" in register else pd.Series("", register.index)
    planned = status.isin(["proposed", "active", "paused"])
    starts = dates["start_date"].mask(status == "proposed")
    for days, what in (
        ([dates["snapshot_date"]], ""),
        ([starts, dates["updated_date"]], "its latest start or update"),
        ([dates["end_date"].mask(planned)], "its latest end"),
    ):
        latest = pd.concat(days).max()
        if pd.notna(latest):
            return latest.normalize(), what
    return None


def note_day(register: pd.DataFrame, given: str = "") -> list[str]:
    """Describe how the register's day was found, where neither it nor anybody gives it."""
    found = None if given else _own_day(register)
    if found is None or not found[1]:
        return []
    day, what = found
    return [
        "No column, row above the headings or file name says when the register was exported. It is "
        f"taken to describe {format_date(day)}, {what}. If that is not the day, give it: "
        "`qi-analysis report --as-of DATE`."
    ]


def warn_of_day(register: pd.DataFrame, day: pd.Timestamp, given: str = "") -> list[str]:
    """Warn of projects that have finished, yet end after the day that the register describes."""
    n = int((register["status"].isin(ENDED) & (register["end_date"] > day)).sum())
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


def summarise_completeness(
    register: Register | pd.DataFrame, by: str = "directorate", **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count what each group has recorded.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    by : str
        A column of the register, or ``"age"``: the projects' age on its day, in bands.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a group, the emptiest first: the group, ``projects``, and the share (0-1) of them
        that have ``involvement`` (approach known), ``service_user`` and ``carer`` (flag known),
        ``start_date`` and ``updated_date`` recorded; the last four where the register asks for it.
    """
    register = as_register(register, **overrides)
    projects = register.counted
    check_frame(projects, "approach", *RECORDED.values(), step="clean_register")
    check_frame(projects, by=() if by == "age" else by)
    known = pd.DataFrame(
        {
            by: find_age(projects["start_date"], register.as_of) if by == "age" else projects[by],
            "involvement": projects["approach"] != NOT_RECORDED,
            "service_user": projects["service_user_involved"] != NOT_RECORDED,
            "carer": projects["carer_involved"] != NOT_RECORDED,
            "start_date": projects["start_date"].notna(),
            "updated_date": projects["updated_date"].notna(),
        }
    )
    known = known.drop(columns=[c for c, name in RECORDED.items() if name not in register.asked])
    groups = known.groupby(by)
    shares = groups.mean().assign(projects=groups.size())
    columns = ["projects", *known.columns[1:]]
    return shares[columns].sort_values(["involvement", by]).reset_index()


def describe_completeness(completeness: pd.DataFrame, by: str = "directorate") -> str:
    """Describe how many projects have nothing recorded about involvement, and who records least.

    Parameters
    ----------
    completeness : DataFrame
        From :func:`summarise_completeness`.
    by : str
        The column that names the groups.
    """
    completeness = check_frame(
        completeness, "projects involvement", by=by, filled="projects involvement", named=True,
        step="summarise_completeness",
    )  # fmt: skip
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


def describe_not_applicable(register: Register) -> str:
    """Describe to how many projects the question of involvement does not apply; empty if none."""
    n = int((register.counted["approach"] == NOT_APPLICABLE).sum())
    which = "which is" if n == 1 else "which are"
    return (
        f"The question does not apply to {count_of(n, 'project')}, {which} not among these."
        * bool(n)
    )


def is_active(register: pd.DataFrame, day: pd.Timestamp, *, undated: bool = False) -> pd.Series:
    """Return which projects are live on a day: started by then, and not ended by then.

    Parameters
    ----------
    register : DataFrame
        With ``status, start_date, end_date``.
    day : Timestamp
        The day.
    undated : bool
        Whether open projects without a start date count: yes on the day that the register
        describes; of a day before it nobody knows whether they had begun.

    Examples
    --------
    >>> register = pd.DataFrame({"status": ["active", "completed", "completed", "active"],
    ...     "start_date": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-01-01", None]),
    ...     "end_date": pd.to_datetime([None, "2020-06-30", None, None])})
    >>> is_active(register, pd.Timestamp("2020-06-29")).tolist()
    [True, True, False, False]
    >>> is_active(register, pd.Timestamp("2020-06-29"), undated=True).tolist()
    [True, True, False, True]
    """
    check_frame(register, "status start_date end_date", step="clean_register")
    status, start, end = (register[name] for name in ("status", "start_date", "end_date"))
    planned = status.isin(("active", "paused"))  # an end of theirs that has passed was only planned
    ended = status.isin(ENDED)
    over = ~planned & (end <= day) | ended & end.isna()
    begun = start <= day
    if undated:
        begun |= start.isna() & ~ended
    return status.isin(LIVE) & begun & ~over


def is_exempt(projects: pd.DataFrame) -> pd.Series:
    """Return which projects need involve nobody, as was agreed or as the question does not apply.

    >>> is_exempt(pd.DataFrame({"exemption_agreed": ["yes", "no", "not_recorded"],
    ...                         "approach": ["none", "none", "not_applicable"]})).tolist()
    [True, False, True]
    """
    check_frame(projects, "exemption_agreed approach", step="clean_register")
    return (projects["exemption_agreed"] == "yes") | (projects["approach"] == NOT_APPLICABLE)


def find_age(start: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    """Return each project's age on a day, from its start: one of :data:`AGES`, in their order.

    A project exactly six months old is in the second band; one that starts after the day has not
    started.

    >>> starts = pd.Series(["2020-11-05", "2020-11-04", "2019-05-04", "2021-06-01", None])
    >>> find_age(pd.to_datetime(starts), pd.Timestamp("2021-05-04")).tolist()
    ['under 6 months', '6 to 12 months', 'over 2 years', 'not started', 'no start date']
    """
    bands = [
        start.isna(),
        start > as_of,
        *(start > as_of - pd.DateOffset(months=months) for months in (6, 12, 24)),
        pd.Series(True, start.index),
    ]
    names = [AGES[-1], AGES[-2], *AGES[:4]]
    age = pd.Series(None, start.index, dtype="str")
    for band, name in zip(reversed(bands), reversed(names), strict=True):
        age = age.mask(band, name)
    return age.astype(pd.CategoricalDtype(list(AGES), ordered=True))


def check_choice(name: str, value, known: tuple) -> None:
    """Refuse an option that is none of those known, in a sentence that names them."""
    if value not in known:
        words = " or ".join(f"'{word}'" for word in known if word)
        raise OptionError(f"`{name}` must be {words}; not '{value}'.")


def group_columns(register: pd.DataFrame, groups: list[str]) -> pd.DataFrame:
    """Return the columns to group by, blanks in text named, so that no project is lost."""
    unknown = [name for name in groups if name not in register]
    if unknown:
        raise OptionError(f"`by` must name columns of the register; it has no '{unknown[0]}'.")
    columns = register[groups]
    text = columns.select_dtypes(exclude=["number", "datetime"]).columns
    return columns.fillna(dict.fromkeys(text, "Not recorded"))


def format_completeness(completeness: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Return a table for readers of what each group has recorded, its shares as percentages.

    >>> format_completeness(pd.DataFrame({"directorate": ["Rehab"], "projects": [3],
    ...                                   "involvement": [2 / 3], "start_date": [1.0]}))
           Projects Involvement Start date
    Rehab         3         67%       100%
    """
    completeness = check_frame(
        completeness, "projects", by=by, filled="projects", named=True,
        step="summarise_completeness",
    )  # fmt: skip
    shares = completeness.drop(columns=[by, "projects"])
    table = pd.DataFrame({"Projects": completeness["projects"]}).assign(
        **{f"{name}".replace("_", " ").capitalize(): shares[name].map(percent) for name in shares}
    )
    return table.set_axis(completeness[by].tolist(), axis="index")
