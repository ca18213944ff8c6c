"""
One diagnosis: the failures of a window, charged, clustered, measured, explained, and published as a packet.

    read -> attribute -> gather -> describe -> publish

Deterministic: the same records give the same issues, whatever order or batches they came in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from diagnosis import (
    attribution,
    clusters,
    failures,
    hints,
    model_calls,
    reopening,
    run_rules,
    slow,
    switching,
    traffic,
    verification,
)
from diagnosis.exposure import records_in
from diagnosis.failures import Failing
from diagnosis.issues import Issue, Surroundings, describe, measure
from diagnosis.models import Packet
from diagnosis.packets import publish
from telemetry.store import snapshot
from telemetry.windows import Window
from tenants.binding import bind
from tenants.models import Project

MOST_ISSUES = 100  # a packet; an agent works from the top, and one project's mess must not hold up the others


@dataclass(frozen=True, slots=True)
class Findings:
    """What a window holds."""

    window: Window
    telemetry_read: int
    failures: int
    issues: list[Issue]
    left_out: int  # clusters of lower rank


def diagnose(project: Project, window: Window, now: datetime) -> Packet:
    """The packet of the window, stored, with a loop for every issue. Unavailable while fingerprints are switched."""
    switching.check(project)
    with bind(project):
        with snapshot():
            findings = find(window)
        verification.recheck(project, now)
        reopening.outdated(project, now)
        return publish(project, findings, now)


def find(window: Window) -> Findings:
    """The issues of the bound project's window, worst first."""
    failing = failures.read(window)
    several = {failure.trace_id for failure in failing} - alone(failing)
    attributed = attribution.attribute(failing, failures.parents(several))
    found = [*clusters.gather(attributed), *slow.find(window), *run_rules.find(window)]
    around = Surroundings(
        identities=failures.identities(record.trace_id for cluster in found for record in cluster.records),
        now=traffic.read(window),
        before=traffic.read(window.before),
        healthy=hints.read(window) if found else {},
    )
    ranked = sorted((measure(cluster, around) for cluster in found), key=lambda one: one.rank)
    top = ranked[:MOST_ISSUES]
    failed = hints.failing_facts([measured.cluster for measured in top])
    issues = [describe(measured, around, failed[measured.cluster.fingerprint]) for measured in top]
    calls = model_calls.around(record for issue in issues for record in issue.evidence)
    issues = [
        replace(issue, model_calls=[calls[one.record_id] for one in issue.evidence if one.record_id in calls])
        for issue in issues
    ]
    return Findings(window, records_in(window), len(failing), issues, left_out=len(ranked) - len(issues))


def alone(failing: list[Failing]) -> set[bytes]:
    """The traces with a single failing record, which needs no climbing."""
    once: set[bytes] = set()
    again: set[bytes] = set()
    for failure in failing:
        (again if failure.trace_id in once else once).add(failure.trace_id)
    return once - again
