"""Reports made on a Dask cluster: the files are those made here, whatever becomes of the workers.

A real scheduler and real workers, each a process of its own, throughout.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from conftest import ROOT, some
from processes import REGISTER, Runs, below, linux, using, wait_until, write_notebook

import qi_analysis as qi
from qi_analysis import cli, terminal
from qi_analysis.core.errors import OptionError
from qi_analysis.execution.cluster import start_cluster
from qi_analysis.execution.tasks import Limits, Task

PATIENCE = 2  # seconds; Dask's own time to connect, for which its absence is borne
QUICK = {
    "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": f"{PATIENCE}s",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
}


class Dask:
    """A scheduler, and workers of a thread, each a process; all end with it."""

    def __init__(self, home: Path):
        self.home, self.started = home, []
        self.file = home / "scheduler.json"
        self.scheduler = self.start("scheduler", "--host", "127.0.0.1", "--port", "0")
        wait_until(lambda: self.file.exists() and self.file.read_text(), 20)
        self.address = json.loads(self.file.read_text())["address"]
        self.workers = []

    def start(self, kind: str, *words, **environment) -> subprocess.Popen:
        """Start a process of Dask's."""
        log = (self.home / f"{kind}-{len(self.started)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", kind, "--scheduler-file", self.file,
             "--no-dashboard", *words],
            env={**os.environ, **QUICK, "PYTHONPATH": str(ROOT), **environment},
            stdout=log, stderr=log, cwd=self.home,
        )  # fmt: skip
        log.close()
        self.started.append(process)
        return process

    def work(self, *words, **environment) -> subprocess.Popen:
        """Start a worker."""
        words = ["--no-nanny", "--nthreads", "1", "--local-directory", self.home, *words]
        self.workers.append(worker := self.start("worker", *words, **environment))
        return worker

    def below(self) -> list[tuple[int, str]]:
        """Return the number and command of each living process that Dask's own have started."""
        return [found for each in self.started for found in below(each.pid)]

    def close(self) -> None:
        end(self.started)


def end(processes: list[subprocess.Popen]) -> None:
    for process in processes:
        process.kill()
        process.wait()
    processes.clear()


def alive(process: int) -> bool:
    with contextlib.suppress(OSError):
        return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()
    return False


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """Return a scheduler with two workers, which no test breaks."""
    dask = Dask(tmp_path_factory.mktemp("dask"))
    dask.work(), dask.work()
    yield dask
    servers = [number for number, _ in dask.below()]
    dask.close()
    assert wait_until(lambda: not any(map(alive, servers)), 5)


@pytest.fixture(scope="module")
def warm(dask, tmp_path_factory):
    """Return that scheduler once both workers have started the process from which they fork."""
    home = tmp_path_factory.mktemp("warm")
    template = write_notebook(home / "warm.ipynb", "import time; time.sleep(0.5)")
    (run := home / "run").mkdir()
    made = [Task(str(template), str(run / f"{n}.ipynb"), str(run)) for n in range(4)]
    with start_cluster(dask.address) as engine:
        assert reasons(engine, made) == [""] * 4
    return dask


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory):
    """Return a scheduler whose workers come and go."""
    dask = Dask(tmp_path_factory.mktemp("scheduler"))
    yield dask
    dask.close()


@pytest.fixture
def frail(scheduler):
    """Return that scheduler; a test starts workers to break, and they end with it."""
    from distributed import Client

    yield scheduler
    end(scheduler.workers)
    with Client(scheduler.address, set_as_default=False) as client:
        known = client.sync, client.scheduler.identity
        assert wait_until(lambda: not known[0](known[1])["workers"], 5)


def tasks(folder: Path, *cells: str, number: int = 1) -> list[Task]:
    """Return tasks of one notebook, of the same cells each."""
    template = write_notebook(folder / "template.ipynb", *cells)
    run = folder / "run"
    run.mkdir(exist_ok=True)
    (run / "here.txt").write_text("read where it runs", "utf-8")
    (folder / "beside.py").write_text("word = 'and beside it'\n", "utf-8")
    return [Task(str(template), str(run / f"{n}.ipynb"), str(run)) for n in range(number)]


def reasons(engine, tasks: list[Task]) -> list[str]:
    """Return why each notebook failed, or nothing, in the tasks' order."""
    done = {each.task.out: each.reason for each in engine.run(tasks)}
    for task in tasks:
        assert Path(task.out).exists() is not bool(done[task.out])
    return [done[task.out] for task in tasks]


