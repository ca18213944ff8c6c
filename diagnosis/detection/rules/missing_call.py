"""
An operation that no longer calls what it always called: the `missing_call` signal, against the window before.

No span fails and nothing gets slower where code returns early, so only the calls tell. For each operation, and each
operation that it calls, one table of traces: with the call or without, before or now. Fisher's exact test
(https://doi.org/10.2307/2340521) gives the chance of so many without it now, if nothing changed; the guard is that of
duration_tests.py. The first call in time that vanished is named: those behind it follow from it.

Quiet: an operation that runs no more, traces with a failure in them, a call that another took the place of, and a
callee in a service that sends no spans any more. Nothing is read but rollups as long as no operation runs less
often beside the others than before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

from diagnosis.detection import own_time
from diagnosis.detection.agent_calls import SampledRun
from diagnosis.detection.call_graph import Callee, RunCalls, Visits, visited
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.own_time import CalledOperation, TimedStep
from diagnosis.statistics import fisher
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.rates import Counts
from diagnosis.window import traffic
from diagnosis.window.cluster_counts import Target
from diagnosis.window.traffic import ServiceOperation
from telemetry.hashing import hash64_of_texts
from telemetry.signals.failed_results import reported_problem, values_under
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import Window

SIGNAL = "missing_call"
FIX_CATEGORY = "other"
EXPECTATION = "The operation makes the calls that it made before."
ABOUT = "an operation leaves out a call that it made in the window before"
COMPARES = "visits"
IN_OUTPUT = ""
GONE = re.compile(r"no longer calls (.+): \d+ of \d+ traces lack the call")  # in the message of `Gone`
KEY_VERSION = "1"  # as in agent_calls.py
CHANCE = 0.001  # of a false alarm among all calls of a window; visits of one session are alike
USUAL = 0.75  # of the traces made the call before
LEFT = 0.5  # of that share, at most, is left
FEWEST = 5  # traces on each side
RAN_LESS = 0.75  # times as often as the operation that held best
VERIFIED = 480  # traces


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The result must list the operations that were called as `calls`, by name: the one that vanished is there."""
    if problem := reported_problem(result):
        return problem
    gone = GONE.search(case["failure"] or "")
    if not gone:
        return "the case does not name the call that vanished"
    called = [call for calls in values_under(result, ("calls",)) for call in calls or []]
    names = [call if isinstance(call, str) else " ".join(map(str, call.values())) for call in called]
    is_made = any(gone[1] in name or (name and gone[1].endswith(f" {name}")) for name in names)
    return "" if is_made else f"`calls` of the result does not have {gone[1]}"


@dataclass(frozen=True, slots=True)
class MissingCall:
    """A call that vanished, with the traces of both windows that ran its caller."""

    place: CalledOperation
    callee: Callee
    before: list[RunCalls]
    now: list[RunCalls]

    @property
    def without(self) -> list[RunCalls]:
        """The traces that lack it now."""
        return [made for made in self.now if self.callee not in made.calls]

    @property
    def lacking(self) -> WindowCounts:
        """The traces without it in both windows."""
        missed = sum(self.callee not in made.calls for made in self.before)
        return WindowCounts(Counts(len(self.without), len(self.now)), Counts(missed, len(self.before)))

    @property
    def is_large(self) -> bool:
        """Whether nearly all made the call before, and few do now."""
        now, before = ((1 - (counts.rate or 0.0)) for counts in self.lacking)
        return before >= USUAL and now <= LEFT * before

    @property
    def is_replaced(self) -> bool:
        """Whether most of them call something else now that was never called before."""
        known = {callee for made in self.before for callee in made.calls}
        return 2 * sum(not known.issuperset(made.calls) for made in self.without) > len(self.without)

    @property
    def usual_start(self) -> float:
        """How long after the caller's start it came."""
        return median(made.calls[self.callee] for made in self.before if self.callee in made.calls)

    @property
    def message(self) -> str:
        """For people; the numbers are of the window."""
        now, before = self.lacking
        named = self.callee[1] if self.callee[0] == self.place.service else " ".join(self.callee)
        return (
            f"no longer calls {named}: {now.failures} of {now.exposure} traces lack the call, "
            f"before {before.failures} of {before.exposure}"
        )


