"""The lists that people act on: who stands in them on which day, and what they say."""

import pandas as pd
import pytest
from conftest import clean_projects, register, rows

import qi_analysis as qi
from qi_analysis.profile import parse_profile

AS_OF = pd.Timestamp("2021-05-04")
PROJECTS = """
project_id | approach     | exemption_agreed | status    | start_date | end_date   | updated_date
exempt     | none         | yes              | active    | 2021-01-01 | blank      | 2021-05-04
refused    | none         | no               | active    | 2021-01-01 | blank      | 2021-05-04
open       | none         | not_recorded     | paused    | 2020-05-04 | blank      | 2021-05-04
silent     | not_recorded | no               | active    | 2021-05-04 | blank      | 2021-05-04
ends today | doing_to     | no               | active    | 2021-01-01 | 2021-05-04 | 2021-05-04
past       | doing_to     | no               | active    | 2021-01-01 | 2021-05-03 | 2021-05-04
long past  | doing_to     | no               | paused    | 2020-01-01 | 2020-05-04 | 2021-05-04
done       | none         | no               | completed | 2020-01-01 | 2020-05-04 | 2020-05-04
proposed   | none         | no               | proposed  | 2020-01-01 | blank      | 2020-01-01
to come    | none         | no               | active    | 2021-05-05 | blank      | 2020-01-01
day 89     | doing_for    | no               | active    | 2020-01-01 | blank      | 2021-02-04
day 90     | doing_for    | no               | active    | 2020-01-01 | blank      | 2021-02-03
day 91     | doing_for    | no               | active    | 2020-01-01 | blank      | 2021-02-02
no day     | doing_for    | no               | active    | 2020-01-01 | blank      | blank
"""


REASONS = ["work_to_or_for", "involve_nobody", "not_recorded", "overdue", "not_updated"]


def test_each_project_stands_once_those_first_that_bring_the_aim_soonest():
    actions = qi.list_actions(register(PROJECTS), as_of=AS_OF)
    project = ["project_id", "title", "directorate", "service"]
    assert list(actions) == ["action", *project, "date", "days", *REASONS, "no_involvement_reason"]
    assert rows(actions, "action", "project_id", "date", "days") == [
        ["work_to_or_for", "day 89", "2020-01-01", 489],
        ["work_to_or_for", "day 90", "2020-01-01", 489],
        ["work_to_or_for", "day 91", "2020-01-01", 489],
        ["work_to_or_for", "long past", "2020-01-01", 489],
        ["work_to_or_for", "no day", "2020-01-01", 489],
        ["work_to_or_for", "ends today", "2021-01-01", 123],
        ["work_to_or_for", "past", "2021-01-01", 123],
        ["involve_nobody", "open", "2020-05-04", 365],
        ["involve_nobody", "refused", "2021-01-01", 123],
        ["not_recorded", "silent", "2021-05-04", 0],
    ]
    by_reason = {name: set(actions.loc[actions[name], "project_id"]) for name in REASONS}
    assert by_reason["overdue"] == {"long past", "past"}
    assert by_reason["not_updated"] == {"day 90", "day 91"}
    assert actions[REASONS[:3]].sum(axis=1).eq(1).all()
    assert qi.describe_actions(actions) == (
        "2 live projects are past their planned end. 2 live projects have had no update for 90 "
        "days or more."
    )


def test_a_partner_project_is_listed_only_for_its_record_and_an_exempt_one_never():
    projects = register("""
        project_id | approach   | exemption_agreed | start_date | end_date   | updated_date
        late       | doing_with | no               | 2020-01-01 | 2021-05-01 | 2021-05-04
        stale      | doing_with | no               | 2020-01-01 | blank      | 2021-01-04
        both       | doing_with | no               | 2020-01-01 | 2021-05-03 | 2021-01-04
        fine       | doing_with | no               | 2020-01-01 | blank      | 2021-05-04
        exempt     | none       | yes              | 2020-01-01 | 2020-05-03 | 2020-01-04
    """, as_of=AS_OF)  # fmt: skip
    actions = qi.list_actions(projects)
    assert rows(actions, "project_id", "action", "days") == [
        ["late", "overdue", 3],
        ["both", "overdue", 1],
        ["stale", "not_updated", 120],
    ]
    todo = qi.format_actions(actions)["What to do"]
    assert todo["both"] == "Close, or set a new end date; Update the record"


