"""Make the example register: invented projects, written as messily as a real export is.

Three steps, each a function: `make_projects` invents the truth, `make_rows` writes it down badly
and adds faulty rows, `write_register` puts the rows in a CSV file. The truth is calibrated to what
CNWL has published (README.md says which figures); every project in it is invented. It needs only
the standard library, and writes the same bytes each time.
"""

import csv
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random

SEED = 314  # of the seeds tried, the one whose rates by year of start rise most evenly
FIRST_START, AS_OF = date(2015, 4, 1), date(2021, 5, 4)
DAY = timedelta(days=1)
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip

# Up to and including each day: projects started, completed, closed unfinished. The practicum's 30
# come on top: they start in the third span and end in the last. So there are 187, 230, 320, 321,
# 324, 320 and 260 active projects on these days, and 59 completed ones on 30 October 2019.
PLAN = (
    (date(2018, 6, 28), 220, 21, 12),
    (date(2018, 9, 27), 49, 5, 1),
    (date(2019, 10, 30), 110, 33, 17),
    (date(2019, 12, 17), 20, 13, 6),
    (date(2020, 2, 29), 26, 15, 8),
    (date(2020, 5, 31), 3, 4, 3),  # the programme was paused
    (AS_OF, 95, 85, 40),
)
PRACTICUM, EXEMPTIONS = 30, 15
# Live projects whose planned end has gone by: doing with, others. Two in five of them are doing
# with, as of all live ones, so that the rate is 40.0% whether they count as active or not.
OVERDUE = (4, 6)

# How many are doing with, doing for, doing to and not recorded; the rest are none.
APPROACHES = {
    "practicum": (28, 2, 0, 0),
    "live": (104, 34, 12, 24),
    "closed": (45, 40, 15, 25),
    "proposed": (0, 0, 0, 9),
    "undated": (2, 3, 1, 2),
}
# How likely doing with is, by year of start: it grows (in 2019 the practicum adds to it).
GROWTH = {2015: 16, 2016: 18, 2017: 23, 2018: 28, 2019: 22, 2020: 40, 2021: 38}

