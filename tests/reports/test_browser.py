"""Reports in a real browser, as readers meet them: on any screen, by keyboard, on paper."""

import base64
import hashlib
import io
import re
from pathlib import Path

import pandas as pd
import pytest
from browser import FORTY, ONE, axe_violations, events_outside
from conftest import SOAK, some
from PIL import Image

from qi_analysis.reports.plan import slug

A4 = (673, 1001)  # pixels that the margins leave
EXAMPLE = ("trust", "directorates/goodall", "directorates/eating-disorders")
HOSTILE = ("trust", f"directorates/{slug(FORTY)}", f"directorates/{slug(ONE)}")
NAMES = [("example", name) for name in EXAMPLE] + [("hostile", name) for name in HOSTILE]
NAMES.append(("public", "trust"))
each_page = pytest.mark.parametrize(("kind", "name"), some(NAMES, *NAMES[::2]))


@pytest.fixture(scope="module")
def reports(example_reports, hostile_reports, public_reports) -> dict[str, Path]:
    """Return the folders of reports."""
    return {"example": example_reports, "hostile": hostile_reports, "public": public_reports}


@pytest.fixture
def opened(open_page, reports):
    """Return a function that opens a page of some reports."""
    return lambda kind, name, *size, **options: open_page(
        reports[kind] / f"{name}.html", *size, **options
    )


def too_wide(page) -> list[str]:
    """Return the elements that make a page wider than its window, but for what scrolls."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll, pre, .unseen') &&
        e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 99))"""
    )


@each_page
def test_axe_finds_nothing_with_everything_folded_and_unfolded(kind, name, opened):
    page = opened(kind, name)
    assert axe_violations(page) == []
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert axe_violations(page) == []


@each_page
def test_a_page_asks_for_nothing_runs_nothing_and_breaks_no_rule_of_its_own(kind, name, opened):
    page = opened(kind, name)
    page.wait_for_load_state("load")
    assert events_outside(page) == []
    assert page.evaluate("window.hit") is None
    assert page.locator("iframe, object, embed, form, link, [onload], [onerror]").count() == 0
    (script,) = page.locator("script").all()  # the page's own, which its policy knows
    own = base64.b64encode(hashlib.sha256(script.inner_text().encode()).digest()).decode()
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert f"script-src 'sha256-{own}';" in policy


@each_page
def test_nothing_scrolls_sideways_from_a_phone_to_a_wide_screen(kind, name, opened):
    page = opened(kind, name, 320, 640, device_scale_factor=2)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for width in (320, 640, 1000, 1160, 1280):
        page.set_viewport_size({"width": width, "height": 640})
        assert too_wide(page) == [], width
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width


@pytest.mark.parametrize("name", EXAMPLE[:2])
def test_a_charts_numbers_open_by_keyboard_and_can_be_scrolled_to(name, opened):
    page = opened("example", name)
    fold = page.locator("figure details").first
    fold.locator("summary").focus()
    assert not fold.locator("table").is_visible()
    page.keyboard.press("Enter")
    assert fold.locator("table").is_visible()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "region"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").startswith("Download this table")


def test_the_first_key_leads_past_the_contents(opened):
    page = opened("example", "trust")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


@each_page
def test_a_chart_is_cut_by_no_page_break_and_what_to_do_is_printed_unfolded(kind, name, opened):
    page = opened(kind, name, *A4)
    page.emulate_media(media="print")
    heights = page.evaluate("[...document.images].map(i => i.getBoundingClientRect().height)")
    avoid = page.evaluate("[...document.images].map(i => getComputedStyle(i).breakInside)")
    assert all(0 < height < A4[1] for height in heights)
    assert set(avoid) <= {"avoid"}
    folded = page.locator("section:first-of-type > .fold table")
    assert all(folded.nth(i).bounding_box() for i in range(folded.count()))
    assert page.locator("figure details:visible").count() == 0  # a chart's numbers, downloads
    assert page.locator("a[href]:not([href^='#'], [href^='mailto:']):visible").count() == 0
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")


