"""
What a coding agent should do about an issue: ordered steps from facts of the evidence, nothing invented.

The one lever is where a change would act: tools, prompt, context, model, orchestration, infra, or other code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from diagnosis.failures import Failing

INFRA = re.compile(
    r"\b(429|5\d\d)\b|rate.?limit|timed? ?out|timeout|ECONN|connection|unavailable|overloaded", re.I
)
CONTEXT = re.compile(r"context.?length|maximum context|too many tokens|prompt is too long", re.I)
CHANGES = {
    "model": "Change the model's limits or its settings",
    "prompt": "Change the prompt",
    "context": "Send the model less context",
    "infra": "Handle the outage: time-outs, retries with a bound, a fallback",
    "tools": "Change the tool or its schema",
    "orchestration": "Change what the agent does with the result, or stop the repeats",
    "other": "Change that code",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a plan is built from."""

    example: Failing
    records: int
    operation_records: int
    evidence_ids: tuple[str, ...]
    eval_id: str
    echo_operations: tuple[str, ...]
    replayable: bool  # the evidence has an input to call with again
    location: str  # function and file of the top own frame; "" without a stack


def lever(example: Failing) -> str:
    """Where a change would act, by the kind of failure."""
    said = f"{example.error_type} {example.message}"
    if example.signal_type == "output_truncated":
        return "model"
    if example.signal_type in ("user_signal", "unfounded_answer"):
        return "prompt"
    if example.signal_type == "repeated_call":
        return "orchestration"
    if CONTEXT.search(said):
        return "context"
    if INFRA.search(said):
        return "infra"
    return "tools" if example.signal_type == "tool_call_failed" else "other"


def plan(facts: Facts) -> dict[str, object]:
    """The plan as the packet shows it."""
    example = facts.example
    return {
        "lever": lever(example),
        "steps": [{"step": number, "detail": detail} for number, detail in enumerate(steps(facts), start=1)],
        "verify": (
            f"Report `shipped`, then POST /v1/runs/verify: `{example.operation}` must run without this failure; "
            f"before, {facts.records} of {facts.operation_records} records failed."
        ),
        "refuted_by": (
            f"The eval {facts.eval_id} passes before the change, or the failure goes on at the same rate after it."
        ),
    }


def steps(facts: Facts) -> list[str]:
    """What to do, in order."""
    example = facts.example
    place = f"`{example.operation}`" + (f" in service `{example.service}`" if example.service else "")
    optional = {
        f"Reproduce with the eval: GET /v1/evals/{facts.eval_id}?format=pytest; it must fail first.": facts.replayable,
        f"Start at `{facts.location}`, the application's own frame nearest to the failure.": facts.location,
        f"Check what repeats the failure outside: {', '.join(facts.echo_operations)}.": facts.echo_operations,
    }
    reproduce, start, check = ([step] if wanted else [] for step, wanted in optional.items())
    return [
        f"Read the evidence: GET /v1/telemetry?record_id={facts.evidence_ids[0]} and the other evidence_ids.",
        *reproduce,
        f"Find the code of {place}{called(example)}; it reports {quoted(example)}.",
        *start,
        *check,
        f"{CHANGES[lever(example)]} so that the failure cannot recur; keep healthy calls as they are.",
        "Open the pull request and report each step to this issue's loop_id: POST /v1/loops/<loop_id>/events.",
    ]


def called(example: Failing) -> str:
    """The tool or model that was called, if the record names one."""
    if example.tool:
        return f" (tool `{example.tool}`)"
    return f" (model `{example.model}`)" if example.model else ""


def quoted(example: Failing) -> str:
    """The error as the record has it."""
    said = ": ".join(part for part in (example.error_type, example.message) if part)
    return f"`{said[:200]}`" if said else "no message"
