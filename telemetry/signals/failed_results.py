"""Whether the result of a call that is made again still shows the failure, for evals. Copied into pytest files."""

from __future__ import annotations

import re
from typing import Any

from telemetry.failures.stacktrace import TRACEBACK

ERROR_KEYS = ("error", "isError", "is_error", "exception")
ERROR_STATUSES = ("error", "failed", "failure")
ERROR_TEXT = re.compile(r"\s*(?:(?i:error|exception|traceback)\b|[A-Z]\w*(?:Error|Exception)\b)")
FENCE = "```"


def failed_result(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The result tells of an error, is the output that failed, or holds the message of the failure."""
    if problem := error_told(result):
        return problem
    if case["output"] is not None and result == case["output"]:
        return "the output is the one that failed"
    message = case["failure"] or ""
    if " " in message and isinstance(result, str) and message in result:
        return "the result holds the message of the failure"
    return ""


def error_told(result: Any) -> str:
    """How the result tells of an error; "" where it tells of none."""
    facts = result if isinstance(result, dict) else {}
    if any(facts.get(name) for name in ERROR_KEYS) or facts.get("status") in ERROR_STATUSES:
        return "the result tells of an error"
    status = facts.get("status_code", facts.get("statusCode", facts.get("status")))
    if isinstance(status, int) and status >= 500:
        return f"the result has the status {status}"
    text = result if isinstance(result, str) else ""
    if ERROR_TEXT.match(text) or (TRACEBACK in text and FENCE not in text):
        return "the result begins as an error, or holds a traceback"
    return ""


def values_under(result: Any, names: tuple[str, ...]) -> list[Any]:
    """What stands under one of the names in the result, however deep."""
    found, parts = [], [result]
    for part in parts:
        if isinstance(part, dict):
            found += [value for name, value in part.items() if name in names]
            parts += part.values()
        elif isinstance(part, list):
            parts += part
    return found
