"""Public reports: nothing leaves the suppressed counts, now or from one year to the next."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT, some
from processes import write_notebook

import qi_analysis as qi
from qi_analysis import cli
from qi_analysis.reports.output import check_audience, csv_text, last_record
from qi_analysis.reports.public import _count_years, write_public_reports

pytestmark = pytest.mark.usefixtures("one_engine")
PROFILE = """
[trust]
name = "A Trust"
short_name = "AT"
[headings]
{headings}
[statuses]
active = ["Live"]
completed = ["Done"]
[levels]
none = ["Nobody"]
doing_with = ["Big I"]
[definitions.doing_with]
label = "Doing with"
meaning = "people were partners"
approach = "doing_with"
[[aims]]
from = 2018-09-27
rate = "80%"
[rules]
{rules}
"""
LEVELS = ("Big I", "Nobody", "")
HEADINGS = "project_id,title,directorate,status,start_date,involvement_level"


def write_register(path: Path, text: str, *more: str) -> Path:
    """Write a register of projects: directorate, year, and how many are a yes, a no and blank."""
    lines = [HEADINGS]
    for line in filter(str.strip, text.splitlines()):
        directorate, year, *numbers = line.split()
        for level, number in zip(LEVELS, map(int, numbers), strict=True):
            for _ in range(number):
                i = len(lines)
                lines.append(f"ID-{i:04d},Secret title {i},{directorate},Live,01/06/{year},{level}")
    path.write_text("\n".join([*lines, *more]) + "\n", "utf-8")
    return path


def profile(folder: Path, rule: str = "hes") -> qi.Profile:
    """Return a profile that knows no directorates, with a rule of disclosure or none."""
    headings = "\n".join(f'{name} = ["{name}"]' for name in HEADINGS.split(","))
    rules = f'disclosure = "{rule}"' if rule else ""
    (folder / "own.toml").write_text(PROFILE.format(rules=rules, headings=headings), "utf-8")
    return qi.load_profile(folder / "own.toml")


def files(out: Path) -> dict[str, bytes]:
    """Return every published file; of run.json all but how long each report took."""
    found = {str(p.relative_to(out)): p.read_bytes() for p in out.rglob("*") if p.is_file()}
    found["run.json"] = re.sub(rb'"seconds": [\d.]+', b"", found["run.json"])
    return found


COUNTS = """
    Alder   2019 20 25  0
    Birch   2019 40 50 10
    Cedar   2019 12 30  0
    Dogwood 2019  3 30  0
    Alder   2020  2  3  0
    Birch   2020 30 30 12
    Cedar   2020  9 20  1
    Dogwood 2020  0 12  0
    Birch   2021  1  1  0
"""
MORE = (
    "ID-9998,Secret title 9998,Alder,Done,01/06/2021,Big I",  # finished, without an end date
    "ID-9999,Secret title 9999,Alder,Live,31/06/2019,Big I",  # set aside: no such day
)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """Publish the public reports of a small register from the command line."""
    folder = tmp_path_factory.mktemp("public")
    profile(folder)
    write_register(folder / "secret_register.csv", COUNTS, *MORE)
    ran = CliRunner().invoke(
        cli.app,
        ["report", str(folder / "secret_register.csv"), "--profile", str(folder / "own.toml"),
         "--audience", "public", "--out", str(folder / "out"), "--as-of", "2021-11-01",
         "--snapshots", str(folder / "snapshots")],
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output
    (folder / "printed.txt").write_text(ran.output, "utf-8")
    return folder


def words(path: Path) -> str:
    """Return a page's text on one line, without its marks."""
    return " ".join(
        re.sub(r"<style>.*?</style>|<[^>]+>", " ", path.read_text("utf-8"), flags=re.S).split()
    )


def alt_text(path: Path) -> str:
    """Return the alternative text of a page's only picture."""
    (alt,) = re.findall(r'<img[^>]*alt="([^"]*)"', path.read_text("utf-8"))
    return alt


def test_a_public_report_has_the_trust_the_directorates_with_figures_and_one_table(published):
    assert set(files(published / "out")) == {
        "index.html", "trust.html", "trust.ipynb", "trust.xlsx", "run.json",
        "data/public_counts.csv",
        "directorates/birch.html", "directorates/birch.ipynb", "directorates/birch.xlsx",
        "directorates/cedar.html", "directorates/cedar.ipynb", "directorates/cedar.xlsx",
        "directorates/dogwood.html", "directorates/dogwood.ipynb", "directorates/dogwood.xlsx",
    }  # fmt: skip
    assert not (published / "snapshots").exists()


