"""The rows to correct, as a workbook that goes back to whoever keeps the records.

A sheet a directorate holds its rows as they came, the offending cells marked and explained. Once
corrected, it is read whole by :func:`read_register`, which knows the sheets by their first two
headings, and the rows can be put back into the export by their numbers. Nothing in it is a formula.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from .cleaning.result import CleaningResult
from .core.files import write_whole
from .core.schema import KINDS, column_label
from .core.text import STARTS_FORMULA, count_of, match_key
from .profile import Profile, load_profile, read_columns
from .reading.raw import ALLOWED, README, ROW, WRONG

LONGEST_NAME = 31  # characters; Excel's limit for the name of a sheet
LONGEST_CELL = 32_767  # characters; Excel's limit for a cell
# No text becomes a formula, a link or a number; nor is any part put in the temporary folder, where
# a command that is stopped would leave it.
TEXT_ONLY = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
             "in_memory": True}  # fmt: skip
NARROW, WIDE, WORDS = 10, 36, 60  # widths of columns, in characters
SPARE_ROWS = 50  # below the rows, so that a row pasted there has its lists and stays text


def write_workbook(
    cleaned: CleaningResult, path: str | Path, profile: Profile | None = None
) -> None:
    """Write the rows to correct as a workbook: what to do, then a sheet for each directorate.

    Every cell is text, dates too, so that no spreadsheet runs or reinterprets one. Cells that
    could not be read are coloured and carry the reason as a note; cells with a set of allowed
    values offer it as a list, and take other spellings too.

    Parameters
    ----------
    cleaned : CleaningResult
        Its ``rows_to_correct`` rows are written, with the reasons in its ``complaints``.
    path : str or Path
        The ``.xlsx`` file, which is written whole.
    profile : Profile, optional
        Whose headings and allowed values to use; the shipped one by default.
    """
    import xlsxwriter

    profile = load_profile(profile)
    rows, complaints = cleaned.rows_to_correct, cleaned.complaints
    groups = {str(group): own for group, own in rows.groupby("directorate")}
    names = sheet_names(groups)
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, TEXT_ONLY) as book:
        formats = add_formats(book)
        _write_readme(book, formats, {names[g]: len(own) for g, own in groups.items()}, profile)
        sheets = {group: book.add_worksheet(names[group]) for group in groups}
        ranges = write_allowed(book, formats, profile) if groups else {}
        headings = column_headings(rows.columns, profile)
        for group, own in groups.items():
            _write_sheet(sheets[group], formats, own, complaints, headings, ranges)
    write_whole(Path(path), content.getvalue())


def sheet_names(groups: Iterable[str]) -> dict[str, str]:
    """Return each group a sheet's name that Excel takes and that no other sheet has.

    >>> sheet_names(["Child and Adolescent Mental Health", "A/B", "a:b", "History"])
    {'Child and Adolescent Mental Health': 'Child and Adolescent Mental Hea', 'A/B': 'A B',
     'a:b': 'a b 2', 'History': 'History 2'}
    """
    taken = {name.casefold() for name in (README, ALLOWED, "History")}
    names = {}
    for group in groups:
        plain = "".join(c if c.isprintable() and c not in "[]:*?/\\" else " " for c in str(group))
        plain = " ".join(plain.split()).strip("' ") or "Directorate"
        name, number = _cut(plain, LONGEST_NAME), 1
        while name.casefold() in taken:
            number += 1
            end = f" {number}"
            name = _cut(plain, LONGEST_NAME - len(end)) + end
        taken.add(name.casefold())
        names[group] = name
    return names


def _cut(name: str, longest: int) -> str:
    """Cut a name to so many characters as Excel counts them: a picture character is two."""
    units = name.encode("utf-16-le")[: 2 * longest]
    return units.decode("utf-16-le", errors="ignore").rstrip("' ")


def column_headings(columns: Iterable[str], profile: Profile) -> dict[str, str]:
    """Return the heading of each of the register's columns: one that is read back as that column.

    The profile's first heading for it that stands for no other column, else the column's own name.

    >>> column_headings(["project_id", "directorate_as_read", "outcome"], load_profile())
    {'project_id': 'Project ID', 'directorate_as_read': 'Directorate / Group', 'outcome': 'Outcome'}
    """
    spellings = {c.name: profile.headings_of(c.name) for c in read_columns(profile)}
    owners: dict[str, set[str]] = {}
    for column, words in spellings.items():
        for word in words:
            owners.setdefault(match_key(word), set()).add(column)
    headings = {}
    for name in columns:
        column = _original(name)
        if column not in spellings or (name == "directorate" and "directorate_as_read" in columns):
            continue
        first, _, *others = (*spellings[column], "")  # the second is the column's own name
        own = [word for word in (first, *others) if owners.get(match_key(word)) == {column}]
        headings[name] = own[0] if own else column_label(column)
    return headings


def allowed_values(profile: Profile) -> dict[str, tuple[str, ...]]:
    """Return the values to choose from, for each column that has a set of them; a blank is one too.

    >>> allowed_values(load_profile())["status"]
    ('proposed', 'active', 'paused', 'completed', 'closed unfinished')
    """
    columns = sorted(read_columns(profile), key=lambda column: [*KINDS].index(column.kind))
    lists = {column.name: profile.choices_of(column) for column in columns}
    names = {"directorate": "directorate_as_read"}  # which the export's own column has become
    return {names.get(name, name): values for name, values in lists.items() if values}


def add_formats(book) -> dict:
    """Add the formats of a workbook's cells, by name."""
    cell = {"num_format": 49, "valign": "top"}  # 49 is Text
    return {
        "text": book.add_format(cell),
        # as if typed after a quotation mark: it stays text when somebody edits it
        "guarded": book.add_format({**cell, "quote_prefix": True}),
        "wrong": book.add_format({**cell, "bg_color": "#FFD9B3", "quote_prefix": True}),
        "words": book.add_format({**cell, "text_wrap": True, "quote_prefix": True}),
        "head": book.add_format({"bold": True, "valign": "top", "text_wrap": True,
                                 "bg_color": "#E8EDEE", "bottom": 1}),
        "example": book.add_format({**cell, "italic": True, "font_color": "#4C6272"}),
        "title": book.add_format({"bold": True, "font_size": 16}),
        "plain": book.add_format({"valign": "top", "text_wrap": True}),
    }  # fmt: skip


