"""
The human boundary: only a signed-in person with the permission decides, in the admin, with a reason.

A decision binds to the content that the person had in sight (content.py). Compare-and-set on the revision: of two
people who decide at once one wins and the other is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, transaction

from diagnosis import content, growth, loops, two_people
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

    def check(self) -> None:
        """ValidationError for what no person may choose."""
        if not self.reason.strip():
            raise ValidationError("Say why: the reason is kept with the decision.")
        if self.times is not None and self.verb != Decision.Verb.REJECT:
            raise ValidationError("Only what is rejected can grow back.")
        if self.times is not None and not growth.FEWEST <= self.times <= growth.MOST:
            raise ValidationError(f"It may grow {growth.FEWEST} to {growth.MOST} times.")


@dataclass(frozen=True, slots=True)
class Basis:
    """What a decision is about, as it is stored at that moment."""

    packet: Packet
    issue: dict[str, Any]
    parts: content.Parts = field(default_factory=dict)  # empty if the store does not answer

    @property
    def hash(self) -> str:
        """Of the content; "" if the evidence could not be read."""
        return content.hashed(self.parts) if self.parts else ""


def issue_seen(loop: Loop, packet: Packet) -> dict[str, Any]:
    """The issue in the packet that the person had in sight: what the decision is about, and what is handed over."""
    issues = packet.document.get("issues", [])
    own = (
        issue for issue in issues if loop.pk == issue.get("loop_id") or loop.cluster_id == issue["cluster_id"]
    )
    return dict(next(own, loop.issue)) | {"cluster_id": loop.cluster_id}


def basis(loop: Loop) -> Basis:
    """What a decision on this loop would be about, with the packet that it names now."""
    packet = Packet.objects.get(pk=loop.packet_id)
    issue = issue_seen(loop, packet)
    try:
        return Basis(packet, issue, content.parts(loop, issue))
    except (DatabaseError, OSError):
        return Basis(packet, issue)


def decide(
    loop: Loop,
    verb: Decision.Verb,
    reason: str,
    user: User,
    now: datetime,
    address: str = "",
    *,
    times: int | None = None,
    seen_hash: str = "",
) -> Decision:
    """
    Record the decision, here and in the audit log (with the address), and move the loop, as it was read.

    Raises: PermissionDenied without the permission; ValidationError without a reason; AlreadyDecided, ContentChanged;
        of approvals also EvidenceUnavailable and two_people.SamePerson.
    """
    choice = Choice(verb, reason, times, seen_hash)
    if not (user.is_active and user.is_staff and user.has_perm(PERMISSION)):
        raise PermissionDenied("Deciding needs the permission 'Can approve, reject and return loops'.")
    choice.check()
    about = basis(loop)  # before the transaction: stores are slow, and others wait for the control database
    if seen_hash and about.hash != seen_hash:
        raise ContentChanged(f"The content of {loop.loop_id} is no longer what the page showed.")
    if verb == Decision.Verb.APPROVE and not about.hash:
        raise EvidenceUnavailable(f"The evidence of {loop.loop_id} cannot be read just now.")
    with transaction.atomic():
        return record(loop, choice, about, user, now, address)


def record(loop: Loop, choice: Choice, about: Basis, user: User, now: datetime, address: str) -> Decision:
    """The stored decision, with the change of state, the line in the history and the entry in the audit log."""
    revision, state = loop.revision, loop.state
    is_first = choice.verb == Decision.Verb.APPROVE and not completes(loop, about, user)
    move(loop, choice.verb, about, now, stay=is_first)
    decision = Decision.objects.create(
        loop=loop,
        verb=choice.verb,
        reason=choice.reason.strip(),
        decided_by=user,
        decided_at=now,
        packet=about.packet,
        revision=revision,
        content_hash=about.hash,
        content=about.parts,
        is_first=is_first,
        times=choice.times,
        numbers=growth.numbers(about.packet, about.issue),
    )
    note(decision)
    write_down(decision, state, address)
    return decision


def completes(loop: Loop, about: Basis, user: User) -> bool:
    """Whether this approval is enough. SamePerson: a second person must give it."""
    if two_people.needed(loop) == 1:
        return True
    first = two_people.pending(loop)
    if first is None or first.content_hash != about.hash:
        return False
    if first.decided_by_id == user.pk:
        raise two_people.SamePerson("You gave the first approval: the second must come from somebody else.")
    return True


def move(loop: Loop, verb: Decision.Verb, about: Basis, now: datetime, *, stay: bool) -> None:
    """The change of state by compare-and-set; a newer packet may have come since the person looked."""
    kept = {"packet_id": about.packet.pk, "issue": about.issue, **({} if stay else {"again": ""})}
    state = loop.state if stay else OUTCOMES[verb]
    try:
        loops.change(loop, loops.DECIDABLE, state, now, verb.value, **kept)
    except loops.WrongState as error:
        raise AlreadyDecided(str(error)) from error


def note(decision: Decision) -> None:
    """The line in the loop's history."""
    detail = {"verb": decision.verb, "reason": decision.reason, "content_hash": decision.content_hash}
    if decision.is_first:
        detail["approvals"] = f"1 of {two_people.NEEDED}"
    actor = decision.decided_by.get_username()
    loops.note(decision.loop, LoopEvent.Kind.DECIDED, actor, decision.decided_at, **detail)


def write_down(decision: Decision, state: str, address: str) -> None:
    """Append the decision to the audit log; `state` is what the loop was before."""
    loop = decision.loop
    audit.record(
        audit.AuditEvent.DECIDED,
        f"loop:{loop.pk}",
        audit.Actor(audit.person(decision.decided_by), address),
        decision.decided_at,
        loop.project.tenant_id,
        project=loop.project_id,
        verb=decision.verb,
        reason=decision.reason,
        packet_id=decision.packet_id,
        content_hash=decision.content_hash,
        revision=decision.revision,
        is_first_of_two=decision.is_first,
        proposed_again_at_times=decision.times,
        state={"before": state, "after": loop.state},
    )
