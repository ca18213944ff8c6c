"""
The places of values behind secret names in a text, in the ways that names are written.

    "password": "..."   \\"password\\": [\\"...\\"]   {'password': 7}      quoted
    ("x-api-key", "...")   [b"authorization", b"..."]                a header in a pair
    password=...   ?access_token=...&   API_KEY = "..."              assigned
    Authorization: Bearer ...   { apiKey: '...' }   api_key: ...     assigned by a colon
    --password ...                                                   an option of a command line

Linear on any input: patterns start at a separator, repetition is bounded or possessive, and no value is read twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.names import is_count, is_secret
from telemetry.scrubbing.randomness import has_digit

QUOTED = re.compile(
    r"(?P<mark>[\"'])(?P<name>[A-Za-z0-9][\w.\- ]{1,80}+)(?P<quote>\\{0,15}(?P=mark))"
    r"\s{0,8}(?P<separator>[:,])\s{0,8}(?P<list>\[?)\s{0,8}(?:b(?=[\"'\\]))?"
)
PAIRED = re.compile(r"(?i)(?:proxy-)?authorization|(?:set-)?cookie|api-key|x-[a-z-]{1,60}")
SEPARATOR = re.compile(r"=(?!=) ?|:[ \t]{1,4}")
NAME_BACKWARDS = re.compile(r"[\w.-]{1,65}+")
OPTION = re.compile(r"--(?P<name>[A-Za-z][\w-]{1,64}+) ")
# Query parameters that are the key or the signature of a URL:
# https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/
QUERY_NAMES = frozenset(
    {"key", "auth", "sig", "signature", "Signature", "AWSAccessKeyId", "X-Goog-Signature", "X-Amz-Signature"}
)
QUOTE = re.compile(r"\\{0,15}[\"']")
NEXT = re.compile(r"\s{0,8},\s{0,8}b?(?=\\{0,15}[\"'])")
PLAIN_VALUE = re.compile(r"(?P<scheme>(?i:bearer|basic|token|digest)[ \t]{1,4})?(?P<value>[^\s&;,\"'<>\\]++)")
COOKIES = re.compile(r"[^\r\n\"'\\]++")
NUMBER = re.compile(r"-?\d[\d.]{0,40}+(?![\w\"'])")
# Values that only stand for a secret: nothing, a variable, a placeholder, stars.
STAND_IN = re.compile(
    r"(?i:none|null|nil|true|false|undefined|redacted|required|missing)|\*+|\.+|\$\{?\w*\}?|\{+[\w.]*\}+|%s|%\(\w+\)s"
    r"|<[\w -]*>|(?:self|os|config|settings|process)\.[\w.()\[\]]*"
)
Judge = Callable[[str], bool]


def named_secrets(text: str, judge: Judge) -> Iterator[Place]:
    """The places of values behind secret names; `judge` decides on quoted names."""
    for start, end in (*quoted_secrets(text, judge), *assigned(text), *options(text)):
        if end > start and not STAND_IN.fullmatch(text, start, end):
            yield start, end


def has_quoted_name(text: str) -> bool:
    """Whether the text has a quotation mark, as JSON and a repr have."""
    return QUOTED.search(text) is not None


def quoted_secrets(text: str, judge: Judge) -> Iterator[Place]:
    """The places of texts and numbers behind quoted names."""
    last_end = 0
    for match in QUOTED.finditer(text):
        if (
            match.start() >= last_end
            and judge(match["name"])
            and (match["separator"] == ":" or is_pair(text, match))
        ):
            for start, end in quoted_values(text, match):
                yield start, end
                last_end = end


def is_pair(text: str, match: re.Match[str]) -> bool:
    """Whether name and value are in brackets as a pair, and the name is a header's; other lists hold no names."""
    before = text[max(0, match.start() - 17) : match.start()].rstrip("\\").removesuffix("b")
    return before.endswith(("(", "[")) and PAIRED.fullmatch(match["name"]) is not None