@pytest.mark.parametrize(
    "scheme", [{"forced_colors": "active"}, {"forced_colors": "active", "color_scheme": "dark"}]
)
def test_with_forced_colours_text_charts_and_icons_stay(scheme, opened):
    page = opened("example", "trust", **scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    for part in ("h1", ".icons", "figure img", "table"):
        picture = Image.open(io.BytesIO(page.locator(part).first.screenshot())).convert("L")
        low, high = picture.getextrema()
        assert high - low > 100, part


def test_the_numbers_of_a_chart_are_downloaded_whole_and_harmless(opened):
    page = opened("hostile", "trust")
    fold = page.locator("figure details", has_text=re.compile("How do directorates compare"))
    fold.locator("summary").click()
    with page.expect_download() as download:
        fold.locator("a[download]").click()
    content = Path(download.value.path()).read_bytes()
    assert content.startswith("\ufeff".encode())
    table = pd.read_csv(io.BytesIO(content))
    assert table["denominator"].sum() == 56
    assert not table["directorate"].str.match(r"[=+\-@]").any()
    assert "'=HYPERLINK" in content.decode()


def test_hostile_names_stand_as_text_and_what_would_turn_text_is_named(opened):
    page = opened("hostile", "trust")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    text = page.locator("body").inner_text()
    assert "Trust <img src=x onerror=" in text
    assert "{{7*7}}" in text
    assert "$\\alpha$ **bold**" in text
    assert "Rightto left" in text  # cleaning takes the override out
    page = opened("hostile", HOSTILE[1])
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.locator("h1").inner_text() == FORTY
    text = page.locator("main").inner_text()
    assert "</script><style>*{display:none}</style><!--" in text
    assert "A word of no[U+2066] width[U+2069]" in text
    assert "… (cut: 30,008 characters)" in text


# --- how long a report is -------------------------------------------------------------------------

TRUST, PART = (1300, 7, 8), (900, 4, 4)  # words that are not folded, charts, and printed sides
READ = """() => {
    document.querySelectorAll('.unseen, .skip').forEach(each => each.remove());
    const all = document.body.innerText.split(/\\s+/)
    const words = all.filter(word => /[\\p{L}\\p{N}]/u.test(word));
    return [words.length, document.querySelectorAll('figure img').length];
}"""


@pytest.mark.parametrize("kind", ["example_reports", "other_reports", "westmere_reports"])
def test_a_report_is_short_on_the_screen_and_on_paper(kind, request, open_page):
    out = request.getfixturevalue(kind)
    long = []
    largest = sorted((out / "directorates").glob("*.html"), key=lambda path: -path.stat().st_size)
    for i, path in enumerate((out / "trust.html", *largest)):
        page = open_page(path)
        prints = i < 3 or SOAK  # of the others, fewer projects and rows are to be printed
        paper = page.pdf(prefer_css_page_size=True) if prints else b""
        found = (*page.evaluate(READ), len(re.findall(rb"/Type\s*/Page\b", paper)))
        limits = TRUST if path.stem == "trust" else PART
        if any(there > most for there, most in zip(found, limits, strict=True)):
            long.append((path.stem, *found))
    assert long == []


def test_paper_has_a_running_title_and_numbered_sides(opened):
    style = opened("example", "trust").locator("style").nth(1).inner_text()
    assert "counter(page)" in style
    written = re.sub(r"\\([0-9a-f]{6})", lambda found: chr(int(found[1], 16)), style)
    assert "The whole trust  ·  Central and North West London" in written


# --- charts to take away --------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "name"), [("example", "trust"), ("public", "trust")])
def test_a_chart_is_saved_as_a_picture_of_twice_its_size_with_its_title_and_source(
    kind, name, opened
):
    page = opened(kind, name)
    figure = page.locator("figure").first
    width, height = figure.locator("img").evaluate("i => [i.naturalWidth, i.naturalHeight]")
    with page.expect_download() as download:
        figure.get_by_role("button", name="Save this chart as a picture").click()
    assert download.value.suggested_filename.endswith(".png")
    picture = Image.open(download.value.path()).convert("L")
    assert picture.width == 2 * (width + 32)
    assert picture.height > 2 * (height + 60)
    above = picture.crop((0, 0, picture.width, 80))
    below = picture.crop((0, picture.height - 76, picture.width, picture.height - 16))
    for part in (picture, above, below):  # the chart, its title, and where it is from
        assert part.getextrema()[0] < 120
    assert "as it stood on 4 May 2021" in figure.get_attribute("data-source")


def test_the_list_that_reaches_the_aim_is_one_click_away(opened):
    page = opened("example", "directorates/goodall")
    assert not page.locator(".fold table").first.is_visible()
    page.locator("summary", has_text="What to do, and with which projects").click()
    rows = page.locator(".fold table").first.locator("tbody tr")
    assert rows.first.is_visible()
    assert rows.count() == 22
