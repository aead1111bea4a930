"""Process, run and funnel charts and the indicator table, by their artists."""

import time
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex

import qi_analysis as qi
from qi_analysis.charts.style import AIM, SPC_COLOURS, SPC_LABELS, SPC_SHAPES
from qi_analysis.profile import Aim, Event, Rebase

RISE = [(3, 10), (4, 10), (2, 10), (3, 10)] * 4 + [(9, 10)] * 8


def counts(pairs, **columns) -> pd.DataFrame:
    """Return a quarterly series of numerators and denominators."""
    frame = pd.DataFrame(list(pairs), columns=["numerator", "denominator"], dtype="int64")
    periods = pd.date_range("2018-04-01", periods=len(frame), freq="3MS")
    return frame.assign(period=periods, **columns)


def texts(ax) -> set[str]:
    """Return all that is written in a chart."""
    return {text.get_text() for text in ax.texts}


def test_each_kind_of_point_has_its_colour_and_its_shape():
    spc = qi.spc.add_spc(counts(RISE), chart="p", target=0.8)
    ax = qi.plot_spc(spc)
    drawn = {points.get_label(): points for points in ax.collections if points.get_label()}
    improved = drawn["Improvement, not chance"]
    kinds = spc["point_type"].value_counts()
    assert len(improved.get_offsets()) == kinds["special_cause_improvement"]
    assert to_hex(improved.get_facecolor()[0]) == SPC_COLOURS["special_cause_improvement"]
    assert len(set(SPC_SHAPES.values())) == len(SPC_SHAPES)


def test_the_mean_limits_target_and_events_are_drawn_where_they_are():
    pause = Event(date(2020, 3, 1), date(2020, 5, 31), "Paused")
    spc = qi.spc.add_spc(counts(RISE), target=0.8)
    ax = qi.plot_spc(spc, events=(pause,))
    lines = {tuple(np.unique(np.round(line.get_ydata(), 6))) for line in ax.lines}
    assert (round(spc["mean"].iloc[0], 6),) in lines
    aim = next(line for line in ax.lines if line.get_color() == AIM)
    assert set(aim.get_ydata()) == {0.8}
    assert {"Aim 80%", "Paused"} <= texts(ax)
    assert ax.get_ylim() == (0, 1.01)


def test_limits_of_two_phases_are_not_joined():
    spc = qi.spc.add_spc(counts(RISE), rebase=["2022-04-01"])
    ax = qi.plot_spc(spc)
    means = [line for line in ax.lines if len(line.get_xdata()) in (16, 8)]
    assert len(means) == 6  # mean and two limits of each phase


@pytest.mark.parametrize("pairs", [[(1, 3)], [(1, 3), (0, 0)]])
def test_too_few_points_are_said_in_words_and_not_drawn(pairs):
    for ax in (
        qi.plot_spc(qi.spc.add_spc(counts(pairs))),
        qi.charts.plot_run(qi.spc.add_run(counts(pairs).pipe(qi.add_rates))),
    ):
        assert not ax.lines
        assert "too few points" in " ".join(texts(ax))
        ax.figure.canvas.draw()


def test_without_a_start_date_there_is_nothing_to_show():
    for ax in (
        qi.plot_spc(qi.spc.add_spc(counts([]))),
        qi.charts.plot_run(qi.spc.add_run(counts([]).pipe(qi.add_rates))),
    ):
        assert texts(ax) == {"No project has a start date, so there is nothing to show over time."}


def test_a_run_chart_shows_its_median():
    run = counts(RISE).pipe(qi.add_rates).pipe(qi.spc.add_run)
    ax = qi.charts.plot_run(run, aim="80%")
    assert f"Median {run['median'].iloc[0]:.0%}" in texts(ax)
    assert ax.figure.get_gid() == qi.spc.describe_run(qi.spc.summarise_run(run))


def test_a_funnel_names_who_lies_outside_and_whose_page_it_is():
    funnel = qi.add_funnel(
        pd.DataFrame({
            "directorate": ["Low", "High", "Ours", "Usual"], "numerator": [20, 95, 12, 110],
            "denominator": [100, 100, 30, 220],
        }),
        overdispersion=False,
    )  # fmt: skip
    ax = qi.plot_funnel(funnel, aim="80%", highlight="Ours")
    assert {"Low", "High", "Ours", "Aim 80%"} <= texts(ax)
    assert "Usual" not in texts(ax)
    assert ax.figure.get_gid() == qi.describe_funnel(funnel)


