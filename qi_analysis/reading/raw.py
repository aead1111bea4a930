"""Cells under their headings: which row they stand in, and a frame of what stands below it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute

from ..core.errors import RegisterError
from ..core.schema import COLUMNS, PROVENANCE, REQUIRED, column_label
from ..core.text import count_of, listed, match_key, show_text
from ..profile import Known

compute: Any = pyarrow.compute  # its functions are made on import, unseen by type checkers
NO_RATE_NEEDS = {c.name for c in COLUMNS if c.optional or c.kind in ("text", "provenance")}
HEADER_ROWS = 40  # how far down titles, logos and notes may push the headings

# What Excel (in any language), LibreOffice, Google Sheets, Access and Bloomberg write into a cell
# that they could not work out, have not yet, or cannot show.
ERRORS = (
    r"^\s*(?:#[¡¿]?\p{Lu}[\p{Lu}\d/_]{0,11} ?[!?]|# ?(?i:n/a)(?: .*)?|#(?:GETTING_DATA|NV|N/[BD])"
    r"|#{3,}|#(?i:(?:error|deleted|ref|value|name|num|null|div/0|type|size|func) ?[!?]?)|Err:5\d\d"
    r"|=[+@]?(?:[A-Za-z][\w.]*\(.*\)|(?:[^=<>]+!)?\$?[A-Za-z]{1,3}\$?\d{1,7})"  # a formula, as text
    r"|(?:Loading|Calculating|Fetching|Retrieving|Updating)(?: data)?(?:\.{2,3}|…)"
    r"|Retrieving data\. Wait .*)\s*$"
)
_BEGINS = pa.array(
    [c.encode() for c in "#=ELCFRU\t\n\f\r "], pa.large_binary()
)  # as each of them does


@dataclass
class Found:
    """What a reader found: cells as text under headings, and what to say of them.

    ``urgent`` holds those of the warnings that nobody may miss: projects may be missing.
    """

    table: pd.DataFrame
    headings: list[str]
    first_row: int
    row_faults: dict[int, str] = field(default_factory=dict)
    may_hold_errors: bool = True
    warnings: list[str] = field(default_factory=list)
    sheet: str = ""
    above: Sequence[Sequence] = ()
    urgent: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class SourceNotes:
    """What a reader knows of an export beside its cells: the ``attrs`` of a raw table.

    Attributes
    ----------
    file : str
        The file's name, where several of its sheets were read together.
    warnings : tuple of str
        Sentences about the reading.
    urgent : tuple of str
        Those of them that nobody may miss: projects, or cells that a rate needs, may be missing.
    snapshot_date : str
        The day the export was made, as ISO text, where the file's name or a row above the headings
        tells it.
    corrections : bool
        The rows were set aside before and come back corrected: they are no whole register.
    """

    file: str = ""
    warnings: tuple[str, ...] = ()
    urgent: tuple[str, ...] = ()
    snapshot_date: str = ""
    corrections: bool = False

    @classmethod
    def of(cls, raw: pd.DataFrame) -> SourceNotes:
        """Return what a raw table's ``attrs`` hold, which may be nothing."""
        names = {field.name for field in fields(cls)}
        return cls(**{str(k): value for k, value in raw.attrs.items() if k in names})


def find_headings(rows: Sequence[Sequence], known: Known) -> tuple[int, int]:
    """Return (how many headings are known, minus the row's position) of the best row."""
    return max(
        ((_count_known(row, known), -i) for i, row in enumerate(rows[:HEADER_ROWS])),
        default=(0, 0),
    )


def _count_known(values: Iterable, known: Known) -> int:
    return len({match_key(as_text(cell) or "") for cell in values} & known.keys())


def _columns_in(row: Iterable, known: Known) -> set[str]:
    """Return the register's columns whose headings stand in a row."""
    return {known[key] for cell in row if (key := match_key(as_text(cell) or "")) in known}


def no_headings(name: str, first_row: Iterable) -> RegisterError:
    """Return the error for a file of which no row holds a heading that the profile knows."""
    found = [cell for cell in map(as_text, first_row) if cell][:8]
    has = f"Its first row has {', '.join(map(repr, found))}." if found else "It is empty."
    return RegisterError(
        f"{name} has no heading that the profile knows. {has} "
        "Add the export's headings to [headings] in the profile."
    )


