"""
What a window of the bound project holds of a cluster: how often its operation ran, and when and for whom it failed.

Whole minutes come from rollups. Where a release decides what counts, or at the window's edges, records are read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum

from diagnosis.statistics.overdispersion import BATCHES, Observed, clustering
from diagnosis.statistics.rates import Counts
from diagnosis.window import exposure, failing_records
from telemetry.models import Record
from telemetry.reads.counts import whole_minutes
from telemetry.store.rollups import TABLES
from telemetry.windows import MINUTE_NANO, Window

MOST_FAILING = 2_000  # records whose sessions are looked up
FINEST = 720  # stretches of a window at most; the finest is a minute
Stretches = dict[int, Counts]  # by their number since 1970
StretchRow = tuple[int, int, int]  # number of the stretch, records, failures


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster in its operations, and the releases that do not count because the fix is not in them."""

    service: str
    operations: frozenset[str]
    fingerprint: int
    without_releases: frozenset[str] = frozenset()

    @property
    def failed(self) -> Q:
        """The cluster's failures."""
        return Q(fingerprint=self.fingerprint)

    @property
    def ran(self) -> Q:
        """The records of its operations; what failed ran, whatever it was called then."""
        return self.any | self.failed

    @property
    def any(self) -> Q:
        """The records of its operations, whether they failed or not."""
        return Q(service=self.service, operation__in=self.operations)

    def records(self, window: Window) -> QuerySet[Record]:
        """The window's records that count, of any operation."""
        rows = exposure.records(window)
        return rows.exclude(release__in=self.without_releases) if self.without_releases else rows


def read_counts(window: Window, target: Target) -> Observed:
    """The counts, how they lie in the window, and how they cluster in sessions."""
    counted = cluster_stretches(window, target)
    counts = sum(counted.values(), Counts(0, 0))
    sessions = failing_sessions(window, target) if counts.failures else []
    return Observed(counts, batches(counted), clustering(counts, sessions))


def failing_operations(window: Window, fingerprint: int) -> frozenset[str]:
    """Where the cluster failed: one cause can show in several operations."""
    failed = exposure.records(window).filter(fingerprint=fingerprint).order_by()
    return frozenset(failed.values_list("operation", flat=True).distinct())


def others(window: Window, target: Target) -> dict[int, int]:
    """The failures of the other clusters of its operations, by fingerprint."""
    rows = target.records(window).filter(target.any, fingerprint__isnull=False)
    counted = rows.exclude(target.failed).values_list("fingerprint").annotate(n=Count("trace_id")).order_by()
    return {int(fingerprint or 0): number for fingerprint, number in counted}


def stretch_minutes(window: Window) -> int:
    """How long the stretches are in which a window is counted."""
    return max(1, window.since_minutes // FINEST)


def cluster_stretches(window: Window, target: Target) -> Stretches:
    """The counts of every stretch of time in which the operation ran."""
    minutes, edges = whole_minutes(window)
    size = stretch_minutes(window)
    rows: list[StretchRow] = []
    if target.without_releases:
        edges = [window]
    else:
        for whole in exposure.rollups(*minutes, max(fitting for fitting in TABLES if size % fitting == 0)):
            summed = whole.filter(target.ran).annotate(at=F("minute") / size).values("at")
            summed = summed.annotate(n=Sum("count"), k=Sum("count", filter=target.failed))
            rows += summed.order_by().values_list("at", "n", "k")
    for edge in edges:
        started = target.records(edge).filter(target.ran)
        counted = started.annotate(at=F("start_time_unix_nano") / (size * MINUTE_NANO)).values("at")
        counted = counted.annotate(n=Count("trace_id"), k=Count("trace_id", filter=target.failed))
        rows += counted.order_by().values_list("at", "n", "k")
    return merged_stretches(rows)


def merged_stretches(rows: Iterable[StretchRow]) -> Stretches:
    """Rows of the same stretch added up; a sum over no row is NULL."""
    found: Stretches = {}
    for number, ran, failed in rows:
        found[number] = found.get(number, Counts(0, 0)) + Counts(failed or 0, ran)
    return found


def batches(counted: Stretches, most: int = BATCHES) -> tuple[Counts, ...]:
    """The time from the first to the last record in so many parts of one length; those with records, in order."""
    if not counted:
        return ()
    start, span = min(counted), max(counted) - min(counted) + 1
    number = min(most, span)
    parts: dict[int, Counts] = {}
    for at in sorted(counted):
        part = (at - start) * number // span
        parts[part] = parts.get(part, Counts(0, 0)) + counted[at]
    return tuple(parts.values())


def failing_sessions(window: Window, target: Target) -> list[Counts]:
    """The counts of the sessions in which it failed, of MOST_FAILING records at most, the newest."""
    failed: Counter[str] = Counter()
    ran: Counter[str] = Counter()
    by_trace = Counter(trace_id for _, trace_id in failing_times(window, target))
    identities = failing_records.identities(by_trace)
    for trace_id, number in by_trace.items():
        failed[identities[trace_id].session_id] += number
    for chunk in failing_records.id_chunks(by_trace):
        rows = target.records(window).filter(target.ran, trace_id__in=chunk).values("trace_id")
        for trace, number in rows.annotate(n=Count("span_id")).order_by().values_list("trace_id", "n"):
            ran[identities[bytes(trace)].session_id] += number
    return [Counts(number, max(number, ran[session])) for session, number in failed.items()]


def failing_times(window: Window, target: Target) -> list[tuple[int, bytes]]:
    """Start time and trace of the cluster's records, newest first, MOST_FAILING at most."""
    rows = target.records(window).filter(target.failed).order_by("-start_time_unix_nano")
    found = rows.values_list("start_time_unix_nano", "trace_id")[:MOST_FAILING]
    return [(start, bytes(trace_id)) for start, trace_id in found]


def newest_record_ids(window: Window, target: Target, limit: int) -> list[str]:
    """Ids of the cluster's latest records."""
    rows = target.records(window).filter(target.failed).only("trace_id", "span_id")
    return [str(row) for row in rows.order_by("-start_time_unix_nano", "trace_id", "span_id")[:limit]]
