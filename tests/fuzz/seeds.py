"""Small requests cut from the recorded ones, in each target's form, and the words that they are written in."""

from __future__ import annotations

import base64
import gzip
import itertools
import zlib
from collections.abc import Iterator
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.conventions.log_clients import CLIENTS
from telemetry.otlp import json_values, otlp_json, otlp_json_logs
from tests import ROOT, captures
from tests.telemetry import log_requests

SPANS_A_CLIENT = 40
FOUND = ROOT / "tests" / "fixtures" / "fuzz"  # what once broke something: <target>-<what>
IDS = ("traceId", "spanId", "parentSpanId")


def seeds(target: str) -> list[bytes]:
    """Inputs to start from."""
    if target in WRITTEN_LOGS:
        return [*found(target), *map(WRITTEN_LOGS[target], cut_logs())]
    requests = [request for name in captures.NAMES for request in itertools.islice(cut(name), SPANS_A_CLIENT)]
    return [*found(target), *map(WRITTEN[target], requests)]


def found(target: str) -> list[bytes]:
    """The inputs that once broke this target."""
    return [path.read_bytes() for path in sorted(FOUND.glob(f"{target}-*"))]


def cut(name: str) -> Iterator[ExportTraceServiceRequest]:
    """The spans of one client, each in a request of its own."""
    for recorded in captures.requests(name):
        is_json = "json" in recorded.headers["content-type"]
        parse = otlp_json.parse_json_request if is_json else ExportTraceServiceRequest.FromString
        for group in parse(recorded.plain).resource_spans:
            for scope_group in group.scope_spans:
                for span in scope_group.spans:
                    request = ExportTraceServiceRequest()
                    own = request.resource_spans.add(resource=group.resource, schema_url=group.schema_url)
                    own.scope_spans.add(scope=scope_group.scope, spans=[span])
                    yield request


def cut_logs() -> Iterator[ExportLogsServiceRequest]:
    """Log records of each client, with and without their trace, each in a request of its own."""
    for name in log_requests.RECORDED:
        bodies = [one.body for one in log_requests.recorded(name) if one.path == "/v1/logs"][:4]
        for body in [*bodies, *map(log_requests.without_context, bodies)]:
            for group in ExportLogsServiceRequest.FromString(body).resource_logs:
                for scope_group in group.scope_logs:
                    for record in scope_group.log_records[:6]:
                        request = ExportLogsServiceRequest()
                        own = request.resource_logs.add(resource=group.resource)
                        own.scope_logs.add(scope=scope_group.scope, log_records=[record])
                        yield request


def as_json(request: Message) -> bytes:
    """OTLP/JSON: proto3 JSON but for ids and enumerations."""
    return orjson.dumps(hexadecimal(MessageToDict(request, use_integers_for_enums=True)))


def hexadecimal(node: Any) -> Any:
    """The same with hex for base64 ids."""
    if isinstance(node, list):
        return [hexadecimal(item) for item in node]
    if isinstance(node, dict):
        return {
            key: base64.b64decode(item).hex() if key in IDS else hexadecimal(item)
            for key, item in node.items()
        }
    return node


def as_compressed(request: ExportTraceServiceRequest) -> bytes:
    """Gzip in two members or deflate, by the request's size."""
    plain = request.SerializeToString()
    if len(plain) % 2:
        return b"\x00" + gzip.compress(plain[:99], mtime=0) + gzip.compress(plain[99:], mtime=0)
    return b"\x01" + zlib.compress(plain)


def words() -> set[str]:
    """Names that the decoders and conventions look for."""
    tables = (
        otlp_json.TRACES.resource_group,
        otlp_json.TRACES.scope_group,
        otlp_json.SPAN,
        otlp_json.LINK,
        otlp_json_logs.LOG_RECORD,
        json_values.KINDS,
        *(client.events for client in CLIENTS.clients),
    )
    return {name for table in tables for name in table} | {
        key
        for name in captures.NAMES
        for request in itertools.islice(cut(name), SPANS_A_CLIENT)
        for key in keys(request)
    }


def keys(request: ExportTraceServiceRequest) -> Iterator[str]:
    """The attribute keys of the spans and their events."""
    for group in request.resource_spans:
        for scope_group in group.scope_spans:
            for span in scope_group.spans:
                yield from (pair.key for holder in (span, *span.events) for pair in holder.attributes)


WRITTEN = {
    "json": as_json,
    "protobuf": ExportTraceServiceRequest.SerializeToString,
    "compressed": as_compressed,
}
WRITTEN_LOGS = {"json_logs": as_json, "protobuf_logs": ExportLogsServiceRequest.SerializeToString}
