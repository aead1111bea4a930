"""The command line, `qi-analysis`: reads options, calls the package, prints what came out."""

from __future__ import annotations

import atexit
import os
import sys

from .core.errors import NO_MEMORY, lacks_memory  # which imports nothing

PYTHON = os.path.dirname(os.__file__) + os.sep  # where its own modules stand, and site-packages


def _explain(kind: type[BaseException], fault: BaseException, trace) -> None:
    """Say in a sentence that a library is missing or damaged; Python ends with exit code 1 then.

    It is what Python calls with an error that nobody handled. Any other is shown as ever.
    """
    atexit.unregister(_end_unfinished)
    root = fault
    while root.__cause__:
        root = root.__cause__
    if lacks_memory(root):
        if sys.stderr:
            sys.stderr.write(f"{NO_MEMORY}\n")
        return None
    name, file = _find_damage(root)
    if not name:
        return sys.__excepthook__(kind, fault, trace)
    found, or_rename = "", ""
    if file and "-packages" not in file and not file.startswith(PYTHON):  # a file of the user's
        found, or_rename = f" from '{file}'", " or rename that file,"
    why = " ".join(f"{type(root).__name__}: {root}".split())
    if sys.stderr:
        sys.stderr.write(
            f"qi-analysis is not installed whole: {name} cannot be imported{found} ({why}). "
            f"Install it in a new environment,{or_rename} and run again.\n"
        )


def _end_unfinished() -> None:
    """End with exit code 1 where a module ended Python as it was imported: nothing was done."""
    try:
        if sys.stderr:
            sys.stderr.write(
                "qi-analysis is not installed whole: a module ended it while it was imported. "
                "Install it in a new environment, or look for a file of yours in PYTHONPATH, and "
                "run again.\n"
            )
    finally:
        os._exit(1)


def _find_damage(fault: BaseException) -> tuple[str, str]:
    """Return the name and file of the library at fault; nothing if it is another's fault."""
    if isinstance(fault, ImportError) and fault.name:
        return fault.name.partition(".")[0], fault.path or ""
    if isinstance(fault, SyntaxError):
        return "a module", fault.filename or ""
    words = f"{fault}".split("'")
    if words[0] == "module " and words[2:3] == [" has no attribute "]:
        name = words[1].partition(".")[0]
        file = getattr(sys.modules.get(name), "__file__", None) or ""
        if name != "qi_analysis" and ("-packages" in file or not file.startswith(PYTHON)):
            return name, file
    found = ("a library", "") if isinstance(fault, ImportError) else ("", "")
    trace = fault.__traceback__
    while trace:  # the innermost module that was being imported
        frame, trace = trace.tb_frame, trace.tb_next
        top = f"{frame.f_globals.get('__name__')}".partition(".")[0]
        if frame.f_code.co_name == "<module>" and top not in ("__main__", "qi_analysis"):
            found = top, frame.f_code.co_filename
        if top == "importlib" and not found[0]:  # such as where what it compiled was cut short
            found = "a module", ""
    return found


# While all else is imported, where a library that is missing would be a traceback.
_hook, sys.excepthook = sys.excepthook, _explain
atexit.register(_end_unfinished)

import signal
import threading


