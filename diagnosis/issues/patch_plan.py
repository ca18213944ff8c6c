"""
The patch plan of an issue: ordered steps for a coding agent, built from facts of the evidence alone.

The one fix category (`lever` in JSON) is where a change would act: prompt, tools, context, retrieval, orchestration,
guardrails, model, infra, or other code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from diagnosis.detection.rules import ALL_SIGNALS, WINDOW_RULES
from diagnosis.display.quantities import counted
from diagnosis.evals.formats import runner_of
from diagnosis.issues.hints import Hint
from diagnosis.issues.suspected_release import SuspectedRelease
from telemetry.spans.failing_record import FailingRecord

INFRA = re.compile(
    r"\b(429|5\d\d)\b|rate.?limit|timed? ?out|timeout|ECONN|connection|unavailable|overloaded", re.I
)
CONTEXT = re.compile(r"context.?length|maximum context|too many tokens|prompt is too long", re.I)
GUARDRAILS = re.compile(
    r"content.?(?:filter|policy|management)|guard.?rail|moderation|safety (?:system|setting)", re.I
)
BY_SIGNAL = {name: signal.FIX_CATEGORY for name, signal in ALL_SIGNALS.items() if signal.FIX_CATEGORY}
BY_TEXT = {"context": CONTEXT, "guardrails": GUARDRAILS, "infra": INFRA}  # the first match decides
BY_UNIT = {"retrieval": "retrieval", "tool_call": "tools", "llm_call": "model"}
EVENTS_URL = "/v1/loops/<loop_id>/events"
CHANGES = {
    "retrieval": "Change what is retrieved, or how",
    "guardrails": "Change the guardrail, or what is sent through it",
    "model": "Change the model's limits or its settings",
    "prompt": "Change the prompt",
    "context": "Send the model less context",
    "infra": "Handle the outage: time-outs, retries with a bound, a fallback",
    "tools": "Change the tool or its schema",
    "orchestration": "Change what the agent does with the result, or stop the repeats",
    "other": "Change that code",
}


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The facts that a plan is built from."""

    example: FailingRecord
    records: int
    operation_records: int
    evidence_ids: tuple[str, ...]
    eval_id: str
    downstream_operations: tuple[str, ...]
    replayable: bool  # the evidence has an input that the call can be repeated with
    location: str  # function, file and line of the top frame of the application's own; "" without one
    suspected: SuspectedRelease | None = None
    hints: tuple[Hint, ...] = ()


def fix_category(example: FailingRecord) -> str:
    """The fix category, by the signal, else by the error text, else by the unit of work."""
    if example.signal_type in BY_SIGNAL:
        return BY_SIGNAL[example.signal_type]
    if example.signal_type in WINDOW_RULES.by_durations:  # its message is the rule's own and names no cause
        return BY_UNIT.get(example.unit, "infra")
    text = f"{example.error_type} {example.message}"
    category = next((name for name, pattern in BY_TEXT.items() if pattern.search(text)), None)
    return category or BY_UNIT.get(example.unit, "other")


def plan_document(facts: PlanFacts) -> dict[str, object]:
    """The plan as the packet shows it."""
    example = facts.example
    return {
        "lever": fix_category(example),
        "steps": [{"step": number, "detail": detail} for number, detail in enumerate(steps(facts), start=1)],
        "verify": (
            f"Report `shipped`, then POST /v1/runs/verify: `{example.operation}` must run without this failure; "
            f"before, {facts.records:,} of {counted(facts.operation_records, 'record')} failed."
        ),
        "refuted_by": refutation(facts),
    }


def refutation(facts: PlanFacts) -> str:
    """What shows that the plan is wrong: that the failure goes on, and, if the eval can be run, that it passes."""
    if facts.replayable and runner_of(facts.example.signal_type):
        passes = f"The eval {facts.eval_id} passes before the change, or the failure"
    else:
        passes = "The failure"
    return f"{passes} goes on at the same rate after the change."


def shown_category(category: str) -> str:
    """The fix category for people: `code` for `other`."""
    return "code" if category == "other" else category


def with_loop_id(plan: dict[str, Any], loop_id: str) -> dict[str, Any]:
    """The plan of a loop, with the loop's id in the URL of its last step, which is made before the loop."""
    steps_of_loop = [
        step | {"detail": step["detail"].replace(EVENTS_URL, f"/v1/loops/{loop_id}/events")}
        for step in plan.get("steps", [])
    ]
    return plan | {"steps": steps_of_loop} if plan else plan


def steps(facts: PlanFacts) -> list[str]:
    """The steps in order; a step without its fact is left out."""
    example = facts.example
    runner = runner_of(example.signal_type)
    is_runnable = facts.replayable and runner
    downstream = facts.downstream_operations
    place = f"`{example.operation}`" + (f" in service `{example.service}`" if example.service else "")
    optional = {
        f"Reproduce with the eval: GET /v1/evals/{facts.eval_id}?format={runner}; it must fail first.": is_runnable,
        f"Start at `{facts.location}`, the application's own frame nearest to the failure.": facts.location,
        f"Compare release {released(facts)}: the failure begins with it.": facts.suspected,
        f"Look for what {shared(facts.hints)} changes: failures have it more often than healthy calls.": facts.hints,
        f"Check the callers that also fail: {', '.join(f'`{name}`' for name in downstream)}.": downstream,
    }
    reproduce, start, compare, look, check = ([step] if fact else [] for step, fact in optional.items())
    return [
        f"Read the evidence: GET /v1/telemetry?record_id={facts.evidence_ids[0]} and the other evidence_ids; "
        "evidence_url pages through all records of the cluster.",
        *reproduce,
        f"Find the code of {place}{called_name(example)}; it reports {quoted_error(example)}.",
        *start,
        *compare,
        *look,
        *check,
        f"{planned_change(example)}; keep healthy calls as they are.",
        f"Open the pull request and report each step to this issue's loop_id: POST {EVENTS_URL}.",
    ]


def planned_change(example: FailingRecord) -> str:
    """The change to make, by fix category."""
    category = fix_category(example)
    if example.signal_type in WINDOW_RULES.by_durations:
        return f"Make it as fast as before (fix category: {shown_category(category)})"
    return f"{CHANGES[category]} so that the failure cannot recur"


def released(facts: PlanFacts) -> str:
    """The suspected release and the one before it, as a phrase; "" without one."""
    suspected = facts.suspected
    return f"`{suspected.release}` with `{suspected.older}`" if suspected else ""


def shared(hints: tuple[Hint, ...]) -> str:
    """The values of the strongest hint, as a phrase; "" without hints."""
    values = hints[0].values if hints else ()
    return " with ".join(
        f"`{name}` {'not set' if value is None else f'= `{value}`'}" for name, value in values
    )


def called_name(example: FailingRecord) -> str:
    """The tool or model that was called, in parentheses; "" if the record names none."""
    if example.tool:
        return f" (tool `{example.tool}`)"
    return f" (model `{example.model}`)" if example.model else ""


def quoted_error(example: FailingRecord) -> str:
    """The error type and message of the record, in backticks, 200 characters at most."""
    text = ": ".join(part for part in (example.error_type, example.message) if part)
    return f"`{text[:200]}`" if text else "no message"
