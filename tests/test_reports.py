"""The main job, end to end, with real kernels: registers in, reports, an index and a record out."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT

import qi_analysis as qi
from qi_analysis import cli
from qi_analysis.reports import plan, run_notebook
from qi_analysis.reports.plan import slug
from qi_analysis.reports.run import NotebookFailed, type_parameters

REGISTER = """Project ID,Project Title,Group,Status,Start Date,Level of Involvement
1,Fewer falls,Addictions,Live,01/04/2020,Big I
2,<script>alert(1)</script>,Addictions,Live,02/04/2020,Consulted
3,Shorter waits,Rehab,Live,03/04/2020,
4,Better meals,Café & Bar,Live,04/05/2021,Big I
"""


def command(*words) -> subprocess.CompletedProcess:
    """Run qi-analysis as a user would, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "qi_analysis.cli", *map(str, words)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip


def tree(folder: Path) -> dict[str, str]:
    """Give the hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """Publish the reports of a small register once; the folder holds it beside its reports."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "register.csv").write_text(REGISTER, "utf-8")
    done = command(
        "report", folder / "register.csv", "--out", folder / "out",
        "--snapshots", folder / "snapshots",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert f"4 reports published. Open {folder / 'out' / 'index.html'}" in done.stdout
    return folder


def test_every_directorate_and_the_trust_have_a_page_a_notebook_and_a_line_in_the_record(published):
    out = published / "out"
    assert set(tree(out)) == {
        "index.html", "trust.html", "trust.ipynb", "run.json", "run.log",
        "directorates/addictions.html", "directorates/addictions.ipynb",
        "directorates/rehabilitation.html", "directorates/rehabilitation.ipynb",
        "directorates/unrecognised.html", "directorates/unrecognised.ipynb",
        "data/areas.csv", "data/definitions.csv", "data/directorates.csv",
        "data/quarters_active.csv", "data/quarters_started.csv", "data/trust.csv",
    }  # fmt: skip
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert record["register"] == "register.csv"
    assert record["as_of"] == "2021-05-04"
    assert record["register_sha256"] == hashlib.sha256(REGISTER.encode()).hexdigest()
    assert record["cleaning"]["accepted"] == 4
    assert [r["slug"] for r in record["reports"]] == [
        "trust", "addictions", "rehabilitation", "unrecognised"
    ]  # fmt: skip
    for report in record["reports"]:
        assert list(report) == ["directorate", "slug", "status", "reason", "seconds", "sha256"]
        assert report["status"] == "published"
        page = f"directorates/{report['slug']}.html" if report["directorate"] else "trust.html"
        assert report["sha256"] == tree(out)[page]


class Page(HTMLParser):
    """Gathers a page's tags with their attributes, and its text."""

    def __init__(self, path: Path):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f" {data}"

    def all(self, tag: str) -> list[dict]:
        """Give the attributes of every tag of a name."""
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_index_links_every_report_and_shows_its_counts_rate_interval_and_verdict(published):
    page = Page(published / "out" / "index.html")
    links = [a["href"] for a in page.all("a")]
    for link in links:
        assert (published / "out" / link).is_file(), link
    assert {"trust.html", "directorates/addictions.html"} <= set(links)
    text = " ".join(page.text.split())
    assert "Addictions 1 2 50% 9% to 91% 1 Cannot tell yet 100%" in text
    assert "Rehabilitation 0 1 0% 0% to 79% 1 Aim not met 0%" in text
    assert "In 2 of 4 projects live on 4 May 2021 (50%)" in text
    assert "'Café & Bar'" in text


@pytest.mark.parametrize("name", ["index", "trust", "directorates/addictions"])
def test_a_page_stands_alone_says_its_language_and_fetches_nothing(published, name):
    page = Page(published / "out" / f"{name}.html")
    assert page.all("html") == [{"lang": "en-GB"}]
    assert len(page.all("h1")) == 1
    assert not page.all("script") + page.all("link") + page.all("iframe")
    policy = {m["http-equiv"]: m["content"] for m in page.all("meta") if "http-equiv" in m}
    assert policy["Content-Security-Policy"].startswith("default-src 'none'")
    for image in page.all("img"):
        assert image["src"].startswith("data:image/png;base64,")
        assert len(image["alt"]) > 20
    assert "import qi_analysis" not in page.text


def test_a_report_says_what_its_own_register_holds(published):
    text = " ".join(Page(published / "out" / "directorates" / "addictions.html").text.split())
    assert "In 1 of 2 projects live on 4 May 2021 (50%)" in text
    assert "Of 2 projects, 1 worked with people as partners and 1 did things for people." in text
    assert len(Page(published / "out" / "trust.html").all("img")) == 4


def test_nothing_published_names_a_place_on_this_machine(published):
    for path in (published / "out").rglob("*.*"):
        assert str(published) not in path.read_text("utf-8"), path
        assert str(ROOT) not in path.read_text("utf-8"), path


def test_the_example_is_marked_as_invented_and_a_trusts_own_register_is_not(published):
    assert "invented" not in Page(published / "out" / "index.html").text


BAD_INPUT = {
    "no such file": (["nowhere.csv"], "There is no file 'nowhere.csv'. Check its name and folder."),
    "no rows": (["empty.csv"], "empty.csv has headings but no projects under them."),
    "missing column": (
        ["short.csv"],
        "short.csv has no column 'Title'. It has 'ID', 'Titel', 'Group', 'Level of involvement'. "
        "Add 'Titel' to title's headings in the profile.",
    ),
    "unknown directorate": (
        ["register.csv", "--directorate", "Rehab"],
        "The register has no directorate 'Rehab'. It has 'Addictions', 'Rehabilitation', "
        "'Unrecognised'.",
    ),
    "unknown definition": (
        ["register.csv", "--definition", "all"],
        "`definition` must be one of 'doing_with', 'any', 'several_areas' or 'with_and_several'; "
        "not 'all'.",
    ),
    "unreadable date": (
        ["register.csv", "--as-of", "4 May"],
        "`as_of` must be a date such as '2021-05-04'; not '4 May'.",
    ),
    "unknown profile key": (
        ["register.csv", "--profile", "odd.toml"],
        "odd.toml: unknown key 'lebels'. Did you mean 'levels'?",
    ),
    "no such profile": (
        ["register.csv", "--profile", "elsewhere"],
        "There is no profile 'elsewhere'. Give the path of a TOML file, or the name of a shipped "
        "profile: 'cnwl'.",
    ),
}


@pytest.mark.parametrize("fault", BAD_INPUT)
def test_bad_input_is_one_clear_sentence_exit_2_and_leaves_earlier_reports(
    fault, published, monkeypatch
):
    (published / "empty.csv").write_text(REGISTER.splitlines()[0], "utf-8")
    (published / "short.csv").write_text("ID,Titel,Group,Level of involvement\n1,a,b,c", "utf-8")
    (published / "odd.toml").write_text("[lebels]\nnone = []\n", "utf-8")
    before = tree(published / "out")
    words, sentence = BAD_INPUT[fault]
    monkeypatch.chdir(published)
    ran = CliRunner().invoke(cli.app, ["report", *words, "--out", "out"])
    assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", sentence + "\n")
    assert tree(published / "out") == before


def test_a_report_that_fails_is_said_everywhere_and_the_one_before_is_kept(
    published, tmp_path, monkeypatch
):
    out = shutil.copytree(published / "out", tmp_path / "out")
    before = tree(out)
    templates = shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    broken = nbformat.read(templates / "directorate_report.ipynb", 4)
    broken.cells[-2].source = "1 / len(projects.query('project_id == \"1\"'))"
    nbformat.write(broken, templates / "directorate_report.ipynb")
    monkeypatch.setattr(plan, "NOTEBOOKS", templates)
    ran = CliRunner().invoke(
        cli.app,
        ["report", str(published / "register.csv"), "--out", str(out),
         "--snapshots", str(tmp_path / "snapshots")],
    )  # fmt: skip
    assert ran.exit_code == 1
    assert "Failed: Rehabilitation. Cell " in ran.stderr
    assert "failed with ZeroDivisionError: division by zero" in ran.stderr
    assert "2 reports published." in ran.stdout
    for kept in ("directorates/rehabilitation.html", "directorates/rehabilitation.ipynb"):
        assert tree(out)[kept] == before[kept]
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert [r["status"] for r in record["reports"]] == [
        "published", "published", "failed", "failed"
    ]  # fmt: skip
    assert "(this report failed; the one before is kept)" in Page(out / "index.html").text


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("raise ValueError('no')", "Cell 2 failed with ValueError: no"),
        ("import os; os._exit(0)", "Kernel died"),
        (
            "import sys; sys.exit(0)",
            "Not every cell ran: the kernel ended before the notebook did.",
        ),
    ],
)
def test_a_notebook_that_did_not_run_to_its_end_is_never_called_done(cell, says, tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in ("x = 1", cell, "x = 2")]
    )
    nbformat.write(notebook, tmp_path / "in.ipynb")
    with pytest.raises(NotebookFailed, match=re.escape(says)):
        run_notebook(tmp_path / "in.ipynb", tmp_path / "out.ipynb", {})
    assert not (tmp_path / "out.ipynb").exists()


