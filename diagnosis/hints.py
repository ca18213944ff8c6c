"""
The records that a contrast looks at: failures of each cluster, and healthy records of the same operations.

Both are samples of bounded size, drawn by event time and id alone, so that a large window costs no more than a
small one and the same records give the same hints. How they are judged: contrast.py.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice, pairwise
from typing import Any, cast

from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans

from diagnosis import exposure
from diagnosis.clusters import Cluster
from diagnosis.contrast import Counted, Facts, Hint, Sides, judge
from diagnosis.failures import Failing
from telemetry import segments
from telemetry.models import Origin, Record
from telemetry.values import attributes
from telemetry.windows import Window

FAILURES, FEWEST = 600, 12  # looked at, of all clusters together and of each at least
OF_ONE = 600  # of one cluster at most
HEALTHY, SLICES = 1600, 20  # looked at, spread over the window
COLUMNS = ("service", "operation", "segment_id", "position", "resource_id")
LONGEST = 100  # characters of a value; longer ones are contents
# What tells how a record failed or what came of it, and what no two records share.
EFFECTS = re.compile(
    r"^(?:error|exception|otel\.status|http\.status|http\.response|rpc\.(?:grpc\.status|response)|db\.response"
    r"|gen_ai\.(?:output|response|completion|usage|tool\.call)|llm\.(?:output|token|usage)|output|ai\.(?:response|usage)"
    r"|feedback|traceloop\.entity|telemetry\.sdk|process\.|thread\.|service\.instance)"
    r"|(?:^|[._])(?:error|errors|exception|result|results|output|response|status|duration|elapsed|latency"
    r"|finish_reasons?|stop_reason)(?:$|[._])"
)


Groups = dict[tuple[str, str], Counted]  # healthy records by service and operation


def read(window: Window) -> Groups:
    """Healthy records of the window, spread over it in time."""
    found: dict[tuple[str, str], list[Facts]] = defaultdict(list)
    for service, operation, facts in sampled(window):
        found[service, operation].append(facts)
    return {key: Counted(rows) for key, rows in found.items()}


def sampled(window: Window) -> Iterator[tuple[str, str, Facts]]:
    """The first healthy records of each slice of the window, with their service and operation."""
    rows: list[Record] = []
    for part in slices(window):
        healthy = exposure.records(part).filter(fingerprint__isnull=True).only(*COLUMNS)
        rows += healthy.order_by("start_time_unix_nano", "trace_id", "span_id")[: HEALTHY // SLICES]
    return ((row.service, row.operation, facts) for row, facts in zip(rows, facts_of(rows), strict=True))


def slices(window: Window) -> list[Window]:
    """The window in equal parts."""
    start, length = window.start_unix_nano, window.end_unix_nano - window.start_unix_nano
    cuts = [start + length * number // SLICES for number in range(SLICES + 1)]
    return [Window(one, other) for one, other in pairwise(cuts) if one < other]


def resources(ids: Iterable[int]) -> dict[int, dict[str, str]]:
    """What the resources say, by id."""
    stored = Origin.objects.filter(origin_id__in=sorted(set(ids))).values_list("origin_id", "message")
    return {
        origin_id: plain(attributes(ResourceSpans.FromString(bytes(message)).resource.attributes))
        for origin_id, message in stored
    }


def facts_of(rows: Sequence[Record | Failing]) -> Iterator[Facts]:
    """What each record says of the circumstances, in short texts."""
    sent = segments.messages(cast(Sequence[Record], rows))  # both know where they lie
    shared = resources(row.resource_id for row in rows)
    return (
        {**shared[row.resource_id], **plain(attributes(sent[row.segment_id, row.position].attributes))}
        for row in rows
    )


def plain(values: Mapping[str, Any]) -> dict[str, str]:
    """The short values by name, without what the failure itself wrote."""
    return {
        name: text
        for name, value in values.items()
        if isinstance(value, str | bool | int)
        and len(text := str(value)) <= LONGEST
        and not EFFECTS.search(name)
    }


def failing_facts(clusters: list[Cluster]) -> dict[int, Counted]:
    """What a sample of each cluster's failures says, by fingerprint."""
    each = min(OF_ONE, max(FEWEST, FAILURES // max(len(clusters), 1)))
    chosen = {cluster.fingerprint: spread(cluster.records, each) for cluster in clusters}
    facts = facts_of([record for records in chosen.values() for record in records])
    return {fingerprint: Counted(islice(facts, len(records))) for fingerprint, records in chosen.items()}


def spread(records: list[Failing], most: int) -> list[Failing]:
    """At most so many of them, evenly over time."""
    return records[:: -(-len(records) // most)] if records else []


def contrast(failed: Counted, healthy: Groups, places: list[tuple[str, str]], share: float) -> list[Hint]:
    """The strongest hints for a cluster that is this share of the records of its operations."""
    around = [healthy[place] for place in places if place in healthy]
    together = around[0] if len(around) == 1 else Counted(row for one in around for row in one.rows)
    return judge(Sides(failed, together, min(share, 0.99)))
