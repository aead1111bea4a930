"""Charts by their artists: what stands where, what is labelled, and the sentence they carry."""

import base64
import itertools
from datetime import date
from fractions import Fraction
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib.cbook import is_math_text
from matplotlib.colors import to_hex, to_rgb
from nbclient import NotebookClient

import qi_analysis as qi
from qi_analysis.charts.style import AIM, APPROACH_COLOURS, BLUE, PURPLE, SENTENCE, shorten_names
from qi_analysis.core.schema import APPROACH_LABELS
from qi_analysis.profile import Aim, Event

MANY = [0, 1, 3, 25]
APPROACHES = list(APPROACH_LABELS)


def groups(*counts: tuple[int, int], names=None) -> pd.DataFrame:
    """Return directorates' rates; they are called Group 00, Group 01, ... without names."""
    names = names or [f"Group {i:02}" for i in range(len(counts))]
    frame = pd.DataFrame(list(counts), columns=["numerator", "denominator"], dtype="int64")
    return qi.add_rates(frame.assign(directorate=pd.Series(names, dtype="str")))


def months(*counts: tuple[int, int]) -> pd.DataFrame:
    """Return rates by month from April 2019."""
    starts = pd.date_range("2019-04-01", periods=len(counts), freq="MS", unit="us")
    return groups(*counts).assign(period=starts)


def approaches(*counts: tuple[int, ...], names=None) -> pd.DataFrame:
    """Return directorates' counts of the five approaches, as `count_approaches` does."""
    names = names or [f"Group {i:02}" for i in range(len(counts))]
    projects = [
        (name, approach)
        for name, row in zip(names, counts, strict=True)
        for approach, times in zip(APPROACHES, row, strict=True)
        for _ in range(times)
    ]
    frame = pd.DataFrame(projects, columns=["directorate", "approach"], dtype="str")
    return qi.count_approaches(frame, by="directorate", profile="cnwl", basis="started")


def areas(n: int, numerator: int = 1, denominator: int = 4, not_recorded: int = 1) -> pd.DataFrame:
    """Return the same counts for each of some areas."""
    labels = pd.Series([f"Area {i:02}" for i in range(n)], dtype="str")
    return pd.DataFrame({"label": labels}).assign(
        numerator=numerator, denominator=denominator, not_recorded=not_recorded
    )


def row_labels(ax) -> list[str]:
    return [tick.get_text() for tick in ax.get_yticklabels()]


def texts(ax) -> dict[str, object]:
    """Return the words written in a chart, beside its axes."""
    return {text.get_text(): text for text in ax.texts}


def percentages(axis) -> list[str]:
    return [tick.get_text() for tick in axis.get_ticklabels()]


EVERY_CHART = [
    lambda ax: qi.plot_rates(groups((1, 2), (3, 4)), ax=ax),
    lambda ax: qi.plot_rates_over_time(months((1, 2), (3, 4)), ax=ax),
    lambda ax: qi.plot_areas(areas(9), ax=ax),
    lambda ax: qi.plot_approaches(approaches((1, 2, 3, 4, 5)), by="directorate", ax=ax),
    lambda ax: qi.plot_rates(groups(), ax=ax),
    lambda ax: qi.plot_rates_over_time(months(), ax=ax),
    lambda ax: qi.plot_areas(areas(0), ax=ax),
    lambda ax: qi.plot_approaches(approaches(), by="directorate", ax=ax),
]


@pytest.mark.parametrize("plot", EVERY_CHART)
def test_a_chart_is_drawn_where_it_is_told_and_nothing_else_is_made(plot):
    figure, (left, right) = plt.subplots(1, 2)
    assert plot(right) is right
    assert plt.get_fignums() == [figure.number]
    assert figure.axes == [left, right]
    assert not left.has_data()
    figure.canvas.draw()


@pytest.mark.parametrize("plot", EVERY_CHART)
def test_without_a_place_a_chart_makes_one_figure_of_its_own(plot):
    ax = plot(None)
    figures = [ax.figure.number] if ax.figure.get_gid() else []  # none if nothing is said
    assert plt.get_fignums() == figures
    assert ax.figure.axes == [ax]
    ax.figure.canvas.draw()