def as_raw(name: str, sheets: Sequence[Found], known: Known, day: date | None) -> pd.DataFrame:
    """Make one raw register of what was found, on several sheets if need be, and made on a day."""
    several = len(sheets) > 1
    tables = [
        _under_headings(found, f"{name}, sheet '{found.sheet}'" if several else name, known)
        for found in sheets
    ]
    corrected = [are_corrections(found.headings) for found in sheets]
    raw, sentences = _below_each_other(tables, sheets, known) if several else (tables[0], [])
    lacking, urgent = _warn_of_lacking(tables, sheets, known)
    corrections = all(corrected)
    if corrections:
        raw, unnumbered = number_as_exported(raw)
        sentences = describe_corrections(name, unnumbered)
    raw = without_marks(raw) if any(corrected) else raw
    warnings = [sentence for found in sheets for sentence in found.warnings]
    urgent = [*(sentence for found in sheets for sentence in found.urgent), *urgent]
    notes = SourceNotes(
        file=name if several else "",
        warnings=(*warnings, *lacking, *sentences),
        urgent=tuple(urgent),
        snapshot_date=day.isoformat() if day else "",
        corrections=corrections,
    )
    raw.attrs = {**asdict(notes)}
    return raw


def _warn_of_lacking(
    tables: Sequence[pd.DataFrame], sheets: Sequence[Found], known: Known
) -> tuple[list[str], list[str]]:
    """Warn of sheets that lack columns others have; and return which of it a rate needs."""
    have = [_columns_in(table.columns, known) for table in tables]
    every = set().union(*have)
    warnings, urgent = [], []
    for table, found, own in zip(tables, sheets, have, strict=True):
        if lacking := sorted(every - own):
            one = len(lacking) == 1
            columns, are, it = ("column", "it is", "it") if one else ("columns", "they are", "them")
            warnings.append(
                f"The sheet '{found.sheet}' has no {columns} {quoted(map(column_label, lacking))}, "
                f"as another has: {are} blank in {count_of(len(table), 'row')}. Add {it} there, or "
                f"the heading{'s' * (not one)} to the profile."
            )
            urgent += warnings[-1:] if {*lacking} - NO_RATE_NEEDS else []
    return warnings, urgent


def _below_each_other(
    tables: Sequence[pd.DataFrame], sheets: Sequence[Found], known: Known
) -> tuple[pd.DataFrame, list[str]]:
    """Join sheets below each other, their rows numbered on; and describe from where on."""
    spellings: dict[str, str] = {}
    numbered, starts, last = [], [], 0
    for table, found in zip(tables, sheets, strict=True):
        keys = _keys([heading for heading in table.columns if heading not in PROVENANCE], known)
        table = table.rename(columns={h: spellings.setdefault(k, h) for h, k in keys.items()})
        numbered.append(table.assign(source_row=table["source_row"] + last))
        starts.append(f"row 1 of '{found.sheet}' counts as row {last + 1:,}")
        last = int(numbered[-1]["source_row"].iloc[-1])
    raw = pd.concat(numbered, ignore_index=True)
    provenance = [column for column in PROVENANCE if column in raw]
    raw = raw[[*raw.columns.difference(provenance, sort=False), *provenance]]
    return raw, [f"Rows are numbered on from sheet to sheet: {listed(starts[1:])}."]


def _keys(headings: Sequence[str], known: Known) -> dict[str, str]:
    """Return by what each heading is known again on another sheet: its column, or its words."""
    columns = [known.get(match_key(heading)) for heading in headings]
    return {
        heading: column if column and columns.count(column) == 1 else match_key(heading)
        for heading, column in zip(headings, columns, strict=True)
    }


def _under_headings(found: Found, name: str, known: Known) -> pd.DataFrame:
    """Return cells under their headings, beside each row where it comes from."""
    if not _count_known(found.headings, known):
        raise no_headings(name, found.headings)
    if found.table.empty:
        raise RegisterError(f"{name} has headings but no projects under them.")
    _check_one_row(found, name, known)
    below = find_end(found, name, known)
    faults = _cell_faults(found, known) | found.row_faults
    names = [_clean(heading) for heading in found.headings]
    places = _first_places(found, names, name, known)
    table = found.table.iloc[:, places].set_axis([names[i] for i in places], axis=1)
    rows = range(found.first_row, found.first_row + len(table))
    table = table.assign(source_file=name, source_row=rows)
    if faults:
        table["source_fault"] = pd.Series(faults, dtype="str").reindex(table.index)
    return table.drop(index=below).reset_index(drop=True) if len(below) else table


