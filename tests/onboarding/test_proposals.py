"""A profile begun from an export: nothing unsure is taken, nothing personal written."""

import re
import tomllib

import pandas as pd
import pytest
from click.testing import CliRunner
from conftest import table
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis import onboarding
from qi_analysis.cli import app
from qi_analysis.core.text import match_key
from qi_analysis.profile import parse_profile

ODD = """
  QI Ref | What we are improving | Care Group    | Stage   | Kick-off | Ladder rung     | Owner
  A1     | Fewer falls on wards  | Mountain Care | Testing | 3/4/2023 | Partner on team | Jane Smith
  A2     | Shorter waits         | Mountain Care | Testing | 6 May 23 | Partner on team | Jane Smith
  A3     | Better handover       | River Care    | Closed  | 7/8/2023 | Asked for views | Ali Khan
  A4     | Packs for carers      | River Care    | Parked  | 9/1/2023 | Asked for views | Ali Khan
  A5     | Less paper in clinics | Valley Care   | Testing | 45242    | Nobody          | Dr Ann Day
  A6     | Quicker letters       | Valley Care   | Closed  | 1/2/2023 | Co-led          | Dr Ann Day
  A7     | Quicker phone calls   | Valley Care   | Closed  | Feb 2023 | Co-led          | Dr Ann Day
  A8     | Quicker first visits  | Valey Care    | Closed  | 1/2/2023 | Co-led          | Dr Ann Day
  A9     | Quicker last visits   | Valey Care    | Closed  | 1/2/2023 | Co-led          | Dr Ann Day
"""


def column(cells: str, heading: str = "Heading") -> pd.DataFrame:
    """Return an export of one column beside an identifier, eight rows of the cells in turn."""
    words = [cell.strip() for cell in cells.split(";")]
    values = [words[i % len(words)] for i in range(8)]
    return pd.DataFrame({"QI Ref": [f"A{i}" for i in range(8)], heading: values}, dtype=str)


def proposed(raw: pd.DataFrame) -> dict:
    """Return what is proposed of each heading: its column, and whether it is sure."""
    frame = onboarding.propose_headings(raw)
    return {row.heading: (row.column, row.sure) for row in frame.itertuples()}


def draft(raw: pd.DataFrame) -> str:
    """Return the profile that is begun from an export."""
    headings = onboarding.propose_headings(raw)
    return onboarding.draft_profile(headings, onboarding.propose_words(raw, headings))


@pytest.fixture(scope="module")
def odd() -> str:
    """Return the profile that is begun from that odd export."""
    return draft(table(ODD))


def test_levels_in_figures_and_other_ways_to_begin_and_end_are_proposed_and_not_taken():
    words = {
        "PPI level: 0-5": ("0; 3; 4; 5; 5 (co-produced)", "involvement_level"),
        "Patient and public involvement (0-5)": ("0; 1; 2", "involvement_level"),
        "PPIE": ("Told; Asked; Partner", "involvement_level"),
        "PPI?": ("Yes; No", "service_user_involved"),
        "Date opened": ("Jan-24; 13.01.2025", "start_date"),
        "Opened": ("Jan-24; 13.01.2025", "start_date"),
        "Completed?": ("Yes; No; Y", "status"),
        "PPI lead": ("Lead one; Lead two", ""),
        "Budget": ("0; 3; 4", ""),
    }
    for heading, (cells, register_column) in words.items():
        assert proposed(column(cells, heading))[heading] == (register_column, False)
    figures = onboarding.propose_headings(column("0; 3; 5", "PPI level: 0-5"))
    assert figures["why"].iloc[1] == (
        "the heading hints at it, but its levels are figures, of which a person has to say what "
        "they mean"
    )


def test_a_heading_of_other_words_is_proposed_and_not_taken(odd):
    assert proposed(table(ODD)) == {
        "QI Ref": ("project_id", True),
        "What we are improving": ("title", False),
        "Care Group": ("directorate", True),
        "Stage": ("status", False),
        "Kick-off": ("start_date", False),
        "Ladder rung": ("involvement_level", False),
        "Owner": ("", False),
    }
    settings = tomllib.loads(odd)
    assert settings["headings"] == {"project_id": ["QI Ref"], "directorate": ["Care Group"]}


