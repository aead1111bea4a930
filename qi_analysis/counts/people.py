"""Who is involved, service users, carers or both; and why nobody is, where nobody is.

A blank is never a no: what is not recorded is counted apart.
"""

from __future__ import annotations

from typing import Unpack

import pandas as pd

from ..core.schema import APPROACH_LABELS, APPROACH_WORDS, APPROACHES
from ..core.text import count_of, listed, lower_first, percent
from ..profile import Profile
from ..register import Overrides, Register, as_register, group_columns

PEOPLE = {
    "both": "Service users and carers",
    "service_users": "Service users, not carers",
    "carers": "Carers, not service users",
    "service_users_at_least": "Service users; carers not recorded",
    "carers_at_least": "Carers; service users not recorded",
    "neither": "Neither",
    "not_recorded": "Not recorded",
}
OTHER, NONE_STATED = "other", "none_stated"


def count_people(
    register: Register | pd.DataFrame, *, by: str | None = None, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count projects that involve service users, carers, or both, blanks apart.

    Each of the two flags is yes, no or not recorded. Where nobody at all is involved (an approach
    of none), a blank flag is a no.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    by : str, optional
        A column to group by.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a group and kind, all seven for every group: the group, ``people``, ``label``,
        ``numerator`` (projects of that kind) and ``denominator`` (the group's projects).
        ``service_users_at_least`` and ``carers_at_least`` are a yes beside a blank;
        ``not_recorded`` has no yes and at least one blank.

    Examples
    --------
    >>> register = pd.DataFrame({"approach": ["doing_with", "doing_for", "none"],
    ...                          "service_user_involved": ["yes", "yes", "not_recorded"],
    ...                          "carer_involved": ["yes", "not_recorded", "no"]})
    >>> count_people(register, profile="cnwl", basis="started").drop(columns="label")
                       people  numerator  denominator
    0                    both          1            3
    1           service_users          0            3
    2                  carers          0            3
    3  service_users_at_least          1            3
    4         carers_at_least          0            3
    5                 neither          1            3
    6            not_recorded          0            3
    """
    projects = as_register(register, **overrides).counted
    flags = projects[["service_user_involved", "carer_involved"]]
    nobody = projects["approach"] == APPROACHES[0]
    users, carers = (
        flag.mask(nobody & (flag == "not_recorded"), "no") for _, flag in flags.items()
    )
    kinds = {
        "both": (users == "yes") & (carers == "yes"),
        "service_users": (users == "yes") & (carers == "no"),
        "carers": (users == "no") & (carers == "yes"),
        "service_users_at_least": (users == "yes") & (carers == "not_recorded"),
        "carers_at_least": (users == "not_recorded") & (carers == "yes"),
        "neither": (users == "no") & (carers == "no"),
    }
    people = pd.Series("not_recorded", projects.index, dtype="str")
    for kind, rows in kinds.items():
        people = people.mask(rows, kind)
    return count_words(projects.assign(people=people), "people", PEOPLE, by=by)


def describe_people(people: pd.DataFrame) -> str:
    """Describe who was involved, from :func:`count_people`, all groups together.

    >>> print(describe_people(pd.DataFrame({"people": ["both", "service_users", "not_recorded"],
    ...                                     "numerator": [3, 5, 2]})))
    Of 10 projects, 3 involved both service users and carers, 5 service users but not carers and 0
    carers but not service users; 0 involved neither. For 2 it is not known
    whether either took part.
    """
    counts = people.groupby("people")["numerator"].sum().reindex(list(PEOPLE), fill_value=0)
    n, blank = int(counts.sum()), int(counts["not_recorded"])
    if n == 0:
        return "There are no projects."
    if blank == n:
        which = "the one project" if n == 1 else f"each of {n:,} projects"
        return f"For {which} it is not recorded who was involved."
    text = (
        f"Of {count_of(n, 'project')}, {counts['both']:,} involved both service users and carers, "
        f"{counts['service_users']:,} service users but not carers and {counts['carers']:,} carers "
        f"but not service users; {counts['neither']:,} involved neither."
    )
    text += _say_at_least(counts["service_users_at_least"], "service users", "carers")
    text += _say_at_least(counts["carers_at_least"], "carers", "service users")
    return f"{text} For {blank:,} it is not known whether either took part." if blank else text


def _say_at_least(count: int, known: str, other: str) -> str:
    """Describe how many involved some people and leave the others blank, if any did."""
    if not count:
        return ""
    do = "does" if count == 1 else "do"
    return f" {count:,} more involved {known}, and {do} not record whether {other} too."


def count_reasons(
    register: Register | pd.DataFrame, *, by: str | None = None, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count the reasons given where nobody is involved, "none stated" among them.

    Only projects recorded as involving nobody are counted; a project that does not say whether
    anybody is involved owes no reason yet.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    by : str, optional
        A column to group by.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.
        The profile's reasons are each shown by their first spelling.

    Returns
    -------
    DataFrame
        A row a group and reason, all for every group that has such a project, in the profile's
        order, then ``other`` and ``none_stated``:

        the group, ``reason``, ``label``
            The reason, and its words for readers.
        ``numerator``, ``denominator``
            Projects with that reason; projects that involve nobody.
        ``agreed``, ``not_agreed``, ``not_recorded``
            Of the numerator: an exemption was agreed, was not, or that is not recorded.

    Examples
    --------
    >>> register = pd.DataFrame({"approach": ["none", "none", "doing_for", "not_recorded"],
    ...                          "no_involvement_reason": ["no_time", None, None, None],
    ...                          "exemption_agreed": ["yes", "no", "no", "no"]})
    >>> reasons = count_reasons(register, profile="cnwl", basis="started")
    >>> reasons = reasons.query("numerator > 0")
    >>> reasons[["label", "numerator", "denominator", "agreed"]]
                 label  numerator  denominator  agreed
    1  Not enough time          1            2       1
    6      None stated          1            2       0
    """
    register = as_register(register, **overrides)
    labels, projects = _reason_labels(register.profile), register.counted
    nobody = projects[projects["approach"] == APPROACHES[0]]
    given = nobody["no_involvement_reason"].astype("str").fillna(NONE_STATED)
    reasons = nobody.assign(reason=given.where(given.isin(list(labels)), OTHER))
    table = count_words(reasons, "reason", labels, by=by)
    keys = [*([by] if by else []), "reason"]
    answers = {"agreed": "yes", "not_agreed": "no", "not_recorded": "not_recorded"}
    answered = group_columns(reasons, keys).assign(
        **{name: reasons["exemption_agreed"] == word for name, word in answers.items()}
    )
    sums = answered.groupby(keys, dropna=False)[list(answers)].sum().reset_index()
    merged = table.merge(sums, how="left", on=keys)
    return merged.fillna(dict.fromkeys(answers, 0)).astype(dict.fromkeys(answers, "int64"))


def describe_reasons(reasons: pd.DataFrame) -> str:
    """Describe why nobody was involved, and how often no reason is given.

    >>> print(describe_reasons(pd.DataFrame({
    ...     "reason": ["no_time", "none_stated"], "label": ["Not enough time", "None stated"],
    ...     "numerator": [4, 6], "agreed": [1, 0]})))
    Of 10 projects that involved nobody, 6 (60%) state no reason. The commonest reason stated is
    not enough time (4 of 4). An exemption was agreed for 1.
    """
    counts = reasons.groupby(["reason", "label"], sort=False)[["numerator", "agreed"]].sum()
    n, agreed = (int(counts[c].sum()) for c in ("numerator", "agreed"))
    if n == 0:
        return "No project is recorded as involving nobody, so there are no reasons to count."
    stated = counts["numerator"].drop(NONE_STATED, level="reason", errors="ignore")
    given = int(stated.sum())
    none = f"{n - given:,} ({percent((n - given) / n)})" if given < n else "0"
    states = "states" if n - given == 1 else "state"
    text = f"Of {count_of(n, 'project')} that involved nobody, {none} {states} no reason."
    return " ".join(filter(None, (text, _commonest(stated), _exempted(agreed, n))))


def _commonest(stated: pd.Series) -> str:
    if not stated.sum():
        return ""
    top = stated[stated == stated.max()]
    names = listed([lower_first(label) for _, label in top.index])
    each = f"{top.iloc[0]:,} of {stated.sum():,}"
    if len(top) == 1:
        return f"The commonest reason stated is {names} ({each})."
    return f"The commonest reasons stated are {names} ({each} each)."


def _exempted(agreed: int, n: int) -> str:
    if not agreed:
        return "No exemption is recorded as agreed."
    return "An exemption was agreed." if n == 1 else f"An exemption was agreed for {agreed:,}."


def _reason_labels(profile: Profile) -> dict[str, str]:
    """Return each reason its words for readers: the first of its spellings in the profile."""
    named = {
        name: words[0] if words else name.replace("_", " ").capitalize()
        for name, words in profile.reasons.items()
    }
    return {**named, OTHER: named.get(OTHER, "Another reason"), NONE_STATED: "None stated"}


def count_approaches(
    register: Register | pd.DataFrame, *, by: str | None = None, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count projects by approach, from doing with to nobody involved, blanks apart.

    Returns
    -------
    DataFrame
        A row a group and approach, all five for every group: the group, ``approach``, ``label``,
        ``numerator`` (projects of that approach) and ``denominator`` (the group's projects).

    Examples
    --------
    >>> frame = pd.DataFrame({"approach": ["none", "doing_for", "none"]})
    >>> count_approaches(frame, profile="cnwl", basis="started")
           approach            label  numerator  denominator
    0    doing_with       Doing with          0            3
    1     doing_for        Doing for          1            3
    2      doing_to         Doing to          0            3
    3          none  Nobody involved          2            3
    4  not_recorded     Not recorded          0            3
    """
    projects = as_register(register, **overrides).counted
    return count_words(projects, "approach", APPROACH_LABELS, by=by)


def count_words(
    register: pd.DataFrame, column: str, labels: dict[str, str], *, by: str | None = None
) -> pd.DataFrame:
    """Count projects by a column's words, every word for every group, in the order of the labels.

    Returns
    -------
    DataFrame
        A row a group and word: the group, the column, ``label``, ``numerator`` (projects with that
        word) and ``denominator`` (the group's projects).
    """
    keys = [by] if by else []
    words = pd.Categorical(register[column], list(labels))
    table = group_columns(register, keys).assign(**{column: words})
    table = table.groupby([*keys, column], observed=False, dropna=False).size()
    table = table.rename("numerator").reset_index().astype({column: "str"})
    groups = table.groupby(keys, dropna=False) if by else table.groupby(lambda _: 0)
    table.insert(len(keys) + 1, "label", table[column].map(labels).astype("str"))
    return table.assign(denominator=groups["numerator"].transform("sum"))


def describe_approaches(approaches: pd.DataFrame) -> str:
    """Describe how projects worked with people, from :func:`count_approaches`."""
    counts = approaches.groupby("approach")["numerator"].sum().reindex(list(APPROACH_LABELS))
    n = int(counts.sum())
    if n == 0:
        return "There are no projects."
    parts = {**APPROACH_WORDS, "none": "involved nobody", "not_recorded": "did not record it"}
    sentences = [f"{counts[key]:,} {words}" for key, words in parts.items() if counts[key]]
    return f"Of {count_of(n, 'project')}, {listed(sentences)}."