def _end_at_once() -> dict:
    """Let SIGINT and SIGTERM end this process, with nothing to clear up; return what they did.

    It is so before a command begins and once it is done; between, `end_on_signals` has them.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    before = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    heeded = {each: what for each, what in before.items() if what not in (signal.SIG_IGN, None)}
    for each in heeded:
        signal.signal(each, lambda number, frame: os._exit(128 + number))
    return heeded


_before = _end_at_once()  # while the rest is imported, where Ctrl-C would be a traceback

import functools
import json
import shlex
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from datetime import date
from pathlib import Path

import click

from . import __version__
from .core.errors import OptionError, RegisterEmpty, RegisterError
from .core.files import (
    EXAMPLES,
    SHIPPED,
    TEMPLATES,
    check_memory,
    check_open_files,
    check_private,
    example_name,
    find_workspace,
    source_path,
)
from .core.text import count_of
from .profile import find_profile, load_profile
from .terminal import (
    ExitCode,
    ReportProgress,
    checked_output,
    console,
    dated,
    end_on_signals,
    error_console,
    errors_as_sentences,
    heard,
    need_output,
    prepare_streams,
    print_more,
    print_table,
    shorten,
    silence,
    wrapped_console,
)

OUT = Path("data/processed")
MOST_REASONS, MOST_GROUPS, MOST_WORDS = 4, 5, 12  # lines, so that `check` fits on one screen
WHY = ("reason", "reasons")
# What runs notebooks imports scipy too; other commands need 600.
NEEDED_MB: dict[str | None, int] = {"report": 900, "run-notebook": 900, "notebooks": 900}
register_argument = click.argument("register", default="example")

query_option = click.option(
    "--query", metavar="SQL", help="What to read, where REGISTER is a database's URL."
)

table_option = click.option(
    "--table", metavar="NAME", help="Which table to read, where REGISTER is a database's URL."
)

snapshots_option = click.option(
    "--snapshots",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder of the register's history; data/processed/snapshots without it.",
)

profile_option = click.option(
    "--profile",
    default="",
    metavar="FILE",
    help="The trust's profile, a TOML file; the workspace's profile.toml without it.",
)

as_of_option = click.option(
    "--as-of",
    default="",
    metavar="DATE",
    help="The day that the register describes, such as 2021-05-04 or 04/05/2021.",
)

reports_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder for the reports; data/processed/reports without it, or data/processed/public.",
)

audience_option = click.option(
    "--audience",
    type=click.Choice(["internal", "public"]),
    default="internal",
    help="For the trust itself, or for everybody: years that have ended, small counts suppressed.",
)

LIMITS = {
    "cell_seconds": "How long a cell may run; 600 without it.",
    "notebook_seconds": "How long a notebook may run; 1800 without it.",
    "run_seconds": "How long all notebooks may run; 14400 without it.",
    "memory_mb": "How much memory a notebook may take (on Linux); 4096 without it.",
    "output_mb": "How large a notebook's outputs may become; 64 without it.",
}


LEAST_MEMORY, LARGEST = 64, 10**9  # less is not enough to start; more is no number of bytes


def limit_options(command: Callable) -> Callable:
    """Add an option for each limit under which notebooks run; those given come as ``limits``."""

    @functools.wraps(command)
    def limited(**options):
        given = {name: value for name in LIMITS if (value := options.pop(name))}
        return command(**options, limits=given)

    for name, text in reversed(LIMITS.items()):
        least = LEAST_MEMORY if name == "memory_mb" else 1
        words = {"type": click.IntRange(least, LARGEST), "metavar": "N", "help": text}
        limited = click.option(f"--{name.replace('_', '-')}", **words)(limited)
    return limited


def _parse(parse: Callable, ctx: click.Context, args: list[str]) -> list[str]:
    """Read a command's words; help and the version, which Click prints, are heard or no success."""
    with checked_output(), heard():
        try:
            return parse(ctx, args)
        except click.exceptions.Exit:
            need_output()
            raise


