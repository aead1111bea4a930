"""The entries for schedulers: each is what its scheduler reads, and runs the same command."""

import ast
import configparser
import os
import re
import shlex
import subprocess
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

import jinja2.sandbox
import pytest
from click.testing import CliRunner

from qi_analysis import cli
from qi_analysis.core.errors import OptionError
from qi_analysis.reports.schedule import TASK, this_command, write_schedule

ODD = ["/opt/a b/python", "--out", '/srv/it\'s 100% "done" $HOME \\ {{x}}/out', ""]
LOG = Path("/srv/it's 100%/out.log")


def cron_line(text: str) -> str:
    """Return the one line that is no comment, as Vixie's cron hands it to the shell."""
    (line,) = [line for line in text.splitlines() if not line.startswith("#")]
    found = re.fullmatch(r"(\d{1,2}) (\d{1,2}) (\*) (\*) (\*) (.+)", line)
    assert found.groups()[:5] == ("5", "7", "*", "*", "*")
    handed, escaped = "", False
    for letter in found[6]:
        if escaped:
            handed = handed[:-1] if letter == "%" else handed
        assert escaped or letter != "%", "the command ends here, and the rest is its input"
        handed, escaped = handed + letter, letter == "\\" and not escaped
    return handed


def cron_words(text: str, log: Path) -> list[str]:
    """Return the words of cron's line that follow the making of the log's folder."""
    words = shlex.split(cron_line(text))
    assert words[:4] == ["mkdir", "-p", f"{log.parent};", "{"]
    return words[4:]


def units(text: str) -> dict[str, configparser.ConfigParser]:
    """Return systemd's units by the kind that their first line names."""
    found = {}
    for part in re.split(r"(?m)^(?=# /etc/)", text)[1:]:
        found[part.splitlines()[0].rpartition(".")[2]] = unit = configparser.ConfigParser(
            interpolation=None
        )
        unit.optionxform = str
        unit.read_string(part)
    return found


def dag(text: str) -> dict:
    """Return the arguments of the DAG and of its operator."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return {
        word.arg: ast.unparse(word.value)
        if isinstance(word.value, ast.Call)
        else ast.literal_eval(word.value)
        for call in calls
        if ast.unparse(call.func) in ("DAG", "BashOperator")
        for word in call.keywords
    }


def test_cron_has_five_fields_and_a_line_that_a_shell_reads_as_the_command():
    words = cron_words(write_schedule("cron", ODD, LOG, "07:05"), LOG)
    assert words[: len(ODD)] == ODD
    assert words[-6:] == ["}", "2>&1", "|", "tee", "-a", str(LOG)]


def test_cron_mails_what_a_run_says_and_adds_it_to_the_log_with_an_exit_code_that_is_not_0(
    tmp_path,
):
    log = tmp_path / "not there" / "yet" / "it's 100%.log"
    mailed = mail("echo '100% urgent' >&2", log) + mail(":", log)
    assert mailed == "100% urgent\n"
    mailed += mail("echo said; exit 75", log)
    assert re.fullmatch(
        r"100% urgent\nsaid\nThe run ended with exit code 75 on .*\d\d:\d\d:\d\d.*\n", mailed
    )
    assert log.read_text("utf-8") == mailed
    without = mail("echo said; exit 75", log / "no folder" / "a.log")
    assert set(mailed.splitlines()[1:2]) < set(without.splitlines())
    assert "The run ended with exit code 75 on " in without
    assert re.search(r"^mkdir: .*: Not a directory$", without, re.M)
    assert re.search(r"^tee: .*: Not a directory$", without, re.M)


def mail(script: str, log: Path) -> str:
    """Return what cron mails of an entry that runs a script."""
    line = cron_line(write_schedule("cron", ["sh", "-c", script], log, "07:05"))
    cron = {"env": {"PATH": "/usr/bin:/bin"}, "stdout": subprocess.PIPE}
    return subprocess.run(
        ["/bin/sh", "-c", line], **cron, stderr=subprocess.STDOUT, text=True, check=False
    ).stdout


def test_systemd_gets_a_service_that_runs_once_and_a_timer_that_makes_up_for_a_missed_day():
    both = units(write_schedule("systemd", ODD, LOG, "07:05"))
    service, timer = both["service"]["Service"], both["timer"]["Timer"]
    assert (service["Type"], service["TimeoutStartSec"]) == ("oneshot", "5h")
    quoted = re.findall(r'"((?:[^"\\]|\\.)*)"', service["ExecStart"])
    escapes = (("%%", "%"), ("$$", "$"), ('\\"', '"'), ("\\\\", "\\"))
    for escaped, plain in escapes:
        quoted = [word.replace(escaped, plain) for word in quoted]
    assert quoted == ODD
    assert dict(timer) == {"OnCalendar": "*-*-* 07:05:00", "Persistent": "true"}
    assert both["timer"]["Install"]["WantedBy"] == "timers.target"


def test_windows_gets_a_task_that_never_runs_twice_at_once():
    command = [r"C:\Program Files\Python\python.exe", "report", r"C:\R & D's\register.csv"]
    log = PureWindowsPath(r"C:\R & D's\reports.log")
    task = ElementTree.fromstring(write_schedule("windows", command, log, "07:05"))
    texts = {element.tag.removeprefix(f"{{{TASK}}}"): element.text for element in task.iter()}
    assert task.tag == f"{{{TASK}}}Task"
    assert texts["StartBoundary"] == "2020-01-01T07:05:00"
    assert texts["MultipleInstancesPolicy"] == "IgnoreNew"
    assert texts["Command"] == "cmd.exe"
    assert texts["Arguments"] == (
        "/d /s /c "
        r""""(if not exist "C:\R & D's" mkdir "C:\R & D's") & """
        r'"C:\Program Files\Python\python.exe" "report" "C:\R & D' + r"'s\register.csv"
        r'" >> "C:\R & D' + "'s" + r'\reports.log" 2>&1"'
    )


