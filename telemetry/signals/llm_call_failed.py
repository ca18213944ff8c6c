"""
`llm_call_failed`: the call of a model failed, or its answer was cut short by a failure.

https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
"""

from __future__ import annotations

from telemetry.signals.failed_results import failed_result

SIGNAL = "llm_call_failed"
AFTER = "tool_call_failed"
ABOUT = "the same on a model call"
EXPECTATION = "The model call returns an answer without an error."
FIX_CATEGORY = ""
IN_OUTPUT = "error"

eval_problem = failed_result
