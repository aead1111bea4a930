"""What the reports conclude: one row for the trust and for each directorate, and its sentences.

Whatever an index, a page's first screen, an icon or a workbook says of a group is in its row, and
is computed nowhere else.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Unpack

import numpy as np
import pandas as pd

from ..core.frames import check_frame
from ..core.schema import COUNTS, COUNTS_AND_BLANKS, FEWEST, NO_DIRECTORATES
from ..core.text import count_of, format_share, k_of_n, listed, percents
from ..counts.actions import list_actions, summarise_actions
from ..counts.history import add_earlier, describe_since
from ..counts.involvement import count_involvement, count_recent, count_started
from ..register import Overrides, Register, as_register, group_columns
from .change import describe_steps, find_change
from .funnel import add_funnel, shrunken_rates
from .rates import (
    add_aim,
    add_rates,
    add_sustained,
    describe_sustained,
    list_names,
    parse_aim,
)

TRUST = "trust"
ACTIONS = ["involve_nobody", "work_to_or_for", "not_recorded_actions"]
_SHRUNKEN = ["shrunken", "shrunken_lower", "shrunken_upper"]


def summarise_findings(
    register: Register | pd.DataFrame, by: str = "directorate", **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Summarise what the reports conclude: a row for the trust, and a row for each group.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=`` and ``as_of=``.
    by : str
        The column that names the groups.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        The trust first, then the groups in alphabetical order; last, those that are no directorate
        ("Not recorded", "Unrecognised", "Joint"), which are counted and not tested.

        ``level``, ``group``
            ``trust``, and an empty name; or what ``by`` names, such as ``directorate``, and which.
        ``numerator``, ``denominator``, ``not_recorded``, ``rate``, ``lower_cl``, ``upper_cl``
            Of the projects that are counted, from :func:`count_involvement` and :func:`add_rates`.
        ``aim``, ``met_now``, ``needed``
            The aim (0-1) on the register's day, and from :func:`add_aim` where projects stand to
            it; missing and empty without an aim.
        ``sustained``, ``recent_numerator``, ``recent_denominator``
            Whether the aim would last, from :func:`add_sustained`, and the recent projects that
            this rests on, from :func:`count_recent`.
        ``change`` and the other columns of :func:`find_change`
            Whether the rate has changed, tested on :func:`count_started` by quarter.
        ``position``
            How the group differs from the whole, from :func:`add_funnel`: ``higher``, ``lower``,
            ``within`` or ``too_few``; empty for the trust.
        ``shrunken``, ``shrunken_lower``, ``shrunken_upper``
            The group's own rate as far as it is known, from :func:`shrunken_rates`.
        ``earlier_numerator``, ``earlier_denominator``, ``earlier_day``
            What the latest earlier register counted on its day, from :func:`add_earlier`.
        ``recorded``
            The share (0-1) of counted projects whose record says whether they involve people
            meaningfully.
        ``involve_nobody``, ``work_to_or_for``, ``not_recorded_actions``
            Live projects on the list of actions, by reason, from :func:`list_actions`.

    Examples
    --------
    >>> frame = pd.DataFrame({"project_id": list("abcdef"), "title": "Falls", "service": "Ward",
    ...     "directorate": ["Rehab"] * 5 + ["Crisis"], "status": "active", "end_date": pd.NaT,
    ...     "approach": ["doing_with"] * 4 + ["none", "doing_for"], "updated_date": pd.NaT,
    ...     "start_date": pd.Timestamp("2020-05-04"), "exemption_agreed": "no",
    ...     "service_user_involved": "yes", "carer_involved": "no"})
    >>> found = summarise_findings(frame, profile="cnwl", as_of="2021-05-04")
    >>> found[["level", "group", "numerator", "denominator", "met_now", "needed", "sustained"]]
             level   group  numerator  denominator met_now  needed    sustained
    0        trust                  4            6      no       1  cannot_tell
    1  directorate  Crisis          0            1      no       1      too_few
    2  directorate   Rehab          4            5     yes       0  cannot_tell
    """
    register = as_register(register, **overrides)
    rows = [_count(register, None), _count(register, by)]
    findings = pd.concat([_conclude(row, register.aim) for row in rows], ignore_index=True)
    return findings[list(COLUMNS)].astype(COLUMNS)


