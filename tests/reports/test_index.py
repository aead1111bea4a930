"""The index: what it says of a small register, counted by hand, and how it behaves in a browser."""

import base64
import hashlib
import itertools
import json
import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from browser import FORTY, MARKUP, ONE, axe_violations, events_outside
from conftest import ROOT, some

import qi_analysis as qi
from qi_analysis.charts.style import AIM, SENTENCE, SPC_COLOURS
from qi_analysis.load import from_cleaning
from qi_analysis.profile import Aim
from qi_analysis.reports.index import IndexData, draw_bar, read_off, render_index
from qi_analysis.reports.plan import Outcome, plan_jobs
from qi_analysis.reports.public import draw_lines
from qi_analysis.snapshots import KeptRegisters
from qi_analysis.stats.rates import parse_aim

DAY = pd.Timestamp("2021-05-04")
TEMPLATE = ROOT / "qi_analysis" / "reports" / "templates"
# Directorate, first and last year, projects a year, those that involve people, those left blank:
# Alder rises from 2 of 10 to 8 of 10, Birch falls likewise, Cedar and Dogwood have one year alone.
COUNTS = """
    Alder   2007 2013 10  2 0
    Alder   2014 2020 10  8 0
    Birch   2007 2013 10  8 0
    Birch   2014 2020 10  2 0
    Cedar   2020 2020  3  3 0
    Dogwood 2020 2020 40  2 0
    Elm     2020 2020 20 10 5
"""


def profile(aim: str = "80%") -> qi.Profile:
    """Return the shipped profile without directorates of its own, with an aim."""
    shipped = qi.load_profile()
    aims = [Aim(date(2018, 4, 1), parse_aim(each)) for each in [aim] if each]
    return replace(shipped, directorates={}, aims=tuple(aims))


def read(counts: str, change=lambda row: row, day=DAY) -> qi.Register:
    """Clean a register of so many live projects a year, each changed on its way in."""
    rows = []
    for line in counts.strip().splitlines():
        name, *numbers = line.split()
        first, last, n, k, blank = map(int, numbers)
        levels = ["Big I"] * k + [""] * blank + ["Consulted"] * (n - k - blank)
        rows += [
            {"Project ID": f"{name}-{year}-{i}", "Title": "Falls", "Group": name, "Status": "Live",
             "Start date": f"01/06/{year}", "Last updated": "04/05/2021",
             "Level of involvement": level}
            for year in range(first, last + 1) for i, level in enumerate(levels)
        ]  # fmt: skip
    kept = [row for row in map(change, rows) if row]
    cleaned = qi.clean_register(pd.DataFrame(kept).replace("", None), profile())
    return from_cleaning(cleaned, profile(), as_of=day)


def index_data(register: qi.Register, aim: str = "80%", earlier="") -> IndexData:
    """Return what an index is made from of a register."""
    own = profile(aim)
    register = register.override(profile=own, earlier=KeptRegisters(earlier, own))
    return IndexData(register, qi.summarise_findings(register))


def statements(data: IndexData) -> list[str]:
    """Return what the index says of its rows, as plain text."""
    links = {name: {"name": name, "href": ""} for name in data.findings["group"]}
    return [
        "".join(part if isinstance(part, str) else part["name"] for part in sentence)
        for sentence in read_off(data.groups, data.trust, links, data.register.aim)
    ]


@pytest.fixture(scope="module")
def small() -> IndexData:
    """Return what the index of the small register is made from."""
    return index_data(read(COUNTS))


