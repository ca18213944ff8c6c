"""
The counts of a cluster in a window of the bound project: runs of its operations and failures, by time and session.

Its failures are those of telemetry/reads/cluster_failures.py. How often its operations ran is counted from rollups in
whole minutes; records are read for partial minutes at the window's edges, and for the whole window if some releases are
left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from django.db.models import Count, Min, Q, QuerySet

from diagnosis.statistics.overdispersion import BATCHES, Observed, clustering
from diagnosis.statistics.rates import Counts
from diagnosis.window import exposure, failing_records
from diagnosis.window.stretch_rows import (
    CountedOperations,
    StretchRow,
    failure_rows,
    newest_failures,
    run_rows,
    runs_of_traces,
)
from telemetry.models import Attribution, Record
from telemetry.reads import cluster_failures
from telemetry.reads.filters import in_window
from telemetry.spans.record_ids import record_id
from telemetry.store.sql import id_chunks
from telemetry.windows import MINUTE_NANO, Window

MOST_FAILING = 2_000  # records whose sessions are looked up
# Stretches of a window at least, and fewer than twice as many. Each is a minute or longer, so short windows have fewer.
FINEST = 720
MOST_FAILING_RELEASES = 10  # that an event names
MOST_LEFT_OUT = 20  # releases that an answer names
OfRelease = TypeVar("OfRelease", Record, Attribution)
Stretches = dict[int, Counts]  # by their number since 1970
FailingTime = tuple[int, bytes]  # when a failure started, in unix nanoseconds, and its trace


class LeftOut(NamedTuple):
    """Records of a release that do not count as after the fix; "" for those that name none."""

    release: str
    records: int
    failures: int


class FailingRelease(NamedTuple):
    """The failures of a cluster in a release; "" for those that name none."""

    release: str
    failures: int


@dataclass(frozen=True, slots=True)
class Target:
    """A cluster with its operations, and the releases of its service that are left out as the fix is not in them."""

    service: str
    operations: frozenset[str]
    fingerprint: int
    without_releases: frozenset[str] = frozenset()

    @property
    def ran(self) -> Q:
        """The filter of the records of its operations, whether they failed or not."""
        return Q(service=self.service, operation__in=self.operations)

    @property
    def place(self) -> CountedOperations:
        """Its operations, and the releases that are left out."""
        return CountedOperations(self.service, self.operations, self.without_releases)

    def records(self, window: Window) -> QuerySet[Record]:
        """The window's records of any operation, without the releases that are left out."""
        return self.without_excluded(exposure.records(window))

    def failures(self, window: Window) -> QuerySet[Attribution]:
        """The cluster's failures in the window, in any operation, without the releases that are left out."""
        return self.without_excluded(cluster_failures.failures(window, self.fingerprint))

    def without_excluded(self, rows: QuerySet[OfRelease]) -> QuerySet[OfRelease]:
        """The rows without those of the releases that are left out."""
        return rows.exclude(self.unfixed) if self.without_releases else rows

    @property
    def unfixed(self) -> Q:
        """The filter of the records of the releases that are left out."""
        return Q(service=self.service, release__in=self.without_releases)


def observe_cluster(window: Window, target: Target) -> Observed:
    """The cluster's counts in the window, in total and in batches, and how they cluster in sessions."""
    size = stretch_minutes(window)
    failures = list(failure_rows(window, target.fingerprint, target.place, size))
    stretches = merged_stretches([*run_rows(window, target.place, size), *failures])
    failing = failing_times(window, target)
    if not failing:
        return observed(stretches, [])
    last = failing[0][0]
    sessions, sessions_until_last = sessions_of(failing, last, window, target)
    then = observed(until_time(stretches, failures, last, window, target), sessions_until_last)
    return replace(observed(stretches, sessions), at_last_failure=then)


def observed(stretches: Stretches, sessions: Sequence[Counts]) -> Observed:
    """The counts of these stretches, in total and in batches, and of the failing sessions."""
    counts = sum(stretches.values(), Counts(0, 0))
    return Observed(counts, batches(stretches), clustering(counts, sessions), most_batches(stretches))


def until_time(
    stretches: Stretches, failures: Sequence[StretchRow], last: int, window: Window, target: Target
) -> Stretches:
    """
    The window's stretches until the time of its last failure, in unix nanoseconds.

    Args:
        failures: of the window, of which none comes later.
    """
    minutes = stretch_minutes(window)
    size = minutes * MINUTE_NANO
    number = last // size
    ended = {at: counts for at, counts in stretches.items() if at < number}
    begun = Window(max(window.start_unix_nano, number * size), last + 1)
    return ended | merged_stretches(
        [*run_rows(begun, target.place, minutes), *(row for row in failures if row[0] == number)]
    )


def count_cluster(window: Window, target: Target) -> Counts:
    """The cluster's failures in the window, and the records of its operations."""
    return sum(cluster_stretches(window, target).values(), Counts(0, 0))


