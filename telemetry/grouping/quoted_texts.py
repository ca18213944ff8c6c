"""
Quoted texts in a message: '...', "...", `...` and “...”, the first two with backslashes before quotes inside.

A quote between letters, as in `don't`, is an apostrophe. Each kind reads every character once: where one opening quote
finds no end, those of its kind that it has passed, which backslashes stand before, find none either.
"""

from __future__ import annotations

import re

OPENING = re.compile(r"(?<!\w)'|[\"`“]")
# Of each kind, the text up to its end; the last quote is group 1, missing where the text has no end.
KINDS = {
    "'": re.compile(r"'(?:[^'\\]++|\\.)*+('(?!\w))?+"),
    '"': re.compile(r"\"(?:[^\"\\]++|\\.)*+(\")?+"),
    "`": re.compile(r"`[^`]*+(`)?+"),
    "“": re.compile(r"“[^”]*+(”)?+"),
}


class QuotedTexts:
    """A form of variable parts, used as a pattern is."""

    def sub(self, repl: str, string: str, /) -> str:
        """Return the text with the replacement for each quoted text."""
        parts: list[str] = []
        end = 0
        searched = dict.fromkeys(KINDS, 0)  # up to where no text of the kind has an end
        for opening in OPENING.finditer(string):
            start, kind = opening.start(), opening[0]
            if start < end or start < searched[kind]:
                continue
            text = KINDS[kind].match(string, start)
            if text and text[1]:
                parts += [string[end:start], repl]
                end = text.end()
            elif text:
                searched[kind] = text.end()
        return "".join([*parts, string[end:]])
