"""
Values behind names without quotes.

    password=...   ?access_token=...&   API_KEY = "..."   Server=db;Pwd=...;     assigned
    Authorization: Bearer ...   { apiKey: '...' }   api_key: ...                by a colon
    secret = ...                                                                on a line of its own
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from telemetry.scrubbing.areas import most_names
from telemetry.scrubbing.kinds.search import Place
from telemetry.scrubbing.named.endings import REST
from telemetry.scrubbing.named.values import (
    PART,
    cookies_place,
    credentials_place,
    quoted_place,
    word_place,
)
from telemetry.scrubbing.names import is_folder, is_secret, split_words
from telemetry.scrubbing.randomness import has_digit, looks_random

# Behind the last word of a name; one space may stand between the name and `=`.
SEPARATOR = re.compile(
    rf"(?P<name>{REST})(?: (?==))?(?P<separator>=>[ \t]?|=(?![=>]) ?|:[ \t]{{1,4}}|:(?=[^\s:/\"'\\,=]))"
)
NAME_BACKWARDS = re.compile(r"[\w.-]{1,65}+")
# Query parameters that are the key or the signature of a URL:
# https://opentelemetry.io/docs/specs/semconv/registry/attributes/url/
SIGNATURES = frozenset(
    {"sig", "signature", "Signature", "AWSAccessKeyId", "X-Goog-Signature", "X-Amz-Signature"}
)
QUERY_KEYS = frozenset({"key", "auth"})  # also the name of a section or a setting
QUERY_NAMES = SIGNATURES | QUERY_KEYS
ALWAYS_SECRET = frozenset({"authorization", "password", "passwd", "passphrase", "pwd"})
LINE_BACKWARDS = re.compile(r"(?: -| tropxe| tes)?[ \t]{0,40}(?:\n|n\\|\Z)")
LINE_END = re.compile(r"[ \t]{0,8}(?:\r?\n|\\{1,15}[nr]|\Z|#)")
CODE = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+|.*[(\[]", re.DOTALL)
NEAR = 60  # characters before a name in which its line begins


class Assignment(NamedTuple):
    """A name that may be that of a secret, and what separates it from its value."""

    name: str
    start: int  # of the name
    end: int  # of the name
    separator: str
    at: int  # where the value begins


def assigned(text: str, ends: list[int]) -> Iterator[Place]:
    """The places of values behind `name=` and `name: `; where both are the same word (`token=token`), it is code."""
    last_end = line_end = count = 0
    most = most_names(text)
    for assignment in assignments(text, ends):
        name, separator, at = assignment.name, assignment.separator, assignment.at
        if at - len(separator) < last_end:
            continue
        if separator[0] == ":" and name.lower().endswith("cookie"):
            if at - len(separator) < line_end:  # it was read, and has no cookie
                continue
            place, line_end = cookies_place(text, at)
        elif may_assign(text, assignment):
            place = value_of(text, assignment)
        else:
            continue
        count += 1
        if count > most:
            yield 0, len(text)
            return
        last_end = max(last_end, place[1])
        if text[slice(*place)] != name:
            yield place


def assignments(text: str, ends: list[int]) -> Iterator[Assignment]:
    """What may assign a value to the name of a secret."""
    backwards = text[::-1] if ends else ""
    for last_word_end in ends:
        separator = SEPARATOR.match(text, last_word_end)
        before = NAME_BACKWARDS.match(backwards, len(text) - separator.end("name")) if separator else None
        if separator and before and (separator["separator"] != ":" or not before[0].islower()):
            end = separator.end("name")
            name = before[0][::-1]
            if name[0] in "nrt" and text[end - len(name) - 1 : end - len(name)] == "\\":
                name = name[1:]  # the first letter is that of `\n`
            yield Assignment(name, end - len(name), end, separator["separator"], separator.end())


def may_assign(text: str, assignment: Assignment) -> bool:
    """Whether what follows is the value of a secret name. Nothing that is long is read for it."""
    if assignment.separator == ":":  # as Go prints a struct: `{User:shop Password:...}`
        before = text[assignment.start - 1 : assignment.start]
        return assignment.name[:1].isupper() and before in {" ", "{"} and is_secret(assignment.name)
    return is_secret(assignment.name) or is_query_key(text, assignment)


def value_of(text: str, assignment: Assignment) -> Place:
    """The place of the value behind the separator, in quotes or one word; empty for a word of a sentence or of code."""
    name, at = assignment.name, assignment.at
    quoted = quoted_place(text, at)
    if quoted:
        return quoted
    if split_words(name)[-1:] == ("authorization",) and (place := credentials_place(text, at)):
        return place
    if is_folder(name, text[at : at + 4]):
        return at, at
    if text[assignment.start - 1 : assignment.start] == ";" and assignment.separator == "=":
        part = PART.match(text, at)
        if part:
            return part.span()
    place, has_scheme = word_place(text, at)
    return place if has_scheme or is_value(text, assignment, place) else (at, at)


def is_value(text: str, assignment: Assignment, place: Place) -> bool:
    """Whether the word there is the value of the name, and not a word of a sentence or a call in code."""
    separator, is_close = assignment.separator, assignment.end + len(assignment.separator) == assignment.at
    if separator == ":":
        return not CODE.match(text, *place)
    if is_close and separator in {"=", "=>", "= "}:
        return True
    return is_key(assignment.name, text[slice(*place)]) or is_line(text, assignment, place)


def is_key(name: str, value: str) -> bool:
    """Whether the word behind `name: ` or `name = ` looks like a secret, for a name that is no common word."""
    if "(" in value or "[" in value:
        return False
    if "-" in name:  # a header; words of sentences are stand-ins
        return True
    is_common_word = len(split_words(name)) == 1 and name.lower() not in ALWAYS_SECRET
    return not is_common_word and len(value) >= 6 and has_digit(value)


def is_line(text: str, assignment: Assignment, place: Place) -> bool:
    """Whether name and value are a line of their own, as in a file of settings, and the value is no code."""
    begin = max(0, assignment.start - NEAR)
    return (
        LINE_END.match(text, place[1]) is not None
        and LINE_BACKWARDS.match(text[begin : assignment.start][::-1]) is not None
        and CODE.match(text, *place) is None
        and (has_digit(text[slice(*place)]) or has_lines(text[begin : place[1] + NEAR]))
    )


def has_lines(text: str) -> bool:
    """Whether the text is of more than one line, also as JSON writes it."""
    return "\n" in text or "\\n" in text


def is_query_key(text: str, assignment: Assignment) -> bool:
    """Whether the name is that of a query parameter that is the key or the signature of a URL."""
    name, start = assignment.name, assignment.start
    if name not in QUERY_NAMES or (start and text[start - 1] not in "?&"):
        return False
    return name in SIGNATURES or (
        start > 0 and looks_random(text[slice(*word_place(text, assignment.at)[0])])
    )
