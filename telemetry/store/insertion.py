"""
Insertion of rows into the record table, of their spans into segments, and of what they share into origins.

Called inside store.append's transaction. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

from telemetry.spans.span import SpanOrigin
from telemetry.store import segments
from telemetry.store.row import COLUMNS, PLACE, RecordRow, stored_values
from telemetry.store.segments import SegmentPart
from telemetry.store.sql import fetch_many, write_many

Key = tuple[bytes, bytes]  # trace and span id
key_of = itemgetter(0, 1)  # of a row
origin_of = itemgetter(RecordRow._fields.index("origin"))
INSERT = (
    f"INSERT INTO telemetry_record ({', '.join([*COLUMNS, *PLACE])}) "  # noqa: S608  (constants)
    "VALUES {rows} ON CONFLICT DO NOTHING"
)
# The id is a hash of the message: another message under it is damaged, and these spans would be stored without theirs.
INSERT_ORIGINS = """
    INSERT INTO telemetry_origin (origin_id, message) VALUES {rows}
    ON CONFLICT (origin_id) DO UPDATE SET message = excluded.message WHERE telemetry_origin.message <> excluded.message
"""

# Not `(trace_id, span_id) IN (VALUES ...)`: for more than one row SQLite then reads the whole table.
STORED = """
    WITH wanted (wanted_trace, wanted_span, earliest) AS (VALUES {rows})
    SELECT trace_id, span_id FROM wanted
    JOIN telemetry_record ON trace_id = wanted_trace AND span_id = wanted_span AND segment_id >= earliest
"""


def insert_new(parts: Iterable[SegmentPart], rows: Sequence[RecordRow]) -> Sequence[RecordRow]:
    """Insert these rows of the parts with their segments and origins; returns the rows that were not stored before."""
    if not rows:
        return rows
    first = segments.next_id()
    numbered_parts = list(enumerate(parts, first))
    count = write_many(INSERT, placed_columns(numbered_parts, rows))
    new_rows = rows if count == len(rows) else among(rows, stored_since(rows, first) if count else set())
    new_ids = set(map(id, new_rows))
    segments.write_segments(
        [(n, part.content) for n, part in numbered_parts if not new_ids.isdisjoint(map(id, part.rows))]
    )
    write_origins(new_rows)
    return new_rows


def placed_columns(
    numbered: Iterable[tuple[int, SegmentPart]], rows: Sequence[RecordRow]
) -> list[tuple[Any, ...]]:
    """The values of these rows for the record table, with their positions in the numbered segments."""
    row_ids = set(map(id, rows))
    return [
        (*stored_values(row), segment_id, position)
        for segment_id, part in numbered
        for position, row in enumerate(part.rows)
        if id(row) in row_ids
    ]


def unique(rows: list[RecordRow]) -> list[RecordRow]:
    """The rows without those that repeat a span of an earlier row."""
    if len(set(map(key_of, rows))) == len(rows):
        return rows
    return list({key_of(row): row for row in reversed(rows)}.values())[::-1]


def among(rows: Iterable[RecordRow], keys: set[Key]) -> list[RecordRow]:
    """The rows with these keys."""
    return [row for row in rows if row[:2] in keys]


def write_origins(rows: Sequence[RecordRow]) -> None:
    """Store the resources and scopes of these rows, by id."""
    origin_rows = dict(zip(map(id, map(origin_of, rows)), rows, strict=True)).values()
    origins = {row.resource_id: row.origin.resource_message for row in origin_rows}
    origins |= {row.scope_id: row.origin.scope_message for row in origin_rows}
    write_many(INSERT_ORIGINS, list(origins.items()))


def write_shared(origins: Sequence[SpanOrigin]) -> None:
    """Store these resources and scopes, by id."""
    messages = {origin.resource_id: origin.resource_message for origin in origins}
    messages |= {origin.scope_id: origin.scope_message for origin in origins}
    write_many(INSERT_ORIGINS, list(messages.items()))


def keys_stored(keys: Iterable[Key]) -> set[Key]:
    """Those of these keys that records have."""
    rows = fetch_many(STORED, [(*key, 0) for key in sorted(keys)])
    return {(bytes(trace_id), bytes(span_id)) for trace_id, span_id in rows}


def existing(rows: Sequence[RecordRow]) -> set[Key]:
    """The keys of those rows that are stored."""
    return stored_since(rows, 0)


def stored_since(rows: Sequence[RecordRow], first_segment_id: int) -> set[Key]:
    """The keys of those rows that are stored in this segment or a later one."""
    keys = fetch_many(STORED, [(*row[:2], first_segment_id) for row in rows])
    return {(bytes(trace_id), bytes(span_id)) for trace_id, span_id in keys}
