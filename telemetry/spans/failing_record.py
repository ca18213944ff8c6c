"""
A failing record as plain values: what attribution, clusters, evidence and rules over windows work on.

Its columns are listed here alone. Reads select COLUMNS and make records with `from_columns`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from telemetry.spans.record_ids import record_id


class FailingRecord(NamedTuple):  # made for every failing span that comes in: faster than a frozen dataclass
    """One failing record, without its attributes."""

    trace_id: bytes
    span_id: bytes
    parent_span_id: bytes | None
    start_time_unix_nano: int
    service: str
    operation: str
    release: str
    unit: str
    tool: str
    model: str
    signal_type: str
    severity: str
    error_type: str
    message: str
    fingerprint: int
    environment: str = ""
    resource_id: int = 0
    scope_id: int = 0
    kind: int = 0  # https://opentelemetry.io/docs/specs/otel/trace/api/#spankind
    segment_id: int = 0  # the segment that holds the span as it was sent; 0 while it is being stored
    position: int = 0  # of the span in its segment

    @property
    def key(self) -> bytes:
        """The trace id and the span id, joined."""
        return self.trace_id + self.span_id

    @property
    def record_id(self) -> str:
        """The id under which the API gives the record."""
        return record_id(self.trace_id, self.span_id)


COLUMNS = tuple("failure_message" if name == "message" else name for name in FailingRecord._fields)


def from_columns(values: Sequence[Any]) -> FailingRecord:
    """The record of a row of COLUMNS, with bytes where a database driver gives a view."""
    trace_id, span_id, parent_span_id, *others = values
    return FailingRecord(
        bytes(trace_id), bytes(span_id), bytes(parent_span_id) if parent_span_id else None, *others
    )
