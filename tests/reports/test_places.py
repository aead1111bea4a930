"""What stands where a run reads or writes: nothing is waited for, followed, replaced or touched.

Real pipes, sockets, devices, links and databases; strace has a drive answer that it has no locks.
"""

import contextlib
import errno
import os
import re
import resource
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from itertools import product
from pathlib import Path

import nbformat
import pandas as pd
import pyarrow as pa
import pytest
from conftest import SOAK, some
from processes import (
    REGISTER,
    Runs,
    command,
    disk,
    file_hashes,
    linux,
    wait_until,
    write_notebook,
)

import qi_analysis as qi
from qi_analysis.core.errors import OptionError
from qi_analysis.core.files import EXAMPLE
from qi_analysis.execution.notebook import type_parameters
from qi_analysis.reports.internal import NAMES
from qi_analysis.terminal import STOPPED, errors_as_sentences

pytestmark = [pytest.mark.usefixtures("one_engine"), linux]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def endpoint(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as ours:
        here = os.getcwd()
        os.chdir(path.parent)  # a socket's path is short
        ours.bind(path.name)
        os.chdir(here)


def device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("no device can be made here")


def link(path: Path) -> None:
    elsewhere = path.parent / "elsewhere"
    elsewhere.write_text("another's\n", "utf-8")
    path.symlink_to(elsewhere)


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def folder(path: Path) -> None:
    path.mkdir()


KINDS = {
    "a pipe": pipe, "a socket": endpoint, "a device": device, "a link": link,
    "a link to nothing": dangling, "a link to itself": loop, "a folder": folder,
}  # fmt: skip


def said(kind: str) -> str:
    return " ".join(kind.split()[:2])


def facts(path: Path) -> tuple:
    """Return what tells whether a place was touched."""
    found = path.lstat()
    content = path.read_bytes() if stat.S_ISREG(found.st_mode) else b""
    return found.st_mode, found.st_ino, found.st_mtime_ns, content


def tree(root: Path) -> dict[str, tuple]:
    return {str(path.relative_to(root)): facts(path) for path in root.rglob("*")}


@pytest.fixture
def runs(tmp_path) -> Runs:
    return Runs(tmp_path)


# --- where a notebook's result belongs ----------------------------------------------------------


@pytest.fixture
def one_notebook(engine, monkeypatch):
    """Run notebooks too by the engine of all tests."""
    ready = contextlib.nullcontext(engine)
    monkeypatch.setattr("qi_analysis.execution.engine.start_engine", lambda *_, **__: ready)


@pytest.mark.parametrize("kind", KINDS)
def test_a_notebook_is_written_to_a_plain_file_only(kind, tmp_path):
    source, out = write_notebook(tmp_path / "in.ipynb", "1 + 1"), tmp_path / "out.ipynb"
    KINDS[kind](out)
    before = tree(tmp_path)
    done = command("run-notebook", source, out)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"'{out}' is {said(kind)}, and only a plain file is written there; it was left as it is. "
        "Remove it, or give another name or folder.\n"
    )
    assert tree(tmp_path) == before


@pytest.mark.usefixtures("one_notebook")
def test_what_is_no_notebook_or_was_changed_meanwhile_is_not_replaced_by_one(tmp_path, monkeypatch):
    source, out = write_notebook(tmp_path / "in.ipynb", "1 + 1"), tmp_path / "register.csv"
    out.write_text(REGISTER, "utf-8")
    done = command("run-notebook", source, out)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"'{out}' is no result of a run, and one would replace it; it was left as it is. Remove "
        "it, or give another name.\n"
    )
    assert out.read_text("utf-8") == REGISTER
    edits = (
        f"__import__('pathlib').Path({str(tmp_path)!r}, 'notebooks/own.ipynb').write_text('{{}}')"
    )
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "profile.toml").write_text("", "utf-8")
    own = write_notebook(tmp_path / "notebooks" / "own.ipynb", edits)
    done = command("run-notebook", own, own)
    assert done.returncode == 1
    assert done.stderr == (
        f"Every cell ran, but '{own}' was changed meanwhile, and was left so. Run again.\n"
    )
    assert own.read_text("utf-8") == "{}"
    write_notebook(own, edits)
    monkeypatch.chdir(tmp_path)
    done = command("notebooks")
    assert done.returncode == 1
    assert done.stderr == "own.ipynb was changed while it ran, and was left so. Run again.\n"
    assert own.read_text("utf-8") == "{}"


@pytest.mark.usefixtures("one_notebook")
def test_a_result_of_a_run_is_replaced_and_no_notebook_that_somebody_wrote(tmp_path):
    source, out = write_notebook(tmp_path / "in.ipynb", "n = 1", "n + 1"), tmp_path / "out.ipynb"
    written = write_notebook(out, "n = 1", "n + 2").read_bytes()
    done = command("run-notebook", source, out)
    assert done.returncode == 2
    assert f"'{out}' is no result of a run, and one would replace it; it was left" in done.stderr
    assert out.read_bytes() == written
    papermill = {"papermill": {"parameters": {}, "exception": None}}
    write_notebook(out, "n + 2", **papermill)
    assert command("run-notebook", source, out).returncode == 0
    write_notebook(source, "n = 1", "n + 3")  # and a later run of another version
    assert command("run-notebook", source, out).returncode == 0
    assert nbformat.read(out, 4).cells[1].outputs[0].data == {"text/plain": "4"}
    nbformat.write(
        notebook := nbformat.read(source, 4), out
    )  # as it was made by 0.2.0, without marks
    assert command("run-notebook", source, out).returncode == 0
    notebook.cells[0].metadata["tags"] = ["injected-parameters"]
    notebook.cells[0].source = "n = 7"
    nbformat.write(notebook, out)
    assert command("run-notebook", source, out).returncode == 0
    write_notebook(source, "1 + 1")
    assert nbformat.read(out, 4).metadata["papermill"] == {"parameters": {}}
    assert command("run-notebook", source, source).returncode == 0  # in its own place
    done = command("run-notebook", out, source)  # it is still somebody's
    assert (done.returncode, "no result of a run" in done.stderr) == (2, True)


