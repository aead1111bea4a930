"""Public reports: from one table of suppressed annual counts, and from nothing else.

The table is made first, and published as data. The notebooks run in a folder that holds it alone,
so no page, chart, alternative text or download can hold what the table does not.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pandas as pd

from ..core.errors import RegisterError
from ..core.files import make_folder, write_whole
from ..core.periods import format_period
from ..core.schema import COUNTS_AND_BLANKS, JOINT, MONTHS, NO_DIRECTORATE, UNRECOGNISED
from ..core.text import count_of, format_date, format_share, percent, percents
from ..counts.actions import describe_public_help
from ..counts.involvement import count_involvement
from ..disclosure.release import (
    COLUMNS,
    describe_published,
    describe_published_years,
    describe_rule,
    format_published,
    read_release,
    release_aims,
    release_table,
    select_published,
)
from ..disclosure.suppress import DEFAULT, TRUST, publish_counts
from ..onboarding.draft import describe_questions
from ..profile import Profile
from ..register import Register
from ..stats.rates import add_rates
from .build import Edition, Run, page_head, publish_reports
from .index import MANY, draw_bar, index_head, index_link, trust_picture
from .inputs import Inputs, warn_of_future
from .output import PUBLISHED, check_foreign, csv_text, last_record
from .page import page_template
from .plan import plan_public_jobs, slug

TOO_SMALL = "Its counts are too small to be published."
WIDTH, HEIGHT, EDGE = 100, 24, 3  # a line over time, in units of the drawing


def write_public_reports(
    source: str | Path,
    out: Path,
    profile: Profile,
    *,
    warn: Callable[[str], None] = lambda warning: None,
    today: date | None = None,
    **options,
) -> dict:
    """Publish annual figures that anyone may see: pages, their notebooks and the counts as data.

    Projects are counted by the financial year in which they started, and a year is published once
    it has been over for the profile's ``settle_months`` by the as-of date. Years that the folder
    has already published stay as they were published, whatever has been recorded since: the
    difference of two releases would give small counts away. So one that is published before its
    projects have had time to involve people would stand too low for good.

    For the same reason a folder keeps its trust, definition, rule and financial year; the rule is
    the profile's, else that of the folder's first release, else ``"mhsds"``.

    Nothing that is written tells of the register but those counts and its as-of date.

    Parameters
    ----------
    source, out, profile
        As in :class:`.build.Run`.
    warn : callable
        Called with each warning of the register's quality, which no page shows.
    today : date, optional
        Serves only to warn of a day that is to come.
    **options
        As in :class:`.build.Run`.

    Returns
    -------
    dict
        The run's record, as in ``run.json``.
    """
    run = Run(source, out, profile, **options)

    def prepare(inputs: Inputs, folder: Path) -> Edition:
        questions = describe_questions(profile)
        to_come = warn_of_future(inputs.register.day, today)
        for warning in (*to_come, *inputs.day_notes, *questions, *inputs.warnings):
            warn(warning)
        return _prepare(run, inputs, folder)

    return publish_reports(run, "public", prepare)


def _prepare(run: Run, inputs: Inputs, folder: Path) -> Edition:
    there = {**last_record(run.out), **_published_terms(run.out)}
    rule = run.profile.disclosure or there.get("disclosure", DEFAULT)
    terms = _terms(inputs.register, rule)
    _refuse_other_terms(run.out, there, terms)
    _refuse_earlier_day(run.out, inputs.register.as_of)
    counts = _count_years(inputs.register, rule)
    months = count_of(run.profile.settle_months, "month")
    release = _add_earlier(counts, run.out, months)
    published = _with_figures(release)
    jobs = plan_public_jobs(
        [name for name in published if name in (run.directorates or published)],
        {"published": PUBLISHED.as_posix()},
    )
    check_foreign(run.out, jobs, ("index.html", "run.json"))
    _write_counts(release, folder, run.out)
    page = page_head(run, inputs) | {"months": months, **_help(run.profile)}
    return Edition(
        jobs=jobs,
        page=page,
        render_index=lambda outcomes: _render_index(page, release, outcomes, run.out),
        record={"audience": "public", **terms},
        suppressed=[_suppressed(name) for name in _without_figures(release)],
    )


# What a folder's releases have in common, and how a sentence names it.
TERMS = {
    "trust": "trust",
    "definition": "definition",
    "meaning": "definition's meaning",
    "disclosure": "rule for small numbers",
    "financial_year_starts": "financial year's first month",
}


def _help(profile: Profile) -> dict:
    """Return who helps to involve people, where the profile says so to everybody, and how."""
    text = describe_public_help(profile)
    return {"help": text, "addresses": dict(profile.help.links) if text else {}}


def _terms(register: Register, rule: str) -> dict:
    return {
        "trust": register.profile.trust,
        "definition": register.definition.name,
        "meaning": register.definition.meaning,
        "disclosure": rule,
        "financial_year_starts": MONTHS[register.profile.first_month - 1],
    }


def _published_terms(out: Path) -> dict:
    """Return the terms that a folder's published counts bear themselves."""
    if not (out / PUBLISHED).is_file():
        return {}
    last = read_release(out / PUBLISHED).iloc[-1]
    return {
        "definition": last["definition"],
        "meaning": last["meaning"],
        "disclosure": last["rule"],
        "financial_year_starts": MONTHS[last["period"].month - 1],
    }


