"""The words that a reader may not know, in plain ones; the README has the same."""

from __future__ import annotations

import re

GLOSSARY = {
    "Service users and carers (SU/C)": "people who use the trust's services, and those who care "
    "for them",
    "QI project": "a quality-improvement project: a team tests changes to make care better",
    "Doing with, for, to": "people are partners in the work; are asked or told; have it done to "
    "them",
    "Big I, little i": "two trusts' words for doing with, and for being consulted or informed",
    "Co-production": "people and staff plan, decide and work together from start to end",
    "Numerator, denominator, rate": "projects that involve people meaningfully; all projects "
    "counted; the first divided by the second",
    "95% interval": "the range of true rates that such a count is compatible with; wide when "
    "projects are few",
    "Points": "the plain difference of two percentages: 40% to 46% is 6 points",
    "Chance": "what moves a number up and down though nothing real has changed",
    "Process chart": "points over time, with limits that hold what chance alone does; a point "
    "outside, or many in a row on one side, is a real change",
    "Exemption": "an agreed reason why a project need not involve people",
    "As-of date": "the day that a register describes",
    "Live project": "one that has started and has not ended; a paused one counts, a proposed one "
    "does not",
    "Quarantine": "the rows of an export that could not be read, kept apart with the reason",
    "Snapshot": "the cleaned register as it was on a day, kept to see what has changed since",
    "Suppressed, [c]": "a small count, or one from which a small count could be worked out, that "
    "is not published",
    "Profile": "the file with a trust's own words",
}
# What stands in a report's sentences, and the entry that explains it.
_TERMS = {
    "95% interval": "95% interval",
    "rate": "Numerator, denominator, rate",
    "chance": "Chance",
    "process chart": "Process chart",
    "exemption": "Exemption",
    "live projects": "Live project",
    "snapshot": "Snapshot",
    "points higher": "Points",
    "points lower": "Points",
    "suppressed": "Suppressed, [c]",
}
_FOUND = re.compile(rf"\b({'|'.join(map(re.escape, _TERMS))})\b", re.IGNORECASE)


def term_id(word: str) -> str:
    """Give where a link to an entry leads.

    >>> term_id("95% interval")
    'word-95-interval'
    """
    return "word-" + re.sub(r"[^a-z0-9]+", "-", word.lower()).strip("-")


def used_words(text: str) -> list[tuple[str, str]]:
    """Give the entries whose word stands in a text.

    >>> used_words("How sure are we? The 95% interval says.")[0][0]
    '95% interval'
    """
    said = text.lower()
    forms = {word: [word.lower().split(",")[0].split(" (")[0]] for word in GLOSSARY}
    for form, word in _TERMS.items():
        forms[word].append(form)
    return [(word, GLOSSARY[word]) for word in GLOSSARY if any(f in said for f in forms[word])]


def link_terms(text: str, linked: set[str]):
    """Give a sentence, each word not yet ``linked`` leading to its entry where it first stands.

    >>> print(link_terms("The <95% interval> is wide. A 95% interval", set()))
    The &lt;<a class="term" href="#word-95-interval">95% interval</a>&gt; is wide. A 95% interval
    """
    from markupsafe import Markup, escape

    from .shown import show_text

    def link(found: re.Match) -> str:
        word = _TERMS[found[0].lower()]
        if word in linked:
            return found[0]
        linked.add(word)
        return f'<a class="term" href="#{term_id(word)}">{found[0]}</a>'

    return Markup(_FOUND.sub(link, str(escape(show_text(text)))))
