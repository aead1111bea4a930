"""A real browser for tests of pages: Chromium, axe-core, and reports of two registers to open.

The fixtures come into every test by `conftest`. A test is skipped where Chromium or Playwright is
absent, unless QI_NEEDS_BROWSER is set, as CI does.
"""

import csv
import os
import re
import shutil
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pytest
from filelock import FileLock
from processes import command, using

import qi_analysis as qi

ROOT = Path(__file__).parent.parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
MARKUP = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>'
HOSTILE_NAMES = (
    MARKUP,
    "{{7*7}} {% raw %} ${7*7}",
    "$\\alpha$ **bold** [a](javascript:window.hit=1)",
    "Right\u202eto left\u202c",
    '=HYPERLINK("http://example.org","x")',
)
FORTY, ONE = "Rehab & <b>Recovery</b>", "'\"><svg/onload=window.hit=1>"
HOSTILE_TITLES = (
    *HOSTILE_NAMES,
    "</td></tr></table></details></main><script>window.hit=1</script>",
    "</script><style>*{display:none}</style><!--",
    "<iframe src=https://example.org></iframe>",
    "A title " + "w" * 30_000,
    "A word\u200b of no\u2066 width\u2069",
)


@contextmanager
def open_browser():
    """Launch Debian's Chromium, headless, for as long as it is needed."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return _absent("no Playwright here: pip install 'qi-analysis[test]'")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        return _absent("no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


def _absent(reason: str) -> None:
    if os.environ.get("QI_NEEDS_BROWSER"):
        raise RuntimeError(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    """Return a browser, one for a file of tests: while it is open, no other loop can run."""
    with open_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def open_page(browser):
    """Open pages one after another in a window: another window takes Chromium a second.

    What a page asks for, reports and says is in its ``events``.
    """
    windows = {}

    def opened(path: Path, width: int = 1280, height: int = 900, **settings):
        key = str(settings)
        if key not in windows:
            page = windows[key] = browser.new_context(**settings).new_page()
            page.events = []
            page.on("request", lambda asked: page.events.append(asked.url))
            page.on("dialog", lambda dialog: page.events.append(dialog.message))
            page.on("console", lambda message: page.events.append(message.text))
            page.on("pageerror", lambda fault: page.events.append(str(fault)))
        page = windows[key]
        page.goto("about:blank")
        page.emulate_media(media="null")
        page.set_viewport_size({"width": width, "height": height})
        page.events.clear()
        page.goto(path.as_uri())
        return page

    return opened


def events_outside(page) -> list[str]:
    """Return what a page asked for, reported or said, but for itself and the pictures in it."""
    return [event for event in page.events if not event.startswith(("data:image/", page.url))]


def axe_violations(page) -> list[str]:
    """Return what axe-core finds against WCAG 2.2 AA and its own good practice, a line each."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.evaluate(AXE_SCRIPT)
    found = page.evaluate("tags => axe.run({runOnly: tags, resultTypes: ['violations']})", WCAG)[
        "violations"
    ]
    return [f"{each['id']}: {node['html'][:200]}" for each in found for node in each["nodes"]]


@pytest.fixture(scope="session")
def example_reports(tmp_path_factory, request) -> Path:
    """Return a folder with the reports of the example register."""
    with _made_once("example-reports", tmp_path_factory) as folder:
        return _reports(request, "example", folder)


@pytest.fixture(scope="session")
def hostile_reports(tmp_path_factory, request) -> Path:
    """Return a folder with the reports of a register whose names and titles would do harm."""
    with _made_once("hostile-reports", tmp_path_factory) as folder:
        write_hostile_register(folder / "hostile.csv")
        profile = folder / "hostile.toml"
        trust = f"name = 'Trust {MARKUP} {{{{7*7}}}}'"
        shipped = qi.load_profile().text.decode()
        profile.write_text(shipped.replace(f'name = "{qi.load_profile().trust}"', trust), "utf-8")
        return _reports(request, str(folder / "hostile.csv"), folder, "--profile", str(profile))


