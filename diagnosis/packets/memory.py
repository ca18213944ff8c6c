"""
What this project already knows: loops that regressed, are asked again, in flight, held, or rejected.

First thing in a packet.
"""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Q, Value, When

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
    """Loops past their first proposal, worst news first, the latest change first; at most MOST."""
    ranks = [When(state=state, then=place) for place, state in enumerate(ORDER)]
    rank = Case(*ranks, default=Value(1))  # asked again: behind what regressed
    again = Q(state=Loop.State.PROPOSED) & ~Q(again="")
    past = Loop.objects.filter(Q(state__in=ORDER) | again, project=project)
    found = list(lifecycle.with_decisions(past.order_by(rank, "-updated_at", "loop_id"))[:MOST])
    returned = records_of([loop for loop in found if loop.state == Loop.State.REGRESSED])
    return [remembered(loop) | {"evidence_ids": returned.get(loop.loop_id, [])} for loop in found]


def records_of(regressed: list[Loop]) -> dict[str, list[str]]:
    """The records with which each failure came back, by loop."""
    events = LoopEvent.objects.filter(loop__in=regressed, kind=LoopEvent.Kind.REGRESSED).order_by(
        "created_at", "pk"
    )
    return {event.loop_id: event.detail.get("evidence_ids", []) for event in events}


def remembered(loop: Loop) -> dict[str, Any]:
    """One loop in short."""
    return {
        "decision": lifecycle.decided(loop),
        "loop_id": loop.loop_id,
        "cluster_id": loop.cluster_id,
        "title": loop.title,
        "state": loop.state,
        "verdict": loop.verdict or None,
        "release": loop.release or None,
        "since": rfc3339(loop.updated_at),
        "note": for_loop(loop),
    }
