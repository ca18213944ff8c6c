"""
Operations whose calls are cancelled by their callers more often than before: the `cancelled_call` signal.

A call that its caller cancelled is no failure (telemetry/failures/cancellations.py): people leave, clients ask again.
If the share of an operation's calls that are cancelled rises beyond chance, callers do not get what they wait for. The
ratio of the two shares has the exact interval of Przyborowski and Wilenski (https://doi.org/10.1093/biomet/31.3-4.313),
at a level divided by the number of operations. Of the operations that were cancelled in one trace, the one that began
first is named; the others were cancelled with it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from diagnosis.detection import own_time
from diagnosis.detection.cancelled_records import CancelledCall, cancelled_by_operation, cancelled_calls
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.own_time import WindowTraces
from diagnosis.detection.sampled_run import SampledRun
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.rates import Counts, Tails, rate_ratio
from diagnosis.window import traffic
from diagnosis.window.cluster_counts import Target
from diagnosis.window.sampling import draw_traces
from diagnosis.window.traffic import ServiceOperation
from telemetry.hashing import hash64_of_texts
from telemetry.signals.failed_results import reported_problem
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window

SIGNAL = "cancelled_call"
FIX_CATEGORY = ""
EXPECTATION = "The operation answers before its callers give up."
RESULT_FORM = "What the repeated call gave back; its time is taken from outside."
ABOUT = "callers cancel an operation's calls more often than in the window before"
COMPARES = "visits"
FINDS_RISES = True
IN_OUTPUT = ""
WAITED = re.compile(r"after ([\d.]+) ms")  # in CancelledOperation.message
KEY_VERSION = "1"  # as in telemetry/agent_runs/run_call.py
CHANCE = 0.01  # of a false alarm among all operations of a window
FEWEST = 5  # cancelled calls now, and calls before
TIMES = 2  # the share now, of that before, at least
MORE = 0.02  # the share now, beyond that before, at least
VERIFIED = 960  # traces up to which a verification reads all; of more, as many or half of them


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The call must take less time than half of the callers waited who cancelled it."""
    if problem := reported_problem(result):
        return problem
    match = WAITED.search(case["failure"] or "")
    if not match:
        return "the case does not say how long callers waited"
    took_ms = seconds * 1000
    return (
        f"took {took_ms:.0f} ms, and callers gave up after {match[1]} ms" if took_ms > float(match[1]) else ""
    )


@dataclass(frozen=True, slots=True)
class CancelledOperation:
    """An operation, with the number of its calls that were cancelled, of all of them, in both windows."""

    place: ServiceOperation
    counts: WindowCounts

    @property
    def is_comparable(self) -> bool:
        """Whether enough was cancelled now, and enough ran before."""
        return self.counts.now.failures >= FEWEST and self.counts.before.exposure >= FEWEST

    @property
    def is_large(self) -> bool:
        """Whether the share now is TIMES that of before, and MORE beyond it."""
        now, before = (counts.rate or 0.0 for counts in self.counts)
        return now >= TIMES * before and now - before >= MORE

    def is_beyond_chance(self, level: float) -> bool:
        """Whether the share rose, with this chance of being wrong."""
        now, before = self.counts
        return rate_ratio(before, now, Tails(level, level)).low > 1

    @property
    def fingerprint(self) -> int:
        """The fingerprint of "callers cancel this operation", the same in every window."""
        return hash64_of_texts(KEY_VERSION, SIGNAL, *self.place)

    def message(self, waited_ms: float) -> str:
        """The message of the failure, with the counts of both windows. `waited_ms`: how long callers waited."""
        now, before = self.counts
        return (
            f"callers cancel it after {waited_ms:.1f} ms (median): {now.failures} of {now.exposure} calls, "
            f"before {before.failures} of {before.exposure}"
        )


