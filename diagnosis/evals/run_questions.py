"""The question that a run was asked: the user's message in the first step that recorded one, else its first input."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import F

from telemetry import conventions
from telemetry.conventions.content import parsed
from telemetry.models import Record
from telemetry.otlp import decode
from telemetry.reads.record_parts import RecordParts, parts_of
from telemetry.regrouping import stored_origin

UNITS = ("graph_node", "llm_call")  # that are asked something; a tool is told what to do
MOST = 50  # steps of a run that are read: the first by time
TEXTS = ("text", "content")  # under which a part of a message has its text
NAMES = ("question", "query", "input", "prompt", "message", "messages", "contents")

OUTER_FIRST = F("parent_span_id").asc(nulls_first=True)


def questions(trace_ids: Iterable[bytes]) -> dict[bytes, Any]:
    """The question of each of these traces of the bound project that recorded one."""
    found = {trace_id: question_of(trace_id) for trace_id in sorted(trace_ids)}
    return {trace_id: question for trace_id, question in found.items() if question}


def question_of(trace_id: bytes) -> Any:
    """The question of one trace; None if no step recorded what it was asked."""
    rows = Record.objects.filter(trace_id=trace_id, unit__in=UNITS)
    first = list(rows.order_by("start_time_unix_nano", OUTER_FIRST, "span_id")[:MOST])
    inputs = [recorded for parts in parts_of(first) if (recorded := input_of(parts)) is not None]
    return next(filter(None, map(user_text, inputs)), None) or next(iter(inputs), None)


def input_of(parts: RecordParts) -> Any:
    """The input that the span recorded; None without one."""
    if parts.missing:
        return None
    span = decode.read_span(parts.span.SerializeToString(), stored_origin(parts.origin))
    convention = conventions.convention_of(span)
    return parsed(convention.input_of(span)) if convention else None


def user_text(recorded: Any) -> str:
    """The text that a user wrote, in a text, in messages, or under a name that says so; "" if there is none."""
    if isinstance(recorded, str):
        return recorded
    if isinstance(recorded, list):
        messages = [message for message in recorded if isinstance(message, dict)]
        return next(
            (message_text(message) for message in messages if message.get("role") in ("user", "human")), ""
        )
    if isinstance(recorded, dict):
        if recorded.get("role") in ("user", "human"):
            return message_text(recorded)
        return next((text for name in NAMES if (text := user_text(recorded.get(name)))), "")
    return ""


def message_text(message: dict[str, Any]) -> str:
    """The text of a message: its content, or the texts of its parts in their order."""
    content = message.get("content") or message.get("parts") or message.get("text") or ""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else [content]
    texts = (part if isinstance(part, str) else next((part[key] for key in TEXTS if isinstance(part.get(key), str)), "")
             for part in parts if isinstance(part, str | dict))  # fmt: skip
    return "\n".join(text for text in texts if text)
