"""A trust's own words: headings, aliases, levels, definitions, aims and events, from one TOML file.

Everything that differs between trusts stands in a profile, so that another trust changes words and
never code. The shipped one, ``profiles/cnwl.toml``, documents every key.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from .core.errors import OptionError, RegisterError
from .core.files import SHIPPED
from .core.schema import _COLUMNS, APPROACHES, COLUMNS, MONTHS, STATUSES, YES_NO, Column
from .core.text import match_key, nearest

# The keys a profile may hold. A type stands for one value; `...` for names of the trust's choosing,
# each with a list of its own spellings.
_KEYS: dict = {
    "trust": {"name": str, "short_name": str, "financial_year_starts": str},
    "headings": dict.fromkeys(_COLUMNS, list),
    "words": {"yes": list, "no": list, "not_recorded": list, "unclear": list, "no_date": list},
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
    "rules": {"headline": str, "basis": str, "two_owners": str, "unclear": str,
              "unknown": str, "earliest_date": date, "latest_date": date,
              "snapshot_months": int, "programme": str, "disclosure": str},
}  # fmt: skip
_AREA_KEYS = {"label": str, "headings": list}
_DEFINITION_KEYS = {"label": str, "meaning": str, "approach": str, "areas": int}
_AIM_KEYS = {"from": date, "rate": str}
_EVENT_KEYS = {"from": date, "to": date, "label": str}
_REBASE_KEYS = {"from": date, "reason": str, "directorates": list}
_SPELT = ("headings", "words", "directorates", "programmes", "statuses", "levels", "reasons")
_NAMED = ("name", "short_name")  # keys of [trust] that no profile can do without

_CHOICES = {
    "basis": ("active", "started"),
    "two_owners": ("first", "joint"),
    "unclear": ("quarantine", "not_recorded"),
    "unknown": ("quarantine", "not_recorded"),
    "disclosure": ("hes", "mhsds", "lt10", "none"),
}


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
class Profile:
    """A trust's words, read by :func:`load_profile`; every field comes from the file's sections.

    ``headings``, ``directorates``, ``programmes``, ``statuses``, ``levels``, ``reasons`` and
    ``words`` map a name of ours to the spellings that stand for it. ``text`` is the file itself,
    and ``sha256`` its hash.
    """

    trust: str
    short_name: str
    first_month: int
    headings: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]
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
    headline: str
    basis: str
    two_owners: str
    unclear: str
    unknown: str
    earliest_date: date
    latest_date: date
    snapshot_months: int | None
    programme: str
    disclosure: str
    file_name: str
    sha256: str
    text: bytes = field(repr=False)

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
        ``"cnwl"``. Whatever takes a ``profile`` takes any of these.

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
    file = _profile_file(path)
    text = file.read_bytes()
    try:
        settings = tomllib.loads(text.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise RegisterError(f"{file.name} is not a TOML file that can be read: {fault}.") from None
    checked = _Checked(file.name)
    checked.keys(settings, _KEYS, "")
    return _profile(settings, checked, text)


def find_faults(path: str | Path) -> list[str]:
    """Return every fault of a profile that can be told apart, a sentence each; none if it is sound.

    >>> find_faults("cnwl")
    []
    """
    file = _profile_file(path)
    try:
        settings = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return [_fault_of(load_profile, path)]
    checked = _Checked(file.name)
    faults = [fault for step in _steps(settings, checked) if (fault := _fault_of(*step))]
    return list(dict.fromkeys(faults)) or [f for f in [_fault_of(load_profile, path)] if f]


def _steps(settings: Mapping, checked: _Checked) -> Iterable[tuple]:
    """Return a check for each key, and for each section whose keys hang together."""
    for section, table in settings.items():
        known = _KEYS.get(section)
        split = isinstance(known, dict) and isinstance(table, dict)
        for part in [{key: table[key]} for key in table] if split else [table]:
            yield checked.keys, {section: part}, _KEYS, ""
    for part in _SPELT:
        for name, words in _table_of(settings, part).items():
            yield checked.spellings, {name: words}, part
        yield checked.spellings, _table_of(settings, part), part
    for name, keys in _table_of(settings, "areas").items():
        yield _areas, {name: keys}, checked
    for name, keys in _table_of(settings, "definitions").items():
        yield _definitions, {name: keys}, checked
    yield _definitions, _table_of(settings, "definitions"), checked
    directorates = _table_of(settings, "directorates")
    for check, section, *beside in (
        (_aims, "aims"), (_events, "events"), (_rebases, "rebases", directorates),
    ):  # fmt: skip
        for table in settings.get(section) if isinstance(settings.get(section), list) else ():
            yield check, [table], *beside, checked
    yield from _single_steps(settings, checked)


def _single_steps(settings: Mapping, checked: _Checked) -> Iterable[tuple]:
    """Return a check for each setting that stands on its own, if it has the type that it needs."""
    trust, rules = _table_of(settings, "trust"), _table_of(settings, "rules")
    for key in _NAMED:
        yield checked.name, trust, key
    yield _first_month, trust, checked
    for key in _CHOICES:
        yield checked.choice, rules, key
    if type(rules.get("snapshot_months")) is int:
        yield _snapshot_months, rules, checked
    if _table_of(settings, "definitions"):
        yield _headline, rules, _table_of(settings, "definitions"), checked


def _table_of(settings: Mapping, section: str) -> Mapping:
    table = settings.get(section)
    return table if isinstance(table, dict) else {}


def _fault_of(check: Callable, *given) -> str:
    """Return the sentence with which a check refuses what it is given; none if it does not."""
    try:
        check(*given)
    except RegisterError as fault:
        return str(fault)
    return ""


def write_profile(text: str, path: str | Path) -> None:
    """Write a new profile; a file that is there already is left as it is.

    Raises
    ------
    RegisterError
        If there is such a file already, or no folder to write it in.
    """
    file = Path(path)
    try:
        with file.open("x", encoding="utf-8", newline="\n") as new:
            new.write(text)
    except FileExistsError:
        raise RegisterError(
            f"{file} is there already, and was left as it is. Give another name, or delete it."
        ) from None
    except FileNotFoundError:
        raise RegisterError(
            f"There is no folder '{file.parent}' to write {file.name} in."
        ) from None
    except OSError as fault:
        raise RegisterError(f"{file} cannot be written: {fault.strerror}.") from None


def _profile_file(path: str | Path | None) -> Path:
    name = str(path or "cnwl")
    shipped = SHIPPED / f"{name}.toml"
    file = shipped if re.fullmatch(r"[a-z_]+", name) and os.path.isfile(shipped) else Path(name)
    if not os.path.isfile(file):
        raise RegisterError(
            f"There is no profile '{name}'. Give the path of a TOML file, or the name of a "
            f"shipped profile: {_listed(p.stem for p in sorted(SHIPPED.glob('*.toml')))}."
        )
    return file


def _listed(names: Iterable[str]) -> str:
    quoted = [f"'{name}'" for name in names]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1]]))


class _Checked:
    """Checks of one profile's keys and values, each fault a sentence that names the file."""

    def __init__(self, file: str):
        self.file = file

    def fault(self, sentence: str) -> RegisterError:
        return RegisterError(f"{self.file}: {sentence}")

    def keys(self, table: Mapping, known: Mapping, where: str) -> None:
        for key, value in table.items():
            name = f"{where}.{key}" if where else key
            if key not in known:
                near = nearest(key, known)
                hint = f"Did you mean '{near[0]}'?" if near else f"Known are {_listed(known)}."
                raise self.fault(f"unknown key '{name}'. {hint}")
            self.value(value, known[key], name)

    def value(self, value, kind, name: str) -> None:
        if kind is ... or isinstance(kind, dict):
            if not isinstance(value, dict):
                raise self.fault(f"'{name}' must be a table, [{name}].")
            if isinstance(kind, dict):
                self.keys(value, kind, name)
        elif type(value) is not kind:  # True is no number, and a time of day no date
            words = {str: "text", list: "a list", int: "a whole number", date: "a date"}
            raise self.fault(f"'{name}' must be {words[kind]}; not {value!r}.")

    def spellings(self, table: Mapping, where: str) -> Mapping[str, tuple[str, ...]]:
        seen: dict[str, str] = {}
        for name, words in table.items():
            self.value(words, list, f"{where}.{name}")
            for word in (name, *words):
                self.value(word, str, f"{where}.{name}")
                if where == "headings" or name == "no_date":
                    continue  # one heading may feed two columns; "not yet" is a no, and no date
                other = seen.setdefault(match_key(word), name)
                if other != name:
                    raise self.fault(f"'{word}' stands under both '{other}' and '{name}'.")
        return MappingProxyType({name: tuple(words) for name, words in table.items()})

    def name(self, trust: Mapping, key: str) -> str:
        if not trust.get(key):
            raise self.fault(f"'trust.{key}' is missing.")
        return trust[key]

    def choice(self, rules: Mapping, key: str) -> str:
        value = rules.get(key, _CHOICES[key][0])
        if value not in _CHOICES[key]:
            raise self.fault(f"'rules.{key}' must be {_listed(_CHOICES[key])}; not '{value}'.")
        return value


