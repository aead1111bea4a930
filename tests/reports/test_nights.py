"""A scheduled night: what came of the register is neither lost nor silently wrong."""

import dataclasses
import json
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from processes import Runs

import qi_analysis as qi
from qi_analysis.counts.history import count_live
from qi_analysis.profile import parse_profile
from qi_analysis.reports.inputs import add_history, read_whole_input
from qi_analysis.reports.output import MADE_BY, check_owner_of_reports
from qi_analysis.snapshots import find_changes

pytestmark = pytest.mark.usefixtures("one_engine")
HEADINGS = "ID,Title,Group,Status,Start,Level of involvement"
KEPT = "snapshots/2021-05-04.parquet"


def export(rows=20, headings=HEADINGS, group="Rehab") -> str:
    """Return an export: of every four projects, one is Goodall's and the others are a group's."""
    lines = [
        f"{i},Project {i},{group if i % 4 else 'Goodall'},Live,01/04/2020,Big I"
        for i in range(1, rows + 1)
    ]
    return "\n".join([headings, *lines, ""])


def read(home: Path, text: str, day: str = "2021-05-04", profile: qi.Profile | None = None):
    """Read the export of a day as a run does, and keep its snapshot."""
    register = home / f"register_{day}.csv"
    register.write_text(text, "utf-8")
    profile = profile or qi.load_profile("cnwl")
    return add_history(read_whole_input(register, profile), home / "snapshots", profile)


def test_a_register_that_lost_much_is_heard_by_a_quiet_run_and_takes_no_fuller_ones_place(tmp_path):
    night = Runs(tmp_path)
    night.register = tmp_path / "register_2021-05-04.csv"
    assert not read(tmp_path, export()).urgent(None)
    night.register.write_text(export(4), "utf-8")
    kept = (tmp_path / KEPT).read_bytes()
    lost = (
        "The export has 4 rows and the snapshot of 4 May 2021 had 20: 80% fewer. Check that the "
        "whole register was exported."
    )
    for words in (["--quiet"], []):  # and not only the first time
        done = night.run(*words)
        assert done.returncode == 0
        dated = rf"\d{{4}}(-\d\d){{2}} \d\d(:\d\d){{2}} Warning: {re.escape(lost)}\n"
        first, age = (*done.stderr.splitlines(keepends=True), "", "")[:2]
        assert re.fullmatch(dated if words else "", first)
        assert age.endswith(
            "days old: it describes 4 May 2021. Export it again if you can.\n" * bool(words)
        )
        assert (tmp_path / KEPT).read_bytes() == kept
    assert "has more than this register and was left as it is. If this one is" in done.stdout
    record = json.loads((night.out / "run.json").read_text("utf-8"))
    assert (record["snapshot"], record["urgent"][0]) == ("left", lost)
    assert record["cleaning"]["warnings"][0] == lost  # which stands on every page
    assert read(tmp_path, export(4), "2021-05-05").urgent(None) == [lost]
    late = read(tmp_path, export(4), "2021-05-03")
    assert late.urgent(date(2021, 5, 2)) == [
        "This register describes 3 May 2021, and one of 5 May 2021 was read before. Check that it "
        "is the latest.",
        "The register is taken to describe 3 May 2021, which is to come.",
    ]
    assert late.warnings == ()  # no page depends on what was read before


