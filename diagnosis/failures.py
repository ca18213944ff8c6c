"""The failing records of a window, as plain values for the pure steps. The project is bound by the caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from telemetry.models import Record, Trace
from telemetry.record_ids import record_id
from telemetry.windows import Window

CHUNK = 500  # ids a query
FIELDS = (
    "trace_id",
    "span_id",
    "parent_span_id",
    "start_time_unix_nano",
    "service",
    "operation",
    "release",
    "unit",
    "tool",
    "model",
    "signal_type",
    "severity",
    "error_type",
    "failure_message",
    "fingerprint",
    "resource_id",
    "segment_id",
    "position",
)
IDENTITY = ("trace_id", "session_id", "user_id", "input_tokens", "output_tokens")


@dataclass(frozen=True, slots=True)
class Failing:
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
    resource_id: int = 0
    segment_id: int = 0  # where the span lies as it was sent, and at which
    position: int = 0

    @property
    def record_id(self) -> str:
        """The id that resolves to the raw record."""
        return record_id(self.trace_id, self.span_id)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose trace it was, and what it took."""

    session_id: str
    user_id: str
    tokens: int = 0  # in and out; 0 where no record of the trace tells


def read(window: Window) -> list[Failing]:
    """Every failing record that starts in the window, by time, then id."""
    rows = (
        Record.objects.filter(
            fingerprint__isnull=False,
            start_time_unix_nano__gte=window.start_unix_nano,
            start_time_unix_nano__lt=window.end_unix_nano,
        )
        .order_by("start_time_unix_nano", "trace_id", "span_id")
        .values_list(*FIELDS)
    )
    return [
        Failing(bytes(row[0]), bytes(row[1]), bytes(row[2]) if row[2] else None, *row[3:]) for row in rows
    ]


def parents(trace_ids: Iterable[bytes]) -> dict[tuple[bytes, bytes], bytes]:
    """The parent span of every span of these traces, by (trace, span); roots are left out."""
    found: dict[tuple[bytes, bytes], bytes] = {}
    for chunk in chunks(trace_ids):
        rows = Record.objects.filter(trace_id__in=chunk, parent_span_id__isnull=False)
        for trace_id, span_id, parent in rows.values_list("trace_id", "span_id", "parent_span_id"):
            found[bytes(trace_id), bytes(span_id)] = bytes(parent or b"")
    return found


def identities(trace_ids: Iterable[bytes]) -> dict[bytes, Identity]:
    """Session, user and tokens of these traces; a trace without a session is its own."""
    found: dict[bytes, Identity] = {}
    for chunk in chunks(trace_ids):
        rows = Trace.objects.filter(trace_id__in=chunk).values_list(*IDENTITY)
        for trace_id, session_id, user_id, put_in, came_out in rows:
            found[bytes(trace_id)] = Identity(session_id or bytes(trace_id).hex(), user_id, put_in + came_out)
    return found


def first_seen(fingerprint: int) -> int:
    """When the cluster was first seen, in unix nanoseconds."""
    rows = Record.objects.filter(fingerprint=fingerprint).order_by("start_time_unix_nano")
    return int(rows.values_list("start_time_unix_nano", flat=True)[0])


def chunks(ids: Iterable[bytes]) -> Iterable[list[bytes]]:
    """Distinct ids, sorted, in pieces that fit a query."""
    ordered = sorted(set(ids))
    return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]
