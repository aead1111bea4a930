"""Try to work out the suppressed counts of random tables: python tests/check_disclosure.py 10000.

A third of the tables stands under each rule; `make test` takes 9 of them, `make soak` 1,200. Where
counts are not rounded, somebody of a suppressed group tries too, who knows its own counts.
"""

import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd

from qi_analysis import disclosure
from qi_analysis.disclosure.suppress import TOTAL, is_small, round_counts

RULES = ("hes", "mhsds", "lt10")
TABLES, AT_ONCE = 10_000, 100


def random_table(seed: int) -> pd.DataFrame:
    """Return counts of 2 to 8 groups in 2 or 3 categories, few or many, some groups without any."""
    random = np.random.default_rng(seed)
    groups, categories = random.integers(2, 9), random.integers(2, 4)
    size = random.choice([0, 3, 8, 20, 60], size=(groups, 1), p=[0.1, 0.25, 0.25, 0.2, 0.2])
    counts = random.poisson(size * random.dirichlet(np.ones(categories)) * categories / 2)
    names = [f"Group {i}" for i in range(groups)]
    return pd.DataFrame(counts, names, ["yes", "no", "blank"][:categories])


def suppress_small(table: pd.DataFrame, rule: str) -> pd.DataFrame:
    """Suppress a table's small counts and totals, and not those they can be worked out from."""
    whole = table.assign(**{TOTAL: table.sum(axis=1)})
    whole.loc[TOTAL] = whole.sum()
    return (whole * 0 + round_counts(whole, rule)).astype("Int64").mask(is_small(whole, rule))


def audit(seed: int, suppress: Callable = disclosure.suppress_table) -> tuple[int, int]:
    """Count the suppressed counts of a random table, and those that can be worked out."""
    table, rule = random_table(seed), RULES[seed % len(RULES)]
    published = suppress(table, rule)
    hidden = published.loc[table.index, table.columns].isna().any(axis=1) & table.any(axis=1)
    insiders = table[hidden].sample(1, random_state=seed) if hidden.any() else None
    found = [disclosure.audit_disclosure(published, rule=rule)]
    if rule == "lt10" and insiders is not None:
        found.append(disclosure.audit_disclosure(published, rule=rule, known=insiders))
    return sum(map(len, found)), sum(int(each["recovered"].sum()) for each in found)


def audit_all(seeds: Iterable[int]) -> tuple[int, int]:
    """Count the same of many tables together."""
    counts = [audit(seed) for seed in seeds]
    return sum(n for n, _ in counts), sum(k for _, k in counts)


def main(tables: int) -> None:
    """Audit so many tables; exit with a message if anything could be worked out."""
    batches = [range(at, min(at + AT_ONCE, tables)) for at in range(0, tables, AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        counts = list(pool.map(audit_all, batches))
    suppressed, recovered = (sum(each) for each in zip(*counts, strict=True))
    message = f"{tables:,} tables, {suppressed:,} suppressed counts, {recovered:,} worked out"
    sys.exit(message) if recovered else sys.stdout.write(f"{message}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TABLES)
