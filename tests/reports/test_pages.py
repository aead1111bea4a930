"""What pages and workbooks make of an executed notebook: text stays text, tables come from data."""

import io
import json
import re
import shutil
import sys
import zipfile
from datetime import date
from html.parser import HTMLParser

import pandas as pd
import pytest
import textstat
from conftest import ROOT
from nbformat import v4
from processes import command, write_templates
from python_calamine import CalamineWorkbook

from qi_analysis.core.text import SENTENCE, Sentences, show_text
from qi_analysis.reports import build
from qi_analysis.reports.content import GLOSSARY, RESOURCE, link_terms, outline_notebook, read_table
from qi_analysis.reports.page import render_page
from qi_analysis.reports.workbook import write_tables

HARM = "<script>window.hit=1</script>"
PAGE = {
    "trust": "Trust", "as_of": "4 May 2021", "definition": "Doing with", "meaning": "partners",
    "version": "1", "example": False, "warnings": [],
}  # fmt: skip


def resource(frame: pd.DataFrame) -> dict:
    """Return a frame as a notebook keeps it."""
    with pd.option_context("display.html.table_schema", True):
        return frame._repr_data_resource_()


def table_cell(frame: pd.DataFrame, *tags: str):
    """Return a cell that shows a frame."""
    data = {RESOURCE: resource(frame), "text/html": HARM, "text/plain": HARM}
    output = v4.new_output("execute_result", data, execution_count=1)
    return v4.new_code_cell("frame", outputs=[output], metadata={"tags": list(tags)})


def chart_cell(alt: str, printed: str = "", **more):
    """Return a cell that prints something and draws a chart."""
    data = {"image/png": "iVBORw0KGgo=", SENTENCE: alt}
    picture = v4.new_output("display_data", data, metadata={"image/png": {"alt": alt, **more}})
    return v4.new_code_cell("draw()", outputs=[v4.new_output("stream", text=printed), picture])


def said_cell(*sentences: str):
    """Return a cell that shows sentences."""
    shown = v4.new_output("display_data", Sentences("\n\n".join(sentences))._repr_mimebundle_())
    return v4.new_code_cell("qi.show()", outputs=[shown])


def notebook(*cells):
    """Return a notebook of one question."""
    return v4.new_notebook(cells=[v4.new_markdown_cell("## Where are we?"), *cells])


def render(*cells, **page) -> str:
    """Render a notebook of one question."""
    given = {"title": "Rehab", "home": "index.html", "stem": "rehab", **PAGE, **page}
    return render_page(outline_notebook(notebook(*cells)), **given)


def blocks(*cells) -> list[tuple[str, str]]:
    """Return the kinds and texts of what a notebook shows."""
    (section,) = outline_notebook(notebook(*cells)).sections
    return [(block.kind, block.text) for block in section.blocks]


COUNTS = pd.DataFrame(
    {"directorate": ["Rehab", "Crisis"], "numerator": [4, 1200], "rate": [0.4, None]}
)


@pytest.mark.parametrize("kind", ["text/html", "text/markdown", "text/latex", "image/jpeg",
                                  "application/javascript", "text/x-widget"])  # fmt: skip
def test_of_what_a_cell_displays_only_plain_text_our_tables_and_pictures_are_shown(kind):
    output = v4.new_output("display_data", {kind: HARM})
    assert HARM not in render(v4.new_code_cell("", outputs=[output]))
    output = v4.new_output("display_data", {kind: HARM, "text/plain": HARM})
    assert HARM not in render(v4.new_code_cell("", outputs=[output]))


def test_a_frame_without_data_is_shown_as_plain_text_even_before_any_heading():
    output = v4.new_output("display_data", {"text/html": HARM, "text/plain": HARM})
    cells = [v4.new_code_cell("", outputs=[output])]
    (section,) = outline_notebook(v4.new_notebook(cells=cells)).sections
    assert [(block.kind, block.text) for block in section.blocks] == [("plain", HARM)]


def test_a_tables_html_is_never_used_and_its_cells_are_escaped():
    page = render(table_cell(pd.DataFrame({"Title": [HARM, "plain"]}, index=["A", HARM])))
    assert HARM not in page
    assert page.count("&lt;script&gt;window.hit=1&lt;/script&gt;") == 2


def test_titles_of_pages_warnings_and_the_trusts_name_are_escaped():
    page = render(title=HARM, trust=HARM, warnings=[HARM], meaning="{{ 7*7 }}")
    assert HARM not in page
    assert "{{ 7*7 }}" in page


def test_a_chart_stands_once_with_its_sentence_between_what_was_said_before_and_after():
    printed = "First.\n\nIt rose.\n\nLast.\n"
    assert blocks(chart_cell("It rose.", printed)) == [
        ("sentence", "First."), ("figure", "It rose."), ("sentence", "Last."),
    ]  # fmt: skip
    page = render(chart_cell("It rose.", printed))
    assert page.count("It rose.") == 2  # to see, and as the picture's text
    assert 'alt="It rose."' in page


