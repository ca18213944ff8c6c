"""
A span with the events that joined it, and whether an event says something that the span does not. Pure functions.

The events that joined come before the span's own, by time: of several exceptions, that of the span itself counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.conventions.content import is_placeholder, parsed
from telemetry.conventions.facts import IDENTITY, finish_of
from telemetry.conventions.genai import NAMES
from telemetry.conventions.message_events import is_genai_event
from telemetry.otlp.values import plain_attributes, python_value
from telemetry.spans.attribute_lookup import reasons_in
from telemetry.spans.span import DETAILS

MOST_EVENTS = 1024  # of a span, as with those that it is sent with
EXCEPTION, OPERATION = "exception", "gen_ai.operation.name"
# What says which message it is, and nothing of what it says.
ROUTINE = frozenset(
    {"event.name", "gen_ai.system", "gen_ai.provider.name", "role", "index", "id", "type", "name", "log.body"}
)
FINISH = "finish_reason"
MOST_VALUES = 5_000  # of an event that are looked at; with more it says something

Event = SpanMessage.Event


def joined_before(original: SpanMessage, current: SpanMessage) -> list[Event]:
    """The events that joined the span so far, given the span as it was sent and as it is stored."""
    return list(current.events[: len(current.events) - len(original.events)])


def with_events(original: SpanMessage, joined: Iterable[Event]) -> SpanMessage:
    """The span as it was sent, with these events before its own: the first MOST_EVENTS by time."""
    merged = SpanMessage()
    merged.CopyFrom(original)
    del merged.events[:]
    room = max(0, MOST_EVENTS - len(original.events))
    merged.events.extend(sorted(joined, key=event_order)[:room])
    merged.events.extend(original.events)
    return merged


def event_order(event: Event) -> tuple[int, str, bytes]:
    """What events are ordered by, so that the order in which they came does not matter."""
    return event.time_unix_nano, event.name, serialized(event)


def serialized(event: Event) -> bytes:
    """Bytes that are equal for equal events."""
    return event.SerializeToString(deterministic=True)


class OwnFacts:
    """What a span says itself, each read once for all events that may join it."""

    def __init__(self, span: SpanMessage) -> None:
        self.attributes = plain_attributes(span.attributes)
        self.exceptions = {exception_named(own) for own in span.events if own.name == EXCEPTION}
        self.contents: dict[str, Any] = {}

    @cached_property
    def finish(self) -> list[str]:
        """The reasons why the model stopped."""
        return finish_of(self.attributes, NAMES).split(",")

    def says(self, name: str, content: Any) -> bool:
        """Whether the attribute of this name has this content, which may be JSON in a text."""
        if name not in self.contents:
            self.contents[name] = parsed(self.attributes.get(name))
        return bool(self.contents[name] == content)


def is_news(event: Event, own: OwnFacts) -> bool:
    """Whether the event says anything that the span, as it was sent, does not."""
    if event.name == EXCEPTION:
        return exception_named(event) not in own.exceptions
    if not is_genai_event(event.name):
        return True
    for name, value in plain_attributes(event.attributes).items():
        content = parsed(value)
        # What the span says is parsed last: it may be long, and what says nothing need not be compared with it.
        if name in ROUTINE or not has_content(content) or own.says(name, content):
            continue
        if name != FINISH or reasons_in(value) not in own.finish:
            return True
    return False


def exception_named(event: Event) -> str:
    """The type and the message of an exception, as a text that is equal for equal ones."""
    attributes = plain_attributes(event.attributes)
    return repr([attributes.get("exception.type"), attributes.get("exception.message")])


def has_content(value: Any) -> bool:
    """Whether the value, or one inside it, is neither empty nor a placeholder of content that is switched off."""
    parts: list[Any] = [value]
    for part in parts:
        if isinstance(part, dict):
            parts += [inner for name, inner in part.items() if name not in ROUTINE]
        elif isinstance(part, list):
            parts += part
        elif isinstance(part, str):
            if part and not is_placeholder(part):
                return True
        elif part is not None:
            return True
        if len(parts) > MOST_VALUES:
            return True
    return False


def new_events(
    original: SpanMessage, current: SpanMessage, candidates: Sequence[Event]
) -> list[Event | None]:
    """For each candidate the event that joins the span now; None for one that joined before, or says nothing new."""
    known, own = {serialized(event) for event in current.events}, OwnFacts(original)
    found: list[Event | None] = []
    for candidate in candidates:
        event = without_repeats(candidate, own)
        content = serialized(event)
        is_new = content not in known and is_news(event, own)
        found.append(event if is_new else None)
        known.add(content)
    return found


def without_repeats(event: Event, own: OwnFacts) -> Event:
    """
    The details of a model call without what the span itself says, mostly contents; other events as they are.

    The span says what it did, and whether that failed: details are those of a span with an operation of GenAI, and no
    other names than the event's are kept.
    """
    if event.name != DETAILS:
        return event
    pairs = [
        pair
        for pair in event.attributes
        if OPERATION in own.attributes
        and is_of_details(pair.key)
        and not (pair.key in own.attributes and own.says(pair.key, parsed(python_value(pair.value))))
    ]
    return Event(name=event.name, time_unix_nano=event.time_unix_nano, attributes=pairs)


def is_of_details(name: str) -> bool:
    """
    Whether the attribute is one that the details of a model call have, or names its session or user.

    https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/gen-ai-events.md
    """
    return name.startswith("gen_ai.") or name in IDENTITY
