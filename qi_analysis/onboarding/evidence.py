"""The evidence for what an export's columns are: the values of each, and what they can be."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from ..cleaning.checks import DateOrders, count_orders
from ..cleaning.encoding import encode
from ..cleaning.parsers import cell_readers
from ..cleaning.personal import MASK, mask_cells, mask_ids, mask_personal
from ..core.frames import check_frame
from ..core.schema import DAY_FIRST, MONTH_FIRST, NOT_RECORDED, PROVENANCE
from ..core.text import match_key
from ..profile import Profile, load_profile, read_columns

ROWS = 20_000  # of an export are inspected
ENOUGH = 0.8  # of a column's cells can be read as what its heading says
HALF = 0.5
FEW = 12  # different words at most in a column of a trust's own few words
MOST_NAMES = 80  # directorates or programmes
LEAST_SEEN = 2  # a word seen once may be a person's, and is not written down
LONGEST = 60  # letters of a word that is
MANY_NAMED = 0.25  # of the different values
FIGURE = r"[0-9]( ?[-–—:=.()]+ ?[^\W\d].*)?"  # a level in figures, such as 4 or 5 (co-produced)


@dataclass(frozen=True)
class ColumnEvidence:
    """A heading, its place, and the different values under it with how often each occurs."""

    place: int
    heading: str
    values: pd.Series
    personal: bool
    profile: Profile
    orders: DateOrders

    @property
    def key(self) -> str:
        """Return the heading, folded; one like StartDate as its words."""
        return match_key(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", self.heading))

    @property
    def filled(self) -> int:
        """Count the cells that are not blank."""
        return int(self.values.sum())

    @property
    def different(self) -> int:
        """Count the different values."""
        return len(self.values)

    def readable(self, kind: str) -> float:
        """Return the share (0-1) of filled cells that a kind's reader reads as a value."""
        if kind not in self._shares:  # to read them all takes long in a column of free text
            self._shares[kind] = self._share(_readers()[kind])
        return self._shares[kind]

    @cached_property
    def _shares(self) -> dict[str, float]:
        return {}

    def _share(self, read: Callable) -> float:
        """Return the share; of a column mostly unread, what was read until that was plain."""
        readable, unread, says_something = 0, 0, False
        for word, rows in self.values.items():  # the commonest first
            value, reason = read(word)
            unread, readable = unread + rows * bool(reason), readable + rows * (not reason)
            says_something |= value not in (None, NOT_RECORDED, "unknown", ())
            if unread > HALF * self.filled:
                break
        return readable / self.filled if says_something else 0.0

    @cached_property
    def are_numbers(self) -> bool:
        """Whether most cells hold figures alone."""
        return self._count_matching(r"[\d.,\s%£-]+") > HALF * self.filled

    @property
    def are_levels(self) -> bool:
        """Whether its values are a few figures, such as levels from 0 to 5, labelled or not."""
        several = len({word[0] for word in self.values.index if re.fullmatch(FIGURE, word)}) > 1
        return several and self._count_matching(FIGURE) >= ENOUGH * self.filled

    @property
    def are_dates(self) -> bool:
        """Whether most cells can be read as a date, day first."""
        return self.readable("start") >= ENOUGH

    @property
    def are_month_first(self) -> bool:
        """Whether its dates show that the month comes first."""
        dates = self.orders.month_first + self.orders.either
        shown = self.orders.contradicts(DAY_FIRST) and not self.orders.contradicts(MONTH_FIRST)
        return shown and dates > HALF * self.filled

    @cached_property
    def may_name_people(self) -> bool:
        """Whether its heading, or its values, speak of people."""
        named = sum(map(names_people, self.values.index))
        many = named >= LEAST_SEEN and named >= MANY_NAMED * self.different
        if self.personal or many or not PEOPLE.search(self.key):
            return self.personal or many
        return max(map(self.readable, ("start", "yes_no", "score"))) < ENOUGH

    @property
    def mean_length(self) -> float:
        """Return the mean number of letters in a cell."""
        return float((self.values * self.values.index.str.len()).sum() / max(self.filled, 1))

    def _count_matching(self, pattern: str) -> int:
        return int(self.values[[bool(re.fullmatch(pattern, v)) for v in self.values.index]].sum())


