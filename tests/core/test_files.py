"""Folders that one run locks, and files that are whole or not there."""

import os

import pytest

from qi_analysis.core.errors import FolderLocked
from qi_analysis.core.files import lock_folder, write_whole


def test_what_a_killed_run_left_half_made_is_removed_and_what_a_run_still_makes_is_not(tmp_path):
    (tmp_path / ".making-left").mkdir()
    (tmp_path / ".making-left" / "half.html").write_text("half", "utf-8")
    (tmp_path / ".making-half.csv-4711").write_text("half", "utf-8")
    with lock_folder(tmp_path) as private:
        assert list(tmp_path.glob(".making-*")) == [private]
        with pytest.raises(FolderLocked), lock_folder(tmp_path):
            pass
        assert private.is_dir()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["caf\u00e9\r\nand\n", b"\x00\xff\r\n"])
@pytest.mark.parametrize("apart", [True, False])
def test_a_file_is_written_as_it_is_given_in_place_of_an_earlier_one(content, apart, tmp_path):
    (tmp_path / "private").mkdir()
    file = tmp_path / "file"
    file.write_text("an earlier one", "utf-8")
    write_whole(file, content, tmp_path / "private" if apart else None)
    assert file.read_bytes() == (content if isinstance(content, bytes) else content.encode())
    assert sorted(os.listdir(tmp_path)) == ["file", "private"]
    assert os.listdir(tmp_path / "private") == []


def test_a_file_that_cannot_be_written_leaves_the_earlier_one_and_nothing_beside_it(tmp_path):
    (tmp_path / "file").mkdir()  # nothing can be moved into its place
    with pytest.raises(OSError, match="file"):
        write_whole(tmp_path / "file", "text")
    assert os.listdir(tmp_path) == ["file"]
    (tmp_path / "text").write_text("earlier", "utf-8")
    with pytest.raises(UnicodeEncodeError):
        write_whole(tmp_path / "text", "\ud800")
    assert (tmp_path / "text").read_text("utf-8") == "earlier"
