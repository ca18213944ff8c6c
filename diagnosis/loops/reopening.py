"""
Loops that are put to a human again after a decision: a rejected failure grew, or the approved content changed.

The reason goes into `Loop.again` and into the history, so that the next person to decide knows the earlier decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from diagnosis.display.quantities import counted
from diagnosis.loops import content_hash, growth, lifecycle, two_people
from diagnosis.loops.growth import a_day
from diagnosis.loops.states import DECIDABLE, Trigger
from diagnosis.models import Decision, Loop, LoopEvent
from telemetry.windows import Window
from tenants.models import Project


def repropose_grown(
    loops: Iterable[Loop], issues: dict[str, dict[str, Any]], window: Window, now: datetime
) -> None:
    """Propose the rejected loops again that grew in this window; `issues` by cluster id. The project is bound."""
    rejected = {loop.loop_id: loop for loop in loops if loop.state == Loop.State.REJECTED}
    decisions = Decision.objects.filter(loop__in=rejected.values()).order_by("decided_at", "pk")
    # In order of time, so that the latest decision of each loop stays.
    rejections = {decision.loop_id: decision for decision in decisions.select_related("decided_by")}
    for loop_id, rejection in rejections.items():
        loop = rejected[loop_id]
        numbers = growth.growth_past_rejection(
            rejection, issues[loop.cluster_id], window, lifecycle.loop_fingerprint(loop)
        )
        if numbers:
            repropose_rejected(loop, rejection, numbers, now)


def repropose_rejected(
    loop: Loop, rejection: Decision, numbers: growth.ClusterNumbers, now: datetime
) -> None:
    """Move the rejected loop to `proposed`, with the reason in `again` and in its history."""
    detail = {
        "was": rejection.numbers,
        "is": numbers.as_document(),
        "rejected": lifecycle.as_shown(rejection),
    }
    again = outgrown(rejection, numbers)
    lifecycle.apply_trigger(loop, Trigger.GREW, now, again=again)
    lifecycle.append_event(loop, LoopEvent.Kind.GREW, "loopkit", now, reason=again, **detail)


def outgrown(rejection: Decision, new: growth.ClusterNumbers) -> str:
    """`Rejected at 12 a day by olga because: ...; now 40 a day.`"""
    old = growth.ClusterNumbers.read(rejection.numbers)
    name, reason = rejection.decided_by.get_username(), rejection.reason.rstrip(".")
    return f"Rejected at {numbers_sentence(old)} by {name} because: {reason}; now {numbers_sentence(new)}."


def numbers_sentence(numbers: growth.ClusterNumbers) -> str:
    """`12 a day, 3 users`; without users where records name none."""
    users = f", {counted(numbers.users, 'user')}" if numbers.users else ""
    return f"{a_day(numbers.per_day)}{users}"


def reopen_outdated(project: Project, now: datetime) -> list[Loop]:
    """
    Put loops to a human again whose approval, or the first of two, covers content that changed. Return these loops.

    Called by every diagnosis, by a periodic job, and by `manage.py verify_loops`; until then the handoff refuses.
    """
    approvals = approvals_to_check(project)
    contents = content_hash.stored_contents([(approval.loop, approval.loop.issue) for approval in approvals])
    loops = []
    for approval, stored in zip(approvals, contents, strict=True):
        if changes := content_hash.changes_since(approval, stored):
            with suppress(lifecycle.WrongState):  # somebody decided meanwhile
                loops.append(ask_again(approval, changes, now))
    return loops


def approvals_to_check(project: Project) -> list[Decision]:
    """The approvals of this project that count, also first ones of two, of loops that have not shipped."""
    loops = list(Loop.objects.filter(project=project, state=Loop.State.APPROVED))
    waiting = Loop.objects.filter(project=project, state__in=DECIDABLE)
    complete = Decision.objects.filter(loop__in=loops, verb=Decision.Verb.APPROVE, is_first=False)
    # In order of time, so that the latest approval of each loop stays.
    newest = {
        approval.loop_id: approval
        for approval in complete.order_by("decided_at", "pk").select_related("loop__project", "decided_by")
    }
    approvals = [*newest.values(), *two_people.first_approvals(waiting)]
    return [approval for approval in approvals if approval.content]


@transaction.atomic
def ask_again(approval: Decision, changes: list[str], now: datetime) -> Loop:
    """Put the loop to a human again, with the changes as the reason in `again` and in its history, and return it."""
    loop = approval.loop
    again = no_longer_holds(approval, changes)
    lifecycle.apply_trigger(loop, Trigger.OUTDATED, now, again=again)
    lifecycle.append_event(
        loop, LoopEvent.Kind.OUTDATED, "loopkit", now, reason=again, approval=lifecycle.as_shown(approval)
    )
    return loop


def no_longer_holds(approval: Decision, changes: list[str]) -> str:
    """`The approval by olga no longer holds: the record rec_1 is not stored any more.`"""
    name = "first approval" if approval.is_first else "approval"
    return f"The {name} by {approval.decided_by.get_username()} no longer holds: {'; '.join(changes)}."


def why_outdated(loop: Loop) -> str:
    """The reason why the approval of this loop no longer holds; "" while it does."""
    approval = (
        loop.decisions.filter(verb=Decision.Verb.APPROVE, is_first=False).select_related("decided_by").first()
    )
    if loop.state != Loop.State.APPROVED or approval is None or not approval.content:
        return ""
    changes = content_hash.changes_since(approval, content_hash.stored_content(loop, loop.issue))
    return no_longer_holds(approval, changes) if changes else ""


def as_far_as_known(loop: Loop) -> str:
    """`why_outdated`, or "" while the store does not answer, so that the loop can be read without it."""
    try:
        return why_outdated(loop)
    except (DatabaseError, OSError):
        return ""