# --- groups ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", MANY)
def test_each_group_is_a_dot_on_its_interval_beside_its_name_and_counts(n):
    rates = groups(*[(i, i + 1) for i in range(n)])
    ax = qi.plot_rates(rates, aim="80%")
    assert ax.figure.get_gid() == qi.describe_groups(rates, "directorate", "80%" if n else None)
    if n == 0:
        assert list(texts(ax)) == ["There are no projects to compare."]
        return
    assert row_labels(ax) == [f"Group {i:02}  {i}/{i + 1}" for i in range(n)]
    lines, dots, _ = ax.collections
    spans = [segment[:, 0].tolist() for segment in lines.get_segments()]
    assert spans == rates[["lower_cl", "upper_cl"]].to_numpy().tolist()
    assert dots.get_offsets().tolist() == [[rate, i] for i, rate in enumerate(rates["rate"])]
    assert ax.get_ylim() == (n - 0.4, -0.6)


def test_rates_stand_on_an_axis_from_0_to_100_percent_with_the_aim_in_its_place():
    ax = qi.plot_rates(groups((1, 30)), aim="66.6%")
    assert ax.get_xlim() == (0, 1.01)
    ax.figure.canvas.draw()
    assert percentages(ax.xaxis) == ["0%", "20%", "40%", "60%", "80%", "100%"]
    (line,) = ax.lines
    assert line.get_xdata() == [0.666, 0.666]
    label = texts(ax)["Aim 66.6%"]
    assert (label.xy[0], label.get_color(), line.get_color()) == (0.666, AIM, AIM)
    assert not qi.plot_rates(groups((1, 30))).lines


@pytest.mark.parametrize(
    ("ours", "first", "last"),
    [("G150", "G120", "G179"), ("G003", "G000", "G059"), ("G299", "G240", "G299")],
)
def test_of_very_many_groups_those_nearest_to_ours_are_drawn_and_it_says_so(ours, first, last):
    many = groups(*[(1, 2)] * 300, names=[f"G{i:03}" for i in range(300)])
    ax = qi.plot_rates(many, highlight=ours)
    names = row_labels(ax)
    assert (names[0], names[-1], len(names)) == (f"{first}  1/2", f"{last}  1/2", 60)
    assert f"{ours}  1/2" in names
    assert ax.get_xlabel().endswith("; 60 of 300 groups, the nearest in the alphabet")
    assert ax.get_gid() == qi.describe_groups(many, "directorate", None)
    assert len(row_labels(qi.plot_rates(many))) == 300


def test_a_highlighted_group_differs_in_shape_and_weight_as_well_as_colour():
    ax = qi.plot_rates(groups((1, 2), (1, 2), (1, 2)), highlight="Group 01")
    lines, others, chosen = ax.collections
    colours = [to_hex(colour).upper() for colour in lines.get_colors()]
    assert colours == [BLUE, PURPLE.upper(), BLUE]
    assert chosen.get_offsets().tolist() == [[0.5, 1]]
    assert chosen.get_paths()[0].vertices.shape != others.get_paths()[0].vertices.shape
    weights = [tick.get_fontweight() for tick in ax.get_yticklabels()]
    assert weights == ["normal", "bold", "normal"]


@pytest.mark.parametrize(
    ("label", "plot"),
    [
        ("{}  1/2", lambda names: qi.plot_rates(groups(*[(1, 2)] * 4, names=names))),
        (
            "{} (1)",
            lambda names: qi.plot_approaches(
                approaches(*[(1, 0, 0, 0, 0)] * 4, names=names), by="directorate"
            ),
        ),
    ],
)
def test_groups_that_are_not_directorates_stand_last(label, plot):
    ax = plot(["Not recorded", "Zebra", "Joint", "Aviary"])
    names = ["Aviary", "Zebra", "Joint", "Not recorded"]
    assert row_labels(ax) == [label.format(name) for name in names]


