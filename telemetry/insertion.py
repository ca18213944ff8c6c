"""
Rows into the record table: many a statement, and the database says which ones were really new.

Called inside store.append's transaction. SQL that SQLite 3.40 and PostgreSQL 15 both speak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from telemetry.normalise import Row, text
from telemetry.sql import fetch, write_many

Key = tuple[bytes, bytes]  # trace and span id
ROWS_A_STATEMENT = 400  # times 26 columns stays under SQLite's 32766 parameters
COLUMNS = (
    "trace_id, span_id, parent_span_id, start_time_unix_nano, duration_nano, name, kind, status_code, "
    "operation, service, environment, release, unit, agent, tool, model, input_tokens, output_tokens, "
    "signal_type, severity, error_type, failure_message, fingerprint, resource_id, scope_id, message"
)
PLACES = "(" + ", ".join(["%s"] * len(COLUMNS.split(","))) + ")"


def insert_new(rows: list[Row]) -> list[Row]:
    """Write records and their origins; the rows that were not there before."""
    write_many(
        "INSERT INTO telemetry_origin (origin_id, message) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        list(origins(rows).items()),
    )
    fresh = {found for chunk in chunks(rows) for found in insert_chunk(chunk)}
    return [row for row in rows if key(row) in fresh]


def origins(rows: list[Row]) -> dict[int, bytes]:
    """What these rows share, by id."""
    resources = {row.resource_id: row.span.origin.resource_message for row in rows}
    return resources | {row.scope_id: row.span.origin.scope_message for row in rows}


def insert_chunk(rows: list[Row]) -> set[Key]:
    """The keys that one statement really inserted."""
    sql = (
        f"INSERT INTO telemetry_record ({COLUMNS}) VALUES {', '.join([PLACES] * len(rows))} "  # noqa: S608  (constants)
        "ON CONFLICT DO NOTHING RETURNING trace_id, span_id"
    )
    return keys(fetch(sql, [value for row in rows for value in columns(row)]))


def columns(row: Row) -> tuple[Any, ...]:
    """The values of one record, in the order of COLUMNS."""
    span, meaning, failure = row.span, row.meaning, row.failure
    origin = span.origin
    return (
        span.trace_id,
        span.span_id,
        span.parent_span_id or None,
        span.start_time_unix_nano,
        span.duration_nano,
        text(span.name),
        span.kind,
        span.status_code,
        text(row.operation),
        text(origin.service),
        text(origin.environment),
        text(origin.release),
        meaning.unit,
        text(meaning.agent),
        text(meaning.tool),
        text(meaning.model),
        meaning.input_tokens,
        meaning.output_tokens,
        failure.signal_type if failure else "",
        failure.severity if failure else "",
        text(failure.error_type) if failure else "",
        text(failure.message) if failure else "",
        row.fingerprint,
        row.resource_id,
        row.scope_id,
        span.message.SerializeToString(),
    )


def existing(rows: list[Row]) -> set[Key]:
    """The keys among these rows that are stored."""
    return {found for chunk in chunks(rows) for found in stored_of(chunk)}


def stored_of(rows: list[Row]) -> set[Key]:
    """The same, for as many rows as one statement takes."""
    sql = (
        "SELECT trace_id, span_id FROM telemetry_record "  # noqa: S608  (constants)
        f"WHERE (trace_id, span_id) IN (VALUES {', '.join(['(%s, %s)'] * len(rows))})"
    )
    return keys(fetch(sql, [part for row in rows for part in key(row)]))


def chunks(rows: list[Row]) -> Iterator[list[Row]]:
    """The rows in parts that one statement takes."""
    return (rows[start : start + ROWS_A_STATEMENT] for start in range(0, len(rows), ROWS_A_STATEMENT))


def key(row: Row) -> Key:
    """What makes a row the same span as another."""
    return row.span.trace_id, row.span.span_id


def keys(found: Iterable[tuple[Any, ...]]) -> set[Key]:
    """Keys as the database gives them."""
    return {(bytes(trace_id), bytes(span_id)) for trace_id, span_id in found}