def run(folder: Path, *words) -> Result:
    """Run `qi-analysis report` of a small register, in this process."""
    return CliRunner().invoke(cli.app, command(folder, *words)[3:])


def command(folder: Path, *words) -> list[str]:
    """Return the words of `qi-analysis report` of a small register, in a process of its own."""
    (folder / "register.csv").write_text(REGISTER, "utf-8")
    named = ["--snapshots", folder / "snapshots", "--out", folder / "out", "--json"]
    run = [sys.executable, "-m", "qi_analysis.cli", "report", folder / "register.csv", *named]
    return [str(word) for word in (*run, *words)]


def files(folder: Path) -> dict[str, bytes | dict]:
    """Return every file below a folder, without what tells how long it took."""
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    found.pop("run.log", None)  # times
    record = json.loads(found["run.json"])
    for each in record["reports"]:
        del each["seconds"]
    return {**found, "run.json": record}


def test_a_clusters_files_are_those_made_here(dask, engine, tmp_path):
    made = {}
    for where, words in {"here": (), "there": ("--cluster", dask.address)}.items():
        (tmp_path / where).mkdir()
        with contextlib.nullcontext() if words else using(engine):
            ran = run(tmp_path / where, "--directorate", "Rehabilitation", *words)
        assert (ran.exit_code, ran.stderr) == (0, "")
        made[where] = files(tmp_path / where / "out")
    assert made["there"] == made["here"]
    assert [each["status"] for each in made["there"]["run.json"]["reports"]] == ["published"] * 2
    assert not list(dask.home.rglob("qi-analysis-*"))  # the workers keep no file


SEE = (
    "import os, time\nfrom beside import word\ntime.sleep(0.2)\n"
    "print(os.getppid(), open('here.txt').read(), word)"
)


@linux
def test_what_notebooks_read_travels_once_and_their_processes_are_forked_from_warm_ones(
    dask, tmp_path
):
    from distributed import Client

    made = tasks(tmp_path, SEE, number=8)
    with start_cluster(dask.address) as engine:
        assert reasons(engine, made) == [""] * 8
    printed = [nbformat.read(task.out, 4).cells[0].outputs[0].text.split(" ", 1) for task in made]
    assert {text for _, text in printed} == {"read where it runs and beside it\n"}
    servers = {int(process) for process, _ in printed}
    assert servers == {number for number, _ in dask.below()}
    assert len(servers) == 2  # one a worker, there still
    with Client(dask.address, set_as_default=False) as client:
        logs = client.run(lambda dask_worker: [*dask_worker.transfer_incoming_log])
    assert len(logs) == 2
    ours = [key for log in logs.values() for each in log for key in each["keys"]]
    assert len(ours) == len(set(ours))  # the one worker gives it to the other
    assert any(key.startswith("qi-analysis-") for key in ours)


def test_where_nothing_forks_a_worker_starts_an_ordinary_kernel(frail, engine, tmp_path):
    made = tasks(tmp_path, "import beside\nprint(open('here.txt').read(), beside.word)")
    as_elsewhere = tmp_path / "as_elsewhere.py"
    as_elsewhere.write_text(
        "import sys\nsys.platform = 'elsewhere'\n"
        "import qi_analysis.execution.engine\nsys.platform = 'linux'\n",
        "utf-8",
    )
    frail.work("--preload", as_elsewhere)
    with start_cluster(frail.address) as cluster:
        assert reasons(cluster, made) == [""]
    assert not frail.below()
    there = Path(made[0].out).read_bytes()
    assert reasons(engine, made) == [""]
    assert Path(made[0].out).read_bytes() == there


def test_a_worker_keeps_to_the_runs_limits(dask, tmp_path):
    limits = Limits(cell_seconds=1, memory_mb=300, output_mb=1)
    failing = {
        "while True: pass": "Cell 1 ran for more than 1 second (--cell-seconds).",
        "bytearray(10**9)": "a notebook may take 300 MB (--memory-mb)",
        "print('x' * 2**21)": "Its outputs came to more than 1 MB (--output-mb).",
        "1 / 0": "Cell 1 failed with ZeroDivisionError: division by zero",
        "import os; os._exit(0)": "Cell 1 ended the process (exit code 0)",
    }
    made = []
    for n, cell in enumerate(failing):
        (tmp_path / str(n)).mkdir()
        made += tasks(tmp_path / str(n), cell)
    with start_cluster(dask.address, limits) as engine:
        for reason, text in zip(reasons(engine, made), failing.values(), strict=True):
            assert text in reason


