"""A choice of register, directorate, definition and period, to the reports' sentences and charts.

:func:`explore_register` does the work: a choice in, what is to be seen out. :func:`show_explorer`
puts boxes to choose with around it, which only call it. This is the line's end: `explore` may
import every module of the line, and none imports it.
"""

from __future__ import annotations

import html
import json
import shlex
import shutil
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pandas as pd

from .charts.groups import plot_rates
from .charts.over_time import plot_spc
from .charts.style import draw_png
from .core.errors import OptionError, RegisterError
from .core.files import (
    EXAMPLE_RELEASE,
    EXAMPLES,
    SHIPPED,
    find_path,
    find_workspace,
    make_folder,
    write_whole,
)
from .core.periods import PERIODS
from .counts.involvement import (
    compare_definitions,
    count_involvement,
    count_started,
    describe_bounds,
    describe_definitions,
)
from .load import load_register
from .reading.locate import SUFFIXES
from .register import Register
from .spc.process_chart import add_spc
from .stats.findings import describe_changed, describe_lasting, summarise_findings
from .stats.funnel import add_funnel, describe_funnel
from .stats.rates import add_rates, describe_groups, describe_rate, format_rates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARAMETERS = Path("data", "processed", "explore.json")  # in the workspace
RAW = Path("data", "raw")
WHOLE = "The whole trust"
CHANGING = "Is it changing?"
KEPT = "What is shown below is still the last choice that could be shown."


@dataclass(frozen=True)
class Choice:
    """What to look at; the values are those of a template's parameters.

    Attributes
    ----------
    register : str
        An export's or snapshot's path, or ``"example"``.
    profile : str
        A shipped profile's name, or the path of a TOML file; if empty, the example's own, or the
        workspace's.
    directorate : str
        One of the register's; the whole trust if empty.
    definition : str
        One of the profile's; its headline one if empty.
    as_of : str
        The day the register describes, such as ``"2021-05-04"`` or ``"04/05/2021"``; its own
        latest if empty.
    period : {"month", "quarter", "year"}
        How long each point of the process chart lasts; financial quarters and years. What is said
        of change is by quarter whatever is chosen.
    """

    register: str = "example"
    profile: str = ""
    directorate: str = ""
    definition: str = ""
    as_of: str = ""
    period: str = "quarter"


@dataclass(frozen=True)
class View:
    """What a choice comes to.

    Attributes
    ----------
    sentences : dict
        A sentence for each heading, in order.
    definitions, spc, rates : DataFrame
        The table of definitions, from :func:`format_rates`; the process chart's points, from
        :func:`add_spc`; the directorates' rates, from :func:`add_rates`.
    aim : Fraction or None
        The share of projects aimed for on the register's day.
    aims, events : tuple
        The profile's, to draw on a chart over time.
    directorate : str or None
        The one that is chosen, to mark among the others.
    """

    sentences: dict[str, str]
    definitions: pd.DataFrame
    spc: pd.DataFrame
    rates: pd.DataFrame
    aim: Fraction | None
    aims: tuple
    events: tuple
    directorate: str | None

    def __str__(self) -> str:
        return "\n\n".join(self.sentences.values())


def explore_register(register: Register, choice: Choice) -> View:
    """Return what the reports would say and draw of a choice; nothing is read, kept or shown.

    Parameters
    ----------
    register : Register
        That which the choice names, by the profile that it names.
    choice : Choice
        What to look at.

    Raises
    ------
    ValueError
        If the register has no such directorate, the profile no such definition, or the period or
        the day is none.

    Examples
    --------
    >>> view = explore_register(load_register("example"), Choice(directorate="Community Nursing"))
    >>> view.sentences["Where are we?"][:44]
    'In 1 of 10 projects live on 4 May 2021 (10%)'
    >>> [*view.sentences][1:]
    ['Do recent projects reach it?', 'Does the definition change it?', 'Is it changing?',
    'How do we compare?',
    'Is that more than chance?', 'How sure are we?']
    """
    whole = register.override(as_of=choice.as_of, definition=choice.definition)
    ours = whole.select(directorate=choice.directorate)
    findings = summarise_findings(whole)
    found = findings[findings["group"] == choice.directorate]
    rates = count_involvement(whole, by="directorate").pipe(add_rates)
    definitions = compare_definitions(ours).pipe(add_rates)
    started = count_started(ours, period=choice.period, whole=whole)
    begins = pd.to_datetime(found["begins"].item().split()[1:])
    sentences = {
        "Where are we?": describe_rate(found, ours.definition.meaning, ours.aim, ours.scope),
        "Do recent projects reach it?": describe_lasting(found),
        "Does the definition change it?": describe_definitions(definitions),
        CHANGING: describe_changed(found),
        "How do we compare?": describe_groups(rates, "directorate", ours.aim),
        "Is that more than chance?": describe_funnel(add_funnel(rates)),
        "How sure are we?": describe_bounds(count_involvement(ours)),
    }
    return View(
        sentences, format_rates(definitions, by="label"), add_spc(started, rebase=begins), rates,
        ours.aim, ours.aims, ours.events, choice.directorate or None,
    )  # fmt: skip