@pytest.mark.parametrize("place", ["/dev/null", "/dev/full", "/dev/stdout", "/dev/zero", ".", "/"])
def test_no_device_or_folder_of_the_machine_is_replaced_by_a_notebook(place, tmp_path):
    source, before = write_notebook(tmp_path / "in.ipynb", "1 + 1"), facts(Path(place))[:2]
    done = command("run-notebook", source, place)
    assert done.returncode == 2
    assert ", and only a plain file is written there; it was left as it is." in done.stderr
    assert facts(Path(place))[:2] == before


@pytest.mark.parametrize("name", ["n" * 256, "n" * 5000, "é" * 128, "n" * 250 + ".ipynb"])
def test_a_name_that_no_file_can_have_is_refused_before_a_cell_runs(name, tmp_path):
    source = write_notebook(tmp_path / "in.ipynb", "1 / 0")
    done = command("run-notebook", source, tmp_path / name)
    assert done.returncode == 2
    assert done.stderr.endswith("' cannot be written: File name too long. Give another name.\n")
    done = command("run-notebook", source, tmp_path / name / "out.ipynb")
    assert done.returncode == 2
    assert done.stderr.startswith("There is no folder '")


def test_a_place_where_nothing_can_be_written_is_refused_before_a_cell_runs(tmp_path):
    done = command("run-notebook", write_notebook(tmp_path / "in.ipynb", "1 / 0"), "/proc/o.ipynb")
    assert done.returncode == 2
    assert done.stderr.startswith("Nothing can be written to '/proc': ")
    assert done.stderr.endswith(". Give another folder.\n")


@pytest.mark.usefixtures("one_notebook")
def test_the_longest_name_that_a_file_can_have_is_written(tmp_path):
    name = "日" * 83 + ".ipynb"
    done = command("run-notebook", write_notebook(tmp_path / "in.ipynb", "1 + 1"), tmp_path / name)
    assert done.returncode == 0, done.stderr
    assert sorted(os.listdir(tmp_path)) == sorted(["in.ipynb", name])


# --- where a run's files belong -----------------------------------------------------------------

FILES = ["run.log", "run.json", "index.html", "easy.html", ".lock", ".holder"]


NO_FILES = [kind for kind in KINDS if kind != "a folder"]
EACH = [*product(NO_FILES, FILES)]


# Each kind and each name at least once.
@pytest.mark.parametrize(("kind", "name"), some(EACH, *EACH[::7], *EACH[3::7]))
def test_a_run_writes_in_the_place_of_plain_files_only(kind, name, runs):
    runs.out.mkdir()
    KINDS[kind](runs.out / name)
    before = tree(runs.out)
    done = runs.run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"'{runs.out / name}' is {said(kind)}, and only a plain file is written there; it was left "
        "as it is. Remove it, or give another name or folder.\n"
    )
    assert tree(runs.out) == before


OTHERS = ["index.html", "run.json", "run.log", "trust.html", "trust.xlsx", "data/findings.csv",
          "data/areas.csv", "directorates/addictions.html", "directorates/addictions.ipynb",
          "directorates/addictions.pdf"]  # fmt: skip


def test_what_is_somebody_elses_is_not_replaced_and_no_snapshot_is_kept_of_such_a_run(runs):
    for name in OTHERS:
        (runs.out / name).parent.mkdir(parents=True, exist_ok=True)
        (runs.out / name).write_text("of another program", "utf-8")
        done = runs.run()
        assert (done.returncode, done.stdout) == (2, ""), name
        assert done.stderr == (
            f"'{runs.out}' holds '{name}', which no run made and this one would replace; nothing "
            "was written. Move it elsewhere, or give another folder with --out.\n"
        )
        assert file_hashes(runs.out).keys() == {name}
        assert (runs.out / name).read_text("utf-8") == "of another program"
        assert not (runs.home / "snapshots").exists()
        (runs.out / name).unlink()
    for name in ("directorates/other.html", "data/notes.csv"):
        (runs.out / name).write_text("of another program", "utf-8")
    assert runs.run().returncode == 0
    assert (runs.out / "directorates" / "other.html").is_file()
    assert (runs.out / "data" / "notes.csv").is_file()
    assert {f"data/{path.stem}.csv" for path in runs.out.glob("data/*")} - {"data/notes.csv"} == {
        name for name in NAMES if name.startswith("data/")
    }
    page = runs.out / "directorates" / "addictions.html"
    page.write_text("of another program", "utf-8")
    assert runs.run("--directorate", "Rehabilitation").returncode == 0
    done = runs.run()  # the record no longer lists it
    assert done.returncode == 2
    assert "' holds 'directorates/addictions.html', which no run made" in done.stderr
    assert page.read_text("utf-8") == "of another program"


KILLED = """
import os, sys
def end(name, args):
    if name == "os.rename" and str(args[1]).endswith("/trust.html"):
        os.kill(os.getpid(), 9)
sys.addaudithook(end)
"""


def test_a_first_run_that_was_killed_before_its_first_page_stood_goes_on(runs):
    runs.hook = KILLED
    assert runs.run_alone("--directorate", "Addictions").returncode == -9
    assert {path.name for path in runs.out.glob("trust.*")} == {"trust.ipynb", "trust.xlsx"}
    assert not (runs.out / "run.json").exists()
    done = runs.run("--directorate", "Addictions")
    assert done.returncode == 0, done.stderr
    (runs.out / "run.json").unlink()  # as if it were killed before that
    page = runs.out / "directorates" / "addictions.html"
    assert runs.run("--directorate", "Addictions").returncode == 0
    os.truncate(page, 2000)  # the record lists it, so that it goes with its directorate
    runs.register.write_text(REGISTER.replace("Addictions", "Rehab"), "utf-8")
    assert runs.run().returncode == 0
    assert not list(runs.out.glob("directorates/addictions.*"))


