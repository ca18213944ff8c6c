"""
Characters that render as nothing or reorder what stands around them, shown by their number: `⟨U+202E⟩`.

Hidden are, by Unicode's general categories and its property Default_Ignorable_Code_Point: controls, format characters
(directions, zero widths, tags), separators of lines, surrogates, private use, variation selectors, fillers. Tabs and
ends of lines stay. There is no exception for emoji and scripts that join letters with U+200C, U+200D or U+FE0F: a
thousand variation selectors carry any text unseen, and who decides must see what is there. A family shows as its
members and the numbers between them.

https://www.unicode.org/reports/tr44/#General_Category_Values
https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt (Default_Ignorable_Code_Point)
https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
"""

from __future__ import annotations

import re
import unicodedata

CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Inclusive: what is ignored by default and of another category, or not assigned yet.
DEFAULT_IGNORABLE = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
)  # fmt: skip
# Empty glyphs: Braille's blank, Egyptian format controls and blanks, the Khitan filler, the null notehead.
BLANK = ((0x2800, 0x2800), (0x13430, 0x13442), (0x16FE4, 0x16FE4), (0x1D159, 0x1D159))
RANGES = (*DEFAULT_IGNORABLE, *BLANK)
# All that may be hidden: no printable ASCII, no tab, no end of a line; a carriage return alone ends none.
SUSPECT = re.compile(r"\r(?!\n)|[^\t\n\r -~]")


def is_hidden(character: str) -> bool:
    """Whether the character renders as nothing, or reorders others."""
    number = ord(character)
    if unicodedata.category(character) in CATEGORIES:
        return True
    return any(first <= number <= last for first, last in RANGES)


def show_hidden(text: str) -> str:
    """The text with every hidden character as its number."""
    return SUSPECT.sub(numbered, text)


def numbered(found: re.Match[str]) -> str:
    """The character, or its number if it is hidden."""
    character = found[0]
    return f"⟨U+{ord(character):04X}⟩" if is_hidden(character) else character