@functools.cache
def _readers() -> dict[str, Callable]:
    return cell_readers(load_profile("cnwl"))


def inspect_columns(raw: pd.DataFrame) -> list[ColumnEvidence]:
    """Inspect each column's values; rows with a single filled cell, such as notes, are left out."""
    check_frame(raw, step="read_export")
    profile = load_profile("cnwl")
    places = [i for i, h in enumerate(raw.columns) if h not in PROVENANCE and match_key(str(h))]
    rows = raw.iloc[:ROWS, places]
    rows = rows[rows.notna().sum(axis=1) > min(1, len(places) - 1)]
    return [_inspect(i, rows.iloc[:, at], profile) for at, i in enumerate(places)]


def _inspect(place: int, column: pd.Series, profile: Profile) -> ColumnEvidence:
    cells = encode(column)
    is_id = re.search(HINTS["project_id"], match_key(str(column.name)))
    masked, personal = mask_ids(cells) if is_id else mask_cells(cells)
    heading = MASK if names_people(str(column.name)) else mask_personal(str(column.name))
    holds_personal = bool(personal.sum() > cells.filled.sum() / 2) or heading != str(column.name)
    text = masked.text().dropna()
    values = text.groupby(text).size().sort_values(ascending=False, kind="stable")
    return ColumnEvidence(place, heading, values, holds_personal, profile, count_orders(masked))


def kind_of(column: str) -> str:
    """Return the kind of a column of the register: how its cells are read."""
    kind = _kinds().get(column, "yes_no")  # of an area of the trust's own
    return "start" if kind == "end" else kind


@functools.cache
def _kinds() -> dict[str, str]:
    return {column.name: column.kind for column in read_columns(load_profile("cnwl"))}


def is_personal(word: str) -> bool:
    """Whether a word holds personal data, or looks like somebody's name."""
    named = TITLED.search(word) or names_people(word) or _NAMED_WITHIN.search(word)
    return bool(named) or mask_personal(word) != word or MASK in word


def names_people(word: str) -> bool:
    """Whether a word looks like somebody's name, or a list of such.

    >>> names_people("Ann Archer; Jo Bloggs"), names_people("Mental Health")
    (True, False)
    """
    parts = [part.strip() for part in _APART.split(word) if part.strip()]
    return all(map(_LIKE_A_NAME.fullmatch, parts)) and any(map(NAMED.fullmatch, parts))


def area_name(label: str) -> str:
    """Name an area of work as a profile does, in small letters, digits and underscores.

    >>> area_name("Setting the aim?")
    'setting_the_aim'
    """
    return re.sub(r"\W+", "_", match_key(label), flags=re.ASCII).strip("_0123456789")


SHIPPED_PROFILES = ("cnwl", "elft")

