"""Lists of live projects that somebody should act on, for use inside the trust only.

They name projects and their titles, which nobody has checked for what they give away: hand them to
the people who run the projects, and publish none of it.
"""

from __future__ import annotations

from typing import Unpack

import pandas as pd

from ..core.errors import OptionError
from ..core.schema import APPROACHES
from ..core.text import count_of, format_date
from ..register import STALE_DAYS, Overrides, Register, as_register, group_columns
from .involvement import involves_anybody

ACTIONS = {
    "no_involvement": "Involve people, or agree an exemption",
    "not_recorded": "Record whether people are involved",
    "overdue": "Close, or set a new end date",
    "not_updated": "Update the record",
}

_SAID = {
    "no_involvement": (
        "involves nobody without an exemption recorded as agreed",
        "involves nobody, without an exemption recorded as agreed",
        "involve nobody, without an exemption recorded as agreed",
        "running for",
    ),
    "not_recorded": (
        "leaves open whether people are involved",
        "does not record whether people are involved",
        "do not record whether people are involved",
        "running for",
    ),
    "overdue": (
        "is past its planned end",
        "is past its planned end",
        "are past their planned end",
        "by",
    ),
    "not_updated": (
        f"is known to have had no update for {STALE_DAYS} days or more",
        f"has had no update for {STALE_DAYS} days or more",
        f"have had no update for {STALE_DAYS} days or more",
        "for",
    ),
}
COLUMNS = ["action", "project_id", "title", "directorate", "service", "date", "days"]


def list_actions(register: Register | pd.DataFrame, **overrides: Unpack[Overrides]) -> pd.DataFrame:
    """List the live projects that somebody should act on, and why; for use inside the trust only.

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
        A row a project and action, so that a project may stand in several; the longest first:

        ``action``
            ``no_involvement``: recorded as involving nobody, without an exemption recorded as
            agreed, whatever reason is given. ``not_recorded``: the record does not tell whether
            anybody is involved.
            ``overdue``: the planned last day has passed; on that day itself it has not.
            ``not_updated``: not updated for 90 days or more; a record without a day of update is
            not listed.
        ``project_id``, ``title``, ``directorate``, ``service``
            As in the register.
        ``date``
            The start, the planned end, or the last update.
        ``days``
            From then to the register's day.

    Examples
    --------
    >>> register = pd.DataFrame({"project_id": ["7", "8"], "title": "Falls", "directorate": "Rehab",
    ...     "service": "Ward", "status": "active", "approach": ["none", "doing_with"],
    ...     "start_date": pd.Timestamp("2020-05-04"), "end_date": pd.to_datetime([None, None]),
    ...     "updated_date": pd.to_datetime(["2021-05-01", "2021-02-03"]), "exemption_agreed": "no",
    ...     "service_user_involved": "not_recorded", "carer_involved": "not_recorded"})
    >>> actions = list_actions(register, as_of="2021-05-04", profile="cnwl")
    >>> actions[["action", "project_id", "days"]]
               action project_id  days
    0  no_involvement          7   365
    1     not_updated          8    90
    """
    register = as_register(register, **overrides).override(basis="active")
    live, as_of = register.counted, register.as_of
    anybody = involves_anybody(register.override(projects=live))
    nobody = (live["approach"] == APPROACHES[0]) & (live["exemption_agreed"] != "yes")
    days = {name: (as_of - live[f"{name}_date"]).dt.days for name in ("start", "end", "updated")}
    chosen = {
        "no_involvement": ("start", nobody),
        "not_recorded": ("start", anybody.isna()),
        "overdue": ("end", days["end"] > 0),
        "not_updated": ("updated", days["updated"] >= STALE_DAYS),
    }
    parts = [
        live.assign(action=action, date=live[f"{name}_date"], days=days[name])[rows]
        for action, (name, rows) in chosen.items()
    ]
    listed = pd.concat([_longest_first(part) for part in parts], ignore_index=True)
    return listed[COLUMNS].astype({"days": "Int64", "action": "str"})