def test_where_nothing_was_drawn_the_sentence_stands_alone_and_without_numbers():
    cells = chart_cell("Too few.", "Too few.\n", drawn=False), table_cell(COUNTS, "numbers")
    assert blocks(*cells) == [("sentence", "Too few.")]


def test_what_a_cell_says_again_stands_once_with_its_chart_if_it_has_one():
    printed = "No aim.\n\nOf 2.\n\nNo aim.\n"
    assert blocks(chart_cell("No aim.", printed, drawn=False)) == [
        ("sentence", "No aim."),
        ("sentence", "Of 2."),
    ]
    assert blocks(chart_cell("No aim.", printed)) == [("sentence", "Of 2."), ("figure", "No aim.")]
    cells = [chart_cell("No aim.", "No aim.", drawn=False) for _ in range(2)]
    assert blocks(*cells) == [("sentence", "No aim.")]


def test_a_chart_whose_sentence_its_section_has_said_has_it_as_its_text_alone():
    page = render(said_cell("It rose."), chart_cell("It rose."))
    assert '<p class="said">It rose.</p>' in page
    assert 'alt="It rose."' in page
    assert "<figcaption>" not in page


def test_a_heading_that_the_code_under_it_leaves_unanswered_is_left_out():
    areas = v4.new_markdown_cell("### In which areas?\n\nAs far as they are asked about.")
    page = render(said_cell("Of 2."), areas, v4.new_code_cell("qi.show('')"))
    page = page[: page.index('<h2 id="about">')]
    assert "In which areas?" not in page
    assert "As far as" not in page
    only = [v4.new_markdown_cell("## Nothing"), v4.new_code_cell("qi.show('')")]
    assert outline_notebook(v4.new_notebook(cells=only)).sections == []
    limits = v4.new_notebook(cells=[v4.new_markdown_cell("## Limits\n\n- A rate.")])
    assert [section.title for section in outline_notebook(limits).sections] == ["Limits"]


def test_what_follows_a_folded_heading_opens_under_it_up_to_the_next_markdown():
    fold = v4.new_markdown_cell("### The list", metadata={"tags": ["folded"]})
    after = v4.new_markdown_cell("### And then?")
    cells = [fold, said_cell("Of 2."), table_cell(COUNTS), after, said_cell("It rose.")]
    (section,) = outline_notebook(notebook(*cells)).sections
    assert [block.kind for block in section.blocks] == ["fold", "heading", "sentence"]
    assert [block.kind for block in section.blocks[0].inside] == ["sentence", "table"]
    page = render(*cells)
    opened = page[page.index("<summary>The list") : page.index("<h3>And then?")]
    assert "Of 2." in opened
    assert opened.count("<table>") == 1
    assert "It rose." not in opened
    assert "The list" not in render(fold, after, said_cell("It rose."))


def test_a_charts_numbers_open_under_it_and_any_other_table_stands_in_the_text():
    page = render(chart_cell("It rose."), table_cell(COUNTS, "numbers"), table_cell(COUNTS))
    figure = page[page.index("<figure") : page.index("</figure>")]
    assert '<details class="numbers">' in figure
    assert figure.count("<table>") == 1
    assert page.count("<caption") == page.count("<table") == 3
    assert '<th scope="col">Directorate</th><th scope="col" class="number">Meaningful</th>' in page
    assert '<th scope="row">Crisis</th><td class="number">1,200</td>' in page
    assert '<td class="number">40%</td>' in page


def test_a_table_is_said_in_words_and_given_as_the_data_it_is():
    frame = pd.DataFrame({"period": pd.to_datetime(["2020-04-01"]), "lower_cl": [0.123456789],
                          "point_type": ["common_cause"], "note": ["=1+1"]})  # fmt: skip
    table = read_table(resource(frame), "A")
    assert table.headings == ["From", "95% interval from", "What the point shows", "Note"]
    assert table.text_rows == [["1 April 2020", "12%", "Chance", "=1+1"]]
    assert table.csv == (
        "period,lower_cl,point_type,note\n2020-04-01,0.123456789,common_cause,'=1+1\n"
    )


def test_a_large_number_is_written_out():
    table = read_table(resource(pd.DataFrame({"projects": [12345.0, 999.96, 2.5, None]})), "A")
    assert table.text_rows == [["12,345"], ["1,000"], ["2.5"], [""]]


