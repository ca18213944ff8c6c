"""What this project already knows: loops that regressed, are in flight, or held. First thing in a packet."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, When

from diagnosis.models import Loop
from diagnosis.next_action import for_loop
from telemetry.times import rfc3339
from tenants.models import Project

State = Loop.State
ORDER = [
    State.REGRESSED,
    State.RETURNED,
    State.APPROVED,
    State.SHIPPED,
    State.INCONCLUSIVE,
    State.HELD,
    State.REJECTED,
]
MOST = 50


def recall(project: Project) -> list[dict[str, Any]]:
    """Loops past their proposal, worst news first, the latest change first; at most MOST."""
    rank = Case(*(When(state=state, then=place) for place, state in enumerate(ORDER)))
    loops = Loop.objects.filter(project=project, state__in=ORDER).order_by(rank, "-updated_at", "loop_id")
    return [remembered(loop) for loop in loops[:MOST]]


def remembered(loop: Loop) -> dict[str, Any]:
    """One loop in short."""
    return {
        "loop_id": loop.loop_id,
        "cluster_id": loop.cluster_id,
        "title": loop.title,
        "state": loop.state,
        "verdict": loop.verdict or None,
        "release": loop.release or None,
        "since": rfc3339(loop.updated_at),
        "note": for_loop(loop),
    }
