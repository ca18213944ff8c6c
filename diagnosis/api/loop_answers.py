"""Loops as the API answers them: a summary for lists, and the whole loop with its history."""

from __future__ import annotations

from typing import Any

from diagnosis.display.sentences import beside
from diagnosis.loops import approval_standing, fixes, history_pages, lifecycle, next_action, two_people
from diagnosis.models import Loop, LoopEvent
from diagnosis.packets.action_gate import action_gate
from diagnosis.side_effects import shown as side_effects
from diagnosis.verification import baseline
from diagnosis.verification.verification_document import shown_document
from diagnosis.window import releases
from telemetry.windows import rfc3339
from tenants.stores.binding import bind

UNLISTED = ("issue", "baseline")  # columns, many kilobytes of each loop, that no summary shows


def loop_in_short(loop: Loop) -> dict[str, Any]:
    """The summary of a loop, for lists."""
    return {
        "loop_id": loop.loop_id,
        "cluster_id": loop.cluster_id,
        "state": loop.state,
        "title": loop.title,
        "severity": loop.get_severity_display(),
        "signal_type": loop.signal_type,
        "service": loop.service or None,
        "operation": loop.operation,
        "failures": loop.failures,
        "quiet_since": loop.quiet_since,
        "packet_id": loop.packet_id,
        "verdict": loop.verdict or None,
        "attempt": loop.attempt or None,
        "release": loop.release or None,
        "shipped_at": rfc3339(loop.shipped_at) if loop.shipped_at else None,
        "updated_at": rfc3339(loop.updated_at),
        "decision": lifecycle.latest_decision(loop),
        "question": question(loop),
        "again": loop.again or None,
        "approvals": approval_counts(loop),
        "next_action": next_action.for_loop(loop),
    }


def reported_release(loop: Loop) -> dict[str, Any]:
    """What is to be known of the release that the fix shipped with, such as that no record names it."""
    if not loop.release or loop.shipped_at is None:
        return {"release_note": None}
    with bind(loop.project):
        seen = releases.of_service(loop.service)
        note = baseline.choose_releases(loop, seen, loop.shipped_at).note
    return {"release_note": note.text or None} | beside(note)


def question(loop: Loop) -> str | None:
    """The human's question that the agent has not answered yet, or None."""
    decision = lifecycle.latest_decision(loop) if loop.state == Loop.State.RETURNED else None
    return decision["reason"] if decision else None


def approval_counts(loop: Loop) -> dict[str, Any]:
    """The number of approvals that the loop needs, None if not known yet, and the names of those who gave one."""
    approvers = [approval.decided_by.get_username() for approval in two_people.counting_approvals(loop)]
    needed = two_people.approvals_as_far_as_known(loop)
    return {"needed": None if needed is None else max(needed, len(approvers)), "given_by": approvers}


def event_shown(event: LoopEvent) -> dict[str, Any]:
    """An event of a loop's history."""
    return {
        "kind": event.kind,
        "actor": event.actor,
        "detail": event.detail,
        "created_at": rfc3339(event.created_at),
    }


def loop_in_full(
    loop: Loop, limit: int, events_before: int | None, verifications_before: int | None
) -> dict[str, Any]:
    """A loop with its issue, and a page each of its history and its verifications."""
    events = history_pages.events_page(loop, events_before, limit)
    verifications = history_pages.verifications_page(loop, verifications_before, limit)
    outdated = approval_standing.as_far_as_known(loop) or None
    decided_by = (lifecycle.latest_decision(loop) or {}).get("decided_by")
    return loop_in_short(loop) | {
        "action_gate": action_gate(None if outdated else loop.state, decided_by),
        "outdated": outdated,
        "issue": next_action.issue_of(loop),
        "fixes": [fix.shown() for fix in fixes.shipped_fixes(loop)],
        "side_effects": side_effects.newest(loop),
        "side_effect_of": fixes.side_effect_of(loop),
        "events": [event_shown(event) for event in events.rows],
        "verifications": [
            shown_document(verification.document, loop.signal_type)
            | {"verdict": verification.verdict, "created_at": rfc3339(verification.created_at)}
            for verification in verifications.newest_first()
        ],
        "events_total": events.total,
        "events_before": events.before,
        "verifications_total": verifications.total,
        "verifications_before": verifications.before,
    }
