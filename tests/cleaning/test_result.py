"""A cleaned register shows itself on one screen: what became of the rows, why, what next."""

from html.parser import HTMLParser

import pandas as pd
from conftest import table

import qi_analysis as qi
from qi_analysis.cleaning.result import CleaningResult


def cleaned(text: str) -> CleaningResult:
    """Clean a text table."""
    return qi.clean_register(table(text))


MESSY = """
    ID | Title | Group   | Start      | Involvement level
    1  | a     | Goodall | 01/04/2020 | Big I
    2  | b     | Goodall | 31/06/2020 | Big I
    3  | c     | Goodall | 01/04/2020 |
    4  | d     | Goodall | 01/04/2020 | Consulted
    4  | d     | Goodall | 01/04/2020 | Consulted
"""


def test_it_says_what_became_of_the_rows_why_what_is_blank_and_what_next():
    assert repr(cleaned(MESSY)).splitlines() == [
        "Of 5 rows in the export, 3 were accepted, 1 set aside to be corrected, and 1 dropped as "
        "an exact repeat. 0 further rows (blank, totals or notes) are not projects.",
        "Set aside, the commonest reasons (rows):",
        "       1  start date: There is no such day in that month.",
        "1 of 3 projects (33%) does not say how, or whether, people were involved.",
        "2 warnings: print(*cleaned.warnings, sep='\\n').",
        "Next: cleaned.register has one row per project; cleaned.quarantine has one row per "
        "complaint.",
    ]


def test_a_notebook_shows_the_same_and_escapes_every_word():
    page = cleaned(MESSY)._repr_html_()
    assert '<th scope="row">Accepted</th><td>3</td>' in page
    assert "start date: There is no such day in that month." in page
    found = pd.DataFrame({"source_row": [2], "project_id": ["1"], "column": ["<b>"],
                          "found": ["x"], "reason": ["<script>alert(1)</script>"]})  # fmt: skip
    page = CleaningResult(pd.DataFrame(), found, pd.DataFrame())._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    HTMLParser().feed(page)


def test_it_is_the_same_each_time_and_fits_on_a_screen(example):
    assert repr(example) == repr(qi.load_register("example"))
    assert len(repr(example).splitlines()) <= 25
    assert "60 of 591 projects (10%) do not say how" in repr(example)
    assert "8 further reasons" in repr(example)


def test_a_register_without_a_fault_shows_none():
    result = cleaned("""
        ID | Title | Group   | Involvement level
        1  | a     | Goodall | Big I
    """)
    assert repr(result).startswith("Of 1 row in the export, 1 was accepted, 0 set aside")
    assert repr(result).splitlines()[1:] == [
        "The one project has its level of involvement recorded.",
        "Next: cleaned.register has one row per project.",
    ]
    assert result._repr_html_().count("<table>") == 1
