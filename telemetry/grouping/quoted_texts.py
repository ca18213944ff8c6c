"""
Quoted texts in a message: '...', "...", `...` and others, the first two with backslashes before quotes inside.

A quote between letters, as in `don't`, is an apostrophe. Each kind reads every character once: where one opening quote
finds no end, those of its kind that it has passed, which backslashes stand before, find none either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

# Of each kind, by its opening quote: the text up to its end; the last quote is group 1, missing where it has no end.
ASCII_QUOTES = {
    "'": re.compile(r"'(?:[^'\\]++|\\.)*+('(?!\w))?+"),
    '"': re.compile(r"\"(?:[^\"\\]++|\\.)*+(\")?+"),
    "`": re.compile(r"`[^`]*+(`)?+"),
    "“": re.compile(r"“[^”]*+(”)?+"),
}
# Those of other languages: https://www.unicode.org/cldr/charts/latest/summary/root.html (delimiters of locales)
ALL_QUOTES = ASCII_QUOTES | {
    "«": re.compile(r"«[^»]*+(»)?+"),
    "»": re.compile(r"»[^«»]*+([«»])?+"),
    "„": re.compile(r"„[^“”]*+([“”])?+"),
    "‘": re.compile(r"‘[^’]*+(’(?!\w))?+"),
    "「": re.compile(r"「[^」]*+(」)?+"),
    "『": re.compile(r"『[^』]*+(』)?+"),
    "《": re.compile(r"《[^》]*+(》)?+"),
}


class QuotedTexts:
    """A form of variable parts, used as a pattern is."""

    def __init__(self, kinds: Mapping[str, re.Pattern[str]], opening: re.Pattern[str]) -> None:
        """`kinds`: the quotes that are known; `opening`: where one may open."""
        self.kinds, self.opening = kinds, opening

    def sub(self, repl: str, string: str, /) -> str:
        """Return the text with the replacement for each quoted text."""
        parts: list[str] = []
        end = 0
        searched = dict.fromkeys(self.kinds, 0)  # up to where no text of the kind has an end
        for opening in self.opening.finditer(string):
            start, kind = opening.start(), opening[0]
            if start < end or start < searched[kind]:
                continue
            text = self.kinds[kind].match(string, start)
            if text and text[1]:
                parts += [string[end:start], repl]
                end = text.end()
            elif text:
                searched[kind] = text.end()
        return "".join([*parts, string[end:]])


ASCII_QUOTED = QuotedTexts(ASCII_QUOTES, re.compile(r"(?<!\w)'|[\"`“]"))
ALL_QUOTED = QuotedTexts(ALL_QUOTES, re.compile(r"(?<!\w)'|[\"`“«»„‘「『《]"))
