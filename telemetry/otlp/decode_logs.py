"""The log records of an OTLP request body, in either encoding, as the official message."""

from __future__ import annotations

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from telemetry.otlp import message_count, otlp_json_logs
from telemetry.otlp.decode import Encoding, TooManySpans, from_protobuf, refusals


def read_logs_request(body: bytes, encoding: Encoding) -> ExportLogsServiceRequest:
    """Return the official message. Raises Undecodable when the body is broken as a whole, and TooManySpans."""
    with refusals():
        request = (
            otlp_json_logs.parse_json_logs(body)
            if encoding is Encoding.JSON
            else from_protobuf(body, ExportLogsServiceRequest)
        )
    if max(logs_request_sizes(request)) > message_count.MAX_SPANS:
        raise TooManySpans(f"more than {message_count.MAX_SPANS} log records, scopes or resources")
    return request


def logs_request_sizes(request: ExportLogsServiceRequest) -> tuple[int, int]:
    """Return the number of log records, and that of resources and scopes: each is processed one by one."""
    scopes = [scope for group in request.resource_logs for scope in group.scope_logs]
    return sum(len(scope.log_records) for scope in scopes), len(request.resource_logs) + len(scopes)
