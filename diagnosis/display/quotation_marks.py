"""
Text made safe between the quotation marks “ and ”: nothing in it looks as if the quote ended, or changes the marks.

What looks like a quotation mark becomes an apostrophe, what looks like two apostrophes is parted by a space, and a
combining mark that would be drawn over the quotation mark, or over an apostrophe or a space, gets a dotted circle.

https://www.unicode.org/reports/tr44/#General_Category_Values (Pi, Pf, M)
https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt (Quotation_Mark)
https://www.unicode.org/Public/security/latest/confusables.txt
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

APOSTROPHE, DOTTED_CIRCLE = "'", "\u25cc"
# Quotation_Mark without a name that says so: corner brackets.
BRACKETS = "\u300c\u300d\u300e\u300f\ufe41\ufe42\ufe43\ufe44\uff62\uff63"
# Confusable with `"` without a name that says so: accents, modifier letters, gershayim, the ditto mark.
LIKE_QUOTATION_MARKS = "\u02dd\u02ee\u02f6\u05f2\u05f4\u1cd3\u3003"
# Confusable with an apostrophe, without the letters of Hebrew, Cree, runes and Miao: two of these are in words.
LIKE_APOSTROPHES = (
    "'`\u00b4\u02bb\u02bc\u02bd\u02be\u02c8\u02ca\u02cb\u02f4\u0374\u0384\u055a\u055d\u05f3\u07f4\u07f5"
    "\u1fbd\u1fbf\u1fef\u1ffd\u1ffe\ua78c\uff07\uff40"
)
KEPT = "‹›"  # single, and what `<` and `>` became
SUSPECT = re.compile(r'["\x80-\U0010ffff]')
BETWEEN_TWO = re.compile(f"(?<=[{LIKE_APOSTROPHES}])(?=[{LIKE_APOSTROPHES}])")
DOUBLE_MARKS = (233, 234)  # combining classes of marks that reach over the next character too


def inside_quotes(text: str) -> str:
    """The text, to be put between “ and ”."""
    parted = BETWEEN_TWO.sub(" ", SUSPECT.sub(without_quotation_mark, text))
    shown = []
    before = " "
    for character in parted:
        if before in f" {LIKE_APOSTROPHES}" and unicodedata.category(character).startswith("M"):
            shown.append(DOTTED_CIRCLE)
        shown.append(character)
        before = character
    if unicodedata.combining(before) in DOUBLE_MARKS:
        shown.append(DOTTED_CIRCLE)
    return "".join(shown)


def without_quotation_mark(match: re.Match[str]) -> str:
    """The matched character, or an apostrophe for a quotation mark."""
    return APOSTROPHE if is_quotation_mark(match[0]) else match[0]


@lru_cache(maxsize=1024)
def is_quotation_mark(character: str) -> bool:
    """Whether the character is a quotation mark, also a single one, or looks like one."""
    if character in KEPT:
        return False
    name = unicodedata.name(character, "")
    return (
        unicodedata.category(character) in {"Pi", "Pf"}
        or "QUOTATION MARK" in name
        or name.endswith("PRIME")
        or character in BRACKETS + LIKE_QUOTATION_MARKS
    )