def test_what_a_register_does_not_ask_for_is_no_reason_to_act():
    projects = register("""
        project_id | approach | start_date | end_date   | updated_date
        1          | none     | 2020-01-01 | 2020-05-01 | 2020-01-04
    """, as_of=AS_OF, asked=["project_id", "approach", "start_date"])  # fmt: skip
    actions = qi.list_actions(projects)
    assert list(actions)[-3:] == REASONS[:3]
    assert qi.describe_actions(actions).count("\n") == 0
    assert list(qi.format_action_counts(qi.summarise_actions(actions))) == [
        "Projects", "To or for people", "Nobody involved", "Not recorded",
    ]  # fmt: skip
    assert qi.format_actions(actions, "overdue") is None


def test_another_definition_asks_for_other_projects():
    """Under any involvement those who work for people meet it; under several areas few do."""
    projects = register("""
        project_id | approach   | areas     | start_date
        for        | doing_for  | ynnnnnnnn | 2021-01-01
        with       | doing_with | yynnnnnnn | 2021-01-01
        many       | doing_for  | yyyynnnnn | 2021-01-01
        unclear    | doing_with | yy------- | 2021-01-01
    """, as_of=AS_OF)  # fmt: skip
    for definition, listed in {
        "doing_with": [["work_to_or_for", "for"], ["work_to_or_for", "many"]],
        "any": [],
        "several_areas": [["work_to_or_for", "for"], ["work_to_or_for", "with"],
                          ["not_recorded", "unclear"]],
    }.items():  # fmt: skip
        actions = qi.list_actions(projects, definition=definition)
        assert rows(actions, "action", "project_id") == listed


def approaches(**counts: int) -> qi.Register:
    """Return a register with so many live projects of each approach, and some that are exempt."""
    exempt = counts.pop("exempt", 0)
    words = [word for word, n in counts.items() for _ in range(n)] + ["none"] * exempt
    agreed = ["no"] * (len(words) - exempt) + ["yes"] * exempt
    lines = [f"{a} | {b} | 2021-01-01" for a, b in zip(words, agreed, strict=True)]
    text = "\n".join(["approach | exemption_agreed | start_date", *lines])
    return register(text, as_of=AS_OF, basis="active")


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"doing_with": 3, "doing_for": 6, "none": 1},
         "takes 5 more of these projects: make partners of people in 5 of the 6 that involve them "
         "less."),
        ({"doing_with": 3, "doing_for": 5, "none": 6, "not_recorded": 1},
         "takes 9 more of these projects: make partners of people in all 5 that involve them less "
         "and involve people in 4 of the 6 that involve nobody."),
        ({"doing_with": 7, "doing_for": 1, "none": 1, "not_recorded": 1},
         "takes 1 more of these projects: make partners of people in the one that involves them "
         "less, or involve people in the one that involves nobody, or find, and record, that the "
         "one that does not say involves people meaningfully."),
        ({"doing_with": 6, "none": 2, "not_recorded": 2},
         "takes 2 more of these projects: involve people in all 2 that involve nobody, or find, "
         "and record, that all 2 that do not say involve people meaningfully."),
        ({"doing_with": 1, "doing_for": 2, "exempt": 7},
         "takes 7 more of these projects, and 2 are listed: the others are exempt."),
        ({"doing_with": 1, "doing_for": 1, "exempt": 2},
         "takes 3 more of these projects, and 1 is listed: the others are exempt."),
        ({"doing_with": 3, "doing_for": 1, "exempt": 2},
         "takes 2 more of these projects, and 1 is listed: the other is exempt."),
        ({"exempt": 1}, "takes 1 more of these projects, and none is listed: it is exempt."),
        ({"exempt": 2}, "takes 2 more of these projects, and none is listed: they are exempt."),
        ({"doing_with": 8, "none": 2}, "is met today."),
    ],
)  # fmt: skip
def test_what_would_reach_the_aim_is_counted(counts, sentence):
    own = approaches(**counts)
    said = qi.describe_actions(qi.list_actions(own), own).split("\n\n")[0]
    assert said == f"The aim of 80% {sentence}"


