"""A frame that lacks a step is refused with that step's name, by every function that takes one."""

import functools
import inspect
import re
from datetime import date
from decimal import Decimal
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SOAK, third
from matplotlib.axes import Axes

import qi_analysis as qi
from qi_analysis.core.schema import COUNTS

PACKAGES = (qi, qi.stats, qi.spc, qi.counts, qi.charts, qi.disclosure, qi.onboarding)
ANY_HEADINGS = ("describe_headings", "propose_headings", "propose_words")  # take an export


@pytest.fixture(scope="module")
def given(example, findings) -> dict[str, tuple]:
    """Return what each function is given: frames of a few rows, each from the step before it."""
    register, aim = example, "80%"
    counts = qi.count_involvement(register, by="directorate").tail(5)
    rates = counts.pipe(qi.add_rates).pipe(qi.add_aim, aim)
    ours = counts["directorate"].iloc[1]
    started = qi.counts.count_started(register)
    change, suggested = qi.find_change(started, draws=99), qi.spc.suggest_rebase(started)
    started = started.tail(16)
    spc = qi.spc.add_spc(started, chart="p", target=0.8, rebase=["2019-01-01"])
    run = qi.spc.add_run(started.pipe(qi.add_rates))
    areas, by_approach = qi.count_areas(register), qi.count_areas(register, by="approach")
    several = qi.count_areas_per_project(register)
    found = findings.head(4)
    one = found.head(1)
    futures = qi.count_outlook(register, simulations=2)
    parts = qi.count_involvement(register, by=["programme", "directorate"], basis="started")
    parts = qi.stats.group_rest(parts, "programme", "practicum")
    rest, chosen = (parts[parts["programme"] == name].head(5) for name in ("the rest", "practicum"))
    parts = parts[parts["directorate"].isin(counts["directorate"].iloc[1:3])]
    actions, funnel = qi.list_actions(register).iloc[[0, 1, -1]], qi.add_funnel(rates)
    years = qi.count_involvement(register, period="year").pipe(qi.add_rates).tail(4)
    live, complete = qi.counts.count_live(register).tail(4), qi.summarise_completeness(register)
    definitions, curve = qi.compare_definitions(register), qi.time_to_involvement(register)
    approaches, people = qi.count_approaches(register), qi.count_people(register)
    shrunken = qi.shrunken_rates(counts)
    earlier = qi.counts.add_earlier(counts.iloc[[0]], register).assign(
        earlier_day=pd.Timestamp("2020-05-04"), earlier_numerator=1, earlier_denominator=2
    )
    table = pd.DataFrame({"yes": [3, 20, 40], "no": [30, 22, 60]}, index=["A", "B", "C"])
    hidden = qi.disclosure.suppress_table(table)
    months = pd.to_datetime(["2019-04-01", "2020-04-01"]).repeat(3)
    annual = pd.DataFrame({"period": months, "directorate": ["A", "B", "C"] * 2,
                           "numerator": [3, 20, 40] * 2, "denominator": [33, 42, 100] * 2,
                           "not_recorded": [1, 9, 12] * 2})  # fmt: skip
    release = qi.disclosure.publish_counts(annual).assign(aim=aim, aim_from="2019-01-01")
    published = qi.disclosure.select_published(release)
    raw = qi.read_export(ROOT / "data/raw/other_example.csv").head(4)
    headings = qi.onboarding.propose_headings(raw)
    words = qi.onboarding.propose_words(raw, headings)
    return {
        "add_aim": (rates, aim), "add_earlier": (counts, register, {"by": "directorate"}),
        "add_funnel": (rates,), "add_rate_range": (published,), "add_rates": (counts,),
        "add_run": (qi.add_rates(started),), "add_spc": (started,), "add_starts": (counts, aim, 5),
        "add_sustained": (found, aim), "audit_disclosure": (hidden, {"known": table.loc[["B"]]}),
        "audit_releases": (release,), "bound_rates": (counts,),
        "compare_rates": (counts, "directorate", ours),
        "count_outlook": (register, {"change": change, "simulations": 2}),
        "describe_actions": (actions, register), "describe_approaches": (approaches,),
        "describe_area_pairs": (qi.counts.count_area_pairs(register),),
        "describe_area_stages": (qi.counts.count_area_stages(register),),
        "describe_areas": (areas,), "describe_areas_by_approach": (by_approach,),
        "describe_areas_per_project": (several,), "describe_bounds": (counts,),
        "describe_change": (years, aim), "describe_changed": (one,),
        "describe_completeness": (complete,), "describe_definitions": (definitions,),
        "describe_difference": (qi.stats.compare_rates(counts, "directorate", ours),),
        "describe_exemptions": (counts.head(1), counts.head(1)),
        "describe_findings": (one, register),
        "describe_finishing": (qi.stats.compare_finishing(register),),
        "describe_funnel": (funnel,), "describe_groups": (rates, "directorate", aim),
        "describe_headings": (raw, qi.load_profile()), "describe_help": (actions, register),
        "describe_icons": (found,), "describe_lasting": (one,), "describe_live": (live,),
        "describe_missing_areas": (areas,),
        "describe_needed": (qi.summarise_needed(futures, aim, "2023-05-04"), aim),
        "describe_next": (one,), "describe_outlook": (qi.summarise_outlook(futures, aim), aim),
        "describe_people": (people,), "describe_position": (found.tail(1),),
        "describe_progress": (qi.counts.summarise_progress(register),),
        "describe_proposals": (headings, words), "describe_published": (published, "did"),
        "describe_published_years": (published,),
        "describe_rate": (rates, "people were partners", aim),
        "describe_reasons": (qi.count_reasons(register),),
        "describe_rebase_suggestions": (suggested,),
        "describe_run": (qi.spc.summarise_run(run),), "describe_since": (earlier, register),
        "describe_shrunken": (shrunken, aim, "directorate"),
        "describe_spc": (qi.spc.summarise_spc(spc), spc),
        "describe_split": (qi.stats.split_difference(rest, chosen, "directorate"), "directorate",
                           "the rest", "practicum"),
        "describe_standardised": (qi.stats.standardise_rates(parts, "directorate", "programme"),
                                  "directorate", "programme"),
        "describe_started": (started,), "describe_starts": (rates, aim, 5),
        "describe_steps": (change,),
        "describe_sustained": (qi.stats.add_sustained(found, aim), aim),
        "describe_time_to_involvement": (curve.iloc[::12],), "draft_profile": (headings, words),
        "find_change": (started,), "find_steps": (started,),
        "format_action_counts": (qi.summarise_actions(actions),), "format_actions": (actions,),
        "format_bounds": (definitions,), "format_completeness": (complete,),
        "format_help": (actions, register), "format_published": (published,),
        "format_published_groups": (release,), "format_rates": (rates, "directorate"),
        "format_rebase_suggestions": (suggested,), "format_shrunken": (shrunken, "directorate"),
        "group_rest": (counts, "directorate", ours), "list_icons": (one,),
        "plot_approaches": (approaches,), "plot_areas": (areas.head(3),),
        "plot_areas_by_approach": (by_approach.groupby("approach").head(2),),
        "plot_areas_per_project": (several,), "plot_completeness": (complete.head(3),),
        "plot_funnel": (funnel,), "plot_icons": (found,), "plot_live": (live,),
        "plot_outlook": (futures, aim), "plot_rates": (rates,), "plot_rates_over_time": (years,),
        "plot_run": (run,), "plot_spc": (spc,), "plot_time_to_involvement": (curve.iloc[::12],),
        "propose_headings": (raw,), "propose_words": (raw, headings), "publish_counts": (annual,),
        "release_aims": (release,), "release_table": (release,), "select_published": (release,),
        "shrunken_rates": (counts,), "split_difference": (rest, chosen, "directorate"),
        "standardise_rates": (parts, "directorate", "programme"), "suggest_rebase": (started,),
        "summarise_actions": (actions,), "summarise_needed": (futures, aim, "2023-05-04"),
        "summarise_outlook": (futures, aim),
        "summarise_quarantine": (register.cleaning.quarantine.head(3),),
        "summarise_run": (run,), "summarise_spc": (spc,), "suppress_table": (table,),
    }  # fmt: skip


