"""
Rules about the runs of agents: what goes wrong in no single call, but in what a run did and did not do.

A rule looks at the calls of a sample of traces (agent_calls.py), says of each operation that a trace called whether it
hurts there, and is told apart by its signal alone. No record carries the fingerprint of what it finds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import cast

from diagnosis.detection import agent_calls
from diagnosis.detection.agent_calls import SampleBounds, SampledRun
from diagnosis.detection.found_cluster import Cluster
from diagnosis.detection.rules import RULES
from diagnosis.detection.rules.registry import ByVisits
from diagnosis.statistics.overdispersion import Observed, clustering
from diagnosis.statistics.rates import Counts
from diagnosis.window import cluster_counts, failing_records
from diagnosis.window.cluster_counts import StretchRow, Target
from diagnosis.window.traffic import ServiceOperation
from telemetry.windows import MINUTE_NANO, Window

DIAGNOSED, VERIFIED = SampleBounds(a_slice=15, calls=300), SampleBounds(a_slice=50, calls=2000)


def find_run_clusters(window: Window) -> list[Cluster]:
    """One cluster for each rule and operation that it found hurting in the bound project, by name."""
    now, before = (
        agent_calls.sample_calls(window, DIAGNOSED),
        cache(lambda: agent_calls.sample_calls(window.before, DIAGNOSED)),
    )
    found: list[Cluster] = []
    for rule in RULES.over_runs:
        visited = visits_by_operation(rule.visits_in(now, DIAGNOSED))
        hurt = [place for place in sorted(visited) if any(visit.failure for visit in visited[place])]
        earlier = visits_by_operation(rule.visits_in(before(), DIAGNOSED)) if hurt else {}
        found += [run_cluster(visited[place], earlier.get(place, [])) for place in hurt]
    return found


def run_cluster(now: list[SampledRun], before: list[SampledRun]) -> Cluster:
    """A record for each trace that hurts, of all that were looked at."""
    found = [visit.failure for visit in now if visit.failure]
    found.sort(key=lambda one: (one.start_time_unix_nano, one.trace_id, one.span_id))
    return Cluster(found[0].fingerprint, found, looked_at=len(now), before=counts(before))


def observe(signal: str, window: Window, target: Target) -> Observed:
    """For a verification: the traces that hurt, of those that were looked at and called the operation."""
    found = [
        visit
        for visit in rule_visits(signal, window, target)
        if visit.place.service == target.service and visit.place.operation in target.operations
    ]
    size = cluster_counts.stretch_minutes(window) * MINUTE_NANO
    rows: list[StretchRow] = [
        (visit.start_time_unix_nano // size, 1, int(bool(visit.failure))) for visit in found
    ]
    total = counts(found)
    return Observed(
        total,
        cluster_counts.batches(cluster_counts.merged_stretches(rows)),
        clustering(total, hurt_sessions(found)),
    )


def rule_visits(signal: str, window: Window, target: Target) -> Iterator[SampledRun]:
    """What the signal's rule says of each trace that it looked at."""
    rule = next((rule for rule in RULES.over_runs if signal == rule.SIGNAL), None)
    if rule is None:
        return cast(ByVisits, RULES.rules[signal]).visits(window, target)
    return rule.visits_in(agent_calls.sample_calls(window, VERIFIED, target.without_releases), VERIFIED)


def hurt_sessions(found: list[SampledRun]) -> list[Counts]:
    """The counts of the sessions with a trace that hurts."""
    identities = failing_records.identities(visit.trace_id for visit in found)
    sessions: dict[str, list[SampledRun]] = defaultdict(list)
    for visit in found:
        sessions[identities[visit.trace_id].session_id].append(visit)
    return [counted for one in sessions.values() if (counted := counts(one)).failures]


def visits_by_operation(found: Iterable[SampledRun]) -> dict[ServiceOperation, list[SampledRun]]:
    """The visits of each operation."""
    grouped: dict[ServiceOperation, list[SampledRun]] = defaultdict(list)
    for visit in found:
        grouped[visit.place].append(visit)
    return grouped


def counts(found: Sequence[SampledRun]) -> Counts:
    """How many hurt, of how many."""
    return Counts(sum(visit.failure is not None for visit in found), len(found))
