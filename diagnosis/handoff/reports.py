"""
The agent's reports on an approved or returned loop: issue_opened, pr_opened, merged, shipped, answered.

    same_report -> shipment_fields -> lifecycle.apply_trigger -> lifecycle.append_event

`same_report` finds the report among those since the last decision: sent again, it changes nothing.
`shipment_fields` counts the baseline before the fix, and only for `shipped`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from diagnosis.handoff.shipping_time import shipping_time
from diagnosis.loops import lifecycle, switch_lock
from diagnosis.loops.states import Kind, Trigger, states_before
from diagnosis.models import Loop, LoopEvent
from diagnosis.verification import baseline

MOST_OF_A_KIND = 20
STAYING = (
    Kind.ISSUE_OPENED,
    Kind.PR_OPENED,
    Kind.MERGED,
)  # reports that may come again, in the state they leave


class TooManyReports(Exception):
    """The loop has as many reports of this kind since its last decision as it may."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"{kind} was reported {MOST_OF_A_KIND} times since the last decision.")


def same_report(loop: Loop, kind: LoopEvent.Kind, detail: dict[str, Any]) -> LoopEvent | None:
    """The event of the same report since the last decision, if there is one. Raises TooManyReports."""
    if kind not in STAYING or loop.state not in states_before(Trigger(kind.value)):
        return None
    decision = loop.decisions.first()
    events = loop.events.filter(kind=kind)
    if decision is not None:
        events = events.filter(created_at__gte=decision.decided_at)
    reported = list(events[:MOST_OF_A_KIND])
    same = next((event for event in reported if event.detail == detail), None)
    if same is None and len(reported) == MOST_OF_A_KIND:
        raise TooManyReports(kind)
    return same


@transaction.atomic
def record_report(loop: Loop, kind: LoopEvent.Kind, actor: str, now: datetime, **detail: Any) -> LoopEvent:
    """
    Record an agent's report in the loop's history, and change the loop's state accordingly.

    Raises WrongState if the loop's state does not allow the report; for `shipped` also Unavailable while fingerprints
    are switched. Raises TooManyReports for a kind of which the loop has MOST_OF_A_KIND since the last decision,
    and WrongShippingTime.
    """
    if earlier := same_report(loop, kind, detail):
        return earlier
    is_shipped = kind == LoopEvent.Kind.SHIPPED
    shipped = shipment_fields(loop, detail.pop("shipped_at", now), now, detail) if is_shipped else {}
    lifecycle.apply_trigger(loop, Trigger(kind.value), now, **shipped)
    return lifecycle.append_event(loop, kind, actor, now, **detail)


def shipment_fields(
    loop: Loop, reported_at: datetime, now: datetime, detail: dict[str, Any]
) -> dict[str, Any]:
    """The fields that a loop gets when its fix ships: the time, the release, and the baseline before it."""
    shipped_at = shipping_time(loop, reported_at, now)
    switch_lock.hold(loop.project)
    return {
        "shipped_at": shipped_at,
        "release": detail.get("release", ""),
        "verdict": "",
        "baseline": baseline.baseline(loop, shipped_at),
    }
