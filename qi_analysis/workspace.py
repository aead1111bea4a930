"""A trust's own folder, apart from the code: profile, notebooks, data, and a register to fill in.

The package can be upgraded while the folder stays. Which folder is the workspace,
:func:`.core.files.find_workspace` tells. A notebook that nobody changed there gives way to the
package's; ``notebooks/.versions.json`` holds what each one was when it was put there.
"""

from __future__ import annotations

import io
import json
import os
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from . import __version__
from .core.errors import RegisterError
from .core.files import (
    NOTEBOOKS,
    PROFILE,
    SHIPPED,
    check_private,
    find_workspace,
    make_folder,
    sha256,
    write_whole,
)
from .core.schema import EXAMPLE_ID, KINDS, Column
from .profile import Profile, load_profile, read_columns
from .quarantine import (
    SPARE_ROWS,
    TEXT_ONLY,
    add_formats,
    column_headings,
    offer_values,
    write_allowed,
)
from .reading.raw import README

VERSIONS = ".versions.json"
TEMPLATE = "register_template.xlsx"
ROWS = 10 * SPARE_ROWS  # of the template that offer lists
IGNORED = {  # by Git, beside what a folder that is under Git ignores already
    ".gitignore": ".ipynb_checkpoints/\n",
    "data/.gitignore": "# Registers and reports stay out of Git.\n*\n",
}


def start_workspace(folder: str | Path) -> pd.DataFrame:
    """Make a workspace: a folder with the notebooks, a profile, and places for data and reports.

    Parameters
    ----------
    folder : str or Path
        Made if it is absent. A file that is there already is left as it is.

    Returns
    -------
    DataFrame
        A row a file: its ``name`` in the folder, and whether it was ``written``.

    Raises
    ------
    RegisterError
        If it cannot be written to, is a place for everybody's files, or the profile in it cannot be
        read.
    """
    root = Path(folder)
    check_private(root)
    try:
        with ExitStack() as made:
            for part in ("notebooks", "data/raw", "data/processed"):
                make_folder(root / part, made, 0o775)
            written = {
                PROFILE: _write_new(root / PROFILE, (SHIPPED / "cnwl.toml").read_bytes(), made),
                **{
                    name: _write_new(root / name, text.encode(), made)
                    for name, text in IGNORED.items()
                },
                "README.md": _write_new(root / "README.md", _README.encode(), made),
            }
            template, name = register_template(load_profile(root / PROFILE)), f"data/raw/{TEMPLATE}"
            written[name] = _write_new(root / name, template, made)
            written |= _copy_notebooks(root / "notebooks", made)
            made.pop_all()
    except OSError as fault:
        raise RegisterError(
            f"No workspace can be made in '{folder}': {fault.strerror}. Give another folder."
        ) from None
    return pd.DataFrame(written.items(), columns=["name", "written"])


def _write_new(file: Path, content: bytes, made: ExitStack) -> bool:
    """Write a file if there is none; return whether it was written. It goes at a stack's end."""
    if file.exists():
        return False
    write_whole(file, content)
    made.callback(file.unlink, missing_ok=True)
    return True


# --- notebooks ------------------------------------------------------------------------------------


def _copy_notebooks(folder: Path, made: ExitStack) -> dict[str, bool]:
    """Copy the package's notebooks into a folder, and at last note there what they are."""
    notebooks = {path.name: path.read_bytes() for path in sorted(NOTEBOOKS.glob("*.ipynb"))}
    written = {name: _write_new(folder / name, notebooks[name], made) for name in notebooks}
    new = {name: _hash_cells(notebooks[name]) for name in written if written[name]}
    if new:
        _write_versions(folder, {**_read_versions(folder), **new})
    return {f"notebooks/{name}": fresh for name, fresh in written.items()}


def find_template(name: str) -> Path:
    """Return the notebook that a report is made from: the workspace's if it was changed there.

    An unchanged one gives way to the package's, which may be newer; so does one that was deleted.
    """
    root = find_workspace()
    own = root / "notebooks" / name if root else NOTEBOOKS / name
    return own if own.is_file() and _is_changed(own) else NOTEBOOKS / name


