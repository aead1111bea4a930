"""A frame that lacks a step is refused with that step's name, by every function that takes one."""

import inspect
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

import qi_analysis as qi
from qi_analysis.core.schema import COUNTS

MODULES = (qi, qi.stats, qi.spc, qi.counts, qi.charts)
# What each function is given after the frame, where it needs more.
OPTIONS = {
    "add_aim": ("80%",), "add_starts": ("80%", 5), "add_sustained": ("80%",),
    "compare_rates": ("directorate", "Jameson"), "describe_groups": ("directorate", "80%"),
    "describe_change": ("80%",), "describe_needed": ("80%",), "describe_outlook": ("80%",),
    "describe_rate": ("people were partners", "80%"), "describe_starts": ("80%", 5),
    "describe_sustained": ("80%",), "describe_shrunken": ("80%", "directorate"),
    "format_shrunken": ("directorate",), "format_rates": ("directorate",),
    "group_rest": ("directorate", "Jameson"), "plot_outlook": ("80%",),
    "standardise_rates": ("directorate", "programme"), "summarise_outlook": ("80%",),
    "describe_standardised": ("directorate", "programme"),
    "summarise_needed": ("80%", "2023-05-04"),
    "describe_split": ("directorate", "the rest", "practicum"),
}  # fmt: skip
WITH_REGISTER = (
    "add_earlier", "describe_actions", "describe_findings", "describe_help", "describe_since",
    "format_help",
)  # fmt: skip


