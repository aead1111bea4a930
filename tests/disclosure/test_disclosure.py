"""Small counts: what is hidden, that nobody can work it out, and that the audit would notice."""

import re
from collections import defaultdict
from datetime import date
from fractions import Fraction
from itertools import product

import check_disclosure
import numpy as np
import pandas as pd
import pytest
from conftest import SOAK, some, third
from hypothesis import assume, given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis import disclosure
from qi_analysis.core.schema import COUNTS_AND_BLANKS
from qi_analysis.disclosure.suppress import (
    RULES,
    Rule,
    hide_groups,
    is_small,
    is_told_within,
    round_counts,
)
from qi_analysis.profile import Aim

LIKE_LT10 = Rule(0, 2, 1)
RULES_THAT_HIDE = ["hes", "mhsds", "lt10"]
COUNT = st.one_of(st.integers(0, 12), st.integers(0, 60))
OFTEN_SHOWN = st.one_of(st.integers(8, 60), st.integers(0, 60))


def counts(text: str) -> pd.DataFrame:
    """Read a small table of counts: a line a group, its name first."""
    lines = [line.split() for line in text.strip().splitlines()]
    numbers = [[pd.NA if n == "[c]" else int(n) for n in line[1:]] for line in lines[1:]]
    return pd.DataFrame(numbers, [line[0] for line in lines[1:]], lines[0]).astype("Int64")


def hidden_groups(published: pd.DataFrame) -> list[str]:
    """Name the groups that are suppressed."""
    return published.index[published["Total"].isna()].tolist()


# --- the rules ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "published"),
    [
        ("none", [0, 1, 4, 5, 7, 8, 9, 10, 12, 13]),
        ("hes", [0, None, None, None, None, 10, 10, 10, 10, 15]),
        ("mhsds", [None, None, None, 5, 5, 10, 10, 10, 10, 15]),
        ("lt10", [None, None, None, None, None, None, None, 10, 12, 13]),
    ],
)
def test_each_rule_suppresses_its_range_and_rounds_the_rest(rule, published):
    given_counts = np.array([0, 1, 4, 5, 7, 8, 9, 10, 12, 13])
    rounded = pd.Series(round_counts(given_counts, rule)).mask(is_small(given_counts, rule), None)
    assert [None if pd.isna(n) else n for n in rounded] == published


@pytest.mark.parametrize("rule", RULES)
def test_what_is_rounded_is_never_small(rule):
    some = np.arange(0, 200)
    assert not is_small(round_counts(some[~is_small(some, rule)], rule), rule).any()


@pytest.mark.parametrize(
    "call", [lambda: disclosure.suppress_table(counts("yes no\nA 1 1"), "gdpr"),
             lambda: disclosure.audit_disclosure(rule="gdpr")],
)  # fmt: skip
def test_a_rule_that_is_not_known_is_refused(call):
    with pytest.raises(ValueError, match="`rule` must be 'none', 'hes', 'mhsds' or 'lt10'; not "):
        call()


# --- what is hidden ---------------------------------------------------------------------------


def test_a_group_with_a_small_complement_is_hidden_whole():
    table = counts("yes no\nA 9 1\nB 40 50\nC 60 70\nD 30 20")
    published = disclosure.suppress_table(table, "hes")
    assert published.loc["A"].isna().all()


def test_one_hidden_group_never_stands_alone():
    table = counts("yes no\nA 9 1\nB 40 50\nC 60 70")
    assert hidden_groups(disclosure.suppress_table(table, "hes")) == ["A", "B"]
    assert hidden_groups(disclosure.suppress_table(table.iloc[::-1], "hes")) == ["C", "A"]


