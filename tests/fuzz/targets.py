"""
What no input may break: a body is decoded, normalised and shown again, or it is refused in one of the known ways.

Each target takes bytes, for the fuzzer, for hypothesis and for the inputs that once broke something.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress

import orjson
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from loopkit.http.errors import ApiError
from telemetry.api import otlp_body
from telemetry.grouping.versions import NEWEST
from telemetry.logs.identity import identify
from telemetry.logs.log_spans import spans_of_logs
from telemetry.normalise import normalise
from telemetry.otlp.decode import (
    Decoded,
    Encoding,
    TooManySpans,
    Undecodable,
    decode_spans,
    parse_export_request,
    read_span,
)
from telemetry.otlp.decode_logs import parse_logs_request
from telemetry.reads import record_json
from telemetry.scrubbing.scrub import scrub
from telemetry.spans.joining_log import event_of
from telemetry.spans.span import Span
from telemetry.store.joined_logs.merged_span import joined_before, new_events, with_events

INT64 = range(-(1 << 63), 1 << 63)


class Sent(io.BytesIO):
    """A request with this body."""

    def __init__(self, data: bytes, encoding: str) -> None:
        super().__init__(data)
        self.META = {"CONTENT_LENGTH": str(len(data)), "HTTP_CONTENT_ENCODING": encoding}


def json(data: bytes) -> None:
    """The body of an application/json request."""
    ingest(data, Encoding.JSON)


def protobuf(data: bytes) -> None:
    """The body of an application/x-protobuf request."""
    ingest(data, Encoding.PROTOBUF)


def compressed(data: bytes) -> None:
    """The first byte chooses the Content-Encoding."""
    encoding = ("gzip", "deflate", "identity", "zstd")[data[0] % 4] if data else ""
    with suppress(ApiError):
        protobuf(otlp_body.read_body(Sent(data[1:], encoding)))


def json_logs(data: bytes) -> None:
    """The body of an application/json request of log records."""
    take_logs(data, Encoding.JSON)


def protobuf_logs(data: bytes) -> None:
    """The body of an application/x-protobuf request of log records."""
    take_logs(data, Encoding.PROTOBUF)


def take_logs(data: bytes, encoding: Encoding) -> None:
    """From the body to rows and back to what agents read; the ids that log records get are valid."""
    with suppress(Undecodable, TooManySpans):
        logs = parse_logs_request(data, encoding)
        made = spans_of_logs(logs)
        sent = sum(len(scope.log_records) for group in logs.resource_logs for scope in group.scope_logs)
        seen = made.others
        for request in (made.records, made.joining):
            scrub(request, request.SerializeToString())
            identify(request)
            decoded = decode_spans(request.SerializeToString())
            seen += len(decoded.spans) + len(decoded.rejected)
            assert {*decoded.rejected} <= {"reserved trace_id"}
            for span in decoded.spans:
                check_row(span)
                check_shown(span)
                check_joined(span)
        assert seen == sent


def check_joined(log: Span) -> None:
    """A log record joins a span once, whatever it says, and the span can be read, stored and shown with it."""
    own = SpanMessage(trace_id=log.trace_id, span_id=log.span_id, name="chat")
    events = [event for event in new_events(own, own, [event_of(log.message)] * 2) if event]
    joined = with_events(own, events)
    assert len(events) <= 1
    assert new_events(own, joined, events) == [None] * len(events)
    assert joined_before(own, joined) == events
    span = read_span(joined.SerializeToString(), log.origin)
    check_row(span)
    check_shown(span)


def ingest(data: bytes, encoding: Encoding) -> Decoded | None:
    """From the body to rows and back to what agents read; None for a body that is refused."""
    try:
        request = parse_export_request(data, encoding)
    except (Undecodable, TooManySpans):
        return None
    scrub(request, request.SerializeToString())
    decoded = decode_spans(request.SerializeToString())
    for span in decoded.spans:
        check_row(span)
        check_shown(span)
    return decoded


def check_row(span: Span) -> None:
    """Every database takes the columns, and the same span gives the same row."""
    row = normalise(span, NEWEST)
    for value in row:
        assert not isinstance(value, int) or value in INT64
        assert not isinstance(value, str) or "\x00" not in value.encode().decode()
    assert normalise(span, NEWEST)[:-2] == row[:-2]


def check_shown(span: Span) -> None:
    """The span as it is stored can be read again, and written as JSON."""
    shared = ResourceSpans.FromString(span.origin.resource_message)
    shared.scope_spans.add().ParseFromString(span.origin.scope_message)
    stored = type(span.message).FromString(span.message.SerializeToString())
    content = record_json.content(stored, record_json.origin_json(shared))
    orjson.dumps(
        [content, record_json.record_capture(stored.SerializeToString(), record_json.span_origin(shared))]
    )


TARGETS: dict[str, Callable[[bytes], None]] = {
    "json": json,
    "protobuf": protobuf,
    "compressed": compressed,
    "json_logs": json_logs,
    "protobuf_logs": protobuf_logs,
}
