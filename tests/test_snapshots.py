"""Snapshots: a cleaned register kept whole."""

import contextlib
import dataclasses
import json
import os
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from conftest import table
from processes import command

import qi_analysis as qi
from qi_analysis.load import from_cleaning
from qi_analysis.profile import parse_profile
from qi_analysis.snapshots import check_owner, warn_of_history


def _with_cleaning(register: qi.Register, **changes) -> qi.Register:
    return register.override(cleaning=dataclasses.replace(register.cleaning, **changes))


FRAMES = ("register", "quarantine", "identical_duplicates", "rows_to_correct")


@pytest.mark.parametrize(
    "text",
    [
        """
        ID | Title         | Group   | Start      | Carers involved | Progress
        1  | Fewer falls   | Goodall | 01/04/2020 | yes             | 2.5
        1  | Fewer falls   | goodall | Apr-20     | Y               | 2,5
        2  | Shorter waits |         | 31/06/2020 | x               |
           | Joy in work   | Nowhere |            | no              |
        3  | Less noise    |         | Apr-20     | yes             |
        4  | More sleep    | Rehab   | Apr-20     | yes             |
        """,
        """
        ID | Title       | Group   | Carers involved
        1  | Fewer falls | Goodall | yes
        """,
        """
        ID | Title       | Group   | Carers involved
        1  | Fewer falls | Goodall | x
        2  | Less noise  | Goodall | yes
        """,
    ],
    ids=["a bit of everything", "nothing set aside", "half set aside"],
)
def test_a_snapshot_gives_back_the_cleaned_register_whole(tmp_path, text):
    cleaned = qi.clean_register(table(text))
    register = from_cleaning(cleaned, "cnwl", as_of="2021-05-04")
    qi.snapshots.write_snapshot(register, tmp_path / "register.parquet")
    again = qi.load_register(tmp_path / "register.parquet").cleaning
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(cleaned, name))
    assert again.warnings == cleaned.warnings
    assert again.counts == cleaned.counts


def test_the_example_register_comes_back_whole(tmp_path, example):
    qi.snapshots.write_snapshot(example, tmp_path / "register.parquet")
    again = qi.snapshots.read_snapshot(str(tmp_path / "register.parquet"))
    for name in FRAMES:
        pd.testing.assert_frame_equal(
            getattr(again.cleaning, name), getattr(example.cleaning, name)
        )
    assert again.cleaning.warnings == example.cleaning.warnings
    assert again.cleaning.counts == example.cleaning.counts
    assert (again.as_of, again.profile, again.asked) == (
        example.as_of, example.profile, example.asked
    )  # fmt: skip


def test_a_snapshot_remembers_what_it_is_counted_by_and_takes_what_else_is_given(before, tmp_path):
    own = before.override(profile="elft", as_of="2021-03-31", definition="any", basis="started")
    qi.snapshots.write_snapshot(own, tmp_path / "register.parquet")
    again = qi.load_register(tmp_path / "register.parquet")
    assert (again.profile.sha256, again.basis) == (own.profile.sha256, "started")
    assert (again.as_of, again.definition.name) == (day("2021-03-31"), "any")
    other = qi.load_register(
        tmp_path / "register.parquet", "cnwl", as_of="2021-01-31", definition="doing_with"
    )
    assert (other.profile.short_name, other.basis) == ("CNWL", "active")
    assert (other.as_of, other.definition.name) == (day("2021-01-31"), "doing_with")


def test_a_snapshot_of_the_format_before_is_read_and_counted_by_the_profile_given(
    before, tmp_path, monkeypatch
):
    new = ("profile", "profile_name", "definition", "basis", "asked")
    dumps = json.dumps
    monkeypatch.setattr("qi_analysis.snapshots.FORMAT", 2)
    monkeypatch.setattr(
        "qi_analysis.snapshots.json.dumps",
        lambda facts, **options: dumps(
            {name: fact for name, fact in facts.items() if name not in new}, **options
        ),
    )
    qi.snapshots.write_snapshot(before, tmp_path / "old.parquet")
    monkeypatch.undo()
    again = qi.load_register(tmp_path / "old.parquet", "elft")
    assert (again.as_of, again.profile.short_name) == (before.as_of, "ELFT")
    assert again.asked == frozenset(again.projects)


