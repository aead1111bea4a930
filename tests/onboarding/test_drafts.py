"""A profile begun, checked and read back on the command line; and what it is said to mean."""

import shlex
import subprocess
import sys
from contextlib import closing

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import ROOT
from processes import REGISTER

import qi_analysis as qi
from qi_analysis.cli import app
from qi_analysis.core.files import SHIPPED
from qi_analysis.onboarding.draft import check_decided, describe_questions
from qi_analysis.profile import Question, find_faults, parse_profile
from qi_analysis.reports.inputs import read_input

EXPORT = ROOT / "data" / "raw" / "other_example.csv"


def run(*arguments) -> tuple[int, str]:
    """Run the command line; return its exit code and its output, on one line."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """Return the path of a profile that was begun from the other example, and what was said."""
    path = tmp_path_factory.mktemp("our trust's") / "our_trust.toml"
    code, output = run("profile", "new", EXPORT, path)
    assert code == 0
    return path, output


@pytest.fixture
def own(tmp_path, begun):
    """Return the path of such a profile, to be changed."""
    path = tmp_path / "our_trust.toml"
    path.write_bytes(begun[0].read_bytes())
    return path


def test_a_new_profile_says_what_is_sure_what_is_not_and_what_to_do_next(begun):
    _, output = begun
    assert "10 of 12 headings were mapped for sure: 'QI Ref' as project_id," in output
    assert "Unsure: 'What are you improving?' as title: the heading hints at it" in output
    to_decide = "Words of involvement_level to be decided: 'Partner on the team' (35 rows, perhaps"
    assert f"{to_decide} doing_with)." in output
    assert "Left out: 'Project Lead' (it may hold the names of people)." in output


def test_the_command_that_comes_next_can_be_given_as_it_is_shown(begun):
    path, output = begun
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
    line = 1 + own.read_text("utf-8").splitlines().index(
        next(x for x in own.read_text("utf-8").splitlines() if x.startswith("# ? title"))
    )
    assert output.endswith(
        f"Line {line} of our_trust.toml proposes one: take '# ? ' off its beginning if it is "
        "right, or mend it."
    )
    text = own.read_text("utf-8").replace("# ? title = ", "title = ")
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
    lines = "13 open questions, lines that begin with '# ?' or '# To decide:'"
    assert f"our_trust.toml has {lines}: [trust] 13; [headings] " in output
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


def decide(own, *, name: bool = True, meaning: bool = True, rest: bool = False) -> None:
    """Decide what a new profile leaves open."""
    text = own.read_text("utf-8").replace("# ? title = ", "title = ")
    text = text.replace("doing_with = [", 'doing_with = ["Partner on the team", ')
    text = text.replace("Our trust", "Valley Trust") if name else text
    lines = [x for x in text.splitlines() if not (meaning and "trust counts as" in x)]
    lines = [x for x in lines if not (rest and x.startswith(("# ?", "# To decide:")))]
    own.write_text("\n".join(lines), "utf-8")


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_no_report_is_made_while_it_is_open_whose_it_is_or_what_it_counts(own, tmp_path, audience):
    out = tmp_path / "reports"
    command = ("report", EXPORT, "--profile", own, "--out", out, "--audience", audience)
    decide(own, name=False, meaning=False)
    code, output = run(*command)
    line = own.read_text("utf-8").partition("# To decide: is this what")[0].count("\n") + 1
    assert (code, output) == (
        2,
        "our_trust.toml leaves open the trust's name ([trust]) and what counts as meaningful (line"
        f" {line}), and every report says so. Write your own words there, delete the lines that "
        "begin with '# To decide:', and run again.",
    )
    assert not out.exists()
    decide(own, meaning=False)
    assert "leaves open what counts as meaningful (line " in run(*command)[1]


def test_the_name_alone_may_be_open():
    text = (SHIPPED / "cnwl.toml").read_text("utf-8").replace('"CNWL"', '"Our trust"')
    profile = parse_profile(text.encode(), "own.toml")
    sentence = r"^own\.toml leaves open the trust's name \(\[trust\]\), and every report says so\."
    with pytest.raises(qi.RegisterError, match=sentence):
        check_decided(profile)
    check_decided(qi.load_profile())


def test_check_and_report_say_what_is_open_and_which_lines(own, tmp_path):
    decide(own)
    lines = "11 open questions, lines that begin with '# ?' or '# To decide:'"
    sentence = f"our_trust.toml has {lines}: [trust] 13;"
    assert f"Warning: {sentence}" in run("check", EXPORT, "--profile", own)[1]
    assert sentence in run("profile", "check", own)[1]
    noted = read_input(EXPORT, qi.load_profile(own)).notes(None)
    assert [note for note in noted if note.startswith(sentence)]
    decide(own, rest=True)
    assert "open question" not in run("check", EXPORT, "--profile", own)[1]


def test_the_section_of_a_question_is_that_above_it_or_else_below():
    text = (
        '[trust]\n# To decide: a name\nname = "A"\nshort_name = "A"\n\n'
        "# Aims.\n# To decide: yours\n# [[aims]]\n\n"
        '[definitions.any]\napproach = "doing_to"\n# ? label = "Any"\n'
    )
    text = text.replace("\n", "\r\n")  # as Windows ends its lines
    questions = parse_profile(text.encode(), "own.toml").questions
    assert questions == [
        Question(2, "trust", "a name"),
        Question(7, "aims", "yours"),
        Question(12, "definitions.any", 'label = "Any"'),
    ]
    one = text.replace("# To decide: a name\r\n", "").replace("# To decide: yours\r\n", "")
    assert describe_questions(parse_profile(one.encode(), "own.toml")) == [
        "own.toml has 1 open question, the line that begins with '# ?' or '# To decide:': "
        "[definitions] 10."
    ]


def test_a_column_left_out_on_purpose_is_neither_read_nor_warned_of(own):
    decide(own)
    warning = "Columns that the profile does not know were left out: 'Project Lead'."
    assert warning in run("check", EXPORT, "--profile", own)[1]
    text = own.read_text("utf-8")
    assert '# ? leave_out = ["Project Lead"]  # it seems to hold names or personal data' in text
    own.write_text(text.replace("# ? leave_out", "leave_out"), "utf-8")
    code, output = run("check", EXPORT, "--profile", own)
    assert code == 0
    assert "Project Lead" not in output
    register = qi.load_register(EXPORT, own)
    assert "Project Lead" not in " ".join(register.cleaning.warnings)
    assert "Left out on purpose: 'Project Lead'." in run("profile", "check", own, EXPORT)[1]


def test_what_is_left_out_on_purpose_is_not_read_though_a_column_bears_its_name(tmp_path):
    text = (SHIPPED / "cnwl.toml").read_text("utf-8")
    assert text.count("leave_out = []\n") == 1
    own = tmp_path / "own.toml"
    text = text.replace("leave_out = []", 'leave_out = ["outcome!", "LEAD"]')
    own.write_text(text.replace('outcome = ["Outcome"]', ""), "utf-8")
    raw = pd.DataFrame({"ID": ["1"], "Title": ["Falls"], "Group": ["Rehab"], "Outcome": ["Fewer"],
                        "Carer Involved?": ["Y"], "Lead": ["ring 07700 900123"],
                        "lead": ["ann@example.org"]})  # fmt: skip
    cleaned = qi.clean_register(raw, own)
    assert cleaned.register["outcome"].isna().all()
    assert "outcome" not in cleaned.asked
    assert cleaned.warnings == qi.clean_register(raw.iloc[:, [0, 1, 2, 4]], own).warnings
    again = qi.clean_register(cleaned.register, own)  # a clean register is read as it is
    pd.testing.assert_frame_equal(again.register, cleaned.register)


def test_a_heading_is_left_out_or_read_and_not_both(tmp_path):
    text = (SHIPPED / "cnwl.toml").read_text("utf-8")
    own = tmp_path / "own.toml"
    own.write_text(text.replace("leave_out = []", 'leave_out = ["team"]'), "utf-8")
    assert find_faults(own) == ["own.toml: 'Team' stands under both 'leave_out' and 'service'."]
    own.write_text(text.replace("leave_out = []", "leave_out = [3]"), "utf-8")
    assert find_faults(own) == ["own.toml: 'headings.leave_out' must be text; not 3."]


def test_a_name_that_holds_bytes_of_no_character_is_said_to(tmp_path):
    out, export = tmp_path / "reports", tmp_path / "export.csv"
    export.write_text(REGISTER)
    code, output = run("report", export, "--directorate", "Reh\udce9b", "--out", out)
    assert (code, output) == (
        2, "The name 'Reh\ufffdb' holds bytes that are no characters. Rename it, and run again.",
    )  # fmt: skip
    assert not (out / "index.html").exists()
