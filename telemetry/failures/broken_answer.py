"""
Answers that a failure cut short: the text recorded as a model's answer holds the traceback of the program itself.

Clients that record what an agent's step printed put the traceback there and set no error status. A model that quotes a
traceback ends its answer normally (it has a finish reason) or fences the traceback as code:
https://spec.commonmark.org/0.31.2/#fenced-code-blocks. Format: https://docs.python.org/3/library/traceback.html
"""

from __future__ import annotations

from telemetry import conventions
from telemetry.conventions.content import answer_texts
from telemetry.failures import soft_errors, stacktrace
from telemetry.failures.fault import one_line
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

FENCE = "```"


def broken_answer(span: Span, meaning: Meaning) -> Failure | None:
    """Return the failure of an answer that begins or ends with an unfenced traceback, else None."""
    if meaning.finish_reason or not any(map(holds_one, span.attributes.values())):
        return None
    text = answer_texts(conventions.output_of(span))
    start = f"\n{text}".find(f"\n{stacktrace.TRACEBACK}")  # of the first traceback
    if start < 0 or text.count(FENCE, 0, start) % 2 or not soft_errors.has_traceback(text):
        return None
    error_type, message = stacktrace.raised(text)
    return Failure("llm_call_failed", "medium", error_type, one_line(message or error_type), text)


def holds_one(value: object) -> bool:
    """Whether the value is a text that contains a traceback."""
    return isinstance(value, str) and stacktrace.TRACEBACK in value
