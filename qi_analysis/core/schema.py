"""The columns of a register, each declared once: its kind, its meaning, whether it is required.

What the profile's ``[headings]`` may name, how a cell is read, what a blank says, the data
dictionary and the values that the workbook of rows to correct offers all follow from here.
"""

from __future__ import annotations

from dataclasses import dataclass

NOT_RECORDED = "not_recorded"
NOT_APPLICABLE = "not_applicable"  # read only where the profile lists its words
NO_DIRECTORATE = "Not recorded"
UNRECOGNISED = "Unrecognised"
JOINT = "Joint"
NO_DIRECTORATES = (JOINT, NO_DIRECTORATE, UNRECOGNISED)  # groups of projects that are none
EXAMPLE_ID = "EXAMPLE, not counted"  # of the example row in a register to fill in
PRECISIONS = ("day", "month", "quarter")
APPROACHES = ("none", "doing_to", "doing_for", "doing_with")
STATUSES = ("proposed", "active", "paused", "completed", "closed_unfinished")
ENDED = ("completed", "closed_unfinished")
# What programs, databases and phones write for yes, no and nothing; a profile's words come first.
ANSWERS = {
    "yes": ("true", "checked", "ticked", "selected", "on", "✓", "✔", "☑", "✅", "👍"),
    "no": ("false", "unchecked", "not checked", "unticked", "not ticked", "not selected",
           "unselected", "off", "☐", "❌", "👎"),
    NOT_RECORDED: ("tbc", "tbd", "tba", "to be confirmed", "to be decided", "to be determined",
                   "null", "nan", "nat", "<na>", ".", "undefined", "[object object]", "(blank)",
                   "<null>", "choose an item", "please select", "--select--"),
}  # fmt: skip
OPEN = ("proposed", "active", "paused")  # their end is only planned
SCORES = tuple(half / 2 for half in range(1, 11))


@dataclass(frozen=True)
class Kind:
    """How columns of one kind are read.

    Attributes
    ----------
    dtype : str
        How the values are held while they are read; ``str`` keeps the export's words.
    values : str
        What the cells hold once read, for the data dictionary.
    blank : str or None
        What a blank cell says; None where it says nothing.
    choices : tuple of str, or str
        The values to choose from, or the section of the profile that names them.
    lenient : bool
        A word that nobody knows may count as a blank (the profile's ``rules.unknown``).
    """

    dtype: str = "category"
    values: str = "text"
    blank: str | None = None
    choices: tuple[str, ...] | str = ()
    lenient: bool = False


