"""
The counts of a cluster in a window of the bound project: runs of its operations and failures, by time and session.

Whole minutes are counted from rollups. Records are read for partial minutes at the window's edges, and for the whole
window if some releases are left out.
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
# Stretches of a window at least, and fewer than twice as many. Each is a minute or longer, so short windows have fewer.
FINEST = 720
Stretches = dict[int, Counts]  # by their number since 1970
StretchRow = tuple[int, int, int]  # number of the stretch, records, failures


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster with its operations, and the releases that are left out because the fix is not in them."""

    service: str
    operations: frozenset[str]
    fingerprint: int
    without_releases: frozenset[str] = frozenset()

    @property
    def failed(self) -> Q:
        """The filter of the cluster's failures."""
        return Q(fingerprint=self.fingerprint)

    @property
    def ran(self) -> Q:
        """The filter of the records of its operations and of the cluster's failures, whatever their operation."""
        return self.any | self.failed

    @property
    def any(self) -> Q:
        """The filter of the records of its operations, whether they failed or not."""
        return Q(service=self.service, operation__in=self.operations)

    def records(self, window: Window) -> QuerySet[Record]:
        """The window's records of any operation, without the releases that are left out."""
        rows = exposure.records(window)
        return rows.exclude(release__in=self.without_releases) if self.without_releases else rows


def observe_cluster(window: Window, target: Target) -> Observed:
    """The cluster's counts in the window, in total and in batches, and how they cluster in sessions."""
    stretches = cluster_stretches(window, target)
    counts = sum(stretches.values(), Counts(0, 0))
    sessions = failing_sessions(window, target) if counts.failures else []
    return Observed(counts, batches(stretches), clustering(counts, sessions))


def failing_operations(window: Window, fingerprint: int) -> frozenset[str]:
    """The operations in which the cluster failed, since one cause can show in several."""
    failures = exposure.records(window).filter(fingerprint=fingerprint).order_by()
    return frozenset(failures.values_list("operation", flat=True).distinct())


def other_clusters(window: Window, target: Target) -> dict[int, int]:
    """The number of failures of each other cluster in the target's operations, by fingerprint."""
    failures = target.records(window).filter(target.any, fingerprint__isnull=False).exclude(target.failed)
    rows = failures.values_list("fingerprint").annotate(n=Count("trace_id")).order_by()
    return {int(fingerprint or 0): number for fingerprint, number in rows}


def stretch_minutes(window: Window) -> int:
    """The length of the stretches in which a window is counted, in minutes."""
    return max(1, window.since_minutes // FINEST)


def cluster_stretches(window: Window, target: Target) -> Stretches:
    """The counts of every stretch of time in which the operation ran."""
    minutes, edges = whole_minutes(window)
    size = stretch_minutes(window)
    rows: list[StretchRow] = []
    if target.without_releases:
        edges = [window]
    else:
        longest = max(table_minutes for table_minutes in TABLES if size % table_minutes == 0)
        for groups in exposure.rollups(*minutes, longest):
            sums = groups.filter(target.ran).annotate(at=F("minute") / size).values("at")
            sums = sums.annotate(n=Sum("count"), k=Sum("count", filter=target.failed))
            rows += sums.order_by().values_list("at", "n", "k")
    for edge in edges:
        records = target.records(edge).filter(target.ran)
        counts = records.annotate(at=F("start_time_unix_nano") / (size * MINUTE_NANO)).values("at")
        counts = counts.annotate(n=Count("trace_id"), k=Count("trace_id", filter=target.failed))
        rows += counts.order_by().values_list("at", "n", "k")
    return merged_stretches(rows)


def merged_stretches(rows: Iterable[StretchRow]) -> Stretches:
    """The counts of each stretch, added up over its rows. A row's failures are None if a query summed over none."""
    stretches: Stretches = {}
    for number, records, failures in rows:
        stretches[number] = stretches.get(number, Counts(0, 0)) + Counts(failures or 0, records)
    return stretches


def batches(stretches: Stretches, most: int = BATCHES) -> tuple[Counts, ...]:
    """
    The counts of `most` or fewer parts of equal length, in order, from the first stretch to the last.

    Parts without records are left out.
    """
    if not stretches:
        return ()
    start, span = min(stretches), max(stretches) - min(stretches) + 1
    number = min(most, span)
    parts: dict[int, Counts] = {}
    for at in sorted(stretches):
        part = (at - start) * number // span
        parts[part] = parts.get(part, Counts(0, 0)) + stretches[at]
    return tuple(parts.values())


def failing_sessions(window: Window, target: Target) -> list[Counts]:
    """The counts of each session with the cluster's failures, from the newest MOST_FAILING of them."""
    failures: Counter[str] = Counter()
    records: Counter[str] = Counter()
    by_trace = Counter(trace_id for _, trace_id in failing_times(window, target))
    identities = failing_records.identities(by_trace)
    for trace_id, number in by_trace.items():
        failures[identities[trace_id].session_id] += number
    for chunk in failing_records.id_chunks(by_trace):
        rows = target.records(window).filter(target.ran, trace_id__in=chunk).values("trace_id")
        for trace, number in rows.annotate(n=Count("span_id")).order_by().values_list("trace_id", "n"):
            records[identities[bytes(trace)].session_id] += number
    return [Counts(number, max(number, records[session])) for session, number in failures.items()]


def failing_times(window: Window, target: Target) -> list[tuple[int, bytes]]:
    """The start time and trace id of the cluster's failures, newest first, MOST_FAILING at most."""
    rows = target.records(window).filter(target.failed).order_by("-start_time_unix_nano")
    newest = rows.values_list("start_time_unix_nano", "trace_id")[:MOST_FAILING]
    return [(start, bytes(trace_id)) for start, trace_id in newest]


def newest_record_ids(window: Window, target: Target, limit: int) -> list[str]:
    """The ids of the cluster's newest failures, newest first, `limit` at most."""
    rows = target.records(window).filter(target.failed).only("trace_id", "span_id")
    return [str(row) for row in rows.order_by("-start_time_unix_nano", "trace_id", "span_id")[:limit]]