COLUMNS = {
    "level": "str", "group": "str",
    **dict.fromkeys(COUNTS_AND_BLANKS, "int64"),
    **dict.fromkeys(["rate", "lower_cl", "upper_cl", "aim"], "float64"),
    "met_now": "str", "needed": "Int64", "sustained": "str",
    "recent_numerator": "int64", "recent_denominator": "int64",
    "change": "str", "changed_at": "datetime64[us]",
    "p_value": "float64", "p_adjusted": "float64",
    **{f"{side}_{c}": "Int64" for side in ("before", "after") for c in COUNTS},
    "rises": "Int64", "falls": "Int64", "first_changed_at": "datetime64[us]",
    "first_numerator": "Int64", "first_denominator": "Int64", "lower_since": "datetime64[us]",
    "doubt": "str", "periods": "Int64", "empty": "Int64", "last_empty": "datetime64[us]",
    "begins": "str",
    "position": "str", **dict.fromkeys(_SHRUNKEN, "float64"),
    "earlier_numerator": "Int64", "earlier_denominator": "Int64", "earlier_day": "datetime64[us]",
    "recorded": "float64",
    **dict.fromkeys(ACTIONS, "int64"),
}  # fmt: skip


# --- counting -------------------------------------------------------------------------------------


def _count(register: Register, by: str | None) -> pd.DataFrame:
    """Return the counts of the trust, or of each group, indexed by name: one row a group."""
    names = _group_names(register, by)
    recent = _by_group(count_recent(register, by=by), by, names)[COUNTS]
    frames = (
        recent.add_prefix("recent_"),
        _count_actions(register, by, names),
        _find_changes(register, by, names),
    )
    now = _by_group(count_involvement(register, by=by), by, names).rename_axis(index=None)
    now = add_earlier(now.assign(**{by or "group": names}), register, by=by)
    return now.assign(level=by or TRUST, group=names).join([*frames])


def _group_names(register: Register, by: str | None) -> list[str]:
    """Return the groups that have a row, those that are no directorate last."""
    if by is None:
        return [""]
    names = group_columns(register.projects, [by])[by].astype(str).unique()
    return sorted(names, key=lambda name: (name in NO_DIRECTORATES, name))


def _by_group(counts: pd.DataFrame, by: str | None, names: list[str]) -> pd.DataFrame:
    """Return counts as a row a group, with 0 for a group that has none."""
    if by is None:
        return counts[COUNTS_AND_BLANKS].set_axis(names)
    return counts.set_index(by)[COUNTS_AND_BLANKS].reindex(names, fill_value=0)


def _count_actions(register: Register, by: str | None, names: list[str]) -> pd.DataFrame:
    """Count the live projects on the list of actions by reason."""
    actions = list_actions(register)
    if by is None:
        actions, by = actions.assign(directorate=""), "directorate"
    counts = summarise_actions(actions, by).set_index(by)
    counts = counts.rename(columns={"not_recorded": "not_recorded_actions"})
    return counts.reindex(index=names, columns=ACTIONS, fill_value=0)


def _find_changes(register: Register, by: str | None, names: list[str]) -> pd.DataFrame:
    """Find whether each group's rate has changed; groups that are no directorate are not tested."""
    counts = count_started(register, by=by)
    if by is None:
        return find_change(counts).set_axis(names)
    counts = counts[~counts[by].isin(NO_DIRECTORATES)]
    found = find_change(counts, by=by).set_index(by).reindex(names)
    nothing = dict.fromkeys(["periods", "empty", "rises", "falls"], 0)
    nobody = found["change"].isna()
    found = found.fillna({"change": "too_few", "doubt": "", "begins": "", **nothing})
    return found.assign(change=found["change"].mask(nobody & found.index.isin(NO_DIRECTORATES), ""))


# --- concluding -----------------------------------------------------------------------------------


def _conclude(counts: pd.DataFrame, aim: Fraction | None) -> pd.DataFrame:
    """Add to counts what they come to."""
    is_trust = (counts["level"] == TRUST).all()
    findings = add_rates(counts).assign(aim=np.nan, met_now="", needed=np.nan, sustained="")
    if aim is not None:
        findings = findings.pipe(add_aim, aim).pipe(add_sustained, aim)
    if is_trust:
        findings = findings.assign(position="", **dict.fromkeys(_SHRUNKEN, np.nan))
    else:
        findings = findings.pipe(shrunken_rates, "group").pipe(add_funnel, by="group")
    nameless = findings["group"].isin(NO_DIRECTORATES)
    some = findings["denominator"].where(findings["denominator"] > 0)
    return findings.assign(
        sustained=findings["sustained"].mask(nameless, ""),
        recorded=1 - findings["not_recorded"] / some,
    )


# --- words ----------------------------------------------------------------------------------------


