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

Row = tuple[str, str, int | None, int]  # service, operation, fingerprint, records


class Traffic:
    """Records by (service, operation), and by cluster inside them."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.ran: Counter[tuple[str, str]] = Counter()
        self.failed: Counter[int] = Counter()
        self.failed_in: Counter[tuple[str, str, int]] = Counter()
        for service, operation, fingerprint, records in rows:
            self.ran[service, operation] += records
            if fingerprint not in {None, NO_FAILURE}:
                cluster = int(fingerprint or 0)
                self.failed[cluster] += records
                self.failed_in[service, operation, cluster] += records

    def counts(self, service: str, operation: str, fingerprint: int) -> Counts:
        """The cluster's failures among all records of its operation; what failed elsewhere ran too."""
        failures = self.failed[fingerprint]
        elsewhere = failures - self.failed_in[service, operation, fingerprint]
        return Counts(failures, self.ran[service, operation] + elsewhere)


def read(window: Window) -> Traffic:
    """The bound project's traffic in the window."""
    (first, last), edges = exposure.cut(window)
    columns = ("service", "operation", "fingerprint")
    whole = Rollup.objects.filter(minute__gte=first, minute__lt=last).values_list(*columns)
    rows: list[Row] = list(whole.annotate(n=Sum("count")).order_by())
    for edge in edges:
        rows += exposure.records(edge).values_list(*columns).annotate(n=Count("trace_id")).order_by()
    return Traffic(rows)
