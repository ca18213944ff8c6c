"""The own time of operations in a window, without that of child records, from its traces or a sample of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import NamedTuple

from diagnosis.detection.found_cluster import SampleSize
from diagnosis.window.sampling import TraceSample, draw_traces
from telemetry.models import Record
from telemetry.spans.failing_record import FailingRecord
from telemetry.store.sql import id_chunks
from telemetry.windows import Window

TRACES = 240  # of a window, up to which all are read; of more, as many or half of them
MOST_RECORDS = 40_000  # of a query; a runaway loop makes more


class CalledOperation(NamedTuple):
    """An operation, or the calls to it from another service."""

    service: str
    operation: str
    caller: str = ""  # the service that calls; "" for the operation itself


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
    fingerprint: int | None = None  # None if it did not fail
    environment: str = ""

    @property
    def end_time_unix_nano(self) -> int:
        """The end of the span."""
        return self.start_time_unix_nano + self.duration_nano


COLUMNS = tuple(field.name for field in fields(Step))


@dataclass(frozen=True, slots=True)
class TimedStep:
    """A record with its own time, and the operation to which that time is attributed."""

    step: Step
    place: CalledOperation
    own_ms: float

    def failing(self, signal_type: str, severity: str, message: str, fingerprint: int) -> FailingRecord:
        """The record as a failing record of the operation to which its time is attributed."""
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
            environment=step.environment,
            resource_id=step.resource_id,
            segment_id=step.segment_id,
            position=step.position,
        )


class WindowTraces:
    """The traces of a window and of the one before it: read once for all rules, and only if a rule needs them."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self.draws: list[TraceSample] = []  # of what was read

    @cached_property
    def now(self) -> ReadTraces:
        """Traces of the window."""
        return self.read(self.window)

    @cached_property
    def before(self) -> ReadTraces:
        """Traces of the window of the same length before."""
        return self.read(self.window.before)

    def read(self, window: Window) -> ReadTraces:
        """All traces of this window, or a sample of them."""
        drawn = draw_traces(window, TRACES)
        self.draws.append(drawn)
        return read_traces(drawn)

    @property
    def samples(self) -> list[TraceSample]:
        """Those of the reads that were not of all traces."""
        return [drawn for drawn in self.draws if not drawn.is_whole]


class ReadTraces(NamedTuple):
    """The records of traces, a list per trace, and from how many traces these were drawn, if they are not all."""

    steps: list[list[Step]]
    sample: SampleSize | None


def read_traces(drawn: TraceSample) -> ReadTraces:
    """The records of the drawn traces, by trace id."""
    size = None if drawn.is_whole else SampleSize(len(drawn.trace_ids), drawn.of)
    return ReadTraces(list(of_traces(drawn.trace_ids)), size)


def time_all_steps(traces: ReadTraces) -> Iterator[TimedStep]:
    """The own time of each healthy record in these traces."""
    callee_by_name = answering(traces.steps)
    for steps in traces.steps:
        yield from time_steps(steps, callee_by_name)


def of_traces(ids: Iterable[bytes]) -> Iterator[list[Step]]:
    """The records of each of these traces, a list per trace, by trace id."""
    by_trace: dict[bytes, list[Step]] = defaultdict(list)
    for chunk in id_chunks(ids):
        rows = Record.objects.filter(trace_id__in=chunk).order_by("trace_id", "span_id")
        for row in rows.values_list(*COLUMNS)[:MOST_RECORDS]:
            step = Step(bytes(row[0]), bytes(row[1]), bytes(row[2] or b""), *row[3:])
            by_trace[step.trace_id].append(step)
    return (by_trace[trace_id] for trace_id in sorted(by_trace))


def time_steps(
    steps: list[Step], callee_by_name: Mapping[str, CalledOperation] | None = None
) -> Iterator[TimedStep]:
    """
    The own time of each healthy step; that of a call to another service is attributed to the callee.

    Failing steps are left out: a failure is an issue of another signal, and may end early or late. Their time is
    still that of a child, so that it does not count as their caller's own.

    Args:
        callee_by_name: the operation that answers calls of a name, for calls whose other end was not recorded.
    """
    children_by_parent = by_parent(steps)
    for step in (step for step in steps if not step.fingerprint):
        children = children_by_parent.get(step.span_id, [])
        other_end = callee(step, children) or (
            not children and callee_by_name and callee_by_name.get(step.operation)
        )
        place = (
            CalledOperation(other_end.service, other_end.operation, step.service)
            if other_end and other_end.service != step.service
            else CalledOperation(step.service, step.operation)
        )
        yield TimedStep(step, place, max(0, step.duration_nano - children_nano(step, children)) / 1e6)


def answering(sampled_traces: Iterable[list[Step]]) -> dict[str, CalledOperation]:
    """The operation that answers calls of a name, for names whose recorded calls all go to one service."""
    callees: dict[str, dict[str, CalledOperation]] = defaultdict(dict)
    for steps in sampled_traces:
        children = by_parent(steps)
        for step in steps:
            other_end = callee(step, children.get(step.span_id, []))
            if other_end:
                callees[step.operation].setdefault(other_end.service, other_end)
    return {
        name: next(iter(by_service.values())) for name, by_service in callees.items() if len(by_service) == 1
    }


def by_parent(steps: Iterable[Step]) -> dict[bytes, list[Step]]:
    """The children of each step, by its span id."""
    children: dict[bytes, list[Step]] = defaultdict(list)
    for step in steps:
        children[step.parent_span_id].append(step)
    return children


def callee(step: Step, children: list[Step]) -> CalledOperation | None:
    """The operation that answered the step if it is a call to another service, which is then its only child."""
    is_call = len(children) == 1 and children[0].service != step.service
    return CalledOperation(children[0].service, children[0].operation) if is_call else None


def children_nano(step: Step, children: Iterable[Step]) -> int:
    """The nanoseconds of the step in which some child ran; children may overlap each other and outlast it."""
    total, end = 0, step.start_time_unix_nano
    for child in sorted(children, key=lambda child: child.start_time_unix_nano):
        start = max(child.start_time_unix_nano, end)
        until = min(child.end_time_unix_nano, step.end_time_unix_nano)
        if until > start:
            total, end = total + until - start, until
    return total
