"""One span as the row that is stored: its meaning, its failure, its cluster. What gets a column gets it here, once."""

from __future__ import annotations

from telemetry import conventions
from telemetry.classify import failure
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import Rules
from telemetry.spans.meaning import Failure
from telemetry.spans.operation import operation
from telemetry.spans.span import Span
from telemetry.store.row import Row

MAX_TEXT = 500  # characters of a column; the span itself stays whole in its segment
NO_FAILURE = Failure("", "", "", "")


def normalise(span: Span, rules: Rules) -> Row:
    """The row of a span. A pure function: the same span gives the same row under the same rules."""
    origin, meaning = span.origin, conventions.read(span)
    work = operation(span, meaning)
    failed = failure(span, meaning)
    told = failed or NO_FAILURE
    return Row(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id or None,
        start_time_unix_nano=span.start_time_unix_nano,
        duration_nano=span.duration_nano,
        name=text(span.name),
        kind=span.kind,
        status_code=span.status_code,
        operation=work,
        service=origin.service,
        environment=origin.environment,
        release=origin.release,
        unit=meaning.unit,
        agent=text(meaning.agent),
        tool=text(meaning.tool),
        model=text(meaning.model),
        input_tokens=meaning.input_tokens,
        output_tokens=meaning.output_tokens,
        signal_type=told.signal_type,
        severity=told.severity,
        error_type=text(told.error_type),
        failure_message=text(told.message),
        fingerprint=fingerprint(origin.service, work, failed, rules) if failed else None,
        resource_id=origin.resource_id,
        scope_id=origin.scope_id,
        session_id=text(meaning.session_id),
        user_id=text(meaning.user_id),
        origin=origin,
        message=span.message,
    )


def text(value: str) -> str:
    """A string that every database can hold and index: PostgreSQL refuses NUL, and keys over 2.7 kB."""
    return value and value[:MAX_TEXT].replace("\x00", "")