def test_taking_the_mark_off_a_line_takes_it(odd):
    mended = odd.replace("# ? title = ", "title = ")
    assert tomllib.loads(mended)["headings"]["title"] == ["What we are improving"]
    mended = odd.replace("# ? leave_out = ", "leave_out = ")
    assert tomllib.loads(mended)["headings"]["leave_out"] == ["Owner"]


def check_each_mark(text: str) -> None:
    """Take each mark off alone, then all; the profile can be read still, and says no less."""
    lines = text.splitlines()
    sections = tomllib.loads(text).keys()
    for mark in ("# ? ", "# ?"):
        profile = parse_profile(text.replace(f"\n{mark}", "\n").encode(), "own.toml")
        assert not [asked for asked in profile.questions if lines[asked.line - 1].startswith(mark)]
    for i, line in enumerate(lines):
        if line.startswith("# ? "):
            mended = [*lines[:i], line.removeprefix("# ? "), *lines[i + 1 :]]
            assert tomllib.loads("\n".join(mended)).keys() >= sections, line


def test_a_profile_is_toml_whichever_mark_is_taken_off_settings_and_prose_alike(odd):
    flags = {name: ["Y", "N"] * 4 for name in ("Aim", "Measures", "Testing ideas")}
    listed = column("Aim; Data; Ideas; Aim", "Areas of Involvement")
    for text in (
        odd,
        draft(column("Big I; Zig; x", "Level of Involvement").assign(**flags)),
        draft(listed.assign(Lead="Ann Smith", **{"Service User Involved?": "x"})),
    ):
        assert text.count("\n# To decide: ") >= 3
        check_each_mark(text)


@pytest.mark.parametrize(
    ("heading", "cells", "expected"),
    [
        (
            "Project Title",
            "Fewer falls; Shorter waits; Better handover; Less paper",
            ("title", True),
        ),
        ("Title", "Mr; Mrs; Dr", ("title", False)),
        ("Start Date", "23/04/2021; 1.5.2020; Apr-20", ("start_date", True)),
        ("Start Date", "04/23/2021; 05/06/2021", ("start_date", False)),
        ("Start Date", "soon; later", ("start_date", False)),
        ("Strat Date", "23/04/2021", ("start_date", False)),
        ("Project Status", "Live; Complete", ("status", True)),
        ("Project Status", "Phase A; Phase B", ("status", True)),
        ("Project Status", "Phase A", ("status", False)),
        ("Level of Involvement", "Big I; little i", ("involvement_level", True)),
        ("Level of Involvement", "Yes; No", ("involvement_level", False)),
        ("Rung", "Big I; little i", ("involvement_level", False)),
        ("Service User Involved?", "Y; N", ("service_user_involved", True)),
        ("Service User Involved?", "Big I; little i", ("involvement_level", False)),
        ("Patients in it", "Y; N", ("service_user_involved", False)),
        ("Progress", "On track; Behind", ("progress_score", False)),
        ("Progress Score", "0.5; 2.5 - Changes tested", ("progress_score", True)),
        ("Owner", "Rehab; CAMHS", ("directorate", False)),
        ("Group", "Ann Smith; Raj Patel; Jo Bloggs", ("directorate", False)),
        ("Group", "Health and Justice; Rehab", ("directorate", True)),
        ("Planned start", "23/04/2021", ("", False)),
        ("Lead email", "ann@example.nhs.uk", ("", False)),
        ("Ward rounds", "3; 4", ("", False)),
        ("Reason", "", ("", False)),
    ],
)
def test_a_heading_is_sure_only_if_its_words_and_its_values_agree(heading, cells, expected):
    assert proposed(column(cells, heading).replace("", None))[heading] == expected


def test_two_headings_for_one_column_are_both_left_to_a_person():
    raw = column("23/04/2021", "Start Date").assign(**{"Date Started": "24/04/2021"})
    found = proposed(raw)
    assert found["Start Date"] == found["Date Started"] == ("start_date", False)
    line = (
        '# ? start_date = ["Start Date", "Date Started"]  # another heading says the same; keep one'
    )
    assert f"{line} of them" in draft(raw)


def test_the_months_first_are_said_to_be_the_reason():
    why = onboarding.propose_headings(column("04/23/2021; 05/06/2021", "Date Started"))["why"][1]
    assert why == (
        "the heading says so, but it is left out because its dates are month first "
        "(4 of 8 can be nothing else)"
    )


