"""A draft of a trust's own profile, written from the proposals; and what a profile means, in words.

The draft is the shipped profile's text with another trust's words in it: every explanation stays
where it was. Only what is sure is in force; the rest is a comment that begins with ``# ?``.
"""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Iterable, Mapping

import pandas as pd

from ..cleaning.export import own_headings
from ..cleaning.personal import MASK, mask_personal
from ..core.errors import OptionError, RegisterError
from ..core.files import SHIPPED
from ..core.frames import check_frame
from ..core.schema import APPROACHES, DAY_FIRST, MONTH_FIRST, PROVENANCE
from ..core.text import count_of, format_date, format_share, k_of_n, listed, match_key
from ..profile import ASK, LEAVE_OUT, MARK, UNNAMED, Help, Profile, load_profile, match_headings
from .evidence import area_name
from .propose_headings import PERSONAL_REASONS
from .propose_words import check_headings, check_words, describe_left_out, describe_pairs

WIDTH = 100

_TOP = """\
# A trust's profile, begun by `qi-analysis profile new` from the headings and words of an export.
#
# What was sure is in force. The rest is for you to decide:
# - A line that begins with `# ? ` is a setting that is proposed, with the reason behind it. Take
#   the mark off its beginning to put it in force, or mend the line, or delete it. Where you agree
#   with all of them, your editor can replace every `# ? ` by nothing at once.
# - A line that begins with `# To decide:` asks for something. Do that, and delete the line.
# `qi-analysis profile check` reads this file and says what is open, and `qi-analysis check` says
# how well the export is read with it. Spellings are compared without regard to case, spaces,
# punctuation, and `&` for `and`; a name stands for itself."""

_AREAS = """\
# The areas of work in which people can be involved: a line each, its name in small letters, the
# label as reports write it, and the headings of its column. A list of areas in one cell is read by
# these labels and headings too."""

_NO_AREAS = """\
# No column of the export tells of areas of work. Take the # off, a line an area, to have them:
# [areas]
# setting_aim = { label = "Setting the aim", headings = ["Setting the aim"] }"""

# Which columns' words belong to which section.
_WORDS = {
    "words": ("service_user_involved", "carer_involved", "exemption_agreed", "area_"),
    "statuses": ("status",),
    "levels": ("involvement_level",),
}


def draft_profile(headings: pd.DataFrame, words: pd.DataFrame) -> str:
    """Write a commented profile from what was proposed.

    Parameters
    ----------
    headings, words : DataFrame
        From :func:`propose_headings` and :func:`propose_words`; or with ``name`` and ``sure``
        changed, where a person has decided.

    Returns
    -------
    str
        TOML. Headings and names that are sure are in force; what is proposed stands as a comment
        that begins with ``# ?``, and is a setting when that mark is taken off: it stays TOML
        whichever are. What no export tells, such as the trust's name, is asked in comments that
        begin with ``# To decide:``. The rest is the shipped profile, each of its explanations where
        it was.

    Examples
    --------
    >>> headings = pd.DataFrame({"heading": ["QI Ref", "Idea"], "column": ["project_id", "title"],
    ...     "sure": [True, False], "why": ["the heading says so", "the heading hints at it"]})
    >>> words = pd.DataFrame(columns=["column", "word", "rows", "name", "sure", "why"])
    >>> draft = draft_profile(headings, words).splitlines()
    >>> print(*[line for line in draft if "QI Ref" in line or "title =" in line], sep="\\n")
    project_id = ["QI Ref"]
    # ? title = ["Idea"]  # the heading hints at it
    """
    headings, words = check_headings(headings), check_words(words)
    lost = words.loc[~words["column"].isin(headings["column"]), "column"]
    if len(lost):
        raise OptionError(
            f"`words` has some of '{lost.iloc[0]}', which no heading of `headings` stands for. "
            "Give both of one export."
        )
    shipped = (SHIPPED / "cnwl.toml").read_text("utf-8")
    parts = [_part(paragraph, headings, words) for paragraph in shipped.strip().split("\n\n")]
    return "\n\n".join(parts) + "\n"


