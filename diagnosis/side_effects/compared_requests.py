"""
The requests of a window that are compared with those before a fix, and those among them that fail with other clusters.

Bounded: of each window the newest MOST_TRACES traces, so that a verification of a busy project costs no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from django.db.models import Q, QuerySet

from diagnosis.side_effects.anytime import Sessions, sessions_of
from diagnosis.side_effects.hit_requests import MOST_RECORDS, HitRequests, begun_in
from diagnosis.statistics.rates import Counts
from diagnosis.window import exposure
from diagnosis.window.cluster_counts import Target
from diagnosis.window.shared_reads import shared
from diagnosis.window.traffic import ServiceOperation
from telemetry.models import Record, Trace
from telemetry.reads.filters import in_window
from telemetry.spans.signal_traces import END, IS_SIGNAL, PREFIX
from telemetry.store.sql import fetch, id_chunks
from telemetry.windows import Window

MOST_TRACES = 10_000  # of a window, the newest
FAILED = """
    SELECT DISTINCT attribution.fingerprint, trace.trace_id, session_id, user_id, trace.start_time_unix_nano
    FROM telemetry_trace AS trace JOIN telemetry_attribution AS attribution ON attribution.trace_id = trace.trace_id
    WHERE trace.start_time_unix_nano >= %s AND trace.start_time_unix_nano < %s
      AND failures > 0 AND records <= %s AND NOT (trace.trace_id >= %s AND trace.trace_id < %s)
      AND NOT is_downstream
"""
OF_OTHER_RELEASES = " AND NOT (attribution.service = %s AND attribution.release IN ({names}))"


class FailedRequest(NamedTuple):
    """A request that failed with a cluster other than the loop's."""

    fingerprint: int
    trace_id: bytes
    session_id: str
    user_id: str
    start_time_unix_nano: int

    @property
    def session(self) -> str:
        """The session; a request without one is a session of its own."""
        return self.session_id or self.trace_id.hex()


@dataclass(frozen=True, slots=True)
class ComparedRequests:
    """One side: how many requests of the kind and of the people that were hit ran, and those that failed otherwise."""

    window: Window
    of_kind: int
    of_people: int
    of_anybody: int
    failed_of_kind: dict[int, list[FailedRequest]]  # by fingerprint
    failed_of_people: dict[int, list[FailedRequest]]
    failed_of_others: dict[int, list[FailedRequest]]

    def counts_of_kind(self, fingerprint: int) -> Counts:
        """How many requests of the kind that was hit fail with this cluster."""
        return bounded_counts(len(self.failed_of_kind.get(fingerprint, [])), self.of_kind)

    def counts_of_people(self, fingerprint: int) -> Counts:
        """How many requests of the people who were hit fail with this cluster."""
        return bounded_counts(len(self.failed_of_people.get(fingerprint, [])), self.of_people)

    def failing(self, fingerprint: int) -> list[FailedRequest]:
        """The requests of anybody that fail with this cluster, by time."""
        both = (side.get(fingerprint, []) for side in (self.failed_of_others, self.failed_of_people))
        return sorted(chain(*both), key=by_time)

    def sessions_of_kind(self, fingerprint: int) -> Sessions:
        """The sessions whose requests of the kind that was hit fail with this cluster."""
        return sessions_of(self.failed_of_kind.get(fingerprint, []), self.of_kind)

    def sessions_of_people(self, fingerprint: int) -> Sessions:
        """The sessions of the people who were hit that fail with this cluster."""
        return sessions_of(self.failed_of_people.get(fingerprint, []), self.of_people)

    def sessions_of_others(self, fingerprint: int) -> Sessions:
        """The sessions of anybody else that fail with this cluster."""
        return sessions_of(
            self.failed_of_others.get(fingerprint, []), max(0, self.of_anybody - self.of_people)
        )


def by_time(request: FailedRequest) -> tuple[int, bytes]:
    """The sort key of requests: the first first."""
    return request.start_time_unix_nano, request.trace_id


