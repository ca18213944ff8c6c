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
    """One reason to refuse a request that is not whole."""

    status: HTTPStatus
    code: str
    message: str
    hint: str
    headers: str = ""


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
    "Retry-After: 2\r\n",
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


def refusal_answer(refusal: Refusal, request: Request | None) -> bytes:
    """The whole answer, which closes the connection. `request` is None if its head was not read."""
    # Imported here, because gunicorn imports the worker before Django is set up.
    from loopkit.http.error_answers import shaped_answer
    from loopkit.http.errors import ApiError

    error = ApiError(int(refusal.status), refusal.code, refusal.message, refusal.hint)
    path, content_type = ("", "") if request is None else (request.path, content_type_of(request))
    answer = shaped_answer(path, content_type, error)
    head = (
        f"HTTP/1.1 {int(refusal.status)} {refusal.status.phrase}\r\nConnection: close\r\n{refusal.headers}"
        f"Content-Type: {answer['Content-Type']}\r\nContent-Length: {len(answer.content)}\r\n\r\n"
    )
    return head.encode() + bytes(answer.content)


def content_type_of(request: Request) -> str:
    """The request's Content-Type, "" without one."""
    return next((str(value) for name, value in request.headers if name == "CONTENT-TYPE"), "")