def _profile(settings: Mapping, checked: _Checked, text: bytes) -> Profile:
    trust, rules = settings.get("trust", {}), settings.get("rules", {})
    name, short_name = (checked.name(trust, key) for key in _NAMED)
    definitions = _definitions(settings.get("definitions", {}), checked)
    spellings = {part: checked.spellings(settings.get(part, {}), part) for part in _SPELT}
    return Profile(
        trust=name,
        short_name=short_name,
        first_month=_first_month(trust, checked),
        **spellings,
        areas=_areas(settings.get("areas", {}), checked),
        definitions=definitions,
        aims=_aims(settings.get("aims", []), checked),
        events=_events(settings.get("events", []), checked),
        rebases=_rebases(settings.get("rebases", []), spellings["directorates"], checked),
        headline=_headline(rules, definitions, checked),
        basis=checked.choice(rules, "basis"),
        two_owners=checked.choice(rules, "two_owners"),
        unclear=checked.choice(rules, "unclear"),
        unknown=checked.choice(rules, "unknown"),
        earliest_date=rules.get("earliest_date", date(2000, 1, 1)),
        latest_date=rules.get("latest_date", date(2039, 12, 31)),
        snapshot_months=_snapshot_months(rules, checked),
        programme=rules.get("programme", ""),
        disclosure=checked.choice(rules, "disclosure"),
        file_name=checked.file,
        sha256=hashlib.sha256(text).hexdigest(),
        text=text,
    )


