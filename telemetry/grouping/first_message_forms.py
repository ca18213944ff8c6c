"""
The forms of variable parts in versions 1 and 2, unchanged, since projects keep their fingerprints.

They are those of the variables in https://arxiv.org/abs/2308.10828 (Loghub-2.0). Parts that distinguish bugs stay:
status codes, names of attributes, classes, the hosts that were called. Later versions have the named rules, too.
"""

from __future__ import annotations

import re

from telemetry.grouping.message_template import (
    LITERAL,
    PLACEHOLDER,
    MessageForms,
    PlaceholderRule,
    placeholder_or_rest,
    placeholder_rule,
)
from telemetry.grouping.quoted_texts import ASCII_QUOTED, ASCII_QUOTES

# Quoted words beside these words name a part of the program, not a value.
BEFORE = "reading|setting|property|attribute|method|function|column|field|module|named|argument|parameter"
AFTER = "object|codec|argument|attribute|parameter|field|property|column|module"
END = rf"\s,;:()<>'\"=\[\]{{}}{PLACEHOLDER}"  # characters that end a word
DIGITS = "0 1 2 3 4 5 6 7 8 9"
PATH = r"[\w.$%+@~*-]++"
HTTP = "GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS"
DAY = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
MONTH = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# An error as APIs answer it, as JSON or a repr: the first object in the message, up to the text of its error.
ERROR_BODY = r"^([^{]*+)\{.*?['\"](?:message|error|detail)['\"]:\s*+(?:'([^']*+)|\"([^\"]*+))(?s:.*)"
UNIT = "ms|msecs?|milliseconds?|us|s|secs?|seconds?|m|mins?|minutes?|h|hours?|days?|[kKMGT]i?B|B|bytes?|%"