# Projects, of them doing with, of them not recorded; services.
DIRECTORATES = {
    "Goodall": (70, 22, 5, "Speech Therapy, Podiatry, Health Visiting, Wheelchair Service"),
    "Jameson": (64, 19, 6, "Assessment Team, Day Hospital, Recovery Team, Outpatient Clinic"),
    "Diggory": (58, 15, 7, "Primary Care Link Team, Early Intervention, Recovery College, Wards"),
    "Addictions": (34, 8, 2, "Community Alcohol Team, Community Drugs Team, Gambling Clinic"),
    "Adult Community Mental Health": (52, 14, 5, "North Team, South Team, Clozapine Clinic"),
    "Adult Inpatient Mental Health": (44, 17, 5, "Acute Wards, Intensive Care Wards, Therapies"),
    "Child and Adolescent Mental Health": (32, 13, 2, "Schools Team, Neuro Team, Young Adults"),
    "Children's Community Health": (28, 5, 3, "School Nursing, Immunisations, Audiology"),
    "Community Nursing": (36, 4, 9, "Evening Nursing, Wound Clinic, Diabetes Nursing, Night Team"),
    "Community Therapies": (26, 7, 1, "Falls Service, Stroke Therapy, Hand Clinic"),
    "Corporate Services": (24, 3, 5, "Estates, Complaints, Recruitment, Digital Team"),
    "Crisis and Liaison": (20, 5, 3, "Home Treatment, Hospital Liaison, Crisis Line"),
    "Health and Justice": (14, 2, 2, "Prison Primary Care, Court Diversion"),
    "Learning Disability and Autism": (21, 17, 0, "Community Team, Autism Clinic"),
    "Older Adults and Memory": (18, 5, 1, "Memory Clinic, Care Home Team"),
    "Rehabilitation": (15, 12, 0, "Open Rehabilitation, Community Rehabilitation"),
    "Sexual Health and HIV": (12, 3, 1, "Walk-in Clinic, HIV Outpatients"),
    "Talking Therapies": (9, 3, 1, "Step Two Team, Employment Support"),
    "Perinatal Mental Health": (3, 3, 0, "Perinatal Team"),
    "Eating Disorders": (1, 0, 0, "Day Programme"),
    "": (6, 1, 2, "Reception, Outpatient Clinic"),
    "Brent Wellbeing Hub": (2, 1, 0, "Wellbeing Hub"),  # not in the profile
    "Addictons": (2, 0, 0, "Community Alcohol Team"),  # a typing error that the profile lacks
}
NOT_IN_PROFILE = ("", "Brent Wellbeing Hub", "Addictons")
SPELLINGS = {
    "Goodall": ("Goodall Division", "Goodal"),
    "Jameson": ("Jameson Division", "Jamieson"),
    "Diggory": ("Diggory Division", "Digory"),
    "Addictions": ("Addiction Services", "Substance Misuse"),
    "Adult Community Mental Health": ("CMHT", "Community Mental Health"),
    "Adult Inpatient Mental Health": ("Acute Inpatient", "Inpatients"),
    "Child and Adolescent Mental Health": ("CAMHS", "Child & Adolescent MH"),
    "Children's Community Health": ("Childrens Services", "Children’s Community Health"),
    "Community Nursing": ("District Nursing",),
    "Learning Disability and Autism": ("LD", "LD & Autism", "Learning Disabilities"),
    "Older Adults and Memory": ("Older Peoples Mental Health", "OPMH"),
    "Rehabilitation": ("Rehab", "Rehabiliation"),
    "Sexual Health and HIV": ("GUM", "Sexual Health"),
    "Talking Therapies": ("IAPT",),
}
BOROUGHS = ("Brent", "Camden", "Harrow", "Hillingdon", "Kensington and Chelsea", "Milton Keynes",
            "Westminster", "")  # fmt: skip
AIMS = (
    "Answering calls sooner", "Clearer letters", "Joy in work", "Safer lone working",
    "Fewer paper forms", "Faster replies to complaints", "Learning from compliments",
    "A better first week for new staff", "Supervision every month", "Information in easy read",
    "Better use of interpreters", "Shorter forms", "Fair access for every community",
    "Welcoming waiting rooms", "Feedback that leads to change", "Less plastic",
    "Video calls that work", "Fewer repeated questions", "Shorter meetings",
)  # fmt: skip
CARE_AIMS = (
    "Reducing missed appointments", "Shorter waits for a first appointment",
    "Fewer cancelled clinics", "Care plans written together", "Better handovers",
    "Physical health checks every year", "Fewer repeated tests", "Safer medicines at discharge",
    "Timely discharge summaries", "Welcoming carers at reviews", "Recording carers' details",
    "Peer support from the first contact", "Safety plans people can use", "Support to stop smoking",
    "Healthy weight conversations", "Groups that start on time", "Clear next steps",
    "Outcome measures that people find useful", "Allergies recorded at the first visit",
    "Reminder texts", "Faster test results", "Goals in people's own words",
    "Easier ways back into the service", "Moving well between services", "Advance statements",
    "Shared decisions", "Planning to leave the service", "Waiting well",
)  # fmt: skip
ODD_TITLES = (
    "Meals, snacks and drinks: asking what people want",
    '"What matters to me" boards',
    'Nothing about us, without us: "our plan" meetings',
    "Sharing letters with people\nand with their carers",
    "<b>Waiting well</b>: messages while people wait",
    "=Equal access: text reminders for everyone",
)
REASONS = {
    "staff_only": ("Staff-facing only", "About staff, not care"),
    "no_time": ("Not enough time", "No time"),
    "not_known_how": ("Did not know how", "Need support to involve"),
    "nobody_available": ("Nobody available", "No service users came forward"),
    "technical": ("Technical or IT change", "IT system change"),
    "other": ("Audit of old records", "Team moved building"),
}
PROGRAMMES = {
    "practicum": ("QI Practicum 2019-20", "QI Practicum", "Practicum"),
    "collaborative": ("Wave 1", "Wave 2", "Wave 3", "QI Collaborative"),
    "coaching": ("Improvement Coach Programme", "Coach"),
    "bespoke": ("Bespoke training", "Team-led"),
    "none": ("No programme", "Not in a programme"),
    "unknown": ("",),
}
OTHER_PROGRAMMES = ("collaborative", "collaborative", "coaching", "bespoke", "none",
                    "unknown")  # fmt: skip