def describe_findings(findings: pd.DataFrame, register: Register) -> str:
    """Describe one row in plain words, a paragraph each: where projects stand, and what to do.

    Where they stand today against the aim, and since the last report; whether the rate has changed;
    whether the aim would last; and which projects to act on.

    Parameters
    ----------
    findings : DataFrame
        One row of :func:`summarise_findings`.
    register : Register
        The register that it is of.

    Examples
    --------
    >>> from qi_analysis import load_register
    >>> register = load_register("example")
    >>> found = summarise_findings(register).head(1)
    >>> print(describe_findings(found, register).split(chr(10))[0])
    104 of 266 projects live on 4 May 2021 (39%) involve people meaningfully. Our aim is
    80%. We are not there yet: 109 more of these projects would need to do so.
    """
    findings = check_frame(
        findings, *COUNTS_AND_BLANKS, "rate aim met_now change sustained", known=True, some=True,
        step="summarise_findings",
    )  # fmt: skip
    findings = _check_needed(findings)
    row, which, since = findings.iloc[0], register.scope, describe_since(findings, register)
    if not row["denominator"]:
        nothing = f"There are no projects {which}, so there is no rate to show."
        return "\n\n".join(filter(None, [nothing, since]))
    parts = [
        " ".join(filter(None, [_today(row, which), _aim(row), since])),
        describe_changed(findings) if row["change"] else "",
        _sustained(findings),
        describe_next(findings, register),
    ]
    return "\n\n".join(filter(None, parts))


def _check_needed(findings: pd.DataFrame) -> pd.DataFrame:
    """Check how many more the aim takes, which is known where it is not surely met."""
    findings = check_frame(findings, "met_now needed", some=True, step="summarise_findings")
    short = findings["met_now"].isin(["no", "blanks_decide"])
    check_frame(findings[short], "needed", filled="needed", step="summarise_findings")
    return findings


def _today(row: pd.Series, which: str) -> str:
    k, n, blank = (int(row[name]) for name in COUNTS_AND_BLANKS)
    projects = f"{'project' if n == 1 else 'projects'} {which}"
    if n == 1:
        verb = "involves" if k else "does not say if it involves" if blank else "does not involve"
        return f"The one {projects} {verb} people meaningfully."
    if k == 0:
        is_known = "is known to involve" if blank else "involves"
        return f"None of {n:,} {projects} {is_known} people meaningfully."
    if k == n:
        return f"All {n:,} {projects} involve people meaningfully."
    verb = "involves" if k == 1 else "involve"
    return f"{k_of_n(k, n)} {projects} ({_rate(row)}) {verb} people meaningfully."


def _rate(row: pd.Series) -> str:
    """Write a rate, beside which the aim stands, if there is one."""
    aim = row.get("aim", np.nan)
    return percents(row["rate"], aims=[parse_aim(aim)] if aim == aim else [])[0]


def _aim(row: pd.Series) -> str:
    """Describe whether the aim is met today, as a fact of the count."""
    if row["aim"] != row["aim"]:
        return ""
    aimed = f"Our aim is {format_share(parse_aim(row['aim']))}."
    if row["met_now"] == "yes":
        return f"{aimed} We have reached it."
    if row["met_now"] == "blanks_decide":
        return f"{aimed} Too much is left blank to say if we are there."
    these = "this one" if row["denominator"] == 1 else f"{row['needed']:,} more of these projects"
    return f"{aimed} We are not there yet: {these} would need to do so."


def _sustained(findings: pd.DataFrame) -> str:
    """Describe whether the aim would last; nothing without an aim, or of what is not tested."""
    row = findings.iloc[0]
    if not row["sustained"] or pd.isna(row["aim"]):
        return ""
    return describe_sustained(add_sustained(findings, row["aim"]), row["aim"])


def describe_changed(findings: pd.DataFrame) -> str:
    """Describe whether a group's rate has changed by more than chance does, and since when.

    Parameters
    ----------
    findings : DataFrame
        One row of :func:`summarise_findings`.

    Examples
    --------
    >>> describe_changed(pd.DataFrame({"change": [""]}))
    'These projects belong to no one directorate, so no change is looked for.'
    """
    findings = check_frame(findings, "change", some=True, step="summarise_findings")
    change = findings["change"].iloc[0]
    if change in ("too_few", "too_early"):
        return describe_steps(findings)
    if change:
        compared = "This compares earlier projects with later ones, by when they started."
        return f"{describe_steps(findings)} {compared}"
    return f"{NO_DIRECTORATE}, so no change is looked for."


