"""
No cache stores an answer that has to do with a key or a signed-in person.

https://www.rfc-editor.org/rfc/rfc9111#section-5.2.2.5
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_cache_control

NO_STORE = "no-store"
# Whose answers contain keys, or are for those who have one.
KEY_PATHS = "/v1/"


class NoStore:
    """Middleware that adds `Cache-Control: no-store` to answers under /v1/, to a key, and to a session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if is_private(request):
            if "Cache-Control" in response:
                patch_cache_control(response, private=True, no_store=True)
            else:  # most answers; setting the header costs a tenth of patching it
                response["Cache-Control"] = NO_STORE
        return response


def is_private(request: HttpRequest) -> bool:
    """Whether the answer may concern one project or person only."""
    return (
        request.path_info.startswith(KEY_PATHS)
        or "HTTP_AUTHORIZATION" in request.META
        or settings.SESSION_COOKIE_NAME in request.COOKIES
    )
