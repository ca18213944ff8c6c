"""
The narrow door to a project's store: rows are appended here and nowhere else.

One transaction an append, committed and synced when it returns. A span sent again changes nothing, and
rollups, traces and tallies count only what was really inserted. SQL that SQLite 3.40 and PostgreSQL 15 speak.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connections, transaction  # noqa: TID251  (this is the module that offers the right atomic)

from telemetry import rollups, traces
from telemetry.models import Tally
from telemetry.normalise import Row, text
from telemetry.sql import fetch, write_many
from tenants.binding import bound_alias

HOUR_NANO = 3_600_000_000_000
Key = tuple[bytes, bytes]  # trace and span id
ROWS_A_STATEMENT = 400  # times 26 columns stays under SQLite's 32766 parameters


@dataclass(slots=True)
class Receipt:
    """What became of the spans of one request."""

    accepted: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by reason

    @property
    def rejected_total(self) -> int:
        """Spans that will not be stored."""
        return self.rejected.total()


def atomic() -> AbstractContextManager[None]:
    """All or nothing in the bound project's store, holding its write lock from the start."""
    guard: AbstractContextManager[None] = transaction.atomic(using=bound_alias())
    return guard


@contextmanager
def snapshot() -> Iterator[None]:
    """Several reads of the bound store that see one moment, without blocking writers."""
    connection: Any = connections[bound_alias()]
    mode, connection.transaction_mode = connection.transaction_mode, "DEFERRED"
    try:
        with atomic():
            yield
    finally:
        connection.transaction_mode = mode


def append(rows: Sequence[Row], rejected: Iterable[str], quota: int | None, now_unix_nano: int) -> Receipt:
    """Store what is new and fits the quota. The receipt is true once this returns."""
    receipt = Receipt(rejected=Counter(rejected))
    unique = {key(row): row for row in reversed(rows)}  # the first of a pair stays
    candidates = list(reversed(unique.values()))
    with atomic():
        fitting = fit(candidates, quota)
        inserted = insert(fitting)
        traces.add(inserted)
        rollups.add(inserted)
        known = {key(row) for row in fitting}
        over = sum(key(row) not in known for row in rows)
        receipt.accepted = len(inserted)
        receipt.duplicates = len(rows) - over - len(inserted)
        receipt.rejected += Counter({"over_quota": over})
        tally(receipt, now_unix_nano // HOUR_NANO)
    return receipt


def fit(rows: list[Row], quota: int | None) -> list[Row]:
    """The rows that may be tried: those stored already, and as many new ones as the quota has room for."""
    if quota is None:
        return rows
    room = quota - stored()
    if room >= len(rows):
        return rows
    known = existing(rows)
    fitting = []
    for row in rows:
        if key(row) not in known:
            if room <= 0:
                continue
            room -= 1
        fitting.append(row)
    return fitting


def stored() -> int:
    """How many spans were ever stored; what the quota counts."""
    return sum(Tally.objects.filter(reason="stored").values_list("count", flat=True))


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


def insert(rows: list[Row]) -> list[Row]:
    """Write records and their origins; the rows that were not there before."""
    write_many(
        "INSERT INTO telemetry_origin (origin_id, message) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        list({row.origin_id: (row.origin_id, row.span.origin.message) for row in rows}.values()),
    )
    fresh = {found for chunk in chunks(rows) for found in insert_chunk(chunk)}
    return [row for row in rows if key(row) in fresh]


COLUMNS = (
    "trace_id, span_id, parent_span_id, start_time_unix_nano, duration_nano, name, kind, status_code, "
    "operation, service, environment, release, unit, agent, tool, model, input_tokens, output_tokens, "
    "signal_type, severity, error_type, failure_message, fingerprint, origin_id, message"
)
PLACES = "(" + ", ".join(["%s"] * len(COLUMNS.split(","))) + ")"


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
        row.origin_id,
        span.message.SerializeToString(),
    )


def tally(receipt: Receipt, hour: int) -> None:
    """Count every span of the request by what became of it."""
    counts = {"stored": receipt.accepted, "duplicate": receipt.duplicates, **receipt.rejected}
    write_many(
        "INSERT INTO telemetry_tally (hour, reason, count) VALUES (%s, %s, %s) "
        "ON CONFLICT (hour, reason) DO UPDATE SET count = telemetry_tally.count + excluded.count",
        [(hour, reason, count) for reason, count in sorted(counts.items()) if count],
    )
