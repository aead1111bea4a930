"""A report's numbers as one workbook: contents, notes, definitions, then a table a sheet.

The layout is the Government Analysis Function's ("Releasing statistics in spreadsheets"): the title
in A1, where it comes from below it, headings in one fixed row, one table a sheet that is marked as
one, no merged cells, no empty rows. Nothing in it is a formula, and the same report gives the same
bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

from ..core.text import show_text
from ..quarantine import TEXT_ONLY, text_style
from .content import SHARES, WORDS, Outline, Table, used_words

CREATED = datetime(2000, 1, 1)  # of every workbook, so that the same report gives the same bytes
HEAD = 3  # the headings' row, counted from 0: below the title, the source and the way back
CONTENTS = "Contents"
WIDEST = 50  # characters


def write_tables(outline: Outline, path: Path, *, title: str, page: Mapping) -> None:
    """Write a report's tables as a workbook.

    Parameters
    ----------
    outline : Outline
        What the page shows.
    path : Path
        The ``.xlsx`` file to write.
    title : str
        The report's, such as the directorate.
    page : dict
        What stands at the page's head.
    """
    import xlsxwriter

    source = f"Source: the project register of {page['trust']} as it stood on {page['as_of']}."
    named = {str(i): table for i, table in enumerate(outline.tables, 1)}
    titles = {name: f"Table {name}: {table.caption}" for name, table in named.items()}
    with xlsxwriter.Workbook(path, TEXT_ONLY) as book:
        book.set_properties({"title": show_text(title), "created": CREATED})
        formats = _formats(book)
        about = f"{title}: involvement in quality improvement"
        others = {"Notes": "How to read these tables", "Definitions": "What the words mean"}
        contents = Table(
            about, (("Sheet", "string"), ("What it holds", "string")),
            tuple({"Sheet": k, "What it holds": v} for k, v in {**others, **titles}.items()),
        )  # fmt: skip
        _write(book, formats, CONTENTS, contents, about, source, back=False)
        for row, name in enumerate([*others, *titles], HEAD + 1):
            book.worksheets()[0].write_url(row, 0, f"internal:'{name}'!A1", string=name)
        for name, table in (("Notes", _notes(page)), ("Definitions", _definitions(page, outline))):
            _write(book, formats, name, table, others[name], source)
        for name, table in named.items():
            _write(book, formats, name, table, titles[name], source)


def _notes(page: Mapping) -> Table:
    notes = [
        *page.get("warnings", ()),
        "A rate is the first number divided by the second; a blank cell has no value.",
        "With few projects a rate moves a long way by chance; read it with its 95% interval.",
        "Where nothing is recorded a project counts among the projects and not as meaningful.",
        "[c] marks a figure that is suppressed, [z] one that does not apply, [x] one that is not "
        "available.",
    ]
    if page.get("example"):
        notes.insert(0, "This is the example register: its projects are invented.")
    return _listed(("Note", "What it says"), [(str(i), note) for i, note in enumerate(notes, 1)])


def _definitions(page: Mapping, outline: Outline) -> Table:
    meaningful = (f"Meaningful: {page['definition']}", page["meaning"])
    return _listed(("Word", "What it means"), [meaningful, *used_words(outline.text)])


def _listed(heads: tuple[str, str], pairs: Sequence[tuple[str, str]]) -> Table:
    rows = tuple(dict(zip(heads, pair, strict=True)) for pair in pairs)
    return Table("", tuple((head, "string") for head in heads), rows)


def _formats(book) -> dict:
    return {
        "title": book.add_format({"bold": True, "font_size": 14}),
        "head": book.add_format({"bold": True, "text_wrap": True, "valign": "top"}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        # as if typed after a quotation mark: it stays text when somebody edits it
        "guarded": book.add_format({"text_wrap": True, "valign": "top", "quote_prefix": True}),
        "share": book.add_format({"num_format": "0.0%", "valign": "top"}),
        "number": book.add_format({"num_format": "#,##0.###", "valign": "top"}),
        "count": book.add_format({"num_format": "#,##0", "valign": "top"}),
        "date": book.add_format({"num_format": "d mmmm yyyy", "align": "left", "valign": "top"}),
    }


def _write(book, formats, name: str, table: Table, title: str, source: str, back=True) -> None:
    """Write one sheet: title, source, the way back, then the table under its headings."""
    sheet = book.add_worksheet(name)
    sheet.write_string(0, 0, show_text(title), formats["title"])
    sheet.write_string(1, 0, show_text(source))
    if back:
        sheet.write_url(2, 0, f"internal:'{CONTENTS}'!A1", string="Back to the contents")
    else:
        sheet.write_string(2, 0, "Each table stands on a sheet of its own.")
    heads = _distinct(table.headings)
    sheet.add_table(
        HEAD, 0, HEAD + len(table.rows), len(heads) - 1,
        {"name": f"{'table_' if name.isdigit() else ''}{name}", "autofilter": False, "style": None,
         "columns": [{"header": head, "header_format": formats["head"]} for head in heads]},
    )  # fmt: skip
    sheet.freeze_panes(HEAD + 1, 1 if name.isdigit() else 0)
    for at, (column, kind) in enumerate(table.columns):
        values = [row[column] for row in table.rows]
        for line, value in enumerate(values, HEAD + 1):
            _write_cell(sheet, (line, at), value, column, kind, formats)
        longest = max(map(len, [heads[at], *map(str, values)]), default=0)
        sheet.set_column(at, at, min(WIDEST if name.isdigit() else 100, max(12, longest + 2)))


def _distinct(heads: list[str]) -> list[str]:
    """Return headings that differ, as a marked table needs them to."""
    distinct: list[str] = []
    for head in map(show_text, heads):
        taken = [each.partition(" (")[0].casefold() for each in distinct].count(head.casefold())
        distinct.append(f"{head} ({taken + 1})" if taken else head)
    return distinct


def _write_cell(sheet, at: tuple[int, int], value, column: str, kind: str, formats: dict) -> None:
    if value is None:
        return
    if kind in ("integer", "number"):
        style = "share" if column in SHARES else "count" if kind == "integer" else "number"
        sheet.write_number(*at, value, formats[style])
    elif kind == "datetime":
        sheet.write_datetime(*at, date.fromisoformat(value[:10]), formats["date"])
    else:
        text = show_text(WORDS.get(value, str(value)))
        sheet.write_string(*at, text, formats[text_style(text)])
