"""Spans for tests: made by hand, or recorded from real clients (tests/fixtures/captures/README.md)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from telemetry.otlp import decode
from telemetry.otlp.decode import Encoding
from telemetry.spans.form import form_of
from telemetry.spans.span import Span, SpanEvent, SpanOrigin
from tests import captures

CLIENTS = captures.NAMES
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
        "content": b"",
    }
    span = Span(**{**defaults, **facts}, form={})
    return with_attributes(span, decode.with_details(span.attributes, span.events))


def with_attributes(span: Span, attributes: dict[str, Any]) -> Span:
    """The span with these attributes in place of its own."""
    return replace(span, attributes=attributes, form=form_of(span.origin.scope_name, attributes))


def exception(message: str = "", type: str = "", stacktrace: str = "") -> SpanEvent:
    """An exception event."""
    facts = {"exception.message": message, "exception.type": type, "exception.stacktrace": stacktrace}
    return SpanEvent("exception", 1, {name: value for name, value in facts.items() if value})


@cache
def captured(name: str) -> tuple[Span, ...]:
    """Every span that a real client sent."""
    spans: list[Span] = []
    for request in captures.requests(name):
        encoding = Encoding.of(request.headers["content-type"])
        assert encoding is not None
        spans += decode.decode_spans(
            decode.parse_export_request(request.plain, encoding).SerializeToString()
        ).spans
    return tuple(spans)


@cache
def labels(name: str) -> dict[str, dict[str, Any]]:
    """What was injected into each trace, by trace id."""
    return {row["trace_id"]: row for row in captures.labels(name)}
