"""
The loops of a packet's issues: a new cluster gets a loop where there is room, and a loop that may be decided takes over
the newest issue.

A loop that is proposed, regressed or returned follows the newest packet, unless it has the first of two approvals:
otherwise frequent diagnoses would void that one before a second person could approve. A packet about the past, whose
issue ends before the loop's, changes nothing that is shown. What the queue is sorted by, and
the severity, only get worse (urgency.worst_columns). An approved, shipped or rejected
loop keeps the issue on which it was decided. A rejected loop that grew is proposed again. All of this runs inside the
packet's transaction, with a few statements for all issues.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import prefetch_related_objects

from diagnosis.loops import (
    lifecycle,
    quiet_loops,
    reopening,
    states,
    two_people,
    urgency,
    worst_severity,
)
from diagnosis.models import Loop, LoopEnvironment, LoopEvent, Packet, Severity
from diagnosis.notices import notice_rows
from diagnosis.window.seen_failures import SeenFailures, read_seen
from telemetry.windows import Window
from tenants.models import Project
from tenants.stores.binding import bind

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
    *urgency.COLUMNS,
    "urgency",
    "last_seen_at",
    "quiet_since",
    "issue",
    "packet",
    "updated_at",
]
BATCH = 100  # rows a statement
MOST_JUDGED = 100  # loops of a project that are judged anew at once
MOST_ENVIRONMENTS = 50  # of one loop from one packet, those with most failures

Explained = list[tuple["Issue", dict[str, Any]]]
Seen = Mapping[int, SeenFailures]  # by fingerprint


def create_or_update(
    packet: Packet, explained: Explained, seen: Seen, window: Window, now: datetime
) -> dict[str, Loop]:
    """Create or update the loops of these issues, and return them by cluster id; none for an issue without room."""
    latest = {
        shown["cluster_id"]: columns_of_issue(packet, issue, shown, now)
        | urgency.columns(shown, issue.grade.severity, seen.get(issue.cluster.fingerprint))
        for issue, shown in explained
    }
    existing = locked(packet, latest)
    new = with_room(
        packet.project_id,
        [proposed(packet, cluster, latest[cluster], now) for cluster in latest if cluster not in existing],
    )
    # Conflicts are ignored because another diagnosis may have created the loop meanwhile.
    Loop.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
    present = [loop for loop in existing.values() if not is_past(latest[loop.cluster_id]["issue"], loop)]
    reopening.repropose_grown(present, {shown["cluster_id"]: shown for _, shown in explained}, window, now)
    decidable = decidable_loops(present)
    rising = [
        loop for loop in decidable if notice_rows.begins_to_rise(loop, latest[loop.cluster_id]["issue"])
    ]
    follow(decidable, latest)
    notice_rows.tell_rising(rising, now)
    proposed_now = locked(packet, [loop.cluster_id for loop in new])
    loops = existing | proposed_now
    note_proposals(packet, {loop.loop_id for loop in new}, loops, now)
    note_environments({loop.cluster_id: loop for loop in decidable} | proposed_now, explained)
    prefetch_related_objects(list(loops.values()), "decisions__decided_by")  # for the answers
    return loops


def is_past(issue: Mapping[str, Any], loop: Loop) -> bool:
    """Whether the issue is of an earlier time than the loop's: its last failure is."""
    last, known = urgency.seen_at(issue.get("last_seen")), urgency.seen_at(loop.issue.get("last_seen"))
    return bool(last and known and last < known)


def follow(loops: list[Loop], latest: dict[str, dict[str, Any]]) -> None:
    """Store the newest issue of each of these loops, and of the numbers that the queue sorts by the worse ones."""
    for loop in loops:
        newest = latest[loop.cluster_id]
        if quiet_loops.is_earlier(newest["quiet_since"], loop.quiet_since):
            newest = newest | {"quiet_since": loop.quiet_since}
        for name, value in (newest | urgency.worst_columns(loop, newest)).items():
            setattr(loop, name, value)
    # All of them exist, so this only updates: bulk_update takes ten times as long to build its statement.
    Loop.objects.bulk_create(
        loops, update_conflicts=True, update_fields=FOLLOWING, unique_fields=["loop_id"], batch_size=BATCH
    )


def with_room(project_id: str, new: list[Loop]) -> list[Loop]:
    """
    The loops, in their order, for which there is room beside those that may be decided.

    The worse the severity, the more room: what is less severe cannot keep it waiting, whatever an agent asks for.
    """
    taken = Loop.objects.filter(project_id=project_id, state__in=states.DECIDABLE).count()
    fitting: list[Loop] = []
    for loop in new:
        if taken + len(fitting) < settings.LOOPKIT_OPEN_LOOPS * loop.severity // Severity.CRITICAL:
            fitting.append(loop)
    return fitting