BEFORE_QUOTES = (
    # An API's error body inside the message is replaced by the body's own message.
    placeholder_rule("{", ERROR_BODY, r"\1\2\3"),
    # Status codes stay, except those of success.
    placeholder_rule(
        DIGITS,
        r"(?<![a-z])(code|status|http|errno)\b([ :=#]{0,3})((?!2\d\d\b)[1-9]\d{0,2})\b",
        rf"\1\2{LITERAL}\3",
        re.I,
        "code status http errno",
    ),
    placeholder_rule(
        "://",
        r"\b(?:([a-z][a-z0-9+.-]*+://[^\s/?#'\")>]+)(?:[/?#][^\s'\")>,]*)?(?<![:.;])|([a-z][a-z0-9+.-]*+))",
        r"\1\2",
        re.I,
    ),
    placeholder_rule("@", r"[\w.+-]++@[\w-]++\.[\w.]++|(?P<rest>[\w.+-]++)", placeholder_or_rest),
    placeholder_rule(
        "' \" `",
        rf"\b({BEFORE})( ?)(['\"`])([A-Za-z_][\w.]*)\3",
        rf"\1\2{LITERAL}\4",
        re.I,
        BEFORE.replace("|", " "),
    ),
    placeholder_rule(
        "' \" `",
        rf"(['\"`])([A-Za-z_][\w.-]*)\1( (?:{AFTER})\b)",
        rf"{LITERAL}\2\3",
        words=AFTER.replace("|", " "),
    ),
    placeholder_rule('"', rf"\"({HTTP}) [^\"]*\"", rf"\1 {PLACEHOLDER}"),
    placeholder_rule("{ [", r"\{[^{}]*+\}|\[(?=[^\[\]\d]*+\d)[^\[\]]*+\]"),
    placeholder_rule("{", r"\{[^{}]*\}"),
)
# Paths of two steps and more.
ABSOLUTE_PATH = placeholder_rule("/ \\", rf"(?<![\w{PLACEHOLDER}])(?:[A-Za-z]:)?(?:[\\/]{PATH}){{2,}}+[\\/]?")
# IPv6 and hardware addresses.
ADDRESS = placeholder_rule(
    ":", r"(?<![\w:])(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])", flags=re.I, fewest=3
)
# Packages, settings, hosts. Exceptions stay, and names of what was called or looked up.
DOTTED_NAME = (
    rf"(?<![\w.{LITERAL}/-])(?<!to )(?<!at )(?<!NOTFOUND )(?<!named )"
    r"(?:[a-z][\w$-]*+(?:\.[\w$-]+){2,}(?<!Exception)(?<!Error)(?![\w.(])"
    r"|(?P<rest>[a-z](?=[\w.-]*+\$)[\w$-]*+(?:\.[\w$-]++)*+))"
)
ASSIGNED = r"(?:(?:null|none|nil|undefined|true|false)\b|[\w$-]++(?:\.[\w$-]++)++)"
USER = (
    r"\b((?:for|by|from|of|as|invalid|unknown) (?:(?:invalid|unknown) )?user )"
    r"(?!(?:is|was|not|has|does)\b)[\w.$-]+"
)
DAY_OR_MONTH = placeholder_rule(
    f"{DAY}|{MONTH}".replace("|", " "),
    rf"\b(?:{DAY})[a-z]* (?=(?:{MONTH})|\d)|\b(?:{MONTH})[a-z]* (?= ?\d)",
    "",
)
# A word; that it begins there is looked at behind its first character, since patterns that begin with one are faster.
HEXADECIMAL = placeholder_rule("", r"[0-9a-fA-F](?<!\w\w)[0-9a-fA-F]{7,}+\b")
JOINED_NUMBERS = (
    # Numbers joined by hyphens and colons, with the word before them, which begins where no other one goes on.
    placeholder_rule(
        f"{PLACEHOLDER}- {PLACEHOLDER}: -{PLACEHOLDER}",
        rf"(?:(?:(?<![\w.])|(?<=[:-][0-9a-f][0-9a-f]))[\w.]++-)?{PLACEHOLDER}"
        rf"(?:[:-](?:[0-9a-fA-F]{{2,4}}:)*+{PLACEHOLDER}|[:-][0-9a-f]{{2}}\b(?::[0-9a-f]{{2}}\b)*+)*+",
    ),
    placeholder_rule(PLACEHOLDER, rf"[<>~≈≤≥+-]=? ?(?={PLACEHOLDER})", ""),
)
MEASURE = rf"{PLACEHOLDER} ?(?:AM|PM|UTC|GMT|[ECMP][SD]T|{UNIT})(?!\w)"
EMPTY_PARENTHESES = placeholder_rule("()", rf"(?<={PLACEHOLDER} )\(\)", f"({PLACEHOLDER})")
AT_LAST = (
    placeholder_rule(PLACEHOLDER, rf"{PLACEHOLDER}(?:[,\s]*{PLACEHOLDER})+"),
    PlaceholderRule((LITERAL, "  "), re.compile(rf"{LITERAL}| +(?= )"), ""),
)


class WordsWithDigit:
    """
    Any word with a digit in it, used as a pattern is: numbers, amounts, ids. Behind LITERAL, what follows its letters
    and one character. `end`: the characters that end a word.
    """

    def __init__(self, end: str) -> None:
        word = rf"[^\d{end}{LITERAL}]*+\d[^{end}{LITERAL}]*+"
        self.anywhere = re.compile(rf"(?<![^{end}]){word}")
        self.behind_literals = re.compile(rf"(?:(?<![^{end}])|({LITERAL}\w*+[^\w{end}{LITERAL}])){word}")

    def sub(self, repl: str, string: str, /) -> str:
        """Return the text with the replacement for each such word."""
        if LITERAL in string:
            return self.behind_literals.sub(rf"\1{repl}", string)
        return self.anywhere.sub(repl, string)


FORMS = MessageForms(
    (
        *BEFORE_QUOTES,
        PlaceholderRule(tuple(ASCII_QUOTES), ASCII_QUOTED),
        ABSOLUTE_PATH,
        ADDRESS,
        placeholder_rule(".", DOTTED_NAME, placeholder_or_rest),
        placeholder_rule("=", rf"(= ?){ASSIGNED}", rf"\1{PLACEHOLDER}", re.I),
        placeholder_rule("user", USER, rf"\1{PLACEHOLDER}"),
        DAY_OR_MONTH,
        PlaceholderRule(tuple(DIGITS.split()), WordsWithDigit(END)),
        HEXADECIMAL,
        *JOINED_NUMBERS,
        placeholder_rule(PLACEHOLDER, MEASURE),
        EMPTY_PARENTHESES,
        *AT_LAST,
    )
)
