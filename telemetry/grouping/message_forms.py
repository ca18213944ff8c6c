"""
The forms of variable parts since version 3: those of first_message_forms.py, and what other programs write.

New are hosts with two labels or a port, relative paths, truth values, names of users behind the words that introduce
them, names among pairs of keys and values (pair_forms.py), a measure that is said once more in parentheses, quotes of
other languages, and numbers in scripts without spaces between words. What stays besides: a constant at the end of a
dotted name, codes of up to four digits, and the message that a pair has in quotes.
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
    DIGITS,
    DOTTED_NAME,
    EMPTY_PARENTHESES,
    END,
    HEXADECIMAL,
    JOINED_NUMBERS,
    MEASURE,
    PATH,
    UNIT,
    USER,
    WordsWithDigit,
)
from telemetry.grouping.message_template import (
    LITERAL,
    PLACEHOLDER,
    MessageForms,
    PlaceholderRule,
    placeholder_rule,
)
from telemetry.grouping.pair_forms import NAMES_IN_PAIRS, TEXTS_OF_PAIRS
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
EXTENSION = re.compile(r"[^.]\.[A-Za-z]\w{0,6}\Z")
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

# Codes of exits, MySQL (1045), WebSockets (1006), Winsock (10061), NSURLError (-1009), but not those that people type.
TYPED_CODE = (
    "zip|post|postal|area|country|promo|voucher|coupon|discount|product|access|pin|verification|security|auth"
)
CODE = "".join(f"(?<!{word} code)" for word in TYPED_CODE.split("|"))
FORMS = MessageForms(
    (
        placeholder_rule("arn:", r"\barn:aws[\w-]*+:[^\s,;'\"()\[\]]++"),
        placeholder_rule(
            "1 2 3 4 5 6 7 8 9",
            rf"(?<![a-z])(code{CODE}|errno)\b([ :=#]{{1,3}}(?:-|(?=\d{{4}})))([1-9]\d{{0,4}})\b(?![.\d-])",
            rf"\1\2{LITERAL}\3",
            re.I,
            "code errno",
        ),
        *TEXTS_OF_PAIRS,
        placeholder_rule(
            ":",
            QUOTES_SOMEBODY,
            rf"\1 {PLACEHOLDER}",
            re.I,
            "lm model agent assistant completion user raw tool function",
        ),
        *BEFORE_QUOTES,
        placeholder_rule("@", r"(?<![\w.@/+-])[\w.+-]++@[\w.-]++"),
        PlaceholderRule(tuple(ALL_QUOTES), ALL_QUOTED),
        ABSOLUTE_PATH,
        placeholder_rule("/", rf"(?<![/\\:{PLACEHOLDER}{STEP}])[{STEP}]++(?:/[{STEP}]++)++/?", path_or_words),
        ADDRESS,
        placeholder_rule(
            ":", r"\[[0-9a-f]{0,4}+:[0-9a-f:.]*+\](?::\d{1,5})?+|(?<![\w:])::1\b", flags=re.I, fewest=2
        ),
        # Hosts that were called stay here, too.
        placeholder_rule(
            ".",
            rf"(?<![\w.@{LITERAL}/-])(?<!to )(?<!at )"
            r"(?P<name>\w[\w-]*+(?:\.[\w-]++)++)(?P<port>:\d{1,5}\b)?+(?![\w(])",
            host_or_name,
        ),
        placeholder_rule(".", DOTTED_NAME, kept_constant),
        placeholder_rule("=", rf"(= {{0,3}}){ASSIGNED}", rf"\1{PLACEHOLDER}", re.I),
        *NAMES_IN_PAIRS,
        placeholder_rule(
            "true false True False TRUE FALSE", r"(?<![\w.$-])(?:true|false)(?![\w$-])", flags=re.I
        ),
        placeholder_rule("user User USER", USER, rf"\1{PLACEHOLDER}", re.I),
        placeholder_rule(
            ": ",
            r"(?<![A-Za-z])((?:user(?:[ _]?name)?|log[io]n|logname|account(?: name| domain)?|principal|owner): ?)"
            r"[\w.$@\\-]++",
            rf"\1{PLACEHOLDER}",
            re.I,
            "user login logon logname account principal owner",
        ),
        placeholder_rule(
            "for",
            r"\b((?:access|account|authentication|credentials|failures?|log[io]n|password|publickey|session) for )"
            rf"(?!{NO_NAME})[\w.$-]++",
            rf"\1{PLACEHOLDER}",
            re.I,
            "access account authentication credentials failure login logon password publickey session",
        ),
        DAY_OR_MONTH,
        PlaceholderRule(tuple(DIGITS.split()), WordsWithDigit(END + WITHOUT_SPACES)),
        HEXADECIMAL,
        *JOINED_NUMBERS,
        placeholder_rule(f"{PLACEHOLDER},{PLACEHOLDER}", rf"{PLACEHOLDER}(?:,{PLACEHOLDER})++"),
        # The name of a process behind its number, and whether its memory was written down.
        placeholder_rule(
            PLACEHOLDER,
            rf"\b((?:process|pid|thread|task) {PLACEHOLDER} \()[\w./-]++(?=\))",
            rf"\1{PLACEHOLDER}",
            re.I,
            "process pid thread task",
        ),
        placeholder_rule("(core", r" \(core dumped\)", ""),
        # A measure, also in another unit once more: `1190 bytes (1.16 KB)`.
        placeholder_rule(PLACEHOLDER, rf"{MEASURE}(?: ?\({PLACEHOLDER} ?(?:{UNIT})?\))?"),
        placeholder_rule(PLACEHOLDER, rf"{PLACEHOLDER}(?:/{PATH})++/?"),
        EMPTY_PARENTHESES,
        *AT_LAST,
    )
)