def test_groups_without_projects_are_left_out():
    ax = qi.plot_rates(groups((0, 0), (1, 2), (1, 1)))
    assert row_labels(ax) == ["Group 01  1/2", "Group 02  1/1"]
    counts = approaches((1, 0, 0, 0, 0), (1, 0, 0, 0, 1))
    empty = counts.assign(directorate="Empty", numerator=0, denominator=0).head(5)
    both = qi.plot_approaches(pd.concat([counts, empty]), by="directorate")
    assert row_labels(both) == ["Group 00 (1)", "Group 01 (2)"]


NAMES = ["Cost $5 to $6", r"$\frac{1}{2}$", "<b>Ward</b> & *co*", "a_b^c", "$", "x" * 200]


def test_a_name_shows_as_itself_and_a_long_one_is_cut():
    counts = [(1, 0, 0, 0, 0)] * len(NAMES)
    charts = [
        qi.plot_rates(groups(*[(1, 2)] * len(NAMES), names=NAMES)),
        qi.plot_approaches(approaches(*counts, names=NAMES), by="directorate"),
        qi.plot_areas(areas(len(NAMES)).assign(label=NAMES)),
    ]
    shown = {name if len(name) <= 40 else f"{name[:30]} … {name[-5:]}" for name in NAMES}
    for ax in charts:
        ax.figure.canvas.draw()
        labels = row_labels(ax)
        assert not any(is_math_text(label) for label in labels)
        names = {label.replace(r"\$", "$").split("  ")[0].split(" (")[0] for label in labels}
        assert names == shown


def test_long_names_that_are_cut_stay_apart_and_keep_what_differs():
    team = "Community Mental Health Team for {}, {} of the Borough, {} and Liaison"
    for who, where, what in (
        (["Older People"], ["North", "South"], ["Day Service"]),
        (["Older People", "Children"], ["North", "South", "East"], ["Ward", "Home Treatment"]),
        (["Adults"], [f"W{i}" for i in range(60)], [""]),
    ):
        names = [team.format(*each) for each in itertools.product(who, where, what)]
        cut = shorten_names(names)
        assert len({*cut}) == len(names)
        assert max(map(len, cut)) < 50
        parts = [who, where, what]
        for name, each in zip(cut, itertools.product(*parts), strict=True):
            differ = [part for part, some in zip(each, parts, strict=True) if len(some) > 1]
            assert all(part.split()[0] in name for part in differ)
    odd = ["x " * 30 + "y", "x " * 31 + "y", "x" * 90, "x" * 50 + "y" + "x" * 39, "x" * 99]
    assert len({*shorten_names(odd)}) == len(odd)


@pytest.mark.parametrize("n", [1, 25])
def test_names_and_labels_lie_within_the_figure(n):
    """Long names must not push the chart, or themselves, off the page."""
    names = [f"{i:02} Services for People Who Have Long Names" for i in range(n)]
    ax = qi.plot_rates(groups(*[(1, 2)] * n, names=names), aim="100%")
    ax.figure.canvas.draw()
    page = ax.figure.bbox
    for text in (*ax.get_yticklabels(), *ax.texts, ax.xaxis.label):
        box = text.get_window_extent()
        assert page.x0 <= box.x0
        assert box.x1 <= page.x1
        assert page.y0 <= box.y0
        assert box.y1 <= page.y1
    assert ax.bbox.width > page.width / 3


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", MANY)
def test_each_period_is_a_point_with_its_interval(n):
    rates = months(*[(i % 3, 4) for i in range(n)])
    ax = qi.plot_rates_over_time(rates, aim="80%")
    assert ax.figure.get_gid() == qi.describe_change(rates, "80%" if n else None)
    if n == 0:
        assert list(texts(ax)) == [qi.describe_change(rates)]
        return
    line = ax.lines[0]
    assert line.get_ydata().tolist() == rates["rate"].tolist()
    assert line.get_xdata().tolist() == rates["period"].to_numpy().tolist()
    spans = [segment[:, 1].tolist() for segment in ax.collections[1].get_segments()]
    assert spans == rates[["lower_cl", "upper_cl"]].to_numpy().tolist()
    assert f"{rates['rate'].iloc[-1]:.0%}" in texts(ax)
    assert ax.get_ylim() == (0, 1.01)
    ax.figure.canvas.draw()
    assert percentages(ax.yaxis) == ["0%", "20%", "40%", "60%", "80%", "100%"]


