"""
What a person has in sight before deciding on a loop: issue, evidence, plan, what the agent said, history.

Evidence comes from the project's own store (evidence_page.py), all else from the control database.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from diagnosis.console import verification_facts
from diagnosis.display.quantities import percent, to_the_minute
from diagnosis.display.readable import rows
from diagnosis.evidence_view import evidence_page
from diagnosis.loops import states
from diagnosis.models import EvalCandidate, Loop


def eval_candidate(loop: Loop) -> EvalCandidate | None:
    """The test that the issue names, if it was made."""
    named = EvalCandidate.objects.filter(project=loop.project, eval_id=loop.issue.get("eval_candidate") or "")
    return named.prefetch_related("results").first()


def context(loop: Loop, asked: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the page shows of the loop; `asked` names the record and the row of its trace in sight."""
    candidate = eval_candidate(loop)
    events = [(event, rows(event.detail)) for event in loop.events.all()]
    return {
        "loop": loop,
        "issue": loop.issue,
        "first_seen": to_the_minute(loop.issue.get("first_seen")),
        "last_seen": to_the_minute(loop.issue.get("last_seen")),
        "share": share(loop),
        "evidence": evidence_page.read(loop, asked),
        "candidate": candidate,
        "cases": [rows(case) for case in candidate.document.get("cases", [])] if candidate else [],
        "decisions": loop.decisions.select_related("decided_by"),
        "verifications": verification_facts.read(loop.verifications.all(), loop),
        "events": events,
        "agent_said": [(event, told) for event, told in events if event.kind in states.REPORTABLE],
        "is_waiting": loop.state in states.WAITING,
        "is_decidable": loop.state in states.DECIDABLE,
    }


def share(loop: Loop) -> str:
    """`18.5 %` of the operation's records, or "" if it was not measured."""
    measured = (loop.issue.get("impact") or {}).get("share")
    return percent(measured) if isinstance(measured, int | float) else ""