def test_a_heading_that_is_read_by_its_name_whatever_it_holds_is_said_to_be():
    why = onboarding.propose_headings(column("Mr; Mrs; Dr", "Title"))["why"][1]
    assert why.endswith("it is read by its name until another heading is given: rename it if that "
                        "is wrong")  # fmt: skip


def test_a_heading_that_a_profile_gives_goes_before_the_columns_own_name(tmp_path):
    raw = column("Mr; Mrs", "Title").assign(
        **{"Project Name": [f"Fewer falls {i}" for i in range(8)]}
    )
    raw = raw.assign(Division="Rehab", **{"Carer involved?": "Y"})
    assert proposed(raw)["Project Name"] == ("title", True)
    file = tmp_path / "own.toml"
    qi.write_profile(draft(raw), file)
    register = qi.clean_register(raw, qi.load_profile(file)).register
    assert register["title"][0] == "Fewer falls 0"


def test_left_over_columns_of_yes_and_no_are_proposed_as_areas():
    flags = {name: ["Y", "N"] * 4 for name in ("Aim", "Measures", "Testing ideas")}
    raw = column("Big I", "Level of Involvement").assign(**flags)
    assert proposed(raw)["Testing ideas"] == ("area_testing_ideas", False)
    text = draft(raw)
    assert tomllib.loads(text)["areas"] == {}
    taken = tomllib.loads(text.replace("# ? aim = {", "aim = {"))["areas"]
    assert taken == {"aim": {"label": "Aim", "headings": ["Aim"]}}
    taken = re.sub(r"# \? (\w+ = \{)", r"\1", text)
    assert list(tomllib.loads(taken)["areas"]) == ["aim", "measures", "testing_ideas"]


def test_words_are_known_guessed_or_left_open():
    raw = column("Big I; Partner on team; Zig", "Level of Involvement")
    words = onboarding.propose_words(raw, onboarding.propose_headings(raw))
    assert words[["word", "rows", "name", "sure"]].to_numpy().tolist() == [
        ["Big I", 3, "doing_with", True],
        ["Partner on team", 3, "doing_with", False],
        ["Zig", 2, "", False],
    ]
    lines = draft(raw).splitlines()
    assert (
        '# To decide: "Zig", 2 rows: no shipped profile knows it; add it to a list below' in lines
    )
    assert '# ? "Partner on team",  # 3 rows: perhaps doing_with' in lines


def test_a_name_that_is_a_slip_from_another_is_left_to_a_person(odd):
    text = odd
    names = tomllib.loads(text)["directorates"]
    assert names == {"Mountain Care": [], "River Care": [], "Valley Care": []}
    proposal = '"Valley Care" = [\n# ? "Valey Care",  # 2 rows: perhaps another spelling of '
    assert f"{proposal}'Valley Care'\n]" in text
    taken = tomllib.loads(text.replace("\n# ? ", "\n"))["directorates"]
    assert taken["Valley Care"] == ["Valey Care"]


def test_no_title_person_or_word_that_was_seen_once_is_written(odd):
    text = odd
    for personal in ("Jane", "Khan", "Ann Day", "falls on wards", "Parked"):
        assert personal not in text
    raw = column("Y; N; Y - see Mr Patel; Yes - ring 07700 900123", "Service User Involved?")
    assert "Patel" not in draft(raw)
    assert "07700" not in draft(raw)
    assert "Bloggs" not in draft(column("Jo Bloggs; Raj Patel", "Group"))
    counted = onboarding.propose_words(raw, onboarding.propose_headings(raw)).query("word == ''")
    assert counted["rows"].tolist() == [2]


def test_every_explanation_of_the_shipped_profile_stays_and_every_key(odd):
    shipped = qi.load_profile().text.decode().splitlines()
    text = odd
    about_cnwl = ("# The shipped profile", "# To use the", "# in a profile", "# `&` for `and`;")
    about_cnwl += ("# its groups exists", "# The nine areas", "# placeholders", "#\n")
    comments = [x for x in shipped if x.startswith("# ") and not x.startswith(about_cnwl)]
    assert [line for line in comments if line not in text] == []
    for line in shipped:
        if " = " in line and not line.startswith(("#", '"')):
            key = line.split(" = ")[0]
            ours = key in ("practicum", "collaborative", "coaching", "bespoke")
            assert f"{key} = " in text or ours, key


