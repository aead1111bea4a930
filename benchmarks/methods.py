"""How often the methods are right in worlds of which the truth is known, as docs/methods.md says.

Run: python benchmarks/methods.py, which takes about a quarter of an hour of one processor; or one
part of it, python benchmarks/methods.py change.
"""

import sys
import time
from itertools import count

import numpy as np
import pandas as pd

import qi_analysis as qi

# --- the outlook ----------------------------------------------------------------------------------

AS_OF = pd.Timestamp("2021-05-04")


def outlook_coverage(worlds: int, *, seed: int = 1, ahead: int = 24, **world) -> float:
    """Return in what share of steady worlds the live rate to come lies in the outlook's 80% band.

    In each world a register is simulated to its day and onwards; from what it holds on the day 200
    futures are simulated, and the true live rate so many months ahead is held against the 10% and
    90% quantiles of theirs. ``world`` is passed on to :func:`steady_world`.
    """
    hits = 0
    for number in range(worlds):
        projects, later = steady_world(np.random.default_rng([seed, number]), ahead, **world)
        futures = qi.count_outlook(
            projects, as_of=AS_OF, profile="cnwl", pauses=(), years=ahead // 12, simulations=200,
            seed=number,
        )  # fmt: skip
        end = futures[futures["period"] == futures["period"].max()]
        low, high = np.quantile(end["numerator"] / end["denominator"], [0.1, 0.9])
        hits += bool(low <= later <= high)
    return hits / worlds


def steady_world(
    random: np.random.Generator,
    ahead: int,
    *,
    share: float = 0.4,
    starts: float = 6,
    lasts: float = 18,
    longer: float = 1,
    delay: float = 0,
    shape: float = 1,
) -> tuple[pd.DataFrame, float]:
    """Return a register in which nothing changes, and its live rate so many months later.

    ``starts`` begin a month, of which a ``share`` involves people, after ``delay`` months on
    average. Others last ``lasts`` months on average, those that involve people so many times
    ``longer``: exponentially, or with a larger ``shape`` (of a gamma distribution) more alike.
    """
    n = random.poisson(starts * (120 + ahead))
    start = random.uniform(-120, ahead, n)  # months from the register's day
    involves = random.random(n) < share
    end = start + random.gamma(shape, lasts / shape, n) * np.where(involves, longer, 1)
    first = np.where(involves, start + random.exponential(1, n) * delay, np.inf)
    first = np.where(first < end, first, np.inf)
    live = (start <= ahead) & (end > ahead)
    later = float((first[live] <= ahead).mean())
    days = AS_OF + pd.to_timedelta(np.column_stack([start, end]).ravel() * 365.25 / 12, unit="D")
    start_day, end_day = days.floor("D").to_numpy().reshape(-1, 2).T
    over = end_day <= AS_OF.to_datetime64()
    projects = pd.DataFrame(
        {
            "status": np.where(over, "completed", "active"),
            "start_date": start_day,
            "end_date": pd.Series(end_day).where(over),
            "approach": np.where(first <= 0, "doing_with", "none"),
        }
    )
    return projects[start_day <= AS_OF.to_datetime64()].reset_index(drop=True), later


WORLDS = (
    {}, {"longer": 1.5}, {"longer": 2}, {"longer": 0.5}, {"starts": 3}, {"starts": 20},
    {"share": 0.1}, {"share": 0.9}, {"delay": 6}, {"delay": 6, "longer": 2}, {"shape": 8},
    {"shape": 8, "longer": 1.5}, {"shape": 8, "longer": 2},
)  # fmt: skip


def print_outlook(worlds: int = 300) -> None:
    """Print how often the outlook's 80% band holds the live rate in two years."""
    print(f"\nThe outlook's 80% band holds the live rate in 2 years, of {worlds} worlds each:")
    for world in WORLDS:
        named = ", ".join(f"{name} {value:g}" for name, value in world.items()) or "as usual"
        print(f"  {named:<24} {outlook_coverage(worlds, **world):6.1%}", flush=True)


# --- change ---------------------------------------------------------------------------------------

SIZES = {"3-10": (3, 10), "5-15": (5, 15), "20-60": (20, 60)}  # projects a period
SPREAD = 0.05  # correlation of a period's projects, where periods differ by more than chance


def draw_series(
    random: np.random.Generator, size: str, rate: np.ndarray, spread: float = 0
) -> pd.DataFrame:
    """Draw counts of quarters with these true rates, spread beyond chance about them or not."""
    projects = random.integers(*SIZES[size], len(rate), endpoint=True)
    if spread:
        rate = random.beta(rate * (1 / spread - 1), (1 - rate) * (1 / spread - 1))
    quarters = pd.date_range("2010-01-01", periods=len(rate), freq="QS")
    numerator = random.binomial(projects, rate)
    return pd.DataFrame({"period": quarters, "numerator": numerator, "denominator": projects})


def is_called(counts: pd.DataFrame, by: str | None = None) -> bool:
    """Whether a change of any group is called."""
    return bool(qi.find_change(counts, by)["change"].isin(["rise", "fall"]).any())