@pytest.mark.parametrize("groups", [0, 1, 2])
def test_a_funnel_of_fewer_than_two_groups_says_so(groups):
    frame = pd.DataFrame({"directorate": ["A", "B"], "numerator": [1, 2], "denominator": [3, 4]})
    ax = qi.plot_funnel(qi.add_funnel(frame.head(groups)))
    assert bool(ax.lines) is (groups == 2)
    ax.figure.canvas.draw()


def findings(groups: int, **more) -> pd.DataFrame:
    """Return findings of so many groups that are alike, and the trust's."""
    row = {"level": "directorate", "aim": 0.8, "met_now": "yes", "sustained": "cannot_tell",
           "change": "rise", "changed_at": pd.Timestamp("2019-01-01"), "before_numerator": 1,
           "before_denominator": 10, "after_numerator": 5, "after_denominator": 10,
           "rate": 0.9, "denominator": 10}  # fmt: skip
    rows = [{**row, "group": f"Group {i:02}", **more} for i in range(groups)]
    return pd.DataFrame([{**row, "level": "trust", "group": ""}, *rows])


@pytest.mark.parametrize("groups", [1, 3, 40])
def test_the_table_of_icons_has_a_row_a_group_and_says_what_they_mean(groups):
    found = findings(groups)
    ax = qi.plot_icons(found)
    assert {f"Group {i:02}" for i in range(groups)} <= texts(ax)
    assert {"Y", "?", "Rise since January 2019", "90%"} <= texts(ax)
    assert len(ax.collections) == 2 * groups
    assert {text for text in texts(ax) if text.startswith(("Met today: ", "Would last: "))} == {
        "Met today: Y yes, N no, ? the blanks decide. No icon: no projects.",
        "Would last: P recent projects reach the aim, F they fall short, ? nobody can tell.",
    }
    assert ax.figure.get_gid() == qi.stats.describe_icons(found)


def test_without_an_aim_there_are_no_icons_and_without_groups_a_sentence():
    ax = qi.plot_icons(findings(2, aim=float("nan"), met_now="", sustained=""))
    assert not ax.collections
    assert not {"Met today", "Would last"} & texts(ax)
    assert texts(qi.plot_icons(findings(0))) == {"There are no groups to compare."}


def live(*points: tuple) -> pd.DataFrame:
    """Return live counts by quarter, each with where its count comes from."""
    quarters = pd.date_range("2019-01-01", periods=len(points), freq="QS")
    return pd.DataFrame(points, columns=["numerator", "denominator", "source"]).assign(
        period=quarters
    )


def test_live_rates_that_a_register_said_are_dots_and_todays_record_a_thin_line():
    said, record = "that day's register", "today's record"
    counts = live((1, 4, record), (2, 4, said), (3, 4, record), (3, 5, said))
    ax = qi.charts.plot_live(counts, aim="80%")
    line, dots = ax.lines[:2]
    assert line.get_ydata().tolist() == [0.25, 0.5, 0.75, 0.6]
    assert dots.get_ydata().tolist() == [0.5, 0.6]
    assert line.get_linewidth() < 1
    assert {"60%", "Aim 80%"} <= texts(ax)
    assert ax.figure.get_gid() == qi.counts.describe_live(counts)


def test_where_no_project_was_live_nothing_is_drawn():
    ax = qi.charts.plot_live(live((0, 0, "that day's register")))
    assert not ax.lines


def test_each_kind_of_signal_is_named_once_beside_one_of_its_points():
    spc = qi.spc.add_spc(counts(RISE), chart="p", target=0.8)
    ax = qi.plot_spc(spc)
    labels = [text for text in ax.texts if text.get_text().endswith(", not chance")]
    kinds = {SPC_LABELS[kind] for kind in spc["point_type"]} - {"Chance"}
    assert sorted(text.get_text() for text in labels) == sorted(kinds)
    points = set(zip(spc["period"], spc["point"], strict=True))
    assert all(text.xy in points for text in labels)
    assert ax.get_legend() is None


def test_with_a_sentence_of_its_own_a_process_chart_colours_and_names_no_point():
    spc = qi.spc.add_spc(counts([*[(2, 20)] * 8, *[(18, 20)] * 8]), baseline=8)
    assert spc["outside_limits"].any()
    found = "67 of 300 (22%) before January 2019, 90 of 204 (44%) since."
    ax = qi.plot_spc(spc, sentence=found)
    assert ax.figure.get_gid() == found
    assert {points.get_label() for points in ax.collections} == {"Chance"}
    assert not [text for text in texts(ax) if text.endswith("not chance")]


