"""
Services that became slow: the `latency` signal, against the window of the same length before.

What an operation spends itself is compared, without what its children took, so that the slow one is named and not
everyone who waits for it; a call that takes longer than the callee ran is charged to the callee, whose network or
queue it is. How two windows are compared, and by which tests (https://doi.org/10.1214/aoms/1177730491), is in
duration_tests.py; nothing is read but rollups as long as no operation's durations moved.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from diagnosis.detection.duration_shift import durations_shifted
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.own_time import CalledOperation, TimedStep, time_sampled_steps
from diagnosis.statistics.duration_tests import Comparisons, DurationSamples, sample_quantile
from telemetry.hashing import hash64_of_texts
from telemetry.signals.failed_results import reported_problem
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window

SIGNAL = "latency"
FIX_CATEGORY = ""
EXPECTATION = "The operation takes no longer than it did before."
ABOUT = "an operation takes longer than in the window before"
COMPARES = "durations"
IN_OUTPUT = ""
TOOK = re.compile(r"(?:median|p[\d.]+) ([\d.]+) ms, was ([\d.]+) ms")  # in the message of `Slower`
KEY_VERSION = "1"  # as in agent_calls.py
SLOW_QUANTILE = 0.9  # of the window before; what took longer is shown
CALLEES, RAISED = 2, 1.5  # most of so many services answer one caller late: then it is the caller
SEVERE = 10  # times as long
LEADING = 0.7  # of the largest ratio, as logarithms; what slowed less waits for what slowed most


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The call takes nearer to what it takes now than to what it took before, by ratio. Its callees count, too."""
    if problem := reported_problem(result):
        return problem
    took = TOOK.search(case["failure"] or "")
    if not took:
        return "the case does not say how long the call took before and now"
    limit_ms = (float(took[1]) * float(took[2])) ** 0.5
    return f"took {seconds * 1000:.0f} ms, more than {limit_ms:.0f} ms" if seconds * 1000 > limit_ms else ""


@dataclass(frozen=True, slots=True)
class SlowerOperation:
    """What an operation spent itself before and now, and which quantile of it moved."""

    place: CalledOperation
    sides: DurationSamples
    now: list[TimedStep]
    quantile: float = 0.5

    @property
    def ratio(self) -> float:
        """How many times as long the quantile that moved takes."""
        return self.sides.ratio(self.quantile)

    @property
    def lost_ms(self) -> float:
        """By how much longer all its runs took together."""
        return self.sides.grown_ms(self.quantile) * len(self.now)

    def leads(self, most: SlowerOperation) -> bool:
        """Whether it slowed by so much that it does not only wait for the one that slowed most."""
        return math.log(self.ratio) >= LEADING * math.log(most.ratio)

    @property
    def message(self) -> str:
        """For people; the numbers are of the window."""
        what = "calls to it take" if self.place.caller else "takes"
        named = "median" if self.quantile == 0.5 else f"p{self.quantile * 100:g}"
        before, now = (
            sample_quantile(self.sides.before, self.quantile),
            sample_quantile(self.sides.now, self.quantile),
        )
        return f"{what} {self.ratio:.1f} times as long as before: {named} {now:.1f} ms, was {before:.1f} ms"


def find(window: Window) -> list[Cluster]:
    """One cluster for each service of the bound project that became slow, by name."""
    if not durations_shifted(window):
        return []
    return latency_clusters(
        runs_by_operation(time_sampled_steps(window.before)), runs_by_operation(time_sampled_steps(window))
    )


def latency_clusters(
    before: Mapping[CalledOperation, list[TimedStep]], now: Mapping[CalledOperation, list[TimedStep]]
) -> list[Cluster]:
    """The same of what ran in both windows."""
    measured = slower_operations(before, now)
    together = Comparisons.of([one.sides for one in measured])
    quantiles = [(one, together.moved(one.sides)) for one in measured]
    sure = [replace(one, quantile=quantile) for one, quantile in quantiles if quantile is not None]
    worst = worst_of_each(attribute_slow_calls(sure, measured))
    if not worst:
        return []
    return [
        latency_cluster(worst[0], worst),
        *(latency_cluster(one, []) for one in worst[1:] if one.leads(worst[0])),
    ]


def slower_operations(
    before: Mapping[CalledOperation, list[TimedStep]], now: Mapping[CalledOperation, list[TimedStep]]
) -> list[SlowerOperation]:
    """What ran in both windows, often enough."""
    both = [
        SlowerOperation(place, DurationSamples(each(before[place]), each(ran)), ran)
        for place, ran in now.items()
        if place in before
    ]
    return [one for one in both if one.sides.is_comparable]


def each(ran: Iterable[TimedStep]) -> list[float]:
    """One value a trace, in milliseconds: what its runs took at the median."""
    found: dict[bytes, list[float]] = defaultdict(list)
    for one in ran:
        found[one.step.trace_id].append(one.own_ms)
    return [median(values) for values in found.values()]


def attribute_slow_calls(
    slower: list[SlowerOperation], measured: list[SlowerOperation]
) -> Iterator[SlowerOperation]:
    """Slow calls to the callee, but to the caller where most of its calls to several services are slow."""
    called, late = callees(measured), callees(one for one in measured if one.ratio >= RAISED)
    for one in slower:
        caller = one.place.caller
        if caller and len(late[caller]) >= CALLEES and 2 * len(late[caller]) > len(called[caller]):
            yield replace(one, place=CalledOperation(caller, one.now[0].step.operation))
        else:
            yield one


def callees(slower: Iterable[SlowerOperation]) -> dict[str, set[str]]:
    """Which services each service called."""
    found: dict[str, set[str]] = defaultdict(set)
    for one in slower:
        found[one.place.caller].add(one.place.service)
    return found


def runs_by_operation(ran: Iterable[TimedStep]) -> Mapping[CalledOperation, list[TimedStep]]:
    """The runs of each operation."""
    found: dict[CalledOperation, list[TimedStep]] = defaultdict(list)
    for one in ran:
        found[one.place].append(one)
    return found


def worst_of_each(slower: Iterable[SlowerOperation]) -> list[SlowerOperation]:
    """Of each service the operation that lost most time, the largest ratio first."""
    worst: dict[str, SlowerOperation] = {}
    for one in sorted(slower, key=lambda one: (-one.lost_ms, one.place)):
        worst.setdefault(one.place.service, one)  # its others wait for the same CPU, lock or network
    return sorted(worst.values(), key=lambda one: (-one.ratio, one.place))


def latency_cluster(slower: SlowerOperation, all_slower: list[SlowerOperation]) -> Cluster:
    """Its slow runs; those of services that slowed less are echoes."""
    behind = [record for one in all_slower if not one.leads(slower) for record in slow_runs(one)]
    return Cluster(latency_fingerprint(slower.place), slow_runs(slower), behind, looked_at=len(slower.now))


def slow_runs(slower: SlowerOperation) -> list[FailingRecord]:
    """The runs that took longer than nearly all did before, by time."""
    limit = sample_quantile(slower.sides.before, SLOW_QUANTILE)
    number = latency_fingerprint(slower.place)
    severity = "high" if slower.ratio >= SEVERE else "medium"
    slow = [
        replace(ran, place=slower.place).failing(SIGNAL, severity, slower.message, number)
        for ran in slower.now
        if ran.own_ms > limit
    ]
    return sorted(slow, key=lambda one: (one.start_time_unix_nano, one.trace_id, one.span_id))


def latency_fingerprint(place: CalledOperation) -> int:
    """The key of "this operation is slow", in every window."""
    return hash64_of_texts(KEY_VERSION, SIGNAL, place.service, place.operation)
