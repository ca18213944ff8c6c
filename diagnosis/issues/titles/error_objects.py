"""
The error text of an object in a message: `{"error": {"message": "no such order"}}`, `{'detail': 'no such order'}`.

Where it has a text of its own and `data` with another one, as JSON-RPC's errors and those of the OpenAI Agents SDK have
(https://openai.github.io/openai-agents-python/ref/tracing/), what is in `data` names the cause and follows.

The text is found by its name, not by a parser, because a message is cut at 500 characters: the object has no end then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Names of error texts, by how much they say. RFC 9457, RFC 6749, JSON-RPC, Google, OpenAI and Anthropic have one each.
NAMES = (
    "message",
    "error_description",
    "errorMessage",
    "detail",
    "details",
    "msg",
    "error",
    "reason",
    "description",
    "title",
    "text",
)
QUOTED = r"""(?:"((?:[^"\\]|\\.?)*+)|'((?:[^'\\]|\\.?)*+))"""
TEXT = {name: re.compile(rf"""["']?(?<!\w){name}["']?\s?(?::|=>|=)\s?{QUOTED}""", re.I) for name in NAMES}
OPENING = re.compile(r"""[{\[](?=\s?["'{:]|[\w-]{1,60}\s?[:=]|$)|^<(?=[A-Z_]\w{1,60} )""")
ERROR = re.compile(r"""["']?\berrors?["']?\s?(?::|=>|=)\s?[\[{]""", re.I)
DATA = re.compile(r"""["']data["']\s?:\s?\{""")
DETAILS = ("error", "detail", "details", "message", "reason", "msg")  # names of texts in `data`
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
OBJECT = re.compile(r"""\{\s?(?:["']|[\w-]{1,60}\s?[:=])[^{}]{0,400}(?:\}|$)""")  # not `{id}` of a route
OTHERS = {"n": " ", "t": " ", "r": " "}
MOST_DEEP = 4


@dataclass(frozen=True, slots=True)
class ErrorObject:
    """Where an object begins in a message, and its error text."""

    start: int
    text: str


def error_text(message: str) -> ErrorObject | None:
    """The error text of the first object in the message; None without an object, or where it has none."""
    opening = OPENING.search(message)
    if not opening:
        return None
    inner = message[opening.start() :]
    error = ERROR.search(inner)
    parts = (inner[error.start() :], inner) if error else (inner,)
    found = next((text for part in parts for name in NAMES if (text := named_text(part, name))), "")
    return ErrorObject(opening.start(), with_data(found, inner)) if found else None


def with_data(text: str, inner: str) -> str:
    """The error text with the one in the object's `data`, where there is another one."""
    data = DATA.search(inner)
    nested = inner[data.end() :] if data else ""
    detail = next((found for name in DETAILS if nested and (found := named_text(nested, name))), "")
    return f"{text}: {detail}" if detail and detail not in text and text not in detail else text


def named_text(part: str, name: str) -> str:
    """The text with this name, without escapes, "" without one; of a text that is an object, that object's text."""
    match = TEXT[name].search(part)
    text = plain(match[1] if match[1] is not None else match[2]) if match else ""
    for _ in range(MOST_DEEP):
        nested = error_text(text) if text[:1] in "{[" and text else None
        if not nested:
            break
        text = nested.text
    return " ".join(text.split())


def plain(text: str) -> str:
    """The text with its escapes resolved where they stand for characters that can be seen; others stay escapes."""
    return ESCAPE.sub(character, text)


def character(escape: re.Match[str]) -> str:
    """The character of one escape."""
    if escape[1] is None:
        return OTHERS.get(escape[2], escape[2])
    found = chr(int(escape[1], 16))
    return found if found.isprintable() else escape[0]


def without_objects(message: str) -> str:
    """The message with `{…}` in the place of objects, which have no error text; a message that is one stays."""
    if message[:1] in "{[":
        return message
    for _ in range(MOST_DEEP):
        shorter = OBJECT.sub("{…}" if "…" not in message else "…", message)
        if shorter == message:
            break
        message = shorter
    return message
