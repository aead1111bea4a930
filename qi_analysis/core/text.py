"""Numbers, dates and names as text: formatted alike everywhere, matched alike everywhere."""

from __future__ import annotations

import difflib
import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping


def percent(rate: float, digits: int = 0) -> str:
    """Format a rate (0-1) as a percentage; only none is 0%, and only all is 100%.

    >>> percent(0.796), percent(0.796, 1), percent(float("nan"))
    ('80%', '79.6%', 'none')
    >>> percent(299 / 300), percent(1 / 300), percent(9999 / 10000)
    ('99.7%', '0.3%', 'over 99.9%')
    """
    if rate != rate:
        return "none"
    text = f"{rate:.{digits}%}"
    if not 0 < rate < 1 or float(text[:-1]) not in (0, 100):
        return text
    if 0.0005 <= rate < 0.9995:
        return f"{rate:.1%}"
    return "over 99.9%" if rate > 0.5 else "under 0.1%"


def percents(*rates: float, digits: int = 0) -> list[str]:
    """Format rates (0-1) that are compared, with the digits that tell different ones apart.

    >>> percents(0.396, 0.434), percents(0.4995, 0.5005), percents(0.4, 0.4)
    (['40%', '43%'], ['49.95%', '50.05%'], ['40%', '40%'])
    """
    known = {round(rate, MOST_DIGITS + 2) for rate in rates if rate == rate}
    for more in range(digits, MOST_DIGITS + 1):
        if len({percent(rate, more) for rate in known}) == len(known):
            return [percent(rate, more) for rate in rates]
    return [percent(rate, MOST_DIGITS) for rate in rates]


MOST_DIGITS = 4  # of a percentage: 1 project more of a million


def points_apart(before: float, after: float, digits: int = 0) -> tuple[str, str, str]:
    """Format two rates (0-1) and how far the second lies from the first, so that the three agree.

    The difference is that of the percentages as shown, which have the digits that tell them apart;
    where one of them is not whole, both are shown to one decimal at least.

    >>> points_apart(0.396, 0.434)
    ('40%', '43%', '3 points higher')
    >>> points_apart(0.4, 299 / 300)
    ('40.0%', '99.7%', '59.7 points higher')
    >>> points_apart(0.4995, 0.5005)
    ('49.95%', '50.05%', '0.10 points higher')
    """
    shown = percents(before, after, digits=digits)
    if not digits and any("." in text for text in shown):
        shown = percents(before, after, digits=1)
    first, second = (text.rpartition(" ")[2].rstrip("%") for text in shown)
    digits = max(len(text.partition(".")[2]) for text in (first, second))
    size = f"{abs(float(second) - float(first)):.{digits}f}"
    if before == after:
        words = "the same"
    elif float(first) == float(second):
        words = "less than a point apart"
    else:
        way = "higher" if float(second) > float(first) else "lower"
        words = f"{size} {'point' if size == '1' else 'points'} {way}"
    return shown[0], shown[1], words


def format_share(share) -> str:
    """Format an exact share, such as an aim, as a percentage.

    >>> from fractions import Fraction
    >>> format_share(Fraction(33, 40))
    '82.5%'
    """
    return f"{float(share * 100):.10g}%"


def format_date(day) -> str:
    """Format a date as 1 April 2020.

    >>> from datetime import date
    >>> format_date(date(2020, 4, 1))
    '1 April 2020'
    """
    return f"{day.day} {day:%B %Y}"


def lower_first(label: str) -> str:
    """Return a label with a small first letter, unless it begins with an abbreviation or name.

    >>> lower_first("Setting the aim"), lower_first("PDSA cycles"), lower_first("Big I or little i")
    ('setting the aim', 'PDSA cycles', 'Big I or little i')
    """
    second = label.partition(" ")[2]
    return label if label[1:2].isupper() or second[:1].isupper() else label[:1].lower() + label[1:]


def listed(parts: list[str]) -> str:
    """Format a list: a, b and c.

    >>> listed(["one"]), listed(["one", "two", "three"])
    ('one', 'one, two and three')
    """
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def k_of_n(k: float, n: float) -> str:
    """Format a numerator with its denominator.

    >>> k_of_n(1200, 3000)
    '1,200 of 3,000'
    """
    return f"{int(k):,} of {int(n):,}"


