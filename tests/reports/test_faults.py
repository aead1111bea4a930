"""Runs that nobody watches: made again only where something changed, and whole whatever happens.

Real processes throughout, with two small templates in place of the project's own.
"""

import contextlib
import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from conftest import ROOT, SOAK, some
from processes import (
    OTHER,
    REGISTER,
    Runs,
    bearing,
    disk,
    file_hashes,
    fill,
    linux,
    wait_for_first_lines,
    wait_until,
)

import qi_analysis as qi
from qi_analysis import cli
from qi_analysis.core.errors import FolderLocked
from qi_analysis.core.files import lock_folder
from qi_analysis.reports import build
from qi_analysis.reports.build import build_ids
from qi_analysis.reports.inputs import read_input
from qi_analysis.reports.output import hash_if_current, last_record, read_build_stamp
from qi_analysis.reports.plan import plan_jobs
from qi_analysis.terminal import STOPPED

pytestmark = pytest.mark.usefixtures("one_engine")


@pytest.fixture
def runs(tmp_path) -> Runs:
    """Return a folder in which nothing has been made yet."""
    return Runs(tmp_path)


@linux
def test_where_the_quick_way_does_not_start_the_reports_are_made_and_the_record_says_how(runs):
    """Only the process that is to be forked lacks a library: its code is in Python's arguments."""
    (runs.home / "sitecustomize.py").write_text(
        "import sys\nif any('forkserver' in word for word in sys.orig_argv):\n"
        "    sys.modules['xlsxwriter'] = None\n", "utf-8",
    )  # fmt: skip
    runs.env["PYTHONPATH"] = str(runs.home)
    run = runs.run_alone("--workers", 1, "--directorate", "Addictions")
    assert run.returncode == 0
    assert runs.statuses() == {"published": 2}
    warning = (
        "The notebooks ran in ordinary kernels, which takes longer: the quick way did not start: "
        "ModuleNotFoundError: import of xlsxwriter halted; None in sys.modules"
    )
    assert json.loads((runs.out / "run.json").read_text("utf-8"))["execution_warning"] == warning
    assert f"Warning: {warning}" in " ".join(run.stdout.split())
    assert run.stderr == "1 programs started\n"
    assert runs.run().returncode == 0
    assert json.loads((runs.out / "run.json").read_text("utf-8"))["execution_warning"] == ""


@pytest.fixture(scope="module")
def made(tmp_path_factory, one_engine) -> Runs:
    """Return a folder in which the reports have been made once."""
    first = Runs(tmp_path_factory.mktemp("made"))
    done = first.run()
    assert done.returncode == 0, done.stderr
    return first


@pytest.fixture
def ready(made, tmp_path) -> Runs:
    """Return a copy of a folder in which the reports have been made once."""
    copy = Runs(tmp_path)
    for name in ("out", "snapshots"):
        shutil.copytree(made.home / name, tmp_path / name)
    return copy


# --- only what changed -------------------------------------------------------------------------


def test_neither_another_way_to_save_it_nor_a_clock_set_back_makes_anything_again(ready):
    ready.register.write_text(REGISTER.replace(",", ";"), "utf-8-sig", newline="\r\n")
    for path in [ready.register, *ready.home.rglob("*")]:
        os.utime(path, (2e9, 2e9))
    done = ready.run()
    assert done.returncode == 0, done.stderr
    assert ready.statuses() == {"unchanged": 3}


def damage(page: Path) -> None:
    page.write_bytes(page.read_bytes().replace(b"Fewer falls", b"Fewer fails"))


SPOILT = {
    "a page is missing": lambda out: (out / "directorates/addictions.html").unlink(),
    "a notebook is missing": lambda out: (out / "directorates/addictions.ipynb").unlink(),
    "a page was changed": lambda out: damage(out / "directorates/addictions.html"),
    "a notebook was changed": lambda out: damage(out / "directorates/addictions.ipynb"),
    "a page was cut short": lambda out: os.truncate(out / "directorates/addictions.html", 3000),
    "a page is empty": lambda out: (out / "directorates/addictions.html").write_bytes(b""),
}


def test_whatever_is_missing_or_damaged_is_made_again_and_only_that(ready):
    whole = file_hashes(ready.out / "directorates")
    for number, spoil in enumerate(SPOILT.values()):
        page = ready.out / "directorates" / "addictions.html"
        build = read_build_stamp(page)["build"]
        assert hash_if_current(page, build)
        kept = {path: path.read_bytes() for path in (page, page.with_suffix(".ipynb"))}
        spoil(ready.out)
        assert not hash_if_current(page, build), list(SPOILT)[number]
        if number < len(SPOILT) - 1:
            for path, content in kept.items():
                path.write_bytes(content)
    done = ready.run()
    assert "1 report published; 2 were up to date already." in done.stdout
    assert file_hashes(ready.out / "directorates") == whole


@pytest.fixture
def inputs(tmp_path, example):
    """Return what a report's build id is made from: jobs, a folder and what the pages say."""
    jobs = plan_jobs(example, {"as_of": "2021-05-04"}, ["Addictions"])
    (tmp_path / "register.parquet").write_bytes(b"register")
    (tmp_path / "profile.toml").write_bytes(b"profile")
    return jobs, tmp_path, {"as_of": "4 May 2021", "version": "1"}