def _check_one_row(found: Found, name: str, known: Known) -> None:
    """Raise if the row above the headings, or the one below, holds the rest of them."""
    columns = partial(_columns_in, known=known)
    own, first = columns(found.headings), found.table.iloc[0]
    above = columns(found.above[-1]) - own if found.above else set()
    below = columns(first.dropna()) - own
    joined = columns(_joined(found.above[-1], found.headings)) - own if found.above else set()
    under = columns(_joined(found.headings, first.where(first.notna(), ""))) - own
    wanted = [i for i, h in enumerate(found.headings) if known.get(match_key(h)) in REQUIRED]
    if above & {*REQUIRED} or len(joined) > 1:
        row = found.first_row - 2
    elif (below & {*REQUIRED} or max(map(len, (below, under))) > 1) and first.iloc[
        wanted
    ].isna().all():
        row = found.first_row - 1
    else:
        return
    raise RegisterError(
        f"{name}: the headings stand on two rows, {row} and {row + 1}. Write each heading into one "
        "row, directly above its column, and unmerge the cells."
    )


def _joined(upper: Iterable, lower: Iterable) -> list[str]:
    """Join the cells of two rows, such as "Start" above "Date"."""
    pairs = zip(upper, lower, strict=False)
    return [f"{as_text(a)} {as_text(b)}" for a, b in pairs if as_text(a) and as_text(b)]


def _first_places(found: Found, names: Sequence[str], name: str, known: Known) -> list[int]:
    """Return the columns to keep: none without a heading, and each heading once."""
    unnamed = [i for i, heading in enumerate(names) if not heading]
    if found.table.iloc[:, unnamed].notna().any(axis=None):
        found.warnings.append(f"{name} has cells in columns without a heading; they are left out.")
    table = found.table
    places, warnings = first_of_each(
        names, known, name, lambda i, j: table.iloc[:, i].equals(table.iloc[:, j])
    )
    found.warnings += warnings
    return places


def first_of_each(
    headings: Sequence[str], known: Known, name: str, are_alike: Callable[[int, int], bool]
) -> tuple[list[int], list[str]]:
    """Return the places of headings, each once, and warnings of known ones that stand twice.

    Raises
    ------
    RegisterError
        If a known heading stands twice over columns that are not alike.
    """
    places: dict[str, int] = {}
    warnings = {}
    for i, heading in enumerate(headings):
        key = match_key(heading)
        first = places.setdefault(key, i) if heading else i
        if first == i or key not in known:
            continue
        if not are_alike(first, i):
            also = f", once as '{heading}'" if heading != headings[first] else ""
            raise RegisterError(
                f"{name} has the heading '{headings[first]}' twice{also}, with different values. "
                "Rename or remove one of the two columns."
            )
        warnings[key] = (
            f"{name} has the heading '{heading}' twice, with the same values; it was read once."
        )
    return list(places.values()), list(warnings.values())


def _cell_faults(found: Found, known: Known) -> dict[int, str]:
    """Find the rows that repeat the headings, or have a spreadsheet's error where data belongs.

    A title, or another name of somebody's own, may begin as a formula does.
    """
    faults = {}
    used = [i for i, heading in enumerate(found.headings) if match_key(heading) in known]
    columns = [found.table.iloc[:, i] for i in used] if found.may_hold_errors else []
    for i, cells, places in zip(used, columns, _find_errors(columns), strict=False):
        kind = _KINDS.get(known[match_key(found.headings[i])])
        for row, error in cells.iloc[places].items() if len(places) else ():
            what = "formula" if error.strip().startswith("=") else "error"
            if what == "formula" and kind in _OWN_NAMES:
                continue
            faults[row] = (
                f"The cell under '{_clean(found.headings[i])}' holds the {what} {error.strip()}."
            )
    repeats = found.table.iloc[:, used[0]] == found.headings[used[0]]
    wanted = [heading or None for heading in found.headings]
    for row in found.table.index[repeats]:
        values = found.table.loc[row]
        if values.astype(object).where(values.notna(), None).tolist() == wanted:
            faults[row] = "The row repeats the headings."
    return faults


