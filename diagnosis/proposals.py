"""
Every issue of a packet has a loop: proposed where the cluster is new, brought up to date while it waits.

A loop that a human has not decided follows the newest packet; one that was decided keeps the issue it was decided
on. Called inside the packet's transaction, with a handful of statements for all issues.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from diagnosis import loops, notices, urgency
from diagnosis.models import Loop, LoopEvent, Packet

if TYPE_CHECKING:
    from diagnosis.issues import Issue

FOLLOWING = [
    "title",
    "severity",
    "signal_type",
    "service",
    "operation",
    "failures",
    "trend",
    "failures_a_day",
    "people_a_day",
    "tokens_a_day",
    "urgency",
    "last_seen_at",
    "issue",
    "packet",
    "updated_at",
]
BATCH = 100  # rows a statement

Explained = list[tuple["Issue", dict[str, Any]]]


def follow(packet: Packet, explained: Explained, window_minutes: int, now: datetime) -> dict[str, Loop]:
    """The loops of these issues, by cluster id."""
    latest = {
        shown["cluster_id"]: state(packet, issue, shown, now)
        | urgency.columns(shown, issue.grade.severity, window_minutes)
        for issue, shown in explained
    }
    known = locked(packet, latest)
    new = [proposed(packet, cluster, latest[cluster], now) for cluster in latest if cluster not in known]
    Loop.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)  # another diagnosis may be faster
    waiting = [loop for loop in known.values() if loop.state in loops.DECIDABLE]
    rising = [loop for loop in waiting if notices.begins_to_rise(loop, latest[loop.cluster_id]["issue"])]
    for loop in waiting:
        for name, value in latest[loop.cluster_id].items():
            setattr(loop, name, value)
    Loop.objects.bulk_update(waiting, FOLLOWING, batch_size=BATCH)
    notices.tell_rising(rising, now)
    followed = known | locked(packet, [loop.cluster_id for loop in new])
    note_proposals(packet, {loop.loop_id for loop in new}, followed, now)
    return followed


def proposed(packet: Packet, cluster: str, latest: dict[str, Any], now: datetime) -> Loop:
    """A new loop, which waits from now on."""
    first_seen_at = urgency.seen_at(latest["issue"]["first_seen"])
    times = {"created_at": now, "waiting_since": now, "first_seen_at": first_seen_at}
    return Loop(project_id=packet.project_id, cluster_id=cluster, **times, **latest)


def locked(packet: Packet, clusters: Any) -> dict[str, Loop]:
    """The project's loops of these clusters, held until the transaction ends."""
    rows = Loop.objects.select_for_update().filter(
        project_id=packet.project_id, cluster_id__in=list(clusters)
    )
    return {loop.cluster_id: loop for loop in rows}


def note_proposals(packet: Packet, made: set[str], followed: dict[str, Loop], now: datetime) -> None:
    """The first line in the history of each loop that this packet proposed."""
    events = LoopEvent.objects.bulk_create(
        LoopEvent(
            loop=loop,
            kind=LoopEvent.Kind.PROPOSED,
            actor="loopkit",
            detail={"packet_id": packet.packet_id},
            created_at=now,
        )
        for loop in followed.values()
        if loop.loop_id in made
    )
    notices.tell(events)


def state(packet: Packet, issue: Issue, shown: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What a loop that waits takes over from an issue."""
    example = issue.cluster.example
    return {
        "title": issue.title,
        "severity": issue.grade.severity,
        "signal_type": example.signal_type,
        "service": example.service,
        "operation": example.operation,
        "failures": issue.impact.records,
        "issue": shown,
        "packet": packet,
        "updated_at": now,
    }