def describe_lasting(findings: pd.DataFrame) -> str:
    """Describe whether the aim would last, by recent projects.

    Parameters
    ----------
    findings : DataFrame
        One row of :func:`summarise_findings`.

    Examples
    --------
    >>> print(describe_lasting(pd.DataFrame({"aim": [0.8], "sustained": ["cannot_tell"],
    ...                                      "recent_numerator": [5], "recent_denominator": [5]})))
    Nobody can tell yet if recent projects reach the aim of 80%. Of 5 recent projects, 5 involve
    people meaningfully (100%). Allowing for chance, that is anything from 55% to 100%.
    """
    findings = check_frame(findings, "aim sustained", some=True, step="summarise_findings")
    if findings["aim"].isna().iloc[0]:
        return "There is no aim."
    return _sustained(findings) or f"{NO_DIRECTORATE}, so this is not asked of them."


NO_DIRECTORATE = "These projects belong to no one directorate"


_NEXT = {  # of one project, and of several
    "work_to_or_for": (
        "make partners of people in {} that involves them less",
        "make partners of people in {} that involve them less",
    ),
    "involve_nobody": (
        "involve people in {} that involves nobody", "involve people in {} that involve nobody",
    ),
    "not_recorded_actions": ("ask {} that does not say", "ask {} that do not say"),
}  # fmt: skip


def describe_next(findings: pd.DataFrame, register: Register | None = None) -> str:
    """Describe how many live projects there are to act on, and how many would reach the aim.

    Parameters
    ----------
    findings : DataFrame
        One row of :func:`summarise_findings`.
    register : Register, optional
        The register that it is of, so that exempt projects are spoken of.

    Examples
    --------
    >>> row = pd.DataFrame({"met_now": ["no"], "needed": [5], "work_to_or_for": [6],
    ...                     "involve_nobody": [1], "not_recorded_actions": [0]})
    >>> print(describe_next(row))
    What to do: make partners of people in 6 projects that involve them less and involve
    people in 1 that involves nobody. If 5 of these 7 get there, the aim is reached.
    """
    findings = check_frame(findings, *_NEXT, filled=" ".join(_NEXT), step="summarise_findings")
    findings = _check_needed(findings)
    row = findings.iloc[0]
    counts = {name: int(row[name]) for name in _NEXT if row[name]}
    if not counts:
        return ""
    steps, first = [], next(iter(counts))
    for name, n in counts.items():
        some = count_of(n, "project") if name == first else f"{n:,}"
        steps.append(_NEXT[name][n > 1].format(some))
    on_list, live = sum(counts.values()), register is not None and register.basis == "active"
    exempt = int(row["denominator"] - row["numerator"]) - on_list if live else 0
    rest = [f"{exempt:,} more {'is' if exempt == 1 else 'are'} exempt."] if exempt else []
    return " ".join([f"What to do: {listed(steps)}.", *_reach(row, on_list), *rest])


def _reach(row: pd.Series, on_list: int) -> list[str]:
    """Describe how many of those on the list would reach the aim, where it is not reached."""
    if row["met_now"] not in ("no", "blanks_decide"):
        return []
    needed = int(row["needed"])
    if needed > on_list:
        return ["All of these together would not reach the aim."]
    if on_list == 1:
        return ["If it gets there, the aim is reached."]
    some = f"all {on_list:,}" if needed == on_list else f"{needed:,} of these {on_list:,}"
    return [f"If {some} get there, the aim is reached."]


def describe_position(findings: pd.DataFrame) -> str:
    """Describe whether a group's rate differs from the whole trust's: the funnel's one answer.

    Parameters
    ----------
    findings : DataFrame
        One row of :func:`summarise_findings`.

    Examples
    --------
    >>> print(describe_position(pd.DataFrame({"position": ["higher"], "numerator": [12],
    ...                                       "denominator": [12], "rate": [1.0]})))
    Our rate of 100% (12 of 12) is higher than the whole trust's, by more than chance and the usual
    spread between directorates would give.
    """
    findings = check_frame(
        findings, *COUNTS, "rate position", known=True, some=True, step="summarise_findings"
    )
    row = findings.iloc[0]
    if not row["denominator"]:
        return "There are no projects, so there is nothing to compare."
    if row["position"] == "":
        return f"{NO_DIRECTORATE}, so they are not compared with others."
    rate = f"Our rate of {_rate(row)} ({k_of_n(row['numerator'], row['denominator'])})"
    if row["position"] == "too_few":
        return f"{rate} is of fewer than {FEWEST} projects: too few to compare with the trust's."
    spread = "chance and the usual spread between directorates would give"
    if row["position"] == "within":
        return f"{rate} differs from the whole trust's by no more than {spread}."
    return f"{rate} is {row['position']} than the whole trust's, by more than {spread}."


