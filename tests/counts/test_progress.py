"""Who finishes, and how far projects come, with people involved and without."""

import numpy as np
import pandas as pd
import pytest
from conftest import clean_projects, register, rows
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.stats.proportions import mantel_haenszel_difference

AS_OF = pd.Timestamp("2021-05-04")
NOBODY = register(clean_projects("approach\nnone").iloc[:0])


# --- finishing ------------------------------------------------------------------------------------

FINISHED = """
status            | directorate | start_date | end_date   | first_involved_date | approach
completed         | A           | 2020-01-01 | 2020-07-02 | 2020-07-01          | doing_to
closed_unfinished | A           | 2020-01-01 | 2020-12-31 | 2020-03-01          | doing_to
completed         | A           | 2020-01-01 | 2020-12-31 | 2020-07-02          | doing_to
closed_unfinished | A           | 2020-01-01 | 2020-12-31 | blank               | none
completed         | A           | 2020-01-01 | 2020-07-01 | 2020-01-01          | doing_to
completed         | A           | 2020-01-01 | 2020-12-31 | blank               | doing_to
completed         | A           | 2020-01-01 | 2020-12-31 | blank               | not_recorded
completed         | A           | 2020-01-01 | blank      | 2020-01-01          | doing_to
active            | A           | 2020-01-01 | 2020-12-31 | 2020-01-01          | doing_to
completed         | A           | 2020-01-01 | 2021-05-05 | 2020-01-01          | doing_to
completed         | B           | 2020-01-01 | 2020-12-31 | 2020-01-01          | doing_to
"""
COUNTS = ["involved_numerator", "involved_denominator", "others_numerator", "others_denominator"]


def test_only_involvement_by_the_landmark_counts_in_projects_that_ran_beyond_it():
    """Six months after 1 January is 1 July: involvement on it counts, an end on it does not."""
    found = qi.stats.compare_finishing(register(FINISHED), as_of=AS_OF)
    assert rows(found, *COUNTS, "undated", "compared", "landmark") == [[2, 3, 1, 2, 2, 4, 6]]
    assert found["unplaced"].tolist() == [1]  # completed, nobody knows when
    assert found["difference"].tolist() == [0]  # in A, 1 of 2 against 1 of 2; B has one kind


def test_without_any_day_of_involvement_projects_are_parted_by_whether_they_ever_involved_people():
    projects = register(clean_projects(FINISHED).assign(first_involved_date=pd.NaT))
    found = qi.stats.compare_finishing(projects, as_of=AS_OF)
    assert rows(found, *COUNTS, "undated", "landmark") == [[6, 7, 0, 1, 1, 0]]
    assert qi.stats.describe_finishing(found) == (
        "Of 7 ended projects that had involved people, 6 (86%) were completed; of 1 that had not, "
        "0 (0%). 7 of them began in the same directorate and year as one of the other kind: too "
        "few to compare like with like. 1 more is left out, as it is not recorded whether people "
        "were involved. This does not show that involvement makes the difference: a project that "
        "runs longer has more time both to involve people and to finish (immortal-time bias). No "
        "day of first involvement is recorded by which to lessen this bias."
    )


ABANDONED = """
status            | directorate | start_date | end_date   | first_involved_date | approach
completed         | A           | 2020-01-01 | 2020-12-31 | blank               | doing_to
closed_unfinished | A           | 2020-01-01 | blank      | blank               | doing_to
closed_unfinished | A           | 2020-01-01 | blank      | blank               | none
closed_unfinished | A           | blank      | blank      | blank               | none
closed_unfinished | A           | 2021-06-01 | blank      | blank               | none
"""


def test_a_project_has_ended_if_its_status_says_so_though_nobody_wrote_down_when():
    """Else those that were abandoned would be left out, and every project would seem completed."""
    found = qi.stats.compare_finishing(register(ABANDONED), as_of=AS_OF)
    assert rows(found, *COUNTS, "unplaced") == [[1, 2, 0, 1, 1]]
    said = qi.stats.describe_finishing(found)
    assert "Of 2 ended projects that had involved people, 1 (50%) was completed; of 1" in said
    assert " 1 more is left out, as it is not recorded when it started. " in said


