"""
The records that hints are drawn from: failures of each cluster, and healthy records of the same operations.

Both are samples of bounded size, drawn by event time and id alone, so that a large window costs no more than a
small one and the same records give the same hints. hints.py compares them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice, starmap
from typing import Any, NamedTuple

from diagnosis.issues.extents import Extent
from diagnosis.issues.hints import FailedAndHealthy, Hint, RecordFacts, ValueCounts, strongest_hints
from diagnosis.window.sampling import SLICES, slices
from diagnosis.window.traffic import ServiceOperation
from telemetry.otlp.values import plain_attributes
from telemetry.reads.record_parts import StoredRecord, parts_of
from telemetry.short_cache import cached_if_short
from telemetry.spans.failing_record import FailingRecord
from telemetry.store.sql import fetch
from telemetry.windows import Window

# Failures in the sample: of all clusters together, of each cluster at least, and of each at most.
FAILURES, FEWEST = 600, 12
MOST_OF_A_CLUSTER = 600
HEALTHY = 1600  # records in the sample, spread over the window
FIRST_HEALTHY = """
    SELECT service, operation, trace_id, span_id, segment_id, position, resource_id, scope_id FROM telemetry_record
    WHERE fingerprint IS NULL AND start_time_unix_nano >= %s AND start_time_unix_nano < %s
    ORDER BY start_time_unix_nano, trace_id, span_id LIMIT %s
"""
LONGEST = 100  # characters of a value; longer ones are contents
# Attributes that describe the failure or its outcome, and attributes that no two records share.
EFFECTS = re.compile(
    r"^(?:error|exception|otel\.status|http\.status|http\.response|rpc\.(?:grpc\.status|response)|db\.response"
    r"|gen_ai\.(?:output|response|completion|usage|tool\.call)|llm\.(?:output|token|usage)|output|ai\.(?:response|usage)"
    r"|feedback|traceloop\.entity|telemetry\.sdk|process\.|thread\.|service\.instance)"
    r"|(?:^|[._])(?:error|errors|exception|result|results|output|response|status|duration|elapsed|latency"
    r"|finish_reasons?|stop_reason)(?:$|[._])"
)


Groups = dict[ServiceOperation, ValueCounts]  # of healthy records


class HealthyRecord(NamedTuple):
    """A record that did not fail, with the places of its parts in the store."""

    service: str
    operation: str
    trace_id: bytes
    span_id: bytes
    segment_id: int
    position: int
    resource_id: int
    scope_id: int


def read_groups(window: Window, places: Collection[ServiceOperation]) -> Groups:
    """The attribute values of healthy records of these places, spread over the window in time."""
    facts_by_place: dict[ServiceOperation, list[RecordFacts]] = defaultdict(list)
    rows = [row for row in sampled_healthy_records(window) if (row.service, row.operation) in places]
    for row, facts in zip(rows, facts_of(rows), strict=True):
        facts_by_place[ServiceOperation(row.service, row.operation)].append(facts)
    return {place: ValueCounts(records) for place, records in facts_by_place.items()}


def sampled_healthy_records(window: Window) -> Iterator[HealthyRecord]:
    """The first healthy records of each slice of the window, whatever their service and operation."""
    for part in slices(window):
        rows = fetch(FIRST_HEALTHY, [part.start_unix_nano, part.end_unix_nano, HEALTHY // SLICES])
        yield from starmap(HealthyRecord, rows)


def facts_of(rows: Sequence[StoredRecord]) -> Iterator[RecordFacts]:
    """The short attributes of each record and its resource, without those that describe the failure."""
    resource_facts: dict[int, RecordFacts] = {}
    for row, parts in zip(rows, parts_of(rows), strict=True):
        if row.resource_id not in resource_facts:
            resource_facts[row.resource_id] = comparable_values(
                plain_attributes(parts.origin.resource.attributes)
            )
        yield {
            **resource_facts[row.resource_id],
            **comparable_values(plain_attributes(parts.span.attributes)),
        }


def comparable_values(values: Mapping[str, Any]) -> dict[str, str]:
    """The short values by name, as texts, without those that describe the failure."""
    return {
        name: text
        for name, value in values.items()
        if isinstance(value, str | bool | int) and len(text := str(value)) <= LONGEST and not is_effect(name)
    }


@cached_if_short(4096)
def is_effect(name: str) -> bool:
    """Whether an attribute describes a failure or its outcome, or is different in every record."""
    return bool(EFFECTS.search(name))


def failure_keys(clusters: Sequence[Extent]) -> dict[int, list[bytes]]:
    """The keys of the failures in the sample, by fingerprint."""
    each = min(MOST_OF_A_CLUSTER, max(FEWEST, FAILURES // max(len(clusters), 1)))
    return {cluster.fingerprint: cluster.spread(each) for cluster in clusters}


def failing_facts(
    sample: Mapping[int, list[bytes]], records: Mapping[bytes, FailingRecord]
) -> dict[int, ValueCounts]:
    """The attribute values of the failures in the sample, by fingerprint."""
    facts = facts_of([records[key] for keys in sample.values() for key in keys])
    return {fingerprint: ValueCounts(islice(facts, len(keys))) for fingerprint, keys in sample.items()}


def hints_of_cluster(
    failed: ValueCounts, healthy: Groups, places: list[ServiceOperation], share: float
) -> list[Hint]:
    """The strongest hints for a cluster that is this share of the records of its operations."""
    groups = [healthy[place] for place in places if place in healthy]
    merged = groups[0] if len(groups) == 1 else ValueCounts(row for group in groups for row in group.rows)
    return strongest_hints(FailedAndHealthy(failed, merged, min(share, 0.99)))