def failing_operations(window: Window, fingerprint: int) -> frozenset[str]:
    """The operations in which the cluster failed, since one cause can show in several."""
    failures = cluster_failures.failures(window, fingerprint).order_by()
    return frozenset(failures.values_list("operation", flat=True).distinct())


def other_clusters(window: Window, target: Target) -> dict[int, int]:
    """The records of the target's operations that failed with or because of each other cluster, by fingerprint."""
    failed = in_window(Attribution.objects.filter(target.ran), window).exclude(fingerprint=target.fingerprint)
    failed = target.without_excluded(failed)
    return dict(failed.values_list("fingerprint").annotate(n=Count("trace_id")).order_by())


def left_out(window: Window, target: Target) -> list[LeftOut]:
    """The records of the target's operations that do not count, by release, most records first."""
    if not target.without_releases:
        return []
    failed = cluster_failures.failures(window, target.fingerprint).filter(target.unfixed)
    failures = dict(failed.values_list("release").annotate(n=Count("trace_id")).order_by())
    ran = exposure.records(window).filter(target.ran).filter(target.unfixed)
    rows = ran.values_list("release").annotate(n=Count("trace_id")).order_by("-n", "release")
    return [LeftOut(release, n, failures.get(release, 0)) for release, n in rows[:MOST_LEFT_OUT]]


def stretch_minutes(window: Window) -> int:
    """The length of the stretches in which a window is counted, in minutes."""
    return max(1, window.since_minutes // FINEST)


def cluster_stretches(window: Window, target: Target) -> Stretches:
    """The counts of every stretch of time in which the operation ran."""
    size = stretch_minutes(window)
    failures = failure_rows(window, target.fingerprint, target.place, size)
    return merged_stretches([*run_rows(window, target.place, size), *failures])


def merged_stretches(rows: Iterable[StretchRow]) -> Stretches:
    """The counts of each stretch, added up over its rows."""
    records: Counter[int] = Counter()
    failures: Counter[int] = Counter()
    for number, ran, failed in rows:
        records[number] += ran
        failures[number] += failed
    # More failures than records only in a damaged store.
    return {number: Counts(failures[number], max(failures[number], records[number])) for number in records}


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


def most_batches(stretches: Stretches) -> int:
    """The most batches with records that the window ever had: after a pause there are fewer, since each is longer."""
    most, seen = 0, list[int]()
    for at in sorted(stretches):
        seen.append(at)
        span = at - seen[0] + 1
        number = min(BATCHES, span)
        most = max(most, len({(each - seen[0]) * number // span for each in seen}))
        if most == BATCHES:
            break
    return most


def failing_sessions(window: Window, target: Target) -> list[Counts]:
    """The counts of each session with the cluster's failures, from the newest MOST_FAILING of them."""
    return sessions_of(failing_times(window, target), window.end_unix_nano, window, target)[0]


def sessions_of(
    failing: Sequence[FailingTime], last: int, window: Window, target: Target
) -> tuple[list[Counts], list[Counts]]:
    """The counts of each session with these failures, of the whole window and of its records until `last`."""
    failures: Counter[str] = Counter()
    records: Counter[str] = Counter()
    until_last: Counter[str] = Counter()
    by_trace = Counter(trace_id for _, trace_id in failing)
    identities = failing_records.identities(by_trace)
    for trace_id, number in by_trace.items():
        failures[identities[trace_id].session_id] += number
    for chunk in id_chunks(by_trace):
        for trace_id, number, begun in runs_of_traces(chunk, window, target.place, last):
            records[identities[trace_id].session_id] += number
            until_last[identities[trace_id].session_id] += begun
    both = (records, until_last)
    whole, then = ([Counts(n, max(n, ran[key])) for key, n in failures.items()] for ran in both)
    return whole, then


def failing_times(window: Window, target: Target) -> list[FailingTime]:
    """The start time and trace id of the cluster's failures, newest first, MOST_FAILING at most."""
    return newest_failures(window, target.fingerprint, target.place, MOST_FAILING)


def failing_releases(window: Window, target: Target) -> list[FailingRelease]:
    """The releases of the cluster's failures in the window, first seen first, MOST_FAILING_RELEASES at most."""
    rows = target.failures(window).values_list("release").order_by()
    counted = rows.annotate(n=Count("trace_id"), first=Min("start_time_unix_nano")).order_by(
        "first", "release"
    )
    return [FailingRelease(release, number) for release, number, _ in counted[:MOST_FAILING_RELEASES]]


def newest_record_ids(window: Window, target: Target, limit: int) -> list[str]:
    """The ids of the cluster's newest failures, newest first, `limit` at most."""
    rows = target.failures(window).order_by("-start_time_unix_nano", "trace_id", "span_id")
    return [record_id(*key) for key in rows.values_list("trace_id", "span_id")[:limit]]
