"""Absolute URLs, as clients can reach them."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def absolute(request: Request | HttpRequest, path: str) -> str:
    """The absolute URL of a path: under LOOPKIT_PUBLIC_URL if set, otherwise under the request's host."""
    if settings.LOOPKIT_PUBLIC_URL:
        return f"{settings.LOOPKIT_PUBLIC_URL}{path}"
    return request.build_absolute_uri(path)