is_whole = pd.api.types.is_integer_dtype
REFUSED = r"(: (add|make) it with `[^`]+` first|; it has .+)\.$"


def find(name: str):
    """Return a public function by its name."""
    return next(getattr(package, name) for package in PACKAGES if name in package.__all__)


def find_parameters(kind: str) -> dict[str, tuple[str, int]]:
    """Return where public functions take a frame, or a register: each one's name, and the place."""
    names = sorted({name for package in PACKAGES for name in package.__all__})
    return {
        f"{name}.{parameter}": (name, place)
        for name in names
        if inspect.isfunction(find(name))
        for place, (parameter, value) in enumerate(inspect.signature(find(name)).parameters.items())
        if str(value.annotation).removesuffix(" | None") == kind
    }


FRAMES = find_parameters("pd.DataFrame")
REGISTERS = [name for name, place in find_parameters("Register | pd.DataFrame").values()]


class Trial:
    """A function of one frame: what else a public function is given stays as it is."""

    def __init__(self, parameter: str, given: dict):
        self.name, self.place = FRAMES[parameter]
        *arguments, last = given[self.name]
        self.options = last if isinstance(last, dict) else {}
        self.arguments = arguments if self.options else [*arguments, last]
        self.option = parameter.partition(".")[2]
        self.frame = self.options.get(self.option)
        if self.frame is None:
            self.frame = self.arguments[self.place]
        self.needs: dict[str, str] = {}

    @functools.cached_property
    def says(self) -> str:
        """Return all that a person reads of what is made of the frame as it is."""
        return says(self(self.frame))

    def __call__(self, frame: object) -> object:
        if self.option in self.options:
            return find(self.name)(*self.arguments, **{**self.options, self.option: frame})
        before, after = self.arguments[: self.place], self.arguments[self.place + 1 :]
        return find(self.name)(*before, frame, *after, **self.options)

    def find_needs(self) -> dict[str, str]:
        """Return the columns without which the frame is refused, and what is said of each."""
        needs: dict[str, str] = {}
        while self.name not in TABLES:
            said, _ = self.tell(self.frame[[*needs]])
            name = re.match(r"The frame has no column '(\w+)'", said)
            if name is None or name[1] in needs:
                break
            needs[name[1]] = said
        return needs

    def tell(self, frame: object) -> tuple[str, object]:
        """Return what is said of a frame that is refused, or else what is made of it."""
        try:
            return "", self(frame)
        except qi.core.errors.OptionError as error:
            return str(error), None
        finally:
            plt.close("all")


