"""The lists that people act on: who stands in them on which day, and what they say."""

import pandas as pd
import pytest
from conftest import clean_projects, register, rows

import qi_analysis as qi

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


def test_each_list_holds_the_live_projects_it_is_for_the_longest_first():
    actions = qi.list_actions(register(PROJECTS), as_of=AS_OF)
    columns = ["action", "project_id", "title", "directorate", "service", "date", "days"]
    assert list(actions) == columns
    assert rows(actions, "action", "project_id", "date", "days") == [
        ["no_involvement", "open", "2020-05-04", 365],
        ["no_involvement", "refused", "2021-01-01", 123],
        ["not_recorded", "silent", "2021-05-04", 0],
        ["overdue", "long past", "2020-05-04", 365],
        ["overdue", "past", "2021-05-03", 1],
        ["not_updated", "day 91", "2021-02-02", 91],
        ["not_updated", "day 90", "2021-02-03", 90],
    ]
    assert qi.describe_actions(actions) == (
        "2 live projects involve nobody, without an exemption recorded as agreed; the longest, "
        "running for 365 days (since 4 May 2020).\n\n"
        "1 live project does not record whether people are involved, running for 0 days (since 4 "
        "May 2021).\n\n"
        "2 live projects are past their planned end; the longest, by 365 days (since 4 May 2020)."
        "\n\n"
        "2 live projects have had no update for 90 days or more; the longest, for 91 days (since 2 "
        "February 2021)."
    )


def test_a_stated_reason_is_no_agreed_exemption():
    projects = register("""
        approach | no_involvement_reason | exemption_agreed | start_date
        none     | staff_only            | not_recorded     | 2021-01-01
    """)
    assert qi.list_actions(projects, as_of=AS_OF)["action"].tolist() == ["no_involvement"]


def test_a_yes_or_a_no_that_leaves_the_question_open_is_still_to_be_recorded():
    projects = register("""
        project_id | service_user_involved | carer_involved | areas     | start_date
        half       | no                    | not_recorded   | --------- | 2021-01-01
        flag       | yes                   | not_recorded   | --------- | 2021-01-01
        area       | not_recorded          | not_recorded   | y-------- | 2021-01-01
    """)
    actions = qi.list_actions(projects, as_of=AS_OF)
    assert rows(actions, "action", "project_id") == [["not_recorded", "half"]]


@pytest.mark.parametrize(
    "projects", [register(clean_projects(PROJECTS).iloc[:0]), register("status\nproposed")]
)
def test_where_there_is_nothing_to_do_every_list_says_so(projects):
    actions = qi.list_actions(projects, as_of=AS_OF)
    assert actions.empty
    assert actions.dtypes["days"] == "Int64"
    assert qi.describe_actions(actions) == (
        "No live project involves nobody without an exemption recorded as agreed.\n\n"
        "No live project leaves open whether people are involved.\n\n"
        "No live project is past its planned end.\n\n"
        "No live project is known to have had no update for 90 days or more."
    )
    summary = qi.summarise_actions(actions)
    assert list(summary) == [
        "directorate", "projects", "no_involvement", "not_recorded", "overdue", "not_updated",
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
        ["Crisis", 1, 0, 0, 0, 1],
        ["Rehab", 2, 1, 1, 1, 1],
    ]


def test_a_table_for_readers_names_the_projects_and_keeps_titles_as_they_are():
    projects = register("""
        project_id | title             | approach   | start_date | end_date
        007        | <b>Falls</b> & $5 | doing_with | 2020-01-01 | 2021-04-01
    """)
    actions = qi.list_actions(projects, as_of=AS_OF)
    table = qi.format_actions(actions, "overdue")
    assert table.reset_index().to_numpy(dtype=object).tolist() == [
        ["007", "<b>Falls</b> & $5", "", "1 April 2021", 33]
    ]
    assert "&lt;b&gt;Falls" in table.to_html()
    assert "Falls" not in qi.describe_actions(actions)
    every = qi.format_actions(actions)
    assert every["What to do"].tolist() == ["Close, or set a new end date"]
    with pytest.raises(
        ValueError, match=r"^`action` must be 'no_involvement' or .*; not 'late'\.$"
    ):
        qi.format_actions(actions, "late")


def test_no_list_holds_a_project_that_is_not_counted_as_live(example):
    actions = qi.list_actions(example, as_of=AS_OF)
    assert set(actions["project_id"]) <= set(example.counted["project_id"])
    assert not actions.duplicated(["action", "project_id"]).any()
    assert actions["action"].value_counts().to_dict() == {
        "not_updated": 138, "no_involvement": 84, "not_recorded": 19, "overdue": 10,
    }  # fmt: skip
