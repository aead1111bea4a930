"""Words by which headings and values are known: what is clear, and what only hints."""

from __future__ import annotations

import re

SHIPPED = ("cnwl", "elft")
# Further headings that can mean one column only, beside the shipped profiles'.
HEADINGS = {
    "project_id": ("Project No", "Project Code", "Project Identifier", "Project Reference",
                   "QI ID", "QI Ref", "QI Number", "QI Project ID", "Unique ID", "Ref No",
                   "Reference Number"),
    "title": ("Name of Project", "Title of Project", "Project Title Name", "QI Project Title"),
    "directorate": ("Care Group", "Clinical Directorate", "Clinical Division", "Business Unit"),
    "service": ("Team Name", "Service Name", "Service or Team"),
    "programme": ("QI Program", "Name of Programme"),
    "status": ("Status of Project", "Current Status", "Project State"),
    "start_date": ("Project Start Date", "Project Start", "Date of Start", "Began"),
    "end_date": ("Project End Date", "Project End", "Date Completed", "Date Ended", "Closed Date",
                 "Closed On", "Completed On", "Finish Date"),
    "updated_date": ("Last Modified", "Date Last Updated", "Modified On", "Last Updated On"),
    "service_user_involved": ("Service Users Involved?", "Are Service Users Involved",
                              "Patients Involved", "Patient Involved"),
    "carer_involved": ("Are Carers Involved", "Carers Involved?"),
    "involvement_level": ("Level of Service User Involvement", "Type of Involvement",
                          "Level of Participation"),
    "no_involvement_reason": ("Reason Not Involved", "If Not, Why Not"),
    "first_involved_date": ("First Involvement Date", "Date of First Involvement"),
    "snapshot_date": ("Date of Export", "Report Date", "Extract Date", "Date Extracted"),
}  # fmt: skip
# Words in a heading that hint at a column, and no more.
HINTS = {
    "project_id": r"\b(id|ref|reference|number|no|code|key)\b",
    "title": r"\b(title|project|improve|improving|improvement|name)\b",
    "directorate": r"\b(directorate|division|group|unit|area|owner|locality|department)\b",
    "service": r"\b(service|team|ward|clinic|site)\b(?! users?)",
    "borough": r"\b(borough|locality|place|town)\b",
    "programme": r"\b(programme|program|collaborative|wave|cohort|scheme)\b",
    "status": r"\b(status|stage|state|phase|open)\b",
    "start_date": r"(?<!planned )(?<!expected )"
    r"\b(start|started|starting|began|begun|begin|launch|launched|kick off)\b",
    "end_date": r"\b(end|ended|ends|finish|finished|complete|completed|completion|close|closed)\b",
    "updated_date": r"\b(update|updated|modified|edited|changed|reviewed)\b",
    "service_user_involved": r"\b(service users?|patients?|sus?|lived experience|experts?|citizens?"
                             r"|participation|people)\b",
    "carer_involved": r"\b(carers?|family|families|relatives)\b",
    "involvement_level": r"\b(level|ladder|rung|big i|involve|involved|involvement|participation|"
                         r"co ?production|engagement|how)\b",
    "areas": r"\b(areas|stages|parts|steps)\b",
    "no_involvement_reason": r"\b(reason|why not|if not)\b",
    "exemption_agreed": r"\b(exempt|exemption)\b",
    "progress_score": r"\b(progress|score)\b",
    "first_involved_date": r"\bfirst\b.*\binvolve",
    "outcome": r"\b(outcome|outcomes|result|results|impact)\b",
    "snapshot_date": r"\b(snapshot|export|exported|extract|extracted|as at)\b",
}  # fmt: skip
# What the words of levels and statuses hint at; a person decides.
MEANINGS = {
    "involvement_level": {
        "none": r"\b(none|no|not|nobody|never|planned|plan)\b",
        "doing_with": r"\b(co ?(design|produc|lead|led|work)\w*|partner\w*|member|team|equal|lead|"
                      r"led|together)\b",
        "doing_for": r"\b(consult\w*|inform\w*|feedback|survey\w*|asked|ask|engag\w*|focus|"
                     r"comment\w*|posted|listen\w*)\b",
        "doing_to": r"\b(told|taught|educat\w*|train\w*)\b",
    },
    "status": {
        "closed_unfinished": r"\b(cancel\w*|abandon\w*|stop\w*|withdr\w*|discontinu\w*|"
        r"unfinished)\b",
        "completed": r"\b(complet\w*|finish\w*|closed|done|success\w*|ended)\b",
        "paused": r"\b(paus\w*|hold|suspend\w*|park\w*|defer\w*)\b",
        "proposed": r"\b(idea|plan\w*|propos\w*|pending|not|draft|scoping)\b",
        "active": r"\b(live|progress|current|test\w*|running|implement\w*|under ?way|active|"
                  r"started)\b",
    },
}  # fmt: skip
# A heading that may stand above the names of people: its values are never written down.
PEOPLE = re.compile(
    r"\b(owners?|leads?|leader|managers?|sponsors?|coach|coaches|contact|author|created by|by|"
    r"e ?mail|phone|telephone|mobile|facilitator|advis[eo]r|consultant|director|dob|birth|"
    r"nhs n\w*)\b"
)
# Usual given names: a column in which a quarter of the different values begin with one, and have
# one or two words more, may name people. A name that is not here is not told from other words.
_GIVEN = """
    abdul adam adele ahmed aisha alan alex alexander ali alice alison amanda amir amy andrea andrew
    angela anita ann anna anne anthony asha barbara ben benjamin beth brian carol caroline catherine
    charles charlotte chris christine christopher claire clare craig daniel david deborah debbie
    denise diana donna dorothy edward elaine elizabeth ella emily emma fatima fiona frances francis
    gary gemma george georgia gillian grace graham hannah harry hassan heather helen ian ibrahim
    imran isabel jack jacqueline jade james jamie jan jane janet jason jayne jean jenny jennifer
    jessica jo joan joanna joanne john jonathan joseph joshua joyce judith julia julie karen kate
    katherine kathryn kelly kevin khan kim kirsty kumar laura lauren leah lee leila lesley liam
    linda lisa
    louise lucy luke lynn margaret maria marie mark martin mary matthew maya mia michael
    michelle mike mohammad mohammed monica muhammad nadia nancy natalie neil nicholas nicola nigel
    nina olga olivia omar oliver pamela pat patricia patrick paul pauline peter philip piotr priya
    rachel raj rajesh rebecca richard robert robin roger ruth ryan sally sam samantha samuel sandra
    sanjay sara sarah sean sharon sheila shirley simon sophie stephanie stephen steve steven stuart
    sue sunita susan suzanne tanya teresa thomas tim timothy tom tony tracey tracy usha valerie
    vanessa vicky wendy william yasmin yusuf zoe
"""
NAMED = re.compile(rf"(?:{'|'.join(_GIVEN.split())})( [^\W\d]['’\w-]*){{1,2}}", re.IGNORECASE)
TITLED = re.compile(r"\b(dr|mr|mrs|ms|miss|prof|professor|sir|dame|rev)\b\.? ", re.IGNORECASE)