def _write_readme(book, formats: dict, sheets: Mapping[str, int], profile: Profile) -> None:
    sheet = book.add_worksheet(README)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 90)
    sheet.write_string(0, 0, "Rows of the project register to be corrected", formats["title"])
    text = _WHAT_TO_DO if sheets else _NOTHING
    for line, words in enumerate(text, 2):
        words = words.replace("{dates}", profile.way_to_write_dates)
        sheet.write_string(line, 0, words, formats["plain"])
    for line, (name, rows) in enumerate(sheets.items(), len(text) + 3):
        quoted = name.replace("'", "''")
        link = f"{name}: {count_of(rows, 'row')}"
        sheet.write_url(line, 0, f"internal:'{quoted}'!A1", string=link)


_NOTHING = ("No row was set aside: there is nothing to correct.",)

_WHAT_TO_DO = (
    "The rows in this workbook could not be read with certainty. They are left out of every figure "
    "until they are put right; but where it is said that the project is counted, only the one cell "
    "is missing. Nothing was guessed.",
    "1. Find your directorate's sheet below.",
    f"2. The first column, “{WRONG}”, says in words what to mend. The cells meant are coloured; "
    "point at one to read its note.",
    "3. Correct those cells. Where a cell offers a list, choose from it, or leave the cell blank "
    "if nobody knows: a blank is honest, a guess is not.",
    "4. Write dates {dates}.",
    "5. Save this workbook and send it back whole, its headings and first two columns as they "
    "are. It is read as it stands, and what is still wrong is set aside again.",
    "6. Put the corrected values into the project register itself, so that its next export has "
    f"them. Until then they can be put into the export that was read: “{ROW}” gives each row's "
    "number there. Type or paste the values over the old ones, each under its own heading; a row "
    "added below, while the old one stays, would stand there twice, and both be set aside.",
    "Rows that repeat an identifier are all here: keep the one that is right, and delete the "
    "others or give them their own identifiers.",
    f"The sheet “{ALLOWED}” lists what each column can hold.",
)