def test_a_register_that_changes_nothing_published_makes_no_report_again(published, tmp_path):
    out = shutil.copytree(published / "out", tmp_path / "out")
    before = files(out)
    source = write_register(tmp_path / "register.csv", COUNTS.replace("2021 1 ", "2021 3 "))
    source.write_text(source.read_text("utf-8").replace("Secret title", "Another title"), "utf-8")
    record = write_public_reports(source, out, profile(tmp_path), as_of="2021-11-01")
    statuses = [each["status"] for each in record["reports"]]
    assert statuses == ["unchanged"] * 4 + ["suppressed"]
    assert {**files(out), "run.json": b""} == {**before, "run.json": b""}


def test_only_years_whose_projects_have_had_time_are_published(published):
    release = qi.disclosure.read_release(published / "out" / "data" / "public_counts.csv")
    assert sorted(release["period"].dt.year.unique()) == [2019, 2020]
    assert "2021/22" not in words(published / "out" / "trust.html")
    assert (
        "Only years that had been over for 6 months by 1 November 2021 are published, so that "
        "their projects have had time to involve people."
    ) in words(published / "out" / "index.html")
    assert "when it has been over for long enough that its projects have had time to involve" in (
        words(published / "out" / "trust.html")
    )


def test_the_published_counts_are_the_suppressed_ones_of_every_directorate(published):
    counts = pd.read_csv(published / "out" / "data" / "public_counts.csv", dtype="str")
    year = counts[counts["year"] == "2019/20"].set_index("directorate")
    figures = year[["numerator", "denominator", "not_recorded", "rate"]].agg(" ".join, axis=1)
    assert figures.to_dict() == {
        "The whole trust": "75 220 10 0.341",
        "Alder": "[c] [c] [x] [c]",
        "Birch": "40 100 [x] 0.400",
        "Cedar": "10 40 [x] 0.250",
        "Dogwood": "[c] [c] [x] [c]",
    }


def test_a_directorate_without_figures_is_suppressed_in_the_record_and_a_line_on_the_index(
    published,
):
    record = json.loads((published / "out" / "run.json").read_text("utf-8"))
    assert {r["directorate"]: r["status"] for r in record["reports"]} == {
        "": "published", "Birch": "published", "Cedar": "published", "Dogwood": "published",
        "Alder": "suppressed",
    }  # fmt: skip
    index = words(published / "out" / "index.html")
    assert "Counts are too small to publish figures of: Alder" in index
    assert "Cedar 2020/21 10 30 33% 19% to 51%" in index
    assert "1 directorate is suppressed" in (published / "printed.txt").read_text("utf-8")


def test_nothing_public_tells_of_a_project_a_person_the_register_or_this_machine(published):
    register = (published / "secret_register.csv").read_bytes()
    banned = (rb"Secret", rb"ID-\d", rb"secret_register", rb"31/06", rb"quarantin", rb"set aside",
              str(published).encode(), str(ROOT).encode(),
              hashlib.sha256(register).hexdigest().encode())  # fmt: skip
    for name, content in files(published / "out").items():
        for word in banned:
            assert not re.search(word, content), (name, word)
        assert b'class="warnings"' not in content


def test_what_the_registers_quality_warns_of_is_said_to_the_operator_alone(published):
    warning = "The export does not say when projects end, so the one that has finished counts as"
    assert f"Warning, on no page: {warning}" in (published / "printed.txt").read_text("utf-8")
    assert not any(b"when projects end" in content for content in files(published / "out").values())


def test_how_the_registers_day_was_found_is_said_to_the_operator_alone(tmp_path):
    warnings: list[str] = []
    source = write_register(tmp_path / "register.csv", COUNTS)
    write_public_reports(source, tmp_path / "out", profile(tmp_path), warn=warnings.append)
    assert warnings[0].startswith("No column, row above the headings or file name says when")
    assert not any(b"exported" in content for content in files(tmp_path / "out").values())


