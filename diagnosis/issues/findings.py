"""
The issues of a window: read its failures, measure and rank them, and describe the worst.

    read_failures -> measure_cluster -> rank -> describe_all -> read_unjudged_runs

Fingerprints and primary failures were stored at ingest (telemetry/store/attributions.py). The caller binds the project.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from diagnosis.detection import search
from diagnosis.detection.own_time import WindowTraces
from diagnosis.issues import extents
from diagnosis.issues.extents import Extent
from diagnosis.issues.issue import (
    Issue,
    MeasuredCluster,
    Surroundings,
    describe,
    measure_cluster,
)
from diagnosis.issues.issue_records import IssueRecords
from diagnosis.issues.ratings import shared_traces
from diagnosis.issues.ratings.shared_traces import IssueTraces
from diagnosis.issues.titles import unlike
from diagnosis.window import failing_records, traffic
from diagnosis.window.deployments import records_by_deployment
from diagnosis.window.sampling import TraceSample
from telemetry.reads import cluster_failures
from telemetry.reads.visits.unjudged_runs import UnjudgedRuns, read_unjudged_runs
from telemetry.signals import user_signal
from telemetry.windows import Window

# Issues in a packet. An agent works from the top, and a project with many failures must not delay the others.
MOST_ISSUES = 100


@dataclass(frozen=True, slots=True)
class Findings:
    """The issues of a window, worst first, with the numbers of records that were read for them."""

    window: Window
    telemetry_read: int
    failures: int
    issues: list[Issue]
    clusters: int  # that were found, of which the worst MOST_ISSUES are described
    unjudged: UnjudgedRuns  # of agents
    samples: Sequence[
        TraceSample
    ] = ()  # that rules read in place of all traces, of this window and the one before

    @property
    def left_out(self) -> int:
        """The number of clusters of lower rank than those that are described."""
        return max(0, self.clusters - MOST_ISSUES)

    @property
    def unstored(self) -> int:
        """The number of clusters that rank high enough, and of which no record is stored any more."""
        return self.clusters - self.left_out - len(self.issues)


def read_findings(window: Window, production: Collection[str] = ()) -> Findings:
    """The findings of the bound project's window. `production`: environments that an operator named; empty: all."""
    cluster_extents, surroundings = read_failures(window, production)
    clusters = [measure_cluster(extent, surroundings) for extent in cluster_extents]
    ranking = rank(clusters)
    issues = describe_all(ranking[:MOST_ISSUES], surroundings, window)
    current = surroundings.current
    return Findings(
        window,
        current.records_by_operation.total(),
        current.failures_by_cluster.total(),
        issues,
        clusters=len(ranking),
        unjudged=read_unjudged_runs(window),
        samples=surroundings.samples,
    )


def read_failures(window: Window, production: Collection[str]) -> tuple[list[Extent], Surroundings]:
    """The extent of each cluster in the window, with the traffic to compare them with."""
    current = traffic.read_traffic(window)
    traces = WindowTraces(window)
    found_by_rules = read_rule_extents(window, traces)
    cluster_extents = [
        *extents.read_extents(window, sorted(current.failures_by_cluster), production),
        *found_by_rules,
    ]
    before = traffic.read_traffic(window.before)
    places = {place for extent in cluster_extents for place in extent.places}
    deployments = records_by_deployment(window, places)
    feedback = cluster_failures.clusters_of_signal(window, user_signal.SIGNAL)
    return cluster_extents, Surroundings(
        current, before, len(cluster_extents), feedback, deployments, traces.samples, frozenset(production)
    )


def read_rule_extents(window: Window, traces: WindowTraces) -> list[Extent]:
    """The extent of each cluster that only rules over windows find in the bound project's window."""
    clusters = search.find_rule_clusters(window, traces)
    identities = failing_records.identities(
        record.trace_id for cluster in clusters for record in cluster.records
    )
    found = [extents.extent_of_cluster(cluster, identities) for cluster in clusters]
    return [*found, *extents.read_run_extents(window)]


def rank(measured: Iterable[MeasuredCluster]) -> list[MeasuredCluster]:
    """The clusters, worst first; equal ones by fingerprint."""
    return sorted(measured, key=lambda cluster: cluster.rank)


def describe_all(
    measured: Sequence[MeasuredCluster], surroundings: Surroundings, window: Window
) -> list[Issue]:
    """The clusters as issues, in the given order, without those of which no record is stored any more."""
    traffic_now = surroundings.current.records_by_operation
    details = IssueRecords.read([item.cluster for item in measured], window, traffic_now)
    issues = [describe(item, details) for item in measured if details.has_evidence_of(item.cluster)]
    titles = unlike.distinct_titles([issue.title for issue in issues], [issue.example for issue in issues])
    return with_shared_traces(
        [replace(issue, title=title) for issue, title in zip(issues, titles, strict=True)]
    )


def with_shared_traces(issues: list[Issue]) -> list[Issue]:
    """The issues, each complaint of users with the failures in the traces that it is about, and these with it."""
    if not shared_traces.has_complaints({issue.example.signal_type for issue in issues}):
        return issues
    found = shared_traces.shared_traces(
        [
            IssueTraces(issue.cluster_id, issue.example.signal_type, issue.cluster.trace_ids)
            for issue in issues
        ]
    )
    return [replace(issue, shared_traces=found[issue.cluster_id]) for issue in issues]