def test_a_few_periods_are_each_named_by_their_first_day():
    ax = qi.plot_rates_over_time(months((1, 2), (0, 0), (1, 4)))
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert ticks == ["1 Apr\n2019", "1 May\n2019", "1 Jun\n2019"]
    assert ax.get_xlabel() == "First day of each period"


def test_the_aim_is_a_labelled_line_over_time_too():
    ax = qi.plot_rates_over_time(months((1, 2), (1, 4)), aim="80%")
    assert ax.lines[1].get_ydata() == [0.8, 0.8]
    label = texts(ax)["Aim 80%"]
    assert (label.xy, label.get_color()) == ((1, 0.8), AIM)


def test_a_period_without_projects_breaks_the_line_and_no_zero_is_drawn():
    rates = months((1, 4), (0, 0), (2, 4), (0, 0))
    ax = qi.plot_rates_over_time(rates.iloc[::-1])
    assert np.isnan(ax.lines[0].get_ydata()).tolist() == [False, True, False, True]
    latest = texts(ax)["50%"]
    assert latest.xy == (pd.Timestamp("2019-06-01"), 0.5)
    assert len(ax.collections[0].get_paths()) == 2


def test_only_zero_denominators_are_said_not_drawn():
    ax = qi.plot_rates_over_time(months((0, 0), (0, 0)))
    assert list(texts(ax)) == [
        "No project has a start date, so there is nothing to show over time."
    ]


def test_events_are_shaded_and_named_where_they_fall_within_the_periods():
    events = (
        Event(date(2019, 4, 10), date(2019, 5, 10), "Paused for $5"),
        Event(date(2020, 2, 1), date(2020, 2, 1), "New lead"),
        Event(date(2024, 1, 1), date(2024, 1, 2), "Long after"),
    )
    ax = qi.plot_rates_over_time(months(*[(1, 2)] * 12), events=events)
    assert set(texts(ax)) == {r"Paused for \$5", "New lead", "50%"}
    (span,) = ax.patches
    assert span.get_width() == 30
    days = ax.xaxis.convert_units(pd.Timestamp("2020-02-01"))
    assert ax.xaxis.convert_units(ax.lines[1].get_xdata()[0]) == days


def test_aims_are_drawn_from_the_day_they_were_set_and_the_latest_named_at_its_end():
    aims = (Aim(date(2019, 6, 15), Fraction(4, 5)), Aim(date(2019, 10, 1), Fraction(1)))
    ax = qi.plot_rates_over_time(months(*[(1, 2)] * 12), aim=aims)
    first, second = (line for line in ax.lines if line.get_color() == AIM)
    day = ax.xaxis.convert_units
    assert first.get_xdata().tolist() == [day(date(2019, 6, 15)), day(date(2019, 10, 1))]
    assert second.get_xdata().tolist() == [day(date(2019, 10, 1)), ax.get_xlim()[1]]
    assert (first.get_ydata()[0], second.get_ydata()[0]) == (0.8, 1)
    assert {"Aim 80%", "Aim 100%"} <= set(texts(ax))


def test_an_aim_set_after_the_last_period_is_not_drawn_and_the_sentence_says_so():
    rates = months(*[(1, 2)] * 3)
    ax = qi.plot_rates_over_time(rates, aim=(Aim(date(2021, 1, 1), Fraction(4, 5)),))
    assert not [line for line in ax.lines if line.get_color() == AIM]
    assert ax.figure.get_gid().endswith("The aim of 80% was set later, on 1 January 2021.")
    assert not qi.plot_rates_over_time(months((1, 2)), aim=()).texts[1:]


def test_names_of_events_stand_above_the_chart_and_not_on_one_another():
    events = [Event(date(2019, 7, i), date(2019, 7, i), f"Something of the {i}th") for i in (4, 9)]
    ax = qi.plot_rates_over_time(months(*[(1, 1)] * 12), events=tuple(events))
    ax.figure.canvas.draw()
    first, second = (texts(ax)[event.label].get_window_extent() for event in events)
    assert first.y0 >= ax.bbox.y1
    assert not first.overlaps(second)


