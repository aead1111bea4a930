"""Text from a register, as a page shows it: what would turn or hide text is named, a flood cut."""

from __future__ import annotations

import re

LONGEST = 2_000  # characters of one text on a page
# Control characters, and those that set the direction of text or take no room.
UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def show_text(text: str, longest: int = LONGEST) -> str:
    """Give a text whose every character can be seen, cut where it is very long.

    >>> show_text("Right\u202eto left")
    'Right[U+202E]to left'
    >>> show_text("w" * 3_000)[1_990:]
    'wwwwwwwwww… (cut: 3,000 characters)'
    """
    if len(text) > longest:
        text = f"{text[:longest]}… (cut: {len(text):,} characters)"
    return UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
