"""
Requests recorded from real clients, shifted in time so that each client's newest span ends at a given time.

The result depends only on that time, so the spans of a second replay are recognised as duplicates. JSON stays JSON,
protobuf stays protobuf: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
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
# Folder -> description of the client. 2,807 spans in all, so a sandbox has room for more.
CLIENTS = {
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
    """A recorded request with its body decompressed."""

    content_type: str
    body: bytes


def read_recordings(client: str) -> list[Recording]:
    """The client's requests, in the order they were sent. Raises FileNotFoundError if there are none."""
    bodies = sorted((FOLDER / client).glob("*.traces.body"))
    if not bodies:
        raise FileNotFoundError(f"No recorded requests in {FOLDER / client}: the checkout is not complete.")
    return [recording(path) for path in bodies]


def recording(path: Path) -> Recording:
    """Read a recorded request and the file with its headers."""
    pairs = json.loads(path.with_suffix(".headers.json").read_text())["headers"]
    headers = {name.lower(): value for name, value in pairs}
    body = path.read_bytes()
    is_gzip = headers.get("content-encoding") == "gzip"
    return Recording(headers["content-type"].split(";")[0], gzip.decompress(body) if is_gzip else body)


def ending_at(client: str, unix_nano: int) -> Iterator[tuple[Recording, int]]:
    """Yield the client's requests with their numbers of spans, shifted so that the newest span ends at `unix_nano`."""
    recordings = read_recordings(client)
    ends = [end_times(item) for item in recordings]
    shift = unix_nano - max(end for request_ends in ends for end in request_ends)
    for item, request_ends in zip(recordings, ends, strict=True):
        yield Recording(item.content_type, moved_in_time(item, shift)), len(request_ends)


def end_times(item: Recording) -> list[int]:
    """The end time of each span of the request, in unix nanoseconds."""
    if item.content_type == PROTOBUF:
        return [
            span.end_time_unix_nano
            for span in spans_of_request(ExportTraceServiceRequest.FromString(item.body))
        ]
    ends: list[int] = []

    def note(fields: dict[str, Any]) -> None:
        if "endTimeUnixNano" in fields:
            ends.append(int(fields["endTimeUnixNano"]))

    json.loads(item.body, object_hook=note)
    return ends


def moved_in_time(item: Recording, shift: int) -> bytes:
    """The body with the times of all spans and events moved `shift` nanoseconds later."""
    return (moved_protobuf if item.content_type == PROTOBUF else moved_json)(item.body, shift)


def moved_protobuf(body: bytes, shift: int) -> bytes:
    """A protobuf ExportTraceServiceRequest with its times moved `shift` nanoseconds later."""
    request = ExportTraceServiceRequest.FromString(body)
    for span in spans_of_request(request):
        span.start_time_unix_nano += shift
        span.end_time_unix_nano += shift
        for event in span.events:
            event.time_unix_nano += shift
    return request.SerializeToString()


def moved_json(body: bytes, shift: int) -> bytes:
    """
    An OTLP/JSON request with its times moved `shift` nanoseconds later.

    Attributes stay unchanged, even one named like a time: OTLP/JSON has attribute names as values, not as keys.
    """

    def move(fields: dict[str, Any]) -> dict[str, Any]:
        return fields | {name: str(int(fields[name]) + shift) for name in TIMES if name in fields}

    return json.dumps(json.loads(body, object_hook=move)).encode()


def spans_of_request(request: ExportTraceServiceRequest) -> Iterator[Span]:
    """Yield every span of the request."""
    for group in request.resource_spans:
        for scope_group in group.scope_spans:
            yield from scope_group.spans
