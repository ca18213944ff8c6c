"""
The answers to OTLP clients, in the encoding of their request.

Success is a bare ExportTraceServiceResponse: the C++ exporter reports an export as failed when the JSON answer holds an
unknown field. Errors are a google.rpc.Status. docs/protocol.md has every rule.
https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from django.http import HttpResponse
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from rest_framework.response import Response

from loopkit.http import rpc_status
from telemetry.otlp.decode import Encoding
from telemetry.store.batch import Receipt

SOONEST_RETRY_SECONDS = 1
LATEST_RETRY_SECONDS = 5  # exporters give up at once on a wait longer than their own timeout of 10 s
RETRIED = {429, 503}
MAX_REASONS_CHARS = 1000


class AnsweredSignal(NamedTuple):
    """How a signal's requests are answered: the status by encoding, and the names in the message."""

    unit: str  # one of what a request has many of, in words
    statuses: dict[Encoding, int]
    response: Callable[[], Any]  # the message without a field
    rejected: str  # the field with the number of those that were rejected
    rejected_in_json: str


SPANS = AnsweredSignal(
    "span",
    {Encoding.JSON: 202, Encoding.PROTOBUF: 200},  # 202 is the published contract, 200 the OTLP MUST
    ExportTraceServiceResponse,
    "rejected_spans",
    "rejectedSpans",
)
LOG_RECORDS = AnsweredSignal(
    "log record",
    {Encoding.JSON: 200, Encoding.PROTOBUF: 200},
    ExportLogsServiceResponse,
    "rejected_log_records",
    "rejectedLogRecords",
)


def success(
    receipt: Receipt, encoding: Encoding, signal: AnsweredSignal, *, verbose: bool = False
) -> HttpResponse:
    """Return full or partial success. LoopKit's own counts are in headers, and in a JSON body if it is `verbose`."""
    is_json = encoding is Encoding.JSON
    content = json_success(receipt, signal, verbose) if is_json else protobuf_success(receipt, signal)
    headers = count_headers(receipt)
    return HttpResponse(
        content, status=signal.statuses[encoding], content_type=encoding.value, headers=headers
    )


def count_headers(receipt: Receipt) -> dict[str, str]:
    """Return LoopKit's own counts."""
    return {
        "X-LoopKit-Accepted": str(receipt.accepted),
        "X-LoopKit-Duplicates": str(receipt.duplicates),
        "X-LoopKit-Conflicts": str(receipt.conflicts),
        "X-LoopKit-Rejected": str(receipt.rejected_total),
    }


def json_success(receipt: Receipt, signal: AnsweredSignal, verbose: bool) -> bytes:
    """Return `{}`, or an object with `partialSuccess`, where the count is a string, as every int64 in OTLP/JSON."""
    answer: dict[str, Any] = {}
    if receipt.rejected_total:
        answer["partialSuccess"] = {
            signal.rejected_in_json: str(receipt.rejected_total),
            "errorMessage": reasons(receipt, signal.unit),
        }
    if verbose:
        answer |= {
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "conflicts": receipt.conflicts,
            "rejected": dict(sorted(receipt.rejected.items())),
        }
    return orjson.dumps(answer)


def protobuf_success(receipt: Receipt, signal: AnsweredSignal) -> bytes:
    """Return no bytes, or a message with `partial_success`."""
    answer = signal.response()
    if receipt.rejected_total:
        setattr(answer.partial_success, signal.rejected, receipt.rejected_total)
        answer.partial_success.error_message = reasons(receipt, signal.unit)
    return bytes(answer.SerializeToString())


def reasons(receipt: Receipt, unit: str) -> str:
    """Return the counts in a fixed order, as in `2 spans: over_quota; 1 span: invalid trace_id`, cut to a bound."""
    counts = sorted(receipt.rejected.items())
    text = "; ".join(f"{count:,} {unit}{'s' * (count != 1)}: {reason}" for reason, count in counts)
    return text[:MAX_REASONS_CHARS]


def empty(encoding: Encoding) -> HttpResponse:
    """Return success for metrics: 200, because the published contract promises 202 only for traces."""
    content = b"{}" if encoding is Encoding.JSON else b""
    return HttpResponse(content, content_type=encoding.value, headers={"X-LoopKit-Stored": "none"})


def error(refused: Response, encoding: Encoding) -> HttpResponse:
    """Return REST framework's error answer as a google.rpc.Status."""
    fields = refused.data["error"]
    response = rpc_status.status_answer(
        refused.status_code, fields["code"], fields["message"], fields["hint"], encoding.value
    )
    for name in ("WWW-Authenticate", "Allow"):
        if name in refused:
            response[name] = refused[name]
    if refused.status_code in RETRIED:
        response["Retry-After"] = soon(refused.get("Retry-After", ""))
    return response


def fault(encoding: Encoding) -> HttpResponse:
    """Return 500 for an unexpected error. Clients do not retry it, so temporary failures need another status."""
    hint = "The operator's log says why."
    return rpc_status.status_answer(500, "server_error", "The server failed.", hint, encoding.value)


def soon(seconds: str) -> str:
    """Return the wait in whole seconds, at most as long as exporters are ready to wait."""
    wait = int(seconds) if seconds.isdecimal() else SOONEST_RETRY_SECONDS
    return str(min(max(wait, SOONEST_RETRY_SECONDS), LATEST_RETRY_SECONDS))
