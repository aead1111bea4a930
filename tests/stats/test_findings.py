"""What is found of the trust and of each directorate, and the sentences of a row."""

import re

import pandas as pd
import pytest
from conftest import rows

import qi_analysis as qi
from qi_analysis.stats.findings import COLUMNS, describe_icons, describe_next, describe_position

NOBODY = qi.Register(pd.DataFrame(), profile="cnwl", as_of="2021-05-04")
ROW = {
    **dict.fromkeys(COLUMNS), "level": "directorate", "group": "Rehab", "not_recorded": 0,
    "sustained": "", "recent_numerator": 0, "recent_denominator": 0, "change": "", "doubt": "",
    "position": "within", "involve_nobody": 0, "work_to_or_for": 0, "not_recorded_actions": 0,
    "met_now": "", "earlier_day": pd.NaT, "aim": float("nan"),
}  # fmt: skip


def row(k: int, n: int, blank: int = 0, aim="80%", **more) -> pd.DataFrame:
    """Return one row of findings with these counts, and what they come to."""
    given = {**ROW, "numerator": k, "denominator": n, "not_recorded": blank, **more}
    rated = qi.add_rates(pd.DataFrame([given]))
    if aim is None:
        return rated
    return qi.add_aim(rated, aim).assign(aim=float(qi.stats.rates.parse_aim(aim)))


def said(*counts, **more) -> list[str]:
    """Return the paragraphs about one row."""
    return qi.stats.describe_findings(row(*counts, **more), NOBODY).split("\n\n")


def projects(n: int, start="2020-02-01", directorate="Rehab", **columns) -> pd.DataFrame:
    """Return live projects that are all alike."""
    return pd.DataFrame({
        "title": "Falls", "service": "Ward", "directorate": directorate, "status": "active",
        "approach": "doing_with", "start_date": pd.Timestamp(start), "end_date": pd.NaT,
        "updated_date": pd.Timestamp("2021-05-01"), "first_involved_date": pd.NaT,
        "exemption_agreed": "no", "service_user_involved": "yes", "carer_involved": "no",
        "no_involvement_reason": None, **columns,
    }, index=range(n))  # fmt: skip


def register(*parts: pd.DataFrame, **options) -> qi.Register:
    """Return parts of a register as one."""
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.assign(project_id=[f"P{i}" for i in range(len(frame))])
    return qi.Register(frame, **{"profile": "cnwl", "as_of": "2021-05-04", **options})


# --- the row --------------------------------------------------------------------------------------


def test_the_example_is_the_trust_its_20_directorates_and_two_groups_that_are_none(findings):
    found = findings
    assert list(found) == list(COLUMNS)
    assert found["level"].tolist() == ["trust", *["directorate"] * 22]
    assert found["group"].tolist()[-2:] == ["Not recorded", "Unrecognised"]
    columns = ["numerator", "denominator", "not_recorded", "met_now", "needed", "sustained",
               "recent_numerator", "recent_denominator", "change", "changed_at"]  # fmt: skip
    assert rows(found.head(1), *columns) == [
        [104, 266, 24, "no", 109, "no", 41, 95, "rise", "2019-01-01"]
    ]
    assert found[["numerator", "denominator"]].iloc[1:].sum().tolist() == [104, 266]


def test_a_row_agrees_with_the_functions_that_give_its_parts(example, findings):
    found = findings.set_index("group")
    counts = qi.count_involvement(example, by="directorate").set_index("directorate")
    funnel = qi.add_funnel(counts.reset_index()).set_index("directorate")
    shrunken = qi.shrunken_rates(counts.reset_index()).set_index("directorate")
    assert (found.loc[counts.index, "numerator"] == counts["numerator"]).all()
    assert (found.loc[counts.index, "position"] == funnel["position"]).all()
    assert found.loc[counts.index, "shrunken"].round(9).equals(shrunken["shrunken"].round(9))
    change = qi.find_change(qi.counts.count_started(example, by="directorate"), by="directorate")
    assert "Not recorded" in change["directorate"].tolist()  # which findings do not test
    assert found.loc[["Jameson", "Goodall"], "change"].tolist() == ["none", "none"]