def test_nothing_of_the_first_trust_is_in_force_in_anothers_profile(odd):
    settings = tomllib.loads(odd)
    assert settings.keys().isdisjoint({"aims", "events", "areas", "rebases"})
    assert "programme" not in settings["rules"]
    assert settings["trust"]["name"] == settings["trust"]["short_name"] == "Our trust"
    assert list(settings["programmes"]) == ["none"]
    assert list(settings["definitions"]) == ["doing_with", "any"]


def test_the_example_gives_a_profile_that_reads_it_as_the_shipped_one_does(tmp_path, example):
    raw = qi.read_export("example")
    headings = onboarding.propose_headings(raw)
    assert headings["sure"].all()
    file = tmp_path / "own.toml"
    qi.write_profile(draft(raw), file)
    cleaned = qi.load_register("example", qi.load_profile(file)).cleaning
    same = ["approach", "status", "start_date", "end_date", "area_sharing"]
    mine, theirs = (c.register.set_index("project_id")[same] for c in (cleaned, example.cleaning))
    both = mine.index.intersection(theirs.index)
    assert len(both) == len(mine) == 588  # three more repeats differ in the group's old names
    pd.testing.assert_frame_equal(mine.loc[both], theirs.loc[both])


def test_what_is_proposed_is_said_in_a_few_lines():
    raw = table(ODD)
    headings = onboarding.propose_headings(raw)
    lines = onboarding.describe_proposals(
        headings, onboarding.propose_words(raw, headings)
    ).splitlines()
    assert lines[0] == (
        "2 of 7 headings were mapped for sure: 'QI Ref' as project_id, 'Care Group' as directorate."
    )
    assert lines[1].startswith("Unsure: 'What we are improving' as title: the heading hints at it")
    assert lines[-1] == "Left out: 'Owner' (it may hold the names of people)."


def test_one_heading_and_many_are_said_rightly():
    for raw, were in ((column("3; 4", "Beds"), "was"), (table(ODD), "were")):
        headings = onboarding.propose_headings(raw)
        text = onboarding.describe_proposals(headings, onboarding.propose_words(raw, headings))
        assert f" headings {were} mapped for sure: " in text
    text = onboarding.describe_headings(pd.DataFrame(columns=["ID", "Beds"]), qi.load_profile())
    assert text.startswith("1 of 2 headings is read: 'ID' as project_id.")


def test_what_a_register_needs_and_an_export_lacks_is_said():
    raw = pd.DataFrame({"Ward": ["A", "A"], "Beds": ["3", "4"]})
    headings = onboarding.propose_headings(raw)
    text = onboarding.describe_proposals(headings, onboarding.propose_words(raw, headings))
    assert "its title" in text
    assert "what tells of involvement: a register needs it." in text


def test_where_only_carers_are_asked_about_it_is_said_what_a_no_leaves_open():
    sentence = "Only carers are asked about: a no leaves open whether service users were involved."
    carers = column("Y; N", "Carer Involved?")
    for raw, alone in ((carers, True), (carers.assign(**{"Service User Involved?": "Y"}), False)):
        headings = onboarding.propose_headings(raw)
        lines = onboarding.describe_proposals(
            headings, onboarding.propose_words(raw, headings)
        ).splitlines()
        assert (sentence in lines) is alone


cell = st.one_of(
    st.none(), st.text(max_size=12), st.sampled_from(["Y", "no", "Live", "Big I", "1/4/2020", "x"])
)


@given(
    st.lists(st.text(min_size=1, max_size=15), min_size=1, max_size=6, unique=True).flatmap(
        lambda names: st.tuples(
            st.just(names),
            st.lists(st.lists(cell, min_size=len(names), max_size=len(names)), max_size=8),
        )
    )
)
def test_whatever_an_export_holds_its_profile_loads_and_holds_what_is_sure(export):
    names, rows = export
    raw = pd.DataFrame(rows, columns=names, dtype=object)
    headings = onboarding.propose_headings(raw)
    drafted = onboarding.draft_profile(headings, onboarding.propose_words(raw, headings))
    settings = tomllib.loads(drafted)
    check_each_mark(drafted)
    in_force = {column for column, words in settings["headings"].items() if words}
    sure = set(headings.loc[headings["sure"], "column"])
    assert in_force == {column for column in sure if not column.startswith("area_")}
    assert headings.loc[headings["sure"], "column"].is_unique


