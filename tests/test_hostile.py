"""Every hostile file is read right, has rows set aside, or is refused: never silently wrong."""

import re

import hostile
import pytest

import qi_analysis as qi

FILES = hostile.all_files()


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
    faulty = raw[raw["source_fault"].notna()] if "source_fault" in raw else raw[:0]
    assert faulty.get("source_fault", faulty["source_file"]).str.fullmatch(r"[^\n]+\.").all()
    cleaned = qi.clean_register(raw)
    whole = cleaned.register[~cleaned.register["source_row"].isin(faulty["source_row"])]
    read = whole.assign(start_date=whole["start_date"].dt.strftime("%Y-%m-%d"))
    columns = ["project_id", "title", "directorate", "start_date", "approach"]
    assert [*read[columns].itertuples(index=False, name=None)] == [
        hostile.as_read(row) for row in case.accepted
    ]
    assert {*faulty["source_row"], *cleaned.quarantine["source_row"]} == {*case.aside}


def test_there_are_more_than_a_hundred_hostile_files_and_no_two_of_one_name():
    names = [case.name for case in FILES]
    assert len(names) == len(set(names)) >= 110