def test_a_suppressed_year_is_a_gap_that_the_chart_and_its_alternative_text_say(published):
    assert alt_text(published / "out" / "directorates" / "dogwood.html") == (
        "Only 2020/21 is published: 0% (0 of 10, rounded). The aim of 80% was not reached in the "
        "one year that began since it was set on 27 September 2018. For 1 of 2 years the counts "
        "are too small to be published."
    )
    assert "The counts of 2019/20 are too small to be published." in words(
        published / "out" / "directorates" / "dogwood.html"
    )


def test_a_public_notebook_reads_the_published_table_and_nothing_else(published):
    for path in (published / "out").rglob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        (given,) = [
            c.source for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", [])
        ]
        assert 'published = "data/public_counts.csv"' in given
        assert "register" not in "".join(c.source for c in notebook.cells if c.cell_type == "code")


def test_no_suppressed_count_of_what_is_published_can_be_worked_out(published):
    release = qi.disclosure.read_release(published / "out" / "data" / "public_counts.csv")
    found = qi.disclosure.audit_releases(release)
    assert len(found) > 4
    assert not found["recovered"].any()


OTHERS = [("4 29", "20 25"), ("7 26", "16 29")]  # one more, with rounded totals held; four more


@pytest.mark.parametrize(("dogwood", "alder"), some(OTHERS, OTHERS[0]))
def test_a_suppressed_count_that_is_another_changes_no_byte_of_what_is_published(
    dogwood, alder, published, tmp_path
):
    text = COUNTS.replace("2019  3 30", f"2019  {dogwood}").replace("2019 20 25", f"2019 {alder}")
    assert text != COUNTS
    source = write_register(tmp_path / "secret_register.csv", text, *MORE)
    write_public_reports(source, tmp_path / "out", profile(tmp_path), as_of="2021-11-01")
    assert files(tmp_path / "out") == files(published / "out")


# --- from one release to the next -----------------------------------------------------------------


@pytest.fixture
def small_template(tmp_path, monkeypatch):
    """Make reports of a small template, for what does not depend on what a report shows."""
    (tmp_path / "notebooks").mkdir()
    parameters = 'published = "example"\ndirectorate = ""'
    template = write_notebook(tmp_path / "notebooks" / "public_report.ipynb", parameters, "1 + 1")
    notebook = nbformat.read(template, 4)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, template)
    monkeypatch.chdir(tmp_path)


FIRST = """
    Alder   2019 30 10 0
    Birch   2019 10  8 0
    Cedar   2019  8  8 0
    Dogwood 2019  9 20 0
"""
LATE = """
    Birch   2019  0  2 0
    Alder   2020 20 20 0
    Birch   2020 10 30 0
    Cedar   2020  3 11 0
    Dogwood 2020 40 50 0
"""


def release(source: Path, out: Path, day: str, rule: str = "lt10") -> pd.DataFrame:
    """Publish, and give what is published."""
    write_public_reports(
        source, out, profile(out.parent, rule), as_of=day, directorates=["Dogwood"]
    )
    return qi.disclosure.read_release(out / "data" / "public_counts.csv")