def _part(paragraph: str, headings: pd.DataFrame, words: pd.DataFrame) -> str:
    """Write one section of the shipped profile with the trust's own words."""
    found = re.search(r"^\[+(\w+)", paragraph, re.M)
    section = found[1] if found else ""
    lines = paragraph.splitlines()
    start = next((i for i, line in enumerate(lines) if line.startswith("[")), len(lines))
    above, below = lines[:start], lines[start:]
    if not found:
        return paragraph if "[[rebases]]" in paragraph else _TOP
    if section in _WORDS:
        seen = words[words["column"].str.startswith(_WORDS[section])]
        lists = (each for line in below for each in _with_words(line, seen))
        return "\n".join([*above, *_word_lines(seen, headings), *lists])
    if section in _SECTIONS:
        return "\n".join(_SECTIONS[section](above, below, headings, words))
    return paragraph


# --- the sections that differ ---------------------------------------------------------------------


def _trust(above, below, headings, words) -> list[str]:
    year = next(line for line in below if line.startswith("financial_year_starts"))
    ask = f"{ASK} put your trust's name, and its short one, in these two lines"
    names = [f"{key} = {_quoted(UNNAMED)}" for key in ("name", "short_name")]
    return [*above, below[0], ask, *names, year]


def _headings(above, below, headings, words) -> list[str]:
    lines = [line for old in below[1:] for line in _heading(old, headings)]
    return [*above, below[0], *lines]


def _heading(old: str, headings: pd.DataFrame) -> list[str]:
    """Return a column's line: in force if sure, a line to check for each heading that is not."""
    column, _, rest = old.partition(" = ")
    _, hash_, note = rest.partition(" #")
    if column == LEAVE_OUT:
        return [_leave_out(headings)]
    mine = headings[headings["column"] == column]
    sure, unsure = (mine[mine["sure"] == is_sure] for is_sure in (True, False))
    if mine.empty:
        return [f"# {column} = []{hash_}{note}"]
    if sure.empty:
        return [f"{MARK} {column} = [{_listing_of(unsure['heading'])}]  # {_reasons(unsure)}"]
    asks = [f"{ASK} is '{_plain(h)}' {column} too? Add it to this list" for h in unsure["heading"]]
    return [*asks, f"{column} = [{_listing_of(sure['heading'])}]{hash_}{note}"]


def _reasons(headings: pd.DataFrame) -> str:
    """Say why headings are proposed for a column: each if there are several, the first is read."""
    reasons = [*dict.fromkeys(headings["why"])]
    more = "; keep one of them" if len(headings) > 1 else ""
    return f"{'; '.join(reasons)}{more}"


def _listing_of(words: Iterable[str]) -> str:
    return ", ".join(map(_quoted, words))


def _leave_out(headings: pd.DataFrame) -> str:
    """Return the line of what is left out on purpose: to be decided for the names of people."""
    people = headings["why"].isin(PERSONAL_REASONS) & (headings["column"] == "")
    names = [h for h in headings.loc[people, "heading"] if MASK not in h]
    if not names:
        return f"# {LEAVE_OUT} = []"
    return f"{MARK} {LEAVE_OUT} = [{_listing_of(names)}]  # it seems to hold names or personal data"


def _directorates(above, below, headings, words) -> list[str]:
    names = _names(words, headings, "directorate")
    none = ["# No names were taken from the export, so each name in it stands for itself."]
    return [*above, below[0], *(names or none)]


def _programmes(above, below, headings, words) -> list[str]:
    none = [line for line in below[1:] if line.startswith("none = ")]
    return [*above, below[0], *_names(words, headings, "programme"), *none]


def _names(words: pd.DataFrame, headings: pd.DataFrame, column: str) -> list[str]:
    """Return each name, its other spellings in its list: all to be decided with their heading."""
    mine = words[(words["column"] == column) & (words["word"] != "")]
    is_sure = headings.loc[headings["column"] == column, "sure"].all()
    lines = []
    for name, spellings in mine.groupby("name", sort=False):
        sure = spellings.loc[spellings["sure"], "word"]
        more = [row for row in _open(spellings) if match_key(row["word"]) != match_key(str(name))]
        if is_sure:
            lines += _list_of(
                _quoted(str(name)), [_quoted(w) for w in _new_words(sure, [name])], more
            )
            continue
        others = _listing_of(_new_words([*sure, *(row["word"] for row in more)], [str(name)]))
        reasons = "; ".join(f"'{_plain(row['word'])}' is {_plain(row['why'])}" for row in more)
        comment = f"  # {reasons}" if reasons else ""
        lines.append(f"{MARK} {_quoted(str(name))} = [{others}]{comment}")
    return [*lines, *_not_given(words[words["column"] == column])]


