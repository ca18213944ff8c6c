"""
SHA-256 digests of records, over the bytes of the span, its resource and its scope as they are stored.

They do not cover the JSON that answers show: a version of LoopKit that shows more would then change every digest.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable

from telemetry.models import Origin, Record
from telemetry.reads.record_pages import rows_of
from telemetry.spans.record_ids import record_id
from telemetry.store import segments
from telemetry.store.stored_messages import as_damage
from telemetry.store.transactions import snapshot


def digests(record_ids: Iterable[str]) -> dict[str, str]:
    """The digests of those records with these ids that the bound project stores, by record id."""
    with snapshot():
        return of_rows(rows_of(record_ids))


def of_rows(rows: list[Record]) -> dict[str, str]:
    """The digests of these rows, by record id. Raises DamagedStore."""
    spans = segments.serialized_spans(rows)
    origins = Origin.objects.in_bulk({origin for row in rows for origin in (row.resource_id, row.scope_id)})
    with as_damage("a resource or a scope", KeyError):
        return {
            record_id(row.trace_id, row.span_id): digest_of_parts(
                bytes(origins[row.resource_id].message),
                bytes(origins[row.scope_id].message),
                spans[row.segment_id, row.position],
            )
            for row in rows
        }


def digest_of_parts(*parts: bytes) -> str:
    """The SHA-256 of the parts, each behind its length (64 bits, big-endian): no two lists hash the same bytes."""
    return hashlib.sha256(b"".join(struct.pack(">Q", len(part)) + part for part in parts)).hexdigest()
