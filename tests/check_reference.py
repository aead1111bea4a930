"""Check every reference value in a folder: `python tests/check_reference.py FOLDER`.

The folder's README says which program computed each value; `tests/reference` holds a selection in
the same form. Cases in which the other program is wrong are left out here: tests/spc/test_spc.py
and tests/stats/test_funnel.py say what is right there.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import qi_analysis as qi

CONFIDENCES = {"90": 0.9, "95": 0.95, "998": 0.998}
TOLERANCE = 1e-9  # relative
FUNNEL_TOLERANCE = 1e-6  # absolute: FunnelPlotR rounds z to six decimals
LABELS = {
    "Above UCL": ("outside_limits", "high"),
    "Below LCL": ("outside_limits", "low"),
    "7 Point Trend (Increasing)": ("trend", "high"),
    "7 Point Trend (Decreasing)": ("trend", "low"),
    "2 in 3 Above CL": ("two_in_three", "high"),
    "2 in 3 Below CL": ("two_in_three", "low"),
    "7 Points Above CL": ("shift", "high"),
    "7 Points Below CL": ("shift", "low"),
    "Common Cause": ("", ""),
}
RUNS = {
    "n_useful": "n_useful", "longest_run": "longest_run", "longest_run_max": "longest_run_max",
    "crossings": "n_crossings", "crossings_min": "n_crossings_min", "signal": "runs_signal",
}  # fmt: skip


def differ(found, expected, **tolerance) -> np.ndarray:
    """Find which values lie further from the expected ones than the tolerance."""
    tolerance = tolerance or {"rtol": TOLERANCE, "atol": 1e-14}
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    return ~np.isclose(found, expected, equal_nan=True, **tolerance)


def compare(case: str, what: str, found, expected, **tolerance) -> list[str]:
    """Return a line if any value differs, with the first that does."""
    at = np.flatnonzero(differ(found, expected, **tolerance))
    if not len(at):
        return []
    first = at[0]
    return [
        f"{case}: {what} differs at {len(at)} places, first at {first}: "
        f"{np.asarray(found)[first]!r}; expected {np.asarray(expected)[first]!r}"
    ]


def check_wilson(folder: Path) -> list[str]:
    """Compare Wilson's limits at three confidences."""
    cases = pd.read_csv(folder / "wilson_expected.csv")
    return [
        line
        for name, confidence in CONFIDENCES.items()
        for end, found in zip(
            ("lower", "upper"),
            qi.stats.wilson_interval(cases["x"], cases["n"], confidence),
            strict=True,
        )
        for line in compare("wilson_expected.csv", end + name, found, cases[end + name])
    ]


def cases_of(folder: Path, name: str, points: str):
    """Return each case that the other program has right, with its input and what it expects."""
    cases = pd.read_csv(folder / f"{name}_cases.csv")
    given = dict(list(pd.read_csv(folder / f"{name}_input.csv").groupby("case_id")))
    expected = dict(list(pd.read_csv(folder / points).groupby("case_id")))
    for case in cases[cases["conformance"] != "peer-defect"].itertuples():
        yield case, given[case.case_id], expected[case.case_id]


def check_xmr(folder: Path) -> list[str]:
    """Compare XmR charts: limits, labels by priority, icons."""
    summaries = pd.read_csv(folder / "xmr_ptd_expected_summary.csv")
    latest = summaries.drop_duplicates("case_id", keep="last").set_index("case_id")
    faults, charts = [], {}
    for case, given, expected in cases_of(folder, "xmr_ptd", "xmr_ptd_expected_points.csv"):
        charts[case] = spc = xmr(case, given.assign(date=pd.to_datetime(given["date"])))
        for limit in ("mean", "lpl", "upl"):
            faults += compare(case.case_id, limit, spc[limit], expected[limit])
        labels = [label(point) for point in spc.itertuples()]
        if labels != [LABELS[text] for text in expected["special_cause_type_mdc2023"]]:
            faults.append(f"{case.case_id}: labels differ")
    rows = qi.spc.summarise_spc(pd.concat(charts.values()), by="case_id", order="date")
    rows = rows.set_index("case_id")
    for case, spc in charts.items():
        faults += check_icons(case, spc, rows.loc[case.case_id], latest.loc[case.case_id])
    return faults


def xmr(case, given: pd.DataFrame) -> pd.DataFrame:
    """Draw a case's chart as its columns say."""
    return qi.spc.add_spc(
        given,
        chart="xmr",
        order="date",
        improvement=case.improvement_direction,
        target=None if np.isnan(case.target) else case.target,
        rebase=case.rebase.split(";") if isinstance(case.rebase, str) else (),
        baseline=None if np.isnan(case.fix_after_n_points) else int(case.fix_after_n_points),
        screen=case.screen_outliers,
    )


def label(point) -> tuple[str, str]:
    """Return the first rule that flags a point, and which way."""
    rules = ("outside_limits", "trend", "two_in_three", "shift")
    return next(((rule, point.direction) for rule in rules if getattr(point, rule)), ("", ""))