def test_a_parameter_is_checked_and_typed_before_anything_runs(tmp_path):
    template = ROOT / "notebooks" / "directorate_report.ipynb"
    assert type_parameters(template, {"directorate": "007"}) == {"directorate": "007"}
    for name, sentence in (
        ("directorat", "has no parameter 'directorat'. Did you mean 'directorate'?"),
        ("colour", "has no parameter 'colour'. It has register, profile, directorate, as_of, "),
    ):
        ran = CliRunner().invoke(
            cli.app, ["run-notebook", str(template), str(tmp_path / "o.ipynb"), "-p", name, "x"]
        )
        assert ran.exit_code == 2
        assert sentence in ran.stderr
    numbers = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("n = 3")])
    numbers.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(numbers, tmp_path / "n.ipynb")
    assert type_parameters(tmp_path / "n.ipynb", {"n": "7"}) == {"n": 7}
    with pytest.raises(qi.RegisterError, match=r"'n' must be like its default, 3; 'seven' is"):
        type_parameters(tmp_path / "n.ipynb", {"n": "seven"})


def test_names_of_directorates_make_safe_distinct_and_stable_file_names():
    names = ["A", "Ä", "../../etc", "..", "con", "a/b", "a\\b", "<b>", "日本", "x" * 300, "{x}",
             "%s", "", " ", "\u202eabc", "Children's Health", "O'Brien: 50% = ½"]  # fmt: skip
    slugs = [slug(name) for name in names]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]{0,80}", s) for s in slugs), slugs
    assert slugs == [slug(name) for name in names]
    distinct = {qi.profile.match_key(name) for name in names}
    assert len(set(slugs)) == len(distinct)
    assert "con" not in slugs


