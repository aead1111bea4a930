"""Every hostile file is read right, has rows set aside, or is refused: never silently wrong."""

import re

import hostile
import pytest

import qi_analysis as qi

FILES = hostile.all_files()
CLEANED = {}  # many files hold the same cells


def clean(raw):
    """Clean a raw register, or return what came of the same cells."""
    cells = str(raw.drop(columns="source_file").to_dict("split"))
    if cells not in CLEANED:
        CLEANED[cells] = qi.clean_register(raw)
    return CLEANED[cells]


@pytest.mark.parametrize("case", FILES, ids=[case.name for case in FILES])
def test_a_hostile_file_is_never_silently_wrong(tmp_path, case):
    file = tmp_path / case.file
    file.write_bytes(case.data)
    if case.refused:
        with pytest.raises(qi.RegisterError, match=case.refused) as refusal:
            qi.read_register(file).pipe(qi.clean_register)
        assert re.fullmatch(r"[^\n]+\.", str(refusal.value)), "a sentence on one line"
        return
    raw = qi.read_register(file)
    assert re.search(case.warned, " ".join(raw.attrs["warnings"]))
    cleaned = clean(raw)
    read = cleaned.register
    read = read.assign(start_date=read["start_date"].dt.strftime("%Y-%m-%d"))
    columns = ["project_id", "title", "directorate", "start_date", "approach"]
    assert [*read[columns].itertuples(index=False, name=None)] == [
        hostile.as_read(row) for row in case.accepted
    ]
    assert {*cleaned.quarantine["source_row"]} == {*case.aside}
    assert cleaned.quarantine["reason"].str.fullmatch(r"[^\n]+\.").all()


def test_there_are_more_than_a_hundred_hostile_files_and_no_two_of_one_name():
    names = [case.name for case in FILES]
    assert len(names) == len(set(names)) >= 110
