"""Of small trusts from a seed, published whole, no page, index, workbook or data says two things.

`tests/contradictions.py` reads them; here a sentence is changed now and then, and it notices.
"""

import contextlib
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SOAK
from contradictions import find_contradictions, find_public_contradictions, read_findings

import qi_analysis as qi
from qi_analysis.core.errors import RegisterError
from qi_analysis.reports.internal import write_reports
from qi_analysis.reports.public import write_public_reports
from qi_analysis.snapshots import keep_snapshot

DAY, BEFORE = pd.Timestamp("2021-05-04"), pd.Timestamp("2020-05-31")
SEEDS = range(60) if SOAK else (7, 11)  # these two are of every kind that is asked for
NAMES = ("Alder", "Birch & Beech", "Cedar", "")
LEVELS = ("Big I", "Consulted", "No involvement", None)


def profile(seed: int, folder) -> qi.Profile:
    """Return the shipped profile without its directorates; of one trust in six without an aim."""
    text = (ROOT / "qi_analysis" / "profiles" / "cnwl.toml").read_text("utf-8")
    tables = ("directorates", "aims") if seed % 6 == 5 else ("directorates",)
    for table in tables:
        text = re.sub(rf"(?ms)^\[+{table}\]+\n.*?(?=^#|^\[|\Z)", "", text)
    (folder / "profile.toml").write_text(text, "utf-8")
    return qi.load_profile(folder / "profile.toml")


def projects(seed: int) -> pd.DataFrame:
    """Return a trust's export: directorates of every size, some changed, some full of blanks."""
    random = np.random.default_rng(seed)
    parts = []
    for name in NAMES[: random.integers(1, 5)]:
        n = int(random.choice([1, 4, 12, 40, 150]))
        start = pd.Timestamp("2016-04-01") + pd.to_timedelta(random.integers(0, 1850, n), "D")
        rate = np.where(start < random.choice(start), *random.choice([0.05, 0.4, 0.8, 1.0], 2))
        blank = random.choice([0, 0.1, 0.5])
        level = np.where(random.random(n) < rate, 0, random.integers(1, 3, n))
        level = np.where(random.random(n) < blank, 3, level)
        end = start + pd.to_timedelta(random.integers(90, 1500, n), "D")
        days = start + pd.to_timedelta(random.exponential(120, n).astype(int), "D")
        known = (level == 0) & (random.random(n) < random.choice([0, 1.0]))
        status = np.where(end > DAY, "Live", random.choice(["Closed", "Abandoned"], n))
        parts.append(pd.DataFrame({
            "Group": name, "Start Date": start.where(random.random(n) > 0.03),
            "Project Status": status, "End Date": end.where(end <= DAY),
            "Level of Involvement": [LEVELS[i] for i in level],
            "Date first involved": days.where(known & (days <= DAY)),
            "Exemption agreed?": random.choice(["no", "yes"], n, p=[0.9, 0.1]),
        }))  # fmt: skip
    frame = pd.concat(parts, ignore_index=True)
    frame.insert(0, "Project ID", [f"P{i:04}" for i in range(len(frame))])
    return frame.assign(**{"Project Title": "Falls", "Last Updated": "2021-05-01"})


def a_year_earlier(frame: pd.DataFrame) -> pd.DataFrame:
    """Return an export as it may have stood before: younger, and with fewer who involve people."""
    begun = frame[~(frame["Start Date"] > BEFORE)]
    ended = begun["End Date"] <= BEFORE
    level = begun["Level of Involvement"].where(np.arange(len(begun)) % 4 > 0, None)
    return begun.assign(**{
        "Level of Involvement": level, "Last Updated": "2020-05-30",
        "End Date": begun["End Date"].where(ended),
        "Project Status": begun["Project Status"].where(ended, "Live"),
        "Date first involved": pd.NaT,
    })  # fmt: skip


