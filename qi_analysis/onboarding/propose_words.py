"""What the words of an export mean: statuses, levels, yes and no, names; what is to be decided."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

import pandas as pd

from ..cleaning.personal import mask_personal
from ..core.frames import check_frame
from ..core.schema import AREAS, COLUMNS, DAY_FIRST, MONTH_FIRST, NOT_RECORDED
from ..core.text import count_of, k_of_n, listed, lookup_table, match_key
from ..profile import Profile
from .evidence import (
    ASKS,
    ENOUGH,
    FEW,
    FIGURE,
    LEAST_SEEN,
    LONGEST,
    MEANINGS,
    MOST_NAMES,
    VOCABULARY,
    ColumnEvidence,
    area_name,
    inspect_columns,
    is_personal,
    kind_of,
)


def propose_words(raw: pd.DataFrame, headings: pd.DataFrame) -> pd.DataFrame:
    """Propose what the words of an export's columns mean: statuses, levels, yes and no, names.

    Words seen once, long ones and those with personal data are counted and not given. No value
    of an identifier, a title, another free text, or a heading that may name people is given either.

    Parameters
    ----------
    raw : DataFrame
        What :func:`read_export` returns.
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
            differ in case alone, counted as one; of dates, where some are month first, the order
            that a column shows; empty for a row that counts the words that are not given.
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
    headings = check_frame(
        headings, "heading column", kinds=dict.fromkeys(["heading", "column"], "text"),
        step="propose_headings",
    )  # fmt: skip
    columns = dict(headings.loc[headings["column"] != "", ["heading", "column"]].to_numpy())
    inspected = inspect_columns(raw)
    rows = [
        row
        for evidence in inspected
        if (column := columns.get(evidence.heading)) and not evidence.may_name_people
        for row in _words_of(column, evidence)
    ]
    dates = [row for e in inspected if (c := columns.get(e.heading)) for row in _order_of(c, e)]
    rows += dates if any(word == MONTH_FIRST for _, word, *_ in dates) else []
    names = ["column", "word", "rows", "name", "sure", "why"]
    return pd.DataFrame(rows, columns=names).astype({"sure": bool, "rows": "int64"})


def _order_of(column: str, evidence: ColumnEvidence) -> list[tuple]:
    """Return whether a column's dates show that the day, or the month, comes first."""
    if kind_of(column) != "start":
        return []
    orders = evidence.orders
    if evidence.are_month_first:
        why = f"{k_of_n(orders.month_first, evidence.filled)} can be nothing else"
        return [(column, MONTH_FIRST, orders.month_first, MONTH_FIRST, False, why)]
    return [(column, DAY_FIRST, orders.day_first, DAY_FIRST, True, "")] if orders.day_first else []


def _words_of(column: str, evidence: ColumnEvidence) -> list[tuple]:
    kind = kind_of(column)
    if kind in ("directorate", "programme"):
        return _names_of(column, evidence)
    if kind == "areas":
        return _areas_of(column, evidence)
    words = _known_words(kind, evidence.profile)
    if not words:
        return []
    names = lookup_table(words)
    given, hidden = _words_to_give(evidence, names)
    rows = [
        _known_or_not(column, w, n, names.get(match_key(w)), evidence) for w, n in given.items()
    ]
    return [*rows, *_not_given(column, hidden)]


def _known_words(kind: str, profile: Profile) -> dict[str, tuple[str, ...]]:
    """Return the words that a profile knows in a column of a kind, by what they mean."""
    words = profile.words
    if kind == "yes_no":
        return {name: words.get(name, ()) for name in ("yes", "no", NOT_RECORDED, "unclear")}
    blank = words.get(NOT_RECORDED, ())
    known = {"level": {**profile.levels, NOT_RECORDED: blank},
             "status": {**profile.statuses, "unknown": blank}}  # fmt: skip
    return known.get(kind, {})


def _known_or_not(
    column: str, word: str, rows: int, name: str | None, evidence: ColumnEvidence
) -> tuple:
    if name == "unclear":
        why = "it could mean yes or no, and its rows are set aside; move it if you know which"
        return column, word, rows, name, False, why
    if name:
        return column, word, rows, name, True, ""
    guess = _guess(column, word, evidence)
    by_place = (
        ", by its place among the figures" if column in MEANINGS and evidence.are_levels else ""
    )
    why = f"perhaps {guess}{by_place}" if guess else "no shipped profile knows it"
    return column, word, rows, guess, False, why


def _guess(column: str, word: str, evidence: ColumnEvidence) -> str:
    key = match_key(word)
    if column not in MEANINGS:
        return next((name for name in ("yes", "no") if key.startswith(f"{name} ")), "")
    hints = MEANINGS[column].items()
    hinted = next((name for name, words in hints if re.search(words, key)), "")
    if column == "status" and (answers := _answers(evidence)):
        return answers.get(key, hinted)
    return _level_of(word, evidence) or hinted if evidence.are_levels else hinted


