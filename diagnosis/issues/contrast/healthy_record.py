"""
The healthy record beside which an issue shows its first failure: of those that hints compare, the most similar one.

Compared by environment first, then release, then distance in time, then the smaller id, as the matched control of the
loop's page is (diagnosis/evidence_view/matched_control.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.issues.extents import Extent
from diagnosis.issues.hints.hint_reading import HintReading
from diagnosis.issues.hints.population import PopulationRecord
from telemetry.spans.record_ids import record_id


def healthy_record_id(reading: HintReading, cluster: Extent, key: bytes) -> str | None:
    """The id of the healthy record most similar to the cluster's failure with this key; None if none was read."""
    number = reading.contents.numbers.get(key)
    if number is None:
        return None
    failing = reading.contents.rows[number]
    candidates = healthy_records(reading, cluster, failing)
    best = min(candidates, key=lambda row: dissimilarity(row, failing), default=None)
    return record_id(best.trace_id, best.span_id) if best else None


def healthy_records(
    reading: HintReading, cluster: Extent, failing: PopulationRecord
) -> Iterator[PopulationRecord]:
    """The records that ran the failing record's operation without failing, among those that were read."""
    failures = reading.failures_among(cluster) if cluster.signal_type else frozenset[int]()
    longest = failing.duration_nano // 2 if cluster.signal_type in WINDOW_RULES.by_durations else None
    for number in reading.population_at(cluster, failing.place):
        row = reading.contents.rows[number]
        if row.fingerprint is not None or number in failures:
            continue
        if longest is not None and row.duration_nano > longest:
            continue
        if not cluster.signal_type or row.trace_id != failing.trace_id:
            yield row


def dissimilarity(row: PopulationRecord, failing: PopulationRecord) -> tuple[bool, bool, int, bytes, bytes]:
    """The sort key of a healthy record: the smaller, the more similar to the failing one."""
    return (
        row.environment != failing.environment,
        row.release != failing.release,
        abs(row.start_time_unix_nano - failing.start_time_unix_nano),
        row.trace_id,
        row.span_id,
    )