@pytest.fixture(scope="module")
def trials(given) -> dict[str, Trial]:
    """Return all functions of frames, each with what it says of a column that is not there."""
    made = {}
    for parameter, (name, _) in FRAMES.items():
        if name != "clean_register":  # its columns are those of an export
            trial = made[parameter] = Trial(parameter, given)
            trial.needs = trial.find_needs()
    return made


def refusal(function, *given, **options) -> str:
    """Return what a function says of a frame that it refuses; empty if it takes it."""
    try:
        function(*given, **options)
    except qi.core.errors.OptionError as error:
        return str(error)
    finally:
        plt.close("all")
    return ""


TABLES = ("audit_disclosure", "suppress_table")  # any columns of counts
TRIED = [name for name, (function, _) in FRAMES.items() if function != "clean_register"]


@pytest.mark.parametrize("name", TRIED)
def test_a_frame_without_a_column_is_refused_with_the_step_that_gives_it(name, trials, example):
    trial = trials[name]
    free = (*TABLES, "release_table")
    assert trial.needs or trial.name in free or name.removesuffix(".raw") in ANY_HEADINGS
    for column, sentence in trial.needs.items():
        assert re.match(f"The frame has no column '{column}'{REFUSED}", sentence)
    with pytest.raises(
        ValueError, match=r"^This takes a frame, such as `.+` gives; not a Register\."
    ):
        trial(example)


