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
completed         | A           | 2019-01-01 | 2019-07-02 | 2019-07-01          | doing_to
closed_unfinished | A           | 2019-01-01 | 2019-12-31 | 2019-03-01          | doing_to
active            | A           | 2019-01-01 | 2019-12-31 | 2019-03-01          | doing_to
completed         | A           | 2019-01-01 | 2021-01-01 | 2019-07-02          | doing_to
completed         | A           | 2019-01-01 | 2021-01-02 | blank               | none
closed_unfinished | A           | 2019-01-01 | 2019-12-31 | blank               | none
paused            | A           | 2019-01-01 | blank      | blank               | none
completed         | A           | 2019-01-01 | 2019-07-01 | 2019-01-01          | doing_to
completed         | A           | 2019-01-01 | 2019-12-31 | blank               | doing_to
unknown           | A           | 2019-01-01 | 2019-12-31 | blank               | not_recorded
completed         | A           | 2019-01-01 | blank      | 2019-01-01          | doing_to
active            | A           | blank      | blank      | 2019-01-01          | doing_to
completed         | A           | 2019-05-05 | 2020-12-31 | 2019-05-05          | doing_to
proposed          | A           | 2019-01-01 | blank      | blank               | none
completed         | B           | 2019-01-01 | 2019-12-31 | 2019-01-01          | doing_to
"""
COUNTS = ["involved_numerator", "involved_denominator", "others_numerator", "others_denominator"]


def test_those_completed_are_a_share_of_all_that_ran_on_and_every_project_has_had_as_long():
    """Six months after 1 January is 1 July: involvement on it counts, an end on it does not.
    Two years after it is 1 January 2021: what was completed on it counts. In A it is 1 of 3 that
    involved people, 1 of 4 others; B has one kind. One that started on 5 May 2019 has not had two
    years on 4 May 2021."""
    found = qi.stats.compare_finishing(register(FINISHED), as_of=AS_OF)
    assert rows(found, *COUNTS, "undated", "unplaced", "compared") == [[2, 4, 1, 4, 2, 2, 7]]
    assert found["difference"].tolist() == [pytest.approx(1 / 3 - 1 / 4)]


def test_projects_that_run_on_count_as_not_completed():
    """Of ended projects alone, 9 of 10 and 9 of 10; the involved run on more often."""
    ended = [(9, 10, 9, 10)]
    lines = "active | D0 | 2019-01-01 | blank | 2019-01-01 | doing_to\n" * 10
    found = qi.stats.compare_finishing(finished(*ended, more=lines), as_of=AS_OF)
    assert rows(found, *COUNTS) == [[9, 20, 9, 10]]
    assert found["difference"].item() == pytest.approx(-0.45)


def test_without_any_day_of_involvement_nothing_is_compared():
    """Projects parted by whether they ever involved people would have had unlike times to do so."""
    projects = register(clean_projects(FINISHED).assign(first_involved_date=pd.NaT))
    found = qi.stats.compare_finishing(projects, as_of=AS_OF)
    assert rows(found, *COUNTS, "undated") == [[0, 0, 0, 3, 7]]
    assert qi.stats.describe_finishing(found) == (
        "Projects that involved people early cannot be compared with others: of those that started "
        "at least 24 months ago and can be placed, 0 had involved people within 6 months and 3 had "
        "not. 7 more are left out, as it is not recorded whether or when people were involved. 2 "
        "more are left out, as it is not recorded when they started or ended."
    )


def finished(*groups: tuple[int, int, int, int], more: str = "") -> qi.Register:
    """Return directorates' ended projects: involved and completed, involved, others, likewise."""
    lines = [
        f"{status} | D{i} | 2019-01-01 | 2019-12-31 | {first} | {approach}"
        for i, (k, n, j, m) in enumerate(groups)
        for first, approach, done, all_ in (("2019-01-01", "doing_to", k, n), ("", "none", j, m))
        for status in ["completed"] * done + ["closed_unfinished"] * (all_ - done)
    ]
    head = "status | directorate | start_date | end_date | first_involved_date | approach"
    return register("\n".join([head, *lines, more]).strip())


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
        ([(30, 30, 15, 30)], "50 points higher (95% interval: 32 to 68 points higher), more "
                             "than chance alone would give."),
        ([(1, 1, 1, 1)], f"2 {TOO_FEW}"),
        ([(1, 1, 1, 1)], "Of 1 project that had involved people within 6 months of starting, "
                         "and ran for longer, 1 (100%) was completed within 24 months; of 1 that "
                         "had not, 1 (100%)."),
        ([(100, 200, 249, 500)], "the rate is 0.2 points higher (95% interval: 8 points lower to "
                                 "8 points higher), which chance alone could give."),
        ([(9, 9, 0, 0), (0, 0, 9, 9)], f"None {TOO_FEW}"),
    ],
)  # fmt: skip
def test_the_sentence_at_the_ends_and_for_few(groups, words):
    found = qi.stats.compare_finishing(finished(*groups), as_of=AS_OF)
    assert words in qi.stats.describe_finishing(found)
    assert "This does not show that involvement makes" in qi.stats.describe_finishing(found)


@pytest.mark.parametrize("projects", [NOBODY, finished((3, 5, 0, 0)), finished((0, 0, 3, 5))])
def test_one_kind_of_project_alone_is_not_compared(projects):
    found = qi.stats.compare_finishing(projects, as_of=AS_OF)
    assert found["difference"].isna().all()
    assert qi.stats.describe_finishing(found).startswith(
        "Projects that involved people early cannot be compared with others: "
    )


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
         "project that does not involve people meaningfully has a progress score. No score stands "
         "on a record not updated for 90 days or more. This does not show that involvement brings "
         "progress."),
        (["doing_with | 5.0 | 2020-05-04"],
         "The one project with a progress score that involves people meaningfully stands at 5. No "
         "project that does not involve people meaningfully has a progress score. The one score "
         "stands on a record not updated for 90 days or more. This does not show that involvement "
         "brings progress."),
        (["doing_with | 5.0 | blank"],
         "The one project with a progress score that involves people meaningfully stands at 5. No "
         "project that does not involve people meaningfully has a progress score. How old the "
         "scores are is not recorded. This does not show that involvement brings progress."),
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
