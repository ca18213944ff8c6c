"""
Decisions on loops: only a signed-in person with the permission decides, in the admin, with a reason.

    choice.check -> decision_basis.basis -> check_content -> worst_severity.severity_to_approve
        -> unsaved_decision -> move_loop -> decision.save -> note_decision -> audit_decision

A decision binds to the content that the page showed the person (content_hash.py). The loop is changed by
compare-and-set on its revision: of two people who decide at once, one succeeds and the other gets AlreadyDecided.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models.functions import Greatest

from diagnosis.display.hidden_characters import is_hidden
from diagnosis.loops import content_hash, decision_basis, growth, lifecycle, two_people, worst_severity
from diagnosis.loops.decision_basis import DecisionBasis
from diagnosis.loops.states import Trigger
from diagnosis.models import Decision, Loop, LoopEvent
from tenants.audit import audit_log
from tenants.redactor import without_secrets

PERMISSION = "diagnosis.decide_loop"
SENTENCE_ENDS = (".", "!", "?", "…", "。", "！", "？")  # another sentence follows what a person wrote
ENDS_AS_REJECTED = (Decision.Verb.REJECT, Decision.Verb.GIVE_UP)  # until the failure grows so many times
# Why a human is asked, after a decision that another one is to follow.
ASKED_BY = {
    Decision.Verb.WITHDRAW: "{name} took the approval back because: {reason}",
    Decision.Verb.REOPEN: "{name} reopened it because: {reason}",
}


class AlreadyDecided(Exception):
    """Somebody else decided, or the loop changed, since this person read it."""


class ContentChanged(AlreadyDecided):
    """The issue, its evidence or its eval changed since this person read them."""


class EvidenceUnavailable(Exception):
    """The evidence to approve cannot be read, is not stored whole any more, or was not on the page."""


@dataclass(frozen=True, slots=True)
class DecisionChoice:
    """A person's choice: verb, reason and, for a rejection, how many times it must grow to be proposed again."""

    verb: Decision.Verb
    reason: str
    times: int | None = None  # None: it is never proposed again by itself
    seen_hash: str = ""  # hash of the content that the page showed; "" if it showed none

    @property
    def summary(self) -> str:
        """The choice as Django's log of changes shows it."""
        return f"{self.verb.label}: {without_secrets(self.reason)}"

    def check(self) -> None:
        """Raise ValidationError without a reason, or for `times` of another verb or out of range."""
        if all(character.isspace() or is_hidden(character) for character in self.reason):
            raise ValidationError("Say why: the reason is kept with the decision.")
        if self.times is not None and self.verb not in ENDS_AS_REJECTED:
            raise ValidationError("Only a rejection takes a number of times.")
        if self.times is not None and not growth.FEWEST <= self.times <= growth.MOST:
            raise ValidationError(f"The number of times must be from {growth.FEWEST} to {growth.MOST}.")


def record_decision(
    loop: Loop, choice: DecisionChoice, user: User, now: datetime, address: str = ""
) -> Decision:
    """
    Record the decision, also in the audit log (with the address), and change the state of the loop, as it was read.

    Raises: PermissionDenied without the permission; ValidationError for an invalid choice; AlreadyDecided,
        ContentChanged; for approvals also EvidenceUnavailable and two_people.SamePerson.
    """
    if not may_decide(user):
        raise PermissionDenied("Deciding needs the permission 'Can approve, reject and return loops'.")
    choice.check()
    # Before the transaction: stores are slow, and a long transaction makes others wait for the control database.
    basis = decision_basis.basis(loop)
    if choice.verb == Decision.Verb.APPROVE:
        check_content(loop, choice, basis)
        loop.severity = worst_severity.severity_to_approve(loop, now)
    with transaction.atomic():
        state = loop.state
        decision = unsaved_decision(loop, choice, basis, user, now)
        move_loop(decision, basis)
        decision.save(force_insert=True)
        note_decision(decision)
        audit_decision(decision, state, address)
    return decision


def may_decide(user: User) -> bool:
    """Whether the person may decide on loops, and put shipments right."""
    return user.is_active and user.is_staff and user.has_perm(PERMISSION)


