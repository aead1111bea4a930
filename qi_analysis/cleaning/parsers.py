"""One cell of text to a value, or to the reason why it has none.

Each reader takes a cell that is not blank and gives ``(value, None)``, ``(None, None)`` where the
cell says that nothing is known, or ``(None, reason)``. Nothing is guessed. That a question does not
apply is an answer to yes-or-no questions, the level and the list of areas; elsewhere it is a blank.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from functools import partial
from numbers import Real
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from ..core.errors import OptionError
from ..core.schema import (
    ANSWERS,
    DAY_FIRST,
    MONTH_FIRST,
    MONTHS,
    NOT_APPLICABLE,
    NOT_RECORDED,
    SCORES,
)
from ..core.text import answer_key, lookup_table, match_key, nearest
from ..profile import Profile

EXCEL_EPOCH = date(1899, 12, 30)  # serials count days from here, since 1 March 1900
EXCEL_SERIALS = range(36526, 73051)  # 2000 to 2099; other whole numbers are not dates
Read = tuple[Any, str | None]
Reader = Callable[[str], Read]


def cell_readers(profile: Profile, order: str = DAY_FIRST) -> dict[str, Reader]:
    """Return a reader for each kind of column that does not keep the export's words.

    Dates in figures are read in the ``order`` given, ``"day first"`` or ``"month first"``; without
    one (``""``) they are not read.

    >>> from qi_analysis import load_profile
    >>> readers = cell_readers(load_profile())
    >>> readers["start"]("Q1 2020/21"), readers["end"]("Apr-20")
    ((datetime.date(2020, 4, 1), None), (datetime.date(2020, 4, 30), None))
    >>> readers["yes_no"]("tick"), readers["score"]("2.5 - Changes tested")
    (('yes', None), (2.5, None))
    """
    apart = not_applicable_words(profile)
    said_blank = blank_words(profile)
    missing = said_blank | apart
    no_date = missing | {match_key(word) for word in profile.words.get("no_date", ())}
    blanks = dict.fromkeys(said_blank, NOT_RECORDED) | dict.fromkeys(apart, NOT_APPLICABLE)
    unknown = dict.fromkeys(missing, "unknown")
    flags = _yes_no_table(profile)
    levels, statuses = _both_folds(profile.levels), _both_folds(profile.statuses)
    span = partial(_read_span, missing=no_date, first_month=profile.first_month, order=order)
    within = partial(_within, earliest=profile.earliest_date, latest=profile.latest_date)
    return {
        "yes_no": partial(_read_word, table=flags, blanks=blanks, what="yes, no or blank"),
        "level": partial(_read_level, table=levels, missing=said_blank, apart=apart),
        "status": partial(_read_word, table=statuses, blanks=unknown, what="a status"),
        "programme": partial(_read_programme, table=lookup_table(profile.programmes)),
        "reason": partial(_read_reason, table=lookup_table(profile.reasons), missing=missing),
        "areas": partial(_read_areas, profile=profile, missing=said_blank, apart=apart),
        "score": partial(_read_score, missing=missing),
        "start": lambda cell: within(*_part(span(cell), 0)),
        "end": lambda cell: within(*_part(span(cell), 1)),
        "precision": lambda cell: _part(span(cell), 2),
    }


def unclear_words(profile: Profile) -> set[str]:
    """Return the folded marks that could mean yes or no, where the profile sets them aside."""
    words = profile.words.get("unclear", ()) if profile.unclear == "quarantine" else ()
    return {match_key(word) for word in words}


def blank_words(profile: Profile) -> set[str]:
    """Return the folded words that say nothing: the profile's, and what every program writes so.

    A word of the latter that the profile gives another meaning has that one.
    """
    own = profile.words.get(NOT_RECORDED, ())
    claimed = {match_key(w) for name, ws in profile.words.items() if name != "no_date" for w in ws}
    usual = {match_key(word) for word in ANSWERS[NOT_RECORDED]} - claimed
    return set(lookup_table({NOT_RECORDED: own})) | usual


def not_applicable_words(profile: Profile) -> set[str]:
    """Return the folded words for "not applicable", where the profile has any."""
    words = profile.words.get(NOT_APPLICABLE, ())
    return set(lookup_table({NOT_APPLICABLE: words})) if words else set()


def _part(span: Read, part: int) -> Read:
    """Return a span's first day, last day or precision; or the reason why there is none."""
    value, reason = span
    return (None, reason) if value is None else (value[part], None)


