"""
OTLP/JSON of log records, parsed into the official protobuf message as leniently as spans are (otlp_json.py).

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
"""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber

from telemetry.otlp.json_envelope import ATTRIBUTES, envelope, read_envelope
from telemetry.otlp.json_fields import Fields, enumeration, hexadecimal, scalar, string, uint32, uint64
from telemetry.otlp.json_values import put_value


def fill_body(message: Any, value: Any, name: str) -> None:
    """Put the value of a log record into its body."""
    put_value(message.body, value, 0)


LOG_RECORD: Fields = {
    "timeUnixNano": scalar("time_unix_nano", uint64),
    "observedTimeUnixNano": scalar("observed_time_unix_nano", uint64),
    "severityNumber": scalar("severity_number", enumeration(SeverityNumber)),
    "severityText": scalar("severity_text", string),
    "body": fill_body,
    "flags": scalar("flags", uint32),
    "traceId": scalar("trace_id", hexadecimal),
    "spanId": scalar("span_id", hexadecimal),
    "eventName": scalar("event_name", string),
    **ATTRIBUTES,
}
LOGS = envelope(("resourceLogs", "scopeLogs", "logRecords"), LOG_RECORD)


def parse_json_logs(body: bytes) -> ExportLogsServiceRequest:
    """Return the request. Raises ValueError, which names the field, for what is not OTLP/JSON."""
    request = ExportLogsServiceRequest()
    read_envelope(body, request, LOGS)
    return request
