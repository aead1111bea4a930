"""An export whose headings no profile knows is read by its shape."""

import os

import hostile
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


TEAM = ["Ann Archer", "Ben Baker", "Cat Cooper", "Dev Draper", "Eve Fisher", "Gus Glover"]


@pytest.mark.parametrize("inside", [";", "|", "\t", ","])
@pytest.mark.parametrize("outside", [",", ";", "|", "\t"])
@pytest.mark.parametrize("above", ["", "Projects of 2025, all; of them\n\n"])
def test_a_mark_inside_the_cells_parts_no_table(tmp_path, inside, outside, above):
    team = inside.join(TEAM)
    team = f'"{team}"' if inside == outside else team
    rows = [["Kennung", "Was", "Abteilung", "Wer"], *(["A1", "Wege", "Nord", team],) * 5]
    file = tmp_path / "export.csv"
    file.write_text(above + "".join(outside.join(row) + "\n" for row in rows))
    assert headings(qi.read_export(file)) == rows[0]


def test_a_table_whose_rows_differ_in_width_is_parted_where_its_headings_are(tmp_path):
    file = tmp_path / "export.csv"
    rows = ["A1,Wege", "A2,Wege,Nord,viel", "A3,Wege,Nord", "A4,Wege"]
    names = ";".join(TEAM)
    file.write_text("Kennung,Was,Abteilung,Stand\n" + "".join(f"{r} {names}\n" for r in rows))
    assert headings(qi.read_export(file)) == ["Kennung", "Was", "Abteilung", "Stand"]


@pytest.mark.parametrize("mark", ["^", "~", "#", "\x1f"])
def test_an_unusual_mark_parts_the_cells_where_no_usual_one_does(tmp_path, mark):
    assert headings(qi.read_export(written(tmp_path / "export.csv", mark))) == HEADINGS


def test_the_first_of_two_sheets_with_the_same_headings_is_read_and_it_is_said(tmp_path):
    rows = [HEADINGS, *ROWS]
    more = [HEADINGS, ["A1", "Andere", "Nord", "neu"]]
    for kind, data in (
        ("xlsx", hostile.xlsx(("2024", rows), ("2025", more))),
        ("xlsx", hostile.xlsx(("About", [["About", "this"]]), ("2024", rows), ("2025", more))),
        ("ods", hostile.ods(rows, sheets=("2024", "2025"))),
    ):
        file = tmp_path / f"export.{kind}"
        file.write_bytes(data)
        raw = qi.read_export(file)
        assert raw["Was wird besser?"].tolist() == ["Kürzere Wege", "Weniger Stürze"]
        assert raw.attrs["warnings"] == (
            f"export.{kind} has the headings on several sheets, '2024' and '2025'. Keep the "
            "register on one, and hide or delete the others, before it is read; '2024' alone was "
            "looked at here.",
        )


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_file_whose_name_holds_a_byte_that_is_no_letter_is_read(tmp_path):
    folder = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(folder)
    for name in (b"r\xe9g 2024-05-04.csv", b"undated\xe9.csv"):
        with open(folder + b"/" + name, "wb") as file:
            file.write(hostile.text(hostile.A, hostile.B).encode())
    raw = qi.read_register(os.fsdecode(folder + b"/r\xe9g 2024-05-04.csv"))
    assert raw["source_file"].tolist() == ["r\ufffdg 2024-05-04.csv"] * 2
    raw = qi.read_register(os.fsdecode(folder))
    assert raw.attrs["warnings"] == (
        "Of the folder 'caf\ufffd', r\ufffdg 2024-05-04.csv, the latest, was read. "
        "'undated\ufffd.csv' without a date passed over.",
    )
    assert len(qi.clean_register(raw).register) == 2