@pytest.mark.usefixtures("small_template")
def test_two_releases_a_year_apart_tell_nothing_by_their_difference(tmp_path):
    source = write_register(tmp_path / "register.csv", FIRST)
    first = release(source, tmp_path / "out", "2020-11-01")
    write_register(source, FIRST + LATE)  # two projects of 2019/20 were recorded late
    second = release(source, tmp_path / "out", "2021-11-01")
    kept = second[second["period"] == "2019-04-01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, first)
    assert sorted(second["period"].dt.year.unique()) == [2019, 2020]
    assert not qi.disclosure.audit_releases(first, second)["recovered"].any()

    anew = release(source, tmp_path / "elsewhere", "2021-11-01")  # nothing is kept as it was
    assert not qi.disclosure.audit_releases(anew)["recovered"].any()
    found = qi.disclosure.audit_releases(first, anew)
    assert found.loc[found["recovered"], ["group", "category", "lowest"]].to_numpy().tolist() == [
        ["Birch", "yes", 10], ["Alder", "yes", 30]
    ]  # fmt: skip


@pytest.mark.usefixtures("small_template")
def test_a_new_folder_begins_with_mhsds_and_a_folder_keeps_the_rule_it_began_with(tmp_path):
    source = write_register(tmp_path / "register.csv", COUNTS)
    assert set(release(source, tmp_path / "new", "2020-11-01", "")["rule"]) == {"mhsds"}
    assert set(release(source, tmp_path / "old", "2020-11-01", "hes")["rule"]) == {"hes"}
    kept = release(source, tmp_path / "old", "2021-11-01", "")
    assert kept.groupby("period")["rule"].agg(list).map(set).tolist() == [{"hes"}, {"hes"}]
    record = json.loads((tmp_path / "old" / "run.json").read_text("utf-8"))
    assert (record["disclosure"], record["financial_year_starts"]) == ("hes", "April")


BY_HALF = """
    Alder   2019 13 12 0
    Birch   2019 15 14 0
    Cedar   2019 16 18 0
    Dogwood 2019 22 21 0
"""
IN_WINTER = "ID-{0},Secret title {0},Alder,Live,01/02/2020,Nobody"


@pytest.mark.usefixtures("small_template")
def test_years_that_overlap_published_ones_are_refused(tmp_path):
    """Alder's 2 projects of January to March 2020 would follow: 27 of one year less 25."""
    source = write_register(
        tmp_path / "register.csv", BY_HALF, *(IN_WINTER.format(i) for i in (9001, 9002))
    )
    out = tmp_path / "out"
    first = release(source, out, "2021-11-01", "lt10")
    row = first[(first["directorate"] == "Alder") & (first["period"] == "2019-04-01")].iloc[0]
    assert (row["numerator"], row["denominator"]) == (13, 27)
    before = files(out)
    calendar = profile(tmp_path, "lt10").text.decode().replace(
        "[trust]", '[trust]\nfinancial_year_starts = "January"'
    )  # fmt: skip
    (tmp_path / "calendar.toml").write_text(calendar, "utf-8")
    calendar = qi.load_profile(tmp_path / "calendar.toml")
    message = (
        r"holds public reports whose financial year's first month is 'April'; these would have "
        r"'January'\. Small counts could be worked out .* withdraw what is published and give "
        r"another folder with --out\."
    )
    for record in ((out / "run.json").read_text("utf-8"), ""):  # whatever became of the record
        (out / "run.json").write_text(record, "utf-8")
        with pytest.raises(qi.RegisterError, match=message):
            write_public_reports(source, out, calendar, as_of="2021-11-01")
    assert {**files(out), "run.json": b""} == {**before, "run.json": b""}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('meaning = "people were partners"', 'meaning = "people were asked"',
         "whose definition's meaning is 'people were partners'; these would have 'people were ask"),
        ("[definitions.doing_with]", '[definitions.any]\nlabel = "Any"\nmeaning = "m"\n'
         'approach = "doing_to"\n[definitions.doing_with]',
         "whose definition is 'doing_with'; these would have 'any'"),
        ('"A Trust"', '"B Trust"', "whose trust is 'A Trust'; these would have 'B Trust'"),
    ],
)  # fmt: skip
def test_another_definition_or_trust_beside_what_is_published_is_refused(
    old, new, message, published, tmp_path
):
    before = files(published / "out")
    text = (published / "own.toml").read_text("utf-8")
    (tmp_path / "other.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(qi.RegisterError, match=message):
        write_public_reports(
            published / "secret_register.csv", published / "out",
            qi.load_profile(tmp_path / "other.toml"), as_of="2021-11-01",
        )  # fmt: skip
    assert files(published / "out") == before


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("A 2019 5 28 0\nB 2019 17 25 0\nC 2019 44 57 0\nD 2019 61 66 0", {"A", "B", "C"}),
        ("A 2019 5 28 0\nB 2019 17 25 0", {"A", "B", "The whole trust"}),
    ],
    ids=["a third directorate", "the trust"],
)
def test_of_two_suppressed_directorates_neither_knows_the_other(text, hidden, tmp_path):
    source = write_register(tmp_path / "register.csv", text)
    register = qi.load_register(source, profile(tmp_path))
    counted = _count_years(register.override(as_of="2020-11-01"), "lt10")
    assert set(counted.loc[counted["numerator"].isna(), "directorate"]) == hidden


def test_publishing_by_another_rule_beside_what_is_published_is_refused(published, tmp_path):
    before = files(published / "out")
    source = write_register(tmp_path / "register.csv", FIRST)
    with pytest.raises(
        qi.RegisterError, match=r"whose rule for small numbers is 'hes'; these would have 'lt10'"
    ):
        write_public_reports(source, published / "out", profile(tmp_path, "lt10"))
    assert files(published / "out") == before


