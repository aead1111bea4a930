"""Areas of work: which are missing, how many a project has, which go together, early or late."""

from dataclasses import replace

import pandas as pd
import pytest
from conftest import clean_projects, register, rows
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi

COUNTS = ["numerator", "denominator", "not_recorded"]
NOBODY = register(clean_projects("approach\nnone").iloc[:0])


def test_areas_are_counted_in_the_profiles_order_blanks_apart():
    projects = register("directorate | areas\nA | yn-nnnnny\nB | yy-yyyyyy\nA | y--------")
    counts = qi.count_areas(projects)
    assert list(counts) == ["area", "label", *COUNTS]
    assert rows(counts, "area", *COUNTS)[:3] == [
        ["choosing_problem", 3, 3, 0],
        ["setting_aim", 1, 3, 1],
        ["understanding_system", 0, 3, 3],
    ]
    assert counts["label"].iloc[0] == "Choosing the problem"
    apart = qi.count_areas(projects, by="directorate")
    assert list(apart) == ["directorate", "area", "label", *COUNTS]
    assert apart.groupby("area", sort=False)[COUNTS].sum().to_numpy().tolist() == rows(
        counts, *COUNTS
    )
    assert qi.count_areas(NOBODY, by="directorate").empty


@pytest.mark.parametrize(
    ("areas", "sentence"),
    [
        (["-" * 9], "No project has recorded the areas of work in which people took part."),
        (["y" * 9], "People took part in each area of work in 100% of projects that say."),
        (["y" * 8 + "-"],
         "People took part in each area of work that is recorded in 100% of projects that say."),
        (["yn-------", "nn-------"],
         "Of projects that say, 50% involved people in choosing the problem (5 of 10), and none in "
         "setting the aim (0 of 10)."),
        (["yy-------", "yn-------", "-n-------"],
         "Of projects that say, 100% involved people in choosing the problem (10 of 10), and only "
         "33% in setting the aim (5 of 15)."),
    ],
)  # fmt: skip
def test_a_sentence_names_the_area_with_most_and_the_one_with_fewest(areas, sentence):
    counts = qi.count_areas(register("\n".join(["areas", *areas * 5])))
    assert qi.describe_areas(counts) == sentence


def test_an_area_is_named_as_most_or_least_only_where_five_projects_say():
    lines = ["approach | areas", *["doing_with | yn-------"] * 4, "doing_with | yy-------"]
    lines += ["doing_with | --y------"] * 4 + ["doing_with | ---n-----"]
    projects = register("\n".join(lines))
    assert qi.describe_areas(qi.count_areas(projects)) == (
        "Of projects that say, 100% involved people in choosing the problem (5 of 5), and only 20% "
        "in setting the aim (1 of 5)."
    )
    by = qi.count_areas(projects, by="approach")
    assert qi.counts.describe_areas_by_approach(by) == (
        "Projects that worked with people as partners involved them most in choosing the problem "
        "(5 of 5) and least in setting the aim (1 of 5)."
    )
    few = register(projects.projects.iloc[1:])
    assert qi.describe_areas(qi.count_areas(few)) == (
        "Fewer than 5 projects say of any area of work whether people took part."
    )
    assert qi.counts.describe_areas_by_approach(qi.count_areas(few, by="approach")) == (
        "Fewer than 5 projects of any way of working say of an area whether people took part."
    )


def test_areas_that_a_register_does_not_ask_about_are_not_counted_nor_said():
    projects = register("areas\n" + "yyynnnnnn\n" * 5)
    some = {"approach", "area_choosing_problem", "area_sharing"}
    two = projects.override(asked=some)
    assert qi.count_areas(two)["area"].tolist() == ["choosing_problem", "sharing"]
    assert qi.count_areas_per_project(two)["areas"].tolist() == [0, 1, 2]
    assert len(qi.counts.count_area_pairs(two)) == 1
    none = projects.override(asked={"approach"})
    areas = qi.count_areas(none)
    assert areas.empty
    assert qi.describe_areas(areas) == qi.describe_missing_areas(areas) == ""
    assert qi.describe_areas_per_project(qi.count_areas_per_project(none)) == ""
    assert qi.plot_areas(areas).figure is not None


