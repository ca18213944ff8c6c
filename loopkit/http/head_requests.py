"""
Answers to HEAD requests: the headers that GET would have, without the body.

Django leaves the removal of the body to the server, and gunicorn logs a warning for each body that it has to drop.
https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
"""

from collections.abc import Iterable
from typing import Any

from loopkit.http.chunked import WsgiApplication


def bodiless(application: WsgiApplication) -> WsgiApplication:
    """Wrap the application so that its answers to HEAD have no body."""

    def answered(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return answer
        if close := getattr(answer, "close", None):
            close()
        return []

    return answered
