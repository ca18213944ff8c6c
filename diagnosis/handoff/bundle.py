"""
The bundle for a coding agent: complete on its own, and available only after a human approved.

Text quoted from telemetry is untrusted data, and the bundle says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.display import escaping, exact_text
from diagnosis.display.quantities import to_the_minute, to_the_second
from diagnosis.display.sentences import values_beside
from diagnosis.evals.case_inputs import with_inputs
from diagnosis.handoff import approved_evidence, fix_history, tracker_issue
from diagnosis.issues import counts_by_deployment
from diagnosis.issues.contrast.words import comparison_lines
from diagnosis.issues.issue_words import failures_in_words, shared_in_words, since_in_words, trend_in_words
from diagnosis.loops import (
    approval_standing,
    audited_decisions,
    content_hash,
    fixes,
    lifecycle,
    next_action,
    states,
    two_people,
)
from diagnosis.models import Decision, EvalCandidate, Loop
from diagnosis.packets.action_gate import action_gate
from loopkit.http.untrusted import WARNING
from telemetry.normalise import MAX_TEXT

MISSING = {
    Loop.State.PROPOSED: "a human's approval in the admin",
    Loop.State.REGRESSED: "a human's new approval in the admin: the fix did not hold",
    Loop.State.RETURNED: "your answer to the human's question, then an approval",
    Loop.State.REJECTED: "an approval, but a human rejected it",
    Loop.State.JOINED: "an approval of the loop that it joined, which goes on instead",
}

MOST_OF_MESSAGE, MOST_OF_REASON = 1_000, 4_000  # characters


class NotApproved(Exception):
    """The loop is not approved, so there is no bundle; the message names what is missing."""


class ApprovalOutdated(NotApproved):
    """The approved content changed or is not stored any more; the message names it."""


def bundle(loop: Loop, page_url: str) -> dict[str, Any]:
    """
    The bundle as JSON. Raises NotApproved before an approval, ApprovalOutdated if the approved content changed.

    Args:
        page_url: of the loop in the admin; issues in trackers link to it.
    """
    refuse_unless_approved(loop)
    approvals = two_people.counting_approvals(loop)
    *first, approval = approvals_shown(approvals)
    candidate = approved_eval(loop)
    issue = next_action.issue_of(loop)
    document = {
        "ok": True,
        "loop_id": loop.loop_id,
        "state": loop.state,
        "action_gate": action_gate(loop.state, approval["decided_by"]),
        "approval": approval,
        "first_approval": first[0] if first else None,
        "issue": issue,
        "patch_plan": issue["patch_plan"],
        "eval_candidate": content_hash.lasting(with_inputs(candidate.document))
        | {"cluster_id": loop.cluster_id},
        "evidence": approved_evidence.approved_records(loop, loop.issue["evidence_ids"], approvals[-1]),
        "earlier_fixes": earlier_fixes(loop, approvals[-1].content_version),
        "next_action": next_action.after_handoff(loop),
    }
    return document | {"new_issue_links": tracker_issue.links(loop, document, page_url)}


def earlier_fixes(loop: Loop, content_version: int) -> list[dict[str, Any]]:
    """The fixes that shipped before the approval; none for an approval of a version that covers none."""
    covered = fixes.fixes_decided_on([loop])[loop.pk] if content_version >= content_hash.WITH_FIXES else []
    return [fix.shown() for fix in covered]


def refuse_unless_approved(loop: Loop) -> None:
    """Raise NotApproved or ApprovalOutdated as long as there is nothing to hand over."""
    if loop.state not in states.UNDER_APPROVAL:
        message = f"The loop is {loop.state}; missing: {MISSING[Loop.State(loop.state)]}."
        raise NotApproved(message)
    if outdated := approval_standing.why_outdated(loop):
        raise ApprovalOutdated(outdated)
    approvals = two_people.counting_approvals(loop)
    if edited := audited_decisions.edited_entries(approvals[0]):
        raise ApprovalOutdated(approval_standing.no_longer_holds(approvals[-1], edited))


def approvals_shown(approvals: list[Decision]) -> list[dict[str, Any]]:
    """The approvals as answers show them, each with the name that the person had then."""
    entries = audited_decisions.audit_entries(approvals)
    return [
        lifecycle.as_shown(approval)
        | {"decided_by": audited_decisions.name_at_decision(approval, entries.get(approval.pk))}
        for approval in approvals
    ]


def approved_eval(loop: Loop) -> EvalCandidate:
    """The eval that the approved issue names. Raises ApprovalOutdated if it is not stored."""
    name = loop.issue["eval_candidate"]
    candidate = EvalCandidate.objects.filter(project=loop.project, eval_id=name).first()
    if candidate is None:
        raise ApprovalOutdated(f"The eval {name} is not stored any more.")
    return candidate


def bundle_markdown(data: dict[str, Any]) -> str:
    """The bundle as Markdown: an issue text with the evidence. Values are unchanged, as code, so that nothing acts."""
    return "\n".join(
        [
            f"> {WARNING}",
            "",
            f"# Approved fix of {data['loop_id']}",
            "",
            *approved_lines(tracker_issue.approvals_of_bundle(data)),
            *fact_lines(data["issue"]),
            *plan_lines(data["patch_plan"]),
            *fix_history.lines(data["earlier_fixes"]),
            "## Evidence",
            *[line for record in data["evidence"] for line in evidence_lines(record)],
            "",
            "## Eval candidate",
            *exact_text.fenced_json(data["eval_candidate"]),
            "",
            f"Next: {data['next_action']}",
            "",
        ]
    )


def approved_lines(approvals: list[dict[str, Any]]) -> list[str]:
    """The line of each approval, with an empty one after it."""
    return [line for approval in approvals for line in (*approved_by(approval), "")]


def fact_lines(issue: dict[str, Any]) -> list[str]:
    """The lines with the issue's title and numbers."""
    impact = issue["impact"]
    return [
        *exact_text.code_lines("- title:", issue["title"]),
        *(
            exact_text.code_lines("- message:", issue["message"], MOST_OF_MESSAGE)
            if issue.get("message")
            else []
        ),
        f"- severity: {escaping.plain_line(issue['severity_reason'])}",
        *exact_text.code_lines("- operation:", issue["operation"]),
        *(exact_text.code_lines("- service:", issue["service"]) if issue.get("service") else []),
        f"- failures: {failures_in_words(issue)}{'' if issue.get('ratings') else ' of the operation'}",
        *(f"- shared traces: {sentence}" for sentence in shared_in_words(issue)),
        f"- sessions: {impact['sessions']:,}, users: {impact['users']:,}, trend: {trend_in_words(issue)}",
        *(
            [f"- since the last failure: {since}"]
            if (since := since_in_words(issue.get("quiet_since")))
            else []
        ),
        *counts_by_deployment.deployment_lines(issue),
        f"- seen from {to_the_minute(issue['first_seen'])} to {to_the_minute(issue['last_seen'])}",
        *comparison_lines(issue),
        *([f"- evidence_url: `{issue['evidence_url']}`"] if issue.get("evidence_url") else []),
        "",
    ]