@pytest.mark.parametrize("name", third(TRIED, 0))
def test_a_frame_without_rows_or_with_labels_of_its_own_is_told_as_any(name, trials):
    trial = trials[name]
    said, result = trial.tell(trial.frame.iloc[:0])
    assert said.endswith(".") or trial.name == "draft_profile" or not NOT_SAID.search(says(result))
    if trial.name not in TABLES:
        whole = {name: "float64" for name in trial.needs if is_whole(trial.frame[name].dtype)}
        same = trial.frame.set_axis(["label"] * len(trial.frame)).astype(whole)
        assert says(trial(same)) == trial.says
        plt.close("all")


def test_of_two_frames_each_is_looked_at(example, given):
    spc, counts = given["plot_spc"][0], given["add_rates"][0]
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
    change = given["describe_steps"][0].drop(columns="changed_at")
    assert refusal(qi.count_outlook, example, change=change) == (
        "The frame has no column 'changed_at': make it with `find_change` first."
    )


def test_the_sentence_says_what_there_is_where_no_step_gives_the_column(given, example):
    counts = given["add_rates"][0][["numerator", "denominator"]]
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
def test_rows_that_were_not_cleaned_are_no_register(name, given):
    raw = given["propose_headings"][0].head(3)
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
NO_RATES = ("x", "", "80%", 1.5, -0.1, np.inf, True, [0.5], 0.4321, np.nan)
MISSING = (None, np.nan, pd.NA, pd.NaT)  # a count that is not known
FAULTS = {
    "numerator": NO_COUNTS, "denominator": NO_COUNTS, "not_recorded": NO_COUNTS[::4],
    "period": NO_DAYS, "rate": NO_RATES,
}  # fmt: skip
NOT_SAID = re.compile(
    r"\bnan\b|\bNaN\b|\bNaT\b|<NA>|\bNone\b(?! of)|\binf\b|9223372036854775|922337203685"
)
WITH_POINT = re.compile(r"(?<![-+.\d])\d+\.0\b(?!%| points)")  # a count as 12.0


def put(frame: pd.DataFrame, column: str, at: int, value: object) -> pd.DataFrame:
    """Return a frame with another value in one row of a column."""
    cells = list(frame[column].astype(object))
    cells[at] = value
    kind = frame[column].dtype
    plain = isinstance(value, float) and isinstance(kind, np.dtype) and kind.kind in "iuf"
    made = pd.Series(cells, frame.index, dtype="float64" if plain else object)
    return frame.assign(**{column: made})


def says(result: object) -> str:
    """Return all that a person reads of a result."""
    if isinstance(result, pd.DataFrame):
        text = result.select_dtypes(["object", "str"]).to_numpy().ravel()
        return " ".join(str(cell) for cell in text if isinstance(cell, str))
    if isinstance(result, Axes):
        words = [*result.texts, *result.get_xticklabels(), *result.get_yticklabels()]
        return " ".join([str(result.get_gid()), *(text.get_text() for text in words)])
    return result if isinstance(result, str) else ""


def check_numbers(result: object) -> None:
    """Check that no number of a frame is one that stands for none."""
    if isinstance(result, pd.DataFrame):
        for column in result.select_dtypes("number"):
            numbers = result[column].to_numpy(float, na_value=np.nan)
            assert not (np.abs(numbers) > 1e16).any(), column


WRONG = {  # values that a column of a kind of values cannot have, by that kind
    "number": ("few", "12 of 20", [1], {"a": 1}, (), True, 1j, date(2020, 4, 1), np.inf, b"2"),
    "flag": ("yes", 2, 0.5, [True], date(2020, 4, 1)),
    "day": ("Apr 2020", "01/04/2020", "Q1", 20.5, True, ["2020-04-01"], 1585699200),
    "text": ([1], {"a": 1}),
}


def kind_of(column: pd.Series) -> str:
    """Return what is in a column, as its type tells."""
    types = {"flag": pd.api.types.is_bool_dtype, "number": pd.api.types.is_numeric_dtype,
             "day": pd.api.types.is_datetime64_any_dtype}  # fmt: skip
    return next((kind for kind, is_of in types.items() if is_of(column.dtype)), "text")


FREE = ("project_id", "title", "service", "group", "against", "directorate", "source", "programme")
ORDERED = ("add_spc", "add_run", "summarise_spc", "summarise_run", "plot_spc", "plot_run")


