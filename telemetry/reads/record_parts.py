"""
The span, the resource and the scope of stored records, each empty where it cannot be read.

This is the only place where records are joined with what the store keeps beside their columns. Nothing is taken for
whole that is not: a span must bear the record's ids, and a resource or a scope the hash that is its id, so that a
segment that was written anew under an old number is not shown as another record's span.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.spans.shared_ids import is_stored_under
from telemetry.spans.span import origin_id as id_of_origin
from telemetry.store.segments import Place, StoredSpan, serialized_spans
from telemetry.store.sql import fetch_many
from telemetry.store.unreadable_parts import RESOURCE, SCOPE, SPAN, note

ORIGINS = """
    WITH wanted (number) AS (VALUES {rows})
    SELECT origin_id, message FROM wanted JOIN telemetry_origin ON origin_id = number
"""


class StoredRecord(StoredSpan, Protocol):
    """A record's ids, with the places of its span, its resource and its scope in the store."""

    @property
    def trace_id(self) -> bytes | memoryview: ...
    @property
    def span_id(self) -> bytes | memoryview: ...
    @property
    def resource_id(self) -> int: ...
    @property
    def scope_id(self) -> int: ...


class SharedOrigin(NamedTuple):
    """A resource and a scope in a ResourceSpans without spans, and the names of those of both that are missing."""

    message: ResourceSpans
    missing: tuple[str, ...]


class RecordParts(NamedTuple):
    """What the store keeps of a record beside its columns; what is `missing`, by its name in PARTS, is empty."""

    span: SpanMessage
    origin: ResourceSpans
    missing: tuple[str, ...]
    stored: bytes  # the serialized span


def parts_of(rows: Sequence[StoredRecord]) -> list[RecordParts]:
    """The parts of these records, in their order."""
    return joined_parts(rows, serialized_spans(rows), origin_messages(rows))


def joined_parts(
    rows: Sequence[StoredRecord], spans: Mapping[Place, bytes], origins: Mapping[int, bytes]
) -> list[RecordParts]:
    """The parts of these records from the stored bytes, in their order. What is missing is noted for the answer."""
    shared = {ids: shared_origin(*ids, origins) for ids in {(row.resource_id, row.scope_id) for row in rows}}
    joined = []
    for row in rows:
        stored = spans.get((row.segment_id, row.position), b"")
        span = verified_span(row, stored)
        origin = shared[row.resource_id, row.scope_id]
        missing = origin.missing if span else (SPAN, *origin.missing)
        for part in missing:
            note(part, (row.segment_id, row.position))
        joined.append(RecordParts(span or SpanMessage(), origin.message, missing, stored if span else b""))
    return joined


def stored_spans(rows: Sequence[StoredRecord]) -> list[bytes | None]:
    """
    The serialized span of each of these records, in their order, not parsed; None for one that cannot be read.

    Only the trace id shows here that it is the record's span. What is missing is noted for the answer.
    """
    spans = serialized_spans(rows)
    found = []
    for row in rows:
        content = spans.get((row.segment_id, row.position))
        if content is None or bytes(row.trace_id) not in content:
            note(SPAN, (row.segment_id, row.position))
            content = None
        found.append(content)
    return found


def verified_span(row: StoredRecord, content: bytes) -> SpanMessage | None:
    """The record's span, or None if these bytes are no span or another one."""
    try:
        span = SpanMessage.FromString(content)
    except DecodeError:
        return None
    return span if content and span.trace_id == row.trace_id and is_stored_under(span, row.span_id) else None


def shared_origin(resource_id: int, scope_id: int, origins: Mapping[int, bytes]) -> SharedOrigin:
    """The resource and the scope with these ids."""
    message = ResourceSpans()
    has_resource = parse(message, origins.get(resource_id))
    has_scope = parse(message.scope_spans.add(), origins.get(scope_id))
    missing = [part for part, is_there in ((RESOURCE, has_resource), (SCOPE, has_scope)) if not is_there]
    return SharedOrigin(message, tuple(missing))


def parse(message: ResourceSpans | ScopeSpans, content: bytes | None) -> bool:
    """Fill the message from these bytes; returns False, and leaves it empty, if they are none."""
    try:
        message.ParseFromString(content or b"")
    except DecodeError:
        message.Clear()
        return False
    return content is not None


def origin_messages(rows: Iterable[StoredRecord]) -> dict[int, bytes]:
    """The serialized resources and scopes of these records by id, without those that cannot be read."""
    shared = {(row.resource_id, row.scope_id) for row in rows}
    ids = {number for pair in shared for number in pair if isinstance(number, int)}
    return {
        number: bytes(message)
        for number, message in fetch_many(ORIGINS, [(number,) for number in sorted(ids)])
        if isinstance(message, bytes | memoryview) and id_of_origin(bytes(message)) == number
    }