def test_where_counts_are_exact_three_groups_with_projects_are_hidden_or_the_totals_too():
    table = counts("yes no\nA 4 25\nB 18 31\nC 36 75\nD 50 60")
    assert hidden_groups(disclosure.suppress_table(table, "lt10")) == ["A", "B", "C"]
    assert hidden_groups(disclosure.suppress_table(table, "mhsds")) == ["A", "B"]
    empty = counts("yes no\nA 4 25\nB 0 0\nC 36 75\nD 50 60\nE 70 80")  # B hides nobody
    assert hidden_groups(disclosure.suppress_table(empty, "lt10")) == ["A", "B", "C", "D"]
    two = disclosure.suppress_table(table[:2], "lt10")
    assert two.isna().all(axis=None)
    assert disclosure.suppress_table(table[:2], "mhsds").loc["Total"].tolist() == [20, 55, 75]


def test_where_counts_are_exact_no_hidden_group_has_all_of_a_category():
    table = counts("yes no\nA 0 25\nB 0 31\nC 36 75\nD 50 60")  # C would know A's and B's 0
    assert hidden_groups(disclosure.suppress_table(table, "lt10")) == ["A", "B", "C", "D"]
    assert disclosure.suppress_table(table[:3], "lt10").isna().all(axis=None)


def test_a_groups_own_counts_do_not_give_another_hidden_one_away():
    table = counts("yes no\nA 4 25\nB 18 31\nC 36 75")
    published = disclosure.suppress_table(table, "lt10")
    assert published.loc["Total", ["yes", "no"]].tolist() == [58, 131]
    for name in table.index:
        found = disclosure.audit_disclosure(published, rule="lt10", known=table.loc[[name]])
        assert set(found["group"]) == {"A", "B", "C"} - {name}
        assert not found["recovered"].any()
    two = published.copy()
    two.loc["C"] = [36, 75, 111]  # as if C were shown
    found = disclosure.audit_disclosure(two, rule="lt10", known=table.loc[["B"]])
    assert found[["group", "lowest", "highest"]].to_numpy().tolist() == [["A", 4, 4], ["A", 25, 25]]


def test_further_groups_are_hidden_until_the_hidden_ones_together_are_no_small_count():
    table = counts("yes no\nA 1 30\nB 2 20\nC 3 10\nD 40 40\nE 90 90")
    published = disclosure.suppress_table(table, "lt10")  # the first three come to 6 yes
    expected = counts("""
        yes no  Total
      A [c] [c] [c]
      B [c] [c] [c]
      C [c] [c] [c]
      D [c] [c] [c]
      E  90  90 180
      Total 136 190 326
    """)
    pd.testing.assert_frame_equal(published, expected)


def test_counts_that_could_only_be_1_each_are_not_left_beside_their_sum():
    table = counts("yes no\nA 1 0\nB 1 0\nC 1 0\nD 10 0\nE 20 30")
    assert hidden_groups(disclosure.suppress_table(table, "hes")) == ["A", "B", "C", "D", "E"]


def test_groups_without_a_small_count_are_shown_with_totals_of_what_is_shown():
    published = disclosure.suppress_table(counts("yes no\nA 12 12\nB 0 17"), "hes")
    pd.testing.assert_frame_equal(
        published, counts("yes no Total\nA 10 10 20\nB 0 15 15\nTotal 10 30 40")
    )


def test_a_category_that_nobody_has_is_0_in_hidden_groups_too():
    published = disclosure.suppress_table(counts("yes no\nA 3 0\nB 20 0\nC 30 0"), "hes")
    assert published["no"].tolist() == [0, 0, 0, 0]
    assert published["yes"].isna().tolist() == [True, True, True, False]


@pytest.mark.parametrize("table", ["yes no\nA 3 9\nB 4 30", "yes no\nA 1 2"])
def test_where_a_total_is_small_nothing_is_published(table):
    assert disclosure.suppress_table(counts(table), "hes").isna().all(axis=None)


def test_without_a_rule_every_count_is_shown_as_it_is():
    table = counts("yes no\nA 1 0\nB 2 3")
    published = disclosure.suppress_table(table, "none")
    pd.testing.assert_frame_equal(published, counts("yes no Total\nA 1 0 1\nB 2 3 5\nTotal 3 3 6"))


def test_periods_may_be_the_columns_as_well_as_categories():
    table = counts("2019/20 2020/21\nA 3 20\nB 40 50\nC 60 70")
    published = disclosure.suppress_table(table, "hes")
    assert hidden_groups(published) == ["A", "B"]