@pytest.fixture(scope="module")
def frames(example) -> dict[str, pd.DataFrame]:
    """Return for each function the frame that the step before it gives."""
    register = example
    counts = qi.count_involvement(register, by="directorate")
    rates = counts.pipe(qi.add_rates).pipe(qi.add_aim, "80%")
    started = qi.counts.count_started(register)
    spc = qi.spc.add_spc(started, chart="p", target=0.8, rebase=["2019-01-01"])
    run = qi.spc.add_run(started.pipe(qi.add_rates))
    change, areas = qi.find_change(started), qi.count_areas(register)
    by_approach = qi.count_areas(register, by="approach")
    found = qi.stats.summarise_findings(register)
    futures = qi.count_outlook(register, simulations=20)
    parts = qi.count_involvement(register, by=["programme", "directorate"], basis="started")
    parts = qi.stats.group_rest(parts, "programme", "practicum")
    rest, chosen = (parts[parts["programme"] == name] for name in ("the rest", "practicum"))
    actions, funnel = qi.list_actions(register), qi.add_funnel(rates)
    standardised = qi.stats.standardise_rates(parts, "directorate", "programme")
    years = qi.count_involvement(register, period="year").pipe(qi.add_rates)
    live = qi.counts.count_live(register)
    definitions = qi.compare_definitions(register)
    complete = qi.summarise_completeness(register)
    summary, needed = (
        qi.summarise_outlook(futures, "80%"),
        qi.summarise_needed(futures, "80%", "2023-05-04"),
    )
    curve, people = qi.time_to_involvement(register), qi.count_people(register)
    shrunken = qi.shrunken_rates(counts)
    suggested = qi.spc.suggest_rebase(started)
    approaches, several = qi.count_approaches(register), qi.count_areas_per_project(register)
    earlier = qi.counts.add_earlier(counts.iloc[[0]], register).assign(
        earlier_day=pd.Timestamp("2020-05-04"), earlier_numerator=1, earlier_denominator=2
    )
    return {
        "add_aim": rates, "add_funnel": rates, "add_rates": counts, "add_starts": counts,
        "add_sustained": found, "add_earlier": counts, "add_spc": started, "add_run": run,
        "bound_rates": counts, "compare_rates": counts,
        "describe_actions": actions, "describe_approaches": approaches, "describe_areas": areas,
        "describe_area_pairs": qi.counts.count_area_pairs(register),
        "describe_area_stages": qi.counts.count_area_stages(register),
        "describe_areas_by_approach": by_approach, "describe_areas_per_project": several,
        "describe_bounds": counts, "describe_change": years, "describe_changed": found.head(1),
        "describe_completeness": complete, "describe_definitions": definitions,
        "describe_difference": qi.stats.compare_rates(counts, "directorate", "Jameson"),
        "describe_findings": found.head(1), "describe_funnel": funnel, "describe_groups": rates,
        "describe_finishing": qi.stats.compare_finishing(register), "describe_help": actions,
        "describe_icons": found, "describe_lasting": found.head(1), "describe_live": live,
        "describe_missing_areas": areas, "describe_needed": needed, "describe_next": found.head(1),
        "describe_outlook": summary, "describe_people": people, "describe_position": found.tail(1),
        "describe_progress": qi.counts.summarise_progress(register),
        "describe_rate": rates, "describe_reasons": qi.count_reasons(register),
        "describe_rebase_suggestions": suggested,
        "describe_run": qi.spc.summarise_run(run), "describe_since": earlier,
        "describe_shrunken": shrunken,
        "describe_split": qi.stats.split_difference(rest, chosen, "directorate"),
        "describe_standardised": standardised, "describe_started": started,
        "describe_starts": rates, "describe_steps": change,
        "describe_sustained": qi.stats.add_sustained(found, "80%"),
        "find_change": started, "find_steps": started,
        "format_action_counts": qi.summarise_actions(actions), "format_actions": actions,
        "format_bounds": definitions, "format_completeness": complete, "format_help": actions,
        "format_rates": rates, "format_rebase_suggestions": suggested,
        "format_shrunken": shrunken, "group_rest": counts, "list_icons": found.head(1),
        "plot_approaches": approaches, "plot_areas": areas, "plot_areas_by_approach": by_approach,
        "plot_areas_per_project": several, "plot_completeness": complete, "plot_funnel": funnel,
        "plot_icons": found.head(4), "plot_live": live, "plot_outlook": futures,
        "plot_rates": rates, "plot_rates_over_time": years, "plot_run": run, "plot_spc": spc,
        "plot_time_to_involvement": curve, "describe_time_to_involvement": curve,
        "shrunken_rates": counts, "standardise_rates": parts, "suggest_rebase": started,
        "summarise_actions": actions, "summarise_needed": futures, "summarise_outlook": futures,
        "summarise_run": run, "summarise_spc": spc,
    }  # fmt: skip


TWO = ("describe_exemptions", "describe_spc", "split_difference")  # take two frames
ROWS = ("clean_register", "summarise_quarantine")  # take rows of a register
REFUSED = r"(: (add|make) it with `[^`]+` first|; it has .+)\.$"


def find(name: str):
    """Return a public function by its name."""
    return next(getattr(module, name) for module in MODULES if name in module.__all__)


def takes(name: str) -> str:
    """Return what a public function takes first, as it is annotated."""
    function = find(name)
    given = inspect.signature(function).parameters if inspect.isfunction(function) else {}
    return next((str(first.annotation) for first in given.values()), "")


NAMES = sorted({name for module in MODULES for name in module.__all__})
FRAMES = [name for name in NAMES if takes(name) == "pd.DataFrame" and name not in (*TWO, *ROWS)]
REGISTERS = [name for name in NAMES if takes(name) == "Register | pd.DataFrame"]


def refusal(function, *given, **options) -> str:
    """Return what a function says of a frame that it refuses; empty if it takes it."""
    try:
        function(*given, **options)
    except qi.core.errors.OptionError as error:
        return str(error)
    finally:
        plt.close("all")
    return ""


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_without_a_column_is_refused_with_the_step_that_gives_it(name, frames, example):
    function, frame = find(name), frames[name]
    options = (example,) if name in WITH_REGISTER else OPTIONS.get(name, ())
    by = {"by": "directorate"} if name == "add_earlier" else {}
    said = {
        column: refusal(function, frame.drop(columns=column), *options, **by) for column in frame
    }
    assert any(said.values())
    for column, sentence in said.items():
        assert not sentence or re.match(f"The frame has no column '{column}'{REFUSED}", sentence)
    no_frame = r"^This takes a frame, such as `\w+` gives; not a Register\.$"
    with pytest.raises(ValueError, match=no_frame):
        function(example, *options, **by)


