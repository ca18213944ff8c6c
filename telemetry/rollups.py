"""
Mergeable counts by minute, operation, cluster and duration bucket.

A diagnosis reads these groups for whole minutes and counts records only at the window's edges.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.normalise import Row, text
from telemetry.sql import write_many

MINUTE_NANO = 60_000_000_000
NO_FAILURE = 0
MAX_SUM = (1 << 63) - 1  # of a 64-bit column; sums stop there, in any order
UPSERT = f"""
    INSERT INTO telemetry_rollup
        (minute, service, operation, fingerprint, duration_bucket,
         count, duration_nano_sum, duration_nano_max)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
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
    groups: dict[tuple[int, str, str, int, int], list[int]] = {}
    for row in rows:
        duration = row.span.duration_nano
        group = groups.setdefault(key(row), [0, 0, 0])
        group[0] += 1
        group[1] = min(group[1] + duration, MAX_SUM)
        group[2] = max(group[2], duration)
    write_many(UPSERT, [(*group, *counts) for group, counts in groups.items()])


def key(row: Row) -> tuple[int, str, str, int, int]:
    """The group that a row is counted in."""
    minute = row.span.start_time_unix_nano // MINUTE_NANO
    service = text(row.span.origin.service)
    return minute, service, text(row.operation), row.fingerprint or NO_FAILURE, bucket(row.span.duration_nano)


def bucket(duration_nano: int) -> int:
    """Bits of the duration in microseconds: each bucket is twice as wide as the one before."""
    return (duration_nano // 1000).bit_length()
