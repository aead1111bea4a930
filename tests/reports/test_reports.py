"""The main job, end to end, with real kernels: registers in, reports, an index and a record out."""

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT
from processes import command, file_hashes, write_templates

import qi_analysis as qi
from qi_analysis import cli
from qi_analysis.core.text import match_key
from qi_analysis.execution.engine import run_notebook
from qi_analysis.execution.notebook import read_notebook, type_parameters
from qi_analysis.execution.tasks import describe_fault
from qi_analysis.reports import plan
from qi_analysis.reports.inputs import database_name, warn_of_age
from qi_analysis.reports.plan import slug
from qi_analysis.terminal import print_more

pytestmark = pytest.mark.usefixtures("one_engine")
REGISTER = """Project ID,Project Title,Group,Status,Start Date,Level of Involvement
1,Fewer falls,Addictions,Live,01/04/2020,Big I
2,<script>alert(1)</script>,Addictions,Live,02/04/2020,Consulted
3,Shorter waits,Rehab,Live,03/04/2020,
4,Better meals,Café & Bar,Live,04/05/2021,Big I
"""


@pytest.fixture
def small_templates(tmp_path, monkeypatch):
    """Make reports of small templates, for what does not depend on what a report shows."""
    write_templates(tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory, one_engine) -> Path:
    """Publish the reports of a small register once; the folder holds it beside its reports."""
    folder = tmp_path_factory.mktemp("published")
    (folder / "register.csv").write_text(REGISTER, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
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
    assert set(file_hashes(out)) == {
        "index.html", "easy.html", "trust.html", "trust.ipynb", "trust.xlsx", "run.json", "run.log",
        "directorates/addictions.html", "directorates/addictions.ipynb",
        "directorates/addictions.xlsx",
        "directorates/rehabilitation.html", "directorates/rehabilitation.ipynb",
        "directorates/rehabilitation.xlsx",
        "directorates/unrecognised.html", "directorates/unrecognised.ipynb",
        "directorates/unrecognised.xlsx",
        "data/areas.csv", "data/definitions.csv", "data/directorates.csv", "data/findings.csv",
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
        assert report["sha256"] == file_hashes(out)[page]


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
        """Return the attributes of every tag of a name."""
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_index_links_every_report_and_shows_its_counts_rate_interval_and_standing(published):
    page = Page(published / "out" / "index.html")
    links = [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    for link in links:
        assert (published / "out" / link).is_file(), link
    assert {"trust.html", "directorates/addictions.html"} <= set(links)
    text = " ".join(page.text.split())
    assert "1 of 2 50% 9% to 91% Not met 1 more" in text
    assert "0 of 1 0% 0% to 79% Blanks decide 1 more" in text
    assert "2 of 4 projects live on 4 May 2021 (50%)" in text
    assert "'Café & Bar'" in text


@pytest.mark.parametrize("name", ["index", "trust", "directorates/addictions"])
def test_a_page_stands_alone_says_its_language_and_fetches_nothing(published, name):
    page = Page(published / "out" / f"{name}.html")
    assert page.all("html") == [{"lang": "en-GB"}]
    assert len(page.all("h1")) == 1
    assert not page.all("link") + page.all("iframe")
    assert len(page.all("script")) == 1  # its own: it sorts a table, or saves charts as pictures
    policy = {m["http-equiv"]: m["content"] for m in page.all("meta") if "http-equiv" in m}
    assert policy["Content-Security-Policy"].startswith("default-src 'none'")
    for image in page.all("img"):
        assert re.match(r"data:image/(png|svg\+xml);base64,", image["src"])
        assert len(image["alt"]) > 20
    above, _, code = page.text.partition("The code of every step")
    assert "import qi_analysis" not in above
    assert ("import qi_analysis" in code) is (name != "index")


def test_a_report_says_what_its_own_register_holds(published):
    text = " ".join(Page(published / "out" / "directorates" / "addictions.html").text.split())
    assert "1 of 2 projects live on 4 May 2021 (50%) involves people" in text
    assert "Doing for" in text


def test_nothing_published_names_a_place_on_this_machine(published):
    for path in (published / "out").rglob("*.*"):
        content = path.read_bytes()
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as parts:
                content = b"".join(map(parts.read, parts.namelist()))
        assert str(published).encode() not in content, path
        assert str(ROOT).encode() not in content, path


def test_the_example_is_marked_as_invented_and_a_trusts_own_register_is_not(published):
    assert "invented" not in Page(published / "out" / "index.html").text


BAD_INPUT = {
    "no such file": (["nowhere.csv"], "There is no file 'nowhere.csv'. Check its name and folder."),
    "a name too long": (
        ["x" * 300],
        f"'{'x' * 300}' cannot be read: File name too long. Copy it elsewhere.",
    ),
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
        "profile: 'cnwl' or 'elft'.",
    ),
    "a profile's name too long": (
        ["register.csv", "--profile", "x" * 300],
        f"There is no profile '{'x' * 300}'. Give the path of a TOML file, or the name of a "
        "shipped profile: 'cnwl' or 'elft'.",
    ),
}


@pytest.mark.parametrize("fault", BAD_INPUT)
def test_bad_input_is_one_clear_sentence_exit_2_and_leaves_earlier_reports(
    fault, published, monkeypatch
):
    (published / "empty.csv").write_text(REGISTER.splitlines()[0], "utf-8")
    (published / "short.csv").write_text("ID,Titel,Group,Level of involvement\n1,a,b,c", "utf-8")
    (published / "odd.toml").write_text("[lebels]\nnone = []\n", "utf-8")
    before = file_hashes(published / "out")
    words, sentence = BAD_INPUT[fault]
    monkeypatch.chdir(published)
    ran = CliRunner().invoke(cli.app, ["report", *words, "--out", "out"])
    absent = sentence.startswith(("There is no file", "There is no profile"))
    looked = f" It was looked for in '{published}'." if absent else ""
    assert (ran.exit_code, ran.stdout, ran.stderr) == (2, "", f"{sentence}{looked}\n")
    assert file_hashes(published / "out") == before


def test_a_report_that_fails_is_said_everywhere_and_the_one_before_is_kept(
    published, tmp_path, monkeypatch
):
    out = shutil.copytree(published / "out", tmp_path / "out")
    before = file_hashes(out)
    templates = shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    broken = nbformat.read(templates / "small_directorate_report.ipynb", 4)
    broken.cells[-2].source = "1 / len(ours.projects.query('project_id == \"1\"'))"
    nbformat.write(broken, templates / "small_directorate_report.ipynb")
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(
        cli.app,
        ["report", str(published / "register.csv"), "--out", str(out),
         "--snapshots", str(tmp_path / "snapshots")],
    )  # fmt: skip
    assert ran.exit_code == 1
    assert "Failed: Rehabilitation. Cell " in ran.stderr
    assert "failed with ZeroDivisionError: division by zero" in ran.stderr
    assert "1 report published; 1 was up to date already." in ran.stdout
    for kept in ("directorates/rehabilitation.html", "directorates/rehabilitation.ipynb"):
        assert file_hashes(out)[kept] == before[kept]
    record = json.loads((out / "run.json").read_text("utf-8"))
    assert [r["status"] for r in record["reports"]] == [
        "unchanged", "published", "failed", "failed"
    ]  # fmt: skip
    assert "(this report failed; the one of 4 May 2021 is kept)" in Page(out / "index.html").text


ANOTHER = """Project ID,Project Title,Group,Status,Start Date,Level of Involvement
1,Quite another,Addictions,Live,01/04/2020,Big I
9,And one more,Rehab,Live,03/04/2020,Consulted
"""


def test_another_registers_or_trusts_run_is_refused_and_touches_nothing(
    published, tmp_path, monkeypatch
):
    for name in ("out", "snapshots"):
        shutil.copytree(published / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    Path("other.csv").write_text(ANOTHER, "utf-8")
    Path("ours.csv").write_text(REGISTER, "utf-8")
    own = qi.load_profile("cnwl").text.decode()
    theirs = own.replace("Central and North West London NHS", "Westmere NHS")
    Path("theirs.toml").write_text(theirs, "utf-8")
    before = file_hashes(tmp_path)
    both = ("--out", "out", "--snapshots", "snapshots")
    new = ("--out", "new")
    for words, sentence in (
        (
            ("other.csv", *both),
            "'out' holds the reports of another register, register.csv: none of its ",
        ),
        (("other.csv", *new, *both[2:]), "The snapshot of 4 May 2021 in 'snapshots' is of another"),
        (
            ("example", *both),
            "'out' holds the reports of another register, register.csv: none of its ",
        ),
        (("ours.csv", "--profile", "theirs.toml", *both), "'out' holds the reports of Central and"),
        (("ours.csv", "--profile", "theirs.toml", *new, *both[2:]), "'snapshots' holds snapshots"),
    ):
        done = command("report", *words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert done.stderr.startswith(sentence)
        assert re.search(r"(: --out FOLDER|: --snapshots FOLDER)\.\n$", done.stderr)
        assert file_hashes(tmp_path) == before
    done = command("clean", "other.csv", "--out", "cleaned", "--snapshots", "snapshots")
    assert (done.returncode, file_hashes(tmp_path)) == (2, before)


@pytest.mark.usefixtures("small_templates")
def test_next_months_export_of_the_register_is_never_another(tmp_path):
    Path("april.csv").write_text(REGISTER, "utf-8")
    one = ("--directorate", "Rehabilitation")
    assert command("report", "april.csv", *one).returncode == 0
    later = REGISTER.replace("Fewer falls", "Fewer falls at night").replace("4,Better", "5,Fewer")
    Path("may_final.csv").write_text(later + "6,New,Rehab,Live,05/05/2021,Big I\n", "utf-8")
    own = qi.load_profile("cnwl").text.decode()
    Path("new.toml").write_text(own.replace('headline = "doing_with"', 'headline = "any"'), "utf-8")
    done = command("report", "may_final.csv", "--profile", "new.toml", *one)
    assert done.returncode == 0, done.stderr
    record = json.loads(Path("data/processed/reports/run.json").read_text("utf-8"))
    assert record["register"] == "may_final.csv"
    assert re.fullmatch(r"[0-9a-f]{16}( [0-9a-f]{16}){4}", record["sample"])


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
    distinct = {match_key(name) for name in names}
    assert len(set(slugs)) == len(distinct)
    assert "con" not in slugs


def test_a_directorate_keeps_its_page_when_others_come(example):
    names = ["Rehab", "CON", "..", "a/b", "x" * 300, "x" * 299, "🙂", "🙁", "\u202eabc. .", "nul",
             "Réhab", "日本", "---", "\u200b"]  # fmt: skip
    projects = example.projects.head(len(names)).assign(directorate=names)
    jobs = plan.plan_jobs(example.override(projects=projects), {})
    together = {job.directorate: job.page for job in jobs[1:]}
    for name, rows in projects.groupby("directorate"):
        assert plan.plan_jobs(example.override(projects=rows), {})[1].page == together[name]
    assert len(set(together.values())) == len(names)
    for page in together.values():
        assert re.fullmatch(r"directorates/[a-z0-9][a-z0-9-]{0,80}\.html", page)
        assert Path(page).stem not in ("con", "nul", "index")


def test_clean_writes_the_register_the_quarantine_and_what_became_of_every_row(tmp_path):
    source = tmp_path / "register.csv"
    source.write_text(REGISTER + "5,=cmd(),Rehab,Live,31/06/2020,Big I\n", "utf-8")
    done = command("clean", source, "--out", tmp_path / "clean", "--snapshots", tmp_path / "kept")
    assert done.returncode == 0, done.stderr
    assert f"The snapshot of 2021-05-04 was kept in {tmp_path / 'kept'}.\n" in done.stdout
    assert list(file_hashes(tmp_path / "kept")) == ["2021-05-04.parquet"]
    made = tmp_path / "clean"
    assert set(file_hashes(made)) == {
        "register.parquet", "quarantine.csv", "quarantine.xlsx", "cleaning.json", ".written"
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
    assert len(qi.load_register(made / "register.parquet").cleaning.register) == 4


def test_check_says_how_good_the_data_are_and_writes_nothing(published):
    before = file_hashes(published)
    done = command("check", published / "register.csv")
    assert done.returncode == 0
    printed = " ".join(done.stdout.split())
    assert "Of 4 rows in the export, 4 were accepted, 0 set aside" in printed
    assert "1 of 4 projects (25%) does not say how, or whether, people were involved." in printed
    assert "Warning: 1 project bears a directorate that the profile does not know" in printed
    assert file_hashes(published) == before


# --- since last time, and what is said loudly --------------------------------------------------

LATER = """Project ID,Project Title,Group,Status,Start Date,Last Updated,Level of Involvement
1,Fewer falls,Addictions,Completed,01/04/2020,,Big I
2,<script>alert(1)</script>,<b>Nowhere</b>,Live,02/04/2020,04/06/2021,Big I
5,Cleaner wards,Rehab,Live,03/04/2020,,
"""


@pytest.fixture(scope="module")
def later(published, tmp_path_factory) -> Path:
    """Publish the reports of the register as it stood a month later."""
    folder = tmp_path_factory.mktemp("later")
    shutil.copytree(published / "snapshots", folder / "snapshots")
    (folder / "register.csv").write_text(LATER, "utf-8")
    done = command(
        "report", folder / "register.csv", "--out", folder / "out",
        "--snapshots", folder / "snapshots",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (folder / "printed.txt").write_text(done.stdout, "utf-8")
    return folder


def words(path: Path) -> str:
    """Return a page's text on one line."""
    return " ".join(Page(path).text.split())


def test_the_first_report_says_nothing_of_changes(published):
    text = words(published / "out" / "trust.html")
    assert "since the last report" not in text[: text.index("The code of every step")]
    assert [path.name for path in (published / "snapshots").iterdir()] == ["2021-05-04.parquet"]
    record = json.loads((published / "out" / "run.json").read_text("utf-8"))
    assert (record["snapshot"], record["earlier"]) == ("kept", "")


def test_the_next_report_says_what_has_changed_since(later):
    text = words(later / "out" / "trust.html")
    assert (
        "Between 4 May 2021 and 4 June 2021, 1 project came onto the register, 1 was completed or "
        "closed, 2 left the register, 1 is now recorded as involving people "
        "meaningfully and 1 moved to another directorate."
    ) in text
    assert "New on the register 1" in text
    addictions = words(later / "out" / "directorates" / "addictions.html")
    assert (
        "Between 4 May 2021 and 4 June 2021, 1 project was completed or closed and 1 moved to "
        "another directorate."
    ) in addictions
    record = json.loads((later / "out" / "run.json").read_text("utf-8"))
    assert (record["snapshot"], record["earlier"]) == ("kept", "2021-05-04")
    assert "The snapshot of 2021-06-04 was kept in " in (later / "printed.txt").read_text("utf-8")


@pytest.mark.parametrize("name", ["index", "trust", "directorates/addictions"])
def test_warnings_stand_in_a_box_below_the_first_section_escaped(later, name):
    page = (later / "out" / f"{name}.html").read_text("utf-8")
    box = page.index('class="warnings"')
    first = page.index("<h2")
    assert first < box or name == "index"
    assert box < page.index("<h2", first + 1)
    text = words(later / "out" / f"{name}.html")
    assert (
        "The export has 3 rows and the snapshot of 4 May 2021 had 4: 25% fewer. Check that the "
        "whole register was exported."
    ) in text
    assert "1 project bears a directorate that the profile does not know" in text
    assert "<b>Nowhere" not in page
    assert "&lt;b&gt;Nowhere" in page
    assert text.count("25% fewer") == 1


@pytest.mark.usefixtures("small_templates")
def test_a_report_without_a_warning_has_no_box(tmp_path):
    source = tmp_path / "calm.csv"
    source.write_text(REGISTER.replace("Café & Bar", "Rehab"), "utf-8")
    words = ["report", source, "--out", tmp_path / "out", "--snapshots", tmp_path / "s"]
    done = command(*words, "--directorate", "Addictions")
    assert done.returncode == 0
    assert 'class="warnings"' not in (tmp_path / "out" / "index.html").read_text("utf-8")
    assert 'class="warnings"' not in (tmp_path / "out" / "trust.html").read_text("utf-8")
    again = command(*words, "--directorate", "Addictions")
    assert "2021-05-04 in " in again.stdout
    assert " is this register already." in again.stdout


def test_an_old_export_is_said_on_the_terminal_and_in_the_record_and_on_no_page(later):
    printed = (later / "printed.txt").read_text("utf-8")
    _, old = json.loads((later / "out" / "run.json").read_text("utf-8"))["warnings"]
    assert re.fullmatch(
        r"The register is [\d,]+ days old: it describes 4 June 2021. Export it again if you can.",
        old,
    )
    assert f"Warning: {old}" in printed
    for page in (later / "out").rglob("*.html"):
        assert "days old" not in page.read_text("utf-8")
    assert "days old" in command("check", later / "register.csv").stdout


@pytest.mark.usefixtures("small_templates")
def test_how_the_day_was_found_is_said_on_the_terminal_and_a_contradiction_on_pages_too(tmp_path):
    (tmp_path / "register.csv").write_text(
        "ID,Title,Group,Involvement level,State,Start,End\n"
        "1,a,Goodall,Big I,Live,06/05/2021,\n2,a,Goodall,Big I,Done,01/05/2021,30/06/2021\n"
    )
    words = ["report", tmp_path / "register.csv", "--snapshots", tmp_path / "s", "--out"]
    found, warned = "6 May 2021, its latest start", "1 finished project ends after 6 May 2021"
    guessed, given, back = (
        command(*words, tmp_path / day, *(["--as-of", day] if day else [])).stdout
        for day in ("", "2021-06-30", "2021-05-05")
    )
    page = (tmp_path / "trust.html").read_text("utf-8")
    assert "days old: it describes 30 June 2021." in given
    assert "days old: it describes 6 May 2021." in back  # it holds what came after the 5th
    checked = " ".join(command("check", tmp_path / "register.csv").stdout.split())
    assert [found in text for text in (guessed, checked, given, back, page)] == [1, 1, 0, 0, 0]
    assert [warned in text for text in (guessed, checked, given, back, page)] == [1, 1, 0, 0, 1]


@pytest.mark.parametrize(("today", "old"), [(date(2021, 6, 18), 0), (date(2021, 6, 19), 1)])
def test_an_export_is_old_after_45_days(today, old):
    assert len(warn_of_age(pd.Timestamp("2021-05-04"), today)) == old
    assert warn_of_age(None, today) == []


def test_looking_back_keeps_no_snapshot_and_compares_nothing(later, tmp_path):
    folder = shutil.copytree(later / "snapshots", tmp_path / "snapshots")
    before = file_hashes(folder)
    done = command(
        "report", later / "register.csv", "--out", tmp_path / "out", "--snapshots", folder,
        "--as-of", "2021-05-20", "--directorate", "Addictions",
    )  # fmt: skip
    assert "No snapshot was kept: the register describes a later day than 2021-05-20." in (
        done.stdout
    )
    assert file_hashes(folder) == before
    assert '<h2 id="what-has-changed' not in (tmp_path / "out" / "trust.html").read_text("utf-8")


@pytest.mark.usefixtures("small_templates")
def test_a_snapshot_that_cannot_be_read_does_not_stop_the_reports(tmp_path):
    (tmp_path / "snapshots").mkdir()
    (tmp_path / "snapshots" / "2021-04-01.parquet").write_bytes(b"damaged")
    (tmp_path / "register.csv").write_text(REGISTER, "utf-8")
    done = command(
        "report", tmp_path / "register.csv", "--out", tmp_path / "out",
        "--snapshots", tmp_path / "snapshots", "--directorate", "Addictions",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (
        "Warning: Changes since the snapshot of 1 April 2021 are not told. 2021-04-01.parquet "
        "cannot be read as Parquet"
    ) in done.stdout


@pytest.mark.usefixtures("small_templates")
def test_the_examples_results_stand_apart_from_a_trusts_own(tmp_path):
    own = tmp_path / "data" / "processed"
    kept = Path("data", "processed", "example", "snapshots")
    printed = command("clean", "example").stdout
    assert f"The snapshot of 2021-05-04 was kept in {kept}.\n" in printed
    printed = command("report", "--directorate", "Goodall").stdout
    assert f"The snapshot of 2021-05-04 in {kept} is this register already." in printed
    assert {path.name for path in own.iterdir()} == {"example"}
    assert {"quarantine.csv", "reports", "snapshots"} < {p.name for p in own.glob("example/*")}
    (tmp_path / "register.csv").write_text(REGISTER, "utf-8")
    command("report", "register.csv", "--directorate", "Rehabilitation")
    assert {path.name for path in own.iterdir()} == {"example", "reports", "snapshots"}


def test_snapshots_are_deleted_when_they_are_past_the_profiles_months_and_only_when_asked(
    later, tmp_path
):
    folder = shutil.copytree(later / "snapshots", tmp_path / "snapshots")
    months = (date.today().year - 2021) * 12 + date.today().month - 6 + 1
    profile = tmp_path / "profile.toml"
    shipped = qi.load_profile().text.decode()
    profile.write_text(re.sub("(?m)^snapshot_months.*", f"snapshot_months = {months}", shipped))
    asked = ["snapshots", "--snapshots", folder, "--profile", profile]
    trust = "Central and North West London NHS Foundation Trust"
    assert command(*asked).stdout.splitlines() == [
        f"2021-05-04.parquet  4 projects  {trust}  older than {months} months: "
        "--delete-old deletes it",
        f"2021-06-04.parquet  3 projects  {trust}",
    ]
    assert len(file_hashes(folder)) == 2
    assert command(*asked, "--delete-old").stdout.splitlines() == [
        "Deleted 2021-05-04.parquet",
        "Delete the exports of these days too: a report keeps snapshots of those that still lie in "
        "the folder it is given.",
        f"2021-06-04.parquet  3 projects  {trust}",
    ]
    assert list(file_hashes(folder)) == ["2021-06-04.parquet"]
    assert command(*asked, "--delete-old").stdout.splitlines()[0] == (
        f"Nothing was deleted: no snapshot is older than {months} months."
    )
    assert "No snapshots are kept in" in command("snapshots", "--snapshots", tmp_path).stdout
    other = tmp_path / "other.toml"
    other.write_text(profile.read_text().replace(f'"{trust}"', '"Barchester"'))
    asked = ["snapshots", "--snapshots", later / "snapshots", "--profile", other]
    assert "older than" not in command(*asked).stdout
    done = command(*asked, "--delete-old")
    assert (done.returncode, len(file_hashes(later / "snapshots"))) == (2, 2)
    assert done.stderr == (
        f"'{later / 'snapshots'}' holds snapshots of {trust}, and this profile is of Barchester. "
        "Give the one they were kept by: --profile. Nothing was deleted.\n"
    )


def test_a_profile_that_sets_no_months_keeps_every_snapshot(later, tmp_path):
    folder = shutil.copytree(later / "snapshots", tmp_path / "snapshots")
    profile = tmp_path / "profile.toml"
    profile.write_text(re.sub("(?m)^snapshot_months.*", "", qi.load_profile().text.decode()))
    done = command("snapshots", "--snapshots", folder, "--profile", profile, "--delete-old")
    assert (done.returncode, len(file_hashes(folder))) == (2, 2)
    assert done.stderr == (
        "The profile does not say how long to keep snapshots: give it `rules.snapshot_months`. "
        "Nothing was deleted.\n"
    )
    assert "older than" not in command("snapshots", "--snapshots", folder, "--profile", profile)\
        .stdout  # fmt: skip


def test_of_a_register_that_is_refused_the_workbook_to_correct_is_written_still(tmp_path):
    source = tmp_path / "register.csv"
    source.write_text(
        "ID,Title,Group,Start,Last updated,Level of involvement\n"
        "1,Falls,Rehab,31/06/2020,,Big I\n2,Waits,Rehab,31/06/2020,,Big I\n"
        "3,Sleep,Rehab,01/06/2020,,Big I\n", "utf-8"
    )  # fmt: skip
    done = command("clean", source, "--out", tmp_path / "out", "--snapshots", tmp_path / "kept")
    assert done.returncode == 2
    assert done.stderr == (
        "register.csv cannot be used: 2 of its 3 rows cannot be read. Most often: start_date: "
        "There is no such day in that month (2 rows: '31/06/2020'). Correct the export, or the "
        f"words in the profile. The rows are in {tmp_path / 'out' / 'quarantine.xlsx'}.\n"
    )
    assert set(file_hashes(tmp_path / "out")) == {"quarantine.csv", "quarantine.xlsx", ".written"}
    assert not (tmp_path / "kept").exists()
    assert len(pd.read_csv(tmp_path / "out" / "quarantine.csv")) == 2


def test_a_register_without_a_day_is_cleaned_and_no_snapshot_is_kept(tmp_path):
    source = tmp_path / "register.csv"
    source.write_text("ID,Title,Group,Level of involvement\n1,Falls,Rehab,Big I\n", "utf-8")
    done = command("clean", source, "--out", tmp_path / "out", "--snapshots", tmp_path / "kept")
    assert done.returncode == 0
    assert "No snapshot was kept: the register does not say which day it describes." in done.stdout
    assert not (tmp_path / "kept").exists()


# --- where a register may come from ------------------------------------------------------------


@pytest.mark.usefixtures("small_templates")
def test_a_snapshot_is_a_register_too(later, tmp_path):
    done = command(
        "report", later / "snapshots" / "2021-06-04.parquet", "--out", tmp_path / "out",
        "--snapshots", tmp_path / "snapshots", "--directorate", "Addictions",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert record["register"] == "2021-06-04.parquet"
    assert record["cleaning"]["accepted"] == 3


@pytest.mark.parametrize("name", ["report", "clean", "check"])
def test_a_query_without_a_database_is_refused(name, published):
    ran = CliRunner().invoke(
        cli.app, [name, str(published / "register.csv"), "--query", "select 1"]
    )
    assert ran.exit_code == 2
    assert ran.stderr == ("`--query` and `--table` go with a database's URL; not with a file.\n")


@pytest.mark.parametrize(
    ("url", "table", "name"),
    [
        ("postgresql+psycopg://reader:secret@server:5432/quality", None, "quality"),
        ("postgresql://reader:secret@server/quality?password=secret", "projects", "projects"),
        ("postgresql://reader:sec/ret@server", None, "database"),
        ("postgresql://reader:se#cret@server/quality", None, "database"),
        ("sqlite:////home/somebody/quality.db", None, "quality.db"),
        ("sqlite:///C:\\data\\quality.db", None, "quality.db"),
        ("mssql+pyodbc:///?odbc_connect=PWD%3Dsecret", None, "database"),
    ],
)
def test_a_databases_name_gives_no_password_server_or_folder_away(url, table, name):
    assert database_name(url, table) == name


@pytest.mark.usefixtures("small_templates")
def test_a_folder_of_exports_gives_the_latest_and_keeps_the_others_as_snapshots(tmp_path):
    exports = tmp_path / "exports"
    exports.mkdir()
    (exports / "register_2021-05-04.csv").write_text(REGISTER, "utf-8")
    (exports / "register_2021-06-04.csv").write_text(LATER, "utf-8")
    done = command(
        "report", exports, "--out", tmp_path / "out", "--snapshots", tmp_path / "snapshots",
        "--directorate", "Addictions",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert (record["register"], record["earlier"]) == ("register_2021-06-04.csv", "2021-05-04")
    assert record["register_sha256"] == hashlib.sha256(LATER.encode()).hexdigest()
    assert sorted(file_hashes(tmp_path / "snapshots")) == [
        "2021-05-04.parquet",
        "2021-06-04.parquet",
    ]
    read = "Of the folder 'exports', register_2021-06-04.csv, the latest, was read."
    assert record["warnings"][0] == read
    assert f"Warning: {read}" in done.stdout
    assert not any("was read" in page.read_text("utf-8") for page in tmp_path.rglob("*.html"))


@pytest.mark.usefixtures("small_templates")
def test_a_database_is_recorded_by_its_table_and_a_hash_of_what_was_read(tmp_path):
    pytest.importorskip("sqlalchemy")
    file = tmp_path / "quality.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        pd.read_csv(io.StringIO(LATER), dtype=str).to_sql("projects", connection, index=False)
    words = ["report", f"sqlite:///{file}", "--table", "projects", "--out", tmp_path / "out",
             "--snapshots", tmp_path / "snapshots", "--directorate", "Addictions"]  # fmt: skip
    hashes = []
    for _ in range(2):
        done = command(*words)
        assert done.returncode == 0, done.stderr
        record = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
        assert record["register"] == "projects"
        hashes.append(record["register_sha256"])
    assert hashes[0] == hashes[1]
    assert len(hashes[0]) == 64
    assert record["snapshot"] == "unchanged"


# --- one screen --------------------------------------------------------------------------------


def test_check_of_the_example_fits_on_one_screen_and_answers_who_records_nothing():
    done = subprocess.run(
        [sys.executable, "-m", "qi_analysis.cli", "check"], capture_output=True, text=True,
        check=True, cwd=ROOT, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    lines = done.stdout.splitlines()
    assert len(lines) <= 50
    assert max(map(len, lines)) <= 80
    text = " ".join(done.stdout.split())
    assert "60 of 591 projects (10%) do not say how, or whether, people were involved." in text
    assert "Community Nursing 36 75% 72% 67% 94% 100%" in text
    assert "… and 17 more directorates, which record more." in text
    assert "over 2 years 351 91% 81% 70% 100% 99.7%" in text


def test_what_a_table_leaves_out_is_counted(capsys):
    for more in (0, 1, 2):
        print_more(more, "reason", "reasons")
    assert capsys.readouterr().out == "… and 1 more reason.\n… and 2 more reasons.\n"


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
    assert "2,017 of 4,055 projects on the register (50%)" in Page(tmp_path / "trust.html").text
    assert "No project has a start date" in Page(tmp_path / "trust.html").text


# --- names, former pages and folders -----------------------------------------------------------

TWO = """Project ID,Project Title,Group,Status,Start Date,Level of Involvement
1,Fewer falls,Trust,Live,01/04/2020,Big I
2,Shorter waits,Zeta,Live,02/04/2020,Consulted
"""


@pytest.mark.usefixtures("small_templates")
def test_a_directorate_may_be_called_trust_and_a_former_ones_page_goes(tmp_path):
    source, out = tmp_path / "register.csv", tmp_path / "out"
    words = ["report", source, "--out", out, "--snapshots", tmp_path / "snapshots", "--quiet"]
    source.write_text(TWO, "utf-8")
    assert command(*words).returncode == 0
    pages = {"directorates/trust.html", "directorates/zeta.html", "trust.html"}
    assert pages <= set(file_hashes(out))
    (out / "directorates" / "notes.html").write_text("ours", "utf-8")
    source.write_text(TWO.replace("Zeta", "Omega"), "utf-8")
    assert command(*words).returncode == 0
    assert "directorates/zeta.html" not in file_hashes(out)
    assert {"directorates/omega.html", "directorates/notes.html"} <= set(file_hashes(out))
    assert command(*words, "--directorate", "Trust").returncode == 0
    links = {a["href"] for a in Page(out / "index.html").all("a")}
    assert {"directorates/trust.html", "directorates/omega.html"} <= links


@pytest.mark.parametrize("words", [["report"], ["clean"]])
def test_a_folder_that_cannot_be_written_to_is_refused_in_a_sentence(words, tmp_path):
    (tmp_path / "taken").write_text("a file", "utf-8")
    done = command(*words, "example", "--out", tmp_path / "taken")
    assert done.returncode == 2
    assert done.stderr == (
        f"Nothing can be written to '{tmp_path / 'taken'}': File exists. Give another folder with "
        "--out.\n"
    )


def test_a_reason_names_no_folder_of_this_machine():
    fault = FileNotFoundError(2, "No such file or directory", "/home/somebody/secret/lost.csv")
    assert describe_fault(fault) == (
        "FileNotFoundError: [Errno 2] No such file or directory: '…/lost.csv'"
    )


def test_the_profile_that_is_loaded_is_the_one_that_every_notebook_reads(tmp_path):
    shipped = qi.load_profile()
    assert shipped.text == (ROOT / "qi_analysis" / "profiles" / "cnwl.toml").read_bytes()
    assert "text" not in repr(shipped)


def test_a_default_that_is_worked_out_takes_any_value_and_a_cell_may_hold_magics(tmp_path):
    cell = "%matplotlib inline\nfrom datetime import date\nday = date.today()\nseconds = 60 * 60"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "n.ipynb")
    given = type_parameters(tmp_path / "n.ipynb", {"day": "2021-05-04", "seconds": "90"})
    assert given == {"day": "2021-05-04", "seconds": 90}
    with pytest.raises(qi.RegisterError, match="has no parameter 'x'"):
        type_parameters(tmp_path / "n.ipynb", {"x": "1"})


CELL = {"cell_type": "code", "id": "a", "metadata": {}, "source": "1", "outputs": [],
        "execution_count": None}  # fmt: skip
WRITTEN = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [CELL]}
NO_NOTEBOOKS = {
    "no text": ("\udcff", "it is not in UTF-8"),
    "no JSON": ("{", r"it is no JSON \(Expecting property name .*\)"),
    "deep": ("[" * 100_000, r"it is no JSON \(maximum recursion .*\)"),
    "deep inside": ({**WRITTEN, "metadata": {"a": json.loads("[" * 900 + "]" * 900)}},
        "it is nested too deep"),
    "a list": ([], "it is no JSON object"),
    "nothing": (None, "it is no JSON object"),
    "no format": ({}, "its format, nbformat None, is none of 2, 3 and 4"),
    "of a later format": ({**WRITTEN, "nbformat": 5}, "its format, nbformat 5, is none of .*"),
    "no number": ({**WRITTEN, "nbformat": True}, "its format, nbformat True, is none of .*"),
    "another minor": ({**WRITTEN, "nbformat_minor": "x"},
        "nbformat_minor: 'x' is not of type 'integer'"),
    "of an older format": ({**WRITTEN, "nbformat": 3}, r".* missing an expected key: worksheets"),
    "no cells": ({"nbformat": 4, "nbformat_minor": 5, "metadata": {}},
        "'cells' is a required property"),
    "cells by name": ({**WRITTEN, "cells": {}}, "cells: {} is not of type 'array'"),
    "cells of text": ({**WRITTEN, "cells": "ab"}, "cells: 'ab' is not of type 'array'"),
    "a cell that is a number": ({**WRITTEN, "cells": [CELL, 1]},
        "cell 2: 1 is not of type 'object'"),
    "no source": ({**WRITTEN, "cells": [{k: CELL[k] for k in CELL if k != "source"}]},
        "cell 1: 'source' is a required property"),
    "source of another type": ({**WRITTEN, "cells": [{**CELL, "source": 5}]},
        "cell 1: source: 5 is not valid under any of the given schemas"),
    "a list of metadata": ({**WRITTEN, "metadata": []}, r"metadata: \[\] is not of type 'object'"),
    "a cell's name": ({**WRITTEN, "cells": [{**CELL, "id": [1]}]},
        r"cell 1: id: \[1\] is not of type 'string'"),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_NOTEBOOKS)
def test_what_is_no_notebook_is_refused_with_what_is_wrong_and_what_to_do(case, tmp_path, capfd):
    content, why = NO_NOTEBOOKS[case]
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / "a.ipynb").write_text(text, "utf-8", "surrogateescape")
    with pytest.raises(
        qi.RegisterError,
        match=rf"^a\.ipynb is not a notebook that can be read: {why}\. Open it in JupyterLab, and "
        r"save it there\.$",
    ):
        read_notebook(tmp_path / "a.ipynb", outputs=False)
    assert capfd.readouterr() == ("", "")


AS_PAPERMILL = {
    "no outputs": {"cells": [{k: CELL[k] for k in ("cell_type", "id", "metadata", "source")}]},
    "outputs of another type": {"cells": [{**CELL, "outputs": "x"}]},
    "no names, or one twice": {"cells": [CELL, CELL, {**CELL, "id": "b"}]},
    "more than the format has": {"cells": [{**CELL, "more": 1}], "more": float("nan")},
    "half a kernel": {"metadata": {"kernelspec": {"name": "python3"}, "language_info": {}}},
    "a later minor": {"nbformat_minor": 9},
}


@pytest.mark.parametrize("case", AS_PAPERMILL)
def test_what_papermill_makes_do_with_is_read_without_a_word(case, tmp_path, capfd):
    (tmp_path / "a.ipynb").write_text(json.dumps({**WRITTEN, **AS_PAPERMILL[case]}), "utf-8")
    notebook = read_notebook(tmp_path / "a.ipynb", outputs=False)
    assert {(cell.source, *cell.outputs) for cell in notebook.cells} == {("1",)}
    nbformat.validate(notebook)
    assert capfd.readouterr() == ("", "")


def test_a_cell_of_an_unknown_type_is_refused_as_it_would_not_be_run(tmp_path):
    written = {**WRITTEN, "cells": [{**CELL, "cell_type": "weird"}]}
    (tmp_path / "a.ipynb").write_text(json.dumps(written), "utf-8")
    with pytest.raises(
        qi.RegisterError, match=r"^a\.ipynb has a cell of an unknown type, 'weird'\.$"
    ):
        read_notebook(tmp_path / "a.ipynb")


def test_what_is_no_notebook_is_refused_by_its_name(tmp_path):
    (tmp_path / "n.ipynb").write_text("not JSON", "utf-8")
    with pytest.raises(qi.RegisterError, match=r"n\.ipynb is not a notebook that can be read"):
        run_notebook(tmp_path / "n.ipynb", tmp_path / "o.ipynb", {})
