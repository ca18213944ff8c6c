"""
The explanation of an issue in the packet: eval, patch plan, code location, failing call and suspected release.

All of it follows from the evidence and from samples of bounded size.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from diagnosis.detection.rules import WINDOW_RULES
from diagnosis.display.sentences import beside
from diagnosis.evals import candidates, case_inputs
from diagnosis.evals.formats import can_run
from diagnosis.issues import failing_call, patch_plan, suspected_release
from diagnosis.issues.contrast import record_contrast
from diagnosis.issues.evidence_traces import evidence_traces
from diagnosis.issues.hints import words
from diagnosis.issues.issue import Issue
from diagnosis.issues.suspected_release import SuspectedRelease
from telemetry.failures import code_location
from telemetry.failures.code_location import CodeLocation
from telemetry.grouping.fingerprint import cluster_id
from telemetry.models import Attribution
from telemetry.reads.record_pages import find_records
from telemetry.spans.failing_record import FailingRecord
from telemetry.spans.record_ids import record_id
from telemetry.windows import Window, rfc3339
from tenants.models import Project

MOST_AROUND = (
    3  # records of the evidence, and downstream failures around them, that are looked at for each issue
)


def explain(
    project: Project, window: Window, issues: list[Issue], now: datetime
) -> list[tuple[Issue, dict[str, Any]]]:
    """Each issue with its JSON in the packet, without the part about its loop. Stores the evals that are missing."""
    ids = [record.record_id for issue in issues for record in issue.evidence]
    read = {key: whole for issue in issues for key, whole in issue.whole.items()}
    records = find_records([*ids, *(issue.healthy_id for issue in issues if issue.healthy_id)], read)
    issues = [replace(issue, evidence=readable_evidence(issue, records)) for issue in issues]
    materials = [material(issue, records) for issue in issues]
    evals = candidates.eval_candidates(project, materials, now)
    suspects = suspected_release.of_issues(window, issues)
    places = code_places(issues, materials)
    return [
        (
            issue,
            {"evidence_url": evidence_url(issue, window)}
            | candidates.without_nul(
                explained(
                    issue,
                    source,
                    evals[source.cluster_id].eval_id,
                    suspects.get(issue.cluster.fingerprint),
                    place,
                )
                | {"contrast": contrast_of(issue, records), "failing_inputs": issue.failing_inputs}
            ),
        )
        for issue, source, place in zip(issues, materials, places, strict=True)
    ]


def readable_evidence(issue: Issue, records: dict[str, dict[str, Any]]) -> list[FailingRecord]:
    """The issue's evidence without records that cannot be read whole, unless there are no others."""
    stored = [record for record in issue.evidence if record.record_id in records]
    return [record for record in stored if "missing" not in records[record.record_id]] or stored


def material(issue: Issue, records: dict[str, dict[str, Any]]) -> candidates.EvalMaterial:
    """The facts that the issue's eval is made from."""
    evidence = [records[record.record_id] for record in issue.evidence]
    inputs = case_inputs.inputs_of_evidence(issue.example.signal_type, evidence)
    return candidates.EvalMaterial(issue.example, issue.title, evidence, inputs)