def test_the_same_register_gives_the_same_bytes(tmp_path, example):
    for name in ("one", "two"):
        qi.snapshots.write_snapshot(example, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_snapshot_takes_the_place_of_an_older_one(tmp_path, before):
    file = tmp_path / "register.parquet"
    qi.snapshots.write_snapshot(before, file)
    qi.snapshots.write_snapshot(_with_cleaning(before, warnings=("Newer.",)), file)
    assert qi.snapshots.read_snapshot(file).cleaning.warnings == ("Newer.",)
    assert list(tmp_path.iterdir()) == [file]


def test_a_snapshot_that_cannot_be_written_leaves_nothing_behind(tmp_path, example):
    (tmp_path / "register.parquet").mkdir()
    with pytest.raises(OSError, match=r"register.parquet"):
        qi.snapshots.write_snapshot(example, tmp_path / "register.parquet")
    unwritable = example.override(projects=pd.DataFrame({"mixed": [1, "a"]}))
    with pytest.raises(Exception, match="mixed"):
        qi.snapshots.write_snapshot(unwritable, tmp_path / "other.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["register.parquet"]


@pytest.mark.parametrize("part", [0, 100, 0.5])
def test_a_damaged_snapshot_is_refused(tmp_path, before, part):
    file = tmp_path / "register.parquet"
    qi.snapshots.write_snapshot(before, file)
    data = file.read_bytes()
    file.write_bytes(data[: int(part if part >= 1 else part * len(data))])
    with pytest.raises(
        qi.RegisterError, match=r"register.parquet cannot be read as Parquet: it is"
    ):
        qi.snapshots.read_snapshot(file)


def test_another_parquet_file_is_refused(tmp_path):
    file = tmp_path / "beds.parquet"
    pd.DataFrame({"beds": [1]}).to_parquet(file)
    with pytest.raises(qi.RegisterError, match=r"beds.parquet is not a snapshot made by"):
        qi.snapshots.read_snapshot(file)


def test_a_snapshot_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(
        qi.RegisterError, match=r"There is no file '.*none.parquet'. Check its name"
    ):
        qi.load_register(tmp_path / "none.parquet")


def test_an_export_is_cleaned_as_it_is_loaded(tmp_path):
    file = tmp_path / "register.csv"
    file.write_text("ID,Title,Group,Carers involved\n1,Fewer falls,Goodall,Y\n")
    register = qi.load_register(file).cleaning.register
    assert register[["project_id", "carer_involved"]].to_numpy().tolist() == [["1", "yes"]]


# --- the history ------------------------------------------------------------------------------

EARLIER = """
ID | Title    | Group   | Status    | Level of involvement
1  | Falls    | Goodall | Live      | Big I
2  | Waits    | Goodall | Live      | Consulted
3  | Meals    | Jameson | Live      |
4  | Letters  | Jameson | Live      | Big I
5  | Sleep    | Jameson | Completed | Big I
6  | Noise    | Diggory | Live      | Big I
7  | Garden   | Diggory | Live      | Big I
"""
LATER = """
ID | Title       | Group   | Status    | Level of involvement
1  | Falls       | Goodall | Live      | Big I
2  | Waits       | Jameson | Completed | Co-designed
3  | Meals       | Jameson | Live      | Big I
4  | Letters two | Jameson | Live      |
5  | Sleep       | Jameson | Completed | Big I
6  | Noise       | Diggory | Sort of   | Big I
8  | Parking     | Diggory | Live      | Big I
"""


def cleaned_register(text: str, as_of: str) -> qi.Register:
    """Return a text table, cleaned, as the register of a day."""
    return from_cleaning(qi.clean_register(table(text)), "cnwl", as_of=as_of)


@pytest.fixture(scope="module")
def before() -> qi.Register:
    """Return the register as it was."""
    return cleaned_register(EARLIER, "2021-04-01")


@pytest.fixture(scope="module")
def after() -> qi.Register:
    """Return the register as it is; project 6 was set aside."""
    return cleaned_register(LATER, "2021-05-04")


def day(text: str) -> pd.Timestamp:
    """Return a day."""
    return pd.Timestamp(text)


def test_what_changed_is_listed_project_by_project(before, after):
    changes = qi.snapshots.compare_snapshots(before, after)
    assert changes.to_numpy().tolist() == [
        ["8", "Parking", "Diggory", "new", "", "active"],
        ["2", "Waits", "Jameson", "closed", "active", "completed"],
        ["7", "Garden", "Diggory", "gone", "active", ""],
        ["2", "Waits", "Jameson", "became_involved", "no", "yes"],
        ["3", "Meals", "Jameson", "became_involved", "not recorded", "yes"],
        ["4", "Letters two", "Jameson", "lost_involvement", "yes", "not recorded"],
        ["2", "Waits", "Jameson", "changed_owner", "Goodall", "Jameson"],
    ]
    assert list(changes) == ["project_id", "title", "directorate", "change", "before", "after"]


def test_a_project_that_could_not_be_read_is_neither_gone_nor_new(before, after):
    assert "6" not in set(qi.snapshots.compare_snapshots(before, after)["project_id"])
    assert "6" not in set(qi.snapshots.compare_snapshots(after, before)["project_id"])


def test_looking_the_other_way_new_is_gone_and_began_is_ceased(before, after):
    def count(changes):
        return qi.snapshots.summarise_changes(changes).set_index("change")["projects"]

    there = count(qi.snapshots.compare_snapshots(before, after))
    back = count(qi.snapshots.compare_snapshots(after, before))
    assert (there["new"], there["gone"]) == (back["gone"], back["new"])
    assert (there["became_involved"], there["lost_involvement"]) == (
        back["lost_involvement"], back["became_involved"]
    )  # fmt: skip
    assert there["changed_owner"] == back["changed_owner"]


def test_a_register_compared_with_itself_has_not_changed(example):
    changes = qi.snapshots.compare_snapshots(example, example)
    assert changes.empty
    assert qi.snapshots.format_changes(changes) is None


def test_the_definition_says_what_counts_as_involved(before, after):
    changes = qi.snapshots.compare_snapshots(before, after.override(definition="any"))
    involved = changes[changes["change"] == "became_involved"]
    assert involved["project_id"].tolist() == ["3"]  # project 2 was consulted already


def test_a_directorate_sees_its_own_changes_and_the_projects_it_gave_away(before, after):
    goodall = qi.snapshots.compare_snapshots(before, after, directorate="Goodall")
    assert goodall.to_numpy().tolist() == [
        ["2", "Waits", "Jameson", "moved_away", "Goodall", "Jameson"]
    ]
    said = qi.snapshots.describe_changes(goodall, after.override(earlier=[before]))
    assert said.endswith("1 project moved to another directorate.")
    assert "Moved to another directorate" in qi.snapshots.format_changes(goodall).index
    jameson = qi.snapshots.compare_snapshots(before, after, directorate="Jameson")
    assert set(jameson["project_id"]) == {"2", "3", "4"}
    assert jameson.loc[jameson["change"] == "moved_here", "project_id"].tolist() == ["2"]
    said = qi.snapshots.describe_changes(jameson, after.override(earlier=[before]))
    assert "1 came from another directorate" in said
    assert "moved to" not in said
    table = qi.snapshots.format_changes(jameson)["Projects"]
    assert table["Moved here from another directorate"] == 1


def test_a_project_that_went_from_partners_to_consulting_may_still_involve_people():
    text = "ID | Title | Group | Status | Level of involvement\n1 | Falls | Goodall | Live | "
    then = cleaned_register(f"{text}Big I", "2021-04-01")
    now = cleaned_register(f"{text}Consulted", "2021-05-04").override(earlier=[then])
    changes = qi.snapshots.compare_snapshots(then, now)
    said = qi.snapshots.describe_changes(changes, now)
    ceased = "o longer recorded as involving people meaningfully"
    assert said.endswith(f", 1 project is n{ceased}.")
    assert qi.snapshots.format_changes(changes)["Projects"][f"N{ceased}"] == 1


def test_changes_are_counted_by_kind_and_by_directorate(before, after):
    changes = qi.snapshots.compare_snapshots(before, after)
    counts = qi.snapshots.summarise_changes(changes)
    assert counts["change"].tolist() == [
        "new", "closed", "gone", "became_involved", "lost_involvement", "changed_owner"
    ]  # fmt: skip
    assert counts["projects"].tolist() == [1, 1, 1, 2, 1, 1]
    by = qi.snapshots.summarise_changes(changes, by="directorate")
    assert by.groupby("change")["projects"].sum().sum() == len(changes)
    assert by.query("directorate == 'Diggory'")["projects"].tolist() == [1, 0, 1, 0, 0, 0]
    assert qi.snapshots.format_changes(changes)["Projects"].tolist() == [1, 1, 1, 2, 1, 1]
    with pytest.raises(
        ValueError, match=r"^The frame has no column 'x'; it has 'project_id', .+\.$"
    ):
        qi.snapshots.summarise_changes(changes, by="x")


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (
            [],
            "no project came, closed, left or changed directorate, and none began or ceased to "
            "involve people meaningfully.",
        ),
        (["gone"], "1 project left the register."),
        (["closed"], "1 project was completed or closed."),
        (
            ["new"] * 1200 + ["lost_involvement"],
            "1,200 projects came onto the register and 1 is no longer "
            "recorded as involving people meaningfully.",
        ),
        (
            ["new", "new", "closed", "closed", "changed_owner"],
            "2 projects came onto the register, 2 were completed or closed and 1 moved to another "
            "directorate.",
        ),
    ],
    ids=["none", "one", "one closed", "many", "three kinds"],
)
def test_the_sentence_fits_no_change_one_and_many(kinds, says, before, after):
    changes = pd.DataFrame({"change": kinds}, dtype="str")
    since = after.override(earlier=[before])
    sentence = qi.snapshots.describe_changes(changes, since)
    assert sentence == f"Between 1 April 2021 and 4 May 2021, {says}"


