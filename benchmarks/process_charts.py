"""How long process charts and funnels take, against reading the groups one by one.

Run: python benchmarks/process_charts.py. Prints medians of 5 and ratios; the baseline is one call a
group, as the R packages work. For the R packages themselves, on the same kind of machine: 1,000
groups of 36 months took NHSRplotthedots about 2.0 s and qicharts2 71 s.
"""

import numpy as np
import pandas as pd
from cleaning import timed

import qi_analysis as qi


def series(groups: int) -> pd.DataFrame:
    """Draw random monthly counts of so many groups."""
    random = np.random.default_rng(1)
    denominator = random.integers(0, 15, groups * 36)
    return pd.DataFrame(
        {
            "group": np.repeat(np.arange(groups), 36),
            "period": np.tile(pd.date_range("2020-01-01", periods=36, freq="MS"), groups),
            "numerator": random.binomial(denominator, 0.4),
            "denominator": denominator,
        }
    )


def chart(frame: pd.DataFrame) -> pd.DataFrame:
    """Compute and summarise all charts of a frame in one call."""
    return qi.spc.summarise_spc(qi.spc.add_spc(frame, by="group", target=0.8), by="group")


def main() -> None:
    """Print the times of process charts and funnels."""
    for groups in (1_000, 10_000, 100_000):
        frame = series(groups)
        taken, _ = timed(lambda frame=frame: chart(frame), 5 if groups < 100_000 else 3)
        each = f"{1e6 * taken / groups:.0f} us a group"
        print(f"SPC, {groups:>7,} groups x 36 months: {taken:7.3f} s, {each}")
    frame = series(1_000)
    one, _ = timed(lambda: [chart(each) for _, each in list(frame.groupby("group"))[:100]], 3)
    ratio = 10 * one / timed(lambda: chart(frame))[0]
    print(f"one call a group, 1,000 groups:    {10 * one:7.3f} s, {ratio:.0f} times as long")
    units = series(1_000).groupby("group", as_index=False)[["numerator", "denominator"]].sum()
    for overdispersion in (False, True):
        taken, _ = timed(lambda o=overdispersion: qi.add_funnel(units, overdispersion=o))
        kind = "overdispersed" if overdispersion else "exact"
        print(f"funnel of 1,000 units, {kind}: {taken:.4f} s")


if __name__ == "__main__":
    main()
