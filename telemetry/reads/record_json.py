"""
A stored record as the JSON that agents read: its columns, and the whole span as it was sent.

Absent facts are null. Enumerations are OpenTelemetry's names in lower case:
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import fields
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from google.protobuf.internal.containers import RepeatedCompositeFieldContainer as Repeated
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry import conventions
from telemetry.grouping.fingerprint import cluster_id
from telemetry.grouping.same_call import UNITS
from telemetry.models import Record
from telemetry.otlp import decode
from telemetry.otlp.values import jsonable, plain_attributes
from telemetry.reads import replaced_records
from telemetry.reads.record_parts import RecordParts, parts_of
from telemetry.spans.meaning import Capture
from telemetry.spans.span import SpanOrigin
from telemetry.store.sql import fetch_of_ids
from telemetry.store.unreadable_parts import COLUMNS, TRACE, note
from telemetry.windows import rfc3339

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
STATUSES = ("unset", "ok", "error")
OK, FAILURE = "ok", "failure"
TEXTS = (
    "name", "operation", "service", "environment", "release", "signal_type", "severity", "agent", "tool", "model",
    "failure_message",
)  # fmt: skip
# The types of the columns that are shown, by name, and what is shown of a column with a value of another type.
COLUMN_TYPES: dict[str, tuple[tuple[type, ...], object]] = {
    **dict.fromkeys(TEXTS, ((str,), "")),
    **dict.fromkeys(("kind", "status_code", "start_time_unix_nano", "duration_nano"), ((int,), 0)),
    **dict.fromkeys(("input_tokens", "output_tokens", "fingerprint"), ((int, type(None)), None)),
    "parent_span_id": ((bytes, memoryview, type(None)), None),
}
CAPTURED = tuple(field.name for field in fields(Capture))
checked_values = attrgetter(*COLUMN_TYPES)
OWNERS = "SELECT trace_id, session_id, user_id FROM telemetry_trace WHERE trace_id IN "


class TraceOwner(NamedTuple):
    """The session and the user of a trace, "" where it names none."""

    session_id: str
    user_id: str


class WholeRecord(NamedTuple):
    """A record's columns and stored parts, its resource and scope as JSON, and the unit of agent work that it is."""

    row: Record
    parts: RecordParts
    origin: dict[str, Any]  # which records with the same resource and scope share
    capture: dict[str, Any] | None  # None if it is no unit of agent work


WholeRecords = Mapping[bytes, WholeRecord]  # by the trace id and the span id, joined
NOTHING_READ: WholeRecords = {}


def read_whole(rows: Sequence[Record]) -> list[WholeRecord]:
    """These records with their parts, in their order."""
    origins: dict[
        int, tuple[SpanOrigin, dict[str, Any]]
    ] = {}  # by the identity of a message, which records share
    whole = []
    for row, parts in zip(rows, parts_of(rows), strict=True):
        if id(parts.origin) not in origins:
            origins[id(parts.origin)] = span_origin(parts.origin), origin_json(parts.origin)
        origin, shown = origins[id(parts.origin)]
        whole.append(WholeRecord(row, parts, shown, record_capture(parts.stored, origin)))
    return whole


def records_json(rows: Sequence[Record], read: WholeRecords = NOTHING_READ) -> list[dict[str, Any]]:
    """
    The records in their order; a record that cannot be read whole has the parts that it lacks as `missing`.

    Args:
        read: of some of them, what was read before. What a record is made of never changes.
    """
    owners, replacing = owners_of(rows), replaced_records.replacing(rows)
    same_calls = replaced_records.counted_instead([row for row in rows if row.unit in UNITS])
    return [
        record_json(whole, owners.get(bytes(row.trace_id)))
        | ({"replaced_by": replacing[str(row)]} if str(row) in replacing else {})
        | ({"same_call_as": same_calls[str(row)]} if str(row) in same_calls else {})
        for row, whole in zip(rows, whole_records(rows, read), strict=True)
    ]


def whole_records(rows: Sequence[Record], read: WholeRecords) -> list[WholeRecord]:
    """These records with their parts, in their order, reading only those that were not read before."""
    if not read:
        return read_whole(rows)
    keys = [bytes(row.trace_id) + bytes(row.span_id) for row in rows]
    new = [(key, row) for key, row in zip(keys, rows, strict=True) if key not in read]
    read_now = zip((key for key, _ in new), read_whole([row for _, row in new]), strict=True)
    everything = {**read, **dict(read_now)}
    return [everything[key] for key in keys]