# --- shares ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", MANY)
def test_the_shares_of_each_area_fill_its_bar(n):
    counts = areas(n)
    ax = qi.plot_areas(counts)
    assert ax.figure.get_gid() == qi.describe_areas(counts)
    if n == 0:
        assert list(texts(ax)) == [qi.describe_areas(counts)]
        return
    widths = [[bar.get_width() for bar in bars] for bars in ax.containers]
    assert widths == [[0.25] * n, [0.5] * n, [0.25] * n]
    assert [bars.get_label() for bars in ax.containers] == ["Took part", "Did not", "Not recorded"]
    assert row_labels(ax) == counts["label"].tolist()
    assert {bar.get_hatch() for bar in ax.containers[2]} == {"////"}
    assert [text.get_text() for text in ax.texts] == ["25%"] * n + ["50%"] * n + ["25%"] * n
    assert ax.get_xlim() == (0, 1)


@pytest.mark.parametrize("n", MANY)
def test_the_shares_of_each_groups_approaches_fill_its_bar(n):
    counts = approaches(*[(4, 3, 2, 10, 1)] * n)
    ax = qi.plot_approaches(counts, by="directorate")
    assert ax.figure.get_gid() == qi.describe_approaches(counts)
    if n == 0:
        assert list(texts(ax)) == ["There are no projects."]
        return
    assert row_labels(ax) == [f"Group {i:02} (20)" for i in range(n)]
    for bars, approach, share in zip(
        ax.containers, APPROACHES, (0.2, 0.15, 0.1, 0.5, 0.05), strict=True
    ):
        assert [bar.get_width() for bar in bars] == pytest.approx([share] * n)
        assert bars.get_label() == APPROACH_LABELS[approach]
        assert to_hex(bars[0].get_facecolor()).upper() == APPROACH_COLOURS[approach]
    named = [text.get_text() for text in ax.get_legend().get_texts()]
    assert named == list(APPROACH_LABELS.values())
    assert "5%" not in texts(ax)  # no room in so short a bar


def test_without_groups_all_projects_are_one_bar():
    counts = approaches((1, 0, 0, 0, 1)).drop(columns="directorate")
    ax = qi.plot_approaches(counts)
    assert row_labels(ax) == ["All projects (2)"]
    nobody = qi.plot_approaches(counts.assign(numerator=0, denominator=0))
    assert list(texts(nobody)) == ["There are no projects."]


def test_approaches_differ_in_lightness_or_hatching_too():
    ax = qi.plot_approaches(approaches((1, 1, 1, 1, 1)), by="directorate")
    looks = [(to_hex(bars[0].get_facecolor()), bars[0].get_hatch()) for bars in ax.containers]
    grey = [(round(np.dot([0.299, 0.587, 0.114], to_rgb(c)), 1), hatch) for c, hatch in looks]
    assert len(set(grey)) == len(APPROACHES)


@pytest.mark.parametrize("n", [1, 25])
def test_names_beside_the_table_of_what_is_recorded_read_from_left_to_right(n):
    frame = pd.DataFrame({"directorate": [f"Group {i:02}" for i in range(n)], "projects": 3,
                          "involvement": 0.5, "start_date": 1.0})  # fmt: skip
    ax = qi.plot_completeness(frame)
    assert row_labels(ax) == [f"Group {i:02} (3)" for i in range(n)]
    assert {tick.get_rotation() for tick in ax.get_yticklabels()} == {0}


# --- alternative text -----------------------------------------------------------------------------


def test_a_figure_of_two_charts_carries_both_sentences_and_a_redrawn_one_the_latest():
    rates, periods = groups((1, 5), (4, 5)), months((1, 2), (1, 4))
    figure, (left, right) = plt.subplots(1, 2)
    qi.plot_rates(groups((1, 1)), ax=left)
    qi.plot_rates(rates, ax=left)
    qi.plot_rates_over_time(periods, ax=right)
    sentences = (qi.describe_groups(rates, "directorate"), qi.describe_change(periods))
    assert figure.get_gid() == " ".join(sentences)
    part = plt.figure().subfigures(1, 2)[0]
    qi.plot_rates(rates, ax=part.subplots())
    assert part.figure.get_gid() == sentences[0]


