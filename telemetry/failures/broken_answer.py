"""
Answers that a failure cut short: what was recorded as a model's answer ends in the traceback of the program itself.

Clients that record what an agent's step printed write it there, and set no status. A model that quotes a traceback
ends its answer by itself (it has a finish reason) or fences it as code: https://spec.commonmark.org/0.31.2/#fenced-code-blocks.
The form: https://docs.python.org/3/library/traceback.html
"""

from __future__ import annotations

from telemetry import conventions
from telemetry.conventions.content import words
from telemetry.failures import soft_errors, stacktrace
from telemetry.failures.fault import one_line
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import Span

FENCE = "```"


def broken_answer(span: Span, meaning: Meaning) -> Failure | None:
    """The answer ends in a traceback."""
    if meaning.finish_reason or not any(map(holds_one, span.attributes.values())):
        return None
    text = words(conventions.output_of(span))
    at = f"\n{text}".find(f"\n{stacktrace.TRACEBACK}")  # of the one that was raised first
    if at < 0 or text.count(FENCE, 0, at) % 2 or not soft_errors.has_traceback(text):
        return None
    error_type, message = stacktrace.raised(text)
    return Failure("llm_call_failed", "medium", error_type, one_line(message or error_type), text)


def holds_one(value: object) -> bool:
    """Whether a traceback stands somewhere in it."""
    return isinstance(value, str) and stacktrace.TRACEBACK in value