def count_of(n: int, one: str, many: str | None = None) -> str:
    """Format a number with its noun: 1 project, 2 projects.

    >>> count_of(1, "project"), count_of(1200, "project"), count_of(2, "has", "have")
    ('1 project', '1,200 projects', '2 have')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


# Marks that say how a picture is drawn, and in which colour a hand: ✔ with one is ✔ still.
_DRAWN = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’‘ʼ`´](?=[^\W\d_])")


@functools.lru_cache(1 << 15)  # the same few words are compared again and again
def match_key(text: str) -> str:
    """Fold a spelling, so that case, accents' form, `&`, spaces and punctuation do not matter.

    An apostrophe inside a word joins its letters; other punctuation parts words.

    >>> match_key("  Health & Justice ") == match_key("health AND justice")
    True
    >>> match_key("Women's and Children's") == match_key("Womens & Childrens")
    True
    """
    folded = unicodedata.normalize("NFKC", str(text)).casefold().replace("&", " and ")
    folded = _DRAWN.sub("", _APOSTROPHE.sub("", folded))
    spaced = "".join(
        " " if unicodedata.category(c)[0] in "PZC" and c not in "\u200b\u200c\u200d\ufeff" else c
        for c in folded
        if unicodedata.category(c) != "Cf"
    )
    return " ".join(spaced.split()) or folded.strip()


_DOUBT = re.compile(r"[?*¿]")
_WHOLE = re.compile(r"(\d+)(?:\.0*|,0{0,2})?|[.,]0+")  # 1.0 of pandas, .00 of SPSS


def answer_key(text: str) -> str:
    """Fold an answer as :func:`match_key` does, but for marks that change what it says.

    A question mark or an asterisk casts doubt on it. 1.0 is 1; but -1, 1% and 1/2 stay as they are.

    >>> [answer_key(text) for text in ("Yes.", "YES?", "1.0", "-1", "1%")]
    ['yes', 'yes?', '1', '-1', '1%']
    """
    plain = " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())
    if number := _WHOLE.fullmatch(plain.strip("'\";")):
        return number[1] or "0"
    key = match_key(text)
    return plain if _DOUBT.search(plain) or re.fullmatch(r"[\d ]+", key) else key


def lookup_table(
    names: Mapping[str, Iterable[str]], fold: Callable[[str], str] = match_key
) -> dict[str, str]:
    """Map every folded spelling, and each name itself, to its name."""
    return {fold(word): name for name, words in names.items() for word in (name, *words) if word}


def nearest(word: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known words most like a word, best first; none if nothing is near.

    >>> nearest("lebels", ["levels", "words"])
    ['levels']
    """
    keys = {match_key(name): name for name in known}
    return [keys[k] for k in difflib.get_close_matches(match_key(word), list(keys), most, 0.6)]


STARTS_FORMULA = r"^([=+\-@\t\r\n＝＋－＠])"


LONGEST = 2_000  # characters of one text on a page

# Control characters, and those that set the direction of text or take no room.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def show_text(text: str, longest: int = LONGEST) -> str:
    """Return a text whose every character can be seen, cut where it is very long.

    >>> show_text("Right\u202eto left")
    'Right[U+202E]to left'
    >>> show_text("w" * 3_000)[1_990:]
    'wwwwwwwwww… (cut: 3,000 characters)'
    """
    if len(text) > longest:
        text = f"{text[:longest]}… (cut: {len(text):,} characters)"
    return UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def without_lone_bytes(name: str) -> str:
    """Return a name that can be written down: a byte in it that is no letter becomes a mark.

    >>> without_lone_bytes("caf\\udce9.csv")
    'caf�.csv'
    """
    return re.sub("[\ud800-\udfff]", "\ufffd", name)


SENTENCE = "text/vnd.qi-analysis.sentence+plain"  # the MIME type of what a notebook says
_MARKUP = re.compile(r"([\\`*_{}\[\]#|~$]|^[-+](?= )|(?<=^\d)[.)](?= ))", re.MULTILINE)


class Sentences:
    """Paragraphs that a notebook shows as Markdown, in which no word of a register is markup."""

    def __init__(self, text: str):
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_) -> dict[str, str]:
        plain = self.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {
            "text/plain": self.text, SENTENCE: self.text,
            "text/markdown": re.sub(r"(?<!\n)\n(?!\n)", "  \n", _MARKUP.sub(r"\\\1", plain)),
        }  # fmt: skip


def show(*sentences: str) -> None:
    """Show sentences in a notebook, each a paragraph of its own; nothing of those that are empty.

    They are shown as Markdown, which wraps between words. Elsewhere they are printed.

    Examples
    --------
    >>> show("Of 3 projects, 2 involve people.", "", "Our aim is 80%.")
    Of 3 projects, 2 involve people.
    <BLANKLINE>
    Our aim is 80%.
    """
    from IPython.display import display

    if text := "\n\n".join(filter(None, sentences)):
        display(Sentences(text))


def describe_blanks(blank: int, n: int) -> str:
    """Describe for how many projects it is not recorded how people were involved."""
    if not blank:
        which = "The one" if n == 1 else "Every"
        return f"{which} project has its level of involvement recorded."
    if blank == n:
        none = "The one project does not say" if n == 1 else f"None of {n:,} projects says"
        return f"{none} how, or whether, people were involved."
    return (
        f"{blank:,} of {n:,} projects ({percent(blank / n)}) "
        f"{'does' if blank == 1 else 'do'} not say how, or whether, people were involved."
    )