def test_clean_writes_the_register_the_quarantine_and_what_became_of_every_row(tmp_path):
    source = tmp_path / "register.csv"
    source.write_text(REGISTER + "5,=cmd(),Rehab,Live,31/06/2020,Big I\n", "utf-8")
    done = command("clean", source, "--out", tmp_path / "clean")
    assert done.returncode == 0, done.stderr
    made = tmp_path / "clean"
    assert set(tree(made)) == {
        "register.parquet", "quarantine.csv", "quarantine.xlsx", "cleaning.json"
    }  # fmt: skip
    summary = json.loads((made / "cleaning.json").read_text("utf-8"))
    assert list(summary) == [
        "rows_in", "accepted", "quarantined", "identical_duplicates", "not_data_rows", "warnings"
    ]  # fmt: skip
    assert [summary[key] for key in list(summary)[:5]] == [5, 4, 1, 0, 0]
    row = pd.read_csv(made / "quarantine.csv").iloc[0].to_dict()
    assert row == {
        "source_row": 6, "project_id": 5, "column": "start_date", "found": "31/06/2020",
        "reason": "There is no such day in that month.",
    }  # fmt: skip
    sheets = pd.read_excel(made / "quarantine.xlsx", engine="calamine", sheet_name=None)
    assert list(sheets) == ["Read me", "Rehabilitation", "Allowed values"]
    assert len(qi.load_cleaned(made / "register.parquet").register) == 4


def test_check_says_how_good_the_data_are_and_writes_nothing(published):
    before = tree(published)
    done = command("check", published / "register.csv")
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    assert "Of 4 rows in the export, 4 were accepted, 0 set aside" in said
    assert "1 of 4 projects (25%) do not say how, or whether, people were involved." in said
    assert "Warning: 1 project bears a directorate that the profile does not know" in said
    assert tree(published) == before


def test_a_register_of_another_shape_gives_its_known_figures(shared, tmp_path):
    done = command(
        "report", shared / "real" / "trials_register.csv", "--out", tmp_path,
        "--profile", ROOT / "tests" / "profiles" / "trials.toml", "--quiet",
        "--snapshots", tmp_path / "snapshots",
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    counts = pd.read_csv(tmp_path / "data" / "directorates.csv").set_index("directorate")
    known = {"Commercial": (1810, 2596), "Not commercial": (190, 1428)}
    for name, (numerator, denominator) in known.items():
        assert tuple(counts.loc[name, ["numerator", "denominator"]]) == (numerator, denominator)
    assert "In 2,017 of 4,055 projects on the register (50%)" in Page(tmp_path / "trust.html").text
    assert "No project has a start date" in Page(tmp_path / "trust.html").text
