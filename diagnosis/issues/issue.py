"""An issue: one cluster of a window with its impact, severity, trend, hints and evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.issues import impact, quiet_since
from diagnosis.issues.counts_by_deployment import CountsByDeployment
from diagnosis.issues.extents import Extent
from diagnosis.issues.hints.hint import Hint
from diagnosis.issues.impact import Impact, SeverityGrade
from diagnosis.issues.issue_records import IssueRecords
from diagnosis.issues.model_calls import ModelCallsAround
from diagnosis.issues.quiet_since import QuietSince
from diagnosis.issues.ratings.shared_traces import SharedTraces
from diagnosis.issues.titles.title import plain_title, title, title_of_several
from diagnosis.issues.trend import RISING, Trend, trend
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.rates import Counts
from diagnosis.window.deployments import Deployment, DeploymentExposure
from diagnosis.window.sampling import TraceSample
from diagnosis.window.traffic import Traffic
from telemetry.grouping.fingerprint import cluster_id
from telemetry.reads.record_json import WholeRecords
from telemetry.signals.user_signal import SIGNAL
from telemetry.spans.failing_record import FailingRecord
from telemetry.windows import rfc3339
from tenants.limits.heavy_runs import checkpoint

TRACES_SHOWN = 20
OPERATIONS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Issue:
    """A cluster, described."""

    cluster: Extent
    example: FailingRecord  # the first record by time, whatever the order of arrival
    title: str  # `tool lookup_order: OrderNotFound: order A-1 does not exist`, by that record
    impact: Impact
    grade: SeverityGrade
    trend: Trend
    quiet_since: QuietSince | None  # None for what a rule found
    by_deployment: CountsByDeployment
    first_seen: int  # unix nanoseconds, over all time; in the window, of what rules over windows found
    hints: list[Hint]
    evidence: list[FailingRecord]
    whole: WholeRecords  # the evidence, as it was read to choose it
    healthy_id: str | None  # the record to compare the first of the evidence with
    failing_inputs: dict[str, Any] | None  # as the packet shows them
    model_calls: list[ModelCallsAround]  # before and after each record of the evidence
    shared_traces: tuple[
        SharedTraces, ...
    ] = ()  # complaints of users about its traces; of a complaint, failures

    @property
    def cluster_id(self) -> str:
        """The id of the cluster, as answers show it."""
        return cluster_id(self.cluster.fingerprint)

    @property
    def downstream_operations(self) -> list[str]:
        """The first operations, by name, with downstream failures in the same traces."""
        return self.cluster.downstream_operations[:OPERATIONS_SHOWN]

    def shown(self) -> dict[str, Any]:
        """The part of the issue's JSON that follows from the records alone."""
        example, grade = self.example, self.grade
        ids = [record.record_id for record in self.evidence]
        return {
            "cluster_id": self.cluster_id,
            "title": self.title,
            "severity": grade.severity.label,
            "severity_reason": grade.reason,
            "signal_type": example.signal_type,
            "operation": example.operation,
            "service": example.service or None,
            "error_type": example.error_type or None,
            "message": example.message or None,
            "count": self.impact.records,
            "first_seen": rfc3339(self.first_seen),
            "last_seen": rfc3339(self.cluster.last_unix_nano),
            **self.trend_shown(),
            "impact": impact_shown(self.impact),
            "ratings": self.ratings_shown(),
            "shared_traces": [shared.shown() for shared in self.shared_traces],
            **self.by_deployment.shown(),
            "echoes": {"records": self.cluster.downstream, "operations": self.downstream_operations},
            "hints": [hint.shown() for hint in self.hints],
            "model_calls": calls_shown(self.model_calls),
            "evidence_ids": ids,
            "evidence": ids,
            "traces": [trace_id.hex() for trace_id in self.cluster.first_traces(TRACES_SHOWN)],
        }

    def trend_shown(self) -> dict[str, Any]:
        """The trend, and whether the failure still happens."""
        return {
            "trend": self.trend.direction,
            "trend_reason": self.trend.reason or None,
            "quiet_since": self.quiet_since.shown() if self.quiet_since else None,
        }

    def ratings_shown(self) -> dict[str, int] | None:
        """The ratings that the issue is about, those of them that were bad, and bad ones of which nothing arrived."""
        if self.impact.share_of != impact.RATINGS:
            return None
        bad, ratings = self.impact.records, self.impact.operation_records
        return {"bad": bad, "all": ratings, "pending": self.cluster.rated.pending}