def _refuse_other_terms(out: Path, there: dict, terms: dict) -> None:
    """Refuse other terms beside those of what is published: the two together would tell."""
    for key, value in terms.items():
        if there.get(key, value) != value:
            raise RegisterError(
                f"'{out}' holds public reports whose {TERMS[key]} is '{there[key]}'; these would "
                f"have '{value}'. Small counts could be worked out from both together, or years "
                "would not be alike. Keep to the first, or withdraw what is published and give "
                "another folder with --out."
            )


def _refuse_earlier_day(out: Path, day: pd.Timestamp) -> None:
    """Refuse to go back: the pages would say that they end before years that they show."""
    last = last_record(out).get("as_of", "")
    if last > f"{day:%Y-%m-%d}":
        raise RegisterError(
            f"'{out}' was published from a register of {format_date(pd.Timestamp(last))}, and this "
            f"one is of {format_date(day)}. Publish a later one there, or give another folder with "
            "--out."
        )


def _count_years(register: Register, rule: str = DEFAULT) -> pd.DataFrame:
    """Return the counts that may be published of the years that are settled on the register's day.

    A year's figures stay as they are first published, and those of one whose projects have had no
    time to involve people yet would rise.
    """
    profile, definition = register.profile, register.definition
    counts = count_involvement(register, by="directorate", period="year", basis="started")
    settled = counts[counts["settled"]]
    years = pd.date_range(
        settled["period"].min(), settled["period"].max(), freq=pd.DateOffset(years=1)
    ) if len(settled) else []  # fmt: skip
    found = {*profile.directorates, *register.projects["directorate"]}
    names = sorted(found, key=_no_directorate_first)
    grid = pd.MultiIndex.from_product([names, years], names=["directorate", "period"])
    counts = (
        settled.set_index(grid.names)[COUNTS_AND_BLANKS].reindex(grid, fill_value=0).reset_index()
    )
    release = publish_counts(counts, rule)
    ends = release["period"] + pd.DateOffset(years=1, days=-1)
    aims = [profile.aims_until(end)[-1:] for end in ends]
    return release.assign(
        definition=definition.name,
        meaning=definition.meaning,
        aim=[format_share(aim[0].rate) if aim else "" for aim in aims],
        aim_from=[aim[0].starts.isoformat() if aim else "" for aim in aims],
    )[COLUMNS]


def _no_directorate_first(name: str) -> tuple[bool, str]:
    """Sort so that groups that are no directorates are the first to be hidden with others."""
    return name not in (JOINT, NO_DIRECTORATE, UNRECOGNISED), name


def _add_earlier(release: pd.DataFrame, out: Path, months: str) -> pd.DataFrame:
    """Add the years that are published already, as they were published, before the new ones."""
    if (out / PUBLISHED).is_file():
        earlier = read_release(out / PUBLISHED)
        new = release[~release["period"].isin(earlier["period"])]
        release = pd.concat([earlier, new], ignore_index=True) if len(new) else earlier
    elif last_record(out):
        raise RegisterError(
            f"'{out / PUBLISHED}' is missing: it holds the years that are published already, which "
            "are to stay as they are. Put it back, or give another folder with --out."
        )
    if release.empty:
        raise RegisterError(
            f"No financial year with a project had been over for {months} when this register was "
            "made, so there is nothing to publish yet: its projects need time to involve people."
        )
    return release.sort_values("period", kind="stable", ignore_index=True)


def _with_figures(release: pd.DataFrame) -> list[str]:
    """Name the directorates of which some year's projects are published."""
    some = (release["denominator"] > 0).fillna(False) & release["numerator"].notna()
    return sorted(set(release.loc[some, "directorate"]) - {TRUST})


def _write_counts(release: pd.DataFrame, folder: Path, out: Path) -> None:
    """Write the counts where the notebooks read them, and publish them as data."""
    text = csv_text(release_table(release))
    with ExitStack() as made:
        for place in (folder, out):
            make_folder((place / PUBLISHED).parent, made)
        (folder / PUBLISHED).write_text(text, "utf-8", newline="\n")
        write_whole(out / PUBLISHED, text, folder)


def _render_index(page: dict, release: pd.DataFrame, outcomes, out: Path) -> str:
    made = {outcome.job.directorate: outcome for outcome in outcomes}
    names = sorted(set(release["directorate"]) - {TRUST})
    lines = draw_lines(add_rates(release.astype(dict.fromkeys(COUNTS_AND_BLANKS, "float64"))))
    aim = release_aims(release)[-1:]
    return page_template("public.html.j2").render(
        page=index_head(page),
        sentence=describe_published(select_published(release), page["meaning"]),
        rule=describe_rule(release["rule"].iloc[-1]),
        trust=index_link("", made[""], out),
        picture=trust_picture(made[""], out),
        aim=format_share(aim[0].rate) if aim else "",
        rows=[
            _index_row(i, release, name, made.get(name), out, lines) for i, name in enumerate(names)
        ],
        hidden=_without_figures(release),
        search=len(names) > MANY,
    )


