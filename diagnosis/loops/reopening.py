"""
Loops that come back to a human although one decided: a rejected failure grew, or what was approved is gone or changed.

Each says why, in `Loop.again` and in its history, so that whoever decides next knows what was decided before.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import DatabaseError, transaction

from diagnosis.loops import content_hash, growth, lifecycle, two_people
from diagnosis.loops.growth import a_day
from diagnosis.loops.states import DECIDABLE, Trigger
from diagnosis.models import Decision, Loop, LoopEvent
from telemetry.windows import Window
from tenants.models import Project


def grown(known: Iterable[Loop], issues: dict[str, dict[str, Any]], window: Window, now: datetime) -> None:
    """Propose those of the rejected loops again that grew in this window; `issues` by cluster. The project is bound."""
    rejected = {loop.loop_id: loop for loop in known if loop.state == Loop.State.REJECTED}
    newest = Decision.objects.filter(loop__in=rejected.values()).order_by("decided_at", "pk")
    last = {one.loop_id: one for one in newest.select_related("decided_by")}
    for loop_id, rejection in last.items():
        loop = rejected[loop_id]
        found = growth.grown(rejection, issues[loop.cluster_id], window, lifecycle.fingerprint(loop))
        if found:
            propose_again(loop, rejection, found, now)


def propose_again(loop: Loop, rejection: Decision, numbers: growth.Numbers, now: datetime) -> None:
    """The state, the reason, the line in the history."""
    told = {"was": rejection.numbers, "is": numbers.kept(), "rejected": lifecycle.as_shown(rejection)}
    again = outgrown(rejection, numbers)
    lifecycle.change(loop, Trigger.GREW, now, again=again)
    lifecycle.note(loop, LoopEvent.Kind.GREW, "loopkit", now, reason=again, **told)


def outgrown(rejection: Decision, now: growth.Numbers) -> str:
    """`Rejected at 12 a day by olga because ...; now 40 a day.`"""
    was = growth.Numbers.read(rejection.numbers)
    who, why = rejection.decided_by.get_username(), rejection.reason.rstrip(".")
    return f"Rejected at {said(was)} by {who} because: {why}; now {said(now)}."


def said(numbers: growth.Numbers) -> str:
    """`12 a day, 3 users`; users only where records name them."""
    users = {0: "", 1: ", 1 user"}.get(numbers.users, f", {numbers.users} users")
    return f"{a_day(numbers.per_day)}{users}"


def outdated(project: Project, now: datetime) -> list[Loop]:
    """
    Put loops to a human again whose approval, or the first of two, is on content that is no longer the same.

    Called by every diagnosis, in each round, and by `manage.py verify_loops`; in between, the handoff is refused.
    """
    found = approved(project)
    as_now = content_hash.stored_contents([(approval.loop, approval.loop.issue) for approval in found])
    moved = []
    for approval, stored in zip(found, as_now, strict=True):
        if changed := content_hash.changes_since(approval, stored):
            with suppress(lifecycle.WrongState):  # somebody decided meanwhile
                moved.append(ask_again(approval, changed, now))
    return moved


def approved(project: Project) -> list[Decision]:
    """The approvals of this project that count, where nothing is shipped yet."""
    rows = list(Loop.objects.filter(project=project, state=Loop.State.APPROVED))
    waiting = Loop.objects.filter(project=project, state__in=DECIDABLE)
    whole = Decision.objects.filter(loop__in=rows, verb=Decision.Verb.APPROVE, is_first=False)
    newest = {
        one.loop_id: one
        for one in whole.order_by("decided_at", "pk").select_related("loop__project", "decided_by")
    }
    return [one for one in [*newest.values(), *two_people.half_approved(waiting)] if one.content]


@transaction.atomic
def ask_again(approval: Decision, changed: list[str], now: datetime) -> Loop:
    """The loop, waiting for a human, with the reason."""
    loop = approval.loop
    again = no_longer_holds(approval, changed)
    lifecycle.change(loop, Trigger.OUTDATED, now, again=again)
    lifecycle.note(
        loop, LoopEvent.Kind.OUTDATED, "loopkit", now, reason=again, approval=lifecycle.as_shown(approval)
    )
    return loop


def no_longer_holds(approval: Decision, changed: list[str]) -> str:
    """`The approval by olga no longer holds: the record rec_1 is not stored any more.`"""
    which = "first approval" if approval.is_first else "approval"
    return f"The {which} by {approval.decided_by.get_username()} no longer holds: {'; '.join(changed)}."


def why_outdated(loop: Loop) -> str:
    """Why the approval of this loop no longer holds; "" while it does."""
    approval = (
        loop.decisions.filter(verb=Decision.Verb.APPROVE, is_first=False).select_related("decided_by").first()
    )
    if loop.state != Loop.State.APPROVED or approval is None or not approval.content:
        return ""
    changed = content_hash.changes_since(approval, content_hash.stored_content(loop, loop.issue))
    return no_longer_holds(approval, changed) if changed else ""


def as_far_as_known(loop: Loop) -> str:
    """The same, and "" while the store does not answer: reading a loop needs no evidence."""
    try:
        return why_outdated(loop)
    except (DatabaseError, OSError):
        return ""
