"""
The releases of each service (`service.version`), with the time of the first record and the minute of the last.

Whether a release ran before another is asked over the whole store, which has no index of releases.
https://opentelemetry.io/docs/specs/semconv/resource/#service
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from telemetry.store.row import RecordRow
from telemetry.store.sql import write_many

MINUTE_NANO = 60_000_000_000
# A start in 1970 is that of a clock that was never set, or of a time in milliseconds: it says nothing about a release.
EARLIEST = 365 * 24 * 60 * MINUTE_NANO
# Once a minute at most a batch changes the row of a release that runs: its first record is known, and its minute.
UPSERT = """
    INSERT INTO telemetry_release AS kept (service, release, first_unix_nano, last_minute) VALUES {rows}
    ON CONFLICT (service, release) DO UPDATE SET
        first_unix_nano = CASE WHEN excluded.first_unix_nano < kept.first_unix_nano
            THEN excluded.first_unix_nano ELSE kept.first_unix_nano END,
        last_minute = CASE WHEN excluded.last_minute > kept.last_minute
            THEN excluded.last_minute ELSE kept.last_minute END
    WHERE excluded.first_unix_nano < kept.first_unix_nano OR excluded.last_minute > kept.last_minute
"""


def add_releases(rows: Iterable[RecordRow]) -> None:
    """Merge the releases of rows that were really inserted. Called inside a transaction."""
    starts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row in rows:
        if row.start_time_unix_nano >= EARLIEST:
            starts[row.service, row.release].append(row.start_time_unix_nano)
    write_many(UPSERT, [(*key, min(times), max(times) // MINUTE_NANO) for key, times in starts.items()])