def test_without_an_earlier_snapshot_nothing_is_said_of_changes(after):
    changes = qi.snapshots.find_changes(after)
    assert qi.snapshots.describe_changes(changes, after) == ""
    assert qi.snapshots.format_changes(changes) is None


def test_a_register_is_compared_with_a_snapshots_file_and_its_day(before, after, tmp_path):
    file, _ = qi.snapshots.keep_snapshot(before, tmp_path)
    qi.snapshots.keep_snapshot(before.override(as_of="2021-03-01"), tmp_path)
    for source, days in ((file, ["2021-04-01"]), (tmp_path, ["2021-03-01", "2021-04-01"])):
        since = after.override(earlier=qi.snapshots.KeptRegisters(source, after.profile))
        assert [f"{each.as_of:%Y-%m-%d}" for each in since.earlier] == days
        assert since.earlier[-1:][0].as_of == day("2021-04-01")
        pd.testing.assert_frame_equal(
            qi.snapshots.find_changes(since), qi.snapshots.compare_snapshots(before, after)
        )


def test_a_register_is_kept_by_its_day_and_replaced_only_by_another(before, after, tmp_path):
    folder = tmp_path / "snapshots"
    file, status = qi.snapshots.keep_snapshot(before, folder)
    assert (file.name, status) == ("2021-04-01.parquet", "kept")
    written = file.stat().st_mtime_ns
    assert qi.snapshots.keep_snapshot(before, folder)[1] == "unchanged"
    assert file.stat().st_mtime_ns == written
    assert qi.snapshots.keep_snapshot(after.override(as_of="2021-04-01"), folder)[1] == "replaced"
    assert qi.snapshots.read_snapshot(file).projects["project_id"].tolist() == list("123458")
    assert [path.name for path in folder.iterdir()] == ["2021-04-01.parquet"]


