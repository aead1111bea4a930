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


def percents(*rates: float, digits: int = 0, aims: Iterable = ()) -> list[str]:
    """Format rates (0-1) that are compared, with the digits that tell different ones apart.

    Beside exact ``aims`` (0-1) a rate that would be shown on one, or beyond it, has more digits.

    >>> percents(0.396, 0.434), percents(0.4995, 0.5005), percents(0.4, 0.4)
    (['40%', '43%'], ['49.95%', '50.05%'], ['40%', '40%'])
    >>> percents(0.796, 0.9, aims=[0.8])
    ['79.6%', '90%']
    """
    given, goals = (
        [round(float(rate), MOST_DIGITS + 2) for rate in some] for some in (rates, aims)
    )
    known = {rate for rate in given if rate == rate}
    while digits < MOST_DIGITS and len({percent(rate, digits) for rate in known}) < len(known):
        digits += 1
    return [_beside_aims(rate, goals, digits) for rate in given]


MOST_DIGITS = 8  # of a percentage: two rates of up to 100,000 projects lie further apart


def _beside_aims(rate: float, aims: list[float], digits: int) -> str:
    """Format a rate with the digits that show it above each aim, on it or below, as it is."""
    for more in range(digits, MOST_DIGITS):
        text = percent(rate, more)
        shown = _number(text) / 100 if rate == rate else rate
        if all(_side(shown - aim) == _side(rate - aim) for aim in aims):
            return text
    on = [aim for aim in aims if _side(rate - aim) == 0]
    return format_share(on[0]) if on else percent(rate, MOST_DIGITS)


def _side(apart: float) -> int:
    """Return 1 above, -1 below, and 0 for what arithmetic leaves behind."""
    return 0 if abs(apart) < 1e-11 else 1 if apart > 0 else -1


def _number(text: str) -> float:
    return float(text.rpartition(" ")[2].rstrip("%"))


def points_apart(
    before: float,
    after: float,
    *others: float,
    limits: tuple[float, float] | None = None,
    digits: int = 0,
    aims: Iterable = (),
) -> list[str]:
    """Format two rates (0-1), others beside them, and how far the second lies from the first.

    The difference is that of the percentages as shown. All have as many decimals as tell different
    ones apart, and as put the difference within its ``limits`` (-1 to 1), which come last if given.

    >>> points_apart(0.396, 0.434)
    ['40%', '43%', '3 points higher']
    >>> points_apart(0.4, 299 / 300)
    ['40.0%', '99.7%', '59.7 points higher']
    >>> points_apart(0.4995, 0.5005, limits=(-0.0004, 0.0024))
    ['49.95%', '50.05%', '0.10 points higher', '0.04 points lower to 0.24 points higher']
    """
    shown, apart, more, goals = [], 0.0, digits, [*aims]
    for more in range(digits, MOST_DIGITS + 1):
        shown = percents(before, after, *others, digits=more, aims=goals)
        apart = round(_number(shown[1]) - _number(shown[0]), more)
        alike = all(" " not in text and _decimals(text) == more for text in shown if text != "none")
        if alike and (limits is None or _holds(limits, apart, more)):
            break
    if apart:
        words = f"{_with_unit(f'{abs(apart):.{more}f}')} {'higher' if apart > 0 else 'lower'}"
    else:
        words = "the same" if before == after else "less than a point apart"
    return [*shown, words, *([] if limits is None else [format_range(*limits, more)])]


def _decimals(text: str) -> int:
    return len(text.rstrip("%").partition(".")[2])


def _holds(limits: tuple[float, float], apart: float, digits: int) -> bool:
    """Return whether a difference as it is shown lies within two limits as they are."""
    low, high = (float(_size(limit, digits)) * _side(limit) for limit in limits)
    return low <= apart <= high and (low < high or limits[0] == limits[1])


def _size(difference: float, digits: int) -> str:
    """Write a difference (-1 to 1) in points without its sign; only none is 0."""
    size = abs(100 * difference)
    digits = max(digits, 1) if size < 0.95 else digits
    while digits < MOST_DIGITS and not float(f"{size:.{digits}f}") and _side(size):
        digits += 1
    return f"{size:.{digits}f}"


def _with_unit(size: str) -> str:
    return f"{size} {'point' if size == '1' else 'points'}"


def format_points(difference: float, digits: int = 0) -> str:
    """Format a difference (-1 to 1) in points; one below a point has the decimals that it needs.

    >>> format_points(0.27), format_points(-0.0004), format_points(0)
    ('27 points higher', '0.04 points lower', 'no difference')
    """
    if not _side(difference):
        return "no difference"
    way = "higher" if difference > 0 else "lower"
    return f"{_with_unit(_size(difference, digits))} {way}"


def format_range(low: float, high: float, digits: int = 0) -> str:
    """Format two limits of a difference (-1 to 1) in points, told apart where they are different.

    >>> format_range(0.27, 0.44), format_range(-0.004, 0.1), format_range(-0.102, -0.099)
    ('27 to 44 points higher', '0.4 points lower to 10 points higher', '9.9 to 10.2 points lower')
    """
    near, far = sorted((low, high), key=abs)
    while digits < MOST_DIGITS and low != high and _size(near, digits) == _size(far, digits):
        if _side(low) != _side(high):
            break
        digits += 1
    if _side(low) * _side(high) <= 0:
        return f"{format_points(low, digits)} to {format_points(high, digits)}"
    return f"{_size(near, digits)} to {format_points(far, digits)}"


def format_share(share) -> str:
    """Format an exact share, such as an aim, as a percentage; one that has no end to two decimals.

    >>> from fractions import Fraction
    >>> format_share(Fraction(33, 40)), format_share(Fraction(1, 3))
    ('82.5%', '33.33%')
    """
    return f"{write_exact(float(share * 100)) or f'{float(share * 100):.2f}'}%"


def write_exact(number: float) -> str:
    """Write a number that somebody chose with all its digits; empty if it has no end.

    >>> write_exact(22900.25), write_exact(1 / 3)
    ('22,900.25', '')
    """
    text = f"{number:,.12g}"
    return text if _decimals(text) <= MOST_CHOSEN and "e" not in text else ""


MOST_CHOSEN = 6  # decimals of a number that somebody chose


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