def write_allowed(book, formats: dict, profile: Profile) -> dict[str, str]:
    """Write the allowed values, a column a set, and return each register column's cell range."""
    sheet = book.add_worksheet(ALLOWED)
    sheet.freeze_panes(1, 0)
    sets: dict[tuple[str, ...], int] = {}
    ranges = {}
    for column, values in allowed_values(profile).items():
        if values not in sets:
            sets[values] = at = len(sets)
            name = "yes or no" if values == ("yes", "no") else _original(column)
            sheet.write_string(0, at, f"Allowed: {name.replace('_', ' ')}", formats["head"])
            for line, value in enumerate(values, 1):
                sheet.write_string(line, at, value, formats["guarded"])
            sheet.set_column(at, at, min(WIDE, max(24, *map(len, values))), formats["text"])
        letter = chr(ord("A") + sets[values])
        ranges[column] = f"='{ALLOWED}'!${letter}$2:${letter}${len(values) + 1}"
    return ranges


def _write_sheet(sheet, formats, rows, quarantine, headings, ranges) -> None:
    """Write one directorate's rows: what is wrong, the row's number, then the row as it came."""
    faults = quarantine[quarantine["source_row"].isin(rows["source_row"])]
    reasons = {
        key: "\n".join(sentences)
        for key, sentences in faults.groupby(["source_row", "column"])["reason"].unique().items()
    }
    wrong = _what_is_wrong(faults, headings)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, 0, WORDS, formats["words"])
    sheet.set_column(1, 1, NARROW, formats["text"])
    sheet.write_row(0, 0, [WRONG, ROW, *headings.values()], formats["head"])
    for line, row in enumerate(rows.itertuples(index=False), 1):
        number = row.source_row
        sheet.write_string(line, 0, wrong.get(number, ""), formats["words"])
        sheet.write_string(line, 1, str(number), formats["text"])
        for at, column in enumerate(headings, 2):
            reason = reasons.get((number, _original(column)))
            _write_cell(sheet, (line, at), getattr(row, column), reason, formats)
    for at, (column, heading) in enumerate(headings.items(), 2):
        longest = max(len(heading), *rows[column].fillna("").str.len()) + 2
        sheet.set_column(at, at, min(max(longest, NARROW), WIDE), formats["text"])
        if column in ranges:
            offer_values(sheet, (1, at, len(rows) + SPARE_ROWS, at), ranges[column])
    sheet.autofilter(0, 0, len(rows), len(headings) + 1)


def _original(column: str) -> str:
    return column.removesuffix("_as_read")


def text_style(text: str) -> str:
    """Return the name of a text's format: guarded if a spreadsheet could take it for a formula.

    >>> text_style("=1+1"), text_style("1+1")
    ('guarded', 'text')
    """
    return "guarded" if re.match(STARTS_FORMULA, text) else "text"


def _write_cell(sheet, at: tuple[int, int], value, reason: str | None, formats: dict) -> None:
    text = "" if pd.isna(value) else str(value)[:LONGEST_CELL]
    write = sheet.write_string if text else sheet.write_blank
    write(*at, text, formats["wrong" if reason else text_style(text)])
    if reason:
        sheet.write_comment(*at, reason, {"x_scale": 2})


def offer_values(sheet, area: tuple[int, int, int, int], source: str) -> None:
    """Offer the values of a range as a list in every cell of an area."""
    sheet.data_validation(
        *area,
        {
            "validate": "list",
            "source": source,
            "error_type": "warning",
            "error_title": "Not on the list",
            "error_message": "Choose from the list, or leave the cell blank. Keep this all the "
            "same only if the register's profile knows the word.",
        },
    )


def _what_is_wrong(complaints: pd.DataFrame, headings: Mapping[str, str]) -> dict[int, str]:
    """Describe for each row, a line a complaint, which cell holds what and why that is wrong."""
    names = {_original(column): heading for column, heading in headings.items()}
    sentences: dict[int, list[str]] = {}
    complaints = complaints[["source_row", "column", "found", "reason"]]
    for row, column, found, reason in complaints.itertuples(index=False, name=None):
        name = names.get(column, column_label(column))
        value = "is blank" if pd.isna(found) else f"is “{found}”"
        sentences.setdefault(row, []).append(f"{name} {value}. {reason}")
    return {row: "\n".join(dict.fromkeys(own)) for row, own in sentences.items()}