def _answers(evidence: ColumnEvidence) -> dict[str, str]:
    """Return the status that yes and no mean under a heading that asks for one, such as `Done?`."""
    asked = (pair for asks, pair in ASKS.items() if re.search(asks, evidence.key))
    yes, no = next(asked, ("", ""))
    words = evidence.profile.words
    table = {yes: ("yes", *words["yes"]), no: ("no", *words["no"])}
    return lookup_table(table) if yes else {}


def _level_of(word: str, evidence: ColumnEvidence) -> str:
    """Guess what a level in figures means, by where it stands among those that are seen."""
    seen = evidence.values[evidence.values >= LEAST_SEEN].index
    scale = [int(each[0]) for each in seen if re.fullmatch(FIGURE, each)]
    if not re.fullmatch(FIGURE, word) or not scale:
        return ""
    if word[0] == "0":
        return "none"
    upper = min(scale) + (max(scale) - min(scale)) * 2 / 3
    return "doing_with" if int(word[0]) > upper else "doing_for"


def _words_to_give(evidence: ColumnEvidence, known: Iterable[str]) -> tuple[dict[str, int], int]:
    """Return the words that may be written down with their rows, and how many others there are."""
    words = _fold(evidence.values.items())
    is_known = words.index.isin([*known])
    plain = is_known | words["plain"]
    given = words[plain if plain.sum() <= MOST_NAMES else is_known]
    return dict(zip(given["word"], given["rows"], strict=True)), len(words) - len(given)


def _fold(spellings: Iterable[tuple]) -> pd.DataFrame:
    """Count spellings that a profile does not tell apart as one word, as it is most often written.

    One that is personal in any spelling is personal in all.
    """
    words = pd.DataFrame([*spellings], columns=["word", "rows"])
    words = words.sort_values("rows", ascending=False, kind="stable")
    personal = words["word"].map(is_personal).astype(bool)
    counted = (
        words.assign(fits=~personal & (words["word"].str.len() <= LONGEST))
        .groupby(words["word"].map(match_key), sort=False)
        .agg(word=("word", "first"), rows=("rows", "sum"), fits=("fits", "all"))
        .sort_values("rows", ascending=False, kind="stable")
    )
    return counted.assign(plain=counted["fits"] & (counted["rows"] >= LEAST_SEEN))


def _not_given(column: str, left_out: int) -> list[tuple]:
    why = "seen once, long or personal; `qi-analysis check` says what becomes of them"
    return [(column, "", left_out, "", False, why)] if left_out else []


def _names_of(column: str, evidence: ColumnEvidence) -> list[tuple]:
    """Return names that stand for themselves; those but a slip apart are to be decided."""
    given, hidden = _words_to_give(evidence, [])
    blanks = (*evidence.profile.words[NOT_RECORDED], *evidence.profile.programmes["none"], "none")
    nothing = {match_key(word) for word in blanks}
    names = [word for word in given if match_key(word) not in nothing]
    others = _other_names(names)
    rows = []
    for word in names:
        name, why = others.get(word, (word, ""))
        rows.append((column, word, given[word], name, word not in others, why))
    return [*rows, *_not_given(column, hidden)]


def _other_names(names: list[str]) -> dict[str, tuple[str, str]]:
    """Return which names may mean another one, and why.

    Of two spellings that one is right which has more words, or whose words are known; else the one
    that is seen more often.
    """

    def worth(name: str) -> tuple[int, bool]:
        words = match_key(name).split()
        return -len(words), not VOCABULARY.issuperset(words)

    right: list[str] = []
    others = {}
    for word in sorted(names, key=worth):
        found = next(((name, why) for name in right if (why := _likeness(word, name))), None)
        if found:
            others[word] = found[0], f"perhaps {found[1]} '{found[0]}'"
        else:
            right.append(word)
    return others


def _likeness(word: str, name: str) -> str:
    """Describe in what a name may be another one; empty where they are unlike."""
    one, other = match_key(word), match_key(name)
    if _one_slip(one, other):
        return "another spelling of"
    if _are_initials(one, other):
        return "the initials of"
    return "another form of" if _have_one_stem(one, other) else ""


def _are_initials(short: str, long: str) -> bool:
    """Whether a short name holds the first letters of a longer one's words, with `and` or not."""
    words = long.split()
    plain = [word[0] for word in words if word not in ("and", "of", "the")]
    spelt = {"".join(plain), "".join(word[0] for word in words), "and".join(plain)}
    return len(plain) > 1 and short.replace(" ", "") in spelt - {long.replace(" ", "")}


def _have_one_stem(one: str, other: str) -> bool:
    """Whether two single words begin alike, such as surgery and surgical."""
    words = (one, other)
    return all(word.isalpha() and len(word) > STEM for word in words) and one[:STEM] == other[:STEM]


def _areas_of(column: str, evidence: ColumnEvidence) -> list[tuple]:
    """Return the parts of cells that list areas; a person decides whether they are areas."""
    parts = [
        (p.strip(), n) for v, n in evidence.values.items() for p in re.split(r"[;,|\n]", str(v))
    ]
    counts = _fold(parts)
    given = counts[counts["plain"] & counts["word"].map(area_name).ne("")]
    if len(given) > FEW:
        return []
    why = "perhaps an area of the work"
    words = zip(given["word"], given["rows"], strict=True)
    return [(column, word, rows, "", False, why) for word, rows in words]


