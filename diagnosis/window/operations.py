"""The operations of a window with their traffic, failures and durations, from rollups alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from diagnosis.statistics.bucketed_quantiles import Bucket, quantile_ms
from telemetry.reads import counts
from telemetry.reads.counts import DurationGroup
from telemetry.store.counts.rollups import bucket_start_nano
from telemetry.store.counts.row_groups import NO_FAILURE
from telemetry.windows import MINUTE_NANO, Window

QUANTILE = 0.95


def operations_json(window: Window) -> list[dict[str, Any]]:
    """One row per operation of the bound project, most failures first. Partial minutes at the edges count whole."""
    groups: dict[tuple[str, str], list[DurationGroup]] = defaultdict(list)
    for group in read_operation_groups(window):
        groups[group.service, group.operation].append(group)
    rows = [operation_row(of_operation) for of_operation in groups.values()]
    return sorted(
        rows, key=lambda row: (-row["failures"], -row["records"], row["service"] or "", row["operation"])
    )


def read_operation_groups(window: Window) -> list[DurationGroup]:
    """The records of the window by service, operation, cluster and duration."""
    first, last = window.start_unix_nano // MINUTE_NANO, -(-window.end_unix_nano // MINUTE_NANO)
    return counts.by_duration(first, last)


def operation_row(groups: Sequence[DurationGroup]) -> dict[str, Any]:
    """The row of one operation in answers, from its groups."""
    records = sum(group.records for group in groups)
    failures = sum(group.records for group in groups if group.fingerprint != NO_FAILURE)
    p95 = quantile_ms(
        QUANTILE,
        (
            Bucket(bucket_start_nano(group.bucket), group.records, group.measured_nano, group.longest_nano)
            for group in groups
        ),
    )
    return {
        "service": groups[0].service or None,
        "operation": groups[0].operation,
        "records": records,
        "failures": failures,
        "share": round(failures / records, 4),
        # To the nanosecond, as records show their durations, so that an exact one is found among them.
        "p95_ms": round(p95.value, 6),
        "p95_between_ms": [round(p95.low, 6), round(p95.high, 6)],
    }
