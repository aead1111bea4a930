"""An export's headings and values to a proposal: what column each heading is, each word means.

A heading is sure only if its words can mean one column and its values do not speak against it. All
else is proposed as unsure, with the reason, for a person to decide: nothing is taken silently.
"""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from .cleaning.cells import cell_readers
from .cleaning.columnar import encode
from .cleaning.columns import NOT_RECORDED, read_columns
from .cleaning.headings import PROVENANCE
from .cleaning.personal import mask_cells, mask_ids, mask_personal
from .profile import Profile, load_profile, lookup_table, match_key, nearest
from .words import count_of, k_of_n, listed, percent

SHIPPED = ("cnwl", "elft")
ROWS = 20_000  # of an export are looked at
ENOUGH = 0.8  # of a column's cells can be read as what its heading says
HALF = 0.5
NEARLY = 0.85  # of difflib's ratio: `strat date` for `start date`
SLIPS = 0.02  # of dates with the month first are slips; more, and the export may write all so
FEW = 12  # different words at most in a column of a trust's own few words
MOST_NAMES = 80  # directorates or programmes
LEAST_AREAS = 3  # columns of yes and no that are left over
LEAST_SEEN = 2  # a word seen once may be a person's, and is not written down
LONGEST = 60  # letters of a word that is
UNTESTED = ("service", "borough", "outcome", "no_involvement_reason", "programme")