def test_how_many_are_left_out_for_want_of_an_end_date_is_said_where_a_landmark_needs_one():
    dated = clean_projects(ABANDONED).assign(first_involved_date=pd.Timestamp("2020-01-01"))
    found = qi.stats.compare_finishing(register(dated), as_of=AS_OF)
    assert rows(found, *COUNTS, "unplaced") == [[1, 1, 0, 0, 3]]
    assert qi.stats.describe_finishing(found) == (
        "Projects that involved people cannot be compared with others: of those that have ended "
        "and can be placed, 1 had involved people and 0 had not. 3 more are left out, as it is not "
        "recorded when they started or ended."
    )


def test_an_outcome_is_counted_among_projects_that_record_one():
    outcomes = ["Aim met", "Aim not met", "Aim met", None, *["Aim met"] * 7]
    projects = clean_projects(FINISHED).assign(outcome=pd.Series(outcomes, dtype="str"))
    found = qi.stats.compare_finishing(register(projects), as_of=AS_OF, outcome="Aim met")
    assert rows(found, "outcome", *COUNTS) == [["Aim met", 2, 3, 1, 1]]
    assert "2 (67%) have the outcome “Aim met”" in qi.stats.describe_finishing(found)


def finished(*groups: tuple[int, int, int, int]) -> qi.Register:
    """Return directorates' ended projects: involved and completed, involved, others, likewise."""
    lines = [
        f"{status} | D{i} | 2020-01-01 | 2020-12-31 | {first} | {approach}"
        for i, (k, n, j, m) in enumerate(groups)
        for first, approach, done, all_ in (("2020-01-01", "doing_to", k, n), ("", "none", j, m))
        for status in ["completed"] * done + ["closed_unfinished"] * (all_ - done)
    ]
    head = "status | directorate | start_date | end_date | first_involved_date | approach"
    return register("\n".join([head, *lines]))


def test_the_difference_is_within_directorates_where_their_mix_would_turn_it_round():
    """In each directorate 10 points more, in both together fewer: Simpson's paradox."""
    found = qi.stats.compare_finishing(finished((9, 10, 32, 40), (12, 40, 2, 10)), as_of=AS_OF)
    row = found.iloc[0]
    assert row["involved_numerator"] / row["involved_denominator"] == 0.42
    assert row["others_numerator"] / row["others_denominator"] == 0.68
    assert row["difference"] == pytest.approx(0.1)
    assert row["lower_cl"] < 0.1 < row["upper_cl"]
    assert row["compared"] == 100


NO_SPREAD = "as nothing varies within either kind, there is no interval."
TOO_FEW = (
    "of them began in the same directorate and year as one of the other kind: too few to compare "
    "like with like."
)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([(10, 10, 10, 10)], f"the rate is the same; {NO_SPREAD}"),
        ([(0, 10, 0, 10)], f"the rate is the same; {NO_SPREAD}"),
        ([(10, 10, 0, 10)], f"the rate is 100 points higher; {NO_SPREAD}"),
        ([(30, 30, 15, 30)], "50 points higher (95% interval: 32 points higher to 68 points "
                             "higher), more than chance alone would give."),
        ([(1, 1, 1, 1)], f"2 {TOO_FEW}"),
        ([(1, 1, 1, 1)], "Of 1 ended project that had involved people within 6 months of "
                         "starting, 1 (100%) was completed; of 1 that had not, 1 (100%)."),
        ([(100, 200, 249, 500)], "the rate is the same to within a point (95% interval: 8 points "
                                 "lower to 8 points higher), which chance alone could give."),
        ([(9, 9, 0, 0), (0, 0, 9, 9)], f"None {TOO_FEW}"),
    ],
)  # fmt: skip
def test_the_sentence_at_the_ends_and_for_few(groups, words):
    found = qi.stats.compare_finishing(finished(*groups), as_of=AS_OF)
    assert words in qi.stats.describe_finishing(found)
    assert "immortal-time bias" in qi.stats.describe_finishing(found)