STATUSES = {
    "proposed": ("Proposed", "Idea", "Draft", "Not started"),
    "active": ("Active", "Live", "Live", "In progress", "Ongoing"),
    "paused": ("Paused", "On hold", "Paused - Covid"),
    "completed": ("Completed", "Complete", "Archived", "Closed", "completed"),
    "closed_unfinished": ("Abandoned", "Withdrawn", "Stopped", "Closed - not completed"),
    "unknown": ("",),
}
LEVELS = {
    "doing_with": ("Big I", "Big I", "Co-produced", "Co-designed", "Yes - member of team"),
    "doing_for": ("little i", "Consulted", "Informed", "Engaged", "Yes - feedback or survey"),
    "doing_to": ("Educating", "Told"),
    "none": ("No involvement", "Not involved", "Planned", "Not yet", ""),
    "not_recorded": ("",),
}
# Service users, carers: as y(es), n(o) or - (not recorded).
FLAGS = {
    "involved": ("yn", "yn", "yn", "yn", "yy", "yy", "yy", "ny", "y-", "y-", "-y", "--"),
    "none": ("nn", "nn", "nn", "n-", "--"),
    "not_recorded": ("--", "--", "--", "--", "n-", "-n", "y-", "yn"),
}
ANSWERS = {"y": "yes", "n": "no", "-": "not_recorded"}
YES_NO = {
    "yes": ("Yes", "Yes", "Yes", "Y", "yes", "TRUE", "1", "tick", "✓"),
    "no": ("No", "No", "No", "N", "no", "FALSE", "0", "Not yet"),
    "not_recorded": ("", "", "", "", "tbc", "N/A"),
}
AREAS_WITH_YES = {
    "doing_with": (2, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9),
    "doing_for": (1, 1, 2, 2, 3),
    "doing_to": (0, 0, 1),
    "none": (0,),
}
# Label and how often people take part in it, beside the others.
AREAS = {
    "choosing_problem": ("Choosing the problem", 7),
    "setting_aim": ("Setting the aim", 5),
    "understanding_system": ("Understanding the system", 6),
    "change_ideas": ("Driver diagram and change ideas", 9),
    "designing_measures": ("Designing measures", 2),
    "collecting_data": ("Collecting data", 5),
    "testing_changes": ("Testing changes", 8),
    "making_sense": ("Making sense of results", 3),
    "sharing": ("Sharing and spreading", 4),
}
PROGRESS = ("Intent to take part", "Team formed", "Planning begun", "Activity, no changes",
            "Changes tested", "Modest improvement", "Improvement", "Significant improvement",
            "Sustained improvement", "Outstanding results")  # fmt: skip
