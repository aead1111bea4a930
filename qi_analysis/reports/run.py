"""Execute notebooks with Papermill, make sure that they really ran, and render them as pages."""

from __future__ import annotations

import ast
import functools
import re
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import nbformat

from ..profile import RegisterError, nearest
from .plan import Job

TEMPLATES = Path(__file__).parent / "template"
CELL_SECONDS = 600
QUIET_KERNEL = ["--IPKernelApp.log_level=ERROR"]  # else each notes that it listens on loopback
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


class NotebookFailed(Exception):
    """A notebook did not run to its end: says in a line where and why."""


@dataclass(frozen=True)
class Outcome:
    """What became of one report: ``published`` or ``failed``, why, and how long it took."""

    job: Job
    status: str
    reason: str
    seconds: float


def run_jobs(
    jobs: list[Job], folder: Path, page: dict, workers: int, seen: Callable[[Outcome], None]
) -> list[Outcome]:
    """Make every report's notebook and page in a private folder, some at once.

    Each report is made in a process of its own, so that none can touch another; one that fails
    leaves the others be. ``page`` holds what every page says at its head.
    """
    outcomes = {}
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(make_report, job, folder, page): job for job in jobs}
        for done in as_completed(waiting):
            try:
                outcome = done.result()
            except Exception as fault:  # the process itself died
                outcome = Outcome(waiting[done], "failed", f"{type(fault).__name__}: {fault}", 0.0)
            outcomes[outcome.job.page] = outcome
            seen(outcome)
    return [outcomes[job.page] for job in jobs]


def make_report(job: Job, folder: Path, page: dict) -> Outcome:
    """Execute one report's notebook in a folder and render it; never raises."""
    start = time.perf_counter()
    try:
        made = folder / job.page
        made.parent.mkdir(exist_ok=True)
        executed = execute(job.template, job.parameters, made.with_suffix(".ipynb"), folder)
        html = render_page(executed, title=job.title, home=_home(job), **page)
        made.write_text(html, "utf-8", newline="\n")
        status, reason = "published", ""
    except Exception as fault:
        status, reason = "failed", _reason(fault)
    return Outcome(job, status, reason, round(time.perf_counter() - start, 2))


def execute(template: Path, parameters: dict, out: Path, folder: Path | None = None):
    """Execute a notebook, check that it ran, and write it in the form that is kept.

    Returns
    -------
    NotebookNode
        The executed notebook.

    Raises
    ------
    RegisterError
        If a parameter is unknown.
    NotebookFailed
        If a cell raised an error or did not run.
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    check_parameters(template, parameters)
    start = functools.partial(
        papermill.execute_notebook,
        str(template),
        None,
        parameters,
        kernel_name="python3",
        progress_bar=False,
        cwd=str(folder or template.parent),
        execution_timeout=CELL_SECONDS,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        extra_arguments=QUIET_KERNEL,
        shutdown_kernel="immediate",
    )
    try:
        executed = _twice(start)
    except papermill.PapermillExecutionError as fault:
        raise NotebookFailed(
            f"Cell {fault.exec_count} failed with {fault.ename}: {fault.evalue}"
        ) from None
    except (CellTimeoutError, DeadKernelError) as fault:
        raise NotebookFailed(str(fault).partition("\n")[0]) from None
    _check_it_ran(executed)
    kept = keep_form(executed)
    out.write_text(nbformat.writes(kept) + "\n", "utf-8", newline="\n")
    return kept


def _twice(start: Callable):
    """Start a notebook again if its kernel never came up: another took its port in that moment."""
    try:
        return start()
    except RuntimeError as fault:
        if "before replying to kernel_info" not in str(fault):
            raise
        return start()


def check_parameters(template: Path, parameters: dict) -> None:
    """Refuse a parameter that the notebook does not have; Papermill would only log it."""
    known = default_parameters(template)
    for name in parameters:
        if name not in known:
            near = nearest(name, known)
            hint = f"Did you mean '{near[0]}'?" if near else f"It has {', '.join(known)}."
            raise RegisterError(f"{template.name} has no parameter '{name}'. {hint}")


def default_parameters(template: Path) -> dict:
    """Give the names and default values in a notebook's cell tagged ``parameters``."""
    try:
        cells = nbformat.read(template, as_version=4).cells
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError, OSError):
        raise RegisterError(f"{template.name} is not a notebook that can be read.") from None
    tagged = [c.source for c in cells if "parameters" in c.metadata.get("tags", [])]
    statements = ast.parse("\n".join(tagged)).body
    named = [
        (target, statement.value)
        for statement in statements
        if isinstance(statement, (ast.Assign, ast.AnnAssign)) and statement.value is not None
        for target in getattr(statement, "targets", [getattr(statement, "target", None)])
    ]
    try:
        return {t.id: ast.literal_eval(value) for t, value in named if isinstance(t, ast.Name)}
    except ValueError:
        raise RegisterError(
            f"{template.name} has a parameter whose default is not a plain value. Use text, a "
            "number, True, False, None, a list or a dictionary."
        ) from None