def test_the_aim_is_of_the_projects_that_the_basis_counts_in_both_sentences():
    """Of all ten, 80% is eight: five more than the three that count; three of the seven are live.

    Of the four live ones 80% is four, three more than the one that counts.
    """
    projects = register("""
        project_id | approach   | status    | exemption_agreed | start_date | end_date
        1          | doing_with | active    | no               | 2021-01-01 | blank
        2          | doing_for  | active    | no               | 2021-01-01 | blank
        3          | doing_for  | active    | no               | 2021-01-01 | blank
        4          | none       | active    | no               | 2021-01-01 | blank
        5          | doing_with | completed | no               | 2020-01-01 | 2020-06-01
        6          | doing_with | completed | no               | 2020-01-01 | 2020-06-01
        7          | none       | completed | no               | 2020-01-01 | 2020-06-01
        8          | none       | completed | no               | 2020-01-01 | 2020-06-01
        9          | none       | completed | no               | 2020-01-01 | 2020-06-01
        10         | none       | completed | no               | 2020-01-01 | 2020-06-01
    """, as_of=AS_OF)  # fmt: skip
    steps = "make partners of people in all 2 that involve them less and involve people in the one"
    for basis, needed, sentence in [
        ("active", 3, f"takes 3 more of these projects: {steps} that involves nobody."),
        ("started", 5, "takes 5 more of all projects on the register, and 3 are listed: the others "
                       "are not live, or exempt."),
    ]:  # fmt: skip
        own = projects.override(basis=basis)
        assert qi.summarise_findings(own)["needed"].iloc[0] == needed
        said = qi.describe_actions(qi.list_actions(own), own).split("\n\n")[0]
        assert said == f"The aim of 80% {sentence}"


def test_an_aim_of_all_projects_is_reached_by_the_live_ones_on_the_list():
    """Four of six count, 80% is five; the one that has ended and involves nobody is not listed."""
    projects = register("""
        approach   | status    | start_date | end_date
        doing_with | active    | 2021-01-01 | blank
        doing_with | active    | 2021-01-01 | blank
        doing_with | active    | 2021-01-01 | blank
        doing_with | completed | 2020-01-01 | 2020-06-01
        none       | completed | 2020-01-01 | 2020-06-01
        doing_for  | active    | 2021-01-01 | blank
    """, as_of=AS_OF, basis="started")  # fmt: skip
    found = qi.summarise_findings(projects)
    assert qi.stats.findings.describe_next(found.head(1)).endswith(
        "If it gets there, the aim is reached."
    )
    assert qi.describe_actions(qi.list_actions(projects), projects).split("\n\n")[0] == (
        "The aim of 80% takes 1 more of all projects on the register: of the live ones, make "
        "partners of people in the one that involves them less."
    )


def test_without_an_aim_or_a_project_nothing_is_said_of_the_aim():
    before = register("approach | start_date\nnone | 2010-01-01", as_of="2012-01-01")
    assert before.aim is None
    said = qi.describe_actions(qi.list_actions(before), before)
    assert said == ""
    nothing = before.override(projects=before.projects.iloc[:0], as_of=AS_OF)
    assert qi.describe_actions(qi.list_actions(nothing), nothing) == (
        "There is no live project to act on."
    )


def test_the_list_is_long_enough_to_reach_the_aim(example):
    """All that do not meet the definition are on it, but for those that are exempt."""
    counts = qi.count_involvement(example, exempt="out")
    actions = qi.list_actions(example)
    unmet = counts["denominator"] - counts["numerator"]
    assert actions[REASONS[:3]].to_numpy().sum() == unmet.item()


def test_a_stated_reason_is_no_agreed_exemption():
    projects = register("""
        approach | no_involvement_reason | exemption_agreed | start_date
        none     | staff_only            | not_recorded     | 2021-01-01
    """)
    assert qi.list_actions(projects, as_of=AS_OF)["action"].tolist() == ["involve_nobody"]


