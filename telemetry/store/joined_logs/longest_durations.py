"""
The longest duration in groups of rollups that records left: kept exact, so that no order of arrival shows in them.

Only groups of which a record that left was the longest are looked at, and the records of a minute are read once for all
of its groups; of many busy minutes only the quietest. Called inside store.append's transaction, after the records were
rewritten. The SQL runs on SQLite 3.40 and PostgreSQL 15.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from itertools import pairwise

from telemetry.models import Record
from telemetry.store.counts.rollups import TABLES
from telemetry.store.counts.row_groups import NO_FAILURE, bucket, group_key
from telemetry.store.sql import execute, fetch, fetch_many
from telemetry.windows import MINUTE_NANO

# Records of the minutes that one batch reads again, which takes some tenths of a second.
MOST_READ = 100_000
RollupKey = tuple[int, str, str, int, int]  # minute, service, operation, fingerprint or NO_FAILURE, bucket
GROUP = "service = %s AND operation = %s AND fingerprint = %s AND duration_bucket = %s"
LEFT = """
    WITH gone (its_minute, its_service, its_operation, its_fingerprint, its_bucket, its_longest) AS (VALUES {rows})
    SELECT minute, service, operation, fingerprint, duration_bucket FROM gone JOIN telemetry_rollup
    ON minute = its_minute AND service = its_service AND operation = its_operation
        AND fingerprint = its_fingerprint AND duration_bucket = its_bucket
    WHERE duration_nano_max = its_longest
"""
RECORDS = f"""
    SELECT service, operation, COALESCE(fingerprint, {NO_FAILURE}), duration_nano FROM telemetry_record AS record
    WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s
        AND NOT EXISTS (SELECT 1 FROM telemetry_repeatedcall AS repeated
            WHERE repeated.trace_id = record.trace_id AND repeated.span_id = record.span_id)
"""  # noqa: S608  (constants)
COUNTS = """
    WITH wanted (its_minute) AS (VALUES {rows})
    SELECT minute, SUM(count) FROM wanted JOIN telemetry_rollup ON minute = its_minute GROUP BY minute
"""
SET = f"UPDATE telemetry_rollup SET duration_nano_max = %s WHERE minute = %s AND {GROUP}"  # noqa: S608
OF_FINER = f"""
    UPDATE {{table}} SET duration_nano_max = COALESCE((
        SELECT MAX(duration_nano_max) FROM {{finer}} WHERE minute IN ({{minutes}}) AND {GROUP}), 0)
    WHERE minute = %s AND {GROUP}
"""  # noqa: S608


def correct_longest(left: Iterable[Record]) -> None:
    """
    Correct the groups that these records left, where one of them was the longest.

    Once the quietest minutes have MOST_READ records together, the groups of the others keep what they have: the longest
    that was ever in them, which is less than twice as long as any other in the bucket.
    """
    gone = sorted({(*rollup_key(record), record.duration_nano) for record in left})
    by_minute: dict[int, set[RollupKey]] = defaultdict(set)
    for minute, service, operation, fingerprint, number in fetch_many(LEFT, gone):
        by_minute[minute].add((minute, service, operation, fingerprint, number))
    minutes = quietest(by_minute)
    for minute in minutes:
        correct_minute(minute, by_minute[minute])
    correct_coarser({group for minute in minutes for group in by_minute[minute]})


def quietest(minutes: Iterable[int]) -> list[int]:
    """Those of these minutes with the fewest records, MOST_READ together."""
    counts = fetch_many(COUNTS, [(minute,) for minute in sorted(minutes)])
    chosen, read = [], 0
    for count, minute in sorted((int(count), minute) for minute, count in counts):
        read += count
        if read > MOST_READ:
            break
        chosen.append(minute)
    return chosen


def rollup_key(record: Record) -> RollupKey:
    """The group of minutes that the record was counted in."""
    minute, (service, operation, _, _), fingerprint, number = group_key(record)
    return minute, service, operation, fingerprint, number


def correct_minute(minute: int, groups: Collection[RollupKey]) -> None:
    """Correct these groups of one minute by its records."""
    longest = dict.fromkeys(groups, 0)
    kinds = {group[:4] for group in groups}
    for service, operation, fingerprint, duration in fetch(
        RECORDS, [minute * MINUTE_NANO, (minute + 1) * MINUTE_NANO]
    ):
        kind = minute, service, operation, fingerprint
        if kind in kinds and (group := (*kind, bucket(duration))) in longest:
            longest[group] = max(longest[group], duration)
    for group, most in longest.items():
        execute(SET, [most, *group])


def correct_coarser(groups: Iterable[RollupKey]) -> None:
    """Correct the hours and days of these groups, by the minutes and hours in them."""
    for (finer_minutes, finer), (minutes, table) in pairwise(TABLES.items()):
        steps = range(0, minutes, finer_minutes)
        statement = OF_FINER.format(table=table, finer=finer, minutes=", ".join(["%s"] * len(steps)))
        for start, names in sorted({(group[0] - group[0] % minutes, group[1:]) for group in groups}):
            execute(statement, [*(start + step for step in steps), *names, start, *names])
