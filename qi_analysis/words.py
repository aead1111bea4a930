"""Numbers and dates as readers write them, the same in every sentence, table and chart."""

from __future__ import annotations


def percent(rate: float, digits: int = 0) -> str:
    """Write a rate (0-1) as a percentage; 0% and 100% are kept for none and all.

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


def format_share(share) -> str:
    """Write an exact share, such as an aim, as a percentage.

    >>> from fractions import Fraction
    >>> format_share(Fraction(33, 40))
    '82.5%'
    """
    return f"{float(share * 100):.10g}%"


def format_date(day) -> str:
    """Write a date as 1 April 2020.

    >>> from datetime import date
    >>> format_date(date(2020, 4, 1))
    '1 April 2020'
    """
    return f"{day.day} {day:%B %Y}"


def format_period(day, months: int) -> str:
    """Write the period of so many months that begins on a day; years as 2020/21.

    >>> from datetime import date
    >>> format_period(date(2020, 4, 1), 12), format_period(date(2020, 1, 1), 12)
    ('2020/21', '2020')
    >>> format_period(date(2020, 4, 1), 3), format_period(date(2020, 4, 1), 1)
    ('the quarter from 1 April 2020', 'April 2020')
    """
    if months == 12:
        return f"{day.year}" if day.month == 1 else f"{day.year}/{(day.year + 1) % 100:02}"
    return f"the quarter from {format_date(day)}" if months == 3 else f"{day:%B %Y}"


def lower_first(label: str) -> str:
    """Begin a label with a small letter, unless it begins with an abbreviation or a name.

    >>> lower_first("Setting the aim"), lower_first("PDSA cycles"), lower_first("Big I or little i")
    ('setting the aim', 'PDSA cycles', 'Big I or little i')
    """
    second = label.partition(" ")[2]
    return label if label[1:2].isupper() or second[:1].isupper() else label[:1].lower() + label[1:]


def listed(parts: list[str]) -> str:
    """Write a list out: a, b and c.

    >>> listed(["one"]), listed(["one", "two", "three"])
    ('one', 'one, two and three')
    """
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def k_of_n(k: float, n: float) -> str:
    """Write a numerator with its denominator.

    >>> k_of_n(1200, 3000)
    '1,200 of 3,000'
    """
    return f"{int(k):,} of {int(n):,}"


def count_of(n: int, one: str, many: str | None = None) -> str:
    """Write a number with its noun: 1 project, 2 projects.

    >>> count_of(1, "project"), count_of(1200, "project"), count_of(2, "has", "have")
    ('1 project', '1,200 projects', '2 have')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"