def test_the_earlier_snapshots_are_those_before_the_day_and_of_the_same_trust(before, tmp_path):
    profile = qi.load_profile()
    for when in ("2021-02-01", "2021-04-01", "2021-05-04", "2021-06-01"):
        qi.snapshots.keep_snapshot(before.override(as_of=when), tmp_path)
    (tmp_path / "notes.parquet").write_text("not a snapshot")
    earlier = qi.snapshots.find_earlier(tmp_path, day("2021-05-04"), profile)
    assert [path.stem for path in earlier] == ["2021-02-01", "2021-04-01"]
    assert qi.snapshots.find_earlier(tmp_path, day("2021-02-01"), profile) == []
    assert qi.snapshots.find_earlier(tmp_path / "none", day("2021-02-01"), profile) == []
    other = dataclasses.replace(profile, trust="Another trust")
    assert qi.snapshots.find_earlier(tmp_path, day("2021-05-04"), other) == []
    qi.snapshots.keep_snapshot(before.override(as_of="2021-03-01", profile=other), tmp_path)
    earlier = qi.snapshots.find_earlier(tmp_path, day("2021-05-04"), other)
    assert [path.stem for path in earlier] == ["2021-03-01"]


def test_snapshots_are_listed_with_their_projects_and_deleted_only_by_age(before, tmp_path):
    for when in ("2021-02-01", "2021-04-01"):
        qi.snapshots.keep_snapshot(before.override(as_of=when), tmp_path)
    (tmp_path / "2021-03-01.parquet").write_bytes(b"PAR1 damaged")
    (tmp_path / "mine.parquet").write_bytes(b"somebody else's")
    (tmp_path / "2021-02-30.parquet").write_bytes(b"of no day")
    listed = qi.snapshots.list_snapshots(tmp_path)
    assert listed["name"].tolist() == [
        "2021-02-01.parquet", "2021-03-01.parquet", "2021-04-01.parquet"
    ]  # fmt: skip
    assert listed["projects"].fillna(-1).tolist() == [7, -1, 7]
    assert qi.snapshots.delete_snapshots(tmp_path, day("2021-02-01")) == []
    gone = qi.snapshots.delete_snapshots(tmp_path, day("2021-03-15"))
    assert gone == ["2021-02-01.parquet", "2021-03-01.parquet"]
    assert {path.name for path in tmp_path.iterdir()} == {
        "2021-02-30.parquet", "2021-04-01.parquet", "mine.parquet"
    }  # fmt: skip


