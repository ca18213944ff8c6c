"""A log record that is kept as context of its trace, as the span that it was made (telemetry/logs)."""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.spans.span import Span

MOST_BYTES = 32 * 1024  # the attributes of a larger one are dropped


class ContextRow(NamedTuple):
    """A log record that is to be kept. `message` has its own ids; its parent is the span that it names."""

    trace_id: bytes
    log_id: bytes
    span_id: bytes  # of the span that it names; b"" for none
    time_unix_nano: int
    service: str
    message: SpanMessage


def context_row(span: Span) -> ContextRow:
    """The row of a log record, of the span that was made of it."""
    message = span.message
    if message.ByteSize() > MOST_BYTES:
        message.dropped_attributes_count += len(message.attributes)
        del message.attributes[:]
    ids = span.trace_id, span.span_id, span.parent_span_id
    return ContextRow(*ids, span.start_time_unix_nano, span.origin.service, message)
