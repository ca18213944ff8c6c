"""
Changes of a loop's row by compare-and-set, entries in its history, and its decisions as answers show them.

states.py defines which change is allowed in which state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet

from diagnosis.loops.states import (
    ENDING,
    NEXT_STATES,
    REPORTABLE,
    WAITING,
    MovedBy,
    State,
    Trigger,
    states_before,
    triggers_of,
)
from diagnosis.models import Decision, Loop, LoopEvent
from diagnosis.models.reported_step import ReportedStep
from diagnosis.notices import notice_rows
from telemetry.grouping.fingerprint import of_cluster_id
from telemetry.windows import rfc3339
from tenants.audit import audit_log, lookup

# The columns that the status and the next action of a loop follow from (next_action.py).
LIVE = ("cluster_id", "state", "revision", "again", "verdict", "way_on", "reported", "joined_to")


class WrongState(Exception):
    """The loop is not in a state that allows this change, or somebody else changed it first."""

    def __init__(self, loop: Loop, action: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"{action} needs a loop that is {' or '.join(allowed)}; this one is {loop.state}.")
        self.loop = loop
        self.allowed = allowed


def apply_trigger(loop: Loop, trigger: Trigger, now: datetime, **fields: Any) -> None:
    """
    Change the state of the loop, as it was read, by the table of states.py, and store these fields with it.

    Raises WrongState if the table has no such change, or if the loop's revision or state changed since it was read.
    """
    state = NEXT_STATES.get((State(loop.state), trigger))
    updated_rows = 0
    if state is not None:
        unchanged = Loop.objects.filter(pk=loop.pk, revision=loop.revision, state=loop.state)
        fields["waiting_since"] = waiting_since(loop, state, now)
        fields["reported"] = reported_step(loop, trigger, state)
        updated_rows = unchanged.update(state=state, revision=F("revision") + 1, updated_at=now, **fields)
    loop.refresh_from_db()
    if not updated_rows:
        action = "verify" if trigger in triggers_of(MovedBy.VERIFICATION) else trigger.value
        raise WrongState(loop, action, states_before(trigger))


def check_allowed(loop: Loop, trigger: Trigger) -> None:
    """Raise WrongState if the table has no such change of the loop's present state."""
    if (State(loop.state), trigger) not in NEXT_STATES:
        raise WrongState(loop, trigger.value, states_before(trigger))


def waiting_since(loop: Loop, state: str, now: datetime) -> datetime | None:
    """The time since which the loop waits for a human once it is in this state; None if it does not wait there."""
    if state not in WAITING:
        return None
    return (loop.waiting_since if loop.state in WAITING else None) or now


def reported_step(loop: Loop, trigger: Trigger, state: str) -> str:
    """What was reported last of the fix in work, once the trigger led to this state; "" where a new step begins."""
    if trigger.value in ReportedStep.values:
        return trigger.value
    return loop.reported if state == loop.state else ""


def append_event(loop: Loop, kind: str, actor: str, now: datetime, **detail: Any) -> LoopEvent:
    """Append an event to the loop's history, and write the notices that it causes. One that ends is audited too."""
    event = LoopEvent.objects.create(loop=loop, kind=kind, actor=actor, detail=detail, created_at=now)
    notice_rows.write_notices([event])
    if kind in ENDING:
        audit_ending(event, now)
    return event


def audit_earlier_endings(now: datetime) -> None:
    """Append to the audit log what ended the approvals of loops before releases that did so at once."""
    events = LoopEvent.objects.filter(kind__in=(LoopEvent.Kind.DECIDED, *ENDING)).order_by("pk")
    last = {loop_id: (pk, kind) for loop_id, kind, pk in events.values_list("loop_id", "kind", "pk")}
    ended = {f"loop:{loop_id}": pk for loop_id, (pk, kind) in last.items() if kind in ENDING}
    decided, noted = (
        lookup.numbers_about([event], ended)
        for event in (audit_log.AuditEvent.DECIDED, audit_log.AuditEvent.ENDED)
    )
    missing = [pk for name, pk in ended.items() if noted.get(name, [0])[-1] < decided.get(name, [0])[-1]]
    for event in LoopEvent.objects.filter(pk__in=missing).select_related("loop__project").order_by("pk"):
        audit_ending(event, now)


def audit_ending(event: LoopEvent, now: datetime) -> None:
    """Append to the audit log that an approval of the loop counts no longer, so that it shows without the event."""
    loop = event.loop
    audit_log.append_entry(
        audit_log.AuditEvent.ENDED,
        f"loop:{loop.pk}",
        audit_log.Actor(actor_of(event)),
        now,
        loop.project.tenant_id,
        project=loop.project_id,
        kind=event.kind,
        revision=loop.revision,
        state=loop.state,
    )


def actor_of(event: LoopEvent) -> str:
    """Who caused the event, as the audit log names them."""
    return f"key:{event.actor}" if event.kind in REPORTABLE else event.actor


def loop_fingerprint(loop: Loop) -> int:
    """The fingerprint of the loop's cluster. Raises ValueError if its cluster id is none."""
    number = of_cluster_id(loop.cluster_id)
    if number is None:
        raise ValueError(f"{loop.cluster_id!r} of {loop.loop_id} is not a cluster id")
    return number


def live(rows: QuerySet[Loop], *columns: str) -> QuerySet[Loop]:
    """The loops with what their status and next action follow from, and these columns; others are read when asked."""
    return rows.only(*LIVE, *columns).prefetch_related("decisions__decided_by")


def with_decisions(rows: QuerySet[Loop]) -> QuerySet[Loop]:
    """The loops with the related rows that answers need: decisions, their authors, project and tenant."""
    return rows.select_related("project__tenant").prefetch_related("decisions__decided_by")


def latest_decision(loop: Loop) -> dict[str, Any] | None:
    """The latest decision as answers show it, or None. The first of two approvals is not yet a decision."""
    complete = (decision for decision in loop.decisions.all() if not decision.is_first)
    decision: Decision | None = next(complete, None)
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
