"""The command line, `qi-analysis`: reads options, calls the package, says what came out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from .profile import OptionError, Profile, RegisterError, load_profile

FAILED, UNUSABLE = 1, 2
OUT = Path("data/processed")

say = Console(soft_wrap=True, highlight=False, markup=False)
complain = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)

register_argument = click.argument("register", default="example")
profile_option = click.option(
    "--profile", default="cnwl", metavar="FILE", help="The trust's profile, a TOML file."
)


@click.group()
@click.version_option(package_name="qi-analysis", prog_name="qi-analysis")
def app() -> None:
    """Measure how many quality-improvement projects involve service users and carers.

    REGISTER is a .csv or .xlsx export of the project register, or the word example.
    """


@app.command()
@register_argument
@profile_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=OUT / "reports",
    metavar="DIR",
    help="The folder for the reports; data/processed/reports without it.",
)
@click.option(
    "--as-of",
    default="",
    metavar="DATE",
    help="The day that the register describes, such as 2021-05-04.",
)
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
@click.option("--quiet", is_flag=True, help="Say only what failed.")
@click.option("--json", "as_json", is_flag=True, help="Print run.json instead.")
def report(register, profile, out, as_of, directorate, definition, workers, quiet, as_json):
    """Make a report for the trust and for each directorate, and an index page."""
    from .reports import write_reports

    progress = _Progress(show=not (quiet or as_json))
    with _clear_errors(), progress:
        record = write_reports(
            register,
            out,
            load_profile(profile),
            profile_path=Path(profile) if Path(profile).is_file() else None,
            as_of=as_of,
            directorates=directorate,
            definition=definition or None,
            workers=workers,
            start=progress.start,
            seen=progress.seen,
        )
    failed = [each for each in record["reports"] if each["status"] == "failed"]
    for each in failed:
        complain.print(f"Failed: {each['directorate'] or 'the trust'}. {each['reason']}")
    if as_json:
        print(json.dumps(record, indent=2))  # noqa: T201
    elif not quiet:
        _say_outcome(record, len(failed), out)
    if failed:
        raise SystemExit(FAILED)


def _say_outcome(record: dict, failed: int, out: Path) -> None:
    for warning in record["cleaning"]["warnings"]:
        say.print(f"Warning: {warning}")
    done = len(record["reports"]) - failed
    say.print(f"{done} reports published. Open {out / 'index.html'}")


class _Progress:
    """A bar on a terminal, a plain line a report elsewhere."""

    def __init__(self, show: bool):
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        self.show, self.bar = show, None
        if show and say.is_terminal:
            self.bar = Progress(
                TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
                TimeRemainingColumn(), console=say, transient=True,
            )  # fmt: skip

    def __enter__(self):
        if self.bar:
            self.bar.start()
        return self

    def __exit__(self, *fault):
        if self.bar:
            self.bar.stop()

    def start(self, total: int) -> None:
        if self.bar:
            self.bar.add_task("Making reports", total=total)
        elif self.show:
            say.print(f"Making {total} reports.")

    def seen(self, outcome) -> None:
        if self.bar:
            self.bar.update(self.bar.task_ids[0], advance=1, description=outcome.job.title[:40])
        elif self.show:
            say.print(f"{outcome.status}: {outcome.job.title} ({outcome.seconds:.1f} s)")


@app.command()
@register_argument
@profile_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=OUT,
    metavar="DIR",
    help="The folder for the cleaned register; data/processed without it.",
)
def clean(register, profile, out):
    """Read and clean a register: register.parquet, quarantine.csv and .xlsx, cleaning.json."""
    from .register import describe_cleaning
    from .reports import write_cleaned

    with _clear_errors():
        cleaned = _cleaned(register, load_profile(profile))
        write_cleaned(cleaned, out)
    say.print(describe_cleaning(cleaned))
    for warning in cleaned.warnings:
        say.print(f"Warning: {warning}")
    say.print(f"Written to {out}")


@app.command()
@register_argument
@profile_option
def check(register, profile):
    """Say how good a register's data are; nothing is written."""
    from .register import (
        describe_cleaning,
        describe_completeness,
        summarise_completeness,
        summarise_quarantine,
    )

    with _clear_errors():
        cleaned = _cleaned(register, load_profile(profile))
    say.print(describe_cleaning(cleaned))
    for warning in cleaned.warnings:
        say.print(f"Warning: {warning}")
    if len(cleaned.quarantine):
        _table("Rows set aside", summarise_quarantine(cleaned.quarantine))
    shares = summarise_completeness(cleaned.register)
    say.print(describe_completeness(shares))
    texts = {c: shares[c].map("{:.0%}".format) for c in shares.columns[2:]}
    _table("Share recorded, by directorate", shares.assign(**texts))


def _cleaned(register: str, profile: Profile):
    from .snapshots import load_cleaned

    return load_cleaned(register, profile)


def _table(title: str, frame) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left")
    for i, column in enumerate(frame):
        table.add_column(column.replace("_", " "), justify="right" if i else "left")
    for row in frame.itertuples(index=False):
        table.add_row(*(Text(str(cell)) for cell in row))
    say.print(table)


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
def run_notebook(source, out, parameters):
    """Execute any notebook, its parameters checked, its result written only if every cell ran."""
    from .reports import run_notebook as run

    with _clear_errors():
        run(source, out, dict(parameters))
    say.print(f"Every cell ran. Written to {out}")


@app.command()
@click.option("--check", is_flag=True, help="Only say which differ.")
def notebooks(check):
    """Execute the committed notebooks on the example register, and write those that changed."""
    from .reports import check_notebooks, refresh_notebooks

    with _clear_errors():
        changed = check_notebooks() if check else refresh_notebooks()
    verb = "differ from what they give now" if check else "were refreshed"
    say.print(f"{len(changed)} notebooks {verb}{': ' + ', '.join(changed) if changed else '.'}")
    if check and changed:
        raise SystemExit(FAILED)


@contextmanager
def _clear_errors() -> Iterator[None]:
    """Say what is wrong in a sentence, without a traceback, and exit with its code."""
    from .reports import NotebookFailed

    try:
        yield
    except (RegisterError, OptionError) as fault:
        complain.print(str(fault))
        raise SystemExit(UNUSABLE) from None
    except NotebookFailed as fault:
        complain.print(str(fault))
        raise SystemExit(FAILED) from None


if __name__ == "__main__":
    app()
