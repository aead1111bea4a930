"""What counts as meaningful, what is counted when, and that counts add up."""

import re
from datetime import date

import pandas as pd
import pytest
from conftest import AREAS, clean_projects, register, rows, table
from hypothesis import given
from hypothesis import strategies as st

import qi_analysis as qi
from qi_analysis.register import find_age, is_active

COUNTS = ["numerator", "denominator", "not_recorded"]
YES_NO = ["yes", "no", "not_recorded"]
APPROACHES = ["doing_with", "doing_for", "doing_to", "none", "not_recorded"]
STATUSES = ["proposed", "active", "paused", "completed", "closed_unfinished", "unknown"]
DEFINITIONS = ["doing_with", "any", "several_areas", "with_and_several"]
AS_OF = pd.Timestamp("2021-05-04")


# --- meaningful -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("approach", "areas", "doing_with", "any_", "several", "both"),
    [
        ("doing_with", "yyynnnnnn", True, True, True, True),
        ("doing_with", "yynnnnnnn", True, True, False, False),
        ("doing_with", "yy-nnnnnn", True, True, None, None),
        ("doing_with", "---------", True, True, None, None),
        ("doing_for", "yyynnnnnn", False, True, True, False),
        ("doing_for", "yynnnnnnn", False, True, False, False),
        ("doing_for", "---------", False, True, None, False),
        ("doing_to", "nnnnnnnnn", False, True, False, False),
        ("none", "---------", False, False, False, False),
        ("none", "yyyyyyyyy", False, False, False, False),
        ("not_recorded", "yyynnnnnn", None, True, True, None),
        ("not_recorded", "ynnnnnnnn", None, True, False, False),
        ("not_recorded", "nnnnnnnnn", None, None, False, False),
        ("not_recorded", "n------nn", None, None, None, None),
    ],
)
def test_what_is_recorded_settles_each_definition_or_leaves_it_open(
    approach, areas, doing_with, any_, several, both
):
    project = register(f"approach | areas\n{approach} | {areas}")
    told = [qi.meaningful(project, definition=name).iloc[0] for name in DEFINITIONS]
    wanted = [doing_with, any_, several, both]
    assert [None if t is pd.NA else bool(t) for t in told] == wanted


@pytest.mark.parametrize("flag", ["service_user_involved", "carer_involved"])
def test_a_yes_in_either_flag_is_involvement_of_unknown_approach(flag):
    project = register(f"approach | {flag}\nnot_recorded | yes")
    assert qi.meaningful(project, definition="any").tolist() == [True]
    assert qi.meaningful(project, definition="doing_with").tolist() == [pd.NA]


def test_a_blank_is_not_a_no():
    projects = register("approach\nnone\nnot_recorded")
    assert qi.meaningful(projects).tolist() == [False, pd.NA]
    assert rows(qi.count_involvement(projects), *COUNTS) == [[0, 2, 1]]


def test_an_unknown_definition_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError, match=r"^`definition` must be one of 'doing_with'.*; not 'best'\.$"
    ):
        qi.count_involvement(register("approach\nnone"), definition="best")


# --- groups ---------------------------------------------------------------------------------------

PROJECTS = """
directorate | programme | approach     | exemption_agreed | start_date | status
Rehab       | practicum | doing_with   | no               | 2020-03-31 | active
Rehab       | none      | doing_for    | yes              | 2020-04-01 | active
Rehab       | none      | not_recorded | no               | 2020-04-01 | active
CMHT        | none      | doing_with   | no               | 2020-12-31 | active
CMHT        | none      | doing_with   | no               | blank      | active
CMHT        | none      | none         | no               | 2020-05-01 | proposed
"""


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (None, [["doing_with", 3, 6, 1]]),
        ("directorate", [["doing_with", "CMHT", 2, 3, 0], ["doing_with", "Rehab", 1, 3, 1]]),
        (
            ["directorate", "programme"],
            [
                ["doing_with", "CMHT", "none", 2, 3, 0],
                ["doing_with", "Rehab", "none", 0, 2, 1],
                ["doing_with", "Rehab", "practicum", 1, 1, 0],
            ],
        ),
    ],
)
def test_projects_are_counted_by_group_dated_or_not(by, expected):
    counts = qi.count_involvement(register(PROJECTS), by=by)
    groups = [by] if isinstance(by, str) else by or []
    assert list(counts) == ["definition", *groups, *COUNTS]
    assert (counts.dtypes[COUNTS] == "int64").all()
    assert counts.to_numpy(dtype=object).tolist() == expected


def test_a_project_with_a_blank_group_is_counted_as_not_recorded():
    projects = register("borough | approach\nBrent | doing_with\nblank | none")
    for counts in (
        qi.count_involvement(projects, by="borough"),
        qi.count_involvement(
            register(projects.projects.assign(start_date=AS_OF)), by="borough", period="month"
        ),
        qi.count_approaches(projects, by="borough").query("approach == 'none'"),
        qi.count_areas(projects, by="borough").query("area == 'sharing'"),
    ):
        assert rows(counts, "borough", "denominator") == [["Brent", 1], ["Not recorded", 1]]


