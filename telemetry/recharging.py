"""
The clusters for which stored failures would count by the rules of another version, so that loops follow their failures.

A failure that several spans show may be charged to another of them (telemetry/grouping/repeated_failures.py): then its
cluster is that of the other one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from telemetry.grouping.attribution import attribute
from telemetry.grouping.versions import GroupingRules
from telemetry.models import Attribution, Record
from telemetry.regrouping import FAILING, key_of, regrouped
from telemetry.store.attributions import linked_failures
from telemetry.store.sql import id_chunks

MOST_FAILURES = (
    50  # of a trace; the failures of others stay with their records, since reading them would take long
)
Key = tuple[bytes, bytes]  # trace and span id


def charged_clusters(rows: Sequence[Record], rules: GroupingRules) -> list[int]:
    """
    Return the fingerprint of the cluster for which each of these failing records counts by the rules.

    A record that counts for none now, since it is downstream of another failure, has the fingerprint of its own.
    """
    numbers = dict(zip(map(key_of, rows), regrouped(rows, rules), strict=True))
    trace_ids = sorted({trace_id for trace_id, _ in numbers})
    charged: dict[Key, int] = {}
    for chunk in id_chunks(trace_ids):
        charged |= charges_elsewhere(chunk, numbers, rules)
    return [charged.get(key, number) for key, number in numbers.items()]


def charges_elsewhere(
    trace_ids: Sequence[bytes], numbers: dict[Key, int], rules: GroupingRules
) -> dict[Key, int]:
    """
    Return the fingerprints for which failures count that are charged now, and would be downstream by the rules.

    Args:
        numbers: the fingerprints by the rules of the records that are asked for.
    """
    primary = Attribution.objects.filter(trace_id__in=trace_ids, is_downstream=False)
    counted = {
        (bytes(trace_id), bytes(span_id)) for trace_id, span_id in primary.values_list("trace_id", "span_id")
    }
    failing = Counter(
        map(bytes, Record.objects.filter(FAILING, trace_id__in=trace_ids).values_list("trace_id", flat=True))
    )
    several = [trace_id for trace_id in trace_ids if 1 < failing[trace_id] <= MOST_FAILURES]
    others = [
        row for row in Record.objects.filter(FAILING, trace_id__in=several) if key_of(row) not in numbers
    ]
    known = numbers | dict(zip(map(key_of, others), regrouped(others, rules), strict=True))
    found: dict[Key, int] = {}
    for trace_id, failures, parents in linked_failures(several, several) if several else ():
        renumbered = [span._replace(fingerprint=known[trace_id, span.span_id]) for span in failures]
        for item in attribute(renumbered, parents, rules):
            for span in item.downstream:
                key = trace_id, span.span_id
                if key in counted and key in numbers:
                    found.setdefault(key, item.primary.fingerprint)
    return found
