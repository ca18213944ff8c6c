"""
One diagnosis: the failures of a window, measured, ranked, explained, and published as a packet.

    read -> measure -> rank -> describe -> publish

What is charged to which cluster was worked out at ingest (telemetry/charges.py).

Deterministic: the same records give the same issues, whatever order or batches they came in.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from diagnosis import (
    extents,
    failures,
    found,
    hints,
    model_calls,
    reopening,
    switching,
    traffic,
    verification,
)
from diagnosis.issues import Issue, Known, Surroundings, describe, measure
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
    now = traffic.read(window)
    clusters = found.find(window)
    identities = failures.identities(record.trace_id for cluster in clusters for record in cluster.records)
    reached = [
        *extents.read(window, sorted(now.failed)),
        *(extents.of_found(one, identities) for one in clusters),
    ]
    places = {place for one in reached for place in one.places}
    around = Surroundings(now, traffic.read(window.before), hints.read(window, places) if places else {})
    ranked = sorted((measure(one, around) for one in reached), key=lambda one: one.rank)
    top = ranked[:MOST_ISSUES]
    known = Known.read([measured.cluster for measured in top])
    issues = [describe(measured, around, known) for measured in top]
    calls = model_calls.around(record for issue in issues for record in issue.evidence)
    issues = [
        replace(issue, model_calls=[calls[one.record_id] for one in issue.evidence if one.record_id in calls])
        for issue in issues
    ]
    left_out = len(ranked) - len(issues)
    return Findings(window, now.ran.total(), now.failed.total(), issues, left_out)
