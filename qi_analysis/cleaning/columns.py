"""The register's columns, declared once: reading, checking and the data dictionary follow."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ..profile import APPROACHES, STATUSES, Profile, load_profile

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


def register_columns(profile: Profile) -> list[Column]:
    """Give every column of the register, the areas of work among them."""
    areas = [
        Column(f"area_{name}", "yes_no", f"People took part in: {area.label}.", ", ".join(YES_NO))
        for name, area in profile.areas.items()
    ]
    after = [column.name for column in COLUMNS].index("approach") + 1
    return [*COLUMNS[:after], *areas, *COLUMNS[after:]]


def read_columns(profile: Profile) -> list[Column]:
    """Give the columns that are read from an export; `areas` is one cell that lists areas."""
    derived = ("derived", "provenance")
    read = [column for column in register_columns(profile) if column.kind not in derived]
    return [*read, Column("areas", "areas", "The areas in which people took part, in one cell.")]


def area_columns(profile: Profile | None = None) -> list[str]:
    """Give the names of the register's columns for the areas of work, in the profile's order.

    >>> area_columns()[:2]
    ['area_choosing_problem', 'area_setting_aim']
    """
    return [f"area_{name}" for name in load_profile(profile).areas]


def data_dictionary(profile: Profile | None = None) -> pd.DataFrame:
    """Give one row a column of the clean register: ``column, meaning, values, required``.

    >>> data_dictionary().query("required")["column"].tolist()
    ['project_id', 'title', 'directorate']
    """
    columns = register_columns(load_profile(profile))
    return pd.DataFrame(
        [(c.name, c.meaning, c.values, c.required) for c in columns],
        columns=["column", "meaning", "values", "required"],
    )
