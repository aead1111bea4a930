"""The counts that a public report published, read back."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..profile import RegisterError
from .folder import EXAMPLE

EXAMPLE_RELEASE = EXAMPLE.with_name("example_public_counts.csv")
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
    counts, words = ["numerator", "denominator", "not_recorded"], WORDS
    try:
        text = pd.read_csv(file, dtype="str", keep_default_na=False)
        missing = [c for c in ("period", *counts, *words) if c not in text]
    except FileNotFoundError:
        raise RegisterError(f"There is no file '{path}'. Check its name and folder.") from None
    except (ValueError, OSError):
        missing = ["period"]
    if missing:
        raise RegisterError(
            f"{file.name} holds no published counts: it has no column '{missing[0]}'. Give the "
            "data/public_counts.csv of a public report."
        )
    numbers = {c: pd.to_numeric(text[c], errors="coerce").astype("Int64") for c in counts}
    period = pd.to_datetime(text["period"])
    plain = text[words].mask(text[words].isin(["[z]"]), "")
    return plain.assign(period=period, **numbers)[["period", "directorate", *counts, *words[1:]]]
