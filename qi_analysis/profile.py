"""A trust's own words: headings, aliases, levels, definitions, aims and events, from one TOML file.

Everything that differs between trusts stands in a profile, so that another trust changes words and
never code. The shipped one, ``profiles/cnwl.toml``, documents every key.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from .core.errors import OptionError, RegisterError
from .core.files import (
    PROFILE,
    SHIPPED,
    describe_search,
    find_path,
    find_workspace,
    other_kind,
    write_whole,
)
from .core.schema import (
    APPROACHES,
    AREAS,
    COLUMNS,
    DATES,
    DAY_FIRST,
    KINDS,
    MONTHS,
    NOT_APPLICABLE,
    ORDERS,
    STATUSES,
    Column,
    column_label,
)
from .core.text import answer_key, match_key, nearest, without_lone_bytes

if TYPE_CHECKING:
    import pandas as pd

LEAVE_OUT = "leave_out"  # the headings of columns that are left out on purpose
MARK = "# ?"  # begins a setting that a person has still to put in force, when it is taken off
ASK = "# To decide:"  # begins a question to a person, in words
UNNAMED = "Our trust"  # stands for a trust's name until it is given

# The keys a profile may hold. A type stands for one value; `...` for names of the trust's choosing,
# each with a list of its own spellings.
_KEYS: dict = {
    "trust": {"name": str, "short_name": str, "financial_year_starts": str},
    "headings": {LEAVE_OUT: list}
    | {column.name: list for column in (*COLUMNS, AREAS) if column.is_read},
    "words": {"yes": list, "no": list, "not_recorded": list, "unclear": list, "no_date": list,
              NOT_APPLICABLE: list},
    "directorates": ...,
    "programmes": ...,
    "statuses": dict.fromkeys(STATUSES, list),
    "levels": dict.fromkeys(APPROACHES, list),
    "areas": ...,
    "reasons": ...,
    "definitions": ...,
    "aims": list,
    "events": list,
    "rebases": list,
    "help": {"team": str, "contact": str, "guide": str, "guide_address": str, "public": bool},
    "rules": {"headline": str, "basis": str, "two_owners": str, "unclear": str,
              "unknown": str, "optional": str, "earliest_date": date, "latest_date": date,
              "snapshot_months": int, "settle_months": int, "programme": str, "disclosure": str,
              "dates": object},
}  # fmt: skip
_AREA_KEYS = {"label": str, "headings": list}
_DEFINITION_KEYS = {"label": str, "meaning": str, "approach": str, "areas": int}
_AIM_KEYS = {"from": date, "rate": str}
_EVENT_KEYS = {"from": date, "to": date, "label": str}
_REBASE_KEYS = {"from": date, "reason": str, "directorates": list}
_SPELT = ("headings", "words", "directorates", "programmes", "statuses", "levels", "reasons")

_CHOICES = {
    "basis": ("active", "started"),
    "two_owners": ("first", "joint"),
    "unclear": ("quarantine", "not_recorded"),
    "unknown": ("quarantine", "not_recorded"),
    "optional": ("blank", "quarantine"),
    "disclosure": ("hes", "mhsds", "lt10", "none"),
}
SETTLE_MONTHS = 6  # that a project needs to involve people, where the profile says nothing
Known = Mapping[str, str]  # folded headings, and the register's column that each stands for
_TYPES = {str: "text", list: "a list", int: "a whole number", date: "a date",
          bool: "true or false"}  # fmt: skip
# Addresses that a page may link to: nothing in them that could end an attribute, or run.
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", re.ASCII)
_WEB = re.compile(
    r"https?://[\w-]+(\.[\w-]+)*(:\d{1,5})?([/?#][\w!#$%&()*+,./:;=?@~-]*)?", re.ASCII
)


@dataclass(frozen=True)
class Area:
    """One of the areas of work in which people can be involved."""

    label: str
    headings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Definition:
    """One meaning of "meaningful": a least approach, a least number of areas, or both."""

    name: str
    label: str
    meaning: str
    approach: str | None = None
    areas: int = 0


@dataclass(frozen=True)
class Aim:
    """The share of projects that should involve people, from a date on."""

    starts: date
    rate: Fraction


@dataclass(frozen=True)
class Event:
    """Something that happened to the whole programme and may explain a change."""

    starts: date
    ends: date
    label: str


@dataclass(frozen=True)
class Rebase:
    """A day from which process limits are calculated anew, as a person accepted it, and why.

    It holds for every chart where ``directorates`` is None; else for the charts of those alone, and
    for the whole trust's alone where there are none.
    """

    starts: date
    reason: str
    directorates: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Help:
    """Who helps teams to involve people, and with what; a part that is not known is empty.

    ``public`` says whether pages for everybody may show it. ``contact`` and ``guide_address`` were
    checked when the profile was read: each is an email address, or begins with http.
    """

    team: str = ""
    contact: str = ""
    guide: str = ""
    guide_address: str = ""
    public: bool = False

    @property
    def links(self) -> dict[str, str]:
        """Return the addresses to link to, by the words that stand for them; safe in an attribute.

        >>> load_profile("cnwl").help.links
        {'involvement.cnwl@nhs.net': 'mailto:involvement.cnwl@nhs.net'}
        """
        given = {self.contact: self.contact, self.guide: self.guide_address}
        return {words: _link(address) for words, address in given.items() if address}


def _link(address: str) -> str:
    link = f"mailto:{address}" if _EMAIL.fullmatch(address) else address
    return link.replace("(", "%28").replace(")", "%29")


@dataclass(frozen=True)
class Question:
    """A line of a profile that a person has still to decide: its number, section and words."""

    line: int
    section: str
    words: str


@dataclass(frozen=True)
class Profile:
    """A trust's words, read by :func:`load_profile`; every field comes from the file's sections.

    ``headings``, ``directorates``, ``programmes``, ``statuses``, ``levels``, ``reasons`` and
    ``words`` map a name of ours to the spellings that stand for it. ``leave_out`` lists headings of
    columns that are left out on purpose. ``text`` is the file itself, and ``sha256`` its hash.
    ``disclosure`` is empty where the file leaves the rule to the folder of public reports.
    ``dates`` is the order of dates in figures, ``"day first"`` or ``"month first"``, and
    ``date_orders`` that of each column for which the file gives one of its own.
    """

    trust: str
    short_name: str
    first_month: int
    headings: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
    leave_out: tuple[str, ...]
    directorates: Mapping[str, tuple[str, ...]]
    programmes: Mapping[str, tuple[str, ...]]
    statuses: Mapping[str, tuple[str, ...]]
    levels: Mapping[str, tuple[str, ...]]
    areas: Mapping[str, Area]
    reasons: Mapping[str, tuple[str, ...]]
    definitions: Mapping[str, Definition]
    aims: tuple[Aim, ...]
    events: tuple[Event, ...]
    rebases: tuple[Rebase, ...]
    help: Help
    headline: str
    basis: str
    two_owners: str
    unclear: str
    unknown: str
    optional: str
    earliest_date: date
    latest_date: date
    snapshot_months: int | None
    settle_months: int
    programme: str
    disclosure: str
    dates: str
    date_orders: Mapping[str, str]
    file_name: str
    sha256: str
    text: bytes = field(repr=False)

    def headings_of(self, column: str) -> tuple[str, ...]:
        """Return the headings that stand for a column of the register, the surest first.

        The first that the profile gives comes before the column's own name, the others after it.
        An area's label is its first heading.

        >>> load_profile().headings_of("outcome"), load_profile("elft").headings_of("service")
        (('Outcome', 'Outcome'), ('Service', 'Service', 'Team'))
        """
        area = self.areas.get(column.removeprefix("area_")) if column[:5] == "area_" else None
        words = (area.label, *area.headings) if area else self.headings.get(column, ())
        return (*words[:1], column_label(column), *words[1:])

    def means(self, other: Profile) -> bool:
        """Whether another profile says the same, be its comments, spaces or file's name others.

        >>> text = load_profile().text
        >>> parse_profile(b"# Ours" + text, "ours.toml").means(load_profile())
        True
        """
        ours, theirs = (replace(p, file_name="", sha256="", text=b"") for p in (self, other))
        return ours == theirs

    def date_order(self, column: str) -> str:
        """Return whether a column's dates in figures are read day first or month first.

        >>> load_profile().date_order("start_date")
        'day first'
        """
        return self.date_orders.get(column, self.dates)

    @property
    def way_to_write_dates(self) -> str:
        """How whoever types dates into this register is to write them.

        >>> load_profile().way_to_write_dates
        'day first, such as 01/04/2020'
        """
        plain = {self.dates, *self.date_orders.values()} == {DAY_FIRST}
        return "day first, such as 01/04/2020" if plain else "year first, such as 2020-04-01"

    def choices_of(self, column: Column) -> tuple[str, ...]:
        """Return the values to choose from in a column; none where it has no set of them.

        >>> profile = load_profile()
        >>> [profile.choices_of(column) for column in COLUMNS if column.name == "status"]
        [('proposed', 'active', 'paused', 'completed', 'closed unfinished')]
        """
        choices = KINDS[column.kind].choices
        apart = self.words.get(NOT_APPLICABLE, ())[:1]
        if isinstance(choices, tuple):
            return (*choices, *apart) if column.kind == "yes_no" else choices
        if choices == "levels":  # a register keeps its own words for these
            return (*(word for words in self.levels.values() for word in words), *apart)
        return tuple(name.replace("_", " ") for name in getattr(self, choices))

    @property
    def has_not_applicable(self) -> bool:
        """Whether "not applicable" is an answer of its own, and no blank.

        >>> load_profile().has_not_applicable
        False
        """
        return bool(self.words.get(NOT_APPLICABLE))

    def aim_on(self, day: date) -> Fraction | None:
        """Return the aim in force on a day, as an exact fraction; None before the first aim.

        >>> load_profile().aim_on(date(2021, 5, 4))
        Fraction(4, 5)
        """
        in_force = self.aims_until(day)
        return in_force[-1].rate if in_force else None

    def aims_until(self, day: date) -> tuple[Aim, ...]:
        """Return the aims set by a day, the earliest first, to draw each from its own start.

        >>> [str(aim.starts) for aim in load_profile().aims_until(date(2021, 5, 4))]
        ['2018-09-27']
        """
        by_then = [aim for aim in self.aims if aim.starts <= date(day.year, day.month, day.day)]
        return tuple(sorted(by_then, key=lambda aim: aim.starts))

    def rebases_for(self, directorate: str = "") -> tuple[Rebase, ...]:
        """Return the accepted recalculations of a directorate's chart, or the whole trust's.

        >>> load_profile().rebases_for("Addictions")
        ()
        """
        return tuple(
            rebase
            for rebase in self.rebases
            if rebase.directorates is None
            or directorate in rebase.directorates
            or (not directorate and not rebase.directorates)
        )

    def rebases_by(self, directorates: Iterable[str]) -> dict[str, tuple[Rebase, ...]]:
        """Return the accepted recalculations of each directorate, for charts of many together."""
        return {name: self.rebases_for(name) for name in dict.fromkeys(directorates)}

    @property
    def questions(self) -> list[Question]:
        """The lines that a person has still to decide, in the file's order; none by most profiles.

        >>> load_profile().questions
        []
        """
        return _find_questions(self.text.decode("utf-8-sig").replace("\r\n", "\n"))

    @property
    def programme_labels(self) -> dict[str, str]:
        """Each programme's name in the trust's own words, and one for those not recorded.

        >>> load_profile().programme_labels["coaching"]
        'Improvement Coach Programme'
        """
        labels = {name: words[0] if words else name for name, words in self.programmes.items()}
        return {**labels, "unknown": "Not recorded"}

    def definition(self, name: str | None = None) -> Definition:
        """Return a definition of meaningful by its name; the headline one without a name."""
        name = name or self.headline
        if name not in self.definitions:
            raise OptionError(
                f"`definition` must be one of {_listed(self.definitions)}; not '{name}'."
            )
        return self.definitions[name]


def load_profile(path: str | Path | Profile | None = None) -> Profile:
    """Read a profile from a TOML file.

    Parameters
    ----------
    path : str, Path or Profile, optional
        A TOML file, or the name of a shipped profile; a profile is given back as it is. Without it,
        the workspace's ``profile.toml``, or ``"cnwl"`` outside of one. Whatever takes a ``profile``
        takes any of these. A relative path is looked for where you are, then in the workspace.

    Raises
    ------
    RegisterError
        If there is no such file, it is not TOML, or a key is unknown, missing or ill-typed.

    Examples
    --------
    >>> load_profile().short_name
    'CNWL'
    >>> load_profile("cnwl").definitions["several_areas"].areas
    3
    """
    if isinstance(path, Profile):
        return path
    file = find_profile(path)
    return parse_profile(file.read_bytes(), without_lone_bytes(file.name))


def parse_profile(text: bytes, name: str) -> Profile:
    """Read a profile from a TOML file's text, as :func:`load_profile` does from the file."""
    profile, faults = _read_profile(text, name)
    if profile is None or faults:
        raise RegisterError(faults[0])
    return profile