def test_of_two_frames_each_is_looked_at(example, frames):
    spc, counts = frames["plot_spc"], frames["add_rates"]
    summary = qi.spc.summarise_spc(spc)
    out = counts.drop(columns="denominator")
    for function, first, second, sentence in (
        (qi.spc.describe_spc, summary.drop(columns="rules"), spc,
         "The frame has no column 'rules': make it with `summarise_spc` first."),
        (qi.spc.describe_spc, summary, spc.drop(columns="mixed"),
         "The frame has no column 'mixed': add it with `add_spc` first."),
        (qi.describe_exemptions, counts, out,
         "The frame has no column 'denominator': make it with `count_involvement` first."),
        (qi.describe_exemptions, out, counts,
         "The frame has no column 'denominator': make it with `count_involvement` first."),
    ):  # fmt: skip
        assert refusal(function, first, second) == sentence
    for sides in ((counts, out), (out, counts)):
        assert refusal(qi.stats.split_difference, *sides, "directorate") == sentence
    change = frames["describe_steps"].drop(columns="changed_at")
    assert refusal(qi.count_outlook, example, change=change) == (
        "The frame has no column 'changed_at': make it with `find_change` first."
    )


def test_the_sentence_says_what_there_is_where_no_step_gives_the_column(frames, example):
    counts = frames["add_rates"][["numerator", "denominator"]]
    has = "it has 'numerator' and 'denominator'."
    for function, options, column in (
        (qi.plot_rates, {}, "rate"),
        (qi.stats.compare_rates, {"by": "ward", "against": "Jameson"}, "ward"),
        (qi.spc.add_spc, {"chart": "xmr"}, "value"),
        (qi.spc.add_run, {"value": "days"}, "days"),
    ):
        there = ": add it with `add_rates` first." if column == "rate" else f"; {has}"
        expected = f"The frame has no column '{column}'{there}"
        assert refusal(function, counts, **options) == expected
    assert refusal(qi.stats.group_rest, counts[[]], "ward", "") == (
        "The frame has no column 'ward'; it has none."
    )
    assert refusal(qi.spc.add_spc, counts) == (
        "The frame has no column 'period': make it with `count_involvement(..., period=...)` first."
    )
    assert refusal(qi.summarise_completeness, example, by="ward").startswith(
        "The frame has no column 'ward'; it has 'project_id', 'title', 'directorate', "
    )


@pytest.mark.parametrize("name", REGISTERS)
def test_rows_that_were_not_cleaned_are_no_register(name):
    raw = qi.read_export(ROOT / "data/raw/example_register.csv").head(3)
    options = {"months": 6} if name == "involved_within" else {}
    said = refusal(find(name), raw, profile="cnwl", as_of="2021-05-04", **options)
    assert re.match(r"The frame has no column '\w+': make it with `clean_register` first\.$", said)


# --- frames that cannot be right ------------------------------------------------------------------