def write_parameters(choice: Choice, path: str | Path | None = None) -> str:
    """Write a choice as parameters for a report's template; give the command that takes them.

    The file is JSON, which is YAML too, as ``papermill -f`` reads it. A path is written whole, so
    that it holds wherever the command is run. A report's charts have their own periods, so the
    choice of that is left out.

    Parameters
    ----------
    choice : Choice
        What to report on: a directorate, or the whole trust.
    path : str or Path, optional
        The file; ``data/processed/explore.json`` by default, where Git ignores it.

    Returns
    -------
    str
        The command, to be run from the workspace.
    """
    root = find_workspace() or Path.cwd()
    target = Path(path or root / PARAMETERS)
    template = "directorate_report" if choice.directorate else "trust_report"
    written = asdict(replace(choice, register=_whole(choice.register, EXAMPLES),
                             profile=_whole(choice.profile, _shipped())))  # fmt: skip
    del written["period"]
    if not choice.directorate:
        del written["directorate"]
    try:
        with ExitStack() as made:
            make_folder(target.parent, made)
            write_whole(target, json.dumps(written, indent=2, ensure_ascii=False) + "\n")
    except OSError as fault:
        raise RegisterError(
            f"'{target}' cannot be written: {fault.strerror}. Give another name or folder."
        ) from None
    program = shutil.which("papermill", path=Path(sys.executable).parent) or "papermill"
    notebook = f"notebooks/{template}.ipynb"
    out = f"data/processed/{template}.ipynb"
    engine = ("--engine", "qi-analysis")  # what is not executed whole is a failure
    words = (_from(root, program), *engine, notebook, out, "-f", _from(root, target))
    return " ".join(map(shlex.quote, words))


def _from(root: Path, path: str | Path) -> str:
    """Return a path as it is typed in a folder: from there, unless it lies elsewhere."""
    path = Path(path)
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _whole(name: str, known) -> str:
    return name if not name or name in known else str(find_path(name).resolve())


def _shipped() -> list[str]:
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def show_explorer(register: str = "example", profile: str = "", **chosen: str) -> Explorer:
    """Show boxes to choose with, and the reports' sentences and charts for what is chosen.

    Parameters
    ----------
    register, profile, **chosen
        What to begin with: the fields of :class:`Choice`.

    Returns
    -------
    Explorer
        Put it last in a cell. Its ``choice`` is what is chosen, and its ``view`` what that comes
        to, for the cells below.

    Raises
    ------
    RegisterError
        If the register or the profile cannot be used.
    ValueError
        If it has no such directorate, definition, period or day.

    Examples
    --------
    >>> explorer = show_explorer("example", directorate="Community Nursing")
    >>> explorer.view.sentences["Where are we?"][:44]
    'In 1 of 10 projects live on 4 May 2021 (10%)'
    """
    return Explorer(Choice(register, profile, **chosen))


