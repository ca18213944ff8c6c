"""Counts of what was sent by its outcome and hour of arrival, for the drop ledger and the quota."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.store.sql import fetch, write_many

HOUR_NANO = 3_600_000_000_000
STORED, DUPLICATE, OVER_QUOTA = "stored", "duplicate", "over_quota"
NO_SPANS = "no_spans"  # a request without any
LOG_JOINED = "log_joined"  # log records that joined a span, or wait for it
LOG_WITHOUT_SPAN = "log_without_span"  # log records that waited in vain, and are no records of their own
NO_ROOM_TO_WAIT, JOINED_TOO_OFTEN = "no_room_to_wait", "joined_too_often"
CALLS_NOT_SEARCHED = "calls_not_searched"  # log records whose call was not found among too many
NO_LOGS = "no_logs"  # a request without any log record
OTHER_LOGS = "other_logs"  # log records that are neither events of agents nor failures
CONTEXT_LOG = "context_log"  # those of them that are kept as context of their trace
COUNTED = (STORED, LOG_JOINED, CONTEXT_LOG)  # against the quota
CONFLICT, SHARED_ID = "conflicting_version", "shared_span_id"
UPSERT = (
    "INSERT INTO telemetry_tally (hour, reason, count) VALUES {rows} "
    "ON CONFLICT (hour, reason) DO UPDATE SET count = telemetry_tally.count + excluded.count"
)


def add_tallies(counts: Mapping[tuple[int, str], int]) -> None:
    """Add to the counts of each hour and reason. Called inside a transaction."""
    write_many(UPSERT, [(*key, count) for key, count in sorted(counts.items()) if count])


def quota_used(counts: Mapping[str, int]) -> int:
    """How much of the quota is used, given the counts by reason: spans, log records that join them, and context."""
    return sum(counts.get(reason, 0) for reason in COUNTED)


def stored() -> int:
    """The number of spans and log records that were ever stored, which the quota limits."""
    sql = "SELECT COALESCE(SUM(count), 0) FROM telemetry_tally WHERE reason IN (%s, %s, %s)"
    return int(fetch(sql, COUNTED)[0][0])
