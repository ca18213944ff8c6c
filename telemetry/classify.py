"""
Whether a span hurts, and why. One rule a function; the first that speaks decides.

A failure is what the client marked as one, plus a few soft ones that are certain. The status is explained at
https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from telemetry import conventions, fault, feedback
from telemetry.conventions.content import reports_error
from telemetry.meaning import Failure, Meaning
from telemetry.span import STATUS_ERROR, Span

SERVER = 2  # the span kind
SIGNALS = {"tool_call": "tool_call_failed", "llm_call": "llm_call_failed"}
TRUNCATED = frozenset(
    {"length", "max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit"}
)
TOOL_STATUS = ("gen_ai.tool.status", "tool.status")
# Exceptions that frameworks raise to steer: LangGraph asks a human or hands over, Python ends a generator.
STEERING = frozenset({"GraphInterrupt", "NodeInterrupt", "GraphBubbleUp", "ParentCommand", "GeneratorExit"})
EXPRESS = "@opentelemetry/instrumentation-express"
ROUTER = "@opentelemetry/instrumentation-router"

Rule = Callable[[Span, Meaning], Failure | None]


def failure(span: Span, meaning: Meaning) -> Failure | None:
    """Why the span counts as failed, or None."""
    return next((found for rule in RULES if (found := rule(span, meaning))), None)


def error_status(span: Span, meaning: Meaning) -> Failure | None:
    """The instrumentation says so."""
    return hard(span, meaning) if span.status_code == STATUS_ERROR else None


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
    if meaning.unit != "tool_call":
        return None
    result = conventions.result_of(span)
    if isinstance(result, dict):
        error = result.get("error") or (reports_error(result) and result.get("content"))
        if error:
            return soft_tool_failure(error, result)
    if any(span.attributes.get(name) == "error" for name in TOOL_STATUS):
        return Failure(
            "tool_call_failed", "medium", "tool_error", fault.one_line(fault.text(result or span.name))
        )
    return None


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
    if meaning.unit != "llm_call" or meaning.finish_reason.lower() not in TRUNCATED:
        return None
    return Failure("output_truncated", "low", "", f"the model stopped early: {meaning.finish_reason.lower()}")


def negative_feedback(span: Span, meaning: Meaning) -> Failure | None:
    """A user was unhappy with this answer."""
    complaint = feedback.complaint(span)
    return Failure("user_signal", "low", "", fault.one_line(complaint)) if complaint else None


RULES: tuple[Rule, ...] = (
    error_status,
    recorded_exception,
    server_answered_5xx,
    tool_reported_error,
    output_truncated,
    negative_feedback,
)


def hard(span: Span, meaning: Meaning) -> Failure | None:
    """The failure with what the span tells about it; None for exceptions that are no failures."""
    told = fault.of(span)
    if told.error_type.rpartition(".")[2] in STEERING:
        return None
    signal_type = SIGNALS.get(meaning.unit, "error")
    return Failure(signal_type, severity(span), told.error_type, told.message, told.frame)


def severity(span: Span) -> str:
    """High when a caller from outside got a 5xx."""
    is_entry = span.kind == SERVER and not span.parent_span_id
    return "high" if is_entry and fault.http_status(span) >= 500 else "medium"