class Rows(HTMLParser):
    """Gathers the text of each cell of a page's table, row by row, titles of drawings too."""

    def __init__(self, text: str):
        super().__init__()
        self.rows, self.sentences, self.inside = [], [], False
        self.feed(re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.S))

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("th", "td"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("th", "td")

    def handle_data(self, data):
        self.sentences.append(data)
        if self.inside:
            self.rows[-1][-1] += data

    def table(self) -> dict[str, list[str]]:
        """Return each row's cells by its first."""
        rows = [[" ".join(cell.split()) for cell in row] for row in self.rows]
        return {row[0]: row[1:] for row in rows}


PAGE = {
    "trust": "A Trust", "as_of": "4 May 2021", "definition": "Doing with", "version": "1",
    "meaning": "people were partners", "example": False, "warnings": [],
}  # fmt: skip


def publish(data: IndexData, out, failed: str = "") -> str:
    """Render the index into a folder in which every report stands, or all but one."""
    (out / "directorates").mkdir(parents=True)
    outcomes = []
    for job in plan_jobs(data.register, {}):
        bad = job.directorate == failed != ""
        outcomes.append(Outcome(job, *(("failed", "Cell 3 failed.") if bad else ("", "")), 0.0))
        if not bad:
            (out / job.page).write_text("a report", "utf-8")
    picture = {
        "data": {"image/png": "iVBORw0=", SENTENCE: "It rises."},
        "metadata": {"image/png": {"alt": "It rises."}},
    }
    (out / "trust.ipynb").write_text(json.dumps({"cells": [{"outputs": [picture]}]}), "utf-8")
    return render_index(PAGE, data, outcomes, out)


# --- what it says -------------------------------------------------------------------------------


def test_a_row_gives_its_counts_both_answers_about_the_aim_its_change_and_its_likely_rate(
    small, tmp_path
):
    rows = Rows(publish(small, tmp_path / "out")).table()
    assert rows["Elm"] == [  # 16 of 20 are needed; 5 are blank, too few
        "10 of 20", "50% 30% to 70%", "Not met 6 more", "No 10 of 20", "Too few to tell",
        "29% to 70%", "75%",
    ]  # fmt: skip
    assert rows["Alder"][:5] == [  # 112 of 140 are needed; 10 began in June 2020
        "70 of 140", "50% 42% to 58%", "Not met 42 more", "Nobody can tell yet 8 of 10",
        "Rise since April 2014: from 20% to 80%",
    ]  # fmt: skip
    assert rows["Birch"][4] == "Fall since April 2014: from 80% to 20%"
    assert rows["Cedar"][:4] == [
        "3 of 3", "100% 44% to 100%", "Met", "Too few to tell 3 of 3",
    ]  # fmt: skip
    assert rows["The whole trust"][:3] == ["155 of 343", "45% 40% to 50%", "Not met 120 more"]


def test_it_says_how_many_rows_of_the_export_it_rests_on_and_how_many_were_set_aside(tmp_path):
    faulty = {"source_row": 9, "project_id": "7", "column": "row", "found": "", "reason": "Cut."}
    whole = read(COUNTS)
    n = len(whole.projects)
    cleaning = replace(whole.cleaning, quarantine=pd.DataFrame([faulty]), not_data_rows=1)
    page = Rows(publish(index_data(whole.override(cleaning=cleaning)), tmp_path / "out")).sentences
    assert (
        f"Of {n + 1} rows in the export, {n} were accepted, 1 set aside to be corrected, and 0 "
        "dropped as exact repeats. 1 further row (blank, a total or a note) is no project."
    ) in page


def test_each_statement_can_be_read_off_the_table_and_gives_its_rule(small, tmp_path):
    rows = Rows(publish(small, tmp_path / "out")).table()
    assert statements(small) == [
        "1 of 5 directorates meets the aim today (Cedar).",
        "1 directorate has all of its likely rate below 40%, half of the aim (Dogwood). "
        "No directorate is higher than the trust by more than chance and the usual spread; 1 is "
        "lower (Dogwood).",
        "Of 2 directorates with enough projects to tell, 1 has risen (Alder) and 1 has fallen "
        "(Birch) by more than chance does.",
    ]
    assert [name for name, cells in rows.items() if cells[2] == "Met"] == ["Cedar"]
    assert rows["Dogwood"][5] == "1% to 18% lower than the trust"
    assert [name for name, cells in rows.items() if cells[4].startswith("Rise")] == ["Alder"]


def test_where_the_blanks_decide_it_says_for_whom():
    said = statements(index_data(read("Alder 2020 2020 10 7 3\nBirch 2020 2020 10 9 0")))
    assert (
        said[0]
        == "1 of 2 directorates meets the aim today (Birch); for 1 the blanks decide (Alder)."
    )


def test_lower_so_far_is_not_called_a_fall(small):
    early = small.findings.assign(change="none")
    early.loc[early["group"] == "Alder", "change"] = "too_early"
    assert statements(replace(small, findings=early))[-1] == (
        "Of 5 directorates with enough projects to tell, none has risen and none has fallen by "
        "more than chance does; 1 is lower so far (Alder), too early to tell."
    )


def test_a_rise_of_the_trust_that_no_directorate_shows_is_explained(small):
    alone = small.findings.assign(change="none")
    alone.loc[alone["level"] == "trust", "change"] = "rise"
    assert statements(replace(small, findings=alone))[-1] == (
        "Of 5 directorates with enough projects to tell, none has risen and none has fallen by "
        "more than chance does. The trust's rise can be told only from all their projects together."
    )


def test_an_aim_of_all_is_reached_where_all_projects_that_are_counted_reach_it(tmp_path):
    data = index_data(read("Alder 2020 2020 20 20 0\nBirch 2020 2020 3 2 0"), aim="100%")
    rows = Rows(publish(data, tmp_path / "out")).table()
    assert rows["Alder"][2] == "Met"
    assert rows["Birch"][2] == "Not met 1 more"
    assert rows["Alder"][3] == "Nobody can tell yet 20 of 20"


def test_where_nothing_can_be_told_it_says_so():
    assert statements(index_data(read("Alder 2016 2020 10 5 0\nBirch 2016 2020 10 6 0"))) == [
        "None of 2 directorates meets the aim today.",
        "No directorate has all of its likely rate below 40%, half of the aim. "
        "No directorate is higher than the trust by more than chance and the usual spread; none "
        "is lower.",
        "Of 2 directorates with enough projects to tell, none has risen and none has fallen by "
        "more than chance does.",
    ]
    assert statements(index_data(read("Alder 2020 2020 1 1 0\nBirch 2020 2020 1 0 0"), aim="")) == [
        "In no directorate have enough projects started to tell a change."
    ]


def test_of_one_directorate_or_none_its_row_says_all():
    assert statements(index_data(read("Alder 2020 2020 20 2 0"))) == []
    assert (
        statements(index_data(read("Elm 2020 2020 20 2 0", lambda row: {**row, "Group": ""}))) == []
    )


def test_without_an_aim_nothing_is_said_of_one(tmp_path):
    data = index_data(read(COUNTS), aim="")
    text = publish(data, tmp_path / "out")
    words = " ".join(" ".join(Rows(text).sentences).split())
    assert "aim" not in words.replace("meaningful", "").lower()
    assert Rows(text).table()["Elm"] == [
        "10 of 20", "50% 30% to 70%", "Too few to tell", "29% to 70%", "75%",
    ]  # fmt: skip


def test_groups_that_are_no_directorate_stand_last_and_are_not_named():
    cleaned = read(
        COUNTS, lambda row: {**row, "Group": "" if row["Group"] == "Dogwood" else row["Group"]}
    )
    data = index_data(cleaned)
    assert data.groups["group"].tolist() == ["Alder", "Birch", "Cedar", "Elm", "Not recorded"]
    assert "Not recorded" not in str(statements(data))


def test_many_are_counted_and_none_of_them_named():
    names = "\n".join(f"Ward{i} 2020 2020 10 1 0" for i in range(1, 8))
    assert statements(index_data(read(names)))[1].startswith(
        "7 directorates have all of their likely rate below 40%, half of the aim. "
    )


# --- since last time ----------------------------------------------------------------------------


def before(row: dict) -> dict | None:
    """Return a project as it stood earlier: one is absent, two involve nobody yet, one is Elm's."""
    if row["Project ID"] == "Alder-2020-0":
        return None
    level = row["Level of involvement"]
    if row["Project ID"] in ("Elm-2020-0", "Elm-2020-1"):
        level = "Consulted"
    group = "Elm" if row["Project ID"] == "Cedar-2020-0" else row["Group"]
    return {**row, "Level of involvement": level, "Group": group, "Last updated": "01/04/2021"}


def test_each_row_says_what_it_was_in_the_last_snapshot(tmp_path):
    qi.snapshots.write_snapshot(read(COUNTS, before, "2021-04-01"), tmp_path / "2021-04-01.parquet")
    data = index_data(read(COUNTS), earlier=tmp_path / "2021-04-01.parquet")
    text = publish(data, tmp_path / "out")
    rows = Rows(text).table()
    assert {name: cells[0] for name, cells in rows.items()} == {
        "Directorate": "Meaningful",
        "Alder": "70 of 140 was 69 of 139",
        "Birch": "70 of 140 was 70 of 140",
        "Cedar": "3 of 3 was 2 of 2",
        "Dogwood": "2 of 40 was 2 of 40",
        "Elm": "10 of 20 was 9 of 21",
        "The whole trust": "155 of 343 was 152 of 342",
    }
    assert "On 1 April 2021 the register said 152 of 342 (44%)" in text
    assert "“Was”: on 1 April 2021." in text


def test_the_first_report_compares_with_nothing(small, tmp_path):
    text = publish(small, tmp_path / "out")
    assert "“Was”" not in text
    assert "was" not in Rows(text).table()["Alder"][0]


# --- reports that failed, and the picture -------------------------------------------------------


def test_a_report_that_failed_stands_there_with_the_reason(small, tmp_path):
    rows = Rows(publish(small, tmp_path / "out", failed="Birch")).table()
    name = "Birch (this report failed; there is none yet) Why: Cell 3 failed."
    assert name in rows


def test_the_trusts_chart_is_the_first_of_its_report_unless_that_failed_or_is_empty(
    small, tmp_path
):
    text = publish(small, tmp_path / "out")
    assert '<img src="data:image/png;base64,iVBORw0=" alt="It rises.">' in text
    jobs = plan_jobs(small.register, {})
    notebook = tmp_path / "out" / "trust.ipynb"
    notebook.write_text(notebook.read_text().replace('{"alt"', '{"drawn": false, "alt"'))
    made = [Outcome(job, "", "", 0.0) for job in jobs]
    assert "<img" not in render_index(PAGE, small, made, tmp_path / "out")
    failed = [Outcome(job, "failed", "Cell 3 failed.", 0.0) for job in jobs]
    assert "<img" not in render_index(PAGE, small, failed, tmp_path / "out")


def test_where_there_was_too_little_to_draw_the_trusts_chart_is_no_picture(small, tmp_path):
    publish(small, tmp_path / "out")
    notebook = tmp_path / "out" / "trust.ipynb"
    text = notebook.read_text("utf-8").replace('{"alt"', '{"drawn": false, "alt"')
    notebook.write_text(text, "utf-8")
    made = [Outcome(job, "published", "", 0.0) for job in plan_jobs(small.register, {})]
    assert "<img" not in render_index(PAGE, small, made, tmp_path / "out")


# --- drawings -----------------------------------------------------------------------------------


def test_a_line_has_a_gap_where_a_year_has_no_rate():
    years = pd.to_datetime([f"{year}-04-01" for year in range(2016, 2021)])
    rates = pd.DataFrame({"directorate": "A", "period": years, "rate": [0, 1, None, 0.5, 0.5]})
    drawn = draw_lines(rates)["A"]
    assert drawn["path"] == "M3 21L26.5 3M73.5 12L97 12"
    assert drawn["words"] == (
        "From 0% in 2016/17 to 50% in 2020/21; 1 year between them without a rate"
    )
    assert draw_lines(rates.assign(rate=float("nan"))) == {}


def test_a_bar_runs_from_the_lower_to_the_upper_limit_and_is_absent_without_projects():
    assert draw_bar(1.0, 0.44, 1.0) == {"lower": "44", "upper": "100", "rate": "100", "aim": ""}
    assert draw_bar(float("nan"), float("nan"), float("nan"), 0.8) is None


def test_the_icons_and_the_aim_have_the_colours_of_the_charts():
    style = "".join((TEMPLATE / name).read_text("utf-8") for name in ("style.css", "index.css"))
    for names, kind in (("yes, .sign.pass", "improvement"), ("no, .sign.fail", "concern")):
        colour = SPC_COLOURS[f"special_cause_{kind}"]
        assert f".sign.{names} {{ stroke: {colour};" in style
    assert f".bar .aim {{ stroke: {AIM}" in style


# --- the page itself ----------------------------------------------------------------------------


def test_the_policy_allows_its_own_style_and_script_by_their_hashes_and_nothing_else(
    small, tmp_path
):
    text = publish(small, tmp_path / "out")
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        ((content),) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.S)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not re.search(r"\sstyle=|\son\w+=", text)


