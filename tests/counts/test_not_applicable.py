"""Where a profile lists the words for "not applicable", it is an answer of its own, no blank."""

import pandas as pd
import pytest
from conftest import ROOT, rows, table

import qi_analysis as qi
from qi_analysis.cleaning.pipeline import clean_register
from qi_analysis.profile import find_faults, parse_profile

SHIPPED = (ROOT / "qi_analysis" / "profiles" / "cnwl.toml").read_text("utf-8")
WORDS = '"n/a", "na", "not applicable"'
LISTED = SHIPPED.replace(f"{WORDS}, ", "").replace("# not_applicable", "not_applicable")
EXPORT = """
ID | Title   | Group   | Level of Involvement | SU involved | Carers involved | Exempt | Start
1  | Falls   | Goodall | Big I                | Y           | N/A             | N/A    | 01/02/2020
2  | Waits   | Goodall | Informed             | Y           | N               | N      | 01/02/2020
3  | Boiler  | Goodall | N/A                  | blank       | blank           | blank  | 01/02/2020
4  | Rota    | Goodall | Not applicable       | na          | N/A             | blank  | 01/02/2020
5  | Forms   | Goodall | blank                | N/A         | N/A             | blank  | 01/02/2020
6  | Beds    | Goodall | N/A                  | N           | N/A             | Y      | 01/02/2020
7  | Calls   | Goodall | blank                | blank       | N/A             | blank  | 01/02/2020
8  | Doors   | Goodall | tbc                  | blank       | blank           | blank  | 01/02/2020
"""


def profile(text: str = LISTED) -> qi.Profile:
    return parse_profile(text.encode(), "own.toml")


def register(text: str = EXPORT, given: str = LISTED) -> qi.Register:
    """Return a register as it is read by a profile that lists the words, or by another."""
    own = profile(given)
    return qi.Register(clean_register(table(text), own).register, profile=own, as_of="2021-05-04")


def faults(text: str, given: str = LISTED) -> list[list]:
    cleaned = clean_register(table(text), profile(given))
    return rows(cleaned.quarantine, "project_id", "reason")


def test_it_is_read_as_itself_and_a_level_that_does_not_apply_where_the_flags_say_no_is_nobody():
    projects = register().projects
    assert projects["involvement_level"].tolist()[2:4] == ["not_applicable"] * 2
    assert projects["approach"].tolist() == [
        "doing_with", "doing_for", *["not_applicable"] * 3, "none", *["not_recorded"] * 2,
    ]  # fmt: skip
    assert projects["carer_involved"].tolist() == [
        "not_applicable", "no", "not_recorded", *["not_applicable"] * 4, "not_recorded",
    ]  # fmt: skip
    assert projects["exemption_agreed"].tolist()[0] == "not_applicable"


def test_a_clean_register_is_read_back_as_it_was():
    first = register()
    again = clean_register(first.projects.astype("str").where(first.projects.notna()), profile())
    for column in ("approach", "carer_involved", "involvement_level"):
        assert again.register[column].tolist() == first.projects[column].tolist()


def test_without_its_words_in_the_profile_it_is_a_blank_as_before():
    projects = register(given=SHIPPED)
    assert projects.projects["approach"].tolist() == [
        "doing_with", "doing_for", *["not_recorded"] * 6,
    ]  # fmt: skip
    assert not (projects.projects == "not_applicable").any(axis=None)
    counts = qi.count_involvement(projects)
    assert rows(counts, "numerator", "denominator", "not_recorded") == [[1, 8, 6]]
    assert "not_applicable" not in counts
    assert "not_applicable" not in qi.count_approaches(projects)["approach"].tolist()
    assert "not_applicable" not in qi.count_people(projects)["people"].tolist()


def test_such_a_project_counts_as_one_with_an_agreed_exemption():
    """1 of 8 is meaningful, and 1 of the 4 that are neither exempt nor not applicable."""
    projects = register()
    counts, without = (qi.count_involvement(projects, exempt=word) for word in ("in", "out"))
    columns = ["numerator", "denominator", "not_recorded", "not_applicable"]
    assert rows(counts, *columns) == [[1, 8, 2, 3]]
    assert rows(without, *columns) == [[1, 4, 2, 0]]
    assert qi.describe_exemptions(counts, without) == (
        "4 of 8 projects have an agreed exemption, or say that involvement does not apply. With "
        "them the rate is 12% (1 of 8); without them, it would be 25% (1 of 4)."
    )
    for definition in projects.profile.definitions:
        met = qi.counts.meaningful(projects, definition=definition)
        assert met.iloc[2:6].tolist() == [False] * 4  # in no way can it become a yes
    assert qi.list_actions(projects)["project_id"].tolist() == ["2", "7", "8"]
    found = qi.summarise_findings(projects).iloc[0]
    assert (found["not_recorded"], found["recorded"]) == (2, 0.75)


