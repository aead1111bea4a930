"""How often the methods are right in worlds of which the truth is known, as docs/methods.md says.

Run: python benchmarks/methods.py.
"""

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


if __name__ == "__main__":
    print_outlook()
