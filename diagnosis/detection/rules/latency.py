"""
Services that became slow: the `latency` signal, against the window of the same length before.

The own time of an operation is compared, without that of its children, so that the slow operation is named and not
every caller that waits for it. The time by which a call takes longer than the callee ran is attributed to the callee,
since it is spent in that service's network or queue. The tests that compare the two windows are those of
duration_tests.py (https://doi.org/10.1214/aoms/1177730491). As long as no operation's durations moved, only rollups
are read.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from diagnosis.detection.duration_shift import durations_shifted
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.own_time import CalledOperation, TimedStep, WindowTraces, time_all_steps
from diagnosis.display.quantities import exact_ms, ms_decimals, quantile_name
from diagnosis.statistics.duration_tests import Comparisons, DurationSamples, middle_ms, sample_quantile
from telemetry.hashing import hash64_of_texts
from telemetry.signals.failed_results import reported_problem
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window

SIGNAL = "latency"
FIX_CATEGORY = ""
EXPECTATION = "The operation takes no longer than it did before."
RESULT_FORM = "What the repeated call gave back; its time is taken from outside."
ABOUT = "an operation takes longer than in the window before"
COMPARES = "durations"
FINDS_RISES = True
IN_OUTPUT = ""
# In SlowerOperation.message; messages of earlier versions do not say from when on a record is slow.
NOW_AND_BEFORE = re.compile(
    r"(?:median|p[\d.]+) ([\d.]+) ms, was ([\d.]+) ms(?: (?:of own time|on their way); slow above ([\d.]+) ms)?"
)
TAKES, CALLS_TAKE = "takes", "calls to it take"  # how the messages begin, by what is slow
KEY_VERSION = "1"  # as in telemetry/agent_runs/run_call.py
# If 2 or more of the services that a caller calls, and most of them, take 1.5 times as long, the caller is slow.
CALLEES, LATE = 2, 1.5
SEVERE = 10  # times as long
# Of the logarithm of the largest ratio. An operation that slowed less is downstream of the slowest one.
PRIMARY = 0.7


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The call, callees included, must not be slow: nearer to what it took now than to what it took before."""
    if problem := reported_problem(result):
        return problem
    match = NOW_AND_BEFORE.search(case["failure"] or "")
    if not match:
        return "the case does not say how long the call took before and now"
    limit_ms = float(match[3]) if match[3] else (float(match[1]) * float(match[2])) ** 0.5
    return f"took {seconds * 1000:.0f} ms, more than {limit_ms:.0f} ms" if seconds * 1000 > limit_ms else ""


@dataclass(frozen=True, slots=True)
class SlowerOperation:
    """An operation's own time before and now, and the quantile of it that grew."""

    place: CalledOperation
    sides: DurationSamples
    now: list[TimedStep]
    quantile: float = 0.5

    @property
    def ratio(self) -> float:
        """The quantile now divided by the quantile before."""
        return self.sides.ratio(self.quantile)

    @property
    def lost_ms(self) -> float:
        """The growth of the quantile times the number of runs now, in milliseconds."""
        return self.sides.grown_ms(self.quantile) * len(self.now)

    @property
    def weight(self) -> float:
        """The lost time, weighed by how many times slower it became, so that a rare call that changed most counts."""
        return self.lost_ms * math.log(self.ratio)

    def is_primary(self, slowest: SlowerOperation) -> bool:
        """Whether it slowed too much to be only waiting for the slowest operation."""
        return math.log(self.ratio) >= PRIMARY * math.log(slowest.ratio)

    @property
    def message(self) -> str:
        """The message of the failure, with the quantile in both windows, and from when on a record is slow."""
        subject, measured = (CALLS_TAKE, "on their way") if self.place.caller else (TAKES, "of own time")
        before, now = (sample_quantile(side, self.quantile) for side in (self.sides.before, self.sides.now))
        factor = f"{now / before:,.1f} times as long as" if before else "longer than"
        both = f"{quantile_name(self.quantile)} {exact_ms(now)}, was {exact_ms(before)} {measured}"
        return f"{subject} {factor} before: {both}; slow above {exact_ms(self.slow_above_ms)}"

    @property
    def slow_above_ms(self) -> float:
        """The own time above which a record is slow: by ratio, it is nearer to the quantile now than before."""
        middle = self.sides.middle_ms(self.quantile)
        return round(middle, ms_decimals(middle))  # as the message states it


def find(window: Window, traces: WindowTraces) -> list[Cluster]:
    """One cluster for each service of the bound project that became slow by itself, the largest ratio first."""
    if not durations_shifted(window):
        return []
    clusters = latency_clusters(
        runs_by_operation(time_all_steps(traces.before)), runs_by_operation(time_all_steps(traces.now))
    )
    return [replace(cluster, sample=traces.now.sample) for cluster in clusters]


def latency_clusters(
    before: Mapping[CalledOperation, list[TimedStep]], now: Mapping[CalledOperation, list[TimedStep]]
) -> list[Cluster]:
    """One cluster for each service that became slow by itself, from the runs of both windows. Pure."""
    measured = comparable_operations(before, now)
    comparisons = Comparisons.of([operation.sides for operation in measured])
    quantiles = [(operation, comparisons.moved(operation.sides)) for operation in measured]
    slower = [
        replace(operation, quantile=quantile) for operation, quantile in quantiles if quantile is not None
    ]
    worst = worst_of_each(attribute_slow_calls(slower, measured))
    waiting = waiting_services(worst, callees(measured))
    primaries = [
        operation
        for operation in worst
        if operation.is_primary(worst[0]) and operation.place.service not in waiting
    ]
    downstream = [operation for operation in worst if operation not in primaries]
    return [
        latency_cluster(operation, [] if number else downstream) for number, operation in enumerate(primaries)
    ]


