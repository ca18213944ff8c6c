"""
Publish a packet: the issues that a diagnosis found, with a loop for each.

    explain -> read_seen -> quiet_loops.measure_absent -> switch_lock.hold -> begin_packet
        -> proposals.create_or_update -> quiet_loops.store_measured -> issue_entry -> packet_document
        -> basis_of -> packet.save -> forget_old_packets

`explain` also stores the eval candidates that are missing. The packet and its loops are written in one transaction on
the control database. A loop that may be decided follows the newest packet (diagnosis/loops/proposals.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from diagnosis.display.quantities import counted
from diagnosis.issues.explanation import explain
from diagnosis.issues.findings import Findings
from diagnosis.loops import lifecycle, next_action, proposals, quiet_loops, switch_lock
from diagnosis.loops.shown_issue import shown_issue
from diagnosis.models import Loop, Packet
from diagnosis.packets import completeness, memory
from diagnosis.packets.action_gate import action_gate
from diagnosis.packets.packet_retention import forget_old_packets
from diagnosis.packets.reuse import basis_of
from diagnosis.window import unseen
from diagnosis.window.seen_failures import read_seen
from loopkit.http.untrusted import WARNING
from telemetry.ledger import MissingSpans, missing_in
from telemetry.reads.present import SKEW
from telemetry.store.unreadable_parts import UnreadableParts
from telemetry.windows import Window, rfc3339
from tenants.models import Project

READY, OBSERVE = "ready_for_issue_diagnosis", "observe_more"
# Statuses of issues that wait for a human.
WAITING_STATUSES = frozenset({"new", "regression", next_action.REOPENED})
APPROVAL_REASON = "External writes are human-approved: an approver decides each loop in the admin."


def publish(
    project: Project, findings: Findings, stamp: str, now: datetime, unreadable: UnreadableParts
) -> Packet:
    """
    Store the packet of these findings. The project must be bound: evidence is read for the evals.

    Args:
        stamp: of the project's store, from before the findings were read.
        unreadable: what could not be read for the findings, to which this adds what its own reads meet.
    """
    explained_issues = explain(project, findings.window, findings.issues, now)
    clusters = (issue.cluster.fingerprint for issue in findings.issues)
    seen = read_seen(clusters, now, project.production_environments)
    present = {issue["cluster_id"] for _, issue in explained_issues}
    quiet = quiet_loops.measure_absent(project, present, findings.window.end_unix_nano)
    with transaction.atomic():
        switch_lock.hold(project)
        packet = begin_packet(project, findings.window, now)
        loops = proposals.create_or_update(packet, explained_issues, seen, findings.window, now)
        quiet_loops.store_measured(project, quiet)
        issues = [issue_entry(issue, loops) for _, issue in explained_issues]
        packet.document = packet_document(packet, findings, issues, unreadable)
        packet.status = packet.document["status"]
        # A diagnosis after the file was put back must find what this one could not read.
        packet.basis = "" if unreadable.records else basis_of(project, stamp)
        packet.save(update_fields=["document", "status", "basis"])
        forget_old_packets(project, now)
    return packet


def issue_entry(issue: dict[str, Any], loops: dict[str, Loop]) -> dict[str, Any]:
    """The issue as the packet shows it, with the id, status and next action of its loop, if it has one."""
    loop = loops.get(issue["cluster_id"])
    if loop is None:
        return issue | {"loop_id": None, "status": "new", "next_action": next_action.NOT_PROPOSED}
    return issue | {
        "loop_id": loop.loop_id,
        "status": next_action.issue_status(loop),
        "next_action": next_action.for_loop(loop),
    }


def packet_document(
    packet: Packet, findings: Findings, issues: list[dict[str, Any]], unreadable: UnreadableParts
) -> dict[str, Any]:
    """The DiagnosisPacket of the API."""
    missing = missing_in(findings.window)
    waiting = [issue for issue in issues if issue["loop_id"] and issue["status"] in WAITING_STATUSES]
    open_issues = [issue for issue in issues if issue["status"] not in {"rejected", "verified"}]
    return {
        "memory": memory.recall(packet.project),
        "packet_id": packet.packet_id,
        "tenant_id": packet.project.tenant_id,
        "project_id": packet.project_id,
        "source": "otlp",
        "status": READY if open_issues else OBSERVE,
        "reason": "" if open_issues else observe_reason(findings, missing),
        "next_action": next_action.for_packet(len(issues), len(open_issues)),
        "since_minutes": findings.window.since_minutes,
        "window": window_shown(findings),
        "completeness": completeness.shown(
            findings, sum(issue["loop_id"] is None for issue in issues), unreadable, missing
        ),
        "telemetry_read": findings.telemetry_read,
        "failures": findings.failures,
        "approval_required": bool(waiting),
        "approval_reason": f"{APPROVAL_REASON} {waiting_sentence(len(waiting))}",
        "created_at": rfc3339(packet.created_at),
        "issues": issues,
    }


def waiting_sentence(number: int) -> str:
    """`1 loop waits.`, `6 loops wait.`, `No loop waits.`"""
    if not number:
        return "No loop waits."
    return f"{counted(number, 'loop')} {'waits' if number == 1 else 'wait'}."


def window_shown(findings: Findings) -> dict[str, Any]:
    """The window as the packet stores it, with times as RFC 3339 text."""
    window = findings.window
    return {
        "start": rfc3339(window.start_unix_nano),
        "end": rfc3339(window.end_unix_nano),
        "since_minutes": window.since_minutes,
    }


def observe_reason(findings: Findings, missing: Sequence[MissingSpans]) -> str:
    """The reason why there is no open issue."""
    if not findings.telemetry_read:
        return f"No record starts in this window. {unseen.sentence(missing)}".rstrip()
    if not findings.issues and not findings.failures:
        return f"{findings.telemetry_read:,} records were read and none failed."
    if not findings.issues:
        return no_issue_reason(findings)
    return "Every issue in this window was rejected by a human, or its fix held."


def no_issue_reason(findings: Findings) -> str:
    """The reason why there is no issue although records failed."""
    failed = f"{findings.failures:,} of {counted(findings.telemetry_read, 'record')} failed"
    if findings.unstored:
        return f"{failed}, and what an issue would show is not stored any more."
    return (
        f"{failed}, and what failed inside them is not in this window: widen since_minutes, or move `until`."
    )


def begin_packet(project: Project, window: Window, now: datetime) -> Packet:
    """A stored packet about the window, which is filled in later. A window that ends later than now is about now."""
    end = min(datetime.fromtimestamp(window.end_unix_nano // 10**9, UTC), now)
    return Packet.objects.create(project=project, status=OBSERVE, document={}, created_at=now, is_about=end)


def latest(project: Project) -> Packet | None:
    """
    The project's packet of the present: whose window ends last, and of these the newest.

    Earlier versions diagnosed windows that end in the future: until then they would stand for the present.
    """
    packets = Packet.objects.filter(project=project).exclude(is_about__gt=F("created_at") + SKEW)
    return packets.order_by(F("is_about").desc(nulls_last=True), "-created_at", "-packet_id").first()


def packet_as_answered(packet: Packet) -> dict[str, Any]:
    """The packet as it was stored, with the live state of its loops."""
    document: dict[str, Any] = packet.document
    loop_ids = [issue["loop_id"] for issue in document["issues"] if issue["loop_id"]]
    rows = Loop.objects.filter(loop_id__in=loop_ids).order_by()
    loops = {loop.loop_id: loop for loop in lifecycle.live(rows)}
    issues = [
        shown_issue(issue) | issue_loop_state(loops.get(issue["loop_id"])) for issue in document["issues"]
    ]
    return {"warning": WARNING} | document | {"action_gate": action_gate(), "issues": issues}


def issue_loop_state(loop: Loop | None) -> dict[str, Any]:
    """The fields of an issue that change after its diagnosis: the live state of its loop, if it has one."""
    if loop is None:
        return {"approval": dict.fromkeys(("state", "reason", "decided_by", "decided_at"))}
    return {
        "cluster_id": loop.cluster_id,
        "status": next_action.issue_status(loop),
        "next_action": next_action.for_loop(loop),
        "approval": latest_approval(loop),
    }


def latest_approval(loop: Loop) -> dict[str, Any]:
    """The state of an issue's approval by a human: its loop's state and the last decision."""
    decision = lifecycle.latest_decision(loop) or {}
    return {
        "state": loop.state,
        **{name: decision.get(name) for name in ("reason", "decided_by", "decided_at")},
    }
