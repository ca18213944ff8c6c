"""
What the records of an operation spent themselves: what a loop about latency is verified by.

It must be what told it (rules/latency.py): without what children took, and with the way to the operation from another
service.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from diagnosis.detection.own_time import CalledOperation, Step, answering, by_parent, of_traces, own
from diagnosis.window.cluster_counts import Target
from telemetry.windows import Window

MOST = 5_000  # records of a window, the newest


def durations(window: Window, target: Target) -> list[float]:
    """Of the newest records of the operations, in milliseconds, sorted."""
    rows = (
        target.records(window).filter(target.any, fingerprint__isnull=True).order_by("-start_time_unix_nano")
    )
    newest = {(bytes(trace), bytes(span)) for trace, span in rows.values_list("trace_id", "span_id")[:MOST]}
    sampled = list(of_traces([trace for trace, _ in newest]))
    served = answering(sampled)
    return sorted(
        ms for steps in sampled for key, ms in spent(steps, target, served).items() if key in newest
    )


def spent(
    steps: list[Step], target: Target, served: dict[str, CalledOperation]
) -> dict[tuple[bytes, bytes], float]:
    """What each record of the operations spent in one trace, by its ids."""
    children = by_parent(steps)
    found: dict[tuple[bytes, bytes], float] = defaultdict(float)
    for ran in own(steps, served):
        for step in hit(ran.step, children.get(ran.step.span_id, []), target):
            found[step.trace_id, step.span_id] += ran.own_ms
    return found


def hit(step: Step, inside: list[Step], target: Target) -> Iterator[Step]:
    """The records of the operations that this step's own time counts for: itself, and what it called elsewhere."""
    if is_of(step, target):
        yield step
    if len(inside) == 1 and inside[0].service != step.service and is_of(inside[0], target):
        yield inside[0]


def is_of(step: Step, target: Target) -> bool:
    """Whether the step is a record of the operations."""
    return step.service == target.service and step.operation in target.operations