@pytest.mark.parametrize("word", ['a"b', "100%"])
def test_windows_refuses_what_its_command_line_cannot_hold(word):
    with pytest.raises(OptionError, match=r"^Windows' scheduler takes no \" or % in a word; "):
        write_schedule("windows", [word], LOG, "07:05")


def test_airflow_gets_one_task_that_runs_the_command_and_skips_if_another_run_holds_the_folder():
    options = dag(write_schedule("airflow", ODD, LOG, "07:05"))
    assert options["schedule"] == "5 7 * * *"
    assert (options["max_active_runs"], options["skip_on_exit_code"]) == (1, 75)
    assert options["execution_timeout"] == "timedelta(hours=5)"
    assert rendered(options["bash_command"]) == ODD


def rendered(script: str) -> list[str]:
    """Return the words of a command as Airflow renders it and Bash reads it."""
    assert not script.endswith((".sh", ".bash"))  # else Airflow takes it for a file's name
    text = jinja2.sandbox.SandboxedEnvironment(undefined=jinja2.StrictUndefined).from_string(script)
    printed = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {text.render()}"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return printed.split("\0")[:-1]


MARKS = ["{% endraw %}", "{{ ds }}", "{# a #}", "{", "}}", "{%", "a{{'b'}}c", "{% raw %}", "run.sh",
         "$HOME `id` \\", "~", "*", "a\\%b", "\\\\%", "%%", "C:\\out\\", "it's"]  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_whatever_stands_in_a_path_each_scheduler_hands_it_over_as_it_is(mark):
    command = ["/opt/python", "report", f"/srv/{mark}/register.csv", mark]
    assert (
        rendered(dag(write_schedule("airflow", command, LOG, "07:05"))["bash_command"]) == command
    )
    log = Path("/srv") / mark
    words = cron_words(write_schedule("cron", command, log, "07:05"), log)
    assert words[:4] == command
    assert words[-1] == str(Path("/srv") / mark)
    if "%" not in mark:
        assert (
            windows_words(write_schedule("windows", command, Path("/srv/a.log"), "07:05"))
            == command
        )


def windows_words(text: str) -> list[str]:
    """Return a command's words as a program of Windows reads them."""
    task = ElementTree.fromstring(text)
    (line,) = [each.text for each in task.iter() if each.tag.endswith("}Arguments")]
    line = line.partition(") & ")[2].rpartition(' >> "')[0]
    words = re.findall(r'"((?:[^"\\]|\\+(?!["\\])|(?:\\\\)+(?="))*)"', line)
    return [re.sub(r"(\\+)$", lambda found: found[0][: len(found[0]) // 2], word) for word in words]


def test_a_line_too_long_for_cron_is_refused_as_cron_would_run_nothing():
    command = ["/opt/python", "é" * 500]
    with pytest.raises(OptionError, match=r"^Cron takes a command of at most 998 bytes; this one"):
        write_schedule("cron", command, LOG, "07:05")


@pytest.mark.parametrize("at", ["24:00", "7:05", "07:60", "noon"])
def test_a_time_of_day_is_written_like_0630(at):
    with pytest.raises(OptionError, match=rf"^`at` must be a time .* '06:30'; not '{at}'\.$"):
        write_schedule("cron", ODD, LOG, at)


def test_a_word_with_a_line_break_is_refused():
    for command, log in ((["a\nb"], LOG), (["a"], Path("a\nb"))):
        with pytest.raises(OptionError, match=r"no line breaks or tabs; 'a\\nb' has\.$"):
            write_schedule("cron", command, log, "07:05")


def test_the_command_has_whole_paths_and_runs_from_any_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "our register.csv").write_text("", "utf-8")
    words = ["schedule", "cron", "our register.csv", "--out", "out", "--at", "07:05"]
    ran = CliRunner().invoke(cli.app, words)
    assert ran.exit_code == 0, ran.stderr
    command = cron_words(ran.stdout, tmp_path / "out.log")
    assert command[: command.index("||")] == this_command(
        "report", tmp_path / "our register.csv", "--profile", "cnwl", "--snapshots",
        tmp_path / "data/processed/snapshots", "--out", tmp_path / "out", "--audience", "internal",
        "--quiet",
    )  # fmt: skip
    assert not (tmp_path / "out").exists()
    helped = ""
    (tmp_path / "json.py").write_text("raise SystemExit(0)", "utf-8")  # in the place of Python's
    env = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for words in ("--help",), ("report", "--help"):
        helped += subprocess.run(
            this_command(*words), capture_output=True, text=True, cwd=tmp_path, check=True, env=env
        ).stdout
    for word in command:
        if word.startswith("--"):
            assert word in helped


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.csv"], "There is no file 'nowhere.csv'. Check its name and folder."),
        (["--at", "noon"], "`at` must be a time of day such as '06:30'; not 'noon'."),
        (["--profile", "elsewhere"], "There is no profile 'elsewhere'."),
    ],
)
def test_what_would_fail_at_night_is_refused_now(words, sentence):
    ran = CliRunner().invoke(cli.app, ["schedule", "systemd", *words])
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith(sentence)
