"""
`error`: work that is no call of a tool or a model failed.

https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
"""

from __future__ import annotations

from telemetry.signals.failed_results import failed_result
from telemetry.signals.marked import OF_ANY_WORK

SIGNAL = "error"
AFTER = ""
ABOUT = "the span's status is an error, or a server answered 5xx"
EXPECTATION = "The operation ends without an error."
RESULT_FORM = (
    "What the repeated call gave back: a value, or its `status_code` and body. Nothing (None) proves nothing."
)
IS_SOFT = False
CAUSE = "place"
IN_ANY_OPERATION = True
FIX_CATEGORY = ""
IN_OUTPUT = "error"

eval_problem = failed_result
INGEST_RULES = OF_ANY_WORK
