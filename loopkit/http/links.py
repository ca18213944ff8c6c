"""URLs as clients reach them."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def absolute(request: Request | HttpRequest, path: str) -> str:
    """The URL of a path: under LOOPKIT_PUBLIC_URL, or under the host that was called."""
    if settings.LOOPKIT_PUBLIC_URL:
        return f"{settings.LOOPKIT_PUBLIC_URL}{path}"
    return request.build_absolute_uri(path)
