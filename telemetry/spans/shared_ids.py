"""
Span ids that two spans share: the client's and the server's span of one call, as Zipkin's instrumentations write them.

Spans with the same ids are one span if their kind, service, name and start are the same too; otherwise the one that
came later is stored under a span id of its own. That is a hash of what tells the two apart, so that a span sent again
gets the same one. Which of them keeps the id that both were sent with depends on the order in which they came.
https://github.com/openzipkin/b3-propagation#why-is-parentspanid-propagated
"""

from __future__ import annotations

from hashlib import blake2b

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.spans.record_ids import SPAN_BYTES


def own_span_id(span: SpanMessage) -> bytes:
    """The id under which the span is stored where another span has the one that it was sent with."""
    facts = f"{span.kind}\x00{span.start_time_unix_nano}\x00{span.name}".encode("utf-8", "replace")
    return blake2b(span.span_id + facts, digest_size=SPAN_BYTES).digest()


def is_stored_under(span: SpanMessage, stored_span_id: bytes | memoryview) -> bool:
    """Whether a span that was sent like this has this id in the store: its own, or one of a shared id."""
    return span.span_id == stored_span_id or own_span_id(span) == stored_span_id
