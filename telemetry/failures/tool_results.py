"""
Results of tools that report a failure, for the model to read: JSON with `error` or `isError`, or a text that says so.

https://modelcontextprotocol.io/specification/2025-06-18/server/tools#error-handling and what agent frameworks write.
"""

from __future__ import annotations

from typing import Any

from telemetry.conventions.content import reported_error, tool_result
from telemetry.failures import fault, soft_errors
from telemetry.spans.meaning import Failure

SIGNAL = "tool_call_failed"
ERROR_WORD = "rror"  # a result that reports a failure in JSON has it in a key or a value
JSON_BEGINNINGS = ("{", "[", '"')


def failure_in_result(output: Any) -> Failure | None:
    """The failure that a result reports; None for other results."""
    if isinstance(output, str) and output[:1] not in JSON_BEGINNINGS:
        return failure_in_text(output)
    if output is None or (isinstance(output, str) and ERROR_WORD not in output):
        return None  # most results: reading them further would cost
    result = tool_result(output)
    if not isinstance(result, dict):
        return failure_in_text(result) if isinstance(result, str) else None
    error = result.get("error") or reported_error(result)
    return soft_tool_failure(error, result) if error else None


def failure_in_text(text: str) -> Failure | None:
    """The failure that a tool reports in plain text; None for a text that is a result."""
    error = soft_errors.soft_error_in(text)
    if error is None:
        return None
    return Failure(
        SIGNAL, "medium", error.error_type or "tool_error", error.message, error.stack, error.depth
    )


def soft_tool_failure(error: Any, result: dict[str, Any]) -> Failure:
    """The failure whose type is a code such as `carrier_unavailable`, and whose message is the text beside it."""
    facts = {**result, **error} if isinstance(error, dict) else result
    code = next((facts[name] for name in ("code", "type", "error") if isinstance(facts.get(name), str)), "")
    detail = next((facts[name] for name in ("detail", "message") if isinstance(facts.get(name), str)), "")
    message = f"{code}: {detail}" if detail and is_code(code) else detail or fault.fault_text(error)
    return Failure(SIGNAL, "medium", code if is_code(code) else "", fault.one_line(message))


def is_code(text: str) -> bool:
    """Whether the text is one word, as codes are, and no sentence."""
    return text.replace(".", "_").replace("-", "_").isidentifier()