def test_projects_with_an_agreed_exemption_count_in_or_out():
    projects = register(PROJECTS)
    assert rows(qi.count_involvement(projects, exempt="in"), *COUNTS) == [[3, 6, 1]]
    assert rows(qi.count_involvement(projects, exempt="out"), *COUNTS) == [[3, 5, 1]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"basis": "open"}, "^`basis` must be 'started' or 'active'; not 'open'.$"),
        ({"exempt": "maybe"}, "^`exempt` must be 'in' or 'out'; not 'maybe'.$"),
        ({"period": "week"}, "^`period` must be 'month' or 'quarter' or 'year'; not 'week'.$"),
        ({"by": "ward"}, "^`by` must name columns of the register; it has no 'ward'.$"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_those_that_can(options, message):
    with pytest.raises(ValueError, match=message):
        qi.count_involvement(register(PROJECTS), **options)


# --- periods --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("month", [["2020-03-01", 1], ["2020-04-01", 2], *([f"2020-{m:02}-01", 0]
                   for m in range(5, 12)), ["2020-12-01", 1]]),
        ("quarter", [["2020-01-01", 1], ["2020-04-01", 2], ["2020-07-01", 0], ["2020-10-01", 1]]),
        ("year", [["2019-04-01", 1], ["2020-04-01", 3]]),
    ],
)  # fmt: skip
def test_a_financial_year_ends_on_31_march_and_a_period_without_a_project_is_shown(
    period, expected
):
    """The proposed project and the one without a date have no period."""
    counts = qi.count_involvement(register(PROJECTS), period=period)
    assert list(counts) == ["definition", "period", *COUNTS, "settled", "early"]
    assert counts["period"].dtype == "datetime64[us]"
    assert rows(counts, "period", "denominator") == expected
    assert (counts.dtypes[COUNTS] == "int64").all()


def test_gaps_are_filled_inside_a_groups_own_span_only():
    projects = register("""
        directorate | start_date
        A           | 2018-04-01
        A           | 2020-04-01
        B           | 2020-06-30
    """)
    counts = qi.count_involvement(projects, by="directorate", period="year")
    assert rows(counts, "directorate", "period", "denominator") == [
        ["A", "2018-04-01", 1],
        ["A", "2019-04-01", 0],
        ["A", "2020-04-01", 1],
        ["B", "2020-04-01", 1],
    ]


LIVES = """
project          | status            | start_date | end_date   | live
on its first day | active            | 2021-05-04 | blank      | yes
a day early      | active            | 2021-05-05 | blank      | no
paused           | paused            | 2020-01-01 | blank      | yes
proposed         | proposed          | 2020-01-01 | blank      | no
without a start  | active            | blank      | blank      | yes
no start, paused | paused            | blank      | 2020-06-30 | yes
no start, no word| unknown           | blank      | blank      | yes
no start, over   | unknown           | blank      | 2021-05-04 | no
no start, done   | completed         | blank      | 2021-05-05 | no
no start, idea   | proposed          | blank      | blank      | no
past its plan    | active            | 2020-01-01 | 2020-06-30 | yes
paused, past it  | paused            | 2020-01-01 | 2020-06-30 | yes
ends that day    | completed         | 2020-01-01 | 2021-05-04 | no
ends a day later | completed         | 2020-01-01 | 2021-05-05 | yes
closed later     | closed_unfinished | 2020-01-01 | 2021-05-05 | yes
no end, done     | completed         | 2020-01-01 | blank      | no
no end, closed   | closed_unfinished | 2020-01-01 | blank      | no
unknown          | unknown           | 2020-01-01 | blank      | yes
unknown, ended   | unknown           | 2020-01-01 | 2021-05-04 | no
"""


def test_a_project_is_live_from_its_start_until_the_day_it_ends():
    projects = clean_projects(LIVES)
    live = projects["live"] == "yes"
    active = is_active(projects, AS_OF, undated=True)
    assert projects.loc[active, "project"].tolist() == projects.loc[live, "project"].tolist()
    started = is_active(projects, AS_OF)
    assert started.equals(live & projects["start_date"].notna())
    given = register(projects, basis="active", as_of=AS_OF)
    assert given.counted.equals(projects[live])
    assert given.override(basis="started").counted is projects
    counts = qi.count_involvement(given)
    assert counts["denominator"].tolist() == [live.sum()]


