"""
How many records of some operations a window has, by deployment: a release in an environment.

Whole hours and minutes are summed from their counts (telemetry/store/counts/deployments.py), the partial minutes at the
window's edges from records. The numbers equal a count of every record.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import NamedTuple

from diagnosis.window.traffic import ServiceOperation
from telemetry.reads.counts import table_stretches, whole_minutes
from telemetry.reads.replaced_records import IS_COUNTED
from telemetry.store.counts.deployments import STRETCHES
from telemetry.store.counts.rollups import TABLES
from telemetry.store.sql import fetch, fetch_many
from telemetry.windows import MINUTE_NANO, Window

IN_COUNTS = """
    WITH wanted (wanted_service, wanted_operation, wanted_minutes, first, last) AS (VALUES {rows})
    SELECT service, operation, environment, release, SUM(count) FROM wanted JOIN telemetry_deploymentcounts
    ON service = wanted_service AND operation = wanted_operation AND minutes = wanted_minutes
    AND minute >= first AND minute < last GROUP BY 1, 2, 3, 4
"""
IN_RECORDS = f"""
    SELECT service, operation, environment, release, COUNT(*) FROM telemetry_record AS record
    WHERE {IS_COUNTED} AND start_time_unix_nano >= %s AND start_time_unix_nano < %s GROUP BY 1, 2, 3, 4
"""  # noqa: S608  (constants)
FIRST = """
    SELECT MIN(minute) FROM telemetry_deploymentcounts
    WHERE service = %s AND operation = %s AND minutes = %s AND minute >= %s
"""
MINUTES = {table: minutes for minutes, table in TABLES.items()}


class Deployment(NamedTuple):
    """A release of a service in an environment; "" where its records name none."""

    environment: str
    release: str


DeploymentExposure = dict[ServiceOperation, Counter[Deployment]]


def records_by_deployment(window: Window, places: Collection[ServiceOperation]) -> DeploymentExposure:
    """The number of records of each of these operations in the window, by deployment; the store is bound."""
    minutes, edges = whole_minutes(window)
    wanted = [
        (*place, MINUTES[table], first, last)
        for table, first, last in table_stretches(*minutes, max(STRETCHES))
        for place in sorted(places)
    ]
    rows = fetch_many(IN_COUNTS, wanted)
    if places:
        for edge in edges:
            rows += fetch(IN_RECORDS, [edge.start_unix_nano, edge.end_unix_nano])
    counts: DeploymentExposure = defaultdict(Counter)
    for service, operation, environment, release, number in rows:
        place = ServiceOperation(service, operation)
        if place in places:
            counts[place][Deployment(environment, release)] += int(number)
    return dict(counts)


def ran_since(window: Window, places: Collection[ServiceOperation]) -> int:
    """The start of the hour in which one of these operations first ran since the window began, in unix nanoseconds."""
    hour = max(STRETCHES)
    begun = window.start_unix_nano // MINUTE_NANO // hour * hour
    minutes = [fetch(FIRST, [*place, hour, begun])[0][0] for place in sorted(places)]
    first = min((minute for minute in minutes if minute is not None), default=begun)
    return int(first) * MINUTE_NANO