def find_faults(path: str | Path) -> list[str]:
    """Return every fault of a profile that can be told apart, a sentence each; none if it is sound.

    >>> find_faults("cnwl")
    []
    """
    file = find_profile(path)
    return [*_read_profile(file.read_bytes(), without_lone_bytes(file.name))[1]]


@lru_cache(maxsize=16)  # one text is read many times in a run, and no part of a profile changes
def _read_profile(text: bytes, name: str) -> tuple[Profile | None, tuple[str, ...]]:
    """Return what a file says, as far as it is sound, and its faults; None if it is not TOML."""
    try:
        settings = tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None, (_not_utf8(name),)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        if b"\0" in text:  # UTF-16, without the mark that says so
            return None, (_not_utf8(name),)
        return None, (f"{name} is not a TOML file that can be read: {fault}.",)
    checks = _Checks(name)
    profile = _profile(settings, checks, text)
    return profile, tuple(dict.fromkeys(checks.faults))


def _not_utf8(name: str) -> str:
    return f"{name} is not saved as UTF-8. Save it so (editors ask under Save as), and run again."


def write_profile(text: str, path: str | Path) -> None:
    """Write a new profile; a file that is there already is left as it is.

    Only the copy of a shipped profile that a workspace begins with gives way to it.

    Raises
    ------
    RegisterError
        If there is such a file already, or no folder to write it in.
    """
    file = Path(path)
    try:
        copied = os.path.isfile(file) and file.read_bytes() == (SHIPPED / "cnwl.toml").read_bytes()
        if os.path.lexists(file) and not copied:
            raise RegisterError(
                f"{file} is there already, and was left as it is. Give another name, or delete it."
            )
        write_whole(file, text)
    except FileNotFoundError:
        raise RegisterError(
            f"There is no folder '{file.parent}' to write {file.name} in."
        ) from None
    except OSError as fault:
        raise RegisterError(f"{file} cannot be written: {fault.strerror}.") from None


