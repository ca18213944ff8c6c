"""
OTLP/JSON into the official protobuf message, leniently: what real exporters write must not fail a request.

Unlike proto3 JSON: ids are hex, unknown fields are ignored, int64 come as string or number, and JavaScript
writes NaN as null and 1e21 as an integer. Broken structure (a list for an object, bad hex) is a ValueError.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import json
from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from telemetry.json_fields import UINT32, UINT64, child, enumeration, hexadecimal, integer, items, obj, text
from telemetry.json_values import key_values


def parse(body: bytes) -> ExportTraceServiceRequest:
    """The request. ValueError, with the place, for what is not OTLP/JSON."""
    root = obj(load(body), "the body")
    return ExportTraceServiceRequest(
        resource_spans=[resource_spans(obj(item, "resourceSpans")) for item in items(root, "resourceSpans")]
    )


def load(body: bytes) -> Any:
    """The JSON value. Lone surrogates, left where JavaScript cuts a string, become question marks."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return orjson.loads(
            json.dumps(json.loads(body.decode()), ensure_ascii=False).encode("utf-8", "replace")
        )


def resource_spans(data: dict[str, Any]) -> ResourceSpans:
    """One resource with its scopes."""
    resource = child(data, "resource")
    return ResourceSpans(
        resource=Resource(
            attributes=key_values(resource, "attributes"),
            dropped_attributes_count=integer(resource, "droppedAttributesCount", UINT32),
        ),
        scope_spans=[scope_spans(obj(item, "scopeSpans")) for item in items(data, "scopeSpans")],
        schema_url=text(data, "schemaUrl"),
    )


def scope_spans(data: dict[str, Any]) -> ScopeSpans:
    """One instrumentation scope with its spans."""
    scope = child(data, "scope")
    return ScopeSpans(
        scope=InstrumentationScope(
            name=text(scope, "name"),
            version=text(scope, "version"),
            attributes=key_values(scope, "attributes"),
            dropped_attributes_count=integer(scope, "droppedAttributesCount", UINT32),
        ),
        spans=[span(obj(item, "spans")) for item in items(data, "spans")],
        schema_url=text(data, "schemaUrl"),
    )


def span(data: dict[str, Any]) -> Span:
    """One span."""
    status = child(data, "status")
    return Span(
        trace_id=hexadecimal(data, "traceId"),
        span_id=hexadecimal(data, "spanId"),
        parent_span_id=hexadecimal(data, "parentSpanId"),
        trace_state=text(data, "traceState"),
        flags=integer(data, "flags", UINT32),
        name=text(data, "name"),
        kind=enumeration(data, "kind", Span.SpanKind),
        start_time_unix_nano=integer(data, "startTimeUnixNano", UINT64),
        end_time_unix_nano=integer(data, "endTimeUnixNano", UINT64),
        attributes=key_values(data, "attributes"),
        dropped_attributes_count=integer(data, "droppedAttributesCount", UINT32),
        events=[event(obj(item, "events")) for item in items(data, "events")],
        dropped_events_count=integer(data, "droppedEventsCount", UINT32),
        links=[link(obj(item, "links")) for item in items(data, "links")],
        dropped_links_count=integer(data, "droppedLinksCount", UINT32),
        status=Status(code=enumeration(status, "code", Status.StatusCode), message=text(status, "message")),
    )


def event(data: dict[str, Any]) -> Span.Event:
    """One event of a span."""
    return Span.Event(
        time_unix_nano=integer(data, "timeUnixNano", UINT64),
        name=text(data, "name"),
        attributes=key_values(data, "attributes"),
        dropped_attributes_count=integer(data, "droppedAttributesCount", UINT32),
    )


def link(data: dict[str, Any]) -> Span.Link:
    """One link of a span."""
    return Span.Link(
        trace_id=hexadecimal(data, "traceId"),
        span_id=hexadecimal(data, "spanId"),
        trace_state=text(data, "traceState"),
        attributes=key_values(data, "attributes"),
        dropped_attributes_count=integer(data, "droppedAttributesCount", UINT32),
        flags=integer(data, "flags", UINT32),
    )
