"""
Loops that are put to a human again after a decision: a rejected failure grew, or the approved content changed.

The reason goes into `Loop.again` and into the history, so that the next person to decide knows the earlier decision.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from diagnosis.display.quantities import counted
from diagnosis.loops import approval_standing, audited_decisions, growth, lifecycle, two_people
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
    if not rejected:
        return
    decisions = Decision.objects.filter(loop__in=rejected.values()).order_by("decided_at", "pk")
    # In order of time, so that the latest decision of each loop stays.
    rejections = {decision.loop_id: decision for decision in decisions.select_related("decided_by")}
    audited_decisions.read_sealed_numbers(rejections.values())
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
    """`Rejected at 12 failures a day by olga because: ...; now 40 failures a day.`"""
    old = growth.ClusterNumbers.read(rejection.numbers)
    name, reason = rejection.decided_by.get_username(), rejection.reason.rstrip(".")
    word = "Given up" if rejection.verb == Decision.Verb.GIVE_UP else "Rejected"
    return f"{word} at {numbers_sentence(old)} by {name} because: {reason}; now {numbers_sentence(new)}."


def numbers_sentence(numbers: growth.ClusterNumbers) -> str:
    """`12 failures a day, 3 users`; without users where records name none."""
    users = f", {counted(numbers.users, 'user')}" if numbers.users else ""
    return f"{a_day(numbers.per_day)}{users}"


def reopen_outdated(project: Project, now: datetime) -> list[Loop]:
    """
    Put loops to a human again whose approval, or the first of two, no longer stands. Return these loops.

    Not where evidence cannot be read in a damaged file: there the handoff refuses until the file is sound again. Called
    by every diagnosis, by a periodic job, and by `manage.py verify_loops`; until then the handoff refuses.
    """
    loops = {loop.pk: loop for loop in loops_to_check(project)}
    if not loops:
        return []
    reopened = []
    for loop_id, again in approval_standing.reasons(list(loops.values()), only_readable=True).items():
        with suppress(lifecycle.WrongState):  # somebody decided meanwhile
            reopened.append(ask_again(loops[loop_id], again, now))
    return reopened


def loops_to_check(project: Project) -> list[Loop]:
    """The approved loops of this project that have not shipped, and those with the first of two approvals."""
    waiting = Loop.objects.filter(project=project, state__in=DECIDABLE)
    half_approved = two_people.half_approved(waiting)
    rows = Loop.objects.filter(Q(state=Loop.State.APPROVED) | Q(pk__in=half_approved), project=project)
    return list(lifecycle.with_decisions(rows))


@transaction.atomic
def ask_again(loop: Loop, again: str, now: datetime) -> Loop:
    """Put the loop to a human again, with the reason in `again` and in its history, and return it."""
    approvals = two_people.counting_approvals(loop)
    approval = lifecycle.as_shown(approvals[-1]) if approvals else None
    lifecycle.apply_trigger(loop, Trigger.OUTDATED, now, again=again)
    lifecycle.append_event(loop, LoopEvent.Kind.OUTDATED, "loopkit", now, reason=again, approval=approval)
    return loop
