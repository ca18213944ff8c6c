"""
The healthy record that a failing one is held against: of the same operation, and as much like it as there is.

Same environment first, then same release, then nearest in time, then the smaller id. What is looked at is bounded:
the records around the failing one, and where none of those ran well, those of the nearest minute of a day that did.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from diagnosis.detection.rules import RULES
from telemetry.models import Record, Rollup
from telemetry.spans.record_ids import parse, record_id
from telemetry.store.rollups import NO_FAILURE
from telemetry.windows import MINUTE_NANO

NEAR = 5_000  # records on each side that are looked at
DAY = 1440
FACTS = ("trace_id", "span_id", "start_time_unix_nano", "environment", "release")
HealthyCandidate = tuple[bytes, bytes, int, str, str]


@dataclass(frozen=True, slots=True)
class Failure:
    """What the healthy one should share."""

    service: str
    operation: str
    environment: str
    release: str
    start_unix_nano: int
    longest_nano: int | None = None  # that a healthy one took; where slowness is the failure
    trace_id: bytes = b""  # that is no comparison; where no record carries the failure


def find(failing_id: str, signal_type: str = "") -> str | None:
    """The id of the bound project's healthy record that is most like this one; None where there is none near."""
    ids = parse(failing_id)
    row = Record.objects.filter(pk=ids).first() if ids else None
    if row is None:
        return None
    at = row.start_time_unix_nano
    failure = Failure(
        *(row.service, row.operation, row.environment, row.release, at),
        longest_nano=row.duration_nano // 2 if signal_type in RULES.by_durations else None,
        trace_id=bytes(row.trace_id) if signal_type in RULES.signals else b"",
    )
    return nearest(around(at), failure) or nearest(around(healthy_minute(failure)), failure)


def nearest(rows: Iterable[QuerySet[Record]], failure: Failure) -> str | None:
    """The most alike of these records that ran the operation without failing."""
    found = [candidate for side in rows for candidate in healthy(side, failure)]
    best = min(found, key=lambda candidate: unlike(candidate, failure), default=None)
    return record_id(best[0], best[1]) if best else None


def unlike(candidate: HealthyCandidate, failure: Failure) -> tuple[bool, bool, int, bytes, bytes]:
    """How much the record differs; the less, the smaller."""
    trace_id, span_id, start, environment, release = candidate
    return (
        environment != failure.environment,
        release != failure.release,
        abs(start - failure.start_unix_nano),
        bytes(trace_id),
        bytes(span_id),
    )


def around(at: int | None) -> list[QuerySet[Record]]:
    """The records before and after that time, NEAR at most on each side; none without a time."""
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


def healthy(rows: QuerySet[Record], failure: Failure) -> Iterable[HealthyCandidate]:
    """Those that ran the operation well."""
    ran = rows.filter(service=failure.service, operation=failure.operation, fingerprint__isnull=True)
    if failure.longest_nano is not None:
        ran = ran.filter(duration_nano__lte=failure.longest_nano)
    if failure.trace_id:
        ran = ran.exclude(trace_id=failure.trace_id)
    return ran.values_list(*FACTS)


def healthy_minute(failure: Failure) -> int | None:
    """When the operation ran well nearest to the failure, by the minute; None if not within a day."""
    minute = failure.start_unix_nano // MINUTE_NANO
    ran = Rollup.objects.filter(
        minute__gte=minute - DAY,
        minute__lte=minute + DAY,
        service=failure.service,
        operation=failure.operation,
        fingerprint=NO_FAILURE,
    )
    minutes = ran.order_by().values_list("minute", flat=True).distinct()
    best = min(minutes, key=lambda one: (abs(one - minute), one), default=None)
    return None if best is None else best * MINUTE_NANO
