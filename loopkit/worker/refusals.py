"""
Answers to requests that never reach the application, in the shape of its own errors.

https://www.rfc-editor.org/rfc/rfc9110#section-15.5.9 (408), https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4 (503)
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors
from gunicorn.http.message import Request

from loopkit.worker.http2 import ADVICE, SpokenHttp2


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason to refuse a request."""

    status: HTTPStatus
    code: str
    message: str
    hint: str
    retry_after: str = ""  # seconds


TOO_SLOW = Refusal(
    HTTPStatus.REQUEST_TIMEOUT,
    "request_timeout",
    "The rest of the request did not come in time.",
    "Send the whole request again, on a new connection.",
)
OVERLOADED = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded",
    "The server holds as many unfinished requests as it may.",
    "Send the same request again.",
    "2",
)
NO_THREAD = Refusal(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "overloaded",
    "The server has more requests than it can answer in time.",
    "Send the same request again after Retry-After seconds.",
    "2",
)
NOT_HTTP = Refusal(
    HTTPStatus.BAD_REQUEST,
    "not_http",
    "The head of the request is not HTTP.",
    "Send it with an HTTP library; one header a line, no line before the first one.",
)
HEAD_HINT = "Send fewer or shorter headers and cookies, and long values in the body."
# The errors of gunicorn's parser that have a status of their own.
PARSER_REFUSALS: dict[type[Exception], Refusal] = {
    errors.LimitRequestHeaders: Refusal(
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "The headers are too long or too many.",
        HEAD_HINT,
    ),
    errors.LimitRequestLine: Refusal(
        HTTPStatus.REQUEST_URI_TOO_LONG, "url_too_long", "The URL is too long.", HEAD_HINT
    ),
    errors.ExpectationFailed: Refusal(
        HTTPStatus.EXPECTATION_FAILED, "expectation_failed", "Only Expect: 100-continue is known.", "Leave Expect out."
    ),
    errors.UnsupportedTransferCoding: Refusal(
        HTTPStatus.NOT_IMPLEMENTED, "transfer_coding_unknown", "Only the transfer coding chunked is known.",
        "Send Content-Length, or chunks; compress with Content-Encoding.",
    ),
}  # fmt: skip


def refusal_of(error: Exception) -> Refusal | None:
    """The refusal of a request that gunicorn's parser refused; None for another error."""
    if not isinstance(error, errors.ParseException) or isinstance(error, errors.ConfigurationProblem):
        return None
    return next((refusal for kind, refusal in PARSER_REFUSALS.items() if isinstance(error, kind)), NOT_HTTP)


def refusal_line(error: Exception, address: Any) -> str:
    """The line of the log for a refused head: the parser's words quote it, and it may hold a password."""
    place = address[0] if isinstance(address, tuple) else ""
    if isinstance(error, SpokenHttp2):
        return f"Invalid request from ip={place}: HTTP/2. {ADVICE}"
    kind, length = type(error).__name__, len(str(error))
    return f"Invalid request from ip={place}: {kind}, in {length} characters that are not shown"


def refusal_answer(refusal: Refusal, request: Request | None, stays_open: bool = False) -> bytes:
    """
    The whole answer, as its head says to a client whose connection stays open or closes.

    `request` is None if its head was not read.
    """
    # Imported here, because gunicorn imports the worker before Django is set up.
    from loopkit.http.early_answer import EarlyAnswer
    from loopkit.http.errors import ApiError

    headers = {"Retry-After": refusal.retry_after} if refusal.retry_after else {}
    error = ApiError(int(refusal.status), refusal.code, refusal.message, refusal.hint, headers)
    path, content_type = ("", "") if request is None else (request.path, content_type_of(request))
    answer = EarlyAnswer(error, path, content_type)
    connection = ("Connection", "keep-alive" if stays_open else "close")
    lines = "".join(f"{name}: {value}\r\n" for name, value in (connection, *answer.headers))
    has_body = request is None or request.method != "HEAD"
    return f"HTTP/1.1 {answer.status}\r\n{lines}\r\n".encode() + (answer.body if has_body else b"")


def content_type_of(request: Request) -> str:
    """The request's Content-Type, "" without one."""
    return next((str(value) for name, value in request.headers if name == "CONTENT-TYPE"), "")
