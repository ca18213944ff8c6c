"""
A span as a row: the columns of its record, and the values that other tables take from it.

A new column of the record is a field here and in models.Record, with a migration, and gets its value in normalise.py;
tests/telemetry/store/test_row.py names a field that is forgotten.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.spans.span import SpanOrigin


class RecordRow(NamedTuple):
    """A span's values by the names of the record's columns, those of a failure last: see normalise.py."""

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
    resource_id: int
    scope_id: int
    call_key: int | None
    session_id: str
    user_id: str
    origin: SpanOrigin
    content: bytes  # the whole span as it was sent, serialized
    sent_span_id: bytes  # the one in it
    signal_type: str = ""
    severity: str = ""
    error_type: str = ""
    failure_message: str = ""
    fingerprint: int | None = None

    @property
    def message(self) -> SpanMessage:
        """The whole span as it was sent, parsed anew."""
        return SpanMessage.FromString(self.content)


OF_OTHER_TABLES = ("session_id", "user_id", "origin", "content", "sent_span_id")
FROM, TO = (RecordRow._fields.index(OF_OTHER_TABLES[end]) for end in (0, -1))  # they stand side by side
COLUMNS = RecordRow._fields[:FROM] + RecordRow._fields[TO + 1 :]
PLACE = ("segment_id", "position")  # the record's columns that the store gives it, once its span is packed


def stored_values(row: RecordRow) -> tuple[Any, ...]:
    """The row's values for its record, in the order of COLUMNS."""
    return row[:FROM] + row[TO + 1 :]