def test_a_yes_or_a_no_that_leaves_the_question_open_is_still_to_be_recorded():
    projects = register("""
        project_id | service_user_involved | carer_involved | areas     | start_date
        half       | no                    | not_recorded   | --------- | 2021-01-01
        flag       | yes                   | not_recorded   | --------- | 2021-01-01
        area       | not_recorded          | not_recorded   | y-------- | 2021-01-01
    """)
    actions = qi.list_actions(projects, as_of=AS_OF, definition="any")
    assert rows(actions, "action", "project_id") == [["not_recorded", "half"]]
    how = qi.list_actions(projects, as_of=AS_OF)["action"]
    assert how.tolist() == ["not_recorded"] * 3  # nothing tells whether people are partners


@pytest.mark.parametrize(
    "projects", [register(clean_projects(PROJECTS).iloc[:0]), register("status\nproposed")]
)
def test_where_there_is_nothing_to_do_every_list_says_so(projects):
    actions = qi.list_actions(projects, as_of=AS_OF)
    assert actions.empty
    assert actions.dtypes["days"] == "Int64"
    assert qi.describe_actions(actions) == "There is no live project to act on."
    summary = qi.summarise_actions(actions)
    assert list(summary) == [
        "directorate", "projects", *REASONS,
    ]  # fmt: skip
    assert summary.empty
    assert qi.format_actions(actions) is None


def test_a_directorates_projects_are_each_counted_once_and_each_of_their_actions():
    projects = register("""
        directorate | project_id | approach     | start_date | end_date   | updated_date
        Rehab       | 1          | none         | 2020-01-01 | 2020-06-30 | 2020-01-31
        Rehab       | 2          | not_recorded | 2020-01-01 | blank      | 2021-05-01
        Crisis      | 3          | doing_for    | 2020-01-01 | blank      | 2020-01-31
        CMHT        | 4          | doing_for    | 2020-01-01 | blank      | 2021-05-01
    """)
    summary = qi.summarise_actions(qi.list_actions(projects, as_of=AS_OF))
    assert summary.to_numpy(dtype=object).tolist() == [
        ["CMHT", 1, 1, 0, 0, 0, 0],
        ["Crisis", 1, 1, 0, 0, 0, 1],
        ["Rehab", 2, 0, 1, 1, 1, 1],
    ]


def test_a_table_for_readers_names_the_projects_and_keeps_titles_as_they_are():
    projects = register("""
        project_id | title             | approach   | start_date | end_date   | service
        007        | <b>Falls</b> & $5 | doing_with | 2020-01-01 | 2021-04-01 | Ward
    """)
    actions = qi.list_actions(projects, as_of=AS_OF)
    table = qi.format_actions(actions, "overdue")
    assert table.reset_index().to_numpy(dtype=object).tolist() == [
        ["007", "Close, or set a new end date", "<b>Falls</b> & $5", "Ward", "1 April 2021"]
    ]
    assert "&lt;b&gt;Falls" in table.to_html()
    assert "Falls" not in qi.describe_actions(actions)
    every = qi.format_actions(actions)
    assert every["What to do"].tolist() == ["Close, or set a new end date"]
    with pytest.raises(
        ValueError, match=r"^`action` must be 'work_to_or_for' or .*; not 'late'\.$"
    ):
        qi.format_actions(actions, "late")


def test_no_list_holds_a_project_that_is_not_counted_as_live(example):
    actions = qi.list_actions(example, as_of=AS_OF)
    assert set(actions["project_id"]) <= set(example.counted["project_id"])
    assert not actions.duplicated("project_id").any()
    assert actions[REASONS].sum().to_dict() == {
        "work_to_or_for": 48, "involve_nobody": 84, "not_recorded": 24, "overdue": 9,
        "not_updated": 135,
    }  # fmt: skip


HELP = {
    "team": 'team = "the Involvement Team"',
    "contact": 'contact = "involvement@example.org"',
    "guide": 'guide = "Where to *begin*"\nguide_address = "https://example.org/guide(1).pdf"',
}


def helped(*parts: str, public: bool = False) -> qi.Profile:
    """Return the shipped profile with these parts of help alone."""
    text = qi.load_profile("cnwl").text.decode()
    before, _, rest = text.partition("[help]\n")
    given = "\n".join([*(HELP[part] for part in parts), f"public = {str(public).lower()}"])
    after = rest.partition("\n\n")[2]
    return parse_profile(f"{before}[help]\n{given}\n\n{after}".encode(), "own.toml")