def list_icons(findings: pd.DataFrame) -> pd.DataFrame:
    """Return the two icons of one row, each with its question and its answer in words.

    Parameters
    ----------
    findings : DataFrame
        One row of :func:`summarise_findings`.

    Returns
    -------
    DataFrame
        None without an aim; else a row an icon: ``question``; ``icon``, which is ``met_now`` or
        ``sustained`` with its column's name before it; ``answer``.

    Examples
    --------
    >>> list_icons(pd.DataFrame({"aim": [0.8], "met_now": ["yes"], "sustained": ["too_few"]}))
                    question               icon            answer
    0  Is the aim met today?        met_now_yes              Yes.
    1          Do recent projects reach it?  sustained_too_few  Too few to tell.
    """
    findings = check_frame(findings, *QUESTIONS, some=True, step="summarise_findings")
    row = findings.iloc[0]
    kinds = [(name, row[name]) for name in QUESTIONS if row[name]]
    return pd.DataFrame(
        {
            "question": [QUESTIONS[name] for name, _ in kinds],
            "icon": [f"{name}_{value}" for name, value in kinds],
            "answer": [ANSWERS[f"{name}_{value}"] for name, value in kinds],
        },
        dtype="str",
    )


QUESTIONS = {"met_now": "Is the aim met today?", "sustained": "Do recent projects reach it?"}
ANSWERS = {
    "met_now_yes": "Yes.",
    "met_now_no": "No.",
    "met_now_blanks_decide": "The blanks decide.",
    "sustained_yes": "Yes.",
    "sustained_no": "No.",
    "sustained_cannot_tell": "Nobody can tell yet.",
    "sustained_too_few": "Too few to tell.",
}


def describe_icons(findings: pd.DataFrame) -> str:
    """Describe what was found of all groups: how many meet the aim, would keep it, have changed.

    Parameters
    ----------
    findings : DataFrame
        From :func:`summarise_findings`; of groups that are no directorate nothing is said.

    Examples
    --------
    >>> found = pd.DataFrame({"level": "directorate", "group": ["A", "B"], "aim": 0.8,
    ...     "met_now": ["yes", "no"], "sustained": ["too_few", "no"], "change": ["none", "rise"]})
    >>> print(describe_icons(found))
    Of 2 groups, 1 meets the aim today. By recent projects none would keep it, and 1 falls short.
    The rate has risen by more than chance does in 1 (B), and fallen in none.
    """
    findings = check_frame(
        findings, "level group aim met_now sustained change", filled="change",
        step="summarise_findings",
    )  # fmt: skip
    rows = findings[(findings["level"] != TRUST) & ~findings["group"].isin(NO_DIRECTORATES)]
    if rows.empty:
        return "There are no groups to compare."
    named = {kind: rows.loc[rows["change"] == kind, "group"].tolist() for kind in ("rise", "fall")}
    rise, fall = (f"{len(each) or 'none'}{list_names(each)}" for each in named.values())
    groups = count_of(len(rows), "group")
    change = f"he rate has risen by more than chance does in {rise}, and fallen in {fall}."
    if rows["aim"].isna().all():
        return f"Of {groups}, t{change}"
    met = int((rows["met_now"] == "yes").sum())
    lasts, falls_short = (int((rows["sustained"] == word).sum()) for word in ("yes", "no"))
    return (
        f"Of {groups}, {met or 'none'} {'meet' if met > 1 else 'meets'} the aim today. By recent "
        f"projects {lasts or 'none'} would keep it, and {falls_short or 'none'} "
        f"{'fall' if falls_short > 1 else 'falls'} short. T{change}"
    )


def format_change(row: pd.Series) -> str:
    """Write a row's change in a few words, such as for a cell of a table.

    >>> format_change(pd.Series({"change": "rise", "changed_at": pd.Timestamp("2019-01-01"),
    ...     "before_numerator": 67, "before_denominator": 300, "after_numerator": 90,
    ...     "after_denominator": 204}))
    'Rise since January 2019: from 22% to 44%'
    """
    if row["change"] not in _CHANGED:
        return _UNCHANGED[row["change"]]
    before, after = (
        row[f"{side}_numerator"] / row[f"{side}_denominator"] for side in ("before", "after")
    )
    rates = f"from {' to '.join(percents(before, after))}"
    return f"{_CHANGED[row['change']]} since {row['changed_at']:%B %Y}: {rates}"


_CHANGED = {"rise": "Rise", "fall": "Fall", "too_early": "Too early to tell, lower so far"}
_UNCHANGED = {"none": "No more than chance", "too_few": "Too few to tell", "": "Not tested"}