# --- missing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "sentence"),
    [
        ([], "No project has recorded the areas of work in which people took part."),
        (["-" * 9], "No project has recorded the areas of work in which people took part."),
        (["y" * 9], "In every area of work that is recorded, some project involved people."),
        (["ynyyyyyyy", "nnyyyyyy-"],
         "In 1 of 9 areas of work, no project that says involved anybody: setting the aim (0 of "
         "2)."),
        (["y" * 7 + "--"],
         "In every area of work that is recorded, some project involved people. For 2 nothing is "
         "recorded: making sense of results and sharing and spreading."),
    ],
)  # fmt: skip
def test_a_sentence_names_the_areas_in_which_nobody_took_part_blanks_apart(areas, sentence):
    counts = qi.count_areas(register("\n".join(["areas", *areas]))) if areas else NO_AREAS
    assert qi.describe_missing_areas(counts) == sentence


NO_AREAS = qi.count_areas(NOBODY)


def test_the_areas_are_counted_apart_for_each_way_of_working():
    projects = register("""
        approach   | areas
        doing_with | yynnnnnnn
        doing_with | yn-nnnnnn
        doing_for  | nnnnnnnny
        none       | nnnnnnnnn
    """)
    projects = register(pd.concat([projects.projects] * 5, ignore_index=True))
    counts = qi.count_areas(projects, by="approach")
    with_ = counts[counts["approach"] == "doing_with"]
    assert rows(with_, *COUNTS)[:3] == [[10, 10, 0], [5, 10, 0], [0, 10, 5]]
    assert qi.counts.describe_areas_by_approach(counts) == (
        "Projects that worked with people as partners involved them most in choosing the problem "
        "(10 of 10) and least in understanding the system (0 of 5). Projects that did things for "
        "people involved them most in sharing and spreading (5 of 5) and least in choosing the "
        "problem (0 of 5)."
    )
    ax = qi.charts.plot_areas_by_approach(counts)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["Doing with (10)", "Doing for (5)"]
    assert [t.get_text() for t in ax.texts][:2] == ["100%", "0%"]
    assert ax.figure.get_gid() == qi.counts.describe_areas_by_approach(counts)


def test_the_chart_keeps_100_percent_for_all_projects():
    lines = ["doing_with | yyyyyyyyy"] * 299 + ["doing_with | ynyyyyyyy"]
    counts = qi.count_areas(register("\n".join(["approach | areas", *lines])), by="approach")
    texts = [t.get_text() for t in qi.charts.plot_areas_by_approach(counts).texts]
    assert texts[:3] == ["100%", "99.7%", "100%"]


@pytest.mark.parametrize("approach", ["none", "not_recorded", "doing_with"])
def test_where_no_way_of_working_records_an_area_a_sentence_stands_for_the_chart(approach):
    counts = qi.count_areas(register(f"approach\n{approach}"), by="approach")
    sentence = "No project that involved people has recorded in which areas of work."
    assert qi.counts.describe_areas_by_approach(counts) == sentence
    assert [t.get_text() for t in qi.charts.plot_areas_by_approach(counts).texts] == [sentence]


# --- how many -------------------------------------------------------------------------------------


def test_a_project_with_blanks_has_between_its_yeses_and_as_many_more_as_it_has_blanks():
    projects = register("""
        approach   | areas
        doing_with | yyynnnnnn
        doing_with | yy--nnnnn
        doing_for  | ---------
        none       | n--------
        none       | nnnnnnnnn
    """)
    numbers = qi.count_areas_per_project(projects)
    assert list(numbers) == ["areas", "numerator", "at_least", "possibly", *COUNTS[1:]]
    assert rows(numbers, "areas", "numerator", "at_least", "possibly") == [
        [0, 2, 5, 5],
        [1, 0, 2, 3],
        [2, 0, 2, 3],
        [3, 1, 1, 3],
        [4, 0, 0, 2],
        *[[n, 0, 0, 1] for n in range(5, 10)],
    ]
    assert rows(numbers.head(1), *COUNTS[1:]) == [[5, 2]]
    assert qi.describe_areas_per_project(numbers) == (
        "Of 5 projects, 1 involved people in at least 3 of 9 areas of work, or up to 3 if every "
        "blank is a yes. 2 are known to have none of them and 0 all; 2 leave some area blank."
    )