def _headline(rules: Mapping, definitions: Iterable[str], checked: _Checked) -> str:
    names = [*definitions]
    headline = rules.get("headline", names[0])
    if headline not in names:
        raise checked.fault(f"'rules.headline' must be {_listed(names)}; not '{headline}'.")
    return headline


def _first_month(trust: Mapping, checked: _Checked) -> int:
    name = trust.get("financial_year_starts", "April")
    if name not in MONTHS:
        raise checked.fault(f"'trust.financial_year_starts' must be a month; not '{name}'.")
    return MONTHS.index(name) + 1


def _snapshot_months(rules: Mapping, checked: _Checked) -> int | None:
    months = rules.get("snapshot_months")
    if months is not None and months < 1:
        raise checked.fault(f"'rules.snapshot_months' must be 1 or more; not {months}.")
    return months


def _areas(table: Mapping, checked: _Checked) -> Mapping[str, Area]:
    areas = {}
    for name, keys in table.items():
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise checked.fault(f"'areas.{name}' must be named in small letters, digits and '_'.")
        checked.value(keys, _AREA_KEYS, f"areas.{name}")
        areas[name] = Area(keys.get("label", name), tuple(keys.get("headings", ())))
    checked.spellings({n: [a.label, *a.headings] for n, a in areas.items()}, "areas")
    return MappingProxyType(areas)


def _definitions(table: Mapping, checked: _Checked) -> Mapping[str, Definition]:
    definitions = {}
    for name, keys in table.items():
        checked.value(keys, _DEFINITION_KEYS, f"definitions.{name}")
        definition = Definition(
            name=name,
            label=keys.get("label", name),
            meaning=keys.get("meaning", ""),
            approach=keys.get("approach"),
            areas=keys.get("areas", 0),
        )
        if definition.approach not in (None, *APPROACHES[1:]):
            raise checked.fault(
                f"'definitions.{name}.approach' must be {_listed(APPROACHES[1:])}; "
                f"not '{definition.approach}'."
            )
        if definition.approach is None and definition.areas < 1:
            raise checked.fault(
                f"'definitions.{name}' needs an approach, a number of areas, or both."
            )
        definitions[name] = definition
    if not definitions:
        raise checked.fault("'definitions' is missing: say what counts as meaningful.")
    return MappingProxyType(definitions)


