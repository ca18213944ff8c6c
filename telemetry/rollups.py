"""
Mergeable counts by minute, operation, cluster and duration bucket.

A diagnosis reads these groups for whole minutes and counts records only at the window's edges.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from telemetry.sql import execute, write_many

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
TAKE_AWAY = """
    INSERT INTO telemetry_rollup
        (minute, service, operation, fingerprint, duration_bucket,
         count, duration_nano_sum, duration_nano_max)
    VALUES {rows}
    ON CONFLICT (minute, service, operation, fingerprint, duration_bucket) DO UPDATE SET
        count = telemetry_rollup.count - excluded.count,
        duration_nano_sum = telemetry_rollup.duration_nano_sum - excluded.duration_nano_sum
"""
EMPTY = "DELETE FROM telemetry_rollup WHERE minute >= %s AND minute <= %s AND count <= 0"


class Counted(Protocol):
    """What a record is counted by."""

    @property
    def start_time_unix_nano(self) -> int: ...
    @property
    def duration_nano(self) -> int: ...
    @property
    def service(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def fingerprint(self) -> int | None: ...


def add(rows: Iterable[Counted]) -> None:
    """Count rows that were really inserted."""
    write_many(UPSERT, counts(rows))


def take_away(rows: Sequence[Counted]) -> None:
    """Count these rows no longer: they move to other clusters. The maximum stays until a group is empty."""
    taken = counts(rows)
    if taken:
        write_many(TAKE_AWAY, taken)
        minutes = [one[0] for one in taken]
        execute(EMPTY, [min(minutes), max(minutes)])


def counts(rows: Iterable[Counted]) -> list[tuple[int, str, str, int, int, int, int, int]]:
    """The rows of the table that these are."""
    groups: dict[Group, list[int]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row.duration_nano)
    return [
        (*key, len(durations), min(sum(durations), MAX_SUM), max(durations))
        for key, durations in groups.items()
    ]


def group(row: Counted) -> Group:
    """What the row is counted under, in the order of the primary key."""
    minute = row.start_time_unix_nano // MINUTE_NANO
    return minute, row.service, row.operation, row.fingerprint or NO_FAILURE, bucket(row.duration_nano)


def bucket(duration_nano: int) -> int:
    """Bits of the duration in microseconds: each bucket is twice as wide as the one before."""
    return (duration_nano // 1000).bit_length()
