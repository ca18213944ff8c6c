"""
`output_truncated`: the model stopped at its token limit, so the answer is cut.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

from typing import Any

from telemetry.failures.stop_reasons import FINE
from telemetry.signals.failed_results import reported_problem, values_under
from telemetry.signals.registry import GIVEN_BACK, IngestRule
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

SIGNAL = "output_truncated"
AFTER = "llm_call_failed"
ABOUT = "the model stopped at its token limit"
EXPECTATION = "The answer ends by itself: finish_reason is not length."
RESULT_FORM = "The answer with `finish_reason`, or the name that the provider has for it."
IS_SOFT = True
CAUSE = "place"
IN_ANY_OPERATION = False
FIX_CATEGORY = "model"
IN_OUTPUT = "judged"
TRUNCATED = frozenset(
    {
        "length",
        "max_tokens",
        "max_output_tokens",
        "max_completion_tokens",
        "max_length",
        "model_length",
        "token_limit",
        "model_context_window_exceeded",
    }
)
REASONS = ("finish_reason", "finish_reasons", "finishReason", "stop_reason", "stopReason", "done_reason")


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The problem of a result whose `finish_reason`, or its provider's name for it, is the token limit or missing."""
    if problem := reported_problem(result):
        return problem
    reasons = [
        str(value).lower().strip("[]'\"").rpartition(".")[2]
        for value in values_under(result, REASONS)
        if value
    ]
    if not reasons:
        return "the result does not say why the model stopped: return it with `finish_reason`"
    return "the answer is cut" if TRUNCATED.intersection(reasons) else ""


def output_truncated(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of a model call that stopped at its token limit; None for other ends."""
    if meaning.finish_reason in FINE:
        return None
    reason = meaning.finish_reason.lower().rpartition(".")[2]  # `FinishReason.MAX_TOKENS`
    return Failure(SIGNAL, "low", "", f"the model stopped early: {reason}") if reason in TRUNCATED else None


INGEST_RULES = (IngestRule(GIVEN_BACK, "llm_call", output_truncated),)