def test_a_folder_that_has_lost_its_published_counts_is_refused(published, tmp_path):
    source = write_register(tmp_path / "register.csv", FIRST)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_bytes((published / "out" / "run.json").read_bytes())
    with pytest.raises(
        qi.RegisterError, match=r"public_counts.csv' is missing: it holds the years"
    ):
        write_public_reports(source, tmp_path / "out", profile(tmp_path), as_of="2021-11-01")


def test_a_directorate_that_the_register_does_not_have_is_refused(published, tmp_path):
    source = write_register(tmp_path / "register.csv", FIRST)
    with pytest.raises(ValueError, match="The register has no directorate 'Elm'"):
        write_public_reports(source, tmp_path / "out", profile(tmp_path), directorates=["Elm"])


def test_before_any_year_is_settled_there_is_nothing_to_publish(tmp_path):
    source = write_register(tmp_path / "register.csv", FIRST)
    message = (
        r"^No financial year with a project had been over for 6 months when this register was "
        r"made, so there is nothing to publish yet: its projects need time to involve people\.$"
    )
    with pytest.raises(qi.RegisterError, match=message):
        release(source, tmp_path / "out", "2020-09-29")
    assert not (tmp_path / "out").exists()


def test_a_year_is_published_once_it_has_been_over_for_the_months_of_the_profile(tmp_path):
    """The last day of 2019/20 is 31 March 2020: 6 months before 30 September, 1 before April's."""
    source, given = write_register(tmp_path / "r.csv", FIRST), profile(tmp_path)
    soon = given.text.decode().replace("[rules]", "[rules]\nsettle_months = 1")
    (tmp_path / "soon.toml").write_text(soon, "utf-8")
    for own, day, years in [
        (given, "2020-09-29", 0), (given, "2020-10-01", 1),
        (tmp_path / "soon.toml", "2020-04-29", 0), (tmp_path / "soon.toml", "2020-05-01", 1),
    ]:  # fmt: skip
        counted = _count_years(qi.load_register(source, own).override(as_of=day))
        assert counted["period"].nunique() == years


@pytest.mark.usefixtures("small_template")
def test_a_year_that_was_published_before_it_was_settled_is_kept_as_it_was(tmp_path):
    """As by versions without settle_months: the difference of two releases would tell too much."""
    source, out = write_register(tmp_path / "register.csv", FIRST), tmp_path / "out"
    soon = profile(tmp_path).text.decode().replace("[rules]", "[rules]\nsettle_months = 1")
    (tmp_path / "soon.toml").write_text(soon, "utf-8")
    given = {"as_of": "2020-05-01", "directorates": ["Dogwood"]}
    write_public_reports(source, out, qi.load_profile(tmp_path / "soon.toml"), **given)
    first = qi.disclosure.read_release(out / "data" / "public_counts.csv")
    write_register(source, FIRST.replace("9 20 0", "19 10 0"))
    pd.testing.assert_frame_equal(release(source, out, "2020-05-02", "hes"), first)


def test_public_and_internal_reports_never_share_a_folder(published, tmp_path):
    words = ["report", str(published / "secret_register.csv"), "--profile",
             str(published / "own.toml"), "--snapshots", str(tmp_path / "s")]  # fmt: skip
    ran = CliRunner().invoke(cli.app, [*words, "--out", str(published / "out")])
    assert ran.exit_code == 2
    assert "holds public reports, and internal reports do not go beside them." in ran.stderr
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "trust.html").write_text("ours", "utf-8")
    ran = CliRunner().invoke(
        cli.app, [*words, "--audience", "public", "--out", str(tmp_path / "out")]
    )
    assert ran.exit_code == 2
    assert "holds files that are not public, and public reports do not go beside" in ran.stderr


