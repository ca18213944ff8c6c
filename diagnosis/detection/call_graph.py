"""Which operations the operations of a trace called, without what the calls took or held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from diagnosis.detection.own_time import CalledOperation, Step, by_parent

Callee = tuple[str, str]  # service and operation


@dataclass(frozen=True, slots=True)
class RunCalls:
    """One trace that ran an operation: its first run there, and how long after its start what was called."""

    step: Step
    calls: dict[Callee, int]


Visits = dict[CalledOperation, list[RunCalls]]


def visited(traces: Iterable[list[Step]]) -> Visits:
    """The traces that ran each operation, of those in which nothing failed."""
    found: Visits = defaultdict(list)
    for steps in traces:
        if not any(step.fingerprint for step in steps):
            for place, made in calls_within_trace(steps).items():
                found[place].append(made)
    return found


def calls_within_trace(steps: list[Step]) -> dict[CalledOperation, RunCalls]:
    """What each operation of a trace called."""
    children, found = by_parent(steps), dict[CalledOperation, RunCalls]()
    for step in sorted(steps, key=lambda step: (step.start_time_unix_nano, step.span_id)):
        made = found.setdefault(CalledOperation(step.service, step.operation), RunCalls(step, {}))
        for child in children.get(step.span_id, []):
            after = child.start_time_unix_nano - step.start_time_unix_nano
            callee = (child.service, child.operation)
            made.calls[callee] = min(after, made.calls.get(callee, after))
    return found
