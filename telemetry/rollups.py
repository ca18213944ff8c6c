"""
Mergeable counts by minute, operation, cluster and duration bucket.

A diagnosis reads these groups for whole minutes and counts records only at the window's edges.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.normalise import Row
from telemetry.sql import write_many

Group = tuple[int, str, str, int, int]
MINUTE_NANO = 60_000_000_000
NO_FAILURE = 0
MAX_SUM = (1 << 63) - 1  # of a 64-bit column; sums stop there, in any order
UPSERT = f"""
    INSERT INTO telemetry_rollup
        (minute, service, operation, fingerprint, duration_bucket,
         count, duration_nano_sum, duration_nano_max)
    VALUES {{rows}}
    ON CONFLICT (minute, service, operation, fingerprint, duration_bucket) DO UPDATE SET
        count = telemetry_rollup.count + excluded.count,
        duration_nano_sum = CASE
            WHEN telemetry_rollup.duration_nano_sum > {MAX_SUM} - excluded.duration_nano_sum THEN {MAX_SUM}
            ELSE telemetry_rollup.duration_nano_sum + excluded.duration_nano_sum END,
        duration_nano_max = CASE WHEN excluded.duration_nano_max > telemetry_rollup.duration_nano_max
            THEN excluded.duration_nano_max ELSE telemetry_rollup.duration_nano_max END
"""  # noqa: S608  (constants)


def add(rows: Iterable[Row]) -> None:
    """Count rows that were really inserted."""
    groups: dict[Group, list[int]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row.duration_nano)
    write_many(
        UPSERT,
        [
            (*key, len(durations), min(sum(durations), MAX_SUM), max(durations))
            for key, durations in groups.items()
        ],
    )


def group(row: Row) -> Group:
    """What the row is counted under, in the order of the primary key."""
    minute = row.start_time_unix_nano // MINUTE_NANO
    return minute, row.service, row.operation, row.fingerprint or NO_FAILURE, bucket(row.duration_nano)


def bucket(duration_nano: int) -> int:
    """Bits of the duration in microseconds: each bucket is twice as wide as the one before."""
    return (duration_nano // 1000).bit_length()
