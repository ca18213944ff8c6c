"""
Values behind names without quotes.

    password=...   ?access_token=...&   API_KEY = "..."   Server=db;Pwd=...;     assigned
    Authorization: Bearer ...   { apiKey: '...' }   api_key: ...                by a colon
    secret = ...                                                                on a line of its own
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.values import (
    PART,
    cookies_place,
    credentials_place,
    quoted_place,
    word_place,
)
from telemetry.scrubbing.names import is_folder, is_secret, split_words
from telemetry.scrubbing.randomness import has_digit, looks_random

SEPARATOR = re.compile(r"=>[ \t]?|=(?![=>]) ?|:[ \t]{1,4}|:(?=[^\s:/\"'\\,=])")
NAME_BACKWARDS = re.compile(r"[\w.-]{1,65}+")
# Query parameters that are the key or the signature of a URL:
# https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/
SIGNATURES = frozenset(
    {"sig", "signature", "Signature", "AWSAccessKeyId", "X-Goog-Signature", "X-Amz-Signature"}
)
QUERY_KEYS = frozenset({"key", "auth"})  # also the name of a section or a setting
ALWAYS_SECRET = frozenset({"authorization", "password", "passwd", "passphrase", "pwd"})
LINE = re.compile(r"(?:\A|\n|\\n)[ \t]{0,40}(?:- |export |set )?\Z")
LINE_END = re.compile(r"[ \t]{0,8}(?:\r?\n|\\{1,15}[nr]|\Z|#)")
CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|.*[(\[]", re.DOTALL)
LONGEST_KEY = 256  # characters of a query key that are looked at
NEAR = 60  # characters before a name in which its line begins


def assigned(text: str) -> Iterator[Place]:
    """The places of values behind `name=` and `name: `; where both are the same word (`token=token`), it is code."""
    last_end = line_end = 0
    for separator in SEPARATOR.finditer(text):
        name = name_before(text, separator) if separator.start() >= last_end else ""
        if name.lower().endswith("cookie") and not separator[0].startswith("="):
            if separator.start() < line_end:  # it was read, and has no cookie
                continue
            place, line_end = cookies_place(text, separator.end())
            last_end = max(last_end, place[1])
        elif name and may_assign(text, name, separator):
            place = value_of(text, name, separator)
            last_end = max(last_end, place[1])
        else:
            continue
        if text[slice(*place)] != name:
            yield place


def may_assign(text: str, name: str, separator: re.Match[str]) -> bool:
    """Whether what follows is the value of a secret name. Nothing that is long is read for it."""
    if separator[0] == ":":  # as Go prints a struct: `{User:shop Password:...}`
        start = name_start(text, name, separator)
        return name[:1].isupper() and text[start - 1 : start] in {" ", "{"} and is_secret(name)
    return is_secret(name) or is_query_key(text, name, separator)


def name_before(text: str, separator: re.Match[str]) -> str:
    """The name before the separator; one space may stand between the name and `=`."""
    end = separator.start()
    if separator[0].startswith("=") and text[end - 1 : end] == " ":
        end -= 1
    match = NAME_BACKWARDS.match(text[max(0, end - 65) : end][::-1])
    name = match[0][::-1] if match else ""
    is_escape = name[:1] in set("nrt") and text[end - len(name) - 1 : end - len(name)] == "\\"
    return name[1:] if is_escape else name  # the first letter is that of `\n`


def value_of(text: str, name: str, separator: re.Match[str]) -> Place:
    """The place of the value behind the separator, in quotes or one word; empty for a word of a sentence or of code."""
    at = separator.end()
    quoted = quoted_place(text, at)
    if quoted:
        return quoted
    if split_words(name)[-1:] == ("authorization",) and (place := credentials_place(text, at)):
        return place
    place, has_scheme = word_place(text, at)
    if is_folder(name, text[at : at + 4]):
        return at, at
    start = name_start(text, name, separator)
    if separator[0] == "=" and text[start - 1 : start] == ";" and (part := PART.match(text, at)):
        return part.span()
    if has_scheme or is_value(text, name, separator, place):
        return place
    return at, at


def name_start(text: str, name: str, separator: re.Match[str]) -> int:
    """Where the name before the separator begins."""
    return text.rfind(name, max(0, separator.start() - len(name) - 1), separator.start())


def is_value(text: str, name: str, separator: re.Match[str], place: Place) -> bool:
    """Whether the word there is the value of the name, and not a word of a sentence or a call in code."""
    value, kind = text[slice(*place)], separator[0]
    if kind in {"=", "=>"}:
        return (
            text[separator.start() - 1] != " " or is_key(name, value) or is_line(text, name, separator, place)
        )
    if kind == ":":
        return not CODE.match(value)
    is_close = kind == "= " and text[separator.start() - 1] != " "
    return is_close or is_key(name, value) or is_line(text, name, separator, place)


def is_key(name: str, value: str) -> bool:
    """Whether the word behind `name: ` or `name = ` looks like a secret, for a name that is no common word."""
    if "(" in value or "[" in value:
        return False
    if "-" in name:  # a header; words of sentences are stand-ins
        return True
    is_common_word = len(split_words(name)) == 1 and name.lower() not in ALWAYS_SECRET
    return not is_common_word and len(value) >= 6 and has_digit(value)


def is_line(text: str, name: str, separator: re.Match[str], place: Place) -> bool:
    """Whether name and value are a line of their own, as in a file of settings, and the value is no code."""
    start = name_start(text, name, separator)
    return (
        LINE.search(text[max(0, start - NEAR) : start]) is not None
        and LINE_END.match(text, place[1]) is not None
        and CODE.match(text, *place) is None
        and (has_digit(text[slice(*place)]) or has_lines(text[max(0, start - NEAR) : place[1] + NEAR]))
    )


def has_lines(text: str) -> bool:
    """Whether the text is of more than one line, also as JSON writes it."""
    return "\n" in text or "\\n" in text


def is_query_key(text: str, name: str, separator: re.Match[str]) -> bool:
    """Whether the name is that of a query parameter that is the key or the signature of a URL."""
    start = separator.start() - len(name)
    if start and text[start - 1] not in "?&":
        return False
    if name in SIGNATURES:
        return True
    return (
        name in QUERY_KEYS and start > 0 and looks_random(text[slice(*word_place(text, separator.end())[0])])
    )
