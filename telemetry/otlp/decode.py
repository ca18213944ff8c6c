"""
The spans of an OTLP request body. Both encodings are parsed into one message type, which is then read span by span.

Spans without valid ids can never be stored: each is refused with a reason, and the rest of the request is accepted.
https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.otlp import message_count, otlp_json
from telemetry.otlp.deep_values import noted_cuts, without_deep_values
from telemetry.otlp.message_count import TooManyParts, check_protobuf
from telemetry.otlp.misnamed_spans import MISNAMED
from telemetry.otlp.utf8_repair import repaired_request
from telemetry.otlp.values import plain_attributes
from telemetry.spans.form import form_of
from telemetry.spans.signal_traces import is_signal
from telemetry.spans.span import DETAILS, Span, SpanEvent, SpanOrigin
from telemetry.windows import FURTHEST

MAX_TIME = FURTHEST - 1  # the last time that a half-open window can hold
NO_TRACE_ID, NO_SPAN_ID = bytes(16), bytes(8)
# Reasons why a span is refused.
INVALID_TRACE_ID, INVALID_SPAN_ID = "invalid trace_id", "invalid span_id"
RESERVED_TRACE_ID = "reserved trace_id"
Request = TypeVar("Request", bound=Message)
KINDS, STATUS_CODES = range(6), range(3)  # those that OpenTelemetry knows; others count as 0


class Encoding(Enum):
    """The two encodings of OTLP/HTTP, by media type."""

    PROTOBUF = "application/x-protobuf"
    JSON = "application/json"

    @classmethod
    def of(cls, content_type: str) -> Encoding | None:
        """The encoding of a Content-Type header; parameters and case do not matter."""
        media_type = content_type.partition(";")[0].strip().lower()
        return next((encoding for encoding in cls if encoding.value == media_type), None)


class Undecodable(ValueError):
    """The body is not an ExportTraceServiceRequest in its encoding."""


class TooManySpans(ValueError):
    """The request holds more spans, or more of their parts, than one request may hold."""


@dataclass(slots=True)
class Decoded:
    """The valid spans of a request, and the reasons why others were refused."""

    spans: list[Span] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)  # one reason per span


def parse_export_request(body: bytes, encoding: Encoding) -> ExportTraceServiceRequest:
    """Return the official message. Raises Undecodable when the body is broken as a whole, and TooManySpans."""
    return read_export_request(body, encoding)[0]


def read_export_request(body: bytes, encoding: Encoding) -> tuple[ExportTraceServiceRequest, Counter[str]]:
    """Return the official message, and what is to be noted of the body, by reason. Raises as above."""
    with refusals(), noted_cuts() as noted:
        request, noted[MISNAMED] = (
            otlp_json.read_json_request(body)
            if encoding is Encoding.JSON
            else (from_protobuf(body, ExportTraceServiceRequest), 0)
        )
    if max(request_sizes(request)) > message_count.MAX_SPANS:
        raise TooManySpans(f"more than {message_count.MAX_SPANS} spans, scopes or resources")
    return request, noted


@contextmanager
def refusals() -> Iterator[None]:
    """Raise Undecodable and TooManySpans for the errors of parsers."""
    try:
        yield
    except TooManyParts as error:
        raise TooManySpans(str(error)) from error
    except (DecodeError, ValueError, RecursionError) as error:
        raise Undecodable(str(error) or type(error).__name__) from error


def request_sizes(request: ExportTraceServiceRequest) -> tuple[int, int]:
    """Return the number of spans, and that of resources and scopes: each is processed one by one."""
    scopes = [scope for group in request.resource_spans for scope in group.scope_spans]
    return sum(len(scope.spans) for scope in scopes), len(request.resource_spans) + len(scopes)


def from_protobuf(body: bytes, request_class: type[Request]) -> Request:
    """
    Return the message. If text that is not UTF-8 makes the parser refuse it, it is repaired and parsed again, and if
    values nest too deep, they are cut.
    """
    request_type: Any = request_class.DESCRIPTOR
    check_protobuf(body, request_type)
    with suppress(DecodeError):
        return request_class.FromString(body)
    with suppress(DecodeError):
        return request_class.FromString(repaired_request(body, request_type))
    readable = without_deep_values(body, request_type)
    if readable is body:
        raise DecodeError("The body is not a message of OTLP in protobuf.")
    with suppress(DecodeError):
        return request_class.FromString(readable)
    return request_class.FromString(repaired_request(readable, request_type))


def decode_spans(request: ExportTraceServiceRequest, are_signals: bool = False) -> Decoded:
    """
    Return the request's valid spans in the order sent, and the reasons why others are refused.

    Trace ids of user signals are valid if `are_signals`, since LoopKit makes them: producers can send none.
    """
    decoded = Decoded()
    for origin, message in walk_spans(request):
        span = read_span(message, origin)
        reason = invalid_reason(span, are_signals)
        if reason:
            decoded.rejected.append(reason)
        else:
            decoded.spans.append(span)
    return decoded


def walk_spans(request: ExportTraceServiceRequest) -> Iterator[tuple[SpanOrigin, SpanMessage]]:
    """Yield every span with its SpanOrigin, which all spans of its scope share."""
    for group in request.resource_spans:
        resource = plain_attributes(group.resource.attributes)
        resource_message = deterministic_bytes(
            ResourceSpans(resource=group.resource, schema_url=group.schema_url)
        )
        for scope_group in group.scope_spans:
            scope = scope_group.scope
            scope_message = deterministic_bytes(ScopeSpans(scope=scope, schema_url=scope_group.schema_url))
            origin = SpanOrigin(resource, scope.name, scope.version, resource_message, scope_message)
            for span in scope_group.spans:
                yield origin, span


def deterministic_bytes(message: ResourceSpans | ScopeSpans) -> bytes:
    """Return the message as bytes that are equal for equal content."""
    return message.SerializeToString(deterministic=True)


def invalid_reason(span: Span, are_signals: bool) -> str:
    """Return the reason why the span cannot be stored, or ""."""
    if len(span.trace_id) != 16 or span.trace_id == NO_TRACE_ID:
        return INVALID_TRACE_ID
    if len(span.span_id) != 8 or span.span_id == NO_SPAN_ID:
        return INVALID_SPAN_ID
    if not are_signals and is_signal(span.trace_id):
        return RESERVED_TRACE_ID
    return ""


def read_span(span: SpanMessage, origin: SpanOrigin) -> Span:
    """Return the span as plain values. A span without a start time starts at its end."""
    parent, end = span.parent_span_id, span.end_time_unix_nano
    start, kind, status = span.start_time_unix_nano or end, span.kind, span.status
    attributes, sent_events = plain_attributes(span.attributes), span.events
    events: list[SpanEvent] = []
    if sent_events:  # most spans have none, and a loop over none takes half a microsecond
        events = [
            SpanEvent(event.name, event.time_unix_nano, plain_attributes(event.attributes))
            for event in sent_events
        ]
        attributes = with_details(attributes, events)
    return Span(
        span.trace_id,
        span.span_id,
        parent if len(parent) == 8 and parent != NO_SPAN_ID else b"",
        span.name,
        kind if kind in KINDS else 0,
        start if start < MAX_TIME else MAX_TIME,  # `min` would take three times as long, for every span
        end if end < MAX_TIME else MAX_TIME,
        status.code if status.code in STATUS_CODES else 0,
        status.message,
        attributes,
        events,
        origin,
        span,
        form_of(origin.scope_name, attributes),
    )


def with_details(attributes: dict[str, Any], events: list[SpanEvent]) -> dict[str, Any]:
    """Return the attributes with those that the details of a model call, an event, have beyond the span itself."""
    for event in events:
        if event.name == DETAILS:
            attributes = event.attributes | attributes
    return attributes
