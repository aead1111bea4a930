"""The counts that a public report published, read back."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pandas as pd

from ..profile import RegisterError
from .folder import EXAMPLE, read_bytes

EXAMPLE_RELEASE = EXAMPLE.with_name("example_public_counts.csv")
COUNTS = ["numerator", "denominator", "not_recorded"]
WRITTEN = {"period": r"\d{4}-\d\d-\d\d", **dict.fromkeys(COUNTS, r"\d+|\[[cx]\]")}
WORDS = ["directorate", "definition", "meaning", "rule", "aim", "aim_from"]


def read_release(path: str | Path = "example") -> pd.DataFrame:
    """Read the counts that a public report published.

    Parameters
    ----------
    path : str or Path
        ``data/public_counts.csv`` of a public report, or ``"example"``.

    Returns
    -------
    DataFrame
        A row a financial year and group: ``period`` (its first day), ``directorate``,
        ``numerator, denominator, not_recorded`` (Int64, missing where suppressed or not
        available), and, as text, ``definition``, ``meaning``, ``rule``, ``aim`` and
        ``aim_from`` (empty where there was none).

    Examples
    --------
    >>> read_release().query("directorate == 'The whole trust'").iloc[:2, :4]
           period      directorate  numerator  denominator
    0  2015-04-01  The whole trust       <NA>         <NA>
    23 2016-04-01  The whole trust         15           70
    """
    file = EXAMPLE_RELEASE if str(path) == "example" else Path(path)
    if not os.path.exists(file):
        raise RegisterError(f"There is no file '{path}'. Check its name and folder.")
    text = _read_text(file)
    numbers = {c: pd.to_numeric(text[c], errors="coerce").astype("Int64") for c in COUNTS}
    plain = text[WORDS].mask(text[WORDS] == "[z]", "")
    return plain.assign(period=pd.to_datetime(text["period"]), **numbers)[
        ["period", "directorate", *COUNTS, *WORDS[1:]]
    ]


def _read_text(file: Path) -> pd.DataFrame:
    """Read the file's cells as text; one that is not as it was published is refused."""
    try:
        text = pd.read_csv(io.BytesIO(read_bytes(file)), dtype="str", keep_default_na=False)
    except ValueError:
        text = pd.DataFrame()
    missing = [c for c in ("period", *COUNTS, *WORDS) if c not in text]
    if missing:
        raise RegisterError(
            f"{file.name} holds no published counts: it has no column '{missing[0]}'. Give the "
            "data/public_counts.csv of a public report."
        )
    for column, shape in WRITTEN.items():
        strange = text.loc[~text[column].str.fullmatch(shape), column]
        if len(strange):
            raise RegisterError(
                f"{file.name} has '{strange.iloc[0]}' under '{column}', which no public report "
                "writes: a spreadsheet may have changed it. Put back the file that was published."
            )
    return text
