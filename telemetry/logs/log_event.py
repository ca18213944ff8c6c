"""
A log record as plain values: its name, severity, body and attributes.

https://opentelemetry.io/docs/specs/otel/logs/data-model/
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from telemetry.otlp.decode import NO_SPAN_ID, NO_TRACE_ID
from telemetry.otlp.values import jsonable, plain_attributes, python_value
from telemetry.spans.joining_log import ERROR
from telemetry.spans.joining_log import EVENT_NAME as CLIENT_EVENT

EVENT_NAME = "event.name"  # the attribute that named events before the field did
EXCEPTION = "exception."
DURATIONS = ("duration_ms", "duration")  # attributes of clients, in milliseconds


@dataclass(frozen=True)
class LogEvent:
    """One log record, with the name of its instrumentation scope."""

    message: LogRecord
    scope: str

    @cached_property
    def attributes(self) -> dict[str, Any]:
        """Its attributes."""
        return plain_attributes(self.message.attributes)

    @property
    def sent_attributes(self) -> list[KeyValue]:
        """Its attributes as they were sent, without the one that only LoopKit gives: what names a client's event."""
        return [pair for pair in self.message.attributes if pair.key != CLIENT_EVENT]

    @property
    def name(self) -> str:
        """The event's name, or "" for a log record that is no event."""
        name = self.message.event_name or self.attributes.get(EVENT_NAME)
        return name if isinstance(name, str) else ""

    @property
    def is_failure(self) -> bool:
        """
        Whether it says that something failed: an error by its severity, or an exception without a severity.

        A lower severity that is stated is "not an error": a caught exception, mostly.
        https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
        """
        severity = self.message.severity_number
        return severity >= ERROR or (not severity and self.has_exception)

    @property
    def has_exception(self) -> bool:
        """Whether it describes an exception: .../docs/specs/semconv/exceptions/exceptions-logs/"""
        return any(pair.key.startswith(EXCEPTION) for pair in self.message.attributes)

    @property
    def time_unix_nano(self) -> int:
        """When it happened, or else when it was observed."""
        return self.message.time_unix_nano or self.message.observed_time_unix_nano

    @property
    def trace_id(self) -> bytes:
        """The id of the trace that it belongs to; b"" for none."""
        trace_id = self.message.trace_id
        return trace_id if len(trace_id) == len(NO_TRACE_ID) and trace_id != NO_TRACE_ID else b""

    @property
    def span_id(self) -> bytes:
        """The id of the span in which it happened; b"" for none."""
        span_id = self.message.span_id
        is_valid = self.trace_id and len(span_id) == len(NO_SPAN_ID) and span_id != NO_SPAN_ID
        return span_id if is_valid else b""

    @cached_property
    def body(self) -> Any:
        """The body as a plain value; None for none."""
        return python_value(self.message.body)

    @property
    def body_text(self) -> str:
        """The body as text; JSON of a body with parts."""
        body = self.body
        if body is None:
            return ""
        return body if isinstance(body, str) else orjson.dumps(jsonable(body)).decode()