class _Command(click.Command):
    """A command whose words are not empty, and that fails if its result cannot be printed.

    ``prints`` takes the given options, and says whether what it prints is all that was asked for.
    """

    def __init__(self, *words, prints: Callable[[dict], bool] = lambda given: False, **options):
        super().__init__(*words, **options)
        self.prints = prints

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse a word of which nothing is left, as of a variable that is not set."""
        given, *_ = self.make_parser(ctx).parse_args(args=[*args])
        for each in self.get_params(ctx):
            words = given.get(each.name)
            for word in words if isinstance(words, list | tuple) else [words]:
                if isinstance(word, str) and not word.strip():
                    raise click.BadParameter("It is empty.", ctx, each)
        return _parse(super().parse_args, ctx, args)

    def invoke(self, ctx: click.Context):
        """Run the command."""
        with checked_output(), errors_as_sentences():
            check_memory(NEEDED_MB.get(ctx.info_name, 600))
            try:
                done = super().invoke(ctx)
            except SystemExit as ended:
                if ended.code:
                    raise
                raise ImportError("a module ended the command, its work not done") from ended
            if self.prints(ctx.params):
                need_output()
            return done


class _Group(click.Group):
    """A group of such commands."""

    command_class, group_class = _Command, type

    def __call__(self, *args, **options):
        """Run the command: without words of the caller's, as all that this process does."""
        if not (args or options):
            _end_at_once()
            sys.excepthook = _explain
        return super().__call__(*args, **options)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the words before a command's name."""
        return _parse(super().parse_args, ctx, args)

    def main(self, *args, standalone_mode: bool = True, **options):
        """Run the command; what is wrong with its words is code 2, whoever hears it."""
        prepare_streams()
        os.environ.pop("SOURCE_DATE_EPOCH", None)  # where it is no number, numpy fails
        try:
            code = super().main(*args, standalone_mode=False, **options)
        except click.ClickException as fault:
            if not standalone_mode:
                raise
            try:
                fault.show()
            except OSError:
                silence(sys.stderr)
            raise SystemExit(fault.exit_code) from None
        except click.Abort:
            raise SystemExit(ExitCode.FAILED) from None
        if standalone_mode:
            raise SystemExit(code if isinstance(code, int) else 0)
        return code


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="qi-analysis")
@click.option(
    "--workspace",
    type=click.Path(exists=True, file_okay=False),
    metavar="DIR",
    help="Work as if from this workspace.",
)
def app(workspace) -> None:
    """Measure how many quality-improvement projects involve service users and carers.

    REGISTER is an export of the project register (a file, or a folder of dated ones), the URL of a
    database with --query or --table, or the word example.
    """
    with errors_as_sentences():
        check_open_files()
        if workspace:
            _go_to(workspace, makes_one=click.get_current_context().invoked_subcommand == "start")
    if threading.current_thread() is threading.main_thread():
        click.get_current_context().with_resource(end_on_signals())


def _go_to(workspace: str, makes_one: bool) -> None:
    check_private(Path(workspace))
    try:
        os.chdir(workspace)
    except OSError as fault:
        raise RegisterError(
            f"'{workspace}' cannot be worked in: {fault.strerror}. Give another --workspace."
        ) from None
    if not makes_one and find_workspace() is None:
        raise _no_workspace(workspace)


def _no_workspace(folder: str | Path) -> RegisterError:
    return RegisterError(
        f"'{folder}' is no workspace, and in none: there is no profile.toml and no template of a "
        "report. `qi-analysis start FOLDER` makes one."
    )


def _folder(given: Path | None, register: str, name: str) -> Path:
    """Return the folder that is given, or the workspace's for a register's results.

    The examples have folders of their own.
    """
    root = find_workspace()
    home = Path(os.path.relpath(root)) if root else Path()
    return given or home / OUT / example_name(register) / name