def replaced(jobs, **changes):
    return [replace(job, **changes) for job in jobs]


def test_every_input_of_a_report_is_in_its_build_id(inputs, tmp_path_factory, monkeypatch):
    jobs, folder, page = inputs
    builds = [build_ids(jobs, folder, page)]
    assert build_ids(jobs, folder, dict(reversed(page.items()))) == builds[0]
    assert len(set(builds[0].values())) == len(jobs) == 2
    template = tmp_path_factory.mktemp("templates") / "other.ipynb"
    template.write_text("another template", "utf-8")
    builds.append(build_ids(replaced(jobs, template=template), folder, page))
    builds.append(build_ids(replaced(jobs, parameters={"as_of": "2021-05-05"}), folder, page))
    builds.append(build_ids(jobs, folder, {**page, "version": "2"}))
    builds.append(build_ids(jobs, folder, {**page, "warnings": ["Far fewer rows."]}))
    for name in ("register.parquet", "profile.toml", "earlier.parquet"):
        (folder / name).write_bytes(b"changed")
        builds.append(build_ids(jobs, folder, page))
    code = shutil.copytree(
        build.PACKAGE, template.parent / "package", ignore=shutil.ignore_patterns("__pycache__")
    )
    monkeypatch.setattr(build, "PACKAGE", code)
    assert build_ids(jobs, folder, page) == builds[-1]  # where the package stands does not matter
    (code / "stats" / "rates.py").write_text("# changed", "utf-8")
    builds.append(build_ids(jobs, folder, page))
    monkeypatch.syspath_prepend(template.parent)
    (template.parent / "new-1.0.dist-info").mkdir()
    (template.parent / "new-1.0.dist-info" / "METADATA").write_text("Name: new\nVersion: 1.0\n")
    builds.append(build_ids(jobs, folder, page))
    ids = [build for each in builds for build in each.values()]
    assert len(ids) == len(set(ids))


def test_all_of_one_report_bear_one_build_id_and_tell_nothing_of_the_machine(made):
    for page in made.pages():
        stamp = read_build_stamp(page)
        notebook = nbformat.read(page.with_suffix(".ipynb"), 4)
        nbformat.validate(notebook)
        assert notebook.metadata["qi_analysis"] == {"build": stamp["build"]}
        assert list(stamp) == ["build", "as_of", "page", "notebook", "workbook"]
        assert stamp["as_of"] == "3 April 2020"
    assert len({read_build_stamp(page)["build"] for page in made.pages()}) == 3


def test_every_kind_of_file_that_a_run_leaves_is_told_of(made):
    text = (ROOT / "docs" / "reports.md").read_text("utf-8")
    for path in made.out.rglob("*.*"):
        assert any(f"{each}`" in text for each in (path.name, f"*{path.suffix}", path.suffix)), path


def test_a_report_that_failed_is_made_again_and_the_last_good_one_stands_dated(ready):
    before = file_hashes(ready.out / "directorates")
    ready.register.write_text(OTHER, "utf-8")
    ready.write("1 / 0")
    failed = ready.run("--directorate", "Addictions")
    assert failed.returncode == 1
    assert "1 report published." in failed.stdout
    assert ready.statuses() == {"published": 1, "failed": 1}
    assert file_hashes(ready.out / "directorates") == before
    index = (ready.out / "index.html").read_text("utf-8")
    assert index.count("(this report failed; the one of 3 April 2020 is kept)") == 1
    assert ready.run("--directorate", "Addictions").returncode == 1
    assert ready.statuses() == {"unchanged": 1, "failed": 1}
    ready.write("")
    assert ready.run("--directorate", "Addictions").returncode == 0
    assert ready.statuses() == {"unchanged": 1, "published": 1}


@linux
def test_a_template_finds_the_modules_beside_it_and_a_change_of_one_makes_reports_again(ready):
    """Also a package's; what is hidden there, or no file, is none of them."""
    helper, package = ready.templates / "helper.py", ready.templates / "lists"
    package.mkdir()
    (package / "__init__.py").write_text("from .words import word\n", "utf-8")
    (package / "words.py").write_text("word = 'first'\n", "utf-8")
    helper.write_text("from lists import word\n", "utf-8")
    ready.write("from helper import word\nprint('The word is', word)")
    one = ("--directorate", "Addictions")
    assert ready.run(*one).returncode == 0
    page = ready.out / "directorates" / "addictions.html"
    assert "The word is first" in page.read_text("utf-8")
    (ready.templates / ".ipynb_checkpoints").mkdir()
    (ready.templates / ".ipynb_checkpoints" / "helper-checkpoint.py").write_text("", "utf-8")
    os.mkfifo(ready.templates / "pipe.py")
    assert ready.run(*one).returncode == 0
    assert ready.statuses() == {"unchanged": 2}
    (package / "words.py").write_text("word = 'the second'\n", "utf-8")
    assert ready.run(*one).returncode == 0
    assert ready.statuses() == {"published": 2}
    assert "The word is the second" in page.read_text("utf-8")
    helper.unlink()
    failed = ready.run(*one)
    assert failed.returncode == 1
    assert "Cell 3 failed with ModuleNotFoundError: No module named 'helper'" in failed.stderr


