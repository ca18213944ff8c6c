"""
A stored record as the JSON that agents read: its columns, and the whole span as it was sent.

Absent facts are null. Enumerations are OpenTelemetry's names in lower case:
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer as Repeated
from google.protobuf.message import DecodeError
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry import conventions
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Origin, Record, Trace
from telemetry.otlp import decode
from telemetry.otlp.values import jsonable, plain_attributes
from telemetry.spans.span import SpanOrigin
from telemetry.store import segments
from telemetry.store.stored_messages import DamagedStore, as_damage
from telemetry.windows import rfc3339

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")
OK, FAILURE = "ok", "failure"


def records_json(rows: Sequence[Record]) -> list[dict[str, Any]]:
    """The records in their order; traces, origins and segments are read once for all. Raises DamagedStore."""
    stored_traces = Trace.objects.filter(trace_id__in={bytes(row.trace_id) for row in rows})
    traces = {bytes(trace.trace_id): trace for trace in stored_traces}
    if missing := {bytes(row.trace_id) for row in rows} - traces.keys():
        raise DamagedStore(f"trace {min(missing).hex()}")
    shared_origins, messages = origins(rows), segments.span_messages(rows)
    return [
        record_json(
            row,
            traces[bytes(row.trace_id)],
            messages[row.segment_id, row.position],
            shared_origins[row.resource_id, row.scope_id],
        )
        for row in rows
    ]


def origins(rows: Sequence[Record]) -> dict[tuple[int, int], ResourceSpans]:
    """The records' resource and scope by their ids, each pair in a ResourceSpans without spans. Raises DamagedStore."""
    pairs = {(row.resource_id, row.scope_id) for row in rows}
    stored = Origin.objects.filter(origin_id__in={origin_id for pair in pairs for origin_id in pair})
    messages = {row.origin_id: bytes(row.message) for row in stored}
    by_ids = {}
    for resource_id, scope_id in pairs:
        with as_damage(f"resource {resource_id} or scope {scope_id}", KeyError, DecodeError):
            resource_spans = ResourceSpans.FromString(messages[resource_id])
            resource_spans.scope_spans.add().ParseFromString(messages[scope_id])
        by_ids[resource_id, scope_id] = resource_spans
    return by_ids


def record_json(
    row: Record, trace: Trace, message: SpanMessage, resource_spans: ResourceSpans
) -> dict[str, Any]:
    """The record as JSON."""
    return (
        record_identity(row)
        | understood_facts(row, trace)
        | content(message, resource_spans)
        | {"capture": record_capture(message, resource_spans)}
    )


def record_identity(row: Record) -> dict[str, Any]:
    """The fields that say which span it is and when it ran."""
    return {
        "record_id": str(row),
        "trace_id": bytes(row.trace_id).hex(),
        "span_id": bytes(row.span_id).hex(),
        "parent_span_id": bytes(row.parent_span_id).hex() if row.parent_span_id else None,
        "name": row.name,
        "kind": enum_name(KINDS, row.kind),
        "start_time": rfc3339(row.start_time_unix_nano),
        "start_time_unix_nano": row.start_time_unix_nano,
        "duration_ms": row.duration_nano / 1e6,
    }


def understood_facts(row: Record, trace: Trace) -> dict[str, Any]:
    """The fields that were derived from the span and its trace at ingest."""
    texts = {
        name: getattr(row, name) or None
        for name in (
            "operation",
            "service",
            "environment",
            "release",
            "signal_type",
            "severity",
            "agent",
            "tool",
            "model",
        )
    }
    return texts | {
        "status": enum_name(STATUSES, row.status_code),
        "outcome": OK if row.fingerprint is None else FAILURE,
        "cluster_id": None if row.fingerprint is None else cluster_id(row.fingerprint),
        "message": row.failure_message or None,
        "session_id": trace.session_id or bytes(row.trace_id).hex(),
        "user_id": trace.user_id or None,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
    }


def content(message: SpanMessage, resource_spans: ResourceSpans) -> dict[str, Any]:
    """The span's attributes, resource, scope, events and links, complete as they were sent."""
    scope_spans = resource_spans.scope_spans[0]
    scope = scope_spans.scope
    return {
        "attributes": values(message.attributes),
        "resource": {
            "attributes": values(resource_spans.resource.attributes),
            "schema_url": resource_spans.schema_url or None,
        },
        "scope": {
            "name": scope.name,
            "version": scope.version or None,
            "attributes": values(scope.attributes),
            "schema_url": scope_spans.schema_url or None,
        },
        "events": [event(item) for item in message.events],
        "links": [link_json(item) for item in message.links],
    }


def event(item: SpanMessage.Event) -> dict[str, Any]:
    """A span event as JSON."""
    return {
        "name": item.name,
        "time": rfc3339(item.time_unix_nano),
        "time_unix_nano": item.time_unix_nano,
        "attributes": values(item.attributes),
    }


def link_json(item: SpanMessage.Link) -> dict[str, Any]:
    """A span link, which points to another span, as JSON."""
    return {
        "trace_id": item.trace_id.hex(),
        "span_id": item.span_id.hex(),
        "trace_state": item.trace_state or None,
        "attributes": values(item.attributes),
    }


def record_capture(message: SpanMessage, resource_spans: ResourceSpans) -> dict[str, Any] | None:
    """The unit of agent work that the span records, or None if it records none."""
    scope = resource_spans.scope_spans[0].scope
    origin = SpanOrigin(plain_attributes(resource_spans.resource.attributes), scope.name, scope.version)
    work = conventions.capture_of(decode.read_span(message, origin))
    if work is None:
        return None
    plain = {field.name: jsonable(getattr(work, field.name)) for field in fields(work)}
    return plain | {"model": work.model or None}


def values(pairs: Repeated[KeyValue]) -> dict[str, Any]:
    """The attributes as values that JSON can carry."""
    plain: dict[str, Any] = jsonable(plain_attributes(pairs))
    return plain


def enum_name(names: Sequence[str], number: int) -> str:
    """The name of an enumeration's number; numbers that OpenTelemetry does not define count as 0."""
    return names[number] if 0 <= number < len(names) else names[0]