@pytest.mark.parametrize(
    ("areas", "sentence"),
    [
        ([], "There are no projects."),
        (["y" * 9], "The one project involved people in at least 3 of 9 areas of work."),
        (["n" * 9], "The one project did not involve people in at least 3 of 9 areas of work."),
        (["n" * 9] * 2, "Of 2 projects, 0 involved people in at least 3 of 9 areas of work. 2 are "
                        "known to have none of them and 0 all."),
        (["-" * 9], "The one project may have involved people in at least 3 of 9 areas of work; "
                    "some are blank."),
    ],
)  # fmt: skip
def test_a_sentence_says_how_many_projects_have_several_areas(areas, sentence):
    projects = register("\n".join(["areas", *areas])) if areas else NOBODY
    numbers = qi.count_areas_per_project(projects)
    assert qi.describe_areas_per_project(numbers) == sentence
    assert qi.plot_areas_per_project(numbers).figure.get_gid() == sentence


ANSWERS = st.lists(
    st.tuples(st.text("yn-", min_size=9, max_size=9), st.sampled_from(["none", "doing_for"])),
    min_size=1,
    max_size=8,
)


@given(ANSWERS)
def test_the_exact_numbers_of_areas_and_the_unknown_ones_add_up_to_the_projects(drawn):
    lines = [f"{letters} | {approach}" for letters, approach in drawn]
    numbers = qi.count_areas_per_project(register("\n".join(["areas | approach", *lines])))
    assert numbers["numerator"].sum() + numbers["not_recorded"].iloc[0] == len(drawn)
    assert (numbers["at_least"] <= numbers["possibly"]).all()
    assert numbers["at_least"].is_monotonic_decreasing
    assert numbers["possibly"].is_monotonic_decreasing


def test_the_projects_with_three_areas_or_more_are_those_that_the_definition_counts(example):
    numbers = qi.count_areas_per_project(example).set_index("areas").loc[3]
    counts = qi.count_involvement(example, definition="several_areas").iloc[0]
    assert numbers["at_least"] == counts["numerator"]
    assert numbers["possibly"] - numbers["at_least"] == counts["not_recorded"]


# --- pairs ----------------------------------------------------------------------------------------


def test_two_areas_are_compared_only_where_a_project_records_both():
    projects = register("""
        areas
        yyynnnnnn
        yynnnnnnn
        ynnnnnnnn
        y-nnnnnnn
        -ynnnnnnn
        nnnnnnnnn
    """)
    pairs = qi.counts.count_area_pairs(projects)
    assert len(pairs) == 9 * 8 / 2
    assert rows(pairs, "area", "other", "numerator", "denominator", "recorded")[:2] == [
        ["choosing_problem", "setting_aim", 2, 3, 4],
        ["choosing_problem", "understanding_system", 1, 4, 5],
    ]


@pytest.mark.parametrize(
    ("areas", "sentence"),
    [
        ([], "No two areas of work were recorded as involving people in 5 projects."),
        (["-" * 9] * 9, "No two areas of work were recorded as involving people in 5 projects."),
        (["y" * 9] * 4, "No two areas of work were recorded as involving people in 5 projects."),
        (["n" * 9] * 9, "No two areas of work were recorded as involving people in 5 projects."),
        (["y" * 9] * 5, "In each of 36 pairs of areas that 5 projects or more involved people in, "
                        "100% of those projects did so in both."),
        (["yy-------"] * 5, "In the one pair of areas that 5 projects or more involved people in, "
                            "100% of those projects did so in both."),
        (["yyynnnnnn"] * 4 + ["nynnnnnnn"],
         "Of the 5 projects that involved people in choosing the problem, setting the aim, or "
         "both, 4 (80%) did so in both: no two areas go together more often. Least often: setting "
         "the aim, with driver diagram and change ideas (0 of 5)."),
    ],
)  # fmt: skip
def test_a_sentence_names_the_two_areas_that_go_together_most_and_least(areas, sentence):
    projects = register("\n".join(["areas", *areas])) if areas else NOBODY
    assert qi.counts.describe_area_pairs(qi.counts.count_area_pairs(projects)) == sentence