@pytest.mark.parametrize("place", ["out", "out/data", "link", "exports"])
def test_snapshots_are_not_put_among_reports_or_exports(place, runs):
    (runs.home / "exports").mkdir()
    shutil.copy(runs.register, runs.home / "exports" / "register_2020-04-03.csv")
    runs.register = runs.home / "exports"
    runs.out.mkdir()
    (runs.home / "link").symlink_to(runs.out)
    before, kept = tree(runs.home), runs.home / place
    what = "exports" if place == "exports" else "reports"
    for verb, words in (("report", []), ("schedule", ["cron"]), ("clean", [])):
        if verb != "clean" or place == "exports":
            given = [*words, runs.register, "--out", runs.out, "--snapshots", kept]
            done = command(verb, *given)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == (
                f"'{kept}' is the folder of the {what}, and snapshots go into one of their own; "
                "nothing was written. Give another: --snapshots FOLDER.\n"
            )
    assert tree(runs.home) == before


@pytest.mark.parametrize("name", ["data", "directorates"])
@pytest.mark.parametrize("kind", ["a link", "a file"])
def test_what_stands_where_a_folder_of_reports_belongs_is_left_and_told_at_once(kind, name, runs):
    runs.out.mkdir()
    (runs.home / "elsewhere").mkdir()
    if kind == "a link":
        (runs.out / name).symlink_to(runs.home / "elsewhere")
    else:
        (runs.out / name).touch()
    before = tree(runs.home)
    done = runs.run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"'{runs.out / name}' is {kind}, and a folder of the reports belongs there; nothing was "
        "written. Move it elsewhere, or give another folder with --out.\n"
    )
    after = tree(runs.home)
    for each in (before, after):
        each.pop("out")  # its time changes as it is locked
    assert after == before


def test_reports_and_snapshots_do_not_come_to_stand_in_one_folder_by_two_runs(runs):
    kept, apart = runs.out / "kept", runs.home / "apart"
    assert runs.run("--directorate", "Rehabilitation", snapshots=kept).returncode == 0
    assert runs.run("--directorate", "Addictions", snapshots=kept).returncode == 0
    before = file_hashes(runs.home)
    for verb, words in (("report", []), ("schedule", ["cron"])):
        done = command(verb, *words, runs.register, "--out", kept, "--snapshots", apart)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"'{kept}' holds snapshots of a register, and reports go into a folder of their own; "
            "nothing was written. Give another with --out, or move the snapshots elsewhere.\n"
        )
    done = command("report", runs.register, "--audience", "public", "--out", kept)
    assert done.returncode == 2
    assert f"'{kept}' holds files that are not public" in done.stderr
    for verb in ("report", "clean"):
        done = command(verb, runs.register, "--out", apart, "--snapshots", runs.out)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"'{runs.out}' is the folder of the reports, and snapshots go into one of their own; "
            "nothing was written. Give another: --snapshots FOLDER.\n"
        )
    assert file_hashes(runs.home) == before


@pytest.mark.parametrize("kind", ["a pipe", "a link"])
def test_a_report_is_not_published_through_or_over_what_is_no_file_and_the_others_are(kind, runs):
    (runs.out / "directorates").mkdir(parents=True)
    page = runs.out / "directorates" / "addictions.html"
    KINDS[kind](page)
    before = facts(page)
    done = runs.run()
    assert done.returncode == 1
    assert done.stderr == (
        f"Failed: Addictions. It could not be published: addictions.html is {kind}.\n"
    )
    assert facts(page) == before
    assert runs.statuses() == {"published": 2, "failed": 1}


CLEANED = ["register.parquet", "cleaning.json", "quarantine.csv"]
INSTEAD = [*product(["a pipe", "a link", "a folder"], CLEANED)]


@pytest.mark.parametrize(("kind", "name"), some(INSTEAD, *INSTEAD[::4]))
def test_what_clean_writes_is_no_link_and_no_pipe_either(kind, name, runs):
    runs.out.mkdir()
    KINDS[kind](runs.out / name)
    before = tree(runs.out)
    done = command("clean", runs.register, "--out", runs.out, "--snapshots", runs.home / "kept")
    assert done.returncode == 2
    assert f"'{runs.out / name}' is {kind}, and only a plain file is written" in done.stderr
    assert tree(runs.out) == before


@pytest.mark.parametrize(
    "name", ["register.parquet", "cleaning.json", "quarantine.csv", "quarantine.xlsx"]
)
def test_clean_replaces_what_it_wrote_itself_and_nothing_else(name, runs):
    runs.out.mkdir()
    words = ["clean", runs.register, "--out", runs.out, "--snapshots", runs.home / "kept"]
    others = [b"of another program", b'{"rows": 3}', b"bed,reason\n1,none\n", parquet(runs.home)]
    for content in others:
        (runs.out / name).write_bytes(content)
        done = command(*words)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"'{runs.out}' holds '{name}', which `qi-analysis clean` did not make and would "
            "replace; nothing was written. Move it elsewhere, or give another folder with --out.\n"
        )
        assert os.listdir(runs.out) == [name]
        assert (runs.out / name).read_bytes() == content
        assert not (runs.home / "kept").exists()
    (runs.out / name).write_bytes(b"")  # as after the machine stopped
    for _ in range(2):
        done = command(*words)
        assert done.returncode == 0, done.stderr


def parquet(folder: Path) -> bytes:
    """Return the content of a Parquet file of another program."""
    pd.DataFrame({"beds": [1]}).to_parquet(folder / "beds.parquet")
    return (folder / "beds.parquet").read_bytes()


def test_another_programs_lock_is_not_taken(runs):
    runs.out.mkdir()
    for name in (".lock", ".holder"):
        (runs.out / name).write_text("held by the editor", "utf-8")
        before = tree(runs.out)
        done = runs.run()
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"'{runs.out / name}' is of another program, and a run's own would replace it; it was "
            "left as it is. Move it elsewhere, or give another folder with --out.\n"
        )
        assert tree(runs.out) == before
        (runs.out / name).unlink()