def _index_row(
    i: int, release: pd.DataFrame, name: str, outcome, out: Path, sparklines: dict
) -> dict:
    """Return a directorate's latest published year, with a link where it has a page."""
    rates = select_published(release, name)
    some = rates[(rates["denominator"] > 0) & rates["numerator"].notna()]
    latest = (some if len(some) else rates).tail(1)
    row, table = latest.iloc[0], format_published(latest).iloc[0]
    aims, line = release_aims(release), sparklines.get(name)
    return {
        "name": name,
        **index_link(name, outcome, out),
        "keys": {"name": i, "period": f"{row['period']:%Y}", "meaningful": _key(row["numerator"]),
                 "projects": _key(row["denominator"]), "rate": _key(row["rate"]),
                 "line": _key(line["latest"]) if line else ""},
        "year": table.name,
        "numerator": table["Meaningful"],
        "denominator": table["Projects"],
        "rate": table["Rate"],
        "interval": table["95% interval"],
        "bar": draw_bar(row["rate"], row["lower_cl"], row["upper_cl"],
                        float(aims[-1].rate) if aims else None),
        "line": {**line, "words": describe_published_years(rates)} if line else None,
    }  # fmt: skip


def _key(number: float) -> str:
    """Return a number to sort by, empty for one that is not published."""
    return "" if number != number else f"{number:.6g}"


def _without_figures(release: pd.DataFrame) -> list[str]:
    return sorted(set(release["directorate"]) - {TRUST, *_with_figures(release)})


def _suppressed(name: str) -> dict:
    return {
        "directorate": name, "slug": slug(name), "status": "suppressed", "reason": TOO_SMALL,
        "seconds": 0.0, "sha256": "",
    }  # fmt: skip


# --- the lines over the years ---------------------------------------------------------------------


def draw_lines(rates: pd.DataFrame) -> dict[str, dict]:
    """Draw each directorate's rate over the years; a year without a rate is a gap.

    Parameters
    ----------
    rates : DataFrame
        A row a ``directorate`` and year, no gaps inside its span: ``period`` (first days) and
        ``rate`` (0-1, missing where there is none).

    Returns
    -------
    dict
        For each directorate with a rate: ``path`` and ``end``, the line and its latest point in a
        drawing of 100 by 24; ``words``, what it shows; and ``latest``, the latest rate.

    Examples
    --------
    >>> years = pd.to_datetime(["2018-04-01", "2019-04-01", "2020-04-01"])
    >>> rates = pd.DataFrame({"directorate": "Rehab", "period": years, "rate": [0.3, None, 0.45]})
    >>> draw_lines(rates)["Rehab"]["words"]
    'From 30% in 2018/19 to 45% in 2020/21; 1 year between them without a rate'
    >>> draw_lines(rates)["Rehab"]["path"]
    'M3 15.6h0M97 12.9h0'
    """
    ordered = rates.sort_values(["directorate", "period"])
    names, days = ordered["directorate"].tolist(), ordered["period"].tolist()
    groups: dict = {}
    for name, day, rate in zip(names, days, ordered["rate"].tolist(), strict=True):
        groups.setdefault(name, []).append((day, rate))
    lines = {name: _draw_line(points) for name, points in groups.items()}
    return {name: line for name, line in lines.items() if line}


def _draw_line(points: list[tuple]) -> dict | None:
    known = [i for i, (_, rate) in enumerate(points) if rate == rate]
    if not known:
        return None
    first, last = known[0], known[-1]
    span = points[first : last + 1]
    step = (WIDTH - 2 * EDGE) / (len(span) - 1) if len(span) > 1 else 0
    start = EDGE if len(span) > 1 else WIDTH / 2
    places = [
        (round(start + i * step, 1), round(HEIGHT - EDGE - rate * (HEIGHT - 2 * EDGE), 1))
        if rate == rate else None
        for i, (_, rate) in enumerate(span)
    ]  # fmt: skip
    return {
        "path": _path(places),
        "end": places[-1],
        "words": _describe_line(span),
        "latest": span[-1][1],
    }


def _path(places: list[tuple | None]) -> str:
    """Join neighbouring places; one that stands alone is a dot, as a round end of no length is."""
    path = ""
    for before, place, after in zip([None, *places], places, [*places[1:], None], strict=False):
        if place is not None:
            path += f"{'M' if before is None else 'L'}{place[0]:g} {place[1]:g}"
            path += "h0" if before is None and after is None else ""
    return path


def _describe_line(span: list[tuple]) -> str:
    (day, was), (latest, rate) = span[0], span[-1]
    first, last = format_period(day, 12), format_period(latest, 12)
    if len(span) == 1:
        return f"{percent(rate)} in {last}, the only one with a rate"
    missing = sum(rate != rate for _, rate in span)
    gap = f"; {count_of(missing, 'year')} between them without a rate" if missing else ""
    before, after = percents(was, rate)
    return f"From {before} in {first} to {after} in {last}{gap}"
