"""
The issues of a window: its failures read, measured, ranked, and the worst of them described.

    read_failures -> measure -> rank -> describe_all

What is charged to which cluster was worked out at ingest (telemetry/store/charges.py). The project is bound by the
caller.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from diagnosis.detection import search
from diagnosis.issues import extents, hints
from diagnosis.issues.extents import Extent
from diagnosis.issues.issue import Issue, Known, Measured, Surroundings, describe, measure
from diagnosis.window import failing_records as failures
from diagnosis.window import traffic
from telemetry.windows import Window

# Issues in a packet: an agent works from the top, and one project's many failures must not hold up the others.
MOST_ISSUES = 100


@dataclass(frozen=True, slots=True)
class Findings:
    """The issues of a window, worst first, with the numbers of records that were read for them."""

    window: Window
    telemetry_read: int
    failures: int
    issues: list[Issue]
    left_out: int  # clusters of lower rank


def find(window: Window) -> Findings:
    """The findings of the bound project's window."""
    reached, around = read_failures(window)
    measured = [measure(extent, around) for extent in reached]
    ranked = rank(measured)
    issues = describe_all(ranked[:MOST_ISSUES], around)
    counted = around.now
    return Findings(
        window, counted.ran.total(), counted.failed.total(), issues, left_out=len(ranked) - len(issues)
    )


def read_failures(window: Window) -> tuple[list[Extent], Surroundings]:
    """Each kind of failure in the window, and the traffic and healthy records around them."""
    now = traffic.read(window)
    clusters = search.find(window)
    identities = failures.identities(record.trace_id for cluster in clusters for record in cluster.records)
    reached = [
        *extents.read(window, sorted(now.failed)),
        *(extents.of_found(cluster, identities) for cluster in clusters),
    ]
    places = {place for extent in reached for place in extent.places}
    healthy = hints.read(window, places) if places else {}
    return reached, Surroundings(now, traffic.read(window.before), healthy)


def rank(measured: Iterable[Measured]) -> list[Measured]:
    """Worst first; of equals, by fingerprint."""
    return sorted(measured, key=lambda one: one.rank)


def describe_all(measured: Sequence[Measured], around: Surroundings) -> list[Issue]:
    """These clusters as issues, in their order."""
    known = Known.read([one.cluster for one in measured])
    return [describe(one, around, known) for one in measured]
