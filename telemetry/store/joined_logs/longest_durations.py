"""
The longest duration in groups of rollups that records left: kept exact, so that no order of arrival shows in them.

Called inside store.append's transaction, after the records were rewritten. The SQL runs on SQLite 3.40 and PostgreSQL
15.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemetry.models import Record
from telemetry.store.counts.rollups import TABLES, bucket_start_nano
from telemetry.store.counts.row_groups import MINUTE_NANO, NO_FAILURE, bucket, group_key
from telemetry.store.sql import execute

SAME_GROUP = "service = %s AND operation = %s AND fingerprint = %s AND duration_bucket = %s"
OF_RECORDS = f"""
    UPDATE telemetry_rollup SET duration_nano_max = COALESCE((
        SELECT MAX(duration_nano) FROM telemetry_record AS record
        WHERE start_time_unix_nano >= %s AND start_time_unix_nano < %s AND duration_nano >= %s AND duration_nano < %s
        AND service = %s AND operation = %s AND COALESCE(fingerprint, {NO_FAILURE}) = %s
        AND NOT EXISTS (SELECT 1 FROM telemetry_repeatedcall AS repeated
            WHERE repeated.trace_id = record.trace_id AND repeated.span_id = record.span_id)), 0)
    WHERE minute = %s AND {SAME_GROUP} AND duration_nano_max = %s
"""  # noqa: S608  (constants)
OF_FINER = """
    UPDATE {table} SET duration_nano_max = COALESCE((
        SELECT MAX(duration_nano_max) FROM {finer} WHERE minute >= %s AND minute < %s AND {group}), 0)
    WHERE minute = %s AND {group} AND duration_nano_max = %s
"""


def correct_longest(left: Iterable[Record]) -> None:
    """Correct the groups that these records left, where one of them was the longest."""
    for record in left:
        minute, (service, operation, _, _), fingerprint, number = group_key(record)
        names = service, operation, fingerprint
        longest = record.duration_nano
        span_of_bucket = bucket_start_nano(number), bucket_start_nano(bucket(longest) + 1)
        times = minute * MINUTE_NANO, (minute + 1) * MINUTE_NANO
        execute(OF_RECORDS, [*times, *span_of_bucket, *names, minute, *names, number, longest])
        finer = TABLES[1]
        for minutes, table in list(TABLES.items())[1:]:
            start, same = minute - minute % minutes, [*names, number]
            statement = OF_FINER.format(table=table, finer=finer, group=SAME_GROUP)
            execute(statement, [start, start + minutes, *same, start, *same, longest])
            finer = table
