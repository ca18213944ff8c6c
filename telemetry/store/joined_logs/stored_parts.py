"""
Stored records with their spans, as they were sent and as they are, and their origins: what joining reads.

Called inside store.append's transaction. Records of which a part cannot be read in a damaged store are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.models import Record
from telemetry.otlp.values import plain_attributes
from telemetry.spans.span import SpanOrigin
from telemetry.store import segments
from telemetry.store.joined_logs import earlier_versions
from telemetry.store.joined_logs.earlier_versions import FIRST, Key, VersionPlace
from telemetry.store.segments import Place
from telemetry.store.sql import fetch_many
from tenants.stores.binding import bound_alias

COLUMNS = [field.attname for field in Record._meta.concrete_fields]
FIND = f"""
    WITH wanted (its_trace, its_span) AS (VALUES {{rows}})
    SELECT {", ".join(COLUMNS)} FROM wanted JOIN telemetry_record ON trace_id = its_trace AND span_id = its_span
"""  # noqa: S608  (names of columns)
ORIGINS = """
    WITH wanted (number) AS (VALUES {rows}) SELECT origin_id, message FROM wanted JOIN telemetry_origin
    ON origin_id = number
"""


class SpanParts(NamedTuple):
    """A stored record, its span as it was sent and as it is stored, and its origin."""

    record: Record
    original: SpanMessage
    current: SpanMessage
    origin: SpanOrigin
    versions: int  # that it had before


def read_parts(keys: Iterable[Key]) -> dict[Key, SpanParts]:
    """The parts of those of these records that are stored and can be read."""
    wanted = sorted(keys)
    records = [Record.from_db(bound_alias(), COLUMNS, values) for values in fetch_many(FIND, wanted)]
    earlier = earlier_versions.places(wanted)
    firsts = [version for versions in earlier.values() for version in versions if version.number == FIRST]
    contents = segments.serialized_spans([*records, *firsts])
    origins = read_origins({number for record in records for number in (record.resource_id, record.scope_id)})
    found = {}
    for record in records:
        key = bytes(record.trace_id), bytes(record.span_id)
        if parts := parts_together(record, earlier.get(key, ()), contents, origins):
            found[key] = parts
    return found


def parts_together(
    record: Record,
    earlier: Sequence[VersionPlace],
    contents: Mapping[Place, bytes],
    origins: Mapping[int, bytes],
) -> SpanParts | None:
    """The parts of the record, or None if one cannot be read. `earlier`: its versions before, in their order."""
    current = contents.get((record.segment_id, record.position))
    original = contents.get(earlier[0][1:]) if earlier else current
    resource, scope = origins.get(record.resource_id), origins.get(record.scope_id)
    if current is None or original is None or resource is None or scope is None:
        return None
    try:
        spans = SpanMessage.FromString(original), SpanMessage.FromString(current)
        return SpanParts(record, *spans, origin_of(resource, scope), len(earlier))
    except DecodeError:
        return None


def origin_of(resource: bytes, scope: bytes) -> SpanOrigin:
    """The origin of a stored resource and scope. Raises DecodeError."""
    attributes = plain_attributes(ResourceSpans.FromString(resource).resource.attributes)
    scope_message = ScopeSpans.FromString(scope).scope
    return SpanOrigin(attributes, scope_message.name, scope_message.version, resource, scope)


def read_origins(numbers: Iterable[int]) -> dict[int, bytes]:
    """The serialized resources and scopes with these ids."""
    rows = fetch_many(ORIGINS, [(number,) for number in sorted(numbers)])
    return {int(number): bytes(message) for number, message in rows}