def test_groups_that_are_no_directorate_are_counted_and_not_tested():
    parts = [
        projects(20, directorate=name, approach=approach)
        for name, approach in (("Rehab", "doing_with"), ("Crisis", "none"),
                               ("Not recorded", "none"), ("Unrecognised", "none"),
                               ("Joint", "none"))
    ]  # fmt: skip
    found = qi.summarise_findings(register(*parts)).set_index("group")
    assert found.index.tolist() == [
        "", "Crisis", "Rehab", "Joint", "Not recorded", "Unrecognised",
    ]  # fmt: skip
    assert (found["denominator"] == [100, 20, 20, 20, 20, 20]).all()
    assert found["met_now"].tolist() == ["no", "no", "yes", "no", "no", "no"]
    untested = found.loc[["Joint", "Not recorded", "Unrecognised"]]
    assert (untested[["sustained", "change", "position"]] == "").all(axis=None)
    assert untested[["shrunken", "shrunken_lower", "shrunken_upper"]].isna().all(axis=None)
    assert (found.loc[["Crisis", "Rehab"], "position"] == "within").all()


def test_one_project_that_does_not_is_not_met_today_and_too_few_to_tell():
    found = qi.summarise_findings(register(projects(1, approach="none"))).iloc[1]
    assert found[["met_now", "needed", "sustained", "change", "position"]].tolist() == [
        "no", 1, "too_few", "too_few", "too_few",
    ]  # fmt: skip


def test_15_of_15_live_and_5_of_5_recent_are_met_today_and_nobody_can_tell_if_it_lasts():
    found = qi.summarise_findings(
        register(projects(10, "2018-05-01"), projects(5, "2020-05-01"))
    ).head(1)
    assert rows(found, "met_now", "recent_denominator", "sustained") == [["yes", 5, "cannot_tell"]]
    first, change, lasts = qi.stats.describe_findings(found, NOBODY).split("\n\n")
    assert first.endswith("Our aim is 80%. We have reached it.")
    assert lasts == (
        "Nobody can tell yet if recent projects reach the aim of 80%. Of 5 recent projects, 5 "
        "involve people meaningfully (100%). Allowing for chance, that is anything from 55% to "
        "100%."
    )
    assert "too few to tell" in change


def test_a_directorate_without_a_live_project_keeps_its_row():
    ended = projects(4, "2018-05-01", "Crisis", status="completed",
                     end_date=pd.Timestamp("2019-05-01"))  # fmt: skip
    found = qi.summarise_findings(register(projects(6), ended)).set_index("group")
    assert found.loc["Crisis", ["numerator", "denominator", "met_now"]].tolist() == [0, 0, ""]
    assert pd.isna(found.loc["Crisis", "recorded"])
    assert qi.stats.describe_findings(found.loc[["Crisis"]], NOBODY) == (
        "There are no projects live on 4 May 2021, so there is no rate to show."
    )


def test_without_an_aim_nothing_is_said_of_one():
    from dataclasses import replace

    none = replace(qi.load_profile("cnwl"), aims=())
    found = qi.summarise_findings(register(projects(6), profile=none)).tail(1)
    assert rows(found, "met_now", "sustained") == [["", ""]]
    assert found[["aim", "needed"]].isna().all(axis=None)
    assert "aim" not in qi.stats.describe_findings(found, NOBODY)
    assert qi.stats.list_icons(found).empty


def test_what_the_last_report_said_stands_beside_what_is_so_now():
    before = register(projects(8), projects(12, approach="none"), as_of="2020-05-04")
    now = register(projects(11), projects(9, approach="none"), earlier=[before])
    found = qi.summarise_findings(now)
    columns = ["earlier_numerator", "earlier_denominator", "earlier_day"]
    assert rows(found, *columns) == [[8, 20, "2020-05-04"]] * 2
    assert (
        "On 4 May 2020 the register said 8 of 20 (40%); a year on it is 11 of 20 (55%)."
        in qi.stats.describe_findings(found.head(1), now)
    )


def test_a_row_does_not_depend_on_the_order_of_the_projects(example, findings):
    mixed = example.projects.sample(frac=1, random_state=7)
    again = qi.summarise_findings(example.override(projects=mixed))
    pd.testing.assert_frame_equal(again, findings)


def test_findings_that_were_written_are_read_as_they_were(example, findings, tmp_path):
    findings.to_parquet(tmp_path / "findings.parquet")
    again = qi.load_findings(tmp_path / "findings.parquet", example)
    pd.testing.assert_frame_equal(again, findings)


# --- the sentences --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "n", "blank", "sentence"),
    [
        (0, 1, 0, "The one project live on 4 May 2021 does not involve people "
         "meaningfully."),
        (0, 1, 1, "The one project live on 4 May 2021 does not say if it involves people "
         "meaningfully."),
        (1, 1, 0, "The one project live on 4 May 2021 involves people meaningfully."),
        (0, 5, 0, "None of 5 projects live on 4 May 2021 involves people meaningfully."),
        (0, 5, 2, "None of 5 projects live on 4 May 2021 is known to involve people "
         "meaningfully."),
        (1, 5, 0, "1 of 5 projects live on 4 May 2021 (20%) involves people meaningfully."),
        (5, 5, 0, "All 5 projects live on 4 May 2021 involve people meaningfully."),
        (1200, 3000, 0, "1,200 of 3,000 projects live on 4 May 2021 (40%) involve people "
         "meaningfully."),
    ],
)  # fmt: skip
def test_the_first_sentence_is_right_for_none_one_and_many(k, n, blank, sentence):
    assert said(k, n, blank, aim=None)[0] == sentence