def test_an_open_project_without_a_start_is_live_today_and_on_no_day_before():
    """Whether it had begun by then nobody knows; nor is it in any period of starts."""
    projects = clean_projects("""
        directorate | approach   | start_date | updated_date
        Rehab       | doing_with | 2020-01-01 | 2021-05-04
        Rehab       | doing_with | blank      | 2021-04-01
        CMHT        | none       | blank      | 2021-04-01
    """)
    own = register(projects, basis="active", as_of=AS_OF)
    assert rows(qi.count_involvement(own), "numerator", "denominator") == [[2, 3]]
    years = qi.count_involvement(own, period="year")
    assert rows(years, "period", "numerator", "denominator") == [
        ["2019-04-01", 1, 1],
        ["2020-04-01", 1, 1],
        ["2021-04-01", 2, 3],
    ]
    starts = qi.count_involvement(own, period="year", basis="started")
    assert rows(starts, "period", "denominator") == [["2019-04-01", 1]]
    last_year = own.override(as_of="2020-05-04")
    assert [own.is_retrospective, last_year.is_retrospective] == [False, True]
    assert rows(qi.count_involvement(last_year), "numerator", "denominator") == [[1, 1]]
    its_own = own.select(directorate="CMHT")
    assert rows(qi.count_involvement(its_own, period="year"), "period", "denominator") == [
        ["2021-04-01", 1]
    ]
    assert its_own.override(as_of="2020-05-04").counted.empty


def test_all_that_is_asked_of_live_projects_is_asked_of_those_without_a_start():
    projects = register("""
        approach     | start_date | exemption_agreed | progress_score
        none         | blank      | no               | 2
        doing_with   | blank      | no               | 3
        not_recorded | 2020-01-01 | no               | 3
        doing_with   | 2021-06-01 | no               | 3
    """, basis="active", as_of=AS_OF)  # fmt: skip
    assert qi.count_involvement(projects)["denominator"].item() == 3
    assert qi.summarise_completeness(projects)["projects"].tolist() == [3]
    assert qi.count_people(projects)["denominator"].unique().tolist() == [3]
    assert qi.count_approaches(projects)["denominator"].unique().tolist() == [3]
    assert qi.count_areas(projects)["denominator"].unique().tolist() == [3]
    assert qi.count_reasons(projects)["denominator"].unique().tolist() == [1]
    assert set(qi.list_actions(projects)["project_id"]) == {"P0", "P2"}
    today = qi.count_outlook(projects, simulations=2, years=1).iloc[0]
    assert today[["numerator", "denominator"]].tolist() == [1, 3]
    assert "3 of them live on 4 May 2021" in repr(projects)


def test_people_who_came_in_after_the_day_were_not_yet_involved_on_it():
    projects = clean_projects("""
        approach     | start_date | first_involved_date | service_user_involved | areas
        doing_with   | 2019-06-01 | 2021-03-01          | yes                   | yyynnnnnn
        not_recorded | 2019-07-01 | 2021-03-02          | yes                   | ynnnnnnnn
    """)
    today = register(projects, as_of=AS_OF)
    then = today.override(as_of="2020-04-30")
    for basis in ("active", "started"):
        now = qi.count_involvement(today, basis=basis)
        assert rows(now, *COUNTS) == [[1, 2, 1]]
        before = qi.count_involvement(then, basis=basis)
        assert rows(before, *COUNTS) == [[0, 2, 0]]
        by_year = qi.count_involvement(then, basis=basis, period="year")
        assert rows(by_year, *COUNTS)[0] == [0, 2, 0]
    assert qi.counts.involves_anybody(then).tolist() == [False, False]
    assert qi.count_areas(then)["numerator"].sum() == 0
    people = qi.count_people(then).set_index("people")["numerator"]
    assert people["neither"] == 2
    assert then.override(as_of=AS_OF).projects.equals(projects)
    month = register(projects, basis="active", as_of="2021-03-31")
    months = qi.count_involvement(month, period="month")
    assert rows(months.tail(2), *COUNTS) == [[0, 2, 0], [1, 2, 1]]


def test_projects_without_the_days_that_live_ones_are_counted_by_are_said():
    projects = register("""
        status    | start_date | end_date | updated_date
        active    | 2020-01-01 | blank    | 2021-05-04
        active    | blank      | blank    | 2021-05-04
        paused    | blank      | blank    | 2021-05-04
        completed | 2020-01-01 | blank    | 2021-05-04
        completed | blank      | blank    | 2021-05-04
    """, as_of=AS_OF)  # fmt: skip
    ended = (
        "2 projects have ended on a day that is not recorded, and are left out of the live ones."
    )
    assert qi.counts.describe_undated(projects) == (
        "2 of 3 live projects have no start date: they count as live on 4 May 2021, and are on no "
        f"chart by period. {ended}"
    )
    assert qi.counts.describe_undated(projects, as_of="2020-06-30") == (
        "2 open projects have no start date: whether they had begun by 30 June 2020 is not known, "
        f"and they are left out. {ended}"
    )
    assert qi.counts.describe_undated(register("start_date\n2020-01-01"), as_of=AS_OF) == ""
    for starts, which in (
        ("blank", "The one live project has no start date: it counts"),
        ("blank\nblank", "All 2 live projects have no start date: they count"),
    ):
        projects = register(f"start_date\n{starts}").projects
        said = qi.counts.describe_undated(projects, profile="cnwl", as_of=AS_OF)
        assert said.startswith(which)


