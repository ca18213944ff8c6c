"""
Record ids: `rec_` and 48 hex digits, those of the trace id and of the span id.

They are made of what OTLP sends and nothing else, so that a span sent again is the same record:
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
"""

from __future__ import annotations

PREFIX = "rec_"
TRACE_BYTES, SPAN_BYTES = 16, 8


def record_id(trace_id: bytes | memoryview, span_id: bytes | memoryview) -> str:
    """The record id of a span."""
    return f"{PREFIX}{trace_id.hex()}{span_id.hex()}"


def parse_record_id(text: str) -> tuple[bytes, bytes] | None:
    """The trace id and the span id in a record id, or None for another text."""
    raw = from_hex(text.removeprefix(PREFIX), TRACE_BYTES + SPAN_BYTES) if text.startswith(PREFIX) else None
    return None if raw is None else (raw[:TRACE_BYTES], raw[TRACE_BYTES:])


def trace_id(text: str) -> bytes | None:
    """The trace id that is written as hex, or None for another text."""
    return from_hex(text, TRACE_BYTES)


def from_hex(digits: str, length: int) -> bytes | None:
    """The bytes, `length` of them, or None if the text is not exactly their hex digits (fromhex would skip spaces)."""
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        return None
    return raw if len(raw) == length and len(digits) == 2 * length else None