class Explorer:
    """Boxes to choose with: they only turn choices into views. See :func:`show_explorer`.

    A choice that cannot be shown is explained in a sentence, and the last view stays.

    Attributes
    ----------
    choice : Choice
        What is chosen, the last that could be shown.
    view : View
        What it comes to.
    """

    def __init__(self, choice: Choice):
        self._take(choice, _read(choice))
        self._make_boxes()

    def _repr_mimebundle_(self, include=None, exclude=None, **kwargs) -> dict:
        """Show the boxes; where there are none, as on a printed page, the sentences."""
        return {**(self.box._repr_mimebundle_() or {}), "text/plain": str(self.view)}

    def _take(self, choice: Choice, register: Register) -> None:
        """Use a choice whole; or, if it cannot be shown, not at all."""
        self.view = explore_register(register, choice)
        self.choice, self._register = choice, register

    def _make_boxes(self) -> None:
        import ipywidgets as widgets

        wide = {"style": {"description_width": "8em"}, "layout": {"width": "40em"}}
        typed = {**wide, "continuous_update": False}
        self.boxes = {
            "register": widgets.Combobox(description="Register", options=_registers(), **typed),
            "profile": widgets.Combobox(
                description="Profile", options=_shipped(), placeholder="this workspace's", **typed
            ),
            "directorate": widgets.Dropdown(description="Directorate", **wide),
            "definition": widgets.Dropdown(description="Meaningful is", **wide),
            "as_of": widgets.Text(description="As of", placeholder="such as 2021-05-04", **typed),
            "period": widgets.Dropdown(description="Each point is a", options=[*PERIODS], **wide),
        }
        self.fault, self.shown, self.command = (widgets.HTML() for _ in range(3))
        self.button = widgets.Button(
            description="Write the template's parameters", layout={"width": "20em"}
        )
        self.button.on_click(self._write)
        self.box = widgets.VBox(
            [*self.boxes.values(), self.button, self.command, self.fault, self.shown]
        )
        self._fill()
        for box in self.boxes.values():
            box.observe(self._change, "value")

    def _fill(self) -> None:
        """Fill the boxes with what is chosen and what can be, and show the view below them."""
        self.filling = True  # what is put in is no choice
        names = sorted(self._register.projects["directorate"].unique())
        definitions = self._register.profile.definitions.values()
        self.boxes["directorate"].options = [(WHOLE, ""), *((name, name) for name in names)]
        self.boxes["definition"].options = [(each.label, each.name) for each in definitions]
        chosen = self.choice.definition or self._register.definition.name
        for name, value in asdict(replace(self.choice, definition=chosen)).items():
            self.boxes[name].value = value
        self.fault.value, self.command.value = "", ""
        self.shown.value = _page(self.view)
        self.filling = False

    def _change(self, change) -> None:
        if self.filling:
            return
        choice = Choice(**{name: box.value or "" for name, box in self.boxes.items()})
        if choice == self.choice:  # what could not be shown is taken back
            self.fault.value = ""
            return
        try:
            if _files(choice) == _files(self.choice):
                self._take(choice, self._register)
            else:
                self.fault.value = "<p>Reading the register…</p>"
                register = _read(choice)
                self._take(_within(choice, register), register)
        except (RegisterError, OptionError) as fault:
            self.fault.value = f"<p role='alert'><b>{html.escape(str(fault))}</b> {KEPT}</p>"
        else:
            self._fill()

    def _write(self, button) -> None:
        try:
            command = html.escape(write_parameters(self.choice))
        except RegisterError as fault:
            self.command.value = f"<p role='alert'><b>{html.escape(str(fault))}</b></p>"
        else:
            self.command.value = f"<p>Written. From the workspace: <code>{command}</code></p>"


def _files(choice: Choice) -> tuple[str, str]:
    return choice.register, choice.profile


def _registers() -> list[str]:
    """Return the registers to pick from: the examples, and the workspace's own in data/raw."""
    folder = (find_workspace() or Path.cwd()) / RAW
    files = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in SUFFIXES]
    own = [path for path in files if path not in {*EXAMPLES.values(), EXAMPLE_RELEASE}]
    return [*EXAMPLES, *((RAW / path.name).as_posix() for path in own)]


def _read(choice: Choice) -> Register:
    if not choice.register:
        raise OptionError("`register` must be an export's path or 'example'; it is empty.")
    return load_register(choice.register, choice.profile)


def _within(choice: Choice, register: Register) -> Choice:
    """Choose the whole where another register, or its profile, does not have what was chosen."""
    names = register.projects["directorate"].unique()
    return replace(
        choice,
        directorate=choice.directorate if choice.directorate in names else "",
        definition=choice.definition if choice.definition in register.profile.definitions else "",
    )


def _page(view: View) -> str:
    """Return the sentences, the table and the charts as HTML that stands by itself."""
    below = {
        "Does the definition change it?": view.definitions.to_html(border=0),
        CHANGING: _picture(
            plot_spc(view.spc, aim=view.aims, events=view.events, sentence=view.sentences[CHANGING])
        ),
        "How do we compare?": _picture(
            plot_rates(view.rates, aim=view.aim, highlight=view.directorate)
        ),
    }
    shown = "".join(
        f"<h3>{heading}</h3><p>{html.escape(sentence)}</p>{below.get(heading, '')}"
        for heading, sentence in view.sentences.items()
    )
    return f'<div style="line-height: 1.5">{shown}</div>'


def _picture(ax: Axes) -> str:
    """Return a chart as a picture with its sentence as text, and close it: no cell shows it."""
    from matplotlib.pyplot import close

    figure = cast("Figure", ax.get_figure(root=True))
    picture = draw_png(figure)
    close(figure)
    alt = html.escape(figure.get_gid() or "")
    return f'<img src="data:image/png;base64,{picture}" alt="{alt}" style="max-width: 100%">'