def title_of(example: FailingRecord) -> str:
    """The title of a cluster with this record."""
    make = plain_title if example.signal_type in WINDOW_RULES.rules else title
    return make(example.operation, example.error_type, example.message)


def title_of_cluster(example: FailingRecord, cluster: Extent) -> str:
    """The title of a cluster with this first record; of user signals, how many different texts they have."""
    texts, is_sample = cluster.different_messages
    if example.signal_type != SIGNAL or texts < 2:
        return title_of(example)
    number = f"{'at least ' if is_sample else ''}{texts} different texts"
    return title_of_several(example.operation, example.error_type, number, example.message)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The traffic of a window, read once for all its clusters."""

    current: Traffic
    before: Traffic  # of the window of the same length before
    clusters: int = 1  # that are compared with the window before
    feedback: frozenset[int] = frozenset()  # the clusters of users who were unhappy
    deployments: DeploymentExposure = field(
        default_factory=dict
    )  # of the clusters' operations, in the window
    # That rules read in place of all traces, of this window and the one before.
    samples: Sequence[TraceSample] = ()
    production: frozenset[str] = frozenset()  # environments that an operator named; empty: all

    def exposure_of(self, cluster: Extent) -> Counter[Deployment] | None:
        """The records of the cluster's operations by deployment; None of what a rule found."""
        if cluster.signal_type:
            return None
        exposure: Counter[Deployment] = Counter()
        for place in cluster.places:
            exposure.update(self.deployments.get(place, {}))
        return exposure


@dataclass(frozen=True, slots=True)
class MeasuredCluster:
    """A cluster with the numbers that rank it, before its records are read."""

    cluster: Extent
    impact: Impact
    grade: SeverityGrade
    trend: Trend
    by_deployment: CountsByDeployment

    @property
    def rank(self) -> tuple[int, int, int]:
        """The sort key: highest severity first, then most records, then the fingerprint."""
        return -self.grade.severity, -self.impact.records, self.cluster.fingerprint


def measure_cluster(cluster: Extent, surroundings: Surroundings) -> MeasuredCluster:
    """The cluster's impact, severity and trend. Reads nothing. Raises Unavailable in a request that is given up."""
    checkpoint()
    operation_records = cluster.looked_at or sum(
        surroundings.current.records_by_operation[place] for place in cluster.places
    )
    cluster_impact = impact.measure_impact(cluster, operation_records)
    by_deployment = CountsByDeployment(cluster.failures_by_deployment, surroundings.exposure_of(cluster))
    if cluster.signal_type in WINDOW_RULES.by_durations:  # such a rule finds only durations that rose
        grade = judged(
            impact.grade(cluster.severities, cluster_impact, what=impact.IS_SLOW), cluster, surroundings
        )
        return MeasuredCluster(cluster, cluster_impact, grade, Trend(RISING), by_deployment)
    measured_trend = trend_of(cluster, surroundings)
    what = impact.RATED_DOWN if cluster.fingerprint in surroundings.feedback else impact.FAILS
    direction = "" if cluster.signal_type in WINDOW_RULES.of_rises else measured_trend.direction
    overall = impact.grade(cluster.severities, cluster_impact, direction, what)
    grade = judged(overall, cluster, surroundings, direction, what)
    return MeasuredCluster(cluster, cluster_impact, grade, measured_trend, by_deployment)


