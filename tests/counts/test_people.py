"""Who is involved, service users, carers or both; and which reasons are given where nobody is."""

from dataclasses import replace

import pytest
from conftest import clean_projects, register, rows

import qi_analysis as qi
from qi_analysis.counts.people import PEOPLE

NOBODY = register(clean_projects("approach\nnone").iloc[:0])
FLAGS = "approach | service_user_involved | carer_involved"


@pytest.mark.parametrize(
    ("approach", "users", "carers", "kind"),
    [
        ("doing_with", "yes", "yes", "both"),
        ("doing_with", "yes", "no", "service_users"),
        ("doing_with", "no", "yes", "carers"),
        ("doing_with", "yes", "not_recorded", "service_users_at_least"),
        ("doing_with", "not_recorded", "yes", "carers_at_least"),
        ("none", "no", "no", "neither"),
        ("none", "not_recorded", "no", "neither"),
        ("none", "not_recorded", "not_recorded", "neither"),
        ("doing_with", "not_recorded", "not_recorded", "not_recorded"),
        ("not_recorded", "no", "not_recorded", "not_recorded"),
        ("not_recorded", "not_recorded", "no", "not_recorded"),
    ],
)
def test_a_blank_flag_leaves_the_question_open_unless_nobody_at_all_is_involved(
    approach, users, carers, kind
):
    people = qi.count_people(register(f"{FLAGS}\n{approach} | {users} | {carers}"))
    assert people.loc[people["numerator"] == 1, "people"].tolist() == [kind]
    assert people["people"].tolist() == list(PEOPLE)
    assert people["denominator"].tolist() == [1] * 7


def test_people_are_counted_by_group_every_kind_in_each():
    projects = register("""
        directorate | service_user_involved | carer_involved
        A           | yes                   | yes
        A           | yes                   | yes
        B           | no                    | yes
    """)
    people = qi.count_people(projects, by="directorate")
    assert list(people) == ["directorate", "people", "label", "numerator", "denominator"]
    some = people[people["numerator"] > 0]
    assert rows(some, "directorate", "people", "numerator", "denominator") == [
        ["A", "both", 2, 2],
        ["B", "carers", 1, 1],
    ]
    assert len(people) == 14
    assert qi.count_people(NOBODY)["numerator"].tolist() == [0] * 7


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ([], "There are no projects."),
        (["not_recorded not_recorded"], "For the one project it is not recorded who was involved."),
        (["yes yes"] * 3, "Of 3 projects, 3 involved both service users and carers."),
        (["no no"], "The one project involved neither."),
        (["no yes"], "The one project involved carers but not service users."),
        (["yes not_recorded"], "1 involved service users, and does not record whether carers too."),
        (["yes no", "no no", "yes not_recorded", "not_recorded yes", "no not_recorded"],
         "Of 5 projects, 1 involved service users but not carers and 1 neither. 1 more involved "
         "service users, and does not record whether carers too. 1 more involved carers, and does "
         "not record whether service users too. For 1 it is not known whether either took part."),
    ],
)  # fmt: skip
def test_a_sentence_counts_who_took_part_and_what_is_open(flags, sentence):
    lines = [f"not_recorded | {flag.replace(' ', ' | ')}" for flag in flags]
    projects = register("\n".join([FLAGS, *lines])) if flags else NOBODY
    assert qi.describe_people(qi.count_people(projects)) == sentence


# --- reasons --------------------------------------------------------------------------------------

REASONS = """
    directorate | approach     | no_involvement_reason | exemption_agreed
    A           | none         | no_time               | no
    A           | none         | no_time               | not_recorded
    A           | none         | staff_only            | yes
    B           | none         | other                 | no
    B           | none         | blank                 | no
    B           | none         | blank                 | yes
    B           | none         | blank                 | not_recorded
    B           | doing_for    | no_time               | yes
    C           | not_recorded | no_time               | not_recorded
"""
ORDER = [
    "staff_only", "no_time", "not_known_how", "nobody_available", "technical", "other",
    "none_stated",
]  # fmt: skip


def test_reasons_are_counted_where_nobody_is_involved_none_stated_among_them():
    reasons = qi.count_reasons(register(REASONS))
    columns = ["reason", "label", "numerator", "denominator", "agreed", "not_agreed"]
    assert list(reasons) == [*columns, "not_recorded"]
    assert reasons["reason"].tolist() == ORDER
    assert rows(reasons[reasons["numerator"] > 0], *columns, "not_recorded") == [
        ["staff_only", "Staff-facing only", 1, 7, 1, 0, 0],
        ["no_time", "Not enough time", 2, 7, 0, 1, 1],
        ["other", "Another reason", 1, 7, 0, 1, 0],
        ["none_stated", "None stated", 3, 7, 1, 1, 1],
    ]
    assert qi.describe_reasons(reasons) == (
        "Of 7 projects that involved nobody, 3 (43%) state no reason. The commonest reason stated "
        "is “not enough time” (2 of 4). An exemption was agreed for 2."
    )


