"""One notebook: parameters filled in, cells run and verified, written without what varies."""

from __future__ import annotations

import ast
import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from pathlib import Path
from typing import Any

from ..core.errors import NotebookFailed, RegisterError
from ..core.text import nearest
from .environment import quick_nbformat
from .tasks import Limits, Task, check_cell, is_run, one_line

WARNINGS = ".warnings"  # the file, beside a page's notebook, of what a cell warned of
MOST_WARNINGS = 20  # lines
INJECTED = ("PAPERMILL_INPUT_PATH", "PAPERMILL_OUTPUT_PATH")  # by `papermill --inject-paths`
PLACE = re.compile(r"^.*?:\d+: (?=\w*Warning\b)")  # where the code is that warns
WIDGET = "application/vnd.jupyter.widget-view+json"  # names a model, at random, that ends with it
KINDS = {"code", "markdown", "raw"}  # of cells, since version 4 of the format
FORMATS = (2, 3, 4)
OF_A_NOTEBOOK = {"nbformat", "nbformat_minor", "metadata", "cells"}
OF_A_CELL, OF_CODE = {"cell_type", "id", "metadata", "source"}, {"outputs", "execution_count"}
OF_TEXT = {"attachments"}
LONGEST_CAUSE = 200  # characters
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
    from papermill.engines import papermill_engines
    from papermill.execute import raise_for_execution_errors

    template, out = Path(task.template), Path(task.out)
    notebook = read_notebook(template, outputs=False)
    check_parameters(template, task.parameters, notebook)
    if task.render:
        _check_whole(template, notebook)
    os.chdir(task.folder)
    prepared = execute_notebook(
        notebook, None, task.parameters, prepare_only=True, kernel_name="python3", language="python"
    )
    with _modules_found(template.parent):
        executed = papermill_engines.execute_notebook_with_engine(
            engine,
            prepared,
            input_path=None,
            output_path=None,
            kernel_name="python3",
            progress_bar=False,
            autosave_cell_every=0,
            **options,
        )
    raise_for_execution_errors(executed, None)
    verify_execution(executed)
    executed = normalise_notebook(executed, widgets=task.widgets, noted=task.noted)
    if task.render:
        for line in take_warnings(executed):
            note_warning(task.out, line)
    executed, content = _encode(executed)
    try:
        out.write_bytes(content)
    except OSError as fault:
        raise NotebookFailed(
            f"Every cell ran, but the result could not be written in the temporary folder: "
            f"{fault.strerror}."
        ) from None
    if task.render:
        load_function(task.render)(executed, out, task.page)


def _check_whole(template: Path, notebook) -> None:
    """Refuse to make a report from a notebook that leaves a cell out: a figure would be missing."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(code, 1):
        if not is_run(cell):
            raise NotebookFailed(
                f"Cell {number} of {template.name} is tagged skip-execution, and a report leaves "
                "no cell out. Remove the tag, or the cell."
            )


@contextmanager
def _modules_found(folder: Path) -> Iterator[None]:
    """Let cells import the modules of a folder, be they run in this process or in a kernel's.

    Here they are always compiled anew, and nowhere is what was compiled kept: Python would take it
    for that of a module of the same length and time, as copies and archives may have.
    """
    first = str(folder)
    more = {
        "PYTHONPATH": os.pathsep.join(filter(None, (first, os.environ.get("PYTHONPATH")))),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    before = {name: os.environ.get(name) for name in more}
    hook = _compiled_anew(folder)
    sys.path_hooks.insert(0, hook)
    _forget_finders(first)
    sys.path.insert(0, first)
    os.environ.update(more)
    try:
        yield
    finally:
        if first in sys.path:  # a cell may have changed any of these
            sys.path.remove(first)
        if hook in sys.path_hooks:
            sys.path_hooks.remove(hook)
        _forget_finders(first)
        for name, value in before.items():
            os.environ.pop(name, None)
            if value:
                os.environ[name] = value


class _Source(SourceFileLoader):
    """Loads a module from its source alone."""

    def path_stats(self, path):
        """Tell nothing by which Python would find, or keep, what was compiled."""
        raise OSError


def _compiled_anew(folder: Path) -> Callable[[str], Any]:
    """Return what finds the modules of a folder, and of packages in it; none of other folders."""
    others = [Path(path) for path in sys.path if path and folder in Path(path).parents]
    kinds = ((ExtensionFileLoader, EXTENSION_SUFFIXES), (_Source, SOURCE_SUFFIXES),
             (SourcelessFileLoader, BYTECODE_SUFFIXES))  # fmt: skip

    def find(path: str) -> Any:
        here = [Path(path), *Path(path).parents]
        if folder not in here or any(other in here for other in others):
            raise ImportError
        return FileFinder.path_hook(*kinds)(path)

    return find


def _forget_finders(folder: str) -> None:
    for path in [path for path in sys.path_importer_cache if path.startswith(folder)]:
        del sys.path_importer_cache[path]


def read_modules(template: Path) -> dict[str, bytes]:
    """Return the modules that a notebook's cells find beside it, by their path from its folder."""
    folder = template.parent
    found = {path.relative_to(folder): path for path in sorted(folder.rglob("*.py"))}
    return {
        name.as_posix(): path.read_bytes()
        for name, path in found.items()
        if path.is_file() and os.access(path, os.R_OK) and "/." not in f"/{name.as_posix()}"
    }


