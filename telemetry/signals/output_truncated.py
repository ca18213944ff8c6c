"""
`output_truncated`: the model stopped at its token limit, so the answer is cut.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

from typing import Any

from telemetry.failures.finish_reasons import letters_that_say
from telemetry.failures.stop_reasons import stopped
from telemetry.signals.failed_results import reported_problem
from telemetry.signals.given_reasons import NO_REASON, letters_in
from telemetry.signals.registry import GIVEN_BACK, IngestRule

SIGNAL = "output_truncated"
AFTER = "llm_call_failed"
ABOUT = "the model stopped at its token limit, so that the answer is cut"
EXPECTATION = "The answer ends by itself: finish_reason is not length."
RESULT_FORM = "The answer with `finish_reason`, or the name that the provider has for it."
IS_SOFT = True
CAUSE = "place"
IN_ANY_OPERATION = False
FIX_CATEGORY = "model"
IN_OUTPUT = "judged"
TRUNCATED = letters_that_say(SIGNAL)


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The problem of a result whose `finish_reason`, or its provider's name for it, is the token limit or missing."""
    if problem := reported_problem(result):
        return problem
    reasons = letters_in(result)
    if not reasons:
        return NO_REASON
    return "the answer is cut" if TRUNCATED.intersection(reasons) else ""


INGEST_RULES = (IngestRule(GIVEN_BACK, "llm_call", stopped),)
