"""What the words of an export mean: statuses, levels, yes and no, names; what is to be decided."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import pandas as pd

from ..cleaning.columns import NOT_RECORDED
from ..profile import lookup_table, match_key, nearest
from .values import (
    ENOUGH,
    FEW,
    LEAST_SEEN,
    LONGEST,
    MOST_NAMES,
    Seen,
    area_name,
    is_personal,
    kind_of,
    look,
)
from .vocabulary import MEANINGS

_NAMES = ("directorate", "programme")


def propose_words(raw: pd.DataFrame, headings: pd.DataFrame) -> pd.DataFrame:
    """Propose what the words of an export's columns mean: statuses, levels, yes and no, names.

    Words seen once, long ones and those with personal data are counted and not given. Nor is any
    value of an identifier, a title, another free text, or of a heading that may name people.

    Parameters
    ----------
    raw : DataFrame
        What :func:`read_export` gives.
    headings : DataFrame
        From :func:`propose_headings`, or corrected by hand: ``heading, column``.

    Returns
    -------
    DataFrame
        A row a word, the commonest of each column first:

        ``column``
            The register's column that it was found in.
        ``word``
            As most often written, spellings that a profile does not tell apart, such as those that
            differ in case alone, counted as one; empty for a row that counts the words that are not
            given.
        ``rows``
            How many rows hold it; of the row that counts words, how many words.
        ``name``
            What it means: an approach, a status, yes, no, unclear, a directorate; empty if nobody
            can tell.
        ``sure``
            True if a shipped profile knows the word, or it is a name that stands for itself.
        ``why``
            Where it is unsure: what is to be decided.

    Examples
    --------
    >>> raw = pd.DataFrame({"Level": ["Big I", "Big I", "Kept posted", "Kept posted"]})
    >>> headings = pd.DataFrame({"heading": ["Level"], "column": ["involvement_level"]})
    >>> propose_words(raw, headings).drop(columns="why")
                  column         word  rows        name   sure
    0  involvement_level        Big I     2  doing_with   True
    1  involvement_level  Kept posted     2   doing_for  False
    """
    columns = dict(headings.loc[headings["column"] != "", ["heading", "column"]].to_numpy())
    rows = [
        row
        for seen in look(raw)
        if (column := columns.get(seen.heading)) and not seen.may_name_people
        for row in _words_of(column, seen)
    ]
    names = ["column", "word", "rows", "name", "sure", "why"]
    return pd.DataFrame(rows, columns=names).astype({"sure": bool, "rows": "int64"})


def _words_of(column: str, seen: Seen) -> list[tuple]:
    kind = kind_of(column)
    if kind in _NAMES:
        return _names_of(column, seen)
    tables = {
        "yes_no": lambda p: {w: p.words.get(w, ()) for w in ("yes", "no", NOT_RECORDED, "unclear")},
        "level": lambda p: {**p.levels, NOT_RECORDED: p.words.get(NOT_RECORDED, ())},
        "status": lambda p: {**p.statuses, "unknown": p.words.get(NOT_RECORDED, ())},
    }
    if kind == "areas":
        return _areas_of(column, seen)
    if kind not in tables:
        return []
    table = lookup_table(tables[kind](seen.profile))
    given, hidden = _shown(seen, table)
    rows = [_known_or_not(column, w, n, table.get(match_key(w))) for w, n in given.items()]
    return [*rows, *_not_given(column, hidden)]


def _known_or_not(column: str, word: str, rows: int, name: str | None) -> tuple:
    if name == "unclear":
        why = "it could mean yes or no, and its rows are set aside; move it if you know which"
        return column, word, rows, name, False, why
    if name:
        return column, word, rows, name, True, ""
    guess = _guess(column, word)
    why = f"perhaps {guess}" if guess else "no shipped profile knows it"
    return column, word, rows, guess, False, why


def _guess(column: str, word: str) -> str:
    key = match_key(word)
    if column in MEANINGS:
        hints = MEANINGS[column].items()
        return next((name for name, words in hints if re.search(words, key)), "")
    return next((name for name in ("yes", "no") if key.startswith(f"{name} ")), "")


def _shown(seen: Seen, known: Iterable[str]) -> tuple[pd.Series, int]:
    """Give the words that may be written down, and how many others there are."""
    words = _fold(seen.values.index, seen.values)
    is_known = words.index.isin([*known])
    plain = is_known | words["plain"]
    given = words[plain if plain.sum() <= MOST_NAMES else is_known]
    return given.set_index("word")["rows"], len(words) - len(given)


def _fold(words: Iterable[str], rows: Iterable[int]) -> pd.DataFrame:
    """Count spellings that a profile does not tell apart as one word, as it is most often written.

    One that is personal in any spelling is personal in all.
    """
    spellings = pd.DataFrame({"word": [*words], "rows": [*rows]})
    spellings = spellings.sort_values("rows", ascending=False, kind="stable")
    personal = spellings["word"].map(is_personal).astype(bool)
    fits = ~personal & (spellings["word"].str.len() <= LONGEST)
    counted = (
        spellings.assign(fits=fits)
        .groupby(spellings["word"].map(match_key), sort=False)
        .agg(word=("word", "first"), rows=("rows", "sum"), fits=("fits", "all"))
        .sort_values("rows", ascending=False, kind="stable")
    )
    return counted.assign(plain=counted["fits"] & (counted["rows"] >= LEAST_SEEN))


def _not_given(column: str, hidden: int) -> list[tuple]:
    why = "seen once, long or personal; `qi-analysis check` says what becomes of them"
    return [(column, "", hidden, "", False, why)] if hidden else []


def _names_of(column: str, seen: Seen) -> list[tuple]:
    """Give names that stand for themselves; those but a slip apart are to be decided."""
    given, hidden = _shown(seen, [])
    nothing = lookup_table(
        {"": (*seen.profile.words[NOT_RECORDED], *seen.profile.programmes["none"])}
    )
    first: dict[str, str] = {}
    rows = []
    for word, n in given.items():
        key = match_key(word)
        if key in nothing or key == "none":
            continue
        near = nearest(word, first.values()) if key not in first else []
        unsure = bool(near) and _one_slip(key, match_key(near[0]))
        name = near[0] if unsure else first.setdefault(key, word)
        why = f"perhaps another spelling of '{name}'" if unsure else ""
        rows.append((column, word, n, name, not unsure, why))
    return [*rows, *_not_given(column, hidden)]


def _areas_of(column: str, seen: Seen) -> list[tuple]:
    """Give the parts of cells that list areas; a person decides whether they are areas."""
    parts = [(p.strip(), n) for v, n in seen.values.items() for p in re.split(r"[;,|\n]", v)]
    counts = _fold(*zip(*parts, strict=True)) if parts else _fold([], [])
    given = counts[counts["plain"] & counts["word"].map(area_name).ne("")]
    if len(given) > FEW:
        return []
    why = "perhaps an area of the work"
    return [(column, row.word, int(row.rows), "", False, why) for row in given.itertuples()]


def _one_slip(one: str, other: str) -> bool:
    """Tell whether two folded names are alike but for a slip in one word, which is no number."""
    first, second = one.split(), other.split()
    pairs = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    if len(first) != len(second) or len(pairs) != 1 or re.search(r"\d", "".join(pairs[0])):
        return False
    return len(pairs[0][0]) > 4 and difflib.SequenceMatcher(None, *pairs[0]).ratio() >= ENOUGH
