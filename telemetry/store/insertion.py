"""
Rows into the record table, their spans into segments, what they share into origins.

Called inside store.append's transaction. SQL that SQLite 3.40 and PostgreSQL 15 speak.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from telemetry.store import segments
from telemetry.store.row import COLUMNS, PLACE, Row, stored_values
from telemetry.store.segments import Part
from telemetry.store.sql import fetch_many, write_many

Key = tuple[bytes, bytes]  # trace and span id
INSERT = (
    f"INSERT INTO telemetry_record ({', '.join([*COLUMNS, *PLACE])}) "  # noqa: S608  (constants)
    "VALUES {rows} ON CONFLICT DO NOTHING"
)

# Not `(trace_id, span_id) IN (VALUES ...)`: for more than one row SQLite then reads the whole table.
STORED = """
    WITH tried (its_trace, its_span, earliest) AS (VALUES {rows})
    SELECT trace_id, span_id FROM tried
    JOIN telemetry_record ON trace_id = its_trace AND span_id = its_span AND segment_id >= earliest
"""


def insert_new(parts: Iterable[Part], rows: Sequence[Row]) -> Sequence[Row]:
    """Write these rows out of the parts, their segments and origins; the rows that were not there before."""
    if not rows:
        return rows
    first = segments.next_id()
    numbered = list(enumerate(parts, first))
    written = write_many(INSERT, placed(numbered, rows))
    fresh = rows if written == len(rows) else among(rows, stored_since(rows, first) if written else set())
    keep = set(map(id, fresh))
    segments.write([(n, part.content) for n, part in numbered if not keep.isdisjoint(map(id, part.rows))])
    write_origins(fresh)
    return fresh


def placed(numbered: Iterable[tuple[int, Part]], rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """The columns of these rows, with their places in the numbered segments."""
    chosen = set(map(id, rows))
    return [
        (*stored_values(row), segment_id, position)
        for segment_id, part in numbered
        for position, row in enumerate(part.rows)
        if id(row) in chosen
    ]


def among(rows: Iterable[Row], keys: set[Key]) -> list[Row]:
    """The rows with these keys."""
    return [row for row in rows if row[:2] in keys]


def write_origins(rows: Iterable[Row]) -> None:
    """Store what these rows share, by id."""
    shared = {id(row.origin): row for row in rows}.values()
    origins = {row.resource_id: row.origin.resource_message for row in shared}
    origins |= {row.scope_id: row.origin.scope_message for row in shared}
    write_many(
        "INSERT INTO telemetry_origin (origin_id, message) VALUES {rows} ON CONFLICT DO NOTHING",
        list(origins.items()),
    )


def existing(rows: Sequence[Row]) -> set[Key]:
    """The keys among these rows that are stored."""
    return stored_since(rows, 0)


def stored_since(rows: Sequence[Row], first_segment_id: int) -> set[Key]:
    """The keys among these rows that are stored in that segment or a later one."""
    found = fetch_many(STORED, [(*row[:2], first_segment_id) for row in rows])
    return {(bytes(trace_id), bytes(span_id)) for trace_id, span_id in found}