# Lowest and highest progress score, doubled; (1, 8) for the other statuses.
SCORES = {"completed": (5, 10), "closed_unfinished": (2, 5), "proposed": (1, 1)}
OUTCOMES = ("Aim met", "Aim partly met", "Aim not met", "")
UNKNOWN = ("", "", "", "TBC", "tbc", "N/A", "ongoing")  # where there is no date
CLOSED = ("completed", "closed_unfinished")
HEADINGS = {
    "project_id": "Project ID",
    "title": "Project Title",
    "directorate": "Directorate / Group",
    "service": "Service",
    "borough": "Borough",
    "programme": "Programme",
    "status": "Project Status",
    "start_date": "Start Date",
    "end_date": "End Date",
    "updated_date": "Last Updated",
    "service_user_involved": "Service User Involved?",
    "carer_involved": "Carer Involved?",
    "involvement_level": "Level of Involvement",
    **{area: label for area, (label, _) in AREAS.items()},
    "no_involvement_reason": "Reason for no involvement",
    "exemption_agreed": "Exemption agreed?",
    "progress_score": "Progress Score",
    "first_involved_date": "First Involved",
    "outcome": "Outcome",
}
# Rows to be set aside: a second row that differs from the first, and a fault in each row.
DIFFERENCES = (
    {"Project Status": "Abandoned"},
    {"Level of Involvement": "Co-produced"},
    {"End Date": "14/04/2021"},
    {"Directorate / Group": "Corporate Services"},
)
FAULTS = (
    {"Start Date": "01/02/2019", "End Date": "01/02/2018"},
    {"Start Date": "2 July 2018", "End Date": "30/06/18"},
    {"Start Date": "43556", "End Date": "1.3.2019"},
    {"Start Date": "31/06/2020", "End Date": ""},
    {"Start Date": "30/02/2019", "End Date": ""},
    {"Start Date": "04/11/2019", "End Date": "31/06/2020"},
    {"Project ID": ""},
    {"Project ID": "  "},
    {"Project Title": " "},
    {"Service User Involved?": "x"},
    {"Carer Involved?": "X"},
    {"Collecting data": "x"},
    {"Service User Involved?": "Yes", "Level of Involvement": "No involvement"},
    {"Carer Involved?": "Y", "Level of Involvement": "No involvement"},
    {"Project Status": "Parked in limbo"},
    {"Progress Score": "7", "Carer Involved?": "Yes?"},
    {"Level of Involvement": "Sort of"},
    {"Level of Involvement": "Platinum"},
)


def make_projects() -> list[dict]:
    """Invent the projects: a dict each, every value true and in the register's own words."""
    rng = Random(SEED)
    projects = [*_practicum(rng), *_dated(rng), *_undated(rng)]
    for group, counts in APPROACHES.items():
        _add_approaches(rng, [p for p in projects if p["group"] == group], counts)
    _add_directorates(rng, projects)
    _add_planned_ends(rng, [p for p in projects if p["status"] == "active" and p["start_date"]])
    projects.sort(key=lambda p: p["start_date"] or AS_OF)
    numbers = sorted(rng.sample(range(1, len(projects) + 80), len(projects)))
    titles = _titles(rng, projects)
    projects = [
        {"project_id": f"QI-{number:04}", "title": title}
        | project
        | _progress(rng, project)
        | _involvement(rng, project)
        for number, title, project in zip(numbers, titles, projects, strict=True)
    ]
    excusable = [p for p in projects if p["no_involvement_reason"] in ("staff_only", "technical")]
    for project in rng.sample(excusable, EXEMPTIONS):
        project["exemption_agreed"] = "yes"
    return [{k: v for k, v in project.items() if k != "group"} for project in projects]