def calls_in_series(series: int, size: str, rate, *, spread: float = 0, seed: int = 1) -> float:
    """Return in what share of series with these true rates a change is called."""
    randoms = (np.random.default_rng([seed, number]) for number in range(series))
    return float(np.mean([is_called(draw_series(r, size, rate, spread)) for r in randoms]))


def calls_in_trusts(trusts: int, *, groups: int = 20, rate: float = 0.95, seed: int = 1) -> tuple:
    """Return in what share of trusts of unchanged directorates a change is called.

    Of a directorate, and of the trust as a whole.
    """
    called = []
    for number in range(trusts):
        random = np.random.default_rng([seed, number])
        parts = [draw_series(random, "3-10", np.full(24, rate)) for _ in range(groups)]
        counts = pd.concat(parts, keys=range(groups), names=["directorate", None])
        whole = counts.groupby("period", as_index=False)[["numerator", "denominator"]].sum()
        called.append(
            (is_called(counts.reset_index("directorate"), "directorate"), is_called(whole))
        )
    return tuple(np.mean(called, axis=0))


def calls_with_fewer_blanks(series: int, size: str, rate: float = 0.5, *, seed: int = 1) -> float:
    """Return in what share of series a change is called while only blanks fall, from 40% to 5%."""
    called = []
    for number in range(series):
        random = np.random.default_rng([seed, number])
        counts = draw_series(random, size, np.full(24, rate))
        blank = random.binomial(counts["denominator"], np.linspace(0.4, 0.05, 24))
        known = random.hypergeometric(
            counts["numerator"], counts["denominator"] - counts["numerator"],
            counts["denominator"] - blank,
        )  # fmt: skip
        called.append(is_called(counts.assign(numerator=known, not_recorded=blank)))
    return float(np.mean(called))


def calls_with_delays(
    worlds: int,
    months: float,
    *,
    dated: bool,
    size: str = "20-60",
    rate: float = 0.6,
    seed: int = 1,
) -> float:
    """Return in what share of worlds a change is called while only involvement takes its time.

    Of projects that start in 28 quarters a steady share involves people, so many months after their
    start on average (exponential), if the register's day is not before that.
    """
    called = []
    for number in range(worlds):
        random = np.random.default_rng([seed, number])
        projects = random.integers(*SIZES[size], 28, endpoint=True)
        quarters = pd.date_range("2014-04-01", periods=28, freq="QS").repeat(projects)
        n = len(quarters)
        start = quarters + pd.to_timedelta(random.integers(0, 90, n), unit="D")
        first = start + pd.to_timedelta(
            random.exponential(months * 365.25 / 12, n), unit="D"
        ).floor("D")
        involves = (random.random(n) < rate) & (first <= AS_OF)
        frame = pd.DataFrame({
            "status": "active", "start_date": start, "end_date": pd.NaT,
            "approach": np.where(involves, "doing_with", "none"),
            "first_involved_date": first.where(involves & dated),
        })  # fmt: skip
        counts = qi.counts.count_started(frame, profile="cnwl", as_of=AS_OF)
        called.append(is_called(counts))
    return float(np.mean(called))


def print_change(series: int = 300) -> None:
    """Print how often a change is called, where there is none and where there is one."""
    seeds = count(1)
    sizes = f"for {', '.join(SIZES)} projects a quarter"
    print(f"\nfind_change calls a change, of {series} each. Unchanged series of 24 quarters:")
    rates = (0.05, 0.2, 0.5, 0.8, 0.95)
    print(f"  {'true rate':<34}" + "".join(f"{rate:>7.0%}" for rate in rates) + "    all")
    for size in SIZES:
        for spread, words in ((0, "chance alone"), (SPREAD, "and spread")):
            shares = [
                calls_in_series(series, size, np.full(24, rate), spread=spread, seed=next(seeds))
                for rate in rates
            ]
            line = "".join(f"{share:>7.1%}" for share in (*shares, np.mean(shares)))
            print(f"  {size + ' projects, ' + words:<34}{line}", flush=True)
    for periods in (6, 12, 36):
        for spread, words in ((0, "chance alone"), (SPREAD, "and spread")):
            line = _of_each_size(
                lambda size, periods=periods, spread=spread: calls_in_series(
                    series, size, np.full(periods, 0.5), spread=spread, seed=next(seeds)
                )
            )
            print(f"  {periods} quarters at 50%, {words}: {line} {sizes}", flush=True)
    step = np.repeat([0.4, 0.6], 12)
    line = _of_each_size(lambda size: calls_in_series(series, size, step, seed=next(seeds)))
    print(f"40% to 60% in the middle of 24 quarters: {line} {sizes}")
    of_any, whole = calls_in_trusts(series)
    print(f"20 unchanged directorates at 95%: of any {of_any:.1%}, of the whole {whole:.1%}")
    line = _of_each_size(lambda size: calls_with_fewer_blanks(series, size, seed=next(seeds)))
    print(f"only blanks fall, 40% to 5%: {line} {sizes}", flush=True)
    random = np.random.default_rng(1)
    groups = [draw_series(random, "5-15", np.full(36, 0.5)).assign(group=i) for i in range(1_000)]
    counts = pd.concat(groups, ignore_index=True)
    began = time.process_time()
    qi.find_change(counts, by="group")
    print(f"1,000 unchanged groups of 36 quarters take {time.process_time() - began:.1f} s")
    for months in (3, 6, 9):
        for size in ("3-10", "20-60"):
            dated, today = (
                calls_with_delays(series, months, dated=d, size=size, seed=next(seeds))
                for d in (True, False)
            )
            print(
                f"only a delay of {months} months, {size} projects: with days {dated:.1%}, by "
                f"today's involvement {today:.1%}",
                flush=True,
            )
    for shares in ((0.4, 0.6, 0.4), (0.8, 0.2, 0.8)):
        line = _of_each_size(
            lambda size, shares=shares: calls_in_series(
                series, size, np.repeat(shares, 8), seed=next(seeds)
            )
        )
        taken_back = ", ".join(f"{share:.0%}" for share in shares)
        print(f"wholly taken back, {taken_back}, 8 quarters each: {line} {sizes}", flush=True)


