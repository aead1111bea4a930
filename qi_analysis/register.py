"""A raw table to a clean register, and a quarantine of the rows that could not be read.

Nothing is guessed and nothing is lost: each row is accepted, set aside with its reasons, or dropped
as an identical duplicate. ``COLUMNS`` declares the register's columns once; reading, checking and
the data dictionary follow from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

import pandas as pd

from .cells import NOT_RECORDED, Read, cell_readers
from .profile import (
    APPROACHES,
    STATUSES,
    OptionError,
    Profile,
    RegisterError,
    load_profile,
    lookup_table,
    match_key,
    nearest,
)

NO_DIRECTORATE = "Not recorded"
UNRECOGNISED = "Unrecognised"
JOINT = "Joint"
YES_NO = ("yes", "no", NOT_RECORDED)
MOST_QUARANTINED = 0.10  # above this share a warning stands at the top of every report


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


@dataclass(frozen=True)
class Cleaned:
    """What became of every row of an export.

    Attributes
    ----------
    register : DataFrame
        One row a project, with the columns of :func:`data_dictionary`.
    quarantine : DataFrame
        One row a complaint: ``source_row``, ``project_id``, ``column``, ``found``, ``reason``.
    identical_duplicates : DataFrame
        One row a dropped row: ``source_row``, ``project_id``, ``same_as_row``.
    warnings : tuple of str
        Sentences for whoever reads a result.
    not_data_rows : int
        Blank rows and totals, which are not projects.
    returned : DataFrame
        The rows set aside as they came, as text: ``source_row``, ``directorate`` (the group that
        reports it), ``directorate_as_read`` and every other known column that the export has.
    """

    register: pd.DataFrame
    quarantine: pd.DataFrame
    identical_duplicates: pd.DataFrame
    warnings: tuple[str, ...] = ()
    not_data_rows: int = 0
    returned: pd.DataFrame = field(
        default_factory=lambda: pd.DataFrame({"source_row": [], "directorate": []}, dtype="str")
    )

    @property
    def counts(self) -> dict[str, int]:
        """Rows in, and what became of them; the three that follow ``rows_in`` add up to it."""
        accepted, dropped = len(self.register), len(self.identical_duplicates)
        quarantined = int(self.quarantine["source_row"].nunique())
        return {
            "rows_in": accepted + quarantined + dropped,
            "accepted": accepted,
            "quarantined": quarantined,
            "identical_duplicates": dropped,
            "not_data_rows": self.not_data_rows,
        }


def area_columns(profile: Profile | None = None) -> list[str]:
    """Give the names of the register's columns for the areas of work, in the profile's order.

    >>> area_columns()[:2]
    ['area_choosing_problem', 'area_setting_aim']
    """
    return [f"area_{name}" for name in (profile or load_profile()).areas]


def data_dictionary(profile: Profile | None = None) -> pd.DataFrame:
    """Give one row a column of the clean register: ``column, meaning, values, required``.

    >>> data_dictionary().query("required")["column"].tolist()
    ['project_id', 'title', 'directorate']
    """
    columns = _columns(profile or load_profile())
    return pd.DataFrame(
        [(c.name, c.meaning, c.values, c.required) for c in columns],
        columns=["column", "meaning", "values", "required"],
    )


def _columns(profile: Profile) -> list[Column]:
    areas = [
        Column(f"area_{name}", "yes_no", f"People took part in: {area.label}.", ", ".join(YES_NO))
        for name, area in profile.areas.items()
    ]
    after = [column.name for column in COLUMNS].index("approach") + 1
    return [*COLUMNS[:after], *areas, *COLUMNS[after:]]


def clean_register(raw: pd.DataFrame, profile: Profile | None = None) -> Cleaned:
    """Read every cell of a raw register, and set aside the rows that cannot be read.

    A row with any complaint goes to the quarantine whole. Rows of one project that agree in every
    column once read are identical duplicates, of which the first is kept; rows of one project that
    differ are quarantined together, as nobody can tell which is right.

    Parameters
    ----------
    raw : DataFrame
        What :func:`read_register` gives: text under the export's own headings.
    profile : Profile, optional
        The trust's words; the shipped profile by default.

    Returns
    -------
    Cleaned
        ``accepted + quarantined + identical duplicates = rows in``.

    Raises
    ------
    RegisterError
        If a required column is missing, nothing tells of involvement, or there are no rows.

    Examples
    --------
    >>> raw = pd.DataFrame({"ID": ["7", "8"], "Title": ["Fewer falls", "Shorter waits"],
    ...                     "Division": ["CAMHS", "Rehab"], "Start": ["01/04/2020", "31/06/2020"],
    ...                     "Level of involvement": ["Big I", "Consulted"]})
    >>> cleaned = clean_register(raw)
    >>> cleaned.register[["project_id", "directorate", "start_date", "approach"]]
      project_id                         directorate start_date    approach
    0          7  Child and Adolescent Mental Health 2020-04-01  doing_with
    >>> cleaned.quarantine[["project_id", "column", "found", "reason"]]
      project_id      column       found                              reason
    0          8  start_date  31/06/2020  There is no such day in that month.
    """
    profile = profile or load_profile()
    text, warnings = _known_text(raw, profile)
    is_data = _is_data(text)
    text = text[is_data].reset_index(drop=True)
    if text.empty:
        name = raw["source_file"].iloc[0] if "source_file" in raw and len(raw) else "The register"
        raise RegisterError(f"{name} has headings but no projects under them.")
    values, faults = _read_cells(text, profile)
    values, more = _add_directorate(values, profile)
    warnings += more
    flags = [c for c in ("service_user_involved", "carer_involved") if c in text]
    values, conflicts = _add_approach(values, flags, profile)
    faults = pd.concat([faults, conflicts, _date_conflicts(values)], ignore_index=True)
    same_as, differing = _find_duplicates(values, faults)
    faults = pd.concat([faults, differing], ignore_index=True)
    values = values[[column.name for column in _columns(profile)]]
    cleaned = _split(values, faults, same_as, warnings, int((~is_data).sum()))
    return replace(cleaned, returned=_returned(text, values, cleaned.quarantine))


def _returned(text: pd.DataFrame, values: pd.DataFrame, quarantine: pd.DataFrame) -> pd.DataFrame:
    """Give the rows set aside as they came, for the workbook that goes back."""
    rows = text["source_row"].isin(quarantine["source_row"])
    kept = text[rows].rename(columns={"directorate": "directorate_as_read"})
    cells = kept.drop(columns=["source_row", "source_file"]).astype("str").where(kept.notna())
    cells.insert(0, "source_row", kept["source_row"])
    cells.insert(1, "directorate", values.loc[rows, "directorate"])
    return cells.reset_index(drop=True)


def as_of_date(register: pd.DataFrame, given: str = "") -> pd.Timestamp:
    """Give the day that a register describes, from the register itself and never from the clock.

    The export's snapshot date if it has one; else its latest start or update date, proposed
    projects' planned starts left out; else its latest end date, planned ends left out. A day that
    is ``given`` as text, such as ``"2021-05-04"``, goes before all of these.

    >>> cleaned = clean_register(pd.DataFrame({"ID": ["1"], "Title": ["Fewer falls"], "Group": [""],
    ...     "Start": ["Apr-20"], "Last updated": ["04/05/2021"], "Carers involved": ["Y"]}))
    >>> as_of_date(cleaned.register)
    Timestamp('2021-05-04 00:00:00')
    """
    if given:
        try:
            return pd.Timestamp(date.fromisoformat(given))
        except ValueError:
            raise OptionError(
                f"`as_of` must be a date such as '2021-05-04'; not '{given}'."
            ) from None
    proposed = register["status"] == "proposed"
    planned = register["status"].isin(["proposed", "active", "paused"])
    starts = register["start_date"].mask(proposed)
    for dates in (
        [register["snapshot_date"]],
        [starts, register["updated_date"]],
        [register["end_date"].mask(planned)],
    ):
        latest = pd.concat(dates).max()
        if pd.notna(latest):
            return latest.normalize()
    raise RegisterError(
        "The register has no date to tell which day it describes. Give one: --as-of 2021-05-04."
    )


def summarise_completeness(register: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Count what each group has recorded.

    Returns
    -------
    DataFrame
        A row a group, the emptiest first: the group, ``projects``, and the share (0-1) of them
        that have ``involvement`` (approach known), ``service_user`` and ``carer`` (flag known),
        ``start_date`` and ``updated_date`` recorded.
    """
    known = pd.DataFrame(
        {
            by: register[by],
            "involvement": register["approach"] != NOT_RECORDED,
            "service_user": register["service_user_involved"] != NOT_RECORDED,
            "carer": register["carer_involved"] != NOT_RECORDED,
            "start_date": register["start_date"].notna(),
            "updated_date": register["updated_date"].notna(),
        }
    )
    groups = known.groupby(by)
    shares = groups.mean().assign(projects=groups.size())
    columns = ["projects", *known.columns[1:]]
    return shares[columns].sort_values(["involvement", by]).reset_index()