@linux
def test_a_module_that_is_changed_while_reports_are_made_fails_them(ready):
    """Else they would be up to date once it is as it was again."""
    helper = ready.templates / "helper.py"
    helper.write_text("word = 'first'\n", "utf-8")
    changes = f"import pathlib; pathlib.Path({str(helper)!r}).write_text('word = 2')"
    ready.write(f"from helper import word\n{changes}\nprint('The word is', word)")
    failed = ready.run("--directorate", "Addictions")
    assert failed.returncode == 1
    assert (
        "Failed: Addictions. small_directorate_report.ipynb, or a module beside it, was changed "
        "meanwhile. Run again.\n" in failed.stderr
    )
    helper.write_text("word = 'first'\n", "utf-8")
    assert ready.run("--directorate", "Addictions").returncode == 1  # and is not up to date


def test_a_template_that_leaves_a_cell_out_makes_no_report(ready):
    template = ready.templates / "small_directorate_report.ipynb"
    notebook = nbformat.read(template, 4)
    notebook.cells[1].metadata["tags"] = ["skip-execution"]
    nbformat.write(notebook, template)
    before = file_hashes(ready.out / "directorates")
    failed = ready.run("--directorate", "Addictions")
    assert failed.returncode == 1
    assert (
        "Failed: Addictions. Cell 2 of small_directorate_report.ipynb is tagged skip-execution, "
        "and a report leaves no cell out. Remove the tag, or the cell.\n" in failed.stderr
    )
    assert file_hashes(ready.out / "directorates") == before


# --- seen ---------------------------------------------------------------------------------------


def test_force_makes_the_same_again_and_without_a_terminal_each_report_is_a_dated_line(ready):
    before = file_hashes(ready.out / "directorates")
    done = ready.run("--force")
    for line in done.stdout.splitlines()[:4]:
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (Making 3 reports\.|published: )", line)
    assert "3 reports published." in done.stdout
    assert ready.statuses() == {"published": 3}
    assert ready.run("--force", "--quiet", "--directorate", "Addictions").stdout == ""
    assert file_hashes(ready.out / "directorates") == before
    assert json.loads(ready.run("--json").stdout)["reports"][0]["status"] == "unchanged"
    log = (ready.out / "run.log").read_text("utf-8").splitlines()
    assert re.fullmatch(r"\S+ \S+ unchanged trust 0\.00 s", log[-4])


WARNS = """import logging, sys, warnings
from old import old
warnings.warn("take care")
warnings.warn("gone soon", DeprecationWarning)
old()
logging.warning("not in /srv/exports/a.csv")
print("printed", sys.executable, file=sys.stderr)
print(*range(30), sep="\\n", file=sys.stderr)
"""
OLD = """import warnings
def old():
    warnings.warn("old is old", DeprecationWarning, stacklevel=2)
"""


def test_what_cells_warn_of_is_a_line_each_in_the_log_with_its_cell_and_no_path(ready):
    (ready.templates / "old.py").write_text(OLD, "utf-8")
    ready.write(WARNS)
    done = ready.run()
    assert done.returncode == 0, done.stderr
    log = (ready.out / "run.log").read_text("utf-8").splitlines()
    lines = [line.split(" ", 2)[2] for line in log if " warning " in line]
    where = "warning directorates/addictions and 1 other: Cell 3: "
    assert [line[: len(where)] for line in lines] == [where] * 20
    assert [line[len(where) :] for line in lines[:6]] == [
        "UserWarning: take care", "DeprecationWarning: gone soon",
        "DeprecationWarning: old is old", "WARNING:root:not in …/a.csv",
        f"printed …/{Path(sys.executable).name}", "0",
    ]  # fmt: skip


# --- one run at a time -------------------------------------------------------------------------


@linux
def test_a_second_run_ends_with_75_and_a_register_replaced_meanwhile_does_not_mix_figures(ready):
    """Nor does the first, which nobody can hear, end as if it had spoken."""
    ready.register.write_text(OTHER, "utf-8")
    go = ready.home / "go"
    ready.write(f"import os\nwhile not os.path.exists({str(go)!r}): time.sleep(0.05)")
    with open("/dev/full", "w") as full:
        holder, mark = ready.start(stdout=full), ready.mark
    trust = ready.out / "trust.html"
    assert wait_until(lambda: b"Cleaner wards" in trust.read_bytes(), 60)
    second = ready.run_alone()
    assert (second.returncode, second.stdout) == (75, "")
    assert re.fullmatch(
        f"Another run, process {holder.pid}, has held '{re.escape(str(ready.out))}' since "
        r"\d\d:\d\d:\d\d on \d+ \w+ \d{4}\. Wait until it has ended, or give another folder with "
        r"--out\.\n0 programs started\n",
        second.stderr,
    )
    (ready.home / "new.csv").write_text(REGISTER, "utf-8")
    os.replace(ready.home / "new.csv", ready.register)
    go.touch()
    complaint = holder.communicate(timeout=60)[1]
    assert holder.returncode == 1
    assert complaint.startswith("Not all that came of it could be said: No space left on device.\n")
    assert complaint.endswith("\n1 programs started\n")
    assert ready.statuses() == {"published": 3}
    assert all(b"Cleaner wards" in page.read_bytes() for page in ready.pages())
    record = json.loads((ready.out / "run.json").read_text("utf-8"))
    assert record["register_sha256"] == hashlib.sha256(OTHER.encode()).hexdigest()
    assert not bearing(mark)
    assert not list(ready.out.glob(".*"))