def test_what_is_no_snapshot_is_neither_replaced_nor_deleted_whatever_its_name(before, tmp_path):
    file = tmp_path / "2021-04-01.parquet"
    pd.DataFrame({"beds": [1]}).to_parquet(file)
    for content in (file.read_bytes(), b"a text"):
        file.write_bytes(content)
        with pytest.raises(
            qi.RegisterError,
            match=r"2021-04-01\.parquet' is no snapshot of a register, and one would replace it; "
            r"it was left as it is\. Move it elsewhere, or give another folder: --snapshots FOLDER",
        ):
            qi.snapshots.keep_snapshot(before.override(as_of="2021-04-01"), tmp_path)
        assert qi.snapshots.delete_snapshots(tmp_path, day("2022-01-01")) == []
        assert file.read_bytes() == content
        assert qi.snapshots.list_snapshots(tmp_path)["projects"].isna().all()


STORED = {
    "no JSON": lambda stored: b"{", "a list": lambda stored: b"[]", "nothing": lambda stored: b"",
    "no day": lambda stored: changed(stored, as_of=None),
    "a day that is none": lambda stored: changed(stored, as_of="Tuesday"),
    "a profile that is no text": lambda stored: changed(stored, profile=[1]),
    "a quarantine cut short": lambda stored: changed(stored, quarantine={"source_row": ["x"]}),
    "another basis": lambda stored: changed(stored, basis="ended"),
}  # fmt: skip


def changed(stored: bytes, **facts) -> bytes:
    """Return what a snapshot stores with facts that are others, or left out."""
    given = {**json.loads(stored), **facts}
    return json.dumps({name: fact for name, fact in given.items() if fact is not None}).encode()


