"""
The life of a loop: which change is allowed from which state, made by compare-and-set.

    proposed -> approved | rejected | returned      a human, in the admin (approval.py)
    returned -> proposed                            the agent answers
    approved -> shipped                             the agent reports the release
    shipped  -> held | regressed | inconclusive     verification
    held     -> regressed                           the failure is back; a human decides again
    rejected -> proposed                            it grew past the decision's numbers (growth.py)
    approved -> proposed                            what was approved is not there any more (reopening.py)
    any      -> joined                              its cluster became one with another loop's (carrying.py)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from diagnosis import baseline, notices, switching
from diagnosis.models import Decision, Loop, LoopEvent
from telemetry.times import rfc3339

State = Loop.State
WAITING = (State.PROPOSED, State.REGRESSED)  # for a human
DECIDABLE = (*WAITING, State.RETURNED)
REPORTABLE = {  # by the agent: from which states, to which
    LoopEvent.Kind.ISSUE_OPENED: ((State.APPROVED,), State.APPROVED),
    LoopEvent.Kind.PR_OPENED: ((State.APPROVED,), State.APPROVED),
    LoopEvent.Kind.MERGED: ((State.APPROVED,), State.APPROVED),
    LoopEvent.Kind.SHIPPED: ((State.APPROVED,), State.SHIPPED),
    LoopEvent.Kind.ANSWERED: ((State.RETURNED,), State.PROPOSED),
}


class WrongState(Exception):
    """The loop is not in a state that allows this change, or somebody else changed it first."""

    def __init__(self, loop: Loop, wanted: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{wanted} needs a loop that is {' or '.join(allowed)}; this one is {loop.state}.")
        self.loop = loop
        self.allowed = allowed


def change(loop: Loop, allowed: tuple[str, ...], state: str, now: datetime, what: str, **fields: Any) -> None:
    """Move the loop as it was read (its revision) to a state. WrongState if it is elsewhere or was changed since."""
    fields["waiting_since"] = waiting_since(loop, state, now)
    changed = Loop.objects.filter(pk=loop.pk, revision=loop.revision, state__in=allowed).update(
        state=state, revision=F("revision") + 1, updated_at=now, **fields
    )
    loop.refresh_from_db()
    if not changed:
        raise WrongState(loop, what, allowed)


def waiting_since(loop: Loop, state: str, now: datetime) -> datetime | None:
    """Since when the loop waits for a human once it is in that state; None if it does not."""
    if state not in WAITING:
        return None
    return (loop.waiting_since if loop.state in WAITING else None) or now


def note(loop: Loop, kind: str, actor: str, now: datetime, **detail: Any) -> LoopEvent:
    """Append to the loop's history, and tell people of it."""
    event = LoopEvent.objects.create(loop=loop, kind=kind, actor=actor, detail=detail, created_at=now)
    notices.tell([event])
    return event


@transaction.atomic
def report(loop: Loop, kind: LoopEvent.Kind, actor: str, now: datetime, **detail: Any) -> LoopEvent:
    """What the agent did, with the change of state that follows from it. The loop's project is bound."""
    allowed, state = REPORTABLE[kind]
    shipped = shipment(loop, detail.pop("shipped_at", now), detail) if kind == LoopEvent.Kind.SHIPPED else {}
    change(loop, allowed, state, now, kind.value, **shipped)
    return note(loop, kind, actor, now, **detail)


def shipment(loop: Loop, shipped_at: datetime, detail: dict[str, Any]) -> dict[str, Any]:
    """What a loop keeps when its fix ships: since when, in which release, and the rate before it."""
    switching.hold(loop.project)
    return {
        "shipped_at": shipped_at,
        "release": detail.get("release", ""),
        "verdict": "",
        "baseline": baseline.baseline(loop, shipped_at),
    }


def of(loop_ids: Iterable[str]) -> list[Loop]:
    """These loops with their decisions, in a few queries."""
    return list(with_decisions(Loop.objects.filter(loop_id__in=list(loop_ids))))


def with_decisions(rows: QuerySet[Loop]) -> QuerySet[Loop]:
    """With what answers ask each loop for: its decisions and its tenant."""
    return rows.select_related("project__tenant").prefetch_related("decisions__decided_by")


def decided(loop: Loop) -> dict[str, Any] | None:
    """The latest decision as answers show it; None before one. The first of two approvals is none yet."""
    made = (decision for decision in loop.decisions.all() if not decision.is_first)
    decision: Decision | None = next(made, None)
    return None if decision is None else as_shown(decision)


def as_shown(decision: Decision) -> dict[str, Any]:
    """A decision as answers and events show it."""
    return {
        "verb": decision.verb,
        "reason": decision.reason,
        "decided_by": decision.decided_by.get_username(),
        "decided_at": rfc3339(decision.decided_at),
        "content_hash": decision.content_hash or None,
        "times": decision.times,
    }