@given(ANSWERS)
def test_no_pair_has_more_with_both_areas_than_with_either_or_than_record_them(drawn):
    lines = [letters for letters, _ in drawn]
    pairs = qi.counts.count_area_pairs(register("\n".join(["areas", *lines])))
    assert (pairs["numerator"] <= pairs["denominator"]).all()
    assert (pairs["denominator"] <= pairs["recorded"]).all()
    assert (pairs["recorded"] <= len(drawn)).all()


# --- early or late --------------------------------------------------------------------------------


def test_one_area_settles_a_stage_as_a_yes_and_only_all_its_areas_as_a_no():
    projects = register("directorate | areas\nA | nnyn-nnnn\nA | n-nnnny--\nB | ---------")
    stages = qi.counts.count_area_stages(projects)
    assert list(stages) == ["stage", "label", *COUNTS]
    assert rows(stages, "stage", *COUNTS) == [
        ["early", 1, 3, 2],
        ["middle", 0, 3, 2],
        ["late", 1, 3, 1],
    ]
    assert stages["label"].iloc[0] == (
        "Early: choosing the problem, setting the aim, understanding the system"
    )
    assert qi.counts.describe_area_stages(stages) == (
        "Of 3 projects, 1 (33%) is known to have involved people early (choosing the problem, "
        "setting the aim, understanding the system), 0 (0%) in the middle (driver diagram and "
        "change ideas, designing measures, collecting data) and 1 (33%) late (testing changes, "
        "making sense of results, sharing and spreading). Blanks leave 2, 2 and 1 open."
    )
    apart = qi.counts.count_area_stages(projects, by="directorate")
    assert rows(apart, "directorate", "stage", *COUNTS)[:2] == [
        ["A", "early", 1, 2, 1],
        ["A", "middle", 0, 2, 1],
    ]


@pytest.mark.parametrize(
    ("n", "sizes"), [(0, []), (1, []), (2, []), (3, [1, 1, 1]), (4, [2, 1, 1]), (8, [3, 3, 2])]
)
def test_the_areas_are_split_in_their_order_into_three_runs_as_alike_as_can_be(n, sizes):
    shipped = qi.load_profile()
    few = replace(shipped, areas=dict(list(shipped.areas.items())[:n]))
    stages = qi.counts.count_area_stages(register("areas\nyyyyyyyyy"), profile=few)
    assert [label.count(",") + 1 for label in stages["label"]] == sizes
    assert qi.counts.count_area_stages(register("areas\nyyyyyyyyy"), by="approach", profile=few)[
        "numerator"
    ].tolist() == [1] * len(sizes)
    if not sizes:
        assert qi.counts.describe_area_stages(stages) == ""


def test_without_areas_in_the_profile_there_is_nothing_to_count_and_nothing_fails():
    none = replace(qi.load_profile(), areas={})
    projects = register("areas\nyyyyyyyyy")
    assert qi.count_areas(projects, profile=none).empty
    assert qi.counts.count_area_pairs(projects, profile=none).empty
    assert qi.describe_areas_per_project(qi.count_areas_per_project(projects, profile=none)) == ("")


def test_early_and_late_of_no_projects_and_of_projects_that_all_do():
    assert (
        qi.counts.describe_area_stages(qi.counts.count_area_stages(NOBODY))
        == "There are no projects."
    )
    stages = qi.counts.count_area_stages(register("areas\nyyyyyyyyy\nyyyyyyyyy"))
    assert "2 (100%) are known to have involved people early" in qi.counts.describe_area_stages(
        stages
    )
    assert "Blanks" not in qi.counts.describe_area_stages(stages)


def test_of_areas_that_the_register_does_not_ask_about_nothing_is_said():
    projects = register("approach\ndoing_with").override(asked={"approach"})
    assert qi.counts.describe_area_pairs(qi.counts.count_area_pairs(projects)) == ""
    assert qi.describe_areas_per_project(qi.count_areas_per_project(projects)) == ""
    two = projects.override(asked={"approach", "area_sharing", "area_setting_aim"})
    assert qi.describe_areas_per_project(qi.count_areas_per_project(two)) == (
        "The register asks about 2 areas of work, fewer than 3."
    )
