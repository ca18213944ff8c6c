"""
Failures that the client marked as one, whatever the work: by status, error type, exception, or a server's 5xx.

The status is explained at https://opentelemetry.io/docs/specs/otel/trace/api/#set-status
"""

from __future__ import annotations

from telemetry import conventions
from telemetry.failures import fault
from telemetry.signals.registry import MARKED, IngestRule
from telemetry.spans.joining_log import BODY, ERROR, SEVERITY
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.span import STATUS_ERROR, STATUS_OK, Span

SERVER = 2  # the span kind
SIGNAL_OF_UNIT = {"tool_call": "tool_call_failed", "llm_call": "llm_call_failed"}
# Exceptions that frameworks raise to steer: LangGraph asks a human or hands over, Python ends a generator.
STEERING = frozenset({"GraphInterrupt", "NodeInterrupt", "GraphBubbleUp", "ParentCommand", "GeneratorExit"})
EXPRESS = "@opentelemetry/instrumentation-express"
ROUTER = "@opentelemetry/instrumentation-router"


def may_be_marked(span: Span, meaning: Meaning) -> bool:
    """Whether one of these rules may find a failure: at a glance, since most spans succeed."""
    return (
        span.status_code == STATUS_ERROR
        or bool(span.events or meaning.error)
        or span.kind == SERVER
        or "error.type" in span.attributes
    )


def stated_error(span: Span, meaning: Meaning) -> Failure | None:
    """The failure that the client states in words of its own, without an error status or with one that says less."""
    if not meaning.error or (span.status_code == STATUS_ERROR and (span.status_message or span.events)):
        return None
    error_type, message = fault.split_status(meaning.error)
    named = fault.one_line(fault.error_type_of(span) or error_type)
    return Failure(signal(meaning), severity(span), named, fault.one_line(message or meaning.error))


def error_status(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of a span whose status is an error."""
    return hard(span, meaning) if span.status_code == STATUS_ERROR else None


def declared_error(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of a call that names its error's type, also where the status was forgotten.

    https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
    """
    is_declared = span.attributes.get("error.type") and span.status_code != STATUS_OK
    return hard(span, meaning) if is_declared else None


def recorded_exception(span: Span, meaning: Meaning) -> Failure | None:
    """
    The exception of a client that sets no status. Of other clients, one without an error status was handled, unless it,
    or another event of the span, was logged as an error.
    """
    if not span.events:
        return None
    if records_failures_only_as_events(span) and fault.last_exception(span):
        return hard(span, meaning)
    return logged_error(span, meaning)


def logged_error(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of a span of which a log record says that something failed."""
    for event in span.events:
        number = event.attributes.get(SEVERITY)
        if isinstance(number, int) and number >= ERROR:
            error = fault.from_exception(span, event) if event.name == "exception" else None
            message = (
                error.message if error else fault.one_line(str(event.attributes.get(BODY) or event.name))
            )
            kind = error.error_type if error else fault.error_type_of(span)
            stack, depth = (error.stack, error.depth) if error else ("", 1)
            return Failure(signal(meaning), severity(span), kind, message, stack, depth)
    return None


def records_failures_only_as_events(span: Span) -> bool:
    """Whether the client sets no status on failures: so its convention says, or it is Express 5, by its router."""
    if conventions.fails_without_status(span):
        return True
    scope = span.origin.scope_name
    # Middleware only hands on what the request handler threw: one failure, one record.
    return scope == EXPRESS or (scope == ROUTER and span.attributes.get("router.type") == "request_handler")


def server_answered_5xx(span: Span, meaning: Meaning) -> Failure | None:
    """The failure of a server span that answered 5xx, also where the instrumentation left the status unset."""
    return hard(span, meaning) if span.kind == SERVER and fault.http_status(span) >= 500 else None


def hard(span: Span, meaning: Meaning) -> Failure | None:
    """The failure with the type, message and stack of the span; None for exceptions that are no failures."""
    error = fault.fault_of(span)
    if error.error_type.rpartition(".")[2] in STEERING:
        return None
    return Failure(signal(meaning), severity(span), error.error_type, error.message, error.stack, error.depth)


def signal(meaning: Meaning) -> str:
    """The signal type of a failure of this unit of work."""
    return SIGNAL_OF_UNIT.get(meaning.unit, "error")


def severity(span: Span) -> str:
    """`high` for a 5xx to a caller from outside, else `medium`."""
    is_entry = span.kind == SERVER and not span.parent_span_id
    return "high" if is_entry and fault.http_status(span) >= 500 else "medium"


HARD = (stated_error, error_status, recorded_exception, server_answered_5xx)
OF_ANY_WORK = tuple(IngestRule(MARKED, "", rule) for rule in HARD)
OF_TOOL_CALLS = tuple(IngestRule(MARKED, "tool_call", rule) for rule in (*HARD, declared_error))
OF_MODEL_CALLS = tuple(IngestRule(MARKED, "llm_call", rule) for rule in (*HARD, declared_error))
