"""Whether a text was drawn at random: what tells a key from words that hyphens, dots or capitals join."""

from __future__ import annotations

import re
from string import ascii_lowercase, ascii_uppercase, digits

READ = 512  # characters that are looked at
SEGMENT = re.compile(r"[A-Za-z0-9]{12,512}+")
DIGIT = re.compile(r"\d")
LONG = 24  # letters and digits; no word of a name is as long
CLASSES = bytes.maketrans(
    (ascii_lowercase + ascii_uppercase + digits).encode(), b"a" * 26 + b"A" * 26 + b"0" * 10
)
# Places where a random text changes and words hardly do: a capital behind a small letter, several capitals before one,
# letter and digit. They are counted by the class of each character, a tenth of the time that a pattern takes.
CHANGES = (b"aA", b"AAa", b"a0", b"A0", b"0a", b"0A")
USUAL = 7  # characters for each change, at most; at random there are two or three


def looks_random(text: str) -> bool:
    """Whether the text has a long stretch of letters and digits, or changes between them as often as chance does."""
    text = text[:READ]
    if any(len(segment) >= LONG or changes(segment) > 1 for segment in SEGMENT.findall(text)):
        return True
    return changes(text) >= max(3, len(text) // USUAL)


def changes(text: str) -> int:
    """The number of places where one class of characters follows another."""
    classes = text.encode("latin-1", "replace").translate(CLASSES)
    return sum(map(classes.count, CHANGES))


def has_digit(text: str) -> bool:
    """Whether one of the text's characters is a digit."""
    return DIGIT.search(text) is not None


def is_no_word(text: str) -> bool:
    """Whether the text is no word of a sentence: it has a digit, or 24 letters or more."""
    return has_digit(text) or (len(text) >= LONG and text.isalpha())
