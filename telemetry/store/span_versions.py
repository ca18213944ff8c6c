"""
Two versions of one span: what differs between the one that is stored and one that came later with the same ids.

A span sent again is the same in all of this, whichever encoding it came in: numbers of JavaScript keep nanoseconds
only to some hundreds, so that times within a microsecond are the same time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.otlp.values import plain_attributes

SAME_TIME_NANO = 1000


def is_same_time(one_unix_nano: int, other_unix_nano: int) -> bool:
    """Whether the two times differ by less than what encodings lose."""
    return abs(one_unix_nano - other_unix_nano) < SAME_TIME_NANO


def events_of(span: SpanMessage) -> list[Any]:
    """The names and attributes of the span's events."""
    return [(event.name, plain_attributes(event.attributes)) for event in span.events]


def links_of(span: SpanMessage) -> list[Any]:
    """The spans that the span links to."""
    return [(link.trace_id, link.span_id) for link in span.links]


# What is compared, by the name of the field.
COMPARED: dict[str, Callable[[SpanMessage], Any]] = {
    "parent_span_id": lambda span: span.parent_span_id,
    "status": lambda span: (span.status.code, span.status.message),
    "attributes": lambda span: plain_attributes(span.attributes),
    "events": events_of,
    "links": links_of,
}


def differing_fields(stored: SpanMessage, later: SpanMessage) -> list[str]:
    """The names of the fields in which the later version differs, in the order of COMPARED, the end first."""
    is_same_end = is_same_time(stored.end_time_unix_nano, later.end_time_unix_nano)
    fields = [name for name, value in COMPARED.items() if value(stored) != value(later)]
    return fields if is_same_end else ["end_time_unix_nano", *fields]