def _of_each_size(share) -> str:
    """Return a share for each number of projects a quarter."""
    return ", ".join(f"{share(size):.1%}" for size in SIZES)


# --- rules of runs ----------------------------------------------------------------------------


def alarms(charts: int, size: str, rate: float, chart: str, *, periods: int = 24, seed: int = 1):
    """Return in what share of unchanged series a point is flagged on a process chart."""
    randoms = (np.random.default_rng([seed, number]) for number in range(charts))
    series = [draw_series(random, size, np.full(periods, rate)) for random in randoms]
    counts = pd.concat(series, keys=range(charts), names=["series", None])
    spc = qi.spc.add_spc(counts.reset_index("series"), chart=chart, by="series")
    flagged = spc["point_type"] != "common_cause"
    return float(flagged.groupby(spc["series"]).any().mean())


def alarms_of_live(worlds: int, *, periods: int = 24, seed: int = 1, **world) -> float:
    """Return in what share of steady worlds the run chart of live projects signals.

    Of the quarters up to the register's day. ``world`` is passed on to :func:`steady_world`.
    """
    called = []
    for number in range(worlds):
        projects, _ = steady_world(np.random.default_rng([seed, number]), 0, **world)
        live = qi.counts.count_live(projects, profile="cnwl", as_of=AS_OF).tail(periods)
        run = live.pipe(qi.add_rates).pipe(qi.spc.add_run)
        called.append(qi.spc.summarise_run(run)["signal"].item())
    return float(np.mean(called))


def print_rules(charts: int = 1000, worlds: int = 300) -> None:
    """Print how often rules that the reports do not use raise an alarm where nothing changes."""
    print(f"\nA point is flagged in unchanged series of 24 quarters, of {charts} each:")
    rates = (0.05, 0.2, 0.5, 0.8, 0.95)
    print(f"  {'true rate':<34}" + "".join(f"{rate:>7.0%}" for rate in rates))
    for size in SIZES:
        for chart in ("p", "p_prime", "p_exact"):
            line = "".join(f"{alarms(charts, size, rate, chart):>7.1%}" for rate in rates)
            print(f"  {size + ' projects, ' + chart:<34}{line}", flush=True)
    print(f"The run chart of live projects signals, of {worlds} steady worlds each:")
    for world in ({"lasts": 6}, {}, {"lasts": 36}, {"starts": 20}, {"share": 0.9}):
        named = ", ".join(f"{name} {value:g}" for name, value in world.items()) or "as usual"
        print(f"  {named:<24} {alarms_of_live(worlds, **world):6.1%}", flush=True)


# --- groups ---------------------------------------------------------------------------------------

SPREADS = ((0.4, 0.1), (0.8, 0.05), (0.5, 0.01), (0.9, 0.3))  # mean rate, correlation in a group


def held_by_limits(trusts: int, mean: float, alike: float, *, seed: int = 7) -> float:
    """Return in what share of directorates the shrunken limits hold the true rate.

    Each trust has 20 of them, of 3 to 39 projects, with rates of a beta distribution.
    """
    held, (a, b) = [], (share * (1 - alike) / alike for share in (mean, 1 - mean))
    for number in range(trusts):
        random = np.random.default_rng([seed, number])
        n, true = random.integers(3, 40, 20), random.beta(a, b, 20)
        groups = {"directorate": range(20), "numerator": random.binomial(n, true), "denominator": n}
        found = qi.shrunken_rates(pd.DataFrame(groups))
        held.append(found["shrunken_lower"].le(true) & found["shrunken_upper"].ge(true))
    return float(np.mean(held))


def print_groups(trusts: int = 40) -> None:
    """Print how often the shrunken limits hold the true rate of a directorate."""
    print(f"\nShrunken 95% limits hold the true rate, of {trusts} trusts of 20 directorates each:")
    for mean, alike in SPREADS:
        share = held_by_limits(trusts, mean, alike)
        print(f"  mean {mean:.0%}, correlation {alike:g}: {share:.1%}", flush=True)


PARTS = {
    "change": print_change, "rules": print_rules, "groups": print_groups, "outlook": print_outlook,
}  # fmt: skip


if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
