"""Checks of evals: whether the result of a repeated call still shows the failure. Copied into pytest files."""

from __future__ import annotations

import re
from typing import Any

from telemetry.failures.stacktrace import TRACEBACK

ERROR_KEYS = ("error", "isError", "is_error", "exception")
ERROR_STATUSES = ("error", "failed", "failure")
ERROR_TEXT = re.compile(r"\s*(?:(?i:error|exception|traceback)\b|[A-Z]\w*(?:Error|Exception)\b)")
FENCE = "```"


def failed_result(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The problem of a result that reports an error, is the output that failed, or holds the failure's message."""
    if problem := reported_problem(result):
        return problem
    if case["output"] is not None and result == case["output"]:
        return "the output is the one that failed"
    message = case["failure"] or ""
    if " " in message and isinstance(result, str) and message in result:
        return "the result holds the message of the failure"
    return ""


def reported_problem(result: Any) -> str:
    """The sentence that says how the result reports an error; "" if it reports none."""
    if result is None:
        return "the result is nothing: return what the repeated call gave back"
    facts = result if isinstance(result, dict) else {}
    if any(facts.get(name) for name in ERROR_KEYS) or facts.get("status") in ERROR_STATUSES:
        return "the result reports an error"
    status = facts.get("status_code", facts.get("statusCode", facts.get("status")))
    if isinstance(status, int) and status >= 500:
        return f"the result has the status {status}"
    text = result if isinstance(result, str) else ""
    if ERROR_TEXT.match(text) or (TRACEBACK in text and FENCE not in text):
        return "the result begins as an error, or holds a traceback"
    return ""


def values_under(result: Any, names: tuple[str, ...]) -> list[Any]:
    """The values under any of the names in the result, at every depth."""
    values, parts = [], [result]
    for part in parts:
        if isinstance(part, dict):
            values += [value for name, value in part.items() if name in names]
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return values
