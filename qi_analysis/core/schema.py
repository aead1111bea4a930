"""The columns of a clean register: types, allowed values, labels, and which are required."""

from __future__ import annotations

from dataclasses import dataclass

NOT_RECORDED = "not_recorded"
NO_DIRECTORATE = "Not recorded"
UNRECOGNISED = "Unrecognised"
JOINT = "Joint"
YES_NO = ("yes", "no", NOT_RECORDED)
PRECISIONS = ("day", "month", "quarter")

# What a blank cell says, by kind of column; in other kinds it says nothing.
BLANK = {
    "yes_no": NOT_RECORDED, "status": "unknown", "programme": "unknown", "level": NOT_RECORDED,
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of the register: its name, how it is read, and what it holds."""

    name: str
    kind: str
    meaning: str
    values: str = ""
    required: bool = False


APPROACHES = ("none", "doing_to", "doing_for", "doing_with")
STATUSES = ("proposed", "active", "paused", "completed", "closed_unfinished")

COLUMNS = (
    Column("project_id", "id", "The project's identifier; leading zeros kept.", "unique text",
           True),
    Column("title", "text", "The project's title.", "text", True),
    Column("directorate", "directorate", "The directorate that owns the project, for reports.",
           "one of the profile's, 'Not recorded', 'Unrecognised' or 'Joint'", True),
    Column("directorate_as_read", "derived", "The directorate as the export has it.", "text"),
    Column("service", "text", "Service or team.", "text"),
    Column("borough", "text", "Borough or locality.", "text"),
    Column("programme", "programme", "Programme that the project belongs to.",
           "one of the profile's, 'none' or 'unknown'"),
    Column("status", "status", "Where the project stands.", ", ".join((*STATUSES, "unknown"))),
    Column("start_date", "start", "First day of the project.", "date"),
    Column("start_precision", "derived",
           "How exactly the start is known; a month or quarter stands as its first day.",
           f"{', '.join(PRECISIONS)}, or blank"),
    Column("end_date", "end", "Last day of the project, or the day planned for it.", "date"),
    Column("updated_date", "start", "Day the record was last updated.", "date"),
    Column("service_user_involved", "yes_no", "Service users are involved.", ", ".join(YES_NO)),
    Column("carer_involved", "yes_no", "Carers are involved.", ", ".join(YES_NO)),
    Column("involvement_level", "level", "Level of involvement, in the register's words.", "text"),
    Column("approach", "derived", "What the level amounts to.",
           ", ".join((*APPROACHES, NOT_RECORDED))),
    Column("no_involvement_reason", "reason", "Why nobody is involved.",
           "one of the profile's, 'other', or blank"),
    Column("exemption_agreed", "yes_no", "It was agreed that nobody need be involved.",
           ", ".join(YES_NO)),
    Column("progress_score", "score", "Progress, an ordered score that is never averaged.",
           "0.5 to 5.0 by 0.5"),
    Column("first_involved_date", "start", "Day people were first involved.", "date"),
    Column("outcome", "text", "What came of the project.", "text"),
    Column("source_file", "provenance", "File the row was read from.", "text"),
    Column("source_row", "provenance", "Row in that file, as a spreadsheet numbers it.", "integer"),
    Column("snapshot_date", "start", "Day the export was made, where it says so.", "date"),
)  # fmt: skip

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip

# The register's columns that have headings of their own; `areas` is one cell that lists areas.
_COLUMNS = (
    "project_id", "title", "directorate", "service", "borough", "programme", "status",
    "start_date", "end_date", "updated_date", "service_user_involved", "carer_involved",
    "involvement_level", "areas", "no_involvement_reason", "exemption_agreed", "progress_score",
    "first_involved_date", "outcome", "snapshot_date",
)  # fmt: skip
PROVENANCE = ("source_file", "source_row", "source_fault")
DATES = ("start", "end")  # kinds of column

APPROACH_LABELS = {
    "doing_with": "Doing with",
    "doing_for": "Doing for",
    "doing_to": "Doing to",
    "none": "Nobody involved",
    "not_recorded": "Not recorded",
}

APPROACH_WORDS = {
    "doing_with": "worked with people as partners",
    "doing_for": "did things for people",
    "doing_to": "did things to people",
}
FEWEST = 5  # projects; a group of fewer is not named for its rate
FEWEST_MONTHS = 6  # of the past, to know a pace by
COUNTS = ["numerator", "denominator"]
COUNTS_AND_BLANKS = [*COUNTS, "not_recorded"]
