"""No words stand on other words, on a line or on a mark, in charts of all sizes."""

from datetime import date
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from conftest import SOAK, some
from matplotlib.cbook import STEP_LOOKUP_MAP
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import qi_analysis as qi
from qi_analysis.profile import Aim, Event, Rebase

LONG = "Services for Working Age and Older People with Complex Needs, Northern Localities"
AIMS = (Aim(date(2016, 6, 1), Fraction(3, 4)), Aim(date(2018, 10, 1), Fraction(4, 5)))
PAUSE = Event(date(2018, 3, 1), date(2018, 5, 31), "QI programme paused")
LEAD = Event(date(2018, 5, 20), date(2018, 5, 20), "Another lead, and other forms to be filled in")


def words(figure) -> list[tuple[str, Bbox]]:
    """Return all words that are seen, each with its box, which is measured without its edge."""
    found = []
    for ax in figure.axes:
        unseen = {
            id(label)
            for axis in (ax.xaxis, ax.yaxis)
            for tick in axis.get_major_ticks()
            for label in (tick.label1, tick.label2)
            if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
        }
        for text in ax.findobj(Text):
            shown = text.get_visible() and text.get_text().strip() and id(text) not in unseen
            if shown and (ax.axison or text in ax.texts):
                found.append((text.get_text(), Text.get_window_extent(text).padded(-0.5)))
    others = [*figure.texts, *(text for legend in figure.legends for text in legend.get_texts())]
    return found + [(text.get_text(), text.get_window_extent()) for text in others]


def paths(ax) -> list[Path]:
    """Return the lines of a chart in pixels, stepped where they are drawn so, without gaps."""
    found = []
    for line in ax.lines:
        if line.get_linestyle() != "None":
            xy = np.column_stack(
                STEP_LOOKUP_MAP[line.get_drawstyle()](*line.get_data(orig=False))
            ).astype(float)
            found.append(line.get_transform().transform(xy))
    for each in ax.collections:
        if isinstance(each, LineCollection):
            found += [each.get_transform().transform(segment) for segment in each.get_segments()]
    pieces = [np.stack([xy[:-1], xy[1:]], axis=1) for xy in found if len(xy) > 1]
    pieces = np.vstack([*pieces, np.empty((0, 2, 2))])
    return [Path(piece) for piece in pieces[~np.isnan(pieces).any(axis=(1, 2))]]


def marks(ax) -> list[Bbox]:
    """Return a box within each mark of a chart, so that its corners are not taken for the mark."""
    points = ax.figure.dpi / 72
    found = []
    for line in ax.lines:
        if line.get_marker() not in ("None", None, ""):
            xy = np.column_stack(line.get_data(orig=False)).astype(float)
            found += [(*at, line.get_markersize() / 2) for at in line.get_transform().transform(xy)]
    for each in ax.collections:
        if isinstance(each, PathCollection):
            at = each.get_offset_transform().transform(np.ma.filled(each.get_offsets(), np.nan))
            sizes = np.resize(np.sqrt(each.get_sizes()) / 2, len(at))
            found += [(*xy, size) for xy, size in zip(at, sizes, strict=True)]
    found = [(x, y, 0.75 * r * points) for x, y, r in found if x == x and y == y]
    return [Bbox([[x - r, y - r], [x + r, y + r]]) for x, y, r in found]


def overlaps(ax, *, badges: bool = False) -> list[tuple[str, str]]:
    """Draw a chart; return what stands on what. A badge's sign stands in its mark on purpose."""
    ax.figure.draw_without_rendering()
    seen = words(ax.figure)
    found = [
        (a, b) for i, (a, one) in enumerate(seen) for b, other in seen[:i] if one.overlaps(other)
    ]
    inside = [(text, box) for text, box in seen if box.overlaps(ax.bbox)]
    drawn = paths(ax) if inside else []
    found += [
        (text, "a line")
        for text, box in inside
        if any(path.intersects_bbox(box, filled=False) for path in drawn)
    ]
    spots = [] if badges else marks(ax)
    found += [(text, "a mark") for text, box in seen for spot in spots if box.overlaps(spot)]
    page = ax.figure.bbox.padded(1)
    plt.close(ax.figure)
    return found + [
        (text, "the edge") for text, box in seen
        if box.x0 < page.x0 or box.x1 > page.x1 or box.y0 < page.y0 or box.y1 > page.y1
    ]  # fmt: skip