def test_every_group_with_a_project_that_involves_nobody_has_every_reason():
    reasons = qi.count_reasons(register(REASONS), by="directorate")
    assert rows(reasons, "directorate", "reason") == [[d, r] for d in "AB" for r in ORDER]
    sums = reasons.groupby("directorate")[["numerator", "agreed"]].sum()
    assert sums.to_numpy().tolist() == [[3, 1], [4, 1]]
    assert reasons.groupby("directorate")["denominator"].unique().map(list).tolist() == [[3], [4]]


def test_a_reason_that_the_profile_does_not_know_is_another_reason():
    few = replace(qi.load_profile(), reasons={"no_time": (), "other": ("Something else",)})
    reasons = qi.count_reasons(register(REASONS), profile=few)
    assert rows(reasons, "reason", "label", "numerator") == [
        ["no_time", "No time", 2],
        ["other", "Something else", 2],
        ["none_stated", "None stated", 3],
    ]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "No project is recorded as involving nobody, so there are no reasons to count."),
        (["doing_for | no_time | no"],
         "No project is recorded as involving nobody, so there are no reasons to count."),
        (["none | blank | not_recorded"],
         "The one project that involved nobody states no reason. No exemption is recorded as "
         "agreed."),
        (["none | blank | not_recorded"] * 24,
         "None of 24 projects that involved nobody states a reason. No exemption is recorded as "
         "agreed."),
        (["none | no_time | yes"],
         "The one project that involved nobody states a reason. The reason stated is “not enough "
         "time”. An exemption was agreed."),
        (["none | no_time | yes", "none | staff_only | yes"],
         "Each of 2 projects that involved nobody states a reason. No two state the same: "
         "“staff-facing only” and “not enough time”. An exemption was agreed for 2."),
        (["none | no_time | yes", "none | staff_only | yes"] * 2,
         "Each of 4 projects that involved nobody states a reason. The commonest reasons stated "
         "are “staff-facing only” and “not enough time” (2 of 4 each). An exemption was agreed "
         "for 4."),
    ],
)  # fmt: skip
def test_a_sentence_says_how_often_no_reason_is_stated(lines, sentence):
    head = "approach | no_involvement_reason | exemption_agreed"
    projects = register("\n".join([head, *lines])) if lines else NOBODY
    assert qi.describe_reasons(qi.count_reasons(projects)) == sentence


def test_a_register_without_a_column_of_reasons_states_none(example):
    blank = example.projects.assign(no_involvement_reason=None, exemption_agreed="not_recorded")
    reasons = qi.count_reasons(register(blank.astype({"no_involvement_reason": "str"})))
    assert reasons["numerator"].tolist() == [0] * 6 + [245]
    assert reasons["not_recorded"].tolist() == [0] * 6 + [245]


def test_people_whom_a_register_does_not_ask_about_are_in_no_count_and_no_sentence():
    projects = register("""
        approach   | service_user_involved | carer_involved
        doing_with | yes                   | not_recorded
        doing_for  | no                    | not_recorded
        none       | not_recorded          | not_recorded
        doing_with | not_recorded          | not_recorded
    """)
    asked = {"approach", "service_user_involved"}
    users = qi.count_people(projects.override(asked=asked))
    assert rows(users, "label", "numerator", "denominator") == [
        ["Service users", 1, 4],
        ["No service users", 2, 4],
        ["Not recorded", 1, 4],
    ]
    assert qi.describe_people(users) == (
        "Of 4 projects, 1 involved service users and 2 did not. For 1 it is not recorded."
    )
    carers = qi.count_people(projects.override(asked={"approach", "carer_involved"}))
    assert qi.describe_people(carers) == (
        "Of 4 projects, 0 involved carers and 1 did not. For 3 it is not recorded."
    )
    nobody = qi.count_people(projects.override(asked={"approach"}))
    assert nobody.empty
    assert qi.describe_people(nobody) == ""
    assert qi.count_people(projects.override(asked={"approach"}), by="directorate").empty


def test_reasons_and_exemptions_are_counted_only_where_asked():
    projects = register("""
        approach | no_involvement_reason | exemption_agreed
        none     | no_time               | not_recorded
        none     | blank                 | not_recorded
    """)
    asked = {"approach", "no_involvement_reason"}
    reasons = qi.count_reasons(projects.override(asked=asked))
    assert "agreed" not in reasons
    assert qi.describe_reasons(reasons) == (
        "Of 2 projects that involved nobody, 1 (50%) states no reason. The reason stated is “not "
        "enough time”."
    )
    none = qi.count_reasons(projects.override(asked={"approach", "exemption_agreed"}))
    assert none.empty
    assert qi.describe_reasons(none) == ""


def test_completeness_and_progress_are_of_what_a_register_asks():
    projects = register("start_date | progress_score\n2020-01-01 | 2", as_of="2021-05-04")
    own = projects.override(asked={"approach", "start_date", "carer_involved"})
    assert list(qi.summarise_completeness(own)) == [
        "directorate", "projects", "involvement", "carer", "start_date",
    ]  # fmt: skip
    scores = qi.counts.summarise_progress(own)
    assert scores.empty
    assert qi.counts.describe_progress(scores) == ""
    assert qi.counts.describe_not_asked(own) == (
        "This register does not ask about service users, areas of work, reasons, exemptions, first "
        "days of involvement, progress, ends or updates."
    )
    assert qi.counts.describe_not_asked(projects) == ""