def _longest_first(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.sort_values(["days", "project_id"], ascending=[False, True])


def summarise_actions(actions: pd.DataFrame, by: str = "directorate") -> pd.DataFrame:
    """Count the projects to act on, from :func:`list_actions`, for each directorate.

    Returns
    -------
    DataFrame
        A row a group that has any: the group, ``projects`` (each once), and a count for each
        action: ``no_involvement, not_recorded, overdue, not_updated``.

    Examples
    --------
    >>> summarise_actions(pd.DataFrame({"action": ["overdue", "not_updated", "overdue"],
    ...     "project_id": ["7", "7", "8"], "directorate": ["Rehab", "Rehab", "Crisis"]}))
      directorate  projects  no_involvement  not_recorded  overdue  not_updated
    0      Crisis         1               0             0        1            0
    1       Rehab         1               0             0        1            1
    """
    named = actions.assign(**{by: group_columns(actions, [by])[by]})
    flags = {name: named["action"] == name for name in ACTIONS}
    groups = named.assign(**flags).groupby(by)
    projects = groups["project_id"].nunique().rename("projects")
    table = pd.concat([projects, groups[list(ACTIONS)].sum()], axis="columns")
    return table.astype("int64").reset_index()


def format_action_counts(summary: pd.DataFrame, by: str = "directorate") -> pd.DataFrame | None:
    """Return a table for readers of how much there is to do in each group; None where nothing is.

    >>> format_action_counts(pd.DataFrame({"directorate": ["Rehab"], "projects": [2],
    ...     "no_involvement": [1], "not_recorded": [0], "overdue": [1], "not_updated": [2]}))
           Projects  Nobody involved  Not recorded  Past planned end  Not updated
    Rehab         2                1             0                 1            2
    """
    named = {"projects": "Projects", "no_involvement": "Nobody involved",
             "not_recorded": "Not recorded", "overdue": "Past planned end",
             "not_updated": "Not updated"}  # fmt: skip
    table = summary[list(named)].rename(columns=named).set_axis(summary[by].tolist())
    return table if len(table) else None


def format_actions(actions: pd.DataFrame, action: str | None = None) -> pd.DataFrame | None:
    """Return a table for readers of what is to be done, its dates written out.

    Parameters
    ----------
    actions : DataFrame
        From :func:`list_actions`.
    action : str, optional
        One of its actions; all of them without it.

    Returns
    -------
    DataFrame
        Indexed by project: ``What to do`` (without ``action``), ``Title``, ``Directorate`` (of
        several), ``Service``, ``Since``, ``Days``. None where there is nothing to do.
    """
    if action not in (None, *ACTIONS):
        known = " or ".join(f"'{name}'" for name in ACTIONS)
        raise OptionError(f"`action` must be {known}; not '{action}'.")
    rows = actions if action is None else actions[actions["action"] == action]
    if rows.empty:
        return None
    table = {
        "What to do": rows["action"].map(ACTIONS),
        "Title": rows["title"],
        "Directorate": rows["directorate"],
        "Service": rows["service"].fillna(""),
        "Since": rows["date"].map(format_date, na_action="ignore").fillna(""),
        "Days": rows["days"].astype("object").fillna(""),
    }
    if action is not None:
        del table["What to do"]
    if actions["directorate"].nunique() == 1:
        del table["Directorate"]
    return pd.DataFrame(table).set_axis(pd.Index(rows["project_id"], name="Project"))


def describe_actions(actions: pd.DataFrame) -> str:
    """Describe how many live projects there are to act on, a paragraph an action; it names none.

    >>> print(describe_actions(pd.DataFrame({"action": ["overdue", "overdue"], "days": [61, 7],
    ...     "date": pd.to_datetime(["2021-03-04", "2021-04-27"])})).split(chr(10))[4])
    2 live projects are past their planned end; the longest, by 61 days (since 4 March 2021).
    """
    return "\n\n".join(_say(name, actions[actions["action"] == name]) for name in ACTIONS)


def _say(action: str, rows: pd.DataFrame) -> str:
    nothing, one, many, longest = _SAID[action]
    if rows.empty:
        return f"No live project {nothing}."
    first = rows.iloc[0]
    text = f"{count_of(len(rows), 'live project')} {one if len(rows) == 1 else many}"
    if pd.isna(first["days"]):  # the longest come first, and those without a start last
        return f"{text}."
    for_ = f"{longest} {count_of(int(first['days']), 'day')} (since {format_date(first['date'])})"
    return f"{text}{', ' if len(rows) == 1 else '; the longest, '}{for_}."
