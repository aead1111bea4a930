"""Snapshots: a cleaned register kept whole."""

import dataclasses

import pandas as pd
import pytest
from conftest import table

import qi_analysis as qi

FRAMES = ("register", "quarantine", "identical_duplicates")


@pytest.mark.parametrize(
    "text",
    [
        """
        ID | Title         | Group   | Start      | Carers involved | Progress
        1  | Fewer falls   | Goodall | 01/04/2020 | yes             | 2.5
        1  | Fewer falls   | goodall | Apr-20     | Y               | 2,5
        2  | Shorter waits |         | 31/06/2020 | x               |
           | Joy in work   | Nowhere |            | no              |
        """,
        """
        ID | Title       | Group   | Carers involved
        1  | Fewer falls | Goodall | yes
        """,
        """
        ID | Title       | Group   | Carers involved
        1  | Fewer falls | Goodall | x
        2  | Fewer falls | Goodall | yes
        """,
    ],
    ids=["a bit of everything", "nothing set aside", "half set aside"],
)
def test_a_snapshot_gives_back_the_cleaned_register_whole(tmp_path, text):
    cleaned = qi.clean_register(table(text))
    qi.write_snapshot(cleaned, tmp_path / "register.parquet")
    again = qi.load_cleaned(tmp_path / "register.parquet")
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(cleaned, name))
    assert again.warnings == cleaned.warnings
    assert again.counts == cleaned.counts


def test_the_example_register_comes_back_whole(tmp_path, example):
    qi.write_snapshot(example, tmp_path / "register.parquet")
    again = qi.read_snapshot(str(tmp_path / "register.parquet"))
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(again, name), getattr(example, name))
    assert again.warnings == example.warnings
    assert again.counts == example.counts


def test_the_same_register_gives_the_same_bytes(tmp_path, example):
    for name in ("one", "two"):
        qi.write_snapshot(example, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_snapshot_takes_the_place_of_an_older_one(tmp_path, example):
    file = tmp_path / "register.parquet"
    qi.write_snapshot(example, file)
    qi.write_snapshot(dataclasses.replace(example, warnings=("Newer.",)), file)
    assert qi.read_snapshot(file).warnings == ("Newer.",)
    assert list(tmp_path.iterdir()) == [file]


def test_a_snapshot_that_cannot_be_written_leaves_nothing_behind(tmp_path, example):
    (tmp_path / "register.parquet").mkdir()
    with pytest.raises(OSError, match=r"register.parquet"):
        qi.write_snapshot(example, tmp_path / "register.parquet")
    unwritable = dataclasses.replace(example, register=pd.DataFrame({"mixed": [1, "a"]}))
    with pytest.raises(Exception, match="mixed"):
        qi.write_snapshot(unwritable, tmp_path / "other.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["register.parquet"]


@pytest.mark.parametrize("part", [0, 100, 0.5])
def test_a_damaged_snapshot_is_refused(tmp_path, example, part):
    file = tmp_path / "register.parquet"
    qi.write_snapshot(example, file)
    data = file.read_bytes()
    file.write_bytes(data[: int(part if part >= 1 else part * len(data))])
    with pytest.raises(
        qi.RegisterError, match=r"register.parquet cannot be read as Parquet: it is"
    ):
        qi.read_snapshot(file)


def test_another_parquet_file_is_refused(tmp_path):
    file = tmp_path / "beds.parquet"
    pd.DataFrame({"beds": [1]}).to_parquet(file)
    with pytest.raises(qi.RegisterError, match=r"beds.parquet is not a snapshot made by"):
        qi.load_cleaned(file)


def test_a_snapshot_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(
        qi.RegisterError, match=r"There is no file '.*none.parquet'. Check its name"
    ):
        qi.load_cleaned(tmp_path / "none.parquet")


def test_an_export_is_cleaned_as_it_is_loaded(tmp_path):
    file = tmp_path / "register.csv"
    file.write_text("ID,Title,Group,Carers involved\n1,Fewer falls,Goodall,Y\n")
    register = qi.load_cleaned(file).register
    assert register[["project_id", "carer_involved"]].to_numpy().tolist() == [["1", "yes"]]
