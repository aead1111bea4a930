"""Another trust's register, in its own words from the export to the report: nothing is CNWL's."""

import ast
import re
from datetime import date, timedelta
from html import unescape

import nbformat
import pandas as pd
import pytest
from conftest import ROOT

import qi_analysis as qi
from qi_analysis.reports.internal import write_reports

ELFT = qi.load_profile("elft")
# London CHS as published for September 2025: 19 of 19. The other directorates are invented.
DIRECTORATES = {"London CHS": (19, 19), "C&H": (12, 6), "Forensics": (10, 3)}
WORDS = ["Big I", "little i", "No involvement"]


def rows() -> list[list[str]]:
    """Write a register down in ELFT's words, live on 30 September 2025."""
    made = []
    for group, (projects, big_i) in DIRECTORATES.items():
        for i in range(projects):
            start = date(2024, 1, 1) + timedelta(days=13 * i)
            level = WORDS[0] if i < big_i else WORDS[1 + i % 2]
            made.append([f"E{len(made):03}", f"Improving care, part {i}", group, "ILP Wave 9",
                         "Live", f"{start:%d/%m/%Y}", level, "30/09/2025"])  # fmt: skip
    return made


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    """Write an export of ELFT's shape."""
    path = tmp_path_factory.mktemp("elft") / "elft.csv"
    headings = ["Project ID", "Project Title", "Group", "Programme", "State", "Start Date",
                "Big I / little i", "Last Updated"]  # fmt: skip
    pd.DataFrame(rows(), columns=headings).to_csv(path, index=False)
    return path


def test_big_i_is_doing_with_and_little_i_is_doing_for(export):
    cleaned = qi.load_register(export, ELFT).cleaning
    assert cleaned.counts["accepted"] == 41
    approaches = cleaned.register.groupby("involvement_level")["approach"].unique().map(list)
    assert approaches.to_dict() == {
        "Big I": ["doing_with"], "little i": ["doing_for"], "No involvement": ["none"]
    }  # fmt: skip
    assert set(cleaned.register["programme"]) == {"improvement_leaders"}


def test_directorates_are_read_under_the_trusts_own_names(export):
    cleaned = qi.load_register(export, ELFT).cleaning
    counts = qi.count_involvement(
        cleaned.register, by="directorate", basis="active", as_of=pd.Timestamp("2025-09-30"),
        profile=ELFT,
    )  # fmt: skip
    got = counts.set_index("directorate")[["numerator", "denominator"]].to_dict("index")
    assert {name: tuple(row.values()) for name, row in got.items()} == {
        "London Community Health Services": (19, 19),
        "City and Hackney": (6, 12),
        "Forensics": (3, 10),
    }
    rates = qi.add_rates(counts).set_index("directorate")
    assert rates.loc["London Community Health Services", "rate"] == 1
    assert round(rates.loc["London Community Health Services", "lower_cl"], 3) == 0.832  # 19/22.84


def test_fifteen_of_fifteen_meets_80_percent_and_shows_that_it_would_last(shared):
    published = pd.read_csv(shared / "real" / "elft_published_bigI.csv").dropna(subset="n_bigI")
    counts = published.rename(columns={"n_bigI": "numerator", "n_projects": "denominator"})
    rates = counts.astype({"numerator": int, "denominator": int}).pipe(qi.add_rates)
    assert qi.add_aim(rates, "80%")["met_now"].tolist() == ["yes", "yes", "yes"]
    recent = rates.add_prefix("recent_")
    # of 15 of 15 the lower limit is 0.05 ** (1/15), 81.9%
    assert qi.stats.add_sustained(recent, "80%")["sustained"].tolist() == ["yes", "yes", "yes"]


def test_a_report_speaks_in_the_trusts_words_and_in_nobody_elses(export, one_engine, tmp_path):
    record = write_reports(export, tmp_path / "out", ELFT, directorates=["Forensics"])
    assert [each["status"] for each in record["reports"]] == ["published", "published"]
    for page in ("trust.html", "directorates/forensics.html", "index.html"):
        text = (tmp_path / "out" / page).read_text("utf-8")
        text = unescape(re.sub(r"(?s)<(script|style).*?</\1>|<[^>]*>", " ", text))
        assert "service users or carers were full, active members of the project team" in text
        assert not re.search(r"CNWL|Central and North West|practicum|nine areas|big I", text)


def words_of(path) -> list[str]:
    """Return the texts of a file that a reader may meet: of Python, all strings but docstrings."""
    source = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        return [cell["source"] for cell in nbformat.reads(source, 4).cells]
    if path.suffix != ".py":
        return [source]
    nodes = [*ast.walk(ast.parse(source))]
    bodies = [n.body[0] for n in nodes if isinstance(getattr(n, "body", None), list) and n.body]
    docstrings = {id(getattr(first, "value", None)) for first in bodies}
    return [
        node.value for node in nodes
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and id(node) not in docstrings
    ]  # fmt: skip


def test_no_code_or_template_names_one_trusts_programme_directorates_or_areas():
    files = [*(ROOT / "qi_analysis").rglob("*.*"), *(ROOT / "notebooks").glob("*.ipynb")]
    texts = [path for path in files if path.suffix in (".py", ".j2", ".html", ".css", ".ipynb")]
    assert len(texts) > 60
    for path in texts:
        for word in words_of(path):
            named = re.search(r"CNWL|Central and North|practicum|Goodall|Jameson|ELFT", word)
            assert not named, (path.name, named)
