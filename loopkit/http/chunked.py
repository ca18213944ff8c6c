"""
Support for chunked request bodies, without Content-Length, as every Node exporter sends them.

WSGIRequest relies on CONTENT_LENGTH alone, so under gunicorn Django reads a chunked body as empty, without an error.
Servers that end the input stream themselves set `wsgi.input_terminated`. For those, CONTENT_LENGTH may be any number
that is large enough: reading stops at the end of the stream or at the reader's own limit.
"""

from collections.abc import Callable, Iterable
from typing import Any

from gunicorn.http.errors import ParseException

WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]
LONGER_THAN_ANY_LIMIT = 1 << 40


class BodyTooLarge(OSError):
    """The body is longer than LOOPKIT_MAX_BODY_BYTES, so it is not received."""


class ChunkedBody:
    """The server's input stream, which raises OSError for malformed chunks, as Django expects for a broken body."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes of the body, all by default. Raises OSError for malformed chunks."""
        try:
            return bytes(self._stream.read(size))
        except ParseException as error:
            raise OSError(f"malformed chunks: {error}") from error

    def readline(self, size: int = -1) -> bytes:
        """Read the next line of the body. Raises OSError for malformed chunks."""
        try:
            return bytes(self._stream.readline(size))
        except ParseException as error:
            raise OSError(f"malformed chunks: {error}") from error


def is_chunked(environ: dict[str, Any]) -> bool:
    """Whether the request body has chunked transfer encoding."""
    return "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()


def readable(application: WsgiApplication) -> WsgiApplication:
    """Wrap the application so that Django can read chunked bodies."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("wsgi.input_terminated") and is_chunked(environ):
            environ["CONTENT_LENGTH"] = str(LONGER_THAN_ANY_LIMIT)
            environ["wsgi.input"] = ChunkedBody(environ["wsgi.input"])
        return application(environ, start_response)

    return wrapped