@pytest.mark.parametrize("kind", KINDS)
def test_a_snapshot_is_kept_in_a_plain_file_only(kind, runs):
    kept = runs.home / "snapshots"
    kept.mkdir()
    KINDS[kind](kept / "2020-04-03.parquet")
    before = tree(kept)
    done = runs.run()
    assert done.returncode == 2
    assert f"2020-04-03.parquet' is {said(kind)}, and only a plain file is written" in done.stderr
    assert tree(kept) == before


@pytest.mark.parametrize("kind", ["a pipe", "a folder"])
def test_an_earlier_snapshot_that_is_no_file_is_not_waited_for(kind, runs):
    kept = runs.home / "snapshots"
    kept.mkdir()
    KINDS[kind](kept / "2019-01-01.parquet")
    assert qi.snapshots.list_snapshots(kept)["projects"].isna().all()
    done = runs.run("--directorate", "Addictions")
    assert done.returncode == 0, done.stderr
    assert "are not told." in " ".join(done.stdout.split())


# --- what is read -------------------------------------------------------------------------------


REGISTERS = ["r.csv", "r.xlsx", "r.ods", "r.xls", "2020-01-01.parquet"]
GIVEN = [*product(["check", "report", "clean"], ["a pipe", "a socket", "a device"], REGISTERS)]


# Each kind of file with each command.
@pytest.mark.parametrize(("verb", "kind", "name"), some(GIVEN, *GIVEN[::4]))
def test_a_register_that_is_no_file_is_refused_and_not_waited_for(verb, kind, name, runs):
    KINDS[kind](runs.home / name)
    out = [] if verb == "check" else ["--out", runs.out, "--snapshots", runs.home / "snapshots"]
    done = command(verb, runs.home / name, *out)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"'{runs.home / name}' is {kind}, and only a file is read. Save it as a file, and give "
        "that.\n"
    )
    assert not runs.out.exists()


def test_a_pipe_among_the_exports_of_a_folder_is_passed_over(runs):
    exports = runs.home / "exports"
    exports.mkdir()
    shutil.copy(runs.register, exports / "register_2020-04-03.csv")
    pipe(exports / "register_2020-05-03.csv")
    raw = qi.read_register(exports)
    assert raw.attrs["snapshot_date"] == "2020-04-03"


def test_a_register_may_be_a_link_to_a_file(runs):
    (runs.home / "latest.csv").symlink_to(runs.register)
    assert len(qi.read_register(runs.home / "latest.csv")) == 2


@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a device", "a folder"])
def test_a_database_that_is_no_file_is_refused_and_not_waited_for(kind, tmp_path):
    KINDS[kind](tmp_path / "qi.db")
    with pytest.raises(qi.RegisterError, match=rf"^'qi\.db' is {kind}, and no SQLite file\."):
        qi.read_register(f"sqlite:///{tmp_path}/qi.db", table="projects")


# --- databases ----------------------------------------------------------------------------------


def write_database(path: Path, mode: str) -> sqlite3.Connection:
    """Write a register as a database in a mode of keeping its journal, and leave it open."""
    database = sqlite3.connect(path)
    database.execute(f"PRAGMA journal_mode = {mode}")
    database.execute("CREATE TABLE projects (ID TEXT, Title TEXT, 'Group' TEXT)")
    database.execute("INSERT INTO projects VALUES ('1', 'Fewer falls', 'Rehab')")
    database.commit()
    return database


def titles(path: Path) -> list[str]:
    return qi.read_register(f"sqlite:///{path}", table="projects")["Title"].tolist()


@pytest.mark.parametrize("mode", ["DELETE", "TRUNCATE", "PERSIST", "MEMORY", "WAL"])
def test_a_database_is_left_byte_for_byte_as_it_was(mode, tmp_path):
    write_database(tmp_path / "qi.db", mode).close()
    before = tree(tmp_path)
    assert titles(tmp_path / "qi.db") == ["Fewer falls"]
    assert tree(tmp_path) == before


def test_a_database_that_somebody_is_writing_to_is_read_with_what_is_in_its_log(tmp_path):
    with closing(write_database(tmp_path / "qi.db", "WAL")) as database:
        database.execute("INSERT INTO projects VALUES ('2', 'Shorter waits', 'Rehab')")
        database.commit()
        database.execute("INSERT INTO projects VALUES ('3', 'Not sure yet', 'Rehab')")
        before = file_hashes(tmp_path)
        assert set(before) == {"qi.db", "qi.db-wal", "qi.db-shm"}
        assert titles(tmp_path / "qi.db") == ["Fewer falls", "Shorter waits"]
        assert file_hashes(tmp_path) == before
        database.commit()
        assert titles(tmp_path / "qi.db")[-1] == "Not sure yet"


@pytest.mark.parametrize("parts", [["-wal", "-shm"], ["-wal"]])
def test_a_log_that_a_killed_program_or_a_copy_left_is_read_and_stays(parts, tmp_path):
    (tmp_path / "theirs").mkdir()
    with closing(write_database(tmp_path / "theirs" / "qi.db", "WAL")):
        for part in ["", *parts]:
            shutil.copy(tmp_path / "theirs" / f"qi.db{part}", tmp_path)
    before = tree(tmp_path)
    assert titles(tmp_path / "qi.db") == ["Fewer falls"]
    assert tree(tmp_path) == before


def test_a_database_in_a_folder_that_is_read_only_is_read(tmp_path):
    write_database(tmp_path / "qi.db", "WAL").close()
    with disk(tmp_path / "disk", "size=2m") as small:
        shutil.copy(tmp_path / "qi.db", small)
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        assert titles(small / "qi.db") == ["Fewer falls"]