# Further headings that can mean one column only, beside the shipped profiles'.
_HEADINGS = {
    "project_id": ("Project No", "Project Code", "Project Identifier", "Project Reference",
                   "QI ID", "QI Ref", "QI Number", "QI Project ID", "Unique ID", "Ref No",
                   "Reference Number"),
    "title": ("Name of Project", "Title of Project", "Project Title Name", "QI Project Title"),
    "directorate": ("Care Group", "Clinical Directorate", "Clinical Division", "Business Unit"),
    "service": ("Team Name", "Service Name", "Service or Team"),
    "programme": ("QI Program", "Name of Programme"),
    "status": ("Status of Project", "Current Status", "Project State"),
    "start_date": ("Project Start Date", "Project Start", "Date of Start", "Began"),
    "end_date": ("Project End Date", "Project End", "Date Completed", "Date Ended", "Closed Date",
                 "Closed On", "Completed On", "Finish Date"),
    "updated_date": ("Last Modified", "Date Last Updated", "Modified On", "Last Updated On"),
    "service_user_involved": ("Service Users Involved?", "Are Service Users Involved",
                              "Patients Involved", "Patient Involved"),
    "carer_involved": ("Are Carers Involved", "Carers Involved?"),
    "involvement_level": ("Level of Service User Involvement", "Type of Involvement",
                          "Level of Participation"),
    "no_involvement_reason": ("Reason Not Involved", "If Not, Why Not"),
    "first_involved_date": ("First Involvement Date", "Date of First Involvement"),
    "snapshot_date": ("Date of Export", "Report Date", "Extract Date", "Date Extracted"),
}  # fmt: skip
# Words in a heading that hint at a column, and no more.
_HINTS = {
    "project_id": r"\b(id|ref|reference|number|no|code|key)\b",
    "title": r"\b(title|project|improve|improving|improvement|name)\b",
    "directorate": r"\b(directorate|division|group|unit|area|owner|locality|department)\b",
    "service": r"\b(service|team|ward|clinic|site)\b(?! users?)",
    "borough": r"\b(borough|locality|place|town)\b",
    "programme": r"\b(programme|program|collaborative|wave|cohort|scheme)\b",
    "status": r"\b(status|stage|state|phase|open)\b",
    "start_date": r"(?<!planned )(?<!expected )"
    r"\b(start|started|starting|began|begun|begin|launch|launched|kick off)\b",
    "end_date": r"\b(end|ended|ends|finish|finished|complete|completed|completion|close|closed)\b",
    "updated_date": r"\b(update|updated|modified|edited|changed|reviewed)\b",
    "service_user_involved": r"\b(service users?|patients?|sus?|lived experience|experts?|citizens?"
                             r"|participation|people)\b",
    "carer_involved": r"\b(carers?|family|families|relatives)\b",
    "involvement_level": r"\b(level|ladder|rung|big i|involve|involved|involvement|participation|"
                         r"co ?production|engagement|how)\b",
    "areas": r"\b(areas|stages|parts|steps)\b",
    "no_involvement_reason": r"\b(reason|why not|if not)\b",
    "exemption_agreed": r"\b(exempt|exemption)\b",
    "progress_score": r"\b(progress|score)\b",
    "first_involved_date": r"\bfirst\b.*\binvolve",
    "outcome": r"\b(outcome|outcomes|result|results|impact)\b",
    "snapshot_date": r"\b(snapshot|export|exported|extract|extracted|as at)\b",
}  # fmt: skip
# What the words of levels and statuses hint at; a person decides.
_MEANINGS = {
    "involvement_level": {
        "none": r"\b(none|no|not|nobody|never|planned|plan)\b",
        "doing_with": r"\b(co ?(design|produc|lead|led|work)\w*|partner\w*|member|team|equal|lead|"
                      r"led|together)\b",
        "doing_for": r"\b(consult\w*|inform\w*|feedback|survey\w*|asked|ask|engag\w*|focus|"
                     r"comment\w*|posted|listen\w*)\b",
        "doing_to": r"\b(told|taught|educat\w*|train\w*)\b",
    },
    "status": {
        "closed_unfinished": r"\b(cancel\w*|abandon\w*|stop\w*|withdr\w*|discontinu\w*|"
        r"unfinished)\b",
        "completed": r"\b(complet\w*|finish\w*|closed|done|success\w*|ended)\b",
        "paused": r"\b(paus\w*|hold|suspend\w*|park\w*|defer\w*)\b",
        "proposed": r"\b(idea|plan\w*|propos\w*|pending|not|draft|scoping)\b",
        "active": r"\b(live|progress|current|test\w*|running|implement\w*|under ?way|active|"
                  r"started)\b",
    },
}  # fmt: skip
# A heading that may stand above the names of people: its values are never written down.
_PEOPLE = re.compile(
    r"\b(owners?|leads?|leader|managers?|sponsors?|coach|coaches|contact|author|created by|by|"
    r"e ?mail|phone|telephone|mobile|facilitator|advis[eo]r|consultant|director|dob|birth|"
    r"nhs n\w*)\b"
)
# Usual given names: a column in which a quarter of the different values begin with one, and have
# one or two words more, may name people. A name that is not here is not told from other words.
_GIVEN = """
    abdul adam adele ahmed aisha alan alex alexander ali alice alison amanda amir amy andrea andrew
    angela anita ann anna anne anthony asha barbara ben benjamin beth brian carol caroline catherine
    charles charlotte chris christine christopher claire clare craig daniel david deborah debbie
    denise diana donna dorothy edward elaine elizabeth ella emily emma fatima fiona frances francis
    gary gemma george georgia gillian grace graham hannah harry hassan heather helen ian ibrahim
    imran isabel jack jacqueline jade james jamie jan jane janet jason jayne jean jenny jennifer
    jessica jo joan joanna joanne john jonathan joseph joshua joyce judith julia julie karen kate
    katherine kathryn kelly kevin khan kim kirsty kumar laura lauren leah lee leila lesley liam
    linda lisa
    louise lucy luke lynn margaret maria marie mark martin mary matthew maya mia michael
    michelle mike mohammad mohammed monica muhammad nadia nancy natalie neil nicholas nicola nigel
    nina olga olivia omar oliver pamela pat patricia patrick paul pauline peter philip piotr priya
    rachel raj rajesh rebecca richard robert robin roger ruth ryan sally sam samantha samuel sandra
    sanjay sara sarah sean sharon sheila shirley simon sophie stephanie stephen steve steven stuart
    sue sunita susan suzanne tanya teresa thomas tim timothy tom tony tracey tracy usha valerie
    vanessa vicky wendy william yasmin yusuf zoe
"""
_NAMED = re.compile(rf"(?:{'|'.join(_GIVEN.split())})( [^\W\d]['’\w-]*){{1,2}}", re.IGNORECASE)
MANY_NAMED = 0.25  # of the different values
_TITLED = re.compile(r"\b(dr|mr|mrs|ms|miss|prof|professor|sir|dame|rev)\b\.? ", re.IGNORECASE)
_MONTH_FIRST = re.compile(r"(0?\d|1[0-2])/(1[3-9]|2\d|3[01])/(\d\d|\d{4})\b.*")
# A column of these kinds whose heading is clear is that column, even if its few words are new.
_OWN_WORDS = ("level", "status", "areas", "score")
_NAMES = ("directorate", "programme")


