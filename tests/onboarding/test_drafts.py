"""A profile begun, checked and read back on the command line; and what it is said to mean."""

import shlex
import subprocess
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner
from conftest import ROOT

import qi_analysis as qi
from qi_analysis.cli import app
from qi_analysis.core.files import SHIPPED
from qi_analysis.profile import find_faults

EXPORT = ROOT / "data" / "raw" / "other_example.csv"


def run(*arguments) -> tuple[int, str]:
    """Run the command line; return its exit code and its output, on one line."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def own(tmp_path):
    """Return the path of a profile that was begun from the other example."""
    path = tmp_path / "our_trust.toml"
    assert run("profile", "new", EXPORT, path)[0] == 0
    return path


def test_a_new_profile_says_what_is_sure_what_is_not_and_what_to_do_next(tmp_path):
    path = tmp_path / "our_trust.toml"
    code, output = run("profile", "new", EXPORT, path)
    assert code == 0
    assert "10 of 12 headings were mapped for sure: 'QI Ref' as project_id," in output
    assert "Unsure: 'What are you improving?' as title: the heading hints at it" in output
    assert "Words of involvement_level to be decided: 'Partner on the team' (35 rows)." in output
    assert "Left out: 'Project Lead'." in output
    assert output.endswith(f"qi-analysis check {EXPORT} --profile {path}")


def test_the_command_that_comes_next_can_be_given_as_it_is_shown(tmp_path):
    path = tmp_path / "our trust's.toml"
    _, output = run("profile", "new", EXPORT, path)
    _, first, second = output.split("qi-analysis ")
    assert shlex.split(first) == ["profile", "check", str(path), str(EXPORT)]
    assert shlex.split(second) == ["check", str(EXPORT), "--profile", str(path)]


def test_a_profile_that_is_there_is_never_changed(own):
    before = own.read_bytes()
    code, output = run("profile", "new", EXPORT, own)
    assert (code, own.read_bytes()) == (2, before)
    assert (
        output == f"{own} is there already, and was left as it is. Give another name, or delete it."
    )


def test_a_folder_that_is_not_there_is_named(tmp_path):
    code, output = run("profile", "new", EXPORT, tmp_path / "none" / "own.toml")
    assert (code, output) == (2, f"There is no folder '{tmp_path / 'none'}' to write own.toml in.")


def test_a_file_without_headings_begins_no_profile(tmp_path):
    export = tmp_path / "numbers.csv"
    export.write_text("1,2,3\n4,5,6\n")
    code, output = run("profile", "new", export, tmp_path / "own.toml")
    assert code == 2
    assert output.startswith("numbers.csv has no row that looks like headings. Export the register")
    assert not (tmp_path / "own.toml").exists()


def test_until_the_title_is_decided_the_register_is_refused_and_two_lines_mend_it(own):
    code, output = run("check", EXPORT, "--profile", own)
    assert code == 2
    assert "other_example.csv has no column 'Title'." in output
    text = own.read_text("utf-8").replace("# ? check: title = ", "title = ")
    own.write_text(text.replace("doing_with = [", 'doing_with = ["Partner on the team", '), "utf-8")
    code, output = run("check", EXPORT, "--profile", own)
    assert code == 0
    assert "Of 81 rows in the export, 77 were accepted, 3 set aside to be corrected" in output
    assert "Warning: This is the example register: its projects are invented." in output


def test_what_a_person_decides_in_the_tables_is_in_force_in_the_draft(tmp_path):
    export = tmp_path / "export.csv"
    export.write_text(
        "Ref,Idea,Group,Level\n" + "A1,Falls,Eastern,Sat at the table\n" * 2
        + "A2,Sleep,Eastern,big i\n" * 2 + "A3,Meals,Eastrn,Told us\n" * 2
    )  # fmt: skip
    raw = qi.read_export(export)
    headings = qi.onboarding.propose_headings(raw)
    words = qi.onboarding.propose_words(raw, headings)
    assert not words.set_index("word").loc[["Sat at the table", "Eastrn", "Told us"], "sure"].any()
    words.loc[words["word"] == "Sat at the table", ["name", "sure"]] = ["doing_with", True]
    words.loc[words["word"] == "Eastrn", "sure"] = True
    path = tmp_path / "own.toml"
    path.write_text(qi.onboarding.draft_profile(headings, words), "utf-8")
    profile, shipped = qi.load_profile(path), qi.load_profile("cnwl")
    assert profile.levels["doing_with"] == ("Sat at the table", *shipped.levels["doing_with"])
    assert profile.levels["doing_for"] == shipped.levels["doing_for"]
    assert profile.directorates == {"Eastern": ("Eastrn",)}


def test_a_sound_profile_is_told_on_one_screen_with_the_lines_that_wait(own):
    code, output = run("profile", "check", own, EXPORT)
    assert code == 0
    assert "4 directorates: Coast, Hills, River, Valley." in output
    assert "There is no aim: [[aims]] sets one." in output
    assert "lines wait to be checked: 9," in output
    assert "10 of 12 headings are read: " in output
    assert "Left out: 'What are you improving?', 'Project Lead'." in output


def test_the_shipped_profile_has_an_aim_and_nothing_to_check():
    code, output = run("profile", "check", "cnwl")
    assert code == 0
    assert "The aim is 80% from 27 September 2018 and 100% from 1 January 2024." in output
    assert "20 directorates: Jameson, Goodall, Diggory, " in output
    assert "9 areas of work: Choosing the problem, " in output
    assert "to be checked" not in output


def test_every_fault_of_a_profile_is_told_at_once(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text(
        'lebels = 1\n[trust]\nnam = "x"\nname = 3\n[rules]\nbasis = "open"\nheadlin = 1\n'
        '[statuses]\nactive = ["a"]\npaused = ["A"]\n[areas]\nBig = 1\n[[aims]]\nrate = "80"\n'
        '[definitions.any]\napproach = "all"\n'
    )
    code, output = run("profile", "check", file)
    assert code == 2
    for sentence in (
        "unknown key 'lebels'. Did you mean 'levels'?",
        "unknown key 'trust.nam'. Did you mean 'name'?",
        "'trust.name' must be text; not 3.",
        "unknown key 'rules.headlin'. Did you mean 'headline'?",
        "'A' stands under both 'active' and 'paused'.",
        "'areas.Big' must be named in small letters, digits and '_'.",
        "'definitions.any.approach' must be 'doing_to', 'doing_for' or 'doing_with'; not 'all'.",
        "an aim needs a 'from' date and a 'rate'",
        "'rules.basis' must be 'active' or 'started'; not 'open'.",
    ):
        assert output.count(sentence) == 1, sentence


def test_faults_that_only_the_whole_shows_are_told_too(tmp_path):
    file = tmp_path / "bad.toml"
    file.write_text('[trust]\nname = "A"\n[definitions.any]\napproach = "doing_to"\n')
    assert find_faults(file) == ["bad.toml: 'trust.short_name' is missing."]
    file.write_text("[trust")
    assert find_faults(file)[0].startswith("bad.toml is not a TOML file that can be read: ")


def test_every_setting_that_is_wrong_is_told_whatever_else_is_wrong(tmp_path):
    own = (SHIPPED / "cnwl.toml").read_text("utf-8")
    for right, wrong in (
        ('headline = "doing_with"', 'headline = "doing"'),
        ('# disclosure = "mhsds"', 'disclosure = "abc"'),
        ('financial_year_starts = "April"', 'financial_year_starts = "Lent"'),
        ("snapshot_months = 60", "snapshot_months = 0"), ('short_name = "CNWL"', ""),
    ):  # fmt: skip
        assert own.count(right) == 1
        own = own.replace(right, wrong)
    file = tmp_path / "bad.toml"
    file.write_text(f'{own}\n[[rebases]]\nfrom = 2020-06-01\n[[rebases]]\nreason = "a"\n', "utf-8")
    faults = [fault.removeprefix("bad.toml: ") for fault in find_faults(file)]
    assert faults == [
        "a rebase needs a 'from' date and a 'reason'.",
        "'trust.short_name' is missing.",
        "'trust.financial_year_starts' must be a month; not 'Lent'.",
        "'rules.disclosure' must be 'hes', 'mhsds', 'lt10' or 'none'; not 'abc'.",
        "'rules.snapshot_months' must be 1 or more; not 0.",
        "'rules.headline' must be 'doing_with', 'any', 'several_areas' or 'with_and_several'; not "
        "'doing'.",
    ]
    with pytest.raises(qi.RegisterError):
        qi.load_profile(file)


def test_a_password_in_a_databases_url_is_not_said_again(tmp_path):
    sqlite3 = pytest.importorskip("sqlite3")
    with closing(sqlite3.connect(tmp_path / "qi.db")) as db, db:
        db.execute("CREATE TABLE projects (ref TEXT, stage TEXT, level TEXT)")
        db.execute("INSERT INTO projects VALUES ('A1', 'Live', 'Big I')")
    url = f"sqlite:///{tmp_path / 'qi.db'}"
    code, output = run("profile", "new", url, tmp_path / "own.toml", "--table", "projects")
    assert code == 0
    assert output.endswith(f"check URL --table projects --profile {tmp_path / 'own.toml'}")


def test_the_other_example_is_written_again_byte_for_byte(tmp_path):
    maker = tmp_path / "make_other_example.py"
    maker.write_bytes((ROOT / "data" / "raw" / "make_other_example.py").read_bytes())
    subprocess.run([sys.executable, maker], check=True)
    assert (tmp_path / "other_example.csv").read_bytes() == EXPORT.read_bytes()