def test_the_same_register_gives_the_same_bytes(small, tmp_path):
    first, second = (publish(index_data(read(COUNTS)), tmp_path / name) for name in "ab")
    assert first == second == publish(small, tmp_path / "c")
    assert str(tmp_path) not in first


def test_every_name_from_the_register_is_text_alone(tmp_path):
    names = {"Alder": MARKUP, "Birch": "{{7*7}}", "Cedar": "$x$ **b**", "Elm": "\u202eabc"}
    data = index_data(read(COUNTS, lambda row: {**row, "Group": names.get(row["Group"], "D")}))
    text = publish(data, tmp_path / "out")
    assert "<script>window.hit" not in text
    assert "<bdi>{{7*7}}</bdi>" in text
    assert text.count("<script>") == 1


# --- in a browser -------------------------------------------------------------------------------

SIZES = (1280, 640, 320)  # a wide window, the same at 200% zoom, and a narrow one


@pytest.fixture
def opened(open_page):
    """Return a function that opens a folder's index at a width."""
    return lambda folder, *width, **options: open_page(folder / "index.html", *width, **options)


@pytest.mark.parametrize(
    ("reports", "width"),
    some(
        itertools.product(("example_reports", "hostile_reports"), SIZES),
        ("example_reports", 1280), ("example_reports", 320), ("hostile_reports", 640),
    ),
)  # fmt: skip
def test_the_index_has_no_fault_asks_for_nothing_and_never_scrolls_sideways(
    reports, width, opened, request
):
    page = opened(request.getfixturevalue(reports), width)
    assert axe_violations(page) == []
    assert events_outside(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('#table').scrollWidth") <= width
    assert page.evaluate("window.hit") is None


def test_hostile_names_show_as_text(hostile_reports, opened):
    page = opened(hostile_reports)
    names = page.locator("#table tbody th bdi").all_text_contents()
    assert {MARKUP, FORTY, ONE} <= {name.strip() for name in names}
    assert page.locator("#table :is(img, b, script, iframe)").count() == 0
    assert page.locator("svg[onload]").count() == 0


def column(page, key: str) -> list[float]:
    """Return what the rows are sorted by, in the order in which they stand; blanks left out."""
    values = page.locator("#table tbody tr").evaluate_all(
        "(rows, key) => rows.map((row) => row.dataset[key])", key
    )
    return [float(value) for value in values if value != ""]


@pytest.mark.parametrize("width", some(SIZES, 1280, 320))
def test_the_table_is_sorted_by_keyboard(width, example_reports, opened):
    page = opened(example_reports, width)
    assert column(page, "name") == sorted(column(page, "name"))
    head = page.locator("th[data-key=rate]")
    button = head.get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    rates = column(page, "rate")
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 1.0  # Learning Disability and Autism, 12 of 12, before Perinatal, 3 of 3
    assert head.get_attribute("aria-sort") == "descending"
    page.keyboard.press("Space")
    assert column(page, "rate") == sorted(rates)
    assert head.get_attribute("aria-sort") == "ascending"
    assert page.locator("[aria-sort]").count() == 1
    assert page.locator("#said").text_content() == (
        "Sorted by Rate and 95% interval, lowest first."
    )
    assert button.evaluate("button => button === document.activeElement")


def test_what_has_no_value_is_sorted_last_either_way(example_reports, opened):
    page = opened(example_reports)
    for _ in range(2):
        page.locator("th[data-key=lasts] button").click()
        values = page.locator("#table tbody tr").evaluate_all(
            "rows => rows.map((row) => row.dataset.lasts)"
        )
        empty = values.index("")
        assert set(values[empty:]) == {""}


def test_the_box_finds_directorates_by_a_part_of_their_name(example_reports, opened):
    page = opened(example_reports)
    page.get_by_label("Find a directorate").fill("COMMUNITY")
    names = page.locator("#table tbody tr:visible th bdi").all_text_contents()
    assert names == [
        "Adult Community Mental Health", "Children's Community Health", "Community Nursing",
        "Community Therapies",
    ]  # fmt: skip
    assert page.locator("#said").text_content() == "4 of 22 directorates shown."
    page.get_by_label("Find a directorate").fill("")
    assert page.locator("#table tbody tr:visible").count() == 22


def test_without_scripts_all_is_there_and_nothing_that_needs_one(example_reports, opened):
    page = opened(example_reports, java_script_enabled=False)
    assert page.locator("#table tbody tr").count() == 22
    assert page.locator("button").count() == 0
    assert not page.locator("#find").is_visible()
    assert page.locator("#table thead").is_visible()


@pytest.mark.parametrize("width", some(SIZES, 640, 320))
def test_what_is_pressed_is_at_least_24_pixels_high_and_shows_where_the_focus_is(
    width, example_reports, opened
):
    page = opened(example_reports, width)
    for each in page.locator("button, input, #table tbody a, a.go").all():
        assert each.bounding_box()["height"] >= 24, each.text_content()
    page.locator("th[data-key=rate] button").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "solid"


def test_on_paper_nothing_is_cut_off_at_the_side(example_reports, opened):
    page = opened(example_reports, 1030)  # A4 across, less its margins
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1030
    assert not page.locator("#find").is_visible()
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_every_group_that_is_named_leads_to_its_page(example_reports, opened):
    page = opened(example_reports)
    links = page.locator(".read a, .top a").evaluate_all("all => all.map((a) => a.href)")
    assert {Path(href).name for href in links} > {"trust.html", "easy.html"}
    for href in links:
        page.goto(href)
        assert page.locator("h1").count() == 1


def test_besides_its_table_it_has_few_words(example_reports, opened):
    page = opened(example_reports)
    count = "selector => document.querySelector(selector).innerText.split(/\\s+/).length"
    assert page.evaluate(count, "body") - page.evaluate(count, "#table") <= 300
    page.evaluate("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    assert page.evaluate(count, "body") - page.evaluate(count, "#table") <= 600


@pytest.mark.parametrize("width", some([900, 1041, 1100, 1280], 900, 1041))
def test_the_tables_columns_stand_side_by_side(width, example_reports, opened):
    page = opened(example_reports, width)
    row = page.locator("#table tbody tr").first
    tops = row.locator("th, td").evaluate_all(
        "cells => cells.map((cell) => [cell.getBoundingClientRect().top, cell.localName])"
    )
    assert len({top for top, _ in tops}) == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_with_a_count_of_before_the_columns_still_fit(tmp_path, opened):
    counts = COUNTS.replace("Alder  ", "Child-and-Adolescent-Mental-Health").replace(
        " 10 ", " 100 "
    )
    then = read(counts, day="2021-04-01")
    qi.snapshots.write_snapshot(then, tmp_path / "2021-04-01.parquet")
    text = publish(
        index_data(read(counts), earlier=tmp_path / "2021-04-01.parquet"), tmp_path / "o"
    )
    (tmp_path / "o" / "index.html").write_text(text, "utf-8")
    page = opened(tmp_path / "o", 900)
    assert page.evaluate("document.documentElement.scrollWidth") <= 900
    assert "was 70 of 1,400" in page.locator("#table").inner_text()


def test_warnings_are_one_line_until_they_are_opened(example_reports, opened):
    page = opened(example_reports)
    folded = page.locator("details.warnings")
    assert folded.inner_text() == "Before you rely on these figures: 4 notes on the data"
    folded.locator("summary").click()
    assert folded.locator("li:visible").count() == 4


def test_the_whole_trusts_chart_stands_on_top_with_its_sentence(example_reports, opened):
    page = opened(example_reports)
    picture = page.locator("figure img")
    assert picture.get_attribute("alt").startswith("The rate has risen by more than chance does")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    assert picture.get_attribute("alt") in page.locator("figcaption").text_content()


def test_a_hundred_and_fifty_directorates_fit_in_one_page(tmp_path, opened):
    names = "\n".join(f"Directorate{i:03} 2019 2020 4 2 0" for i in range(150))
    out = tmp_path / "out"
    text = publish(index_data(read(names)), out)
    (out / "index.html").write_text(text, "utf-8")
    assert len(text.encode()) < 500_000
    page = opened(out, 320)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("width", some(SIZES, 320))
def test_the_public_index_has_no_fault_and_sorts_suppressed_values_last(
    width, public_reports, opened
):
    page = opened(public_reports, width)
    assert axe_violations(page) == []
    assert events_outside(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("th[data-key=rate] button").press("Enter")
    cells = page.locator("#table tbody td.rates").all_text_contents()
    assert cells[0].split() == ["50%", "24%", "to", "76%"]  # 5 of 10
    assert [cell.split()[0] for cell in cells] == ["50%", "33%", "33%"] + ["[c]"] * 19
