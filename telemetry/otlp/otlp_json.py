"""
A lenient parser of OTLP/JSON into the official protobuf message: what real exporters write must not fail a request.

Unlike in proto3 JSON, ids are hex, unknown fields are ignored, int64 come as string or number, and JavaScript writes
NaN as null and 1e21 as an integer. Broken structure (a list for an object, a number for an id) raises ValueError;
an id that is no hex counts as absent.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import re
from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from telemetry.otlp import message_count
from telemetry.otlp.json_fields import (
    Fields,
    enumeration,
    fill,
    hexadecimal,
    many,
    obj,
    one,
    scalar,
    string,
    uint32,
    uint64,
)
from telemetry.otlp.json_values import fill_attributes
from telemetry.otlp.misnamed_spans import misnamed_spans

# The escape of a surrogate, and the two escapes of a character beyond U+FFFF.
HALF = rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
QUESTION_MARK = rb"\u003f"  # as long as the HALF that it replaces
# A text without lone surrogates, which stays as it is (group 1), or one lone surrogate (no group).
PAIRED_OR_LONE = re.compile(rb"((?:[^\\]++|\\[^u]|\\u(?![dD][89a-fA-F])|" + PAIR + rb")++)|" + HALF, re.S)

ATTRIBUTES: Fields = {
    "attributes": fill_attributes,
    "droppedAttributesCount": scalar("dropped_attributes_count", uint32),
}
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
SCOPE: Fields = {"name": scalar("name", string), "version": scalar("version", string), **ATTRIBUTES}
SCOPE_SPANS: Fields = {
    "scope": one("scope", SCOPE),
    "spans": many("spans", SPAN),
    "schemaUrl": scalar("schema_url", string),
}
RESOURCE_SPANS: Fields = {
    "resource": one("resource", ATTRIBUTES),
    "scopeSpans": many("scope_spans", SCOPE_SPANS),
    "schemaUrl": scalar("schema_url", string),
}
REQUEST: Fields = {"resourceSpans": many("resource_spans", RESOURCE_SPANS)}
LISTS = ("resourceSpans", "scopeSpans", "spans")


def parse_json_request(body: bytes) -> ExportTraceServiceRequest:
    """Return the request. Raises ValueError, which names the field, for what is not OTLP/JSON."""
    return read_json_request(body)[0]


def read_json_request(body: bytes) -> tuple[ExportTraceServiceRequest, int]:
    """Return the request, and the number of spans that it holds under unknown names. Raises ValueError as above."""
    message_count.check_json(body)
    request, data = ExportTraceServiceRequest(), obj(load_json(body), "the body")
    message_count.check_lists(data, LISTS)
    fill(request, data, REQUEST)
    return request, misnamed_spans(data)


def load_json(body: bytes) -> Any:
    """Return the JSON value. Lone surrogates, which JavaScript leaves where it cuts a string, become question marks."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        if not re.search(HALF, body):
            raise
    repaired_body = bytearray(body)
    for match in PAIRED_OR_LONE.finditer(body):
        if not match.lastindex:
            repaired_body[slice(*match.span())] = QUESTION_MARK
    return orjson.loads(repaired_body)