IN_SVG = """import pandas as pd
import qi_analysis as qi
counts = pd.DataFrame({'directorate': ['<b>A</b> & 1', 'B'], 'numerator': [1, 4]})
counts['denominator'] = 5
rates = qi.add_rates(counts)
ax = qi.plot_rates(rates)
"""
IN_PNG = [
    "%config InlineBackend.figure_formats = ['png']\nrates['directorate'] = ['A', 'B']\n"
    "ax = qi.plot_rates(rates)",
    "ax = qi.plot_rates(rates, aim='80%', highlight='A')",
    "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])",
]
IN_PARTS = """import matplotlib.pyplot as plt
counts = pd.DataFrame({"directorate": ["A directorate with a long name"], "numerator": [1]})
some = qi.add_rates(counts.assign(denominator=5))
none = qi.add_rates(counts.assign(numerator=0, denominator=0))
figure, ax = plt.subplots(figsize=(4, 3))
ax = qi.plot_rates(some, ax=ax)
"""
WHOLE = [
    IN_PARTS,
    "ax = qi.plot_rates(none)",
    "figure, (left, right) = plt.subplots(1, 2, layout='constrained')\n"
    "axes = qi.plot_rates(some, ax=left), qi.plot_rates(none, ax=right)",
    "%config InlineBackend.figure_formats = ['svg']\nax = qi.plot_rates(some)\n"
    "display(ax.figure)\nax.figure.dpi",
]


@pytest.fixture(scope="module")
def shown() -> list[list]:
    """Return what a kernel that is started to draw SVG shows of each of these cells."""
    cells = [nbformat.v4.new_code_cell(text) for text in (IN_SVG, IN_SVG, *IN_PNG, *WHOLE)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    svg = ["--InlineBackend.figure_formats=svg"]
    NotebookClient(notebook, kernel_name="python3", timeout=60, extra_arguments=svg).execute()
    return [cell["outputs"] for cell in notebook["cells"]]


def test_in_a_notebook_each_picture_appears_with_its_sentence_as_alternative_text(shown):
    first, second, plain = shown[2:5]
    rates = groups((1, 5), (4, 5), names=["A", "B"])
    for (output,), aim in ((first, None), (second, "80%")):
        assert output["output_type"] == "display_data"
        assert len(output["data"]["image/png"]) > 1000
        sentence = qi.describe_groups(rates, "directorate", aim)
        assert output["metadata"]["image/png"]["alt"] == sentence
        assert output["data"][SENTENCE] == sentence
    assert "alt" not in plain[0]["metadata"].get("image/png", {})
    assert SENTENCE not in plain[0]["data"]


def test_a_figure_is_shown_whole_whatever_else_is_in_it_and_is_then_as_it_was(shown):
    own, nothing, parts, again = shown[5:]
    width = int.from_bytes(base64.b64decode(own[0]["data"]["image/png"])[16:20])
    assert width > 400  # the name stands beside the axes, which fill the figure
    assert own[0]["metadata"]["image/png"]["alt"].startswith("A directorate with")
    assert nothing[0]["metadata"]["image/png"]["drawn"] is False
    assert "drawn" not in parts[0]["metadata"]["image/png"]
    assert again[1]["data"]["text/plain"] == "100.0"


def test_an_svg_holds_its_sentence_as_title_its_text_as_text_and_comes_out_the_same_each_time(
    shown,
):
    first, again = (outputs[0]["data"]["image/svg+xml"] for outputs in shown[:2])
    assert first == again
    texts = {each.text for each in ElementTree.fromstring(first).iter() if each.text}
    rates = groups((1, 5), (4, 5), names=["<b>A</b> & 1", "B"])
    assert {"<b>A</b> & 1  1/5", "B  4/5", qi.describe_groups(rates, "directorate")} <= texts