def find(window: Window, traces: WindowTraces) -> list[Cluster]:
    """One cluster for each operation of the bound project that is cancelled more often than before; reads no trace."""
    now = cancelled_by_operation(window)
    if not any(number >= FEWEST for number in now.values()):
        return []
    risen = risen_operations(
        now,
        cancelled_by_operation(window.before),
        traffic.read_traffic(window).records_by_operation,
        traffic.read_traffic(window.before).records_by_operation,
    )
    by_place = {operation.place: operation for operation in risen}
    return cancelled_clusters(by_place, cancelled_calls(window, by_place) if by_place else [])


def risen_operations(
    now: Mapping[ServiceOperation, int],
    before: Mapping[ServiceOperation, int],
    calls_now: Mapping[ServiceOperation, int],
    calls_before: Mapping[ServiceOperation, int],
) -> list[CancelledOperation]:
    """The operations of which a larger share is cancelled than before, beyond chance and by a large effect. Pure."""
    compared = [
        operation
        for place in sorted(now)
        if (
            operation := CancelledOperation(
                place,
                WindowCounts(
                    counts_of(now[place], calls_now.get(place, 0)),
                    counts_of(before.get(place, 0), calls_before.get(place, 0)),
                ),
            )
        ).is_comparable
    ]
    return [
        operation
        for operation in compared
        if operation.is_large and operation.is_beyond_chance(CHANCE / len(compared))
    ]


def counts_of(cancelled: int, calls: int) -> Counts:
    """The counts; calls that two instrumentations recorded are counted once, and may be fewer than the records."""
    return Counts(cancelled, max(cancelled, calls))


def cancelled_clusters(
    risen: Mapping[ServiceOperation, CancelledOperation], calls: Iterable[CancelledCall]
) -> list[Cluster]:
    """One cluster for each operation whose calls were the first to be cancelled in a trace, largest first. Pure."""
    by_trace: dict[bytes, list[CancelledCall]] = defaultdict(list)
    for call in calls:
        by_trace[call.record.trace_id].append(call)
    by_first: dict[ServiceOperation, list[list[CancelledCall]]] = defaultdict(list)
    for cancelled in by_trace.values():
        first = cancelled[0].record
        by_first[ServiceOperation(first.service, first.operation)].append(cancelled)
    clusters = [
        cancelled_cluster(risen[place], traces) for place, traces in by_first.items() if len(traces) >= FEWEST
    ]
    return sorted(clusters, key=lambda cluster: (-len(cluster.records), cluster.fingerprint))


def cancelled_cluster(operation: CancelledOperation, traces: list[list[CancelledCall]]) -> Cluster:
    """The cluster of an operation: its calls that were cancelled first in a trace; what followed is downstream."""
    message = operation.message(median(first.waited_ms for first, *_ in traces))
    return Cluster(
        operation.fingerprint,
        [as_failing(first.record, operation, message) for first, *_ in traces],
        [as_failing(call.record, operation, message) for _, *rest in traces for call in rest],
        operation.counts.now.exposure,
        operation.counts.before,
    )


def as_failing(record: FailingRecord, operation: CancelledOperation, message: str) -> FailingRecord:
    """A cancelled call as a failing record of the cluster."""
    return record._replace(
        signal_type=SIGNAL,
        severity="low",
        error_type="",
        message=message,
        fingerprint=operation.fingerprint,
    )


def visits(window: Window, target: Target) -> Iterator[SampledRun]:
    """For a verification: each trace that ran the target's operations; it fails if one of these calls was cancelled."""
    places = [ServiceOperation(target.service, operation) for operation in sorted(target.operations)]
    by_key = {call.record.key: call.record for call in cancelled_calls(window, places)}
    for steps in own_time.of_traces(draw_traces(window, VERIFIED).trace_ids):
        ran = sorted(
            (step for step in steps if (step.service, step.operation) in places),
            key=lambda step: (step.start_time_unix_nano, step.span_id),
        )
        if ran and ran[0].release not in target.without_releases:
            keys = (step.trace_id + step.span_id for step in ran)
            cancelled = next((by_key[key] for key in keys if key in by_key), None)
            place = ServiceOperation(ran[0].service, ran[0].operation)
            yield SampledRun(place, ran[0].trace_id, ran[0].start_time_unix_nano, cancelled)
