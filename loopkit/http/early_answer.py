"""The answer to a request that is refused before Django sees it."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, cast

from corsheaders.middleware import CorsMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from loopkit.http.errors import ApiError


class EarlyAnswer:
    """An error in the shape that the client of a request to this path, with this Content-Type, reads."""

    def __init__(self, error: ApiError, path: str = "", content_type: str = "") -> None:
        # Imported here, because it needs Django's apps, which are not ready when loopkit/wsgi.py is imported.
        from loopkit.http.error_answers import shaped_answer

        answer = shaped_answer(path, content_type, error)
        headers = {
            **dict(answer.items()),
            "Content-Length": str(len(answer.content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **error.headers,
            **cross_origin_headers(path),
        }
        self.status, self.headers = f"{answer.status_code} {answer.reason_phrase}", list(headers.items())
        self.body = answer.content

    def send(self, start_response: Any) -> Iterable[bytes]:
        """Answer as a WSGI application does."""
        start_response(self.status, self.headers)
        return [self.body]


def cross_origin_headers(path: str) -> dict[str, str]:
    """The headers by which pages of other origins may read the answer, where CorsMiddleware would have set them."""
    request = cast(HttpRequest, SimpleNamespace(path_info=path))
    is_open = CorsMiddleware(lambda _: HttpResponse()).is_enabled(request)
    exposed = {"Access-Control-Expose-Headers": ", ".join(settings.CORS_EXPOSE_HEADERS)}
    return {"Access-Control-Allow-Origin": "*"} | exposed if is_open else {}