def _find_errors(columns: Sequence[pd.Series]) -> list[np.ndarray]:
    """Return of each column the places of the cells that hold a spreadsheet's error.

    Few begin as one; only those are compared in full, those of all columns at once: to compile the
    pattern takes longer than all else here.
    """
    texts = [_one_array(cells) for cells in columns]
    places = [np.flatnonzero(_may_be_errors(text)) for text in texts]
    if not any(map(len, places)):
        return places
    some = [text.take(pa.array(at)) for text, at in zip(texts, places, strict=True)]
    like = compute.match_substring_regex(pa.concat_arrays(some), ERRORS).to_numpy(False)
    ends = np.cumsum([len(at) for at in places])
    return [at[own] for at, own in zip(places, np.split(like, ends[:-1]), strict=True)]


def _may_be_errors(text: pa.Array) -> np.ndarray:
    begins = compute.binary_slice(text.view(pa.large_binary()), 0, 1)
    return compute.is_in(begins, value_set=_BEGINS).to_numpy(False)


def _one_array(cells: pd.Series) -> Any:
    """Return cells as one array, for which a pattern is made once and not for each of its parts."""
    text = pa.array(cells, pa.large_string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _clean(heading: str) -> str:
    return " ".join(heading.split())


LEAST_SHORTENED = 1e15  # a spreadsheet keeps fifteen digits of a number


def as_text(cell) -> str | None:
    """Write a value as text: 12.0 as 12, dates as ISO, a tick as TRUE; nothing for a blank.

    >>> as_text(12.0), as_text(1234567890123456789.0)
    ('12', '1.23456789012346E+18')
    """
    if cell is None or cell == "" or cell is pd.NaT or cell != cell:
        return None
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell)) if abs(cell) < LEAST_SHORTENED else f"{cell:.14E}"
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def text_column(values: Sequence) -> pa.Array:
    """Write a column's values as text; one that is text throughout goes to Arrow as it is."""
    try:
        text = pa.array(values, pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):  # numbers, dates or ticks among them
        text = pa.array([c if type(c) is str else as_text(c) for c in values], pa.large_string())
    return compute.if_else(compute.equal(text, ""), pa.scalar(None, text.type), text)


def as_frame(columns: Iterable[pa.Array]) -> pd.DataFrame:
    """Join columns of text beside each other, numbered."""
    columns = list(columns)
    return pa.table(columns, [str(i) for i in range(len(columns))]).to_pandas()


def first_line(fault) -> str:
    """Return the first line of what an error says, without its full stop."""
    return str(fault).strip().split("\n")[0].rstrip(".")


def quoted(names: Iterable[str]) -> str:
    """Write names as a list, each in quotation marks.

    >>> quoted(["a", "b", "c"])
    "'a', 'b' and 'c'"
    """
    return listed([f"'{name}'" for name in names])


# --- where the table ends ------------------------------------------------------------------------

