"""
Whether a span hurts, and why. One rule a function; the first that speaks decides.

A failure is what the client marked as one, plus a few soft ones that are certain. The status is explained at
https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telemetry import conventions, fault, feedback, soft_errors
from telemetry.broken_answer import broken_answer
from telemetry.conventions.content import reported_error, tool_result
from telemetry.malformed import malformed_output
from telemetry.meaning import Failure, Meaning
from telemetry.signals.output_truncated import TRUNCATED
from telemetry.span import STATUS_ERROR, STATUS_OK, Span
from telemetry.unknown_tool import as_unknown_tool

SERVER = 2  # the span kind
SIGNALS = {"tool_call": "tool_call_failed", "llm_call": "llm_call_failed"}
ERROR_WORD = "rror"  # a result that tells of a failure in JSON has it in a key or a value
JSON_BEGINNINGS = ("{", "[", '"')
FAILED = {
    "gen_ai.tool.status": "error",  # Strands
    "tool.status": "error",
    "gen_ai.tool.success": False,  # Mastra
    "haystack.tool.error": True,
}
FAILED_MARKS = frozenset(FAILED)
# Exceptions that frameworks raise to steer: LangGraph asks a human or hands over, Python ends a generator.
STEERING = frozenset({"GraphInterrupt", "NodeInterrupt", "GraphBubbleUp", "ParentCommand", "GeneratorExit"})
EXPRESS = "@opentelemetry/instrumentation-express"
ROUTER = "@opentelemetry/instrumentation-router"

Rule = Callable[[Span, Meaning], Failure | None]


def failure(span: Span, meaning: Meaning) -> Failure | None:
    """Why the span counts as failed, or None."""
    for rule in RULES.get(meaning.unit, RULES[""]):
        found = rule(span, meaning)
        if found:
            return as_unknown_tool(found, span, meaning) if meaning.unit == "tool_call" else found
    return None


def stated_error(span: Span, meaning: Meaning) -> Failure | None:
    """The client says so in its own words, with no error status or with one that says less."""
    if not meaning.error or (span.status_code == STATUS_ERROR and (span.status_message or span.events)):
        return None
    error_type, message = fault.split_status(meaning.error)
    named = fault.one_line(fault.error_type_of(span) or error_type)
    return Failure(signal(meaning), severity(span), named, fault.one_line(message or meaning.error))


def error_status(span: Span, meaning: Meaning) -> Failure | None:
    """The instrumentation says so."""
    return hard(span, meaning) if span.status_code == STATUS_ERROR else None


def declared_error(span: Span, meaning: Meaning) -> Failure | None:
    """A call that names its error's type has failed, also where the status was forgotten.

    https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
    """
    is_declared = span.attributes.get("error.type") and span.status_code != STATUS_OK
    return hard(span, meaning) if is_declared else None


def recorded_exception(span: Span, meaning: Meaning) -> Failure | None:
    """An exception without an error status is a handled one, but for clients that never set the status."""
    if not span.events or not records_failures_only_as_events(span):
        return None
    return hard(span, meaning) if fault.last_exception(span) else None


def records_failures_only_as_events(span: Span) -> bool:
    """LangSmith sets OK before a timeout comes; Express 5 records in the router and sets no status."""
    scope = span.origin.scope_name
    if scope == "langsmith":
        return True
    # Middleware only hands on what the request handler threw: one failure, one record.
    return scope == EXPRESS or (scope == ROUTER and span.attributes.get("router.type") == "request_handler")


def server_answered_5xx(span: Span, meaning: Meaning) -> Failure | None:
    """A server's 5xx, even where the instrumentation left the status unset."""
    return hard(span, meaning) if span.kind == SERVER and fault.http_status(span) >= 500 else None


