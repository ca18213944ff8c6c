"""
A request as OTLP/JSON: ids in hex, 64-bit numbers as text, enumerations as numbers.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
"""

from __future__ import annotations

from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


def encoded(request: ExportTraceServiceRequest) -> bytes:
    """The body that a JSON exporter sends for the request of one resource and one scope."""
    content: dict[str, Any] = MessageToDict(request, use_integers_for_enums=True)
    (scope,) = content["resourceSpans"][0]["scopeSpans"]
    for span, message in zip(scope["spans"], request.resource_spans[0].scope_spans[0].spans, strict=True):
        span |= ids(message)
    return orjson.dumps(content)


def ids(span: Span) -> dict[str, str]:
    """The ids of a span in hex, where protobuf's own JSON has base64."""
    found = {"traceId": span.trace_id, "spanId": span.span_id, "parentSpanId": span.parent_span_id}
    return {name: value.hex() for name, value in found.items() if value}
