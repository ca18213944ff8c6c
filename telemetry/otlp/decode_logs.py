"""The log records of an OTLP request body, in either encoding, as the official message."""

from __future__ import annotations

from collections import Counter

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from telemetry.otlp import message_count, otlp_json_logs
from telemetry.otlp.decode import Encoding, TooManySpans, from_protobuf, refusals
from telemetry.otlp.deep_values import noted_cuts


def parse_logs_request(body: bytes, encoding: Encoding) -> ExportLogsServiceRequest:
    """Return the official message. Raises Undecodable when the body is broken as a whole, and TooManySpans."""
    return read_logs_request(body, encoding)[0]


def read_logs_request(body: bytes, encoding: Encoding) -> tuple[ExportLogsServiceRequest, Counter[str]]:
    """Return the official message, and what is to be noted of the body, by reason. Raises as above."""
    with refusals(), noted_cuts() as noted:
        request = (
            otlp_json_logs.parse_json_logs(body)
            if encoding is Encoding.JSON
            else from_protobuf(body, ExportLogsServiceRequest)
        )
    if max(logs_request_sizes(request)) > message_count.MAX_SPANS:
        raise TooManySpans(f"more than {message_count.MAX_SPANS} log records, scopes or resources")
    return request, noted


def logs_request_sizes(request: ExportLogsServiceRequest) -> tuple[int, int]:
    """Return the number of log records, and that of resources and scopes: each is processed one by one."""
    scopes = [scope for group in request.resource_logs for scope in group.scope_logs]
    return sum(len(scope.log_records) for scope in scopes), len(request.resource_logs) + len(scopes)
