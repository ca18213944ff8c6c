"""
Error responses. All outside OTLP have one shape:
`{"ok": false, "error": {"code", "message", "hint", "docs_url"}}`.

https://www.django-rest-framework.org/api-guide/exceptions/#custom-exception-handling
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from django.contrib.admin.exceptions import DisallowedModelAdminLookup, DisallowedModelAdminToField
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.template.loader import render_to_string
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from loopkit.http import rpc_status, store_fault
from loopkit.http.chunked import BodyTooLarge
from loopkit.http.errors import ApiError, Unavailable
from loopkit.http.links import absolute

logger = logging.getLogger(__name__)
DOCS_PATH = "/reference.md#errors"
OTLP_PATH = re.compile(r"/v1/(traces|logs|metrics)\b|/v1development/")
# What people and SDKs make of the path of an exporter: endpoints with a path in front, behind, doubled, or without any.
LIKE_OTLP_PATH = re.compile(
    r"^/+$|/(?:traces?|spans?|logs?|metrics?|otlp|otel|opentelemetry)(?:[/.]|$)", re.I
)
PAGES = {403: "errors/403_csrf.html", 404: "errors/404.html", 500: "errors/500.html", 503: "errors/503.html"}
HINTS = {
    "not_authenticated": "Send `Authorization: Bearer <key>`. POST /v1/provision with a name mints keys.",
    "authentication_failed": "Check the key. Lost it? POST /v1/recover with project_id and recovery_code.",
    "permission_denied": "Use a key of this project with the scope that the operation needs; see /reference.md.",
    "not_found": "Check the id and the path; /openapi.json lists every path.",
    "method_not_allowed": "See the Allow header and /openapi.json.",
    "parse_error": "Send a JSON object with Content-Type: application/json.",
    "unsupported_media_type": "Send Content-Type: application/json.",
    "csrf_failed": "Open the page again, with cookies allowed, and send the form once more.",
    "server_error": "Send the same request once more; if it fails again, tell the operator when you sent it.",
    "bad_request": "Check the Host header: the operator lists the names of this server in LOOPKIT_ALLOWED_HOSTS.",
    "invalid": "Correct the named field; /openapi.json has its type and bounds.",
}
EXPORT_HINT = (
    "Exporters send traces to /v1/traces and log records to /v1/logs: set OTEL_EXPORTER_OTLP_ENDPOINT to the address "
    "of this server without a path, and OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf."
)
# In place of REST framework's own messages, which quote the request.
MESSAGES = {
    "method_not_allowed": "This path does not accept the method.",
    "unsupported_media_type": "This path does not accept the Content-Type.",
}
LONGEST_VALUE = 200  # characters


def error_body(
    code: str, message: str, hint: str, docs_url: str = DOCS_PATH, values: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The error shape as a dict, with the values that stand beside its sentences."""
    beside = (
        {"with": {"text": {name: text[:LONGEST_VALUE] for name, text in values.items()}}} if values else {}
    )
    error = {"code": code, "message": message, "hint": hint, "docs_url": docs_url}
    return {"ok": False, "error": error | beside}


def as_api_error(error: exceptions.APIException) -> ApiError:
    """Convert any REST framework exception to an ApiError, with the exception's own `hint` where it has one."""
    if isinstance(error, ApiError):
        return error
    code = str(error.default_code)
    code = {"error": "server_error"}.get(code, code)
    hint = getattr(error, "hint", "") or HINTS.get(code, HINTS["not_found"])
    message = MESSAGES.get(code) or validation_sentence(error.detail)
    return ApiError(error.status_code, code, message, hint)


def validation_sentence(detail: Any) -> str:
    """The detail of a validation error as one line that names each field: `since_minutes: Ensure this value ...`."""
    if isinstance(detail, Mapping):
        return "; ".join(f"{name}: {validation_sentence(value)}" for name, value in detail.items())
    if getattr(detail, "code", "") == "invalid_choice":  # REST framework quotes the value
        return "This is not a valid choice."
    if isinstance(detail, list):
        return " ".join(validation_sentence(value) for value in detail)
    return str(detail)