def test_points_that_are_not_settled_are_hollow():
    frame = counts(RISE).assign(settled=[True] * 22 + [False] * 2)
    over_time = qi.plot_rates_over_time(qi.add_rates(frame))
    for ax in (qi.plot_spc(qi.spc.add_spc(frame)), over_time):
        (hollow,) = (line for line in ax.lines if line.get_markerfacecolor() == "white")
        assert len(hollow.get_xdata()) == 2
    ax = qi.plot_spc(qi.spc.add_spc(frame.assign(settled=False)), sentence="None is old enough.")
    dots = [each for each in ax.collections if isinstance(each, PathCollection)]
    assert sum(len(each.get_offsets()) for each in dots) == 24
    assert "Too early to tell" in texts(ax)


def test_a_funnel_of_huge_groups_is_drawn_through_some_hundred_sizes():
    frame = pd.DataFrame({"directorate": ["A", "B"], "numerator": [100_000, 900_000],
                          "denominator": [200_000, 1_800_001]})  # fmt: skip
    ax = qi.plot_funnel(qi.add_funnel(frame, overdispersion=False))
    assert max(len(line.get_xdata()) for line in ax.lines) <= 400
    on_target = qi.plot_funnel(qi.add_funnel(frame, target=0.8))
    assert "Target 80%" in texts(on_target)


def test_a_recalculation_is_marked_where_it_begins_with_its_reason():
    known = Rebase(date(2022, 4, 1), "known")
    ax = qi.plot_spc(qi.spc.add_spc(counts(RISE), rebase=[known]))
    assert "New limits: known" in texts(ax)
    assert "New limits" in texts(qi.plot_spc(qi.spc.add_spc(counts(RISE), rebase=["2022-04-01"])))
    assert "calculated anew from 1 April 2022 (known)" in ax.figure.get_gid()


def test_the_target_of_a_process_chart_begins_with_the_aim():
    aims = (Aim(date(2021, 6, 1), Fraction(4, 5)),)
    ax = qi.plot_spc(qi.spc.add_spc(counts(RISE), target=0.8), aim=aims)
    (line,) = (line for line in ax.lines if line.get_color() == AIM)
    assert line.get_xdata()[0] == ax.xaxis.convert_units(date(2021, 6, 1))