def _both_folds(names: Mapping[str, Any]) -> dict[str, str]:
    """Map spellings to names; a mark of doubt in a profile's own word may be left out in a cell."""
    return lookup_table(names) | lookup_table(names, answer_key)


def _yes_no_table(profile: Profile) -> dict[str, str]:
    """Return what each answer means: the profile's words, then what every program writes."""
    usual = {answer_key(w): name for name in ("yes", "no") for w in ANSWERS[name]}
    table = lookup_table({w: profile.words.get(w, ()) for w in ("yes", "no")}, answer_key)
    said = (NOT_RECORDED, NOT_APPLICABLE, "unclear")
    others = {answer_key(word): name for name in said for word in profile.words.get(name, ())}
    if profile.unclear == NOT_RECORDED:
        table |= {key: NOT_RECORDED for key, name in others.items() if name == "unclear"}
    return {key: name for key, name in usual.items() if key not in others} | table


def _read_word(cell: str, table: Mapping[str, str], blanks: Mapping[str, str], what: str) -> Read:
    answer = answer_key(cell)
    name = table.get(answer) or blanks.get(match_key(cell)) or blanks.get(answer)
    return (name, None) if name else (None, f"This does not say {what} in words that are known.")


def _read_level(cell: str, table: Mapping[str, str], missing: set[str], apart: set[str]) -> Read:
    if answer_key(cell) in table:
        return cell, None
    key = match_key(cell)
    if key in apart:
        return NOT_APPLICABLE, None
    if key in missing:
        return NOT_RECORDED, None
    near = nearest(cell, table)
    hint = f" The nearest known is '{near[0]}'." if near else ""
    return None, f"This level of involvement is not in the profile.{hint}"


def _read_programme(cell: str, table: Mapping[str, str]) -> Read:
    key = match_key(cell)
    begins = [word for word in table if key == word or key.startswith(f"{word} ")]
    return (table[max(begins, key=len)] if begins else "unknown"), None


def _read_reason(cell: str, table: Mapping[str, str], missing: set[str]) -> Read:
    key = match_key(cell)
    return (None if key in missing else table.get(key, "other")), None


def _read_areas(cell: str, profile: Profile, missing: set[str], apart: set[str]) -> Read:
    """Read one cell that lists areas: a tuple of the areas' names; None where it is blank."""
    key = match_key(cell)
    if key in apart:
        return (NOT_APPLICABLE,), None
    if key in missing:
        return None, None
    answer = answer_key(cell)
    if answer in {answer_key(w) for w in profile.words.get("no", ())} | {"no"}:
        return (), None
    if answer in {"all", "all areas", "all nine", "all of them"}:
        return tuple(profile.areas), None
    table = _both_folds({n: (a.label, *a.headings) for n, a in profile.areas.items()})
    parts = [answer_key(part) for part in re.split(r"[;,|\n]", cell) if part.strip()]
    if all(part in table for part in parts):
        return tuple(table[part] for part in parts) or None, None
    return None, "This list holds an area that is not in the profile."


def _read_score(cell: str, missing: set[str]) -> Read:
    number = re.match(r"(\d(?:[.,]\d+)?)(?=\s*(?:$|[-–:(](?!\s*\d)))", cell)
    if match_key(cell) in missing:
        return None, None
    score = float(number[1].replace(",", ".")) if number else None
    if score in SCORES:
        return score, None
    return None, "A progress score lies between 0.5 and 5.0 in steps of 0.5."


# --- dates ---------------------------------------------------------------------------------------