def _list_of(key: str, items: list[str], proposed: list[dict]) -> list[str]:
    """Return a list in one line; with a line more for each word that is proposed for it."""
    if not proposed:
        return [f"{key} = [{', '.join(items)}]"]
    rows = [f"{MARK} {_quoted(r['word'])},  # {_rows_and_why(r)}" for r in proposed]
    return [f"{key} = [{''.join(f'{item}, ' for item in items).rstrip()}", *rows, "]"]


def _areas(above, below, headings, words) -> list[str]:
    mine = headings.loc[headings["column"].str.startswith("area_"), ["heading", "column", "sure"]]
    lines = [line for row in mine.itertuples(index=False) for line in _area(*row)]
    for word in words.loc[(words["column"] == "areas") & (words["word"] != ""), "word"]:
        name = f"area_{area_name(word)}"
        lines += _area(word, name, False) if name not in {*mine["column"], "area_"} else []
    return [_AREAS, *(["[areas]", *lines] if lines else [_NO_AREAS])]


def _area(heading: str, column: str, sure: bool) -> list[str]:
    """Return an area in one line, so that one mark is taken off it whole."""
    name, words = column.removeprefix("area_"), _quoted(heading)
    line = f"{name} = {{ label = {words}, headings = [{words}] }}"
    return [line if sure else f"{MARK} {line}"]


def _definitions(above, below, headings, words) -> list[str]:
    """Keep the definitions that the export can tell; those by areas if it has three of them.

    Whether the headline one is the trust's own is asked: every report says it.
    """
    ask = f"{ASK} is this what your trust counts as meaningful? Mend the words, delete this line"
    below = [below[0], ask, *below[1:]]
    if (headings["column"].str.startswith("area_") & headings["sure"]).sum() >= 3:
        return [*above, *below]
    tables = re.split(r"\n(?=\[)", "\n".join(below))
    by_areas = [table for table in tables if "\nareas = " in table]
    others = [table for table in tables if table not in by_areas]
    ask = f"{ASK} take the # off these once [areas] has three or more"
    return [*above, *others, "", ask, *_comment("\n".join(by_areas).splitlines())]


def _commented(above, below, headings, words) -> list[str]:
    """Keep another trust's aims and events as an example alone."""
    return [*above, f"{ASK} put your own in place of this example", *_comment(below)]


def _comment(sentences: Iterable[str]) -> list[str]:
    return [f"# {line}" for line in sentences]


def _rules(above, below, headings, words) -> list[str]:
    """Keep the rules; the programme to compare with the others is the trust's to name."""
    asks = {"programme = ": [f'{MARK} programme = ""'], "# dates = ": _date_orders(words)}
    return [*above, *(new for line in below for new in _asked(line, asks))]


def _asked(line: str, asks: Mapping[str, list[str]]) -> list[str]:
    """Return a line, or what is asked in the place of one that begins as it does."""
    return next((new for start, new in asks.items() if line.startswith(start) and new), [line])


def _date_orders(words: pd.DataFrame) -> list[str]:
    """Return the order of day and month to propose: of all dates, or of columns unlike others."""
    month = words[words["name"] == MONTH_FIRST].drop_duplicates("column")
    alike = not (words["name"] == DAY_FIRST).any()
    keys = ["dates"] if alike else [f"dates.{column}" for column in month["column"]]
    return [
        f"{MARK} {key} = {_quoted(MONTH_FIRST)}  # {column}: {_plain(why)}"
        for key, column, why in zip(keys, month["column"], month["why"], strict=False)
    ]


_SECTIONS = {
    "trust": _trust, "headings": _headings, "directorates": _directorates,
    "programmes": _programmes, "areas": _areas, "definitions": _definitions, "aims": _commented,
    "events": _commented, "help": _commented, "rules": _rules,
}  # fmt: skip


