"""
The versions of a record before log records joined it: what was approved is found again, and what was sent is known.

The first is the span as it was sent. Each has its place in the segments, which stay, and the columns of its record.
Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from telemetry.models import Record
from telemetry.store.sql import fetch_many, write_many

Key = tuple[bytes, bytes]  # trace and span id
FIRST = 1
READ = """
    WITH wanted (its_trace, its_span) AS (VALUES {rows})
    SELECT trace_id, span_id, number, segment_id, position FROM wanted
    JOIN telemetry_earlierversion ON trace_id = its_trace AND span_id = its_span
"""
ADD = """
    INSERT INTO telemetry_earlierversion (trace_id, span_id, number, segment_id, position, columns) VALUES {rows}
"""


class VersionPlace(NamedTuple):
    """An earlier version: its number from FIRST on, and its place in the segments."""

    number: int
    segment_id: int
    position: int


def places(keys: Iterable[Key]) -> dict[Key, list[VersionPlace]]:
    """The earlier versions of those of these records that have any, in their order."""
    found: dict[Key, list[VersionPlace]] = {}
    for trace_id, span_id, *place in fetch_many(READ, sorted(keys)):
        found.setdefault((bytes(trace_id), bytes(span_id)), []).append(VersionPlace(*place))
    return {key: sorted(versions) for key, versions in found.items()}


def keep(records: Sequence[Record]) -> None:
    """Keep these records, which are about to be amended, as their newest earlier versions."""
    keys = [(bytes(record.trace_id), bytes(record.span_id)) for record in records]
    before = places(keys)
    rows = [
        (
            *key,
            FIRST + len(before.get(key, ())),
            record.segment_id,
            record.position,
            json.dumps(plain_values(record)),
        )
        for key, record in zip(keys, records, strict=True)
    ]
    write_many(ADD, rows)


def plain_values(record: Record) -> dict[str, Any]:
    """The columns of a record as JSON values, bytes as hexadecimal digits."""
    values = ((field.attname, getattr(record, field.attname)) for field in Record._meta.concrete_fields)
    return {
        name: bytes(value).hex() if isinstance(value, bytes | memoryview) else value for name, value in values
    }


def record_of(columns: str) -> Record:
    """The record of an earlier version, from its columns."""
    values = json.loads(columns)
    for name in ("trace_id", "span_id", "parent_span_id"):
        values[name] = bytes.fromhex(values[name]) if values[name] else None
    return Record(**values)