def test_the_name_of_a_database_may_hold_what_a_uri_gives_a_meaning(tmp_path):
    path = tmp_path / "a b#c's é.db"
    write_database(path, "WAL").close()
    before = tree(tmp_path)
    assert titles(path) == ["Fewer falls"]
    assert tree(tmp_path) == before


def test_a_database_that_changes_while_it_is_read_is_refused(tmp_path):
    from qi_analysis.reading.tables import _untouched

    with closing(write_database(tmp_path / "qi.db", "WAL")) as database:
        database.execute("INSERT INTO projects VALUES ('2', 'Shorter waits', 'Rehab')")
        with (
            pytest.raises(qi.RegisterError, match=r"^It was changed while it was read\. Run again"),
            _untouched(tmp_path / "qi.db", "It"),
        ):
            database.commit()


# --- locks --------------------------------------------------------------------------------------

STRACE = shutil.which("strace")
needs_strace = pytest.mark.skipif(
    STRACE is None and "QI_NEEDS_STRACE" not in os.environ,
    reason="strace is not installed here: apt-get install strace",
)


def without_locks(error: str, *words) -> subprocess.CompletedProcess:
    """Run Python where every lock is answered by an error."""
    inject = [STRACE, "-f", "-qq", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=flock",
              "-e", f"inject=flock:error={error}"]  # fmt: skip
    program = [*inject, sys.executable, *words]
    return subprocess.run([*map(str, program)], capture_output=True, text=True, check=False)


LOCK_ALONE = """
import sys
from pathlib import Path
from qi_analysis.core.files import lock_folder
from qi_analysis.terminal import errors_as_sentences
with errors_as_sentences(), lock_folder(Path(sys.argv[1])):
    print("locked")
"""


@needs_strace
@pytest.mark.parametrize(
    ("verb", "error", "words"),
    [("report", "ENOLCK", "No locks available"), ("", "EINVAL", "Invalid argument"),
     ("", "EOPNOTSUPP", "Operation not supported")],
)  # fmt: skip
def test_a_drive_without_locks_is_said_in_a_sentence_and_no_lock_is_left(verb, error, words, runs):
    options = [verb, runs.register, "--out", runs.out, "--snapshots", runs.home / "snapshots"]
    alone = ["-c", LOCK_ALONE, runs.out]
    done = without_locks(error, *(["-m", "qi_analysis.cli", *options] if verb else alone))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"'{runs.out}' cannot be locked for one run: {words}. Its drive, perhaps one of the "
        "network, has no locks. Give a folder on another with --out, and copy it there.\n"
    )
    assert not runs.out.exists()


@needs_strace
def test_a_system_that_knows_no_locks_at_all_has_one_of_another_kind(runs):
    options = ["--out", runs.out, "--snapshots", runs.home / "snapshots"]
    words = ["-m", "qi_analysis.cli", "clean", runs.register, *options]
    done = without_locks("ENOSYS", *words)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in runs.out.glob(".*")] == [".written"]
    assert (runs.out / "register.parquet").is_file()