def test_the_registers_of_others_are_never_silently_misread(shared):
    for name in ("trials_register.csv", "beds_data.csv", "stps_2017_08.xlsx"):
        headings = onboarding.propose_headings(qi.read_export(shared / "real" / name))
        assert not headings["sure"].any(), name


def test_spellings_that_a_profile_does_not_tell_apart_are_one_word_and_their_rows_are_added():
    raw = pd.DataFrame(
        {
            "Stage": ["Underway"] * 3 + ["underway"] * 2 + ["In-progress", "in progress"],
            "Level": ["consulted"] * 3 + ["Consulted"] * 2 + ["CONSULTED", "Kept posted"],
            "Directorate": ["A & E", "A and E", "a & e", "Rehab", "Rehab", "REHAB", "A & E"],
        }
    )
    columns = {"Stage": "status", "Level": "involvement_level", "Directorate": "directorate"}
    headings = pd.DataFrame({"heading": [*columns], "column": [*columns.values()]})
    words = onboarding.propose_words(raw, headings)
    assert words[["word", "rows", "name"]].to_numpy().tolist() == [
        ["Underway", 5, "active"],
        ["In-progress", 2, "active"],
        ["consulted", 6, "doing_for"],
        ["", 1, ""],
        ["A & E", 4, "A & E"],
        ["Rehab", 3, "Rehab"],
    ]


def test_a_word_that_may_be_a_persons_in_one_spelling_is_given_in_none():
    raw = pd.DataFrame({"Stage": ["dr jones", "dr jones", "Dr Jones", *["Live"] * 40]})
    headings = pd.DataFrame({"heading": ["Stage"], "column": ["status"]})
    words = onboarding.propose_words(raw, headings)
    assert words["word"].tolist() == ["Live", ""]


def names_of(**rows: int) -> list[tuple]:
    """Return what is proposed of a column of names, each in so many rows."""
    words = [name.replace("_", " ") for name, n in rows.items() for _ in range(n)]
    headings = pd.DataFrame({"heading": ["Group"], "column": ["directorate"]})
    found = onboarding.propose_words(pd.DataFrame({"Group": words}, dtype=str), headings)
    return found[["word", "name", "sure", "why"]].to_numpy().tolist()


def test_of_two_spellings_the_known_one_is_right_and_else_the_more_frequent():
    known = "perhaps another spelling of 'Learning Disabilities'"
    assert names_of(Learning_Disabilites=5, Learning_Disabilities=2) == [
        ["Learning Disabilites", "Learning Disabilities", False, known],
        ["Learning Disabilities", "Learning Disabilities", True, ""],
    ]
    assert names_of(Jamieson=2, Jameson=5) == [
        ["Jameson", "Jameson", True, ""],
        ["Jamieson", "Jameson", False, "perhaps another spelling of 'Jameson'"],
    ]


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ("Medicine and Urgent Care", "MUC", "perhaps the initials of 'Medicine and Urgent Care'"),
        ("Crisis and Liaison", "C&L", "perhaps the initials of 'Crisis and Liaison'"),
        ("Surgery", "Surgical", "perhaps another form of 'Surgery'"),
        ("Wave1", "Wave2", ""),
        ("North West", "North East", ""),
        ("Ward 3", "Ward 4", ""),
        ("Community", "Corporate", ""),
        ("Inner London", "IL2", ""),
    ],
)
def test_a_name_that_may_be_another_ones_short_form_is_left_to_a_person(one, other, why):
    found = {row[0]: row[1:] for row in names_of(**{one: 2, other: 9})}
    assert found[one] == [one, True, ""]
    assert found[other] == [one if why else other, not why, why]


def test_apostrophes_are_no_difference_between_names():
    found = names_of(**{"Women's and Children's": 3, "Womens & Childrens": 2, "W&C": 2})
    assert [row[0] for row in found] == ["Women's and Children's", "W&C"]
    assert match_key("women’s") == match_key("WOMENS") != match_key("women s")
    assert match_key("Users' views") == match_key("users views")


def test_a_whole_register_that_is_not_the_example_has_five_divisions(shared):
    raw = qi.read_export(shared / "cases" / "registers" / "westmere.csv")
    names = tomllib.loads(draft(raw))["directorates"]
    assert len(names) == 5


