"""
Lookup of attributes whose names and types vary by client: the first name that is present wins.

https://opentelemetry.io/docs/specs/otel/common/#attribute
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
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
MOST_REASONS = 100  # of the choices of a call
LONGEST_REASONS = 2_000  # characters of reasons in a text
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


def reasons_in(value: Any) -> str:
    """
    The distinct finish reasons of the choices of one call, joined by commas; "" without one.

    They come as a list, as a list in a text (JSON, a repr, in brackets), joined by commas, or as one text or number.
    """
    if isinstance(value, str):
        if not value.startswith(LIST_STARTS):
            return value
        words = (WORD.search(part) for part in value[:LONGEST_REASONS].split(","))
        return joined_reasons(word[0] for word in words if word)
    if isinstance(value, list):
        return joined_reasons(reason_text(entry) for entry in value[:MOST_REASONS])
    return reason_text(value)


def joined_reasons(reasons: Iterable[str]) -> str:
    """The distinct ones of these reasons that are not empty, in their order, joined by commas."""
    return ",".join(dict.fromkeys(filter(None, reasons)))


def reason_text(value: Any) -> str:
    """A reason that is a text or a number, as text; "" for other values."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if isinstance(value, str) else str(value) if is_number else ""


def finish_in(answer: Any) -> str:
    """The distinct finish reasons inside a recorded answer, mostly a text of JSON, joined by commas; "" without one."""
    if isinstance(answer, list | dict):
        return joined_reasons(reasons_of_parts(answer))
    if not isinstance(answer, str):
        return ""
    for key in FINISH_KEYS:  # without parsing the answer
        if key in answer and (
            found := joined_reasons(map(quoted_reason, answer.split(key, MOST_REASONS)[1:]))
        ):
            return found
    return ""


def quoted_reason(rest: str) -> str:
    """The reason at the beginning of the text behind its key; "" where the key has another value."""
    rest = rest[:60].lstrip(" :")
    if rest.startswith("{"):
        rest = rest.partition(":")[2].lstrip()
    return rest[1:].partition(rest[0])[0] if rest.startswith(QUOTES) else ""


def reasons_of_parts(answer: list[Any] | dict[str, Any]) -> Iterator[str]:
    """The finish reasons inside an answer of lists and objects."""
    parts: list[Any] = [answer]
    for number, part in enumerate(parts):
        if number >= MOST_PARTS:
            break
        if isinstance(part, dict):
            details = part.get(DETAILS)
            reasons = [part.get(key) for key in FINISH_NAMES]
            reasons += [details.get(REASON)] if isinstance(details, dict) else []
            yield next((reason for reason in reasons if isinstance(reason, str) and reason), "")
        children = part.values() if isinstance(part, dict) else part
        parts += [child for child in children if isinstance(child, list | dict)]
