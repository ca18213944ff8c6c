"""What operations spent themselves in a window: read from a sample of traces, and whether reading is worthwhile."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import Sum

from diagnosis.failures import Failing, chunks
from diagnosis.hints import slices
from diagnosis.slower import ENOUGH_FOR_TAILS
from telemetry.models import Record, Rollup, Trace
from telemetry.rollups import NO_FAILURE
from telemetry.windows import MINUTE_NANO, Window

TRACES = 120  # of a window
A_SLICE = 30  # of a slice of it: traffic may be uneven
MOST_RECORDS = 40_000  # of these traces; a runaway loop makes more
MOVED = 0.25  # binary orders of magnitude, on average: times 1.19
MOVED_FEW, FEW = 1.0, 5  # of fewer records on a side
NEARLY_ALL, TAIL = 0.9, 0.15  # as large a share in the buckets above those of nearly all
COLUMNS = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "start_time_unix_nano",
    "duration_nano",
    "service",
    "operation",
    "release",
    "unit",
    "tool",
    "model",
    "resource_id",
    "segment_id",
    "position",
    "fingerprint",
)

Histogram = Counter[int]  # records by duration bucket, which is twice as wide as the one below


class Place(NamedTuple):
    """An operation, or the way to it from another service."""

    service: str
    operation: str
    caller: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One record of a trace, without its attributes."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes
    start_time_unix_nano: int
    duration_nano: int
    service: str
    operation: str
    release: str
    unit: str
    tool: str
    model: str
    resource_id: int
    segment_id: int
    position: int
    fingerprint: int | None = None  # of a failure

    @property
    def end_time_unix_nano(self) -> int:
        """When it ended."""
        return self.start_time_unix_nano + self.duration_nano


@dataclass(frozen=True, slots=True)
class Ran:
    """What a record spent itself, and where that is charged."""

    step: Step
    place: Place
    own_ms: float

    def failing(self, signal_type: str, severity: str, message: str, fingerprint: int) -> Failing:
        """The record as one that hurts."""
        step = self.step
        return Failing(
            trace_id=step.trace_id,
            span_id=step.span_id,
            parent_span_id=step.parent_span_id or None,
            start_time_unix_nano=step.start_time_unix_nano,
            service=self.place.service,
            operation=self.place.operation,
            release=step.release,
            unit=step.unit,
            tool=step.tool,
            model=step.model,
            signal_type=signal_type,
            severity=severity,
            error_type="",
            message=message,
            fingerprint=fingerprint,
            resource_id=step.resource_id,
            segment_id=step.segment_id,
            position=step.position,
        )


def moved(window: Window) -> bool:
    """Whether the durations of some operation grew, or the longest of them, told from rollups alone."""
    before, now = histograms(window.before), histograms(window)
    return any(
        place in before and (mean_moved(before[place], its) or tail_moved(before[place], its))
        for place, its in now.items()
    )


def mean_moved(before: Histogram, now: Histogram) -> bool:
    """Whether the mean grew; of few records it must by more."""
    fewest = min(before.total(), now.total())
    return mean(now) - mean(before) >= (MOVED if fewest >= FEW else MOVED_FEW)


def tail_moved(before: Histogram, now: Histogram) -> bool:
    """Whether more records lie above the buckets of nearly all before."""
    if min(before.total(), now.total()) < ENOUGH_FOR_TAILS:
        return False
    below, usual = 0, 0
    for bucket in sorted(before):
        below, usual = below + before[bucket], bucket
        if below >= NEARLY_ALL * before.total():
            break
    return sum(count for bucket, count in now.items() if bucket > usual) >= TAIL * now.total()


def mean(histogram: Histogram) -> float:
    """The mean number of a bucket."""
    return sum(bucket * count for bucket, count in histogram.items()) / histogram.total()


def histograms(window: Window) -> dict[tuple[str, str], Histogram]:
    """How many healthy records of each operation have which duration bucket."""
    rows = Rollup.objects.filter(
        fingerprint=NO_FAILURE,
        minute__gte=-(-window.start_unix_nano // MINUTE_NANO),
        minute__lt=-(-window.end_unix_nano // MINUTE_NANO),
    )
    found: dict[tuple[str, str], Histogram] = defaultdict(Counter)
    counted = rows.values_list("service", "operation", "duration_bucket").annotate(n=Sum("count")).order_by()
    for service, operation, bucket, n in counted:
        found[service, operation][bucket] += n
    return found


def runs(window: Window) -> Iterator[Ran]:
    """What the records of a sample of traces spent themselves."""
    for steps in traces(window):
        yield from own(steps)


def traces(window: Window) -> Iterator[list[Step]]:
    """The first traces of each slice of the window, by their records."""
    ids: list[bytes] = []
    for part in slices(window):
        started = Trace.objects.filter(
            start_time_unix_nano__gte=part.start_unix_nano, start_time_unix_nano__lt=part.end_unix_nano
        ).order_by("start_time_unix_nano", "trace_id")
        ids += map(bytes, started.values_list("trace_id", flat=True)[:A_SLICE])
    found: dict[bytes, list[Step]] = defaultdict(list)
    for chunk in chunks(ids[:: -(-len(ids) // TRACES)] if ids else []):
        rows = Record.objects.filter(trace_id__in=chunk).order_by("trace_id", "span_id")
        for row in rows.values_list(*COLUMNS)[:MOST_RECORDS]:
            found[bytes(row[0])].append(Step(bytes(row[0]), bytes(row[1]), bytes(row[2] or b""), *row[3:]))
    return (found[trace_id] for trace_id in sorted(found))


def own(steps: list[Step]) -> Iterator[Ran]:
    """
    Each healthy step's time without its children's; the rest of a call to another service is charged to that one.

    A failure is an issue of its own kind and may end early or late; but whoever called it spent that time on it.
    """
    children: dict[bytes, list[Step]] = defaultdict(list)
    for step in steps:
        children[step.parent_span_id].append(step)
    for step in (step for step in steps if not step.fingerprint):
        inside = children.get(step.span_id, [])
        callee = inside[0] if len(inside) == 1 and inside[0].service != step.service else None
        place = (
            Place(callee.service, callee.operation, step.service)
            if callee
            else Place(step.service, step.operation)
        )
        yield Ran(step, place, max(0, step.duration_nano - covered(step, inside)) / 1e6)


def covered(step: Step, inside: Iterable[Step]) -> int:
    """Nanoseconds in which some child ran; children may overlap each other and outlast their parent."""
    total, end = 0, step.start_time_unix_nano
    for child in sorted(inside, key=lambda child: child.start_time_unix_nano):
        start, until = (
            max(child.start_time_unix_nano, end),
            min(child.end_time_unix_nano, step.end_time_unix_nano),
        )
        if until > start:
            total, end = total + until - start, until
    return total