def convert_outside_fault(error: Exception, path: str, project: str) -> Exception:
    """
    Convert faults outside this code to an ApiError: 503 for a failing store, which is also logged, and 400 for an
    unreadable body. Any other error is returned unchanged.
    """
    if store_fault.is_store_fault(error):
        store_fault.log_store_fault(error, project, path)
        store_fault.let_go(error)
        message = "The store is not available just now."
        return Unavailable("store_unavailable", message, "Send the same request again.")
    if isinstance(error, UnreadablePostError) and isinstance(error.__cause__, BodyTooLarge):
        return ApiError(413, "body_too_large", f"The body is {error.__cause__}.", "Send less at once.")
    if isinstance(error, UnreadablePostError):
        message = "The body broke off, or its chunks are malformed."
        return ApiError(400, "body_unreadable", message, "Send the whole body, best with Content-Length.")
    return error


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer of REST framework's views. Returns None, which leads to a 500, only for a fault in this code."""
    error = convert_outside_fault(error, context["request"].path, getattr(context["view"], "bound_to", ""))
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, exceptions.APIException):
        api_error = as_api_error(error)
    elif response.status_code == status.HTTP_404_NOT_FOUND:
        api_error = as_api_error(exceptions.NotFound())
    else:
        api_error = as_api_error(exceptions.PermissionDenied())
    request: HttpRequest = context["request"]
    response.data = error_body(
        api_error.code, api_error.message, api_error.hint, absolute(request, DOCS_PATH), api_error.values
    )
    for name, value in api_error.headers.items():
        response[name] = value
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404: the response for an unknown path."""
    return plain_answer(request, 404, "not_found", "No such path.")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400: the response if Django refuses a request (wrong Host, broken form) or an admin refuses a filter."""
    if isinstance(exception, DisallowedModelAdminLookup | DisallowedModelAdminToField):
        message = "The list has no such filter, or not with this value."
        hint = "Open the list without its query, and choose from the filters that it offers."
        return answer_outside_views(request, ApiError(400, "bad_request", message, hint))
    return plain_answer(request, 400, "bad_request", "The request could not be read.")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the response for a form without a valid CSRF token."""
    return plain_answer(request, 403, "csrf_failed", "The form could not be checked.")


def server_error(request: HttpRequest) -> HttpResponse:
    """The response for a fault in this code; the log has the traceback."""
    return plain_answer(request, 500, "server_error", "The server failed; the operator's log says why.")


def plain_answer(request: HttpRequest, status_code: int, code: str, message: str) -> HttpResponse:
    """An error response outside REST framework, with the code's hint."""
    return answer_outside_views(
        request, ApiError(status_code, code, message, HINTS.get(code, HINTS["not_found"]))
    )


def answer_outside_views(request: HttpRequest, error: ApiError) -> HttpResponse:
    """The error outside REST framework: a Status for exporters, a page for browsers, the JSON shape otherwise."""
    content_type, status_code = request.META.get("CONTENT_TYPE", ""), error.status_code
    if is_lost_export(request, status_code):
        error = ApiError(status_code, error.code, error.message, EXPORT_HINT, error.headers)
    if status_code in PAGES and not is_exporters(request.path_info, content_type) and prefers_html(request):
        content = render_to_string(PAGES[status_code])
        return HttpResponse(content, status=status_code, headers=error.headers)
    answer = shaped_answer(request.path_info, content_type, error, docs_url_for(request))
    for name, value in error.headers.items():
        answer[name] = value
    return answer


def docs_url_for(request: HttpRequest) -> str:
    """The address of the documentation; without a host where that of the request is none of this server."""
    try:
        return absolute(request, DOCS_PATH)
    except DisallowedHost:
        return DOCS_PATH


def shaped_answer(path: str, content_type: str, error: ApiError, docs_url: str = DOCS_PATH) -> HttpResponse:
    """The error as the programs expect it that send such requests: a Status for exporters, the JSON shape otherwise."""
    if rpc_status.is_grpc(content_type):
        return rpc_status.grpc_answer(error.status_code, error.message, error.hint)
    if is_exporters(path, content_type):
        encoding = rpc_status.media_type(content_type)
        return rpc_status.status_answer(error.status_code, error.code, error.message, error.hint, encoding)
    return JsonResponse(error_body(error.code, error.message, error.hint, docs_url), status=error.status_code)


def is_exporters(path: str, content_type: str) -> bool:
    """Whether a request is an exporter's, by its path or its encoding."""
    return is_exported(content_type) or bool(OTLP_PATH.match(path))


def is_exported(content_type: str) -> bool:
    """Whether a body of this Content-Type is an exporter's: protobuf, or gRPC."""
    return rpc_status.media_type(content_type) == rpc_status.PROTOBUF or rpc_status.is_grpc(content_type)


def is_lost_export(request: HttpRequest, status_code: int) -> bool:
    """Whether an exporter sends to a path that takes nothing: by its encoding, or by what the path is like."""
    if request.method != "POST" or status_code not in (404, 405) or OTLP_PATH.fullmatch(request.path_info):
        return False
    return is_exported(request.META.get("CONTENT_TYPE", "")) or bool(LIKE_OTLP_PATH.search(request.path_info))


def prefers_html(request: HttpRequest) -> bool:
    """Whether the request prefers HTML to JSON, as browsers do. Programs that accept anything get JSON."""
    return request.get_preferred_type(["application/json", "text/html"]) == "text/html"
