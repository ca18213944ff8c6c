"""Loops for tests without a diagnosis: `make_loop(project)` has a packet, a realistic issue and an eval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from diagnosis.loops import lifecycle, states, urgency
from diagnosis.models import EvalCandidate, Loop, LoopEvent, Packet, Severity
from tenants.models import Project

NOW = datetime(2025, 6, 2, 12, 0, tzinfo=UTC)
TITLE = "tool lookup_order: OrderNotFound: order A-1 does not exist"


def make_issue(**changes: Any) -> dict[str, Any]:
    """An issue as a packet shows it."""
    return {
        "cluster_id": "clu_00000000000000a1",
        "title": TITLE,
        "severity": "high",
        "severity_reason": "high (medium: the worst of its records and the downstream failures around them; "
        "+1: 18.5% of the operation fails)",
        "signal_type": "tool_call_failed",
        "status": "new",
        "operation": "tool lookup_order",
        "service": "support-agent",
        "error_type": "OrderNotFound",
        "message": "order A-1 does not exist",
        "count": 37,
        "first_seen": "2025-06-01T08:00:00.000000Z",
        "last_seen": "2025-06-02T11:58:00.000000Z",
        "trend": "rising",
        "impact": {
            "records": 37, "traces": 30, "sessions": 12, "users": 9, "operation_records": 200, "share": 0.185,
        },
        "echoes": {"records": 8, "operations": ["invoke_agent support"]},
        "hints": [{"attribute": "app.region", "value": "eu-west", "support": 0.97, "lift": 3.1}],
        "evidence_ids": [],
        "traces": ["0af7651916cd43dd8448eb211c80319c"],
        "next_action": "A human decides in the admin.",
        "eval_candidate": "lookup-order-ordernotfound-v1",
        "patch_plan": {
            "lever": "tools",
            "steps": [
                {"step": 1, "detail": "Read the evidence."},
                {
                    "step": 2,
                    "detail": "Find the code of {operation} in service {service}.",
                    "with": {"text": {"operation": "tool lookup_order", "service": "support-agent"}},
                },
            ],
            "verify": "{operation} runs again without this failure.",
            "refuted_by": "The eval passes before the change.",
            "with": {"text": {"operation": "tool lookup_order"}},
        },
    } | changes  # fmt: skip


def make_loop(
    project: Project,
    *,
    cluster: int = 1,
    severity: Severity = Severity.HIGH,
    failures: int = 37,
    state: str = Loop.State.PROPOSED,
    title: str = TITLE,
    now: datetime = NOW,
    **issue_fields: Any,
) -> Loop:
    """A loop with its packet, its first event and its eval."""
    cluster_id = f"clu_{cluster:016x}"
    issue = make_issue(
        cluster_id=cluster_id, title=title, severity=severity.label, count=failures, **issue_fields
    )
    packet = Packet.objects.create(
        project=project,
        status="ready_for_issue_diagnosis",
        document={
            "memory": [],
            "status": "ready_for_issue_diagnosis",
            "failures": failures,
            "issues": [issue],
        },
        created_at=now,
    )
    loop = Loop.objects.create(
        project=project,
        cluster_id=cluster_id,
        state=state,
        title=title,
        severity=severity,
        signal_type=issue["signal_type"],
        service=issue["service"],
        operation=issue["operation"],
        failures=failures,
        issue=issue,
        packet=packet,
        first_seen_at=urgency.seen_at(issue["first_seen"]),
        waiting_since=now if state in states.WAITING else None,
        created_at=now,
        updated_at=now,
        **urgency.columns(issue, severity),
    )
    lifecycle.append_event(
        loop, LoopEvent.Kind.PROPOSED, "loopkit", now - timedelta(seconds=1), packet_id=packet.packet_id
    )
    make_eval(project, issue, now)
    return loop


def make_eval(project: Project, issue: dict[str, Any], now: datetime) -> EvalCandidate:
    """The test that the issue names."""
    case = {
        "record_id": "rec_1",
        "input": {"order": "A-1"},
        "output": None,
        "tool": "lookup_order",
        "replayable": True,
    }
    document = {
        "eval_id": issue["eval_candidate"],
        "title": issue["title"],
        "unit": "tool_call",
        "signal_type": issue["signal_type"],
        "expectation": "The tool call returns a result without an error.",
        "cases": [case],
    }
    return EvalCandidate.objects.get_or_create(
        project=project,
        eval_id=issue["eval_candidate"],
        defaults={"cluster_id": issue["cluster_id"], "document": document, "created_at": now},
    )[0]
