"""
Hidden characters, which render as nothing or reorder the text around them, replaced by their numbers: `⟨U+202E⟩`.

By Unicode's general categories and its property Default_Ignorable_Code_Point these are: controls, format characters
(directions, zero widths, tags), line separators, surrogates, private use, noncharacters, variation selectors, fillers.
Tabs and line ends stay. There is no exception for emoji and scripts that join letters with U+200C, U+200D or U+FE0F: a
thousand variation selectors can carry any text unseen, and people who decide must see all of it. So an emoji of a
family shows as its members with numbers between them.

https://www.unicode.org/reports/tr44/#General_Category_Values
https://www.unicode.org/Public/UCD/latest/ucd/DerivedCoreProperties.txt (Default_Ignorable_Code_Point)
https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
"""

from __future__ import annotations

import re
import unicodedata

CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Inclusive ranges of Default_Ignorable_Code_Point that are in other categories, or not assigned yet.
DEFAULT_IGNORABLE = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2065, 0x2065), (0x3164, 0x3164),
    (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFF8), (0xE0000, 0xE0FFF),
)  # fmt: skip
# Empty glyphs: Braille's blank, Egyptian format controls and blanks, the Khitan filler, the null notehead.
BLANK = ((0x2800, 0x2800), (0x13430, 0x13442), (0x16FE4, 0x16FE4), (0x1D159, 0x1D159))
RANGES = (*DEFAULT_IGNORABLE, *BLANK)
# Runs of characters that may be hidden: not printable ASCII, tabs, line ends, nor the signs that stand around a number;
# a lone carriage return ends no line.
SUSPECTS = re.compile(r"(?:\r(?!\n)|[^\t\n\r -~⟨⟩])+")
MOST_CACHED = 8192  # characters of which it is remembered how they show


class Shown(dict[int, str]):
    """How characters show, by code point, worked out where one is first asked for."""

    def __missing__(self, number: int) -> str:
        """The character, or its number if it is hidden."""
        character = chr(number)
        shown = f"⟨U+{number:04X}⟩" if is_hidden(character) else character
        if len(self) >= MOST_CACHED:
            self.clear()
        self[number] = shown
        return shown


SHOWN = Shown()


def is_hidden(character: str) -> bool:
    """Whether the character renders as nothing, or reorders others."""
    number = ord(character)
    if unicodedata.category(character) in CATEGORIES or is_noncharacter(number):
        return True
    return any(first <= number <= last for first, last in RANGES)


def is_noncharacter(number: int) -> bool:
    """Whether Unicode will never assign the code point: https://www.unicode.org/faq/private_use.html#noncharacters"""
    return number & 0xFFFE == 0xFFFE or 0xFDD0 <= number <= 0xFDEF


def show_hidden(text: str) -> str:
    """The text with every hidden character replaced by its number."""
    return SUSPECTS.sub(lambda run: run[0].translate(SHOWN), text)
