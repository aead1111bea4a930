"""Personal data that a pattern can tell: found anywhere in a cell, and taken out.

NHS numbers (ten digits in any spacing whose last one is right by Modulus 11), email addresses and
UK phone numbers. **Names of people cannot be told from other words**: who types "Ann from Ward 3"
into a title puts it into the register, and free text is to be read before it is shared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ..core.errors import RegisterError
from ..core.schema import DATES, REQUIRED
from .encoding import Cells, change_where, map_columns, pc

MASK = "[removed]"
PERSONAL = "NHS numbers, email addresses or phone numbers"
LEAST_NUMBERING = 10  # fewer identifiers of ten digits do not make a numbering of the trust's own

# Only a cell with an @ or ten digits can hold any of them: a quick test before the exact ones.
_MAYBE = r"[@＠]|^(?:\P{Nd}*\p{Nd}){10}"
FEW = 300  # cells, which are masked sooner than Arrow has compiled that test
_GAP = r"[\s.\-‐-―_()\u00ad\u200b-\u200f\u2060\ufeff]{0,3}"
_NHS = re.compile(rf"(?<!\d)(?=(\d(?:{_GAP}\d){{9}})(?!\d))")
_BARE = r"|(?<!\d)(?=(7\d{3}[ .\-]?\d{3}[ .\-]?\d{3})(?!\d))"  # a spreadsheet dropped its 0


def _dialled(gap: str) -> str:
    """Return the pattern of a UK number as it is dialled, from here or from abroad."""
    return (
        rf"(?<![\d+])(?=((?:(?:\+|00)?{gap}44{gap}(?:0{gap})?|\(?0)[1-9](?:{gap}\d){{8,9}})(?!\d))"
    )


_PHONE = re.compile(_dialled(_GAP) + _BARE)
_PHONE_ID = re.compile(_dialled("[ ()]{0,3}") + _BARE)
_NUMBERING = re.compile(_dialled("[ ()]{0,3}") + "()")
_EMAIL = re.compile(r"[\w.+'’%&\-]{1,64} ?[@＠] ?[\w\-]+(?:\.[\w\-]+)+")

_DATE = re.compile(
    r"(?:(?:19|20)\d\d([.\- ]?)[01]\d\1[0-3]\d|[0-3]?\d[.\- ][0-3]?\d[.\- ](?:19|20)\d\d)(?!\d)"
)
# A whole day that no number is made of, as it stands in a file's name.
_DAY = re.compile(
    r"(?<!\d)(?:20\d\d([-_.])[01]\d\1[0-3]\d|[0-3]\d([-_.])[01]\d\220\d\d|"
    r"(?<! )20\d\d[01]\d[0-3]\d)(?!\d)"
)


def is_nhs_number(text: str) -> bool:
    """Whether the digits of a text are ten, of which the last is right by Modulus 11.

    >>> is_nhs_number("943 476 5919"), is_nhs_number("943 476 5918")
    (True, False)
    """
    digits = [int(c) for c in text if c.isdecimal()]
    if len(digits) != 10:
        return False
    total = sum(digit * weight for digit, weight in zip(digits, range(10, 1, -1), strict=False))
    return (11 - total % 11) % 11 == digits[9]


def mask_personal(text: str) -> str:
    """Replace by ``[removed]`` each NHS number, email address and UK phone number in a text.

    >>> mask_personal("Falls: ring Ann on 07700 900123 or ann@example.nhs.uk")
    'Falls: ring Ann on [removed] or [removed]'
    """
    return _mask(text, _PHONE)


def _mask(text: str, phone: re.Pattern) -> str:
    spans = [m.span(1) for m in _NHS.finditer(text) if is_nhs_number(m[1]) and _undated(m[1])]
    spans += [m.span(1 if m[1] else 2) for m in phone.finditer(text) if _undated(m[1] or m[2])]
    days = [m.span() for m in _DAY.finditer(text)] if spans else []
    spans = [(a, b) for a, b in spans if not any(a < end and start < b for start, end in days)]
    spans += [m.span() for m in _EMAIL.finditer(text)] if re.search("[@＠]", text) else []
    for start, end in reversed(_merged(spans)):
        text = f"{text[:start]}{MASK}{text[end:]}"
    return text


def _undated(found: str) -> bool:
    """Whether digits are no more than a day, with an hour or another day behind it."""
    return not _DATE.match(found)


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _mask_id(text: str) -> str:
    return _mask(text, _PHONE_ID)


def mask_cells(texts: Cells) -> tuple[Cells, np.ndarray]:
    """Mask a column's cells; with them, which rows held anything personal."""
    masked = texts.change(lambda different: _mask_where(different, mask_personal))
    return masked, _differ(texts, masked)