def publish(seed: int, folder, engine):
    """Publish a trust's reports, with what its register said a year before if it was kept."""
    folder.mkdir()
    frame, own = projects(seed), profile(seed, folder)
    assert bool(own.aims) is (seed % 6 != 5)
    frame.to_csv(folder / "register.csv", index=False, date_format="%Y-%m-%d")
    if seed % 2:
        before = a_year_earlier(frame)
        before.to_csv(folder / "before.csv", index=False, date_format="%Y-%m-%d")
        then = qi.load_register(folder / "before.csv", own, as_of=f"{BEFORE:%Y-%m-%d}")
        keep_snapshot(then, folder / "snapshots")
    asked = {"as_of": f"{DAY:%Y-%m-%d}", "engine": contextlib.nullcontext(engine)}
    source = folder / "register.csv"
    record = write_reports(source, folder / "out", own, snapshots=folder / "snapshots", **asked)
    assert {report["status"] for report in record["reports"]} == {"published"}
    with contextlib.suppress(RegisterError):  # where no year has ended that may be published
        write_public_reports(source, folder / "public", own, **asked)
    return folder


@pytest.fixture(scope="module")
def published(tmp_path_factory, engine):
    """Return a function that publishes a trust, once."""
    folder, done = tmp_path_factory.mktemp("trusts"), {}

    def of(seed: int):
        if seed not in done:
            done[seed] = publish(seed, folder / str(seed), engine)
        return done[seed]

    return of


@pytest.mark.soak
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_that_is_published_of_a_trust_differs(seed, published):
    folder = published(seed)
    assert find_contradictions(folder / "out") == []
    if (folder / "public" / "index.html").exists():
        assert find_public_contradictions(folder / "public") == []


def test_the_trusts_are_of_every_kind(published):
    found = pd.concat([read_findings(published(seed) / "out") for seed in SEEDS])
    assert {"yes", "no"} <= {*found["met_now"]}
    assert {"cannot_tell", "no", "too_few", ""} <= {*found["sustained"]}
    assert {"none", "too_few", ""} <= {*found["change"]}
    assert {"rise", "fall"} & {*found["change"]}
    assert found["earlier_numerator"].notna().any()


LIVE = "projects live on 4 May 2021"
CHANGED = {  # file, what stands there, and what is put in its place
    "met today": ("trust.html", "We are not there yet", "We have reached it"),
    "a count": ("trust.html", rf"([1-9]\d*) of (\d+) {LIVE}", rf"1\1 of \2 {LIVE}"),
    "a percentage": ("trust.html", rf"{LIVE} \(\d", f"{LIVE} (9"),
    "how many more": ("index.html", r"yet: (\d+) more", r"yet: 1\1 more"),
    "an icon's word": ("trust.html", r"(Is the aim met today\?</strong>) No", r"\1 Yes"),
    "a row's word": ("index.html", "<span>Not met", "<span>Met"),
    "an action": ("trust.html", r"(of people in )(\d+)", r"\g<1>1\2"),
    "whether it lasts": ("trust.html", r"<p class=.said.><a[^>]*>Recent projects</a> fall short of",
                         '<p class="said">Nobody can tell yet if recent projects reach'),
    "a change": ("trust.html", "The rate has (risen|not changed)", "The rate has fallen"),
    "who is low": ("index.html", r"(No|\d+) directorates? ha(s|ve) all", "9 directorates have all"),
    "an easy word": ("easy.html", "We are not there yet", "We have reached that today"),
    "an easy count": ("easy.html", r"(\d+) more project", r"1\1 more project"),
    "an easy share": ("easy.html", r"(about|nearly) \d+ in every 10 p", "about 10 in every 10 p"),
    "an easy answer": ("easy.html", "is too few for our aim", "is enough for our aim to last"),
    "the data": ("data/directorates.csv", r"(?m)^(\w+,\w+,)(\d+)", r"\g<1>9\2"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGED)
def test_one_statement_that_differs_is_found(what, published, tmp_path):
    name, there, instead = CHANGED[what]
    for seed in SEEDS:
        out = published(seed) / "out"
        text = (out / name).read_text("utf-8")
        changed = re.sub(there, instead, text, count=1)
        if changed != text:
            shutil.copytree(out, tmp_path / "out")
            (tmp_path / "out" / name).write_text(changed, "utf-8")
            assert find_contradictions(tmp_path / "out")
            return
    pytest.fail("no trust has such a statement")
