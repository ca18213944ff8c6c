"""
Message templates: messages with placeholders for what varies between failures: numbers, ids, names, places, times.

Variable parts are recognized by their form alone, one message at a time, so that a text has the same template in every
process and order of arrival. The forms are those of the variables in https://arxiv.org/abs/2308.10828 (Loghub-2.0).
Parts that distinguish bugs stay: status codes, names of attributes, classes, the hosts that were called.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# Two control characters that are not expected in a message, which is a single line.
HOLE = "\x02"  # placeholder for a removed part; shown as `*`
KEEP = "\x01"  # stands before a part that must stay
# Quoted words beside these words name a part of the program, not a value.
BEFORE = "reading|setting|property|attribute|method|function|column|field|module|named|argument|parameter"
AFTER = "object|codec|argument|attribute|parameter|field|property|column|module"
WORD = rf"[^\s,;:()<>'\"=\[\]{{}}{KEEP}{HOLE}]*"
PATH = r"[\w.$%+@~*-]+"
HTTP = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
DAY = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
UNIT = "ms|msecs?|milliseconds?|us|s|secs?|seconds?|m|mins?|minutes?|h|hours?|days?|[kKMGT]i?B|B|bytes?|%"


class Placeholder(NamedTuple):
    """A form of variable parts, and its replacement. Only messages with one of the `marks` are searched for it."""

    marks: tuple[str, ...]
    form: re.Pattern[str]
    stays: str = HOLE


def mask(marks: str, form: str, stays: str = HOLE, flags: int = 0) -> Placeholder:
    """Return a Mask. Its marks are separated by spaces; without any, every message is searched."""
    return Placeholder(tuple(marks.split()), re.compile(form, flags), stays)


MASKS = (
    # An API's error body inside the message is replaced by the body's own message.
    mask("{", r"\{.*?['\"](?:message|error|detail)['\"]:\s*(?:'([^']*)|\"([^\"]*)).*$", r"\1\2"),
    # Status codes stay, except those of success.
    mask(
        "0 1 2 3 4 5 6 7 8 9",
        r"(?<![a-z])(code|status|http|errno)\b([ :=#]{0,3})((?!2\d\d\b)[1-9]\d{0,2})\b",
        rf"\1\2{KEEP}\3",
        re.I,
    ),
    mask("://", r"\b([a-z][a-z0-9+.-]*://[^\s/?#'\")>]+)(?:[/?#][^\s'\")>,]*)?(?<![:.;])", r"\1", re.I),
    mask("@", r"[\w.+-]+@[\w-]+\.[\w.]+"),
    mask("' \" `", rf"\b({BEFORE})( ?)(['\"`])([A-Za-z_][\w.]*)\3", rf"\1\2{KEEP}\4", re.I),
    mask("' \" `", rf"(['\"`])([A-Za-z_][\w.-]*)\1( (?:{AFTER})\b)", rf"{KEEP}\2\3"),
    mask('"', rf"\"({HTTP}) [^\"]*\"", rf"\1 {HOLE}"),
    mask("{ [", r"\{[^{}]*\}|\[[^\[\]]*\d[^\[\]]*\]"),
    mask("{", r"\{[^{}]*\}"),
    mask("' \" ` “", r"(?<!\w)'(?:[^'\\]|\\.)*'(?!\w)|\"(?:[^\"\\]|\\.)*\"|`[^`]*`|“[^”]*”"),
    # Paths of two steps and more; IPv6 and hardware addresses.
    mask("/ \\", rf"(?<![\w{HOLE}])(?:[A-Za-z]:)?(?:[\\/]{PATH}){{2,}}[\\/]?"),
    mask(":", r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])", flags=re.I),
    # Dotted names: packages, settings, hosts. Exceptions stay, and names of what was called or looked up.
    mask(
        ".",
        rf"(?<![\w.{KEEP}/-])(?<!to )(?<!at )(?<!NOTFOUND )(?<!named )"
        r"[a-z][\w$-]*(?:\.[\w$-]+){2,}(?<!Exception)(?<!Error)(?![\w.(])",
    ),
    mask("=", r"(= ?)(?:(?:null|none|nil|undefined|true|false)\b|[\w$-]+(?:\.[\w$-]+)+)", rf"\1{HOLE}", re.I),
    mask(
        "user",
        r"\b((?:for|by|from|of|as|invalid|unknown) (?:(?:invalid|unknown) )?user )"
        r"(?!(?:is|was|not|has|does)\b)[\w.$-]+",
        rf"\1{HOLE}",
    ),
    mask("0 1 2 3 4 5 6 7 8 9", rf"\b(?:{DAY})[a-z]* (?=(?:{MONTH})|\d)|\b(?:{MONTH})[a-z]* (?= ?\d)", ""),
    # Any word with a digit in it: numbers, amounts, ids.
    mask("0 1 2 3 4 5 6 7 8 9", rf"(?<![\w{KEEP}]){WORD}\d{WORD}"),
    mask("", r"\b[0-9a-fA-F]{8,}\b"),
    mask(HOLE, rf"(?:[\w.]+-)?{HOLE}(?:[:-](?:[0-9a-fA-F]{{2,4}}:)*{HOLE}|[:-][0-9a-f]{{2}}\b)*"),
    mask(HOLE, rf"[<>~≈≤≥+-]=? ?(?={HOLE})", ""),
    mask(HOLE, rf"{HOLE} ?(?:AM|PM|UTC|GMT|[ECMP][SD]T|{UNIT})(?!\w)"),
    # Empty parentheses where other messages have a value in them.
    mask("()", rf"(?<={HOLE} )\(\)", f"({HOLE})"),
    mask(HOLE, rf"{HOLE}(?:[,\s]*{HOLE})+"),
    mask("", rf"{KEEP}|\s+(?= )|\s+$", ""),
)


def skeleton(message: str) -> str:
    """Return the message with `*` for each part that varies."""
    for marks, form, replacement in MASKS:
        if not marks or any(text in message for text in marks):
            message = form.sub(replacement, message)
    return message.strip().replace(HOLE, "*")
