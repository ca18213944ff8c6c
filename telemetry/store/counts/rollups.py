"""
Mergeable counts by minute, by hour and by day, each by service, operation, cluster and duration bucket.

A diagnosis reads days, at the window's edges hours and minutes, and last of all records: a month has a hundred times
fewer groups by day than by minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from telemetry.store.counts.row_groups import RowGroups
from telemetry.store.sql import execute, write_many

Group = tuple[int, str, str, int, int]  # minute, service, operation, fingerprint, bucket: the primary key
Count = tuple[int, int, int]  # records, sum and maximum of their durations
TABLES = {1: "telemetry_rollup", 60: "telemetry_hourrollup", 1440: "telemetry_dayrollup"}  # by their minutes
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


def add_rollups(groups: RowGroups) -> None:
    """Count records that were really inserted."""
    for table, rows in by_table(groups):
        write_many(UPSERTS[table], rows)


def take_away(groups: RowGroups) -> None:
    """Subtract these records from the counts: they move to other clusters. A maximum stays until its group is empty."""
    for table, rows in by_table(groups):
        if rows:
            write_many(TAKE_AWAYS[table], rows)
            minutes = [minute for minute, *_ in rows]
            execute(EMPTY.format(table=table), [min(minutes), max(minutes)])


def by_table(groups: RowGroups) -> Iterator[tuple[str, list[tuple[int | str, ...]]]]:
    """Each rollup table with the counts of these records that belong into it."""
    counts = merged_counts(
        ((minute, service, operation, number, its_bucket), (len(times), min(sum(times), MAX_SUM), max(times)))
        for (minute, (service, operation, _, _), number, its_bucket), times in groups.items()
    )
    for minutes, table in TABLES.items():
        counts = merged_counts(
            ((key[0] - key[0] % minutes, *key[1:]), count) for key, count in counts.items()
        )
        yield table, [(*key, *count) for key, count in counts.items()]


def merged_counts(counts: Iterable[tuple[Group, Count]]) -> dict[Group, Count]:
    """The counts of each group together."""
    sums: dict[Group, Count] = {}
    for key, (count, total, longest) in counts:
        if known := sums.get(key):
            sums[key] = known[0] + count, min(known[1] + total, MAX_SUM), max(known[2], longest)
        else:
            sums[key] = count, total, longest
    return sums


def bucket_start_nano(number: int) -> int:
    """The shortest duration in the bucket with this number."""
    return 1000 << number - 1 if number else 0
