"""An export whose headings no profile knows is read by its shape."""

import pandas as pd
import pytest

import qi_analysis as qi

HEADINGS = ["Kennung", "Was wird besser?", "Abteilung", "Stand"]
ROWS = [["A1", "Kürzere Wege", "Nord", "läuft"], ["A2", "Weniger Stürze", "Süd", "fertig"]]


def written(path, delimiter=",", above=(), encoding="utf-8"):
    """Write a text table, with lines above its headings."""
    lines = [*above, *(delimiter.join(row) for row in [HEADINGS, *ROWS])]
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def headings(raw: pd.DataFrame) -> list[str]:
    """Return an export's own headings."""
    return [name for name in raw.columns if not name.startswith("source_")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("above", [(), ("Projekte", ""), ("Projekte,2025,,", ",,,")])
def test_headings_are_found_at_any_delimiter_below_any_title(tmp_path, delimiter, above):
    raw = qi.read_export(written(tmp_path / "export.csv", delimiter, above))
    assert headings(raw) == HEADINGS
    assert raw["Kennung"].tolist() == ["A1", "A2"]
    assert raw["source_row"].tolist() == [len(above) + 2, len(above) + 3]


def test_another_encoding_is_read_too(tmp_path):
    raw = qi.read_export(written(tmp_path / "export.csv", ";", encoding="utf-16"))
    assert raw["Was wird besser?"].tolist() == ["Kürzere Wege", "Weniger Stürze"]


def test_a_row_of_data_under_columns_without_a_heading_is_not_taken_for_headings(tmp_path):
    file = tmp_path / "export.csv"
    file.write_text("Kennung,Was,Abteilung,,\nA1,Wege,Nord,viel,Text\nA2,Bett,Nord,mehr,Wort\n")
    assert headings(qi.read_export(file)) == ["Kennung", "Was", "Abteilung"]


def test_the_sheet_with_the_most_headings_is_read(tmp_path):
    file = tmp_path / "export.xlsx"
    with pd.ExcelWriter(file, engine="xlsxwriter") as book:
        pd.DataFrame([["About this book"]]).to_excel(book, sheet_name="About", index=False)
        pd.DataFrame(ROWS, columns=HEADINGS).to_excel(book, sheet_name="Data", index=False)
    assert headings(qi.read_export(file)) == HEADINGS


def test_a_parquet_table_is_read(tmp_path):
    file = tmp_path / "export.parquet"
    pd.DataFrame(ROWS, columns=HEADINGS).to_parquet(file)
    assert headings(qi.read_export(file)) == HEADINGS


def test_what_has_no_headings_is_refused(tmp_path):
    file = tmp_path / "export.csv"
    file.write_text("1;2;3\n4;5;6\n")
    with pytest.raises(qi.RegisterError, match=r"export\.csv has no row that looks like headings"):
        qi.read_export(file)
    with pytest.raises(qi.RegisterError, match=r"There is no file 'none\.csv'"):
        qi.read_export("none.csv")