def propose_headings(raw: pd.DataFrame) -> pd.DataFrame:
    """Propose which column of the register each heading of an export stands for.

    Parameters
    ----------
    raw : DataFrame
        What :func:`read_export` gives; its first 20,000 rows are looked at.

    Returns
    -------
    DataFrame
        A row a heading, in the export's order:

        ``heading``
            As the export has it; personal data in it masked.
        ``column``
            The register's column that it may stand for; empty where none seems to fit. Several
            headings may be proposed for one column, and are unsure then.
        ``sure``
            True only where the heading's words can mean no other column, and at least 80% of its
            filled cells (half, of levels and statuses) can be read as what it says, or its few
            words are new.
        ``why``
            The reason, in a few words.

    Examples
    --------
    >>> raw = pd.DataFrame({"QI Ref": ["1", "2"], "Began": ["3/4/2020", "5 May 20"],
    ...                     "Stage": ["Live", "Done"]})
    >>> propose_headings(raw)
      heading      column   sure                                            why
    0  QI Ref  project_id   True                    the heading says so, 2 of 2 differ
    1   Began  start_date   True  the heading says so, 2 of 2 cells fit
    2   Stage      status  False            the heading hints at it, and its values fit
    """
    seen = _look(raw)
    rivals = sorted(_candidates(seen), key=lambda c: c.rank)
    taken = _take(rivals)
    rows = [_row(each, taken.get(each.place), rivals) for each in seen]
    rows = _with_areas(rows, seen)
    return pd.DataFrame(rows, columns=["heading", "column", "sure", "why"]).astype({"sure": bool})


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
            As written; empty for a row that counts the words that are not given.
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
        for seen in _look(raw)
        if (column := columns.get(seen.heading)) and not seen.may_name_people
        for row in _words_of(column, seen)
    ]
    names = ["column", "word", "rows", "name", "sure", "why"]
    return pd.DataFrame(rows, columns=names).astype({"sure": bool, "rows": "int64"})


def describe_proposals(headings: pd.DataFrame, words: pd.DataFrame) -> str:
    """Say in a few lines what was mapped, what is unsure, and what is missing.

    Parameters
    ----------
    headings, words : DataFrame
        From :func:`propose_headings` and :func:`propose_words`.
    """
    sure = headings[headings["sure"]]
    lines = [f"{k_of_n(len(sure), len(headings))} headings were mapped for sure"
             f"{': ' if len(sure) else '.'}{_pairs(sure)}"]  # fmt: skip
    unsure = headings[~headings["sure"] & (headings["column"] != "")]
    lines += [f"Unsure: '{r.heading}' as {r.column}: {r.why}." for r in unsure.itertuples()]
    open_ = words[~words["sure"] & (words["word"] != "")]
    for column, group in open_.groupby("column", sort=False):
        shown = ", ".join(f"'{r.word}' ({count_of(r.rows, 'row')})" for r in group.itertuples())
        lines.append(f"Words of {column} to be decided: {shown}.")
    missing = _missing(headings)
    lines += [f"Nothing seems to be {missing}: a register needs it."] if missing else []
    left = headings.loc[headings["column"] == "", "heading"]
    lines += [f"Left out: {', '.join(f'{h!r}' for h in left)}."] if len(left) else []
    return "\n".join(lines)


