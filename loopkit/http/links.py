"""Absolute URLs, as clients can reach them."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.request import Request


def absolute(request: Request | HttpRequest, path: str) -> str:
    """The absolute URL of a path: under LOOPKIT_PUBLIC_URL if set, otherwise under the request's host."""
    if settings.LOOPKIT_PUBLIC_URL:
        return f"{settings.LOOPKIT_PUBLIC_URL}{path}"
    return request.build_absolute_uri(path)


def is_own_page(path: str) -> bool:
    """Whether the text is a path of this server that leads to a view, such as one to go to after signing in."""
    if not path.startswith("/") or not url_has_allowed_host_and_scheme(path, allowed_hosts=None):
        return False
    try:
        resolve(urlsplit(path).path)
    except (Resolver404, ValueError):
        return False
    return True
