"""
The packet: what a diagnosis found, published with a loop for every issue.

Publishing is one transaction on the control database. A loop that a human has not decided yet follows the newest
packet; one that was decided keeps the issue it was decided on.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction

from diagnosis import evals, loops, memory, next_action, patch_plan
from diagnosis.issues import Issue
from diagnosis.models import Loop, LoopEvent, Packet
from telemetry.reading import find
from telemetry.times import rfc3339
from tenants.models import Project

if TYPE_CHECKING:
    from diagnosis.diagnose import Findings

READY, OBSERVE = "ready_for_issue_diagnosis", "observe_more"
APPROVAL_REASON = "External writes are human-approved: an operator decides each loop in the admin."


def publish(project: Project, findings: Findings, now: datetime) -> Packet:
    """The stored packet. The project is bound: evidence is read for the evals."""
    evidence = find(record.record_id for issue in findings.issues for record in issue.evidence)
    with transaction.atomic():
        packet = Packet.objects.create(project=project, status=OBSERVE, document={}, created_at=now)
        issues = [entry(packet, issue, evidence, now) for issue in findings.issues]
        packet.document = document(packet, findings, issues)
        packet.status = packet.document["status"]
        packet.save(update_fields=["document", "status"])
    return packet


def entry(packet: Packet, issue: Issue, evidence: dict[str, dict[str, Any]], now: datetime) -> dict[str, Any]:
    """The issue with its eval, its plan and its loop."""
    records = [evidence[record.record_id] for record in issue.evidence]
    candidate = evals.candidate(packet.project, issue.cluster.example, issue.title, records, now)
    shown = issue.shown() | {
        "eval_candidate": candidate.eval_id,
        "patch_plan": patch_plan.plan(facts(issue, candidate.eval_id)),
    }
    loop = follow(packet, issue, shown, now)
    return shown | {
        "loop_id": loop.loop_id,
        "status": next_action.status_of(loop),
        "next_action": next_action.for_loop(loop),
    }


def facts(issue: Issue, eval_id: str) -> patch_plan.Facts:
    """What the plan may speak of."""
    return patch_plan.Facts(
        example=issue.cluster.example,
        title=issue.title,
        records=issue.impact.records,
        operation_records=issue.impact.operation_records,
        evidence_ids=tuple(record.record_id for record in issue.evidence),
        eval_id=eval_id,
        echo_operations=tuple(issue.shown()["echoes"]["operations"]),
    )


def follow(packet: Packet, issue: Issue, shown: dict[str, Any], now: datetime) -> Loop:
    """The cluster's loop: proposed if it is new, brought up to date while it waits for a human."""
    example = issue.cluster.example
    latest = {
        "title": issue.title,
        "severity": issue.grade.severity,
        "signal_type": example.signal_type,
        "service": example.service[:200],
        "operation": example.operation[:200],
        "failures": issue.impact.records,
        "issue": shown,
        "packet": packet,
        "updated_at": now,
    }
    loop, created = Loop.objects.get_or_create(
        project=packet.project, cluster_id=shown["cluster_id"], defaults=latest | {"created_at": now}
    )
    if created:
        loops.note(loop, LoopEvent.Kind.PROPOSED, "loopkit", now, packet_id=packet.packet_id)
    elif loop.state in loops.DECIDABLE:
        Loop.objects.filter(pk=loop.pk, state=loop.state).update(**latest)
        loop.refresh_from_db()
    return loop


def document(packet: Packet, findings: Findings, issues: list[dict[str, Any]]) -> dict[str, Any]:
    """The DiagnosisPacket of the API."""
    waiting = [issue for issue in issues if issue["status"] in {"new", "regression"}]
    open_issues = [issue for issue in issues if issue["status"] not in {"rejected", "verified"}]
    return {
        "memory": memory.recall(packet.project),
        "packet_id": packet.packet_id,
        "tenant_id": packet.project.tenant_id,
        "project_id": packet.project_id,
        "source": "otlp",
        "status": READY if open_issues else OBSERVE,
        "reason": "" if open_issues else observe_reason(findings),
        "next_action": next_action.for_packet(len(issues), len(open_issues)),
        "since_minutes": findings.window.since_minutes,
        "window": window_shown(findings),
        "completeness": {
            "records_read": findings.telemetry_read,
            "complete": True,
            "note": "Every record was read.",
        },
        "telemetry_read": findings.telemetry_read,
        "failures": findings.failures,
        "approval_required": bool(waiting),
        "approval_reason": f"{APPROVAL_REASON} {len(waiting)} wait.",
        "created_at": rfc3339(packet.created_at),
        "issues": issues,
    }


def window_shown(findings: Findings) -> dict[str, Any]:
    """The window with its times as text, as it is stored."""
    window = findings.window
    return {
        "start": rfc3339(window.start_unix_nano),
        "end": rfc3339(window.end_unix_nano),
        "since_minutes": window.since_minutes,
    }


def observe_reason(findings: Findings) -> str:
    """Why there is nothing to work on."""
    if not findings.telemetry_read:
        return "No record starts in this window."
    if not findings.issues:
        return f"{findings.telemetry_read} records were read and none failed."
    return "Every issue in this window was rejected by a human, or its fix held."


def latest(project: Project) -> Packet | None:
    """The project's newest packet."""
    return Packet.objects.filter(project=project).first()


def shown(packet: Packet) -> dict[str, Any]:
    """The packet as it was answered, with the state of its loops as it is now."""
    document: dict[str, Any] = packet.document
    loop_of = {loop.loop_id: loop for loop in loops.of(issue["loop_id"] for issue in document["issues"])}
    return document | {
        "issues": [issue | standing(loop_of[issue["loop_id"]]) for issue in document["issues"]]
    }


def standing(loop: Loop) -> dict[str, Any]:
    """What of an issue changes after its diagnosis: where its loop stands."""
    return {
        "status": next_action.status_of(loop),
        "next_action": next_action.for_loop(loop),
        "approval": approval(loop),
    }


def approval(loop: Loop) -> dict[str, Any]:
    """Where the human boundary stands for an issue."""
    decision = loops.decided(loop) or {}
    return {
        "state": loop.state,
        **{name: decision.get(name) for name in ("reason", "decided_by", "decided_at")},
    }


def summary(packet: Packet) -> dict[str, Any]:
    """The packet in short, for lists."""
    document = packet.document
    return {
        "packet_id": packet.packet_id,
        "status": packet.status,
        "issues": len(document["issues"]),
        "failures": document["failures"],
        "window": document["window"],
        "created_at": document["created_at"],
    }