# --- a whole register, in at most six edits -------------------------------------------------------


def decided(text: str, *edits: tuple[str, str]) -> str:
    """Edit a proposed profile as a person would, each edit one find and replace."""
    assert len(edits) <= 6
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def read_as_decided(raw: pd.DataFrame, as_of: str, *edits: tuple[str, str]) -> qi.Register:
    """Read an export by what is proposed of it, once that is decided."""
    profile = parse_profile(decided(draft(raw), *edits).encode(), "own.toml")
    cleaned = qi.clean_register(raw, profile)
    return qi.Register(
        cleaned.register, profile=profile, as_of=as_of, asked=cleaned.asked, cleaning=cleaned
    )


ALL = ("\n# ? ", "\n")  # what is proposed is right
NAMED = ('"Our trust"', '"Westmere"')
MEANT = (
    "# To decide: is this what your trust counts as meaningful? Mend the words, delete this line\n",
    "",
)


def test_three_edits_make_a_profile_of_a_whole_register(shared):
    raw = qi.read_export(shared / "cases" / "registers" / "westmere.csv")
    own = read_as_decided(raw, "2025-06-30", ALL, NAMED, MEANT)
    assert own.profile.questions  # examples of aims and the like, which are in no way
    assert own.cleaning.counts == {
        "rows_in": 60, "accepted": 57, "quarantined": 3, "identical_duplicates": 0,
        "not_data_rows": 2,
    }  # fmt: skip
    aside = own.cleaning.quarantine[["column", "found"]].to_numpy().tolist()
    assert aside == [
        ["involvement_level", "3/4"], ["start_date", "soon"], ["involvement_level", "7"],
    ]  # fmt: skip
    projects = own.projects
    assert sorted(projects["directorate"].unique()) == [
        "Community", "Diagnostics", "Medicine and Urgent Care", "Surgery",
        "Women's and Children's",
    ]  # fmt: skip
    done = raw["Completed?"].str[0].eq("Y")
    read = ~raw["PPI level: 0-5"].isin(["3/4", "7"]) & raw["Opened"].ne("soon")
    projects_only = raw["Improvement project"].notna()
    live = raw[~done & read & projects_only]
    assert (done & read).sum() == (projects["status"] == "completed").sum() == 22
    assert (len(live), live["Opened"].notna().sum(), live["Opened"].isna().sum()) == (35, 20, 15)
    counts = qi.count_involvement(own)
    partners = live["PPI level: 0-5"].str[:1].isin(["4", "5"]).sum()
    assert counts[["numerator", "denominator"]].to_numpy().tolist() == [[partners, 35]]


BRIGHT = """
  Our ref | What we improve   | Business unit   | Clinician | Involvement: 1-4 | Launched | Live?
  B1      | Calmer waiting    | Ageing Well     | Jo Shaw   | 1                | 3.4.2024 | Yes
  B2      | Clearer letters   | Ageing Well     | Jo Shaw   | 4                | May 2024 | No
  B3      | Fewer falls       | AW              | Amy Hill  | 4 - as partners  | 6.7.2024 | Y
  B4      | Quicker tests     | AW              | Amy Hill  | 4 - as partners  |          | Y
  B5      | Warmer meals      | Planned Care    | Jo Shaw   | 2                | 1.5.2024 | No
  B6      | Quieter nights    | Planned Cares   | Jo Shaw   | 2                |          |
  B7      | Safer discharge   | Planned Cares   | Amy Hill  | 1                | 1.6.2024 | Yes
  B8      | Shorter waits     | Planned Care    | Amy Hill  | 3                | 9.9.2024 | Yes
  B9      | Better handover   | Planned Care    | Amy Hill  | 3                | 9.9.2024 | No
"""


