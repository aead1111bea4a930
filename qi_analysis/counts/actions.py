"""The list of live projects that somebody should act on, for use inside the trust only.

It names projects and their titles, which nobody has checked for what they give away: hand it to the
people who run the projects, and publish none of it.
"""

from __future__ import annotations

from math import ceil
from typing import Unpack

import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame
from ..core.schema import APPROACH_LABELS
from ..core.text import count_of, format_date, format_share, listed
from ..profile import Help, Profile
from ..register import STALE_DAYS, Overrides, Register, as_register, group_columns, is_exempt
from .involvement import count_involvement, involves_anybody, meaningful
from .people import reason_labels

ACTIONS = {
    "work_to_or_for": "Make partners of people",
    "involve_nobody": "Involve people",
    "not_recorded": "Record how people are involved",
    "overdue": "Close, or set a new end date",
    "not_updated": "Update the record",
}
INVOLVEMENT = ("work_to_or_for", "involve_nobody", "not_recorded")  # a project has one, or none

_LABELS = {
    "work_to_or_for": "To or for people",
    "involve_nobody": "Nobody involved",
    "not_recorded": "Not recorded",
    "overdue": "Past planned end",
    "not_updated": "Not updated",
}
_SAID = {
    "overdue": ("is past its planned end", "are past their planned end"),
    "not_updated": (
        f"has had no update for {STALE_DAYS} days or more",
        f"have had no update for {STALE_DAYS} days or more",
    ),
}
_STEPS = {  # to be said of one project, and of several
    "work_to_or_for": (
        "make partners of people in the one that involves them less",
        "make partners of people in {} that involve them less",
    ),
    "involve_nobody": (
        "involve people in the one that involves nobody",
        "involve people in {} that involve nobody",
    ),
    "not_recorded": (
        "find, and record, that the one that does not say involves people meaningfully",
        "find, and record, that {} that do not say involve people meaningfully",
    ),
}  # fmt: skip
STATED = "no_involvement_reason"
_DATES = {"overdue": "end_date", "not_updated": "updated_date"}  # of all others, the start
_PROJECT = ["project_id", "title", "directorate", "service"]


def list_actions(register: Register | pd.DataFrame, **overrides: Unpack[Overrides]) -> pd.DataFrame:
    """List the live projects that somebody should act on, and why; for use inside the trust only.

    Every project that does not meet the definition is on it, but for those with an agreed exemption
    or to which involvement does not apply, which are not on it at all. Those come first that bring
    the aim soonest: where people are involved already the step to partnership is short.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
        Only projects live on its day are listed.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a project, in the order of the actions below; of one action, the longest first:

        ``action``
            The first of its reasons, of those that are columns here.
        ``project_id``, ``title``, ``directorate``, ``service``
            As in the register.
        ``date``
            The planned end of one that is only ``overdue``, the last update of one that is only
            ``not_updated``, and the start of all others; missing if not recorded.
        ``days``
            From then to the register's day.
        ``work_to_or_for``, ``involve_nobody``, ``not_recorded``
            Whether it involves people, but not as the definition asks (with the headline one: works
            to or for them); involves nobody, whatever reason is given; or leaves open which.
        ``overdue``
            Whether its planned last day has passed; on that day itself it has not. No column where
            the register does not ask for it.
        ``not_updated``
            Whether it was not updated for 90 days or more; one without a day of update is not known
            to be. No column where the register does not ask for it.
        ``no_involvement_reason``
            Why nobody is involved, of those that involve nobody and say. No column where the
            register does not ask for it.

    Examples
    --------
    >>> register = pd.DataFrame({"project_id": ["7", "8", "9"], "title": "Falls", "service": "Ward",
    ...     "directorate": "Rehab", "status": "active", "exemption_agreed": "no",
    ...     "approach": ["none", "doing_with", "doing_for"],
    ...     "start_date": pd.Timestamp("2020-05-04"), "end_date": pd.to_datetime([None] * 3),
    ...     "updated_date": pd.to_datetime(["2021-05-01", "2021-02-03", "2021-02-03"]),
    ...     "service_user_involved": "not_recorded", "carer_involved": "not_recorded"})
    >>> actions = list_actions(register, as_of="2021-05-04", profile="cnwl")
    >>> actions[["action", "project_id", "days", "not_updated"]]
               action project_id  days  not_updated
    0  work_to_or_for          9   365         True
    1  involve_nobody          7   365        False
    2     not_updated          8    90         True
    """
    register = as_register(register, **overrides).override(basis="active")
    check_frame(register.projects, *_PROJECT, *_DATES.values(), step="clean_register")
    live = register.counted[lambda projects: ~is_exempt(projects)]
    reasons = _find_reasons(register.override(projects=live))
    live, reasons = live[reasons.any(axis=1)], reasons[reasons.any(axis=1)]
    action = pd.Series(reasons.columns[reasons.to_numpy().argmax(axis=1)], live.index, dtype="str")
    date = live["start_date"]
    for name, column in _DATES.items():
        date = date.mask(action == name, live[column])
    order = action.map(list(ACTIONS).index)
    stated = _find_stated(register, reasons["involve_nobody"])
    listed_ = live[_PROJECT].assign(action=action, date=date, **reasons, **stated)
    listed_ = listed_.assign(days=(register.as_of - date).dt.days.astype("Int64"), order=order)
    listed_ = listed_.sort_values(
        ["order", "days", "project_id"], ascending=[True, False, True], ignore_index=True
    )
    return listed_[["action", *_PROJECT, "date", "days", *reasons, *stated]]