def test_a_run_that_takes_too_long_is_given_up_here_and_there(warm, tmp_path):
    made = tasks(tmp_path, "import time; time.sleep(600)", number=3)
    before = warm.below()
    with start_cluster(warm.address, Limits(run_seconds=2)) as engine:
        assert set(reasons(engine, made)) == {"The run took more than 2 seconds (--run-seconds)."}
    assert wait_until(lambda: warm.below() == before, 5)


# --- whatever becomes of the cluster -------------------------------------------------------------

HANG = "import pathlib, time\npathlib.Path(r'{}').touch()\ntime.sleep(600)"


@linux
@pytest.mark.parametrize(
    "number",
    some([signal.SIGTERM, signal.SIGINT, signal.SIGKILL], signal.SIGTERM, signal.SIGKILL),
)
def test_a_run_that_is_ended_leaves_no_process_on_a_worker(warm, tmp_path, number):
    begun = tmp_path / "begun"
    (made,) = tasks(tmp_path, HANG.format(begun))
    before = warm.below()
    code = f"""
import signal
from qi_analysis import cli, terminal
from qi_analysis.execution.cluster import start_cluster
from qi_analysis.execution.tasks import Task
signal.signal(signal.SIGINT, signal.default_int_handler)
with terminal.end_on_signals(), start_cluster({warm.address!r}) as engine:
    list(engine.run([{made!r}]))
"""
    run = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
    assert wait_until(begun.exists, 30)
    assert len(warm.below()) > len(before)
    began = time.monotonic()
    run.send_signal(number)
    _, error = run.communicate(timeout=20)
    assert run.returncode == (-9 if number == signal.SIGKILL else 128 + number)
    assert error == (b"" if number == signal.SIGKILL else terminal.STOPPED)
    left = 5 - (time.monotonic() - began)
    assert wait_until(lambda: warm.below() == before, left)
    assert wait_until(lambda: not list(warm.home.rglob("qi-analysis-*")), 1)


KILL = """import os, signal
stat = open(f"/proc/{os.getppid()}/stat").read()
os.kill(int(stat.rpartition(")")[2].split()[1]), signal.SIGKILL)"""


@linux
def test_the_notebooks_of_a_worker_that_is_lost_are_made_by_another_unless_they_end_it_too(
    frail, tmp_path
):
    from distributed import Client

    made = tasks(tmp_path, "import time; time.sleep(0.3)", number=8)
    lost, *others = frail.work(), frail.work(), frail.work()
    with start_cluster(frail.address) as engine:
        results = engine.run(made)
        first = next(results)
        server = [number for number, _ in below(lost.pid)]
        lost.kill()
        assert [first.reason, *(each.reason for each in results)] == [""] * 8
    assert all(Path(task.out).exists() for task in made)
    assert wait_until(lambda: not any(map(alive, server)), 5)
    assert not any(other.poll() for other in others)
    with Client(frail.address, set_as_default=False) as client:
        client.wait_for_workers(len(others))
    (tmp_path / "kill").mkdir()
    with start_cluster(frail.address) as engine:
        assert reasons(engine, tasks(tmp_path / "kill", KILL)) == [
            "Every worker that made it was lost, 2 in turn, as happens when a machine runs out of "
            "memory."
        ]
    assert wait_until(lambda: all(other.poll() for other in others), 5)


@linux
def test_without_workers_what_is_left_fails_and_nothing_is_left_running(frail, tmp_path):
    begun = tmp_path / "begun"
    made = tasks(tmp_path, HANG.format(begun), number=2)
    worker = frail.work()
    ending = threading.Thread(target=lambda: wait_until(begun.exists, 30) and worker.kill())
    with start_cluster(frail.address):
        pass  # the worker is ready
    with impatient(), start_cluster(frail.address) as engine:
        ending.start()
        assert reasons(engine, made) == ["The cluster has had no worker for 2 seconds."] * 2
    ending.join()
    assert wait_until(lambda: not frail.below() and worker.poll() is not None, 10)


def impatient():
    """Return settings by which Dask waits a few seconds only."""
    import distributed  # noqa: F401  (else its settings are not there yet)
    from dask import config

    return config.set({"distributed.comm.timeouts.connect": f"{PATIENCE}s"})


