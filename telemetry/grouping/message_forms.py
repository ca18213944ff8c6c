"""
The forms of variable parts since version 3: those of first_message_forms.py, and what other programs write.

New are hosts with two labels or a port, relative paths, truth values, names of users behind the words that introduce
them, a measure that is said once more in parentheses, quotes of other languages, and numbers in scripts without spaces
between words. What stays besides: a constant at the end of a dotted name.
"""

from __future__ import annotations

import re

from telemetry.grouping.first_message_forms import (
    ABSOLUTE_PATH,
    ADDRESS,
    ASSIGNED,
    AT_LAST,
    BEFORE_QUOTES,
    DAY_OR_MONTH,
    DOTTED_NAME,
    EMPTY_PARENTHESES,
    END,
    HEXADECIMAL,
    JOINED_NUMBERS,
    MEASURE,
    PATH,
    UNIT,
    USER,
    word_with_digit,
)
from telemetry.grouping.message_template import LITERAL, PLACEHOLDER, PlaceholderRule, placeholder_rule
from telemetry.grouping.quoted_texts import ALL_QUOTED, ALL_QUOTES

# Letters and punctuation, without the digits, of scripts that have no spaces between words: Thai to Tibetan, Myanmar,
# Khmer, Chinese, Japanese, with full-width punctuation. https://www.unicode.org/reports/tr14/#SA and #ID
WITHOUT_SPACES = (
    "\u0e00-\u0e4f\u0e5a-\u0ecf\u0eda-\u0f1f\u0f34-\u0fff\u1000-\u103f\u104a-\u109f\u1780-\u17df\u17ea-\u17ff"
    "\u2e80-\ua4cf\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uffef"
)
STEP = r"\w.@+~-"
# https://www.iana.org/assignments/media-types
MEDIA_TYPE = re.compile(r"(?:application|audio|font|haptics|image|message|model|multipart|text|video)/", re.I)
EXTENSION = re.compile(r"[^.]\.[A-Za-z]\w{0,4}\Z")
# Domains of organizations, and those for local and special use: https://data.iana.org/TLD/tlds-alpha-by-domain.txt,
# https://www.iana.org/assignments/special-use-domain-names. Countries' are left out: half of them end file names too.
DOMAIN = re.compile(
    r"arpa|biz|com|dev|edu|gov|info|int|io|mil|net|org|example|home|internal|invalid|lan|local|localdomain|localhost"
    r"|corp|test",
    re.I,
)
CONSTANT = re.compile(r"[A-Z][A-Z_]{2,}")
# What a word behind `for` says when it is no name.
NO_NAME = (
    r"(?:the|an?|this|that|your|all|any|each|some|no|unknown|invalid|user|client|reason|which|it|and|or)\b"
)


def path_or_words(match: re.Match[str]) -> str:
    """Return PLACEHOLDER for a relative path: of three steps, or with an extension, and no media type."""
    text = match[0].rstrip("/")
    if MEDIA_TYPE.match(text):
        return match[0]
    is_path = text.count("/") >= 2 or EXTENSION.search(text.rpartition("/")[2])
    return PLACEHOLDER if is_path else match[0]


def host_or_name(match: re.Match[str]) -> str:
    """Return PLACEHOLDER for a host: a dotted name with a port, or whose last label is a domain."""
    is_host = match["port"] or DOMAIN.fullmatch(match["name"].rpartition(".")[2])
    return PLACEHOLDER if is_host else match[0]


def kept_constant(match: re.Match[str]) -> str:
    """Return PLACEHOLDER for a dotted name, with the constant at its end; unchanged what was only read."""
    last = match[0].rpartition(".")[2]
    return match["rest"] or (f"{PLACEHOLDER}.{LITERAL}{last}" if CONSTANT.fullmatch(last) else PLACEHOLDER)


# The words before what a model or a person wrote, as frameworks quote it when they cannot read it.
QUOTES_SOMEBODY = (
    r"(\b(?:LLM|LM|(?:language )?model|agent|assistant|completion|user|raw|tool|function)(?:'s)? "
    r"(?:answer|arguments?|completion|content|input|message|output|prompt|query|question|reply|response|text)s?"
    r" ?:)(?! *\d).*"
)

FORMS = (
    placeholder_rule(
        ":",
        QUOTES_SOMEBODY,
        rf"\1 {PLACEHOLDER}",
        re.I,
        "lm model agent assistant completion user raw tool function",
    ),
    *BEFORE_QUOTES,
    PlaceholderRule(tuple(ALL_QUOTES), ALL_QUOTED),
    ABSOLUTE_PATH,
    placeholder_rule("/", rf"(?<![/\\:{PLACEHOLDER}{STEP}])[{STEP}]++(?:/[{STEP}]++)++/?", path_or_words),
    ADDRESS,
    # Hosts that were called stay here, too.
    placeholder_rule(
        ".",
        rf"(?<![\w.@{LITERAL}/-])(?<!to )(?<!at )"
        r"(?P<name>\w[\w-]*+(?:\.[\w-]++)++)(?P<port>:\d{1,5}\b)?+(?![\w(])",
        host_or_name,
    ),
    placeholder_rule(".", DOTTED_NAME, kept_constant),
    placeholder_rule("=", rf"(= {{0,3}}){ASSIGNED}", rf"\1{PLACEHOLDER}", re.I),
    placeholder_rule("true false True False TRUE FALSE", r"(?<![\w.$-])(?:true|false)(?![\w$-])", flags=re.I),
    placeholder_rule("user User USER", USER, rf"\1{PLACEHOLDER}", re.I),
    placeholder_rule(
        ": ",
        r"(?<![A-Za-z])((?:user(?:[ _]?name)?|log[io]n|logname|account|principal|owner): ?)[\w.$@\\-]++",
        rf"\1{PLACEHOLDER}",
        re.I,
        "user login logon logname account principal owner",
    ),
    placeholder_rule(
        "for",
        r"\b((?:access|account|authentication|credentials|failures?|log[io]n|password|session) for )"
        rf"(?!{NO_NAME})[\w.$-]++",
        rf"\1{PLACEHOLDER}",
        re.I,
        "access account authentication credentials failure login logon password session",
    ),
    DAY_OR_MONTH,
    word_with_digit(END + WITHOUT_SPACES),
    HEXADECIMAL,
    *JOINED_NUMBERS,
    # A measure, also in another unit once more: `1190 bytes (1.16 KB)`.
    placeholder_rule(PLACEHOLDER, rf"{MEASURE}(?: ?\({PLACEHOLDER} ?(?:{UNIT})?\))?"),
    placeholder_rule(PLACEHOLDER, rf"{PLACEHOLDER}(?:/{PATH})++/?"),
    EMPTY_PARENTHESES,
    *AT_LAST,
)
