"""The entry that runs the reports unattended, for cron, systemd, Windows or Airflow.

Each runs one command, whose exit code says what came of it, and keeps what it prints: cron and
Windows in a file beside the reports' folder, systemd in its journal, Airflow in the task's log.
Cron mails it too.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path, PurePath
from xml.etree import ElementTree

from ..core.errors import OptionError

CODES = """Exit codes: 0 every report is up to date; 1 some failed, the others are published;
2 the register or an option cannot be used; 75 another run holds the folder."""
MAILED = "A run that fails is mailed, and one that warns of what must be looked at."
UNHEARD = "A run that warns of what must be looked at ends with 0 too, and nobody is told: read {}."
LONGEST_CRON = 998  # bytes; Debian's cron runs nothing that is longer
TASK = "http://schemas.microsoft.com/windows/2004/02/mit/task"


def write_schedule(kind: str, command: list[str], log: PurePath, at: str) -> str:
    """Return the entry that runs a command every day.

    Parameters
    ----------
    kind : str
        ``cron``, ``systemd``, ``windows`` or ``airflow``.
    command : list of str
        The program's whole path and its words, as they are, without quotes.
    log : PurePath
        The file to which cron and Windows add what the command prints; they make its folder.
    at : str
        The time of day, such as ``06:30``.
    """
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", at):
        raise OptionError(f"`at` must be a time of day such as '06:30'; not '{at}'.")
    for word in (*command, str(log)):
        if re.search(r"[\x00-\x1f]", word):
            raise OptionError(f"A scheduled command has no line breaks or tabs; {word!r} has.")
    return KINDS[kind](command, log, at)


def this_command(*words: str | Path) -> list[str]:
    """Return the words that run `qi-analysis` from any folder, with this Python and as it is."""
    return [sys.executable, "-E", "-P", "-m", "qi_analysis.cli", *map(str, words)]


def _cron(command: list[str], log: PurePath, at: str) -> str:
    # Without a log the command runs all the same, and is mailed with what `mkdir` and `tee` say.
    folder, file = shlex.quote(str(log.parent)), shlex.quote(str(log))
    ended = 'echo "The run ended with exit code $? on $(date)"'
    line = f"mkdir -p {folder}; {{ {shlex.join(command)} || {ended}; }} 2>&1 | tee -a {file}"
    # Cron takes `\%` for a percent sign, but not after another backslash: two quotes part them.
    line = line.replace(r"\%", r"\''%").replace("%", r"\%")
    if (size := len(line.encode())) > LONGEST_CRON:
        raise OptionError(
            f"Cron takes a command of at most {LONGEST_CRON} bytes; this one has {size:,}. Use "
            "shorter paths, or systemd."
        )
    hour, minute = map(int, at.split(":"))
    about = f"Add these lines with `crontab -e`. {MAILED}\n{CODES}"
    return f"{_comment(about)}\n{minute} {hour} * * * {line}\n"


def _systemd(command: list[str], log: PurePath, at: str) -> str:
    return f"""# /etc/systemd/system/qi-analysis.service
{_comment(CODES)}
# {UNHEARD.format("`journalctl -u qi-analysis`")}
[Unit]
Description=Reports on involvement in quality improvement

[Service]
Type=oneshot
ExecStart={" ".join(map(_systemd_word, command))}
TimeoutStartSec=5h
TimeoutStopSec=10

# /etc/systemd/system/qi-analysis.timer
# Start it with `systemctl enable --now qi-analysis.timer`.
[Unit]
Description=Reports on involvement in quality improvement, every day

[Timer]
OnCalendar=*-*-* {at}:00
Persistent=true

[Install]
WantedBy=timers.target
"""


def _systemd_word(word: str) -> str:
    escaped = word.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"'


def _windows(command: list[str], log: PurePath, at: str) -> str:
    for word in (*command, str(log)):
        if set(word) & set('"%'):
            raise OptionError(
                f"""Windows' scheduler takes no " or % in a word; {word!r} has one."""
            )
    told = UNHEARD.format(f"'{log}'")
    task = _element("Task", version="1.2", xmlns=TASK)
    _add(task, "RegistrationInfo/Description", f"Reports on involvement. {CODES} {told}")
    trigger = _add(task, "Triggers/CalendarTrigger")
    _add(trigger, "StartBoundary", f"2020-01-01T{at}:00")
    _add(trigger, "ScheduleByDay/DaysInterval", "1")
    settings = _add(task, "Settings")
    _add(settings, "MultipleInstancesPolicy", "IgnoreNew")
    _add(settings, "StartWhenAvailable", "true")
    _add(settings, "ExecutionTimeLimit", "PT5H")
    action = _add(task, "Actions/Exec")
    _add(action, "Command", "cmd.exe")
    words = " ".join(map(_windows_word, command))
    folder = f'(if not exist "{log.parent}" mkdir "{log.parent}")'
    _add(action, "Arguments", f'/d /s /c "{folder} & {words} >> "{log}" 2>&1"')
    ElementTree.indent(task)
    about = "Register-ScheduledTask -TaskName qi-analysis -Xml (Get-Content task.xml -Raw)"
    return f"<!-- In PowerShell: {about} -->\n{ElementTree.tostring(task, 'unicode')}\n"


def _windows_word(word: str) -> str:
    """Quote a word; a backslash at its end, alone, would make the quote part of it."""
    ends = len(word) - len(word.rstrip("\\"))
    return f'"{word}{word[len(word) - ends :]}"'


def _element(name: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(name, attributes)


def _add(parent: ElementTree.Element, path: str, text: str | None = None) -> ElementTree.Element:
    """Add elements inside one another; the last holds the text."""
    for name in path.split("/"):
        parent = ElementTree.SubElement(parent, name)
    parent.text = text
    return parent


def _airflow(command: list[str], log: PurePath, at: str) -> str:
    hour, minute = map(int, at.split(":"))
    # Airflow renders it with Jinja, whose marks all begin with a brace; and it takes what ends in
    # `.sh` for the name of a script.
    script = shlex.join(command).replace("{", "{{ '{' }}") + " "
    return f'''"""Reports on involvement in quality improvement, every day.

The whole command is one task, not an operator a notebook: it is the command that holds the folder
for one run, moves each report into place whole, and makes only what changed.
{CODES}
{UNHEARD.format("the task's log")}
"""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG(
    "qi_analysis",
    schedule="{minute} {hour} * * *",
    start_date=datetime(2020, 1, 1),
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="report",
        bash_command={script!r},
        skip_on_exit_code=75,
        execution_timeout=timedelta(hours=5),
    )
'''


def _comment(text: str) -> str:
    return "\n".join(f"# {line}" for line in text.splitlines())


KINDS: dict[str, Callable[[list[str], PurePath, str], str]] = {
    "cron": _cron,
    "systemd": _systemd,
    "windows": _windows,
    "airflow": _airflow,
}