def _pairs(sure: pd.DataFrame) -> str:
    said = [f"'{r.heading}' as {r.column}" for r in sure.itertuples()]
    return f"{', '.join(said)}." if said else ""


def _missing(headings: pd.DataFrame) -> str:
    found = {*headings["column"]}
    needed = ["the project's identifier", "its title", "its directorate"]
    columns = ["project_id", "title", "directorate"]
    missing = [n for n, c in zip(needed, columns, strict=True) if c not in found]
    tells = {"service_user_involved", "carer_involved", "involvement_level", "areas"}
    told = tells & found or any(column.startswith("area_") for column in found)
    return listed([*missing, *([] if told else ["what tells of involvement"])])


# --- what stands under a heading ------------------------------------------------------------------


@dataclass(frozen=True)
class _Seen:
    """A heading, its place, and the different values under it with how often each stands there."""

    place: int
    heading: str
    values: pd.Series
    personal: bool
    profile: Profile

    @property
    def key(self) -> str:
        return match_key(self.heading)

    @property
    def filled(self) -> int:
        return int(self.values.sum())

    @property
    def different(self) -> int:
        return len(self.values)

    @cached_property
    def readable(self) -> dict[str, float]:
        """The share (0-1) of filled cells that each kind's reader reads as a value."""
        readers = cell_readers(self.profile)
        kinds = ("start", "yes_no", "level", "status", "score", "areas")
        return {kind: self._share(readers[kind]) for kind in kinds}

    def _share(self, read) -> float:
        results = [read(word) for word in self.values.index]
        said = [reason is None for _, reason in results]
        tells = any(value not in (None, NOT_RECORDED, "unknown", ()) for value, _ in results)
        return float(self.values[said].sum() / self.filled) if tells else 0.0

    @property
    def are_numbers(self) -> bool:
        return self._matching(r"[\d.,\s%£-]+") > HALF

    @property
    def are_dates(self) -> bool:
        return self.readable["start"] >= ENOUGH

    @property
    def month_first(self) -> int:
        return int(self.values[[bool(_MONTH_FIRST.fullmatch(v)) for v in self.values.index]].sum())

    @property
    def may_name_people(self) -> bool:
        """Tell whether its heading, or its values, speak of people."""
        plain = max(self.readable[k] for k in ("start", "yes_no", "score")) >= ENOUGH
        named = sum(bool(_NAMED.fullmatch(word)) for word in self.values.index)
        many = named >= LEAST_SEEN and named >= MANY_NAMED * self.different
        return self.personal or many or (bool(_PEOPLE.search(self.key)) and not plain)

    @property
    def mean_length(self) -> float:
        return float((self.values * self.values.index.str.len()).sum() / max(self.filled, 1))

    def _matching(self, pattern: str) -> float:
        matching = self.values.index.str.fullmatch(pattern)
        return float(self.values[matching].sum() / max(self.filled, 1))


def _look(raw: pd.DataFrame) -> list[_Seen]:
    """Look at each heading's values; rows that are blank but for one cell, such as notes, apart."""
    profile = load_profile()
    places = [i for i, h in enumerate(raw.columns) if h not in PROVENANCE and match_key(str(h))]
    rows = raw.iloc[:ROWS, places]
    rows = rows[rows.notna().sum(axis=1) > min(1, len(places) - 1)]
    return [_seen(i, rows.iloc[:, at], profile) for at, i in enumerate(places)]


