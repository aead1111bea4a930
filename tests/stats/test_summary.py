"""The summary's sentences: of none, of all, of one project, and when nothing is known."""

import pandas as pd
import pytest

import qi_analysis as qi

DAY = pd.Timestamp("2021-05-04")
NOTHING = pd.DataFrame({"action": []})


def rate(k: int, n: int, blank: int = 0) -> pd.DataFrame:
    """Return one rate."""
    return qi.add_rates(
        pd.DataFrame({"numerator": [k], "denominator": [n], "not_recorded": [blank]})
    )


def years(*counts: str) -> pd.DataFrame:
    """Return years from 2016/17 on, each as k/n."""
    k, n = zip(*(map(int, each.split("/")) for each in counts), strict=True)
    starts = pd.date_range("2016-04-01", periods=len(k), freq=pd.DateOffset(years=1))
    return pd.DataFrame({"period": starts, "numerator": k, "denominator": n})


def summary(rates, aim="80%", by_year=None, actions=NOTHING, which="live on 4 May 2021") -> list:
    """Return the paragraphs of a summary."""
    by_year = years("1/4", "1/4") if by_year is None else by_year
    return qi.stats.describe_summary(rates, aim, by_year, DAY, actions, which).split("\n\n")


@pytest.mark.parametrize(
    ("k", "n", "sentence"),
    [
        (0, 0, "There are no projects live on 4 May 2021, so there is no rate to show."),
        (0, 1, "The one project live on 4 May 2021 does not involve people in a way that counts."),
        (1, 1, "The one project live on 4 May 2021 involves people in a way that counts."),
        (0, 5, "None of 5 projects live on 4 May 2021 involves people in a way that counts."),
        (1, 5, "1 of 5 projects live on 4 May 2021 (20%) involves people in a way that counts."),
        (5, 5, "All 5 projects live on 4 May 2021 involve people in a way that counts."),
        (1200, 3000, "1,200 of 3,000 projects live on 4 May 2021 (40%) involve people in a way "
         "that counts."),
    ],
)  # fmt: skip
def test_the_first_sentence_is_right_for_none_one_and_many(k, n, sentence):
    assert summary(rate(k, n))[0] == sentence


@pytest.mark.parametrize(
    ("k", "n", "blank", "sentence"),
    [
        (4, 15, 0, "Our aim is 80%. We are not there yet: it would take 8 more of these projects."),
        (9, 15, 0, "Our aim is 80%. We are not there yet: it would take 3 more of these projects."),
        (5, 6, 0, "Our aim is 80%. We have reached it."),
        (0, 1, 0, "Our aim is 80%. We are not there yet: it would take this one."),
        (99, 100, 0, "Our aim is 80%. We have reached it."),
        (50, 100, 45, "Our aim is 80%. Too much is left blank to say if we are there."),
    ],
)  # fmt: skip
def test_the_aim_is_reached_missed_or_the_blanks_decide(k, n, blank, sentence):
    assert summary(rate(k, n, blank))[1] == sentence


@pytest.mark.parametrize("n", [1, 12, 300])
def test_an_aim_of_all_is_reached_where_all_projects_that_are_counted_reach_it(n):
    sentence = "Our aim is 100%. We have reached it."
    assert summary(rate(n, n), aim="100%")[1] == sentence
    assert summary(rate(n - 1, n), aim="100%")[1] != sentence


def test_without_an_aim_nothing_is_said_of_one():
    assert not any("aim" in sentence for sentence in summary(rate(4, 10), aim=None))


@pytest.mark.parametrize(
    ("by_year", "sentence"),
    [
        (years("2/40", "20/40", "21/40"),
         "It has got better since 2016/17. There is no clear change in the last year."),
        (years("30/40", "20/40", "5/40"),
         "It has got worse since 2016/17. In the last year it got worse."),
        (years("20/40", "38/40", "20/40"),
         "It has not clearly changed since 2016/17. But in the last year it got worse."),
        (years("2/40", "38/40", "20/40"),
         "It has got better since 2016/17. But in the last year it got worse."),
        (years("1/1", "4/4", "3/9"),
         "It has not clearly changed since 2016/17. Nor is there a clear change in the last year."),
        (years("5/40", "6/40", "7/40"),
         "It has not clearly changed since 2016/17. Nor is there a clear change in the last year."),
        (years("2/40", "20/40"), "It has got better since 2016/17."),
        (years("2/40"), "It is too soon to say if this is changing."),
        (years("0/0", "2/40"), "It is too soon to say if this is changing."),
    ],
)  # fmt: skip
def test_change_is_said_only_where_chance_would_not_give_it(by_year, sentence):
    assert sentence in summary(rate(4, 10), by_year=by_year)


def test_a_year_that_is_not_over_is_not_compared():
    text = qi.stats.describe_changing(
        years("2/40", "20/40", "20/40", "20/40", "20/40", "0/40"), DAY
    )
    assert text == (
        "Yes. It has got better since 2016/17: from 5% then (2 of 40) to 50% in 2020/21 (20 of "
        "40). That is more than chance would give. There is no clear change in the last year."
    )


def test_a_change_that_chance_could_give_is_called_none():
    text = qi.stats.describe_changing(years("2/7", "1/5"))
    assert text == (
        "No clear change since 2016/17: 29% then (2 of 7) and 20% in 2017/18 (1 of 5). Chance "
        "alone could give that."
    )


def test_with_too_few_years_it_is_said_that_nobody_can_tell():
    text = "We cannot tell yet: fewer than two full years have projects."
    assert qi.stats.describe_changing(years("2/40"), DAY) == text
    assert qi.stats.compare_ends(years("0/0", "2/40")).empty


@pytest.mark.parametrize(
    ("actions", "sentence"),
    [
        (["involve_nobody"],
         "What to do next: 1 live project involves nobody, with no agreed reason."),
        (["involve_nobody"] * 2 + ["not_recorded"],
         "What to do next: 2 live projects involve nobody, with no agreed reason, and 1 does not "
         "say."),
        (["not_recorded"] * 2,
         "What to do next: 2 live projects do not say if people are involved."),
        (["not_recorded"], "What to do next: 1 live project does not say if people are involved."),
    ],
)  # fmt: skip
def test_what_to_do_next_is_counted(actions, sentence):
    assert summary(rate(4, 10), actions=pd.DataFrame({"action": actions}))[-1] == sentence


def test_where_there_is_nothing_to_do_nothing_is_said():
    assert not any("to do" in sentence for sentence in summary(rate(4, 10)))


@pytest.mark.parametrize(
    ("points", "target", "icons"),
    [
        (["20/40"] * 13, 0.8, ["common_cause", "consistent_fail"]),
        (["20/40"] * 13, None, ["common_cause"]),
        (["1/1"], 0.8, ["none", "none"]),
        (["1/1"], None, ["none"]),
    ],
)
def test_the_two_icons_of_a_series(points, target, icons):
    spc = qi.spc.add_spc(years(*points), target=target)
    table = qi.spc.list_indicators(qi.spc.summarise_spc(spc))
    assert table["icon"].tolist() == icons
    assert table["answer"].str.len().gt(2).all()


def test_of_one_year_with_many_projects_it_is_not_said_that_projects_are_few():
    table = qi.spc.list_indicators(
        qi.spc.summarise_spc(qi.spc.add_spc(years("90/200"), target=0.8))
    )
    assert table["answer"].tolist() == ["There is too little to tell."] * 2
