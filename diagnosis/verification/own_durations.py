"""
The own time of an operation's records, by which a loop about latency is verified.

It is measured as the rule measured it that found the loop (rules/latency.py): without the time of child records, or, if
calls to the operation are slow, as the time that these take beyond the operation's own record.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple, cast

from diagnosis.detection.own_time import CalledOperation, Step, answering, by_parent, of_traces, time_steps
from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.detection.rules.registry import ByDurations
from diagnosis.models import Loop
from diagnosis.statistics.rates import Counts
from diagnosis.window.cluster_counts import Target
from telemetry.windows import Window

MOST = 5_000  # newest records of a window


class SlowRecords(NamedTuple):
    """The slow ones of the healthy records whose own time was read, and the own time above which one is slow."""

    counts: Counts
    above_ms: float


def slow_limit_ms(loop: Loop, durations_before: Sequence[float]) -> float | None:
    """
    The own time above which the loop's issue calls a record slow; of an issue that does not say it, the median before.

    None if nothing ran before, either.
    """
    stated = rule_of(loop).stated_limit_ms(message_of(loop))
    return median(durations_before) if stated is None and durations_before else stated


def rule_of(loop: Loop) -> ByDurations:
    """The rule that found the loop."""
    return cast(ByDurations, WINDOW_RULES.rules[loop.signal_type])


def message_of(loop: Loop) -> str:
    """The message of the loop's issue; "" without one."""
    return str(loop.issue.get("message") or "")


def above(sorted_durations: Sequence[float], threshold: float) -> Counts:
    """The number of sorted durations above the threshold, of all."""
    number = len(sorted_durations)
    return Counts(number - bisect_right(sorted_durations, threshold), number)


class Measured(StrEnum):
    """What of a record is measured: its own time, the time that a call from another service took around it, or both."""

    OWN = "own time"
    CALLS = "time of calls on their way"
    BOTH = "own time with that of calls on their way"


def measure_of(loop: Loop) -> Measured:
    """What the loop's issue is about, as its message says; both, if that is not known."""
    is_of_calls = rule_of(loop).is_of_calls(message_of(loop))
    if is_of_calls is None:
        return Measured.BOTH
    return Measured.CALLS if is_of_calls else Measured.OWN


def durations(window: Window, target: Target, measure: Measured) -> list[float]:
    """The own times of the newest healthy records of the operations, in milliseconds, sorted."""
    rows = (
        target.records(window).filter(target.ran, fingerprint__isnull=True).order_by("-start_time_unix_nano")
    )
    newest = {(bytes(trace), bytes(span)) for trace, span in rows.values_list("trace_id", "span_id")[:MOST]}
    sampled = list(of_traces([trace for trace, _ in newest]))
    served = answering(sampled)
    return sorted(
        ms for steps in sampled for key, ms in spent(steps, target, served, measure).items() if key in newest
    )


def spent(
    steps: list[Step], target: Target, served: dict[str, CalledOperation], measure: Measured
) -> dict[tuple[bytes, bytes], float]:
    """The own time of each record of the operations in one trace, in milliseconds, by trace and span id."""
    children = by_parent(steps)
    own_times: dict[tuple[bytes, bytes], float] = defaultdict(float)
    for ran in time_steps(steps, served):
        for step in hit(ran.step, children.get(ran.step.span_id, []), target, measure):
            own_times[step.trace_id, step.span_id] += ran.own_ms
    return own_times


def hit(step: Step, inside: list[Step], target: Target, measure: Measured) -> Iterator[Step]:
    """The records of the operations that get the step's own time: itself, and the one it called in another service."""
    if is_of(step, target) and measure != Measured.CALLS:
        yield step
    if (
        measure != Measured.OWN
        and len(inside) == 1
        and inside[0].service != step.service
        and is_of(inside[0], target)
    ):
        yield inside[0]


def is_of(step: Step, target: Target) -> bool:
    """Whether the step is a record of the target's operations."""
    return step.service == target.service and step.operation in target.operations
