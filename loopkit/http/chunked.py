"""
Bodies without Content-Length, which every Node exporter sends.

WSGIRequest trusts CONTENT_LENGTH alone, so Django under gunicorn reads a chunked body as empty, without an
error. Servers that end the stream themselves say so with `wsgi.input_terminated`; then any length that is
never too short is a true enough one, and whoever reads stops at the end of the stream or at its own limit.
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


def drain(stream: Any) -> None:
    """Read what was left unread. Otherwise gunicorn ends a connection that it has just promised to keep."""
    left = settings.LOOPKIT_MAX_BODY_BYTES
    with suppress(OSError):
        while left > 0 and (piece := stream.read(PIECE_BYTES)):
            left -= len(piece)


def is_chunked(environ: dict[str, Any]) -> bool:
    """Whether the request's body came in chunks."""
    return "chunked" in str(environ.get("HTTP_TRANSFER_ENCODING", "")).lower()


def readable(application: WsgiApplication) -> WsgiApplication:
    """The application, with chunked bodies readable through Django's request; bodies are read to their end."""

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