def _word_lines(words: pd.DataFrame, headings: pd.DataFrame) -> list[str]:
    """List the words that were seen, what they are taken to mean, and which are to be decided."""
    lines: list[str] = []
    for column, mine in words.groupby("column", sort=False):
        heading = headings.loc[headings["column"] == column, "heading"].iloc[0]
        lines += _known(heading, mine)
        lines += [
            f"{ASK} {_quoted(row['word'])}, {_rows_and_why(row)}{_DO.get(row['name'], '')}"
            for row in _open(mine)
            if row["name"] in _DO
        ]
        lines += _not_given(mine)
    return lines


_DO = {"": "; add it to a list below", "unclear": ""}  # what is asked of words not proposed for any


def _with_words(line: str, words: pd.DataFrame) -> list[str]:
    """Return a list of the shipped profile, with the words that are new: in force, or proposed."""
    name, is_list, _ = line.partition(" = [")
    mine = words[words["name"] == name]
    if not is_list or mine.empty or name in _DO:
        return [line]
    known = tomllib.loads(line)[name]
    sure = _new_words(mine.loc[mine["sure"], "word"], [name, *known])
    new = {match_key(row["word"]): row for row in _open(mine)}
    return _list_of(name, [_quoted(word) for word in (*sure, *known)], [*new.values()])


def _new_words(words: Iterable, known: Iterable) -> list[str]:
    """Return words that are no spelling of known ones."""
    keys = {match_key(word) for word in known}
    return [*{match_key(word): word for word in words if match_key(word) not in keys}.values()]


def _known(heading: str, mine: pd.DataFrame) -> list[str]:
    sure = mine[mine["sure"]].to_dict("records")
    meanings = [f"{_quoted(row['word'])} {row['rows']} = {row['name']}" for row in sure]
    return textwrap.wrap(
        f"Seen under {_quoted(heading)}: {', '.join(meanings)}.", WIDTH,
        initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False,
    ) if sure else []  # fmt: skip


def _open(mine: pd.DataFrame) -> list[dict]:
    return mine[~mine["sure"] & (mine["word"] != "")].to_dict("records")


def _rows_and_why(row: Mapping) -> str:
    return f"{count_of(row['rows'], 'row')}: {_plain(row['why'])}"


def _not_given(mine: pd.DataFrame) -> list[str]:
    return [
        f"{ASK} {count_of(words, 'further word')}, seen once, long or personal: "
        "`qi-analysis clean` lists what it cannot read"
        for words in mine.loc[mine["word"] == "", "rows"]
    ]


def _quoted(word: str) -> str:
    """Write a word as TOML does, fit for a comment too."""
    safe = json.dumps(str(word).encode("utf-8", "replace").decode("utf-8"), ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f]", lambda found: f"\\u{ord(found[0]):04x}", safe)


def _plain(why: str) -> str:
    """Write a reason that holds a word, fit for a comment."""
    return _quoted(why)[1:-1].replace('\\"', '"')


# --- what a profile means -------------------------------------------------------------------------


def describe_profile(profile: Profile) -> str:
    """Describe on one screen what a profile means: definitions, aim, directorates, levels, rules.

    >>> from qi_analysis import load_profile
    >>> print(*describe_profile(load_profile("elft")).splitlines()[:2], sep="\\n")
    East London NHS Foundation Trust (ELFT). The financial year begins in April.
    Meaningful means Big I: service users or carers were full, active members of the project team.
    """
    profile = load_profile(profile)
    years = f"{pd.Timestamp(2000, profile.first_month, 1):%B}"
    headline = profile.definition()
    others = [d.label for d in profile.definitions.values() if d is not headline]
    lines = [
        f"{profile.trust} ({profile.short_name}). The financial year begins in {years}.",
        f"Meaningful means {headline.label}: {headline.meaning}.",
        f"Beside it stand: {listed(others)}." if others else "",
        _aims(profile),
        _listing("directorate", profile.directorates) or "Each directorate's name in the register "
        "stands for itself.",
        *(_level(approach, profile) for approach in reversed(APPROACHES)),
        _listing("area of work", [a.label for a in profile.areas.values()], "areas of work"),
        _listing("programme", profile.programmes),
        _helpers(profile.help),
        f"Headings are given for {count_of(len(profile.headings), 'column')} of the register.",
        *describe_questions(profile),
    ]  # fmt: skip
    return "\n".join(line for line in lines if line)


