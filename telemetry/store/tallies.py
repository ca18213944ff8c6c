"""Counts of what was sent by its outcome and hour of arrival, for the drop ledger and the quota."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.store.sql import fetch, write_many

HOUR_NANO = 3_600_000_000_000
STORED, DUPLICATE, OVER_QUOTA = "stored", "duplicate", "over_quota"
NO_SPANS = "no_spans"  # a request without any
OTHER_LOGS = "other_logs"  # log records that are neither events of agents nor failures
CONFLICT, SHARED_ID = "conflicting_version", "shared_span_id"
UPSERT = (
    "INSERT INTO telemetry_tally (hour, reason, count) VALUES {rows} "
    "ON CONFLICT (hour, reason) DO UPDATE SET count = telemetry_tally.count + excluded.count"
)


def add_tallies(counts: Mapping[tuple[int, str], int]) -> None:
    """Add to the counts of each hour and reason. Called inside a transaction."""
    write_many(UPSERT, [(*key, count) for key, count in sorted(counts.items()) if count])


def stored() -> int:
    """The number of spans that were ever stored, which the quota limits."""
    sql = "SELECT COALESCE(SUM(count), 0) FROM telemetry_tally WHERE reason = %s"
    return int(fetch(sql, [STORED])[0][0])
