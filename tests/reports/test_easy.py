"""The easy-read summary: what it says of trusts of every kind, on screen and on one side of A4."""

import itertools
import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache

import pandas as pd
import pytest
from browser import axe_violations
from conftest import some
from contradictions import Blocks, check_easy

import qi_analysis as qi
from qi_analysis.load import from_cleaning
from qi_analysis.profile import Aim
from qi_analysis.reports.easy import fill_circles, list_points, render_easy, tell_share

DAY = pd.Timestamp("2021-05-04")
PAGE = {
    "trust": "A Trust", "as_of": "4 May 2021", "definition": "Doing with", "version": "1",
    "meaning": "people were partners", "example": False, "warnings": [],
}  # fmt: skip


@cache
def read(partners: int, others: int, blank: int, aim: str, year: int = 2020) -> qi.Register:
    """Clean a register of so many live projects of each kind, with an aim or without.

    Where there are none, it has one that is completed.
    """
    levels = ["Big I"] * partners + ["Consulted"] * others + [""] * blank
    status, levels = ("Live", levels) if levels else ("Completed", ["Big I"])
    frame = pd.DataFrame({
        "Project ID": [f"P{i}" for i in range(len(levels))], "Title": "Falls", "Group": "Alder",
        "Status": status, "End date": "" if status == "Live" else "01/02/2021",
        "Start date": f"01/06/{year}", "Last updated": "04/05/2021",
        "Level of involvement": levels,
    }).replace("", None)  # fmt: skip
    aims = [Aim(date(2018, 4, 1), Fraction(aim.rstrip("%")) / 100)] if aim else []
    own = replace(qi.load_profile(), directorates={}, aims=tuple(aims))
    return from_cleaning(qi.clean_register(frame, own), own, as_of=DAY)


@cache
def trust_of(register: qi.Register) -> pd.DataFrame:
    """Return the trust's row of the findings."""
    return qi.summarise_findings(register).head(1)


def sentences(row: pd.DataFrame, register: qi.Register) -> list[str]:
    """Return all that is said, a sentence each."""
    points = list_points(row.iloc[0], register.definition, PAGE["as_of"])
    return [sentence for point in points for sentence in point.sentences]


