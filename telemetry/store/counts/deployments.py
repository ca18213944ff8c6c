"""
The deployments of each service, a release in an environment: how many records of each operation ran there, and failed;
and the releases (`service.version`), with the time of the first record and the minute of the last.

Counts are apart from the rollups (rollups.py), which would be as many times as many as there are deployments. They are
by minute and by hour in one table, so that a batch adds all of them in one statement; the key begins with the
operation, of which the deployments in a window are one range. Whether a release ran before another is asked over the
whole store.
https://opentelemetry.io/docs/specs/semconv/resource/deployment-environment/
https://opentelemetry.io/docs/specs/semconv/resource/#service
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter

from telemetry.store.counts.row_groups import NO_FAILURE, CountedRow, RowGroups
from telemetry.store.sql import execute, write_many
from telemetry.windows import MINUTE_NANO

STRETCHES = (1, 60)  # minutes
COUNT = """
    INSERT INTO telemetry_deploymentcounts AS kept
        (service, operation, minutes, minute, environment, release, count, failures)
    VALUES {rows}
    ON CONFLICT (service, operation, minutes, minute, environment, release) DO UPDATE SET
        count = kept.count + excluded.count, failures = kept.failures + excluded.failures
"""
EMPTY = """
    DELETE FROM telemetry_deploymentcounts WHERE service = %s AND operation = %s AND minutes = %s AND minute = %s
    AND environment = %s AND release = %s AND count <= 0
"""
# A start in 1970 is that of a clock that was never set, or of a time in milliseconds: it says nothing about a release.
EARLIEST = 365 * 24 * 60 * MINUTE_NANO
# Once a minute at most a batch changes the row of a release that runs: its first record is known, and its minute.
SEEN = """
    INSERT INTO telemetry_release AS kept (service, release, first_unix_nano, last_minute) VALUES {rows}
    ON CONFLICT (service, release) DO UPDATE SET
        first_unix_nano = CASE WHEN excluded.first_unix_nano < kept.first_unix_nano
            THEN excluded.first_unix_nano ELSE kept.first_unix_nano END,
        last_minute = CASE WHEN excluded.last_minute > kept.last_minute
            THEN excluded.last_minute ELSE kept.last_minute END
    WHERE excluded.first_unix_nano < kept.first_unix_nano OR excluded.last_minute > kept.last_minute
"""
start_in_release = attrgetter("service", "release", "start_time_unix_nano")
Group = tuple[str, str, int, int, str, str]  # the key of a row that counts


def add_deployments(groups: RowGroups) -> None:
    """Count these records for their deployments."""
    write_many(COUNT, [(*key, *counts) for key, counts in deployment_counts(groups).items()])


def subtract_deployments(groups: RowGroups) -> None:
    """Subtract these records from the counts: they are counted elsewhere from now on, or nowhere."""
    by_key = deployment_counts(groups)
    write_many(COUNT, [(*key, *(-number for number in counts)) for key, counts in by_key.items()])
    for key in by_key:
        execute(EMPTY, key)


def deployment_counts(groups: RowGroups) -> dict[Group, list[int]]:
    """The numbers of records and of failing records for each row that counts them."""
    counts: dict[Group, list[int]] = {}
    for (minute, (service, operation, environment, release), number, _), durations in groups.items():
        for minutes in STRETCHES:
            key = service, operation, minutes, minute - minute % minutes, environment, release
            sums = counts.setdefault(key, [0, 0])
            sums[0] += len(durations)
            sums[1] += len(durations) if number != NO_FAILURE else 0
    return counts


def merge_releases(rows: Iterable[CountedRow]) -> None:
    """Merge the releases of the records with those that are known."""
    starts: dict[tuple[str, str], list[int]] = defaultdict(list)
    for service, release, start in map(start_in_release, rows):
        if start >= EARLIEST:
            starts[service, release].append(start)
    write_many(SEEN, [(*key, min(times), max(times) // MINUTE_NANO) for key, times in starts.items()])
