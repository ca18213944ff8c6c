"""
The failures of a cluster: the one definition that every number of a cluster is counted by.

They are its primary failures: records that failed with its fingerprint, and that no failing record below them in the
trace caused (telemetry/grouping/attribution.py). The failing records around them, whatever their own cluster, are
downstream of it: what its failures caused. These are counted apart, and named where they are shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from telemetry.models import Attribution, Record
from telemetry.reads.filters import in_window
from telemetry.store.sql import fetch_many, fetch_of_ids
from telemetry.windows import Window

NUMBERS = """
    WITH wanted (cluster, first, last) AS (VALUES {rows})
    SELECT fingerprint, COUNT(*) FROM wanted JOIN telemetry_attribution ON fingerprint = cluster
    WHERE start_time_unix_nano >= first AND start_time_unix_nano < last AND NOT is_downstream GROUP BY fingerprint
"""
NUMBERS_BY_OPERATION = """
    WITH wanted (cluster, first, last) AS (VALUES {rows})
    SELECT fingerprint, service, operation, COUNT(*) FROM wanted JOIN telemetry_attribution ON fingerprint = cluster
    WHERE start_time_unix_nano >= first AND start_time_unix_nano < last AND NOT is_downstream
    GROUP BY fingerprint, service, operation
"""
FIRST_STARTS = """
    WITH wanted (cluster) AS (VALUES {rows})
    SELECT cluster, (
        SELECT start_time_unix_nano FROM telemetry_attribution WHERE fingerprint = cluster AND NOT is_downstream
        ORDER BY start_time_unix_nano LIMIT 1
    ) FROM wanted
"""
FAILING_TRACES = "SELECT DISTINCT trace_id FROM telemetry_attribution WHERE trace_id IN "


def failures(window: Window, fingerprint: int) -> QuerySet[Attribution]:
    """The failures of the cluster that start in the bound project's window, in no order."""
    return in_window(Attribution.objects.filter(fingerprint=fingerprint, is_downstream=False), window)


def numbers(window: Window, fingerprints: Iterable[int]) -> dict[int, int]:
    """The number of failures of each of these clusters that has any in the window."""
    wanted = [
        (cluster, window.start_unix_nano, window.end_unix_nano) for cluster in sorted(set(fingerprints))
    ]
    return {int(cluster): int(number) for cluster, number in fetch_many(NUMBERS, wanted)}


def numbers_by_operation(
    window: Window, fingerprints: Iterable[int]
) -> dict[int, dict[tuple[str, str], int]]:
    """The failures of each of these clusters in the window by service and operation; none of one without any."""
    bounds = window.start_unix_nano, window.end_unix_nano
    wanted = [(cluster, *bounds) for cluster in sorted(set(fingerprints))]
    found: dict[int, dict[tuple[str, str], int]] = defaultdict(dict)
    for cluster, service, operation, number in fetch_many(NUMBERS_BY_OPERATION, wanted):
        found[cluster][service, operation] = int(number)
    return found


def failing_traces(trace_ids: Iterable[bytes]) -> set[bytes]:
    """Those of these traces in which a record failed, in any way."""
    return {bytes(trace_id) for (trace_id,) in fetch_of_ids(FAILING_TRACES, trace_ids)}


def clusters_of_signal(window: Window, signal_type: str) -> frozenset[int]:
    """The clusters of the records in the window that failed with this signal."""
    rows = in_window(Record.objects.filter(signal_type=signal_type, fingerprint__isnull=False), window)
    numbers = rows.order_by().values_list("fingerprint", flat=True).distinct()
    return frozenset(number for number in numbers if number is not None)


def first_starts(fingerprints: Iterable[int]) -> dict[int, int]:
    """The start of the first failure of all time of each of these clusters that has any, in unix nanoseconds."""
    starts = fetch_many(FIRST_STARTS, [(cluster,) for cluster in sorted(set(fingerprints))])
    return {int(cluster): int(start) for cluster, start in starts if start is not None}
