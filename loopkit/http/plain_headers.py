"""
The headers whose parameters Django parses, without what makes it do more than that.

Django decodes forms by any codec of Python that `Content-Type` names, such as punycode, whose time is quadratic, and
parameters of RFC 2231 (`x*=codec''text`) in `Content-Type` and `Accept` by any that they name. Python remembers each
name for ever, also those that no codec has. Forms are UTF-8, as the pages that they come from are; no other body is
decoded by its charset, since JSON and protobuf have none.

A form in parts (`multipart/form-data`) has such headers in each of its parts, within the body. Only uploads of files
need one, and no page has any.
https://www.rfc-editor.org/rfc/rfc9110#section-8.3.2, https://www.rfc-editor.org/rfc/rfc2231#section-4,
https://www.rfc-editor.org/rfc/rfc8259#section-8.1, https://url.spec.whatwg.org/#application/x-www-form-urlencoded,
https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Any

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from loopkit.http.chunked import WsgiApplication, is_chunked
from loopkit.http.early_answer import EarlyAnswer
from loopkit.http.errors import ApiError

IN_PARTS, URL_ENCODED = "multipart/form-data", "application/x-www-form-urlencoded"
# The names of UTF-8 and of its part that is ASCII: https://encoding.spec.whatwg.org/#names-and-labels
UTF_8 = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
# The largest form is a list whose every row is chosen: Django's thousand fields of 200 bytes.
MOST_FORM_BYTES = 256 * 1024
PARAMETER = re.compile(r';\s*([^=;\s]+)\s*=\s*("[^"]*"|[^;]*)')
QUALITY = re.compile(r";\s*q=([01](?:\.[0-9]{0,3})?)", re.IGNORECASE)


class Unreadable(Exception):
    """Django could not make a request of what the server passed on; the cause says why."""


class Request(WSGIRequest):
    """Django's request, which is made or raises Unreadable: other errors would end in the server's own page."""

    def __init__(self, environ: dict[str, Any]) -> None:
        try:
            super().__init__(environ)
        except Exception as error:
            raise Unreadable from error


class Handler(WSGIHandler):
    """Django's handler of such requests."""

    request_class = Request


def plain_headers(application: WsgiApplication) -> WsgiApplication:
    """Wrap the application so that it gets plain headers, and forms of UTF-8 and bounded size alone."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        content_type = environ.get("CONTENT_TYPE", "")
        media_type, semicolon, _ = content_type.partition(";")
        media_type = media_type.strip().lower()
        if semicolon:
            environ["CONTENT_TYPE"] = media_type
        if ";" in environ.get("HTTP_ACCEPT", ""):
            environ["HTTP_ACCEPT"] = plain_accept(environ["HTTP_ACCEPT"])
        if media_type in {IN_PARTS, URL_ENCODED} and environ["REQUEST_METHOD"] == "POST":
            fault = form_fault(environ, media_type, content_type)
            if fault is not None:
                return refuse(environ, start_response, fault)
        try:
            return application(environ, start_response)
        except Unreadable:
            return refuse(environ, start_response, NOT_READABLE)

    return wrapped


def form_fault(environ: dict[str, Any], media_type: str, content_type: str) -> ApiError | None:
    """Why Django must not see the form; None if it may."""
    if media_type == IN_PARTS:
        return HAS_PARTS
    if parameters(content_type).get("charset", "utf-8").lower() not in UTF_8:
        return NOT_UTF_8
    return None if has_bounded_body(environ) else TOO_LARGE


def parameters(header: str) -> dict[str, str]:
    """The parameters by name in lower case; those that are encoded have a `*` in their names."""
    return {name.lower(): value.strip().strip('"') for name, value in PARAMETER.findall(header)}


def plain_accept(header: str) -> str:
    """The media ranges with no other parameter than their quality."""
    ranges = []
    for media_range in header.split(","):
        quality = QUALITY.search(media_range)
        ranges.append(media_range.partition(";")[0] + (f";q={quality[1]}" if quality else ""))
    return ",".join(ranges)


def has_bounded_body(environ: dict[str, Any]) -> bool:
    """Whether the form is no longer than MOST_FORM_BYTES; one without a declared length is read to know it."""
    if not is_chunked(environ):
        length = str(environ.get("CONTENT_LENGTH", ""))
        return not length.isdecimal() or int(length) <= MOST_FORM_BYTES
    if not environ.get("wsgi.input_terminated"):  # it would be read for ever; Django reads it as empty
        return True
    try:
        body = environ["wsgi.input"].read(MOST_FORM_BYTES + 1)
    except OSError:  # the application says what is wrong with it
        return True
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    return len(body) <= MOST_FORM_BYTES


HAS_PARTS = ApiError(
    415,
    "unsupported_media_type",
    "No path accepts a form in parts.",
    f"Send application/json, or a form of a page as {URL_ENCODED}.",
)
NOT_UTF_8 = ApiError(
    415, "charset_not_supported", "This form is not in UTF-8.", "Send forms in UTF-8, or JSON."
)
TOO_LARGE = ApiError(
    413, "body_too_large", f"The form is over {MOST_FORM_BYTES} bytes.", "Send a smaller form."
)
NOT_READABLE = ApiError(
    400, "bad_request", "The request could not be read.", "Send plain headers, as HTTP libraries do."
)


def refuse(environ: dict[str, Any], start_response: Any, error: ApiError) -> Iterable[bytes]:
    """Answer with the error."""
    answer = EarlyAnswer(error, environ.get("PATH_INFO", ""), environ.get("CONTENT_TYPE", ""))
    return answer.send(start_response)