def owners_of(rows: Sequence[Record]) -> dict[bytes, TraceOwner]:
    """The owners of these records' traces by id, without those that are not stored or whose texts cannot be read."""
    return {
        bytes(trace_id): TraceOwner(session_id, user_id)
        for trace_id, session_id, user_id in fetch_of_ids(OWNERS, (bytes(row.trace_id) for row in rows))
        if isinstance(session_id, str) and isinstance(user_id, str)
    }


def record_json(whole: WholeRecord, owner: TraceOwner | None) -> dict[str, Any]:
    """The record as JSON; without its trace it is a session of its own."""
    row, parts, origin, capture = whole
    missing = parts.missing
    if wrong := wrong_columns(*map(type, checked_values(row))):
        row, missing = without_columns(row, wrong), (*missing, COLUMNS)
        note(COLUMNS, (row.segment_id, row.position))
    if owner is None:
        owner, missing = TraceOwner("", ""), (*missing, TRACE)
        note(TRACE, (row.segment_id, row.position))
    return (
        record_identity(row, parts.span)
        | understood_facts(row, owner)
        | content(parts.span, origin)
        | {"capture": capture}
        | ({"missing": list(missing)} if missing else {})
    )


@lru_cache(maxsize=64)
def wrong_columns(*types: type) -> list[str]:
    """The names of COLUMN_TYPES whose values have none of their types, given the types of the values in that order."""
    expected = COLUMN_TYPES.items()
    return [name for (name, (right, _)), found in zip(expected, types, strict=True) if found not in right]


def without_columns(row: Record, names: Iterable[str]) -> Record:
    """A copy of the record with these columns empty: SQLite keeps any value in any column of a damaged file."""
    row = copy(row)
    for name in names:
        setattr(row, name, COLUMN_TYPES[name][1])
    return row


def record_identity(row: Record, span: SpanMessage) -> dict[str, Any]:
    """The fields that say which span it is and when it ran; the span id is the one that was sent."""
    return {
        "record_id": str(row),
        "trace_id": bytes(row.trace_id).hex(),
        "span_id": (span.span_id or bytes(row.span_id)).hex(),
        "parent_span_id": bytes(row.parent_span_id).hex() if row.parent_span_id else None,
        "name": row.name,
        "kind": enum_name(KINDS, row.kind),
        "start_time": rfc3339(row.start_time_unix_nano),
        "start_time_unix_nano": row.start_time_unix_nano,
        "duration_ms": row.duration_nano / 1e6,
    }


def understood_facts(row: Record, owner: TraceOwner) -> dict[str, Any]:
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
        "session_id": owner.session_id or bytes(row.trace_id).hex(),
        "user_id": owner.user_id or None,
        "input_tokens": row.input_tokens,
        "output_tokens": row.output_tokens,
    }


def content(message: SpanMessage, origin: dict[str, Any]) -> dict[str, Any]:
    """The span's attributes, its resource and scope as in `origin_json`, its events and links, as they were sent."""
    return {
        "attributes": values(message.attributes),
        **origin,
        "events": [event(item) for item in message.events],
        "links": [link_json(item) for item in message.links],
    }


def origin_json(resource_spans: ResourceSpans) -> dict[str, Any]:
    """The resource and the scope, complete as they were sent."""
    scope_spans = resource_spans.scope_spans[0]
    scope = scope_spans.scope
    return {
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


def span_origin(resource_spans: ResourceSpans) -> SpanOrigin:
    """The resource and the scope as plain values."""
    scope = resource_spans.scope_spans[0].scope
    return SpanOrigin(plain_attributes(resource_spans.resource.attributes), scope.name, scope.version)


def record_capture(stored: bytes, origin: SpanOrigin) -> dict[str, Any] | None:
    """The unit of agent work that the serialized span records, or None if it records none."""
    work = conventions.capture_of(decode.read_span(stored, origin))
    if work is None:
        return None
    plain = {name: jsonable(getattr(work, name)) for name in CAPTURED}
    return plain | {"model": work.model or None}


def values(pairs: Repeated[KeyValue]) -> dict[str, Any]:
    """The attributes as values that JSON can carry."""
    plain: dict[str, Any] = jsonable(plain_attributes(pairs))
    return plain


def enum_name(names: Sequence[str], number: int) -> str:
    """The name of an enumeration's number; numbers that OpenTelemetry does not define count as 0."""
    return names[number] if 0 <= number < len(names) else names[0]
