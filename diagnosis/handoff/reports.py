"""
The agent's reports on an approved or returned loop: issue_opened, pr_opened, merged, shipped, answered.

    shipment_fields -> lifecycle.apply_trigger -> lifecycle.append_event

`shipment_fields` counts the baseline before the fix, and only for `shipped`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from diagnosis.loops import lifecycle, switch_lock
from diagnosis.loops.states import Trigger
from diagnosis.models import Loop, LoopEvent
from diagnosis.verification import baseline


@transaction.atomic
def record_report(loop: Loop, kind: LoopEvent.Kind, actor: str, now: datetime, **detail: Any) -> LoopEvent:
    """
    Record an agent's report in the loop's history, and change the loop's state accordingly.

    Raises WrongState if the loop's state does not allow the report; for `shipped` also Unavailable while fingerprints
    are switched.
    """
    shipped = (
        shipment_fields(loop, detail.pop("shipped_at", now), detail) if kind == LoopEvent.Kind.SHIPPED else {}
    )
    lifecycle.apply_trigger(loop, Trigger(kind.value), now, **shipped)
    return lifecycle.append_event(loop, kind, actor, now, **detail)


def shipment_fields(loop: Loop, shipped_at: datetime, detail: dict[str, Any]) -> dict[str, Any]:
    """The fields that a loop gets when its fix ships: the time, the release, and the baseline before it."""
    switch_lock.hold(loop.project)
    return {
        "shipped_at": shipped_at,
        "release": detail.get("release", ""),
        "verdict": "",
        "baseline": baseline.baseline(loop, shipped_at),
    }
