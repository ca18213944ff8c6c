"""
Whether the approval of a loop stands: it led to the state, the decision is as it was made, the content as it was seen.

    counting_approvals -> unfounded_loops -> changes_since_audited -> changes_since

Checked at every handoff, on the loop's page and in its answers, and by reopening.py, for each state under approval.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DatabaseError

from diagnosis.loops import audited_decisions, content_hash, two_people
from diagnosis.loops.states import ENDING, UNDER_APPROVAL
from diagnosis.models import Decision, Loop, LoopEvent
from tenants.models import AuditEntry

Approvals = list[Decision]  # of a loop, in their order


def why_outdated(loop: Loop) -> str:
    """The reason why the approval of this loop no longer holds; "" while it does, or where none counts."""
    if why := reasons([loop]).get(loop.pk, ""):
        return why
    approvals = two_people.counting_approvals(loop)
    lost = audited_decisions.lost_entries(approvals[0]) if approvals else []
    return no_longer_holds(approvals[-1], lost) if lost else ""


def as_far_as_known(loop: Loop) -> str:
    """`why_outdated`, or "" while the store does not answer, so that the loop can be read without it."""
    try:
        return why_outdated(loop)
    except (DatabaseError, OSError):
        return ""


def reasons(loops: Sequence[Loop], *, only_readable: bool = False) -> dict[str, str]:
    """
    Why the approval of each of these loops of one project no longer holds, by loop id; no entry where it holds.

    Args:
        only_readable: leave out loops whose evidence cannot be read: it may be as it was once the file is sound again.
    """
    approvals = {loop.pk: two_people.counting_approvals(loop) for loop in loops}
    unfounded = unfounded_loops(loops, approvals)
    founded = [loop for loop in loops if approvals[loop.pk] and loop.pk not in unfounded]
    changes = changes_of(founded, approvals, only_readable)
    return {
        loop.pk: f"The loop is {loop.state}, but no decision leads there." for loop in unfounded.values()
    } | {
        loop.pk: no_longer_holds(approvals[loop.pk][-1], changes[loop.pk])
        for loop in founded
        if changes.get(loop.pk)
    }


def unfounded_loops(loops: Sequence[Loop], approvals: dict[str, Approvals]) -> dict[str, Loop]:
    """Those loops, by id, whose state needs an approval, and that have none or had one that ended."""
    under_approval = {loop.pk: loop for loop in loops if loop.state in UNDER_APPROVAL}
    kinds = (LoopEvent.Kind.DECIDED, *ENDING)
    events = LoopEvent.objects.filter(loop__in=under_approval, kind__in=kinds).order_by("pk")
    last_event = dict(events.values_list("loop_id", "kind"))  # the last of each loop stays
    return {
        pk: loop
        for pk, loop in under_approval.items()
        if not is_complete(loop, approvals[pk]) or last_event.get(pk) in ENDING
    }


def is_complete(loop: Loop, approvals: Approvals) -> bool:
    """Whether the last of these decisions approves the loop, on an earlier revision than it has now."""
    last = approvals[-1] if approvals else None
    return (
        last is not None
        and last.verb == Decision.Verb.APPROVE
        and not last.is_first
        and last.revision < loop.revision
    )


def changes_of(
    loops: Sequence[Loop], approvals: dict[str, Approvals], only_readable: bool
) -> dict[str, list[str]]:
    """The parts of decisions and content that changed, in words, by loop id."""
    entries = audited_decisions.audit_entries(decision for loop in loops for decision in approvals[loop.pk])
    about = audited_decisions.numbers_about(loops)
    moves = audited_decisions.cluster_moves({loop.project_id for loop in loops})
    contents = content_hash.stored_contents([(loop, loop.issue) for loop in loops])
    return {
        loop.pk: [
            *decision_changes(loop, approvals[loop.pk], entries),
            *audited_decisions.cluster_changes(loop, entries.get(approvals[loop.pk][-1].pk), moves),
            *audited_decisions.later_entries(approvals[loop.pk], entries, about.get(loop.pk, [])),
            *content_hash.changes_since(approvals[loop.pk][-1], stored),
        ]
        for loop, stored in zip(loops, contents, strict=True)
        if not (only_readable and stored.unreadable)
    }


def decision_changes(loop: Loop, approvals: Approvals, entries: dict[int, AuditEntry]) -> list[str]:
    """The parts of the loop's decisions that are not as they were made, in words."""
    changes = [
        change
        for decision in approvals
        for change in audited_decisions.changes_since_audited(decision, entries.get(decision.pk))
    ]
    if loop.packet_id != approvals[-1].packet_id:
        changes.append("the packet is another one")
    return list(dict.fromkeys(changes))


def no_longer_holds(approval: Decision, changes: list[str]) -> str:
    """`The approval by olga no longer holds: the record rec_1 is not stored any more.`"""
    name = "first approval" if approval.is_first else "approval"
    return f"The {name} by {approval.decided_by.get_username()} no longer holds: {'; '.join(changes)}."
