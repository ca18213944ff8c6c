"""
The rules about the runs of agents, which find failures of a whole run rather than of a single call.

Such a rule gets the calls of a sample of traces (agent_calls.py) and decides for each operation that a trace called
whether the trace fails there. A verification finds the rule by its signal, since no record carries the fingerprint of
what a rule finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import cast

from diagnosis.detection import agent_calls
from diagnosis.detection.agent_calls import SampleBounds, SampledRun
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.detection.rules.registry import ByVisits
from diagnosis.statistics.overdispersion import Observed
from diagnosis.statistics.rates import Counts
from diagnosis.window import cluster_counts, failing_records
from diagnosis.window.cluster_counts import StretchRow, Target
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import MINUTE_NANO, Window

DIAGNOSED, VERIFIED = SampleBounds(a_slice=15, calls=300), SampleBounds(a_slice=50, calls=2000)


def find_run_clusters(window: Window) -> list[Cluster]:
    """One cluster for each rule and operation with failing runs in the bound project, by signal and operation."""
    calls_now = agent_calls.sample_calls(window, DIAGNOSED)
    calls_before = cache(lambda: agent_calls.sample_calls(window.before, DIAGNOSED))
    clusters: list[Cluster] = []
    for rule in WINDOW_RULES.over_runs:
        current = visits_by_operation(rule.visits_in(calls_now, DIAGNOSED))
        failing = [place for place in sorted(current) if any(run.failure for run in current[place])]
        before = visits_by_operation(rule.visits_in(calls_before(), DIAGNOSED)) if failing else {}
        clusters += [run_cluster(current[place], before.get(place, [])) for place in failing]
    return clusters


def run_cluster(current: list[SampledRun], before: list[SampledRun]) -> Cluster:
    """The failures of an operation's runs now, with the number of its sampled runs now and their counts before."""
    failures = [run.failure for run in current if run.failure]
    failures.sort(key=lambda failure: (failure.start_time_unix_nano, failure.trace_id, failure.span_id))
    return Cluster(failures[0].fingerprint, failures, looked_at=len(current), before=counts(before))


def observe(signal: str, window: Window, target: Target) -> Observed:
    """For a verification: the failing runs among the sampled runs that called the target's operations."""
    runs = [
        run
        for run in rule_visits(signal, window, target)
        if run.place.service == target.service and run.place.operation in target.operations
    ]
    size = cluster_counts.stretch_minutes(window) * MINUTE_NANO
    last = max((run.start_time_unix_nano for run in runs if run.failure), default=None)
    if last is None:
        return observe_runs(runs, size)
    then = observe_runs([run for run in runs if run.start_time_unix_nano <= last], size)
    return replace(observe_runs(runs, size), at_last_failure=then)


def observe_runs(runs: list[SampledRun], size: int) -> Observed:
    """The counts of these runs in stretches of this length in nanoseconds, and how they cluster in sessions."""
    rows: list[StretchRow] = [(run.start_time_unix_nano // size, 1, int(bool(run.failure))) for run in runs]
    return cluster_counts.observed(cluster_counts.merged_stretches(rows), failing_session_counts(runs))


def rule_visits(signal: str, window: Window, target: Target) -> Iterator[SampledRun]:
    """The sampled runs of the window, with the failures that the signal's rule finds in them."""
    rule = next((rule for rule in WINDOW_RULES.over_runs if signal == rule.SIGNAL), None)
    if rule is None:
        return cast(ByVisits, WINDOW_RULES.rules[signal]).visits(window, target)
    return rule.visits_in(agent_calls.sample_calls(window, VERIFIED, target.without_releases), VERIFIED)


def failing_session_counts(runs: list[SampledRun]) -> list[Counts]:
    """The counts of each session that has a failing run."""
    identities = failing_records.identities(run.trace_id for run in runs)
    sessions: dict[str, list[SampledRun]] = defaultdict(list)
    for run in runs:
        sessions[identities[run.trace_id].session_id].append(run)
    return [total for session in sessions.values() if (total := counts(session)).failures]


def visits_by_operation(runs: Iterable[SampledRun]) -> dict[ServiceOperation, list[SampledRun]]:
    """The sampled runs of each operation."""
    grouped: dict[ServiceOperation, list[SampledRun]] = defaultdict(list)
    for run in runs:
        grouped[run.place].append(run)
    return grouped


def counts(runs: Sequence[SampledRun]) -> Counts:
    """The number of failing runs, of all these runs."""
    return Counts(sum(run.failure is not None for run in runs), len(runs))