# --- nobody can work it out -----------------------------------------------------------------------


@pytest.mark.soak
def test_no_suppressed_count_of_random_tables_can_be_worked_out():
    tables = 1200 if SOAK else 9
    suppressed, recovered = check_disclosure.audit_all(range(tables))
    assert suppressed > 6 * tables
    assert recovered == 0


@pytest.mark.soak
def test_the_audit_works_counts_out_where_complementary_suppression_is_switched_off():
    tables, small_alone = 90 if SOAK else 6, check_disclosure.suppress_small
    found = [check_disclosure.audit(seed, small_alone) for seed in range(tables)]
    assert sum(recovered for _, recovered in found) > tables / 3


def sharings(groups: int, most: int) -> list[tuple]:
    """Return every way in which at most so many projects lie in so many groups."""
    return [p for p in product(range(most + 1), repeat=groups) if sum(p) <= most]


SMALL_TABLES = [  # a rule, how many groups and categories, and the most projects in a category
    (Rule(1, 2, 1), 3, 2, 7), (Rule(0, 1, 1), 2, 3, 5), (Rule(1, 2, 3), 3, 2, 7),
    (Rule(1, 3, 1), 3, 1, 12), (LIKE_LT10, 3, 2, 7),
    (Rule(0, 1, 1), 3, 2, 7), (Rule(0, 1, 3), 3, 2, 7), (Rule(1, 2, 1), 2, 3, 5),
    (Rule(1, 2, 1), 4, 2, 5), (LIKE_LT10, 4, 2, 5),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "groups", "categories", "most"), some(SMALL_TABLES, *SMALL_TABLES[:5])
)
def test_each_hidden_count_of_every_small_table_has_several_values_that_publish_the_same(
    rule, groups, categories, most
):
    """The reader who tries every possible table, and knows the whole procedure, learns none.

    Nor does one who belongs to a hidden group, where counts are exact and 0 is hidden.
    """
    published, known = defaultdict(list), defaultdict(list)
    for columns in product(sharings(groups, most), repeat=categories):
        cells = np.array(columns).T
        true = cells.sum(axis=0)
        total = round_counts(true, rule)
        if is_small(true, rule).any() or (total > most - rule.base // 2).any():
            continue  # nothing is published; or tables that publish the same are not all here
        hidden = hide_groups(cells, total, rule)
        if is_told_within(cells[hidden], rule):
            continue  # nor is anything here
        shown = round_counts(cells[~hidden], rule)
        what = tuple(total), tuple(hidden), tuple(shown.ravel())
        published[what].append(cells)
        for i in np.flatnonzero(hidden & cells.any(axis=1) & (rule == LIKE_LT10)):
            known[what, i, tuple(cells[i])].append(np.delete(cells, i, axis=0))
    for ((_, hidden, _), i, _), tables in known.items():  # by whoever belongs to group i
        several = np.ptp(np.stack(tables), axis=0) > 0
        assert several[np.delete(hidden, i)].all()
    for (total, hidden, _), tables in published.items():
        several = np.ptp(np.stack(tables), axis=0) > 0
        shown_as_0 = (np.array(total) == 0) & (rule.lowest > 0)
        assert several[np.array(hidden)][:, ~shown_as_0].all()
    assert len(published) > 5
    assert bool(known) == (rule == LIKE_LT10)


def test_a_rule_that_hides_and_does_not_round_hides_0():
    exact = {name for name, rule in RULES.items() if rule.base == 1 and rule.highest >= 0}
    assert exact == {name for name in exact if RULES[name].lowest == 0} == {"lt10"}


@st.composite
def pairs_of_tables(draw, rule):
    """Draw a table, and the same with one small count changed, the totals published alike."""
    counts = st.lists(st.tuples(COUNT, COUNT), min_size=1, max_size=5)
    large = st.integers(rule.highest + 1, 60)  # one such row, so that no total is small
    cells = np.array([draw(st.tuples(large, large)), *draw(counts)])
    changed = cells.copy()
    place = draw(st.integers(1, len(cells) - 1)), draw(st.integers(0, 1))
    others = cells.sum(axis=0)[place[1]] - cells[place]
    small = np.arange(rule.lowest, rule.highest + 1)
    cells[place] = draw(st.sampled_from(small.tolist()))
    alike = round_counts(others + small, rule) == round_counts(others + cells[place], rule)
    changed[place] = draw(st.sampled_from(small[alike].tolist()))
    return cells, changed


# A rule that does not round publishes the exact total, in which any change shows.
@pytest.mark.parametrize("rule", sorted(name for name in RULES if RULES[name].base > 1))
@given(data=st.data())
def test_a_small_count_that_changes_to_another_changes_nothing_published(rule, data):
    before, after = (
        disclosure.suppress_table(pd.DataFrame(table, columns=["yes", "no"]), rule)
        for table in data.draw(pairs_of_tables(RULES[rule]))
    )
    pd.testing.assert_frame_equal(before, after)


@given(st.lists(st.tuples(COUNT, COUNT, COUNT), min_size=1, max_size=6),
       st.sampled_from(RULES_THAT_HIDE))  # fmt: skip
def test_published_numbers_are_true_to_their_rounding_and_never_small(cells, rule):
    table = pd.DataFrame(cells)
    published = disclosure.suppress_table(table, rule)
    shown = published.iloc[:-1, :-1].to_numpy(float, na_value=np.nan)
    half = RULES[rule].base // 2
    assert np.nanmax(np.abs(shown - table.to_numpy()), initial=0) <= half
    assert not is_small(shown[~np.isnan(shown)], rule).any()


# --- the audit ------------------------------------------------------------------------------------


def test_two_suppressed_counts_that_share_2_are_worked_out_to_be_1_each():
    published = counts("yes no Total\nA [c] 20 [c]\nB [c] 30 [c]\nTotal 2 50 52")
    found = disclosure.audit_disclosure(published, rule=Rule(1, 1, 1))
    assert found[["lowest", "highest"]].to_numpy().tolist() == [[1, 1], [1, 1]]
    assert found["recovered"].all()
    lone = counts("yes no Total\nA [c] 20 [c]\nB 9 30 39\nTotal 11 50 61")
    assert disclosure.audit_disclosure(lone, rule=Rule(1, 7, 1))["lowest"].tolist() == [2]


def test_the_audit_knows_the_rounding():
    published = counts("yes no Total\nA [c] 20 [c]\nB 10 30 40\nTotal 15 50 65")
    (row,) = disclosure.audit_disclosure(published, rule="hes").to_dict("records")
    assert (row["lowest"], row["highest"]) == (1, 7)  # 13 to 17, less 8 to 12, and small


def test_the_audit_knows_that_one_hidden_count_is_small():
    published = counts("yes no Total\nA [c] 20 [c]\nB [c] 30 [c]\nTotal 30 50 80")
    found = disclosure.audit_disclosure(published, rule=Rule(1, 7, 1))
    assert found[["lowest", "highest"]].to_numpy().tolist() == [[1, 29], [1, 29]]


def test_a_count_that_nothing_bounds_is_infinite_at_most():
    published = disclosure.suppress_table(counts("yes no\nA 1 2"), "hes")
    found = disclosure.audit_disclosure(published)
    assert found["highest"].tolist() == [np.inf, np.inf]
    assert not found["recovered"].any()


def test_tables_that_contradict_each_other_are_refused():
    first = counts("yes no Total\nA [c] 20 [c]\nTotal 15 20 35")
    second = counts("yes no Total\nA [c] 20 [c]\nTotal 12 20 32")
    with pytest.raises(ValueError, match="no counts agree with: projects were taken away between"):
        disclosure.audit_disclosure(first, second, rule="lt10")


def test_a_table_published_again_with_projects_recorded_late_gives_a_hidden_count_away():
    first = counts("yes no\nA 30 10\nB 10 8\nC 8 8\nD 9 20")
    later = counts("yes no\nA 30 10\nB 10 10\nC 8 8\nD 9 20")  # 2 more in B, which is shown now
    published = [disclosure.suppress_table(table, "lt10") for table in (first, later)]
    for alone in published:
        assert not disclosure.audit_disclosure(alone, rule="lt10")["recovered"].any()
    together = disclosure.audit_disclosure(*published, rule="lt10")
    assert together.loc[together["recovered"], ["release", "group", "category", "lowest"]].to_numpy(
    ).tolist() == [[0, "B", "yes", 10], [1, "A", "yes", 30]]  # fmt: skip


# --- annual counts --------------------------------------------------------------------------------


def annual(text: str) -> pd.DataFrame:
    """Read annual counts: directorate, year, numerator, denominator, not recorded."""
    lines = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(lines, columns=["directorate", "period", *COUNTS_AND_BLANKS])
    frame["period"] = pd.to_datetime(frame["period"] + "-04-01")
    return frame.astype(dict.fromkeys(COUNTS_AND_BLANKS, "int64"))


TWO_YEARS = annual("""
    A 2019  3  33  1
    B 2019 20  42  9
    C 2019 40 100 12
    A 2020 12  40  1
    B 2020 20  50  1
    C 2020 30  60  1
""")


def test_annual_counts_are_published_for_the_trust_and_every_group_in_every_year():
    release = disclosure.publish_counts(TWO_YEARS)
    assert release.groupby("directorate").size().to_dict() == {
        "The whole trust": 2, "A": 2, "B": 2, "C": 2
    }  # fmt: skip
    trust = disclosure.select_published(release)
    assert trust["numerator"].tolist() == [65, 60]
    assert trust["denominator"].tolist() == [65 + 90 + 20, 60 + 90]
    assert trust["not_recorded"].iloc[0] == 20
    assert np.isnan(trust["not_recorded"].iloc[1])  # 3
    assert trust["rate"].tolist() == [65 / 175, 60 / 150]
    a = disclosure.select_published(release, "A")
    assert np.isnan(a["rate"].iloc[0])
    assert a["rate"].iloc[1] == 10 / 40


def test_a_group_without_a_row_in_a_year_had_no_project_in_it():
    release = disclosure.publish_counts(TWO_YEARS[1:], "hes")
    row = release[(release["directorate"] == "A") & (release["period"] == "2019-04-01")].iloc[0]
    assert (row["numerator"], row["denominator"]) == (0, 0)


@pytest.mark.soak
@pytest.mark.parametrize("rule", RULES_THAT_HIDE)
def test_no_suppressed_count_of_a_release_can_be_worked_out(rule, example):
    """Each year of the example by one of the rules; in `make soak` by all."""
    by_year = qi.count_involvement(example, by="directorate", period="year", basis="started")
    years = third(sorted({*by_year["period"]}), RULES_THAT_HIDE.index(rule))
    for each in (TWO_YEARS, by_year[by_year["period"].isin(years)]):
        found = disclosure.audit_releases(disclosure.publish_counts(each, rule))
        assert len(found) > 1
        assert not found["recovered"].any()


def test_a_year_repeated_as_it_was_published_tells_nothing_more():
    release = disclosure.publish_counts(TWO_YEARS)
    once, twice = (disclosure.audit_releases(*releases) for releases in ([release], [release] * 2))
    pd.testing.assert_frame_equal(once, twice)


def test_one_groups_years_are_a_table_with_marks():
    release = disclosure.publish_counts(TWO_YEARS)
    table = disclosure.format_published(disclosure.select_published(release, "A"))
    assert table.to_numpy().tolist() == [
        ["[c]"] * 5, ["10", "40", "25%", "20% to 30%", "14% to 40%"]  # 8 of 40 to 12 of 40
    ]  # fmt: skip
    assert table.index.tolist() == ["2019/20", "2020/21"]
    trust = disclosure.format_published(disclosure.select_published(release))
    assert trust["Not recorded"].tolist() == ["20", "[c]"]


def test_a_year_without_projects_has_no_rate_and_is_not_suppressed():
    release = disclosure.publish_counts(TWO_YEARS[1:], "hes")  # A has no project in 2019/20
    a, b = (
        disclosure.format_published(disclosure.select_published(release, name)) for name in "AB"
    )
    assert a.loc["2019/20"].tolist() == ["0", "0", "[z]", "[z]", "[z]"]
    assert "[z]" not in b.to_numpy()


def test_a_year_published_without_a_group_is_not_called_suppressed():
    release = disclosure.publish_counts(TWO_YEARS)
    release = release.drop(release.index[(release["directorate"] == "A") & (release.index < 4)])
    rates = disclosure.select_published(release, "A")
    assert disclosure.format_published(rates).index.tolist() == ["2020/21"]
    assert disclosure.describe_published(rates, "people were partners") == (
        "Of about 40 projects that started in 2020/21, in about 10 (about 25%) people were "
        "partners."
    )


def test_a_group_that_is_not_published_is_refused():
    with pytest.raises(ValueError, match="No figures of 'Z' are published"):
        disclosure.select_published(disclosure.publish_counts(TWO_YEARS), "Z")


def test_groups_stand_side_by_side_with_a_mark_where_there_is_no_rate():
    release = disclosure.publish_counts(TWO_YEARS)
    release = release.drop(release.index[(release["directorate"] == "C") & (release.index < 4)])
    table = disclosure.format_published_groups(release)
    assert table.loc["A"].tolist() == ["[c]", "25%"]
    assert table.loc["C"].tolist() == ["[x]", "50%"]  # the first year was published without it
    assert disclosure.format_published_groups(release, "A").index.tolist() == [
        "A",
        "The whole trust",
    ]


def test_a_release_as_a_file_marks_what_is_not_a_number():
    few = annual("A 2020 1 3000 0\nB 2020 0 0 0")
    marked = disclosure.release_table(disclosure.publish_counts(few, "none")).set_index(
        "directorate"
    )
    assert marked.loc["A", ["numerator", "rate", "upper_cl", "not_recorded"]].tolist() == [
        "1", "[low]", "0.002", "[x]"
    ]  # fmt: skip
    assert marked.loc["B", ["denominator", "rate"]].tolist() == ["0", "[z]"]
    hidden = disclosure.release_table(disclosure.publish_counts(few, "hes"))
    assert (hidden[["numerator", "denominator", "rate"]] == "[c]").all(axis=None)


def test_sentences_say_what_is_too_small_and_never_that_there_is_nothing():
    release = disclosure.publish_counts(TWO_YEARS)
    too_small = disclosure.select_published(release, "A").iloc[[0, 0]]
    too_small = too_small.assign(period=pd.to_datetime(["2019-04-01", "2020-04-01"]))
    sentence = "The counts of every year are too small to be published."
    assert disclosure.describe_published(too_small, "people were partners") == sentence
    assert disclosure.describe_published_years(too_small) == sentence
    zeros = too_small.fillna(0.0)
    sentence = "No project started in the years that are published."
    assert disclosure.describe_published(zeros, "") == sentence
    assert disclosure.describe_published_years(zeros) == sentence
    both = pd.concat([too_small.iloc[[0]], zeros.iloc[[1]]])
    sentence += " The counts of 2019/20 are too small to be published."
    assert disclosure.describe_published(both, "") == sentence
    assert disclosure.describe_published_years(both) == sentence


@pytest.mark.parametrize(("rule", "sentence"), [
    ("none", "Every count is shown as it is."),
    ("lt10", "marked [c]. Other counts are exact."),
    ("mhsds", "Counts from 0 to 4 are suppressed"),
])  # fmt: skip
def test_each_rule_is_said_in_words(rule, sentence):
    assert sentence in disclosure.describe_rule(rule)


def test_exact_counts_are_not_called_about():
    rates = disclosure.select_published(disclosure.publish_counts(TWO_YEARS, "lt10"), "C")
    assert disclosure.describe_published(rates, "people were partners") == (
        "Of 60 projects that started in 2020/21, in 30 (50%) people were partners. The counts of "
        "2019/20 are too small to be published."
    )


# --- what may be said of rounded counts -----------------------------------------------------------

AIMS = (Aim(date(2019, 1, 1), Fraction(4, 5)),)


def published_years(*years: tuple[int, int], rule: str = "mhsds", blank: int = 0) -> pd.DataFrame:
    """Publish one directorate's years from 2019/20 on: how many of how many."""
    lines = [f"A {2019 + i} {k} {n} {blank}" for i, (k, n) in enumerate(years)]
    release = disclosure.publish_counts(annual("\n".join(lines)), rule)
    return disclosure.select_published(release)


@given(st.integers(0, 400), st.sampled_from(sorted(RULES)))
def test_a_count_lies_in_the_range_that_its_published_figure_allows_and_the_ends_publish_it(
    count, rule
):
    assume(not is_small(count, rule))
    figure = round_counts(count, rule)
    low, high = (float(end) for end in disclosure.count_range(figure, rule))
    assert low <= count <= high
    for end in (int(low), int(high)):
        assert not is_small(end, rule)
        assert round_counts(end, rule) == figure
    for beyond in (int(low) - 1, int(high) + 1):
        assert beyond < 0 or is_small(beyond, rule) or round_counts(beyond, rule) != figure


def test_nothing_is_allowed_of_what_is_suppressed():
    assert np.isnan(disclosure.count_range([np.nan], "mhsds")).all()


@given(st.tuples(COUNT, COUNT, COUNT), st.sampled_from(sorted(RULES)))
def test_the_exact_rate_lies_in_the_published_range(parts, rule):
    yes, no, blank = parts
    n = yes + no + blank
    row = published_years((yes, n), rule=rule, blank=blank).iloc[0]
    assume(n > 0 and row["denominator"] == row["denominator"])
    assert row["rate_lowest"] <= yes / n <= row["rate_highest"]
    assert row["rate_lowest"] <= row["rate"] <= row["rate_highest"]


def test_blanks_were_rounded_by_themselves():
    row = published_years((20, 50), blank=7).iloc[0]  # 20 yes; 23 no and 7 blank, as 25 and 5
    assert (row["rate_lowest"], row["rate_highest"]) == (18 / (18 + 27 + 7), 22 / (22 + 23 + 5))


def test_rounding_to_the_aim_is_not_reaching_it():
    rates = published_years((38, 50), (38, 50))  # 76%, published as 40 of 50
    assert rates["rate"].tolist() == [0.8, 0.8]
    assert disclosure.describe_published_years(rates, AIMS) == (
        "By rounded counts the rate was 80% in 2019/20 (40 of 50) and 80% in 2020/21 (40 of 50); "
        "the rounding does not tell which was higher. The rounding does not tell whether the aim "
        "of 80% was reached in any of 2 years that began since it was set on 1 January 2019."
    )
    table = disclosure.format_published(rates)
    assert table["Before rounding"].tolist() == ["76% to 84%"] * 2


def test_a_difference_is_that_which_the_rounding_allows():
    rates = published_years((12, 25), (13, 25))  # 48% and 52%, published as 40% and 60%
    assert disclosure.describe_published_years(rates) == (
        "By rounded counts the rate was 40% in 2019/20 (10 of 25) and 60% in 2020/21 (15 of 25); "
        "by the exact ones it was 4 to 36 points higher."
    )


@pytest.mark.parametrize(
    ("years", "sentence"),
    [
        ([(45, 50), (45, 50)], "was reached in 2 of 2 years that"),
        ([(5, 50), (6, 50)], "was reached in none of 2 years that"),
        ([(45, 50)], "The aim of 80% was reached in the one year that"),
        ([(5, 50)], "The aim of 80% was not reached in the one year that"),
        ([(40, 50)], "The rounding does not tell whether the aim of 80% was reached in the one"),
        ([(40, 50), (5, 50), (45, 50)], "it was reached in 1, it was missed in 1 and for 1 the "
         "rounding does not tell."),
        ([(40, 50), (5, 50)], "2019, it was missed in 1 and for 1 the rounding does not tell."),
        ([(40, 50), (45, 50)], "2019, it was reached in 1 and for 1 the rounding does not tell."),
    ],
)  # fmt: skip
def test_the_years_in_which_the_aim_was_reached_are_counted_only_if_certain(years, sentence):
    assert sentence in disclosure.describe_published_years(published_years(*years), AIMS)


@pytest.mark.parametrize(
    ("years", "rule", "sentence"),
    [
        ([(10, 50), (40, 50)], "none", "(10 of 50) and 80% in 2020/21 (40 of 50): 60 points high"),
        ([(99, 1000), (104, 1000)], "none", "and 10.4% in 2020/21 (104 of 1,000): 0.5 points high"),
        ([(104, 1000), (96, 1000)], "none", ": 0.8 points lower. Projects that started la"),
        ([(10, 50), (10, 50)], "none", ": the same."),
        ([(2, 1000), (9, 1000)], "none", "0.2% in 2019/20 (2 of 1,000) and 0.9% in 2020/21 (9 of "
         "1,000): 0.7 points higher."),
        ([(430, 1000), (400, 1001)], "lt10", "43% in 2019/20 (430 of 1,000) and 40% in 2020/21 ("
         "400 of 1,001): 3 points lower. Projects that started later have had less time"),
        ([(0, 60), (0, 60)], "hes", "0% in 2020/21 (0 of 60); by the exact ones it was the same."),
        ([(0, 60), (1000, 2000)], "hes", "by the exact ones it was 49 to 51 points higher."),
        ([(1000, 2000), (0, 60)], "hes", "49 to 51 points lower. Projects that started later hav"),
        ([(4000, 9000), (4030, 9000)], "mhsds", "it was up to 1 point higher."),
        ([(20, 50)], "mhsds", "Only 2019/20 has projects: 40% (20 of 50, rounded)."),
        ([(2, 50), (20, 50)], "mhsds", "Only 2020/21 is published: 40% (20 of 50, rounded). For 1 "
         "of 2 years the counts are too small to be published."),
    ],
)  # fmt: skip
def test_the_first_and_the_latest_year_in_words(years, rule, sentence):
    assert sentence in disclosure.describe_published_years(published_years(*years, rule=rule))


def test_an_aim_is_compared_with_published_years_since_it_was_set():
    rates = published_years((20, 50), (2, 50))
    later = (Aim(date(2020, 6, 1), Fraction(4, 5)),)
    sentence = disclosure.describe_published_years(rates, later)
    assert "The aim of 80% was set later, on 1 June 2020." in sentence
    hidden = (Aim(date(2020, 1, 1), Fraction(4, 5)),)
    assert (
        "No year that began since the aim of 80% was set on 1 January 2020 is published with "
        "projects."
    ) in disclosure.describe_published_years(rates, hidden)


@given(st.lists(st.tuples(OFTEN_SHOWN, OFTEN_SHOWN), min_size=2, max_size=3),
       st.sampled_from(["hes", "mhsds"]))  # fmt: skip
def test_what_is_said_of_rounded_counts_is_true_of_the_exact_ones(parts, rule):
    years = [(yes, yes + no) for yes, no in parts]
    rates = published_years(*years, rule=rule)
    known = [(k, n) for (k, n), shown in zip(years, rates["denominator"] > 0, strict=True) if shown]
    assume(len(known) > 1)
    said = disclosure.describe_published_years(rates, AIMS)
    points = 100 * (known[-1][0] / known[-1][1] - known[0][0] / known[0][1])
    far = re.search(r"was (?:(\d+) to |up to )?(\d+) points? (higher|lower)\.", said)
    if far:
        exact = points if far[3] == "higher" else -points
        least = far[2] if "up to" not in far[0] and far[1] is None else far[1] or 0
        assert float(least) - 1e-9 <= exact <= float(far[2]) + 1e-9
        assert exact > 0
    reached = sum(5 * k >= 4 * n for k, n in known)
    for pattern, true in ((r"was reached in (\d+|none)", reached),
                          (r"was missed in (\d+)", len(known) - reached)):  # fmt: skip
        for number in re.findall(pattern, said):
            count = 0 if number == "none" else int(number)
            assert count == true or (count < true and "does not tell." in said)
