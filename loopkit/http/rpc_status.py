"""
Error responses for OTLP: google.rpc.Status in the encoding of the request. For the OTLP views, and for requests that
are refused before they reach a view.

https://opentelemetry.io/docs/specs/otlp/#failures-1, https://google.aip.dev/193
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import orjson
from django.http import HttpResponse
from google.protobuf.any_pb2 import Any as AnyMessage
from google.rpc.error_details_pb2 import BadRequest  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

JSON, PROTOBUF, GRPC = "application/json", "application/x-protobuf", "application/grpc"
GRPC_CODES = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 411: 3, 413: 3, 415: 3, 429: 8, 503: 14}
INTERNAL, UNIMPLEMENTED = 13, 12
NO_METHOD = {404, 405, 415}  # nothing at this path speaks gRPC
AS_WRITTEN = "".join(map(chr, range(32, 127))).replace(
    "%", ""
)  # the characters that grpc-message does not escape
MAX_MESSAGE_CHARS = 1000  # exporters log the message, again at each export
BAD_REQUEST_TYPE = "type.googleapis.com/google.rpc.BadRequest"


def media_type(content_type: str) -> str:
    """The media type of the response to a request with that Content-Type: JSON unless that is protobuf."""
    return PROTOBUF if content_type.partition(";")[0].strip().lower() == PROTOBUF else JSON


def status_answer(status_code: int, code: str, message: str, hint: str, encoding: str) -> HttpResponse:
    """
    The error as a Status response, whose message ends with the next step.

    The details of a 400 have our `code` as the reason.
    """
    description = clipped(message.removesuffix("."))
    number, text = GRPC_CODES.get(status_code, INTERNAL), f"{description}. {hint}"
    violations = [{"description": description, "reason": code.upper()}] if status_code == 400 else []
    write = as_protobuf if encoding == PROTOBUF else status_json
    return HttpResponse(write(number, text, violations), status=status_code, content_type=encoding)


def grpc_answer(status_code: int, message: str, hint: str) -> HttpResponse:
    """
    The error for a client that sends gRPC over HTTP/1.1, as behind a proxy: 200, with the status in headers.

    https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#responses (Trailers-Only)
    """
    text = f"{clipped(message.removesuffix('.'))}. {hint}"
    headers = {
        "grpc-status": str(
            UNIMPLEMENTED if status_code in NO_METHOD else GRPC_CODES.get(status_code, INTERNAL)
        ),
        "grpc-message": quote(text, safe=AS_WRITTEN),
    }
    return HttpResponse(content_type=GRPC, headers=headers)


def is_grpc(content_type: str) -> bool:
    """Whether that Content-Type is one of gRPC: `application/grpc`, `application/grpc+proto`."""
    return content_type.strip().lower().startswith(GRPC)


def clipped(message: str) -> str:
    """The message, truncated, with characters that UTF-8 cannot encode replaced by `?`."""
    return message[:MAX_MESSAGE_CHARS].encode("utf-8", "replace").decode()


def status_json(number: int, text: str, violations: list[dict[str, str]]) -> bytes:
    """The Status in protobuf's JSON mapping: https://protobuf.dev/programming-guides/json/#any"""
    status: dict[str, Any] = {"code": number, "message": text}
    if violations:
        status["details"] = [{"@type": BAD_REQUEST_TYPE, "fieldViolations": violations}]
    return orjson.dumps(status)


def as_protobuf(number: int, text: str, violations: list[dict[str, str]]) -> bytes:
    """The Status as the binary message."""
    status = Status(code=number, message=text)
    if violations:
        bad_request = BadRequest(field_violations=violations)
        status.details.append(AnyMessage(type_url=BAD_REQUEST_TYPE, value=bad_request.SerializeToString()))
    return bytes(status.SerializeToString())