def test_another_register_of_the_kind_is_read_after_as_many_edits():
    raw = table(BRIGHT)
    text = draft(raw)
    for name in ("Shaw", "Amy", "Hill"):
        assert name not in text
    lines = text.splitlines()
    assert "# ? \"AW\",  # 2 rows: perhaps the initials of 'Ageing Well'" in lines
    assert "# ? \"Planned Cares\",  # 2 rows: perhaps another spelling of 'Planned Care'" in lines
    assert tomllib.loads(text)["directorates"] == {"Planned Care": [], "Ageing Well": []}
    unseen = ("doing_with = [", 'doing_with = ["4", ')  # a level seen once is not written
    own = read_as_decided(raw, "2024-12-31", ALL, NAMED, MEANT, unseen)
    projects = own.projects.set_index("project_id")
    assert projects.groupby("directorate").size().to_dict() == {"Ageing Well": 4, "Planned Care": 5}
    assert projects["status"].value_counts().to_dict() == {
        "active": 5, "completed": 3, "unknown": 1,
    }  # fmt: skip
    assert projects.loc[["B1", "B2", "B3", "B8"], "approach"].tolist() == [
        "doing_for", "doing_with", "doing_with", "doing_for",
    ]  # fmt: skip
    counts = qi.count_involvement(own)[["numerator", "denominator"]]
    assert counts.to_numpy().tolist() == [[2, 6]]


def test_levels_in_figures_are_guessed_by_their_place_and_never_taken():
    for cells, guesses in (
        ("0; 1; 2; 3; 4; 5", ["none", *["doing_for"] * 3, "doing_with", "doing_with"]),
        ("1; 2; 3", ["doing_for", "doing_for", "doing_with"]),
        ("1 - Informed; 2 - Consulted; 3: Partners", ["doing_for", "doing_for", "doing_with"]),
        ("0 = nobody; 1 = asked", ["none", "doing_with"]),
    ):
        words = [cell.strip() for cell in cells.split(";")]
        raw = pd.DataFrame({"ID": [*"abcdefghijklmnopqr"], "PPI level": (words * 18)[:18]})
        headings = onboarding.propose_headings(raw)
        found = onboarding.propose_words(raw, headings).set_index("word")
        assert found.loc[words, "name"].tolist() == guesses
        assert not found["sure"].any()


@pytest.mark.parametrize(
    ("heading", "yes", "no"),
    [
        ("Completed?", "completed", "active"),
        ("Is it done", "completed", "active"),
        ("Closed (Y/N)", "completed", "active"),
        ("Still open?", "active", "completed"),
        ("Live project", "active", "completed"),
        ("Status", "", ""),
    ],
)
def test_what_yes_and_no_say_of_where_a_project_stands_follows_from_the_question(heading, yes, no):
    raw = column("Y; N; Yes; no", heading)
    headings = pd.DataFrame({"heading": [heading], "column": ["status"]})
    found = onboarding.propose_words(raw, headings).set_index("word")["name"]
    assert found[["Y", "Yes", "N", "no"]].tolist() == [yes, yes, no, no]


def test_the_reason_is_given_for_each_column_left_out():
    raw = column("23/04/2021", "Start Date").assign(
        **{
            "Champions": "Lead one", "Budget": ["10", "20"] * 4, "Notes": None,
            "Visited": ["04/23/2021", "05/16/2021"] * 4, "NHS number": "943 476 5919",
        }
    )  # fmt: skip
    headings = onboarding.propose_headings(raw)
    text = onboarding.describe_proposals(headings, onboarding.propose_words(raw, headings))
    assert text.splitlines()[-1] == (
        "Left out: 'Champions' (it may hold the names of people), 'Budget' (no column seems to "
        "fit), 'Notes' (it is empty), 'Visited' (its dates are month first), 'NHS number' (it "
        "holds personal data)."
    )


def test_month_first_dates_are_proposed_with_the_key_that_reads_them():
    days = [f"{1 + i % 12:02}/{13 + i}/2023" for i in range(8)]
    own = [f"{13 + i}/{1 + i % 12:02}/2023" for i in range(8)]
    plain = column("Big I; Consulted", "Level of Involvement")
    plain = plain.assign(Division="Rehab", **{"Project Title": [f"Title {i}" for i in range(8)]})
    for heading in ("Start Date", "StartDate", "Start_Date", "Date opened"):
        text = draft(plain.assign(**{heading: days}))
        assert (
            "it is left out because its dates are month first (8 of 8 can be nothing else)" in text
        )
        assert '# ? dates = "month first"  # start_date: 8 of 8 can be nothing else' in text
        assert tomllib.loads(text)["rules"].get("dates") is None
        profile = parse_profile(text.replace("\n# ? ", "\n").encode(), "own.toml")
        cleaned = qi.clean_register(plain.assign(**{heading: days}), profile)
        assert cleaned.register["start_date"].dt.strftime("%m/%d/%Y").tolist() == days
    both = plain.assign(**{"Start Date": days, "End Date": own})
    text = draft(both)
    assert '# ? dates.start_date = "month first"  # start_date: 8 of 8 can be' in text
    profile = parse_profile(text.replace("\n# ? ", "\n").encode(), "own.toml")
    read = qi.clean_register(both, profile).register
    assert read["start_date"].equals(read["end_date"])