def _aims(tables: list, checked: _Checked) -> tuple[Aim, ...]:
    aims = []
    for table in tables:
        checked.value(table, _AIM_KEYS, "aims")
        text = str(table.get("rate", ""))
        percent = re.fullmatch(r"(\d{1,3}(?:\.\d+)?) ?%", text)
        if not percent or "from" not in table:
            raise checked.fault(
                f"an aim needs a 'from' date and a 'rate' such as \"80%\"; not {text!r}."
            )
        rate = Fraction(percent[1]) / 100
        if not 0 < rate <= 1:
            raise checked.fault(f"an aim's rate lies above 0% and at most at 100%; not {text}.")
        aims.append(Aim(table["from"], rate))
    return tuple(aims)


def _events(tables: list, checked: _Checked) -> tuple[Event, ...]:
    events = []
    for table in tables:
        checked.value(table, _EVENT_KEYS, "events")
        if not {"from", "label"} <= table.keys():
            raise checked.fault("an event needs a 'from' date and a 'label'.")
        events.append(Event(table["from"], table.get("to", table["from"]), table["label"]))
    return tuple(events)


def _rebases(
    tables: list, directorates: Mapping[str, tuple[str, ...]], checked: _Checked
) -> tuple[Rebase, ...]:
    rebases = []
    for table in tables:
        checked.value(table, _REBASE_KEYS, "rebases")
        if "from" not in table or not table.get("reason", "").strip():
            raise checked.fault("a rebase needs a 'from' date and a 'reason'.")
        named = table.get("directorates")
        for name in named or ():
            _check_directorate(name, directorates, checked)
        rebases.append(
            Rebase(table["from"], table["reason"], None if named is None else tuple(named))
        )
    return tuple(rebases)


def _check_directorate(name, directorates: Mapping, checked: _Checked) -> None:
    """Refuse a directorate that the profile does not list, if it lists any."""
    checked.value(name, str, "rebases.directorates")
    if directorates and name not in directorates:
        near = nearest(name, directorates)
        hint = f"Did you mean '{near[0]}'?" if near else f"Known are {_listed(directorates)}."
        raise checked.fault(f"'rebases.directorates' names an unknown '{name}'. {hint}")


def register_columns(profile: Profile) -> list[Column]:
    """Return every column of the register, the areas of work among them."""
    areas = [
        Column(f"area_{name}", "yes_no", f"People took part in: {area.label}.", ", ".join(YES_NO))
        for name, area in profile.areas.items()
    ]
    after = [column.name for column in COLUMNS].index("approach") + 1
    return [*COLUMNS[:after], *areas, *COLUMNS[after:]]


def read_columns(profile: Profile) -> list[Column]:
    """Return the columns that are read from an export; `areas` is one cell that lists areas."""
    derived = ("derived", "provenance")
    read = [column for column in register_columns(profile) if column.kind not in derived]
    return [*read, Column("areas", "areas", "The areas in which people took part, in one cell.")]


def area_columns(profile: Profile | None = None) -> list[str]:
    """Return the names of the register's columns for the areas of work, in the profile's order.

    >>> area_columns()[:2]
    ['area_choosing_problem', 'area_setting_aim']
    """
    return [f"area_{name}" for name in load_profile(profile).areas]


def data_dictionary(profile: Profile | None = None) -> pd.DataFrame:
    """Return one row a column of the clean register: ``column, meaning, values, required``.

    >>> data_dictionary().query("required")["column"].tolist()
    ['project_id', 'title', 'directorate']
    """
    columns = register_columns(load_profile(profile))
    return pd.DataFrame(
        [(c.name, c.meaning, c.values, c.required) for c in columns],
        columns=["column", "meaning", "values", "required"],
    )
