"""
`tool_call_failed`: the call of a tool failed, or its result reports an error.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

from typing import Any

from telemetry import conventions
from telemetry.conventions.content import reported_error, tool_result
from telemetry.failures import fault, soft_errors
from telemetry.failures.soft_errors import EXIT, LEAD
from telemetry.signals.failed_results import failed_result
from telemetry.signals.marked import OF_TOOL_CALLS
from telemetry.signals.registry import GIVEN_BACK, IngestRule
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

SIGNAL = "tool_call_failed"
AFTER = "error"
ABOUT = "the same on a tool call, or its result reports an error: JSON with `error`, `isError`, or a text that says so"
EXPECTATION = "The tool call returns a result without an error."
RESULT_FORM = "What the tool gave back, as the model gets it. Nothing (None) proves nothing."
IS_SOFT = False
CAUSE = "tool"
IN_ANY_OPERATION = True
FIX_CATEGORY = ""
IN_OUTPUT = "error"
ERROR_WORD = "rror"  # a result that reports a failure in JSON has it in a key or a value
JSON_BEGINNINGS = ("{", "[", '"')


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The problem of a result that reports an error, also in plain text such as `Unable to ship` or `exit code 1`."""
    if problem := failed_result(case, result, seconds):
        return problem
    text = result if isinstance(result, str) else ""
    code = EXIT.search(text)
    return "the text reports a failure" if LEAD.match(text) or (code and int(code[1])) else ""


def tool_reported_error(span: Span, meaning: Meaning) -> Failure | None:
    """The failure that a tool returned as its result, for the model to read; None for other results."""
    output = conventions.output_of(span)
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


def tool_marked_failed(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of a call that its client marks as failed by an attribute of its own."""
    attributes = span.attributes
    known = conventions.CONVENTIONS
    if known.failed_marks.isdisjoint(attributes) or all(
        attributes.get(name) != value for name, value in known.failed_tool.items()
    ):
        return None
    message = fault.fault_text(tool_result(conventions.output_of(span)) or span.name)
    return Failure(SIGNAL, "medium", "tool_error", fault.one_line(message))


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


INGEST_RULES = (
    *OF_TOOL_CALLS,
    IngestRule(GIVEN_BACK, "tool_call", tool_reported_error),
    IngestRule(GIVEN_BACK, "tool_call", tool_marked_failed),
)
