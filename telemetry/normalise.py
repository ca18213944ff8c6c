"""One span as the row that is stored: its meaning, its failure, its cluster. What gets a column gets it here, once."""

from __future__ import annotations

from typing import NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry import conventions
from telemetry.classify import failure
from telemetry.fingerprint import fingerprint
from telemetry.meaning import Failure
from telemetry.operation import operation
from telemetry.span import Origin, Span
from telemetry.versions import Rules

MAX_TEXT = 500  # characters of a column; the span itself stays whole in its segment
NO_FAILURE = Failure("", "", "", "")


class Row(NamedTuple):
    """The columns of telemetry_record in their order, and behind them what other tables take from the span."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes | None
    start_time_unix_nano: int
    duration_nano: int
    name: str
    kind: int
    status_code: int
    operation: str
    service: str
    environment: str
    release: str
    unit: str
    agent: str
    tool: str
    model: str
    input_tokens: int | None
    output_tokens: int | None
    signal_type: str
    severity: str
    error_type: str
    failure_message: str
    fingerprint: int | None
    resource_id: int
    scope_id: int
    session_id: str
    user_id: str
    origin: Origin
    message: SpanMessage


def normalise(span: Span, rules: Rules) -> Row:
    """The row of a span. A pure function: the same span gives the same row under the same rules."""
    origin, meaning = span.origin, conventions.read(span)
    work = operation(span, meaning)
    failed = failure(span, meaning)
    told = failed or NO_FAILURE
    return Row(
        span.trace_id,
        span.span_id,
        span.parent_span_id or None,
        span.start_time_unix_nano,
        span.duration_nano,
        text(span.name),
        span.kind,
        span.status_code,
        work,
        origin.service,
        origin.environment,
        origin.release,
        meaning.unit,
        text(meaning.agent),
        text(meaning.tool),
        text(meaning.model),
        meaning.input_tokens,
        meaning.output_tokens,
        told.signal_type,
        told.severity,
        text(told.error_type),
        text(told.message),
        fingerprint(origin.service, work, failed, rules) if failed else None,
        origin.resource_id,
        origin.scope_id,
        text(meaning.session_id),
        text(meaning.user_id),
        origin,
        span.message,
    )


def text(value: str) -> str:
    """A string that every database can hold and index: PostgreSQL refuses NUL, and keys over 2.7 kB."""
    return value and value[:MAX_TEXT].replace("\x00", "")