def proposed(packet: Packet, cluster: str, latest: dict[str, Any], now: datetime) -> Loop:
    """An unsaved loop that waits for a decision from now on."""
    first_seen_at = urgency.seen_at(latest["issue"]["first_seen"])
    times = {"created_at": now, "waiting_since": now, "first_seen_at": first_seen_at}
    judged_by = packet.project.production_environments
    return Loop(project_id=packet.project_id, cluster_id=cluster, judged_by=judged_by, **times, **latest)


def judge_again(project: Project, now: datetime) -> list[Loop]:
    """
    Judge the severity and what was seen of loops that wait anew, since an operator named other environments as
    production than those by which they were judged.

    No key can cause it: it is for the operator's act and for the server's own jobs.
    """
    production, judged = project.production_environments, list[Loop]()
    loops = Loop.objects.filter(project=project, state__in=states.DECIDABLE).exclude(judged_by=production)
    with bind(project):
        for loop in decidable_loops(loops.order_by("pk")[:MOST_JUDGED]):
            number = lifecycle.loop_fingerprint(loop)
            severities = list(worst_severity.measured_severities(loop, now))
            seen = read_seen([number], now, production).get(number)
            columns = urgency.judged_columns(loop, max(severities, default=loop.severity), seen)
            updated = Loop.objects.filter(pk=loop.pk, revision=loop.revision)
            updated.update(judged_by=production, **columns)
            judged.append(loop)
    return judged


def decidable_loops(loops: Iterable[Loop]) -> list[Loop]:
    """The loops that can be decided and do not have the first of two approvals."""
    decidable = [loop for loop in loops if loop.state in states.DECIDABLE]
    half_approved = two_people.half_approved([loop.pk for loop in decidable])
    return [loop for loop in decidable if loop.loop_id not in half_approved]


def locked(packet: Packet, clusters: Collection[str]) -> dict[str, Loop]:
    """The project's loops of these clusters, by cluster id, locked until the transaction ends."""
    if not clusters:
        return {}
    rows = Loop.objects.select_for_update().filter(
        project_id=packet.project_id, cluster_id__in=list(clusters)
    )
    return {loop.cluster_id: loop for loop in rows}


def note_environments(loops: Mapping[str, Loop], explained: Explained) -> None:
    """
    Store where the failures of these loops were seen, so that the queue can be filtered by it.

    They are those whose other numbers follow the newest packet: a decided loop keeps what was decided on. As with the
    other numbers of the queue, the most that a packet counted is kept: a short window moves none down.
    """
    counted = {
        (loops[issue.cluster_id].loop_id, environment): failures
        for issue, _ in explained
        if issue.cluster_id in loops
        for environment, failures in issue.by_deployment.failures_by_environment().most_common(
            MOST_ENVIRONMENTS
        )
    }
    known = LoopEnvironment.objects.filter(loop__in={loop_id for loop_id, _ in counted})
    most = {(row.loop_id, row.environment): row.failures for row in known}
    rows = [
        LoopEnvironment(loop_id=key[0], environment=key[1], failures=failures)
        for key, failures in counted.items()
        if failures > most.get(key, 0)
    ]
    LoopEnvironment.objects.bulk_create(
        rows, update_conflicts=True, update_fields=["failures"], unique_fields=["loop", "environment"],
        batch_size=BATCH,
    )  # fmt: skip


def note_proposals(packet: Packet, new_ids: set[str], loops: dict[str, Loop], now: datetime) -> None:
    """Write the first event in the history of each loop that this packet proposed, and its notice."""
    events = LoopEvent.objects.bulk_create(
        LoopEvent(
            loop=loop,
            kind=LoopEvent.Kind.PROPOSED,
            actor="loopkit",
            detail={"packet_id": packet.packet_id},
            created_at=now,
        )
        for loop in loops.values()
        if loop.loop_id in new_ids
    )
    notice_rows.write_notices(events)


def columns_of_issue(packet: Packet, issue: Issue, shown: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The fields that a loop takes over from an issue as long as nobody has decided."""
    example = issue.example
    return {
        "title": issue.title,
        "severity": issue.grade.severity,
        "signal_type": example.signal_type,
        "service": example.service,
        "operation": example.operation,
        "failures": issue.impact.records,
        "quiet_since": shown["quiet_since"],
        "issue": shown,
        "packet": packet,
        "updated_at": now,
    }