def _seen(place: int, column: pd.Series, profile: Profile) -> _Seen:
    cells = encode(column)
    is_id = re.search(_HINTS["project_id"], match_key(str(column.name)))
    masked, personal = mask_ids(cells) if is_id else mask_cells(cells)
    heading = mask_personal(str(column.name))
    most = bool(personal.sum() > cells.filled.sum() / 2) or heading != str(column.name)
    text = masked.text().dropna()
    values = text.groupby(text).size().sort_values(ascending=False, kind="stable")
    return _Seen(place, heading, values, most, profile)


# --- which column a heading is --------------------------------------------------------------------


@dataclass(frozen=True)
class _Candidate:
    """A column that a heading may stand for: how clearly it says so, and whether its values fit."""

    seen: _Seen
    column: str
    clear: int  # 3: its words can mean nothing else; 2: they are nearly those; 1: they hint; 0: no
    fits: bool | None  # None: its values do not tell

    @property
    def is_sure(self) -> bool:
        return self.clear == 3 and self.fits is not False and not self.seen.may_name_people

    @property
    def rank(self) -> tuple:
        """Sort the surest first; among equals, those whose values fit."""
        return (self.fits is False, -self.clear, self.fits is not True, self.seen.place)


def _candidates(seen: list[_Seen]) -> Iterator[_Candidate]:
    exact = _exact_headings(load_profile())
    kinds = {column.name: column.kind for column in read_columns(load_profile())}
    for each in seen:
        if not each.filled or each.personal:
            continue
        for column, kind in kinds.items():
            clear = _clear(each.key, column, exact)
            fits = _fits(column, kind, each)
            is_level = kind == "level" and fits
            if clear == 3 or (clear and fits is not False) or is_level:
                yield _Candidate(each, column, clear, fits)


def _exact_headings(profile: Profile) -> dict[str, set[str]]:
    """Give each column's folded headings: its own name, the shipped profiles', and further ones."""
    shipped = [load_profile(name).headings for name in SHIPPED]
    exact = {
        column.name: {
            match_key(word)
            for words in (
                *(h.get(column.name, ()) for h in shipped),
                _HEADINGS.get(column.name, ()),
            )
            for word in (column.name, *words)
        }
        for column in read_columns(profile)
    }
    for name, area in profile.areas.items():
        exact[f"area_{name}"] |= {match_key(word) for word in (area.label, *area.headings)}
    return exact


def _clear(key: str, column: str, exact: Mapping[str, set[str]]) -> int:
    if key in exact[column]:
        return 3
    if any(key in keys for keys in exact.values()):
        return 0
    if not column.startswith("area_") and _is_near(key, exact[column]):
        return 2
    return int(column in _HINTS and bool(re.search(_HINTS[column], key)))


def _is_near(key: str, keys: set[str]) -> bool:
    return bool(difflib.get_close_matches(key, keys, 1, NEARLY))


def _fits(column: str, kind: str, seen: _Seen) -> bool | None:
    """Tell whether the values under a heading can be a column's; None if they do not tell."""
    if column in _SHAPES:
        return _SHAPES[column](seen)
    if kind in ("start", "end"):
        return seen.are_dates and seen.month_first <= SLIPS * seen.filled
    if column in UNTESTED:
        return None if not (seen.are_dates or seen.are_numbers) else False
    share = seen.readable[kind]
    if kind == "level" and seen.readable["yes_no"] >= ENOUGH:
        return False
    if share >= (HALF if kind in ("level", "status") else ENOUGH):
        return True
    return None if kind in _OWN_WORDS[:2] and _few_words(seen) else False


def _few_words(seen: _Seen) -> bool:
    return 2 <= seen.different <= FEW and not seen.are_dates and not seen.are_numbers


def _is_id(seen: _Seen) -> bool:
    different = seen.different >= 0.95 * seen.filled
    return different and seen.mean_length <= 25 and not seen.are_dates


