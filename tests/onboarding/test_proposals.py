"""A profile begun from an export: nothing unsure is taken, nothing personal written."""

import re
import tomllib

import pandas as pd
import pytest
from conftest import table
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis import onboarding
from qi_analysis.core.text import match_key

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


def test_a_heading_of_other_words_is_proposed_and_not_taken():
    assert proposed(table(ODD)) == {
        "QI Ref": ("project_id", True),
        "What we are improving": ("title", False),
        "Care Group": ("directorate", True),
        "Stage": ("status", False),
        "Kick-off": ("start_date", False),
        "Ladder rung": ("involvement_level", False),
        "Owner": ("", False),
    }
    settings = tomllib.loads(draft(table(ODD)))
    assert settings["headings"] == {"project_id": ["QI Ref"], "directorate": ["Care Group"]}


def test_taking_the_mark_off_a_line_takes_it():
    mended = draft(table(ODD)).replace("# ? title = ", "title = ")
    assert tomllib.loads(mended)["headings"]["title"] == ["What we are improving"]
    mended = draft(table(ODD)).replace("# ? leave_out = ", "leave_out = ")
    assert tomllib.loads(mended)["headings"]["leave_out"] == ["Owner"]


def check_each_mark(text: str) -> None:
    """Take each mark off alone; the profile is TOML still, and says no less."""
    lines = text.splitlines()
    sections = tomllib.loads(text).keys()
    for i, line in enumerate(lines):
        if line.startswith("# ? "):
            mended = [*lines[:i], line.removeprefix("# ? "), *lines[i + 1 :]]
            assert tomllib.loads("\n".join(mended)).keys() >= sections, line


def test_a_profile_is_toml_whichever_mark_is_taken_off_settings_and_prose_alike():
    flags = {name: ["Y", "N"] * 4 for name in ("Aim", "Measures", "Testing ideas")}
    listed = column("Aim; Data; Ideas; Aim", "Areas of Involvement")
    for raw in (
        table(ODD),
        column("Big I; Zig; x", "Level of Involvement").assign(**flags),
        listed.assign(Lead="Ann Smith", **{"Service User Involved?": "x"}),
    ):
        text = draft(raw)
        assert text.count("# ? # ") >= 3
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
    assert draft(raw).count("# ? start_date = ") == 2


def test_the_months_first_are_said_to_be_the_reason():
    why = onboarding.propose_headings(column("04/23/2021; 05/06/2021", "Date Started"))["why"][1]
    assert why == "the heading says so, but 4 dates can only be read with the month first"


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
    line = '# ? # "Zig" (2 rows): no shipped profile knows it; add it to a list below'
    assert line in draft(raw).splitlines()


def test_a_name_that_is_a_slip_from_another_is_left_to_a_person():
    text = draft(table(ODD))
    names = tomllib.loads(text)["directorates"]
    assert names == {"Mountain Care": [], "River Care": [], "Valley Care": []}
    assert "\"Valey Care\" (2 rows): perhaps another spelling of 'Valley Care'; add it" in text


def test_no_title_person_or_word_that_was_seen_once_is_written():
    text = draft(table(ODD))
    for personal in ("Jane", "Khan", "Ann Day", "falls on wards", "Parked"):
        assert personal not in text
    raw = column("Y; N; Y - see Mr Patel; Yes - ring 07700 900123", "Service User Involved?")
    assert "Patel" not in draft(raw)
    assert "07700" not in draft(raw)
    assert "Bloggs" not in draft(column("Jo Bloggs; Raj Patel", "Group"))
    counted = onboarding.propose_words(raw, onboarding.propose_headings(raw)).query("word == ''")
    assert counted["rows"].tolist() == [2]


def test_every_explanation_of_the_shipped_profile_stays_and_every_key():
    shipped = qi.load_profile().text.decode().splitlines()
    text = draft(table(ODD))
    about_cnwl = ("# The shipped profile", "# To use the", "# in a profile", "# `&` for `and`;")
    about_cnwl += ("# its groups exists", "# The nine areas", "# placeholders", "#\n")
    comments = [x for x in shipped if x.startswith("# ") and not x.startswith(about_cnwl)]
    assert [line for line in comments if line not in text] == []
    for line in shipped:
        if " = " in line and not line.startswith(("#", '"')):
            key = line.split(" = ")[0]
            ours = key in ("practicum", "collaborative", "coaching", "bespoke")
            assert f"{key} = " in text or ours, key


def test_nothing_of_the_first_trust_is_in_force_in_anothers_profile():
    settings = tomllib.loads(draft(table(ODD)))
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
    assert lines[-1] == "Left out: 'Owner'."


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
