"""Folders that one run locks, and files that are whole or not there."""

import os
import shutil

import pytest

from qi_analysis.core.errors import FolderLocked
from qi_analysis.core.files import lock_folder, write_whole


def killed(folder):
    """Leave what a killed run leaves: its locks' files, and its private folder."""
    with lock_folder(folder) as private:
        shutil.copytree(folder, folder.with_name("kept"))
    shutil.copytree(folder.with_name("kept"), folder, dirs_exist_ok=True)
    shutil.rmtree(folder.with_name("kept"))
    (private / "half.html").write_text("half", "utf-8")
    return private


def test_what_a_killed_run_left_half_made_is_removed_and_what_a_run_still_makes_is_not(tmp_path):
    folder = tmp_path / "out"
    left = killed(folder)
    with lock_folder(folder) as private:
        assert not left.exists()
        assert list(folder.glob(".making-*")) == [private]
        said = rf"^Another run, process {os.getpid()}, has held '{folder}' since [^.\n]*\. Wait"
        with pytest.raises(FolderLocked, match=said), lock_folder(folder):
            pass
        assert private.is_dir()
    assert not folder.exists() or list(folder.iterdir()) == []


@pytest.mark.parametrize("run", ["no run", "a killed run"])
def test_nothing_is_removed_but_the_folder_that_a_killed_run_wrote_down(run, tmp_path):
    folder, others = tmp_path / "out", ["mine", "abcd1234", "0123abcd-mine", "0123abcd-abcd_123"]
    (folder / ".making-").mkdir(parents=True)
    left = killed(folder) if run == "a killed run" else None
    for name in others:
        (folder / f".making-{name}").mkdir()
        (folder / f".making-{name}" / "thesis.txt").write_text("of somebody", "utf-8")
    (folder / ".making-file").touch()
    (folder / ".making-link").symlink_to(tmp_path)
    if left:  # what it made is another's link by now
        shutil.rmtree(left)
        left.symlink_to(folder / ".making-mine")
    before = {path for path in folder.rglob("*") if path.name not in (".lock", ".holder")}
    with lock_folder(folder):
        pass
    assert set(folder.rglob("*")) == before


def test_a_folder_in_the_place_of_one_moved_away_is_left_with_all_that_is_in_it(tmp_path):
    folder, moved = tmp_path / "out", tmp_path / "moved"
    with lock_folder(folder):
        folder.rename(moved)
        folder.mkdir()
    assert os.listdir(folder) == []
    with lock_folder(moved):  # it ended as one that is killed does
        folder.rmdir()
        killed(folder)
        before = sorted(os.listdir(folder))
        moved.rename(tmp_path / "again")
        folder.rename(moved)
    assert sorted(os.listdir(moved)) == before
    with lock_folder(tmp_path / "again"):
        assert len(list((tmp_path / "again").glob(".making-*"))) == 1
    assert os.listdir(tmp_path / "again") == []


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