def _one_slip(one: str, other: str) -> bool:
    """Whether two folded names are alike but for a slip in one word, which is no number."""
    first, second = one.split(), other.split()
    pairs = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    if len(first) != len(second) or len(pairs) != 1 or re.search(r"\d", "".join(pairs[0])):
        return False
    return len(pairs[0][0]) > 4 and difflib.SequenceMatcher(None, *pairs[0]).ratio() >= ENOUGH


STEM = 4  # letters
CARERS_ALONE = "Only carers are asked about: a no leaves open whether service users were involved."


def describe_proposals(headings: pd.DataFrame, words: pd.DataFrame) -> str:
    """Describe in a few lines what was mapped, what is unsure, and what is missing.

    Parameters
    ----------
    headings, words : DataFrame
        From :func:`propose_headings` and :func:`propose_words`.
    """
    headings, words = check_headings(headings), check_words(words)
    sure = headings[headings["sure"]]
    were = "was" if len(sure) == 1 else "were"
    pairs = zip(sure["heading"], sure["column"], strict=True)
    lines = [f"{k_of_n(len(sure), len(headings))} headings {were} mapped for sure"
             f"{describe_pairs(pairs)}"]  # fmt: skip
    unsure = headings[~headings["sure"] & (headings["column"] != "")]
    lines += [f"Unsure: '{r.heading}' as {r.column}: {r.why}." for r in unsure.itertuples()]
    undecided = words[~words["sure"] & (words["word"] != "")]
    months = undecided[undecided["name"] == MONTH_FIRST].itertuples()
    lines += [
        f"The dates of {each.column} are month first ({each.why}): `dates` under [rules] says so."
        for each in months
    ]
    undecided = undecided[undecided["name"] != MONTH_FIRST]
    for column, group in undecided.groupby("column", sort=False):
        listing = ", ".join(map(_describe_word, group.to_dict("records")))
        lines.append(f"Words of {column} to be decided: {listing}.")
    missing = _missing(headings)
    lines += [f"Nothing seems to be {missing}: a register needs it."] if missing else []
    lines += [CARERS_ALONE] if _involvement_columns(headings) == {"carer_involved"} else []
    left = headings.loc[headings["column"] == "", ["heading", "why"]].itertuples(index=False)
    reasons = ", ".join(f"'{heading}' ({why})" for heading, why in left)
    return "\n".join([*lines, *([f"Left out: {reasons}."] if reasons else [])])


def check_headings(headings: pd.DataFrame) -> pd.DataFrame:
    """Check what was proposed for headings, or corrected by hand."""
    return _check_proposals(headings, ["heading", "column", "why"], "propose_headings")


def check_words(words: pd.DataFrame) -> pd.DataFrame:
    """Check what was proposed for words, or corrected by hand."""
    words = check_frame(words, "rows", kinds={"rows": "count"}, step="propose_words")
    return _check_proposals(words, ["column", "word", "name", "why"], "propose_words")


def _check_proposals(frame: pd.DataFrame, texts: list[str], step: str) -> pd.DataFrame:
    kinds = dict.fromkeys(texts, "text") | {"sure": "flag"}
    frame = check_frame(frame, *kinds, kinds=kinds, filled="sure", step=step)
    return frame.astype({"sure": bool})


def _describe_word(row: Mapping) -> str:
    guess = f", {row['why']}" if row["name"] not in ("", "unclear") else ""
    return f"'{row['word']}' ({count_of(row['rows'], 'row')}{guess})"


def describe_pairs(pairs: Iterable[tuple]) -> str:
    """List headings with their columns, as the end of a sentence.

    >>> describe_pairs([("ID", "project_id"), ("Group", "directorate")])
    ": 'ID' as project_id, 'Group' as directorate."
    """
    listing = ", ".join(f"'{heading}' as {column}" for heading, column in pairs)
    return f": {listing}." if listing else "."


def describe_left_out(headings: Iterable[str], why: str = "") -> list[str]:
    """Return a sentence that lists the headings left out, if there are any."""
    listing = ", ".join(repr(mask_personal(str(heading))) for heading in headings)
    return [f"Left out{why}: {listing}."] if listing else []


def _missing(headings: pd.DataFrame) -> str:
    needed = {"project_id": "the project's identifier", "title": "its title",
              "directorate": "its directorate"}  # fmt: skip
    missing = [name for column, name in needed.items() if column not in {*headings["column"]}]
    missing += [] if _involvement_columns(headings) else ["what tells of involvement"]
    return listed(missing)


def _involvement_columns(headings: pd.DataFrame) -> set[str]:
    """Return the columns found that tell of involvement."""
    names = {column.name for column in (*COLUMNS, AREAS) if column.involvement}
    return {c for c in headings["column"] if c in names or c.startswith("area_")}
