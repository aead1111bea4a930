"""What the words of an export mean: statuses, levels, yes and no, names; what is to be decided."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

import pandas as pd

from ..core.schema import NOT_RECORDED
from ..core.text import count_of, k_of_n, listed, lookup_table, match_key, nearest
from .evidence import (
    ENOUGH,
    FEW,
    LEAST_SEEN,
    LONGEST,
    MEANINGS,
    MOST_NAMES,
    Seen,
    area_name,
    is_personal,
    kind_of,
    look,
)

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
    """Return the words that may be written down, and how many others there are."""
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
    """Return names that stand for themselves; those but a slip apart are to be decided."""
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
    """Return the parts of cells that list areas; a person decides whether they are areas."""
    parts = [(p.strip(), n) for v, n in seen.values.items() for p in re.split(r"[;,|\n]", v)]
    counts = _fold(*zip(*parts, strict=True)) if parts else _fold([], [])
    given = counts[counts["plain"] & counts["word"].map(area_name).ne("")]
    if len(given) > FEW:
        return []
    why = "perhaps an area of the work"
    return [(column, row.word, int(row.rows), "", False, why) for row in given.itertuples()]


def _one_slip(one: str, other: str) -> bool:
    """Whether two folded names are alike but for a slip in one word, which is no number."""
    first, second = one.split(), other.split()
    pairs = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    if len(first) != len(second) or len(pairs) != 1 or re.search(r"\d", "".join(pairs[0])):
        return False
    return len(pairs[0][0]) > 4 and difflib.SequenceMatcher(None, *pairs[0]).ratio() >= ENOUGH


CARERS_ALONE = "Only carers are asked about: a no leaves open whether service users were involved."


def describe_proposals(headings: pd.DataFrame, words: pd.DataFrame) -> str:
    """Say in a few lines what was mapped, what is unsure, and what is missing.

    Parameters
    ----------
    headings, words : DataFrame
        From :func:`propose_headings` and :func:`propose_words`.
    """
    sure = headings[headings["sure"]]
    were = "was" if len(sure) == 1 else "were"
    lines = [f"{k_of_n(len(sure), len(headings))} headings {were} mapped for sure"
             f"{': ' if len(sure) else '.'}{_pairs(sure)}"]  # fmt: skip
    unsure = headings[~headings["sure"] & (headings["column"] != "")]
    lines += [f"Unsure: '{r.heading}' as {r.column}: {r.why}." for r in unsure.itertuples()]
    open_ = words[~words["sure"] & (words["word"] != "")]
    for column, group in open_.groupby("column", sort=False):
        shown = ", ".join(f"'{r.word}' ({count_of(r.rows, 'row')})" for r in group.itertuples())
        lines.append(f"Words of {column} to be decided: {shown}.")
    missing = _missing(headings)
    lines += [f"Nothing seems to be {missing}: a register needs it."] if missing else []
    lines += [CARERS_ALONE] if _telling(headings) == {"carer_involved"} else []
    left = headings.loc[headings["column"] == "", "heading"]
    lines += [f"Left out: {', '.join(f'{h!r}' for h in left)}."] if len(left) else []
    return "\n".join(lines)


def _pairs(sure: pd.DataFrame) -> str:
    said = [f"'{r.heading}' as {r.column}" for r in sure.itertuples()]
    return f"{', '.join(said)}." if said else ""


def _missing(headings: pd.DataFrame) -> str:
    needed = ["the project's identifier", "its title", "its directorate"]
    columns = ["project_id", "title", "directorate"]
    found = {*headings["column"]}
    missing = [n for n, c in zip(needed, columns, strict=True) if c not in found]
    return listed([*missing, *([] if _telling(headings) else ["what tells of involvement"])])


def _telling(headings: pd.DataFrame) -> set[str]:
    """Return the columns found that tell of involvement."""
    names = {"service_user_involved", "carer_involved", "involvement_level", "areas"}
    return {c for c in headings["column"] if c in names or c.startswith("area_")}