def type_parameters(template: Path, texts: dict[str, str]) -> dict:
    """Turn parameters typed as text into the types of the notebook's defaults.

    Raises
    ------
    RegisterError
        If the notebook has no such parameter, or the text does not fit its type.
    """
    check_parameters(template, texts)
    defaults = default_parameters(template)
    return {name: _as_type(name, text, defaults[name]) for name, text in texts.items()}


def _as_type(name: str, text: str, default):
    if default is None or isinstance(default, str):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    if isinstance(default, float) and type(value) is int:
        return float(value)
    if type(value) is type(default):
        return value
    raise RegisterError(
        f"Parameter '{name}' must be like its default, {default!r}; '{text}' is not."
    )


def _check_it_ran(executed) -> None:
    """Hold that every cell ran, in order: a kernel that dies or exits early leaves no error."""
    cells = [c for c in executed.cells if c.cell_type == "code" and c.source.strip()]
    counts = [c.get("execution_count") for c in cells]
    if counts != list(range(1, len(cells) + 1)):
        raise NotebookFailed("Not every cell ran: the kernel ended before the notebook did.")


def keep_form(executed):
    """Keep a notebook's cells, outputs and counts; drop times, paths, machine and parameters."""
    kept = nbformat.v4.new_notebook()
    kept.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    for i, cell in enumerate(executed.cells):
        tags = cell.metadata.get("tags", [])
        clean = nbformat.from_dict({**cell, "metadata": {"tags": tags} if tags else {}})
        if cell.cell_type == "code":
            clean["outputs"] = _joined(clean["outputs"])
        if "injected-parameters" in tags:
            clean["id"] = f"parameters-{i}"  # Papermill draws one at random
        kept.cells.append(clean)
    return kept


def _joined(outputs: list) -> list:
    """Join what was printed one after another; how it arrives in pieces is a matter of chance."""
    joined: list = []
    for output in outputs:
        before = joined[-1] if joined else {}
        if output["output_type"] == "stream" and before.get("name") == output["name"]:
            before["text"] += output["text"]
        else:
            joined.append(output)
    return joined


def render_page(executed, *, title: str, home: str, **page) -> str:
    """Render an executed notebook as one self-contained page: no code, nothing from outside."""
    resources = {"page": {"title": title, "home": home, "style": style(), **page}}
    return _exporter().from_notebook_node(executed, resources=resources)[0]


def style() -> str:
    """Give the pages' style sheet."""
    return (TEMPLATES / "style.css").read_text("utf-8")


@functools.cache
def _exporter():
    from nbconvert import HTMLExporter
    from nbconvert.preprocessors import TagRemovePreprocessor
    from traitlets.config import Config

    settings = Config()
    settings.HTMLExporter.extra_template_basedirs = [str(TEMPLATES)]
    settings.HTMLExporter.template_name = "report"
    settings.HTMLExporter.exclude_input = True
    settings.HTMLExporter.exclude_input_prompt = True
    settings.HTMLExporter.exclude_output_prompt = True
    settings.HTMLExporter.exclude_anchor_links = True
    settings.TagRemovePreprocessor.remove_cell_tags = {"not-in-report"}
    settings.HTMLExporter.preprocessors = [TagRemovePreprocessor]
    return HTMLExporter(config=settings)


def _home(job: Job) -> str:
    return "../index.html" if job.directorate else "index.html"


def _reason(fault: Exception) -> str:
    """Say in a line why a report failed, with no folder of this machine in it."""
    known = isinstance(fault, (NotebookFailed, RegisterError))
    text = str(fault) if known else f"{type(fault).__name__}: {fault}"
    return re.sub(r"(?<![\w.])(?:[A-Za-z]:)?(?:[/\\][^/\\\s'\":]+)+(?=[/\\])", "…", text)
