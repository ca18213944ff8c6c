"""
The memory at the start of a packet: loops that regressed, wait for another decision, are in work, held or rejected.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Case, Max, Q, Value, When

from diagnosis.loops import lifecycle
from diagnosis.loops.next_action import for_loop
from diagnosis.models import Loop, LoopEvent
from telemetry.windows import rfc3339
from tenants.models import Project

ORDER = [
    Loop.State.REGRESSED,
    Loop.State.RETURNED,
    Loop.State.APPROVED,
    Loop.State.SHIPPED,
    Loop.State.INCONCLUSIVE,
    Loop.State.HELD,
    Loop.State.REJECTED,
]
MOST = 50


def recall(project: Project) -> list[dict[str, Any]]:
    """The loops that were decided before, by state in ORDER and latest change first; at most MOST."""
    # Proposed loops that wait for another decision come after those that regressed.
    ranks = [When(state=state, then=number) for number, state in enumerate(ORDER)]
    rank = Case(*ranks, default=Value(1))
    again = Q(state=Loop.State.PROPOSED) & ~Q(again="")
    decided_before = Loop.objects.filter(Q(state__in=ORDER) | again, project=project)
    ordered = decided_before.order_by(rank, "-updated_at", "loop_id")
    loops = list(lifecycle.live(ordered, "title", "release", "updated_at")[:MOST])
    if not loops:
        return []
    evidence_ids = records_of([loop for loop in loops if loop.state == Loop.State.REGRESSED])
    linked, happened = side_effects_of(loops), last_events(loops)
    return [
        remembered(loop)
        | {
            "since": rfc3339(happened.get(loop.loop_id, loop.updated_at)),
            "evidence_ids": evidence_ids.get(loop.loop_id, []),
            "side_effects": linked.get(loop.loop_id, []),
        }
        for loop in loops
    ]


def last_events(loops: list[Loop]) -> dict[str, datetime]:
    """When something last happened to each loop, by loop id: each diagnosis updates those that may be decided."""
    times = LoopEvent.objects.filter(loop__in=loops).values_list("loop_id").annotate(Max("created_at"))
    return dict(times.order_by())


def side_effects_of(loops: list[Loop]) -> dict[str, list[str]]:
    """The clusters that came with each loop's fix, as its latest verdict that names some has them, by loop id."""
    verdicts = LoopEvent.objects.filter(
        loop__in=loops,
        kind__in=(LoopEvent.Kind.VERIFIED, LoopEvent.Kind.REGRESSED),
        detail__has_key="side_effects",
    )
    rows = verdicts.order_by("created_at", "pk").values_list("loop_id", "detail__side_effects")
    return {loop_id: list(linked) for loop_id, linked in rows}


def records_of(loops: list[Loop]) -> dict[str, list[str]]:
    """The ids of the records with which each loop's failure last came back, by loop id."""
    events = LoopEvent.objects.filter(loop__in=loops, kind=LoopEvent.Kind.REGRESSED).order_by(
        "created_at", "pk"
    )
    return {event.loop_id: event.detail.get("evidence_ids", []) for event in events}


def remembered(loop: Loop) -> dict[str, Any]:
    """One loop's entry in the memory."""
    return {
        "decision": lifecycle.latest_decision(loop),
        "loop_id": loop.loop_id,
        "cluster_id": loop.cluster_id,
        "title": loop.title,
        "state": loop.state,
        "verdict": loop.verdict or None,
        "release": loop.release or None,
        "note": for_loop(loop),
    }