def contrast_of(issue: Issue, records: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The first of the evidence beside the healthy record to compare it with; None if either cannot be read whole."""
    pair = [records.get(record_id) for record_id in (issue.evidence[0].record_id, issue.healthy_id or "")]
    if not all(pair) or any("missing" in record for record in pair if record):
        return None
    hinted = (attribute for hint in issue.hints for attribute, _ in hint.values)
    failing, healthy = (record or {} for record in pair)
    return record_contrast.contrast(failing, healthy, hinted)


def explained(
    issue: Issue,
    source: candidates.EvalMaterial,
    eval_id: str,
    suspected: SuspectedRelease | None,
    code: CodeLocation | None,
) -> dict[str, Any]:
    """The issue as the packet shows it, without the URL of its evidence and the part about its loop."""
    reason = suspected.reason if suspected else None
    return issue.shown() | {
        "suspected_release": suspected.release if suspected else None,
        "suspected_release_reason": reason.text if reason else None,
        "code_location": asdict(code) if code else None,
        "failing_call": failing_call.of_evidence(source.evidence),
        "evidence_traces": evidence_traces(source.evidence),
        "eval_candidate": eval_id,
        "patch_plan": patch_plan.plan_document(plan_facts(issue, source, code, eval_id, suspected)),
        **(beside(reason) if reason else {}),
    }


def plan_facts(
    issue: Issue,
    source: candidates.EvalMaterial,
    code: CodeLocation | None,
    eval_id: str,
    suspected: SuspectedRelease | None,
) -> patch_plan.PlanFacts:
    """The facts that the patch plan is built from."""
    example = source.example
    return patch_plan.PlanFacts(
        category=patch_plan.fix_category(example),
        signal_type=example.signal_type,
        operation=example.operation,
        service=example.service,
        tool=example.tool,
        model=example.model,
        error=": ".join(part for part in (example.error_type, example.message) if part),
        records=issue.impact.records,
        operation_records=issue.impact.operation_records,
        evidence_ids=tuple(record.record_id for record in issue.evidence),
        eval_id=eval_id,
        downstream_operations=tuple(issue.downstream_operations),
        replayable=any(given and can_run(example.signal_type, given.is_prompt) for given in source.inputs),
        location=str(code) if code and code.own else "",
        release=suspected.release if suspected else "",
        older_release=suspected.older if suspected else "",
        **hint_facts(issue),
        **trace_facts(issue),
    )


def hint_facts(issue: Issue) -> dict[str, Any]:
    """The facts of the plan about what the failures share."""
    if not issue.hints:
        return {}
    strongest = issue.hints[0]
    return {"shared": strongest.values, "shared_counts": words.counts(strongest.shown())}


def trace_facts(issue: Issue) -> dict[str, Any]:
    """The facts of the plan about the issue's traces and what users said of them."""
    return {
        "is_rating": issue.ratings_shown() is not None,
        "traces": issue.impact.traces,
        "first_trace": next((trace_id.hex() for trace_id in issue.cluster.first_traces(1)), ""),
        "shared_traces": issue.shared_traces,
    }


def location(evidence: list[dict[str, Any]]) -> CodeLocation | None:
    """The first code location in the evidence that is in the application's own code, else the first of any."""
    first = None
    for record in evidence:  # mostly the first one decides, and reading a stack takes long
        place = code_location.of_record(record)
        if place and place.own:
            return place
        first = first or place
    return first


def code_places(issues: list[Issue], materials: list[candidates.EvalMaterial]) -> list[CodeLocation | None]:
    """The code location of each issue: of its evidence, else the own code in the downstream failures around that."""
    places = [location(source.evidence) for source in materials]
    without = [issue for issue, place in zip(issues, places, strict=True) if not is_own(place)]
    around = around_failures(without)
    return [
        around.get(issue.cluster.fingerprint) or place for issue, place in zip(issues, places, strict=True)
    ]


def is_own(place: CodeLocation | None) -> bool:
    """Whether the place is known, and in the application's own code."""
    return place is not None and place.own


def around_failures(issues: list[Issue]) -> dict[int, CodeLocation]:
    """The application's own code in the downstream failures around the evidence of each issue, by fingerprint."""
    wanted = {
        issue.cluster.fingerprint: issue.example.service for issue in issues if issue.cluster.downstream
    }
    trace_ids = [record.trace_id for issue in issues for record in issue.evidence[:MOST_AROUND]]
    rows = Attribution.objects.filter(is_downstream=True, fingerprint__in=wanted, trace_id__in=trace_ids)
    found: dict[int, list[str]] = defaultdict(list)
    for row in rows.order_by("-start_time_unix_nano", "trace_id", "span_id") if wanted else ():
        if row.service == wanted[row.fingerprint] and len(found[row.fingerprint]) < MOST_AROUND:
            found[row.fingerprint].append(record_id(row.trace_id, row.span_id))
    records = find_records([one for ids in found.values() for one in ids])
    places = {
        number: location([records[one] for one in ids if one in records]) for number, ids in found.items()
    }
    return {number: place for number, place in places.items() if place and place.own}


def evidence_url(issue: Issue, window: Window) -> str:
    """The URL that pages through all failures of the cluster; what a rule found is searched for again there."""
    path = "/v1/evidence" if issue.example.signal_type in WINDOW_RULES.rules else "/v1/telemetry"
    query = {"since_minutes": max(1, window.since_minutes), "until": rfc3339(window.end_unix_nano)}
    return f"{path}?{urlencode({'cluster_id': cluster_id(issue.cluster.fingerprint)} | query)}"
