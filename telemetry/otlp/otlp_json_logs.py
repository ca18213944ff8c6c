"""
OTLP/JSON of log records, parsed into the official protobuf message as leniently as spans are (otlp_json.py).

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/logs/v1/logs.proto
"""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import SeverityNumber

from telemetry.otlp import message_count
from telemetry.otlp.json_fields import (
    Fields,
    enumeration,
    fill,
    hexadecimal,
    many,
    obj,
    one,
    scalar,
    string,
    uint32,
    uint64,
)
from telemetry.otlp.json_values import put_value
from telemetry.otlp.otlp_json import ATTRIBUTES, SCOPE, load_json


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
SCOPE_LOGS: Fields = {
    "scope": one("scope", SCOPE),
    "logRecords": many("log_records", LOG_RECORD),
    "schemaUrl": scalar("schema_url", string),
}
RESOURCE_LOGS: Fields = {
    "resource": one("resource", ATTRIBUTES),
    "scopeLogs": many("scope_logs", SCOPE_LOGS),
    "schemaUrl": scalar("schema_url", string),
}
REQUEST: Fields = {"resourceLogs": many("resource_logs", RESOURCE_LOGS)}
LISTS = ("resourceLogs", "scopeLogs", "logRecords")


def parse_json_logs(body: bytes) -> ExportLogsServiceRequest:
    """Return the request. Raises ValueError, which names the field, for what is not OTLP/JSON."""
    message_count.check_json(body)
    request, data = ExportLogsServiceRequest(), obj(load_json(body), "the body")
    message_count.check_lists(data, LISTS)
    fill(request, data, REQUEST)
    return request
