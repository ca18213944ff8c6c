"""
The traffic of a window by service, operation and cluster, read once for all issues of a diagnosis.

It counts records, of which several may have failed because of one failure. How often a cluster failed is counted by
telemetry/reads/cluster_failures.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from diagnosis.statistics.rates import Counts
from telemetry.reads import counts
from telemetry.store.counts.row_groups import NO_FAILURE
from telemetry.windows import Window


class ServiceOperation(NamedTuple):
    """An operation of a service."""

    service: str
    operation: str


class Traffic:
    """The number of records and failing records by operation, by cluster, and by cluster in each operation."""

    def __init__(self, rows: Iterable[counts.Group]) -> None:
        self.records_by_operation: Counter[ServiceOperation] = Counter()
        self.failures_by_operation: Counter[ServiceOperation] = Counter()
        self.failures_by_cluster: Counter[int] = Counter()
        self.cluster_failures_in: Counter[tuple[str, str, int]] = Counter()
        for service, operation, fingerprint, records in rows:
            place = ServiceOperation(service, operation)
            self.records_by_operation[place] += records
            if fingerprint != NO_FAILURE:
                self.failures_by_cluster[fingerprint] += records
                self.failures_by_operation[place] += records
                self.cluster_failures_in[service, operation, fingerprint] += records

    def counts(self, places: Iterable[ServiceOperation], failures: Mapping[ServiceOperation, int]) -> Counts:
        """These failures of a cluster; the exposure is the records of these operations and its failures in others."""
        operations = set(places)
        exposure = sum(self.records_by_operation[place] for place in operations)
        elsewhere = sum(number for place, number in failures.items() if place not in operations)
        total = sum(failures.values())
        return Counts(total, max(total, exposure + elsewhere))

    def with_others(
        self, places: Iterable[ServiceOperation], failures: Mapping[ServiceOperation, int], fingerprint: int
    ) -> Counts:
        """The same failures in these operations with the failing records of other clusters there, of all records."""
        operations = set(places)
        failed = sum(
            failures.get(place, 0)
            + self.failures_by_operation[place]
            - self.cluster_failures_in[*place, fingerprint]
            for place in operations
        )
        exposure = sum(self.records_by_operation[place] for place in operations)
        return Counts(failed, max(failed, exposure))


def read_traffic(window: Window) -> Traffic:
    """The bound project's traffic in the window."""
    return Traffic(counts.by_cluster(window))