@pytest.mark.parametrize("share", [0, 0.5, 0.79, 1])
def test_names_of_lines_that_lie_close_do_not_stand_on_one_another(share):
    pairs = [(round(400 * share) + i % 2 * (share == 0.79), 400) for i in range(20)]
    ax = qi.plot_spc(qi.spc.add_spc(counts(pairs), target=0.8))
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert len(boxes) >= 2
    assert not [1 for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_names_in_a_crowded_funnel_do_not_stand_on_one_another():
    random = np.random.default_rng(1)
    n = random.integers(1, 60, 60)
    frame = pd.DataFrame({"directorate": [f"Directorate {i:02}" for i in range(60)],
                          "numerator": random.binomial(n, random.beta(2, 2, 60)),
                          "denominator": n})  # fmt: skip
    ax = qi.plot_funnel(qi.add_funnel(frame, overdispersion=False), highlight="Directorate 07")
    ax.figure.canvas.draw()
    names = [text for text in ax.texts if text.get_text().startswith("Directorate")]
    assert "Directorate 07" in [text.get_text() for text in names]
    boxes = [text.get_window_extent() for text in names]
    assert len(boxes) > 10
    assert not [1 for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_a_chart_is_drawn_where_it_is_told():
    import matplotlib.pyplot as plt

    _, (first, second) = plt.subplots(1, 2)
    assert qi.plot_spc(qi.spc.add_spc(counts(RISE)), ax=first) is first
    assert (
        qi.plot_funnel(qi.add_funnel(counts(RISE).assign(directorate=range(24))), ax=second)
        is second
    )
    assert len(plt.get_fignums()) == 1


# --- values, targets, gaps ------------------------------------------------------------------------


def days_waited(*days, **options) -> pd.DataFrame:
    """Draw an XmR chart of days waited, by month."""
    periods = pd.date_range("2020-01-01", periods=len(days), freq="MS")
    frame = pd.DataFrame({"period": periods, "days_waited": days})
    return qi.spc.add_spc(frame, chart="xmr", value="days_waited", **options)


def drawn_in_sight(ax, *columns) -> bool:
    """Return whether all numbers lie within the axis."""
    low, high = ax.get_ylim()
    return all(low <= number <= high for column in columns for number in column)


def test_values_have_an_axis_and_words_of_their_own_unit():
    spc = days_waited(*[32, 35, 30] * 5, improvement="decrease", target=28)
    ax = qi.plot_spc(spc)
    assert drawn_in_sight(ax, spc["point"], spc["lpl"], spc["upl"], spc["target"])
    assert ax.get_ylabel() == "Days waited"
    assert {"Mean 32.3", "Target 28"} <= texts(ax)
    assert "%" not in "".join(texts(ax)) + ax.figure.get_gid()
    other = qi.plot_spc(spc, aim=36)
    assert "Target 36" in texts(other)
    assert drawn_in_sight(other, [36])
    with pytest.raises(ValueError, match="`aim` must be a number; not 'soon'"):
        qi.plot_spc(spc, aim="soon")


@pytest.mark.parametrize("numbers", [
    [210, 229, 250], [0, 0, 0], [5, 5, 5], [-3, -2, 4], [2e6, 3e6, 9e6], [0.001, 0.002, 0.004],
    [22900.1, 22900.2, 22900.3],
])  # fmt: skip
def test_all_points_of_a_run_chart_are_in_sight_whatever_their_size(numbers):
    periods = pd.date_range("2020-01-01", periods=9, freq="MS")
    run = qi.spc.add_run(pd.DataFrame({"period": periods, "live": numbers * 3}), value="live")
    ax = qi.charts.plot_run(run)
    assert drawn_in_sight(ax, run["point"])
    ticks = [tick.get_text() for tick in ax.get_yticklabels()]
    assert len({*ticks}) == len(ticks)
    assert ax.get_ylabel() == "Live"
    assert f"Median {qi.spc.series.format_point(numbers[1], 'live')}" in texts(ax)


@pytest.mark.parametrize(
    ("target", "words"), [(0, "Aim 0%"), (1, "Aim 100%"), ("2.5%", "Aim 2.5%")]
)
def test_a_target_at_either_end_is_drawn(target, words):
    spc = qi.spc.add_spc(counts([(1, 20), (0, 20), (2, 20)] * 5), target=target)
    ax = qi.plot_spc(spc)
    assert words in texts(ax)
    (line,) = (line for line in ax.lines if line.get_color() == AIM)
    assert drawn_in_sight(ax, line.get_ydata())


def test_a_target_by_date_is_a_step_from_each_and_none_before():
    spc = qi.spc.add_spc(counts(RISE), target={"2019-04-01": 0.5, "2022-04-01": 0.8})
    ax = qi.plot_spc(spc)
    goals = [line for line in ax.lines if line.get_color() == AIM]
    at = ax.convert_xunits
    assert [set(line.get_ydata()) for line in goals] == [{0.5}, {0.8}]
    assert goals[0].get_xdata()[0] == at(pd.Timestamp("2019-04-01"))
    assert goals[0].get_xdata()[1] == goals[1].get_xdata()[0] == at(pd.Timestamp("2022-04-01"))
    assert "Aim 80%" in texts(ax)
    ended = spc.assign(target=spc["target"].where(spc["period"] < "2021-01-01"))
    assert not [text for text in texts(qi.plot_spc(ended)) if text.startswith("Aim")]


def test_absent_periods_break_the_line():
    frame = counts(RISE).drop(index=[3, 4, 10]).pipe(qi.add_rates)
    charts = (
        qi.plot_spc(qi.spc.add_spc(frame, chart="p")),
        qi.charts.plot_run(qi.spc.add_run(frame)),
        qi.plot_rates_over_time(frame),
        qi.charts.plot_live(frame.assign(source="today's record")),
    )
    for ax in charts:
        assert np.isnan(ax.lines[0].get_ydata()).sum() == 2  # two gaps, of two periods and of one
    assert "3 periods between the first and the last are absent: they are gaps." in (
        charts[0].figure.get_gid()
    )


def test_a_new_median_is_marked_where_it_begins():
    run = qi.spc.add_run(counts(RISE).pipe(qi.add_rates), rebase=["2022-04-01"])
    ax = qi.charts.plot_run(run)
    assert "New median" in texts(ax)
    assert ax.figure.get_gid().startswith("Every point since 1 April 2022 lies on the")


# --- grids ----------------------------------------------------------------------------------------


def many(names, **columns) -> pd.DataFrame:
    """Return the same rise for many groups."""
    return pd.concat([counts(RISE, directorate=name) for name in names]).assign(**columns)


@pytest.mark.parametrize("groups", [1, 5])
def test_a_grid_has_a_chart_for_each_group_on_axes_in_common(groups):
    names = [f"Group {i:02}" for i in range(groups)]
    spc = qi.spc.add_spc(many(names[::-1]), chart="p", by="directorate", target=0.8)
    grid = qi.plot_spc(spc, by="directorate")
    assert list(grid.axes_dict) == names
    assert {ax.get_ylim() for ax in grid.axes.flat} == {(0, 1.01)}
    assert len({ax.get_xlim() for ax in grid.axes.flat}) == 1
    summary = qi.spc.summarise_spc(spc, by="directorate")
    assert grid.figure.get_gid() == qi.spc.describe_spc(summary, spc.head(24))
    (legend,) = grid.figure.legends
    words = {text.get_text() for text in legend.get_texts()}
    assert {"Mean", "Limits of chance", "Aim 80%", "Improvement, not chance"} <= words
    assert len(words) == len(legend.get_texts())


def test_values_of_groups_have_axes_of_their_own():
    frame = many(["A", "B"]).assign(
        days=lambda f: f["numerator"].where(f["directorate"] == "A", 900)
    )
    spc = qi.spc.add_spc(frame, chart="xmr", by="directorate", value="days")
    grid = qi.plot_spc(spc, by="directorate")
    for name, ax in grid.axes_dict.items():
        assert drawn_in_sight(ax, spc.loc[spc["directorate"] == name, "point"])
    assert grid.axes_dict["A"].get_ylim()[1] < 20


def test_a_group_of_few_projects_says_so_and_one_without_a_name_has_a_chart():
    few = counts([(1, 2)] * 24, directorate="Few")
    spc = qi.spc.add_spc(pd.concat([many(["Many", None]), few]), by="directorate")
    grid = qi.plot_spc(spc, by="directorate")
    assert list(grid.axes_dict) == ["Few", "Many", "Not recorded"]
    titles = {name: ax.get_title() for name, ax in grid.axes_dict.items()}
    assert titles == {
        "Few": "Few\ntoo few to tell", "Many": "Many", "Not recorded": "Not recorded",
    }  # fmt: skip
    drawn = [line for line in grid.axes_dict["Few"].lines if len(line.get_xdata())]
    assert len(drawn) == 1  # its points, and no limits
    alone = qi.plot_spc(qi.spc.add_spc(few, by="directorate"), by="directorate")
    assert not alone.figure.legends[0].get_texts()


def test_groups_of_two_columns_have_both_names():
    spc = qi.spc.add_spc(many(["A", "B"], site=1), by=["directorate", "site"])
    assert list(qi.plot_spc(spc, by=["directorate", "site"]).axes_dict) == ["A, 1", "B, 1"]


def test_a_grid_takes_a_figure_of_its_own_and_no_more_groups_than_can_be_read():
    import matplotlib.pyplot as plt

    spc = qi.spc.add_spc(many(["A", "B"]), by="directorate")
    with pytest.raises(ValueError, match="A grid has a figure of its own and at most 100 charts"):
        qi.plot_spc(spc, by="directorate", ax=plt.subplots()[1])
    crowd = qi.spc.add_spc(many([f"G{i}" for i in range(101)]), by="directorate")
    with pytest.raises(ValueError, match="choose some of the 101 groups"):
        qi.plot_spc(crowd, by="directorate")
    alike = qi.spc.add_spc(many([None, "Not recorded"]), by="directorate")
    with pytest.raises(ValueError, match=r"^Two groups would be called 'Not recorded': rename one"):
        qi.plot_spc(alike, by="directorate")
    nothing = qi.plot_spc(spc.head(0), by="directorate")
    assert texts(nothing) == {"No project has a start date, so there is nothing to show over time."}


def test_a_funnel_of_ten_million_is_drawn_at_once():
    frame = pd.DataFrame({"directorate": ["A", "B"], "numerator": [4_000_000, 2_600_000],
                          "denominator": [10_000_000, 5_000_000]})  # fmt: skip
    start = time.process_time()
    ax = qi.plot_funnel(qi.add_funnel(frame, target="80%"))
    ax.figure.canvas.draw()
    assert time.process_time() - start < 1
    assert {"A", "B", "Target 80%"} <= texts(ax)
    assert "10M" in [tick.get_text() for tick in ax.get_xticklabels()]
    assert not ax.xaxis.get_offset_text().get_text()