def test_a_folder_is_held_by_one_at_a_time_and_left_as_it_was(tmp_path):
    with lock_folder(tmp_path / "out"):
        with (
            pytest.raises(FolderLocked, match=f"process {os.getpid()}, "),
            lock_folder(tmp_path / "out"),
        ):
            pass  # fmt: skip
        assert "has held" not in file_hashes(tmp_path)
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    with lock_folder(tmp_path / "out"):
        (tmp_path / "out" / "page.html").write_text("a page", "utf-8")
    assert set(file_hashes(tmp_path)) == {"out/page.html"}


@pytest.mark.parametrize("holder", [b"", b"4711 \xff"])
def test_a_folder_is_held_too_where_it_does_not_say_by_whom(holder, tmp_path):
    with lock_folder(tmp_path):
        (tmp_path / ".holder").write_bytes(holder)
        with (
            pytest.raises(
                FolderLocked, match=rf"^Another run holds '{re.escape(str(tmp_path))}'\."
            ),
            lock_folder(tmp_path),
        ):
            pass  # fmt: skip


# --- what may happen to a run ------------------------------------------------------------------


def test_a_folder_that_is_read_only_is_refused_in_a_sentence(runs, tmp_path):
    with disk(tmp_path / "disk", "ro,size=2m") as small:
        done = runs.run(out=small)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"Nothing can be written to '{small}': Read-only file system. Give another folder with "
        "--out.\n"
    )


@linux
def test_a_full_disk_leaves_the_earlier_reports_and_is_said_in_a_sentence(ready, tmp_path):
    runs = ready
    with disk(tmp_path / "disk", "size=2m") as small:
        runs.out = shutil.copytree(ready.out, small, dirs_exist_ok=True)
        before = file_hashes(small)
        runs.register.write_text(OTHER, "utf-8")
        fill(small / "filler")
        done = runs.run()
        (small / "filler").unlink()
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "No space left on device" in done.stderr
        assert {name: file_hashes(small)[name] for name in before} == before
        assert not list(small.glob(".*"))
        again = runs.run()
        assert again.returncode == 0, again.stderr
        assert all(b"Cleaner wards" in page.read_bytes() for page in runs.pages())


@linux
@pytest.mark.parametrize("number", some([signal.SIGINT, signal.SIGTERM], signal.SIGINT))
def test_a_command_ends_in_order_at_whatever_moment_it_is_stopped(number, runs):
    words = [sys.executable, "-c", "from qi_analysis.cli import app\napp()", "check", runs.register]
    began = time.monotonic()
    subprocess.run(words, cwd=ROOT, capture_output=True, check=True)
    whole, codes = time.monotonic() - began, []
    for part in range(parts := 16 if SOAK else 4):
        run = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )  # fmt: skip
        wait_for_first_lines(run.pid)
        time.sleep(whole * part / (parts - 1))
        run.send_signal(number)
        assert run.communicate(timeout=20)[1] in (b"", STOPPED)
        codes.append(run.returncode)
    assert codes[:2] == [128 + number] * 2
    assert {*codes} <= {0, 128 + number, -number}  # the last: as Python takes itself apart


@linux
def test_a_stop_while_a_class_is_being_made_ends_in_order_too():
    stopped = """
import os, signal
from qi_analysis.terminal import end_on_signals

class Field:
    def __set_name__(self, owner, name):  # in which Python turns an end into another error
        os.kill(os.getpid(), signal.SIGTERM)

with end_on_signals():
    class Record:
        field = Field()
"""
    done = subprocess.run([sys.executable, "-c", stopped], cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, STOPPED)


@linux
@pytest.mark.parametrize(
    "stop",
    ["Stop().stop = stop",  # and lets go of it: Python ignores an end that comes then
     "try: stop()\n    except BaseException: pass"],
)  # fmt: skip
def test_a_stop_that_is_swallowed_ends_in_order_all_the_same(stop):
    stopped = f"""
import os, signal, time
from qi_analysis import terminal
from qi_analysis.terminal import end_on_signals

class Stop:
    def __del__(self):
        self.stop()

def stop():
    os.kill(os.getpid(), signal.SIGTERM)

terminal.GRACE_SECONDS = 1  # not to be waited for as long
with end_on_signals():
    {stop}
    try:
        time.sleep(60)
    finally:
        print("cleared up")
"""
    done = subprocess.run([sys.executable, "-c", stopped], cwd=ROOT, capture_output=True)
    ended = (done.returncode, done.stdout, done.stderr)
    assert ended == (128 + signal.SIGTERM, b"cleared up\n", STOPPED)


