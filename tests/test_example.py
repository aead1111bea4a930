"""The example register, measured by the package and by hand from the truth it was written from."""

from datetime import date
from importlib.util import module_from_spec, spec_from_file_location

import pandas as pd
import pytest
from conftest import ROOT

import qi_analysis as qi

AS_OF = date(2021, 5, 4)
AREAS = tuple(qi.load_profile().areas)


@pytest.fixture(scope="module")
def truth() -> list[dict]:
    """Return the true projects whose rows are due to be accepted."""
    spec = spec_from_file_location("maker", ROOT / "data" / "raw" / "make_example_register.py")
    maker = module_from_spec(spec)
    spec.loader.exec_module(maker)
    projects = maker.make_projects()
    accepted = maker.ids_by_result(maker.make_rows(projects))["accepted"]
    return [project for project in projects if project["project_id"] in accepted]


def live(projects: list[dict], day: date) -> list[dict]:
    """Return the projects live on a day: not proposed, started, and not finished by then.

    An open one without a start is live on the register's day, and on none before it.
    """
    return [
        p
        for p in projects
        if p["status"] != "proposed"
        and (p["start_date"] <= day if p["start_date"] else day == AS_OF)
        and (
            p["status"] in ("active", "paused", "unknown")
            or (p["end_date"] is not None and p["end_date"] > day)
        )
    ]


def count(example, day: date = AS_OF, **options) -> dict:
    """Return the package's one count of the example's live projects."""
    counts = qi.count_involvement(example, as_of=pd.Timestamp(day), **options)
    return counts.drop(columns="definition").iloc[0].to_dict()


def test_the_headline_is_104_of_266_and_the_blanks_could_make_it_128(truth, example):
    approaches = [p["approach"] for p in live(truth, AS_OF)]
    yes, blank = approaches.count("doing_with"), approaches.count("not_recorded")
    assert (yes, len(approaches), blank) == (104, 266, 24)
    counts = qi.count_involvement(example, basis="active", as_of=pd.Timestamp(AS_OF))
    assert counts.iloc[0, 1:].tolist() == [104, 266, 24]
    bounds = qi.counts.bound_rates(counts).iloc[0]
    assert bounds["lowest"] == 104 / 266
    assert bounds["highest"] == (104 + 24) / 266
    assert bounds["rate_recorded"] == 104 / (266 - 24)
    assert bounds["share_recorded"] == (266 - 24) / 266
    assert example.as_of == pd.Timestamp(AS_OF)


def test_28_of_the_30_practicum_projects_involve_people_meaningfully(truth, example):
    practicum = [p["approach"] for p in truth if p["programme"] == "practicum"]
    assert (practicum.count("doing_with"), len(practicum)) == (28, 30)
    counts = qi.count_involvement(example, by="programme", basis="started")
    counts = counts.set_index("programme")
    assert counts.loc["practicum", ["numerator", "denominator"]].tolist() == [28, 30]


@pytest.mark.parametrize(
    ("day", "projects"),
    [
        (date(2018, 6, 28), 187),
        (date(2018, 9, 27), 230),
        (date(2019, 10, 30), 320),
        (date(2019, 12, 17), 321),
        (AS_OF, 266),
    ],
)
def test_as_many_projects_are_live_as_cnwl_published(truth, example, day, projects):
    assert len(live(truth, day)) == projects
    assert count(example, day)["denominator"] == projects


def meets(project: dict, definition: str) -> bool | None:
    """Return by the definitions' words whether a project is meaningful; None where unknown."""
    areas = [project[area] for area in AREAS]
    approach = project["approach"]
    if approach == "none":
        return False
    partners = None if approach == "not_recorded" else approach == "doing_with"
    told = "yes" in (project["service_user_involved"], project["carer_involved"], *areas)
    involved = True if approach != "not_recorded" or told else None
    several = areas.count("yes") >= 3
    if not several and areas.count("yes") + areas.count("not_recorded") >= 3:
        several = None
    both = False if False in (partners, several) else None if None in (partners, several) else True
    return {
        "doing_with": partners,
        "any": involved,
        "several_areas": several,
        "with_and_several": both,
    }[definition]


@pytest.mark.parametrize("definition", ["doing_with", "any", "several_areas", "with_and_several"])
def test_each_definition_counts_what_its_words_say(truth, example, definition):
    answers = [meets(project, definition) for project in live(truth, AS_OF)]
    assert count(example, definition=definition) == {
        "numerator": answers.count(True),
        "denominator": 266,
        "not_recorded": answers.count(None),
    }


def test_without_exempt_projects_the_denominator_is_smaller(truth, example):
    kept = [p["approach"] for p in live(truth, AS_OF) if p["exemption_agreed"] != "yes"]
    assert len(kept) < 266
    counts = count(example, exempt="out")
    assert (counts["numerator"], counts["denominator"]) == (kept.count("doing_with"), len(kept))


@pytest.mark.parametrize(
    "by", ["directorate", "borough", "no_involvement_reason", "progress_score"]
)
def test_the_groups_sum_to_the_whole_though_some_leave_the_column_blank(example, by):
    counts = qi.count_involvement(example, by=by, basis="started")
    assert counts["denominator"].sum() == 591
    assert qi.count_approaches(example, by=by, basis="started")["numerator"].sum() == 591