@pytest.mark.parametrize(
    ("k", "n", "blank", "sentence"),
    [
        (4, 15, 0, "Our aim is 80%. We are not there yet: 8 more of these projects would need to "
                   "do so."),
        (5, 6, 0, "Our aim is 80%. We have reached it."),
        (0, 1, 0, "Our aim is 80%. We are not there yet: this one would need to do so."),
        (15, 15, 0, "Our aim is 80%. We have reached it."),
        (50, 100, 45, "Our aim is 80%. Too much is left blank to say if we are there."),
    ],
)  # fmt: skip
def test_the_aim_is_reached_missed_or_the_blanks_decide(k, n, blank, sentence):
    assert said(k, n, blank)[0].endswith(f" {sentence}")


def test_a_rate_short_of_the_aim_is_not_written_as_the_aim():
    assert "(79.6%)" in said(796, 1000)[0]


@pytest.mark.parametrize("n", [1, 12, 300])
def test_an_aim_of_all_is_reached_where_all_projects_that_are_counted_reach_it(n):
    sentence = "Our aim is 100%. We have reached it."
    assert said(n, n, aim="100%")[0].endswith(sentence)
    assert not said(n - 1, n, aim="100%")[0].endswith(sentence)


NEXT = ("work_to_or_for", "involve_nobody", "not_recorded_actions")


@pytest.mark.parametrize(
    ("counts", "needed", "sentence"),
    [
        ((0, 1, 0), 1, "involve people in 1 project that involves nobody. If it gets there, "
         "the aim is reached."),
        ((6, 2, 1), 5, "make partners of people in 6 projects that involve them less, "
         "involve people in 2 that involve nobody and ask 1 that does not say. If 5 of these 9 get "
         "there, the aim is reached."),
        ((1, 1, 0), 0, "make partners of people in 1 project that involves them less and "
         "involve people in 1 that involves nobody."),
        ((0, 2, 0), 2, "involve people in 2 projects that involve nobody. If all 2 get there, "
         "the aim is reached."),
        ((0, 0, 2), 3, "ask 2 projects that do not say. All of these together would not reach the "
         "aim."),
        ((0, 0, 1), 0, "ask 1 project that does not say."),
        ((0, 0, 0), 4, ""),
    ],
)  # fmt: skip
def test_what_to_do_next_is_counted_and_how_many_would_reach_the_aim(counts, needed, sentence):
    actions = dict(zip(NEXT, counts, strict=True))
    start = "What to do: "
    whole = f"{start}{sentence}" if sentence else ""
    assert describe_next(row(8 - needed, 10, **actions)) == whole
    rest = 2 + needed - sum(counts)  # neither partners nor on the list
    more = f" {rest} more {'is' if rest == 1 else 'are'} exempt." if whole and rest else ""
    assert (f"{whole}{more}" in said(8 - needed, 10, **actions)) == bool(whole)


@pytest.mark.parametrize(
    ("k", "n", "position", "sentence"),
    [
        (12, 12, "higher", "Our rate of 100% (12 of 12) is higher than the whole trust's, by more "
         "than chance and the usual spread between directorates would give."),
        (4, 15, "within", "Our rate of 27% (4 of 15) differs from the whole trust's by no more "
         "than chance and the usual spread between directorates would give."),
        (3, 3, "too_few", "Our rate of 100% (3 of 3) is of fewer than 5 projects: too few to "
         "compare with the trust's."),
        (0, 0, "", "There are no projects, so there is nothing to compare."),
        (1, 4, "", "These projects belong to no one directorate, so they are not compared with "
         "others."),
    ],
)  # fmt: skip
def test_how_a_group_differs_from_the_trust(k, n, position, sentence):
    assert describe_position(row(k, n, position=position)) == sentence


