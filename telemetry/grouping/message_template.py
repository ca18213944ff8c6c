"""
Message templates: messages with placeholders for what varies between failures: numbers, ids, names, places, times.

Variable parts are recognized by their form alone, one message at a time, so that a text has the same template in every
process and order of arrival. The forms are those of the variables in https://arxiv.org/abs/2308.10828 (Loghub-2.0).
Parts that distinguish bugs stay: status codes, names of attributes, classes, the hosts that were called.

Messages come from outside, so each form takes linear time on any text: no repetition gives back what it has read to be
read again (https://docs.python.org/3/library/re.html#index-14), and where a form fails, the characters that it has read
are no beginning of another try, by what stands before it or because the group `rest` consumes them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from telemetry.grouping.quoted_texts import QuotedTexts

# Two control characters that are not expected in a message, which is a single line.
PLACEHOLDER = "\x02"  # placeholder for a removed part; shown as `*`
LITERAL = "\x01"  # stands before a part that must stay
# Quoted words beside these words name a part of the program, not a value.
BEFORE = "reading|setting|property|attribute|method|function|column|field|module|named|argument|parameter"
AFTER = "object|codec|argument|attribute|parameter|field|property|column|module"
END = rf"\s,;:()<>'\"=\[\]{{}}{PLACEHOLDER}"  # characters that end a word
PATH = r"[\w.$%+@~*-]++"
HTTP = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
DAY = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# An error as APIs answer it, as JSON or a repr: the first object in the message, up to the text of its error.
ERROR_BODY = r"^([^{]*+)\{.*?['\"](?:message|error|detail)['\"]:\s*+(?:'([^']*+)|\"([^\"]*+))(?s:.*)"
UNIT = "ms|msecs?|milliseconds?|us|s|secs?|seconds?|m|mins?|minutes?|h|hours?|days?|[kKMGT]i?B|B|bytes?|%"


Replacement = str | Callable[[re.Match[str]], str]


class Form(Protocol):
    """A form of variable parts: a pattern, or what finds quoted texts."""

    def sub(self, repl: Any, string: str, /) -> str:
        """Return the text with the replacement for each part of this form."""


class PlaceholderRule(NamedTuple):
    """A form of variable parts, and its replacement. Only messages with one of the `marks` are searched for it."""

    marks: tuple[str, ...]
    form: Form
    replacement: Replacement = PLACEHOLDER


def placeholder_rule(
    marks: str, form: str, replacement: Replacement = PLACEHOLDER, flags: int = 0
) -> PlaceholderRule:
    """Return the rule for a form. Its marks are separated by spaces; without any, every message is searched."""
    return PlaceholderRule(tuple(marks.split()) or ("",), re.compile(form, flags), replacement)


def placeholder_or_rest(match: re.Match[str]) -> str:
    """Return PLACEHOLDER for the form, and unchanged what was only read: the group `rest`."""
    return match["rest"] or PLACEHOLDER


PLACEHOLDER_RULES = (
    # An API's error body inside the message is replaced by the body's own message.
    placeholder_rule("{", ERROR_BODY, r"\1\2\3"),
    # Status codes stay, except those of success.
    placeholder_rule(
        "0 1 2 3 4 5 6 7 8 9",
        r"(?<![a-z])(code|status|http|errno)\b([ :=#]{0,3})((?!2\d\d\b)[1-9]\d{0,2})\b",
        rf"\1\2{LITERAL}\3",
        re.I,
    ),
    placeholder_rule(
        "://",
        r"\b(?:([a-z][a-z0-9+.-]*+://[^\s/?#'\")>]+)(?:[/?#][^\s'\")>,]*)?(?<![:.;])|([a-z][a-z0-9+.-]*+))",
        r"\1\2",
        re.I,
    ),
    placeholder_rule("@", r"[\w.+-]++@[\w-]++\.[\w.]++|(?P<rest>[\w.+-]++)", placeholder_or_rest),
    placeholder_rule("' \" `", rf"\b({BEFORE})( ?)(['\"`])([A-Za-z_][\w.]*)\3", rf"\1\2{LITERAL}\4", re.I),
    placeholder_rule("' \" `", rf"(['\"`])([A-Za-z_][\w.-]*)\1( (?:{AFTER})\b)", rf"{LITERAL}\2\3"),
    placeholder_rule('"', rf"\"({HTTP}) [^\"]*\"", rf"\1 {PLACEHOLDER}"),
    placeholder_rule("{ [", r"\{[^{}]*+\}|\[(?=[^\[\]\d]*+\d)[^\[\]]*+\]"),
    placeholder_rule("{", r"\{[^{}]*\}"),
    PlaceholderRule(("'", '"', "`", "“"), QuotedTexts()),
    # Paths of two steps and more; IPv6 and hardware addresses.
    placeholder_rule("/ \\", rf"(?<![\w{PLACEHOLDER}])(?:[A-Za-z]:)?(?:[\\/]{PATH}){{2,}}+[\\/]?"),
    placeholder_rule(":", r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])", flags=re.I),
    # Dotted names: packages, settings, hosts. Exceptions stay, and names of what was called or looked up.
    placeholder_rule(
        ".",
        rf"(?<![\w.{LITERAL}/-])(?<!to )(?<!at )(?<!NOTFOUND )(?<!named )"
        r"(?:[a-z][\w$-]*+(?:\.[\w$-]+){2,}(?<!Exception)(?<!Error)(?![\w.(])"
        r"|(?P<rest>[a-z](?=[\w.-]*+\$)[\w$-]*+(?:\.[\w$-]++)*+))",
        placeholder_or_rest,
    ),
    placeholder_rule(
        "=",
        r"(= ?)(?:(?:null|none|nil|undefined|true|false)\b|[\w$-]++(?:\.[\w$-]++)++)",
        rf"\1{PLACEHOLDER}",
        re.I,
    ),
    placeholder_rule(
        "user",
        r"\b((?:for|by|from|of|as|invalid|unknown) (?:(?:invalid|unknown) )?user )"
        r"(?!(?:is|was|not|has|does)\b)[\w.$-]+",
        rf"\1{PLACEHOLDER}",
    ),
    placeholder_rule(
        "0 1 2 3 4 5 6 7 8 9", rf"\b(?:{DAY})[a-z]* (?=(?:{MONTH})|\d)|\b(?:{MONTH})[a-z]* (?= ?\d)", ""
    ),
    # Any word with a digit in it: numbers, amounts, ids. Behind LITERAL, what follows its letters and one character.
    placeholder_rule(
        "0 1 2 3 4 5 6 7 8 9",
        rf"(?:(?<![^{END}])|({LITERAL}\w*+[^\w{END}{LITERAL}]))[^\d{END}{LITERAL}]*+\d[^{END}{LITERAL}]*+",
        rf"\1{PLACEHOLDER}",
    ),
    placeholder_rule("", r"\b[0-9a-fA-F]{8,}+\b"),
    # Numbers joined by hyphens and colons, with the word before them, which begins where no other one goes on.
    placeholder_rule(
        PLACEHOLDER,
        rf"(?:(?:(?<![\w.])|(?<=[:-][0-9a-f][0-9a-f]))[\w.]++-)?{PLACEHOLDER}"
        rf"(?:[:-](?:[0-9a-fA-F]{{2,4}}:)*+{PLACEHOLDER}|[:-][0-9a-f]{{2}}\b(?::[0-9a-f]{{2}}\b)*+)*+",
    ),
    placeholder_rule(PLACEHOLDER, rf"[<>~≈≤≥+-]=? ?(?={PLACEHOLDER})", ""),
    placeholder_rule(PLACEHOLDER, rf"{PLACEHOLDER} ?(?:AM|PM|UTC|GMT|[ECMP][SD]T|{UNIT})(?!\w)"),
    # Empty parentheses where other messages have a value in them.
    placeholder_rule("()", rf"(?<={PLACEHOLDER} )\(\)", f"({PLACEHOLDER})"),
    placeholder_rule(PLACEHOLDER, rf"{PLACEHOLDER}(?:[,\s]*{PLACEHOLDER})+"),
    placeholder_rule("", rf"{LITERAL}| +(?= )| +$", ""),
)


def template_of(message: str) -> str:
    """Return the message with `*` for each part that varies."""
    for marks, form, replacement in PLACEHOLDER_RULES:
        for mark in marks:  # faster than any(...), which makes a generator for each rule
            if mark in message:
                message = form.sub(replacement, message)
                break
    return message.strip().replace(PLACEHOLDER, "*")
