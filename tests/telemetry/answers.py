"""What OTLP clients read in an answer, in either encoding."""

from __future__ import annotations

import json
from typing import Any

from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.telemetry.factory import JSON, PROTOBUF


def status(answer: Any) -> tuple[int, str]:
    """Code and message of a google.rpc.Status."""
    if answer.headers["Content-Type"] == PROTOBUF:
        message = Status.FromString(answer.content)
        return message.code, message.message
    assert answer.headers["Content-Type"] == JSON
    told = json.loads(answer.content)
    assert told.keys() == {"code", "message"}
    return told["code"], told["message"]


def partial_success(answer: Any) -> tuple[int, str] | None:
    """Rejected spans and the reason, or None for a full success."""
    if answer.headers["Content-Type"] == PROTOBUF:
        partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
        return (partial.rejected_spans, partial.error_message) if partial.ByteSize() else None
    told = json.loads(answer.content).get("partialSuccess")
    return (int(told["rejectedSpans"]), told["errorMessage"]) if told else None


def counts(answer: Any) -> tuple[int, int, int]:
    """Accepted, duplicate and rejected spans, from the headers."""
    accepted, duplicates, rejected = (
        int(answer.headers[f"X-LoopKit-{name}"]) for name in ("Accepted", "Duplicates", "Rejected")
    )
    return accepted, duplicates, rejected
