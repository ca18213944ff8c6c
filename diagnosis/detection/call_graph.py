"""The operations that each operation of a trace called, without the durations or contents of the calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from diagnosis.detection.own_time import CalledOperation, Step, by_parent

Callee = tuple[str, str]  # service and operation


@dataclass(frozen=True, slots=True)
class RunCalls:
    """The calls that an operation made in one trace."""

    step: Step  # the first run of the operation in the trace
    calls: dict[Callee, int]  # nanoseconds from the operation's start to the call, the fewest in the trace


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
            callee = (child.service, child.operation)
            run.calls[callee] = min(delay, run.calls.get(callee, delay))
    return runs
