"""
Mergeable counts by minute, by hour and by day, each by service, operation, cluster and duration bucket.

A diagnosis reads days, at the window's edges hours and minutes, and last of all records: a month has a hundred times
fewer groups by day than by minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol, cast

from telemetry.store.sql import execute, write_many

Group = tuple[int, str, str, int, int]
Count = tuple[int, int, int]  # records, sum and maximum of their durations
MINUTE_NANO = 60_000_000_000
TABLES = {1: "telemetry_rollup", 60: "telemetry_hourrollup", 1440: "telemetry_dayrollup"}  # by their minutes
NO_FAILURE = 0
MAX_SUM = (1 << 63) - 1  # of a 64-bit column; sums stop there, in any order
MERGE = """
    INSERT INTO {table} AS kept
        (minute, service, operation, fingerprint, duration_bucket,
         count, duration_nano_sum, duration_nano_max)
    VALUES {{rows}}
    ON CONFLICT (minute, service, operation, fingerprint, duration_bucket) DO UPDATE SET
"""
ADD = f"""
        count = kept.count + excluded.count,
        duration_nano_sum = CASE
            WHEN kept.duration_nano_sum > {MAX_SUM} - excluded.duration_nano_sum THEN {MAX_SUM}
            ELSE kept.duration_nano_sum + excluded.duration_nano_sum END,
        duration_nano_max = CASE WHEN excluded.duration_nano_max > kept.duration_nano_max
            THEN excluded.duration_nano_max ELSE kept.duration_nano_max END
"""
TAKE = """
        count = kept.count - excluded.count,
        duration_nano_sum = kept.duration_nano_sum - excluded.duration_nano_sum
"""
EMPTY = "DELETE FROM {table} WHERE minute >= %s AND minute <= %s AND count <= 0"
UPSERTS = {table: MERGE.format(table=table) + ADD for table in TABLES.values()}
TAKE_AWAYS = {table: MERGE.format(table=table) + TAKE for table in TABLES.values()}


class CountedRow(Protocol):
    """The values by which a record is counted."""

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


def add_rollups(rows: Iterable[CountedRow]) -> None:
    """Count rows that were really inserted."""
    for table, groups in by_table(rows):
        write_many(UPSERTS[table], groups)


def take_away(rows: Iterable[CountedRow]) -> None:
    """Subtract these rows from the counts: they move to other clusters. A maximum stays until its group is empty."""
    for table, groups in by_table(rows):
        if groups:
            write_many(TAKE_AWAYS[table], groups)
            minutes = [minute for minute, *_ in groups]
            execute(EMPTY.format(table=table), [min(minutes), max(minutes)])


def by_table(rows: Iterable[CountedRow]) -> Iterator[tuple[str, list[tuple[int | str, ...]]]]:
    """Each rollup table with the counts of these rows that belong into it."""
    groups: dict[Group, list[int]] = {}
    for row in rows:
        groups.setdefault(group(row), []).append(row.duration_nano)
    counts = {
        key: (len(durations), min(sum(durations), MAX_SUM), max(durations))
        for key, durations in groups.items()
    }
    for minutes, table in TABLES.items():
        counts = coarser(counts, minutes)
        yield table, [(*key, *count) for key, count in counts.items()]


def coarser(counts: Mapping[Group, Count], minutes: int) -> dict[Group, Count]:
    """The counts merged into stretches of so many minutes."""
    coarse_counts: dict[Group, Count] = {}
    for (minute, *rest), (count, total, longest) in counts.items():
        key = cast(Group, (minute - minute % minutes, *rest))
        n, before, most = coarse_counts.get(key, (0, 0, 0))
        coarse_counts[key] = n + count, min(before + total, MAX_SUM), max(most, longest)
    return coarse_counts


def group(row: CountedRow) -> Group:
    """The key under which the row is counted, in the order of the primary key."""
    minute = row.start_time_unix_nano // MINUTE_NANO
    return minute, row.service, row.operation, row.fingerprint or NO_FAILURE, bucket(row.duration_nano)


def bucket(duration_nano: int) -> int:
    """The number of bits of the duration in microseconds: each bucket is twice as wide as the one before."""
    return (duration_nano // 1000).bit_length()


def bucket_start_nano(number: int) -> int:
    """The shortest duration in the bucket with this number."""
    return 1000 << number - 1 if number else 0