def tool_reported_error(span: Span, meaning: Meaning) -> Failure | None:
    """The tool returned its error as a result, for the model to read."""
    output = conventions.output_of(span)
    if isinstance(output, str) and output[:1] not in JSON_BEGINNINGS:
        return told_failure(output)
    if output is None or (isinstance(output, str) and ERROR_WORD not in output):
        return None  # most results: reading them further would cost
    result = tool_result(output)
    if not isinstance(result, dict):
        return told_failure(result) if isinstance(result, str) else None
    error = result.get("error") or reported_error(result)
    return soft_tool_failure(error, result) if error else None


def told_failure(text: str) -> Failure | None:
    """A failure that the tool tells in plain text."""
    told = soft_errors.told(text)
    if told is None:
        return None
    return Failure(
        "tool_call_failed", "medium", told.error_type or "tool_error", told.message, told.stack, told.depth
    )


def tool_marked_failed(span: Span, meaning: Meaning) -> Failure | None:
    """The client marks the call as failed, with a mark of its own."""
    attributes = span.attributes
    if FAILED_MARKS.isdisjoint(attributes):
        return None
    if all(attributes.get(name) != value for name, value in FAILED.items()):
        return None
    told = fault.text(tool_result(conventions.output_of(span)) or span.name)
    return Failure("tool_call_failed", "medium", "tool_error", fault.one_line(told))


def soft_tool_failure(error: Any, result: dict[str, Any]) -> Failure:
    """A code such as `carrier_unavailable` is the type; the longest text beside it is the message."""
    facts = {**result, **error} if isinstance(error, dict) else result
    code = next((facts[name] for name in ("code", "type", "error") if isinstance(facts.get(name), str)), "")
    told = next((facts[name] for name in ("detail", "message") if isinstance(facts.get(name), str)), "")
    message = f"{code}: {told}" if told and is_code(code) else told or fault.text(error)
    return Failure("tool_call_failed", "medium", code if is_code(code) else "", fault.one_line(message))


def is_code(text: str) -> bool:
    """One word, not a sentence."""
    return text.replace(".", "_").replace("-", "_").isidentifier()


def output_truncated(span: Span, meaning: Meaning) -> Failure | None:
    """The model stopped at its token limit, so the answer is cut."""
    if not meaning.finish_reason:
        return None
    reason = meaning.finish_reason.lower().rpartition(".")[2]  # `FinishReason.MAX_TOKENS`
    return (
        Failure("output_truncated", "low", "", f"the model stopped early: {reason}")
        if reason in TRUNCATED
        else None
    )


def negative_feedback(span: Span, meaning: Meaning) -> Failure | None:
    """A user was unhappy with this answer."""
    complaint = feedback.complaint(span)
    return Failure("user_signal", "low", "", fault.one_line(complaint)) if complaint else None


HARD: tuple[Rule, ...] = (stated_error, error_status, recorded_exception, server_answered_5xx)
RULES: dict[str, tuple[Rule, ...]] = {  # by unit of work; the first that speaks decides
    "tool_call": (*HARD, declared_error, tool_reported_error, tool_marked_failed, negative_feedback),
    "llm_call": (
        *HARD,
        declared_error,
        output_truncated,
        malformed_output,
        broken_answer,
        negative_feedback,
    ),
    "": (*HARD, negative_feedback),
}


def hard(span: Span, meaning: Meaning) -> Failure | None:
    """The failure with what the span tells about it; None for exceptions that are no failures."""
    told = fault.of(span)
    if told.error_type.rpartition(".")[2] in STEERING:
        return None
    return Failure(signal(meaning), severity(span), told.error_type, told.message, told.stack, told.depth)


def signal(meaning: Meaning) -> str:
    """The kind of work that failed."""
    return SIGNALS.get(meaning.unit, "error")


def severity(span: Span) -> str:
    """High when a caller from outside got a 5xx."""
    is_entry = span.kind == SERVER and not span.parent_span_id
    return "high" if is_entry and fault.http_status(span) >= 500 else "medium"
