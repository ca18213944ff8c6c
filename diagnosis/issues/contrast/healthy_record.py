"""
The healthy record beside which an issue shows its first failure: of those that hints compare, the most similar one.

It is of another trace, in which nothing failed: what runs in a failing trace, such as a retry, may have the same cause
or be its effect. Compared by environment first, then release, then distance in time, then the smaller id, as the
matched control of the loop's page is (diagnosis/evidence_view/matched_control.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.issues.extents import Extent
from diagnosis.issues.hints.hint_reading import HintReading
from diagnosis.issues.hints.population import PopulationRecord
from telemetry.reads import cluster_failures
from telemetry.spans.record_ids import record_id

MOST_SIMILAR = 30  # records whose traces are looked up for failures of any operation
Ids = tuple[bytes, bytes]  # a trace id and a span id


def healthy_record_ids(
    reading: HintReading, clusters: Sequence[Extent], first_keys: Mapping[int, bytes]
) -> dict[int, str | None]:
    """
    The id of the healthy record most similar to the first failure of each cluster that has one; None if none was read.

    Args:
        first_keys: the keys of the first failures, by fingerprint.
    """
    failed = {row.trace_id for row in reading.contents.rows if row.fingerprint is not None}
    similar = {
        cluster.fingerprint: similar_records(reading, cluster, first_keys[cluster.fingerprint], failed)
        for cluster in clusters
        if cluster.fingerprint in first_keys
    }
    failed = cluster_failures.failing_traces(trace_id for ids in similar.values() for trace_id, _ in ids)
    return {
        fingerprint: next((record_id(*ids) for ids in all_ids if ids[0] not in failed), None)
        for fingerprint, all_ids in similar.items()
    }


def similar_records(reading: HintReading, cluster: Extent, key: bytes, failed: Set[bytes]) -> list[Ids]:
    """The healthy records most similar to the cluster's failure with this key, without those of `failed` traces."""
    number = reading.contents.numbers.get(key)
    if number is None:
        return []
    failing = reading.contents.rows[number]
    environment, release, start = failing.environment, failing.release, failing.start_time_unix_nano
    # The smallest are the most similar. The loop calls nothing, since it is over all records of the operation.
    unlike = [
        (
            row.environment != environment,
            row.release != release,
            abs(row.start_time_unix_nano - start),
            row.trace_id,
            row.span_id,
        )
        for row in healthy_records(reading, cluster, failing)
        if row.trace_id not in failed
    ]
    return [(trace_id, span_id) for *_, trace_id, span_id in sorted(unlike)[:MOST_SIMILAR]]


def healthy_records(
    reading: HintReading, cluster: Extent, failing: PopulationRecord
) -> Iterator[PopulationRecord]:
    """The records of the failing record's operation in traces without a failure of the cluster, of those read."""
    rows = reading.contents.rows
    failures = reading.failures_among(cluster) if cluster.signal_type else frozenset[int]()
    failed = {rows[number].trace_id for number in failures} | {failing.trace_id}
    longest = failing.duration_nano // 2 if cluster.signal_type in WINDOW_RULES.by_durations else None
    for number in reading.population_at(cluster, failing.place):
        row = rows[number]
        if row.fingerprint is not None or row.trace_id in failed:
            continue
        if longest is None or row.duration_nano <= longest:
            yield row
