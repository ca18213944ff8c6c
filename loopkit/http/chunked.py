"""
Support for chunked request bodies, without Content-Length, as every Node exporter sends them.

WSGIRequest relies on CONTENT_LENGTH alone, so under gunicorn Django reads a chunked body as empty, without an error.
Servers that end the input stream themselves set `wsgi.input_terminated`. For those, CONTENT_LENGTH may be any number
that is large enough: reading stops at the end of the stream or at the reader's own limit.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from django.conf import settings
from gunicorn.http.errors import ParseException

WsgiApplication = Callable[[dict[str, Any], Any], Iterable[bytes]]
LONGER_THAN_ANY_LIMIT = 1 << 40
PIECE_BYTES = 64 * 1024


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


def drain(stream: Any) -> None:
    """
    Read the unread rest of the body, up to LOOPKIT_MAX_BODY_BYTES.

    Otherwise gunicorn closes a connection after announcing that it will keep it open.
    """
    remaining = settings.LOOPKIT_MAX_BODY_BYTES
    with suppress(OSError):
        while remaining > 0 and (piece := stream.read(PIECE_BYTES)):
            remaining -= len(piece)


def is_chunked(environ: dict[str, Any]) -> bool:
    """Whether the request body has chunked transfer encoding."""
    return "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()


def readable(application: WsgiApplication) -> WsgiApplication:
    """Wrap the application so that Django can read chunked bodies and every body is read to its end."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if not environ.get("wsgi.input_terminated"):
            return application(environ, start_response)
        if is_chunked(environ):
            environ["CONTENT_LENGTH"] = str(LONGER_THAN_ANY_LIMIT)
            environ["wsgi.input"] = ChunkedBody(environ["wsgi.input"])
        answer = application(environ, start_response)
        drain(environ["wsgi.input"])
        return answer

    return wrapped
