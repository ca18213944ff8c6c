"""How often what happened to what was sent, by hour of arrival and reason: what the drop ledger and the quota read."""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.store.sql import fetch, write_many

HOUR_NANO = 3_600_000_000_000
STORED, DUPLICATE, OVER_QUOTA = "stored", "duplicate", "over_quota"
UPSERT = (
    "INSERT INTO telemetry_tally (hour, reason, count) VALUES {rows} "
    "ON CONFLICT (hour, reason) DO UPDATE SET count = telemetry_tally.count + excluded.count"
)


def add(counts: Mapping[tuple[int, str], int]) -> None:
    """Add to the counts of (hour, reason). Called inside a transaction."""
    write_many(UPSERT, [(*key, count) for key, count in sorted(counts.items()) if count])


def stored() -> int:
    """How many spans were ever stored; what the quota counts."""
    sql = "SELECT COALESCE(SUM(count), 0) FROM telemetry_tally WHERE reason = %s"
    return int(fetch(sql, [STORED])[0][0])