NO_COUNTS = (  # values that are no counts, each in one row of a column that is one otherwise
    "few", "nan", "", "12 of 20", "-3", "2.5", [1], {"a": 1}, (), True, 1j, date(2020, 4, 1),
    pd.Timestamp("2020-04-01"), pd.Timedelta(days=1), -1, 2.5, np.inf, -np.inf, 10.0**18, 2**70,
    Decimal("2.5"), Fraction(5, 2), b"2", object,
)  # fmt: skip
NO_DAYS = (
    "Apr 2020", "01/04/2020", "April", "Q1", "", "nan", 3, 20.5, True, ["2020-04-01"], None,
    pd.NaT, np.nan, "2020-13-01", 1585699200,
)  # fmt: skip
NO_RATES = ("x", "", "80%", 1.5, -0.1, np.inf, True, [0.5], 0.999, np.nan)
MISSING = (None, np.nan, pd.NA, pd.NaT)  # a count that is not known
FAULTS = [
    *(("numerator", value) for value in NO_COUNTS),
    *(("denominator", value) for value in NO_COUNTS),
    *(("not_recorded", value) for value in NO_COUNTS[::4]),
    *(("period", value) for value in NO_DAYS),
    *(("rate", value) for value in NO_RATES),
]
NOT_SAID = re.compile(
    r"\bnan\b|\bNaN\b|\bNaT\b|<NA>|\bNone\b|\binf\b|9223372036854775|922337203685"
)
MAY_BE = ("add_run",)  # a column of any numbers, whose counts nothing tells
ORDERED = ("add_spc", "add_run", "summarise_spc", "summarise_run", "plot_spc", "plot_run")


def put(frame: pd.DataFrame, column: str, at: int, value: object) -> pd.DataFrame:
    """Return a frame with another value in one row of a column."""
    cells = list(frame[column].astype(object))
    cells[at] = value
    plain = isinstance(value, float) and frame[column].dtype.kind in "iuf"
    made = pd.Series(cells, frame.index, dtype="float64" if plain else object)
    return frame.assign(**{column: made})


def says(result: object) -> str:
    """Return all that a person reads of a result."""
    if isinstance(result, pd.DataFrame):
        text = result.select_dtypes(["object", "str"]).to_numpy().ravel()
        return " ".join(str(cell) for cell in text if isinstance(cell, str))
    return result if isinstance(result, str) else str(getattr(result, "get_gid", str)())


def check_numbers(result: object) -> None:
    """Check that no number of a frame is one that stands for none."""
    if isinstance(result, pd.DataFrame):
        for column in result.select_dtypes("number"):
            numbers = result[column].to_numpy(float, na_value=np.nan)
            assert not (np.abs(numbers) > 1e16).any(), column


UNCOUNTED = (  # they take frames without a numerator or denominator
    "describe_completeness", "describe_finishing", "describe_help", "describe_needed",
    "describe_rebase_suggestions", "describe_run", "describe_split", "describe_steps",
    "describe_time_to_involvement", "format_action_counts", "format_actions",
    "format_completeness", "format_help", "format_rebase_suggestions", "plot_completeness",
    "plot_time_to_involvement", "summarise_actions",
)  # fmt: skip
SHARES = ("plot_outlook", "summarise_needed", "summarise_outlook")  # of simulated futures
COUNTED = [n for n in FRAMES if n not in ("describe_actions", "plot_icons", *UNCOUNTED)]


def test_only_frames_without_counts_are_left_out(frames):
    assert [name for name in UNCOUNTED if {"numerator", "denominator"} & {*frames[name]}] == []
    assert all(len(frames[name]) > 500 or "numerator" not in frames[name] for name in SHARES)


