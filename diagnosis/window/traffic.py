"""
The traffic of a window by service, operation and cluster, read once for all issues of a diagnosis.

The same numbers as observed.read gives one by one (telemetry/reads/counts.py).
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
    """Records by (service, operation), and by cluster inside them."""

    def __init__(self, rows: Iterable[counts.Group]) -> None:
        self.ran: Counter[ServiceOperation] = Counter()
        self.failing: Counter[ServiceOperation] = Counter()
        self.failed: Counter[int] = Counter()
        self.failed_in: Counter[tuple[str, str, int]] = Counter()
        for service, operation, fingerprint, records in rows:
            place = ServiceOperation(service, operation)
            self.ran[place] += records
            if fingerprint != NO_FAILURE:
                self.failed[fingerprint] += records
                self.failing[place] += records
                self.failed_in[service, operation, fingerprint] += records

    def counts(self, places: Iterable[ServiceOperation], fingerprint: int) -> Counts:
        """The cluster's failures among all records of these operations; what failed elsewhere ran too."""
        wanted = set(places)
        failures = self.failed[fingerprint]
        elsewhere = failures - sum(self.failed_in[*place, fingerprint] for place in wanted)
        return Counts(failures, sum(self.ran[place] for place in wanted) + elsewhere)

    def failures(self, places: Iterable[ServiceOperation]) -> Counts:
        """All failures of these operations."""
        wanted = set(places)
        return Counts(sum(self.failing[place] for place in wanted), sum(self.ran[place] for place in wanted))


def read_traffic(window: Window) -> Traffic:
    """The bound project's traffic in the window."""
    return Traffic(counts.by_cluster(window))
