"""
The stored issue of a loop as every answer, document and page shows it.

What earlier versions stored quotes telemetry inside sentences of the plan, and decisions bind to it by its hash, so it
is not rewritten: its sentences are built again from the values of the issue when it is shown.
"""

from __future__ import annotations

from typing import Any

from diagnosis.display.filled_sentences import filled_html
from diagnosis.display.sentences import Sentence, beside, filled
from diagnosis.issues import patch_plan
from diagnosis.issues.hints import words
from telemetry.failures.code_location import CodeLocation

SUSPECTED = (
    "The failures begin with release {release}; an older release ran the same operations without them."
)


def shown_issue(issue: dict[str, Any], **own: str) -> dict[str, Any]:
    """
    The issue with sentences that hold nothing from telemetry.

    Args:
        own: `loop_id`, for the URL in the plan's last step; a packet leaves it as `<loop_id>`.
    """
    plan = shown_plan(issue)
    steps = [step | {"detail": filled(step["detail"], **own)} for step in plan.get("steps", [])]
    return issue | suspicion(issue) | {"patch_plan": plan | {"steps": steps} if plan else plan}


def for_people(issue: dict[str, Any]) -> dict[str, Any]:
    """The issue of `shown_issue` with its sentences as HTML, each with its values in it, for the rows of a page."""
    plan = issue.get("patch_plan") or {}
    steps = [in_html(step, "detail") for step in plan.get("steps", [])]
    filled_plan = in_html(plan, "verify", "refuted_by") | {"steps": steps} if plan else plan
    return in_html(issue, "suspected_release_reason") | {"patch_plan": filled_plan}


def in_html(holder: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object with these of its sentences, where it has them, as HTML."""
    return holder | {name: filled_html(holder[name], holder) for name in names if holder.get(name)}


def shown_plan(issue: dict[str, Any]) -> dict[str, Any]:
    """The stored plan, or one from the values of the issue where the stored one quotes telemetry in its sentences."""
    plan: dict[str, Any] = issue.get("patch_plan") or {}
    if plan and "with" not in plan:
        return patch_plan.plan_document(stored_facts(issue, plan))
    return plan | {"lever": lever_of(plan)} if plan.get("lever") else plan


def lever_of(plan: dict[str, Any]) -> str:
    """The fix category of the plan; `code` where an earlier version wrote `other`."""
    lever = plan.get("lever") or "code"
    return "code" if lever == "other" else lever


def suspicion(issue: dict[str, Any]) -> dict[str, Any]:
    """The reason for a suspected release with the release beside it, where the stored one quotes it."""
    if not issue.get("suspected_release_reason") or "with" in issue:
        return {}
    reason = Sentence(SUSPECTED, {"release": issue.get("suspected_release") or ""})
    return {"suspected_release_reason": reason.text, **beside(reason)}


def stored_facts(issue: dict[str, Any], plan: dict[str, Any]) -> patch_plan.PlanFacts:
    """The facts of a plan, as far as the stored issue has them."""
    call, code = issue.get("failing_call") or {}, issue.get("code_location") or {}
    hints: list[dict[str, Any]] = issue.get("hints") or []
    conditions = [hints[0], *(hints[0].get("also") or [])] if hints else []
    return patch_plan.PlanFacts(
        category=lever_of(plan),
        signal_type=issue.get("signal_type") or "",
        operation=issue.get("operation") or "",
        service=issue.get("service") or "",
        tool=call.get("tool") or "",
        model=call.get("model") or "",
        error=": ".join(part for part in (issue.get("error_type"), issue.get("message")) if part),
        records=issue.get("count") or 0,
        operation_records=(issue.get("impact") or {}).get("operation_records") or 0,
        evidence_ids=tuple(issue.get("evidence_ids") or ()),
        eval_id=issue.get("eval_candidate") or "",
        downstream_operations=tuple((issue.get("echoes") or {}).get("operations") or ()),
        replayable=bool(call.get("replayable")),
        location=str(CodeLocation(**code)) if code.get("own") else "",
        release=issue.get("suspected_release") or "",
        shared=tuple((each["attribute"], each["value"]) for each in conditions),
        shared_counts=words.counts(hints[0]) if hints else "",
    )
