"""The OTLP/HTTP endpoints for traces, logs and metrics: the HTTP part. telemetry/ingest.py stores what comes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from loopkit.http import rpc_status
from loopkit.http.error_answers import EXPORT_HINT
from loopkit.http.errors import ApiError
from telemetry import ledger
from telemetry.api import otlp_answer, otlp_body, otlp_serializers
from telemetry.api.large_bodies import BodyTurn
from telemetry.api.otlp_answer import AnsweredSignal
from telemetry.ingest import ingest, ingest_logs
from telemetry.otlp.decode import Encoding, TooManySpans, Undecodable
from telemetry.store.batch import Receipt
from tenants.api.fault_answers import handle
from tenants.api.project_view import ProjectView
from tenants.keys.authentication import ProducerKey
from tenants.models import Project

Exchange = dict[str, Any]  # keyword arguments of extend_schema
logger = logging.getLogger(__name__)


def otlp_errors(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Return every error as a google.rpc.Status in the request's encoding, or in JSON where that is unknown."""
    request: Request = context["request"]
    content_type = request.META.get("CONTENT_TYPE", "")
    encoding = Encoding.of(content_type) or Encoding.JSON
    answer = handle(error, context)
    if answer is None:
        logger.error("unexpected error on %r", request.path, exc_info=error)
        return otlp_answer.fault(encoding)
    return otlp_answer.error(answer, encoding) if not rpc_status.is_grpc(content_type) else in_grpc(answer)


def in_grpc(refused: Response) -> HttpResponse:
    """Return the error to a client that sends gRPC: this server speaks OTLP over HTTP."""
    return rpc_status.grpc_answer(refused.status_code, refused.data["error"]["message"], EXPORT_HINT)


def exchange(
    signal: AnsweredSignal, request: type[Serializer[Any]], response: type[Serializer[Any]]
) -> Exchange:
    """Return what the OpenAPI document says of the requests and the answers of a signal that is stored."""
    accepted = OpenApiResponse(response, description="Accepted")
    return {
        "request": {"application/json": request, "application/x-protobuf": OpenApiTypes.BINARY},
        "responses": {
            (signal.statuses[Encoding.PROTOBUF], "application/x-protobuf"): OpenApiTypes.BINARY,
            (signal.statuses[Encoding.JSON], "application/json"): accepted,
            **refused_answers(400, 401, 403, 411, 413, 415, 503),
        },
    }


def refused_answers(*codes: int) -> dict[tuple[int, str], Any]:
    """Return error answers for the OpenAPI document: a google.rpc.Status in either encoding."""
    return {(code, "application/json"): otlp_serializers.RpcStatusSerializer for code in codes} | {
        (code, "application/x-protobuf"): OpenApiTypes.BINARY for code in codes
    }


class OtlpView(ProjectView):
    """An OTLP/HTTP endpoint."""

    authentication_classes = [ProducerKey]
    required_scope = "telemetry:write"

    def get_exception_handler(self) -> Callable[..., HttpResponse]:
        """Return the handler that answers with a google.rpc.Status, the only errors that OTLP clients understand."""
        return otlp_errors

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse other methods with 405 before the key is checked, since no key makes them work."""
        if str(request.method) != "POST":
            self.http_method_not_allowed(request)
        super().initial(request, *args, **kwargs)

    def encoding(self, request: Request) -> Encoding:
        """Return the request's encoding. Raises 415."""
        encoding = Encoding.of(request.META.get("CONTENT_TYPE", ""))
        if encoding is None:
            hint = "Send application/x-protobuf or application/json."
            raise ApiError(415, "unsupported_media_type", "Unsupported Content-Type.", hint)
        return encoding

    def stored_encoding(self, request: Request) -> Encoding:
        """Return the encoding of a request that is to be stored. Raises 415; the ledger counts the request."""
        try:
            return self.encoding(request)
        except ApiError:
            ledger.note_refused(ledger.INVALID_REQUEST, 1, timezone.now())
            raise