@pytest.mark.parametrize(
    ("n", "m", "apart", "sentence"),
    [
        (1, 0, 1, "The one project has an agreed exemption, or says that involvement does not "
                  "apply."),
        (2, 0, 1, "All 2 projects have an agreed exemption, or say that involvement does not "
                  "apply."),
        (2, 1, 1, "1 of 2 projects has an agreed exemption, or says that involvement does not "
                  "apply. With it the rate is 0% (0 of 2); without it, it would be 0% (0 of 1)."),
        (2, 1, 0, "1 of 2 projects has an agreed exemption. With it the rate is 0% (0 of 2); "
                  "without it, it would be 0% (0 of 1)."),
    ],
)  # fmt: skip
def test_the_sentence_of_exemptions_names_it_only_where_it_is_said(n, m, apart, sentence):
    counts = pd.DataFrame({"numerator": [0], "denominator": [n], "not_applicable": [apart]})
    assert qi.describe_exemptions(counts, counts.assign(denominator=m)) == sentence


def test_it_is_an_approach_of_its_own_and_its_chart_has_it():
    approaches = qi.count_approaches(register())
    assert dict(rows(approaches, "approach", "numerator")) == {
        "doing_with": 1, "doing_for": 1, "doing_to": 0, "none": 1, "not_recorded": 2,
        "not_applicable": 3,
    }  # fmt: skip
    sentence = (
        "Of 8 projects, 1 worked with people as partners, 1 did things for people, 1 involved "
        "nobody, 2 did not record it and 3 said that it does not apply."
    )
    assert qi.counts.describe_approaches(approaches) == sentence
    ax = qi.charts.plot_approaches(approaches)
    labels = [text.get_text() for text in ax.figure.legends[0].get_texts()] if (
        ax.figure.legends
    ) else [text.get_text() for text in ax.get_legend().get_texts()]  # fmt: skip
    assert labels[-1] == "Not applicable"


def test_of_who_is_involved_it_is_told_apart_and_beside_another_answer_it_tells_of_nobody_there():
    people = qi.count_people(register())
    assert {kind: n for kind, n in rows(people, "people", "numerator") if n} == {
        "service_users": 2, "neither": 1, "not_recorded": 2, "not_applicable": 3,
    }  # fmt: skip
    assert people["numerator"].sum() == 8
    assert qi.describe_people(people) == (
        "Of 8 projects, 2 involved service users only and 1 neither service users nor carers. 2 do "
        "not say if either took part. To 3 the question does not apply."
    )


def test_a_register_that_asks_of_service_users_alone_tells_it_apart_too():
    text = "ID|Title|Group|SU involved\n1|a|Goodall|Y\n2|b|Goodall|N/A\n3|c|Goodall|N"
    own = register(text).override(asked={"service_user_involved", "approach"}, basis="started")
    assert own.projects["approach"].tolist() == ["not_recorded", "not_applicable", "none"]
    assert qi.describe_people(qi.count_people(own)) == (
        "Of 3 projects, 1 involved service users and 1 did not. To 1 the question does not apply."
    )