def test_dates_in_both_orders_are_no_column_and_no_order_is_proposed():
    days = ["04/23/2021", "23/04/2021", "05/06/2021", "06/05/2021"] * 2
    text = draft(column("Big I", "Level of Involvement").assign(**{"Start Date": days}))
    assert '\nstart_date = ["Start Date"]' not in text
    assert '"month first"  # start_date' not in text


@pytest.mark.parametrize(
    "cells",
    [
        "Ann Archer;Ben Baker",
        "Ann Archer, Dev Draper",
        "Ann Archer and Ben Baker",
        "Gus Glover / Amy Ash",
    ],
)
def test_lists_of_peoples_names_are_written_nowhere(cells):
    other = cells.replace("Ann", "Jane").replace("Gus", "John")
    places = ("Team members", "Group", "Status", "Level of involvement", "Areas", "Programme")
    raw = column("Falls; Sleep", "Title").assign(**dict.fromkeys(places, [cells, other] * 4))
    headings = onboarding.propose_headings(raw)
    words = onboarding.propose_words(raw, headings)
    said = onboarding.draft_profile(headings, words)
    said += onboarding.describe_proposals(headings, words) + words.to_string()
    assert not re.search("Archer|Baker|Draper|Glover|Ash", said)


def test_a_heading_that_is_a_persons_name_is_not_said():
    raw = pd.DataFrame([["2", "3"]] * 3, columns=["Ann Archer", "Ben Baker; Amy Ash"])
    headings = onboarding.propose_headings(raw)
    assert headings["heading"].tolist() == ["[removed]", "[removed]"]
    assert "Archer" not in draft(raw)


def test_the_names_of_a_team_in_an_export_of_another_mark_are_said_nowhere(tmp_path):
    team = ["Ann Archer", "Ben Baker", "Cat Cooper", "Dev Draper"]
    file = tmp_path / "export.csv"
    heads = "Ref,Improvement work,Care unit,Begun,People took part?,Team\n"
    rows = [f"R{i},Idea {i},Unit A,04/05/2020,Yes,{';'.join(team)}\n" for i in range(9)]
    file.write_text(heads + "".join(rows))
    result = CliRunner().invoke(app, ["profile", "new", str(file), str(tmp_path / "own.toml")])
    assert result.exit_code == 0
    said = result.output + (tmp_path / "own.toml").read_text("utf-8")
    assert "'Team'" in said
    assert not [name for name in team if name in said or name.split()[1] in said]


def test_a_megabyte_of_free_text_is_inspected_in_less_than_a_second():
    text = [
        f"{i} words of many people about how their ward could be a better place"
        for i in range(3000)
    ]
    raw = pd.DataFrame({"ID": [f"A{i}" for i in range(3000)], "Idea": text, "Notes": text[::-1],
                        "Stage": ["Live", "Done", "Idea"] * 1000,
                        "Level": ["Big I", "Told", "Asked"] * 1000,
                        "How people took part": [f"see {line}" for line in text]})  # fmt: skip
    match_key.cache_clear()
    headings = onboarding.propose_headings(raw)
    onboarding.propose_words(raw, headings)
    assert match_key.cache_info().misses < 6 * len(raw)  # not once for each kind of column


def test_a_name_within_a_word_that_is_often_written_is_said_nowhere(tmp_path):
    file = tmp_path / "export.csv"
    heads = "Ref,Project,Directorate,Status,Service users involved?,Level\n"
    rows = [
        f"R{i},Idea {i},Goodall - Anna Archer,Live - Ben Baker,Yes: Helen Hunter,Asked by J. Orr\n"
        for i in range(9)
    ]
    file.write_text(heads + "".join(rows))
    result = CliRunner().invoke(app, ["profile", "new", str(file), str(tmp_path / "own.toml")])
    assert result.exit_code == 0
    said = result.output + (tmp_path / "own.toml").read_text("utf-8")
    assert not [name for name in ("Archer", "Baker", "Hunter", "Orr") if name in said]