def take_warnings(executed) -> list[str]:
    """Take what was written to standard error out of a notebook; return it as lines by cell.

    It is meant for developers, and names places on the machine; here it does not.
    """
    lines = []
    for number, cell in enumerate(filter(is_run, executed.cells), 1):
        written = [output for output in cell.outputs if output.get("name") == "stderr"]
        cell.outputs = [output for output in cell.outputs if output not in written]
        for line in "".join(output.text for output in written).splitlines():
            if line.strip() and not line.startswith(" "):  # what is indented is code
                lines.append(f"Cell {number}: {one_line(PLACE.sub('', line))}")
    return list(dict.fromkeys(lines))[:MOST_WARNINGS]


def note_warning(out: str, text: str) -> None:
    """Add a line to what is told of a notebook beside its outputs."""
    with suppress(OSError), Path(out).with_suffix(WARNINGS).open("a", encoding="utf-8") as file:
        file.write(f"{one_line(text)}\n")


def read_warnings(out: str) -> list[str]:
    """Return what is told of a notebook beside its outputs, in lines."""
    noted = Path(out).with_suffix(WARNINGS)
    return noted.read_text("utf-8").splitlines() if noted.is_file() else []


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


def normalise_notebook(executed, *, widgets: bool = False, noted: bool = False):
    """Return a notebook's cells, outputs and counts without what varies from run to run.

    Times, paths, the machine and names drawn at random are left out; so are widgets, which have
    such names, and the note of the parameters, unless they are to stay.
    """
    nbformat = quick_nbformat()
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = {"kernelspec": KERNELSPEC, "language_info": {"name": "python"}}
    if widgets and "widgets" in executed.metadata:
        notebook.metadata["widgets"] = executed.metadata["widgets"]
    if noted:
        given = executed.metadata.get("papermill", {}).get("parameters", {})
        notebook.metadata["papermill"] = {"parameters": given}
    for i, cell in enumerate(executed.cells):
        tags = cell.metadata.get("tags", [])
        clean: Any = nbformat.from_dict({**cell, "metadata": {"tags": tags} if tags else {}})
        if cell.cell_type == "code":
            clean["outputs"] = _join_printed(clean["outputs"])
            for output in clean["outputs"] if not widgets else ():
                output.get("data", {}).pop(WIDGET, None)
        if "injected-parameters" in tags:
            clean["id"] = f"parameters-{i}"  # Papermill draws one at random
        notebook.cells.append(clean)
    return notebook


def _encode(notebook) -> tuple[Any, bytes]:
    """Return a notebook and its file's content; half a letter, which no file can hold, as "?"."""
    nbformat = quick_nbformat()
    text = nbformat.v4.writes(notebook) + "\n"
    try:
        return notebook, text.encode()
    except UnicodeEncodeError:
        content = text.encode(errors="replace")
        return nbformat.reads(content.decode(), as_version=4), content


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


