"""
One diagnosis: the failures of a window, charged, clustered, measured, explained, and published as a packet.

    read -> attribute -> gather -> describe -> publish

Deterministic: the same records give the same issues, whatever order or batches they came in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from diagnosis import attribution, clusters, failures, hints, traffic, verification
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
    """The packet of the window, stored, with a loop for every issue."""
    with bind(project):
        with snapshot():
            findings = find(window)
        verification.recheck(project, now)
        return publish(project, findings, now)


def find(window: Window) -> Findings:
    """The issues of the bound project's window, worst first."""
    failing = failures.read(window)
    several = {failure.trace_id for failure in failing} - alone(failing)
    attributed = attribution.attribute(failing, failures.parents(several))
    around = Surroundings(
        identities=failures.identities(item.cause.trace_id for item in attributed),
        now=traffic.read(window),
        before=traffic.read(window.before),
        groups=hints.read(window, {item.cause.operation for item in attributed}),
    )
    ranked = sorted(
        (measure(cluster, around) for cluster in clusters.gather(attributed)), key=lambda one: one.rank
    )
    issues = [describe(measured, around) for measured in ranked[:MOST_ISSUES]]
    return Findings(window, records_in(window), len(failing), issues, left_out=len(ranked) - len(issues))


def alone(failing: list[Failing]) -> set[bytes]:
    """The traces with a single failing record, which needs no climbing."""
    once: set[bytes] = set()
    again: set[bytes] = set()
    for failure in failing:
        (again if failure.trace_id in once else once).add(failure.trace_id)
    return once - again