@pytest.mark.parametrize("name", COUNTED)
def test_a_value_that_cannot_be_right_is_refused_with_its_row(name, frames, example):
    function, frame = find(name), frames[name]
    options = (example,) if name in WITH_REGISTER else OPTIONS.get(name, ())
    by = {"by": "directorate"} if name == "add_earlier" else {}
    if len(frame) > 500:
        frame = frame[frame["simulation"] < 3]
    needs = {c for c in frame if refusal(function, frame.drop(columns=c), *options, **by)}
    for column, value in FAULTS:
        if column not in needs and not (column == "not_recorded" and {*COUNTS} <= needs):
            continue
        if column not in frame or (column == "period" and value == 3 and name in ORDERED):
            continue
        if column == "rate" and name in MAY_BE and isinstance(value, float) and value != np.inf:
            continue
        for at in {0, len(frame) // 2, len(frame) - 1}:
            bad = put(frame, column, at, value)
            said = refusal(function, bad, *options, **by)
            assert re.match(r"Row \S+ (\(.+\) )?ha[sd] ", said), (column, value, at, said)
            assert f"`{column}`" in said or "rate" in said
            assert said.endswith(".")


@pytest.mark.parametrize("name", [name for name in COUNTED if name not in SHARES])
def test_a_count_that_is_missing_is_never_a_number(name, frames, example):
    function, frame = find(name), frames[name]
    options = (example,) if name in WITH_REGISTER else OPTIONS.get(name, ())
    by = {"by": "directorate"} if name == "add_earlier" else {}
    for at, value in zip((0, len(frame) // 2, -1, -1), MISSING, strict=True):
        for columns in (["numerator"], ["denominator"], COUNTS):
            bad = frame
            for column in columns:
                bad = put(bad, column, at, value)
            try:
                result = function(bad, *options, **by)
            except qi.core.errors.OptionError:
                said = refusal(function, bad, *options, **by)
                assert re.match(r"Row \S+ (\(.+\) )?has ", said), said
            else:
                plt.close("all")
                check_numbers(result)
                assert not NOT_SAID.search(says(result)), says(result)


# --- periods, and tables to publish ---------------------------------------------------------------

DAYS = pd.date_range("2020-01-01", periods=15, freq="MS")
WRITTEN = {
    "days": DAYS,
    "seconds": DAYS.astype("datetime64[s]"),
    "dates": [day.date() for day in DAYS],
    "text": DAYS.strftime("%Y-%m-%d"),
    "months": DAYS.strftime("%Y-%m"),
    "periods": DAYS.to_period("M"),
    "period objects": pd.Series(list(DAYS.to_period("M")), dtype=object).array,
    "categories": pd.Categorical(DAYS),
    "categories of text": pd.Categorical(DAYS.strftime("%Y-%m-%d")),
    "London": DAYS.tz_localize("Europe/London"),
    "text of London": [str(day) for day in DAYS.tz_localize("Europe/London")],
    "mixed": [*DAYS[:7], *DAYS[7:].strftime("%Y-%m-%d")],
}


def monthly(period=DAYS) -> pd.DataFrame:
    """Return counts by month."""
    k = [5, 6, 4, 7, 5, 6, 4, 5, 6, 7, 3, 5, 6, 4, 19]
    return pd.DataFrame({"period": period, "numerator": k, "denominator": 20})


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
def test_periods_are_the_same_however_they_are_written(written):
    counts = monthly(written).sample(frac=1, random_state=3)
    right = qi.find_change(monthly(), draws=99)
    pd.testing.assert_frame_equal(qi.find_change(counts, draws=99), right)
    spc = qi.spc.add_spc(counts, rebase=["01/07/2020"])
    assert spc.loc[spc["phase"] == 2, "period"].min() == pd.Timestamp("2020-07-01")
    rates = qi.add_rates(counts)
    assert qi.describe_change(rates).startswith("The rate was 25% in January 2020 (5 of 20) and 95")
    qi.plot_rates_over_time(rates)


def test_days_of_summer_time_are_those_of_the_place():
    days = pd.date_range("2020-03-01", periods=3, freq="MS", tz="Europe/London")
    rates = qi.add_rates(monthly().head(3).assign(period=days))
    assert "in May 2020" in qi.describe_change(rates)


@pytest.mark.parametrize("kind", ["float64", "Int64", "int8", "str", "object", "category"])
def test_counts_are_the_same_in_whatever_type_they_come(kind):
    counts = monthly()[["numerator", "denominator"]].astype(kind)
    expected = qi.add_rates(monthly())[["rate", "lower_cl", "upper_cl"]]
    pd.testing.assert_frame_equal(qi.add_rates(counts)[[*expected]], expected)


def test_a_group_without_a_name_is_not_recorded_where_it_is_written():
    counts = pd.DataFrame({"ward": ["A", None, "C"], "numerator": [9, 5, 1], "denominator": 10})
    rates = qi.add_rates(counts)
    assert qi.format_rates(rates, "ward").index.tolist() == ["A", "Not recorded", "C"]
    assert qi.describe_groups(rates, "ward", "80%").startswith("Of 2 groups, 1 meets")
    assert qi.stats.compare_rates(counts, "ward", "A")["group"].tolist() == ["Not recorded", "C"]


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"yes": [1, np.nan], "no": [2, 3]}, "Row B has nothing in `yes`. Here each count has"),
        ({"yes": [1, 2], "no": [2, -3]}, "Row B has -3 in `no`: a count is a whole number from 0"),
        ({"yes": [1, 2], "no": [2, 3.5]}, "Row B has 3.5 in `no`: a count is a whole number fro"),
        ({"yes": ["1", "two"], "no": [2, 3]}, "Row B has 'two' in `yes`: a count is a whole num"),
        ({"yes": [1, 2], "Total": [2, 3]}, "A table to publish is given its 'Total': name that "),
    ],
)
def test_a_table_to_publish_needs_every_count(table, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}"):
        qi.disclosure.suppress_table(pd.DataFrame(table, index=["A", "B"]))


