"""
Answers to errors that are no refusal: 503 where a store failed or is damaged, 500 for a fault of the code.

Every error passes here: EXCEPTION_HANDLER has those of the API, handler500 those of pages, middleware and rendering.
https://docs.djangoproject.com/en/5.2/ref/urls/#handler500
"""

from __future__ import annotations

import sys
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from loopkit.http import error_answers
from loopkit.http.errors import Unavailable
from tenants.stores.binding import explained


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer of REST framework's views. Returns None, which leads to `server_error`, for a fault of the code."""
    return error_answers.handle(explained(error), context)


def handle_outside_otlp(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """REST framework's EXCEPTION_HANDLER: as `handle`; exporters that miss the OTLP views are told their path."""
    request: HttpRequest = context["request"]
    answer = handle(error, context)
    is_lost = answer is not None and error_answers.is_lost_export(request, answer.status_code)
    if is_lost and isinstance(error, exceptions.APIException):
        return error_answers.answer_outside_views(request, error_answers.as_api_error(error))
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500, called while the error is handled."""
    error = sys.exc_info()[1]
    if isinstance(error, Exception):
        cause = error_answers.convert_outside_fault(explained(error), request.path, "")
        if isinstance(cause, Unavailable):
            return error_answers.answer_outside_views(request, cause)
    return error_answers.server_error(request)