def own_templates(names: tuple[str, ...]) -> list[str]:
    """Return those of some notebooks that the workspace has changed."""
    return [name for name in names if find_template(name).parent != NOTEBOOKS]


def update_notebooks(root: Path) -> dict[str, list[str]]:
    """Bring a workspace's notebooks to this version; what was changed there stays as it is.

    Returns
    -------
    dict
        The names by what became of them: ``updated`` (unchanged ones, and new notebooks),
        ``beside`` (the new version of a changed one, under a name with its version), ``blocked``
        (the same, where another file has that name) and ``kept`` (changed ones of which there is
        no newer version). Those that were deleted stay away.
    """
    folder = root / "notebooks"
    known, done = _read_versions(folder), {"updated": [], "beside": [], "blocked": [], "kept": []}
    if folder.resolve() == NOTEBOOKS.resolve():
        return done
    with ExitStack() as made:
        make_folder(folder, made)
        for path in sorted(NOTEBOOKS.glob("*.ipynb")):
            own, content = folder / path.name, path.read_bytes()
            beside, cells = folder / f"{path.stem}_{__version__}.ipynb", _hash_cells(content)
            newer = known.get(path.name) != cells
            mine = _hash_cells(own.read_bytes()) if own.is_file() else ""
            if mine and _is_changed(own):
                if not newer or (beside.is_file() and _hash_cells(beside.read_bytes()) == cells):
                    done["kept"].append(path.name)
                elif os.path.lexists(beside):
                    done["blocked"].append(beside.name)
                    continue  # the next update tries again
                else:
                    _write_new(beside, content, made)
                    done["beside"].append(beside.name)
            elif newer and mine != cells and (mine or path.name not in known):
                write_whole(own, content)
                done["updated"].append(path.name)
            known[path.name] = cells
        _write_versions(folder, known)
        made.pop_all()
    return done


def _is_changed(notebook: Path) -> bool:
    """Whether a notebook has other cells than when it was put there, and than this version's."""
    cells, shipped = _hash_cells(notebook.read_bytes()), NOTEBOOKS / notebook.name
    if cells == _read_versions(notebook.parent).get(notebook.name):
        return False
    return not shipped.is_file() or cells != _hash_cells(shipped.read_bytes())


def _hash_cells(content: bytes) -> str:
    """Return a hash of what a notebook's cells say, whatever they gave when they were run."""
    try:
        cells = [
            [cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])]
            for cell in json.loads(content)["cells"]
        ]
    except (ValueError, KeyError, TypeError, AttributeError):  # it is no notebook any more
        return sha256(content)
    return sha256(json.dumps(cells).encode())


def _read_versions(folder: Path) -> dict[str, str]:
    try:
        known = json.loads((folder / VERSIONS).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write_versions(folder: Path, known: dict[str, str]) -> None:
    write_whole(folder / VERSIONS, json.dumps(known, indent=2, sort_keys=True) + "\n")


# --- a register to fill in ------------------------------------------------------------------------


def register_template(profile: Profile) -> bytes:
    """Return a workbook that a trust without a register can fill in, a row a project.

    Its first sheet has the profile's columns, lists to choose from, and an example in the first
    row, which is never counted. Every cell is text, dates too, so that none is reinterpreted.
    """
    import xlsxwriter

    columns = [c for c in read_columns(profile) if c.name not in ("areas", "snapshot_date")]
    names = {c.name: "directorate_as_read" if c.name == "directorate" else c.name for c in columns}
    titles = column_headings(names.values(), profile)
    headings = {column.name: titles[names[column.name]] for column in columns}
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, TEXT_ONLY) as book:
        formats = add_formats(book)
        sheet = book.add_worksheet("Projects")
        _explain(book, formats, columns, headings, profile)
        ranges = write_allowed(book, formats, profile)
        sheet.freeze_panes(1, 1)
        example = formats["example"]
        for at, column in enumerate(columns):
            sheet.write_string(0, at, headings[column.name], formats["head"])
            sheet.write_comment(0, at, _describe(column), {"x_scale": 2})
            sheet.set_column(at, at, 40 if column.name == "title" else 20, formats["text"])
            sheet.write_string(1, at, _example(column, profile), example)
            if names[column.name] in ranges:
                offer_values(sheet, (1, at, ROWS, at), ranges[names[column.name]])
    return content.getvalue()