@app.command(prints=lambda given: given["as_json"])
@register_argument
@profile_option
@query_option
@table_option
@snapshots_option
@reports_option
@audience_option
@as_of_option
@click.option("--directorate", multiple=True, metavar="NAME", help="Only this one; repeatable.")
@click.option(
    "--definition",
    default="",
    metavar="NAME",
    help="What counts as meaningful: one of the profile's definitions.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Reports made at once; one a core without it.",
)
@click.option(
    "--cluster",
    metavar="ADDRESS",
    help="Have a Dask cluster make the reports: its scheduler's address, such as tls://name:8786.",
)
@click.option(
    "--cluster-without-tls",
    is_flag=True,
    help="Take a scheduler without TLS on another machine; whoever reaches it runs any program.",
)
@click.option("--force", is_flag=True, help="Make every report, those up to date too.")
@click.option("--pdf", is_flag=True, help="Print each report as PDF too, by Chromium or Edge.")
@click.option("--quiet", is_flag=True, help="Print only what failed, and what must be looked at.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json instead.")
@limit_options
def report(
    register, profile, query, table, snapshots, out, audience, as_of, directorate, definition,
    workers, cluster, cluster_without_tls, force, pdf, quiet, as_json, limits,
):  # fmt: skip
    """Make a report for the trust and for each directorate, and an index page.

    The register is also kept as a snapshot of the day it describes, so that the next report can say
    what has changed since; but not for a public report, which keeps to the years that have ended.
    """
    out = _folder(out, register, "public" if audience == "public" else "reports")
    snapshots = _folder(snapshots, register, "snapshots")
    progress = ReportProgress(show=not (quiet or as_json))
    options = {
        "query": query, "table": table, "as_of": as_of, "directorates": directorate,
        "definition": definition or None, "force": force, "pdf": pdf, "on_start": progress.start,
        "on_outcome": progress.add_outcome,
    }  # fmt: skip
    with progress, ExitStack() as stack:
        engine = _engine(workers, cluster, cluster_without_tls, limits)
        if force or not os.path.exists(out / "run.json"):  # it warms up while more is imported here
            engine = nullcontext(stack.enter_context(engine))
        from .reading.locate import profile_for
        from .reports.internal import write_reports
        from .reports.public import write_public_reports

        options["engine"] = engine
        trust = profile_for(register, profile)
        if audience == "public":
            warnings = []
            record = write_public_reports(
                register, out, trust, warn=warnings.append, today=date.today(), **options
            )
        else:
            record = write_reports(
                register, out, trust, snapshots=snapshots, today=date.today(), **options
            )
    failed = [each for each in record["reports"] if each["status"] == "failed"]
    said = [f"Failed: {each['directorate'] or 'the trust'}. {each['reason']}" for each in failed]
    if quiet:
        said += [f"Warning: {each}" for each in record.get("urgent", ())]
    logged = quiet and not error_console.is_terminal
    for line in said:
        error_console.print(dated(line) if logged else line)
    if record["execution_warning"] and not (quiet or as_json):
        console.print(f"Warning: {record['execution_warning']}")
    if as_json:
        console.out(json.dumps(record, indent=2), highlight=False)
    elif not quiet and audience == "public":
        _print_public_outcome(record, warnings, out)
    elif not quiet:
        _print_outcome(record, out, snapshots)
    if failed:
        raise SystemExit(ExitCode.FAILED)


def _engine(workers: int | None, cluster: str | None, without_tls: bool, limits: dict):
    """Return what makes the reports: this machine, or a cluster."""
    from .execution.engine import start_engine
    from .execution.tasks import Limits
    from .reports import WARM_UP

    if cluster is None:
        return start_engine(workers, Limits(**limits), warm_up=WARM_UP)
    if workers:
        raise OptionError(
            "`--workers` is of this machine; a cluster's workers make a report a thread at once. "
            "Leave one of `--workers` and `--cluster` out."
        )
    from .execution.cluster import start_cluster

    return start_cluster(cluster, Limits(**limits), without_tls=without_tls, warm_up=WARM_UP)


def _print_outcome(record: dict, out: Path, snapshots: Path) -> None:
    _print_warnings(record["warnings"], record["cleaning"]["warnings"])
    _print_snapshot(record["snapshot"], record["as_of"], snapshots)
    _print_templates()
    console.print(f"{_published(record)} Open {out / 'index.html'}")


def _print_warnings(notes, warnings, printer=console) -> None:
    for warning in (*notes, *warnings):
        printer.print(f"Warning: {warning}")


def _published(record: dict, kind: str = "") -> str:
    counts = Counter(each["status"] for each in record["reports"])
    done, same = counts["published"], counts["unchanged"]
    current = f"; {count_of(same, 'was', 'were')} up to date already" if same else ""
    return f"{count_of(done, f'{kind}report')} published{current}."


def _print_public_outcome(record: dict, warnings: list[str], out: Path) -> None:
    for warning in warnings:
        console.print(f"Warning, on no page: {warning}")
    suppressed = sum(each["status"] == "suppressed" for each in record["reports"])
    many = count_of(suppressed, "directorate is", "directorates are")
    console.print(f"{many} suppressed: counts too small to publish.")
    _print_templates()
    console.print(f"{_published(record, 'public ')} Open {out / 'index.html'}")
    console.print("Publish next year's into the same folder: what is published stays as it is.")


def _print_templates() -> None:
    """Print which of the templates are the workspace's own."""
    from .workspace import own_templates

    if own := own_templates(TEMPLATES):
        console.print(f"Templates changed in this workspace, and used: {', '.join(own)}.")