def _mask_where(different: pa.Array, mask: Callable[[str], str]) -> pa.Array:
    def masked(some: pa.Array) -> pa.Array:
        return pa.array([mask(cell) for cell in some.to_pylist()], some.type)

    if len(different) > FEW:
        return change_where(different, pc.match_substring_regex(different, _MAYBE), masked)
    texts = different.to_pylist()
    changed = [text is not None and mask(text) != text for text in texts]
    return change_where(different, pa.array(changed, pa.bool_()), masked)


def _differ(texts: Cells, masked: Cells) -> np.ndarray:
    if texts.different is masked.different:
        return np.zeros(len(texts), bool)
    changed = pc.not_equal(texts.different, masked.different).fill_null(False)
    return texts.spread(changed.to_numpy(zero_copy_only=False))


def mask_ids(texts: Cells) -> tuple[Cells, np.ndarray]:
    """Mask identifiers that are personal data; with them, which rows had one.

    One ten-digit number in eleven is an NHS number by chance. So where ten or more different
    identifiers hold ten digits and at most half of those would be masked, they are the trust's own
    numbering, and stay; so do ten or more that begin with 7, which may be mobile numbers without
    their 0. Digits joined by hyphens or dots (``0112-2020-001``) are no phone number here.
    """
    masked = texts.change(lambda different: _mask_where(different, _mask_id))
    removed = _differ(texts, masked)
    if not removed.any():
        return masked, removed
    own = texts.change(lambda different: _mask_where(different, _mask_email))
    ids = own.select(own.filled).text()
    numbers = set(ids[ids.str.contains(r"\d(?:\D?\d){9}")])
    taken = {number for number in numbers if _mask(number, _NUMBERING) != number}
    if len(numbers) >= LEAST_NUMBERING and len(taken) <= len(numbers) / 2:
        return own, _differ(texts, own)
    return masked, removed


def _mask_email(text: str) -> str:
    return _EMAIL.sub(MASK, text)


def is_wholly_personal(masked: str) -> bool:
    """Whether nothing but marks stands beside what was removed from a cell."""
    return MASK in masked and not re.search(r"\w", masked.replace(MASK, ""))


# --- personal data --------------------------------------------------------------------------------


@dataclass
class Masked:
    """What is left of the columns, and what was taken out of them."""

    columns: dict[str, Cells] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    ids: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))


def mask_columns(
    columns: Mapping[str, Cells], headings: Mapping[str, str], is_clean: bool, name: str
) -> Masked:
    """Mask personal data in every column; a clean register's identifiers passed before."""
    result = Masked()
    longest = max(map(len, columns.values()), default=0)
    for column, (masked, rows) in map_columns(_search, columns, longest).items():
        texts = columns[column]
        n = int(rows.sum())
        most = n > 0 and n > texts.filled.sum() / 2
        if column == "project_id":
            masked, n = (texts, 0) if is_clean else (masked, n)
            result.ids = rows & (not is_clean)
        elif most and column in REQUIRED:
            _check_not_all_personal(masked, rows, column, headings[column], name)
        elif most:
            result.dropped.append(headings[column])
            continue
        elif column in DATES:
            masked, n = texts, 0  # a day with its time may look like a number: see values.py
        result.columns[column] = masked
        if n:
            result.counts[headings[column]] = n
    return result


def _search(column: str, texts: Cells) -> tuple[Cells, np.ndarray]:
    """Mask a column; with it, which rows held anything personal."""
    return mask_ids(texts) if column == "project_id" else mask_cells(texts)


def _check_not_all_personal(
    masked: Cells, rows: np.ndarray, column: str, heading: str, name: str
) -> None:
    wholly = masked.select(rows).text().map(is_wholly_personal, na_action="ignore")
    if wholly.sum() > masked.filled.sum() / 2:
        raise RegisterError(
            f"{name} has {PERSONAL} in most rows of '{mask_personal(heading)}', which is read as "
            f"the {column}. Take that column out, or give the {column}'s own heading in the "
            "profile."
        )
