"""
The human boundary: only a signed-in person with the permission decides, in the admin, with a reason.

Compare-and-set on the revision that the person had in sight: of two approvers one wins and the other is told.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from diagnosis import loops
from diagnosis.models import Decision, Loop, LoopEvent, Packet
from tenants import audit

PERMISSION = "diagnosis.decide_loop"
OUTCOMES = {
    Decision.Verb.APPROVE: Loop.State.APPROVED,
    Decision.Verb.REJECT: Loop.State.REJECTED,
    Decision.Verb.RETURN: Loop.State.RETURNED,
}


class AlreadyDecided(Exception):
    """Somebody else decided, or the loop changed, since this person looked."""


def issue_seen(loop: Loop) -> dict[str, Any]:
    """The issue in the packet that the person had in sight: what the decision is about, and what is handed over."""
    issues = Packet.objects.get(pk=loop.packet_id).document["issues"]
    return next(dict(issue) for issue in issues if issue["cluster_id"] == loop.cluster_id)


@transaction.atomic
def decide(
    loop: Loop, verb: Decision.Verb, reason: str, user: User, now: datetime, address: str = ""
) -> Decision:
    """
    Record the decision, here and in the audit log (with the address), and move the loop, as it was read.

    Raises: PermissionDenied without the permission; ValidationError without a reason; AlreadyDecided.
    """
    if not (user.is_active and user.is_staff and user.has_perm(PERMISSION)):
        raise PermissionDenied("Deciding needs the permission 'Can approve, reject and return loops'.")
    if not reason.strip():
        raise ValidationError("Say why: the reason is kept with the decision.")
    revision, packet_id, state = loop.revision, loop.packet_id, loop.state
    seen = {"packet_id": packet_id, "issue": issue_seen(loop)}  # a newer packet may have come meanwhile
    try:
        loops.change(loop, loops.DECIDABLE, OUTCOMES[verb], now, verb.value, **seen)
    except loops.WrongState as error:
        raise AlreadyDecided(str(error)) from error
    decision = Decision.objects.create(
        loop=loop,
        verb=verb,
        reason=reason.strip(),
        decided_by=user,
        decided_at=now,
        packet_id=packet_id,
        revision=revision,
    )
    loops.note(
        loop, LoopEvent.Kind.DECIDED, user.get_username(), now, verb=verb.value, reason=decision.reason
    )
    write_down(decision, state, address)
    return decision


def write_down(decision: Decision, state: str, address: str) -> None:
    """Append the decision to the audit log; `state` is what the loop was before."""
    loop = decision.loop
    audit.record(
        audit.Event.DECIDED,
        f"loop:{loop.pk}",
        audit.Origin(audit.person(decision.decided_by), address),
        decision.decided_at,
        loop.project.tenant_id,
        project=loop.project_id,
        verb=decision.verb,
        reason=decision.reason,
        packet_id=decision.packet_id,
        revision=decision.revision,
        state={"before": state, "after": loop.state},
    )