@pytest.mark.parametrize("damage", STORED)
def test_a_snapshot_whose_own_words_are_damaged_is_refused_in_a_sentence(damage, before, tmp_path):
    file, _ = qi.snapshots.keep_snapshot(before, tmp_path)
    found = pq.read_table(file)
    stored = STORED[damage](found.schema.metadata[b"qi_analysis.cleaned"])
    pq.write_table(found.replace_schema_metadata({b"qi_analysis.cleaned": stored}), file)
    sentence = (
        rf"^{file.name} is a damaged snapshot: what it holds beside its projects cannot be read\. "
        r"Make it again with `qi-analysis clean`\.$"
    )
    kept = qi.snapshots.KeptRegisters(tmp_path, "elft")
    for read in (lambda: qi.load_register(file), lambda: kept[0]):
        with pytest.raises(qi.RegisterError, match=sentence):
            read()
    qi.snapshots.list_snapshots(tmp_path)


def test_a_snapshot_of_another_format_is_refused_with_what_to_do(before, tmp_path, monkeypatch):
    monkeypatch.setattr("qi_analysis.snapshots.FORMAT", 1)
    qi.snapshots.write_snapshot(before, tmp_path / "old.parquet")
    monkeypatch.undo()
    with pytest.raises(
        qi.RegisterError,
        match=r"old.parquet is a snapshot of format 1, and this version of qi-analysis reads "
        r"format 3. Make it again from its export with `qi-analysis clean`, or read it with",
    ):
        qi.load_register(tmp_path / "old.parquet")


def history(later: qi.Register, earlier: qi.Register, folder) -> list[str]:
    """Return the warnings that comparing two registers calls for."""
    file, _ = qi.snapshots.keep_snapshot(earlier, folder)
    lost, doubts = warn_of_history(later, file)
    return [*lost, *doubts]


@pytest.mark.parametrize(("rows", "warns"), [(8, True), (9, False), (10, False), (12, False)])
def test_a_fifth_fewer_rows_than_the_last_snapshot_is_warned_of(rows, warns, tmp_path):
    def register(n):
        lines = "\n".join(f"{i}|Falls|Rehab|yes" for i in range(n))
        return cleaned_register(f"ID|Title|Group|Carers involved\n{lines}", "2021-04-01")

    warnings = history(register(rows), register(10), tmp_path)
    said = (
        "The export has 8 rows and the snapshot of 1 April 2021 had 10: 20% fewer. Check that the "
        "whole register was exported."
    )
    assert warnings == ([said] if warns else [])


def test_a_profile_that_has_changed_since_is_warned_of(before, after, tmp_path):
    text = qi.load_profile().text
    other = parse_profile(text.replace(b'"Live", ', b'"Live", "Alive", '), "cnwl.toml")
    assert history(after.override(profile=other), before, tmp_path) == [
        "The profile has changed since the snapshot of 1 April 2021: a change since then may come "
        "from the profile's words and not from the projects."
    ]


@pytest.mark.parametrize("rows", ["X|Falls|Rehab|yes", "1|Quite another title|Rehab|yes"])
def test_another_registers_snapshots_are_refused(rows, before, tmp_path):
    qi.snapshots.keep_snapshot(before, tmp_path)
    other = cleaned_register(f"ID|Title|Group|Carers involved\n{rows}", "2021-05-04")
    with pytest.raises(
        qi.RegisterError,
        match=r"^The snapshot of 1 April 2021 in '.*' is of another register: no project has the "
        r"same identifier and title in both\. Keep each one's .*: --snapshots FOLDER\.$",
    ):
        check_owner(other, tmp_path)


def test_another_trusts_snapshots_are_refused_and_a_name_in_other_letters_is_not(before, tmp_path):
    qi.snapshots.keep_snapshot(before, tmp_path)
    trust = before.profile.trust
    for name in (trust, trust.upper().replace("AND", "&")):
        ours = dataclasses.replace(before.profile, trust=name)
        check_owner(before.override(profile=ours), tmp_path)
    other = before.override(profile=dataclasses.replace(before.profile, trust="Westmere"))
    with pytest.raises(
        qi.RegisterError,
        match=rf"^'.*' holds snapshots of {trust}, and this register is of Westmere\. Keep each",
    ):
        check_owner(other, tmp_path)