def check_content(loop: Loop, choice: DecisionChoice, basis: DecisionBasis) -> None:
    """
    Compare what the page of an approval showed, which must be all of the content, with what is stored.

    Raises EvidenceUnavailable or ContentChanged.
    """
    if not choice.seen_hash:
        raise EvidenceUnavailable(
            f"The page that you sent did not show the whole evidence of {loop.loop_id}, so it cannot approve."
        )
    if not basis.stored:
        raise EvidenceUnavailable(f"The evidence of {loop.loop_id} cannot be read just now.")
    if basis.stored.missing:
        raise EvidenceUnavailable(f"{loop.loop_id} cannot be approved: {'; '.join(basis.stored.missing)}.")
    if basis.hash != choice.seen_hash:
        raise ContentChanged(f"The content of {loop.loop_id} is no longer what the page showed.")


def unsaved_decision(
    loop: Loop, choice: DecisionChoice, basis: DecisionBasis, user: User, now: datetime
) -> Decision:
    """The row of the decision on the loop's present revision. Raises SamePerson if another person must approve."""
    if choice.seen_hash not in ("", basis.hash):
        # What was seen is not stored any more: the decision covers no content.
        basis = replace(basis, stored=None)
    return Decision(
        loop=loop,
        verb=choice.verb,
        reason=without_secrets(choice.reason.strip()),
        decided_by=user,
        decided_at=now,
        packet=basis.packet,
        revision=loop.revision,
        content_hash=basis.hash,
        content_version=content_hash.CURRENT_VERSION,
        content=basis.parts,
        is_first=choice.verb == Decision.Verb.APPROVE and not completes(loop, basis, user),
        times=choice.times,
        numbers=growth.numbers(basis.packet, basis.issue),
    )


def completes(loop: Loop, basis: DecisionBasis, user: User) -> bool:
    """Whether the loop is approved with this approval. Raises SamePerson if another person must give it."""
    if two_people.approvals_needed(loop) == 1:
        return True
    first = two_people.pending(loop)
    if first is None or not basis.is_content_of(first):
        return False
    if first.decided_by_id == user.pk:
        raise two_people.SamePerson("You gave the first approval: the second must come from somebody else.")
    return True


def move_loop(decision: Decision, basis: DecisionBasis) -> None:
    """
    Change the loop's state by compare-and-set, and store the packet and the issue that were decided on.

    Raises AlreadyDecided.
    """
    fields: dict[str, Any] = {
        "packet_id": basis.packet.pk,
        "issue": basis.issue,
        "severity": Greatest("severity", decision.loop.severity),
    }
    trigger = Trigger.APPROVE_FIRST
    if not decision.is_first:
        fields["again"] = why_asked(decision)
        trigger = Trigger(decision.verb)
    try:
        lifecycle.apply_trigger(decision.loop, trigger, decision.decided_at, **fields)
    except lifecycle.WrongState as error:
        raise AlreadyDecided(str(error)) from error


def why_asked(decision: Decision) -> str:
    """Why a human is asked again after this decision; "" if it closes the matter."""
    template = ASKED_BY.get(Decision.Verb(decision.verb), "")
    reason = decision.reason if decision.reason.endswith(SENTENCE_ENDS) else f"{decision.reason}."
    return template.format(name=decision.decided_by.get_username(), reason=reason)


def note_decision(decision: Decision) -> None:
    """Append the decision to the loop's history."""
    detail = {"verb": decision.verb, "reason": decision.reason, "content_hash": decision.content_hash}
    if decision.is_first:
        detail["approvals"] = f"1 of {two_people.NEEDED}"
    actor = decision.decided_by.get_username()
    lifecycle.append_event(decision.loop, LoopEvent.Kind.DECIDED, actor, decision.decided_at, **detail)


def audit_decision(decision: Decision, state: str, address: str) -> None:
    """Append the decision to the audit log, and number it by its entry; `state` is the loop's state before it."""
    loop = decision.loop
    entry = audit_log.append_entry(
        audit_log.AuditEvent.DECIDED,
        f"loop:{loop.pk}",
        audit_log.Actor(audit_log.person(decision.decided_by), address),
        decision.decided_at,
        loop.project.tenant_id,
        project=loop.project_id,
        user_id=decision.decided_by_id,
        verb=decision.verb,
        reason=decision.reason,
        packet_id=decision.packet_id,
        content_hash=decision.content_hash,
        content_version=decision.content_version,
        revision=decision.revision,
        is_first_of_two=decision.is_first,
        proposed_again_at_times=decision.times,
        numbers=decision.numbers,
        cluster_id=loop.cluster_id,
        state={"before": state, "after": loop.state},
    )
    Decision.objects.filter(pk=decision.pk).update(audit_sequence=entry.sequence)