def _explain(book, formats: dict, columns: list[Column], headings: dict, profile: Profile) -> None:
    """Write the sheet that says how the register is filled in, and what each column holds."""
    sheet = book.add_worksheet(README)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 2, 44)
    sheet.write_string(0, 0, f"The project register of {profile.trust}", formats["title"])
    for line, words in enumerate(_HOW_TO, 2):
        words = words.replace("{dates}", profile.way_to_write_dates)
        sheet.merge_range(line, 0, line, 2, words, formats["plain"])
    top = len(_HOW_TO) + 3
    sheet.write_row(top, 0, ("Heading", "What it holds", "Needed"), formats["head"])
    for line, column in enumerate(columns, top + 1):
        needed = "yes" if column.required else "one of these at least" * column.involvement
        words = (headings[column.name], _describe(column), needed)
        sheet.write_row(line, 0, words, formats["plain"])


_HOW_TO = (
    "Write one project in each row of the sheet “Projects”.",
    f"The row “{EXAMPLE_ID}” is an example. It is never counted: write over it, or leave it.",
    "Where a cell offers a list, choose from it. Leave a cell blank if nobody knows: a blank is "
    "honest, a guess is not.",
    "Write dates {dates}.",
    "Keep the headings. A column that you do not need can be deleted, if the last column of the "
    "table below does not call for it.",
    "The headings and lists are those of the profile. After you change the profile, delete this "
    "workbook while it is still empty, and run `qi-analysis start .` again to have a new one.",
)


def _describe(column: Column) -> str:
    """Describe what a column holds, and how it is written."""
    how = {"id": " A number or short code, different for every project.",
           "start": " Day first.", "end": " Day first."}.get(column.kind, "")  # fmt: skip
    return f"{column.meaning}{how}"


def _example(column: Column, profile: Profile) -> str:
    """Return what the example row holds in a column."""
    words = {
        "project_id": EXAMPLE_ID, "title": "Fewer falls on the ward", "service": "Ward 3",
        "status": "active", "start_date": "01/04/2024", "updated_date": "30/06/2024",
        "first_involved_date": "15/05/2024", "progress_score": "2.5", "exemption_agreed": "no",
        "involvement_level": next(iter(profile.levels["doing_with"]), ""),
    }  # fmt: skip
    if column.name in words or KINDS[column.kind].choices == "reasons":
        return words.get(column.name, "")
    return next(iter(profile.choices_of(column)), "")


_README = """# Our workspace

What you need to measure how many of your quality-improvement projects involve service users and
carers. The package is installed apart from this folder, and can be upgraded without changing it.

`qi-analysis report` makes the reports of an invented example, to see what they look like. For your
own, save an export of your project register in `data/raw/`, or fill in
`data/raw/register_template.xlsx` if you have no register yet. Then:

```
qi-analysis profile new data/raw/our_export.csv profile.toml
qi-analysis check data/raw/our_export.csv
qi-analysis report data/raw/our_export.csv
```

The first proposes your own profile in place of the copy that is here, as long as you have not
changed it; leave it out if you use the template. Between the commands, edit `profile.toml`: it
holds your trust's name, headings, words and aim.

| here | what it is |
|---|---|
| `profile.toml` | your trust's words; used unless `--profile` names another |
| `notebooks/` | to read, run (`jupyter lab notebooks/`) and change |
| `data/raw/` | your exports; Git ignores them |
| `data/processed/` | the reports, in `reports/index.html`, and snapshots; Git ignores them |

A template that you change in `notebooks/` (`trust_report`, `directorate_report`,
`small_directorate_report`, `public_report`)
is used for the reports from then on. Delete it, and the package's own is used again. After an
upgrade, `qi-analysis notebooks --update` brings the new notebooks, and puts those that you have
changed beside yours.
"""
