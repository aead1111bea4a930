"""The words that a profile does not know are told with their counts, refused or not."""

import pandas as pd
import pytest
from click.testing import CliRunner

import qi_analysis as qi
from qi_analysis.cleaning.pipeline import RegisterUnreadable
from qi_analysis.cleaning.result import summarise_unknown
from qi_analysis.cli import app
from qi_analysis.core.files import SHIPPED


def register(levels: str, **more: str) -> pd.DataFrame:
    """Return an export with a project for each of the levels, and of what else is asked."""
    columns = {"Level of Involvement": levels, **more}
    rows = {name: [cell.strip() for cell in cells.split(";")] for name, cells in columns.items()}
    n = len(rows["Level of Involvement"])
    plain = {"Project Title": [f"Falls {i}" for i in range(n)], "Group": ["Rehab"] * n}
    return pd.DataFrame({"ID": [f"A{i}" for i in range(n)], **plain, **rows}, dtype=str)


def check(folder, raw: pd.DataFrame, profile="cnwl", file="own.csv") -> tuple[int, list[str]]:
    """Run `check`; return its exit code and the lines it prints, each without double spaces."""
    path = folder / file
    raw.to_csv(path, index=False) if path.suffix == ".csv" else raw.to_excel(path, index=False)
    result = CliRunner().invoke(app, ["check", str(path), "--profile", str(profile)])
    return result.exit_code, [" ".join(line.split()) for line in result.output.splitlines()]


RUNGS = "Big I; Rung 3; Rung 4; Rung 3; Rung 2; Rung 3; Rung 4"
TOLD = ["involvement level Rung 3 3", "involvement level Rung 4 2", "involvement level Rung 2 1"]


@pytest.mark.parametrize("file", ["own.csv", "own.xlsx"])
def test_a_refused_register_tells_its_unknown_words_by_their_counts(tmp_path, file):
    code, lines = check(tmp_path, register(RUNGS), file=file)
    assert code == 2
    at = lines.index("Not known Word Rows")
    assert lines[at + 1 : at + 4] == TOLD
    sentence = " ".join(lines[at + 4 :])
    assert "6 of its 7 rows cannot be read" in sentence
    assert "(6 rows: 'Rung 3' (3), 'Rung 4' (2), 'Rung 2')" in sentence


def test_so_does_one_that_is_read(tmp_path):
    code, lines = check(tmp_path, register(RUNGS + "; Big I" * 9))
    assert code == 0
    at = lines.index("Not known Word Rows")
    assert lines[at + 1 : at + 4] == TOLD


def test_where_every_word_is_known_none_is_told(tmp_path):
    raw = register("Big I; Consulted; Big I", Start="1/4/2020; soon; 1/5/2020")
    code, lines = check(tmp_path, raw)
    assert code == 0
    assert "Set aside Why Rows" in lines
    assert "Not known Word Rows" not in lines


def test_words_of_every_kind_are_counted_and_known_ones_that_disagree_are_none():
    raw = register(
        "Big I; Big I; No involvement; Big I; Consulted; Consulted",
        **{"Service User Involved?": "Y; Perhaps; Y; Y; maybe; Y",
           "Status": "Live; Live; Live; Humming; Humming; Live"},
    )  # fmt: skip
    with pytest.raises(RegisterUnreadable, match=r"^The register cannot be used: 4 of") as refused:
        qi.clean_register(raw)
    unknown = summarise_unknown(refused.value.cleaned.quarantine, qi.load_profile())
    assert unknown.to_numpy().tolist() == [
        ["status", "Humming", 2],
        ["service_user_involved", "Perhaps", 1],
        ["service_user_involved", "maybe", 1],
    ]


def test_each_share_stands_under_its_own_heading_whatever_is_asked(tmp_path):
    raw = register("Big I; Big I", Start="1/4/2020; ")
    lines = check(tmp_path, raw)[1]
    at = lines.index("Recorded, by directorate Projects Involved Start")
    assert lines[at + 1] == "Rehabilitation 2 100% 50%"
    raw = register("Big I; Big I", **{"Carer Involved?": "Y; ", "Last Updated": "1/4/2020; "})
    lines = check(tmp_path, raw)[1]
    at = lines.index("Recorded, by directorate Projects Involved Carers Updated")
    assert lines[at + 1] == "Rehabilitation 2 100% 50% 50%"


def test_what_does_not_apply_is_told_apart_from_what_is_not_recorded(tmp_path):
    text = (SHIPPED / "cnwl.toml").read_text("utf-8")
    for word in ('"n/a", ', '"na", ', '"not applicable", '):
        text = text.replace(word, "", 1)
    text = text.replace("# not_applicable", "not_applicable")
    own = tmp_path / "own.toml"
    own.write_text(text, "utf-8")
    for levels, told in (
        ("Big I; n/a; ; Consulted", "The question does not apply to 1 project, which is not"),
        ("Big I; n/a; NA; ", "The question does not apply to 2 projects, which are not"),
    ):
        said = " ".join(check(tmp_path, register(levels), own)[1])
        assert "1 of 4 projects (25%) does not say how, or whether, people were involved." in said
        assert f"{told} among these." in said
    assert "does not apply" not in " ".join(check(tmp_path, register("Big I; ; "), own)[1])
