"""Who is involved, service users, carers or both; and why nobody is, where nobody is.

A blank is never a no: what is not recorded is counted apart.
"""

from __future__ import annotations

from typing import Unpack

import pandas as pd

from ..core.frames import check_frame
from ..core.schema import (
    ALL_APPROACHES,
    APPROACH_LABELS,
    APPROACH_WORDS,
    APPROACHES,
    NOT_APPLICABLE,
)
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
ONLY = {  # the kinds where the register asks of the one and not of the others
    "service_user_involved": {"service_users": "Service users", "neither": "No service users",
                              "not_recorded": "Not recorded"},
    "carer_involved": {"carers": "Carers", "neither": "No carers", "not_recorded": "Not recorded"},
}  # fmt: skip
APART = {NOT_APPLICABLE: "Not applicable"}  # only where the profile has words for it
_WORDS = {
    "both": "both service users and carers",
    "service_users": "service users only",
    "carers": "carers only",
    "neither": "neither service users nor carers",
}
_ONE = {  # of one project alone
    **{kind: f"involved {words}" for kind, words in _WORDS.items()},
    "service_users_at_least": "involved service users and does not say of carers",
    "carers_at_least": "involved carers and does not say of service users",
    NOT_APPLICABLE: "says that the question does not apply",
}
OTHER, NONE_STATED = "other", "none_stated"
TOPICS = {  # what a register may leave out, as it is said
    "service_user_involved": "service users",
    "carer_involved": "carers",
    "areas": "areas of work",
    "no_involvement_reason": "reasons",
    "exemption_agreed": "exemptions",
    "first_involved_date": "first days of involvement",
    "programme": "programmes",
    "progress_score": "progress",
    "end_date": "ends",
    "updated_date": "updates",
}