def check_icons(case, spc: pd.DataFrame, row: pd.Series, expected: pd.Series) -> list[str]:
    """Compare a case's variation and assurance; a target on a limit counts as beyond it here.

    The assurance is the latest point's: a summary gives none from fewer than 13 points.
    """
    latest = spc.sort_values("date")["assurance"].iloc[-1]
    assurance = latest.removeprefix("consistent_")
    faults = []
    # the other program's icons use the older two-in-three rule
    if case.conformance == "must" and row["variation"] != expected["variation_icon"]:
        faults.append(f"{case.case_id}: variation is {row['variation']}")
    if case.conformance != "peer-tie" and assurance != expected["assurance_icon"]:
        faults.append(f"{case.case_id}: assurance is {assurance}")
    return faults


def check_qic(folder: Path) -> list[str]:
    """Compare run, p and p′ charts: centre, limits and Anhøj's runs of every part."""
    faults = []
    for case, given, expected in cases_of(folder, "qic", "qic_expected_points.csv"):
        chart, centre = qic(case, given)
        columns = {centre: "cl"} | ({} if case.chart == "run" else {"lpl": "lcl", "upl": "ucl"})
        scale, valid = case.multiply, expected["y"].notna().to_numpy()
        for ours, theirs in columns.items():
            faults += compare(
                case.case_id, ours, scale * chart[ours][valid], expected[theirs][valid]
            )
        runs = qi.spc.summarise_run(chart, by="phase", order="seq", centre=centre)
        parts = expected.drop_duplicates("part", keep="last")
        for ours, theirs in RUNS.items():
            faults += compare(case.case_id, ours, runs[ours], parts[theirs].fillna(0))
    return faults


def qic(case, given: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Draw a case's chart as its columns say; and name its centre."""
    counts = given.rename(columns={"y": "numerator", "n": "denominator"})
    ends = str(case.part).split(";") if isinstance(case.part, str) or case.part == case.part else []
    options = {
        "order": "seq",
        "rebase": [int(float(end)) + 1 for end in ends],
        "baseline": None if np.isnan(case.freeze) else int(case.freeze),
    }
    if case.chart == "run":
        divided = counts["numerator"] / (counts["denominator"] if case.has_denominator else 1)
        return qi.spc.add_run(counts.assign(rate=divided), **options), "median"
    chart = {"p": "p", "pp": "p_prime"}[case.chart]
    return qi.spc.add_spc(counts, chart=chart, screen=bool(case.screened_mr), **options), "mean"


def check_anhoej(folder: Path) -> list[str]:
    """Compare the critical values and decisions of run charts."""
    from qi_analysis.spc.run_chart import anhoej_limits

    values = pd.read_csv(folder / "anhoej_critical_values.csv")
    longest, crossings = anhoej_limits(values["n_useful"].to_numpy())
    decisions = pd.read_csv(folder / "anhoej_decisions.csv")
    most, least = anhoej_limits(decisions["n_useful"].to_numpy())
    signal = (decisions["longest_run"] > most) | (decisions["n_crossings"] < least)
    name = "anhoej_critical_values.csv"
    return [
        *compare(name, "longest_run_max", longest, values["longest_run_max"]),
        *compare(name, "n_crossings_min", crossings, values["n_crossings_min"]),
        *compare("anhoej_decisions.csv", "anhoej", signal, decisions["anhoej"]),
    ]


def check_funnels(folder: Path) -> list[str]:
    """Compare overdispersed funnels: φ, τ², limits where they do not wrap, and flags."""
    summaries = pd.read_csv(folder / "funnel_expected_summary.csv").set_index("case_id")
    faults = []
    for case, given, expected in cases_of(folder, "funnel", "funnel_expected_units.csv"):
        if not case.draw_adjusted:
            continue  # its raw limits are the arcsine approximation; ours are exact
        funnel = qi.add_funnel(given, overdispersion=True)
        whole = summaries.loc[case.case_id]
        for ours, theirs in {"baseline": "target", "phi": "phi", "tau2": "tau2"}.items():
            faults += compare(case.case_id, ours, funnel[ours].head(1), [whole[theirs]])
        straight = ~expected["wraps_od"].to_numpy()
        limits = {"lower_2s": "od_ll95", "upper_2s": "od_ul95", "lower_3s": "od_ll998",
                  "upper_3s": "od_ul998"}  # fmt: skip
        for ours, theirs in limits.items():
            faults += compare(
                case.case_id, ours, funnel[ours][straight], expected[theirs][straight],
                rtol=0, atol=FUNNEL_TOLERANCE,
            )  # fmt: skip
        rate, name = funnel["numerator"] / funnel["denominator"], "2s" if case.limit == 95 else "3s"
        beyond = (rate < funnel[f"lower_{name}"]) | (rate > funnel[f"upper_{name}"])
        faults += compare(case.case_id, "flags", beyond, expected["outlier_clamped"])
    return faults


CHECKS = (check_wilson, check_xmr, check_qic, check_anhoej, check_funnels)


def main(arguments: list[str] | None = None) -> None:
    """Check all; exit with what differs, if anything does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="such as tests/reference")
    folder = parser.parse_args(arguments).folder
    faults = [fault for check in CHECKS for fault in check(folder)]
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
