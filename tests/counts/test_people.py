"""Who is involved, service users, carers or both; and which reasons are given where nobody is."""

from dataclasses import replace

import pytest
from conftest import ROOT, clean_projects, register, rows, table

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
        (["no no"], "The one project involved neither service users nor carers."),
        (["no yes"], "The one project involved carers only."),
        (["yes not_recorded"],
         "The one project involved service users and does not say of carers."),
        (["not_recorded yes"],
         "The one project involved carers and does not say of service users."),
        (["yes no", "no no", "yes not_recorded", "not_recorded yes", "no not_recorded"],
         "Of 5 projects, 1 involved service users only and 1 neither service users nor carers. 2 "
         "more involved one of them and do not say of the other; 1 does not say if either took "
         "part."),
        (["yes yes", "yes yes", "no yes", "no no", "not_recorded yes", "not_recorded no"],
         "Of 6 projects, 2 involved both service users and carers, 1 carers only and 1 neither. 1 "
         "more involved one of them and does not say of the other; 1 does not say if either took "
         "part."),
        (["yes no", "yes not_recorded"],
         "Of 2 projects, 1 involved service users only. 1 more involved service users or carers "
         "and does not say of the other."),
        (["yes not_recorded", "not_recorded yes", "no not_recorded"],
         "Of 3 projects, 2 involved service users or carers and do not say of the other; 1 does "
         "not say if either took part."),
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
        "Of 4 projects, none involved carers and 1 did not. For 3 it is not recorded."
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
        "days of involvement, programmes, progress, ends or updates."
    )
    whole = projects.override(asked={*projects.asked, "programme"})
    assert qi.counts.describe_not_asked(whole) == ""


WESTMERE = """
    Ref no | Improvement project | Division | PPI level: 0-5 | Opened   | Completed?
    1      | Falls               | Surgery  | 0              | May 2024 | No
    2      | Waits               | Surgery  | 4              | May 2024 | No
    3      | Noise               | Surgery  | 3              | May 2024 | Yes
    4      | Forms               | Surgery  | 2              | May 2024 | No
    5      | Meals               | Surgery  | 5              | May 2024 | ?
"""


def test_of_what_a_register_does_not_ask_nothing_is_said():
    profile = ROOT / "tests/profiles/westmere.toml"
    cleaned = qi.clean_register(table(WESTMERE), profile)
    own = qi.Register(
        cleaned.register, profile=profile, as_of="2025-06-30", asked=cleaned.asked, cleaning=cleaned
    )
    counts, without = qi.count_involvement(own), qi.count_involvement(own, exempt="out")
    programmes = qi.count_involvement(own, by="programme", basis="started")
    split = qi.stats.split_difference(programmes, programmes, "programme")
    said = {
        "people": qi.describe_people(qi.count_people(own)),
        "reasons": qi.describe_reasons(qi.count_reasons(own)),
        "exemptions": qi.describe_exemptions(counts, without),
        "time": qi.describe_time_to_involvement(qi.time_to_involvement(own)),
        "areas": qi.describe_areas(qi.count_areas(own)),
        "missing": qi.describe_missing_areas(qi.count_areas(own)),
        "by approach": qi.counts.describe_areas_by_approach(qi.count_areas(own, by="approach")),
        "number": qi.describe_areas_per_project(qi.count_areas_per_project(own)),
        "pairs": qi.counts.describe_area_pairs(qi.counts.count_area_pairs(own)),
        "stages": qi.counts.describe_area_stages(qi.counts.count_area_stages(own)),
        "definitions": qi.describe_definitions(qi.compare_definitions(own)),
        "undated": qi.counts.describe_undated(own),
        "programmes": qi.stats.describe_split(split, "programme", "the rest", ""),
    }
    assert [name for name, sentence in said.items() if sentence] == []
    assert list(qi.summarise_completeness(own)) == [
        "directorate", "projects", "involvement", "start_date",
    ]  # fmt: skip
    rates = qi.add_rates(programmes).replace({"programme": own.profile.programme_labels})
    assert qi.format_rates(rates, by="programme").empty
    to_do = qi.counts.format_projects(own)
    assert list(to_do) == ["Title", "Started", "How people take part", "What to do"]
    assert to_do["What to do"].tolist() == [
        "Involve people", "Nothing now", "Make partners of people", "Nothing now",
    ]  # fmt: skip
    actions = qi.format_actions(qi.list_actions(own), register=own)
    assert list(actions) == ["What to do", "Title", "Since"]
    assert cleaned.warnings == (
        "The export does not say when projects end, so the one that has finished counts as live on "
        "no past day.",
        "1 project does not say its status, and counts as live until it ends.",
    )
