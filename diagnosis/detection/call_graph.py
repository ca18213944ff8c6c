"""The operations that each operation of a trace called, without the durations or contents of the calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from diagnosis.detection.own_time import CalledOperation, Step, by_parent, callee

Callee = tuple[str, str]  # service and operation


@dataclass(frozen=True, slots=True)
class RunCalls:
    """The calls that an operation made in one trace."""

    step: Step  # the first run of the operation in the trace
    calls: dict[Callee, int]  # nanoseconds from the operation's start to the call, the fewest in the trace
    # Of calls to another service, what answered them there.
    answered_by: dict[Callee, Callee] = field(default_factory=dict)


Visits = dict[CalledOperation, list[RunCalls]]


def healthy_visits(traces: Iterable[list[Step]]) -> Visits:
    """The calls of each operation in each trace that ran it; traces with a failure are left out."""
    visits: Visits = defaultdict(list)
    for steps in traces:
        if not any(step.fingerprint for step in steps):
            for place, run in calls_within_trace(steps).items():
                visits[place].append(run)
    return visits


def calls_within_trace(steps: list[Step]) -> dict[CalledOperation, RunCalls]:
    """The calls that each operation of a trace made."""
    children, runs = by_parent(steps), dict[CalledOperation, RunCalls]()
    for step in sorted(steps, key=lambda step: (step.start_time_unix_nano, step.span_id)):
        run = runs.setdefault(CalledOperation(step.service, step.operation), RunCalls(step, {}))
        for child in children.get(step.span_id, []):
            delay = child.start_time_unix_nano - step.start_time_unix_nano
            called = (child.service, child.operation)
            run.calls[called] = min(delay, run.calls.get(called, delay))
            if other_end := callee(child, children.get(child.span_id, [])):
                run.answered_by.setdefault(called, (other_end.service, other_end.operation))
    return runs