def _find_questions(text: str) -> list[Question]:
    """Return the marked lines; the section of one is that above it in its paragraph, or below."""
    questions: list[Question] = []
    first = 1
    for paragraph in text.split("\n\n"):
        lines = paragraph.splitlines()
        heads = {i: found[1] for i, x in enumerate(lines) if (found := _SECTION.match(x))}
        for i, words in enumerate(lines):
            if words.startswith((MARK, ASK)):
                above = [name for at, name in heads.items() if at <= i]
                section = above[-1] if above else next(iter(heads.values()), "")
                asked = words.removeprefix(MARK).removeprefix(ASK).strip()
                questions.append(Question(first + i, section, asked))
        first += paragraph.count("\n") + 2
    return questions


_SECTION = re.compile(r"(?:# )*\[+([\w.]+)\]")


def find_profile(path: str | Path | None) -> Path:
    """Return the file that a profile's name stands for, as :func:`load_profile` takes it."""
    name = str(path or _default_profile())
    shipped = SHIPPED / f"{name}.toml"
    is_shipped = re.fullmatch(r"[a-z_]+", name) and os.path.isfile(shipped)
    file = shipped if is_shipped else find_path(name)
    if (what := other_kind(file)) not in ("", "a folder"):
        raise RegisterError(f"The profile '{name}' is {what}, and only a file is read.")
    if not os.path.isfile(file):
        raise RegisterError(
            f"There is no profile '{name}'. Give the path of a TOML file, or the name of a "
            f"shipped profile: {_listed(p.stem for p in sorted(SHIPPED.glob('*.toml')))}."
            f"{describe_search(name)}"
        )
    return file


