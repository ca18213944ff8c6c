"""
`llm_call_failed`: the call of a model failed, or its answer was cut short by a failure.

https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
"""

from __future__ import annotations

from telemetry.failures.broken_answer import broken_answer
from telemetry.failures.stop_reasons import stopped
from telemetry.signals.failed_results import failed_result
from telemetry.signals.marked import OF_MODEL_CALLS
from telemetry.signals.registry import GIVEN_BACK, IngestRule

SIGNAL = "llm_call_failed"
AFTER = "tool_call_failed"
ABOUT = "the same on a model call"
EXPECTATION = "The model call returns an answer without an error."
RESULT_FORM = "The model's answer, as a text or as the provider's JSON. Nothing (None) proves nothing."
IS_SOFT = False
CAUSE = "answer"
IN_ANY_OPERATION = False
FIX_CATEGORY = ""
IN_OUTPUT = "error"

eval_problem = failed_result
INGEST_RULES = (
    *OF_MODEL_CALLS,
    IngestRule(GIVEN_BACK, "llm_call", stopped),
    IngestRule(GIVEN_BACK, "llm_call", broken_answer),
)