def read_notebook(template: Path, *, outputs: bool = True):
    """Read a notebook; without its outputs, which may be megabytes, if they are made anew.

    Raises
    ------
    RegisterError
        If the file is no notebook, has a cell of no known type, or is not in Python.
    """
    nbformat = quick_nbformat()
    written = _read_json(template)
    try:
        _check_kinds(template, written)
        with _unheard(), warnings.catch_warnings(action="ignore"):  # of what is mended here
            notebook: Any = _as_newest(written, nbformat, outputs)
            check_language(template, notebook)
            _, notebook = nbformat.validator.normalize(notebook, strip_invalid_metadata=True)
        nbformat.validate(notebook)
    except (RegisterError, ImportError, MemoryError):
        raise
    except Exception as fault:  # there are many ways to be no notebook
        raise _no_notebook(template, _describe_invalid(written, fault)) from None
    return notebook


def _no_notebook(template: Path, why: str) -> RegisterError:
    return RegisterError(
        f"{template.name} is not a notebook that can be read: {why}. Open it in JupyterLab, and "
        "save it there."
    )


def _read_json(template: Path) -> Any:
    try:
        return json.loads(template.read_bytes().decode("utf-8-sig"))
    except OSError as fault:
        raise RegisterError(f"{template.name} cannot be read: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise _no_notebook(template, "it is not in UTF-8") from None
    except (ValueError, RecursionError) as fault:
        raise _no_notebook(template, f"it is no JSON ({fault})") from None


@contextmanager
def _unheard() -> Iterator[None]:
    """Let nbformat not log what it raises, or what is mended."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _check_kinds(template: Path, written: Any) -> None:
    """Refuse what names no format that is known, or a cell of a type that is not."""
    version = written.get("nbformat") if isinstance(written, dict) else None
    if type(version) is not int or version not in FORMATS:
        why = f"its format, nbformat {version!r}, is none of 2, 3 and 4"
        raise _no_notebook(template, why if isinstance(written, dict) else "it is no JSON object")
    cells = [cell for cell in written.get("cells", []) if isinstance(cell, dict)]
    if strange := sorted({str(cell.get("cell_type")) for cell in cells} - KINDS):
        raise RegisterError(f"{template.name} has a cell of an unknown type, '{strange[0]}'.")


def _as_newest(written: Any, nbformat, outputs: bool):
    """Return a notebook in the format of today: with what it must have, without what it may not."""
    if not outputs:
        for cell in written.get("cells", []):
            if "outputs" in cell:
                cell["outputs"] = []
    newest = nbformat.convert(nbformat.reader.reads(json.dumps(written)), 4)
    for cell in newest.cells:
        if cell.cell_type == "code":
            cell.setdefault("outputs", [])
            cell.setdefault("execution_count", None)
        for name in cell.keys() - OF_A_CELL - (OF_CODE if cell.cell_type == "code" else OF_TEXT):
            del cell[name]
    return nbformat.from_dict({name: newest[name] for name in newest.keys() & OF_A_NOTEBOOK})


def _describe_invalid(written: Any, fault: Exception) -> str:
    """Describe the first thing that is wrong with what a file holds; ``fault`` is what came of it.

    It is found in the file as it stands, unless it shows only in the format of today.
    """
    from nbformat.validator import iter_validate

    if isinstance(fault, RecursionError):
        return "it is nested too deep"
    if not getattr(fault, "relative_path", None):
        version, minor = written["nbformat"], written.get("nbformat_minor")
        minor = minor if type(minor) is int and minor >= 0 else 5
        with suppress(Exception):  # of a format that has no schema
            fault = next(iter_validate(written, None, version, minor, relax_add_props=True), fault)
    path = [*(getattr(fault, "relative_path", None) or ())]
    where = f"cell {path[1] + 1}: " if path[:1] == ["cells"] and len(path) > 1 else ""
    what = f"{path[-1]}: " if path and isinstance(path[-1], str) else ""
    why = getattr(fault, "message", "") or f"{type(fault).__name__}: {fault}"
    return where + what + one_line(why)[:LONGEST_CAUSE]


def check_language(template: Path, notebook) -> None:
    """Refuse a notebook that is not written in Python."""
    noted = (notebook.metadata.get(key) for key in ("kernelspec", "language_info"))
    kernel, info = (each if isinstance(each, dict) else {} for each in noted)
    language = str(kernel.get("language") or info.get("name") or "python")
    if language.lower() not in ("python", "python3", "ipython"):
        raise RegisterError(
            f"{template.name} is written in {language}. Only notebooks in Python can be run."
        )


REQUIRED = object()  # stands for the default of a parameter that has none, written `name: str`
ANNOTATED = {
    "str": str, "int": int, "float": float, "bool": bool, "list": list, "List": list,
    "Sequence": list, "Iterable": list, "dict": dict, "Dict": dict, "Mapping": dict,
    "tuple": tuple, "Tuple": tuple, "None": type(None), "Any": object, "object": object,
}  # fmt: skip
WHOLE = ast.Name("int")
FAULTY = (SyntaxError, ValueError, MemoryError, RecursionError)  # what code that is none raises


@dataclass(frozen=True)
class Parameter:
    """What a notebook declares of a parameter: what it is to be, and how its default is written."""

    wanted: ast.expr | None  # a type, as an annotation has it; anything if there is none
    default: object

    def unlike(self, name: str) -> str:
        """Return the beginning of a sentence that refuses a value."""
        computed = self.default is REQUIRED or isinstance(self.default, ast.expr)
        if self.wanted and (computed or self.default is None):
            return f"Parameter '{name}' must be of type {ast.unparse(self.wanted)}"
        return f"Parameter '{name}' must be like its default, {self.default!r}"


def check_parameters(template: Path, parameters: dict, notebook=None) -> dict[str, Parameter]:
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
    for name, each in known.items():
        if each.default is REQUIRED and name not in parameters:
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
        annotation or default, or than Papermill can pass.
    """
    template = Path(path if isinstance(path, (str, Path)) else "The notebook")
    check_language(template, notebook)
    given = notebook.metadata.get("papermill", {}).get("parameters", {})
    given = {name: value for name, value in given.items() if name not in INJECTED}
    for name, each in check_parameters(template, given, notebook).items():
        if name not in given:
            continue
        value, text = given[name], each.wanted and ast.unparse(each.wanted) == "str"
        if not (_fits(value, each) or (text and value is None)):
            hint = " With -r it is passed as text." if text else ""
            raise RegisterError(f"{each.unlike(name)}; {value!r} is not.{hint}")
        _check_passed(name, value)


def type_parameters(template: Path, texts: dict[str, str]) -> dict:
    """Return parameters typed as text in the types of the notebook's annotations and defaults.

    Raises
    ------
    RegisterError
        If the notebook has no such parameter, needs another, or the text does not fit its type.
    """
    declared = check_parameters(template, texts)
    return {name: _convert(name, text, declared[name]) for name, text in texts.items()}


def declared_parameters(template: Path, notebook=None) -> dict[str, Parameter]:
    """Return each parameter of the first cell tagged ``parameters``; Papermill writes below it.

    One that is declared without a value, as ``name: str``, has the default ``REQUIRED``.
    """
    cells = (notebook or read_notebook(template, outputs=False)).cells
    tagged = [cell.source for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    found: dict[str, Parameter] = {}
    for statement in _parse_cell(tagged[0]) if tagged else []:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            default = REQUIRED if statement.value is None else _default(statement.value)
            found[statement.target.id] = _declare(default, statement.annotation)
        elif isinstance(statement, ast.Assign) and all(
            isinstance(target, ast.Name) for target in statement.targets
        ):
            found |= dict.fromkeys(_assigned(statement), _declare(_default(statement.value)))
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= dict.fromkeys(_assigned(statement), Parameter(None, None))
    return found


def _parse_cell(source: str) -> list[ast.stmt]:
    """Return a cell's statements, its magics made Python; none of one that cannot be read."""
    source = re.sub(r"\A\s*%%.*", "", source)
    try:
        return ast.parse(source).body
    except FAULTY:
        from IPython.core.inputtransformer2 import TransformerManager
    try:
        return ast.parse(TransformerManager().transform_cell(source)).body
    except FAULTY:
        return []  # the cell will say so when it runs


def _assigned(statement: ast.stmt) -> list[str]:
    names = [each for each in ast.walk(statement) if isinstance(each, ast.Name)]
    return [each.id for each in names if isinstance(each.ctx, ast.Store)]


def _default(value: ast.expr) -> object:
    """Return a default, as an expression where it is worked out as the cell runs."""
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, MemoryError, RecursionError):
        return value


def _declare(default: object, annotation: ast.expr | None = None) -> Parameter:
    """Return a parameter of its annotation's type, or of its default's where that tells nothing."""
    if default is None or default is REQUIRED or isinstance(default, ast.expr):
        return Parameter(annotation, default)
    if annotation and _fits(default, of_annotation := Parameter(annotation, default)):
        return of_annotation
    return Parameter(ast.Name(type(default).__name__), default)


def _is_of(value: object, wanted: ast.expr) -> bool:
    """Whether a value is of an annotation's type; of one that is not known, nothing is.

    >>> _is_of(5, ast.parse("int | None", mode="eval").body)
    True
    >>> _is_of(["a", 1], ast.parse("list[str]", mode="eval").body)
    False
    """
    if isinstance(wanted, ast.Constant) and isinstance(wanted.value, str):
        try:
            return _is_of(value, ast.parse(wanted.value, mode="eval").body)
        except FAULTY:
            return False
    if isinstance(wanted, ast.BinOp):
        return _is_of(value, wanted.left) or _is_of(value, wanted.right)
    if isinstance(wanted, ast.Subscript):
        return _is_of_parts(value, wanted)
    kind = ANNOTATED.get(_named(wanted), ())
    return isinstance(value, kind) and not (kind in (int, float) and type(value) is bool)


def _named(wanted: ast.expr) -> str:
    return ast.unparse(wanted).rpartition(".")[2]


def _is_of_parts(value: Any, wanted: ast.Subscript) -> bool:
    """Whether a value is of a type with others in brackets, as ``dict[str, int]`` is."""
    name, inner = _named(wanted.value), wanted.slice
    parts = inner.elts or [ast.Name("Any")] if isinstance(inner, ast.Tuple) else [inner]
    if name == "Literal":
        return any(value == each.value and type(value) is type(each.value)
                   for each in parts if isinstance(each, ast.Constant))  # fmt: skip
    if name in ("Optional", "Union", "Annotated", "Final"):
        parts = parts[:1] if name == "Annotated" else parts
        return (name == "Optional" and value is None) or any(_is_of(value, p) for p in parts)
    if not isinstance(value, ANNOTATED.get(name, ())):
        return False
    if isinstance(value, dict):
        return all(_is_of(k, parts[0]) and _is_of(v, parts[-1]) for k, v in value.items())
    return not isinstance(value, list) or all(_is_of(each, parts[0]) for each in value)


def _fits(value: object, parameter: Parameter) -> bool:
    """Whether a parameter may have a value; a whole number is a number too."""
    wanted = parameter.wanted
    if wanted is None or (value is None and parameter.default is None):
        return True
    return _is_of(value, wanted) or (_is_of(value, WHOLE) and _is_of(0.0, wanted))


def _convert(name: str, text: str, parameter: Parameter):
    """Return a text in a parameter's type: as Python writes it, as a number, or as it is."""
    for read in (ast.literal_eval, int, float, str):
        try:
            value = read(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        exact = parameter.wanted is None or _is_of(value, parameter.wanted)
        if (exact and (read is str or not isinstance(value, str))) or (
            value is None and parameter.default is None
        ):
            _check_passed(name, value)
            return value
    raise RegisterError(f"{parameter.unlike(name)}; '{text}' is not.")


def _check_passed(name: str, value: object) -> None:
    """Refuse a value that Papermill would pass as something else."""
    if not _can_be_passed(value):
        raise RegisterError(
            f"Parameter '{name}' would be {value!r}. Only text, numbers, True, False, None, and "
            "lists and dicts of them with text as keys can be passed to a notebook."
        )


def _can_be_passed(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) and _can_be_passed(v) for k, v in value.items())
    if isinstance(value, list):
        return all(map(_can_be_passed, value))
    return value is None or type(value) in (str, int, float, bool)
