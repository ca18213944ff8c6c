"""One cluster of a window as an issue: what hurts whom, since when, with the records that show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from diagnosis.detection.rules import RULES
from diagnosis.issues import hints, impact, model_calls
from diagnosis.issues.contrast import Hint, ValueCounts
from diagnosis.issues.evidence_choice import choose
from diagnosis.issues.extents import Extent
from diagnosis.issues.hints import Groups
from diagnosis.issues.impact import Grade, Impact
from diagnosis.issues.model_calls import Around
from diagnosis.issues.trend import trend
from diagnosis.statistics.fisher import WindowCounts
from diagnosis.statistics.rates import Counts
from diagnosis.window import failing_records
from diagnosis.window.failing_records import Failing
from diagnosis.window.traffic import Traffic
from telemetry.grouping.fingerprint import cluster_id
from telemetry.windows import rfc3339

TITLE_LENGTH = 200
TRACES_SHOWN = 20
OPERATIONS_SHOWN = 10


@dataclass(frozen=True, slots=True)
class Issue:
    """A cluster with all that was found out about it."""

    cluster: Extent
    example: Failing  # the first record: the same for the same window, whatever the order of arrival
    impact: Impact
    grade: Grade
    trend: str
    first_seen: int  # unix nanoseconds, over all time
    hints: list[Hint]
    evidence: list[Failing]
    model_calls: list[Around]  # around the evidence

    @property
    def cluster_id(self) -> str:
        """The cluster, as answers name it."""
        return cluster_id(self.cluster.fingerprint)

    @property
    def title(self) -> str:
        """`tool lookup_order: OrderNotFound: order A-1 does not exist`, by the first record."""
        example = self.example
        said = [example.operation, example.error_type, example.message]
        return ": ".join(dict.fromkeys(part for part in said if part))[:TITLE_LENGTH]

    @property
    def echo_operations(self) -> list[str]:
        """What failed around it in the same traces."""
        return self.cluster.echo_operations[:OPERATIONS_SHOWN]

    def shown(self) -> dict[str, Any]:
        """The part of the packet's issue that the records alone decide."""
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
            "trend": self.trend,
            "impact": impact_shown(self.impact),
            "echoes": {"records": self.cluster.echoes, "operations": self.echo_operations},
            "hints": [hint.shown() for hint in self.hints],
            "model_calls": calls_shown(self.model_calls),
            "evidence_ids": ids,
            "evidence": ids,
            "traces": [trace_id.hex() for trace_id in self.cluster.first_traces(TRACES_SHOWN)],
        }


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was read once for all clusters of a window."""

    now: Traffic
    before: Traffic  # of the window of the same length before
    healthy: Groups


@dataclass(frozen=True, slots=True)
class Known:
    """What was read of the clusters that are described."""

    evidence: dict[int, list[bytes]]  # keys of records, by fingerprint
    records: dict[bytes, Failing]  # by key
    facts: dict[int, ValueCounts]  # of a sample of the failures, by fingerprint
    model_calls: dict[str, Around]  # around the evidence, by record id

    @classmethod
    def read(cls, clusters: Sequence[Extent]) -> Known:
        """In one look for all of them."""
        chosen = {one.fingerprint: [its.key for its in choose(one.candidates())] for one in clusters}
        looked_at = hints.failures(clusters)
        wanted = [*chosen.values(), *looked_at.values()]
        records = failing_records.load(key for keys in wanted for key in keys)
        calls = model_calls.around(records[key] for keys in chosen.values() for key in keys)
        return cls(chosen, records, hints.failing_facts(looked_at, records), calls)


@dataclass(frozen=True, slots=True)
class Measured:
    """A cluster with its rank, before anything more is read about it."""

    cluster: Extent
    impact: Impact
    grade: Grade
    trend: str

    @property
    def rank(self) -> tuple[int, int, int]:
        """Worst first."""
        return -self.grade.severity, -self.impact.records, self.cluster.fingerprint


def measure(cluster: Extent, around: Surroundings) -> Measured:
    """How much the cluster hurts, from what was read already."""
    ran = cluster.looked_at or sum(around.now.ran[place] for place in cluster.places)
    measured = impact.measure(cluster, ran)
    if cluster.signal_type in RULES.by_durations:  # they rose by definition
        return Measured(cluster, measured, impact.grade(cluster.severities, measured), "rising")
    moves = trend_of(cluster, around)
    return Measured(cluster, measured, impact.grade(cluster.severities, measured, moves), moves)


def trend_of(cluster: Extent, around: Surroundings) -> str:
    """How its rate moved against the window before."""
    if cluster.before is not None:
        return trend(WindowCounts(Counts(cluster.records, cluster.looked_at or 0), cluster.before))
    both = around.now, around.before
    own = WindowCounts(*(traffic.counts(cluster.places, cluster.fingerprint) for traffic in both))
    return trend(own, WindowCounts(*(traffic.failures(cluster.places) for traffic in both)))


def describe(measured: Measured, around: Surroundings, known: Known) -> Issue:
    """Explain a cluster of the bound project by the records that were read of it."""
    cluster = measured.cluster
    failed = known.facts[cluster.fingerprint]
    evidence = [known.records[key] for key in known.evidence[cluster.fingerprint]]
    return Issue(
        cluster=cluster,
        example=cluster.found or evidence[0],
        impact=measured.impact,
        grade=measured.grade,
        trend=measured.trend,
        first_seen=cluster.first_unix_nano
        if cluster.found
        else failing_records.first_seen(cluster.fingerprint),
        hints=hints.contrast(failed, around.healthy, cluster.places, measured.impact.share),
        evidence=evidence,
        model_calls=[
            known.model_calls[record.record_id]
            for record in evidence
            if record.record_id in known.model_calls
        ],
    )


def calls_shown(calls: list[Around]) -> dict[str, list[str]]:
    """The model calls as the packet shows them."""
    return {
        "before": distinct(call.before for call in calls),
        "after": distinct(call.after for call in calls),
    }


def distinct(ids: Iterable[str | None]) -> list[str]:
    """The ids in their order, each once."""
    return list(dict.fromkeys(one for one in ids if one))


def impact_shown(measured: Impact) -> dict[str, Any]:
    """The impact as the packet shows it."""
    return {
        "records": measured.records,
        "traces": measured.traces,
        "sessions": measured.sessions,
        "users": measured.users,
        "operation_records": measured.operation_records,
        "share": measured.share,
        "tokens": measured.tokens,
    }