def test_a_table_to_publish_has_each_group_once_and_none_that_is_its_total():
    for names, sentence in (("A Total", "'Total'"), ("A A", "'A' twice")):
        with pytest.raises(ValueError, match=f"^A table to publish .*{sentence}"):
            qi.disclosure.suppress_table(pd.DataFrame({"yes": [1, 2]}, index=names.split()))


def test_a_rate_that_is_not_that_of_its_counts_is_refused():
    rates = qi.add_rates(monthly()).assign(numerator=2)
    with pytest.raises(
        ValueError, match=r"^Row 0 .+ has a rate of 25%, but 2 of 20 is 10%\. Add i"
    ):
        qi.describe_change(rates)
    assert qi.describe_change(qi.add_rates(monthly()).round({"rate": 2}))  # it may be rounded


def test_two_rows_of_one_period_are_refused_with_their_group():
    twice = pd.concat([monthly(), monthly().tail(1)]).assign(ward="A")
    for name in ("find_change", "find_steps"):
        with pytest.raises(
            ValueError, match=r"^Two rows of one group, A, have the same 'period', 1 M"
        ):
            getattr(qi, name)(twice, by="ward")
    with pytest.raises(
        ValueError, match=r"^Two rows of one group have the same 'period', 1 March 2"
    ):
        qi.describe_change(qi.add_rates(twice))


def test_a_column_that_is_there_twice_is_refused():
    counts = monthly()
    twice = pd.concat([counts, counts[["numerator"]]], axis=1)
    with pytest.raises(ValueError, match=r"^The frame has two columns 'numerator'\. Leave one of"):
        qi.add_rates(twice)


def test_rates_that_are_compared_have_the_digits_that_tell_them_apart():
    counts = pd.DataFrame({"ward": ["A", "B"], "numerator": [999, 1001], "denominator": 2000})
    rates = qi.add_rates(counts)
    assert "Rates run from 49.95% to 50.05%." in qi.describe_groups(rates, "ward")
    compared = qi.stats.compare_rates(counts, "ward", "B")
    assert "49.95% for A (999 of 2,000) and 50.05%" in qi.stats.describe_difference(compared)
    labels = counts.assign(label=["Early", "Late"])
    assert "from 49.95% (early: 999 of 2,000) to 50.05%" in qi.describe_definitions(labels)
    near = qi.add_rates(pd.DataFrame({"numerator": [7999], "denominator": [10_000]}))
    assert "(79.99%)" in qi.describe_rate(near, "people were partners", "80%")
