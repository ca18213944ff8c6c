"""
The row that is stored of a span: its meaning, its failure and its cluster.

Every column but the place in the segment gets its value here.
"""

from __future__ import annotations

from telemetry import conventions
from telemetry.agent_runs.call_keys import call_key
from telemetry.classify import failure
from telemetry.conventions.registry import Convention
from telemetry.failures import cancellations
from telemetry.failures.cancellations import is_cancellation
from telemetry.failures.root_cause import named
from telemetry.failures.unknown_tool import as_unknown_tool_of_step
from telemetry.grouping.fingerprint import fingerprint
from telemetry.grouping.versions import GroupingRules
from telemetry.spans.meaning import Failure, Meaning
from telemetry.spans.operation import operation
from telemetry.spans.span import Span
from telemetry.store.row import RecordRow

NO_FAILURE = tuple(RecordRow._field_defaults.values())
MAX_TEXT = 500  # characters of a column; the span itself stays whole in its segment


def normalise(span: Span, rules: GroupingRules) -> RecordRow:
    """The row of a span. A pure function: the same span gives the same row under the same rules."""
    convention = conventions.convention_of(span)
    meaning = conventions.read_by(convention, span)
    row, failed = row_without_failure(span, meaning, convention), failure(span, meaning)
    if failed and rules.rereads_steps and meaning.unit == "graph_node":
        failed = as_unknown_tool_of_step(failed)
    if failed and rules.sets_cancellations_apart and is_cancellation(failed, span):
        return with_cancellation(row, failed)
    return with_failure(row, failed, rules) if failed else row


def row_without_failure(span: Span, meaning: Meaning, convention: Convention | None) -> RecordRow:
    """The row of the span as if nothing had failed in it."""
    origin = span.origin
    # Made as a tuple, since every span comes here: by position it takes twice as long, by keywords four times.
    values = (
        span.trace_id, span.span_id, span.parent_span_id or None, span.start_time_unix_nano, span.duration_nano,
        indexable_text(span.name), span.kind, span.status_code, operation(span, meaning),
        origin.service, origin.environment, origin.release,
        meaning.unit,
        meaning.agent and indexable_text(meaning.agent),
        meaning.tool and indexable_text(meaning.tool),
        meaning.model and indexable_text(meaning.model),
        meaning.input_tokens, meaning.output_tokens,
        origin.resource_id, origin.scope_id,
        call_key(span, meaning.unit, convention),
        meaning.session_id and indexable_text(meaning.session_id),
        meaning.user_id and indexable_text(meaning.user_id),
        origin, span.content, span.span_id,
    )  # fmt: skip
    return tuple.__new__(RecordRow, values + NO_FAILURE)


def with_failure(row: RecordRow, failed: Failure, rules: GroupingRules) -> RecordRow:
    """The row with the failure's columns and its cluster."""
    shown = named(failed) if rules.reads_stacks_by_language else failed
    return row._replace(
        signal_type=failed.signal_type,
        severity=failed.severity,
        error_type=indexable_text(shown.error_type),
        failure_message=indexable_text(shown.message),
        fingerprint=fingerprint(row.service, row.operation, failed, rules),
    )


def with_cancellation(row: RecordRow, failed: Failure) -> RecordRow:
    """The row of a call that its caller cancelled, which says so and has not failed."""
    return row._replace(
        signal_type=cancellations.SIGNAL,
        error_type=indexable_text(failed.error_type),
        failure_message=indexable_text(failed.message),
    )


def indexable_text(value: str) -> str:
    """The value as every database can hold and index it: PostgreSQL refuses NUL, and keys over 2.7 kB."""
    return value[:MAX_TEXT].replace("\x00", "")
