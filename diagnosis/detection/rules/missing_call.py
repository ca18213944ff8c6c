"""
An operation that no longer calls what it always called: the `missing_call` signal, against the window before.

Where code returns early, no span fails and nothing gets slower, so that only the missing calls show it. For each
operation and each operation that it calls, the traces are counted: with the call or without, before or now. Fisher's
exact test (https://doi.org/10.2307/2340521) gives the chance of so many without the call now if nothing changed. As in
duration_tests.py, the level is divided by the number of tests, and the effect must be large, too. The missing call that
came first in time is named, since later ones follow from it.

Not reported: an operation that no longer runs, traces with a failure, a call that another one replaced, and a callee in
a service that no longer sends spans. No trace is read as long as no operation runs less often than before, relative to
the others.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from diagnosis.detection import own_time
from diagnosis.detection.call_graph import Callee, RunCalls, Visits, healthy_visits
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.own_time import CalledOperation, TimedStep, WindowTraces
from diagnosis.detection.sampled_run import SampledRun
from diagnosis.statistics import fisher
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.rates import Counts
from diagnosis.window import traffic
from diagnosis.window.cluster_counts import Target
from diagnosis.window.sampling import draw_traces
from diagnosis.window.traffic import ServiceOperation
from telemetry.hashing import hash64_of_texts
from telemetry.signals.failed_results import reported_problem, values_under
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window

SIGNAL = "missing_call"
FIX_CATEGORY = "code"
EXPECTATION = "The operation makes the calls that it made before."
RESULT_FORM = "The operations that were called as `calls`, a list of their names."
ABOUT = "an operation leaves out a call that it made in the window before"
COMPARES = "visits"
IN_OUTPUT = ""
# In MissingCall.message, behind whatever a title puts before it.
CALLEE = re.compile(r"(?>.*?no longer calls )(.+): \d+ of \d+ traces lack the call")
KEY_VERSION = "1"  # as in telemetry/agent_runs/run_call.py
CHANCE = 0.001  # of a false alarm among all calls of a window; so low because traces of one session are alike
USUAL = 0.75  # share of the traces before with the call, at least
LEFT = 0.5  # of that share now, at most
FEWEST = 5  # traces on each side
RAN_LESS = 0.75  # of the largest ratio of an operation's records now to those before, at most
VERIFIED = 960  # traces up to which a verification reads all; of more, as many or half of them


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The result must list the called operations as `calls`, by name, and the missing one must be among them."""
    if problem := reported_problem(result):
        return problem
    match = CALLEE.match(case["failure"] or "")
    if not match:
        return "the case does not name the call that vanished"
    all_calls = [call for calls in values_under(result, ("calls",)) for call in calls or []]
    names = [call if isinstance(call, str) else " ".join(map(str, call.values())) for call in all_calls]
    is_made = any(match[1] in name or (name and match[1].endswith(f" {name}")) for name in names)
    return "" if is_made else f"`calls` of the result does not have {match[1]}"


@dataclass(frozen=True, slots=True)
class MissingCall:
    """A call of an operation, with the operation's calls in each trace of both windows."""

    place: CalledOperation
    callee: Callee
    before: list[RunCalls]
    now: list[RunCalls]

    @property
    def without(self) -> list[RunCalls]:
        """The traces now that lack the call."""
        return [run for run in self.now if self.callee not in run.calls]

    @property
    def lacking(self) -> WindowCounts:
        """The number of traces that lack the call, of all that ran the operation, in both windows."""
        lacking_before = sum(self.callee not in run.calls for run in self.before)
        return WindowCounts(
            Counts(len(self.without), len(self.now)), Counts(lacking_before, len(self.before))
        )

    @property
    def is_large(self) -> bool:
        """Whether USUAL of the traces before made the call, and at most LEFT of that share do now."""
        now, before = ((1 - (counts.rate or 0.0)) for counts in self.lacking)
        return before >= USUAL and now <= LEFT * before

    @property
    def is_replaced(self) -> bool:
        """Whether most traces that lack the call make another one, which no trace made before."""
        callees_before = {callee for run in self.before for callee in run.calls}
        return 2 * sum(not callees_before.issuperset(run.calls) for run in self.without) > len(self.without)

    @property
    def usual_start(self) -> float:
        """The median time before from the operation's start to the call, in nanoseconds."""
        return median(run.calls[self.callee] for run in self.before if self.callee in run.calls)

    @property
    def vanished(self) -> Callee:
        """What is no longer called: of a request to another service, the operation that answered it there."""
        answered = (run.answered_by[self.callee] for run in self.before if self.callee in run.answered_by)
        return next(answered, self.callee)

    @property
    def message(self) -> str:
        """The message of the failure, with the counts of both windows."""
        now, before = self.lacking
        service, operation = self.vanished
        name = operation if service == self.place.service else f"{service} {operation}"
        return (
            f"no longer calls {name}: {now.failures} of {now.exposure} traces lack the call, "
            f"before {before.failures} of {before.exposure}"
        )