# Further headings that can mean one column only, beside the shipped profiles'.
HEADINGS = {
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
HINTS = {
    "project_id": r"\b(id|ref|reference|number|no|code|key)\b",
    "title": r"\b(title|project|improve|improving|improvement|name)\b",
    "directorate": r"\b(directorate|division|group|unit|area|owner|locality|department)\b",
    "service": r"\b(service|team|ward|clinic|site)\b(?! users?)",
    "borough": r"\b(borough|locality|place|town)\b",
    "programme": r"\b(programme|program|collaborative|wave|cohort|scheme)\b",
    "status": r"\b(status|stage|state|phase|open|complete|completed|finished|closed|ended|done|"
    r"live|active)\b",
    "start_date": r"(?<!planned )(?<!expected )"
    r"\b(start|started|starting|began|begun|begin|commenced?|launch|launched|kick(ed)? off|opened|"
    r"set up|went live|go live)\b",
    "end_date": r"\b(end|ended|ends|finish|finished|complete|completed|completion|close|closed|"
    r"closure|concluded)\b",
    "updated_date": r"\b(update|updated|modified|edited|changed|reviewed)\b",
    "service_user_involved": r"\b(service users?|patients?|sus?|lived experience|experts?|citizens?"
                             r"|participation|people|ppie?)\b",
    "carer_involved": r"\b(carers?|family|families|relatives)\b",
    "involvement_level": r"\b(level|ladder|rung|big i|involve|involved|involvement|participation|"
                         r"co ?production|engagement|how|ppie?(?! leads?\b))\b",
    "areas": r"\b(areas|stages|parts|steps)\b",
    "no_involvement_reason": r"\b(reason|why not|if not)\b",
    "exemption_agreed": r"\b(exempt|exemption)\b",
    "progress_score": r"\b(progress|score)\b",
    "first_involved_date": r"\bfirst\b.*\binvolve",
    "outcome": r"\b(outcome|outcomes|result|results|impact)\b",
    "snapshot_date": r"\b(snapshot|export|exported|extract|extracted|as at)\b",
}  # fmt: skip

# What the words of levels and statuses hint at; a person decides.
MEANINGS = {
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

# What yes and no mean in a column of statuses, by what its heading asks.
ASKS = {
    r"\b(complet\w*|finish\w*|closed?|done|ended|concluded)\b": ("completed", "active"),
    r"\b(open|live|active|current\w*|ongoing|running|in progress)\b": ("active", "completed"),
}

# Words of directorates' names, so that of two spellings the right one is known.
_WORDS = """
    acute addictions adolescent adult adults ageing and autism cancer care child childrens
    clinical community corporate crisis diagnostics disabilities disability disorders eating
    emergency estates facilities family finance for forensic health hiv in inpatient
    inpatients justice learning liaison maternity medical medicine memory mental midwifery
    nursing of older outpatients paediatrics patients peoples perinatal pharmacy physical
    planned primary psychiatry psychological public rehabilitation scheduled services sexual
    social specialist support surgery talking the theatres therapies unscheduled urgent womens
    young
"""
VOCABULARY = frozenset(_WORDS.split())

# A heading that may stand above the names of people: its values are never written down.
PEOPLE = re.compile(
    r"\b(owners?|leads?|leaders?|managers?|sponsors?|coach|coaches|contacts?|authors?|by|"
    r"e ?mail|phone|telephone|mobile|facilitators?|advis[eo]rs?|consultants?|directors?|dob|birth|"
    r"nhs n\w*|members?|participants|champions?|supervisors?|mentors?|chair|assigned|responsible|"
    r"investigators?|researchers?|clinicians?|(full|first|last|given|family) names?|surnames?|"
    r"forenames?|initials)\b"
)

# Usual given names: a column in which a quarter of the different values begin with one, and have
# one or two words more, may name people. A name that is not here cannot be told from other words.
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
NAMED = re.compile(rf"(?:{'|'.join(_GIVEN.split())})( [^\W\d]['’\w-]*){{1,2}}", re.IGNORECASE)
_NAMED_WITHIN = re.compile(
    r"(?:[-–—:;,(/|]|\b(?:by|with|to|per|via))\s*"
    rf"(?:(?i:{'|'.join(_GIVEN.split())})|[A-Z]\.) +[A-Z]"
)  # such as "Live - Ann Archer", or "agreed with A. Archer"
_LIKE_A_NAME = re.compile(r"[^\W\d_][\w.'’-]*( [^\W\d_][\w.'’-]*){1,2}")
_APART = re.compile(r"[;,/&|+\n]| and ")
TITLED = re.compile(r"\b(dr|mr|mrs|ms|miss|prof|professor|sir|dame|rev)\b\.? ", re.IGNORECASE)