# --- what is left behind ------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["report", "run-notebook"])
def test_a_run_that_is_stopped_at_its_start_leaves_nothing(verb, runs):
    """At any moment of the first second: as it starts, locks, reads, and makes its engine ready."""
    temporary = runs.home / "tmp"
    temporary.mkdir()
    notebook = write_notebook(runs.home / "in.ipynb", "import time; time.sleep(60)")
    words = [notebook, runs.home / "out.ipynb"] if verb == "run-notebook" else runs.words()[1:]
    program = [*map(str, [sys.executable, "-m", "qi_analysis.cli", verb, *words])]
    moments = (0.1, 0.3, 0.45, 0.6, 0.8, 1.2)
    for moment in moments if SOAK else moments[verb == "report" :: 2]:
        run = subprocess.Popen(program, cwd=runs.home, env={**os.environ, "TMPDIR": str(temporary)},
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        time.sleep(moment)
        run.terminate()
        assert run.wait(20) in (143, -15, 0)
        assert wait_until(lambda: not os.listdir(temporary), 5), (moment, os.listdir(temporary))
        assert not list(runs.out.glob(".*"))


PROBED = """
import os, signal, sys, time
home = os.environ["TMPDIR"]
def note(name, args):
    if name == "os.remove" and os.path.dirname(str(args[0])) == home:
        with open(home + ".log", "a") as log:
            log.write(f"{os.getpid()}\\n")
        if "QI_STOP" in os.environ:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(float(os.environ["QI_STOP"]))
sys.addaudithook(note)
"""


@pytest.mark.parametrize("seconds", [0, 60])
def test_the_file_by_which_python_tries_its_temporary_folder_is_removed_whatever_happens(
    seconds, runs
):
    """A command that is stopped just then removes it, in good time."""
    (runs.home / "sitecustomize.py").write_text(PROBED, "utf-8")
    temporary = runs.home / "tmp"
    temporary.mkdir()
    runs.env = {"PYTHONPATH": str(runs.home), "TMPDIR": str(temporary)}
    runs.env["QI_STOP"] = str(seconds)
    began = time.monotonic()
    done = runs.run_alone("--force")
    assert done.returncode == 143
    assert time.monotonic() - began < 20
    assert not list(runs.out.glob(".*"))
    if not seconds:  # else what hangs is left as it is
        assert done.stderr.startswith(STOPPED.decode())
        assert os.listdir(temporary) == []


EXHAUSTED = """
import resource
from pathlib import Path
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))
from qi_analysis.core.files import lock_folder
from qi_analysis.terminal import errors_as_sentences
with errors_as_sentences(), lock_folder(Path("out")) as private:
    (private / "directorates").mkdir()
    files = [open(private / "directorates" / f"{i}.html", "w") for i in range(1000)]
"""
TOO_FEW = (
    "Too few files may be open at once here. Allow more, such as with `ulimit -n 1024`, and run "
    "again."
)


def test_where_too_few_files_or_too_little_memory_is_allowed_nothing_is_left_and_what_to_do_is_said(
    runs,
):
    runs.first = ["sh", "-c", 'ulimit -n 12; exec "$@"', "sh"]
    done = runs.run_alone()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"{TOO_FEW}\n0 programs started\n"
    for kind, least in (("v", 921_600), ("d", 460_800)):  # with less, OpenBLAS tries for ever
        runs.first = ["sh", "-c", f'ulimit -{kind} 400000; exec "$@"', "sh"]
        done = runs.run_alone()
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"A process may take 400,000 kB of memory here (ulimit -{kind}), and this command "
            f"needs {least:,}. Allow more, such as with `ulimit -{kind} {least}`, and run again.\n"
            "0 programs started\n"
        )
    assert not runs.out.exists()
    program = [sys.executable, "-c", EXHAUSTED]
    done = subprocess.run(program, cwd=runs.home, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == f"{TOO_FEW} What was written before stays.\n"
    assert not runs.out.exists()


BROWSERS = {
    "nothing": ":",
    "an empty file": ': > "$pdf"',
    "a page that tells of an error": 'echo "<html>Error 500</html>" > "$pdf"',
    "a PDF without its end": r'printf "%%PDF-1.4\n1 0 obj" > "$pdf"',
    "a PDF after something else": r'printf "warning\n%%PDF-1.4\n%%%%EOF\n" > "$pdf"',
    "zeros": 'head -c 5000 /dev/zero > "$pdf"',
}


@pytest.mark.parametrize("printed", BROWSERS)
def test_a_browser_that_prints_no_whole_pdf_fails_the_report(printed, tmp_path):
    from qi_analysis.reports.build import print_page

    browser, page = tmp_path / "browser", tmp_path / "page.html"
    page.write_text("<p>A page", "utf-8")
    browser.write_text(
        "#!/bin/sh\nfor word; do case $word in --print-to-pdf=*) pdf=${word#*=};; esac; done\n"
        f"{BROWSERS[printed]}\n", "utf-8",
    )  # fmt: skip
    browser.chmod(0o700)
    with pytest.raises(OSError, match="the browser printed no whole PDF"):
        print_page(str(browser), page)


def test_a_report_whose_pdf_is_not_whole_is_not_published_and_the_last_one_stays(runs, monkeypatch):
    assert runs.run("--directorate", "Addictions").returncode == 0
    before = file_hashes(runs.out / "directorates")
    browser = runs.home / "chromium"
    browser.write_text("#!/bin/sh\n", "utf-8")
    browser.chmod(0o700)
    monkeypatch.setenv("PATH", f"{runs.home}:{os.environ['PATH']}")
    done = runs.run("--pdf", "--directorate", "Addictions")
    assert done.returncode == 1
    assert "Addictions. It could not be published: the browser printed no whole PDF.\n" in (
        done.stderr
    )
    assert file_hashes(runs.out / "directorates") == before


# --- days ---------------------------------------------------------------------------------------


OUT_OF_REASON = ["9999-12-31", "0001-01-01", "1899-12-31", "2200-01-01"]
DAYS = [*product(["report", "check", "clean"], OUT_OF_REASON)]


@pytest.mark.parametrize(("verb", "day"), some(DAYS, *DAYS[::5], DAYS[7]))
def test_a_day_out_of_reason_is_refused_in_a_sentence(verb, day, runs):
    out = [] if verb == "check" else ["--out", runs.out]
    done = command(verb, runs.register, "--as-of", day, *out)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("`as_of` must lie ")
    assert done.stderr.count("\n") == 1
    with pytest.raises(OptionError, match=r"^`as_of` must lie in the years 1900 to 2199"):
        qi.load_register(runs.register, as_of=day)


def test_a_day_to_come_is_warned_of_by_whatever_says_it(runs, monkeypatch):
    monkeypatch.chdir(runs.home)  # where the templates are small
    named = runs.home / "register_2099-01-01.csv"
    shutil.copy(runs.register, named)
    exports = runs.home / "exports"
    exports.mkdir()
    shutil.copy(named, exports)
    above = runs.home / "above.csv"
    above.write_text(f"Extracted on 01/01/2099\n{REGISTER}", "utf-8")
    for source in (named, exports, above):
        said = " ".join(command("check", source).stdout.split())
        assert "Warning: The register is taken to describe 1 January 2099, which is to come" in said
    for audience, more in (("internal", ["--directorate", "Addictions"]), ("public", [])):
        day = f"{pd.Timestamp.now() + pd.DateOffset(years=3):%Y-%m-%d}"
        words = ["--as-of", day, "--audience", audience, "--out", runs.home / audience]
        done = command("report", runs.register, "--snapshots", runs.home / "kept", *words, *more)
        assert done.returncode == 0, done.stderr
        assert ", which is to come." in done.stdout


# --- words of a command ------------------------------------------------------------------------


EMPTY = [
    ["report", "--directorate", ""], ["report", "--profile", ""], ["report", "--out="],
    ["report", ""], ["check", "example", "--as-of", " "], ["schedule", "cron", ""],
    ["clean", "--table", ""], ["profile", "check", ""], ["run-notebook", "a.ipynb", ""],
    ["start", ""],
]  # fmt: skip


@pytest.mark.parametrize("words", EMPTY, ids=" ".join)
def test_a_word_of_which_nothing_is_left_is_refused_by_name(words, runs, monkeypatch):
    """Such as that of a variable which a scheduler does not have."""
    monkeypatch.chdir(runs.home)
    before = tree(runs.home)
    done = command(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(r"Error: Invalid value for '\[?[-\w]+\]?': It is empty\.\n$", done.stderr)
    assert tree(runs.home) == before


@pytest.mark.usefixtures("one_notebook")
def test_a_parameter_of_a_notebook_may_be_empty(tmp_path):
    template = write_notebook(tmp_path / "in.ipynb", "word = 'a'", "word")
    notebook = nbformat.read(template, 4)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, template)
    assert command("run-notebook", template, tmp_path / "o.ipynb", "-p", "word", "").returncode == 0
    outputs = nbformat.read(tmp_path / "o.ipynb", 4).cells[-1].outputs
    assert outputs[0].data == {"text/plain": "''"}


def test_a_parameter_without_a_type_is_read_as_papermill_reads_it(tmp_path):
    from papermill.cli import _resolve_type

    notebook = nbformat.read(write_notebook(tmp_path / "in.ipynb", "a = None; n = 1; x = 1.0"), 4)
    notebook.cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(notebook, tmp_path / "in.ipynb")
    for text in ("007", "-07", "1_000", "7", "7.0", "1e3", "True", "None", "ward 7", "0x"):
        (value,) = type_parameters(tmp_path / "in.ipynb", {"a": text}).values()
        assert (value, type(value)) == (_resolve_type(text), type(_resolve_type(text)))
    typed = type_parameters(tmp_path / "in.ipynb", {"n": "007", "x": "007"})
    assert [(each, type(each)) for each in typed.values()] == [(7, int), (7.0, float)]


@pytest.mark.parametrize("megabytes", ["1", "63", f"{10**22}"])
def test_memory_that_is_too_little_to_start_or_no_number_of_bytes_is_refused(megabytes):
    done = command("report", "--memory-mb", megabytes)
    assert done.returncode == 2
    assert f"{megabytes} is not in the range 64<=x<=1000000000." in done.stderr


def run_with(streams: str, *words) -> subprocess.CompletedProcess:
    """Run the command with a shell's redirections."""
    program = ["sh", "-c", f'exec "$@" {streams}', "sh", sys.executable, "-m", "qi_analysis.cli"]
    return subprocess.run([*program, *words], capture_output=True, text=True, check=False)


UNHEARD = [["snapshots"], ["schedule", "airflow", "example"], ["profile", "check", "cnwl"],
           ["check", "example"], ["check", "--help"], ["--version"]]  # fmt: skip
WAYS = {">/dev/full": "No space left on device", ">&-": "its output is closed"}


EVERY_WAY = [(words, streams) for words in UNHEARD for streams in WAYS]


# Each way with a command of ours that is quick, and with what Click prints.
@pytest.mark.parametrize(
    ("words", "streams"), some(EVERY_WAY, *[EVERY_WAY[i] for i in (0, 5, 8, 11)])
)
def test_what_cannot_be_printed_is_no_success_and_no_traceback(words, streams):
    done = run_with(streams, *words)
    assert done.returncode == 1
    assert done.stderr == (
        f"Not all that came of it could be said: {WAYS[streams]}.\nSend it elsewhere, such as to a "
        "file on another disk, and run again: what was made stays.\n"
    )


NOT_HEARD = ("2>/dev/full", ">&- 2>&-", "2>&-", ">/dev/full 2>/dev/full")
REFUSALS = (["check", "missing.csv"], ["clean", "missing.csv"], ["report", "--nonsense"])
NOBODY_HEARS = [(streams, words) for streams in NOT_HEARD for words in REFUSALS]


@pytest.mark.parametrize(("streams", "words"), some(NOBODY_HEARS, *NOBODY_HEARS[:5:2]))
def test_the_code_of_a_refusal_is_its_own_whoever_hears_it(streams, words):
    assert run_with(streams, *words).returncode == 2


NOT_WHOLE = {
    "what the command itself needs": ("sitecustomize.py", "import sys; sys.modules['click'] = None",
        "click cannot be imported (ModuleNotFoundError: import of click halted; None in sys."
        "modules). Install it in a new environment, and run again."),
    "what a register needs": ("sitecustomize.py", "import sys; sys.modules['pandas'] = None",
        "pandas cannot be imported (ModuleNotFoundError: import of pandas halted; None in sys."
        "modules). Install it in a new environment, and run again."),
    "a file of one's own in its place": ("json.py", "mine = 1",
        "json cannot be imported from '{0}' (ImportError: cannot import name 'loads' from 'json' "
        "({0})). Install it in a new environment, or rename that file, and run again."),
    "one that is cut short": ("numpy.py", "from math import (",
        "a module cannot be imported from '{0}' (SyntaxError: '(' was never closed (numpy.py, line "
        "1)). Install it in a new environment, or rename that file, and run again."),
    "one of which a part is missing": ("pandas.py", "mine = 1",
        "pandas cannot be imported from '{0}' (AttributeError: module 'pandas' has no attribute "
        "'__version__'). Install it in a new environment, or rename that file, and run again."),
    "one that fails": ("pandas/__init__.py", "{}['no']",
        "pandas cannot be imported from '{0}' (KeyError: 'no'). Install it in a new environment, "
        "or rename that file, and run again."),
    "one that ends the command": ("pandas.py", "raise SystemExit(0)",
        "pandas cannot be imported from '{0}' (SystemExit: 0). Install it in a new environment, or "
        "rename that file, and run again."),
    "one that ends it before it begins": ("json.py", "raise SystemExit(0)",
        "a module ended it while it was imported. Install it in a new environment, or look for a "
        "file of yours in PYTHONPATH, and run again."),
    "memory": ("click.py", "raise ImportError('libx.so: failed to map segment from shared object')",
        "There is too little memory for this. Allow more, and run again."),
}  # fmt: skip


@pytest.mark.parametrize("case", NOT_WHOLE)
def test_a_library_that_is_missing_or_damaged_is_said_in_a_sentence(case, tmp_path):
    name, code, sentence = NOT_WHOLE[case]
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(code, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "qi_analysis.cli", "check", "example"], capture_output=True,
        text=True, check=False, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    about = "" if case == "memory" else "qi-analysis is not installed whole: "
    assert done.stderr == f"{about}{sentence.format(file)}\n"


def test_a_folder_that_is_none_is_no_success(tmp_path):
    """Else "nothing was deleted" would be believed of a name that was mistyped."""
    (tmp_path / "file").write_text("", "utf-8")
    for place in (tmp_path / "nowhere", tmp_path / "file"):
        done = command("snapshots", "--snapshots", place, "--delete-old")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"There is no folder '{place}'. Give another: --snapshots FOLDER.\n"
    done = command("schedule", "cron", "example", "--out", "/")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "`--out` must be a folder with a name; its log stands beside it.\n"


TOO_LARGE = {  # most KB of a file, and what is said of it
    "profile new {example} p.toml": (1, "p.toml cannot be written: File too large."),
    "start new/ours": (
        100, "No workspace can be made in 'new/ours': File too large. Give another folder."
    ),
    "clean example --out new/out --snapshots new/history": (
        100, "A snapshot cannot be written in 'new/history': File too large. Give another folder: "
             "--snapshots FOLDER."
    ),
}  # fmt: skip


@pytest.mark.parametrize("words", TOO_LARGE)
def test_a_refused_command_leaves_no_file_or_folder_that_it_made(words, tmp_path, monkeypatch):
    most, said = TOO_LARGE[words]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # Python would keep half of a module
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most << 10, before[1]))
    try:
        done = command(*(word.format(example=EXAMPLE) for word in words.split()))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (done.returncode, done.stderr) == (2, f"{said}\n")
    assert not os.listdir(tmp_path)


