"""
The agent's reports on a loop: issue_opened, pr_opened, merged, shipped, shipped_corrected, asked_again, answered.

    same_report -> lifecycle.check_allowed -> check_order -> changed_fields
        -> lifecycle.apply_trigger -> lifecycle.append_event

`same_report` finds the report among those of this fix: sent again, it changes nothing. `changed_fields` has the
baseline before the fix counted, for a fix that shipped or whose shipment was put right.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from diagnosis.handoff.report_order import check_order, same_report
from diagnosis.handoff.shipment import Shipment, corrected_shipment, new_shipment
from diagnosis.loops import lifecycle
from diagnosis.loops.states import Kind, Trigger
from diagnosis.models import Loop, LoopEvent

ASKS = "A fix shipped, and the coding agent asks what to do now."
ASKS_AFTER_VERDICT = "A fix shipped, its verdict is {verdict}, and the coding agent asks what to do now."


@transaction.atomic
def record_report(loop: Loop, kind: Kind, actor: str, now: datetime, **detail: Any) -> LoopEvent:
    """
    Record an agent's report in the loop's history, and change the loop's state accordingly.

    Returns the event that is there, and changes nothing, for a report that was sent before.
    Raises WrongState if the loop's state does not allow the report, and where fingerprints are switched Unavailable for
    one about a shipment. Raises OutOfOrder, TooManyReports and WrongShippingTime.
    """
    if earlier := same_report(loop, kind, detail):
        return earlier
    lifecycle.check_allowed(loop, Trigger(kind.value))
    check_order(loop, kind)
    fields, said = changed_fields(loop, kind, now, detail)
    lifecycle.apply_trigger(loop, Trigger(kind.value), now, **fields)
    return lifecycle.append_event(loop, kind, actor, now, **detail | said)


def changed_fields(
    loop: Loop, kind: Kind, now: datetime, detail: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The loop's fields that change with the report, and what its event says beside the report."""
    if kind == Kind.ASKED_AGAIN:
        again = ASKS_AFTER_VERDICT.format(verdict=loop.verdict) if loop.verdict else ASKS
        return {"again": again}, {}
    shipment: Shipment | None = None
    if kind == Kind.SHIPPED:
        shipment = new_shipment(loop, detail.get("shipped_at", now), detail.get("release", ""), now)
    elif kind == Kind.SHIPPED_CORRECTED:
        shipment = corrected_shipment(loop, detail.get("shipped_at"), detail.get("release"), now)
    return (shipment.fields, shipment.event_detail()) if shipment else ({}, {})
