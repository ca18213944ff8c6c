"""What OTLP clients read in an answer, in either encoding."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from tests.telemetry.factory import JSON, PROTOBUF


def status(answer: Any) -> tuple[int, str]:
    """Code and message of a google.rpc.Status; a 400 has its details, everything else has none."""
    assert (bad_request(answer) is not None) == (answer.status_code == 400)
    if answer.headers["Content-Type"] == PROTOBUF:
        message = Status.FromString(answer.content)
        return message.code, message.message
    assert answer.headers["Content-Type"] == JSON
    told = json.loads(answer.content)
    assert told.keys() <= {"code", "message", "details"}
    return told["code"], told["message"]


def bad_request(answer: Any) -> list[tuple[str, str]] | None:
    """Reason and description of each violation of a google.rpc.BadRequest, or None without one."""
    if answer.headers["Content-Type"] == PROTOBUF:
        message = Status.FromString(answer.content)
    else:
        message = json_format.Parse(answer.content, Status())  # strict: unknown fields and types are errors
    bad = BadRequest()
    found = [detail.Unpack(bad) for detail in message.details]
    assert found in ([], [True])
    return [(one.reason, one.description) for one in bad.field_violations] if found else None


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
