"""
Bodies without Content-Length, which every Node exporter sends.

WSGIRequest trusts CONTENT_LENGTH alone, so Django under gunicorn reads a chunked body as empty, without an
error. Servers that end the stream themselves say so with `wsgi.input_terminated`; then any length that is
never too short is a true enough one, and whoever reads stops at the end of the stream or at its own limit.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.http.errors import ParseException

WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]
LONGER_THAN_ANY_LIMIT = 1 << 40


class ChunkedBody:
    """The server's stream. Malformed chunks are an OSError, which Django takes for a body that broke off."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the body."""
        try:
            return bytes(self._stream.read(size))
        except ParseException as error:
            raise OSError(f"malformed chunks: {error}") from error

    def readline(self, size: int = -1) -> bytes:
        """The next line of the body."""
        try:
            return bytes(self._stream.readline(size))
        except ParseException as error:
            raise OSError(f"malformed chunks: {error}") from error


def is_chunked(environ: dict[str, Any]) -> bool:
    """Whether the request's body came in chunks."""
    return "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()


def readable(application: WsgiApplication) -> WsgiApplication:
    """The application, with chunked bodies readable through Django's request."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if is_chunked(environ) and environ.get("wsgi.input_terminated"):
            environ["CONTENT_LENGTH"] = str(LONGER_THAN_ANY_LIMIT)
            environ["wsgi.input"] = ChunkedBody(environ["wsgi.input"])
        return application(environ, start_response)

    return wrapped
