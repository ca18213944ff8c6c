"""
The requests with log records that said nothing new of a record: so many are compared with it, others are refused.

To compare them takes the record's whole span, which may be as long as the request is short. Log records that do join
are limited by the versions of a record. Called inside store.append's transaction. The SQL runs on SQLite 3.40 and
PostgreSQL 15.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.store.insertion import Key
from telemetry.store.sql import fetch_many, write_many

MOST = 32  # requests for one record, as with those that join it
EXHAUSTED = """
    WITH wanted (its_trace, its_span) AS (VALUES {rows})
    SELECT trace_id, span_id, requests FROM wanted
    JOIN telemetry_repeatedlogs ON trace_id = its_trace AND span_id = its_span
"""
COUNT = (
    "INSERT INTO telemetry_repeatedlogs (trace_id, span_id, requests) VALUES {rows} "
    "ON CONFLICT (trace_id, span_id) DO UPDATE SET requests = telemetry_repeatedlogs.requests + 1"
)


def exhausted(keys: Iterable[Key]) -> set[Key]:
    """Those of these records that log records repeated in MOST requests."""
    rows = fetch_many(EXHAUSTED, sorted(keys))
    return {(bytes(trace_id), bytes(span_id)) for trace_id, span_id, requests in rows if requests >= MOST}


def count_repeats(keys: Iterable[Key]) -> None:
    """Count one request more for each of these records."""
    write_many(COUNT, [(*key, 1) for key in sorted(keys)])