@pytest.fixture(scope="session")
def public_reports(tmp_path_factory, request) -> Path:
    """Return a folder with the example's public reports."""
    with _made_once("public-reports", tmp_path_factory) as folder:
        return _reports(request, "example", folder, "--audience", "public")


@pytest.fixture(scope="session")
def other_reports(tmp_path_factory, request) -> Path:
    """Return a folder with the reports of the other example, by a profile begun from its words."""
    with _made_once("other-reports", tmp_path_factory) as folder:
        write_other_profile(folder / "other.toml")
        words = ["--profile", str(folder / "other.toml"), *_only("River")]
        return _reports(request, "other_example", folder, *words)


def write_other_profile(path: Path) -> None:
    """Write a profile of the other example: what is proposed, as a person would decide it."""
    raw = qi.read_export("other_example")
    headings = qi.onboarding.propose_headings(raw)
    words = qi.onboarding.propose_words(raw, headings)
    headings["sure"] = headings["column"] != ""
    words["sure"] = ~words["name"].isin(["", "unclear"])
    draft = qi.onboarding.draft_profile(headings, words)
    decided = (
        re.sub("(?m)^# To decide:.*\n", "", draft)
        .replace("# ?", "#")
        .replace('name = "Our trust"', 'name = "Eastbrook Trust"')
    )
    aim = '[[aims]]\nfrom = 2018-04-01\nrate = "75%"\n'
    path.write_text(f"{decided}\n{aim}", "utf-8")


@pytest.fixture(scope="session")
def westmere_reports(tmp_path_factory, request) -> Path:
    """Return a folder with the reports of a register that asks about little."""
    shared = Path(os.environ.get("QI_SHARED", ROOT.parent / "shared"))
    register = shared / "cases" / "registers" / "westmere.csv"
    if not register.exists():
        pytest.skip("the register of Westmere is not here")
    with _made_once("westmere-reports", tmp_path_factory) as folder:
        profile = ROOT / "tests" / "profiles" / "westmere.toml"
        words = ["--profile", str(profile), "--as-of", "2025-06-30", *_only("Surgery")]
        return _reports(request, str(register), folder, *words)


def _only(largest: str) -> list[str]:
    """Return the option of the largest directorate's report alone; `make soak` has them all."""
    return [] if "QI_SOAK" in os.environ else ["--directorate", largest]


def write_hostile_register(path: Path) -> None:
    """Write a register of directorates that are markup, of 40, of 1 and of 3 projects each."""
    owners = [*[FORTY] * 40, ONE, *(name for name in HOSTILE_NAMES for _ in range(3))]
    levels = ["Big I", "Consulted", "No involvement", ""]
    rows = [
        {
            "Project ID": f"<i>{i}</i>",
            "Project Title": HOSTILE_TITLES[i % len(HOSTILE_TITLES)],
            "Group": owner,
            "Status": "Live",
            "Start Date": f"{date(2018, 4, 1) + timedelta(days=18 * i):%d/%m/%Y}",
            "Last Updated": "04/01/2021",
            "Level of Involvement": levels[i % 4],
            "Programme": HOSTILE_NAMES[i % 5],
            "Service": HOSTILE_NAMES[-i % 5],
            "Reason for no involvement": MARKUP,
        }
        for i, owner in enumerate(owners)
    ]
    rows.append({**rows[0], "Project ID": "1", "Project Title": "A title " + "w" * 1_000_000})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def _made_once(name: str, tmp_path_factory):
    """Lock a folder that all workers of a run of tests share, so that one makes what is in it."""
    root = tmp_path_factory.getbasetemp()
    root = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with FileLock(root / f"{name}.lock"):
        (root / name).mkdir(exist_ok=True)
        yield root / name


def _reports(request, register: str, folder: Path, *words: str) -> Path:
    """Make reports as a user would, by the engine of all tests, unless they were made already."""
    if (folder / "out" / "index.html").exists():
        return folder / "out"
    named = ["--out", folder / "out", "--snapshots", folder / "snapshots"]
    with using(request.getfixturevalue("engine")), pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        made = command("report", register, *named, *words)
    assert made.returncode == 0, made.stderr
    return folder / "out"