def test_a_damaged_record_lets_no_other_reports_into_a_public_folder(published, tmp_path):
    out = shutil.copytree(published / "out", tmp_path / "out")
    given = {"profile": published / "own.toml", "snapshots": tmp_path / "s", "out": out}
    words = [word for name, value in given.items() for word in (f"--{name}", str(value))]
    words = ["report", str(published / "secret_register.csv"), *words]
    public = [*words, "--audience", "public"]
    rule = (published / "own.toml").read_text("utf-8").replace('"hes"', '"none"')
    (tmp_path / "other.toml").write_text(rule, "utf-8")
    for damaged in ("", "{", "[1]"):
        (out / "run.json").write_text(damaged, "utf-8")
        assert last_record(out) == {}
        with pytest.raises(qi.RegisterError, match="holds public reports, and internal reports"):
            check_audience(out, "internal")
    before = files(out)
    ran = CliRunner().invoke(cli.app, words)
    assert ran.exit_code == 2
    assert "holds public reports, and internal reports do not go beside them." in ran.stderr
    ran = CliRunner().invoke(cli.app, [*public, "--profile", str(tmp_path / "other.toml")])
    assert ran.exit_code == 2
    assert "reports whose rule for small numbers is 'hes'; these would have 'no" in ran.stderr
    assert files(out) == before
    ran = CliRunner().invoke(cli.app, public)
    assert ran.exit_code == 0, ran.stderr


def test_an_earlier_day_is_not_published_over_a_later_one(published):
    before = files(published / "out")
    words = [
        "report",
        str(published / "secret_register.csv"),
        "--profile",
        str(published / "own.toml"),
        "--audience",
        "public",
        "--out",
        str(published / "out"),
    ]
    ran = CliRunner().invoke(cli.app, [*words, "--as-of", "2020-11-01"])  # fmt: skip
    assert ran.exit_code == 2
    assert (
        "was published from a register of 1 November 2021, and this one is of 1 November 2020."
        in (ran.stderr)
    )
    assert files(published / "out") == before


# --- what rounded counts allow --------------------------------------------------------------------

ROUNDED = """
    Alder 2019 38 12 0
    Birch 2019 12 13 0
    Alder 2020 38 12 0
    Birch 2020 13 12 0
"""


def test_no_page_says_of_rounded_counts_what_the_exact_ones_may_not_bear_out(tmp_path):
    source, out = write_register(tmp_path / "register.csv", ROUNDED), tmp_path / "out"
    write_public_reports(source, out, profile(tmp_path, "hes"), as_of="2021-11-01")
    alder = (
        "By rounded counts the rate was 80% in 2019/20 (40 of 50) and 80% in 2020/21 (40 of 50); "
        "the rounding does not tell which was higher."
    )
    open_ = "The rounding does not tell whether the aim of 80% was reached in any of 2 years that"
    assert alt_text(out / "directorates" / "alder.html").startswith(f"{alder} {open_}")
    assert f"{alder} {open_}" in words(out / "directorates" / "alder.html")
    assert words(out / "directorates" / "alder.html").count("76% to 84%") >= 2
    birch = (
        "By rounded counts the rate was 40% in 2019/20 (10 of 25) and 60% in 2020/21 (15 of 25); "
        "by the exact ones it was 4 to 36 points higher."  # 12 and 13 of 25: 4 points
    )
    assert alt_text(out / "directorates" / "birch.html").startswith(birch)
    index = words(out / "index.html")
    assert alder in index
    assert birch in index
    for path in out.rglob("*.html"):
        assert not re.search(r"20 points|was reached in \d|was reached in the one", words(path))


# --- the example ----------------------------------------------------------------------------------


def test_the_examples_published_counts_are_what_its_register_gives(example):
    counted = _count_years(example)
    text = csv_text(qi.disclosure.release_table(counted))
    assert (ROOT / "data" / "raw" / "example_public_counts.csv").read_text("utf-8") == text


CHANGED = (
    "period,directorate,numerator,denominator,not_recorded,definition,meaning,rule,aim,aim_from\n"
    '{},A,"{}",2000,[x],doing_with,they did,hes,[z],[z]\n'
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"There is no file '.*counts.csv'. Check its name and folder."),
        ("a,b\n1,2\n", r"counts.csv holds no published counts: it has no column 'period'."),
        ("", r"counts.csv holds no published counts"),
        (
            "a,b\nR\udce9adaptation,2\n",
            r"counts.csv is not in UTF-8, as no public report writes it",
        ),
        (CHANGED.format("01/04/2019", 20), r"counts.csv has '01/04/2019' under 'period', which no"),
        (CHANGED.format("2019-04-01", "1,200"), r"counts.csv has '1,200' under 'numerator', which"),
    ],
)
def test_what_is_no_table_of_published_counts_is_refused(content, message, tmp_path):
    if content is not None:
        (tmp_path / "counts.csv").write_text(content, "utf-8", "surrogateescape")
    with pytest.raises(qi.RegisterError, match=message):
        qi.disclosure.read_release(tmp_path / "counts.csv")