def _print_snapshot(status: str, day, folder: Path) -> None:
    """Print what became of a register's snapshot; ``day`` is None where the register has none."""
    if day is None and status != "corrections":
        console.print("No snapshot was kept: the register does not say which day it describes.")
    else:
        console.print(_SNAPSHOT[status].format(day=str(day)[:10], folder=folder))


_CORRECTIONS = (
    "register.parquet there holds the corrected rows alone: they can be read now, but no report is "
    "made of them. Put the corrected values into the register itself, or into its "
    "export by the row numbers in the workbook, and report on that."
)

_SNAPSHOT = {
    "kept": "The snapshot of {day} was kept in {folder}.",
    "replaced": "The snapshot of {day} in {folder} was another; it was replaced by this register.",
    "unchanged": "The snapshot of {day} in {folder} is this register already.",
    "left": (
        "The snapshot of {day} in {folder} has more than this register and was left as it is. If "
        "this one is right, delete that file and run again."
    ),
    "not kept": "No snapshot was kept: the register describes a later day than {day}.",
    "corrections": "No snapshot was kept: these are corrected rows, not a whole register.",
}


@app.command()
@register_argument
@profile_option
@query_option
@table_option
@snapshots_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder for the cleaned register; data/processed without it.",
)
@as_of_option
def clean(register, profile, query, table, snapshots, out, as_of):
    """Read and clean a register: register.parquet, quarantine.csv and .xlsx, cleaning.json.

    The register is also kept as a snapshot of the day it describes. Of one that is refused because
    more than half of its rows cannot be read, the quarantine is written still, to be corrected.
    """
    from .cleaning.result import describe_cleaning
    from .counts import describe_set_aside
    from .reading.locate import profile_for
    from .reports.inputs import write_cleaned

    out, snapshots = _folder(out, register, ""), _folder(snapshots, register, "snapshots")
    inputs = write_cleaned(
        register, out, profile_for(register, profile), query=query, table=table, as_of=as_of,
        snapshots=snapshots,
    )  # fmt: skip
    told = describe_cleaning(inputs.cleaned), describe_set_aside(inputs.register)
    console.print(" ".join(filter(None, told)))
    _print_warnings(inputs.notes(date.today()), inputs.warnings)
    status = inputs.history.status
    _print_snapshot(status, inputs.register.day, snapshots)
    console.print(f"Written to {out}")
    if status == "corrections":
        console.print(_CORRECTIONS)


@app.command(prints=lambda given: True)
@register_argument
@profile_option
@query_option
@table_option
@as_of_option
def check(register, profile, query, table, as_of):
    """Show on one screen how good a register's data are; nothing is written."""
    from .cleaning.pipeline import RegisterUnreadable
    from .cleaning.result import describe_cleaning
    from .counts import describe_set_aside
    from .reading.locate import profile_for
    from .register import (
        describe_completeness,
        describe_not_applicable,
        summarise_completeness,
    )
    from .reports.inputs import read_input

    trust = profile_for(register, profile)
    try:
        inputs = read_input(register, trust, query=query, table=table, as_of=as_of)
    except RegisterEmpty as empty:  # nothing is wrong with it
        return wrapped_console.print(str(empty))
    except RegisterUnreadable as refused:  # what is to be mended is told all the same
        wrapped_console.print(describe_cleaning(refused.cleaned))
        _print_quarantine(refused.cleaned, trust)
        raise
    cleaned = inputs.cleaned
    told = describe_cleaning(cleaned), describe_set_aside(inputs.register)
    wrapped_console.print(" ".join(filter(None, told)))
    _print_warnings(inputs.notes(date.today()), inputs.warnings, wrapped_console)
    if len(cleaned.quarantine):
        _print_quarantine(cleaned, trust)
    whole = inputs.register.override(basis="started")
    shares = summarise_completeness(whole)
    recorded = describe_completeness(shares), describe_not_applicable(whole)
    wrapped_console.print(f"\n{' '.join(filter(None, recorded))}")
    if len(shares):
        _print_completeness(whole, shares)


