"""Failing records as plain values for the pure steps. The project is bound by the caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from telemetry.models import Trace
from telemetry.spans.record_ids import record_id
from telemetry.store.sql import fetch, fetch_many

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
LOAD = f"""
    WITH wanted (its_trace, its_span) AS (VALUES {{rows}})
    SELECT {", ".join(FIELDS)} FROM wanted JOIN telemetry_record ON trace_id = its_trace AND span_id = its_span
"""  # noqa: S608  (constants)
FIRST_SEEN = "SELECT MIN(start_time_unix_nano) FROM telemetry_record WHERE fingerprint = %s"


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
    def key(self) -> bytes:
        """Trace and span id joined."""
        return self.trace_id + self.span_id

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


def load(keys: Iterable[bytes]) -> dict[bytes, Failing]:
    """These records, by trace and span id joined."""
    rows = fetch_many(LOAD, [(key[:16], key[16:]) for key in sorted(set(keys))])
    found = (
        Failing(bytes(trace_id), bytes(span_id), bytes(parent) if parent else None, *rest)
        for trace_id, span_id, parent, *rest in rows
    )
    return {one.key: one for one in found}


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
    return int(fetch(FIRST_SEEN, [fingerprint])[0][0])


def chunks(ids: Iterable[bytes]) -> Iterable[list[bytes]]:
    """Distinct ids, sorted, in pieces that fit a query."""
    ordered = sorted(set(ids))
    return [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]
