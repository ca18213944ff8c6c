"""
`tool_call_failed`: the call of a tool failed, or its result tells of an error.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

from typing import Any

from telemetry.signals.failed_results import failed_result
from telemetry.soft_errors import EXIT, LEAD

SIGNAL = "tool_call_failed"
AFTER = "error"
ABOUT = "the same on a tool call, or its result tells of an error: JSON with `error`, `isError`, or a text that says so"
EXPECTATION = "The tool call returns a result without an error."
FIX_CATEGORY = ""
IN_OUTPUT = "error"


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The result tells of an error, also as plain text such as `Unable to ship` or `exit code 1`."""
    if problem := failed_result(case, result, seconds):
        return problem
    text = result if isinstance(result, str) else ""
    code = EXIT.search(text)
    return "the text tells of a failure" if LEAD.match(text) or (code and int(code[1])) else ""
