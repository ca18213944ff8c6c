"""
When and in which release a fix shipped, with the baseline before it: reported, or put right by an agent or a person.

A correction begins the verification anew, since the windows before and after the fix are others then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from diagnosis.handoff import report_order
from diagnosis.handoff.shipping_time import shipping_time
from diagnosis.loops import approval, fixes, lifecycle, switch_lock
from diagnosis.loops.states import Kind, Trigger
from diagnosis.models import Loop, LoopEvent
from diagnosis.verification import baseline
from telemetry.windows import rfc3339, unix_nano
from tenants.audit import audit_log


class NothingToCorrect(Exception):
    """The correction of a shipment says what is stored."""

    def __init__(self) -> None:
        super().__init__("The shipment has this time and release already; nothing was changed.")


@dataclass(frozen=True, slots=True)
class Shipment:
    """The shipment of one fix of a loop, as the loop is to store it."""

    attempt: int
    shipped_at: datetime
    release: str
    baseline: dict[str, Any]
    set_at: datetime
    was: dict[str, Any] | None = None  # before it was put right

    @property
    def fields(self) -> dict[str, Any]:
        """The fields of the loop."""
        return {
            "attempt": self.attempt,
            "shipped_at": self.shipped_at,
            "release": self.release,
            "baseline": self.baseline,
            "shipment_set_at": self.set_at,
            "verdict": "",
            "way_on": "",
        }

    def event_detail(self) -> dict[str, Any]:
        """The detail of the event."""
        release = {"release": self.release} if self.release else {}
        was = {"was": self.was} if self.was else {}
        before = fixes.side_shown(self.baseline)
        return {
            "attempt": self.attempt,
            "shipped_at": rfc3339(self.shipped_at),
            **release,
            "before": before,
            **was,
        }


def new_shipment(loop: Loop, reported_at: datetime, release: str, now: datetime) -> Shipment:
    """The shipment of the loop's next fix. Raises WrongShippingTime, and Unavailable during a switch."""
    shipped_at = shipping_time(loop, reported_at, now, loop.shipped_at)
    switch_lock.hold(loop.project)
    return Shipment(loop.attempt + 1, shipped_at, release, baseline.baseline(loop, shipped_at), now)


def corrected_shipment(
    loop: Loop, reported_at: datetime | None, release: str | None, now: datetime
) -> Shipment:
    """The loop's shipment with another time or release; None leaves what it has. Raises as `new_shipment` does."""
    fix_before = next(iter(fixes.shipped_fixes(loop)[-2:-1]), None)
    ended_before = datetime.fromisoformat(fix_before.ended_at) if fix_before else None
    shipped_at = shipping_time(loop, reported_at or loop.shipped_at or now, now, ended_before)
    switch_lock.hold(loop.project)
    since = unix_nano(ended_before) if ended_before else baseline.proposed_since(loop)
    return Shipment(
        max(1, loop.attempt),
        shipped_at,
        loop.release if release is None else release,
        baseline.baseline(loop, shipped_at, since),
        now,
        was={
            "shipped_at": rfc3339(loop.shipped_at) if loop.shipped_at else None,
            "release": loop.release or None,
        },
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person puts in the place of a reported time and release, with the reason."""

    shipped_at: datetime
    release: str
    reason: str


@transaction.atomic
def correct_by_person(
    loop: Loop, given: Correction, user: User, now: datetime, address: str = ""
) -> LoopEvent:
    """
    Put a shipment right in the name of a person who may decide, also in the audit log, with their address.

    Raises PermissionDenied, WrongState if no shipment may be put right now, WrongShippingTime,
    NothingToCorrect, Unavailable.
    """
    if not approval.may_decide(user):
        raise PermissionDenied("This needs the permission 'Can approve, reject and return loops'.")
    lifecycle.check_allowed(loop, Trigger.SHIPMENT_CORRECTED)
    if report_order.changes_nothing(loop, {"shipped_at": given.shipped_at, "release": given.release}):
        raise NothingToCorrect
    shipment = corrected_shipment(loop, given.shipped_at, given.release, now)
    lifecycle.apply_trigger(loop, Trigger.SHIPMENT_CORRECTED, now, **shipment.fields)
    told = shipment.event_detail() | {"reason": given.reason}
    event = lifecycle.append_event(loop, Kind.SHIPMENT_CORRECTED, user.get_username(), now, **told)
    after = {"shipped_at": told["shipped_at"], "release": shipment.release or None}
    audit_log.append_entry(
        audit_log.AuditEvent.CHANGED,
        f"loop:{loop.pk}",
        audit_log.Actor(audit_log.person(user), address),
        now,
        loop.project.tenant_id,
        project=loop.project_id,
        shipment={"before": shipment.was, "after": after},
        reason=given.reason,
    )
    return event