@linux
@pytest.mark.parametrize("number", some([signal.SIGINT, signal.SIGTERM], signal.SIGTERM))
def test_a_run_that_is_stopped_keeps_what_it_made_and_the_next_makes_the_rest(number, ready):
    """On a terminal, where a bar says what is done, failed and to go, and each name as it is."""
    named = OTHER.replace("Addictions", "Ward").replace("Rehab", "[/b] [red]Hall")
    ready.register.write_text(named, "utf-8")
    ready.write("1 / 0 if '[' in directorate else time.sleep(60)")
    ours, theirs = os.openpty()
    run, said = ready.start(stdout=theirs), bytearray()
    os.close(theirs)
    reader = threading.Thread(target=read_to_end, args=(ours, said))
    reader.start()
    assert wait_until(lambda: b"2 done, 1 failed, 1 to go" in said, 60), said
    run.send_signal(number)
    began = time.monotonic()
    _, complaint = run.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert run.returncode == 128 + number
    assert complaint.startswith(
        "Stopped. What was finished stays; the same command does the rest.\n"
    )
    reader.join()
    text = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", said.decode())
    assert re.search(r"\rMaking reports +[━╺╸]+ +0 done, 0 failed, 3 to go", text)
    assert re.search(r"\r\[/b\] \[red\]Hall +[━╺╸]+ +2 done, 1 failed, 1 to go", text)
    assert "Making 3 reports." not in text
    assert not bearing(ready.mark)
    assert not list(ready.out.glob(".*"))
    assert b"Cleaner wards" in (ready.out / "trust.html").read_bytes()
    assert b"Cleaner wards" not in (ready.out / "directorates/addictions.html").read_bytes()
    ready.write("")
    assert "2 reports published; 1 was up to date already." in ready.run().stdout


def read_to_end(terminal: int, said: bytearray) -> None:
    """Add what comes of a terminal, until nobody has it open any more."""
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 4096):
            said += part
    os.close(terminal)


@linux
@pytest.mark.soak
def test_a_run_killed_at_any_moment_leaves_every_report_whole_and_the_next_finishes(ready):
    chance = random.Random(1)
    for number in range(30 if SOAK else 1):
        ready.register.write_text(REGISTER.replace("falls", f"falls {number}"), "utf-8")
        run = ready.start()
        time.sleep(chance.uniform(0.3, 3.5))
        run.kill()
        run.communicate()
        assert wait_until(lambda: not bearing(ready.mark), 6), bearing(ready.mark)
        assert len(ready.pages()) == 3
        for page in ready.pages():
            assert read_build_stamp(page), page
            json.loads(page.with_suffix(".ipynb").read_bytes())
        json.loads((ready.out / "run.json").read_bytes())
    done = ready.run()
    assert done.returncode == 0, done.stderr
    assert all(f"falls {number}" in page.read_text("utf-8") for page in ready.pages())
    assert set(ready.statuses()) <= {"published", "unchanged"}
    assert not list(ready.out.glob(".*"))


def test_a_register_replaced_while_it_is_read_is_refused_or_is_one_of_the_two(tmp_path):
    path, over = tmp_path / "register.csv", threading.Event()
    path.write_text(REGISTER, "utf-8")

    def replace():
        for number in range(1_000_000):
            (tmp_path / "new.csv").write_text([OTHER, REGISTER][number % 2], "utf-8")
            os.replace(tmp_path / "new.csv", path)
            time.sleep(0.004)
            if over.is_set():
                return

    writer = threading.Thread(target=replace)
    writer.start()
    titles = {hashlib.sha256(text.encode()).hexdigest(): text for text in (REGISTER, OTHER)}
    refused = set()
    try:
        for _ in range(20):
            try:
                inputs = read_input(path, qi.load_profile())
            except qi.RegisterError as fault:
                refused.add(str(fault))
            else:
                assert inputs.cleaned.register["title"].iloc[1] in titles[inputs.sha256]
    finally:
        over.set()
        writer.join()
    assert refused == {"register.csv was changed while it was read. Run again when it is complete."}


# --- where and as whom a run is started --------------------------------------------------------

CHART = (
    "%config InlineBackend.figure_formats = ['png']\nimport matplotlib.pyplot as plt\n"
    "plt.figure(figsize=(1, 1)).add_subplot().set_title('é');"
)
GARBAGE = {
    ".ipython/profile_default/ipython_config.py": "1 / 0",
    ".ipython/profile_default/ipython_kernel_config.py":
        "c = get_config()\nc.InteractiveShellApp.exec_lines = ['import qi_nothing']\n"
        "c.InlineBackend.rc = {'figure.dpi': 10}",
    ".ipython/profile_default/startup/00.py": "raise SystemExit(3)",
    ".jupyter/jupyter_config.json": "{",
    ".jupyter/jupyter_config.py": "1 / 0",
    ".jupyter/jupyter_nbconvert_config.py": "get_config().HTMLExporter.exclude_input = False",
    ".local/share/jupyter/kernels/python3/kernel.json": "{",
    ".config/matplotlib/matplotlibrc": "figure.dpi: 10\nfont.family: Nonesuch\nbackend: TkAgg",
    "startup.py": "1 / 0",
}  # fmt: skip