class TracesView(OtlpView):
    """Receive spans: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request"""

    @extend_schema(
        operation_id="ingest_traces",
        summary="Ingest OTLP spans (JSON or protobuf) as LoopKit telemetry records",
        description=(
            "OTLP/HTTP. JSON is answered 202, protobuf 200, each with an ExportTraceServiceResponse in the "
            "request's encoding. Counts: X-LoopKit-Accepted, X-LoopKit-Duplicates, "
            "X-LoopKit-Conflicts, X-LoopKit-Rejected."
        ),
        parameters=[
            OpenApiParameter("verbose", OpenApiTypes.BOOL, description="Counts in the JSON body too.")
        ],
        **exchange(
            otlp_answer.SPANS,
            otlp_serializers.TracesRequestSerializer,
            otlp_serializers.TracesResponseSerializer,
        ),
    )
    def post(self, request: Request) -> HttpResponse:
        """Store the spans. The answer is sent after they are committed and synced to disk."""
        encoding = self.stored_encoding(request)
        receipt = store_request(request, encoding, self.project, ingest)
        verbose = request.query_params.get("verbose") in {"1", "true"}
        return otlp_answer.success(receipt, encoding, otlp_answer.SPANS, verbose=verbose)


def store_request(
    request: Request,
    encoding: Encoding,
    project: Project,
    store: Callable[[bytes, Encoding, datetime], Receipt],
) -> Receipt:
    """
    Store what the request holds, with `store`, of its body.

    Raises ApiError for a refused request, and one of which nothing fits the quota; the ledger counts those that are not
    to be sent again.
    """
    now = timezone.now()
    try:
        with BodyTurn(project.project_id, request.META) as turn:
            receipt = store(otlp_body.read_body(request._request, turn.take_for), encoding, now)
    except (Undecodable, TooManySpans, ApiError) as error:
        refusal = refusal_of(error)
        if refusal.status_code < 500:
            ledger.note_refused(ledger.INVALID_REQUEST, 1, now)
        raise refusal from error.__cause__ if refusal is error else error
    if receipt.rejected["over_quota"] and not receipt.known:
        raise quota_exceeded(project.quota_spans)
    return receipt


def refusal_of(error: Undecodable | TooManySpans | ApiError) -> ApiError:
    """Return the error 400 for a body that is not OTLP, 413 for too many spans; an ApiError is returned unchanged."""
    if isinstance(error, Undecodable):
        hint = "See https://opentelemetry.io/docs/specs/otlp/."
        return ApiError(400, "invalid_otlp", f"Invalid OTLP body: {error}", hint)
    if isinstance(error, TooManySpans):
        message = f"Too much in one request: {error}."
        return ApiError(413, "too_many_spans", message, "Send batches of 512 spans.")
    return error


def quota_exceeded(quota_spans: int | None) -> ApiError:
    """Return the error 403, which no client retries."""
    hint = "Ask the operator for more: /contact.json."
    message = f"quota_exceeded: the project's {quota_spans} spans are used."
    return ApiError(403, "quota_exceeded", message, hint)


class LogsView(OtlpView):
    """Receive log records: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request"""

    @extend_schema(
        operation_id="ingest_logs",
        summary="Ingest OTLP log records (JSON or protobuf): events of agents and failures",
        description=(
            "OTLP/HTTP, answered 200 with an ExportLogsServiceResponse in the request's encoding. Events of agents and "
            "models and failures are stored; other log records are counted in the ledger (other_logs). Counts: "
            "X-LoopKit-Accepted, X-LoopKit-Duplicates, X-LoopKit-Conflicts, X-LoopKit-Rejected."
        ),
        **exchange(
            otlp_answer.LOG_RECORDS,
            otlp_serializers.LogsRequestSerializer,
            otlp_serializers.LogsResponseSerializer,
        ),
    )
    def post(self, request: Request) -> HttpResponse:
        """Store what the log records say. The answer is sent after it is committed and synced to disk."""
        encoding = self.stored_encoding(request)
        receipt = store_request(request, encoding, self.project, ingest_logs)
        return otlp_answer.success(receipt, encoding, otlp_answer.LOG_RECORDS)


class MetricsView(OtlpView):
    """OTLP metrics, which exporters send by default too: accepted and counted, but not stored."""

    @extend_schema(
        operation_id="ignore_metrics",
        summary="Accept OTLP metrics without storing them",
        description="Nothing is kept, whatever the body says; X-LoopKit-Stored: none tells so.",
        request={"application/json": OpenApiTypes.OBJECT, "application/x-protobuf": OpenApiTypes.BINARY},
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/x-protobuf"): OpenApiTypes.BINARY,
            **refused_answers(400, 401, 403, 413, 415, 503),
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Answer with an empty success, so that exporters log no error; a header and the ledger say what happened."""
        encoding = self.encoding(request)
        for _ in otlp_body.pieces(request._request):
            pass  # the body is read only to check its size
        ledger.note_refused(ledger.METRICS, 1, timezone.now())
        return otlp_answer.empty(encoding)
