"""
A message without what varies from one failure to the next: numbers, ids, names, places, times.

What varies is told by its form alone, one message at a time, so that the same text gives the same skeleton in every
process and order of arrival. The forms are those of the variables in https://arxiv.org/abs/2308.10828 (Loghub-2.0);
what must stay is what tells bugs apart: status codes, names of attributes, classes, the hosts that were called.
"""

from __future__ import annotations

import re
from typing import NamedTuple

HOLE = "\x02"  # stands for what was taken out; shown as `*`
KEEP = "\x01"  # stands before what must stay. Neither is ever in a message, which is one clean line.
# Quoted words beside these name a part of the program, not a value.
BEFORE = "reading|setting|property|attribute|method|function|column|field|module|named|argument|parameter"
AFTER = "object|codec|argument|attribute|parameter|field|property|column|module"
WORD = rf"[^\s,;:()<>'\"=\[\]{{}}{KEEP}{HOLE}]*"
PATH = r"[\w.$%+@~*-]+"
HTTP = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
DAY = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
UNIT = "ms|msecs?|milliseconds?|us|s|secs?|seconds?|m|mins?|minutes?|h|hours?|days?|[kKMGT]i?B|B|bytes?|%"


class Mask(NamedTuple):
    """A form of what varies. Only messages with one of the `marks` are searched for it."""

    marks: tuple[str, ...]
    form: re.Pattern[str]
    stays: str = HOLE


def mask(marks: str, form: str, stays: str = HOLE, flags: int = 0) -> Mask:
    """A mask; its marks are separated by spaces, none means every message."""
    return Mask(tuple(marks.split()), re.compile(form, flags), stays)


MASKS = (
    # An API's error body inside the message: its own message says it all.
    mask("{", r"\{.*?['\"](?:message|error|detail)['\"]:\s*(?:'([^']*)|\"([^\"]*)).*$", r"\1\2"),
    # Statuses stay, but for those of success.
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
    # Dotted names: packages, settings, hosts. Exceptions stay, and what was called or asked for.
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
    mask("()", rf"(?<={HOLE} )\(\)", f"({HOLE})"),  # nothing where others have something
    mask(HOLE, rf"{HOLE}(?:[,\s]*{HOLE})+"),
    mask("", rf"{KEEP}|\s+(?= )|\s+$", ""),
)


def skeleton(message: str) -> str:
    """The message with `*` for what varies."""
    for marks, form, stays in MASKS:
        if not marks or any(mark in message for mark in marks):
            message = form.sub(stays, message)
    return message.strip().replace(HOLE, "*")