def no_home(runs: Runs) -> None:
    """Let no home be written to, so that matplotlib has no place for its list of fonts."""
    temporary = runs.home / "tmp"
    temporary.mkdir()
    runs.env = {"HOME": "/proc/nothing", "TMPDIR": str(temporary), "MPLCONFIGDIR": None,
                "XDG_CACHE_HOME": None, "XDG_CONFIG_HOME": None}  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Runs:
    """Return a folder with reports that have a chart and letters that few fonts have.

    A process of its own has made them where no home can be written: it leaves nothing.
    """
    first = Runs(tmp_path_factory.mktemp("drawn"))
    first.write(CHART)
    named = OTHER.replace("Cleaner", "Café – 日本").replace("Rehab", "Réadaptation")
    first.register.write_text(named, "utf-8")
    no_home(first)
    done = first.run_alone()
    assert done.returncode == 0, done.stderr
    assert done.stderr == "1 programs started\n"
    assert first.statuses() == {"published": 3}
    assert "the quick way did not start" not in done.stdout
    assert not list((first.home / "tmp").iterdir())
    assert not bearing(first.mark)
    return first


@pytest.fixture
def charts(drawn, tmp_path) -> Runs:
    """Return a copy of it in a folder of its own, nothing different for its runs yet."""
    copy = Runs(tmp_path)
    for name in ("out", "snapshots", "notebooks"):
        shutil.copytree(drawn.home / name, tmp_path / name, dirs_exist_ok=True)
    shutil.copy(drawn.register, copy.register)
    return copy


def settings_for_other_work(runs: Runs) -> None:
    for name, text in GARBAGE.items():
        (runs.home / name).parent.mkdir(parents=True, exist_ok=True)
        (runs.home / name).write_text(text, "utf-8")
    cache = runs.home / "cache"
    (cache / "matplotlib").mkdir(parents=True)
    for version in ("330", "v3.11.0", "390"):
        (cache / "matplotlib" / f"fontlist-{version}.json").write_text("{garbage", "utf-8")
    runs.env = {"HOME": str(runs.home), "XDG_CACHE_HOME": str(cache), "MPLBACKEND": "agg",
                "PYTHONSTARTUP": str(runs.home / "startup.py"), "IPYTHONDIR": "/proc/nothing",
                "SOURCE_DATE_EPOCH": "", "JPY_PARENT_PID": "none",
                "XDG_CONFIG_HOME": str(runs.home / ".config")}  # fmt: skip


def nothing_to_write_in(runs: Runs) -> None:
    runs.env = {"HOME": "/proc/nothing", "TMPDIR": "/nowhere", "MPLCONFIGDIR": "/proc/nothing"}
    runs.more = {"preexec_fn": lambda: (os.close(0), os.umask(0o077))}


def few_letters(runs: Runs) -> None:
    """Let there be no letters but plain ones, nor, where that can be had, a name or home."""
    nobody = ["unshare", "--user", "--map-user=54321"]
    if not subprocess.run([*nobody, "true"], capture_output=True, check=False).returncode:
        runs.first = nobody
    runs.env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "HOME": None,
                "PYTHONIOENCODING": None, "LANG": None}  # fmt: skip
    runs.more = {"preexec_fn": lambda: os.umask(0)}


def no_streams(runs: Runs) -> None:
    runs.more = {"preexec_fn": lambda: [os.close(number) for number in range(3)]}


def make_the_same_again(charts: Runs) -> str:
    """Make reports again that come out as they were; return what is printed."""
    before = file_hashes(charts.out / "directorates")
    done = charts.run_alone("--force")
    assert done.returncode == 0, done.stderr
    assert "the quick way did not start" not in done.stdout
    assert charts.statuses() == {"published": 3}
    assert file_hashes(charts.out / "directorates") == before
    assert b"image/png" in (charts.out / "directorates/addictions.ipynb").read_bytes()
    assert not bearing(charts.mark)
    return done.stdout


def no_place_for_fonts(runs: Runs) -> None:
    no_home(runs)
    runs.env["MPLCONFIGDIR"] = "/proc/nothing"


SURROUNDINGS = [settings_for_other_work, nothing_to_write_in, no_streams, no_place_for_fonts]


@linux
@pytest.mark.parametrize("surround", some(SURROUNDINGS, settings_for_other_work))
def test_a_run_makes_the_same_reports_wherever_and_as_whomever_it_is_started(surround, charts):
    """Those of `drawn` are of somebody without a home."""
    surround(charts)
    make_the_same_again(charts)
    assert not list(charts.home.glob("tmp/*"))


