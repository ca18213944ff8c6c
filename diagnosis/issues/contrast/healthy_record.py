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
    environment, release, start = failing.environment, failing.release, failing.start_time_unix_nano
    # The smallest is the most similar. The loop calls nothing, since it is over all records of the operation.
    unlike = [
        (
            row.environment != environment,
            row.release != release,
            abs(row.start_time_unix_nano - start),
            row.trace_id,
            row.span_id,
        )
        for row in healthy_records(reading, cluster, failing)
    ]
    return record_id(*min(unlike)[-2:]) if unlike else None


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