STATED = """
    project_id | approach  | no_involvement_reason | exemption_agreed | start_date | end_date
    a          | none      | nobody_available      | no               | 2021-01-01 | blank
    b          | none      | not_known_how         | no               | 2021-01-02 | blank
    c          | none      | no_time               | no               | 2021-01-03 | blank
    d          | none      | staff_only            | no               | 2021-01-04 | blank
    e          | none      | technical             | no               | 2021-01-05 | blank
    f          | none      | other                 | no               | 2021-01-06 | blank
    g          | none      | blank                 | no               | 2021-01-07 | blank
    h          | doing_for | no_time               | no               | 2021-01-08 | blank
    i          | doing_with | no_time              | no               | 2021-01-09 | 2021-02-01
"""
SMALL = "Start small: ask one person to one meeting."


@pytest.mark.parametrize(
    ("parts", "finds", "how", "other"),
    [
        (
            ("team", "contact", "guide"),
            "The Involvement Team can find people who want to take part.",
            "The guide says how to begin.",
            "Ask the Involvement Team how people could take part.",
        ),
        (
            ("contact",),
            "Ask involvement@example.org to find people who want to take part.",
            "Ask involvement@example.org how to begin.",
            "Ask involvement@example.org how people could take part.",
        ),
        (
            ("guide",),
            "The guide says how to find people.",
            "The guide says how to begin.",
            "The guide says how to begin.",
        ),
    ],
)
def test_the_help_that_fits_the_stated_reason_stands_beside_a_project(parts, finds, how, other):
    ours = qi.Register(register(STATED).projects, profile=helped(*parts), as_of=AS_OF)
    actions = qi.list_actions(ours)
    table = qi.format_actions(actions, register=ours)
    helps = table["What helps"]
    assert helps[["a", "b", "c", "f", "g"]].tolist() == [finds, how, SMALL, other, other]
    assert helps["d"] == "Ask whose care the change reaches in the end, and what they think."
    assert helps["e"] == "Ask a few people whose care it touches to try it out."
    assert helps["h"] == "Ask the people whom you reach already to join the team."
    assert helps["i"] == ""  # a partner project's old reason asks for no help
    summary = qi.counts.format_help(actions, ours)
    assert summary.loc["Nobody available"].tolist() == [1, finds]
    assert summary.loc["No reason, or another"].tolist() == [2, other]
    assert summary["Projects"].sum() == 8


def test_without_help_in_the_profile_or_a_need_nothing_is_said_of_it():
    ours = qi.Register(register(STATED).projects, profile=helped(), as_of=AS_OF)
    actions = qi.list_actions(ours)
    assert "What helps" not in qi.format_actions(actions, register=ours)
    assert qi.counts.format_help(actions, ours) is None
    assert qi.counts.describe_help(actions, ours) == ""
    with_help = qi.Register(ours.projects, profile=helped("team"), as_of=AS_OF)
    partner = actions[actions["project_id"] == "i"]
    assert qi.counts.describe_help(partner, with_help) == ""
    assert "What helps" not in qi.format_actions(partner, register=with_help)
    assert "What helps" not in qi.format_actions(actions)


def test_a_register_that_asks_for_no_reasons_gets_help_with_its_actions():
    projects = register(STATED).projects.drop(columns="no_involvement_reason")
    ours = qi.Register(projects, profile=helped("team"), as_of=AS_OF)
    helps = qi.format_actions(qi.list_actions(ours), register=ours)["What helps"]
    assert helps["a"] == helps["g"] == "Ask the Involvement Team how people could take part."


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        (
            ("team", "contact", "guide"),
            "The Involvement Team helps to involve people: involvement@example.org. How to begin "
            "is in the guide, “Where to *begin*” (https://example.org/guide%281%29.pdf).",
        ),
        (("contact",), "For help with involving people: involvement@example.org."),
        (("team",), "The Involvement Team helps to involve people."),
    ],
)  # fmt: skip
def test_the_help_is_named_and_in_public_only_where_the_profile_says_so(parts, sentence):
    ours = qi.Register(register(STATED).projects, profile=helped(*parts), as_of=AS_OF)
    assert qi.counts.describe_help(qi.list_actions(ours), ours) == sentence
    assert qi.counts.describe_public_help(ours.profile) == ""
    assert qi.counts.describe_public_help(helped(*parts, public=True)) == sentence
