"""
The traffic of a window by service, operation and cluster, read once for all issues of a diagnosis.

The counts of a cluster equal those of `cluster_counts.read_counts`, which reads one cluster at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from diagnosis.statistics.rates import Counts
from telemetry.reads import counts
from telemetry.store.rollups import NO_FAILURE
from telemetry.windows import Window


class ServiceOperation(NamedTuple):
    """An operation of a service."""

    service: str
    operation: str


class Traffic:
    """The number of records and failures by operation, by cluster, and by cluster in each operation."""

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

    def counts(self, places: Iterable[ServiceOperation], fingerprint: int) -> Counts:
        """All failures of the cluster; the exposure is the records of these operations and its failures in others."""
        operations = set(places)
        failures = self.failures_by_cluster[fingerprint]
        elsewhere = failures - sum(self.cluster_failures_in[*place, fingerprint] for place in operations)
        return Counts(failures, sum(self.records_by_operation[place] for place in operations) + elsewhere)

    def failures(self, places: Iterable[ServiceOperation]) -> Counts:
        """The failures of these operations, of whichever cluster, and their records."""
        operations = set(places)
        return Counts(
            sum(self.failures_by_operation[place] for place in operations),
            sum(self.records_by_operation[place] for place in operations),
        )


def read_traffic(window: Window) -> Traffic:
    """The bound project's traffic in the window."""
    return Traffic(counts.by_cluster(window))