def test_a_register_is_its_own_whatever_else_has_changed(before, after, tmp_path):
    qi.snapshots.keep_snapshot(before, tmp_path)
    check_owner(after, tmp_path)
    check_owner(after.override(profile=dataclasses.replace(after.profile, sha256="new")), tmp_path)
    check_owner(after.override(definition="any"), tmp_path)
    check_owner(after, tmp_path / "absent")


def test_a_folder_that_cannot_be_written_is_refused_by_name(before, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        qi.RegisterError,
        match=r"A snapshot cannot be written in '.*file': .*. Give another folder: --snapshots",
    ):
        qi.snapshots.keep_snapshot(before, tmp_path / "file")


@contextlib.contextmanager
def another_user():
    """Be nobody for a moment: no permission binds whoever may do anything."""
    mighty = os.geteuid() == 0
    if mighty:
        os.seteuid(65534)
    try:
        yield
    finally:
        if mighty:
            os.seteuid(0)


@pytest.mark.skipif(os.name != "posix", reason="files have no owner's permissions here")
def test_what_this_user_may_not_read_is_neither_damaged_nor_anybodys(before, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # whose parents are closed to others
    tmp_path.chmod(0o755)
    for when in ("2021-02-01", "2021-04-01"):
        qi.snapshots.keep_snapshot(before.override(as_of=when), "kept")
    closed, why = Path("kept/2021-04-01.parquet"), r"cannot be read: this user has no permission"
    way_out = r"Have it made readable, or give another folder: --snapshots FOLDER\."
    closed.chmod(0)
    Path("kept").chmod(0o777)
    with another_user():
        check_owner(before, "kept")  # the other tells whose they are
        with pytest.raises(
            qi.RegisterError,
            match=rf"^A snapshot would replace '{closed}', which {why}\. It was left as it is\. "
            rf"{way_out}$",
        ):
            qi.snapshots.keep_snapshot(before, "kept")
        with pytest.raises(
            qi.RegisterError,
            match=rf"^2021-04-01\.parquet {why}\. Have it made readable, or run as a user who may",
        ):
            qi.load_register(closed)
        said = command("snapshots", "--profile", "cnwl", "--snapshots", "kept").stdout
        assert f"\n{closed.name}  {why}  older than 60 months, and stays\n" in said
        assert qi.snapshots.delete_snapshots("kept", day("2022-01-01")) == ["2021-02-01.parquet"]
        with pytest.raises(
            qi.RegisterError,
            match=rf"^Whose snapshots 'kept' holds is not known, as '{closed.name}' {why}\. "
            rf"{way_out}$",
        ):
            check_owner(before, "kept")
    assert os.listdir("kept") == [closed.name]
    Path("kept").chmod(0o333)
    with (
        another_user(),
        pytest.raises(
            qi.RegisterError,
            match=rf"^The folder 'kept' cannot be listed: this user has no permission\. {way_out}$",
        ),
    ):
        check_owner(before, "kept")


def test_the_example_and_a_year_of_snapshots_of_it_tell_the_same_story(example, tmp_path):
    register = example.projects
    before_2021 = register[register["start_date"] < "2021-01-01"]
    older = example.override(projects=before_2021, as_of="2021-01-01")
    file, _ = qi.snapshots.keep_snapshot(older, tmp_path)
    changes = qi.snapshots.find_changes(qi.load_register("example", earlier=file))
    started = (register["start_date"] >= "2021-01-01") | register["start_date"].isna()
    counts = qi.snapshots.summarise_changes(changes).set_index("change")["projects"]
    assert counts["new"] == started.sum()
    since = before_2021["first_involved_date"] >= "2021-01-02"
    assert counts["became_involved"] == (since & (before_2021["approach"] == "doing_with")).sum()
    assert counts.drop(["new", "became_involved"]).sum() == 0