DATE = "datetime64[us]"
DAY_FIRST, MONTH_FIRST = ORDERS = ("day first", "month first")  # of a date in figures
KINDS = {
    "id": Kind("str", "unique text"),
    "text": Kind("str"),
    "yes_no": Kind(values=f"yes, no, {NOT_RECORDED}", blank=NOT_RECORDED, choices=("yes", "no"),
                   lenient=True),
    "status": Kind(values=", ".join((*STATUSES, "unknown")), blank="unknown", choices="statuses",
                   lenient=True),
    "level": Kind(blank=NOT_RECORDED, choices="levels", lenient=True),
    "directorate": Kind("str", "one of the profile's, 'Not recorded', 'Unrecognised' or 'Joint'",
                        choices="directorates"),
    "programme": Kind(values="one of the profile's, 'none' or 'unknown'", blank="unknown",
                      choices="programmes"),
    "reason": Kind(values="one of the profile's, 'other', or blank", choices="reasons"),
    "score": Kind("float", "0.5 to 5.0 by 0.5", choices=tuple(map(str, SCORES))),
    "start": Kind(DATE, "date"),  # a month or a quarter is read as its first day
    "end": Kind(DATE, "date"),  # or as its last
    "areas": Kind(),
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of the register.

    Attributes
    ----------
    name, meaning : str
        What it is called in a clean register, and what it tells.
    kind : str
        A key of ``KINDS``; or ``"derived"`` from other columns, or ``"provenance"``.
    values : str
        What it holds, where that is not what its kind says.
    required : bool
        No export can be read without it.
    involvement : bool
        It tells of involvement: an export needs one such column.
    optional : bool
        Neither the headline nor which projects are live follows from it, so that a cell that cannot
        be read need not cost its project (the profile's ``rules.optional``).
    """

    name: str
    kind: str
    meaning: str
    values: str = ""
    required: bool = False
    involvement: bool = False
    optional: bool = False

    @property
    def is_read(self) -> bool:
        """Whether it is read from an export, under a heading of its own."""
        return self.kind in KINDS


COLUMNS = (
    Column("project_id", "id", "The project's identifier; leading zeros kept.", required=True),
    Column("title", "text", "The project's title.", required=True),
    Column("directorate", "directorate", "The directorate that owns the project, for reports.",
           required=True),
    Column("directorate_as_read", "derived", "The directorate as the export has it.", "text"),
    Column("service", "text", "Service or team."),
    Column("borough", "text", "Borough or locality."),
    Column("programme", "programme", "Programme that the project belongs to."),
    Column("status", "status", "Where the project stands."),
    Column("start_date", "start", "First day of the project."),
    Column("start_precision", "derived",
           "How exactly the start is known; a month or quarter stands as its first day.",
           f"{', '.join(PRECISIONS)}, or blank"),
    Column("end_date", "end", "Last day of the project, or the day planned for it."),
    Column("updated_date", "start", "Day the record was last updated.", optional=True),
    Column("service_user_involved", "yes_no", "Service users are involved.", involvement=True),
    Column("carer_involved", "yes_no", "Carers are involved.", involvement=True),
    Column("involvement_level", "level", "Level of involvement, in the register's words.",
           involvement=True),
    Column("approach", "derived", "What the level amounts to.",
           ", ".join((*APPROACHES, NOT_RECORDED))),
    Column("no_involvement_reason", "reason", "Why nobody is involved."),
    Column("exemption_agreed", "yes_no", "It was agreed that nobody need be involved."),
    Column("progress_score", "score", "Progress, an ordered score that is never averaged.",
           optional=True),
    Column("first_involved_date", "start", "Day people were first involved.", optional=True),
    Column("outcome", "text", "What came of the project."),
    Column("source_file", "provenance", "File the row was read from.", "text"),
    Column("source_row", "provenance", "Row in that file, as a spreadsheet numbers it.", "integer"),
    Column("snapshot_date", "start", "Day the export was made, where it says so."),
)  # fmt: skip
# One cell that lists the areas of work: read, and spread over the areas' own columns.
AREAS = Column("areas", "areas", "The areas in which people took part, in one cell.",
               involvement=True)  # fmt: skip
REQUIRED = tuple(column.name for column in COLUMNS if column.required)
OPTIONAL = tuple(column.name for column in COLUMNS if column.optional)
DATES = tuple(c.name for c in COLUMNS if c.is_read and KINDS[c.kind].dtype == DATE)
PROVENANCE = ("source_file", "source_row", "source_fault")  # beside the cells of a raw table


def column_label(name: str) -> str:
    """Return a column's name as people read it.

    >>> column_label("carer_involved")
    'Carer involved'
    """
    return name.replace("_", " ").capitalize()


MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip
APPROACH_LABELS = {
    "doing_with": "Doing with",
    "doing_for": "Doing for",
    "doing_to": "Doing to",
    "none": "Nobody involved",
    "not_recorded": "Not recorded",
}

ALL_APPROACHES = {**APPROACH_LABELS, NOT_APPLICABLE: "Not applicable"}  # where the profile lists it

APPROACH_WORDS = {
    "doing_with": "worked with people as partners",
    "doing_for": "did things for people",
    "doing_to": "did things to people",
}
FEWEST = 5  # projects; a group of fewer is not named for its rate
FEWEST_PERIODS = 4  # with projects; of fewer, nothing is tested, and there is no chart of change
COUNTS = ["numerator", "denominator"]
COUNTS_AND_BLANKS = [*COUNTS, "not_recorded"]