def waiting_services(worst: Sequence[SlowerOperation], called: Mapping[str, set[str]]) -> set[str]:
    """The services that wait for one of these slow ones: they call it, perhaps through others, and slowed less."""
    waiting: set[str] = set()
    for number, operation in enumerate(worst):  # the largest ratio first
        slower_ones = {other.place.service for other in worst[:number]} - waiting
        if slower_ones & reached_from(operation.place.service, called):
            waiting.add(operation.place.service)
    return waiting


def reached_from(service: str, called: Mapping[str, set[str]]) -> set[str]:
    """The services that this one calls, directly or through others."""
    reached: set[str] = set()
    to_visit = [service]
    while to_visit:
        further = called.get(to_visit.pop(), set()) - reached
        reached |= further
        to_visit += further
    return reached - {service}


def comparable_operations(
    before: Mapping[CalledOperation, list[TimedStep]], now: Mapping[CalledOperation, list[TimedStep]]
) -> list[SlowerOperation]:
    """The operations that ran in both windows, in enough traces to compare, whether slower or not."""
    in_both = [
        SlowerOperation(place, DurationSamples(trace_medians(before[place]), trace_medians(runs)), runs)
        for place, runs in now.items()
        if place in before
    ]
    return [operation for operation in in_both if operation.sides.is_comparable]


def trace_medians(runs: Iterable[TimedStep]) -> list[float]:
    """One value per trace, in milliseconds: the median of its runs' own times."""
    by_trace: dict[bytes, list[float]] = defaultdict(list)
    for run in runs:
        by_trace[run.step.trace_id].append(run.own_ms)
    return [median(values) for values in by_trace.values()]


def attribute_slow_calls(
    slower: list[SlowerOperation], measured: list[SlowerOperation]
) -> Iterator[SlowerOperation]:
    """The slow operations; slow calls count for their caller if most of its calls to several services are slow."""
    all_callees = callees(measured)
    late_callees = callees(operation for operation in measured if operation.ratio >= LATE)
    for operation in slower:
        caller = operation.place.caller
        if (
            caller
            and len(late_callees[caller]) >= CALLEES
            and 2 * len(late_callees[caller]) > len(all_callees[caller])
        ):
            yield replace(operation, place=CalledOperation(caller, operation.now[0].step.operation))
        else:
            yield operation


def callees(operations: Iterable[SlowerOperation]) -> dict[str, set[str]]:
    """The services that each service called."""
    by_caller: dict[str, set[str]] = defaultdict(set)
    for operation in operations:
        by_caller[operation.place.caller].add(operation.place.service)
    return by_caller


def runs_by_operation(runs: Iterable[TimedStep]) -> Mapping[CalledOperation, list[TimedStep]]:
    """The runs of each operation."""
    by_operation: dict[CalledOperation, list[TimedStep]] = defaultdict(list)
    for run in runs:
        by_operation[run.place].append(run)
    return by_operation


def worst_of_each(slower: Iterable[SlowerOperation]) -> list[SlowerOperation]:
    """The operation of each service that weighs most, the largest ratio first."""
    worst: dict[str, SlowerOperation] = {}
    for operation in sorted(slower, key=lambda operation: (-operation.weight, operation.place)):
        # The service's other operations wait for the same CPU, lock or network.
        worst.setdefault(operation.place.service, operation)
    return sorted(worst.values(), key=lambda operation: (-operation.ratio, operation.place))


def latency_cluster(slower: SlowerOperation, waiting: Iterable[SlowerOperation]) -> Cluster:
    """The cluster of an operation's slow runs; those of the operations that wait for it are downstream."""
    downstream = [record for operation in waiting for record in slow_runs(operation)]
    return Cluster(
        latency_fingerprint(slower.place), slow_runs(slower), downstream, looked_at=len(slower.now)
    )


def slow_runs(slower: SlowerOperation) -> list[FailingRecord]:
    """The runs that are slow, of which there is at least one, by time, as failing records."""
    limit = slower.slow_above_ms
    fingerprint = latency_fingerprint(slower.place)
    severity = "high" if slower.ratio >= SEVERE else "medium"
    records = [
        replace(run, place=slower.place).failing(SIGNAL, severity, slower.message, fingerprint)
        for run in slower.now
        if run.own_ms > limit
    ]
    return sorted(records, key=lambda record: (record.start_time_unix_nano, record.trace_id, record.span_id))


def stated_limit_ms(message: str) -> float | None:
    """The own time above which this message of a loop calls a record slow; None if it says none."""
    match = NOW_AND_BEFORE.search(message)
    if match is None:
        return None
    return float(match[3]) if match[3] else middle_ms(float(match[2]), float(match[1]))


def is_of_calls(message: str) -> bool | None:
    """Whether this message is about calls on their way, and not the operation's own time; None if it says neither."""
    return None if not message.startswith((TAKES, CALLS_TAKE)) else message.startswith(CALLS_TAKE)


def latency_fingerprint(place: CalledOperation) -> int:
    """The fingerprint of "this operation is slow", the same in every window."""
    return hash64_of_texts(KEY_VERSION, SIGNAL, place.service, place.operation)