def test_the_stock_is_taken_on_each_periods_last_day_and_at_last_on_the_as_of_date():
    projects = register("""
        status    | start_date | end_date
        completed | 2020-04-01 | 2020-06-30
        completed | 2020-06-30 | 2020-07-01
        active    | 2020-12-31 | blank
        active    | 2021-05-04 | blank
        active    | 2021-05-05 | blank
    """)
    options = {"basis": "active", "as_of": AS_OF}
    quarters = qi.count_involvement(projects, period="quarter", **options)
    assert list(quarters) == ["definition", "period", *COUNTS]
    assert rows(quarters, "period", "denominator") == [
        ["2020-04-01", 1],  # the first ended on 30 June, the second started on it
        ["2020-07-01", 0],
        ["2020-10-01", 1],
        ["2021-01-01", 1],
        ["2021-04-01", 2],  # on 4 May: the last has not started
    ]
    years = qi.count_involvement(projects, period="year", **options)
    assert rows(years, "period", "denominator") == [["2020-04-01", 1], ["2021-04-01", 2]]


@pytest.mark.parametrize("by", [None, "directorate", ["directorate", "programme"]])
@pytest.mark.parametrize("period", [None, "month"])
@pytest.mark.parametrize("options", [{}, {"basis": "active", "as_of": AS_OF}])
def test_a_register_without_projects_gives_the_same_columns(by, period, options):
    some = register(PROJECTS)
    counts = qi.count_involvement(some, by=by, period=period, **options)
    none = register(some.projects.iloc[:0])
    nothing = qi.count_involvement(none, by=by, period=period, **options)
    assert nothing[COUNTS].to_numpy().sum() == 0
    pd.testing.assert_series_equal(nothing.dtypes, counts.dtypes)


# --- counts add up --------------------------------------------------------------------------------

DAYS = st.one_of(st.none(), st.dates(date(2018, 1, 1), date(2021, 12, 31)))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "approach": st.sampled_from(APPROACHES),
            "service_user_involved": st.sampled_from(YES_NO),
            "carer_involved": st.sampled_from(YES_NO),
            "exemption_agreed": st.sampled_from(YES_NO),
            "status": st.sampled_from(STATUSES),
            "borough": st.sampled_from(["Brent", "Harrow", None]),
            "start_date": DAYS,
            "end_date": DAYS,
            "part": st.integers(0, 2),
            **{area: st.sampled_from(YES_NO) for area in AREAS[:4]},
        }
    ),
    min_size=1,
    max_size=12,
)
OPTIONS = st.fixed_dictionaries(
    {
        "definition": st.sampled_from(DEFINITIONS),
        "by": st.sampled_from([None, "borough", ["borough", "status"]]),
        "period": st.sampled_from([None, "month", "quarter", "year"]),
        "basis": st.sampled_from(["started", "active"]),
        "exempt": st.sampled_from(["in", "out"]),
    }
)


def drawn_register(drawn: list[dict]) -> pd.DataFrame:
    """Return drawn rows the types of a clean register."""
    frame = pd.DataFrame(drawn).astype({"borough": "str"})
    dates = ["start_date", "end_date"]
    return frame.assign(**frame[dates].astype("datetime64[us]"))


@given(ROWS, OPTIONS)
def test_counts_of_the_parts_sum_to_the_counts_of_the_whole(drawn, options):
    projects, options = drawn_register(drawn), {**options, "profile": "cnwl"}
    whole = qi.count_involvement(projects, **options, as_of=AS_OF)
    parts = pd.concat(
        qi.count_involvement(part, **options, as_of=AS_OF) for _, part in projects.groupby("part")
    )
    keys = whole.columns.drop(COUNTS).tolist()
    summed = whole[keys].merge(parts.groupby(keys, as_index=False)[COUNTS].sum(), how="left")
    assert summed[COUNTS].fillna(0).to_numpy().tolist() == whole[COUNTS].to_numpy().tolist()
    ungrouped = qi.count_involvement(projects, **{**options, "by": None}, as_of=AS_OF)
    assert ungrouped[COUNTS].sum().tolist() == whole[COUNTS].sum().tolist()
    assert (whole["numerator"] + whole["not_recorded"] <= whole["denominator"]).all()


