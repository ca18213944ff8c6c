"""
The row that is stored of a span: its meaning, its failure and its cluster.

Every column but the place in the segment gets its value here.
"""

from __future__ import annotations

from telemetry import conventions
from telemetry.classify import failure
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import GroupingRules
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.operation import operation
from telemetry.spans.span import Span
from telemetry.store.row import RecordRow

MAX_TEXT = 500  # characters of a column; the span itself stays whole in its segment


def normalise(span: Span, rules: GroupingRules) -> RecordRow:
    """The row of a span. A pure function: the same span gives the same row under the same rules."""
    meaning = conventions.read_meaning(span)
    row, failed = row_without_failure(span, meaning), failure(span, meaning)
    return with_failure(row, failed, rules) if failed else row


def row_without_failure(span: Span, meaning: Meaning) -> RecordRow:
    """The row of the span as if nothing had failed in it."""
    origin = span.origin
    return RecordRow(
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_span_id=span.parent_span_id or None,
        start_time_unix_nano=span.start_time_unix_nano,
        duration_nano=span.duration_nano,
        name=indexable_text(span.name),
        kind=span.kind,
        status_code=span.status_code,
        operation=operation(span, meaning),
        service=origin.service,
        environment=origin.environment,
        release=origin.release,
        unit=meaning.unit,
        agent=indexable_text(meaning.agent),
        tool=indexable_text(meaning.tool),
        model=indexable_text(meaning.model),
        input_tokens=meaning.input_tokens,
        output_tokens=meaning.output_tokens,
        resource_id=origin.resource_id,
        scope_id=origin.scope_id,
        session_id=indexable_text(meaning.session_id),
        user_id=indexable_text(meaning.user_id),
        origin=origin,
        message=span.message,
    )


def with_failure(row: RecordRow, failed: Failure, rules: GroupingRules) -> RecordRow:
    """The row with the failure's columns and its cluster."""
    return row._replace(
        signal_type=failed.signal_type,
        severity=failed.severity,
        error_type=indexable_text(failed.error_type),
        failure_message=indexable_text(failed.message),
        fingerprint=fingerprint(row.service, row.operation, failed, rules),
    )


def indexable_text(value: str) -> str:
    """The value as every database can hold and index it: PostgreSQL refuses NUL, and keys over 2.7 kB."""
    return value and value[:MAX_TEXT].replace("\x00", "")