def approved_by(approval: dict[str, Any]) -> list[str]:
    """The lines of one approval."""
    person, time = exact_text.code(approval["decided_by"]), to_the_minute(approval["decided_at"])
    return exact_text.code_lines(f"Approved by {person} at {time}:", approval["reason"], MOST_OF_REASON)


def plan_lines(plan: dict[str, Any]) -> list[str]:
    """The lines of the patch plan: fix category, steps, and how to verify or refute it."""
    return [
        "## Plan",
        f"Fix category: {plan['lever']}",
        "",
        *[
            line
            for step in plan["steps"]
            for line in sentence_lines(f"{step['step']}. {step['detail']}", step)
        ],
        "",
        *sentence_lines(f"Verify: {plan['verify']}", plan),
        "",
        *sentence_lines(f"Refuted by: {plan['refuted_by']}", plan),
        "",
    ]


def sentence_lines(text: str, holder: Mapping[str, Any]) -> list[str]:
    """A sentence of LoopKit, and a list of the values for which its placeholders stand."""
    return [
        text,
        *(
            line
            for name, value, whole in values_beside(text, holder)
            for line in exact_text.code_lines(f"   - {name}:", value, whole=whole)
        ),
    ]


def evidence_lines(record: dict[str, Any]) -> list[str]:
    """The lines of one record."""
    label = f"- `{record['record_id']}` {to_the_second(record['start_time'])}"
    message = record["message"] or ""
    if len(message) >= MAX_TEXT:
        label = f"{label} (the first {MAX_TEXT} characters; its span has all)"
    return exact_text.code_lines(label, message, MOST_OF_MESSAGE) if message else [label]
