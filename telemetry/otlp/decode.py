"""
The spans of an OTLP request body. Both encodings are parsed into one message type, which is then read span by span.

Spans without valid ids can never be stored: each is refused with a reason, and the rest of the request is accepted.
https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Status
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.otlp import message_count, otlp_json
from telemetry.otlp.attribute_pairs import (
    EVENT,
    LINK,
    STATUS,
    attributes_of,
    check_part,
    in_field,
    is_as_written,
    only_part,
    remember,
)
from telemetry.otlp.deep_values import noted_cuts, without_deep_values
from telemetry.otlp.message_count import TooManyParts, check_protobuf
from telemetry.otlp.misnamed_spans import MISNAMED
from telemetry.otlp.shallow_messages import ShallowRequest, ShallowSpan
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
NO_STATUS = 0, ""
LONGEST_STATUS, LONGEST_ORIGIN = 64, 4096  # bytes of what is remembered
MOST_ORIGINS = 512
IN_GROUP = b"\x0a"  # of a resource in ResourceSpans, and of a scope in ScopeSpans
_statuses: dict[bytes, tuple[int, str]] = {}
_origins: dict[tuple[bytes | None, bytes, str], SpanOrigin] = {}


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
    check_sizes(*request_sizes(request))
    return request, noted


def check_sizes(spans: int, holders: int) -> None:
    """Raise TooManySpans for more spans, or resources and scopes, than one request may hold."""
    if max(spans, holders) > message_count.MAX_SPANS:
        raise TooManySpans(f"more than {message_count.MAX_SPANS} spans, scopes or resources")


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


def decode_spans(wire: bytes, are_signals: bool = False) -> Decoded:
    """
    Return the valid spans of a serialized request in the order sent, and the reasons why others are refused.

    Trace ids of user signals are valid if `are_signals`, since LoopKit makes them: producers can send none. Raises
    DecodeError for what protobuf's parser would not read, or would write in other bytes, and TooManySpans.
    """
    decoded = Decoded()
    for origin, content in walk_spans(wire):
        span = read_span(content, origin, is_sent=True)
        reason = invalid_reason(span, are_signals)
        if reason:
            decoded.rejected.append(reason)
        else:
            decoded.spans.append(span)
    return decoded


def walk_spans(wire: bytes) -> Iterator[tuple[SpanOrigin, bytes]]:
    """
    Yield every serialized span of a request with its SpanOrigin, which all spans of its scope share.

    A resource is read once, however many scopes it has.
    """
    request = ShallowRequest.FromString(wire)
    groups = request.resource_spans
    scopes = [scope for group in groups for scope in group.scope_spans]
    check_sizes(sum(len(scope.spans) for scope in scopes), len(groups) + len(scopes))
    for group in groups:
        resource = origin_of(None, only_part(group.resource), group.schema_url)
        for scope in group.scope_spans:
            origin = origin_of(resource, only_part(scope.scope), scope.schema_url)
            for content in scope.spans[:]:
                yield origin, content


def origin_of(resource: SpanOrigin | None, part: bytes, schema_url: str) -> SpanOrigin:
    """
    Return the origin of a serialized scope with its schema URL, in this resource. Raises DecodeError.

    Without `resource`, the part is a resource, and the origin names no scope.
    """
    sent = resource.resource_message if resource else None, part, schema_url
    origin = _origins.get(sent)
    if origin is None:
        origin = read_scope(resource, part, schema_url) if resource else read_resource(part, schema_url)
        if len(origin.resource_message) + len(part) + len(schema_url) <= LONGEST_ORIGIN:
            remember(_origins, sent, origin, MOST_ORIGINS)
    return origin


def read_resource(resource: bytes, schema_url: str) -> SpanOrigin:
    """The origin of what names no scope in this serialized resource. Raises DecodeError."""
    message = ResourceSpans.FromString(in_field(IN_GROUP, resource))
    is_as_written(message.resource, resource, is_sent=True)
    message.schema_url = schema_url
    return SpanOrigin(plain_attributes(message.resource.attributes), "", "", deterministic_bytes(message))


def read_scope(resource: SpanOrigin, scope: bytes, schema_url: str) -> SpanOrigin:
    """The origin of this serialized scope in a resource. Raises DecodeError."""
    message = ScopeSpans.FromString(in_field(IN_GROUP, scope))
    is_as_written(message.scope, scope, is_sent=True)
    message.schema_url = schema_url
    return resource.with_scope(message.scope.name, message.scope.version, deterministic_bytes(message))


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


def read_span(content: bytes, origin: SpanOrigin, is_sent: bool = False) -> Span:
    """Return a serialized span as plain values; raises DecodeError, if `is_sent` as attributes_of does."""
    span = ShallowSpan.FromString(content)
    parent, end, kind = span.parent_span_id, span.end_time_unix_nano, span.kind
    start, sent_status = span.start_time_unix_nano or end, span.status  # without a start it starts at its end
    status_code, status_message = read_statuses(sent_status, is_sent) if sent_status else NO_STATUS
    attributes, sent_events, links = attributes_of(span.attributes[:], is_sent), span.events, span.links
    events: list[SpanEvent] = []
    if sent_events:  # most spans have none, and a loop over none takes half a microsecond
        events = [read_event(event, is_sent) for event in sent_events]
        attributes = with_details(attributes, events)
    if links:
        check_links(links, is_sent)
    return Span(
        span.trace_id,
        span.span_id,
        parent if len(parent) == 8 and parent != NO_SPAN_ID else b"",
        span.name,
        kind if kind in KINDS else 0,
        start if start < MAX_TIME else MAX_TIME,  # `min` would take three times as long, for every span
        end if end < MAX_TIME else MAX_TIME,
        status_code,
        status_message,
        attributes,
        events,
        origin,
        content,
        form_of(origin.scope_name, attributes),
    )


def read_statuses(parts: Sequence[bytes], is_sent: bool) -> tuple[int, str]:
    """Return the code and the message of a status, of which more parts than one are sent by nobody. As above."""
    status = only_part(parts) if is_sent else b"".join(parts)
    known = _statuses.get(status)
    if known is None:
        message = Status.FromString(status)
        is_short = is_as_written(message, status, is_sent) and len(status) <= LONGEST_STATUS
        check_part(status, STATUS)
        known = message.code if message.code in STATUS_CODES else 0, message.message
        if is_short:
            remember(_statuses, status, known)
    return known


def check_links(links: Iterable[bytes], is_sent: bool) -> None:
    """Raise DecodeError if a serialized link cannot be read. As above."""
    for link in links:
        is_as_written(SpanMessage.Link.FromString(link), link, is_sent)
        check_part(link, LINK)


def read_event(event: bytes, is_sent: bool) -> SpanEvent:
    """Return a serialized event as plain values. Raises DecodeError."""
    message = SpanMessage.Event.FromString(event)
    is_as_written(message, event, is_sent)
    check_part(event, EVENT)
    return SpanEvent(message.name, message.time_unix_nano, plain_attributes(message.attributes))


def with_details(attributes: dict[str, Any], events: list[SpanEvent]) -> dict[str, Any]:
    """Return the attributes with those that the details of a model call, an event, have beyond the span itself."""
    for event in events:
        if event.name == DETAILS:
            attributes = event.attributes | attributes
    return attributes