@linux
def test_a_letter_that_the_terminal_does_not_have_is_no_reason_to_stop(charts, monkeypatch):
    """Nor is anything made again that is up to date, or even started."""
    few_letters(charts)
    if SOAK:
        assert r"'R\xe9adaptation'" in make_the_same_again(charts)
    before = file_hashes(charts.out / "directorates")
    done = charts.run_alone()
    assert done.returncode == 0, done.stderr
    assert r"'R\xe9adaptation'" in done.stdout
    assert "0 reports published; 3 were up to date already." in done.stdout
    assert "Making" not in done.stdout
    assert "0 programs started" in done.stderr
    assert charts.statuses() == {"unchanged": 3}
    assert file_hashes(charts.out / "directorates") == before
    record = json.loads((charts.out / "run.json").read_text("utf-8"))["reports"]
    assert [each["sha256"] for each in record[1:]] == [
        before[f"{each['slug']}.html"] for each in record[1:]
    ]
    monkeypatch.chdir(charts.home)
    said = CliRunner(charset="ascii").invoke(cli.app, [*map(str, charts.words("--json"))])
    assert said.exit_code == 0, said.stderr
    assert "Réadaptation" in json.loads(said.stdout)["cleaning"]["warnings"][0]


@linux
def test_a_chart_without_a_font_is_a_failure_and_not_a_chart_without_letters(charts):
    import matplotlib

    fonts = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    hide = ["unshare", "-m", "sh", "-c", f"mount -t tmpfs tmpfs '{fonts}' && exec \"$@\"", "sh"]
    if subprocess.run([*hide, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no folder can be hidden here")
    before = file_hashes(charts.out / "directorates")
    (charts.home / "fonts").mkdir()
    charts.first, charts.env = hide, {"MPLCONFIGDIR": str(charts.home / "fonts")}
    done = charts.run_alone("--force", "--directorate", "Addictions")
    assert done.returncode == 1
    assert charts.statuses() == {"published": 1, "failed": 1}
    assert re.search(r"Failed: Addictions\. Cell 3 failed with \w+Error: .*\.ttf'\n", done.stderr)
    assert file_hashes(charts.out / "directorates") == before


NO_MORE_PROCESSES = """
import errno, os, sys
def refuse(name, args):
    if name == "subprocess.Popen":
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))
sys.addaudithook(refuse)
"""


@linux
def test_a_run_for_which_the_machine_has_nothing_left_is_not_said_to_be_one_that_was_not_heard(
    runs,
):
    runs.hook = NO_MORE_PROCESSES
    done = runs.run_alone()
    assert done.returncode == 1
    assert "The machine allows no more processes or threads, or has too little" in done.stderr
    assert "could be said" not in done.stderr
    assert not runs.pages()


# --- what may stand in the output folder -------------------------------------------------------


RECORDS = {
    "empty": b"", "cut short": b'{"reports": [{"dir', "binary": bytes(range(256)), "a list": b"[1]",
    "another's": b'{"reports": [{"slug": "../../x", "directorate": "a"}, 3, {"slug": []}]}',
}  # fmt: skip


@pytest.mark.parametrize("record", some(RECORDS, "another's"))
def test_a_damaged_record_is_written_anew_and_changes_nothing_else(record, ready):
    before = file_hashes(ready.out / "directorates")
    assert last_record(ready.out)
    for damaged in RECORDS.values():  # which is no record, and so the same to a run
        (ready.out / "run.json").write_bytes(damaged)
        assert last_record(ready.out) == {}
    (ready.out / "run.json").write_bytes(RECORDS[record])
    done = ready.run()
    assert done.returncode == 0, done.stderr
    assert ready.statuses() == {"unchanged": 3}
    assert file_hashes(ready.out / "directorates") == before


def test_what_a_killed_run_left_and_a_damaged_snapshot_do_no_harm(ready):
    old = ready.out / ".making-0123abcd-old"
    old.mkdir()
    (old / "trust.html").write_text("half", "utf-8")
    os.utime(old, (2e9, 2e9))
    (ready.out / ".lock").write_text("", "utf-8")
    (ready.out / ".holder").write_text("4711 long ago\n.making-0123abcd-", "utf-8")
    (ready.out / "run.log").write_bytes(b"2026-01-01 00:00:00 publ")
    os.link(ready.out / "run.log", ready.home / "linked backup")
    (snapshot,) = ready.home.glob("snapshots/*.parquet")
    os.truncate(snapshot, 100)
    done = ready.run()
    assert done.returncode == 0, done.stderr
    assert "was another; it was replaced by this register." in done.stdout
    assert not list(ready.out.glob(".*"))
    log = (ready.out / "run.log").read_text("utf-8").splitlines()
    assert log[0] == "2026-01-01 00:00:00 publ"
    assert (ready.home / "linked backup").read_bytes() == b"2026-01-01 00:00:00 publ"
    assert log[-1].endswith(" 3 reports of register.csv in " + log[-1].split()[-2] + " s")


IN_THE_WAY = [
    "index.html",
    "easy.html",
    "run.json",
    "run.log",
    "data/trust.csv",
    ".lock",
    ".holder",
]


def test_a_folder_where_a_file_belongs_is_refused_before_anything_is_made(ready):
    ready.register.write_text(OTHER, "utf-8")
    before = file_hashes(ready.out / "directorates")
    for name in IN_THE_WAY:
        (ready.out / name).unlink(missing_ok=True)
        (ready.out / name / "something").mkdir(parents=True)
        done = ready.run()
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            f"'{ready.out / name}' is a folder, and only a plain file is written there; it was "
            "left as it is. Remove it, or give another name or folder.\n"
        )
        assert file_hashes(ready.out / "directorates") == before
        shutil.rmtree(ready.out / name)
    assert ready.run().returncode == 0
    assert all((ready.out / name).is_file() for name in IN_THE_WAY if not name.startswith("."))


def test_a_folder_where_a_page_belongs_fails_that_report_alone(ready):
    ready.register.write_text(OTHER, "utf-8")
    page = ready.out / "directorates" / "addictions.html"
    page.unlink()
    page.mkdir()
    done = ready.run()
    assert done.returncode == 1
    reason = "It could not be published: Is a directory."
    assert done.stderr.startswith(f"Failed: Addictions. {reason}\n")
    assert ready.statuses() == {"published": 2, "failed": 1}
    index = (ready.out / "index.html").read_text("utf-8")
    assert index.count("(this report failed; there is none yet)") == 1


@linux
def test_a_folder_may_be_a_link_and_lie_deep_but_not_too_deep(ready):
    deep = ready.home / "/".join(["d" * 200] * 18)
    deep.parent.mkdir(parents=True)
    os.replace(ready.out, deep)
    ready.out.symlink_to(deep)
    ready.register.write_text(OTHER, "utf-8")
    done = ready.run()
    assert done.returncode == 0, done.stderr
    assert ready.out.is_symlink()
    assert all(b"Cleaner wards" in page.read_bytes() for page in deep.glob("directorates/*.html"))
    done = ready.run(out=deep / "/".join(["d" * 200] * 3))
    assert done.returncode == 2
    assert done.stderr.endswith("': File name too long. Give another folder with --out.\n")
    (ready.home / "link").symlink_to(ready.home / "nowhere")
    done = ready.run(out=ready.home / "link")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Nothing can be written to '{ready.home / 'link'}': ")


@linux
def test_a_folder_that_is_deleted_during_a_run_is_no_success(ready):
    """As soon as the trust's report is there, another deletes it."""
    ready.register.write_text(OTHER, "utf-8")
    ready.write(
        "import os, shutil\n"
        f"trust = {str(ready.out / 'trust.html')!r}\n"
        "while os.path.exists(trust) and 'Cleaner wards' not in open(trust).read():\n"
        "    time.sleep(0.05)\n"
        "time.sleep(0.5)\n"
        "shutil.rmtree(os.path.dirname(trust), ignore_errors=True)"
    )
    run = ready.run()
    assert run.returncode == 1
    assert run.stdout.count(" published: ") == run.stdout.count(" published: The whole trust") == 1
    assert run.stderr.startswith(
        f"'{ready.out}' cannot be written to any more: No such file or directory. What was"
        " written before stays; mend this, and run again for the rest."
    )


FULL: dict[str, Path] = {}  # what fills a disk, by the file at whose writing it does


def fill_at(name: str, args: tuple) -> None:
    """Fill a disk as a file is opened to be written: a hook, which Python keeps for good."""
    if FULL and name == "open" and args[1] == "w":
        filler = FULL.pop(Path(args[0]).name, None)
        if filler:
            fill(filler)


@linux
def test_a_disk_that_is_full_just_then_leaves_the_index_and_the_record_as_they_were(
    ready, tmp_path
):
    sys.addaudithook(fill_at)
    with disk(tmp_path / "disk", "size=2m") as small:
        shutil.copytree(ready.out, small, dirs_exist_ok=True)
        ready.out, before = small, file_hashes(small)
        for file in ("index.html", "run.json"):
            FULL[file] = small / "filler"
            done = ready.run()
            (small / "filler").unlink()
            assert done.returncode == 1
            assert done.stderr.startswith(
                f"'{small}' cannot be written to any more: No space left on device."
            )
            assert file_hashes(small)["run.json"] == before["run.json"]
        assert ready.run().returncode == 0


def test_the_pages_of_directorates_that_are_gone_go_and_what_no_run_made_stays(ready):
    (ready.out / "directorates" / "ours.html").write_text("a page of our own", "utf-8")
    (ready.out / "run.json").write_bytes(b"")
    ready.register.write_text(REGISTER.replace("Addictions", "Rehab"), "utf-8")
    assert ready.run().returncode == 0
    assert {path.name for path in ready.out.glob("directorates/*")} == {
        "ours.html", "rehabilitation.html", "rehabilitation.ipynb", "rehabilitation.xlsx"
    }  # fmt: skip


def test_what_a_run_did_not_come_to_remove_of_a_former_directorate_the_next_one_removes(ready):
    ready.register.write_text(REGISTER.replace("Addictions", "Rehab"), "utf-8")
    former = ready.out / "directorates" / "addictions.ipynb"
    former.unlink()
    (former / "something").mkdir(parents=True)
    assert ready.run().returncode == 1
    shutil.rmtree(former)
    assert ready.run().returncode == 0
    assert not list(ready.out.glob("directorates/addictions.*"))
