"""
`answer_refused`: the model refused to answer, or a content filter or a guardrail withheld the answer.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and the providers of
telemetry/failures/finish_reasons.py
"""

from __future__ import annotations

from typing import Any

from telemetry.failures.finish_reasons import letters_that_say
from telemetry.failures.stop_reasons import stopped
from telemetry.signals.failed_results import reported_problem
from telemetry.signals.given_reasons import NO_REASON, letters_in
from telemetry.signals.registry import GIVEN_BACK, IngestRule

SIGNAL = "answer_refused"
AFTER = "malformed_output"
ABOUT = "the model refused to answer, or a content filter or a guardrail withheld the answer"
EXPECTATION = "The question is answered: finish_reason is neither a refusal nor a content filter."
RESULT_FORM = "The answer with `finish_reason`, or the name that the provider has for it."
IS_SOFT = True
CAUSE = "place"
IN_ANY_OPERATION = False
FIX_CATEGORY = "guardrails"
IN_OUTPUT = "judged"
REFUSALS = letters_that_say(SIGNAL)


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The problem of a result whose `finish_reason`, or its provider's name for it, is a refusal or missing."""
    if problem := reported_problem(result):
        return problem
    reasons = letters_in(result)
    if not reasons:
        return NO_REASON
    return "the answer was refused" if REFUSALS.intersection(reasons) else ""


INGEST_RULES = (IngestRule(GIVEN_BACK, "llm_call", stopped),)