def find(window: Window, traces: WindowTraces) -> list[Cluster]:
    """One cluster for each service of the bound project that leaves out a call, by name."""
    if not ran_less(window):
        return []
    clusters = missing_call_clusters(healthy_visits(traces.before.steps), healthy_visits(traces.now.steps))
    return [replace(cluster, sample=traces.now.sample) for cluster in clusters]


def ran_less(window: Window) -> bool:
    """Whether some operation ran less often than before, relative to the others; no trace is read."""
    before, now = (
        traffic.read_traffic(window.before).records_by_operation,
        traffic.read_traffic(window).records_by_operation,
    )
    ratios = [now[place] / count for place, count in before.items() if count >= FEWEST]
    return bool(ratios) and min(ratios) <= RAN_LESS * max(ratios)


def missing_call_clusters(before: Visits, now: Visits) -> list[Cluster]:
    """One cluster for each service that leaves out a call, by name, from the calls in both windows. Pure."""
    by_service: dict[str, list[MissingCall]] = defaultdict(list)
    for missing in first_of_each(missing_calls(before, now)):
        by_service[missing.place.service].append(missing)
    return [missing_call_cluster(all_missing) for _, all_missing in sorted(by_service.items())]


def missing_calls(before: Visits, now: Visits) -> list[MissingCall]:
    """The calls that are made in fewer traces now, beyond chance and by a large effect."""
    compared = [
        MissingCall(place, callee, runs, now[place])
        for place, runs in before.items()
        if min(len(runs), len(now.get(place, []))) >= FEWEST
        for callee in sorted({callee for run in runs for callee in run.calls})
    ]
    services_now = {place.service for place in now}
    return [
        call
        for call in compared
        if call.is_large
        and call.callee[0] in services_now
        and not call.is_replaced
        and fisher.p_value(call.lacking) < CHANCE / len(compared)
    ]


def first_of_each(missing: Iterable[MissingCall]) -> list[MissingCall]:
    """The missing call of each operation that came first in its traces before."""
    first: dict[CalledOperation, MissingCall] = {}
    for call in sorted(missing, key=lambda call: (call.usual_start, call.callee)):
        first.setdefault(call.place, call)
    return list(first.values())


def missing_call_cluster(all_missing: list[MissingCall]) -> Cluster:
    """The cluster of a service: the operation that lacks a call in most traces; its other operations are downstream."""
    first, *rest = sorted(all_missing, key=lambda call: (-len(call.without), call.place))
    lacking = first.lacking
    return Cluster(
        missing_call_fingerprint(first.place, first.callee),
        failing_runs(first),
        [record for call in rest for record in failing_runs(call)],
        lacking.now.exposure,
        lacking.before,
    )


def failing_runs(missing: MissingCall) -> list[FailingRecord]:
    """The runs that lack the call, by time, as failing records."""
    fingerprint = missing_call_fingerprint(missing.place, missing.callee)
    records = [failing_run(run, missing.message, fingerprint) for run in missing.without]
    return sorted(records, key=lambda record: (record.start_time_unix_nano, record.trace_id, record.span_id))


def failing_run(run: RunCalls, message: str, fingerprint: int) -> FailingRecord:
    """A run that lacks the call, as a failing record."""
    place = CalledOperation(run.step.service, run.step.operation)
    return TimedStep(run.step, place, 0.0).failing(SIGNAL, "medium", message, fingerprint)


def visits(window: Window, target: Target) -> Iterator[SampledRun]:
    """For a verification: each trace that ran the target's operations; it fails if it lacks the target's call."""
    drawn = draw_traces(window, VERIFIED)
    for place, runs in healthy_visits(own_time.of_traces(drawn.trace_ids)).items():
        if place.service != target.service or place.operation not in target.operations:
            continue
        for run in runs:
            step = run.step
            if step.release not in target.without_releases:
                is_made = any(
                    missing_call_fingerprint(place, callee) == target.fingerprint for callee in run.calls
                )
                failure = None if is_made else failing_run(run, "", target.fingerprint)
                yield SampledRun(
                    ServiceOperation(*place[:2]), step.trace_id, step.start_time_unix_nano, failure
                )


def missing_call_fingerprint(place: CalledOperation, callee: Callee) -> int:
    """The fingerprint of "this operation leaves out this call", the same in every window."""
    return hash64_of_texts(KEY_VERSION, SIGNAL, place.service, place.operation, *callee)