def _print_quarantine(cleaned, profile) -> None:
    """Print the commonest reasons why rows were set aside, and the words that are not known."""
    from .cleaning.result import summarise_quarantine, summarise_unknown

    faults = summarise_quarantine(cleaned.quarantine)
    rows = faults.head(MOST_REASONS).to_dict("records")
    lines = [
        (shorten(each["column"].replace("_", " "), 22), shorten(each["reason"], 50),
         f"{each['rows']:,}")
        for each in rows
    ]  # fmt: skip
    print_table(("Set aside", "Why", "Rows"), lines, words=2)
    more = len(faults) - MOST_REASONS
    print_more(more, *(f"{what}; `qi-analysis clean` writes them all" for what in WHY))
    unknown = summarise_unknown(cleaned.quarantine, profile)
    if len(unknown):
        lines = [
            (each["column"].replace("_", " "), shorten(each["word"], 50), f"{each['rows']:,}")
            for each in unknown.head(MOST_WORDS).to_dict("records")
        ]
        print_table(("Not known", "Word", "Rows"), lines, words=2)
        print_more(len(unknown) - MOST_WORDS, "word", "words")


HEADS = {"involvement": "Involved", "service_user": "Users", "carer": "Carers",
         "start_date": "Start", "updated_date": "Updated"}  # fmt: skip


def _print_completeness(register, shares) -> None:
    """Print who records what: the emptiest directorates, and projects by their age."""
    from .register import summarise_completeness

    named = ["Projects", *(HEADS[name] for name in shares.columns[2:])]
    print_table(("Recorded, by directorate", *named), _share_lines(shares.head(MOST_GROUPS)))
    more = len(shares) - MOST_GROUPS
    print_more(more, "directorate, which records more", "directorates, which record more")
    if register.day is not None:
        ages = summarise_completeness(register, by="age").sort_values("age")
        print_table(("Recorded, by age since start", *named), _share_lines(ages, by="age"))


def _share_lines(shares, by: str = "directorate") -> list[tuple[str, ...]]:
    from .register import format_completeness

    rows = format_completeness(shares, by).itertuples()
    return [(shorten(group, 30), *map(str, cells)) for group, *cells in rows]


@app.command(prints=lambda given: not given["delete_old"])
@profile_option
@snapshots_option
@click.option(
    "--delete-old", is_flag=True, help="Delete those older than the profile says to keep them."
)
def snapshots(profile, snapshots, delete_old):
    """List the kept snapshots of the register, and those past their time; delete these if asked."""
    from .snapshots import (
        delete_snapshots,
        find_other_trust,
        is_replaceable,
        list_snapshots,
        oldest_kept,
        why_unreadable,
    )

    if snapshots is not None and not snapshots.is_dir():
        raise RegisterError(f"There is no folder '{snapshots}'. Give another: --snapshots FOLDER.")
    snapshots = _folder(snapshots, "", "snapshots")
    profile = load_profile(profile)
    months = profile.snapshot_months
    listed = list_snapshots(snapshots)
    other = find_other_trust(listed, profile)
    if delete_old and other:
        raise RegisterError(
            f"'{snapshots}' holds snapshots of {other}, and this profile is of {profile.trust}. "
            "Give the one they were kept by: --profile. Nothing was deleted."
        )
    if delete_old and months is None:
        raise OptionError(
            "The profile does not say how long to keep snapshots: give it "
            "`rules.snapshot_months`. Nothing was deleted."
        )
    oldest = oldest_kept(date.today(), months)
    if delete_old:
        deleted = delete_snapshots(snapshots, oldest)
        for name in deleted:
            console.print(f"Deleted {name}")
        if deleted:
            console.print(
                "Delete the exports of these days too: a report keeps snapshots of those "
                "that still lie in the folder it is given."
            )
        else:
            console.print(f"Nothing was deleted: no snapshot is older than {months} months.")
        listed = listed[~listed["name"].isin(deleted)]
    if listed.empty:
        console.print(f"No snapshots are kept in {snapshots}.")
    for row in listed.to_dict("records"):
        past, file = f"older than {months} months: --delete-old deletes it", snapshots / row["name"]
        why = why_unreadable(file)
        if not is_replaceable(file):
            past = f"older than {months} months, and stays" if why else "no snapshot: it stays"
        console.print(_snapshot_line(row, why, past if row["as_of"] < oldest and not other else ""))