def may_be(name: str, column: str, value: object) -> bool:
    """Whether a function takes what is refused elsewhere: a number to order by, or a part of 1."""
    is_number = isinstance(value, (float, Decimal, Fraction))
    return (
        (column == "period" and value == 3 and name in ORDERED)
        or (column == "rate" and name == "add_run" and is_number and value != np.inf)
        or (name == "split_difference" and is_number and value == 2.5)
    )


@pytest.mark.soak
@pytest.mark.parametrize("name", TRIED)
def test_a_value_that_cannot_be_right_is_refused_with_its_row(name, trials):
    # A third of the faults, each in one of three rows by turns; in `make soak` all in all three.
    trial = trials[name]
    frame, rows = trial.frame, (0, len(trial.frame) // 2, len(trial.frame) - 1)
    for turn, column in enumerate(sorted({*trial.needs} - {*FREE}), TRIED.index(name)):
        values = FAULTS.get(column) or WRONG[kind_of(frame[column])]
        for i, value in enumerate(third(values, turn)):
            if may_be(trial.name, column, value):
                continue
            for at in rows if SOAK else rows[(turn + i) % 3 :][:1]:
                said, _ = trial.tell(put(frame, column, at, value))
                assert re.match(r"Row \S+ (\(.+\) )?ha[sd] ", said), (column, value, at, said)
                assert f"`{column}`" in said or "rate" in said
                assert said.endswith(".")


@pytest.mark.soak
@pytest.mark.parametrize("name", third(TRIED, 1))
def test_a_value_that_is_missing_is_never_a_number(name, trials):
    trial = trials[name]
    sets = [[column] for column in third([*trial.needs], TRIED.index(name))]
    sets += [COUNTS] if {*COUNTS} <= {*trial.needs} else []
    for i, columns in enumerate(sets):
        rows = (0, len(trial.frame) // 2, -1)
        for at in rows if SOAK else rows[i % 3 :][:1]:
            bad = trial.frame
            for column in columns:
                bad = put(bad, column, at, MISSING[(i + at) % 4])
            said, result = trial.tell(bad)
            if said:
                assert re.match(r"Row \S+ (\(.+\) )?ha[sd] |The frame |`words` ", said), (
                    columns,
                    said,
                )
            else:
                check_numbers(result)
                for of in (NOT_SAID, WITH_POINT)[: 1 if trial.name == "draft_profile" else 2]:
                    odd = {*of.findall(says(result))}
                    assert not odd or odd <= {*of.findall(trial.says)}, columns


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
    right = "In May 2020 so far it is 20% (4 of 20)."
    for day in ("2020-05-30", date(2020, 5, 30), pd.Timestamp("2020-05-30 23:30", tz="Asia/Tokyo")):
        assert right in qi.describe_change(rates, as_of=day)
    assert right not in qi.describe_change(rates, as_of=pd.Period("2020-05-31"))
    for day in ("soon", 3, pd.NaT):
        with pytest.raises(ValueError, match=r"^`as_of` must be a date, such as 2021-05-04; not "):
            qi.plot_rates_over_time(rates, as_of=day)


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
    ax = qi.plot_approaches(counts.assign(approach="doing_with"), by="ward")
    assert "Not recorded (5)" in says(ax)


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
    for points, what, aims, shown in (
        ([30.005, 29.872], "days", [30], ["30.005", "29.9"]),
        ([100 / 3, 22900.25], "days", [100 / 3], ["33.3", "22,900"]),
        ([22900.25, np.nan], "days", [22900.2], ["22,900.25", "none"]),
        ([18 / 55, 0.796], "rate", [18 / 55, 0.8], ["32.73%", "79.6%"]),
    ):
        assert qi.spc.series.format_values(points, what, aims) == shown
    series = monthly().assign(numerator=[795, 796, 797] * 5, denominator=1000)
    spc = qi.spc.add_spc(series, chart="p", target=0.7968)
    said = qi.spc.describe_spc(qi.spc.summarise_spc(spc), spc)
    assert "The mean of the rate is 79.6%; by chance alone" in said
    near = qi.add_rates(pd.DataFrame({"numerator": [7999], "denominator": [10_000]}))
    assert "(79.99%)" in qi.describe_rate(near, "people were partners", "80%")
