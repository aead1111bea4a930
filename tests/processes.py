"""What tests of runs share: a small register, a notebook to run, processes that live, and files."""

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner

from qi_analysis import cli
from qi_analysis.reports import build

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
REGISTER = """Project ID,Project Title,Group,Status,Start Date,Level of Involvement
1,Fewer falls,Addictions,Live,01/04/2020,Big I
2,Shorter waits,Rehab,Live,03/04/2020,
"""
PARAMETERS = """register = "example"
profile = "cnwl"
as_of = ""
definition = ""
earlier = ""
findings = ""
"""
READ = """import time
import qi_analysis as qi
titles = qi.load_register(register).projects["title"]
print(*titles)
"""


def write_notebook(path: Path, *cells: str, **metadata) -> Path:
    """Write a notebook of code cells, none of them run."""
    code = [nbformat.v4.new_code_cell(source, id=f"c{i}") for i, source in enumerate(cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=code, metadata=metadata), path)
    return path


def write_template(path: Path, *lines: str) -> None:
    """Write a template whose report says the title of every project."""
    cells = [nbformat.v4.new_code_cell(text, id=f"c{i}")
             for i, text in enumerate((lines[0], READ + "\n".join(lines[1:])))]  # fmt: skip
    cells[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def write_templates(folder: Path, line: str = "") -> None:
    """Write small templates; directorates' reports do something more at their end."""
    folder.mkdir(exist_ok=True)
    write_template(folder / "trust_report.ipynb", PARAMETERS)
    own = PARAMETERS + 'directorate = ""\n'
    for name in ("directorate_report", "small_directorate_report"):
        write_template(folder / f"{name}.ipynb", own, line)


@contextlib.contextmanager
def using(engine):
    """Make the reports of this process by an engine that is ready."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli, "_engine", lambda *limits: contextlib.nullcontext(engine))
        patch.setattr(build, "start_engine", lambda **warmth: contextlib.nullcontext(engine))
        yield


def command(*words) -> subprocess.CompletedProcess:
    """Run qi-analysis in this process, whose imports are made already."""
    ran = CliRunner().invoke(cli.app, [*map(str, words)], catch_exceptions=False)
    return subprocess.CompletedProcess(words, ran.exit_code, ran.stdout, ran.stderr)


def below(process: int) -> list[tuple[int, str]]:
    """Return the number and command of each living process below one."""
    found = []
    for listed in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = listed.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == process and state != "Z":
                number = int(listed.parent.name)
                found += [(number, (listed.parent / "cmdline").read_text()), *below(number)]
    return found


def bearing(mark: str) -> list[str]:
    """Return the commands of the living processes whose environment holds a mark."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if mark in environment.read_text():
                found.append((environment.parent / "cmdline").read_text())
    return [command for command in found if "resource_tracker" not in command]  # pytest's own


def wait_until(true, seconds: float) -> bool:
    """Wait for something to become true, and say whether it did in time."""
    until = time.monotonic() + seconds
    while not (now := true()) and time.monotonic() < until:
        time.sleep(0.05)
    return bool(now)


def wait_for_first_lines(process: int) -> None:
    """Wait until a command has come to our first lines; before, signals do what they do to Python.

    That is at once and by the signal, or with a traceback, and nothing of ours can change it.
    """
    until = time.monotonic() + 60
    caught = 0
    while not caught >> (signal.SIGTERM - 1) & 1 and time.monotonic() < until:
        time.sleep(0.001)
        status = Path(f"/proc/{process}/status").read_text()
        caught = int(status.partition("SigCgt:")[2].split()[0], 16)


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the hash of every file below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# --- runs of reports ----------------------------------------------------------------------------

OTHER = REGISTER.replace("Shorter waits", "Cleaner wards")
# The command; it says at the end how many programs it started.
DRIVER = """
import sys
started = []
sys.addaudithook(lambda name, args: name == "subprocess.Popen" and started.append(args[0]))
from qi_analysis.cli import app
try:
    app()
finally:
    print(f"{len(started)} programs started", file=sys.stderr)
"""


class Runs:
    """A folder with templates, a register, its reports, and ways to make them."""

    def __init__(self, home: Path):
        self.home, self.out, self.register = home, home / "out", home / "register.csv"
        self.templates = home / "notebooks"  # of a workspace
        self.templates.mkdir()
        self.env: dict[str, str | None] = {}  # what is different for a run; None is for unset
        self.first: list[str] = []  # words before the command
        self.hook, self.more = "", {}  # code before the driver's; more for Popen
        self.write("")
        self.register.write_text(REGISTER, "utf-8")

    def write(self, line: str) -> None:
        """Write the templates; directorates' reports do something more at their end."""
        write_templates(self.templates, line)

    def words(self, *words, **options) -> list:
        """Return the command's words."""
        options = {"snapshots": self.home / "snapshots", "out": self.out, **options}
        named = [word for name, value in options.items() for word in (f"--{name}", value)]
        return ["report", self.register, *named, *words]

    def start(self, *words, stdout=subprocess.PIPE, **options) -> subprocess.Popen:
        """Start a run in a process of its own."""
        command = [*self.first, sys.executable, "-c", self.hook + DRIVER,
                   *self.words(*words, **options)]  # fmt: skip
        self.mark = f"QI_TEST_{uuid.uuid4().hex}"
        env = {**os.environ, self.mark: "1", **self.env}
        return subprocess.Popen(
            list(map(str, command)), stdout=stdout, stderr=subprocess.PIPE, encoding="utf-8",
            cwd=self.home, env={name: value for name, value in env.items() if value is not None},
            **self.more,
        )  # fmt: skip

    def run(self, *words, **options) -> subprocess.CompletedProcess:
        """Run to the end in this process, by the engine of all tests."""
        words = self.words(*words, **options)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.home)
            return command(*words)

    def run_alone(self, *words, **options) -> subprocess.CompletedProcess:
        """Run to the end in a process of its own."""
        run = self.start(*words, **options)
        output, complaint = run.communicate(timeout=120)
        return subprocess.CompletedProcess(run.args, run.returncode, output, complaint)

    def statuses(self) -> dict[str, int]:
        """Count the reports in the record by what became of them."""
        reports = json.loads((self.out / "run.json").read_text("utf-8"))["reports"]
        return Counter(each["status"] for each in reports)

    def pages(self) -> list[Path]:
        return [*self.out.glob("trust.html"), *sorted(self.out.glob("directorates/*.html"))]


@contextlib.contextmanager
def disk(folder: Path, options: str):
    """Return a small disk of its own; the test is skipped where none may be had."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if sys.platform != "linux" or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(path: Path) -> None:
    """Fill a disk to its last byte."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
