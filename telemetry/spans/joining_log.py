"""
A log record that belongs to a span, as the span that it was made, and as the event that it becomes on the other one.

Events of spans are being replaced by log records with the same names and attributes:
https://opentelemetry.io/docs/specs/otel/logs/data-model/#events
"""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.spans.span import SpanOrigin

EVENT_NAME = (
    "loopkit.log_event"  # an attribute: the full name of a client's event, on the record that was made of it
)
BODY, SEVERITY, SEVERITY_TEXT = "log.body", "log.severity_number", "log.severity_text"
ERROR = 17  # the lowest severity number of an error: .../data-model/#field-severitynumber


class JoiningLog(NamedTuple):
    """A log record and the span that it names. `message` has its own ids; its parent is that span."""

    trace_id: bytes
    span_id: bytes  # of the span that it names
    log_id: bytes  # its own span id
    waits_nano: int  # how long it waits for that span
    origin: SpanOrigin
    message: SpanMessage


def event_of(message: SpanMessage) -> SpanMessage.Event:
    """The event of a span that was made of a log record: its exception, its attributes, and the body of a failure."""
    exception = message.events[0].attributes if message.events else ()
    attributes = [*exception, *(pair for pair in message.attributes if pair.key != EVENT_NAME)]
    if message.status.message:
        attributes.append(KeyValue(key=BODY, value=AnyValue(string_value=message.status.message)))
    return SpanMessage.Event(
        name=message.events[0].name if message.events else message.name,
        time_unix_nano=message.end_time_unix_nano,
        attributes=attributes,
    )