def told_of_groups(counts: list[tuple[int, int]]) -> tuple[str, list[str]]:
    """Return what the funnel says of directorates A, B, …; the same as the row of each, or fail."""
    parts = [
        projects(number, directorate=chr(65 + i), approach=approach)
        for i, (k, n) in enumerate(counts)
        for approach, number in (("doing_with", k), ("doing_for", n - k))
    ]
    found = qi.summarise_findings(register(*parts))
    funnel = qi.add_funnel(found.iloc[1:][["group", "numerator", "denominator"]], by="group")
    sentence = qi.stats.describe_funnel(funnel, by="group")
    positions = found["position"].tolist()[1:]
    assert positions == funnel["position"].tolist()
    for one, (k, n) in zip(found.iloc[1:].index, counts, strict=True):
        position, name = found.loc[one, "position"], found.loc[one, "group"]
        is_named = f"{name}, {k} of {n}" in sentence
        assert is_named == (position in ("higher", "lower"))
        own = describe_position(found.loc[[one]])
        differs = f"is {position} than the whole trust's, by more than" in own
        assert differs == is_named
        assert ("by no more than" in own) != differs
    return sentence, positions


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        # At 95%, two of these eight lie outside what chance alone gives, and none of them far.
        ([(10, 50), (22, 52), (10, 38), (24, 40), (9, 24), (12, 31), (30, 55), (25, 54)],
         "None of 8 groups differs from the overall 41% by more than chance and the usual spread"),
        ([(9, 40), (12, 45), (30, 48), (33, 50), (5, 31), (28, 44)],
         "None of 6 groups differs from the overall 45% by more than chance and the usual spread"),
        ([(2, 40), *[(20, 40)] * 4, (38, 40)],
         "Of 6 groups, 1 is higher than the overall 50% (F, 38 of 40), and 1 is lower (A, 2 of 40"),
        ([(8, 20), (9, 20), (10, 20), (11, 20)],
         "None of 4 groups differs from the overall 48% by more than chance"),
    ],
)  # fmt: skip
def test_whether_directorates_differ_has_one_answer_wherever_it_is_asked(counts, sentence):
    assert told_of_groups(counts)[0].startswith(sentence)


def test_of_the_eight_groups_that_were_told_of_twice_none_differs(shared):
    """They were said to be 3 that differ by more than chance, and then none."""
    lines = (shared / "cases" / "statistics" / "README.md").read_text("utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("| 8 |")]
    k, n = (
        [int(number) for number in re.findall(r"\d+", part)]
        for part in line.split("|")[2].split(" of ")
    )
    sentence, positions = told_of_groups([*zip(k, n, strict=True)])
    assert positions == ["within"] * 8
    assert sentence.startswith("None of 8 groups differs from the overall 41% by more than chance")


@pytest.mark.parametrize(
    ("met_now", "sustained", "answers"),
    [
        ("yes", "cannot_tell", ["Yes.", "Nobody can tell yet."]),
        ("no", "no", ["No.", "No."]),
        ("blanks_decide", "too_few", ["The blanks decide.", "Too few to tell."]),
        ("yes", "", ["Yes."]),
        ("", "", []),
    ],
)
def test_each_question_about_the_aim_has_an_icon_and_its_words(met_now, sustained, answers):
    found = pd.DataFrame({"met_now": [met_now], "sustained": [sustained]})
    icons = qi.stats.list_icons(found)
    assert icons["answer"].tolist() == answers
    assert icons["icon"].tolist() == [f"met_now_{met_now}", f"sustained_{sustained}"][: len(icons)]


def change(kind: str, before=(0, 0), after=(0, 0)) -> pd.Series:
    """Return a change of a rate in January 2019."""
    names = ("before_numerator", "before_denominator", "after_numerator", "after_denominator")
    counts = dict(zip(names, (*before, *after), strict=True))
    return pd.Series({"change": kind, "changed_at": pd.Timestamp("2019-01-01"), **counts})


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (change("rise", (67, 300), (90, 204)), "Rise since January 2019: from 22% to 44%"),
        (change("fall", (403, 1000), (397, 1000)), "Fall since January 2019: from 40.3% to 39.7%"),
        (change("too_early", (5, 10), (1, 10)), "Too early to tell, lower so far since January "
         "2019: from 50% to 10%"),
        (change("none"), "No more than chance"),
        (change("too_few"), "Too few to tell"),
        (change(""), "Not tested"),
    ],
)  # fmt: skip
def test_a_change_is_written_in_a_few_words(found, words):
    assert qi.stats.format_change(found) == words


def test_of_all_groups_it_is_said_how_many_meet_the_aim_and_have_changed(findings):
    found = findings
    assert describe_icons(found) == (
        "Of 20 groups, 3 meet the aim today. By recent projects none would keep it, and 3 fall "
        "short. The rate has risen by more than chance does in none, and fallen in none."
    )
    assert describe_icons(found.head(1)) == "There are no groups to compare."
    assert describe_icons(found.assign(aim=float("nan"))) == (
        "Of 20 groups, the rate has risen by more than chance does in none, and fallen in none."
    )