def judged(
    overall: SeverityGrade,
    cluster: Extent,
    surroundings: Surroundings,
    direction: str = "",
    what: str = impact.FAILS,
) -> SeverityGrade:
    """The grade by what fails in production, if an operator named its environments; else that of all environments."""
    production, part = surroundings.production, cluster.in_production
    if not production:
        return overall
    if cluster.signal_type:  # its exposure is not known by environment
        is_there = any(deployment.environment in production for deployment in cluster.failures_by_deployment)
        return overall if is_there else overall.by_production(None)
    if part is None:
        return overall.by_production(None)
    exposure = surroundings.exposure_of(part) or Counter[Deployment]()
    ran = sum(number for deployment, number in exposure.items() if deployment.environment in production)
    there = impact.measure_impact(part, ran)
    return overall.by_production(impact.grade(part.severities, there, direction, what))


def trend_of(cluster: Extent, surroundings: Surroundings) -> Trend:
    """The trend of its failure rate against the window before."""
    sessions, clusters = cluster.sessions, surroundings.clusters
    if cluster.before is not None:
        now = Counts(cluster.records, cluster.looked_at or 0)
        return trend(WindowCounts(now, cluster.before), None, sessions, clusters)
    sides = (
        (surroundings.current, cluster.failures_in),
        (surroundings.before, cluster.failures_before),
    )
    own = (traffic.counts(cluster.places, failures) for traffic, failures in sides)
    with_others = (
        traffic.with_others(cluster.places, failures, cluster.fingerprint) for traffic, failures in sides
    )
    return trend(WindowCounts(*own), WindowCounts(*with_others), sessions, clusters)


def describe(measured: MeasuredCluster, details: IssueRecords) -> Issue:
    """A cluster of the bound project as an issue, from the records that were read for it."""
    cluster = measured.cluster
    evidence = details.evidence_of(cluster)
    example = (cluster.found or evidence[0])._replace(fingerprint=cluster.fingerprint)
    return Issue(
        cluster=cluster,
        example=example,
        title=title_of_cluster(example, cluster),
        impact=measured.impact,
        grade=measured.grade,
        trend=measured.trend,
        quiet_since=quiet_since_of(measured, details),
        by_deployment=measured.by_deployment,
        first_seen=cluster.first_of_all
        or details.first_starts.get(cluster.fingerprint, cluster.first_unix_nano),
        hints=details.hints[cluster.fingerprint],
        evidence=evidence,
        whole={record.key: details.chosen.whole[record.key] for record in evidence},
        healthy_id=details.healthy.get(cluster.fingerprint),
        failing_inputs=details.chosen.inputs_shown(cluster.fingerprint),
        model_calls=[
            details.model_calls[record.record_id]
            for record in evidence
            if record.record_id in details.model_calls
        ],
    )


def quiet_since_of(measured: MeasuredCluster, details: IssueRecords) -> QuietSince | None:
    """What ran since the cluster's last failure in the window; None for what a rule found."""
    records = details.since.get(measured.cluster.fingerprint)
    if records is None:
        return None
    return quiet_since.quiet_since(measured.cluster, measured.impact, records, details.window.end_unix_nano)


def calls_shown(calls: list[ModelCallsAround]) -> dict[str, list[str]]:
    """The model calls as the packet shows them."""
    return {
        "before": distinct(call.before for call in calls),
        "after": distinct(call.after for call in calls),
    }


def distinct(ids: Iterable[str | None]) -> list[str]:
    """The ids in their order, each once, without None."""
    return list(dict.fromkeys(record_id for record_id in ids if record_id))


def impact_shown(cluster_impact: Impact) -> dict[str, Any]:
    """The impact as the packet shows it."""
    return {
        "records": cluster_impact.records,
        "traces": cluster_impact.traces,
        "sessions": cluster_impact.sessions,
        "users": cluster_impact.users,
        "operation_records": cluster_impact.operation_records,
        "share": cluster_impact.share,
        "share_of": cluster_impact.share_of,
        "tokens": cluster_impact.tokens,
        "sampled": cluster_impact.sampled and cluster_impact.sampled._asdict(),
    }
