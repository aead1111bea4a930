"""Make one notebook: parameters in, cells run, checked that they ran, written in the kept form."""

from __future__ import annotations

import functools
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .faults import Limits, NotebookFailed, describe_error
from .first import no_settings
from .parameters import check_parameters, read_notebook
from .quick import quick_nbformat

QUIET_KERNEL = ["--IPKernelApp.log_level=ERROR"]  # else each notes that it listens on loopback
WIDGET = "application/vnd.jupyter.widget-view+json"  # names a model, at random, that ends with it
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


@dataclass(frozen=True)
class Task:
    """One notebook to make, said in plain values, so that any process can be given it.

    Attributes
    ----------
    template, out, folder : str
        Whole paths: of the notebook, of what is made, of the folder that its cells run in.
    parameters : dict
        Their values, by name.
    page : dict
        What ``render_page`` is to say; without it there is no page beside the notebook.
    """

    template: str
    out: str
    folder: str
    parameters: dict = field(default_factory=dict)
    page: dict = field(default_factory=dict)

    @property
    def pictures(self) -> str:
        """How charts are kept: for a page as SVG, sharp at any size and cheap to draw, else PNG."""
        return "svg" if self.page else "png"


def make_notebook(task: Task, run_cells: Callable) -> None:
    """Make a notebook, and its page if one is asked for.

    Raises
    ------
    RegisterError
        If a parameter is unknown, or the notebook cannot be read.
    NotebookFailed
        If a cell raised an error or did not run.
    """
    template, out = Path(task.template), Path(task.out)
    notebook = fill_in(template, task.parameters)
    os.chdir(task.folder)
    run_cells(notebook, task.pictures)
    check_it_ran(notebook)
    kept = keep_form(notebook)
    text = quick_nbformat().writes(kept) + "\n"
    out.write_text(text, "utf-8", newline="\n")
    if task.page:
        from .pages import write_page  # it needs pandas, and this module is there before pandas

        write_page(kept, out, task.page)


def fill_in(template: Path, parameters: dict):
    """Give a notebook with a cell of parameters put in where, and as, Papermill does."""
    notebook = read_notebook(template)
    check_parameters(template, parameters, notebook)
    from papermill.parameterize import parameterize_notebook

    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])
    notebook.metadata["papermill"] = {}
    if not parameters:
        return notebook
    return parameterize_notebook(
        notebook, parameters, kernel_name="python3", language="python"
    )  # fmt: skip


def run_in_kernel(notebook, pictures: str, limits: Limits) -> None:
    """Run a notebook's cells in an ordinary kernel of its own, under the limits of time and output.

    ``pictures`` is the format of its figures, as IPython names it.

    Raises
    ------
    NotebookFailed
        If a cell raised an error, ran too long, showed too much, or ended its kernel.
    """
    quick_nbformat()
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    logging.getLogger("papermill").setLevel(logging.CRITICAL)  # what went wrong, the reason says
    watch = _Watch(limits)
    start = functools.partial(
        papermill.execute_notebook,
        notebook,
        None,
        kernel_name="python3",
        progress_bar=False,
        timeout_func=watch.seconds_left,
        on_cell_executed=watch.cell_done,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        extra_arguments=[*QUIET_KERNEL, f"--InlineBackend.figure_formats={pictures}"],
        shutdown_kernel="immediate",
    )
    try:
        with no_settings():
            executed = _twice(start)
    except papermill.PapermillExecutionError as fault:
        raise NotebookFailed(
            describe_error(fault.exec_count, fault.ename, fault.evalue, limits)
        ) from None
    except CellTimeoutError:
        raise NotebookFailed(watch.too_long()) from None
    except DeadKernelError:
        raise NotebookFailed(f"Cell {watch.number} ended its kernel.") from None
    notebook.cells = executed.cells


class _Watch:
    """Sees an ordinary kernel's cells begin and end."""

    def __init__(self, limits: Limits):
        self.limits, self.number, self.size = limits, 0, 0
        self.until = time.monotonic() + limits.notebook_seconds

    def seconds_left(self, cell) -> int:
        self.number += 1
        self.left = self.until - time.monotonic()
        return max(1, int(min(self.left, self.limits.cell_seconds)))

    def too_long(self) -> str:
        if self.left < self.limits.cell_seconds:
            return self.limits.notebook_too_long(self.number)
        return self.limits.cell_too_long(self.number)

    def cell_done(self, cell, cell_index: int, execute_reply: dict) -> None:
        self.size += len(str(cell.outputs))
        if self.size > self.limits.output_bytes:
            raise NotebookFailed(self.limits.too_large())
        payloads = execute_reply["content"].get("payload", [])
        if any(payload.get("source") == "ask_exit" for payload in payloads):
            raise NotebookFailed(f"Cell {self.number} ended the notebook with exit().")


def _twice(start: Callable):
    """Start a notebook again if its kernel never came up: another took its port in that moment."""
    try:
        return start()
    except RuntimeError as fault:
        if "before replying to kernel_info" not in str(fault):
            raise
        return start()


def check_it_ran(executed) -> None:
    """Hold that every cell ran, in order and without an error, whatever its kernel said.

    Raises
    ------
    NotebookFailed
        If one did not.
    """
    cells = [c for c in executed.cells if c.cell_type == "code" and c.source.strip()]
    for number, cell in enumerate(cells, 1):
        errors = [output for output in cell.outputs if output["output_type"] == "error"]
        if errors:
            fault = errors[0]
            raise NotebookFailed(describe_error(number, fault["ename"], fault["evalue"], Limits()))
    if [cell.get("execution_count") for cell in cells] != list(range(1, len(cells) + 1)):
        raise NotebookFailed("Not every cell ran: the kernel ended before the notebook did.")


def keep_form(executed):
    """Keep a notebook's cells, outputs and counts; drop times, paths, machine, random names."""
    nbformat = quick_nbformat()
    kept = nbformat.v4.new_notebook()
    kept.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    for i, cell in enumerate(executed.cells):
        tags = cell.metadata.get("tags", [])
        clean = nbformat.from_dict({**cell, "metadata": {"tags": tags} if tags else {}})
        if cell.cell_type == "code":
            clean["outputs"] = _joined(clean["outputs"])
            for output in clean["outputs"]:
                output.get("data", {}).pop(WIDGET, None)
        if "injected-parameters" in tags:
            clean["id"] = f"parameters-{i}"  # Papermill draws one at random
        kept.cells.append(clean)
    return kept


def _joined(outputs: list) -> list:
    """Join what was printed between two other outputs, standard output before standard error.

    In how many pieces it arrives, and which of the two first, is a matter of chance.
    """
    joined: list = []
    for output in outputs:
        name = output.get("name")
        last = joined[-1] if joined else {}
        if name == "stdout" and last.get("name") == "stderr":
            before = joined[-2] if len(joined) > 1 else {}
            if before.get("name") != "stdout":
                joined.insert(-1, output)
                continue
            last = before
        if name and last.get("name") == name:
            last["text"] += output["text"]
        else:
            joined.append(output)
    return joined