TOO_FEW_PROCESSES = (
    "The machine allows no more processes or threads, or has too little memory for one. Allow more "
    "(ulimit -u, TasksMax), and run again."
)
REFUSED = [
    (MemoryError(), 1, "There is too little memory for this. Allow more, and run again."),
    (ImportError("libx.so: failed to map segment from shared object"), 1,
     "There is too little memory for this. Allow more, and run again."),
    (RuntimeError("can't start new thread"), 1, TOO_FEW_PROCESSES),
    (pa.ArrowException("Unknown error: Failed to launch worker thread: "), 1, TOO_FEW_PROCESSES),
    (OSError(errno.EAGAIN, "Resource temporarily unavailable"), 1, TOO_FEW_PROCESSES),
    (OSError(errno.EMFILE, "Too many open files", "page.html"), 1, TOO_FEW),
    (OSError(errno.EIO, "Input/output error"), 1,
     "The machine refused it: Input/output error. Mend this, and run again."),
    (PermissionError(errno.EPERM, "Operation not permitted", "2020-04-03.parquet"), 1,
     "The machine refused '2020-04-03.parquet': Operation not permitted. Mend this, and run "
     "again."),
    (FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']"), 2,
     "No folder for temporary files can be written to. Set TMPDIR to one that can."),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "code", "sentence"), REFUSED)
