"""Failing records for the pure steps: `failing("leaf", parent="root")`."""

from __future__ import annotations

from typing import Any

from telemetry.spans.failing_record import FailingRecord


def failing(
    span: str, *, trace: str = "trace", parent: str = "", at: int = 0, **fields: Any
) -> FailingRecord:
    """One failing record; spans and traces are named, times are unix nanoseconds."""
    facts: dict[str, Any] = {
        "service": "shop",
        "operation": "tool lookup_order",
        "release": "1.0.0",
        "unit": "tool_call",
        "tool": "lookup_order",
        "model": "",
        "signal_type": "tool_call_failed",
        "severity": "medium",
        "error_type": "OrderNotFound",
        "message": "order A-1 not found",
        "fingerprint": 7,
    }
    return FailingRecord(
        trace_id=trace.encode().ljust(16, b"."),
        span_id=span.encode().ljust(8, b"."),
        parent_span_id=parent.encode().ljust(8, b".") if parent else None,
        start_time_unix_nano=at,
        **facts | fields,
    )


def parents(*pairs: tuple[str, str], trace: str = "trace") -> dict[tuple[bytes, bytes], bytes]:
    """Who called whom: ("child", "parent") pairs of one trace."""
    key = trace.encode().ljust(16, b".")
    return {(key, child.encode().ljust(8, b".")): parent.encode().ljust(8, b".") for child, parent in pairs}
