"""
What ran since the last failure of each loop that may be decided, also of those without a failure in a packet's window.

A packet says it of its issues, and their loops take it over. A failure that stopped is in no later packet of a short
window: of such loops, each diagnosis measures MOST, those first that were measured longest ago, over the 30 days until
its window ends. A loop that is quiet is measured no more until it fails again. Only shown: nothing is sorted by it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from diagnosis.issues import quiet_since
from diagnosis.issues.quiet_since import QuietSince
from diagnosis.loops import states
from diagnosis.models import Loop
from diagnosis.window.records_since import Since, records_since
from diagnosis.window.traffic import ServiceOperation
from telemetry.grouping.fingerprint import cluster_id, of_cluster_id
from telemetry.store.sql import fetch
from telemetry.windows import MAX_MINUTES, MINUTE_NANO, Window, rfc3339
from tenants.models import Project

MOST = 20
FAILED = """
    SELECT COUNT(DISTINCT session_key), MAX(start_time_unix_nano) FROM telemetry_attribution
    WHERE fingerprint = %s AND start_time_unix_nano >= %s AND start_time_unix_nano < %s AND NOT is_downstream
"""
PLACES = """
    SELECT DISTINCT service, operation FROM telemetry_attribution
    WHERE fingerprint = %s AND start_time_unix_nano >= %s AND start_time_unix_nano < %s AND NOT is_downstream
"""


class Failures(NamedTuple):
    """The failures of a cluster in some window."""

    failing_sessions: int
    last_unix_nano: int
    places: frozenset[ServiceOperation]


def measure_absent(
    project: Project, present: Collection[str], until_unix_nano: int
) -> dict[str, dict[str, Any]]:
    """What ran since the last failure of such loops, by cluster id; the project is bound. `present`: in the packet."""
    loops = Loop.objects.filter(project=project, state__in=states.DECIDABLE).exclude(cluster_id__in=present)
    asked = [
        (quiet["until"] if quiet else "", cluster)
        for cluster, quiet in loops.values_list("cluster_id", "quiet_since")
        if not (quiet and quiet["is_quiet"])
    ]
    clusters = [cluster for until, cluster in sorted(asked) if until < rfc3339(until_unix_nano)][:MOST]
    return {cluster: quiet.shown() for cluster, quiet in measure_clusters(clusters, until_unix_nano).items()}


def measure_clusters(clusters: Collection[str], until_unix_nano: int) -> dict[str, QuietSince]:
    """What ran since the last failure of each of these clusters that failed in the 30 days before."""
    window = Window(max(0, until_unix_nano - MAX_MINUTES * MINUTE_NANO), until_unix_nano)
    fingerprints = [key for cluster in clusters if (key := of_cluster_id(cluster)) is not None]
    failed = {key: failures for key in fingerprints if (failures := read_failures(key, window))}
    ran = records_since(
        {key: Since(window.start_unix_nano - 1, each.places) for key, each in failed.items()}, until_unix_nano
    )
    since = records_since(
        {key: Since(each.last_unix_nano, each.places) for key, each in failed.items()}, until_unix_nano
    )
    return {
        cluster_id(key): quiet_since.of_counts(
            each.last_unix_nano, until_unix_nano, since[key], ran[key], each.failing_sessions
        )
        for key, each in failed.items()
    }


def read_failures(fingerprint: int, window: Window) -> Failures | None:
    """The cluster's failures in the window; None if there are none."""
    parameters = [fingerprint, window.start_unix_nano, window.end_unix_nano]
    [(sessions, last)] = fetch(FAILED, parameters)
    if last is None:
        return None
    return Failures(sessions, last, frozenset(ServiceOperation(*row) for row in fetch(PLACES, parameters)))


def store_measured(project: Project, measured: Mapping[str, dict[str, Any]]) -> None:
    """Store what was measured, unless the loop has a later one by now."""
    if not measured:
        return
    loops = Loop.objects.filter(project=project, state__in=states.DECIDABLE, cluster_id__in=measured)
    for loop in loops.only("cluster_id", "quiet_since"):
        if not is_earlier(measured[loop.cluster_id], loop.quiet_since):
            Loop.objects.filter(pk=loop.pk).update(quiet_since=measured[loop.cluster_id])


def is_earlier(one: Mapping[str, Any] | None, than: Mapping[str, Any] | None) -> bool:
    """Whether this is counted until an earlier time; None is earlier than anything else."""
    return (one["until"] if one else "") < (than["until"] if than else "")