def test_a_long_text_is_cut_and_one_that_turns_or_hides_others_is_named():
    assert show_text("a" * 2_000) == "a" * 2_000
    assert show_text("a" * 2_001).endswith("a… (cut: 2,001 characters)")
    assert show_text("\x00\x1b[31m\u2067") == "[U+0000][U+001B][31m[U+2067]"
    assert show_text("é 漢 👍 \n") == "é 漢 👍 \n"


def test_a_page_is_the_same_each_time_and_knows_its_style_sheet_by_its_hash():
    cells = chart_cell("It rose."), table_cell(COUNTS, "numbers")
    assert render(*cells) == render(*cells)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', render())[1]
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}=' 'sha256-[\w+/]{43}='; "
        r"script-src 'sha256-[\w+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'",
        policy,
    )


def test_a_page_tells_its_own_title_trust_day_and_what_it_was_made_from():
    page = render(register="export.csv", period="1 April 2015 to 1 May 2021")
    assert "<title>Rehab: involvement in quality improvement, 4 May 2021</title>" in page
    assert "<h1><bdi>Rehab</bdi></h1>" in page
    assert '<th scope="row">Projects that started from</th><td>1 April 2015 to 1 May 2021' in page
    assert '<th scope="row">Register</th><td>export.csv</td>' in page
    assert "import qi_analysis" not in page


# --- the workbook ---------------------------------------------------------------------------------


def workbook(tmp_path, *cells, **page) -> CalamineWorkbook:
    """Write a notebook's workbook and read it."""
    path = tmp_path / "numbers.xlsx"
    write_tables(outline_notebook(notebook(*cells)), path, title="Rehab", page={**PAGE, **page})
    return CalamineWorkbook.from_path(str(path))


def test_a_workbook_has_contents_notes_definitions_and_a_table_a_sheet(tmp_path):
    book = workbook(
        tmp_path, chart_cell("It rose."), table_cell(COUNTS, "numbers"), table_cell(COUNTS)
    )
    assert book.sheet_names == ["Contents", "Notes", "Definitions", "1", "2"]
    for name in book.sheet_names:
        rows = book.get_sheet_by_name(name).to_python()
        assert rows[0][0]
        assert rows[1][0] == "Source: the project register of Trust as it stood on 4 May 2021."
        assert all(any(cell != "" for cell in row) for row in rows), "no empty row"
        assert all(head for head in rows[3]), "headings always stand in row 4"
        assert not book.get_sheet_by_name(name).merged_cell_ranges
    assert book.get_sheet_by_name("2").to_python()[3:] == [
        ["Directorate", "Meaningful", "Rate"], ["Rehab", 4, 0.4], ["Crisis", 1200, ""],
    ]  # fmt: skip


def test_a_workbook_holds_no_formula_and_marks_every_table(tmp_path):
    frame = pd.DataFrame(
        {"Title": ["=1+1", "@SUM(A1)", "+1", "plain"], "day": pd.Timestamp(2021, 5, 4)}
    )
    book = workbook(tmp_path, table_cell(frame))
    assert book.get_sheet_by_name("1").to_python()[4] == ["=1+1", date(2021, 5, 4)]
    with zipfile.ZipFile(tmp_path / "numbers.xlsx") as parts:
        sheets = [parts.read(n) for n in parts.namelist() if n.startswith("xl/worksheets/sheet")]
        assert len([n for n in parts.namelist() if n.startswith("xl/tables/")]) == len(sheets) == 4
    assert not any(b"<f>" in sheet for sheet in sheets)
    assert all(b"<pane" in sheet for sheet in sheets)


def test_a_workbook_is_the_same_to_the_byte_each_time(tmp_path):
    workbook(tmp_path, table_cell(COUNTS))
    first = (tmp_path / "numbers.xlsx").read_bytes()
    workbook(tmp_path, table_cell(COUNTS))
    assert (tmp_path / "numbers.xlsx").read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as parts:
        assert {part.date_time[0] for part in parts.infolist()} == {1980}


def test_two_columns_of_one_name_are_told_apart_in_a_workbook(tmp_path):
    frame = pd.DataFrame({"point": [0.1], "rate": [0.2]})
    book = workbook(tmp_path, table_cell(frame))
    assert book.get_sheet_by_name("1").to_python()[3] == ["Rate", "Rate (2)"]


# --- words ----------------------------------------------------------------------------------------


def test_the_glossary_explains_the_same_words_in_the_same_way():
    glossary = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", glossary, re.M)[1:]
    assert {word.replace("`", ""): meaning for word, meaning in rows} == GLOSSARY


def test_a_word_is_linked_to_its_meaning_once_on_a_page():
    linked: set[str] = set()
    assert 'href="#word-95-interval"' in link_terms("The 95% interval.", linked)
    assert "href" not in link_terms("Another 95% interval.", linked)
    page = render(chart_cell("The 95% interval is wide."))
    assert page.count('href="#word-95-interval"') == page.count('id="word-95-interval"') == 1
    assert 'id="word-profile"' not in page  # only words that the page uses are explained