def _snapshot_line(row: dict, why: str, past: str) -> str:
    from pandas import isna

    size = "cannot be read" if isna(row["projects"]) else f"{row['projects']:,} projects"
    size = f"{size}: {why}" if why else size
    return "  ".join(filter(None, [row["name"], size, row["trust"], past]))


@app.group("profile")
def profiles() -> None:
    """Begin a trust's own profile from an export, or check one."""


@profiles.command("new")
@click.argument("export")
@click.argument("path", type=click.Path(path_type=Path))
@query_option
@table_option
def new_profile(export, path, query, table):
    """Write to PATH a profile for EXPORT: what is sure in force, the rest proposed.

    A file that is there already is never changed. No value of a free text is written, nor one that
    may be personal.
    """
    from .onboarding.draft import draft_profile
    from .onboarding.propose_headings import propose_headings
    from .onboarding.propose_words import describe_proposals, propose_words
    from .profile import ASK, MARK, write_profile
    from .reading.raw import SourceNotes
    from .reading.reader import read_export

    raw = read_export(export, query=query, table=table)
    headings = propose_headings(raw)
    words = propose_words(raw, headings)
    write_profile(draft_profile(headings, words), path)
    _print_warnings((), SourceNotes.of(raw).warnings)
    console.print(describe_proposals(headings, words))
    todo = (
        f"Put your trust's name in it, decide the lines that begin with '{MARK}' or '{ASK}', then:"
    )
    source, options = _typed(export), {"query": query, "table": table}
    words = " ".join(["", *map(shlex.quote, _as_options(options))])
    own = " ".join(["", *map(shlex.quote, _as_options({**options, "profile": path}))])
    console.print(f"Written to {path}. {todo}")
    console.print(f"  qi-analysis profile check {shlex.quote(str(path))} {source}{words}")
    console.print(f"  qi-analysis check {source}{own}")


def _as_options(given: dict) -> list[str]:
    """Return the words of a command that stand for what is given."""
    return [str(word) for name, value in given.items() if value for word in (f"--{name}", value)]


def _typed(export: str) -> str:
    """Return an export's name as typed; of a database's URL, which may hold a password, none."""
    from .reading.tables import is_database

    return "URL" if is_database(export) else shlex.quote(export)


@profiles.command("check", prints=lambda given: True)
@click.argument("path")
@click.argument("export", required=False)
@query_option
@table_option
def check_profile(path, export, query, table):
    """Show what is wrong with the profile PATH, or what it means; and which of EXPORT it reads."""
    from .onboarding.draft import describe_headings, describe_profile
    from .profile import find_faults
    from .reading.reader import read_export

    faults = find_faults(path)
    for fault in faults:
        error_console.print(fault)
    if faults:
        raise SystemExit(ExitCode.UNUSABLE)
    trust = load_profile(path)
    wrapped_console.print(describe_profile(trust))
    if export:
        raw = read_export(export, query=query, table=table)
        wrapped_console.print(describe_headings(raw, trust))


@app.command("run-notebook")
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "-p",
    "--parameter",
    "parameters",
    type=(str, str),
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter of the notebook; repeatable.",
)
@limit_options
def run_notebook(source, out, parameters, limits):
    """Execute any notebook, its parameters checked, its result written only if every cell ran."""
    from .execution.engine import run_notebook as run
    from .execution.tasks import Limits
    from .reports import WARM_UP

    for line in run(source, out, dict(parameters), Limits(**limits), WARM_UP):
        error_console.print(f"Warning: {line}")
    console.print(f"Every cell ran. Written to {out}")


