"""JupyterLab in a real browser: notebooks run there, show their charts, and the boxes answer."""

import io
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

import nbformat
import psutil
import pytest
from conftest import ROOT
from installed import installed  # noqa: F401 (a fixture)
from matplotlib import image

import qi_analysis as qi
from qi_analysis.execution.tasks import Task

TRIED = ("02_involvement_over_time", "explore")
RUN = 60_000  # milliseconds: for all cells of a notebook, on a busy machine
CHARTS = ".jp-OutputArea-output[data-mime-type='image/png'] img"
FAULTS = ".jp-OutputArea-output[data-mime-type$='error'], [data-mime-type$='stderr']"
ALL_RAN = """() => {
    const cells = [...document.querySelectorAll('.jp-CodeCell')];
    const ran = cell => /^\\[\\d+\\]:$/.test(cell.querySelector('.jp-InputPrompt').innerText);
    return cells.length > 0 && cells.every(ran);
}"""
SETTINGS = {  # every cell is in the page, though it is out of sight; and nothing is asked
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false"},
}
OPTIONS = (
    "--no-browser", "--allow-root", "--ip=127.0.0.1", "--ServerApp.port_retries=0",
    "--LabApp.extension_manager=readonly", "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)  # fmt: skip


@pytest.fixture(scope="module")
def lab(tmp_path_factory, installed):  # noqa: F811
    """Return the address of a JupyterLab of a workspace, its token and folder; then end it.

    It is that of an installed wheel, without anybody's settings.
    """
    folder = tmp_path_factory.mktemp("lab")
    installed.run(folder, "start", "root")
    write_joined(folder / "root" / "notebooks")
    write_settings(folder / "jupyterlab_settings_dir")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token, address = secrets.token_hex(16), f"http://127.0.0.1:{port}"
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR",
             "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")  # fmt: skip
    own = {name: str(folder / name.lower()) for name in names} | {"PYTHONPATH": ""}
    own["JUPYTER_PATH"] = str(Path(sys.prefix, "share", "jupyter"))  # of the libraries it shares
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            [installed.python, "-m", "jupyterlab", *OPTIONS, f"--port={port}",
             f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={folder / 'root'}"],
            env=os.environ | own, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_for(f"{address}/api?token={token}", server, folder / "log")
        yield f"{address}/lab", token, folder / "root"
    finally:
        end(server)


def write_joined(folder) -> None:
    """Write one notebook of the cells of those tried, so that one page and kernel runs them all.

    It is without outputs, so that what is seen there is of this run.
    """
    joined, *others = (nbformat.read(folder / f"{name}.ipynb", 4) for name in TRIED)
    for other in others:
        joined.cells += other.cells
    for number, cell in enumerate(joined.cells):
        cell.id = f"cell-{number}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(joined, folder / "joined.ipynb")


def write_settings(folder) -> None:
    """Write what these tests need of JupyterLab."""
    for name, values in SETTINGS.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values), "utf-8")


def wait_for(address: str, server: subprocess.Popen, log) -> None:
    """Wait until the server answers, or say why it does not."""
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except URLError:
            time.sleep(0.1)
    raise RuntimeError(log.read_text("utf-8"))


def end(server: subprocess.Popen) -> None:
    """End the server, which ends its kernels; what it leaves is ended, and a failure."""
    kernels = psutil.Process(server.pid).children(recursive=True) if server.poll() is None else []
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(20)
    finally:
        server.kill()
        server.wait()
        _, left = psutil.wait_procs(kernels, timeout=5)
        for process in left:
            process.kill()
    assert not left


