"""
OTLP/JSON into the official protobuf message, leniently: what real exporters write must not fail a request.

Unlike proto3 JSON: ids are hex, unknown fields are ignored, int64 come as string or number, and JavaScript
writes NaN as null and 1e21 as an integer. Broken structure (a list for an object, bad hex) is a ValueError.
https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

MAX_DEPTH = 30  # of nested values: each is three messages in a stored span, and protobuf reads 100
INT64 = range(-(1 << 63), 1 << 63)
UINT64 = range(1 << 64)
UINT32 = range(1 << 32)
INT32 = range(-(1 << 31), 1 << 31)


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


def key_values(data: dict[str, Any], name: str, depth: int = 0) -> list[KeyValue]:
    """A list of attributes."""
    pairs = [obj(item, name) for item in items(data, name)]
    return [KeyValue(key=text(pair, "key"), value=any_value(pair.get("value"), depth)) for pair in pairs]


def any_value(data: Any, depth: int = 0) -> AnyValue:
    """One value; an empty one for null, `{}` and kinds that OTLP does not know."""
    if depth > MAX_DEPTH:
        raise ValueError(f"values nest deeper than {MAX_DEPTH}")
    value = {} if data is None else obj(data, "value")
    for kind, item in value.items():
        if item is not None and kind in READERS:
            return READERS[kind](item, depth)
    return AnyValue()


def of_string(item: Any, depth: int) -> AnyValue:
    """stringValue."""
    return AnyValue(string_value=string(item, "stringValue"))


def of_bool(item: Any, depth: int) -> AnyValue:
    """boolValue."""
    if item not in (True, False, "true", "false"):
        raise ValueError("boolValue must be true or false")
    return AnyValue(bool_value=item in (True, "true"))


def of_int(item: Any, depth: int) -> AnyValue:
    """intValue; what no int64 holds (JavaScript's 1e21, a fraction) becomes a double."""
    number = whole(item, "intValue")
    is_exact = number in INT64 and (number == item or isinstance(item, str))
    return AnyValue(int_value=number) if is_exact else AnyValue(double_value=float(item))


def of_double(item: Any, depth: int) -> AnyValue:
    """doubleValue: a number, or "NaN", "Infinity", "-Infinity"."""
    try:
        return AnyValue(double_value=float(number_or_text(item)))
    except ValueError:
        raise ValueError("doubleValue must be a number") from None


def of_bytes(item: Any, depth: int) -> AnyValue:
    """bytesValue: base64, standard or URL-safe, with or without padding."""
    raw = string(item, "bytesValue").rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return AnyValue(bytes_value=base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True))
    except binascii.Error:
        raise ValueError("bytesValue must be base64") from None


def of_array(item: Any, depth: int) -> AnyValue:
    """arrayValue."""
    value = AnyValue()
    value.array_value.SetInParent()
    value.array_value.values.extend(
        any_value(entry, depth + 1) for entry in items(obj(item, "arrayValue"), "values")
    )
    return value


def of_key_values(item: Any, depth: int) -> AnyValue:
    """kvlistValue."""
    value = AnyValue()
    value.kvlist_value.SetInParent()
    value.kvlist_value.values.extend(key_values(obj(item, "kvlistValue"), "values", depth + 1))
    return value


READERS = {
    "stringValue": of_string,
    "boolValue": of_bool,
    "intValue": of_int,
    "doubleValue": of_double,
    "bytesValue": of_bytes,
    "arrayValue": of_array,
    "kvlistValue": of_key_values,
}


def obj(value: Any, place: str) -> dict[str, Any]:
    """The JSON object at that place."""
    if not isinstance(value, dict):
        raise ValueError(f"{place} must be an object")
    return value


def items(data: dict[str, Any], name: str) -> list[Any]:
    """The JSON list at that name; empty when absent or null."""
    value = data.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ValueError(f"{name} must be a list")
    return value


def child(data: dict[str, Any], name: str) -> dict[str, Any]:
    """The JSON object at that name; empty when absent or null."""
    value = data.get(name)
    return {} if value is None else obj(value, name)


def text(data: dict[str, Any], name: str) -> str:
    """The string at that name; "" when absent or null."""
    value = data.get(name)
    return "" if value is None else string(value, name)


def string(value: Any, place: str) -> str:
    """The value, which must be a string."""
    if not isinstance(value, str):
        raise ValueError(f"{place} must be a string")
    return value


def enumeration(data: dict[str, Any], name: str, names: Any) -> Any:
    """The number of an enumeration's value; its name, which OTLP/JSON forbids, is understood."""
    value = data.get(name)
    known: dict[Any, int] = dict(names.items())
    return known[value] if isinstance(value, str) and value in known else integer(data, name, INT32)


def integer(data: dict[str, Any], name: str, bounds: range) -> int:
    """The whole number at that name; 0 when absent, null or out of the field's bounds."""
    value = data.get(name)
    number = 0 if value is None else whole(value, name)
    return number if number in bounds else 0


def whole(value: Any, place: str) -> int:
    """A decimal string or a number as an int, without a detour over float for strings."""
    try:
        return int(number_or_text(value))
    except ValueError:
        raise ValueError(f"{place} must be a whole number") from None


def number_or_text(value: Any) -> int | float | str:
    """The value, unless it is of a type that is never a number: true is not 1."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    return value


def hexadecimal(data: dict[str, Any], name: str) -> bytes:
    """The id at that name; b"" when absent."""
    try:
        return bytes.fromhex(text(data, name))
    except ValueError:
        raise ValueError(f"{name} must be hex digits") from None