def summarise_quarantine(quarantine: pd.DataFrame) -> pd.DataFrame:
    """Count the rows set aside for each ``column`` and ``reason``; the commonest first."""
    rows = quarantine.groupby(["column", "reason"])["source_row"].nunique().rename("rows")
    return rows.reset_index().sort_values(
        ["rows", "column", "reason"], ascending=[False, True, True], ignore_index=True
    )


def describe_cleaning(cleaned: Cleaned) -> str:
    """Say in a sentence or two what became of the export's rows."""
    counts = cleaned.counts
    n = counts["rows_in"]
    return (
        f"Of {n:,} {'row' if n == 1 else 'rows'} in the export, {counts['accepted']:,} were "
        f"accepted, {counts['quarantined']:,} set aside to be corrected, and "
        f"{counts['identical_duplicates']:,} dropped as exact repeats. "
        f"{counts['not_data_rows']:,} further blank or total rows are not projects."
    )


def describe_completeness(completeness: pd.DataFrame, by: str = "directorate") -> str:
    """Say how many projects have nothing recorded about involvement, and who records least.

    Parameters
    ----------
    completeness : DataFrame
        From :func:`summarise_completeness`.
    by : str
        The column that names the groups.
    """
    projects = completeness["projects"]
    n, known = int(projects.sum()), round((projects * completeness["involvement"]).sum())
    if n == known:
        return "Every project has its level of involvement recorded."
    sentence = (
        f"{n - known:,} of {n:,} projects ({(n - known) / n:.0%}) do not say how, or whether, "
        "people were involved."
    )
    worst = completeness.query("projects >= 5 and involvement < 1").head(1)
    if worst.empty:
        return sentence
    row = worst.iloc[0]
    return (
        f"{sentence} {row[by]} records least: {row['involvement']:.0%} of its "
        f"{row['projects']:,} projects have it."
    )


