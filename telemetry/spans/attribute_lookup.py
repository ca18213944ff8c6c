"""
Lookup of attributes whose names and types vary by client: the first name that is present wins.

https://opentelemetry.io/docs/specs/otel/common/#attribute
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Attributes = Mapping[str, Any]

SESSION_NAMES = (
    "session_id",
    "sessionId",
    "conversation_id",
    "conversationId",
    "thread_id",
    "threadId",
    "chat_id",
    "chatId",
)
USER_NAMES = ("user_id", "userId")
MAX_COUNT = 10**12  # tokens of one call; sums of them stay within 64 bits
LIST_STARTS = ("[", "(")
FINISH_NAMES = ("finish_reason", "stop_reason", "finishReason")
DETAILS, REASON = "incomplete_details", "reason"  # OpenAI's Responses give the reason in an object
# In a text of JSON, and in the repr of a Python object inside it: smolagents' answers hold the provider's response so.
FINISH_KEYS = (*(f'"{name}"' for name in (*FINISH_NAMES, DETAILS)), "finish_reason=")
QUOTES = ('"', "'")
MOST_PARTS = 500  # of an answer, lists and objects
WORD = re.compile(r"[\w.\-]+")
# What redaction leaves in place of an id: `[Scrubbed due to 'session']` of Logfire, `[Filtered]` of Sentry and Rails,
# `[REDACTED]`, `<redacted>`, `***`. https://logfire.pydantic.dev/docs/how-to-guides/scrubbing/,
# https://guides.rubyonrails.org/configuring.html#config-filter-parameters
PLACEHOLDER_STARTS = frozenset("[<*")
PLACEHOLDER = re.compile(r"\[[^\[\]]*\]|<[^<>]*>|\*+")


def prefixed(prefix: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names under a prefix, for keys that an application chooses freely."""
    return tuple(prefix + name for name in names)


def first_text(attributes: Attributes, names: tuple[str, ...]) -> str:
    """The first value that is a number or a non-empty text, as text; "" without one."""
    for name in names:
        if name in attributes:
            value = attributes[name]
            if isinstance(value, str):
                if value:
                    return value
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                return str(value)
    return ""


def first_id(attributes: Attributes, names: tuple[str, ...]) -> str:
    """The first text that is an id, and no placeholder of redaction, which many share; "" without one."""
    value = first_text(attributes, names)
    if value[:1] not in PLACEHOLDER_STARTS or not PLACEHOLDER.fullmatch(value):
        return value
    return first_id({name: attributes[name] for name in names if attributes.get(name, value) != value}, names)


def first_count(attributes: Attributes, names: tuple[str, ...]) -> int | None:
    """The first number, cut to an int, also one that a client wrote as text; None without one from 0 to MAX_COUNT."""
    for name in names:
        if name in attributes:
            value = attributes[name]
            if type(value) is int:  # as nearly always
                return value if 0 <= value < MAX_COUNT else None
            if isinstance(value, float):
                return int(value) if 0 <= value < MAX_COUNT else None
            if isinstance(value, str) and value.isdecimal() and len(value) <= 12:
                return int(value)
    return None


def first_present(attributes: Attributes, names: tuple[str, ...]) -> Any:
    """The first value, of whatever type, that is neither None nor ""; None without one."""
    for name in names:
        if name in attributes:
            value = attributes[name]
            if value is not None and value != "":
                return value
    return None


def first_of_list(value: Any) -> str:
    """The first entry of a list (finish reasons), also of a list written as text; any other text or number as it is."""
    if isinstance(value, list):
        value = value[0] if value else ""
    if not isinstance(value, str):
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
    if value.startswith(LIST_STARTS):
        match = WORD.search(value)
        return match[0] if match else ""
    return value


def finish_in(answer: Any) -> str:
    """The last finish reason inside a recorded answer, which is mostly a text of JSON; "" without one."""
    if isinstance(answer, list | dict):
        return finish_in_parts(answer)
    if not isinstance(answer, str):
        return ""
    for key in FINISH_KEYS:  # without parsing the answer
        _, separator, rest = answer.rpartition(key)
        rest = rest[:60].lstrip(" :")
        if rest.startswith("{"):
            rest = rest.partition(":")[2].lstrip()
        if separator and rest.startswith(QUOTES):
            return rest[1:].partition(rest[0])[0]
    return ""


def finish_in_parts(answer: list[Any] | dict[str, Any]) -> str:
    """The last finish reason inside an answer of lists and objects."""
    parts: list[Any] = [answer]
    found = ""
    for number, part in enumerate(parts):
        if number >= MOST_PARTS:
            break
        if isinstance(part, dict):
            details = part.get(DETAILS)
            reasons = [part.get(key) for key in FINISH_NAMES]
            reasons += [details.get(REASON)] if isinstance(details, dict) else []
            found = next((reason for reason in reasons if isinstance(reason, str) and reason), found)
        children = part.values() if isinstance(part, dict) else part
        parts += [child for child in children if isinstance(child, list | dict)]
    return found
