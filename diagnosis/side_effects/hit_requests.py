"""
The requests that a failure hit before its fix: the operations in which they began, their sessions and their users.

A request is a trace. Requests of the same kind are those that have a record of an operation in which a hit one began,
so that they are found again after a fix that fails earlier, later or in another service than before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from diagnosis.models import Loop
from diagnosis.window import cluster_counts
from diagnosis.window.cluster_counts import Target
from diagnosis.window.traffic import ServiceOperation
from telemetry.models import Record, Trace
from telemetry.spans.record_ids import parse_record_id
from telemetry.spans.signal_traces import is_signal
from telemetry.store.sql import id_chunks
from telemetry.windows import Window

MOST_HIT = 200  # requests that are read, the newest
MOST_PLACES = 5  # operations in which they began, the most frequent
MOST_RECORDS = 10_000  # of a trace; larger ones are runaway loops, which are not read


@dataclass(frozen=True, slots=True)
class HitRequests:
    """Requests that the loop's failure hit."""

    trace_ids: list[bytes]
    places: frozenset[ServiceOperation]  # in which requests of this kind begin; at least one
    session_ids: frozenset[str]
    user_ids: frozenset[str]

    @property
    def begun_in(self) -> Q:
        """The filter of the records of these places."""
        return begun_in(self.places)

    @property
    def of_people(self) -> Q:
        """The filter of the traces of their sessions and users."""
        return Q(session_id__in=sorted(self.session_ids)) | Q(user_id__in=sorted(self.user_ids))

    @property
    def has_people(self) -> bool:
        """Whether they name sessions or users."""
        return bool(self.session_ids or self.user_ids)

    def has_person(self, session_id: str, user_id: str) -> bool:
        """Whether a request with this session and user is of a session or a user that was hit."""
        return session_id in self.session_ids or user_id in self.user_ids


def begun_in(places: Iterable[ServiceOperation]) -> Q:
    """The filter of the records of these places."""
    return reduce(or_, (Q(service=place.service, operation=place.operation) for place in places))


def read_hit_requests(loop: Loop, window: Window, target: Target) -> HitRequests:
    """The requests of the bound project that the loop's failure hit in the window before its fix."""
    hit = list(dict.fromkeys(trace_id for _, trace_id in cluster_counts.failing_times(window, target)))
    # What only rules over windows find has no failing records of its own, but evidence.
    evidence = map(parse_record_id, loop.issue.get("evidence_ids") or [])
    hit = hit or [ids[0] for ids in evidence if ids]
    traces = readable_traces(trace_id for trace_id in hit[:MOST_HIT] if not is_signal(trace_id))
    places = beginnings(traces)
    if not places or sum(places.values()) * 2 < len(traces):  # the beginning of most is not stored
        places = Counter(ServiceOperation(target.service, operation) for operation in target.operations)
    return HitRequests(
        list(traces),
        frozenset(place for place, _ in sorted(places.items(), key=by_number)[:MOST_PLACES]),
        frozenset(session_id for session_id, _ in traces.values() if session_id),
        frozenset(user_id for _, user_id in traces.values() if user_id),
    )


def by_number(counted: tuple[ServiceOperation, int]) -> tuple[int, ServiceOperation]:
    """The sort key of places: most requests first."""
    return -counted[1], counted[0]


def readable_traces(trace_ids: Iterable[bytes]) -> dict[bytes, tuple[str, str]]:
    """The session and the user of each of these traces, without runaway ones."""
    rows: dict[bytes, tuple[str, str]] = {}
    for chunk in id_chunks(trace_ids):
        found = Trace.objects.filter(trace_id__in=chunk, records__lte=MOST_RECORDS)
        for trace_id, session_id, user_id in found.values_list("trace_id", "session_id", "user_id"):
            rows[bytes(trace_id)] = session_id, user_id
    return rows


def beginnings(trace_ids: Iterable[bytes]) -> Counter[ServiceOperation]:
    """The operations of the records without a parent in these traces, with their numbers."""
    places: Counter[ServiceOperation] = Counter()
    for chunk in id_chunks(trace_ids):
        roots = Record.objects.filter(trace_id__in=chunk, parent_span_id__isnull=True)
        places.update(ServiceOperation(*row) for row in roots.values_list("service", "operation"))
    return places