def test_what_the_machine_does_not_grant_is_a_sentence(fault, code, sentence, capsys):
    with pytest.raises(SystemExit) as ended, errors_as_sentences():
        raise fault
    assert (ended.value.code, capsys.readouterr().err) == (code, f"{sentence}\n")


def test_a_folder_that_is_gone_is_said_in_a_sentence(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    done = command("schedule", "cron", "example")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "The folder where you are was deleted. Go to another, and run again.\n"


@pytest.mark.parametrize("kind", ["a pipe", "a socket", "a device"])
def test_a_profile_that_is_no_file_is_named_as_what_it_is(kind, tmp_path):
    KINDS[kind](tmp_path / "p.toml")
    with pytest.raises(
        qi.RegisterError, match=rf"^The profile '.*p\.toml' is {kind}, and only a file is read\.$"
    ):
        qi.load_profile(tmp_path / "p.toml")


def test_a_profile_nested_too_deep_is_no_profile(tmp_path):
    (tmp_path / "p.toml").write_text(f"a = {'[' * 5000}{']' * 5000}", "utf-8")
    with pytest.raises(
        qi.RegisterError, match=r"^p\.toml is not a TOML file that can be read: maximum recursion"
    ):
        qi.load_profile(tmp_path / "p.toml")


# --- what may not be read, and names of any bytes ------------------------------------------------


@needs_strace
def test_a_record_that_may_not_be_read_is_not_taken_for_none(runs):
    runs.out.mkdir()
    record = runs.out / "run.json"
    record.write_text('{"version": "1", "as_of": "2021-05-04", "reports": []}', "utf-8")
    runs.first = [STRACE, "-f", "-qq", "--seccomp-bpf", "-o", os.devnull, "-e", "trace=openat",
                  "-e", "inject=openat:error=EACCES", "-P", record]  # fmt: skip
    before = tree(runs.out)
    done = runs.run_alone()
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"Whose reports '{runs.out}' holds is not known, as 'run.json' cannot be read: this user "
        "has no permission. Have it made readable, or give another folder: --out FOLDER.\n"
    )
    assert tree(runs.out) == before
    assert not (runs.home / "snapshots").exists()


def test_reports_and_snapshots_go_into_folders_whose_names_are_any_bytes(runs):
    """Here é is no letter either, as where an old terminal has its way.

    And of all its processes one alone tries the temporary folder by a file, which it removes.
    """
    (runs.home / "sitecustomize.py").write_text(PROBED, "utf-8")
    temporary = runs.home / "tmp"
    temporary.mkdir()
    runs.env = {"PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONPATH": str(runs.home),
                "TMPDIR": str(temporary)}  # fmt: skip
    out, snapshots = (runs.home / os.fsdecode(name) for name in ("né".encode(), b"bad\xff"))
    qi.snapshots.keep_snapshot(qi.load_register(runs.register, as_of="2021-05-04"), snapshots)
    words = ["--as-of", "2021-06-04", "--directorate", "Addictions"]
    done = runs.run_alone(*words, out=out, snapshots=snapshots)
    assert done.returncode == 0, done.stderr
    assert {path.stem for path in snapshots.iterdir()} == {"2021-05-04", "2021-06-04"}
    assert '"earlier": "2021-05-04"' in (out / "run.json").read_text("utf-8")
    assert len((runs.home / "tmp.log").read_text().split()) == 1
    assert os.listdir(temporary) == []
