"""A notebook's parameters: read from its cell tagged ``parameters``, checked, typed."""

from __future__ import annotations

import ast
from pathlib import Path

from ..profile import RegisterError, nearest
from .quick import quick_nbformat

REQUIRED = object()  # stands for the default of a parameter that has none, written `name: str`
TYPES = {"str": str, "int": int, "float": float, "bool": bool, "list": list, "dict": dict}


def read_notebook(template: Path):
    """Read a notebook; what is none, or is written for another language, is refused.

    Raises
    ------
    RegisterError
        If the file is no notebook, or its language is not Python.
    """
    nbformat = quick_nbformat()
    try:
        notebook = nbformat.read(template, as_version=4)
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError, OSError):
        raise RegisterError(f"{template.name} is not a notebook that can be read.") from None
    kernel, info = (notebook.metadata.get(key, {}) for key in ("kernelspec", "language_info"))
    language = kernel.get("language") or info.get("name") or "python"
    if language.lower() not in ("python", "python3", "ipython"):
        raise RegisterError(
            f"{template.name} is written in {language}. Only notebooks in Python can be run."
        )
    return notebook


def check_parameters(template: Path, parameters: dict, notebook=None) -> dict[str, tuple]:
    """Refuse a parameter that the notebook does not have, and the lack of one that it needs.

    Papermill would only log the first, and run the notebook with its defaults. Gives the type and
    the default of each parameter; ``notebook`` is the template if it has been read already.
    """
    known = _declared(template, notebook)
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


def default_parameters(template: Path) -> dict:
    """Give the names and default values in a notebook's cell tagged ``parameters``.

    One that is declared without a value, as ``name: str``, has the default ``REQUIRED``.
    """
    return {name: default for name, (_, default) in _declared(template).items()}


def type_parameters(template: Path, texts: dict[str, str]) -> dict:
    """Turn parameters typed as text into the types of the notebook's defaults.

    Raises
    ------
    RegisterError
        If the notebook has no such parameter, needs another, or the text does not fit its type.
    """
    declared = check_parameters(template, texts)
    return {name: _as_type(name, text, *declared[name]) for name, text in texts.items()}


def _declared(template: Path, notebook=None) -> dict[str, tuple[type, object]]:
    """Give the type and the default of each parameter."""
    cells = (notebook or read_notebook(template)).cells
    tagged = [c.source for c in cells if "parameters" in c.metadata.get("tags", [])]
    found = {}
    for statement in ast.parse("\n".join(tagged)).body:
        if isinstance(statement, ast.Assign):
            default = _plain(template, statement.value)
            names = [target.id for target in statement.targets if isinstance(target, ast.Name)]
            found |= dict.fromkeys(names, (type(default), default))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found[statement.target.id] = _annotated(template, statement)
    return found


def _annotated(template: Path, statement: ast.AnnAssign) -> tuple[type, object]:
    if statement.value is not None:
        default = _plain(template, statement.value)
        return type(default), default
    return TYPES.get(ast.unparse(statement.annotation), str), REQUIRED


def _plain(template: Path, value: ast.expr):
    try:
        return ast.literal_eval(value)
    except ValueError:
        raise RegisterError(
            f"{template.name} has a parameter whose default is not a plain value. Use text, a "
            "number, True, False, None, a list or a dictionary."
        ) from None


def _as_type(name: str, text: str, wanted: type, default):
    if wanted in (str, type(None)):
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = None
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is wanted:
        return value
    like = f"of type {wanted.__name__}" if default is REQUIRED else f"like its default, {default!r}"
    raise RegisterError(f"Parameter '{name}' must be {like}; '{text}' is not.")