def bounded_counts(failures: int, requests: int) -> Counts:
    """The counts; more failures than requests only where a request began more than once."""
    return Counts(failures, max(failures, requests))


def read_requests(newest: Window, target: Target, hit: HitRequests) -> ComparedRequests:
    """The compared requests of the bound project's window, without the releases that the target leaves out."""
    place = (newest, target.service, target.without_releases)
    failed = [request for request in failed_requests(*place) if request.fingerprint != target.fingerprint]
    of_kind = failed_of_kind(*place, hit.places)
    of_people = [request for request in failed if hit.has_person(request.session_id, request.user_id)]
    others = sorted(set(failed) - set(of_people))
    return ComparedRequests(
        newest,
        requests_of_kind(newest, target, hit),
        traces_in(newest).filter(hit.of_people).count() if hit.has_people else 0,
        number_of_traces(newest),
        by_cluster(request for request in failed if request.trace_id in of_kind),
        by_cluster(of_people),
        by_cluster(others),
    )


def traces_in(window: Window) -> QuerySet[Trace]:
    """The traces of work that start in the window."""
    return in_window(Trace.objects.exclude(IS_SIGNAL), window)


@shared
def number_of_traces(window: Window) -> int:
    """How many traces of work start in the window."""
    return traces_in(window).count()


@shared
def newest_part(window: Window) -> Window:
    """The part of the window with its newest MOST_TRACES traces."""
    starts = in_window(Trace.objects.all(), window).order_by("-start_time_unix_nano")
    for start in starts.values_list("start_time_unix_nano", flat=True)[MOST_TRACES : MOST_TRACES + 1]:
        return Window(start + 1, window.end_unix_nano)
    return window


@shared
def failed_requests(window: Window, service: str, without_releases: frozenset[str]) -> list[FailedRequest]:
    """The requests that failed, in the order of their clusters and ids, without these releases of the service."""
    sql, values = FAILED, [window.start_unix_nano, window.end_unix_nano, MOST_RECORDS, PREFIX, END]
    if without_releases:
        sql += OF_OTHER_RELEASES.format(names=", ".join(["%s"] * len(without_releases)))
        values += [service, *sorted(without_releases)]
    return sorted(
        FailedRequest(number, bytes(trace_id), *person) for number, trace_id, *person in fetch(sql, values)
    )


@shared
def failed_of_kind(
    window: Window,
    service: str,
    without_releases: frozenset[str],
    places: frozenset[ServiceOperation],
) -> frozenset[bytes]:
    """
    The traces of these failed requests that are requests of the kind that begins in one of these places.

    They are among those that `requests_of_kind` counts: what began in a release that is left out is no such request,
    whichever service failed in it.
    """
    failed = failed_requests(window, service, without_releases)
    unfixed = Q(service=service, release__in=without_releases)
    found: set[bytes] = set()
    for chunk in id_chunks({request.trace_id for request in failed}):
        rows = Record.objects.filter(begun_in(places), trace_id__in=chunk).exclude(unfixed)
        found.update(map(bytes, rows.values_list("trace_id", flat=True).distinct()))
    return frozenset(found)


def requests_of_kind(window: Window, target: Target, hit: HitRequests) -> int:
    """The number of requests of the kind that was hit: the records in which they begin."""
    if target.without_releases and any(place.service == target.service for place in hit.places):
        return target.records(window).filter(hit.begun_in).count()
    return records_begun_in(window, hit.places)


@shared
def records_begun_in(window: Window, places: frozenset[ServiceOperation]) -> int:
    """The number of records of these places in the window."""
    return exposure.count_marked(window, begun_in(places), exposure.EVERY)[0]


def by_cluster(requests: Iterable[FailedRequest]) -> dict[int, list[FailedRequest]]:
    """The failed requests by the fingerprint of the cluster with which they failed."""
    grouped: dict[int, list[FailedRequest]] = defaultdict(list)
    for request in requests:
        grouped[request.fingerprint].append(request)
    return dict(grouped)
