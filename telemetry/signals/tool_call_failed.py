"""
`tool_call_failed`: the call of a tool failed, or its result reports an error.

https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

from typing import Any

from telemetry import conventions
from telemetry.conventions.content import tool_result
from telemetry.failures import fault
from telemetry.failures.soft_errors import EXIT, LEAD
from telemetry.failures.told_results import has_input, told_failure
from telemetry.failures.tool_results import failure_in_result
from telemetry.signals.failed_results import failed_result
from telemetry.signals.marked import OF_TOOL_CALLS
from telemetry.signals.registry import GIVEN_BACK, TOLD, IngestRule
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


def eval_problem(case: dict[str, Any], result: Any, seconds: float) -> str:
    """The problem of a result that reports an error, also in plain text such as `Unable to ship` or `exit code 1`."""
    if problem := failed_result(case, result, seconds):
        return problem
    text = result if isinstance(result, str) else ""
    code = EXIT.search(text)
    return "the text reports a failure" if LEAD.match(text) or (code and int(code[1])) else ""


def tool_reported_error(span: Span, meaning: Meaning) -> Failure | None:
    """The failure that a tool returned as its result, for the model to read; None for other results."""
    return failure_in_result(conventions.output_of(span))


def has_failed_mark(span: Span) -> bool:
    """Whether the span has an attribute that marks calls as failed."""
    return not conventions.CONVENTIONS.failed_marks.isdisjoint(span.attributes)


def tool_marked_failed(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of a call that its client marks as failed by an attribute of its own."""
    attributes, marks = span.attributes, conventions.CONVENTIONS.failed_tool
    if not has_failed_mark(span) or all(attributes.get(name) != value for name, value in marks.items()):
        return None
    message = fault.fault_text(tool_result(conventions.output_of(span)) or span.name)
    return Failure(SIGNAL, "medium", "tool_error", fault.one_line(message))


INGEST_RULES = (
    *OF_TOOL_CALLS,
    IngestRule(GIVEN_BACK, "tool_call", tool_reported_error),
    IngestRule(GIVEN_BACK, "tool_call", tool_marked_failed, has_failed_mark),
    IngestRule(TOLD, "llm_call", told_failure, has_input),
)