LONDON = ZoneInfo("Europe/London")  # whose day counts where a time has a zone
_MONTH = {
    name[:n].casefold(): i for i, name in enumerate(MONTHS, 1) for n in range(3, len(name) + 1)
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = re.compile(r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[.,]? +")
_OFFSET = r"[+-]\d\d(?::?\d\d)?"
_TIME = (
    r"(?:(?:,? |t)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d(?:[.,]\d{1,9})?)?"
    r"(?: ?(?P<half>[ap])m)?"
    rf"(?: ?(?P<zone>z|bst|(?:utc|gmt)(?:{_OFFSET})?|{_OFFSET})(?: \([a-z ]+\))?)?)?"
)
_DAY, _NUMBER, _NAME = r"(?P<d>\d{1,2})", r"(?P<m>\d{1,2})", r"(?P<m>[a-z]+)"
_YEAR, _SHORT_YEAR, _TH = r"(?P<y>\d{4})", r"(?P<y>\d{4}|\d{2})", "(?:st|nd|rd|th)?"
_FIGURES = {
    DAY_FIRST: rf"{_DAY}[/.\- ]{_NUMBER}[/.\- ]{_SHORT_YEAR}",
    MONTH_FIRST: rf"{_NUMBER}[/.\- ]{_DAY}[/.\- ]{_SHORT_YEAR}",
}
_CERTAIN = (
    rf"{_YEAR}[/.\- ]{_NUMBER}[/.\- ]{_DAY}",
    rf"{_DAY}{_TH}(?: of)?[ .\-/]*{_NAME}[ .\-/,]*{_SHORT_YEAR}",
    rf"{_NAME}[ .\-/]*{_DAY}{_TH}[ .\-/,]+{_SHORT_YEAR}",
    rf"{_YEAR}[ .\-/,]*{_NAME}[ .\-/]*{_DAY}",
    r"(?P<y>(?:19|20)\d\d)(?P<m>0[1-9]|1[0-2])(?P<d>[0-3]\d)(?:\.0+)?",
)
_DAYS = {
    order: [
        re.compile(pattern + _TIME, re.ASCII) for pattern in (*filter(None, [figures]), *_CERTAIN)
    ]
    for order, figures in {**_FIGURES, "": ""}.items()
}
_NAMED_MONTH = re.compile(rf"{_NAME}[ .\-/',]*{_SHORT_YEAR}")
_MONTH_YEAR = re.compile(rf"{_NUMBER}[/.\-]{_YEAR}", re.ASCII)
_YEAR_MONTH = re.compile(rf"{_YEAR}[/\-](?P<m>0[1-9]|1[0-2])", re.ASCII)
_QUARTER = re.compile(r"q([1-4]) *(\d{4})[/\-](?:20)?(\d{2})|(\d{4})[/\-](?:20)?(\d{2}) *q([1-4])")
_SERIAL = re.compile(r"(\d{5})(?:\.\d+)?", re.ASCII)
_EXAMPLES = {DAY_FIRST: "01/04/2020", MONTH_FIRST: "2020-04-01", "": "2020-04-01"}


def _read_span(cell: str, missing: set[str], first_month: int, order: str) -> Read:
    """Read a date as (first day, last day, precision), which differ for a month or a quarter."""
    if match_key(cell) in missing:
        return None, None
    if found := read_day(cell, order):
        day, reason = found
        return (day and (day, day, "day")), reason
    text = cell.casefold().strip()
    if (m := _NAMED_MONTH.fullmatch(text)) and m["m"] in _MONTH:
        return _months(_year(m["y"]), _MONTH[m["m"]], order)
    if m := _MONTH_YEAR.fullmatch(text):
        return _months(int(m["y"]), int(m["m"]), order)
    if m := _YEAR_MONTH.fullmatch(text):
        return _year_month(int(m["y"]), int(m["m"]), order)
    if m := _QUARTER.fullmatch(text):
        return _quarter(m, first_month, order)
    if (m := _SERIAL.fullmatch(text)) and int(m[1]) in EXCEL_SERIALS:
        day = EXCEL_EPOCH + timedelta(days=int(m[1]))
        return (day, day, "day"), None
    if not order and read_day(cell, DAY_FIRST):
        return None, "Nothing shows which is the day and which the month; write it as 2020-04-01."
    return None, f"This is not a date that can be read; write it as {_EXAMPLES[order]}."


def read_day(text: str, order: str) -> Read | None:
    """Read a day, in figures, with the month's name or with the year first; None if it is none.

    A time with a zone is taken to its day in London. Without an ``order`` only what is certain is
    read, which a day in figures before its year is not; nor is a day with another weekday's name.

    >>> read_day("1st of April 2020", "day first"), read_day("2020-03-31T23:30:00Z", "day first")
    ((datetime.date(2020, 4, 1), None), (datetime.date(2020, 4, 1), None))
    >>> read_day("04/01/2020", "month first"), read_day("04/01/2020", "")
    ((datetime.date(2020, 4, 1), None), None)
    """
    text = text.casefold().strip()
    weekday = _WEEKDAY.match(text)
    text = text[weekday.end() :] if weekday else text
    for pattern in _DAYS[order]:
        found = pattern.fullmatch(text)
        month = found and (_MONTH.get(found["m"]) if found["m"].isalpha() else int(found["m"]))
        if found and month is not None:
            named = weekday[1] if weekday and not found["zone"] else ""
            return _on_weekday(_day(found, month, order), named, order)
    return None


def _on_weekday(read: Read, begins: str, order: str) -> Read:
    """Refuse a day that is no such weekday: its day and month may be in the other order."""
    day = read[0]
    if day is None or _WEEKDAYS[day.weekday()].startswith(begins):
        return read
    name = _WEEKDAYS[day.weekday()].capitalize()
    how = f"Read {order}, this" if order else "This"
    return None, f"{how} is a {name}, not the weekday that stands before it."


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _day(found: re.Match, month: int, order: str) -> Read:
    if not 1 <= month <= 12:
        return None, _no_month(order)
    try:
        day = date(_year(found["y"]), month, int(found["d"]))
    except ValueError:
        return None, "There is no such day in that month."
    try:
        return (_in_london(day, found) if found["zone"] else day), None
    except (ValueError, OverflowError):
        return None, "There is no such time of day."


def _no_month(order: str) -> str:
    return (
        f"There is no such month; dates are read {order}." if order else "There is no such month."
    )


def _in_london(day: date, found: re.Match) -> date:
    """Return the day on which a time with a zone falls in London."""
    hour, zone = int(found["hour"]), found["zone"]
    if found["half"]:
        hour = hour % 12 + 12 * (found["half"] == "p")
    digits = re.sub(r"\D", "", zone).ljust(4, "0")
    ahead = timedelta(hours=zone == "bst") + timedelta(
        hours=int(digits[:2]), minutes=int(digits[2:])
    )
    here = timezone(-ahead if "-" in zone else ahead)
    moment = datetime(day.year, day.month, day.day, hour, int(found["minute"]), tzinfo=here)
    return moment.astimezone(LONDON).date()


def _months(year: int, month: int, order: str, count: int = 1) -> Read:
    """Return the span of a month, or of a quarter that begins with it."""
    years, last = divmod(month - 1 + count - 1, 12)
    if not 1 <= month <= 12 or not 1 <= year <= year + years <= date.max.year:
        return None, _no_month(order)
    end = date(year + years, last + 1, calendar.monthrange(year + years, last + 1)[1])
    return (date(year, month, 1), end, "quarter" if count == 3 else "month"), None


def _year_month(year: int, month: int, order: str) -> Read:
    """Read 2020-04 as a month; 2010-11 may be a financial year."""
    if (year + 1) % 100 == month:
        return None, "This may be a month or a financial year; write the day too."
    return _months(year, month, order)


def _quarter(found: re.Match, first_month: int, order: str) -> Read:
    """Read a quarter of a financial year, such as Q1 2020/21."""
    number, year, second = (
        (found[1], found[2], found[3]) if found[1] else (found[6], found[4], found[5])
    )
    if (int(year) + 1) % 100 != int(second):
        return None, "A financial year is written as 2020/21."
    years, month = divmod(first_month - 1 + 3 * (int(number) - 1), 12)
    return _months(int(year) + years, month + 1, order, 3)


def _within(day: date | None, reason: str | None, earliest: date, latest: date) -> Read:
    if day is None or earliest <= day <= latest:
        return day, reason
    return None, f"The date lies outside {earliest.year} to {latest.year}."


def parse_day(date) -> pd.Timestamp:
    """Read a day: a date, the first day of a pandas period, or text, ISO or day first.

    >>> parse_day("04/05/2020"), parse_day("2020-05-04")
    (Timestamp('2020-05-04 00:00:00'), Timestamp('2020-05-04 00:00:00'))
    """
    if isinstance(date, str):
        day, _ = read_day(date, DAY_FIRST) or (None, None)
        if day is None:
            raise OptionError(f"'{date}' is no date; write it as 2020-04-01 or 01/04/2020.")
        return pd.Timestamp(day)
    if isinstance(date, Real) or date is None or date is pd.NaT:
        raise OptionError(f"{date} is no date; write it as 2020-04-01 or 01/04/2020.")
    day = date.start_time if isinstance(date, pd.Period) else pd.Timestamp(date)
    return day.tz_localize(None)
