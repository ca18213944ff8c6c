"""
The traffic of a window by service, operation and cluster, read once for all issues of a diagnosis.

The same numbers as observed.read gives one by one: whole minutes from rollups, the edges from records.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Sum

from diagnosis import exposure
from diagnosis.rates import Counts
from telemetry.models import Rollup
from telemetry.rollups import NO_FAILURE
from telemetry.windows import Window

Place = tuple[str, str]  # service and operation
Row = tuple[str, str, int | None, int]  # service, operation, fingerprint, records


class Traffic:
    """Records by (service, operation), and by cluster inside them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.ran: Counter[Place] = Counter()
        self.failing: Counter[Place] = Counter()
        self.failed: Counter[int] = Counter()
        self.failed_in: Counter[tuple[str, str, int]] = Counter()
        for service, operation, fingerprint, records in rows:
            self.ran[service, operation] += records
            if fingerprint not in {None, NO_FAILURE}:
                cluster = int(fingerprint or 0)
                self.failed[cluster] += records
                self.failing[service, operation] += records
                self.failed_in[service, operation, cluster] += records

    def counts(self, places: Iterable[Place], fingerprint: int) -> Counts:
        """The cluster's failures among all records of these operations; what failed elsewhere ran too."""
        wanted = set(places)
        failures = self.failed[fingerprint]
        elsewhere = failures - sum(self.failed_in[*place, fingerprint] for place in wanted)
        return Counts(failures, sum(self.ran[place] for place in wanted) + elsewhere)

    def failures(self, places: Iterable[Place]) -> Counts:
        """All failures of these operations."""
        wanted = set(places)
        return Counts(sum(self.failing[place] for place in wanted), sum(self.ran[place] for place in wanted))


def read(window: Window) -> Traffic:
    """The bound project's traffic in the window."""
    (first, last), edges = exposure.cut(window)
    columns = ("service", "operation", "fingerprint")
    whole = Rollup.objects.filter(minute__gte=first, minute__lt=last).values_list(*columns)
    rows: list[Row] = list(whole.annotate(n=Sum("count")).order_by())
    for edge in edges:
        rows += exposure.records(edge).values_list(*columns).annotate(n=Count("trace_id")).order_by()
    return Traffic(rows)
