"""Spans for tests: made by hand, or recorded from real clients (tests/fixtures/captures/README.md)."""

from __future__ import annotations

import gzip
import json
import zlib
from functools import cache
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span as SpanMessage

from telemetry.otlp import decode
from telemetry.otlp.decode import Encoding
from telemetry.spans.span import Span, SpanEvent, SpanOrigin
from tests import ROOT

CAPTURES = ROOT / "tests" / "fixtures" / "captures"
INTERNAL, SERVER, CLIENT = 1, 2, 3
UNSET, OK, ERROR = 0, 1, 2


def make_span(
    name: str = "work", scope: str = "app", attributes: dict[str, Any] | None = None, **facts: Any
) -> Span:
    """A span that says only what the test needs."""
    defaults: dict[str, Any] = {
        "trace_id": b"t" * 16,
        "span_id": b"s" * 8,
        "parent_span_id": b"p" * 8,
        "name": name,
        "kind": INTERNAL,
        "start_time_unix_nano": 1,
        "end_time_unix_nano": 2,
        "status_code": UNSET,
        "status_message": "",
        "attributes": attributes or {},
        "events": [],
        "origin": SpanOrigin({"service.name": "shop"}, scope, ""),
        "message": SpanMessage(),
    }
    return Span(**{**defaults, **facts})


def exception(message: str = "", type: str = "", stacktrace: str = "") -> SpanEvent:
    """An exception event."""
    facts = {"exception.message": message, "exception.type": type, "exception.stacktrace": stacktrace}
    return SpanEvent("exception", 1, {name: value for name, value in facts.items() if value})


@cache
def captured(name: str) -> tuple[Span, ...]:
    """Every span that a real client sent."""
    spans: list[Span] = []
    for path in sorted((CAPTURES / name).glob("*.traces.body")):
        request = json.loads(path.with_name(path.name.replace(".body", ".headers.json")).read_text())
        headers = {key.lower(): value for key, value in request["headers"]}
        encoding = Encoding.of(headers["content-type"])
        assert encoding is not None
        body = plain(path.read_bytes(), headers.get("content-encoding", ""))
        spans += decode.decode_spans(decode.parse_export_request(body, encoding)).spans
    return tuple(spans)


def plain(body: bytes, content_encoding: str) -> bytes:
    """The body without its compression."""
    if content_encoding == "gzip":
        return gzip.decompress(body)
    return zlib.decompress(body) if content_encoding == "deflate" else body


@cache
def labels(name: str) -> dict[str, dict[str, Any]]:
    """What was injected into each trace, by trace id."""
    return {row["trace_id"]: row for row in json.loads((CAPTURES / name / "labels.json").read_text())}


CLIENTS = sorted(path.name for path in CAPTURES.iterdir() if path.is_dir())
