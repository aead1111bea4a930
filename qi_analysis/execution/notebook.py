"""One notebook: parameters filled in, cells run and verified, written without what varies."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from ..core.errors import NotebookFailed, RegisterError
from ..core.text import nearest
from .environment import quick_nbformat
from .tasks import Limits, Task, check_cell, is_run

WIDGET = "application/vnd.jupyter.widget-view+json"  # names a model, at random, that ends with it
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}


def execute_task(task: Task, engine: str, **options) -> None:
    """Execute a task's notebook, write it, and have its page written if the task has one.

    Parameters
    ----------
    task : Task
        Its folder becomes that of the process.
    engine : str
        The name under which Papermill knows what runs the cells.
    **options
        Passed to that engine.

    Raises
    ------
    RegisterError
        If a parameter is unknown, or the notebook cannot be read.
    NotebookFailed
        If a cell raised an error or did not run.
    """
    from papermill import execute_notebook

    template, out = Path(task.template), Path(task.out)
    notebook = read_notebook(template)
    check_parameters(template, task.parameters, notebook)
    os.chdir(task.folder)
    executed = execute_notebook(
        notebook,
        None,
        task.parameters,
        engine_name=engine,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        **options,
    )
    verify_execution(executed)
    executed = normalise_notebook(executed)
    text = quick_nbformat().writes(executed) + "\n"
    out.write_text(text, "utf-8", newline="\n")
    if task.render:
        load_function(task.render)(executed, out, task.page)


def load_function(name: str) -> Callable:
    """Return the function that ``module:function`` names.

    >>> load_function("os.path:basename")("a/b")
    'b'
    """
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)


def verify_execution(executed) -> None:
    """Check that every cell ran, in order and without an error, whatever its kernel replied.

    Raises
    ------
    NotebookFailed
        If one did not.
    """
    cells = [cell for cell in executed.cells if is_run(cell)]
    for number, cell in enumerate(cells, 1):
        check_cell(number, cell.outputs, {"status": "ok"}, Limits())
    if [cell.get("execution_count") for cell in cells] != list(range(1, len(cells) + 1)):
        raise NotebookFailed("Not every cell ran: the kernel ended before the notebook did.")


def normalise_notebook(executed):
    """Return a notebook's cells, outputs and counts without what varies from run to run.

    Times, paths, the machine and names drawn at random are left out.
    """
    nbformat = quick_nbformat()
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    for i, cell in enumerate(executed.cells):
        tags = cell.metadata.get("tags", [])
        clean: Any = nbformat.from_dict({**cell, "metadata": {"tags": tags} if tags else {}})
        if cell.cell_type == "code":
            clean["outputs"] = _join_printed(clean["outputs"])
            for output in clean["outputs"]:
                output.get("data", {}).pop(WIDGET, None)
        if "injected-parameters" in tags:
            clean["id"] = f"parameters-{i}"  # Papermill draws one at random
        notebook.cells.append(clean)
    return notebook


def _join_printed(outputs: list) -> list:
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


REQUIRED = object()  # stands for the default of a parameter that has none, written `name: str`
TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


def read_notebook(template: Path):
    """Read a notebook.

    Raises
    ------
    RegisterError
        If the file is no notebook, or is written in another language than Python.
    """
    nbformat = quick_nbformat()
    try:
        notebook = nbformat.read(template, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError, OSError):
        raise RegisterError(f"{template.name} is not a notebook that can be read.") from None
    check_language(template, notebook)
    return notebook


def check_language(template: Path, notebook) -> None:
    """Refuse a notebook that is not written in Python."""
    kernel, info = (notebook.metadata.get(key, {}) for key in ("kernelspec", "language_info"))
    language = kernel.get("language") or info.get("name") or "python"
    if language.lower() not in ("python", "python3", "ipython"):
        raise RegisterError(
            f"{template.name} is written in {language}. Only notebooks in Python can be run."
        )


def check_parameters(template: Path, parameters: dict, notebook=None) -> dict[str, tuple]:
    """Check that a notebook has these parameters, and needs no other; return all that it has.

    Papermill would only log one that it does not have, and run the notebook with its defaults.

    Parameters
    ----------
    template : Path
        The notebook.
    parameters : dict
        Values, by name.
    notebook : NotebookNode, optional
        The template, if it has been read already.

    Returns
    -------
    dict
        As ``declared_parameters`` returns.

    Raises
    ------
    RegisterError
        If a parameter is unknown or missing.
    """
    known = declared_parameters(template, notebook)
    for name in parameters:
        if name not in known:
            near = nearest(name, known)
            listed = f"It has {', '.join(known)}." if known else "It has none."
            hint = f"Did you mean '{near[0]}'?" if near else listed
            raise RegisterError(f"{template.name} has no parameter '{name}'. {hint}")
    for name, (_, default) in known.items():
        if default is REQUIRED and name not in parameters:
            raise RegisterError(
                f"{template.name} needs the parameter '{name}'. Give it with -p {name} VALUE."
            )
    return known


def check_given(notebook, path: str | Path | None = None) -> None:
    """Check the parameters that Papermill has put into a notebook: their names and their types.

    Raises
    ------
    RegisterError
        If the notebook has no such parameter, needs another, or one is of another type than its
        default.
    """
    template = Path(path if isinstance(path, (str, Path)) else "The notebook")
    check_language(template, notebook)
    given = notebook.metadata.get("papermill", {}).get("parameters", {})
    for name, (wanted, default) in check_parameters(template, given, notebook).items():
        if name in given and not _fits(given[name], wanted):
            hint = " With -r it is passed as text." if wanted is str else ""
            raise RegisterError(f"{_unlike(name, wanted, default)}; {given[name]!r} is not.{hint}")


def _fits(value, wanted: type) -> bool:
    """Whether a value is of a type; text may be left out, and a whole number is a number too."""
    allowed = {str: (str, type(None)), float: (float, int), type(None): (object,)}
    of_type = isinstance(value, allowed.get(wanted, (wanted,)))
    return of_type and (wanted not in (int, float) or type(value) is not bool)


def type_parameters(template: Path, texts: dict[str, str]) -> dict:
    """Return parameters typed as text in the types of the notebook's defaults.

    Raises
    ------
    RegisterError
        If the notebook has no such parameter, needs another, or the text does not fit its type.
    """
    declared = check_parameters(template, texts)
    return {name: _convert(name, text, *declared[name]) for name, text in texts.items()}


def declared_parameters(template: Path, notebook=None) -> dict[str, tuple[type, object]]:
    """Return the type and the default of each parameter in the cells tagged ``parameters``.

    One that is declared without a value, as ``name: str``, has the default ``REQUIRED``.
    """
    cells = (notebook or read_notebook(template)).cells
    tagged = [c.source for c in cells if "parameters" in c.metadata.get("tags", [])]
    code = re.sub(r"^[%!].*", "", "\n".join(tagged), flags=re.M)  # magics are no Python
    found = {}
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.Assign):
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            found |= dict.fromkeys(names, _default(statement.value))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = _annotated(statement)
    return found


def _annotated(statement: ast.AnnAssign) -> tuple[type, object]:
    if statement.value is not None:
        return _default(statement.value)
    return TYPES.get(ast.unparse(statement.annotation), str), REQUIRED


def _default(value: ast.expr) -> tuple[type, object]:
    """Return the type of a default and its value; any type where it is worked out as it runs."""
    try:
        default = ast.literal_eval(value)
    except ValueError:
        return object, ast.unparse(value)
    return type(default), default


def _convert(name: str, text: str, wanted: type, default):
    if wanted in (str, type(None)):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text if wanted is object else None
    if wanted is float and type(value) is int:
        return float(value)
    if wanted is object or type(value) is wanted:
        return value
    raise RegisterError(f"{_unlike(name, wanted, default)}; '{text}' is not.")


def _unlike(name: str, wanted: type, default) -> str:
    like = f"of type {wanted.__name__}" if default is REQUIRED else f"like its default, {default!r}"
    return f"Parameter '{name}' must be {like}"
