"""
What a record said, as a SHA-256: over the span, its resource and its scope as they are stored, byte by byte.

Not over what answers show of it, or a later version of LoopKit that shows more would change every digest.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable

from telemetry.models import Origin, Record
from telemetry.reads.record_pages import rows_of
from telemetry.spans.record_ids import record_id
from telemetry.store import segments
from telemetry.store.append import snapshot
from telemetry.store.stored_messages import as_damage


def digests(record_ids: Iterable[str]) -> dict[str, str]:
    """The digests of the records among these ids that the bound project stores."""
    with snapshot():
        return of_rows(rows_of(record_ids))


def of_rows(rows: list[Record]) -> dict[str, str]:
    """The digests of these rows, by record id."""
    spans = segments.serialized(rows)
    shared = Origin.objects.in_bulk({origin for row in rows for origin in (row.resource_id, row.scope_id)})
    with as_damage("a resource or a scope", KeyError):
        return {
            record_id(row.trace_id, row.span_id): digest(
                bytes(shared[row.resource_id].message),
                bytes(shared[row.scope_id].message),
                spans[row.segment_id, row.position],
            )
            for row in rows
        }


def digest(*parts: bytes) -> str:
    """Each part behind its length, 64 bits big-endian: no two lists of parts look alike."""
    return hashlib.sha256(b"".join(struct.pack(">Q", len(part)) + part for part in parts)).hexdigest()