@given(ROWS, OPTIONS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(drawn, options, chance):
    shuffled = chance.sample(drawn, len(drawn))
    counts, again = (
        qi.count_involvement(register(drawn_register(rows)), **options, as_of=AS_OF)
        for rows in (drawn, shuffled)
    )
    pd.testing.assert_frame_equal(counts, again)


# --- definitions, areas, approaches, bounds -------------------------------------------------------


def test_definitions_stand_side_by_side_the_headline_first():
    projects = register("""
        approach     | areas     | exemption_agreed
        doing_with   | yyynnnnnn | no
        doing_with   | ynnnnnnnn | no
        doing_for    | yyyyyyyyy | no
        none         | nnnnnnnnn | yes
        not_recorded | --------- | no
    """)
    counts = qi.compare_definitions(projects)
    assert rows(counts, "definition", "label", *COUNTS) == [
        ["doing_with", "Doing with", 2, 5, 1],
        ["any", "Any involvement", 3, 5, 1],
        ["several_areas", "Several areas", 2, 5, 1],
        ["with_and_several", "Doing with, in several areas", 1, 5, 1],
    ]
    assert list(counts) == ["definition", "label", *COUNTS]
    assert qi.compare_definitions(projects, exempt="out")["denominator"].tolist() == [4] * 4
    assert qi.describe_definitions(counts) == (
        "The definition moves the rate from 20% (doing with, in several areas: 1 of 5) to 60% (any "
        "involvement: 3 of 5)."
    )


@pytest.mark.parametrize(
    ("numerators", "denominator", "sentence"),
    [
        ([0, 0], 0, "There are no projects, so the definitions cannot be compared."),
        ([2], 5, ""),
        ([2, 2], 5, "The rate is 40% whichever definition is used."),
        ([2, 5], 10, "The definition moves the rate from 20% (SU on the team: 2 of 10) to 50% "
                     "(any: 5 of 10)."),
    ],
)  # fmt: skip
def test_a_sentence_says_how_far_the_definition_moves_the_rate(numerators, denominator, sentence):
    labels = ["SU on the team", "Any"][: len(numerators)]
    counts = pd.DataFrame({"label": labels, "numerator": numerators, "denominator": denominator})
    assert qi.describe_definitions(counts) == sentence


def test_every_approach_has_a_row_in_every_group():
    projects = register("directorate | approach\nA | doing_with\nA | not_recorded\nB | none")
    counts = qi.count_approaches(projects, by="directorate")
    assert list(counts) == ["directorate", "approach", "label", "numerator", "denominator"]
    assert rows(counts, "directorate", "approach", "numerator", "denominator") == [
        *[["A", name, int(name in ("doing_with", "not_recorded")), 2] for name in APPROACHES],
        *[["B", name, int(name == "none"), 1] for name in APPROACHES],
    ]
    nobody = register(projects.projects.iloc[:0])
    assert qi.count_approaches(nobody)["numerator"].tolist() == [0] * 5
    assert qi.count_approaches(nobody, by="directorate").empty


@pytest.mark.parametrize(
    ("approaches", "sentence"),
    [
        ([], "There are no projects."),
        (["doing_with"], "The one project worked with people as partners."),
        (["none", "none"], "Of 2 projects, 2 involved nobody."),
        (["doing_to", "doing_for", "not_recorded", "none", "doing_with", "none"],
         "Of 6 projects, 1 worked with people as partners, 1 did things for people, 1 did things "
         "to people, 2 involved nobody and 1 did not record it."),
    ],
)  # fmt: skip
def test_a_sentence_counts_the_approaches_that_there_are(approaches, sentence):
    counts = qi.count_approaches(register(pd.DataFrame({"approach": approaches}, dtype="str")))
    assert qi.describe_approaches(counts) == sentence


def test_bounds_take_every_blank_as_a_no_and_as_a_yes():
    counts = table("""
        numerator | denominator | not_recorded
        4         | 10          | 2
        0         | 3           | 3
        0         | 0           | 0
    """).astype(int)
    bounds = qi.counts.bound_rates(counts)
    nan = float("nan")
    expected = pd.DataFrame(
        {
            "share_recorded": [0.8, 0.0, nan],
            "rate_recorded": [4 / 8, nan, nan],
            "lowest": [0.4, 0.0, nan],
            "highest": [0.6, 1.0, nan],
        }
    )
    pd.testing.assert_frame_equal(bounds, pd.concat([counts, expected], axis=1))


def test_a_table_shows_what_is_recorded_the_rate_among_it_and_both_bounds():
    counts = table("""
        label      | numerator | denominator | not_recorded
        Doing with | 4         | 10          | 2
        All blank  | 0         | 3           | 3
        Nothing    | 0         | 0           | 0
        All of it  | 3         | 3           | 0
    """).astype(dict.fromkeys(COUNTS, int))
    shown = qi.format_bounds(counts)
    assert list(shown) == [
        "Recorded", "Rate among recorded", "If blanks are noes", "If blanks are yeses",
    ]  # fmt: skip
    assert shown.reset_index().to_numpy().tolist() == [
        ["Doing with", "8 of 10 (80%)", "4 of 8 (50%)", "40%", "60%"],
        ["All blank", "0 of 3 (0%)", "none", "0%", "100%"],
        ["Nothing", "none", "none", "none", "none"],
        ["All of it", "3 of 3 (100%)", "3 of 3 (100%)", "100%", "100%"],
    ]


def test_anybody_is_involved_by_a_level_a_flag_or_an_area_and_nobody_by_a_level_of_none():
    projects = register("""
        approach     | carer_involved | areas
        doing_to     | not_recorded   | ---------
        not_recorded | yes            | ---------
        not_recorded | not_recorded   | --------y
        none         | not_recorded   | ---------
        not_recorded | no             | nnnnnnnnn
    """)
    assert qi.counts.involves_anybody(projects).tolist() == [True, True, True, False, pd.NA]


@pytest.mark.parametrize(
    ("k", "n", "blank", "sentence"),
    [
        (0, 0, 0, "There are no projects, so there are no blanks to weigh."),
        (1, 1, 0, "Involvement is recorded for every project, so blanks cannot change the rate."),
        (0, 1, 1, "Involvement is recorded for no project: the rate could be anything from 0% to "
                  "100%."),
        (0, 2, 1, "For 1 of 2 projects it is not recorded whether people were involved "
                  "meaningfully. If they were not, the rate is 0%; if they were, it is 50%. Among "
                  "the one where it is recorded, the rate is 0%."),
        (400, 2000, 1000, "For 1,000 of 2,000 projects it is not recorded whether people were "
                          "involved meaningfully. If they were in none of those 1,000, the rate is "
                          "20%; if in all of them, it is 70%. Among the 1,000 where it is "
                          "recorded, the rate is 40%."),
    ],
)  # fmt: skip
def test_a_sentence_says_what_the_blanks_could_do(k, n, blank, sentence):
    counts = pd.DataFrame({"numerator": [k], "denominator": [n], "not_recorded": [blank]})
    assert qi.describe_bounds(counts) == sentence


@pytest.mark.parametrize(
    ("k", "n", "j", "m", "sentence"),
    [
        (0, 0, 0, 0, ""),
        (4, 9, 4, 9, ""),
        (0, 1, 0, 0, "The one project has an agreed exemption."),
        (0, 2, 0, 0, "All 2 projects have an agreed exemption."),
        (1, 5, 1, 4, "1 of 5 projects has an agreed exemption. With it the rate is 20% (1 of 5); "
                     "without it, it would be 25% (1 of 4)."),
        (4, 10, 4, 8, "2 of 10 projects have an agreed exemption. With them the rate is 40% (4 of "
                      "10); without them, it would be 50% (4 of 8)."),
    ],
)  # fmt: skip
def test_a_sentence_gives_the_rate_with_exempt_projects_and_without(k, n, j, m, sentence):
    counts, without = (
        pd.DataFrame({"numerator": [a], "denominator": [b]}) for a, b in ((k, n), (j, m))
    )
    assert qi.describe_exemptions(counts, without) == sentence


def test_a_sentence_says_which_projects_are_counted():
    projects = register("start_date\n2021-05-04", basis="active")
    assert projects.scope == "live on 4 May 2021"
    assert projects.override(basis="started").scope == "on the register"


def test_a_directorate_that_the_register_lacks_is_refused_with_those_it_has():
    projects = register("directorate\nRehab\nCMHT\nRehab")
    assert len(projects.select(directorate="Rehab").projects) == 2
    with pytest.raises(
        ValueError, match=r"^The register has no directorate 'Ward 3'\. It has 'CMHT', 'Rehab'\.$"
    ):
        projects.select(directorate="Ward 3")


def test_a_definition_for_which_nothing_is_recorded_is_not_compared():
    counts = pd.DataFrame({
        "label": ["Doing with", "Any involvement", "Several areas"], "numerator": [2, 5, 0],
        "denominator": 10, "not_recorded": [1, 1, 10],
    })  # fmt: skip
    assert qi.describe_definitions(counts) == (
        "The definition moves the rate from 20% (doing with: 2 of 10) to 50% (any involvement: "
        "5 of 10). Too little is recorded to count “several areas”."
    )


def test_a_past_day_knows_nothing_of_what_came_later():
    frame = pd.DataFrame({
        "approach": "doing_with", "status": "active", "end_date": pd.NaT,
        "start_date": pd.to_datetime(["2018-04-01", "2019-04-01", "2020-04-01"]),
        "first_involved_date": pd.to_datetime(["2019-06-01", None, None]),
        "service_user_involved": "yes", "carer_involved": "yes", "exemption_agreed": "no",
    })  # fmt: skip
    day = pd.Timestamp("2019-12-31")
    projects = register(frame, as_of=day)
    active = qi.count_involvement(projects, period="year", basis="active")
    assert active[["numerator", "denominator"]].to_numpy().tolist() == [[0, 1], [2, 2]]
    started = qi.count_involvement(projects, period="year")
    assert started["denominator"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("start", "age"),
    [
        ("2021-05-04", "under 6 months"),
        ("2020-11-05", "under 6 months"),
        ("2020-11-04", "6 to 12 months"),
        ("2020-05-05", "6 to 12 months"),
        ("2020-05-04", "1 to 2 years"),
        ("2019-05-05", "1 to 2 years"),
        ("2019-05-04", "over 2 years"),
        ("2021-05-05", "not started"),
        (None, "no start date"),
    ],
)
def test_a_projects_age_is_counted_in_whole_months_from_its_start(start, age):
    starts = pd.Series(pd.to_datetime([start]))
    assert find_age(starts, pd.Timestamp("2021-05-04")).tolist() == [age]


def test_who_records_nothing_is_told_by_age_and_no_project_is_lost(example):
    ages = qi.summarise_completeness(example, by="age", basis="started").sort_values("age")
    assert ages["age"].tolist() == [
        "under 6 months", "6 to 12 months", "1 to 2 years", "over 2 years", "not started",
        "no start date",
    ]  # fmt: skip
    assert ages["projects"].sum() == len(example.projects)
    assert ages.set_index("age").loc["no start date", "start_date"] == 0


def test_a_plain_frame_is_counted_by_a_profile_and_a_day_that_are_given_and_by_no_other():
    frame = clean_projects("start_date | status\n2021-05-04 | active")
    with pytest.raises(ValueError, match=r"^A plain frame needs `profile=`, so that it is counted"):
        qi.count_involvement(frame)
    with pytest.raises(qi.RegisterError, match=r"^It is not known which day the register descri"):
        qi.count_involvement(frame, profile="cnwl")
    given = qi.count_involvement(frame, profile="cnwl", as_of="2021-05-03")
    assert given["denominator"].tolist() == [0]


def test_what_a_register_knows_is_the_default_of_every_count_and_can_be_replaced():
    own = register(PROJECTS, basis="active", definition="any", as_of="2020-04-01")
    counts = qi.count_involvement(own)
    assert (counts["definition"].item(), counts["denominator"].item()) == ("any", 4)
    other = qi.count_involvement(own, definition="doing_with", basis="started")
    assert (other["definition"].item(), other["denominator"].item()) == ("doing_with", 6)
    assert own.select(directorate="CMHT").override(as_of="2021-01-01").directorate == "CMHT"
    assert own.select(directorate="").projects is own.projects
    with pytest.raises(ValueError, match=r"^`basis` must be 'started' or 'active'; not 'all'\.$"):
        own.override(basis="all")
    with pytest.raises(ValueError, match=r"^`select` takes columns of the register; it has no 'w"):
        own.select(ward="3")
    with pytest.raises(ValueError, match=r"^`as_of` must be a date such as '2021-05-04'; not 'so"):
        own.override(as_of="soon")


# --- settled periods, and involvement soon after the start ----------------------------------------


def test_a_period_is_settled_once_its_last_day_lies_6_months_back():
    """The quarter to 30 September 2020 is 6 months old on 30 March 2021, and not the day before."""
    project = register("start_date\n2020-07-01")
    settled = [
        qi.count_involvement(project, period="quarter", as_of=day)["settled"].iloc[0]
        for day in ("2021-03-29", "2021-03-30")
    ]
    assert settled == [False, True]


def test_without_a_day_it_is_not_known_which_periods_are_settled():
    part = clean_projects("start_date\n2020-07-01")
    counts = qi.count_involvement(part, period="year", profile="cnwl", basis="started")
    assert counts["settled"].tolist() == [pd.NA]
    sentence = r"^It is not known which periods are settled: give the register's day, as_of=\.\.\.$"
    with pytest.raises(ValueError, match=sentence):
        qi.find_change(counts)


def test_periods_of_the_last_24_months_are_early_where_no_day_of_involvement_is_counted():
    """On 4 May 2021 the quarter to 30 June 2019 reaches into them; the one before does not."""
    projects = register("start_date\n2019-03-31\n2019-04-01", as_of=AS_OF)
    counts = qi.count_involvement(projects, period="quarter")
    assert counts["early"].tolist() == [False, True]
    assert not qi.count_involvement(projects, period="quarter", within=6)["early"].any()


INVOLVED = """
    project_id | start_date | first_involved_date | approach
    A          | 2020-01-31 | 2020-07-31          | doing_with
    B          | 2020-01-31 | 2020-08-01          | doing_with
    C          | 2020-01-31 | 2019-12-01          | doing_with
    D          | 2020-01-31 | blank               | doing_with
    E          | 2020-01-31 | 2020-02-01          | doing_for
    F          | 2020-01-31 | blank               | none
    G          | 2020-01-31 | blank               | not_recorded
"""


def test_involvement_within_6_months_counts_and_of_an_unknown_day_may_count():
    """A and C in time, B a day late, D unknown; E involves people otherwise, F nobody."""
    counts = qi.count_involvement(register(INVOLVED, as_of=AS_OF), within=6)
    assert list(counts) == ["definition", *COUNTS, "numerator_highest"]
    assert rows(counts, *COUNTS, "numerator_highest") == [[2, 7, 1, 3]]


@pytest.mark.parametrize(
    ("within", "basis", "sentence"),
    [
        (0, "started", "`within` must be a whole number of months from 1 on; not 0."),
        ("6", "started", "`within` must be a whole number of months from 1 on; not '6'."),
        (6, "active", "`within` counts from each project's start: give it with basis='started'."),
    ],
)
def test_a_time_that_cannot_be_counted_is_refused(within, basis, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        qi.count_involvement(register(INVOLVED), within=within, basis=basis)


def kept(day: str, **approaches: str) -> qi.Register:
    """Return the register of an earlier day, with each project's approach."""
    lines = "\n".join(f"{name} | {approach}" for name, approach in approaches.items())
    return register(f"project_id | approach\n{lines}", as_of=day)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([], None),
        ([("2020-03-01", {"D": "none"}), ("2020-07-31", {"D": "doing_with"})], True),
        ([("2020-03-01", {"D": "none"}), ("2020-08-01", {"D": "doing_with"})], None),
        ([("2020-07-31", {"D": "none"}), ("2020-09-01", {"D": "doing_with"})], False),
        ([("2020-07-30", {"D": "none"})], None),  # and the register itself shows it
        ([("2020-07-31", {"D": "none"})], False),
        ([("2020-03-01", {"D": "doing_for"}), ("2020-04-01", {"D": "doing_with"})], None),
        ([("2020-02-01", {"D": "none"}), ("2020-03-01", {"D": "doing_to"})], True),  # of any kind
        ([("2020-03-01", {"D": "not_recorded"}), ("2020-04-01", {"D": "doing_with"})], None),
        ([("2020-03-01", {"Z": "none"}), ("2020-04-01", {"D": "doing_with"})], None),
        ([("2020-03-01", {"D": "doing_with"}), ("2020-04-01", {"D": "none"})], None),
        ([("2020-03-01", {"D": "none"}), ("2021-06-01", {"D": "none"})], None),  # after the day
    ],
)  # fmt: skip
def test_kept_registers_settle_a_day_where_two_neighbours_lie_on_one_side_of_it(earlier, expected):
    """D started on 31 January 2020, so 31 July is its last day in time."""
    before = [kept(day, **approaches) for day, approaches in earlier]
    projects = register(INVOLVED, as_of=AS_OF, earlier=before)
    settled = qi.counts.involved_within(projects, 6)[3]
    assert (None if settled is pd.NA else bool(settled)) == expected