SIZES = (65_535, 65_536, 1_048_575, 1_048_576)  # rows of a sheet, old and new, less the headings
_DATES, _WORDS = ("start", "end"), ("yes_no", "status", "level", "programme", "reason")
_KINDS = {column.name: column.kind for column in COLUMNS}
_OWN_NAMES = ("text", "directorate", "programme")
_LAST = 8  # rows, among which a footer may fill the cells of a project, parted at its commas
_MOST_OF_A_NOTE = 4  # cells
_ROWS = r"(?:rows?|records?|results?|items?|issues?|entries|lines)"
_ALL = rf"(?:{_ROWS}|projects?|data)"
_GONE = r"(?:omitted|left\ out|excluded|hidden|cut|truncated|skipped|not\ \w+)"
_SHOWN = r"(?:shown|exported|included|displayed|downloaded|listed|returned)"
_N = r"\d[\d.,\s]*"
_LEFT_OUT = re.compile(
    rf"""exceed(?:s|ed)?\ (?:\w+\ ){{0,3}}(?:allowed|maximum|permitted|volume|limit|threshold)
    |\b(?:{_ALL}|export|report|output|list|table|file)\ (?:\w+\ ){{0,3}}truncated\b
    |\btruncated\ (?:to|at|after|because|due)\b
    |\bsome\ {_ALL}\ (?:\w+\ ){{0,3}}{_GONE}
    |\bfirst\ {_N}(?:\w+\ )?{_ROWS}\b
    |\b(?:only|showing|displaying|exported)\ (?:the\ )?(?:first|top)\ {_N}(?:\w+\ )?{_ALL}\b
    |\b(?:limited|restricted|capped|cut(?:\ off)?)\ (?:to|at|after)\ (?:\w+\ ){{0,4}}{_N}{_ALL}\b
    |\b(?:{_ROWS}|export|size|download|query)\ (?:limit|cap)\b|\bview\ threshold\b
    |\b(?:maximum|limit)\ (?:number\ )?of\ (?:{_N})?{_ROWS}\b
    |\b(?:limit|maximum)\ (?:\w+\ ){{0,3}}(?:reached|exceeded|hit)\b
    |\breached\ (?:the|its|a)\ (?:\w+\ )?limit
    |\b(?:more|further|additional|remaining)\ {_ROWS}\ (?:\w+\ ){{0,3}}(?:{_GONE}|exist|available)
    |^\W*(?:and\ )?{_N}(?:more|further|additional)(?:\ {_ALL})?\W*$
    |\bonly\ (?:the\ )?(?:first|top)\ {_N}(?:\w+\ )?{_SHOWN}
    |\bresults?\ (?:\w+\ )?limited\ to\ {_N}$|\bmore\ {_ROWS}\ than\ (?:\w+\ ){{1,3}}{_SHOWN}
    |^\W*partial\ (?:results|export|data)\W*$|^\W*(?:top|first)\ {_N}{_SHOWN}\W*$
    |\b{_ROWS}\ (?:\w+\ ){{0,3}}(?:not\ (?:\w+\ )?{_SHOWN}|omitted|left\ out|cut\ off|incomplete)\b
    |\bnot\ all\ (?:of\ )?(?:the\ )?{_ALL}\ (?:\w+\ ){{1,2}}{_SHOWN}
    |^\W*truncated\W*$""",
    re.IGNORECASE | re.VERBOSE,
)  # such as Power BI, Salesforce, Jira and SharePoint write below, or above, what they export
_OF = re.compile(
    rf"""\W*(?:(?:showing|displaying|displayed|exported|listing|viewing)\s)?(?:the\s)?(?:first\s)?
    (?:{_ALL}\s)?(?:\d[\d.,]*\s?(?:-|–|to)\s?)?(?P<shown>\d[\d.,]*)\s(?:{_ALL}\s)?(?:out\s)?
    (?:of|/)\s(?:about\s|over\s)?(?P<all>\d[\d.,]*\d|\d)(?:\s(?:total\s)?{_ALL})?
    (?:\s(?:\w+\s)?{_SHOWN})?\W*""",
    re.IGNORECASE | re.VERBOSE,
)
BEGINS_AS_TOTAL = re.compile(r"(?i)\s*(grand |overall |sub)?-?\s*totals?\b")


def find_end(found: Found, name: str, known: Known) -> pd.Index:
    """Return the rows below a table that are no projects, such as a summary or a key.

    Raises
    ------
    RegisterError
        If a note says that rows were left out.
    """
    columns = [known.get(match_key(heading), "") for heading in found.headings]
    named = [found.table.iloc[:, columns.index(c)] for c in ("project_id", "title") if c in columns]
    if not named:
        return found.table.index[:0]
    bare = np.any([_is_blank(cells) for cells in named], axis=0)
    _refuse_left_out(found, np.flatnonzero(bare), name)
    blank = np.zeros(len(bare), bool)
    at = np.flatnonzero(bare)
    blank[at] = found.table.iloc[at].apply(_is_blank).all(axis=1).to_numpy() if len(at) else False
    filled = np.flatnonzero(~blank)
    found.warnings += _warn_of_size(name, found.first_row, filled)
    gap = blank[filled[0] : filled[-1]] if len(filled) else blank[:0]
    if len(named) < 2 or not gap.any():
        return found.table.index[:0]
    below = _no_projects(found, columns, blank, int(filled[0] + gap.argmax()), known)
    if len(below):
        n, row = len(below), int(below[0]) + found.first_row
        rows = f"row {row:,}" if n == 1 else f"{n:,} rows, from row {row:,} on,"
        found.warnings.append(
            f"Below the table of {name}, {rows} {'was' if n == 1 else 'were'} left out: a summary, "
            "a key or notes, with no date or answer of a project. If projects are among them, "
            "remove the blank row above them."
        )
    return below


