"""Make the other example: an export of an invented trust, of another shape than the first.

Other headings, a title above them and a note below, semicolons, two ways to write a date, other
words for levels. Everything in it is invented; it needs only the standard library, and writes the
same bytes each time.
"""

import csv
from datetime import date, timedelta
from pathlib import Path
from random import Random

SEED = 5
FIRST, AS_OF = date(2022, 4, 4), date(2025, 9, 30)
HEADINGS = ("QI Ref", "What are you improving?", "Care Group", "Team", "Project Status",
            "Start Date", "Closed On", "Last Modified", "Level of Participation",
            "Patients Involved", "First Involvement Date", "Project Lead")  # fmt: skip
# Projects, and how many of them work with people as partners.
CARE_GROUPS = {"Coast": (26, 15), "Hills": (22, 6), "River": (18, 11), "Valley": (14, 4)}
TEAMS = ("Children's Team", "Home Visits", "Memory Clinic", "Talking Therapies", "Ward Team")
AIMS = ("Calmer", "Clearer", "Fewer delays in", "Kinder", "Quicker", "Safer", "Simpler")
THINGS = ("admissions", "discharges", "first visits", "group sessions", "letters", "meal times",
          "medicine rounds", "phone calls", "reviews", "shift handovers",
          "waiting rooms")  # fmt: skip
OTHERS = ("Consulted", "Consulted", "Consulted", "No involvement", "No involvement", "")
DAY = timedelta(days=1)


def make_rows() -> list[list[str]]:
    """Invent the projects, a row each, and the mistakes in some of them."""
    rng, days = Random(SEED), Random(SEED + 1)
    subjects = [f"{aim} {thing}" for aim in AIMS for thing in THINGS]
    titles = iter(rng.sample(subjects * 2, 80))
    rows = []
    for group, (projects, partners) in CARE_GROUPS.items():
        levels = ["Partner on the team"] * partners
        levels += [rng.choice(OTHERS) for _ in range(projects - partners)]
        rng.shuffle(levels)
        rows += [_row(rng, days, group, level, next(titles)) for level in levels]
    rng.shuffle(rows)
    rows = [[f"T-{number:03}", *row] for number, row in enumerate(rows, 1)]
    return _with_mistakes(rows)


def _row(rng: Random, days: Random, group: str, level: str, title: str) -> list[str]:
    start = FIRST + rng.randrange((AS_OF - FIRST).days - 60) * DAY
    end = start + rng.randrange(90, 500) * DAY
    closed = end < AS_OF and rng.random() < 0.6
    status = ("Completed" if rng.random() < 0.8 else "Stopped") if closed else "Live"
    updated = min(end, AS_OF) if closed else AS_OF - rng.randrange(120) * DAY
    patients = "" if not level else "N" if level == "No involvement" else rng.choice(("Y", ""))
    return [
        title, rng.choice(TEAMS), group, status, _written(rng, start),
        _written(rng, end) if closed else "", _written(rng, max(start, updated)), level, patients,
        _first_involved(days, start, end if closed else AS_OF, level),
        f"Lead {rng.randrange(1, 30):02}",
    ]  # fmt: skip


def _first_involved(days: Random, start: date, last: date, level: str) -> str:
    """Write the day on which people first took part; it is known of nine in ten."""
    delay = round(days.expovariate(1 / 75)) * DAY
    if level in ("", "No involvement") or days.random() < 0.1:
        return ""
    return _written(days, min(start + delay, last))


def _written(rng: Random, day: date) -> str:
    """Write a date in one of two ways, as two people would."""
    return f"{day:%d/%m/%Y}" if rng.random() < 0.6 else day.isoformat()


def _with_mistakes(rows: list[list[str]]) -> list[list[str]]:
    """Move the team after the care group, as in the export, and add five mistakes."""
    rows = [[ref, title, group, team, *rest] for ref, title, team, group, *rest in rows]
    rows[7][5] = "31/06/2024"  # no such day
    rows[19][9] = "x"  # yes or no?
    rows[33][8] = "Asked Sam"  # no level
    rows[48][2] = "Vally"  # a slip
    return [*rows, rows[60]]  # one row twice


def main() -> None:
    """Write the export beside this script."""
    with (
        Path(__file__).with_name("other_example.csv").open("w", encoding="utf-8", newline="") as out
    ):
        writer = csv.writer(out, delimiter=";", lineterminator="\n")
        writer.writerow(_padded("Improvement projects of an invented trust", "as of 30/09/2025"))
        writer.writerow(_padded())
        writer.writerow(HEADINGS)
        writer.writerows(make_rows())
        writer.writerow(_padded("Note: closed means closed by the improvement board"))


def _padded(*cells: str) -> list[str]:
    """Fill a row up with blank cells, as a spreadsheet does."""
    return [*cells, *[""] * (len(HEADINGS) - len(cells))]


if __name__ == "__main__":
    main()
