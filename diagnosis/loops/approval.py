"""
The human boundary: only a signed-in person with the permission decides, in the admin, with a reason.

A decision binds to the content that the person had in sight (content_hash.py). Compare-and-set on the revision: of two
people who decide at once one wins and the other is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from diagnosis.loops import content_hash, decision_basis, growth, lifecycle, two_people
from diagnosis.loops.decision_basis import Basis
from diagnosis.loops.states import Trigger
from diagnosis.models import Decision, Loop, LoopEvent
from tenants.audit import audit_log

PERMISSION = "diagnosis.decide_loop"


class AlreadyDecided(Exception):
    """Somebody else decided, or the loop changed, since this person looked."""


class ContentChanged(AlreadyDecided):
    """The issue, its evidence or its eval are no longer what this person saw."""


class EvidenceUnavailable(Exception):
    """The project's store does not answer, and nobody approves what cannot be seen."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person chose: what to do, why, and of a rejection, by how many times it must grow to be proposed again."""

    verb: Decision.Verb
    reason: str
    times: int | None = None  # None: never by itself
    seen_hash: str = ""  # of the content that the page showed; "" if it showed none

    @property
    def summary(self) -> str:
        """As Django's log of changes shows it."""
        return f"{self.verb.label}: {self.reason}"

    def check(self) -> None:
        """ValidationError for what no person may choose."""
        if not self.reason.strip():
            raise ValidationError("Say why: the reason is kept with the decision.")
        if self.times is not None and self.verb != Decision.Verb.REJECT:
            raise ValidationError("Only what is rejected can grow back.")
        if self.times is not None and not growth.FEWEST <= self.times <= growth.MOST:
            raise ValidationError(f"It may grow {growth.FEWEST} to {growth.MOST} times.")


def decide(loop: Loop, choice: Choice, user: User, now: datetime, address: str = "") -> Decision:
    """
    Record the decision, here and in the audit log (with the address), and move the loop, as it was read.

    Raises: PermissionDenied without the permission; ValidationError without a reason; AlreadyDecided, ContentChanged;
        of approvals also EvidenceUnavailable and two_people.SamePerson.
    """
    if not (user.is_active and user.is_staff and user.has_perm(PERMISSION)):
        raise PermissionDenied("Deciding needs the permission 'Can approve, reject and return loops'.")
    choice.check()
    # Before the transaction: stores are slow, and others wait for the control database.
    about = decision_basis.basis(loop)
    check_content(loop, choice, about)
    with transaction.atomic():
        state = loop.state
        decision = unsaved_decision(loop, choice, about, user, now)
        move_loop(decision, about)
        decision.save(force_insert=True)
        note(decision)
        audit_decision(decision, state, address)
    return decision


def check_content(loop: Loop, choice: Choice, about: Basis) -> None:
    """ContentChanged if it is not what the page showed; EvidenceUnavailable for approvals of what cannot be read."""
    if choice.seen_hash and about.hash != choice.seen_hash:
        raise ContentChanged(f"The content of {loop.loop_id} is no longer what the page showed.")
    if choice.verb == Decision.Verb.APPROVE and not about.hash:
        raise EvidenceUnavailable(f"The evidence of {loop.loop_id} cannot be read just now.")


def unsaved_decision(loop: Loop, choice: Choice, about: Basis, user: User, now: datetime) -> Decision:
    """The row of the decision on the loop's present revision. SamePerson: a second person must approve."""
    return Decision(
        loop=loop,
        verb=choice.verb,
        reason=choice.reason.strip(),
        decided_by=user,
        decided_at=now,
        packet=about.packet,
        revision=loop.revision,
        content_hash=about.hash,
        content_version=content_hash.CURRENT_VERSION,
        content=about.parts,
        is_first=choice.verb == Decision.Verb.APPROVE and not completes(loop, about, user),
        times=choice.times,
        numbers=growth.numbers(about.packet, about.issue),
    )


def completes(loop: Loop, about: Basis, user: User) -> bool:
    """Whether this approval is enough. SamePerson: a second person must give it."""
    if two_people.needed(loop) == 1:
        return True
    first = two_people.pending(loop)
    if first is None or not about.is_content_of(first):
        return False
    if first.decided_by_id == user.pk:
        raise two_people.SamePerson("You gave the first approval: the second must come from somebody else.")
    return True


def move_loop(decision: Decision, about: Basis) -> None:
    """Change the loop's state by compare-and-set; a newer packet may have come since the person looked."""
    kept: dict[str, Any] = {"packet_id": about.packet.pk, "issue": about.issue}
    trigger = Trigger.APPROVE_FIRST
    if not decision.is_first:
        kept["again"] = ""
        trigger = Trigger(decision.verb)
    try:
        lifecycle.change(decision.loop, trigger, decision.decided_at, **kept)
    except lifecycle.WrongState as error:
        raise AlreadyDecided(str(error)) from error


def note(decision: Decision) -> None:
    """The line in the loop's history."""
    detail = {"verb": decision.verb, "reason": decision.reason, "content_hash": decision.content_hash}
    if decision.is_first:
        detail["approvals"] = f"1 of {two_people.NEEDED}"
    actor = decision.decided_by.get_username()
    lifecycle.note(decision.loop, LoopEvent.Kind.DECIDED, actor, decision.decided_at, **detail)


def audit_decision(decision: Decision, state: str, address: str) -> None:
    """Append the decision to the audit log; `state` is what the loop was before."""
    loop = decision.loop
    audit_log.record(
        audit_log.AuditEvent.DECIDED,
        f"loop:{loop.pk}",
        audit_log.Actor(audit_log.person(decision.decided_by), address),
        decision.decided_at,
        loop.project.tenant_id,
        project=loop.project_id,
        verb=decision.verb,
        reason=decision.reason,
        packet_id=decision.packet_id,
        content_hash=decision.content_hash,
        content_version=decision.content_version,
        revision=decision.revision,
        is_first_of_two=decision.is_first,
        proposed_again_at_times=decision.times,
        state={"before": state, "after": loop.state},
    )