def _is_blank(cells: pd.Series) -> np.ndarray:
    """Return which cells hold nothing, or white space."""
    blank = compute.utf8_is_space(_one_array(cells))
    return compute.fill_null(blank, True).to_numpy(zero_copy_only=False)


def _refuse_left_out(found: Found, bare: np.ndarray, name: str) -> None:
    last = np.arange(max(len(found.table) - _LAST, 0), len(found.table))
    rows = found.table.iloc[np.union1d(bare, last)]
    few = rows.notna().sum(axis=1).to_numpy() <= _MOST_OF_A_NOTE
    below = rows[few].astype(object).itertuples(index=False, name=None)
    for row in (*found.above, *below):
        note = " ".join(",".join(filter(None, map(as_text, row))).split())
        if says_left_out(note):
            raise RegisterError(
                f"{name} is not whole: it says '{show_text(note, 120)}'. Export all rows, in "
                "parts if need be, and read that."
            )


def says_left_out(note: str) -> bool:
    """Whether a note beside a table says that it does not hold every row.

    >>> says_left_out("Showing 1-1,000 of 4,312 records"), says_left_out("Showing 4 of 4 rows")
    (True, False)
    """
    counted = _OF.fullmatch(note)
    if counted and re.search(rf"(?i)\b{_ALL}\b|ing\b|ed\b", note):  # and not "page 1 of 2"
        shown, whole = (int(re.sub(r"\D", "", counted[which])) for which in ("shown", "all"))
        return shown < whole
    return bool(_LEFT_OUT.search(note))


def _warn_of_size(name: str, first_row: int, filled: np.ndarray) -> list[str]:
    """Warn of a table that ends just where a spreadsheet does, or an export into one."""
    n = int(filled[-1]) + 1 if len(filled) else 0
    size = next((size for size in (n, n + 1, n + first_row - 1) if size in SIZES), 0)
    if not size:
        return []
    return [
        f"{name} has {size:,} rows, just as many as a sheet of Excel can hold: it may have been "
        "cut. Compare its last project with the register itself."
    ]


def _no_projects(
    found: Found, columns: Sequence[str], blank: np.ndarray, gap: int, known: Known
) -> pd.Index:
    """Return the rows below the first blank one that have no typed cell of a project.

    A date is one by itself; an answer, a status or a level if it stands above too. So is the
    identifier, if it has the form of those above and a title and a directorate stand beside it.
    """
    above, tail = found.table.iloc[:gap], found.table.iloc[gap:]
    cells = {c: (above.iloc[:, i], tail.iloc[:, i]) for i, c in enumerate(columns) if c}
    kinds = {column: _KINDS.get(column, "") for column in cells}
    if not {*kinds.values()} & {*_DATES, *_WORDS}:
        return tail.index[:0]
    dated = [_are(_is_date, tail) for c, (_, tail) in cells.items() if kinds[c] in _DATES]
    said = [_are_like(_word, *cells[c]) for c in cells if kinds[c] in _WORDS]
    ident, title = (cells[column][1] for column in ("project_id", "title"))
    typed = np.any([*dated, *said], axis=0) & ~(_is_blank(ident) & _is_blank(title))
    rest = ~typed & ~blank[gap:]  # usually few
    owner = cells.get("directorate", cells["title"])[1]
    is_id = _are_like(_form, cells["project_id"][0], ident[rest])
    like = is_id & _are(_word, title[rest]) & _are(_word, owner[rest])
    kept = like | (is_id & tail.index[rest].isin([*found.row_faults]))
    dropped = tail[rest][~_without_blocks(tail[rest], rest, kept, blank[gap:], found, known)]
    return dropped.index[~_is_footer(dropped)]


def _are(has: Callable[[str], object], cells: pd.Series) -> np.ndarray:
    """Return which cells have a property, each different one looked at once."""
    return cells.isin([cell for cell in cells.dropna().unique() if has(cell)]).to_numpy()


def _are_like(form: Callable[[str], str], above: pd.Series, below: pd.Series) -> np.ndarray:
    """Return which cells have the form of one of those above."""
    seen = {form(cell) for cell in above.dropna().unique()} - {""}
    return _are(lambda cell: form(cell) in seen, below)


