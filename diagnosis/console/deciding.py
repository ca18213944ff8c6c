"""
A decision on the revision and the packet that a page showed.

approval.py has the rules; this module applies them for the admin, and words the refusal if somebody else came first.
A packet that an open page shows is kept, so that no diagnosis meanwhile makes its form void.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import HttpRequest
from django.utils import timezone

from diagnosis.display.quantities import to_the_minute
from diagnosis.evidence_view.evidence_page import Evidence
from diagnosis.loops import (
    approval,
    approval_standing,
    content_hash,
    decision_basis,
    next_action,
    states,
    two_people,
    worst_severity,
)
from diagnosis.loops.approval import DecisionChoice
from diagnosis.models import Decision, Loop, Packet
from diagnosis.packets.packet_retention import keep_shown
from tenants.limits.rate_limits import client_address

logger = logging.getLogger(__name__)
LASTING = (Decision.Verb.WITHDRAW, Decision.Verb.GIVE_UP, Decision.Verb.REOPEN)


@dataclass(frozen=True, slots=True)
class SeenLoop:
    """The revision and packet of a loop that a page showed."""

    loop_id: str
    revision: int
    packet_id: str

    def __str__(self) -> str:
        return f"{self.loop_id}:{self.revision}:{self.packet_id}"


def parse_seen(text: str) -> SeenLoop | None:
    """The SeenLoop that `str` wrote, or None for any other text."""
    loop_id, _, rest = text.partition(":")
    revision, _, packet_id = rest.partition(":")
    is_number = revision.isascii() and revision.isdigit() and len(revision) < 10
    return SeenLoop(loop_id, int(revision), packet_id) if is_number else None


def seen_now(loop: Loop) -> SeenLoop:
    """The loop's present revision and packet."""
    return SeenLoop(loop.loop_id, loop.revision, loop.packet_id)


def keep_open(loops: Sequence[Loop], now: datetime) -> None:
    """Keep the packets of these loops for the form of the page; a loop that a diagnosis just changed is read again."""
    try:
        with transaction.atomic():
            locked = Loop.objects.select_for_update().filter(pk__in=[loop.pk for loop in loops])
            packets = dict(locked.values_list("pk", "packet_id"))
            for loop in loops:
                if packets[loop.pk] != loop.packet_id:
                    loop.refresh_from_db()
            keep_shown(loops, now)
    except DatabaseError as error:  # a page can be read where nothing can be written
        logger.error("packets of an open page are not kept: %s", error)


def decide_as_seen(request: HttpRequest, loop: Loop, seen: SeenLoop, choice: DecisionChoice) -> str:
    """Decide on the loop as the page showed it; returns "", or the reason why nothing was recorded."""
    user = request.user
    # The admin lets nobody else in.
    if not isinstance(user, User):
        raise PermissionDenied("Sign in to decide.")
    try:
        set_shown_revision(loop, seen, choice.verb)
        approval.record_decision(loop, choice, user, timezone.now(), client_address(request))
    except (approval.ContentChanged, approval.EvidenceUnavailable, two_people.SamePerson) as error:
        loop.refresh_from_db()
        return f"{error} Nothing was recorded."
    except approval.AlreadyDecided:
        loop.refresh_from_db()
        return what_happened(loop, seen, choice.verb)
    return ""


def set_shown_revision(loop: Loop, seen: SeenLoop, verb: Decision.Verb) -> None:
    """
    Set the loop, in memory, to what the page showed.

    Where that packet does not exist, other verbs than approve apply to the newest. Raises AlreadyDecided for approve.
    A verb that closes a handoff or opens the matter again applies to the loop as it is now, unless a person decided
    since: the reports of an agent keep nobody from it.
    """
    if verb in LASTING and not loop.decisions.filter(revision__gte=seen.revision).exists():
        return
    loop.revision = seen.revision
    if Packet.objects.filter(pk=seen.packet_id, project=loop.project_id).exists():
        loop.packet_id = seen.packet_id
    elif verb == Decision.Verb.APPROVE:
        raise approval.AlreadyDecided(f"The packet {seen.packet_id!r} does not exist in this project.")


def in_the_way(loop: Loop, seen: SeenLoop, verb: Decision.Verb) -> Decision | None:
    """The decision that came first: the latest since the page was shown, or the one that closed the loop; else None."""
    decisions = loop.decisions.select_related("decided_by")
    since = decisions.filter(revision__gte=seen.revision).first()
    return since or (None if loop.state in states.DECIDABLE or verb in LASTING else decisions.first())


def decision_context(loop: Loop, evidence: Evidence) -> dict[str, Any]:
    """The context of the decision form: content hash, approvals needed and given, and whether they still hold."""
    context: dict[str, Any] = {}
    if loop.state in states.DECIDABLE:
        loop.severity = worst_severity.as_far_as_known(loop, timezone.now())
        context = content_context(loop, evidence)
    return context | {
        "verbs": states.verbs_in(loop.state),
        "first_approval": two_people.pending(loop),
        "people_needed": two_people.approvals_needed(loop),
        "outdated": approval_standing.as_far_as_known(loop),
        "comes_back": next_action.comes_back(loop) if loop.state == Loop.State.REJECTED else "",
    }


def content_context(loop: Loop, evidence: Evidence) -> dict[str, Any]:
    """The hash of the content if the page shows all of it, so that one may approve; else what is missing."""
    basis = decision_basis.basis(loop)
    if basis.stored is None or not evidence.available:
        return {"content_hash": "", "missing": "The evidence cannot be read just now"}
    missing = "; ".join(basis.stored.missing)
    if not content_hash.is_same_issue(loop.issue, basis.issue):
        missing = f"the issue is not that of its packet {loop.packet_id}"
    return {"content_hash": "" if missing else basis.hash, "missing": missing[:1].upper() + missing[1:]}


def what_happened(loop: Loop, seen: SeenLoop, verb: Decision.Verb) -> str:
    """The sentence that tells a person why their decision was not recorded."""
    decision = in_the_way(loop, seen, verb)
    if decision is None:
        changed = f"Changed since you opened it: {loop.loop_id}, which is {loop.state} now."
        return f"{changed} Nothing was recorded. Read it again, then decide."
    if decision.is_first:
        first = f"The first of two approvals came from {decision.decided_by.get_username()} meanwhile."
        return f"{first} Yours was not recorded. Read {loop.loop_id} again, then decide."
    return (
        f"Already decided: {loop.loop_id}. {decision.decided_by.get_username()} chose "
        f"“{decision.get_verb_display()}” at {to_the_minute(decision.decided_at)}, "
        f"because: {decision.reason} Your decision was not recorded."
    )