def _find_stated(register: Register, nobody: pd.Series) -> dict[str, pd.Series]:
    """Return the reasons given for involving nobody, where the register asks for them."""
    if STATED not in register.asked:
        return {}
    return {STATED: register.projects.loc[nobody.index, STATED].astype("str").where(nobody)}


def _find_reasons(register: Register) -> pd.DataFrame:
    """Return a column a reason: whether it holds for each project."""
    projects, as_of = register.projects, register.as_of
    met, anybody = meaningful(register), involves_anybody(register)
    unmet = ~met.fillna(True)
    reasons = {
        "work_to_or_for": unmet & anybody.fillna(False),
        "involve_nobody": unmet & ~anybody.fillna(True),
        "not_recorded": met.isna() | (unmet & anybody.isna()),
    }
    if "end_date" in register.asked:
        reasons["overdue"] = projects["end_date"] < as_of
    if "updated_date" in register.asked:
        stale = as_of - pd.Timedelta(days=STALE_DAYS)
        reasons["not_updated"] = projects["updated_date"] <= stale
    return pd.DataFrame(reasons, index=projects.index).astype(bool)


def _reasons_in(actions: pd.DataFrame) -> list[str]:
    return [name for name in ACTIONS if name in actions]


def _check_actions(actions: pd.DataFrame, *columns: str, by: str | None = None) -> pd.DataFrame:
    """Check a list of actions, and whether each project has each reason."""
    asked = {name: "flag" for name in " ".join(columns).split() if name in ACTIONS}
    actions = check_frame(actions, *columns, by=by, kinds=asked, step="list_actions")
    reasons = _reasons_in(actions)
    kinds = dict.fromkeys(reasons, "flag")
    return check_frame(actions, kinds=kinds, filled=" ".join(reasons))