@linux
def test_reports_made_before_a_scheduler_is_lost_stay_and_the_command_says_what_failed(tmp_path):
    """And nothing is left running: its workers end too."""
    runs, begun = Runs(tmp_path), tmp_path / "begun"
    runs.env = QUICK
    runs.write(HANG.format(begun))
    (tmp_path / "dask").mkdir()
    with contextlib.closing(Dask(tmp_path / "dask")) as dask:
        worker = dask.work("--nthreads", "3")  # whichever report is begun first
        run = runs.start("--cluster", dask.address)
        assert any("published: The whole trust" in line for line in run.stdout)
        assert wait_until(begun.exists, 30)
        dask.scheduler.kill()
        _, errors = run.communicate(timeout=60)
        assert wait_until(lambda: not dask.below() and worker.poll() is not None, 10)
    assert run.returncode == 1
    lost = "The cluster's scheduler ended, or could not be reached any more."
    assert re.fullmatch(rf"(Failed: .*\. {re.escape(lost)}\n){{2}}\d programs started\n", errors)
    assert runs.statuses() == {"published": 1, "failed": 2}
    assert [path.name for path in runs.out.rglob("*.ipynb")] == ["trust.ipynb"]
    assert not list(runs.out.glob(".making-*"))


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.5:8786", "dask.trust.nhs.uk:8786", "", "tcp://", "tcp://[::1:8786"]
)
def test_a_scheduler_without_tls_on_another_machine_is_refused(address):
    message = (
        f"'{address}' is without TLS: whoever can reach such a scheduler can run any program there "
        "and read what is sent. Give a tls:// address; or add --cluster-without-tls if nobody else "
        "can reach its network."
    )
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        start_cluster(address)


@pytest.mark.parametrize(
    "address",
    ["tls://10.0.0.5:8786", "tls://[::1", "tcp://127.0.0.1:8786", "localhost:8786",
     "tcp://[::1]:8786"],
)  # fmt: skip
def test_a_scheduler_with_tls_or_on_this_machine_is_not(address):
    assert start_cluster(address).address == address


def test_a_scheduler_without_tls_is_taken_if_asked_by_name():
    assert start_cluster("tcp://10.0.0.5:8786", without_tls=True).address == "tcp://10.0.0.5:8786"


def refused(*words, home: Path, code: int = 2) -> str:
    """Return what the command complains of, having published nothing."""
    ran = run(home, *words)
    assert (ran.exit_code, ran.stdout) == (code, ""), (ran.stderr, ran.exception)
    assert not (home / "out").exists()
    return ran.stderr


def test_the_command_refuses_a_cluster_without_tls(tmp_path):
    error = refused("--cluster", "tcp://10.0.0.5:8786", home=tmp_path)
    assert error.startswith("'tcp://10.0.0.5:8786' is without TLS: ")


def test_workers_here_and_a_cluster_are_not_asked_for_at_once(tmp_path):
    assert refused("--cluster", "tls://a:1", "--workers", "2", home=tmp_path) == (
        "`--workers` is of this machine; a cluster's workers make a report a thread at once. Leave "
        "one of `--workers` and `--cluster` out.\n"
    )


def test_where_dask_is_absent_the_command_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert refused("--cluster", "localhost:8786", home=tmp_path) == (
        "A cluster needs Dask. Install it: pip install 'qi-analysis[cluster]'.\n"
    )


def test_a_scheduler_that_is_not_there_is_said_to_be_missing(tmp_path):
    with impatient():
        error = refused("--cluster", "tcp://127.0.0.1:1", home=tmp_path)
    assert error.startswith("There is no Dask scheduler at 'tcp://127.0.0.1:1': ")
    with impatient():
        error = refused("--cluster", "tls://127.0.0.1:1", home=tmp_path)
    assert error.startswith("There is no Dask scheduler at 'tls://127.0.0.1:1': TLS expects a ")


AGAIN = """
import gc
import dask
from qi_analysis import RegisterError
from qi_analysis.execution.cluster import start_cluster
dask.config.set({"distributed.comm.timeouts.connect": "300ms"})
gc.set_threshold(1)  # what is left over is taken away at the worst of times
for address in ["tcp://127.0.0.1:1", "tls://127.0.0.1:1"] * 3:
    try:
        start_cluster(address).__enter__()
    except RegisterError as fault:
        print(str(fault).partition("'")[0])
"""


