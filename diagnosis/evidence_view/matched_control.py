"""
The matched control of a failing record: the most similar healthy record of its operation.

It is of another trace, in which nothing failed. Compared by environment first, then release, then distance in time,
then the smaller id. The search is bounded: it reads the records around the failing one and, if none of them is
healthy, those around the nearest minute within a day in which the operation ran without a failure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from heapq import nsmallest

from django.db.models import QuerySet

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.issues.contrast.healthy_record import MOST_SIMILAR
from telemetry.models import Record, Rollup
from telemetry.reads import cluster_failures
from telemetry.spans.record_ids import parse_record_id, record_id
from telemetry.store.counts.row_groups import NO_FAILURE
from telemetry.windows import MINUTE_NANO

NEAR = 5_000  # records that are searched on each side
DAY = 1440  # minutes
FACTS = ("trace_id", "span_id", "start_time_unix_nano", "environment", "release")
HealthyCandidate = tuple[bytes, bytes, int, str, str]


@dataclass(frozen=True, slots=True)
class MatchCriteria:
    """The properties of the failing record that its matched control should share."""

    service: str
    operation: str
    environment: str
    release: str
    start_unix_nano: int
    # The longest duration of a healthy record, in nanoseconds; None unless slowness is the failure.
    longest_nano: int | None = None
    trace_id: bytes = b""  # none of its records is a control


def find_matched_control(failing_id: str, signal_type: str = "") -> str | None:
    """The id of the bound project's matched control of this record; None if there is none near."""
    ids = parse_record_id(failing_id)
    row = Record.objects.filter(pk=ids).first() if ids else None
    if row is None:
        return None
    at = row.start_time_unix_nano
    failure = MatchCriteria(
        *(row.service, row.operation, row.environment, row.release, at),
        longest_nano=row.duration_nano // 2 if signal_type in WINDOW_RULES.by_durations else None,
        trace_id=bytes(row.trace_id),
    )
    return nearest_record(records_around(at), failure) or nearest_record(
        records_around(healthy_minute(failure)), failure
    )


def nearest_record(sides: Iterable[QuerySet[Record]], failure: MatchCriteria) -> str | None:
    """The id of the most similar of these records that ran the operation in a trace without a failure, or None."""
    candidates = (candidate for side in sides for candidate in healthy(side, failure))
    similar = nsmallest(MOST_SIMILAR, candidates, key=lambda candidate: unlike(candidate, failure))
    failed = cluster_failures.failing_traces(bytes(candidate[0]) for candidate in similar)
    return next((record_id(*ids) for *ids, _, _, _ in similar if bytes(ids[0]) not in failed), None)


def unlike(candidate: HealthyCandidate, failure: MatchCriteria) -> tuple[bool, bool, int, bytes, bytes]:
    """The sort key of a candidate: the smaller, the more similar to the failing record."""
    trace_id, span_id, start, environment, release = candidate
    return (
        environment != failure.environment,
        release != failure.release,
        abs(start - failure.start_unix_nano),
        bytes(trace_id),
        bytes(span_id),
    )


def records_around(at: int | None) -> list[QuerySet[Record]]:
    """The records before and after that time, at most NEAR on each side; an empty list for None."""
    if at is None:
        return []
    starts = Record.objects.values_list("start_time_unix_nano", flat=True)
    before = starts.filter(start_time_unix_nano__lt=at).order_by("-start_time_unix_nano")
    after = starts.filter(start_time_unix_nano__gte=at).order_by("start_time_unix_nano")
    low, high = (next(iter(side[NEAR : NEAR + 1]), None) for side in (before, after))
    sides = (
        Record.objects.filter(start_time_unix_nano__lt=at),
        Record.objects.filter(start_time_unix_nano__gte=at),
    )
    return [
        sides[0] if low is None else sides[0].filter(start_time_unix_nano__gt=low),
        sides[1] if high is None else sides[1].filter(start_time_unix_nano__lt=high),
    ]


def healthy(rows: QuerySet[Record], failure: MatchCriteria) -> Iterable[HealthyCandidate]:
    """The FACTS of the records that ran the operation without failing."""
    ran = rows.filter(service=failure.service, operation=failure.operation, fingerprint__isnull=True)
    if failure.longest_nano is not None:
        ran = ran.filter(duration_nano__lte=failure.longest_nano)
    return ran.exclude(trace_id=failure.trace_id).values_list(*FACTS)


def healthy_minute(failure: MatchCriteria) -> int | None:
    """
    The start, in Unix nanoseconds, of the minute nearest to the failure in which the operation ran without failing.

    None if there is none within a day.
    """
    minute = failure.start_unix_nano // MINUTE_NANO
    ran = Rollup.objects.filter(
        minute__gte=minute - DAY,
        minute__lte=minute + DAY,
        service=failure.service,
        operation=failure.operation,
        fingerprint=NO_FAILURE,
    )
    minutes = ran.order_by().values_list("minute", flat=True).distinct()
    best = min(minutes, key=lambda number: (abs(number - minute), number), default=None)
    return None if best is None else best * MINUTE_NANO
