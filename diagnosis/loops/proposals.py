"""
Every issue of a packet has a loop: proposed where the cluster is new, brought up to date while it waits.

A loop that a human has not decided follows the newest packet; one that was decided keeps the issue it was decided
on, and so does one that has the first of two approvals, or a diagnosis every minute would never let a second person
agree. A rejected loop that grew is proposed again. Called inside the packet's transaction, with a handful of statements
for all issues.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import prefetch_related_objects

from diagnosis.loops import reopening, states, two_people, urgency
from diagnosis.models import Loop, LoopEvent, Packet
from diagnosis.notices import notice_rows
from telemetry.windows import Window

if TYPE_CHECKING:
    from diagnosis.issues.issue import Issue

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


def follow(packet: Packet, explained: Explained, window: Window, now: datetime) -> dict[str, Loop]:
    """The loops of these issues, by cluster id."""
    latest = {
        shown["cluster_id"]: state(packet, issue, shown, now)
        | urgency.columns(shown, issue.grade.severity, window.since_minutes)
        for issue, shown in explained
    }
    known = locked(packet, latest)
    new = [proposed(packet, cluster, latest[cluster], now) for cluster in latest if cluster not in known]
    Loop.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)  # another diagnosis may be faster
    reopening.grown(known.values(), {shown["cluster_id"]: shown for _, shown in explained}, window, now)
    waiting = undecided(known.values())
    rising = [loop for loop in waiting if notice_rows.begins_to_rise(loop, latest[loop.cluster_id]["issue"])]
    for loop in waiting:
        for name, value in latest[loop.cluster_id].items():
            setattr(loop, name, value)
    Loop.objects.bulk_create(  # all of them exist; bulk_update takes ten times as long to compose
        waiting, update_conflicts=True, update_fields=FOLLOWING, unique_fields=["loop_id"], batch_size=BATCH
    )
    notice_rows.tell_rising(rising, now)
    followed = known | locked(packet, [loop.cluster_id for loop in new])
    note_proposals(packet, {loop.loop_id for loop in new}, followed, now)
    prefetch_related_objects(list(followed.values()), "decisions__decided_by")  # what answers say of each
    return followed


def proposed(packet: Packet, cluster: str, latest: dict[str, Any], now: datetime) -> Loop:
    """A new loop, which waits from now on."""
    first_seen_at = urgency.seen_at(latest["issue"]["first_seen"])
    times = {"created_at": now, "waiting_since": now, "first_seen_at": first_seen_at}
    return Loop(project_id=packet.project_id, cluster_id=cluster, **times, **latest)


def undecided(known: Iterable[Loop]) -> list[Loop]:
    """The loops on which nobody decided, not even as the first of two."""
    waiting = [loop for loop in known if loop.state in states.DECIDABLE]
    half = {first.loop_id for first in two_people.half_approved(waiting)}
    return [loop for loop in waiting if loop.loop_id not in half]


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
    notice_rows.tell(events)


def state(packet: Packet, issue: Issue, shown: dict[str, Any], now: datetime) -> dict[str, Any]:
    """What a loop that waits takes over from an issue."""
    example = issue.example
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