def _is_title(seen: _Seen) -> bool:
    different = seen.different >= HALF * seen.filled
    return different and seen.mean_length >= 8 and not (seen.are_dates or seen.are_numbers)


def _is_directorate(seen: _Seen) -> bool:
    names = len({match_key(word) for word in seen.values.index})
    few = names <= min(MOST_NAMES, max(HALF * seen.filled, min(FEW, seen.filled - 1)))
    plain = max(seen.readable[kind] for kind in ("start", "yes_no", "level", "status"))
    return few and plain < HALF and not seen.are_numbers


_SHAPES = {"project_id": _is_id, "title": _is_title, "directorate": _is_directorate}


def _take(ranked: list[_Candidate]) -> dict[int, _Candidate]:
    """Give each heading its best column, and each column its best heading."""
    taken: dict[int, _Candidate] = {}
    columns: set[str] = set()
    for each in ranked:
        if each.seen.place not in taken and each.column not in columns:
            taken[each.seen.place] = each
            columns.add(each.column)
    return taken


def _row(seen: _Seen, taken: _Candidate | None, ranked: list[_Candidate]) -> tuple:
    rival = next((c for c in ranked if c.seen is seen and _is_rival(c, ranked)), None)
    if taken is None and rival:
        return seen.heading, rival.column, False, "another heading says the same"
    if taken is None:
        return seen.heading, "", False, _left_out(seen)
    if seen.may_name_people:
        why = "it may hold the names of people; none of its values is written here"
        return seen.heading, taken.column, False, why
    if taken.is_sure and _is_rival(taken, ranked):
        return seen.heading, taken.column, False, "another heading says the same"
    by_name = not taken.is_sure and seen.key == match_key(taken.column)
    why = f"{_why(taken)}; {_BY_NAME}" if by_name else _why(taken)
    return seen.heading, taken.column, taken.is_sure, why


def _with_areas(rows: list[tuple], seen: list[_Seen]) -> list[tuple]:
    """Propose the headings left over that hold yes and no as areas of work, if there are some."""
    flags = {
        each.place: f"area_{slug}"
        for each, row in zip(seen, rows, strict=True)
        if not row[1] and not each.personal and each.readable["yes_no"] >= ENOUGH
        and (slug := area_name(each.heading))
    }  # fmt: skip
    if len(flags) < LEAST_AREAS or len({*flags.values()}) < len(flags):
        return rows
    why = "it holds yes and no; perhaps an area of the work"
    return [
        (row[0], flags[each.place], False, why) if each.place in flags else row
        for each, row in zip(seen, rows, strict=True)
    ]


def area_name(label: str) -> str:
    """Name an area of work as a profile does, in small letters, digits and underscores.

    >>> area_name("Setting the aim?")
    'setting_the_aim'
    """
    return re.sub(r"\W+", "_", match_key(label), flags=re.ASCII).strip("_0123456789")


def _is_rival(one: _Candidate, ranked: list[_Candidate]) -> bool:
    """Tell whether another heading could be the same column as clearly."""
    return one.is_sure and any(
        c.is_sure and c.column == one.column and c.seen is not one.seen for c in ranked
    )


def _left_out(seen: _Seen) -> str:
    if seen.personal:
        return "it holds personal data"
    if seen.may_name_people:
        return "it may hold the names of people"
    return "no column seems to fit" if seen.filled else "it is empty"


_BY_NAME = "it is read by its name until another heading is given: rename it if that is wrong"
_CLEAR = (
    "its values are levels of involvement",
    "the heading hints at it",
    "the heading is nearly one that is known",
    "the heading says so",
)


def _why(one: _Candidate) -> str:
    said = _CLEAR[one.clear]
    if one.fits is False:
        return f"{said}, but {_against(one)}"
    return f"{said}, {_found(one)}" if one.clear == 3 else f"{said}, and {_agree(one)}"