def _word(cell: str) -> str:
    """Return a cell's words, folded; "" for a number."""
    return match_key(cell) if re.search(r"[^\W\d_]", cell) else ""


def _form(cell: str) -> str:
    """Return the form of an identifier; "" for one that is a word.

    >>> _form("QI-0012"), _form("2020"), _form("Goodall")
    ('a-9', '9999', '')
    """
    if not re.search(r"\d", cell):
        return ""
    digits = r"\d" if cell.strip().isdecimal() else r"\d+"
    return re.sub(digits, "9", re.sub(r"[^\W\d_]+", "a", cell)).strip()


def _is_date(cell: str) -> bool:
    """Whether a cell may be a date: no small number, which counts something."""
    number = re.fullmatch(r"\s*[\d\s]{1,4}\s*|\s*\d+[.]\d+\s*|\s*\d{1,3}(,\d{3})+\s*|.*%", cell)
    return bool(re.search(r"\d", cell)) and not number


def _without_blocks(
    few: pd.DataFrame,
    rest: np.ndarray,
    kept: np.ndarray,
    blank: np.ndarray,
    found: Found,
    known: Known,
) -> np.ndarray:
    """Keep no row of a block that has headings for a table of its own."""
    needed = [i for i, h in enumerate(found.headings) if known.get(match_key(h)) in REQUIRED]
    again = np.all([few.iloc[:, i].eq(found.headings[i]) for i in needed], axis=0)
    headed = np.any([_are(lambda c: match_key(c) in known, few[column]) for column in few], axis=0)
    begins, ends = np.zeros(len(rest), bool), blank.copy()
    begins[rest], ends[rest] = headed & ~again, again
    blocks = np.cumsum(ends)
    within = pd.Series(begins).groupby(blocks).cummax().to_numpy() & ~ends
    return (kept | again) & ~within[rest]


def _is_footer(rows: pd.DataFrame) -> np.ndarray:
    """Return which rows are notes or totals, which are told from projects later."""
    cells = [[cell for cell in row if cell == cell] for row in rows.itertuples(index=False)]
    notes = [len(row) == 1 and " " in row[0].strip() for row in cells]
    return np.array(
        [
            note or bool(BEGINS_AS_TOTAL.match(row[0]))
            for row, note in zip(cells, notes, strict=True)
        ],
        bool,
    )


WRONG, ROW = "What is wrong", "Row in the export"
README, ALLOWED = "Read me", "Allowed values"  # sheets beside them, which hold no rows
MOST_ROWS = 1_000_000_000  # what is more is no row's number


def are_corrections(headings: Iterable[str]) -> bool:
    """Whether headings are those of rows that were set aside to be corrected."""
    return {match_key(WRONG), match_key(ROW)} <= {match_key(heading) for heading in headings}


def without_marks(raw: pd.DataFrame) -> pd.DataFrame:
    """Drop the two columns that such rows have before the register's own."""
    marks = {match_key(WRONG), match_key(ROW)}
    return raw.loc[:, [match_key(heading) not in marks for heading in raw.columns]]


def number_as_exported(raw: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Return each row the number it had in the export, and tell how many rows have no such number.

    These, which were added or bear another row's number, are numbered on from the last.
    """
    given = next(raw[heading] for heading in raw.columns if match_key(heading) == match_key(ROW))
    numbers = pd.to_numeric(given, errors="coerce")
    sound = numbers.between(1, MOST_ROWS) & (numbers % 1 == 0) & ~numbers.duplicated()
    last = int(numbers[sound].max()) if sound.any() else 1
    numbers = numbers.where(sound, last + (~sound).cumsum()).astype("int64")
    own = without_marks(raw).drop(columns=["source_file", "source_row"])
    return raw.assign(source_row=numbers), int((~sound & own.notna().any(axis=1)).sum())


def describe_corrections(name: str, unnumbered: int) -> list[str]:
    """Describe how the rows of a file are numbered that is no whole register."""
    one = unnumbered == 1
    what = "row has no number of its own" if one else "rows have no number of their own"
    return [
        f"{name} holds rows that were set aside, sent back corrected; it is no whole register. "
        "Put them into the register before a report is made. They are numbered as in the export.",
        f"{unnumbered:,} {what} under '{ROW}', and count{'s' * one} after the last.",
    ][: 2 if unnumbered else 1]