def quoted_values(text: str, match: re.Match[str]) -> Iterator[Place]:
    """The places of the values behind one name: a number, a text, or each text of a list."""
    at = match.end()
    number = NUMBER.match(text, at)
    if number and not is_count(match["name"], 0):
        yield number.span()
    while quote := QUOTE.match(text, at):
        end = closing(text, quote[0], quote.end())
        yield quote.end(), end
        next_item = NEXT.match(text, end + len(quote[0])) if match["list"] else None
        if next_item is None:
            return
        at = next_item.end()


def closing(text: str, quote: str, start: int) -> int:
    """The end of a quoted text: the next quote of the same nesting, or the end of a text that was cut off."""
    end = text.find(quote, start)
    while end > start and text[end - 1] == "\\":
        end = text.find(quote, end + 1)
    return end if end >= 0 else len(text)


def assigned(text: str) -> Iterator[Place]:
    """The places of values behind `name=` and `name: `; where both are the same word (`token=token`), it is code."""
    last_end = line_end = 0
    for separator in SEPARATOR.finditer(text):
        name = name_before(text, separator) if separator.start() >= last_end else ""
        if name.lower().endswith("cookie") and separator[0] != "=":
            if separator.start() < line_end:  # it was read, and has no cookie
                continue
            place, line_end = cookies(text, separator.end())
            last_end = max(last_end, place[1])
        elif name and (is_secret(name) or is_signature(text, name, separator.start())):
            place = value_of(text, name, separator)
            last_end = max(last_end, place[1])
        else:
            continue
        if text[slice(*place)] != name:
            yield place


def name_before(text: str, separator: re.Match[str]) -> str:
    """The name before the separator; one space may stand between the name and `=`."""
    end = separator.start()
    if separator[0].startswith("=") and text[end - 1 : end] == " ":
        end -= 1
    match = NAME_BACKWARDS.match(text[max(0, end - 65) : end][::-1])
    return match[0][::-1] if match else ""


def value_of(text: str, name: str, separator: re.Match[str]) -> Place:
    """The place of the value behind the separator, in quotes or one word; empty for a word of a sentence or of code."""
    at = separator.end()
    quote = QUOTE.match(text, at)
    if quote:
        return quote.end(), closing(text, quote[0], quote.end())
    match = PLAIN_VALUE.match(text, at)
    if match is None:
        return at, at
    is_close = separator[0] == "=" and text[separator.start() - 1] != " "
    if is_close or match["scheme"] or is_key(name, match["value"]):
        return match.span("value")
    return at, at


def is_key(name: str, value: str) -> bool:
    """Whether the word behind `name: ` or `name = ` is a secret, and not a word of a sentence or a call in code."""
    is_common_word = "_" not in name and "-" not in name and name.lower() not in {"authorization", "password"}
    return not is_common_word and "(" not in value and len(value) >= 6 and has_digit(value)


def is_signature(text: str, name: str, end: int) -> bool:
    """Whether the name that ends here is a query parameter that is the key or the signature of a URL."""
    start = end - len(name)
    return name in QUERY_NAMES and (start == 0 or text[start - 1] in "?&")


def options(text: str) -> Iterator[Place]:
    """The places of values behind `--name`."""
    return (plain_value(text, match.end()) for match in OPTION.finditer(text) if is_secret(match["name"]))


def plain_value(text: str, at: int) -> Place:
    """The place of a value in a command line, quoted or not."""
    quote = QUOTE.match(text, at)
    if quote:
        return quote.end(), closing(text, quote[0], quote.end())
    match = PLAIN_VALUE.match(text, at)
    return match.span("value") if match else (at, at)


def cookies(text: str, at: int) -> tuple[Place, int]:
    """The place of the cookies behind `Cookie: `, empty where no `=` follows, and how far the text was read for it."""
    match = COOKIES.match(text, at)
    if match is None:
        return (at, at), at
    return (match.span() if "=" in match[0] else (at, at)), match.end()
