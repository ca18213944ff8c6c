"""
What the packet says of an issue beyond its numbers: its eval, its plan, where the code failed, the call, the release.

All of it follows from the evidence and from samples of bounded size.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from diagnosis.detection.rules import RULES
from diagnosis.evals import candidates
from diagnosis.issues import failing_call, patch_plan, suspected_release
from diagnosis.issues.issue import Issue
from diagnosis.issues.suspected_release import Suspected
from telemetry.failures import code_location
from telemetry.failures.code_location import CodeLocation
from telemetry.grouping.fingerprint import cluster_id
from telemetry.reads.record_pages import find
from telemetry.windows import Window, rfc3339
from tenants.models import Project


def explain(
    project: Project, window: Window, issues: list[Issue], now: datetime
) -> list[tuple[Issue, dict[str, Any]]]:
    """Each issue with what the packet shows of it: facts, eval, plan."""
    records = find(record.record_id for issue in issues for record in issue.evidence)
    materials = [material(issue, records) for issue in issues]
    known = candidates.candidates(project, materials, now)
    suspects = suspected_release.of_issues(window, issues)
    return [
        (
            issue,
            {"evidence_url": evidence_url(issue, window)}
            | candidates.without_nul(
                explained(
                    issue, made, known[made.cluster_id].eval_id, suspects.get(issue.cluster.fingerprint)
                )
            ),
        )
        for issue, made in zip(issues, materials, strict=True)
    ]


def material(issue: Issue, records: dict[str, dict[str, Any]]) -> candidates.Material:
    """What the issue's eval is made from."""
    evidence = [records[record.record_id] for record in issue.evidence]
    return candidates.Material(issue.example, issue.title, evidence)


def explained(
    issue: Issue, made: candidates.Material, eval_id: str, suspected: Suspected | None
) -> dict[str, Any]:
    """The issue as the packet shows it, but for its loop."""
    where = location(made.evidence)
    return issue.shown() | {
        "suspected_release": suspected.release if suspected else None,
        "suspected_release_reason": suspected.reason if suspected else None,
        "code_location": asdict(where) if where else None,
        "failing_call": failing_call.of_evidence(made.evidence),
        "eval_candidate": eval_id,
        "patch_plan": patch_plan.plan(facts(issue, made, where, eval_id, suspected)),
    }


def facts(
    issue: Issue,
    made: candidates.Material,
    where: CodeLocation | None,
    eval_id: str,
    suspected: Suspected | None,
) -> patch_plan.Facts:
    """What the plan may speak of."""
    captures = [record["capture"] for record in made.evidence if record["capture"]]
    return patch_plan.Facts(
        example=made.example,
        records=issue.impact.records,
        operation_records=issue.impact.operation_records,
        evidence_ids=tuple(record.record_id for record in issue.evidence),
        eval_id=eval_id,
        echo_operations=tuple(issue.echo_operations),
        replayable=any(capture["replayable"] for capture in captures),
        location=str(where) if where and where.own else "",
        suspected=suspected,
        hints=tuple(issue.hints),
    )


def location(evidence: list[dict[str, Any]]) -> CodeLocation | None:
    """Where the code stood when it failed: the application's own by the first record that says so, else any."""
    found = [where for record in evidence if (where := code_location.of_record(record))]
    return next((where for where in found if where.own), found[0] if found else None)


def evidence_url(issue: Issue, window: Window) -> str:
    """Where all failures of the cluster are read, a page at a time; found again where no record says so by itself."""
    path = "/v1/evidence" if issue.example.signal_type in RULES.rules else "/v1/telemetry"
    asked = {"since_minutes": max(1, window.since_minutes), "until": rfc3339(window.end_unix_nano)}
    return f"{path}?{urlencode({'cluster_id': cluster_id(issue.cluster.fingerprint)} | asked)}"