def test_one_that_is_missing_is_said_to_be_so_as_often_as_it_is_asked_for():
    tried = subprocess.run(
        [sys.executable, "-c", AGAIN], capture_output=True, text=True, timeout=60, check=False
    )
    assert (tried.returncode, tried.stderr) == (0, "")
    assert tried.stdout == "There is no Dask scheduler at \n" * 6


def test_workers_that_do_not_come_or_differ_or_lack_the_package_are_refused(frail, tmp_path):
    words = ("--cluster", frail.address)
    with impatient():
        assert refused(*words, home=tmp_path) == (
            f"No worker of the cluster at '{frail.address}' has answered within 2 seconds.\n"
        )
    other = tmp_path / "other"
    for name in ("numexpr-1.0", "pandas-9.0.0"):
        (other / f"{name}.dist-info").mkdir(parents=True)
    differs = (
        f"differs: numexpr is 1.0 there and absent here, pandas is 9.0.0 there and {pd.__version__}"
        " here. Install the same on both, and start it again."
    )
    (made,) = tasks(tmp_path, "1 + 1")
    first = frail.work()
    with start_cluster(frail.address) as engine:
        first.kill()
        worker = frail.work(PYTHONPATH=f"{ROOT}{os.pathsep}{other}")  # it makes nothing
        assert reasons(engine, [made]) == [f"A worker of the cluster {differs}"]
    assert re.fullmatch(
        rf"The cluster's worker tcp://\S+ {re.escape(differs)}\n", refused(*words, home=tmp_path)
    )
    worker.kill()
    (other / "without.py").write_text("import sys\nsys.modules['qi_analysis'] = None\n", "utf-8")
    frail.work("--preload", other / "without.py")
    assert re.fullmatch(
        r"The cluster's worker tcp://\S+ cannot make reports: .*qi_analysis.*\. Install "
        r"qi-analysis there as it is installed here\.\n",
        refused(*words, home=tmp_path),
    )


# --- counting where the data lie -----------------------------------------------------------------

COUNTS = ["numerator", "denominator", "not_recorded"]


@pytest.fixture
def text_as_it_is():
    """Keep Dask from converting text to another type than pandas uses."""
    from dask import config

    with config.set({"dataframe.convert-string": False}):
        yield


@pytest.mark.parametrize("by", [None, "directorate", ["directorate", "status"]])
@pytest.mark.parametrize("parts", [1, 7])
def test_partitions_counted_apart_sum_to_the_whole(example, text_as_it_is, by, parts):
    import dask.dataframe as dd

    options = {"by": by, "profile": "cnwl", "as_of": pd.Timestamp("2021-05-04")}
    counts = dd.from_pandas(example.projects, npartitions=parts, sort=False).map_partitions(
        qi.count_involvement, **options
    )
    whole = qi.count_involvement(example, **options)
    keys = whole.columns.drop(COUNTS).tolist()
    summed = counts.compute().groupby(keys, as_index=False).sum()
    pd.testing.assert_frame_equal(summed, whole)


def test_partitions_counted_by_period_lack_only_periods_without_a_project(example, text_as_it_is):
    import dask.dataframe as dd

    options = {"by": "directorate", "period": "quarter", "profile": "cnwl", "basis": "started",
               "as_of": example.as_of}  # fmt: skip
    register = dd.from_pandas(example.projects, npartitions=5, sort=False)
    counts = register.map_partitions(qi.count_involvement, **options).compute()
    whole = qi.count_involvement(example, **options)
    keys = whole.columns.drop(COUNTS).tolist()
    summed = counts.groupby(keys, as_index=False).sum()
    filled = whole[keys].merge(summed, how="left").fillna(0).astype(dict.fromkeys(COUNTS, "int64"))
    pd.testing.assert_frame_equal(filled[whole.columns], whole)
    assert len(summed.merge(whole, on=keys)) == len(summed)


def test_the_pages_example_counts_two_registers_as_one(example, tmp_path):
    page = (ROOT / "docs" / "cluster.md").read_text("utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.S)
    for name, start in {"north": 0, "south": 1}.items():
        part = example.projects.iloc[start::2].reset_index(drop=True)
        part = example.override(projects=part)
        qi.snapshots.write_snapshot(part, tmp_path / f"{name}.parquet")
    code += "\nwhole.to_pickle('whole.pickle')"
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=tmp_path, check=True,
                   env={**os.environ, "PYTHONPATH": str(ROOT)})  # fmt: skip
    whole = qi.count_involvement(example, by="directorate")
    pd.testing.assert_frame_equal(pd.read_pickle(tmp_path / "whole.pickle"), whole)