def _aims(profile: Profile) -> str:
    aims = sorted(profile.aims, key=lambda aim: aim.starts)
    rates = [f"{format_share(aim.rate)} from {format_date(aim.starts)}" for aim in aims]
    return f"The aim is {listed(rates)}." if rates else "There is no aim: [[aims]] sets one."


def _helpers(help_: Help) -> str:
    parts = [part for part in (help_.team, help_.contact, help_.guide) if part]
    where = "public pages too" if help_.public else "internal reports alone"
    return f"Help, named in {where}: {', '.join(parts)}." if parts else ""


def _listing(one: str, names: Iterable[str], many: str | None = None) -> str:
    names = [*names]
    return f"{count_of(len(names), one, many)}: {', '.join(names)}." if names else ""


def _level(approach: str, profile: Profile) -> str:
    words = profile.levels.get(approach, ())
    label = approach.replace("_", " ").capitalize()
    return f"{label} is written {', '.join(words)}." if words else ""


def describe_questions(profile: Profile) -> list[str]:
    """Describe how many questions a profile leaves open, in which lines; nothing if none.

    >>> describe_questions(load_profile("elft"))
    []
    """
    sections: dict[str, list[str]] = {}
    for question in profile.questions:
        sections.setdefault(question.section.partition(".")[0], []).append(str(question.line))
    if not sections:
        return []
    n = sum(map(len, sections.values()))
    where = "; ".join(f"[{name}] {', '.join(lines)}" for name, lines in sections.items())
    marks = f"'{MARK}' or '{ASK}'"
    lines = f"the line that begins with {marks}" if n == 1 else f"lines that begin with {marks}"
    return [f"{profile.file_name} has {count_of(n, 'open question')}, {lines}: {where}."]


def check_decided(profile: Profile) -> None:
    """Refuse to report while it is open whose reports these are, or what they call meaningful.

    Raises
    ------
    RegisterError
        If the trust has no name yet, or the headline definition is still to be confirmed.
    """
    section = f"definitions.{profile.headline}"
    lines = [str(each.line) for each in profile.questions if each.section == section]
    unnamed = UNNAMED in (profile.trust, profile.short_name)
    open_ = ["the trust's name ([trust])"] if unnamed else []
    open_ += [f"what counts as meaningful (line {listed(lines)})"] if lines else []
    if open_:
        raise RegisterError(
            f"{profile.file_name} leaves open {listed(open_)}, and every report says so. Write "
            f"your own words there, delete the lines that begin with '{ASK}', and run again."
        )


def describe_headings(raw: pd.DataFrame, profile: Profile) -> str:
    """Describe which headings of an export a profile reads, and which it leaves out.

    >>> from qi_analysis import load_profile
    >>> raw = pd.DataFrame(columns=["ID", "Project Title", "Group", "Ward rounds"])
    >>> print(describe_headings(raw, load_profile()))
    3 of 4 headings are read: 'ID' as project_id, 'Project Title' as title, 'Group' as directorate.
    Left out: 'Ward rounds'.
    """
    check_frame(raw, step="read_export")
    profile = load_profile(profile)
    places = match_headings(own_headings(raw), profile)
    used = {column: mask_personal(str(raw.columns[i])) for column, i in places.items()}
    headings = [h for h in raw.columns if h not in PROVENANCE and match_key(str(h))]
    kept_out = {match_key(heading) for heading in profile.leave_out}
    purpose = [h for h in headings if match_key(str(h)) in kept_out]
    rest = [h for h in headings if h not in purpose and mask_personal(str(h)) not in used.values()]
    n = len({*used.values()})
    read = f"{k_of_n(n, len(headings))} headings {'is' if n == 1 else 'are'} read"
    read += describe_pairs((heading, column) for column, heading in used.items())
    return "\n".join([read, *describe_left_out(rest), *describe_left_out(purpose, " on purpose")])
