"""
What a person has in sight before deciding on a loop: the issue, its evidence, the plan, the history.

Evidence is read from the project's own store at that moment; a store that is unavailable costs the page its
evidence and nothing else.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError

from diagnosis import loops
from diagnosis.models import EvalCandidate, Loop
from diagnosis.readable import moment, rows
from telemetry import reading
from tenants.binding import bind

logger = logging.getLogger(__name__)
EVIDENCE_LIMIT = 20
FACTS = (
    "start_time", "duration_ms", "service", "environment", "release", "operation", "kind", "status",
    "signal_type", "severity", "message", "agent", "tool", "model", "input_tokens", "output_tokens",
    "session_id", "user_id", "trace_id", "span_id", "parent_span_id",
)  # fmt: skip
CONTENT = ("capture", "attributes", "events", "links", "resource", "scope")
Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Shown:
    """One record of the evidence: a line, the facts, what was sent by part. No facts: it is not stored."""

    record_id: str
    line: str
    facts: Rows
    parts: list[tuple[str, Rows]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """The records, how many there are in all, and whether the store answered."""

    records: list[Shown]
    total: int
    available: bool = True


def evidence(loop: Loop) -> Evidence:
    """The first records of the issue, as they are stored now."""
    record_ids = [str(record_id) for record_id in loop.issue.get("evidence_ids") or []]
    asked = record_ids[:EVIDENCE_LIMIT]
    try:
        with bind(loop.project):
            found = reading.find(asked)
    except (DatabaseError, OSError) as error:
        logger.error("evidence of %s unavailable: %s", loop.project_id, error)
        return Evidence([], len(record_ids), available=False)
    return Evidence([shown(record_id, found.get(record_id)) for record_id in asked], len(record_ids))


def shown(record_id: str, record: dict[str, Any] | None) -> Shown:
    """One record for reading."""
    if record is None:
        return Shown(record_id, "no longer stored", [], [])
    line = " · ".join(str(record.get(name)) for name in ("start_time", "name", "message") if record.get(name))
    parts = [(name, rows(record.get(name))) for name in CONTENT]
    facts = rows({name: record.get(name) for name in FACTS})
    return Shown(record_id, line, facts, [(name, part) for name, part in parts if part])


def eval_candidate(loop: Loop) -> EvalCandidate | None:
    """The test that the issue names, if it was made."""
    named = EvalCandidate.objects.filter(project=loop.project, eval_id=loop.issue.get("eval_candidate") or "")
    return named.prefetch_related("results").first()


def context(loop: Loop) -> dict[str, Any]:
    """Everything that the page shows of the loop."""
    candidate = eval_candidate(loop)
    return {
        "loop": loop,
        "issue": loop.issue,
        "first_seen": moment(loop.issue.get("first_seen")),
        "last_seen": moment(loop.issue.get("last_seen")),
        "share": share(loop),
        "evidence": evidence(loop),
        "candidate": candidate,
        "cases": [rows(case) for case in candidate.document.get("cases", [])] if candidate else [],
        "decisions": loop.decisions.select_related("decided_by"),
        "verifications": [(item, rows(item.document)) for item in loop.verifications.all()],
        "events": [(item, rows(item.detail)) for item in loop.events.all()],
        "is_waiting": loop.state in loops.WAITING,
        "is_decidable": loop.state in loops.DECIDABLE,
    }


def share(loop: Loop) -> str:
    """`18.5 %` of the operation's records, or "" if it was not measured."""
    measured = (loop.issue.get("impact") or {}).get("share")
    return f"{measured:.1%}".replace("%", " %") if isinstance(measured, int | float) else ""
