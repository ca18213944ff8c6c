"""The operations of a window with their traffic, failures and durations, from rollups alone."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from telemetry.reads import counts
from telemetry.store.rollups import NO_FAILURE
from telemetry.windows import MINUTE_NANO, Window

QUANTILE = 0.95


def operations_json(window: Window) -> list[dict[str, Any]]:
    """One row per operation of the bound project, most failures first. Partial minutes at the edges count whole."""
    groups: dict[tuple[str, str], list[tuple[int, int, int]]] = defaultdict(list)
    for service, operation, fingerprint, bucket, count in read_operation_groups(window):
        groups[service, operation].append((bucket, count, 0 if fingerprint == NO_FAILURE else count))
    rows = [operation_row(service, operation, buckets) for (service, operation), buckets in groups.items()]
    return sorted(
        rows, key=lambda row: (-row["failures"], -row["records"], row["service"] or "", row["operation"])
    )


def read_operation_groups(window: Window) -> list[tuple[str, str, int, int, int]]:
    """Record counts of the window as (service, operation, fingerprint, duration bucket, count)."""
    first, last = window.start_unix_nano // MINUTE_NANO, -(-window.end_unix_nano // MINUTE_NANO)
    return counts.by_duration(first, last)


def operation_row(service: str, operation: str, buckets: list[tuple[int, int, int]]) -> dict[str, Any]:
    """The row of one operation in answers, from its buckets as (duration bucket, records, failures)."""
    records = sum(count for _, count, _ in buckets)
    failures = sum(failing for _, _, failing in buckets)
    return {
        "service": service or None,
        "operation": operation,
        "records": records,
        "failures": failures,
        "share": round(failures / records, 4),
        "p95_ms": quantile_ms(buckets, records),
    }


def quantile_ms(buckets: list[tuple[int, int, int]], records: int) -> float:
    """The upper bound of the bucket that holds the 95th percentile, in milliseconds."""
    below = 0
    for bucket, count, _ in sorted(buckets):
        below += count
        if below >= QUANTILE * records:
            return float((1 << bucket) / 1000)
    return 0.0