def test_change_is_counted_by_days_where_four_in_five_are_known_and_by_today_where_not():
    def of(days: int) -> pd.DataFrame:
        first = ["2020-01-02"] * days + ["blank"] * (5 - days)
        lines = "\n".join(f"2020-01-01 | doing_with | {day}" for day in first)
        projects = register(f"start_date | approach | first_involved_date\n{lines}", as_of=AS_OF)
        return qi.counts.count_started(projects).iloc[[0]]

    assert rows(of(4), "numerator", "numerator_highest", "within") == [[4, 5, 6]]
    assert rows(of(3), "numerator", "within") == [[5, pd.NA]]
    assert qi.counts.describe_started(of(4)) == ""  # of one quarter there is no chart
    four_times = qi.counts.describe_started(pd.concat([of(4)] * 4))
    assert "first did so within 6 months of their start" in four_times
    assert qi.counts.describe_started(pd.concat([of(3)] * 4)) == (
        "Each dot is the share of projects that involve people meaningfully today."
    )


def test_the_days_of_the_whole_register_decide_how_each_part_of_it_is_counted():
    lines = "\n".join("A | 2020-01-01 | doing_with | 2020-01-02" for _ in range(4))
    projects = register(
        "directorate | start_date | approach | first_involved_date\n"
        f"{lines}\nB | 2020-01-01 | doing_with | blank", as_of=AS_OF,
    )  # fmt: skip
    part = projects.select(directorate="B")
    assert qi.counts.count_started(part)["within"].isna().all()
    counts = qi.counts.count_started(part, whole=projects)
    by = qi.counts.count_started(projects, by="directorate").query("directorate == 'B'")
    assert rows(counts, "numerator", "numerator_highest", "within")[0] == [0, 1, 6]
    assert counts.equals(by.drop(columns="directorate").reset_index(drop=True))


def test_periods_without_a_start_are_shown_to_the_registers_day():
    """So that a directorate in which nothing has started for years does not hide it."""
    projects = register("directorate | start_date\nA | 2018-04-01\nB | 2020-06-30", as_of=AS_OF)
    counts = qi.counts.count_started(projects, by="directorate", period="year")
    assert rows(counts, "directorate", "period", "denominator", "settled")[:4] == [
        ["A", "2018-04-01", 1, True],
        ["A", "2019-04-01", 0, True],
        ["A", "2020-04-01", 0, False],
        ["A", "2021-04-01", 0, False],
    ]


def test_recent_projects_of_the_example(example):
    """Counted apart with a spreadsheet: started from 5 November 2019 to 4 November 2020."""
    recent = qi.counts.count_recent(example)
    assert rows(recent, *COUNTS[:2]) == [[41, 95]]
    by = qi.counts.count_recent(example, by="directorate")
    assert by["denominator"].sum() == 95


def test_a_register_without_starts_has_no_periods_to_test():
    counts = qi.counts.count_started(register("start_date\nblank", as_of=AS_OF))
    assert counts.empty
    assert {"period", "settled", "early", "within"} <= {*counts}
