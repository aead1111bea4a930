"""A year of nights: after each, every page is whole and of one register, and nothing is left.

`QI_SOAK=1` runs ten minutes of them; else as many as twenty seconds hold.
"""

import datetime
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest
from conftest import SOAK
from processes import Runs, bearing, fill, linux, wait_for_first_lines, wait_until

from qi_analysis.core.files import BESIDE, PACKAGE
from qi_analysis.reports.output import _hash_siblings, read_build_stamp
from qi_analysis.snapshots import is_readable

pytestmark = [pytest.mark.usefixtures("one_engine"), pytest.mark.soak, linux]
SECONDS = 600 if SOAK else 13  # in which nights begin; one more is made at the end


class Year:
    """A folder of reports, the register of each day, and what the nights bring."""

    def __init__(self, home: Path, seed: int):
        self.runs, self.chance = Runs(home), random.Random(seed)
        self.day = self.checked = 0  # days, and pages
        self.temporary = home / "tmp"
        self.temporary.mkdir()
        self.runs.env["TMPDIR"] = str(self.temporary)
        self.runs.out.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(self.runs.out)]
        self.is_disk = subprocess.run(words, capture_output=True, check=False).returncode == 0

    def close(self) -> None:
        if self.is_disk:
            subprocess.run(["umount", str(self.runs.out)], check=True)

    def bring_register(self) -> None:
        """Write the next day's register: other titles, and a directorate that comes and goes."""
        self.day += 1
        date = datetime.date(2020, 4, 1) + datetime.timedelta(self.day)
        rows = [
            "Project ID,Project Title,Group,Status,Start Date,Level of Involvement",
            "1,The same each day,Rehab,Live,01/04/2020,",
            f"2,Fewer falls on day {self.day},Addictions,Live,{date:%d/%m/%Y},Big I",
        ]
        self.names = {"addictions", "rehabilitation"}
        if self.day % 3:
            rows.append(f"3,Shorter waits on day {self.day},Community,Live,02/04/2020,")
            self.names.add("unrecognised")
        self.runs.register.write_text("\n".join(rows) + "\n", "utf-8")

    # --- what a night brings

    def nothing_special(self) -> None:
        done = self.runs.run()
        assert done.returncode == 0, done.stderr
        self.check_finished()

    def a_kill(self) -> None:
        run = self.runs.start()
        time.sleep(self.chance.uniform(0.3, 3))
        run.kill()
        run.communicate()

    def a_stop(self) -> None:
        run = self.runs.start()
        wait_for_first_lines(run.pid)
        time.sleep(self.chance.uniform(0, 2))
        number = self.chance.choice([signal.SIGTERM, signal.SIGINT])
        run.send_signal(number)
        _, complaint = run.communicate(timeout=20)
        assert run.returncode in (0, 128 + number), complaint
        assert "Traceback" not in complaint
        assert not list(self.runs.out.glob(".*"))

    def a_full_disk(self) -> None:
        if self.is_disk:
            before = {page: page.read_bytes() for page in self.runs.pages()}
            fill(self.runs.out / "filler")
            done = self.runs.run()
            (self.runs.out / "filler").unlink()
            assert done.returncode in (1, 2)
            assert "No space left on device" in done.stderr
            assert {page: page.read_bytes() for page in self.runs.pages()} == before

    def two_at_once(self) -> None:
        first = self.runs.start()
        assert first.stdout.readline().endswith(" reports.\n")
        second = self.runs.run()
        _, complaint = first.communicate(timeout=60)
        assert (first.returncode, second.returncode) in ((0, 75), (0, 0)), complaint
        self.check_finished()

    def an_upgrade(self) -> None:
        """Make the reports by another version: its files differ, so every one is made again."""
        new = self.runs.home / "new"
        if not new.exists():
            shutil.copytree(PACKAGE, new / "qi_analysis")
            for name in ("notebooks", "data"):
                (new / name).symlink_to(BESIDE / name)
        with (new / "qi_analysis" / "stats" / "rates.py").open("a") as module:
            module.write(f"# changed on day {self.day}\n")
        self.runs.env["PYTHONPATH"] = str(new)
        done = self.runs.run_alone()
        del self.runs.env["PYTHONPATH"]
        assert done.returncode == 0, done.stderr
        assert self.runs.statuses() == {"published": len(self.names) + 1}
        self.check_finished()

    def a_damaged_page(self) -> None:
        for page in self.runs.pages()[:1]:
            os.truncate(page, self.chance.randrange(page.stat().st_size))
        self.nothing_special()

    def say(self, happened: Counter) -> None:
        """Print what there was so far; `pytest -s` shows it at once, `pytest -rP` at the end."""
        checked = f"{self.checked} pages checked"
        sys.stdout.write(f"{self.day} nights, {checked}: {dict(happened)}\n")
        sys.stdout.flush()

    # --- what holds after each

    def check_finished(self) -> None:
        """Check what a run that ended well has made: today's, all of it, and nothing else."""
        out = self.runs.out
        assert not list(out.glob(".*"))
        assert {page.stem for page in self.runs.pages()} == {"trust", *self.names}
        for page in self.runs.pages():
            assert days_of(page) == {self.day}, page
        record = json.loads((out / "run.json").read_text("utf-8"))
        assert {each["status"] for each in record["reports"]} <= {"published", "unchanged"}
        links = re.findall(r'href="(directorates/[^"#]+)"', (out / "index.html").read_text("utf-8"))
        assert {Path(link).stem for link in links if link.endswith(".html")} == self.names
        assert (out / "run.log").read_bytes().endswith(b"\n")
        assert {path.suffix for path in out.rglob("*.*")} <= {
            ".html", ".ipynb", ".xlsx", ".csv", ".json", ".log"
        }  # fmt: skip

    def check_always(self) -> None:
        """Check what holds whatever happened: whole pages, of one register each; nobody left."""
        if mark := getattr(self.runs, "mark", ""):  # of the last process that was started
            assert wait_until(lambda: not bearing(mark), 6), bearing(mark)
        assert wait_until(lambda: not os.listdir(self.temporary), 6), os.listdir(self.temporary)
        for page in self.runs.pages():
            stamp = read_build_stamp(page)
            assert stamp, page
            assert stamp.items() >= _hash_siblings(page).items(), page
            assert len(days_of(page)) == 1, page
            self.checked += 1
        if (self.runs.out / "run.json").exists():
            json.loads((self.runs.out / "run.json").read_bytes())
        for kept in (self.runs.home / "snapshots").glob("*.parquet"):
            assert is_readable(kept), kept
        assert not list(self.runs.out.glob("**/filler"))


def days_of(page: Path) -> set[int]:
    """Return the days whose titles a page shows."""
    return {int(day) for day in re.findall(r"on day (\d+)", page.read_text("utf-8"))}


NIGHTS = ("nothing_special", "a_kill", "an_upgrade", "two_at_once", "a_full_disk", "a_stop",
          "a_damaged_page")  # fmt: skip


def test_a_year_of_nights_leaves_every_page_whole_and_nothing_behind(tmp_path):
    year, happened = Year(tmp_path, seed=19), Counter()
    until = time.monotonic() + SECONDS
    try:
        for night in cycle(NIGHTS):
            year.bring_register()
            getattr(year, night)()
            year.check_always()
            happened[night] += 1
            if year.day % 50 == 0:
                year.say(happened)
            if time.monotonic() > until:
                break
        year.bring_register()
        year.nothing_special()
        year.check_always()
    finally:
        year.close()
    year.say(happened)