class Summary(HTMLParser):
    """Gathers what a page says in its summary and under its charts."""

    def __init__(self, page: str):
        super().__init__()
        self.open, self.summary, self.captions = "", [], []
        self.feed(page[page.index('<h2 id="in-short">') : page.index('<h2 id="about">')])

    def handle_starttag(self, tag, attrs):
        if tag == "h2":
            self.first = dict(attrs)["id"] == "in-short"
        if tag in ("h3", "details"):
            self.first = False
        if tag == "figcaption" or (tag == "p" and ("class", "said") in attrs and self.first):
            self.open = tag
            (self.captions if tag == "figcaption" else self.summary).append("")

    def handle_endtag(self, tag):
        self.open = "" if tag == self.open else self.open

    def handle_data(self, data):
        if self.open:
            (self.captions if self.open == "figcaption" else self.summary)[-1] += data


def test_the_summary_and_captions_can_be_read_at_twelve(example_reports):
    """By the Flesch-Kincaid grade, of which 7 is a reading age of 12.

    The names of directorates are the register's own words: each is read as one short one.
    """
    textstat.set_lang("en_GB")
    record = json.loads((example_reports / "run.json").read_text("utf-8"))
    names = "|".join(re.escape(each["directorate"]) for each in record["reports"][1:])
    pages = [example_reports / "trust.html", *(example_reports / "directorates").glob("*.html")]
    summaries, captions = [], []
    for path in pages:
        found = Summary(path.read_text("utf-8"))
        assert 2 <= len(found.summary) <= 4, path  # 2 of projects of no directorate
        summaries.append(textstat.flesch_kincaid_grade(" ".join(found.summary)))
        plain = re.sub(names, "Ward", " ".join(found.captions))
        captions.append(textstat.flesch_kincaid_grade(plain))
    assert max(summaries) <= 7
    assert max(captions) <= 8.5


def test_no_page_is_over_500_kilobytes(example_reports):
    for path in (example_reports / "directorates").glob("*.html"):
        assert path.stat().st_size < 500_000, path


# --- PDF ------------------------------------------------------------------------------------------


def test_without_a_browser_a_pdf_is_refused_in_a_sentence_before_anything_runs(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = command("report", "--pdf", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert done.stderr.startswith("`--pdf` needs Chromium, Chrome or Edge to print the pages, and ")
    assert not (tmp_path / "out").exists()


def test_a_browser_that_prints_nothing_is_said(tmp_path):
    page = tmp_path / "page.html"
    page.write_text("<p>A</p>", "utf-8")
    with pytest.raises(OSError, match="the browser printed no whole PDF"):
        build.print_page(sys.executable, page)


def test_a_page_is_printed_beside_itself_and_all_else_is_the_same_each_time(
    tmp_path, browser, one_engine, monkeypatch
):
    register = (
        "Project ID,Project Title,Group,Start Date,Level of Involvement\n1,A,Rehab,1/4/2020,Big I\n"
    )
    (tmp_path / "register.csv").write_text(register, "utf-8")
    write_templates(tmp_path / "notebooks")
    shutil.copy(ROOT / "notebooks" / "trust_report.ipynb", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    made, kinds = "directorates/rehabilitation.pdf", ("html", "ipynb", "xlsx")

    def report(*words) -> None:
        named = ["--out", tmp_path / "out", "--snapshots", tmp_path / "snapshots", *words]
        done = command("report", tmp_path / "register.csv", *named)
        assert done.returncode == 0, done.stderr

    report()
    first = [(tmp_path / "out" / f"trust.{kind}").read_bytes() for kind in kinds]
    assert not (tmp_path / "out" / made).exists()
    report("--pdf")
    assert (tmp_path / "out" / made).read_bytes().startswith(b"%PDF")
    assert (tmp_path / "out" / "trust.pdf").is_file()
    report("--force")
    assert not (tmp_path / "out" / made).exists()
    assert [(tmp_path / "out" / f"trust.{kind}").read_bytes() for kind in kinds] == first


def test_a_damaged_workbook_is_made_again(tmp_path, example_reports):
    from qi_analysis.reports.output import hash_if_current, read_build_stamp

    for kind in ("html", "ipynb", "xlsx"):
        content = (example_reports / f"trust.{kind}").read_bytes()
        (tmp_path / f"trust.{kind}").write_bytes(content)
    page, build = tmp_path / "trust.html", read_build_stamp(tmp_path / "trust.html")["build"]
    assert hash_if_current(page, build)
    (tmp_path / "trust.xlsx").write_bytes(b"")
    assert not hash_if_current(page, build)
    (tmp_path / "trust.xlsx").unlink()
    assert not hash_if_current(page, build)