@app.command(prints=lambda given: True)
@click.argument("scheduler", type=click.Choice(["cron", "systemd", "windows", "airflow"]))
@register_argument
@profile_option
@query_option
@table_option
@snapshots_option
@reports_option
@audience_option
@click.option("--at", default="06:30", metavar="HH:MM", help="The time of day; 06:30 without it.")
def schedule(scheduler, register, profile, query, table, snapshots, out, audience, at):
    """Print the entry that makes the reports every day, for a scheduler; nothing is changed.

    Paths are written out whole, so that it runs from any folder.
    """
    from .reading.locate import default_profile
    from .reports.inputs import check_apart
    from .reports.schedule import this_command, write_schedule

    out = _folder(out, register, "public" if audience == "public" else "reports")
    snapshots = _folder(snapshots, register, "snapshots")
    if audience == "internal":
        check_apart(register, snapshots, out)
    out = Path(os.path.abspath(out))
    if not out.name:
        raise OptionError("`--out` must be a folder with a name; its log stands beside it.")
    # Named in any case: where the workspace's drive is not mounted, no other takes its place.
    own = find_profile(profile or default_profile(register))
    load_profile(own)
    given = {
        "profile": own.stem if own.parent == SHIPPED else os.path.abspath(own),
        "query": query, "table": table, "snapshots": os.path.abspath(snapshots), "out": out,
        "audience": audience,
    }  # fmt: skip
    folder = _as_options({"workspace": find_workspace()})
    words = ["report", _absolute(register), *_as_options(given), "--quiet"]
    command = this_command(*folder, *words)
    entry = write_schedule(scheduler, command, out.with_name(f"{out.name}.log"), at)
    console.out(entry, end="", highlight=False)


def _absolute(register: str) -> str:
    """Return a register's absolute path; the example, and a database's URL, stay as they are."""
    from .reading.locate import describe_missing
    from .reading.tables import is_database

    if register in EXAMPLES or is_database(register):
        return register
    path = source_path(register)
    if not os.path.exists(path):
        raise RegisterError(describe_missing(register))
    return os.path.abspath(path)


@app.command(prints=lambda given: given["check"])
@click.option("--check", is_flag=True, help="Only list those that differ.")
@click.option(
    "--update", is_flag=True, help="Bring this version's notebooks; changed ones stay beside them."
)
def notebooks(check, update):
    """Execute the workspace's notebooks as they stand, and write those whose outputs changed.

    With --update nothing is executed: notebooks that nobody changed become this version's, and
    beside each changed one this version's is put, under a name that ends in the version.
    """
    from .execution.engine import check_notebooks, refresh_notebooks
    from .reports import WARM_UP
    from .workspace import update_notebooks

    if check and update:
        raise OptionError("Give one of `--check` and `--update`.")
    root = find_workspace()
    if root is None:
        raise _no_workspace(Path.cwd())
    if update:
        return _print_update(update_notebooks(root))
    folder = root / "notebooks"
    changed = check_notebooks(folder, WARM_UP) if check else refresh_notebooks(folder, WARM_UP)
    one, many = "notebook was refreshed", "notebooks were refreshed"
    if check:
        one = "notebook differs from what it gives now"
        many = "notebooks differ from what they give now"
    names = f": {', '.join(changed)}" if changed else "."
    console.print(f"{count_of(len(changed), one, many)}{names}")
    if check and changed:
        raise SystemExit(ExitCode.FAILED)


def _print_update(done: dict[str, list[str]]) -> None:
    said = {
        "updated": "Brought to this version",
        "beside": "Beside those that were changed here, this version's",
        "blocked": "Changed here, and this version's not put beside, as another file has its name "
        "(move it, and run again)",
        "kept": "Changed here, and left as they are",
    }
    for key, names in done.items():
        if names:
            console.print(f"{said[key]}: {', '.join(names)}.")
    if not any(done.values()):
        console.print("The notebooks are this version's; there is nothing to update.")


@app.command()
@click.argument("folder", type=click.Path(path_type=Path))
def start(folder):
    """Make a workspace in FOLDER: notebooks, a profile, places for data, a register to fill in.

    A file that is there already is left as it is.
    """
    from .workspace import start_workspace

    files = start_workspace(folder)
    there = files.loc[~files["written"], "name"].tolist()
    written = count_of(len(files) - len(there), "file was", "files were")
    console.print(f"The workspace is {folder}; {written} written.")
    if there:
        console.print(f"There already, and left as they were: {', '.join(there)}.")
    console.print(f"Its README.md says what is where. Next:\n  cd {shlex.quote(str(folder))}")
    console.print("  qi-analysis report")


atexit.unregister(_end_unfinished)
sys.excepthook = _hook
for _each, _what in _before.items():
    signal.signal(_each, _what)

if __name__ == "__main__":
    app()
