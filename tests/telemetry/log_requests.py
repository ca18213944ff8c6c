"""OTLP requests of log records: made by hand, or recorded from real clients (tests/fixtures/captures)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from telemetry.otlp import otlp_json_logs
from telemetry.windows import unix_nano
from tests import captures
from tests.telemetry.factory import any_value, key_values

RECORDED = tuple(name for name in captures.NAMES if captures.requests(name, captures.LOGS))


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request without its compression."""

    path: str
    content_type: str
    body: bytes


@cache
def recorded(name: str) -> tuple[RecordedRequest, ...]:
    """The requests of one client with its traces and its logs, in order."""
    return tuple(
        RecordedRequest(f"/v1/{signal}", request.headers["content-type"], request.plain)
        for signal, request in captures.sent(name)
    )


def log(
    name: str = "",
    *,
    at: datetime,
    attributes: Mapping[str, Any] | None = None,
    body: Any = None,
    **fields: Any,
) -> dict[str, Any]:
    """One log record; `name` makes it an event, `fields` are as in OTLP/JSON."""
    made: dict[str, Any] = {
        "timeUnixNano": str(unix_nano(at)),
        "attributes": key_values(attributes or {}),
    }
    if name:
        made["eventName"] = name
    if body is not None:
        made["body"] = any_value(body)
    return made | fields


def logs_request(
    *records: dict[str, Any], scope: str = "app", resource: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The records in one request."""
    attributes = {"service.name": "shop"} if resource is None else resource
    group = {
        "resource": {"attributes": key_values(attributes)},
        "scopeLogs": [{"scope": {"name": scope}, "logRecords": list(records)}],
    }
    return {"resourceLogs": [group]}


def protobuf_logs(request: Mapping[str, Any]) -> bytes:
    """The request as a protobuf exporter sends it."""
    return otlp_json_logs.parse_json_logs(json.dumps(request).encode()).SerializeToString()


def without_context(body: bytes) -> bytes:
    """A protobuf request whose log records name no trace, as clients send them that send no spans."""
    request = ExportLogsServiceRequest.FromString(body)
    for group in request.resource_logs:
        for scope_group in group.scope_logs:
            for record in scope_group.log_records:
                record.ClearField("trace_id")
                record.ClearField("span_id")
    return request.SerializeToString()