def find(window: Window) -> list[Cluster]:
    """One cluster for each service of the bound project that leaves out a call, by name."""
    if not ran_less(window):
        return []
    return missing_call_clusters(visited(own_time.traces(window.before)), visited(own_time.traces(window)))


def ran_less(window: Window) -> bool:
    """Whether some operation ran less often beside the others than before, told from rollups alone."""
    before, now = traffic.read_traffic(window.before).ran, traffic.read_traffic(window).ran
    ratios = [now[place] / ran for place, ran in before.items() if ran >= FEWEST]
    return bool(ratios) and min(ratios) <= RAN_LESS * max(ratios)


def missing_call_clusters(before: Visits, now: Visits) -> list[Cluster]:
    """The same of what ran in both windows. Pure."""
    by_service: dict[str, list[MissingCall]] = defaultdict(list)
    for one in first_of_each(vanished(before, now)):
        by_service[one.place.service].append(one)
    return [missing_call_cluster(found) for _, found in sorted(by_service.items())]


def vanished(before: Visits, now: Visits) -> list[MissingCall]:
    """The calls that are surely made less often."""
    compared = [
        MissingCall(place, callee, made, now[place])
        for place, made in before.items()
        if min(len(made), len(now.get(place, []))) >= FEWEST
        for callee in sorted({callee for one in made for callee in one.calls})
    ]
    alive = {place.service for place in now}
    return [
        one
        for one in compared
        if one.is_large
        and one.callee[0] in alive
        and not one.is_replaced
        and fisher.p_value(one.lacking) < CHANCE / len(compared)
    ]


def first_of_each(gone: Iterable[MissingCall]) -> list[MissingCall]:
    """Of each operation the call that came first."""
    first: dict[CalledOperation, MissingCall] = {}
    for one in sorted(gone, key=lambda one: (one.usual_start, one.callee)):
        first.setdefault(one.place, one)
    return list(first.values())


def missing_call_cluster(found: list[MissingCall]) -> Cluster:
    """The traces without the call, of the operation of a service that misses most; its others are echoes."""
    first, *others = sorted(found, key=lambda one: (-len(one.without), one.place))
    echoes = [record for one in others for record in failing_runs(one)]
    lacking = first.lacking
    return Cluster(
        missing_call_fingerprint(first.place, first.callee),
        failing_runs(first),
        echoes,
        lacking.now.exposure,
        lacking.before,
    )


def failing_runs(gone: MissingCall) -> list[FailingRecord]:
    """The runs without the call, by time."""
    number = missing_call_fingerprint(gone.place, gone.callee)
    found = [failing_run(made, gone.message, number) for made in gone.without]
    return sorted(found, key=lambda one: (one.start_time_unix_nano, one.trace_id, one.span_id))


def failing_run(made: RunCalls, message: str, number: int) -> FailingRecord:
    """A run without the call as a record that hurts."""
    place = CalledOperation(made.step.service, made.step.operation)
    return TimedStep(made.step, place, 0.0).failing(SIGNAL, "medium", message, number)


def visits(window: Window, target: Target) -> Iterator[SampledRun]:
    """For a verification: each trace that ran the operation, charged if it lacks the call that the target names."""
    for place, all_made in visited(own_time.traces(window, VERIFIED)).items():
        if place.service != target.service or place.operation not in target.operations:
            continue
        for made in all_made:
            step = made.step
            if step.release not in target.without_releases:
                is_made = any(
                    missing_call_fingerprint(place, callee) == target.fingerprint for callee in made.calls
                )
                hurt = None if is_made else failing_run(made, "", target.fingerprint)
                yield SampledRun(ServiceOperation(*place[:2]), step.trace_id, step.start_time_unix_nano, hurt)


def missing_call_fingerprint(place: CalledOperation, callee: Callee) -> int:
    """The key of "this operation leaves out this call", in every window."""
    return hash64_of_texts(KEY_VERSION, SIGNAL, place.service, place.operation, *callee)
