"""
What OTLP clients are told, in the encoding of their request.

Success is a bare ExportTraceServiceResponse: the C++ exporter calls an export failed when its JSON holds an
unknown field. Errors are a google.rpc.Status. https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

from typing import Any

import orjson
from django.http import HttpResponse
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from telemetry.batch import Receipt
from telemetry.decode import Encoding

GRPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 411: 3, 413: 3, 415: 3, 429: 8, 503: 14}
INTERNAL = 13
SUCCESS = {Encoding.JSON: 202, Encoding.PROTOBUF: 200}  # 202 is the published contract, 200 the OTLP MUST


def success(receipt: Receipt, encoding: Encoding, verbose: bool) -> HttpResponse:
    """Full or partial success; our own counts stand in headers, and in a JSON body only when asked for."""
    content = json_success(receipt, verbose) if encoding is Encoding.JSON else protobuf_success(receipt)
    response = HttpResponse(content, status=SUCCESS[encoding], content_type=encoding.value)
    response["X-LoopKit-Accepted"] = str(receipt.accepted)
    response["X-LoopKit-Duplicates"] = str(receipt.duplicates)
    response["X-LoopKit-Rejected"] = str(receipt.rejected_total)
    return response


def json_success(receipt: Receipt, verbose: bool) -> bytes:
    """`{}`, or with `partialSuccess`; int64 is a string in OTLP/JSON."""
    answer: dict[str, Any] = {}
    if receipt.rejected_total:
        answer["partialSuccess"] = {
            "rejectedSpans": str(receipt.rejected_total),
            "errorMessage": reasons(receipt),
        }
    if verbose:
        answer |= {
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "rejected": dict(sorted(receipt.rejected.items())),
        }
    return orjson.dumps(answer)


def protobuf_success(receipt: Receipt) -> bytes:
    """No bytes, or `partial_success`."""
    answer = ExportTraceServiceResponse()
    if receipt.rejected_total:
        answer.partial_success.rejected_spans = receipt.rejected_total
        answer.partial_success.error_message = reasons(receipt)
    return answer.SerializeToString()


def reasons(receipt: Receipt) -> str:
    """`2 spans: over_quota; 1 span: invalid trace_id`."""
    counted = sorted(receipt.rejected.items())
    return "; ".join(f"{count} span{'s' * (count != 1)}: {reason}" for reason, count in counted)


def error(status_code: int, message: str, encoding: Encoding) -> HttpResponse:
    """A google.rpc.Status."""
    code = GRPC_CODES.get(status_code, INTERNAL)
    if encoding is Encoding.JSON:
        content = orjson.dumps({"code": code, "message": message})
    else:
        content = Status(code=code, message=message).SerializeToString()
    return HttpResponse(content, status=status_code, content_type=encoding.value)
