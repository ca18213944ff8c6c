"""What operations spent themselves in a window, read from a sample of its traces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import NamedTuple

from diagnosis.window.failing_records import id_chunks
from diagnosis.window.sampling import first_traces, slices
from telemetry.models import Record
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window

TRACES = 120  # of a window
SHARE = 4  # of the traces may be of one slice: traffic may be uneven
MOST_RECORDS = 40_000  # of these traces; a runaway loop makes more


class CalledOperation(NamedTuple):
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
        """The end of the span."""
        return self.start_time_unix_nano + self.duration_nano


COLUMNS = tuple(field.name for field in fields(Step))


@dataclass(frozen=True, slots=True)
class TimedStep:
    """What a record spent itself, and where that is charged."""

    step: Step
    place: CalledOperation
    own_ms: float

    def failing(self, signal_type: str, severity: str, message: str, fingerprint: int) -> FailingRecord:
        """The record as one that hurts."""
        step = self.step
        return FailingRecord(
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


def time_sampled_steps(window: Window) -> Iterator[TimedStep]:
    """What the records of a sample of traces spent themselves."""
    sampled = list(traces(window))
    served = answering(sampled)
    for steps in sampled:
        yield from time_steps(steps, served)


def traces(window: Window, most: int = TRACES) -> Iterator[list[Step]]:
    """The first traces of each slice of the window, `most` in all, by their records."""
    ids: list[bytes] = []
    for part in slices(window):
        ids += [trace_id for trace_id, _ in first_traces(part, most // SHARE)]
    return of_traces(ids[:: -(-len(ids) // most)] if ids else [])


def of_traces(ids: Iterable[bytes]) -> Iterator[list[Step]]:
    """The records of each of these traces, by trace."""
    found: dict[bytes, list[Step]] = defaultdict(list)
    for chunk in id_chunks(ids):
        rows = Record.objects.filter(trace_id__in=chunk).order_by("trace_id", "span_id")
        for row in rows.values_list(*COLUMNS)[:MOST_RECORDS]:
            found[bytes(row[0])].append(Step(bytes(row[0]), bytes(row[1]), bytes(row[2] or b""), *row[3:]))
    return (found[trace_id] for trace_id in sorted(found))


def time_steps(steps: list[Step], served: Mapping[str, CalledOperation] | None = None) -> Iterator[TimedStep]:
    """
    Each healthy step's time without its children's; the rest of a call to another service is charged to that one.

    A failure is an issue of its own kind and may end early or late; but whoever called it spent that time on it.

    Args:
        served: who answers calls of these names, for calls whose other end was not recorded.
    """
    children = by_parent(steps)
    for step in (step for step in steps if not step.fingerprint):
        inside = children.get(step.span_id, [])
        answered = callee(step, inside) or (not inside and served and served.get(step.operation))
        place = (
            CalledOperation(answered.service, answered.operation, step.service)
            if answered and answered.service != step.service
            else CalledOperation(step.service, step.operation)
        )
        yield TimedStep(step, place, max(0, step.duration_nano - covered(step, inside)) / 1e6)


def answering(sampled: Iterable[list[Step]]) -> dict[str, CalledOperation]:
    """Which operation answers calls of a name, where all that were recorded agree on the service."""
    found: dict[str, dict[str, CalledOperation]] = defaultdict(dict)
    for steps in sampled:
        children = by_parent(steps)
        for step in steps:
            answered = callee(step, children.get(step.span_id, []))
            if answered:
                found[step.operation].setdefault(answered.service, answered)
    return {name: next(iter(places.values())) for name, places in found.items() if len(places) == 1}


def by_parent(steps: Iterable[Step]) -> dict[bytes, list[Step]]:
    """The children of each step."""
    children: dict[bytes, list[Step]] = defaultdict(list)
    for step in steps:
        children[step.parent_span_id].append(step)
    return children


def callee(step: Step, inside: list[Step]) -> CalledOperation | None:
    """What answered the call that this step is, if it is one to another service."""
    is_call = len(inside) == 1 and inside[0].service != step.service
    return CalledOperation(inside[0].service, inside[0].operation) if is_call else None


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
