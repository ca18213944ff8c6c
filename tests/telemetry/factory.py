"""OTLP/JSON requests for tests: `request(span(...), span(...))`, with names and times where they matter."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from telemetry.ingest import ingest
from telemetry.otlp import otlp_json
from telemetry.otlp.decode import Encoding
from telemetry.store.batch import Receipt
from telemetry.windows import unix_nano
from tenants.models import Project
from tenants.stores.binding import bind

JSON, PROTOBUF = "application/json", "application/x-protobuf"


def trace_id(name: Any) -> str:
    """The same 32 hex digits for the same name."""
    return blake2b(str(name).encode(), digest_size=16).hexdigest()


def span_id(name: Any) -> str:
    """The same 16 hex digits for the same name."""
    return blake2b(str(name).encode(), digest_size=8).hexdigest()


def any_value(value: Any) -> dict[str, Any]:
    """A Python value as an OTLP/JSON AnyValue."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, Mapping):
        return {"kvlistValue": {"values": key_values(value)}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    return {"stringValue": str(value)}


def key_values(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP/JSON writes them."""
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def span(
    name: str = "work",
    *,
    trace: Any = "trace",
    id: Any = None,
    at: datetime,
    duration_ms: float = 10,
    parent: Any = None,
    error: str = "",
    attributes: Mapping[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """One span. `trace`, `id`, `parent` are names; `error` makes it a failure; `fields` are as in OTLP/JSON."""
    start = unix_nano(at)
    made = {
        "traceId": trace_id(trace),
        "spanId": span_id(f"{trace}/{name}/{at}" if id is None else id),
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(duration_ms * 1e6)),
        "attributes": key_values(attributes or {}),
    }
    if parent is not None:
        made["parentSpanId"] = span_id(parent)
    if error:
        made["status"] = {"code": 2, "message": error}
    return made | fields


def request(
    *spans: dict[str, Any], resource: Mapping[str, Any] | None = None, scope: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """An ExportTraceServiceRequest of one resource and one scope."""
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": key_values(resource or {"service.name": "shop"})},
                "scopeSpans": [{"scope": dict(scope or {"name": "tests"}), "spans": list(spans)}],
            }
        ]
    }


def protobuf(data: dict[str, Any]) -> bytes:
    """An OTLP/JSON request in the binary encoding."""
    return otlp_json.parse_json_request(json.dumps(data).encode()).SerializeToString()


def record_id(span: dict[str, Any]) -> str:
    """The id that the span's record has."""
    return f"rec_{span['traceId']}{span['spanId']}"


def store(
    project: Project,
    spans: Iterable[dict[str, Any]],
    now: datetime,
    resource: Mapping[str, Any] | None = None,
    scope: Mapping[str, Any] | None = None,
) -> Receipt:
    """Send the spans into the project's store."""
    with bind(project):
        sent = request(*spans, resource=resource, scope=scope)
        return ingest(json.dumps(sent).encode(), Encoding.JSON, now)


def minutes(count: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=count)