@pytest.mark.parametrize("projects", [NOBODY, finished((3, 5, 0, 0)), finished((0, 0, 3, 5))])
def test_one_kind_of_project_alone_is_not_compared(projects):
    found = qi.stats.compare_finishing(projects, as_of=AS_OF)
    assert found["difference"].isna().all()
    assert qi.stats.describe_finishing(found).startswith(
        "Projects that involved people cannot be compared with others: "
    )


def test_a_landmark_before_the_first_month_is_refused():
    with pytest.raises(ValueError, match=r"^`landmark` must be 1 month or more; not 0\.$"):
        qi.stats.compare_finishing(NOBODY, as_of=AS_OF, landmark=0)


def test_one_group_alone_gives_the_plain_difference_and_its_variance():
    """12/20 and 8/20: the variance is 0.6 x 0.4 / 20 + 0.4 x 0.6 / 20 = 0.024."""
    difference, lower, upper = mantel_haenszel_difference([12], [20], [8], [20])
    assert difference == pytest.approx(0.2)
    assert (upper - lower) / 2 == pytest.approx(1.959964 * 0.024**0.5)


TABLES = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)),
    min_size=1,
    max_size=6,
)


@given(TABLES)
def test_changing_the_two_kinds_round_changes_only_the_sign(tables):
    a, b, c, d = (np.array(column) for column in zip(*tables, strict=True))
    there = mantel_haenszel_difference(a, a + b, c, c + d)
    back = mantel_haenszel_difference(c, c + d, a, a + b)
    np.testing.assert_allclose(there, [-back[0], -back[2], -back[1]], atol=1e-9)
    assert np.isnan(there[0]) or -1 <= there[0] <= 1


# --- progress -------------------------------------------------------------------------------------

SCORED = """
approach     | progress_score | updated_date
doing_with   | 2.0            | 2021-05-04
doing_with   | 4.0            | 2021-02-03
doing_with   | blank          | 2020-01-01
doing_for    | 0.5            | 2021-02-04
doing_for    | 3.5            | blank
none         | 5.0            | 2020-01-01
not_recorded | 1.0            | 2021-05-04
"""


def test_scores_are_counted_and_never_averaged():
    summary = qi.counts.summarise_progress(register(SCORED), as_of=AS_OF)
    columns = ["involvement", "median", "numerator", "denominator", "not_recorded", "old"]
    assert list(summary) == [columns[0], "label", "median", "reached", *columns[2:], "undated"]
    assert rows(summary, *columns, "undated") == [
        ["yes", 2.0, 1, 2, 1, 1, 0],
        ["no", 3.5, 1, 3, 0, 1, 1],
        ["not_recorded", 1.0, 0, 1, 0, 0, 0],
    ]
    assert qi.counts.describe_progress(summary) == (
        "Of 2 projects with a progress score that involve people meaningfully, the middle one "
        "stands at 2, and 1 (50%) at 4 or above. Of 3 projects with a progress score that do not "
        "involve people meaningfully, the middle one stands at 3.5, and 1 (33%) at 4 or above. For "
        "1 more with a score it is not recorded whether it does. 2 of 6 scores stand on a record "
        "not updated for 90 days or more, and of 1 the age is not known. This does not show that "
        "involvement brings progress."
    )


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "No project has a progress score."),
        (["doing_with | blank | blank"], "No project has a progress score."),
        (["doing_with | 5.0 | 2021-05-04"],
         "The one project with a progress score that involves people meaningfully stands at 5. No "
         "project that does not involve people meaningfully has a progress score. 0 of 1 score "
         "stands on a record not updated for 90 days or more. This does not show that involvement "
         "brings progress."),
        (["none | 0.5 | 2020-05-04"] * 3,
         "No project that involves people meaningfully has a progress score. Of 3 projects with a "
         "progress score that do not involve people meaningfully, the middle one stands at 0.5, "
         "and 0 (0%) at 4 or above. 3 of 3 scores stand on a record not updated for 90 days or "
         "more. This does not show that involvement brings progress."),
    ],
)  # fmt: skip
def test_a_sentence_says_how_far_projects_have_come(lines, sentence):
    head = "approach | progress_score | updated_date"
    projects = register("\n".join([head, *lines])) if lines else NOBODY
    assert (
        qi.counts.describe_progress(qi.counts.summarise_progress(projects, as_of=AS_OF)) == sentence
    )
