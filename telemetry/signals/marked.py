"""
Failures that the client marked as one, whatever the work: by status, error type, exception, or a server's 5xx.

The status is explained at https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
"""

from __future__ import annotations

from telemetry import conventions
from telemetry.failures import fault
from telemetry.signals.registry import MARKED, Detection
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import STATUS_ERROR, STATUS_OK, Span

SERVER = 2  # the span kind
SIGNALS = {"tool_call": "tool_call_failed", "llm_call": "llm_call_failed"}
# Exceptions that frameworks raise to steer: LangGraph asks a human or hands over, Python ends a generator.
STEERING = frozenset({"GraphInterrupt", "NodeInterrupt", "GraphBubbleUp", "ParentCommand", "GeneratorExit"})
EXPRESS = "@opentelemetry/instrumentation-express"
ROUTER = "@opentelemetry/instrumentation-router"


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
    """Whether the client is one that sets no status: so its convention says, or Express 5, whose router records."""
    if conventions.fails_without_status(span):
        return True
    scope = span.origin.scope_name
    # Middleware only hands on what the request handler threw: one failure, one record.
    return scope == EXPRESS or (scope == ROUTER and span.attributes.get("router.type") == "request_handler")


def server_answered_5xx(span: Span, meaning: Meaning) -> Failure | None:
    """A server's 5xx, even where the instrumentation left the status unset."""
    return hard(span, meaning) if span.kind == SERVER and fault.http_status(span) >= 500 else None


def hard(span: Span, meaning: Meaning) -> Failure | None:
    """The failure with what the span tells about it; None for exceptions that are no failures."""
    told = fault.fault_of(span)
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


HARD = (stated_error, error_status, recorded_exception, server_answered_5xx)
OF_ANY_WORK = tuple(Detection(MARKED, "", rule) for rule in HARD)
OF_TOOL_CALLS = tuple(Detection(MARKED, "tool_call", rule) for rule in (*HARD, declared_error))
OF_MODEL_CALLS = tuple(Detection(MARKED, "llm_call", rule) for rule in (*HARD, declared_error))