def summarise_actions(actions: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Count the projects to act on, from :func:`list_actions`, for each directorate.

    Returns
    -------
    DataFrame
        A row a group that has any: the group, ``projects``, and how many have each reason:
        ``work_to_or_for, involve_nobody, not_recorded``, and ``overdue, not_updated`` where asked.

    Examples
    --------
    >>> summarise_actions(pd.DataFrame({"directorate": ["Rehab", "Rehab", "Crisis"],
    ...     "involve_nobody": [True, False, True], "overdue": [True, True, False]}))
      directorate  projects  involve_nobody  overdue
    0      Crisis         1               1        0
    1       Rehab         2               1        2
    """
    actions = _check_actions(actions, by=by)
    reasons = actions[_reasons_in(actions)].assign(projects=1)
    table = reasons.groupby(group_columns(actions, [by])[by])[
        ["projects", *_reasons_in(actions)]
    ].sum()
    return table.astype("int64").reset_index()


def format_action_counts(summary: pd.DataFrame, by: str = "directorate") -> pd.DataFrame | None:
    """Return a table for readers of how much there is to do in each group; None where nothing is.

    >>> format_action_counts(pd.DataFrame({"directorate": ["Rehab"], "projects": [2],
    ...     "work_to_or_for": [1], "involve_nobody": [1], "not_recorded": [0]}))
           Projects  To or for people  Nobody involved  Not recorded
    Rehab         2                 1                1             0
    """
    summary = check_frame(summary, "projects", by=by, named=True, step="summarise_actions")
    counted = ["projects", *_reasons_in(summary)]
    kinds = dict.fromkeys(counted, "count")
    summary = check_frame(summary, by=by, kinds=kinds, filled=" ".join(counted))
    table = summary[counted]
    table = table.rename(columns={"projects": "Projects", **_LABELS}).set_axis(summary[by].tolist())
    return table if len(table) else None


def format_actions(
    actions: pd.DataFrame, action: str | None = None, register: Register | None = None
) -> pd.DataFrame | None:
    """Return a table for readers of what is to be done, its dates written out.

    Parameters
    ----------
    actions : DataFrame
        From :func:`list_actions`.
    action : str, optional
        One of its reasons, to list the projects that have it; all of them without it.
    register : Register, optional
        The register that it lists, so that the help that its profile names can be shown.

    Returns
    -------
    DataFrame
        Indexed by project: ``What to do`` (all its reasons), ``Title``, ``Directorate`` (of
        several), ``Service`` (where any is known), ``Since``; and ``What helps``, where the profile
        names help and any fits. None where there is nothing to do.
    """
    actions = _check_actions(actions, *_PROJECT, "date", by="directorate")
    if action not in (None, *ACTIONS):
        known = " or ".join(f"'{name}'" for name in ACTIONS)
        raise OptionError(f"`action` must be {known}; not '{action}'.")
    rows = actions
    if action is not None:
        rows = actions[actions[action]] if action in actions else actions.iloc[:0]
    if rows.empty:
        return None
    names = _reasons_in(rows)
    has = rows[names].itertuples(index=False)
    table = {
        "What to do": [
            "; ".join(ACTIONS[name] for name, holds in zip(names, row, strict=True) if holds)
            for row in has
        ],
        "Title": rows["title"],
        "Directorate": rows["directorate"],
        "Service": rows["service"].fillna(""),
        "Since": rows["date"].map(format_date, na_action="ignore").fillna(""),
    }
    if actions["directorate"].nunique() == 1:
        del table["Directorate"]
    if not table["Service"].any():
        del table["Service"]
    helps = [] if register is None else _helps(rows, register.profile)
    if any(helps):
        table["What helps"] = helps
    return pd.DataFrame(table).set_axis(pd.Index(rows["project_id"], name="Project"))


def format_projects(register: Register) -> pd.DataFrame | None:
    """Return a table for readers of every live project and what is to be done; None without any.

    For the few projects of a small directorate, and for use inside the trust only.

    Returns
    -------
    DataFrame
        Indexed by project: ``Title``, ``Service`` (where any is known), ``Started``,
        ``How people take part``, ``What to do``.

    Examples
    --------
    >>> frame = pd.DataFrame({"project_id": ["8", "7"], "title": "Falls", "service": "Ward",
    ...     "directorate": "Rehab", "status": "active", "exemption_agreed": "no",
    ...     "approach": ["doing_with", "none"], "end_date": pd.NaT, "updated_date": pd.NaT,
    ...     "start_date": pd.Timestamp("2020-05-04"),
    ...     "service_user_involved": "not_recorded", "carer_involved": "not_recorded"})
    >>> register = Register(frame, profile="cnwl", as_of="2021-05-04")
    >>> format_projects(register)[["How people take part", "What to do"]]
            How people take part      What to do
    Project
    7             Nobody involved  Involve people
    8                  Doing with     Nothing now
    """
    live = register.override(basis="active").counted.sort_values("project_id")
    if live.empty:
        return None
    actions = format_actions(list_actions(register), register=register)
    to_do = {} if actions is None else actions["What to do"].to_dict()
    table = {
        "Title": live["title"],
        "Service": live["service"].fillna(""),
        "Started": live["start_date"].map(format_date, na_action="ignore").fillna(""),
        "How people take part": live["approach"].map(APPROACH_LABELS),
        "What to do": live["project_id"].map(to_do).fillna("Nothing now"),
    }
    if not table["Service"].any():
        del table["Service"]
    return pd.DataFrame(table).set_axis(pd.Index(live["project_id"], name="Project"))


def describe_actions(actions: pd.DataFrame, register: Register | None = None) -> str:
    """Describe what would reach the aim and how many projects there are to act on; it names none.

    Parameters
    ----------
    actions : DataFrame
        From :func:`list_actions`.
    register : Register, optional
        The register that it lists, so that the aim can be spoken of: of the projects that its
        ``basis`` counts, as everywhere else. With ``"started"`` these are all on the register, of
        which only live ones can be acted on and are listed.

    Returns
    -------
    str
        A paragraph on the aim, where there is one, and one on projects that are past their planned
        end or have had no update.

    Examples
    --------
    >>> print(describe_actions(pd.DataFrame({"overdue": [True, False, True],
    ...                                      "not_updated": [False, True, False]})))
    2 live projects are past their planned end. 1 live project has had no update for 90 days or
    more.
    """
    actions = _check_actions(actions)
    said = [
        f"{count_of(n, 'live project')} {one if n == 1 else many}."
        for name, (one, many) in _SAID.items()
        if name in actions and (n := int(actions[name].sum()))
    ]
    aim = _say_aim(actions, register) if register is not None else ""
    nothing = "There is no live project to act on." if actions.empty else ""
    return "\n\n".join(filter(None, [aim, " ".join(said)])) or nothing


def _say_aim(actions: pd.DataFrame, register: Register) -> str:
    """Describe how many projects, of which reasons, would bring those that count to the aim."""
    actions = _check_actions(actions, *INVOLVEMENT)
    counts = count_involvement(register).iloc[0]
    k, n = int(counts["numerator"]), int(counts["denominator"])
    if register.aim is None or n == 0:
        return ""
    aim, needed = format_share(register.aim), ceil(register.aim * n) - k
    if needed <= 0:
        return f"The aim of {aim} is met today."
    there = {name: int(actions[name].sum()) for name in INVOLVEMENT}
    is_live = register.basis == "active"  # else the aim is of ended ones too, the list never
    which = "these projects" if is_live else "all projects on the register"
    takes = f"The aim of {aim} takes {needed:,} more of {which}"
    if sum(there.values()) < needed:
        others = "exempt" if is_live else "not live, or exempt"
        listed_, more = sum(there.values()), needed - sum(there.values())
        rest = "the other is" if more == 1 else "the others are"
        rest = rest if listed_ else "it is" if more == 1 else "they are"
        are = count_of(listed_, "is", "are") if listed_ else "none is"
        return f"{takes}, and {are} listed: {rest} {others}."
    of_live = "" if is_live else "of the live ones, "
    return f"{takes}: {of_live}{', or '.join(_ways(there, needed))}."


def _ways(there: dict[str, int], needed: int) -> list[str]:
    """Return the ways to reach the aim: by one reason's projects alone, else the nearest first."""
    alone = [_step(name, needed, n) for name, n in there.items() if n >= needed]
    if alone:
        return alone
    steps = []
    for name, n in there.items():
        if min(n, needed):
            steps.append(_step(name, min(n, needed), n))
        needed -= min(n, needed)
    return [listed(steps)]


def _step(reason: str, some: int, n: int) -> str:
    one, many = _STEPS[reason]
    if n == 1:
        return one
    return many.format(f"all {n:,}" if some == n else f"{some:,} of the {n:,}")


# --- help -----------------------------------------------------------------------------------------

# What helps with each reason for involving nobody, by the profile's name for it, and with working
# to or for people: the first sentence whose part the profile gives.
_HELP = {
    "nobody_available": (
        ("team", "{team} can find people who want to take part."),
        ("contact", "Ask {contact} to find people who want to take part."),
        ("guide", "The guide says how to find people."),
    ),
    "not_known_how": (
        ("guide", "The guide says how to begin."),
        ("team", "{team} can show you how to begin."),
        ("contact", "Ask {contact} how to begin."),
    ),
    "no_time": (("", "Start small: ask one person to one meeting."),),
    "staff_only": (("", "Ask whose care the change reaches in the end, and what they think."),),
    "technical": (("", "Ask a few people whose care it touches to try it out."),),
    "involve_nobody": (
        ("team", "Ask {team} how people could take part."),
        ("contact", "Ask {contact} how people could take part."),
        ("guide", "The guide says how to begin."),
    ),
    "work_to_or_for": (("", "Ask the people whom you reach already to join the team."),),
}


def _helps(actions: pd.DataFrame, profile: Profile) -> list[str]:
    """Return the help that fits each project's first reason; empty where none does."""
    return [_what_helps(need, profile.help) for need in _needs(actions)]


def _needs(actions: pd.DataFrame) -> list[str]:
    """Return what each project needs help with: a reason that it states, or its first action."""
    actions = _check_actions(actions, "involve_nobody work_to_or_for")
    stated = actions[STATED] if STATED in actions else pd.Series(None, actions.index, dtype="str")
    known = stated.where(stated.isin([*_HELP])).fillna("involve_nobody")
    needs = known.where(actions["involve_nobody"], "")
    return needs.mask(actions["work_to_or_for"], "work_to_or_for").tolist()


def _what_helps(need: str, help_: Help) -> str:
    if not _is_given(help_):
        return ""
    for part, sentence in _HELP.get(need, ()):
        if not part or getattr(help_, part):
            return _begin(sentence.format(team=help_.team, contact=help_.contact))
    return ""


def _is_given(help_: Help) -> bool:
    return bool(help_.team or help_.contact or help_.guide)


def _begin(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def format_help(actions: pd.DataFrame, register: Register) -> pd.DataFrame | None:
    """Return a table for readers of what helps with each reason, and how many projects state it.

    Parameters
    ----------
    actions : DataFrame
        From :func:`list_actions`.
    register : Register
        The register that it lists; its profile names the help and the reasons.

    Returns
    -------
    DataFrame
        Indexed by the reason, in the profile's order: ``Projects`` and ``What helps``. None where
        the profile names no help, or no project needs any.

    Examples
    --------
    >>> from qi_analysis.load import load_register
    >>> register = load_register("example")
    >>> format_help(list_actions(register), register)["What helps"].head(2).tolist()
    ['Ask the people whom you reach already to join the team.',
    'Ask whose care the change reaches in the end, and what they think.']
    """
    needs, profile = pd.Series(_needs(actions), dtype="str"), register.profile
    labels = {"work_to_or_for": _LABELS["work_to_or_for"], **reason_labels(profile)}
    labels = {name: label for name, label in labels.items() if name in _HELP}
    labels["involve_nobody"] = "No reason, or another"
    rows = [
        (label, int((needs == name).sum()), _what_helps(name, profile.help))
        for name, label in labels.items()
    ]
    table = pd.DataFrame(rows, columns=["Reason", "Projects", "What helps"])
    table = table[(table["Projects"] > 0) & (table["What helps"] != "")].set_index("Reason")
    return table if len(table) else None


def describe_help(actions: pd.DataFrame, register: Register) -> str:
    """Describe who helps to involve people, to stand under the list of actions.

    Parameters
    ----------
    actions : DataFrame
        From :func:`list_actions`.
    register : Register
        The register that it lists; its profile names the help.

    Returns
    -------
    str
        Empty where the profile names no help, or no project on the list needs any.

    Examples
    --------
    >>> from qi_analysis.load import load_register
    >>> register = load_register("example")
    >>> print(describe_help(list_actions(register), register))
    The Involvement Team helps to involve people: involvement.cnwl@nhs.net. How to begin is in the
    guide, “Involving Patients and Carers in Quality Improvement Projects: A Practical Guide”.
    """
    return _describe_help(register.profile.help) if any(_needs(actions)) else ""


def describe_public_help(profile: Profile) -> str:
    """Describe who helps to involve people, for everybody; empty unless the profile allows it.

    >>> from qi_analysis.profile import load_profile
    >>> describe_public_help(load_profile("cnwl"))
    ''
    """
    return _describe_help(profile.help) if profile.help.public else ""


def _describe_help(help_: Help) -> str:
    address = f" ({help_.links[help_.guide]})" if help_.guide_address else ""
    contact = help_.contact
    sentences = [
        f"{_begin(help_.team)} helps to involve people{f': {contact}' if contact else ''}."
        if help_.team
        else f"For help with involving people: {contact}." if contact else "",
        f"How to begin is in the guide, “{help_.guide}”{address}." if help_.guide else "",
    ]  # fmt: skip
    return " ".join(filter(None, sentences))