@pytest.fixture(scope="module")
def window(browser):
    """Return a window: what a page of JupyterLab loaded in it, the next finds there."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    yield context
    context.close()


@pytest.fixture(scope="module")
def page(lab, window):
    """Open the notebook, and run all its cells."""
    page = window.new_page()
    address, token, _ = lab
    page.goto(f"{address}/workspaces/joined/tree/notebooks/joined.ipynb?token={token}")
    page.locator(".jp-NotebookPanel .jp-CodeCell").first.wait_for(timeout=RUN)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=RUN)
    menu(page, "Run", "Run All Cells")
    page.wait_for_function(ALL_RAN, timeout=RUN)
    return page


def menu(page, *words: str) -> None:
    """Choose from the menus, as with a mouse."""
    page.locator(".lm-MenuBar-item", has_text=words[0]).first.click()
    for word in words[1:]:
        page.locator(".lm-Menu-itemLabel").get_by_text(word, exact=True).last.click()


def box(page, name: str):
    """Find one of the boxes to choose with by its name."""
    line = page.locator(".jupyter-widgets.widget-inline-hbox", has_text=name)
    return line.locator("select, input").first


def chart_count() -> int:
    """Count the charts that the committed notebooks hold."""
    read = (nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4) for name in TRIED)
    cells = [cell for notebook in read for cell in notebook.cells]
    outputs = [o for cell in cells if cell.cell_type == "code" for o in cell.outputs]
    return sum("image/png" in output.get("data", {}) for output in outputs)


def test_notebooks_run_in_lab_and_show_their_charts_and_no_error(page):
    assert page.locator(CHARTS).count() == chart_count() >= 4
    assert page.locator(FAULTS).all_inner_texts() == []
    drawn = page.locator(CHARTS).evaluate_all("charts => charts.map(c => c.naturalWidth)")
    assert min(drawn) >= 700


def test_another_directorate_changes_the_sentence_and_the_chart(page):
    charts = page.locator(".widget-html img")
    before = [chart.get_attribute("src") for chart in charts.all()]
    said = page.locator(".widget-html")
    said.get_by_text("In 104 of 266 projects live on 4 May 2021 (39%)").wait_for()
    box(page, "Directorate").select_option(label="Community Nursing")
    said.get_by_text("In 1 of 10 projects live on 4 May 2021 (10%)").wait_for()
    page.wait_for_function(
        "before => document.querySelector('.widget-html img').src != before", arg=before[0]
    )
    after = [chart.get_attribute("src") for chart in charts.all()]
    assert len(before) == len(after) == 2
    assert not set(before) & set(after)
    assert all(chart.get_attribute("alt") for chart in charts.all())


def test_a_register_that_there_is_not_is_explained_and_the_charts_stay(page):
    box(page, "Register").fill("nowhere.csv")
    box(page, "Register").press("Enter")
    page.get_by_text("There is no file 'nowhere.csv'. Check its name and folder.").wait_for()
    assert page.locator(".widget-html img").count() == 2
    box(page, "Register").fill("example")
    box(page, "Register").press("Enter")
    page.get_by_text("There is no file 'nowhere.csv'").wait_for(state="detached")


@pytest.mark.parametrize(
    ("theme", "light"), [("JupyterLab Light", "true"), ("JupyterLab Dark", "false")]
)
def test_charts_stand_on_white_and_words_are_read_in(page, theme, light):
    menu(page, "Settings", "Theme", theme)
    page.locator(f"body[data-jp-theme-light='{light}']").wait_for(state="attached")
    page.locator("#jupyterlab-splash").wait_for(state="detached")  # it darkens what is below
    for chart in page.locator(f"{CHARTS}, .widget-html img").all():
        assert ground(chart.screenshot()) == [255, 255, 255]
    for words in page.locator(".widget-html p, .jp-RenderedText pre").all():
        assert contrast(words) >= 4.5


def test_the_tab_key_offers_the_public_names_in_alphabetical_order(page):
    page.locator(".jp-CodeCell .jp-InputPrompt").last.click()
    page.keyboard.press("b")  # a cell below
    page.keyboard.press("Enter")
    page.keyboard.type("qi.")
    page.keyboard.press("Tab")
    page.locator(".jp-Completer-item").first.wait_for(timeout=RUN)
    offered = page.locator(".jp-Completer-match").all_inner_texts()
    assert offered[:20] == sorted(qi.__all__, key=str.lower)[:20]


def ground(picture: bytes) -> list[int]:
    """Return the colour of a picture a little inside its upper left corner."""
    return [round(255 * share) for share in image.imread(io.BytesIO(picture))[4, 4, :3]]


def contrast(words) -> float:
    """Return the contrast of words with what they stand on, as WCAG counts it: 1 to 21."""
    return words.evaluate(
        """element => {
            const light = colour => {
                const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(c => c / 255)
                    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const empty = e => getComputedStyle(e).backgroundColor == 'rgba(0, 0, 0, 0)';
            let under = element;
            while (empty(under)) under = under.parentElement;
            const both = [getComputedStyle(element).color, getComputedStyle(under).backgroundColor];
            const [dark, bright] = both.map(light).sort((a, b) => a - b);
            return (bright + 0.05) / (dark + 0.05);
        }"""
    )


MONEY = """Project ID,Project Title,Group,Status,Start Date,Level of Involvement
1,Scarves that cost $5 and $6 each,Rehab,Live,01/04/2020,Big I
2,A rise from \\(x\\) to \\[y\\] or $$z$$,Rehab,Live,03/04/2020,
"""


def test_money_in_a_title_is_no_mathematics_in_an_executed_report(lab, window, engine):
    """But a formula that somebody writes below the report is."""
    address, token, root = lab
    (root / "money.csv").write_text(MONEY, "utf-8")
    template, made = ROOT / "notebooks" / "small_directorate_report.ipynb", root / "money.ipynb"
    given = {
        "register": str(root / "money.csv"),
        "profile": "cnwl",
        "directorate": "Rehabilitation",
    }
    (done,) = engine.run([Task(str(template), str(made), str(root), given)])
    assert done.reason == ""
    notebook = nbformat.read(made, 4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("A formula: $x^2$", id="formula"))
    nbformat.write(notebook, made)
    page = window.new_page()
    page.goto(f"{address}/workspaces/money/tree/money.ipynb?token={token}")
    page.locator("mjx-container").first.wait_for(timeout=RUN)
    page.wait_for_timeout(1000)  # what is set as mathematics is set by now
    assert page.locator("mjx-container").count() == 1
    shown = page.locator(".jp-NotebookPanel").inner_text()
    for title in ("Scarves that cost $5 and $6 each", r"A rise from \(x\) to \[y\] or $$z$$"):
        assert title in shown