def _default_profile() -> str | Path:
    """Return the workspace's own profile, or the name of the shipped one."""
    root = find_workspace()
    return root / PROFILE if root and os.path.isfile(root / PROFILE) else "cnwl"


def _listed(names: Iterable[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


class _Checks:
    """Checks of one profile: each fault is a sentence that names the file; what is sound stays."""

    def __init__(self, file: str):
        self.file = file
        self.faults: list[str] = []

    def fault(self, sentence: str) -> None:
        self.faults.append(f"{self.file}: {sentence}")

    def unknown(self, what: str, name: str, known: Iterable[str]) -> None:
        near = nearest(name, known)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known are {_listed(known)}."
        self.fault(f"{what}. {hint}")

    def unknown_key(self, key: str, name: str, known: Mapping) -> None:
        sections = [s for s, keys in _KEYS.items() if isinstance(keys, dict) and key in keys]
        if len(sections) == 1:
            self.fault(f"'{name}' belongs under [{sections[0]}]; move it there.")
        else:
            self.unknown(f"unknown key '{name}'", key, known)

    def table(self, table: Mapping, known: Mapping, where: str = "") -> dict:
        """Return the keys that are known, with a value of their type."""
        sound = {}
        for key, value in table.items():
            name = f"{where}.{key}" if where else key
            if key not in known:
                self.unknown_key(key, name, known)
            elif (checked := self.value(value, known[key], name)) is not None:
                sound[key] = checked
        return sound

    def value(self, value, kind, name: str):
        """Return a value if it has its type, a table as far as it is sound; else None."""
        if kind is ... or isinstance(kind, dict):
            if not isinstance(value, dict):
                return self.fault(f"'{name}' must be a table, [{name}].")
            return value if kind is ... else self.table(value, kind, name)
        if (
            kind is not object and type(value) is not kind
        ):  # True is no number, and a time of day no date
            return self.fault(f"'{name}' must be {_TYPES[kind]}; not {value!r}.")
        return value

    def whole(self, table, known: Mapping, where: str) -> dict | None:
        """Return a table that is sound throughout; else None."""
        before = len(self.faults)
        sound = self.value(table, known, where)
        return sound if len(self.faults) == before else None

    def spellings(self, table: Mapping, where: str) -> Mapping[str, tuple[str, ...]]:
        owners: dict[str, str] = {}
        sound = {}
        fold = answer_key if where in ("words", "levels", "statuses") else match_key
        for name, words in table.items():
            words = self.value(words, list, f"{where}.{name}") or ()
            given = (self.value(word, str, f"{where}.{name}") for word in words)
            sound[name] = tuple(word for word in given if word is not None)
            if where == "headings" or name == "no_date":
                continue  # one heading may feed two columns; "not yet" is a no, and no date
            for word in (name, *sound[name]):
                other = owners.setdefault(fold(word), name)
                if other != name:
                    self.fault(f"'{word}' stands under both '{other}' and '{name}'.")
        return MappingProxyType(sound)

    def apart(self, words: Iterable[str], table: Mapping, where: str) -> None:
        """Refuse a word for "not applicable" that is an answer of a column too."""
        owners = {match_key(word): name for name, own in table.items() for word in (name, *own)}
        for word in words:
            if owner := owners.get(match_key(word)):
                self.fault(f"'{word}' stands under both '{NOT_APPLICABLE}' and '{where}.{owner}'.")

    def name(self, trust: Mapping, key: str) -> str:
        if not trust.get(key):
            self.fault(f"'trust.{key}' is missing.")
        return trust.get(key, "")

    def choice(self, rules: Mapping, key: str, known: Sequence[str] = ()) -> str:
        known = known or _CHOICES.get(key, ())
        value = rules.get(key, known[0] if known else "")
        if known and value not in known:
            self.fault(f"'rules.{key}' must be {_listed(known)}; not '{value}'.")
        return value


def _profile(settings: Mapping, checks: _Checks, text: bytes) -> Profile:
    sound: dict[str, Any] = {section: {} for section in _KEYS} | checks.table(settings, _KEYS)
    rules = sound["rules"]
    spellings = {section: checks.spellings(sound[section], section) for section in _SPELT}
    headings, leave_out = _headings(spellings.pop("headings"), checks)
    for section in ("levels", "reasons"):
        checks.apart(spellings["words"].get(NOT_APPLICABLE, ()), spellings[section], section)
    dates, date_orders = _date_orders(rules.get("dates", DAY_FIRST), checks)
    trust = settings.get("trust")
    given = trust if isinstance(trust, dict) else {}
    return Profile(
        **spellings,
        headings=headings,
        leave_out=leave_out,
        areas=_areas(sound["areas"], checks),
        definitions=_definitions(sound["definitions"], checks),
        aims=_aims(sound["aims"], checks),
        events=_events(sound["events"], checks),
        rebases=_rebases(sound["rebases"], spellings["directorates"], checks),
        help=_help(sound["help"], checks),
        trust=checks.name(given, "name"),
        short_name=checks.name(given, "short_name"),
        first_month=_first_month(sound["trust"], checks),
        basis=checks.choice(rules, "basis"),
        two_owners=checks.choice(rules, "two_owners"),
        unclear=checks.choice(rules, "unclear"),
        unknown=checks.choice(rules, "unknown"),
        optional=checks.choice(rules, "optional"),
        disclosure=checks.choice(rules, "disclosure") if "disclosure" in rules else "",
        snapshot_months=_months(rules, "snapshot_months", checks),
        settle_months=_months(rules, "settle_months", checks) or SETTLE_MONTHS,
        headline=checks.choice(rules, "headline", [*sound["definitions"]]),
        earliest_date=rules.get("earliest_date", date(2000, 1, 1)),
        latest_date=rules.get("latest_date", date(2039, 12, 31)),
        programme=rules.get("programme", ""),
        dates=dates,
        date_orders=date_orders,
        file_name=checks.file,
        sha256=hashlib.sha256(text).hexdigest(),
        text=text,
    )


def _headings(
    spellings: Mapping[str, tuple[str, ...]], checks: _Checks
) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    """Part the headings of the register's columns from those that are left out on purpose."""
    headings = {column: words for column, words in spellings.items() if column != LEAVE_OUT}
    leave_out = spellings.get(LEAVE_OUT, ())
    keys = {match_key(word) for word in leave_out}
    for column, words in headings.items():
        for word in words:
            if match_key(word) in keys:
                checks.fault(f"'{word}' stands under both '{LEAVE_OUT}' and '{column}'.")
    return MappingProxyType(headings), leave_out


def _first_month(trust: Mapping, checks: _Checks) -> int:
    name = trust.get("financial_year_starts", "April")
    if name not in MONTHS:
        checks.fault(f"'trust.financial_year_starts' must be a month; not '{name}'.")
        return 1
    return MONTHS.index(name) + 1


def _months(rules: Mapping, key: str, checks: _Checks) -> int | None:
    months = rules.get(key)
    if months is not None and months < 1:
        checks.fault(f"'rules.{key}' must be 1 or more; not {months}.")
    return months


def _date_orders(given: object, checks: _Checks) -> tuple[str, Mapping[str, str]]:
    """Return the order of dates in figures, and that of each column that has one of its own."""
    named = given if isinstance(given, dict) else {"": given}
    orders = {}
    for column, order in named.items():
        where = f"rules.dates{column and '.'}{column}"
        if column and column not in DATES:
            checks.unknown(f"unknown key '{where}'", column, DATES)
        elif order not in ORDERS:
            checks.fault(f"'{where}' must be {_listed(ORDERS)}; not {order!r}.")
        else:
            orders[column] = order
    return orders.pop("", DAY_FIRST), MappingProxyType(orders)


def _areas(table: Mapping, checks: _Checks) -> Mapping[str, Area]:
    areas = {}
    for name, keys in table.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            checks.fault(f"'areas.{name}' must be named in small letters, digits and '_'.")
        sound = checks.whole(keys, _AREA_KEYS, f"areas.{name}") or {}
        areas[name] = [sound.get("label", name), *sound.get("headings", ())]
    spellings = checks.spellings(areas, "areas")
    return MappingProxyType({name: Area(w[0], w[1:]) for name, w in spellings.items()})


def _definitions(table: Mapping, checks: _Checks) -> Mapping[str, Definition]:
    definitions = {}
    for name, keys in table.items():
        sound = checks.whole(keys, _DEFINITION_KEYS, f"definitions.{name}")
        if sound is None:
            continue
        definition = Definition(name, **{"label": name, "meaning": ""} | sound)
        if definition.approach not in (None, *APPROACHES[1:]):
            checks.fault(
                f"'definitions.{name}.approach' must be {_listed(APPROACHES[1:])}; "
                f"not '{definition.approach}'."
            )
        if definition.approach is None and definition.areas < 1:
            checks.fault(f"'definitions.{name}' needs an approach, a number of areas, or both.")
        definitions[name] = definition
    if not table:
        checks.fault("'definitions' is missing: say what counts as meaningful.")
    return MappingProxyType(definitions)


def _aims(tables: list, checks: _Checks) -> tuple[Aim, ...]:
    aims = []
    for table in tables:
        if (sound := checks.whole(table, _AIM_KEYS, "aims")) is None:
            continue
        text = sound.get("rate", "")
        percent = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%", text)
        if not percent or "from" not in sound:
            checks.fault(f"an aim needs a 'from' date and a 'rate' such as \"80%\"; not {text!r}.")
        elif not 0 < Fraction(percent[1]) <= 100:
            checks.fault(f"an aim's rate lies above 0% and at most at 100%; not {text}.")
        else:
            aims.append(Aim(sound["from"], Fraction(percent[1]) / 100))
    return tuple(aims)


def _events(tables: list, checks: _Checks) -> tuple[Event, ...]:
    events = []
    for table in tables:
        if (sound := checks.whole(table, _EVENT_KEYS, "events")) is None:
            continue
        if {"from", "label"} <= sound.keys():
            events.append(Event(sound["from"], sound.get("to", sound["from"]), sound["label"]))
        else:
            checks.fault("an event needs a 'from' date and a 'label'.")
    return tuple(events)


def _rebases(tables: list, directorates: Mapping, checks: _Checks) -> tuple[Rebase, ...]:
    rebases = []
    for table in tables:
        if (sound := checks.whole(table, _REBASE_KEYS, "rebases")) is None:
            continue
        if "from" not in sound or not sound.get("reason", "").strip():
            checks.fault("a rebase needs a 'from' date and a 'reason'.")
            continue
        named = sound.get("directorates")
        for name in named or ():
            known = checks.value(name, str, "rebases.directorates") in {None, *directorates}
            if directorates and not known:  # a profile may list none
                what = f"'rebases.directorates' names an unknown '{name}'"
                checks.unknown(what, name, directorates)
        named = None if named is None else tuple(named)
        rebases.append(Rebase(sound["from"], sound["reason"], named))
    return tuple(rebases)


def _help(table: Mapping, checks: _Checks) -> Help:
    """Return who helps, without an address that no page could link to."""
    sound = {key: table[key].strip() for key in _KEYS["help"] if isinstance(table.get(key), str)}
    for key in ("contact", "guide_address"):
        address = sound.get(key, "").removeprefix("mailto:")
        if address and not (_EMAIL.fullmatch(address) or _WEB.fullmatch(address)):
            checks.fault(
                f"'help.{key}' must be an email address, or a web address that begins with "
                f"https://; not {sound[key]!r}."
            )
            address = ""
        sound[key] = address
    if sound["guide_address"] and not sound.get("guide"):
        checks.fault("'help.guide_address' needs 'help.guide', the guide's title.")
    return Help(**sound, public=table.get("public", False))


def register_columns(profile: Profile) -> list[Column]:
    """Return every column of the register, the areas of work among them."""
    areas = [
        Column(f"area_{name}", "yes_no", f"People took part in: {area.label}.", involvement=True)
        for name, area in profile.areas.items()
    ]
    after = [column.name for column in COLUMNS].index("approach") + 1
    return [*COLUMNS[:after], *areas, *COLUMNS[after:]]


def read_columns(profile: Profile) -> list[Column]:
    """Return the columns that are read from an export; ``areas`` is one cell that lists areas."""
    return [column for column in (*register_columns(profile), AREAS) if column.is_read]


def area_columns(profile: Profile | None = None) -> list[str]:
    """Return the names of the register's columns for the areas of work, in the profile's order.

    >>> area_columns()[:2]
    ['area_choosing_problem', 'area_setting_aim']
    """
    return [f"area_{name}" for name in load_profile(profile).areas]


def known_headings(profile: Profile) -> Known:
    """Return the headings that a profile knows, each with the column that it most surely names."""
    ranked = [
        (place, match_key(heading), column.name)
        for column in read_columns(profile)
        for place, heading in enumerate(profile.headings_of(column.name))
    ]
    return {key: column for _, key, column in sorted(ranked, key=lambda each: -each[0])}


def match_headings(headings: Sequence[str], profile: Profile) -> dict[str, int]:
    """Return the place of each column of the register among an export's headings.

    A heading that is left out on purpose is no column's, though it may be one's own name.
    """
    places = {match_key(h): i for i, h in reversed([*enumerate(headings)]) if h}
    for heading in profile.leave_out:
        places.pop(match_key(heading), None)
    found = {}
    for column in read_columns(profile):
        keys = map(match_key, profile.headings_of(column.name))
        place = next((places[key] for key in keys if key in places), None)
        if place is not None:
            found[column.name] = place
    as_read = places.get(match_key("directorate_as_read"))  # of a clean register
    return found if as_read is None else found | {"directorate": as_read}


def data_dictionary(profile: Profile | None = None) -> pd.DataFrame:
    """Return one row a column of the clean register: ``column, meaning, values, required``.

    >>> data_dictionary().query("required")["column"].tolist()
    ['project_id', 'title', 'directorate']
    """
    import pandas as pd  # later than a profile is read: the engine starts in between

    profile = load_profile(profile)
    return pd.DataFrame(
        [(c.name, c.meaning, _values(c, profile), c.required) for c in register_columns(profile)],
        columns=["column", "meaning", "values", "required"],
    )


def _values(column: Column, profile: Profile) -> str:
    """Return what a column of the clean register holds, for the data dictionary."""
    values = column.values or KINDS[column.kind].values
    answers = column.kind == "yes_no" or column.name == "approach"
    return f"{values}, {NOT_APPLICABLE}" if answers and profile.has_not_applicable else values