ABOUT = [
    "We run projects to make care better.",
    "Service users and carers should be partners in them.",
]
NO_CHANGE = "We cannot tell yet if this has changed."
CASES = {  # partners, others, blank, aim; and what is said after the first two sentences
    "none": (0, 0, 0, "80%", 2020, [
        "We had no projects on 4 May 2021.", "So there is nothing to count yet.",
    ]),
    "nobody": (0, 30, 0, "80%", 2020, [
        "We looked at 30 projects on 4 May 2021.", "None of them do this yet.",
        "We want 8 in every 10 projects to do this.", "We are not there yet.",
        "24 more projects need to do this.", NO_CHANGE,
        "0 of 30 recent projects do this.", "That is too few for our aim.",
        "What can change next?", "30 projects involve people, but not enough.",
    ]),
    "all": (20, 0, 0, "80%", 2020, [
        "We looked at 20 projects on 4 May 2021.", "All of them do this.",
        "We want 8 in every 10 projects to do this.", "We have reached that today.", NO_CHANGE,
        "20 of 20 recent projects do this.", "That is enough for our aim to last.",
    ]),
    "all of all": (20, 0, 0, "100%", 2020, [
        "We looked at 20 projects on 4 May 2021.", "All of them do this.",
        "We want all projects to do this.", "We have reached that today.", NO_CHANGE,
        "20 of 20 recent projects do this.", "We cannot tell yet if our aim would last.",
    ]),
    "just met": (49, 12, 0, "80%", 2016, [
        "We looked at 61 projects on 4 May 2021.", "49 of the 61 projects do this.",
        "That is just over 8 in every 10 projects.",
        "We want 8 in every 10 projects to do this.", "We have reached that today.", NO_CHANGE,
        "No project is recent enough to tell what lasts.",
        "What can change next?", "12 projects involve people, but not enough.",
    ]),
    "just missed": (79, 21, 0, "80%", 2016, [
        "We looked at 100 projects on 4 May 2021.", "79 of the 100 projects do this.",
        "That is nearly 8 in every 10 projects.",
        "We want 8 in every 10 projects to do this.", "We are not there yet.",
        "1 more project needs to do this.", NO_CHANGE,
        "No project is recent enough to tell what lasts.",
        "What can change next?", "21 projects involve people, but not enough.",
    ]),
    "no aim": (1, 299, 0, "", 2016, [
        "We looked at 300 projects on 4 May 2021.", "1 of the 300 projects does this.",
        "That is fewer than 1 in every 10 projects.", NO_CHANGE,
        "What can change next?", "299 projects involve people, but not enough.",
    ]),
    "an aim between tenths": (30, 10, 0, "82.5%", 2016, [
        "We looked at 40 projects on 4 May 2021.", "30 of the 40 projects do this.",
        "That is 75 in every 100 projects.",
        "We want 82.5 in every 100 projects to do this.", "We are not there yet.",
        "3 more projects need to do this.", NO_CHANGE,
        "No project is recent enough to tell what lasts.",
        "What can change next?", "10 projects involve people, but not enough.",
    ]),
    "blanks decide": (7, 0, 3, "80%", 2020, [
        "We looked at 10 projects on 4 May 2021.", "3 projects do not say. We count those as no.",
        "7 of these 10 do this.",
        "We want 8 in every 10 projects to do this.", "We cannot say if we are there.",
        "Too many projects do not say.", NO_CHANGE,
        "7 of 10 recent projects do this.", "We cannot tell yet if our aim would last.",
        "What can change next?", "3 projects need to tell us.",
    ]),
    "one": (0, 1, 0, "80%", 2020, [
        "We looked at 1 project on 4 May 2021.", "It does not yet.",
        "We want 8 in every 10 projects to do this.", "We are not there yet.", NO_CHANGE,
        "0 of 1 recent project does this.", "We need more recent projects to tell what lasts.",
        "What can change next?", "1 project involves people, but not enough.",
    ]),
    "one that does not say": (0, 0, 1, "80%", 2020, [
        "We looked at 1 project on 4 May 2021.", "It does not say. We count that as no.",
        "We do not know if it does.",
        "We want 8 in every 10 projects to do this.", "We cannot say if we are there.",
        "Too many projects do not say.", NO_CHANGE,
        "0 of 1 recent project does this.", "We need more recent projects to tell what lasts.",
        "What can change next?", "1 project needs to tell us.",
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_it_says_in_short_sentences_what_was_found_and_nothing_else(case, tmp_path):
    *counts, said = CASES[case]
    register = read(*counts)
    row = trust_of(register)
    assert sentences(row, register) == [*ABOUT, *said]
    write(tmp_path / "easy.html", row, register)
    assert list(check_easy(Blocks(tmp_path / "easy.html").blocks, row.iloc[0])) == []


def write(path, row: pd.DataFrame, register: qi.Register, **page) -> None:
    """Write the page of a row."""
    path.write_text(render_easy({**PAGE, **page}, row, register), "utf-8")


STEP = {
    "change": "rise", "changed_at": pd.Timestamp("2019-01-01"), "before_numerator": 67,
    "before_denominator": 300, "after_numerator": 90, "after_denominator": 204,
}  # fmt: skip
FROM_TO = "Projects started before January 2019: about {} in every {}."
SINCE = "Projects started since then: about {} in every {}."
CHANGES = {
    "rise": (STEP, "up", ["Newer projects do this more often.", FROM_TO.format(2, 10),
                          SINCE.format(4, 10)]),
    "fall": ({**STEP, "change": "fall", "after_numerator": 20}, "down", [
        "Newer projects do this less often.", FROM_TO.format(2, 10), SINCE.format(1, 10)]),
    "within a tenth": ({**STEP, "before_numerator": 106, "before_denominator": 300,
                        "after_numerator": 87}, "up", [
        "Newer projects do this more often.", FROM_TO.format(35, 100),
        SINCE.format(43, 100)]),
    "none": ({"change": "none"}, "level", ["We see no clear change over time."]),
    "in doubt": ({"change": "none", "doubt": "blanks_fell"}, "question",
                 ["We cannot be sure if this has changed."]),
    "too early": ({"change": "too_early"}, "question",
                  ["It looks lower lately. It is too early to tell."]),
    "lower since": ({**STEP, "lower_since": pd.Timestamp("2020-10-01")}, "up", [
        "Newer projects do this more often.", FROM_TO.format(2, 10), SINCE.format(4, 10),
        "It looks lower lately. It is too early to tell."]),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGES)
def test_a_change_is_told_with_an_arrow_and_what_was_and_is(case):
    values, picture, said = CHANGES[case]
    register = read(10, 20, 0, "80%")
    row = trust_of(register).iloc[0]
    for name, value in values.items():
        row[name] = value
    points = list_points(row, register.definition, PAGE["as_of"])
    (point,) = [point for point in points if point.picture in ("up", "down", "level", "question")]
    assert (point.picture, point.sentences) == (picture, said)


def test_a_share_is_never_rounded_to_none_all_or_past_the_aim():
    for n in (11, 37, 240, 999):
        for k in range(n + 1):
            said = tell_share(k, n, Fraction(4, 5))
            assert (said == "none") == (k == 0)
            assert (said == "all") == (k == n)
            if "8 in" in said:
                reached = {"": True, "nearly ": False, "just over ": True}[said[: said.index("8")]]
                assert reached == (5 * k >= 4 * n)
            circles = fill_circles(k, n)
            assert len(circles) == 10
            assert (set(circles) == {"empty"}) == (k == 0)
            assert (set(circles) == {"full"}) == (k == n)


def test_what_projects_should_do_is_told_by_the_definition():
    said = {name: sentences_of(name) for name in qi.load_profile().definitions}
    assert said == {
        "doing_with": "Service users and carers should be partners in them.",
        "any": "Service users and carers should be involved in some way.",
        "several_areas": "Service users and carers should help with 3 or more parts.",
        "with_and_several": "Service users and carers should be partners in 3 or more parts.",
    }


def sentences_of(definition: str) -> str:
    """Return what is said of a definition."""
    register = read(1, 1, 0, "").override(definition=definition)
    return sentences(trust_of(register), register)[1]


def longest(path) -> None:
    """Write the page of a trust of which as much is said as can be, in the longest words."""
    register = read(10, 20, 3, "82.5%")
    row = trust_of(register).assign(
        numerator=12_345, denominator=23_456, not_recorded=1_234, needed=6_789,
        recent_numerator=1_234, recent_denominator=2_345, work_to_or_for=5_432,
        involve_nobody=4_321, not_recorded_actions=1_234, lower_since=pd.Timestamp("2020-10-01"),
        **{**STEP, "changed_at": pd.Timestamp("2019-09-01"), "before_numerator": 106,
           "after_numerator": 87},
    )  # fmt: skip
    name = "South West Yorkshire and North Lincolnshire Partnership University NHS Foundation Trust"
    write(path, row, register, trust=name, example=True)


@pytest.mark.parametrize("case", [*CASES, "the longest"])
def test_it_prints_on_one_side_and_every_sentence_is_short(case, tmp_path, open_page):
    path = tmp_path / "easy.html"
    if case == "the longest":
        longest(path)
    else:
        register = read(*CASES[case][:-1])
        write(path, trust_of(register), register)
    page = open_page(path)
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    for text in page.locator("main p").all_text_contents():
        for sentence in re.split(r"(?<=[.?])\s", text):
            assert len(sentence.split()) <= 12, sentence
    assert page.locator("main li").count() == page.locator("main li > svg").count()
    sizes = page.locator("p").evaluate_all("all => all.map((p) => getComputedStyle(p).fontSize)")
    assert min(float(size.removesuffix("px")) for size in sizes) >= 21.3  # 16 points


@pytest.mark.parametrize(
    ("reports", "width"),
    some(
        itertools.product(("example_reports", "hostile_reports"), (320, 1280)),
        ("example_reports", 1280), ("hostile_reports", 320),
    ),
)  # fmt: skip
def test_it_has_no_fault_asks_for_nothing_and_never_scrolls_sideways(
    reports, width, open_page, request
):
    page = open_page(request.getfixturevalue(reports) / "easy.html", width)
    assert axe_violations(page) == []
    assert page.events == [page.url]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.documentElement.lang") == "en-GB"
    assert page.locator("script, img, [style]").count() == 0


def test_of_the_example_it_says_what_the_index_does(example_reports):
    blocks = Blocks(example_reports / "easy.html").blocks
    assert "104 of the 266 projects do this." in blocks
    assert "That is about 4 in every 10 projects." in blocks
    assert 'href="easy.html"' in (example_reports / "index.html").read_text("utf-8")


def test_it_is_not_published(public_reports):
    assert not (public_reports / "easy.html").exists()
