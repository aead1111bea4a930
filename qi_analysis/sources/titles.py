"""What the lines above an export's headings say of it: the day on which it was made."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from ..profile import MONTHS
from .cells import as_text

_MONTH = {name[:n].casefold(): i for i, name in enumerate(MONTHS, 1) for n in (3, len(name))}
_MADE = re.compile(
    r"""(?:\D*\W)?
    (?:(?:extract|export|download)(?:ed)?|printed|generated|produced|(?:report|data)\ run|snapshot
       |as\ (?:at|of))
    (?:\ date)?(?:\ (?:by|from)\ \D{1,40})?(?:\ (?:on|at))?\s*[:–-]?\s*
    (?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\ )?
    (?:(?P<d>\d{1,2})(?P<mark>[/.-])(?P<m>\d{1,2})(?P=mark)(?P<y>20\d\d)
       |(?P<y2>20\d\d)-(?P<m2>\d\d)-(?P<d2>\d\d)
       |(?P<d3>\d{1,2})(?:st|nd|rd|th)?\ (?P<m3>[a-z]+),?\ (?P<y3>20\d\d))
    (?:,?[ t](?:at\ )?\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\ ?[ap]m)?)?\W*""",
    re.VERBOSE,
)


def day_above(rows: Iterable[Sequence]) -> date | None:
    """Give the day on which an export was made, if its title rows say so, and name one day alone.

    A day that is not said to be that of the export, such as a filter's, is none.

    >>> day_above([["Anytown QI register"], ["Extracted on 30/06/2024", ""]])
    datetime.date(2024, 6, 30)
    >>> day_above([["Projects from 01/04/2020 to 30/06/2024"], ["Export of starts since 1/4/2020"]])
    """
    lines = (" ".join(" ".join(filter(None, map(as_text, row))).split()) for row in rows)
    found = filter(None, (_MADE.fullmatch(line.casefold()) for line in lines))
    days = {_day(match) for match in found}
    return days.pop() if len(days) == 1 else None


def _day(found: re.Match) -> date | None:
    year, day = (found[k] or found[f"{k}2"] or found[f"{k}3"] for k in ("y", "d"))
    month = _MONTH.get(found["m3"], 0) if found["m3"] else int(found["m"] or found["m2"])
    try:
        return date(int(year), month, int(day))
    except ValueError:
        return None  # digits that are no date
