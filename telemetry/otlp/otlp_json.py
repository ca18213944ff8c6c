"""
A lenient parser of OTLP/JSON into the official protobuf message: what real exporters write must not fail a request.

Unlike in proto3 JSON, ids are hex, unknown fields are ignored, int64 come as string or number, and JavaScript writes
NaN as null and 1e21 as an integer. Broken structure (a list for an object, a number for an id) raises ValueError;
an id that is no hex counts as absent.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from telemetry.otlp.json_envelope import ATTRIBUTES, envelope, read_envelope
from telemetry.otlp.json_fields import (
    Fields,
    enumeration,
    hexadecimal,
    many,
    one,
    scalar,
    string,
    uint32,
    uint64,
)
from telemetry.otlp.misnamed_spans import misnamed_spans

STATUS: Fields = {
    "code": scalar("code", enumeration(Status.StatusCode)),
    "message": scalar("message", string),
}
EVENT: Fields = {
    "timeUnixNano": scalar("time_unix_nano", uint64),
    "name": scalar("name", string),
    **ATTRIBUTES,
}
LINK: Fields = {
    "traceId": scalar("trace_id", hexadecimal),
    "spanId": scalar("span_id", hexadecimal),
    "traceState": scalar("trace_state", string),
    "flags": scalar("flags", uint32),
    **ATTRIBUTES,
}
SPAN: Fields = {
    "traceId": scalar("trace_id", hexadecimal),
    "spanId": scalar("span_id", hexadecimal),
    "parentSpanId": scalar("parent_span_id", hexadecimal),
    "traceState": scalar("trace_state", string),
    "flags": scalar("flags", uint32),
    "name": scalar("name", string),
    "kind": scalar("kind", enumeration(Span.SpanKind)),
    "startTimeUnixNano": scalar("start_time_unix_nano", uint64),
    "endTimeUnixNano": scalar("end_time_unix_nano", uint64),
    "events": many("events", EVENT),
    "droppedEventsCount": scalar("dropped_events_count", uint32),
    "links": many("links", LINK),
    "droppedLinksCount": scalar("dropped_links_count", uint32),
    "status": one("status", STATUS),
    **ATTRIBUTES,
}
TRACES = envelope(("resourceSpans", "scopeSpans", "spans"), SPAN)


def parse_json_request(body: bytes) -> ExportTraceServiceRequest:
    """Return the request. Raises ValueError, which names the field, for what is not OTLP/JSON."""
    return read_json_request(body)[0]


def read_json_request(body: bytes) -> tuple[ExportTraceServiceRequest, int]:
    """Return the request, and the number of spans that it holds under unknown names. Raises ValueError as above."""
    request = ExportTraceServiceRequest()
    return request, misnamed_spans(read_envelope(body, request, TRACES))