def count_people(
    register: Register | pd.DataFrame, *, by: str | None = None, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count projects that involve service users, carers, or both, blanks apart.

    Each of the two flags is yes, no or not recorded. Where nobody at all is involved (an approach
    of none), a blank flag is a no. Where the profile has words for "not applicable", that is a kind
    of its own if both flags say so, or the approach; beside a yes or no it tells of nobody there.

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
        ``not_recorded`` has no yes and at least one blank. Where the register asks of service users
        alone, the kinds are ``service_users``, ``neither`` and ``not_recorded``, and of carers
        alone likewise; none where it asks of neither.

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
    register = as_register(register, **overrides)
    projects, asked = register.counted, [name for name in ONLY if name in register.asked]
    users, carers = (
        _answers(projects, name) if name in asked else pd.Series("", projects.index)
        for name in ONLY
    )
    apart = APART if register.profile.has_not_applicable else {}
    if len(asked) < len(ONLY):
        labels = {**ONLY[asked[0]], **apart} if asked else {}
        return _count_asked(projects, labels, {"service_users": users, "carers": carers}, by)
    kinds = {
        NOT_APPLICABLE: (users == NOT_APPLICABLE) & (carers == NOT_APPLICABLE),
        "both": (users == "yes") & (carers == "yes"),
        "service_users": (users == "yes") & carers.isin(["no", NOT_APPLICABLE]),
        "carers": users.isin(["no", NOT_APPLICABLE]) & (carers == "yes"),
        "service_users_at_least": (users == "yes") & (carers == "not_recorded"),
        "carers_at_least": (users == "not_recorded") & (carers == "yes"),
        "neither": ((users == "no") & carers.isin(["no", NOT_APPLICABLE]))
        | ((users == NOT_APPLICABLE) & (carers == "no")),
    }
    people = pd.Series("not_recorded", projects.index, dtype="str")
    for kind, rows in kinds.items():
        people = people.mask(rows, kind)
    return count_words(projects.assign(people=people), "people", {**PEOPLE, **apart}, by=by)


def _answers(projects: pd.DataFrame, name: str) -> pd.Series:
    """Return a flag's answers; of what it leaves open the approach may tell."""
    check_frame(projects, name, "approach", step="clean_register")
    answers, approach = projects[name].astype("str"), projects["approach"]
    blank = answers == "not_recorded"
    nobody = (approach == APPROACHES[0]) & (blank | (answers == NOT_APPLICABLE))
    return answers.mask(nobody, "no").mask((approach == NOT_APPLICABLE) & blank, NOT_APPLICABLE)


def _count_asked(projects, labels: dict[str, str], flags: dict, by: str | None) -> pd.DataFrame:
    """Count the answers to the one question that the register asks, or to none."""
    people = pd.Series("not_recorded", projects.index, dtype="str")
    for kind, flag in flags.items():
        people = people.mask(flag == "yes", kind).mask(flag == "no", "neither")
        people = people.mask(flag == NOT_APPLICABLE, NOT_APPLICABLE)
    answered = projects.assign(people=people)
    return count_words(answered if labels else answered.iloc[:0], "people", labels, by=by)


def describe_people(people: pd.DataFrame) -> str:
    """Describe who was involved, from :func:`count_people`, all groups together.

    A kind that no project is of is not named. Nothing is said where the register asks of nobody.

    >>> print(describe_people(pd.DataFrame({"people": ["both", "service_users", "not_recorded"],
    ...                                     "numerator": [3, 5, 2]})))
    Of 10 projects, 3 involved both service users and carers and 5 service users only. 2 do not say
    if either took part.
    """
    people = check_frame(people, "people numerator", known=True, step="count_people")
    kinds = set(people["people"])
    if not kinds:
        return ""
    counts = people.groupby("people")["numerator"].sum().reindex([*PEOPLE, *APART], fill_value=0)
    n, blank = int(counts.sum()), int(counts["not_recorded"])
    if n == 0:
        return "There are no projects."
    if blank == n:
        which = "the one project" if n == 1 else f"each of {n:,} projects"
        return f"For {which} it is not recorded who was involved."
    for kind, one in {"service_users": "service users", "carers": "carers"}.items():
        if kinds <= {kind, "neither", "not_recorded", *APART} and kind in kinds:
            return _describe_one(counts, kind, one)
    if n == 1:
        return f"The one project {_ONE[str(counts.idxmax())]}."
    return " ".join(filter(None, [_say_known(counts, n), _say_open(counts, n), _say_apart(counts)]))


def _say_known(counts: pd.Series, n: int) -> str:
    """Describe how many are of each kind that is known whole; of a kind that none is, nothing."""
    both = counts["both"]
    words = {**_WORDS, "neither": "neither"} if both else _WORDS
    known = [(counts[kind], text) for kind, text in words.items() if counts[kind]]
    parts = [f"{k:,}{'' if i else ' involved'} {text}" for i, (k, text) in enumerate(known)]
    return f"Of {n:,} projects, {listed(parts)}." if parts else ""


def _say_open(counts: pd.Series, n: int) -> str:
    """Describe how many leave open whether one of the two took part, or both."""
    some = int(counts["service_users_at_least"] + counts["carers_at_least"])
    blank, known = int(counts["not_recorded"]), counts[[*_WORDS]].any()
    named = "one of them" if counts[["both", "neither"]].any() else "service users or carers"
    more, of = (" more", "") if known else ("", f"Of {n:,} projects, ")
    parts = [
        f"{some:,}{more} involved {named} and {_do(some)} not say of the other" if some else "",
        f"{blank:,} {_do(blank)} not say if either took part" if blank else "",
    ]
    said = "; ".join(filter(None, parts))
    return f"{of}{said}." if said else ""


def _do(n: int) -> str:
    return "does" if n == 1 else "do"


def _say_apart(counts: pd.Series) -> str:
    """Describe for how many projects the question does not apply, if for any."""
    apart = int(counts[NOT_APPLICABLE])
    return f"To {apart:,} the question does not apply." if apart else ""


def _describe_one(counts: pd.Series, kind: str, words: str) -> str:
    """Describe how many involved the only people that the register asks of."""
    n, k, no, blank = (
        int(number)
        for number in (counts.sum(), counts[kind], counts["neither"], counts["not_recorded"])
    )
    if n == 1:
        one = (
            f"{'involved' if k else 'did not involve'} {words}" if k + no else _ONE[NOT_APPLICABLE]
        )
        return f"The one project {one}."
    parts = [
        f"Of {count_of(n, 'project')}, {f'{k:,}' if k else 'none'} involved {words} and "
        f"{f'{no:,}' if no else 'none'} did not.",
        _say_apart(counts),
        f"For {blank:,} it is not recorded." if blank else "",
    ]
    return " ".join(filter(None, parts))


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
            Of the numerator: an exemption was agreed, was not (or is said not to apply), or that is
            not recorded. No columns where the register does not ask for it.

        No rows where the register does not ask for reasons.

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
    labels, projects = reason_labels(register.profile), register.counted
    if "no_involvement_reason" not in register.asked:
        projects = projects.iloc[:0]
        labels = {}
    check_frame(projects, "approach no_involvement_reason", step="clean_register")
    nobody = projects[projects["approach"] == APPROACHES[0]]
    given = nobody["no_involvement_reason"].astype("str").fillna(NONE_STATED)
    reasons = nobody.assign(reason=given.where(given.isin(list(labels)), OTHER))
    table = count_words(reasons, "reason", labels, by=by)
    if "exemption_agreed" not in register.asked:
        return table
    keys = [*([by] if by else []), "reason"]
    answers = {"agreed": "yes", "not_agreed": "no", "not_recorded": "not_recorded"}
    agreed = reasons["exemption_agreed"].replace(NOT_APPLICABLE, "no")
    answered = group_columns(reasons, keys).assign(
        **{name: agreed == word for name, word in answers.items()}
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
    “not enough time” (4 of 4). An exemption was agreed for 1.
    """
    reasons = check_frame(reasons, "reason label numerator", known=True, step="count_reasons")
    if reasons.empty and len(reasons.columns):
        return ""
    answers = [name for name in ("numerator", "agreed") if name in reasons]
    counts = reasons.groupby(["reason", "label"], sort=False)[answers].sum()
    n = int(counts["numerator"].sum())
    exempted = _exempted(int(counts["agreed"].sum()), n) if "agreed" in reasons else ""
    if n == 0:
        return "No project is recorded as involving nobody, so there are no reasons to count."
    stated = counts["numerator"].drop(NONE_STATED, level="reason", errors="ignore")
    given = int(stated.sum())
    return " ".join(filter(None, (_say_stated(given, n), _commonest(stated), exempted)))


def _say_stated(given: int, n: int) -> str:
    """Describe how many projects that involved nobody say why."""
    if n == 1:
        return f"The one project that involved nobody states {'a' if given else 'no'} reason."
    if given in (0, n):
        which = "Each" if given else "None"
        return f"{which} of {n:,} projects that involved nobody states a reason."
    none = f"{n - given:,} ({percent((n - given) / n)})"
    states = "states" if n - given == 1 else "state"
    return f"Of {n:,} projects that involved nobody, {none} {states} no reason."


def _commonest(stated: pd.Series) -> str:
    top = stated[(stated == stated.max()) & (stated > 0)]
    names = listed([f"“{lower_first(label)}”" for _, label in top.index])
    if stated.sum() <= 1:
        return f"The reason stated is {names}." if len(top) else ""
    if stated.max() == 1:
        return f"No two state the same: {names}."
    each = f"{top.iloc[0]:,} of {stated.sum():,}"
    if len(top) == 1:
        return f"The commonest reason stated is {names} ({each})."
    return f"The commonest reasons stated are {names} ({each} each)."


def _exempted(agreed: int, n: int) -> str:
    if not agreed:
        return "No exemption is recorded as agreed."
    return "An exemption was agreed." if n == 1 else f"An exemption was agreed for {agreed:,}."


def reason_labels(profile: Profile) -> dict[str, str]:
    """Return each reason its words for readers: the first of its spellings in the profile."""
    named = {
        name: words[0] if words else name.replace("_", " ").capitalize()
        for name, words in profile.reasons.items()
    }
    return {**named, OTHER: named.get(OTHER, "Another reason"), NONE_STATED: "None stated"}


def describe_not_asked(register: Register) -> str:
    """Describe in a sentence what a register does not ask about, which is no blank; empty if none.

    >>> frame = pd.DataFrame({"approach": ["none"], "start_date": pd.to_datetime(["2020-04-01"])})
    >>> asked = {*TOPICS} - {"carer_involved", "areas", "no_involvement_reason"}
    >>> print(describe_not_asked(Register(frame, profile="cnwl", asked=asked)))
    This register does not ask about carers, areas of work or reasons.
    """
    areas = {f"area_{name}" for name in register.profile.areas}
    asked = {*register.asked, *(["areas"] if areas & register.asked else [])}
    left_out = [words for column, words in TOPICS.items() if column not in asked]
    if not left_out:
        return ""
    *first, last = left_out
    before = f"{', '.join(first)} or " if first else ""
    return f"This register does not ask about {before}{last}."


def count_approaches(
    register: Register | pd.DataFrame, *, by: str | None = None, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count projects by approach, from doing with to nobody involved, blanks apart.

    Returns
    -------
    DataFrame
        A row a group and approach, all five for every group, and a sixth, ``not_applicable``, where
        the profile has words for it: the group, ``approach``, ``label``, ``numerator`` (projects of
        that approach) and ``denominator`` (the group's projects).

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
    register = as_register(register, **overrides)
    check_frame(register.projects, "approach", step="clean_register")
    labels = ALL_APPROACHES if register.profile.has_not_applicable else APPROACH_LABELS
    return count_words(register.counted, "approach", labels, by=by)


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
    approaches = check_frame(approaches, "approach numerator", known=True, step="count_approaches")
    counts = (
        approaches.groupby("approach")["numerator"]
        .sum()
        .reindex(list(ALL_APPROACHES), fill_value=0)
    )
    n = int(counts.sum())
    if n == 0:
        return "There are no projects."
    parts = {**APPROACH_WORDS, "none": "involved nobody", "not_recorded": "did not record it",
             NOT_APPLICABLE: "said that it does not apply"}  # fmt: skip
    if n == 1:
        parts["not_recorded"] = "does not record how people were involved"
        return f"The one project {parts[str(counts.idxmax())]}."
    sentences = [f"{counts[key]:,} {words}" for key, words in parts.items() if counts[key]]
    return f"Of {count_of(n, 'project')}, {listed(sentences)}."