# --- from the export's headings to the register's columns -------------------------------------


def _known_text(raw: pd.DataFrame, profile: Profile) -> tuple[pd.DataFrame, list[str]]:
    """Give the register's columns as the export has them, and warnings of columns not known."""
    found = {match_key(heading): heading for heading in reversed(raw.columns)}
    used: dict[str, str] = {}
    for column, spellings in _spellings(profile).items():
        heading = next((found[k] for k in map(match_key, spellings) if k in found), None)
        if heading is not None:
            used[column] = heading
    _check_required(used, raw, profile)
    text = pd.DataFrame({column: raw[heading] for column, heading in used.items()})
    text = text.astype(str).where(text.notna()).apply(_squeeze)
    text["source_row"] = raw.get("source_row", pd.Series(range(2, len(raw) + 2), raw.index))
    text["source_file"] = raw.get("source_file", pd.Series("", raw.index))
    ours = {match_key(column.name) for column in _columns(profile)}
    dropped = [h for h in raw.columns if h not in used.values() and match_key(h) not in ours]
    if not dropped:
        return text, []
    names = ", ".join(f"'{name}'" for name in dropped)
    return text, [f"Columns that the profile does not know were left out: {names}."]


def _spellings(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Give each column's own name and the headings that stand for it, the surest first."""
    spellings = {
        column.name: (column.name, *profile.headings.get(column.name, ()))
        for column in COLUMNS
        if column.kind not in ("derived", "provenance")
    }
    spellings["directorate"] = ("directorate_as_read", *spellings["directorate"])
    spellings["areas"] = ("areas", *profile.headings.get("areas", ()))
    for name, area in profile.areas.items():
        spellings[f"area_{name}"] = (f"area_{name}", area.label, *area.headings)
    return spellings


def _check_required(used: Mapping[str, str], raw: pd.DataFrame, profile: Profile) -> None:
    headings = [h for h in raw.columns if h not in ("source_file", "source_row")]
    name = raw["source_file"].iloc[0] if "source_file" in raw and len(raw) else "The register"
    has = f"It has {', '.join(map(repr, headings[:12]))}{', …' if len(headings) > 12 else ''}."
    for column in COLUMNS:
        if column.required and column.name not in used:
            wanted = column.name.replace("_", " ").capitalize()
            near = nearest(column.name, [h for h in headings if h not in used.values()])
            add = f"'{near[0]}'" if near else "the export's heading for it"
            raise RegisterError(
                f"{name} has no column '{wanted}'. {has} "
                f"Add {add} to {column.name}'s headings in the profile."
            )
    tells = {"service_user_involved", "carer_involved", "involvement_level", "areas"}
    if not tells.union(area_columns(profile)).intersection(used):
        raise RegisterError(
            f"{name} has no column that tells of involvement. {has} Add the export's heading to "
            "service_user_involved's, carer_involved's or involvement_level's in the profile."
        )


def _squeeze(column: pd.Series) -> pd.Series:
    """Trim cells and fold runs of white space (non-breaking ones too); blank cells go missing."""
    squeezed = column.str.replace(r"[\s\u00a0\u200b\ufeff]+", " ", regex=True).str.strip()
    return squeezed.where(squeezed != "")


def _is_data(text: pd.DataFrame) -> pd.Series:
    cells = text.drop(columns=["source_row", "source_file"])
    rest = cells.drop(columns=["project_id", "title"]).notna().any(axis=1)
    total = cells["project_id"].str.match(r"(?i)(grand |sub)?-?total\b", na=False) & ~rest
    return cells.notna().any(axis=1) & ~total


# --- from cells to values ----------------------------------------------------------------------


def _read_cells(text: pd.DataFrame, profile: Profile) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read each column by its kind: the values, and a row of faults a cell that cannot be read."""
    readers = cell_readers(profile)
    values, faults = {}, []
    for column in [*_columns(profile), Column("areas", "areas", "")]:
        if column.kind in ("derived", "provenance"):
            continue
        cells = text.get(column.name, pd.Series(None, text.index, dtype=str))
        read = partial(_read_blank, read=readers[column.kind], blank=_BLANK.get(column.kind))
        values[column.name], reasons = _map_unique(cells, read)
        if column.required and column.name != "directorate":
            reasons = reasons.where(cells.notna(), f"The {column.name} is missing.")
        faults.append(_fault_rows(text, column.name, cells, reasons))
    frame = pd.DataFrame(values).assign(
        source_file=text["source_file"], source_row=text["source_row"]
    )
    return _fill_areas(_typed(frame), profile), pd.concat(faults, ignore_index=True)


_BLANK = {
    "yes_no": NOT_RECORDED, "status": "unknown", "programme": "unknown", "level": NOT_RECORDED,
}  # fmt: skip


def _read_blank(cell, read: Callable[[str], Read], blank) -> Read:
    return (blank, None) if pd.isna(cell) else read(cell)


def _map_unique(cells: pd.Series, read: Callable[[str], Read]) -> tuple[pd.Series, pd.Series]:
    """Read each different cell once, and give values and reasons row by row."""
    codes, uniques = pd.factorize(cells, use_na_sentinel=False)
    results = [read(cell) for cell in uniques]
    values = pd.Series([value for value, _ in results], dtype=object).reindex(codes)
    reasons = pd.Series([reason for _, reason in results], dtype=object).reindex(codes)
    return values.set_axis(cells.index), reasons.set_axis(cells.index)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    dates = [c.name for c in COLUMNS if c.kind in ("start", "end")]
    kinds = dict.fromkeys(dates, "datetime64[us]") | {"progress_score": "float64"}
    text = {c: "str" for c in frame if c not in kinds and c not in ("source_row", "areas")}
    return frame.astype(kinds | text)


def _fault_rows(text: pd.DataFrame, column: str, cells: pd.Series, reasons: pd.Series):
    rows = reasons.index[reasons.notna()]
    return pd.DataFrame(
        {"row": rows, "column": column, "found": cells.loc[rows].to_numpy(object),
         "reason": reasons.loc[rows].to_numpy(object)},
    )  # fmt: skip


# --- what follows from several cells -------------------------------------------------------------


def _fill_areas(values: pd.DataFrame, profile: Profile) -> pd.DataFrame:
    """Spread the one cell that lists areas over the areas' columns, where those are blank."""
    listed = values.pop("areas")
    said = listed.map(lambda cell: isinstance(cell, tuple))
    if not said.any():
        return values
    for name in profile.areas:
        column = f"area_{name}"
        found = listed.map(lambda cell, name=name: "yes" if said_in(cell, name) else "no")
        fill = said & (values[column] == NOT_RECORDED)
        values[column] = values[column].mask(fill, found)
    return values


def said_in(cell, name: str) -> bool:
    """Tell whether a list of areas, or nothing, names an area."""
    return isinstance(cell, tuple) and name in cell


def _add_directorate(values: pd.DataFrame, profile: Profile) -> tuple[pd.DataFrame, list[str]]:
    """Give each project the directorate it is reported under; keep the name as read."""
    as_read = values["directorate"]
    nothing = lookup_table({NO_DIRECTORATE: profile.words.get(NOT_RECORDED, ())})
    table = lookup_table(profile.directorates)
    group = {
        name: _owner(name, table, profile.two_owners) or nothing.get(match_key(name))
        for name in as_read.dropna().unique()
    }
    unknown = sorted(name for name, owner in group.items() if owner is None)
    projects = as_read.isin(unknown).sum()
    named = as_read.notna().sum()
    own_names = not table or projects > named / 2
    group |= _one_spelling(as_read, unknown) if own_names else dict.fromkeys(unknown, UNRECOGNISED)
    values = values.assign(
        directorate=_mapped(as_read, group, NO_DIRECTORATE),
        directorate_as_read=as_read,
    )
    if not unknown or not table:
        return values, []
    if own_names:
        return values, [
            f"Most projects bear directorates that the profile does not know ({projects} of "
            f"{named}), so each name stands for itself. Copy the profile, put your "
            "directorates in it, and give it with --profile."
        ]
    return values, [_unrecognised(unknown, projects, profile)]


def _owner(name: str, table: Mapping[str, str], two_owners: str) -> str | None:
    if match_key(name) in table:
        return table[match_key(name)]
    owners = [table.get(match_key(part)) for part in re.split(r"[;|/\n]", name) if part.strip()]
    if len(owners) < 2 or None in owners:
        return None
    return owners[0] if two_owners == "first" or len(set(owners)) == 1 else JOINT


def _one_spelling(as_read: pd.Series, names: list[str]) -> dict[str, str]:
    """Give names that differ only in case, spaces or punctuation their commonest spelling."""
    counts = as_read[as_read.isin(names)].value_counts()
    ordered = sorted(names, key=lambda name: (-counts[name], name))
    first: dict[str, str] = {}
    return {name: first.setdefault(match_key(name), name) for name in ordered}


def _unrecognised(unknown: list[str], projects: int, profile: Profile) -> str:
    table = lookup_table(profile.directorates)

    def hint(name: str) -> str:
        near = nearest(name, table)
        return f"'{name}' (perhaps {table[near[0]]})" if near else f"'{name}'"

    noun = "project bears" if projects == 1 else "projects bear"
    return (
        f"{projects} {noun} a directorate that the profile does not know, and "
        f"{'is' if projects == 1 else 'are'} reported as '{UNRECOGNISED}': "
        f"{', '.join(map(hint, unknown))}. Add each to its directorate's names in the profile."
    )


def _add_approach(
    values: pd.DataFrame, flags: list[str], profile: Profile
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add `approach`, from the level or else the flags; complain where they contradict each other.

    Where an export has one flag only, a no in it means that nobody is involved.
    """
    level = values["involvement_level"]
    approach = _map_levels(level, profile)
    all_no = (values[flags] == "no").all(axis=1) if flags else pd.Series(False, values.index)
    some_yes = (values[[*flags, *area_columns(profile)]] == "yes").any(axis=1)
    approach = approach.mask((approach == NOT_RECORDED) & all_no, "none")
    clash_none = (approach == "none") & some_yes
    clash_level = approach.isin(APPROACHES[1:]) & all_no
    conflicts = [
        (clash_none, "Somebody is recorded as involved, yet the rest says nobody is."),
        (clash_level, "A level of involvement is given, yet the flags say nobody is involved."),
    ]
    rows = [
        pd.DataFrame({"row": values.index[clash], "column": "involvement_level",
                      "found": level[clash].to_numpy(object), "reason": reason})
        for clash, reason in conflicts
    ]  # fmt: skip
    return values.assign(approach=approach), pd.concat(rows, ignore_index=True)


def _map_levels(level: pd.Series, profile: Profile) -> pd.Series:
    table = lookup_table(profile.levels)
    approach = {word: table.get(match_key(word), NOT_RECORDED) for word in level.dropna().unique()}
    return _mapped(level, approach, NOT_RECORDED)


def _mapped(column: pd.Series, table: Mapping[str, str], default: str) -> pd.Series:
    return pd.Series([table.get(value, default) for value in column], column.index, dtype="str")


def _date_conflicts(values: pd.DataFrame) -> pd.DataFrame:
    early = values["end_date"] < values["start_date"]
    return pd.DataFrame(
        {
            "row": values.index[early],
            "column": "end_date",
            "found": values.loc[early, "end_date"].dt.strftime("%d/%m/%Y").to_numpy(object),
            "reason": "The project ends before it starts.",
        }
    )


def _find_duplicates(values: pd.DataFrame, faults: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Give the row each identical duplicate repeats, and a complaint a row of those that differ."""
    repeated = values["project_id"].duplicated(keep=False) & values["project_id"].notna()
    shown = values[repeated].drop(columns=["source_row", "source_file", "directorate_as_read"])
    shown = shown.astype(object).where(shown.notna(), None)
    several = shown["directorate"].isin([UNRECOGNISED, JOINT])  # these stand for many names
    shown["directorate"] = shown["directorate"].mask(several, values["directorate_as_read"])
    shown["areas"] = None
    for row, column, found, _ in faults[faults["row"].isin(shown.index)].itertuples(index=False):
        shown.loc[row, column] = found
    content = pd.Series(
        [str(row).casefold() for row in shown.itertuples(index=False, name=None)], shown.index
    )
    first = content.groupby(content).transform(lambda rows: rows.index[0])
    same_as = first[first != first.index]
    kept = shown.drop(index=same_as.index)
    differing = kept.index[kept["project_id"].duplicated(keep=False)]
    return same_as, pd.DataFrame(
        {
            "row": differing,
            "column": "project_id",
            "found": values.loc[differing, "project_id"].to_numpy(object),
            "reason": "Several rows with this identifier say different things.",
        }
    )


def _split(
    values: pd.DataFrame,
    faults: pd.DataFrame,
    same_as: pd.Series,
    warnings: list[str],
    not_data_rows: int,
) -> Cleaned:
    faults = faults[~faults["row"].isin(same_as.index)].sort_values(["row", "column"])
    quarantine = pd.DataFrame(
        {
            "source_row": values.loc[faults["row"], "source_row"].to_numpy(),
            "project_id": values.loc[faults["row"], "project_id"].to_numpy(object),
            "column": faults["column"].to_numpy(object),
            "found": faults["found"].to_numpy(object),
            "reason": faults["reason"].to_numpy(object),
        }
    ).astype({"project_id": "str", "column": "str", "found": "str", "reason": "str"})
    duplicates = pd.DataFrame(
        {
            "source_row": values.loc[same_as.index, "source_row"].to_numpy(),
            "project_id": values.loc[same_as.index, "project_id"].to_numpy(object),
            "same_as_row": values.loc[same_as.to_numpy(), "source_row"].to_numpy(),
        }
    ).astype({"project_id": "str"})
    register = values.drop(index=[*faults["row"].unique(), *same_as.index]).reset_index(drop=True)
    share = faults["row"].nunique() / len(values)
    if share > MOST_QUARANTINED:
        warnings = [f"{share:.0%} of the rows were set aside: the figures may mislead.", *warnings]
    unended = (
        register["status"].isin(["completed", "closed_unfinished"]) & register["end_date"].isna()
    )
    if unended.any():
        n = int(unended.sum())
        warnings.append(
            f"{n} finished {'project has' if n == 1 else 'projects have'} no end date and "
            f"{'is' if n == 1 else 'are'} left out wherever live projects are counted."
        )
    return Cleaned(register, quarantine, duplicates, tuple(warnings), not_data_rows)