def test_an_area_of_work_is_not_asked_of_a_project_to_which_it_does_not_apply():
    """Of the first area 1 of 2 say yes; of the second 1 of 1; the third project lists none."""
    projects = register("""
        ID | Title | Group   | Level of Involvement | Area 1 | Area 2 | Areas of Involvement
        1  | a     | Goodall | Big I                | Y      | N/A    | blank
        2  | b     | Goodall | Big I                | N      | Y      | blank
        3  | c     | Goodall | Informed             | blank  | blank  | n/a
        4  | d     | Goodall | N/A                  | blank  | blank  | blank
    """).override(basis="started")  # fmt: skip
    areas = qi.count_areas(projects).head(3)
    assert rows(areas, "numerator", "denominator", "not_recorded") == [
        [1, 2, 0], [1, 1, 0], [0, 2, 2],
    ]  # fmt: skip
    per_project = qi.count_areas_per_project(projects)
    assert (per_project["not_recorded"] == 2).all()  # the first two, of their other areas
    pairs = qi.counts.count_area_pairs(projects).head(1)
    assert rows(pairs, "numerator", "denominator", "recorded") == [[0, 1, 1]]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("N/A | Y | N", "Somebody is recorded as involved, yet the rest says that the question "
                        "does not apply."),
        ("Big I | N/A | n/a", "A level of involvement is given, yet the flags say that the "
                              "question does not apply."),
    ],
)  # fmt: skip
def test_who_is_involved_where_the_question_does_not_apply_is_set_aside(row, reason):
    head = "ID | Title | Group | Level of Involvement | SU involved | Carers involved"
    text = f"{head}\n1 | a | Goodall | {row}\n2 | b | Goodall | Big I | Y | Y"
    assert faults(text) == [["1", reason]]
    assert faults(text, SHIPPED) == []


def test_a_list_of_areas_that_does_not_apply_beside_an_area_with_people_is_set_aside():
    text = """
        ID | Title | Group   | Areas of Involvement | Area 1
        1  | a     | Goodall | N/A                  | Y
        2  | b     | Goodall | N/A                  | N
    """
    reason = "The list of areas and the areas' own columns contradict each other."
    assert faults(text) == [["1", reason]]


def test_elsewhere_it_is_a_blank():
    projects = register("""
        ID | Title | Group | Level of Involvement | Start | First Involved | Progress | Programme
        1  | a     | N/A   | Big I                | N/A   | n/a            | N/A      | N/A
    """).projects  # fmt: skip
    assert projects["directorate"].tolist() == ["Not recorded"]
    assert projects[["start_date", "first_involved_date", "progress_score"]].isna().all(axis=None)
    assert projects["programme"].tolist() == ["unknown"]


def test_reasons_take_an_exemption_that_does_not_apply_as_not_agreed():
    text = "ID|Title|Group|Level of Involvement|Exempt|Why not involved\n"
    own = register(f"{text}1|a|Goodall|No|N/A|N/A\n2|b|Goodall|No|Y|Deadline")
    reasons = qi.count_reasons(own.override(basis="started"))
    counted = reasons[["numerator", "agreed", "not_agreed", "not_recorded"]].sum().tolist()
    assert counted == [2, 1, 1, 0]
    assert reasons.set_index("reason").loc["none_stated", "numerator"] == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("# not_app", "not_app", "own.toml: 'n/a' stands under both 'not_recorded' and "
                                 "'not_applicable'."),
        (f"# not_applicable = [{WORDS}]", 'not_applicable = ["Planned"]',
         "own.toml: 'Planned' stands under both 'not_applicable' and 'levels.none'."),
        (f"# not_applicable = [{WORDS}]", 'not_applicable = ["Deadline"]',
         "own.toml: 'Deadline' stands under both 'not_applicable' and 'reasons.no_time'."),
        (f"# not_applicable = [{WORDS}]", 'not_applicable = ["No"]',
         "own.toml: 'No' stands under both 'no' and 'not_applicable'."),
        (f"# not_applicable = [{WORDS}]", "not_applicable = [1]",
         "own.toml: 'words.not_applicable' must be text; not 1."),
    ],
)  # fmt: skip
def test_a_word_that_means_another_thing_too_is_refused(old, new, message, tmp_path):
    assert old in SHIPPED
    (tmp_path / "own.toml").write_text(SHIPPED.replace(old, new), "utf-8")
    assert message in find_faults(tmp_path / "own.toml")


def test_the_dictionary_and_the_values_to_choose_from_have_it_only_where_it_is_listed():
    for given, has in ((LISTED, True), (SHIPPED, False)):
        own = profile(given)
        values = qi.data_dictionary(own).set_index("column")["values"]
        for column in ("carer_involved", "approach", "area_sharing"):
            assert values[column].endswith(", not_applicable") is has
        assert "not_applicable" not in values["status"]
        columns = {c.name: c for c in qi.profile.register_columns(own)}
        for name in ("carer_involved", "involvement_level"):
            assert ("n/a" in own.choices_of(columns[name])) is has
        assert "n/a" not in own.choices_of(columns["progress_score"])