def _agree(one: _Candidate) -> str:
    return "its values fit" if one.fits else "its values do not tell"


def _found(one: _Candidate) -> str:
    seen, kind = one.seen, _kind(one.column)
    if one.column == "project_id":
        return f"{k_of_n(seen.different, seen.filled)} differ"
    if kind in seen.readable and one.fits:
        read = round(seen.readable[kind] * seen.filled)
        return f"{k_of_n(read, seen.filled)} cells fit"
    return f"with {count_of(seen.different, 'different value')}"


def _against(one: _Candidate) -> str:
    seen, kind = one.seen, _kind(one.column)
    if kind == "start" and seen.month_first:
        return f"{count_of(seen.month_first, 'date')} can only be read with the month first"
    if kind in seen.readable:
        return f"only {percent(seen.readable[kind])} of its cells can be read as it"
    return f"its values ({count_of(seen.different, 'different one')}) do not look like it"


@functools.cache
def _kind(column: str) -> str:
    kinds = (c.kind for c in read_columns(load_profile()) if c.name == column)
    kind = next(kinds, "yes_no")  # of an area of the trust's own
    return "start" if kind == "end" else kind


# --- what a word means ----------------------------------------------------------------------------


def _words_of(column: str, seen: _Seen) -> list[tuple]:
    kind = _kind(column)
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
    given, hidden = _shown(seen, [w for w in seen.values.index if match_key(w) in table])
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
    if column in _MEANINGS:
        hints = _MEANINGS[column].items()
        return next((name for name, words in hints if re.search(words, key)), "")
    return next((name for name in ("yes", "no") if key.startswith(f"{name} ")), "")


def _shown(seen: _Seen, known: list[str]) -> tuple[pd.Series, int]:
    """Give the words that may be written down, and how many others there are."""
    plain = [
        word in {*known} or (n >= LEAST_SEEN and len(word) <= LONGEST and not _is_personal(word))
        for word, n in seen.values.items()
    ]
    few = len({match_key(w) for w in seen.values.index[plain]}) <= MOST_NAMES
    given = seen.values[plain] if few else seen.values[seen.values.index.isin(known)]
    return given, seen.different - len(given)


def _is_personal(word: str) -> bool:
    said = _TITLED.search(word) or _NAMED.fullmatch(word)
    return bool(said) or mask_personal(word) != word or "[removed]" in word


def _not_given(column: str, hidden: int) -> list[tuple]:
    why = "seen once, long or personal; `qi-analysis check` says what becomes of them"
    return [(column, "", hidden, "", False, why)] if hidden else []


def _names_of(column: str, seen: _Seen) -> list[tuple]:
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


def _areas_of(column: str, seen: _Seen) -> list[tuple]:
    """Give the parts of cells that list areas; a person decides whether they are areas."""
    parts = [(p.strip(), n) for v, n in seen.values.items() for p in re.split(r"[;,|\n]", v)]
    counts = pd.DataFrame(parts, columns=["part", "n"]).groupby("part", sort=False)["n"].sum()
    plain = [len(p) <= LONGEST and not _is_personal(p) and area_name(p) != "" for p in counts.index]
    given = counts[(counts >= LEAST_SEEN) & plain]
    if len(given) > FEW:
        return []
    return [(column, p, int(n), "", False, "perhaps an area of the work") for p, n in given.items()]


def _one_slip(one: str, other: str) -> bool:
    """Tell whether two folded names are alike but for a slip in one word, which is no number."""
    first, second = one.split(), other.split()
    pairs = [pair for pair in zip(first, second, strict=False) if pair[0] != pair[1]]
    if len(first) != len(second) or len(pairs) != 1 or re.search(r"\d", "".join(pairs[0])):
        return False
    return len(pairs[0][0]) > 4 and difflib.SequenceMatcher(None, *pairs[0]).ratio() >= ENOUGH