def series(n: int, seed: int = 0) -> pd.DataFrame:
    """Return counts of so many quarters: all alike, at the ends, to and fro, or as it happens."""
    random = np.random.default_rng(seed)
    size = random.integers(1, (3, 12, 60)[seed % 3], n)
    share = (0.0, 1.0, np.arange(n) % 2, random.beta(2, 2), 0.05, random.random(n))[seed % 6]
    periods = pd.date_range("2016-01-01", periods=n, freq="QS", unit="us")
    frame = pd.DataFrame({"period": periods, "numerator": random.binomial(size, share)})
    return frame.assign(denominator=size, settled=np.arange(n) < max(n - 2, 1), within=6)


def groups(n: int, seed: int = 0) -> pd.DataFrame:
    """Return counts of so many groups of 80 letters each."""
    random = np.random.default_rng(seed)
    size = random.integers(1, 60, n)
    share = (0.0, 1.0, random.beta(2, 2, n), random.beta(0.3, 0.3, n))[seed % 4]
    names = pd.Series([f"{i:02} {LONG}"[:80] for i in range(n)], dtype="str")
    counts = pd.DataFrame({"numerator": random.binomial(size, share), "denominator": size})
    return counts.assign(directorate=names)


def over_time(n: int, seed: int):
    """Return how each chart over time is drawn of a series."""
    started = series(n, seed)
    rates, events = qi.add_rates(started), (PAUSE, LEAD)
    half = [started["period"].iloc[n // 2]] if n > 8 else []
    exact = qi.spc.add_spc(started, rebase=half)
    because = [Rebase(day.date(), "other forms") for day in half]
    mdc = qi.spc.add_spc(started, chart="p", target=0.8, rebase=because)
    live = rates.assign(source="today's record")
    yield lambda: qi.plot_spc(exact, aim=AIMS, events=events, sentence="It is so.")
    yield lambda: qi.plot_spc(mdc, events=events)
    yield lambda: qi.plot_rates_over_time(rates, aim=AIMS, events=events)
    yield lambda: qi.charts.plot_run(qi.spc.add_run(rates), aim="50%")
    yield lambda: qi.charts.plot_live(live, aim=AIMS, events=events)


@pytest.mark.parametrize("n", some(range(1, 41), 1, 2, 3, 5, 8, 12, 40))
def test_words_stand_on_nothing_in_series_of_1_to_40_points(n):
    for at, plot in enumerate(over_time(n, n)):
        if n in (1, 5, 40) or at in (0, n % 5) or SOAK:
            assert overlaps(plot()) == []


def test_words_find_room_where_periods_are_missing():
    rates = qi.add_rates(series(8).assign(numerator=0, denominator=[0, 0, 5, 0, 9, 3, 0, 0]))
    assert overlaps(qi.plot_rates_over_time(rates, aim=AIMS)) == []
    assert overlaps(qi.plot_spc(qi.spc.add_spc(rates), aim=AIMS, sentence="It is so.")) == []
    unknown = dict.fromkeys(["numerator", "rate", "lower_cl", "upper_cl"], np.nan)
    assert overlaps(qi.plot_rates_over_time(rates.assign(**unknown))) == []


@pytest.mark.parametrize("n", some([1, 2, 3, 5, 12, 40], 1, 3, 5))
def test_words_stand_on_nothing_in_a_grid_of_charts_with_names_of_80_letters(n):
    names = groups(n)["directorate"]
    counts = pd.concat([series(20, n + i).assign(directorate=name) for i, name in enumerate(names)])
    aimed = qi.spc.add_spc(counts, chart="p", by="directorate", target=AIMS, rebase=["2018-04-01"])
    grid = qi.plot_spc(aimed, by="directorate", events=(PAUSE, LEAD))
    assert len(grid.axes_dict) == n
    assert overlaps(grid.axes.flat[0]) == []
    if n in (5, 12):
        months = pd.date_range("2018-01-01", periods=20, freq="MS").repeat(n).sort_values()
        days = counts.sort_values("period").assign(period=months)  # with years below their ticks
        days["days"] = days["numerator"] * 10**n - 90
        waits = qi.spc.add_spc(days, chart="xmr", by="directorate", value="days", target=30)
        assert overlaps(qi.plot_spc(waits, by="directorate").axes.flat[0]) == []


UNITS = [(1e-3, 0), (1, 0), (40, 0), (1e4, 0), (3e6, 0), (1e-2, 22_900)]
OF_SIZE = [(n, *unit) for n in (2, 7, 30) for unit in UNITS]


@pytest.mark.parametrize(("n", "scale", "base"), some(OF_SIZE, *OF_SIZE[::7], OF_SIZE[11]))
def test_words_stand_on_nothing_where_values_have_a_unit_of_their_own(n, scale, base):
    days = series(n, n + 3).assign(waited=lambda s: base + (s["numerator"] - 2) * scale)
    spc = qi.spc.add_spc(days, chart="xmr", value="waited", target=base + 3 * scale)
    assert overlaps(qi.plot_spc(spc, events=(PAUSE,))) == []
    run = qi.spc.add_run(days, value="waited")
    assert overlaps(qi.charts.plot_run(run, aim=base + 3 * scale)) == []


@pytest.mark.parametrize("n", some([2, 5, 6, 8, 30], 2, 6, 30))
def test_words_stand_on_nothing_where_weeks_are_absent_and_where_numbers_order_points(n):
    weeks = series(n, 3).assign(period=pd.date_range("2018-02-05", periods=n, freq="W-MON"))
    years = weeks.assign(year=range(1990, 1990 + n)).drop(index=[n // 2])
    for frame, order in ((weeks.drop(index=[n // 2]), "period"), (years, "year")):
        spc = qi.spc.add_spc(frame, chart="p", order=order, target=0.8)
        assert overlaps(qi.plot_spc(spc, order=order)) == []
        rates = qi.add_rates(frame)
        run = qi.spc.add_run(rates, order=order)
        assert overlaps(qi.charts.plot_run(run, order=order, aim="60%")) == []
    plain = qi.spc.add_spc(weeks)
    assert overlaps(qi.plot_spc(plain, aim=AIMS, events=(PAUSE,), sentence="It is so.")) == []


def side_by_side(n: int, seed: int, example):
    """Return how each chart of groups is drawn."""
    counts, ours = groups(n, seed), f"{n // 2:02} {LONG}"[:80]
    rates, funnel = qi.add_rates(counts), qi.add_funnel(counts, overdispersion=False)
    yield lambda: qi.plot_rates(rates, aim="80%", highlight=ours)
    yield lambda: qi.plot_funnel(funnel, aim="80%", highlight=ours)
    approaches = qi.count_approaches(example, by="directorate")
    names = dict(zip(approaches["directorate"].unique(), counts["directorate"], strict=False))
    few = approaches[approaches["directorate"].isin(names)].replace({"directorate": names})
    yield lambda: qi.plot_approaches(few, by="directorate")
    complete = qi.summarise_completeness(example).head(n).replace({"directorate": names})
    yield lambda: qi.plot_completeness(complete)
    yield lambda: qi.plot_areas(qi.count_areas(example).head(n).assign(label=counts["directorate"]))


@pytest.mark.parametrize("n", some([1, 2, 3, 5, 12, 20, 40, 60], 1, 12, 60))
def test_words_stand_on_nothing_beside_1_to_60_groups_with_names_of_80_letters(n, example):
    for plot in side_by_side(n, n, example):
        assert overlaps(plot()) == []


def report_charts(register: qi.Register, whole: qi.Register, findings: pd.DataFrame):
    """Return how each chart of the reports and notebooks is drawn."""
    ours, aim = findings.query("group == @register.directorate"), register.aim
    started = qi.counts.count_started(register, whole=whole)
    begins = pd.to_datetime(ours["begins"].item().split()[1:])
    exact, events = qi.spc.add_spc(started, rebase=begins), register.events
    mdc = qi.spc.add_spc(started, chart="p", target=aim, rebase=register.rebases)
    live = qi.counts.count_live(register)
    rates = qi.count_involvement(whole, by="directorate").pipe(qi.add_rates)
    years = qi.count_involvement(register, period="year", basis="started").pipe(qi.add_rates)
    funnel, curve = qi.add_funnel(rates), qi.time_to_involvement(register)
    areas, per_project = qi.count_areas(register), qi.count_areas_per_project(register)
    by_approach = qi.count_areas(register, by="approach")
    mine = {"highlight": register.directorate or None}
    yield lambda: qi.plot_spc(exact, aim=register.aims, events=events, sentence="It is so.")
    yield lambda: qi.plot_funnel(funnel, aim=aim, **mine)
    yield lambda: qi.plot_rates(rates, aim=aim, **mine)
    yield lambda: qi.plot_approaches(qi.count_approaches(register))
    yield lambda: qi.plot_areas(areas)
    yield lambda: qi.plot_time_to_involvement(curve)
    yield lambda: qi.plot_spc(mdc, aim=register.aims, events=events)
    yield lambda: qi.charts.plot_live(live, aim=register.aims, events=events)
    yield lambda: qi.plot_rates_over_time(years, aim=register.aims, events=events)
    yield lambda: qi.plot_areas_per_project(per_project)
    yield lambda: qi.charts.plot_areas_by_approach(by_approach)


def trust_charts(register: qi.Register, findings: pd.DataFrame):
    """Return how each chart that only the whole trust has is drawn."""
    aim, programmes = register.aim, qi.count_involvement(register, by="programme", basis="started")
    futures = qi.count_outlook(register, change=findings.query("level == 'trust'"))
    approaches = qi.count_approaches(register, by="directorate")
    yield lambda: qi.plot_outlook(futures, aim)
    yield lambda: qi.plot_rates(qi.add_rates(programmes), by="programme", aim=aim)
    yield lambda: qi.plot_approaches(approaches, by="directorate")
    yield lambda: qi.plot_completeness(qi.summarise_completeness(register, basis="started"))


@pytest.fixture(scope="session", params=["example", "other_example"])
def register(request, example) -> qi.Register:
    """Return an example register, the other one with all that is proposed for its profile."""
    if request.param == "example":
        return example
    raw = qi.read_export("other_example")
    headings = qi.onboarding.propose_headings(raw)
    words = qi.onboarding.propose_words(raw, headings)
    headings["sure"], words["sure"] = headings["column"] != "", words["name"].str.len() > 0
    words.loc[words["name"] == "unclear", "sure"] = False
    path = request.getfixturevalue("tmp_path_factory").mktemp("other") / "other.toml"
    path.write_text(qi.onboarding.draft_profile(headings, words), "utf-8")
    return qi.load_register("other_example", str(path))


def test_words_stand_on_nothing_on_the_reports_of_both_examples(register):
    findings = qi.summarise_findings(register)
    charts = [*report_charts(register, register, findings), *trust_charts(register, findings)]
    for name in findings["group"][1 :: 3 if SOAK else 12]:
        part = register.select(directorate=name)
        charts += [*report_charts(part, register, findings)][:2]
    assert [overlaps(plot()) for plot in charts] == [[]] * len(charts)
    assert overlaps(qi.plot_icons(findings), badges=True) == []


def test_words_stand_on_nothing_on_the_public_report():
    release = qi.disclosure.read_release("example")
    aims = qi.disclosure.release_aims(release)
    for name in ("", release["directorate"].iloc[0]):
        rates = qi.disclosure.select_published(release, name)
        assert overlaps(qi.plot_rates_over_time(rates, aim=aims, sentence="It is so.")) == []
