"""In which areas of the work people take part: which are missing, how many, and which go together.

A blank is never a no: each share is of the projects that say, and blanks are counted beside it.
"""

from __future__ import annotations

from itertools import combinations
from typing import Unpack

import numpy as np
import pandas as pd

from ..core.errors import OptionError
from ..core.frames import check_frame
from ..core.schema import (
    APPROACH_WORDS,
    APPROACHES,
    COUNTS,
    COUNTS_AND_BLANKS,
    FEWEST,
    NOT_APPLICABLE,
)
from ..core.text import count_of, k_of_n, listed, lower_first, percent, percents
from ..register import Overrides, Register, as_register, group_columns

STAGES = {"early": "Early", "middle": "In the middle", "late": "Late"}


def count_areas(
    register: Register | pd.DataFrame, *, by: str | None = None, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count the projects in which people took part in each area of work.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    by : str, optional
        A column to group by, such as ``"approach"``.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.

    Returns
    -------
    DataFrame
        A row a group and area that the register asks for, in the profile's order: the group,
        ``area``, ``label``, ``numerator`` (projects with a yes), ``denominator`` (projects, but
        for those that say the area does not apply to them) and ``not_recorded``.
    """
    register = as_register(register, **overrides)
    labels = {name: area.label for name, area in register.profile.areas.items()}
    return _count_answers(register.counted, _answers(register), "area", labels, by)


def describe_areas(areas: pd.DataFrame) -> str:
    """Describe in which areas of work people take part most and least, from :func:`count_areas`.

    Only areas of which at least 5 projects say are named; nothing is said where none is asked for.
    """
    areas = check_frame(
        areas, "label", *COUNTS_AND_BLANKS, known=True, filled="label", step="count_areas"
    )
    if areas.empty:
        return ""
    recorded = _those_recorded(areas)
    if recorded.empty:
        return "No project has recorded the areas of work in which people took part."
    recorded = recorded[recorded["recorded"] >= FEWEST]
    if recorded.empty:
        return f"Fewer than {FEWEST} projects say of any area of work whether people took part."
    share, top, least = _ends(recorded, "recorded")
    if share.max() == share.min():
        each = "each area of work" + (" that is recorded" if len(recorded) < len(areas) else "")
        return f"People took part in {each} in {percent(share.max())} of projects that say."
    most, few = percents(share.max(), share.min())
    few = f"only {few}" if share.min() else "none"
    return (
        f"Of projects that say, {most} involved people in "
        f"{lower_first(top['label'])} ({_yes_of(top)}), and {few} in "
        f"{lower_first(least['label'])} ({_yes_of(least)})."
    )


def describe_missing_areas(areas: pd.DataFrame) -> str:
    """Describe in which areas of work nobody took part at all, from :func:`count_areas`.

    >>> print(describe_missing_areas(pd.DataFrame({
    ...     "label": ["Setting the aim", "Collecting data", "Sharing"], "numerator": [4, 0, 0],
    ...     "denominator": 9, "not_recorded": [2, 3, 9]})))
    In 1 of 3 areas of work, no project that says involved anybody: collecting data (0 of 6). For
    1 nothing is recorded: sharing.
    """
    areas = check_frame(
        areas, "label", *COUNTS_AND_BLANKS, known=True, filled="label", step="count_areas"
    )
    recorded = _those_recorded(areas)
    blank = areas[~areas.index.isin(recorded.index)]
    missing = recorded[recorded["numerator"] == 0]
    if recorded.empty:
        return describe_areas(areas)
    text = "In every area of work that is recorded, some project involved people."
    if len(missing):
        names = listed([f"{lower_first(r['label'])} ({_yes_of(r)})" for _, r in missing.iterrows()])
        text = (
            f"In {len(missing)} of {count_of(len(areas), 'area')} of work, no project that says "
            f"involved anybody: {names}."
        )
    if blank.empty:
        return text
    names = listed([lower_first(label) for label in blank["label"]])
    return f"{text} For {len(blank)} nothing is recorded: {names}."


def describe_areas_by_approach(areas: pd.DataFrame) -> str:
    """Describe for each way of working where people took part most and least.

    Parameters
    ----------
    areas : DataFrame
        From :func:`count_areas` with ``by="approach"``. Projects that involve nobody, or do not
        say how, are left out, and areas of which fewer than 5 say.

    Examples
    --------
    >>> print(describe_areas_by_approach(pd.DataFrame({
    ...     "approach": "doing_with", "label": ["Setting the aim", "Sharing"],
    ...     "numerator": [2, 4], "denominator": 6, "not_recorded": [1, 0]})))
    Projects that worked with people as partners involved them most in sharing (4 of 6) and least
    in setting the aim (2 of 5).
    """
    areas = check_frame(
        areas, "approach label", *COUNTS_AND_BLANKS, known=True, filled="label", step="count_areas"
    )
    recorded = _those_recorded(areas)
    groups = {name: recorded[recorded["approach"] == name] for name in APPROACH_WORDS}
    if areas.empty:
        return ""
    if not any(map(len, groups.values())):
        return "No project that involved people has recorded in which areas of work."
    enough = {name: rows[rows["recorded"] >= FEWEST] for name, rows in groups.items()}
    sentences = [_most_and_least(name, rows) for name, rows in enough.items() if len(rows)]
    return " ".join(sentences) or (
        f"Fewer than {FEWEST} projects of any way of working say of an area whether people took "
        "part."
    )


def _most_and_least(approach: str, rows: pd.DataFrame) -> str:
    share, top, least = _ends(rows, "recorded")
    start = f"Projects that {APPROACH_WORDS[approach]} involved them"
    if share.max() == share.min():
        return f"{start} in each area of work alike ({percent(share.max())})."
    return (
        f"{start} most in {lower_first(top['label'])} ({_yes_of(top)}) and least in "
        f"{lower_first(least['label'])} ({_yes_of(least)})."
    )


def count_areas_per_project(
    register: Register | pd.DataFrame, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count projects by the number of areas of work in which people took part.

    A project with blanks has between as many areas as it records and as many more as it has
    blanks. One that involves nobody has none, whatever it leaves blank.

    Returns
    -------
    DataFrame
        A row a number of areas, from 0 to all:

        ``areas``
            The number.
        ``numerator``
            Projects of which it is known that people took part in exactly so many.
        ``at_least``
            Projects known to have so many or more.
        ``possibly``
            Projects that have so many or more if every blank is a yes.
        ``denominator``
            Projects.
        ``not_recorded``
            Projects whose number is not known, because an area is blank; the same in each row.

    Examples
    --------
    >>> from qi_analysis.profile import load_profile
    >>> register = pd.DataFrame({"approach": ["doing_with", "doing_with", "none"]}).assign(
    ...     **dict.fromkeys((f"area_{name}" for name in load_profile("cnwl").areas), "no"))
    >>> register["area_sharing"] = ["yes", "not_recorded", "not_recorded"]
    >>> count_areas_per_project(register, profile="cnwl", basis="started").head(2)
       areas  numerator  at_least  possibly  denominator  not_recorded
    0      0          1         3         3            3             1
    1      1          1         1         2            3             1
    """
    register = as_register(register, **overrides)
    projects, answers = register.counted, _answers(register)
    nobody = projects["approach"].isin([APPROACHES[0], NOT_APPLICABLE]).to_numpy()
    yes = (answers == "yes").sum(axis=1).to_numpy()
    blank = np.where(nobody, 0, (answers == "not_recorded").sum(axis=1).to_numpy())
    numbers = np.arange(answers.shape[1] + 1)
    known = (yes[:, None] == numbers) & (blank == 0)[:, None]
    table = {
        "areas": numbers,
        "numerator": known.sum(axis=0),
        "at_least": (yes[:, None] >= numbers).sum(axis=0),
        "possibly": ((yes + blank)[:, None] >= numbers).sum(axis=0),
    }
    return pd.DataFrame(table).assign(
        denominator=len(projects), not_recorded=int((blank > 0).sum())
    )


def describe_areas_per_project(numbers: pd.DataFrame, least: int = 3) -> str:
    """Describe in how many areas projects involve people, from :func:`count_areas_per_project`.

    Parameters
    ----------
    numbers : DataFrame
        From :func:`count_areas_per_project`.
    least : int
        The number of areas that counts as several.

    Examples
    --------
    >>> print(describe_areas_per_project(pd.DataFrame({
    ...     "areas": [0, 1, 2, 3], "numerator": [4, 1, 0, 2], "at_least": [10, 5, 4, 2],
    ...     "possibly": [10, 6, 5, 4], "denominator": 10, "not_recorded": 3})))
    Of 10 projects, 2 involved people in at least 3 of 3 areas of work, or up to 4 if every blank
    is a yes. 4 are known to have none of them and 2 all; 3 leave some area blank.
    """
    numbers = check_frame(
        numbers,
        "areas at_least possibly",
        *COUNTS_AND_BLANKS,
        known=True,
        some=True,
        step="count_areas_per_project",
    )
    first = numbers.iloc[0]
    n, blank = int(first["denominator"]), int(first["not_recorded"])
    most = int(numbers["areas"].max())
    if sorted(numbers["areas"]) != [*range(most + 1)]:
        raise OptionError(
            f"The frame needs a row for each number of areas from 0 to {most}: make it with "
            "`count_areas_per_project` first."
        )
    if most == 0:
        return ""
    if n == 0:
        return "There are no projects."
    if most < least:
        return f"The register asks about {count_of(most, 'area')} of work, fewer than {least}."
    row = numbers[numbers["areas"] == least].iloc[0]
    sure, may = int(row["at_least"]), int(row["possibly"])
    if n == 1:
        return _describe_one_project(sure, may, f"at least {least} of {count_of(most, 'area')}")
    text = (
        f"Of {count_of(n, 'project')}, {sure:,} involved people in at least {least} of "
        f"{count_of(most, 'area')} of work"
    )
    text += f", or up to {may:,} if every blank is a yes." if may > sure else "."
    ends = numbers.set_index("areas")["numerator"]
    open_ = f"; {blank:,} {'leaves' if blank == 1 else 'leave'} some area blank" if blank else ""
    are = "is" if ends[0] == 1 else "are"
    return f"{text} {ends[0]:,} {are} known to have none of them and {ends[most]:,} all{open_}."


def _describe_one_project(sure: int, may: int, areas: str) -> str:
    involved = "involved" if sure else "may have involved" if may else "did not involve"
    blank = "; some are blank" if may > sure else ""
    return f"The one project {involved} people in {areas} of work{blank}."


def count_area_pairs(
    register: Register | pd.DataFrame, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count how often people took part in both of two areas of work, for every two.

    Only projects that record both areas are counted for a pair. The measure is Jaccard's: of the
    projects with either, the share with both; it is 0 where no project has the two together and 1
    where each that has one has the other.

    Returns
    -------
    DataFrame
        A row a pair, in the profile's order: ``area, other, label, other_label``, ``numerator``
        (projects with both), ``denominator`` (projects with either) and ``recorded`` (projects
        that record both).
    """
    register = as_register(register, **overrides)
    profile, answers = register.profile, _answers(register)
    yes = (answers == "yes").to_numpy().astype(int)
    known = answers.isin(["yes", "no"]).to_numpy().astype(int)
    both, recorded = yes.T @ yes, known.T @ known
    either = yes.T @ known + known.T @ yes - both
    names = [name for name in profile.areas if name in answers]
    rows = [
        (names[i], names[j], profile.areas[names[i]].label, profile.areas[names[j]].label,
         both[i, j], either[i, j], recorded[i, j])
        for i, j in combinations(range(len(names)), 2)
    ]  # fmt: skip
    columns = ["area", "other", "label", "other_label", "numerator", "denominator", "recorded"]
    counts = dict.fromkeys(columns[4:], "int64") | dict.fromkeys(columns[:4], "str")
    return pd.DataFrame(rows, columns=columns).astype(counts)


def describe_area_pairs(pairs: pd.DataFrame) -> str:
    """Describe which two areas of work go together most and least, from :func:`count_area_pairs`.

    Only pairs of which at least 5 projects have one or the other are named. Nothing is said where
    the register asks about fewer than two areas.

    >>> print(describe_area_pairs(pd.DataFrame({
    ...     "label": ["Setting the aim", "Setting the aim"], "other_label": ["Data", "Sharing"],
    ...     "numerator": [10, 2], "denominator": [12, 20]})))
    Of the 12 projects that involved people in setting the aim, data, or both, 10 (83%) did so in
    both: no two areas go together more often. Least often: setting the aim, with sharing (2
    of 20).
    """
    pairs = check_frame(
        pairs,
        "label other_label",
        *COUNTS,
        known=True,
        filled="label other_label",
        step="count_area_pairs",
    )
    enough = pairs[pairs["denominator"] >= FEWEST]
    if pairs.empty:
        return ""
    if enough.empty:
        return f"No two areas of work were recorded as involving people in {FEWEST} projects."
    share, top, least = _ends(enough, "denominator")
    n, k = int(top["denominator"]), int(top["numerator"])
    if share.max() == share.min():
        pair = "the one pair" if len(enough) == 1 else f"each of {len(enough)} pairs"
        return (
            f"In {pair} of areas that {FEWEST} projects or more involved people in, "
            f"{percent(share.max())} of those projects did so in both."
        )
    return (
        f"Of the {n:,} projects that involved people in {_pair(top, ', ')}, or both, {k:,} "
        f"({percent(k / n)}) did so in both: no two areas go together more often. Least "
        f"often: {_pair(least, ', with ')} ({_yes_of(least, 'denominator')})."
    )


def count_area_stages(
    register: Register | pd.DataFrame, *, by: str | None = None, **overrides: Unpack[Overrides]
) -> pd.DataFrame:
    """Count the projects in which people took part early, in the middle and late in the work.

    The profile's areas stand in the order of a project, and are split into three runs of the same
    length (the earlier ones longer where that cannot be): with nine, the first three are early.
    People took part in a stage if they did in any of its areas, and did not if each says no.

    Parameters
    ----------
    register : Register or DataFrame
        A register; or a clean frame, with ``profile=``.
    by : str, optional
        A column to group by, such as ``"approach"``.
    **overrides
        ``profile``, ``as_of``, ``definition`` or ``basis``, where not the register's own.
        The profile's areas stand in the order of a project.

    Returns
    -------
    DataFrame
        A row a group and stage: the group, ``stage``, ``label`` (with its areas), ``numerator``
        (projects with a yes), ``denominator`` (projects) and ``not_recorded``. No row where the
        register asks about fewer than three areas.
    """
    register = as_register(register, **overrides)
    profile, projects, answers = register.profile, register.counted, _answers(register)
    names = [name for name in profile.areas if name in answers]
    runs = np.array_split(names, len(STAGES)) if len(names) > 2 else []
    parts = dict(zip(STAGES, runs, strict=False))
    labels = {
        stage: f"{STAGES[stage]}: {', '.join(lower_first(profile.areas[a].label) for a in areas)}"
        for stage, areas in parts.items()
    }
    answers = answers.replace(NOT_APPLICABLE, "no")  # of all projects: nobody took part there
    taken = {stage: _any_yes(answers[list(areas)]) for stage, areas in parts.items()}
    by_stage = pd.DataFrame(taken, index=projects.index)
    return _count_answers(projects, by_stage, "stage", labels, by)


def describe_area_stages(stages: pd.DataFrame) -> str:
    """Describe whether people take part early or late in the work, from :func:`count_area_stages`.

    Projects known to have involved people are given of all projects: among those that say, a yes in
    one area settles a stage and a no does not, so that a share of them would be too high. Nothing
    is said where the register asks about fewer than three areas.

    >>> print(describe_area_stages(pd.DataFrame({
    ...     "label": ["Early: aim", "In the middle: data", "Late: sharing"],
    ...     "numerator": [3, 4, 1], "denominator": 10, "not_recorded": [4, 2, 0]})))
    Of 10 projects, 3 (30%) are known to have involved people early (aim), 4 (40%) in the middle
    (data) and 1 (10%) late (sharing). Blanks leave 4, 2 and 0 open.
    """
    stages = check_frame(
        stages, "label", *COUNTS_AND_BLANKS, known=True, filled="label", step="count_area_stages"
    )
    if stages.empty:
        return ""
    n = int(stages["denominator"].iloc[0])
    if n == 0:
        return "There are no projects."
    be = "is" if stages["numerator"].iloc[0] == 1 else "are"
    known = f"{be} known to have involved people "
    shares = percents(*stages["numerator"] / n)
    parts = [
        f"{row['numerator']:,} ({share}) "
        f"{known * (i == 0)}"
        f"{lower_first(row['label']).replace(': ', ' (', 1)})"
        for i, (row, share) in enumerate(zip(stages.to_dict("records"), shares, strict=True))
    ]
    blank = [f"{k:,}" for k in stages["not_recorded"]]
    open_ = f" Blanks leave {listed(blank)} open." if stages["not_recorded"].any() else ""
    return f"Of {count_of(n, 'project')}, {listed(parts)}.{open_}"


def _answers(register: Register) -> pd.DataFrame:
    """Return each asked area's answers, yes, no or not recorded, under the area's name."""
    check_frame(register.projects, "approach", step="clean_register")
    areas = [name for name in register.profile.areas if f"area_{name}" in register.asked]
    answers = register.counted[[f"area_{name}" for name in areas]].set_axis(areas, axis="columns")
    apart = (register.counted["approach"] == NOT_APPLICABLE).to_numpy()  # so is each area
    return answers.mask((answers == "not_recorded") & apart[:, None], NOT_APPLICABLE)


def _any_yes(columns: pd.DataFrame) -> pd.Series:
    """Return yes where any answer is, no where each is, else not recorded."""
    result = pd.Series("not_recorded", columns.index, dtype="str")
    return result.mask((columns == "no").all(axis=1), "no").mask(
        (columns == "yes").any(axis=1), "yes"
    )


def _count_answers(
    register: pd.DataFrame, columns: pd.DataFrame, name: str, labels: dict[str, str], by: str | None
) -> pd.DataFrame:
    """Count projects, yeses and blanks in columns of answers: a row a group and column."""
    flags = {
        "numerator": columns == "yes",
        "denominator": columns.notna() & (columns != NOT_APPLICABLE),
        "not_recorded": columns == "not_recorded",
    }
    if by:
        group = group_columns(register, [by])[by]
        sums = {key: flag.groupby(group, dropna=False).sum().stack() for key, flag in flags.items()}
    else:
        sums = {key: flag.sum() for key, flag in flags.items()}
    keys = [*([by] if by else []), name]
    table = (
        pd.DataFrame(sums)
        .rename_axis(keys)
        .reset_index()
        .astype(dict.fromkeys(COUNTS_AND_BLANKS, int))
    )
    table.insert(len(keys), "label", table[name].map(labels).astype("str"))
    return table


def _those_recorded(areas: pd.DataFrame) -> pd.DataFrame:
    """Return the rows in which some project says yes or no, and how many do."""
    rows = areas.assign(recorded=areas["denominator"] - areas["not_recorded"])
    return rows[rows["recorded"] > 0]


def _ends(rows: pd.DataFrame, total: str) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Return each row's share, the row with the highest, and the row with the lowest."""
    share = rows["numerator"] / rows[total]
    return share, rows.iloc[int(share.argmax())], rows.iloc[int(share.argmin())]


def _yes_of(row: pd.Series, total: str = "recorded") -> str:
    return k_of_n(row["numerator"], row[total])


def _pair(row: pd.Series, between: str) -> str:
    return f"{lower_first(row['label'])}{between}{lower_first(row['other_label'])}"
