"""
Requests recorded from real clients, moved in time so that each client's newest span ends at a given moment.

The same moment gives the same bytes, so a second replay is recognised span by span. JSON stays JSON, protobuf
stays protobuf: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

FOLDER = settings.BASE_DIR / "tests" / "fixtures" / "captures"
CLIENTS = {  # folder: what sent it; 2,807 spans in all, so a sandbox has room for more
    "node-express-json": "a web shop, OpenTelemetry JS",
    "py-flask-proto": "a shop API, OpenTelemetry Python",
    "node-aisdk-v5": "a support agent, Vercel AI SDK",
    "py-openinference-langgraph": "a support agent, LangGraph with OpenInference",
    "py-mcp": "an agent with an MCP server",
}
PROTOBUF = "application/x-protobuf"
TIMES = ("startTimeUnixNano", "endTimeUnixNano", "timeUnixNano")


@dataclass(frozen=True, slots=True)
class Recording:
    """One recorded request, decompressed."""

    content_type: str
    body: bytes


def read(client: str) -> list[Recording]:
    """The client's requests, in the order they were sent. FileNotFoundError when there are none."""
    bodies = sorted((FOLDER / client).glob("*.traces.body"))
    if not bodies:
        raise FileNotFoundError(f"No recorded requests in {FOLDER / client}: the checkout is not complete.")
    return [recording(path) for path in bodies]


def recording(path: Path) -> Recording:
    """One request with the headers that stand beside it."""
    pairs = json.loads(path.with_suffix(".headers.json").read_text())["headers"]
    headers = {name.lower(): value for name, value in pairs}
    body = path.read_bytes()
    is_gzip = headers.get("content-encoding") == "gzip"
    return Recording(headers["content-type"].split(";")[0], gzip.decompress(body) if is_gzip else body)


def ending_at(client: str, unix_nano: int) -> Iterator[tuple[Recording, int]]:
    """The client's requests and their numbers of spans, its newest span ending at `unix_nano`."""
    recorded = read(client)
    ends = [end_times(item) for item in recorded]
    later = unix_nano - max(end for request in ends for end in request)
    for item, request in zip(recorded, ends, strict=True):
        yield Recording(item.content_type, moved(item, later)), len(request)


def end_times(item: Recording) -> list[int]:
    """When each span of the request ended, in unix nanoseconds."""
    if item.content_type == PROTOBUF:
        return [span.end_time_unix_nano for span in spans(ExportTraceServiceRequest.FromString(item.body))]
    found: list[int] = []

    def note(fields: dict[str, Any]) -> None:
        if "endTimeUnixNano" in fields:
            found.append(int(fields["endTimeUnixNano"]))

    json.loads(item.body, object_hook=note)
    return found


def moved(item: Recording, later: int) -> bytes:
    """The body with all times of spans and events `later` nanoseconds later."""
    return (moved_protobuf if item.content_type == PROTOBUF else moved_json)(item.body, later)


def moved_protobuf(body: bytes, later: int) -> bytes:
    """An ExportTraceServiceRequest with later times."""
    request = ExportTraceServiceRequest.FromString(body)
    for span in spans(request):
        span.start_time_unix_nano += later
        span.end_time_unix_nano += later
        for event in span.events:
            event.time_unix_nano += later
    return request.SerializeToString()


def moved_json(body: bytes, later: int) -> bytes:
    """OTLP/JSON with later times; attributes cannot be hit, their names are values there."""

    def move(fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {name: str(int(fields[name]) + later) for name in TIMES if name in fields}

    return json.dumps(json.loads(body, object_hook=move)).encode()


def spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """Every span of the request."""
    for group in request.resource_spans:
        for scope_group in group.scope_spans:
            yield from scope_group.spans