CHANGED = {
    "a status under another heading": (
        lambda text: text.replace("Status", "Where it is"),
        "The export says nothing any more under 'Project Status', and the snapshot of 4 May 2021 "
        "did. Check whether its heading has changed: nothing can be said of that now.",
    ),
    "a status and dates that are blank": (
        lambda text: text.replace("Live,01/04/2020", ","),
        "The export says nothing any more under 'Project Status' and 'Start Date', and the "
        "snapshot of 4 May 2021 did. Check whether their headings have changed: nothing can be "
        "said of that now.",
    ),
    "a level that is blank for a fifth of those that had one": (
        lambda text: text.replace("Big I", "", 4),
        None,
    ),
    "a level that is blank for five": (
        lambda text: text.replace("Big I", "", 5),
        "The export says nothing any more under 'Level of Involvement' (5 of 20), of projects that "
        "the snapshot of 4 May 2021 did. Check that all cells were exported.",
    ),
    "a status filled down": (
        lambda text: text.replace("Live,", "Completed,", 7),
        "13 projects are live, and in the snapshot of 4 May 2021 20 were: 35% fewer. Check that "
        "status and dates were exported as they are.",
    ),
    "a status of six": (lambda text: text.replace("Live,", "Completed,", 6), None),
    "many more": (
        lambda text: text + "\n".join(export(27).splitlines()[-7:]),
        "27 projects are live, and in the snapshot of 4 May 2021 20 were: 35% more. Check that "
        "status and dates were exported as they are.",
    ),
    "a directorate that has gone": (
        lambda text: "".join(line for line in text.splitlines(True) if "Goodall" not in line),
        "No project of Goodall (5 projects) is left of the snapshot of 4 May 2021. Check that they "
        "were exported.",
    ),
    "a directorate by a name that nobody knows": (
        lambda text: text.replace("Goodall", "Goodall & North"),
        "All 5 projects of Goodall bear a directorate now that the profile does not know ('Goodall "
        "& North'). Add it to Goodall's names in the profile, if it is the same.",
    ),
    "a directorate that is blank, but for one name": (
        lambda text: text.replace("Goodall", "", 4).replace("Goodall", "Goodall & North"),
        "All 5 projects of Goodall bear a directorate now that the profile does not know ('Goodall "
        "& North'), or none. Add it to Goodall's names in the profile, if it is the same.",
    ),
    "a directorate that nobody names": (
        lambda text: text.replace("Goodall", ""),
        "All 5 projects of Goodall bear no directorate now. Check that the column was exported "
        "whole.",
    ),
    "words that nobody knows": (
        lambda text: text.replace("Rehab,Live", "Rehab,Phase 2", 8),
        "Of the export 12 projects can be read, and the snapshot of 4 May 2021 had 20: 40% fewer. "
        "Check why the others were set aside.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGED)
def test_what_a_register_does_not_say_any_more_is_urgent(change, tmp_path):
    changed, sentence = CHANGED[change]
    assert not read(tmp_path, export()).urgent(None)
    said = read(tmp_path, changed(export()), "2021-05-05").urgent(None)
    assert sentence in said if sentence else said == []


def test_a_register_with_more_live_projects_replaces_that_days_snapshot(tmp_path):
    """The first may have been wrong, and this one mended."""
    read(tmp_path, export(30).replace("Live,", "Proposed,", 9), "2021-05-05")
    assert read(tmp_path, export(30), "2021-05-05").history.status == "replaced"


def test_an_export_in_which_nothing_has_changed_for_a_month_is_urgent(tmp_path):
    """As where the last one was copied under the name of today's."""
    read(tmp_path, export())
    lines = export().splitlines()
    same = "\n".join([lines[0], *lines[:0:-1], ""])  # in another order
    assert read(tmp_path, same, "2021-05-31").urgent(None) == []
    (tmp_path / "snapshots" / "2021-05-31.parquet").unlink()
    assert read(tmp_path, same, "2021-06-01").urgent(None) == [
        "No project differs from the snapshot of 4 May 2021, 28 days before. Check that the export "
        "is a new one."
    ]
    assert read(tmp_path, same.replace("Big I", "Little i", 1), "2021-07-01").urgent(None) == []


def test_a_level_that_nobody_has_is_refused_as_every_rate_would_be_0(tmp_path):
    blank = export().replace("Big I", "")
    said = (
        r"^register_2021-05-04\.csv has nothing under 'Involvement level', so nobody can tell "
        r"which projects count as meaningful \(doing with\)\. Export it whole, or choose another "
        r"--definition\.$"
    )
    with pytest.raises(qi.RegisterError, match=said):
        read(tmp_path, blank)
    read(tmp_path, export(4).replace("Big I", ""))  # of a few, that may be so


def test_a_directorate_by_another_name_and_a_profile_with_a_comment_are_nothing_lost(tmp_path):
    ours = qi.load_profile("cnwl").text
    read(tmp_path, export())
    same = parse_profile(b"# A comment.\n\n" + ours, "renamed.toml")
    assert read(tmp_path, export(), profile=same).history.status == "unchanged"
    assert read(tmp_path, export(group="Jameson"), "2021-05-05", same).warnings == ()
    other = parse_profile(ours.replace(b'["Live", ', b'["Live", "Alive", '), "cnwl.toml")
    (said,) = read(tmp_path, export(group="Jameson"), "2021-05-06", other).warnings
    assert said.startswith("The profile has changed since the snapshot of 5 May 2021: ")
    assert read(tmp_path, export(), "2021-05-06").history.status == "replaced"


def test_identifiers_that_name_other_projects_make_what_changed_unknown(tmp_path):
    read(tmp_path, export())
    later = read(tmp_path, export().replace("Project 1", "Something else 1"), "2021-05-05")
    assert later.warnings == (
        "Of 20 identifiers that the snapshot of 4 May 2021 has too, 11 have another title: if they "
        "were given to other projects, what has changed since then is not known.",
    )
    assert later.urgent(None) == []
    other = read(tmp_path, export().replace("\n1", "\nQI-1"), "2021-05-03", qi.load_profile("cnwl"))
    assert other.history.status == "kept"
    last = read(tmp_path, export(), "2021-05-04")
    assert last.warnings == (
        "Of 20 projects of the snapshot of 3 May 2021, 11 bear another identifier now, as their "
        "titles show: what has changed since then is not known.",
    )


def test_a_directorate_in_other_letters_has_not_become_another(tmp_path):
    text = qi.load_profile("cnwl").text
    begins, ends = text.index(b'"Jameson" ='), text.index(b"# Programmes;")
    profile = parse_profile(text[:begins] + text[ends:], "free.toml")  # each name is its own
    read(tmp_path, export(group="Quiet Ward"), "2021-03-31", profile)
    later = read(tmp_path, export(group="QUIET WARD"), profile=profile).register
    assert find_changes(later).empty
    live = count_live(later.select(directorate="QUIET WARD")).set_index("period")
    assert live.loc["2021-01-01", ["denominator", "source"]].tolist() == [
        15, "that day's register"
    ]  # fmt: skip


def test_a_snapshot_that_the_last_run_kept_and_is_gone_is_urgent(tmp_path):
    read(tmp_path, export())
    (tmp_path / KEPT).unlink()
    register, profile = tmp_path / "register_2021-05-05.csv", qi.load_profile("cnwl")
    register.write_text(export(), "utf-8")
    inputs, last = read_whole_input(register, profile), {"as_of": "2021-05-04", "snapshot": "kept"}
    said = add_history(inputs, tmp_path / "snapshots", profile, last)
    assert said.urgent(None) == [
        "The snapshot of 2021-05-04, which the last run kept, is not in the folder of snapshots "
        "any more: nothing can be said of what has changed since. Put it back if you can."
    ]
    assert said.warnings == ()
    other = add_history(inputs, tmp_path / "snapshots", profile, {**last, "snapshot": "not kept"})
    assert other.urgent(None) == []


def test_a_damaged_snapshot_costs_nothing_of_those_before_it(tmp_path):
    read(tmp_path, export())
    (tmp_path / "snapshots" / "2021-05-05.parquet").write_bytes(b"PAR1 damaged")
    later = read(tmp_path, export(4), "2021-05-06")
    assert [kept.as_of.day for kept in later.register.earlier] == [4]
    damaged, fewer = later.urgent(None)
    assert damaged.startswith("Changes since the snapshot of 5 May 2021 are not told. 2021-05-05.")
    assert fewer.startswith("The export has 4 rows and the snapshot of 4 May 2021 had 20")


def test_where_nothing_tells_what_is_meaningful_no_report_says_that_nothing_is(tmp_path):
    read(tmp_path, export())
    headings = "ID,Title,Group,Status,Start,Carer involved?,How involved"
    text = export(headings=headings).replace("01/04/2020,", "01/04/2020,Y,")
    with pytest.raises(
        qi.RegisterError,
        match=r"^register_2021-05-05\.csv has no column 'Involvement level', so nobody can tell "
        r"which projects count as meaningful \(doing with\)\. Add the export's heading to "
        r"involvement_level's in the profile, or choose another --definition\.$",
    ):
        read(tmp_path, text, "2021-05-05")
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == ["2021-05-04.parquet"]
    later = qi.load_register(tmp_path / "register_2021-05-05.csv")
    table = qi.compare_definitions(later.override(definition="any"))
    assert table[["definition", "numerator"]].to_numpy().tolist() == [["any", 20]]
    before = qi.load_register(tmp_path / KEPT)
    assert qi.snapshots.compare_snapshots(before, later).empty  # nobody ceased to involve people
    since = before.override(as_of="2021-06-01", earlier=[later.override(as_of="2021-03-31")])
    assert "that day's register" not in set(count_live(since).head(-1)["source"])


def test_the_latest_export_that_is_a_link_to_nothing_is_not_passed_over(tmp_path):
    folder, profile = tmp_path / "exports", qi.load_profile("cnwl")
    folder.mkdir()
    link = folder / "register_2021-05-06.csv"
    link.symlink_to(tmp_path / "gone.csv")
    said = f"'{link}' is a link that leads to no file. Mend it, or remove it."
    with pytest.raises(qi.RegisterError, match=f"^{re.escape(said)}$"):
        read_whole_input(folder, profile)
    (folder / "register_2021-05-07.csv").write_text(export(), "utf-8")
    inputs = add_history(read_whole_input(folder, profile), tmp_path / "snapshots", profile)
    assert inputs.warnings == (f"The earlier export {link.name} was passed over. {said}",)


def test_a_later_export_of_a_kind_that_is_not_read_is_urgent(tmp_path):
    folder, profile = tmp_path / "exports", qi.load_profile("cnwl")
    folder.mkdir()
    (folder / "register_2021-05-04.csv").write_text(export(), "utf-8")
    for name in ("register_2021-05-03.csv.gz", "register_2021-05-04.log", "2021-05-09 minutes.pdf"):
        (folder / name).write_bytes(b"other")
    assert read_whole_input(folder, profile).urgent(None) == []
    (folder / "Register_2021-05-05.csv.gz").write_bytes(b"packed")
    (folder / "register_2021-05-06.csv").mkdir()
    said = (
        "Of the folder 'exports', register_2021-05-04.csv was read: 'Register_2021-05-05.csv.gz' "
        "and 'register_2021-05-06.csv' bear a later date and are of no kind that is read. Unpack "
        "it, or export the register as CSV or as an Excel workbook (.xlsx)."
    )
    inputs = read_whole_input(folder, profile)
    assert inputs.urgent(None) == [said]
    assert said in inputs.notes(None)
    assert said in qi.read_register(folder).attrs["warnings"]


@pytest.mark.parametrize(
    ("read", "later", "others"),
    [
        ("register 4 May 2021.csv", ["register 2 Aug 2021.csv.gz", "register Sept 2021.csv"],
         ["minutes Sept 2021.docx", "register v1.2.csv"]),
        ("register_2021-05-04.csv", ["register_1630086400.csv"], ["register_12.csv"]),
        ("2021-05-04.csv", ["2021-08-02.csv.gz", "Sept 2021.csv"], ["minutes Sept 2021.docx"]),
        ("QI register 4th May 2021.csv", ["QI_register_Q3_2021.csv"], ["register Sept 2021.csv"]),
    ],
)  # fmt: skip
def test_the_words_of_a_name_without_its_date_tell_which_others_are_alike(
    read, later, others, tmp_path
):
    for name in (read, *others):
        (tmp_path / name).write_text(export(), "utf-8")
    profile = qi.load_profile("cnwl")
    assert read_whole_input(tmp_path, profile).urgent(None) == []
    for name in later:
        (tmp_path / name).write_text(export(), "utf-8")
        (said,) = read_whole_input(tmp_path, profile).urgent(None)
        assert f"{read} was read: '{name}' " in said
        (tmp_path / name).unlink()


def test_an_export_without_a_day_in_its_name_that_may_be_a_later_one_is_urgent(tmp_path):
    folder, profile = tmp_path / "exports", qi.load_profile("cnwl")
    folder.mkdir()
    others = ("register 2020.csv", "register_v2.csv", "notes 2021.txt", "register.csv", "2021.csv")
    for name in ("register_2021-05-04.csv", *others):
        (folder / name).write_text(export(), "utf-8")
    assert read_whole_input(folder, profile).urgent(None) == []
    for name in ("Register Sept 2021.csv", "register_210902.xlsx", "register_2.9.21.csv.gz"):
        (folder / name).write_text(export(), "utf-8")
    inputs = read_whole_input(folder, profile)
    assert inputs.urgent(None) == [
        "Of the folder 'exports', register_2021-05-04.csv was read: 'Register Sept 2021.csv', "
        "'register_2.9.21.csv.gz' and 'register_210902.xlsx' may be later, and no day can be read "
        "in the name. Name each export like register_2021-05-04.csv, or move what is none "
        "elsewhere."
    ]
    assert inputs.urgent(None)[0] in inputs.notes(None)


def test_a_register_of_more_than_100_days_ago_is_urgent_as_exports_may_have_stopped(tmp_path):
    inputs = read(tmp_path, export())
    assert inputs.urgent(date(2021, 8, 12)) == []  # 100 days
    (old,) = inputs.urgent(date(2021, 8, 13))
    assert old == (
        "The register is 101 days old: it describes 4 May 2021. Export it again if you can."
    )
    assert old in inputs.notes(date(2021, 8, 13))
    back = read_whole_input(tmp_path / "register_2021-05-04.csv", inputs.register.profile,
                            as_of="2020-01-01")  # fmt: skip
    assert back.urgent(date(2021, 8, 12)) == []  # the day asked for is older, the export is not


@pytest.mark.parametrize("cut", [3, 9, 20])
def test_an_export_that_is_still_being_written_is_urgent(cut, tmp_path):
    later = read(tmp_path, export(19)[:-1] + "\n20,Project 20,Goodall,Live,01/04/2020"[:cut])
    said = (
        "register_2021-05-04.csv ends in the middle of a row, as does a file that is not written "
        "whole: more rows may be missing. Export it again."
    )
    assert later.urgent(None) == [said]
    assert said in later.warnings  # and on the pages


def test_a_line_below_an_export_is_no_row_cut_off(tmp_path):
    for end in ("\n", "\n\nExported by the QI team", "\nTotal: 19"):
        assert read(tmp_path, export(19)[:-1] + end).urgent(None) == []


def test_an_export_of_which_a_part_was_not_copied_is_urgent(tmp_path):
    whole = export(200)
    later = read(tmp_path, whole[:5000] + "\0" * 512 + whole[5512:])
    said = (
        "register_2021-05-04.csv holds zeros in place of text, as does a file that is not copied "
        "whole: rows are missing. Copy it again."
    )
    assert later.urgent(None) == [said]
    assert said in later.warnings


def test_a_damaged_record_does_not_hand_a_folder_to_another_trust(tmp_path):
    register = qi.Register(pd.DataFrame({"project_id": ["1"], "title": ["Falls"]}), profile="cnwl")
    name = register.profile.trust.replace("and", "&amp;")
    (tmp_path / "run.json").write_text("{", "utf-8")
    (tmp_path / "index.html").write_bytes(f"<p>{name}</p>".encode() + MADE_BY)
    check_owner_of_reports(tmp_path, register)
    other = dataclasses.replace(register.profile, trust="Westmere")
    with pytest.raises(
        qi.RegisterError,
        match=rf"^Whose reports '{tmp_path}' holds is not known, as 'run\.json' is damaged or "
        r"gone, and 'index\.html' is not of Westmere\. Give another folder: --out FOLDER\.$",
    ):
        check_owner_of_reports(tmp_path, register.override(profile=other))