def make_rows(projects: list[dict]) -> list[dict]:
    """Write projects as messy rows, by heading, and add faulty ones.

    A row's `result` is what cleaning must make of it: accepted, quarantined, identical_duplicate.
    """
    rng = Random(SEED + 1)
    rows = [_row(rng, project) for project in projects]
    pairs = list(zip(rows, projects, strict=True))
    for row, _ in rng.sample([pair for pair in pairs if pair[1]["directorate"] == "Jameson"], 3):
        row["Directorate / Group"] = "Jameson; Diggory"
    copies = _identical_rows(rng, pairs[: len(pairs) // 3])
    for row in _quarantined_rows(rng, projects):
        rows.insert(rng.randrange(len(rows)), row)
    for row in copies:  # after their originals, which stand in the first half
        rows.insert(rng.randrange(len(rows) // 2, len(rows)), row)
    return rows


def ids_by_result(rows: list[dict]) -> dict[str, set[str]]:
    """Return the project ids, without stray spaces, of the rows with each result."""
    return {
        result: {row["Project ID"].strip() for row in rows if row["result"] == result}
        for result in ("accepted", "quarantined", "identical_duplicate")
    }


def write_register(path: str | Path) -> None:
    """Write the register as exports are: two blank lines and a line with a total at the end."""
    rows = make_rows(make_projects())
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADINGS.values(), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        file.write("," * (len(HEADINGS) - 1) + "\n")
        file.write(f"\nTotal projects,{len(rows)}\n")


def is_active(project: dict, day: date) -> bool:
    """Whether a project is active on a day; a planned end gone by does not close it."""
    start, end = project["start_date"], project["end_date"]
    if start is None or start > day or project["status"] == "proposed":
        return False
    return project["status"] not in CLOSED or (end is not None and end > day)


def _new(group: str, status: str, programme: str, start: date | None, end: date | None) -> dict:
    return {"group": group, "status": status, "programme": programme, "start_date": start,
            "end_date": end}  # fmt: skip


def _day(rng: Random, first: date, last: date) -> date:
    return first + rng.randrange((last - first).days + 1) * DAY


def _start(rng: Random, first: date, last: date) -> date:
    """Pick a day: later ones more often in a long span, the first of a month rather often."""
    day = _day(rng, first, last)
    if (last - first).days > 1000:
        day = max(day, _day(rng, first, last))
    return max(first, day.replace(day=1)) if rng.random() < 0.15 else day


def _end(rng: Random, first: date, last: date) -> date:
    """Pick a day, the last of a month rather often."""
    day = _day(rng, first, last)
    month_end = (day.replace(day=28) + 4 * DAY).replace(day=1) - DAY
    return min(last, month_end) if rng.random() < 0.15 else day


def _practicum(rng: Random) -> list[dict]:
    """Invent the practicum's projects: begun in 2019, completed in 2020."""
    starts = [_start(rng, date(2019, 1, 7), date(2019, 9, 30)) for _ in range(PRACTICUM)]
    ends = [_end(rng, date(2020, 6, 8), date(2020, 12, 18)) for _ in starts]
    return [
        _new("practicum", "completed", "practicum", *days)
        for days in zip(starts, ends, strict=True)
    ]


def _dated(rng: Random) -> list[dict]:
    """Start and close as many projects as the plan says; by and large the oldest close first."""
    live, closed, first = [], [], FIRST_START
    for last, starts, completed, unfinished in PLAN:
        live += [
            _new("live", "active", rng.choice(OTHER_PROGRAMMES), _start(rng, first, last), None)
            for _ in range(starts)
        ]
        live.sort(key=lambda p: p["start_date"].toordinal() + rng.random() * 900)
        statuses = ["completed"] * completed + ["closed_unfinished"] * unfinished
        rng.shuffle(statuses)
        for status in statuses:
            place = next(i for i, p in enumerate(live) if p["start_date"] + 120 * DAY < last)
            project = live.pop(place)
            end = _end(rng, max(first, project["start_date"] + 120 * DAY), last)
            closed.append(project | {"group": "closed", "status": status, "end_date": end})
        first = last + DAY
    for project in rng.sample([p for p in live if p["start_date"] < date(2020, 3, 1)], 14):
        project["status"] = "paused"
    for project in rng.sample([p for p in live if p["status"] == "active"], 3):
        project["status"] = "unknown"
    return live + closed


def _undated(rng: Random) -> list[dict]:
    """Invent projects that never count as active: not begun yet, or a date is missing."""
    planned = [_day(rng, AS_OF + 7 * DAY, AS_OF + 150 * DAY) for _ in range(8)] + [None] * 16
    begun = [_day(rng, FIRST_START, date(2019, 6, 30)) for _ in range(8)]
    return [
        *(_new("proposed", "proposed", "unknown", start, None) for start in planned),
        *(
            _new("undated", "completed", rng.choice(OTHER_PROGRAMMES), start, None)
            for start in begun
        ),
        *(_new("undated", "active", rng.choice(OTHER_PROGRAMMES), None, None) for _ in range(6)),
    ]


def _add_approaches(rng: Random, projects: list[dict], counts: tuple) -> None:
    """Assign the approaches: doing with by its growth over the years, the others at random."""
    likely = [GROWTH[p["start_date"].year if p["start_date"] else 2018] for p in projects]
    ranks = [rng.random() / weight for weight in likely]
    order = sorted(range(len(projects)), key=ranks.__getitem__)
    others = ["doing_for"] * counts[1] + ["doing_to"] * counts[2] + ["not_recorded"] * counts[3]
    others += ["none"] * (len(projects) - counts[0] - len(others))
    rng.shuffle(others)
    for place, approach in zip(order, ["doing_with"] * counts[0] + others, strict=True):
        projects[place]["approach"] = approach


def _add_directorates(rng: Random, projects: list[dict]) -> None:
    """Assign the directorates as their table says, the smallest of them to live projects."""
    names = {"doing_with": [], "not_recorded": [], "other": []}
    for name, (size, doing_with, not_recorded, _) in DIRECTORATES.items():
        names["doing_with"] += [name] * doing_with
        names["not_recorded"] += [name] * not_recorded
        names["other"] += [name] * (size - doing_with - not_recorded)
    for kind, bag in names.items():
        alike = [
            p for p in projects if (p["approach"] if p["approach"] in names else "other") == kind
        ]
        rng.shuffle(alike)
        alike.sort(key=lambda p: p["group"] != "live")
        rng.shuffle(bag)
        bag.sort(key=lambda name: DIRECTORATES[name][0] > 3)
        for project, name in zip(alike, bag, strict=True):
            services = DIRECTORATES[name][3].split(", ")
            project.update(
                directorate=name, service=rng.choice(services), borough=rng.choice(BOROUGHS)
            )


def _add_planned_ends(rng: Random, active: list[dict]) -> None:
    """Add planned ends to active projects: a few of them gone by, others to come."""
    rng.shuffle(active)
    old = [p for p in active if p["start_date"] < date(2020, 1, 1)]
    overdue = [p for p in old if p["approach"] == "doing_with"][: OVERDUE[0]]
    overdue += [p for p in old if p["approach"] != "doing_with"][: OVERDUE[1]]
    for project in overdue:
        project["end_date"] = _end(rng, date(2020, 7, 1), AS_OF - 7 * DAY)
    for project in [p for p in active if p["end_date"] is None][:70]:
        project["end_date"] = _end(rng, AS_OF + 14 * DAY, AS_OF + 330 * DAY)


def _titles(rng: Random, projects: list[dict]) -> list[str]:
    """Invent titles, no two alike; a few are odd, as titles are."""
    titles: list[str] = []
    for project in projects:
        service, office = project["service"], project["directorate"] == "Corporate Services"
        title = ""
        while not title or title in titles:
            aim = rng.choice(AIMS if office else AIMS + CARE_AIMS)
            shapes = [f"{aim} in {service}", f"{service}: {aim}", f"{aim} ({service})"]
            shapes += [f"Goodall: {service}: {aim}"] * (project["directorate"] == "Goodall")
            title = rng.choice(shapes)
        titles.append(title)
    places = rng.sample(range(len(titles)), len(ODD_TITLES))
    odd = dict(zip(places, ODD_TITLES, strict=True))
    return [odd.get(i, title) for i, title in enumerate(titles)]


def _progress(rng: Random, project: dict) -> dict:
    """Invent the last update, the progress score, the first involvement and the outcome."""
    start, status = project["start_date"], project["status"]
    closed = project["end_date"] if status in CLOSED else None
    age = rng.random()
    updated = max(start or FIRST_START, AS_OF - int(age * age * 500) * DAY)
    if closed:
        updated = min(AS_OF, closed + rng.randrange(45) * DAY)
    elif status == "proposed":
        updated = AS_OF - rng.randrange(200) * DAY
    elif rng.random() < 0.03:
        updated = None
    within = 60 if project["approach"] == "doing_with" else 300
    first = min(start + rng.randrange(within) * DAY, closed or AS_OF) if start else None
    known = project["approach"].startswith("doing") and rng.random() < 0.45
    score = rng.randint(*SCORES.get(status, (1, 8))) / 2
    return {
        "updated_date": updated,
        "first_involved_date": first if known else None,
        "progress_score": score if rng.random() < 0.88 else None,
        "outcome": rng.choice(OUTCOMES) if status == "completed" else "",
    }


def _involvement(rng: Random, project: dict) -> dict:
    """Invent what the register says of involvement: never against the project's approach."""
    approach = project["approach"]
    planned = project["status"] == "proposed" and approach == "none"
    level = "Planned" if planned else rng.choice(LEVELS[approach])
    flags = rng.choice(FLAGS[approach if approach in FLAGS else "involved"])
    if approach == "none" and not level:
        flags = "nn"  # without a level, only two noes say that nobody is involved
    has_reason = approach == "none" and not planned and rng.random() < 0.55
    return {
        "service_user_involved": ANSWERS[flags[0]],
        "carer_involved": ANSWERS[flags[1]],
        "involvement_level": level,
        **_areas(rng, approach),
        "no_involvement_reason": rng.choice(list(REASONS)) if has_reason else "",
        "exemption_agreed": "no" if rng.random() < 0.2 else "not_recorded",
    }


def _areas(rng: Random, approach: str) -> dict:
    """Pick the areas with yes; of the others some are left blank, and now and then all are."""
    if approach == "not_recorded" or rng.random() < 0.04:
        return dict.fromkeys(AREAS, "not_recorded")
    ranked = sorted(AREAS, key=lambda area: rng.random() / AREAS[area][1])
    chosen = ranked[: rng.choice(AREAS_WITH_YES[approach])]
    others = {area: "not_recorded" if rng.random() < 0.12 else "no" for area in AREAS}
    return others | dict.fromkeys(chosen, "yes")


def _row(rng: Random, project: dict) -> dict:
    """Write a project down as people do, each in their own way."""
    start, end, score = project["start_date"], project["end_date"], project["progress_score"]
    level, reason = project["involvement_level"], project["no_involvement_reason"]
    answers = ("service_user_involved", "carer_involved", "exemption_agreed", *AREAS)
    text = project | {name: rng.choice(YES_NO[project[name]]) for name in answers}
    text |= {
        "project_id": rng.choice(("{}",) * 24 + (" {}", "{} ")).format(project["project_id"]),
        "directorate": _directorate_text(rng, project["directorate"]),
        "programme": rng.choice(PROGRAMMES[project["programme"]]),
        "status": rng.choice(STATUSES[project["status"]]),
        "start_date": _date_text(rng, start, bool(start and start.day == 1))
        or rng.choice(UNKNOWN[:5]),
        "end_date": _date_text(rng, end, bool(end and (end + DAY).day == 1)) or rng.choice(UNKNOWN),
        "updated_date": _date_text(rng, project["updated_date"]),
        "first_involved_date": _date_text(rng, project["first_involved_date"]),
        "involvement_level": rng.choice((level, level, level, level.lower(), f" {level}".rstrip())),
        "no_involvement_reason": rng.choice(REASONS[reason]) if reason else "",
        "progress_score": rng.choice((f"{score} - {PROGRESS[int(score * 2) - 1]}", f"{score}"))
        if score
        else "",
    }
    return {HEADINGS[name]: text[name] for name in HEADINGS} | {"result": "accepted"}


def _date_text(rng: Random, day: date | None, whole_month: bool = False) -> str:
    """Write a date in one of many ways, all with the day before the month."""
    if day is None:
        return ""
    d, m, y = day.day, day.month, day.year
    if whole_month and rng.random() < 0.4:
        year = y - (m < 4)
        quarter = f"Q{(m - 4) // 3 % 4 + 1} {year}/{(year + 1) % 100:02}"
        in_words = f"{MONTHS[m - 1][:3]}-{y % 100:02}"
        return quarter if d == 1 and m % 3 == 1 and rng.random() < 0.5 else in_words
    usual, short = f"{d:02}/{m:02}/{y}", f"{d:02}/{m:02}/{y % 100:02}"
    serial = str((day - date(1899, 12, 30)).days)  # as Excel counts days
    others = (f"{d}.{m}.{y}", short, f"{d} {MONTHS[m - 1]} {y}", f"{day} 00:00:00", serial)
    return rng.choice((usual,) * 4 + others)


def _directorate_text(rng: Random, name: str) -> str:
    """Write a directorate's name as people do; one that the profile lacks stays as it is."""
    if name in NOT_IN_PROFILE:
        return name
    text = rng.choice((name,) * 4 + SPELLINGS.get(name, ()))
    slips = (text.upper(), text.lower(), text.replace(" and ", " & "), f"{text} ",
             text.replace(" ", "  "), text.replace(" ", "\u00a0"))  # fmt: skip
    return rng.choice((text,) * 8 + slips)


def _identical_rows(rng: Random, pairs: list[tuple[dict, dict]]) -> list[dict]:
    """Repeat eight projects: four as they stand, four in another hand, so alike once cleaned."""
    others = [pair for pair in pairs if pair[1]["directorate"] not in ("Jameson", *NOT_IN_PROFILE)]
    chosen = rng.sample(others, 8)
    same = ("Level of Involvement", "Reason for no involvement")
    copies = [row for row, _ in chosen[:4]]
    copies += [
        _row(rng, project) | {name: row[name] for name in same} for row, project in chosen[4:]
    ]
    return [row | {"result": "identical_duplicate"} for row in copies]


def _quarantined_rows(rng: Random, projects: list[dict]) -> list[dict]:
    """Write further projects: some with one fault each, some twice with differing contents."""
    closed = [p for p in projects if p["status"] == "completed" and p["end_date"]]
    models = [
        p
        for p in closed
        if p["approach"] in ("doing_for", "doing_to") and p["programme"] != "practicum"
    ]
    number, rows = int(projects[-1]["project_id"].removeprefix("QI-")), []
    changes = FAULTS + DIFFERENCES
    for change, model in zip(changes, rng.sample(models, len(changes)), strict=True):
        number += 1
        renamed = {"project_id": f"QI-{number:04}", "title": f"{model['title']}, second phase"}
        row = _row(rng, model | renamed)
        rows += [row, row | change] if change in DIFFERENCES else [row | change]
    return [row | {"result": "quarantined"} for row in rows]


def main() -> None:
    """Write the register beside this script, and print what it was calibrated to."""
    write_register(Path(__file__).with_name("example_register.csv"))
    projects = make_projects()
    print("day         active  doing with")
    for day in [day for day, *_ in PLAN]:
        active = [p["approach"] == "doing_with" for p in projects if is_active(p, day)]
        print(f"{day}  {len(active):>6}  {sum(active):>4} {sum(active) / len(active):6.1%}")
    practicum = [p["approach"] == "doing_with" for p in projects if p["programme"] == "practicum"]
    print(f"practicum   {len(practicum):>6}  {sum(practicum):>4}")
    print("rows:", dict(Counter(row["result"] for row in make_rows(projects))))


if __name__ == "__main__":
    main()
